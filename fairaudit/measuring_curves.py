"""From a cube to curves: rates and ratios at every cut-off, with intervals and simultaneous bands.

How they are made follows how people were drawn: one by one, with weights, or in clusters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cube.confusion import Confusion
from .inference.bands import Curve, Paths, largest_of_paths, replicate_paths, weighted_paths
from .inference.bootstrap import derive_seed
from .inference.intervals import miettinen_nurminen_ratio
from .inference.of_clusters import Clusters
from .inference.of_metrics import effective, is_weighted, measure
from .inference.proportion import design_factor
from .inference.replicates import Clustered, clustered_interval, effective_pair, normal_confidence
from .inference.simultaneous import BAND_DRAWS, Band, largest_statistics, rate_band, ratio_band
from .measuring import Grouping, clustered_scores, clusters_of
from .metrics.base import METRICS, Rate
from .result import BandRecord, CurveRecord, Curves, finite

_FAR = 0.999
"""Few degrees of freedom tell most far out, where bands are."""


def measure_curves(
    groupings: Iterable[tuple[Grouping, str | None]], *, confidence: float, seed: int = 0
) -> Curves | None:
    """Return selection rates and adverse impact ratios over all cut-offs, with intervals and simultaneous bands.

    Parameters
    ----------
    groupings
        Groups, each with the name of its reference (None: no ratios).
    confidence
        Of the intervals at each cut-off, and of the bands over all groups and cut-offs.
    seed
        Of the draws behind the bands.
    """
    records: list[CurveRecord] = []
    bands: list[BandRecord] = []
    cutoffs: list[float] = []
    for of, reference in groupings:
        values, k = of.cube.confusions()
        cutoffs = [float(value) for value in values]
        identified = not (k.unobserved.n > 0).any() and of.cube.has_outcome
        wanted = ["selection_rate"]
        if of.cube.has_outcome:
            wanted.append("false_discovery_rate")
        if identified:
            wanted += ["true_positive_rate", "false_positive_rate"]
        made = {name: METRICS[name](k).value for name in wanted}
        hidden = of.cube.suppressed if of.cube.suppressed is not None else np.zeros(len(of.groups), dtype=bool)
        against = of.groups.index(reference) if reference in of.groups else None
        if against is not None and hidden[against]:
            against = None
        drawn = _drawn(of, k) if of.cube.schema.cluster is not None else None
        ends = _pointwise(of, k, drawn, against, confidence)
        band, told = _simultaneous(of, k, drawn, against, ~hidden, confidence=confidence, seed=seed)
        bands += told
        for i, group in enumerate(of.groups):
            columns: dict[str, np.ndarray] = {}
            for name, curve in made.items():
                columns[name] = curve[:, i]
            columns |= {name: array[:, i] for name, array in (ends | band).items()}
            plain = {
                name: [None if hidden[i] else finite(float(value)) for value in array]
                for name, array in columns.items()
            }
            records.append(CurveRecord(of.name, group, plain))
    return Curves(cutoffs, records, bands) if records else None


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Selection rates at every cut-off [cutoff, group] with their replicates, and what people come in."""

    rates: Clustered
    clusters: Clusters


def _drawn(of: Grouping, k: Confusion) -> _Drawn | None:
    """Return the replicates of every cut-off; None where scores were not counted by cluster."""
    scores, clusters, axis = clustered_scores(of), clusters_of(of), of.cube.axes.score
    if scores is None or clusters is None or axis is None:
        return None
    at = np.array([axis.first_above(float(cutoff)) for cutoff in axis.cutoffs()])
    worst = at if axis.higher_is == "better" else axis.scored_bins - at
    item = METRICS["selection_rate"]
    rate = item(k)
    parts = []
    for i in range(len(of.groups)):
        moved = item(scores.above(i, worst, Confusion(k.table[:, i])))
        parts.append(Clustered.of(rate[:, i], moved, np.asarray(scores.everybody.clusters[i])))
    moves, spread, clusters_in = (
        np.stack([getattr(part, name) for part in parts], axis=-1) for name in ("moves", "spread", "clusters")
    )
    return _Drawn(Clustered(rate, moves, spread, clusters_in), clusters)


def _pointwise(
    of: Grouping, k: Confusion, drawn: _Drawn | None, reference: int | None, confidence: float
) -> dict[str, np.ndarray]:
    """Return what holds at one cut-off at a time: intervals of selection rates, and ratios with theirs."""
    item = METRICS["selection_rate"]
    rate = item(k)
    columns: dict[str, np.ndarray] = {}
    able = of.cube.schema.cluster is None or drawn is not None
    if drawn is not None:
        columns["selection_rate_low"], columns["selection_rate_high"] = (
            np.asarray(end) for end in clustered_interval(drawn.rates, confidence=confidence)[:2]
        )
    elif able:
        made = measure(item, k, confidence=confidence, seed=0)
        columns["selection_rate_low"], columns["selection_rate_high"] = made.low, made.high
    if reference is None:
        return columns
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["adverse_impact_ratio"] = rate.value / rate.value[:, reference, None]
    if not able:
        return columns
    if drawn is None:
        (a, n), sure = effective(rate), confidence
        b, m = (np.broadcast_to(side[:, reference, None], a.shape) for side in (a, n))
        low, high, _ = miettinen_nurminen_ratio(a, n, b, m, confidence=sure)
    else:
        low, high = (np.full(rate.num.shape, np.nan) for _ in range(2))
        for i in range(rate.num.shape[1]):
            pair = effective_pair(drawn.rates[:, i], drawn.rates[:, reference])
            sides = (pair.a, pair.n, pair.b, pair.m)
            # One confidence for the whole curve: that of the cut-off with the fewest degrees of freedom.
            fewest = pair.freedom[pair.freedom > 0]
            if len(fewest) and pair.n.max() > 0 and pair.m.max() > 0:
                sure = float(normal_confidence(np.asarray(fewest.min()), confidence))
                low[:, i], high[:, i], _ = miettinen_nurminen_ratio(*sides, confidence=sure)
    return columns | {"adverse_impact_ratio_low": np.asarray(low), "adverse_impact_ratio_high": np.asarray(high)}


