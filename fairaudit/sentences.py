"""Findings said in plain words, with the numbers that a reader needs to check them."""

from __future__ import annotations

import math

from .inference.of_contrasts import Compared
from .metrics.base import Contrast
from .result import Finding
from .translations import marked, retold, say

SHARES: dict[str, str] = {
    "selection_rate": marked("{share} selected against {reference}: {effect}"),
    "adverse_rate": marked("{share} not selected against {reference}: {effect}"),
    "scoring_rate": marked("{share} above the median against {reference}: {effect}"),
    "true_positive_rate": marked("{share} of the good selected against {reference}: {effect}"),
    "false_positive_rate": marked("{share} of the bad selected against {reference}: {effect}"),
    "positive_predictive_value": marked("{share} of the selected turn out good against {reference}: {effect}"),
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
        return say("undefined")
    if math.isinf(value):
        return say("without bound")
    number = _bare(item, value)
    if item.how == "shortfall":
        return say("{number} people", number=number)
    return say("{number} percentage points", number=number) if _in_points(item) else number


def _in_points(item: Contrast) -> bool:
    if item.of == ("area_under_curve",) or item.how == "standardized_difference":
        return False
    return item.how.endswith("difference")


def _bare(item: Contrast, value: float) -> str:
    """Return an effect without its unit."""
    if item.how == "shortfall":
        return f"{value:,.1f}"
    return _points(value) if _in_points(item) else f"{value:.3f}"


def _points(value: float) -> str:
    return f"{round(100 * value, 1) + 0.0:.1f}"  # no minus zero


def finding_sentence(finding: Finding, item: Contrast, made: Compared) -> str:
    """Return one or two plain sentences: the rates, the effect with its interval, and the reason of the status."""
    blanks = {"attribute": finding.attribute, "group": finding.group, "reference": finding.reference}
    who = say("{attribute}: {group} against {reference}", **blanks)
    if finding.cutoff is not None:
        cutoff = f"{finding.cutoff:.10g}"
        who = say("{attribute}: {group} against {reference} at cut-off {cutoff}", cutoff=cutoff, **blanks)
    title = say(item.title).split(" (")[0]
    if finding.undefined:
        return say("{who}, {title} is undefined: {why}.", who=who, title=title, why=retold(finding.undefined))
    value = say("without bound") if finding.unbounded == "value" else amount(item, finding.value)
    effect = say("{title} {value}", title=title, value=value)
    effect = _with_rates(item, made, f"{effect}{_interval(item, made, finding)}{_beside(item, made)}")
    reason = finding.reason[:1].upper() + finding.reason[1:]
    if finding.flip_text and (finding.flip_count or 0) <= FRAGILE:
        reason += f" {finding.flip_text}"
    return say("{who}, {effect}. {reason}", who=who, effect=effect, reason=reason).strip()


def _beside(item: Contrast, made: Compared) -> str:
    """Return the gap and the adverse-outcome ratio, which always stand beside an adverse impact ratio."""
    mine, theirs = made.group_value, made.reference_value
    if item.id != "adverse_impact_ratio" or mine is None or theirs is None:
        return ""
    gap = _points(mine - theirs)
    if theirs == 1:
        return "; " + say("a gap of {gap} percentage points", gap=gap)
    times = f"{(1 - mine) / (1 - theirs):.2f}"
    return "; " + say("a gap of {gap} percentage points, not selected {times} times as often", gap=gap, times=times)


def _with_rates(item: Contrast, made: Compared, effect: str) -> str:
    words = SHARES.get(item.of[0])
    if words is None or len(item.of) > 1 or made.group_value is None or made.reference_value is None:
        return effect
    return say(words, share=percent(made.group_value), reference=percent(made.reference_value), effect=effect)


def _interval(item: Contrast, made: Compared, finding: Finding) -> str:
    if math.isnan(made.low) or math.isnan(made.high):
        return ""
    high = say("no upper bound") if math.isinf(made.high) else amount(item, made.high)
    # The unit stands once, behind the second number.
    both = math.isfinite(made.low) and math.isfinite(made.high)
    low = _bare(item, made.low) if both else amount(item, made.low)
    # Where the data chose the reference the interval is wider: 99.76% is not 100%.
    blanks = {"confidence": f"{100 * made.confidence:.4g}%", "low": low, "high": high}
    parts = [say("{confidence} interval {low} to {high}", **blanks)]
    if finding.method is not None and "replicate weights" in finding.method:
        how = finding.method[finding.method.index("replicate weights") :].partition(", ")[0]
        parts = [say("{confidence} interval by {how} {low} to {high}", how=retold(how), **blanks)]
    if finding.p is not None:
        parts.append(f"p {_small(finding.p)}")
        corrected = finding.p_adjusted
        if corrected is not None and f"{corrected:.2g}" != f"{finding.p:.2g}":
            parts.append(say("corrected {p}", p=_small(corrected)))
    return f" ({', '.join(parts)})"


def _small(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.2g}"
