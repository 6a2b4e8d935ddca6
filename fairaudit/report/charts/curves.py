"""Lines over the score: the ratio at every cut-off, how scores spread in each group, and error rates against each other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ...result import AttributeRecord, CurveRecord, Result
from ...translations import say
from ..lookup import Lookup, representative
from ..nodes import Figure
from ..words import line_text, title
from .looks import (
    GROUP_COLORS,
    INK,
    MOST_POINTS,
    QUIET,
    WIDTH,
    Spec,
    by_group,
    data,
    faceted,
    framed,
    names,
    pieces,
    ratio_scale,
    ratio_ticks,
)

_RATIO = "adverse_impact_ratio"
_BINS = 40
_SQUARE = 320
_TOGETHER = 3
"""Groups whose densities are drawn over each other; more are not told apart."""
_SCORE: Spec = {"field": "score", "type": "quantitative", "scale": {"zero": False, "nice": False},
                "title": None, "axis": {"grid": False, "tickCount": 5}}  # fmt: skip
_TOLD = 3
"""Groups that the words beside a picture of many speak of."""


def groups_with_curves(look: Lookup, attribute: AttributeRecord) -> dict[str, CurveRecord]:
    """Return the curve of each group that has one, the reference first."""
    curves = look.result.curves
    made = {curve.group: curve for curve in curves.groups if curve.attribute == attribute.name} if curves else {}
    return {group: made[group] for group in look.groups(attribute) if group in made}


def _shown(result: Result) -> list[int]:
    cutoffs = result.curves.cutoffs if result.curves else []
    return representative(len(cutoffs), _production(result), MOST_POINTS)


def _production(result: Result) -> set[int]:
    cutoffs = result.curves.cutoffs if result.curves else []
    audited = {record.cutoff for record in result.schema.cutoffs}
    return {at for at, cutoff in enumerate(cutoffs) if cutoff in audited}


def _audited(result: Result) -> Spec:
    """Return the rule at each audited cut-off."""
    rows = [{"cutoff": record.cutoff} for record in result.schema.cutoffs]
    return {
        "data": data(rows),
        "mark": {"type": "rule", "strokeDash": [2, 3]},
        "encoding": {"x": {"field": "cutoff", "type": "quantitative"}, "color": {"value": INK}},
    }


def cutoff_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return the adverse impact ratio of each group at every cut-off, one small picture a group, None without one.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    own = groups_with_curves(look, attribute)
    compared = {
        group: curve for group, curve in own.items() if _RATIO in curve.columns and group != attribute.reference
    }
    if not compared or attribute.reference is None or result.curves is None or len(result.curves.cutoffs) < 3:
        return None
    cutoffs, shown = result.curves.cutoffs, _shown(result)
    labels = names(list(compared))
    rows = [
        row
        for label, curve in zip(labels, compared.values(), strict=True)
        for row in _ratio_rows(label, curve, cutoffs, shown)
    ]
    if not rows:
        return None
    lines = sorted({one.line for one in result.findings if one.metric == _RATIO and one.line is not None
                    and one.attribute == attribute.name})  # fmt: skip
    scale = ratio_scale([*(row["ratio"] for row in rows), *lines], widest=5.0)
    return Figure(
        caption=say("Adverse impact ratio against {reference} at every cut-off; shaded: the band that holds for all groups "
                    "and cut-offs at once", reference=attribute.reference),
        alt=_ratio_words(attribute, compared, cutoffs),
        spec=_ratio_spec(result, rows, labels, lines, scale),
    )  # fmt: skip


def _ratio_rows(label: str, curve: CurveRecord, cutoffs: Sequence[float], shown: Sequence[int]) -> list[dict[str, Any]]:
    low, high = (curve.columns.get(f"{_RATIO}_band_{side}") for side in ("low", "high"))
    every = [
        {
            "group": label,
            "cutoff": cutoffs[at],
            "ratio": curve.columns[_RATIO][at],
            "low": low[at] if low else None,
            "high": high[at] if high else None,
        }
        for at in shown
    ]
    return pieces([row if row["ratio"] else {**row, "ratio": None} for row in every], "ratio")


def _within(row: dict[str, Any], domain: Sequence[float]) -> dict[str, Any]:
    """Return the row with its band cut at the ends of the scale; a band without an end reaches the end of the scale."""
    low, high = row.pop("low"), row.pop("high")
    if low is None and high is None:
        return row
    least, most = domain
    return {**row, "low": round(max(low or least, least), 4), "high": round(min(high or most, most), 4)}


def _ratio_spec(
    result: Result, rows: list[dict[str, Any]], labels: list[str], lines: Sequence[float], scale: Spec
) -> Spec:
    x = {"field": "cutoff", "type": "quantitative", "scale": {"zero": False, "nice": False},
         "title": say("cut-off"), "axis": {"grid": False, "tickCount": 5}}  # fmt: skip
    y = {"type": "quantitative", "scale": scale, "title": say("ratio"),
         "axis": {"values": ratio_ticks(scale["domain"]), "format": "~g", "grid": False}}  # fmt: skip
    marks = [
        {"at": 1.0, "line": say("no difference")},
        *({"at": line, "line": say("line {line}", line=line_text(line))} for line in lines),
    ]
    dashes = {"domain": [mark["line"] for mark in marks], "range": [[1, 0], [4, 3], [2, 2], [8, 2]][: len(marks)]}
    color = {"value": GROUP_COLORS[0]}
    layers: list[Spec] = [
        {"transform": [{"filter": "isValid(datum.low)"}], "mark": {"type": "area", "opacity": 0.25},
         "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}, "detail": {"field": "piece"}, "color": color}},
        {"data": data(marks), "mark": {"type": "rule"},
         "encoding": {"y": {"field": "at", **y}, "color": {"value": QUIET},
                      "strokeDash": {"field": "line", "type": "nominal", "title": None, "sort": None, "scale": dashes}}},
        _audited(result),
        {"mark": {"type": "line", "strokeWidth": 2, "clip": True},
         "encoding": {"x": x, "y": {"field": "ratio", **y}, "detail": {"field": "piece"}, "color": color}},
    ]  # fmt: skip
    inside = {"layer": layers, "width": WIDTH / 2 - 30 if len(labels) > 1 else WIDTH, "height": 150}
    facet = faceted(labels, 250)
    kept = [_within(dict(row), scale["domain"]) for row in rows]
    return framed({"data": data(kept), "facet": facet, "columns": 2, "spec": inside})


def _ratio_words(attribute: AttributeRecord, compared: dict[str, CurveRecord], cutoffs: Sequence[float]) -> str:
    """Say how far the ratios of the groups go that go furthest down, and where whole bands lie below 1."""
    spans = {}
    for group, curve in compared.items():
        values = [value for value in curve.columns[_RATIO] if value is not None]
        if values:
            spans[group] = (min(values), max(values))
    told = []
    for group in sorted(spans, key=lambda group: spans[group][0])[:_TOLD]:
        low, high = (f"{end:.2f}" for end in spans[group])
        text = say("{group}: ratio from {low} to {high}", group=group, low=low, high=high)
        ends = compared[group].columns.get(f"{_RATIO}_band_high") or ()
        if ends:
            below = sum(end is not None and end < 1 for end in ends)
            counts = {"at": f"{below:,}", "number": f"{len(cutoffs):,}"}
            text += "; " + say("the whole band is below 1 at {at} of {number} cut-offs", **counts)
        told.append(f"{text}.")
    return " ".join([say("Adverse impact ratio over all cut-offs by {attribute}.", attribute=attribute.name), *told])


# How scores spread


def score_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return how the scores of each group spread: shares by score, and the share at or below each score.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    own = groups_with_curves(look, attribute)
    if result.curves is None or len(result.curves.cutoffs) < 3 or not own:
        return None
    cutoffs = result.curves.cutoffs
    better = result.schema.roles.get("higher_is") != "worse"
    labels = names(list(own))
    density: list[dict[str, Any]] = []
    below: list[dict[str, Any]] = []
    medians = {}
    for label, (group, curve) in zip(labels, own.items(), strict=True):
        rates = curve.columns["selection_rate"]
        if any(rate is None for rate in rates):
            continue
        cumulative = _cumulative([float(rate or 0.0) for rate in rates], better=better)
        density += [{"group": label, **row} for row in _shares(cutoffs, cumulative)]
        below += [{"group": label, "score": cutoffs[at], "share": round(cumulative[at], 4)} for at in _shown(result)]
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
    """Return the share of people in each of at most forty equal steps of the score; at each score where they are few."""
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
    y = {"field": "share", "type": "quantitative", "title": words, "axis": {"format": "~%", "tickCount": 4}}
    mark = {"type": "line", "strokeWidth": 2, "interpolate": interpolate}
    lines = {"data": data(rows), "mark": mark, "encoding": {"x": _SCORE, "y": y, **shown}}
    return {"layer": [_audited_score(result), lines], "width": WIDTH, "height": 160}


def _density(result: Result, rows: list[dict[str, Any]], labels: list[str], interpolate: str) -> Spec:
    """Return one picture of few groups; of many, one a group with the first group's line over it."""
    words = say("share of people")
    if len(labels) <= _TOGETHER:
        return _panel(result, rows, by_group(labels), words, interpolate)
    x = {**_SCORE, "title": say("score")}
    y = {"field": "share", "type": "quantitative", "title": words, "axis": {"format": "~%", "tickCount": 3}}
    first = [{"score": row["score"], "share": row["share"]} for row in rows if row["group"] == labels[0]]
    layers = [
        {"mark": {"type": "area", "opacity": 0.35, "interpolate": interpolate},
         "encoding": {"x": x, "y": y, "color": {"value": GROUP_COLORS[0]}}},
        {"data": data(first), "mark": {"type": "line", "strokeWidth": 1.5, "interpolate": interpolate},
         "encoding": {"x": x, "y": y, "color": {"value": INK}}},
        _audited_score(result),
    ]  # fmt: skip
    facet = faceted(labels, 165)
    others = [row for row in rows if row["group"] != labels[0]]
    return {"data": data(others), "facet": facet, "columns": 3, "spec": {"layer": layers, "width": 170, "height": 80}}


