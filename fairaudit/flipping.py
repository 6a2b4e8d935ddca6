"""How many changed decisions would change a finding: the flip-flop rule.

A finding that one or two other decisions would have turned rests on very few people. Each finding on a selection
rate is judged again with one more or fewer favorable decision in the group, or in the reference, then two, and so
on, by the same test, interval and correction, until its status is another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np
import numpy.typing as npt

from .inference.contrast import How, compare_many
from .inference.counts import BoolArray, FloatArray
from .policy.evaluate import statuses
from .policy.model import Practical
from .result import Status
from .translations import marked, say

PROBES = (4, 16, 64)
"""Numbers of changed decisions that are tried first: up to the first that does, each number is then tried."""
ONE_BY_ONE = PROBES[-1]
_MOVES: tuple[tuple[Literal["group", "reference"], int], ...] = (
    ("group", 1),
    ("group", -1),
    ("reference", 1),
    ("reference", -1),
)
"""Side, and more (1) or fewer (-1) favorable decisions; of equally few changes the first is told."""
_BECOMES = {
    "flag": marked("flag it"),
    "within_line": marked("put it within the line"),
    "insufficient": marked("leave it without sufficient evidence"),
}
_ONE = {
    True: marked("One more favorable decision {where} would {becomes}: it falls under the one-person rule."),
    False: marked("One fewer favorable decision {where} would {becomes}: it falls under the one-person rule."),
}
_TWO = {
    True: marked("Two more favorable decisions {where} would {becomes}: it falls under the two-person rule."),
    False: marked("Two fewer favorable decisions {where} would {becomes}: it falls under the two-person rule."),
}
_SEVERAL = {
    True: marked("{number} more favorable decisions {where} would {becomes}."),
    False: marked("{number} fewer favorable decisions {where} would {becomes}."),
}


Whole = npt.NDArray[np.int64]
Names = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Case:
    """A finding on a selection rate, and what it was judged by, so that it can be judged again."""

    counted: float
    people: float
    counted_reference: float
    people_reference: float
    how: How | Literal["shortfall"]
    line: Practical
    alpha: float
    alpha_each: float
    """Error of the one-sided bound."""
    corrected: Callable[[FloatArray], FloatArray]
    """From p-values of this finding to corrected ones, the rest of its family staying what it is."""
    status: Status
    counts_favorable: bool = True
    """False where those counted are the declined."""


@dataclass(frozen=True, slots=True)
class Flip:
    """The fewest changed decisions, all on one side, that change a finding's status."""

    count: int
    side: Literal["group", "reference"]
    more: bool
    """True: more favorable decisions; False: fewer."""
    status: Status
    """What it would be."""

    @property
    def text(self) -> str:
        """Say it in a sentence, naming the rule that it falls under.

        Examples
        --------
        >>> Flip(2, "group", True, "insufficient").text[:54]
        'Two more favorable decisions in the group would leave '
        """
        words = {1: _ONE, 2: _TWO}.get(self.count, _SEVERAL)[self.more]
        where = say("in the group") if self.side == "group" else say("in the reference")
        return say(words, number=f"{self.count:,}", where=where, becomes=say(_BECOMES[self.status]))


def fewest_changes(cases: Sequence[Case]) -> list[Flip | None]:
    """Return for each finding the smallest number of decisions that, changed on one side, change its status.

    Each number up to the first of 4, 16 and 64 that changes it is tried. Where 64 do not, numbers are doubled and
    then halved: with so many people a status changes but once on the way.

    Parameters
    ----------
    cases
        The findings.

    Returns
    -------
    list of Flip or None
        None where no number of changed decisions on one side would do.

    Notes
    -----
    Source: Waisome v. Port Authority, 948 F.2d 1370 (2d Cir. 1991) and United States v. Virginia, 569 F.2d 1300,
    where two more persons of the disadvantaged group would have undone significance.

    Examples
    --------
    >>> line = Practical(op="<", value=0.8)
    >>> teal = Case(26, 48, 206, 259, "ratio", line, 0.05, 0.05, lambda p: p, "flag")
    >>> fewest_changes([teal])
    [Flip(count=5, side='group', more=True, status='insufficient')]
    """
    made: list[Flip | None] = [None] * len(cases)

    def alike(place: int) -> tuple[str, float]:
        return cases[place].how, cases[place].alpha_each

    # Tables that are compared in the same way are compared in one call.
    for _, same in groupby(sorted(range(len(cases)), key=alike), alike):
        places = list(same)
        for place, flip in zip(places, _search([cases[place] for place in places]), strict=True):
            made[place] = flip
    return made


