"""Bands that hold everywhere at once, and a reference that the data chose."""

import numpy as np
import pytest
import scipy.stats

from fairaudit.inference.contrast import compare_many
from fairaudit.inference.simultaneous import (
    ALL_PAIRS,
    BONFERRONI,
    all_pairs,
    largest_statistics,
    rate_band,
    ratio_band,
)


def test_the_largest_of_all_pairs_is_tukey_s_studentised_range():
    # Equal groups: sqrt(2) times the largest z over pairs of k groups is the studentised range of k, df infinite.
    family = all_pairs([400] * 5, [1_000] * 5, rng=np.random.default_rng(1), draws=20_000)
    critical = np.quantile(family.largest, 0.95)
    assert critical * np.sqrt(2) == pytest.approx(scipy.stats.studentized_range.ppf(0.95, 5, np.inf), rel=0.015)
    assert family.method == ALL_PAIRS


def pair_against_the_highest(selected, people, rng):
    family = all_pairs(selected, people, rng=rng, draws=2_000)
    rates = selected / people
    top = int(rates.argmax())
    others = [i for i in range(len(people)) if i != top]
    full = np.ones(len(others))
    made = compare_many(
        selected[others].astype(float), people[others].astype(float), full * selected[top], full * people[top],
        how="ratio", confidence=1 - family.each(0.05),
    )  # fmt: skip
    return family, made


@pytest.mark.parametrize(("groups", "people", "rate"), [(14, 200, 0.4), (14, 60, 0.9), (5, 400, 0.1)])
def test_a_reference_chosen_by_the_data_raises_no_more_false_alarms(groups, people, rate):
    rng = np.random.default_rng(2)
    found = naive = 0
    draws = 400
    for _ in range(draws):
        n = np.full(groups, people)
        family, made = pair_against_the_highest(rng.binomial(n, rate), n, rng)
        found += min(family.adjusted(p) for p in made.p) < 0.05
        naive += made.p.min() < 0.05
    assert found / draws <= 0.08  # 5%, and three standard errors of the simulation
    assert naive / draws > 0.12


def test_a_flag_never_stands_beside_an_interval_that_reaches_1():
    rng = np.random.default_rng(3)
    flagged = 0
    for _ in range(200):
        n = rng.integers(150, 400, 6)
        family, made = pair_against_the_highest(rng.binomial(n, rng.choice([0.5, 0.6, 0.65], 6)), n, rng)
        for p, high in zip(made.p, made.high, strict=True):
            small = family.adjusted(p) < 0.05
            flagged += small
            if abs(family.adjusted(p) - 0.05) > 0.002:
                assert small == (high < 1)
    assert flagged > 20


def test_few_people_are_corrected_by_bonferroni():
    family = all_pairs([5, 3, 4], [20, 20, 20], rng=np.random.default_rng(1))
    assert family.method == BONFERRONI
    assert family.each(0.05) == pytest.approx(0.05 / 3)
    assert family.adjusted(0.02) == pytest.approx(0.06)
    assert all_pairs([50, 60, 70], [100] * 3, rng=np.random.default_rng(1), whole=False).method == BONFERRONI


def test_the_drawn_law_is_that_of_multinomial_counts():
    rng = np.random.default_rng(5)
    shares = np.ones(20) / 20
    n = np.array([2_000, 3_000])
    cumulative = np.cumsum(shares)[:-1]
    drawn, _ = largest_statistics(np.outer(cumulative, n), n, reference=None, rng=rng, draws=20_000)
    counts = np.stack([rng.multinomial(size, shares, 20_000) for size in n], axis=1).cumsum(axis=-1)[..., :-1]
    z = (counts / n[:, None] - cumulative) / np.sqrt(cumulative * (1 - cumulative) / n[:, None])
    largest = np.abs(z).max(axis=(1, 2))
    for level in (0.5, 0.9, 0.95):
        assert np.quantile(drawn, level) == pytest.approx(np.quantile(largest, level), rel=0.02)


def coverage(sizes, shares, draws, seed):
    """Share of draws in which the bands hold all groups' rates, and ratios to the last, at all cut-offs."""
    rng = np.random.default_rng(seed)
    n = np.asarray(sizes)
    truth = np.cumsum(shares, axis=-1)[..., :-1].T
    held = np.zeros(2)
    for _ in range(draws):
        selected = np.stack([rng.multinomial(size, p).cumsum()[:-1] for size, p in zip(n, shares, strict=True)], axis=1)
        rates, ratios = largest_statistics(selected, n, reference=len(n) - 1, rng=rng, draws=600)
        band = rate_band(selected, n, rates)
        held[0] += ((band.low <= truth + 1e-12) & (truth <= band.high + 1e-12)).all()
        ratio = truth / truth[:, -1:]
        wide = ratio_band(selected, n, len(n) - 1, ratios)
        inside = (wide.low <= ratio + 1e-12) & (ratio <= wide.high + 1e-12)
        held[1] += inside[:, :-1].all()
    return held / draws


def test_bands_of_large_groups_hold_everywhere_as_often_as_they_say():
    shares = np.array([np.ones(15) / 15] * 4)
    rates, ratios = coverage([1_500, 2_000, 1_000, 3_000], shares, 300, seed=6)
    assert rates >= 0.915  # 95% less three standard errors of 300 draws
    assert ratios >= 0.915


def test_the_case_in_which_the_drawn_law_alone_fails():
    # 12 groups of 30 to 400 people and 3% declined: the plan's trial, in which max-T alone covered 20%.
    shares = np.tile([0.97, 0.01, 0.01, 0.01], (12, 1))
    rates, ratios = coverage(np.linspace(30, 400, 12).astype(int), shares, 300, seed=7)
    assert rates >= 0.93
    assert ratios >= 0.93


def test_where_few_are_expected_each_rate_of_a_ratio_has_half_of_the_error():
    """Oracle: scipy's beta quantiles. One table alone is exact here, so it has all of the error, a half a rate."""
    a, n, b, m = 3, 20, 8, 40
    band = ratio_band(np.array([[a, b]]), np.array([n, m]), 1, np.ones(10), confidence=0.9)
    tail = 0.1 / 2 / 2
    mine, theirs = (
        (scipy.stats.beta.ppf(tail, k, of - k + 1), scipy.stats.beta.ppf(1 - tail, k + 1, of - k))
        for k, of in ((a, n), (b, m))
    )
    assert (band.drawn, band.exact) == (0, 1)
    assert band.low[0, 0] == pytest.approx(mine[0] / theirs[1])
    assert band.high[0, 0] == pytest.approx(mine[1] / theirs[0])
    # Two different tables share the error; the same table twice does not.
    two = ratio_band(np.array([[a, b], [a + 1, b]]), np.array([n, m]), 1, np.ones(10), confidence=0.9)
    same = ratio_band(np.array([[a, b], [a, b]]), np.array([n, m]), 1, np.ones(10), confidence=0.9)
    assert two.low[0, 0] == pytest.approx(
        scipy.stats.beta.ppf(tail / 2, a, n - a + 1) / scipy.stats.beta.ppf(1 - tail / 2, b + 1, m - b)
    )
    assert same.low[0, 0] == pytest.approx(band.low[0, 0])
