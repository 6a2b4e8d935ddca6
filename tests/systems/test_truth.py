"""The audit against simulated worlds whose truth is counted: no bias, intervals that hold it, and what scores hide."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

ROOT = Path(__file__).parents[2]
SYSTEM, SEEDS, SIZE = "national", 24, 1_500


@pytest.fixture(scope="module")
def truth():
    spec = importlib.util.spec_from_file_location("benchmark_of_truth", ROOT / "benchmarks" / "truth.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def cells(truth):
    asked = [one for one in truth.cells() if one[1] == SYSTEM][: len(truth.WORLDS)]
    return {one[2]: truth.run_cell(one, seeds=SEEDS, size=SIZE, large=65_536) for one in asked}


@pytest.mark.parametrize("world", ["behavior only", "detection only", "mixed"])
def test_estimates_are_without_bias_and_intervals_hold_the_exact_value(truth, cells, world):
    fewest = binom.ppf(1e-4, SEEDS, 0.95)  # of intervals that hold it where each does with 95%
    assert [one.metric for one in cells[world].held] == list(truth.DECISIONS)
    for held in cells[world].held:
        assert abs(held.bias) < 4 * held.bias_error, held
        assert held.covered * SEEDS >= fewest, held


def test_an_estimate_that_is_off_by_two_standard_errors_would_be_noticed(truth):
    # What the identity above can see: the same intervals, moved.
    rng = np.random.default_rng(3)
    value = rng.normal(0.3, 0.1, SEEDS)
    made = np.stack([value, value - 0.196, value + 0.196], axis=-1)[:, np.newaxis]
    (right,) = truth.held(made, {"one": 0.3}, ["one"], 0.02)
    (off,) = truth.held(made + 0.2, {"one": 0.3}, ["one"], 0.02)
    assert abs(right.bias) < 4 * right.bias_error
    assert abs(off.bias) > 4 * off.bias_error


def test_the_exact_disparities_are_those_of_a_small_table_by_hand(truth):
    # rural: 1 of 2 selected; urban: 3 of 4. Among the good: 1 of 1 and 2 of 3; among the bad: 0 of 1 and 1 of 1.
    rows = pd.DataFrame({
        "registration": ["rural"] * 2 + ["urban"] * 4, "outcome": ["good", "bad", "good", "good", "good", "bad"],
        "score": [5, 1, 6, 4, 2, 3], "low": [False, True, False, False, True, False],
    })  # fmt: skip
    exact = truth.exact_disparities(rows)
    wanted = {
        "selection_rate_difference": -0.25, "adverse_impact_ratio": 2 / 3, "adverse_outcome_ratio": 2.0,
        "selection_odds_ratio": 1 / 3, "scoring_rate_ratio": 1.0,
        "standardized_mean_difference": -0.75 / np.sqrt(3.5), "equal_opportunity_difference": 1 / 3,
        "predictive_equality_difference": -1.0, "predictive_parity_difference": 1 / 3,
        "area_under_curve_difference": 1 - 2 / 3,
    }  # fmt: skip
    assert exact == pytest.approx(wanted)


def test_the_three_worlds_look_the_same_in_the_scores_and_differ_in_what_was_done(truth, cells):
    shown = {name: cell.shown for name, cell in cells.items()}
    chance = 5 * np.hypot(*[one["low_error"] for one in shown.values()][:2])
    gaps = [one["low"] for one in shown.values()]
    assert max(gaps) - min(gaps) < chance < min(gaps)
    assert [round(shown[name]["acts"], 1) for name in truth.WORLDS] == [1.5, 1.0, 1.2]
    seen = [round(shown[name]["seen"] / shown[name]["seen_other"], 1) for name in truth.WORLDS]
    assert seen == [1.0, 1.5, pytest.approx(1.25, abs=0.06)]


def test_the_effects_are_those_of_the_mechanisms_that_are_on(truth, cells):
    for name, world in truth.WORLDS.items():
        effects = cells[name].effects
        assert set(effects) == {*world.active, "all"}
        assert all(effect > 0.02 for effect in effects.values())


def test_the_page_says_what_the_scores_cannot_tell(truth):
    page = (ROOT / "docs" / "truth.md").read_text(encoding="utf-8")
    assert "can tell these worlds apart" in page
    for system in truth.SYSTEMS:
        for world in truth.WORLDS:
            metrics = truth.OUTCOMES if system == truth.WITH_OUTCOMES else truth.DECISIONS
            assert page.count(f"| {system} | {world} |") == len(metrics) + 2
