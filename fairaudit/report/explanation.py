"""The audited score taken apart: what drives its gaps, why people are declined, what they could change."""

from __future__ import annotations

from ..result import DriverRecord, ExplanationRecord, GapRecord, PersonRecord, RecourseRecord, Result, ToldRecord
from ..translations import many, retold, say
from .charts.people import GAP_CAPTIONS, driver_bars, person_chart
from .lookup import unique
from .nodes import Block, Cell, Column, Details, Item, Paragraph, Section, figures, items, table
from .words import NOTHING, Writer, interval, number, p_value, percent, points, signed

SHOWN_REASONS = 6
"""Reasons by group that stand in the first table; the others follow, folded."""
SHOWN_DRIVERS = 10
"""Features of a gap that stand in its first table; the others follow, folded."""


def explanation_sections(result: Result) -> tuple[Section, ...]:
    """Return the sections on the model's score, or nothing where no model was given.

    Parameters
    ----------
    result
        What an audit found.
    """
    made = result.explanation
    if made is None:
        return ()
    limits = items([Item(text) for text in made.limits])
    parts = [Section("drivers", say("What drives the gap?"), (_model(made), *limits), _gaps(made))]
    if made.people:
        parts.append(Section("reasons", say("Why were these people declined?"), _people(made)))
    if made.told:
        parts.append(Section("reasons-by-group", say("Who is told what?"), _told(made)))
    if made.recourse:
        parts.append(Section("recourse", say("What could declined people change?"), _recourse(made)))
    return tuple(parts)


def _model(made: ExplanationRecord) -> Paragraph:
    model = made.model
    better = say("higher is better") if model.higher_is == "better" else say("higher is worse")
    text = say(
        "The score is that of a {kind} ({units}, {better}) with {inputs}. Amounts are in {explained}, {method}.",
        kind=model.kind,
        units=retold(model.units),
        better=better,
        inputs=many(len(model.features), "{number} input", "{number} inputs"),
        explained=retold(model.explained_units),
        method=retold(model.method),
    )
    return Paragraph(text)


# Drivers


def _gaps(made: ExplanationRecord) -> tuple[Section, ...]:
    return tuple(
        Section(
            f"drivers-{place}",
            attribute,
            tuple(block for gap in made.gaps if gap.attribute == attribute for block in _gap(gap)),
        )
        for place, attribute in enumerate(unique(gap.attribute for gap in made.gaps), start=1)
    )


def _gap(gap: GapRecord) -> tuple[Block, ...]:
    said = Paragraph(gap.sentence, "lead")
    if not gap.drivers:
        return (said, *((Paragraph(f"{retold(gap.undefined)}.", "note"),) if gap.undefined else ()))
    write = _amounts(gap)
    by_size = sorted(gap.drivers, key=lambda driver: -abs(driver.value))
    rows = [_driver(driver, write) for driver in by_size]
    span = "" if gap.value is None else interval(gap.low, gap.high, write)
    score = _figure(gap.score_proxy, gap.score_proxy_low, gap.score_proxy_high, number)
    total = (Cell(say("Whole gap")), Cell(NOTHING if gap.value is None else write(gap.value), span), score, Cell())
    unit = say("percentage points") if write is points else retold(gap.units)
    pair = {"group": gap.group, "reference": gap.reference}
    columns = (
        Column(say("Feature")),
        Column(say("Part of the gap ({unit})", unit=unit), numeric=True),
        Column(say("Tells {group} from {reference} (AUC)", **pair), numeric=True),
        Column(say("Remark")),
    )
    caption = say(GAP_CAPTIONS[gap.measure], **pair)
    note = say(
        "{method}; {number} and {reference} people. Intervals hold for all features at once. An AUC of "
        "0.5 is chance; beside the whole gap stands that of the score itself.",
        method=retold(gap.method),
        number=f"{gap.n:,}",
        reference=f"{gap.n_reference:,}",
    )
    first = table(caption, columns, [*rows[:SHOWN_DRIVERS], total], note)
    rest = rows[SHOWN_DRIVERS:]
    folded = (
        (
            Details(
                say("The other {number}", number=len(rest)),
                table(say("{caption}: the others", caption=caption), columns, rest),
            ),
        )
        if rest
        else ()
    )
    return (said, *figures(driver_bars(gap)), *first, *folded)


def _amounts(gap: GapRecord) -> Writer:
    return points if gap.measure != "mean score" else signed


def _driver(driver: DriverRecord, write: Writer) -> tuple[Cell, ...]:
    return (
        Cell(driver.feature),
        Cell(write(driver.value), interval(driver.low, driver.high, write)),
        _figure(driver.proxy, driver.proxy_low, driver.proxy_high, number),
        Cell(say("carries the gap and tells the group") if driver.stands_out else ""),
    )


# Reasons


def _people(made: ExplanationRecord) -> tuple[Block, ...]:
    told = Paragraph(
        say(
            "A sample of declined people, by the place of their row, spread over the scores. What stands here is about "
            "single people: think of who may read it before you pass it on."
        )
    )
    return (told, *(block for person in made.people for block in _person(person, retold(made.model.explained_units))))


