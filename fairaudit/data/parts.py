"""The counts of each finished file, kept in a folder, so that counting goes on where it was interrupted.

A part holds a file's raw values and how many people have them, not a cube: what values mean (bands, cut-offs, which
label is bad, how scores are binned) is decided once, over all files together, so that a run in parts gives the very
cube of a run in one go. It is as close to personal data as a cube is, and should be kept and deleted alike.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from ..errors import DataContractError, SchemaError, listed
from ..schema.provenance import InputFile
from ..schema.roles import Schema
from .columns import shown
from .delimited import is_blank
from .dense import PEOPLE, UnsuitableError, count_files, footer, together
from .files import inside
from .fingerprints import Fingerprints
from .grouping import by_engine
from .progress import Work
from .sources import Source, open_source

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = "fairaudit counts of a file, 1"
MOST_BYTES = 2**30
ENDING = ".part"


class _DamagedError(Exception):
    """A part that is there and cannot be used."""


def resumed(source: Source, schema: Schema, work: Work, folder: Path) -> Any:
    """Return the groups of all files as an Arrow table, counting those that have no part yet.

    Parameters
    ----------
    source, schema
        The files, and the roles of their columns.
    work
        Told how far it is.
    folder
        Where parts are kept; made if it is not there.

    Raises
    ------
    SchemaError
        If the rows are not in files, or the roles need more than counts of values.
    DataContractError
        If the folder cannot be used, or files hold one column in kinds that do not go together.
    """
    files = source.files
    _check(source, schema)
    assert files is not None  # noqa: S101 - checked above
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"Counts cannot be kept in '{folder}': {error.strerror or error}. Give a folder."
        raise DataContractError(message) from None
    names = part_names(files.paths, source.wanted)
    tables: dict[int, Any] = {}
    older: dict[int, tuple[InputFile, Any]] = {}
    for place, name in enumerate(names):
        try:
            found = read_part(folder / name, source.wanted)
        except _DamagedError as error:
            work.notes.append(f"{name} is damaged ({error}): {files.paths[place].name} is counted again.")
            continue
        if found is None or found[0].bytes != files.stats[place].st_size:
            continue
        if found[1] == files.stats[place].st_mtime_ns:
            tables[place] = found[2]
            files.know(place, found[0])
        else:
            older[place] = (found[0], found[2])
    files.start()
    for place, (file, table) in older.items():
        # Written to since, or only copied: its bytes tell.
        if work.run([partial(files.of, place)])[0] == file:
            tables[place] = table
            _write(folder / names[place], source, place, table)
    if tables:
        work.notes.append(f"{len(tables):,} of {len(names):,} files were counted before.")

    def finished(place: int, table: Any) -> None:
        _write(folder / names[place], source, place, table)
        tables[place] = table

    _count(source, work, tables, finished)
    return together([tables[place] for place in range(len(names))], _kinds(source, tables))


def _check(source: Source, schema: Schema) -> None:
    if source.files is None:
        message = f"Only files can be counted in parts; {source.name} is held in memory. Leave resume out."
        raise SchemaError(message)
    more = {"weight": schema.weight, "memberships": schema.memberships, "cluster": schema.cluster}
    for role, given in more.items():
        if given:
            message = f"Files are counted in parts by their values alone, and {role} needs more. Leave resume out."
            raise SchemaError(message)


def part_names(paths: Sequence[Path], columns: Sequence[str]) -> list[str]:
    """Return what the part of each file is called: by the file's own name, where it lies, and the columns counted.

    Examples
    --------
    >>> one, two = part_names([Path("a/x.csv"), Path("b/x.csv")], ["sex"])
    >>> one.startswith("x.csv."), one == two
    (True, False)
    """
    whole = [path.resolve() for path in paths]
    root = Path(os.path.commonpath([path.parent for path in whole]))
    made = []
    for path in whole:
        about = json.dumps([FORMAT, path.relative_to(root).as_posix(), [*columns]])
        made.append(f"{path.name[:100]}.{hashlib.sha256(about.encode()).hexdigest()[:16]}{ENDING}")
    return made


# Parts as files


def _write(path: Path, source: Source, place: int, table: Any) -> None:
    files = source.files
    assert files is not None  # noqa: S101 - parts are of files
    write_part(path, files.of(place), files.stats[place].st_mtime_ns, source.wanted, table)


def write_part(path: Path, file: InputFile, mtime_ns: int, columns: Sequence[str], table: Any) -> None:
    """Write a file's counts whole or not at all.

    Raises
    ------
    DataContractError
        If they cannot be written.
    """
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    about = {"format": FORMAT, "file": file.name, "bytes": file.bytes, "mtime_ns": mtime_ns, "sha256": file.sha256,
             "columns": [*columns]}  # fmt: skip
    rest = json.dumps(about, ensure_ascii=True).encode() + b"\n" + buffer.getvalue()
    neighbour = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with neighbour.open("wb") as stream:
                stream.write(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
                stream.flush()
                os.fsync(stream.fileno())
            neighbour.replace(path)
        finally:
            neighbour.unlink(missing_ok=True)
    except OSError as error:
        message = f"Counts cannot be kept in '{path.parent}': {error.strerror or error}. Give a folder with room."
        raise DataContractError(message) from None


def read_part(path: Path, columns: Sequence[str]) -> tuple[InputFile, int, Any] | None:
    """Return the file that a part was counted from, when that was last written to, and its counts; None if not there.

    Raises
    ------
    _DamagedError
        If what is there is not what was written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if path.stat().st_size > MOST_BYTES:
            message = f"more than {MOST_BYTES:,} bytes"
            raise _DamagedError(message)
        digest, _, rest = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _DamagedError(error.strerror or str(error)) from None
    if hashlib.sha256(rest).hexdigest().encode() != digest:
        message = "its sha256 is not the one that it begins with"
        raise _DamagedError(message)
    try:
        head, _, body = rest.partition(b"\n")
        about = json.loads(head)
        if about["format"] != FORMAT or about["columns"] != [*columns]:
            message = "it is of another kind"
            raise _DamagedError(message)
        file = InputFile(str(about["file"]), int(about["bytes"]), str(about["sha256"]))
        table = pq.read_table(pa.BufferReader(body))
        people = table.column(PEOPLE)
        names = [*(inside(place) for place in range(len(columns))), PEOPLE]
        negative = any(one < 0 for one in people.to_pylist())
        if table.column_names != names or people.type != pa.int64() or people.null_count or negative:
            message = "it holds no counts"
            raise _DamagedError(message)
        return file, int(about["mtime_ns"]), table
    except (ValueError, KeyError, TypeError, RecursionError, OSError, pa.ArrowException) as error:
        message = f"{type(error).__name__}"
        raise _DamagedError(message) from None


