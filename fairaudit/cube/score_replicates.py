"""Replicate counts of people in clusters by score: what a variance of an AUC, a mean or a curve needs.

Bins are as wide as a power of two, 2^level, counted from 0. Such grids nest: whatever two files counted alone has
its place in the coarser grid of both, so blocks merge by ``+`` in any order to what all rows would have given. The
level is the finest that keeps the block small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError
from .blocks import Mesh
from .confusion import ScoreTable, Tally
from .replicates import REPLICATES, Hashes, Ints, gather

CLUSTERED_SCORES = "clustered_scores"
"""The kind and the name of the block."""
MOST_ENTRIES = 8_192
"""Sums of one cell, bin and outcome that are kept, each in 256 replicates: 17 MB."""
MOST_SPAN = 4_096
"""Bins between the lowest and the highest score."""
FINEST, COARSEST = -40, 1_000
"""Bins of 2^-40, about 10^-12, at the least; at the coarsest scores are told apart by their sign alone."""
_WHOLE = 2.0**53
_MOST_SUM = 2.0**62
STEP = 1e-3
"""How far a replicate moves the weights: by so much of doubling or dropping each cluster."""
_OUTCOMES = 3


def level_of(low: float, high: float) -> int:
    """Return the finest level at which scores from low to high need no more than ``MOST_SPAN`` bins.

    Examples
    --------
    >>> level_of(300.0, 850.0), level_of(0.0, 1.0)
    (-2, -11)
    """
    level = FINEST
    while level < COARSEST:
        ends = [score_code(np.array([score]), level) for score in (low, high)]
        if max(abs(float(end[0])) for end in ends) < _WHOLE and ends[1][0] - ends[0][0] < MOST_SPAN:
            return level
        level += 1
    return level


def score_code(scores: NDArray[np.float64], level: int) -> NDArray[np.float64]:
    """Return the bin of each score as whole numbers that may be too large for 64 bits.

    Examples
    --------
    >>> score_code(np.array([600.0, 600.3, -0.1]), -2).tolist()
    [2400.0, 2401.0, -1.0]
    """
    return np.asarray(np.floor(np.ldexp(scores, -level)))


def _coarser(codes: Ints, steps: int) -> Ints:
    return codes >> min(steps, 62)


def _settled(level: int, places: Ints) -> tuple[int, Ints, Ints]:
    """Return the first level at which the entries are few enough, their places, and each old entry's new one."""
    while True:
        distinct, inverse = np.unique(places, axis=0, return_inverse=True)
        codes = distinct[:, 1]
        wide = len(codes) and codes.max() - codes.min() >= MOST_SPAN
        if level >= COARSEST or not (wide or (len(distinct) > MOST_ENTRIES and not {*codes.tolist()} <= {-1, 0})):
            return level, distinct, inverse.reshape(-1)
        level, places = level + 1, np.stack([places[:, 0], _coarser(places[:, 1], 1), places[:, 2]], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReplicates:
    """Replicate counts of scored people.

    ``places`` is [entry, 3]: cell, bin and outcome (good, bad, unobserved), in order. ``sums`` is
    [entry, 1 + replicate]: all people (or their weights, in the cube's units), and those of the clusters that count
    in each replicate, once.
    """

    level: int
    cells: int
    places: Ints
    sums: Ints

    def __post_init__(self) -> None:
        self.places.flags.writeable = False
        self.sums.flags.writeable = False

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise a CubeError where the block has other cells than the counts."""
        if self.cells != shape[0]:
            message = f"The block '{name}' has {self.cells} cells, but the counts have {shape[0]}."
            raise CubeError(message)

    def collapsed(self, inverse: Ints, shape: tuple[int, ...]) -> ScoreReplicates:
        """Return the block over fewer cells: old cell i goes to cell ``inverse[i]``."""
        return self._moved(inverse, shape[0])

    def _moved(self, cell: Ints, cells: int) -> ScoreReplicates:
        places = np.stack([cell[self.places[:, 0]], self.places[:, 1], self.places[:, 2]], axis=1)
        return _added(self.level, cells, places, self.sums)

    def merged(
        self, other: ScoreReplicates, places: Sequence[Mesh], shape: tuple[int, ...], name: str
    ) -> ScoreReplicates:
        """Return the block of both cubes, at the level of the coarser one or above.

        Raises
        ------
        CubeError
            If sums of weights do not fit 64 bits.
        """
        level = max(self.level, other.level)
        kept, sums = [], []
        for part, mesh in zip((self, other), places, strict=True):
            cell = mesh[0].reshape(-1)[part.places[:, 0]]
            code = _coarser(part.places[:, 1], level - part.level)
            kept.append(np.stack([cell, code, part.places[:, 2]], axis=1))
            sums.append(part.sums)
        if sum(float(part.sum(axis=0, dtype=np.float64).max(initial=0)) for part in sums) > _MOST_SUM:
            message = f"The sums of '{name}' in both cubes together do not fit 64-bit whole numbers."
            raise CubeError(message)
        return _added(level, shape[0], np.concatenate(kept), np.concatenate(sums))

    def suppressed(self, small: NDArray[np.bool_], bins: Ints) -> None:
        """Return None: as with the replicates of decisions, whoever knows a cluster could look for it."""

    def digest_parts(self) -> Iterator[bytes]:
        """Yield level, places and sums."""
        yield f"{self.level}/{self.cells}".encode()
        for array in (self.places, self.sums):
            yield np.ascontiguousarray(array, dtype="<i8").tobytes()

    def to_plain(self) -> dict[str, Any]:
        """Return the block as JSON can hold it: a line of numbers for each entry."""
        return {
            "kind": CLUSTERED_SCORES,
            "level": self.level,
            "cells": self.cells,
            "replicates": self.sums.shape[1] - 1,
            "places": [" ".join(map(str, row)) for row in self.places.tolist()],
            "sums": [" ".join(map(str, row)) for row in self.sums.tolist()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ScoreReplicates:
        """Return the block that :meth:`to_plain` wrote, checking its shape.

        Raises
        ------
        CubeError
            If something is missing, no number, or outside the cells.
        """
        try:
            level, cells = int(plain["level"]), int(plain["cells"])
            places = np.array([line.split() for line in plain["places"]], dtype=np.int64).reshape(-1, 3)
            sums = np.array([line.split() for line in plain["sums"]], dtype=np.int64).reshape(-1, 1 + REPLICATES)
            if (
                plain["replicates"] != REPLICATES
                or len(places) != len(sums)
                or len(places) > max(MOST_ENTRIES, 2 * _OUTCOMES * cells)
                or not FINEST <= level <= COARSEST
                or (sums < 0).any()
                or (sums[:, 1:] > sums[:, :1]).any()
                or not ((places[:, 0] >= 0) & (places[:, 0] < cells)).all()
                or not ((places[:, 2] >= 0) & (places[:, 2] < _OUTCOMES)).all()
                or not np.array_equal(places, np.unique(places, axis=0))
                or (len(places) and np.ptp(places[:, 1]) >= MOST_SPAN)
            ):
                raise ValueError
            return cls(level, cells, places, sums)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            message = "the replicate counts of its clusters by score are damaged"
            raise CubeError(message) from None

    def of(self, *, higher_is_better: bool, scale: int = 1) -> ScoreReplicated:
        """Return the replicates as score tables, bins from the worst score to the best.

        Parameters
        ----------
        higher_is_better
            The direction of the score.
        scale
            Units of one weight.
        """
        codes = np.unique(self.places[:, 1])
        place = np.searchsorted(codes, self.places[:, 1])
        if not higher_is_better:
            codes, place = codes[::-1], len(codes) - 1 - place
        return ScoreReplicated(self, codes, place, higher_is_better, float(scale))


@dataclass(frozen=True, slots=True, eq=False)
class ScoreReplicated:
    """Replicate score tables, made group by group as they are asked for."""

    block: ScoreReplicates
    codes: Ints
    """The occupied bins, from the worst score to the best."""
    _place: Ints
    higher_is_better: bool
    _scale: float

    @property
    def scores(self) -> NDArray[np.float64]:
        """The middle of each bin."""
        return np.asarray(np.ldexp(self.codes + 0.5, self.block.level))

    def pooled(self, groups: Sequence[int], *, step: float = STEP) -> tuple[ScoreTable, ScoreTable]:
        """Return several groups as one, without the group axis: everybody, and each replicate a step away.

        The tables are [bin, outcome] and [replicate, bin, outcome]. With a step of 1 a cluster counts twice or not
        at all; a small step that way keeps what is smooth straight.
        """
        some = np.isin(self.block.places[:, 0], list(groups))
        counts = np.zeros((len(self.codes), _OUTCOMES, self.block.sums.shape[1]))
        np.add.at(counts, (self._place[some], self.block.places[some, 2]), self.block.sums[some] / self._scale)
        whole, drawn = counts[..., 0], np.moveaxis(counts[..., 1:], -1, 0)
        return self._table(whole), self._table(whole + step * (2 * drawn - whole))

    def position(self, people: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return after how many bins, with a part of the next, so many people of all groups have worse scores."""
        by_bin = np.zeros(len(self.codes))
        np.add.at(by_bin, self._place, self.block.sums[:, 0] / self._scale)
        reached = np.concatenate([[0.0], np.cumsum(by_bin)])
        return np.asarray(np.interp(people, reached, np.arange(len(reached))))

    def _table(self, counts: NDArray[np.float64]) -> ScoreTable:
        scores = self.scores
        return ScoreTable(Tally.of(counts), scores, scores**2, self.higher_is_better)


def _added(level: int, cells: int, places: Ints, sums: Ints) -> ScoreReplicates:
    level, distinct, inverse = _settled(level, places)
    total = np.zeros((len(distinct), sums.shape[1]), dtype=np.int64)
    np.add.at(total, inverse, sums)
    return ScoreReplicates(level, cells, distinct, total)


def replicate_scores(
    level: int, cells: int, cell: Ints, code: Ints, outcome: Ints, people: Ints, hashes: Hashes
) -> ScoreReplicates:
    """Return the block of scored rows.

    Parameters
    ----------
    level
        Of the codes.
    cells
        How many cells there are.
    cell, code, outcome
        Each row's cell, the bin of its score, and its outcome: 0 good, 1 bad, 2 unobserved.
    people
        People of each row, or their weights in whole units.
    hashes
        The hash of each row's cluster.
    """
    rows = np.stack([cell, code, outcome], axis=1).astype(np.int64).reshape(-1, 3)
    level, places, inverse = _settled(level, rows)
    whole = np.zeros((len(places), 1), dtype=np.int64)
    np.add.at(whole[:, 0], inverse, people)
    return ScoreReplicates(
        level, cells, places, np.concatenate([whole, gather(inverse, len(places), people, hashes)], axis=1)
    )


def codes_of(scores: Sequence[float | None] | NDArray[np.float64], level: int) -> Ints:
    """Return the bin of each distinct score; 0 where there is none."""
    known = np.array([score if score is not None and math.isfinite(score) else 0.0 for score in scores])
    code = score_code(known, level)
    return np.where(np.abs(code) < _WHOLE, code, 0.0).astype(np.int64)
