"""A candidate beside the incumbent on the same people: what changes in performance and in disparity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SchemaError
from ..inference.model_changes import (
    Change,
    auc_change,
    gap_change,
    log_ratio_change,
    profit_change,
    unknown_change,
    volume_change,
)
from ..models.scorer import Scorer
from .people import Bools, People
from .plan import Plan

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Scores of some people, the better side up, and whom they select."""

    score: Floats
    selected: Bools


def better_up(scorer: Scorer, people: People) -> Floats:
    """Return the scores of people, higher is better."""
    made = np.asarray(scorer.score(people.rows), dtype=np.float64)
    return made if scorer.higher_is == "better" else -made


def decided(scorer: Scorer, people: People, cutoff: float) -> Decided:
    """Return scores and decisions at a cut-off in the scorer's own units; a score on it is selected."""
    score = better_up(scorer, people)
    line = cutoff if scorer.higher_is == "better" else -cutoff
    return Decided(score, score >= line)


def cutoff_for(score: Floats, share: float) -> float:
    """Return the cut-off of scores, higher is better, that selects this share of people, or as near as ties allow.

    Examples
    --------
    >>> cutoff_for(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    3.0
    """
    values, counts = np.unique(score, return_counts=True)
    selected = np.cumsum(counts[::-1])[::-1] / len(score)
    return float(values[int(np.abs(selected - share).argmin())])


def cutoff_at_rate(score: Floats, good: Bools, share: float, rate: float) -> float:
    """Return the cut-off nearest in share whose selected people have at most this bad rate; by share where none has.

    Examples
    --------
    >>> cutoff_at_rate(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, True, True]), 0.5, 0.0)
    2.0
    """
    order = np.argsort(-score, kind="stable")
    rates = np.cumsum(~good[order]) / np.arange(1, len(score) + 1)
    last = np.append(np.diff(score[order]) != 0, [True])
    able = np.flatnonzero(last & (rates <= rate))
    return float(score[order[able[-1]]]) if len(able) else cutoff_for(score, share)


def changes(
    people: People, plan: Plan, incumbent: Decided, candidate: Decided, *, observed: bool
) -> tuple[Change, Change]:  # fmt: skip
    """Return the change of performance and of disparity, each with an influence on every person.

    Parameters
    ----------
    people
        Of one split.
    plan
        What is measured.
    incumbent, candidate
        Scores and decisions of the same people.
    observed
        True: among people whose outcome is observed, for the search. False, for a verdict: where outcomes are not
        observed, profit is that of the worst case for the candidate, and what has no such bound is undefined.
    """
    return _performance(people, plan, incumbent, candidate, observed), _disparity(
        people, plan, incumbent, candidate, observed
    )


def _performance(people: People, plan: Plan, before: Decided, after: Decided, observed: bool) -> Change:  # noqa: FBT001
    unknown = int((~people.known).sum())
    if plan.performance == "expected_profit":
        profit = plan.profit
        if profit is None:
            message = "The profit at the cut-off needs what a selected person brings: profit={'good': 18, 'bad': -82}."
            raise SchemaError(message)
        good = people.good | (~people.known & before.selected & ~after.selected)
        if not observed or not unknown:
            return profit_change(good, before.selected, after.selected, gain=profit.good, loss=profit.bad)
        some = people.known
        made = profit_change(
            good[some], before.selected[some], after.selected[some], gain=profit.good, loss=profit.bad
        )  # fmt: skip
        return _spread(made, some)
    if unknown and not observed:
        return unknown_change(
            len(people),
            f"the outcome of {unknown:,} of {len(people):,} people is not observed, and who they are is no accident",
        )
    some = people.known
    if plan.performance == "area_under_curve":
        return _spread(auc_change(people.good[some], before.score[some], after.score[some]), some)
    return _spread(
        volume_change(people.good[some], before.selected[some], before.score[some], after.score[some]), some
    )  # fmt: skip


def _disparity(people: People, plan: Plan, before: Decided, after: Decided, observed: bool) -> Change:  # noqa: FBT001
    labels = people.groups[plan.target.attribute]
    of_group, of_reference = labels == plan.target.group, labels == plan.target.reference
    if plan.metric == "adverse_impact_ratio":
        return log_ratio_change(of_group, of_reference, before.selected, after.selected)
    if plan.metric == "selection_rate_difference":
        return gap_change(of_group, of_reference, before.selected, after.selected)
    unknown = int((~people.known).sum())
    if unknown and not observed:
        return unknown_change(
            len(people),
            f"the outcome of {unknown:,} of {len(people):,} people is not observed: who is creditworthy is unknown",
        )
    good = people.good & people.known
    return gap_change(of_group & good, of_reference & good, before.selected, after.selected)


def _spread(made: Change, some: Bools) -> Change:
    """Return a change of some of the people as one of all: the others have no influence."""
    if some.all():
        return made
    influence = np.zeros(len(some))
    influence[some] = made.influence
    return Change(made.incumbent, made.candidate, made.value, influence, made.scale, made.undefined)


def rate(selected: Any, of: Any) -> float | None:
    """Return the share of some people who are selected; None of nobody."""
    of = np.asarray(of, dtype=bool)
    return float(np.asarray(selected)[of].mean()) if of.any() else None
