"""An audit over time: what a period says, what all say together, and when there is an alarm."""

import json

import numpy as np
import pytest

import fairaudit as fa
from fairaudit.cube.coarsening import of_level
from fairaudit.errors import CubeError, SchemaError, UndefinedMetricError

ROLES = {"counts": "n", "groups": "sex", "decision": "ok", "favorable": "yes"}
MALE = {"sex": "M"}


def month(women, men=(600, 400), **more):
    table = {"sex": ["F", "F", "M", "M"], "ok": ["yes", "no"] * 2, "n": [*women, *men]}
    return fa.from_counts(table, **{**ROLES, **more})


def months(*women):
    table = {"month": [], "sex": [], "ok": [], "n": []}
    for place, pair in enumerate(women, 1):
        for sex, (yes, no) in (("F", pair), ("M", (600 + place, 400))):
            table["month"] += [f"2026-{place:02d}"] * 2
            table["sex"] += [sex] * 2
            table["ok"] += ["yes", "no"]
            table["n"] += [yes, no]
    return fa.from_counts(table, **ROLES, period="month")


def test_each_period_is_the_audit_of_that_period():
    cube = months((500, 500), (510, 490), (480, 520))
    watched = fa.watch(cube, reference=MALE).result.watched[0]
    for look in watched.looks:
        audit = fa.audit(of_level(cube, "month", look.period), reference=MALE)
        finding = next(one for one in audit.result.findings if one.metric == "adverse_impact_ratio")
        assert look.value == pytest.approx(finding.value)
        assert (look.low, look.high) == pytest.approx((finding.low, finding.high), rel=2e-3)
        assert (look.people, look.reference_people) == (finding.n, finding.n_reference)
    assert watched.baseline == pytest.approx(0.5 / (601 / 1001))


def test_running_numbers_are_those_of_all_periods_so_far():
    cube = months((500, 500), (510, 490), (480, 520), (470, 530))
    looks = fa.watch(cube, reference=MALE).result.watched[0].looks
    women, men = 510 + 480 + 470, 602 + 603 + 604
    ratio = ((women + 0.5) / 3001) / ((men + 0.5) / (men + 1200 + 1))
    assert looks[-1].running == pytest.approx(ratio)
    assert looks[-1].change == pytest.approx(ratio / ((500.5 / 1001) / (601.5 / 1002)))
    for look in looks:
        assert look.running_low < look.running < look.running_high
        assert look.change_low < look.change < look.change_high
    widths = [np.log(look.running_high / look.running_low) for look in looks]
    assert widths == sorted(widths, reverse=True)
    assert np.log(looks[0].running_high / looks[0].running_low) > np.log(looks[0].high / looks[0].low)


def test_nothing_happens_in_quiet_months_and_a_change_is_dated():
    quiet = fa.watch(months(*[(500, 500)] * 12), baseline=3, reference=MALE)
    assert quiet.alarms == []
    made = fa.watch(months(*[(500, 500)] * 8, *[(400, 600)] * 4), baseline=3, reference=MALE)
    (one,) = made.alarms
    changed = [look for look in one.looks if "changed" in look.alarms]
    assert changed[0].period in {"2026-09", "2026-10", "2026-11"}
    assert changed[0].changed_since == "2026-09"
    assert changed[0].worse is True
    assert "Changed, to the group's disadvantage: alarm in" in repr(made)
    better = fa.watch(months(*[(500, 500)] * 5, *[(640, 360)] * 4), baseline=3, reference=MALE).alarms[0]
    assert next(look.worse for look in better.looks if "changed" in look.alarms) is False


def test_past_the_line_needs_a_line_and_the_right_side():
    past = fa.watch(months(*[(400, 600)] * 4), reference=MALE).result.watched[0]
    assert past.looks[-1].alarms == ["past the line"]
    assert (past.line, past.looks[-1].past_since) == (0.8, "2026-02")
    high = fa.watch(months(*[(900, 100)] * 4), reference=MALE).result.watched[0]
    assert high.looks[-1].alarms == []
    odds = fa.watch(months(*[(400, 600)] * 4), reference=MALE, metrics="selection_odds_ratio").result.watched[0]
    assert odds.line is None
    assert all("past the line" not in look.alarms for look in odds.looks)


def test_one_cube_a_period_is_the_same_as_one_cube_of_all(tmp_path):
    whole = months((500, 500), (510, 490), (430, 570))
    paths = []
    for level in ("2026-01", "2026-02", "2026-03"):
        paths.append(tmp_path / f"{level}.cube")
        fa.save_cube(of_level(whole, "month", level), paths[-1])
    assert fa.watch(paths, reference=MALE).result.watched == fa.watch(whole, reference=MALE).result.watched
    named = fa.watch(whole, baseline=["2026-01", "2026-02"], reference=MALE)
    assert named.result.watched == fa.watch(whole, baseline=2, reference=MALE).result.watched


def test_weighted_people_are_watched_by_effective_people():
    table = {"month": ["a", "b"] * 400, "sex": (["F"] * 2 + ["M"] * 2) * 200, "ok": ["yes"] * 400 + ["no"] * 400,
             "w": [0.5, 3.0, 1.0, 2.0] * 200}  # fmt: skip
    roles = {"groups": "sex", "decision": "ok", "favorable": "yes", "period": "month"}
    plain = fa.watch(fa.count({**table, "w": [1.0] * 800}, weight="w", **roles), reference=MALE).result.watched[0]
    none = fa.watch(fa.count(table, **roles), reference=MALE).result.watched[0]
    assert plain.looks[0].running_low == pytest.approx(none.looks[0].running_low)
    assert fa.watch(fa.count(table, weight="w", **roles), reference=MALE).result.watched[0].looks[0].running


