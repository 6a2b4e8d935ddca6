"""Something the data did that a reader of the audit must know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataIssue:
    """One kind of trouble in the data: how often, where first, and what was done about it.

    Examples
    --------
    >>> issue = DataIssue("score_infinite", "2 scores are infinite.", 2, "set aside", "score", (17, 40))
    >>> issue.code, issue.count
    ('score_infinite', 2)
    """

    code: str
    message: str
    count: int
    action: str
    column: str | None = None
    rows: tuple[int, ...] = ()
    """Numbers of the first such rows, counted from 1 after any header; empty where rows have no order."""
    part: str = ""
    """The part of a merged cube that it is about: who counted it, or its name; empty where it is about all."""
