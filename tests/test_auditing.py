"""Audits as a whole: families of tests, references, what cannot be known, and a result that can be made again."""

import dataclasses
import json
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

import fairaudit
from fairaudit import audit, count, read_result, save_cube, suppress
from fairaudit.cube.plain import from_plain
from fairaudit.errors import FairauditError, PolicyError, SchemaError
from fairaudit.metrics.error_rates import NEED_EVERYBODY
from fairaudit.writing import write_whole

ROLES = {
    "groups": ["race", "sex"],
    "score": "score",
    "higher_is": "better",
    "cutoff": 6,
    "outcome": "y",
    "bad": 1,
    "reference": {"race": "White", "sex": "Male", "region": "north"},
}


def people(rows=1_500, seed=3):
    rng = np.random.default_rng(seed)
    race = rng.choice(["White", "Black", "Asian", ""], rows, p=[0.55, 0.25, 0.15, 0.05])
    score = np.clip(rng.integers(0, 15, rows) - 2 * (race == "Black"), 0, None)
    return {
        "race": race.tolist(),
        "sex": rng.choice(["Male", "Female"], rows).tolist(),
        "region": rng.choice(["north", "south", "west"], rows).tolist(),
        "age": rng.integers(18, 80, rows).tolist(),
        "score": score.tolist(),
        "decision": np.where(score + rng.integers(-2, 3, rows) >= 6, "yes", "no").tolist(),
        "y": (rng.random(rows) < 0.15 + 0.2 * (score < 5)).astype(int).tolist(),
        "w": rng.integers(1, 4, rows).tolist(),
    }


def roles_for(**changes):
    roles = ROLES | changes
    roles["reference"] = {name: level for name, level in roles["reference"].items() if name in roles["groups"]}
    return {name: value for name, value in roles.items() if value is not None}


def policy(**changes):
    rule = {
        "id": "air", "metric": "adverse_impact_ratio", "contrast": "ratio", "practical": {"op": "<", "value": 0.8},
        "family": "primary",
    }  # fmt: skip
    return {
        "id": "test", "version": "1", "title": "Test", "jurisdiction": "none", "status": "internal",
        "reference": {"mode": "named"}, "minimum_n": 1, "rules": [rule],
    } | changes  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return people()


@pytest.fixture(scope="module")
def made(rows):
    return audit(rows, **roles_for())


@pytest.fixture(scope="module")
def richest(rows):
    """Everything at once: recorded decisions, two cut-offs, two attributes, and their crossing."""
    roles = roles_for(cutoff=[6, 9], decision="decision", favorable="yes")
    return audit(rows, cross=True, **roles)


def primary(made):
    return {f.id: f for f in made.result.findings if f.family == "primary"}


def numbers(finding):
    return dataclasses.astuple(dataclasses.replace(finding, sentence="", reason=""))


# Families


def test_families(richest):
    for finding in richest.result.findings:
        ruled = finding.rule is not None and "×" not in finding.attribute
        if finding.family == "exploratory":
            assert not ruled or finding.cutoff is not None  # a cut-off that is not in production
        else:
            assert ruled
            assert finding.cutoff is None  # the recorded decision, or the score itself
    found = {(f.family, f.rule, f.metric) for f in richest.result.findings if f.family != "exploratory"}
    assert found == {
        ("primary", "adverse-impact-ratio", "adverse_impact_ratio"),
        ("secondary", "standardized-mean-difference", "standardized_mean_difference"),
    }
    assert len({f.id for f in richest.result.findings}) == len(richest.result.findings)
    families = [f.family for f in richest.result.findings]
    assert families == sorted(families, key=["primary", "secondary", "exploratory"].index)


def test_holm_within_each_attribute(richest):
    for attribute in ("race", "sex"):
        tests = [f for f in primary(richest).values() if f.attribute == attribute and f.p is not None]
        assert len(tests) == {"race": 2, "sex": 1}[attribute]
        adjusted = multipletests([f.p for f in tests], method="holm")[1]
        assert [f.p_adjusted for f in tests] == pytest.approx(adjusted.tolist(), rel=1e-12)


