"""The tree kernel against the definition of Shapley values, against shap where shap is right, and its properties."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from fairaudit.explanation import kernel, paths
from fairaudit.explanation.parsing import margin, tree_of

_SPEC = importlib.util.spec_from_file_location("brute_force", Path(__file__).with_name("brute_force.py"))
brute_force = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(brute_force)

ALONE = np.arange(5)
JOINED = np.array([0, 1, 0, 2, 1])


def people(missing=False, many=300):
    """Return rows of two decimals, so that data sit on thresholds, and an outcome with interactions."""
    draw = np.random.default_rng(7)
    rows = np.round(draw.normal(size=(many, 5)), 1)
    outcome = (rows[:, 0] + rows[:, 1] * rows[:, 2] - rows[:, 3] + draw.normal(size=many) > 0).astype(int)
    if missing:
        rows[draw.random(rows.shape) < 0.2] = np.nan
    return rows, outcome


MODELS = {
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    "forest": RandomForestRegressor(6, max_depth=5, random_state=0),
    "extra": ExtraTreesClassifier(6, max_depth=5, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=9),
    "boosting": GradientBoostingClassifier(n_estimators=8, random_state=0),
}


# GradientBoosting takes no missing values.
CASES = [(name, missing) for name in MODELS for missing in (False, True) if not (missing and name == "boosting")]


@pytest.mark.parametrize("player_of", [ALONE, JOINED], ids=["alone", "joined"])
@pytest.mark.parametrize(
    ("name", "missing"), CASES, ids=lambda part: {True: "missing", False: "complete"}.get(part, part)
)
def test_both_games_are_the_definition(name, missing, player_of):
    rows, outcome = people(missing)
    model = MODELS[name].fit(rows, outcome)
    ensemble = tree_of(model, rows)
    against = kernel.attribute(kernel.prepare(ensemble, rows[50:90], player_of), rows[:4])
    by_cover = kernel.attribute(kernel.prepare(ensemble, None, player_of), rows[:4])
    for at in range(4):
        wanted = brute_force.interventional(lambda mixed: margin(model, mixed), rows[at], rows[50:90], player_of)
        assert against[at] == pytest.approx(wanted, abs=1e-12)
        wanted = brute_force.path_dependent(ensemble, rows[at].astype(np.float32).astype(float)
                                            if ensemble.single_precision else rows[at], player_of)  # fmt: skip
        assert by_cover[at] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("background", [False, True], ids=["cover", "background"])
def test_paths_too_long_for_tables_give_the_same_values(background, monkeypatch):
    rows, outcome = people(missing=True)
    ensemble = tree_of(MODELS["forest"].fit(rows, outcome), rows)
    others = rows[50:90] if background else None
    by_table = kernel.attribute(kernel.prepare(ensemble, others, ALONE), rows)
    for module in (paths, kernel):
        monkeypatch.setattr(module, "TABLE_PLAYERS", 2)
    made = kernel.prepare(ensemble, others, ALONE)
    assert made.plans[0].most_players > 2
    assert kernel.attribute(made, rows) == pytest.approx(by_table, abs=1e-12)


def test_threads_and_tables_built_again_change_nothing(monkeypatch):
    rows, outcome = people(many=9_000)
    ensemble = tree_of(MODELS["histogram"].fit(rows, outcome), rows[:500])
    kept = kernel.prepare(ensemble, rows[:500], ALONE)
    monkeypatch.setattr(kernel, "KEPT_TABLES", 0)
    again = kernel.prepare(ensemble, rows[:500], ALONE)
    assert kept.tables
    assert not again.tables
    np.testing.assert_array_equal(kernel.attribute(kept, rows, threads=1), kernel.attribute(again, rows, threads=3))


@pytest.mark.parametrize("background", [False, True], ids=["cover", "background"])
def test_tables_of_large_trees_stay_within_bounds_and_change_nothing(background, monkeypatch):
    rows, outcome = people(missing=True)
    ensemble = tree_of(MODELS["forest"].fit(rows, outcome), rows)
    others = rows[50:90] if background else None
    usual = kernel.prepare(ensemble, others, ALONE)
    monkeypatch.setattr(kernel, "CHUNK_TABLES", 100)
    bounded = kernel.prepare(ensemble, others, ALONE)
    assert max(each.table_starts[-1] for each in usual.plans) > 100
    assert max(each.table_starts[-1] for each in bounded.plans) <= 100
    assert kernel.attribute(bounded, rows) == pytest.approx(kernel.attribute(usual, rows), abs=1e-12)


def test_values_on_thresholds_follow_the_model_not_a_rounded_threshold():
    rows = np.array([[0.1], [0.1], [0.3], [0.3]] * 10)
    model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=5).fit(rows, [0, 0, 1, 1] * 10)
    ensemble = tree_of(model, rows)
    line = ensemble.threshold[0]
    assert float(np.float32(line)) != line
    on = np.array([[line], [np.nextafter(line, 1)]])
    made = kernel.prepare(ensemble, rows, np.array([0]))
    assert made.base + kernel.attribute(made, on).sum(axis=1) == pytest.approx(margin(model, on), abs=1e-12)
    assert margin(model, on)[0] != margin(model, on)[1]


def test_path_dependent_values_are_those_of_shap_away_from_thresholds():
    import shap

    draw = np.random.default_rng(1)
    rows = draw.normal(size=(800, 5))
    model = RandomForestRegressor(10, max_depth=7, random_state=0).fit(rows[:400], rows[:400, 0] * rows[:400, 1])
    ours = kernel.attribute(kernel.prepare(tree_of(model, rows), None, ALONE), rows[400:])
    assert ours == pytest.approx(shap.TreeExplainer(model).shap_values(rows[400:]), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), depth=st.integers(1, 6), background=st.booleans())
def test_efficiency_null_player_and_symmetry(seed, depth, background):
    draw = np.random.default_rng(seed)
    rows = draw.integers(0, 4, size=(60, 4)).astype(float)
    rows[:, 3] = 1.0
    model = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(rows, rows[:, 0] * rows[:, 1] + rows[:, 2])
    made = kernel.prepare(tree_of(model, rows), rows[:20] if background else None, np.arange(4))
    values = kernel.attribute(made, rows)
    assert made.base + values.sum(axis=1) == pytest.approx(model.predict(rows), abs=1e-10)
    assert not values[:, 3].any()
    swap = [1, 0, 2, 3]
    turned = kernel.attribute(kernel.prepare(made.ensemble, rows[:20] if background else None, np.array(swap)), rows)
    assert turned[:, swap] == pytest.approx(values, abs=1e-12)
