"""Models as scorers: scikit-learn's own output is the oracle."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from fairaudit.errors import ColumnNotFoundError, DataContractError, SchemaError
from fairaudit.models.scale import PointsScale
from fairaudit.models.wrapping import wrap

RNG = np.random.default_rng(4)
X = pd.DataFrame({"income": RNG.normal(size=200), "debt": RNG.normal(size=200)})
Y = np.where(X["income"] - X["debt"] + RNG.normal(size=200) > 0, "paid", "bad")
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)


@pytest.mark.parametrize(("good", "place", "sign"), [("paid", 1, 1), ("bad", 0, -1)])
def test_probability_margin_and_points_are_the_model_s_own(good, place, sign):
    assert np.allclose(wrap(MODEL, good=good).score(X), MODEL.predict_proba(X)[:, place])
    assert np.allclose(wrap(MODEL, good=good, units="margin").score(X), sign * MODEL.decision_function(X))
    scale = PointsScale(600, 50, 20)
    points = wrap(MODEL, good=good, scale=scale).score(X)
    assert np.allclose(points, scale.points(sign * MODEL.decision_function(X)))


def test_columns_are_matched_by_name():
    scorer = wrap(MODEL, good="paid")
    assert np.array_equal(scorer.score(X.assign(other=1)[["debt", "other", "income"]]), scorer.score(X))
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'incme'"):
        scorer.score(X.rename(columns={"income": "incme"}))
    with pytest.raises(DataContractError, match="need column names"):
        scorer.score(X.to_numpy())


def test_a_regressor_keeps_its_numbers_and_needs_its_direction():
    model = LinearRegression().fit(X, X["debt"] * 3)
    assert np.allclose(wrap(model, higher_is="worse").score(X), X["debt"] * 3)
    with pytest.raises(SchemaError, match="never guessed"):
        wrap(model)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (MODEL, {}, "never guessed"),
        (MODEL, {"good": "good"}, "never guessed"),
        (MODEL, {"good": "paid", "higher_is": "worse"}, "not higher_is"),
        (MODEL, {"good": "paid", "units": "points"}, "with scale="),
        (MODEL, {"good": "paid", "feature_names": ["debt", "income"]}, "differ"),
        (LogisticRegression(), {"good": 1}, "not fitted"),
        (LogisticRegression().fit(X, RNG.integers(3, size=200)), {"good": 1}, "two classes; this one has 3"),
        (LogisticRegression().fit(X.to_numpy(), Y), {"good": "paid"}, "feature_names="),
        (LinearSVC().fit(X, Y), {"good": "paid", "units": "probability"}, "no probability"),
        (LinearSVC().fit(X, Y), {"good": "paid", "scale": PointsScale()}, "calibrate"),
    ],
)
def test_what_cannot_be_known_is_refused(model, options, said):
    with pytest.raises(SchemaError, match=said):
        wrap(model, **options)


def test_missing_scores_unknown_categories_and_certain_odds_are_refused():
    with pytest.raises(DataContractError, match="row 1 and not finite in 1 rows"):
        wrap(lambda rows: rows["a"], higher_is="better", feature_names=["a"]).score({"a": [1.0, float("nan")]})
    words = pd.DataFrame({"home": ["own", "rent"] * 10})
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(words, [1, 0] * 10)
    with pytest.raises(DataContractError, match="unknown categories"):
        wrap(model, good=1).score({"home": ["castle"]})
    forest = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, Y)
    with pytest.raises(DataContractError, match="not finite"):
        wrap(forest, good="paid", units="margin").score(X)
