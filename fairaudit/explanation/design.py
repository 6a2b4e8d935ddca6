"""Declared features as the columns of a regression: numbers, levels of texts, missing values, points of a scorecard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..models.scorecard import Scorecard
from ..schema.labels import MISSING
from .trees import Floats
from .two_groups import labels_of

RARE = 10
"""People of either side below whom a level has no coefficient of its own."""
REST = "(other levels)"


@dataclass(frozen=True, slots=True)
class Design:
    """The columns of a regression, the first one of ones, and the feature that each belongs to."""

    columns: Floats
    owner: NDArray[np.int64]
    """Place in ``names``; the ones belong to a feature after the last."""
    names: tuple[str, ...]
    labels: tuple[str, ...]
    """What each column is, in words."""
    notes: tuple[str, ...]
    """What was merged, filled or left out, with numbers."""


def design_of(rows: Any, chosen: NDArray[np.intp], side: NDArray[np.bool_], card: Scorecard | None = None) -> Design:
    """Return the columns of some rows.

    Parameters
    ----------
    rows
        A table of features.
    chosen
        The rows that are used.
    side
        Which of these are of the group.
    card
        A scorecard that makes each feature one column: the points of its bin.

    Raises
    ------
    DataContractError
        If rows have no named columns, or no feature is left.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"job": ["a", "b"] * 40, "same": 1.0})
    >>> made = design_of(rows, np.arange(80), np.arange(80) < 40)
    >>> made.labels, made.notes
    (('(ones)', 'job = b'), ('same is the same for everybody and was left out',))
    """
    import pandas as pd

    if isinstance(rows, dict):
        rows = pd.DataFrame(rows)
    if not hasattr(rows, "iloc"):
        message = f"Features are a table with named columns, got {type(rows).__name__}."
        raise DataContractError(message)
    some = rows.iloc[chosen]
    notes: list[str] = []
    parts: dict[str, dict[str, Floats]] = {}
    if card is not None:
        points = card.parts(some)
        named = [(one.name, {f"points of {one.name}": points[:, at]}) for at, one in enumerate(card.bins_)]
    else:
        named = [(str(name), _columns(str(name), some.iloc[:, at], side, notes)) for at, name in enumerate(some)]
    for name, made in named:
        moving = {label: column for label, column in made.items() if np.ptp(column) > 0}
        if moving:
            parts[name] = moving
        else:
            notes.append(f"{name} is the same for everybody and was left out")
    if not parts:
        message = "No feature differs between people, so there is nothing to split by."
        raise DataContractError(message)
    names = tuple(parts)
    columns = [np.ones(len(some)), *(column for made in parts.values() for column in made.values())]
    owner = [len(names), *(at for at, made in enumerate(parts.values()) for _ in made)]
    labels = ("(ones)", *(label for made in parts.values() for label in made))
    return Design(np.stack(columns, axis=1), np.array(owner, dtype=np.int64), names, labels, tuple(notes))


def _columns(name: str, values: Any, side: NDArray[np.bool_], notes: list[str]) -> dict[str, Floats]:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(values) and not is_bool_dtype(values):
        return _number(name, values.to_numpy(dtype=np.float64, na_value=np.nan), side, notes)
    return _levels(name, values, side, notes)


def _number(name: str, numbers: Floats, side: NDArray[np.bool_], notes: list[str]) -> dict[str, Floats]:
    gone = ~np.isfinite(numbers)
    if not gone.any():
        return {name: numbers}
    if gone.all():
        return {name: np.zeros(len(numbers))}
    filled = np.where(gone, numbers[~gone].mean(), numbers)
    few = min(gone[side].sum(), gone[~side].sum()) < RARE
    told = "" if few else f", and {MISSING} has a coefficient of its own"
    notes.append(f"{int(gone.sum()):,} missing values of {name} took the mean of the others{told}")
    return {name: filled} if few else {name: filled, f"{name} {MISSING}": gone.astype(np.float64)}


def _levels(name: str, values: Any, side: NDArray[np.bool_], notes: list[str]) -> dict[str, Floats]:
    labels = labels_of(values, name)
    there, place = np.unique(labels.astype(str), return_inverse=True)
    people = np.stack([np.bincount(place[here], minlength=len(there)) for here in (side, ~side)])
    rare = people.min(axis=0) < RARE
    if rare.any() and not rare.all():
        named = REST
        if people[:, rare].sum(axis=1).min() < RARE:
            kept = np.flatnonzero(~rare)
            rare[kept[np.argmin(people[:, kept].sum(axis=0))]] = True
            named = f"{there[rare & (people.min(axis=0) >= RARE)][0]} or {REST}"
        merged = there[rare].tolist()
        notes.append(
            f"levels of {name} with fewer than {RARE} people in a group were merged into '{named}': {', '.join(merged)}"
        )
        labels = np.where(rare[place], named, labels)
        there = np.unique(labels.astype(str))
    return {f"{name} = {level}": (labels == level).astype(np.float64) for level in there[1:]} or {
        name: np.zeros(len(labels))
    }
