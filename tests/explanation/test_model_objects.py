"""Model objects that lenders really have: each is explained so that it adds up to its own output, or refused.

The list is that of a study of shap 0.51, in which each of these failed or gave wrong numbers without saying so:
categories with a background, dart, linear trees, histogram boosting's re-ordered columns, thresholds in float32,
wrappers, columns in another order. The values themselves are compared with the definition (``brute_force``) or with
the library's own path-dependent values, which no code here has made.
"""

import importlib.util
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import fairaudit as fa
from fairaudit.errors import ExplanationError
from fairaudit.explanation import kernel, parsing

_SPEC = importlib.util.spec_from_file_location("brute_force", Path(__file__).with_name("brute_force.py"))
brute_force = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(brute_force)

DRAW = np.random.default_rng(0)
MANY = 600
# One decimal, so that data sit on thresholds; zeros, so that "zero is missing" matters.
NUMBERS = pd.DataFrame(np.round(DRAW.normal(size=(MANY, 3)), 1), columns=["income", "debt", "age"])
MISSING = NUMBERS.mask(DRAW.random(NUMBERS.shape) < 0.2)
CATEGORIES = NUMBERS.assign(
    home=pd.Categorical(DRAW.choice(["own", "rent", "with parents"], MANY)),
    # More than 64 categories: their bits need more than one word.
    region=pd.Categorical(DRAW.choice([f"r{at}" for at in range(70)], MANY)),
)
HOLES = CATEGORIES.assign(region=CATEGORIES["region"].mask(DRAW.random(MANY) < 0.1))
CODES = CATEGORIES.assign(home=CATEGORIES["home"].cat.codes, region=CATEGORIES["region"].cat.codes)
WORDS = CATEGORIES.astype({"home": object, "region": object})
PAID = (
    NUMBERS["income"]
    + NUMBERS["debt"] * NUMBERS["age"]
    - (CATEGORIES["home"] == "rent")
    + (CATEGORIES["region"].cat.codes % 3) / 2
    + DRAW.normal(size=MANY) / 2
    > 0
).astype(int)
AMOUNT = np.exp(NUMBERS["income"] / 2)
QUIET = {"n_estimators": 12, "verbose": -1, "n_jobs": 1}
SILENT = {"iterations": 12, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


def light(**options):
    return lightgbm.LGBMClassifier(**QUIET, **options)


def extreme(**options):
    return xgboost.XGBClassifier(**{"n_estimators": 12, "n_jobs": 1, **options})


def cat(**options):
    return catboost.CatBoostClassifier(**SILENT, **options)


BOOSTERS = {
    "lightgbm": (light(), NUMBERS, PAID, 1e-9),
    "lightgbm, missing": (light(), MISSING, PAID, 1e-9),
    "lightgbm, zero is missing": (light(zero_as_missing=True), MISSING, PAID, 1e-9),
    "lightgbm, nothing is missing": (light(use_missing=False), MISSING, PAID, 1e-9),
    "lightgbm, categories": (light(min_data_per_group=5, cat_smooth=1), HOLES, PAID, 1e-9),
    "lightgbm, dart": (light(boosting_type="dart"), NUMBERS, PAID, 1e-9),
    "lightgbm, forest": (light(boosting_type="rf", bagging_freq=1, bagging_fraction=0.6), NUMBERS, PAID, 1e-9),
    "lightgbm, poisson": (lightgbm.LGBMRegressor(**QUIET, objective="poisson"), NUMBERS, AMOUNT, 1e-9),
    "xgboost": (extreme(), NUMBERS, PAID, 1e-5),
    "xgboost, missing": (extreme(), MISSING, PAID, 1e-5),
    "xgboost, a number is missing": (extreme(missing=-999), MISSING.fillna(-999), PAID, 1e-5),
    "xgboost, zero is missing": (extreme(missing=0), NUMBERS, PAID, 1e-5),
    "xgboost, categories": (extreme(enable_categorical=True), HOLES, PAID, 1e-5),
    "xgboost, one category a split": (extreme(enable_categorical=True, max_cat_to_onehot=99), HOLES, PAID, 1e-5),
    "xgboost, dart": (extreme(booster="dart", rate_drop=0.3), NUMBERS, PAID, 1e-5),
    "xgboost, forest": (xgboost.XGBRFClassifier(n_estimators=12, n_jobs=1), NUMBERS, PAID, 1e-5),
    "xgboost, base score": (extreme(base_score=0.2), NUMBERS, PAID, 1e-5),
    "xgboost, poisson": (xgboost.XGBRegressor(n_estimators=12, objective="count:poisson"), NUMBERS, AMOUNT, 1e-5),
    "catboost": (cat(), NUMBERS, PAID, 1e-9),
    "catboost, missing": (cat(), MISSING, PAID, 1e-9),
    "catboost, missing is most": (cat(nan_mode="Max"), MISSING, PAID, 1e-9),
    "catboost, regression": (catboost.CatBoostRegressor(**SILENT), MISSING, AMOUNT, 1e-9),
}


def own_values(model, rows):
    """Return the library's own path-dependent values."""
    if isinstance(model, lightgbm.LGBMModel):
        forest = model.boosting_type == "rf"
        return model.predict(rows, pred_contrib=True) / (model.n_estimators if forest else 1)
    if isinstance(model, xgboost.XGBModel):
        matrix = xgboost.DMatrix(rows, enable_categorical=True, missing=model.missing)
        return model.get_booster().predict(matrix, pred_contribs=True)
    return model.get_feature_importance(data=catboost.Pool(rows), type="ShapValues")


@pytest.mark.parametrize(("model", "rows", "outcome", "close"), BOOSTERS.values(), ids=BOOSTERS)
def test_boosters_add_up_and_agree_with_their_own_path_dependent_values(model, rows, outcome, close):
    model.fit(rows, outcome)
    against = fa.explain(model, rows[:30], rows)
    assert against.scores == pytest.approx(parsing.margin(model, rows[:30]), abs=close)
    assert against.base == pytest.approx(parsing.margin(model, rows).mean(), abs=close)
    by_cover = fa.explain(model, rows[:30], game="path-dependent")
    theirs = own_values(model, rows[:30])
    assert by_cover.values == pytest.approx(theirs[:, :-1], abs=close)
    assert by_cover.base == pytest.approx(theirs[0, -1], abs=close)


SPLITS_ON_CATEGORIES = {
    "lightgbm": (light(min_data_per_group=5, cat_smooth=1), HOLES),
    "xgboost": (extreme(enable_categorical=True), HOLES),
    "histogram, categories": (HistGradientBoostingClassifier(max_iter=8, categorical_features="from_dtype"), HOLES),
    # Histogram boosting puts columns of categories first, also where they are codes in the middle of an array.
    "histogram, codes": (HistGradientBoostingClassifier(max_iter=8, categorical_features=[1, 2]),
                         CODES[["income", "home", "region", "debt", "age"]]),
}  # fmt: skip


@pytest.mark.parametrize(("model", "rows"), SPLITS_ON_CATEGORIES.values(), ids=SPLITS_ON_CATEGORIES)
def test_splits_on_categories_against_a_background_are_the_definition(model, rows):
    model.fit(rows, PAID)
    background = rows[40:60]
    made = fa.explain(model, rows[:3], background)

    def score(chosen):
        # Mixtures of codes, so that a coalition is a choice of numbers; back to the model's own columns.
        frame = pd.DataFrame(chosen, columns=rows.columns)
        for name in rows.columns:
            if str(rows[name].dtype) == "category":
                frame[name] = pd.Categorical.from_codes(frame[name].astype(int), rows[name].cat.categories)
        return parsing.margin(model, frame)

    coded = rows.apply(lambda column: column.cat.codes if str(column.dtype) == "category" else column).to_numpy(float)
    for at in range(3):
        wanted = brute_force.interventional(score, coded[at], coded[40:60], np.arange(5))
        assert made.values[at] == pytest.approx(wanted, abs=1e-5 if isinstance(model, xgboost.XGBModel) else 1e-12)


def test_histogram_boosting_sends_categories_it_never_saw_where_missing_values_go():
    model = HistGradientBoostingClassifier(max_iter=8, categorical_features=["home", "region"]).fit(CODES, PAID)
    new = CODES[:20].assign(region=99)
    made = fa.explain(model, new, CODES)
    assert made.scores == pytest.approx(model.decision_function(new))
    np.testing.assert_array_equal(made.values, fa.explain(model, new.assign(region=np.nan), CODES).values)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_native_boosters_are_explained_with_and_without_names(library):
    for rows in (HOLES, NUMBERS.to_numpy()):
        if library == "lightgbm":
            options = {"objective": "binary", "verbose": -1, "num_threads": 1}
            model = lightgbm.train(options, lightgbm.Dataset(rows, PAID), 10)
            own = model.predict(rows, raw_score=True)
        else:
            matrix = xgboost.DMatrix(rows, PAID, enable_categorical=True)
            model = xgboost.train({"objective": "binary:logistic"}, matrix, 10)
            own = model.predict(matrix, output_margin=True)
        made = fa.explain(model, rows, rows[:50])
        assert made.scores == pytest.approx(own, abs=1e-5)
        assert made.names[0] == ("income" if rows is HOLES else "column_0")
        assert made.units == "log-odds"


def test_the_best_iteration_is_what_the_model_object_predicts_with():
    seen, unseen = NUMBERS[:300], NUMBERS[300:]
    model = extreme(n_estimators=200, early_stopping_rounds=2)
    model.fit(seen, PAID[:300], eval_set=[(unseen, PAID[300:])], verbose=False)
    booster = model.get_booster()
    assert model.best_iteration + 1 < booster.num_boosted_rounds()
    assert len(parsing.tree_of(model, seen).roots) == model.best_iteration + 1
    assert len(parsing.tree_of(booster, seen).roots) == booster.num_boosted_rounds()
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(seen, PAID[:300]), 9
    )
    booster.best_iteration = 4  # what early stopping writes
    assert len(parsing.tree_of(booster, seen).roots) == 4


