"""What a table may hold: every sentence of the data contract that counting enforces, with its error or issue."""

import numpy as np
import pandas as pd
import pytest

from fairaudit.cube import axes
from fairaudit.cube.fixed_point import check_fits, check_weights, fixed
from fairaudit.cube.from_counts import build_cube, from_counts
from fairaudit.cube.sorting import Coded, Counted
from fairaudit.errors import ColumnNotFoundError, CubeError, DataContractError, SchemaError
from fairaudit.schema import MISSING, declare

SCORED = {"score": "s", "higher_is": "better"}


def count(**columns_and_roles):
    """Count columns given as lists; the rest are roles. Without ``n`` each row is one person."""
    columns = {k: v for k, v in columns_and_roles.items() if isinstance(v, (list, pd.Series))}
    roles = {k: v for k, v in columns_and_roles.items() if k not in columns}
    length = len(next(iter(columns.values())))
    return from_counts({"n": [1] * length, **columns}, **{k.removeprefix("_"): v for k, v in roles.items()})


def codes(cube):
    return {issue.code: issue for issue in cube.provenance.issues}


# Columns


def test_a_column_that_is_not_there():
    with pytest.raises(
        ColumnNotFoundError, match=r"Column 'scor' not found in counts. Did you mean 'score'\? Columns: n, score"
    ):
        count(score=[1], _score="scor", higher_is="better")


def test_columns_of_different_length():
    with pytest.raises(DataContractError, match=r"The columns of counts differ in length: \[1, 2\]"):
        from_counts({"n": [1, 1], "y": [1]}, outcome="y", bad=1)


@pytest.mark.parametrize("n", [[], [0, 0]])
def test_an_empty_table(n):
    with pytest.raises(DataContractError, match=r"There are no rows in loans\.csv: nothing can be audited"):
        from_counts({"n": n, "y": [1] * len(n)}, outcome="y", bad=1, name="loans.csv")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "has -1 in row 2"),
        (1.5, "has 1.5 in row 2"),
        (None, "has None in row 2"),
        (float("nan"), "has nan in row 2"),
        (float("inf"), "has inf in row 2"),
        ("many", "has 'many' in row 2"),
        (1e300, "is more than"),
        (2**62, "is more than"),
    ],
)
def test_counts_are_whole_numbers(value, said):
    with pytest.raises(DataContractError, match=said):
        from_counts({"n": [1, value], "y": [1, 0]}, outcome="y", bad=1)


def test_counts_that_add_up_to_too_many_people():
    with pytest.raises(DataContractError, match="add up to more than"):
        from_counts({"n": [2**53, 2**53], "y": [1, 0]}, outcome="y", bad=1)


def test_counts_may_be_whole_floats_and_text():
    assert from_counts({"n": [2.0, "3"], "y": [1, 0]}, outcome="y", bad=1).people == 5


def test_a_data_frame_with_its_own_missing_values():
    frame = pd.DataFrame(
        {
            "race": pd.array(["A", None, "A"], dtype="string"),
            "s": pd.array([1, None, 3], dtype="Int64"),
            "y": pd.array([True, None, False], dtype="boolean"),
            "n": [1, 2, 3],
        }
    )
    cube = from_counts(frame, groups="race", **SCORED, outcome="y", bad=True)
    assert cube.groups == ("A", MISSING)
    assert cube.unscored.tolist() == [0, 2]
    assert cube.axes.outcomes == ("good", "bad", "missing")


# Scores


def test_text_in_a_score_column():
    with pytest.raises(DataContractError, match=r"The score column 's' holds text \('high'\), not numbers"):
        count(s=["high", "low"], **SCORED)


def test_some_text_in_a_score_column_is_set_aside_and_counted():
    cube = count(s=[1, "n/a", "2", "?"], n=[1, 2, 3, 4], **SCORED)
    assert cube.people == 4
    assert codes(cube)["score_not_a_number"].count == 6
    assert cube.provenance.ledger.set_aside == {"score 's' is text, not a number": 6}
    assert cube.provenance.ledger.used == 4


