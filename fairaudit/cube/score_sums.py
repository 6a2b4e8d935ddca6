"""Scored people with the sums of their scores, each outcome apart: what calibration and Brier scores read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .confusion import BAD, GOOD, Tally
from .cube import Cube

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSums:
    """People by group, score bin and outcome, as in a ScoreTable, with their (weighted) sums of scores.

    ``table``, ``sums`` and ``squares`` are [..., group, bin, outcome]; bins run from the worst score to the
    best. All three add up, so groups pool by summing.
    """

    table: Tally
    sums: Floats
    squares: Floats
    higher_is_better: bool

    def __getitem__(self, group: Any) -> ScoreSums:
        """Return one group, or several, along the group axis."""
        key = (..., group, slice(None), slice(None))
        return ScoreSums(self.table[key], self.sums[key], self.squares[key], self.higher_is_better)

    @classmethod
    def stacked(cls, parts: Sequence[ScoreSums]) -> ScoreSums:
        """Return sums of one group each along a new group axis."""
        return cls(
            Tally.stacked([part.table for part in parts], axis=-3),
            np.stack([part.sums for part in parts], axis=-3),
            np.stack([part.squares for part in parts], axis=-3),
            parts[0].higher_is_better,
        )

    def pooled(self, groups: Sequence[int]) -> ScoreSums:
        """Return several groups taken together, without the group axis."""
        chosen = self[list(groups)]
        return ScoreSums(
            chosen.table.sum(axis=-3), chosen.sums.sum(axis=-3), chosen.squares.sum(axis=-3), self.higher_is_better
        )

    @property
    def sign(self) -> float:
        """1 where a higher score is better, -1 where it is worse."""
        return 1.0 if self.higher_is_better else -1.0

    @property
    def observed(self) -> Tally:
        """People whose outcome is observed, by bin."""
        return self.table[..., [GOOD, BAD]].sum(axis=-1)


def score_sums(cube: Cube) -> ScoreSums:
    """Return a cube's scored people and the sums of their scores, by cell, bin and outcome.

    Where each distinct score has its own bin the sums follow from the counts; else they were kept while
    counting, so that they are those of the rows, not of the bins.

    Parameters
    ----------
    cube
        A cube with a score.

    Raises
    ------
    CubeError
        If no score was counted.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts({"g": ["A", "A"], "s": [0.5, 1.0], "y": [0, 1], "n": [3, 2]},
    ...     groups="g", score="s", higher_is="worse", outcome="y", bad=1)
    >>> score_sums(cube).sums[0]  # bins from the worst score: good, bad, unobserved
    array([[0. , 2. , 0. ],
           [1.5, 0. , 0. ]])
    """
    table = cube.score_table().table
    score = cube.axes.score
    assert score is not None  # noqa: S101 - score_table() asks for one
    if score.values is not None:
        values = (score.values if score.higher_is == "better" else score.values[::-1])[:, None]
        sums, squares = table.w * values, table.w * values**2
    else:
        assert cube.s1 is not None and cube.s2 is not None  # noqa: S101, PT018 - kept wherever bins are gridded
        sums, squares = (_by_outcome(array, cube, score.scored_bins) for array in (cube.s1, cube.s2))
    return ScoreSums(table, sums, squares, score.higher_is == "better")


def _by_outcome(array: NDArray[np.int64], cube: Cube, bins: int) -> Floats:
    """Sum over decisions, fold outcomes into good, bad, unobserved, and turn bins from worst to best."""
    by_outcome = array[:, :bins].sum(axis=2)
    folded = np.zeros((*by_outcome.shape[:-1], 3), dtype=np.int64)
    if cube.has_outcome:
        folded[..., :2] = by_outcome[..., :2]
        folded[..., 2] = by_outcome[..., 2:].sum(axis=-1)
    else:
        folded[..., 2] = by_outcome[..., 0]
    turned = folded if cube.axes.score is not None and cube.axes.score.higher_is == "better" else folded[:, ::-1]
    return np.asarray(turned / cube.schema.score_scale, dtype=np.float64)
