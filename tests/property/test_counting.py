"""What must hold of any rows whatever: nobody is lost, files and memory agree, and only our own errors are raised."""

import csv
import json
import math

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fairaudit import FairauditError, audit, count, read_result
from fairaudit.cube.plain import from_plain

quick = settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck])
slow = settings(quick, max_examples=12)

numbers = st.one_of(st.integers(-3, 6), st.sampled_from([0.5, 2.5, 1e300, -1e-300, math.inf, -math.inf, math.nan]))
words = st.sampled_from(["high", "", "  ", "1,5", "1e3", "nan", "None", "=2", "0x1", "1_000", "٣", "ten\nlines"])
scores = st.one_of(numbers, numbers, st.none(), words)
names = st.text(max_size=3).filter(str.isprintable)
known = st.sampled_from(["a", "b", "B", "b ", "1", "1.0", "true", "(missing)"])
groups = st.one_of(known, st.none(), st.integers(0, 1), st.booleans(), names)
outcomes = st.sampled_from([0, 1, "0", 1.0, None, "", True])
weights = st.sampled_from([0.0, 0.1, 1.0, 2.5, -1.0, math.nan, math.inf, None])
row = st.tuples(groups, scores, outcomes, weights)
rows = st.lists(row, min_size=1, max_size=25)
ROLES = {"groups": "g", "score": "s", "higher_is": "better", "outcome": "y", "bad": 1}


def columns(table):
    return dict(zip("gsyw", map(list, zip(*table, strict=True)), strict=True))


def counted(data, **roles):
    """Return the cube, or the kind of error: everything but an error of ours fails the test."""
    try:
        return count(data, **ROLES | roles)
    except FairauditError as error:
        return type(error)


def check_ledger(cube, read):
    ledger = cube.provenance.ledger
    assert ledger.read == read
    assert ledger.read == ledger.used + sum(ledger.set_aside.values())
    assert ledger.used == cube.people == int(cube.n.sum())
    assert (cube.n >= 0).all()
    said = sum(issue.count for issue in cube.provenance.issues if issue.action == "set aside")
    assert said == sum(ledger.set_aside.values())


@quick
@given(rows)
@example([("a", "high", 0, 1.0), ("b", math.inf, 1, 1.0), ("c", 1, 0, 1.0)])
def test_nobody_is_lost(table):
    cube = counted(columns(table))
    if not isinstance(cube, type):
        check_ledger(cube, len(table))


@quick
@given(rows)
def test_nobody_is_lost_with_weights(table):
    cube = counted(columns(table), weight="w")
    if not isinstance(cube, type):
        check_ledger(cube, len(table))
        assert ((cube.w > 0) <= (cube.n > 0)).all()


@quick
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(table, random):
    shuffled = random.sample(table, len(table))
    one, two = counted(columns(table), weight="w"), counted(columns(shuffled), weight="w")
    if isinstance(one, type):
        assert one == two
    else:
        assert (one.digest, one.provenance.ledger) == (two.digest, two.provenance.ledger)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("rows") / "rows.csv"


plain_rows = st.lists(
    st.tuples(groups, st.one_of(numbers, st.none(), words), st.sampled_from([0, 1, None]), weights),
    min_size=1,
    max_size=20,
)


@settings(quick, max_examples=40)
@given(table=plain_rows)
def test_a_file_and_memory_agree(file, table):
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([list("gsyw"), *[["" if value is None else value for value in values] for values in table]])
    written, held = counted(file), counted(columns(table))
    if isinstance(held, type):
        assert written == held
        return
    assert (written.groups, written.digest) == (held.groups, held.digest)
    assert written.provenance.ledger == held.provenance.ledger
    found = {issue.code: (issue.count, issue.rows) for issue in held.provenance.issues}
    assert {issue.code: (issue.count, issue.rows) for issue in written.provenance.issues} == found


@settings(quick, max_examples=40)
@given(rows)
def test_pandas_and_a_mapping_agree(table):
    held, framed = counted(columns(table)), counted(pd.DataFrame(columns(table)))
    if isinstance(held, type):
        assert framed == held
    else:
        assert (framed.digest, framed.provenance.ledger) == (held.digest, held.provenance.ledger)


