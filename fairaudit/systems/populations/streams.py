"""Random numbers that depend on what they are for, and on nothing else: seed, mechanism, year and block of people.

A counter-based generator is started at a place of its own for each of them. So a new mechanism changes nobody's other
numbers, a person is the same with and without a mechanism (common random numbers), and blocks can be made in any order.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

BLOCK = 65_536
"""People in a block; family ties, ratings and wrongly blamed people stay within one."""


def uniforms(seed: int, mechanism: str, year: int, block: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return uniform numbers from 0 to below 1 of a mechanism, year and block.

    Parameters
    ----------
    seed
        0 to 2^64 - 1.
    mechanism
        Its name: a stream has no other order than that of names.
    year, block
        Counted from 0.
    shape
        The first axis is people.

    Examples
    --------
    >>> first, again = (uniforms(7, "age", 0, 0, (3,)) for _ in range(2))
    >>> first.tolist() == again.tolist(), first.tolist() == uniforms(7, "age", 1, 0, (3,)).tolist()
    (True, False)
    """
    name = int.from_bytes(hashlib.sha256(mechanism.encode()).digest()[:8], "little")
    key = np.array([seed, name], dtype=np.uint64)
    # The generator counts up in the first word, so streams of different blocks and years never meet.
    counter = np.array([0, 0, year, block], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter)).random(shape)