def test_infinite_scores_are_set_aside_and_missing_ones_are_not():
    cube = count(s=[1.0, float("inf"), float("-inf"), float("nan"), "inf", None], n=[1, 2, 3, 4, 5, 6], **SCORED)
    assert cube.provenance.ledger.set_aside == {"score 's' is infinite": 10}
    assert codes(cube)["score_infinite"].count == 10
    assert codes(cube)["score_missing"].count == 10
    assert (cube.people, cube.unscored.tolist()) == (11, [10])


def test_nobody_scored():
    with pytest.raises(DataContractError, match="The score column 's' is empty: nobody is scored"):
        count(s=[None, float("nan")], **SCORED)


def test_every_row_set_aside():
    with pytest.raises(DataContractError, match=r"No row of counts can be used: score 's' is infinite"):
        count(s=[float("inf")], **SCORED)


@pytest.mark.parametrize("cutoff", [0.9, 3.1, float("nan"), float("inf")])
def test_a_cutoff_outside_the_scores(cutoff):
    with pytest.raises(CubeError, match=r"cutoff must lie inside the score range \[1, 3\], got"):
        count(s=[1, 3], **SCORED).confusion(cutoff)


def test_a_cube_without_a_score_or_without_a_decision():
    with pytest.raises(CubeError, match="A cut-off needs a score"):
        count(y=[1, 0], outcome="y", bad=1).confusion(3)
    with pytest.raises(CubeError, match=r"No decision was counted in this cube\. Give a cutoff"):
        count(s=[1, 2], **SCORED).confusion()


# Decisions


@pytest.mark.parametrize(
    ("labels", "favorable"),
    [
        ([1, 0], True),
        ([True, False], 1),
        (["1", "0"], True),
        (["true", "FALSE"], 1),
        ([1.0, 0.0], 1),
        (["yes", "no"], "yes"),
    ],
)
def test_decisions_may_be_digits_booleans_or_words(labels, favorable):
    cube = count(d=labels, n=[3, 4], decision="d", favorable=favorable)
    assert cube.confusion().selected.n.tolist() == [3]
    assert cube.people == 7


def test_several_labels_need_decision_levels():
    with pytest.raises(
        DataContractError,
        match=r"3 labels beside the favorable one \(approved\): counter, denied, withdrawn\. Map each label",
    ):
        count(d=["approved", "denied", "withdrawn", "counter"], decision="d", favorable="approved")
    with pytest.raises(DataContractError, match="Did you mean 'approved'"):
        count(d=["approved", "denied"], decision="d", favorable="aproved")


def test_unmapped_decision_labels():
    with pytest.raises(
        DataContractError, match=r"decision_levels does not map Denied of column 'd'\. Did you mean 'denied'"
    ):
        count(
            d=["approved", "Denied"], decision="d", decision_levels={"approved": "favorable", "denied": "unfavorable"}
        )


def test_decision_kinds_are_all_counted_by_group():
    cube = count(
        g=["a", "a", "a", "a", "a"],
        d=["approved", "denied", "referred", "withdrawn", None],
        n=[1, 2, 4, 8, 16],
        groups="g",
        decision="d",
        decision_levels={
            "approved": "favorable", "denied": "unfavorable", "referred": "intermediate", "withdrawn": "excluded",
        },
    )  # fmt: skip
    assert cube.people == 31
    assert [level.label for level in cube.axes.decisions] == ["approved", "referred", "denied", MISSING, "withdrawn"]
    assert cube.confusion().selected.n.tolist() == [1]
    assert cube.confusion().not_selected.n.tolist() == [6]  # denied and referred; withdrawn and missing are left out
    assert {(i.code, i.count) for i in cube.provenance.issues} == {
        ("decision_excluded", 8), ("decision_excluded", 16), ("decision_intermediate", 4),
    }  # fmt: skip


