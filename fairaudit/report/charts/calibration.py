"""What a score said against what happened, a small picture a group."""

from __future__ import annotations

from collections.abc import Sequence

from ...result import Measurement
from ...translations import say
from ..lookup import unique
from ..nodes import Figure
from ..words import percent
from .looks import GROUP_COLORS, QUIET, data, faceted, fixed, framed, layer, names, number, text

_SIDE = 200


def calibration_chart(records: Sequence[Measurement]) -> Figure | None:
    """Return observed against predicted good rates of each group, with intervals; None without a curve.

    Parameters
    ----------
    records
        The calibration of one attribute's groups.
    """
    curve = [
        one
        for one in records
        if one.metric == "calibration_curve" and one.detail and one.value is not None and one.expected is not None
    ]
    if not curve:
        return None
    groups = unique(one.group or "" for one in curve)
    labels = dict(zip(groups, names(list(groups)), strict=True))
    rows = [
        {
            "group": labels[one.group or ""],
            "predicted": round(one.expected or 0.0, 4),
            "observed": round(one.value or 0.0, 4),
            "low": one.low,
            "high": one.high,
        }
        for one in curve
    ]
    known = [end for one in curve for end in (one.expected, one.value, one.low, one.high) if end is not None]
    least, most = max(0.0, min(known) - 0.02), min(1.0, max(known) + 0.02)
    told = []
    for group in groups:
        own = [one for one in curve if (one.group or "") == group]
        far = max(own, key=lambda one: abs((one.value or 0.0) - (one.expected or 0.0)))
        text_ = say(
            "{group}: furthest apart where {predicted} were predicted to be good and {observed} were",
            group=group,
            predicted=percent(far.expected or 0.0),
            observed=percent(far.value or 0.0),
        )
        told.append(text_)
    shared = {
        "scale": {"domain": [round(least, 3), round(most, 3)], "nice": False},
        "axis": {"format": "~%", "tickCount": 4},
    }
    x = number("predicted", {**shared, "title": say("predicted good rate")})
    y = {**shared, "title": say("observed good rate")}
    ends = [{"predicted": least, "observed": least}, {"predicted": most, "observed": most}]
    color, observed = fixed(GROUP_COLORS[0]), number("observed", y)
    spans = layer("rule", None, {"strokeWidth": 1.5}, x=x, y=number("low", y), y2=text("high"), color=color)
    inside = {
        "width": _SIDE,
        "height": _SIDE,
        "layer": [
            layer("line", ends, {"strokeDash": [4, 3], "strokeWidth": 1}, x=x, y=observed, color=fixed(QUIET)),
            {**spans, "transform": [{"filter": "isValid(datum.low)"}]},
            layer("point", None, {"filled": True, "size": 40, "opacity": 1}, x=x, y=observed, color=color),
        ],
    }
    facet = faceted(list(labels.values()), _SIDE)
    return Figure(
        caption=say("Observed against predicted good rates; on the dashed line outcomes were as predicted"),
        alt=f"{'; '.join(told)}.",
        spec=framed({"data": data(rows), "facet": facet, "columns": 3, "spec": inside}),
    )
