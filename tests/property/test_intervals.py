"""Intervals of one rate, of a ranking and over strata: they hold their estimate, shrink with people, and swap."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairaudit.inference.proportion import clopper_pearson, effective_n, rate_interval, wilson
from fairaudit.inference.ranking import auc_interval, delong, tied_share
from fairaudit.inference.stratified import (
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
)
from fairaudit.metrics.distribution import abroca, density_overlap, score_distance, wasserstein_distance

quick = settings(max_examples=40, deadline=None)
counts = st.integers(0, 40)
bins = st.lists(st.tuples(counts, counts), min_size=2, max_size=6)
strata = st.lists(st.lists(counts, min_size=4, max_size=4), min_size=1, max_size=4)


@pytest.mark.parametrize("interval", [wilson, clopper_pearson, rate_interval])
@quick
@given(st.integers(1, 200), st.integers(0, 200), st.integers(2, 6))
def test_a_rate_is_inside_its_interval_which_shrinks_with_people(interval, people, chosen, times):
    chosen = min(chosen, people)
    few, many = interval(chosen, people), interval(times * chosen, times * people)
    assert few.low <= chosen / people <= few.high
    assert many.high - many.low < few.high - few.low
    assert few.low <= interval(chosen, people, confidence=0.8).low
    assert few.high >= interval(chosen, people, confidence=0.8).high


@quick
@given(st.integers(1, 200), st.integers(0, 200))
def test_the_other_decision_has_the_mirrored_interval(people, chosen):
    chosen = min(chosen, people)
    one, two = rate_interval(chosen, people), rate_interval(people - chosen, people)
    assert (one.low, one.high) == pytest.approx((1 - two.high, 1 - two.low), abs=1e-12)


@quick
@given(st.integers(1, 200), st.integers(0, 200), st.floats(0.1, 9))
def test_equal_weights_are_worth_their_people(people, chosen, weight):
    chosen = min(chosen, people)
    sums = chosen * weight, people * weight, chosen * weight**2, people * weight**2
    assert effective_n(*sums) == pytest.approx(people)


@quick
@given(bins, st.integers(2, 5))
def test_an_area_is_inside_its_interval_which_shrinks_with_people(table, times):
    good, bad = np.array(table, dtype=float).T
    assume(min(good.sum(), bad.sum()) >= 2)

    def interval(by):
        auc = delong(by * good, by * bad)
        tied = tied_share(by * (good + bad))
        return auc.value, auc_interval(auc.value, auc.variance, by * good.sum(), by * bad.sum(), tied=tied)

    value, few = interval(1)
    _, many = interval(times)
    assert few.low - 1e-9 <= value <= few.high + 1e-9
    assume(few.method == many.method)  # another method may be wider
    assert many.high - many.low < few.high - few.low


@quick
@given(strata)
def test_swapping_the_groups_inverts_the_ratios_over_strata(cells):
    table = np.array(cells).reshape(-1, 2, 2)
    for pooled in (mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio):
        one, two = pooled(table), pooled(table[:, ::-1])
        assume(np.isfinite(one.value) and one.value > 0)
        assert one.value == pytest.approx(1 / two.value)
        assert (one.low, one.high) == pytest.approx((1 / two.high, 1 / two.low))
        assert one.low <= one.value <= one.high
    one, two = (mantel_haenszel_risk_difference(side) for side in (table, table[:, ::-1]))
    assert tuple(one) == pytest.approx((-two.value, -two.high, -two.low))
    assert cochran_mantel_haenszel(table).p == pytest.approx(cochran_mantel_haenszel(table[:, ::-1]).p, nan_ok=True)


@quick
@given(strata, st.integers(2, 5))
def test_intervals_over_strata_shrink_with_people(cells, times):
    table = np.array(cells).reshape(-1, 2, 2)
    for pooled in (mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_risk_difference):
        few, many = pooled(table), pooled(times * table)
        assume(np.isfinite(few.value) and np.isfinite(few.high) and few.low < few.high)
        assert many.value == pytest.approx(few.value)
        assert many.high - many.low < few.high - few.low


@quick
@given(bins, st.floats(0.1, 50), st.floats(-900, 900))
def test_distances_of_scores_depend_on_their_order_and_on_points_only_in_proportion(table, scale, shift):
    good, bad = np.array(table, dtype=float).T
    assume(min(good.sum(), bad.sum()) > 0)
    scores = np.arange(len(good), dtype=float)
    moved = wasserstein_distance(good, bad, scores * scale + shift)
    assert moved == pytest.approx(scale * wasserstein_distance(good, bad, scores), rel=1e-6, abs=1e-9)
    for distance in (score_distance, density_overlap):
        assert distance(good, bad) == pytest.approx(distance(good[::-1], bad[::-1]))
        assert distance(good, bad) == pytest.approx(distance(bad, good))
    assert abroca((good, bad), (good, bad)) == 0
