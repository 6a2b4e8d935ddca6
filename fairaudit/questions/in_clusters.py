"""Intervals and chance of every measurement where people come in clusters, from the replicates.

The questions themselves take people one by one. Of their records the values stay, what takes people to be
independent goes, and what the replicates can tell stands in its place. What they cannot tell has its reason.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..cube.confusion import Confusion
from ..cube.replicates import Replicated, rule_name
from ..inference.clustered_measures import (
    ALIKE,
    DRAWS,
    chance,
    clustered_profit_interval,
    moves_of,
    rates_alike,
    t_interval,
    widest_pair,
)
from ..inference.of_clusters import Clusters
from ..inference.replicates import CLUSTER_T, Clustered, clustered_interval, compare_clustered, deviations
from ..inference.stratified import (
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
)
from ..measuring import Grouping, grouping, replicated
from ..metrics import summaries as m
from ..metrics.base import METRICS, Floats, Rate
from ..result import Measurement, finite
from .calibration import AROUND
from .common import Asking, adjusted, shown
from .controls_in_clusters import adjusted_effect
from .scores_in_clusters import SCORE_FILLERS, ScorePlace, score_place

Fields = dict[str, Any]
EXCESS = frozenset({"smallest_selection_ratio"})
"""Ratios, of which less is worse: what chance takes from 1 is told as the ratio it leaves."""
REASONS: Mapping[str, str] = {
    "abroca": "what chance makes of the area is dealt person by person",
    "stratum_homogeneity": "the test of homogeneity over strata takes people to be independent",
    "adjusted_marginal_effect": "it is fitted from rows, of which the replicates hold nothing",
    "brier_resolution": "what noise adds to it is known of independent people only",
}
"""Measures that the replicates do not serve, and why."""
TESTS = frozenset({"simpson_reversal", "stratum_homogeneity"})
"""Measures that are nothing but a test."""
PREDICTED = frozenset({"calibration_curve"})
"""Measures whose expected value is a prediction, not what chance gives."""


@dataclass(frozen=True, eq=False)
class Place:
    """One grouping at one decision rule: counts, replicates and who may be compared."""

    of: Grouping
    cutoff: float | None
    asking: Asking
    drawn: Replicated

    @cached_property
    def k(self) -> Confusion:
        return self.of.cube.confusion(self.cutoff)

    @cached_property
    def able(self) -> list[int]:
        return shown(self.of, self.k, self.asking.policy)

    @cached_property
    def some(self) -> list[int]:
        """The groups of a summary."""
        return [i for i in self.able if self.k.people.w[i] > 0]

    def rates(self, of: Callable[[Confusion], Rate]) -> Clustered:
        """Return a rate of the groups of a summary."""
        part = self.drawn[self.some]
        return Clustered.of(of(self.k[self.some]), of(part.confusion), part.clusters)

    @cached_property
    def strata(self) -> Strata | None:
        return strata_of(self)

    def rng(self, metric: str) -> np.random.Generator:
        return self.asking.rng(self.of.name, str(self.cutoff), metric, "clusters")


def in_clusters(
    records: Iterable[Measurement], groupings: Sequence[Grouping], asking: Asking, clusters: Clusters | None
) -> list[Measurement]:
    """Return the measurements with the intervals, tests and chance that clusters leave.

    Parameters
    ----------
    records
        Of all questions, as if people were independent.
    groupings
        What they were asked of.
    asking
        What they were asked with.
    clusters
        What people come in; None changes nothing.
    """
    if clusters is None:
        return list(records)
    records = list(records)
    by_name = {of.name: of for of in groupings}
    places: dict[tuple[str, float | None], Place | None] = {}
    scores: dict[str, ScorePlace | None] = {}
    out = []
    for record, bare in zip(records, _bare(records, clusters), strict=True):
        of, filler = by_name.get(record.attribute), FILLERS.get(record.metric)
        of_scores = SCORE_FILLERS.get(record.metric)
        if record.metric in REASONS and bare.method == clusters.no_interval:
            bare = dataclasses.replace(bare, method=f"{clusters.no_interval}: {REASONS[record.metric]}")
        if record.method is not None and clusters.words in record.method:
            out.append(record)  # the question has allowed for clusters itself
            continue
        if of is None or record.undefined is not None or record.value is None:
            out.append(bare)
            continue
        if of_scores is not None:
            if of.name not in scores:
                scores[of.name] = score_place(of, asking)
            found = scores[of.name]
            out.append(bare if found is None else _filled(record, bare, of_scores(found, record), clusters))
            continue
        if filler is None:
            out.append(bare)
            continue
        key = (of.name, record.cutoff)
        if key not in places:
            drawn = replicated(of, rule_name(record.cutoff))
            places[key] = None if drawn is None else Place(of, record.cutoff, asking, drawn)
        place = places[key]
        out.append(bare if place is None else _filled(record, bare, filler(place, record), clusters))
    return _adjusted(out)


def _bare(records: Iterable[Measurement], clusters: Clusters) -> list[Measurement]:
    """Return the measurements without intervals, tests and chance that take people to be independent."""
    why = clusters.no_interval
    out = []
    for record in records:
        # Bounds over all that is possible are no interval of a sample; the sampling beside them goes.
        bound, mark, _ = (record.method or "").partition("; with sampling")
        kept: dict[str, Any] = {"method": bound} if mark else {"method": why, "low": None, "high": None}
        if record.metric not in PREDICTED:
            kept |= {"expected": None, "excess": None}
        if record.metric in TESTS:
            kept |= {"value": None, "undefined": why}
        if record.undefined is not None and not mark:
            kept["method"] = None
        if record.note is not None:
            kept["note"] = record.note.partition(AROUND)[0]
        out.append(dataclasses.replace(record, test=None, p=None, p_adjusted=None, **kept))
    return out


def _filled(record: Measurement, bare: Measurement, fields: Fields, clusters: Clusters) -> Measurement:
    numbers: dict[str, Any] = {
        key: finite(float(fields[key])) for key in ("low", "high", "expected", "excess", "p") if key in fields
    }
    if not any(number is not None for number in numbers.values()):
        return bare
    method = f"{fields['method']}, {clusters.words}" if "method" in fields else bare.method
    test = fields.get("test") if numbers.get("p") is not None else None
    # What was not tested before (a level that the policy leaves out) is not tested now.
    if record.test is None and record.p is None:
        numbers.pop("p", None)
        test = None
    return dataclasses.replace(bare, method=method, test=test, **numbers)


def _adjusted(records: Sequence[Measurement]) -> list[Measurement]:
    """Correct the p-values of each question together, as the questions do."""
    out = list(records)
    for topic in dict.fromkeys(record.topic for record in records):
        mine = [i for i, record in enumerate(records) if record.topic == topic]
        for i, record in zip(mine, adjusted([records[i] for i in mine]), strict=True):
            out[i] = record
    return out


# Over all groups at once


def _alike(record: Measurement, drawn: Floats) -> Fields:
    value = float(record.value or 0.0)
    if record.metric in EXCESS:
        made = chance(-value, -drawn)
        made |= {key: -made[key] for key in ("expected", "excess") if key in made}
    else:
        made = chance(value, drawn)
    return {**made, "test": ALIKE, "method": ALIKE} if made else {}


def _selection(k: Confusion) -> Rate:
    made: Rate = METRICS["selection_rate"](k)
    return made


def _by_selection(statistic: Callable[[Floats, Floats], Floats]) -> Callable[[Place, Measurement], Fields]:
    """Return a filler of a statistic of selected people and people [..., group]."""

    def fill(place: Place, record: Measurement) -> Fields:
        rates = place.rates(_selection)
        people = rates.rate.den
        drawn = rates_alike(rates, place.rng(record.metric)) * people
        return _alike(record, statistic(drawn, people))

    return fill


def _information(selected: Floats, people: Floats) -> Floats:
    return m.information(np.stack([selected, people - selected], axis=-1)[..., None, :, :])


def _widest(selected: Floats, people: Floats) -> Floats:
    return np.asarray(np.ptp(selected / people, axis=-1))


def _smallest(selected: Floats, people: Floats) -> Floats:
    rates = selected / people
    top = rates.max(axis=-1)
    return np.asarray(np.where(top > 0, rates.min(axis=-1) / np.where(top > 0, top, 1.0), 1.0))


def _pairs(how: str, statistic: Callable[[Floats, Floats], Floats]) -> Callable[[Place, Measurement], Fields]:
    by_chance = _by_selection(statistic)

    def fill(place: Place, record: Measurement) -> Fields:
        low, high, pairs = widest_pair(place.rates(_selection), how, place.asking.confidence)
        return by_chance(place, record) | {
            "low": low, "high": high, "method": f"widest of {pairs} pairs (Bonferroni), {CLUSTER_T}",
        }  # fmt: skip

    return fill


def _two_sided(parts: Sequence[Callable[[Confusion], Rate]]) -> Callable[[Place, Measurement], Fields]:
    """Return a filler of the information that is left given a decision, or given an outcome."""

    def fill(place: Place, record: Measurement) -> Fields:
        rng = place.rng(record.metric)
        sides = []
        for part in parts:
            rates = place.rates(part)
            if not (rates.rate.den > 0).all():
                return {}
            counted = rates_alike(rates, rng) * rates.rate.den
            sides.append(np.stack([counted, rates.rate.den - counted], axis=-1))
        return _alike(record, m.information(np.stack(sides, axis=-3)))

    return fill


def _given_decision(side: int) -> Callable[[Confusion], Rate]:
    return lambda k: Rate.of(k.table[..., side, 0], k.table[..., side, :2].sum(axis=-1))


def _given_outcome(side: int) -> Callable[[Confusion], Rate]:
    return lambda k: Rate.of(k.table[..., 0, side], k.table[..., :, side].sum(axis=-1))


def _odds(place: Place, record: Measurement) -> Fields:
    sure = 1 - (1 - place.asking.confidence) / 2
    rng = place.rng(record.metric)
    rates = [place.rates(_given_outcome(side)) for side in (0, 1)]
    ends = [widest_pair(one, "difference", sure) for one in rates]
    drawn = np.maximum(*(np.ptp(rates_alike(one, rng), axis=-1) for one in rates))
    return _alike(record, drawn) | {
        "low": max(end[0] for end in ends), "high": max(end[1] for end in ends),
        "method": f"widest of {ends[0][2]} pairs (Bonferroni), {CLUSTER_T}",
    }  # fmt: skip


def _benefits(k: Confusion) -> Floats:
    """Return weights [..., group, kind] of what decisions brought: too little, what was deserved, too much."""
    return np.asarray(m.benefits(k)[0])


def _inequality(alpha: int) -> Callable[[Place, Measurement], Fields]:
    def fill(place: Place, record: Measurement) -> Fields:
        values = m.benefits(place.k[place.some])[1]

        def index(counts: Floats) -> Floats:
            return m.generalized_entropy(counts, values, alpha=alpha)

        part = place.drawn[place.some]
        whole, drawn = _benefits(place.k[place.some]).sum(axis=-2), _benefits(part.confusion).sum(axis=-2)
        clusters = float(place.drawn.pooled(place.some).clusters)
        moves = moves_of(index, whole, drawn, clusters)
        made = t_interval(float(record.value or 0.0), moves, clusters, confidence=place.asking.confidence)
        return {"low": max(0.0, made.low), "high": made.high, "method": f"{CLUSTER_T}, 0 at the least"}

    return fill


def _between(place: Place, record: Measurement) -> Fields:
    part = place.drawn[place.some]
    counts, values = m.benefits(place.k[place.some])
    moved = _benefits(part.confusion)
    people = counts.sum(axis=-1, keepdims=True)
    residual = (moved - counts / people * moved.sum(axis=-1, keepdims=True)) / people
    share = counts.sum(axis=0) / counts.sum()
    clusters = float(part.clusters.min())
    if clusters < 2:
        return {}
    away = deviations(residual * np.sqrt(clusters / (clusters - 1)), clusters, place.rng(record.metric), DRAWS)
    alike = np.clip(share + away, 0.0, None)
    return _alike(record, m.between_groups(alike / alike.sum(axis=-1, keepdims=True) * people, values))


# What decisions bring


def _group_of(place: Place, record: Measurement) -> tuple[Confusion, Replicated]:
    if record.group is None:
        return place.k.pooled(place.able), place.drawn.pooled(place.able)
    i = place.of.groups.index(record.group)
    return place.k[i], place.drawn.pooled([i])


def _profit(place: Place, record: Measurement) -> Fields:
    payoff = place.asking.payoff
    if payoff is None:
        return {}
    k, drawn = _group_of(place, record)

    def share(of: str) -> Clustered:
        sides = [Rate.of(getattr(one, of), one.people) for one in (k, drawn.confusion)]
        return Clustered.of(sides[0], sides[1], drawn.clusters)

    made = clustered_profit_interval(
        share("true_positives"), share("false_positives"), payoff, confidence=place.asking.confidence
    )
    return {"low": made.low, "high": made.high, "method": made.method}


def _profit_per_selected(place: Place, record: Measurement) -> Fields:
    payoff = place.asking.payoff
    if payoff is None:
        return {}
    k, drawn = _group_of(place, record)
    item: Any = METRICS["positive_predictive_value"]
    rate = Clustered.of(item(k), item(drawn.confusion), drawn.clusters)
    made = clustered_interval(rate, confidence=place.asking.confidence)
    low, high = (payoff.bad + (payoff.good - payoff.bad) * float(end) for end in (made.low, made.high))
    return {"low": low, "high": high, "method": str(made.method)}


# Strata


@dataclass(frozen=True, eq=False)
class Strata:
    """People [stratum, group, selected or not], the same of each replicate, and each part's replicates by words."""

    whole: Floats
    drawn: Floats
    rates: dict[tuple[str, str], Clustered]