def test_false_discovery_rate_over_the_exploratory_ones(richest):
    tests = [f for f in richest.result.findings if f.family == "exploratory" and f.p is not None]
    assert len(tests) > 150
    adjusted = multipletests([f.p for f in tests], method="fdr_bh")[1]
    assert [f.p_adjusted for f in tests] == pytest.approx(adjusted.tolist(), rel=1e-9)


LESS = {"metrics": ["selection_rate_difference"]}


@pytest.mark.parametrize(
    "change",
    [LESS | {"groups": ["region", "race", "sex"]}, LESS | {"cutoff": [6, 9, 3]}, LESS | {"cross": True},
     LESS | {"cross": [["sex", "race"]]}, {"metrics": []},
     {"metrics": ["AUC difference", "equalized_odds_difference"]}],
    ids=str,
)  # fmt: skip
def test_asking_more_or_less_never_changes_a_primary_answer(rows, made, change):
    """``made`` compares by every metric there is; here there are fewer metrics, and more of everything else."""
    extra = {name: change[name] for name in ("cross", "metrics") if name in change}
    roles = roles_for(**{name: value for name, value in change.items() if name not in extra})
    changed = audit(rows, **extra, **roles)
    assert len(changed.result.findings) != len(made.result.findings)
    assert len(primary(made)) == 4
    for name, finding in primary(made).items():
        assert numbers(primary(changed)[name]) == numbers(finding)


def test_missing_levels_are_shown_and_never_tested(made):
    missing = [f for f in made.result.findings if f.group == "(missing)"]
    assert missing
    for finding in missing:
        assert (finding.p, finding.p_adjusted, finding.test, finding.sensitivity) == (None, None, None, {})
        assert finding.status == "info"
        assert finding.value is not None or finding.undefined
    assert not any(f.reference == "(missing)" for f in made.result.findings)
    assert {a.name: a.levels.get("(missing)", 0) > 0 for a in made.result.schema.attributes} == {
        "race": True,
        "sex": False,
    }


@pytest.mark.parametrize("mode", ["highest", "largest", "rest"])
def test_missing_levels_are_no_reference_in_any_mode(mode):
    data = {"g": ["A"] * 50 + ["B"] * 50 + [None] * 200, "ok": [1, 0] * 25 + [0, 0, 1, 0, 0] * 10 + [1] * 200}
    made = audit(data, groups="g", decision="ok", favorable=1, policy=policy(reference={"mode": mode}))
    findings = [f for f in made.result.findings if f.metric == "adverse_impact_ratio"]
    assert not any(f.reference == "(missing)" for f in findings)
    missing = [f for f in findings if f.group == "(missing)"]
    assert [f.p for f in missing] == [None] * len(missing)
    if mode == "rest":
        [a] = [f for f in findings if f.group == "A"]
        assert (a.value, a.n_reference) == (pytest.approx(0.5 / 0.2), 50)  # the rest is B alone


def test_the_decision_in_production(rows):
    scored = audit(rows, metrics=[], **roles_for(cutoff=[9, 6]))
    assert {f.cutoff for f in primary(scored).values()} == {9.0}
    assert [cut.production for cut in scored.result.schema.cutoffs] == [True, False]
    both = audit(rows, metrics=[], **roles_for(cutoff=[9, 6], decision="decision", favorable="yes"))
    assert {f.cutoff for f in primary(both).values()} == {None}
    assert [cut.production for cut in both.result.schema.cutoffs] == [False, False]


# Crossings and metrics


