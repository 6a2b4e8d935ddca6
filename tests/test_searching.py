"""fa.search_subgroups end to end: planted people, what is refused, what is written."""

import csv
import dataclasses
import io
import json

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.errors import CubeError, FairauditError, SchemaError, UndefinedMetricError
from fairaudit.inference.contrast import compare
from fairaudit.inference.thinning import thin

GROUPS = ["race", "sex", "age"]
ROLES = {"groups": GROUPS, "decision": "ok", "favorable": "yes", "bands": {"age": [25, 62]}}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(5)
    n = 16_000
    race = rng.choice(["White", "Black", "Hispanic", None], n, p=[0.6, 0.25, 0.14, 0.01])
    sex, age = rng.choice(["F", "M"], n), rng.integers(18, 80, n)
    rate = 0.6 - 0.25 * ((race == "Black") & (sex == "F"))
    good = rng.random(n) < 0.8
    return pd.DataFrame(
        {"race": race, "sex": sex, "age": age, "ok": np.where(rng.random(n) < rate, "yes", "no"), "good": good}
    )


@pytest.fixture(scope="module")
def made(people):
    return fa.search_subgroups(people, **ROLES)


def test_the_planted_crossing_is_confirmed_and_its_effect_covered(made):
    top = {one.group: one for one in made.confirmed}
    found = top["Black × F"]
    assert found.levels == {"race": "Black", "sex": "F"}
    assert found.low < -0.25 < found.high
    assert found.predicted == pytest.approx(0.6, abs=0.05)
    assert found.odds_ratio_low < (0.35 / 0.65) / (0.6 / 0.4) < found.odds_ratio_high
    assert found.affected_low < 0.25 * found.people < found.affected_high
    assert {*top} <= {"Black × F", "Black", "F"}


def test_every_number_is_of_the_half_that_was_kept_back(made, people):
    """Dealing the cube again with the recorded seed gives the counts of each record."""
    cube = fa.count(people, **ROLES)
    kept = thin(cube.n, share=0.5, rng=made.result.seed).confirmation
    selected = kept[:, :, [d.kind == "favorable" for d in cube.axes.decisions]].sum(axis=(1, 2, 3))
    everybody = kept.sum(axis=(1, 2, 3))
    levels = [dict(zip(cube.axes.names, cell, strict=True)) for cell in cube.axes.cell_levels()]
    for one in made.result.subgroups:
        known = np.array([all(cell[name] != "(missing)" for name in one.levels) for cell in levels])
        inside = np.array([all(cell[name] == level for name, level in one.levels.items()) for cell in levels])
        counts = [selected[inside].sum(), everybody[inside].sum(), selected[known & ~inside].sum()]
        assert [one.num, one.den, one.rest_num] == counts
        assert one.rest_den == everybody[known & ~inside].sum()
        by_hand = compare(one.num, one.den, one.rest_num, one.rest_den, how="difference")
        assert (one.gap, one.low, one.high, one.p_rest) == (by_hand.value, by_hand.low, by_hand.high, by_hand.p)


def test_what_was_looked_at_adds_up(made, people):
    result = made.result
    assert result.people == len(people) == result.search_people + result.confirmation_people
    assert [(d.sets, d.crossings) for d in result.depths] == [(3, 8), (3, 21), (1, 18)]
    for d in result.depths:
        assert d.tested + d.too_small + d.same_as_parent == d.crossings
    assert result.unknown == {"race": int(people["race"].isna().sum())}
    assert not any("(missing)" in one.levels.values() for one in result.subgroups)
    assert sum(d.selected for d in result.depths) == len(result.subgroups) + result.left_out


def test_a_cube_and_its_rows_are_searched_alike(made, people, tmp_path):
    cube = fa.count(people, **ROLES)
    assert fa.search_subgroups(cube).to_json() == made.to_json()
    path = fa.save_cube(cube, tmp_path / "people.cube") or tmp_path / "people.cube"
    assert fa.search_subgroups(path).result.subgroups == made.result.subgroups


