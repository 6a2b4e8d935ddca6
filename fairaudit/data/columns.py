"""Columns that were asked for, held against those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..errors import ColumnNotFoundError, DataContractError, listed, suggestion
from ..schema.issues import DataIssue

_LONGEST_NAME = 60


def shown(name: str) -> str:
    """Return a column's name as a message can print it: short, and without control characters.

    Examples
    --------
    >>> shown("income"), shown("a\\x00b")
    ('income', 'a?b')
    """
    plain = "".join(character if character.isprintable() else "?" for character in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."


def check_columns(wanted: Iterable[str], columns: Sequence[str], name: str, hint: str = "") -> None:
    """Raise a ColumnNotFoundError with a suggestion for the first wanted column that is not there."""
    for column in wanted:
        if column not in columns:
            there = [shown(other) for other in columns]
            message = (
                f"Column '{shown(column)}' not found in {name}.{suggestion(column, there)} "
                f"Columns: {listed(there) or 'none'}.{hint}"
            )
            raise ColumnNotFoundError(message)


def check_twice(wanted: Sequence[str], header: Sequence[str], name: str) -> tuple[DataIssue, ...]:
    """Refuse a wanted column whose name stands more than once; record the others that do."""
    twice = sorted({column for column in header if header.count(column) > 1})
    for column in wanted:
        if column in twice:
            message = (
                f"Column '{shown(column)}' stands {header.count(column)} times in {name}; which one is meant? "
                "Rename the others in the data."
            )
            raise DataContractError(message)
    if not twice:
        return ()
    message = (
        f"Column names stand more than once in {name}: {listed(shown(column) for column in twice)}. "
        "None of them has a role."
    )
    return (DataIssue("column_names_twice", message, len(twice), "left out"),)
