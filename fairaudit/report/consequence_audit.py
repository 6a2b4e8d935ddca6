"""On whom a score's consequences fall, as a page: a table a question, then what could not be asked."""

from __future__ import annotations

import math
from collections.abc import Callable

from .._version import __version__
from ..measuring import EVERYBODY
from ..systems.struck import GroupLine, Lasted, Lasting, Question, Struck
from .html import page
from .markdown import markdown
from .nodes import Cell, Column, Item, Paragraph, Report, Section, items, table

COLUMNS = (
    Column("Group"), Column("People", numeric=True), Column("Share (95% interval)", numeric=True),
    Column("Less the reference, points (95% interval)", numeric=True),
    Column("Adverse impact ratio (95% interval)", numeric=True),
    Column("Adverse-outcome ratio (95% interval)", numeric=True), Column("Status of the adverse impact ratio"),
)  # fmt: skip

SHOWN = (1, 2, 3, 5, 10, 20, 50)
"""Numbers of years that have a column where somebody was in the lowest band for so long."""


def to_markdown(struck: Struck) -> str:
    """Return the page as Markdown."""
    return markdown(tree(struck))


def to_html(struck: Struck) -> str:
    """Return the page as one self-contained HTML page."""
    return page(tree(struck))


def tree(struck: Struck) -> Report:
    """Return the page as its parts."""
    lead = (
        Paragraph(struck.stamp, "lead"),
        Paragraph(
            f"Each consequence is a decision, audited under {struck.policy}: on what share of each group it falls, "
            "with an interval, and how that differs from the reference. Consequences are asked of people who have a "
            "score; who has none is a question of its own."
        ),
        Paragraph(
            "These are differences in what follows from the scores. They do not say where the differences come from: "
            "equal conduct that is seen more often, and unequal conduct that is seen equally often, look the same "
            "here.",
            "note",
        ),
        Paragraph(
            "The status is that of the adverse impact ratio: of the shares who get a reward or have a score, or on "
            "whom a punishment does not fall. Where a punishment falls on few people, or few have no score, that "
            "ratio is near 1 whatever the groups; the adverse-outcome ratio, of the shares on whom it falls, says how "
            "many times as often.",
            "note",
        ),
        Paragraph(
            "Each question is judged by itself; where there are many, some intervals miss the truth by chance alone.",
            "note",
        ),
    )
    kinds = (
        ("no score", "coverage", "Who has no score"),
        ("punishment", "punishments", "On whom punishments fall"),
        ("reward", "rewards", "Who gets rewards"),
        ("lowest band", "lowest", "How long the lowest band lasts"),
    )
    sections = [
        Section(id_, heading, (), tuple(_question(one) for one in struck.questions if one.kind == kind))
        for kind, id_, heading in kinds
        if any(one.kind == kind for one in struck.questions)
    ]
    if struck.lasting:
        sections.append(_lasting(struck.lasting))
    if struck.not_asked:
        gone = items([Item(f"{why}.", what) for what, why in struck.not_asked])
        sections.append(Section("not-asked", "What could not be asked", gone))
    title = f"On whom the consequences fall: {struck.title} ({struck.system})"
    return Report(title, lead, tuple(sections), f"{struck.stamp} Made with fairaudit {__version__}.")


def _lasting(groups: tuple[Lasting, ...]) -> Section:
    """Return the curve as a table: a row a group, a column a number of years."""
    longest = max(len(one.steps) for one in groups)
    shown = [years for years in SHOWN if years <= longest]
    columns = (
        Column("Group"), Column("People ever in it", numeric=True), Column("In it at the end", numeric=True),
        Column("Median years", numeric=True),
        *(Column(f"Longer than {years} {'year' if years == 1 else 'years'}", numeric=True) for years in shown),
    )  # fmt: skip
    rows = [
        (
            Cell("everybody") if one.attribute == EVERYBODY else Cell(one.group, one.attribute),
            Cell(f"{one.people:,}"),
            Cell(f"{one.still:,}"),
            Cell("not reached" if one.median is None else f"{one.median}"),
            *(_step(one.steps[years - 1] if years <= len(one.steps) else None) for years in shown),
        )
        for one in groups
    ]
    text = Paragraph(
        "Of those who were ever in the lowest band at the end of a year, the share who are in it for longer than so "
        "many years in all, by Kaplan and Meier, with Greenwood's 95% interval at each number of years by itself. Who "
        "is in it at the end counts for as long as is known. Who left and came back counts with all years together. "
        "Nothing is shown for a number of years that nobody of the group was in it, and no interval where nobody or "
        "everybody has left. The median is the first number of years that at most half outlast."
    )
    return Section("lasting", "For how many years", (text, *table("Years in the lowest band", columns, rows)))


def _step(step: Lasted | None) -> Cell:
    if step is None:
        return Cell()
    return _between(step.share, step.low, step.high, "{:.1%}".format)


def _question(one: Question) -> Section:
    out = f"; {one.left_out:,} left out, of whom it cannot be asked" if one.left_out else ""
    reference = sorted({f"{line.attribute}: {line.reference}" for line in one.lines if line.reference})
    text = f"Asked of {one.people:,} people{out}. Reference: {'; '.join(reference) or 'none'}."
    rows = [_row(line) for line in one.lines]
    return Section(f"q-{one.id}", one.says, (Paragraph(text), *table(f"{one.says} ({one.kind})", COLUMNS, rows)))


def _row(line: GroupLine) -> tuple[Cell, ...]:
    status = Cell(status=line.status) if line.status else Cell()
    points = _points(line.difference, line.difference_low, line.difference_high)
    return (
        Cell("everybody") if line.attribute == EVERYBODY else Cell(line.group, line.attribute),
        Cell(f"{line.struck:,} of {line.people:,}"),
        _between(line.share, line.low, line.high, _shares(line.share, line.low)),
        _between(line.difference, line.difference_low, line.difference_high, points, against=line.reference),
        _between(line.ratio, line.ratio_low, line.ratio_high, "{:.3f}".format, against=line.reference),
        _between(line.times, line.times_low, line.times_high, "{:.2f}".format, against=line.reference),
        status,
    )


def _decimals(percent: float) -> int:
    """Return how many decimals show the first two digits of a percentage that is not 0: one at least, four at most."""
    return min(4, max(1, 1 - math.floor(math.log10(percent))))


def _shares(share: float | None, low: float | None) -> Callable[[float], str]:
    """Return a form with as many decimals for all three numbers as the smallest above 0 needs."""
    decimals = _decimals(100 * min((one for one in (share, low) if one), default=1.0))
    return lambda value: f"{value:.{decimals}%}"


def _points(*numbers: float | None) -> Callable[[float], str]:
    """Return a form with as many decimals for all three numbers as the largest needs."""
    decimals = _decimals(100 * max((abs(one) for one in numbers if one), default=1.0))
    # Adding 0 makes a rounded minus zero plus.
    return lambda value: f"{round(100 * value, decimals) + 0.0:+.{decimals}f}".replace("-", "−")


def _between(
    value: float | None, low: float | None, high: float | None, form: Callable[[float], str], *, against: str = "all"
) -> Cell:
    """Return a number over its interval; nothing for the reference itself, "undefined" where there is no number."""
    if value is None:
        return Cell("undefined" if against else "")
    return Cell(form(value), "" if low is None or high is None else f"{form(low)} to {form(high)}")
