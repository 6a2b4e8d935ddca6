"""A sample that is drawn by something: whatever an audit still prints is what it would print of everybody."""

from pathlib import Path

import numpy as np
import pytest

import fairaudit
import fairaudit as fa
from fairaudit.errors import SchemaError
from fairaudit.inference.bootstrap import draw_counts
from fairaudit.metrics.base import CONTRASTS, MEASURES, METRICS
from fairaudit.metrics.sampling import GIVEN, IN_STRATA, POOLED, Sampling, how_drawn
from fairaudit.schema import declare

ROLES = {
    "score": "score", "higher_is": "worse", "cutoff": 0.4, "score_unit": "probability", "outcome": "bad", "bad": 1,
    "groups": ["race", "sex"], "reference": {"race": "White", "sex": "M"}, "strata": "branch", "counts": "n",
    "rng": 1,
}  # fmt: skip


ONE_EFFECT_FOR_ALL = {
    "stratum_homogeneity", "mantel_haenszel_odds_ratio", "segmented_adverse_impact_ratio",
    "conditional_selection_rate_difference", "adjusted_marginal_effect", "bad_rate_difference_at_same_score",
    "marginal_bad_rate_difference", "calibration_intercept", "calibration_slope", "calibration_slope_difference",
    "differential_fairness",
}  # fmt: skip
"""Measures of one effect or curve in all strata or at all scores: where it is not one, people weigh them. The last
adds a pseudo-count, which weighs less where there are more people."""


def population():
    """Counts of people by race, sex, branch, score and outcome, all dependent on each other."""
    rng = np.random.default_rng(5)
    rows = [
        (race, sex, branch, score, bad)
        for race in ("White", "Black", "Asian")
        for sex in ("F", "M")
        for branch in ("North", "South")
        for score in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
        for bad in (0, 1)
    ]
    columns = dict(zip(("race", "sex", "branch", "score", "bad"), map(list, zip(*rows, strict=True)), strict=True))
    return columns | {"n": rng.integers(8, 60, len(rows)).tolist()}


def oversampled(table, by):
    """Take some people four times as often as others: by one of the columns, or by the decision."""
    often = {
        "outcome": [bad == 1 for bad in table["bad"]],
        "score": [score in {0.2, 0.4} for score in table["score"]],
        "decision": [score <= 0.4 for score in table["score"]],
        "race": [race != "White" for race in table["race"]],
        "branch": [branch == "South" for branch in table["branch"]],
    }[by]
    return table | {"n": [4 * n if more else n for n, more in zip(table["n"], often, strict=True)]}


def values(result):
    """Every value that does not go by how many people there are, under a name of its own."""
    found = {}
    for record in result.rates:
        if record.metric != "people":
            found["rate", record.metric, record.attribute, record.group, record.cutoff, record.band] = record.value
    for record in result.findings:
        if record.metric != "shortfall":
            found["finding", record.metric, record.attribute, record.group, record.cutoff] = record.value
    for record in result.measurements:
        key = (record.metric, record.attribute, record.group, record.cutoff, record.detail)
        if record.metric not in ONE_EFFECT_FOR_ALL:
            found["measurement", *key] = record.value
    return found


@pytest.fixture(scope="module")
def whole():
    return values(fa.audit(population(), **ROLES).result)


@pytest.mark.parametrize("by", ["outcome", "score", "decision", "race", "branch"])
def test_what_is_printed_of_a_sample_is_what_holds_of_everybody(by, whole):
    result = fa.audit(oversampled(population(), by), **ROLES, sampled_by=by).result
    found = values(result)
    printed = {key: value for key, value in found.items() if value is not None}
    assert len(printed) > 5
    wrong = {key for key, value in printed.items() if whole[key] != pytest.approx(value, abs=1e-9)}
    assert not wrong
    # Without being told, the audit cannot know: the same numbers are then printed, and many of them are others.
    untold = values(fa.audit(oversampled(population(), by), **ROLES).result)
    changed = {key for key, value in untold.items() if value != pytest.approx(whole.get(key), abs=1e-9)}
    assert len(changed) > 20
    assert all(found.get(key) is None for key in changed)


def test_what_stands_and_what_does_not():
    table = oversampled(population(), "outcome")
    result = fa.audit(table, **ROLES, sampled_by="outcome").result
    stand = {record.metric for record in result.rates if record.value is not None}
    assert stand >= {"true_positive_rate", "false_positive_rate", "area_under_curve", "people"}
    assert not stand & {"selection_rate", "bad_rate", "positive_predictive_value", "mean_score"}
    assert {finding.metric for finding in result.findings} >= {"equal_opportunity_difference"}
    assert "adverse_impact_ratio" not in {finding.metric for finding in result.findings}
    [entry] = [one for one in result.not_run if one.attribute == "race" and "Adverse impact ratio" in one.what]
    assert entry.reason == (
        "the sample was drawn by outcome, without weights: it does not show this for the population"
    )
    for text in (fa.audit(table, **ROLES, sampled_by="outcome").to_markdown(),):
        assert "by outcome, without weights: numbers that such a sample cannot give are undefined" in text


