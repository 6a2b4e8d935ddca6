"""Linear relations of features that must hold after a change, such as ``years_employed <= age - 14``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SchemaError

SLACK = 1e-9
"""Relative slack of a relation: sums of decimals are not exact."""
_SIDES = re.compile(r"(<=|>=|==|=)")
_TERM = re.compile(
    r"\s*(?P<sign>[+-])?\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+)\s*\*?\s*)?(?:(?P<name>[^\W\d][\w.]*)|`(?P<quoted>[^`]+)`)?"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """``low <= sum of coefficient * feature <= high``."""

    text: str
    terms: tuple[tuple[str, float], ...]
    low: float
    high: float

    @property
    def is_one_hot(self) -> bool:
        """Whether the rule says that exactly one of several columns is 1."""
        return self.text.startswith("exactly one of ")

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether the relation holds; one with a missing value is not broken."""
        parts = [factor * float(values[name]) for name, factor in self.terms]
        total = math.fsum(parts)
        slack = SLACK * max(1.0, *map(abs, parts))
        return math.isnan(total) or self.low - slack <= total <= self.high + slack


def read_rule(text: Any) -> Rule:
    """Return a relation from its text: sums of numbers and features, each with a factor, on either side.

    Raises
    ------
    SchemaError
        If the text is no such relation.

    Examples
    --------
    >>> rule = read_rule("years_employed <= age - 14")
    >>> rule.terms, rule.low, rule.high
    ((('years_employed', 1.0), ('age', -1.0)), -inf, -14.0)
    >>> rule.holds({"years_employed": 6, "age": 20}), rule.holds({"years_employed": 7, "age": 20})
    (True, False)
    """
    if isinstance(text, Rule):
        return text
    parts = _SIDES.split(str(text))
    if not isinstance(text, str) or len(parts) != 3:
        _refuse(text, "a relation has one of <=, >= and = between two sums")
    factors: dict[str, float] = {}
    constant = 0.0
    for side, sign in ((parts[0], 1.0), (parts[2], -1.0)):
        names, number = _sum(side, text)
        constant += sign * number
        for name, factor in names.items():
            factors[name] = factors.get(name, 0.0) + sign * factor
    terms = tuple((name, factor) for name, factor in factors.items() if factor)
    if not terms:
        _refuse(text, "no feature is left in it")
    low, high = {"<=": (-math.inf, -constant), ">=": (-constant, math.inf)}.get(parts[1], (-constant, -constant))
    return Rule(text, terms, low + 0.0, high + 0.0)


def _sum(side: str, text: str) -> tuple[dict[str, float], float]:
    factors: dict[str, float] = {}
    constant, at, first = 0.0, 0, True
    while at < len(side.rstrip()) or first:
        found = _TERM.match(side, at)
        name = found and (found["name"] or found["quoted"])
        if found is None or not (name or found["number"]) or not (first or found["sign"]):
            _refuse(text, f"'{side[at:].strip()}' is no sum of features")
        assert found is not None  # noqa: S101 - refused above
        value = (-1.0 if found["sign"] == "-" else 1.0) * float(found["number"] or 1.0)
        if name:
            factors[name] = factors.get(name, 0.0) + value
        else:
            constant += value
        at, first = found.end(), False
    return factors, constant


def _refuse(text: Any, why: str) -> None:
    message = (
        f"The rule {text!r} cannot be read: {why}. Write it as 'years_employed <= age - 14' or "
        "'2*rooms + `living area` >= 30'; a name with other signs than letters, digits and _ stands in backticks."
    )
    raise SchemaError(message)