def test_another_metric_keeps_the_same_people_back(people):
    roles = {**ROLES, "outcome": "good", "good": True}
    one, other = (
        fa.search_subgroups(people, metric=name, **roles).result for name in ("selection_rate", "adverse_rate")
    )
    assert one.seed == other.seed
    assert one.sha256 == other.sha256
    assert [r.levels for r in one.subgroups] == [r.levels for r in other.subgroups]
    assert [r.gap for r in one.subgroups] == pytest.approx([-r.gap for r in other.subgroups])
    assert [r.affected for r in one.subgroups] == pytest.approx([r.affected for r in other.subgroups])


def test_error_rates_where_every_outcome_is_known(people):
    """Creditworthy people declined: the planted gap is one of decisions, so it is one of error rates too."""
    found = fa.search_subgroups(people, metric="false_negative_rate", outcome="good", good=True, **ROLES)
    (top,) = [one for one in found.confirmed if one.group == "Black × F"]
    assert top.side == "higher"
    assert top.affected > 0
    good = people["good"] & people["race"].eq("Black") & people["sex"].eq("F")
    assert top.people == good.sum()
    both = fa.search_subgroups(people, metric="false_positive_rate", outcome="good", good=True, **ROLES).result
    assert both.direction == "both"


def test_error_rates_are_refused_where_outcomes_are_unobserved(people):
    declined = people.assign(
        outcome=np.where(people["ok"] == "no", "declined", np.where(people["good"], "good", "bad"))
    )
    roles = {**ROLES, "outcome": "outcome", "bad": "bad", "unobserved": {"declined": "declined"}}
    with pytest.raises(UndefinedMetricError, match=r"not identified: the outcome of .* people .*declined.* is unobs"):
        fa.search_subgroups(declined, metric="false_negative_rate", **roles)
    assert fa.search_subgroups(declined, metric="positive_predictive_value", **roles).result.people < len(people)


def test_weights_are_refused_with_the_reason(people):
    with pytest.raises(CubeError, match="sums of weights cannot be dealt out person by person"):
        fa.search_subgroups(people.assign(w=1.5), weight="w", **ROLES)


def test_suppressed_cells_are_refused(people):
    cube = fa.suppress(fa.count(people.head(500), **ROLES), 10)
    with pytest.raises(CubeError, match="were taken out of this cube"):
        fa.search_subgroups(cube)


def test_clusters_are_refused_with_the_reason(people):
    with pytest.raises(CubeError, match=r"clusters of 'home'.* both halves"):
        fa.search_subgroups(people.assign(home=range(len(people))), cluster="home", **ROLES)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"depth": 0}, SchemaError, "depth must be a whole number of at least 1, got 0"),
        ({"most": 1.5}, SchemaError, "most must be a whole number"),
        ({"direction": "wors"}, SchemaError, "Did you mean 'worse'"),
        ({"predict_from": "parent"}, SchemaError, "predict_from is one of parents, single"),
        ({"metric": "selction_rate"}, UndefinedMetricError, "Did you mean 'selection_rate'"),
        ({"metric": "adverse_impact_ratio"}, UndefinedMetricError, "goes by a rate of one group"),
        ({"metric": "false_negative_rate"}, CubeError, "needs outcomes, and none were counted"),
        ({"groups": ["race", "sexe"]}, SchemaError, "Did you mean 'sex'"),
        ({"share": 1.0}, FairauditError, "share must be between 0 and 1"),
        ({"level": 0.0}, FairauditError, "level must be between 0 and 1"),
        ({"rng": -1}, SchemaError, "rng must be"),
    ],
)
def test_mistakes_are_named(people, options, error, words):
    with pytest.raises(error, match=words):
        fa.search_subgroups(fa.count(people.head(200), **ROLES), **options)


def test_a_direction_needs_a_better_side(people):
    with pytest.raises(SchemaError, match="has no better side"):
        fa.search_subgroups(people, metric="false_positive_rate", direction="worse", outcome="good", good=True, **ROLES)


def test_no_groups_are_nothing_to_cross():
    with pytest.raises(SchemaError, match="none were given"):
        fa.search_subgroups({"ok": ["yes", "no"]}, decision="ok", favorable="yes")


def test_single_attributes_as_predictors_are_said_in_words(people):
    made = fa.search_subgroups(people, predict_from="single", **ROLES)
    assert "its single attributes predict" in repr(made)
    assert "parents" not in repr(made)
    assert made.to_dict()["predict_from"] == "single"
    assert "Black × F" in {one.group for one in made.confirmed}


