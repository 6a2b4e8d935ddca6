"""Small audits in which an earlier version said something wrong: each must stay said rightly."""

import dataclasses

import numpy as np
import pytest

from fairaudit import audit, count, suppress
from fairaudit.cli.audit import gate
from fairaudit.errors import PolicyError, SchemaError

ROLES = {"counts": "n", "groups": "g", "decision": "d", "favorable": "y"}


def table(**groups):
    """Return counts of favorable and other decisions by group."""
    names = [name for name in groups for _ in range(2)]
    return {"g": names, "d": ["y", "n"] * len(groups), "n": [n for pair in groups.values() for n in pair]}


def finding(data, group, **options):
    made = audit(data, reference={"g": "R"}, **ROLES, **options)
    return next(f for f in made.result.findings if f.rule == "adverse-impact-ratio" and f.group == group)


def test_exactly_four_fifths_is_on_the_line_and_not_past_it():
    assert 0.62 / 0.775 < 0.8  # by the last bit of a float
    assert finding(table(A=(6200, 3800), R=(3100, 900)), "A").status == "insufficient"


def test_groups_too_small_to_be_flagged_take_no_share_of_the_error():
    small = {f"S{i}": (1, 2) for i in range(20)}
    alone = finding(table(A=(40, 45), R=(600, 400)), "A")
    among = finding(table(A=(40, 45), R=(600, 400), **small), "A")
    assert alone.p_adjusted == among.p_adjusted == alone.p


def test_people_needed_are_more_than_there_are_and_enough_for_the_policy():
    groups = {f"G{i}": (420, 180) for i in range(39)}
    held_back = finding(table(A=(25, 25), R=(1400, 600), **groups), "A")
    assert held_back.status == "insufficient"
    assert held_back.p < 0.05 < held_back.p_adjusted
    assert held_back.people_needed > held_back.n
    few = finding(table(A=(1, 14), R=(600, 400)), "A")
    assert few.people_needed >= 30


def test_a_suppressed_group_is_no_clearance():
    whole = count(table(R=(900, 100), A=(910, 90), B=(3, 7)), **ROLES)
    for cube in (whole, suppress(whole, 20)):
        assert gate(audit(cube, reference={"g": "R"}).result) == 3


@pytest.mark.parametrize("weight", [1e-4, 1e-9])
def test_weights_that_rounding_would_change_are_refused_with_a_scale_that_keeps_them(weight):
    data = {"g": ["R", "A"] * 50, "d": ["y", "n", "n", "y"] * 25, "w": [weight] * 100}
    roles = {"groups": "g", "decision": "d", "favorable": "y", "weight": "w", "reference": {"g": "R"}}
    with pytest.raises(SchemaError, match="too small"):
        audit(data, **roles)
    kept = audit(data | {"w": [weight * 10**9] * 100}, **roles).result.findings[0]
    plain = audit(data | {"w": [1.0] * 100}, **roles).result.findings[0]
    assert (kept.value, kept.low, kept.high, kept.p) == pytest.approx((plain.value, plain.low, plain.high, plain.p))


def test_findings_have_ids_of_their_own():
    data = {"g": ["R", "a × b", "a"] * 40, "h": ["R", "c", "b × c"] * 40, "s": list(range(120))}
    made = audit(
        data, groups=["g", "h"], score="s", higher_is="better", cutoff=[60, 60], cross=True,
        reference={"g": "R", "h": "R"},
    )  # fmt: skip
    ids = [f.id for f in made.result.findings]
    assert len(ids) == len(set(ids))
    crossed = [f.levels for f in made.result.findings if f.attribute == "g × h" and f.metric == "shortfall"]
    assert {tuple(levels.items()) for levels in crossed} == {
        (("g", "a × b"), ("h", "c")),
        (("g", "a"), ("h", "b × c")),
    }


def test_a_named_reference_that_the_policy_does_not_use_is_said():
    made = audit(table(A=(26, 22), R=(206, 53)), policy="us-ugesp", reference={"g": "A"}, **ROLES).result
    assert made.schema.roles["reference"] == {"g": "R"}
    assert any("named as the reference" in entry.what for entry in made.not_run)


def test_the_share_of_people_is_never_a_percentage_in_the_report():
    made = audit(table(A=(26, 22), R=(206, 53)), reference={"g": "R"}, **ROLES)
    assert "25900.0%" not in made.to_markdown()


@pytest.mark.parametrize(
    "wrong",
    [
        {"rng": "x"}, {"rng": 2.5}, {"policy": 3}, {"metrics": [3]}, {"reference": "A"},
        {"bands": [1]}, {"unobserved": ["x"]}, {"score": 3}, {"groups": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_type_is_an_error_and_no_traceback(wrong):
    with pytest.raises((SchemaError, PolicyError)):
        audit(table(A=(26, 22), R=(206, 53)), **({"reference": {"g": "R"}} | ROLES | wrong))


def test_no_policy_is_the_default_policy():
    data = table(A=(26, 22), R=(206, 53))
    none, named = (audit(data, reference={"g": "R"}, policy=of, **ROLES).result for of in (None, "us-fair-lending"))
    assert none == named


def test_a_numpy_seed_is_a_seed():
    data = table(A=(26, 22), R=(206, 53))
    one, two = (audit(data, rng=seed, reference={"g": "R"}, **ROLES).result for seed in (np.int64(3), 3))
    assert one == dataclasses.replace(two)
