"""On whom consequences fall, as plain records: each line one group, with its share, interval and reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .ledger import STAMP

Kind = Literal["punishment", "reward", "no score", "lowest band"]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One group and question: how many of how many, with intervals, and against the reference.

    ``share`` is of those on whom the consequence falls; ``difference`` is in the same direction, the group's share less
    the reference's. ``ratio`` is the adverse impact ratio, of the shares that are better to have; ``times`` the
    adverse-outcome ratio, of the shares that are worse to have. None: undefined, or without a bound.
    """

    attribute: str
    group: str
    people: int
    struck: int
    share: float | None
    low: float | None
    high: float | None
    reference: str = ""
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    times: float | None = None
    times_low: float | None = None
    times_high: float | None = None
    p: float | None = None
    status: Literal["flag", "within_line", "insufficient", "info"] | None = None
    """The audit's status of the adverse impact ratio."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A consequence, or what comes before and after all of them, and what its audit found of each group."""

    id: str
    says: str
    kind: Kind
    people: int
    """Of whom it was asked."""
    left_out: int
    """Of whom it could not be: people without a score, or who were not in the lowest band before."""
    lines: tuple[GroupLine, ...]


@dataclass(frozen=True, slots=True)
class Lasted:
    """One step of the curve: of those who were in the lowest band, the share still in it after more than ``years``.

    ``at_risk`` had been in it for so many years, ``left`` of them left after exactly so many. None: no interval,
    where nobody or everybody has left.
    """

    years: int
    at_risk: int
    left: int
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long the lowest band lasts for one group: Kaplan and Meier's curve, who is in it at the end censored."""

    attribute: str
    group: str
    people: int
    """Who were ever in it."""
    still: int
    """Who are in it at the end, so that only a least time is known of them."""
    median: int | None
    """The first number of years that at most half outlast; None where more than half are still in it by then."""
    steps: tuple[Lasted, ...]


@dataclass(frozen=True, slots=True)
class Struck:
    """All questions of a system's consequences, and those that could not be asked."""

    system: str
    title: str
    policy: str
    questions: tuple[Question, ...]
    not_asked: tuple[tuple[str, str], ...]
    """What, and why."""
    simulated: bool
    """Whether the people carry the stamp of a simulation."""
    lasting: tuple[Lasting, ...] = ()
    """How long the lowest band lasts, where the years of people in it are known."""

    @property
    def stamp(self) -> str:
        """What stands on every output."""
        return STAMP if self.simulated else "A model of a scoring system, applied to the people given."
