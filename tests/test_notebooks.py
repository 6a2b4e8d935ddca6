"""Every notebook runs from top to bottom, offline and without data that do not come along."""

from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))

OFFLINE = """
import socket

def _refuse(*arguments, **options):
    raise AssertionError("a notebook runs offline")

# The kernel's own channels do not go through Python's sockets.
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = _refuse
"""


def run(notebook, home, monkeypatch):
    """Run a notebook in an empty folder, in a kernel that knows nothing of the user's settings."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        (home / name).mkdir()
        monkeypatch.setenv(name, str(home / name))
    monkeypatch.delenv("FAIRAUDIT_DATA", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # the kernel's own; ours are errors in every other test
    folder = home / "empty"
    folder.mkdir()
    nbclient.NotebookClient(
        notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    assert not list(folder.iterdir())


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == [
        "01-first-audit.py",
        "02-is-it-chance.py",
        "03-from-a-score-to-a-letter.py",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_offline_and_every_cell_says_something(path, tmp_path, monkeypatch):
    notebook = jupytext.read(path)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(OFFLINE))
    run(notebook, tmp_path, monkeypatch)
    cells = [cell for cell in notebook.cells[1:] if cell.cell_type == "code"]
    assert all(cell.outputs for cell in cells)
    assert not [output for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    assert "insufficient" in str([cell.outputs for cell in cells])


def test_the_lock_on_the_network_holds(tmp_path, monkeypatch):
    notebook = nbformat.v4.new_notebook()
    calling = "import urllib.request; urllib.request.urlopen('http://localhost:1')"
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (OFFLINE, calling)]
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="a notebook runs offline"):
        run(notebook, tmp_path, monkeypatch)
