"""An audit with ``model=``: the same counts as by hand, the score taken apart, and everything else refused in words."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import fairaudit as fa
from fairaudit.errors import FairauditError, SchemaError
from fairaudit.explaining import FEWEST
from fairaudit.result import read_result
from fairaudit.scoring import SCORE


def people_of(n=600, seed=5):
    rng = np.random.default_rng(seed)
    group = rng.choice(["A", "B"], n, p=[0.6, 0.4])
    income = rng.normal(50 - 8 * (group == "B"), 10, n)
    debt = rng.normal(20, 5, n)
    good = rng.random(n) < 1 / (1 + np.exp(-(income - debt - 25) / 8))
    paid = np.where(good, "yes", "no")
    return pd.DataFrame({"group": group, "income": income, "debt": debt, "paid": paid, "age": rng.integers(20, 80, n)})


PEOPLE = people_of()
ROLES = {"outcome": "paid", "bad": "no", "groups": "group", "reference": {"group": "A"}}


@pytest.fixture(scope="module")
def card():
    return fa.Scorecard().fit(PEOPLE[["income", "debt"]], PEOPLE["paid"])


@pytest.fixture(scope="module")
def audit(card):
    return fa.audit(PEOPLE, model=card, cutoff=560, **ROLES)


def test_the_counts_are_those_of_scores_made_by_hand(card, audit):
    scored = PEOPLE.assign(**{SCORE: card.points(PEOPLE[["income", "debt"]])})
    by_hand = fa.audit(scored, score=SCORE, higher_is="better", cutoff=560, **ROLES)
    assert audit.cube.digest == by_hand.cube.digest
    assert audit.result.findings == by_hand.result.findings
    assert audit.result.direct_use.features == ["income", "debt"]


def test_the_drivers_are_the_gap_in_mean_score(card, audit):
    points = card.points(PEOPLE[["income", "debt"]])
    parts = card.parts(PEOPLE[["income", "debt"]])
    is_b = (PEOPLE["group"] == "B").to_numpy()
    gaps = {gap.measure: gap for gap in audit.result.explanation.gaps}
    mean = gaps["mean score"]
    assert mean.value == pytest.approx(points[is_b].mean() - points[~is_b].mean(), abs=1e-9)
    apart = dict(zip(("income", "debt"), parts[is_b].mean(axis=0) - parts[~is_b].mean(axis=0), strict=True))
    assert {one.feature: one.value for one in mean.drivers} == pytest.approx(apart, abs=1e-9)
    assert (mean.n, mean.n_reference) == (int(is_b.sum()), int((~is_b).sum()))
    income = next(one for one in mean.drivers if one.feature == "income")
    assert income.stands_out
    assert income.proxy_low > 0.6
    rate = gaps["selection rate"]
    assert rate.value == pytest.approx((points[is_b] >= 560).mean() - (points[~is_b] >= 560).mean(), abs=1e-9)
    assert sum(one.value for one in rate.drivers) == pytest.approx(rate.value, abs=1e-9)


def test_shown_people_are_declined_and_their_reasons_are_against_them(card, audit):
    shown = audit.result.explanation.people
    assert len(shown) == 3
    assert [one.score for one in shown] == sorted(one.score for one in shown)
    for person in shown:
        assert person.score == pytest.approx(card.points(PEOPLE[["income", "debt"]].iloc[[person.row]])[0])
        assert person.score < person.cutoff == 560
        assert all(reason.amount < 0 for reason in person.reasons)


def test_who_is_told_what_is_the_parity_of_reasons_of_everybody_declined(card, audit):
    told = audit.result.explanation.told
    explainer = fa.Explainer(card, PEOPLE[["income", "debt"]], cutoff=560)
    alone = explainer.explain(PEOPLE[["income", "debt"]]).reason_parity(PEOPLE["group"], reference="A")
    assert {
        (one.feature, one.group): (one.told, one.drawn, one.share, one.difference, one.within_scores) for one in told
    } == {
        (one.feature, one.level): (one.told, one.declined, one.share, one.difference, one.within_scores)
        for one in alone.told
    }
    declined = card.points(PEOPLE[["income", "debt"]]) < 560
    assert {one.group: one.declined for one in told} == PEOPLE["group"][declined].value_counts().to_dict()
    assert all(one.low <= one.share <= one.high for one in told)
    assert all((one.difference is None) == (one.group == "A") for one in told)
    html = audit.to_html()
    assert "Who is told what?" in html
    first = next(one for one in told if one.group == "B")
    assert f"{first.told} of {first.drawn}" in html


def test_reasons_of_few_declined_people_are_not_counted_and_large_groups_are_drawn(card, monkeypatch):
    few = PEOPLE.assign(group=np.where(np.arange(len(PEOPLE)) % 40 == 0, "C", PEOPLE["group"]))
    monkeypatch.setattr("fairaudit.explaining.TOLD", 50)
    made = fa.audit(few, model=card, cutoff=560, **ROLES)
    told = made.result.explanation.told
    assert {one.group for one in told} == {"A", "B"}
    assert {one.drawn for one in told} == {50}
    assert all(one.declined > 50 for one in told)
    assert "50 drawn" in made.to_html()
    lost = [one for one in made.result.not_run if one.what == "Who is told which reason, by group"]
    assert [(one.attribute, one.group) for one in lost] == [("group", "C")]
    assert "it needs 30" in lost[0].reason


def test_result_and_report_hold_it_whole(audit):
    again = read_result(audit.to_json())
    assert again.explanation == audit.result.explanation
    assert json.loads(audit.to_json())["explanation"]["source"] == "rows"
    for text in (audit.to_html(), audit.to_markdown()):
        assert "What drives the gap?" in text
        assert "Why were these people declined?" in text
        assert audit.result.explanation.gaps[0].sentence.split(";")[0] in text.replace("&#39;", "'")


def test_the_drivers_are_a_table_that_adds_up_to_each_gap(audit):
    table = audit.drivers
    by_gap = table.groupby(["measure", "attribute", "group"])
    assert set(by_gap.groups) == {("mean score", "group", "B"), ("selection rate", "group", "B")}
    assert by_gap["value"].sum().to_numpy() == pytest.approx(by_gap["gap"].first().to_numpy(), abs=1e-9)
    assert fa.audit(PEOPLE, score="income", higher_is="better", cutoff=45, **ROLES).drivers.empty


def test_the_glance_says_what_the_gap_is_made_of_and_who_has_no_way(card):
    ways = {"features": {"debt": {"change": "down", "step": 5, "cost": 1}}}
    audit = fa.audit(PEOPLE, model=card, cutoff=560, actions=ways, **ROLES)
    glance = audit.to_markdown().split("## Findings at a glance")[1].split("\n## ")[0]
    for gap in audit.result.explanation.gaps:
        assert gap.sentence in glance
    without = audit.result.explanation.recourse[0]
    assert f"{100 * without.share_without:.1f}%" in glance


def test_a_file_keeps_its_name_and_a_trained_model_its_units(tmp_path):
    path = tmp_path / "people.csv"
    PEOPLE.to_csv(path, index=False)
    trained = fa.train(PEOPLE[["income", "debt"]], PEOPLE["paid"], good="yes", kind="logistic")
    made = fa.audit(path, model=trained, cutoff=0.5, **ROLES)
    assert made.result.input.name == "people.csv"
    assert [file.name for file in made.result.input.files] == ["people.csv"]
    assert made.result.schema.roles["score_unit"] == "probability"
    record = made.result.explanation
    assert (record.model.units, record.model.explained_units) == ("probability", "log-odds")
    probability = trained.probability_of_good(PEOPLE)
    is_b = PEOPLE["group"] == "B"
    log_odds = np.log(probability / (1 - probability))
    assert record.gaps[0].value == pytest.approx(log_odds[is_b].mean() - log_odds[~is_b].mean(), abs=1e-9)
    rate = next(gap for gap in record.gaps if gap.measure == "selection rate")
    assert rate.cutoff == 0.5
    assert rate.value == pytest.approx((probability[is_b] >= 0.5).mean() - (probability[~is_b] >= 0.5).mean(), abs=1e-9)


def test_groups_are_those_that_the_audit_compares(card):
    made = fa.audit(PEOPLE, model=card, cutoff=560, outcome="paid", bad="no", groups="age")
    assert {(gap.group, gap.reference) for gap in made.result.explanation.gaps} == {("62 and over", "under 62")}
    counted = next(one for one in made.result.schema.attributes if one.name == "age").levels
    assert made.result.explanation.gaps[0].n == counted["62 and over"]


def test_what_is_not_taken_apart_is_said(card):
    few = pd.concat([PEOPLE, PEOPLE.iloc[: FEWEST - 1].assign(group="C")], ignore_index=True)
    made = fa.audit(few, model=card, **ROLES)
    said = {(one.what, one.group): one.reason for one in made.result.not_run}
    assert f"it needs {FEWEST} of each" in said["Drivers of the gap in mean score", "C"]
    assert said["Reasons of declined people", None] == "it needs a cut-off"
    assert {gap.measure for gap in made.result.explanation.gaps} == {"mean score"}


def test_a_black_box_is_sampled_and_says_so():
    scorer = fa.wrap(
        lambda rows: rows["income"] * (rows["debt"] < 20), higher_is="better", feature_names=["income", "debt"]
    )
    made = fa.audit(PEOPLE.iloc[:200], model=scorer, cutoff=30, **ROLES)
    record = made.result.explanation
    assert "permutations" in record.model.method
    scores = scorer.score(PEOPLE.iloc[:200])
    is_b = PEOPLE["group"].iloc[:200] == "B"
    assert record.gaps[0].value == pytest.approx(scores[is_b].mean() - scores[~is_b].mean(), abs=1e-9)


def test_names_from_data_are_text():
    name = "<script>alert(1)</script>"
    people = PEOPLE.rename(columns={"income": name})
    card = fa.Scorecard().fit(people[[name, "debt"]], people["paid"])
    html = fa.audit(people, model=card, cutoff=560, **ROLES).to_html()
    assert "<script>alert" not in html


def test_categories_that_the_model_never_saw_are_counted():
    homes = PEOPLE.assign(home=np.where(PEOPLE["debt"] > 20, "own", "rent"))
    trained = fa.train(homes[["income", "home"]], homes["paid"], good="yes")
    made = fa.audit(homes.assign(home=["boat", "boat", *homes["home"][2:]]), model=trained, cutoff=560, **ROLES)
    (issue,) = [one for one in made.result.issues if one.column == "home"]
    assert issue.count == 2
    assert "boat" in issue.message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"score": "income"}, "'score' cannot be given together with a model: the model says it"),
        ({"higher_is": "better"}, "'higher_is' cannot be given together with a model"),
        ({"counts": "age"}, "rows that stand for several people are not scored"),
    ],
)
def test_what_the_model_says_is_not_said_twice(card, options, words):
    with pytest.raises(SchemaError, match=words):
        fa.audit(PEOPLE, model=card, **ROLES, **options)


def test_what_cannot_be_scored_is_refused(card, audit, tmp_path):
    with pytest.raises(SchemaError, match="A model scores rows, and these are counts"):
        fa.audit(audit.cube, model=card)
    with pytest.raises(SchemaError, match=r"Wrap it: fa\.wrap"):
        fa.audit(PEOPLE, model=LogisticRegression().fit(PEOPLE[["income"]], PEOPLE["paid"]), **ROLES)
    with pytest.raises(SchemaError, match="Rename it"):
        fa.audit(PEOPLE.assign(**{SCORE: 1}), model=card, **ROLES)
    with pytest.raises(SchemaError, match="has no rows to score"):
        fa.audit(PEOPLE.iloc[:0], model=card, **ROLES)
    with pytest.raises(SchemaError, match="actions cannot be given without model="):
        fa.audit(PEOPLE, actions={"debt": "down"}, score="income", higher_is="better", groups="group")


def test_a_cut_off_that_means_something_else_inside_the_model_is_not_used():
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    inputs = PEOPLE[["income", "debt"]]
    inside = LogisticRegression().fit(inputs, PEOPLE["paid"])
    half = PEOPLE["income"] > 45  # calibrated on other people, so that log-odds of the two differ
    model = CalibratedClassifierCV(FrozenEstimator(inside), method="sigmoid", ensemble=False)
    scorer = fa.wrap(model.fit(inputs[half], PEOPLE["paid"][half]), good="yes")
    made = fa.audit(PEOPLE, model=scorer, cutoff=0.6, **ROLES)
    assert {gap.measure for gap in made.result.explanation.gaps} == {"mean score"}
    assert made.result.explanation.people == []
    said = {one.what: one.reason for one in made.result.not_run}
    assert "no counterpart" in said["Drivers of the gap in selection rate"]
    assert "no counterpart" in said["Reasons of declined people"]


def test_mistakes_in_what_the_caller_declared_are_errors(card):
    with pytest.raises(FairauditError, match="Did you mean 'debt'"):
        fa.audit(PEOPLE, model=card, cutoff=560, actions={"dbt": "down"}, **ROLES)
    with pytest.raises(FairauditError, match="catalogue of words"):
        fa.audit(PEOPLE, model=card, cutoff=560, words={"features": {"debt": {"too_hgh": "x"}}}, **ROLES)
