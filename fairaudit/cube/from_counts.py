"""Columns of labels and scores become counts: the one place where a cube is made.

A column arrives coded (an index into its distinct values), so labels are made once a value and not
once a row. Rows may be people or, with ``counts``, already stand for several.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnNotFoundError, CubeError, DataContractError, SchemaError, listed, suggestion
from ..schema.belonging import SeveralRaces, is_ticked
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, band_labels, is_missing, label, number
from ..schema.provenance import Ledger, Provenance
from ..schema.roles import Attribute, DecisionKind, Schema, declare
from .axes import (
    GRID_BINS,
    MOST_DISTINCT,
    MOST_ENTRIES,
    OBSERVED,
    Axes,
    DecisionLevel,
    Dimension,
    ScoreAxis,
    distinct_cells,
    distinct_rows,
    order_levels,
)
from .blocks import Sums
from .cube import Cube, Ints, order_decisions
from .fixed_point import check_fits, check_weights, fixed, whole_numbers

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as indices into its distinct values."""

    codes: Ints
    values: Sequence[Any] | NDArray[np.float64]

    @classmethod
    def of(cls, values: Sequence[Any]) -> Coded:
        """Return a plain sequence coded; values are told apart by type and label."""
        seen: dict[tuple[type, Any], int] = {}
        codes = [seen.setdefault((type(v), MISSING if is_missing(v) else v), len(seen)) for v in values]
        distinct = [None if value == MISSING else value for _, value in seen]
        return cls(np.asarray(codes, dtype=np.int64), distinct)

    def each(self, function: Any, dtype: Any) -> NDArray[Any]:
        """Apply a function to each distinct value and spread the answers over the rows."""
        answers = np.empty(len(self.values), dtype=dtype)
        for i, value in enumerate(self.values):
            answers[i] = function(value)
        return answers[self.codes]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Rows grouped by their raw values: coded columns, people a row, and weights in whole numbers."""

    columns: Mapping[str, Coded]
    n: Ints
    w: Ints | None = None
    w2: Ints | None = None
    bad_weight: Mask | None = None
    without_cluster: Mask | None = None
    carried: Mapping[str, Carried] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Sums a row that make a block: [row, ...], with the rows that cannot be used and those worth a note."""

    kind: str
    about: Mapping[str, Any]
    arrays: Mapping[str, Ints]
    column: str
    refused: Mask | None = None
    why_refused: str = ""
    noted: Mask | None = None
    note: str = ""
    action: str = ""


@dataclass(slots=True)
class _Sorting:
    """Which rows are kept, and what was set aside so far."""

    counted: Counted
    keep: Mask
    set_aside: dict[str, int] = field(default_factory=dict)
    issues: list[DataIssue] = field(default_factory=list)

    def drop(self, rows: Mask, code: str, column: str, reason: str) -> None:
        """Set rows aside under a reason, once each."""
        rows = rows & self.keep
        people = int(self.counted.n[rows].sum())
        if people:
            self.keep &= ~rows
            self.set_aside[reason] = self.set_aside.get(reason, 0) + people
            message = f"{people:,} rows: {reason}."
            self.issues.append(DataIssue(code, message, people, "set aside", column))

    def note(self, rows: Mask, code: str, column: str, message: str, action: str) -> None:
        """Record that rows were used in a way that the reader must know."""
        people = int(self.counted.n[rows & self.keep].sum())
        if people:
            self.issues.append(DataIssue(code, message.format(n=f"{people:,}"), people, action, column))


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
    sorting = _Sorting(counted, np.ones(len(counted.n), dtype=bool), issues=list(issues))
    columns = counted.columns
    if schema.weight and counted.bad_weight is not None:
        reason = f"weight '{schema.weight}' is missing, negative or not a finite number"
        sorting.drop(counted.bad_weight, "weight_invalid", schema.weight, reason)
    if schema.cluster and counted.without_cluster is not None:
        reason = f"cluster '{schema.cluster}' is missing, so that it is not known who belongs together"
        sorting.drop(counted.without_cluster, "cluster_missing", schema.cluster, reason)
    scores = _scores(schema, columns[schema.score], sorting) if schema.score else None
    kinds, decisions = _decisions(schema, columns[schema.decision], sorting) if schema.decision else (None, ())
    outcome, outcomes = (
        _outcomes(schema, columns[schema.outcome], kinds, decisions, sorting) if schema.outcome else (None, ())
    )
    carried = {**counted.carried, **overlapping_races(schema, counted)}
    for rows in carried.values():
        if rows.refused is not None:
            sorting.drop(rows.refused, "membership_invalid", rows.column, rows.why_refused)
        if rows.noted is not None:
            sorting.note(rows.noted, "membership_missing", rows.column, rows.note, rows.action)
    dimensions, codes = _dimensions(schema, {**columns, **single_races(schema, columns)}, sorting)
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


