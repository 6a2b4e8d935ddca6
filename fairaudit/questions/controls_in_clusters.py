"""Adjusted effects where people come in clusters: the same fit, and how far it moves in each replicate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..cube.people import people_of_cube
from ..cube.replicates import rule_name
from ..inference.clustered_measures import moves_of, t_interval
from ..inference.regression import Lines, design, linear_effect_of, logit_effect_of
from ..inference.replicates import CLUSTER_T
from ..measuring import grouping, replicated
from ..metrics.base import METRICS, Floats
from ..result import Measurement

if TYPE_CHECKING:
    from .in_clusters import Place


def adjusted_effect(place: Place, record: Measurement) -> dict[str, Any]:
    """Return the interval and test of one adjusted effect; nothing where the fit is from rows or has no replicates.

    Parameters
    ----------
    place
        One grouping at one decision rule.
    record
        The effect as if people were independent.

    Notes
    -----
    The effect is a smooth number of the cells' counts. Its derivative along each replicate's counts gives the variance
    between clusters: the sandwich of clusters by another road (Shao and Wu 1989, Annals of Statistics 17:1176).
    """
    of = place.of
    if record.source == "rows" or place.asking.people is not None:
        return {}
    names = _given(record, [control.name for control in people_of_cube(of.whole).controls])
    if names is None:
        return {}
    fine = grouping(of.whole, [of.name, *names])
    drawn = replicated(fine, rule_name(place.cutoff))
    if drawn is None:
        return {}
    pair = (str(record.group), str(record.reference))
    cells = [at for at, levels in enumerate(fine.levels) if levels[of.name] in pair]
    member = [float(fine.levels[at][of.name] == pair[0]) for at in cells]
    x = design(member, _codes([[fine.levels[at][name] for name in names] for at in cells]))
    item = METRICS["selection_rate"]
    sides: list[Floats] = []
    for k in (fine.cube.confusion(place.cutoff), drawn.confusion):
        rate: Any = item(k)
        sides.append(np.stack([rate.num[..., cells], (rate.den - rate.num)[..., cells]], axis=-1))
    fit = logit_effect_of if (record.detail or "").endswith("(logit)") else linear_effect_of

    def effect(counts: Floats) -> Floats:
        flat = counts.reshape(-1, *counts.shape[-2:])
        made = [fit(Lines(x, one, one, float(one.sum()))).value for one in flat]
        return np.array(made).reshape(counts.shape[:-2])

    at = [of.groups.index(name) for name in pair]
    clusters = float(place.drawn.clusters[at].min())
    moves = moves_of(effect, sides[0], sides[1], clusters)
    made = t_interval(float(record.value or 0.0), moves, clusters, confidence=place.asking.confidence)
    how = (record.method or "").partition(",")[0]
    return {"low": made.low, "high": made.high, "p": made.p, "test": CLUSTER_T, "method": f"{how}, {CLUSTER_T}"}


def _given(record: Measurement, controls: list[str]) -> list[str] | None:
    """Return the controls that an effect is adjusted for, which are the first ones declared."""
    words = (record.detail or "").rpartition(" (")[0]
    if words == "raw":
        return []
    told = (controls[:many] for many in range(1, len(controls) + 1))
    return next((names for names in told if words == f"given {', '.join(names)}"), None)


def _codes(levels: list[list[str]]) -> Floats:
    """Return a code for each level of each control [cell, control]."""
    columns = [np.unique(column, return_inverse=True)[1] for column in zip(*levels, strict=True)]
    return np.stack(columns, axis=1).astype(np.float64) if columns else np.zeros((len(levels), 0))
