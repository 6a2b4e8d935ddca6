"""The columns of rows, matched to a model's features by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