def test_with_weights_all_stands():
    table = {name: [value for value, n in zip(values, population()["n"], strict=True) for _ in range(n)]
             for name, values in population().items() if name != "n"}  # fmt: skip
    roles = {name: value for name, value in ROLES.items() if name != "counts"}
    weighted = table | {"w": [1 / 4 if bad else 1.0 for bad in table["bad"]]}
    result = fa.audit(weighted, **roles, weight="w", sampled_by="outcome").result
    assert all(record.value is not None for record in result.rates if record.metric == "selection_rate")
    assert "the weights are taken to undo it" in fa.audit(weighted, **roles, weight="w", sampled_by="outcome").to_html()


def test_drawn_by_group_the_data_choose_no_largest_reference_and_no_small_share(tmp_path):
    table = oversampled(population(), "race")
    roles = {name: value for name, value in ROLES.items() if name != "reference"}
    text = Path(fairaudit.__file__).with_name("policy").joinpath("presets", "us-fair-lending.yaml").read_text("utf-8")
    policy = tmp_path / "largest.yaml"
    policy.write_text(text.replace("mode: named", "mode: largest"), "utf-8")
    drawn = fa.audit(table, **roles, sampled_by="race", policy=policy).result
    assert not [finding for finding in drawn.findings if finding.attribute == "race"]
    reasons = [one.reason for one in drawn.not_run if one.attribute == "race" and one.what == "all comparisons"]
    assert reasons == [
        "the sample was drawn by race, without weights: how large groups are is not known; name the reference"
    ]
    at_random = fa.audit(table, **roles, sampled_by="random", policy=policy).result
    assert [finding for finding in at_random.findings if finding.attribute == "race"]


def test_not_stated_is_said_and_changes_nothing():
    given, silent = (fa.audit(population(), **ROLES, **more) for more in ({"sampled_by": "random"}, {}))
    assert values(given.result) == values(silent.result)
    assert "not stated" in silent.to_markdown()
    assert "at random" in given.to_markdown()


def test_every_name_in_the_tables_is_in_the_catalogue():
    known = {*METRICS, *CONTRASTS, *MEASURES}
    assert {*GIVEN} <= known
    assert known >= POOLED
    assert known >= IN_STRATA


def test_group_means_all_groups_together():
    schema = declare(decision="d", favorable=1, groups=["race", "sex"], sampled_by="group")
    drawn = Sampling.of(schema)
    assert drawn.lost("selection_rate", over=("race", "sex")) is None
    assert "drawn by sex" in (drawn.lost("selection_rate", over=("race",)) or "")
    assert "put together over race and sex" in (drawn.lost("selection_rate", over=()) or "")
    assert how_drawn(schema.sampled_by, weighted=False).startswith("by group")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("outcom", r"sampled_by is one of random, .*race, or several, got 'outcom'. Did you mean 'outcome'"),
        (["random", "group"], "'random' and group at once"),
        (3, "sampled_by is one of random"),
    ],
)
def test_a_wrong_way_of_drawing_is_named(given, words):
    with pytest.raises(SchemaError, match=words):
        declare(decision="d", favorable=1, groups="race", sampled_by=given)


def test_cubes_of_samples_drawn_in_two_ways_do_not_merge():
    table = {"d": [1, 0], "g": ["a", "b"]}
    one, two = (fa.count(table, decision="d", favorable=1, groups="g", sampled_by=by) for by in ("group", "random"))
    with pytest.raises(fa.FairauditError, match="differ in how people were sampled: group, and random"):
        one + two


def test_people_drawn_by_outcome_are_resampled_by_outcome():
    counts = np.array([[5, 2], [30, 8], [10, 15]])
    drawn = draw_counts(counts, 50, 1, strata=-1)
    assert (drawn.sum(axis=1) == counts.sum(axis=0)).all()
    assert (draw_counts(counts, 50, 1).sum(axis=1) != counts.sum(axis=0)).any()
    assert draw_counts(counts, 50, 1, strata=0).shape == (50, 3, 2)
    result = fa.audit(population(), **ROLES, sampled_by="outcome").result
    [method] = {one.method for one in result.rates if one.metric == "kolmogorov_smirnov"}
    assert method == "count bootstrap within each outcome, 2,000 draws"


def test_which_reference_the_data_can_choose():
    by_group = Sampling(frozenset({"sex"}))
    assert by_group.lost_reference("named", over=("sex",), groups=2) is None
    # Rates of the groups themselves stand, so the highest can be chosen where the groups are those of the drawing.
    assert by_group.lost_reference("highest", over=("sex",), groups=2) is None
    assert "name the reference" in by_group.lost_reference("highest", over=("race",), groups=2)
    assert "how large groups are" in by_group.lost_reference("largest", over=("sex",), groups=2)
    # The rest of two groups is one group; of three it is a mixture in shares that are not known.
    assert by_group.lost_reference("rest", over=("sex",), groups=2) is None
    assert "how large groups are" in by_group.lost_reference("rest", over=("sex",), groups=3)
    assert by_group.lost_reference("named", over=("sex",), groups=3) is None
