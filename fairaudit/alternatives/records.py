"""What a search for alternatives found, as plain records and JSON: every candidate's numbers, and the tested answer."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Literal

ALTERNATIVES_VERSION = "1.0"
Answer = Literal["shown", "none_shown", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One candidate on the selection split. ``None`` where there is no number."""

    number: int
    family: str
    settings: dict[str, Any]
    proposable: bool = True
    """False: it looks at people's groups when it scores, and stands here as an upper bound only."""
    why_not: str | None = None
    """Why it is not proposed, or has no numbers."""
    performance: float | None = None
    performance_change: float | None = None
    performance_error: float | None = None
    disparity: float | None = None
    disparity_change: float | None = None
    """Of a ratio the natural logarithm of new over old; of a gap the difference. Above 0 the group gains."""
    disparity_error: float | None = None
    covariance: float | None = None
    on_frontier: bool = False
    """No other candidate has a better performance and less disparity on the selection split."""
    finalist: bool = False
    seconds: float | None = None
    ellipse: list[list[float]] = field(default_factory=list)
    """Of a candidate on the frontier: outline of the 95% region of the two changes around the observed ones."""


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """One claim about a finalist on the verdict split: a change against the incumbent, and the bound it must pass."""

    incumbent: float | None
    candidate: float | None
    change: float | None
    low: float | None
    high: float | None
    bound: float
    p: float
    detectable: float | None
    """The true change that the verdict split would have shown, the correction for finalists included."""
    people_needed: int | None
    """People of the verdict who would show it, were the observed change the true one."""
    shown: bool
    undefined: str | None


@dataclass(frozen=True, slots=True)
class MovedRecord:
    """What changes for one group: who is newly approved, who is newly declined, and how they turned out."""

    group: str
    people: int
    approved_before: int
    approved_after: int
    newly_approved: int
    newly_declined: int
    bad_rate_newly_approved: float | None
    """Among those whose outcome is observed."""
    bad_rate_newly_declined: float | None


@dataclass(frozen=True, slots=True)
class OtherGroupRecord:
    """Another group whose ratio the finalist changes; ``past`` the policy's line by more than chance."""

    attribute: str
    group: str
    reference: str
    ratio_before: float | None
    ratio_after: float | None
    past_before: bool
    past_after: bool

    @property
    def put_past(self) -> bool:
        """Whether the alternative puts the group past a line that it was not past before."""
        return self.past_after and not self.past_before


@dataclass(frozen=True, slots=True)
class StabilityRecord:
    """The same settings fitted anew, with other seeds and training people drawn anew, on the selection split."""

    refits: int
    performance_low: float
    performance_high: float
    disparity_low: float
    disparity_high: float
    within_margin: int
    """Refits whose change of performance is above minus the margin."""
    better: int
    """Refits whose disparity is better than the incumbent's."""


@dataclass(frozen=True, slots=True)
class FinalistRecord:
    """One of at most five candidates that the verdict split tested; a refit is another candidate."""

    rank: int
    number: int
    family: str
    settings: dict[str, Any]
    cutoff: float
    """In its own units."""
    higher_is: str
    features: list[str]
    sha256: str | None
    """Of the model's file, the one that was tested; None without a store, and for the incumbent itself."""
    saved_as: str | None
    performance: ClaimRecord
    disparity: ClaimRecord
    covariance: float | None
    p: float
    p_adjusted: float
    shown: bool
    ellipse: list[list[float]]
    """Outline of the 95% region of the two changes around the observed ones: performance, disparity."""
    approved_before: float
    approved_after: float
    bad_rate_before: float | None
    """Among the approved whose outcome is observed."""
    bad_rate_after: float | None
    moved: list[MovedRecord]
    other_groups: list[OtherGroupRecord]
    stability: StabilityRecord | None


@dataclass(frozen=True, slots=True)
class MultiplicityRecord:
    """How many decisions depend on which of the equally good models is chosen, on the selection split."""

    models: int
    """Candidates whose performance is within the margin, incumbent included."""
    people: int
    ambiguous: int
    """People whom one of them approves and another declines."""
    most_from_incumbent: int
    """The most decisions that any one of them changes against the incumbent."""
    by_group: dict[str, list[int]]
    """Ambiguous people and people, by group of the target's attribute."""


@dataclass(frozen=True, slots=True)
class RecallRecord:
    """Planted alternatives: the same search where one is known to be there."""

    planted: int
    found: int
    low: float
    high: float
    ratios_before: list[float]
    """Adverse impact ratio (or gap) of each incumbent with the planted proxy, and what it is without it."""
    ratios_without: list[float]
    trials: int
    """Candidates tried in each."""


@dataclass(frozen=True, slots=True)
class AlternativesResult:
    """A search for alternatives and its verdict: what was declared, what was tried, and what was shown."""

    schema_version: str
    tool: dict[str, str]
    versions: dict[str, str]
    plan: dict[str, Any]
    plan_sha256: str
    incumbent: dict[str, Any]
    target: dict[str, str]
    people: dict[str, int]
    """By split."""
    unobserved: dict[str, int]
    """People by split whose outcome is not observed."""
    answer: Answer
    reasons: list[str]
    space: dict[str, Any]
    suspects: list[str]
    candidates: list[CandidateRecord]
    finalists: list[FinalistRecord]
    tried: int
    failed: int
    seconds: float
    resumed: int
    detectable: float | None
    """The change of disparity that the verdict split would have shown, of the first finalist, or of the incumbent's
    own people where there is no finalist: a ratio of ratios, or a difference of gaps."""
    people_needed: int | None
    """People in the whole file who would settle it, were what the verdict split saw true; None where none would."""
    multiplicity: MultiplicityRecord | None
    recall: RecallRecord | None
    limits: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """Return the result as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
