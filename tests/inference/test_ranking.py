"""AUC, its DeLong variance and KS from counts, against the same from rows."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.ranking import auc_difference, auc_interval, delong, difference_z, ks_statistic, tied_share


def rows(seed, n_good=40, n_bad=25, bins=6):
    rng = np.random.default_rng(seed)
    good, bad = rng.integers(1, bins, n_good), rng.integers(0, bins - 1, n_bad)
    return good, bad, np.bincount(good, minlength=bins), np.bincount(bad, minlength=bins)


def delong_of_rows(good, bad):
    """DeLong (1988) by its definition: all pairs, then the variances of the placement values."""
    wins = (good[:, None] > bad) + 0.5 * (good[:, None] == bad)
    of_good, of_bad = wins.mean(axis=1), wins.mean(axis=0)
    return wins.mean(), of_good.var(ddof=1) / len(good) + of_bad.var(ddof=1) / len(bad)


@pytest.mark.parametrize("seed", range(5))
def test_delong_from_counts_is_that_of_the_rows(seed):
    good, bad, good_counts, bad_counts = rows(seed)
    found = delong(good_counts, bad_counts)
    expected = delong_of_rows(good, bad)
    assert found == pytest.approx(expected, rel=1e-12)
    labels = np.r_[np.ones(len(good)), np.zeros(len(bad))]
    assert found.value == pytest.approx(roc_auc_score(labels, np.r_[good, bad]))


@pytest.mark.parametrize("seed", range(5))
def test_ks_from_counts_is_that_of_scipy(seed):
    good, bad, good_counts, bad_counts = rows(seed)
    assert ks_statistic(good_counts, bad_counts) == pytest.approx(stats.ks_2samp(good, bad).statistic)


def test_leading_axes_are_groups():
    tables = [rows(seed)[2:] for seed in range(4)]
    good, bad = (np.stack(side).reshape(2, 2, -1) for side in zip(*tables, strict=True))
    together = delong(good, bad)
    assert together.value.shape == (2, 2)
    assert together.variance[1, 1] == pytest.approx(float(delong(*tables[3]).variance))
    assert ks_statistic(good, bad)[1, 0] == pytest.approx(float(ks_statistic(*tables[2])))


def test_weights_of_one_differ_only_by_the_degrees_of_freedom():
    good, bad = np.array([0, 30, 70, 400]), np.array([90, 200, 110, 0])
    plain, weighted = delong(good, bad), delong(good, bad, good_w2=good, bad_w2=bad)
    assert weighted.value == plain.value
    assert weighted.variance == pytest.approx(plain.variance, rel=1 / 300)
    assert weighted.variance < plain.variance
    tripled = delong(3 * good, 3 * bad, good_w2=9 * good, bad_w2=9 * bad)
    assert tripled == pytest.approx(tuple(weighted))


def test_without_good_or_bad_people_there_is_no_auc():
    found = delong([[1, 2], [0, 0], [0, 1]], [[0, 0], [1, 2], [1, 1]])
    assert np.isnan(found.value).tolist() == [True, True, False]
    assert np.isnan(found.variance).all()  # one good person shows no spread
    assert np.isnan(ks_statistic([0, 0], [1, 2]))


def simulated(n_good, n_bad, shift, repeats, seed):
    """Counts of normal scores in 50 bins, and the AUC that the bins truly have."""
    edges = np.linspace(-3, 4, 49)
    good = np.diff(np.r_[0, stats.norm.cdf(edges - shift), 1])
    bad = np.diff(np.r_[0, stats.norm.cdf(edges), 1])
    truth = (bad * (1 - np.cumsum(good) + good / 2)).sum()
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_good, good, repeats), rng.multinomial(n_bad, bad, repeats), truth


@pytest.mark.parametrize(("n_good", "n_bad", "shift"), [(10, 10, 1.0), (30, 10, 2.5), (500, 40, 1.0), (20, 5, 3.0)])
def test_auc_interval_covers(n_good, n_bad, shift):
    good, bad, truth = simulated(n_good, n_bad, shift, 10_000, seed=4)
    auc, variance = delong(good, bad)
    low, high, _ = auc_interval(auc, variance, n_good, n_bad)
    assert np.mean((low <= truth) & (truth <= high)) >= 0.935


def test_a_perfect_ranking_of_few_is_not_certain():
    low, high, method = auc_interval(1.0, 0.0, 20, 5)
    # Five disjoint pairs, all ranked rightly: Clopper-Pearson's bound is (alpha/2)^(1/5).
    assert low == pytest.approx(0.025 ** (1 / 5))
    assert high == 1
    assert method == "Clopper-Pearson on disjoint pairs"
    assert auc_interval(0.0, 0.0, 20, 5)[:2] == pytest.approx((0, 1 - 0.025 ** (1 / 5)))


def test_a_constant_score_has_a_wide_interval_around_one_half():
    found = delong([0, 30, 0], [0, 20, 0])
    low, high, _ = auc_interval(*found, 30, 20)
    assert found.value == 0.5
    assert low == pytest.approx(1 - high)
    assert low < 0.3


def test_auc_interval_methods_go_by_cell():
    method = auc_interval([0.8, 1.0, np.nan], [0.01, 0.0, np.nan], 10, 10).method
    assert method[:2].tolist() == ["DeLong, logit", "Clopper-Pearson on disjoint pairs"]
    assert np.isnan(auc_interval(np.nan, np.nan, 0, 10).low)


@pytest.mark.parametrize(("few", "shift"), [((30, 10), 1.0), ((20, 5), 2.5)])
def test_auc_difference_keeps_its_size_where_wald_does_not(few, shift):
    good, bad, _ = simulated(*few, shift, 5_000, seed=5)
    many = (300, 60)
    good_many, bad_many, _ = simulated(*many, shift, 5_000, seed=6)
    one, two = delong(good, bad), delong(good_many, bad_many)
    found = auc_difference(*one, *few, *two, *many)
    assert np.mean(found.p < 0.05) <= 0.06
    np.testing.assert_array_equal((found.low > 0) | (found.high < 0), found.p < 0.05)
    assert np.nanmean(difference_z(*one, *two).p < 0.05) > 0.06


def test_auc_difference_mirrors():
    one, two = (0.7, 0.0009, 120, 80), (0.8, 0.0004, 300, 200)
    found, mirrored = auc_difference(*one, *two), auc_difference(*two, *one)
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert found.p == pytest.approx(mirrored.p)
    same = auc_difference(*one, *one)
    assert same.p == 1
    assert same.value == 0
    assert np.isnan(auc_difference(np.nan, np.nan, 0, 9, *two).p)


def test_difference_z():
    found = difference_z([0.5, 0.5], [0.01, 0.0], [0.3, 0.3], [0.01, 0.0])
    assert found.statistic[0] == pytest.approx(0.2 / np.sqrt(0.02))
    assert found.p[0] == pytest.approx(2 * stats.norm.sf(0.2 / np.sqrt(0.02)))
    assert np.isnan(found.p[1])


@pytest.mark.parametrize(("good", "bad"), [([1, 2], [1, 2, 3]), ([1, -2], [1, 2]), (3, 4)])
def test_bins_must_match_and_hold_people(good, bad):
    with pytest.raises(UndefinedMetricError, match="score bin"):
        delong(good, bad)


def test_newcombe_s_published_interval_without_ties():
    # Newcombe (2006), method 5, solves (A - a)^2 = z^2 V(a) with Hanley and McNeil's V; checked at the two ends.
    low, high, method = auc_interval(0.8, 0.004, 30, 20, tied=0.0)
    assert method == "Newcombe score, ties allowed for"
    for end in (low, high):
        half = (30 + 20) / 2 - 1
        variance = end * (1 - end) * (1 + half * ((1 - end) / (2 - end) + end / (1 + end))) / (30 * 20)
        assert (0.8 - end) ** 2 == pytest.approx(stats.norm.ppf(0.975) ** 2 * variance, rel=1e-6)
    assert auc_interval(0.8, 0.004, 300, 200, tied=0.0).method == "DeLong, logit"


@pytest.mark.parametrize(("n_good", "n_bad"), [(90, 10), (388, 12)])
def test_few_bad_people_and_many_ties_are_covered_where_delong_is_not(n_good, n_bad):
    rng = np.random.default_rng(8)
    shares = {shift: np.diff(stats.norm.cdf([-np.inf, -3, -1, 1, 3, np.inf], loc=shift)) for shift in (0, 2)}
    good, bad = rng.multinomial(n_good, shares[2], 10_000), rng.multinomial(n_bad, shares[0], 10_000)
    truth = (shares[2] * (np.cumsum(shares[0]) - shares[0] / 2)).sum()
    found = delong(good, bad)
    low, high, _ = auc_interval(*found, n_good, n_bad, tied=tied_share(good + bad))
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97
    low, high, _ = auc_interval(*found, n_good, n_bad)
    assert np.mean((low <= truth) & (truth <= high)) < 0.9


def test_ties_are_those_of_scipy():
    people = np.array([3, 1, 4, 2])
    assert 1 - tied_share(people) == pytest.approx(stats.tiecorrect(stats.rankdata(np.repeat(range(4), people))))
