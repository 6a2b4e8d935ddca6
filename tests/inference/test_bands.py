"""Bands and draws of weighted people, and of clusters: their covariances are those of the rows, by numpy."""

import numpy as np
import pytest

from fairaudit.cube.confusion import Tally
from fairaudit.inference.bands import Curve, largest_of_paths, replicate_paths, weighted_paths
from fairaudit.inference.permutation import beside, deal_weighted

PEOPLE = 600


def rows(seed):
    rng = np.random.default_rng(seed)
    step = rng.integers(0, 8, PEOPLE)
    # Heavy people have low scores: weights follow the score.
    return step, np.where(step < 4, 2.5, 0.5) * rng.uniform(0.5, 1.5, PEOPLE)


def test_paths_of_weighted_rates_have_the_linearised_covariance_of_the_rows():
    step, w = rows(1)
    weights, squares = np.bincount(step, w, 8), np.bincount(step, w**2, 8)
    drawn = weighted_paths(weights, squares, rng=np.random.default_rng(2), draws=40_000)
    selected = step[:, None] >= np.arange(1, 8)
    rate = (w[:, None] * selected).sum(axis=0) / w.sum()
    residual = w[:, None] * (selected - rate) / w.sum()
    exact = residual.T @ residual
    np.testing.assert_allclose(np.cov(drawn, rowvar=False), exact, atol=0.03 * exact.max())


def test_mixed_replicates_have_the_covariance_of_the_replicates():
    rng = np.random.default_rng(3)
    moves = rng.normal(size=(256, 5, 2)).cumsum(axis=1)
    paths = replicate_paths(moves, rng=rng, draws=40_000, freedom=np.array([1e6, 1e6]))
    both = np.concatenate([paths(0), paths(1)], axis=1)
    flat = np.moveaxis(moves, 2, 1).reshape(256, -1)
    exact = flat.T @ flat / 256
    np.testing.assert_allclose(np.cov(both, rowvar=False), exact, atol=0.03 * exact.max())


def test_the_band_of_weighted_rates_holds_all_cut_offs_at_once():
    shares = np.full(8, 1 / 8)
    truth = 1 - np.cumsum(shares)[:-1]
    held = []
    for seed in range(150):
        rng = np.random.default_rng([4, seed])
        step = rng.integers(0, 8, PEOPLE)
        w = np.where(step < 4, 2.0, 1.0) * rng.uniform(0.5, 1.5, PEOPLE)
        w = np.where(step < 4, w / 2, w)  # on average nobody counts more than another
        weights, squares = np.bincount(step, w, 8), np.bincount(step, w**2, 8)
        rate = 1 - np.cumsum(weights)[:-1] / weights.sum()
        above, below = squares.sum() - np.cumsum(squares)[:-1], np.cumsum(squares)[:-1]
        error = np.sqrt(above * (1 - rate) ** 2 + below * rate**2) / weights.sum()
        curve = Curve(rate[:, None], error[:, None], (rate * (1 - rate) / error**2)[:, None])
        drawn = weighted_paths(weights, squares, rng=rng, draws=500)
        largest, _ = largest_of_paths(lambda _, drawn=drawn: drawn, curve, reference=None, draws=500)
        held.append((np.abs(rate - truth) <= np.quantile(largest, 0.95) * error).all())
    assert 0.90 <= np.mean(held) <= 0.99


