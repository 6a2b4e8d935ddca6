"""How a delimited text file is written: found out once, and then read strictly by it."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataContractError
from ..schema.issues import DataIssue

GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written."""

    delimiter: str
    quote: str
    escape: str
    comment: str
    skip: int
    columns: tuple[str, ...]
    """Names as the reader tells doubled ones apart."""


def sniffed(connection: Any, path: Path, pattern: str) -> Dialect:
    """Return a file's dialect, as DuckDB finds it out.

    Parameters
    ----------
    connection
        Of DuckDB.
    path, pattern
        The file, and the pattern that names it alone to DuckDB.

    Raises
    ------
    DataContractError
        If the file is compressed and its name does not say so.
    """
    with path.open("rb") as stream:
        if stream.read(2) == GZIP_MARK and not _compressed(path):
            message = f"{path.name} is compressed with gzip, and its name does not say so. Rename it {path.name}.gz."
            raise DataContractError(message)
    row = connection.execute("SELECT * FROM sniff_csv(?, header=true)", [pattern]).fetchall()[0]
    delimiter, quote, escape, comment = ("" if row[i] == "(empty)" else str(row[i]) for i in (0, 1, 2, 4))
    skip, columns = row[5], row[7]
    names = tuple(str(column["name"]) for column in columns)
    marks = re.findall(r"[,;|\t]", names[0]) if len(names) == 1 else []
    if marks:
        # The sniffer gave up on rows of different length; reading with the plain mark says which row.
        delimiter, names = marks[0], tuple(dict.fromkeys(next(csv.reader([names[0]], delimiter=marks[0]), [])))
    # A quote may first stand beyond the sniffed sample.
    return Dialect(delimiter or ",", quote or '"', escape or quote or '"', comment, int(skip), names)


def header_of(path: Path, dialect: Dialect) -> list[str]:
    """Return the column names as they stand in the file, doubled ones included."""
    raw = _record(path, dialect, dialect.skip)
    return [name.strip() for name in raw] if len(raw) == len(dialect.columns) else list(dialect.columns)


def check_skipped(path: Path, dialect: Dialect, header: Sequence[str], wanted: Sequence[str]) -> tuple[DataIssue, ...]:
    """Record lines before the header; refuse a file whose header was passed over because its rows are longer.

    Raises
    ------
    DataContractError
        If the first line holds the wanted columns, and the rows below have another number of values.
    """
    if not dialect.skip:
        return ()
    first = [name.strip() for name in _record(path, dialect, 0)]
    if {*wanted} <= {*first} and not {*wanted} <= {*header}:
        message = (
            f"{path.name} cannot be read: its header has {len(first)} columns, and its rows have {len(header)} values. "
            "Name every column in the header, or put values that hold the delimiter in quotation marks."
        )
        raise DataContractError(message)
    lines = "1 line" if dialect.skip == 1 else f"{dialect.skip:,} lines"
    message = f"{lines} before the header of {path.name} {'is' if dialect.skip == 1 else 'are'} no table."
    return (DataIssue("lines_before_header", message, dialect.skip, "left out"),)


def is_blank(path: Path) -> bool:
    """Return True where a text file holds nothing but blanks, or nothing at all."""
    try:
        with _text(path) as stream:
            while part := str(stream.read(65_536)):
                if part.strip():
                    return False
    except (OSError, EOFError):
        return False  # the reader will say what is wrong with it
    return True


def _compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _text(path: Path) -> Any:
    opener: Any = gzip.open if _compressed(path) else open
    return opener(path, "rt", encoding="utf-8-sig", errors="replace", newline=None)


def _record(path: Path, dialect: Dialect, skip: int) -> list[str]:
    """Return one record, which may run over several lines, after some lines."""
    try:
        with _text(path) as stream:
            for _ in range(skip):
                stream.readline()
            return next(csv.reader(stream, delimiter=dialect.delimiter, quotechar=dialect.quote), [])
    except (OSError, EOFError, csv.Error):
        return []
