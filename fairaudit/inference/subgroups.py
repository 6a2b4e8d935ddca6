"""Which crossings of attributes are treated worse: searched for in one half of the people, confirmed in the other.

A crossing is listed only where it is worse than everybody else *and* worse than its parents predict
(``crossings``): the one without the other is a group that merely inherits what holds for its parents, or one that
the model surprises in the right direction. Both must hold, so the larger of the two p-values decides (Berger 1982,
an intersection-union test, which needs no correction for the two).

``search`` makes the p-values of every crossing up to a depth and selects by false discovery rate on the tree
depth > set of attributes > crossing. ``confirm`` takes the selected ones to people whom the search did not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError
from .association import expected_counts, hypergeometric_z
from .contrast import compare_many
from .counts import FloatArray, check_counts, check_share
from .crossings import MOST_PARENTS, Codes, Prediction, against_parents, parent_groups, predict, sums
from .hierarchical import Tree, tree_select
from .multiplicity import holm

UNKNOWN = -1
"""The code of a level that is never named: missing, or left out by the policy."""
FEW_EXPECTED = 5.0
"""People expected on either side, below which a crossing is not looked at."""

Direction = Literal["lower", "higher", "both"]
Side = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crossing that the search selected: which attributes, at which levels, on which side of the rest."""

    attributes: tuple[int, ...]
    levels: tuple[int, ...]
    side: Side
    rate: float
    gap: float
    """The rate less that of everybody else, among the people searched: too large, being selected for its size."""
    p: float

    @property
    def depth(self) -> int:
        """Number of attributes crossed."""
        return len(self.attributes)

    def covers(self, other: Candidate) -> bool:
        """Whether everybody in the other crossing is in this one, and not the other way round."""
        mine, theirs = (dict(zip(c.attributes, c.levels, strict=True)) for c in (self, other))
        return len(mine) < len(theirs) and all(theirs.get(name) == level for name, level in mine.items())


@dataclass(frozen=True, slots=True)
class Depth:
    """What was looked at with so many attributes at once."""

    depth: int
    sets: int
    crossings: int
    """Crossings with somebody in them."""
    too_small: int
    same_as_parent: int
    """Crossings that are all, or nothing but, of one of their parents: nothing new to test."""
    tested: int
    selected: int


@dataclass(frozen=True, slots=True)
class Searched:
    """The candidates, most surprising first, and what was looked at to find them."""

    candidates: tuple[Candidate, ...]
    depths: tuple[Depth, ...]
    left_out: int
    """Crossings that were selected beyond the most that were asked for."""
    too_wide: tuple[tuple[int, ...], ...]
    """Sets of attributes with too many levels to work with."""


class Gap(NamedTuple):
    """A difference of two rates with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One candidate among the people kept back. NaN where there is no such number."""

    num: float
    den: float
    rest_num: float
    rest_den: float
    gap: float
    low: float
    high: float
    method: str
    test: str
    p_rest: float
    prediction: Prediction | None
    """None for a single attribute, whose parent is everybody."""
    p: float
    p_adjusted: float
    without_finer: Gap | None
    """The gap when people of finer confirmed crossings are taken out of it; None where there is no finer one."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The crossings of one set of attributes: levels [row, attribute], people counted and people [row]."""

    attributes: tuple[int, ...]
    codes: Codes
    num: FloatArray
    den: FloatArray


def crossed(codes: Codes, num: FloatArray, den: FloatArray, attributes: Sequence[int]) -> Table:
    """Return the crossings of some attributes, the others summed over; people with an unknown level are left out.

    Parameters
    ----------
    codes
        Level of each cell, [cell, attribute]; ``UNKNOWN`` is no level.
    num, den
        People counted and people, [cell].
    attributes
        Which columns.

    Examples
    --------
    >>> codes = np.array([[0, 0], [0, 1], [1, 0], [1, UNKNOWN]])
    >>> made = crossed(codes, np.array([1.0, 2, 3, 4]), np.full(4, 10.0), [0])
    >>> made.codes.tolist(), made.num.tolist(), made.den.tolist()
    ([[0], [1]], [3.0, 7.0], [20.0, 20.0])
    """
    chosen = codes[:, list(attributes)]
    known = (chosen != UNKNOWN).all(axis=1) & (den > 0)
    chosen = chosen[known]
    if not len(chosen):
        return Table(tuple(attributes), chosen, num[:0], den[:0])
    key = np.ravel_multi_index(tuple(chosen.T), tuple(chosen.max(axis=0) + 1))
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return Table(tuple(attributes), chosen[first], sums(place, num[known]), sums(place, den[known]))


