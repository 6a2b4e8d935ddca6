"""Sums as whole numbers of a fixed part of one: checked to fit, and not to lose what small weights say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError, SchemaError
from ..schema.labels import number
from ..schema.roles import Schema
from .cube import Ints

INT64_MOST = 2**63 - 1
FINEST = 5_000
"""A mean weight (or squared weight) of so many units is rounded by one part in ten thousand at most."""
MOST_PEOPLE = 2**53
"""Up to here every whole number is a float of its own, so rates are made of exact counts."""


def check_weights(schema: Schema, total: float, squares: float, rows: int = 0) -> None:
    """Raise a SchemaError if sums of weights would not fit whole numbers, or would be rounded away.

    Parameters
    ----------
    schema
        The roles: the weight and its scale.
    total, squares
        The sum of weights and the sum of squared weights, in the weights' own unit.
    rows
        How many rows have a weight above 0; 0 leaves the rounding unchecked.

    Examples
    --------
    >>> from fairaudit.schema.roles import declare
    >>> check_weights(declare(outcome="y", bad=1, weight="fnlwgt", weight_scale=1), 1e10, 1e15)
    """
    scale = schema.weight_scale
    check_fits(float(np.max([total, squares])), scale, "weight", schema.weight)
    smallest = min(total, squares) / rows if rows else 0.0
    if smallest > 0 and smallest * scale < FINEST:
        wanted = 10 ** math.ceil(math.log10(FINEST / smallest))
        mend = f"weight_scale={wanted}"
        if max(total, squares) * wanted > INT64_MOST / 4:
            mend = "weights multiplied by a constant, so that their mean is near 1"
        message = (
            f"The weights in '{schema.weight}' are too small to be kept as whole numbers of 1/{scale}: rounding would "
            f"change their squares by more than one part in ten thousand. Give {mend}."
        )
        raise SchemaError(message)


def check_fits(largest: float, scale: int, role: str, column: str | None) -> None:
    """Raise a SchemaError with a scale that fits, or with other words where none does."""
    most = INT64_MOST / 4
    if largest * scale <= most:
        return
    mend = "No scale is small enough: divide the column by a constant, for example by its mean."
    if largest <= most:
        mend = f"Give a smaller scale, for example {role}_scale={10 ** int(math.log10(most / largest))}."
    message = f"The sums of the {role} '{column}' and of its squares do not fit whole numbers of 1/{scale}. {mend}"
    raise SchemaError(message)


def fixed(values: NDArray[np.float64], scale: int) -> Ints:
    """Return floats as whole numbers of 1/scale, rounded half up as every engine can."""
    return np.floor(values * scale + 0.5).astype(np.int64)


def whole_numbers(values: Sequence[Any], column: str, name: str) -> Ints:
    """Return a column of counts as whole numbers.

    Raises
    ------
    DataContractError
        If a value is missing, negative, or not whole; the message gives its row.
    """
    out = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        parsed = number(value)
        if parsed is None or not math.isfinite(parsed) or parsed < 0 or parsed != int(parsed):
            message = (
                f"counts must be whole numbers of at least 0; column '{column}' of {name} has {value!r} in row {i + 1}."
            )
            raise DataContractError(message)
        if parsed > MOST_PEOPLE:
            message = f"The count {value!r} in row {i + 1}, column '{column}' of {name}, is more than {MOST_PEOPLE:,}."
            raise DataContractError(message)
        out[i] = int(parsed)
    if float(out.sum(dtype=np.float64)) > MOST_PEOPLE:
        message = f"The counts in column '{column}' of {name} add up to more than {MOST_PEOPLE:,} people."
        raise DataContractError(message)
    return out
