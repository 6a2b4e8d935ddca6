"""Contrasts made of contrasts: equivalences with Newcombe, and the duality of bounds and p."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.combining import bonferroni_p, mean_absolute, mover, worst_of
from fairaudit.inference.contrast import compare
from fairaudit.inference.counts import Interval
from fairaudit.inference.intervals import newcombe_difference
from fairaudit.inference.proportion import wilson


def test_mover_of_two_wilson_intervals_is_newcombe():
    # Zou & Donner (2008): Newcombe's hybrid score interval is their method on Wilson limits.
    one, two = wilson(56, 70), wilson(48, 80)
    found = mover(56 / 70, one.low, one.high, 48 / 80, two.low, two.high, weight2=-1)
    assert found[:2] == pytest.approx(newcombe_difference(56, 70, 48, 80)[:2])


def test_mover_of_symmetric_intervals_adds_in_quadrature():
    low, high, _ = mover(1.0, 0.7, 1.3, 2.0, 1.6, 2.4, weight1=0.5, weight2=0.5)
    assert (low, high) == pytest.approx((1.25, 1.75))  # half of sqrt(.3^2 + .4^2) on both sides of 1.5


def test_mover_takes_the_other_end_for_a_negative_weight():
    low, high, _ = mover(0.0, 0.0, 0.0, 1.0, 0.9, 1.5, weight2=-1)
    assert (low, high) == pytest.approx((-1.5, -0.9))


def test_mover_keeps_infinity_and_nan():
    low, high, _ = mover([1.0, np.nan], 0.5, [np.inf, 1.0], 0.0, -0.1, 0.1)
    assert high[0] == np.inf
    assert np.isfinite(low[0])
    assert np.isnan(low[1])


INTERVALS = st.lists(
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(lambda ends: Interval(min(ends), max(ends), "")),
    min_size=1,
    max_size=4,
)


@given(INTERVALS, st.data())
def test_every_truth_inside_the_components_is_inside_the_combination(intervals, data):
    truth = np.array([data.draw(st.floats(each.low, each.high)) for each in intervals])
    worst, mean = worst_of(intervals), mean_absolute(intervals)
    assert worst.low <= np.abs(truth).max() <= worst.high
    assert mean.low - 1e-12 <= np.abs(truth).mean() <= mean.high + 1e-12
    assert (worst.low == 0) == all(each.low <= 0 <= each.high for each in intervals)


@pytest.mark.parametrize("tables", [[(30, 100, 55, 110), (20, 90, 22, 95)], [(40, 90, 48, 95), (33, 80, 41, 85)]])
def test_combination_excludes_0_exactly_where_its_p_is_small(tables):
    gaps = [compare(*table, how="difference", confidence=0.975) for table in tables]
    p = bonferroni_p([gap.p for gap in gaps])
    assert (worst_of(gaps).low > 0) == (p < 0.05)
    assert (mean_absolute(gaps).low > 0) == (p < 0.05)


def test_bonferroni_p_by_column():
    np.testing.assert_allclose(bonferroni_p([[0.01, 0.9], [0.5, 0.7]]), [0.02, 1.0])
    assert np.isnan(bonferroni_p([0.01, np.nan]))


def test_an_undefined_component_leaves_the_combination_undefined():
    assert np.isnan(worst_of([Interval(0.1, 0.2, ""), Interval(np.nan, np.nan, "")]).low)


def test_no_component_is_an_error():
    with pytest.raises(UndefinedMetricError, match="at least one component"):
        worst_of([])
