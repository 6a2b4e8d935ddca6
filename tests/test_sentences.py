"""Findings in words: every number that a reader needs, in the unit that people read."""

import math
import re

import pytest

from fairaudit.inference.of_contrasts import Compared
from fairaudit.metrics import CONTRASTS
from fairaudit.result import Finding
from fairaudit.sentences import amount, finding_sentence, percent

AIR = CONTRASTS["adverse_impact_ratio"]


def finding(**changes):
    plain = {
        "id": "x",
        "family": "primary",
        "rule": "air",
        "metric": "adverse_impact_ratio",
        "contrast": "ratio",
        "attribute": "race",
        "group": "Black",
        "levels": {"race": "Black"},
        "reference": "White",
        "cutoff": None,
        "value": 0.681,
        "low": 0.503,
        "high": 0.857,
        "method": "m",
        "test": "t",
        "p": 0.00018,
        "p_adjusted": 0.00018,
        "n": 48,
        "n_reference": 259,
        "people_needed": None,
        "minimum_detectable": None,
        "line": 0.8,
        "status": "flag",
        "reason": "it is past the line.",
        "sentence": "",
    }
    return Finding(**plain | changes)


def compared(**changes):
    plain = {
        "value": 0.681,
        "low": 0.503,
        "high": 0.857,
        "low_one_sided": 0.53,
        "high_one_sided": 0.83,
        "method": "m",
        "test": "t",
        "p": 0.00018,
        "n": 48,
        "n_reference": 259,
        "confidence": 0.95,
        "group_value": 26 / 48,
        "reference_value": 206 / 259,
    }
    return Compared(**plain | changes)


def test_a_whole_sentence():
    # Connecticut v. Teal, 457 U.S. 440 (1982): 26 of 48 and 206 of 259 passed; (1 - 26/48) / (1 - 206/259) = 2.24
    assert finding_sentence(finding(), AIR, compared()) == (
        "race: Black against White, 54.2% selected against 79.5%: Adverse impact ratio 0.681 (95% interval 0.503 to "
        "0.857, p = 0.00018); a gap of -25.4 percentage points, not selected 2.24 times as often. It is past the line."
    )


def test_the_cutoff_is_named():
    for cutoff, said in ((620.0, "at cut-off 620,"), (0.25, "at cut-off 0.25,"), (1e6, "at cut-off 1000000,")):
        assert said in finding_sentence(finding(cutoff=cutoff), AIR, compared())


def test_undefined_says_why_and_nothing_else():
    text = finding_sentence(finding(value=None, undefined="nobody was selected"), AIR, compared(value=math.nan))
    assert text == "race: Black against White, Adverse impact ratio is undefined: nobody was selected."


def test_unbounded():
    made = compared(value=math.inf, high=math.inf, low=1.8, reference_value=0.0)
    text = finding_sentence(finding(value=None, high=None, unbounded="value"), AIR, made)
    assert "Adverse impact ratio without bound (95% interval 1.800 to no upper bound" in text


def test_no_interval_no_p():
    made = compared(low=math.nan, high=math.nan)
    assert "interval" not in finding_sentence(finding(low=None, high=None), AIR, made)
    assert "p =" not in finding_sentence(finding(p=None), AIR, compared())
    assert "p < 0.0001" in finding_sentence(finding(p=1e-9), AIR, compared())


def test_everybody_selected_in_the_reference():
    text = finding_sentence(finding(), AIR, compared(reference_value=1.0))
    assert "percentage points. It is" in text
    assert "times as often" not in text


@pytest.mark.parametrize(
    ("confidence", "said"), [(0.95, "95%"), (0.9, "90%"), (1 - 0.05 / 21, "99.76%"), (0.995, "99.5%")]
)
def test_no_interval_is_said_to_be_certain(confidence, said):
    """Seven groups with the highest as reference make 21 pairs."""
    assert f"({said} interval" in finding_sentence(finding(), AIR, compared(confidence=confidence))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("adverse_impact_ratio", 0.6812, "0.681"), ("selection_rate_difference", -0.25371, "-25.4 percentage points"),
     ("selection_rate_difference", -0.0001, "0.0 percentage points"),
     ("equalized_odds_difference", 0.1, "10.0 percentage points"),
     ("standardized_mean_difference", -0.1234, "-0.123"), ("area_under_curve_difference", 0.0312, "0.031"),
     ("shortfall", 1234.56, "1,234.6 people"), ("selection_odds_ratio", None, "undefined"),
     ("selection_odds_ratio", math.nan, "undefined"),
     ("selection_odds_ratio", math.inf, "without bound")],
)  # fmt: skip
def test_amounts(name, value, said):
    assert amount(CONTRASTS[name], value) == said


def test_percent():
    assert [percent(value) for value in (0, 0.0004, 0.12345, 1)] == ["0.0%", "0.0%", "12.3%", "100.0%"]


@pytest.mark.parametrize("name", CONTRASTS)
def test_every_contrast_makes_a_sentence(name):
    item = CONTRASTS[name]
    text = finding_sentence(finding(metric=name, contrast=item.how), item, compared())
    assert item.title.split(" (")[0] in text
    assert not re.search(r"\bnan\b|\binf\b|None", text)
