"""Performance against disparity: every candidate of a search, the incumbent, and how sure the frontier is."""

from __future__ import annotations

import math
from typing import Any

from ...alternatives.records import AlternativesResult, CandidateRecord
from ..nodes import Figure
from .looks import GROUP_COLORS, INK, QUIET, fixed, framed, layer, number, ruled, text

_SIDE = 420
_KINDS = {
    "candidate": (GROUP_COLORS[7], "circle"),
    "on the frontier": (GROUP_COLORS[0], "circle"),
    "finalist": (GROUP_COLORS[1], "square"),
    "looks at groups, not proposed": (GROUP_COLORS[3], "cross"),
    "incumbent": (INK, "diamond"),
}
_ROOM = 0.06
_WIDEST = 5.0
"""Margins that the picture reaches to the left: what lies beyond is no alternative, and would hide what might be."""


def frontier_chart(result: AlternativesResult) -> Figure | None:
    """Return every candidate's changes against the incumbent on the selection split; None where none has numbers.

    Parameters
    ----------
    result
        What a search found.
    """
    ratio = result.plan["metric"] == "adverse_impact_ratio"
    numbers = [
        one for one in result.candidates if one.performance_change is not None and one.disparity_change is not None
    ]
    drawn = [one for one in numbers if (one.performance_change or 0.0) >= -_WIDEST * float(result.plan["margin"])]
    if not numbers:
        return None
    rows: list[dict[str, Any]] = [
        {"x": round(one.performance_change or 0.0, 5), "y": _up(one.disparity_change or 0.0, ratio=ratio),
         "kind": _kind(one)}
        for one in drawn
    ]  # fmt: skip
    rows.append({"x": 0.0, "y": _up(0.0, ratio=ratio), "kind": "incumbent"})
    outlines = [
        {"x": round((one.performance_change or 0.0) + x, 5), "y": _up((one.disparity_change or 0.0) + y, ratio=ratio),
         "order": at, "piece": one.number}
        for one in drawn
        if one.on_frontier
        for at, (x, y) in enumerate([*one.ellipse, *one.ellipse[:1]])
    ]  # fmt: skip
    margin = -float(result.plan["margin"])
    low, high = _ends([row["x"] for row in rows] + [margin])
    least, most = _ends([row["y"] for row in rows])
    inside = [one for one in outlines if low <= one["x"] <= high and least <= one["y"] <= most]
    kinds = [kind for kind in _KINDS if any(row["kind"] == kind for row in rows)]
    x = {"scale": {"domain": [low, high], "nice": False}, "title": f"change of {performance_words(result)}",
         "axis": {"format": "~g", "grid": False, "tickCount": 6}}  # fmt: skip
    y = {"scale": {"type": "log" if ratio else "linear", "domain": [least, most], "nice": False},
         "title": "adverse impact ratio, times the incumbent's" if ratio else "change of the gap",
         "axis": {"format": "~g", "grid": False, "tickCount": 5}}  # fmt: skip
    shared = {"field": "kind", "type": "nominal", "title": None, "sort": None}
    shown = {
        "color": {**shared, "scale": {"domain": kinds, "range": [_KINDS[kind][0] for kind in kinds]}},
        "shape": {**shared, "scale": {"domain": kinds, "range": [_KINDS[kind][1] for kind in kinds]}},
    }
    marks = [{"at": margin, "word": "margin"}, {"at": 0.0, "word": "incumbent"}]
    body = {
        "padding": {"left": 5, "top": 20, "bottom": 5, "right": 20},
        "width": _SIDE,
        "height": round(0.75 * _SIDE),
        "layer": [
            *ruled(marks, x, dash=[4, 3]),
            layer("line", inside, {"strokeWidth": 1, "opacity": 0.7}, x=number("x", x), y=number("y", y),
                  order={"field": "order", "type": "quantitative"}, detail=text("piece"), color=fixed(QUIET)),
            layer("point", rows, {"filled": True, "size": 60, "opacity": 0.9}, x=number("x", x), y=number("y", y),
                  **shown),
        ],
    }  # fmt: skip
    return Figure(
        "Performance against disparity, on the selection split", _words(result, drawn, len(numbers)), framed(body)
    )


def performance_words(result: AlternativesResult) -> str:
    """Return what performance is, in words."""
    return {
        "area_under_curve": "the AUC",
        "expected_profit": "the profit per person",
        "volume_at_equal_bad_rate": "the share approved at equal bad rate",
    }[str(result.plan["performance"])]


def _kind(one: CandidateRecord) -> str:
    if not one.proposable:
        return "looks at groups, not proposed"
    return "finalist" if one.finalist else "on the frontier" if one.on_frontier else "candidate"


def _up(value: float, *, ratio: bool) -> float:
    return round(math.exp(value) if ratio else value, 5)


def _ends(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = _ROOM * ((high - low) or 1.0)
    # On a logarithmic axis the lower end stays above 0.
    return round(low - room if low <= 0 or low > room else low / (1 + _ROOM), 5), round(high + room, 5)


def _words(result: AlternativesResult, drawn: list[CandidateRecord], many: int) -> str:
    ahead = sum(one.on_frontier for one in drawn)
    within = sum((one.performance_change or 0.0) > -float(result.plan["margin"]) for one in drawn if one.proposable)
    beyond = f" {many - len(drawn)} that perform far worse lie beyond the left edge." if many > len(drawn) else ""
    return (
        f"{len(drawn)} candidates against the incumbent, {ahead} of them on the frontier with the outline of their 95% "
        f"region; {within} are within the margin as observed.{beyond} Ellipses are of the selection split, on which "
        "candidates were chosen: the verdict is not read off this picture."
    )
