"""The interval of any metric of the catalogue, by the method that its kind and its counts ask for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ..cube.confusion import ScoreTable, Tally
from ..metrics.base import Estimate, Metric, Rate
from .bootstrap import bootstrap, outer_interval
from .combining import mover
from .contrast import compare_many
from .proportion import effective_n, effective_rate_interval, rate_interval
from .ranking import SCORE, auc_interval, delong, tied_share

DRAWS = 2_000
MOST_DRAWN_BINS = 64
"""Score bins are merged down to about so many before the bootstrap, as a draw costs by the bin."""

FEW_OF_A_KIND = 20
"""With fewer good, or fewer bad people, resampling alone covers 86% where 95% are meant."""

EFFECTIVE = "effective people"

Floats = NDArray[np.float64]
Names = NDArray[np.object_]


class Measured(NamedTuple):
    """A metric of each group: value, interval, its method, and the people behind it."""

    value: Floats
    low: Floats
    high: Floats
    method: Names
    n: Floats
    num: Floats | None = None
    den: Floats | None = None

    def first_band(self) -> Measured:
        """Return the first of the bands, which are the last axis."""
        num, den = (None if array is None else array[..., 0] for array in (self.num, self.den))
        value, low, high = (array[..., 0] for array in (self.value, self.low, self.high))
        return Measured(value, low, high, self.method[..., 0], self.n[..., 0], num, den)


def measure(item: Metric, counts: Any, *, confidence: float, seed: int, by_outcome: bool = False) -> Measured:
    """Return a metric of every group with its two-sided interval.

    Parameters
    ----------
    item
        The metric.
    counts
        A Confusion or a ScoreTable, as the metric's kind asks; leading axes allowed for rates.
    confidence
        Coverage aimed at, between 0 and 1.
    seed
        Of the count bootstrap, where there is no closed form (KS).
    by_outcome
        Whether people with good and with bad outcomes were drawn separately: they are then resampled so.

    Examples
    --------
    >>> from fairaudit.cube.confusion import Confusion
    >>> from fairaudit.metrics import METRICS
    >>> k = Confusion.from_counts([[[0, 0, 26], [0, 0, 22]]])
    >>> made = measure(METRICS["selection_rate"], k, confidence=0.95, seed=1)
    >>> made.low.round(3), made.high.round(3), made.method
    (array([0.403]), array([0.674]), array(['Wilson'], dtype=object))
    """
    if item.kind == "count":
        heads = item(counts).n
        nothing = np.full(heads.shape, np.nan)
        return Measured(heads, nothing, nothing, _names("counted", heads.shape), heads)
    if item.kind == "average":
        return _average(item(counts), confidence)
    made = item(counts)
    if isinstance(made, Rate):
        return _of_rate(made, confidence)
    return _of_estimate(item, made, counts, confidence, seed, by_outcome=by_outcome)


def is_weighted(rate: Rate) -> bool:
    """Whether rows carried weights other than 1."""
    return not np.array_equal(rate.den, rate.den_w2)


def effective(rate: Rate) -> tuple[Floats, Floats]:
    """Return a rate as people counted and people in all; for weighted rows, effective people.

    The value stays what it is, and its linearised variance is that of a rate of so many people.
    """
    if not is_weighted(rate):
        return rate.num, rate.den
    people = effective_n(rate.num, rate.den, rate.num_w2, rate.den_w2)
    return np.asarray(np.nan_to_num(rate.value) * np.nan_to_num(people)), np.asarray(np.nan_to_num(people))


def _names(method: Any, shape: tuple[int, ...]) -> Names:
    return np.broadcast_to(np.asarray(method, dtype=object), shape)


def _of_rate(rate: Rate, confidence: float) -> Measured:
    if is_weighted(rate):
        people = effective_n(rate.num, rate.den, rate.num_w2, rate.den_w2)
        low, high, method = effective_rate_interval(np.nan_to_num(rate.value), people, confidence=confidence)
    else:
        low, high, method = rate_interval(rate.num, rate.den, confidence=confidence)
    value = rate.value
    return Measured(value, np.asarray(low), np.asarray(high), _names(method, value.shape), rate.n, rate.num, rate.den)


def _average(rates: tuple[Rate, ...], confidence: float) -> Measured:
    first, second = (_of_rate(rate, confidence) for rate in rates)
    low, high = mover(
        first.value, first.low, first.high, second.value, second.low, second.high, weight1=0.5, weight2=0.5
    )[:2]
    value = (first.value + second.value) / 2
    return Measured(value, np.asarray(low), np.asarray(high), _names("MOVER", value.shape), rates[0].n + rates[1].n)


def _of_estimate(
    item: Metric, made: Estimate, s: ScoreTable, confidence: float, seed: int, *, by_outcome: bool
) -> Measured:
    shape = made.value.shape
    weighted = "" if np.array_equal(s.table.w, s.table.n) else ", weighted: linearised variance"
    if item.id in {"area_under_curve", "gini"}:
        variance = auc_variance(s)
        heads = auc_people(s)
        auc = made.value if item.id == "area_under_curve" else (made.value + 1) / 2
        low, high, method = auc_interval(auc, variance, *heads, confidence=confidence, tied=auc_ties(s))
        if item.id == "gini":
            low, high = 2 * low - 1, 2 * high - 1
        return Measured(
            made.value,
            np.asarray(low),
            np.asarray(high),
            _names(_weighing(method, weighted), shape),
            made.n,
        )
    if made.variance is not None:
        freedom = np.maximum(made.n - 1, 1)
        reach = scipy.special.stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(made.variance)
        return Measured(made.value, made.value - reach, made.value + reach, _names(f"t{weighted}", shape), made.n)
    low, high = _bootstrapped(item, s, confidence, seed, by_outcome=by_outcome)
    name = f"count bootstrap{' within each outcome' if by_outcome else ''}, {DRAWS:,} draws"
    few = np.minimum(s.good.n.sum(axis=-1), s.bad.n.sum(axis=-1)) < FEW_OF_A_KIND
    names = np.where(few, f"{name}, widened to the score interval at the largest gap", name).astype(object)
    return Measured(made.value, low, high, _names(names, shape), made.n)


def auc_variance(s: ScoreTable) -> Floats:
    """Return DeLong's variance of each group's AUC; linearised where rows carry weights."""
    if np.array_equal(s.table.w, s.table.n):
        return np.asarray(delong(s.good.n, s.bad.n).variance)
    return np.asarray(delong(s.good.w, s.bad.w, good_w2=s.good.w2, bad_w2=s.bad.w2).variance)


def auc_people(s: ScoreTable) -> tuple[Floats, Floats]:
    """Return good and bad people of each group; of weighted rows how many equally weighted ones they are worth."""
    return _worth(s.good), _worth(s.bad)


def _worth(side: Tally) -> Floats:
    """Return the people of all bins, or Kish's number of them: a few heavy rows are few people."""
    if side.w is side.n:
        return np.asarray(side.n.sum(axis=-1))
    squares = side.w2.sum(axis=-1)
    return np.asarray(np.where(squares > 0, side.w.sum(axis=-1) ** 2 / np.where(squares > 0, squares, 1.0), 0.0))