def search(
    codes: ArrayLike,
    num: ArrayLike,
    den: ArrayLike,
    *,
    depth: int = 3,
    direction: Direction = "lower",
    minimum: float = 30.0,
    level: float = 0.1,
    most: int = 20,
    order: int | None = None,
) -> Searched:
    """Select the crossings that stand out, from every crossing of 1 to ``depth`` attributes.

    Parameters
    ----------
    codes
        Level of each cell, whole numbers from 0 on, [cell, attribute]; ``UNKNOWN`` (-1) is a level never named.
    num, den
        People counted and people of the rate, [cell], among the people to search in.
    depth
        Most attributes crossed.
    direction
        Look for rates that are ``"lower"`` than the rest's and the predicted one, ``"higher"``, or ``"both"``.
    minimum
        Fewest people of a crossing, among those searched; five must also be expected on either side of the rate.
    level
        Level of the false discovery rate on the tree.
    most
        Most candidates kept, those with the smallest p.
    order
        Attributes in the crossings that predict: the parents when None; 1 for single attributes only.

    Returns
    -------
    Searched

    Raises
    ------
    UndefinedMetricError
        If counts are not counts, shapes differ, or depth or ``most`` is under 1.

    Examples
    --------
    >>> codes = [[race, sex] for race in range(3) for sex in range(2)]
    >>> found = search(codes, [300, 300, 300, 300, 300, 180], [500] * 6, depth=2)
    >>> [(c.attributes, c.levels, round(c.gap, 2)) for c in found.candidates if c.depth == 2]
    [((0, 1), (2, 1), -0.24)]
    """
    codes, num, den = _checked(codes, num, den)
    if depth < 1 or most < 1:
        message = f"A search goes to depth 1 or more and keeps at least one, got depth={depth!r} and most={most!r}."
        raise UndefinedMetricError(message)
    check_share(level, "level")
    tables: list[list[Table]] = []
    scans: list[list[_Scan]] = []
    too_wide: list[tuple[int, ...]] = []
    for size in range(1, min(depth, codes.shape[1]) + 1):
        tables.append([])
        scans.append([])
        for attributes in combinations(range(codes.shape[1]), size):
            table = crossed(codes, num, den, attributes)
            scan = _scan(table, direction, minimum, order)
            if scan is None:
                too_wide.append(attributes)
                continue
            tables[-1].append(table)
            scans[-1].append(scan)
    tree: Tree = [[scan.p for scan in of] for of in scans]
    chosen = tree_select(tree, level=level)
    found: list[Candidate] = []
    depths = []
    for size, (of_tables, of_scans, of_chosen) in enumerate(zip(tables, scans, chosen, strict=True), start=1):
        here = [
            candidate
            for table, scan, yes in zip(of_tables, of_scans, of_chosen, strict=True)
            for candidate in _candidates(table, scan, np.asarray(yes))
        ]
        found += here
        depths.append(
            Depth(
                depth=size,
                sets=len(of_tables),
                crossings=sum(len(table.den) for table in of_tables),
                too_small=sum(int(scan.small.sum()) for scan in of_scans),
                same_as_parent=sum(int(scan.same.sum()) for scan in of_scans),
                tested=sum(int((~np.isnan(scan.p)).sum()) for scan in of_scans),
                selected=len(here),
            )
        )
    found.sort(key=lambda one: (one.p, one.depth, one.attributes, one.levels))
    return Searched(tuple(found[:most]), tuple(depths), max(0, len(found) - most), tuple(too_wide))


