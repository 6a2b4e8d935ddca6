"""Intervals of profits cover what they say; cut-offs are chosen anew in every draw."""

import itertools

import numpy as np
import pytest
import scipy.stats

from fairaudit.cube.confusion import Tally
from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.bootstrap import draw_counts, percentile_interval
from fairaudit.inference.profit import (
    draw_alike,
    draw_costs,
    expected_profit_interval,
    linearised_profit_interval,
    rates_in_reach,
)
from fairaudit.metrics.profit import PARITIES, Payoff, best_rules

STUDY = Payoff(18.0, -82.0)


@pytest.mark.parametrize("shares", [(0.6, 0.1), (0.3, 0.05), (0.5, 0.4), (0.85, 0.1)])
def test_the_interval_of_an_expected_profit_covers_what_it_says(shares):
    people = 80
    good, bad = np.array([(i, j) for i, j in itertools.product(range(people + 1), repeat=2) if i + j <= people]).T
    chance = scipy.stats.multinomial.pmf(
        np.stack([good, bad, people - good - bad], axis=1), people, [*shares, 1 - sum(shares)]
    )
    low, high, _ = expected_profit_interval(good, bad, people, STUDY)
    true = STUDY.good * shares[0] + STUDY.bad * shares[1]
    # Exact, summed over every table of 80 people. The normal interval covers 92% and less here.
    assert 0.94 <= chance[(low <= true) & (true <= high)].sum() <= 0.97


def test_nobody_selected_has_an_interval_and_nobody_decided_on_has_none():
    low, high, _ = expected_profit_interval([0, 0], [0, 0], [50, 0], STUDY)
    assert low[0] < 0 < high[0]
    assert np.isnan([low[1], high[1]]).all()


def test_a_linearised_interval_is_that_of_the_mean_of_what_people_bring():
    rng = np.random.default_rng(3)
    n = 4_000
    brings, w = rng.choice([18.0, -82.0, 0.0], n, p=[0.6, 0.1, 0.3]), rng.uniform(0.5, 2.0, n)
    sides = [
        Tally(np.array(float(which.sum())), np.array(w[which].sum()), np.array((w[which] ** 2).sum()))
        for which in (brings == 18, brings == -82, np.ones(n, dtype=bool))
    ]
    low, high, _ = linearised_profit_interval(*sides, STUDY)
    mean = np.average(brings, weights=w)
    error = np.sqrt((w**2 * (brings - mean) ** 2).sum()) / w.sum()
    # Of so many people two Wilson intervals and their correlation come to the same; they lean to the middle a little.
    assert (low + high) / 2 == pytest.approx(mean, abs=0.1 * error)
    assert high - low == pytest.approx(2 * 1.959964 * error, rel=0.002)


def test_the_weighted_interval_of_weights_of_one_is_the_unweighted():
    # From 15 people on a side on: below it the weighted one takes the exact interval of each share.
    good, bad, people = np.array([60.0, 30.0, 200.0]), np.array([15.0, 19.0, 40.0]), np.array([100.0, 90.0, 400.0])
    plain = expected_profit_interval(good, bad, people, STUDY)
    weighted = linearised_profit_interval(*map(Tally.of, (good, bad, people)), STUDY)
    np.testing.assert_allclose(weighted[:2], plain[:2])


def test_the_weighted_interval_covers_where_few_are_selected_with_a_bad_outcome():
    """Seeded: some nine rows of them, of very different weights. The normal interval covers less than 90%."""
    rng = np.random.default_rng(5)
    weight, share = np.array([0.5, 1.0, 2.0, 5.0]), np.array([0.4, 0.3, 0.2, 0.1])
    law = np.array([0.55, 0.06, 0.39])
    rows = rng.multinomial(150, np.outer(law, share).ravel(), 2_000).reshape(-1, 3, 4).astype(float)
    parts = [Tally(r.sum(axis=-1), r @ weight, r @ weight**2) for r in (rows[:, 0], rows[:, 1], rows.sum(axis=1))]
    low, high, _ = linearised_profit_interval(*parts, STUDY)
    true = law @ [STUDY.good, STUDY.bad, 0.0]
    covered = ((low <= true) & (true <= high)).mean()
    value = STUDY.of(parts[0].w, parts[1].w) / parts[2].w
    spread = [side.w2 * (brings - value) ** 2 for side, brings in zip(parts, (18.0, -82.0), strict=False)]
    others = (parts[2].w2 - parts[0].w2 - parts[1].w2) * value**2
    reach = 1.959964 * np.sqrt(sum(spread) + others) / parts[2].w
    assert (np.abs(value - true) <= reach).mean() < 0.9
    assert 0.92 <= covered <= 0.97


