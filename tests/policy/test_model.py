"""What a policy may say."""

import datetime

import pytest
from pydantic import ValidationError

from fairaudit.errors import PolicyError
from fairaudit.metrics import CONTRASTS
from fairaudit.policy.loading import load_policy
from fairaudit.policy.model import Policy, Practical, Rule, Source, check_ready


def test_an_effect_on_the_line_is_not_past_it():
    below, above = Practical(op="<", value=0.8, watch=0.9), Practical(op=">", value=1.25, watch=1.1)
    assert [below.is_past(value) for value in (0.79, 0.8, 0.81)] == [True, False, False]
    assert [above.is_past(value) for value in (1.24, 1.25, 1.26)] == [False, False, True]
    assert [below.is_past_watch(value) for value in (0.89, 0.9)] == [True, False]
    assert not Practical(op="<", value=0.8).is_past_watch(0.1)


@pytest.mark.parametrize(
    ("op", "value", "watch"), [("<", 0.8, 0.8), ("<", 0.8, 0.7), (">", 1.25, 1.25), (">", 1.25, 1.5)]
)
def test_a_watch_line_is_milder(op, value, watch):
    with pytest.raises(ValueError, match="milder"):
        Practical(op=op, value=value, watch=watch)


@pytest.mark.parametrize(
    ("contrast", "op", "value"),
    [
        ("ratio", "<", 1.2),
        ("ratio", ">", 0.8),
        ("odds_ratio", ">", 0.9),
        ("difference", "<", 0.05),
        ("shortfall", ">", -1),
    ],
)
def test_no_line_may_flag_groups_that_are_treated_alike(contrast, op, value):
    with pytest.raises(ValueError, match="treated alike"):
        Rule(id="r", metric="m", contrast=contrast, practical=Practical(op=op, value=value))


@pytest.mark.parametrize(
    ("contrast", "op", "value", "none"),
    [
        ("ratio", "<", 1.0, 1),
        ("odds_ratio", ">", 1.5, 1),
        ("difference", "<", -0.05, 0),
        ("worst_difference", ">", 0.1, 0),
    ],
)
def test_lines_on_the_right_side_are_kept(contrast, op, value, none):
    rule = Rule(id="r", metric="m", contrast=contrast, practical=Practical(op=op, value=value))
    assert rule.practical.value == value
    assert rule.no_difference == none


def test_a_rule_may_have_an_alpha_of_its_own():
    policy = load_policy("us-fair-lending").policy
    rule = policy.primary_rule
    strict = Rule(**{**rule.model_dump(), "statistical": {"alpha": 0.01}})
    assert (policy.alpha_of(rule), policy.alpha_of(strict)) == (0.05, 0.01)


def test_a_policy_cannot_be_changed():
    policy = load_policy("us-ugesp").policy
    with pytest.raises(ValueError, match="frozen"):
        policy.alpha = 0.1


def test_metrics_are_checked_against_the_known_ones():
    policy = load_policy("us-fair-lending").policy
    load_policy(policy, known_metrics={"adverse_impact_ratio", "standardized_mean_difference"})
    with pytest.raises(PolicyError, match="Did you mean 'standardised_mean_difference'"):
        load_policy(policy, known_metrics=["adverse_impact_ratio", "standardised_mean_difference"])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"metric": "selection_rate_difference", "contrast": "ratio", "practical": {"op": "<", "value": 0.8}},
         "is a difference, not a ratio"),
        ({"metric": "adverse_outcome_ratio", "contrast": "ratio", "practical": {"op": "<", "value": 0.8}},
         "with '>', not with '<'"),
    ],
)  # fmt: skip
def test_a_rule_reads_its_metric_as_the_catalogue_does(rule, words):
    mine = {"extends": "us-fair-lending", "id": "mine", "rules": [{"id": "one", "family": "primary", **rule}]}
    with pytest.raises(PolicyError, match=words):
        load_policy(mine, known_metrics=CONTRASTS)


def test_an_effect_on_the_line_is_not_past_it_whatever_its_last_bit():
    line = Practical(op="<", value=0.8)
    assert 0.62 / 0.775 < 0.8
    assert not line.is_past(0.62 / 0.775)
    assert line.is_past(0.79999)


def test_the_ai_act_refuses_until_a_line_is_declared():
    with pytest.raises(PolicyError, match=r"does not run as it stands.*'extends: eu-ai-act-annex-iii-5b'"):
        check_ready(load_policy("eu-ai-act-annex-iii-5b").policy)
    rule = {"id": "tpr", "metric": "equal_opportunity_difference", "contrast": "difference"}
    bare = load_policy({"extends": "eu-ai-act-annex-iii-5b", "id": "mine", "rules": [rule]}).policy
    with pytest.raises(PolicyError, match="at least one rule with a line"):
        check_ready(bare)
    lined = {**rule, "practical": {"op": "<", "value": -0.05}, "family": "primary"}
    check_ready(load_policy({"extends": "eu-ai-act-annex-iii-5b", "id": "mine", "rules": [lined]}).policy)


@pytest.mark.parametrize("preset", ["us-fair-lending", "us-ugesp", "us-nyc-ll144"])
def test_the_others_are_ready(preset):
    check_ready(load_policy(preset).policy)


def test_a_source_is_one_line():
    source = Source(title="Rule", citation="1 CFR 2", address="https://example.org", date="2026-07")
    assert source.text == "Rule, 1 CFR 2, https://example.org (2026-07)"


def test_what_a_policy_does_not_say_is_off():
    made = Policy.model_validate(
        {
            "id": "a", "version": "1", "title": "A", "jurisdiction": "nowhere", "status": "internal",
            "reference": {"mode": "largest"}, "valid_from": datetime.date(2026, 1, 31),
            "rules": [{"id": "r", "metric": "adverse_impact_ratio", "contrast": "ratio"}],
        }
    )  # fmt: skip
    assert (made.cross, made.impact_tables, made.requires_declaration, made.profit) == (False, False, False, None)
    assert made.valid_from == datetime.date(2026, 1, 31)


@pytest.mark.parametrize("day", [2026, 20260131, datetime.datetime(2026, 1, 31, 12), "31.1.2026"])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(ValidationError, match="is not a day"):
        Policy.model_validate({"id": "a", "valid_from": day})
