"""What measurements of the score are worth where people come in clusters: calibration, distances, quantiles, rankings.

All rest on the replicates by score. Means, slopes and areas are smooth, so their t intervals come from small steps
towards each replicate; quantiles are read off the interval of the share below (Woodruff); distances are set against
what they would be if both groups' scores were alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..cube.confusion import BAD, GOOD, ScoreTable, Tally
from ..inference import calibration as inference
from ..inference.clustered_measures import ALIKE, DRAWS, Moved, chance, rate_of_counts, t_interval
from ..inference.clustered_scores import ClusteredScores, Scored, above
from ..inference.combining import mover
from ..inference.ranking import auc_interval, delong
from ..inference.replicates import (
    CLUSTER_T,
    Clustered,
    clustered_interval,
    compare_clustered,
    deviations,
    normal_confidence,
)
from ..inference.stratified import mantel_haenszel_risk_difference
from ..measuring import Grouping, band_name, clustered_scores, score_bands
from ..metrics import distribution as d
from ..metrics.base import Floats
from ..metrics.calibration import BANDS, Predicted, frequency_bands, pooled_blocks
from ..policy.references import REST
from ..result import Measurement
from .common import Asking, shown
from .distributions import woodruff

Fields = dict[str, Any]
STEP = 1e-3
CALIBRATED = f"drawn from the replicates as if predictions held, {DRAWS:,} draws"


@dataclass(frozen=True, eq=False)
class ScorePlace:
    """One grouping's scores with their replicates."""

    of: Grouping
    asking: Asking
    scores: ClusteredScores
    _made: dict[tuple[int, ...], Any] = field(default_factory=dict)

    @cached_property
    def everybody(self) -> Scored:
        return self.scored(range(len(self.of.groups)))

    def scored(self, groups: Sequence[int]) -> Scored:
        """Return several groups as one, made once."""
        key = tuple(groups)
        if key not in self._made:
            self._made[key] = self.scores.of(groups)
        return self._made[key]  # type: ignore[no-any-return]

    def counted(self, groups: Sequence[int]) -> tuple[Floats, Floats]:
        """Return several groups' people [bin, outcome], and those of each replicate, in full steps."""
        of = self.scored(groups)
        whole = of.whole.table.n
        return whole, whole + (of.drawn.table.n - whole) / STEP

    @property
    def probability(self) -> bool:
        return self.of.cube.schema.score_unit == "probability"

    def numbers(self, name: str | None) -> list[int]:
        """Return the numbers of a group, or of the rest that a group is set against."""
        return [self.of.groups.index(str(name))]

    def sides(self, record: Measurement) -> tuple[list[int], list[int]] | None:
        """Return the numbers of a group and of what it is set against."""
        mine = self.numbers(record.group)
        if record.reference != REST:
            return mine, self.numbers(record.reference)
        others = [i for i in shown(self.of, self.scores.table, self.asking.policy) if i not in mine]
        return (mine, others) if others else None

    @cached_property
    def curve(self) -> tuple[Floats, Floats]:
        """Return the predicted good rate of each bin of the replicates, and of each bin in each replicate."""
        whole, drawn = self.everybody.whole, self.everybody.drawn
        if self.probability:
            said = whole.scores if whole.higher_is_better else 1 - whole.scores
            said = np.clip(said, 0.0, 1.0)
            return said, np.broadcast_to(said, (len(drawn.table.w), len(said)))
        block = pooled_blocks((whole.good + whole.bad).n)
        starts = np.flatnonzero(np.diff(block, prepend=-1))

        def rates(s: ScoreTable) -> Floats:
            good, people = (np.add.reduceat(x, starts, axis=-1) for x in (s.good.w, s.good.w + s.bad.w))
            with np.errstate(invalid="ignore", divide="ignore"):
                rate = np.where(people > 0, good / people, 0.5)
            return np.asarray(rate[..., block])

        return rates(whole), rates(drawn)

    def interval(self, value: float, moves: Floats, clusters: float, *, null: float = 0.0) -> Fields:
        """Return a t interval and its test."""
        made: Moved = t_interval(value, moves, clusters, confidence=self.asking.confidence, null=null)
        return {"low": made.low, "high": made.high, "p": made.p, "test": CLUSTER_T, "method": CLUSTER_T}

    def within(self, groups: Sequence[int], start: int, stop: int) -> tuple[Floats, Floats]:
        """Return bad and all observed people in some of the table's bins, [2], and the same of each replicate."""
        place = self.scores.at(np.array([start, stop]))
        whole, drawn = (above(n, place) for n in self.counted(groups))
        known = self.scores.table.pooled(groups).table[start:stop, :2].sum(axis=0).w
        own, moved = (x[..., 0, 0, :2] - x[..., 1, 0, :2] for x in (whole, drawn))
        # Where the bins of the replicates cut people a little otherwise, the spread is theirs and the middle is known.
        moved = moved + (known - own)
        return np.array([known[BAD], known.sum()]), np.stack([moved[..., BAD], moved.sum(axis=-1)], axis=-1)

    def bad_rate(self, groups: Sequence[int], start: int, stop: int) -> Clustered:
        """Return the bad rate in some of the table's bins with its replicates."""
        whole, drawn = self.within(groups, start, stop)
        clusters = np.asarray(self.scores.everybody.pooled(groups).clusters)
        return rate_of_counts(whole[0], whole[1], (drawn[:, 0], drawn[:, 1]), clusters)


