"""What the counts of a cube are over: cells of people, score bins, decisions, outcomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, listed
from ..schema.labels import MISSING
from ..schema.roles import Closed, DecisionKind, HigherIs

OBSERVED = ("good", "bad")
MOST_DISTINCT = 1_024
"""Up to this many distinct scores each has a bin of its own."""
GRID_BINS = 1_000
"""Bins of equal people that a score of more distinct values is cut into."""
MOST_ENTRIES = 50_000_000
MOST_DIGITS = 10_000_000
"""Up to so many conceivable combinations are told apart by a table of them all."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One attribute, stratum, control or period, and its levels in the order they are shown.

    Examples
    --------
    >>> Dimension("sex", "attribute", ("Female", "Male")).levels
    ('Female', 'Male')
    """

    name: str
    role: Literal["attribute", "stratum", "control", "period"]
    levels: tuple[str, ...]
    edges: tuple[float, ...] = ()
    closed: Closed = "left"

    def __add__(self, other: Dimension) -> Dimension:
        """Return the dimension with the levels of both."""
        if (self.name, self.role, self.edges, self.closed) != (other.name, other.role, other.edges, other.closed):
            message = (
                f"Cubes differ in a dimension: '{self.name}' ({self.role}, bands {list(self.edges)}) and "
                f"'{other.name}' ({other.role}, bands {list(other.edges)}). Count both with the same schema."
            )
            raise CubeError(message)
        if self.levels == other.levels:
            return self
        levels = (
            tuple(dict.fromkeys((*self.levels, *other.levels)))
            if self.edges
            else order_levels({*self.levels, *other.levels})
        )
        return Dimension(self.name, self.role, levels, self.edges, self.closed)


def order_levels(levels: set[str] | Sequence[str]) -> tuple[str, ...]:
    """Return levels in the order they are shown: numbers by size, then text, (missing) last.

    Examples
    --------
    >>> order_levels({"10", "9", "(missing)", "b"})
    ('9', '10', 'b', '(missing)')
    """

    def key(level: str) -> tuple[int, float, str]:
        if level == MISSING:
            return (2, 0.0, level)
        try:
            value = float(level)
        except ValueError:
            return (1, 0.0, level)
        return (0, value, level) if math.isfinite(value) else (1, 0.0, level)

    return tuple(sorted(levels, key=key))


@dataclass(frozen=True, slots=True)
class DecisionLevel:
    """A recorded decision's label and what it means for the person."""

    label: str
    kind: DecisionKind


