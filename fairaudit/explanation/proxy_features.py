"""How well a feature, or the score, tells a group from its reference: cross-validated, one column at a time.

A rule is learned on four fifths of the people and ranks the other fifth; the area under the curve is the average over
the fifths. For labels the rule is the group's share in each level. For numbers it is either a straight line in the
number's rank or the share in bands, whichever ranks one of the four fifths better when learned on the other three. A
column that tells nothing so has 0.5 on average, however many levels it has, where the same people's shares would make
it look like a proxy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..inference.counts import FloatArray, normal_quantile
from ..inference.ranking import auc_interval, delong, tied_share

FOLDS = 5
A_FOLD = 10
"""People of the smaller side that a fold has at least, as far as two folds go."""
BANDS = 32
"""Most bands of a number."""
RANKS = 256
"""Most ranks of a number, of about as many people each."""
A_BAND = 20
"""People of the smaller side for each band, on average."""
SHRINK = 1.0
"""People of the average share that are added to each level, so that a level of one person is not certain."""

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Encoding:
    """How well one column tells the group from the reference: 0.5 nothing, 1 without error."""

    auc: float
    low: float
    high: float
    folds: int
    levels: int
    """Levels or bands that the rule tells apart, the missing one too."""
    method: str


def encoding(
    values: Any, in_group: Any, *, weight: Any = None, confidence: float = 0.95, rng: np.random.Generator | int = 0
) -> Encoding:
    """Return how well a column tells the group from the reference, on people whom the rule has not seen.

    Parameters
    ----------
    values
        One value a person: numbers, texts, or several columns that are one feature [person, column].
    in_group
        Whether each person is of the group; the others are the reference.
    weight
        Of each person.
    confidence
        Of the interval of the area under the curve.
    rng
        Deals people into folds, group and reference apart.

    Notes
    -----
    The interval is that of the area averaged over folds; a fold's variance is DeLong's, doubled where the area cannot
    be told from 0.5, because folds that learn noise from each other are not independent.
    Source: LeDell, Petersen and van der Laan (2015), Electronic Journal of Statistics 9 (the cross-validated area);
    Micci-Barreca (2001), SIGKDD Explorations 3 (shares by level, shrunk).

    Examples
    --------
    >>> made = encoding(["a", "b"] * 100, [True, False] * 100)
    >>> made.auc, made.folds
    (1.0, 5)
    """
    side = np.asarray(in_group, dtype=bool)
    fewer = int(min(side.sum(), (~side).sum()))
    folds = int(np.clip(fewer // A_FOLD, 2, FOLDS))
    levels = levels_of(values, bands=int(np.clip(fewer // A_BAND, 2, BANDS)))
    fold = _dealt(side, folds, np.random.default_rng(rng))
    heavy = None if weight is None else np.asarray(weight, dtype=float)
    squares = None if heavy is None else _tables(levels, side, fold, folds, heavy**2)
    return _across(levels, *_tables(levels, side, fold, folds, heavy), squares, confidence)


class Levels(NamedTuple):
    """The levels of a column, cut without looking at the groups, so that cutting them tells a rule nothing."""

    codes: Codes
    """Of each person."""
    band: Codes
    """Of each level."""
    rank: FloatArray | None
    """Of each level of a number, from 0 to 1, NaN for the missing one; None for labels."""


def levels_of(values: Any, *, bands: int) -> Levels:
    """Return the level of each value, missing ones with a level of their own.

    Examples
    --------
    >>> made = levels_of([3.0, None, 1.0, 2.0], bands=2)
    >>> made.codes.tolist(), made.rank.tolist(), made.band.tolist()
    ([2, 3, 0, 1], [0.0, 0.5, 1.0, nan], [0, 0, 1, 2])
    """
    import pandas as pd

    data = np.asarray(values) if not hasattr(values, "to_numpy") else values.to_numpy()
    if data.ndim == 2:
        parts = [levels_of(data[:, column], bands=bands) for column in range(data.shape[1])]
        each = np.stack([part.band[part.codes] for part in parts], axis=1)
        return _labels(np.unique(each, axis=0, return_inverse=True)[1].ravel())
    try:
        numbers = pd.to_numeric(pd.Series(data)).to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        codes, found = pd.factorize(np.asarray(data, dtype=object))
        return _labels(np.where(codes < 0, len(found), codes))
    gone = np.isnan(numbers)
    known = numbers[~gone]
    edges = _edges(known, RANKS)
    codes = np.where(gone, len(edges), np.searchsorted(edges, numbers, side="left"))
    # A level's last number says which band it is in: an edge of bands is an edge of ranks, or close to one.
    band = np.searchsorted(_edges(known, bands), edges, side="left")
    rank = np.arange(len(edges)) / max(1, len(edges) - 1)
    return Levels(codes.astype(np.int64), np.append(band, band.max(initial=-1) + 1), np.append(rank, np.nan))


def _edges(numbers: FloatArray, most: int) -> FloatArray:
    """Return the last number of each level: every different number, or so many quantiles."""
    distinct = np.unique(numbers)
    if len(distinct) <= most:
        return distinct
    return np.unique(np.quantile(numbers, np.arange(1, most + 1) / most, method="inverted_cdf"))


def _labels(codes: NDArray[Any]) -> Levels:
    return Levels(codes.astype(np.int64), np.arange(int(codes.max(initial=-1)) + 1), None)


def _dealt(side: NDArray[np.bool_], folds: int, rng: np.random.Generator) -> Codes:
    fold = np.empty(len(side), dtype=np.int64)
    for here in (side, ~side):
        many = int(here.sum())
        fold[here] = rng.permutation(np.arange(many) % folds)
    return fold


def encoding_of_counts(
    inside: FloatArray, outside: FloatArray, *, confidence: float = 0.95, rng: np.random.Generator | int = 0
) -> Encoding:
    """Return how well the levels of a column tell the groups apart, from counts: people are dealt without being known.

    Parameters
    ----------
    inside, outside
        People of the group and of the reference by level.
    confidence
        Of the interval.
    rng
        Deals the people of each level into folds.

    Examples
    --------
    >>> made = encoding_of_counts(np.array([90.0, 10.0]), np.array([20.0, 80.0]))
    >>> 0.8 < made.auc < 0.9, made.low > 0.7
    (True, True)
    """
    folds = int(np.clip(min(inside.sum(), outside.sum()) // A_FOLD, 2, FOLDS))
    draw = np.random.default_rng(rng)
    some = inside + outside > 0
    dealt = [
        draw.multinomial(counts[some].astype(np.int64), np.full(folds, 1 / folds)).T.astype(np.float64)
        for counts in (inside, outside)
    ]
    return _across(_labels(np.arange(int(some.sum()))), dealt[0], dealt[1], None, confidence)


def _tables(
    levels: Levels, side: NDArray[np.bool_], fold: Codes, folds: int, weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return people, or sums of weights, of the group and of the reference [fold, level]."""
    many = len(levels.band)
    cell = fold * many + levels.codes
    made = [
        np.bincount(cell[here], weights=None if weight is None else weight[here], minlength=folds * many)
        for here in (side, ~side)
    ]
    return made[0].reshape(folds, many).astype(np.float64), made[1].reshape(folds, many).astype(np.float64)