def test_data_on_thresholds_go_where_each_library_sends_them():
    for model in (light(), extreme(), cat(), HistGradientBoostingClassifier(max_iter=8), RandomForestClassifier(5)):
        model.fit(NUMBERS, PAID)
        ensemble = parsing.tree_of(model, NUMBERS)
        inner = np.flatnonzero(ensemble.left >= 0)
        on = np.tile(NUMBERS.to_numpy()[:1], (4 * len(inner), 1))
        for place, node in enumerate(inner):
            line = ensemble.threshold[node]
            edge = [line, np.nextafter(line, 9.0), np.float32(line), np.nextafter(np.float32(line), np.float32(9.0))]
            on[4 * place : 4 * place + 4, ensemble.feature[node]] = edge
        on = pd.DataFrame(on, columns=NUMBERS.columns)
        ours, own = kernel.predict(ensemble, on.to_numpy()), parsing.margin(model, on)
        assert ours == pytest.approx(own, abs=1e-5), type(model).__name__


EXACT = {
    "forest, missing": (RandomForestClassifier(5, max_depth=5, random_state=0), MISSING),
    "extra trees, missing": (ExtraTreesClassifier(5, max_depth=5, random_state=0), MISSING),
    "search over settings": (GridSearchCV(RandomForestClassifier(5), {"max_depth": [3]}, cv=2), NUMBERS),
    "chosen threshold": (TunedThresholdClassifierCV(HistGradientBoostingClassifier(max_iter=5), cv=2), NUMBERS),
    "pipeline": (make_pipeline(StandardScaler(), light()), NUMBERS),
}


