"""Crossings against their parents: the fit, the score test and the effect, held against statsmodels' GLM."""

from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.inference.association import z_test
from fairaudit.inference.crossings import against_parents, fit, parent_groups, predict

SHAPES = [(3,), (2, 2), (5, 2), (3, 4), (2, 2, 2), (4, 3, 2)]


def table(shape, seed=0, low=0.15, high=0.6):
    rng = np.random.default_rng([seed, *shape])
    codes = np.array(list(np.ndindex(*shape)))
    den = rng.integers(40, 400, len(codes)).astype(float)
    num = rng.binomial(den.astype(int), rng.uniform(low, high, len(codes))).astype(float)
    return codes, num, den


def design(codes, shape):
    """Dummies of every interaction but the highest."""
    columns = [np.ones(len(codes))]
    for size in range(1, len(shape)):
        for chosen in combinations(range(len(shape)), size):
            for levels in product(*[range(1, shape[i]) for i in chosen]):
                columns.append((codes[:, list(chosen)] == levels).all(axis=1).astype(float))
    return np.stack(columns, axis=1)


def glm(num, den, columns):
    return sm.GLM(np.stack([num, den - num], axis=1), columns, family=sm.families.Binomial()).fit(tol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_fit_is_the_logistic_model_without_the_highest_interaction(shape):
    codes, num, den = table(shape)
    made = fit(parent_groups(codes), num, den)
    assert made.rate == pytest.approx(glm(num, den, design(codes, shape)).fittedvalues, abs=1e-7)
    for ids in parent_groups(codes):
        assert np.bincount(ids, den * made.rate) == pytest.approx(np.bincount(ids, num), abs=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_z_is_the_score_test_of_an_effect_of_the_row(shape):
    """Oracle: statsmodels' GLMResults.score_test for an indicator of the row."""
    codes, num, den = table(shape)
    columns = design(codes, shape)
    fitted = glm(num, den, columns)
    z = against_parents(codes, num, den).z
    for row in range(len(codes)):
        extra = (np.arange(len(codes)) == row).astype(float)
        score, p, _ = fitted.model.score_test(fitted.params, exog_extra=extra[:, None])
        assert z[row] ** 2 == pytest.approx(float(np.squeeze(score)), rel=1e-5)
        assert 0 <= float(np.squeeze(p)) <= 1


@pytest.mark.parametrize("shape", [(3, 4), (5, 2), (4, 3, 2)])
def test_the_effect_is_the_coefficient_of_the_row(shape):
    """Oracle: statsmodels' GLM with an indicator of the row; a half is added to that row's counts on both sides."""
    codes, num, den = table(shape, seed=4)
    for row in (0, len(codes) // 2, len(codes) - 1):
        extra = (np.arange(len(codes)) == row).astype(float)
        halved = num + 0.5 * extra, den + extra
        fitted = glm(*halved, np.column_stack([design(codes, shape), extra]))
        made = predict(codes, num, den, row)
        assert np.log(made.odds_ratio) == pytest.approx(fitted.params[-1], abs=1e-6)
        assert np.log([made.low, made.high]) == pytest.approx(fitted.conf_int()[-1], abs=1e-5)
        assert made.p == pytest.approx(fitted.pvalues[-1], rel=1e-4)


def test_two_by_two_is_the_sum_of_the_neighbours_less_the_opposite():
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    made = predict(codes, np.array([15.0, 40, 50, 60]), np.full(4, 100.0), 0)
    odds = (40 / 60) * (50 / 50) / (60 / 40)
    assert made.rate == pytest.approx(odds / (1 + odds), abs=1e-9)
    variance = 1 / 15.5 + 1 / 85.5 + 1 / 40 + 1 / 60 + 1 / 50 + 1 / 50 + 1 / 60 + 1 / 40
    effect = np.log(15.5 / 85.5) - np.log(odds)
    assert np.log(made.low) == pytest.approx(effect - 1.959964 * np.sqrt(variance), abs=1e-6)


def test_a_single_attribute_is_the_pooled_test_against_everybody_else():
    """Oracle: the two-sample z of the room, itself held against statsmodels."""
    codes, num, den = table((4,))
    z = against_parents(codes, num, den).z
    rest = num.sum() - num, den.sum() - den
    assert z == pytest.approx(z_test(num, den, *rest).statistic, abs=1e-9)
    assert predict(codes, num, den, 2).rate == pytest.approx(rest[0][2] / rest[1][2], abs=1e-9)


def test_single_attributes_predict_by_the_logistic_model_of_main_effects():
    """Oracle: statsmodels' GLM of main effects, with an indicator of the row for its effect."""
    shape = (4, 3, 2)
    codes, num, den = table(shape, seed=6)
    columns = np.column_stack(
        [np.ones(len(codes))] + [codes[:, i] == level for i in range(3) for level in range(1, shape[i])]
    ).astype(float)
    assert fit(parent_groups(codes, 1), num, den).rate == pytest.approx(glm(num, den, columns).fittedvalues, abs=1e-7)
    extra = (np.arange(len(codes)) == 7).astype(float)
    fitted = glm(num + 0.5 * extra, den + extra, np.column_stack([columns, extra]))
    made = predict(codes, num, den, 7, order=1)
    assert np.log([made.odds_ratio, made.low]) == pytest.approx([fitted.params[-1], fitted.conf_int()[-1, 0]], abs=1e-5)
    pairs = parent_groups(codes[:, :2], 1)
    assert pairs.tolist() == parent_groups(codes[:, :2]).tolist()


def test_no_interaction_is_predicted_exactly():
    codes = np.array(list(np.ndindex(3, 2, 2)))
    effects = np.array([0.3, -0.4, 0.8])[codes[:, 0]] + np.array([0.0, 0.5])[codes[:, 1]] * (1 + codes[:, 2])
    den = np.full(len(codes), 1e6)
    num = den / (1 + np.exp(-effects))
    assert np.abs(against_parents(codes, num, den).z).max() < 1e-3
    assert predict(codes, num, den, 5).odds_ratio == pytest.approx(1, abs=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([(3, 2), (2, 2, 3)]))
def test_swapping_what_is_counted_turns_the_sign(seed, shape):
    codes, num, den = table(shape, seed=seed)
    one, other = against_parents(codes, num, den).z, against_parents(codes, den - num, den).z
    assert one == pytest.approx(-other, abs=1e-4)
    made, turned = predict(codes, num, den, 1), predict(codes, den - num, den, 1)
    assert made.odds_ratio * turned.odds_ratio == pytest.approx(1, rel=1e-4)
    assert made.low <= made.odds_ratio <= made.high
    assert (made.p < 0.05) == (not made.low <= 1 <= made.high)


def test_a_row_that_is_all_of_a_parent_has_nothing_of_its_own():
    codes = np.array([[0, 0], [0, 1], [1, 0]])  # level 1 of the second attribute only with level 0 of the first
    num, den = np.array([30.0, 20, 50]), np.full(3, 100.0)
    assert np.isnan(against_parents(codes, num, den).z).all()
    assert np.isnan(predict(codes, num, den, 1).rate)


def test_nobody_or_everybody_counted_in_a_parent_is_no_error():
    codes = np.array(list(np.ndindex(3, 2)))
    num, den = np.array([0.0, 0, 40, 50, 100, 100]), np.full(6, 100.0)
    made = against_parents(codes, num, den)
    assert made.rate == pytest.approx([0, 0, 0.4, 0.5, 1, 1], abs=1e-6)
    assert np.isnan(made.z[[0, 1, 4, 5]]).all()
    assert np.isnan(predict(codes, num, den, 2).rate)  # only one row that varies is left: nothing to add up


def test_a_row_with_nobody_counted_has_a_finite_effect():
    codes = np.array(list(np.ndindex(3, 2)))
    made = predict(codes, np.array([0.0, 50, 40, 50, 30, 60]), np.full(6, 100.0), 0)
    assert 0 < made.low < made.odds_ratio < made.high < 0.2
