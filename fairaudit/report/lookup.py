"""The records of a result by what they are about, so that tables can be laid out from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..metrics import CONTRASTS, METRICS
from ..result import AttributeRecord, Finding, RateRecord, Result

SELECTION_TRIPLE = ("adverse_impact_ratio", "selection_rate_difference", "adverse_outcome_ratio")
"""Always printed together: a ratio alone hides how many people it is about."""

_Value = TypeVar("_Value")
_RateKey = tuple[str, str, str, float | None, str | None]
_FindingKey = tuple[str, str, str, float | None]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A result, its rates and its findings by what they are about."""

    result: Result
    rates: Mapping[_RateKey, RateRecord]
    findings: Mapping[_FindingKey, Finding]

    @classmethod
    def of(cls, result: Result) -> Lookup:
        """Return the records of a result; where two rules ask the same, the more important finding is kept."""
        rates: dict[_RateKey, RateRecord] = {}
        for record in result.rates:
            rates.setdefault((record.metric, record.attribute, record.group, record.cutoff, record.band), record)
        findings: dict[_FindingKey, Finding] = {}
        for finding in result.findings:
            findings.setdefault((finding.metric, finding.attribute, finding.group, finding.cutoff), finding)
        return cls(result, rates, findings)

    def rate(
        self, metric: str, attribute: str, group: str, cutoff: float | None = None, band: str | None = None
    ) -> RateRecord | None:
        """Return one metric of one group, or None where it was not measured."""
        return self.rates.get((metric, attribute, group, cutoff, band))

    def finding(self, metric: str, attribute: str, group: str, cutoff: float | None = None) -> Finding | None:
        """Return one contrast of one group, or None where it was not made."""
        return self.findings.get((metric, attribute, group, cutoff))

    def triple(self, of: Finding) -> tuple[Finding | None, ...]:
        """Return the ratio, the gap and the adverse-outcome ratio of a finding's group and cut-off."""
        return tuple(self.finding(metric, of.attribute, of.group, of.cutoff) for metric in SELECTION_TRIPLE)

    def metrics(self, attribute: str) -> tuple[str, ...]:
        """Return the metrics that were measured for an attribute, in the order of the records."""
        return unique(record.metric for record in self.result.rates if record.attribute == attribute)

    def cutoffs(self, attribute: str, metric: str) -> tuple[float | None, ...]:
        """Return the cut-offs at which a metric was measured; None is the recorded decision, or no decision at all."""
        return unique(
            record.cutoff
            for record in self.result.rates
            if record.attribute == attribute and record.metric == metric and record.band is None
        )

    def groups(self, attribute: AttributeRecord) -> dict[str, int]:
        """Return an attribute's groups and their people: the reference first, (missing) last, others as they come."""
        ordered = sorted(attribute.levels, key=lambda group: (group != attribute.reference, is_missing(group)))
        return {group: attribute.levels[group] for group in ordered}


def attributes(result: Result) -> tuple[AttributeRecord, ...]:
    """Return the attributes, crossings after those of one column."""
    return tuple(sorted(result.schema.attributes, key=lambda attribute: attribute.crossing))


def is_missing(group: str) -> bool:
    """Whether a group is made of missing labels, in full or in part."""
    return "(missing)" in group


def unique(values: Iterable[_Value]) -> tuple[_Value, ...]:
    """Return the values, each once, in order."""
    return tuple(dict.fromkeys(values))


def representative(length: int, keep: set[int], most: int) -> list[int]:
    """Return at most ``most`` places of a list, evenly spread from the first to the last, and those to keep.

    Examples
    --------
    >>> representative(5, {2}, most=20)
    [0, 1, 2, 3, 4]
    >>> representative(100, {40}, most=5)
    [0, 33, 40, 66, 99]
    """
    if length <= most:
        return list(range(length))
    kept = sorted(keep)[:most]
    room = most - len(kept)
    spread = (round(i * (length - 1) / (room - 1)) for i in range(room)) if room > 1 else ()
    return sorted({*kept, *spread})


def needs_decision(metric: str) -> bool:
    """Whether a metric or contrast is about a decision."""
    item = CONTRASTS.get(metric) or METRICS.get(metric)
    return item is not None and "decision" in item.needs


def compared(finding: Finding) -> tuple[str, ...]:
    """Return the metrics that a finding's contrast compares."""
    item = CONTRASTS.get(finding.metric)
    return item.of if item else ()
