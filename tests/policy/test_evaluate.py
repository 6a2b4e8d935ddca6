"""The verdict: exactly one of four statuses, in words that never clear or condemn."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.policy.evaluate import judge
from fairaudit.policy.model import Practical

AIR = Practical(op="<", value=0.8, watch=0.9)
DENIALS = Practical(op=">", value=1.25, watch=1.1)

PLAIN = {
    "value": 0.6,
    "low_one_sided": 0.5,
    "high_one_sided": 0.7,
    "p": 0.001,
    "p_adjusted": 0.004,
    "line": AIR,
    "alpha": 0.05,
    "n": 500,
    "n_reference": 900,
    "minimum_n": 30,
    "undefined": None,
}


def verdict(**changes):
    return judge(**(PLAIN | changes))


def test_past_the_line_and_more_than_chance_is_flagged():
    assert verdict().status == "flag"
    assert verdict().reason == "0.600 is past the line of 0.80, and more than chance (p = 0.004)."


def test_a_line_above_is_the_mirror():
    flagged = verdict(value=1.6, low_one_sided=1.3, high_one_sided=1.9, line=DENIALS)
    within = verdict(value=1.05, low_one_sided=1.0, high_one_sided=1.2, line=DENIALS, p=0.3, p_adjusted=0.6)
    unsure = verdict(value=1.05, low_one_sided=0.9, high_one_sided=1.4, line=DENIALS, p=0.3, p_adjusted=0.6)
    assert [v.status for v in (flagged, within, unsure)] == ["flag", "within_line", "insufficient"]


def test_the_small_n_trap_is_insufficient():
    # 6/20 against 24/60: AIR .75, Fisher p .59, interval .36 to 1.57 (requirements, section 9)
    found = verdict(value=0.75, low_one_sided=0.40, p=0.59, p_adjusted=0.59, minimum_n=10, n=20, n_reference=60)
    assert found.status == "insufficient"
    assert found.reason == "0.750 is past the line of 0.80, but it could be chance (p = 0.59)."


def test_the_evidence_must_exclude_the_line():
    assert verdict(value=0.97, low_one_sided=0.85, p=0.4, p_adjusted=0.9).status == "within_line"
    reaching = verdict(value=0.97, low_one_sided=0.75, p=0.4, p_adjusted=0.9)
    assert reaching.status == "insufficient"
    assert reaching.reason == "0.970 is not past the line of 0.80, but the evidence reaches past it, to 0.750."


def test_an_interval_that_ends_on_the_line_holds_nothing_past_it():
    assert verdict(value=0.97, low_one_sided=0.8, p=0.4, p_adjusted=0.9).status == "within_line"
    assert verdict(value=0.97, low_one_sided=0.7999, p=0.4, p_adjusted=0.9).status == "insufficient"


def test_a_real_difference_inside_the_line_is_said_to_be_real_and_on_watch():
    found = verdict(value=0.87, low_one_sided=0.84, p=0.0001, p_adjusted=0.0002)
    assert found.status == "within_line"
    assert found.reason == (
        "0.870: the evidence excludes an effect past the line of 0.80. This is a real difference, smaller "
        "than the line (p = 0.0001). It is past the policy's watch line of 0.90."
    )


def test_a_real_difference_the_other_way_is_not_called_small():
    found = verdict(value=1.4, low_one_sided=1.2, p=0.0001, p_adjusted=0.0002, no_difference=1.0)
    assert "a real difference, in the other direction" in found.reason
    assert "smaller" not in found.reason


def test_a_difference_that_may_be_chance_is_not_called_real():
    assert verdict(value=0.97, low_one_sided=0.85, p=0.4, p_adjusted=0.9).reason == (
        "0.970: the evidence excludes an effect past the line of 0.80."
    )
    assert "real" not in verdict(value=0.97, low_one_sided=0.85, p=0.05, p_adjusted=0.9).reason


def test_significant_only_before_correction_says_so():
    found = verdict(p=0.02, p_adjusted=0.08, comparisons=4)
    assert found.status == "insufficient"
    assert "significant only before correction for 4 comparisons (p = 0.02 before, p = 0.08 after)" in found.reason


def test_people_needed_if_there_is_no_difference_are_said_too():
    found = verdict(p=0.2, p_adjusted=0.2, people_needed=1250, people_needed_if_alike=310)
    assert "1,250 people in the group would settle it, if this effect is the true one; 310 people if in truth" in (
        found.reason
    )
    alone = verdict(p=0.2, p_adjusted=0.2, people_needed_if_alike=310)
    assert "310 people in the group would settle it, if in truth there is no difference." in alone.reason


def test_at_the_line_no_number_of_people_would_settle_it():
    found = verdict(value=0.8, low_one_sided=0.7, people_needed_if_alike=310)
    assert found.status == "insufficient"
    assert "at the line itself, is the true one, no number of people would settle it. It would take 310" in (
        found.reason
    )


def test_people_needed_and_the_detectable_effect_are_said():
    found = verdict(p=0.2, p_adjusted=0.2, people_needed=1250, minimum_detectable=0.71)
    assert "1,250 people in the group would settle it, if this effect is the true one." in found.reason
    assert "With these numbers an effect of 0.710 would be found reliably." in found.reason


def test_a_p_on_the_level_is_not_below_it():
    assert verdict(p=0.01, p_adjusted=0.05).status == "insufficient"
    assert verdict(p=0.01, p_adjusted=math.nextafter(0.05, 0)).status == "flag"


def test_a_p_on_the_level_before_correction_could_be_chance():
    assert "it could be chance (p = 0.05)" in verdict(p=0.05, p_adjusted=0.2).reason


def test_too_few_people():
    assert verdict(n=12).reason == "12 people; the policy asks for at least 30."
    assert verdict(n_reference=1).reason == "1 person in the reference; the policy asks for at least 30."
    assert verdict(n=12).status == verdict(n_reference=12).status == "insufficient"
    assert verdict(n=30, n_reference=30).status == "flag"


def test_no_line_is_for_information():
    found = verdict(line=None)
    assert (found.status, found.reason) == ("info", "The policy sets no line here.")
    assert verdict(line=None, n=0, undefined="nobody in the group").reason == (
        "The policy sets no line here. Undefined: nobody in the group."
    )


def test_undefined_with_a_line_is_insufficient():
    found = verdict(value=None, undefined="nobody in the reference was selected")
    assert (found.status, found.reason) == (
        "insufficient",
        "Undefined: nobody in the reference was selected.",
    )


def test_missing_labels_are_shown_and_not_judged():
    assert verdict(in_test_family=False).status == "info"
    assert verdict(in_test_family=False, value=None, undefined="0/0", n=0).status == "info"


@pytest.mark.parametrize("hole", ["value", "p_adjusted"])
@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_number_that_does_not_exist_never_flags(hole, nothing):
    assert verdict(**{hole: nothing}).status == "insufficient"


def test_an_effect_close_to_the_line_is_not_printed_as_if_on_it():
    assert verdict(value=0.79996).reason.startswith("0.79996 is past the line of 0.80")
    assert verdict(value=0.8, low_one_sided=0.7).reason.startswith("0.800 is not past the line of 0.80")


def test_an_infinite_effect_is_judged_and_spelled_out():
    found = verdict(value=math.inf, low_one_sided=2.0, high_one_sided=math.inf, line=DENIALS)
    assert (found.status, found.reason[:8]) == ("flag", "infinity")


numbers = st.one_of(st.none(), st.just(math.nan), st.just(math.inf), st.floats(-2, 3))
chances = st.one_of(st.none(), st.just(math.nan), st.floats(0, 1))
people = st.integers(0, 200)
cases = st.fixed_dictionaries(
    {
        "value": numbers,
        "low_one_sided": numbers,
        "high_one_sided": numbers,
        "p": chances,
        "p_adjusted": chances,
        "line": st.sampled_from([None, AIR, DENIALS, Practical(op="<", value=-0.5)]),
        "alpha": st.sampled_from([0.01, 0.05, 0.1]),
        "n": people,
        "n_reference": people,
        "minimum_n": st.sampled_from([1, 30]),
        "undefined": st.sampled_from([None, "nobody is in the denominator"]),
        "in_test_family": st.booleans(),
        "people_needed": st.one_of(st.none(), people),
        "minimum_detectable": numbers,
        "comparisons": st.one_of(st.none(), st.integers(1, 50)),
        "no_difference": st.sampled_from([None, 0.0, 1.0]),
    }
)
judgeable = cases.map(lambda case: case | {"line": case["line"] or AIR, "undefined": None, "in_test_family": True})


@settings(max_examples=400)
@given(cases)
def test_one_status_one_sentence_and_no_verdict_words(case):
    found = judge(**case)
    assert found.status in {"flag", "within_line", "insufficient", "info"}
    assert not re.search(r"\b(pass(es|ed)?|fair|unfair|legal|illegal|ok|compliant)\b", found.reason, re.IGNORECASE)
    assert "nan" not in found.reason.casefold().split()
    assert found.reason.endswith(".")
    assert (found.status == "info") == (case["line"] is None or not case["in_test_family"])


@settings(max_examples=400)
@given(cases)
def test_a_flag_has_everything_it_needs(case):
    if judge(**case).status == "flag":
        assert case["line"].is_past(case["value"])
        assert case["p_adjusted"] < case["alpha"]
        assert min(case["n"], case["n_reference"]) >= case["minimum_n"]
        assert case["undefined"] is None


@settings(max_examples=400)
@given(judgeable, st.floats(0, 1))
def test_a_smaller_p_never_undoes_a_flag_and_a_larger_one_never_makes_one(case, share):
    if case["p_adjusted"] is None or math.isnan(case["p_adjusted"]):
        return
    smaller = judge(**(case | {"p_adjusted": case["p_adjusted"] * share})).status
    status = judge(**case).status
    if status == "flag":
        assert smaller == "flag"
    if status == "within_line":
        assert smaller == "within_line"


@settings(max_examples=400)
@given(judgeable, st.floats(0, 2))
def test_a_tighter_interval_never_undoes_within_line(case, step):
    if judge(**case).status != "within_line":
        return
    tighter = dict(case)
    for bound, sign in (("low_one_sided", 1), ("high_one_sided", -1)):
        if tighter[bound] is not None:
            tighter[bound] += sign * step
    assert judge(**tighter).status in {"within_line"}


@settings(max_examples=400)
@given(judgeable, st.floats(0, 2))
def test_a_worse_effect_never_undoes_a_flag(case, step):
    if judge(**case).status != "flag":
        return
    sign = -1 if case["line"].op == "<" else 1
    assert judge(**(case | {"value": case["value"] + sign * step})).status == "flag"


@settings(max_examples=400)
@given(judgeable, st.integers(0, 500))
def test_more_people_never_turn_a_status_into_insufficient(case, more):
    status = judge(**case).status
    grown = judge(**(case | {"n": case["n"] + more, "n_reference": case["n_reference"] + more})).status
    assert grown == status or status == "insufficient"


@settings(max_examples=400)
@given(judgeable)
def test_within_line_is_never_past_the_line(case):
    if judge(**case).status == "within_line":
        assert not case["line"].is_past(case["value"])
