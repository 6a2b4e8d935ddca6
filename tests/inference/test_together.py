"""Means of several columns at once, against numpy on rows and the laws that the module names."""

import numpy as np
import pytest
import scipy.stats

from fairaudit.inference.together import (
    Gaps,
    Means,
    all_at_once,
    gaps_of,
    means_of,
    means_with_known_sum,
    one_by_one,
    slopes,
)


@pytest.fixture
def rows():
    return np.random.default_rng(1).normal(size=(40, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 2.0]])


def test_means_of_rows_have_numpy_s_covariance(rows):
    made = means_of(rows)
    assert made.value == pytest.approx(rows.mean(axis=0))
    assert made.covariance == pytest.approx(np.cov(rows.T) / 40)
    assert made.spread == pytest.approx(rows.var(axis=0, ddof=1))
    assert made.people == 40


def test_weights_of_one_size_change_nothing_and_others_count_effective_rows(rows):
    same, made = means_of(rows), means_of(rows, np.full(40, 2.5))
    assert made.value == pytest.approx(same.value)
    assert made.covariance == pytest.approx(same.covariance)
    assert made.people == pytest.approx(40)
    w = np.arange(1, 41.0)
    assert means_of(rows, w).people == pytest.approx(w.sum() ** 2 / (w**2).sum())
    assert means_of(rows, w).value == pytest.approx(np.average(rows, axis=0, weights=w))


def test_a_known_sum_puts_means_on_the_mean_of_everybody(rows):
    everybody = np.concatenate([rows.sum(axis=1), [3.0, 5.0, -1.0]])
    made = means_with_known_sum(rows, rows.sum(axis=1), everybody)
    assert made.value.sum() == pytest.approx(everybody.mean())
    # The variance of the sum is that of everybody's mean: the sample adds none.
    assert made.covariance.sum() == pytest.approx(everybody.var(ddof=1) / 43)
    assert made.people == 40
    assert made.spread == pytest.approx(rows.var(axis=0, ddof=1))


def test_slopes_are_those_of_numpy_and_0_without_spread(rows):
    on = np.column_stack([rows[:, 0], np.full(40, 7.0), rows[:, 2]])
    made = slopes(rows, on)
    x = np.column_stack([np.ones(40), rows[:, [0, 2]]])
    assert made[[0, 2]] == pytest.approx(np.linalg.lstsq(x, rows, rcond=None)[0][1:], abs=1e-10)
    assert (made[1] == 0).all()
    assert (slopes(rows, np.full((40, 1), 3.0)) == 0).all()


def test_welch_s_degrees_are_scipy_s():
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(12, 1)), 3 * rng.normal(size=(30, 1))
    made = gaps_of(means_of(one), means_of(other))
    theirs = scipy.stats.ttest_ind(one[:, 0], other[:, 0], equal_var=False)
    assert made.degrees[0] == pytest.approx(theirs.df)
    assert made.value[0] / made.error[0] == pytest.approx(theirs.statistic)


def test_one_by_one_is_the_quantile_of_t():
    assert one_by_one([7.0, np.nan], 0.9) == pytest.approx([scipy.stats.t.ppf(0.95, 7), np.nan], nan_ok=True)


def test_all_at_once_of_independent_columns_is_the_quantile_of_the_largest():
    many = Gaps(np.zeros(4), np.diag([1.0, 4.0, 9.0, 16.0]), np.full(4, np.inf))
    # P(all of 4 independent normal deviates within q) = 0.95.
    assert all_at_once(many) == pytest.approx(scipy.stats.norm.ppf(0.5 + 0.95**0.25 / 2), abs=0.02)


def test_columns_that_are_one_need_no_more_than_one():
    same = Gaps(np.zeros(3), np.ones((3, 3)), np.full(3, 9.0))
    assert all_at_once(same, 0.9) == pytest.approx(scipy.stats.t.ppf(0.95, 9), abs=0.03)


def test_few_degrees_reach_farther_and_columns_without_spread_do_not_count():
    covariance = np.diag([1.0, 1.0, 0.0])
    few = all_at_once(Gaps(np.zeros(3), covariance, np.array([5.0, 40.0, np.nan])))
    many = all_at_once(Gaps(np.zeros(3), covariance, np.array([1e7, 1e8, np.nan])))
    # Drawn by scipy: t of 5 degrees, two columns without correlation, 3.09.
    assert many == pytest.approx(scipy.stats.norm.ppf(0.5 + 0.95**0.5 / 2), abs=0.02)
    assert 3.0 < few < 3.2
    alone = all_at_once(Gaps(np.zeros(2), np.diag([2.0, 0.0]), np.array([12.0, np.nan])))
    assert alone == pytest.approx(scipy.stats.t.ppf(0.975, 12))
    assert np.isnan(all_at_once(Gaps(np.zeros(2), np.zeros((2, 2)), np.full(2, np.nan))))


def test_means_are_frozen():
    with pytest.raises(AttributeError):
        Means(np.zeros(1), np.zeros((1, 1)), np.zeros(1), 3.0).people = 4.0
