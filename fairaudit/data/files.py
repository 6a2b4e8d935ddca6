"""Files of rows, opened by DuckDB as one relation.

Delimited text and JSON are read as text, so that "007" stays "007" and one bad value in row 30,000 cannot
stop the reading. Columns get plain names (c0, c1, ...): SQL knows no capitals, and files may use any name.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import re
import zlib
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataContractError, FairauditError, listed, suggestion
from ..schema.issues import DataIssue
from ..schema.provenance import InputFile
from .columns import check_columns, check_twice
from .delimited import Dialect, check_skipped, header_of, is_blank, sniffed

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".psv", ".data")
JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
PARQUET_ENDINGS = (".parquet", ".pq")
SAMPLED_RECORDS = 1_000
"""JSON records whose keys are looked at before all of them are."""

_MEANINGS = (
    (r"CSV Error on Line: (\d+).*Expected Number of Columns: (\d+) Found: (\d+)",
     "line {0} does not fit: {1} columns expected, {2} found"),
    (r"CSV Error on Line: (\d+).*unicode", "line {0} is not text in UTF-8"),
    (r"CSV Error on Line: (\d+).*unterminated quote", "a quotation mark that opens in line {0} is never closed"),
    (r"CSV Error on Line: (\d+).*Maximum line size", "line {0} or the next one is longer than a line can be"),
    (r"CSV Error on Line: (\d+)", "line {0} cannot be told apart into values"),
    (r"[Ss]niff", "no delimiter makes a table of it"),
    (r"No magic bytes|too small to be a Parquet", "it is not a Parquet file, or its end is missing"),
    (r"in line (\d+): .*duplicate key", "record {0} has the same key twice"),
    (r"Malformed JSON .* in (?:line|record/value) (\d+): ", "record {0} is not JSON"),
    (r"Duplicate named argument", "two of its columns differ in nothing but capitals, which JSON files cannot have"),
)  # fmt: skip


class Opened(NamedTuple):
    """Files as a relation with the columns c0, c1, ... in the order asked for."""

    relation: Any
    header: tuple[str, ...]
    """The column names of the first file."""
    name: str
    files: tuple[InputFile, ...]
    issues: tuple[DataIssue, ...]
    connection: Any


def inside(place: int) -> str:
    """Return the plain name of a column within a source."""
    return f"c{place}"


def header_of_files(pattern: str) -> list[str]:
    """Return the column names of the first of the files that a path or glob names.

    Raises
    ------
    DataContractError
        If nothing is there, or it cannot be read.
    """
    import duckdb

    paths = find_files(pattern)
    kind = _kind(paths)
    path = next((one for one in paths if kind == "parquet" or not is_blank(one)), paths[0])
    _check_compressed(path)
    if kind != "parquet" and is_blank(path):
        message = f"{path.name} is empty: it has neither a header nor rows."
        raise DataContractError(message)
    connection = _locked([path])
    try:
        if kind == "json":
            return _keys(connection, path, "")
        if kind == "csv":
            return header_of(path, sniffed(connection, path, _exactly(path)))
        return [str(name) for name in connection.read_parquet(_exactly(path), hive_partitioning=False).columns]
    except duckdb.Error as error:
        raise DataContractError(unreadable(path.name, error)) from None


def open_files(pattern: str, wanted: Sequence[str], numeric: Sequence[str]) -> Opened:
    """Open the files that a path or glob names.

    Parameters
    ----------
    pattern
        A file, a folder, or a glob.
    wanted
        The columns that will be read.
    numeric
        Those of them that must be numbers.

    Raises
    ------
    DataContractError, ColumnNotFoundError
        If nothing is there, it cannot be read, or a wanted column is missing or stands twice.
    """
    import duckdb

    paths = find_files(pattern)
    kind = _kind(paths)
    name = paths[0].name if len(paths) == 1 else Path(pattern).name or pattern
    files = tuple(fingerprint(path) for path in paths)
    for path in paths:
        _check_compressed(path)
    paths = [path for path in paths if kind == "parquet" or not is_blank(path)]
    if not paths:
        message = f"{name} is empty: it has neither a header nor rows."
        raise DataContractError(message)
    connection = _locked(paths)
    try:
        opened = {"csv": _delimited, "json": _json, "parquet": _parquet}[kind](connection, paths, wanted, numeric)
        relation, header, issues = opened
    except duckdb.Error as error:
        raise DataContractError(unreadable(name, error)) from None
    return Opened(relation, tuple(header), name, files, issues, connection)


def _locked(paths: Sequence[Path]) -> Any:
    """Return a database that can read nothing but these files, whatever stands in them."""
    import duckdb

    connection = duckdb.connect()
    allowed = ", ".join(_literal(text) for path in paths for text in {str(path), _exactly(path)})
    connection.execute(f"SET allowed_paths=[{allowed}]")
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")
    return connection


Parts = tuple[Any, list[str], tuple[DataIssue, ...]]
"""A relation, the header of its first file, and what was noticed."""


def _delimited(connection: Any, paths: Sequence[Path], wanted: Sequence[str], numeric: Sequence[str]) -> Parts:
    alike: dict[tuple[Dialect, tuple[str, ...]], list[Path]] = {}
    issues: tuple[DataIssue, ...] = ()
    for path in paths:
        dialect = sniffed(connection, path, _exactly(path))
        header = header_of(path, dialect)
        issues += check_twice(wanted, header, path.name)
        issues += check_skipped(path, dialect, header, wanted)
        hint = " Values are told apart by a comma, a semicolon, a bar or a tab." if len(header) == 1 else ""
        check_columns(wanted, header, path.name, hint)
        alike.setdefault((dialect, tuple(header)), []).append(path)
    parts = []
    for (dialect, header_here), files in alike.items():
        relation = connection.read_csv(
            [_exactly(path) for path in files],
            auto_detect=False,
            header=True,
            columns={f"f{i}": "VARCHAR" for i in range(len(dialect.columns))},
            delimiter=dialect.delimiter,
            quotechar=dialect.quote,
            escapechar=dialect.escape,
            comment=dialect.comment,
            skiprows=dialect.skip,
            hive_partitioning=False,
        )
        parts.append(_chosen(relation, header_here, wanted, numeric, text=True))
    return _together(parts), list(next(iter(alike))[1]), issues


def _json(connection: Any, paths: Sequence[Path], wanted: Sequence[str], numeric: Sequence[str]) -> Parts:
    headers = []
    for path in paths:
        header = _keys(connection, path, f"LIMIT {SAMPLED_RECORDS}")
        if not {*wanted} <= {*header}:
            header = _keys(connection, path, "")
        check_columns(wanted, header, path.name)
        headers.append(header)
    # Named columns are read as text, so that a number in row 1 and a word in row 2 both arrive.
    relation = connection.read_json(
        [_exactly(path) for path in paths], columns=dict.fromkeys(wanted, "VARCHAR"), hive_partitioning=False
    )
    return _chosen(relation, wanted, wanted, numeric, text=True), headers[0], ()


def _keys(connection: Any, path: Path, limit: str) -> list[str]:
    found = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(json)) FROM (SELECT json FROM read_json_objects(?) {limit})",
        [_exactly(path)],
    )
    return sorted(str(row[0]) for row in found.fetchall())


def _parquet(connection: Any, paths: Sequence[Path], wanted: Sequence[str], numeric: Sequence[str]) -> Parts:
    import pyarrow as pa
    import pyarrow.parquet as pq

    alike: dict[tuple[str, ...], list[Path]] = {}
    issues: tuple[DataIssue, ...] = ()
    for path in paths:
        try:
            header = [str(name) for name in pq.read_schema(path).names]
        except (pa.ArrowException, OSError):
            # What DuckDB says of it is said in words; where it can read what Arrow cannot, it may.
            header = list(connection.read_parquet(_exactly(path), hive_partitioning=False).columns)
        issues += check_twice(wanted, header, path.name)
        check_columns(wanted, header, path.name)
        alike.setdefault(tuple(header), []).append(path)
    parts = []
    for header_here, files in alike.items():
        relation = connection.read_parquet(
            [_exactly(path) for path in files], union_by_name=len(files) > 1, hive_partitioning=False
        )
        parts.append(_chosen(relation, header_here, wanted, numeric, text=False))
    return _together(parts), list(next(iter(alike))), issues


def _chosen(relation: Any, header: Sequence[str], wanted: Sequence[str], numeric: Sequence[str], *, text: bool) -> Any:
    """Return the wanted columns by their place in the header, under plain names."""
    expressions = []
    for i, name in enumerate(wanted):
        column = _identifier(relation.columns[list(header).index(name)])
        if name in numeric:
            # Without trim() DuckDB casts while it splits the text, and one bad value ends the reading.
            column = f"TRY_CAST(trim({column}) AS DOUBLE)" if text else f"TRY_CAST({column} AS DOUBLE)"
        expressions.append(f"{column} AS {inside(i)}")
    return relation.project(", ".join(expressions))


def _together(parts: Sequence[Any]) -> Any:
    return reduce(lambda one, two: one.union(two), parts)


# Which files


def find_files(pattern: str) -> list[Path]:
    """Return the files that a path or glob names, in order.

    Raises
    ------
    DataContractError
        If there are none; the message suggests a file of a similar name.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", pattern):
        message = f"'{pattern}' is an address, and nothing is ever fetched. Download it, and give the file's path."
        raise DataContractError(message)
    path = Path(pattern)
    try:
        if path.is_file():
            return [path]
        if path.is_dir():
            return _in_folder(path)
        found = sorted(Path(p) for p in glob.glob(pattern, recursive=True) if Path(p).is_file())  # noqa: PTH207
        exists = path.is_symlink() or path.exists()
        here = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    except FairauditError:
        raise
    except (OSError, ValueError) as error:  # a name too long, say, or with a zero byte in it
        message = f"'{pattern[:200]}' cannot be opened: {getattr(error, 'strerror', None) or error}."
        raise DataContractError(message) from None
    if found:
        return found
    if exists:
        message = f"'{pattern}' is not a file that can be read twice. Save it to a file, or give - for standard input."
        raise DataContractError(message)
    message = f"No file at '{pattern}'.{suggestion(path.name, here)}"
    raise DataContractError(message)


