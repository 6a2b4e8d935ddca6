"""Intervals for two rates: published examples, statsmodels, and the hypotheses they are made of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from statsmodels.stats.proportion import confint_proportions_2indep

from fairaudit.inference.intervals import (
    difference_squares,
    katz_ratio,
    koopman_ratio,
    miettinen_nurminen_difference,
    miettinen_nurminen_odds_ratio,
    miettinen_nurminen_ratio,
    newcombe_difference,
    ratio_squares,
    woolf_odds_ratio,
)
from fairaudit.inference.roots import crossing

SCORE = [miettinen_nurminen_difference, miettinen_nurminen_ratio, miettinen_nurminen_odds_ratio]
TEAL = (26, 48, 206, 259)


def random_tables(number, seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(10, 400, (2, number))
    return rng.integers(1, n), n, rng.integers(1, m), m


@pytest.mark.parametrize(
    ("ours", "compare", "options"),
    [
        (newcombe_difference, "diff", {"method": "newcomb"}),
        (katz_ratio, "ratio", {"method": "log"}),
        (woolf_odds_ratio, "odds-ratio", {"method": "logit"}),
        (koopman_ratio, "ratio", {"method": "score", "correction": False}),
        (miettinen_nurminen_ratio, "ratio", {"method": "score", "correction": True}),
        (miettinen_nurminen_odds_ratio, "odds-ratio", {"method": "score", "correction": True}),
    ],
)
def test_intervals_are_those_of_statsmodels(ours, compare, options):
    tables = random_tables(25, seed=3)
    low, high, _ = ours(*tables)
    for i, table in enumerate(zip(*tables, strict=True)):
        with np.errstate(all="ignore"):  # statsmodels divides by zero on its way to the odds ratio
            expected = confint_proportions_2indep(*table, compare=compare, **options)
        assert (low[i], high[i]) == pytest.approx(expected, rel=1e-6)


# Newcombe (1998), Statistics in Medicine 17:873, table II: 95% intervals of a/n - b/m.
# Column 5 is Miettinen-Nurminen, column 10 the hybrid score. (statsmodels 0.15's score interval for a
# difference prints .0526, .3440 for the first row: no oracle for this one.)
NEWCOMBE = [
    ((56, 70, 48, 80), (0.0528, 0.3382), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1700, 0.8406), (0.1705, 0.8090)),
    ((5, 56, 0, 29), (-0.0326, 0.1933), (-0.0381, 0.1926)),
    ((0, 10, 0, 10), (-0.2879, 0.2879), (-0.2775, 0.2775)),
    # Here the score bound has a closed form: (1 - z^2/19) / (1 + z^2/19).
    ((10, 10, 0, 10), (0.6636, 1.0000), (0.6075, 1.0000)),
]


@pytest.mark.parametrize(("table", "score", "hybrid"), NEWCOMBE)
def test_differences_are_those_published_by_newcombe(table, score, hybrid):
    assert miettinen_nurminen_difference(*table)[:2] == pytest.approx(score, abs=6e-5)
    assert newcombe_difference(*table)[:2] == pytest.approx(hybrid, abs=6e-5)


def test_teal_and_the_small_n_trap():
    # Requirements 1.4 and 9.
    assert katz_ratio(*TEAL)[:2] == pytest.approx((0.521, 0.890), abs=5e-4)
    assert woolf_odds_ratio(*TEAL)[:2] == pytest.approx((0.160, 0.578), abs=5e-4)
    assert katz_ratio(6, 20, 24, 60)[:2] == pytest.approx((0.36, 1.57), abs=5e-3)


def most_likely_variance(table, rates, allowed):
    """Variance at the most likely rates under a hypothesis, by plain numerical maximization."""
    a, n, b, m = table

    def unlikely(p):
        p, r = rates(p)
        return -(a * np.log(p) + (n - a) * np.log1p(-p) + b * np.log(r) + (m - b) * np.log1p(-r))

    best = optimize.minimize_scalar(unlikely, bounds=allowed, method="bounded", options={"xatol": 1e-12})
    return rates(best.x)


@pytest.mark.parametrize("table", [(26.0, 48.0, 206.0, 259.0), (3.0, 17.0, 40.0, 41.0), (9.5, 20.25, 2.0, 30.5)])
def test_rates_under_the_hypothesis_are_the_most_likely_ones(table):
    a, n, b, m = (np.asarray(x) for x in table)
    for gap in (-0.6, -0.1, 0.2):
        allowed = (max(0, gap) + 1e-9, min(1, 1 + gap) - 1e-9)
        p, r = most_likely_variance(table, lambda p, gap=gap: (p, p - gap), allowed)
        found = difference_squares(a, n, b, m, np.asarray(gap))[1]
        assert found == pytest.approx(p * (1 - p) / n + r * (1 - r) / m, rel=1e-5)
    for ratio in (0.5, 0.9, 2.0):
        allowed = (1e-9, min(1, ratio) - 1e-9)
        p, r = most_likely_variance(table, lambda p, ratio=ratio: (p, p / ratio), allowed)
        found = ratio_squares(a, n, b, m, np.asarray(ratio))[1]
        assert found == pytest.approx(p * (1 - p) / n + ratio**2 * r * (1 - r) / m, rel=1e-5)


TABLES = st.tuples(st.integers(2, 60), st.integers(2, 60)).flatmap(
    lambda nm: st.tuples(st.integers(0, nm[0]), st.just(nm[0]), st.integers(0, nm[1]), st.just(nm[1]))
)


@settings(deadline=None)
@given(TABLES)
def test_swapping_the_groups_mirrors_every_score_interval(table):
    a, n, b, m = table
    for interval in SCORE:
        low, high, _ = interval(a, n, b, m)
        mirrored = interval(b, m, a, n)
        assert low <= high
        if interval is miettinen_nurminen_difference:
            assert (low, high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-7)
        else:
            with np.errstate(divide="ignore"):
                assert (low, high) == pytest.approx((1 / mirrored.high, 1 / mirrored.low), rel=1e-6)


def test_empty_counts_leave_a_side_open():
    low, high, _ = miettinen_nurminen_ratio([0, 5, 0, 5], [10, 10, 10, 0 + 5], [5, 0, 0, 5], [12, 12, 12, 5])
    assert low[0] == 0
    assert np.isfinite(high[0])
    assert low[1] > 1
    assert high[1] == np.inf
    assert (low[2], high[2]) == (0, np.inf)  # 0/0: any ratio would do
    assert low[3] < 1 < high[3]
    odds = miettinen_nurminen_odds_ratio([3, 10], [10, 10], [12, 0], [12, 12])
    assert odds.low[0] == 0
    assert odds.high[0] < 1
    assert odds.low[1] > 1
    assert odds.high[1] == np.inf
    assert katz_ratio(0, 10, 5, 12)[:2] == (0, np.inf)
    assert woolf_odds_ratio(10, 10, 5, 12)[:2] == (0, np.inf)


@pytest.mark.parametrize("interval", [newcombe_difference, katz_ratio, woolf_odds_ratio, koopman_ratio, *SCORE])
def test_an_empty_group_has_no_interval(interval):
    for table in ((0, 0, 3, 5), (3, 5, 0, 0), (0, 0, 0, 5), (0, 0, 0, 0)):
        low, high, _ = interval(*table)
        assert np.isnan(low)
        assert np.isnan(high)


def test_shapes_broadcast():
    low = miettinen_nurminen_ratio(np.ones((3, 1)), 10, np.ones(4), 12).low
    assert low.shape == (3, 4)
    assert low[2, 3] == pytest.approx(float(miettinen_nurminen_ratio(1, 10, 1, 12).low))


def test_millions_of_people_keep_their_digits():
    low, high, _ = miettinen_nurminen_ratio(4_000_000, 10_000_000, 5_000_000, 10_000_000)
    # At this size the score interval is Katz's to many digits.
    expected = katz_ratio(4_000_000, 10_000_000, 5_000_000, 10_000_000)
    assert (low, high) == pytest.approx(expected[:2], rel=1e-6)


def test_crossing_is_nan_where_nothing_is_crossed():
    found = crossing(lambda x: x - np.array([0.25, 2.0]), np.zeros(2), np.ones(2))
    assert found[0] == pytest.approx(0.25)
    assert np.isnan(found[1])
