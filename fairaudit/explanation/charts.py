"""Charts of an explanation, as altair specs: a row's waterfall, all rows' beeswarm, the mean size of each feature.

Everything is in the units of the score, never rescaled. Colors differ in lightness too, and every chart says in its
description what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ExplanationError
from .trees import Floats

if TYPE_CHECKING:
    from .attribution import Explanation

UP, DOWN, PLAIN = "#0b559f", "#d8702a", "#4a4a4a"
"""Moves the score up, down; the score itself. Told apart also by people who see colors differently."""

WITHOUT_ORDER = "#8a8f94"
"""Of values that have no rank: text, and missing ones."""

SWARM = 400
"""Rows of a beeswarm at most: more points hide each other."""


class Charts:
    """The charts of one explanation; ``explanation.plot`` makes it."""

    def __init__(self, explanation: Explanation) -> None:
        self._made = explanation

    def waterfall(self, row: int = 0, *, most: int = 10) -> Any:
        """Return an altair chart of one row: from the base to its score, one bar a feature, the largest first.

        Features after the ``most`` largest are one bar.
        """
        import altair as alt

        made = self._made
        if not -len(made) <= row < len(made):
            message = f"Row {row} is not there: the explanation has {len(made):,} rows, numbered from 0."
            raise ExplanationError(message)
        bars = _steps(made, row, most)
        score = float(made.scores[row])
        order = [bar["feature"] for bar in bars]
        high = bars[0]
        text = (
            f"Waterfall from {made.base:.4g}, the mean of the background, to this row's score of {score:.4g} "
            f"{made.units}. The largest move is {high['change']:+.4g} by {high['feature']}."
        )
        place = alt.Y("feature:N", sort=order, title=None, axis=alt.Axis(labelLimit=300))
        shared = alt.Chart(alt.Data(values=bars)).encode(y=place)
        scale = alt.Scale(zero=False)
        drawn = shared.mark_bar().encode(
            x=alt.X("from:Q", title=f"score ({made.units})", scale=scale),
            x2="to:Q",
            color=alt.Color("moves:N", title=None, scale=alt.Scale(domain=["up", "down"], range=[UP, DOWN])),
            tooltip=["feature:N", alt.Tooltip("change:Q", format="+.4g"), alt.Tooltip("to:Q", format=".4g")],
        )
        labels = shared.mark_text(align="left", dx=4).encode(x=alt.X("right:Q", scale=scale), text="label:N")
        ends = alt.Chart(alt.Data(values=[{"at": made.base, "what": "base"}, {"at": score, "what": "score"}]))
        lines = ends.mark_rule(strokeDash=[3, 3], color=PLAIN).encode(x="at:Q", tooltip=["what:N", "at:Q"])
        title = f"Score {score:.4g}, background mean {made.base:.4g}"
        return alt.layer(drawn, labels, lines).properties(title=title, description=text, width=420, height=alt.Step(22))

    def bar(self, *, most: int = 20) -> Any:
        """Return an altair chart of the mean absolute attribution of each feature, the largest first."""
        import altair as alt

        made = self._made
        size = np.abs(made.values).mean(axis=0)
        order = np.argsort(-size, kind="stable")
        bars = [{"feature": made.names[at], "size": float(size[at])} for at in order[:most]]
        _say_rest(bars, size[order[most:]])
        text = (
            f"Mean absolute attribution over {len(made):,} rows in {made.units}: "
            + ", ".join(f"{bar['feature']} {bar['size']:.4g}" for bar in bars[:3])
            + "."
        )
        return (
            alt.Chart(alt.Data(values=bars))
            .mark_bar(color=UP)
            .encode(
                x=alt.X("size:Q", title=f"mean absolute attribution ({made.units})"),
                y=alt.Y("feature:N", sort=[bar["feature"] for bar in bars], title=None, axis=alt.Axis(labelLimit=300)),
                tooltip=["feature:N", alt.Tooltip("size:Q", format=".4g")],
            )
            .properties(description=text, width=420, height=alt.Step(22))
        )

    def beeswarm(self, *, most: int = 12) -> Any:
        """Return an altair chart of every row's attribution by feature, colored by where its value ranks.

        Of more than 400 rows, 400 evenly spaced ones are drawn, and the subtitle says so.
        """
        import altair as alt

        made = self._made
        size = np.abs(made.values).mean(axis=0)
        order = np.argsort(-size, kind="stable")[:most]
        rows = np.unique(np.linspace(0, len(made) - 1, min(SWARM, len(made))).astype(int))
        points = [point for at in order for point in _points(made, int(at), rows)]
        features = [made.names[at] for at in order]
        shown = f"{len(rows):,} of {len(made):,} rows" if len(rows) < len(made) else f"{len(made):,} rows"
        grey = "; grey: a value without order, or missing" if any(point["rank"] is None for point in points) else ""
        text = (
            f"Attributions of {shown} in {made.units}, one line of points a feature, the largest on average first: "
            f"{', '.join(features[:3])}. Points are colored by the rank of the feature's value{grey}."
        )
        place = {
            "x": alt.X("attribution:Q", title=f"attribution ({made.units})"),
            "y": alt.Y("feature:N", sort=features, title=None, axis=alt.Axis(labelLimit=300)),
            "yOffset": alt.YOffset("beside:Q", scale=alt.Scale(domain=[-1, 1])),
            "tooltip": ["feature:N", "value:N", alt.Tooltip("attribution:Q", format="+.4g")],
        }
        legend = alt.Legend(values=[0, 1], labelExpr="datum.value == 0 ? 'lowest' : 'highest'", gradientLength=80)
        color = alt.Color("rank:Q", title="value", scale=alt.Scale(scheme="viridis", domain=[0, 1]), legend=legend)
        ranked = [point for point in points if point["rank"] is not None]
        others = [point for point in points if point["rank"] is None]
        # A color scale would give what has no rank the color of the lowest.
        swarms = [
            *([_circles(others).encode(color=alt.value(WITHOUT_ORDER), **place)] if others else []),
            *([_circles(ranked).encode(color=color, **place)] if ranked else []),
        ]
        return alt.layer(*swarms).properties(
            title={"text": "Attributions by feature", "subtitle": shown + grey},
            description=text,
            width=460,
            height=alt.Step(34),
        )


def _circles(points: list[dict[str, Any]]) -> Any:
    import altair as alt

    return alt.Chart(alt.Data(values=points)).mark_circle(size=14, opacity=0.7)


def _steps(made: Explanation, row: int, most: int) -> list[dict[str, Any]]:
    """Return the bars of a waterfall: each starts where the one before it ends."""
    values = made.values[row]
    order = np.argsort(-np.abs(values), kind="stable")
    parts = [(_named(made, row, int(at)), float(values[at])) for at in order[:most]]
    if len(order) > most:
        parts.append((f"{len(order) - most} other features", float(values[order[most:]].sum())))
    bars = []
    at = float(made.base)
    for name, change in parts:
        end = at + change
        moves = "up" if change >= 0 else "down"
        bars.append(
            {
                "feature": name,
                "from": at,
                "to": end,
                "right": max(at, end),
                "change": change,
                "moves": moves,
                "label": f"{change:+.4g}",
            }
        )
        at = end
    return bars


def _named(made: Explanation, row: int, player: int) -> str:
    """Return a feature with its value, without one where it is several columns."""
    value = made.data[row, player]
    if value is None or value != value:
        return made.names[player]
    shown = f"{value:.6g}" if isinstance(value, int | float | np.number) else str(value)
    return f"{made.names[player]} = {shown}"


def _say_rest(bars: list[dict[str, Any]], rest: Floats) -> None:
    if len(rest):
        bars.append({"feature": f"{len(rest)} other features, together", "size": float(rest.sum())})


def _points(made: Explanation, player: int, rows: Any) -> list[dict[str, Any]]:
    values = made.values[rows, player]
    shown = made.data[rows, player]
    rank = _ranks(shown)
    beside = _beside(values)
    return [
        {
            "feature": made.names[player],
            "attribution": float(value),
            "value": None if own is None or own != own else str(own),
            "rank": None if np.isnan(place) else float(place),
            "beside": float(aside),
        }
        for value, own, place, aside in zip(values, shown.tolist(), rank, beside, strict=True)
    ]


def _ranks(shown: Any) -> Floats:
    """Return where each value stands from 0 (lowest) to 1 (highest); NaN for text and missing values."""
    try:
        numbers = np.asarray(shown, dtype=np.float64)
    except (TypeError, ValueError):
        return np.full(len(shown), np.nan)
    known = ~np.isnan(numbers)
    made = np.full(len(numbers), np.nan)
    levels, place = np.unique(numbers[known], return_inverse=True)
    made[known] = place / max(1, len(levels) - 1)
    return made


def _beside(values: Floats) -> Floats:
    """Return how far points that lie together are moved aside, from -1 to 1: the densest place is the widest."""
    span = float(np.ptp(values)) or 1.0
    bins = np.minimum((values - values.min()) / span * 60, 59).astype(int)
    counts = np.bincount(bins, minlength=60)
    seen = np.zeros(60, dtype=int)
    made = np.zeros(len(values))
    for at, where in enumerate(bins):
        turn = seen[where]
        made[at] = ((turn + 1) // 2) * (1 if turn % 2 else -1)
        seen[where] += 1
    return np.asarray(made / max(1.0, counts.max() / 2))
