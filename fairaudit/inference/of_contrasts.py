"""Any contrast of the catalogue between groups: value, interval, one-sided bounds, test, power.

All groups of an attribute are compared in one call; arrays run over them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ..cube.confusion import ScoreTable
from ..metrics.base import METRICS, Contrast, Floats, Rate
from ..metrics.disparity import SIGMAS, rates, standard_deviation, value
from ..metrics.ranking import mean_variance, moments
from .combining import bonferroni_p, half_sum_and_difference, mean_absolute, mover, worst_of
from .contrast import Comparisons, compare_many, contrast_value, one_sided, other_tests
from .of_metrics import auc_people, auc_ties, auc_variance, effective, is_weighted
from .power import (
    minimum_detectable_ratio,
    minimum_detectable_smd,
    people_needed,
    people_needed_by_width,
    people_needed_smd,
)
from .proportion import wilson_at
from .ranking import auc_difference
from .roots import crossing
from .simultaneous import AllPairs
from .smd import smd_interval

NAN = math.nan
FARTHEST_Z = 8.0
"""Beyond this many standard deviations a p-value is 0 for every purpose."""


FEW_WEIGHTED = 10
"""Effective people on a side below which intervals and tests of weighted rates claim nothing (docs/coverage.md)."""
TOO_FEW_WEIGHTED = (
    f"weighted rows are worth fewer than {FEW_WEIGHTED} people on one side, selected or not, where intervals and tests "
    "of weighted rows do not keep what they say"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """How sure to be, and what the policy wants to know besides."""

    confidence: float = 0.95
    """Of two-sided intervals."""
    alpha: float = 0.05
    """Of one-sided bounds, and of the tests that power is computed for."""
    power: float = 0.8
    """Of the minimum detectable effect and of the people needed."""
    line: float | None = None
    """The policy's line, for the people needed."""
    family: int = 1
    """Tests that a p-value is corrected for: what would settle a finding must hold after correction."""
    minimum_n: int = 1
    """Fewest people that a finding may rest on."""
    comparisons: int = 1
    """Where the data chose the reference, the pairs it chose from: intervals are widened for them all."""
    pairs: AllPairs | None = None
    """The same where the correction for all pairs was drawn, with their correlations."""

    @property
    def confidence_each(self) -> float:
        """Confidence of one interval of the family."""
        return 1 - self._each(1 - self.confidence)

    @property
    def alpha_each(self) -> float:
        """Error of one one-sided bound of the family."""
        return self._each(self.alpha)

    def _each(self, error: float) -> float:
        return self.pairs.each(error) if self.pairs is not None else error / self.comparisons

    @property
    def widened(self) -> str:
        """How intervals are widened, in words; empty where the reference was named."""
        if self.pairs is not None and self.pairs.pairs > 1:
            return f", widened for {self.pairs.method.replace('all pairs', f'all {self.pairs.pairs} pairs')}"
        return f", widened for {self.comparisons} pairs (Bonferroni)" if self.comparisons > 1 else ""


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
    people_needed_if_alike: int | None = None
    minimum_detectable: float | None = None
    sensitivity: dict[str, float] = field(default_factory=dict)
    undecided: str | None = None
    """Why nothing may be flagged or cleared whatever the numbers say: too few clusters, no interval."""


def compare_groups(
    item: Contrast, groups: Any, references: Any, *, everybody: ScoreTable | None = None, asked: Asked | None = None
) -> list[Compared]:
    """Set groups against their references.

    Parameters
    ----------
    item
        The contrast.
    groups, references
        Confusions or ScoreTables [group, ...] of the same number of groups: the first against the first, ...
    everybody
        All scored people, for the population's standard deviation.
    asked
        Confidence, significance, power and line.

    Returns
    -------
    list of Compared
        One a group.

    Examples
    --------
    >>> from fairaudit.cube.confusion import Confusion
    >>> from fairaudit.metrics import CONTRASTS
    >>> k = Confusion.from_counts([[[0, 0, 26], [0, 0, 22]], [[0, 0, 206], [0, 0, 53]]])
    >>> (made,) = compare_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]])
    >>> round(made.value, 4), made.test
    (0.681, 'hypergeometric z')
    """
    asked = asked or Asked()
    if item.how == "standardized_difference":
        made = _standardized(item, groups, references, everybody, asked)
    elif isinstance(groups, ScoreTable):
        made = _auc_difference(item, groups, references, asked)
    elif len(item.of) > 1:
        made = _unclaimed(_of_several(item, groups, references, asked), item, groups, references)
    else:
        made = _unclaimed(_of_one(item, groups, references, asked), item, groups, references)
    columns = {name: np.atleast_1d(np.asarray(column, dtype=object)) for name, column in made.items()}
    columns["method"] = columns["method"] + _weighing(item, groups)
    count = len(columns["value"])
    spread = {name: np.broadcast_to(column, count) for name, column in columns.items()}
    return [_labelled({name: column[i] for name, column in spread.items()}, item, asked) for i in range(count)]


