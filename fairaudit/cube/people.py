"""People as lines of equal groups, controls, score and decision: what a model of a decision is fitted to.

Lines come from a cube where every control was counted, and from rows where one of them is a number of many
values. Either way a line says how many people it stands for.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..schema.issues import DataIssue
from ..schema.labels import MISSING, number
from ..schema.roles import Schema
from .axes import Dimension, ScoreAxis
from .cube import Cube, Ints
from .sorting import Coded, Counted, Sorting, decisions_of, dimensions_of, scores_of

Floats = NDArray[np.float64]
FAVORABLE, OTHER, UNDECIDED = 1, 0, -1


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of the lines: codes of levels, or numbers."""

    name: str
    values: NDArray[Any]
    """Codes of levels, or the numbers themselves."""
    levels: tuple[str, ...] | None
    """None for numbers."""
    ordered: bool
    """True for numbers and for bands of numbers."""

    @property
    def numeric(self) -> bool:
        """True where the values are numbers and not codes."""
        return self.levels is None


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Lines of people who are equal in everything that is asked of them."""

    attributes: Mapping[str, Column]
    controls: tuple[Column, ...]
    """Strata and controls, in the order in which they enter a model."""
    score: Floats | None
    """NaN for people without one."""
    higher_is_better: bool
    decision: Ints | None
    """1 favorable, 0 not, -1 withdrawn or incomplete; None where no decision was recorded."""
    n: Floats
    w: Floats
    w2: Floats
    weighted: bool
    source: Literal["counts", "rows"]
    issues: tuple[DataIssue, ...] = ()

    def decided(self, cutoff: float | None) -> Ints:
        """Return 1, 0 or -1 for each line: favorable, not, or without a decision.

        Parameters
        ----------
        cutoff
            A cut-off of the score; None for the decision as recorded.
        """
        if cutoff is None:
            return self.decision if self.decision is not None else np.full(len(self.n), UNDECIDED)
        if self.score is None:
            return np.full(len(self.n), UNDECIDED)
        reached = self.score >= cutoff if self.higher_is_better else self.score <= cutoff
        return np.where(np.isnan(self.score), UNDECIDED, reached.astype(np.int64))


def people_of_cube(cube: Cube) -> People:
    """Return the lines of a cube's entries, with its strata and controls.

    Parameters
    ----------
    cube
        Counts; a binned score is told by the edge on its favorable side, which says on which side of a cut-off it is.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts(
    ...     {"sex": ["F", "M"], "branch": ["x", "y"], "ok": [1, 0], "n": [3, 4]},
    ...     groups="sex", controls="branch", decision="ok", favorable=1)
    >>> made = people_of_cube(cube)
    >>> made.n.tolist(), made.decided(None).tolist(), made.controls[0].levels
    ([3.0, 4.0], [1, 0], ('x', 'y'))
    """
    counts = {name: array.sum(axis=3) for name, array in cube.arrays.items() if name in {"n", "w", "w2"}}
    cell, place, decision = np.nonzero(counts["n"])
    n = counts["n"][cell, place, decision].astype(np.float64)
    w = w2 = n
    if cube.weighted:
        w, w2 = (counts[name][cell, place, decision] / cube.schema.weight_scale for name in ("w", "w2"))
    columns = {
        dimension.name: (dimension, cube.axes.cells[cell, i].astype(np.int64))
        for i, dimension in enumerate(cube.axes.dimensions)
    }
    kinds = np.array([_side(level.kind) for level in cube.axes.decisions], dtype=np.int64)
    return People(
        *_columns(columns),
        score=_edges(cube.axes.score)[place] if cube.axes.score is not None else None,
        higher_is_better=cube.schema.higher_is != "worse",
        decision=kinds[decision] if cube.has_decision else None,
        n=n, w=w, w2=w2, weighted=cube.weighted, source="counts",
    )  # fmt: skip


def people_of_rows(schema: Schema, counted: Counted, continuous: Sequence[str], order: Sequence[str]) -> People:
    """Return the lines of rows, with numbers as controls; who lacks one of them is left out and counted.

    Parameters
    ----------
    schema
        The roles, without the controls that are numbers.
    counted
        The rows, grouped by their raw values.
    continuous
        The controls that are numbers.
    order
        The controls in the order declared.
    """
    sorting = Sorting(counted, np.ones(len(counted.n), dtype=bool))
    if schema.weight and counted.bad_weight is not None:
        sorting.drop(counted.bad_weight, "weight_invalid", schema.weight, "weight")
    score = scores_of(schema, counted.columns[schema.score], sorting) if schema.score else None
    kinds, decisions = (
        decisions_of(schema, counted.columns[schema.decision], sorting) if schema.decision else (None, ())
    )
    dimensions, codes = dimensions_of(schema, counted.columns, sorting)
    sorting.issues.clear()  # the same rows were counted before, and their issues noted
    numbers = {name: _numbers(counted.columns[name]) for name in continuous}
    for name, values in numbers.items():
        sorting.note(
            np.isnan(values), "control_missing", name, f"{{n}} people have no number in the control '{name}'.",
            "left out of the adjusted effects, which are fitted from rows",
        )  # fmt: skip
    keep = sorting.keep & ~np.isnan(np.stack(list(numbers.values()))).any(axis=0)
    columns: dict[str, tuple[Dimension | None, NDArray[Any]]] = {
        dimension.name: (dimension, codes[keep, i].astype(np.int64)) for i, dimension in enumerate(dimensions)
    }
    columns |= {name: (None, values[keep]) for name, values in numbers.items()}
    columns = {name: columns[name] for name in sorted(columns, key=lambda name: _place(name, order))}
    n = counted.n[keep].astype(np.float64)
    w, w2 = n, n
    if counted.w is not None and counted.w2 is not None:
        w, w2 = (sums[keep] / schema.weight_scale for sums in (counted.w, counted.w2))
    sides = np.array([_side(level.kind) for level in decisions], dtype=np.int64)
    return People(
        *_columns(columns),
        score=None if score is None else score[keep],
        higher_is_better=schema.higher_is != "worse",
        decision=None if kinds is None else sides[kinds[keep]],
        n=n, w=w, w2=w2, weighted=counted.w is not None, source="rows", issues=tuple(sorting.issues),
    )  # fmt: skip


def missing_levels(people: People) -> tuple[DataIssue, ...]:
    """Return an issue for each control that some people lack: they are a level of their own."""
    found = []
    for column in people.controls:
        if column.levels is not None and MISSING in column.levels:
            lacking = int(people.n[column.values == column.levels.index(MISSING)].sum())
            if lacking:
                message = f"{lacking:,} people have no label in the control '{column.name}'."
                action = f"a level of its own, {MISSING}"
                found.append(DataIssue("control_missing", message, lacking, action, column.name))
    return tuple(found)


def _place(name: str, order: Sequence[str]) -> int:
    return list(order).index(name) if name in order else -1


def _columns(
    columns: Mapping[str, tuple[Dimension | None, NDArray[Any]]],
) -> tuple[dict[str, Column], tuple[Column, ...]]:
    attributes, controls = {}, []
    for name, (dimension, values) in columns.items():
        levels = None if dimension is None else dimension.levels
        column = Column(name, values, levels, ordered=dimension is None or bool(dimension.edges))
        if dimension is not None and dimension.role == "attribute":
            attributes[name] = column
        elif dimension is None or dimension.role in {"stratum", "control"}:
            controls.append(column)
    return attributes, tuple(controls)


def _side(kind: str) -> int:
    return FAVORABLE if kind == "favorable" else UNDECIDED if kind == "excluded" else OTHER


def _edges(score: ScoreAxis) -> Floats:
    """Return a score of each bin that stands on the bin's own side of every cut-off."""
    if score.values is not None:
        of_bins = score.values
    else:
        assert score.edges is not None  # noqa: S101 - one of the two is always set
        better = score.higher_is == "better"
        low, high = min(score.low, score.edges[0]), max(score.high, score.edges[-1])
        below = np.nextafter(low, -math.inf) if better else low
        above = high if better else np.nextafter(high, math.inf)
        of_bins = np.concatenate([[below], score.edges] if better else [score.edges, [above]])
    return np.append(of_bins, math.nan) if score.unscored else np.asarray(of_bins)


def _numbers(column: Coded) -> Floats:
    parsed = [number(value) for value in column.values]
    values = np.array([math.nan if value is None or math.isinf(value) else value for value in parsed])
    return np.asarray(values[column.codes], dtype=np.float64)


def relabelled(people: People, name: str, levels: Sequence[str], codes: Sequence[int]) -> People:
    """Return the lines with an attribute's levels put together: code i becomes ``codes[i]`` of other levels."""
    if name not in people.attributes:
        return people
    column = people.attributes[name]
    made = Column(name, np.asarray(codes, dtype=np.int64)[column.values], tuple(levels), ordered=True)
    return dataclasses.replace(people, attributes={**people.attributes, name: made})
