"""Numbers that courts and papers printed."""

import pytest

from fairaudit.cube.from_counts import from_counts
from fairaudit.metrics import CONTRASTS, METRICS, disparity


@pytest.fixture
def teal():
    """Connecticut v. Teal, 457 U.S. 440 (1982), n. 4: 26 of 48 Black and 206 of 259 white candidates passed."""
    return from_counts(
        {
            "race": ["Black", "Black", "White", "White"],
            "decision": ["pass", "fail", "pass", "fail"],
            "n": [26, 22, 206, 53],
        },
        groups="race",
        decision="decision",
        favorable="pass",
    ).confusion()


def test_teal_selection_rates(teal):
    # The opinion: "54.17 percent" and "79.54 percent".
    assert (100 * METRICS["selection_rate"](teal).value).round(2).tolist() == [54.17, 79.54]


@pytest.mark.parametrize(
    ("name", "expected", "digits"),
    [
        ("adverse_impact_ratio", 0.6810, 4),  # the opinion: "approximately 68 percent of the passing rate"
        ("selection_rate_difference", -0.254, 3),
        ("selection_odds_ratio", 0.3041, 4),  # 26 x 53 / (22 x 206)
        ("shortfall", 12.18, 2),  # 48 x 206/259 - 26
        ("adverse_outcome_ratio", 2.2398, 4),  # (22/48) / (53/259)
    ],
)
def test_teal_contrasts(teal, name, expected, digits):
    assert round(float(disparity.value(CONTRASTS[name], teal[0], teal[1])), digits) == expected


def test_equalized_odds_can_cancel_and_the_absolute_one_cannot():
    # Gaps of +0.2 in true positives and -0.2 in false positives, by construction.
    k = from_counts(
        {
            "g": ["a"] * 4 + ["b"] * 4,
            "d": [1, 0] * 4,
            "y": [1, 1, 0, 0] * 2,
            "n": [70, 30, 30, 70, 50, 50, 50, 50],
        },
        groups="g", decision="d", favorable=1, outcome="y", good=1,
    ).confusion()  # fmt: skip
    found = {
        name: float(disparity.value(CONTRASTS[name], k[0], k[1]))
        for name in ("average_odds_difference", "average_absolute_odds_difference", "equalized_odds_difference")
    }
    assert found == pytest.approx(
        {"average_odds_difference": 0.0, "average_absolute_odds_difference": 0.2, "equalized_odds_difference": 0.2},
        abs=1e-12,
    )


def test_hanley_and_mcneil():
    # Hanley and McNeil (1982), table I: 58 normal and 51 abnormal CT images rated 1 to 5; the area under the
    # curve by the trapezoidal rule is 0.893.
    rating = [1, 2, 3, 4, 5]
    cube = from_counts(
        {"s": rating * 2, "y": [0] * 5 + [1] * 5, "n": [33, 6, 6, 11, 2, 3, 2, 2, 11, 33]},
        score="s", higher_is="better", outcome="y", good=1,
    )  # fmt: skip
    s = cube.score_table()
    assert METRICS["area_under_curve"](s).value.round(3).tolist() == [0.893]
    assert METRICS["area_under_curve"](s).n.tolist() == [109]
