"""Explainer and Explanation: what adds up, what is matched by name, what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

import fairaudit as fa
from fairaudit.errors import DataContractError, ExplanationError, FairauditError, SchemaError
from fairaudit.explanation import kernel

DRAW = np.random.default_rng(3)
PEOPLE = pd.DataFrame(np.round(DRAW.normal(size=(1_200, 4)), 3), columns=["income", "debt", "age", "years"])
PAID = (PEOPLE["income"] + PEOPLE["debt"] * PEOPLE["age"] + DRAW.normal(size=1_200) > 0).astype(int)
AMOUNT = np.exp(PEOPLE["income"] / 2)


def own(model, rows):
    if hasattr(model, "decision_function"):
        return model.decision_function(rows)
    return model.predict_proba(rows)[:, 1] if hasattr(model, "predict_proba") else model.predict(rows)


@pytest.mark.parametrize(
    ("model", "outcome", "units"),
    [
        (LogisticRegression(), PAID, "log-odds"),
        (LinearRegression(), AMOUNT, "predicted value"),
        (RandomForestClassifier(10, max_depth=6, random_state=0), PAID, "probability"),
        (GradientBoostingClassifier(n_estimators=10), PAID, "log-odds"),
        (GradientBoostingClassifier(n_estimators=10, loss="exponential"), PAID, "decision function"),
        (GradientBoostingClassifier(n_estimators=10, init="zero"), PAID, "log-odds"),
        (GradientBoostingRegressor(n_estimators=10, loss="huber"), AMOUNT, "predicted value"),
        (HistGradientBoostingClassifier(max_iter=10), PAID, "log-odds"),
        (HistGradientBoostingRegressor(max_iter=10), AMOUNT, "predicted value"),
        (LinearSVC(), PAID, "decision function"),
    ],
    ids=lambda each: type(each).__name__ if hasattr(each, "fit") else "",
)
def test_base_and_values_add_up_to_the_models_own_output(model, outcome, units):
    model.fit(PEOPLE, outcome)
    made = fa.explain(model, PEOPLE)
    assert made.units == units
    assert made.base + made.values.sum(axis=1) == pytest.approx(own(model, PEOPLE), abs=1e-9)
    assert made.base == pytest.approx(own(model, PEOPLE).mean(), abs=1e-9)
    assert "1,200 background rows" in made.method


@pytest.mark.parametrize("model", [HistGradientBoostingRegressor(max_iter=10, loss="poisson"), PoissonRegressor()])
def test_a_log_link_is_explained_on_the_log_scale(model):
    model.fit(PEOPLE, AMOUNT)
    made = fa.explain(model, PEOPLE)
    assert made.units == "log of the predicted value"
    assert np.exp(made.base + made.values.sum(axis=1)) == pytest.approx(model.predict(PEOPLE))


def test_linear_values_are_coefficient_times_distance_from_the_background():
    model = LogisticRegression().fit(PEOPLE, PAID)
    made = fa.explain(model, PEOPLE[:5], background=PEOPLE)
    assert made.values == pytest.approx(((PEOPLE[:5] - PEOPLE.mean()) * model.coef_[0]).to_numpy())


def test_columns_are_matched_by_name_not_by_place():
    model = HistGradientBoostingClassifier(max_iter=10).fit(PEOPLE, PAID)
    explainer = fa.Explainer(model, PEOPLE)
    shuffled = PEOPLE[["years", "age", "debt", "income"]]
    np.testing.assert_array_equal(explainer.explain(shuffled).values, explainer.explain(PEOPLE).values)
    assert explainer.explain(shuffled).names == ("income", "debt", "age", "years")


def test_columns_that_a_named_model_does_not_use_are_left_out_and_named():
    explainer = fa.Explainer(TREE, PEOPLE.assign(race="unknown"))
    made = explainer.explain(PEOPLE.assign(sex="F", race="unknown"))
    np.testing.assert_array_equal(made.values, explainer.explain(PEOPLE).values)
    assert made.method.endswith("left out: sex, race")
    assert "left out" not in explainer.explain(PEOPLE).method


def test_explained_rows_can_be_explained_again_against_others():
    first = fa.explain(TREE, PEOPLE)
    again = first.source.explain(first.rows, background=PEOPLE[:100])
    assert again.scores == pytest.approx(first.scores)
    assert again.base != first.base


@pytest.mark.parametrize(("room", "made"), [(kernel.KEPT_TABLES, 2), (0, 6)], ids=["kept", "no room"])
def test_tables_against_people_seen_before_are_not_made_again(room, made, monkeypatch):
    model = GradientBoostingClassifier(n_estimators=10).fit(PEOPLE, PAID)
    rows, sides = PEOPLE[:50], [PEOPLE[:400], PEOPLE[400:900]] * 3
    alone = [fa.explain(model, rows, people).values for people in sides[:2]] * 3
    plans, prepared = [], kernel.prepare

    def counted(*given):
        plans.append(given[-1])
        return prepared(*given)

    monkeypatch.setattr(kernel, "prepare", counted)
    monkeypatch.setattr(kernel, "KEPT_TABLES", room)
    explainer = fa.Explainer(model)
    # The same people in another object: what counts is their values.
    again = [explainer.explain(rows, background=people.copy()).values for people in sides]
    assert all(np.array_equal(one, other) for one, other in zip(again, alone, strict=True))
    assert len(plans) == made
    assert [one is None for one in plans] == [True] + [False] * (made - 1)


def test_columns_without_the_models_names_may_not_change_place_between_calls():
    model = HistGradientBoostingClassifier(max_iter=10).fit(PEOPLE.to_numpy(), PAID)
    explainer = fa.Explainer(model, PEOPLE)
    made = explainer.explain(PEOPLE[["years", "age", "debt", "income"]])
    np.testing.assert_array_equal(made.values, explainer.explain(PEOPLE).values)


def test_players_join_columns_and_a_kept_explainer_repeats_itself():
    model = RandomForestClassifier(10, max_depth=5, random_state=0).fit(PEOPLE, PAID)
    explainer = fa.Explainer(model, PEOPLE, players={"money": ["income", "debt"]})
    made = explainer.explain(PEOPLE[:7])
    assert made.names == ("money", "age", "years")
    assert np.isnan(made.data[:, 0]).all()
    np.testing.assert_array_equal(explainer.explain(PEOPLE[3:4]).values, made[3].values)


def test_path_dependent_needs_no_background_and_says_so():
    model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(PEOPLE, AMOUNT)
    made = fa.explain(model, PEOPLE[:3], game="path-dependent")
    assert "path-dependent" in made.method
    assert made.base == pytest.approx(AMOUNT.mean())


def test_frames_slices_and_shap_hold_the_same_numbers():
    import shap

    made = fa.explain(LinearRegression().fit(PEOPLE, AMOUNT), PEOPLE)
    tidy = made[2:4].to_frame()
    assert list(tidy.columns) == ["row", "feature", "value", "attribution"]
    assert tidy["attribution"].to_numpy() == pytest.approx(made.values[2:4].ravel())
    assert tidy["value"].to_numpy() == pytest.approx(PEOPLE[2:4].to_numpy().ravel())
    assert len(made[np.arange(1_200) < 5]) == 5
    theirs = made.to_shap()
    assert isinstance(theirs, shap.Explanation)
    assert theirs.feature_names == list(PEOPLE.columns)


LINE = LinearRegression().fit(PEOPLE, AMOUNT)
TREE = DecisionTreeRegressor(max_depth=3).fit(PEOPLE, AMOUNT)
MULTIPLE = HistGradientBoostingClassifier(max_iter=2).fit(PEOPLE, np.arange(1_200) % 3)


def SUM(rows):  # noqa: N802 - a model like the ones above
    return rows.sum(axis=1)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: fa.explain(TREE, PEOPLE[:999]), "background is needed"),
        (lambda: fa.explain(TREE, PEOPLE.drop(columns="age")), "feature 'age' is not among the columns"),
        (lambda: fa.explain(TREE, pd.concat([PEOPLE, PEOPLE[["age"]]], axis=1)), "'age' stands twice"),
        (lambda: fa.explain(TREE, PEOPLE.to_numpy()), "need column names"),
        (lambda: fa.explain(TREE, PEOPLE.assign(age="old")), "must be numbers"),
        (lambda: fa.explain(TREE, PEOPLE, units="points"), "units='points'"),
        (lambda: fa.explain(TREE, PEOPLE, PEOPLE, game="path-dependent"), "no background"),
        (lambda: fa.explain(LINE, PEOPLE, game="path-dependent"), "not possible"),
        (lambda: fa.explain(TREE, PEOPLE, players={"money": ["wages"]}), "'wages'"),
        (lambda: fa.explain(TREE, PEOPLE, players={"age": ["income", "debt"]}), "another name"),
        (lambda: fa.explain(KMeans(2, n_init=1).fit(PEOPLE), PEOPLE), "Supported: a scorecard, scikit-learn"),
        (lambda: fa.explain(DecisionTreeRegressor(), PEOPLE), "not fitted"),
        (lambda: fa.explain(RandomForestClassifier(3).fit(PEOPLE, np.arange(1_200) % 3), PEOPLE), "Two classes"),
        (lambda: fa.explain(DecisionTreeRegressor().fit(PEOPLE, PEOPLE[["age", "debt"]]), PEOPLE), "One output"),
        (lambda: fa.explain(MULTIPLE, PEOPLE), "Two classes"),
        (lambda: fa.explain(SUM, PEOPLE, game="path-dependent"), "not possible"),
        (lambda: fa.explain(SUM, PEOPLE[:2], PEOPLE, draws=1), "at least 2 pairs"),
        (lambda: fa.Explainer(SUM, PEOPLE).explain(PEOPLE.drop(columns="age")), "Missing: age"),
        (lambda: fa.explain(lambda rows: rows, PEOPLE), "one a row is needed"),
        (lambda: fa.explain(lambda rows: rows["wages"], PEOPLE), "refuses these rows: 'wages'"),
        (lambda: fa.explain(lambda rows: np.log(rows["age"] * 0), PEOPLE), "must be finite"),
        (lambda: fa.Explainer(TREE, game="path-dependent").explain(PEOPLE, background=PEOPLE), "no background"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_words(asked, said):
    with pytest.raises(FairauditError, match=said), np.errstate(divide="ignore"):
        asked()


def test_a_model_changed_after_training_is_refused():
    model = GradientBoostingRegressor(n_estimators=5, random_state=0).fit(PEOPLE, AMOUNT)
    explainer = fa.Explainer(model, PEOPLE)
    explainer.explain(PEOPLE[:5])
    model.estimators_[0, 0].tree_.value[:] += 1.0
    with pytest.raises(ExplanationError, match="not the model's own output"):
        explainer.explain(PEOPLE[:5])


def test_a_scorecard_is_explained_in_points_by_its_table():
    rng = np.random.default_rng(3)
    people = pd.DataFrame({"age": rng.integers(18, 80, 600).astype(float), "home": rng.choice(["own", "rent"], 600)})
    good = rng.random(600) < 1 / (1 + np.exp(-(people["age"] - 50) / 15 - (people["home"] == "own")))
    card = fa.Scorecard().fit(people, good)
    made = fa.Explainer(card, background=people, cutoff=560).explain(people[:20])
    parts = card.parts(people)
    np.testing.assert_allclose(made.values, parts[:20] - parts.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(made.scores, card.points(people[:20]), atol=1e-9)
    assert (made.units, made.higher_is, made.cutoff) == ("points", "better", 560)
    odds = fa.explain(card, people[:5], people, units="log-odds")
    np.testing.assert_allclose(odds.scores, card.log_odds(people[:5]), atol=1e-12)


def test_a_wrapped_model_is_explained_on_the_side_and_scale_of_its_score():
    rng = np.random.default_rng(4)
    people = pd.DataFrame(rng.normal(size=(200, 3)), columns=["a", "b", "c"])
    bad = (people["a"] + rng.normal(size=200) > 0).astype(int)
    model = GradientBoostingClassifier(n_estimators=20, random_state=0).fit(people, bad)
    scorer = fa.wrap(model, good=0, scale=fa.PointsScale())
    made = fa.Explainer(scorer, background=people).explain(people[:10])
    np.testing.assert_allclose(made.scores, scorer.score(people[:10]), rtol=1e-9)
    assert (made.units, made.higher_is) == ("points", "better")
    raw = fa.explain(fa.wrap(model, good=0), people[:10], people)
    np.testing.assert_allclose(raw.scores, -model.decision_function(people[:10]), rtol=1e-9)
    others = fa.Explainer(scorer, background=people).explain(people[:10], background=people[50:])
    np.testing.assert_allclose(others.base, scorer.score(people[50:]).mean(), rtol=1e-9)


# Mistakes that would otherwise be answered with numbers

LOANS = pd.DataFrame({
    "amount": DRAW.integers(1, 90, 600) * 100.0,
    "home": DRAW.choice(["own", "rent"], 600),
    "paid": DRAW.choice(["yes", "no"], 600),
})  # fmt: skip


@pytest.fixture(scope="module", params=["scorecard", "logistic", "boosting"])
def trained(request):
    return fa.train(LOANS[["amount", "home"]], LOANS["paid"], good="yes", kind=request.param)


def test_text_in_a_column_of_numbers_is_refused_alike_and_numbers_as_text_are_read(trained):
    rows = LOANS[["amount", "home"]]
    explainer = fa.Explainer(trained, background=rows)
    told = explainer.explain(rows[:3].assign(amount=["1000", "2000", "300"]))
    assert told.values == pytest.approx(explainer.explain(rows[:3].assign(amount=[1000.0, 2000.0, 300.0])).values)
    with pytest.raises(DataContractError, match=r"'amount' is a number to the model, and row 2 .* holds 'abc'"):
        explainer.explain(rows[:2].assign(amount=["1", "abc"]))


def test_a_category_never_seen_is_said_wherever_values_are(trained):
    rows = LOANS[["amount", "home"]]
    strange = rows[:3].assign(home=["own", "castle", "tent"])
    made = fa.Explainer(trained, background=rows, cutoff=10_000).explain(strange)
    (issue,) = made.issues
    assert (issue.column, issue.count) == ("home", 2)
    assert "Feature 'home' holds categories that the model never saw ('castle', 'tent')." in repr(made)
    assert made[0].issues == ()
    if trained.kind == "scorecard":
        assert any("never saw ('castle')" in caution for caution in made.reasons(1, method="all_applicants").cautions)


def test_infinity_is_refused_alike(trained):
    rows = LOANS[["amount", "home"]]
    broken = rows[:2].assign(amount=[1.0, np.inf])
    with pytest.raises(DataContractError, match=r"Column 'amount' of the rows to explain holds inf in row 2"):
        fa.Explainer(trained, background=rows).explain(broken)
    with pytest.raises(DataContractError, match=r"Column 'amount' of the rows holds inf in row 2"):
        fa.wrap(trained).score(broken)


def test_one_row_no_rows_and_counts_that_are_none_are_refused(trained):
    rows = LOANS[["amount", "home"]]
    for wrong, said in (
        ({"background": rows[:1]}, "The background is one row: values would compare with a single person"),
        ({"background": rows[:0]}, "There are no rows in the background"),
        ({"background": rows, "threads": -3}, "threads must be a whole number of at least 1, got -3"),
        ({"background": rows, "draws": 0}, "draws must be a whole number of at least 1, got 0"),
    ):
        with pytest.raises(ExplanationError, match=said):
            fa.Explainer(trained, **wrong)
    for cutoff in (float("nan"), float("inf"), "0.5", True):
        with pytest.raises(SchemaError, match="A cut-off is a finite number"):
            fa.Explainer(trained, background=rows, cutoff=cutoff)
    with pytest.raises(ExplanationError, match="There are no rows in the rows to explain"):
        fa.Explainer(trained, background=rows).explain(rows[:0])


def test_an_explanation_is_cut_by_rows_only():
    made = fa.explain(LinearRegression().fit(PEOPLE, AMOUNT), PEOPLE)
    assert len(made[3]) == 1
    assert repr(made).startswith("Explanation of 1,200 rows by 4 features in predicted value: closed form")
    for wrong in ("income", ["income"], (3, 2)):
        with pytest.raises(ExplanationError, match="is cut by rows"):
            made[wrong]


def test_a_gap_of_something_that_is_no_column_is_refused():
    made = fa.explain(LinearRegression().fit(PEOPLE, AMOUNT), PEOPLE)
    for wrong, said in (("age", "got the text 'age'"), (PEOPLE[["age"]], r"got values of shape \(1200, 1\)")):
        with pytest.raises(SchemaError, match=f"An attribute is one value a row.*{said}"):
            made.drivers(wrong, reference="old")
    known = np.where(PEOPLE["age"] > 0, "old", None)
    with pytest.raises(SchemaError, match=r"no level beside the reference 'old'.*group='\(missing\)' is their gap"):
        made.drivers(known, reference="old")
    assert made.drivers(known, reference="old", group="(missing)").group == "(missing)"


def test_shap_gets_numbers_and_the_words_to_show(trained):
    rows = LOANS[["amount", "home"]]
    made = fa.Explainer(trained, background=rows).explain(rows[:20]).to_shap()
    assert made.display_data[0, 1] in ("own", "rent")
    assert np.isnan(made.data[:, 1].astype(float)).all()
    assert made.data[:, 0].astype(float) == pytest.approx(rows["amount"][:20])


def test_what_is_wrapped_already_stays_as_it_is(trained):
    once = fa.wrap(trained)
    assert fa.wrap(once) is once
    with pytest.raises(SchemaError, match="The model is wrapped already"):
        fa.wrap(once, good="no")
    with pytest.raises(SchemaError, match="A dict cannot score: give a fitted model with predict"):
        fa.wrap({})


def test_the_good_outcome_is_asked_for_with_the_choice():
    with pytest.raises(
        SchemaError, match=r"Which outcome is good is never guessed: good= one of '(yes|no)', '(yes|no)'"
    ):
        fa.train(LOANS[["amount"]], LOANS["paid"])
