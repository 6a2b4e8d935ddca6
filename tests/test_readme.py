"""What the README shows is what happens: its commands are run and its output compared."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def matches(expected, actual):
    """Whether the text agrees, a line of three dots standing for any lines."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("\n...\n"))
    return re.fullmatch(pattern, actual.strip(), re.DOTALL) is not None


@pytest.mark.parametrize("block", blocks("console"))
def test_the_command_prints_what_it_says(block, tmp_path):
    lines = block.splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    expected = "\n".join(lines[len(commands) :])
    command = " && ".join(commands)
    (tmp_path / "teal.csv").write_text(blocks("csv")[0], encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"({command}) 2>&1"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert matches(expected, done.stdout), done.stdout
    assert done.returncode == ("--fail-on flag" in command)


def test_the_python_lines_say_what_they_print():
    source = "\n".join(blocks("pycon"))
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(doctest.DocTestParser().get_doctest(source, {}, "README", "README.md", 0))
    assert runner.summarize(verbose=False).attempted > 5
    assert runner.summarize(verbose=False).failed == 0


def test_the_two_commands_stand_in_it_and_in_ci():
    commands = [block.strip() for block in blocks("sh")]
    assert commands == ["pip install . && fairaudit demo", "pip install -e '.[test]' && pytest -n auto"]


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)]+)\)", README):
        assert link.startswith("https://") or (ROOT / link).exists(), link
