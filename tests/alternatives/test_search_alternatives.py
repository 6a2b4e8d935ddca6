"""fa.search_alternatives end to end: a planted alternative is found, none is invented, nothing is seen too early."""

import dataclasses
import hashlib
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.metrics import roc_auc_score

import fairaudit as fa
from fairaudit.alternatives.comparing import Decided
from fairaudit.alternatives.people import dealt, people_of
from fairaudit.alternatives.plan import FAMILIES, Plan, Target
from fairaudit.alternatives.running import run
from fairaudit.alternatives.verdict import other_groups
from fairaudit.cli import group
from fairaudit.errors import DataContractError, FairauditError, LevelNotFoundError, PolicyError, SchemaError
from fairaudit.policy.loading import load_policy


def verdict_of(there, seed=0):
    """Return places of the verdict split, by the same deal."""
    people = people_of(there.rows, there.good, there.groups, 1)
    return dealt(people, shares=(0.5, 0.2, 0.3), seed=seed, trained_on=None).verdict


def test_a_planted_alternative_is_shown(found):
    result = found.result
    assert result.answer == "shown"
    assert result.target == {"attribute": "race", "group": "B", "reference": "W"}
    assert result.suspects[0] == "area"
    shown = [one for one in result.finalists if one.shown]
    assert shown
    assert all(one.performance.low > -0.02 and one.disparity.low > 0 for one in shown)
    assert len(found.shown) == len(shown) <= len(found.models) <= 5
    assert result.tried + result.failed == 14


def test_every_number_of_the_verdict_is_of_people_nobody_had_looked_at(found, there):
    """Scored again by the model that came back, on the split dealt again: sklearn's AUC and rates by hand."""
    places = verdict_of(there)
    rows, good = there.rows.iloc[places], there.good[places]
    black = there.groups["race"][places] == "B"
    assert found.result.people["verdict"] == len(places)
    before = there.incumbent.score(rows)
    for model, one in zip(found.models, found.result.finalists, strict=True):
        score = model.score(rows)
        assert one.performance.candidate == pytest.approx(roc_auc_score(good, score), abs=1e-12)
        assert one.performance.incumbent == pytest.approx(roc_auc_score(good, before), abs=1e-12)
        selected = score >= one.cutoff
        assert one.disparity.candidate == pytest.approx(selected[black].mean() / selected[~black].mean())
        assert one.disparity.change == pytest.approx(math.log(one.disparity.candidate / one.disparity.incumbent))
        assert one.approved_after == selected.mean()
        assert one.bad_rate_after == pytest.approx(1 - good[selected].mean())


def test_what_changes_for_whom_adds_up(found, there):
    places = verdict_of(there)
    rows, good = there.rows.iloc[places], there.good[places]
    model, one = found.models[0], found.result.finalists[0]
    before, after = there.incumbent.score(rows) >= there.cutoff, model.score(rows) >= one.cutoff
    for moved in one.moved:
        of = there.groups["race"][places] == moved.group
        new, gone = of & after & ~before, of & before & ~after
        assert (moved.people, moved.newly_approved, moved.newly_declined) == (of.sum(), new.sum(), gone.sum())
        assert moved.approved_before + moved.newly_approved - moved.newly_declined == moved.approved_after
        assert moved.bad_rate_newly_approved == pytest.approx(1 - good[new].mean())
        assert moved.bad_rate_newly_declined == pytest.approx(1 - good[gone].mean())


def test_outcomes_of_the_verdict_split_choose_nothing(there):
    """With all of them turned round, the same candidates and the same finalists; only the verdict differs."""
    plan = Plan("area_under_curve", 0.02, "adverse_impact_ratio", 0.0, Target("race", "B", "W"), there.cutoff, 0.8,
                "us-fair-lending", "1.0", 0.05, 0.8, None, ("reweighing",), 4, None, 0, (0.5, 0.2, 0.3))  # fmt: skip
    people = people_of(there.rows, there.good, there.groups, 1)
    splits = dealt(people, shares=plan.shares, seed=0, trained_on=None)
    assert len({*splits.training, *splits.selection, *splits.verdict}) == len(people)
    assert len(splits.training) + len(splits.selection) + len(splits.verdict) == len(people)
    turned = people.good.copy()
    turned[splits.verdict] ^= True
    policy = load_policy("us-fair-lending").policy
    one, two = (
        run(there.incumbent, each, splits, plan, policy, refits=False)
        for each in (people, dataclasses.replace(people, good=turned))
    )
    assert [made.performance for made in one.explored.tried] == [made.performance for made in two.explored.tried]
    first, second = ([each.record for each in made.finalists] for made in (one, two))
    assert first
    assert [each.settings for each in first] == [each.settings for each in second]
    assert first[0].performance.candidate == pytest.approx(1 - second[0].performance.candidate)


