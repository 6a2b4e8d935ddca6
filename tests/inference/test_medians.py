"""Medians by order statistics: against published ranks, and the coverage worked out."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom

from fairaudit.errors import FairauditError
from fairaudit.inference.medians import median_difference, median_interval


@pytest.mark.parametrize(("people", "rank"), [(6, 1), (10, 2), (15, 4), (20, 6), (30, 10), (50, 18)])
def test_the_ranks_are_those_of_the_published_table(people, rank):
    # Ranks of the 95% interval of a median: Altman, Machin, Bryant & Gardner (2000), Statistics with Confidence,
    # table 18.4 (n = 10: 2 and 9; n = 20: 6 and 15; n = 30: 10 and 21; n = 50: 18 and 33).
    made = median_interval(np.arange(1, people + 1))
    assert (made.low, made.high) == (rank, people + 1 - rank)


@pytest.mark.parametrize("people", range(1, 60))
def test_the_interval_covers_at_least_as_often_as_it_says_and_no_narrower_one_does(people):
    low = median_interval(np.arange(1, people + 1)).low
    if math.isinf(low):
        assert 1 - 2 * 0.5**people < 0.95
        return
    assert 1 - 2 * binom.cdf(low - 1, people, 0.5) >= 0.95
    assert 2 * low > people - 1 or 1 - 2 * binom.cdf(low, people, 0.5) < 0.95


def test_the_difference_covers_in_small_samples_by_enumeration():
    # Five people each drawn from three values with ties: all outcomes, the true difference of medians is 0.
    values, chances = [0.0, 1.0, 2.0], [0.3, 0.4, 0.3]
    covered = 0.0
    for counts in itertools.product(range(8), repeat=2):
        for others in itertools.product(range(8), repeat=2):
            if sum(counts) > 7 or sum(others) > 7:
                continue
            tables = [[*some, 7 - sum(some)] for some in (counts, others)]
            chance = math.prod(
                math.factorial(7) * math.prod(p**k / math.factorial(k) for p, k in zip(chances, table, strict=True))
                for table in tables
            )
            made = median_difference(*(np.repeat(values, table) for table in tables))
            covered += chance * (made.low <= 0 <= made.high)
    assert covered >= 0.95


def test_nobody_has_no_median():
    assert all(math.isnan(number) for number in median_interval([])[:3])
    assert math.isnan(median_difference([], [1.0]).value)
    with pytest.raises(FairauditError, match="confidence"):
        median_interval([1.0], confidence=95)
