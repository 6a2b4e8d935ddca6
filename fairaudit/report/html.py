"""The report as one self-contained HTML page: no network, no script, readable on paper and on a phone."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..result import Result
from ..translations import say, spoken, spoken_now
from .nodes import STATUS_SHAPES, Block, Figure, Report, status_label
from .tree import report_tree
from .words import visible


def to_html(result: Result) -> str:
    """Return the report as a single HTML page. The same result gives the same bytes.

    The page's policy forbids scripts, forms and every connection, and allows exactly its own style sheet.
    Names from the data are text, whatever they contain.

    Parameters
    ----------
    result
        What an audit found.
    """
    with spoken(result.language):
        return page(report_tree(result))


def page(report: Report) -> str:
    """Return any report tree as a self-contained HTML page."""
    style = style_sheet("report.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    words = {"language": spoken_now(), "skip": say("Skip to the report"), "contents": say("Contents")}
    return render("report.html.j2", report=report, style=style, style_digest=digest, **words)


def render(template: str, **context: Any) -> str:
    """Return a template of this room, filled; everything that is not markup is escaped."""
    identifiers = itertools.count(1)
    labels = {status: status_label(status) for status in STATUS_SHAPES}
    made = _environment().get_template(template)
    return made.render(**context, shapes=STATUS_SHAPES, labels=labels, next_id=lambda: next(identifiers), draw=_drawn())


@dataclass(frozen=True, slots=True)
class _Drawn:
    picture: Markup
    size: str


def _drawn() -> Callable[[Figure], _Drawn]:
    """Return what draws the figures of one page, each with ids of its own."""
    places = itertools.count(1)

    def draw(figure: Figure) -> _Drawn:
        from .charts.drawing import svg

        picture, width = svg(figure.spec, f"chart-{next(places)}")
        # The policy of the page allows no style of an element, so that sizes come in steps of a class.
        return _Drawn(Markup(picture), f"w{min(8, -(-width // 100))}")  # noqa: S704 - cleaned by our own hand, names escaped

    return draw


def style_sheet(name: str) -> Markup:
    """Return a style sheet of this room: ours, so not escaped."""
    text, _, _ = _environment().loader.get_source(_environment(), name)  # type: ignore[union-attr]
    return Markup(text.strip())  # noqa: S704 - a file of the package


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["kind"] = _kind
    return environment


def _finalize(value: Any) -> Any:
    """Make steering characters in text visible; markup (ours) goes through as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _kind(block: Block) -> str:
    return type(block).__name__.lower()