def test_crossings(rows, richest):
    assert {a.name for a in richest.result.schema.attributes if a.crossing} == {"race × sex"}
    roles = roles_for(groups=["race", "sex", "region"])
    pairs = audit(rows, metrics=[], cross=True, **roles).result.schema.attributes
    assert {a.name for a in pairs if a.crossing} == {"race × sex", "race × region", "sex × region"}
    one = audit(rows, metrics=[], cross=[["sex", "race", "region"]], **roles)
    [crossing] = [a for a in one.result.schema.attributes if a.crossing]
    assert (crossing.name, crossing.reference) == ("sex × race × region", "Male × White × north")
    finding = next(f for f in one.result.findings if f.attribute == crossing.name and f.p is not None)
    assert {*finding.levels} == {"sex", "race", "region"}
    assert finding.group == " × ".join(finding.levels[name] for name in ("sex", "race", "region"))


@pytest.mark.parametrize(
    ("cross", "groups", "said"),
    [(True, ["race"], "two groups or more; race given"),
     ([["race", "age"]], ["race", "sex"], "'age' is not a group"),
     ([["race", "race"]], ["race", "sex"], "two different groups"),
     ([["race"]], ["race", "sex"], "two different groups")],
)  # fmt: skip
def test_crossings_that_are_none(rows, cross, groups, said):
    with pytest.raises(SchemaError, match=said):
        audit(rows, cross=cross, **roles_for(groups=groups))


def test_metrics_besides_the_rules(rows):
    only = audit(rows, metrics="equal_opportunity_difference", **roles_for())
    assert {f.metric for f in only.result.findings} == {
        "adverse_impact_ratio", "standardized_mean_difference", "equal_opportunity_difference",
    }  # fmt: skip
    with pytest.raises(FairauditError, match="is a metric of one group"):
        audit(rows, metrics=["selection_rate"], **roles_for())
    with pytest.raises(FairauditError, match="Did you mean"):
        audit(rows, metrics=["adverse_impact_ration"], **roles_for())


# References

GROUPS = {"A": (60, 100), "B": (90, 200), "C": (40, 100)}


def selected(groups):
    table = {"g": [], "ok": [], "n": []}
    for group, (favorable, people_in) in groups.items():
        table["g"] += [group, group]
        table["ok"] += ["yes", "no"]
        table["n"] += [favorable, people_in - favorable]
    return table


def held_to(mode, groups=GROUPS, **options):
    roles = {"counts": "n", "groups": "g", "decision": "ok", "favorable": "yes"} | options
    result = audit(selected(groups), policy=policy(reference={"mode": mode}), **roles).result
    return result, {f.group: f for f in result.findings if f.metric == "adverse_impact_ratio"}


def test_reference_named():
    _, found = held_to("named", reference={"g": "B"})
    assert {group: round(f.value, 10) for group, f in found.items()} == {
        "A": round(0.6 / 0.45, 10), "C": round(0.4 / 0.45, 10),
    }  # fmt: skip


def test_reference_largest():
    result, found = held_to("largest")
    assert result.schema.attributes[0].reference == "B"
    assert {f.reference for f in found.values()} == {"B"}


def test_reference_highest_is_corrected_for_all_pairs():
    result, found = held_to("highest")
    assert result.schema.attributes[0].reference == "A"
    for group in "BC":
        # Tukey's range for three large groups (scipy); the draw deals whole people, so it is a little above it.
        (a, n), (b, m) = GROUPS["A"], GROUPS[group]
        pooled = (a + b) / (n + m)
        z = (a / n - b / m) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m) * (n + m) / (n + m - 1))
        tukey = scipy.stats.studentized_range.sf(z * math.sqrt(2), 3, math.inf)
        assert found[group].p_adjusted == pytest.approx(tukey, rel=0.1)
        assert found[group].p < found[group].p_adjusted < 3 * found[group].p


def test_reference_rest():
    result, found = held_to("rest")
    assert result.schema.attributes[0].reference == "all others"
    assert found["A"].value == pytest.approx(0.6 / (130 / 300))
    assert found["B"].value == pytest.approx(0.45 / (100 / 200))
    assert {group: f.n_reference for group, f in found.items()} == {"A": 300, "B": 200, "C": 300}