GOOD = np.array([[20.0, 30, 45, 60, 70, 80], [40.0, 40, 35, 30, 25, 20]])
BAD = np.array([[30.0, 25, 15, 10, 6, 2], [70.0, 45, 25, 12, 6, 3]])


def test_draws_are_of_each_group_alone_and_every_cut_off_is_chosen_anew():
    drawn = draw_costs(GOOD, BAD, STUDY, draws=50, rng=11)
    rng = np.random.default_rng(11)
    counts = np.stack([GOOD, BAD], axis=-1)
    again = np.stack([draw_counts(group, 50, rng) for group in counts], axis=1).astype(float)
    assert (again.sum(axis=(2, 3)) == counts.sum(axis=(1, 2))).all()
    for k in (0, 17, 49):
        most = best_rules(None, again[k, ..., 0], again[k, ..., 1], STUDY)
        assert drawn.together[k] == pytest.approx(float(most.profit) / counts.sum())
        assert drawn.place[k, :2].tolist() == most.mixture.lower.tolist()
        for parity in PARITIES:
            rules = best_rules(parity, again[k, ..., 0], again[k, ..., 1], STUDY)
            assert drawn.share[parity][k] == pytest.approx(float(rules.profit / most.profit))


def test_the_same_seed_draws_the_same():
    one, two = (draw_costs(GOOD, BAD, STUDY, draws=40, rng=5) for _ in range(2))
    assert np.array_equal(one.together, two.together)
    assert not np.array_equal(one.together, draw_costs(GOOD, BAD, STUDY, draws=40, rng=6).together)


def test_optimism_is_what_choosing_on_the_same_people_adds():
    """Over many samples the maximum is too good by about what the bootstrap says."""
    rng = np.random.default_rng(8)
    counts = np.stack([GOOD, BAD], axis=-1)
    n = counts.sum(axis=(1, 2))
    true = [float(best_rules(None, GOOD[[i]], BAD[[i]], STUDY).profit) / n[i] for i in range(2)]
    too_good, said = np.zeros((60, 2)), np.zeros((60, 2))
    for k in range(60):
        sample = np.stack([draw_counts(group, 1, rng)[0] for group in counts]).astype(float)
        good, bad = sample[..., 0], sample[..., 1]
        mixture = best_rules(None, good, bad, STUDY).mixture
        too_good[k] = STUDY.of(mixture.of(good), mixture.of(bad)) / n - true
        said[k] = draw_costs(good, bad, STUDY, draws=60, rng=k).optimism
    assert said.mean() > 0
    # The mean of 120 maxima has a standard error of about .3 here.
    assert said.mean() == pytest.approx(too_good.mean(), abs=1.0)


def test_intervals_of_costs_cover_the_true_share():
    """Coverage over 120 samples of some 370 people a group: 95% of 120 is 114, and 105 is four errors below."""
    rng = np.random.default_rng(21)
    counts = np.stack([GOOD, BAD], axis=-1)
    most = best_rules(None, GOOD, BAD, STUDY).profit
    true = {parity: float(best_rules(parity, GOOD, BAD, STUDY).profit / most) for parity in PARITIES}
    hits = dict.fromkeys(PARITIES, 0)
    for k in range(120):
        sample = np.stack([draw_counts(group, 1, rng)[0] for group in counts]).astype(float)
        drawn = draw_costs(sample[..., 0], sample[..., 1], STUDY, draws=150, rng=k)
        for parity in PARITIES:
            low, high, _ = percentile_interval(drawn.share[parity])
            hits[parity] += bool(low <= true[parity] <= high)
    assert min(hits.values()) >= 105, hits


def test_weighted_people_are_not_drawn():
    with pytest.raises(UndefinedMetricError, match="counts are whole"):
        draw_costs(GOOD + 0.5, BAD, STUDY, draws=10, rng=1)


