"""The cheapest change, or the best reachable merit, as a mixed-integer linear program solved by HiGHS.

One binary variable an option. A tree has one continuous variable a leaf: a branch opens its leaves only as far as
the options that lead there are chosen (Mišić 2020, Optimization of tree ensembles), so with whole options exactly one
leaf a tree is left. The solver works to a tolerance: the line is put a little too low for it, the model itself decides
about what it returns, and an answer that the model refuses is cut off. So nothing that reaches the line is missed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .recourse_problem import Problem
from .trees import Floats, Integers

SLACK = 1e-6
"""The solver's tolerance: the line is lowered by this much of the largest part, for each variable."""
COST_SCALE = 1_000.0
"""The largest cost is this for the solver, whose absolute gap of 1e-6 is then 1e-9 of it."""
Status = Literal["optimal", "infeasible", "limit"]


@dataclass(frozen=True, slots=True)
class Cut:
    """From ``low`` to ``high`` of these choices: pairs of a variable and a place among its kept options."""

    choices: tuple[tuple[int, int], ...]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver found: places among the kept options, one a variable."""

    status: Status
    chosen: Integers | None
    cost: float
    bound: float
    """Nothing costs less than this (or, of the best reachable merit, nothing reaches more)."""
    gap: float
    said: str
    """The solver's own words."""


class Program:
    """The program of one problem; built once, solved as often as cuts are added."""

    def __init__(self, problem: Problem) -> None:
        from scipy.sparse import csr_array

        self.problem = problem
        sizes = [len(cost) for cost in problem.costs]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.options = int(self.starts[-1])
        leaves = np.concatenate([tree.leaves for tree in problem.trees]) if problem.trees else np.empty(0)
        self.merit = np.concatenate([*problem.gains, leaves])
        self.cost = np.concatenate([*problem.costs, np.zeros(len(leaves))])
        self.size = len(self.merit)
        self.scale = float(np.max(np.abs(self.merit), initial=0.0)) or 1.0
        self.cost_scale = COST_SCALE / (float(self.cost.max(initial=0.0)) or 1.0)
        rows = _Rows()
        for start, size in zip(self.starts[:-1].tolist(), sizes, strict=True):
            rows.add(range(start, start + size), [1.0] * size, 1.0, 1.0)
        self._trees(rows)
        for relation in problem.relations:
            places: list[int] = []
            factors: list[float] = []
            for at, some in relation.factors.items():
                places += range(int(self.starts[at]), int(self.starts[at + 1]))
                factors += some.tolist()
            largest = max(1.0, *map(abs, factors))
            low, high = (end / largest for end in (relation.low, relation.high))
            rows.add(places, [factor / largest for factor in factors], low - SLACK, high + SLACK)
        if problem.most_changes is not None:
            stay = len(sizes) - problem.most_changes
            rows.add(self.starts[:-1].tolist(), [1.0] * len(sizes), float(stay), math.inf)
        self.matrix = csr_array((rows.data, (rows.row, rows.column)), shape=(len(rows.low), self.size))
        self.low, self.high = np.array(rows.low), np.array(rows.high)

    def cheapest(self, cuts: Sequence[Cut], time_limit: float) -> Solved:
        """Return the cheapest choice that reaches the line."""
        parts = len(self.problem.costs) + len(self.problem.trees)
        least = (self.problem.needed - self.problem.base) / self.scale - SLACK * (1 + parts)
        made = self._solve(self.cost * self.cost_scale, cuts, least, time_limit)
        return Solved(
            made.status, made.chosen, made.cost / self.cost_scale, made.bound / self.cost_scale, made.gap, made.said
        )

    def best(self, time_limit: float) -> Solved:
        """Return the choice of the greatest merit; ``cost`` and ``bound`` are merits."""
        made = self._solve(-self.merit / self.scale, (), None, time_limit)
        reached, bound = (self.problem.base - value * self.scale for value in (made.cost, made.bound))
        return Solved(made.status, made.chosen, reached, bound, made.gap, made.said)

    def changed(self, chosen: Integers) -> tuple[int, ...]:
        """Return the variables that a choice changes."""
        return tuple(np.flatnonzero(chosen != 0).tolist())

    def values(self, chosen: Integers) -> dict[str, Any]:
        """Return the features that a choice changes, those that follow included, with their new values."""
        made = {}
        for at in self.changed(chosen):
            variable, option = self.problem.variables[at], int(self.problem.kept[at][chosen[at]])
            for name, values in zip(variable.features, variable.values, strict=True):
                made[name] = values[option]
        return made

    def _trees(self, rows: _Rows) -> None:
        start = self.options
        for tree in self.problem.trees:
            rows.add(range(start, start + len(tree.leaves)), [1.0] * len(tree.leaves), 1.0, 1.0)
            for branch in tree.branches:
                first = int(self.starts[branch.variable])
                options = (first + np.flatnonzero(branch.options)).tolist()
                leaves = [start + leaf for leaf in branch.leaves]
                rows.add([*leaves, *options], [1.0] * len(leaves) + [-1.0] * len(options), -math.inf, 0.0)
            start += len(tree.leaves)

    def _solve(self, objective: Floats, cuts: Sequence[Cut], least: float | None, time_limit: float) -> Solved:
        from scipy.optimize import Bounds, LinearConstraint, milp

        constraints = [LinearConstraint(self.matrix, self.low, self.high)]
        if least is not None:
            constraints.append(LinearConstraint(self.merit[None, :] / self.scale, least, math.inf))
        for cut in cuts:
            line = np.zeros(self.size)
            for at, option in cut.choices:
                line[self.starts[at] + option] = 1.0
            constraints.append(LinearConstraint(line[None, :], cut.low, cut.high))
        whole = np.zeros(self.size, dtype=np.int64)
        whole[: self.options] = 1
        result = milp(
            objective,
            integrality=whole,
            bounds=Bounds(0.0, 1.0),
            constraints=constraints,
            options={"mip_rel_gap": 0.0, "time_limit": max(time_limit, 0.01), "presolve": True},
        )
        said = str(result.message)
        if result.x is None:
            status: Status = "infeasible" if result.status in (2, 4) and "nfeasible" in said else "limit"
            bound = getattr(result, "mip_dual_bound", None)
            return Solved(status, None, math.nan, -math.inf if bound is None else float(bound), math.inf, said)
        chosen = np.array(
            [int(np.argmax(result.x[a:b])) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)],
            dtype=np.int64,
        )
        gap = 0.0 if result.mip_gap is None else float(result.mip_gap)
        bound = float(result.fun if result.mip_dual_bound is None else result.mip_dual_bound)
        return Solved("optimal" if result.status == 0 else "limit", chosen, float(result.fun), bound, gap, said)


def exactly(chosen: Integers) -> Cut:
    """Return the cut that takes this one choice away."""
    return Cut(tuple(enumerate(chosen.tolist())), -math.inf, len(chosen) - 1)


def not_all_of(changed: Sequence[int]) -> Cut:
    """Return the cut after which at least one of these variables stays as it is."""
    return Cut(tuple((at, 0) for at in changed), 1, math.inf)


class _Rows:
    """The rows of a sparse matrix under way."""

    def __init__(self) -> None:
        self.row: list[int] = []
        self.column: list[int] = []
        self.data: list[float] = []
        self.low: list[float] = []
        self.high: list[float] = []

    def add(self, columns: Sequence[int] | range, data: Sequence[float], low: float, high: float) -> None:
        self.row += [len(self.low)] * len(columns)
        self.column += columns
        self.data += data
        self.low.append(low)
        self.high.append(high)
