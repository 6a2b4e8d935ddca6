"""An audit over time in words: plain text, Markdown and HTML, all from the records."""

from __future__ import annotations

from ..watch_result import LookRecord, PeriodRecord, WatchedRecord, WatchResult
from .charts.over_time import over_time_chart
from .html import page, render, style_sheet
from .markdown import markdown
from .nodes import Block, Cell, Column, Details, Item, Paragraph, Report, Section, figures, items, table
from .words import NOTHING, interval, number, p_value, percent, points, visible, with_noun

_SHIFTED = (0.1, 0.25)
"""The industry's rule of thumb for the stability index: Siddiqi (2006), Credit Risk Scorecards."""

_ERROR = "Chance of any false alarm of a kind, over all looks and comparisons together: at most "

_ONE_LOOK = (
    "The interval of one period is true of that look alone: among many months some miss by chance. The sequence is "
    "true at all looks together, however often one looks, and is wider for it."
)
_KINDS = (
    "Two kinds of alarm, each with its own error of {error}: changed (a stretch of watched periods has another "
    "contrast than the baseline) and past the line. Each comparison has its equal share of the error."
)
_STRETCHES = (
    "Every stretch that ends at a look is tried, and later beginnings may spend less, so that a change long after the "
    "first look is found too."
)
_NARROWEST = "The sequences are narrowest after about {periods}; what was chosen there changes no error."
_NORMAL = (
    "Sequences rest on the normal approximation of cumulated rates, and are shown from 10 people on either side of "
    "each rate on."
)
_NOTHING = (
    "No alarm does not say that nothing changed. A stability index of 0.1 to 0.25 is some shift, above it a large one "
    "(Siddiqi 2006); a shift of who applies can move a ratio without any change of the rule."
)
_READING = (_ONE_LOOK, _KINDS, _STRETCHES, _NARROWEST, _NORMAL, _NOTHING)


def to_text(result: WatchResult) -> str:
    """Return what was found as plain text for a terminal."""
    parts = [
        ("", [heading(result), *opening(result)]),
        (verdict(result), [f"- {sentence(one)}" for one in result.watched]),
        ("Who was there:", [f"- {line}" for line in noticed(result)]),
        ("How to read it:", [f"- {line}" for line in reading(result)]),
    ]
    return "\n\n".join("\n".join(_indented(title, lines)) for title, lines in parts if lines)


