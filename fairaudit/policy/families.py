"""Which tests are corrected together, so that asking more questions never changes the first answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..inference.multiplicity import benjamini_hochberg, benjamini_hochberg_beside, holm, holm_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ..inference.counts import FloatArray


@dataclass(frozen=True, slots=True)
class Member:
    """One test. A test that is made only because the data chose the reference is a member too.

    ``metric`` and ``cutoff`` tell secondary families apart; give the rule's id as the metric if two rules
    ask the same metric in different ways.
    """

    p: float | None
    family: Literal["primary", "secondary", "exploratory"]
    attribute: str
    metric: str
    cutoff: float | None = None
    settled: Adjusted | None = None
    """Already corrected, for all pairs together: it is in no other family."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A corrected p-value, and the number of tests it was corrected for."""

    p: float | None
    comparisons: int


def adjust_by_family(members: Sequence[Member]) -> tuple[Adjusted, ...]:
    """Correct p-values within their families, in the order given.

    Holm (1979) within each attribute's primary tests, and within each attribute, metric and cut-off of the
    secondary ones; Benjamini and Hochberg (1995) over all exploratory tests together. Where the policy's
    reference is the group with the highest rate, a member is settled by the caller for all pairs of eligible groups
    at once; or the caller gives the tests of all pairs, and drops afterwards those that are not printed.

    Parameters
    ----------
    members
        The tests. A p of None or NaN is in no family: it stays None and counts for nothing.

    Examples
    --------
    >>> pair = [Member(0.01, "primary", "race", "adverse_impact_ratio"),
    ...         Member(0.04, "primary", "race", "adverse_impact_ratio")]
    >>> [adjusted.p for adjusted in adjust_by_family(pair)]
    [0.02, 0.04]
    >>> adjust_by_family([*pair, Member(0.9, "exploratory", "race", "accuracy")])[0].p
    0.02
    """
    families = _families(members)
    adjusted = [member.settled or Adjusted(None, 0) for member in members]
    for places in families.values():
        correct = benjamini_hochberg if members[places[0]].family == "exploratory" else holm
        values = correct(np.array([members[place].p for place in places], dtype=np.float64))
        for place, value in zip(places, values, strict=True):
            adjusted[place] = Adjusted(float(value), len(places))
    return tuple(adjusted)


def readjusted(members: Sequence[Member], places: Sequence[int]) -> list[Callable[[FloatArray], FloatArray]]:
    """Return for each of some members what its p-value would be corrected to, had it been another one.

    The other members of its family keep theirs.

    Parameters
    ----------
    members
        All tests, as for :func:`adjust_by_family`.
    places
        Which of them are asked about; each has a p-value.

    Examples
    --------
    >>> pair = [Member(0.01, "primary", "race", "adverse_impact_ratio"),
    ...         Member(0.04, "primary", "race", "adverse_impact_ratio")]
    >>> [correct] = readjusted(pair, [0])
    >>> correct(np.array([0.01, 0.03, 0.05]))
    array([0.02, 0.06, 0.08])
    """
    families = _families(members)
    made: list[Callable[[FloatArray], FloatArray]] = []
    for place in places:
        member = members[place]
        rest = np.array([members[other].p for other in families[_key(member)] if other != place], dtype=np.float64)
        beside = benjamini_hochberg_beside if member.family == "exploratory" else holm_beside
        made.append(partial(beside, others=rest))
    return made


def _families(members: Sequence[Member]) -> dict[Hashable, list[int]]:
    """Return the places of the members of each family that have a p-value."""
    families: dict[Hashable, list[int]] = {}
    for place, member in enumerate(members):
        if member.p is not None and not np.isnan(member.p):
            families.setdefault(_key(member), []).append(place)
    return families


def _key(member: Member) -> Hashable:
    if member.family == "primary":
        return ("primary", member.attribute)
    if member.family == "secondary":
        return ("secondary", member.attribute, member.metric, member.cutoff)
    return ("exploratory",)
