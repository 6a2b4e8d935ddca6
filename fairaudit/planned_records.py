"""Step 0 as answered, the plan that a result was held to, and audits made before it: records of ``result.json``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepZero:
    """What an audit is about, in words, before any number; an empty answer is "not stated".

    Examples
    --------
    >>> StepZero(decides="who gets a credit card").hurt_by_no
    ''
    """

    decides: str = ""
    """What is decided."""
    hurt_by_no: str = ""
    """Who is hurt by a wrong no."""
    hurt_by_yes: str = ""
    """Who is hurt by a wrong yes."""
    stage: str = ""
    """Which stage of the process this is."""
    why: str = ""
    """Why this metric."""


@dataclass(frozen=True, slots=True)
class Departure:
    """One thing that was done otherwise than planned."""

    what: str
    planned: str
    done: str


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """The plan that a result was held to."""

    made_on: str
    sha256: str
    departures: list[Departure]
    planned_findings: int
    """Findings of planned groups, metrics and cut-offs."""
    further_findings: int
    """Findings that no plan named beforehand."""


@dataclass(frozen=True, slots=True)
class EarlierAudit:
    """An audit of the same input that was made before this one."""

    policy: str
    version: str
    policy_sha256: str
    cutoffs: list[float]
    statuses: dict[str, int]
    """Status -> how many of its primary findings had it."""
    created: str | None
    sha256: str
    """Of its result file."""
