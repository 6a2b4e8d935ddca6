"""The parts that a report is made of: plain records that say what is shown, and nothing of how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..result import Status
from ..statuses import STATUS_LABELS
from ..translations import say

STATUS_SHAPES: dict[Status, str] = {"flag": "▲", "within_line": "●", "insufficient": "?", "info": "i"}
"""A shape for each status, so that colour never carries it alone."""
STATUS_ORDER: tuple[Status, ...] = ("flag", "insufficient", "within_line", "info")
"""What calls for attention comes first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: its text, a smaller second line, or a status with its shape and word."""

    text: str = ""
    detail: str = ""
    status: Status | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; numbers stand on the right."""

    heading: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption. The first cell of each row says what the row is about."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of plain text; the lead is what a reader in a hurry reads, a note is a limit."""

    text: str
    kind: Literal["plain", "lead", "note"] = "plain"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a list: its text, with a term before it or a status."""

    text: str
    term: str = ""
    status: Status | None = None
    link: str = ""
    """A page beside this one, by our own hand and never from data; the term leads there."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Details:
    """Blocks that stay folded until a reader asks for them; a printed page shows them."""

    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: its caption, what it shows in words, and its Vega-Lite spec, which holds its own data."""

    caption: str
    alt: str
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report with a heading, and parts within it."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report: a title, what stands before the first section, the sections, and what made it."""

    title: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    made_with: str


def status_label(status: Status) -> str:
    """Return the short word of a status, as tables print it."""
    return say(STATUS_LABELS[status])


Block: TypeAlias = Paragraph | Table | Items | Details | Figure


def table(
    caption: str, columns: tuple[Column, ...], rows: Sequence[tuple[Cell, ...]], note: str = ""
) -> tuple[Table, ...]:
    """Return a table, or nothing where it would have no rows."""
    return (Table(caption, columns, tuple(rows), note),) if rows else ()


def figures(*made: Figure | None) -> tuple[Figure, ...]:
    """Return the figures that there are."""
    return tuple(figure for figure in made if figure is not None)


def items(entries: Sequence[Item]) -> tuple[Items, ...]:
    """Return a list, or nothing where it would be empty."""
    return (Items(tuple(entries)),) if entries else ()


def pictured(drawn: Figure | None, tables: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return a picture with its tables folded behind it, or the tables as they are where there is no picture."""
    if drawn is None:
        return tables
    return (drawn, *(Details(one.caption, (one,)) if isinstance(one, Table) else one for one in tables))


def folded(summary: str, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return blocks folded behind a summary, or nothing where there are none."""
    return (Details(summary, blocks),) if blocks else ()
