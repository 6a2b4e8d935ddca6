"""Is a UBJSON file whole? Only its frame is walked: every length lies within the file, every bracket is closed.

The format: Universal Binary JSON, draft 12 (ubjson.org), as far as XGBoost writes it.
"""

from __future__ import annotations

import struct

from ..errors import DataContractError

DEEPEST = 64
_WIDTH = {b"i": 1, b"U": 1, b"C": 1, b"I": 2, b"l": 4, b"d": 4, b"L": 8, b"D": 8, b"Z": 0, b"N": 0, b"T": 0, b"F": 0}
_INTEGERS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}


def check_ubjson(name: str, data: bytes) -> None:
    """Refuse bytes that are not one whole UBJSON value.

    Raises
    ------
    DataContractError
        With the place where it breaks.

    Examples
    --------
    >>> check_ubjson("m.ubj", b"{U\\x01aU\\x07}")
    >>> check_ubjson("m.ubj", b"{U\\x01a")
    Traceback (most recent call last):
    ...
    fairaudit.errors.DataContractError: m.ubj is not a whole UBJSON file: it breaks at byte 4. Save it again.
    """
    try:
        end = _value(data, 0, 0)
        whole = end == len(data)
    except _BrokenError as error:
        end, whole = error.place, False
    if not whole:
        message = f"{name} is not a whole UBJSON file: it breaks at byte {end:,}. Save it again."
        raise DataContractError(message)


class _BrokenError(Exception):
    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def _take(data: bytes, at: int, count: int) -> int:
    if count < 0 or at + count > len(data):
        raise _BrokenError(at)
    return at + count


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return a length and where it ends."""
    mark = data[at : at + 1]
    if mark not in _INTEGERS:
        raise _BrokenError(at)
    end = _take(data, at + 1, _WIDTH[mark])
    return struct.unpack(_INTEGERS[mark], data[at + 1 : end])[0], end


def _text(data: bytes, at: int) -> int:
    count, at = _length(data, at)
    return _take(data, at, count)


def _value(data: bytes, at: int, depth: int) -> int:
    mark = data[at : at + 1]
    if not mark or depth > DEEPEST:
        raise _BrokenError(at)
    return _body(data, mark, at + 1, depth)


def _body(data: bytes, mark: bytes, at: int, depth: int) -> int:
    if mark in _WIDTH:
        return _take(data, at, _WIDTH[mark])
    if mark in (b"S", b"H"):
        return _text(data, at)
    if mark not in (b"[", b"{") or depth > DEEPEST:
        raise _BrokenError(at - 1)
    named = mark == b"{"
    kind = data[at + 1 : at + 2] if data[at : at + 1] == b"$" else b""
    at = _take(data, at, 2 if kind else 0)
    if data[at : at + 1] == b"#":
        count, at = _length(data, at + 1)
        if not named and kind in _WIDTH:
            return _take(data, at, count * _WIDTH[kind])
        if count < 0 or count > len(data):
            raise _BrokenError(at)
        for _ in range(count):
            at = _text(data, at) if named else at
            at = _body(data, kind, at, depth + 1) if kind else _value(data, at, depth + 1)
        return at
    if kind:
        raise _BrokenError(at)
    closing = b"}" if named else b"]"
    while data[at : at + 1] != closing:
        at = _text(data, at) if named else at
        at = _value(data, at, depth + 1)
    return _take(data, at, 1)
