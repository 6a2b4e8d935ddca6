"""The cube: an immutable array of counts that every population statistic is computed from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, listed, suggestion
from ..schema.provenance import Part, Provenance
from ..schema.roles import Schema
from .axes import OBSERVED, Axes, DecisionLevel, Dimension, ScoreAxis, distinct_cells
from .blocks import Block
from .confusion import Confusion, ScoreTable, Tally

Ints = NDArray[np.int64]

_ALL = slice(None)
_MOST_SUM = 2.0**62


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """People counted by cell, score bin, decision and outcome.

    ``n`` counts people; ``w`` and ``w2`` are the sums of weights and of squared weights, whole numbers of
    1 / ``schema.weight_scale`` (None when unweighted). ``s1`` and ``s2`` are the (weighted) sums of score
    and squared score, whole numbers of 1 / ``schema.score_scale`` (None where bins are exact).
    ``suppressed`` marks cells whose counts were taken out. ``blocks`` are what only some audits need, by name.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts(
    ...     {"race": ["Black", "Black", "White", "White"], "decision": ["pass", "fail", "pass", "fail"],
    ...      "n": [26, 22, 206, 53]},
    ...     counts="n", groups="race", decision="decision", favorable="pass")
    >>> cube.people
    307
    >>> cube.groups
    ('Black', 'White')
    >>> cube.confusion().selected.n
    array([ 26., 206.])
    """

    axes: Axes
    schema: Schema
    n: Ints
    provenance: Provenance
    w: Ints | None = None
    w2: Ints | None = None
    s1: Ints | None = None
    s2: Ints | None = None
    suppressed: NDArray[np.bool_] | None = None
    blocks: Mapping[str, Block] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", MappingProxyType(dict(self.blocks)))
        for name, block in self.blocks.items():
            block.check(name, self.axes.shape)
        for name, array in self.arrays.items():
            if array.shape != self.axes.shape:
                message = f"'{name}' has the shape {array.shape}, but the axes say {self.axes.shape}."
                raise CubeError(message)
            array.flags.writeable = False
        if self.suppressed is not None:
            self.suppressed.flags.writeable = False

    def __repr__(self) -> str:
        axes = self.axes
        groups = f"{' × '.join(axes.names)}, " if axes.names else ""
        parts = [f"{self.people:,} people", f"{groups}{len(axes.cells):,} cells"]
        if axes.score is not None:
            parts.append(f"{axes.score.scored_bins:,} {'scores' if axes.score.exact else 'score bins'}")
        if axes.decisions:
            parts.append(f"decisions: {listed((level.label for level in axes.decisions), most=5)}")
        if axes.outcomes:
            parts.append(f"outcomes: {listed(axes.outcomes, most=5)}")
        if self.weighted and self.schema.weight:
            parts.append("weighted")
        if self.provenance.epsilon is not None:
            parts.append(f"noise for privacy, epsilon {self.provenance.epsilon:g}")
        if self.provenance.parts:
            parts.append(f"merged of {len(self.provenance.parts):,}")
        alone = self.unique_people
        parts.append(f"{alone:,} {'person is' if alone == 1 else 'people are'} alone in an entry")
        return f"Cube({'; '.join(parts)})"

    @property
    def arrays(self) -> dict[str, Ints]:
        """The counts and sums that there are, by name."""
        named = {"n": self.n, "w": self.w, "w2": self.w2, "s1": self.s1, "s2": self.s2}
        return {name: array for name, array in named.items() if array is not None}

    # What it holds

    @property
    def people(self) -> int:
        """Number of people counted, unscored and undecided ones included."""
        return int(self.n.sum())

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the cells; the levels of a crossing are joined by " x "."""
        return tuple(" × ".join(levels) for levels in self.axes.cell_levels())

    @property
    def group_people(self) -> Ints:
        """People in each cell."""
        return np.asarray(self.n.sum(axis=(1, 2, 3)))

    @property
    def unique_people(self) -> int:
        """People who are alone in their entry: nobody else shares their groups, score bin, decision and outcome."""
        return int((self.n == 1).sum())

    def publish(self, min_n: int = 10) -> Cube:
        """Return counts of which no entry is made of fewer than ``min_n`` people.

        Bins are merged (cut-offs stay edges), levels pooled into ``(other)``, the rest left out and counted;
        :func:`fairaudit.cube.coarsening.publish` also says what was done.

        Raises
        ------
        CubeError
            If ``min_n`` is not a whole number of at least 1, or not even everybody together can be shown.
        """
        from .coarsening import publish

        return publish(self, min_n).cube

    @property
    def weighted(self) -> bool:
        """True where rows carried weights."""
        return self.w is not None

    @property
    def has_outcome(self) -> bool:
        """True where outcomes were recorded."""
        return bool(self.axes.outcomes)

    @property
    def has_decision(self) -> bool:
        """True where decisions were recorded."""
        return bool(self.axes.decisions)

    @property
    def digest(self) -> str:
        """The sha256 of axes and counts: the same for every engine that counted the same people."""
        axes = self.axes
        score = axes.score
        described: dict[str, Any] = {
            "dimensions": [[d.name, d.role, d.levels, d.edges, d.closed] for d in axes.dimensions],
            "cells": axes.cells.tolist(),
            "score": score
            and [
                score.higher_is,
                score.values is not None and score.values.tolist(),
                score.edges is not None and score.edges.tolist(),
                score.low,
                score.high,
                score.unscored,
            ],
            "decisions": [[d.label, d.kind] for d in axes.decisions],
            "outcomes": axes.outcomes,
            "scales": [self.weighted and self.schema.weight_scale, self.s1 is not None and self.schema.score_scale],
        }
        digest = hashlib.sha256(json.dumps(described).encode())
        for name, array in self.arrays.items():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        for name in sorted(self.blocks):
            digest.update(name.encode())
            for part in self.blocks[name].digest_parts():
                digest.update(part)
        return digest.hexdigest()

    def _tally(self, bins: slice = _ALL) -> Tally:
        """Return heads and weights [cell, bin, decision, outcome].

        Weights are still whole numbers here, so that sums and differences of them are exact: a group in
        which nobody is selected has a weight of 0 selected, not of 1e-17.
        """
        n = self.n[:, bins].astype(np.float64)
        if self.w is None or self.w2 is None:
            return Tally.of(n)
        w: Any = self.w[:, bins]
        w2: Any = self.w2[:, bins]
        return Tally(n, w, w2)

    def _scaled(self, tally: Tally) -> Tally:
        """Return the weights of a tally in their own unit."""
        if tally.w is tally.n:
            return tally
        scale = self.schema.weight_scale
        return Tally(tally.n, tally.w / scale, tally.w2 / scale)

    def _by_outcome(self, tally: Tally) -> Tally:
        """Fold the last axis into good, bad, unobserved."""

        def fold(array: NDArray[np.float64]) -> NDArray[np.float64]:
            folded = np.zeros((*array.shape[:-1], 3), dtype=array.dtype)
            if self.has_outcome:
                folded[..., :2] = array[..., :2]
                folded[..., 2] = array[..., 2:].sum(axis=-1)
            else:
                folded[..., 2] = array[..., 0]
            return folded

        if tally.w is tally.n:
            return Tally.of(fold(tally.n))
        return Tally(fold(tally.n), fold(tally.w), fold(tally.w2))

    # Decisions against outcomes

    def confusion(self, cutoff: float | None = None) -> Confusion:
        """Return decisions against outcomes by cell: of the recorded decision, or at a cut-off.

        Parameters
        ----------
        cutoff
            None for recorded decisions (excluded ones are left out, intermediate ones are not
            favorable); a number for the rule that the score makes at that cut-off (unscored people are
            left out).

        Raises
        ------
        CubeError
            If no decision, or no score, was counted, or the cut-off cannot be answered.
        """
        if cutoff is None:
            return Confusion(self._scaled(self._by_outcome(self._recorded())))
        score = self._score("A cut-off")
        at = score.first_above(float(cutoff))
        scored = self._by_outcome(self._tally(slice(0, score.scored_bins)).sum(axis=2))
        lower, upper = scored[:, :at].sum(axis=1), scored[:, at:].sum(axis=1)
        sides = (upper, lower) if score.higher_is == "better" else (lower, upper)
        return Confusion(self._scaled(Tally.stacked(sides, axis=1)))

    def in_class(self, label: str) -> Confusion:
        """Return who the recorded decision puts into one class, against all other classes that are not excluded."""
        chosen = np.array([level.label == label for level in self.axes.decisions])
        excluded = np.array([level.kind == "excluded" for level in self.axes.decisions])
        by_label = self._tally().sum(axis=1)
        sides = [by_label[:, kept].sum(axis=1) for kept in (chosen, ~chosen & ~excluded)]
        return Confusion(self._scaled(self._by_outcome(Tally.stacked(sides, axis=1))))

    def everybody(self) -> Confusion:
        """Return outcomes by cell whatever the decision: all people stand on the favorable side."""
        people = self._by_outcome(self._tally().sum(axis=(1, 2)))
        return Confusion(self._scaled(Tally.stacked([people, people - people], axis=1)))

    def _recorded(self) -> Tally:
        if not self.has_decision:
            message = "No decision was counted in this cube. Give a cutoff, or count with decision=."
            raise CubeError(message)
        kinds = np.array([level.kind for level in self.axes.decisions])
        by_label = self._tally().sum(axis=1)
        favorable = by_label[:, kinds == "favorable"].sum(axis=1)
        other = by_label[:, (kinds == "unfavorable") | (kinds == "intermediate")].sum(axis=1)
        return Tally.stacked([favorable, other], axis=1)

    def confusions(self) -> tuple[NDArray[np.float64], Confusion]:
        """Return every cut-off that the bins can answer, and the confusions [cutoff, cell, ...].

        One cumulative sum over the bins serves them all.
        """
        score = self._score("All cut-offs")
        cutoffs = score.cutoffs()
        at = np.array([score.first_above(c) for c in cutoffs.tolist()], dtype=np.int64)
        scored = self._by_outcome(self._tally(slice(0, score.scored_bins)).sum(axis=2))

        def below(array: NDArray[np.float64]) -> NDArray[np.float64]:
            nobody = np.zeros((len(array), 1, 3), dtype=array.dtype)
            cumulative = np.concatenate([nobody, array.cumsum(axis=1)], axis=1)
            return np.moveaxis(cumulative[:, at], 1, 0)

        lower = (
            Tally.of(below(scored.n))
            if scored.w is scored.n
            else Tally(below(scored.n), below(scored.w), below(scored.w2))
        )
        upper = _broadcast(scored.sum(axis=1), len(at)) - lower
        sides = (upper, lower) if score.higher_is == "better" else (lower, upper)
        return cutoffs, Confusion(self._scaled(Tally.stacked(sides, axis=2)))

    def score_table(self) -> ScoreTable:
        """Return scored people by cell, bin and outcome, bins running from the worst score to the best."""
        score = self._score("A score metric")
        scored = slice(0, score.scored_bins)
        table = self._scaled(self._by_outcome(self._tally(scored).sum(axis=2)))
        people = table.w.sum(axis=-1)
        if score.values is not None:
            means = np.broadcast_to(score.values, people.shape)
            squares = means**2
        else:
            assert self.s1 is not None and self.s2 is not None  # noqa: S101, PT018 - kept wherever bins are gridded
            with np.errstate(invalid="ignore", divide="ignore"):
                weight = people * self.schema.score_scale
                means = np.where(people > 0, self.s1[:, scored].sum(axis=(2, 3)) / weight, 0.0)
                squares = np.where(people > 0, self.s2[:, scored].sum(axis=(2, 3)) / weight, 0.0)
        if score.higher_is == "worse":
            table, means, squares = table[:, ::-1], means[:, ::-1], squares[:, ::-1]
        return ScoreTable(table, means, squares, score.higher_is == "better")

    def people_at(self, cutoff: float) -> int | None:
        """Return how many people have exactly this score; None where the bins cannot tell.

        Binned scores can tell for the cut-offs that were given while counting.
        """
        score = self._score("A cut-off")
        at = score.first_above(cutoff)
        index = at if score.higher_is == "better" else at - 1
        if score.values is not None:
            found = index < len(score.values) and score.values[index] == cutoff
            return int(self.n[:, index].sum()) if found else 0
        assert score.edges is not None  # noqa: S101 - one of the two is always set
        other = score.edges[index : index + 1] if score.higher_is == "better" else score.edges[index - 1 : index]
        beside = np.nextafter(cutoff, np.inf if score.higher_is == "better" else -np.inf)
        return int(self.n[:, index].sum()) if other.size and other[0] == beside else None

    @property
    def unscored(self) -> Ints:
        """People without a score, by cell."""
        score = self.axes.score
        if score is None or not score.unscored:
            return np.zeros(len(self.axes.cells), dtype=np.int64)
        return np.asarray(self.n[:, score.scored_bins].sum(axis=(1, 2)))

    def _score(self, what: str) -> ScoreAxis:
        if self.axes.score is None:
            message = f"{what} needs a score, and none was counted in this cube. Count with score= and higher_is=."
            raise CubeError(message)
        return self.axes.score

    # Collapsing and merging

    def marginal(self, names: str | Sequence[str]) -> Cube:
        """Return the cube over some of its dimensions only, summed over the others.

        Parameters
        ----------
        names
            One or several attributes, strata or the period; several make a crossing, none everybody.

        Raises
        ------
        CubeError
            If a name was not counted, or is given twice.
        """
        wanted = (names,) if isinstance(names, str) else tuple(names)
        if len({*wanted}) < len(wanted):
            message = f"A crossing needs different attributes, got {' × '.join(wanted)}."
            raise CubeError(message)
        for name in wanted:
            if name not in self.axes.names:
                message = (
                    f"'{name}' is not counted in this cube; it has {listed(self.axes.names) or 'no groups'}."
                    f"{suggestion(name, self.axes.names)}"
                )
                raise CubeError(message)
        kept = [self.axes.names.index(name) for name in wanted]
        cells, inverse = distinct_cells(self.axes.cells[:, kept], [len(self.axes.dimensions[i].levels) for i in kept])
        inverse = inverse.reshape(-1)
        axes = dataclasses.replace(
            self.axes, dimensions=tuple(self.axes.dimensions[i] for i in kept), cells=cells.astype(np.int32)
        )

        def collapse(array: Ints) -> Ints:
            out = np.zeros(axes.shape, dtype=np.int64)
            np.add.at(out, inverse, array)
            return out

        arrays = {name: collapse(array) for name, array in self.arrays.items()}
        suppressed = None
        if self.suppressed is not None:
            suppressed = np.zeros(len(cells), dtype=bool)
            np.logical_or.at(suppressed, inverse, self.suppressed)
        blocks = {name: block.collapsed(inverse, axes.shape) for name, block in self.blocks.items()}
        return Cube(axes, self.schema, provenance=self.provenance, suppressed=suppressed, blocks=blocks, **arrays)

    def __add__(self, other: Cube) -> Cube:
        """Return the cube of both sets of people.

        Raises
        ------
        CubeError
            If dimensions, score bins, decision levels, weights or scales differ; the message says which.
        """
        axes = _merged_axes(self, other)
        parts = (self, other)
        places = [_places(part.axes, axes) for part in parts]

        def together(name: str) -> Ints | None:
            arrays = [part.arrays.get(name) for part in parts]
            if all(array is None for array in arrays):
                return None
            if sum(float(np.abs(a).sum(dtype=np.float64)) for a in arrays if a is not None) > _MOST_SUM:
                message = (
                    f"The sums '{name}' of both cubes together do not fit 64-bit whole numbers. "
                    "Count again with a smaller weight_scale or score_scale."
                )
                raise CubeError(message)
            out = np.zeros(axes.shape, dtype=np.int64)
            for array, place in zip(arrays, places, strict=True):
                if array is not None:
                    out[place] += array
            return out

        n = together("n")
        assert n is not None  # noqa: S101 - every cube has counts
        suppressed = None
        if self.suppressed is not None or other.suppressed is not None:
            suppressed = np.zeros(len(axes.cells), dtype=bool)
            for part, place in zip(parts, places, strict=True):
                if part.suppressed is not None:
                    suppressed[place[0].reshape(-1)] |= part.suppressed
        return Cube(
            axes,
            _merged_schema(self.schema, other.schema),
            n,
            _with_parts(self) + _with_parts(other),
            together("w"),
            together("w2"),
            together("s1"),
            together("s2"),
            suppressed,
            {name: block.merged(other.blocks[name], places, axes.shape, name) for name, block in self.blocks.items()},
        )