@dataclass(frozen=True, slots=True, eq=False)
class ScoreAxis:
    """The bins of the score, from low to high; the last one holds the unscored, if there are any.

    Either ``values`` (exact: one bin a distinct score) or ``edges`` (gridded: k inner edges make k + 1
    bins, each closed on its favorable side, so that an edge can be a cut-off).
    """

    higher_is: HigherIs
    values: NDArray[np.float64] | None
    edges: NDArray[np.float64] | None
    low: float
    high: float
    unscored: bool = False

    def __post_init__(self) -> None:
        for array in (self.values, self.edges):
            if array is not None:
                array.flags.writeable = False

    @property
    def exact(self) -> bool:
        """True where each distinct score has its own bin."""
        return self.values is not None

    @property
    def scored_bins(self) -> int:
        """Number of bins that hold a score."""
        if self.values is not None:
            return len(self.values)
        assert self.edges is not None  # noqa: S101 - one of the two is always set
        return len(self.edges) + 1

    @property
    def bins(self) -> int:
        """Number of bins, the one of the unscored included."""
        return self.scored_bins + self.unscored

    def bin_of(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the bin of each score; NaN is unscored."""
        if self.values is not None:
            index = np.searchsorted(self.values, scores)
        else:
            assert self.edges is not None  # noqa: S101
            side: Literal["left", "right"] = "right" if self.higher_is == "better" else "left"
            index = np.searchsorted(self.edges, scores, side=side)
        return np.where(np.isnan(scores), self.scored_bins, index).astype(np.int64)

    def first_above(self, cutoff: float) -> int:
        """Return the number of bins on the lower side of a cut-off.

        Raises
        ------
        CubeError
            If the cut-off lies outside the scores, or is not an edge of a gridded score.
        """
        if not self.low <= cutoff <= self.high:
            message = (
                f"cutoff must lie inside the score range [{self.low:g}, {self.high:g}], got {cutoff:g}: "
                "outside it everybody is on one side."
            )
            raise CubeError(message)
        side: Literal["left", "right"] = "left" if self.higher_is == "better" else "right"
        if self.values is not None:
            return int(np.searchsorted(self.values, cutoff, side=side))
        assert self.edges is not None  # noqa: S101
        at = int(np.searchsorted(self.edges, cutoff))
        if at < len(self.edges) and self.edges[at] == cutoff:
            return at + 1
        near = self.edges[max(at - 1, 0) : at + 1]
        message = (
            f"cutoff {cutoff:g} is not an edge of the binned score; the nearest edges are "
            f"{' and '.join(f'{edge:.10g}' for edge in near)}. Give the cut-off when counting, or use an edge."
        )
        raise CubeError(message)

    def cutoffs(self) -> NDArray[np.float64]:
        """Return every cut-off that the bins can answer, from low to high."""
        if self.values is not None:
            return self.values
        assert self.edges is not None  # noqa: S101
        inside = (self.edges >= self.low) & (self.edges <= self.high)
        # The far side of a cut-off's own bin is no cut-off that anybody means.
        if self.higher_is == "better":
            inside[1:] &= self.edges[1:] != np.nextafter(self.edges[:-1], np.inf)
        else:
            inside[:-1] &= self.edges[:-1] != np.nextafter(self.edges[1:], -np.inf)
        return np.asarray(self.edges[inside])

    def favorable_text(self, cutoff: float) -> str:
        """Return the decision rule in words."""
        return f"score {'>=' if self.higher_is == 'better' else '<='} {cutoff:.10g}"

    def __add__(self, other: ScoreAxis) -> ScoreAxis:
        """Return the axis that holds the bins of both; exact axes take the union of their scores."""
        if self.higher_is != other.higher_is:
            message = f"Cubes differ in direction: higher is {self.higher_is} in one, {other.higher_is} in the other."
            raise CubeError(message)
        low, high = min(self.low, other.low), max(self.high, other.high)
        unscored = self.unscored or other.unscored
        if self.values is not None and other.values is not None:
            values = np.union1d(self.values, other.values)
            return ScoreAxis(self.higher_is, values, None, low, high, unscored)
        if self.edges is not None and other.edges is not None and np.array_equal(self.edges, other.edges):
            return ScoreAxis(self.higher_is, None, self.edges, low, high, unscored)
        message = (
            "Cubes differ in the bins of the score. Count both with the same edges=[...] (and the same "
            f"cut-offs); scores of up to {MOST_DISTINCT} distinct values need no edges. Published cubes: merge with "
            "common_edges=True (command line: --common-edges)."
        )
        raise CubeError(message)

    def map_into(self, other: ScoreAxis) -> NDArray[np.int64]:
        """Return, for each bin here, its place in an axis that holds them all."""
        if self.values is not None and other.values is not None:
            index = np.searchsorted(other.values, self.values)
        else:
            index = np.arange(self.scored_bins)
        return np.append(index, other.scored_bins) if self.unscored else index


def distinct_cells(codes: NDArray[np.integer], lengths: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the combinations that occur, in order, and for each row the number of its combination.

    One number a row, with the levels as its digits, sorts many times faster than rows of codes.

    Parameters
    ----------
    codes
        Level numbers [row, dimension].
    lengths
        Number of levels of each dimension.

    Examples
    --------
    >>> cells, cell = distinct_cells(np.array([[1, 0], [0, 1], [1, 0]]), [2, 2])
    >>> cells.tolist(), cell.tolist()
    ([[0, 1], [1, 0]], [1, 0, 1])
    """
    if not lengths or math.prod(lengths) > MOST_DIGITS:
        cells, cell = np.unique(codes, axis=0, return_inverse=True)
        return cells.astype(np.int32), cell.reshape(-1).astype(np.int64)
    key = np.ravel_multi_index(tuple(codes.T), tuple(lengths))
    present = np.zeros(math.prod(lengths), dtype=bool)
    present[key] = True
    occurring = np.flatnonzero(present)
    place = np.empty(len(present), dtype=np.int64)
    place[occurring] = np.arange(len(occurring))
    return np.stack(np.unravel_index(occurring, tuple(lengths)), axis=1).astype(np.int32), place[key]


def distinct_rows(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct rows, the number of the first row of each, and for each row the number of its like."""
    order = np.lexsort(keys.T[::-1])
    ordered = keys[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    alike = np.empty(len(keys), dtype=np.int64)
    alike[order] = np.cumsum(new) - 1
    first = order[new]
    return keys[first], first, alike


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """The four axes of a cube: cells, bins, decisions, outcomes.

    ``cells`` holds, for each observed combination, the index of its level in each dimension.
    ``decisions`` and ``outcomes`` are empty where nothing was recorded; then that axis has length 1.
    ``outcomes`` is good, bad, and one entry for each reason an outcome is unobserved.
    """

    dimensions: tuple[Dimension, ...]
    cells: NDArray[np.int32]
    score: ScoreAxis | None
    decisions: tuple[DecisionLevel, ...]
    outcomes: tuple[str, ...]

    def __post_init__(self) -> None:
        self.cells.flags.writeable = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """People axes: cell, bin, decision, outcome."""
        bins = self.score.bins if self.score else 1
        return (len(self.cells), bins, max(1, len(self.decisions)), max(1, len(self.outcomes)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the dimensions."""
        return tuple(dimension.name for dimension in self.dimensions)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes, without strata and period."""
        return tuple(d.name for d in self.dimensions if d.role == "attribute")

    def dimension(self, name: str) -> Dimension:
        """Return one dimension by name."""
        for dimension in self.dimensions:
            if dimension.name == name:
                return dimension
        message = f"'{name}' is not counted in this cube; it has {listed(self.names) or 'no groups'}."
        raise CubeError(message)

    def cell_levels(self) -> list[tuple[str, ...]]:
        """Return the levels of each cell, one a dimension."""
        return [
            tuple(d.levels[code] for d, code in zip(self.dimensions, row, strict=True)) for row in self.cells.tolist()
        ]

    def check_size(self) -> None:
        """Raise a CubeError that names the widest axis if the cube would be too large to hold."""
        if math.prod(self.shape) <= MOST_ENTRIES:
            return
        widest = max(self.dimensions, key=lambda d: len(d.levels), default=None)
        blame = f"'{widest.name}' has {len(widest.levels):,} levels" if widest else "the score has too many bins"
        message = (
            f"The cube would have {math.prod(self.shape):,} entries ({len(self.cells):,} cells x "
            f"{self.shape[1]:,} bins x {self.shape[2]} decisions x {self.shape[3]} outcomes), more than "
            f"{MOST_ENTRIES:,}: {blame}. "
            "Cut it into bands, leave it out, or give fewer edges."
        )
        raise CubeError(message)
