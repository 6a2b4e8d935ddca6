"""A point system as a page: what it counts, where each figure comes from, what follows, and what to ask of it."""

from __future__ import annotations

from collections.abc import Sequence

from .._version import __version__
from ..systems.checks import limits, ordered_bands
from ..systems.consequences import Crossing, Sheet
from ..systems.format import Event, EventsSystem, Input, Number, System, WeightedSystem, Whole
from ..systems.ledger import amount, signed
from ..systems.point_system import PointSystem
from .html import page
from .markdown import markdown
from .nodes import Block, Cell, Column, Item, Paragraph, Report, Section, items, table

Row = tuple[Cell, ...]


def to_markdown(system: PointSystem) -> str:
    """Return a system as Markdown: rules, consequences, matrix, penalties, questions, claims and sources."""
    return markdown(system_tree(system))


def to_html(system: PointSystem) -> str:
    """Return a system as one self-contained HTML page."""
    return page(system_tree(system))


def system_tree(system: PointSystem) -> Report:
    """Return the page of a system."""
    what, sheet = system.definition, system.consequence_sheet()
    variants = f" Variants: {', '.join(system.variants)}." if system.variants else ""
    lead = (
        Paragraph(sheet.stamp, "lead"),
        Paragraph(f"{what.summary} Who is scored: {what.people}. Higher is {what.higher_is}.{variants}"),
        Paragraph(
            "Each figure is tagged: account (what the project's seed account says), documented (another source, which "
            "is named), or stylised (made up so that the system runs). Contexts, grades of gravity and severity are "
            "judgements of whoever wrote the file, so stylised.",
            "note",
        ),
    )
    rules = _event_blocks(what) if isinstance(what, EventsSystem) else _input_blocks(what)
    sections = (
        Section("rules", "What is counted", (*rules, *_bands(what))),
        Section("consequences", "What follows", _consequences(what)),
        Section("matrix", "Conduct of one part of life, punished in another", _matrix(sheet)),
        Section("gravity", "Penalty against gravity", _gravity(sheet)),
        Section("questions", sheet.screening, _questions(sheet)),
        Section("claims", "What the account says, and what is documented", _claims(what)),
        Section("notes", "Notes and sources", _notes(what)),
    )
    return Report(f"{what.title} ({system.id})", lead, sections, f"{sheet.stamp} Made with fairaudit {__version__}.")


def _tagged(figure: Number | Whole, around: str, *, sign: bool = False) -> Cell:
    text = signed(figure.value) if sign else amount(figure.value)
    return Cell(text, figure.tag or around)


def _source(tag: str, source: str | None) -> Cell:
    return Cell(tag, source or "")


def _event_blocks(what: EventsSystem) -> tuple[Block, ...]:
    low, high = limits(what)
    start = f"Start {what.start.value:,} ({what.start.tag})"
    cap = "no cap" if what.cap is None else f"cap {amount(high)} ({what.cap.tag})"
    floor = "no floor" if what.floor is None else f"floor {amount(low)} ({what.floor.tag})"
    decay = "points do not fade"
    if what.decay is not None:
        how = "no longer count" if what.decay.how == "expire" else "are halved every"
        after = " after" if what.decay.how == "expire" else ""
        decay = f"points {how}{after} {what.decay.days:,} days ({what.decay.tag})"
    first = Paragraph(f"{start}, {cap}, {floor}; {decay}.")
    heads = ["Event", "Points*", "Area", "Context", "Gravity*", "Tag (source)"]
    if not what.roles:
        return (first, *table("Events", _columns(*heads), [_event_row(event) for event in what.events]))
    rows = [
        (Cell(role.says, role.id), _tagged(role.share, role.tag), _source(role.tag, role.source)) for role in what.roles
    ]
    events = [(*_event_row(event), Cell(", ".join(event.by) or "anybody")) for event in what.events]
    return (
        first,
        *table("Roles", _columns("Role", "Share of people*", "Tag (source)"), rows),
        *table("Events", _columns(*heads, "Who can do it"), events),
    )


def _event_row(event: Event) -> Row:
    gravity = "" if event.gravity is None else str(event.gravity)
    return (Cell(event.says, event.id), _tagged(event.points, event.tag, sign=True), Cell(event.area),
            Cell(event.context), Cell(gravity), _source(event.tag, event.source))  # fmt: skip


def _input_blocks(what: WeightedSystem) -> tuple[Block, ...]:
    text = f"Scores go from {amount(what.range.lowest)} to {amount(what.range.highest)} ({what.range.tag})."
    if what.norm is not None:
        text += (
            f" The weighted sum, 0 to 100, is ranked in a fixed table of norms ({what.norm.tag}); an explanation adds "
            "up to the sum before the ranking."
        )
    rows = [_input_row(one) for one in what.inputs]
    columns = _columns("Input", "Weight or points*", "Area", "Context", "Tag (source)")
    gone = [Item(f"{one.column} missing or below {amount(one.below)} ({one.tag}). {one.note}", one.name)
            for one in what.unscored]  # fmt: skip
    unscored: tuple[Block, ...] = (
        (Paragraph("Who has no score, which is not a poor score:"), *items(gone)) if gone else ()
    )
    return (Paragraph(text), *table("Inputs", columns, rows), *unscored)


