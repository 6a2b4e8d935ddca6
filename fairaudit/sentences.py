"""Findings said in plain words, with the numbers that a reader needs to check them."""

from __future__ import annotations

import math

from .inference.of_contrasts import Compared
from .metrics.base import Contrast
from .result import Finding

SHARES: dict[str, str] = {
    "selection_rate": "{} selected",
    "adverse_rate": "{} not selected",
    "scoring_rate": "{} above the median",
    "true_positive_rate": "{} of the good selected",
    "false_positive_rate": "{} of the bad selected",
    "positive_predictive_value": "{} of the selected turn out good",
}
"""What a rate is a share of, in words."""


FRAGILE = 2
"""A finding that so few changed decisions would change says so in its sentence."""


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal.

    Examples
    --------
    >>> percent(0.5417)
    '54.2%'
    """
    return f"{100 * value:.1f}%"


def amount(item: Contrast, value: float | None) -> str:
    """Return an effect in the unit that people read: points, people, or a bare number.

    Examples
    --------
    >>> from fairaudit.metrics import CONTRASTS
    >>> amount(CONTRASTS["selection_rate_difference"], -0.25371)
    '-25.4 percentage points'
    >>> amount(CONTRASTS["adverse_impact_ratio"], 0.681)
    '0.681'
    """
    if value is None or math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "without bound"
    if item.how == "shortfall":
        return f"{value:,.1f} people"
    if item.of != ("area_under_curve",) and item.how.endswith("difference") and item.how != "standardized_difference":
        return f"{_points(value)} percentage points"
    return f"{value:.3f}"


def _points(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:.1f}"  # no minus zero


def finding_sentence(finding: Finding, item: Contrast, made: Compared) -> str:
    """Return one or two plain sentences: the rates, the effect with its interval, and the reason of the status."""
    where = f" at cut-off {finding.cutoff:.10g}" if finding.cutoff is not None else ""
    who = f"{finding.attribute}: {finding.group} against {finding.reference}{where}"
    title = item.title.split(" (")[0]
    if finding.undefined:
        return f"{who}, {title} is undefined: {finding.undefined}."
    rates = _rates(item, made)
    value = "without bound" if finding.unbounded == "value" else amount(item, finding.value)
    interval = _interval(item, made, finding)
    reason = finding.reason[:1].upper() + finding.reason[1:]
    if finding.flip_text and (finding.flip_count or 0) <= FRAGILE:
        reason += f" {finding.flip_text}"
    return f"{who}, {rates}{title} {value}{interval}{_beside(item, made)}. {reason}".strip()


def _beside(item: Contrast, made: Compared) -> str:
    """Return the gap and the adverse-outcome ratio, which always stand beside an adverse impact ratio."""
    mine, theirs = made.group_value, made.reference_value
    if item.id != "adverse_impact_ratio" or mine is None or theirs is None:
        return ""
    gap = f"a gap of {_points(mine - theirs)} percentage points"
    if theirs == 1:
        return f"; {gap}"
    return f"; {gap}, not selected {(1 - mine) / (1 - theirs):.2f} times as often"


def _rates(item: Contrast, made: Compared) -> str:
    words = SHARES.get(item.of[0])
    if words is None or len(item.of) > 1 or made.group_value is None or made.reference_value is None:
        return ""
    return f"{words.format(percent(made.group_value))} against {percent(made.reference_value)}: "


def _interval(item: Contrast, made: Compared, finding: Finding) -> str:
    if math.isnan(made.low) or math.isnan(made.high):
        return ""
    high = "no upper bound" if math.isinf(made.high) else amount(item, made.high)
    low = amount(item, made.low)
    if low.endswith("points") and high.endswith("points"):
        low = low.removesuffix(" percentage points")
    elif low.endswith("people") and high.endswith("people"):
        low = low.removesuffix(" people")
    p = "" if finding.p is None else f", p {'< 0.0001' if finding.p < 0.0001 else f'= {finding.p:.2g}'}"
    corrected = finding.p_adjusted
    if p and corrected is not None and f"{corrected:.2g}" != f"{finding.p:.2g}":
        p += f", corrected {'< 0.0001' if corrected < 0.0001 else f'= {corrected:.2g}'}"
    how = ""
    if finding.method is not None and "replicate weights" in finding.method:
        how = f" by {finding.method[finding.method.index('replicate weights') :].partition(', ')[0]}"
    # Where the data chose the reference the interval is wider: 99.76% is not 100%.
    return f" ({100 * made.confidence:.4g}% interval{how} {low} to {high}{p})"