def score_place(of: Grouping, asking: Asking) -> ScorePlace | None:
    """Return a grouping's scores with their replicates; None where none were counted."""
    scores = clustered_scores(of) if of.cube.axes.score is not None else None
    return None if scores is None else ScorePlace(of, asking, scores)


def _moves(place: ScorePlace, groups: Sequence[int], function: Callable[[Floats, Floats], Floats]) -> tuple[Any, ...]:
    """Return how far a number of observed people [..., bin, good or bad] and their curve moves, and the clusters."""
    of = place.scored(groups)
    own, curve = place.curve
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = function(of.drawn.table.w[..., :2], curve) - function(of.whole.table.w[..., :2], own)
    return moved / STEP * np.sqrt(of.effective / max(of.effective - 1, 1e-9)), of.effective


def _two(
    place: ScorePlace, record: Measurement, function: Callable[[Floats, Floats], Floats]
) -> tuple[Floats, float] | None:
    """Return how far a group's number less its reference's moves, and the fewer clusters."""
    sides = place.sides(record)
    if sides is None:
        return None
    (mine, n), (theirs, m) = (_moves(place, side, function) for side in sides)
    return mine - theirs, min(n, m)


# Calibration


def _large(people: Floats, curve: Floats) -> Floats:
    seen = people.sum(axis=(-2, -1))
    return np.asarray((people[..., GOOD].sum(axis=-1) - (people.sum(axis=-1) * curve).sum(axis=-1)) / seen)


def _brier(people: Floats, curve: Floats) -> Floats:
    lost = people[..., GOOD] * (1 - curve) ** 2 + people[..., BAD] * curve**2
    return np.asarray(lost.sum(axis=-1) / people.sum(axis=(-2, -1)))


def _fitted(place: ScorePlace, which: str) -> Callable[[Floats, Floats], Floats]:
    """Return the intercept or the slope; the curve is taken as known, as it is of independent people."""
    said = np.clip(place.curve[0], inference.CLIP, 1 - inference.CLIP)
    logits = np.log(said / (1 - said))

    def number(people: Floats, _: Floats) -> Floats:
        counts = people.reshape(-1, *people.shape[-2:])
        nothing = np.zeros_like(counts)
        made = inference.recalibrate(Predicted(Tally.of(counts), nothing, nothing, None, None, logits))
        return np.asarray(getattr(made, which).value.reshape(people.shape[:-2]))

    return number


def _of_group(function: Callable[[Floats, Floats], Floats]) -> Callable[[ScorePlace, Measurement], Fields]:
    def fill(place: ScorePlace, record: Measurement) -> Fields:
        moves, clusters = _moves(place, place.numbers(record.group), function)
        return place.interval(float(record.value or 0.0), moves, clusters)

    return fill


def _of_pair(function: Callable[[Floats, Floats], Floats]) -> Callable[[ScorePlace, Measurement], Fields]:
    def fill(place: ScorePlace, record: Measurement) -> Fields:
        found = _two(place, record, function)
        return {} if found is None else place.interval(float(record.value or 0.0), *found)

    return fill


def _recalibrated(which: str, null: float) -> Callable[[ScorePlace, Measurement], Fields]:
    def fill(place: ScorePlace, record: Measurement) -> Fields:
        moves, clusters = _moves(place, place.numbers(record.group), _fitted(place, which))
        return place.interval(float(record.value or 0.0), moves, clusters, null=null)

    return fill


def _slopes(place: ScorePlace, record: Measurement) -> Fields:
    return _of_pair(_fitted(place, "slope"))(place, record)