def test_two_groups_against_the_rest_are_against_each_other():
    _, rest = held_to("rest", {"A": (60, 100), "B": (90, 200)})
    _, named = held_to("named", {"A": (60, 100), "B": (90, 200)}, reference={"g": "B"})
    assert (rest["A"].value, rest["A"].low, rest["A"].p) == (named["A"].value, named["A"].low, named["A"].p)


def test_a_reference_too_small_is_refused():
    with pytest.raises(PolicyError, match="has 100 people, and the policy asks for at least 150"):
        audit(selected(GROUPS), policy=policy(minimum_n=150), counts="n", groups="g", decision="ok", favorable="yes",
              reference={"g": "A"})  # fmt: skip


def test_the_lending_preset_never_lets_the_data_choose():
    with pytest.raises(PolicyError, match=r"has no reference\. Name one"):
        audit(selected(GROUPS), counts="n", groups="g", decision="ok", favorable="yes")


# What is not known


@pytest.mark.parametrize("seed", range(2))
def test_bounds_contain_the_truth_that_was_hidden(seed):
    data = people(600, seed=seed)
    whole = audit(data, metrics=[], **roles_for())
    rng = np.random.default_rng(seed)
    declined = np.array(data["score"]) < 6
    hidden = declined | (rng.random(600) < 0.05)
    seen = data | {"y": [None if hide else y for y, hide in zip(data["y"], hidden, strict=True)]}
    partly = audit(seen, **roles_for())
    truth = {(r.metric, r.attribute, r.group): r for r in whole.result.rates if r.cutoff == 6}
    bounded = [r for r in partly.result.rates if r.metric in NEED_EVERYBODY and r.cutoff == 6]
    assert len(bounded) > 20
    for rate in bounded:
        assert rate.value is None
        assert rate.undefined.startswith("not identified")
        known = truth[rate.metric, rate.attribute, rate.group].value
        if known is not None and rate.low is not None:
            assert rate.low - 1e-12 <= known <= rate.high + 1e-12
    assert any(rate.low is not None and rate.high - rate.low < 0.99 for rate in bounded)
    for metric in ("area_under_curve", "gini", "kolmogorov_smirnov"):
        assert {r.value for r in partly.result.rates if r.metric == metric} == {None}
    assert not any(f.metric == "equal_opportunity_difference" for f in partly.result.findings)
    [entry] = [e for e in partly.result.not_run if "Equal-opportunity difference" in e.what and e.attribute == "race"]
    assert entry.reason.startswith(f"not identified: the outcome of {int(hidden.sum())} people is unobserved")
    assert not partly.result.schema.outcomes_complete
    assert whole.result.schema.outcomes_complete


def test_what_stays_known_where_only_the_declined_are_unobserved():
    data = people(600)
    seen = data | {"y": [None if score < 6 else y for y, score in zip(data["y"], data["score"], strict=True)]}
    whole, partly = audit(data, **roles_for()), audit(seen, **roles_for())
    for metric in ("selection_rate", "positive_predictive_value", "false_discovery_rate", "mean_score"):
        one, two = ([r.value for r in made.result.rates if r.metric == metric] for made in (whole, partly))
        assert one == two
        assert None not in one


def test_zero_over_zero_is_undefined_and_says_so():
    made = audit(selected({"A": (0, 40), "B": (0, 40)}), policy=policy(), counts="n", groups="g", decision="ok",
                 favorable="yes", reference={"g": "A"})  # fmt: skip
    [finding] = primary(made).values()
    assert (finding.value, finding.status) == (None, "insufficient")
    assert finding.undefined
    assert "undefined" in finding.sentence
    more = audit(selected({"A": (0, 40), "B": (20, 40)}), policy=policy(), counts="n", groups="g", decision="ok",
                 favorable="yes", reference={"g": "A"})  # fmt: skip
    [finding] = primary(more).values()
    assert (finding.value, finding.unbounded) == (None, "value")


# Weights, bands, suppression


