"""Effects with their intervals, one line a group, beside no difference and the policy's line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...result import Finding
from ...translations import say
from ..lookup import unique
from ..nodes import STATUS_ORDER, Figure, status_label
from ..words import beside, counted, heading, interval, line_text, title, writer
from .looks import (
    INK,
    QUIET,
    Spec,
    by_status,
    fixed,
    framed,
    layer,
    listed,
    names,
    number,
    ratio_scale,
    ratio_ticks,
    ruled,
    text,
)

_RATIOS = ("ratio", "worst_ratio", "odds_ratio")
WIDTH = 300


def forest(findings: Sequence[Finding]) -> Figure | None:
    """Return the effects of findings that ask the same of different groups, None where there is nothing to draw.

    Parameters
    ----------
    findings
        Of one metric and one cut-off. Effects that are undefined are named in the words, not drawn.
    """
    from ...metrics import CONTRASTS

    drawn = [one for one in findings if one.value is not None and math.isfinite(one.value)]
    if not drawn:
        return None
    metric = drawn[0].metric
    ratio = CONTRASTS[metric].how in _RATIOS if metric in CONTRASTS else False
    labels = names([one.group for one in drawn])
    lines = unique(one.line for one in drawn if one.line is not None)
    known = [end for one in drawn for end in (one.value, one.low, one.high)]
    factor = 1.0 if ratio or writer(metric).__name__ != "points" else 100.0
    scale = ratio_scale([*known, *lines], widest=20.0) if ratio else _difference_scale([*known, *lines], factor)
    rows = [_row(one, label, scale["domain"], factor) for one, label in zip(drawn, labels, strict=True)]
    marks = [{"at": 1.0 if ratio else 0.0, "word": say("no difference")}]
    marks += [{"at": factor * line, "word": say("line {line}", line=line_text(line, writer(metric)))} for line in lines]
    return Figure(
        caption=say("{metric} of each group, with its interval", metric=title(metric)),
        alt=_words(drawn, findings),
        spec=_spec(rows, labels, marks, scale, heading(metric), ratio=ratio),
    )


def _row(one: Finding, label: str, domain: Sequence[float], factor: float) -> dict[str, Any]:
    value = factor * float(one.value or 0.0)
    low = domain[0] if one.low is None else max(factor * one.low, domain[0])
    high = domain[1] if one.high is None else min(factor * one.high, domain[1])
    cut = {
        "before": one.low is None or factor * one.low < domain[0],
        "after": one.high is None or factor * one.high > domain[1],
    }
    return {
        "label": label,
        "value": min(max(value, domain[0]), domain[1]),
        "low": low,
        "high": high,
        **cut,
        "status": status_label(one.status),
        "text": _effect(one),
    }


def _difference_scale(values: Sequence[float | None], factor: float) -> Spec:
    known = [factor * value for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    room = 0.08 * ((high - low) or 1.0)
    return {"type": "linear", "domain": [round(low - room, 4), round(high + room, 4)], "nice": False}


def _spec(
    rows: list[dict[str, Any]], labels: list[str], marks: list[dict[str, Any]], scale: Spec, axis: str, *, ratio: bool
) -> Spec:
    ticks: Spec = {"values": ratio_ticks(scale["domain"])} if ratio else {"tickCount": 6}
    along = {"scale": scale, "title": axis, "axis": {**ticks, "format": "~g", "grid": False}}
    present = [status for status in STATUS_ORDER if status_label(status) in {row["status"] for row in rows}]
    shown, y = by_status(present), listed("label", labels)
    dot, end = {"filled": True, "size": 90, "opacity": 1}, {"fontSize": 13}
    before, after = ([row for row in rows if row[side]] for side in ("before", "after"))
    grey = fixed(QUIET)
    body = {
        "padding": {"left": 5, "top": 5, "bottom": 5, "right": 30},
        "width": WIDTH,
        "height": {"step": 26},
        "layer": [
            *ruled(marks, along, dash=[4, 3]),
            layer("rule", marks[:1], x=number("at", along), color=fixed(INK)),
            layer("rule", rows, {"strokeWidth": 2}, y=y, x=number("low", along), x2=text("high"), color=shown["color"]),
            layer("point", rows, dot, y=y, x=number("value", along), **shown),
            layer("text", before, {**end, "text": "◂", "dx": 2}, y=y, x=fixed(0), color=grey),
            layer("text", after, {**end, "text": "▸", "dx": -2}, y=y, x=fixed(WIDTH), color=grey),
            layer("text", rows, {"align": "left", "dx": 10}, y=y, x=fixed(WIDTH), text=text("text"), color=fixed(INK)),
        ],
    }
    return framed(body)


def _words(drawn: Sequence[Finding], every: Sequence[Finding]) -> str:
    """Say the finding: how many of which status, and the group furthest from no difference on either side."""
    metric = drawn[0].metric
    told = [say("{metric}: {counts}.", metric=title(metric), counts="; ".join(counted(every)))]
    if len(drawn) == 1:
        return f"{told[0]} {say('{group}, {effect}.', group=drawn[0].group, effect=_effect(drawn[0]))}"
    low, high = min(drawn, key=_size), max(drawn, key=_size)
    told += [
        say("Lowest: {group}, {effect}.", group=low.group, effect=_effect(low)),
        say("Highest: {group}, {effect}.", group=high.group, effect=_effect(high)),
    ]
    return " ".join(told)


def _effect(one: Finding) -> str:
    write = beside(one.line, writer(one.metric))
    return f"{write(_size(one))} ({interval(one.low, one.high, write)})"


def _size(one: Finding) -> float:
    return float(one.value or 0.0)