def _indented(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {visible(line)}" for line in lines)] if title else [visible(line) for line in lines]


def to_markdown(result: WatchResult) -> str:
    """Return what was found as Markdown. Names from the data are text, whatever they contain."""
    return markdown(watch_tree(result))


def to_html(result: WatchResult) -> str:
    """Return what was found as one self-contained HTML page."""
    return page(watch_tree(result))


def fragment(result: WatchResult) -> str:
    """Return what was found as a fragment of HTML for a notebook; its style touches nothing else."""
    shown = (Paragraph(f"{heading(result)}. {verdict(result)}"), *summary_table(result))
    return render("key_table.html.j2", shown=shown, style=style_sheet("key_table.css"))


def watch_tree(result: WatchResult) -> Report:
    """Return what was found as a tree of plain parts, before it is put into any format."""
    sections = [
        Section(
            "found",
            "What was found",
            (
                Paragraph(verdict(result), "lead"),
                *items([Item(sentence(one)) for one in result.watched]),
                *summary_table(result),
            ),
        )
    ]
    for place, one in enumerate(result.watched, 1):
        blocks: tuple[Block, ...] = figures(over_time_chart(one, sentence(one)))
        sections.append(
            Section(
                f"watched-{place}",
                f"{one.title}: {one.attribute}, {one.group} against {one.reference}",
                (*blocks, Details("Every period", look_table(one))),
            )
        )
    sections += [
        Section("people", "Who was there", (*items([Item(line) for line in noticed(result)]), *period_table(result))),
        Section("reading", "How to read it", items([Item(line) for line in reading(result)])),
    ]
    made = f"Made with {result.tool.get('name', 'fairaudit')} {result.tool.get('version', '')}."
    lead = tuple(Paragraph(line) for line in opening(result))
    return Report(heading(result), lead, tuple(sections), made)


# Words


def heading(result: WatchResult) -> str:
    """Return what was watched, in one line."""
    return f"Audit over time: {result.source}"


def opening(result: WatchResult) -> list[str]:
    """Return which periods were held against which, and how."""
    before = [one.period for one in result.periods if one.baseline]
    after = [one.period for one in result.periods if not one.baseline]
    compared = with_noun(result.comparisons, "comparison", "comparisons")
    return [
        f"Audited: {result.decision_text}.",
        f"Baseline: {_from_to(before)}. Watched: {_from_to(after)} ({with_noun(len(after), 'look', 'looks')}).",
        f"{compared} under the policy {result.policy}. {_ERROR}{percent(result.alpha)}.",
    ]


def _from_to(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def verdict(result: WatchResult) -> str:
    """Return how many comparisons raised an alarm."""
    raised = [one for one in result.watched if one.first_alarm is not None]
    if not result.watched:
        return "Nothing could be watched."
    if not raised:
        unready = sum(not _told(one) for one in result.watched)
        few = f" {with_noun(unready, 'of them has', 'of them have')} too few people to tell." if unready else ""
        return f"No alarm in {with_noun(len(result.watched), 'comparison', 'comparisons')}.{few}"
    return f"Alarm in {len(raised)} of {with_noun(len(result.watched), 'comparison', 'comparisons')}."


def _told(one: WatchedRecord) -> bool:
    return any(look.running is not None for look in one.looks)


def sentence(one: WatchedRecord) -> str:
    """Return one comparison in words: where it stands, against the baseline and the line, and since when."""
    who = f"{one.attribute}: {one.group} against {one.reference}, {one.title.lower()}"
    known = [look for look in one.looks if look.running is not None]
    if not one.enough:
        return f"{who}: the baseline has too few people to hold anything against it."
    if not known:
        return f"{who}: too few people so far."
    last = known[-1]
    said = f"{who} {_value(one, last.running)} since the baseline, which had {_value(one, one.baseline)}"
    sequence = interval(last.running_low, last.running_high, lambda value: _value(one, value))
    said += f" (sequence {sequence})."
    first = {
        kind: next((look for look in one.looks if kind in look.alarms), None) for kind in ("changed", "past the line")
    }
    changed, past = first["changed"], first["past the line"]
    if changed is not None:
        way = {True: ", to the group's disadvantage", False: ", to its advantage", None: ""}[changed.worse]
        said += f" Changed{way}: alarm in {changed.period}, of the people since {changed.changed_since}."
    if past is not None and one.line is not None:
        said += (
            f" Past the line of {_value(one, one.line)}: alarm in {past.period}, of the people since {past.past_since}."
        )
    return said if changed or past else f"{said} No alarm."


def noticed(result: WatchResult) -> list[str]:
    """Return what a reader must know of who was in which period."""
    lines = []
    for one in result.periods:
        for what, levels in (("appears", one.appeared), ("is gone", one.gone)):
            lines += [f"{one.period}: {name} {', '.join(found)} {what}." for name, found in levels.items()]
        shifts = {"the score": one.score_shift, **{f"the groups of {name}": at for name, at in one.group_shift.items()}}
        lines += [
            f"{one.period}: {what} shifted against the baseline (stability index {number(at)}, {_shift_word(at)})."
            for what, at in shifts.items()
            if at is not None and at >= _SHIFTED[0]
        ]
    lines += [f"Not watched: {who}, because {why}." for who, why in result.not_watched.items()]
    return lines or ["The same groups in every period, and no shift of groups or scores above 0.1."]


def _shift_word(at: float) -> str:
    return "large" if at >= _SHIFTED[1] else "some"


def reading(result: WatchResult) -> list[str]:
    """Return how to read it."""
    error, periods = percent(result.alpha), with_noun(result.horizon, "period", "periods")
    return [line.format(error=error, periods=periods) for line in _READING]


def _value(one: WatchedRecord, value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{points(value)} points" if one.how == "difference" else number(value)


# Tables


def summary_table(result: WatchResult) -> tuple[Block, ...]:
    """Return a line a comparison: baseline, all watched periods together, change and alarms."""
    columns = (
        Column("Comparison"), Column("Baseline", numeric=True), Column("Since then", numeric=True),
        Column("Sequence", numeric=True), Column("Change", numeric=True), Column("p at any look", numeric=True),
        Column("First alarm"),
    )  # fmt: skip
    rows = []
    for one in result.watched:
        last = next((look for look in reversed(one.looks) if look.running is not None), None)
        cells = (NOTHING,) * 4 if last is None else (
            _value(one, last.running),
            interval(last.running_low, last.running_high, lambda value, one=one: _value(one, value)),  # type: ignore[misc]
            _change(one, last),
            p_value(last.p),
        )  # fmt: skip
        rows.append(
            (
                Cell(f"{one.attribute}: {one.group} against {one.reference}", one.metric),
                Cell(_value(one, one.baseline)),
                *(Cell(text) for text in cells),
                Cell(one.first_alarm or "none"),
            )
        )
    return table("Each comparison against its baseline", columns, rows)


def _change(one: WatchedRecord, look: LookRecord) -> str:
    if look.change is None:
        return NOTHING
    return f"{points(look.change)} points" if one.how == "difference" else f"× {number(look.change)}"


def look_table(one: WatchedRecord) -> tuple[Block, ...]:
    """Return a line a period."""
    columns = (
        Column("Period"), Column("People", numeric=True), Column("Rate", numeric=True),
        Column("Reference's rate", numeric=True), Column("This period", numeric=True), Column("Interval", numeric=True),
        Column("All so far", numeric=True), Column("Sequence", numeric=True), Column("Change", numeric=True),
        Column("p at any look", numeric=True), Column("Alarms"),
    )  # fmt: skip

    def write(value: float) -> str:
        return _value(one, value)

    rows = [
        (
            Cell(look.period), Cell(f"{look.people:,}"), Cell(_rate(look.rate)), Cell(_rate(look.reference_rate)),
            Cell(_value(one, look.value)), Cell(interval(look.low, look.high, write)), Cell(_value(one, look.running)),
            Cell(interval(look.running_low, look.running_high, write)), Cell(_change(one, look)), Cell(p_value(look.p)),
            Cell("; ".join(look.alarms) or "none"),
        )
        for look in one.looks
    ]  # fmt: skip
    return table(f"{one.group} against {one.reference}, period by period", columns, rows)


def _rate(value: float | None) -> str:
    return NOTHING if value is None else percent(value)


def period_table(result: WatchResult) -> tuple[Block, ...]:
    """Return a line a period: people, shifts, the digest of its counts."""
    columns = (
        Column("Period"), Column("People", numeric=True), Column("Shift of the score", numeric=True),
        Column("Shift of groups", numeric=True), Column("sha256 of the counts"),
    )  # fmt: skip
    rows = [
        (Cell(one.period, "baseline" if one.baseline else ""), Cell(f"{one.people:,}"), Cell(_index(one.score_shift)),
         Cell(_groups(one)), Cell(one.sha256))
        for one in result.periods
    ]  # fmt: skip
    return table("The periods", columns, rows, "Shifts are population stability indices against the baseline.")


def _index(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _groups(one: PeriodRecord) -> str:
    return "; ".join(f"{name} {_index(at)}" for name, at in one.group_shift.items()) or NOTHING