def test_whole_weights_give_the_rates_of_repeated_rows():
    data = people(400)
    weighted = audit(data, **roles_for(weight="w"))
    repeated = {
        name: [v for v, w in zip(values, data["w"], strict=True) for _ in range(w)] for name, values in data.items()
    }
    plain = audit(repeated, **roles_for())
    for one, two in zip(weighted.result.rates, plain.result.rates, strict=True):
        assert (one.metric, one.group, one.band) == (two.metric, two.group, two.band)
        assert one.n < two.n or one.n == two.n == 0
        if one.metric != "people":  # counted in heads
            assert (one.value is None) == (two.value is None)
            assert one.value is None or one.value == pytest.approx(two.value, rel=1e-9)
    assert weighted.result.schema.people == 400


def test_equal_weights_change_no_rate():
    data = people(400)
    plain = audit(data, **roles_for())
    weighted = audit(data | {"w": [2.5] * 400}, **roles_for(weight="w"))
    assert [r.value for r in weighted.result.rates] == pytest.approx([r.value for r in plain.result.rates], rel=1e-9)
    assert [r.n for r in weighted.result.rates] == [r.n for r in plain.result.rates]


def test_weights_that_are_all_zero_make_everything_undefined():
    made = audit(people(200) | {"w": [0] * 200}, **roles_for(weight="w"))
    assert {r.value for r in made.result.rates if r.metric == "selection_rate"} == {None}
    assert not any(f.status in {"flag", "within_line"} for f in made.result.findings)


def test_measurements_are_a_tidy_table():
    made = audit(people(200), **roles_for())
    table = made.measurements
    assert len(table) == len(made.result.measurements)
    assert {"topic", "metric", "group", "value", "low", "high", "expected", "p_adjusted"} <= {*table.columns}
    assert {"distribution", "calibration", "summary"} <= {*table.topic}


def test_bands(rows):
    made = audit(
        rows, **(roles_for(groups=["age"]) | {"bands": {"age": [25, 62]}, "reference": {"age": "25 to under 62"}})
    )
    assert [r.group for r in made.result.rates if r.metric == "selection_rate"][1:] == [
        "under 25", "25 to under 62", "62 and over",
    ]  # fmt: skip
    assert {f.group for f in primary(made).values()} == {"under 25", "62 and over"}


def suppressed():
    table = {
        "race": list("WWBBWWBB"),
        "sex": list("MMMMFFFF"),
        "ok": [1, 0] * 4,
        "n": [300, 100, 150, 100, 12, 9, 100, 40],
    }
    cube = count(
        table, counts="n", groups=["race", "sex"], decision="ok", favorable=1, reference={"race": "W", "sex": "M"}
    )
    return cube, suppress(cube, 50)


def test_suppressed_groups_stay_as_rows_without_numbers():
    _, cube = suppressed()
    result = audit(cube, cross=True).result
    hidden = [r for r in result.rates if (r.attribute, r.group) == ("race × sex", "W × F")]
    assert {(r.value, r.low, r.num, r.den) for r in hidden} == {(None, None, None, None)}
    assert {r.undefined for r in hidden} == {"suppressed: too few people, or too few in a part of it"}
    assert not any(f.group == "W × F" for f in result.findings)
    assert any(entry.group == "W × F" for entry in result.not_run)
    assert any(issue.code == "suppressed" for issue in result.issues)
    assert result.input.ledger.set_aside == {"in a group of fewer than 50 people (suppressed)": 21}


def test_nothing_is_compared_with_a_reference_that_lost_people():
    """W lost its women: a ratio against what is left of W would be wrong, and would give the hidden counts away."""
    cube, safer = suppressed()
    assert any(f.attribute == "race" for f in audit(cube).result.findings)
    result = audit(safer, cross=True).result
    assert not any(f.attribute == "race" for f in result.findings)
    [entry] = [entry for entry in result.not_run if entry.attribute == "race"]
    assert entry.reason.startswith("the reference (W) is suppressed")
    rest = audit(safer, policy=policy(reference={"mode": "rest"})).result
    assert rest.findings == []


