"""How the scores of each group spread: shares by score, and the share at or below each score."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...result import AttributeRecord, Result
from ...translations import say
from ..lookup import Lookup
from ..nodes import Figure
from .looks import GROUP_COLORS, INK, WIDTH, Spec, by_group, data, faceted, fixed, framed, layer, names, number
from .over_scores import audited_rules, curves_of, cutoffs_of, shown_places

_BINS = 40
_TOGETHER = 3
"""Groups whose densities are drawn over each other; more are not told apart."""
_SCORE: Spec = number("score", {"scale": {"zero": False, "nice": False}, "title": None,
                                "axis": {"grid": False, "tickCount": 5}})  # fmt: skip


def score_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return how the scores of each group spread: shares by score, and the share at or below each score.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    own, cutoffs = curves_of(look, attribute), cutoffs_of(result)
    if not own:
        return None
    better = result.schema.roles.get("higher_is") != "worse"
    labels, shown = names(list(own)), shown_places(result)
    density: list[dict[str, Any]] = []
    below: list[dict[str, Any]] = []
    medians = {}
    for label, (group, curve) in zip(labels, own.items(), strict=True):
        rates = curve.columns["selection_rate"]
        if any(rate is None for rate in rates):
            continue
        cumulative = _cumulative([float(rate or 0.0) for rate in rates], better=better)
        density += [{"group": label, **row} for row in _shares(cutoffs, cumulative)]
        below += [{"group": label, "score": cutoffs[at], "share": round(cumulative[at], 4)} for at in shown]
        medians[group] = next(
            (score for score, share in zip(cutoffs, cumulative, strict=True) if share >= 0.5), cutoffs[-1]
        )
    if not density:
        return None
    told = [say("{group}: {score}", group=group, score=f"{median:.6g}") for group, median in medians.items()]
    return Figure(
        caption=_score_caption(labels[0], len(labels)),
        alt=say("Half of each group's people score at or below: {medians}.", medians="; ".join(told)),
        spec=_score_spec(
            result, density, below, [label for label in labels if any(row["group"] == label for row in below)]
        ),
    )


def _score_caption(first: str, groups: int) -> str:
    if groups <= _TOGETHER:
        return say("How the scores of each group spread: share of people by score, and share at or below each score")
    return say(
        "Share of people by score in each group, with the line of {first} over it; below, the share at or below each "
        "score",
        first=first,
    )


def _cumulative(rates: Sequence[float], *, better: bool) -> list[float]:
    """Return the share of people at or below each cut-off, from the share that each cut-off selects."""
    if not better:
        return list(rates)
    return [1.0 - rate for rate in rates[1:]] + [1.0]


def _shares(cutoffs: Sequence[float], cumulative: Sequence[float]) -> list[dict[str, float]]:
    """Return the share of people in each of at most forty equal steps of the score; at each one of few scores."""
    if len(cutoffs) <= _BINS:
        before = [0.0, *cumulative[:-1]]
        return [
            {"score": score, "share": round(at - last, 5)}
            for score, at, last in zip(cutoffs, cumulative, before, strict=True)
        ]
    low, high = cutoffs[0], cutoffs[-1]
    edges = [low + (high - low) * step / _BINS for step in range(_BINS + 1)]
    at_edge = [0.0] + [cumulative[bisect_right(cutoffs, edge) - 1] for edge in edges[1:]]
    return [
        {"score": (edges[step] + edges[step + 1]) / 2, "share": round(max(0.0, at_edge[step + 1] - at_edge[step]), 5)}
        for step in range(_BINS)
    ]


def _score_spec(result: Result, density: list[dict[str, Any]], below: list[dict[str, Any]], labels: list[str]) -> Spec:
    few = len({row["score"] for row in density}) < _BINS
    upper = _density(result, density, labels, "linear" if few else "step-after")
    lines = _panel(result, below, by_group(labels), say("at or below"), "step-after")
    return framed({"vconcat": [upper, lines], "spacing": 20, "resolve": {"scale": {"x": "independent"}}})


def _panel(result: Result, rows: list[dict[str, Any]], shown: Spec, words: str, interpolate: str) -> Spec:
    y = number("share", {"title": words, "axis": {"format": "~%", "tickCount": 4}})
    lines = layer("line", rows, {"strokeWidth": 2, "interpolate": interpolate}, x=_SCORE, y=y, **shown)
    return {"layer": [audited_rules(result, "score"), lines], "width": WIDTH, "height": 160}


def _density(result: Result, rows: list[dict[str, Any]], labels: list[str], interpolate: str) -> Spec:
    """Return one picture of few groups; of many, one a group with the first group's line over it."""
    words = say("share of people")
    if len(labels) <= _TOGETHER:
        return _panel(result, rows, by_group(labels), words, interpolate)
    x = {**_SCORE, "title": say("score")}
    y = number("share", {"title": words, "axis": {"format": "~%", "tickCount": 3}})
    first = [{"score": row["score"], "share": row["share"]} for row in rows if row["group"] == labels[0]]
    area, line = {"opacity": 0.35, "interpolate": interpolate}, {"strokeWidth": 1.5, "interpolate": interpolate}
    layers = [
        layer("area", None, area, x=x, y=y, color=fixed(GROUP_COLORS[0])),
        layer("line", first, line, x=x, y=y, color=fixed(INK)),
        audited_rules(result, "score"),
    ]
    others = [row for row in rows if row["group"] != labels[0]]
    inside = {"layer": layers, "width": 170, "height": 80}
    return {"data": data(others), "facet": faceted(labels, 165), "columns": 3, "spec": inside}