def strata_of(place: Place) -> Strata | None:
    """Return the strata of a grouping with their replicates; None where people carry weights, or without strata."""
    of, names = place.of, place.of.whole.schema.strata
    if not names or of.crossing or of.cube.weighted:
        return None
    fine = grouping(of.whole, [of.name, *names])
    drawn = replicated(fine, rule_name(place.cutoff))
    if drawn is None:
        return None
    k = fine.cube.confusion(place.cutoff)
    sides = [_selection(one) for one in (k, drawn.confusion)]
    each = Clustered.of(sides[0], sides[1], drawn.clusters)
    words = [", ".join(f"{name} {levels[name]}" for name in names) for levels in fine.levels]
    order = {text: place for place, text in enumerate(dict.fromkeys(words))}
    whole = np.zeros((len(order), len(of.groups), 2))
    moved = np.zeros((drawn.confusion.table.n.shape[0], *whole.shape))
    rates = {}
    for cell, (text, levels) in enumerate(zip(words, fine.levels, strict=True)):
        at = order[text], of.groups.index(levels[of.name])
        for rate, table, key in ((sides[0], whole, at), (sides[1], moved, (slice(None), *at))):
            table[(*key, 0)] = rate.num[..., cell]
            table[(*key, 1)] = (rate.den - rate.num)[..., cell]
        rates[text, levels[of.name]] = each[cell]
    return Strata(whole, moved, rates)


