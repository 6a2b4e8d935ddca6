"""What is known of a library's model objects: their columns, their raw output, their trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ExplanationError, SchemaError
from .trees import Ensemble, Floats, Integers

DOUBLE, SINGLE = 1e-9, 1e-5
"""Largest difference to the model's own output, relative to its size (at least 1): of libraries that add up
in float64, and of those that add up in float32."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the model objects of one library are read. Every function takes the model first."""

    names: Callable[[Any], tuple[str, ...] | None]
    """Its columns in their order, None where it was trained without names."""
    width: Callable[[Any], int]
    units: Callable[[Any], str]
    """The unit of the raw output."""
    output: Callable[[Any, Any], Floats]
    """The raw output of rows, by the model object itself."""
    encode: Callable[[Any, Any], Floats]
    """Rows as the numbers that its trees compare."""
    obstacle: Callable[[Any], str]
    """Why its trees cannot be explained; empty where they can."""
    trees: Callable[[Any], Ensemble]
    origin: Callable[[Any], Integers]
    """The column of the rows behind each encoded column."""
    tolerance: float


def numbers(rows: Any) -> Floats:
    """Return rows as float64 numbers; NaN where one is missing.

    Raises
    ------
    ExplanationError
        If a column does not hold numbers, by its name.
    """
    if not hasattr(rows, "columns"):
        try:
            return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows, dtype=np.float64)
        except (TypeError, ValueError) as problem:
            message = f"Rows must be numbers in every column: {problem}."
            raise ExplanationError(message) from None
    try:
        return np.asarray(rows.to_numpy(np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        pass
    for name in rows.columns:
        try:
            rows[name].to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError) as problem:
            message = f"Rows must be numbers in every column; column {str(name)!r} is not: {problem}."
            raise ExplanationError(message) from None
    message = "Rows must be numbers in every column."
    raise ExplanationError(message)


def codes_of(column: Any, categories: Any) -> Floats:
    """Return the place of each value of a column among the categories, NaN where it is missing or not among them."""
    import pandas as pd

    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    places = pd.Index(categories).get_indexer(pd.Index(values))
    return np.where(places < 0, np.nan, places.astype(np.float64))


def same_columns(width: int) -> Integers:
    """Return the origin of columns that are encoded each for itself, in their order."""
    return np.arange(width, dtype=np.int64)


def finite_cutoff(cutoff: Any) -> float:
    """Return a cut-off as a number.

    Raises
    ------
    SchemaError
        If it is no finite number.
    """
    if isinstance(cutoff, bool) or not isinstance(cutoff, int | float | np.number) or not np.isfinite(cutoff):
        message = f"A cut-off is a finite number in the units of the score, got {cutoff!r}."
        raise SchemaError(message)
    return float(cutoff)
