"""Controls and the model's inputs from the command line."""

import sys
from pathlib import Path

import numpy as np
import pytest

from fairaudit.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(2)
    rows = [f"{rng.choice(['a', 'b'])},{x:.3f},{int(rng.random() < 0.5)}" for x in rng.normal(size=400)]
    Path("rows.csv").write_text("\n".join(["race,dti,ok", *rows]) + "\n")

    def call(*more):
        given = ["rows.csv", "--decision", "ok", "--favorable", "1", "--group", "race", "--reference", "race=b"]
        monkeypatch.setattr(sys, "argv", ["fairaudit", "audit", *given, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_a_control_is_in_the_report(run):
    code, out, _ = run("--control", "dti", "--format", "md")
    assert code == 0
    assert "given dti, fitted from rows" in out


def test_inputs_are_named_one_by_one_or_in_a_file(run):
    Path("inputs.txt").write_text("dti\ngender\n")
    code, out, _ = run("--feature", "race", "--features-file", "inputs.txt", "--fail-on", "flag")
    assert code == 1
    assert out.index("Direct use:") < out.index("Findings:")
    assert "'race' as an input, which is the declared group 'race'" in out
    assert "'gender' as an input" in out