def _in_folder(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.is_file() and readable_ending(path))
    if not found:
        message = f"No file in the folder '{folder}' can be read. Endings: {_endings()}."
        raise DataContractError(message)
    return found


def readable_ending(path: Path) -> str:
    """Return csv, json or parquet by a file's name, or nothing where it is of no kind that can be read."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    for kind, endings in (("csv", CSV_ENDINGS), ("json", JSON_ENDINGS), ("parquet", PARQUET_ENDINGS)):
        if name.endswith(endings):
            return kind
    return ""


def _endings() -> str:
    return f"{listed([*CSV_ENDINGS, *JSON_ENDINGS, *PARQUET_ENDINGS])}, those of text also with .gz"


def _kind(paths: Sequence[Path]) -> str:
    kinds = {readable_ending(path) for path in paths}
    if len(kinds) > 1:
        message = f"The files are of several kinds ({listed(path.name for path in paths)}); give one kind at a time."
        raise DataContractError(message)
    kind = kinds.pop()
    if not kind:
        message = f"{paths[0].name} is of no kind that can be read. Endings: {_endings()}."
        raise DataContractError(message)
    return kind


def fingerprint(path: Path) -> InputFile:
    """Return a file's name, size and sha256.

    Raises
    ------
    DataContractError
        If it cannot be opened.
    """
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return InputFile(path.name, path.stat().st_size, digest)
    except OSError as error:
        message = f"{path.name} cannot be opened: {error.strerror or error}."
        raise DataContractError(message) from None


def _check_compressed(path: Path) -> None:
    """Refuse a damaged gzip file: DuckDB does not look at the checksum at its end."""
    if not path.name.lower().endswith(".gz"):
        return
    try:
        with gzip.open(path) as stream:
            while stream.read(1 << 20):
                pass
    except gzip.BadGzipFile as error:
        why = "is not compressed with gzip, as its name says" if "Not a gzipped" in str(error) else "is damaged"
    except (EOFError, zlib.error, OSError):
        why = "is damaged: its compressed text breaks off before the end, or was changed"
    else:
        return
    message = f"{path.name} {why}. Fetch or compress it again."
    raise DataContractError(message)


def _exactly(path: Path) -> str:
    """Return the pattern that names this file alone, whatever signs of a glob are in its name."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def unreadable(name: str, error: Exception) -> str:
    """Return what a reader's error means in one line, without its own advice, folders, or anybody's data."""
    said = str(error)
    for pattern, meaning in _MEANINGS:
        found = re.search(pattern, said, re.DOTALL | re.IGNORECASE)
        if found:
            words = meaning.format(*found.groups())
            break
    else:
        first = next((line.strip() for line in said.splitlines() if line.strip()), "no reason given")
        first = re.sub(r"^[A-Za-z ]*Error: |\{.*\}|(?<=[\s'\"])[/\\][^'\"]*[/\\]", "", first)
        words = "".join(c if c.isprintable() else "?" for c in first)[:200].rstrip(". ")
    return f"{name} cannot be read: {words}. Mend it, or save it again as CSV in UTF-8 or as Parquet."