def parts_of(cube: Cube) -> tuple[Part, ...]:
    """Return what a cube was merged of; itself, where it was counted in one go."""
    origin = cube.provenance
    return origin.parts or (
        Part(origin.name, cube.digest, cube.people, origin.ledger.read, origin.owner, origin.files, origin.epsilon),
    )


def _with_parts(cube: Cube) -> Provenance:
    return dataclasses.replace(cube.provenance, parts=parts_of(cube))


def _broadcast(tally: Tally, length: int) -> Tally:
    def spread(array: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.broadcast_to(array, (length, *array.shape))

    if tally.w is tally.n:
        return Tally.of(spread(tally.n))
    return Tally(spread(tally.n), spread(tally.w), spread(tally.w2))


def _meaning(schema: Schema) -> tuple[set[str], set[str]]:
    """Return the good and the bad labels, 1 and 0 standing for true and false."""
    digits = {"true": "1", "false": "0"}
    return {digits.get(item, item) for item in schema.good}, {digits.get(item, item) for item in schema.bad}


def _merged_schema(one: Schema, two: Schema) -> Schema:
    for role in ("score", "decision", "outcome", "cluster"):
        columns = getattr(one, role), getattr(two, role)
        if None not in columns and columns[0] != columns[1]:
            message = (
                f"Cubes differ in the column of the {role}: '{columns[0]}' and '{columns[1]}'. "
                "If both mean the same, count both under one name."
            )
            raise CubeError(message)
    if one.score is not None and two.score is not None and one.score_unit != two.score_unit:
        message = f"Cubes differ in score_unit: {one.score_unit!r} and {two.score_unit!r}. Count both with the same."
        raise CubeError(message)
    if one.sampled_by != two.sampled_by:
        said = [listed(schema.sampled_by) or "not stated" for schema in (one, two)]
        message = f"Cubes differ in how people were sampled: {said[0]}, and {said[1]}. Count both with one sampled_by."
        raise CubeError(message)
    if _meaning(one) != _meaning(two):
        said = [f"good={list(schema.good)}, bad={list(schema.bad)}" for schema in (one, two)]
        message = f"Cubes differ in which outcome is good: {said[0]} and {said[1]}. Count both with the same labels."
        raise CubeError(message)
    for name in {*one.references} & {*two.references}:
        if one.references[name] != two.references[name]:
            message = (
                f"Cubes differ in the reference of '{name}': '{one.references[name]}' and '{two.references[name]}'. "
                "Count both with the same reference, or give it when auditing."
            )
            raise CubeError(message)
    return dataclasses.replace(
        one,
        cutoffs=tuple(dict.fromkeys((*one.cutoffs, *two.cutoffs))),
        decision_levels={**one.decision_levels, **two.decision_levels},
        unobserved={**one.unobserved, **two.unobserved},
        references={**one.references, **two.references},
    )


def _merged_axes(one: Cube, two: Cube) -> Axes:
    a, b = one.axes, two.axes
    if a.names != b.names:
        message = (
            f"Cubes differ in their groups: {listed(a.names) or 'none'} and {listed(b.names) or 'none'}. "
            "Count both with the same groups, strata and period, in the same order."
        )
        raise CubeError(message)
    for what, differs in (
        ("a score", (a.score is None) != (b.score is None)),
        ("decisions", bool(a.decisions) != bool(b.decisions)),
        ("outcomes", bool(a.outcomes) != bool(b.outcomes)),
        ("weights", one.weighted != two.weighted),
        ("the same weight_scale", one.weighted and one.schema.weight_scale != two.schema.weight_scale),
        ("the same score_scale", one.s1 is not None and one.schema.score_scale != two.schema.score_scale),
    ):
        if differs:
            message = f"Cubes cannot be merged: only one of them has {what}. Count both with the same schema."
            raise CubeError(message)
    for name in {*one.blocks} ^ {*two.blocks}:
        message = f"Cubes cannot be merged: only one of them has '{name}'. Count both with the same schema."
        raise CubeError(message)
    dimensions = tuple(p + q for p, q in zip(a.dimensions, b.dimensions, strict=True))
    cells = np.unique(np.concatenate([_recoded(a, dimensions), _recoded(b, dimensions)]), axis=0)
    score = a.score + b.score if a.score is not None and b.score is not None else None
    outcomes = (*OBSERVED, *sorted({*a.outcomes[2:], *b.outcomes[2:]})) if a.outcomes else ()
    axes = Axes(dimensions, cells, score, _merged_decisions(a.decisions, b.decisions), outcomes)
    axes.check_size()
    return axes


def _merged_decisions(one: tuple[DecisionLevel, ...], two: tuple[DecisionLevel, ...]) -> tuple[DecisionLevel, ...]:
    kinds = {level.label: level for level in one}
    for level in two:
        if kinds.setdefault(level.label, level).kind != level.kind:
            message = (
                f"Cubes differ in the decision '{level.label}': {kinds[level.label].kind} in one, {level.kind} in "
                "the other. Count both with the same decision_levels."
            )
            raise CubeError(message)
    return order_decisions(kinds.values())


def order_decisions(levels: Any) -> tuple[DecisionLevel, ...]:
    """Return decision levels from favorable to excluded, then by label."""
    order = {"favorable": 0, "intermediate": 1, "unfavorable": 2, "excluded": 3}
    return tuple(sorted(levels, key=lambda level: (order[level.kind], level.label)))


def _recoded(axes: Axes, dimensions: tuple[Dimension, ...]) -> NDArray[np.int32]:
    """Return the cells with the level numbers of other dimensions that hold all their levels."""
    columns = []
    for i, (old, new) in enumerate(zip(axes.dimensions, dimensions, strict=True)):
        place = {level: code for code, level in enumerate(new.levels)}
        codes = np.array([place[level] for level in old.levels], dtype=np.int32)
        columns.append(codes[axes.cells[:, i]])
    if not columns:
        return axes.cells
    return np.stack(columns, axis=1)


def _places(axes: Axes, merged: Axes) -> tuple[NDArray[np.int64], ...]:
    """Return where the entries of one cube lie in the merged one, as an open mesh of indices."""
    row = {tuple(cell): i for i, cell in enumerate(merged.cells.tolist())}
    cells = [row[tuple(cell)] for cell in _recoded(axes, merged.dimensions).tolist()]
    bins = np.arange(1)
    if axes.score is not None and merged.score is not None:
        bins = axes.score.map_into(merged.score)
    labels = [level.label for level in merged.decisions]
    decisions = [labels.index(level.label) for level in axes.decisions] or [0]
    outcomes = [merged.outcomes.index(outcome) for outcome in axes.outcomes] or [0]
    return np.ix_(*(np.asarray(index, dtype=np.int64) for index in (cells, bins, decisions, outcomes)))
