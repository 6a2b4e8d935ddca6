"""One person's recourse as numbers: what each choice costs and adds, which leaves it opens, what must hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schema.labels import is_missing
from .action_values import Variable
from .rules import Rule
from .score_structure import Forest, Structure, Sums
from .trees import Floats, Integers

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Branch:
    """Leaves that are open only under some options of one variable."""

    variable: int
    options: Mask
    leaves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """What is left of a tree of two or more variables: its leaves, and the branches that open them."""

    leaves: Floats
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """``low <= sum over variables of the factor of the chosen option <= high``."""

    factors: Mapping[int, Floats]
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Problem:
    """Choose one option a variable: reach ``needed`` at the least cost. Option 0 is as it is."""

    variables: tuple[Variable, ...]
    kept: tuple[Integers, ...]
    """By variable: the options that are worth choosing, the first one 0."""
    costs: tuple[Floats, ...]
    gains: tuple[Floats, ...]
    trees: tuple[Tree, ...]
    base: float
    needed: float
    relations: tuple[Relation, ...]
    most_changes: int | None

    @property
    def leaves(self) -> int:
        """How many leaves the trees have left."""
        return sum(len(tree.leaves) for tree in self.trees)


def relations_of(rules: Sequence[Rule], variables: Sequence[Variable], row: Mapping[Any, Any]) -> list[Relation]:
    """Return the rules as relations of the variables; what does not change is a constant, what is missing no rule."""
    made = []
    for rule in rules:
        factors: dict[int, Floats] = {}
        constant = 0.0
        for name, factor in rule.terms:
            at = next((i for i, variable in enumerate(variables) if name in variable.features), None)
            if at is None:
                constant += factor * (math.nan if is_missing(row[name]) else float(row[name]))
                continue
            values = variables[at].values[variables[at].features.index(name)]
            factors[at] = factors.get(at, 0.0) + factor * np.array(values, dtype=np.float64)
        if factors and not math.isnan(constant):
            made.append(Relation(factors, rule.low - constant, rule.high - constant))
    return made


def problem_of(
    structure: Structure,
    place: int,
    variables: tuple[Variable, ...],
    indices: Sequence[Mapping[str, Integers]],
    rules: Sequence[Rule],
    row: Mapping[Any, Any],
    most_changes: int | None,
) -> Problem:
    """Return the problem of one person.

    Parameters
    ----------
    structure, place
        The reading of the score, and the person's place among its rows.
    variables
        The person's choices.
    indices
        By variable and feature: where its options are among the values of the reading.
    rules, row, most_changes
        What must hold, of whom.
    """
    relations = relations_of(rules, variables, row)
    if structure.sums is not None:
        gains = [_added(structure.sums, variable, at) for variable, at in zip(variables, indices, strict=True)]
        draft = _Draft(gains, [], float(structure.merit[place]))
    else:
        assert structure.forest is not None  # noqa: S101 - a structure is one or the other
        draft = _grown(structure.forest, place, variables, indices)
    bound = {at for relation in relations for at in relation.factors}
    kept = [
        np.arange(len(variable.costs)) if at in bound else _worth_choosing(variable.costs, draft, at)
        for at, variable in enumerate(variables)
    ]
    return Problem(
        variables=variables,
        kept=tuple(kept),
        costs=tuple(variable.costs[some] for variable, some in zip(variables, kept, strict=True)),
        gains=tuple(gain[some] for gain, some in zip(draft.gains, kept, strict=True)),
        trees=tuple(
            Tree(
                tree.leaves,
                tuple(Branch(one.variable, one.options[kept[one.variable]], one.leaves) for one in tree.branches),
            )
            for tree in draft.trees
        ),
        base=draft.base,
        needed=structure.needed,
        relations=tuple(
            Relation({at: some[kept[at]] for at, some in one.factors.items()}, one.low, one.high) for one in relations
        ),
        most_changes=most_changes,
    )


@dataclass(slots=True)
class _Draft:
    gains: list[Floats]
    trees: list[Tree]
    base: float
    sent: dict[int, list[Mask]] = field(default_factory=dict)
    """By variable: where the nodes that are reached send its options."""


def _added(sums: Sums, variable: Variable, at: Mapping[str, Integers]) -> Floats:
    total = sum((sums.parts[name][at[name]] for name in variable.features if name in sums.parts), np.zeros(1))
    made: Floats = total - total[0]
    return made


def _worth_choosing(costs: Floats, draft: _Draft, at: int) -> Integers:
    """Return the options that nothing cheaper equals: exact, because the variable is in no rule."""
    order = np.argsort(costs, kind="stable")
    if at not in draft.sent:
        best, kept = -math.inf, []
        for option in order.tolist():
            if draft.gains[at][option] > best:
                best = float(draft.gains[at][option])
                kept.append(option)
    else:
        table = np.column_stack([np.array(draft.sent[at]).T, draft.gains[at]])
        seen: set[bytes] = set()
        kept = []
        for option in order.tolist():
            signature = table[option].tobytes()
            if signature not in seen:
                seen.add(signature)
                kept.append(option)
    return np.array(sorted(kept), dtype=np.int64)


def _grown(
    forest: Forest, place: int, variables: tuple[Variable, ...], indices: Sequence[Mapping[str, Integers]]
) -> _Draft:
    """Walk every tree under all options at once: what the person cannot change is decided, the rest branches."""
    draft = _Draft([np.zeros(len(variable.costs)) for variable in variables], [], 0.0)
    owner = {name: at for at, variable in enumerate(variables) for name in variable.features}
    ensemble, total = forest.ensemble, forest.sign * forest.ensemble.base
    directions: dict[int, Mask | bool] = {}
    variable_of: dict[int, int] = {}

    def direction(node: int) -> Mask | bool:
        """Where a node sends the person: a mask over the options of its variable, or one way."""
        if node not in directions:
            column = int(ensemble.feature[node])
            feature = forest.owner.get(column)
            at = owner.get(feature) if feature is not None else None
            if at is None or feature is None:
                directions[node] = bool(forest.left[node][forest.row_codes[place, column]])
            else:
                sent = forest.left[node][forest.codes[feature][indices[at][feature], column]]
                if sent.all() or not sent.any():
                    directions[node] = bool(sent[0])
                else:
                    directions[node], variable_of[node] = sent, at
                    draft.sent.setdefault(at, []).append(sent)
        return directions[node]

    for root in ensemble.roots.tolist():
        leaves: list[float] = []
        paths: list[dict[int, Mask]] = []
        branches: list[Branch] = []

        def walk(
            node: int,
            masks: dict[int, Mask],
            leaves: list[float] = leaves,
            paths: list[dict[int, Mask]] = paths,
            branches: list[Branch] = branches,
        ) -> tuple[int, ...]:
            if ensemble.left[node] < 0:
                leaves.append(forest.sign * float(ensemble.value[node]))
                paths.append(masks)
                return (len(leaves) - 1,)
            sent = direction(node)
            if isinstance(sent, bool):
                return walk(int(ensemble.left[node] if sent else ensemble.right[node]), masks)
            at = variable_of[node]
            here = masks.get(at)
            sides = [(sent if here is None else here & sent), (~sent if here is None else here & ~sent)]
            if not (sides[0].any() and sides[1].any()):
                return walk(int(ensemble.left[node] if sides[0].any() else ensemble.right[node]), masks)
            below: tuple[int, ...] = ()
            for child, options in zip((ensemble.left[node], ensemble.right[node]), sides, strict=True):
                under = walk(int(child), {**masks, at: options})
                branches.append(Branch(at, options, under))
                below += under
            return below

        walk(root, {})
        involved = {at for masks in paths for at in masks}
        if len(involved) == 0:
            total += forest.sign * leaves[0]
        elif len(involved) == 1:
            at = involved.pop()
            for value, masks in zip(leaves, paths, strict=True):
                draft.gains[at][masks[at]] += value
        else:
            draft.trees.append(Tree(np.array(leaves), tuple(branches)))
    draft.base = forest.offset + total
    return draft
