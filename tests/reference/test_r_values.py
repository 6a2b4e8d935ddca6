"""The field's own packages in R: values made once by r_values.R, which says with which versions."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import scipy.special

from fairaudit.inference.association import chi_square, z_test
from fairaudit.inference.conditional import fisher_exact, mid_p
from fairaudit.inference.multiplicity import benjamini_hochberg, holm
from fairaudit.inference.power import people_for_ratio, people_needed
from fairaudit.inference.proportion import clopper_pearson, design_factor, effective_n, effective_rate_interval, wilson
from fairaudit.inference.ranking import delong, difference_z, ks_statistic
from fairaudit.inference.regression import cramers_v, design, fit_logit, linear_effect, logit_effect
from fairaudit.inference.stratified import (
    breslow_day_tarone,
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
)
from fairaudit.metrics.distribution import score_distance

HERE = Path(__file__).parent
VALUES = json.loads((HERE / "r_values.json").read_text())
DATASETS = HERE.parent.parent / "datasets"
Z = scipy.special.ndtri(0.975)


def read(name):
    with (DATASETS / name / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loans():
    return [row for row in read("loanapp") if row["black"] == "1" or row["white"] == "1"]


@pytest.fixture(scope="module")
def credit():
    return read("german_credit")


@pytest.mark.parametrize("name", VALUES["two_by_two"])
def test_tests_of_a_two_by_two_table(name):
    # fisher.test, and its one-sided p-values for the mid-p; prop.test, whose statistic is the square of the pooled z.
    known = VALUES["two_by_two"][name]
    (a, c), (b, d) = known["table"]
    cells = a, a + c, b, b + d
    assert fisher_exact(*cells) == pytest.approx(known["fisher"], rel=1e-9)
    assert mid_p(*cells) == pytest.approx(known["mid_p"], rel=1e-9)
    assert z_test(*cells).statistic ** 2 == pytest.approx(known["chi_square"], rel=1e-9)
    assert z_test(*cells).p == pytest.approx(known["chi_square_p"], rel=1e-9)
    yates = chi_square(*cells)
    assert yates.statistic == pytest.approx(known["yates"], rel=1e-9, abs=1e-12)
    assert yates.p == pytest.approx(known["yates_p"], rel=1e-9)


@pytest.mark.parametrize("known", VALUES["one_rate"], ids=lambda known: f"{known['count']} of {known['people']}")
def test_intervals_of_one_rate(known):
    # binom.test and prop.test(correct = FALSE).
    cells = known["count"], known["people"]
    assert clopper_pearson(*cells)[:2] == pytest.approx(known["clopper_pearson"], rel=1e-9)
    assert clopper_pearson(*cells, confidence=0.9)[:2] == pytest.approx(known["clopper_pearson_90"], rel=1e-9)
    assert wilson(*cells)[:2] == pytest.approx(known["wilson"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", VALUES["strata"])
def test_strata(name):
    # mantelhaen.test, and metafor's rma.mh for the ratio, the difference and the Breslow-Day test.
    known = VALUES["strata"][name]
    counts = known["counts"]
    odds = mantel_haenszel_odds_ratio(counts)
    assert odds.value == pytest.approx(known["odds_ratio"], rel=1e-9)
    assert (odds.low, odds.high) == pytest.approx(known["odds_ratio_interval"], rel=1e-9)
    ratio, log_ratio = mantel_haenszel_risk_ratio(counts), known["log_risk_ratio"]
    assert tuple(ratio) == pytest.approx([math.exp(log_ratio[end]) for end in ("value", "low", "high")], rel=1e-9)
    difference, theirs = mantel_haenszel_risk_difference(counts), known["risk_difference"]
    assert tuple(difference) == pytest.approx([theirs[end] for end in ("value", "low", "high")], rel=1e-9)
    homogeneity = breslow_day_tarone(counts)
    if np.isnan(homogeneity.p):
        assert "sparse" in homogeneity.method
    else:
        assert homogeneity.statistic == pytest.approx(known["breslow_day_tarone"], rel=1e-9)
        assert homogeneity.p == pytest.approx(known["breslow_day_tarone_p"], rel=1e-9)


@pytest.mark.parametrize("name", ["UCBAdmissions", "loanapp"])
def test_cochran_mantel_haenszel(name):
    known = VALUES["strata"][name]
    plain = cochran_mantel_haenszel(known["counts"])
    assert (plain.statistic, plain.p) == pytest.approx((known["statistic"], known["p"]), rel=1e-9)
    corrected = cochran_mantel_haenszel(known["counts"], continuity=True)
    wanted = known["statistic_corrected"], known["p_corrected"]
    assert (corrected.statistic, corrected.p) == pytest.approx(wanted, rel=1e-9)


def test_exact_test_of_strata():
    # mantelhaen.test(exact = TRUE), both sides: twice the smaller with half of the observed table's probability.
    known = VALUES["strata"]["sparse"]
    made = cochran_mantel_haenszel(known["counts"])
    assert made.method == "exact conditional, mid-p"
    assert made.p == pytest.approx(known["mid_p"], rel=1e-9)


def test_the_strata_of_loanapp_are_its_rows(loans):
    cells = {}
    for row in (row for row in loans if row["thick"]):
        stratum = cells.setdefault((row["thick"], row["chist"]), np.zeros((2, 2)))
        stratum[int(row["black"] != "1"), int(row["approve"] != "1")] += 1
    theirs = [np.array(table) for table in VALUES["strata"]["loanapp"]["counts"]]
    assert sorted(table.ravel().tolist() for table in theirs) == sorted(c.ravel().tolist() for c in cells.values())


@pytest.fixture(scope="module")
def cells(loans):
    """Group, controls, approved and people of each cell of the regressions."""
    complete = [row for row in loans if row["multi"]]
    assert len(complete) == VALUES["regression"]["rows"]
    keys = [tuple(int(float(row[name])) for name in ("black", "chist", "multi", "pubrec")) for row in complete]
    lines, back = np.unique(keys, axis=0, return_inverse=True)
    approved = np.array([float(row["approve"]) for row in complete])
    return lines[:, 0], lines[:, 1:], np.bincount(back, approved), np.bincount(back).astype(float)


def test_a_logit_of_cells_is_glm_on_rows(cells):
    group, controls, approved, people = cells
    known = VALUES["regression"]["logit"]
    fitted = fit_logit(design(group, controls), approved, people)
    assert fitted.coefficients[1] == pytest.approx(known["coefficient"], rel=1e-6)
    assert math.sqrt(fitted.covariance[1, 1]) == pytest.approx(known["se"], rel=1e-6)
    effect = logit_effect(*cells)
    assert effect.value == pytest.approx(known["effect"], rel=1e-6)
    assert (effect.high - effect.low) / (2 * Z) == pytest.approx(known["effect_se"], rel=1e-6)


def test_a_linear_model_of_cells_is_lm_on_rows_with_hc1(cells):
    known = VALUES["regression"]["linear"]
    effect = linear_effect(*cells)
    assert effect.value == pytest.approx(known["effect"], rel=1e-9)
    assert (effect.high - effect.low) / (2 * Z) == pytest.approx(known["hc1_se"], rel=1e-9)


def test_cramers_v_is_that_of_vcd(loans):
    table = np.zeros((2, 2))
    for row in loans:
        table[int(row["black"]), int(row["chist"])] += 1
    assert cramers_v(table) == pytest.approx(VALUES["regression"]["cramers_v"], rel=1e-9)


def by_bin(credit, column, female):
    """Return good and bad people by score, from the longest (largest) to the shortest, over the bins of everybody."""
    values = sorted({float(row[column]) for row in credit}, reverse=True)
    at = {value: i for i, value in enumerate(values)}
    counts = np.zeros((2, len(values)))
    for row in credit:
        if row["personal_status_sex"].startswith("female") == female:
            counts[int(row["credit_risk"] == "bad"), at[float(row[column])]] += 1
    return counts


@pytest.mark.parametrize("column", VALUES["ranking"])
def test_rankings(credit, column):
    # pROC: auc, var(method = "delong"), roc.test of two curves of different people; ks.test; wilcox.test.
    known = VALUES["ranking"][column]
    made = {}
    for theirs in known["groups"]:
        good, bad = by_bin(credit, column, theirs["group"] == "female")
        assert (good.sum(), bad.sum()) == (theirs["good"], theirs["bad"])
        auc = made[theirs["group"]] = delong(good, bad)
        assert auc.value == pytest.approx(theirs["auc"], rel=1e-9)
        assert auc.variance == pytest.approx(theirs["variance"], rel=1e-9)
        assert auc.value == pytest.approx(theirs["wilcoxon"] / theirs["good"] / theirs["bad"], rel=1e-9)
        assert ks_statistic(good, bad) == pytest.approx(theirs["ks_of_outcomes"], rel=1e-9)
    # Their p has a t distribution with Welch's degrees of freedom, ours is normal: the statistic is the same.
    z = difference_z(*made["female"], *made["male"])
    assert z.statistic == pytest.approx(known["difference_statistic"], rel=1e-9)
    groups = [by_bin(credit, column, female).sum(axis=0) for female in (True, False)]
    assert score_distance(*groups) == pytest.approx(known["ks_of_groups"], rel=1e-9)


@pytest.mark.parametrize("known", VALUES["weighted"], ids=lambda known: f"black {known['black']}")
def test_weighted_rates_are_those_of_survey(loans, known):
    mine = [row for row in loans if int(row["black"]) == known["black"]]
    n = len(mine)
    assert n == known["people"]
    weight = np.array([float(row["loanamt"]) for row in mine])
    yes = np.array([row["approve"] == "1" for row in mine])
    sums = weight[yes].sum(), weight.sum(), (weight[yes] ** 2).sum(), (weight**2).sum()
    p = sums[0] / sums[1]
    assert p == pytest.approx(known["value"], rel=1e-9)
    # survey multiplies the linearised variance with n / (n - 1); counts by cell do not keep n apart from the weights.
    effective = effective_n(*sums)
    assert p * (1 - p) / effective * n / (n - 1) == pytest.approx(known["se"] ** 2, rel=1e-9)
    # svyciprop(method = "beta") of Korn and Graubard is Clopper-Pearson at the effective number of people.
    theirs = effective * (n - 1) / n
    assert clopper_pearson(p * theirs, theirs)[:2] == pytest.approx(known["beta"], rel=1e-7)
    # Where counts are large ours is Wilson's interval at that number: the ends differ by less than a point.
    assert effective_rate_interval(p, effective)[:2] == pytest.approx(known["beta"], abs=0.01)


def test_few_clusters_shrink_the_effective_number_as_in_survey():
    # svydesign(ids = ~cluster) and svyciprop(method = "beta"): 25 clusters, 24 degrees of freedom.
    known = VALUES["clusters"]
    p = known["value"]
    effective = p * (1 - p) / known["se"] ** 2 * design_factor(known["people"], known["freedom"])
    assert clopper_pearson(p * effective, effective)[:2] == pytest.approx(known["beta"], rel=1e-7)


def test_adjusted_p_values_are_those_of_p_adjust():
    known = {name: np.array(values, dtype=float) for name, values in VALUES["adjusted"].items()}
    np.testing.assert_allclose(holm(known["p"]), known["holm"], rtol=1e-12)
    np.testing.assert_allclose(benjamini_hochberg(known["p"]), known["bh"], rtol=1e-12)


@pytest.mark.parametrize("known", VALUES["power"], ids=lambda known: f"{known['rate']} and {known['rate_reference']}")
def test_people_needed_are_those_of_power_prop_test(known):
    # power.prop.test has the pooled variance under no difference, and so has people_needed.
    rate, reference = known["rate"], known["rate_reference"]
    assert people_needed(1000 * rate, 1000, 1000 * reference, 1000, line=0.9) == math.ceil(known["people"])
    # people_for_ratio has the unpooled one (Fleiss, Levin and Paik): a few people fewer.
    fewer = people_for_ratio(rate / reference, reference)
    assert fewer < known["people"]
    pooled = math.sqrt((rate + reference) * (2 - rate - reference) / 2)
    apart = math.sqrt(rate * (1 - rate) + reference * (1 - reference))
    power = scipy.special.ndtri(0.8)
    assert fewer == math.ceil(known["people"] * ((Z + power) * apart / (Z * pooled + power * apart)) ** 2)
