"""Metrics and contrasts of people who come in clusters: the same numbers, with intervals and tests from replicates.

Replicates are kept of decisions and outcomes, and of scores in bins. What neither can tell has no interval here, and
says so: one that took people for independent of each other would be too short.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..cube.replicates import Replicated
from ..metrics.base import METRICS, Contrast, Floats, Metric, Rate
from ..metrics.disparity import rates, value
from .clustered_scores import ClusteredScores, compare_scores, measure_scores
from .combining import bonferroni_p, mean_absolute, worst_of
from .contrast import Comparisons
from .of_contrasts import Asked, Compared, by_width, compare_groups
from .of_metrics import Measured
from .power import minimum_detectable_ratio, people_needed
from .replicates import (
    FEWEST_CLUSTERS,
    Clustered,
    clustered_interval,
    clustered_mean_gap,
    clustered_mean_interval,
    compare_clustered,
    effective_pair,
)

NAN = math.nan


@dataclasses.dataclass(frozen=True, slots=True)
class Clusters:
    """What people come in: the column, and how many clusters there are in all."""

    column: str
    number: float
    exact: bool

    @property
    def words(self) -> str:
        """How intervals are made, in words.

        Examples
        --------
        >>> Clusters("household", 1204.0, exact=False).words
        "replicate weights over about 1,200 clusters of 'household'"
        """
        many = f"{self.number:,.0f}" if self.exact else f"about {float(f'{self.number:.2g}'):,.0f}"
        return f"replicate weights over {many} clusters of '{self.column}'"

    @property
    def no_interval(self) -> str:
        """Why a metric has no interval, in words."""
        return f"no interval that allows for clusters of '{self.column}'"


def measure_clustered(
    item: Metric, counts: Any, replicated: Replicated | None, clusters: Clusters, *, confidence: float
) -> Measured:
    """Return a metric of every group with the interval that its clusters leave.

    Parameters
    ----------
    item
        The metric.
    counts
        A Confusion or a ScoreTable, as the metric's kind asks.
    replicated
        The replicates of the same decision rule; None where none were kept: there is then no interval.
    clusters
        What people come in.
    confidence
        Coverage aimed at.
    """
    made = item(counts)
    if item.kind == "count":
        return _plain(made.n, made.n, "counted")
    parts: tuple[Rate, ...] = made if isinstance(made, tuple) else (made,)
    first = parts[0]
    number = np.mean([part.value for part in parts], axis=0)
    people = np.asarray(sum(part.n for part in parts))
    num, den = (first.num, first.den) if isinstance(made, Rate) else (None, None)
    if replicated is None or not isinstance(first, Rate):
        return _plain(number, people, clusters.no_interval, num, den)
    sides = _clustered(made, item(replicated.confusion), replicated.clusters)
    return measure_sides(sides, people, clusters, num=num, den=den, confidence=confidence)


def measure_sides(
    sides: Sequence[Clustered],
    people: Floats,
    clusters: Clusters,
    *,
    num: Floats | None = None,
    den: Floats | None = None,
    confidence: float,
) -> Measured:
    """Return a rate of every group, or the mean of several, with the interval of its replicates."""
    number = np.mean([side.value for side in sides], axis=0)
    if len(sides) > 1:
        low, high, method = clustered_mean_interval(sides, confidence=confidence)
    else:
        low, high, method = clustered_interval(sides[0], confidence=confidence)
    names = np.array([f"{name}, {clusters.words}" for name in np.broadcast_to(method, number.shape).flat], dtype=object)
    return Measured(number, np.asarray(low), np.asarray(high), names.reshape(number.shape), people, num, den)


def measure_clustered_scores(
    item: Metric, scores: ClusteredScores, clusters: Clusters, *, confidence: float, seed: int
) -> Measured:
    """Return a metric of every group's scores with the interval of its replicates.

    Parameters
    ----------
    item
        The metric, of the kind that is an estimate.
    scores
        The groups with their replicates by score.
    clusters
        What people come in.
    confidence
        Coverage aimed at.
    seed
        Of the draws behind the interval of KS.
    """
    made = item(scores.table)
    low, high = np.full(made.value.shape, NAN), np.full(made.value.shape, NAN)
    names = np.full(made.value.shape, clusters.no_interval, dtype=object)
    for i in range(len(made.value)):
        rng = np.random.default_rng([seed, i])
        low[i], high[i], name = measure_scores(item, scores.of([i]), confidence=confidence, rng=rng)
        if name is not None:
            names[i] = f"{name}, {clusters.words}"
    return Measured(made.value, low, high, names, made.n)


def _plain(number: Floats, people: Floats, method: str, num: Any = None, den: Any = None) -> Measured:
    nothing = np.full(number.shape, NAN)
    return Measured(number, nothing, nothing, np.full(number.shape, method, dtype=object), people, num, den)


def _clustered(made: Any, drawn: Any, clusters: Floats) -> list[Clustered]:
    """Return each rate with its replicates."""
    pairs = zip(made, drawn, strict=True) if isinstance(made, tuple) else [(made, drawn)]
    return [Clustered.of(rate, replicates, clusters) for rate, replicates in pairs]


# Contrasts


def compare_clustered_groups(
    item: Contrast,
    groups: Any,
    references: Any,
    replicated: tuple[Replicated, Replicated] | None,
    clusters: Clusters,
    *,
    everybody: Any = None,
    asked: Asked | None = None,
) -> list[Compared]:
    """Set groups of people in clusters against their references.

    Parameters
    ----------
    item
        The contrast.
    groups, references
        Confusions or ScoreTables [group, ...] of the same number of groups.
    replicated
        The replicates of the groups and of the references; None where none were kept.
    clusters
        What people come in.
    everybody, asked
        As in :func:`fairaudit.inference.of_contrasts.compare_groups`.

    Returns
    -------
    list of Compared
        One a group. Without replicates the value stands alone. With fewer than 20 clusters on a side
        ``undecided`` says so.
    """
    asked = asked or Asked()
    if replicated is None:
        plain = compare_groups(item, groups, references, everybody=everybody, asked=asked)
        return [_alone(one, clusters) for one in plain]
    sides = (
        _clustered(rates(item, groups), rates(item, replicated[0].confusion), replicated[0].clusters),
        _clustered(rates(item, references), rates(item, replicated[1].confusion), replicated[1].clusters),
    )
    pairs = list(zip(*sides, strict=True))
    made = _of_one(item, *pairs[0], asked) if len(pairs) == 1 else _of_several(item, pairs, asked)
    effect = np.atleast_1d(value(item, groups, references))
    fewest = [np.min([side.clusters for side in each], axis=0) for each in sides]
    people = [np.sum([np.atleast_1d(side.rate.n) for side in each], axis=0) for each in sides]
    return [
        _compared(item, float(effect[i]), made, i, [p[i] for p in people], [f[i] for f in fewest], clusters, asked)
        for i in range(len(effect))
    ]


def compare_clustered_scores(
    item: Contrast,
    scores: ClusteredScores,
    groups: Sequence[int],
    references: Sequence[Sequence[int]],
    clusters: Clusters,
    *,
    asked: Asked | None = None,
) -> list[Compared]:
    """Set groups' scores against their references': standardized mean differences and differences of AUCs.

    Parameters
    ----------
    item
        The contrast.
    scores
        All groups with their replicates by score.
    groups
        Numbers of the groups.
    references
        For each the numbers of the groups that it is set against.
    clusters
        What people come in.
    asked
        As in :func:`fairaudit.inference.of_contrasts.compare_groups`.

    Returns
    -------
    list of Compared
        One a group.
    """
    asked = asked or Asked()
    everybody = scores.of(range(len(scores.table.table.n)))
    levels = (asked.confidence_each, 1 - 2 * asked.alpha_each)
    out = []
    for group, against in zip(groups, references, strict=True):
        mine, theirs = scores.of([group]), scores.of(against)
        together = float(scores.everybody.pooled([group, *against]).clusters)
        two, one = (
            compare_scores(item, mine, theirs, everybody, together=together, confidence=sure) for sure in levels
        )
        people = [float(METRICS[item.of[0]](side.fine).n) for side in (mine, theirs)]
        values = [METRICS[item.of[0]](side.fine).value for side in (mine, theirs)]
        if item.how == "standardized_difference":
            values = [side.fine.sign * each for side, each in zip((mine, theirs), values, strict=True)]
        made = {
            "value": two.value, "low": two.low, "high": two.high, "n": people[0], "n_reference": people[1],
        }  # fmt: skip
        able = bool(np.isfinite([two.low, two.high]).all())
        found = by_width(item, made, asked) if able else {}
        made |= {
            "ends": [two.low, two.high, one.low, one.high], "two": _listed(two), "values": values,
            "detectable": found.get("minimum_detectable"), "needed": found.get("people_needed"),
        }  # fmt: skip
        done = _compared(item, float(two.value), made, 0, people, [mine.clusters, theirs.clusters], clusters, asked)
        out.append(done if able or done.undefined else _alone(done, clusters))
    return out


def _listed(made: Comparisons) -> Comparisons:
    return Comparisons(*(np.atleast_1d(getattr(made, field.name)) for field in dataclasses.fields(made)))


def _alone(one: Compared, clusters: Clusters) -> Compared:
    return dataclasses.replace(
        one, low=NAN, high=NAN, low_one_sided=NAN, high_one_sided=NAN, method=clusters.no_interval, test=None, p=None,
        unbounded="value" if math.isinf(one.value) else None, people_needed=None, minimum_detectable=None,
        sensitivity={}, undecided=None if one.undefined else clusters.no_interval,
    )  # fmt: skip


def _of_one(item: Contrast, mine: Clustered, theirs: Clustered, asked: Asked) -> dict[str, Any]:
    how: Any = "difference" if item.how == "shortfall" else item.how
    two, one = (
        compare_clustered(mine, theirs, how=how, confidence=sure)
        for sure in (asked.confidence_each, 1 - 2 * asked.alpha_each)
    )
    ends = [two.low, two.high, one.low, one.high]
    if item.how == "shortfall":
        ends = [-mine.rate.den * end for end in (ends[1], ends[0], ends[3], ends[2])]
    made: dict[str, Any] = {"ends": ends, "two": two, "values": (mine.value, theirs.value)}
    if item.how == "ratio" and item.adverse == "below":
        pair = effective_pair(mine, theirs)
        some = np.where(pair.n > 0, pair.n, NAN)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(pair.m > 0, pair.b / pair.m, NAN)
        made["detectable"] = minimum_detectable_ratio(some, pair.m, rate, alpha=asked.alpha, power=asked.power)
        if asked.line is not None:
            made["needed"] = [_needed(pair, i, float(mine.rate.n[i]), asked) for i in range(len(pair.n))]
    return made


def _needed(pair: Any, i: int, people: float, asked: Asked) -> int | None:
    """Return the people of the group that would settle it, in clusters such as these."""
    table = tuple(float(x[i]) for x in (pair.a, pair.n, pair.b, pair.m))
    if not (table[1] > 0 and table[3] > 0):
        return None
    line = float(asked.line or 0)
    past = table[0] / table[1] < line * table[2] / table[3]
    alpha = asked.alpha / max(asked.family, asked.comparisons) if past else asked.alpha_each
    found = people_needed(*table, line=line, alpha=alpha, power=asked.power)
    if found is None or not math.isfinite(found):
        return None
    return max(math.ceil(found * max(1.0, people / table[1])), asked.minimum_n)


def _of_several(item: Contrast, pairs: list[tuple[Clustered, Clustered]], asked: Asked) -> dict[str, Any]:
    levels = (asked.confidence_each, 1 - 2 * asked.alpha_each)
    if item.how == "mean_difference":
        two, one = (clustered_mean_gap(pairs, confidence=sure) for sure in levels)
        return {"ends": [two.low, two.high, one.low, one.high], "two": two}
    combine, name = (worst_of, "larger") if item.how == "worst_difference" else (mean_absolute, "mean")
    spread = len(pairs)
    gaps, gaps_one = (
        [compare_clustered(*pair, how="difference", confidence=1 - (1 - sure) / spread) for pair in pairs]
        for sure in levels
    )
    both, bound = combine(gaps), combine(gaps_one)
    shape = np.shape(gaps[0].value)
    found = Comparisons(
        gaps[0].value, np.asarray(both.low), np.asarray(both.high),
        np.full(shape, f"{name} of two simultaneous (Bonferroni) intervals", dtype=object),
        np.full(shape, "Bonferroni over both gaps, t over clusters", dtype=object),
        np.asarray(bonferroni_p([gap.p for gap in gaps])),
    )  # fmt: skip
    return {"ends": [found.low, found.high, np.asarray(bound.low), np.asarray(bound.high)], "two": found}


def _compared(
    item: Contrast,
    effect: float,
    made: dict[str, Any],
    i: int,
    people: list[float],
    fewest: list[float],
    clusters: Clusters,
    asked: Asked,
) -> Compared:
    ends: tuple[float, float, float, float] = tuple(float(np.atleast_1d(end)[i]) for end in made["ends"])  # type: ignore[assignment]
    p = float(np.atleast_1d(made["two"].p)[i])
    values = [float(np.atleast_1d(side)[i]) for side in made.get("values", ())]
    known = [None if math.isnan(x) else x for x in values] or [None, None]
    base = Compared(
        effect, *ends, None, None, None, int(people[0]), int(people[1]), asked.confidence, known[0], known[1]
    )
    if math.isnan(effect):
        return dataclasses.replace(
            base, low=NAN, high=NAN, low_one_sided=NAN, high_one_sided=NAN, undefined=item.undefined_when
        )
    sides = (("value", effect), ("high", ends[1]), ("low", ends[0]))
    detectable = made.get("detectable")
    return dataclasses.replace(
        base,
        method=f"{made['two'].method[i]}, {clusters.words}{asked.widened}",
        test=str(made["two"].test[i]),
        p=None if math.isnan(p) else p,
        unbounded=next((side for side, x in sides if math.isinf(x)), None),
        undecided=_too_few(fewest, clusters),
        people_needed=made["needed"][i] if made.get("needed") else None,
        minimum_detectable=None if detectable is None or math.isnan(detectable[i]) else float(detectable[i]),
    )


def _too_few(fewest: list[float], clusters: Clusters) -> str | None:
    for number, whose in zip(fewest, ("the group", "the reference"), strict=True):
        if number < FEWEST_CLUSTERS:
            many = "1 cluster" if number == 1 else f"{int(number)} clusters"
            return (
                f"{many} of '{clusters.column}' in {whose}; with fewer than {FEWEST_CLUSTERS} it cannot be told "
                "what chance does"
            )
    return None
