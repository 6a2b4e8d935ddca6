"""The cube itself: what it shows, what cannot be changed, what cannot be merged."""

import dataclasses

import numpy as np
import pytest

from fairaudit.cube import Axes, Cube, Dimension
from fairaudit.cube.from_counts import from_counts
from fairaudit.errors import CubeError
from fairaudit.schema import Ledger, Provenance, declare

TABLE = {
    "race": ["A", "A", "B", "B"],
    "sex": ["F", "M", "F", "M"],
    "s": [1, 2, 3, 1],
    "d": ["yes", "no", "yes", "no"],
    "y": [0, 1, 0, 1],
    "w": [1, 2, 3, 4],
    "n": [500, 600, 700, 189],
}
ROLES = {
    "groups": ["race", "sex"],
    "score": "s",
    "higher_is": "better",
    "decision": "d",
    "favorable": "yes",
    "outcome": "y",
    "bad": 1,
}


def count(table=None, **changes):
    return from_counts({**TABLE, **(table or {})}, **{**ROLES, **changes})


def test_repr_is_short_and_says_what_there_is():
    assert repr(count()) == (
        "Cube(1,989 people; race × sex, 4 cells; 3 scores; decisions: yes, no; outcomes: good, bad; 0 people are alone "
        "in an entry)"
    )
    assert repr(count(edges=[1.5], weight="w")).endswith(
        "2 score bins; decisions: yes, no; outcomes: good, bad; weighted; 0 people are alone in an entry)"
    )
    assert repr(from_counts({"y": [1], "n": [2]}, outcome="y", bad=1)) == (
        "Cube(2 people; 1 cells; outcomes: good, bad; 0 people are alone in an entry)"
    )
    one = from_counts({"y": [1], "n": [1]}, outcome="y", bad=1)
    assert repr(one).endswith("; 1 person is alone in an entry)")
    assert "; merged of 2; 0 people" in repr(one + one)


def test_nothing_in_a_cube_can_be_changed():
    cube = count(weight="w", edges=[1.5])
    gridded, exact = cube.axes, count().axes
    for array in (*cube.arrays.values(), gridded.cells, gridded.score.edges, exact.score.values, exact.score.cutoffs()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    with pytest.raises(AttributeError):
        cube.n = cube.n


def test_arrays_have_the_shape_of_the_axes():
    axes = Axes((), np.zeros((1, 0), dtype=np.int32), None, (), ())
    with pytest.raises(CubeError, match=r"'n' has the shape \(2, 1, 1, 1\), but the axes say \(1, 1, 1, 1\)"):
        Cube(axes, declare(outcome="y", bad=1), np.zeros((2, 1, 1, 1), dtype=np.int64), Provenance("x", Ledger(0)))


def test_the_digest_is_of_what_was_counted():
    cube = count()
    assert cube.digest == count().digest
    assert cube.digest == count(cutoff=2).digest  # a cut-off is a question, not a count
    for other in (
        count({"n": [500, 600, 700, 190]}),
        count({"race": ["A", "A", "C", "C"]}),
        count(higher_is="worse"),
        count(favorable="no"),
        count(bad=0),
        count(weight="w"),
    ):
        assert other.digest != cube.digest


def test_a_crossing_has_its_levels():
    cube = count()
    assert cube.groups == ("A × F", "A × M", "B × F", "B × M")
    assert cube.axes.cell_levels()[1] == ("A", "M")
    assert cube.marginal(("sex", "race")).groups == ("F × A", "F × B", "M × A", "M × B")
    assert cube.marginal("race").group_people.tolist() == [1100, 889]


def test_marginal_of_what_is_not_there():
    with pytest.raises(CubeError, match=r"'rase' is not counted in this cube; it has race, sex. Did you mean 'race'"):
        count().marginal("rase")
    with pytest.raises(CubeError, match="A crossing needs different attributes, got race × race"):
        count().marginal(("race", "race"))
    with pytest.raises(CubeError, match="'race' is not counted in this cube; it has no groups"):
        count().marginal(()).axes.dimension("race")


def test_marginal_of_nobody_is_everybody():
    everybody = count().marginal(())
    assert everybody.axes.cells.shape == (1, 0)
    assert everybody.groups == ("",)
    assert everybody.group_people.tolist() == [1989]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"groups": "race"}, "Cubes differ in their groups: race, sex and race"),
        ({"groups": ["sex", "race"]}, "in the same order"),
        ({"groups": "race", "strata": "sex"}, r"differ in a dimension: 'sex' \(attribute, .* 'sex' \(stratum"),
        ({"higher_is": "worse"}, "Cubes differ in direction: higher is better in one, worse in the other"),
        ({"score": None, "higher_is": None}, "only one of them has a score"),
        ({"decision": None, "favorable": None}, "only one of them has decisions"),
        ({"outcome": None, "bad": None}, "only one of them has outcomes"),
        ({"weight": "w"}, "only one of them has weights"),
        ({"favorable": "no"}, "Cubes differ in the decision 'no': unfavorable in one, favorable in the other"),
        ({"bad": 0}, r"Cubes differ in which outcome is good: good=\[\], bad=\['1'\] and good=\[\], bad=\['0'\]"),
        ({"score": "w"}, "Cubes differ in the column of the score: 's' and 'w'. If both mean the same"),
        ({"edges": [2]}, "Cubes differ in the bins of the score"),
    ],
)
def test_cubes_of_different_schemas_are_not_merged(change, said):
    with pytest.raises(CubeError, match=said):
        count() + count(**change)