def test_draws_of_weighted_groups_keep_the_size_of_a_distance():
    # Two groups of one distribution; one of them was drawn with weights that follow the score.
    p = []
    for seed in range(200):
        rng = np.random.default_rng([5, seed])
        sides = []
        for odds in (np.full(6, 1.0), np.linspace(0.4, 1.6, 6)):
            of = rng.integers(0, 6, 600)
            kept = rng.random(600) < odds[of] / 1.6
            w = 1 / odds[of[kept]]
            n = np.bincount(of[kept], minlength=6).astype(float)
            sides.append(Tally(n, np.bincount(of[kept], w, 6), np.bincount(of[kept], w**2, 6)))
        g, r = deal_weighted([sides[0]], [sides[1]], rng=rng, draws=200)

        def apart(a, b):
            return np.abs(
                np.cumsum(a / a.sum(axis=-1, keepdims=True) - b / b.sum(axis=-1, keepdims=True), axis=-1)
            ).max(axis=-1)

        p.append(beside(float(apart(sides[0].w, sides[1].w)), apart(g[:, 0], r[:, 0])).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.08
    assert np.mean(p) == pytest.approx(0.5, abs=0.15)


# By hand: two cut-offs, two groups, few draws


def _curve(rate, error, people):
    return Curve(*(np.array(side, dtype=float) for side in (rate, error, people)))


MOVED = {0: np.array([[0.1, -0.4], [0.2, 0.1]]), 1: np.array([[0.3, 0.1], [-0.1, 0.2]])}


def test_the_largest_statistics_by_hand():
    curve = _curve([[0.5, 0.4], [0.25, 0.2]], [[0.1, 0.2], [0.1, 0.1]], [[100, 100], [100, 100]])
    rates, ratios = largest_of_paths(MOVED.__getitem__, curve, reference=1, draws=2)
    # Rates: |0.1/0.1|, |-0.4/0.1|, |0.3/0.2|, |0.1/0.1| in the first draw; 0.2/0.1, 0.1/0.1, 0.1/0.2, 0.2/0.1.
    assert rates.tolist() == pytest.approx([2.0, 4.0])
    # Ratios of group 0: moves over rates, less the reference's, over the root of their mean square.
    gap = np.array([[0.2 - 0.75, -1.6 - 0.5], [0.4 + 0.25, 0.4 - 1.0]])
    expected = np.abs(gap / np.sqrt((gap**2).mean(axis=0))).max(axis=1)
    assert ratios.tolist() == pytest.approx(sorted(expected))


def test_without_a_reference_there_are_no_ratios():
    curve = _curve([[0.5, 0.4], [0.25, 0.2]], [[0.1, 0.2], [0.1, 0.1]], [[100, 100], [100, 100]])
    rates, ratios = largest_of_paths(MOVED.__getitem__, curve, reference=None, draws=2)
    assert rates.tolist() == pytest.approx([2.0, 4.0])
    assert ratios.size == 0


def test_points_with_few_people_or_without_error_have_no_part():
    # 100 at 0.05 are 5 people; an error of 0 says that nothing moves there.
    curve = _curve([[0.5, 0.05], [0.05, 0.2]], [[0.1, 0.2], [0.1, 0.0]], [[100, 100], [100, 100]])
    assert curve.enough.tolist() == [[True, False], [False, False]]
    rates, ratios = largest_of_paths(MOVED.__getitem__, curve, reference=1, draws=2)
    assert rates.tolist() == pytest.approx([1.0, 2.0])
    assert ratios.tolist() == [0.0, 0.0]


def test_ten_on_the_smaller_side_are_enough():
    curve = _curve([[0.1, 0.9, 0.0999]], [[0.1] * 3], [[100] * 3])
    assert curve.enough.tolist() == [[True, True, False]]


def test_a_group_without_weights_does_not_move():
    nobody = weighted_paths(np.zeros(4), np.zeros(4), rng=np.random.default_rng(1), draws=5)
    assert nobody.shape == (5, 3)
    assert (nobody == 0).all()


def test_few_degrees_of_freedom_stretch_the_paths_as_t():
    moves = np.random.default_rng(3).normal(size=(256, 1, 3))
    paths = replicate_paths(moves, rng=np.random.default_rng(4), draws=60_000, freedom=np.array([1e9, 8.0, np.nan]))
    spread = [
        np.percentile(np.abs(paths(group)), 95) / np.sqrt((moves[:, 0, group] ** 2).mean()) for group in (0, 1, 2)
    ]
    # Two-sided 95% quantiles: normal 1.960, t with 8 degrees 2.306, with 1 degree (nothing known) 12.71.
    assert spread == pytest.approx([1.960, 2.306, 12.71], rel=0.05)
