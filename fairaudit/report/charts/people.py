"""Charts of a score taken apart: what drives a gap, and what one person's score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...result import GapRecord, PersonRecord
from ...translations import marked, retold, say
from ..nodes import Figure
from ..words import number, points
from .looks import GROUP_COLORS, INK, QUIET, Spec, data, framed, names

MOST = 10
_WIDTH = 320
_UP, _DOWN = GROUP_COLORS[0], GROUP_COLORS[1]


def driver_bars(gap: GapRecord) -> Figure | None:
    """Return what each feature adds to a gap, the largest first, with intervals that hold together; None without drivers.

    Parameters
    ----------
    gap
        One gap of an audit's explanation.
    """
    if not gap.drivers or gap.value is None:
        return None
    share = gap.measure != "mean score"
    factor, write = (100.0, points) if share else (1.0, _signed)
    ordered = sorted(gap.drivers, key=lambda driver: -abs(driver.value))
    shown, rest = ordered[:MOST], ordered[MOST:]
    labels = names([driver.feature for driver in shown])
    bars = [
        {
            "feature": label, "amount": factor * driver.value, "moves": _moves(driver.value),
            "text": write(driver.value),
            "low": None if driver.low is None else factor * driver.low,
            "high": None if driver.high is None else factor * driver.high,
        }
        for label, driver in zip(labels, shown, strict=True)
    ]  # fmt: skip
    if rest:
        amount = sum(driver.value for driver in rest)
        bars.append({"feature": say("{number} others", number=len(rest)), "amount": factor * amount, "moves": _moves(amount),
                     "text": write(amount), "low": None, "high": None})  # fmt: skip
    unit = say("percentage points") if share else retold(gap.units)
    pair = {"group": gap.group, "reference": gap.reference}
    return Figure(
        caption=say(_CAPTIONS[gap.measure], **pair),
        alt=say("The largest parts: {parts}.", parts="; ".join(f"{one.feature} {write(one.value)}" for one in shown[:3])),
        spec=_bars_spec(bars, say("{group} less {reference} ({unit})", unit=unit, **pair)),
    )


_CAPTIONS = {
    "mean score": marked("Mean score: {group} less {reference}, by feature"),
    "selection rate": marked("Selection rate: {group} less {reference}, by feature"),
}


def _moves(amount: float) -> str:
    return say("higher") if amount >= 0 else say("lower")


def _signed(value: float) -> str:
    text = number(value)
    return text if value <= 0 or text[0] in "+−" else f"+{text}"


def _colored(up: str, down: str) -> Spec:
    return {"field": "moves", "type": "nominal", "title": None, "sort": None,
            "scale": {"domain": [up, down], "range": [_UP, _DOWN]}}  # fmt: skip


def _bars_spec(bars: list[dict[str, Any]], axis: str) -> Spec:
    order = [bar["feature"] for bar in bars]
    y = {"field": "feature", "type": "nominal", "sort": order, "title": None, "axis": {"ticks": False, "domain": False}}
    x = {"type": "quantitative", "title": axis, "axis": {"grid": False, "tickCount": 5}}
    text = [{**bar, "at": max(bar["amount"], bar["high"] or 0.0, 0.0)} for bar in bars]
    return framed({
        "width": _WIDTH, "height": {"step": 24},
        "layer": [
            {"data": data(bars), "mark": {"type": "bar", "height": 14},
             "encoding": {"y": y, "x": {"field": "amount", **x}, "color": _colored(say("higher"), say("lower"))}},
            {"data": data(bar for bar in bars if bar["low"] is not None), "mark": {"type": "rule", "strokeWidth": 1.5},
             "encoding": {"y": y, "x": {"field": "low", **x}, "x2": {"field": "high"}, "color": {"value": INK}}},
            {"data": data([{"at": 0}]), "mark": {"type": "rule"}, "encoding": {"x": {"field": "at", **x}, "color": {"value": QUIET}}},
            {"data": data(text), "mark": {"type": "text", "align": "left", "dx": 6},
             "encoding": {"y": y, "x": {"field": "at", **x}, "text": {"field": "text"}}},
        ],
    })  # fmt: skip


def person_chart(person: PersonRecord, units: str) -> Figure | None:
    """Return how one person's score comes about, from the mean of the background to the score; None without its parts.

    Parameters
    ----------
    person
        One person of an audit's explanation.
    units
        Of the parts, as people say them.
    """
    if not person.parts or person.base is None:
        return None
    bars = _steps(person)
    ends = [
        {"at": person.base, "word": say("mean {score}", score=number(person.base))},
        {"at": bars[-1]["to"], "word": say("this person {score}", score=number(bars[-1]["to"]))},
    ]
    largest = max(person.parts, key=lambda part: abs(part.amount))
    alt = say(
        "From {base}, the mean, to {score}. The largest step is {amount} by {feature}.",
        base=number(person.base), score=number(bars[-1]["to"]), amount=_signed(largest.amount), feature=largest.feature,
    )  # fmt: skip
    return Figure(
        say("How the score of row {row} comes about", row=f"{person.row:,}"), alt, _steps_spec(bars, ends, units)
    )


def _steps(person: PersonRecord) -> list[dict[str, Any]]:
    """Return the bars: each starts where the one before it ends."""
    ordered = sorted(person.parts, key=lambda part: -abs(part.amount))
    shown, rest = ordered[:MOST], ordered[MOST:]
    told = names([f"{part.feature} = {part.value}" if part.value else part.feature for part in shown])
    steps = [(label, part.amount) for label, part in zip(told, shown, strict=True)]
    if rest:
        steps.append((say("{number} others", number=len(rest)), sum(part.amount for part in rest)))
    bars, at = [], float(person.base or 0.0)
    for label, amount in steps:
        bars.append({"feature": label, "from": at, "to": at + amount, "right": max(at, at + amount),
                     "moves": say("raises") if amount >= 0 else say("lowers"), "text": _signed(amount)})  # fmt: skip
        at += amount
    return bars


def _steps_spec(bars: list[dict[str, Any]], ends: Sequence[dict[str, Any]], units: str) -> Spec:
    order = [bar["feature"] for bar in bars]
    y = {"field": "feature", "type": "nominal", "sort": order, "title": None, "axis": {"ticks": False, "domain": False}}
    x = {"type": "quantitative", "title": say("score ({unit})", unit=units), "scale": {"zero": False, "padding": 20},
         "axis": {"grid": False, "tickCount": 5}}  # fmt: skip
    return framed({
        "width": _WIDTH, "height": {"step": 24},
        "layer": [
            {"data": data(bars), "mark": {"type": "bar", "height": 14},
             "encoding": {"y": y, "x": {"field": "from", **x}, "x2": {"field": "to"}, "color": _colored(say("raises"), say("lowers"))}},
            {"data": data(ends), "mark": {"type": "rule", "strokeDash": [3, 3]}, "encoding": {"x": {"field": "at", **x}, "color": {"value": QUIET}}},
            {"data": data(bars), "mark": {"type": "text", "align": "left", "dx": 6},
             "encoding": {"y": y, "x": {"field": "right", **x}, "text": {"field": "text"}}},
            {"data": data(ends), "mark": {"type": "text", "baseline": "bottom", "dy": -6, "fontSize": 11},
             "encoding": {"x": {"field": "at", **x}, "y": {"value": 0}, "text": {"field": "word"}, "color": {"value": QUIET}}},
        ],
    })  # fmt: skip
