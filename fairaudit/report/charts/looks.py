"""How every chart looks: colors and dashes that each tell lines apart, shapes, scales, and names as plain values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ...result import Status
from ...schema.text import visible
from ..nodes import status_label

Spec: TypeAlias = dict[str, Any]

INK, QUIET, RULE, PAPER = "#1d1f21", "#55595e", "#d8d8d0", "#fdfdfb"
GROUP_COLORS = ("#0b559f", "#c25400", "#007a5e", "#8a3f8f", "#7a6500", "#2f7fb8", "#a3333d", "#5b6066")
"""After Okabe and Ito (2008), darker, so that each stands out from white paper by 3 to 1."""
STATUS_COLORS: dict[Status, str] = {
    "flag": "#9c3400", "within_line": "#0b4f83", "insufficient": "#64500a", "info": "#56595d",
}  # fmt: skip
STATUS_MARKS: dict[Status, str] = {
    "flag": "triangle-up", "within_line": "circle", "insufficient": "diamond", "info": "square",
}  # fmt: skip
DASHES = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 3], [1, 3], [9, 2, 1, 2, 1, 2])
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
"""The name of the format; nothing is fetched from there."""
WIDTH = 560
MOST_POINTS = 120
"""Points of one line at most: more are not seen, and make the page large."""
NAME_WIDTH = 220
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
"""Of the same widths on every machine that has one of them: text is measured where the picture is drawn."""

_CONFIG: Spec = {
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domainColor": QUIET, "tickColor": QUIET, "gridColor": RULE, "labelColor": INK, "titleColor": INK,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": NAME_WIDTH,
    },
    "legend": {
        "labelColor": INK, "titleColor": INK, "labelFontSize": 12, "labelLimit": NAME_WIDTH, "symbolStrokeWidth": 2,
        "titleFontSize": 12, "titleFontWeight": "normal", "orient": "top", "columns": 3, "columnPadding": 26,
    },
    "header": {"labelColor": INK, "labelFontSize": 12, "labelFontWeight": "bold", "labelLimit": 260, "title": None},
    "text": {"color": INK, "fontSize": 12},
    "rule": {"color": QUIET},
}  # fmt: skip


def framed(body: Mapping[str, Any]) -> Spec:
    """Return a whole spec: the body with the house's look and without a background of its own."""
    return {"$schema": SCHEMA, "background": "transparent", "config": _CONFIG, **body}


def data(rows: Iterable[Mapping[str, Any]]) -> Spec:
    """Return rows as the data of a chart."""
    return {"values": [dict(row) for row in rows]}


def layer(
    mark: str, rows: Iterable[Mapping[str, Any]] | None = None, style: Spec | None = None, **channels: Spec
) -> Spec:
    """Return one layer of a chart: what is drawn, of which rows (None: those of the whole), and what shows what."""
    made: Spec = {} if rows is None else {"data": data(rows)}
    return {**made, "mark": {"type": mark, **(style or {})}, "encoding": channels}


def number(field: str, shared: Spec) -> Spec:
    """Return a channel that shows a number, on a shared scale and axis."""
    return {"field": field, "type": "quantitative", **shared}


def text(field: str) -> Spec:
    """Return a channel that writes a field."""
    return {"field": field}


def fixed(value: float | str) -> Spec:
    """Return a channel of one value for all."""
    return {"value": value}


def listed(field: str, order: Sequence[str]) -> Spec:
    """Return a channel with one line for each name, in this order."""
    return {"field": field, "type": "nominal", "sort": list(order), "title": None,
            "axis": {"ticks": False, "domain": False}}  # fmt: skip


def ruled(marks: Sequence[Mapping[str, Any]], shared: Spec, *, dash: Sequence[int]) -> list[Spec]:
    """Return rules across a chart with a word over each; marks have ``at`` and ``word``.

    The word of the lowest rule ends at it and all others begin at theirs, so that words of near rules do not meet.
    """
    at = number("at", shared)
    lowest = min((mark["at"] for mark in marks), default=0.0)
    layers = [layer("rule", marks, {"strokeDash": list(dash)}, x=at, color=fixed(QUIET))]
    for align, step in (("right", 3), ("left", -3)):
        some = [mark for mark in marks if (mark["at"] == lowest) == (align == "right")]
        style = {"dy": -6, "dx": step, "fontSize": 11, "baseline": "bottom", "align": align}
        layers += [layer("text", some, style, x=at, y=fixed(0), text=text("word"), color=fixed(QUIET))] if some else []
    return layers


