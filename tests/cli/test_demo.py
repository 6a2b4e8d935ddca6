"""``fairaudit demo`` as a newcomer runs it."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner

from fairaudit.cli import demo
from fairaudit.data.bundled import loanapp_features
from fairaudit.errors import FairauditError
from fairaudit.result import read_result

FILES = {
    "README.md",
    "index.html",
    "step-1-decisions/report.html",
    "step-1-decisions/report.md",
    "step-1-decisions/result.json",
    "step-2-model/left-out.html",
    "step-2-model/left-out.md",
    "step-2-model/report.html",
    "step-2-model/report.md",
    "step-2-model/result.json",
    "step-3-explanation/explanation.html",
    "step-3-explanation/explanation.json",
    "step-3-explanation/explanation.md",
    "step-3-explanation/letter.html",
    "step-3-explanation/letter.md",
}


def digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Return the folder and output of a run in a process of its own, as a user starts it."""
    folder = tmp_path_factory.mktemp("demo")
    environment = {name: value for name, value in os.environ.items() if name != "FAIRAUDIT_DATA"}
    done = subprocess.run(
        [sys.executable, "-m", "fairaudit", "demo"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "fairaudit-demo", done


def test_it_says_what_it_does_and_where_the_result_is(first):
    folder, done = first
    for words in (
        "Step 1 of 3",
        "Step 2 of 3",
        "Step 3 of 3",
        "not repayment",
        "not an adverse-action notice",
        str(folder),
    ):
        assert words in done.stdout
    last = done.stdout.strip().split("\n\n")[-3:]
    assert [part[:2] for part in last] == ["1.", "2.", "3."]
    assert last[0].startswith(
        "1. The lender's decisions. race: Black against White, 67.5% selected against 90.8%"
    )  # datasets/loanapp/README.md
    assert "Black against White at cut-off" in last[1]
    assert "declined applicant" in last[2]
    assert done.stderr == ""


def test_it_writes_its_files_and_no_others(first):
    assert set(digests(first[0])) == FILES


def test_every_link_of_the_first_page_leads_somewhere(first):
    links = re.findall(r'href="([^"#]+)"', (first[0] / "index.html").read_text(encoding="utf-8"))
    assert len(links) == 5
    assert all((first[0] / link).is_file() for link in links)


def test_the_results_are_results(first):
    for step in ("step-1-decisions", "step-2-model"):
        made = read_result((first[0] / step / "result.json").read_text(encoding="utf-8"))
        assert any(finding.family == "primary" for finding in made.findings)
        assert made.schema.outcome_counts == {}  # the lender's decision is not repayment


def test_each_report_says_what_was_audited(first):
    step_1, step_2 = (
        (first[0] / step / "report.html").read_text(encoding="utf-8") for step in ("step-1-decisions", "step-2-model")
    )
    assert "<h1>Audit of recorded mortgage decisions (loanapp)</h1>" in step_1
    assert "<h1>Audit of a model&#39;s scores of held-out applicants (loanapp)</h1>" in step_2


def test_the_explanation_written_adds_up_to_its_score(first):
    made = json.loads((first[0] / "step-3-explanation" / "explanation.json").read_text(encoding="utf-8"))
    total = made["base"] + sum(part["points"] for part in made["contributions"])
    assert total == pytest.approx(made["score"], abs=1e-9)
    assert made["score"] < made["cutoff"]
    assert {part["feature"] for part in made["contributions"]} == set(loanapp_features())


def test_a_second_run_over_it_gives_the_same_bytes_without_network_or_browser(first, monkeypatch):
    def forbidden(*arguments, **options):
        message = "no connection and no browser"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(webbrowser, "open", forbidden)
    monkeypatch.setenv("DISPLAY", ":0")  # a display, but no terminal
    before = digests(first[0])
    done = CliRunner().invoke(demo.command, ["--out", str(first[0]), "-q"], standalone_mode=False)
    assert done.exception is None
    assert done.return_value == 0
    assert "Step 1" not in done.stdout
    assert digests(first[0]) == before


def test_on_a_terminal_with_a_display_the_first_page_is_opened_unless_told_not_to(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(demo, "_can_show", lambda: True)
    for options in (["--no-browser"], []):
        done = CliRunner().invoke(demo.command, ["--out", str(tmp_path / "x"), "-q", *options], standalone_mode=False)
        assert done.exception is None
    assert opened == [(tmp_path / "x" / "index.html").as_uri()]


@pytest.mark.parametrize("below", ["", "folder", "folder/within"])
def test_a_file_in_the_place_of_the_folder_is_refused_before_any_work(below, tmp_path):
    target = tmp_path / "here"
    target.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(demo.command, ["--out", str(target / below)], standalone_mode=False)
    assert isinstance(done.exception, FairauditError)
    assert f"'{target}' is a file" in str(done.exception)
    assert done.stdout == ""
    assert target.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("terminal", "platform", "display", "shown"),
    [
        (True, "linux", ":0", True),
        (True, "linux", "", False),
        (False, "linux", ":0", False),
        (True, "darwin", "", True),
    ],
)
def test_a_browser_opens_only_before_somebody_s_eyes(terminal, platform, display, shown, monkeypatch):
    monkeypatch.setattr(demo.sys, "stdout", type("Stream", (), {"isatty": lambda self: terminal})())
    monkeypatch.setattr(demo.sys, "platform", platform)
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert demo._can_show() is shown
