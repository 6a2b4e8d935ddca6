"""Columns on their way to a cube: values become scores, decisions, outcomes, cells; what cannot be used is noted.

A column arrives coded (an index into its distinct values), so labels are made once a value and not once a row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError, listed, suggestion
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, band_labels, is_missing, label, number
from ..schema.roles import Attribute, DecisionKind, Schema
from .axes import OBSERVED, DecisionLevel, Dimension, order_levels
from .cube import Ints, order_decisions

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
class Sorting:
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


# Scores


def scores_of(schema: Schema, column: Coded, sorting: Sorting) -> NDArray[np.float64]:
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


def decisions_of(schema: Schema, column: Coded, sorting: Sorting) -> tuple[Ints, tuple[DecisionLevel, ...]]:
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


def outcomes_of(
    schema: Schema, column: Coded, kinds: Ints | None, decisions: tuple[DecisionLevel, ...], sorting: Sorting
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


def dimensions_of(
    schema: Schema, columns: Mapping[str, Coded], sorting: Sorting
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


def _banded(attribute: Attribute, column: Coded, sorting: Sorting) -> tuple[tuple[str, ...], NDArray[np.int32]]:
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
