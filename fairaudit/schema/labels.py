"""Values become text once, in one way, whatever engine or file they came from."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

MISSING = "(missing)"
OTHER = "(other)"
"""The level that pooled levels become where counts are published."""

_WHOLE = re.compile(r"([+-]?\d+)\.0+")


def is_missing(value: Any) -> bool:
    """Return True for None, NaN, NaT and pandas' NA; blank text is made missing by :func:`label`.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(0)
    (True, False)
    """
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN and NaT differ from themselves
    except TypeError:  # NA will not say whether it differs
        return True


def label(value: Any) -> str:
    """Return the label of one value: 30.0 becomes 30, True becomes true, nothing becomes (missing).

    A CSV file, a float column with gaps and an integer column must give the same group the same name.

    Parameters
    ----------
    value
        A number, boolean, text, date, or a missing value (None, NaN, NaT, blank text).

    Examples
    --------
    >>> [label(value) for value in (30.0, "30.0", True, " White ", None, "")]
    ['30', '30', 'true', 'White', '(missing)', '(missing)']
    """
    if isinstance(value, str):
        return _text_label(value)
    if is_missing(value):
        return MISSING
    if hasattr(value, "item"):
        if getattr(value, "dtype", None) is not None and value.dtype.kind == "M":
            value = value.astype("datetime64[us]")  # in nanoseconds, item() would be a bare number
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (float, Decimal)):
        if math.isfinite(value) and value == int(value):
            return str(int(value))
        return repr(float(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    return _text_label(str(value))


def _text_label(text: str) -> str:
    text = text.strip()
    if not text or text.casefold() in {"nan", "nat", "<na>"}:
        return MISSING
    if text.casefold() in {"true", "false"}:
        return text.casefold()
    whole = _WHOLE.fullmatch(text)
    return whole.group(1) if whole else text


def number(value: Any) -> float | None:
    """Return a value as a float; NaN where it is missing, None where it is not a number.

    Examples
    --------
    >>> number("620"), number(""), number("high")
    (620.0, nan, None)
    """
    if label(value) == MISSING:
        return math.nan
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _edge(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def band_labels(edges: Sequence[float], *, closed: str = "left") -> tuple[str, ...]:
    """Return the names of the bands that ascending edges cut, as people say them.

    Parameters
    ----------
    edges
        One or more ascending numbers; k edges make k + 1 bands.
    closed
        ``"left"``: an edge belongs to the band that it begins (62 is in "62 and over");
        ``"right"``: it belongs to the band that it ends (62 is in "62 and under").

    Examples
    --------
    >>> band_labels([25, 62])
    ('under 25', '25 to under 62', '62 and over')
    >>> band_labels([25, 62], closed="right")
    ('25 and under', 'over 25 to 62', 'over 62')
    """
    names = [_edge(edge) for edge in edges]
    pairs = list(itertools.pairwise(names))
    if closed == "left":
        middle = [f"{low} to under {high}" for low, high in pairs]
        return (f"under {names[0]}", *middle, f"{names[-1]} and over")
    middle = [f"over {low} to {high}" for low, high in pairs]
    return (f"{names[0]} and under", *middle, f"over {names[-1]}")