def _error(squared: bool) -> Callable[[ScorePlace, Measurement], Fields]:  # noqa: FBT001 - one of two measures
    """Return what chance makes of a calibration error where predictions hold: bands' gaps drawn together."""

    def fill(place: ScorePlace, record: Measurement) -> Fields:
        groups = place.numbers(record.group)
        whole = place.scored(groups).whole
        table = whole.table[..., :2]
        band = frequency_bands(Predicted(table, np.zeros(table.w.shape), np.zeros(table.w.shape)))
        member = (band == np.arange(BANDS)[:, None]).astype(float)
        share = member @ table.w.sum(axis=-1) / table.w.sum()

        def gaps(people: Floats, curve: Floats) -> Floats:
            apart = people[..., GOOD] - people.sum(axis=-1) * curve
            return np.asarray(apart @ member.T / people.sum(axis=(-2, -1))[..., None])

        moves, clusters = _moves(place, groups, gaps)
        if not clusters > 1:
            return {}
        rng = place.asking.rng(place.of.name, str(record.group), record.metric, "clusters")
        drawn = deviations(moves, clusters, rng, DRAWS)
        some = share > 0
        sizes = drawn[:, some] ** 2 / share[some] if squared else np.abs(drawn[:, some])
        made = chance(float(record.value or 0.0), sizes.sum(axis=-1))
        return {**made, "test": CALIBRATED, "method": CALIBRATED} if made else {}

    return fill


def _balance(outcome: int) -> Callable[[ScorePlace, Measurement], Fields]:
    def fill(place: ScorePlace, record: Measurement) -> Fields:
        scores = place.everybody.whole.scores

        def mean(people: Floats, _: Floats) -> Floats:
            side = people[..., outcome]
            return np.asarray(side @ scores / side.sum(axis=-1))

        return _of_pair(mean)(place, record)

    return fill


def _uncertainty(place: ScorePlace, record: Measurement) -> Fields:
    low, high, _ = clustered_interval(
        place.bad_rate(place.numbers(record.group), 0, place.scores.table.table.n.shape[-2]),
        confidence=place.asking.confidence,
    )
    ends = [float(end) * (1 - float(end)) for end in (low, high)]
    top = 0.25 if float(low) <= 0.5 <= float(high) else max(ends)
    return {"low": min(ends), "high": top, "method": "from the interval of the good rate"}


def _bins(place: ScorePlace, name: str | None) -> slice | None:
    if name is None:
        return slice(0, place.scores.table.table.n.shape[-2])
    return dict(score_bands(place.of.cube)).get(name)


def _named_band(place: ScorePlace, record: Measurement) -> slice | None:
    return _bins(place, record.detail)


def _curve_point(place: ScorePlace, record: Measurement) -> Fields:
    bins = _bins(place, record.detail)
    if bins is None:
        return {}
    rate = place.bad_rate(place.numbers(record.group), bins.start, bins.stop)
    low, high, method = clustered_interval(rate, confidence=place.asking.confidence)
    return {"low": 1 - float(high), "high": 1 - float(low), "method": str(method)}


def _at_margin(place: ScorePlace, record: Measurement) -> slice | None:
    """Return the bins of the narrow band just past the cut-off, which the record names."""
    axis = place.of.cube.axes.score
    if axis is None or record.cutoff is None:
        return None
    at, bins = axis.first_above(record.cutoff), axis.scored_bins
    start = at if axis.higher_is == "better" else bins - at
    stops = (
        stop for stop in range(start + 1, bins + 1) if band_name(place.of.cube, start, stop, bins) == record.detail
    )
    stop = next(stops, None)
    return None if stop is None else slice(start, stop)


def _in_band(place: ScorePlace, record: Measurement) -> Fields:
    named = _at_margin if record.metric == "marginal_bad_rate_difference" else _named_band
    bins, sides = named(place, record), place.sides(record)
    if bins is None or sides is None:
        return {}
    mine, theirs = (place.bad_rate(side, bins.start, bins.stop) for side in sides)
    made = compare_clustered(mine, theirs, how="difference", confidence=place.asking.confidence)
    low, high, p = (float(np.asarray(x)) for x in (made.low, made.high, made.p))
    return {"low": low, "high": high, "p": p, "test": CLUSTER_T, "method": str(made.method[()])}


