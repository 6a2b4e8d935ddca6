"""Weighted inputs and tables of points to scores, with each input's own part of the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..models.columns import matched
from .format import Input, Unscored, WeightedSystem

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def columns_of(system: WeightedSystem) -> tuple[str, ...]:
    """Return the columns that rows need: the inputs, and what says whether there is a score at all."""
    return tuple(dict.fromkeys([*(one.id for one in system.inputs), *(one.column for one in system.unscored)]))


def read_columns(system: WeightedSystem, rows: Any) -> pd.DataFrame:
    """Return the columns that a system reads, as numbers with NaN where missing.

    Raises
    ------
    DataContractError, ColumnNotFoundError
        For a column that is missing, or holds what is neither a number nor missing.
    """
    import pandas as pd

    chosen = matched(rows, columns_of(system))
    made = {}
    for name in columns_of(system):
        column = chosen[name]
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        wrong = np.flatnonzero(np.isinf(numbers) | (np.isnan(numbers) & column.notna().to_numpy()))
        if wrong.size:
            message = f"Column '{name}' holds {column.iloc[wrong[0]]!r} in row {wrong[0] + 1}. Give a number or a gap."
            raise DataContractError(message)
        made[name] = numbers
    return pd.DataFrame(made, index=chosen.index)


def tiers(system: WeightedSystem, table: pd.DataFrame) -> NDArray[np.int64]:
    """Return which rule leaves each row without a score, the first that applies; -1 for rows with a score."""
    made = np.full(len(table), -1, dtype=np.int64)
    for place in reversed(range(len(system.unscored))):
        rule: Unscored = system.unscored[place]
        values = table[rule.column].to_numpy()
        made[~(values >= rule.below)] = place  # a missing value is not above the minimum either
    return made


def parts(system: WeightedSystem, table: pd.DataFrame, scored: NDArray[np.bool_]) -> Floats:
    """Return each input's part of the sum [rows, inputs]; NaN in rows without a score.

    The sum is in points above the lowest score, or above the base for tables of points; with a norm table it is the
    latent sum from 0 to 100.

    Raises
    ------
    DataContractError
        If somebody who has a score lacks an input that may not be missing.
    """
    made = np.full((len(table), len(system.inputs)), np.nan)
    total = sum(one.weight.value for one in system.inputs if one.weight is not None)
    span = 100.0 if system.norm is not None else system.range.highest - system.range.lowest
    for place, one in enumerate(system.inputs):
        values = table[one.id].to_numpy()[scored]
        gaps = np.isnan(values)
        if one.missing is None and gaps.any():
            row = int(np.flatnonzero(scored)[np.flatnonzero(gaps)[0]]) + 1
            message = (
                f"Row {row} has no '{one.id}' ({int(gaps.sum()):,} such rows), and '{system.id}' does not say what a "
                "gap counts as. Fill it in, or give the input 'missing' in the system's file."
            )
            raise DataContractError(message)
        gap = 0.0 if one.missing is None else one.missing.value
        if one.weight is not None:
            made[scored, place] = span * one.weight.value / total * np.where(gaps, gap, _share(one, values))
        else:
            made[scored, place] = np.where(gaps, gap, _looked_up(one, values))
    return made


def start_of(system: WeightedSystem) -> float:
    """Return what the parts are added to."""
    if system.norm is not None:
        return 0.0
    if system.base is not None or any(one.steps for one in system.inputs):
        return 0.0 if system.base is None else system.base.value
    return system.range.lowest


def scores_of(system: WeightedSystem, each: Floats) -> Floats:
    """Return the scores of parts; a rank by the norm table where there is one."""
    total = start_of(system) + each.sum(axis=1)
    if system.norm is None:
        return np.asarray(total)
    sums, shares = np.array(system.norm.table).T
    return np.asarray(
        system.range.lowest + (system.range.highest - system.range.lowest) * np.interp(total, sums, shares)
    )


def _share(one: Input, values: Floats) -> Floats:
    if one.worst is None or one.best is None:  # the checks of the file have refused this
        raise AssertionError(one.id)
    return np.clip((values - one.worst.value) / (one.best.value - one.worst.value), 0, 1)


def _looked_up(one: Input, values: Floats) -> Floats:
    edges = [step.below for step in one.steps if step.below is not None]
    points = np.array([step.points for step in one.steps])
    return np.asarray(points[np.searchsorted(np.array(edges, dtype=np.float64), np.nan_to_num(values), side="right")])
