"""Whatever holds the rows, opened as one kind of frame.

Files are read by DuckDB, all text, so that "007" stays "007" and one bad value in row 30,000 cannot stop
the reading; numbers are made once, from the distinct values. Frames come in as they are. This module and
``counting`` are the only ones that know narwhals and duckdb.
"""

from __future__ import annotations

import csv
import glob
import gzip
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from ..errors import ColumnNotFoundError, DataContractError, listed, suggestion
from ..schema.issues import DataIssue
from ..schema.labels import label
from ..schema.provenance import InputFile

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".psv", ".data")
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
PARQUET_ENDINGS = (".parquet", ".pq")

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An opened source: a narwhals frame, what to call it, its files, and whether its rows have an order."""

    frame: Frame
    name: str
    columns: tuple[str, ...]
    files: tuple[InputFile, ...] = ()
    ordered: bool = True
    issues: tuple[DataIssue, ...] = ()
    connection: Any = None
    """Kept so that the database lives as long as the frame that reads from it."""


def open_source(data: Any, *, wanted: Sequence[str], numeric: Sequence[str] = ()) -> Source:
    """Open a file, a glob, or a frame of any kind.

    Parameters
    ----------
    data
        A path or glob of CSV (gz), Parquet or JSON-lines files; a pandas, polars (eager or lazy) or
        pyarrow table; a DuckDB relation; a mapping of columns; any other frame that narwhals knows.
    wanted
        The columns that will be read.
    numeric
        Those of them that must be numbers while counting (weights).

    Raises
    ------
    DataContractError
        If nothing is there, it cannot be read, or a wanted column name stands twice.
    ColumnNotFoundError
        If a wanted column is not in the data.
    """
    if isinstance(data, (str, Path)):
        return _open_files(str(data), wanted, numeric)
    return _open_frame(data, wanted)


def check_columns(wanted: Iterable[str], columns: Sequence[str], name: str) -> None:
    """Raise a ColumnNotFoundError with a suggestion for the first wanted column that is not there."""
    for column in wanted:
        if column not in columns:
            message = f"Column '{column}' not found in {name}.{suggestion(column, columns)} Columns: {listed(columns)}."
            raise ColumnNotFoundError(message)


def _check_twice(wanted: Sequence[str], header: Sequence[str], name: str) -> tuple[DataIssue, ...]:
    twice = sorted({column for column in header if header.count(column) > 1})
    for column in wanted:
        if column in twice:
            message = (
                f"Column '{column}' stands {header.count(column)} times in {name}; which one is meant? "
                "Rename the others in the data."
            )
            raise DataContractError(message)
    if not twice:
        return ()
    message = f"Column names stand more than once in {name}: {listed(twice)}. None of them has a role."
    return (DataIssue("column_names_twice", message, len(twice), "left out"),)


# Frames


def _open_frame(data: Any, wanted: Sequence[str]) -> Source:
    name = f"a {type(data).__module__.split('.')[0]} {type(data).__name__}"
    if isinstance(data, Mapping):
        import pyarrow as pa

        data, name = pa.table(dict(data)), "a mapping of columns"
    issues: tuple[DataIssue, ...] = ()
    header = None if hasattr(data, "collect_schema") else getattr(data, "columns", None)
    if header is not None and not callable(header):
        names = getattr(data, "column_names", None) or header
        issues = _check_twice(wanted, [str(column) for column in names], name)
        if issues:
            data = data[list(wanted)]
    try:
        frame: Frame = nw.from_native(data)
    except TypeError:
        message = (
            f"Cannot read {name}. Give a path, or a pandas, polars, pyarrow, DuckDB, Dask or Spark frame, or a cube."
        )
        raise DataContractError(message) from None
    columns = tuple(frame.collect_schema().names())
    check_columns(wanted, columns, name)
    ordered = isinstance(frame, nw.DataFrame)
    selected: Any = frame.select(*wanted)
    if ordered:
        selected = _as_relation(selected, wanted)
    return Source(selected, name, columns, ordered=ordered, issues=issues)


def _as_relation(frame: Any, wanted: Sequence[str]) -> Any:
    """Hand pandas frames over as Arrow, which groups text several times faster; others stay as they are."""
    if not frame.implementation.is_pandas_like():
        return frame
    import pyarrow as pa

    try:
        table = frame.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # A column of mixed types has no Arrow type; its labels have.
        native = frame.to_native()
        columns = {}
        for column in wanted:
            mixed = native[column].dtype == object
            columns[column] = pa.array([label(v) for v in native[column]] if mixed else native[column])
        table = pa.table(columns)
    return nw.from_native(table, eager_only=True)


# Files


def _open_files(pattern: str, wanted: Sequence[str], numeric: Sequence[str]) -> Source:
    paths = find_files(pattern)
    kind = _kind(paths)
    name = paths[0].name if len(paths) == 1 else Path(pattern).name
    files = tuple(fingerprint(path) for path in paths)
    if all(file.bytes == 0 for file in files):
        message = f"{name} is empty."
        raise DataContractError(message)
    import duckdb

    connection = duckdb.connect()
    quoted = ", ".join(_literal(str(path)) for path in paths)
    # Nothing but these files can be read, whatever stands in them.
    connection.execute(f"SET allowed_paths=[{quoted}]")
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")
    try:
        dialects = [_sniffed(connection, path) if kind == "csv" else None for path in paths]
        headers = [_header(connection, *each) for each in zip(paths, repeat(kind), dialects, strict=False)]
        issues: tuple[DataIssue, ...] = ()
        for path, header in zip(paths, headers, strict=True):
            issues += _check_twice(wanted, header, path.name)
            check_columns(wanted, header, path.name)
        relation = _relation(connection, paths, kind, wanted, dialects[0])
        chosen = ", ".join(
            f"TRY_CAST({identifier(c)} AS DOUBLE) AS {identifier(c)}" if c in numeric else identifier(c) for c in wanted
        )
        frame = nw.from_native(relation.project(chosen))
    except duckdb.Error as error:
        raise DataContractError(unreadable(name, error)) from None
    return Source(frame, name, tuple(headers[0]), files, len(paths) == 1, issues, connection)


def find_files(pattern: str) -> list[Path]:
    """Return the files that a path or glob names, in order.

    Raises
    ------
    DataContractError
        If there are none; the message suggests a file of a similar name.
    """
    path = Path(pattern)
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.is_file() and _ending(p))
    else:
        found = sorted(Path(p) for p in glob.glob(pattern, recursive=True) if Path(p).is_file())  # noqa: PTH207
    if found:
        return found
    here = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    message = f"No file at '{pattern}'.{suggestion(path.name, here)}"
    raise DataContractError(message)


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    for kind, endings in (("csv", CSV_ENDINGS), ("json", JSON_ENDINGS), ("parquet", PARQUET_ENDINGS)):
        if name.endswith(endings):
            return kind
    return ""


def _kind(paths: Sequence[Path]) -> str:
    kinds = {_ending(path) for path in paths}
    if len(kinds) > 1:
        message = f"The files are of several kinds ({listed(path.name for path in paths)}); give one kind at a time."
        raise DataContractError(message)
    kind = kinds.pop()
    if not kind:
        endings = listed([*CSV_ENDINGS, *JSON_ENDINGS, *PARQUET_ENDINGS])
        message = f"{paths[0].name} is of no kind that can be read. Endings: {endings}, each also with .gz for text."
        raise DataContractError(message)
    return kind


def fingerprint(path: Path) -> InputFile:
    """Return a file's name, size and sha256."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return InputFile(path.name, path.stat().st_size, digest)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a column name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written, found out once."""

    delimiter: str
    quote: str
    escape: str
    comment: str
    skip: int
    columns: tuple[str, ...]
    """Names as the reader tells doubled ones apart."""


