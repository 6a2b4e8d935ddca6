"""Replicate counts of people in clusters: what a variance needs when people do not come one by one.

In each replicate every cluster (a household, a repeat applicant) counts twice or not at all. Which, is told by a
hash of its label: the same household gets the same weights in every file and engine, so replicates of cubes merge
by ``+`` as counts do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, listed
from .blocks import Mesh
from .confusion import Confusion, Tally

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

REPLICATES = 256
"""The variance has a relative error of sqrt(2/256) = 9% at most, as 256 degrees of freedom have."""
KEPT = 256
"""So many of the smallest hashes are kept a cell: up to here clusters are counted exactly, beyond it to 6%."""
CLUSTERS = "clusters"
"""The kind and the name of the block."""
EVERYBODY, RECORDED = "everybody", "recorded"
_KEY = b"fairaudit clusters 1"
_NOBODY = np.iinfo(np.int64).max
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
CHUNK_ROWS = 8_192
_INDICES = ("cell", "rule", "decision", "outcome")
_MOST_ENTRIES = 30_000
_MOST_SUM = 2.0**62


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

    @property
    def distinct(self) -> float:
        """How many clusters there are in all, as exact."""
        return float(count_distinct(_smallest(self.smallest.reshape(-1))))

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise a CubeError where the block has other cells than the counts."""
        if {len(self.sums), len(self.smallest)} != {shape[0]}:
            message = f"The block '{name}' has {len(self.sums)} cells, but the counts have {shape[0]}."
            raise CubeError(message)

    def collapsed(self, inverse: Ints, shape: tuple[int, ...]) -> Replicates:
        """Return the block over fewer cells: old cell i goes to cell ``inverse[i]``."""
        return self._moved(inverse, shape[0])

    def _moved(self, places: Ints, cells: int) -> Replicates:
        sums = np.zeros((cells, *self.sums.shape[1:]), dtype=np.int64)
        np.add.at(sums, places, self.sums)
        smallest = np.stack([_smallest(self.smallest[places == cell].reshape(-1)) for cell in range(cells)])
        return Replicates(self.rules, sums, smallest)

    def merged(self, other: Replicates, places: Sequence[Mesh], shape: tuple[int, ...], name: str) -> Replicates:
        """Return the block of both cubes; decision rules that only one of them counted are left out.

        Raises
        ------
        CubeError
            If sums of weights do not fit 64 bits.
        """
        one, two = (
            part._moved(mesh[0].reshape(-1), shape[0])  # noqa: SLF001 - another block of this kind
            for part, mesh in zip((self, other), places, strict=True)
        )
        rules = tuple(rule for rule in one.rules if rule in two.rules)
        mine, theirs = (part.sums[:, [part.rules.index(rule) for rule in rules]] for part in (one, two))
        if float(mine.max(initial=0)) + float(theirs.max(initial=0)) > _MOST_SUM:
            message = f"The sums of '{name}' in both cubes together do not fit 64-bit whole numbers."
            raise CubeError(message)
        both = zip(one.smallest, two.smallest, strict=True)
        return Replicates(rules, mine + theirs, np.stack([_smallest(np.concatenate(pair)) for pair in both]))

    def suppressed(self, small: NDArray[np.bool_], bins: Ints) -> None:
        """Return None: whoever knows the label of a cluster could look for it in the sums, in any cell."""

    def digest_parts(self) -> Iterator[bytes]:
        """Yield rules, sums and hashes."""
        yield "/".join(self.rules).encode()
        for array in (self.sums, self.smallest):
            yield np.ascontiguousarray(array, dtype="<i8").tobytes()

    def to_plain(self) -> dict[str, Any]:
        """Return the block as JSON can hold it: a line of numbers for each entry, and for each cell's hashes."""
        places = np.nonzero(self.sums.any(axis=-1))
        return {
            "kind": CLUSTERS,
            "rules": list(self.rules),
            "replicates": self.replicates,
            **{name: place.tolist() for name, place in zip(_INDICES, places, strict=True)},
            "sums": [" ".join(map(str, row)) for row in self.sums[places].tolist()],
            "clusters": [" ".join(str(h) for h in row if h != _NOBODY) for row in self.smallest.tolist()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Replicates:
        """Return the block that :meth:`to_plain` wrote, checking its shape.

        Raises
        ------
        CubeError
            If something is missing, no number, or outside the cells.
        """
        try:
            cells, rules = len(plain["clusters"]), tuple(str(rule) for rule in plain["rules"])
            places = tuple(np.array(plain[name], dtype=np.int64) for name in _INDICES)
            rows = np.array([line.split() for line in plain["sums"]], dtype=np.int64).reshape(-1, REPLICATES)
            hashes = [np.array(line.split(), dtype=np.int64) for line in plain["clusters"]]
            negative = any((array < 0).any() for array in (rows, *places, *hashes))
            if plain["replicates"] != REPLICATES or negative or cells * len(rules) > _MOST_ENTRIES or not rules:
                raise ValueError
            sums = np.zeros((cells, len(rules), 2, 3, REPLICATES), dtype=np.int64)
            sums[places] = rows
            return cls(rules, sums, np.stack([_smallest(row) for row in hashes]))
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            message = "the replicate counts of its clusters are damaged"
            raise CubeError(message) from None

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
        one = _smallest(self.smallest[list(groups)].reshape(-1))
        return Replicated(self.confusion.pooled(groups), one)

    @classmethod
    def stacked(cls, parts: Sequence[Replicated]) -> Replicated:
        """Return parts of one group each along a new group axis."""
        return cls(Confusion.stacked([part.confusion for part in parts]), np.stack([part.smallest for part in parts]))


def _smallest(hashes: Ints) -> Ints:
    """Return the smallest distinct hashes, filled up at the end."""
    some = np.unique(hashes)[:KEPT]
    return np.concatenate([some, np.full(KEPT - len(some), _NOBODY, dtype=np.int64)])


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


def gather(kind: Ints, kinds: int, people: Ints, hashes: Hashes) -> Ints:
    """Return the people of the clusters that count in each replicate, by kind of row [kind, replicate].

    Parameters
    ----------
    kind
        The number of each row's kind.
    kinds
        How many kinds there are.
    people
        People of each row, or their weights in whole units.
    hashes
        The hash of each row's cluster.
    """
    gathered = np.zeros((kinds, REPLICATES), dtype=np.int64)
    order = np.argsort(kind, kind="stable")
    for start in range(0, len(order), CHUNK_ROWS):
        rows = order[start : start + CHUNK_ROWS]
        drawn = counted_in(hashes[rows]) * people[rows][:, None]
        here, begins = np.unique(kind[rows], return_index=True)
        gathered[here] += np.add.reduceat(drawn, begins, axis=0)
    return gathered


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
    code, most = cell * 3 + outcome, cells * 3
    for decided, decision in entries:
        if most > _MOST_SUM / 3:
            distinct, code = np.unique(code, return_inverse=True)
            most = len(distinct)
        code, most = code * 3 + np.where(decided, decision, 2), most * 3
    kinds, first, kind = np.unique(code, return_index=True, return_inverse=True)
    gathered = gather(kind, len(kinds), people, hashes)
    sums = np.zeros((cells, len(rules), 2, 3, REPLICATES), dtype=np.int64)
    for place, (decided, decision) in enumerate(entries):
        some = np.flatnonzero(decided[first])
        rows = first[some]
        np.add.at(sums, (cell[rows], place, decision[rows], outcome[rows]), gathered[some])
    halves = (hashes >> np.uint64(1)).astype(np.int64)
    here = people > 0
    smallest = np.stack([_smallest(halves[here & (cell == i)]) for i in range(cells)])
    return Replicates(rules, sums, smallest)
