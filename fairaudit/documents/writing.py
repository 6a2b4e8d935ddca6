"""A document as a tree, as HTML and as Markdown: headings from its template, answers from the audit, gaps marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import FairauditError, listed, suggestion
from ..report.html import page
from ..report.markdown import markdown
from ..report.nodes import Block, Item, Paragraph, Report, Section, items
from ..result import Result
from ..translations import spoken
from ..writing import write_whole
from . import DOCUMENTS
from .filling import filled

FORMATS = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md"}


class DocumentError(FairauditError):
    """A document that there is not, or a file whose name does not say how it is to be written."""


@dataclass(frozen=True, slots=True)
class Part:
    """One heading of a document: what it serves, which answers fill it, what only a person can fill."""

    heading: str
    element: str
    filled_by: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """The headings of a document and what is asked for, with the rule's date and the day it was looked at."""

    id: str
    title: str
    jurisdiction: str
    applies_from: date
    checked_on: date
    about: str
    sources: tuple[tuple[str, str], ...]
    """Citation and date."""
    parts: tuple[Part, ...]


@lru_cache(maxsize=len(DOCUMENTS))
def template(name: str) -> Template:
    """Return the template of one document.

    Raises
    ------
    DocumentError
        If there is no such document; the message names those that there are.

    Examples
    --------
    >>> template("ll144-summary").parts[0].heading
    'Dates'
    """
    if name not in DOCUMENTS:
        message = f"There is no document '{name}'.{suggestion(name, DOCUMENTS)} Documents: {listed(DOCUMENTS)}."
        raise DocumentError(message)
    import yaml

    text = files(__package__).joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return Template(
        read["id"],
        read["title"],
        read["jurisdiction"],
        read["applies_from"],
        read["checked_on"],
        read["about"],
        tuple((source["citation"], str(source["date"])) for source in read["sources"]),
        tuple(
            Part(part["heading"], part["element"], tuple(part["filled_by"]), tuple(part["gaps"]))
            for part in read["sections"]
        ),
    )


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
