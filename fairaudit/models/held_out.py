"""The rows that training never saw, by their numbers in the file that the model was trained on."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..schema.provenance import InputFile

HELD_OUT = "held_out_rows.csv"
"""Beside a trained model: the numbers of the rows that it never saw, counted from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Rows held out of training, and the file whose rows they are."""

    places: NDArray[np.int64]
    """From 0, in the order of the file."""
    rows: int
    """How many rows the file has."""
    trained_on: int
    name: str
    sha256: str

    def is_of(self, files: Sequence[InputFile]) -> bool:
        """Return whether the file is the only one of these, byte by byte."""
        return len(files) == 1 and files[0].sha256 == self.sha256


def data_record(rows: int, files: Sequence[InputFile]) -> dict[str, Any] | None:
    """Return what a model's record keeps of the file that it was trained on.

    None for several files, whose rows have no order that could be found again.

    Examples
    --------
    >>> data_record(3, [InputFile("loans.csv", 20, "ab12")])
    {'name': 'loans.csv', 'rows': 3, 'sha256': 'ab12'}
    """
    if len(files) != 1:
        return None
    return {"name": files[0].name, "rows": rows, "sha256": files[0].sha256}


def written(places: Sequence[int] | NDArray[np.int64]) -> bytes:
    """Return the file of row numbers."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["row"], *([int(row) + 1] for row in places)])
    return text.getvalue().encode()


def read_held_out(folder: Path, training: Mapping[str, Any] | None) -> HeldOut | None:
    """Return the rows held out of a saved model's training; None where the folder does not say, or of what file.

    Raises
    ------
    DataContractError
        If the row numbers cannot be those that were written with the model.
    """
    data = None if training is None else training.get("data")
    file = folder / HELD_OUT
    if not isinstance(data, Mapping) or training is None or not file.is_file():
        return None
    name, sha256 = str(data.get("name")), str(data.get("sha256"))
    counts = data.get("rows"), training.get("train_people"), training.get("test_people")
    rows, trained_on, tested_on = (one if isinstance(one, int) else 0 for one in counts)
    lines = file.read_text(encoding="utf-8-sig", errors="replace").split()
    numbers = [int(line) for line in lines[1:] if line.isascii() and line.isdigit() and len(line) < 16]
    sound = len(numbers) == len(lines) - 1 == tested_on == len(set(numbers))
    if lines[:1] != ["row"] or not sound or not all(1 <= one <= rows for one in numbers):
        message = (
            f"{HELD_OUT} of '{folder}' is not what training wrote: a line 'row', then {tested_on:,} different numbers "
            f"from 1 to {rows:,}. Train the model again, or take the file from where it was trained."
        )
        raise DataContractError(message)
    return HeldOut(np.sort(np.array(numbers, dtype=np.int64)) - 1, rows, trained_on, name, sha256)