def _person(person: PersonRecord, explained: str) -> tuple[Block, ...]:
    rows = [(Cell(one.words, one.feature), Cell(one.value), Cell(signed(one.amount))) for one in person.reasons]
    units = retold(person.units)
    columns = (
        Column(say("Reason")),
        Column(say("This person")),
        Column(say("Amount ({unit})", unit=units), numeric=True),
    )
    caption = say(
        "Row {row}: score {score}, cut-off {cutoff} ({unit}); compared with {whom}",
        row=f"{person.row:,}",
        score=number(person.score),
        cutoff=number(person.cutoff),
        unit=units,
        whom=retold(person.baseline),
    )
    note = retold(person.note)
    made = table(caption, columns, rows, note)
    told = made or (Paragraph(f"{caption}. {note or say('No feature counted against this person.')}"),)
    return (*figures(person_chart(person, explained)), *told)


# Reasons by group


def _told(made: ExplanationRecord) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(
            say(
                "Each declined person has up to four principal reasons. Here is the share of each group's declined "
                "people whose list holds a reason. Other reasons for one group are a question to ask, not an answer."
            )
        )
    ]
    for attribute in unique(record.attribute for record in made.told):
        own = [record for record in made.told if record.attribute == attribute]
        columns = (
            Column(say("Reason")),
            Column(attribute),
            Column(say("Declined people told it"), numeric=True),
            Column(say("Difference to {reference} (percentage points)", reference=own[0].reference), numeric=True),
            Column(say("The same among people of about the same score"), numeric=True),
        )
        whom = retold(own[0].baseline)
        note = say("Compared with {whom}. p is adjusted for all lines of the table.", whom=whom)
        caption = say("Reasons of declined people, by {attribute}", attribute=attribute)
        most = unique(record.feature for record in own)[:SHOWN_REASONS]
        rest = [_share(record) for record in own if record.feature not in most]
        blocks += table(caption, columns, [_share(record) for record in own if record.feature in most], note)
        if rest:
            blocks.append(
                Details(say("The other reasons"), table(say("{caption}: the others", caption=caption), columns, rest))
            )
    return tuple(blocks)


def _share(record: ToldRecord) -> tuple[Cell, ...]:
    counts = {"told": f"{record.told:,}", "all": f"{record.drawn:,}"}
    of = say("{told} of {all}", **counts)
    if record.drawn != record.declined:
        of = say("{told} of {all} drawn", **counts)
    p = [] if record.p is None else [f"p {p_value(record.p)}"]
    within = record.within_scores, record.within_scores_low, record.within_scores_high
    return (
        Cell(record.name, record.feature if record.feature != record.name else ""),
        Cell(record.group),
        _figure(record.share, record.low, record.high, percent, of),
        _figure(record.difference, record.difference_low, record.difference_high, points, *p),
        _figure(*within, points),
    )


# Recourse


def _recourse(made: ExplanationRecord) -> tuple[Block, ...]:
    blocks: list[Block] = [
        Paragraph(
            say(
                "The cheapest change of what was declared changeable that brings a declined person to the cut-off, "
                "everything else as it is. It is a statement about this score, and no promise of a decision."
            )
        ),
        Details(
            say("What may change"),
            (Paragraph("\n".join(retold(line) for line in made.recourse[0].actions.split("\n"))),),
        ),
    ]
    for attribute in unique(record.attribute for record in made.recourse):
        own = [record for record in made.recourse if record.attribute == attribute]
        found = say("Without a way to the cut-off that was found")
        if own[0].exact:
            found = say("Without a way to the cut-off")
        reference = own[0].reference
        columns = (
            Column(attribute),
            Column(say("Declined"), numeric=True),
            Column(found, numeric=True),
            Column(say("Difference to {reference} (percentage points)", reference=reference), numeric=True),
            Column(say("Median cost of the cheapest way"), numeric=True),
            Column(say("Difference to {reference}", reference=reference), numeric=True),
        )
        note = say(
            "{method}. The median is of those who have a way: read it beside the share of those who have none.",
            method=_methods(own[0].method),
        )
        caption = say("Ways to the cut-off, by {attribute}", attribute=attribute)
        blocks += table(caption, columns, [_way(record) for record in own], note)
    return tuple(blocks)


def _methods(text: str) -> str:
    return "; ".join(retold(part) for part in text.split("; "))


def _way(record: RecourseRecord) -> tuple[Cell, ...]:
    aside = [
        *([say("{number} drawn", number=f"{record.drawn:,}")] if record.drawn != record.declined else []),
        *([say("{number} not settled in time", number=f"{record.unsettled:,}")] if record.unsettled else []),
        *([say("{number} set aside", number=f"{record.set_aside:,}")] if record.set_aside else []),
    ]
    p = [] if record.share_gap_p is None else [f"p {p_value(record.share_gap_p)}"]
    return (
        Cell(record.group),
        Cell(f"{record.declined:,}", "; ".join(aside)),
        _figure(record.share_without, record.share_low, record.share_high, percent),
        _figure(record.share_gap, record.share_gap_low, record.share_gap_high, points, *p),
        _figure(record.median_cost, record.cost_low, record.cost_high, number),
        _figure(record.cost_gap, record.cost_gap_low, record.cost_gap_high, signed),
    )


def _figure(value: float | None, low: float | None, high: float | None, write: Writer, *more: str) -> Cell:
    return Cell(NOTHING) if value is None else Cell(write(value), "; ".join([interval(low, high, write), *more]))
