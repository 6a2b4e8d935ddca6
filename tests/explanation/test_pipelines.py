"""Pipelines in their original columns: which column is behind each encoded one, and values that are the definition."""

import importlib.util
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

import fairaudit as fa
from fairaudit.explanation.pipelines import origin_of

_SPEC = importlib.util.spec_from_file_location("brute_force", Path(__file__).with_name("brute_force.py"))
brute_force = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(brute_force)

DRAW = np.random.default_rng(5)
MANY = 1_000
PEOPLE = pd.DataFrame(
    {
        "income": np.round(DRAW.normal(size=MANY), 1),
        # A name that looks like an encoded column of another one.
        "home_own": np.round(DRAW.normal(size=MANY), 1),
        "home": DRAW.choice(["own", "rent", "other"], MANY),
        "job": DRAW.choice(["a", "b", "c", "d", "rare"], MANY, p=[0.3, 0.3, 0.2, 0.19, 0.01]),
    }
)
PEOPLE.loc[DRAW.random(MANY) < 0.1, "income"] = np.nan
PAID = (
    PEOPLE["income"].fillna(0) + PEOPLE["home_own"] * (PEOPLE["home"] == "own") + DRAW.normal(size=MANY) / 2 > 0
).astype(int)
NUMBERS, WORDS = ["income", "home_own"], ["home", "job"]


def encoded(words, numbers="passthrough", **options):
    return ColumnTransformer([("words", words, WORDS), ("numbers", numbers, NUMBERS)], **options)


TRANSFORMERS = {
    "one-hot": OneHotEncoder(),
    "one-hot, first dropped": OneHotEncoder(drop="first"),
    "one-hot, dropped where two": OneHotEncoder(drop="if_binary"),
    "one-hot, rare together": OneHotEncoder(min_frequency=0.02, handle_unknown="infrequent_if_exist"),
    "one-hot, few": OneHotEncoder(max_categories=2, sparse_output=False),
    "ordinal": OrdinalEncoder(),
    "target": TargetEncoder(),
    "nested": make_pipeline(OrdinalEncoder(), make_union(StandardScaler(), OneHotEncoder())),
    "bins": make_pipeline(OrdinalEncoder(), KBinsDiscretizer(2, quantile_method="averaged_inverted_cdf")),
    "splines": make_pipeline(OrdinalEncoder(), SplineTransformer(n_knots=3, degree=2)),
}


@pytest.mark.parametrize("words", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_changing_a_column_changes_exactly_the_encoded_columns_that_are_said_to_be_its_own(words):
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    transform = encoded(words, scaled).fit(PEOPLE, PAID)
    origin = origin_of(transform, 4)
    dense = np.asarray(getattr(transform.transform(PEOPLE), "toarray", lambda: transform.transform(PEOPLE))())
    assert len(origin) == dense.shape[1]
    for place, name in enumerate(PEOPLE.columns):
        moved = transform.transform(PEOPLE.assign(**{name: PEOPLE[name].to_numpy()[::-1]}))
        moved = np.asarray(getattr(moved, "toarray", lambda moved=moved: moved)())
        changed = (dense != moved).any(axis=0)
        np.testing.assert_array_equal(changed, origin == place)


def test_columns_may_be_named_dropped_left_over_chosen_and_put_side_by_side():
    by_place = ColumnTransformer([("scaled", StandardScaler(), [1]), ("none", "drop", [0])], remainder="passthrough")
    assert origin_of(by_place.fit(PEOPLE.assign(home=1.0, job=2.0)), 4).tolist() == [1, 2, 3]
    by_mask = ColumnTransformer([("ordinal", OrdinalEncoder(), [False, False, True, True])]).fit(PEOPLE)
    assert origin_of(by_mask, 4).tolist() == [2, 3]
    by_slice = ColumnTransformer([("ordinal", OrdinalEncoder(), slice("home", "job"))]).fit(PEOPLE)
    assert origin_of(by_slice, 4).tolist() == [2, 3]
    by_choice = ColumnTransformer([("numbers", "passthrough", lambda frame: frame.columns[:1])]).fit(PEOPLE)
    assert origin_of(by_choice, 4).tolist() == [0]
    numbers = PEOPLE[NUMBERS].fillna(0)
    best = SelectKBest(k=1).fit(numbers, PAID)
    assert origin_of(best, 2).tolist() == best.get_support(indices=True).tolist()
    missing = MissingIndicator().fit(PEOPLE[NUMBERS])
    union = FeatureUnion([("as they are", FunctionTransformer()), ("none", "drop"), ("missing", missing)])
    assert origin_of(union.fit(PEOPLE[NUMBERS]), 2).tolist() == [0, 1, 0]
    empty = SimpleImputer().fit(numbers.assign(income=np.nan))
    assert origin_of(empty, 2).tolist() == [1]


@pytest.mark.parametrize("mixing", [PCA(2), PolynomialFeatures(2), FunctionTransformer(np.cumsum)])
def test_what_mixes_columns_has_no_origin(mixing):
    assert origin_of(mixing.fit(PEOPLE[NUMBERS].fillna(0)), 2) is None


MODELS = {
    "logistic": make_pipeline(
        encoded(OneHotEncoder(), make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())),
        LogisticRegression(),
    ),
    "lightgbm": make_pipeline(encoded(OneHotEncoder()), lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1)),
    # What a sparse matrix does not hold is missing to XGBoost.
    "xgboost, sparse": make_pipeline(
        encoded(OneHotEncoder(), SimpleImputer(), sparse_threshold=1.0), xgboost.XGBClassifier(n_estimators=8, n_jobs=1)
    ),
    "histogram": make_pipeline(
        encoded(OrdinalEncoder()), HistGradientBoostingClassifier(max_iter=8, categorical_features=[0, 1])
    ),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_values_are_the_definition_in_the_original_columns(model):
    model.fit(PEOPLE, PAID)
    background = PEOPLE[50:70]
    made = fa.explain(model, PEOPLE[:2], background)
    assert made.names == ("income", "home_own", "home", "job")
    assert made.data[1].tolist() == PEOPLE.iloc[1].tolist()
    assert made.units == "log-odds"
    for at in range(2):
        # A coalition chooses rows of a table by column: 0 the explained row, others the background.
        table = pd.concat([PEOPLE[at : at + 1], background])

        def score(chosen, table=table):
            rows = {name: table[name].array.take(chosen[:, place].astype(int)) for place, name in enumerate(table)}
            return np.log(1 / (1 / model.predict_proba(pd.DataFrame(rows))[:, 1] - 1))

        others = np.tile(np.arange(1, 21)[:, None], (1, 4))
        wanted = brute_force.interventional(score, np.zeros(4), others, np.arange(4))
        assert made.values[at] == pytest.approx(wanted, abs=2e-5 if "xgb" in str(model) else 1e-9)