def _shares(levels: Levels, inside: FloatArray, outside: FloatArray) -> FloatArray:
    """Return the rule of bands: the group's share in each level's band, shrunk to the share of all."""
    base = inside.sum() / (inside.sum() + outside.sum())
    one, other = (np.bincount(levels.band, weights=counts) for counts in (inside, outside))
    return np.asarray(((one + SHRINK * base) / (one + other + SHRINK))[levels.band], dtype=np.float64)


def _line(levels: Levels, inside: FloatArray, outside: FloatArray) -> FloatArray:
    """Return the rule of a number's rank: a straight line through the shares; the missing have their own share."""
    made = _shares(levels, inside, outside)
    rank = levels.rank
    if rank is None:
        return made
    known = ~np.isnan(rank)
    people, share = (inside + outside)[known], inside[known]
    middle = people @ rank[known] / people.sum()
    spread = people @ (rank[known] - middle) ** 2
    slope = (share @ (rank[known] - middle)) / spread if spread > 0 else 0.0
    made[known] = share.sum() / people.sum() + slope * (rank[known] - middle)
    return made


def _area(rule: FloatArray, *counts: FloatArray) -> tuple[float, float]:
    """Return how well a rule ranks people of one fold, with its variance."""
    place = np.unique(np.round(rule, 12), return_inverse=True)[1]
    of_group, of_reference, *heavy = (np.bincount(place, weights=each).astype(np.float64) for each in counts)
    found = delong(of_group, of_reference, **dict(zip(("good_w2", "bad_w2"), heavy, strict=False)))
    return float(found.value), float(found.variance)


def _rule(levels: Levels, inside: FloatArray, outside: FloatArray, at: int) -> FloatArray:
    """Return the rule learned outside one fold."""
    rest = [each for each in range(len(inside)) if each != at]
    learn = _shares
    if levels.rank is not None:
        asked = (at + 1) % len(inside)
        learned = [each for each in rest if each != asked] or rest
        tried = [
            _area(
                rule(levels, inside[learned].sum(axis=0), outside[learned].sum(axis=0)), inside[asked], outside[asked]
            )
            for rule in (_shares, _line)
        ]
        learn = _shares if tried[0][0] > tried[1][0] else _line
    return learn(levels, inside[rest].sum(axis=0), outside[rest].sum(axis=0))


def _across(
    levels: Levels,
    inside: FloatArray,
    outside: FloatArray,
    squares: tuple[FloatArray, FloatArray] | None,
    confidence: float,
) -> Encoding:
    """Return the area averaged over folds, from people [fold, level] and their squared weights."""
    folds = len(inside)
    found = [
        _area(_rule(levels, inside, outside, at), inside[at], outside[at], *(each[at] for each in squares or ()))
        for at in range(folds)
    ]
    area, variance = float(np.mean([each[0] for each in found])), float(np.sum([each[1] for each in found])) / folds**2
    # Folds learn from each other. Where the column tells nothing, each pair of people counts in both of its folds,
    # and the variance is twice that of independent folds; the share of that fades as the column tells more.
    if area - 0.5 <= normal_quantile(confidence) * (2 * variance) ** 0.5:
        variance *= 2
    people, tied = (inside.sum(), outside.sum()), None
    if squares is None:
        tied = tied_share((inside + outside).sum(axis=0))
    else:
        people = (people[0] ** 2 / squares[0].sum(), people[1] ** 2 / squares[1].sum())
    low, high, method = auc_interval(area, variance, people[0], people[1], confidence=confidence, tied=tied)
    said = f"{folds}-fold cross-validated; {np.asarray(method)}"
    return Encoding(area, float(low), float(high), folds, len(levels.band), said)
