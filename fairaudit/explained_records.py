"""Plain records of a score taken apart: the model, what carries its gaps, single people, and ways to the cut-off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """The model whose score was audited."""

    kind: str
    """Its class, as its package calls it."""
    units: str
    higher_is: str
    features: list[str]
    background: int
    """People that a score is held against: the number of them."""
    method: str
    """How the score was taken apart."""
    explained_units: str
    """The unit of every amount below, which is the score's own where it can be."""


@dataclass(frozen=True, slots=True)
class DriverRecord:
    """What one feature adds to a gap, and how well it tells the group from the reference."""

    feature: str
    value: float
    low: float | None
    high: float | None
    """Ends of an interval that holds for all features of the gap at once."""
    proxy: float | None
    """Cross-validated area under the curve of telling the two groups apart by this feature alone; 0.5 is chance."""
    proxy_low: float | None
    proxy_high: float | None
    stands_out: bool
    """It carries the gap and tells the group."""


@dataclass(frozen=True, slots=True)
class GapRecord:
    """A gap between a group and its reference, and the features that it is made of."""

    measure: str
    """What the gap is in: mean score, or a rate at the cut-off."""
    attribute: str
    group: str
    reference: str
    cutoff: float | None
    units: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_reference: int
    method: str
    score_proxy: float | None
    """How well the score itself tells the two groups apart."""
    score_proxy_low: float | None
    score_proxy_high: float | None
    drivers: list[DriverRecord]
    sentence: str
    undefined: str | None = None


@dataclass(frozen=True, slots=True)
class ReasonRecord:
    """One principal reason: the feature, the person's value, what it cost, in words."""

    feature: str
    value: str
    amount: float
    words: str


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What one feature adds to one person's score, in the units of the explanation."""

    feature: str
    value: str
    amount: float


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """One declined person, by the place of the row: the score, what it is made of, and the principal reasons."""

    row: int
    score: float
    cutoff: float
    units: str
    baseline: str
    """Whom the person is compared with."""
    reasons: list[ReasonRecord]
    note: str | None = None
    base: float | None = None
    """Mean of the background, in the units of the explanation: with ``parts`` it makes the explained score."""
    parts: list[PartRecord] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ToldRecord:
    """How many of a group's declined people are told one reason, and the reference beside it."""

    attribute: str
    group: str
    reference: str
    feature: str
    name: str
    """The feature in plain words, where there are any."""
    baseline: str
    """Whom declined people are compared with."""
    declined: int
    """In the group."""
    drawn: int
    """Declined people whose reasons were worked out: all of them, or so many drawn at random."""
    told: int
    """Of those drawn."""
    share: float
    low: float
    high: float
    difference: float | None
    """Share of the group less that of the reference; None for the reference itself."""
    difference_low: float | None
    difference_high: float | None
    p: float | None
    """Adjusted for all lines of the attribute (Holm)."""
    within_scores: float | None
    """The same difference among people of about the same score; None where it does not exist."""
    within_scores_low: float | None
    within_scores_high: float | None


@dataclass(frozen=True, slots=True)
class RecourseRecord:
    """Of a group's declined people: who has no way to the cut-off, and what the cheapest way costs."""

    attribute: str
    group: str
    reference: str
    declined: int
    drawn: int
    """Declined people who were worked on: all of them, or so many drawn at random."""
    without: int
    """Of those drawn: proven for scores that are solved exactly, not found for those that are searched."""
    unsettled: int
    """Of those drawn, people for whom time ran out; in no share and no median."""
    set_aside: int
    """Of those drawn, people whose own row breaks a declared rule; in no share and no median."""
    share_without: float | None
    share_low: float | None
    share_high: float | None
    median_cost: float | None
    """Among those who have a way."""
    cost_low: float | None
    cost_high: float | None
    share_gap: float | None
    """Group less reference; None for the reference itself."""
    share_gap_low: float | None
    share_gap_high: float | None
    share_gap_p: float | None
    cost_gap: float | None
    cost_gap_low: float | None
    cost_gap_high: float | None
    exact: bool
    method: str
    actions: str
    """What may change, in words."""


@dataclass(frozen=True, slots=True)
class ExplanationRecord:
    """The audited score taken apart: what carries its gaps, why people are declined, what they could change."""

    model: ModelRecord
    gaps: list[GapRecord]
    people: list[PersonRecord]
    recourse: list[RecourseRecord]
    limits: list[str]
    """What it does not show, in plain sentences."""
    source: Literal["rows"] = "rows"
    told: list[ToldRecord] = field(default_factory=list)
    """Who is told what: each reason's share of each group's declined people."""