def test_many_bins_are_merged_for_the_draws_and_cut_offs_stay_where_they_are():
    rng = np.random.default_rng(2)
    bins = 700
    good = rng.poisson(np.linspace(1, 9, bins), (3, bins)).astype(float)
    bad = rng.poisson(np.linspace(4, 0.2, bins), (3, bins)).astype(float)
    drawn = draw_costs(good, bad, STUDY, draws=60, rng=1)
    most = best_rules(None, good, bad, STUDY)
    people = (good + bad).sum(axis=1)
    # Places are counted in the fine bins again, and lie around those of the estimate.
    assert (drawn.place.max(axis=0)[:3] >= most.mixture.lower).all()
    assert (drawn.place.min(axis=0)[:3] <= most.mixture.lower).all()
    assert np.median(drawn.together) == pytest.approx(float(most.profit) / people.sum(), rel=0.15)
    for parity in PARITIES:
        share = float(best_rules(parity, good, bad, STUDY).profit / most.profit)
        assert np.median(drawn.share[parity]) == pytest.approx(share, abs=0.03)


def test_alike_groups_lose_by_chance_what_their_sizes_say():
    small, large = (draw_alike(times * GOOD, times * BAD, STUDY, draws=60, rng=1) for times in (1, 25))
    for parity in PARITIES:
        assert small[parity].shape == (60,)
        assert (small[parity] <= 1 + 1e-9).all()
        # Chance costs less the more people there are.
        assert np.median(small[parity]) < np.median(large[parity]) or parity == PARITIES[0]
        assert np.median(large[parity]) > 0.97


def test_common_rates_in_reach_are_those_that_bring_nearly_as_much():
    """By a grid over mixtures of cut-offs, not by the hull: two groups, two bins each."""
    drawn = draw_costs(GOOD, BAD, STUDY, draws=200, rng=3)
    low, high = rates_in_reach(GOOD, BAD, STUDY, drawn, confidence=0.9)
    people = (GOOD + BAD).sum(axis=1)

    def brings(rate):
        total = 0.0
        for good, bad, number in zip(GOOD, BAD, people, strict=True):
            taken = np.append(0.0, np.cumsum((good + bad)[::-1])) / number
            profit = np.append(0.0, np.cumsum(STUDY.of(good, bad)[::-1]))
            # The best lot between any two places that takes just so many.
            best = max(
                profit[i] + (profit[j] - profit[i]) * (rate - taken[i]) / (taken[j] - taken[i])
                for i in range(len(taken)) for j in range(i + 1, len(taken))
                if taken[i] <= rate <= taken[j] and taken[j] > taken[i]
            )  # fmt: skip
            total += best
        return total

    curve = np.array([brings(rate) for rate in drawn.common])
    away = drawn.along - curve
    reached = []
    for at in range(len(curve)):
        spread = [np.std(away[:, other] - away[:, curve.argmax()]) for other in range(len(curve))]
        near = curve.max() - curve <= np.sqrt(np.log(people.sum())) * np.array(spread)
        most = np.quantile([max(draw[near]) - draw[at] for draw in away], 0.9)
        reached.append(curve.max() - curve[at] <= most)
    assert (low, high) == (drawn.common[reached].min(), drawn.common[reached].max())
    # The draws are of what all groups bring at each of the rates: nobody selected brings nothing.
    assert drawn.along[:, 0] == pytest.approx(0.0)


def test_the_best_common_rate_is_in_reach_where_two_rates_bring_nearly_the_same():
    """Groups of one law: the spread of the drawn best rates alone covered the true one in 85% (docs/coverage.md)."""
    good = np.array([0.05, 0.08, 0.12, 0.16, 0.2, 0.2])
    bad = np.array([0.06, 0.05, 0.035, 0.025, 0.015, 0.005])
    laws = np.stack([good, good]), np.stack([bad, bad])
    rules = best_rules("demographic parity", *laws, STUDY)
    true = float(rules.mixture.of(laws[0] + laws[1])[0] / (good + bad).sum())
    rng = np.random.default_rng(12)
    law, hits = np.concatenate([good, bad]), 0
    for _ in range(200):
        counts = np.stack([rng.multinomial(n, law / law.sum()) for n in (300, 600)]).reshape(2, 2, 6).astype(float)
        drawn = draw_costs(counts[:, 0], counts[:, 1], STUDY, draws=100, rng=rng)
        low, high = rates_in_reach(counts[:, 0], counts[:, 1], STUDY, drawn, confidence=0.95)
        hits += low - 1e-9 <= true <= high + 1e-9
    # Of 200 at 95%, fewer than 181 come in 1 of 400 runs.
    assert hits >= 181
