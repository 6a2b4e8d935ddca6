"""What every question shares: which groups are compared with what, and how a measurement is written down."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cube.confusion import Confusion, ScoreTable
from ..cube.people import People
from ..inference.multiplicity import benjamini_hochberg
from ..measuring import Grouping
from ..metrics.profit import Payoff
from ..policy.model import Policy
from ..policy.references import REST, is_excluded
from ..result import Measurement, finite


@dataclass(frozen=True, slots=True)
class Asking:
    """What all questions of one audit are asked with."""

    policy: Policy
    references: Mapping[str, str | None]
    """Attribute -> the group compared with, as the findings have it."""
    cutoffs: Sequence[float | None]
    """Decision rules, the one in production first; None is the recorded decision."""
    confidence: float
    seed: int
    payoff: Payoff | None = None
    """What a selected person with a good and with a bad outcome brings, where that was given."""
    people: People | None = None
    """Rows as lines, where a control is a number that no cube holds."""

    def rng(self, *words: str) -> np.random.Generator:
        """Return a generator of its own for each place, so that one more group changes no other number."""
        return np.random.default_rng([self.seed, *"/".join(words).encode()])


def shown(of: Grouping, table: Confusion | ScoreTable, policy: Policy) -> list[int]:
    """Return the numbers of the groups that may be compared: known, large enough, not suppressed."""
    people = table.people.n if isinstance(table, Confusion) else table.people.n.sum(axis=-1)
    hidden = of.cube.suppressed
    return [
        i
        for i, levels in enumerate(of.levels)
        if people[i] >= max(1, policy.minimum_n)
        and not any(is_excluded(level, policy.excluded_levels) for level in levels.values())
        and not (hidden is not None and bool(hidden[i]))
    ]


def pairs(of: Grouping, table: Any, asking: Asking) -> Iterator[tuple[int, Any, Any, str]]:
    """Yield each compared group: its number, its table, its reference's table and the reference's name."""
    reference = asking.references.get(of.name)
    able = shown(of, table, asking.policy)
    if reference is None:
        return
    if reference == REST:
        for i in able:
            others = [j for j in able if j != i]
            if others:
                yield i, table[i], table.pooled(others), REST
        return
    if reference not in of.groups or of.groups.index(reference) not in able:
        return
    against = of.groups.index(reference)
    for i in able:
        if i != against:
            yield i, table[i], table[against], reference


def written(
    topic: str,
    metric: str,
    of: Grouping | str,
    *,
    value: float,
    n: float,
    group: str | None = None,
    undefined: str | None = None,
    **fields: Any,
) -> Measurement:
    """Return a measurement with numbers that JSON can hold; without a value it says why."""
    name = of if isinstance(of, str) else of.name
    given: dict[str, Any] = {
        "reference": None, "cutoff": None, "detail": None, "low": None, "high": None, "method": None, **fields,
    }  # fmt: skip
    for key in ("low", "high", "expected", "excess", "p"):
        if given.get(key) is not None:
            given[key] = finite(float(given[key]))
    number = finite(float(value))
    if number is None and given["low"] is None and given["high"] is None:
        given["method"] = None
    if given.get("n_reference") is not None:
        given["n_reference"] = int(given["n_reference"])
    return Measurement(
        topic=topic, metric=metric, attribute=name, group=group, value=number, n=int(n),
        undefined=undefined if number is None else None, **given,
    )  # fmt: skip


def groups_left_out(count: int) -> str | None:
    """Return in words how many groups have no part in a number over all groups; None where each has.

    Examples
    --------
    >>> groups_left_out(1)
    '1 group is too small, missing or excluded, and left out'
    """
    if not count:
        return None
    return f"{count:,} {'group is' if count == 1 else 'groups are'} too small, missing or excluded, and left out"


def adjusted(records: Sequence[Measurement]) -> list[Measurement]:
    """Return the records with p-values corrected over all of them (Benjamini-Hochberg): they are exploratory."""
    p = np.array([np.nan if record.p is None else record.p for record in records])
    if not len(p) or np.isnan(p).all():
        return list(records)
    corrected = benjamini_hochberg(p)
    return [
        dataclasses.replace(record, p_adjusted=finite(float(q))) for record, q in zip(records, corrected, strict=True)
    ]