def _scores(schema: Schema, column: Coded, sorting: _Sorting) -> NDArray[np.float64]:
    name = schema.score or ""
    if isinstance(column.values, np.ndarray) and column.values.dtype.kind in "iuf":
        values = column.values.astype(np.float64)[column.codes]
        text = np.zeros(len(values), dtype=bool)
    else:
        parsed = [number(value) for value in column.values]
        if None in parsed and all(value is None or math.isnan(value) for value in parsed):
            example = str(column.values[parsed.index(None)])
            message = f"The score column '{name}' holds text ('{example}'), not numbers. Name the column of the number."
            raise DataContractError(message)
        values = np.array([math.nan if value is None else value for value in parsed])[column.codes]
        text = np.array([value is None for value in parsed])[column.codes]
    sorting.drop(text, "score_not_a_number", name, f"score '{name}' is text, not a number")
    sorting.drop(np.isinf(values), "score_infinite", name, f"score '{name}' is infinite")
    _check_probabilities(schema, values[sorting.keep])
    sorting.note(
        np.isnan(values), "score_missing", name,
        f"{{n}} people have no score in '{name}'.",
        "counted as unscored: in recorded decisions, not in rates at a cut-off",
    )  # fmt: skip
    return values


def _check_probabilities(schema: Schema, scores: NDArray[np.float64]) -> None:
    """Raise where a score that is declared a probability cannot be one: set aside, it would hide a wrong column."""
    if schema.score_unit != "probability":
        return
    outside = scores[(scores < 0) | (scores > 1)]
    if outside.size:
        message = (
            f"Score '{schema.score}' is declared a probability (score_unit), but holds {float(outside[0])!r}: a "
            "probability lies between 0 and 1. Divide percentages by 100, name the column of the probability, or "
            "leave score_unit out."
        )
        raise DataContractError(message)


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


# Decisions and outcomes


def _two_labels(labels: Sequence[str], named: tuple[str, ...], column: str, role: str, mend: str) -> str | None:
    """Return the one label that is left beside the named ones, or raise if there are several."""
    named = _boolean_names(labels, named)
    others = [name for name in labels if name not in named and name != MISSING]
    if len(others) > 1:
        absent = [name for name in named if name not in labels]
        hint = suggestion(absent[0], labels) if absent else ""
        message = (
            f"Column '{column}' has {len(others)} labels beside the {role} one ({listed(named)}): "
            f"{listed(others)}.{hint} {mend}"
        )
        raise DataContractError(message)
    return others[0] if others else None


def _boolean_names(labels: Sequence[str], named: tuple[str, ...]) -> tuple[str, ...]:
    """Return the named labels as this column writes them: 1 and 0 may stand there as true and false."""
    to_words, to_digits = {"1": "true", "0": "false"}, {"true": "1", "false": "0"}
    present = {*labels} - {MISSING}
    for table in (to_words, to_digits):
        if present and present <= {*table.values()} and not {*named} & present:
            return tuple(table.get(name, name) for name in named)
    return named


def _decisions(schema: Schema, column: Coded, sorting: _Sorting) -> tuple[Ints, tuple[DecisionLevel, ...]]:
    name = schema.decision or ""
    row_labels = column.each(label, object)
    labels = order_levels({*row_labels.tolist()})
    kinds: dict[str, DecisionKind] = {}
    if schema.favorable is not None:
        mend = (
            "Map each label with decision_levels={label: favorable | unfavorable | intermediate | excluded} "
            "(command line: --decision-level LABEL=KIND)."
        )
        favorable = _boolean_names(labels, (schema.favorable,))
        other = _two_labels(labels, favorable, name, "favorable", mend)
        kinds[favorable[0]] = "favorable"
        if other:
            kinds[other] = "unfavorable"
    else:
        kinds = dict(schema.decision_levels)
        unmapped = [item for item in labels if item not in kinds and item != MISSING]
        if unmapped:
            message = (
                f"decision_levels does not map {listed(unmapped)} of column '{name}'."
                f"{suggestion(unmapped[0], kinds)} Map every label to favorable, unfavorable, intermediate or excluded."
            )
            raise DataContractError(message)
    if MISSING in labels:
        kinds.setdefault(MISSING, "excluded")
    levels = order_decisions([DecisionLevel(item, kind) for item, kind in kinds.items()])
    place = {level.label: i for i, level in enumerate(levels)}
    codes = column.each(lambda value: place[label(value)], np.int64)
    for kind, action in (
        ("excluded", "counted by group, left out of all rates"),
        ("intermediate", "counted by group, as decided and not favorable"),
    ):
        for i, level in enumerate(levels):
            if level.kind == kind:
                text = f"{{n}} people have the {kind} decision '{level.label}' in '{name}'."
                sorting.note(codes == i, f"decision_{kind}", name, text, action)
    for kind, meant in (("favorable", {"favorable"}), ("unfavorable", {"unfavorable", "intermediate"})):
        if not np.isin(codes, [i for i, level in enumerate(levels) if level.kind in meant]).any():
            message = f"Nobody has {'a favorable' if kind == 'favorable' else 'an unfavorable'} decision in '{name}'."
            sorting.issues.append(DataIssue("decision_one_sided", message, 0, "used; are the labels right?", name))
    return codes, levels


