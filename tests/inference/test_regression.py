"""A fit on cells is the fit on rows: statsmodels on every person."""

import numpy as np
import pytest
import statsmodels.api as sm

from fairaudit.inference.regression import cramers_v, design, fit_logit, linear_effect, logit_effect


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(7)
    n = 900
    group, branch, band = rng.integers(0, 2, n), rng.integers(0, 3, n), rng.integers(0, 2, n)
    selected = rng.random(n) < 0.5 - 0.12 * group + 0.1 * branch - 0.1 * band
    return group, np.stack([branch, band], axis=1), selected.astype(float)


def cells(group, controls, selected):
    lines, back = np.unique(np.column_stack([group, controls]), axis=0, return_inverse=True)
    return lines[:, 0], lines[:, 1:], np.bincount(back, selected), np.bincount(back).astype(float)


def test_the_logit_of_cells_is_the_logit_of_rows(rows):
    group, controls, selected = rows
    theirs = sm.Logit(selected, design(group, controls)).fit(disp=0)
    g, c, y, n = cells(*rows)
    mine = fit_logit(design(g, c), y, n)
    np.testing.assert_allclose(mine.coefficients, theirs.params, atol=1e-8)
    np.testing.assert_allclose(mine.covariance, theirs.cov_params(), atol=1e-8)


def test_the_marginal_effect_is_that_of_statsmodels(rows):
    group, controls, selected = rows
    effect = sm.Logit(selected, design(group, controls)).fit(disp=0).get_margeff(at="overall", dummy=True)
    made = logit_effect(*cells(*rows))
    assert made.value == pytest.approx(effect.margeff[0], abs=1e-8)
    assert (made.low, made.high) == pytest.approx(effect.conf_int()[0], abs=1e-6)
    assert made.p == pytest.approx(effect.pvalues[0], rel=1e-5)


def test_the_linear_probability_model_is_ols_with_hc1(rows):
    group, controls, selected = rows
    theirs = sm.OLS(selected, design(group, controls)).fit(cov_type="HC1")
    made = linear_effect(*cells(*rows))
    assert made.value == pytest.approx(theirs.params[1], abs=1e-10)
    assert (made.low, made.high) == pytest.approx(theirs.conf_int()[1], abs=1e-8)


def test_without_controls_the_effect_is_the_raw_difference():
    made = logit_effect([1, 0], np.zeros((2, 0)), [26, 206], [48, 259])
    assert made.value == pytest.approx(26 / 48 - 206 / 259, abs=1e-10)


@pytest.mark.parametrize(
    ("group", "controls", "selected", "reason"),
    [
        ([1, 0, 1, 0], [[0], [0], [1], [1]], [5, 6, 0, 0], "never or always"),
        ([1, 0], [[0], [1]], [5, 6], "tells group and reference apart"),
    ],
)
def test_what_cannot_be_fitted_says_why(group, controls, selected, reason):
    made = logit_effect(group, controls, selected, [10] * len(group))
    assert np.isnan(made.value)
    assert reason in made.undefined


def test_cramers_v_is_that_of_scipy():
    from scipy.stats.contingency import association

    table = np.array([[12, 5, 9], [3, 14, 8]])
    assert cramers_v(table) == pytest.approx(association(table, method="cramer"))
    assert np.isnan(cramers_v([[3, 4]]))
    # A level of one person counts, one of nobody does not.
    assert cramers_v([[1, 4, 0], [0, 5, 0], [0, 0, 0]]) == pytest.approx(association(np.array([[1, 4], [0, 5]])))
