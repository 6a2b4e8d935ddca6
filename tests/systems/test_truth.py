"""The audit against simulated worlds whose truth is counted: no bias, intervals that hold it, and what scores hide."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations.simulating import simulate

ROOT = Path(__file__).parents[2]
DRAWS, SIZE = 40, 1_500


@pytest.fixture(scope="module")
def truth():
    spec = importlib.util.spec_from_file_location("benchmark_of_truth", ROOT / "benchmarks" / "truth.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def worlds(truth):
    system = PointSystem.load(truth.SYSTEM)
    return {name: simulate(system, 60_000, world=world, seed=1).people for name, world in truth.WORLDS.items()}


def test_estimates_are_without_bias_and_intervals_hold_the_exact_value(truth, worlds):
    for held in truth.held(worlds["mixed"], DRAWS, SIZE, np.random.default_rng(5), truth.METRICS[:3]):
        assert abs(held.bias_in_errors) < 4, held
        # 95% less four standard errors of so many draws
        assert held.covered >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / DRAWS), held


def test_the_three_worlds_look_the_same_in_the_scores_and_differ_in_what_was_done(truth, worlds):
    shown = {name: truth.in_the_scores(people) for name, people in worlds.items()}
    n = (worlds["mixed"]["registration"] == truth.GROUP).sum()
    chance = 5 * np.sqrt(0.25 / n)  # five standard errors of a share of so many people
    gaps = [shown[name]["low"] for name in ("behavior only", "detection only", "mixed")]
    assert max(gaps) - min(gaps) < chance
    assert min(gaps) > shown["neither"]["low"] + chance
    assert [round(shown[name]["acts"], 1) for name in truth.WORLDS] == [1.5, 1.0, 1.2, 1.0]
    seen = [round(shown[name]["seen"] / shown[name]["seen_other"], 1) for name in truth.WORLDS]
    assert seen == [1.0, 1.5, pytest.approx(1.25, abs=0.06), 1.0]


def test_the_effects_are_those_of_the_mechanisms_that_are_on(truth, worlds):
    for name, world in truth.WORLDS.items():
        effects = truth.effects(worlds[name], world)
        assert set(effects) == set(world.active)
        assert all(effect > 0.02 for effect in effects.values())


def test_the_page_says_what_the_scores_cannot_tell():
    page = (ROOT / "docs" / "truth.md").read_text(encoding="utf-8")
    assert "can tell these worlds apart" in page
    for world in ("behavior only", "detection only", "mixed"):
        assert page.count(f"| {world} |") == 6
