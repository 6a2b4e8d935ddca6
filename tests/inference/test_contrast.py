"""The primary comparison: dual to its interval, of one p for all contrasts, covering, and not too often wrong."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.association import expected_counts, z_test
from fairaudit.inference.conditional import fisher_exact, mid_p
from fairaudit.inference.contrast import (
    LEAST_SMOOTHING,
    compare,
    compare_many,
    contrast_value,
    no_difference,
    one_sided,
    smoothing,
)

TEAL = (26, 48, 206, 259)
HOWS = ("ratio", "difference", "odds_ratio")

COUNTS = st.tuples(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1)).map(
    lambda t: (round(t[0] * t[2]), t[0], round(t[1] * t[3]), t[1])
)


def test_teal():
    # Connecticut v. Teal 457 US 440, requirements 1.4.
    found = compare(*TEAL, how="ratio")
    assert found.value == pytest.approx(0.6810, abs=5e-5)
    assert (found.test, found.method) == ("hypergeometric z", "Miettinen-Nurminen")
    assert found.p == pytest.approx(2 * stats.norm.cdf(-3.751), rel=3e-3)
    assert compare(*TEAL, how="odds_ratio").value == pytest.approx(0.3041, abs=5e-5)
    assert compare(*TEAL, how="difference").value == pytest.approx(-0.254, abs=5e-4)
    assert found.sensitivity == pytest.approx(
        {
            "z_pooled": float(z_test(*TEAL).p),
            "chi_square_yates": stats.chi2_contingency([[26, 22], [206, 53]]).pvalue,
            "fisher_exact": 4.04e-4,
            "mid_p": float(mid_p(*TEAL)),
            "mid_p_minimum_likelihood": 2.86e-4,
        },
        rel=2e-3,
    )


def test_the_small_n_trap_is_not_significant():
    # 6/20 against 24/60 fails four-fifths by its value alone; requirements 9.
    found = compare(6, 20, 24, 60, how="ratio")
    assert found.value == pytest.approx(0.75)
    assert found.low < 0.8 < found.high
    assert found.low < 1 < found.high
    assert found.test == "mid-p"
    assert found.p == pytest.approx(float(mid_p(6, 20, 24, 60)))
    assert found.sensitivity["fisher_exact"] == pytest.approx(0.59, abs=5e-3)
    assert "mid_p" not in found.sensitivity
    assert "hypergeometric_z" in found.sensitivity


@settings(deadline=None, max_examples=150)
@given(COUNTS, st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.booleans())
def test_interval_and_test_agree_and_all_contrasts_share_the_p(table, confidence, integer):
    p = {}
    for how in HOWS:
        found = compare(*table, how=how, confidence=confidence, integer=integer)
        none = no_difference(how)
        outside = found.low > none or found.high < none
        assert outside == (found.p < 1 - confidence)
        if not np.isnan(found.value):
            assert found.low <= found.value * (1 + 1e-9) + 1e-9
            assert found.value <= found.high * (1 + 1e-9) + 1e-9
        p[how] = found.p
    assert p["ratio"] == p["difference"] == p["odds_ratio"]


@settings(deadline=None, max_examples=50)
@given(COUNTS)
def test_swapping_the_groups_inverts_the_contrast(table):
    a, n, b, m = table
    one, two = compare(a, n, b, m, how="difference"), compare(b, m, a, n, how="difference")
    assert (one.value, one.low, one.high) == pytest.approx((-two.value, -two.high, -two.low), abs=1e-7)
    assert one.p == pytest.approx(two.p, rel=1e-9)
    one, two = compare(a, n, b, m, how="ratio"), compare(b, m, a, n, how="ratio")
    with np.errstate(divide="ignore"):
        assert (one.low, one.high) == pytest.approx((np.divide(1, two.high), np.divide(1, two.low)), rel=1e-6)


@settings(deadline=None, max_examples=50)
@given(COUNTS)
def test_ten_times_the_people_narrow_the_interval(table):
    few = compare(*table, how="difference")
    many = compare(*(10 * count for count in table), how="difference")
    assert many.high - many.low < few.high - few.low


def test_the_method_goes_by_the_margins():
    for a in range(10, 21):
        b = 40 - a  # the same margins whatever the split: 40 of 100 chosen
        assert compare(a, 50, b, 50, how="ratio").test == "hypergeometric z"
    assert expected_counts(12, 24, 28, 76) == pytest.approx(9.6)
    assert compare(12, 24, 28, 76, how="ratio").test == "mid-p"
    assert compare(12, 24, 28, 76, how="ratio").method == "mid-p, widened to the score interval"
    assert compare(12, 24, 28, 76, how="odds_ratio").method == "mid-p"


def exact_coverage(how, n, m, p, r, found):
    """Probability, over all tables of two binomials, that the interval holds the true contrast."""
    weight = np.outer(stats.binom.pmf(np.arange(n + 1), n, p), stats.binom.pmf(np.arange(m + 1), m, r)).ravel()
    truth = {"ratio": p / r, "difference": p - r, "odds_ratio": p * (1 - r) / (r * (1 - p))}[how]
    return weight[(found.low <= truth + 1e-9) & (truth - 1e-9 <= found.high)].sum()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("n", "m"), [(30, 30), (30, 100), (100, 30)])
def test_primary_interval_covers_and_its_test_keeps_its_size(how, n, m):
    counts = np.array(list(itertools.product(range(n + 1), range(m + 1)))).T
    found = compare_many(counts[0], n, counts[1], m, how=how)
    rates = (0.05, 0.2, 0.5, 0.8, 0.95)
    covered = {(p, r): exact_coverage(how, n, m, p, r, found) for p in rates for r in rates}
    assert min(covered.values()) >= 0.93
    for rate in rates:
        weight = np.outer(
            stats.binom.pmf(np.arange(n + 1), n, rate), stats.binom.pmf(np.arange(m + 1), m, rate)
        ).ravel()
        assert weight[found.p < 0.05].sum() <= 0.06


@pytest.mark.parametrize(("n", "rate"), [(30, 0.1), (13, 0.335), (8, 0.496), (6, 0.409), (42, 0.308), (21, 0.5)])
def test_a_group_beside_a_far_larger_one_keeps_its_size(n, rate):
    """All tables of two binomials; mid-p rejected up to 8%, the score test (from 10 expected on) up to 7% of these."""
    m = 100_000
    a = np.arange(n + 1)
    # The reference's rate lies within 5 standard errors of the true one, at steps of half a standard error.
    step = np.sqrt(m * rate * (1 - rate)) / 2
    b = np.rint(m * rate + step * np.arange(-10, 11))
    weight = np.outer(stats.binom.pmf(a, n, rate), stats.norm.pdf(np.arange(-10, 11) / 2) / 2)
    x, y = np.meshgrid(a, b, indexing="ij")
    found = compare_many(x, n, y, m, how="odds_ratio")
    assert set(found.test.flat) == {"exact, smaller tail doubled"}
    assert weight.sum() == pytest.approx(1, abs=1e-3)
    assert weight[found.p <= 0.05].sum() <= 0.0505
    # Twice the smaller tail of scipy's hypergeometric distribution.
    law = stats.hypergeom(n + m, x + y, n)
    doubled = np.minimum(1, 2 * np.minimum(law.cdf(x), law.sf(x - 1)))
    np.testing.assert_allclose(found.p, doubled, rtol=1e-4)


@pytest.mark.parametrize("how", HOWS)
def test_beside_a_far_larger_group_interval_and_test_agree(how):
    a = np.arange(31.0)
    found = compare_many(a, 30, 1_000, 10_000, how=how)
    none = no_difference(how)
    outside = (found.low > none) | (found.high < none)
    assert (outside == (found.p < 0.05)).all()
    assert outside.any()
    assert not outside.all()
    assert smoothing(3, 30, 1_000, 10_000) < LEAST_SMOOTHING < smoothing(3, 30, 100, 1_000)


@settings(deadline=None, max_examples=40)
@given(COUNTS, st.sampled_from(HOWS))
def test_few_effective_people_are_moved_a_quarter_and_interval_and_test_agree(table, how):
    moved = compare(*(x + part for x, part in zip(table, (0.1, 0.3, 0.1, 0.3), strict=True)), how=how, integer=False)
    none = no_difference(how)
    assert (moved.low > none or moved.high < none) == (moved.p < 0.05)


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.3, 0.5])
@pytest.mark.parametrize(("n", "m"), [(30, 60), (20, 100), (50, 400)])
def test_effective_counts_keep_their_size(n, m, rate):
    """Whole people taken for effective ones: all tables, without the exact test."""
    a, b = np.meshgrid(np.arange(n + 1), np.arange(m + 1), indexing="ij")
    found = compare_many(a, n, b, m, how="odds_ratio", integer=False)
    weight = np.outer(stats.binom.pmf(a[:, 0], n, rate), stats.binom.pmf(b[0], m, rate))
    assert weight[found.p <= 0.05].sum() <= 0.06


def test_nobody_chosen_says_how_large_a_difference_could_be():
    found = compare(0, 50, 0, 60, how="difference")
    assert found.value == 0
    assert found.p == 1
    assert -0.1 < found.low < 0 < found.high < 0.1
    ratio = compare(0, 50, 0, 60, how="ratio")
    assert np.isnan(ratio.value)
    assert (ratio.low, ratio.high) == (0, np.inf)


def test_an_empty_group_is_undefined():
    found = compare(0, 0, 5, 10, how="ratio")
    assert np.isnan([found.value, found.low, found.high, found.p]).all()
    assert found.sensitivity == {}


def test_nobody_chosen_in_the_reference_bounds_the_ratio_from_below_only():
    found = compare(30, 60, 0, 60, how="ratio")
    assert found.value == np.inf
    assert found.high == np.inf
    assert found.low > 1


def test_effective_counts_use_the_score_method_and_say_so():
    few = compare(3.7, 12.4, 20.2, 41.9, how="ratio", integer=False)
    assert few.method == "Miettinen-Nurminen, effective counts, few expected"
    assert few.test == "hypergeometric z"
    assert "fisher_exact" not in few.sensitivity
    many = compare(37.5, 124.5, 200.5, 419.5, how="ratio", integer=False)
    assert many.method == "Miettinen-Nurminen, effective counts"
    with pytest.raises(UndefinedMetricError, match="whole numbers"):
        compare(3.7, 12.4, 20.2, 41.9, how="ratio")


def test_exact_tests_are_left_out_for_very_large_tables():
    found = compare(600_000, 1_000_000, 650_000, 1_000_000, how="ratio")
    assert sorted(found.sensitivity) == ["chi_square_yates", "z_pooled"]


@pytest.mark.parametrize("how", HOWS)
def test_many_are_the_same_as_each_alone(how):
    tables = np.array([TEAL, (6, 20, 24, 60), (0, 9, 3, 8), (0, 0, 3, 8), (50, 100, 0, 100)]).T
    many = compare_many(*tables, how=how)
    for i, table in enumerate(tables.T):
        alone = compare(*table, how=how)
        expected = (alone.value, alone.low, alone.high, alone.p)
        found = (many.value[i], many.low[i], many.high[i], many.p[i])
        assert found == pytest.approx(expected, rel=1e-9, nan_ok=True)
        assert (many.method[i], many.test[i]) == (alone.method, alone.test)


def test_one_sided_bounds_are_the_ends_at_twice_the_alpha():
    found = one_sided(*TEAL, how="ratio", alpha=0.05)
    two_sided = compare(*TEAL, how="ratio", confidence=0.9)
    assert (found.low, found.high) == (two_sided.low, two_sided.high)
    with pytest.raises(UndefinedMetricError, match="confidence must be between 0 and 1"):
        one_sided(*TEAL, how="ratio", alpha=0.5)


def test_values():
    assert contrast_value(26, 48, 206, 259, how="odds_ratio") == pytest.approx((26 * 53) / (22 * 206))
    assert np.isnan(contrast_value(0, 5, 0, 5, how="ratio"))


def test_an_unknown_contrast_is_named():
    with pytest.raises(UndefinedMetricError, match="not by how='gap'"):
        compare(1, 2, 3, 4, how="gap")


def test_sensitivity_never_holds_the_primary_test():
    for table in (TEAL, (6, 20, 24, 60)):
        found = compare(*table, how="ratio")
        assert found.test.replace(" ", "_").replace("-", "_") not in found.sensitivity
        assert found.sensitivity["fisher_exact"] == float(fisher_exact(*table))