def _audited_score(result: Result) -> Spec:
    made = _audited(result)
    made["data"] = data([{"score": record.cutoff} for record in result.schema.cutoffs])
    made["encoding"]["x"] = {"field": "score", "type": "quantitative"}
    return made


# Error rates against each other


def roc_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return true against false positive rates at every cut-off by group, None where they are not identified.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    wanted = ("false_positive_rate", "true_positive_rate")
    own = {
        group: curve
        for group, curve in groups_with_curves(look, attribute).items()
        if all(any(value is not None for value in curve.columns.get(name, ())) for name in wanted)
    }
    if not own:
        return None
    labels = names(list(own))
    rows, audited, told = [], [], []
    for label, (group, curve) in zip(labels, own.items(), strict=True):
        false, true = (curve.columns[name] for name in wanted)
        order = sorted(_shown(result), key=lambda at: (false[at] or 0.0, true[at] or 0.0))
        rows += [{"group": label, "false": 0.0, "true": 0.0, "order": -1}]
        rows += [
            {"group": label, "false": round(false[at], 4), "true": round(true[at], 4), "order": place}
            for place, at in enumerate(order)
            if false[at] is not None and true[at] is not None
        ]
        rows += [{"group": label, "false": 1.0, "true": 1.0, "order": len(order)}]
        audited += [
            {"group": label, "false": false[at], "true": true[at]}
            for at in sorted(_production(result))
            if false[at] is not None
        ]
        area = look.rate("area_under_curve", attribute.name, group)
        if area is not None and area.value is not None:
            told.append(say("{group}: {score}", group=group, score=f"{area.value:.3f}"))
    axes = [
        {
            "type": "quantitative",
            "scale": {"domain": [0, 1]},
            "axis": {"format": "~%", "tickCount": 5},
            "title": title(name),
        }
        for name in wanted
    ]
    shown = by_group(labels)
    x, y = ({"field": field, **axis} for field, axis in zip(("false", "true"), axes, strict=True))
    spec = framed({
        "width": _SQUARE, "height": _SQUARE,
        "layer": [
            {"data": data([{"false": 0, "true": 0}, {"false": 1, "true": 1}]), "mark": {"type": "line", "strokeDash": [2, 3], "strokeWidth": 1},
             "encoding": {"x": x, "y": y, "color": {"value": QUIET}}},
            {"data": data(rows), "mark": {"type": "line", "strokeWidth": 2},
             "encoding": {"x": x, "y": y, "order": {"field": "order", "type": "quantitative"}, **shown}},
            {"data": data(audited), "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
             "encoding": {"x": x, "y": y, "color": shown["color"]}},
        ],
    })  # fmt: skip
    said = say("ROC curve by {attribute}; the diagonal is chance.", attribute=attribute.name)
    if told:
        said += " " + say("Areas under the curve: {areas}.", areas="; ".join(told))
    return Figure(say("ROC curve of each group; dots: the audited cut-offs"), said, spec)
