"""Sampled values: their expectation, their standard errors, and what does not depend on chance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

import fairaudit as fa

DRAW = np.random.default_rng(2)
PEOPLE = pd.DataFrame(np.round(DRAW.normal(size=(400, 4)), 1), columns=["income", "debt", "age", "years"])
PAID = (PEOPLE["income"] + PEOPLE["debt"] * PEOPLE["age"] + DRAW.normal(size=400) > 0).astype(int)
MODEL = HistGradientBoostingClassifier(max_iter=10, max_leaf_nodes=8).fit(PEOPLE, PAID)


class Vendor:
    """A scorer that shows nothing but its scores."""

    units = "as given"
    higher_is = "worse"
    structure = None
    feature_names = ("income", "debt", "age", "years")

    def score(self, rows):
        return MODEL.decision_function(rows)


def test_values_and_errors_match_the_exact_ones_of_the_same_model():
    exact = fa.explain(MODEL, PEOPLE[:60], PEOPLE)
    made = fa.explain(Vendor(), PEOPLE[:60], PEOPLE, draws=60)
    assert made.base == pytest.approx(exact.base)
    assert made.scores == pytest.approx(exact.scores)
    assert (made.higher_is, made.units) == ("worse", "as given")
    moved = made.errors > 1e-9
    z = (made.values - exact.values)[moved] / made.errors[moved]
    # Of some 240 differences in units of their standard error: mean near 0, spread near 1.
    assert abs(z.mean()) < 0.2
    assert 0.85 < z.std() < 1.2
    assert np.abs(z).max() < 5


def test_additive_models_are_exact_up_to_the_drawn_rows():
    def score(rows):
        return 2 * rows["income"] - rows["debt"]

    made = fa.explain(score, PEOPLE[:5], PEOPLE, draws=400)
    wanted = (PEOPLE[:5] - PEOPLE.mean())[["income", "debt"]].to_numpy() * [2, -1]
    assert made.values[:, :2] == pytest.approx(wanted, abs=1e-9)  # 400 draws take each of the 400 rows once
    assert not made.values[:, 2:].any()
    assert not made.errors[:, 2:].any()


def test_the_same_seed_gives_the_same_values_and_more_draws_smaller_errors():
    kept = fa.Explainer(Vendor(), PEOPLE, draws=10)
    first = kept.explain(PEOPLE[:10])
    np.testing.assert_array_equal(first.values, kept.explain(PEOPLE[:10]).values)
    other = fa.explain(Vendor(), PEOPLE[:10], PEOPLE, draws=10, rng=7)
    assert (other.values != first.values).any()
    more = fa.explain(Vendor(), PEOPLE[:10], PEOPLE, draws=160)
    assert more.errors.mean() < first.errors.mean() / 2


def test_players_of_several_columns_and_batches_change_nothing_but_the_draws(monkeypatch):
    joined = fa.explain(Vendor(), PEOPLE[:4], PEOPLE, draws=50, players={"money": ["income", "debt"]})
    exact = fa.explain(MODEL, PEOPLE[:4], PEOPLE, players={"money": ["income", "debt"]})
    assert joined.names == ("money", "age", "years")
    assert np.abs(joined.values - exact.values).max() < 5 * joined.errors.max()
    alone = fa.explain(Vendor(), PEOPLE[:4], PEOPLE, draws=2, players={"all": list(PEOPLE.columns)})
    assert alone.values[:, 0] == pytest.approx(MODEL.decision_function(PEOPLE[:4]) - alone.base)
    monkeypatch.setattr("fairaudit.explanation.sampling.BATCH", 1)
    assert fa.explain(Vendor(), PEOPLE[:4], PEOPLE, draws=5).scores == pytest.approx(exact.scores)


def test_the_number_of_evaluations_is_said():
    calls = []

    def score(rows):
        calls.append(len(rows))
        return rows["income"] * rows["debt"]

    explainer = fa.Explainer(score, PEOPLE, draws=5)
    explainer.explain(PEOPLE[:3])
    calls.clear()
    made = explainer.explain(PEOPLE[:3])  # the background's own scores are kept
    assert f"{sum(calls):,} evaluations" in made.method
    assert sum(calls) == 3 + 3 * 5 * 2 * 3


def test_text_and_categories_stay_what_they_are_in_mixed_rows():
    rows = PEOPLE.assign(home=np.where(PEOPLE["age"] > 0, "own", "rent"), job=pd.Categorical(["a", "b"] * 200))

    def score(mixed):
        assert isinstance(mixed["job"].dtype, pd.CategoricalDtype)
        return mixed["income"] + (mixed["home"] == "own") + (mixed["job"] == "a")

    made = fa.explain(score, rows[:5], rows, draws=20)
    assert made.scores == pytest.approx(score(rows[:5]))
    assert made.data[0, 4] in ("own", "rent")
