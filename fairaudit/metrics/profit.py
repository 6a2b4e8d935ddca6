"""What decisions bring, and what each parity costs: profit from counts, cut-offs of most profit, parities.

A good outcome of a selected person brings ``payoff.good``, a bad one ``payoff.bad``; people who are not selected
bring nothing. All functions take people by bin, worst score first, and may have leading axes (bootstrap draws).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from .base import Floats, measure

Ints: TypeAlias = NDArray[np.int64]
Parity = Literal["one cut-off for everybody", "demographic parity", "equal opportunity", "equalized odds"]
PARITIES: tuple[Parity, ...] = get_args(Parity)
LITTLE = 1e-9
"""Profits that differ by less, as a share of what is at stake, are equal."""

_HARDT = "Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning, section 6"
FOR_STUDY = "Cut-offs that differ by group are for study only: they treat people by their group."
_NO_OUTCOME = "nobody's outcome is observed, or a group has nobody with a good, or nobody with a bad one"
_FICO = "Hardt, Price and Srebro (2016), TransRisk scores of 2003"

measure(
    id="expected_profit",
    title="Expected profit per person decided on",
    plain="What the decisions about a group bring on average: each selected good and bad outcome at what it brings.",
    formula="(good selected x what a good outcome brings + bad selected x what a bad one brings) / people decided on",
    reading=(
        "In the unit in which the two amounts are given; people who are not selected bring 0. Where outcomes of "
        "selected people are unobserved it is not identified, and its bounds stand instead."
    ),
    undefined_when="nobody was decided on, or the outcome of a selected person is unobserved",
    source=_HARDT,
    topic="profit",
    about="an amount per person of one group",
    aliases=("expected utility", "profit per applicant"),
    checked_against=("numpy.mean",),
)
measure(
    id="expected_profit_per_selected",
    title="Expected profit per selected person",
    plain="What a selected person of a group brings on average, among those whose outcome is observed.",
    formula="(good selected x what a good one brings + bad selected x what a bad one brings) / (good + bad selected)",
    reading=(
        "In the unit in which the two amounts are given; below 0 the selected people of the group bring a loss. It is "
        "the positive predictive value on another scale."
    ),
    undefined_when="no selected person's outcome is observed",
    source=_HARDT,
    topic="profit",
    about="an amount per selected person of one group",
    aliases=("profit per approval",),
    checked_against=("numpy.mean",),
)
measure(
    id="maximum_profit",
    title="Maximum profit per person",
    plain="The most that a cut-off can bring per person: for a group by its own cut-off, and for all groups together.",
    formula="max over cut-offs of the expected profit; for all groups the sum of each group's own maximum, per person",
    reading=(
        "The cut-off was chosen on the same people, so the number is somewhat too good: the optimism that the "
        "bootstrap finds stands beside it. It says nothing of new people."
    ),
    undefined_when="nobody's outcome is observed",
    source=f"{_HARDT}; Efron (1983), Journal of the American Statistical Association 78:316 (optimism)",
    topic="profit",
    about="an amount per person, of one group or of all together",
    checked_against=("scipy.optimize.linprog",),
)
measure(
    id="maximum_profit_cutoff",
    title="Cut-off of maximum profit",
    plain="The cut-off at which a group, or everybody together, brings the most.",
    formula="the cut-off with the largest expected profit; of equal ones that which selects the most people",
    reading=f"In units of the score. Its interval is where the cut-off falls when people are drawn anew. {FOR_STUDY}",
    undefined_when="no cut-off brings more than selecting nobody, or nobody's outcome is observed",
    source=_HARDT,
    topic="profit",
    about="a cut-off of one group or of all together",
    checked_against=(_FICO,),
)
measure(
    id="profit_under_parity",
    title="Profit under a parity, as a share of the maximum",
    plain="How much of the maximum profit is left when the decisions must meet a parity: what the parity costs.",
    formula="largest profit of cut-offs, or mixtures of them, that meet the parity / maximum profit",
    reading=(
        "1 means that the parity costs nothing. One cut-off for everybody: the same rule; demographic parity: the same "
        "selection rate; equal opportunity: the same true positive rate; equalized odds: the same true and false "
        "positive rates, where the convex hulls of the groups' ROC curves meet. Two cut-offs may be mixed by lot. "
        f"Chosen and measured on the same people. {FOR_STUDY}"
    ),
    undefined_when=f"the maximum profit is 0, {_NO_OUTCOME}",
    source=_HARDT,
    topic="profit",
    about="a share of the maximum profit, over all groups",
    aliases=("cost of fairness", "price of fairness", "cost of parity"),
    checked_against=("scipy.optimize.linprog", _FICO),
)
measure(
    id="cutoff_under_parity",
    title="Cut-off that a parity needs",
    plain="The cut-off, or the two cut-offs mixed by lot, that a group needs under a parity at the largest profit.",
    formula="the cut-offs behind the profit under the parity",
    reading=(
        "The number is the cut-off that more people of the group meet; the words say the mixture. Equalized odds may "
        f"also need a lottery in which the score is not looked at. {FOR_STUDY}"
    ),
    undefined_when=f"nobody of the group is selected, {_NO_OUTCOME}",
    source=_HARDT,
    topic="profit",
    about="a cut-off of one group",
    checked_against=("rates of the mixture, recounted by numpy",),
)
measure(
    id="selection_rate_under_parity",
    title="Selection rate under a parity",
    plain="Share of a group that would be selected by the cut-offs that a parity needs.",
    formula="people of the group selected by the cut-offs behind the profit under the parity / people of the group",
    reading="From 0 to 1, beside the group's rate at the cut-off of maximum profit: who gains and who loses approvals.",
    undefined_when=_NO_OUTCOME,
    source=_HARDT,
    topic="profit",
    about="a share of people in one group",
    checked_against=("scipy.optimize.linprog",),
)


@dataclass(frozen=True, slots=True)
class Payoff:
    """What a selected person brings: with a good outcome (above 0) and with a bad one (below 0)."""

    good: float
    bad: float

    def of(self, good: Floats, bad: Floats) -> Floats:
        """Return what so many good and bad outcomes bring together."""
        return np.asarray(self.good * good + self.bad * bad)


# One group, all its cut-offs


def selected(people: Floats) -> Floats:
    """Return how many people [..., bin] are in the best k bins, for k from nobody (0) to everybody [..., bin + 1].

    Examples
    --------
    >>> selected(np.array([5.0, 3.0, 2.0])).tolist()
    [0.0, 2.0, 5.0, 10.0]
    """
    nobody = np.zeros((*people.shape[:-1], 1))
    return np.concatenate([nobody, np.cumsum(people[..., ::-1], axis=-1)], axis=-1)


def best_place(good: Floats, bad: Floats, payoff: Payoff) -> Ints:
    """Return how many of the best bins to select for the most profit, from people by bin [..., bin].

    Of places that bring the same the one that selects the most people; never one at a score that nobody has.

    Examples
    --------
    >>> int(best_place(np.array([1.0, 0.0, 5.0]), np.array([4.0, 0.0, 1.0]), Payoff(1.0, -1.0)))
    1
    """
    profit = payoff.of(selected(good), selected(bad))
    stake = payoff.of(good.sum(axis=-1), -bad.sum(axis=-1))[..., None]
    someone = np.concatenate([np.ones((*good.shape[:-1], 1), dtype=bool), (good + bad)[..., ::-1] > 0], axis=-1)
    reached = (profit >= profit.max(axis=-1, keepdims=True) - LITTLE * stake) & someone
    last = reached.shape[-1] - 1
    return np.asarray(last - reached[..., ::-1].argmax(axis=-1), dtype=np.int64)


# Concave hulls, for many curves at once


class Hull(NamedTuple):
    """The upper concave hull of a curve: its corners [..., corner] and which point of the curve each one is."""

    x: Floats
    y: Floats
    place: Ints
    """The last corner is repeated where another curve has more."""


def concave_hull(x: Floats, y: Floats) -> Hull:
    """Return the upper concave hull of curves [..., point] whose x never falls.

    Examples
    --------
    >>> hull = concave_hull(np.array([0.0, 0.5, 1.0, 2.0]), np.array([0.0, 0.1, 1.0, 1.0]))
    >>> hull.place.tolist()
    [0, 2, 3]
    """
    shape, points = x.shape[:-1], x.shape[-1]
    flat_x, flat_y = x.reshape(-1, points), y.reshape(-1, points)
    rows = np.arange(len(flat_x))
    stack = np.zeros((len(rows), points), dtype=np.int64)
    top = np.zeros(len(rows), dtype=np.int64)
    for k in range(points):
        last = stack[rows, np.maximum(top - 1, 0)]
        upright = (top > 0) & (flat_x[:, k] == flat_x[rows, last])
        # Of points above each other only the highest is on the hull, so that it has one height everywhere.
        lower = upright & (flat_y[:, k] <= flat_y[rows, last])
        top[upright & ~lower] -= 1
        left = rows[(top >= 2) & ~lower]
        while len(left):
            a, b = stack[left, top[left] - 2], stack[left, top[left] - 1]
            run, rise = flat_x[left, b] - flat_x[left, a], flat_y[left, b] - flat_y[left, a]
            all_run, all_rise = flat_x[left, k] - flat_x[left, a], flat_y[left, k] - flat_y[left, a]
            under = run * all_rise - all_run * rise >= 0
            left = left[under]
            top[left] -= 1
            left = left[top[left] >= 2]
        added = rows[~lower]
        stack[added, top[added]] = k
        top[added] += 1
    corners = np.minimum(np.arange(top.max(initial=1)), top[:, None] - 1)
    place = np.take_along_axis(stack, corners, axis=1)
    made = [np.take_along_axis(side, place, axis=1).reshape(*shape, -1) for side in (flat_x, flat_y)]
    return Hull(made[0], made[1], place.reshape(*shape, -1))


def heights(hull: Hull, at: Floats) -> Floats:
    """Return the hulls' heights [..., place] at places [..., place] between 0 and 1.

    Examples
    --------
    >>> hull = concave_hull(np.array([[0.0, 1.0]]), np.array([[0.0, 2.0]]))
    >>> heights(hull, np.array([[0.25]])).tolist()
    [[0.5]]
    """
    shape = np.broadcast_shapes(hull.x.shape[:-1], at.shape[:-1])
    x, y = (np.broadcast_to(side, (*shape, side.shape[-1])).reshape(-1, side.shape[-1]) for side in hull[:2])
    wanted = np.broadcast_to(at, (*shape, at.shape[-1])).reshape(-1, at.shape[-1])
    # One interpolation for all curves: each is moved to a stretch of its own.
    along = 2.0 * np.arange(len(x))[:, None]
    made = np.interp((wanted + along).ravel(), (x + along).ravel(), y.ravel())
    return made.reshape(*shape, at.shape[-1])


# Parities


class Mixture(NamedTuple):
    """Each group's decision rule [..., group]: two places of its curve by lot, and a lottery without the score.

    With chance ``lottery`` a person is selected with chance ``chance`` whatever the score; else place ``upper`` is
    used with chance ``share`` and place ``lower`` otherwise. A place is the number of best bins that are selected.
    """

    lower: Ints
    upper: Ints
    share: Floats
    lottery: Floats
    chance: Floats

    @property
    def met(self) -> Ints:
        """The place whose cut-off more people of a group meet (the lottery apart)."""
        return np.asarray(np.where(self.share <= 0.5, self.lower, self.upper))

    def of(self, people: Floats) -> Floats:
        """Return how many of people by bin [..., group, bin] the rule selects on average."""
        by_place = selected(people)
        low, high = (
            np.take_along_axis(by_place, np.broadcast_to(place, by_place.shape[:-1])[..., None], axis=-1)[..., 0]
            for place in (self.lower, self.upper)
        )
        by_score = (1 - self.share) * low + self.share * high
        return np.asarray((1 - self.lottery) * by_score + self.lottery * self.chance * by_place[..., -1])


class Rules(NamedTuple):
    """The decision rules of most profit under a parity, and what they bring over all groups together."""

    profit: Floats
    mixture: Mixture


def best_rules(parity: Parity | None, good: Floats, bad: Floats, payoff: Payoff) -> Rules:
    """Return the rules of most profit that meet a parity, from people by group and bin [..., group, bin].

    Parameters
    ----------
    parity
        None for each group's own cut-off, without any parity.
    good, bad
        People by group and bin, worst score first.
    payoff
        What a selected person brings.

    Notes
    -----
    A parity that no single cut-off meets exactly is met by a lot between two cut-offs of the group, the corners of
    its concave hull; equalized odds takes the intersection of the areas under the hulls of all ROC curves, and a
    group whose hull lies above the meeting point gets a lottery besides. NaN where a group lacks good or bad people
    and the parity asks for their rates. Source: Hardt, Price and Srebro (2016), sections 4 and 6.

    Examples
    --------
    >>> good, bad = np.array([[1.0, 4.0], [2.0, 2.0]]), np.array([[3.0, 1.0], [4.0, 0.0]])
    >>> rules = best_rules("demographic parity", good, bad, Payoff(1.0, -1.0))
    >>> round(float(rules.profit), 3), rules.mixture.of(good + bad).round(3).tolist()
    (4.185, [5.0, 4.444])
    """
    if parity is None:
        return _by_place(best_place(good, bad, payoff), good, bad, payoff)
    if parity == "one cut-off for everybody":
        place = best_place(good.sum(axis=-2), bad.sum(axis=-2), payoff)
        return _by_place(np.broadcast_to(place[..., None], good.shape[:-1]), good, bad, payoff)
    if parity == "equalized odds":
        return _equalized_odds(good, bad, payoff)
    hull, at, total = over_shares(good + bad if parity == "demographic parity" else good, good, bad, payoff)
    best = _last_best(total, payoff.of(good, -bad).sum(axis=(-2, -1)))
    rate = np.take_along_axis(at, best[..., None], axis=-1)
    made = _mixture(hull, np.broadcast_to(rate, hull.x.shape[:-1]))
    return Rules(np.take_along_axis(total, best[..., None], axis=-1)[..., 0], made)


def over_shares(over: Floats, good: Floats, bad: Floats, payoff: Payoff) -> tuple[Hull, Floats, Floats]:
    """Return what all groups bring together where the same share of ``over`` is selected in each.

    Parameters
    ----------
    over
        Of whom the share is: everybody for demographic parity, good people for equal opportunity [..., group, bin].
    good, bad, payoff
        As in :func:`best_rules`.

    Returns
    -------
    tuple
        Each group's concave hull of profit over the share, all corners' shares in order [..., place], and the profit of
        all groups there [..., place]: between two places it is a straight line.

    Examples
    --------
    >>> good, bad = np.array([[1.0, 4.0]]), np.array([[3.0, 1.0]])
    >>> _, at, total = over_shares(good + bad, good, bad, Payoff(1.0, -1.0))
    >>> at.round(3).tolist(), total.tolist()
    ([0.0, 0.556, 1.0], [0.0, 3.0, 1.0])
    """
    hull = concave_hull(_shares(over), payoff.of(selected(good), selected(bad)))
    at = np.sort(hull.x.reshape(*hull.x.shape[:-2], -1), axis=-1)
    return hull, at, heights(hull, at[..., None, :]).sum(axis=-2)


def _by_place(place: Ints, good: Floats, bad: Floats, payoff: Payoff) -> Rules:
    nothing = np.zeros(place.shape)
    mixture = Mixture(place, place, nothing, nothing, nothing)
    return Rules(payoff.of(mixture.of(good), mixture.of(bad)).sum(axis=-1), mixture)


def _shares(people: Floats) -> Floats:
    by_place = selected(people)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(by_place / by_place[..., -1:])


def _last_best(total: Floats, stake: Floats) -> Ints:
    """Return the last place of the largest total: of equal ones that which selects most."""
    highest = np.nan_to_num(total, nan=-np.inf).max(axis=-1, keepdims=True)
    reached = np.nan_to_num(total, nan=-np.inf) >= highest - LITTLE * np.asarray(stake)[..., None]
    return np.asarray(total.shape[-1] - 1 - reached[..., ::-1].argmax(axis=-1), dtype=np.int64)


def _mixture(hull: Hull, at: Floats) -> Mixture:
    """Return the corners on both sides of a place on each hull, and the share of the upper one."""
    with np.errstate(invalid="ignore"):
        above = (hull.x >= at[..., None] - LITTLE).argmax(axis=-1)[..., None]
    below = np.maximum(above - 1, 0)
    x_low, x_high = (np.take_along_axis(hull.x, corner, axis=-1)[..., 0] for corner in (below, above))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(np.where(x_high > x_low, (at - x_low) / (x_high - x_low), 1.0), 0.0, 1.0)
    share = np.where(share > 1 - LITTLE, 1.0, share)
    lower, upper = (np.take_along_axis(hull.place, corner, axis=-1)[..., 0] for corner in (below, above))
    nothing = np.zeros(share.shape)
    return Mixture(np.where(share == 1, upper, lower), upper, np.where(share == 1, 0.0, share), nothing, nothing)


def _equalized_odds(good: Floats, bad: Floats, payoff: Payoff) -> Rules:
    """Return the best point that every group's rules can reach: under all hulls, so at the lowest of them."""
    hull = concave_hull(_shares(bad), _shares(good))
    brings, costs = payoff.good * good.sum(axis=(-2, -1)), payoff.bad * bad.sum(axis=(-2, -1))
    corners = np.sort(hull.x.reshape(*hull.x.shape[:-2], -1), axis=-1)
    at = np.concatenate([corners, _crossings(hull, corners, brings, costs)], axis=-1)
    at = np.sort(at, axis=-1)
    lowest = heights(hull, at[..., None, :]).min(axis=-2)
    total = brings[..., None] * lowest + costs[..., None] * at
    best = _last_best(total, brings - costs)[..., None]
    false, true = (np.take_along_axis(side, best, axis=-1) for side in (at, lowest))
    own = heights(hull, np.broadcast_to(false, hull.x.shape[:-1])[..., None])[..., 0]
    made = _mixture(hull, np.broadcast_to(false, hull.x.shape[:-1]))
    # Below its own hull a group looks away from the score for some people, and selects them by lot.
    with np.errstate(invalid="ignore", divide="ignore"):
        lottery = np.where(own > true + LITTLE, (own - true) / (own - false), 0.0)
    chance = np.where(lottery > 0, np.broadcast_to(false, own.shape), 0.0)
    profit = np.take_along_axis(total, best, axis=-1)[..., 0]
    return Rules(profit, made._replace(lottery=lottery, chance=chance))


