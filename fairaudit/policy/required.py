"""What rules ask to be written down: the headings of each document as data, with sources and dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from ..errors import FairauditError, listed, suggestion

DOCUMENTS = ("model-risk", "ai-act-annex-iv", "fundamental-rights", "ll144-summary")
"""The documents that there are."""


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

    text = files(__package__).joinpath("required", f"{name}.yaml").read_text(encoding="utf-8")
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
