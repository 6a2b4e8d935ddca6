"""The code of docs/alternatives.md runs as it stands there, and its policy is one."""

import re
from pathlib import Path

import yaml

from fairaudit.policy.loading import load_policy

PAGE = (Path(__file__).parents[2] / "docs" / "alternatives.md").read_text(encoding="utf-8")


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


def test_the_pages_code_runs():
    there: dict = {}
    for block in blocks("python"):
        exec(block, there)
    found = there["found"]
    assert found.result.tried + found.result.failed == 12
    assert found.result.answer in ("shown", "none_shown", "cannot_tell")


def test_the_pages_policy_declares_what_it_says(tmp_path):
    (text,) = blocks("yaml")
    file = tmp_path / "bank.yaml"
    file.write_text(text)
    made = load_policy(str(file)).policy.alternatives
    assert (made.performance, made.margin, made.improvement) == (
        yaml.safe_load(text)["alternatives"]["performance"], 0.01, 0.05,
    )  # fmt: skip


def test_the_pages_command_is_one():
    from fairaudit.cli.alternatives import command

    (text,) = blocks("sh")
    known = {option for one in command.params for option in one.opts}
    assert {*re.findall(r"--[a-z-]+", text)} <= known