def test_the_same_seed_is_the_same_search(there):
    one, two = (there.search(trials=6).to_dict() for _ in range(2))
    for made in (one, two):
        made.pop("seconds")
        for each in made["candidates"]:
            each.pop("seconds")
    assert one == two


def test_without_an_alternative_none_is_shown_and_what_could_have_been_is_said(scene):
    """The truth is linked to the group and the incumbent is the truth: whatever raises the group costs performance."""
    none = scene(people=4000, seed=3, use=0.0, linked=1.2)
    found = none.search(trials=10, margin=0.005, improvement=0.1)
    assert found.result.answer != "shown"
    assert found.result.detectable > 0
    assert found.result.recall is None
    assert any("no recall is claimed" in line for line in found.result.limits) == (found.result.answer == "none_shown")


def test_the_recall_is_measured_on_planted_alternatives(scene):
    none = scene(people=3000, seed=3, use=0.0, linked=1.2)
    found = none.search(trials=6, margin=0.004, improvement=0.5, families=["hyper_parameters"], planted=2)
    assert found.result.answer == "none_shown"
    recall = found.result.recall
    assert recall.planted == 2
    assert 0 <= recall.low <= recall.found / 2 <= recall.high <= 1
    assert all(worse < as_was for worse, as_was in zip(recall.ratios_before, recall.ratios_without, strict=True))
    assert "Planted alternatives" in found.to_markdown()


def test_too_few_people_cannot_tell_and_say_how_many_would(scene):
    few = scene(people=1000, seed=5, use=0.3)
    found = few.search(trials=10, margin=0.01, families=["reweighing", "grid_search", "monotone"])
    result = found.result
    assert result.answer == "cannot_tell"
    assert result.people_needed > 1000
    needed = [
        max(one.performance.people_needed, one.disparity.people_needed)
        for one in result.finalists
        if one.performance.people_needed and one.disparity.people_needed
    ]
    assert result.people_needed == math.ceil(min(needed) * 1000 / result.people["verdict"])
    assert f"About {result.people_needed:,} people in all would settle it" in repr(found)


def test_a_group_too_small_to_compare_cannot_tell(scene):
    few = scene(people=1200, seed=1)
    race = few.groups["race"].copy()
    race[np.flatnonzero(race == "B")[60:]] = "other"
    few = dataclasses.replace(few, groups={"race": race})
    found = few.search(trials=2, families=["reweighing"], target={"race": "B"}, reference={"race": "W"})
    assert found.result.answer == "cannot_tell"
    assert found.result.tried == 0
    assert "No candidate could be compared" in found.result.reasons[0]
    assert "a ratio with an error needs 10" in repr(found)
    assert found.result.multiplicity is None


def test_unobserved_outcomes_bound_profit_and_leave_an_auc_untold(there):
    score = there.incumbent.score(there.rows)
    outcome = pd.Series(there.good, dtype=object).where(score >= there.cutoff - 0.1, None)
    hidden = dataclasses.replace(there, good=outcome)
    by_auc = hidden.search(trials=5, families=["reweighing"])
    assert by_auc.result.answer == "cannot_tell"
    assert all("is not observed" in one.performance.undefined for one in by_auc.result.finalists)
    profit = {"good": 10, "bad": -20}
    options = {"trials": 5, "families": ["reweighing"], "performance": "expected_profit", "profit": profit}
    places = verdict_of(hidden)
    known = outcome.iloc[places].notna().to_numpy()
    good = (outcome.iloc[places] == 1).to_numpy()
    before = hidden.incumbent.score(hidden.rows.iloc[places]) >= hidden.cutoff
    found = hidden.search(**options, margin=0.5)
    assert found.models
    for model, one in zip(found.models, found.result.finalists, strict=True):
        after = model.score(hidden.rows.iloc[places]) >= one.cutoff
        # Who is not observed and newly approved is bad, and who is newly declined was good.
        taken = np.where(known, good, before & ~after)
        change = np.where(taken, 10, -20) * (after.astype(int) - before)
        assert one.performance.change == pytest.approx(change.mean())
        assert (after & ~known).any()


