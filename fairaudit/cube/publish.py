"""Counts made safer to hand on: small groups are taken out, and it is said what that does not do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError
from ..schema.issues import DataIssue
from ..schema.provenance import Ledger
from .axes import Axes
from .cube import Cube, Ints


def suppress(cube: Cube, min_n: int) -> Cube:
    """Return the cube without the counts of groups of fewer than ``min_n`` people; the groups stay as rows.

    This is primary suppression, and not by itself safe to publish: a total, another table or an earlier
    release may give the counts away. Scores that only suppressed people had leave the cube too; the lowest
    and the highest score, and the edges of a gridded score, stay as they were.

    Parameters
    ----------
    cube
        The counts.
    min_n
        The fewest people that a cell may show, at least 1. Suppressing twice by the same number changes nothing.

    What rides along with the counts (``blocks``) is suppressed with them where its sums belong to the groups, and
    left out where they could tell of few people in another way; the issue says so.

    Raises
    ------
    CubeError
        If ``min_n`` is not a whole number of at least 1.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (primary and secondary suppression).

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts(
    ...     {"sex": ["F", "M", "M"], "y": ["bad", "bad", "good"], "n": [3, 10, 20]},
    ...     groups="sex", outcome="y", bad="bad")
    >>> safer = suppress(cube, 5)
    >>> safer.groups, safer.group_people, safer.suppressed
    (('F', 'M'), array([ 0, 30]), array([ True, False]))
    >>> safer.provenance.ledger.set_aside
    mappingproxy({'in a group of fewer than 5 people (suppressed)': 3})
    """
    if isinstance(min_n, bool) or not isinstance(min_n, (int, np.integer)) or min_n < 1:
        message = (
            f"min_n must be a whole number of at least 1, got {min_n!r}: it is the fewest people a group may show."
        )
        raise CubeError(message)
    people = cube.group_people
    small = (people > 0) & (people < min_n)
    axes, kept = _without_unused_scores(cube, small)
    suppressed = {name: block.suppressed(small, kept) for name, block in cube.blocks.items()}
    blocks = {name: block for name, block in suppressed.items() if block is not None}
    dropped = [name for name in suppressed if name not in blocks]
    if not small.any() and not dropped:
        return cube
    hidden = int(people[small].sum())
    before = cube.suppressed if cube.suppressed is not None else np.zeros(len(small), dtype=bool)

    def cleared(array: Ints | None) -> Ints | None:
        if array is None:
            return None
        out = array[:, kept]
        out[small] = 0
        return out

    reason = f"in a group of fewer than {min_n} people (suppressed)"
    n = cleared(cube.n)
    assert n is not None  # noqa: S101 - every cube has counts
    return Cube(
        axes,
        cube.schema,
        n,
        dataclasses.replace(
            cube.provenance,
            ledger=cube.provenance.ledger + Ledger(0, {reason: hidden}),
            issues=(*cube.provenance.issues, *_issues(int(small.sum()), hidden, int(min_n), dropped)),
        ),
        cleared(cube.w),
        cleared(cube.w2),
        cleared(cube.s1),
        cleared(cube.s2),
        before | small if cube.suppressed is not None or small.any() else None,
        blocks,
    )


def _issues(groups: int, people: int, min_n: int, dropped: Sequence[str]) -> list[DataIssue]:
    issues = [_issue(groups, people, min_n)] if groups else []
    for name in dropped:
        message = (
            f"What was counted for '{name}' was left out of the suppressed counts: its sums could tell of few people. "
            "What needs it cannot be measured from these counts."
        )
        issues.append(DataIssue("block_dropped", message, 0, "left out"))
    return issues


def _issue(groups: int, people: int, min_n: int) -> DataIssue:
    message = (
        f"{people:,} people in {groups:,} groups of fewer than {min_n:,} were suppressed. Primary suppression "
        "is not by itself safe to publish: totals and other tables of the same people may give the counts away."
    )
    return DataIssue("suppressed", message, people, "counts set to zero; the groups stay as rows")


def _without_unused_scores(cube: Cube, small: NDArray[np.bool_]) -> tuple[Axes, Ints]:
    """Return the axes without the exact scores that nobody left has, and the numbers of the bins that stay."""
    axes, score = cube.axes, cube.axes.score
    bins = np.arange(axes.shape[1])
    if score is None or score.values is None:
        return axes, bins
    used = cube.n[~small].sum(axis=(0, 2, 3)) > 0
    if not used[: score.scored_bins].any():
        used[0] = True  # an axis needs a bin
    values = score.values[used[: score.scored_bins]]
    unscored = bool(score.unscored and used[-1])
    return dataclasses.replace(axes, score=dataclasses.replace(score, values=values, unscored=unscored)), bins[used]
