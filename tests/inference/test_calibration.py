"""Calibration from counts against statsmodels, scikit-learn and scipy on the rows, and its behaviour."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint

from fairaudit import count
from fairaudit.cube.confusion import BAD, GOOD, Tally
from fairaudit.cube.score_sums import ScoreSums, score_sums
from fairaudit.inference.calibration import (
    balance,
    brier_interval,
    brier_parts,
    calibration_errors,
    in_the_large,
    in_the_large_difference,
    observed_interval,
    recalibrate,
    resolution_interval,
    slope_difference,
    uncertainty_interval,
)
from fairaudit.inference.proportion import wilson
from fairaudit.metrics.calibration import Predicted, frequency_bands, pooled_blocks, predicted

PEOPLE = 1500


def rows(seed=0, digits=None, people=PEOPLE, harsh=1.2):
    """Return group, predicted probability of the good outcome, and outcome; group A turns out better than said."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["A", "B"], people)
    p = rng.beta(5, 2, people)
    p = p if digits is None else np.clip(p.round(digits), 0.01, 0.99)
    odds = p / (1 - p) * np.where(group == "A", harsh, 1.0)
    return group, p, (rng.random(people) < odds / (1 + odds)).astype(int)


def sums(group, score, y, higher_is="better", **roles):
    made = count(
        {"g": group, "s": score, "y": y} | roles.pop("columns", {}),
        groups="g", score="s", higher_is=higher_is, outcome="y", good=1, **roles,
    )  # fmt: skip
    return score_sums(made)


def own(group, p, y, **roles):
    return predicted(sums(group, p, y, **roles))


def pooled(s):
    everybody = s.pooled(range(s.sums.shape[0]))
    return predicted(s, everybody=everybody)


@pytest.mark.parametrize("which", [0, 1])
def test_intercept_and_slope_are_those_of_statsmodels_on_the_rows(which):
    group, p, y = rows(digits=2)
    made = recalibrate(own(group, p, y))
    mine = group == ["A", "B"][which]
    x, good = scipy.special.logit(p[mine]), y[mine]
    slope = sm.GLM(good, sm.add_constant(x), family=sm.families.Binomial()).fit()
    intercept = sm.GLM(good, np.ones(mine.sum()), family=sm.families.Binomial(), offset=x).fit()
    low, high = slope.conf_int()[1]
    assert made.slope.value[which] == pytest.approx(slope.params[1], abs=1e-8)
    assert made.slope.low[which] == pytest.approx(low, abs=1e-6)
    assert made.slope.high[which] == pytest.approx(high, abs=1e-6)
    assert made.intercept.value[which] == pytest.approx(intercept.params[0], abs=1e-8)
    assert made.intercept.low[which] == pytest.approx(intercept.conf_int()[0][0], abs=1e-6)
    assert made.intercept.p[which] == pytest.approx(intercept.pvalues[0], rel=1e-5)


def test_the_slope_difference_is_an_interaction_in_statsmodels():
    group, p, y = rows(seed=3, digits=2)
    made = own(group, p, y)
    found = slope_difference(recalibrate(made[[0]]), recalibrate(made[[1]]))
    x, a = scipy.special.logit(p), (group == "A").astype(float)
    fit = sm.GLM(y, np.stack([np.ones(len(y)), a, x, a * x], axis=1), family=sm.families.Binomial()).fit()
    assert found.value[0] == pytest.approx(fit.params[3], abs=1e-8)
    assert found.p[0] == pytest.approx(fit.pvalues[3], rel=1e-5)


@pytest.mark.parametrize(("higher_is", "edges"), [("better", None), ("worse", None), ("worse", [0.2, 0.4, 0.6])])
def test_the_brier_score_is_that_of_the_rows_however_scores_are_binned(higher_is, edges):
    group, p, y = rows(seed=1, digits=None if edges else 2)
    said = p if higher_is == "better" else 1 - p
    roles = {"edges": edges} if edges else {}
    found = brier_interval(own(group, said, y, higher_is=higher_is, **roles))
    for i, name in enumerate("AB"):
        mine = group == name
        assert found.value[i] == pytest.approx(brier_score_loss(y[mine], p[mine]), abs=2e-6)
        assert found.low[i] < found.value[i] < found.high[i]
    if edges is None:
        errors = (y - p)[group == "A"] ** 2
        low, high = scipy.stats.t.interval(
            0.95, len(errors) - 1, errors.mean(), errors.std(ddof=1) / len(errors) ** 0.5
        )
        assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize("digits", [1, 2])