def test_a_cutoff_for_everybody_is_searched_by_profit_only(there):
    with pytest.raises(SchemaError, match="approving everybody would seem to cost nothing"):
        there.search(trials=2, families=["cutoff"])
    found = there.search(
        trials=4, families=["cutoff"], performance="expected_profit", profit={"good": 10, "bad": -20}, margin=1.0
    )
    assert {one.family for one in found.result.candidates if one.proposable} == {"cutoff"}
    assert all(model is there.incumbent for model in found.models)


@pytest.mark.parametrize("metric", ["selection_rate_difference", "equal_opportunity_difference"])
def test_gaps_are_measured_as_gaps(there, metric):
    found = there.search(trials=5, metric=metric, families=["reweighing", "grid_search"])
    places = verdict_of(there)
    model, one = found.models[0], found.result.finalists[0]
    selected = model.score(there.rows.iloc[places]) >= one.cutoff
    black = there.groups["race"][places] == "B"
    keep = there.good[places] == 1 if metric == "equal_opportunity_difference" else np.ones(len(places), bool)
    gap = selected[black & keep].mean() - selected[~black & keep].mean()
    assert one.disparity.candidate == pytest.approx(gap)
    assert one.disparity.change == pytest.approx(one.disparity.candidate - one.disparity.incumbent)
    assert " points" in repr(found)


def test_the_volume_at_equal_bad_rate_is_a_share_approved(scene):
    there = scene(people=12_000)
    found = there.search(trials=4, families=["reweighing"], performance="volume_at_equal_bad_rate", margin=0.1)
    one = found.result.finalists[0]
    places = verdict_of(there)
    before = there.incumbent.score(there.rows.iloc[places]) >= there.cutoff
    assert one.performance.incumbent == pytest.approx(before.mean())


def test_what_looks_at_groups_is_never_a_finalist(found):
    aware = [one for one in found.result.candidates if not one.proposable]
    assert {one.family for one in aware} == {"threshold_optimizer", "correlation_remover"}
    assert not any(one.finalist or one.on_frontier for one in aware)
    assert all("decides by a person's group" in one.why_not for one in aware)
    thresholds = next(one for one in aware if one.family == "threshold_optimizer")
    assert thresholds.disparity == pytest.approx(1, abs=0.1)
    assert thresholds.performance is None


def test_another_group_that_is_put_past_its_line_is_named():
    """A feature that only tells sex: the one alternative that drops 'area' comes to use it instead."""
    n = 2000
    sex, race = np.where(np.arange(n) % 2, "F", "M"), np.where(np.arange(n) % 4 < 2, "B", "W")
    people = people_of(pd.DataFrame({"x": range(n)}), np.arange(n) % 5 > 0, {"race": race, "sex": sex}, True)
    policy = load_policy("us-fair-lending").policy
    plan = Plan("area_under_curve", 0.01, "adverse_impact_ratio", 0.0, Target("race", "B", "W"), 0.0, 0.8, "p", "1",
                0.05, 0.8, None, ("reweighing",), 1, None, 0, (0.5, 0.2, 0.3))  # fmt: skip
    even = np.arange(n) % 8 < 6
    uneven = np.where(sex == "F", np.arange(n) % 8 < 3, np.arange(n) % 8 < 7)
    score = np.zeros(n)
    records = other_groups(people, plan, policy, Decided(score, even), Decided(score, uneven))
    by_name = {(one.attribute, one.group): one for one in records}
    assert by_name["sex", "F"].put_past
    assert by_name["sex", "F"].reference == "M"
    assert not by_name["sex", "M"].put_past
    assert ("race", "B") not in by_name


def test_equally_good_models_disagree_about_people(found):
    made = found.result.multiplicity
    assert made.models >= 2
    assert 0 < made.most_from_incumbent <= made.ambiguous <= made.people == found.result.people["selection"]
    assert sum(some for some, _ in made.by_group.values()) == made.ambiguous


def test_finalists_are_fitted_anew_to_see_how_stable_they_are(found):
    stable = [one for one in found.result.finalists if one.stability is not None]
    assert len(stable) == 2
    for one in stable:
        assert one.stability.refits == 5
        assert one.stability.performance_low <= one.stability.performance_high
        assert 0 <= one.stability.within_margin <= 5


