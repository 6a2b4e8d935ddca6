"""Rows as a pandas table, for what needs the rows themselves: models score them, explanations explain them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, band_labels, label, number
from ..schema.provenance import InputFile
from ..schema.roles import Closed
from .columns import check_columns
from .files import header_of_files
from .grouping import collect
from .sources import open_source

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """A table of rows, what to call it, the files it was read from, and what was noticed."""

    rows: pd.DataFrame
    name: str
    files: tuple[InputFile, ...] = ()
    issues: tuple[DataIssue, ...] = ()


def read_rows(data: Any, columns: Sequence[str] | None = None, *, text: Collection[str] = ()) -> RowTable:
    """Return the rows of a file or frame as a pandas table.

    Parameters
    ----------
    data
        As in :func:`fairaudit.data.sources.open_source`.
    columns
        The columns to read; all when None.
    text
        Columns of a file that stay text although every value is a number. The others become numbers where every
        value that is there is one, but for codes: "007" stays text, and so does its column.

    Raises
    ------
    DataContractError, ColumnNotFoundError
        If nothing is there, it cannot be read, or a column is missing.

    Examples
    --------
    >>> read_rows({"income": [1.5, None], "home": ["own", "rent"]}).rows.dtypes.astype(str).tolist()
    ['float64', 'str']
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        # A frame's own types are what its models were trained on: nothing is changed.
        frame = data.rename(columns=str)
        check_columns(columns or (), list(frame.columns), "a pandas DataFrame")
        return RowTable(frame if columns is None else frame[list(columns)], "a pandas DataFrame")
    path = isinstance(data, (str, Path))
    wanted = list(columns) if columns is not None else _header(data)
    source = open_source(data, wanted=wanted)
    table = collect(source.frame)
    made = {name: table.column(source.place(name)).to_pandas() for name in wanted}
    if path:
        made = {name: column if name in text else _numbers_if_all_are(column) for name, column in made.items()}
    return RowTable(pd.DataFrame(made), source.name, source.files.all() if source.files else (), source.issues)


def _header(data: Any) -> list[str]:
    if isinstance(data, (str, Path)):
        return header_of_files(str(data))
    if isinstance(data, Mapping):
        return [str(name) for name in data]
    import narwhals.stable.v2 as nw

    try:
        return list(nw.from_native(data).collect_schema().names())
    except TypeError:
        message = f"Cannot read a {type(data).__name__} as rows. Give a path or a frame."
        raise DataContractError(message) from None


def _numbers_if_all_are(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of text as numbers where each value is one or is missing, as labels have it."""
    if column.dtype.kind in "biufmM":
        return column
    values = {value: number(value) for value in column.unique()}
    if any(made is None or _is_code(value) for value, made in values.items()):
        return column.where(column.map({value: label(value) != MISSING for value in values}).astype(bool), None)
    return column.map(values).astype("float64")


def _is_code(value: Any) -> bool:
    """Whether a number is written with zeros in front of it, as codes of places and branches are."""
    written = str(value).strip()
    return len(written) > 1 and written[0] == "0" and written[1].isdigit()


def levels_of(column: pd.Series[Any], edges: Sequence[float] = (), closed: Closed = "left") -> NDArray[np.object_]:
    """Return the group of each row, as counting names it.

    Parameters
    ----------
    column
        The values of an attribute.
    edges, closed
        The bands of a number, as :func:`fairaudit.schema.labels.band_labels` has them.

    Examples
    --------
    >>> import pandas as pd
    >>> levels_of(pd.Series([20, 62, None]), (62,)).tolist()
    ['under 62', '62 and over', '(missing)']
    """
    import pandas as pd

    codes, values = pd.factorize(column, use_na_sentinel=False)
    if edges:
        names = (*band_labels(edges, closed=closed), MISSING)
        numbers = np.array([math.nan if made is None else made for made in map(number, values)])
        at = np.searchsorted(np.array(edges), numbers, side="right" if closed == "left" else "left")
        labels = [names[-1 if math.isnan(value) else place] for value, place in zip(numbers, at, strict=True)]
    else:
        labels = [label(value) for value in values]
    return np.array(labels, dtype=object)[codes]
