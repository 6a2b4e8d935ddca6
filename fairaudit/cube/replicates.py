"""Replicate counts of people in clusters: what a variance needs when people do not come one by one.

In each replicate every cluster (a household, a repeat applicant) counts twice or not at all. Which, is told by a
hash of its label: the same household gets the same weights in every file and engine, so replicates of cubes merge
by ``+`` as counts do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, listed
from .confusion import Confusion, Tally

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

REPLICATES = 256
"""The variance has a relative error of sqrt(2/256) = 9% at most, as 256 degrees of freedom have."""
KEPT = 256
"""So many of the smallest hashes are kept a cell: up to here clusters are counted exactly, beyond it to 6%."""
EVERYBODY, RECORDED = "everybody", "recorded"
_KEY = b"fairaudit clusters 1"
_NOBODY = np.iinfo(np.int64).max
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
CHUNK_ROWS = 8_192


def rule_name(cutoff: float | None) -> str:
    """Return what a decision rule is called in a block: recorded decisions, or the cut-off itself.

    Examples
    --------
    >>> rule_name(None), rule_name(620)
    ('recorded', '620.0')
    """
    return RECORDED if cutoff is None else repr(float(cutoff))


def hash_labels(labels: Sequence[str]) -> Hashes:
    """Return one 64-bit hash a label, the same on every machine.

    Examples
    --------
    >>> first, second, again = hash_labels(["17", "18", "17"]).tolist()
    >>> first == again != second
    True
    """
    made = b"".join(hashlib.blake2b(text.encode(), digest_size=8, key=_KEY).digest() for text in labels)
    return np.frombuffer(made, dtype="<u8").astype(np.uint64)


def counted_in(hashes: Hashes, replicates: int = REPLICATES) -> NDArray[np.bool_]:
    """Return in which replicates each cluster counts (twice): [cluster, replicate], half of them on average.

    Examples
    --------
    >>> drawn = counted_in(hash_labels([str(i) for i in range(1_000)]))
    >>> drawn.shape, bool(abs(drawn.mean() - 0.5) < 0.01)
    ((1000, 256), True)
    """
    words = np.arange(1, replicates // 64 + 1, dtype=np.uint64) * _GOLDEN
    mixed = hashes[:, None] + words  # splitmix64, which passes the usual tests of randomness
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return np.unpackbits(mixed.astype("<u8").view(np.uint8), axis=1, bitorder="little").astype(bool)


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """Replicate confusion counts and the clusters of each cell.

    ``sums`` is [cell, rule, decision, outcome, replicate]: the people (or their weights, in the cube's units) of
    the clusters that count in the replicate, once. ``smallest`` is [cell, KEPT]: the smallest hashes of the
    clusters there, by which they are counted; every cluster is counted once however many cells it lies in.
    """

    rules: tuple[str, ...]
    sums: Ints
    smallest: Ints

    def __post_init__(self) -> None:
        self.sums.flags.writeable = False
        self.smallest.flags.writeable = False

    @property
    def replicates(self) -> int:
        """How many replicates there are."""
        return int(self.sums.shape[-1])

    @property
    def clusters(self) -> NDArray[np.float64]:
        """How many clusters lie in each cell: exact up to ``KEPT``, an estimate beyond."""
        return count_distinct(self.smallest)

    def collapsed(self, inverse: Ints, cells: int) -> Replicates:
        """Return the block over fewer cells: old cell i goes to cell ``inverse[i]``."""
        sums = np.zeros((cells, *self.sums.shape[1:]), dtype=np.int64)
        np.add.at(sums, inverse, self.sums)
        smallest = np.full((cells, self.smallest.shape[1]), _NOBODY, dtype=np.int64)
        for cell in range(cells):
            smallest[cell] = _smallest(self.smallest[inverse == cell].reshape(-1), self.smallest.shape[1])
        return Replicates(self.rules, sums, smallest)

    def cleared(self, hidden: NDArray[np.bool_]) -> Replicates:
        """Return the block without the replicates and clusters of some cells."""
        sums, smallest = self.sums.copy(), self.smallest.copy()
        sums[hidden], smallest[hidden] = 0, _NOBODY
        return Replicates(self.rules, sums, smallest)

    def to_bytes(self) -> bytes:
        """Return what the digest of the cube is made of."""
        arrays = (np.ascontiguousarray(array, dtype="<i8").tobytes() for array in (self.sums, self.smallest))
        return b"".join(["/".join(self.rules).encode(), *arrays])

    def to_plain(self) -> dict[str, Any]:
        """Return the block as JSON can hold it: a line of numbers for each entry, and for each cell's hashes."""
        places = np.nonzero(self.sums.any(axis=-1))
        names = ("cell", "rule", "decision", "outcome")
        return {
            "rules": list(self.rules),
            "replicates": self.replicates,
            **{name: place.tolist() for name, place in zip(names, places, strict=True)},
            "sums": [" ".join(map(str, row)) for row in self.sums[places].tolist()],
            "clusters": [" ".join(str(h) for h in row if h != _NOBODY) for row in self.smallest.tolist()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], cells: int) -> Replicates:
        """Return the block that :meth:`to_plain` wrote, checking its shape.

        Raises
        ------
        CubeError
            If something is missing, no number, or outside the cells.
        """
        try:
            rules = tuple(str(rule) for rule in plain["rules"])
            sums = np.zeros((cells, len(rules), 2, 3, REPLICATES), dtype=np.int64)
            places = [np.array(plain[name], dtype=np.int64) for name in ("cell", "rule", "decision", "outcome")]
            rows = np.array([line.split() for line in plain["sums"]], dtype=np.int64).reshape(-1, REPLICATES)
            if plain["replicates"] != REPLICATES or (rows < 0).any() or any((place < 0).any() for place in places):
                raise ValueError
            sums[tuple(places)] = rows
            if len(plain["clusters"]) != cells:
                raise ValueError
            hashes = [np.array(line.split(), dtype=np.int64) for line in plain["clusters"]]
            smallest = np.stack([_smallest(row, KEPT) for row in hashes])
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            message = "the replicate counts of its clusters are damaged."
            raise CubeError(message) from None
        return cls(rules, sums, smallest)

    def __add__(self, other: Replicates) -> Replicates:
        """Return the block of both sets of people, counted over the same cells; rules that only one has are lost."""
        if self.sums.shape[-1] != other.sums.shape[-1] or len(self.sums) != len(other.sums):
            message = "Replicates of different numbers of cells or replicates cannot be added."
            raise CubeError(message)
        rules = tuple(rule for rule in self.rules if rule in other.rules)
        mine, theirs = ([part.rules.index(rule) for rule in rules] for part in (self, other))
        smallest = np.stack(
            [
                _smallest(np.concatenate(pair), self.smallest.shape[1])
                for pair in zip(self.smallest, other.smallest, strict=True)
            ]
        )
        return Replicates(rules, self.sums[:, mine] + other.sums[:, theirs], smallest)

    def of(self, rule: str, scale: int = 1) -> Replicated:
        """Return the replicates of one decision rule.

        Parameters
        ----------
        rule
            ``everybody``, or what :func:`rule_name` makes of a cut-off.
        scale
            Units of one weight.

        Raises
        ------
        CubeError
            If the rule was not declared while counting.
        """
        if rule not in self.rules:
            message = f"The decision rule '{rule}' was not counted by cluster; these were: {listed(self.rules)}."
            raise CubeError(message)
        sums = self.sums[:, self.rules.index(rule)].astype(np.float64) * (2 / scale)
        return Replicated(Confusion(Tally.of(np.moveaxis(sums, -1, 0))), self.smallest)


@dataclass(frozen=True, slots=True, eq=False)
class Replicated:
    """One decision rule's replicate confusions [replicate, group, decision, outcome], and the groups' clusters."""

    confusion: Confusion
    smallest: Ints

    @property
    def clusters(self) -> NDArray[np.float64]:
        """How many clusters lie in each group."""
        return count_distinct(self.smallest)

    def __getitem__(self, group: Sequence[int]) -> Replicated:
        return Replicated(self.confusion[list(group)], self.smallest[list(group)])

    def pooled(self, groups: Sequence[int]) -> Replicated:
        """Return several groups as one, without the group axis."""
        one = _smallest(self.smallest[list(groups)].reshape(-1), self.smallest.shape[1])
        return Replicated(self.confusion.pooled(groups), one)

    @classmethod
    def stacked(cls, parts: Sequence[Replicated]) -> Replicated:
        """Return parts of one group each along a new group axis."""
        return cls(Confusion.stacked([part.confusion for part in parts]), np.stack([part.smallest for part in parts]))


def _smallest(hashes: Ints, kept: int) -> Ints:
    """Return the so many smallest distinct hashes, filled up at the end."""
    some = np.unique(hashes)[:kept]
    return np.concatenate([some, np.full(kept - len(some), _NOBODY, dtype=np.int64)])


def count_distinct(smallest: Ints) -> NDArray[np.float64]:
    """Return how many distinct hashes there are, from the smallest of them.

    Notes
    -----
    Source: Bar-Yossef et al. (2002), RANDOM 2002; Beyer et al. (2007), SIGMOD, the unbiased (k - 1)/u_k.

    Examples
    --------
    >>> float(count_distinct(np.array([5, 9, np.iinfo(np.int64).max])))
    2.0
    """
    here = smallest != _NOBODY
    few = here.sum(axis=-1).astype(np.float64)
    kept = smallest.shape[-1]
    largest = smallest[..., -1].astype(np.float64) / 2.0**63
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(here.all(axis=-1), np.round((kept - 1) / largest), few))


