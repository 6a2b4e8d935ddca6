"""Intervals that hold at all looks: the boundary, its p-value, and how often they are wrong."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from fairaudit.inference.sequential import anytime_p, estimates, half_width, mixing_variance, running, share_of_start


@pytest.mark.parametrize("information", [3.0, 40.0, 900.0])
@pytest.mark.parametrize("mixing", [1.0, 25.0])
def test_the_boundary_is_where_the_normal_mixture_is_one_over_alpha(information, mixing):
    # Robbins (1970): the mixture of exp(theta S - theta^2 t / 2) over theta from a normal of variance 1 / mixing.
    moved = float(half_width(information, mixing, 0.05)) * information

    def weighted(theta):
        return np.exp(theta * moved - theta**2 * information / 2) * norm.pdf(theta, scale=mixing**-0.5)

    peak = moved / (information + mixing)
    spread = (information + mixing) ** -0.5
    total, _ = quad(weighted, peak - 12 * spread, peak + 12 * spread)
    assert total == pytest.approx(1 / 0.05, rel=1e-6)


def test_the_mixing_parameter_gives_the_narrowest_interval_where_asked():
    best = mixing_variance(200.0, 0.01)
    widths = [float(half_width(200.0, best * factor, 0.01)) for factor in (0.9, 1.0, 1.1)]
    assert widths[1] == min(widths)


@given(st.floats(0.1, 1e6), st.floats(-3, 3), st.floats(0.01, 1e4))
@settings(max_examples=200, deadline=None, database=None, derandomize=True)
def test_p_is_below_alpha_just_where_the_interval_leaves_the_value_out(information, value, mixing):
    for alpha in (0.01, 0.05):
        inside = abs(value) < float(half_width(information, mixing, alpha))
        p = float(anytime_p(value, information, mixing))
        assert 0 < p <= 1 or abs(value) > 0
        if abs(abs(value) / float(half_width(information, mixing, alpha)) - 1) > 1e-9:
            assert (p > alpha) == inside


def test_it_is_wider_than_the_interval_of_one_look_and_less_than_twice_so_at_its_best():
    ordinary = norm.ppf(0.975) / 10
    at_best = float(half_width(100.0, mixing_variance(100.0), 0.05))
    assert ordinary < at_best < 1.6 * ordinary


def test_estimates_are_those_of_the_counts_with_half_a_person_more():
    made = estimates(26, 48, 206, 259, how="odds_ratio")
    p, q = 26.5 / 49, 206.5 / 260
    assert float(made.value) == pytest.approx(np.log(p / (1 - p) / (q / (1 - q))))
    assert float(made.information) == pytest.approx(1 / (1 / (48 * p * (1 - p)) + 1 / (259 * q * (1 - q))))
    assert bool(made.enough)
    assert not estimates(9, 48, 206, 259, how="ratio").enough
    assert not estimates(26, 35, 206, 259, how="ratio").enough
    assert float(estimates(0, 0, 206, 259, how="difference").information) == 0.0


def test_shares_of_beginnings_add_up_to_one():
    assert share_of_start(np.arange(1, 100_000)).sum() == pytest.approx(1, abs=2e-5)


def test_a_stretch_with_too_few_people_raises_nothing():
    far = np.full((2, 2), 9.0)
    made = running(far, np.full((2, 2), 50.0), np.zeros((2, 2), dtype=bool), against=0.0, mixing=5.0, alpha=0.05)
    assert made.since.tolist() == [-1, -1]
    assert np.isnan(made.value).all()
    assert made.p.tolist() == [1.0, 1.0]


def test_a_late_change_is_found_in_its_own_stretch():
    # Ten quiet looks and then a shift: the stretch that begins with the shift leaves 0 out first.
    steps = np.array([0.0] * 10 + [0.9] * 4)
    total = np.concatenate([[0.0], steps.cumsum()])
    first, last = np.arange(14)[:, None], np.arange(1, 15)[None]
    length = np.maximum(last - first, 1)
    made = running((total[last] - total[first]) / length, 20.0 * length, np.ones((14, 14), dtype=bool), against=0.0,
                   mixing=mixing_variance(200.0), alpha=0.05)  # fmt: skip
    raised = np.flatnonzero(made.since >= 0)
    assert raised[0] >= 10
    assert made.since[raised[0]] == 10
    assert made.side[raised[0]] == 1
    assert (np.diff(made.p) <= 0).all()


def test_false_alarms_over_sixty_looks_stay_under_alpha():
    # A random walk of 60 steps, 4,000 times: the first stretch alone crosses half of alpha's boundary in at most 2.5%.
    rng = np.random.default_rng(60)
    information = 30.0 * np.arange(1, 61)
    walk = rng.normal(scale=30.0**0.5, size=(4_000, 60)).cumsum(axis=1) / information
    reach = half_width(information, mixing_variance(360.0, 0.05), 0.05)
    wrong = (np.abs(walk) > reach).any(axis=1).mean()
    naive = (np.abs(walk) > norm.ppf(0.975) / information**0.5).any(axis=1).mean()
    assert wrong < 0.05
    assert naive > 0.25