def test_a_step_that_mixes_columns_is_sampled_in_the_original_columns():
    model = make_pipeline(encoded(OrdinalEncoder(), KNNImputer()), PCA(2), LogisticRegression()).fit(PEOPLE, PAID)
    made = fa.explain(model, PEOPLE[:3], PEOPLE, draws=5)
    assert made.names == tuple(PEOPLE.columns)
    assert made.errors is not None
    assert "makes one column of several" in made.method
    assert made.scores == pytest.approx(model.decision_function(PEOPLE[:3]))


@pytest.mark.parametrize("kind", ["logistic", "boosting", "scorecard"])
def test_trained_models_are_explained_out_of_the_box_with_further_columns_beside(kind):
    rows = PEOPLE.assign(id=np.arange(MANY).astype(str))
    trained = fa.train(rows, PAID, good=0, kind=kind)
    made = fa.Explainer(trained, background=rows.assign(sex="F")).explain(rows[:20])
    assert made.names == trained.features == tuple(PEOPLE.columns)
    assert made.higher_is == "better"
    assert made.method.endswith("left out: id")
    if kind != "scorecard":
        assert made.scores == pytest.approx(np.log(1 / (1 / trained.probability_of_good(rows[:20]) - 1)))


def test_a_wrapped_pipeline_is_explained_in_points_or_sampled_as_a_probability():
    trained = fa.train(PEOPLE, PAID, good=0, kind="logistic")
    scorer = fa.wrap(trained.model, good=0, scale=fa.PointsScale(), feature_names=trained.features)
    made = fa.explain(scorer, PEOPLE[:5], PEOPLE)
    assert made.errors is None
    assert made.scores == pytest.approx(scorer.score(PEOPLE[:5]))
    chance = fa.explain(scorer, PEOPLE[:5], PEOPLE, units="probability", draws=4)
    assert chance.scores == pytest.approx(trained.probability_of_good(PEOPLE[:5]))
    assert chance.errors is not None


def test_a_table_that_is_written_into_between_two_calls_is_explained_as_it_is_now():
    rows = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": np.linspace(1, 0, 50) ** 2})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows["a"] > 0.5)
    explainer = fa.Explainer(model, background=rows)
    some = rows[:3].copy()
    before = explainer.explain(some).scores
    some.loc[:, "a"] = 2.0
    assert explainer.explain(some).scores == pytest.approx(model.decision_function(some))
    assert not np.allclose(before, model.decision_function(some))
