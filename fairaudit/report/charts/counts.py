"""Areas and cells of counts: decisions and outcomes of each group, and crossings of two attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ...result import AttributeRecord
from ...translations import marked, say
from ..lookup import Lookup, unique
from ..nodes import Figure
from ..words import number as written_number
from ..words import percent
from .looks import (
    GROUP_COLORS,
    INK,
    NAME_WIDTH,
    PAPER,
    QUIET,
    Spec,
    data,
    fixed,
    framed,
    layer,
    listed,
    names,
    number,
    text,
)

_Parts: TypeAlias = tuple[tuple[str, str, str], ...]
_PARTS: _Parts = (
    ("selected_good", marked("selected, good outcome"), GROUP_COLORS[0]),
    ("selected_bad", marked("selected, bad outcome"), GROUP_COLORS[5]),
    ("selected", marked("selected, outcome not known"), GROUP_COLORS[2]),
    ("declined_good", marked("not selected, good outcome"), GROUP_COLORS[1]),
    ("declined_bad", marked("not selected, bad outcome"), GROUP_COLORS[4]),
    ("declined", marked("not selected, outcome not known"), GROUP_COLORS[3]),
)
_DECISIONS: _Parts = (
    ("selected", marked("selected"), GROUP_COLORS[0]),
    ("declined", marked("not selected"), GROUP_COLORS[1]),
)
"""Where nothing is known of outcomes."""
_WITH_OUTCOMES = marked("Decisions and outcomes of each group; a bar is as high as its group is large")
_WITHOUT = marked("Decisions of each group; a bar is as high as its group is large")
_SELECTED = ("selected_good", "selected_bad", "selected")
_WIDTH, _LINE, _BETWEEN = 420, 17, 3
"""Of the picture, of a name and between two groups, in pixels."""


def _parts(look: Lookup, attribute: str, group: str, cutoff: float | None) -> dict[str, float] | None:
    """Return how many people of a group are in each part of decision and outcome, None without a decision."""
    selection = look.rate("selection_rate", attribute, group, cutoff)
    if selection is None or not selection.den or selection.num is None:
        return None
    made = {"selected": selection.num, "declined": selection.den - selection.num}
    for side, metric, right, wrong in (
        ("selected", "positive_predictive_value", "good", "bad"),
        ("declined", "negative_predictive_value", "bad", "good"),
    ):
        record = look.rate(metric, attribute, group, cutoff)
        if record is None or record.num is None or record.den is None:
            continue
        made |= {f"{side}_{right}": record.num, f"{side}_{wrong}": record.den - record.num}
        made[side] = max(0.0, made[side] - record.den)
    return made


def mosaic(look: Lookup, attribute: AttributeRecord, cutoff: float | None) -> Figure | None:
    """Return each group as a bar as high as its people, split by decision and outcome; None without decisions.

    Parameters
    ----------
    look, attribute, cutoff
        What an audit found, the attribute whose groups are drawn, and the cut-off; None is the decision as recorded.
    """
    counts = {group: _parts(look, attribute.name, group, cutoff) for group in look.groups(attribute)}
    known = {group: parts for group, parts in counts.items() if parts is not None}
    if not known:
        return None
    shown = _PARTS if any(len(parts) > len(_DECISIONS) for parts in known.values()) else _DECISIONS
    people = [sum(parts.values()) for parts in known.values()]
    labels = names(list(known))
    height = max(150, (_LINE + 2) * len(known))
    room = height - _BETWEEN * (len(known) - 1)
    bars: list[dict[str, Any]] = []
    middles, top = [], 0.0
    for parts, every in zip(known.values(), people, strict=True):
        high = room * every / sum(people)
        bars += _bar(parts, shown, top, high)
        middles.append(top + high / 2)
        top += high + _BETWEEN
    places = _apart(middles, height)
    sides = [
        {"label": label, "middle": round(middle, 1), "place": round(place, 1)}
        for label, middle, place in zip(labels, middles, places, strict=True)
    ]
    told = []
    for (group, parts), every in zip(known.items(), people, strict=True):
        share = percent(sum(parts.get(part, 0.0) for part in _SELECTED) / every)
        told.append(say("{group}: {share} of {people} selected", group=group, share=share, people=f"{every:,.0f}"))
    return Figure(
        caption=say(_WITH_OUTCOMES if shown is _PARTS else _WITHOUT),
        alt=f"{'; '.join(told)}.",
        spec=_mosaic_spec(bars, shown, sides, height),
    )


def _bar(parts: dict[str, float], shown: _Parts, top: float, high: float) -> list[dict[str, Any]]:
    made, left, every = [], 0.0, sum(parts.values())
    for part, words, _ in shown:
        share = parts.get(part, 0.0) / every
        if not share:
            continue
        fits = high >= 12 and share * _WIDTH > 42
        made.append(
            {
                "part": say(words),
                "top": round(top, 1),
                "bottom": round(top + high, 1),
                "left": round(left, 4),
                "right": round(left + share, 4),
                "text": percent(share) if fits else "",
            }
        )
        left += share
    return made


def _apart(middles: Sequence[float], height: float) -> list[float]:
    """Return where names stand: as near to their bars as they can without covering each other.

    Examples
    --------
    >>> _apart([10.0, 80.0, 84.0], 100.0)
    [10.0, 74.5, 91.5]
    """
    made: list[float] = []
    for middle in middles:
        made.append(max(middle, made[-1] + _LINE if made else 0.0))
    last = height - _LINE / 2
    for at in range(len(made) - 1, -1, -1):
        made[at] = min(made[at], last)
        last = made[at] - _LINE
    return made


def _mosaic_spec(bars: list[dict[str, Any]], shown: _Parts, sides: list[dict[str, Any]], height: float) -> Spec:
    present = [(say(words), color) for _, words, color in shown if any(bar["part"] == say(words) for bar in bars)]
    scale = {"domain": [words for words, _ in present], "range": [color for _, color in present]}
    color = {"field": "part", "type": "nominal", "title": None, "sort": None, "scale": scale, "legend": {"columns": 2}}
    across = {"scale": {"domain": [0, 1]}, "title": say("share of the group's people"),
              "axis": {"format": "~%", "tickCount": 5, "grid": False}}  # fmt: skip
    down = {"scale": {"domain": [0, round(height)], "reverse": True, "nice": False}, "axis": None}
    area = {"x": number("left", across), "x2": text("right"), "y": number("top", down), "y2": text("bottom")}
    middle = [
        {"calculate": "(datum.left + datum.right) / 2", "as": "across"},
        {"calculate": "(datum.top + datum.bottom) / 2", "as": "down"},
    ]
    written, edge = [bar for bar in bars if bar["text"]], fixed(0)
    shares = layer("text", written, {"fontWeight": "bold", "color": PAPER},
                   x=number("across", across), y=number("down", down), text=text("text"))  # fmt: skip
    return framed({
        "width": _WIDTH,
        "height": round(height),
        "layer": [
            layer("rect", bars, {"opacity": 0.85}, **area, color=color),
            {**shares, "transform": middle},
            layer("rule", sides, {"xOffset": -4, "x2Offset": -16}, x=edge, x2=edge, y=number("middle", down),
                  y2=text("place"), color=fixed(QUIET)),
            layer("text", sides, {"align": "right", "dx": -20, "limit": NAME_WIDTH}, x=edge, y=number("place", down),
                  text=text("label"), color=fixed(INK)),
        ],
    })  # fmt: skip


def crossing_grid(look: Lookup, attribute: AttributeRecord, cutoff: float | None) -> Figure | None:
    """Return a crossing of two attributes as a grid: selection rate, ratio and people of each cell; None for others.

    Parameters
    ----------
    look, attribute, cutoff
        What an audit found, the crossing, and the cut-off; None is the decision as recorded.
    """
    records = [
        record
        for record in look.result.rates
        if record.attribute == attribute.name and record.metric == "selection_rate" and record.cutoff == cutoff
        and record.band is None and record.value is not None
    ]  # fmt: skip
    if not attribute.crossing or not records or any(len(record.levels) != 2 for record in records):
        return None
    down, across = list(records[0].levels)
    if len(unique(one.levels[across] for one in records)) > len(unique(one.levels[down] for one in records)):
        down, across = across, down
    levels = {at: unique(record.levels[at] for record in records) for at in (down, across)}
    shown = {at: dict(zip(levels[at], names(list(levels[at])), strict=True)) for at in (down, across)}
    rows = []
    for record in records:
        finding = look.finding("adverse_impact_ratio", attribute.name, record.group, cutoff)
        ratio = None if finding is None or finding.value is None else written_number(finding.value)
        told = ratio or (say("reference") if record.group == attribute.reference else "")
        rate = percent(record.value or 0.0)
        rows.append({"down": shown[down][record.levels[down]], "across": shown[across][record.levels[across]],
                     "rate": round(record.value or 0.0, 5), "people": f"n = {record.n:,}",
                     "text": f"{rate} ({told})" if told else rate})  # fmt: skip
    ends = sorted(records, key=lambda record: record.value or 0.0)
    alt = say(
        "Selection rate by {down} and {across}: lowest for {low} ({low_rate}), highest for {high} ({high_rate}).",
        down=down, across=across, low=ends[0].group, low_rate=percent(ends[0].value or 0.0), high=ends[-1].group,
        high_rate=percent(ends[-1].value or 0.0),
    )  # fmt: skip
    caption = say(
        "Selection rate of each crossing, and in brackets its adverse impact ratio; darker: selected more often"
    )
    lists = (list(shown[down].values()), list(shown[across].values()))
    return Figure(caption, alt, _grid_spec(rows, *lists, across))


def _grid_spec(rows: list[dict[str, Any]], down: list[str], across: list[str], heading: str) -> Spec:
    y, x = listed("down", down), listed("across", across)
    x |= {"title": heading, "axis": {**x["axis"], "orient": "top", "labelAngle": 0, "labelLimit": 140}}
    scale = {"domain": [0, 1], "range": [0.03, 0.5]}
    strength = number("rate", {"legend": None, "scale": scale})
    cell = {"fill": GROUP_COLORS[0], "stroke": QUIET, "strokeWidth": 1}
    return framed({
        "data": data(rows),
        "width": {"step": 150},
        "height": {"step": 48},
        "layer": [
            layer("rect", None, cell, x=x, y=y, fillOpacity=strength),
            layer("text", None, {"dy": -7, "fontWeight": "bold"}, x=x, y=y, text=text("text")),
            layer("text", None, {"dy": 10, "fontSize": 11}, x=x, y=y, text=text("people")),
        ],
    })  # fmt: skip
