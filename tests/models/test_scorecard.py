"""fa.Scorecard: scikit-learn's checks, the points of the table, files there and back."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import fairaudit as fa
from fairaudit.models.woe import bins_of


def named(check):
    return getattr(check, "func", check).__name__


# The check of arrays of other libraries asks for a setting of scipy's that the whole process would have.
CHECKS = [pair for pair in estimator_checks_generator(fa.Scorecard()) if "array_api" not in named(pair[1])]


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=[named(check) for _, check in CHECKS])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_there_are_checks():
    assert len(CHECKS) > 50


def people(n=400):
    rng = np.random.default_rng(7)
    age = rng.integers(18, 80, n).astype(float)
    age[:20] = np.nan
    job = rng.choice(["clerk", "driver", "none"], n).astype(object)
    paid = rng.random(n) < 1 / (1 + np.exp(-(np.nan_to_num(age, nan=30) - 45) / 15 - (job == "clerk")))
    return pd.DataFrame({"age": age, "job": job}), np.where(paid, "yes", "no")


def test_points_are_the_scale_of_the_log_odds_and_the_sum_of_the_table():
    rows, y = people()
    card = fa.Scorecard(good="yes").fit(rows, y)
    assert card.points(rows) == pytest.approx(fa.PointsScale().points(card.log_odds(rows)))
    assert card.predict_proba(rows)[:, 1] == pytest.approx(1 / (1 + np.exp(-card.log_odds(rows))))
    assert card.table().groupby("feature")["people"].sum().tolist() == [400, 400]
    assert card.table().set_index(["feature", "bin"]).loc[("age", "(missing)"), "people"] == 20


def test_the_good_outcome_may_be_the_first_class():
    rows, y = people()
    card, other = fa.Scorecard(good="no").fit(rows, y), fa.Scorecard(good="yes").fit(rows, y)
    assert card.log_odds(rows) == pytest.approx(-other.log_odds(rows), abs=0.05)
    assert (card.predict(rows) == other.predict(rows)).mean() > 0.97


def test_numbers_are_monotone_in_weight_of_evidence():
    rows, y = people()
    woe = bins_of("age", rows["age"].to_numpy(), y == "yes", min_share=0.05, max_bins=8).woe[:-1]
    assert len(woe) > 2
    assert (np.diff(woe) > 0).all()


def test_a_category_never_seen_moves_the_score_neither_way():
    rows, y = people()
    card = fa.Scorecard().fit(rows, y)
    unseen = card.log_odds(pd.DataFrame({"age": [np.nan], "job": ["astronaut"]}))
    assert unseen[0] == pytest.approx(card.intercept_ + card.weights_[0] * card.bins_[0].woe[-1])
    assert "(any other)" in str(card)


@pytest.mark.parametrize("rounded", [True, False])
def test_json_there_and_back_gives_identical_points(tmp_path, rounded):
    rows, y = people()
    card = fa.Scorecard(round_points=rounded, scale=fa.PointsScale(500, 20, 40)).fit(rows, y)
    card.to_json(tmp_path / "card.json")
    back = fa.Scorecard.from_json(tmp_path / "card.json")
    assert (back.points(rows) == card.points(rows)).all()
    assert (back.predict(rows) == card.predict(rows)).all()
    assert back.to_json() == card.to_json()


@pytest.mark.parametrize(
    ("key", "value"),
    [("intercept", float("nan")), ("good", "maybe"), ("classes", ["yes"]), ("features", []), ("format", "x"),
     ("base_odds", -1.0), ("code", "__import__('os')"), ("intercept", "0")],
)  # fmt: skip
def test_a_file_with_impossible_values_is_refused(key, value):
    rows, y = people()
    plain = json.loads(fa.Scorecard().fit(rows, y).to_json())
    with pytest.raises(fa.FairauditError):
        fa.Scorecard.from_json(json.dumps({**plain, key: value}))


@pytest.mark.parametrize("text", ["{", "{}", '{"a":' * 5000])
def test_a_file_that_is_no_scorecard_is_refused(text):
    with pytest.raises(fa.FairauditError, match="no scorecard"):
        fa.Scorecard.from_json(text)


def test_text_among_numbers_is_refused():
    rows, y = people()
    card = fa.Scorecard().fit(rows, y)
    with pytest.raises(fa.FairauditError, match="'age' was fitted on numbers and now holds 'old'"):
        card.points(pd.DataFrame({"age": ["old"], "job": ["clerk"]}))
