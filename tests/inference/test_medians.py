"""Medians by order statistics: against scipy, and the coverage worked out."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binom, quantile_test

from fairaudit.errors import FairauditError
from fairaudit.inference.medians import median_difference, median_interval


@pytest.mark.parametrize("people", [6, 10, 15, 20, 30, 50, 77])
def test_the_interval_is_that_of_scipys_quantile_test(people):
    # Oracle: scipy.stats.quantile_test, which inverts the binomial test of a quantile (Conover 1999, section 3.2).
    theirs = quantile_test(np.arange(1, people + 1), p=0.5).confidence_interval(0.95)
    assert median_interval(np.arange(1, people + 1))[1:3] == (theirs.low, theirs.high)


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
