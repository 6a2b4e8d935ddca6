"""From a cube to rate records: every metric of every group, with its interval and the people behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cube.confusion import Confusion, ScoreTable
from .cube.cube import Cube
from .cube.median import Median, above_median
from .cube.replicates import CLUSTERS, KEPT, Replicated, Replicates, rule_name
from .cube.replicates import EVERYBODY as EVERY_RULE
from .cube.score_replicates import CLUSTERED_SCORES, ScoreReplicates
from .errors import CubeError, UndefinedMetricError
from .inference.bounds import METHOD as BOUNDS_METHOD
from .inference.bounds import worst_case
from .inference.clustered_scores import ClusteredScores
from .inference.of_clusters import Clusters, measure_clustered, measure_clustered_scores, measure_sides
from .inference.of_metrics import Measured, measure
from .metrics.base import METRICS, Metric, Need, Rate
from .metrics.error_rates import NEED_EVERYBODY
from .result import AttributeRecord, RateRecord, finite

RECORDED = None
"""The cut-off of decisions as recorded: none."""
SUPPRESSED = "suppressed: too few people, or too few in a part of it"
MOST_BANDS = 10
POOLED_BANDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """One attribute, or a crossing of several: its cube, and the name, levels and place of each group."""

    name: str
    attributes: tuple[str, ...]
    cube: Cube
    groups: tuple[str, ...]
    levels: tuple[dict[str, str], ...]
    whole: Cube
    """The cube that this one was collapsed from: with the strata."""
    detail: bool = False
    """True for finer bands of another attribute: they are never primary."""

    @property
    def crossing(self) -> bool:
        """True where groups are made of several attributes."""
        return len(self.attributes) > 1


EVERYBODY = "(everybody)"


def everybody(cube: Cube) -> Grouping:
    """Return all people as one group."""
    return Grouping(EVERYBODY, (), cube.marginal(()), (EVERYBODY,), ({},), cube)


def grouping(cube: Cube, attributes: Sequence[str]) -> Grouping:
    """Return the groups of an attribute or of a crossing."""
    marginal = cube.marginal(attributes)
    levels = tuple(dict(zip(attributes, cell, strict=True)) for cell in marginal.axes.cell_levels())
    return Grouping(" × ".join(attributes), tuple(attributes), marginal, marginal.groups, levels, cube)


def clusters_of(of: Grouping) -> Clusters | None:
    """Return what people come in; None where they come one by one."""
    column = of.whole.schema.cluster
    if column is None:
        return None
    number = 0.0
    block = of.whole.blocks.get(CLUSTERS)
    if isinstance(block, Replicates):
        number = block.distinct
    return Clusters(column, number, number < KEPT)


def replicated(of: Grouping, rule: str) -> Replicated | None:
    """Return the replicates of a decision rule; None where it was not declared while counting."""
    block = of.cube.blocks.get(CLUSTERS)
    if not isinstance(block, Replicates) or rule not in block.rules:
        return None
    return block.of(rule, of.cube.schema.weight_scale if of.cube.weighted else 1)


def clustered_scores(of: Grouping) -> ClusteredScores | None:
    """Return the replicates by score of every group; None where none were counted."""
    block, everybody = of.cube.blocks.get(CLUSTERED_SCORES), replicated(of, EVERY_RULE)
    if not isinstance(block, ScoreReplicates) or everybody is None:
        return None
    table = of.cube.score_table()
    scale = of.cube.schema.weight_scale if of.cube.weighted else 1
    return ClusteredScores(table, block.of(higher_is_better=table.higher_is_better, scale=scale), everybody)


def replicated_median(of: Grouping, median: Median) -> Replicated | None:
    """Return the replicates of scoring better than the median; None where none were counted."""
    scores = clustered_scores(of)
    return None if scores is None else scores.replicated(median.bins_below, median.confusion)


def attribute_record(of: Grouping, reference: str | None, mode: str) -> AttributeRecord:
    """Return who is in each group: people, their decisions, their outcomes, and those without a score."""
    cube = of.cube
    decisions = [f"{level.label} ({level.kind})" for level in cube.axes.decisions]

    def by_group(labels: Sequence[str], counts: NDArray[np.int64]) -> dict[str, dict[str, int]]:
        if not labels:
            return {}
        return {
            group: dict(zip(labels, row, strict=True)) for group, row in zip(of.groups, counts.tolist(), strict=True)
        }

    unscored = dict(zip(of.groups, cube.unscored.tolist(), strict=True)) if cube.unscored.any() else {}
    return AttributeRecord(
        of.name,
        dict(zip(of.groups, cube.group_people.tolist(), strict=True)),
        reference,
        mode,
        of.crossing,
        by_group(decisions, cube.n.sum(axis=(1, 3))),
        by_group(cube.axes.outcomes, cube.n.sum(axis=(1, 2))),
        unscored,
    )


def identified_rate(cube: Cube, item: Metric, cutoff: float | None) -> Rate:
    """Return a rate of every cell of a cube, or say why it is not known.

    Raises
    ------
    CubeError, UndefinedMetricError
        If it needs outcomes, and none were counted, or those of some people are unobserved.
    """
    if "outcome" in item.needs and not cube.has_outcome:
        message = f"'{item.id}' needs outcomes, and none were counted. Name their column with outcome= and bad=."
        raise CubeError(message)
    k: Confusion = cube.confusion(cutoff) if "decision" in item.needs else cube.everybody()
    unobserved = k.unobserved.n.sum()
    if item.id in NEED_EVERYBODY and unobserved:
        declined = k.table.n[..., 1, 2].sum()
        message = (
            f"'{item.id}' is not identified: the outcome of {int(unobserved):,} people ({int(declined):,} of them "
            "declined) is unobserved, and who they are is no accident. Take the selection rate, or keep to people "
            "whose outcome is known and say so."
        )
        raise UndefinedMetricError(message)
    made: Rate = item(k)
    return made


def available(cube: Cube, cutoffs: Sequence[float | None]) -> frozenset[Need]:
    """Return what the counts offer to metrics: a decision, an outcome, a score."""
    has: set[Need] = set()
    if cutoffs:
        has.add("decision")
    if cube.has_outcome:
        has.add("outcome")
    if cube.axes.score is not None:
        has.add("score")
    return frozenset(has)


def decision_rules(cube: Cube, cutoffs: Sequence[float]) -> tuple[float | None, ...]:
    """Return the decisions to audit, the one in production first: recorded ones, then each cut-off."""
    recorded: tuple[float | None, ...] = (RECORDED,) if cube.has_decision else ()
    return (*recorded, *cutoffs)


def measure_grouping(
    of: Grouping, cutoffs: Sequence[float | None], *, confidence: float, seed: int
) -> list[RateRecord]:
    """Return every metric that the counts allow, for every group and decision rule.

    Parameters
    ----------
    of
        The groups.
    cutoffs
        Decision rules; None is the recorded decision.
    confidence
        Of the two-sided intervals, between 0 and 1.
    seed
        Of the bootstrap behind intervals that have no closed form.
    """
    has = available(of.cube, cutoffs)
    clusters = clusters_of(of)
    if clusters is not None:
        return _measure_clustered(of, cutoffs, has, clusters, confidence=confidence, seed=seed)
    records: list[RateRecord] = []
    by_cutoff = {cutoff: of.cube.confusion(cutoff) for cutoff in cutoffs}
    for item in METRICS.values():
        if not item.needs <= has:
            continue
        if "decision" in item.needs:
            for cutoff, k in by_cutoff.items():
                records += _records(
                    of, item, measure(item, k, confidence=confidence, seed=seed), cutoff, _bounds(item, k)
                )
        elif item.kind in {"rate", "count", "median"}:
            k = above_median(of.cube).confusion if item.kind == "median" else of.cube.everybody()
            records += _records(of, item, measure(item, k, confidence=confidence, seed=seed), None, None)
        elif item.kind == "estimate":
            s = of.cube.score_table()
            by_outcome = "outcome" in of.cube.schema.sampled_by
            made = measure(item, s, confidence=confidence, seed=seed, by_outcome=by_outcome)
            records += _records(of, item, made, None, _not_identified(item, s))
        else:
            records += _band_records(of, item, confidence=confidence, seed=seed)
    return records


def _measure_clustered(
    of: Grouping,
    cutoffs: Sequence[float | None],
    has: frozenset[Need],
    clusters: Clusters,
    *,
    confidence: float,
    seed: int,
) -> list[RateRecord]:
    """Return the same records with the intervals that clusters leave."""
    records: list[RateRecord] = []
    scores = clustered_scores(of) if "score" in has else None
    for item in METRICS.values():
        if not item.needs <= has:
            continue
        if "decision" in item.needs:
            for cutoff in cutoffs:
                k, drawn = of.cube.confusion(cutoff), replicated(of, rule_name(cutoff))
                made = measure_clustered(item, k, drawn, clusters, confidence=confidence)
                records += _records(of, item, made, cutoff, _bounds(item, k))
        elif item.kind == "median":
            median = above_median(of.cube)
            drawn = replicated_median(of, median)
            made = measure_clustered(item, median.confusion, drawn, clusters, confidence=confidence)
            records += _records(of, item, made, None, None)
        elif item.kind in {"rate", "count"}:
            drawn = replicated(of, EVERY_RULE)
            made = measure_clustered(item, of.cube.everybody(), drawn, clusters, confidence=confidence)
            records += _records(of, item, made, None, None)
        elif item.kind == "estimate":
            s = of.cube.score_table()
            if scores is None:
                made = measure_clustered(item, s, None, clusters, confidence=confidence)
            else:
                made = measure_clustered_scores(item, scores, clusters, confidence=confidence, seed=seed)
            records += _records(of, item, made, None, _not_identified(item, s))
        else:
            records += _clustered_bands(of, item, scores, clusters, confidence=confidence)
    return records


def _clustered_bands(
    of: Grouping, item: Metric, scores: ClusteredScores | None, clusters: Clusters, *, confidence: float
) -> list[RateRecord]:
    records: list[RateRecord] = []
    for name, bins in score_bands(of.cube):
        rate = item(_banded(of, bins))[..., 0]
        if scores is None:
            nothing = np.full(rate.num.shape, np.nan)
            why = np.full(rate.num.shape, clusters.no_interval, dtype=object)
            made = Measured(rate.value, nothing, nothing, why, rate.n, rate.num, rate.den)
        else:
            sides = [scores.between(item, rate, bins.start, bins.stop)]
            made = measure_sides(sides, rate.n, clusters, num=rate.num, den=rate.den, confidence=confidence)
        records += _records(of, item, made, None, None, name)
    return records


Bounded = dict[int, tuple[float | None, float | None, str]]
"""Group number -> bounds and reason, for groups whose metric is not identified."""


def _bounds(item: Metric, k: Confusion) -> Bounded:
    if item.id not in NEED_EVERYBODY:
        return {}
    unobserved, declined = k.unobserved.n, k.table.n[..., 1, 2]
    if not (unobserved > 0).any():
        return {}
    low, high = worst_case(item.id, k)
    return {
        int(i): (
            finite(float(low[i])),
            finite(float(high[i])),
            _unidentified(int(unobserved[i]), int(declined[i])),
        )
        for i in np.flatnonzero(unobserved > 0)
    }


def _unidentified(unobserved: int, declined: int) -> str:
    return f"not identified: the outcome of {unobserved:,} people ({declined:,} of them declined) is unobserved"


def _not_identified(item: Metric, s: ScoreTable) -> Bounded:
    if item.id not in NEED_EVERYBODY:
        return {}
    unobserved = s.table.n[..., 2].sum(axis=-1)
    return {
        int(i): (None, None, f"not identified: the outcome of {int(unobserved[i]):,} people is unobserved")
        for i in np.flatnonzero(unobserved > 0)
    }


def _records(
    of: Grouping, item: Metric, made: Measured, cutoff: float | None, bounded: Bounded | None, band: str | None = None
) -> list[RateRecord]:
    records = []
    for i, (group, levels) in enumerate(zip(of.groups, of.levels, strict=True)):
        suppressed = of.cube.suppressed is not None and bool(of.cube.suppressed[i])
        value, low, high = (finite(float(array[i])) for array in (made.value, made.low, made.high))
        method: str | None = str(made.method[i]) if value is not None else None
        undefined = None if value is not None else item.undefined_when
        num = finite(float(made.num[i])) if made.num is not None else None
        den = finite(float(made.den[i])) if made.den is not None else None
        if bounded and i in bounded:
            low, high, undefined = bounded[i]
            value, method, num, den = None, BOUNDS_METHOD if low is not None else None, None, None
        if suppressed:
            value = low = high = num = den = method = None
            undefined = SUPPRESSED
        records.append(
            RateRecord(
                item.id, of.name, group, levels, cutoff, num, den, value, low, high, method,
                int(made.n[i]), undefined, band,
            )
        )  # fmt: skip
    return records


# Score bands


def _band_records(of: Grouping, item: Metric, *, confidence: float, seed: int) -> list[RateRecord]:
    records: list[RateRecord] = []
    for name, bins in score_bands(of.cube):
        made = measure(item, _banded(of, bins), confidence=confidence, seed=seed)
        records += _records(of, item, made.first_band(), None, None, name)
    return records


def _banded(of: Grouping, bins: slice) -> ScoreTable:
    """Return everybody in some bins as people of one bin."""
    s = of.cube.score_table()
    return ScoreTable(s.table[:, bins].sum(axis=1)[:, None], s.scores[:, :1], s.squares[:, :1], s.higher_is_better)


def score_bands(cube: Cube) -> list[tuple[str, slice]]:
    """Return bands of the score table's bins, from the worst score to the best, with their names.

    Up to ten distinct scores are a band each; more are cut into five bands of about equal people, over
    all groups together, so that the bands are the same for every group.
    """
    score = cube.axes.score
    if score is None:
        return []
    s = cube.score_table()
    people = s.people.n.sum(axis=0)
    if score.values is not None and len(score.values) <= MOST_BANDS:
        stops = np.arange(1, len(people) + 1)
    else:
        share = np.cumsum(people) / people.sum()
        wanted = np.searchsorted(share, np.arange(1, POOLED_BANDS) / POOLED_BANDS) + 1
        stops = np.unique([*wanted, len(people)])
    bands, start = [], 0
    for stop in stops.tolist():
        if people[start:stop].sum() > 0:
            bands.append((band_name(cube, start, stop, len(people)), slice(start, stop)))
        start = stop
    return bands


def band_name(cube: Cube, start: int, stop: int, bins: int) -> str:
    score = cube.axes.score
    assert score is not None  # noqa: S101 - bands are made of scores
    if score.higher_is == "worse":
        start, stop = bins - stop, bins - start
    if score.values is not None:
        low, high = float(score.values[start]), float(score.values[stop - 1])
        return f"{low:.6g}" if low == high else f"{low:.6g} to {high:.6g}"
    assert score.edges is not None  # noqa: S101
    low = float(score.edges[start - 1]) if start else score.low
    high = float(score.edges[stop - 1]) if stop - 1 < len(score.edges) else score.high
    return f"{low:.6g} to {high:.6g}"
