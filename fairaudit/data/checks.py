"""The numbers of the first rows that a data issue is about, where the rows have an order."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from ..schema.issues import DataIssue
from ..schema.labels import MISSING, label, number
from .arrow import encoded
from .sources import Source

FIRST_ROWS = 5
PIECE = 122_880
"""Rows of a file that are looked at together."""


def _not_a_number(value: Any) -> bool:
    return number(value) is None


def _infinite(value: Any) -> bool:
    parsed = number(value)
    return parsed is not None and math.isinf(parsed)


def _missing(value: Any) -> bool:
    return label(value) == MISSING


def _bad_weight(value: Any) -> bool:
    parsed = number(value)
    return parsed is None or not math.isfinite(parsed) or parsed < 0


_IS_ABOUT: dict[str, Callable[[Any], bool]] = {
    "score_not_a_number": _not_a_number,
    "band_not_a_number": _not_a_number,
    "score_infinite": _infinite,
    "score_missing": _missing,
    "weight_invalid": _bad_weight,
}


def with_first_rows(source: Source, issues: tuple[DataIssue, ...]) -> tuple[DataIssue, ...]:
    """Return the issues with the numbers of the first rows they are about, counted from 1 after a header."""
    if not source.ordered:
        return issues
    return tuple(
        dataclasses.replace(issue, rows=first_rows(source, issue.column, _IS_ABOUT[issue.code]))
        if issue.column and issue.code in _IS_ABOUT and not issue.rows
        else issue
        for issue in issues
    )


def first_rows(source: Source, column: str, is_about: Callable[[Any], bool]) -> tuple[int, ...]:
    """Return the numbers of the first rows whose value in a column is what is asked about.

    Files are read from their beginning a piece at a time, no further than needed.
    """
    found: list[int] = []
    before = 0
    for piece in _pieces(source, column):
        codes, values = encoded(piece)
        about = np.array([is_about(value) for value in values.to_pylist()], dtype=bool)
        found += (np.flatnonzero(about[codes])[: FIRST_ROWS - len(found)] + before + 1).tolist()
        before += len(codes)
        if len(found) == FIRST_ROWS:
            break
    return tuple(found)


def _pieces(source: Source, column: str) -> Iterator[Any]:
    place = source.place(column)
    chosen = source.frame.select(place)
    if source.connection is not None:
        for batch in chosen.to_native().to_arrow_reader(PIECE):
            yield batch.column(0)
        return
    table = chosen.collect("pyarrow") if isinstance(chosen, nw.LazyFrame) else chosen
    yield table.to_arrow().column(place)