def replicate(
    rules: tuple[str, ...],
    cells: int,
    entries: Sequence[tuple[NDArray[np.bool_], Ints]],
    cell: Ints,
    outcome: Ints,
    people: Ints,
    hashes: Hashes,
) -> Replicates:
    """Return the block of rows.

    Parameters
    ----------
    rules
        Names of the decision rules.
    cells
        How many cells there are.
    entries
        For each rule: which rows it decides on, and each row's decision (0 favorable, 1 not).
    cell, outcome
        Each row's cell, and its outcome: 0 good, 1 bad, 2 unobserved.
    people
        People of each row, or their weights in whole units.
    hashes
        The hash of each row's cluster.
    """
    # Rows that are alike for every rule are added up once; there are few sorts of them.
    code = cell * 3 + outcome
    for decided, decision in entries:
        code = code * 3 + np.where(decided, decision, 2)
    kinds, first, kind = np.unique(code, return_index=True, return_inverse=True)
    gathered = np.zeros((len(kinds), REPLICATES), dtype=np.int64)
    order = np.argsort(kind, kind="stable")
    for start in range(0, len(order), CHUNK_ROWS):
        rows = order[start : start + CHUNK_ROWS]
        drawn = counted_in(hashes[rows]) * people[rows][:, None]
        here, begins = np.unique(kind[rows], return_index=True)
        gathered[here] += np.add.reduceat(drawn, begins, axis=0)
    sums = np.zeros((cells, len(rules), 2, 3, REPLICATES), dtype=np.int64)
    for place, (decided, decision) in enumerate(entries):
        some = np.flatnonzero(decided[first])
        rows = first[some]
        np.add.at(sums, (cell[rows], place, decision[rows], outcome[rows]), gathered[some])
    halves = (hashes >> np.uint64(1)).astype(np.int64)
    here = people > 0
    smallest = np.stack([_smallest(halves[here & (cell == i)], KEPT) for i in range(cells)])
    return Replicates(rules, sums, smallest)
