"""Plain words for a reason: a catalogue that a lender writes, and words made from the feature's name without it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from ..errors import ExplanationError, listed, suggestion
from ..policy.reading import MAX_BYTES, Document, Problem, read_yaml
from ..translations import LANGUAGES, marked, translator

Direction = Literal["too_low", "too_high", "category", "missing", "other"]
TEXTS = ("too_low", "too_high", "category", "missing", "other")
KEYS = ("name", "unit", "code", *TEXTS, "categories")
TOP = ("language", "features")

FALLBACK: dict[Direction, str] = {
    "too_low": marked("{name} is too low"),
    "too_high": marked("{name} is too high"),
    "category": marked("{name}: {value}"),
    "missing": marked("{name}: not known"),
    "other": marked("{name}"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one feature. ``categories`` hold words for single values, ``code`` the lender's own code."""

    name: str | None = None
    unit: str | None = None
    code: str | None = None
    too_low: str | None = None
    too_high: str | None = None
    category: str | None = None
    missing: str | None = None
    other: str | None = None
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Words by feature and direction, in one language."""

    source: str
    language: str = "en"
    sha256: str | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def name_of(self, feature: str) -> str:
        """Return what people call a feature."""
        entry = self.entries.get(feature)
        return entry.name if entry and entry.name else plain_name(feature)

    def words(self, feature: str, direction: Direction, value: Any) -> str | None:
        """Return the catalogue's words, or None where it has none for this direction or value."""
        entry = self.entries.get(feature)
        if entry is None:
            return None
        text = value_text(value)
        said = entry.categories.get(text) if direction == "category" else None
        said = said or getattr(entry, direction)
        return None if said is None else said.replace("{value}", text)


NO_CATALOGUE = Catalogue("none given")


def catalogue_of(given: str | Path | Mapping[str, Any] | Catalogue | None) -> Catalogue:
    """Return the words to use: a YAML file's, a mapping's with the same keys, or none.

    Raises
    ------
    ExplanationError
        With the file, every line that is wrong, what is wrong there and how to mend it.

    Examples
    --------
    >>> made = catalogue_of({"features": {"duration": {"name": "Length of the loan", "too_high": "The loan is long"}}})
    >>> made.words("duration", "too_high", 36), made.name_of("number_credits")
    ('The loan is long', 'Number credits')
    """
    if given is None:
        return NO_CATALOGUE
    if isinstance(given, Catalogue):
        return given
    if isinstance(given, Mapping):
        # Through the same reader as a file: one way to check, and values are the text that stands there.
        text, place = yaml.safe_dump(_plain(given), sort_keys=False, allow_unicode=True), "the mapping of words"
    elif isinstance(given, (str, Path)):
        text, place = _file_text(Path(given)), Path(given).name
    else:
        message = f"words= is the path of a YAML file or a mapping of features, got {type(given).__name__}."
        raise ExplanationError(message)
    document = read_yaml(text)
    problems = [*document.problems, *_problems(document)]
    if problems:
        lines = "; ".join(f"line {one.line}: {one.message}" for one in sorted(problems, key=lambda one: one.line or 0))
        message = f"The catalogue of words in {place} cannot be used. {lines}"
        raise ExplanationError(message)
    entries = {
        name: Entry(**{key: value for key, value in entry.items() if value is not None})
        for name, entry in document.data["features"].items()
    }
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Catalogue(place, document.data.get("language") or "en", digest, entries)


def unused_entries(catalogue: Catalogue, features: Iterable[str]) -> tuple[str, ...]:
    """Return, in words, the catalogue's features that the model does not have."""
    known = list(features)
    return tuple(
        f"The catalogue has words for '{name}', which is no feature of the model.{suggestion(name, known)}"
        for name in catalogue.entries
        if name not in known
    )


def plain_name(feature: str) -> str:
    """Return a column's name as words.

    Examples
    --------
    >>> plain_name("installment_rate"), plain_name("DTI")
    ('Installment rate', 'DTI')
    """
    words = " ".join(feature.replace("_", " ").replace(".", " ").split()) or feature
    return words[0].upper() + words[1:]


