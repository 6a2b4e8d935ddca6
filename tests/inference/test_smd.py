"""Standardized mean differences: Welch, Hedges and Olkin, and coverage of a seeded simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

import fairaudit as fa
from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.smd import smd_interval
from fairaudit.metrics.ranking import mean_variance

GROUPS = (120, 640.0, 2500.0, 400, 655.0, 2400.0)


def test_the_test_is_welchs():
    rng = np.random.default_rng(1)
    one, two = rng.normal(0, 2, 35), rng.normal(1, 1, 60)
    found = smd_interval(35, one.mean(), one.var(ddof=1), 60, two.mean(), two.var(ddof=1), sigma=1.5)
    assert found.p == pytest.approx(stats.ttest_ind(one, two, equal_var=False).pvalue)
    assert found.value == pytest.approx((one.mean() - two.mean()) / 1.5)


@pytest.mark.parametrize("kind", ["population", "pooled", "two_group"])
@pytest.mark.parametrize("gap", np.linspace(-20, 20, 21))
def test_0_is_outside_exactly_where_p_is_small(kind, gap):
    found = smd_interval(120, 640.0 + gap, 2500.0, 400, 640.0, 2400.0, sigma=50.0, kind=kind, population_n=900)
    assert (found.low > 0 or found.high < 0) == (found.p < 0.05)
    assert found.low <= found.value <= found.high


def test_pooled_is_hedges_and_olkins_in_large_groups():
    n, m, d = 4000, 5000, 0.6
    found = smd_interval(n, d, 1.0, m, 0.0, 1.0, sigma=1.0, kind="pooled")
    # Hedges & Olkin (1985), equation 5.15: variance (n+m)/(nm) + d^2/(2(n+m)).
    half = 1.96 * np.sqrt((n + m) / (n * m) + d**2 / (2 * (n + m)))
    assert (found.low, found.high) == pytest.approx((d - half, d + half), abs=2e-4)


@pytest.mark.parametrize("kind", ["population", "pooled", "two_group"])
@pytest.mark.parametrize(("n", "m", "rest", "gap"), [(20, 40, 0, 0.5), (50, 200, 500, 0.8), (200, 200, 0, 1.5)])
def test_interval_covers(kind, n, m, rest, gap):
    rng = np.random.default_rng(7)
    repeats = 3000
    one, two = rng.normal(-gap, 1, (repeats, n)), rng.normal(0, 1, (repeats, m))
    others = rng.normal(0.3, 1, (repeats, rest if kind == "population" else 0))
    everybody = np.concatenate([one, two, others], axis=1)
    people = everybody.shape[1]
    mean = (-gap * n + 0.3 * others.shape[1]) / people
    between = (n * (-gap - mean) ** 2 + m * mean**2 + others.shape[1] * (0.3 - mean) ** 2) / people
    within = ((n - 1) * one.var(axis=1, ddof=1) + (m - 1) * two.var(axis=1, ddof=1)) / (n + m - 2)
    sigma, truth = everybody.std(axis=1), -gap / np.sqrt(1 + between)
    if kind == "pooled":
        sigma, truth = np.sqrt(within), -gap
    found = smd_interval(
        n, one.mean(axis=1), one.var(axis=1, ddof=1), m, two.mean(axis=1), two.var(axis=1, ddof=1),
        sigma=sigma, kind=kind, population_n=people,
    )  # fmt: skip
    # Three standard errors of a simulation of 3,000 are 1.2 points.
    assert np.mean((found.low <= truth) & (truth <= found.high)) == pytest.approx(0.95, abs=0.015)


def test_a_population_of_unknown_size_is_not_narrower():
    known = smd_interval(*GROUPS, sigma=50.0, population_n=2000)
    unknown = smd_interval(*GROUPS, sigma=50.0)
    assert unknown.high - unknown.low >= known.high - known.low
    assert unknown.p == known.p


def test_swapping_the_groups_mirrors():
    found = smd_interval(*GROUPS, sigma=50.0, kind="two_group")
    mirrored = smd_interval(*GROUPS[3:], *GROUPS[:3], sigma=50.0, kind="two_group")
    assert (found.low, found.high, found.p) == pytest.approx((-mirrored.high, -mirrored.low, mirrored.p))


def test_undefined_without_spread_or_people():
    found = smd_interval([1, 10, 10], 0.0, [np.nan, 1.0, 0.0], 10, 1.0, [1.0, 1.0, 0.0], sigma=[1.0, 0.0, 0.0])
    assert np.isnan(found.value).all()
    assert np.isnan(found.low).all()
    assert np.isnan(found.p).all()


def test_two_constant_scores_in_a_varied_population():
    apart = smd_interval(10, 0.0, 0.0, 10, 1.0, 0.0, sigma=1.0)
    assert apart.p == 0
    same = smd_interval(10, 1.0, 0.0, 10, 1.0, 0.0, sigma=1.0)
    assert same.p == 1


def test_two_people_each_have_a_very_wide_interval():
    found = smd_interval(2, 0.0, 1.0, 2, 1.0, 1.0, sigma=1.0, kind="pooled")
    assert found.low == -np.inf
    assert found.high == np.inf


def test_an_unknown_sigma_is_named():
    with pytest.raises(UndefinedMetricError, match="kind='robust'"):
        smd_interval(*GROUPS, sigma=1.0, kind="robust")


def weighted_people(rng, n=600):
    group = rng.choice(["a", "b"], n)
    score = np.round(600 + 40 * rng.normal(size=n))
    # People with high scores were drawn less often: their weights are larger, and follow the score.
    weight = np.round(np.exp((score - 600) / 40) + 0.5, 2)
    return {"g": group, "s": score, "w": weight}


def test_weighted_means_have_the_errors_of_a_weighted_regression_with_robust_variance():
    rows = weighted_people(np.random.default_rng(5))
    made = fa.audit(rows, score="s", higher_is="better", cutoff=600, groups="g", weight="w", reference={"g": "a"})
    errors = []
    for name in "ab":
        mine = rows["g"] == name
        fit = sm.WLS(rows["s"][mine], np.ones(mine.sum()), weights=rows["w"][mine]).fit(cov_type="HC1")
        [record] = [r for r in made.result.rates if r.metric == "mean_score" and r.group == name]
        half = stats.t.ppf(0.975, mine.sum() - 1) * fit.bse[0]
        assert (record.value, record.low, record.high) == pytest.approx(
            (fit.params[0], fit.params[0] - half, fit.params[0] + half), abs=1e-5
        )
        spread = (
            np.average((rows["s"][mine] - fit.params[0]) ** 2, weights=rows["w"][mine]) * mine.sum() / (mine.sum() - 1)
        )
        errors.append((fit.params[0], fit.bse[0], spread / fit.bse[0] ** 2))
    [finding] = [f for f in made.result.findings if f.metric == "standardized_mean_difference"]
    t = (errors[1][0] - errors[0][0]) / np.hypot(errors[0][1], errors[1][1])
    (_, one, people), (_, two, others) = errors
    freedom = (one**2 + two**2) ** 2 / (one**4 / (people - 1) + two**4 / (others - 1))  # Welch, of effective people
    assert finding.p == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-4)


def test_kishs_number_is_too_many_people_where_weights_follow_the_score():
    rows = weighted_people(np.random.default_rng(6))
    mine = rows["g"] == "a"
    w, s = rows["w"][mine], rows["s"][mine]
    mean = np.average(s, weights=w)
    kish = np.average((s - mean) ** 2, weights=w) * (w**2).sum() / w.sum() ** 2
    table = fa.count(rows, score="s", higher_is="better", groups="g", weight="w").score_table()
    assert mean_variance(table)[0] > 1.2 * kish