def _input_row(one: Input) -> Row:
    if one.weight is not None:
        counted = _tagged(one.weight, one.tag)
    else:
        points = [step.points for step in one.steps]
        counted = Cell(f"{amount(min(points))} to {amount(max(points))}", "stylised")
    return Cell(one.says, one.id), counted, Cell(one.area), Cell(one.context), _source(one.tag, one.source)


def _columns(*headings: str) -> tuple[Column, ...]:
    """Return columns; a star at the end of a heading makes its column one of numbers."""
    return tuple(Column(heading.rstrip("*"), numeric=heading.endswith("*")) for heading in headings)


def _bands(what: System) -> tuple[Block, ...]:
    rows = []
    for band in reversed(ordered_bands(what.bands)):
        begins = Cell("below all others") if band.at_least is None else _tagged(band.at_least, band.tag)
        rows.append((Cell(band.name), begins, _source(band.tag, band.source)))
    if not rows:
        return (Paragraph("The score has no bands."),)
    return table("Bands", _columns("Band", "From*", "Tag (source)"), rows)


def _consequences(what: System) -> tuple[Block, ...]:
    rows = [
        (
            Cell(one.says, one.kind),
            Cell(", ".join([*one.bands, *one.events]), one.bands_tag or one.tag),
            Cell(one.context),
            Cell(str(one.severity)),
            Cell(one.falls_on),
            _source(one.tag, one.source),
        )
        for one in what.consequences
    ]
    columns = _columns("Consequence", "Bands and events", "Context", "Severity*", "Falls on", "Tag (source)")
    return table("Consequences", columns, rows) or (Paragraph("The file has no consequences."),)


def _matrix(sheet: Sheet) -> tuple[Block, ...]:
    if not sheet.matrix:
        return (Paragraph("The file has no punishment that conduct could lead to."),)
    down = list(dict.fromkeys(one.conduct_context for one in sheet.matrix))
    across = list(dict.fromkeys(one.punishment_context for one in sheet.matrix))
    cells = {(one.conduct_context, one.punishment_context): one for one in sheet.matrix}
    rows = [(Cell(conduct), *(_crossing(cells.get((conduct, one))) for one in across)) for conduct in down]
    text = (
        f"{sheet.crossing_pairs} of {sheet.pairs} pairs of conduct and punishment are of different parts of life. "
        "Conduct counts where it makes the score worse, or is an input of it."
    )
    note = "Pairs of conduct (rows) and punishment (columns); in brackets whether both are of one part of life."
    made = table("Pairs by context", _columns("Conduct in", *(f"{one}*" for one in across)), rows, note)
    alone: dict[tuple[str, int], list[str]] = {}
    for one in sheet.reaches:
        if one.times and one.crosses:
            alone.setdefault((one.conduct_says, one.times), []).append(one.punishment_says)
    leads = [
        Item(f"{times:,} {'record' if times == 1 else 'records'}: {'; '.join(ends)}", says)
        for (says, times), ends in alone.items()
    ]
    reach: tuple[Block, ...] = (
        (Paragraph("From the start, so many records of one event alone lead to:"), *items(leads)) if leads else ()
    )
    return (Paragraph(text), *made, *reach)


def _crossing(cell: Crossing | None) -> Cell:
    return Cell("0") if cell is None else Cell(str(cell.pairs), "other part" if cell.crosses else "same part")


def _gravity(sheet: Sheet) -> tuple[Block, ...]:
    if not sheet.penalties:
        return (Paragraph("The file has no events whose points could be set against their gravity."),)
    rows = [
        (Cell(one.says), Cell(str(one.gravity)), Cell(signed(one.points), one.tag), Cell(str(one.severity_at_once)))
        for one in sheet.penalties
    ]
    columns = _columns("Event", "Gravity*", "Points*", "Severest punishment of one record*")
    says = {one.event: one.says for one in sheet.penalties}
    turned = [
        Item(
            f"{signed(one.points_of_graver)}, and the slighter '{says[one.slighter]}' {signed(one.points_of_slighter)}",
            says[one.graver],
        )
        for one in sheet.inversions
    ]
    text = f"Pairs of events in which the graver conduct costs fewer points: {len(turned)}."
    note = "Severity 0: one record, from the start, brings no punishment."
    return (*table("Events that make the score worse", columns, rows, note), Paragraph(text), *items(turned))


def _questions(sheet: Sheet) -> tuple[Block, ...]:
    text = "Questions to ask, with what this file says to them. They are no answer, no verdict and no legal advice."
    asked = [Item(one.says, one.asks) for one in sheet.questions]
    return (Paragraph(text, "note"), *items(asked), *items([Item(source) for source in sheet.sources]))


def _claims(what: System) -> tuple[Block, ...]:
    rows: Sequence[Row] = [
        (Cell(one.says), Cell("not found in the sources checked" if one.documented is None else one.documented),
         Cell(one.note)) for one in what.claims
    ]  # fmt: skip
    made: tuple[Block, ...] = table(
        "Claims of the account", _columns("The account says", "Documented in", "Note"), rows
    )
    return made or (Paragraph("The file quotes no claims."),)


def _notes(what: System) -> tuple[Block, ...]:
    sources = [Item(source.text, name) for name, source in what.sources.items()]
    return (*items([Item(note) for note in what.notes]), *items(sources))