_NEEDED = ("people_needed", "people_needed_if_alike")


def _weighing(item: Contrast, groups: Any) -> str:
    """Return how weights enter, in words, where the method's own name does not say it; empty without weights."""
    if np.array_equal(groups.table.w, groups.table.n):
        return ""
    if item.how == "standardized_difference":
        return ", weighted: effective people"
    if isinstance(groups, ScoreTable):
        return ", weighted: linearised variance or, where few, effective people"
    return ", weighted: effective counts" if len(item.of) > 1 else ""


def _unclaimed(made: dict[str, Any], item: Contrast, groups: Any, references: Any) -> dict[str, Any]:
    """Return a contrast of rates without its test, and undecided, where weighted rows are worth too few people."""
    few: Any = False
    for rate in (*rates(item, groups), *rates(item, references)):
        if is_weighted(rate):
            few = few | few_weighted(*_counts(rate))
    if not np.any(few):
        return made
    nothing: Any = None  # numpy's types know no array of objects and None
    return made | {
        "p": np.where(few, NAN, made["p"]),
        "test": np.where(few, nothing, np.asarray(made["test"], dtype=object)),
        "undecided": np.where(few, TOO_FEW_WEIGHTED, nothing),
    }


def few_weighted(counted: ArrayLike, people: ArrayLike) -> NDArray[np.bool_]:
    """Return whether effective people are too few, on either side of the decision, for an interval that claims.

    Examples
    --------
    >>> few_weighted([12.0, 9.0, 95.0], [100.0, 100.0, 100.0]).tolist()
    [False, True, True]
    """
    a, n = np.asarray(counted, dtype=np.float64), np.asarray(people, dtype=np.float64)
    return np.asarray(np.minimum(a, n - a) < FEW_WEIGHTED)


_NUMBERS = ("value", "low", "high", "low_one_sided", "high_one_sided")


def _labelled(made: dict[str, Any], item: Contrast, asked: Asked) -> Compared:
    for name in _NUMBERS:
        made[name] = float(made[name])
    for name in ("n", "n_reference"):
        made[name] = int(made[name])
    for name in ("p", "group_value", "reference_value", "minimum_detectable"):
        made[name] = _or_none(made.get(name))
    number = made["value"]
    if made.get("undecided") is not None:
        made["sensitivity"] = {}
    if math.isnan(number):
        made |= dict.fromkeys(_NUMBERS, NAN)
        made |= dict.fromkeys(("p", "method", "test", "minimum_detectable", "undecided", *_NEEDED))
        made |= {"undefined": item.undefined_when, "sensitivity": {}}
    elif math.isinf(number):
        made["unbounded"] = "value"
    elif math.isinf(made["high"]):
        made["unbounded"] = "high"
    elif math.isinf(made["low"]):
        made["unbounded"] = "low"
    if made["method"]:
        made["method"] += asked.widened
    return Compared(confidence=asked.confidence, **made)


def _or_none(number: Any) -> float | None:
    return None if number is None or math.isnan(number) else float(number)


# Contrasts of decisions


def _counts(rate: Rate) -> tuple[Floats, Floats]:
    counted, people = effective(rate)
    return np.atleast_1d(counted), np.atleast_1d(people)


