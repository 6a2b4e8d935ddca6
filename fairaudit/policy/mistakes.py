"""What is wrong with a file of records, in the words of the file and with its line: shared by all YAML formats."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from ..errors import listed, suggestion
from .reading import Document, Location, Problem

ADD_IT = "is missing. Add it."
"""How the message of a missing key ends."""


def located(location: Location, message: str, document: Document | None) -> Problem:
    """Return a problem at a key: with its line in a file, with its dotted name in a mapping."""
    if document is not None:
        return Problem(document.line_of(location), message)
    return Problem(None, f"{_dotted(location)}: {message}" if location else message)


def _dotted(location: Location) -> str:
    """Return a place in a mapping as Python people write it: rules[0].practical.value."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def in_words(
    detail: dict[str, Any], document: Document | None, record: type[BaseModel], patterns: Mapping[str, str]
) -> Problem:
    """Say one pydantic error in the words of the file.

    Parameters
    ----------
    detail
        One of ``ValidationError.errors()``; an error of type ``policy`` brings its message and the key it is about.
    document
        The file, for the lines; None for a mapping.
    record
        The outermost record, for the keys that there are.
    patterns
        What to write, for the keys that have a pattern.
    """
    kind, location, context = detail["type"], tuple(detail["loc"]), detail.get("ctx", {})
    key = next((part for part in reversed(location) if isinstance(part, str)), "file")
    given = _short(detail["input"])
    if kind == "policy":
        location, message = (*location, *context["at"]), str(context["message"])
    elif kind == "extra_forbidden":
        keys = _keys_at(location[:-1], record)
        message = f"unknown key '{key}'.{suggestion(key, keys)} Keys here: {listed(keys, 30)}."
    elif kind == "missing":
        message = f"key '{key}' {ADD_IT}"
        location = location[:-1]
    elif kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        message = f"'{key}' is {given}; it is one of {listed(choices)}.{suggestion(str(detail['input']), choices)}"
    elif kind == "string_pattern_mismatch":
        message = f"'{key}' is {given}; {patterns.get(key, 'write small letters, digits and _ only')}."
    else:
        message = f"{detail['msg'].replace('Input should', f'{key!r} should', 1)}, and {given} is given."
    return located(location, message, document)


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, (Mapping, list, tuple)):
        return "a list" if not isinstance(value, Mapping) else "a set of keys"
    text = str(value)
    return f"'{text if len(text) <= 40 else text[:37] + '...'}'"


def _keys_at(location: Location, record: type[BaseModel]) -> list[str]:
    """Return the keys that a record may have at a place."""
    model = record
    for part in location:
        inner = _model_in(model.model_fields[part].annotation) if part in model.model_fields else None
        model = inner or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the record inside ``Rule``, ``Rule | None``, ``dict[str, Rule]`` or ``tuple[Rule, ...]``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (_model_in(part) for part in typing.get_args(annotation) if part is not Ellipsis)
    return next((model for model in found if model), None)
