"""Rate records: every metric of every group, with bands, curves and what stays unknown."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, roc_auc_score

from fairaudit import count, suppress
from fairaudit.measuring import (
    available,
    decision_rules,
    everybody,
    grouping,
    measure_grouping,
    score_bands,
)
from fairaudit.measuring_curves import measure_curves
from fairaudit.metrics import METRICS

OUTCOME = {"outcome": "y", "bad": 1}


def people(rows=400, distinct=12, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.integers(0, distinct, rows)
    return {
        "g": rng.choice(["A", "B", "C"], rows).tolist(),
        "h": rng.choice(["x", "y"], rows).tolist(),
        "s": score.tolist(),
        "y": (rng.random(rows) < 0.6 - 0.4 * score / distinct).astype(int).tolist(),
    }


def counted(data, higher_is="better", **roles):
    return count(data, **{"groups": ["g", "h"], "score": "s", "higher_is": higher_is} | OUTCOME | roles)


def measured(of, cutoffs):
    return measure_grouping(of, cutoffs, confidence=0.95, seed=1)


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_rates_against_scikit_learn(higher_is):
    data = people()
    cube = counted(data, higher_is)
    records = measured(grouping(cube, ["g"]), (5.0,))
    score, bad, group = (np.array(data[name]) for name in ("s", "y", "g"))
    favorable = score >= 5 if higher_is == "better" else score <= 5
    for level in "ABC":
        of = group == level
        # rows good, bad; columns favorable, not
        [[tp, fn], [fp, tn]] = confusion_matrix(bad[of] == 0, favorable[of], labels=[True, False])
        expected = {
            "selection_rate": (tp + fp) / of.sum(),
            "true_positive_rate": tp / (tp + fn),
            "false_positive_rate": fp / (fp + tn),
            "positive_predictive_value": tp / (tp + fp),
            "accuracy": (tp + tn) / of.sum(),
            "bad_rate": bad[of].mean(),
            "mean_score": score[of].mean(),
            "area_under_curve": roc_auc_score(bad[of] == 0, score[of] if higher_is == "better" else -score[of]),
        }
        found = {r.metric: r for r in records if r.group == level and r.band is None}
        for name, value in expected.items():
            assert found[name].value == pytest.approx(value, rel=1e-12), name
            assert found[name].low <= value <= found[name].high
            assert found[name].levels == {"g": level}
        assert found["selection_rate"].num / found["selection_rate"].den == pytest.approx(found["selection_rate"].value)


def test_every_metric_is_there_for_every_group_and_rule():
    records = measured(grouping(counted(people()), ["g"]), (3.0, 5.0))
    for item in METRICS.values():
        found = [r for r in records if r.metric == item.id and r.band is None]
        banded = [r for r in records if r.metric == item.id and r.band is not None]
        assert bool(found) != bool(banded)
        cutoffs = {r.cutoff for r in found or banded}
        assert cutoffs == ({3.0, 5.0} if "decision" in item.needs else {None})
        assert {r.group for r in found or banded} == {"A", "B", "C"}


def test_what_the_counts_offer():
    data = people()
    assert available(counted(data), (5.0,)) == {"decision", "outcome", "score"}
    assert available(counted(data), ()) == {"outcome", "score"}
    bare = count(data, groups="g", decision="h", favorable="x")
    assert available(bare, decision_rules(bare, ())) == {"decision"}
    assert decision_rules(bare, (2.0,)) == (None, 2.0)
    assert decision_rules(counted(data), (2.0, 1.0)) == (2.0, 1.0)


def test_groups_of_a_crossing():
    of = grouping(counted(people()), ["h", "g"])
    assert (of.name, of.crossing, len(of.groups)) == ("h × g", True, 6)
    assert of.levels[of.groups.index("x × B")] == {"h": "x", "g": "B"}
    alone = everybody(counted(people()))
    assert (alone.groups, alone.levels, alone.crossing) == (("(everybody)",), ({},), False)


def test_groups_are_parts_of_everybody():
    cube = counted(people())
    whole = {r.metric: r for r in measured(everybody(cube), (5.0,)) if r.band is None}
    parts = measured(grouping(cube, ["g", "h"]), (5.0,))
    for name in ("selection_rate", "true_positive_rate", "bad_rate"):
        for part in ("num", "den"):
            assert sum(getattr(r, part) for r in parts if r.metric == name) == getattr(whole[name], part)


# Bands


def test_few_scores_are_a_band_each():
    cube = counted(people(distinct=6))
    assert [name for name, _ in score_bands(cube)] == ["0", "1", "2", "3", "4", "5"]
    worse = counted(people(distinct=6), "worse")
    assert [name for name, _ in score_bands(worse)] == ["5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("higher_is", ["better", "worse"])
@pytest.mark.parametrize("distinct", [6, 40, 5_000])
def test_bands_hold_everybody_once(higher_is, distinct):
    data = people(rows=1_500, distinct=distinct)
    cube = counted(data, higher_is, groups="g")
    assert cube.axes.score.exact == (distinct < 5_000)
    records = [r for r in measured(grouping(cube, ["g"]), ()) if r.band is not None]
    assert sum(r.den for r in records) == 1_500
    assert sum(r.num for r in records) == sum(data["y"])
    assert len({r.band for r in records}) == (6 if distinct == 6 else 5)


def test_bad_rate_of_a_band_by_hand():
    data = people(distinct=6)
    [record] = [r for r in measured(grouping(counted(data), ["g"]), ()) if r.band == "2" and r.group == "A"]
    rows = [y for g, s, y in zip(data["g"], data["s"], data["y"], strict=True) if g == "A" and s == 2]
    assert (record.num, record.den) == (sum(rows), len(rows))


def test_bands_without_a_score():
    assert score_bands(count({"g": ["A"], "y": [1]}, groups="g", **OUTCOME)) == []


# Curves


@pytest.mark.parametrize("higher_is", ["better", "worse"])
def test_curves_are_the_rates_at_each_cutoff(higher_is):
    cube = counted(people(distinct=7), higher_is)
    of = grouping(cube, ["g"])
    curves = measure_curves([(of, "B")], confidence=0.95)
    assert curves.cutoffs == [0, 1, 2, 3, 4, 5, 6]
    for place, cutoff in enumerate(curves.cutoffs):
        rates = measured(of, (cutoff,))
        for curve in curves.groups:
            for name in ("selection_rate", "true_positive_rate", "false_positive_rate", "false_discovery_rate"):
                [rate] = [r for r in rates if (r.metric, r.group) == (name, curve.group)]
                assert curve.columns[name][place] == rate.value
            [rate] = [r for r in rates if (r.metric, r.group) == ("selection_rate", curve.group)]
            assert curve.columns["selection_rate_low"][place] == rate.low
            [against] = [r for r in rates if (r.metric, r.group) == ("selection_rate", "B")]
            assert curve.columns["adverse_impact_ratio"][place] == pytest.approx(rate.value / against.value)


def test_curves_leave_out_what_is_not_known():
    data = people()
    hidden = data | {"y": [None if s < 4 else y for s, y in zip(data["s"], data["y"], strict=True)]}
    of = grouping(counted(hidden), ["g"])
    columns = measure_curves([(of, None)], confidence=0.95).groups[0].columns
    assert "true_positive_rate" not in columns
    assert "adverse_impact_ratio" not in columns
    assert "false_discovery_rate" in columns
    assert measure_curves([], confidence=0.95) is None


BAND = ["selection_rate_band_low", "selection_rate_band_high"]
RATIO_BAND = ["adverse_impact_ratio_band_low", "adverse_impact_ratio_band_high"]


def test_bands_over_all_cutoffs_are_wider_than_the_intervals_at_each():
    of = grouping(counted(people(rows=4_000), groups="g"), ["g"])
    curves = measure_curves([(of, "B")], confidence=0.95, seed=3)
    assert [(b.metric, b.groups, b.cutoffs) for b in curves.bands] == [
        ("selection_rate", 3, 12), ("adverse_impact_ratio", 2, 12),
    ]  # fmt: skip
    assert all(b.method.startswith("largest statistic over all groups and cut-offs") for b in curves.bands)
    for curve in curves.groups:
        columns = {name: np.array(values, dtype=float) for name, values in curve.columns.items()}
        assert (columns[BAND[0]] <= columns["selection_rate_low"]).all()
        assert (columns[BAND[1]] >= columns["selection_rate_high"]).all()
        if curve.group == "B":  # the reference against itself
            assert np.isnan(columns[RATIO_BAND[0]]).all()
        else:
            # The first cut-off selects everybody: an exact band there, of few different tables.
            assert (columns[RATIO_BAND[0]] <= columns["adverse_impact_ratio_low"]).all()
            assert (columns[RATIO_BAND[1]] >= columns["adverse_impact_ratio_high"]).all()
    assert measure_curves([(of, "B")], confidence=0.95, seed=3) == curves


def test_few_people_have_exact_bands_and_the_record_says_so():
    of = grouping(counted(people(rows=24), groups="g"), ["g"])
    curves = measure_curves([(of, "B")], confidence=0.95)
    assert {b.method for b in curves.bands} == {"exact (Clopper-Pearson) intervals at the Bonferroni level"}


def test_weighted_people_have_bands_of_effective_people():
    data = people()
    made = {}
    for name, weights in {
        "none": None,
        "alike": [3.0] * 400,
        "uneven": [1.8 if i % 2 else 0.2 for i in range(400)],
    }.items():
        table = data if weights is None else data | {"w": weights}
        of = grouping(counted(table, groups="g", weight=None if weights is None else "w"), ["g"])
        curves = measure_curves([(of, "B")], confidence=0.95)
        made[name] = curves.groups[0].columns
        weighted = [band.method.endswith("effective people") for band in curves.bands]
        assert all(weighted) == any(weighted) == (weights is not None)

    def width(name, column):
        low, high = (np.array(made[name][f"{column}_band_{side}"], dtype=float) for side in ("low", "high"))
        return np.nanmedian(high - low)

    for column in ("selection_rate", "adverse_impact_ratio"):
        assert width("alike", column) == pytest.approx(width("none", column), rel=0.05)
        assert width("uneven", column) == pytest.approx(width("none", column) * 1.64**0.5, rel=0.25)


# Suppression


def test_suppressed_groups_have_no_numbers():
    data = people()
    rare = {name: values + [values[0]] * 3 for name, values in data.items()}
    rare["g"][-3:] = ["D"] * 3
    cube = suppress(counted(rare, groups="g"), 10)
    records = [r for r in measured(grouping(cube, ["g"]), (5.0,)) if r.group == "D"]
    assert records
    for r in records:
        assert (r.value, r.low, r.high, r.num, r.den, r.method) == (None,) * 6
        assert r.undefined.startswith("suppressed")


def test_bands_leave_suppressed_groups_out():
    data = people()
    rare = {name: values + [values[0]] * 3 for name, values in data.items()}
    rare["g"][-3:] = ["D"] * 3
    cube = suppress(counted(rare, groups="g"), 10)
    curves = measure_curves([(grouping(cube, ["g"]), "B")], confidence=0.95)
    assert [b.groups for b in curves.bands] == [3, 2]
    [hidden] = [c for c in curves.groups if c.group == "D"]
    assert {value for values in hidden.columns.values() for value in values} == {None}
    gone = measure_curves([(grouping(cube, ["g"]), "D")], confidence=0.95)
    assert [b.metric for b in gone.bands] == ["selection_rate"]
