"""From groups to findings: who is compared with whom, what is left out and why."""

import pytest

from fairaudit import audit, count
from fairaudit.errors import LevelNotFoundError, PolicyError
from fairaudit.judging import judge_groupings, merged
from fairaudit.measuring import decision_rules, grouping
from fairaudit.policy.loading import load_policy
from fairaudit.result import NotRun

RULE = {
    "id": "air", "metric": "adverse_impact_ratio", "contrast": "ratio", "practical": {"op": "<", "value": 0.8},
    "family": "primary",
}  # fmt: skip


def policy(**changes):
    return {
        "id": "test", "version": "1", "title": "Test", "jurisdiction": "none", "status": "internal",
        "reference": {"mode": "named"}, "minimum_n": 1, "rules": [RULE],
    } | changes  # fmt: skip


def table(**groups):
    """Counts of people selected and not, by group."""
    rows = [(group, ok, n) for group, pair in groups.items() for ok, n in zip((1, 0), pair, strict=True)]
    return dict(zip(("g", "ok", "n"), map(list, zip(*rows, strict=True)), strict=True))


def judged(data, level, **changes):
    made = audit(data, policy=policy(**changes), metrics=[], counts="n", groups="g", decision="ok", favorable=1,
                 reference={"g": level})  # fmt: skip
    return made.result, {f.group: f for f in made.result.findings}


def test_one_entry_for_all_checks_of_one_reason():
    entries = [NotRun("A", "r", "sex"), NotRun("B", "r", "sex"), NotRun("A", "r", "sex"), NotRun("A", "r", "race"),
               NotRun("A", "q", "sex", "F")]  # fmt: skip
    assert merged(entries) == [
        NotRun("A; B", "r", "sex"), NotRun("A", "r", "race"), NotRun("A", "q", "sex", "F"),
    ]  # fmt: skip


def test_findings_of_each_status():
    _, found = judged(table(ref=(800, 200), flag=(300, 200), within=(790, 210), unsure=(15, 5), other=(960, 40)), "ref")
    assert {group: f.status for group, f in found.items()} == {
        "flag": "flag", "within": "within_line", "unsure": "insufficient", "other": "within_line",
    }  # fmt: skip
    assert found["unsure"].people_needed is None or found["unsure"].people_needed > 20
    assert found["flag"].people_needed is None
    assert "a real difference, in the other direction" in found["other"].reason


def test_significant_only_before_correction():
    """0.7 against 0.9 of few people: p is below 0.05 alone and above it among six."""
    groups = {f"g{i}": (45, 5) for i in range(5)}
    alone = judged(table(ref=(180, 20), a=(39, 11)), "ref", rules=[RULE | {"practical": {"op": "<", "value": 0.9}}])[1][
        "a"
    ]
    among = judged(
        table(ref=(180, 20), a=(39, 11), **groups), "ref", rules=[RULE | {"practical": {"op": "<", "value": 0.9}}]
    )
    finding = among[1]["a"]
    assert alone.status == "flag"
    assert (finding.p, finding.value) == (alone.p, alone.value)
    assert finding.p < 0.05 <= finding.p_adjusted
    assert finding.status == "insufficient"
    assert "significant only before correction for 6 comparisons" in finding.reason


def test_too_few_people():
    _, found = judged(table(ref=(80, 20), small=(1, 8)), "ref", minimum_n=30)
    assert found["small"].status == "insufficient"
    assert found["small"].reason == "9 people; the policy asks for at least 30."
    assert found["small"].p is not None  # it is tested, and not judged


def test_levels_that_the_policy_excludes_are_shown_and_not_compared():
    result, found = judged(table(ref=(80, 20), Unknown=(10, 40), a=(50, 50)), "ref", excluded_levels=["unknown"])
    assert {*found} == {"a"}
    [entry] = [entry for entry in result.not_run if entry.group == "Unknown"]
    assert entry.reason == "50 people; the policy excludes this level from its calculation"
    with pytest.raises(PolicyError, match="missing and excluded levels are counted"):
        judged(table(ref=(80, 20), Unknown=(10, 40), a=(50, 50)), "Unknown", excluded_levels=["Unknown"])


def test_groups_below_the_minimum_share():
    result, found = judged(table(ref=(800, 200), small=(5, 10), a=(500, 500)), "ref", minimum_share=0.02)
    assert {*found} == {"a"}
    [entry] = [entry for entry in result.not_run if entry.group == "small"]
    assert entry.reason == "15 people are 0.7% of the data, below the policy's 2%"


