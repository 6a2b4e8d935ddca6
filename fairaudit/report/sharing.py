"""For whom a report is, and what was merged, pooled and left out of its counts before."""

from __future__ import annotations

from ..result import Result
from ..schema.labels import OTHER
from ..sharing import SharingRecord
from ..translations import many, marked, retold, say
from .nodes import Block, Item, Paragraph, Section, items

_INTERNAL = marked(
    "This report is internal: everything that was counted is in it, and in the result file beside it. Counts as fine "
    "as these are close to personal data. To hand a report on, make it for a supervisor or for the public."
)
_LESS = marked(
    "Merged bins, pooled levels and people left out can hide a difference: a finding that the fine counts would flag "
    "may be missing here, or have another status. That nothing is flagged here does not say that nothing was."
)
_SUPERVISOR = marked(
    "This report is for a supervisor: no single person and no number of a row is in it. The counts in the result file "
    "are as fine as they were counted, and close to personal data."
)
_NOISE = marked(
    "The counts have noise: no number here says for certain that any one person was in the rows. Intervals and tests "
    "allow for the noise. Names of columns, levels and labels are told as they are, and a second release about the "
    "same people would add its own epsilon to this one."
)
_SUBTRACTION = marked(
    "Whatever is subtracted here is made of published entries too. Another release about the same people, with other "
    "groups, other cut-offs or a smaller number, can be set against this one, and nothing here guards against that. "
    "An empty entry is shown, and says that nobody is in it."
)


def sharing_section(result: Result) -> tuple[Section, ...]:
    """Return the section; nothing for a result from before there were levels.

    Parameters
    ----------
    result
        What an audit found.
    """
    record = result.sharing
    if record is None:
        return ()
    if record.level != "public":
        unique = Item(f"{record.unique_people:,}", say("People alone in an entry of the counts"))
        blocks: tuple[Block, ...]
        text = say(_INTERNAL if record.level == "internal" else _SUPERVISOR)
        noise = (Paragraph(say(_NOISE)),) if _all_noisy(result) else ()
        blocks = noise if noise and record.level == "internal" else (Paragraph(text), *noise, *items([unique]))
        return (Section("sharing", say("What may be shared"), blocks),)
    text = many(
        record.min_n or 1,
        "This report is public. Every number in it is made of published counts, in which an entry (group, score bin, "
        "decision and outcome) that is not empty holds at least {number} person.",
        "This report is public. Every number in it is made of published counts, in which an entry (group, score bin, "
        "decision and outcome) that is not empty holds at least {number} people.",
    )
    blocks = (Paragraph(text), *items(_done(record)), Paragraph(say(_LESS)))
    blocks += (Paragraph(say(_SUBTRACTION), "note"),)
    return (Section("sharing", say("What may be shared"), blocks),)


def _all_noisy(result: Result) -> bool:
    """Return whether the counts, or every part that they were merged of, have noise for privacy."""
    parts = result.input.parts
    return result.input.epsilon is not None or (bool(parts) and all(part.epsilon is not None for part in parts))


def _done(record: SharingRecord) -> list[Item]:
    told = []
    if record.bins_before is not None:
        text = say("{before} became {after}", before=f"{record.bins_before:,}", after=f"{record.bins_after:,}")
        told.append(Item(text, say("Score bins")))
    for name, levels in record.pooled.items():
        text = say("{levels} became {other}", levels=", ".join(levels), other=OTHER)
        told.append(Item(text, say("Pooled levels of {attribute}", attribute=name)))
    for names, term in (
        (record.left_out, say("No longer told apart by")),
        (record.merged_labels, say("Put together with others of their kind")),
        (record.blocks, say("Counted beside people and not handed on")),
    ):
        if names:
            told.append(Item(", ".join(names), term))
    if record.dropped:
        people = say("too few to say how many, or rows set aside are too few beside them")
        if record.dropped_people is not None:
            people = many(record.dropped_people, "{number} person", "{number} people")
        text = f"{', '.join(retold(kind) for kind in record.dropped)} ({people})"
        told.append(Item(text, say("Not in the published counts")))
    text = say(
        "{before} before, {after} now", before=f"{record.unique_before or 0:,}", after=f"{record.unique_people:,}"
    )
    told.append(Item(text, say("People alone in an entry of the counts")))
    return told
