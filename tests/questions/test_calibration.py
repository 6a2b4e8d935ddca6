"""Calibration records: what is measured, against what, and what is said about it."""

import dataclasses

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.calibration import calibration_curve

from fairaudit import audit, count, suppress
from fairaudit.cli import group
from fairaudit.cube.io import load, save
from fairaudit.errors import DataContractError, SchemaError
from fairaudit.measuring import grouping
from fairaudit.metrics.base import CONTRASTS, MEASURES
from fairaudit.policy.loading import load_policy
from fairaudit.questions.calibration import INFRAMARGINALITY, ask, margin_stop
from fairaudit.questions.common import Asking
from fairaudit.schema.roles import declare

POLICY = load_policy("us-fair-lending", known_metrics=CONTRASTS).policy
ROLES = {"groups": "g", "score": "s", "higher_is": "worse", "outcome": "y", "bad": 1, "cutoff": 0.3}


def people(rows=3000, seed=0, harsh=1.0, small=0):
    rng = np.random.default_rng(seed)
    g = rng.choice(["A", "B"], rows).tolist()
    s = rng.beta(2, 5, rows).round(2)
    y = (rng.random(rows) < np.clip(s * np.where(np.array(g) == "A", harsh, 1.0), 0, 1)).astype(int)
    g[:small] = ["C"] * small
    return {"g": g, "s": s, "y": y.tolist()}


def asked(data, reference="B", cube=None, **roles):
    cube = cube or count(data, **ROLES | roles)
    return ask([grouping(cube, ["g"])], Asking(POLICY, {"g": reference}, [0.3] if cube.axes.score else [], 0.95, 7))


def one(records, metric, group="A", detail=None):
    (found,) = [r for r in records if (r.metric, r.group, r.detail) == (metric, group, detail)]
    return found


@pytest.mark.parametrize("unit", ["probability", None])
def test_a_score_that_understates_a_group_is_found_with_and_without_a_unit(unit):
    records = asked(people(harsh=0.6), score_unit=unit)
    gap = one(records, "calibration_in_the_large_difference")
    common = one(records, "bad_rate_difference_at_same_score")
    assert gap.low > 0  # turned out better than said: the score is harsher on A
    assert common.high < 0
    assert gap.p_adjusted >= gap.p
    against = "the score as a probability" if unit else "the pooled curve of all groups"
    assert against in gap.note
    assert {record.metric for record in records} <= {*MEASURES}
    assert ("brier_score" in {record.metric for record in records}) == (unit is not None)


def test_swapping_group_and_reference_turns_signs_around():
    for unit in ("probability", None):
        one_way, other = asked(people(), score_unit=unit), asked(people(), "A", score_unit=unit)
        for record in one_way:
            if record.reference and record.metric != "bad_rate_difference_in_band":
                back = one(other, record.metric, "B", record.detail)
                assert back.value == pytest.approx(-record.value)
                assert back.low == pytest.approx(-record.high, abs=1e-6)


def test_the_direction_of_the_score_is_only_a_way_of_writing():
    data = people()
    turned = data | {"s": (1 - np.array(data["s"])).round(2)}
    for unit in ("probability", None):
        worse = asked(data, score_unit=unit)
        better = asked(turned, score_unit=unit, higher_is="better", cutoff=0.7)
        skip = {"marginal_bad_rate_difference"}  # asked at the other cut-off
        values = [{r.metric: r.value for r in made if r.reference and r.metric not in skip} for made in (worse, better)]
        assert values[0].keys() == values[1].keys()
        for metric, value in values[0].items():
            if metric != "bad_rate_difference_in_band":
                assert values[1][metric] == pytest.approx(value, abs=1e-6), metric


def test_curve_and_common_difference_are_those_of_the_rows():
    data = people(harsh=0.7)
    data["s"] = np.clip(data["s"].round(1), 0.0, 0.8) + 0.05
    records = asked(data, score_unit="probability", cutoff=0.35)
    g, s, y = (np.array(data[name]) for name in "gsy")
    curve = [r for r in records if r.metric == "calibration_curve" and r.group == "A" and r.detail is not None]
    happened, said = calibration_curve(y[g == "A"], s[g == "A"], n_bins=10)
    assert sorted(1 - r.value for r in curve) == pytest.approx(sorted(happened))
    assert sorted(1 - r.expected for r in curve) == pytest.approx(sorted(said))
    above = below = 0.0
    for score in np.unique(s):
        a, b = (y[(g == name) & (s == score)] for name in "AB")
        if len(a) and len(b):
            above += (a.sum() * len(b) - b.sum() * len(a)) / (len(a) + len(b))
            below += len(a) * len(b) / (len(a) + len(b))
    assert one(records, "bad_rate_difference_at_same_score").value == pytest.approx(above / below)


def test_the_outcome_test_looks_just_past_the_cutoff_at_both_groups_alike():
    data = people()
    (record,) = [r for r in asked(data) if r.metric == "marginal_bad_rate_difference"]
    least, _, most = record.detail.partition(" to ")
    g, s, y = (np.array(data[name]) for name in "gsy")
    inside = (s >= float(least)) & (s <= float(most))
    assert float(most) == 0.3
    assert min((inside & (g == name)).sum() * y[inside].mean() for name in "AB") >= 10
    assert record.value == pytest.approx(y[inside & (g == "A")].mean() - y[inside & (g == "B")].mean())
    assert (record.n, record.n_reference) == tuple((inside & (g == name)).sum() for name in "AB")
    assert record.cutoff == 0.3
    assert INFRAMARGINALITY in record.note