def test_the_first_of_several_cutoffs_is_searched(people):
    scored = people.assign(score=np.where(people["ok"] == "yes", 700, 500))
    cube = fa.count(scored, groups=["race", "sex"], score="score", higher_is="better", cutoff=[600, 700])
    made = fa.search_subgroups(cube)
    assert made.result.cutoff == 600
    assert "score >= 600" in made.result.decision_text
    assert fa.search_subgroups(cube, cutoff=650).result.cutoff == 650


def test_levels_that_the_policy_leaves_out_are_never_named(people):
    marked = people.assign(race=people["race"].where(people["race"] != "Black", "Unknown"))
    policy = {**_policy(), "excluded_levels": ["unknown"]}
    made = fa.search_subgroups(marked, policy=policy, **ROLES)
    assert not any("Unknown" in one.levels.values() for one in made.result.subgroups)
    assert made.result.unknown["race"] == int((marked["race"].isna() | (marked["race"] == "Unknown")).sum())
    assert made.result.policy == "mine"


def _policy():
    return {"id": "mine", "extends": "us-fair-lending", "version": "1"}


def test_nothing_stands_out_where_nothing_is():
    rng = np.random.default_rng(1)
    frame = {name: rng.choice(["a", "b"], 600) for name in ("race", "sex")} | {"ok": rng.choice(["yes", "no"], 600)}
    made = fa.search_subgroups(frame, groups=["race", "sex"], decision="ok", favorable="yes", rng=3)
    assert made.confirmed == []
    assert made.table.empty
    assert list(made.table.columns)[:3] == ["rank", "attribute", "group"]
    assert "nothing to confirm" in repr(made)
    assert "has not been cleared" in repr(made)
    assert made.to_csv().count("\n") == 1
    assert "<table" not in made._repr_html_()


# What is written


def test_the_words_have_the_numbers(made):
    text, found = repr(made), next(one for one in made.confirmed if one.group == "Black × F")
    assert (
        f"race: Black, sex: F: {100 * found.rate:.1f}% against {100 * found.rest_rate:.1f}% of everybody else" in text
    )
    assert f"its parents predict {100 * found.predicted:.1f}%" in text
    assert f"{found.affected:,.0f} of {found.people:,} people worse off" in text
    assert f"{len(made.result.subgroups)} groups stood out in the search" in text
    assert f"{made.result.unknown['race']} people have no known level of race" in text
    assert "Without the people of finer groups" in text


def test_the_table_json_and_csv_hold_the_same(made):
    plain = json.loads(made.to_json())
    assert plain == json.loads(json.dumps(made.to_dict()))
    rows = list(csv.DictReader(io.StringIO(made.to_csv())))
    assert len(rows) == len(made.table) == len(plain["subgroups"])
    for row, record, (_, line) in zip(rows, plain["subgroups"], made.table.iterrows(), strict=True):
        assert float(row["gap"]) == record["gap"] == line["gap"]
        assert json.loads(row["levels"]) == record["levels"]
    assert made.table["rank"].tolist() == list(range(1, len(rows) + 1))
    confirmed = made.table[made.table["confirmed"]]
    assert confirmed["affected"].abs().is_monotonic_decreasing
    assert confirmed.index.tolist() == list(range(len(confirmed)))


def test_names_from_the_data_are_text_everywhere(people):
    bad = "<script>alert(1)</script>|*x*"
    marked = people.assign(race=people["race"].where(people["race"] != "Black", bad))
    made = fa.search_subgroups(marked, **ROLES)
    assert any(bad in one.levels.values() for one in made.confirmed)
    for page in (made.to_html(), made._repr_html_(), made.to_markdown()):
        assert "<script>alert" not in page
    assert "&lt;script&gt;" in made.to_html()
    assert made.to_html().startswith("<!doctype html>") or made.to_html().lower().startswith("<!doctype")


def test_a_record_says_no_more_than_json_can_hold(made):
    for one in made.result.subgroups:
        assert all(value == value for value in dataclasses.asdict(one).values() if isinstance(value, float))
