"""``fairaudit demo`` as a newcomer runs it."""

import hashlib
import os
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner

from fairaudit.cli import demo
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
    for words in ("Step 1 of 3", "Step 2 of 3", "Step 3 of 3", "not repayment", str(folder), "index.html"):
        assert words in done.stdout
    last = done.stdout.strip().split("\n\n")[-3:]
    assert [part[:2] for part in last] == ["1.", "2.", "3."]
    assert done.stderr == ""


def test_it_writes_its_files_and_no_others(first):
    assert set(digests(first[0])) == FILES


def test_every_link_of_the_first_page_leads_somewhere(first):
    import re

    links = re.findall(r'href="([^"#]+)"', (first[0] / "index.html").read_text(encoding="utf-8"))
    assert len(links) == 4
    assert all((first[0] / link).is_file() for link in links)


def test_the_results_are_results(first):
    for step in ("step-1-decisions", "step-2-model"):
        made = read_result((first[0] / step / "result.json").read_text(encoding="utf-8"))
        assert any(finding.family == "primary" for finding in made.findings)


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
    assert digests(first[0]) == before


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    target = tmp_path / "here"
    target.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(demo.command, ["--out", str(target)], standalone_mode=False)
    assert isinstance(done.exception, FairauditError)
    assert "is a file" in str(done.exception)
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