def _simultaneous(
    of: Grouping,
    k: Confusion,
    drawn: _Drawn | None,
    reference: int | None,
    shown: NDArray[np.bool_],
    *,
    confidence: float,
    seed: int,
) -> tuple[dict[str, np.ndarray], list[BandRecord]]:
    """Return the bands over all groups and all cut-offs, and how they were made."""
    rate = METRICS["selection_rate"](k)
    cutoffs, used = len(rate.num), np.flatnonzero(shown & (rate.den[0] > 0))
    wanted = ["selection_rate", *(["adverse_impact_ratio"] if reference is not None and reference in used else [])]
    sizes = {name: len(used) - (name == "adverse_impact_ratio") for name in wanted}
    if of.cube.schema.cluster is not None and drawn is None:
        reason = f"people come in clusters of '{of.cube.schema.cluster}', and their scores were not counted by cluster"
        return {}, [BandRecord(of.name, name, confidence, sizes[name], cutoffs, None, reason) for name in wanted]
    place = int(np.flatnonzero(used == reference)[0]) if len(wanted) > 1 else None
    rng = np.random.default_rng([seed, derive_seed(of.name)])
    how = ""
    if drawn is not None:
        curve, paths = _of_clusters(drawn, used, rng)
        how = f", {drawn.clusters.words}"
    elif is_weighted(rate):
        curve, paths = _of_weights(rate, used, rng)
        how = ", weighted: linearised covariance over cut-offs, effective people"
    if how:
        selected, people = curve.selected, curve.people
        largest = largest_of_paths(paths, curve, reference=place)
    else:
        selected, people = rate.num[:, used], rate.den[:, used]
        largest = largest_statistics(selected, people[0], reference=place, rng=rng)
    made: dict[str, Band] = {"selection_rate": rate_band(selected, people, largest[0], confidence=confidence)}
    if place is not None and len(used) > 1:
        made["adverse_impact_ratio"] = ratio_band(selected, people, place, largest[1], confidence=confidence)
    columns = {}
    for name, band in made.items():
        for side, ends in (("low", band.low), ("high", band.high)):
            columns[f"{name}_band_{side}"] = np.full(rate.num.shape, np.nan)
            columns[f"{name}_band_{side}"][:, used] = ends
    told = [
        BandRecord(of.name, name, confidence, sizes[name], cutoffs, f"{band.method}{how}")
        for name, band in made.items()
    ]
    return columns, told


def _of_clusters(drawn: _Drawn, used: NDArray[np.int64], rng: np.random.Generator) -> tuple[Curve, Paths]:
    rates = drawn.rates[:, used]
    people = np.nan_to_num(rates.effective_n)
    counted = np.nan_to_num(rates.value) * people
    # The largest statistic is drawn from t; what is too few for it has exact intervals, of fewer people.
    few = np.minimum(counted, people - counted) < 10
    people = np.where(few, people * np.nan_to_num(design_factor(rates.rate.n, rates.freedom, confidence=_FAR)), people)
    curve = Curve(rates.value, np.sqrt(np.nan_to_num(rates.variance)), people)
    moves = np.nan_to_num(rates.moves)
    return curve, replicate_paths(moves, rng=rng, draws=BAND_DRAWS, freedom=np.nanmin(rates.freedom, axis=0))


def _of_weights(rate: Rate, used: NDArray[np.int64], rng: np.random.Generator) -> tuple[Curve, Paths]:
    some = rate[:, used]
    _, people = effective(some)
    order = np.argsort(rate.num.sum(axis=1), kind="stable")
    back = np.argsort(order)
    share = some.value
    squares = some.num_w2 * (1 - share) ** 2 + (some.den_w2 - some.num_w2) * share**2
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(np.maximum(squares, 0.0)) / some.den
    streams = rng.spawn(len(used))

    def paths(group: int) -> np.ndarray:
        # From the most lenient cut-off on, the people whom each next one selects no more.
        weights, squared = (
            np.diff(np.concatenate([[0.0], side[order, group], [all_[0, group]]]))[::-1].clip(0.0)
            for side, all_ in ((some.num, some.den), (some.num_w2, some.den_w2))
        )
        return weighted_paths(weights, squared, rng=streams[group], draws=BAND_DRAWS)[:, ::-1][:, back]

    return Curve(np.nan_to_num(share), np.nan_to_num(error), people), paths