def test_the_three_parts_add_up_to_the_brier_score(digits):
    group, p, y = rows(seed=2, digits=digits)
    made = own(group, p, y)
    reliability, resolution, uncertainty = brier_parts(made)
    assert reliability - resolution + uncertainty == pytest.approx(brier_interval(made).value)
    if digits == 1:  # a band a score: Murphy's own three parts
        mine, good = p[group == "A"], y[group == "A"]
        cells = [(mine == value, value) for value in np.unique(mine)]
        assert reliability[0] == pytest.approx(sum(c.mean() * (good[c].mean() - v) ** 2 for c, v in cells))
        assert resolution[0] == pytest.approx(sum(c.mean() * (good[c].mean() - good.mean()) ** 2 for c, _ in cells))


@pytest.mark.parametrize("tells", [0.0, 0.3, 1.0])
def test_resolution_less_noise_is_unbiased_and_its_interval_covers(tells):
    """Ten scores; the good rate follows them not at all, a little, or wholly."""
    said = np.linspace(0.05, 0.95, 10)
    true = 0.5 + tells * (said - 0.5)
    resolution = ((true - true.mean()) ** 2).mean()
    rng = np.random.default_rng(8)
    people = rng.multinomial(300, np.full(10, 0.1), size=600)
    good = rng.binomial(people, true)
    counts = np.stack([good, people - good], axis=-1).astype(float)
    with_said = counts * said[:, None]
    p = Predicted(Tally.of(counts), with_said, with_said * said[:, None])
    value, (low, high, _) = resolution_interval(p)
    error = value.std() / len(value) ** 0.5
    assert value.mean() == pytest.approx(resolution, abs=4 * error)
    raw = brier_parts(p)[1].mean()
    assert raw - resolution > 10 * error or tells == 1  # what noise adds
    assert 0.92 <= ((low <= resolution) & (resolution <= high)).mean() <= 1.0
    if tells > 0:
        assert ((low <= resolution) & (resolution <= high)).mean() <= 0.985


@pytest.mark.parametrize("follows", ["the outcome", "the score"])
def test_chance_makes_the_error_that_it_makes_where_weights_follow(follows):
    """Predictions hold among the people that weighted rows stand for: errors are what draws expect, in the mean."""
    rng = np.random.default_rng(4)
    said = scipy.special.expit(1.5 + np.linspace(-2, 2, 12))
    weight = np.array([0.5, 1.0, 2.0, 5.0])
    even, larger = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.1, 0.2, 0.3, 0.4])
    people = np.stack([said, 1 - said], axis=1)
    law = np.array([[even, larger if follows == "the outcome" else even]] * 12)
    if follows == "the score":
        law[6:] = larger
    rows_of = (people / (law @ weight))[:, :, None] * law
    drawn = rng.multinomial(2_000, (rows_of / rows_of.sum()).ravel(), size=400).reshape(400, *rows_of.shape)
    table = Tally(drawn.sum(axis=-1).astype(float), drawn @ weight, drawn @ weight**2)
    p = Predicted(table, table.w * said[:, None], table.w * said[:, None] ** 2)
    for found in calibration_errors(p, rng=1, draws=200):
        error = found.value.std() / len(found.value) ** 0.5
        assert found.expected.mean() == pytest.approx(found.value.mean(), abs=3 * error)
        assert (found.p < 0.05).mean() < 0.08


def test_weights_of_one_size_leave_the_interval_of_resolution():
    group, p, y = rows(seed=2, digits=1)
    plain = resolution_interval(own(group, p, y))
    heavy = resolution_interval(own(group, p, y, columns={"w": [2.0] * PEOPLE}, weight="w"))
    np.testing.assert_allclose(heavy[0], plain[0], rtol=1e-9)
    np.testing.assert_allclose([heavy[1].low, heavy[1].high], [plain[1].low, plain[1].high], rtol=1e-9)


