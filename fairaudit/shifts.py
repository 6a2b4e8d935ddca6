"""Who is in each period: people, groups that appeared or are gone, and how far groups and scores have shifted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from .cube.cube import Cube
from .inference.counts import FloatArray
from .result import finite
from .watch_result import PeriodRecord

BANDS = 10
"""Of the score, equal in people of the baseline, for the stability index."""


def people_of_periods(
    named: Sequence[tuple[str, Cube]], names: Sequence[str], before: Sequence[int]
) -> list[PeriodRecord]:
    """Return who is in each period, and how far groups and scores are from the baseline's."""
    shares = {name: [_groups(cube, name) for _, cube in named] for name in names}
    base = {name: _summed(shares[name][at] for at in before) for name in names}
    edges, scored = _bands([named[at][1] for at in before])
    made = []
    for place, (period, cube) in enumerate(named):
        within = place in before
        here = {name: shares[name][place] for name in names}
        made.append(
            PeriodRecord(
                period=period,
                baseline=within,
                people=cube.people,
                sha256=cube.digest,
                appeared={name: new for name in names if (new := [one for one in here[name] if one not in base[name]])},
                gone={name: old for name in names if (old := [one for one in base[name] if one not in here[name]])},
                group_shift={} if within else {name: _stability(base[name], here[name]) for name in names},
                score_shift=None if within or edges is None else _stability(scored, _by_band(cube, edges)),
            )
        )
    return made


def _groups(cube: Cube, name: str) -> dict[str, float]:
    of = cube.marginal(name)
    return {group: float(n) for group, n in zip(of.groups, of.group_people.tolist(), strict=True) if n}


def _summed(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for part in parts:
        for key, people in part.items():
            total[key] = total.get(key, 0.0) + people
    return total


def _bands(cubes: Sequence[Cube]) -> tuple[FloatArray | None, dict[str, float]]:
    """Return edges that cut the baseline's scores into bands of about as many people, and the people in each."""
    if any(cube.axes.score is None for cube in cubes):
        return None, {}
    values, people = (np.concatenate(parts) for parts in zip(*map(_scores, cubes), strict=True))
    order = np.argsort(values, kind="stable")
    below = people[order].cumsum()
    at = np.searchsorted(below, below[-1] * np.arange(1, BANDS) / BANDS) if len(below) and below[-1] else []
    edges = np.unique(values[order][at])
    return edges, _summed(_by_band(cube, edges) for cube in cubes)


def _scores(cube: Cube) -> tuple[FloatArray, FloatArray]:
    """Return the lower end of each bin of the score, and the people in it."""
    axis = cube.axes.score
    assert axis is not None  # noqa: S101 - asked before
    people = cube.n.sum(axis=(0, 2, 3))[: axis.scored_bins].astype(np.float64)
    if axis.values is not None:
        return axis.values, people
    assert axis.edges is not None  # noqa: S101 - one of the two is always set
    return np.concatenate([[-np.inf], axis.edges]), people


def _by_band(cube: Cube, edges: FloatArray) -> dict[str, float]:
    values, people = _scores(cube)
    at = np.searchsorted(edges, values, side="left")
    counted = np.bincount(at, people, minlength=len(edges) + 1)
    return {str(band): float(n) for band, n in enumerate(counted)}


def _stability(base: Mapping[str, float], here: Mapping[str, float]) -> float | None:
    """Return the population stability index: the sum of (q - p) ln(q / p) over shares; half a person where nobody is.

    Siddiqi (2006), Credit Risk Scorecards, chapter 9.
    """
    keys = [*dict.fromkeys([*base, *here])]
    p, q = (np.array([max(one.get(key, 0.0), 0.5) for key in keys]) for one in (base, here))
    if not sum(base.values()) or not sum(here.values()):
        return None
    p, q = p / p.sum(), q / q.sum()
    return finite(float(((q - p) * np.log(q / p)).sum()))
