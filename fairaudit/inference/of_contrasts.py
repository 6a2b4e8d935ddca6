"""Any contrast of the catalogue between two groups: value, interval, one-sided bounds, test, power."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import scipy.special

from ..cube.confusion import ScoreTable
from ..metrics.base import METRICS, Contrast, Rate
from ..metrics.disparity import SIGMAS, rates, standard_deviation, value
from ..metrics.ranking import moments
from .combining import bonferroni_p, mean_absolute, mover, worst_of
from .contrast import Comparison, Comparisons, compare, one_sided
from .of_metrics import auc_variance, effective, is_weighted
from .power import minimum_detectable_ratio, minimum_detectable_smd, people_needed
from .ranking import auc_difference
from .smd import smd_interval

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Compared:
    """One contrast of a group with its reference, with all that a finding needs; NaN where it does not exist."""

    value: float
    low: float
    high: float
    low_one_sided: float
    high_one_sided: float
    method: str | None
    test: str | None
    p: float | None
    n: int
    n_reference: int
    confidence: float
    group_value: float | None = None
    reference_value: float | None = None
    undefined: str | None = None
    unbounded: str | None = None
    people_needed: int | None = None
    minimum_detectable: float | None = None
    sensitivity: dict[str, float] = field(default_factory=dict)


def compare_groups(
    item: Contrast,
    group: Any,
    reference: Any,
    *,
    everybody: ScoreTable | None = None,
    confidence: float = 0.95,
    alpha: float = 0.05,
    power: float = 0.8,
    line: float | None = None,
    comparisons: int = 1,
) -> Compared:
    """Set one group against its reference.

    Parameters
    ----------
    item
        The contrast.
    group, reference
        Confusions or ScoreTables of one group each, without leading axes.
    everybody
        All scored people, for the population's standard deviation.
    confidence
        Of the two-sided interval.
    alpha
        Of each one-sided bound, and of the tests that power is computed for.
    power
        Of the minimum detectable effect, and of the people needed.
    line
        The policy's line, for the people needed.
    comparisons
        Where the data chose the reference, the pairs it chose from: intervals are widened for them all
        (Bonferroni).

    Examples
    --------
    >>> from fairaudit.cube.confusion import Confusion
    >>> from fairaudit.metrics import CONTRASTS
    >>> k = Confusion.from_counts([[[0, 0, 26], [0, 0, 22]], [[0, 0, 206], [0, 0, 53]]])
    >>> made = compare_groups(CONTRASTS["adverse_impact_ratio"], k[0], k[1])
    >>> round(made.value, 4), made.test
    (0.681, 'hypergeometric z')
    """
    confidence_each = 1 - (1 - confidence) / comparisons
    alpha_each = alpha / comparisons
    if isinstance(group, ScoreTable):
        made = (
            _standardized(item, group, reference, everybody, confidence_each, alpha_each, alpha, power)
            if item.how == "standardized_difference"
            else _auc_difference(item, group, reference, confidence_each, alpha_each)
        )
    elif len(item.of) > 1:
        made = _of_several(item, group, reference, confidence_each, alpha_each)
    else:
        made = _of_one(item, group, reference, confidence_each, alpha_each, alpha, power, line)
    return _labelled(made, item, confidence, comparisons)


def _labelled(made: dict[str, Any], item: Contrast, confidence: float, comparisons: int) -> Compared:
    number = made["value"]
    if math.isnan(number):
        made |= {
            "undefined": item.undefined_when, "low": NAN, "high": NAN, "low_one_sided": NAN, "high_one_sided": NAN,
            "p": None, "method": None, "test": None, "minimum_detectable": None, "people_needed": None,
            "sensitivity": {},
        }  # fmt: skip
    elif math.isinf(number):
        made["unbounded"] = "value"
    elif math.isinf(made["high"]):
        made["unbounded"] = "high"
    if comparisons > 1 and made["method"]:
        made["method"] += f", widened for {comparisons} pairs (Bonferroni)"
    return Compared(confidence=confidence, **made)


def _counts(rate: Rate) -> tuple[float, float]:
    counted, people = effective(rate)
    return float(counted), float(people)


def _of_one(
    item: Contrast,
    group: Any,
    reference: Any,
    confidence: float,
    alpha: float,
    alpha_test: float,
    power: float,
    line: float | None,
) -> dict[str, Any]:
    """Ratios, differences and odds ratios of one rate, and the shortfall, which is a difference in people."""
    (mine,), (theirs,) = rates(item, group), rates(item, reference)
    whole = not (is_weighted(mine) or is_weighted(theirs))
    a, n = _counts(mine)
    b, m = _counts(theirs)
    how: Any = "difference" if item.how == "shortfall" else item.how
    found = compare(a, n, b, m, how=how, confidence=confidence, integer=whole)
    bounds = one_sided(a, n, b, m, how=how, alpha=alpha, integer=whole)
    ends = [found.low, found.high, float(bounds.low), float(bounds.high)]
    if item.how == "shortfall":
        people = float(mine.den)
        ends = [-people * ends[1], -people * ends[0], -people * ends[3], -people * ends[2]]
    needed = detectable = None
    if item.how == "ratio" and item.adverse == "below" and n > 0 and m > 0:
        detectable = float(minimum_detectable_ratio(n, m, b / m, alpha=alpha_test, power=power))
        if line is not None and math.isfinite(found.value):
            needed = _whole(people_needed(a, n, b, m, line=line, alpha=alpha_test, power=power))
    return {
        "value": float(value(item, group, reference)),
        "low": ends[0], "high": ends[1], "low_one_sided": ends[2], "high_one_sided": ends[3],
        "method": found.method, "test": found.test, "p": _or_none(found.p),
        "n": int(mine.n), "n_reference": int(theirs.n),
        "group_value": float(mine.value), "reference_value": float(theirs.value),
        "people_needed": needed, "minimum_detectable": detectable,
        "sensitivity": dict(found.sensitivity),
    }  # fmt: skip


def _of_several(item: Contrast, group: Any, reference: Any, confidence: float, alpha: float) -> dict[str, Any]:
    """Contrasts made of the gaps in two rates: the larger, the mean, the mean of sizes."""
    pairs = list(zip(rates(item, group), rates(item, reference), strict=True))
    n, n_reference = (sum(int(pair[side].n) for pair in pairs) for side in (0, 1))
    made: dict[str, Any] = {"value": float(value(item, group, reference)), "n": n, "n_reference": n_reference}
    if item.how == "mean_difference":
        two, one = _mean_gap(pairs, confidence), _mean_gap(pairs, 1 - 2 * alpha)
        return made | {
            "low": two[0], "high": two[1], "low_one_sided": one[0], "high_one_sided": one[1],
            "method": "MOVER of two Miettinen-Nurminen intervals", "test": "inverted MOVER interval",
            "p": _inverted(pairs),
        }  # fmt: skip
    combine, name = (worst_of, "larger") if item.how == "worst_difference" else (mean_absolute, "mean")
    two = combine(_gaps(pairs, 1 - (1 - confidence) / len(pairs)))
    one = combine(_gaps(pairs, 1 - 2 * alpha / len(pairs)))
    return made | {
        "low": float(two.low), "high": float(two.high),
        "low_one_sided": float(one.low), "high_one_sided": float(one.high),
        "method": f"{name} of two simultaneous (Bonferroni) intervals", "test": "Bonferroni over both gaps",
        "p": _or_none(float(bonferroni_p([gap.p for gap in _gaps(pairs, confidence)]))),
    }  # fmt: skip


def _gaps(pairs: list[tuple[Rate, Rate]], confidence: float) -> list[Comparison]:
    gaps = []
    for mine, theirs in pairs:
        whole = not (is_weighted(mine) or is_weighted(theirs))
        gaps.append(compare(*_counts(mine), *_counts(theirs), how="difference", confidence=confidence, integer=whole))
    return gaps


def _mean_gap(pairs: list[tuple[Rate, Rate]], confidence: float) -> tuple[float, float]:
    one, two = _gaps(pairs, confidence)
    low, high = mover(one.value, one.low, one.high, two.value, two.low, two.high, weight1=0.5, weight2=0.5)[:2]
    return float(low), float(high)


def _inverted(pairs: list[tuple[Rate, Rate]]) -> float | None:
    """Return the p-value dual to the MOVER interval: 1 less the confidence at which it just reaches 0."""
    if any(math.isnan(gap.value) for gap in _gaps(pairs, 0.95)):
        return None
    nearest, farthest = 0.0, 40.0  # in standard deviations of the normal distribution
    for _ in range(40):
        z = (nearest + farthest) / 2
        low, high = _mean_gap(pairs, float(2 * scipy.special.ndtr(z) - 1)) if z < 8 else (-1.0, 1.0)
        nearest, farthest = (nearest, z) if low <= 0 <= high else (z, farthest)
    return float(2 * scipy.special.ndtr(-nearest))


def _auc_difference(
    item: Contrast, group: ScoreTable, reference: ScoreTable, confidence: float, alpha: float
) -> dict[str, Any]:
    sides = (group, reference)
    values = [float(METRICS[item.of[0]](side).value) for side in sides]
    arguments = [
        (auc, float(auc_variance(side)), float(side.good.n.sum()), float(side.bad.n.sum()))
        for auc, side in zip(values, sides, strict=True)
    ]
    two = auc_difference(*arguments[0], *arguments[1], confidence=confidence)
    one = auc_difference(*arguments[0], *arguments[1], confidence=1 - 2 * alpha)
    return _from_comparisons(two, one) | {
        "n": int(sum(arguments[0][2:])), "n_reference": int(sum(arguments[1][2:])),
        "group_value": values[0], "reference_value": values[1],
    }  # fmt: skip


def _from_comparisons(two: Comparisons, one: Comparisons) -> dict[str, Any]:
    return {
        "value": float(two.value), "low": float(two.low), "high": float(two.high),
        "low_one_sided": float(one.low), "high_one_sided": float(one.high),
        "method": str(two.method[()]), "test": str(two.test[()]), "p": _or_none(float(two.p)),
    }  # fmt: skip


def _standardized(
    item: Contrast,
    group: ScoreTable,
    reference: ScoreTable,
    everybody: ScoreTable | None,
    confidence: float,
    alpha: float,
    alpha_test: float,
    power: float,
) -> dict[str, Any]:
    all_scored = everybody if everybody is not None else group
    arguments = (*_unbiased(group), *_unbiased(reference))
    kind: Any = SIGMAS[item.id]
    sigma = float(standard_deviation(kind, group, reference, all_scored))
    many, fewer = arguments[0], arguments[3]
    two, one = (
        smd_interval(
            *arguments, sigma=sigma, kind=kind, population_n=_effective_people(all_scored), confidence=level
        )
        for level in (confidence, 1 - 2 * alpha)
    )
    detectable = minimum_detectable_smd(many, fewer, alpha=alpha_test, power=power) if min(many, fewer) > 1 else NAN
    return _from_comparisons(two, one) | {
        "n": int(group.people.n.sum()), "n_reference": int(reference.people.n.sum()),
        "group_value": group.sign * arguments[1], "reference_value": group.sign * arguments[4],
        "minimum_detectable": -float(detectable),
    }  # fmt: skip


def _effective_people(s: ScoreTable) -> float:
    """Return Kish's number of equally weighted people: the score is no rate that weights could follow."""
    squares = float(s.people.w2.sum())
    return float(s.people.w.sum()) ** 2 / squares if squares > 0 else 0.0


def _unbiased(s: ScoreTable) -> tuple[float, float, float]:
    """Return effective people, the favorable-signed mean score and its variance divided by n - 1."""
    people = _effective_people(s)
    _, mean, variance = moments(s)
    return people, s.sign * float(mean), float(variance) * (people / (people - 1) if people > 1 else NAN)


def _or_none(p: float) -> float | None:
    return None if math.isnan(p) else float(p)


def _whole(people: Any) -> int | None:
    return None if people is None or not math.isfinite(people) else math.ceil(people)