def auc_ties(s: ScoreTable) -> Floats:
    """Return what equal scores take from each group's variance; weights are scaled to the number of rows."""
    people = s.good.n + s.bad.n
    if s.table.w is s.table.n:
        return tied_share(people)
    weights = s.good.w + s.bad.w
    total = weights.sum(axis=-1, keepdims=True)
    return tied_share(weights * people.sum(axis=-1, keepdims=True) / np.where(total > 0, total, 1.0))


def _weighing(method: Any, weighted: str) -> Names:
    """Return the methods of AUC intervals with how weights enter: the score interval takes effective people."""
    names = np.atleast_1d(np.asarray(method, dtype=object))
    by_people = f", weighted: {EFFECTIVE}" if weighted else ""
    return np.array([f"{name}{by_people if name == SCORE else weighted}" for name in names], dtype=object)


def _bootstrapped(
    item: Metric, s: ScoreTable, confidence: float, seed: int, *, by_outcome: bool
) -> tuple[Floats, Floats]:
    """Return the bootstrap interval of a score metric, group by group; weights stay with their bin."""
    groups = s.table.n.shape[0]
    low, high = np.full(groups, np.nan), np.full(groups, np.nan)
    estimates = item(s).value
    for i in range(groups):
        if np.isnan(estimates[i]):
            continue
        one = _coarsened(s[i])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean_weight = np.where(one.n > 0, one.w / one.n, 0.0)

        def statistic(drawn: NDArray[np.int64], mean_weight: Floats = mean_weight) -> Floats:
            heads = drawn.astype(np.float64)
            weighted = heads * mean_weight
            bins = np.zeros(heads.shape[-2])
            return np.asarray(item(ScoreTable(Tally(heads, weighted, weighted), bins, bins, s.higher_is_better)).value)

        rng = np.random.default_rng([seed, i])
        strata = -1 if by_outcome else None
        draws = bootstrap(statistic, one.n.astype(np.int64), draws=DRAWS, rng=rng, strata=strata)
        interval = outer_interval(estimates[i], draws, confidence=confidence, least=item.range[0], most=item.range[1])
        low[i], high[i] = interval.low, interval.high
        if min(s.good.n[i].sum(), s.bad.n[i].sum()) < FEW_OF_A_KIND:
            ends = _at_the_largest_gap(s[i], confidence)
            low[i], high[i] = min(low[i], ends[0]), max(high[i], ends[1])
    return low, high


