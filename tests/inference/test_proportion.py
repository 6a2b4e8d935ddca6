"""One rate: published figures, statsmodels, and exact coverage by enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.proportion import (
    clopper_pearson,
    effective_n,
    effective_rate_interval,
    one_sample_z,
    rate_interval,
    wilson,
)


@pytest.mark.parametrize(("ours", "theirs"), [(wilson, "wilson"), (clopper_pearson, "beta")])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_intervals_are_those_of_statsmodels(ours, theirs, confidence):
    num, den = np.array([0, 1, 7, 26, 40, 40, 999]), np.array([10, 10, 30, 48, 40, 41, 1000])
    expected = proportion_confint(num, den, alpha=1 - confidence, method=theirs)
    low, high, _ = ours(num, den, confidence=confidence)
    np.testing.assert_allclose(low, expected[0], atol=1e-12)
    np.testing.assert_allclose(high, expected[1], atol=1e-12)


def coverage(interval, n, rate):
    """Exact coverage: the binomial probability of the counts whose interval holds the rate."""
    counts = np.arange(n + 1)
    low, high, _ = interval(counts, n)
    return stats.binom.pmf(counts, n, rate)[(low <= rate) & (rate <= high)].sum()


@pytest.mark.parametrize("n", [30, 50, 100, 200])
def test_rate_interval_covers_at_every_rate(n):
    rates = np.linspace(0.05, 0.95, 91)
    assert min(coverage(rate_interval, n, rate) for rate in rates) >= 0.93
    # Wilson alone does not: the reason for choosing by cell.
    assert min(coverage(wilson, 10, rate) for rate in np.linspace(0.95, 0.99, 41)) < 0.87


def test_method_goes_by_the_smaller_side():
    method = rate_interval([15, 14, 86, 85], 100).method
    assert method.tolist() == ["Wilson", "Clopper-Pearson", "Clopper-Pearson", "Wilson"]
    assert rate_interval(26, 48).method == "Wilson"


@pytest.mark.parametrize("interval", [wilson, clopper_pearson, rate_interval])
def test_nobody_is_undefined_and_all_or_none_reach_the_end(interval):
    low, high, _ = interval([0, 0, 20], [0, 20, 20])
    assert np.isnan(low[0])
    assert np.isnan(high[0])
    assert low[1] == 0
    assert high[2] == 1
    assert high[1] < 0.25
    assert low[2] > 0.75


@given(st.integers(1, 500), st.data())
def test_interval_contains_its_rate_and_mirrors(n, data):
    num = data.draw(st.integers(0, n))
    low, high, _ = rate_interval(num, n)
    assert 0 <= low <= num / n <= high <= 1
    mirrored = rate_interval(n - num, n)
    assert low == pytest.approx(1 - mirrored.high, abs=1e-9)


def test_shapes_broadcast_and_fractions_are_taken():
    assert wilson(np.ones((3, 1)), np.full(4, 10.0)).low.shape == (3, 4)
    low, high, _ = clopper_pearson(2.5, 10.0)
    assert clopper_pearson(2, 10).low < low < clopper_pearson(3, 10).low
    assert clopper_pearson(2, 10).high < high < clopper_pearson(3, 10).high


def test_effective_n_of_equal_weights_is_the_number_of_people():
    for weight in (1.0, 3.0):
        found = effective_n(20 * weight, 50 * weight, 20 * weight**2, 50 * weight**2)
        assert found == pytest.approx(50)


def test_effective_n_follows_the_linearised_variance():
    rng = np.random.default_rng(1)
    weight, counted = rng.uniform(0.5, 3, 40), rng.random(40) < 0.4
    p = (weight * counted).sum() / weight.sum()
    # Variance of a weighted mean by its definition: sum of w^2 (y - p)^2 / (sum of w)^2.
    variance = (weight**2 * (counted - p) ** 2).sum() / weight.sum() ** 2
    found = effective_n((weight * counted).sum(), weight.sum(), (weight**2 * counted).sum(), (weight**2).sum())
    assert found == pytest.approx(p * (1 - p) / variance)


def test_effective_n_is_kish_where_the_rate_is_0_or_1():
    assert effective_n([0.0, 6.0], 6.0, [0.0, 14.0], 14.0) == pytest.approx(36 / 14)  # weights 1, 2, 3


def test_effective_interval_is_wider_than_that_of_the_rows():
    low, high, method = effective_rate_interval(0.5, 80.0)
    rows = rate_interval(100, 200)
    assert low < rows.low < rows.high < high
    assert method == "Wilson, effective n"
    assert effective_rate_interval(0.1, 20.0).method == "Korn-Graubard, effective n"


def test_castaneda_and_hazelwood():
    # Castaneda v. Partida 430 US 482 n.17; Hazelwood 433 US 299 n.14, n.17 (requirements 1.4).
    found = one_sample_z([339, 15, 15], [870, 405, 405], [0.791, 0.154, 0.057])
    assert found.expected[0] == pytest.approx(688.2, abs=0.05)
    assert found.sd[0] == pytest.approx(11.99, abs=0.005)
    np.testing.assert_allclose(found.z[1:], [-6.52, -1.73], atol=0.005)
    assert found.z[0] == pytest.approx(-29.1, abs=0.05)
    assert found.p[2] == pytest.approx(2 * stats.norm.cdf(found.z[2]))


def test_a_pool_of_one_kind_has_no_test():
    assert np.isnan(one_sample_z(10, 10, 1.0).z)


@pytest.mark.parametrize(("num", "den"), [(11, 10), (-1, 10), (5, np.inf)])
def test_a_count_that_is_none_names_the_rule_and_the_values(num, den):
    with pytest.raises(UndefinedMetricError, match=r"between 0 and its total.*num="):
        wilson(num, den)


def test_a_wrong_cell_is_named():
    with pytest.raises(UndefinedMetricError, match=r"in cell \(1,\)"):
        wilson([1, 12], 10)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(confidence):
    with pytest.raises(UndefinedMetricError, match="confidence must be between 0 and 1"):
        wilson(1, 2, confidence=confidence)


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_the_choice_of_method_keeps_the_confidence(confidence):
    for cells, interval in (((26, 48), wilson), ((2, 40), clopper_pearson)):
        assert rate_interval(*cells, confidence=confidence) == interval(*cells, confidence=confidence)
    weighted = effective_rate_interval(0.6, 41.5, confidence=confidence)
    assert weighted[:2] == wilson(0.6 * 41.5, 41.5, confidence=confidence)[:2]
