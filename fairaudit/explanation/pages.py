"""A page of headings, paragraphs and lists, written as text, Markdown or self-contained HTML."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ..schema.text import visible

FORMATS = ("md", "html", "txt")
OPEN, CLOSE = "\ue000", "\ue001"
"""Around a blank that the lender fills: private characters, which no text of data keeps."""

Kind = Literal["heading", "paragraph", "items", "numbered"]


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a page."""

    kind: Kind
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A page; ``draft`` lines stand in a box above it."""

    title: str
    language: str
    draft: tuple[str, ...]
    blocks: tuple[Block, ...]


def heading(text: str) -> Block:
    """Return a heading."""
    return Block("heading", (text,))


def paragraph(text: str) -> Block:
    """Return a paragraph."""
    return Block("paragraph", (text,))


def items(lines: Sequence[str]) -> Block:
    """Return a list."""
    return Block("items", tuple(lines))


def numbered(lines: Sequence[str]) -> Block:
    """Return a list in order."""
    return Block("numbered", tuple(lines))


def blank(text: str) -> str:
    """Return a marked blank that somebody must fill."""
    return f"{OPEN}{text}{CLOSE}"


def written(page: Page, format: str) -> str:  # noqa: A002 - the word for it
    """Return a page as ``txt``, ``md`` or ``html``; the same page gives the same bytes."""
    return _environment(format).get_template(f"page.{format}.j2").render(page=page, **_style())


@lru_cache(maxsize=3)
def _environment(format: str) -> Environment:  # noqa: A002
    return Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=format == "html",  # noqa: S701 - Markdown and text have escapes of their own, in finalize
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize={"html": _in_html, "md": _in_markdown, "txt": _in_text}[format],
    )


def _in_html(value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(str(escape(visible(value))).replace(OPEN, "<mark>[").replace(CLOSE, "]</mark>"))  # noqa: S704


def _in_markdown(value: Any) -> Any:
    """Return text in which nothing is Markdown or HTML by accident."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    safe = visible(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\\`*_{}\[\]#|~])", r"\\\1", safe)
    safe = re.sub(r"^(\d+)([.)])(?=\s|$)|^([-+=])", lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", safe)
    return safe.replace(OPEN, "**\\[").replace(CLOSE, "\\]**")


def _in_text(value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return visible(value).replace(OPEN, "[").replace(CLOSE, "]")


@lru_cache(maxsize=1)
def _style() -> dict[str, Any]:
    environment = _environment("html")
    text, _, _ = environment.loader.get_source(environment, "page.css")  # type: ignore[union-attr]
    style = text.strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {"style": Markup(style), "style_digest": digest}  # noqa: S704 - a file of the package
