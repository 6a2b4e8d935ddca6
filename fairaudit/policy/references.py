"""Which group the others are compared with, and which groups may be compared at all."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import LevelNotFoundError, PolicyError, listed, suggestion
from ..schema.labels import MISSING

if TYPE_CHECKING:
    from .model import ReferenceMode

Levels = Mapping[str, tuple[int, float | None]]
"""Level to the people in it and their rate; None where the rate is undefined."""

REST = "all others"


@dataclass(frozen=True, slots=True)
class Reference:
    """The group compared with. With mode ``rest`` it is everybody else, and ``level`` is ``all others``."""

    level: str | None
    """None when no group may be a reference; ``reason`` says why."""
    mode: Literal["named", "highest", "largest", "rest"]
    reason: str


def is_excluded(level: str, excluded_levels: Collection[str] = ()) -> bool:
    """Whether a level is shown but in no comparison: missing labels, and those the policy excludes.

    Examples
    --------
    >>> is_excluded("unknown", ["Unknown"]), is_excluded("(missing)"), is_excluded("White")
    (True, True, False)
    """
    return level == MISSING or level.casefold() in {other.casefold() for other in excluded_levels}


def eligible_levels(
    levels: Levels, *, minimum_n: int = 1, minimum_share: float = 0.0, excluded_levels: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the levels that may be compared or be a reference, in the order given.

    Parameters
    ----------
    levels
        Level to (people, rate).
    minimum_n
        Fewest people a group may have.
    minimum_share
        Fewest people as a share of all whose level is known and not excluded.
    excluded_levels
        Levels that are counted and shown only; ``(missing)`` always is.

    Examples
    --------
    >>> eligible_levels({"A": (500, 0.6), "B": (490, 0.5), "C": (10, 0.9), "(missing)": (40, 0.4)},
    ...                 minimum_share=0.02)
    ('A', 'B')
    """
    known = {name: people for name, (people, _) in levels.items() if not is_excluded(name, excluded_levels)}
    total = sum(known.values())
    return tuple(name for name, people in known.items() if people >= max(minimum_n, minimum_share * total))


def choose_reference(
    levels: Levels,
    *,
    attribute: str,
    mode: ReferenceMode,
    named: str | None = None,
    minimum_n: int = 1,
    minimum_share: float = 0.0,
    excluded_levels: Collection[str] = (),
) -> Reference:
    """Choose the group that the others of one attribute are compared with, as the policy says.

    Parameters
    ----------
    levels
        Level to (people, rate).
    attribute
        What the levels are of, for the message.
    mode
        ``named``; ``highest``: the highest rate (then more people, then the name); ``largest``; ``rest``.
    named
        The level named in the call or in the policy. In the other modes it must exist, and is not used.
    minimum_n, minimum_share, excluded_levels
        As in ``eligible_levels``.

    Raises
    ------
    PolicyError
        If mode is ``named`` and no level is named, or the named one may not be a reference.
    LevelNotFoundError
        If the named level is not in the data.

    Examples
    --------
    >>> levels = {"White": (259, 0.795), "Black": (48, 0.542), "(missing)": (9, 1.0)}
    >>> choose_reference(levels, attribute="race", mode="highest").level
    'White'
    >>> choose_reference(levels, attribute="race", mode="named", named="white")
    Traceback (most recent call last):
        ...
    fairaudit.errors.LevelNotFoundError: Attribute 'race' has no level 'white'. Did you mean 'White'?
    Levels: White, Black, (missing).
    """
    eligible = eligible_levels(
        levels, minimum_n=minimum_n, minimum_share=minimum_share, excluded_levels=excluded_levels
    )
    if named is not None and named not in levels:
        near = suggestion(named, levels)
        message = f"Attribute '{attribute}' has no level '{named}'.{near} Levels: {listed(levels)}."
        raise LevelNotFoundError(message)
    if mode == "named":
        if named is None:
            raise PolicyError(_nobody_named(levels, attribute, eligible))
        if named not in eligible:
            why = _why_not(levels, named, minimum_n, minimum_share, excluded_levels)
            others = f" Name another: {listed(eligible)}." if eligible else " No other level can be one either."
            message = f"'{named}' cannot be the reference of '{attribute}': {why}.{others}"
            raise PolicyError(message)
        return Reference(named, "named", f"{named} is the named reference.")
    unused = f" {named} was named in the call, which this policy does not use." if named is not None else ""
    if mode == "rest":
        return Reference(REST, "rest", f"Each group is compared with all others.{unused}")
    rated = {name: rate for name in eligible if (rate := levels[name][1]) is not None and not math.isnan(rate)}
    candidates = list(rated) if mode == "highest" else list(eligible)
    if not candidates:
        reason = f"No group of '{attribute}' has as many people as the policy asks for ({minimum_n:,} or more)."
        if eligible:
            reason = f"No group of '{attribute}' has a rate, so none has the highest."
        return Reference(None, mode, reason)
    if mode == "highest":
        best = min(candidates, key=lambda name: (-rated[name], -levels[name][0], name))
        return Reference(best, mode, f"{best} has the highest rate, which is this policy's reference.{unused}")
    best = min(candidates, key=lambda name: (-levels[name][0], name))
    return Reference(best, mode, f"{best} has the most people, which is this policy's reference.{unused}")


def _nobody_named(levels: Levels, attribute: str, eligible: tuple[str, ...]) -> str:
    example = max(eligible or levels, key=lambda name: levels[name][0], default="LEVEL")
    return (
        f"Attribute '{attribute}' has no reference. Name one, e.g. --reference {attribute}={example}. "
        f"Levels: {listed(levels)}."
    )


def _why_not(levels: Levels, named: str, minimum_n: int, minimum_share: float, excluded_levels: Collection[str]) -> str:
    people = levels[named][0]
    if is_excluded(named, excluded_levels):
        return "missing or excluded levels are counted and shown, never compared with"
    if people < minimum_n:
        whom = "person" if people == 1 else "people"
        return f"it has {people:,} {whom}, and the policy asks for at least {minimum_n:,}"
    return f"its {people:,} people are below the policy's minimum share of {minimum_share:.1%}"