def confirm(
    codes: ArrayLike,
    num: ArrayLike,
    den: ArrayLike,
    candidates: Sequence[Candidate],
    *,
    confidence: float = 0.95,
    order: int | None = None,
) -> list[Confirmed]:
    """Take candidates to people whom the search did not see: their effects, intervals and tests.

    Parameters
    ----------
    codes, num, den
        As in :func:`search`, of the people kept back.
    candidates
        What the search selected, and nothing else: the correction is for all of them.
    confidence
        Of the intervals; one less it is the level at which a crossing is confirmed.
    order
        As in :func:`search`.

    Returns
    -------
    list of Confirmed
        One a candidate, in their order. ``p`` is the larger of the p against everybody else and the p against the
        parents' prediction, both two-sided, and 1 where one of the two points the other way or is undefined;
        ``p_adjusted`` is corrected over all candidates (Holm).

    Raises
    ------
    UndefinedMetricError
        If counts are not counts, or shapes differ.

    Examples
    --------
    >>> codes = [[race, sex] for race in range(3) for sex in range(2)]
    >>> (made,) = confirm(codes, [300, 300, 300, 300, 300, 180], [500] * 6,
    ...                   [Candidate((0, 1), (2, 1), "lower", 0.36, -0.24, 1e-9)])
    >>> print(f"{made.gap:.2f} [{made.low:.2f}, {made.high:.2f}], predicted {made.prediction.rate:.2f}")
    -0.24 [-0.29, -0.19], predicted 0.60
    """
    codes, num, den = _checked(codes, num, den)
    if not candidates:
        return []
    inside = [_members(codes, candidate) for candidate in candidates]
    known = [(codes[:, list(candidate.attributes)] != UNKNOWN).all(axis=1) for candidate in candidates]
    counts = np.array(
        [
            [num[mask].sum(), den[mask].sum(), num[of & ~mask].sum(), den[of & ~mask].sum()]
            for mask, of in zip(inside, known, strict=True)
        ]
    )
    made = compare_many(*counts.T, how="difference", confidence=confidence)
    predictions = [
        _predicted(codes, num, den, candidate, confidence, order) if candidate.depth > 1 else None
        for candidate in candidates
    ]
    p = np.array(
        [
            _joint_p(candidate, float(gap), float(p_rest), prediction)
            for candidate, gap, p_rest, prediction in zip(candidates, made.value, made.p, predictions, strict=True)
        ]
    )
    adjusted = holm(p)
    confirmed = adjusted < 1 - confidence
    found = []
    for i, (candidate, prediction) in enumerate(zip(candidates, predictions, strict=True)):
        finer = [j for j, other in enumerate(candidates) if confirmed[j] and candidate.covers(other)]
        found.append(
            Confirmed(
                num=float(counts[i, 0]), den=float(counts[i, 1]),
                rest_num=float(counts[i, 2]), rest_den=float(counts[i, 3]),
                gap=float(made.value[i]), low=float(made.low[i]), high=float(made.high[i]),
                method=str(made.method[i]), test=str(made.test[i]), p_rest=float(made.p[i]), prediction=prediction,
                p=float(p[i]), p_adjusted=float(adjusted[i]),
                without_finer=_without(num, den, inside[i], [inside[j] for j in finer], counts[i], confidence),
            )
        )  # fmt: skip
    return found


# The search


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """One table looked through, [row]."""

    p: FloatArray
    side: NDArray[np.object_]
    gap: FloatArray
    small: NDArray[np.bool_]
    same: NDArray[np.bool_]