def test_a_crossing_without_a_reference_is_not_run_and_nothing_else_suffers():
    data = {"g": list("AABB"), "h": list("xxyy"), "ok": [1, 0, 1, 0], "n": [50] * 4}  # nobody is A and y
    roles = {"counts": "n", "groups": ["g", "h"], "decision": "ok", "favorable": 1}
    made = audit(data, policy=policy(), cross=True, reference={"g": "A", "h": "y"}, **roles)
    [entry] = [entry for entry in made.result.not_run if entry.attribute == "g × h"]
    assert "has no level 'A × y'" in entry.reason
    assert {f.attribute for f in made.result.findings} == {"g", "h"}


def test_a_rule_that_needs_what_is_not_there_says_so():
    rules = [RULE, {"id": "eo", "metric": "equal_opportunity_difference", "contrast": "difference"}]
    result, _ = judged(table(ref=(80, 20), a=(50, 50)), "ref", rules=rules)
    [entry] = [entry for entry in result.not_run if "'eo'" in entry.what]
    assert entry.reason == "it needs outcomes"


def test_a_rule_about_one_group_is_refused():
    rules = [{"id": "sr", "metric": "selection_rate", "contrast": "ratio"}]
    with pytest.raises(PolicyError, match="selection_rate"):
        judged(table(ref=(80, 20), a=(50, 50)), "ref", rules=rules)


def test_named_levels_that_are_not_there():
    with pytest.raises(LevelNotFoundError, match=r"no level 'Ref'\. Did you mean 'ref'"):
        judged(table(ref=(80, 20), a=(50, 50)), "Ref")
    with pytest.raises(LevelNotFoundError, match="no level 'Ref'"):
        judged(table(ref=(80, 20), a=(50, 50)), "Ref", reference={"mode": "largest"})


def test_alpha_of_a_rule():
    strict = [RULE | {"statistical": {"alpha": 0.001}}]
    data = table(ref=(180, 20), a=(30, 20))
    assert judged(data, "ref")[1]["a"].status == "flag"
    assert judged(data, "ref")[1]["a"].p == judged(data, "ref", rules=strict)[1]["a"].p
    weak = table(ref=(180, 20), a=(35, 15))
    assert judged(weak, "ref")[1]["a"].status == "flag"
    assert judged(weak, "ref", rules=[RULE | {"statistical": {"alpha": 1e-6}}])[1]["a"].status == "insufficient"


def test_a_line_above():
    rules = [{"id": "aor", "metric": "adverse_outcome_ratio", "contrast": "ratio", "family": "primary",
              "practical": {"op": ">", "value": 1.25}}]  # fmt: skip
    _, found = judged(table(ref=(80, 20), worse=(50, 50), better=(95, 5)), "ref", rules=rules)
    assert {group: f.status for group, f in found.items()} == {"worse": "flag", "better": "within_line"}


def test_the_reference_of_each_decision_under_highest():
    """At one cut-off A is selected most, at the other B; the schema names the one in production."""
    data = {"g": list("AAABBB"), "s": [1, 2, 3, 1, 2, 3], "n": [10, 60, 30, 40, 0, 60]}
    rules = policy(reference={"mode": "highest"})
    made = audit(data, policy=rules, counts="n", groups="g", score="s", higher_is="better", cutoff=[2, 3]).result
    found = {f.cutoff: (f.group, f.reference) for f in made.findings if f.metric == "adverse_impact_ratio"}
    assert found == {2.0: ("B", "A"), 3.0: ("A", "B")}
    assert made.schema.attributes[0].reference == "A"


def test_judging_without_an_audit_around_it():
    cube = count(table(ref=(80, 20), a=(50, 50)), counts="n", groups="g", decision="ok", favorable=1)
    findings, work = judge_groupings(
        [grouping(cube, ["g"])], decision_rules(cube, ()), load_policy(policy()).policy, {"g": "ref"},
        contrasts=set(), confidence=0.95,
    )  # fmt: skip
    assert [(f.group, f.rule, f.id) for f in findings] == [("a", "air", "air/g/a/recorded")]
    assert work.references == {"g": "ref"}
    assert judge_groupings([], (None,), load_policy(policy()).policy, {}, contrasts=set(), confidence=0.95)[0] == []
