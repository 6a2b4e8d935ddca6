"""The findings and rates as CSV files, and the key table that a notebook shows."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from typing import Any

from ..result import Finding, RateRecord, Result
from ..translations import many, say, spoken
from .html import render, style_sheet
from .lookup import Lookup
from .nodes import Paragraph
from .overview import key_blocks

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the start of a formula, full-width forms included."""


def to_csv_files(result: Result) -> dict[str, str]:
    """Return ``findings.csv`` and ``rates.csv`` as text: every field of every record, one record a row.

    Text that a spreadsheet would run as a formula gets an apostrophe before it; numbers are written as they
    are, with all their digits. A number that does not exist is an empty cell; the column ``undefined`` says why.

    Parameters
    ----------
    result
        What an audit found.
    """
    return {
        "findings.csv": csv_text(Finding, result.findings),
        "rates.csv": csv_text(RateRecord, result.rates),
    }


def key_table_html(result: Result) -> str:
    """Return the primary findings as a fragment of HTML for a notebook; its style touches nothing else.

    Parameters
    ----------
    result
        What an audit found.
    """
    with spoken(result.language):
        people = many(result.schema.people, "{number} person", "{number} people")
        told = say(
            "{source}: {people}, policy {policy}.", source=result.input.name, people=people, policy=result.policy.id
        )
        shown = (Paragraph(told), *key_blocks(Lookup.of(result), in_words=False))
        return render("key_table.html.j2", shown=shown, style=style_sheet("key_table.css"))


def csv_text(record: type, rows: Sequence[Any]) -> str:
    """Return records of one type as CSV, a column a field; no text in it is one that a spreadsheet would run."""
    names = [field.name for field in dataclasses.fields(record)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([spreadsheet_value(getattr(row, name)) for name in names] for row in rows)
    return file.getvalue()


def spreadsheet_value(value: Any) -> Any:
    """Return a value as a cell of CSV holds it: mappings as JSON, and no text that a spreadsheet would run."""
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value