POOLED: Mapping[str, tuple[Callable[[Any], Any], bool]] = {
    "segmented_adverse_impact_ratio": (mantel_haenszel_risk_ratio, True),
    "mantel_haenszel_odds_ratio": (mantel_haenszel_odds_ratio, True),
    "conditional_selection_rate_difference": (mantel_haenszel_risk_difference, False),
}


def _pooled(place: Place, record: Measurement) -> Fields:
    strata = place.strata
    if strata is None:
        return {}
    pair = [place.of.groups.index(str(name)) for name in (record.group, record.reference)]
    how, log = POOLED[record.metric]

    def number(counts: Floats) -> Floats:
        value = np.asarray(how(counts).value)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(value) if log else value

    clusters = float(place.drawn.clusters[pair].min())
    whole, drawn = strata.whole[:, pair], strata.drawn[:, :, pair]
    moves = moves_of(number, whole, drawn, clusters)
    made = t_interval(float(number(whole)), moves, clusters, confidence=place.asking.confidence)
    ends = [float(np.exp(end)) if log else end for end in (made.low, made.high)]
    name = f"Mantel-Haenszel, {CLUSTER_T}"
    return {"low": ends[0], "high": ends[1], "p": made.p, "test": CLUSTER_T, "method": name}


def _in_stratum(place: Place, record: Measurement) -> Fields:
    if place.strata is None:
        return {}
    sides = [place.strata.rates.get((str(record.detail), str(name))) for name in (record.group, record.reference)]
    if sides[0] is None or sides[1] is None:
        return {}
    made = compare_clustered(sides[0], sides[1], how="ratio", confidence=place.asking.confidence)
    low, high, p = (float(np.asarray(x)) for x in (made.low, made.high, made.p))
    return {"low": low, "high": high, "p": p, "test": CLUSTER_T, "method": str(made.method[()])}


FILLERS: dict[str, Callable[[Place, Measurement], Fields]] = {
    "independence": _by_selection(_information),
    "differential_fairness": _by_selection(m.differential_fairness),
    "largest_selection_gap": _pairs("difference", _widest),
    "smallest_selection_ratio": _pairs("ratio", _smallest),
    "sufficiency": _two_sided([_given_decision(0), _given_decision(1)]),
    "separation": _two_sided([_given_outcome(0), _given_outcome(1)]),
    "largest_equalized_odds_gap": _odds,
    "generalized_entropy_index": _inequality(2),
    "theil_index": _inequality(1),
    "between_group_entropy": _between,
    "expected_profit": _profit,
    "expected_profit_per_selected": _profit_per_selected,
    **dict.fromkeys(POOLED, _pooled),
    "adverse_impact_ratio_in_stratum": _in_stratum,
    "adjusted_marginal_effect": adjusted_effect,
}
