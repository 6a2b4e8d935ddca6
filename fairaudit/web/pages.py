"""What is shown: one template a page, filled, and never a name from a file as markup."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from ..report.html import style_sheet
from ..report.nodes import STATUS_SHAPES, status_label
from ..report.words import visible
from .drafts import Draft
from .security import Session
from .uploads import in_words

STEPS = {
    "columns": "Columns",
    "meaning": "Meaning",
    "questions": "Questions",
    "policy": "Policy",
    "run": "Run",
}
"""Step of an audit -> what it is called; its address ends with it."""


SECONDS_TO_REFRESH = 2


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.filters["size"] = in_words
    # What goes back with a form goes back as it came: line breaks of a policy, spaces of a label.
    environment.filters["kept"] = escape
    environment.filters["twice"] = lambda value: (value, value)
    return environment


def page(session: Session, name: str, *, status: int = 200, **context: Any) -> Response:
    """Return a page of the site."""
    known: dict[str, Any] = {"draft": None, "step": None, "problems": [], "steps": STEPS, "refresh": None}
    made = _environment().get_template(f"{name}.html.j2")
    labels = {of: status_label(of) for of in STATUS_SHAPES}
    text = made.render(**{**known, **context}, token=session.form_token, shapes=STATUS_SHAPES, labels=labels)
    answer = HTMLResponse(text, status)
    if context.get("refresh"):
        # As a header: the page offers to stop it, and does not take the keyboard's place away on its own.
        # With an address of its own: one that ends in #a-field, after a mistake was mended there, is not loaded again.
        answer.headers["refresh"] = f"{SECONDS_TO_REFRESH}; url={context['refresh']}"
    return answer


def message(session: Session, status: int, heading: str, text: str) -> Response:
    """Return a page that says one thing: what went wrong and what to do."""
    return page(session, "message", status=status, heading=heading, text=text)


def style() -> Response:
    """Return the style sheet: that of the report, and what forms need beside it."""
    own = files(__package__).joinpath("templates", "web.css").read_text(encoding="utf-8")
    return Response(f"{style_sheet('report.css')}\n{own}", media_type="text/css")


def icon() -> Response:
    """Return the sign of the page in the browser's tab."""
    own = files(__package__).joinpath("templates", "icon.svg").read_text(encoding="utf-8")
    return Response(own, media_type="image/svg+xml")


def next_step(draft: Draft) -> str:
    """Return the first step that is not answered yet."""
    return next((step for step in STEPS if step != "run" and step not in draft.answers), "run")
