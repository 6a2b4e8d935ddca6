"""Exact tests of 2x2 tables: scipy, golden numbers, and the interval that inverts mid-p."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.conditional import fisher_exact, mid_p, mid_p_interval
from fairaudit.inference.contrast import contrast_value, no_difference

TEAL = (26, 48, 206, 259)
HOWS = ("ratio", "difference", "odds_ratio")


def all_tables(n, m):
    counts = np.array(list(itertools.product(range(n + 1), range(m + 1))))
    return counts[:, 0], np.full(len(counts), n), counts[:, 1], np.full(len(counts), m)


def test_teal_and_the_small_n_trap():
    # Requirements 1.4 (the mid-p quoted there is of the minimum-likelihood kind) and 9.
    assert fisher_exact(*TEAL) == pytest.approx(4.04e-4, rel=2e-3)
    assert mid_p(*TEAL, tail="minimum_likelihood") == pytest.approx(2.86e-4, rel=2e-3)
    assert fisher_exact(6, 20, 24, 60) == pytest.approx(0.59, abs=5e-3)


def test_fisher_is_that_of_scipy_on_all_tables_and_large_ones():
    a, n, b, m = all_tables(7, 12)
    found = fisher_exact(a, n, b, m)
    expected = [stats.fisher_exact([[w, x - w], [y, z - y]]).pvalue for w, x, y, z in zip(a, n, b, m, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    large = (2_600, 4_800, 21_000, 40_000)
    expected = stats.fisher_exact([[2_600, 2_200], [21_000, 19_000]]).pvalue
    assert fisher_exact(*large) == pytest.approx(expected, rel=1e-6)


def test_central_mid_p_is_twice_the_smaller_half_counted_tail():
    a, n, b, m = 3, 14, 11, 20
    tables = stats.hypergeom(n + m, a + b, n)
    lower = tables.cdf(a - 1) + tables.pmf(a) / 2
    assert mid_p(a, n, b, m) == pytest.approx(2 * min(lower, 1 - lower))


def test_minimum_likelihood_mid_p_takes_half_of_all_ties():
    # Symmetric margins: the mirrored table is exactly as likely, so half of both is left out.
    tables = stats.hypergeom(20, 10, 10)
    expected = 2 * tables.cdf(2) + tables.pmf(3)
    assert mid_p(3, 10, 7, 10, tail="minimum_likelihood") == pytest.approx(expected)


def test_bounds_of_the_odds_ratio_leave_half_of_alpha_in_a_noncentral_tail():
    a, n, b, m = 3, 14, 11, 20
    low, high, _ = mid_p_interval(a, n, b, m, how="odds_ratio", confidence=0.9)
    # Oracle: scipy's Fisher noncentral hypergeometric distribution.
    at_low = stats.nchypergeom_fisher(n + m, n, a + b, low)
    at_high = stats.nchypergeom_fisher(n + m, n, a + b, high)
    assert at_low.sf(a) + at_low.pmf(a) / 2 == pytest.approx(0.05, abs=1e-9)
    assert at_high.cdf(a - 1) + at_high.pmf(a) / 2 == pytest.approx(0.05, abs=1e-9)
    ratio = mid_p_interval(a, n, b, m, how="ratio", confidence=0.9)
    mean = at_low.mean()
    assert ratio.low == pytest.approx((mean / n) / ((a + b - mean) / m))


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("n", "m"), [(5, 7), (3, 30), (16, 16)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_no_difference_is_outside_exactly_where_mid_p_is_small(how, n, m, confidence):
    tables = all_tables(n, m)
    low, high, _ = mid_p_interval(*tables, how=how, confidence=confidence)
    none = no_difference(how)
    outside = (low > none) | (high < none)
    small = mid_p(*tables) < 1 - confidence
    assert small.any()
    np.testing.assert_array_equal(outside, small)


@pytest.mark.parametrize("how", HOWS)
def test_interval_contains_its_estimate(how):
    for n, m in ((6, 9), (2, 40), (25, 25)):
        tables = all_tables(n, m)
        value = contrast_value(*tables, how=how)
        low, high, _ = mid_p_interval(*tables, how=how, confidence=0.5)
        known = ~np.isnan(value)
        assert (low[known] <= value[known] + 1e-9).all()
        assert (value[known] <= high[known] + 1e-9).all()


def test_all_or_none_chosen():
    assert mid_p([0, 10], 10, [0, 20], 20).tolist() == [1.0, 1.0]
    assert fisher_exact([0, 10], 10, [0, 20], 20).tolist() == [1.0, 1.0]
    assert mid_p_interval(0, 10, 0, 20, how="odds_ratio")[:2] == (0, np.inf)
    assert mid_p_interval(0, 10, 0, 20, how="ratio")[:2] == (0, np.inf)


def test_an_empty_group_has_no_test():
    assert np.isnan(mid_p(0, 0, 3, 5))
    assert np.isnan(mid_p_interval(0, 0, 3, 5, how="ratio").low)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_many_tables_at_once_are_the_same_as_each_alone(parts):
    tables = np.array([(int(n * p), n, int(m * r), m) for n, m, p, r in parts]).reshape(-1, 4).T
    together = mid_p(*tables)
    interval = mid_p_interval(*tables, how="ratio")
    for i, table in enumerate(tables.T):
        assert together[i] == pytest.approx(float(mid_p(*table)), rel=1e-9)
        alone = mid_p_interval(*table, how="ratio")
        assert (interval.low[i], interval.high[i]) == pytest.approx((alone.low, alone.high), rel=1e-7)


def test_fractions_are_refused_with_the_mend():
    with pytest.raises(UndefinedMetricError, match=r"whole numbers.*2\.5.*integer=False"):
        mid_p(2.5, 10, 3, 10)


def test_one_in_the_reference_leaves_an_end_to_the_odds_ratio():
    one, none = (mid_p_interval(4, 12, b, 15, how="odds_ratio") for b in (1, 0))
    assert np.isfinite(one.high)
    assert np.isinf(none.high)
