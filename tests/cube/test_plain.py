"""Cubes as plain dictionaries: what result.json holds. Reading checks every name, index and sum."""

import copy
import json

import pytest

from fairaudit.cube import axes
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.plain import from_plain, to_plain
from fairaudit.errors import CubeError, DataContractError


def cube(**changes):
    roles = {
        "groups": ["race", "age"], "bands": {"age": [62]}, "score": "s", "higher_is": "better", "decision": "d",
        "favorable": "yes", "outcome": "y", "bad": 1, "edges": [2], "weight": "w", "reference": {"race": "A"},
    }  # fmt: skip
    table = {
        "race": ["A", "B", "B"], "age": [30, 70, None], "s": [1, 2, None], "d": ["yes", "no", "yes"], "y": [0, 1, None],
        "w": [1, 2, 3], "n": [4, 5, 6],
    }  # fmt: skip
    return from_counts(table, **{**roles, **changes})


PLAIN = to_plain(cube())


def changed(*steps, to):
    """Return the plain cube with one place changed."""
    plain = copy.deepcopy(PLAIN)
    place = plain
    for step in steps[:-1]:
        place = place[step]
    place[steps[-1]] = to
    return plain


def test_plain_is_json_and_lists_only_who_is_there():
    assert json.loads(json.dumps(PLAIN, allow_nan=False)) == PLAIN
    assert PLAIN["entries"] == {
        "cell": [0, 1, 2],
        "bin": [0, 1, 2],
        "decision": [0, 1, 0],
        "outcome": [0, 1, 2],
        "n": [4, 5, 6],
        "w": [4_000_000, 10_000_000, 18_000_000],
        "w2": [4_000_000, 20_000_000, 54_000_000],
        "s1": [4_000_000, 20_000_000, 0],
        "s2": [4_000_000, 40_000_000, 0],
    }
    assert PLAIN["cells"] == [["A", "under 62"], ["B", "62 and over"], ["B", "(missing)"]]
    assert PLAIN["score"] == {
        "higher_is": "better", "values": None, "edges": [2.0], "low": 1.0, "high": 2.0, "unscored": True,
    }  # fmt: skip


