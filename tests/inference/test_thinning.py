"""People dealt into two halves: what adds up, and the law of every entry."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.thinning import thin

COUNTS = arrays(np.int64, st.tuples(st.integers(0, 4), st.integers(1, 5)), elements=st.integers(0, 1000))


@settings(deadline=None)
@given(COUNTS, st.floats(0.05, 0.95), st.integers(0, 2**40))
def test_the_halves_add_up_to_the_whole_and_the_first_has_its_share(counts, share, seed):
    halves = thin(counts, share=share, rng=seed)
    assert (halves.search + halves.confirmation == counts).all()
    assert halves.search.min(initial=0) >= 0
    assert halves.confirmation.min(initial=0) >= 0
    assert halves.search.sum() == int(counts.sum() * share)
    assert halves.search.shape == counts.shape


def test_the_same_seed_deals_the_same_people():
    counts = np.arange(12).reshape(3, 4)
    assert (thin(counts, rng=7).search == thin(counts, rng=7).search).all()
    assert (thin(counts, rng=np.random.default_rng(7)).search == thin(counts, rng=7).search).all()
    assert any((thin(counts, rng=seed).search != thin(counts, rng=7).search).any() for seed in range(5))


def test_each_entry_is_hypergeometric():
    """Oracle: scipy.stats.hypergeom, by a chi-square test of 4,000 splits at p > 0.001."""
    counts, rng = np.array([[6, 9], [3, 22]]), np.random.default_rng(20_240)
    splits = np.array([thin(counts, share=0.4, rng=rng).search for _ in range(4_000)])
    everybody, drawn = int(counts.sum()), int(counts.sum() * 0.4)
    for place in np.ndindex(counts.shape):
        law = scipy.stats.hypergeom(everybody, int(counts[place]), drawn)
        values = np.arange(counts[place] + 1)
        expected = 4_000 * law.pmf(values)
        seen = np.bincount(splits[(slice(None), *place)], minlength=len(values))
        rare = expected < 5
        seen = np.append(seen[~rare], seen[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
        kept = expected > 0
        assert scipy.stats.chisquare(seen[kept], expected[kept]).pvalue > 0.001


def test_halves_of_a_sample_are_independent():
    """Dealt from a multinomial sample, the two halves' shares of one kind do not go together."""
    rng = np.random.default_rng(3)
    halves = [thin(rng.multinomial(400, [0.3, 0.7]), rng=rng) for _ in range(2_000)]
    first, second = (np.array([half[i][0] for half in halves]) for i in (0, 1))
    assert scipy.stats.pearsonr(first, second).pvalue > 0.001
    fixed = [thin([120, 280], rng=rng) for _ in range(200)]
    assert np.corrcoef([h.search[0] for h in fixed], [h.confirmation[0] for h in fixed])[0, 1] == pytest.approx(-1)


@pytest.mark.parametrize("counts", [[1.5, 2], [-1, 3], [np.nan, 1]])
def test_only_whole_people_are_dealt(counts):
    with pytest.raises(UndefinedMetricError, match="Sums of weights cannot be dealt out"):
        thin(counts, rng=1)


def test_shares_and_numbers_outside_the_range_are_refused():
    with pytest.raises(UndefinedMetricError, match="share must be between 0 and 1"):
        thin([1, 2], share=1.0, rng=1)
    with pytest.raises(UndefinedMetricError, match="At most 999,999,999 people"):
        thin([600_000_000, 600_000_000], rng=1)