def test_cubes_of_different_references_or_scales_are_not_merged():
    with pytest.raises(CubeError, match="Cubes differ in the reference of 'race': 'A' and 'B'"):
        count(reference={"race": "A"}) + count(reference={"race": "B"})
    with pytest.raises(CubeError, match="the same weight_scale"):
        count(weight="w") + count(weight="w", weight_scale=10**8)
    with pytest.raises(CubeError, match="the same score_scale"):
        count(edges=[2]) + count(edges=[2], score_scale=10)


def test_digits_and_booleans_are_merged():
    both = count() + count({"y": [False, True, False, True]}, bad=True)
    assert both.n.tolist() == (count() + count()).n.tolist()


def test_a_merged_schema_knows_both():
    one = count(cutoff=2, reference={"race": "A"})
    other = count(
        {"d": ["yes", "withdrawn", "yes", "withdrawn"]},
        cutoff=[3, 2],
        favorable=None,
        decision_levels={"yes": "favorable", "withdrawn": "excluded"},
        unobserved={7: "not matured"},
        reference={"sex": "M"},
    )
    schema = (one + other).schema
    assert schema.cutoffs == (2.0, 3.0)  # the first is in production
    assert schema.references == {"race": "A", "sex": "M"}
    assert schema.decision_levels == {"yes": "favorable", "no": "unfavorable", "withdrawn": "excluded"}
    assert schema.unobserved == {"7": "not matured"}


def test_bands_keep_their_order_when_merged():
    def part(ages):
        return from_counts({"age": ages, "y": [1] * len(ages), "n": [1] * len(ages)}, groups="age",
                           bands={"age": [9, 62]}, outcome="y", bad=1)  # fmt: skip

    both = part([70, None]) + part([3])
    assert both.groups == ("under 9", "62 and over", "(missing)")
    with pytest.raises(CubeError, match="differ in a dimension"):
        both + dataclasses.replace(
            both, axes=dataclasses.replace(both.axes, dimensions=(Dimension("age", "attribute", ()),))
        )


def test_sums_that_no_longer_fit_are_refused():
    cube = count()
    huge = dataclasses.replace(cube, n=np.where(cube.n > 0, 2**61, 0))
    with pytest.raises(CubeError, match="The sums 'n' of both cubes together do not fit"):
        huge + huge


def test_a_suppressed_group_stays_marked_in_all_that_is_made_of_it():
    cube = dataclasses.replace(count(), suppressed=np.array([True, False, False, False]))
    assert cube.marginal("race").suppressed.tolist() == [True, False]
    assert cube.marginal(()).suppressed.tolist() == [True]
    other = dataclasses.replace(count(), suppressed=np.array([False, True, False, False]))
    assert (cube + other).suppressed.tolist() == [True, True, False, False]
    assert (count({"race": ["A", "A", "C", "C"]}) + cube).suppressed.tolist() == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]


def test_rates_of_nobody_weigh_nothing_at_any_cutoff():
    # 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floats: upper = all - lower must still be exactly 0.
    table = {"s": [1, 2, 3, 4], "y": [0, 0, 0, 1], "w": [0.1, 0.2, 0.3, 1], "n": [1, 1, 1, 1]}
    cube = from_counts(table, score="s", higher_is="better", outcome="y", bad=1, weight="w")
    cutoffs, k = cube.confusions()
    assert cutoffs.tolist() == [1, 2, 3, 4]
    assert k.true_positives.w[-1].tolist() == [0.0]