# Counting the rest


def _count(source: Source, work: Work, tables: dict[int, Any], finished: Any) -> None:
    """Count the files that have no table yet, handing each over as soon as it is done."""
    files = source.files
    assert files is not None  # noqa: S101 - parts are of files
    left = [place for place in range(len(files.paths)) if place not in tables]
    if left and source.kind == "parquet":
        try:
            footers = {place: footer(path, source.wanted) for place, path in enumerate(files.paths)}
            kept = sum(footers[place].rows for place in tables)
            work.begin(sum(one.rows for one in footers.values()), "rows", kept=kept)
            count_files(
                [footers[place] for place in left], work, finished=lambda number, table: finished(left[number], table)
            )
        except UnsuitableError:
            work.stop.clear()
    left = [place for place in left if place not in tables]
    sizes = [one.st_size for one in files.stats]
    kept = sum(sizes[place] for place in range(len(sizes)) if place not in left)
    if left:
        work.begin(sum(sizes), "bytes", kept=kept)
    for place in left:
        finished(place, _one_file(files, place, source, work, kept))
        kept += sizes[place]


def _one_file(files: Fingerprints, place: int, source: Source, work: Work, kept: int) -> Any:
    import pyarrow as pa

    path = files.paths[place]
    names = [inside(number) for number in range(len(source.wanted))]
    if source.kind != "parquet" and is_blank(path):
        return pa.schema([*((name, pa.string()) for name in names), (PEOPLE, pa.int64())]).empty_table()
    one = open_source(path, wanted=source.wanted)
    frame: Any = one.frame
    query = frame.group_by(*names).agg(nw.len().alias(PEOPLE))
    table = by_engine(one, query, work, kept=kept, total=work.total)
    kinds = [_plain_kind(table.schema.field(name).type) for name in names]
    return together([table.select([*names, PEOPLE])], kinds)


def _plain_kind(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_integer(kind) and kind != pa.uint64():
        return pa.int64()
    if types.is_float32(kind):
        return pa.float64()
    return pa.string() if types.is_large_string(kind) or types.is_string_view(kind) else kind


def _kinds(source: Source, tables: dict[int, Any]) -> list[pa.DataType]:
    """Return the kinds of the columns of all files together, or refuse what an engine would have made text of."""
    import pyarrow as pa

    made = []
    for number, name in enumerate(source.wanted):
        kinds = {table.schema.field(number).type for table in tables.values() if table.num_rows}
        if kinds == {pa.int64(), pa.float64()}:
            kinds = {pa.float64()}
        if len(kinds) > 1:
            message = (
                f"Column '{shown(name)}' holds {listed(sorted(str(kind) for kind in kinds))} in different files of "
                f"{source.name}, which cannot be counted in parts. Save them alike, or leave resume out."
            )
            raise DataContractError(message)
        made.append(kinds.pop() if kinds else pa.string())
    return made