def _scan(table: Table, direction: Direction, minimum: float, order: int | None) -> _Scan | None:
    num, den = table.num, table.den
    rows, everybody, counted = len(den), den.sum(), num.sum()
    nothing = np.full(rows, np.nan)
    no = np.zeros(rows, dtype=bool)
    if rows < 2:
        return _Scan(nothing, np.full(rows, "lower", dtype=object), nothing, no, ~no)
    rest = everybody - den, counted - num
    small = (den < minimum) | (expected_counts(num, den, rest[1], rest[0]) < FEW_EXPECTED)
    if not (~small).any():
        return _Scan(nothing, np.full(rows, "lower", dtype=object), nothing, small, no)
    groups = parent_groups(table.codes, order)
    if int((groups.max(axis=1) + 1).sum()) > MOST_PARENTS:
        return None
    z_rest = hypergeometric_z(num, den, rest[1], rest[0]).statistic
    against = against_parents(table.codes, num, den, order=order)
    z = against.z
    if table.codes.shape[1] > 1:
        expected = np.minimum(den * against.rate, den * (1 - against.rate))
        with np.errstate(invalid="ignore"):
            small = small | (expected < FEW_EXPECTED)
    same = ~small & np.isnan(z)
    lower = np.maximum(scipy.special.ndtr(z_rest), scipy.special.ndtr(z))
    higher = np.maximum(scipy.special.ndtr(-z_rest), scipy.special.ndtr(-z))
    side = np.where(lower <= higher, "lower", "higher").astype(object)
    if direction == "both":
        p = np.minimum(1.0, 2 * np.minimum(lower, higher))
    else:
        p = lower if direction == "lower" else higher
        side[:] = direction
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = num / den - rest[1] / rest[0]
    return _Scan(np.where(small | same, np.nan, p), side, gap, small, same)


def _candidates(table: Table, scan: _Scan, chosen: NDArray[np.bool_]) -> list[Candidate]:
    return [
        Candidate(
            table.attributes,
            tuple(table.codes[row].tolist()),
            scan.side[row],
            float(table.num[row] / table.den[row]),
            float(scan.gap[row]),
            float(scan.p[row]),
        )
        for row in np.flatnonzero(chosen)
    ]


# The confirmation


def _members(codes: Codes, candidate: Candidate) -> NDArray[np.bool_]:
    return np.asarray((codes[:, list(candidate.attributes)] == np.array(candidate.levels)).all(axis=1))


def _predicted(
    codes: Codes, num: FloatArray, den: FloatArray, candidate: Candidate, confidence: float, order: int | None
) -> Prediction | None:
    table = crossed(codes, num, den, candidate.attributes)
    row = np.flatnonzero((table.codes == np.array(candidate.levels)).all(axis=1))
    if not len(row):
        return Prediction(*[float("nan")] * 5)
    return predict(table.codes, table.num, table.den, int(row[0]), confidence=confidence, order=order)


def _joint_p(candidate: Candidate, gap: float, p_rest: float, prediction: Prediction | None) -> float:
    sign = -1.0 if candidate.side == "lower" else 1.0
    if not sign * gap > 0:
        return 1.0
    if prediction is None:
        return p_rest
    with np.errstate(invalid="ignore", divide="ignore"):
        agrees = sign * np.log(prediction.odds_ratio) > 0
    return max(p_rest, prediction.p) if agrees else 1.0


def _without(
    num: FloatArray,
    den: FloatArray,
    inside: NDArray[np.bool_],
    finer: Sequence[NDArray[np.bool_]],
    counts: FloatArray,
    confidence: float,
) -> Gap | None:
    """Return the gap of a crossing to the same rest when people of finer confirmed ones are taken out of it."""
    if not finer:
        return None
    kept = inside & ~np.logical_or.reduce(finer)
    made = compare_many(
        np.array([num[kept].sum()]), np.array([den[kept].sum()]), counts[2:3], counts[3:4], how="difference",
        confidence=confidence,
    )  # fmt: skip
    return Gap(float(made.value[0]), float(made.low[0]), float(made.high[0]))


def _checked(codes: ArrayLike, num: ArrayLike, den: ArrayLike) -> tuple[Codes, FloatArray, FloatArray]:
    levels = np.asarray(codes, dtype=np.int64)
    num, den = check_counts(num, den, ("num", "den"))
    if levels.ndim != 2 or num.shape != (len(levels),) or levels.shape[1] < 1:
        message = (
            f"A search takes levels [cell, attribute] and counts [cell], got the shapes {levels.shape} and {num.shape}."
        )
        raise UndefinedMetricError(message)
    return levels, num, den
