"""What watching an audit over periods found, as plain records and JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal

WATCH_VERSION = "1.0"
Alarm = Literal["changed", "past the line"]


@dataclass(frozen=True, slots=True)
class LookRecord:
    """One comparison in one watched period; ``None`` where a number does not exist, or too few people are there.

    Ratios and odds ratios are told as they are; a change of them is told as a factor, a change of a difference as what
    was added.
    """

    period: str
    people: int
    """Of the rate's denominator, in the group."""
    reference_people: int
    rate: float | None
    reference_rate: float | None
    value: float | None
    """The contrast of this period alone."""
    low: float | None
    high: float | None
    """Its ordinary interval: true of one look, not of many."""
    running: float | None
    """The contrast of all watched periods so far."""
    running_low: float | None
    running_high: float | None
    """Its confidence sequence: true at all looks together, for all comparisons together."""
    change: float | None
    """Of all watched periods so far, against the baseline."""
    change_low: float | None
    change_high: float | None
    p: float
    """That nothing changed since the baseline; may be looked at as often as one likes, for this comparison alone."""
    alarms: list[Alarm]
    changed_since: str | None
    """First period of the stretch that has changed most clearly; None without that alarm."""
    worse: bool | None
    """Whether the change is to the group's disadvantage; None without that alarm, or where there is no such side."""
    past_since: str | None
    """First period of the stretch that lies most clearly past the line; None without that alarm."""


@dataclass(frozen=True, slots=True)
class WatchedRecord:
    """One group against its reference by one metric, over all watched periods."""

    metric: str
    title: str
    how: str
    attribute: str
    group: str
    reference: str
    line: float | None
    baseline_people: int
    baseline_reference_people: int
    baseline: float | None
    baseline_low: float | None
    baseline_high: float | None
    enough: bool
    """Whether the baseline has enough people for changes against it to be told."""
    looks: list[LookRecord]
    first_alarm: str | None
    """Period of the first alarm of either kind."""


@dataclass(frozen=True, slots=True)
class PeriodRecord:
    """Who is in one period: people, their shares, what appeared or is gone, and how far from the baseline they are."""

    period: str
    baseline: bool
    people: int
    sha256: str
    appeared: dict[str, list[str]]
    """Attribute -> levels that the baseline does not have."""
    gone: dict[str, list[str]]
    group_shift: dict[str, float | None]
    """Attribute -> population stability index of its groups against the baseline."""
    score_shift: float | None
    """Population stability index of the score against the baseline; None without a score, or of the baseline itself."""


@dataclass(frozen=True, slots=True)
class WatchResult:
    """An audit watched over periods: what was compared, how sure, and which alarms were raised when."""

    schema_version: str
    tool: dict[str, str]
    source: str
    policy: str
    decision_text: str
    cutoff: float | None
    alpha: float
    comparisons: int
    """Over which ``alpha`` is divided, for each of the two kinds of alarm."""
    horizon: int
    """Periods after which the sequences are narrowest."""
    periods: list[PeriodRecord]
    watched: list[WatchedRecord]
    not_watched: dict[str, str]
    """What was not watched, and why."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """Return the result as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