def test_the_margin_is_as_narrow_as_the_groups_allow():
    counts = np.array([[[0, 0], [30, 5], [30, 5], [90, 9]], [[9, 9], [60, 6], [60, 6], [90, 9]]], dtype=float)
    assert margin_stop(counts, 1) == 4  # 35 people, 3.8 bad expected; 70 and 7.7; then enough
    assert margin_stop(counts[1:], 1) == 3  # 66 people, 6 bad; then 132 people
    assert margin_stop(counts[:, :2], 1) == 2  # never enough: all there are
    assert margin_stop(counts, 4) is None


def test_small_suppressed_and_missing_groups():
    data = people(small=5)
    records = asked(data)
    small = one(records, "calibration_in_the_large", "C")
    assert (small.value, small.p) == (None, None)
    assert "the policy asks for" in small.undefined
    assert [r for r in records if r.group == "C"] == [small]
    assert not [r for r in asked(data, cube=suppress(count(data, **ROLES), 10)) if r.group == "C"]
    missing = people()
    missing["g"] = [None if i < 500 else g for i, g in enumerate(missing["g"])]
    untested = [r for r in asked(missing) if r.group == "(missing)"]
    assert untested
    assert all(r.p is None and r.p_adjusted is None for r in untested)


def test_unobserved_outcomes_are_said():
    data = people()
    data["y"] = [None if s > 0.4 else y for s, y in zip(data["s"], data["y"], strict=True)]
    records = asked(data)
    known = sum(y is not None for y in data["y"])
    assert all(f"among the {known:,} of 3,000 scored people" in (r.note or "") for r in records if r.value is not None)
    assert not any("among the" in (r.note or "") for r in asked(people()))


@pytest.mark.parametrize("without", ["outcome", "score", "other group", "reference"])
def test_nothing_is_asked_of_what_is_not_there(without):
    data = people()
    if without == "outcome":
        made = asked(data, cube=count(data, groups="g", score="s", higher_is="worse", cutoff=0.3))
    elif without == "score":
        made = asked(data, cube=count(data, groups="g", outcome="y", bad=1))
    elif without == "other group":
        made = asked(data | {"g": ["A"] * 3000})
    else:
        made = [record for record in asked(data, None) if record.reference]
    assert made == []


def test_everybody_else_can_be_the_reference():
    data = people(harsh=0.6)
    rest, named = asked(data, "all others"), asked(data)
    for metric in ("calibration_in_the_large_difference", "bad_rate_difference_at_same_score"):
        assert one(rest, metric).value == pytest.approx(one(named, metric).value)


def test_the_same_seed_gives_the_same_records():
    assert asked(people(), score_unit="probability") == asked(people(), score_unit="probability")


# The unit of the score


def test_a_probability_outside_0_and_1_is_an_error():
    data = people()
    data["s"][5] = 62.0
    with pytest.raises(DataContractError, match=r"declared a probability \(score_unit\), but holds 62\.0"):
        count(data, **ROLES, score_unit="probability")
    assert count(data, **ROLES).people == 3000


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"outcome": "y", "bad": 1, "score_unit": "probability"}, "score_unit is given but no score"),
        ({"score": "s", "higher_is": "better", "score_unit": "percent"}, "must be 'probability'"),
        ({"score": "s", "higher_is": "better", "score_unit": "probability", "cutoff": 62}, "outside 0 and 1"),
    ],
)
def test_units_are_checked(roles, said):
    with pytest.raises(SchemaError, match=said):
        declare(**roles)


def test_a_cube_file_keeps_the_unit(tmp_path):
    cube = count(people(), **ROLES, score_unit="probability")
    save(cube, tmp_path / "a.cube")
    assert load(tmp_path / "a.cube").schema.score_unit == "probability"
    assert cube.schema.roles()["score_unit"] == "probability"


def test_the_command_line_takes_the_unit(tmp_path):
    data = people(rows=60)
    lines = ["g,s,y", *(f"{g},{s},{y}" for g, s, y in zip(data["g"], data["s"], data["y"], strict=True))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    options = [
        "--group",
        "g",
        "--score",
        "s",
        "--higher-is",
        "worse",
        "--outcome",
        "y",
        "--bad",
        "1",
        "--score-unit",
        "probability",
    ]
    made = CliRunner().invoke(
        group, ["count", str(tmp_path / "a.csv"), *options, "--out", str(tmp_path / "a.cube")], standalone_mode=False
    )
    assert not made.exception, made.output
    assert load(tmp_path / "a.cube").schema.score_unit == "probability"


# The report


@pytest.mark.parametrize("harsh", [0.6, 1.0])
def test_the_report_says_what_the_same_score_meant(harsh):
    made = audit(people(harsh=harsh), **ROLES, reference={"g": "B"}, score_unit="probability")
    assert any(record.topic == "calibration" for record in made.result.measurements)
    text = made.to_markdown()
    assert "Does the same score mean the same risk?" in text
    assert "declared a probability" in text
    assert INFRAMARGINALITY in text
    assert ("The same score meant less risk in this group" in text) == (harsh < 1)
    assert ("Chance alone can explain this" in text) == (harsh == 1)
    assert "Does the same score mean the same risk?" in made.to_html()


def test_the_report_has_no_such_section_without_outcomes():
    from fairaudit.report.calibration import calibration_section

    made = audit(people(), **ROLES, reference={"g": "B"})
    assert calibration_section(made.result)
    assert calibration_section(dataclasses.replace(made.result, measurements=[])) == ()
