"""What stands in the columns: scores, decisions, outcomes, groups, periods and strata, with a ledger that adds up."""

import pytest

from fairaudit import audit, count
from fairaudit.errors import CubeError, DataContractError, LevelNotFoundError, PolicyError, SchemaError

LENIENT = {
    "id": "test", "version": "1", "title": "Test", "jurisdiction": "none", "status": "internal",
    "reference": {"mode": "largest"}, "minimum_n": 1,
    "rules": [{"id": "air", "metric": "adverse_impact_ratio", "contrast": "ratio"}],
}  # fmt: skip


def ledger_adds_up(cube):
    ledger = cube.provenance.ledger
    assert ledger.read == ledger.used + sum(ledger.set_aside.values())
    assert ledger.used == cube.people
    return ledger


def issues(cube):
    return {issue.code: issue for issue in cube.provenance.issues}


def scored(scores, **roles):
    return count(
        {"g": ["A", "B"] * (len(scores) // 2), "s": scores}, groups="g", score="s", higher_is="better", **roles
    )


# Scores


def test_a_score_column_of_text_is_refused():
    for scores in (["high", "low"], ["1,234", "2,345"], ["high", None]):
        with pytest.raises(DataContractError, match="holds text"):
            scored(scores)


def test_some_text_among_scores_is_set_aside_with_its_rows():
    cube = scored(["620", "high", "1,234", "700", "", "$5"])
    assert ledger_adds_up(cube).set_aside == {"score 's' is text, not a number": 3}
    assert issues(cube)["score_not_a_number"].rows == (2, 3, 6)
    assert issues(cube)["score_missing"].rows == (5,)


def test_infinite_scores_are_set_aside_and_missing_ones_counted():
    cube = scored([1.0, float("inf"), float("-inf"), float("nan"), None, 2.0])
    assert ledger_adds_up(cube).set_aside == {"score 's' is infinite": 2}
    assert cube.unscored.sum() == 2
    assert issues(cube)["score_infinite"].rows == (2, 3)


def test_only_the_first_five_rows_are_named():
    cube = scored(["x"] * 8 + ["1", "2"])
    assert (issues(cube)["score_not_a_number"].count, issues(cube)["score_not_a_number"].rows) == (8, (1, 2, 3, 4, 5))


def test_nobody_scored():
    with pytest.raises(DataContractError, match="nobody is scored"):
        scored([None, float("nan")])


def test_constant_score():
    made = audit({"g": ["A", "B"] * 40, "s": [5] * 80}, groups="g", score="s", higher_is="better", cutoff=5,
                 reference={"g": "A"})  # fmt: skip
    [issue] = [issue for issue in made.result.issues if issue.code == "score_constant"]
    assert issue.message == "All 80 scores in 's' are the same: they tell nobody apart."


def test_a_cutoff_outside_the_scores():
    data = {"g": ["A", "B"] * 40, "s": list(range(80))}
    for cutoff in (-1, 80, 1e9):
        with pytest.raises(CubeError, match=r"cutoff must lie inside the score range \[0, 79\]"):
            audit(data, groups="g", score="s", higher_is="better", cutoff=cutoff, reference={"g": "A"})


def test_the_direction_is_required_and_questioned():
    with pytest.raises(SchemaError, match="higher_is must be"):
        count({"g": ["A"], "s": [1]}, groups="g", score="s")
    data = {"g": ["A", "B"] * 100, "s": list(range(200)), "bad": [int(i >= 120) for i in range(200)]}
    wrong = audit(data, groups="g", score="s", higher_is="better", outcome="bad", bad=1, reference={"g": "A"})
    [issue] = [issue for issue in wrong.result.issues if issue.code == "direction_suspect"]
    assert "Is the direction right?" in issue.message
    right = audit(data, groups="g", score="s", higher_is="worse", outcome="bad", bad=1, reference={"g": "A"})
    assert not any(issue.code == "direction_suspect" for issue in right.result.issues)


@pytest.mark.parametrize(("worse", "asked"), [(40, False), (60, True)])
def test_an_auc_on_the_wrong_side_of_one_half_is_questioned(worse, asked):
    data = {"g": ["A", "A", "B", "B"], "s": [0, 0, 1, 1], "y": [1, 0, 1, 0], "n": [50, 50, worse, 100 - worse]}
    made = audit(data, counts="n", groups="g", score="s", higher_is="better", outcome="y", bad=1, policy=LENIENT)
    assert any(issue.code == "direction_suspect" for issue in made.result.issues) == asked


# Decisions and outcomes


def test_decision_labels_that_are_not_mapped():
    data = {"g": ["A", "B", "A"], "d": ["yes", "no", "maybe"]}
    with pytest.raises(
        DataContractError, match=r"2 labels beside the favorable one \(yes\): maybe, no.*--decision-level"
    ):
        count(data, groups="g", decision="d", favorable="yes")
    with pytest.raises(DataContractError, match="Did you mean 'yes'"):
        count(data, groups="g", decision="d", favorable="Yes")
    with pytest.raises(DataContractError, match="does not map maybe"):
        count(data, groups="g", decision="d", decision_levels={"yes": "favorable", "no": "unfavorable"})


def test_decisions_of_four_kinds_and_none():
    kinds = {"yes": "favorable", "no": "unfavorable", "refer": "intermediate", "withdrawn": "excluded"}
    data = {"g": ["A", "B"] * 3, "d": ["yes", "no", "refer", "withdrawn", None, "yes"]}
    cube = count(data, groups="g", decision="d", decision_levels=kinds)
    ledger_adds_up(cube)
    assert cube.people == 6
    assert cube.confusion().selected.n.tolist() == [1, 1]
    assert cube.confusion().people.n.tolist() == [2, 2]  # withdrawn and missing ones are in no rate
    assert issues(cube)["decision_excluded"].count == 1
    assert {level.label: level.kind for level in cube.axes.decisions}["(missing)"] == "excluded"


def test_an_outcome_of_three_values():
    data = {"g": ["A", "B", "A"], "y": [0, 1, 2]}
    with pytest.raises(DataContractError, match=r"2 labels beside the bad one \(1\): 0, 2"):
        count(data, groups="g", outcome="y", bad=1)
    with pytest.raises(DataContractError, match="neither good nor bad: 2"):
        count(data, groups="g", outcome="y", bad=1, good=0)
    cube = count(data, groups="g", outcome="y", bad=1, unobserved={2: "not matured"})
    assert cube.axes.outcomes == ("good", "bad", "not matured")


def test_why_an_outcome_is_missing():
    data = {"g": ["A"] * 6, "d": ["yes", "no", "no", "yes", "yes", "no"], "y": [0, None, None, 1, None, 1]}
    cube = count(data, groups="g", decision="d", favorable="yes", outcome="y", bad=1)
    ledger_adds_up(cube)
    assert dict(zip(cube.axes.outcomes, cube.n.sum(axis=(0, 1, 2)).tolist(), strict=True)) == {
        "good": 1, "bad": 2, "declined": 2, "missing": 1,
    }  # fmt: skip


@pytest.mark.parametrize("values", [[True, False], ["True", "FALSE"], ["1", "0"], [1.0, 0.0], [1, 0]])
@pytest.mark.parametrize("bad", [1, True, "1", "true"])
def test_zero_and_one_may_be_written_in_many_ways(values, bad):
    cube = count({"g": ["A", "B"], "y": values}, groups="g", outcome="y", bad=bad)
    assert cube.n[:, 0, 0].tolist() == [[0, 1], [1, 0]]  # A bad, B good


# Groups, periods, strata


def test_no_such_group_and_no_such_reference():
    data = {"race": ["A", "B"] * 40, "ok": [1, 0, 0, 1] * 20}
    roles = {"groups": "race", "decision": "ok", "favorable": 1}
    with pytest.raises(LevelNotFoundError, match=r"no level 'C'.*Levels: A, B"):
        audit(data, reference={"race": "C"}, **roles)
    with pytest.raises(SchemaError, match="Did you mean 'race'"):
        audit(data, reference={"rase": "A"}, **roles)
    with pytest.raises(PolicyError, match="--reference race=A"):
        audit(data, **roles)
    with pytest.raises(SchemaError, match="never a reference"):
        audit(data, reference={"race": None}, **roles)


@pytest.mark.parametrize("levels", [["A"], ["A", None], [None]])
def test_one_group_only(levels):
    data = {"g": levels * 40, "ok": [1, 0] * (20 * len(levels))}
    made = audit(data, groups="g", decision="ok", favorable=1, reference={"g": "A"} if "A" in levels else None)
    assert made.result.findings == []
    [entry] = [entry for entry in made.result.not_run if entry.attribute == "g"]
    assert entry.reason.startswith("there is only one group to compare")
    assert {rate.group for rate in made.result.rates} == {"(everybody)", *(level or "(missing)" for level in levels)}


def test_bands_are_left_closed_and_keep_their_gaps():
    data = {"age": [24, 25, "61.5", 62, None, "old"], "y": [1, 0, 1, 0, 1, 0]}
    cube = count(data, groups="age", bands={"age": [25, 62]}, outcome="y", bad=1)
    ledger_adds_up(cube)
    assert dict(zip(cube.groups, cube.group_people.tolist(), strict=True)) == {
        "under 25": 1, "25 to under 62": 2, "62 and over": 1, "(missing)": 2,
    }  # fmt: skip
    assert issues(cube)["band_not_a_number"].rows == (6,)
    right = count(data, groups="age", bands={"age": [25, 62]}, closed="right", outcome="y", bad=1)
    assert dict(zip(right.groups, right.group_people.tolist(), strict=True)) == {
        "25 and under": 2, "over 25 to 62": 2, "(missing)": 2,
    }  # fmt: skip


def test_bands_of_text_are_refused():
    with pytest.raises(DataContractError, match="Bands are asked for 'g', which holds text"):
        count({"g": ["x", "y"], "y": [1, 0]}, groups="g", bands={"g": [1]}, outcome="y", bad=1)


def test_period_and_strata_are_counted_and_collapse():
    data = {"g": ["A", "B"] * 4, "loan": ["home", "car", None, "home"] * 2, "month": ["2024-01", "2024-02"] * 4,
            "ok": [1, 0] * 4}  # fmt: skip
    roles = {"groups": "g", "decision": "ok", "favorable": 1}
    cube = count(data, strata="loan", period="month", **roles)
    assert [(d.name, d.role) for d in cube.axes.dimensions] == [
        ("g", "attribute"), ("loan", "stratum"), ("month", "period"),
    ]  # fmt: skip
    assert cube.axes.dimension("loan").levels == ("car", "home", "(missing)")
    assert cube.marginal("g").digest == count(data, **roles).digest


def test_one_column_has_one_role():
    with pytest.raises(SchemaError, match="'g' is given more than one role"):
        count({"g": [1, 0]}, groups="g", decision="g", favorable=1)


def test_everything_set_aside():
    with pytest.raises(DataContractError, match="No row of a mapping of columns can be used: score 's' is infinite"):
        scored([float("inf")] * 2)