def test_a_label_that_nobody_has_is_said():
    assert (
        "Nobody has a favorable decision in 'd'"
        in codes(count(d=["no"], decision="d", favorable="yes"))["decision_one_sided"].message
    )
    assert (
        "Nobody has an unfavorable"
        in codes(count(d=["yes"], decision="d", favorable="yes"))["decision_one_sided"].message
    )
    assert "decision_one_sided" not in codes(count(d=["yes", "no"], decision="d", favorable="yes"))


# Outcomes


def test_an_outcome_with_three_values():
    with pytest.raises(
        DataContractError,
        match=r"Column 'y' has 2 labels beside the bad one \(1\): 0, 2\. Name them all with good= and bad=",
    ):
        count(y=[0, 1, 2], outcome="y", bad=1)
    with pytest.raises(DataContractError, match=r"neither good nor bad: 2\. Add them to good= or bad="):
        count(y=[0, 1, 2], outcome="y", bad=1, good=0)
    with pytest.raises(DataContractError, match="Did you mean 'default'"):
        count(y=["default", "paid"], outcome="y", bad="defaulted")


@pytest.mark.parametrize("roles", [{"bad": 1}, {"good": 0}, {"bad": True}, {"good": False}, {"good": "0", "bad": "1"}])
@pytest.mark.parametrize("values", [[1, 0], [True, False], ["1", "0"], [1.0, 0.0]])
def test_outcomes_may_be_named_from_either_side(roles, values):
    k = count(y=values, n=[3, 4], outcome="y", **roles).everybody()
    assert (k.good.n.tolist(), k.bad.n.tolist()) == ([4], [3])


def test_unobserved_outcomes_have_their_reason():
    cube = count(
        d=["yes", "no", "yes", "no", "yes"],
        y=[0, None, None, 9, 1],
        n=[1, 2, 4, 8, 16],
        decision="d",
        favorable="yes",
        outcome="y",
        bad=1,
        unobserved={9: "not matured"},
    )
    assert cube.axes.outcomes == ("good", "bad", "declined", "missing", "not matured")
    assert cube.n.sum(axis=(0, 1, 2)).tolist() == [1, 16, 2, 4, 8]
    assert [(i.code, i.count) for i in cube.provenance.issues] == [("outcome_unobserved", n) for n in (2, 4, 8)]
    assert cube.confusion().unobserved.n.tolist() == [14]


def test_an_outcome_of_one_kind_is_said():
    assert "Nobody has a bad outcome" in codes(count(y=[0, 0], outcome="y", bad=1))["outcome_one_sided"].message


# Groups and bands


def test_labels_of_mixed_types_are_one_level():
    cube = count(g=[1, "1", 1.0, " 1 ", None, "", 2], y=[1, 0, 1, 0, 1, 0, 1], groups="g", outcome="y", bad=1)
    assert cube.groups == ("1", "2", MISSING)
    assert cube.group_people.tolist() == [4, 1, 2]


def test_levels_are_shown_by_size_then_by_name_and_missing_last():
    cube = count(g=[None, "b", 10, 9, "a", "inf"], y=[1, 0, 1, 0, 1, 0], groups="g", outcome="y", bad=1)
    assert cube.groups == ("9", "10", "a", "b", "inf", MISSING)


@pytest.mark.parametrize(
    ("closed", "groups", "people"),
    [
        ("left", ("under 25", "25 to under 62", "62 and over", MISSING), [1, 2 + 4, 8 + 16, 32]),
        ("right", ("25 and under", "over 25 to 62", "over 62", MISSING), [1 + 2, 4 + 8, 16, 32]),
    ],
)
def test_bands_are_closed_on_the_side_that_is_said(closed, groups, people):
    cube = count(
        age=[24.9, 25, 61.9, 62, 70, None], n=[1, 2, 4, 8, 16, 32], y=[1, 0, 1, 0, 1, 0],
        groups="age", bands={"age": [62, 25]}, closed=closed, outcome="y", bad=1,
    )  # fmt: skip
    assert (cube.groups, cube.group_people.tolist()) == (groups, people)


