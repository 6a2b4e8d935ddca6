"""A document as a tree, as HTML and as Markdown: headings from its template, answers from the audit, gaps marked."""

from __future__ import annotations

from pathlib import Path

from .._version import __version__
from ..policy.required import DocumentError, Part, template
from ..report.html import page
from ..report.markdown import markdown
from ..report.nodes import Block, Item, Paragraph, Report, Section, items
from ..result import Result
from ..translations import spoken
from ..writing import write_whole
from .filling import filled

FORMATS = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


def document_tree(result: Result, name: str) -> Report:
    """Return a document of a result, before it is put into any format. It is written in English.

    Parameters
    ----------
    result
        What an audit found.
    name
        ``model-risk``, ``ai-act-annex-iv``, ``fundamental-rights`` or ``ll144-summary``.

    Raises
    ------
    DocumentError
        If there is no such document.
    """
    form = template(name)
    with spoken("en"):
        made = [_section(result, place, part) for place, part in enumerate(form.parts, start=1)]
    gaps = sum(n for _, n in made)
    marks = "1 gap is" if gaps == 1 else f"{gaps:,} gaps are"
    lead: tuple[Block, ...] = (
        Paragraph(f"{marks} marked [to be filled: ...]; only a person can fill them.", "lead"),
        Paragraph(form.about),
        *items(
            [
                Item(form.jurisdiction, "Jurisdiction"),
                Item(f"{form.applies_from:%Y-%m-%d}", "Applies from"),
                Item(f"{form.checked_on:%Y-%m-%d}", "Rule last looked at"),
                *(Item(f"{citation} ({dated})", "Source") for citation, dated in form.sources),
            ]
        ),
        Paragraph("This is filled from counts and is no legal advice; nothing here says that a duty is met.", "note"),
    )
    return Report(form.title, lead, tuple(section for section, _ in made), f"Made with fairaudit {__version__}.")


def _section(result: Result, place: int, part: Part) -> tuple[Section, int]:
    answer = filled(result, part.filled_by)
    gaps = [*answer.gaps, *part.gaps]
    blocks: tuple[Block, ...] = (Paragraph(f"Serves: {part.element}.", "note"), *answer.blocks)
    blocks += items([Item(f"[to be filled: {gap}]") for gap in gaps])
    return Section(f"part-{place}", part.heading, blocks, answer.sections), len(gaps)


def document(result: Result, name: str, form: str = "md") -> str:
    """Return a document of a result as ``html`` or ``md`` text; the same result gives the same bytes."""
    tree = document_tree(result, name)
    with spoken("en"):
        return page(tree) if form == "html" else markdown(tree)


def write_document(result: Result, name: str, path: str | Path) -> Path:
    """Write a document, whole or not at all; the ending of the file says whether it is HTML or Markdown.

    Raises
    ------
    DocumentError
        If there is no such document, or the file ends neither in ``.html`` nor in ``.md``.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        message = f"'{Path(path).name}' does not say how to write a document: end it in .html or .md."
        raise DocumentError(message)
    return write_whole(path, document(result, name, FORMATS[ending]))
