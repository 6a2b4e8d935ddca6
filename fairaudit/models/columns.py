"""The columns of rows, matched to a model's features by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ColumnNotFoundError, DataContractError, listed, suggestion


def matched(rows: Any, names: tuple[str, ...]) -> Any:
    """Return a pandas frame of the features in the model's order; other columns are left out.

    Raises
    ------
    FairauditError
        If a feature is not there, stands twice, or the rows have no column names.
    """
    import pandas as pd

    if isinstance(rows, Mapping):
        rows = pd.DataFrame(dict(rows))
    elif not isinstance(rows, pd.DataFrame) and hasattr(rows, "to_pandas"):
        rows = rows.to_pandas()
    if not isinstance(rows, pd.DataFrame):
        message = f"Rows to score need column names; got {type(rows).__name__}. Give a table or a mapping of columns."
        raise DataContractError(message)
    there = [str(name) for name in rows.columns]
    missing = [name for name in names if name not in there]
    if missing:
        message = (
            f"The model's feature {listed(repr(name) for name in missing)} is not among the columns "
            f"({listed(there)}).{suggestion(missing[0], there)}"
        )
        raise ColumnNotFoundError(message)
    twice = [name for name in names if there.count(name) > 1]
    if twice:
        message = f"Column '{twice[0]}' stands twice; a feature needs one column. Rename one of them."
        raise DataContractError(message)
    if tuple(rows.columns) == names:
        return rows  # as it is: a choice of columns would copy all of them
    return rows.iloc[:, [there.index(name) for name in names]]


def refuse_infinite(rows: Any, what: str = "the rows") -> None:
    """Refuse rows that hold an infinite number: no model is fitted on one, and each treats it in another way.

    Raises
    ------
    DataContractError
        With the first column and row that hold one.

    Examples
    --------
    >>> import pandas as pd
    >>> refuse_infinite(pd.DataFrame({"income": [1.0, float("inf")]}))
    Traceback (most recent call last):
        ...
    fairaudit.errors.DataContractError: Column 'income' of the rows holds inf in row 2 (counted from 1). Give a \
number, or leave the value empty where it is missing.
    """
    named = hasattr(rows, "columns")
    for place in range(rows.shape[1]):
        column = rows.iloc[:, place] if named else rows[:, place]
        if getattr(column.dtype, "kind", "") != "f":
            continue
        found = np.flatnonzero(np.isinf(np.asarray(column, dtype=np.float64)))
        if len(found):
            name = f"'{rows.columns[place]}'" if named else str(place)
            value = np.asarray(column, dtype=np.float64)[found[0]]
            message = (
                f"Column {name} of {what} holds {value} in row "
                f"{found[0] + 1} (counted from 1). Give a number, or leave the value empty where it is missing."
            )
            raise DataContractError(message)