def value_text(value: Any) -> str:
    """Return a value as people write it.

    Examples
    --------
    >>> value_text(30.0), value_text(1234.5678), value_text("rent"), value_text(True), value_text(float("nan"))
    ('30', '1234.57', 'rent', 'yes', 'not known')
    """
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if value is None or value != value:  # NaN is not itself
        return "not known"
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        number = float(value)
        if not math.isfinite(number):
            return str(number)
        digits = 2 if abs(number) >= 1 else 4
        return f"{number:.{digits}f}".rstrip("0").rstrip(".") if number != int(number) else str(int(number))
    return str(value)


def fallback(direction: Direction, name: str, value: Any, language: str = "en") -> str:
    """Return words made from a feature's name.

    Examples
    --------
    >>> fallback("too_high", "Number credits", 4), fallback("category", "Housing", "rent")
    ('Number credits is too high', 'Housing: rent')
    """
    say = translator(language)
    text = value_text(value)
    shown = say(text) if text in SAID_VALUES else text
    return say(FALLBACK[direction]).replace("{value}", shown).replace("{name}", name)


SAID_VALUES = (marked("yes"), marked("no"), marked("not known"))
"""Values that are words of ours and not of the data."""


def _file_text(path: Path) -> str:
    if not path.is_file():
        message = f"The catalogue of words '{path}' was not found. Give the path of a YAML file, or leave words= out."
        raise ExplanationError(message)
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        message = f"The catalogue of words '{path.name}' is larger than {MAX_BYTES:,} bytes. Split or shorten it."
        raise ExplanationError(message)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"The catalogue of words '{path.name}', line {line}, is not UTF-8 text. Save the file as UTF-8."
        raise ExplanationError(message) from None


def _plain(given: Any) -> Any:
    """Return a mapping of plain dictionaries and text, so that it can be written as YAML."""
    if isinstance(given, Mapping):
        return {str(key): _plain(value) for key, value in given.items()}
    return given if given is None else str(given)


def _problems(document: Document) -> list[Problem]:
    data = document.data
    if document.problems or not isinstance(data, dict):
        return []
    found = [
        Problem(document.line_of((key,)), f"the key '{key}' is not known.{suggestion(key, TOP)} Known: {listed(TOP)}.")
        for key in data
        if key not in TOP
    ]
    language = data.get("language")
    if language is not None and language not in LANGUAGES:
        known = listed(LANGUAGES)
        found.append(Problem(document.line_of(("language",)), f"language is one of {known}, not '{language}'."))
    features = data.get("features")
    if not isinstance(features, dict):
        return [*found, Problem(document.line_of(("features",)), "'features:' holds one key for each feature.")]
    for name, entry in features.items():
        found += _entry_problems(document, name, entry)
    return found


def _entry_problems(document: Document, name: str, entry: Any) -> list[Problem]:
    place = ("features", name)
    if not isinstance(entry, dict):
        return [Problem(document.line_of(place), f"'{name}' holds keys such as name, too_low, too_high.")]
    found = []
    for key, value in entry.items():
        line = document.line_of((*place, key))
        if key not in KEYS:
            said = f"'{name}' has the key '{key}', which is not known.{suggestion(key, KEYS)} Known: {listed(KEYS)}."
            found.append(Problem(line, said))
        elif key == "categories":
            if not isinstance(value, dict):
                found.append(Problem(line, f"categories of '{name}' are lines 'value: words'."))
                continue
            for one, text in value.items():
                found += _text_problem(document.line_of((*place, key, one)), f"the category '{one}' of '{name}'", text)
        elif value is not None:
            found += _text_problem(line, f"{key} of '{name}'", value)
    return found


def _text_problem(line: int | None, what: str, text: Any) -> list[Problem]:
    if not isinstance(text, str) or not text.strip():
        return [Problem(line, f"{what} is a text of one or more words.")]
    left = text.replace("{value}", "")
    if "{" in left or "}" in left:
        return [Problem(line, f"{what} may hold {{value}} and no other braces.")]
    return []
