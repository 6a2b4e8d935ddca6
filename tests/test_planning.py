"""Step 0 and plans: what is written down before the data, what departs from it, and what was tried earlier."""

import dataclasses
import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml

import fairaudit as fa
from fairaudit.cli import main
from fairaudit.departing import EarlierError
from fairaudit.errors import SchemaError, UndefinedMetricError
from fairaudit.planning import PlanError
from fairaudit.policy.required import DOCUMENTS, template
from fairaudit.report.crosswalk import ANSWERED_IN
from fairaudit.report.tree import report_tree

TEAL = {
    "race": ["Black", "Black", "White", "White"],
    "decision": ["pass", "fail", "pass", "fail"],
    "n": [26, 22, 206, 53],
}
"""Connecticut v. Teal, 457 U.S. 440 (1982)."""
ROLES = {"counts": "n", "decision": "decision", "favorable": "pass"}
WHITE = {"race": "White"}
ANSWERS = {"decides": "who may take the next test", "hurt_by_no": "<script>alert(1)</script>", "why": "=HYPERLINK(1)"}


def planned(**changes):
    return fa.make_plan(**{"groups": "race", "reference": {"race": "White"}, "step_zero": ANSWERS, **changes})


@pytest.fixture
def file(tmp_path):
    return planned().write(tmp_path / "plan.yaml")


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["fairaudit", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


# Plans


def test_a_plan_comes_back_from_its_file_and_its_digest_is_of_its_content(file):
    plan = fa.read_plan(file)
    stands = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert dataclasses.asdict(plan)["step_zero"] == {**dict.fromkeys(stands["step_zero"], ""), **ANSWERS}
    content = {key: value for key, value in stands.items() if key not in {"plan", "sha256"}}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert stands["sha256"] == plan.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (plan.policy, plan.metrics, dict(plan.lines)["adverse_impact_ratio"]) == (
        "us-fair-lending", ("adverse_impact_ratio",), 0.8,
    )  # fmt: skip


def test_its_day_is_that_of_the_build_where_one_is_set(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert planned().made_on == "1970-01-01T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(PlanError, match="whole seconds"):
        planned()


@pytest.mark.parametrize(
    ("old", "new"),
    [("race: White", "race: Black"), ("made_on: '20", "made_on: '19"), ("0.8", "0.7"), ("who may", "who must")],
)
def test_a_plan_that_was_changed_is_refused(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.yaml is not as it was made"):
        fa.read_plan(file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "made of 'key: value' lines"),
        ("plan: 1\n", "is missing"),
        ("plan: !!python/object/apply:os.system [echo]\n", "line 1: the tag"),
        ("a: &a [1,1,1,1]\nb: &b [*a,*a,*a,*a]\n", "unknown key|is missing"),
        ("x: " + "[" * 40 + "]" * 40, "nested"),
        ("x: " + "a" * 1_100_000, "larger than"),
        ("plan: 1\nplan: 1\n", "given twice"),
    ],
)
def test_a_hostile_or_broken_file_is_refused_in_words(tmp_path, text, told):
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=told):
        fa.read_plan(path)


def test_an_unknown_key_is_refused_with_its_line(file):
    file.write_text(file.read_text(encoding="utf-8") + "more: yes\n", encoding="utf-8")
    with pytest.raises(PlanError, match=r"plan\.yaml, line \d+: unknown key 'more'"):
        fa.read_plan(file)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"groups": []}, PlanError, "names the groups"),
        ({"groups": 3}, SchemaError, "names of columns"),
        ({"reference": {"sex": "M"}}, PlanError, "not among the groups"),
        ({"metrics": "selection_rate"}, PlanError, "metric of one group"),
        ({"metrics": "impact"}, UndefinedMetricError, "impact"),
        ({"cutoff": "high"}, SchemaError, "cutoff"),
        ({"step_zero": {"decide": "x"}}, PlanError, "Did you mean 'decides'"),
        ({"step_zero": {"decides": 3}}, PlanError, "is text"),
        ({"step_zero": {"decides": "x" * 2001}}, PlanError, "2,001 characters"),
        ({"step_zero": "x"}, PlanError, "a mapping"),
        ({"policy": "eu-ai-act-annex-iii-5b"}, fa.FairauditError, "does not run as it stands"),
    ],
)
def test_a_plan_that_does_not_fit_together_is_not_made(changes, error, told):
    with pytest.raises(error, match=told):
        planned(**changes)


