"""Boston mortgage applications (Hunter and Walker 1996; the textbook's 1,989 rows), end to end."""

import math

import pytest
import scipy.special

import fairaudit as fa


@pytest.fixture(scope="module")
def rows():
    return fa.load_dataset("loanapp")


@pytest.fixture(scope="module")
def by_white(rows):
    return fa.audit(rows, decision="approve", favorable=1, groups="white", reference={"white": 1})


@pytest.fixture(scope="module")
def by_race(rows):
    return fa.audit(rows, **fa.describe_dataset("loanapp").call)


def test_means_of_the_textbook_file(by_white, rate):
    # Means of the Stata file of Wooldridge, Introductory Econometrics (fmwww.bc.edu/ec-p/data/wooldridge), as
    # transcribed in a public loader: approve .877325, white .845148.
    approved = rate(by_white, "selection_rate", "(everybody)")
    assert round(approved.value, 6) == 0.877325
    assert round(rate(by_white, "selection_rate", "1").n / approved.n, 6) == 0.845148


def test_approval_rates_are_the_regression_on_white(by_white, rate, finding):
    # R output of a public solution of Wooldridge, exercise C7.8: approve = .70779 + .20060 white, n = 1,989.
    assert round(rate(by_white, "selection_rate", "0").value, 5) == 0.70779
    gap = finding(by_white, "selection_rate_difference", "0")
    assert round(-gap.value, 5) == 0.20060
    # The same source: 71% and 91% approved.
    assert round(100 * rate(by_white, "selection_rate", "0").value) == 71
    assert round(100 * rate(by_white, "selection_rate", "1").value) == 91


def test_p_value_is_that_of_the_published_t(by_white, finding):
    # The same output: t = 10.11 on 1,987 degrees of freedom. With R2 the squared correlation of the two columns,
    # t^2 = (n - 2) R2 / (1 - R2), and the hypergeometric z^2 = (n - 1) R2.
    found = finding(by_white, "selection_rate_difference", "0")
    assert found.test == "hypergeometric z"
    explained = scipy.special.ndtri(found.p / 2) ** 2 / 1988
    assert round(math.sqrt(1987 * explained / (1 - explained)), 2) == 10.11


@pytest.mark.parametrize(
    ("attribute", "group", "approved", "people"),
    [
        ("race", "Black", 133, 197),
        ("race", "Hispanic", 85, 111),
        ("race", "White", 1527, 1681),
        ("sex", "Female", 319, 369),
        ("sex", "Male", 1411, 1605),
        ("sex", "(missing)", 15, 15),
    ],
)
def test_approved_people(by_race, rate, attribute, group, approved, people):
    # Recomputed from the file, not printed elsewhere.
    found = rate(by_race, "selection_rate", group, attribute=attribute)
    assert (found.num, found.den) == (approved, people)


@pytest.mark.parametrize(
    ("group", "ratio", "status"),
    [("Black", 0.74321, "flag"), ("Hispanic", 0.84299, "insufficient"), ("Female", 0.98336, "within_line")],
)
def test_adverse_impact_ratios(by_race, finding, group, ratio, status):
    # Recomputed from the counts above.
    found = finding(by_race, "adverse_impact_ratio", group)
    assert (round(found.value, 5), found.status) == (ratio, status)


def test_odds_ratio_is_the_logit_coefficient(by_white, finding):
    # Recomputed: logit(approve) = .88469 + 1.40942 white.
    assert math.log(finding(by_white, "selection_odds_ratio", "0").value) == pytest.approx(-1.40942, abs=5e-6)


def test_people_of_unknown_sex_are_shown_and_not_tested(by_race, finding):
    missing = finding(by_race, "adverse_impact_ratio", "(missing)")
    assert (missing.p, missing.p_adjusted, missing.status) == (None, None, "info")