def _same_score(place: ScorePlace, record: Measurement) -> Fields:
    sides = place.sides(record)
    if sides is None:
        return {}
    bands = [bins for _, bins in score_bands(place.of.cube)]
    wholes, moved = [], []
    for side in sides:
        each = [place.within(side, bins.start, bins.stop) for bins in bands]
        wholes.append(np.stack([whole for whole, _ in each]))
        moved.append(np.stack([drawn for _, drawn in each], axis=-2))

    def number(mine: Floats, theirs: Floats) -> Floats:
        tables = [np.stack([x[..., 0], x[..., 1] - x[..., 0]], axis=-1) for x in (mine, theirs)]
        return np.asarray(mantel_haenszel_risk_difference(np.stack(tables, axis=-2)).value)

    steps = [whole + STEP * (drawn - whole) for whole, drawn in zip(wholes, moved, strict=True)]
    clusters = min(float(place.scores.everybody.pooled(side).clusters) for side in sides)
    moves = (number(*steps) - number(*wholes)) / STEP * np.sqrt(clusters / max(clusters - 1, 1e-9))
    return place.interval(float(record.value or 0.0), moves, clusters) | {"method": f"Mantel-Haenszel, {CLUSTER_T}"}


# Distances, quantiles, rankings


def _below(counts: Floats) -> Floats:
    """Return the share of people in each bin or in worse ones."""
    people = counts.sum(axis=-1)
    return np.asarray(np.cumsum(people, axis=-1) / people.sum(axis=-1, keepdims=True))


def _apart(place: ScorePlace, record: Measurement) -> tuple[Floats, Floats] | None:
    """Return by chance alone how far two groups' shares below each bin are apart [draw, bin], and the bins' scores."""
    sides = place.sides(record)
    if sides is None:
        return None
    mine, theirs = (place.scored(side) for side in sides)
    moves = mine.moves(lambda s: _below(s.table.w)) - theirs.moves(lambda s: _below(s.table.w))
    if np.isnan(moves).any():
        return None
    rng = place.asking.rng(place.of.name, str(record.group), record.metric, "clusters")
    return deviations(moves, min(mine.effective, theirs.effective), rng, DRAWS), mine.whole.scores


def _distance(statistic: Callable[[Floats, Floats], Floats]) -> Callable[[ScorePlace, Measurement], Fields]:
    def fill(place: ScorePlace, record: Measurement) -> Fields:
        found = _apart(place, record)
        if found is None:
            return {}
        value = float(record.value or 0.0)
        made = chance(value, statistic(*found))
        return {**made, "test": ALIKE, "method": ALIKE} if made else {}

    return fill


def _overlap(place: ScorePlace, record: Measurement) -> Fields:
    found = _apart(place, record)
    if found is None:
        return {}
    counts = place.everybody.whole.people.w
    share = np.cumsum(counts) / counts.sum()
    bins = int(str(record.detail).split()[0])
    ends = np.unique(np.searchsorted(share, np.arange(1, bins + 1) / bins - 1e-12).clip(max=len(share) - 1))
    parts = np.diff(found[0][:, ends], prepend=0.0)
    made = chance(1 - float(record.value or 0.0), np.abs(parts).sum(axis=-1) / 2)
    if not made:
        return {}
    made |= {"expected": 1 - made["expected"], "excess": -made["excess"]}
    return {**made, "test": ALIKE, "method": ALIKE}


def _quantile(place: ScorePlace, record: Measurement) -> Fields:
    sides = place.sides(record)
    if sides is None:
        return {}
    share = float(str(record.detail).split()[1])
    scores, sign = d.bin_scores(place.scores.table), place.scores.table.sign
    ends = []
    for side in sides:
        people = place.scores.table.pooled(side).people
        at = int(d.quantile_bin(people.w, share))
        # How much a share below the quantile is worth, by how it moves there.
        edge = place.scores.at(np.array([at + 1]))
        counts = [above(n, edge)[..., 0, :, :].sum(axis=-1) for n in place.counted(side)]
        clusters = np.asarray(place.scores.everybody.pooled(side).clusters)
        moved = (counts[1][..., 1], counts[1].sum(axis=-1))
        rate = rate_of_counts(counts[0][..., 1], counts[0].sum(axis=-1), moved, clusters)
        worth = float(rate.effective_n)
        sure = float(normal_confidence(np.asarray(rate.freedom), place.asking.confidence))
        if not (worth > 0 and np.isfinite(sure)):
            return {}
        ends.append(woodruff(people.w, scores * sign, share, worth, confidence=sure))
    low, high, _ = mover(*ends[0], *ends[1], weight2=-1.0)
    return {"low": low, "high": high, "method": "MOVER of two Woodruff intervals"}