def test_a_plan_is_never_written_over(file):
    with pytest.raises(PlanError, match="is there already"):
        planned().write(file)


# Audits held to a plan


def test_what_the_call_leaves_out_is_taken_from_the_plan(file):
    made = fa.audit(TEAL, plan=file, **ROLES).result
    alone = fa.audit(TEAL, groups="race", reference={"race": "White"}, metrics=["adverse_impact_ratio"], **ROLES).result
    assert made.findings == alone.findings
    assert made.plan.departures == []
    assert (made.plan.planned_findings, made.plan.further_findings) == (1, 0)
    assert made.plan.sha256 == fa.read_plan(file).sha256
    assert fa.read_result(made.to_json()) == made


def test_what_is_done_otherwise_is_said(file):
    rows = {**TEAL, "sex": ["F", "M", "F", "M"]}
    made = fa.audit(
        rows, plan=file, groups=["race", "sex"], policy="us-ugesp", **ROLES
    )  # fmt: skip
    told = {one.what: (one.planned, one.done) for one in made.result.plan.departures}
    assert told["groups"] == ("race", "race, sex")
    assert told["policy"] == ("us-fair-lending 1.0", f"us-ugesp {made.result.policy.version}")
    assert set(told) == {"groups", "policy", "text of the policy (sha256)"}
    other = fa.audit(TEAL, plan=file, reference={"race": "Black"}, **ROLES).result.plan.departures
    assert [(one.what, one.planned, one.done) for one in other] == [("reference", "race=White", "race=Black")]
    text = made.to_markdown()
    assert "This audit departs from it in 3 respects" in text
    assert "| groups | race | race, sex |" in text


