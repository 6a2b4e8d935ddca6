"""A MetricFrame becomes the audit of its rows; our metrics in a MetricFrame and as scorers of scikit-learn."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    count,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer, precision_score
from sklearn.model_selection import cross_val_score

import fairaudit as fa
from fairaudit.errors import DataContractError, SchemaError, UndefinedMetricError

REFERENCE = {"race": "A", "sex": "M"}
FULL = {"count": count, "selection_rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    n = 3000
    groups = pd.DataFrame({"race": rng.choice(list("ABC"), n, p=[0.6, 0.3, 0.1]), "sex": rng.choice(list("FM"), n)})
    truth = rng.integers(0, 2, n)
    predicted = np.where(rng.random(n) < 0.7, truth, rng.integers(0, 2, n)) * (rng.random(n) < 0.9)
    return groups, truth, predicted


def framed(people, metrics, **options):
    groups, truth, predicted = people
    return MetricFrame(metrics=metrics, y_true=truth, y_pred=predicted, sensitive_features=groups, **options)


def of_rows(people, favorable, *, outcome):
    groups, truth, predicted = people
    rows = groups.assign(
        d=np.where(predicted == favorable, "yes", "no"), y=np.where(truth == favorable, "good", "bad")
    )  # fmt: skip
    roles = {"groups": ["race", "sex"], "reference": REFERENCE, "decision": "d", "favorable": "yes"}
    return fa.audit(rows, **roles, **({"outcome": "y", "bad": "bad"} if outcome else {}))


def numbers(audit):
    return {(one.metric, one.attribute, one.group): (one.value, one.low, one.high, one.p, one.status)
            for one in audit.result.findings}  # fmt: skip


@pytest.mark.parametrize("favorable", [0, 1])
def test_the_audit_of_a_frame_is_the_audit_of_its_rows(people, favorable):
    made = fa.from_metric_frame(framed(people, FULL), favorable=favorable, reference=REFERENCE)
    assert numbers(made) == numbers(of_rows(people, favorable, outcome=True))
    turned = {"n": count, "selection_rate": selection_rate, "fnr": false_negative_rate, "tnr": true_negative_rate}
    again = fa.from_metric_frame(framed(people, turned), favorable=favorable, reference=REFERENCE)
    assert numbers(again) == numbers(made)


def test_without_error_rates_decisions_alone_are_audited(people):
    frame = framed(people, {"count": count, "approved": selection_rate})
    made = fa.from_metric_frame(frame, favorable=1, names={"approved": "selection_rate"}, reference=REFERENCE)
    assert numbers(made) == numbers(of_rows(people, 1, outcome=False))


def test_control_features_are_strata(people):
    groups, truth, predicted = people
    frame = MetricFrame(metrics=FULL, y_true=truth, y_pred=predicted, sensitive_features=groups[["race"]],
                        control_features=groups[["sex"]])  # fmt: skip
    made = fa.from_metric_frame(frame, favorable=1, reference={"race": "A"}, rng=1)
    rows = groups.assign(d=np.where(predicted == 1, "yes", "no"), y=np.where(truth == 1, "good", "bad"))
    known = fa.audit(rows, groups="race", strata="sex", reference={"race": "A"}, decision="d", favorable="yes",
                     outcome="y", bad="bad", rng=1)  # fmt: skip
    stratified = [[(one.metric, one.group, one.value, one.p) for one in each.result.measurements]
                  for each in (made, known)]  # fmt: skip
    assert any("mantel_haenszel" in metric or "conditional" in metric for metric, *_ in stratified[0])
    assert stratified[0] == stratified[1]


@pytest.mark.parametrize(
    ("metrics", "options", "words"),
    [
        ({"selection_rate": selection_rate}, {}, "cannot be counted without count"),
        ({"count": count, "accuracy": accuracy_score}, {}, "without selection_rate"),
        (FULL, {"favorable": 2}, "1 or 0"),
        (FULL, {"names": {"tpx": "true_positive_rate"}}, "Did you mean 'tpr'"),
        (FULL, {"names": {"tpr": "recall_rate"}}, "none of"),
    ],
)
def test_what_is_missing_is_named(people, metrics, options, words):
    with pytest.raises(SchemaError, match=words):
        fa.from_metric_frame(framed(people, metrics), **{"favorable": 1, "reference": REFERENCE, **options})


def test_what_is_no_metric_frame_is_refused():
    with pytest.raises(SchemaError, match="no fairlearn MetricFrame"):
        fa.from_metric_frame(pd.DataFrame(), favorable=1)


def test_weighted_rates_give_no_counts(people):
    weights = np.random.default_rng(1).random(3000)
    frame = framed(people, FULL, sample_params={"selection_rate": {"sample_weight": weights}})
    with pytest.raises(DataContractError, match="people come whole"):
        fa.from_metric_frame(frame, favorable=1, reference=REFERENCE)


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [
        ("selection_rate", selection_rate),
        ("true_positive_rate", true_positive_rate),
        ("false_positive_rate", false_positive_rate),
        ("positive_predictive_value", precision_score),
        ("accuracy", accuracy_score),
    ],
)
def test_our_metrics_in_a_metric_frame_are_theirs(people, metric, theirs):
    weights = np.random.default_rng(1).random(3000)
    frame = framed(people, {"ours": fa.metric_function(metric), "theirs": theirs},
                   sample_params={name: {"sample_weight": weights} for name in ("ours", "theirs")})  # fmt: skip
    assert frame.by_group["ours"].to_numpy(float) == pytest.approx(frame.by_group["theirs"].to_numpy(float))
    assert frame.overall["ours"] == pytest.approx(frame.overall["theirs"])
    assert fa.metric_function(metric).__name__ == metric


def test_favorable_turns_the_classes_round(people):
    _, truth, predicted = people
    turned = fa.metric_function("true_positive_rate", favorable=0)
    assert turned(truth, predicted) == pytest.approx(true_positive_rate(1 - truth, 1 - predicted))


def test_a_metric_is_a_scorer_of_scikit_learn(people):
    _, truth, _ = people
    rows = np.column_stack([truth + np.random.default_rng(2).normal(size=len(truth)), np.ones(len(truth))])
    ours, theirs = (
        cross_val_score(LogisticRegression(), rows, truth, scoring=make_scorer(each), cv=3)
        for each in (fa.metric_function("true_positive_rate"), true_positive_rate)
    )
    assert ours == pytest.approx(theirs)


def test_what_is_no_rate_and_no_label_is_refused():
    with pytest.raises(UndefinedMetricError, match="is no rate of decisions and outcomes"):
        fa.metric_function("area_under_curve")
    with pytest.raises(DataContractError, match="one row of 0 and 1"):
        fa.metric_function("accuracy")([1, 2], [0, 1])
    assert np.isnan(fa.metric_function("true_positive_rate")([0, 0], [0, 1]))


def test_the_pages_ten_lines_run():
    page = (Path(__file__).parents[1] / "docs" / "fairlearn.md").read_text(encoding="utf-8")
    there: dict = {}
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 3
    for block in blocks:
        exec(block, there)
    rates = there["audit"].result.rates
    theirs = there["frame"].by_group["selection_rate"]
    ours = {one.group: one.value for one in rates if one.metric == "selection_rate" and one.attribute == "race"}
    assert {name: pytest.approx(value) for name, value in theirs.items()} == {name: ours[name] for name in theirs.index}