def test_the_errors_drawn_beside_are_those_of_the_parts():
    group, p, y = rows(seed=2, digits=1)
    made = own(group, p, y)
    error, reliability = calibration_errors(made, rng=1, draws=200)
    assert reliability.value == pytest.approx(brier_parts(made)[0])
    mine, good = p[group == "A"], y[group == "A"]
    cells = [(mine == value, value) for value in np.unique(mine)]
    assert error.value[0] == pytest.approx(sum(c.mean() * abs(good[c].mean() - v) for c, v in cells))
    assert reliability.excess == pytest.approx(reliability.value - reliability.expected)


def test_bands_hold_about_equal_people_and_reach_the_last_bin():
    people = np.ones((2, 200, 2))
    people[1, :100] = 0.0  # the second group stands in the better half of the bins
    made = frequency_bands(Predicted(Tally.of(people), people, people))
    assert np.bincount(made[0]).tolist() == [20] * 10
    assert np.bincount(made[1], weights=people[1, :, 0]).tolist() == [10] * 10
    few = Predicted(Tally.of(people[:, :7]), people[:, :7], people[:, :7])
    assert frequency_bands(few).tolist() == [list(range(7))] * 2


def test_the_slope_against_the_pooled_curve_is_a_logit_on_its_smoothed_log_odds():
    group, p, y = rows(seed=6, digits=1)
    again = recalibrate(pooled(sums(group, p, y)))
    # The curve: good of people at each score, neighbours together until 100 people stand behind it.
    at = np.unique(p, return_inverse=True)[1]
    people, good = np.bincount(at), np.bincount(at, weights=y)
    block = pooled_blocks(people.astype(float))
    n, g = np.bincount(block, weights=people)[block], np.bincount(block, weights=good)[block]
    x = np.log((g + 0.5) / (n - g + 0.5))[at]
    for i, name in enumerate("AB"):
        mine = group == name
        fit = sm.GLM(y[mine], sm.add_constant(x[mine]), family=sm.families.Binomial()).fit()
        assert again.slope.value[i] == pytest.approx(fit.params[1], abs=1e-7)


def test_in_the_large_is_observed_less_predicted_with_wilson_at_the_variance_of_the_predictions():
    group, p, y = rows(digits=2)
    found = in_the_large(own(group, p, y))
    mine = group == "A"
    variance = (p[mine] * (1 - p[mine])).sum()
    said = p[mine].mean()
    worth = said * (1 - said) * mine.sum() ** 2 / variance
    low, high = proportion_confint(y[mine].mean() * worth, worth, method="wilson")
    z = (y[mine] - p[mine]).sum() / np.sqrt(variance)
    assert found.value[0] == pytest.approx(y[mine].mean() - said)
    assert (found.low[0], found.high[0]) == pytest.approx((low - said, high - said))
    assert found.p[0] == pytest.approx(2 * scipy.stats.norm.sf(abs(z)))


def test_the_uncertainty_has_the_ends_of_the_good_rate():
    for good, bad in ((30, 10), (10, 30), (21, 19)):
        made = Predicted(Tally.of([[[float(good), float(bad)]]]), np.zeros((1, 1, 2)), np.zeros((1, 1, 2)))
        low, high = proportion_confint(good, good + bad, method="wilson")
        found = uncertainty_interval(made)
        inside = np.linspace(low, high, 2001)
        assert found.low[0] == pytest.approx((inside * (1 - inside)).min())
        assert found.high[0] == pytest.approx((inside * (1 - inside)).max(), abs=1e-6)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_in_the_large_leaves_0_out_exactly_where_the_test_is_significant(confidence):
    said = np.linspace(0.1, 0.9, 9)
    rng = np.random.default_rng(4)
    good = rng.binomial(40, np.clip(said + rng.uniform(-0.1, 0.1, (300, 1)), 0.01, 0.99))
    n = np.stack([good, 40 - good], axis=-1).astype(float)
    found = in_the_large(Predicted(Tally.of(n), n * said[:, None], n * said[:, None] ** 2), confidence=confidence)
    outside = (found.low > 0) | (found.high < 0)
    assert 0 < outside.sum() < 300
    assert (outside == (found.p < 1 - confidence)).all()