# Its store


def test_a_search_that_was_stopped_goes_on_from_its_store(there, tmp_path):
    store = tmp_path / "store"

    def stop(number, line):
        if number == 3:
            raise KeyboardInterrupt

    options = {"trials": 7, "store": store, "families": ["reweighing", "monotone", "hyper_parameters"]}
    with pytest.raises(KeyboardInterrupt):
        there.search(**options, progress=stop)
    assert not (store / "finalists.json").exists()
    found = there.search(**options)
    assert found.result.resumed == 3
    assert found.result.tried + found.result.failed == 7
    assert found.models
    for model, one in zip(found.models, found.result.finalists, strict=True):
        folder = store / "finalists" / one.saved_as
        card = json.loads((folder / "model.json").read_text())
        data = (folder / card["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256
        back = fa.load_model(folder)
        assert np.array_equal(back.score(there.rows), model.score(there.rows))
    assert not [file for file in store.rglob("*") if file.suffix in (".pkl", ".joblib", ".db")]
    again = there.search(**options)
    assert [one.sha256 for one in again.result.finalists] == [one.sha256 for one in found.result.finalists]
    assert [one.p for one in again.result.finalists] == [one.p for one in found.result.finalists]
    with pytest.raises(SchemaError, match="the verdict split answers once"):
        there.search(**{**options, "trials": 9})


def test_what_was_declared_is_not_changed_after_the_search(there, tmp_path):
    there.search(trials=2, store=tmp_path / "store", families=["reweighing"])
    with pytest.raises(SchemaError, match="what was declared before a search is not changed after it"):
        there.search(trials=2, store=tmp_path / "store", families=["reweighing"], margin=0.05)
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "notes.txt").write_text("mine")
    with pytest.raises(SchemaError, match="holds something else than a search"):
        there.search(trials=2, store=tmp_path / "else")


def test_workers_and_a_budget_end_with_the_same_kind_of_answer(there):
    found = there.search(budget=3.0, workers=2, families=["reweighing"], margin=0.02)
    assert found.result.tried >= 1
    assert found.result.plan["budget"] == 3.0


# A model of ours, its own split


def test_the_rows_that_a_trained_incumbent_never_saw_are_those_that_judge(there):
    features = there.rows[["income", "debt", "area", "home"]]
    incumbent = fa.train(features, there.good, good=1, kind="boosting", rng=4)
    found = fa.search_alternatives(
        incumbent, there.rows, there.good, groups=there.groups, cutoff=0.6, margin=0.02, trials=4,
        families=["reweighing"], target={"race": "B"}, reference={"race": "W"}, planted=0,
    )  # fmt: skip
    assert found.result.people["training"] == len(incumbent.train_rows)
    assert found.result.people["selection"] + found.result.people["verdict"] == len(incumbent.test_rows)
    assert not any("not known which people" in line for line in found.result.limits)


def test_every_finalist_can_be_audited_and_explained_like_any_model(found, there):
    model, one = found.models[0], found.result.finalists[0]
    audit = fa.audit(
        there.rows.assign(race=there.groups["race"], good=there.good), model=model, groups="race", outcome="good",
        bad=0, cutoff=one.cutoff, reference={"race": "W"},
    )  # fmt: skip
    assert audit.result.findings
    gap = fa.drivers(model, there.rows, there.groups["race"], reference="W", pairs=200)
    assert {each.feature for each in gap.drivers} == {*model.feature_names}


# What is written


def test_json_holds_every_candidate_and_report_and_tables_say_the_same(found):
    made = json.loads(found.to_json())
    assert len(made["candidates"]) == len(found.table) == 14 + 2
    assert made["plan"]["margin"] == 0.02
    assert {"optuna", "fairlearn", "scikit-learn", "numpy"} <= {*made["versions"]}
    text, html = found.to_markdown(), found.to_html()
    for words in ("What changes for whom", "The answer", "Search space", "alternatives are shown", made["plan_sha256"]):
        assert words in text
        assert words in html
    assert "<svg" in html
    assert "alternatives are shown" in repr(found)
    assert "alternatives are shown" in found._repr_html_()
    assert found.to_csv().splitlines()[0].startswith("number,family,settings,proposable")
    assert {one.family for one in found.result.candidates if one.proposable} <= {*FAMILIES}


def test_the_report_never_says_fair_or_legal(found):
    words = found.to_markdown().replace("fairaudit", "").replace("fairlearn", "").replace("us-fair-lending", "")
    assert not re.search(r"\b(fair|unfair|legal|illegal|pass|passed)\b", words, re.IGNORECASE)


def test_the_command_line_finds_the_same(there, tmp_path):
    table = there.rows.assign(race=there.groups["race"], paid=np.where(there.good == 1, "yes", "no"))
    file = tmp_path / "loans.csv"
    table.to_csv(file, index=False)
    made = fa.train(table[["income", "debt", "area"]], table["paid"], good="yes", kind="logistic")
    fa.save_model(made, tmp_path / "model")
    given = [str(file), "--model", str(tmp_path / "model"), "--target", "paid", "--good", "yes", "--cutoff", "0.7",
             "--group", "race", "--reference", "race=W", "--for", "race=B", "--margin", "0.02", "--trials", "3",
             "--family", "reweighing", "--planted", "0"]  # fmt: skip
    out = tmp_path / "found.html"
    saved = ["--format", "html", "-o", str(out), "--store", str(tmp_path / "store")]
    done = CliRunner().invoke(group, ["alternatives", *given, *saved], standalone_mode=False)
    assert done.exception is None
    assert "Search for a less discriminatory model" in out.read_text(encoding="utf-8")
    done = CliRunner().invoke(group, ["alternatives", *given, "--format", "json"], standalone_mode=False)
    result = json.loads(done.stdout)
    direct = fa.search_alternatives(
        fa.load_model(tmp_path / "model"), pd.read_csv(file), table["paid"], groups=["race"], good="yes", cutoff=0.7,
        reference={"race": "W"}, target={"race": "B"}, margin=0.02, trials=3, families=["reweighing"], planted=0,
    )  # fmt: skip
    assert [one["performance"] for one in result["candidates"]] == direct.table["performance"].replace(
        np.nan, None
    ).tolist()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"margin": None}, PolicyError, "By how much an alternative may be worse is never guessed"),
        ({"margin": -1}, PolicyError, "got -1"),
        ({"improvement": -0.1}, PolicyError, "0 or more"),
        ({"performance": "auc"}, PolicyError, "performance is one of"),
        ({"metric": "adverse_impact"}, FairauditError, "Did you mean 'adverse_impact_ratio'"),
        ({"families": ["reweighting"]}, SchemaError, "Did you mean 'reweighing'"),
        ({"families": []}, SchemaError, "No family"),
        ({"trials": 0}, SchemaError, "trials is a whole number"),
        ({"budget": 0}, SchemaError, "budget is in seconds"),
        ({"good": 7}, SchemaError, "good= one of"),
        ({"target": {"rase": "B"}}, LevelNotFoundError, "Did you mean 'race'"),
        ({"target": {"race": "X"}}, LevelNotFoundError, "cannot be the group of a search"),
        ({"performance": "expected_profit"}, SchemaError, "needs what a selected person brings"),
        ({"training_rows": [99_999]}, SchemaError, "places of rows"),
        ({"shares": (0.5, 0.5, 0.0)}, SchemaError, "shares are those of"),
    ],
)
def test_a_question_asked_wrongly_is_refused(there, options, error, words):
    with pytest.raises(error, match=words):
        there.search(**{"trials": 1, **options})


def test_few_people_are_refused(there):
    few = dataclasses.replace(there, rows=there.rows[:150], good=there.good[:150],
                              groups={name: labels[:150] for name, labels in there.groups.items()})  # fmt: skip
    with pytest.raises(DataContractError, match="A search needs about a thousand people"):
        few.search(trials=1)


def test_the_policy_may_declare_the_margin(there, tmp_path):
    file = tmp_path / "bank.yaml"
    file.write_text(
        "id: bank\nextends: us-fair-lending\nalternatives: {performance: area_under_curve, margin: 0.03, "
        "improvement: 0.02}\n"
    )
    found = there.search(trials=1, families=["reweighing"], margin=None, policy=str(file))
    assert (found.result.plan["margin"], found.result.plan["improvement"]) == (0.03, 0.02)
    assert all(one.disparity.bound == pytest.approx(math.log(1.02)) for one in found.result.finalists)
