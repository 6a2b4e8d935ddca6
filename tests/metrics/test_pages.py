"""The pages of the metrics are those of the program, and what they claim was checked was checked."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from fairaudit.cli.metrics import command
from fairaudit.errors import UndefinedMetricError
from fairaudit.metrics.pages import catalogue, page, pages

ROOT = Path(__file__).parents[2]
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
LIBRARIES = ("fairlearn", "sklearn", "scipy", "statsmodels", "numpy")


def test_the_pages_on_disk_are_those_of_the_program():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "metrics").glob("*.md")}
    assert written == pages(), "run: make metrics"


@pytest.mark.parametrize("name", catalogue())
def test_every_page_says_everything(name):
    item = catalogue()[name]
    text = page(item)
    for part in ("**Formula.**", "**How to read it.**", "**Undefined when**", "**Source.**", "**Checked against**"):
        assert part in text, f"{name} has no {part}"
    assert item.plain.endswith((".", "?"))
    assert ".." not in text.replace("...", "")
    for word in ("pass", "fail", "illegal", "unfair"):
        assert not re.search(rf"\b{word}\b", text), word


@pytest.mark.parametrize("name", catalogue())
def test_what_a_page_says_it_was_checked_against_is_in_the_tests(name):
    for reference in catalogue()[name].checked_against:
        library, _, function = reference.rpartition(".")
        if library.partition(".")[0] in LIBRARIES:
            assert re.search(rf"\b{function}\b", TESTS), f"no test calls {reference}"


def test_the_command_explains_a_metric_by_any_of_its_names():
    assert CliRunner().invoke(command, ["AIR"]).output == page(catalogue()["adverse_impact_ratio"])
    assert "adverse_impact_ratio: Adverse impact ratio" in CliRunner().invoke(command, []).output


def test_a_name_of_several_metrics_explains_each():
    shown = CliRunner().invoke(command, ["pairwise concordance"]).output
    titles = [line for line in shown.splitlines() if line.startswith("# ")]
    assert titles == [
        "# AUC (good people ranked above bad ones)",
        "# AUC of the group's good people against the reference's bad people",
        "# AUC of the reference's good people against the group's bad people",
    ]
    assert shown.count("ties one half") == 3


def test_the_index_leads_from_the_names_of_others():
    index = pages()["README.md"].partition("## Names used elsewhere")[2]
    assert "| AIR | [Adverse impact ratio](adverse_impact_ratio.md) |" in index
    (line,) = [line for line in index.splitlines() if line.startswith("| cross-group pairwise concordance |")]
    assert "background_negative_subgroup_positive_auc.md" in line
    assert "background_positive_subgroup_negative_auc.md" in line


def test_an_unknown_metric_gets_a_suggestion():
    with pytest.raises(UndefinedMetricError, match="Did you mean 'selection_rate'"):
        CliRunner().invoke(command, ["selection_rat"], catch_exceptions=False)
