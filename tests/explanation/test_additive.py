"""Models that are sums of features without coefficients: additive boosting, splines, declared parts, points."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, PolynomialFeatures, SplineTransformer

import fairaudit as fa
from fairaudit.errors import ExplanationError, SchemaError
from fairaudit.explanation.pipelines import origin_of

_SPEC = importlib.util.spec_from_file_location("brute_force", Path(__file__).with_name("brute_force.py"))
brute_force = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(brute_force)

DRAW = np.random.default_rng(11)
PEOPLE = pd.DataFrame({name: np.round(DRAW.normal(size=300), 2) for name in ("income", "debt", "age")})
MARGIN = np.sin(2 * PEOPLE["income"]) - PEOPLE["debt"] ** 2 / 2 + PEOPLE["income"] * PEOPLE["age"]
PAID = (MARGIN + DRAW.normal(size=300) > 0).astype(int)
SMALL = {"max_rounds": 30, "outer_bags": 2, "n_jobs": 1, "random_state": 1}


def by_definition(output, row, background):
    def score(rows):
        return output(pd.DataFrame(rows, columns=PEOPLE.columns))

    return brute_force.interventional(score, row.to_numpy(dtype=float), background.to_numpy(), np.arange(3))


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_an_additive_boosting_machine_is_explained_in_closed_form(kind):
    if kind == "classifier":
        model = ExplainableBoostingClassifier(interactions=0, **SMALL).fit(PEOPLE, PAID)
        output = model.decision_function
    else:
        model = ExplainableBoostingRegressor(interactions=0, **SMALL).fit(PEOPLE, MARGIN)
        output = model.predict
    background = PEOPLE[50:80]
    made = fa.explain(model, PEOPLE[:3], background)
    assert made.method.startswith("closed form of a generalized additive model")
    assert made.units == ("log-odds" if kind == "classifier" else "predicted value")
    assert made.errors is None
    for at in range(3):
        assert made.values[at] == pytest.approx(by_definition(output, PEOPLE.iloc[at], background), abs=1e-12)


def test_an_additive_boosting_machine_is_wrapped_scaled_and_solved():
    model = ExplainableBoostingClassifier(interactions=0, **SMALL).fit(PEOPLE, PAID)
    scorer = fa.wrap(model, good=1, scale=fa.PointsScale())
    made = fa.explain(scorer, PEOPLE[:5], PEOPLE)
    assert made.units == "points"
    assert made.scores == pytest.approx(scorer.score(PEOPLE[:5]))
    low = PEOPLE.iloc[[int(np.argmin(scorer.score(PEOPLE)))]]
    each = {"change": "either", "step": 0.25, "cost": 1}
    cutoff = float(np.median(scorer.score(PEOPLE)))
    found = fa.recourse(scorer, low, cutoff=cutoff, data=PEOPLE, actions={"features": {"debt": each, "income": each}})
    assert found.new_score >= cutoff
    assert "exact, sum of parts" in str(found)


def test_pairs_of_an_additive_boosting_machine_are_sampled_and_named():
    model = ExplainableBoostingClassifier(interactions=[(0, 2)], **SMALL).fit(PEOPLE, PAID)
    made = fa.explain(model, PEOPLE[:2], PEOPLE, draws=4)
    assert made.errors is not None
    assert "has terms of several features (income x age); interactions=0 trains one without" in made.method
    counts = ExplainableBoostingRegressor(interactions=0, objective="poisson_deviance", **SMALL).fit(PEOPLE, PAID)
    assert "a link other than the identity" in fa.explain(counts, PEOPLE[:2], PEOPLE, draws=4).method


def test_splines_bins_powers_and_steps_of_ones_own_on_single_columns_are_a_sum():
    steps = ColumnTransformer(
        [
            ("curve", SplineTransformer(n_knots=4), ["income"]),
            ("powers", PolynomialFeatures(3), ["debt"]),
            ("own", FunctionTransformer(lambda table: np.column_stack([np.exp(table), np.abs(table)])), ["age"]),
            ("bins", KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), ["income"]),
        ]
    )
    model = make_pipeline(steps, LogisticRegression()).fit(PEOPLE, PAID)
    background = PEOPLE[50:80]
    made = fa.explain(model, PEOPLE[:3], background)
    assert made.method.startswith(
        "closed form of a linear model, each encoded column counted to the one it was made of"
    )
    for at in range(3):
        wanted = by_definition(model.decision_function, PEOPLE.iloc[at], background)
        assert made.values[at] == pytest.approx(wanted, abs=1e-9)


def test_powers_have_an_origin_and_products_have_none():
    assert origin_of(PolynomialFeatures(2).fit(PEOPLE[["debt"]]), 1).tolist() == [0, 0, 0]
    assert origin_of(PolynomialFeatures(1).fit(PEOPLE), 3).tolist() == [0, 0, 1, 2]
    assert origin_of(PolynomialFeatures(2).fit(PEOPLE), 3) is None


def curved(rows):
    return rows["income"] ** 2 - 3 * rows["debt"] + 7


def its_parts(rows):
    return np.column_stack([rows["income"] ** 2, -3 * rows["debt"]])


def test_a_function_that_declares_its_parts_is_explained_and_solved_exactly():
    scorer = fa.wrap(curved, higher_is="better", feature_names=["income", "debt"], parts=its_parts)
    made = fa.explain(scorer, PEOPLE[:3], PEOPLE)
    assert made.method.startswith("closed form of a sum that the scorer declares")
    middle = [np.mean(PEOPLE["income"] ** 2), np.mean(-3 * PEOPLE["debt"])]
    assert made.values == pytest.approx(its_parts(PEOPLE[:3]) - middle)
    assert made.base == pytest.approx(7 + sum(middle))
    person = pd.DataFrame({"income": [1.0], "debt": [2.0]})
    actions = {"features": {"debt": {"change": "down", "step": 0.5, "cost": 1}}}
    found = fa.recourse(scorer, person, cutoff=5, actions=actions, data=PEOPLE)
    assert "exact, sum of parts" in str(found)
    assert found.answers[0].changes[0].new == 1.0


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (lambda rows: its_parts(rows)[:, :1], r"shape \(3, 1\).*\(3, 2\)"),
        (lambda rows: its_parts(rows) * np.nan, "nan for row 0, feature 0"),
        (lambda rows: its_parts(rows) * 2, "base and attributions"),
    ],
)
def test_parts_that_are_not_the_score_are_refused(parts, words):
    scorer = fa.wrap(curved, higher_is="better", feature_names=["income", "debt"], parts=parts)
    with pytest.raises(ExplanationError, match=words):
        fa.explain(scorer, PEOPLE[:3], PEOPLE[:3])


def test_parts_are_for_functions():
    model = LogisticRegression().fit(PEOPLE, PAID)
    with pytest.raises(SchemaError, match="for a score that is a function of rows"):
        fa.wrap(model, good=1, parts=its_parts)


def test_a_point_system_is_a_scorer_whose_sum_is_read():
    system = fa.PointSystem.load("schufa")
    rows = pd.DataFrame({name: DRAW.integers(0, 3, 40) for name in system.feature_names})
    own = system.explain(rows[:4], rows)
    made = fa.explain(system, rows[:4], rows)
    assert made.values == pytest.approx(own.values)
    assert made.base == pytest.approx(own.base)
    assert made.method.startswith("closed form of a sum that the scorer declares")
    assert fa.PointSystem.load("sesame").structure is None
    events = fa.PointSystem.load("national")
    counts = pd.DataFrame(np.eye(len(events.feature_names), dtype=int), columns=list(events.feature_names))
    assert fa.explain(events, counts[:4], counts).values == pytest.approx(events.explain(counts[:4], counts).values)


def test_ways_up_in_a_point_system_are_exact():
    system = fa.PointSystem.load("national")
    name = min(system.definition.events, key=lambda event: event.points.value).id
    counts = pd.DataFrame(0, index=range(20), columns=list(system.feature_names))
    person = counts.iloc[[0]].assign(**{name: 1})
    start = float(system.definition.start.value)
    found = fa.recourse(
        system,
        person,
        cutoff=start,
        actions={"features": {name: {"change": "down", "step": 1, "cost": 1}}},
        data=counts,
    )
    assert "exact, sum of parts" in str(found)
    assert found.new_score == start
