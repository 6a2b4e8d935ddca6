"""What follows from what: conduct against the part of life that is punished, penalty against gravity, questions.

The context and the gravity of an event, and the severity of a consequence, are judgements in the system's file; the
tables are as good as they are. Nothing here is a verdict.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from ..policy.model import Source
from ..policy.reading import read_yaml
from .checks import limits, ordered_bands
from .format import Consequence, Event, EventsSystem, Input, System
from .ledger import STAMP, amount


@dataclass(frozen=True, slots=True)
class Reach:
    """Conduct (an event that makes the score worse, or an input) that can bring about a punishment.

    ``times`` is how often the event alone must be recorded, from the start and before anything fades, until the
    punishment follows; 0 where it follows from the start itself, None where the event cannot do it alone, and for
    inputs.
    """

    conduct: str
    conduct_says: str
    conduct_context: str
    punishment: str
    punishment_says: str
    punishment_context: str
    falls_on: str
    crosses: bool
    """Whether it is punished in another part of life than it happened in."""
    times: int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """One cell of the matrix: conduct of one context, punished in another or the same."""

    conduct_context: str
    punishment_context: str
    pairs: int
    crosses: bool
    punishments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Penalty:
    """An event that makes the score worse: what it costs, beside its gravity."""

    event: str
    says: str
    points: int
    tag: str
    gravity: int
    severity_at_once: int
    """The severest punishment that a single record brings, from the start; 0 where none."""


@dataclass(frozen=True, slots=True)
class Inversion:
    """Graver conduct that costs fewer points than slighter conduct."""

    slighter: str
    graver: str
    points_of_slighter: int
    points_of_graver: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question to ask of the system, with what its file says to it. Not an answer, and not legal advice."""

    asks: str
    says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the file says about consequences."""

    system: str
    title: str
    reaches: tuple[Reach, ...]
    matrix: tuple[Crossing, ...]
    penalties: tuple[Penalty, ...]
    inversions: tuple[Inversion, ...]
    questions: tuple[Question, ...]
    screening: str
    sources: tuple[str, ...]
    stamp: str = STAMP

    @property
    def crossing_pairs(self) -> int:
        """How many pairs of conduct and punishment are of different parts of life."""
        return sum(one.pairs for one in self.matrix if one.crosses)

    @property
    def pairs(self) -> int:
        """How many pairs of conduct and punishment there are."""
        return len(self.reaches)


def sheet_of(system: System, name: str) -> Sheet:
    """Return the sheet of a system."""
    reaches = _reaches(system)
    penalties = _penalties(system, reaches)
    inversions = _inversions(penalties)
    matrix = _matrix(system, reaches)
    screening = _screening()
    evidence = {
        "period": _period(system),
        "basis": _basis(system),
        "contexts": _contexts(reaches),
        "gravity": _gravity(penalties, inversions),
        "actors": f"Who is scored: {system.people}",
    }
    questions = tuple(Question(one.asks, evidence[one.evidence]) for one in screening.questions)
    sources = tuple(one.text for one in screening.sources)
    return Sheet(name, system.title, reaches, matrix, penalties, inversions, questions, screening.title, sources)


def _worse(system: EventsSystem) -> list[Event]:
    sign = 1 if system.higher_is == "better" else -1
    return [event for event in system.events if sign * event.points.value < 0]


def _punishments(system: System) -> list[Consequence]:
    return [one for one in system.consequences if one.kind == "punishment"]


def _reaches(system: System) -> tuple[Reach, ...]:
    conducts: list[Event] | list[Input] = _worse(system) if isinstance(system, EventsSystem) else list(system.inputs)
    made = []
    for conduct in conducts:
        for punishment in _punishments(system):
            at_once = conduct.id in punishment.events
            if not at_once and not punishment.bands:
                continue  # it follows from other events only
            times = 1 if at_once else _times(system, conduct, punishment)
            made.append(_reach(conduct, punishment, times))
    return tuple(made)


def _reach(conduct: Event | Input, punishment: Consequence, times: int | None) -> Reach:
    return Reach(
        conduct=conduct.id,
        conduct_says=conduct.says,
        conduct_context=conduct.context,
        punishment=punishment.id,
        punishment_says=punishment.says,
        punishment_context=punishment.context,
        falls_on=punishment.falls_on,
        crosses=conduct.context != punishment.context,
        times=times,
    )


def _times(system: System, conduct: Event | Input, punishment: Consequence) -> int | None:
    """Return how many records of one event lead from the start to a band of the punishment."""
    if not isinstance(system, EventsSystem) or not isinstance(conduct, Event):
        return None
    edges = [band.at_least.value for band in ordered_bands(system.bands) if band.at_least is not None]
    start, points = system.start.value, conduct.points.value
    # The score only falls or only rises, so each band is first met where its edge is passed.
    passed = (math.ceil((edge - start) / points) if points > 0 else math.floor((start - edge) / -points) + 1
              for edge in edges)  # fmt: skip
    found = [
        number for number in (0, *passed) if number >= 0 and _band_after(system, conduct, number) in punishment.bands
    ]
    return min(found, default=None)


def _band_after(system: EventsSystem, event: Event, number: int) -> str:
    """Return the band from the start after so many records of an event."""
    low, high = limits(system)
    score = min(max(system.start.value + number * event.points.value, low), high)
    below = [band for band in ordered_bands(system.bands) if band.at_least is None or band.at_least.value <= score]
    return below[-1].name if below else ""


def _matrix(system: System, reaches: tuple[Reach, ...]) -> tuple[Crossing, ...]:
    made = []
    for conduct in system.contexts:
        for punishment in system.contexts:
            here = [one for one in reaches if (one.conduct_context, one.punishment_context) == (conduct, punishment)]
            if here:
                called = tuple(dict.fromkeys(one.punishment for one in here))
                made.append(Crossing(conduct, punishment, len(here), conduct != punishment, called))
    return tuple(made)


def _penalties(system: System, reaches: tuple[Reach, ...]) -> tuple[Penalty, ...]:
    if not isinstance(system, EventsSystem):
        return ()
    severity = {one.id: one.severity for one in system.consequences}
    made = []
    for event in _worse(system):
        at_once = [severity[one.punishment] for one in reaches if one.conduct == event.id and one.times == 1]
        tag = event.points.tag or event.tag
        made.append(Penalty(event.id, event.says, event.points.value, tag, event.gravity or 0, max(at_once, default=0)))
    return tuple(sorted(made, key=lambda one: (-one.gravity, -abs(one.points), one.event)))


def _inversions(penalties: tuple[Penalty, ...]) -> tuple[Inversion, ...]:
    return tuple(
        Inversion(slighter.event, graver.event, slighter.points, graver.points)
        for graver in penalties
        for slighter in penalties
        if graver.gravity > slighter.gravity and abs(graver.points) < abs(slighter.points)
    )


def _period(system: System) -> str:
    if not isinstance(system, EventsSystem):
        return "The file weights inputs as they stand on one day; it does not say over what time they were gathered."
    if system.decay is None:
        return "Dated events are added up and nothing fades: the period has no end."
    how = "are dropped after" if system.decay.how == "expire" else "are halved every"
    return f"Dated events are added up, and points {how} {system.decay.days:,} days ({system.decay.tag})."


def _basis(system: System) -> str:
    what = system.events if isinstance(system, EventsSystem) else system.inputs
    contexts = list(dict.fromkeys(one.context for one in what))
    kind = "events" if isinstance(system, EventsSystem) else "inputs"
    return f"{len(what)} {kind} from {len(contexts)} parts of life: {', '.join(contexts)}."


def _contexts(reaches: tuple[Reach, ...]) -> str:
    if not reaches:
        return "The file has no punishment that conduct could lead to."
    crossing = [one for one in reaches if one.crosses]
    text = f"{len(crossing)} of {len(reaches)} pairs of conduct and punishment are of different parts of life"
    if not crossing:
        return f"{text}."
    first = crossing[0]
    others = sum(one.falls_on != "the person" for one in reaches)
    on_others = f" {others} of the pairs fall on others than the person." if others else ""
    conduct = f"{first.conduct_says} (in {first.conduct_context})"
    return f"{text}, such as: {conduct} and {first.punishment_says} (in {first.punishment_context}).{on_others}"


def _gravity(penalties: tuple[Penalty, ...], inversions: tuple[Inversion, ...]) -> str:
    if not penalties:
        return "The file has no events whose points could be set against their gravity."
    text = (
        f"Pairs of events in which the graver conduct costs fewer points, by the file's own grades of gravity: "
        f"{len(inversions)}."
    )
    if not inversions:
        return text
    first = inversions[0]
    return (
        f"{text} Such as: {first.graver} ({amount(first.points_of_graver)}) is graver than {first.slighter} "
        f"({amount(first.points_of_slighter)})."
    )


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: str
    evidence: str


class _Screening(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    in_force: str
    questions: tuple[_Asked, ...]
    sources: tuple[Source, ...]


@lru_cache(maxsize=1)
def _screening() -> _Screening:
    file = files(__package__).joinpath("screening", "eu-ai-act-5-1-c.yaml")
    return _Screening.model_validate(read_yaml(file.read_text(encoding="utf-8")).data)
