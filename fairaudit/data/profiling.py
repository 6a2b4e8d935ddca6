"""What stands in a file before anybody says which column is what: columns, labels, numbers, and how much is missing.

Two passes over the file, in the engine that reads it, whatever its size: one for every column at once, one for the
labels of those columns that have few.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DataContractError
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, label
from .files import header_of_files, inside, open_files, unreadable

MOST_LABELS = 200
"""A column of more labels is told by how many it has, not by each."""
SHOWN_ROWS = 5
_LONGEST_VALUE = 80
_AT_A_TIME = 200
"""Columns of one query: files of thousands of columns are asked about in parts."""
_PERCENTS = tuple(range(101))
_MISSING_TEXT = "('', 'nan', 'nat', '<na>')"


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column of a file, before it has a role."""

    name: str
    filled: int
    """Rows in which there is a value."""
    distinct: int
    """How many different values; an estimate where ``labels`` is empty."""
    labels: Mapping[str, int]
    """Label -> rows, the most frequent first; empty where there are more than ``MOST_LABELS``."""
    numeric: bool
    """Whether every value is a number."""
    percentiles: tuple[float, ...] = ()
    """Of a numeric column, the lowest value, then each percent, then the highest: 101 numbers, approximate between."""
    first: tuple[str, ...] = ()
    """The values of the first rows."""


@dataclass(frozen=True, slots=True)
class FileProfile:
    """The columns of a file, and what was noticed while reading it."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    issues: tuple[DataIssue, ...] = ()

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> FileProfile:
        """Return the profile that was handed over as JSON by another process of ours."""
        columns = tuple(
            ColumnProfile(**{**column, "percentiles": tuple(column["percentiles"]), "first": tuple(column["first"])})
            for column in plain["columns"]
        )
        issues = tuple(DataIssue(**{**issue, "rows": tuple(issue["rows"])}) for issue in plain["issues"])
        return FileProfile(plain["rows"], columns, issues)


def profile_files(pattern: str) -> FileProfile:
    """Return what stands in the columns of a file, folder or glob.

    Parameters
    ----------
    pattern
        CSV (gz), Parquet or JSON-lines files.

    Returns
    -------
    FileProfile
        Columns whose name stands twice are left out, and an issue says so.

    Raises
    ------
    DataContractError
        If nothing is there, it cannot be read, or it has no rows.

    Examples
    --------
    >>> from fairaudit.data.bundled import path
    >>> made = profile_files(str(path("fico_2003")))
    >>> made.rows, made.columns[1].name, made.columns[1].labels["White"]
    (1527, 'race', 394)
    """
    import duckdb

    header = header_of_files(pattern)
    names = [name for name in dict.fromkeys(header) if header.count(name) == 1]
    opened = open_files(pattern, names, ())
    try:
        rows = int(opened.relation.aggregate("count(*)").fetchall()[0][0])
        if not rows:
            message = f"{opened.name} has a header and no rows. Give a file with at least one row a person, or a count."
            raise DataContractError(message)
        columns = [column for part in _parts(names) for column in _columns(opened.relation, names, part)]
        columns = _with_labels(opened.relation, columns)
        first = opened.relation.limit(SHOWN_ROWS).fetchall()
    except duckdb.Error as error:
        raise DataContractError(unreadable(opened.name, error)) from None
    shown = tuple(
        dataclasses.replace(column, first=tuple(_short(label(row[i])) for row in first))
        for i, column in enumerate(columns)
    )
    return FileProfile(rows, shown, opened.issues)


def _parts(names: Sequence[str]) -> Iterator[range]:
    for start in range(0, len(names), _AT_A_TIME):
        yield range(start, min(start + _AT_A_TIME, len(names)))


def _value(place: int) -> str:
    """Return a column as trimmed text, null where it is missing: the missing of ``schema.labels``."""
    text = f"trim(CAST({inside(place)} AS VARCHAR))"
    return f"CASE WHEN lower({text}) IN {_MISSING_TEXT} THEN NULL ELSE {text} END"


def _number(place: int) -> str:
    number = f"TRY_CAST({_value(place)} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _columns(relation: Any, names: Sequence[str], part: range) -> Iterator[ColumnProfile]:
    asked: list[str] = []
    for i in part:
        value, number = _value(i), _number(i)
        asked += [f"count({value})", f"approx_count_distinct({value})", f"count({number})",
                  f"min({number})", f"approx_quantile({number}, {[p / 100 for p in _PERCENTS]})",
                  f"max({number})"]  # fmt: skip
    told = iter(relation.aggregate(", ".join(asked)).fetchall()[0])
    for i, (filled, distinct, numbers, low, between, high) in zip(part, zip(*[told] * 6, strict=True), strict=True):
        numeric = bool(filled) and numbers == filled
        # Estimates never leave the range that was seen, and never fall: a sketch does not promise either.
        percentiles = _rising([low, *between[1:-1], high], low, high) if numeric else ()
        yield ColumnProfile(names[i], int(filled), int(distinct), {}, numeric, percentiles)


def _rising(values: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    made: list[float] = []
    for value in values:
        made.append(max(min(float(value), high), made[-1] if made else low))
    return tuple(made)


def _with_labels(relation: Any, columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Return the columns with their labels, where they have few: one more pass."""
    few = [i for i, column in enumerate(columns) if column.distinct <= MOST_LABELS * 1.2]
    made = list(columns)
    for start in range(0, len(few), _AT_A_TIME):
        part = few[start : start + _AT_A_TIME]
        told = relation.aggregate(", ".join(f"histogram({_value(i)})" for i in part)).fetchall()[0]
        for i, counted in zip(part, told, strict=True):
            labels: dict[str, int] = {}
            for value, n in sorted((counted or {}).items(), key=lambda item: (-item[1], item[0])):
                labels[label(value)] = labels.get(label(value), 0) + int(n)
            labels.pop(MISSING, None)
            kept = labels if len(labels) <= MOST_LABELS else {}
            made[i] = dataclasses.replace(made[i], labels=kept, distinct=len(labels))
    return made


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
