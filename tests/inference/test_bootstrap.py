"""The count bootstrap: the same distribution as resampling rows, seeded, bounded, refusing weights."""

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.bootstrap import (
    basic_interval,
    bootstrap,
    derive_seed,
    draw_counts,
    outer_interval,
    percentile_interval,
)


def test_resampled_rows_counted_are_exactly_multinomial():
    rows = [0, 0, 0, 1, 2]
    counts = np.bincount(rows)
    # All 5^5 resamples of the rows, each as likely as the next.
    seen = Counter(tuple(np.bincount(sample, minlength=3)) for sample in itertools.product(rows, repeat=len(rows)))
    for resample, times in seen.items():
        expected = stats.multinomial(len(rows), counts / len(rows)).pmf(resample)
        assert times / 5**5 == pytest.approx(expected, rel=1e-9)


def test_draws_have_the_multinomial_distribution():
    counts = np.array([[3, 0], [1, 1]])
    drawn = draw_counts(counts, 60_000, rng=3)
    law = stats.multinomial(5, counts.ravel() / 5)
    seen = Counter(map(tuple, drawn.reshape(-1, 4)))
    possible = [c for c in itertools.product(range(6), repeat=4) if sum(c) == 5 and c[1] == 0]
    expected = np.array([law.pmf(c) for c in possible]) * 60_000
    observed = np.array([seen[c] for c in possible])
    assert observed.sum() == 60_000
    kept = expected >= 5
    assert stats.chisquare(observed[kept], expected[kept] * observed[kept].sum() / expected[kept].sum()).pvalue > 0.001


def test_every_draw_has_all_the_people_and_empty_cells_stay_empty():
    counts = np.zeros((4, 50), dtype=int)
    counts[1, 3], counts[2, 40] = 70, 30
    drawn = draw_counts(counts, 200, rng=1)
    assert drawn.shape == (200, 4, 50)
    assert drawn.dtype == np.int64
    assert (drawn.sum(axis=(1, 2)) == 100).all()
    assert (drawn[:, counts == 0] == 0).all()
    assert draw_counts(np.zeros(3, dtype=int), 5).sum() == 0


def test_chunks_do_not_change_the_draws():
    def share(k):
        return k[:, 0] / k.sum(axis=1)

    one = bootstrap(share, [30, 50, 20], draws=100, rng=9)
    many = bootstrap(share, [30, 50, 20], draws=100, rng=9, chunk=7)
    np.testing.assert_array_equal(one, many)


def test_no_rng_is_a_seed_from_the_counts():
    def first(k):
        return k[:, 0]

    one, again = bootstrap(first, [30, 70], draws=20), bootstrap(first, [30, 70], draws=20)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, bootstrap(first, [31, 70], draws=20))


def test_seed_is_the_same_everywhere_and_fits_json():
    # printf 'cube' | sha256sum | cut -c1-12, read as a hexadecimal number.
    assert derive_seed("cube") == 0x4F3C4172A4FE
    assert derive_seed("cube") < 2**53
    assert derive_seed("cube") != derive_seed("cubes")


def test_statistics_of_many_cells_keep_their_shape():
    counts = np.arange(1, 13).reshape(2, 3, 2)
    drawn = bootstrap(lambda k: k.sum(axis=-1), counts, draws=10, rng=1)
    assert drawn.shape == (10, 2, 3)
    low, high, _ = percentile_interval(drawn)
    assert low.shape == high.shape == (2, 3)


def test_intervals_leave_undefined_draws_out():
    drawn = np.full((1000, 2), np.nan)
    drawn[:500, 0] = np.linspace(0, 1, 500)
    low, high, _ = percentile_interval(drawn, confidence=0.9)
    assert (low[0], high[0]) == pytest.approx((0.05, 0.95))
    assert np.isnan(low[1])
    assert np.isnan(high[1])


def test_basic_mirrors_percentile_about_the_estimate_and_outer_holds_both():
    drawn = np.random.default_rng(1).exponential(size=2000)
    percentile = percentile_interval(drawn)
    basic = basic_interval(0.5, drawn)
    assert basic.low == pytest.approx(1.0 - percentile.high)
    assert basic.high == pytest.approx(1.0 - percentile.low)
    outer = outer_interval(0.5, drawn, least=0.0, most=1.0)
    assert outer.low == 0
    assert outer.high == pytest.approx(percentile.high)


@pytest.mark.parametrize("counts", [[1.5, 2], [-1, 3], [np.nan, 2], [np.inf, 1]])
def test_weights_are_refused_with_the_mend(counts):
    with pytest.raises(UndefinedMetricError, match="linearised variances"):
        draw_counts(counts, 3)


def test_no_draws_is_an_error():
    with pytest.raises(UndefinedMetricError, match="draws=0"):
        bootstrap(lambda k: k, [1, 2], draws=0)
    with pytest.raises(UndefinedMetricError, match="draws=-1"):
        draw_counts([1, 2], -1)


def test_no_draws_one_at_a_time_and_draws_of_the_first_axis():
    counts = np.array([[4, 6], [5, 15]])
    assert draw_counts(counts, 0, rng=1).shape == (0, 2, 2)
    by_first = draw_counts(counts, 30, rng=1, strata=0)
    assert by_first.shape == (30, 2, 2)
    assert (by_first.sum(axis=2) == counts.sum(axis=1)).all()
    whole = bootstrap(lambda k: k[:, 0, 0], counts, draws=20, rng=1)
    assert bootstrap(lambda k: k[:, 0, 0], counts, draws=20, rng=1, chunk=1).tolist() == whole.tolist()


def test_the_outer_interval_has_the_confidence_asked_for():
    drawn = np.arange(101.0)
    assert [float(end) for end in outer_interval(50.0, drawn, confidence=0.5)[:2]] == [25.0, 75.0]
    assert [float(end) for end in outer_interval(60.0, drawn, confidence=0.5)[:2]] == [25.0, 95.0]
