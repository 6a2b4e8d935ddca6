"""What letters and reasons say, in other languages: gettext catalogues, English being the source.

A translation that no native speaker has read says so on every page made with it. ``docs/translations.py`` collects
the strings from the code, and compiles what was translated (``make translations``).
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ..errors import SchemaError, listed, suggestion

DOMAIN = "fairaudit"
FOLDER = Path(__file__).parent
LANGUAGES = {"en": "English", "es": "español", "zh": "中文", "de": "Deutsch"}
"""Language -> its own name. English is what the code says; the others are folders beside this file."""
REVIEWED = frozenset({"en"})
"""Languages that a native speaker has read."""

Say = Callable[[str], str]


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
    if language not in LANGUAGES:
        known = listed(f"{code} ({name})" for code, name in LANGUAGES.items())
        message = f"There is no translation into {language!r}.{suggestion(str(language), LANGUAGES)} There is {known}."
        raise SchemaError(message)
    return _loaded(language).gettext


def marked(text: str) -> str:
    """Return the text as it is: it marks a string that is translated later, for the script that collects them."""
    return text


@lru_cache(maxsize=8)
def _loaded(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, [language])
