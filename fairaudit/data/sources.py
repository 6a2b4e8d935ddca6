"""Whatever holds the rows, opened as one kind of frame: the seam.

Files are opened by ``files``, frames come in as they are. The data room is the only one that knows
narwhals and duckdb.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from ..errors import DataContractError
from ..schema.issues import DataIssue
from ..schema.labels import label
from .columns import check_columns, check_twice
from .files import inside, open_files
from .fingerprints import Fingerprints

Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """An opened source: a narwhals frame, what to call it, its files, and whether its rows have an order."""

    frame: Frame
    """Its columns are called c0, c1, ...; see ``place``."""
    name: str
    wanted: tuple[str, ...]
    columns: tuple[str, ...]
    """All columns there are, the wanted ones among them."""
    files: Fingerprints | None = None
    """Of the files behind the frame, if it is one of files; nothing is hashed until somebody asks."""
    kind: str = ""
    """Of the files: csv, json or parquet."""
    ordered: bool = True
    issues: tuple[DataIssue, ...] = ()
    connection: Any = None
    """Kept so that the database lives as long as the frame that reads from it."""

    def place(self, column: str) -> str:
        """Return what a wanted column is called in the frame."""
        return inside(self.wanted.index(column))


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
        opened = open_files(str(data), wanted, numeric)
        frame = nw.from_native(opened.relation)
        one = len(opened.files.paths) == 1
        return Source(
            frame, opened.name, tuple(wanted), opened.header, opened.files, opened.kind, one, opened.issues,
            opened.connection,
        )  # fmt: skip
    return _open_frame(data, tuple(wanted))


def _open_frame(data: Any, wanted: tuple[str, ...]) -> Source:
    name = f"a {type(data).__module__.split('.')[0]} {type(data).__name__}"
    if isinstance(data, Mapping):
        name = "a mapping of columns"
        columns = {str(column): values for column, values in data.items()}
        check_columns(wanted, list(columns), name)
        data = _table({column: columns[column] for column in wanted}, name)
    issues: tuple[DataIssue, ...] = ()
    header = None if hasattr(data, "collect_schema") else getattr(data, "columns", None)
    if header is not None and not callable(header):
        names = getattr(data, "column_names", None) or header
        issues = check_twice(wanted, [str(column) for column in names], name)
        if issues:
            check_columns(wanted, [str(column) for column in names], name)
            data = data.select(list(wanted)) if hasattr(data, "select") else data[list(wanted)]
    try:
        frame: Frame = nw.from_native(data)
    except TypeError:
        message = (
            f"Cannot read {name}. Give a path, or a pandas, polars, pyarrow, DuckDB, Dask or Spark frame, or a cube."
        )
        raise DataContractError(message) from None
    there = tuple(frame.collect_schema().names())
    check_columns(wanted, there, name)
    ordered = isinstance(frame, nw.DataFrame)
    selected: Any = frame.select(*wanted)
    if ordered and selected.implementation.is_pandas_like():
        selected = _as_arrow(selected, wanted)
    _check_single_values(selected, wanted, name)
    plain: Any = selected.select(*(nw.col(column).alias(inside(i)) for i, column in enumerate(wanted)))
    return Source(plain, name, wanted, there, ordered=ordered, issues=issues)


def _check_single_values(frame: Any, wanted: Sequence[str], name: str) -> None:
    schema = frame.collect_schema()
    for column in wanted:
        if isinstance(schema[column], (nw.List, nw.Array, nw.Struct)):
            message = f"Column '{column}' of {name} holds {schema[column]}; a role needs one value a row."
            raise DataContractError(message)


def _table(columns: Mapping[str, Any], name: str) -> Any:
    """Return columns as an Arrow table; a column of mixed types has no Arrow type, but its labels have."""
    import pyarrow as pa

    arrays: dict[str, Any] = {}
    for column, values in columns.items():
        if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) != 1:
            message = f"Column '{column}' of {name} must be a sequence of values, got {type(values).__name__}."
            raise DataContractError(message)
        values = values if hasattr(values, "__len__") else list(values)
        try:
            arrays[column] = pa.array(values) if not _mixed(values) else None
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            arrays[column] = None
        if arrays[column] is None:
            arrays[column] = pa.array([label(value) for value in values])
    lengths = {column: len(array) for column, array in arrays.items()}
    if len({*lengths.values()}) > 1:
        said = ", ".join(f"'{column}' has {length:,}" for column, length in lengths.items())
        message = f"The columns of {name} differ in length: {said} values."
        raise DataContractError(message)
    return pa.table(arrays)


def _mixed(values: Any) -> bool:
    """Return True for Python values of several types, which Arrow would make one of by whichever stands first."""
    if not isinstance(values, (list, tuple)) and str(getattr(values, "dtype", "")) != "object":
        return False
    kinds = {type(value) for value in values}
    known = [kind for kind in kinds if kind.__name__ not in {"NoneType", "NAType", "NaTType"}]
    return len(known) > 1 and not all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in known)


def _as_arrow(frame: Any, wanted: Sequence[str]) -> Any:
    """Hand pandas frames over as Arrow, which groups text several times faster."""
    import pyarrow as pa

    native = frame.to_native()
    try:
        table = frame.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        table = None
    columns = {}
    for column in wanted:
        unclear = native[column].dtype == object and (table is None or _mixed(native[column]))
        if unclear:
            made = pa.array([label(value) for value in native[column]])
        else:
            made = pa.array(native[column]) if table is None else table.column(column)
        kind = made.type.value_type if pa.types.is_dictionary(made.type) else made.type
        if isinstance(kind, pa.BaseExtensionType):
            # Intervals and periods are known to pandas only; their labels are text.
            made = pa.array([label(value) for value in native[column]])
        columns[column] = made
    return nw.from_native(pa.table(columns), eager_only=True)