def _crossings(hull: Hull, corners: Floats, brings: Floats, costs: Floats) -> Floats:
    """Return where hulls cross beside the best corner: the lowest hull is concave, so the best point is near it."""
    lowest = heights(hull, corners[..., None, :]).min(axis=-2)
    total = np.nan_to_num(brings[..., None] * lowest + costs[..., None] * corners, nan=-np.inf)
    best = total.argmax(axis=-1)[..., None]
    x_best = np.take_along_axis(corners, best, axis=-1)
    before = np.where(corners < x_best, corners, -np.inf).max(axis=-1, keepdims=True)
    after = np.where(corners > x_best, corners, np.inf).min(axis=-1, keepdims=True)
    found = []
    for start, stop in ((np.where(np.isfinite(before), before, x_best), x_best),
                        (x_best, np.where(np.isfinite(after), after, x_best))):  # fmt: skip
        # No corner lies between the two ends, so every hull is a straight line there.
        inner = [start + (stop - start) * part for part in (0.25, 0.75)]
        near = heights(hull, np.concatenate(inner, axis=-1)[..., None, :])
        with np.errstate(invalid="ignore", divide="ignore"):
            slope = (near[..., 1] - near[..., 0]) / (inner[1] - inner[0])
            height = near[..., 0] - slope * inner[0]
            gap = slope[..., None] - slope[..., None, :]
            where = (height[..., None, :] - height[..., None]) / gap
        where = where.reshape(*where.shape[:-2], -1)
        inside = (where > start) & (where < stop)
        found.append(np.where(inside, where, x_best))
    return np.concatenate(found, axis=-1)
