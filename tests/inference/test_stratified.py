"""Conditional disparity against statsmodels, R's own example, and brute force."""

import itertools

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.contingency_tables import StratifiedTable

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.stratified import (
    breslow_day_tarone,
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
    standardized_difference,
)

# Bickel, Hammel and O'Connell (1975), Science 187: admitted and rejected, men then women, departments A to F.
# It is R's UCBAdmissions: mantelhaen.test(UCBAdmissions) prints X-squared 1.4269 (with continuity), p 0.2323,
# common odds ratio 0.9046968, interval 0.7719074 to 1.0603298.
BERKELEY = np.array([
    [[512, 313], [89, 19]], [[353, 207], [17, 8]], [[120, 205], [202, 391]],
    [[138, 279], [131, 244]], [[53, 138], [94, 299]], [[22, 351], [24, 317]],
])  # fmt: skip


def test_berkeley_as_r_prints_it():
    made = mantel_haenszel_odds_ratio(BERKELEY)
    assert (made.value, made.low, made.high) == pytest.approx((0.9046968, 0.7719074, 1.0603298), abs=1e-7)
    tested = cochran_mantel_haenszel(BERKELEY, continuity=True)
    assert (tested.statistic, tested.p) == pytest.approx((1.4269, 0.2323), abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_pooled_ratios_and_tests_are_those_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    tables = rng.integers(12, 90, (5, 2, 2))
    theirs = StratifiedTable([table.astype(float) for table in tables])
    made = mantel_haenszel_odds_ratio(tables)
    assert made.value == pytest.approx(theirs.oddsratio_pooled)
    assert (made.low, made.high) == pytest.approx(theirs.oddsratio_pooled_confint())
    assert mantel_haenszel_risk_ratio(tables).value == pytest.approx(theirs.riskratio_pooled)
    for continuity in (False, True):
        null, mine = (
            theirs.test_null_odds(correction=continuity),
            cochran_mantel_haenszel(tables, continuity=continuity),
        )
        assert (mine.statistic, mine.p) == pytest.approx((null.statistic, null.pvalue))
    equal, mine = theirs.test_equal_odds(adjust=True), breslow_day_tarone(tables)
    assert (mine.statistic, mine.p) == pytest.approx((equal.statistic, equal.pvalue))


def test_one_stratum_is_the_plain_ratio_and_difference():
    table = [[[26, 22], [206, 53]]]
    ratio, gap = mantel_haenszel_risk_ratio(table), mantel_haenszel_risk_difference(table)
    assert ratio.value == pytest.approx((26 / 48) / (206 / 259))
    # Greenland and Robins's variance of one stratum is Katz's, but for the margins; Katz prints .521 to .890.
    assert (ratio.low, ratio.high) == pytest.approx((0.521, 0.890), abs=0.002)
    assert gap.value == pytest.approx(26 / 48 - 206 / 259)
    assert gap.low < gap.value < gap.high < 0


def test_the_exact_test_is_the_sum_of_hypergeometric_chances():
    tables = np.array([[[1, 4], [5, 2]], [[0, 3], [4, 1]], [[2, 2], [3, 1]]])
    made = cochran_mantel_haenszel(tables)
    assert made.method == "exact conditional, mid-p"
    ranges, chances = [], []
    for (a, b), (c, d) in tables:
        law = scipy.stats.hypergeom(a + b + c + d, a + c, a + b)
        k = np.arange(0, min(a + b, a + c) + 1)
        ranges.append(k)
        chances.append(law.pmf(k))
    total = {}
    for picks in itertools.product(*(range(len(k)) for k in ranges)):
        s = sum(int(ranges[i][j]) for i, j in enumerate(picks))
        total[s] = total.get(s, 0.0) + float(np.prod([chances[i][j] for i, j in enumerate(picks)]))
    seen = int(tables[:, 0, 0].sum())
    below = sum(p for s, p in total.items() if s < seen)
    mid = below + total[seen] / 2
    assert made.p == pytest.approx(2 * min(mid, 1 - mid))


def test_one_stratum_of_the_exact_test_is_the_mid_p():
    from fairaudit.inference.conditional import mid_p

    assert cochran_mantel_haenszel([[[2, 8], [7, 3]]]).p == pytest.approx(float(mid_p(2, 10, 7, 10)))


def test_intervals_cover_and_the_test_keeps_its_size():
    rng = np.random.default_rng(11)
    people, base = np.array([[40, 80], [60, 60], [100, 30], [25, 25]]), np.array([0.2, 0.4, 0.6, 0.8])
    hits = {"odds": 0, "difference": 0, "test": 0}
    draws = 1_500
    for _ in range(draws):
        selected = rng.binomial(people, base[:, None])
        table = np.stack([selected, people - selected], axis=-1)
        odds, gap = mantel_haenszel_odds_ratio(table), mantel_haenszel_risk_difference(table)
        hits["odds"] += odds.low <= 1 <= odds.high
        hits["difference"] += gap.low <= 0 <= gap.high
        hits["test"] += cochran_mantel_haenszel(table).p <= 0.05
    assert 0.93 <= hits["odds"] / draws <= 0.97
    assert 0.93 <= hits["difference"] / draws <= 0.97
    assert hits["test"] / draws <= 0.06


def test_strata_of_one_group_say_nothing_and_break_nothing():
    table = np.array([[[10, 20], [15, 15]], [[30, 20], [0, 0]], [[0, 0], [0, 0]]])
    for function in (mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_risk_difference):
        assert function(table) == pytest.approx(function(table[:1]))
    assert np.isnan(mantel_haenszel_odds_ratio(table[1:]).value)
    assert np.isnan(cochran_mantel_haenszel(table[1:]).p)
    assert breslow_day_tarone(table).method.startswith("not tested")


def test_sparse_strata_are_said_and_not_tested():
    assert breslow_day_tarone([[[2, 4], [3, 3]], [[60, 40], [50, 20]]]).method == "not tested: 1 of 2 strata sparse"


def test_leading_axes_and_a_zero_sum():
    tables = np.random.default_rng(3).integers(1, 30, (4, 3, 2, 2))
    made = mantel_haenszel_odds_ratio(tables)
    assert made.value.shape == (4,)
    assert made.value[2] == pytest.approx(mantel_haenszel_odds_ratio(tables[2]).value)
    nobody = mantel_haenszel_odds_ratio([[[0, 5], [3, 4]]])
    assert (nobody.value, nobody.low, nobody.high) == (0, 0, np.inf)


def test_standardized_difference_keeps_the_mix_of_the_group():
    low, high, _ = standardized_difference(BERKELEY[:, ::-1])
    assert low < high
    same = standardized_difference([[[10, 30], [20, 60]], [[30, 10], [15, 5]]])
    assert same.low < 0 < same.high


def test_counts_of_another_shape_are_refused():
    with pytest.raises(UndefinedMetricError, match="stratum"):
        mantel_haenszel_odds_ratio([[1, 2], [3, 4]])


@pytest.mark.parametrize("counts", [[[[5, -1], [3, 4]]], [[[1, 2, 3], [3, 4, 5]]], [[[np.nan, 1], [3, 4]]]])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(UndefinedMetricError, match="stratum"):
        mantel_haenszel_risk_ratio(counts)


def test_a_stratum_of_one_group_changes_neither_the_standardized_difference_nor_the_test_of_homogeneity():
    both = [[[20, 40], [30, 30]], [[60, 40], [50, 20]]]
    more = [*both, [[300, 200], [0, 0]]]
    assert standardized_difference(more)[:2] == standardized_difference(both)[:2]
    assert breslow_day_tarone(more) == breslow_day_tarone(both)


@pytest.mark.parametrize("counts", [[[[0, 40], [30, 30]]] * 2, [[[40, 0], [30, 30]]] * 2, [[[9, 9], [0, 0]]] * 2])
def test_without_a_common_odds_ratio_homogeneity_is_not_tested(counts):
    made = breslow_day_tarone(counts)
    assert np.isnan(made.statistic)
    assert made.method.startswith("not tested")


def test_five_expected_are_enough_to_test_homogeneity():
    made = breslow_day_tarone([[[5, 5], [5, 5]]] * 2)
    assert (made.statistic, made.p) == pytest.approx((0.0, 1.0))


def test_the_standardized_difference_is_that_of_the_groups_own_mix():
    # By hand: shares .375 and .625 of the group; differences 1/3 - 1/2 and 3/5 - 5/7 within strata.
    low, high, _ = standardized_difference([[[20, 40], [30, 30]], [[60, 40], [50, 20]]])
    assert (low + high) / 2 == pytest.approx(0.375 * (1 / 3 - 1 / 2) + 0.625 * (3 / 5 - 5 / 7))
    narrow = standardized_difference([[[20, 40], [30, 30]], [[60, 40], [50, 20]]], confidence=0.8)
    assert (narrow.high - narrow.low) / (high - low) == pytest.approx(1.2815516 / 1.9599640)
    assert np.isnan(standardized_difference([[[9, 9], [0, 0]]]).low)
