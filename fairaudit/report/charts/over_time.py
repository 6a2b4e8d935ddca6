"""One comparison over time: each period alone, all of them so far with their sequence, the baseline and the line."""

from __future__ import annotations

import math
from typing import Any

from ...watch_result import WatchedRecord
from ..nodes import Figure
from .looks import (
    GROUP_COLORS,
    INK,
    QUIET,
    WIDTH,
    Spec,
    data,
    fixed,
    framed,
    layer,
    name,
    number,
    pieces,
    ratio_scale,
    ratio_ticks,
    text,
)

_MOST_LABELS = 12


def over_time_chart(one: WatchedRecord, words: str) -> Figure | None:
    """Return the picture of one comparison; None where no period has a number.

    Parameters
    ----------
    one
        The comparison.
    words
        What it says, for those who do not see it.
    """
    ratio = one.how != "difference"
    rows: list[dict[str, Any]] = [
        {
            "period": name(look.period),
            "alone": _drawn(look.value, ratio=ratio),
            "running": _drawn(look.running, ratio=ratio),
            "low": _drawn(look.running_low, ratio=ratio),
            "high": _drawn(look.running_high, ratio=ratio),
            "alarm": bool(look.alarms),
        }
        for look in one.looks
    ]
    shown = [row for row in rows if row["alone"] is not None]
    if not shown:
        return None
    marks = [{"at": _drawn(one.baseline, ratio=ratio), "word": "baseline"},
             {"at": _drawn(one.line, ratio=ratio), "word": "line"}]  # fmt: skip
    marks = [mark for mark in marks if mark["at"] is not None]
    values = [row[key] for row in rows for key in ("alone", "running") if row[key] is not None]
    values += [float(mark["at"]) for mark in marks if mark["at"] is not None]
    scale = _scale(values, ratio=ratio)
    within = [_cut(row, scale["domain"]) for row in rows]
    order = [row["period"] for row in rows]
    step = math.ceil(len(order) / _MOST_LABELS)
    x: Spec = {"field": "period", "type": "ordinal", "sort": order, "title": None,
               "axis": {"labelAngle": -45, "values": order[::step], "grid": False}}  # fmt: skip
    axis: Spec = {"format": "~g", "grid": False, "tickCount": 5}
    if ratio:
        axis["values"] = ratio_ticks(scale["domain"])
    y: Spec = {"scale": scale, "title": one.title.lower(), "axis": axis}
    line = {"color": fixed(GROUP_COLORS[0]), "detail": text("piece")}
    sequence = pieces(within, "running")
    layers = [
        layer("area", [row for row in sequence if row["low"] is not None], {"opacity": 0.25}, x=x, y=number("low", y),
              y2=text("high"), **line),
        layer("rule", marks, {"strokeDash": [4, 3]}, y=number("at", y), color=fixed(QUIET)),
        layer("text", marks, {"align": "left", "dx": 4, "dy": -5, "fontSize": 11}, y=number("at", y), text=text("word"),
              color=fixed(QUIET), x=fixed(0)),
        layer("line", sequence, {"strokeWidth": 2, "clip": True}, x=x, y=number("running", y), **line),
        layer("point", [row for row in within if row["alone"] is not None and not row["alarm"]],
              {"filled": True, "size": 40, "clip": True}, x=x, y=number("alone", y), color=fixed(INK)),
        layer("point", [row for row in within if row["alone"] is not None and row["alarm"]],
              {"filled": True, "size": 90, "shape": "triangle-up", "clip": True}, x=x, y=number("alone", y),
              color=fixed(GROUP_COLORS[1])),
    ]  # fmt: skip
    caption = (
        f"{one.title}: {one.attribute}, {one.group} against {one.reference}. Points: each period alone (triangle: with "
        "an alarm). Line and band: all periods so far, with their confidence sequence"
    )
    return Figure(caption, words, framed({"data": data([]), "layer": layers, "width": WIDTH, "height": 200}))


def _drawn(value: float | None, *, ratio: bool) -> float | None:
    return None if value is None or (ratio and value <= 0) else round(value, 4)


def _scale(values: list[float], *, ratio: bool) -> Spec:
    if ratio:
        return ratio_scale([*values, 1.0], widest=5.0)
    low, high = min([*values, 0.0]), max([*values, 0.0])
    room = 0.1 * ((high - low) or 0.1)
    return {"domain": [round(low - room, 3), round(high + room, 3)], "nice": False}


def _cut(row: dict[str, Any], domain: list[float]) -> dict[str, Any]:
    """Return the row with its band cut at the ends of the scale."""
    if row["low"] is None:
        return row
    return {**row, "low": max(row["low"], domain[0]), "high": min(row["high"], domain[1])}
