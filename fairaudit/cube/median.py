"""Who scores better than the median of the full sample: a decision rule that nobody has to choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .confusion import Confusion, Tally
from .cube import Cube


@dataclass(frozen=True, slots=True, eq=False)
class Median:
    """The median score of everybody scored, and who stands strictly on its better side.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts({"sex": ["F", "F", "M", "M"], "points": [1, 2, 2, 3], "n": [3, 2, 1, 4]},
    ...                    counts="n", groups="sex", score="points", higher_is="better")
    >>> median = above_median(cube)
    >>> median.value, median.people_at, median.confusion.selected.n.tolist()
    (2.0, 3, [0.0, 4.0])
    """

    confusion: Confusion
    """By cell: on the favorable side the people whose score is better than the median."""
    value: float | None
    """None where bins hold several scores; the median then lies somewhere in its bin."""
    people_at: int
    """People exactly at the median, who are not above it; of binned scores all people in the median's bin."""
    people_above: int
    people: int
    bins_below: int
    """How many of the worst bins of the score table are not above it."""


def above_median(cube: Cube) -> Median:
    """Split everybody scored at the median score of them all, whatever their group.

    With an even number of people the median is the mean of the two middle scores; with weights it is the score at
    which half of the weight is reached. Nobody at the median is above it.

    Raises
    ------
    CubeError
        If no score was counted.
    """
    s = cube.score_table()
    heads, weight = s.people.n.sum(axis=0), s.people.w.sum(axis=0)
    reached, half = np.cumsum(weight), weight.sum() / 2
    # A hair's breadth, because sums of weights are not exact: half of the weight is half of the weight.
    near = weight.sum() * 1e-12
    someone = np.flatnonzero(weight > 0)
    if not len(someone):
        everybody = s.table.sum(axis=1)
        return Median(Confusion(Tally.stacked([everybody - everybody, everybody], axis=1)), None, 0, 0, 0, 0)
    lower = int(someone[(reached[someone] >= half - near).argmax()])
    upper = int(someone[(reached[someone] > half + near).argmax()])
    above = slice(lower + 1, None)
    sides = [s.table[:, above].sum(axis=1), s.table[:, : lower + 1].sum(axis=1)]
    assert cube.axes.score is not None  # noqa: S101 - there is a score table
    value = None
    if cube.axes.score.exact:
        value = float((s.scores[0, lower] + s.scores[0, upper]) / 2)
    return Median(
        Confusion(Tally.stacked(sides, axis=1)),
        value,
        int(heads[lower]) if lower == upper else 0,
        int(heads[above].sum()),
        int(heads.sum()),
        lower + 1,
    )