@pytest.mark.parametrize("edges", [None, [0.3, 0.5, 0.7]])
def test_the_difference_in_the_large_is_that_of_two_mean_residuals(edges):
    group, p, y = rows(digits=None if edges else 2)
    made = own(group, p, y, **({"edges": edges} if edges else {}))
    found = in_the_large_difference(made[[0]], made[[1]])
    a, b = ((y - p)[group == name] for name in "AB")
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    assert found.value[0] == pytest.approx(a.mean() - b.mean(), abs=1e-6)
    assert found.high[0] - found.value[0] == pytest.approx(1.959964 * error, abs=1e-5)
    assert found.p[0] == pytest.approx(scipy.stats.ttest_ind(a, b, equal_var=False).pvalue, rel=0.05)


@pytest.mark.parametrize("digits", [1, None])
def test_the_error_against_the_pooled_curve_is_that_of_outcomes_drawn_anew(digits):
    rng = np.random.default_rng(8)
    group, p, _ = rows(seed=8, digits=digits, people=1200)
    drawn = []
    for _ in range(300):  # the spread of 300 draws is known to 4%
        made = pooled(sums(group, p, (rng.random(len(p)) < p).astype(int)))
        large, gap = in_the_large(made), in_the_large_difference(made[[0]], made[[1]])
        drawn.append([large.value[0], large.high[0] - large.value[0], gap.value[0], gap.high[0] - gap.value[0]])
    value, half, gap, half_gap = np.array(drawn).T
    assert half.mean() / 1.96 == pytest.approx(value.std(), rel=0.15)
    assert half_gap.mean() / 1.96 == pytest.approx(gap.std(), rel=0.15)


def test_pooled_expectations_add_up_to_what_happened():
    group, p, y = rows(seed=5)
    made = pooled(sums(group, p, y))
    assert (made.expected * made.heads).sum() == pytest.approx(y.sum())
    assert in_the_large(made).value[0] > 0 > in_the_large(made).value[1]


def test_calibration_error_of_a_calibrated_score_is_what_chance_gives():
    rng = np.random.default_rng(0)
    p = []
    for seed in range(25):
        group, score, _ = rows(seed, digits=2, people=400)
        y = (rng.random(len(score)) < score).astype(int)
        p += calibration_errors(own(group, score, y), rng=seed, draws=200)[0].p.tolist()
    assert 0.35 < np.mean(p) < 0.65
    assert np.mean(np.array(p) < 0.1) < 0.2


def test_calibration_error_finds_a_score_that_is_wrong_and_is_that_of_numpy():
    group, p, y = rows(seed=4, digits=1, harsh=3.0)
    error, reliability = calibration_errors(own(group, p, y), rng=1)
    mine, good = p[group == "A"], y[group == "A"]
    cells = [(mine == value, value) for value in np.unique(mine)]
    assert error.value[0] == pytest.approx(sum(c.mean() * abs(good[c].mean() - v) for c, v in cells))
    assert error.p[0] < 0.01
    assert reliability.p[0] < 0.01
    assert error.excess == pytest.approx(error.value - error.expected)
    again = calibration_errors(own(group, p, y), rng=1)[0]
    assert (again.expected == error.expected).all()


@pytest.mark.parametrize(("higher_is", "sign"), [("better", 1), ("worse", -1)])
def test_balance_is_welch_of_the_rows(higher_is, sign):
    group, p, y = rows(seed=6)
    s = sums(group, p, y, higher_is=higher_is, edges=[0.3, 0.6])
    for outcome, value in ((GOOD, 1), (BAD, 0)):
        found = balance(s[[0]], s[[1]], outcome)
        a, b = (p[(group == name) & (y == value)] for name in "AB")
        test = scipy.stats.ttest_ind(a, b, equal_var=False)
        low, high = sorted(sign * end for end in test.confidence_interval(0.95))
        assert found.value[0] == pytest.approx(sign * (a.mean() - b.mean()), abs=1e-5)
        assert found.p[0] == pytest.approx(test.pvalue, rel=1e-3)
        assert (found.low[0], found.high[0]) == pytest.approx((low, high), abs=1e-5)