def _outcomes(
    schema: Schema, column: Coded, kinds: Ints | None, decisions: tuple[DecisionLevel, ...], sorting: _Sorting
) -> tuple[Ints, tuple[str, ...]]:
    name = schema.outcome or ""
    row_labels = column.each(label, object)
    labels = order_levels({*row_labels.tolist()})
    reasons = dict(schema.unobserved)
    known = tuple(item for item in labels if item not in reasons)
    good, bad = _boolean_names(known, schema.good), _boolean_names(known, schema.bad)
    if good and bad:
        extra = [item for item in known if item not in {*good, *bad, MISSING}]
        if extra:
            message = (
                f"Column '{name}' has labels that are neither good nor bad: {listed(extra)}. Add them to good= or "
                "bad=, or give a reason for not knowing: unobserved={label: reason}."
            )
            raise DataContractError(message)
    else:
        mend = "Name them all with good= and bad=, or give unobserved={label: reason}."
        role = "bad" if bad else "good"
        other = _two_labels(known, bad or good, name, role, mend)
        good, bad = (((other,) if other else ()), bad) if bad else (good, (other,) if other else ())
    meaning = {**dict.fromkeys(good, "good"), **dict.fromkeys(bad, "bad"), **reasons}
    meaning.setdefault(MISSING, "missing")
    words = column.each(lambda value: meaning[label(value)], object)
    if kinds is not None:
        # A declined person's outcome is missing because there was none: that is a reason of its own.
        unfavorable = np.array([level.kind == "unfavorable" for level in decisions])[kinds]
        words[(words == "missing") & unfavorable] = "declined"
    unobserved = sorted({*words.tolist()} - {*OBSERVED})
    outcomes = (*OBSERVED, *unobserved)
    place = {word: i for i, word in enumerate(outcomes)}
    codes = np.array([place[word] for word in words.tolist()], dtype=np.int64)
    for i, reason in enumerate(unobserved, start=2):
        text = f"{{n}} people have no observed outcome in '{name}': {reason}."
        sorting.note(codes == i, "outcome_unobserved", name, text, "counted as unobserved")
    for i, word in enumerate(OBSERVED):
        if not (codes == i).any():
            message = f"Nobody has a {word} outcome in '{name}'."
            issue = DataIssue("outcome_one_sided", message, 0, "rates that need it are undefined", name)
            sorting.issues.append(issue)
    return codes, outcomes


# Groups


def _dimensions(
    schema: Schema, columns: Mapping[str, Coded], sorting: _Sorting
) -> tuple[tuple[Dimension, ...], NDArray[np.int32]]:
    bands = {column.name: column for column in (*schema.attributes, *schema.controls)}
    dimensions, codes = [], []
    for name in schema.dimension_names:
        attribute = bands.get(name)
        column = columns[name]
        if attribute is not None and attribute.edges:
            levels, level_of = _banded(attribute, column, sorting)
        else:
            levels = order_levels({label(value) for value in column.values})
            place = {level: i for i, level in enumerate(levels)}
            level_of = column.each(lambda value, place=place: place[label(value)], np.int32)
        role = "control" if attribute in schema.controls else "attribute" if attribute else "stratum"
        role = "period" if name == schema.period else role
        used = sorted({*level_of[sorting.keep].tolist()})
        renumber = np.full(len(levels), -1, dtype=np.int32)
        renumber[used] = np.arange(len(used))
        edges, closed = (attribute.edges, attribute.closed) if attribute else ((), "left")
        kept = levels if edges else tuple(levels[i] for i in used)
        dimensions.append(Dimension(name, role, kept, edges, closed))  # type: ignore[arg-type]
        codes.append(level_of if edges else renumber[level_of])
    rows = len(sorting.keep)
    stacked = np.stack(codes, axis=1) if codes else np.zeros((rows, 0), dtype=np.int32)
    return tuple(dimensions), stacked.astype(np.int32)


def _banded(attribute: Attribute, column: Coded, sorting: _Sorting) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    parsed = [number(value) for value in column.values]
    if None in parsed and all(value is None or math.isnan(value) for value in parsed):
        example = column.values[parsed.index(None)]
        message = f"Bands are asked for '{attribute.name}', which holds text ('{example}'), not numbers."
        raise DataContractError(message)
    text = np.array([value is None for value in parsed])[column.codes]
    sorting.note(
        text, "band_not_a_number", attribute.name,
        f"{{n}} values of '{attribute.name}' are text and fit no band.", f"counted as {MISSING}",
    )  # fmt: skip
    values = np.array([math.nan if value is None else value for value in parsed])
    side = "right" if attribute.closed == "left" else "left"
    band = np.searchsorted(np.array(attribute.edges), values, side=side)  # type: ignore[call-overload]
    names = band_labels(attribute.edges, closed=attribute.closed)
    band = np.where(np.isnan(values), len(names), band)
    levels = (*names, MISSING) if np.isnan(values[column.codes]).any() else names
    return levels, band[column.codes].astype(np.int32)
