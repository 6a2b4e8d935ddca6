"""The presets say what their sources say: lines, references, dates."""

import datetime
import re

import pytest

from fairaudit.metrics.base import CONTRASTS
from fairaudit.policy.loading import load_policy, preset_ids, preset_path

POLICIES = {preset: load_policy(preset).policy for preset in preset_ids()}


def test_these_are_the_presets():
    assert list(POLICIES) == ["eu-ai-act-annex-iii-5b", "us-fair-lending", "us-nyc-ll144", "us-ugesp"]


@pytest.mark.parametrize("preset", POLICIES)
def test_every_preset_is_dated_and_sourced(preset):
    policy = POLICIES[preset]
    assert policy.id == preset
    assert policy.checked_on == datetime.date(2026, 11, 23)
    assert policy.summary
    assert policy.notes
    assert len(policy.sources) >= 2
    assert all(source.text for source in policy.sources)
    assert preset_path(preset).read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("preset", POLICIES)
def test_presets_ask_for_contrasts_that_exist_in_the_way_they_are_made(preset):
    load_policy(preset, known_metrics=CONTRASTS)
    for rule in POLICIES[preset].rules:
        assert CONTRASTS[rule.metric].how == rule.contrast


@pytest.mark.parametrize("preset", POLICIES)
def test_presets_never_speak_in_verdicts(preset):
    policy = POLICIES[preset]
    words = " ".join([policy.title, policy.summary, *policy.notes])
    assert not re.search(r"\b(pass(es|ed)?|fair(?!-lending)|unfair|legal|illegal)\b", words, re.IGNORECASE)


def test_the_default_is_the_fair_lending_convention():
    policy = POLICIES["us-fair-lending"]
    ratio, gap = policy.rules
    # requirements section 11: AIR < .90 watch, < .80 review; SMD .30 watch, .50 review; p < .05
    assert (ratio.practical.op, ratio.practical.value, ratio.practical.watch) == ("<", 0.80, 0.90)
    assert (gap.practical.op, gap.practical.value, gap.practical.watch) == ("<", -0.50, -0.30)
    assert (ratio.family, gap.family) == ("primary", "secondary")
    assert (policy.reference.mode, policy.status, policy.alpha) == ("named", "convention", 0.05)
    # 91 FR, document 2026-07804, effective 21 July 2026
    assert any("not a statement of federal law" in note and "21 July 2026" in note for note in policy.notes)


def test_the_four_fifths_rule_compares_with_the_highest_rate():
    policy = POLICIES["us-ugesp"]
    (rule,) = policy.rules
    # 29 CFR 1607.4(D)
    assert (rule.practical.op, rule.practical.value, policy.reference.mode) == ("<", 0.80, "highest")
    assert policy.status == "guideline"
    assert any("rescission" in note for note in policy.notes)


def test_local_law_144_sets_no_line():
    policy = POLICIES["us-nyc-ll144"]
    assert all(rule.practical is None for rule in policy.rules)
    # 6 RCNY 5-301(d): categories below 2% may be left out of the ratios
    assert (policy.minimum_share, policy.reference.mode) == (0.02, "highest")
    # the unknown category is left out of the calculation and its count is stated: 6 RCNY 5-301
    assert policy.excluded_levels == ("(missing)", "Unknown")
    assert policy.valid_from == datetime.date(2023, 7, 5)


def test_the_ai_act_leaves_metrics_and_lines_to_its_user():
    policy = POLICIES["eu-ai-act-annex-iii-5b"]
    assert policy.requires_declaration
    assert policy.rules == ()
    assert policy.valid_from == datetime.date(2027, 12, 2)  # Annex III duties, as amended by the Digital Omnibus
