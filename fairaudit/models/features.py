"""What a model's features hold, and rows brought to it: numbers as numbers, categories as text, nothing guessed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError, listed
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, label, number

if TYPE_CHECKING:
    import pandas as pd

FIRST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Feature:
    """One column that a model reads.

    ``kind`` is "any" where the model does not say what it holds: such a column reaches the model as it is.
    ``categories`` are labels (:func:`fairaudit.schema.labels.label`), or None where they are not known.
    """

    name: str
    kind: Literal["number", "category", "any"] = "any"
    categories: tuple[str, ...] | None = None


def features_of(rows: pd.DataFrame) -> tuple[Feature, ...]:
    """Return what the columns of training rows hold.

    Examples
    --------
    >>> import pandas as pd
    >>> features_of(pd.DataFrame({"income": [1.5, 2.0], "home": ["own", None]}))[1]
    Feature(name='home', kind='category', categories=('own',))
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    made = []
    for name in rows.columns:
        column = rows[name]
        if is_numeric_dtype(column) or is_bool_dtype(column):
            made.append(Feature(str(name), "number"))
        else:
            labels = sorted({*_labels(column)[1]} - {MISSING})
            made.append(Feature(str(name), "category", tuple(labels)))
    return tuple(made)


def prepared(rows: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """Return rows with each column as the model's feature wants it.

    A feature that is a number may come as text of numbers, as files hold it; a category becomes its label, and NaN
    where it is missing. Columns of kind "any" are left as they are.

    Parameters
    ----------
    rows
        The features' columns, in their order.
    features
        What they hold.

    Raises
    ------
    DataContractError
        For text that is no number in a column of numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> made = prepared(pd.DataFrame({"income": ["50", ""], "area": [7.0, 8.5]}),
    ...                 [Feature("income", "number"), Feature("area", "category")])
    >>> made["income"].tolist(), made["area"].tolist()
    ([50.0, nan], ['7', '8.5'])
    """
    import pandas as pd

    if all(feature.kind == "any" for feature in features):
        return rows
    columns: dict[str, Any] = {}
    for place, feature in enumerate(features):
        column = rows.iloc[:, place]
        if feature.kind == "number":
            columns[feature.name] = _numbers(column, feature.name)
        elif feature.kind == "category":
            columns[feature.name] = _categories(column)
        else:
            columns[feature.name] = column
    return pd.DataFrame(columns, index=rows.index)


def unseen_issues(rows: pd.DataFrame, features: Sequence[Feature], treated: str) -> tuple[DataIssue, ...]:
    """Return how many rows hold categories that the model never saw, by feature, and what it does with them.

    Parameters
    ----------
    rows
        The features' columns, in their order.
    features
        What they hold; a feature whose categories are not known is not looked at.
    treated
        What the model does with a category that it never saw, in words.
    """
    issues = []
    for place, feature in enumerate(features):
        if feature.categories is None:
            continue
        codes, labels = _labels(rows.iloc[:, place])
        known = {*feature.categories, MISSING}
        new = np.asarray([name not in known for name in labels], dtype=bool)
        found = np.flatnonzero(new[codes]) if len(labels) else np.empty(0, dtype=int)
        if len(found):
            names = listed((repr(name) for name, is_new in zip(labels, new, strict=True) if is_new), most=5)
            message = f"Feature '{feature.name}' holds categories that the model never saw ({names})."
            first = tuple(int(row) + 1 for row in found[:FIRST_ROWS])
            issues.append(DataIssue("category_never_seen", message, len(found), treated, feature.name, first))
    return tuple(issues)


def codes_of(column: pd.Series[Any], categories: Sequence[Any]) -> NDArray[np.intp]:
    """Return the place of each value's label among categories; -1 for what is missing or not there."""
    places = {label(value): place for place, value in reversed([*enumerate(categories)])}
    codes, labels = _labels(column)
    found = np.asarray([places.get(name, -1) for name in labels], dtype=np.intp)
    return found[codes] if len(labels) else np.full(len(column), -1, dtype=np.intp)


def _labels(column: pd.Series[Any]) -> tuple[NDArray[np.intp], list[str]]:
    """Return each value's place among the distinct values, and their labels."""
    import pandas as pd

    codes, values = pd.factorize(column, use_na_sentinel=False)
    return np.asarray(codes, dtype=np.intp), [label(value) for value in list(values)]


def _categories(column: pd.Series[Any]) -> NDArray[Any]:
    codes, labels = _labels(column)
    made = np.asarray([math.nan if name == MISSING else name for name in labels] + [math.nan], dtype=object)
    chosen: NDArray[Any] = made[codes]
    return chosen


def _numbers(column: pd.Series[Any], name: str) -> Any:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column) or is_bool_dtype(column):
        if column.dtype.kind in "iu" and isinstance(column.dtype, np.dtype):
            return column
        return column.to_numpy(dtype=np.float64, na_value=math.nan)
    import pandas as pd

    codes, values = pd.factorize(column, use_na_sentinel=False)
    found = [number(value) for value in list(values)]
    wrong = np.asarray([value is None for value in found], dtype=bool)
    rows = np.flatnonzero(wrong[codes]) if len(found) else np.empty(0, dtype=int)
    if len(rows):
        message = (
            f"Feature '{name}' is a number to the model, and row {rows[0] + 1} (counted from 1) holds "
            f"{list(values)[codes[rows[0]]]!r}; so do {len(rows):,} rows hold what is no number. Give numbers, or "
            "leave the value empty where it is missing."
        )
        raise DataContractError(message)
    return np.asarray([*found, math.nan], dtype=np.float64)[codes]
