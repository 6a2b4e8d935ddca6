"""The chart of a gap: what each feature adds, with intervals that hold together, and how well it tells the groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .charts import DOWN, PLAIN, UP

if TYPE_CHECKING:
    from .drivers_record import Driver, Drivers


BEHIND = "in brackets: how well a feature tells the two apart (AUC)"


def driver_chart(made: Drivers, *, most: int = 12) -> Any:
    """Return an altair chart of a gap's drivers, the largest first; the others stand together in one bar.

    Parameters
    ----------
    made
        What ``explanation.drivers(...)`` returned.
    most
        Features drawn one by one.

    Notes
    -----
    Lines are the intervals that hold together for all features; the bar of the others has none. A number behind a
    feature is the area under the curve with which it alone tells the group from the reference.
    """
    import altair as alt

    bars = [_bar(each) for each in made.drivers[:most]]
    rest = made.drivers[most:]
    if rest:
        amount = sum(each.amount for each in rest)
        bars.append({"feature": f"{len(rest)} other features, together", "amount": amount, "moves": _moves(amount)})
    order = [bar["feature"] for bar in bars]
    drawn = alt.Chart(alt.Data(values=bars)).encode(
        y=alt.Y("feature:N", sort=order, title=None, axis=alt.Axis(labelLimit=300))
    )
    amounts = drawn.mark_bar().encode(
        x=alt.X("amount:Q", title=f"{made.group} less {made.reference}, {made.measure} ({made.units})"),
        color=alt.Color("moves:N", title=None, scale=alt.Scale(domain=["higher", "lower"], range=[UP, DOWN])),
        tooltip=["feature:N", alt.Tooltip("amount:Q", format=".4g"), alt.Tooltip("low:Q", format=".4g"),
                 alt.Tooltip("high:Q", format=".4g")],
    )  # fmt: skip
    intervals = drawn.transform_filter("isValid(datum.low)").mark_rule(color=PLAIN, strokeWidth=2)
    whiskers = intervals.encode(x=alt.X("low:Q"), x2="high:Q")
    nothing = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(color=PLAIN).encode(x="at:Q")
    title = alt.TitleParams(
        f"{made.attribute}: gap of {made.gap.value:.4g} between {made.group} and {made.reference}",
        subtitle=f"{made.confidence:.0%} interval {made.gap.low:.4g} to {made.gap.high:.4g}; {BEHIND}",
    )
    text = " ".join(made.words)
    return alt.layer(amounts, whiskers, nothing).properties(
        title=title, description=text, width=420, height=alt.Step(22)
    )


def _bar(each: Driver) -> dict[str, Any]:
    proxy = "" if each.proxy is None else f" ({each.proxy.auc:.2f})"
    return {
        "feature": f"{each.feature}{proxy}",
        "amount": each.amount,
        "low": each.low_together,
        "high": each.high_together,
        "moves": _moves(each.amount),
    }


def _moves(amount: float) -> str:
    return "higher" if amount >= 0 else "lower"
