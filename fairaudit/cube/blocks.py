"""What only some audits need rides along with the cube: arrays over its cells that collapse and merge as counts do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray


class Block(Protocol):
    """Arrays whose first axis is the cube's cells."""

    def collapsed(self, inverse: NDArray[np.int64], cells: int) -> Self:
        """Return the block over other cells: old cell i goes to cell ``inverse[i]`` of so many."""

    def cleared(self, hidden: NDArray[np.bool_]) -> Self:
        """Return the block without what it holds of some cells."""

    def __add__(self, other: Any) -> Self:
        """Return the block of both sets of people, over the same cells."""

    def to_bytes(self) -> bytes:
        """Return what the digest of the cube is made of."""

    def to_plain(self) -> dict[str, Any]:
        """Return the block as dictionaries and lists that JSON can hold."""


Blocks = Mapping[str, Block]
