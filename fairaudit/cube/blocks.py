"""What only some audits need rides along with the counts of a cube: memberships, replicates, ...

A block is sums of whole numbers with the cells of the cube as their first axis, so it merges, collapses, is
hashed and is written like the counts themselves. What the sums mean is for the module that makes them.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError

Ints = NDArray[np.int64]
Mesh = tuple[NDArray[np.int64], ...]
Shape = tuple[int, ...]

COUNTED = 4
"""Axes of the counts: cell, bin, decision, outcome."""
_MOST_SUM = 2.0**62


class Block(Protocol):
    """What a cube asks of a block."""

    def check(self, name: str, shape: Shape) -> None:
        """Raise a CubeError where the block does not fit counts of this shape."""

    def collapsed(self, inverse: NDArray[np.int64], shape: Shape) -> Self:
        """Return the block of a marginal: ``inverse`` holds the new cell of each cell."""

    def merged(self, other: Self, places: Sequence[Mesh], shape: Shape, name: str) -> Self:
        """Return the block of both cubes; ``places`` hold where the entries of each lie in the merged counts."""

    def suppressed(self, small: NDArray[np.bool_], bins: NDArray[np.int64]) -> Self | None:
        """Return the block without the ``small`` cells and with these bins only; None where it is dropped."""

    def digest_parts(self) -> Iterator[bytes]:
        """Yield what tells two blocks apart."""

    def to_plain(self) -> dict[str, Any]:
        """Return the block as dictionaries and lists that JSON can hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Whole-number sums that add up: the block that serves every need so far.

    ``kind`` says which module can read it, ``about`` what its axes stand for (plain JSON; blocks merge only
    where it is the same). With ``along="entries"`` the first four axes are those of the counts; with
    ``along="cells"`` only the first one is. Axes after that are the block's own. A suppressed cube sets the
    sums of small cells to 0, or drops the block where a sum could still tell of few people
    (``when_suppressed="dropped"``).

    Examples
    --------
    >>> block = Sums("doubled", {"of": "people"}, {"n": np.array([[2], [4], [6]])}, along="cells")
    >>> block.collapsed(np.array([0, 0, 1]), (2, 1, 1, 1)).arrays["n"].tolist()
    [[6], [6]]
    >>> read_block(block.to_plain(), "doubled").arrays["n"].tolist()
    [[2], [4], [6]]
    """

    kind: str
    about: Mapping[str, Any]
    arrays: Mapping[str, Ints]
    along: Literal["entries", "cells"] = "entries"
    when_suppressed: Literal["cleared", "dropped"] = field(default="dropped", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))
        object.__setattr__(self, "arrays", MappingProxyType(dict(self.arrays)))
        for array in self.arrays.values():
            array.flags.writeable = False

    @property
    def _leading(self) -> int:
        return COUNTED if self.along == "entries" else 1

    def _own(self, array: Ints) -> Shape:
        return array.shape[self._leading :]

    def _with(self, arrays: Mapping[str, Ints]) -> Self:
        return dataclasses.replace(self, arrays=arrays)

    def check(self, name: str, shape: Shape) -> None:
        """Raise a CubeError where an array does not begin with the axes of the counts."""
        for of, array in self.arrays.items():
            if array.shape[: self._leading] != shape[: self._leading]:
                message = f"'{of}' of the block '{name}' has the shape {array.shape}, but the counts have {shape}."
                raise CubeError(message)

    def collapsed(self, inverse: NDArray[np.int64], shape: Shape) -> Self:
        """Return the sums over the cells that fall together."""

        def collapse(array: Ints) -> Ints:
            out = np.zeros((shape[0], *array.shape[1:]), dtype=np.int64)
            np.add.at(out, inverse, array)
            return out

        return self._with({name: collapse(array) for name, array in self.arrays.items()})

    def merged(self, other: Self, places: Sequence[Mesh], shape: Shape, name: str) -> Self:
        """Return the sums of both, entry by entry.

        Raises
        ------
        CubeError
            If the two stand for different things, or their sums do not fit 64 bits.
        """
        alike = (self.kind, self.along, dict(self.about), [*self.arrays]) == (
            other.kind, other.along, dict(other.about), [*other.arrays],
        ) and all(self._own(array) == other._own(other.arrays[of]) for of, array in self.arrays.items())  # fmt: skip
        if not alike:
            message = f"Cubes differ in '{name}'. Count both with the same schema."
            raise CubeError(message)
        added = {}
        for of, array in self.arrays.items():
            parts = (array, other.arrays[of])
            if sum(float(np.abs(part).sum(dtype=np.float64)) for part in parts) > _MOST_SUM:
                message = f"The sums '{of}' of '{name}' in both cubes together do not fit 64-bit whole numbers."
                raise CubeError(message)
            out = np.zeros((*shape[: self._leading], *self._own(array)), dtype=np.int64)
            for part, mesh in zip(parts, places, strict=True):
                out[mesh if self.along == "entries" else mesh[0].reshape(-1)] += part
            added[of] = out
        return self._with(added)

    def suppressed(self, small: NDArray[np.bool_], bins: NDArray[np.int64]) -> Self | None:
        """Return the sums without those of small cells, or None where the block is to be dropped."""
        if self.when_suppressed == "dropped":
            return None

        def cleared(array: Ints) -> Ints:
            out = (array[:, bins] if self.along == "entries" else array).copy()
            out[small] = 0
            return out

        return self._with({name: cleared(array) for name, array in self.arrays.items()})

    def digest_parts(self) -> Iterator[bytes]:
        """Yield kind, meaning and sums."""
        yield json.dumps([self.kind, self.along, self.when_suppressed, dict(self.about)], sort_keys=True).encode()
        for name, array in self.arrays.items():
            yield json.dumps([name, array.shape]).encode()
            yield np.ascontiguousarray(array, dtype="<i8").tobytes()

    def to_plain(self) -> dict[str, Any]:
        """Return kind, meaning and the sums that are not 0: their places in the flattened array and their values."""
        arrays = {}
        for name, array in self.arrays.items():
            flat = np.ascontiguousarray(array).reshape(-1)
            at = np.flatnonzero(flat)
            arrays[name] = {"shape": list(array.shape), "at": at.tolist(), "values": flat[at].tolist()}
        return {
            "kind": self.kind,
            "about": dict(self.about),
            "along": self.along,
            "when_suppressed": self.when_suppressed,
            "arrays": arrays,
        }


def read_block(plain: Any, name: str, most: int = 50_000_000) -> Sums:
    """Return the block that :meth:`Sums.to_plain` wrote, trusting nothing.

    Parameters
    ----------
    plain
        The dictionary, as JSON gives it back.
    name
        What the block is called, for the error.
    most
        The most sums that an array may hold.

    Raises
    ------
    CubeError
        If a field is missing or wrong, or an array would be too large.
    """
    try:
        arrays = {str(of): _read_array(written, most) for of, written in plain["arrays"].items()}
        kind, about, along, when = (plain[key] for key in ("kind", "about", "along", "when_suppressed"))
        sound = isinstance(kind, str) and isinstance(about, dict)
        if not sound or along not in {"entries", "cells"} or when not in {"cleared", "dropped"}:
            raise ValueError("a field has a value that it cannot have")  # noqa: EM101
        return Sums(kind, about, arrays, along, when_suppressed=when)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        message = f"the block '{name}' is not sound ({error})"
        raise CubeError(message) from None


def _read_array(written: Mapping[str, Any], most: int) -> Ints:
    shape, at, values = written["shape"], written["at"], written["values"]
    if not all(type(number) is int for number in (*shape, *at, *values)):
        raise ValueError("something other than whole numbers")  # noqa: EM101
    size = math.prod(shape)
    if not 0 < size <= most or min(shape) < 1 or len(at) != len(values) or len(set(at)) < len(at):
        raise ValueError("sizes that do not fit")  # noqa: EM101
    if at and not 0 <= min(at) <= max(at) < size:
        raise ValueError("a sum outside the array")  # noqa: EM101
    out = np.zeros(size, dtype=np.int64)
    out[np.array(at, dtype=np.int64)] = np.array(values, dtype=np.int64)
    if float(np.abs(out.astype(np.float64)).sum()) > _MOST_SUM:
        raise ValueError("sums that are too large")  # noqa: EM101
    return out.reshape(shape)
