"""Declared actions meet rows: which values each person's features may take, and what each costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnNotFoundError, SchemaError, listed, suggestion
from ..models.woe import is_numeric
from ..schema.labels import is_missing, label
from .actions import Action, Actions

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
STEPS = 100
"""About this many steps divide the range of a number whose step nobody declared."""
MOST_VALUES = 5_000
"""The most values of one feature; more is a step too small to be meant."""
FLAT = 1.0
"""Cost of a change between levels without an order, where nobody declared one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One changeable feature with the values that it may be changed to, cheapest description first."""

    action: Action
    values: tuple[Any, ...]
    """Numbers in rising order, or levels in the declared order."""
    numeric: bool
    at: Floats
    """Numbers: the different values of the data, for the cost in percentiles."""
    shares: Floats
    """The mid-percentile of each of ``at``, or of each level; between 0 and 1."""

    @property
    def feature(self) -> str:
        return self.action.feature

    def options(self, own: Any) -> tuple[tuple[Any, ...], Floats, str]:
        """Return what one person's value may be changed to, the costs, and why nothing changes (else "").

        The person's own value comes first and costs nothing.
        """
        return self._of_numbers(own) if self.numeric else self._of_levels(own)

    def _of_numbers(self, own: Any) -> tuple[tuple[Any, ...], Floats, str]:
        if is_missing(own):
            return (own,), np.zeros(1), f"{self.feature} is missing and was left as it is"
        grid = np.array(self.values, dtype=np.float64)
        here = float(own)
        keep = grid != here
        if self.action.change == "up":
            keep = grid > here
        elif self.action.change == "down":
            keep = grid < here
        there = grid[keep]
        if self.action.cost is None:
            cost = np.abs(self._share(there) - self._share(np.array([here])))
        else:
            cost = float(self.action.cost) * np.abs(there - here)  # type: ignore[arg-type]
        values = tuple(_natural(value) for value in there.tolist())
        return (own, *values), np.concatenate([[0.0], cost]), ""

    def _of_levels(self, own: Any) -> tuple[tuple[Any, ...], Floats, str]:
        texts = [label(value) for value in self.values]
        here = texts.index(label(own)) if label(own) in texts else None
        way, cost = self.action.change, self.action.cost
        if here is None and way != "either":
            why = f"{self.feature} is {label(own)!r}, which is not among the levels in order, and was left as it is"
            return (own,), np.zeros(1), why
        places = [place for place in range(len(texts)) if place != here]
        if here is not None and way == "up":
            places = [place for place in places if place > here]
        elif here is not None and way == "down":
            places = [place for place in places if place < here]
        if isinstance(cost, tuple):
            table = dict(cost)
            costs = [table[texts[place]] for place in places]
        elif way == "either" or here is None:
            costs = [FLAT if cost is None else cost] * len(places)
        elif cost is None:
            costs = [abs(self.shares[place] - self.shares[here]) for place in places]
        else:
            costs = [cost * abs(place - here) for place in places]
        return (own, *(self.values[place] for place in places)), np.array([0.0, *costs]), ""

    def _share(self, values: Floats) -> Floats:
        """Return the percentile of values, straight between those of the data and beyond its range."""
        inside = np.interp(values, self.at, self.shares)
        span = float(self.at[-1] - self.at[0]) or 1.0
        beyond = np.maximum(values - self.at[-1], 0) - np.maximum(self.at[0] - values, 0)
        made: Floats = inside + beyond / span
        return made


@dataclass(frozen=True, slots=True)
class Variable:
    """One choice of one person: a feature, with those that follow it, at one of its options; the first is as it is."""

    features: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    """By feature: its value under each option."""
    costs: Floats

    @property
    def name(self) -> str:
        return self.features[0]


def variables_of(
    offers: Sequence[Offer], actions: Actions, row: Mapping[Any, Any]
) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """Return a person's choices, and in words what was left as it is although it was declared to change."""
    made, notes = [], []
    for offer in offers:
        values, costs, why = offer.options(row[offer.feature])
        followers = [one for one in actions.features if one.follows == offer.feature]
        gone = [one.feature for one in followers if is_missing(row[one.feature])]
        if gone and len(values) > 1:
            why = f"{offer.feature} was left as it is, because {gone[0]}, which follows it, is missing"
        if why:
            notes.append(why)
            continue
        if len(values) > 1:
            moved = [[row[one.feature], *(_natural(round(float(row[one.feature]) + one.ratio * (float(value)
                      - float(values[0])), 12)) for value in values[1:])] for one in followers]  # fmt: skip
            names = (offer.feature, *(one.feature for one in followers))
            made.append(Variable(names, (values, *(tuple(some) for some in moved)), costs))
    return tuple(made), tuple(notes)


