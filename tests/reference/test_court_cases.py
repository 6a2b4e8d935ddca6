"""Numbers of court opinions and of a published sample audit, end to end.

[D] marks figures derived by this project from published counts, not printed in the source.
"""

import pytest

import fairaudit as fa
from fairaudit.inference.proportion import one_sample_z


def from_passed(passed, **options):
    """Audit of {group: (passed, people)}, the second group being the reference."""
    rows = [(group, verdict) for group in passed for verdict in ("pass", "fail")]
    return fa.audit(
        {
            "group": [group for group, _ in rows],
            "decision": [verdict for _, verdict in rows],
            "n": [n for chosen, people in passed.values() for n in (chosen, people - chosen)],
        },
        counts="n", groups="group", decision="decision", favorable="pass", **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def teal():
    """Connecticut v. Teal, 457 U.S. 440 (1982), n. 4: 26 of 48 Black and 206 of 259 white candidates passed."""
    return from_passed({"Black": (26, 48), "White": (206, 259)}, reference={"group": "White"})


def test_teal_rates(teal, rate):
    # The opinion: "54.17 percent" and "79.54 percent".
    assert round(100 * rate(teal, "selection_rate", "Black").value, 2) == 54.17
    assert round(100 * rate(teal, "selection_rate", "White").value, 2) == 79.54


@pytest.mark.parametrize(
    ("metric", "expected", "digits"),
    [
        ("adverse_impact_ratio", 0.68, 2),  # the opinion: "approximately 68 percent of the passing rate"
        ("adverse_impact_ratio", 0.6810, 4),  # [D] from its counts, as all below
        ("selection_rate_difference", -0.254, 3),
        ("selection_odds_ratio", 0.3041, 4),
        ("shortfall", 12.18, 2),
    ],
)
def test_teal_contrasts(teal, finding, metric, expected, digits):
    assert round(finding(teal, metric, "Black").value, digits) == expected


def test_teal_is_flagged_by_every_test(teal, finding):
    found = finding(teal, "adverse_impact_ratio", "Black")
    assert (found.family, found.status, found.test) == ("primary", "flag", "hypergeometric z")
    # [D] z = -3.757 pooled and -3.751 hypergeometric, Fisher 4.04e-4, mid-p by minimum likelihood 2.86e-4.
    assert found.p == pytest.approx(1.76e-4, abs=5e-7)
    assert found.sensitivity["z_pooled"] == pytest.approx(1.72e-4, abs=5e-7)
    assert found.sensitivity["fisher_exact"] == pytest.approx(4.04e-4, abs=5e-7)
    assert found.sensitivity["mid_p_minimum_likelihood"] == pytest.approx(2.86e-4, abs=5e-7)


@pytest.mark.parametrize(
    ("count", "n", "share", "expected", "deviation", "z"),
    [
        # Castaneda v. Partida, 430 U.S. 482 (1977), n. 17: 339 of 870 jurors where 79.1% of the people were
        # Mexican-American: "the expected number ... approximately 688", "the standard deviation ...
        # approximately 12", "approximately 29 standard deviations".
        (339, 870, 0.791, 688, 12, -29),
        # Hazelwood School District v. United States, 433 U.S. 299 (1977), n. 14 and n. 17: 15 of 405 teachers hired,
        # 5.7% and 15.4% of the pool: "fewer than two" and "more than five" standard deviations; [D] -1.73, -6.52.
        (15, 405, 0.057, 23, 5, -1.73),
        (15, 405, 0.154, 62, 7, -6.52),
    ],
    ids=["castaneda", "hazelwood-5.7", "hazelwood-15.4"],
)
def test_standard_deviations_of_the_courts(count, n, share, expected, deviation, z):
    found = one_sample_z(count, n, share)
    digits = 0 if z == -29 else 2
    assert (round(found.expected), round(found.sd)) == (expected, deviation)
    assert round(found.z, digits) == z


def test_small_numbers_below_four_fifths_are_insufficient(finding):
    # [D] 6 of 20 and 24 of 60: ratio 0.75 is under four fifths, Fisher p = 0.59. The group is under the policy's 30.
    small = finding(from_passed({"a": (6, 20), "b": (24, 60)}, reference={"group": "b"}), "adverse_impact_ratio", "a")
    assert round(small.value, 2) == 0.75
    assert small.value < small.line
    assert small.sensitivity["fisher_exact"] == pytest.approx(0.59, abs=0.005)
    assert (small.status, small.low < 0.8 < small.high) == ("insufficient", True)


def test_twice_the_small_numbers_are_still_insufficient_and_say_how_many_would_do(finding):
    # The same rates with 40 and 120 people: enough for the policy's minimum, not for an answer.
    audit = from_passed({"a": (12, 40), "b": (48, 120)}, reference={"group": "b"})
    found = finding(audit, "adverse_impact_ratio", "a")
    assert found.status == "insufficient"
    assert found.people_needed > 40
    assert "could be chance" in found.reason


# A vendor's sample audit (onhirely.com, an annotated illustration): selected of applicants, and the impact
# ratios it prints. [D] the p-values, which differ from the page's .003, .008, .012 and .421.
VENDOR_RACE = {"White": (156, 412), "Black": (86, 312), "Hispanic": (62, 225), "Asian": (105, 298)}


def test_vendor_sample_by_sex(finding):
    audit = from_passed({"Female": (142, 565), "Male": (245, 682)}, policy="us-nyc-ll144")
    found = finding(audit, "adverse_impact_ratio", "Female")
    assert found.reference == "Male"
    assert round(found.value, 4) == 0.6996
    assert found.sensitivity["z_pooled"] == pytest.approx(4.1e-5, abs=5e-7)
    assert found.status == "info"


@pytest.mark.parametrize(
    ("group", "ratio", "p"), [("Black", 0.728, 0.0036), ("Hispanic", 0.728, 0.0088), ("Asian", 0.931, 0.473)]
)
def test_vendor_sample_by_race(finding, group, ratio, p):
    found = finding(from_passed(VENDOR_RACE, policy="us-nyc-ll144"), "adverse_impact_ratio", group)
    assert found.reference == "White"
    assert round(found.value, 3) == ratio
    assert found.sensitivity["z_pooled"] == pytest.approx(p, abs=0.6 * 10 ** -(3 if p > 0.1 else 4))


def test_no_test_of_the_vendor_sample_gives_the_printed_p(finding):
    # The page prints .003 for the sexes; every test we know is at most 6e-5.
    audit = from_passed({"Female": (142, 565), "Male": (245, 682)}, policy="us-nyc-ll144")
    found = finding(audit, "adverse_impact_ratio", "Female")
    assert max(found.p, *found.sensitivity.values()) < 6e-5
