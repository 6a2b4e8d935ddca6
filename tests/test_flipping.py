"""The fewest changed decisions that change a finding: against judging every table one by one."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit import audit
from fairaudit.flipping import Case, Flip, fewest_changes
from fairaudit.inference.contrast import compare, one_sided
from fairaudit.policy.evaluate import judge
from fairaudit.policy.model import Practical

FOUR_FIFTHS = Practical(op="<", value=0.8)
MOVES = [("group", True), ("group", False), ("reference", True), ("reference", False)]


def status(table, how, line, correct=lambda p: p):
    """The status of one table, by the same functions that an audit calls, one table at a time."""
    made, bounds = compare(*table, how=how), one_sided(*table, how=how)
    return judge(
        value=made.value, low_one_sided=float(bounds.low), high_one_sided=float(bounds.high), p=made.p,
        p_adjusted=float(correct(made.p)), line=line, alpha=0.05, n=table[1], n_reference=table[3], minimum_n=1,
        undefined="0 / 0" if math.isnan(made.value) else None,
    ).status  # fmt: skip


def by_brute_force(table, how="ratio", line=FOUR_FIFTHS, correct=lambda p: p, favorable=True):
    """Change one decision, then two, ... on each side and in each direction, and judge each table anew."""
    a, n, b, m = table
    now = status(table, how, line, correct)
    for count in range(1, max(n, m) + 1):
        for side, more in MOVES:
            step = count if more == favorable else -count
            mine, theirs = (a + step, b) if side == "group" else (a, b + step)
            if 0 <= mine <= n and 0 <= theirs <= m:
                then = status((mine, n, theirs, m), how, line, correct)
                if then != now:
                    return Flip(count, side, more, then)
    return None


def searched(table, how="ratio", line=FOUR_FIFTHS, correct=lambda p: p, favorable=True):
    case = Case(*table, how, line, 0.05, 0.05, correct, status(table, how, line, correct), favorable)
    return fewest_changes([case])[0]


@pytest.mark.parametrize(
    "table",
    [
        (26, 48, 206, 259),  # Connecticut v. Teal
        (9, 10, 19, 20),
        (0, 10, 5, 10),
        (0, 12, 0, 30),
        (12, 12, 30, 30),
        (28, 39, 206, 259),
        (300, 600, 480, 600),  # more than 64 decisions away
    ],
)
def test_the_search_finds_what_brute_force_finds(table):
    assert searched(table) == by_brute_force(table)


TABLES = st.integers(3, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=15, deadline=None)
@given(TABLES, TABLES, st.sampled_from([("ratio", 0.8), ("difference", -0.1), ("odds_ratio", 0.7)]))
def test_no_smaller_number_was_overlooked(mine, theirs, asked):
    how, line = asked
    line = Practical(op="<", value=line)
    assert searched((*mine, *theirs), how, line) == by_brute_force((*mine, *theirs), how, line)


def test_where_the_declined_are_counted_a_favorable_decision_takes_one_away():
    line = Practical(op=">", value=1.25)
    table = (22, 48, 53, 259)  # declined in Teal
    found = searched(table, line=line, favorable=False)
    assert found == by_brute_force(table, line=line, favorable=False)
    assert (found.side, found.more, found.status) == ("group", True, "insufficient")


def test_a_stricter_correction_needs_fewer_changes():
    table = (26, 48, 206, 259)
    strict = searched(table, correct=lambda p: 20 * p)
    assert strict == by_brute_force(table, correct=lambda p: 20 * p)
    assert strict.count < searched(table).count


def test_far_numbers_are_the_nearest_that_change_it():
    far = searched((300_000, 1_000_000, 700_000, 1_000_000))
    assert far == Flip(260_000, "group", True, "insufficient")  # 560,000 is four fifths of 700,000
    assert status((559_999, 1_000_000, 700_000, 1_000_000), "ratio", FOUR_FIFTHS) == "flag"


def test_nothing_to_change_is_none():
    # With two against two no table is significant, and none excludes the line.
    assert searched((1, 2, 1, 2)) is None
    assert fewest_changes([]) == []


@pytest.mark.parametrize(
    ("flip", "words"),
    [
        (Flip(1, "group", True, "insufficient"), "One more favorable decision in the group would leave it"),
        (Flip(2, "reference", False, "within_line"), "Two fewer favorable decisions in the reference would put it"),
        (Flip(1_200, "group", False, "flag"), "1,200 fewer favorable decisions in the group would flag it."),
    ],
)
def test_in_words(flip, words):
    assert flip.text.startswith(words)
    rule = {1: "one-person rule", 2: "two-person rule"}.get(flip.count)
    assert (rule is None) == ("rule" not in flip.text)
    assert rule is None or flip.text.endswith(f": it falls under the {rule}.")


# In an audit

TEAL = {"Black": (26, 22), "White": (206, 53)}


def audited(groups, policy="us-fair-lending", **more):
    rows = [(group, ok, n) for group, pair in groups.items() for ok, n in zip((1, 0), pair, strict=True)]
    data = dict(zip(("race", "ok", "n"), map(list, zip(*rows, strict=True)), strict=True))
    return audit(data, counts="n", groups="race", decision="ok", favorable=1, reference={"race": "White"},
                 policy=policy, **more)  # fmt: skip


def finding_of(made, group="Black", metric="adverse_impact_ratio"):
    return next(f for f in made.result.findings if (f.group, f.metric) == (group, metric))


def changed(groups, group, count):
    favorable, other = groups[group]
    return groups | {group: (favorable + count, other - count)}


@pytest.mark.parametrize("policy", ["us-fair-lending", "us-ugesp"])
def test_an_audit_of_the_changed_decisions_has_the_other_status(policy):
    """The whole audit is made again: correction, interval and reference included."""
    groups = TEAL | {"Asian": (28, 11), "Hispanic": (30, 12)}
    found = finding_of(audited(groups, policy))
    assert found.flip_text.startswith(f"{found.flip_count} more favorable decisions in the group would leave it")
    assert finding_of(audited(changed(groups, "Black", found.flip_count), policy)).status == "insufficient"
    assert finding_of(audited(changed(groups, "Black", found.flip_count - 1), policy)).status == "flag"


def test_one_decision_is_said_in_the_sentence_and_in_the_report():
    groups = {"White": (206, 53), "Black": (27, 21)}
    while finding_of(audited(changed(groups, "Black", 1))).status == "flag":
        groups = changed(groups, "Black", 1)
    made = audited(groups)
    found = finding_of(made)
    assert (found.status, found.flip_count, found.flip_to) == ("flag", 1, "insufficient")
    assert found.sentence.endswith(
        "One more favorable decision in the group would leave it without sufficient evidence: it falls under the "
        "one-person rule."
    )
    for text in (made.to_markdown(), made.to_html()):
        assert "How few changed decisions would change a finding" in text
        assert "it falls under the one-person rule" in text


def test_findings_without_a_line_or_with_weights_have_none():
    assert finding_of(audited(TEAL), metric="selection_rate_difference").flip_text is None
    rows = {"race": ["Black", "White"] * 60, "ok": [1, 1, 0, 1, 0, 0] * 20, "w": [1.0, 2.5, 1.5] * 40}
    weighted = audit(rows, groups="race", decision="ok", favorable=1, weight="w", reference={"race": "White"})
    assert finding_of(weighted).flip_count is None
    few = audited(TEAL | {"Asian": (3, 9)})
    assert finding_of(few, "Asian").flip_count is None  # too few people: no decision changes that


def test_the_flip_of_an_excluded_group_is_not_asked():
    found = finding_of(audited(TEAL | {"": (10, 40)}))
    assert found.flip_count is not None
    missing = [f for f in audited(TEAL | {"": (10, 40)}).result.findings if f.group == "(missing)"]
    assert {dataclasses.astuple(f)[-3:] for f in missing} <= {(None, None, None)}
