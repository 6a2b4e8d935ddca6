"""Decisions against outcomes, and scores against outcomes, as arrays that metrics read.

Positive is the favorable decision and the good outcome. All arrays may have leading axes (cut-offs,
bootstrap draws), so one metric serves one cut-off, all of them, and every draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAVORABLE, NOT_FAVORABLE = 0, 1
GOOD, BAD, UNOBSERVED = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Numbers of people: heads, sum of weights and sum of squared weights (all equal when unweighted).

    Examples
    --------
    >>> import numpy as np
    >>> people = Tally.of(np.array([3.0, 4.0]))
    >>> (people + people).w
    array([6., 8.])
    """

    n: Floats
    w: Floats
    w2: Floats

    @classmethod
    def of(cls, n: Any) -> Tally:
        """Return the tally of people who each count once."""
        heads = np.asarray(n, dtype=np.float64)
        return cls(heads, heads, heads)

    @classmethod
    def stacked(cls, parts: Sequence[Tally], *, axis: int) -> Tally:
        """Return tallies along a new axis."""
        n = np.stack([part.n for part in parts], axis=axis)
        if all(part.w is part.n for part in parts):
            return cls.of(n)
        return cls(n, np.stack([part.w for part in parts], axis=axis), np.stack([part.w2 for part in parts], axis=axis))

    def __add__(self, other: Tally) -> Tally:
        return self._each(other.n, other.w, other.w2, np.add)

    def __sub__(self, other: Tally) -> Tally:
        return self._each(other.n, other.w, other.w2, np.subtract)

    def __getitem__(self, key: Any) -> Tally:
        if self.w is self.n:
            return Tally.of(self.n[key])
        return Tally(self.n[key], self.w[key], self.w2[key])

    def sum(self, axis: int | tuple[int, ...]) -> Tally:
        """Return the tally summed over axes."""
        if self.w is self.n:
            return Tally.of(self.n.sum(axis=axis))
        return Tally(self.n.sum(axis=axis), self.w.sum(axis=axis), self.w2.sum(axis=axis))

    def _each(self, n: Floats, w: Floats, w2: Floats, operation: Any) -> Tally:
        if self.w is self.n and w is n:
            return Tally.of(operation(self.n, n))
        return Tally(operation(self.n, n), operation(self.w, w), operation(self.w2, w2))


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """People by group, decision and outcome: ``table`` is [..., group, decision, outcome].

    The decision axis is favorable, not favorable; the outcome axis is good, bad, unobserved.

    Examples
    --------
    >>> k = Confusion.from_counts([[[40, 5, 0], [10, 15, 0]]])
    >>> k.selected.n, k.people.n, k.true_positives.n
    (array([45.]), array([70.]), array([40.]))
    """

    table: Tally

    @classmethod
    def from_counts(cls, counts: Any) -> Confusion:
        """Return the confusion of plain counts [..., group, decision, outcome]."""
        return cls(Tally.of(counts))

    def __getitem__(self, group: Any) -> Confusion:
        """Return one group, or several, along the group axis."""
        return Confusion(self.table[..., group, :, :])

    @classmethod
    def stacked(cls, parts: Sequence[Confusion]) -> Confusion:
        """Return confusions of one group each along a new group axis."""
        return cls(Tally.stacked([part.table for part in parts], axis=-3))

    def pooled(self, groups: Sequence[int]) -> Confusion:
        """Return several groups taken together, without the group axis."""
        return Confusion(self.table[..., list(groups), :, :].sum(axis=-3))

    def _cell(self, decision: int, outcome: int) -> Tally:
        return self.table[..., decision, outcome]

    @property
    def true_positives(self) -> Tally:
        """Favorable decision, good outcome."""
        return self._cell(FAVORABLE, GOOD)

    @property
    def false_positives(self) -> Tally:
        """Favorable decision, bad outcome."""
        return self._cell(FAVORABLE, BAD)

    @property
    def false_negatives(self) -> Tally:
        """Not favorable, though the outcome was good: creditworthy people declined."""
        return self._cell(NOT_FAVORABLE, GOOD)

    @property
    def true_negatives(self) -> Tally:
        """Not favorable, and the outcome was bad."""
        return self._cell(NOT_FAVORABLE, BAD)

    @property
    def selected(self) -> Tally:
        """Everybody with the favorable decision, whatever is known of the outcome."""
        return self.table[..., FAVORABLE, :].sum(axis=-1)

    @property
    def not_selected(self) -> Tally:
        """Everybody without the favorable decision."""
        return self.table[..., NOT_FAVORABLE, :].sum(axis=-1)

    @property
    def people(self) -> Tally:
        """Everybody decided on."""
        return self.table.sum(axis=(-2, -1))

    @property
    def good(self) -> Tally:
        """People with a good outcome."""
        return self.table[..., GOOD].sum(axis=-1)

    @property
    def bad(self) -> Tally:
        """People with a bad outcome."""
        return self.table[..., BAD].sum(axis=-1)

    @property
    def unobserved(self) -> Tally:
        """People whose outcome is not known."""
        return self.table[..., UNOBSERVED].sum(axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreTable:
    """People by group, score bin and outcome: ``table`` is [..., group, bin, outcome], scored people only.

    Bins run from the worst score to the best. ``scores`` and ``squares`` are each bin's mean score and
    mean squared score (equal to the score and its square where bins are exact), per group.
    """

    table: Tally
    scores: Floats
    squares: Floats
    higher_is_better: bool

    def __getitem__(self, group: Any) -> ScoreTable:
        """Return one group, or several, along the group axis."""
        return ScoreTable(
            self.table[..., group, :, :],
            self.scores[..., group, :],
            self.squares[..., group, :],
            self.higher_is_better,
        )

    @classmethod
    def stacked(cls, parts: Sequence[ScoreTable]) -> ScoreTable:
        """Return tables of one group each along a new group axis."""
        return cls(
            Tally.stacked([part.table for part in parts], axis=-3),
            np.stack([part.scores for part in parts], axis=-2),
            np.stack([part.squares for part in parts], axis=-2),
            parts[0].higher_is_better,
        )

    def pooled(self, groups: Sequence[int]) -> ScoreTable:
        """Return several groups taken together, without the group axis."""
        chosen = self[list(groups)]
        weight = chosen.people.w
        total = weight.sum(axis=-2)
        safe = np.where(total > 0, total, 1.0)
        return ScoreTable(
            chosen.table.sum(axis=-3),
            (weight * chosen.scores).sum(axis=-2) / safe,
            (weight * chosen.squares).sum(axis=-2) / safe,
            self.higher_is_better,
        )

    @property
    def people(self) -> Tally:
        """Everybody scored, by bin."""
        return self.table.sum(axis=-1)

    @property
    def good(self) -> Tally:
        """People with a good outcome, by bin from worst to best."""
        return self.table[..., GOOD]

    @property
    def bad(self) -> Tally:
        """People with a bad outcome, by bin from worst to best."""
        return self.table[..., BAD]

    @property
    def sign(self) -> float:
        """1 where a higher score is better, -1 where it is worse."""
        return 1.0 if self.higher_is_better else -1.0