def test_equal_weights_change_nothing_and_double_weights_are_not_more_people():
    group, p, y = rows(seed=7, digits=2)
    plain = own(group, p, y)
    twice = own(group, p, y, columns={"w": np.full(PEOPLE, 2.0)}, weight="w")
    for function in (in_the_large, brier_interval, lambda made: recalibrate(made).intercept):
        one, two = function(plain), function(twice)
        assert two.value == pytest.approx(one.value)
        assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.1)
    assert calibration_errors(twice, rng=1)[0].expected == pytest.approx(
        calibration_errors(plain, rng=1)[0].expected, rel=0.1
    )


def test_weighted_recalibration_is_that_of_statsmodels_with_robust_errors():
    group, p, y = rows(seed=9, digits=2)
    w = np.random.default_rng(9).integers(1, 5, PEOPLE).astype(float)
    made = recalibrate(own(group, p, y, columns={"w": w}, weight="w")).slope
    mine = group == "A"
    x = sm.add_constant(scipy.special.logit(p[mine]))
    fit = sm.GLM(y[mine], x, family=sm.families.Binomial(), freq_weights=w[mine]).fit()
    rate = fit.fittedvalues
    bread = np.linalg.inv((x * (w[mine] * rate * (1 - rate))[:, None]).T @ x)
    meat = (x * ((w[mine] * (y[mine] - rate)) ** 2)[:, None]).T @ x
    error = np.sqrt((bread @ meat @ bread)[1, 1])
    assert made.value[0] == pytest.approx(fit.params[1], abs=1e-6)
    assert made.high[0] - made.value[0] == pytest.approx(1.959964 * error, rel=1e-5)


def test_what_cannot_be_estimated_is_undefined():
    n = np.array([
        [[0.0, 0.0], [0.0, 0.0]],  # nobody
        [[5.0, 0.0], [9.0, 0.0]],  # all good
        [[0.0, 8.0], [8.0, 0.0]],  # the score parts them
        [[4.0, 6.0], [0.0, 0.0]],  # one prediction
    ])  # fmt: skip
    said = np.array([[0.4], [0.6]])
    made = Predicted(Tally.of(n), n * said, n * said**2)
    found = recalibrate(made)
    assert np.isnan(found.slope.value).all()
    assert np.isnan(found.intercept.value).tolist() == [True, True, False, False]
    assert np.isnan(in_the_large(made).value).tolist() == [True, False, False, False]
    assert np.isnan(calibration_errors(made, rng=1, draws=50)[0].p).tolist() == [True, False, False, False]
    assert np.isnan(brier_interval(made).value).tolist() == [True, False, False, False]


def test_predictions_of_0_and_1_are_counted():
    group, p, y = np.array(["A"] * 40), np.array([0.0, 1.0, 0.5, 0.7] * 10), np.array([0, 1, 0, 1] * 10)
    y[0] = 1
    made = recalibrate(own(group, p, y))
    assert made.clipped.tolist() == [20.0]
    assert np.isfinite(made.slope.value[0])


def test_curves_have_wilson_intervals():
    made = Predicted(Tally.of([[[30.0, 10.0]]]), np.array([[[24.0, 8.0]]]), np.array([[[19.2, 6.4]]]))
    span = observed_interval(made)
    low, high, _ = wilson(30, 40)
    assert (span.low[0, 0], span.high[0, 0], span.method) == (pytest.approx(low), pytest.approx(high), "Wilson")


def test_score_sums_are_those_of_the_rows_and_pool_by_adding():
    group, p, y = rows(seed=11)
    for edges in ({}, {"edges": [0.25, 0.75]}):
        s = sums(group, p if edges else p.round(2), y, **edges)
        said = p if edges else p.round(2)
        for outcome, value in ((GOOD, 1), (BAD, 0)):
            mine = said[(group == "B") & (y == value)]
            assert s.sums[1, :, outcome].sum() == pytest.approx(mine.sum(), abs=1e-3)
            assert s.squares[1, :, outcome].sum() == pytest.approx((mine**2).sum(), abs=1e-3)
        assert ScoreSums.stacked([s.pooled([0, 1])]).sums.sum() == pytest.approx(s.sums.sum())