@pytest.mark.parametrize(("model", "rows"), EXACT.values(), ids=EXACT)
def test_models_and_what_holds_them_are_exact(model, rows):
    model.fit(rows, PAID)
    made = fa.explain(model, rows[:20], rows)
    own = model.predict_proba(rows[:20])[:, 1]
    assert (1 / (1 + np.exp(-made.scores)) if made.units == "log-odds" else made.scores) == pytest.approx(own, abs=1e-9)
    assert made.errors is None
    assert made.method.startswith("exact")


SAMPLED = {
    "adaboost": (AdaBoostClassifier(n_estimators=3), NUMBERS),
    "bagging": (BaggingClassifier(n_estimators=2, random_state=0), NUMBERS),
    "voting": (
        VotingClassifier([("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))], voting="soft"),
        NUMBERS,
    ),
    "stacking": (StackingClassifier([("a", LogisticRegression())], cv=2), NUMBERS),
    "calibration of several": (CalibratedClassifierCV(LogisticRegression(), cv=2), NUMBERS),
    "support vectors": (SVC(), NUMBERS),
    "network": (MLPClassifier((3,), max_iter=20, random_state=0), NUMBERS),
    "boosting of a model": (GradientBoostingRegressor(n_estimators=3, init=LinearRegression()), NUMBERS),
    "gblinear": (extreme(booster="gblinear"), NUMBERS),
    "linear trees": (light(linear_tree=True), NUMBERS),
    "catboost, categories": (cat(cat_features=["home", "region"]), WORDS),
    "catboost, other trees": (cat(grow_policy="Lossguide"), NUMBERS),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("model", "rows"), SAMPLED.values(), ids=SAMPLED)
def test_everything_else_is_sampled_says_so_and_adds_up(model, rows):
    model.fit(rows, PAID)
    made = fa.explain(model, rows[:3], rows, draws=3)
    assert made.scores == pytest.approx(made.source.target.own(rows[:3]), abs=1e-9)
    assert made.errors.shape == made.values.shape
    assert made.method.startswith("sampled (")
    assert "evaluations" in made.method


def test_one_calibrator_is_explained_under_its_calibration_and_several_are_not():
    forest = HistGradientBoostingClassifier(max_iter=5)
    one = CalibratedClassifierCV(forest, ensemble=False, cv=2).fit(NUMBERS, PAID)
    made = fa.explain(one, NUMBERS[:50], NUMBERS)
    assert "under its calibration" in made.method
    assert (made.units, made.errors) == ("log-odds", None)
    order = np.argsort(made.scores, kind="stable")
    assert (np.diff(one.predict_proba(NUMBERS[:50])[order, 1]) >= 0).all()
    probability = fa.explain(one, NUMBERS[:3], NUMBERS, units="probability", draws=3)
    assert probability.scores == pytest.approx(one.predict_proba(NUMBERS[:3])[:, 1])


def test_catboost_with_categories_has_its_own_values_without_a_background():
    model = cat(cat_features=["home", "region"]).fit(WORDS, PAID)
    made = fa.explain(model, WORDS[:20])
    theirs = model.get_feature_importance(
        data=catboost.Pool(WORDS[:20], cat_features=["home", "region"]), type="ShapValues"
    )
    np.testing.assert_array_equal(made.values, theirs[:, :-1])
    assert "path-dependent" in made.method
    assert made.data[0, 3] == WORDS["home"].iloc[0]


def test_columns_in_another_order_and_other_types_of_numbers_give_the_same_values():
    model = light().fit(NUMBERS, PAID)
    explainer = fa.Explainer(model, NUMBERS)
    wanted = explainer.explain(NUMBERS).values
    np.testing.assert_array_equal(explainer.explain(NUMBERS[["age", "debt", "income"]]).values, wanted)
    np.testing.assert_array_equal(explainer.explain(NUMBERS.convert_dtypes()).values, wanted)
    single = NUMBERS.astype("float32")
    assert explainer.explain(single).scores == pytest.approx(model.predict(single, raw_score=True))


def test_a_reader_that_reads_wrongly_is_noticed(monkeypatch):
    model = extreme().fit(NUMBERS, PAID)
    monkeypatch.setattr("fairaudit.explanation.xgboost_trees._base", lambda *_: 0.01)
    with pytest.raises(ExplanationError, match="not the model's own output"):
        fa.explain(model, NUMBERS[:5], NUMBERS)


@pytest.mark.parametrize("model", [light(), extreme(), cat()], ids=["lightgbm", "xgboost", "catboost"])
def test_boosters_that_are_not_fitted_or_have_three_classes_are_refused(model):
    fresh = type(model)(**model.get_params())
    with pytest.raises(ExplanationError, match="not fitted"):
        fa.explain(fresh, NUMBERS)
    with pytest.raises(ExplanationError, match="Two classes"):
        fa.explain(fresh.fit(NUMBERS, np.arange(MANY) % 3), NUMBERS)


@pytest.mark.parametrize("kind", ["Float64", "float32"])
@pytest.mark.parametrize("model", [light(), HistGradientBoostingClassifier(max_iter=12)], ids=["lightgbm", "histogram"])
def test_nullable_and_short_numbers_are_the_numbers_that_they_hold(model, kind):
    model = model.fit(MISSING, PAID)
    held = MISSING.astype(kind)
    made = fa.Explainer(model, held).explain(held[:60])
    same = fa.Explainer(model, held.astype("float64")).explain(held[:60].astype("float64"))
    np.testing.assert_array_equal(made.values, same.values)
