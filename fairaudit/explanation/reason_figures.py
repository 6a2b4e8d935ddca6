"""The figures behind reasons: shortfalls against a baseline, their order, its steadiness, and the adverse way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .people import Baseline, columns_of, scores_of
from .reason_words import Direction
from .trees import Floats

if TYPE_CHECKING:
    import pandas as pd

    from .attribution import Explainer

BLOCKS = 20
"""Random parts of the baseline, explained one by one and drawn again: values are averages over the baseline."""
FEW, MANY = 3, 20_000
"""Rows up to which, and people of the baseline up to whom, it is less work to explain the people against the rows."""
GRID = 21
"""Values of the baseline's people at which a feature's direction is looked at."""
NOTHING = 1e-9
"""A shortfall of this share of the largest attribution, or less, is rounding and no reason."""

Pair = tuple[int, int]
"""A row and a feature, by place."""


def shortfalls(source: Explainer, rows: pd.DataFrame, sign: float, baseline: Baseline) -> tuple[Floats, Floats | None]:
    """Return by how much each feature holds each row's score back, rows x features, and standard errors if sampled.

    Positive is adverse, in the units of the score.
    """
    made = source.explain(rows, background=None if baseline.own else baseline.rows)
    return -sign * made.values, made.errors


def adverse_order(amounts: Floats) -> list[int]:
    """Return the features that hold one person's score back, the strongest first; ties in the model's order.

    Examples
    --------
    >>> adverse_order(np.array([0.5, -2.0, 3.0, 0.5, 0.0]))
    [2, 0, 3]
    """
    least = NOTHING * float(np.abs(amounts).max(initial=0.0))
    order = np.argsort(-amounts, kind="stable")
    return [int(place) for place in order if amounts[place] > least]


def kept_shares(
    source: Explainer,
    rows: pd.DataFrame,
    sign: float,
    baseline: Baseline,
    amounts: Floats,
    errors: Floats | None,
    *,
    k: int,
    draws: int,
    seed: int,
) -> Floats:
    """Return in how many of the draws each feature is among the first k adverse ones, rows x features.

    Exact values: the baseline's people are drawn again, in 20 random parts of it. Sampled values: drawn from their
    standard errors, which hold the draw of the baseline already.
    """
    rng = np.random.default_rng(seed)
    if errors is not None:
        drawn = (
            one + error * rng.standard_normal((draws, len(one))) for one, error in zip(amounts, errors, strict=True)
        )
        return np.array([_share_among_first(each, k) for each in drawn])
    parts = np.array_split(rng.permutation(baseline.people), min(BLOCKS, baseline.people))
    by_part = -sign * _by_part(source, rows, baseline, parts)
    weights = rng.multinomial(len(parts), np.full(len(parts), 1 / len(parts)), size=draws) * [
        len(part) for part in parts
    ]
    weights = weights / weights.sum(axis=1, keepdims=True)
    return np.array([_share_among_first(weights @ by_part[:, row], k) for row in range(len(rows))])


def _by_part(source: Explainer, rows: pd.DataFrame, baseline: Baseline, parts: list[NDArray[np.int64]]) -> Floats:
    """Return exact values against each part of the baseline, parts x rows x features.

    Against one person, a value is what the person's is against oneself, with the sign turned. So a few rows are
    worked out from the other side: one background of one row each, where the parts would be a background each.
    """
    if len(rows) > FEW or baseline.people > MANY:
        return np.stack([source.explain(rows, background=baseline.rows.iloc[part]).values for part in parts])
    turned = [source.explain(baseline.rows, background=rows.iloc[[row]]).values for row in range(len(rows))]
    return np.stack([[-one[part].mean(axis=0) for one in turned] for part in parts])


def _share_among_first(drawn: Floats, k: int) -> Floats:
    """Return the share of draws, draws x features, in which each feature is adverse and among the k largest."""
    place = np.argsort(np.argsort(-drawn, axis=1, kind="stable"), axis=1)
    return np.asarray(((place < k) & (drawn > 0)).mean(axis=0))


def directions(
    source: Explainer, rows: pd.DataFrame, scores: Floats, sign: float, baseline: Baseline, pairs: Iterable[Pair]
) -> dict[Pair, Direction]:
    """Return which way each feature of each row is adverse, found by moving it to the baseline's values.

    ``too_low`` where the score gains more by the baseline's higher values than by its lower ones, ``too_high`` the
    other way round; ``other`` where neither helps by itself, or where a feature is several columns.
    """
    names, owner = columns_of(source)
    by_feature: dict[int, list[int]] = {}
    for row, feature in pairs:
        by_feature.setdefault(feature, []).append(row)
    found: dict[Pair, Direction] = {}
    for feature, places in by_feature.items():
        columns = np.flatnonzero(owner == feature)
        if len(columns) != 1:
            found |= {(row, feature): "other" for row in places}
            continue
        column = names[int(columns[0])]
        values, usual = rows[column].iloc[places], baseline.rows[column]
        missing, categories = values.isna().to_numpy(), in_categories(usual, values)
        found |= {(row, feature): "missing" for row, gone in zip(places, missing, strict=True) if gone}
        kinds = list(zip(places, categories & ~missing, missing, strict=True))
        found |= {(row, feature): "category" for row, category, _ in kinds if category}
        there = [row for row, category, gone in kinds if not category and not gone]
        if there:
            gains = _gains(source, rows, column, there, scores, sign, usual)
            found |= {(row, feature): _side(*gain) for row, gain in zip(there, gains, strict=True)}
    return found


def _side(by_lower: float, by_higher: float) -> Direction:
    if max(by_lower, by_higher) <= 0:
        return "other"
    return "too_low" if by_higher > by_lower else "too_high"


def _gains(
    source: Explainer, rows: pd.DataFrame, column: str, places: list[int], scores: Floats, sign: float, usual: pd.Series
) -> list[tuple[float, float]]:
    """Return what each row's score gains by the baseline's lower and by its higher values of a column."""
    from pandas.api.types import is_integer_dtype

    known = usual.dropna()
    if known.empty:
        return [(0.0, 0.0)] * len(places)
    grid = np.quantile(known.to_numpy(dtype=float), np.linspace(0, 1, min(GRID, len(known))), method="nearest")
    moved = rows.iloc[np.repeat(places, len(grid))].reset_index(drop=True)
    whole = is_integer_dtype(usual)
    moved[column] = np.tile(grid, len(places)).astype(np.int64 if whole else np.float64)
    gain = sign * (scores_of(source, moved).reshape(len(places), len(grid)) - scores[places][:, None])
    own = rows[column].iloc[places].to_numpy(dtype=float)[:, None]
    low, high = np.where(grid < own, gain, 0.0).sum(axis=1), np.where(grid > own, gain, 0.0).sum(axis=1)
    return [(float(one), float(other)) for one, other in zip(low, high, strict=True)]


def in_categories(usual: pd.Series, values: pd.Series) -> NDArray[np.bool_]:
    """Return which values are categories: texts and truth values, and numbers where everybody has 0 or 1."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_bool_dtype(usual) or not is_numeric_dtype(usual):
        return np.ones(len(values), dtype=bool)
    if not usual.dropna().isin([0, 1]).all():
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values.isin([0, 1]))


def usual_value(direction: Direction, usual: pd.Series, value: Any) -> Any:
    """Return what is usual among the baseline's people; None where that would not explain the reason.

    The middle value of numbers, the most frequent one of categories.
    """
    known = usual.dropna()
    if known.empty or direction in ("missing", "other"):
        return None
    if direction == "category":
        most = plain(known.mode().iloc[0])
        most = bool(most) if isinstance(value, bool) else most
        return None if most == value else most
    middle = plain(np.quantile(known.to_numpy(dtype=float), 0.5, method="nearest"))
    return middle if (middle > value if direction == "too_low" else middle < value) else None


def plain(value: Any) -> Any:
    """Return a value as Python's own; None for a missing one."""
    value = value.item() if hasattr(value, "item") else value
    return None if value is None or value != value else value


def own_value(values: pd.Series, usual: pd.Series, row: int) -> Any:
    """Return a row's value; numbers where everybody has 0 or 1 are no and yes."""
    value = plain(values.iloc[row])
    if isinstance(value, (int, float)) and in_categories(usual, values.iloc[[row]])[0]:
        return bool(value)
    return value