def test_curves_of_suppressed_groups_are_empty(rows):
    cube = suppress(count(rows, **roles_for()), 120)
    assert cube.suppressed.any()
    result = audit(cube).result
    shown = {(c.attribute, c.group): c.columns["selection_rate"] for c in result.curves.groups}
    rates = {(r.attribute, r.group): r.value for r in result.rates if r.metric == "selection_rate"}
    for group, curve in shown.items():
        assert (set(curve) == {None}) == (rates[group] is None)


# The same people, however they come


def test_an_audit_of_a_cube_is_the_audit_of_its_rows(rows, made, tmp_path):
    cube = count(rows, **roles_for())
    assert audit(cube).to_json() == made.to_json()
    save_cube(cube, tmp_path / "people.cube")
    assert audit(tmp_path / "people.cube").to_json() == made.to_json()
    assert audit(str(tmp_path / "people.cube")).to_json() == made.to_json()


def test_an_audit_of_merged_cubes(rows, made):
    halves = [{name: values[half] for name, values in rows.items()} for half in (slice(0, 700), slice(700, None))]
    one, two = (count(half, **roles_for()) for half in halves)
    merged = audit(one + two).result
    assert (merged.rates, merged.findings, merged.curves) == (
        made.result.rates,
        made.result.findings,
        made.result.curves,
    )
    assert merged.input.sha256 == made.result.input.sha256
    assert merged.input.ledger == made.result.input.ledger


def test_roles_that_a_cube_has_fixed(rows):
    cube = count(rows, **roles_for(cutoff=None))
    assert {f.cutoff for f in primary(audit(cube, cutoff=7, groups="sex")).values()} == {7.0}
    with pytest.raises(SchemaError, match="'score' was fixed when the people were counted"):
        audit(cube, score="score")
    with pytest.raises(
        SchemaError, match=r"'rase' is not a group in these counts; they have race, sex\. Did you mean 'race'"
    ):
        audit(cube, groups="rase")
    with pytest.raises(SchemaError, match="no score was counted"):
        audit(count(rows, groups="sex", decision="decision", favorable="yes"), cutoff=3)


# The result as a contract


def numbers_in(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner)
    elif isinstance(value, float):
        yield value


def test_no_number_that_json_lacks(richest):
    text = richest.to_json()
    assert not re.search(r"\b(NaN|Infinity)\b", text)
    assert all(math.isfinite(value) for value in numbers_in(json.loads(text)))


def test_round_trip(richest):
    text = richest.to_json()
    again = read_result(text)
    assert again == richest.result
    assert again.to_json() == text


def test_every_number_can_be_made_again_from_the_cube_beside_it(made):
    plain = json.loads(made.to_json())
    assert audit(from_plain(plain["cube"])).to_json() == made.to_json()


def test_a_changed_count_is_noticed(made):
    plain = json.loads(made.to_json())
    plain["cube"]["entries"]["n"][0] += 1
    with pytest.raises(FairauditError, match="its counts were changed"):
        from_plain(plain["cube"])


SCRIPT = """
import json, sys
from fairaudit import audit
data, roles, metrics = json.load(sys.stdin)
sys.stdout.buffer.write(audit(data, cross=True, metrics=metrics, **roles).to_json().encode())
"""
METRICS = ["auc_difference", "odds_ratio", "average_absolute_odds_difference"]


def test_same_input_gives_same_bytes_in_every_process(rows):
    data = {name: values[:400] for name, values in rows.items()}
    roles = roles_for(decision="decision", favorable="yes", weight="w")
    given = json.dumps([data, roles, METRICS]).encode()
    texts = {audit(data, cross=True, metrics=METRICS, **roles).to_json().encode() for _ in range(2)}
    for seed in ("0", "12345"):
        surroundings = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], input=given, capture_output=True, check=True, env=surroundings
        )
        texts.add(done.stdout)
    assert len(texts) == 1