def test_text_fits_no_band():
    cube = count(age=[30, "old"], n=[1, 2], y=[1, 0], groups="age", bands={"age": [62]}, outcome="y", bad=1)
    assert cube.groups == ("under 62", MISSING)
    assert codes(cube)["band_not_a_number"].count == 2
    with pytest.raises(DataContractError, match=r"Bands are asked for 'age', which holds text \('old'\), not numbers"):
        count(age=["old"], y=[1], groups="age", bands={"age": [62]}, outcome="y", bad=1)


def test_strata_and_period_are_dimensions_too():
    cube = count(
        g=["a", "b"], branch=["x", "y"], month=["2024-01-01", "2024-02-01"], y=[1, 0],
        groups="g", strata="branch", period="month", outcome="y", bad=1,
    )  # fmt: skip
    assert [(d.name, d.role) for d in cube.axes.dimensions] == [
        ("g", "attribute"),
        ("branch", "stratum"),
        ("month", "period"),
    ]
    assert cube.axes.attributes == ("g",)


def test_no_groups_is_everybody():
    cube = count(y=[1, 0, 0], outcome="y", bad=1)
    assert cube.groups == ("",)
    assert cube.group_people.tolist() == [3]
    assert (cube + cube).group_people.tolist() == [6]


# Weights


def test_bad_weights_are_set_aside():
    cube = count(
        y=[1, 0, 1, 0, 1], w=[1, -1, None, "x", float("inf")], n=[1, 2, 4, 8, 16], outcome="y", bad=1, weight="w"
    )
    assert cube.people == 1
    assert codes(cube)["weight_invalid"].count == 30
    assert cube.provenance.ledger.used == 1


def test_sums_of_weights_are_whole_numbers():
    cube = count(y=[1, 1], w=[0.1, 0.2], n=[3, 1], outcome="y", bad=1, weight="w")
    assert cube.w.sum() == 500_000
    assert cube.w2.sum() == 70_000  # 3 x 0.01 + 0.04
    assert cube.everybody().people.w.tolist() == [0.5]


def test_weights_too_large_for_whole_numbers_say_so():
    # The census weight of Adult: 48,842 rows of about 190,000 overflow 64 bits when squared at the usual scale.
    roles = {"y": [1, 0], "w": [190_000, 190_000], "n": [24_421, 24_421], "outcome": "y", "bad": 1, "weight": "w"}
    with pytest.raises(SchemaError, match=r"smaller scale, for example weight_scale=1000\."):
        count(**roles)
    cube = count(**roles, weight_scale=1000)
    assert cube.everybody().people.w.tolist() == [190_000 * 48_842]
    assert cube.everybody().people.w2.tolist() == [190_000.0**2 * 48_842]
    with pytest.raises(SchemaError, match="No scale is small enough: divide the column"):
        count(**{**roles, "w": [1e300, 1]})


def test_fixed_point_rounds_half_up():
    assert fixed(np.array([0.0, 0.4999, 0.5, 1.5, 2.5]), 1).tolist() == [0, 0, 1, 2, 3]


# Size


def test_too_many_entries_names_the_column():
    people = 50_001
    ids = Coded(np.arange(people), [str(i) for i in range(people)])
    scores = Coded(np.arange(people) % 1_000, np.arange(1_000.0))
    schema = declare(score="s", higher_is="better", groups="customer")
    counted = Counted({"customer": ids, "s": scores}, np.ones(people, dtype=np.int64))
    with pytest.raises(
        CubeError, match=r"50,001,000 entries .* more than 50,000,000: 'customer' has 50,001 levels\. Cut it into bands"
    ):
        build_cube(schema, counted, name="loans.csv")


def test_merging_to_too_many_entries_names_the_column(monkeypatch):
    monkeypatch.setattr(axes, "MOST_ENTRIES", 50)
    one, other = (count(customer=list(ids), s=[*range(6)], groups="customer", **SCORED) for ids in ("abcdef", "uvwxyz"))
    with pytest.raises(CubeError, match=r"72 entries .* more than 50: 'customer' has 12 levels"):
        one + other


# What mutation testing found that no test here noticed


