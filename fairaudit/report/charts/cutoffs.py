"""The adverse impact ratio of each group at every cut-off, with the band that holds everywhere at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...result import AttributeRecord, CurveRecord, Result
from ...translations import say
from ..lookup import Lookup
from ..nodes import Figure
from ..words import line_text
from .looks import (
    GROUP_COLORS,
    QUIET,
    WIDTH,
    Spec,
    data,
    faceted,
    fixed,
    framed,
    layer,
    names,
    number,
    pieces,
    ratio_scale,
    ratio_ticks,
    text,
)
from .over_scores import audited_rules, curves_of, cutoffs_of, shown_places

_RATIO = "adverse_impact_ratio"
_TOLD = 3
"""Groups that the words beside a picture of many speak of."""


def cutoff_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return the adverse impact ratio of each group at every cut-off, one small picture a group, None without one.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    own = curves_of(look, attribute)
    compared = {
        group: curve for group, curve in own.items() if _RATIO in curve.columns and group != attribute.reference
    }
    if not compared or attribute.reference is None:
        return None
    cutoffs, shown = cutoffs_of(result), shown_places(result)
    labels = names(list(compared))
    rows = [
        row
        for label, curve in zip(labels, compared.values(), strict=True)
        for row in _ratio_rows(label, curve, cutoffs, shown)
    ]
    if not rows:
        return None
    ruled = [one for one in result.findings if one.metric == _RATIO and one.attribute == attribute.name]
    lines = sorted({one.line for one in ruled if one.line is not None})
    scale = ratio_scale([*(row["ratio"] for row in rows), *lines], widest=5.0)
    caption = say(
        "Adverse impact ratio against {reference} at every cut-off; shaded: the band that holds for all groups and "
        "cut-offs at once",
        reference=attribute.reference,
    )
    return Figure(caption, _ratio_words(attribute, compared, cutoffs), _ratio_spec(result, rows, labels, lines, scale))


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
    x = number("cutoff", {"scale": {"zero": False, "nice": False}, "title": say("cut-off"),
                          "axis": {"grid": False, "tickCount": 5}})  # fmt: skip
    y = {"scale": scale, "title": say("ratio"),
         "axis": {"values": ratio_ticks(scale["domain"]), "format": "~g", "grid": False}}  # fmt: skip
    marks = [
        {"at": 1.0, "line": say("no difference")},
        *({"at": line, "line": say("line {line}", line=line_text(line))} for line in lines),
    ]
    dashes = {"domain": [mark["line"] for mark in marks], "range": [[1, 0], [4, 3], [2, 2], [8, 2]][: len(marks)]}
    told = {"field": "line", "type": "nominal", "title": None, "sort": None, "scale": dashes}
    own = {"x": x, "detail": text("piece"), "color": fixed(GROUP_COLORS[0])}
    band = layer("area", None, {"opacity": 0.25}, y=number("low", y), y2=text("high"), **own)
    layers = [
        {**band, "transform": [{"filter": "isValid(datum.low)"}]},
        layer("rule", marks, y=number("at", y), color=fixed(QUIET), strokeDash=told),
        audited_rules(result, "cutoff"),
        layer("line", None, {"strokeWidth": 2, "clip": True}, y=number("ratio", y), **own),
    ]
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
