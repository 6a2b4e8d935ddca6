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