def _search(cases: Sequence[Case]) -> list[Flip | None]:
    room = np.array([[_room(case, side, step) for side, step in _MOVES] for case in cases])
    probes = np.minimum(room[:, :, None], PROBES)  # [case, move, probe]
    changed = _changed(cases, probes)
    # The first probe that changes a finding in any direction; the last one where none does.
    at = np.where(changed.any(axis=(1, 2)), changed.any(axis=1).argmax(axis=1), len(PROBES))
    found: list[Flip | None] = [None] * len(cases)
    for place, last in enumerate(PROBES):
        mine = np.flatnonzero(at == place)
        if len(mine):
            counts = np.broadcast_to(np.arange(1, last + 1), (len(mine), len(_MOVES), last))
            _note(found, cases, mine, np.minimum(counts, room[mine][:, :, None]))
    mine = np.flatnonzero(at == len(PROBES))
    if len(mine):
        _note(found, cases, mine, _far([cases[i] for i in mine.tolist()], room[mine])[:, :, None])
    return found


def _note(found: list[Flip | None], cases: Sequence[Case], mine: Whole, counts: Whole) -> None:
    """Note the fewest of some counts [case, move, choice] that change each finding, if any does."""
    statuses_there = _judged([cases[i] for i in mine.tolist()], counts)
    for place, number, status in zip(mine.tolist(), counts, statuses_there, strict=True):
        changed = status != cases[place].status
        if changed.any():
            fewest = np.where(changed, number, np.iinfo(np.int64).max)
            move = int(fewest.min(axis=1).argmin())
            choice = int(fewest[move].argmin())
            side, step = _MOVES[move]
            found[place] = Flip(int(fewest[move, choice]), side, step > 0, status[move, choice])


def _far(cases: Sequence[Case], room: Whole) -> Whole:
    """Look beyond the numbers that are tried one by one, in each direction: double, then halve [case, move]."""
    low, high = np.minimum(ONE_BY_ONE, room), np.minimum(2 * ONE_BY_ONE, room)
    changed = _changed(cases, high[:, :, None])[:, :, 0]
    while (going := ~changed & (high < room)).any():
        low, high = np.where(going, high, low), np.where(going, np.minimum(2 * high, room), high)
        changed = _changed(cases, high[:, :, None])[:, :, 0]
        # Farther than what is already found in another direction nobody looks.
        room = np.where(changed.any(axis=1, keepdims=True), np.minimum(room, high), room)
    while (going := changed & (high - low > 1)).any():
        middle = (low + high) // 2
        there = _changed(cases, middle[:, :, None])[:, :, 0]
        low, high = np.where(going & ~there, middle, low), np.where(going & there, middle, high)
    return high


def _changed(cases: Sequence[Case], counts: Whole) -> BoolArray:
    now = np.array([case.status for case in cases], dtype=object)
    return np.asarray(_judged(cases, counts) != now[:, None, None], dtype=np.bool_)


def _room(case: Case, side: str, step: int) -> int:
    """Return how many decisions of a side can be changed in a direction."""
    counted, people = (
        (case.counted, case.people) if side == "group" else (case.counted_reference, case.people_reference)
    )
    return int(people - counted if (step > 0) == case.counts_favorable else counted)


def _judged(cases: Sequence[Case], counts: Whole) -> Names:
    """Judge the tables that are so many changed decisions away [case, move, choice], as the findings were judged."""
    sign = np.array([1 if case.counts_favorable else -1 for case in cases])[:, None, None]
    steps = counts * sign * np.array([step for _, step in _MOVES])[:, None]
    in_group = np.array([side == "group" for side, _ in _MOVES])[:, None]
    columns = [[case.counted, case.people, case.counted_reference, case.people_reference] for case in cases]
    a, n, b, m = (column[:, None, None] for column in np.array(columns, dtype=np.float64).T)
    a, b = a + np.where(in_group, steps, 0), b + np.where(in_group, 0, steps)
    how: How = "difference" if cases[0].how == "shortfall" else cases[0].how
    # The interval at 1 - 2 alpha ends where the one-sided bounds are.
    found = compare_many(a, n, b, m, how=how, confidence=1 - 2 * cases[0].alpha_each)
    value, low, high = found.value, found.low, found.high
    if cases[0].how == "shortfall":
        value, low, high = -n * value, -n * high, -n * low
    made = np.empty(counts.shape, dtype=object)
    for i, case in enumerate(cases):
        made[i] = statuses(
            value=value[i], low_one_sided=low[i], high_one_sided=high[i], p_adjusted=case.corrected(found.p[i]),
            line=case.line, alpha=case.alpha,
        )  # fmt: skip
    return made
