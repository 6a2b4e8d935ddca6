"""What importing and starting load: the heavy libraries wait until something needs them."""

import importlib
import importlib.util
import json
import os
import subprocess
import sys

import pytest

import fairaudit

HEAVY = ("altair", "fairlearn", "matplotlib", "numba", "pandas", "scipy.stats", "shap", "sklearn")
NOT_FOR_AN_AUDIT = ("altair", "fairlearn", "matplotlib", "numba", "scipy.stats", "shap", "sklearn")

CSV = "race,decision,n\nBlack,pass,26\nBlack,fail,22\nWhite,pass,206\nWhite,fail,53\n"

IMPORT = "import fairaudit"
HELP = """
import contextlib, io
from fairaudit.cli import group
with contextlib.redirect_stdout(io.StringIO()) as said:
    group.main(["--help"], standalone_mode=False)
assert "audit" in said.getvalue()
"""
AUDIT = """
import fairaudit
made = fairaudit.audit("teal.csv", counts="n", groups="race", decision="decision", favorable="pass",
                       reference={"race": "White"})
made.write_json("result.json"), made.write_html("audit.html")
"""
SCORES = """
import fairaudit
made = fairaudit.audit("scores.csv", score="points", higher_is="better", cutoff=600, outcome="paid", good="yes",
                       groups="race", reference={"race": "White"})
made.write_json("result.json")
"""


def loaded_by(code, folder):
    """Return the modules that a fresh interpreter holds after running the code."""
    ending = "\nimport json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-c", code + ending], cwd=folder, capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_check_itself_sees_what_is_loaded(tmp_path):
    assert "xml.dom" in loaded_by("import xml.dom", tmp_path) - loaded_by("pass", tmp_path)


@pytest.mark.parametrize("code", [IMPORT, HELP], ids=["import", "help"])
def test_starting_loads_no_heavy_library(code, tmp_path):
    assert loaded_by(code, tmp_path).isdisjoint(HEAVY)


def test_importing_loads_no_other_package_at_all(tmp_path):
    packages = {name.split(".")[0] for name in loaded_by(IMPORT, tmp_path) - loaded_by("pass", tmp_path)}
    assert packages - sys.stdlib_module_names == {"fairaudit"}


def test_the_command_itself_answers(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fairaudit", "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "fairaudit audit scores.csv" in done.stdout


def test_an_audit_of_a_file_loads_no_modelling_library(tmp_path):
    (tmp_path / "teal.csv").write_text(CSV)
    assert loaded_by(AUDIT, tmp_path).isdisjoint(NOT_FOR_AN_AUDIT)
    assert (tmp_path / "result.json").stat().st_size > 0


def test_an_audit_of_scores_in_a_file_loads_no_modelling_library_and_no_pandas(tmp_path):
    people = [(race, paid) for race in ("Black", "White") for paid in ("yes", "no")]
    rows = [f"{race},{550 + 7 * i % 100},{paid}" for i in range(60) for race, paid in people]
    (tmp_path / "scores.csv").write_text("race,points,paid\n" + "\n".join(rows))
    assert loaded_by(SCORES, tmp_path).isdisjoint(HEAVY)


# The public names


def test_every_public_name_resolves():
    for name in fairaudit.__all__:
        assert getattr(fairaudit, name) is not None


def test_all_is_the_lazy_table_and_the_version():
    assert sorted(fairaudit.__all__) == sorted([*fairaudit._WHERE, "__version__"])
    assert dir(fairaudit) == sorted(fairaudit.__all__)


def test_no_public_name_is_a_module_of_the_package():
    for name in fairaudit._WHERE:
        assert importlib.util.find_spec(f"fairaudit.{name}") is None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'fairaudit' has no attribute 'audti'"):
        fairaudit.audti  # noqa: B018
