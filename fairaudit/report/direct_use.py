"""Which inputs of the model are prohibited bases; it stands before the disparities."""

from __future__ import annotations

from ..result import DirectUse, Result
from ..translations import many, say
from .nodes import Block, Item, Paragraph, Section, items


def direct_use_section(result: Result) -> tuple[Section, ...]:
    """Return the inputs that are declared groups or named on the policy's list; nothing where none were declared.

    Parameters
    ----------
    result
        What an audit found.
    """
    made = result.direct_use
    return (Section("direct-use", say("Direct use of a prohibited basis"), _blocks(made)),) if made is not None else ()


def _blocks(made: DirectUse) -> tuple[Block, ...]:
    found = [Item(use.sentence, status=use.status) for use in made.uses]
    inputs = f"{len(made.features):,}"
    lead = many(len(made.uses), "{number} input of {all} declared.", "{number} inputs of {all} declared.", all=inputs)
    if not found:
        lead = many(
            len(made.features),
            "None of {number} declared input is named like one.",
            "None of {number} declared inputs is named like one.",
        )
    similar: list[Item] = []
    if made.similar:
        text = say(
            "{inputs}: names with such a word, not taken for a basis. Look at what they hold.",
            inputs=", ".join(made.similar),
        )
        similar.append(Item(text, say("Look at")))
    return (
        Paragraph(lead, "lead"),
        *items([*found, *similar]),
        Paragraph(made.not_known, "note"),
        *((Paragraph(say(made.source), "note"),) if made.source else ()),
    )