def test_the_order_of_rows_changes_nothing(rows, made):
    order = np.random.default_rng(1).permutation(len(rows["race"]))
    shuffled = {name: [values[i] for i in order] for name, values in rows.items()}
    assert audit(shuffled, **roles_for()).result.findings == made.result.findings


def test_time_stands_still_unless_it_is_given(rows, made, monkeypatch):
    data = {name: values[:200] for name, values in rows.items()}
    assert made.result.created is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert audit(data, metrics=[], **roles_for()).result.created == "2023-11-14T22:13:20+00:00"
    for wrong in ("soon", "1e9", str(10**30)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(FairauditError, match="SOURCE_DATE_EPOCH must be whole seconds"):
            audit(data, metrics=[], **roles_for())


def test_seed(rows, made):
    data = {name: values[:200] for name, values in rows.items()}
    roles = roles_for() | {"metrics": []}
    given = audit(data, rng=11, **roles)
    assert given.result.seed == 11
    assert audit(data, rng=np.random.default_rng(4), **roles).result.seed == int(
        np.random.default_rng(4).integers(2**53)
    )
    other = audit(data, **roles)
    assert other.result.seed not in {11, made.result.seed}
    # A seed changes drawn intervals only, never an estimate or a p-value that has a closed form.
    for one, two in zip(given.result.rates, other.result.rates, strict=True):
        assert (one.value, one.n) == (two.value, two.n)
    assert primary(given) == primary(other)


# The facade


def test_tables(richest):
    findings = richest.findings
    assert len(findings) == len(richest.result.findings)
    assert findings.loc[0, "id"] == richest.result.findings[0].id
    assert {"metric", "group", "value", "low", "high", "p", "p_adjusted", "status", "sentence"} <= {*findings.columns}
    assert len(richest.rates) == len(richest.result.rates)
    assert len(richest.issues) == len(richest.result.issues)
    curves = richest.curves
    groups = len(richest.result.curves.groups)
    assert len(curves) == groups * len(richest.result.curves.cutoffs)
    assert curves["selection_rate"].between(0, 1).all()
    assert audit(selected(GROUPS), policy=policy(), counts="n", groups="g", decision="ok", favorable="yes",
                 reference={"g": "A"}).curves.empty  # fmt: skip


def test_in_words(made):
    text = repr(made)
    assert text.startswith("Audit of 1,500 people in a mapping of columns under us-fair-lending")
    assert "race: Black against White" in text
    for word in ("fair", "unfair", "pass", "legal", "illegal"):
        assert not re.search(rf"\b{word}\b", text.replace("us-fair-lending", ""))
    assert "<script" not in made._repr_html_()
    assert "Black" in made._repr_html_()


def test_files(made, tmp_path):
    assert made.write_json(tmp_path / "new" / "r.json").read_text(encoding="utf-8") == made.to_json()
    assert made.write_markdown(tmp_path / "r.md").read_text(encoding="utf-8") == made.to_markdown()
    assert made.write_html(str(tmp_path / "r.html")).read_text(encoding="utf-8") == made.to_html()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "r.html", "r.md"]


def test_a_failed_writing_leaves_the_old_file(tmp_path, monkeypatch):
    from pathlib import Path

    target = tmp_path / "r.json"
    target.write_text("old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path):
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_hostile_labels_are_text_in_every_report(tmp_path):
    levels = ["<script>alert(1)</script>", "=1+1", 'a,"b"', "l\nl", "|pipe|", "**bold**"]
    data = {"g": levels * 40, "ok": [1, 0, 1, 1, 0, 1] * 40}
    made = audit(data, groups="g", decision="ok", favorable=1, reference={"g": "=1+1"})
    assert "<script>alert" not in made.to_html()
    assert "<script>alert" not in made._repr_html_()
    assert {f.group for f in read_result(made.to_json()).findings} == {*levels} - {"=1+1"}


def test_public_names():
    for name in fairaudit.__all__:
        assert getattr(fairaudit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nobody'"):
        fairaudit.nobody  # noqa: B018
