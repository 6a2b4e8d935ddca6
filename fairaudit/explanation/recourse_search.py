"""Where the score is a black box: a seeded beam search over the declared values. It proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .action_values import Variable
from .recourse_problem import Relation
from .trees import Floats, Integers

WIDTH = 12
"""States that are followed at once."""
COARSE = 24
"""At most this many options a variable while features are chosen; the costs are lowered over all of them after."""
DEEPEST = 6
"""At most this many features change."""


@dataclass(frozen=True, slots=True)
class Found:
    """One choice that reaches the cut-off: places among each variable's options."""

    chosen: Integers
    cost: float
    score: float


def search(
    variables: Sequence[Variable],
    relations: Sequence[Relation],
    merit: Callable[[Integers], Floats],
    needed: float,
    most_changes: int | None,
    avoid: Sequence[frozenset[int]],
    rng: np.random.Generator,
) -> Found | None:
    """Return the cheapest choice that the search meets, or None.

    Parameters
    ----------
    variables, relations, most_changes
        The choices and what must hold.
    merit
        Scores of choices (rows x variables), more is better.
    needed
        The score to reach.
    avoid
        Sets of variables that must not all change together.
    rng
        Breaks ties.
    """
    if not variables:
        return None
    costs = [variable.costs for variable in variables]
    coarse = [_spread(len(cost)) for cost in costs]
    beam = np.zeros((1, len(variables)), dtype=np.int64)
    best: Found | None = None
    start = float(merit(beam)[0])
    for _ in range(min(len(variables), most_changes or DEEPEST, DEEPEST)):
        states = _next(beam, coarse, avoid)
        if not len(states):
            break
        cost = np.sum([some[states[:, at]] for at, some in enumerate(costs)], axis=0)
        if best is not None:
            states, cost = states[cost < best.cost], cost[cost < best.cost]
        if not len(states):
            break
        score = merit(states)
        allowed = _hold(relations, states)
        reached = np.flatnonzero((score >= needed) & allowed)
        for place in reached[np.argsort(cost[reached], kind="stable")][:WIDTH].tolist():
            made = _lowered(states[place], costs, relations, merit, needed)
            if best is None or made.cost < best.cost:
                best = made
        # Half of the beam has the highest scores, half the most score for its cost, so that neither is lost.
        on = np.flatnonzero(score < needed)
        tie = rng.random(len(on))
        highest = on[np.lexsort((tie, -score[on]))][: WIDTH // 2]
        worth = on[np.lexsort((tie, -(score[on] - start) / cost[on]))][: WIDTH // 2]
        beam = states[np.unique(np.concatenate([highest, worth]))]
        if not len(beam):
            break
    return best


def _spread(options: int) -> Integers:
    """Return option 0 and others spread evenly over the rest, the last one among them."""
    if options <= COARSE + 1:
        return np.arange(options, dtype=np.int64)
    return np.unique(np.concatenate([[0], np.linspace(1, options - 1, COARSE).round()])).astype(np.int64)


def _next(beam: Integers, coarse: Sequence[Integers], avoid: Sequence[frozenset[int]]) -> Integers:
    """Return every state that changes one more variable."""
    made = []
    for state in beam:
        for at in np.flatnonzero(state == 0).tolist():
            touched = {*np.flatnonzero(state).tolist(), at}
            if any(one <= touched for one in avoid):
                continue
            block = np.repeat(state[None, :], len(coarse[at]) - 1, axis=0)
            block[:, at] = coarse[at][1:]
            made.append(block)
    return np.unique(np.concatenate(made), axis=0) if made else np.empty((0, beam.shape[1]), dtype=np.int64)


def _hold(relations: Sequence[Relation], states: Integers) -> np.ndarray:
    made = np.ones(len(states), dtype=bool)
    for one in relations:
        total = sum(some[states[:, at]] for at, some in one.factors.items())
        slack = 1e-9 * max(1.0, *(float(np.abs(some).max()) for some in one.factors.values()))
        made &= (total >= one.low - slack) & (total <= one.high + slack)
    return made


def _lowered(
    state: Integers,
    costs: Sequence[Floats],
    relations: Sequence[Relation],
    merit: Callable[[Integers], Floats],
    needed: float,
) -> Found:
    """Return the state with each variable in turn at its cheapest option that still reaches the cut-off."""
    state = state.copy()
    while True:
        before = state.copy()
        for at in np.flatnonzero(state).tolist():
            cheaper = np.flatnonzero(costs[at] < costs[at][state[at]])
            block = np.repeat(state[None, :], len(cheaper), axis=0)
            block[:, at] = cheaper
            if len(block):
                good = np.flatnonzero((merit(block) >= needed) & _hold(relations, block))
                if len(good):
                    state = block[good[np.argmin(costs[at][cheaper[good]])]]
        if (state == before).all():
            break
    cost = float(sum(some[state[at]] for at, some in enumerate(costs)))
    return Found(state, cost, float(merit(state[None, :])[0]))
