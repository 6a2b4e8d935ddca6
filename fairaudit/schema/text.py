"""Text from data, made safe to print."""

from __future__ import annotations

import unicodedata

_STEERING = frozenset({"Cc", "Cs"})
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    """Return text from data on one line, with characters that steer a terminal or turn text around made visible.

    Examples
    --------
    >>> visible("two\\nlines"), visible("a\\u202eb")
    ('two lines', 'a\ufffdb')
    """
    one_line = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(c) in _STEERING or c in _TURNING else c for c in one_line)
