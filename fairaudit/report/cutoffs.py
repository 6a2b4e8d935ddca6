"""At which cut-offs selection changes: a picture, and a table of representative cut-offs, by attribute."""

from __future__ import annotations

from ..result import AttributeRecord, CurveRecord, Curves
from ..translations import many, marked, retold, say
from .charts.cutoffs import cutoff_chart
from .lookup import Lookup, attributes, representative
from .nodes import Block, Cell, Column, Item, Paragraph, Section, folded, items, pictured, table
from .words import interval, number, percent

CUTOFFS_SHOWN = 20
_BANDS_OF = {
    "selection_rate": marked("Band of the selection rate"),
    "adverse_impact_ratio": marked("Band of the adverse impact ratio"),
}


def cutoff_section(look: Lookup) -> tuple[Section, ...]:
    """Return selection and ratio at representative cut-offs; the full curves are in ``result.json``."""
    curves = look.result.curves
    if curves is None or not curves.cutoffs:
        return ()
    production = {record.cutoff for record in look.result.schema.cutoffs}
    shown = representative(
        len(curves.cutoffs), {i for i, c in enumerate(curves.cutoffs) if c in production}, CUTOFFS_SHOWN
    )
    blocks: tuple[Block, ...] = ()
    for attribute in attributes(look.result):
        by_group = {curve.group: curve for curve in curves.groups if curve.attribute == attribute.name}
        groups = [group for group in look.groups(attribute) if group in by_group]
        if not groups:
            continue
        rows = [
            (
                Cell(f"{curves.cutoffs[i]:.6g}", say("audited") if curves.cutoffs[i] in production else ""),
                *(_curve_cell(by_group[group], i, is_reference=group == attribute.reference) for group in groups),
            )
            for i in shown
        ]
        heads = [say("{group} (reference)", group=group) if group == attribute.reference else group for group in groups]
        columns = (Column(say("Cut-off")), *(Column(head, numeric=True) for head in heads))
        made: tuple[Block, ...] = table(
            say("Selection rate, and adverse impact ratio (interval), by {attribute}", attribute=attribute.name),
            columns,
            rows,
        )
        made = pictured(cutoff_chart(look, attribute), made)
        made += _band_words(curves, attribute, [by_group[group] for group in groups])
        blocks += (
            folded(say("At every cut-off: {attribute}", attribute=attribute.name), made) if attribute.crossing else made
        )
    text = say(
        "Selection rate of each group at {cutoffs} out of {all}, and with it the adverse impact ratio against the "
        "reference. These are descriptions: no test is made at a cut-off that is not audited. All cut-offs are in "
        "result.json.",
        cutoffs=many(len(shown), "{number} cut-off", "{number} cut-offs"),
        all=f"{len(curves.cutoffs):,}",
    )
    if curves.bands:
        text += " " + say(
            "An interval holds at its own cut-off only; looking over many cut-offs for the worst one needs the wider "
            "“band”, which holds for all groups and all cut-offs at once."
        )
    return (Section("cutoffs", say("At which cut-offs does it change?"), (Paragraph(text), *blocks)),) if blocks else ()


def _band_words(curves: Curves, attribute: AttributeRecord, by_group: list[CurveRecord]) -> tuple[Block, ...]:
    """Say how the bands of an attribute were made, and for whom the ratio's band stays on one side of 1."""
    entries = []
    for record in curves.bands:
        if record.attribute != attribute.name:
            continue
        text = say(
            "{confidence}, simultaneous over {groups} and {cutoffs}; {how}.",
            confidence=f"{100 * record.confidence:.4g}%",
            groups=many(record.groups, "{number} group", "{number} groups"),
            cutoffs=many(record.cutoffs, "{number} cut-off", "{number} cut-offs"),
            how=retold(record.method) or say("not made: {why}", why=retold(record.undefined)),
        )
        entries.append(Item(text, say(_BANDS_OF.get(record.metric, record.metric))))
    for curve in by_group:
        for side, column, sign in (("below", "high", -1), ("above", "low", 1)):
            ends = curve.columns.get(f"adverse_impact_ratio_band_{column}", ())
            at = [curves.cutoffs[i] for i, end in enumerate(ends) if end is not None and sign * (end - 1) > 0]
            if at:
                where = say("at {cutoff}", cutoff=f"{at[0]:.6g}")
                if len(at) > 1:
                    where = say("between {low} and {high}", low=f"{min(at):.6g}", high=f"{max(at):.6g}")
                entries.append(Item(_whole_band(side, len(at), len(curves.cutoffs), where), curve.group))
    return items(entries)


def _whole_band(side: str, at: int, cutoffs: int, where: str) -> str:
    blanks = {"at": f"{at:,}", "where": where}
    if side == "below":
        return many(
            cutoffs,
            "the whole band of the ratio is below 1 at {at} of {number} cut-off ({where}).",
            "the whole band of the ratio is below 1 at {at} of {number} cut-offs ({where}).",
            **blanks,
        )
    return many(
        cutoffs,
        "the whole band of the ratio is above 1 at {at} of {number} cut-off ({where}).",
        "the whole band of the ratio is above 1 at {at} of {number} cut-offs ({where}).",
        **blanks,
    )


def _curve_cell(curve: CurveRecord, place: int, *, is_reference: bool) -> Cell:
    rate = _at(curve, "selection_rate", place)
    text = say("undefined") if rate is None else percent(rate)
    if is_reference or "adverse_impact_ratio" not in curve.columns:
        return Cell(text)
    ratio = _at(curve, "adverse_impact_ratio", place)
    if ratio is None:
        return Cell(text, say("ratio undefined"))
    low, high = (_at(curve, f"adverse_impact_ratio_{side}", place) for side in ("low", "high"))
    span = interval(low, high, number)
    low, high = (_at(curve, f"adverse_impact_ratio_band_{side}", place) for side in ("low", "high"))
    band = interval(low, high, number)
    told = "; ".join(part for part in (span, say("band {interval}", interval=band) if band else "") if part)
    return Cell(text, f"{number(ratio)} ({told})" if told else number(ratio))


def _at(curve: CurveRecord, column: str, place: int) -> float | None:
    values = curve.columns.get(column)
    return None if values is None else values[place]
