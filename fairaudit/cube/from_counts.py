"""Columns of labels and scores become counts: the one place where a cube is made.

Rows may be people or, with ``counts``, already stand for several.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnNotFoundError, CubeError, DataContractError, SchemaError, listed, suggestion
from ..schema.belonging import SeveralRaces, is_ticked
from ..schema.issues import DataIssue
from ..schema.labels import number
from ..schema.provenance import Ledger, Provenance
from ..schema.roles import Schema, declare
from .axes import (
    GRID_BINS,
    MOST_DISTINCT,
    MOST_ENTRIES,
    Axes,
    ScoreAxis,
    distinct_cells,
    distinct_rows,
)
from .blocks import Sums
from .cube import Cube, Ints
from .fixed_point import check_fits, check_weights, fixed, whole_numbers
from .sorting import Carried, Coded, Counted, Mask, Sorting, decisions_of, dimensions_of, outcomes_of, scores_of


def from_counts(table: Mapping[str, Sequence[Any]], *, counts: str = "n", name: str = "counts", **roles: Any) -> Cube:
    """Return the cube of a table of counts: what a vendor prints is enough for an audit.

    Parameters
    ----------
    table
        Columns by name, all of one length; one row a combination.
    counts
        The column of whole numbers that says how many people a row stands for.
    name
        What to call the table in the report.
    roles
        As in :func:`fairaudit.schema.declare`.

    Raises
    ------
    SchemaError, ColumnNotFoundError, DataContractError
        If roles, columns or values are wrong.

    Examples
    --------
    >>> cube = from_counts(
    ...     {"sex": ["Female", "Male"], "outcome": ["bad", "good"], "n": [3, 4]},
    ...     groups="sex", outcome="outcome", bad="bad")
    >>> cube.people
    7
    """
    schema = declare(counts=counts, **roles)
    if schema.memberships:
        message = "Memberships are counted from rows of people; a table of counts has none. Give the rows."
        raise SchemaError(message)
    if schema.cluster:
        message = f"'{schema.cluster}' is a cluster, and a table of counts has none. Count rows: fairaudit.count(...)."
        raise SchemaError(message)
    for column in schema.columns:
        if column not in table:
            message = f"Column '{column}' not found in {name}.{suggestion(column, table)} Columns: {listed(table)}."
            raise ColumnNotFoundError(message)
    lengths = {len(table[column]) for column in schema.columns}
    if len(lengths) > 1:
        message = f"The columns of {name} differ in length: {sorted(lengths)}."
        raise DataContractError(message)
    people = whole_numbers(table[counts], counts, name)
    columns = {column: Coded.of(table[column]) for column in schema.columns if column not in {counts, schema.weight}}
    w = w2 = bad = None
    if schema.weight:
        numbers = np.array([_weight(v) for v in table[schema.weight]], dtype=np.float64)
        bad = ~(np.isfinite(numbers) & (numbers >= 0))
        safe = np.where(bad, 0.0, numbers)
        with np.errstate(over="ignore", invalid="ignore"):
            check_weights(schema, float(safe @ people), float((safe * safe) @ people), int(people[safe > 0].sum()))
        w = fixed(safe, schema.weight_scale) * people
        w2 = fixed(safe * safe, schema.weight_scale) * people
    return build_cube(schema, Counted(columns, people, w, w2, bad), name=name)


def _weight(value: Any) -> float:
    parsed = number(value)
    return math.nan if parsed is None else parsed


def build_cube(
    schema: Schema, counted: Counted, *, name: str, files: Sequence[Any] = (), issues: Sequence[DataIssue] = ()
) -> Cube:
    """Return the cube of grouped rows; rows that cannot be used are set aside, counted and recorded.

    Parameters
    ----------
    schema
        The roles.
    counted
        The rows, grouped by their raw values or not, with the number of people in each.
    name, files, issues
        Where they came from, and what was noticed while reading.

    Raises
    ------
    DataContractError, SchemaError, CubeError
        If there is nobody, labels are unmapped, or the cube would be too large.
    """
    read = int(counted.n.sum())
    if read == 0:
        message = f"There are no rows in {name}: nothing can be audited."
        raise DataContractError(message)
    sorting = Sorting(counted, np.ones(len(counted.n), dtype=bool), issues=list(issues))
    columns = counted.columns
    if schema.weight and counted.bad_weight is not None:
        reason = f"weight '{schema.weight}' is missing, negative or not a finite number"
        sorting.drop(counted.bad_weight, "weight_invalid", schema.weight, reason)
    if schema.cluster and counted.without_cluster is not None:
        reason = f"cluster '{schema.cluster}' is missing, so that it is not known who belongs together"
        sorting.drop(counted.without_cluster, "cluster_missing", schema.cluster, reason)
    scores = scores_of(schema, columns[schema.score], sorting) if schema.score else None
    kinds, decisions = decisions_of(schema, columns[schema.decision], sorting) if schema.decision else (None, ())
    outcome, outcomes = (
        outcomes_of(schema, columns[schema.outcome], kinds, decisions, sorting) if schema.outcome else (None, ())
    )
    carried = {**counted.carried, **overlapping_races(schema, counted)}
    for rows in carried.values():
        if rows.refused is not None:
            sorting.drop(rows.refused, "membership_invalid", rows.column, rows.why_refused)
        if rows.noted is not None:
            sorting.note(rows.noted, "membership_missing", rows.column, rows.note, rows.action)
    dimensions, codes = dimensions_of(schema, {**columns, **single_races(schema, columns)}, sorting)
    keep = sorting.keep
    if not keep.any():
        message = f"No row of {name} can be used: {'; '.join(sorting.set_aside)}."
        raise DataContractError(message)
    cells, cell = distinct_cells(codes[keep], [len(dimension.levels) for dimension in dimensions])
    n = counted.n[keep]
    score_axis = _score_axis(schema, scores[keep], n) if scores is not None else None
    axes = Axes(dimensions, cells, score_axis, decisions, outcomes)
    axes.check_size()
    zeros = np.zeros(len(n), dtype=np.int64)
    place = (
        cell.reshape(-1),
        score_axis.bin_of(scores[keep]) if score_axis is not None and scores is not None else zeros,
        kinds[keep] if kinds is not None else zeros,
        outcome[keep] if outcome is not None else zeros,
    )

    def total(values: Ints | None) -> Ints | None:
        if values is None:
            return None
        out = np.zeros(axes.shape, dtype=np.int64)
        np.add.at(out, place, values)
        return out

    w = counted.w[keep] if counted.w is not None else None
    s1, s2 = _score_sums(schema, score_axis, scores[keep] if scores is not None else None, n, w, place)
    counts_array = total(n)
    assert counts_array is not None  # noqa: S101 - n is always given
    provenance = Provenance(name, Ledger(read, sorting.set_aside), tuple(files), tuple(sorting.issues))
    return Cube(
        axes,
        dataclasses.replace(schema, decision_levels={d.label: d.kind for d in decisions}),
        counts_array,
        provenance,
        total(w),
        total(counted.w2[keep] if counted.w2 is not None else None),
        total(s1),
        total(s2),
        blocks={name: _block(rows, keep, place, axes) for name, rows in carried.items()},
    )


def _block(rows: Carried, keep: Mask, place: tuple[Ints, ...], axes: Axes) -> Sums:
    arrays = {}
    for name, values in rows.arrays.items():
        if math.prod((*axes.shape, *values.shape[1:])) > MOST_ENTRIES:
            message = (
                f"What is counted for '{rows.column}' would have more than {MOST_ENTRIES:,} entries. Give the score "
                "fewer edges, or fewer groups and strata."
            )
            raise CubeError(message)
        out = np.zeros((*axes.shape, *values.shape[1:]), dtype=np.int64)
        np.add.at(out, place, values[keep])
        arrays[name] = out
    return Sums(rows.kind, rows.about, arrays)


# Several races a person


def single_races(schema: Schema, columns: Mapping[str, Coded]) -> dict[str, Coded]:
    """Return the one group of each row, for schemes whose groups do not overlap."""
    made = {}
    for name, races in schema.races.items():
        if not races.overlapping:
            ticked = _ticked(races, columns)
            labels = [races.group(one for one, mark in zip(races.levels, row, strict=True) if mark) for row in ticked]
            made[name] = Coded.of(labels)
    return made


def overlapping_races(schema: Schema, counted: Counted) -> dict[str, Carried]:
    """Return memberships of 0 and 1, for schemes whose groups overlap."""
    made = {}
    for name, races in schema.races.items():
        if not races.overlapping:
            continue
        ticked = _ticked(races, counted.columns)
        n, scale = counted.n, schema.weight_scale
        w, w2 = (n * scale, n * scale) if counted.w is None or counted.w2 is None else (counted.w, counted.w2)
        left, right = np.triu_indices(len(races.levels))
        some: Mask = np.asarray(ticked.any(axis=1))
        arrays = {
            "people": (n * some)[:, None],
            "first": w[:, None] * ticked,
            "second": w2[:, None] * (ticked[:, left] & ticked[:, right]),
            "heads": (n * scale)[:, None] * ticked,
        }
        about = {"attribute": name, "levels": list(races.levels), "scale": scale, "collected": "self-reported",
                 "scheme": races.scheme, "labelled": None}  # fmt: skip
        made[f"memberships:{name}"] = Carried(
            "memberships", about, arrays, name, noted=~some, note=f"{{n}} people ticked no race of '{name}'.",
            action="counted and shown, in no group of it",
        )  # fmt: skip
    return made


def _ticked(races: SeveralRaces, columns: Mapping[str, Coded]) -> NDArray[np.bool_]:
    marks = [columns[column].each(partial(is_ticked, column=column), bool) for column in races.source_columns]
    return np.stack(marks, axis=1)


# Scores


def _score_axis(schema: Schema, scores: NDArray[np.float64], n: Ints) -> ScoreAxis:
    scored = ~np.isnan(scores)
    if not scored.any():
        message = f"The score column '{schema.score}' is empty: nobody is scored."
        raise DataContractError(message)
    distinct, inverse = np.unique(scores[scored] + 0.0, return_inverse=True)  # + 0.0: no minus zero
    unscored = bool((~scored).any())
    low, high = float(distinct[0]), float(distinct[-1])
    assert schema.higher_is is not None  # noqa: S101 - declare() requires it with a score
    if not schema.edges and len(distinct) <= MOST_DISTINCT:
        return ScoreAxis(schema.higher_is, distinct, None, low, high, unscored)
    if schema.edges:
        edges = np.array(schema.edges)
    else:
        people = np.zeros(len(distinct), dtype=np.int64)
        np.add.at(people, inverse, n[scored])
        reached = np.searchsorted(np.cumsum(people), people.sum() * np.arange(1, GRID_BINS) / GRID_BINS)
        edges = distinct[reached]
    # A cut-off has a bin of its own, one floating-point step wide, so that people exactly at it can be told.
    cutoffs = np.array([cutoff for cutoff in schema.cutoffs if schema.edges or low <= cutoff <= high])
    beside = np.nextafter(cutoffs, np.inf if schema.higher_is == "better" else -np.inf)
    edges = np.unique(np.concatenate([edges, cutoffs, beside]))
    return ScoreAxis(schema.higher_is, None, edges + 0.0, low, high, unscored)


def _score_sums(
    schema: Schema,
    axis: ScoreAxis | None,
    scores: NDArray[np.float64] | None,
    n: Ints,
    w: Ints | None,
    place: tuple[Ints, ...],
) -> tuple[Ints | None, Ints | None]:
    """Return each row's (weighted) sum of score and squared score in whole numbers, for gridded bins."""
    if axis is None or axis.exact or scores is None:
        return None, None
    safe = np.nan_to_num(scores)
    if w is not None:
        w = _weight_of_alike(safe, w, place)
    weight = n.astype(np.float64) if w is None else w / schema.weight_scale
    with np.errstate(over="ignore", invalid="ignore"):
        powers = (safe, safe * safe)
        largest = float(np.max([(np.abs(power) * weight).sum() for power in powers]))
    scale = schema.score_scale
    check_fits(largest, scale, "score", schema.score)
    # Unweighted sums are exact whatever way the rows are split; weighted ones to half a unit a group.
    s1, s2 = (fixed(power, scale) * n if w is None else fixed(power * weight, scale) for power in powers)
    return s1, s2


def _weight_of_alike(scores: NDArray[np.float64], w: Ints, place: tuple[Ints, ...]) -> Ints:
    """Return the weights with those of alike rows (one entry, one score) all on the first of them.

    A missing label may be written in several ways and come as several rows; rounding must not tell.
    """
    _, score = np.unique(scores, return_inverse=True)
    keys = np.stack([*place, score.reshape(-1)], axis=1)
    _, first, alike = distinct_rows(keys)
    gathered = np.zeros(len(first), dtype=np.int64)
    np.add.at(gathered, alike, w)
    out = np.zeros_like(w)
    out[first] = gathered
    return out