def test_too_few_people_are_said_and_raise_nothing():
    made = fa.watch([month((3, 5), (8, 9)), month((9, 1), (2, 9)), month((1, 9), (9, 2))], reference=MALE)
    one = made.result.watched[0]
    assert not one.enough
    assert [look.running for look in one.looks] == [None, None]
    assert "the baseline has too few people" in repr(made)
    assert "too few people to tell" in repr(made)


def test_who_is_there_is_compared():
    first = month((500, 500))
    second = fa.from_counts({"sex": ["M", "X"], "ok": ["yes", "no"], "n": [700, 300]}, **ROLES)
    made = fa.watch([first, second, month((400, 600))], reference=MALE).result
    assert made.periods[1].appeared == {"sex": ["X"]}
    assert made.periods[1].gone == {"sex": ["F"]}
    assert made.not_watched == {"sex: X": "nobody of it is in the baseline"}
    # Siddiqi (2006): the sum of (q - p) ln(q / p); half a person where nobody is.
    p, q = np.array([1000, 1000, 0.5]), np.array([0.5, 700, 300])
    p, q = p / p.sum(), q / q.sum()
    assert made.periods[1].group_shift["sex"] == pytest.approx(float(((q - p) * np.log(q / p)).sum()))
    assert made.periods[2].group_shift["sex"] == 0.0


def test_a_shift_of_the_score_is_seen():
    draw = np.random.default_rng(4)
    roles = {"groups": "sex", "score": "points", "higher_is": "better", "cutoff": 600}
    cubes = [
        fa.count({"sex": ["F", "M"] * 1_000, "points": draw.normal(600 + move, 40, 2_000).round().tolist()}, **roles)
        for move in (0, 0, 40)
    ]
    periods = fa.watch(cubes, reference=MALE).result.periods
    assert periods[0].score_shift is None
    assert periods[1].score_shift < 0.05
    assert periods[2].score_shift > 0.25


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"baseline": 3}, SchemaError, "from 1 to 2 here"),
        ({"baseline": 0}, SchemaError, "from 1 to 2 here"),
        ({"baseline": "2026-07"}, SchemaError, "no period '2026-07' to be the baseline"),
        ({"baseline": ["2026-01", "2026-02", "2026-03"]}, SchemaError, "at least one must be left"),
        ({"metrics": "area_under_curve_difference"}, UndefinedMetricError, "not a comparison of one rate"),
        ({"metrics": "selection_rate"}, UndefinedMetricError, "not a comparison of one rate"),
        ({"metrics": "equal_opportunity_difference"}, CubeError, "needs outcomes"),
        ({"metrics": []}, SchemaError, "at least one comparison"),
        ({"groups": "race"}, SchemaError, "'race' is not a group"),
        ({"reference": {"sex": "X"}}, SchemaError, "no level 'X' to be the reference"),
        ({"horizon": 0}, SchemaError, "horizon is a whole number"),
        ({"alpha": 1.5}, UndefinedMetricError, "alpha"),
    ],
    ids=str,
)
def test_a_question_asked_wrongly_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        fa.watch(months((500, 500), (510, 490), (480, 520)), **{"reference": MALE, **change})


def test_cubes_that_cannot_be_watched_together_are_named(tmp_path):
    fa.save_cube(month((500, 500)), tmp_path / "january.cube")
    with pytest.raises(CubeError, match="at least two periods"):
        fa.watch(tmp_path / "january.cube")
    with pytest.raises(CubeError, match="already in january"):
        fa.watch([tmp_path / "january.cube", month((500, 500))])
    other = fa.from_counts({"race": ["A", "B"], "ok": ["yes", "no"], "n": [5, 6]}, **{**ROLES, "groups": "race"})
    with pytest.raises(CubeError, match=r"2: counts does not fit january\. Cubes differ in their groups"):
        fa.watch([tmp_path / "january.cube", other])
    with pytest.raises(CubeError, match="The period '2026-01' is there 2 times"):
        fa.watch([months((500, 500), (510, 490)), months((501, 500))])


def test_all_formats_say_the_same(tmp_path):
    made = fa.watch(months(*[(500, 500)] * 4, *[(350, 650)] * 3), baseline=2, reference=MALE)
    assert json.loads(made.to_json())["watched"][0]["first_alarm"] == made.alarms[0].first_alarm
    html = made.to_html()
    for text in (made.to_markdown(), html, made._repr_html_(), repr(made)):
        assert "F against M" in text
    assert "<svg" in html
    assert len(html) < 150_000
    assert made.table.query("period == '2026-07'")["alarms"].tolist() == [["changed", "past the line"]]
    hostile = {"sex": ["<script>", "<script>", "M", "M"], "ok": ["yes", "no"] * 2, "n": [50, 50, 60, 40]}
    page = fa.watch([fa.from_counts({**hostile, "n": [n + k for n in hostile["n"]]}, **ROLES) for k in (0, 1)],
                    reference=MALE).to_html()  # fmt: skip
    assert "<script>" not in page
