"""What letters, reasons and reports say, in other languages: gettext catalogues, English being the source.

``say`` and ``many`` speak the language that ``spoken`` has set for the moment: an audit sets it while it makes its
sentences, a report while it is laid out. ``retold`` says a short English text of a record (a method, a reason why a
number is undefined) in that language, by its template. A translation that no native speaker has read says so on
every page made with it. ``docs/translations.py`` collects the strings from the code, and compiles what was
translated (``make translations``).
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from ..errors import SchemaError, listed, suggestion

DOMAIN = "fairaudit"
FOLDER = Path(__file__).parent
LANGUAGES = {"en": "English", "es": "español", "zh": "中文", "de": "Deutsch"}
"""Language -> its own name. English is what the code says; the others are folders beside this file."""
REVIEWED = frozenset({"en"})
"""Languages that a native speaker has read."""

WORDS = frozenset({"what", "why", "how", "kind", "more", "rule", "band"})
"""Blanks of templates that hold words of ours, to be told too; in any other blank stand names and numbers."""

NUMBERS = frozenset({"number", "points", "pairs", "draws", "cutoff", "clusters", "least"})
"""Blanks of templates that hold one number."""

Say = Callable[[str], str]

_SPOKEN: ContextVar[str] = ContextVar("spoken", default="en")


def translator(language: str) -> Say:
    """Return what turns an English string of this package into another language.

    Parameters
    ----------
    language
        ``en``, ``es``, ``zh`` or ``de``.

    Raises
    ------
    SchemaError
        For another language.

    Examples
    --------
    >>> translator("de")("Your score")
    'Ihr Punktestand'
    """
    return _loaded(checked(language)).gettext


def checked(language: str) -> str:
    """Return the language, or raise a SchemaError where there is no translation into it."""
    if language not in LANGUAGES:
        known = listed(f"{code} ({name})" for code, name in LANGUAGES.items())
        message = f"There is no translation into {language!r}.{suggestion(str(language), LANGUAGES)} There is {known}."
        raise SchemaError(message)
    return language


def marked(text: str) -> str:
    """Return the text as it is: it marks a string that is translated later, for the script that collects them."""
    return text


# The language of the moment


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Speak a language for a while: what ``say``, ``many`` and ``retold`` return. Other threads keep theirs.

    Examples
    --------
    >>> with spoken("de"):
    ...     say("Your score")
    'Ihr Punktestand'
    >>> say("Your score")
    'Your score'
    """
    token = _SPOKEN.set(checked(language))
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken_now() -> str:
    """Return the language of the moment."""
    return _SPOKEN.get()


def say(text: str, /, **blanks: object) -> str:
    """Return a string of this package in the language of the moment, with its blanks filled.

    Parameters
    ----------
    text
        The English text, written out where it is said so that it is collected; ``{names}`` are blanks.
    blanks
        What stands in the blanks, as people read it: numbers are written before.

    Examples
    --------
    >>> say("{people} in {groups}.", people="5 people", groups="2 groups")
    '5 people in 2 groups.'
    """
    said = _loaded(_SPOKEN.get()).gettext(text) if text else ""
    return said.format(**blanks) if blanks else said


def many(number: int, one: str, more: str, /, **blanks: object) -> str:
    """Return a text for one or for several, in the language of the moment; ``{number}`` is the number, with commas.

    Examples
    --------
    >>> many(1, "{number} person", "{number} people"), many(1989, "{number} person", "{number} people")
    ('1 person', '1,989 people')
    """
    return _loaded(_SPOKEN.get()).ngettext(one, more, number).format(number=f"{number:,}", **blanks)


def also(parts: list[str]) -> str:
    """Return parts as a list in a sentence.

    Examples
    --------
    >>> also(["A"]), also(["A", "B", "C"])
    ('A', 'A, B and C')
    """
    if len(parts) < 2:
        return "".join(parts)
    return say("{first} and {last}", first=", ".join(parts[:-1]), last=parts[-1])


def retold(text: str | None) -> str:
    """Return a short English text of a record in the language of the moment; None is nothing.

    Records keep their short texts (methods, reasons, details) in English, which programs compare. A text is found by
    the template that it was made from (:mod:`fairaudit.translations.templates`), and what stands in its blanks is
    told in the same way. A text that no template fits stays as it is: it may be a name from the data.

    Examples
    --------
    >>> with spoken("de"):
    ...     retold("24 people have no score in 'points'.")
    "24 Personen haben keinen Score in 'points'."
    """
    if not text or _SPOKEN.get() == "en":
        return text or ""
    return _retold(text)


def _retold(text: str) -> str:
    for template, pattern in _patterns():
        if found := pattern.fullmatch(text):
            parts = found.groupdict()
            return say(template, **{name: _retold(part) if name in WORDS else part for name, part in parts.items()})
    # A name from the data seldom is a sentence of ours, word for word; a single word may be.
    return say(text) if " " in text else text


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the templates with what finds them: those with the most words of their own first."""
    from .templates import TEMPLATES

    def own(template: str) -> int:
        return len(re.sub(r"\{\w+\}", "", template))

    made = []
    for template in sorted(TEMPLATES, key=own, reverse=True):
        parts = re.split(r"\{(\w+)\}", template)
        source = "".join(re.escape(part) if at % 2 == 0 else _blank(part) for at, part in enumerate(parts))
        made.append((template, re.compile(source, re.DOTALL)))
    return tuple(made)


def _blank(name: str) -> str:
    if name in {"low", "high"}:
        return rf"(?P<{name}>\S*\d\S*)"
    return rf"(?P<{name}>\S+)" if name in NUMBERS else f"(?P<{name}>.+?)"


def shares() -> tuple[int, int]:
    """Return how many texts the language of the moment has no translation of, and how many texts there are.

    The compiled catalogue says so itself, in its head.

    Examples
    --------
    >>> shares()
    (0, 0)
    """
    head = _loaded(_SPOKEN.get()).info()
    return int(head.get("x-lacking", 0)), int(head.get("x-texts", 0))


@lru_cache(maxsize=8)
def _loaded(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, [language])