def _of_one(item: Contrast, groups: Any, references: Any, asked: Asked) -> dict[str, Any]:
    """Ratios, differences and odds ratios of one rate, and the shortfall, which is a difference in people."""
    (mine,), (theirs,) = rates(item, groups), rates(item, references)
    whole = not (is_weighted(mine) or is_weighted(theirs))
    (a, n), (b, m) = _counts(mine), _counts(theirs)
    how: Any = "difference" if item.how == "shortfall" else item.how
    found = compare_many(a, n, b, m, how=how, confidence=asked.confidence_each, integer=whole)
    bounds = one_sided(a, n, b, m, how=how, alpha=asked.alpha_each, integer=whole)
    ends = [found.low, found.high, np.asarray(bounds.low), np.asarray(bounds.high)]
    if item.how == "shortfall":
        ends = [-mine.den * end for end in (ends[1], ends[0], ends[3], ends[2])]
    made = {
        "value": value(item, groups, references),
        "low": ends[0], "high": ends[1], "low_one_sided": ends[2], "high_one_sided": ends[3],
        "method": found.method, "test": found.test, "p": found.p, "n": mine.n, "n_reference": theirs.n,
        "group_value": mine.value, "reference_value": theirs.value,
    }  # fmt: skip
    tables = list(zip(a.tolist(), n.tolist(), b.tolist(), m.tolist(), strict=True))
    made["sensitivity"] = _objects(
        [_other_tests(*table, str(test), whole) for table, test in zip(tables, found.test.tolist(), strict=True)]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(m > 0, b / m, NAN)
    made["minimum_detectable"] = _detectable(item, np.where(n > 0, n, NAN), m, rate, mine.den, asked)
    if item.how != "shortfall":
        with np.errstate(invalid="ignore"):
            values = contrast_value(a, n, b, m, how=how)
        made |= _needed(item, asked, values, lambda i, **wanted: people_needed(*tables[i], how=how, **wanted))
    return made


def _below(item: Contrast, line: float | None) -> bool:
    """Return whether the group is worse off with a contrast below no difference; the line says it where both are."""
    if item.adverse == "either":
        return line is None or line < item.neutral
    return item.adverse == "below"


def _detectable(item: Contrast, n: Floats, m: Floats, rate: Floats, people: Floats, asked: Asked) -> Floats:
    """Return the contrast nearest to none, on the side where the group is worse off, that would be revealed."""
    above = item.how != "shortfall" and not _below(item, asked.line)
    ratio = np.asarray(minimum_detectable_ratio(n, m, rate, alpha=asked.alpha, power=asked.power, above=above))
    if item.how in {"difference", "shortfall"}:
        gap = (ratio - 1) * rate
        return np.asarray(gap if item.how == "difference" else -people * gap)
    if item.how == "ratio":
        return ratio
    other = ratio * rate
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((other < 1) & (rate < 1), other * (1 - rate) / (rate * (1 - other)), NAN)


def _objects(items: list[Any]) -> Any:
    made = np.empty(len(items), dtype=object)
    made[:] = items
    return made


@functools.lru_cache(maxsize=4_096)
def _other_tests(a: float, n: float, b: float, m: float, primary: str, whole: bool) -> Mapping[str, float]:  # noqa: FBT001
    """Return the p-values beside the primary one; ratio, difference and odds ratio of one table share them."""
    return other_tests(a, n, b, m, primary=primary, integer=whole)


def _needed(item: Contrast, asked: Asked, values: Floats, people: Callable[..., int | None]) -> dict[str, Any]:
    """Return the people needed if the observed contrasts are the true ones, and if there is no difference."""
    if asked.line is None:
        return {}
    line, below = asked.line, _below(item, asked.line)

    def one(place: int, value: float, *, alike: bool) -> int | None:
        # What settles a finding past the line is its corrected test; inside the line, the one-sided bound.
        past = not alike and (value < line if below else value > line)
        alpha = asked.alpha / max(asked.family, asked.comparisons) if past else asked.alpha_each
        found = people(place, line=line, alike=alike, below=below, alpha=alpha, power=asked.power)
        return None if found is None else max(found, asked.minimum_n)

    heads = np.atleast_1d(values).tolist()
    return {
        name: _objects([one(i, value, alike=alike) for i, value in enumerate(heads)])
        for name, alike in zip(_NEEDED, (False, True), strict=True)
    }


def by_width(item: Contrast, made: dict[str, Any], asked: Asked) -> dict[str, Any]:
    """Add to contrasts that are 0 without a difference what the width of their intervals says of power."""
    value, low, high, n = (
        np.atleast_1d(np.asarray(made[name], dtype=np.float64)) for name in ("value", "low", "high", "n")
    )
    z = scipy.special.ndtri(0.5 + asked.confidence_each / 2)
    reach = scipy.special.ndtri(1 - asked.alpha / 2) + scipy.special.ndtri(asked.power)
    sign = -1.0 if _below(item, asked.line) else 1.0
    made["minimum_detectable"] = sign * reach * (high - low) / (2 * z)

    def people(i: int, **wanted: Any) -> int | None:
        ends = float(value[i]), float(low[i]), float(high[i]), float(n[i])
        return people_needed_by_width(*ends, confidence=asked.confidence_each, **wanted)

    return made | _needed(item, asked, value, people)


def _of_several(item: Contrast, groups: Any, references: Any, asked: Asked) -> dict[str, Any]:
    """Contrasts made of the gaps in two rates: the larger, the mean, the mean of sizes."""
    pairs = list(zip(rates(item, groups), rates(item, references), strict=True))
    made: dict[str, Any] = {
        "value": value(item, groups, references),
        "n": sum(mine.n for mine, _ in pairs),
        "n_reference": sum(theirs.n for _, theirs in pairs),
    }
    if item.how == "mean_difference":
        z = [np.asarray(scipy.special.ndtri(q)) for q in (0.5 + asked.confidence_each / 2, 1 - asked.alpha_each)]
        (low, high), (low_one, high_one) = (_mean_gap(pairs, each) for each in z)
        made |= {
            "low": low, "high": high, "low_one_sided": low_one, "high_one_sided": high_one,
            "method": "MOVER of four Wilson intervals", "test": "inverted MOVER", "p": _inverted(pairs),
        }  # fmt: skip
        return by_width(item, made, asked)
    worst = item.how == "worst_difference"
    ends: list[Floats] = []
    for error in (1 - asked.confidence_each, 2 * asked.alpha_each):
        # Two gaps could each raise the lower end by chance; at the upper end one of them, the true one, decides.
        apart, alone = _gaps(pairs, 1 - error / len(pairs)), _gaps(pairs, 1 - error)
        if worst:
            ends += [worst_of(apart).low, worst_of(alone).high]
            continue
        both, by_sum = mean_absolute(apart), worst_of(half_sum_and_difference(*apart))
        # Whether 0 is left out is for the two gaps to say, as for the test; how far, for the narrower of the two.
        low = np.where(both.low > 0, np.maximum(both.low, by_sum.low), both.low)
        ends += [low, np.minimum(both.high, worst_of(half_sum_and_difference(*alone)).high)]
    made |= {
        "low": ends[0], "high": ends[1], "low_one_sided": ends[2], "high_one_sided": ends[3],
        "method": f"{'larger' if worst else 'mean'} of two intervals, Bonferroni at the lower end",
        "test": "Bonferroni over both gaps", "p": bonferroni_p([gap.p for gap in apart]),
    }  # fmt: skip
    return by_width(item, made, asked)


def _gaps(pairs: list[tuple[Rate, Rate]], confidence: float) -> list[Comparisons]:
    return [
        compare_many(
            *_counts(mine), *_counts(theirs), how="difference", confidence=confidence,
            integer=not (is_weighted(mine) or is_weighted(theirs)),
        )
        for mine, theirs in pairs
    ]  # fmt: skip


def _mean_gap(pairs: list[tuple[Rate, Rate]], z: Floats) -> tuple[Floats, Floats]:
    """Return the interval of the mean of two gaps at z standard deviations: MOVER over the four rates."""
    sides = []
    for mine, theirs in pairs:
        (a, n), (b, m) = _counts(mine), _counts(theirs)
        one, two = wilson_at(a, n, z), wilson_at(b, m, z)
        gap = mover(mine.value, one.low, one.high, theirs.value, two.low, two.high, weight2=-1.0)
        sides.append((mine.value - theirs.value, gap.low, gap.high))
    low, high, _ = mover(*sides[0], *sides[1], weight1=0.5, weight2=0.5)
    return np.atleast_1d(low), np.atleast_1d(high)


def _inverted(pairs: list[tuple[Rate, Rate]]) -> Floats:
    """Return the p-values dual to the MOVER interval: 1 less the confidence at which it just reaches 0."""
    value = np.atleast_1d(sum(mine.value - theirs.value for mine, theirs in pairs))

    def reaches(z: Floats) -> Floats:
        low, high = _mean_gap(pairs, z)
        return np.where(value > 0, -low, high)

    at = crossing(reaches, np.zeros(len(value)), np.full(len(value), FARTHEST_Z))
    p = np.where(np.isnan(at), 0.0, 2 * scipy.special.ndtr(-at))
    return np.where(np.isnan(value), NAN, np.where(value == 0, 1.0, p))


# Contrasts of scores


def _auc_difference(item: Contrast, groups: ScoreTable, references: ScoreTable, asked: Asked) -> dict[str, Any]:
    sides = (groups, references)
    values = [METRICS[item.of[0]](side).value for side in sides]
    people = [(side.good.n.sum(axis=-1), side.bad.n.sum(axis=-1)) for side in sides]
    arguments = [
        argument
        for auc, side, heads in zip(values, sides, map(auc_people, sides), strict=True)
        for argument in (auc, auc_variance(side), *heads)
    ]
    tied, tied_reference = (auc_ties(side) for side in sides)
    two, one = (
        auc_difference(*arguments, confidence=level, tied=tied, tied_reference=tied_reference)
        for level in (asked.confidence_each, 1 - 2 * asked.alpha_each)
    )
    made = _from_comparisons(two, one) | {
        "n": sum(people[0]), "n_reference": sum(people[1]), "group_value": values[0], "reference_value": values[1],
    }  # fmt: skip
    return by_width(item, made, asked)


def _from_comparisons(two: Comparisons, one: Comparisons) -> dict[str, Any]:
    return {
        "value": two.value, "low": two.low, "high": two.high, "low_one_sided": one.low, "high_one_sided": one.high,
        "method": two.method, "test": two.test, "p": two.p,
    }  # fmt: skip


def _standardized(
    item: Contrast, groups: ScoreTable, references: ScoreTable, everybody: ScoreTable | None, asked: Asked
) -> dict[str, Any]:
    all_scored = everybody if everybody is not None else groups
    mine, theirs = _unbiased(groups), _unbiased(references)
    kind: Any = SIGMAS[item.id]
    sigma = standard_deviation(kind, groups, references, all_scored)
    two, one = (
        smd_interval(
            *mine, *theirs, sigma=sigma, kind=kind, population_n=_people_behind_sigma(all_scored), confidence=level
        )
        for level in (asked.confidence_each, 1 - 2 * asked.alpha_each)
    )
    enough = (mine[0] > 1) & (theirs[0] > 1)
    detectable = minimum_detectable_smd(
        np.where(enough, mine[0], 2.0), np.where(enough, theirs[0], 2.0), alpha=asked.alpha, power=asked.power
    )

    def people(i: int, **wanted: Any) -> int | None:
        return people_needed_smd(float(two.value[i]), float(mine[0][i]), float(theirs[0][i]), **wanted)

    needed = _needed(item, asked, two.value, people)
    return _from_comparisons(two, one) | needed | {
        "n": groups.people.n.sum(axis=-1), "n_reference": references.people.n.sum(axis=-1),
        "group_value": groups.sign * mine[1], "reference_value": groups.sign * theirs[1],
        "minimum_detectable": np.where(enough, -np.asarray(detectable), NAN),
    }  # fmt: skip


def _people_behind_sigma(s: ScoreTable) -> Floats:
    """Return Kish's number of equally weighted people, which serves for the small error of sigma."""
    squares = s.people.w2.sum(axis=-1)
    return np.asarray(np.where(squares > 0, s.people.w.sum(axis=-1) ** 2 / np.where(squares > 0, squares, 1.0), 0.0))


def _unbiased(s: ScoreTable) -> tuple[Floats, Floats, Floats]:
    """Return people, the favorable-signed mean score and its variance divided by n - 1.

    Weighted people are as many as have the linearised variance of the mean: Kish's number is wrong where weights
    follow the score.
    """
    heads = s.people.n.sum(axis=-1)
    _, mean, variance = moments(s)
    unbiased = variance * np.where(heads > 1, heads / np.where(heads > 1, heads - 1, 1.0), NAN)
    if s.table.w is s.table.n:
        return heads, s.sign * mean, unbiased
    error = mean_variance(s)
    people = np.where(error > 0, unbiased / np.where(error > 0, error, 1.0), _people_behind_sigma(s))
    return people, s.sign * mean, unbiased
