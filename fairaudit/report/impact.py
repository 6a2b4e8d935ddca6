"""Tables of people, rates and impact ratios, as a policy may ask them to be published."""

from __future__ import annotations

from ..result import AttributeRecord, NotRun, Result
from ..translations import many, marked, retold, say
from .lookup import Lookup, attributes
from .nodes import Block, Cell, Column, Item, Paragraph, Section, items, table
from .words import cutoff_text, effect_cell, percent, rate_cell

_BASES = (("selection_rate", "adverse_impact_ratio"), ("scoring_rate", "scoring_rate_ratio"))
_EXCLUDED = "the policy excludes this level"
_SMALL = "below the policy's"
_LIMITS = marked(
    "An impact ratio is a category's rate divided by the rate of the category with the highest one. The intervals are "
    "ours; nobody asks for them, but a ratio of few people is mostly chance. Nothing here says what a low ratio means."
)


def impact_section(look: Lookup) -> tuple[Section, ...]:
    """Return the section where the policy asks for it.

    Parameters
    ----------
    look
        What an audit found.
    """
    if not look.result.policy.impact_tables:
        return ()
    parts = tuple(
        Section(f"impact-{place}", attribute.name, blocks)
        for place, attribute in enumerate(attributes(look.result), start=1)
        if (blocks := _attribute(look, attribute))
    )
    if not parts:
        return ()
    said = (Paragraph(say(_LIMITS), "note"), *median_note(look.result))
    return (Section("impact", say("Tables of rates and impact ratios"), said, parts),)


def median_note(result: Result) -> tuple[Block, ...]:
    """Say what the median score is that scoring rates are held against, and how many stand exactly at it."""
    median = result.schema.median
    if median is None or not median.people:
        return ()
    share = percent(median.people_above / median.people)
    blanks = {
        "scored": many(median.people, "{number} person", "{number} people"),
        "above": say("{number} ({share}) score better than it", number=f"{median.people_above:,}", share=share),
    }
    if median.value is None:
        text = many(
            median.people_at,
            "Scoring rates are held against the median score of all {scored} scored. It was counted in bins, and "
            "{number} person shares a bin with the median; they count as not above it, so each scoring rate may be too "
            "low. {above}.",
            "Scoring rates are held against the median score of all {scored} scored. It was counted in bins, and "
            "{number} people share a bin with the median; they count as not above it, so each scoring rate may be too "
            "low. {above}.",
            **blanks,
        )
    else:
        at = say("nobody stands exactly at it")
        if median.people_at:
            at = many(
                median.people_at,
                "{number} person stands exactly at it ({share}) and not above it",
                "{number} people stand exactly at it ({share}) and not above it",
                share=percent(median.people_at / median.people),
            )
        text = say(
            "Scoring rates are held against the median score of all {scored} scored, {median}: {at}, and {above}.",
            median=f"{median.value:.10g}",
            at=at,
            **blanks,
        )
    return (Paragraph(text, "note"),)


def _attribute(look: Lookup, attribute: AttributeRecord) -> tuple[Block, ...]:
    left_out = [entry for entry in look.result.not_run if entry.attribute == attribute.name and entry.group]
    blocks: tuple[Block, ...] = ()
    for metric, ratio in _BASES:
        for cutoff in look.cutoffs(attribute.name, metric):
            blocks += _table(look, attribute, metric, ratio, cutoff, left_out)
    return (*items(_left_out(look, attribute, left_out)), *blocks) if blocks else ()


def _left_out(look: Lookup, attribute: AttributeRecord, entries: list[NotRun]) -> list[Item]:
    """Say who is left out of the ratios: people of unknown category, and categories too small."""
    unknown = {entry.group for entry in entries if _EXCLUDED in entry.reason}
    told = []
    if unknown:
        people = sum(attribute.levels[group] for group in unknown if group in attribute.levels)
        text = many(
            people, "{number} person, left out of the calculation.", "{number} people, left out of the calculation."
        )
        told.append(Item(text, say("Unknown category")))
    for group in {entry.group: None for entry in entries if _SMALL in entry.reason}:
        reason = next(entry.reason for entry in entries if entry.group == group and _SMALL in entry.reason)
        rates = [
            _rate_said(metric, rate_cell(record).text)
            for metric, _ in _BASES
            for cutoff in look.cutoffs(attribute.name, metric)
            if (record := look.rate(metric, attribute.name, str(group), cutoff)) is not None
        ]
        text = say(
            "left out of the ratios, because a ratio of so few says little: {why}; {rates}.",
            why=retold(reason),
            rates=", ".join(rates),
        )
        told.append(Item(text, str(group)))
    return told


def _rate_said(metric: str, rate: str) -> str:
    if metric == "scoring_rate":
        return say("above the median: {rate}", rate=rate)
    return say("selected: {rate}", rate=rate)


def _table(
    look: Lookup,
    attribute: AttributeRecord,
    metric: str,
    ratio: str,
    cutoff: float | None,
    left_out: list[NotRun],
) -> tuple[Block, ...]:
    found = {
        one.group: one
        for one in look.result.findings
        if one.attribute == attribute.name and one.metric == ratio and one.cutoff == cutoff
    }
    if not found:
        return ()
    highest = next(iter(found.values())).reference
    reasons = {entry.group: entry.reason for entry in left_out}
    rows = []
    for group in attribute.levels:
        record = look.rate(metric, attribute.name, group, cutoff)
        beside = Cell(say("left out"), retold(reasons.get(group)))
        if group == highest:
            beside = Cell(
                "1.000", say("highest rate") if look.result.policy.reference == "highest" else say("reference")
            )
        elif group in found:
            beside = effect_cell(found[group])
        counted = "–" if record is None or record.num is None else f"{record.num:,.10g}"
        people = "–" if record is None else f"{record.n:,}"
        rows.append(
            (Cell(group), Cell(people), Cell(counted), rate_cell(record, None if record is None else record.n), beside)
        )
    scoring = metric == "scoring_rate"
    columns = (
        Column(attribute.name),
        Column(say("People"), numeric=True),
        Column(say("Above the median") if scoring else say("Selected"), numeric=True),
        Column(say("Scoring rate") if scoring else say("Selection rate"), numeric=True),
        Column(say("Impact ratio"), numeric=True),
    )
    where = say("scores above the median") if scoring else cutoff_text(look.result, cutoff)
    caption = say("Impact ratios by {attribute}, {decision}", attribute=attribute.name, decision=where)
    return table(caption, columns, rows)