@quick
@given(rows, st.integers(0, 25))
def test_parts_are_merged_to_the_whole_or_refused(table, at):
    parts = [counted(columns(part)) for part in (table[:at], table[at:]) if part]
    whole = counted(columns(table))
    if isinstance(whole, type) or any(isinstance(part, type) for part in parts):
        return
    try:
        merged = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    except FairauditError:
        return
    assert merged.people == whole.people
    assert merged.provenance.ledger == whole.provenance.ledger
    if merged.axes.outcomes == whole.axes.outcomes:
        assert merged.digest == whole.digest


# Audits

POLICY = {
    "id": "test", "version": "1", "title": "Test", "jurisdiction": "none", "status": "internal",
    "reference": {"mode": "largest"}, "minimum_n": 1,
    "rules": [{"id": "air", "metric": "adverse_impact_ratio", "contrast": "ratio", "family": "primary",
               "practical": {"op": "<", "value": 0.8}}],
}  # fmt: skip

decided = st.sampled_from(["yes", "no", "refer", "gone"])
counts = st.lists(
    st.tuples(st.sampled_from("abc"), decided, st.sampled_from([0, 1, None]), st.integers(0, 40)),
    min_size=2,
    max_size=14,
)
KINDS = {"yes": "favorable", "no": "unfavorable", "refer": "intermediate", "gone": "excluded"}


@slow
@given(counts)
@example([("a", "yes", 0, 40), ("b", "yes", 0, 1)])
@example([("a", "gone", None, 3), ("b", "gone", None, 3)])
@example([("a", "yes", 0, 1), ("b", "no", 1, 1)])
def test_any_counts_can_be_audited(table):
    data = dict(zip("gdyn", map(list, zip(*table, strict=True)), strict=True))
    try:
        made = audit(
            data, counts="n", groups="g", decision="d", decision_levels=KINDS, outcome="y", bad=1, policy=POLICY
        )
    except FairauditError:
        assert sum(data["n"]) == 0
        return
    text = made.to_json()
    assert read_result(text).to_json() == text
    again = audit(from_plain(json.loads(text)["cube"]), policy=POLICY)
    assert again.to_json() == text
    for rate in made.result.rates:
        if rate.value is None:
            assert rate.undefined
        else:
            assert rate.undefined is None
            assert rate.low is None or rate.low <= rate.value + 1e-9
            assert rate.high is None or rate.value - 1e-9 <= rate.high
        if rate.num is not None and rate.den:
            assert rate.value == pytest.approx(rate.num / rate.den)
    for finding in made.result.findings:
        assert finding.value is not None or finding.undefined or finding.unbounded
        assert finding.status in {"flag", "within_line", "insufficient", "info"}
        assert (finding.status == "info") == (finding.line is None)
        if finding.p is not None:
            assert 0 <= finding.p <= finding.p_adjusted <= 1
        if finding.status == "flag":
            assert finding.value < finding.line
            assert finding.p_adjusted < 0.05
        if finding.status == "within_line":
            assert finding.unbounded or finding.value >= finding.line
        assert finding.sentence
    assert made.to_html()
    assert made.to_markdown()


@slow
@given(counts, st.integers(2, 5))
def test_more_people_in_the_same_shares_change_no_rate(table, times):
    data = dict(zip("gdyn", map(list, zip(*table, strict=True)), strict=True))
    if not sum(data["n"]):
        return
    roles = {"counts": "n", "groups": "g", "decision": "d", "decision_levels": KINDS, "outcome": "y", "bad": 1}
    one = audit(data, policy=POLICY, metrics=[], **roles).result
    many = audit(data | {"n": [n * times for n in data["n"]]}, policy=POLICY, metrics=[], **roles).result
    for a, b in zip(one.rates, many.rates, strict=True):
        if a.metric != "people":
            assert (a.value is None) == (b.value is None)
            assert a.value is None or a.value == pytest.approx(b.value, abs=1e-12)
        assert b.n == times * a.n
    for a, b in zip(one.findings, many.findings, strict=True):
        assert (a.group, a.reference) == (b.group, b.reference)
        assert a.p is None or b.p <= a.p + 1e-9 or a.value == 1
