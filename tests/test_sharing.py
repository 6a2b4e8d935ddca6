"""Who an audit is for: what a supervisor's and a public one no longer hold, and that they say so."""

import json
import re
from pathlib import Path

import pytest

import fairaudit as fa
from fairaudit.cli import group
from fairaudit.errors import CubeError, SchemaError


def rows():
    """900 people, three of whom are of a race of their own; scores differ for everybody."""
    number = range(900)
    return {
        "race": ["C" if i < 3 else "B" if i % 3 == 0 else "A" for i in number],
        "sex": ["F" if i % 2 else "M" for i in number],
        "score": [400 + i % 300 + (i % 7) / 10 for i in number],
        "paid": ["yes" if (i * 7) % 5 else "no" for i in number],
    }


ROLES = {"score": "score", "higher_is": "better", "cutoff": 550, "outcome": "paid", "good": "yes"}
ROLES |= {"groups": ["race", "sex"], "reference": {"race": "A", "sex": "M"}}


@pytest.fixture(scope="module")
def public():
    return fa.audit(rows(), sharing="public", **ROLES)


def test_every_number_of_a_public_audit_is_made_of_its_published_counts(public):
    again = fa.audit(public.cube, reference={"race": "A", "sex": "M"})
    assert again.result.rates == public.result.rates
    assert again.result.findings == public.result.findings
    assert int(public.cube.n[public.cube.n > 0].min()) >= 10


def test_the_result_and_the_report_say_what_was_done(public):
    record = json.loads(public.to_json())["sharing"]
    assert (record["level"], record["min_n"], record["unique_people"]) == ("public", 10, 0)
    assert record["unique_before"] == public.result.sharing.unique_before > 100
    assert record["pooled"] == {"race": ["B", "C"]}
    text = public.to_markdown()
    assert "What may be shared" in text
    assert "B, C became (other)" in text
    assert fa.read_result(public.to_json()).sharing == public.result.sharing


def test_an_internal_audit_is_as_it_was_and_counts_who_is_alone():
    made = fa.audit(rows(), **ROLES)
    assert made.result.sharing.level == "internal"
    assert made.result.sharing.unique_people == made.cube.unique_people > 0
    assert "This report is internal: everything that was counted is in it" in made.to_markdown()
    assert made.flags_lost == ()


def test_a_supervisor_sees_the_counts_and_no_row():
    table = rows()
    table["score"][5] = float("inf")
    inside, outside = (fa.audit(table, sharing=level, **ROLES).result for level in ("internal", "supervisor"))
    assert any(issue.rows for issue in inside.issues)
    assert not any(issue.rows for issue in outside.issues)
    assert outside.findings == inside.findings


def test_columns_that_are_not_asked_for_do_not_make_the_rest_coarse():
    cube = fa.count(rows(), **ROLES)
    made = fa.audit(cube, groups="sex", sharing="public")
    assert made.result.sharing.left_out == ["race"]
    assert made.result.sharing.pooled == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [({"sharing": "open"}, "must be one of 'internal', 'supervisor', 'public'"), ({"min_n": 5}, "leave it out")],
)
def test_what_does_not_go_together_is_refused(given, said):
    with pytest.raises(SchemaError, match=said):
        fa.audit(rows(), **given, **ROLES)


def test_the_command_line_counts_and_audits_for_the_public(tmp_path, capsys):
    import pandas as pd

    pd.DataFrame(rows()).to_csv(tmp_path / "rows.csv", index=False)
    roles = ["--score", "score", "--higher-is", "better", "--cutoff", "550", "--outcome", "paid", "--good", "yes"]
    roles += ["--group", "race", "--reference", "race=A"]
    command = [str(tmp_path / "rows.csv"), *roles]
    group.main(["count", *command, "--min-n", "20", "-o", str(tmp_path / "p.cube")], standalone_mode=False)
    assert "people alone in an entry: " in capsys.readouterr().err
    cube = fa.load_cube(tmp_path / "p.cube")
    assert int(cube.n[cube.n > 0].min()) >= 20
    group.main(["audit", *command, "--sharing", "public", "--min-n", "20", "--format", "json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["sharing"]["min_n"] == 20


def test_an_audit_without_a_group_left_is_refused_rather_than_said_to_have_had_none():
    table = {"pA": [0.9, 0.2] * 200, "pB": [0.1, 0.8] * 200, "hired": ["yes", "no", "no", "yes"] * 100}
    roles = {"memberships": {"race": {"A": "pA", "B": "pB"}}, "decision": "hired", "favorable": "yes"}
    assert fa.audit(table, reference={"race": "A"}, **roles).result.findings
    with pytest.raises(CubeError, match="probabilities of belonging to a group are not published"):
        fa.audit(table, reference={"race": "A"}, sharing="public", **roles)
    few = {"race": ["A"] * 100 + ["B"] * 3, "hired": ["yes", "no"] * 50 + ["yes", "no", "yes"]}
    with pytest.raises(CubeError, match="No group can be told apart in counts published with min_n=10"):
        fa.audit(few, groups="race", decision="hired", favorable="yes", sharing="public", reference={"race": "A"})


def test_clusters_are_not_published_and_no_interval_pretends_that_people_are_independent():
    table = {"race": ["A", "A", "B", "B"] * 100, "hired": ["yes", "no", "no"] * 133 + ["yes"]}
    table["home"] = [i // 2 for i in range(400)]
    roles = {"groups": "race", "decision": "hired", "favorable": "yes", "cluster": "home", "reference": {"race": "A"}}
    inside, outside = (fa.audit(table, sharing=level, **roles).result.findings[0] for level in ("internal", "public"))
    assert inside.low is not None
    assert outside.value == inside.value
    assert (outside.low, outside.high) == (None, None)
    assert "clusters" in outside.method


def test_the_code_of_the_page_says_what_comes_of_it():
    page = (Path(__file__).parents[1] / "docs" / "sharing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    there: dict = {}
    exec(code, there)
    said = code.strip().splitlines()[-1].split("#")[1].strip()
    assert repr(there["made"].result.sharing.pooled) == said