def _at_the_largest_gap(s: ScoreTable, confidence: float) -> tuple[float, float]:
    """Return the score interval of the gap between bad and good people at the cut-off where it is largest.

    With few people of a kind resampling sees too little of what could have been.
    """
    gap = np.cumsum(s.bad.w) / s.bad.w.sum() - np.cumsum(s.good.w) / s.good.w.sum()
    at = int(np.abs(gap).argmax()) + 1
    sides = [Rate.of(kind[:at].sum(axis=0), kind.sum(axis=0)) for kind in (s.bad, s.good)]
    whole = not any(is_weighted(side) for side in sides)
    mine, theirs = (effective(side) for side in sides)
    made = compare_many(*mine, *theirs, how="difference", confidence=confidence, integer=whole)
    ends = (float(made.low), float(made.high))
    least = 0.0 if ends[0] <= 0 <= ends[1] else min(abs(end) for end in ends)
    return least, max(abs(end) for end in ends)


def _coarsened(s: ScoreTable) -> Tally:
    """Return one group's people in few bins, none of which straddles the cut-off of the largest gap.

    The estimate stays what it is, and a draw costs as much as there are bins.
    """
    good, bad = s.good.w, s.bad.w
    edges = np.flatnonzero((good + bad) > 0) + 1
    if len(edges) > MOST_DRAWN_BINS:
        share = np.cumsum(good + bad)
        wanted = np.searchsorted(share, share[-1] * np.arange(1, MOST_DRAWN_BINS) / MOST_DRAWN_BINS) + 1
        gap = np.abs(np.cumsum(good) / good.sum() - np.cumsum(bad) / bad.sum())
        edges = np.unique([*wanted, int(gap.argmax()) + 1, len(good)])
    starts = np.concatenate([[0], edges[:-1]])

    def add(array: Floats) -> Floats:
        return np.asarray(np.add.reduceat(array, starts, axis=0))

    n = add(s.table.n)
    return Tally.of(n) if s.table.w is s.table.n else Tally(n, add(s.table.w), add(s.table.w2))
