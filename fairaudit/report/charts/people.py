"""Charts of a score taken apart: what drives a gap, and what one person's score is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...result import GapRecord, PersonRecord
from ...translations import marked, retold, say
from ..nodes import Figure
from ..words import number as written_number
from ..words import points, signed
from .looks import GROUP_COLORS, INK, QUIET, Spec, fixed, framed, layer, listed, names, number, ruled, text

MOST = 10
_WIDTH = 320
_UP, _DOWN = GROUP_COLORS[0], GROUP_COLORS[1]


def driver_bars(gap: GapRecord) -> Figure | None:
    """Return what each feature adds to a gap, the largest first, with intervals that hold together.

    Parameters
    ----------
    gap
        One gap of an audit's explanation; without drivers there is no figure.
    """
    if not gap.drivers or gap.value is None:
        return None
    share = gap.measure != "mean score"
    factor, write = (100.0, points) if share else (1.0, signed)
    ordered = sorted(gap.drivers, key=lambda driver: -abs(driver.value))
    shown, rest = ordered[:MOST], ordered[MOST:]
    bars = [
        _driver_bar(label, one.value, one.low, one.high, factor, write(one.value))
        for label, one in zip(names([driver.feature for driver in shown]), shown, strict=True)
    ]
    if rest:
        amount = sum(driver.value for driver in rest)
        label = say("{number} others", number=len(rest))
        bars.append(_driver_bar(label, amount, None, None, factor, write(amount)))
    unit = say("percentage points") if share else retold(gap.units)
    pair = {"group": gap.group, "reference": gap.reference}
    return Figure(
        caption=say(GAP_CAPTIONS[gap.measure], **pair),
        alt=say(
            "The largest parts: {parts}.", parts="; ".join(f"{one.feature} {write(one.value)}" for one in shown[:3])
        ),
        spec=_bars_spec(bars, say("{group} less {reference} ({unit})", unit=unit, **pair)),
    )


def _driver_bar(
    label: str, value: float, low: float | None, high: float | None, factor: float, text_: str
) -> dict[str, Any]:
    ends = {"low": None if low is None else factor * low, "high": None if high is None else factor * high}
    moves = say("higher") if value >= 0 else say("lower")
    return {"feature": label, "amount": factor * value, "moves": moves, "text": text_, **ends}


GAP_CAPTIONS = {
    "mean score": marked("Mean score: {group} less {reference}, by feature"),
    "selection rate": marked("Selection rate: {group} less {reference}, by feature"),
}


def _colored(up: str, down: str) -> Spec:
    return {"field": "moves", "type": "nominal", "title": None, "sort": None,
            "scale": {"domain": [up, down], "range": [_UP, _DOWN]}}  # fmt: skip


def _bars_spec(bars: list[dict[str, Any]], axis: str) -> Spec:
    y = listed("feature", [bar["feature"] for bar in bars])
    along = {"title": axis, "axis": {"grid": False, "tickCount": 5}}
    spans = [bar for bar in bars if bar["low"] is not None]
    written = [{**bar, "at": max(bar["amount"], bar["high"] or 0.0, 0.0)} for bar in bars]
    color = _colored(say("higher"), say("lower"))
    return framed({
        "width": _WIDTH,
        "height": {"step": 24},
        "layer": [
            layer("bar", bars, {"height": 14}, y=y, x=number("amount", along), color=color),
            layer("rule", spans, {"strokeWidth": 1.5}, y=y, x=number("low", along), x2=text("high"), color=fixed(INK)),
            layer("rule", [{"at": 0}], x=number("at", along), color=fixed(QUIET)),
            layer("text", written, {"align": "left", "dx": 6}, y=y, x=number("at", along), text=text("text")),
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
        {"at": person.base, "word": say("mean {score}", score=written_number(person.base))},
        {"at": bars[-1]["to"], "word": say("this person {score}", score=written_number(bars[-1]["to"]))},
    ]
    largest = max(person.parts, key=lambda part: abs(part.amount))
    alt = say(
        "From {base}, the mean, to {score}. The largest step is {amount} by {feature}.",
        base=written_number(person.base),
        score=written_number(bars[-1]["to"]),
        amount=signed(largest.amount),
        feature=largest.feature,
    )
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
                     "moves": say("raises") if amount >= 0 else say("lowers"), "text": signed(amount)})  # fmt: skip
        at += amount
    return bars


def _steps_spec(bars: list[dict[str, Any]], ends: Sequence[dict[str, Any]], units: str) -> Spec:
    y = listed("feature", [bar["feature"] for bar in bars])
    along = {"title": say("score ({unit})", unit=units), "scale": {"zero": False, "padding": 20},
             "axis": {"grid": False, "tickCount": 5}}  # fmt: skip
    color = _colored(say("raises"), say("lowers"))
    return framed({
        "width": _WIDTH,
        "height": {"step": 24},
        "layer": [
            layer("bar", bars, {"height": 14}, y=y, x=number("from", along), x2=text("to"), color=color),
            *ruled(ends, along, dash=[3, 3]),
            layer("text", bars, {"align": "left", "dx": 6}, y=y, x=number("right", along), text=text("text")),
        ],
    })  # fmt: skip
