"""Models as scorers: scikit-learn's own output is the oracle."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from fairaudit import explain
from fairaudit.errors import ColumnNotFoundError, DataContractError, SchemaError
from fairaudit.models.scale import PointsScale
from fairaudit.models.scorecard import Scorecard
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


def test_a_column_of_a_vendor_s_scores_is_a_scorer():
    scorer = wrap("bureau", higher_is="better")
    assert (scorer.units, scorer.feature_names) == ("as given", ("bureau",))
    assert scorer.score({"bureau": ["640", " 580.5 "], "other": ["x", "y"]}).tolist() == [640, 580.5]
    with pytest.raises(DataContractError, match=r"'bureau' is a number to the model, and row 2 .* holds 'thin file'"):
        scorer.score({"bureau": ["640", "thin file"]})
    with pytest.raises(DataContractError, match="not finite in 1 rows"):
        scorer.score({"bureau": [640, None]})
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'burau'"):
        scorer.score({"burau": [640]})
    risk = wrap("pd", higher_is="worse", units="probability")
    assert risk.score({"pd": [0.1, 1.0]}).tolist() == [0.1, 1.0]
    with pytest.raises(DataContractError, match="row 1 is 640: it is none"):
        risk.score({"pd": [0.1, 640]})


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, "never guessed"), ({"higher_is": "better", "good": 1}, "no good="),
     ({"higher_is": "up"}, "'better' or 'worse'"), ({"higher_is": "better", "units": "stars"}, "units are one of")],
)  # fmt: skip
def test_a_column_s_direction_is_said(options, said):
    with pytest.raises(SchemaError, match=said):
        wrap("bureau", **options)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (KMeans(2, n_init=1, random_state=0).fit(X), "KMeans finds clusters"),
        (make_pipeline(StandardScaler(), KMeans(2, n_init=1, random_state=0)).fit(X), "Pipeline finds clusters"),
        (StandardScaler().fit(X), "StandardScaler transforms rows"),
        (IsolationForest(n_estimators=3, random_state=0).fit(X), "IsolationForest finds outliers"),
        (object(), "cannot score"),
    ],
    ids=["clusters", "pipeline", "transformer", "outliers", "object"],
)
def test_what_gives_no_score_is_refused(model, said):
    with pytest.raises(SchemaError, match=said):
        wrap(model, higher_is="better", feature_names=["income", "debt"] if type(model) is object else None)


@pytest.mark.parametrize(
    "model",
    [CalibratedClassifierCV(LinearSVC()), GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2)],
    ids=["calibrated", "searched"],
)
def test_wrappers_of_scikit_learn_are_classifiers(model):
    chance = model.fit(X, Y).predict_proba(X)[:, 1]
    assert np.allclose(wrap(model, good="paid").score(X), chance)
    points = wrap(model, good="bad", scale=PointsScale()).score(X)
    assert np.allclose(points, PointsScale().points(np.log1p(-chance) - np.log(chance)))


def test_training_rows_say_what_columns_hold():
    rows = pd.DataFrame({"home": ["own", "rent"] * 10, "income": range(20)})
    columns = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    columns.fit(rows[["home"]], [1, 0] * 10)
    scorer = wrap(columns, good=1, training_rows=rows)
    (issue,) = scorer.check({"home": ["own", "castle", "castle"]})
    assert (issue.count, issue.rows) == (2, (2, 3))
    assert "'castle'" in issue.message
    assert "does not say" in issue.action
    assert wrap(columns, good=1).check({"home": ["castle"]}) == ()
    gaps = pd.DataFrame({"home": ["own", None] * 10}, dtype=object)
    strict = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(gaps, [1, 0] * 10)
    # None and NaN are two categories to scikit-learn: what it was fitted on is what it gets.
    assert np.allclose(wrap(strict, good=1, training_rows=gaps).score(gaps), strict.predict_proba(gaps)[:, 1])
    number = wrap(MODEL, good="paid", training_rows=X)
    assert number.check(X) == ()
    with pytest.raises(DataContractError, match="'debt' is a number to the model"):
        number.score({"income": [1.0], "debt": ["much"]})


@pytest.mark.parametrize("good", ["paid", "bad"])
def test_an_additive_score_says_its_parts(good):
    linear = LogisticRegression().fit(X, Y)
    card = Scorecard(good=good).fit(X, Y)
    for scorer in (
        wrap(linear, good=good, units="margin"),
        wrap(linear, good=good, scale=PointsScale(500, 20, 40)),
        wrap(LinearRegression().fit(X, X["debt"] * 3), higher_is="better"),
        wrap(card),
        wrap(card, units="margin"),
        wrap(card, scale=PointsScale(500, 20, 40)),
    ):
        made = scorer.structure.base + scorer.structure.parts(X).sum(axis=1)
        assert np.allclose(made, scorer.score(X))
        assert scorer.structure.parts(X).shape == (200, 2)
    assert wrap(linear, good=good).structure is None
    assert wrap(MODEL, good=good).structure is None
    forest = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, Y)
    assert wrap(forest, good=good).structure.model is forest


def test_a_scorecard_knows_its_good_class_and_gives_points():
    card = Scorecard(good="bad", round_points=True).fit(X, Y)
    scorer = wrap(card)
    assert (scorer.units, scorer.good, scorer.scale) == ("points", "bad", PointsScale())
    assert np.array_equal(scorer.score(X), card.points(X))
    assert np.allclose(wrap(card, units="probability").score(X), card.predict_proba(X)[:, 0])
    with pytest.raises(SchemaError, match="good outcome is 'bad', got good='paid'"):
        wrap(card, good="paid")


class _Numbers:
    """A regressor with scikit-learn's words and none of its classes."""

    def fit(self, rows, numbers):
        return self

    def get_params(self, deep=True):
        return {}

    def predict(self, rows):
        return 2.0 * np.asarray(rows)[:, 0]


class _OneProbability:
    """A classifier that gives one probability a row and no classes, as those of pyGAM do."""

    def get_params(self, deep=True):
        return {}

    def predict_proba(self, rows):
        return 1 / (1 + np.exp(-np.asarray(rows, dtype=float)[:, 0]))


def test_a_model_that_only_speaks_like_scikit_learn_scores_or_is_told_how_to_be_wrapped():
    rows = pd.DataFrame({"a": [0.0, 1.0, 2.0]})
    numbers = wrap(_Numbers(), higher_is="better", feature_names=["a"])
    assert numbers.score(rows).tolist() == [0.0, 2.0, 4.0]
    with pytest.raises(SchemaError, match=r"_OneProbability has predict_proba and does not say its classes.*parts="):
        wrap(_OneProbability(), good=1, feature_names=["a"])
    assert explain(_OneProbability(), rows, rows).units == "probability"