def _sniffed(connection: Any, path: Path) -> Dialect:
    found = connection.execute(f"SELECT * FROM sniff_csv({_literal(str(path))}, header=true)").fetchall()[0]
    delimiter, quote, escape, comment = ("" if found[i] == "(empty)" else str(found[i]) for i in (0, 1, 2, 4))
    skip, columns = found[5], found[7]
    names = tuple(str(column["name"]) for column in columns)
    marks = re.findall(r"[,;|\t]", names[0]) if len(names) == 1 else []
    if marks:
        # The sniffer gave up on rows of different length; reading with the plain mark says which row.
        delimiter, names = marks[0], tuple(dict.fromkeys(_fields(names[0], marks[0])))
    # A quote may first stand beyond the sniffed sample.
    return Dialect(delimiter or ",", quote or '"', escape or quote or '"', comment, int(skip), names)


def _fields(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _header(connection: Any, path: Path, kind: str, dialect: Dialect | None) -> list[str]:
    """Return the column names as they stand in the file, doubled ones included."""
    if kind == "parquet":
        return list(connection.read_parquet(str(path)).columns)
    if kind == "json":
        return list(connection.read_json(str(path)).columns)
    assert dialect is not None  # noqa: S101 - delimited files have one
    raw = _fields(_line(path, dialect.skip), dialect.delimiter)
    return [name.strip() for name in raw] if len(raw) == len(dialect.columns) else list(dialect.columns)


def _line(path: Path, number: int) -> str:
    opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", errors="replace") as stream:
            for _ in range(number):
                stream.readline()
            return str(stream.readline()).rstrip("\r\n")
    except (OSError, EOFError):
        return ""


def _relation(connection: Any, paths: Sequence[Path], kind: str, wanted: Sequence[str], dialect: Dialect | None) -> Any:
    names = [str(path) for path in paths]
    if kind == "parquet":
        return connection.read_parquet(names, union_by_name=len(names) > 1)
    if kind == "json":
        # Named columns are read as text, so that a number in row 1 and a word in row 2 both arrive.
        return connection.read_json(names, columns=dict.fromkeys(wanted, "VARCHAR"))
    assert dialect is not None  # noqa: S101
    if len(names) > 1:
        return connection.read_csv(names, all_varchar=True, union_by_name=True, header=True)
    return connection.read_csv(
        names,
        auto_detect=False,
        header=True,
        columns=dict.fromkeys(dialect.columns, "VARCHAR"),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        comment=dialect.comment,
        skiprows=dialect.skip,
    )


def unreadable(name: str, error: Exception) -> str:
    """Return what a reader's error means, in one line, without the reader's own advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = re.sub(r"^[A-Za-z ]*Error: ", "", lines[0]) if lines else "no reason given"
    first = re.sub(r'"[^"]*[/\\]([^"/\\]+)"', r'"\1"', first)
    # Never the line itself: it holds somebody's data.
    detail = [line for line in lines[1:3] if "Expected Number of Columns" in line or "unicode" in line]
    said = ". ".join(part.rstrip(".") for part in (first, *detail))
    return f"{name} cannot be read: {said}. Mend the file, or save it again as UTF-8 CSV or as Parquet."