def test_there_and_back():
    back = from_plain(PLAIN)
    assert back.digest == cube().digest
    assert back.schema == cube().schema
    assert back.provenance == cube().provenance
    assert (back + cube()).people == 30
    with pytest.raises(TypeError):
        back.schema.references["race"] = "B"


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "it is a list, not a dictionary"),
        ({}, "its format is '', not 'fairaudit-cube'"),
        (changed("format", to="other"), "its format is 'other'"),
        (changed("version", to=0), "format version 0"),
        (changed("version", to="1"), "Input should be a valid integer at version"),
        (changed("digest", to="0" * 64), r"their digest is .*, the file says 000000000000"),
        (changed("digest", to=None), "at digest"),
        (changed("schema", to=None), "at schema"),
        (changed("cells", to=object()), "it is not plain JSON"),
        (changed("cells", to=float("nan")), "at cells"),
        (changed("cells", to=[]), "it has no cells"),
        (changed("cells", 0, to=["A"]), "cell 0 has 1 levels for 2 dimensions"),
        (changed("cells", 0, to=["D", "under 62"]), "cell 0 has the level 'D', which 'race' does not have"),
        (changed("cells", 0, to=["B", "(missing)"]), "cells are given twice"),
        (changed("dimensions", 1, "name", to="race"), "dimensions are given twice"),
        (changed("dimensions", 0, "name", to="rase"), "it has dimensions that have no role"),
        (changed("dimensions", 0, "role", to="boss"), "at dimensions.0.role"),
        (changed("dimensions", 0, "levels", to=["A", "A", "B"]), "levels of 'race' are given twice"),
        (changed("dimensions", 0, "levels", to="AB"), "at dimensions.0.levels"),
        (changed("suppressed", to=[True]), "1 cells are said to be suppressed or not, but there are 3"),
        (changed("suppressed", to=[0, 0, 0]), "at suppressed.0"),
        (changed("score", to=None), "its sums are n, w, w2, s1, s2, not n or n, w, w2"),
        (changed("score", "values", to=[1.0]), "neither values nor edges, or both"),
        (changed("score", "edges", to=None), "neither values nor edges, or both"),
        (changed("score", "edges", to=[]), "not finite, ascending numbers"),
        (changed("score", "edges", to=[2.0, 2.0]), "not finite, ascending numbers"),
        (changed("score", "edges", to=[float("nan")]), "not finite, ascending numbers"),
        (changed("score", "low", to=float("inf")), "not finite, ascending numbers"),
        (changed("score", "low", to=3.0), "its scores lie outside their own lowest and highest"),
        (changed("score", "unscored", to=1), "at score.unscored"),
        (changed("score", "higher_is", to="worse"), "direction of its score is declared one way"),
        (changed("decisions", 1, "label", to="yes"), "decision labels are given twice"),
        (changed("decisions", 1, "kind", to="bad"), "at decisions.1.kind"),
        (changed("decisions", to=[]), "the decision is declared and not counted"),
        (changed("outcomes", to=["bad", "good", "missing"]), "do not begin with good and bad"),
        (changed("outcomes", to=["good", "bad", "bad"]), "outcomes are given twice"),
        (changed("outcomes", to=[]), "the outcome is declared and not counted"),
        (changed("sums", to=["n"]), "its sums are n, not n, s1, s2 or n, w, w2, s1, s2"),
        (changed("schema", "higher_is", to=None), "its roles do not fit together: higher_is must be"),
        (changed("schema", "cutoffs", to=[float("inf")]), "its roles do not fit together: cutoff must be finite"),
        (changed("schema", "weight_scale", to=0), "its roles do not fit together: weight_scale"),
        (changed("schema", "references", to={"race": "(missing)"}), "never a reference"),
        (changed("schema", "outcome", to=None), "its roles do not fit together: good, bad"),
        (changed("provenance", "ledger", "read", to=16), "its ledger says that 16 were used, but it counts 15 people"),
        (changed("provenance", "ledger", to=None), "at provenance.ledger"),
        (changed("provenance", "issues", to=[{"code": 3}]), "at provenance.issues.0.code"),
        (changed("entries", to=None), "its entries are missing"),
        (changed("entries", "n", to=None), "the column 'n' of its entries is missing"),
        (changed("entries", "n", to="456"), "the column 'n' of its entries is missing"),
        (changed("entries", "n", to=[4, 5]), r"differ in length: \[2, 3\]"),
        (changed("entries", "n", to=[4, 5, 6.0]), "'n' of its entries holds something other than whole numbers"),
        (changed("entries", "n", to=[4, 5, True]), "something other than whole numbers"),
        (changed("entries", "n", to=[4, 5, 2**63]), "a number of more than 64 bits"),
        (changed("entries", "n", to=[4, 5, 2**62]), "the sum of 'n' is too large"),
        (changed("entries", "n", to=[4, 5, 0]), "'n' has an entry of 0"),
        (changed("entries", "n", to=[4, 5, -6]), "'n' has an entry of -6"),
        (changed("entries", "n", to=[4, 5, 7]), "its counts were changed"),
        (changed("entries", "s2", 0, to=-1), "'s2' has an entry of -1"),
        (changed("entries", "s1", 0, to=-1), "its counts were changed"),
        (changed("entries", "s2", 0, to=2**63 - 1), "the sum of 's2' is too large"),
        (changed("entries", "cell", 0, to=3), "entry 0 has the cell 3 of 3"),
        (changed("entries", "bin", 1, to=-1), "entry 1 has the bin -1 of 3"),
        (changed("entries", "decision", 2, to=2), "entry 2 has the decision 2 of 2"),
        (changed("entries", "outcome", 2, to=3), "entry 2 has the outcome 3 of 3"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_refused(plain, said):
    with pytest.raises(DataContractError, match=said):
        from_plain(plain)


def test_entries_given_twice():
    columns = {name: [values[0], values[0], values[2]] for name, values in PLAIN["entries"].items()}
    with pytest.raises(DataContractError, match="an entry is given twice"):
        from_plain({**PLAIN, "entries": columns})


@pytest.mark.parametrize("key", sorted(set(PLAIN) - {"people"}))
def test_every_part_is_needed(key):
    with pytest.raises(DataContractError):
        from_plain({name: value for name, value in PLAIN.items() if name != key})


def test_deep_nesting_is_refused():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DataContractError, match="it is not plain JSON"):
        from_plain({**PLAIN, "cells": deep})


def test_a_cube_too_large_is_refused_before_it_is_made(monkeypatch):
    monkeypatch.setattr(axes, "MOST_ENTRIES", 10)
    with pytest.raises(CubeError, match="more than 10: 'age' has 3 levels"):
        from_plain(PLAIN)


@pytest.mark.parametrize(
    ("role", "to"),
    [
        ("strata", ["race"]), ("controls", [{"name": "race", "edges": [], "closed": "left"}]), ("period", "race"),
        ("weight", "race"), ("counts", "w"), ("cluster", "race"), ("score", "d"), ("decision", "y"),
        ("outcome", "d"), ("good", [1.5]), ("bad", []), ("unobserved", {"1": "declined"}), ("edges", [float("inf")]),
        ("score_scale", 0), ("score_unit", "dollars"), ("sampled_by", ["weather"]),
        ("decision_levels", {"yes": "fine"}), ("memberships", {"race": {"Black": "p"}}), ("labelled", {"race": "told"}),
        ("races", {"race": {"scheme": "none", "columns": {"A": "a"}, "hispanic": None}}),
    ],
)  # fmt: skip
def test_each_role_of_a_damaged_file_is_read_back_and_checked(role, to):
    """Were a role not handed on when the roles are declared again, its damage would pass."""
    with pytest.raises(DataContractError):
        from_plain(changed("schema", role, to=to))


def test_bands_that_a_damaged_file_gives_no_end_are_refused():
    with pytest.raises(DataContractError):
        from_plain(changed("schema", "attributes", 1, "edges", to=[float("inf")]))


def test_a_probability_outside_0_and_1_is_refused():
    with pytest.raises(DataContractError, match="said to be a probability, but lies outside 0 and 1"):
        from_plain(changed("schema", "score_unit", to="probability"))
