"""Write notebooks/students anew: each notebook without its answers, as students open it (`make coursework`).

One source a notebook, notebooks/NN-*.py: cells tagged `question` ask, cells tagged `solution` answer. A student file
is an .ipynb, because that is what Jupyter opens by a double click without anything else installed; it has no outputs,
and the same source gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat

FOLDER = Path(__file__).parents[1] / "notebooks"
YOURS = "# Your answer"
YOUR_WORDS = "*Your answer:*"


def without_answers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook with one empty cell in the place of each run of solution cells."""
    made = nbformat.v4.new_notebook(metadata={"kernelspec": notebook.metadata["kernelspec"]})
    answered = False
    for cell in notebook.cells:
        solution = "solution" in cell.metadata.get("tags", [])
        code = cell.cell_type == "code"
        new = nbformat.v4.new_code_cell if code else nbformat.v4.new_markdown_cell
        if not solution:
            made.cells.append(new(cell.source, metadata={"tags": list(cell.metadata.get("tags", []))}))
        elif not answered:
            made.cells.append(new(YOURS if code else YOUR_WORDS, metadata={"tags": ["answer"]}))
        answered = solution
    for place, cell in enumerate(made.cells):
        cell.id = f"cell-{place}"
    return made


def student_files() -> dict[str, str]:
    """Return the name and text of every student file: of each notebook that has solutions."""
    made = {}
    for path in sorted(FOLDER.glob("*.py")):
        notebook = jupytext.read(path)
        if any("solution" in cell.metadata.get("tags", []) for cell in notebook.cells):
            made[f"{path.stem}.ipynb"] = nbformat.writes(without_answers(notebook)) + "\n"
    return made


def main() -> None:
    """Write the files, and take away those whose source is gone."""
    folder = FOLDER / "students"
    folder.mkdir(exist_ok=True)
    files = student_files()
    for path in folder.glob("*.ipynb"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(files)} student files in {folder}\n")


if __name__ == "__main__":
    main()
