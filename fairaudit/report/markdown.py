"""The report as Markdown, from the same tree as the HTML page: for Git, chat and plain reading."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..result import Result, Status
from ..translations import spoken
from .nodes import STATUS_SHAPES, Block, Cell, Details, Figure, Items, Paragraph, Report, Section, Table, status_label
from .tree import report_tree
from .words import visible

_MARKS = re.compile(r"([\\`*_\[\]|~$])")
_START = re.compile(r"^(#+(?=\s|$)|[+-](?=\s|$)|[=-]+$|\d+(?=[.)](\s|$)))")


def to_markdown(result: Result) -> str:
    """Return the report as Markdown with tables. Names from the data are text, whatever they contain.

    Parameters
    ----------
    result
        What an audit found.
    """
    with spoken(result.language):
        return markdown(report_tree(result))


def markdown(report: Report) -> str:
    """Return any report tree as Markdown."""
    parts = [f"# {escape(report.title)}", *_blocks(report.lead)]
    for section in report.sections:
        parts += _section(section, 2)
    parts.append(escape(report.made_with))
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, HTML, link, mention or formula comes of it.

    Examples
    --------
    >>> print(escape("<b> *a* | [x](http://y) `z`"))
    &lt;b&gt; \\*a\\* \\| \\[x\\](http&#58;//y) \\`z\\`
    >>> print(escape("# 1"), escape("2. b"))
    \\# 1 2\\. b
    """
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKS.sub(r"\\\1", safe).replace("@", "&#64;").replace("://", "&#58;//")
    safe = re.sub(r"(?i)\b(www)\.", r"\1&#46;", safe)
    if started := _START.match(safe):
        first = started[0]
        return f"{first}\\{safe[len(first) :]}" if first.isdigit() else f"\\{safe}"
    return safe


def _section(section: Section, level: int) -> list[str]:
    parts = [f"{'#' * level} {escape(section.heading)}", *_blocks(section.blocks)]
    for inner in section.sections:
        parts += _section(inner, level + 1)
    return parts


def _blocks(blocks: Iterable[Block]) -> list[str]:
    parts: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            parts.append(f"**{escape(block.text)}**" if block.kind == "lead" else escape(block.text))
        elif isinstance(block, Items):
            parts.append(_list(block))
        elif isinstance(block, Table):
            parts += _table(block)
        elif isinstance(block, Figure):
            parts.append(f"**{escape(block.caption)}.** {escape(block.alt)}")
        elif isinstance(block, Details):
            summary, inside = f"**{escape(block.summary)}**", _blocks(block.blocks)
            # Markdown folds nothing away, so a table that is all there is says its caption once.
            parts += inside if inside[:1] == [summary] else [summary, *inside]
    return parts


def _list(block: Items) -> str:
    lines = []
    for item in block.items:
        status = f"**{_status(item.status)}:** " if item.status else ""
        term = f"**{escape(item.term)}:** " if item.term else ""
        if item.link:
            term = f"[{escape(item.term)}]({item.link}): "
        lines.append(f"- {status}{term}{escape(item.text)}")
    return "\n".join(lines)


def _table(block: Table) -> list[str]:
    heads = [escape(column.heading) for column in block.columns]
    lines = [_row(heads), _row("---:" if column.numeric else "---" for column in block.columns)]
    lines += [_row(_cell(cell) for cell in row) for row in block.rows]
    note = [escape(block.note)] if block.note else []
    return [f"**{escape(block.caption)}**", "\n".join(lines), *note]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    text = _status(cell.status) if cell.status else escape(cell.text)
    return f"{text} ({escape(cell.detail)})" if cell.detail else text


def _status(status: Status) -> str:
    return f"{STATUS_SHAPES[status]} {status_label(status)}"