def _in_best(place: ScorePlace, record: Measurement) -> Fields:
    sides = place.sides(record)
    if sides is None:
        return {}
    everybody = np.cumsum(d.shares(place.scores.table.pooled(range(len(place.of.groups))).people.w)[::-1])
    best = float(str(record.detail).split()[1].rstrip("%")) / 100
    many = int(np.abs(everybody - best).argmin()) + 1
    bins = place.scores.table.table.n.shape[-2]
    made = compare_clustered(*(_share_above(place, side, bins - many) for side in sides), how="ratio",
                             confidence=place.asking.confidence)  # fmt: skip
    low, high, p = (float(np.asarray(x)) for x in (made.low, made.high, made.p))
    return {"low": low, "high": high, "p": p, "test": CLUSTER_T, "method": f"{made.method[()]}, pointwise"}


def _share_above(place: ScorePlace, groups: Sequence[int], start: int) -> Clustered:
    """Return the share of scored people with better scores than the worst so many of the table's bins."""
    edge = place.scores.at(np.array([start]))
    own, moved = (above(n, edge)[..., 0, :, :].sum(axis=-1) for n in place.counted(groups))
    people = place.scores.table.pooled(groups).people.w
    known = np.array([people[start:].sum(), people[:start].sum()])
    moved = moved + (known - own)
    clusters = np.asarray(place.scores.everybody.pooled(groups).clusters)
    return rate_of_counts(known[0], known.sum(), (moved[..., 0], moved.sum(axis=-1)), clusters)


def _cross(good: Scored, bad: Scored) -> tuple[Floats, float]:
    def auc(one: ScoreTable, other: ScoreTable) -> Floats:
        return np.asarray(delong(one.good.w, other.bad.w).value)

    clusters = min(good.effective, bad.effective)
    moves = (auc(good.drawn, bad.drawn) - auc(good.whole, bad.whole)) / STEP
    return moves * np.sqrt(clusters / max(clusters - 1, 1e-9)), clusters


def _crossed(place: ScorePlace, record: Measurement) -> Fields:
    sides = place.sides(record)
    if sides is None:
        return {}
    mine, theirs = (place.scored(side) for side in sides)
    first, second = _cross(mine, theirs), _cross(theirs, mine)
    value = float(record.value or 0.0)
    if record.metric == "cross_auc_difference":
        return place.interval(value, first[0] - second[0], first[1])
    moves, clusters = first if record.metric == "background_negative_subgroup_positive_auc" else second
    good, bad = (mine, theirs) if moves is first[0] else (theirs, mine)
    made = place.interval(value, moves, clusters)
    alone = float(delong(good.fine.good.w, bad.fine.bad.w).variance)
    variance = float((moves**2).mean())
    effect = max(1.0, variance / alone) if variance > 0 and alone > 0 else 1.0
    heads = (good.heads[0] / effect, bad.heads[1] / effect)
    sure = float(normal_confidence(np.asarray(min(clusters - 1, 1e9)), place.asking.confidence))
    low, high, method = auc_interval(value, variance, *heads, confidence=sure)
    made |= {"low": float(low), "high": float(high), "method": str(method).replace("DeLong", "Fay's replicates")}
    return {key: field for key, field in made.items() if key not in {"p", "test"}}


def _farthest(apart: Floats, _: Floats) -> Floats:
    return np.asarray(np.abs(apart).max(axis=-1))


def _moved_earth(apart: Floats, scores: Floats) -> Floats:
    return np.asarray((np.abs(apart[:, :-1]) * np.abs(np.diff(scores))).sum(axis=-1))


SCORE_FILLERS: dict[str, Callable[[ScorePlace, Measurement], Fields]] = {
    "calibration_in_the_large": _of_group(_large),
    "calibration_in_the_large_difference": _of_pair(_large),
    "calibration_intercept": _recalibrated("intercept", 0.0),
    "calibration_slope": _recalibrated("slope", 1.0),
    "calibration_slope_difference": _slopes,
    "calibration_curve": _curve_point,
    "expected_calibration_error": _error(squared=False),
    "brier_reliability": _error(squared=True),
    "marginal_bad_rate_difference": _in_band,
    "brier_score": _of_group(_brier),
    "brier_uncertainty": _uncertainty,
    "balance_for_good_outcomes": _balance(GOOD),
    "balance_for_bad_outcomes": _balance(BAD),
    "bad_rate_difference_at_same_score": _same_score,
    "bad_rate_difference_in_band": _in_band,
    "score_distance": _distance(_farthest),
    "wasserstein_distance": _distance(_moved_earth),
    "density_overlap": _overlap,
    "score_quantile_gap": _quantile,
    "adverse_impact_ratio_in_best": _in_best,
    "background_negative_subgroup_positive_auc": _crossed,
    "background_positive_subgroup_negative_auc": _crossed,
    "cross_auc_difference": _crossed,
}
