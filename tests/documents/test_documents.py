"""Documents beside the report: every heading of the form, filled from the audit, each gap marked and counted."""

import json
import re
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import fairaudit as fa
from fairaudit.cli import group
from fairaudit.documents import DOCUMENTS
from fairaudit.documents.filling import FILLERS
from fairaudit.documents.writing import DocumentError, document, document_tree, template
from fairaudit.report.nodes import Items, Table

EVIL = "<script>alert(1)</script>"


def people(n=2000, seed=2):
    rng = np.random.default_rng(seed)
    race = rng.choice(["White", "Black or African American", EVIL], n, p=[0.6, 0.3, 0.1])
    sex = rng.choice(["Female", "Male"], n)
    score = np.round(rng.normal(60 - 5 * (race == EVIL), 10, n))
    return pd.DataFrame({"race_ethnicity": race, "sex": sex, "score": score, "hired": rng.choice(["yes", "no"], n)})


@pytest.fixture(scope="module")
def audit():
    return fa.audit(
        people(), score="score", higher_is="better", cutoff=60, outcome="hired", bad="no",
        groups=["race_ethnicity", "sex"], reference={"race_ethnicity": "White", "sex": "Male"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def scoring():
    """Return an audit under the rule of New York City, which asks for its own tables."""
    return fa.audit(
        people(), score="score", higher_is="better", groups=["race_ethnicity", "sex"], policy="us-nyc-ll144"
    )


def blocks(section):
    yield from section.blocks
    for inner in section.sections:
        yield from blocks(inner)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_heading_stands_there_and_the_gaps_are_those_that_are_counted(audit, name):
    form, text = template(name), document(audit.result, name)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")][: len(form.parts)]
    for part in form.parts:
        assert f"## {part.heading}" in text
        assert set(part.filled_by) <= set(FILLERS)
        for gap in part.gaps:
            assert gap.split(" ")[0] in text
    counted = int(re.search(r"\*\*([\d,]+) gaps? (is|are) marked", text)[1].replace(",", ""))
    assert counted == text.count("- \\[to be filled: ") >= sum(len(part.gaps) for part in form.parts)
    for word in ("fair", "unfair", "legal", "illegal", "pass", "compliant"):
        assert not re.search(rf"\b(is|are) {word}\b", text), word


@pytest.mark.parametrize("name", DOCUMENTS)
def test_rules_are_data_with_dates_and_sources(name):
    form = template(name)
    assert isinstance(form.applies_from, date)
    assert form.checked_on <= date.today()
    assert form.sources
    assert all(citation and dated for citation, dated in form.sources)
    # A comma that is not quoted would cut a citation in two, and leave what follows as a key of its own.
    assert all(citation.count("(") == citation.count(")") for citation, _ in form.sources)


def test_the_code_of_the_page_runs(audit, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"```python\n(.*?)```", page, re.S):
        exec(code, {"audit": audit})
    assert (tmp_path / "annex-iv.html").exists()


def test_the_summary_of_new_york_holds_the_rates_and_ratios_of_the_rule(scoring):
    """6 RCNY 5-301(c): the scoring rate is the share above the sample's median, its ratio against the highest."""
    rows = people()
    above = rows.score > rows.score.median()
    rate = above.groupby(rows.sex).mean()
    text = document(scoring.result, "ll144-summary")
    for level in ("Female", "Male"):
        (line,) = [one for one in text.splitlines() if one.startswith(f"| {level} ") and "%" in one][:1]
        assert f"{100 * rate[level]:.1f}%" in line
        assert f"{(rows.sex == level).sum():,}" in line
    assert "date on which the tool was first distributed or used" in text
    assert "Unknown" in text or "unknown category" in text


def test_what_the_audit_lacks_is_a_gap(audit):
    text = document(audit.result, "ll144-summary")
    assert "tables of impact ratios: audit again with --policy us-nyc-ll144" in text
    assert "which inputs carry the gaps: this audit had no model to take apart" in document(audit.result, "model-risk")


def test_numbers_are_those_of_the_result(audit):
    tree = document_tree(audit.result, "ai-act-annex-iv")
    found = [block for section in tree.sections for block in blocks(section)]
    tables = [block for block in found if isinstance(block, Table)]
    rate = next(r for r in audit.result.rates if (r.metric, r.group) == ("true_positive_rate", "Female"))
    cells = [cell.text for one in tables for row in one.rows for cell in row if row[0].text == "Female"]
    assert f"{100 * rate.value:.1f}%" in cells
    told = [item for block in found if isinstance(block, Items) for item in block.items]
    assert any(item.text == audit.result.policy.sha256 for item in told)


def test_hostile_names_are_text_and_the_same_result_gives_the_same_bytes(audit):
    for name in DOCUMENTS:
        page = document(audit.result, name, "html")
        assert EVIL not in page
        assert page == document(audit.result, name, "html")
        assert EVIL not in document(audit.result, name)


def test_files_and_commands_write_them(audit, tmp_path):
    made = audit.write_document("model-risk", tmp_path / "file.html")
    assert made.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(DocumentError, match=r"'file.txt' does not say how to write a document: end it in .html or .md"):
        audit.write_document("model-risk", tmp_path / "file.txt")
    with pytest.raises(DocumentError, match=r"There is no document 'model'\. Did you mean 'model-risk'"):
        audit.write_document("model", tmp_path / "file.md")
    audit.write_json(tmp_path / "result.json")
    arguments = [
        "report",
        str(tmp_path / "result.json"),
        "--document",
        "fundamental-rights",
        "-o",
        str(tmp_path / "f.md"),
    ]
    assert CliRunner().invoke(group, arguments, standalone_mode=False).exception is None
    assert (tmp_path / "f.md").read_text(encoding="utf-8") == document(audit.result, "fundamental-rights")
    assert json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))["schema_version"]
