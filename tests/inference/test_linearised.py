"""Linearised rates and contrasts: against rows, statsmodels, a linear programme, and in coverage."""

import numpy as np
import pytest
import scipy.optimize
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.inference.linearised import compare_rates, frechet_bounds, weighted_rates
from fairaudit.inference.proportion import effective_n


def rates_of(m, y, w=None):
    """Return the rates from rows, by the sums that a cube keeps."""
    w = np.ones(len(y)) if w is None else w
    wm = w[:, None] * m
    yes, no = wm[y == 1], wm[y == 0]
    return weighted_rates(yes.sum(axis=0), wm.sum(axis=0), yes.T @ yes, no.T @ no)


def people(seed=0, n=400, *, weighted=True):
    rng = np.random.default_rng(seed)
    m = rng.dirichlet([0.5, 0.8, 0.4], n)
    y = (rng.random(n) < 0.3 + 0.4 * m[:, 0]).astype(int)
    return m, y, rng.uniform(0.2, 3, n) if weighted else np.ones(n)


def test_the_covariance_is_that_of_a_sandwich_over_rows():
    m, y, w = people()
    made = rates_of(m, y, w)
    u = w[:, None] * m * (y[:, None] - made.value) / (w[:, None] * m).sum(axis=0)
    np.testing.assert_allclose(made.covariance, u.T @ u, rtol=1e-12)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_rate_and_its_variance_are_those_of_weighted_least_squares_in_statsmodels(level):
    m, y, w = people(1)
    made = rates_of(m, y, w)
    fit = sm.WLS(y, np.ones(len(y)), weights=w * m[:, level]).fit(cov_type="HC0")
    assert made.value[level] == pytest.approx(fit.params[0], rel=1e-12)
    assert made.covariance[level, level] == pytest.approx(fit.cov_params()[0, 0], rel=1e-10)


def test_differences_ratios_and_odds_ratios_allow_for_people_in_both_groups():
    m, y, w = people(2)
    made = rates_of(m, y, w)
    u = w[:, None] * m * (y[:, None] - made.value) / (w[:, None] * m).sum(axis=0)
    p = made.value
    for how, scale in (("difference", p**0), ("ratio", 1 / p), ("odds_ratio", 1 / (p * (1 - p)))):
        rows = u[:, 0] * scale[0] - u[:, 1] * scale[1]
        assert compare_rates(made, 0, 1, how=how).standard_error == pytest.approx(np.sqrt(rows @ rows), rel=1e-12)


def test_with_labels_it_is_the_linearised_result_of_labelled_groups():
    rng = np.random.default_rng(3)
    group, y, w = rng.integers(0, 2, 300), rng.integers(0, 2, 300), rng.uniform(0.2, 3, 300)
    made = rates_of(np.eye(2)[group], y, w)
    for g in (0, 1):
        here = group == g
        people = effective_n((w * y)[here].sum(), w[here].sum(), (w**2 * y)[here].sum(), (w**2)[here].sum())
        assert made.effective[g] == pytest.approx(float(people), rel=1e-12)
    assert made.covariance[0, 1] == 0
    # Unweighted, effective people are people.
    np.testing.assert_allclose(rates_of(np.eye(2)[group], y).effective, np.bincount(group), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["difference", "ratio", "odds_ratio"]))
def test_an_interval_contains_its_estimate_and_agrees_with_its_p_value(seed, how):
    m, y, w = people(seed, 60)
    made = rates_of(m, y, w)
    found = compare_rates(made, 0, 1, how=how)
    assert found.low <= found.value <= found.high
    assert found.low <= found.low_one_sided <= found.value <= found.high_one_sided <= found.high
    neutral = 0 if how == "difference" else 1
    assert (found.p < 0.05) == (not found.low <= neutral <= found.high)


def test_swapping_groups_inverts_a_ratio_and_turns_a_difference():
    made = rates_of(*people(4))
    there, back = (compare_rates(made, *pair, how="ratio") for pair in ((0, 1), (1, 0)))
    assert there.value == pytest.approx(1 / back.value)
    assert there.low == pytest.approx(1 / back.high)
    assert there.p == pytest.approx(back.p)
    there, back = (compare_rates(made, *pair, how="difference") for pair in ((0, 1), (1, 0)))
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))


def test_the_ends_of_the_scale():
    def of(a, n, b, m):
        return weighted_rates([a, b], [n, m], np.diag([a, b]), np.diag([n - a, m - b]))

    nobody = compare_rates(of(0.0, 20.0, 10.0, 20.0), 0, 1, how="ratio")
    assert (nobody.value, nobody.low) == (0, 0)
    assert 0 < nobody.high < 1
    assert nobody.p < 0.05
    assert np.isnan(compare_rates(of(0.0, 20.0, 0.0, 20.0), 0, 1, how="ratio").value)
    assert np.isnan(compare_rates(of(0.0, 0.0, 5.0, 20.0), 0, 1, how="difference").value)
    alike = compare_rates(of(5.0, 20.0, 5.0, 20.0), 0, 1, how="difference")
    assert (alike.value, alike.p) == (0, 1)
    assert compare_rates(of(5.0, 20.0, 0.0, 20.0), 0, 1, how="ratio").value == np.inf


def test_intervals_cover_the_truth():
    rng = np.random.default_rng(5)
    n, runs = 500, 300
    # P(y) = .3 + .3 m with m ~ Beta(.4, .7): E[m y] / E[m] from the Beta's moments.
    a, b = 0.4, 0.7
    mean, square = a / (a + b), a * (a + 1) / ((a + b) * (a + b + 1))
    truth = [0.3 + 0.3 * square / mean, 0.3 + 0.3 * (mean - square) / (1 - mean)]
    covered = {"difference": 0, "ratio": 0}
    true = {"difference": truth[0] - truth[1], "ratio": truth[0] / truth[1]}
    for _ in range(runs):
        m = rng.dirichlet([a, b], n)
        y = (rng.random(n) < 0.3 + 0.3 * m[:, 0]).astype(int)
        made = rates_of(m, y)
        for how in covered:
            found = compare_rates(made, 0, 1, how=how)
            covered[how] += found.low <= true[how] <= found.high
    for count in covered.values():
        assert 0.93 <= count / runs <= 0.97


def test_the_standard_error_is_that_of_a_row_bootstrap():
    m, y, w = people(8, 800)
    rng = np.random.default_rng(9)
    i = rng.integers(0, len(y), (1000, len(y)))
    wm = w[:, None] * m
    p = (wm * y[:, None])[i].sum(axis=1) / wm[i].sum(axis=1)
    made = rates_of(m, y, w)
    assert compare_rates(made, 0, 1, how="difference").standard_error == pytest.approx(
        (p[:, 0] - p[:, 1]).std(), rel=0.08
    )
    assert compare_rates(made, 0, 1, how="ratio").standard_error == pytest.approx(
        np.log(p[:, 0] / p[:, 1]).std(), rel=0.08
    )


def test_bounds_are_those_of_a_linear_programme():
    rng = np.random.default_rng(6)
    n = rng.uniform(5, 20, 4)
    y, m = n * rng.random(4), n * rng.random(4)
    ends = []
    for sign in (1, -1):
        total = 0.0
        for cell in range(4):
            # member and counted, member only, counted only, neither
            lhs = [[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]]
            total += scipy.optimize.linprog([sign, 0, 0, 0], A_eq=lhs, b_eq=[m[cell], y[cell], n[cell]]).fun
        ends.append(sign * total)
    assert frechet_bounds(n, y, m) == pytest.approx(tuple(ends))