def offers_of(
    actions: Actions, features: Sequence[str], columns: Sequence[str], data: pd.DataFrame, *, known: bool = True
) -> list[Offer]:
    """Return the offers of the changeable features, in the declared order.

    Parameters
    ----------
    actions
        What was declared.
    features
        The model's features: only they can be changed to any effect.
    columns
        The columns of the rows: rules and followers may name those that the model does not use.
    data
        The rows that ranges, steps and percentiles are taken from.
    known
        False where the data are one person's row: levels may then be declared that are not in them.

    Raises
    ------
    SchemaError, ColumnNotFoundError
        For a feature that is not there, or a declaration that does not fit its values.
    """
    if not actions.changeable:
        message = "The declared actions change no feature. Declare at least one as 'up', 'down' or 'either'."
        raise SchemaError(message)
    for one in actions.features:
        there = features if one.change != "immutable" else columns
        if one.feature not in there:
            what = "of the model" if one.change != "immutable" else "of the rows"
            message = f"The declared feature '{one.feature}' is not one {what} ({listed(there)})."
            raise ColumnNotFoundError(message + suggestion(one.feature, there))
    named = [name for rule in actions.rules for name, _ in rule.terms]
    named += [one.feature for one in actions.features if one.follows is not None]
    for name in named:
        if name not in columns:
            message = f"A rule or a follower needs the column '{name}'; the rows have {listed(columns)}."
            raise ColumnNotFoundError(message + suggestion(name, columns))
    offers = [_offer(one, data, known) for one in actions.features if one.change != "immutable"]
    for offer in offers:
        leads = any(one.follows == offer.feature for one in actions.features)
        if not offer.numeric and (offer.feature in named or leads):
            message = (
                f"'{offer.feature}' has levels; rules and followers are about numbers. Leave it out of them, or encode "
                "it as numbers."
            )
            raise SchemaError(message)
    return offers


def _offer(action: Action, data: pd.DataFrame, known: bool) -> Offer:  # noqa: FBT001
    if action.feature not in data.columns:
        hint = suggestion(action.feature, map(str, data.columns))
        message = f"data has no column '{action.feature}' to take its range and steps from.{hint}"
        raise ColumnNotFoundError(message)
    column = np.asarray(data[action.feature])
    numeric = is_numeric(column) and action.levels is None and not isinstance(action.cost, tuple)
    present = [value for value in column.tolist() if not is_missing(value)]
    if not present:
        message = f"'{action.feature}' is missing in every row of data: nobody can say which values it may take."
        raise SchemaError(message)
    if numeric:
        return _numbers(action, np.array(present, dtype=np.float64))
    if action.step is not None or action.between is not None or action.percentiles is not None:
        message = f"'{action.feature}' is not a number: step, between and percentiles do not apply. Declare levels."
        raise SchemaError(message)
    return _levels(action, present, known)


def _levels(action: Action, present: list[Any], known: bool) -> Offer:  # noqa: FBT001
    seen: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for value in present:
        seen.setdefault(label(value), value)
        counts[label(value)] = counts.get(label(value), 0) + 1
    if not known:
        for level in action.levels or ():
            seen.setdefault(label(level), level)
            counts.setdefault(label(level), 0)
        if action.cost is None and action.change != "either":
            message = (
                f"The cost of '{action.feature}' is a shift in percentiles, which needs the people to compare with. "
                "Give data=, or declare a cost."
            )
            raise SchemaError(message)
    texts = [label(level) for level in action.levels] if action.levels is not None else sorted(seen)
    unknown = [text for text in texts if text not in seen]
    if unknown:
        message = (
            f"The level {listed(map(repr, unknown))} of '{action.feature}' is not in the data "
            f"({listed(map(repr, sorted(seen)))}).{suggestion(unknown[0], seen)}"
        )
        raise SchemaError(message)
    if action.change != "either" and action.levels is None:
        message = (
            f"'{action.feature}' is not a number: only {action.change} needs levels in their order. Add levels: "
            f"[{listed(sorted(seen))}] in the right order."
        )
        raise SchemaError(message)
    if isinstance(action.cost, tuple) and not {*texts} <= {*dict(action.cost)}:
        missing = sorted({*texts} - {*dict(action.cost)})
        message = f"The cost of '{action.feature}' is a table without {listed(map(repr, missing))}. Add it."
        raise SchemaError(message)
    people = np.array([counts[text] for text in texts], dtype=np.float64)
    shares = (np.cumsum(people) - people / 2) / people.sum()
    return Offer(action, tuple(seen[text] for text in texts), numeric=False, at=np.empty(0), shares=shares)


def _numbers(action: Action, present: Floats) -> Offer:
    at, people = np.unique(present, return_counts=True)
    shares = (np.cumsum(people) - people / 2) / people.sum()
    if action.cost is None and len(at) < 2:
        message = (
            f"'{action.feature}' has one value in data, so a change has no cost in percentiles. Give data= the people "
            "to compare with, or declare a cost."
        )
        raise SchemaError(message)
    low, high = float(at[0]), float(at[-1])
    if action.between is not None:
        low, high = action.between
    elif action.percentiles is not None:
        low, high = (float(end) for end in np.percentile(present, action.percentiles))
    step = action.step or _step_of(at, low, high)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first >= MOST_VALUES:
        message = (
            f"A step of {step:g} gives '{action.feature}' {last - first + 1:,} values between {low:g} and {high:g}; "
            f"at most {MOST_VALUES:,} are searched. Declare a greater step or a narrower range."
        )
        raise SchemaError(message)
    decimals = max(0, 12 - math.floor(math.log10(step)))
    values = tuple(round(place * step, min(decimals, 15)) for place in range(first, last + 1))
    return Offer(action, values, numeric=True, at=at, shares=shares)


def _step_of(at: Floats, low: float, high: float) -> float:
    """Return 1, 2 or 5 times a power of ten that divides the range into about 100 steps, whole for whole numbers."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / STEPS))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / STEPS * (1 - 1e-9))
    whole = bool((at == np.round(at)).all())
    return max(1.0, round(step)) if whole else step


def _natural(value: float) -> Any:
    return int(value) if value == int(value) else value