def test_a_policy_of_ones_own_is_asked_for_again(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text("extends: us-fair-lending\nid: mine\n", encoding="utf-8")
    plan = planned(policy=own)
    with pytest.raises(PlanError, match="a policy of your own"):
        fa.audit(TEAL, plan=plan, **ROLES)
    assert fa.audit(TEAL, plan=plan, policy=own, **ROLES).result.plan.departures == []


def test_step_zero_stands_between_the_limits_and_the_findings_and_is_text():
    made = fa.audit(TEAL, groups="race", reference=WHITE, step_zero=ANSWERS, **ROLES)
    places = [section.id for section in report_tree(made.result).sections]
    assert places.index("limits") + 1 == places.index("step-zero") < places.index("findings")
    page, text = made.to_html(), made.to_markdown()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in text
    assert "**Stage of the process:** not stated" in text
    assert "No plan was made before the data were looked at" in text
    assert made.result.step_zero == fa.StepZero(**ANSWERS)
    assert fa.audit(TEAL, groups="race", reference=WHITE, **ROLES).to_markdown().count("not stated") > 4


# Earlier audits of the same input


def test_earlier_audits_are_listed_once_and_carried_on(tmp_path):
    one = fa.audit(TEAL, groups="race", reference=WHITE, **ROLES)
    first = one.write_json(tmp_path / "one.json")
    two = fa.audit(TEAL, groups="race", reference=WHITE, policy="us-ugesp", earlier=[first], **ROLES)
    second = two.write_json(tmp_path / "two.json")
    three = fa.audit(
        TEAL, groups="race", reference=WHITE, policy="us-nyc-ll144", earlier=[second, first, second], **ROLES
    )
    assert [earlier.policy for earlier in three.result.earlier] == ["us-fair-lending", "us-ugesp"]
    assert three.result.earlier[0].sha256 == hashlib.sha256(first.read_bytes()).hexdigest()
    assert three.result.earlier[1].statuses == {"flag": 1}
    assert "2 audits of the same input were made before this one" in three.to_markdown()
    # The same audit again is no other try.
    assert fa.audit(TEAL, groups="race", reference=WHITE, earlier=[first], **ROLES).result.earlier == []


def test_a_result_of_other_data_is_refused(tmp_path):
    other = fa.audit({**TEAL, "n": [50, 60, 70, 80]}, groups="race", reference=WHITE, **ROLES).write_json(
        tmp_path / "other.json"
    )
    with pytest.raises(EarlierError, match=r"other\.json is an audit of other data"):
        fa.audit(TEAL, groups="race", reference=WHITE, earlier=[other], **ROLES)
    for raw, told in ((b"\xff\xfe", "not text in UTF-8"), (b"{}", "not a fairaudit result")):
        other.write_bytes(raw)
        with pytest.raises(fa.FairauditError, match=told):
            fa.audit(TEAL, groups="race", reference=WHITE, earlier=[other], **ROLES)
    with pytest.raises(EarlierError, match="cannot be read"):
        fa.audit(TEAL, groups="race", reference=WHITE, earlier=[tmp_path / "none.json"], **ROLES)


# The command line


def test_plan_then_audit_twice_in_one_folder(tmp_path, monkeypatch, capsys):
    data, plan, out = tmp_path / "teal.csv", tmp_path / "plan.yaml", tmp_path / "out"
    columns = list(TEAL)
    lines = [",".join(map(str, row)) for row in zip(*TEAL.values(), strict=True)]
    data.write_text("\n".join([",".join(columns), *lines]), encoding="utf-8")
    assert run(monkeypatch, "plan", "--group", "race", "--reference", "race=White", "--stage", "first test",
               "-o", plan) == 0  # fmt: skip
    assert fa.read_plan(plan).sha256 in capsys.readouterr().err
    roles = ("--counts", "n", "--decision", "decision", "--favorable", "pass", "--out", out)
    assert run(monkeypatch, "audit", data, "--plan", plan, *roles) == 0
    assert run(monkeypatch, "audit", data, "--plan", plan, "--policy", "us-ugesp", "--why", "as the rule", *roles) == 0
    made = fa.read_result((out / "result.json").read_text(encoding="utf-8"))
    assert made.step_zero == fa.StepZero(why="as the rule")
    assert [one.policy for one in made.earlier] == ["us-fair-lending"]
    assert {one.what for one in made.plan.departures} >= {"policy"}
    assert run(monkeypatch, "plan", "--group", "race", "-o", plan) == 2
    assert run(monkeypatch, "plan", "--group", "race", "--reference", "White", "-o", tmp_path / "b.yaml") == 2
    assert "NAME=VALUE" in capsys.readouterr().err


# The crosswalk, and the page in docs


def test_the_crosswalk_names_only_sections_that_are_there():
    made = fa.audit(TEAL, groups="race", reference=WHITE, **ROLES).result
    sections = report_tree(made).sections
    headings = {part.heading for section in sections for part in (section, *section.sections)}
    crosswalk = sections[-1]
    assert crosswalk.id == "crosswalk"
    named = [name for table in crosswalk.blocks[1:] for row in table.rows for name in row[2].text.split("; ")]
    assert len(named) > 12
    assert {*named} <= {*headings, "not in this report"}
    captions = [table.caption for table in crosswalk.blocks[1:]]
    assert len(captions) == 2
    assert captions[1].startswith("AI Act, technical documentation")
    assert "Applies from 2027-12-02" in crosswalk.blocks[2].note


def test_every_answer_that_a_rule_is_filled_by_has_a_place_in_the_report():
    used = {name for form in map(template, DOCUMENTS) for part in form.parts for name in part.filled_by}
    assert used <= {*ANSWERED_IN}


def test_the_report_can_be_signed_for_its_counts_and_its_policy():
    made = fa.audit(TEAL, groups="race", reference=WHITE, **ROLES)
    provenance = made.to_markdown().partition("## Provenance and signature")[2]
    assert "| Signed as | Name | Date | Signature |" in provenance
    assert f"signs for the counts {made.result.input.sha256} and the policy {made.result.policy.sha256}" in provenance


def test_the_page_in_docs_says_what_happens():
    text = (Path(__file__).parents[1] / "docs" / "plan.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)\n(\[\(one.what.*?\])  # (.*?)\n```", text, re.DOTALL)
    scope = {}
    exec(code.group(1), scope)
    assert repr(eval(code.group(2), scope)) == code.group(3)
