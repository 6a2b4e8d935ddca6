"""What changes when one model takes another's place, on the same people: performance and disparity, paired.

Every change is estimated with its influence on each person: the sum of the squares is the variance, and the sum of
the products of two changes is their covariance. Both models score the same people, so that what they share cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .counts import BoolArray, FloatArray

Scale = Literal["difference", "log ratio"]

FEW = 10
"""People whose decisions differ, or who are selected, below which a normal interval of a change is not trusted."""
NEAR = 8.0
"""Times the root of all people stand next to the cut-off on each side, at most an eighth of them: fewer leave the bad
rate there, by which the error of a volume is divided, too uncertain (intervals of 95% covered 90% with twice)."""

FEWEST_FOR_VOLUME = 1_000
"""With 500 people intervals of a volume at equal bad rate covered 89% to 95%."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One quantity under the incumbent and under the candidate, and what each person adds to the error of the change.

    Examples
    --------
    >>> made = difference_of_means([1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    >>> made.value, round(made.standard_error, 4)
    (0.25, 0.25)
    """

    incumbent: float
    candidate: float
    value: float
    """Candidate less incumbent, or the logarithm of candidate over incumbent; NaN where undefined."""
    influence: FloatArray
    """Of each person, shape [person]; the sum of squares is the variance of the value."""
    scale: Scale = "difference"
    undefined: str | None = None
    """Why there is no value, or none that could be tested."""

    @property
    def variance(self) -> float:
        """Variance of the value; NaN where undefined."""
        return float("nan") if self.undefined else float((self.influence**2).sum())

    @property
    def standard_error(self) -> float:
        """Standard error of the value; NaN where undefined."""
        return math.sqrt(self.variance)

    def covariance(self, other: Change) -> float:
        """Return the covariance of this change with another of the same people; NaN where one is undefined."""
        if self.undefined or other.undefined:
            return float("nan")
        return float((self.influence * other.influence).sum())


def auc_change(good: ArrayLike, incumbent: ArrayLike, candidate: ArrayLike) -> Change:
    """Change of the AUC, two scores of the same people: DeLong's paired variance.

    Parameters
    ----------
    good
        Whether each person's outcome was good, shape [person].
    incumbent, candidate
        Scores of the same people, higher is better, shape [person].

    Returns
    -------
    Change
        Undefined with fewer than two good or two bad people.

    Raises
    ------
    UndefinedMetricError
        If the shapes differ.

    Notes
    -----
    Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44.

    Examples
    --------
    >>> made = auc_change([1, 1, 1, 0, 0, 0], [6, 5, 2, 4, 3, 1], [6, 5, 4, 3, 2, 1])
    >>> round(made.incumbent, 3), made.candidate
    (0.778, 1.0)
    """
    side = _same(np.asarray(good, dtype=bool), incumbent, candidate)
    goods, bads = int(side.sum()), int((~side).sum())
    if min(goods, bads) < 2:
        return unknown_change(
            len(side), f"{goods:,} good and {bads:,} bad people; an AUC with an error needs two of each"
        )
    areas, influences = [], []
    for scores in (incumbent, candidate):
        area, influence = _area(side, np.asarray(scores, dtype=np.float64))
        areas.append(area)
        influences.append(influence)
    return Change(areas[0], areas[1], areas[1] - areas[0], influences[1] - influences[0])


def difference_of_means(incumbent: ArrayLike, candidate: ArrayLike) -> Change:
    """Change of a mean over the same people, such as the profit that each person's decision brings.

    Parameters
    ----------
    incumbent, candidate
        A number a person under each model, shape [person].

    Returns
    -------
    Change
        Undefined with fewer than two people.
    """
    before, after = np.asarray(incumbent, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    _same(before, after)
    n = len(before)
    if n < 2:
        return unknown_change(n, f"{n} people; a mean with an error needs two")
    gap = after - before
    return Change(
        float(before.mean()), float(after.mean()), float(gap.mean()), (gap - gap.mean()) / math.sqrt(n * (n - 1.0))
    )


def profit_change(good: ArrayLike, incumbent: ArrayLike, candidate: ArrayLike, *, gain: float, loss: float) -> Change:
    """Change of the profit per person decided on, at each model's cut-off.

    Parameters
    ----------
    good
        Whether each person's outcome was (or is taken to be) good, shape [person].
    incumbent, candidate
        Whether each person is selected, shape [person].
    gain, loss
        What a selected person with a good outcome brings, and with a bad one (below 0).

    Returns
    -------
    Change
        Undefined where fewer than 10 decisions differ but some do: so few show no normal error.

    Examples
    --------
    >>> import numpy as np
    >>> good = np.arange(100) % 4 > 0
    >>> made = profit_change(good, np.arange(100) < 50, np.arange(100) < 70, gain=10, loss=-40)
    >>> round(made.value, 2)
    -0.5
    """
    side = np.asarray(good, dtype=bool)
    before, after = np.asarray(incumbent, dtype=bool), np.asarray(candidate, dtype=bool)
    _same(side, before, after)
    worth = np.where(side, gain, loss)
    made = difference_of_means(worth * before, worth * after)
    return _too_few(made, before != after, "decisions differ between the models")


def volume_change(good: ArrayLike, selected: ArrayLike, incumbent: ArrayLike, candidate: ArrayLike) -> Change:
    """Change of the share selected, were the candidate's cut-off set where its bad rate equals the incumbent's.

    Parameters
    ----------
    good
        Whether each person's outcome was good, shape [person].
    selected
        Whether the incumbent selects each person, shape [person].
    incumbent, candidate
        Scores of the same people, higher is better, shape [person].

    Returns
    -------
    Change
        Undefined where the incumbent selects too few, or no cut-off of the candidate has the same bad rate with
        worse people next to it than above it.

    Notes
    -----
    With a the share selected, b the incumbent's bad rate and m the bad rate of the people next to the candidate's
    cut-off t, the influence of a person on the volume at equal bad rate is, by the implicit function theorem,
    1[s >= t] - a - (1[s >= t] (bad - b) - a IF(b)) / (m - b). m is the bad rate of the people nearest to the cut-off.
    Coverage: ``benchmarks/alternatives.py``.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> score = rng.normal(size=4000)
    >>> good = rng.random(4000) < 1 / (1 + np.exp(-1.5 * score - 1))
    >>> made = volume_change(good, score > 0.5, score, 2 * score)
    >>> round(made.incumbent, 2), made.value
    (0.31, 0.0)
    """
    side, taken = np.asarray(good, dtype=bool), np.asarray(selected, dtype=bool)
    own, score = np.asarray(incumbent, dtype=np.float64), np.asarray(candidate, dtype=np.float64)
    _same(side, taken, own, score)
    n, many = len(side), int(taken.sum())
    if n < FEWEST_FOR_VOLUME:
        return unknown_change(n, f"{n:,} people; a volume at equal bad rate needs {FEWEST_FOR_VOLUME:,}")
    bad = (~side).astype(np.float64)
    bads = float(bad[taken].sum())
    if min(bads, many - bads) < FEW or many == n:
        why = f"the incumbent selects {many:,} of {n:,} people, {int(bads):,} of them bad: too few to set another by"
        return unknown_change(n, why)
    rate = bads / many
    near = max(2, min(round(NEAR * math.sqrt(n)), n // 8))
    order = np.argsort(-score, kind="stable")
    place = _crossing(np.cumsum(bad[order] - rate), near)
    # The incumbent's volume is found in the same way, so that two models that rank alike have the same.
    back = _crossing(np.cumsum(bad[np.argsort(-own, kind="stable")] - rate), near)
    if place is None or back is None:
        return unknown_change(n, "no cut-off of the candidate has the bad rate of the incumbent")
    around = order[max(0, place - near) : min(n, place + near)]
    above = score >= score[order[place - 1]]
    share, before = above.mean(), many / n
    beside = float(bad[around].mean())
    if place == n or beside - rate <= 2 * math.sqrt(beside * (1 - beside) / len(around)):
        why = "people next to the candidate's cut-off are not clearly worse than those above it, so it is not pinned"
        return unknown_change(n, why)
    of_rate = taken * (bad - rate) / before
    influence = above - share - (above * (bad - rate) - share * of_rate) / (beside - rate)
    gap = influence - (taken - before)
    return Change(float(before), float(before + share - back / n), float(share - back / n), gap / n)


def log_ratio_change(group: ArrayLike, reference: ArrayLike, incumbent: ArrayLike, candidate: ArrayLike) -> Change:
    """Change of the ratio of two groups' rates on the logarithmic scale: the adverse impact ratio under two models.

    Parameters
    ----------
    group, reference
        Whether each person is of the group, and of the reference, shape [person].
    incumbent, candidate
        Whether each person is selected, shape [person].

    Returns
    -------
    Change
        The values of the two models are ratios. Undefined where fewer than 10 people of a group are selected by a
        model, or fewer than 10 decisions differ but some do.

    Examples
    --------
    >>> import numpy as np
    >>> of = np.arange(400) < 200
    >>> before = np.arange(400) % 2 == 0
    >>> before[:200] = np.arange(200) % 4 == 0
    >>> after = np.arange(400) % 2 == 0
    >>> made = log_ratio_change(of, ~of, before, after)
    >>> made.incumbent, made.candidate, round(float(np.exp(made.value)), 1)
    (0.5, 1.0, 2.0)
    """
    parts = _two_groups(group, reference, incumbent, candidate)
    of_group, of_reference, before, after = parts
    n = len(before)
    counts = [int((side & taken).sum()) for side in (of_group, of_reference) for taken in (before, after)]
    if min(counts) < FEW:
        why = (
            f"only {min(counts)} people of a group are selected by one of the models; a ratio with an error needs {FEW}"
        )
        return unknown_change(n, why, scale="log ratio")
    rates = [counts[0] / of_group.sum(), counts[1] / of_group.sum()]
    others = [counts[2] / of_reference.sum(), counts[3] / of_reference.sum()]
    influence = np.zeros(n)
    for side, (first, second), sign in ((of_group, rates, 1.0), (of_reference, others, -1.0)):
        people = float(side.sum())
        each = after[side] / second - before[side] / first
        influence[side] = sign * each / math.sqrt(people * (people - 1))
    ratios = [float(rates[at] / others[at]) for at in (0, 1)]
    made = Change(ratios[0], ratios[1], math.log(ratios[1] / ratios[0]), influence, "log ratio")
    return _too_few(made, (before != after) & (of_group | of_reference), "decisions differ between the models")


def gap_change(group: ArrayLike, reference: ArrayLike, incumbent: ArrayLike, candidate: ArrayLike) -> Change:
    """Change of the difference of two groups' rates under two models: the change of the selection rate's gap.

    Parameters
    ----------
    group, reference, incumbent, candidate
        As for :func:`log_ratio_change`.

    Returns
    -------
    Change
        Group less reference, candidate less incumbent: above 0 where the group gains on the reference.

    Examples
    --------
    >>> import numpy as np
    >>> of = np.arange(400) < 200
    >>> before = np.arange(400) % 4 == 0
    >>> made = gap_change(of, ~of, before, np.where(of, np.arange(400) % 2 == 0, before))
    >>> made.incumbent, made.candidate
    (0.0, 0.25)
    """
    of_group, of_reference, before, after = _two_groups(group, reference, incumbent, candidate)
    n = len(before)
    if min(of_group.sum(), of_reference.sum()) < 2:
        return unknown_change(n, "fewer than two people of a group")
    influence = np.zeros(n)
    gaps = [float(taken[of_group].mean() - taken[of_reference].mean()) for taken in (before, after)]
    for side, sign in ((of_group, 1.0), (of_reference, -1.0)):
        people = float(side.sum())
        each = after[side].astype(np.float64) - before[side]
        influence[side] = sign * (each - each.mean()) / math.sqrt(people * (people - 1))
    made = Change(gaps[0], gaps[1], gaps[1] - gaps[0], influence)
    return _too_few(made, (before != after) & (of_group | of_reference), "decisions differ between the models")


def _crossing(excess: FloatArray, near: int) -> int | None:
    """Return how many people to select so that the bad ones are as many as the rate allows.

    ``excess`` are the bad people above what the rate allows, by people selected. The last place where it is 0 is
    selected for its luck, so the root of a line through it and its neighbors is taken instead.
    """
    able = np.flatnonzero(excess <= 0)
    if not len(able):
        return None
    place = int(able[-1]) + 1
    for _ in range(3):
        at = np.arange(max(0, place - near), min(len(excess), place + near))
        slope, level = np.polyfit(at - place, excess[at], 1)
        if slope <= 0:
            return place
        place = int(np.clip(place - round(level / slope), 1, len(excess)))
    return place


def _area(good: BoolArray, score: FloatArray) -> tuple[float, FloatArray]:
    """Return an AUC and each person's influence: placements less the area, at DeLong's n - 1."""
    place = np.unique(score, return_inverse=True)[1]
    kinds = int(place.max()) + 1
    goods = np.bincount(place[good], minlength=kinds).astype(np.float64)
    bads = np.bincount(place[~good], minlength=kinds).astype(np.float64)
    many_good, many_bad = goods.sum(), bads.sum()
    of_good = (np.cumsum(bads) - bads / 2) / many_bad
    of_bad = (many_good - np.cumsum(goods) + goods / 2) / many_good
    placement = np.where(good, of_good[place], of_bad[place])
    area = float(placement[good].mean())
    people = np.where(good, many_good, many_bad)
    return area, (placement - area) / np.sqrt(people * (people - 1))


def _two_groups(*given: ArrayLike) -> tuple[BoolArray, BoolArray, BoolArray, BoolArray]:
    group, reference, before, after = (np.asarray(one, dtype=bool) for one in given)
    _same(group, reference, before, after)
    if (group & reference).any():
        message = f"{int((group & reference).sum()):,} people are of the group and of its reference. Each is of one."
        raise UndefinedMetricError(message)
    return group, reference, before, after


def _too_few(made: Change, differ: BoolArray, what: str) -> Change:
    some = int(differ.sum())
    if made.undefined or not 0 < some < FEW:
        return made
    return Change(
        made.incumbent, made.candidate, made.value, made.influence, made.scale,
        f"only {some} {what}; below {FEW} chance cannot be told from a change",
    )  # fmt: skip


def unknown_change(people: int, why: str, *, scale: Scale = "difference") -> Change:
    """Return the change that there is none of, with the reason.

    Examples
    --------
    >>> unknown_change(3, "nobody knows").undefined
    'nobody knows'
    """
    return Change(math.nan, math.nan, math.nan, np.zeros(people), scale, why)


def _same(first: BoolArray | FloatArray, *others: ArrayLike) -> BoolArray:
    shapes = {np.asarray(first).shape, *(np.asarray(one).shape for one in others)}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        message = f"Both models are compared on the same people, one value a person; got the shapes {sorted(shapes)}."
        raise UndefinedMetricError(message)
    return np.asarray(first).astype(bool)