def test_a_missing_score_is_unscored_and_not_text():
    cube = count(s=[600, None, 620, float("nan")], **SCORED)
    assert cube.people == 4
    assert cube.unscored.tolist() == [2]
    assert codes(cube)["score_missing"].count == 2


def test_a_probability_may_be_0_and_1():
    assert count(s=[0.0, 0.5, 1.0], score_unit="probability", **SCORED).people == 3
    with pytest.raises(DataContractError, match=r"holds 1\.01"):
        count(s=[0.0, 1.01], score_unit="probability", **SCORED)


def test_a_one_sided_decision_sets_nobody_aside():
    issue = codes(count(d=["yes", "yes"], decision="d", favorable="yes"))["decision_one_sided"]
    assert (issue.count, issue.action) == (0, "used; are the labels right?")


def test_a_banded_attribute_keeps_its_edges():
    (age,) = count(age=[20, 40, 30], d=[1, 0, 1], groups="age", bands={"age": [30]}, decision="d",
                   favorable=1).axes.dimensions  # fmt: skip
    assert (age.edges, age.closed, age.levels) == ((30,), "left", ("under 30", "30 and over"))


def test_scores_outside_declared_edges_are_counted_and_cut_offs_there_are_edges():
    """Edges are declared so that cubes merge: a month without high scores must have the same edges."""
    for higher_is in ("better", "worse"):
        cube = count(s=[-5, 10, 15, 99], score="s", higher_is=higher_is, edges=(10, 20), cutoff=(500, -500, 12))
        assert {10.0, 20.0, 12.0, 500.0, -500.0} <= {*cube.axes.score.edges.tolist()}
        assert (cube.people, cube.axes.score.low, cube.axes.score.high) == (4, -5, 99)
        assert cube.confusion(12.0).selected.n.tolist() == [2]


def test_races_that_overlap_are_memberships_of_the_weight():
    """Two people ticked both: each counts whole in both groups, and the pair's product is theirs alone."""
    made = count(
        w=[1, 0, 1, 1], b=[0, 1, 1, 0], d=[1, 0, 1, 0], n=[5, 3, 2, 1], k=[2.0, 1.0, 0.5, 4.0],
        decision="d", favorable=1, weight="k",
        races={"race": {"scheme": "alone-or-in-combination", "columns": {"White": "w", "Black": "b"}}},
    )  # fmt: skip
    (block,) = made.blocks.values()
    scale = block.about["scale"]
    white, black = block.about["levels"].index("White"), block.about["levels"].index("Black")
    first = block.arrays["first"].sum(axis=(0, 1, 2, 3)) / scale
    assert (first[white], first[black]) == (5 * 2 + 2 * 0.5 + 1 * 4, 3 * 1 + 2 * 0.5)
    second = block.arrays["second"].sum(axis=(0, 1, 2, 3)) / scale
    assert sorted(second.tolist()) == sorted([5 * 4 + 2 * 0.25 + 16, 2 * 0.25, 3 + 2 * 0.25])
    assert (block.about["collected"], block.about["labelled"]) == ("self-reported", None)


# Weights in whole numbers


def test_too_small_weights_are_given_the_scale_that_keeps_them():
    schema = declare(outcome="y", bad=1, weight="w")
    # Ten weights of 1e-4: their squares of 1e-8 are 5,000 units of 1e-12 at the least.
    with pytest.raises(SchemaError, match=r"Give weight_scale=1000000000000\."):
        check_weights(schema, 1e-3, 1e-7, 10)
    finer = declare(outcome="y", bad=1, weight="w", weight_scale=10**12)
    check_weights(finer, 1e-3, 1e-7, 10)


def test_the_largest_sum_that_fits_with_a_smaller_scale():
    largest = (2**63 - 1) / 4
    check_fits(largest, 1, "weight", "w")
    with pytest.raises(SchemaError, match=r"Give a smaller scale, for example weight_scale=1\."):
        check_fits(largest, 10, "weight", "w")
    with pytest.raises(SchemaError, match="No scale is small enough"):
        check_fits(largest * 1.1, 10, "weight", "w")
