"""Which inputs of the model are prohibited bases; it stands before the disparities."""

from __future__ import annotations

from ..result import DirectUse, Result
from .nodes import Block, Item, Paragraph, Section, items
from .words import many


def direct_use_section(result: Result) -> tuple[Section, ...]:
    """Return the inputs that are declared groups or named on the policy's list; nothing where none were declared.

    Parameters
    ----------
    result
        What an audit found.
    """
    made = result.direct_use
    return (Section("direct-use", "Direct use of a prohibited basis", _blocks(made)),) if made is not None else ()


def _blocks(made: DirectUse) -> tuple[Block, ...]:
    found = [Item(use.sentence, status=use.status) for use in made.uses]
    lead = f"{many(len(made.uses), 'input', 'inputs')} of {len(made.features):,} declared."
    if not found:
        lead = f"None of {many(len(made.features), 'declared input', 'declared inputs')} is named like one."
    similar: list[Item] = []
    if made.similar:
        text = f"{', '.join(made.similar)}: names with such a word, not taken for a basis. Look at what they hold."
        similar.append(Item(text, "Look at"))
    return (
        Paragraph(lead, "lead"),
        *items([*found, *similar]),
        Paragraph(made.not_known, "note"),
        *((Paragraph(made.source, "note"),) if made.source else ()),
    )
