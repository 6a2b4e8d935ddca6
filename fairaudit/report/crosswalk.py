"""What rules ask for, and where in this report it is answered: headings and articles are data (``policy/required``)."""

from __future__ import annotations

from collections.abc import Sequence

from ..policy.required import DOCUMENTS, Part, Template, template
from ..result import Result
from ..translations import marked, say
from .nodes import Block, Cell, Column, Paragraph, Section, table

ALWAYS = "ai-act-annex-iv"
"""Beside the documents of the policy's own jurisdiction."""
ANSWERED_IN = {
    "audit_date": ("provenance",),
    "demanded": ("impact",),
    "direct_use": ("direct-use",),
    "drivers": ("drivers",),
    "findings": ("findings",),
    "impact": ("impact",),
    "left_out": ("impact",),
    "limits": ("limits",),
    "people": ("data",),
    "policy": ("policy",),
    "rates": ("selection", "outcomes", "calibration"),
    "reproduction": ("provenance",),
    "rows": ("data",),
    "sensitivity": ("cutoffs", "methods"),
    "system": ("step-zero",),
    "unknown": ("limits",),
}
"""What a heading is filled by -> the sections of a report that answer it, where they are in it."""
_LEAD = marked(
    "Where this report answers what a rule asks to be documented. It says where to look and not that a duty is met; "
    "the wording of each rule decides. `fairaudit report --document` fills the forms themselves."
)


def crosswalk_section(result: Result, sections: Sequence[Section]) -> Section:
    """Return a table for each rule: what it asks for, and the sections of this report that answer it."""
    headings = {part.id: part.heading for part in _every(sections)}
    forms = [template(name) for name in DOCUMENTS]
    chosen = [form for form in forms if form.jurisdiction == result.policy.jurisdiction or form.id == ALWAYS]
    blocks = [block for form in chosen for block in _table(form, headings)]
    return Section("crosswalk", say("Crosswalk to the rules"), (Paragraph(say(_LEAD)), *blocks))


def _every(sections: Sequence[Section]) -> list[Section]:
    return [part for section in sections for part in (section, *_every(section.sections))]


def _table(form: Template, headings: dict[str, str]) -> tuple[Block, ...]:
    rows = [
        (Cell(part.element), Cell(say(part.heading)), Cell(_where(part, headings)), Cell(f"{len(part.gaps):,}"))
        for part in form.parts
    ]
    columns = (
        Column(say("Place in the rule")),
        Column(say("What it asks for")),
        Column(say("Sections of this report")),
        Column(say("Only a person can say"), numeric=True),
    )
    note = say(
        "Applies from {date}; looked at on {checked}. Source: {source}.",
        date=form.applies_from.isoformat(), checked=form.checked_on.isoformat(),
        source="; ".join(f"{citation} ({date})" for citation, date in form.sources),
    )  # fmt: skip
    return table(f"{say(form.title)} ({say(form.jurisdiction)})", columns, rows, note)


def _where(part: Part, headings: dict[str, str]) -> str:
    there = [place for name in part.filled_by for place in ANSWERED_IN[name] if place in headings]
    named = [headings[place] for place in dict.fromkeys(there)]
    return "; ".join(named) or say("not in this report")
