"""Error rates of each group against each other, over all cut-offs."""

from __future__ import annotations

from ...result import AttributeRecord
from ...translations import say
from ..lookup import Lookup
from ..nodes import Figure
from ..words import title
from .looks import QUIET, by_group, fixed, framed, layer, names, number
from .over_scores import curves_of, production, shown_places

_SIDE = 320
_RATES = ("false_positive_rate", "true_positive_rate")


def roc_chart(look: Lookup, attribute: AttributeRecord) -> Figure | None:
    """Return true against false positive rates at every cut-off by group, None where they are not identified.

    Parameters
    ----------
    look, attribute
        What an audit found, and the attribute whose groups are drawn.
    """
    result = look.result
    own = {
        group: curve
        for group, curve in curves_of(look, attribute).items()
        if all(any(value is not None for value in curve.columns.get(name, ())) for name in _RATES)
    }
    if not own:
        return None
    labels = names(list(own))
    rows, audited, told = [], [], []
    for label, (group, curve) in zip(labels, own.items(), strict=True):
        false, true = (curve.columns[name] for name in _RATES)
        known = [
            (left, right)
            for left, right in ((false[at], true[at]) for at in shown_places(result))
            if left is not None and right is not None
        ]
        rows += [{"group": label, "false": 0.0, "true": 0.0, "order": -1}]
        rows += [
            {"group": label, "false": round(left, 4), "true": round(right, 4), "order": place}
            for place, (left, right) in enumerate(sorted(known))
        ]
        rows += [{"group": label, "false": 1.0, "true": 1.0, "order": len(known)}]
        audited += [
            {"group": label, "false": false[at], "true": true[at]}
            for at in sorted(production(result))
            if false[at] is not None
        ]
        area = look.rate("area_under_curve", attribute.name, group)
        if area is not None and area.value is not None:
            told.append(say("{group}: {score}", group=group, score=f"{area.value:.3f}"))
    share = {"scale": {"domain": [0, 1]}, "axis": {"format": "~%", "tickCount": 5}}
    x, y = (
        number(field, {**share, "title": title(name)}) for field, name in zip(("false", "true"), _RATES, strict=True)
    )
    shown, order = by_group(labels), number("order", {})
    chance = [{"false": 0, "true": 0}, {"false": 1, "true": 1}]
    spec = framed({
        "width": _SIDE,
        "height": _SIDE,
        "layer": [
            layer("line", chance, {"strokeDash": [2, 3], "strokeWidth": 1}, x=x, y=y, color=fixed(QUIET)),
            layer("line", rows, {"strokeWidth": 2}, x=x, y=y, order=order, **shown),
            layer("point", audited, {"filled": True, "size": 70, "opacity": 1}, x=x, y=y, color=shown["color"]),
        ],
    })  # fmt: skip
    said = say("ROC curve by {attribute}; the diagonal is chance.", attribute=attribute.name)
    if told:
        said += " " + say("Areas under the curve: {areas}.", areas="; ".join(told))
    return Figure(say("ROC curve of each group; dots: the audited cut-offs"), said, spec)
