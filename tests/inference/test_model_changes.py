"""Two models on the same people: DeLong's paired variance, ratios of rates, profit, volume, and the joint test."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

from fairaudit.errors import UndefinedMetricError
from fairaudit.inference.model_changes import (
    auc_change,
    difference_of_means,
    gap_change,
    log_ratio_change,
    profit_change,
    volume_change,
)
from fairaudit.inference.verdicts import corrected, ellipse, joint

TESTS = Path(__file__).parent.parent
VALUES = json.loads((TESTS / "reference" / "paired_values.json").read_text())
SIDES = {
    "duration_and_amount": (("duration", -1), ("amount", -1), 1000),
    "duration_and_age": (("duration", -1), ("age", 1), 1000),
    "sixty_people": (("duration", -1), ("age", 1), 60),
}


@pytest.fixture(scope="module")
def credit():
    with (TESTS.parent / "datasets" / "german_credit" / "german_credit.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", VALUES)
def test_the_change_of_an_auc_is_that_of_proc(name, credit):
    """pROC 1.18.0, roc.test(paired = TRUE, method = "delong"): tests/reference/paired_values.R."""
    first, second, people = SIDES[name]
    rows, known = credit[:people], VALUES[name]
    good = [row["credit_risk"] == "good" for row in rows]
    scores = [[sign * float(row[column]) for row in rows] for column, sign in (first, second)]
    made = auc_change(good, *scores)
    assert [made.incumbent, made.candidate] == pytest.approx(known["areas"], abs=1e-12)
    variance = sum(known["variances"]) - 2 * known["covariance"]
    assert made.variance == pytest.approx(variance, rel=1e-10)
    assert -made.value / made.standard_error == pytest.approx(known["z"], rel=1e-9)
    assert 2 * scipy.stats.norm.sf(abs(known["z"])) == pytest.approx(known["p"], rel=1e-6)


def people(seed, n=3000):
    rng = np.random.default_rng(seed)
    group = rng.random(n) < 0.3
    truth = rng.normal(size=n) - 0.5 * group
    good = rng.random(n) < 1 / (1 + np.exp(-1.2 - truth))
    before, after = truth + rng.normal(size=n) - 0.4 * group, truth + rng.normal(size=n)
    return good, group, before, after


def test_the_change_of_profit_is_the_paired_t_of_scipy():
    good, _, before, after = people(1)
    made = profit_change(good, before > 0, after > 0, gain=10, loss=-40)
    worth = np.where(good, 10.0, -40.0)
    known = scipy.stats.ttest_rel(worth * (after > 0), worth * (before > 0))
    assert made.value / made.standard_error == pytest.approx(known.statistic, rel=1e-10)
    assert made.value == pytest.approx((worth * (after > 0)).mean() - (worth * (before > 0)).mean())


def test_the_change_of_a_gap_is_welchs_t_of_the_changes():
    _, group, before, after = people(2)
    made = gap_change(group, ~group, before > 0, after > 0)
    change = (after > 0).astype(float) - (before > 0)
    known = scipy.stats.ttest_ind(change[group], change[~group], equal_var=False)
    assert made.value / made.standard_error == pytest.approx(known.statistic, rel=1e-10)


def test_the_change_of_a_ratio_is_the_interaction_of_a_log_binomial_model_in_clusters():
    """statsmodels: log link, both decisions of a person as one cluster; its sandwich is ours but for n / (n - 1)."""
    _, group, before, after = people(3)
    n = len(group)
    made = log_ratio_change(group, ~group, before > 0, after > 0)
    selected = np.concatenate([before > 0, after > 0]).astype(float)
    of, new = np.tile(group, 2).astype(float), np.repeat([0.0, 1.0], n)
    design = np.column_stack([np.ones(2 * n), of, new, of * new])
    model = sm.GLM(selected, design, family=sm.families.Poisson())
    person = np.tile(np.arange(n), 2)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": person, "use_correction": False})
    assert made.value == pytest.approx(fitted.params[3], rel=1e-8)
    assert made.standard_error == pytest.approx(fitted.bse[3], rel=1.5 / (0.3 * n))


def test_the_covariance_is_that_of_the_bootstrap():
    good, group, before, after = people(4, 1500)
    rng = np.random.default_rng(0)

    def both(at):
        one = auc_change(good[at], before[at], after[at])
        return one, log_ratio_change(group[at], ~group[at], before[at] > 0, after[at] > 0)

    performance, disparity = both(np.arange(len(good)))
    draws = np.array([[one.value for one in both(rng.integers(0, len(good), len(good)))] for _ in range(800)])
    known = np.cov(draws.T)
    assert performance.variance == pytest.approx(known[0, 0], rel=0.15)
    assert disparity.variance == pytest.approx(known[1, 1], rel=0.15)
    correlation = performance.covariance(disparity) / (performance.standard_error * disparity.standard_error)
    assert correlation == pytest.approx(np.corrcoef(draws.T)[0, 1], abs=0.1)


def test_the_error_of_the_volume_is_that_of_new_people():
    made = []
    for seed in range(300):
        good, _, before, after = people(seed, 4000)
        made.append(volume_change(good, before > 0, before, after))
    values = np.array([one.value for one in made])
    assert not any(one.undefined for one in made)
    assert np.median([one.standard_error for one in made]) == pytest.approx(values.std(), rel=0.15)


def test_at_the_volume_the_bad_rate_is_that_of_the_incumbent():
    good, _, before, after = people(5, 40_000)
    made = volume_change(good, before > 0, before, after)
    selected = after >= np.quantile(after, 1 - made.candidate)
    assert (~good[selected]).mean() == pytest.approx((~good[before > 0]).mean(), abs=0.002)
    assert made.incumbent == pytest.approx((before > 0).mean())


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda: auc_change([1, 1, 0], [1, 2, 3], [3, 2, 1]), "1 bad people"),
        (lambda: difference_of_means([1.0], [2.0]), "1 people"),
        (lambda: profit_change([1] * 50, [1] * 50, [1] * 41 + [0] * 9, gain=1, loss=-1), "only 9 decisions differ"),
        (lambda: log_ratio_change([1] * 5 + [0] * 40, [0] * 5 + [1] * 40, [1] * 45, [1] * 45), "only 5 people"),
        (lambda: volume_change([1] * 2000, [1] * 900 + [0] * 1100, range(2000), range(2000)), "0 of them bad"),
        (lambda: volume_change([1] * 100, [1] * 50 + [0] * 50, range(100), range(100)), "100 people; a volume"),
    ],
)
def test_too_little_is_undefined_and_shows_nothing(made, why):
    change = made()
    assert why in change.undefined
    side = joint(change, change, margin=10.0, improvement=-10.0)
    assert side.p == 1
    assert side.people is None


def test_people_who_are_of_both_groups_and_unequal_lengths_are_refused():
    with pytest.raises(UndefinedMetricError, match="2 people are of the group and of its reference"):
        gap_change([1, 1], [1, 1], [0, 1], [1, 1])
    with pytest.raises(UndefinedMetricError, match="one value a person"):
        auc_change([1, 0, 1], [1, 2], [1, 2])


def test_p_is_below_alpha_exactly_where_the_interval_is_past_the_bound():
    good, group, before, after = people(6)
    performance = auc_change(good, before, after)
    disparity = log_ratio_change(group, ~group, before > 0, after > 0)
    for margin in (1e-4, 0.002, 0.005, 0.02):
        for alpha in (0.01, 0.05, 0.2):
            made = joint(performance, disparity, margin=margin, alpha=alpha)
            for side in (made.performance, made.disparity):
                assert side.shown == (side.p < alpha)
            assert made.p == max(made.performance.p, made.disparity.p)


def test_so_many_people_and_that_change_show_it_with_the_power_asked_for():
    good, group, before, after = people(7)
    performance = auc_change(good, before, after)
    disparity = log_ratio_change(group, ~group, before > 0, after > 0)
    side = joint(performance, disparity, margin=0.02, alpha=0.05, power=0.8, finalists=5).disparity
    # By the definition: the lower end of the corrected interval passes 0 with a probability of 0.9 each.
    z = scipy.stats.norm.ppf(1 - 0.05 / 5 / 2)
    assert scipy.stats.norm.sf(z - side.detectable / disparity.standard_error) == pytest.approx(0.9)
    error = disparity.standard_error * math.sqrt(len(good) / side.people)
    assert scipy.stats.norm.sf(z - disparity.value / error) == pytest.approx(0.9, abs=0.002)


def test_holm_over_finalists_and_nothing_without_them():
    good, group, before, after = people(8)
    made = joint(auc_change(good, before, after), gap_change(group, ~group, before > 0, after > 0), margin=0.01)
    assert corrected([made, made]) == pytest.approx([min(1, 2 * made.p)] * 2)
    assert corrected([]) == []


def test_a_ranking_that_stays_is_no_worse_for_certain_and_no_better():
    good, group, before, _ = people(9)
    performance = auc_change(good, before, before)
    assert joint(performance, gap_change(group, ~group, before > 0, before > 1), margin=0.001).performance.p == 0
    same = gap_change(group, ~group, before > 0, before > 0)
    assert joint(performance, same, margin=0.001).disparity.p == 1


def test_the_ellipse_holds_its_share_of_a_normal_cloud():
    rng = np.random.default_rng(1)
    covariance = np.array([[2.0, 0.7], [0.7, 0.5]])
    outline = np.array(ellipse(covariance, confidence=0.9))
    distances = np.einsum("ij,jk,ik->i", outline, np.linalg.inv(covariance), outline)
    cloud = rng.multivariate_normal([0, 0], covariance, 20_000)
    inside = np.einsum("ij,jk,ik->i", cloud, np.linalg.inv(covariance), cloud) < distances[0]
    assert np.ptp(distances) < 1e-9
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
