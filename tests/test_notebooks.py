"""Every notebook runs from top to bottom, offline and without data that do not come along."""

from pathlib import Path

import jupytext
import nbclient
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == ["01-first-audit.py"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_and_says_something(path, tmp_path, monkeypatch):
    monkeypatch.delenv("FAIRAUDIT_DATA", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # the kernel's own; ours are errors in every other test
    notebook = jupytext.read(path)
    nbclient.NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) - 1
    text = str(notebook)
    assert "insufficient" in text
    assert not list(tmp_path.iterdir())
