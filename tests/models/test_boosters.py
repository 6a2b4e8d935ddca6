"""Boosters: their own predictions are the oracle, whatever class they are wrapped as; saved, they score the same."""

import re

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy.special import logit

import fairaudit as fa
from fairaudit.errors import ColumnNotFoundError, DataContractError, SchemaError
from fairaudit.models.boosters import MISSING_LIKE

SCALE = fa.PointsScale(600, 50, 20)
SMALL = {"n_estimators": 8, "n_jobs": 1, "random_state": 0}
QUIET = {"iterations": 8, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


@pytest.fixture(scope="module")
def models(coded):
    rows, paid = coded
    words = np.where(paid == 1, "paid", "default")
    filled = rows.assign(debt=rows["debt"].astype(object).where(rows["debt"].notna(), "unknown"))
    light = lightgbm.LGBMClassifier(verbose=-1, **SMALL).fit(rows, words)
    extreme = xgboost.XGBClassifier(enable_categorical=True, **SMALL).fit(rows, paid)
    cat = catboost.CatBoostClassifier(cat_features=["debt"], **QUIET).fit(filled, words)
    return {
        "lightgbm": (light, rows, "paid", light.predict_proba(rows)[:, 1]),
        "lightgbm booster": (light.booster_, rows, 1, light.predict_proba(rows)[:, 1]),
        "xgboost": (extreme, rows, 1, extreme.predict_proba(rows)[:, 1]),
        "xgboost booster": (extreme.get_booster(), rows, 1, extreme.predict_proba(rows)[:, 1]),
        "catboost": (cat, filled, "paid", cat.predict_proba(filled)[:, 1]),
    }


NAMES = ["lightgbm", "lightgbm booster", "xgboost", "xgboost booster", "catboost"]


@pytest.mark.parametrize("name", NAMES)
def test_a_booster_s_score_is_its_own(models, name):
    model, rows, good, chance = models[name]
    assert fa.wrap(model, good=good).score(rows) == pytest.approx(chance, abs=1e-6)
    assert fa.wrap(model, good=good, units="margin").score(rows) == pytest.approx(logit(chance), abs=1e-5)
    points = fa.wrap(model, good=good, scale=SCALE)
    assert points.score(rows) == pytest.approx(SCALE.points(logit(chance)), abs=1e-3)
    assert points.structure.library == name.split()[0]
    other = next(one for one in points.classes if one != good)
    assert fa.wrap(model, good=other).score(rows) == pytest.approx(1 - chance, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("units", ["probability", "points"])
def test_saved_and_loaded_it_scores_the_same(models, tmp_path, name, units):
    model, rows, good, _ = models[name]
    scorer = fa.wrap(model, good=good, scale=SCALE if units == "points" else None)
    back = fa.load_model(fa.save_model(scorer, tmp_path / "model"))
    assert (back.units, back.good, back.higher_is) == (units, good, "better")
    assert back.feature_names == scorer.feature_names
    assert np.array_equal(back.score(rows), scorer.score(rows))
    again = fa.load_model(fa.save_model(back, tmp_path / "again"))
    assert np.array_equal(again.score(rows), scorer.score(rows))


@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_categories_come_as_text_and_one_never_seen_counts_as_missing(models, name):
    model, rows, good, chance = models[name]
    scorer = fa.wrap(model, good=good)
    assert scorer.score(rows.astype({"debt": object})) == pytest.approx(chance, abs=1e-6)
    odd = rows.assign(debt="astronomical")
    assert np.array_equal(scorer.score(odd), scorer.score(rows.assign(debt=None)))
    issue = scorer.check(odd)[0]
    assert (issue.count, issue.column, issue.action, issue.rows) == (600, "debt", MISSING_LIKE, (1, 2, 3, 4, 5))
    assert scorer.check(rows) == ()
    with pytest.raises(DataContractError, match=r"'income' is a number to the model, and row 2 .* 'plenty'"):
        scorer.score(rows.iloc[:2].assign(income=["50", "plenty"]))
    with pytest.raises(ColumnNotFoundError, match="'debt' is not among"):
        scorer.score(rows[["income"]])


def test_a_missing_category_is_refused_by_catboost_in_its_own_words(models):
    model, rows, good, _ = models["catboost"]
    with pytest.raises(DataContractError, match=r"CatBoostClassifier refuses these rows.*NaN"):
        fa.wrap(model, good=good).score(rows.assign(debt=None))


def test_regressions_and_rankings_keep_their_numbers_and_need_a_direction(coded, tmp_path):
    rows, _ = coded
    rows, target = rows[["income"]], rows["income"].fillna(0).to_numpy() + 5
    for model in (
        lightgbm.LGBMRegressor(verbose=-1, objective="poisson", **SMALL).fit(rows, target.clip(0)),
        xgboost.XGBRegressor(objective="count:poisson", **SMALL).fit(rows, target.clip(0)),
        catboost.CatBoostRegressor(loss_function="Poisson", **QUIET).fit(rows, target.clip(0)),
        catboost.CatBoostRegressor(**QUIET).fit(rows, target),
    ):
        scorer = fa.wrap(model, higher_is="worse")
        assert scorer.units == "as given"
        assert scorer.score(rows) == pytest.approx(model.predict(rows), rel=1e-6)
        back = fa.load_model(fa.save_model(scorer, tmp_path / str(id(model))))
        assert back.higher_is == "worse"
        assert back.score(rows) == pytest.approx(model.predict(rows), rel=1e-6)
        with pytest.raises(SchemaError, match="never guessed"):
            fa.wrap(model)


def test_early_stopping_is_kept(coded, tmp_path):
    rows, paid = coded
    model = xgboost.XGBClassifier(
        n_estimators=60, learning_rate=1.0, n_jobs=1, early_stopping_rounds=3, enable_categorical=True
    )
    model.fit(rows[:300], paid[:300], eval_set=[(rows[300:], paid[300:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    scorer = fa.wrap(model, good=1)
    assert scorer.score(rows) == pytest.approx(model.predict_proba(rows)[:, 1])
    back = fa.load_model(fa.save_model(scorer, tmp_path / "model"))
    assert back.score(rows) == pytest.approx(model.predict_proba(rows)[:, 1])


def test_a_value_that_means_missing_is_the_model_s_own_and_not_kept_in_a_native_file(coded, tmp_path):
    rows, paid = coded
    model = xgboost.XGBClassifier(missing=-1.0, **SMALL).fit(rows[["income"]].fillna(-1), paid)
    scorer = fa.wrap(model, good=1)
    assert scorer.score(rows[["income"]].fillna(-1)) == pytest.approx(
        model.predict_proba(rows[["income"]].fillna(-1))[:, 1]
    )
    with pytest.raises(SchemaError, match="does not keep"):
        fa.save_model(scorer, tmp_path / "model")


def test_a_forest_of_lightgbm_has_log_odds_of_its_probability(coded):
    rows, paid = coded
    settings = {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5, "verbose": -1}
    model = lightgbm.train({**settings, "num_threads": 1}, lightgbm.Dataset(rows, paid), 5)
    assert fa.wrap(model, good=1, scale=SCALE).score(rows) == pytest.approx(SCALE.points(logit(model.predict(rows))))


def test_a_sigmoid_of_another_slope_is_taken_into_account(coded):
    rows, paid = coded
    model = lightgbm.LGBMClassifier(sigmoid=2.0, verbose=-1, **SMALL).fit(rows, paid)
    chance = model.predict_proba(rows)[:, 1]
    assert fa.wrap(model, good=1, scale=SCALE).score(rows) == pytest.approx(SCALE.points(logit(chance)))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda rows, paid: lightgbm.LGBMClassifier(verbose=-1, **SMALL).fit(rows, np.arange(600) % 3), "no single"),
        (lambda rows, paid: xgboost.XGBClassifier(**SMALL).fit(rows, np.arange(600) % 3), "no single score"),
        (lambda rows, paid: xgboost.XGBClassifier(objective="binary:hinge", **SMALL).fit(rows, paid), "binary:hinge"),
        (lambda rows, paid: catboost.CatBoostClassifier(**QUIET).fit(rows, np.arange(600) % 3), "MultiClass"),
        (lambda rows, paid: xgboost.XGBClassifier(**SMALL), "not fitted"),
        (lambda rows, paid: catboost.CatBoostClassifier(**QUIET), "not fitted"),
        (lambda rows, paid: lightgbm.LGBMClassifier(**SMALL), "not fitted"),
    ],
)  # fmt: skip
def test_what_gives_no_score_of_two_classes_is_refused(coded, make, said):
    rows, paid = coded
    with pytest.raises(SchemaError, match=said):
        fa.wrap(make(rows[["income"]], paid), good=1)


def test_the_good_class_may_be_said_by_its_label_and_is_never_guessed(models):
    model, rows, _, chance = models["xgboost"]
    assert fa.wrap(model, good="1").score(rows) == pytest.approx(chance)
    with pytest.raises(SchemaError, match=r"never guessed: good= one of \[0, 1\], got 'paid'"):
        fa.wrap(model, good="paid")
    assert fa.wrap(model.get_booster(), good="paid", classes=["default", "paid"]).score(rows) == pytest.approx(chance)
    with pytest.raises(SchemaError, match="classes= are the two classes"):
        fa.wrap(model.get_booster(), good="paid", classes=["paid", "paid"])


def test_blanks_in_names_and_no_names_at_all(coded, tmp_path):
    rows, paid = coded
    named = rows[["income"]].rename(columns={"income": "net income"})
    model = lightgbm.LGBMClassifier(verbose=-1, **SMALL).fit(named, paid)
    scorer = fa.wrap(model, good=1, feature_names=["net income"])
    assert scorer.score(named) == pytest.approx(model.predict_proba(named)[:, 1])
    back = fa.load_model(fa.save_model(scorer, tmp_path / "model"))
    assert back.score(named) == pytest.approx(model.predict_proba(named)[:, 1])
    bare = xgboost.XGBClassifier(**SMALL).fit(rows[["income"]].to_numpy(), paid)
    assert fa.wrap(bare, good=1, feature_names=["income"]).score(rows) == pytest.approx(
        bare.predict_proba(rows[["income"]].to_numpy())[:, 1]
    )
    with pytest.raises(SchemaError, match="feature_names="):
        fa.wrap(bare, good=1)


def test_a_booster_at_the_end_of_a_pipeline_gives_points_of_its_own_log_odds(coded):
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    rows, paid = coded
    model = make_pipeline(SimpleImputer().set_output(transform="pandas"), xgboost.XGBClassifier(**SMALL))
    model.fit(rows[["income"]], paid)
    margin = model[-1].predict(model[:-1].transform(rows[["income"]]), output_margin=True)
    points = fa.wrap(model, good=0, scale=SCALE).score(rows)
    assert points == pytest.approx(SCALE.points(-margin.astype(float)))


def test_bare_native_files_load_when_the_rest_is_said(models, tmp_path):
    light, rows, _, chance = models["lightgbm"]
    light.booster_.save_model(tmp_path / "m.txt")
    scorer = fa.load_model(tmp_path / "m.txt", good="paid", classes=["default", "paid"])
    assert scorer.score(rows) == pytest.approx(chance)
    extreme, rows, _, chance = models["xgboost"]
    for name in ("m.json", "m.ubj"):
        extreme.save_model(tmp_path / name)
        assert fa.load_model(tmp_path / name, good=1).score(rows) == pytest.approx(chance)
    cat, rows, _, chance = models["catboost"]
    cat.save_model(str(tmp_path / "m.cbm"))
    assert fa.load_model(tmp_path / "m.cbm", good="paid").score(rows) == pytest.approx(chance)
    with pytest.raises(SchemaError, match="never guessed"):
        fa.load_model(tmp_path / "m.cbm")


@pytest.mark.parametrize("name", ["m.txt", "m.json", "m.ubj"])
def test_a_native_file_that_breaks_off_is_refused_and_nothing_else_ends(models, tmp_path, name):
    model = models["lightgbm"][0].booster_ if name == "m.txt" else models["xgboost"][0]
    model.save_model(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for end in range(1, len(whole) - 2, len(whole) // 40):
        (tmp_path / name).write_bytes(whole[:end])
        with pytest.raises(DataContractError):
            fa.load_model(tmp_path / name, good=1)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (r"\nleft_child=\S+ ", "\nleft_child=7000 ", "no tree"),
        (r"\nleft_child=\S+ ", "\nleft_child=0 ", "no tree"),
        (r"\nsplit_feature=\d ", "\nsplit_feature=9 ", "not there"),
        (r"\nnum_leaves=", "\nnum_leaves=1", "not as many"),
        (r"\ncat_boundaries=0 1", "\ncat_boundaries=0 9", "do not fit"),
        (r"\nmax_feature_idx=1", "\nmax_feature_idx=x", "not a whole"),
    ],
)
def test_a_lightgbm_file_that_points_outside_its_arrays_is_refused(models, tmp_path, before, after, said):
    text = models["lightgbm"][0].booster_.model_to_string()
    changed = re.sub(before, after, text)
    assert changed != text
    (tmp_path / "m.txt").write_text(changed)
    with pytest.raises(DataContractError, match=said):
        fa.load_model(tmp_path / "m.txt", good=1)


def test_numbers_as_text_are_numbers(models):
    model, rows, good, chance = models["lightgbm"]
    text = pd.DataFrame({"income": [("" if np.isnan(one) else repr(one)) for one in rows["income"]],
                         "debt": rows["debt"].astype(object)})  # fmt: skip
    assert fa.wrap(model, good=good).score(text) == pytest.approx(chance)
