"""The shape of a point system's file: what each key is, and nothing of what is done with it.

Every figure has a tag that says where it comes from: ``account`` (the seed account of the project), ``documented``
(another source, which is named) or ``stylised`` (made up so that the system runs). A figure inside a record has the
record's tag unless it brings its own: ``points: {value: -100, tag: stylised}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..policy.model import Source
from ..schema.roles import HigherIs

Tag = Literal["account", "documented", "stylised"]
Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Grade = Annotated[int, Field(ge=1, le=5)]
"""1 (slight) to 5 (gravest); always a judgement of whoever wrote the file, so always stylised."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Number(_Record):
    """A figure with its own tag and source; without a tag it has that of the record around it."""

    value: float
    tag: Tag | None = None
    source: str | None = None


class Whole(_Record):
    """A whole number of points: ledgers of whole numbers add up exactly."""

    value: Annotated[int, Field(ge=-(10**9), le=10**9)]
    tag: Tag | None = None
    source: str | None = None


def _opened(given: Any) -> Any:
    return given if given is None or isinstance(given, (Mapping, BaseModel)) else {"value": given}


Figure = Annotated[Number, BeforeValidator(_opened)]
WholeFigure = Annotated[Whole, BeforeValidator(_opened)]


class Decay(_Record):
    """How points fade: ``expire`` counts an event for so many days; ``halve`` halves it every so many days."""

    how: Literal["expire", "halve"]
    days: Annotated[int, Field(ge=1)]
    tag: Tag
    source: str | None = None


class Role(_Record):
    """A party of its own among the people: who holds an office, treats patients, runs a business."""

    id: Id
    says: Text
    share: Figure
    """The share of people who hold it, in simulations; nobody holds two."""
    tag: Tag
    source: str | None = None
    note: str = ""


class Event(_Record):
    """Something a person is recorded for, once or several times."""

    id: Id
    says: Text
    """What happened, in words that finish "-100 ...": "falsely accused others online"."""
    points: WholeFigure
    area: Text
    context: Text
    """The part of life in which it happened; one of ``contexts``."""
    gravity: Grade | None = None
    """How grave it is; needed where points are lost."""
    by: tuple[Id, ...] = ()
    """The roles whose holders alone can do it; anybody if left out."""
    tag: Tag
    source: str | None = None
    note: str = ""


class Band(_Record):
    """A class of scores: from ``at_least`` up to the next band; the lowest has no ``at_least``."""

    name: Text
    at_least: Figure | None = None
    tag: Tag
    source: str | None = None


class Consequence(_Record):
    """What follows from a band, or at once from an event, whatever the score."""

    id: Id
    says: Text
    kind: Literal["punishment", "reward"]
    context: Text
    """The part of life in which it is felt; one of ``contexts``."""
    severity: Grade
    bands: tuple[Text, ...] = ()
    events: tuple[Id, ...] = ()
    bands_tag: Tag | None = None
    """Where it comes from that these bands have it; the consequence's own tag if left out."""
    falls_on: Text = "the person"
    tag: Tag
    source: str | None = None
    note: str = ""


class Step(_Record):
    """A row of a table of points: values below ``below`` that no row before it took. The last has no ``below``."""

    below: float | None = None
    points: float


class Input(_Record):
    """A number about a person that is weighted, or turned to points by a table."""

    id: Id
    says: Text
    area: Text
    context: Text
    weight: Figure | None = None
    worst: Figure | None = None
    """The value that brings nothing; beyond it nothing more is lost."""
    best: Figure | None = None
    """The value that brings the whole weight; beyond it nothing more is won."""
    steps: tuple[Step, ...] = ()
    missing: Figure | None = None
    """What a missing value counts as: a share of the weight (0 to 1), or points; without it a gap is an error."""
    tag: Tag
    source: str | None = None
    note: str = ""


class Range(_Record):
    """The lowest and the highest score there is."""

    lowest: float
    highest: float
    tag: Tag
    source: str | None = None


class Norm(_Record):
    """A fixed table that turns the weighted sum (0 to 100) into the share of people below it, so people are ranked."""

    table: tuple[tuple[float, float], ...]
    tag: Tag
    source: str | None = None


class Unscored(_Record):
    """Who has no score at all: people whose ``column`` is missing or below ``below``."""

    name: Text
    column: Id
    below: float
    tag: Tag
    source: str | None = None
    note: str = ""


class Claim(_Record):
    """A sentence of the seed account, and whether another source has it."""

    says: Text
    documented: str | None = None
    """The id of the source that has it; left out where none that was checked does."""
    note: str = ""


class EventsVariant(_Record):
    """What differs from the system: keys replace; events and consequences are replaced or added by their id."""

    title: Text
    start: WholeFigure | None = None
    cap: WholeFigure | None = None
    floor: WholeFigure | None = None
    decay: Decay | None = None
    events: tuple[Event, ...] = ()
    bands: tuple[Band, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    without: tuple[Id, ...] = ()
    """Ids of events and consequences that it does not have."""
    roles: tuple[Role, ...] = ()
    notes: tuple[Text, ...] = ()


class WeightedVariant(_Record):
    """What differs from the system: keys replace; inputs and consequences are replaced or added by their id."""

    title: Text
    range: Range | None = None
    base: Figure | None = None
    inputs: tuple[Input, ...] = ()
    norm: Norm | None = None
    unscored: tuple[Unscored, ...] = ()
    bands: tuple[Band, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    without: tuple[Id, ...] = ()
    notes: tuple[Text, ...] = ()


class EventsSystem(_Record):
    """A start, and events that add or take points."""

    id: Id
    kind: Literal["events"]
    title: Text
    summary: Text
    people: Text
    """Who is scored."""
    higher_is: HigherIs
    start: WholeFigure
    cap: WholeFigure | None = None
    floor: WholeFigure | None = None
    decay: Decay | None = None
    contexts: Annotated[tuple[Text, ...], Field(min_length=1)]
    roles: tuple[Role, ...] = ()
    events: Annotated[tuple[Event, ...], Field(min_length=1)]
    bands: tuple[Band, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[Text, ...] = ()
    sources: dict[str, Source] = {}
    variants: dict[Id, EventsVariant] = {}


class WeightedSystem(_Record):
    """Inputs, each weighted or looked up in a table of points, added up."""

    id: Id
    kind: Literal["weighted"]
    title: Text
    summary: Text
    people: Text
    higher_is: HigherIs
    range: Range
    base: Figure | None = None
    """What everybody starts with where tables of points are added; left out where weights are."""
    contexts: Annotated[tuple[Text, ...], Field(min_length=1)]
    inputs: Annotated[tuple[Input, ...], Field(min_length=1)]
    norm: Norm | None = None
    unscored: tuple[Unscored, ...] = ()
    bands: tuple[Band, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    claims: tuple[Claim, ...] = ()
    notes: tuple[Text, ...] = ()
    sources: dict[str, Source] = {}
    variants: dict[Id, WeightedVariant] = {}


System = EventsSystem | WeightedSystem
