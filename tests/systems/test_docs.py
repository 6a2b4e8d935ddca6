"""docs/systems.md has every claim of every system, explains every key, and its example runs."""

import dataclasses
import re
from pathlib import Path

import pytest

from fairaudit.systems import format as shape
from fairaudit.systems.loading import check
from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations.world import World

FOLDER = Path(__file__).parents[2] / "docs"
PAGE = FOLDER.joinpath("systems.md").read_text(encoding="utf-8")


def example(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE[PAGE.index("## A system in an afternoon") :], re.DOTALL).group(1)


def test_the_first_line_says_that_there_is_no_single_national_score():
    assert PAGE.splitlines()[0].startswith("There is no single national score")


@pytest.mark.parametrize("name", PointSystem.names())
def test_every_claim_stands_on_the_page_with_where_it_is_documented(name):
    system = PointSystem.load(name)
    for claim in system.definition.claims:
        assert f"| `{name}` | {claim.says} | {claim.documented or 'not found'} | {claim.note} |" in PAGE
    assert f"| `{name}` |" in PAGE
    assert all(f"`{variant}`" in PAGE for variant in system.variants)


def test_no_claim_stands_on_the_page_that_no_file_has():
    rows = re.findall(r"^\| `\w+` \| .* \| .* \| .* \|$", PAGE, re.MULTILINE)
    assert len(rows) == sum(len(PointSystem.load(name).definition.claims) for name in PointSystem.names())


@pytest.mark.parametrize(
    "record", ["EventsSystem", "WeightedSystem", "Event", "Role", "Input", "Consequence", "Step", "Unscored"]
)
def test_every_key_is_explained(record):
    for key in getattr(shape, record).model_fields:
        assert f"`{key}`" in PAGE, f"{record}.{key}"


def test_the_example_of_an_afternoon_runs_and_prints_what_the_page_says(tmp_path):
    file, stars = tmp_path / "reading-club.yaml", tmp_path / "stars.csv"
    file.write_text(example("yaml"), encoding="utf-8")
    stars.write_text(example("csv"), encoding="utf-8")
    assert check(file) == []
    ledger = PointSystem.load(file).score_events(stars).ledger("Ada")
    assert str(ledger) == example("text").strip("\n")
    assert sum(line.points for line in ledger.lines) == ledger.score == 17


def test_the_mistake_on_the_page_is_the_error_of_the_program(tmp_path):
    file = tmp_path / "reading-club.yaml"
    file.write_text(
        example("yaml").replace("contexts: [reading, library, club evenings]", "contexts: [reading, library]")
    )
    (problem,) = check(file)
    assert f"reading-club.yaml, line {problem.line}: {problem.message}" in PAGE


def test_every_knob_is_explained_with_its_default():
    for knob in dataclasses.fields(World):
        default = "=".join(knob.default) if knob.name == "group" else knob.default
        if knob.name in ("rates", "seen"):
            default = {"rates": "by gravity", "seen": "as the others"}[knob.name]
            assert f"| `{knob.name}` | {default} |" in PAGE
        else:
            said = f"`{default}`" if knob.name == "group" else f"{default:g}"
            assert f"| `{knob.name}` | {said} |" in PAGE, knob.name


def test_the_page_leads_to_the_truth_and_to_teaching():
    for name in ("truth.md", "teaching.md"):
        assert f"({name})" in PAGE
        assert FOLDER.joinpath(name).is_file()