def name(text: str) -> str:
    """Return a name from the data as a chart shows it: steering characters made visible, no line longer than it fits.

    Examples
    --------
    >>> name("White"), len(name("x" * 100))
    ('White', 60)
    """
    made = visible(text)
    return made if len(made) <= 60 else f"{made[:59]}…"


def names(texts: Sequence[str]) -> list[str]:
    """Return names as a chart shows them, each different from the others.

    Examples
    --------
    >>> names(["A", "B"]), len(set(names(["x" * 100 + "1", "x" * 100 + "2"])))
    (['A', 'B'], 2)
    """
    made: list[str] = []
    for text in texts:
        short, at = name(text), 2
        while short in made:
            short, at = f"{name(text)[:54]} ({at})", at + 1
        made.append(short)
    return made


def by_group(labels: Sequence[str]) -> Spec:
    """Return color and dash of each group, so that one of the two is enough to tell lines apart."""
    colors = [GROUP_COLORS[at % len(GROUP_COLORS)] for at in range(len(labels))]
    # From the ninth group on colors come again, each with another dash than before.
    dashes = [DASHES[(at + at // len(GROUP_COLORS)) % len(DASHES)] for at in range(len(labels))]
    shared = {
        "field": "group", "type": "nominal", "title": None, "sort": None,
        "legend": {"symbolType": "stroke", "symbolSize": 300},
    }  # fmt: skip
    return {
        "color": {**shared, "scale": {"domain": list(labels), "range": colors}},
        "strokeDash": {**shared, "scale": {"domain": list(labels), "range": dashes}},
    }


def faceted(labels: Sequence[str], width: int) -> Spec:
    """Return the rule of one small picture a group, with names no wider than the picture."""
    return {"field": "group", "type": "nominal", "sort": list(labels), "title": None, "header": {"labelLimit": width}}


def by_status(shown: Sequence[Status]) -> Spec:
    """Return color and shape of each status, with its word in the legend."""
    words = [status_label(status) for status in shown]
    shared = {"field": "status", "type": "nominal", "title": None, "sort": None}
    return {
        "color": {**shared, "scale": {"domain": words, "range": [STATUS_COLORS[status] for status in shown]}},
        "shape": {**shared, "scale": {"domain": words, "range": [STATUS_MARKS[status] for status in shown]}},
    }


def ratio_scale(values: Iterable[float | None], *, widest: float = 32.0) -> Spec:
    """Return a logarithmic scale that holds the ratios and 1; what lies beyond ``widest`` is cut off.

    Examples
    --------
    >>> ratio_scale([0.5, 0.9, None])["domain"]
    [0.45, 1.11]
    """
    low, high = _ends(values, 1 / widest, widest)
    return {"type": "log", "domain": [round(low / 1.11, 2) or 0.01, round(high * 1.11, 2)], "nice": False}


def ratio_ticks(domain: Sequence[float]) -> list[float]:
    """Return the ticks of a ratio scale: round ratios within it, not too many.

    Examples
    --------
    >>> ratio_ticks([0.45, 1.11]), ratio_ticks([0.03, 9])
    ([0.5, 0.6, 0.8, 1.0], [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0])
    """
    narrow = domain[1] / domain[0] < 6
    choice = (
        (0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 0.4, 0.3) if narrow else (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
    )
    return sorted(value for value in choice if domain[0] <= value <= domain[1])


def _ends(values: Iterable[float | None], least: float, most: float) -> tuple[float, float]:
    known = [min(max(value, least), most) for value in values if value is not None and not math.isnan(value)]
    return min([1.0, *known]), max([1.0, *known])


def pieces(rows: Sequence[Mapping[str, Any]], field: str) -> list[dict[str, Any]]:
    """Return the rows that have a value, each with the piece of the line it belongs to: a gap is not drawn over.

    Examples
    --------
    >>> [row["piece"] for row in pieces([{"y": 1}, {"y": None}, {"y": 2}, {"y": 3}], "y")]
    [0, 1, 1]
    """
    made, piece, before = [], 0, True
    for row in rows:
        there = row[field] is not None
        if there:
            piece += not before
            made.append({**row, "piece": piece})
        before = there
    return made
