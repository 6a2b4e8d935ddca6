"""Arrow columns as numpy arrays, without pandas: pyarrow's own to_numpy() imports it, half a second of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_numbers(column: Any) -> NDArray[Any]:
    """Return an Arrow column of numbers without gaps as an array, without a copy where it is one chunk."""
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not pa.types.is_floating(array.type):
        # Sums come back as decimals from engines whose whole numbers are wider.
        array = array.cast(pa.int64())
    return np.from_dlpack(array)


def encoded(column: Any) -> tuple[NDArray[np.int64], Any]:
    """Return an Arrow column as indices into its distinct values; null is a value too."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if not isinstance(column, pa.ChunkedArray) or column.num_chunks < 2:
        made = pc.dictionary_encode(column, null_encoding="encode")
        made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
        return as_numbers(made.indices).astype(np.int64), made.dictionary
    # Arrow cannot put dictionaries with null in them together.
    made = pc.dictionary_encode(column).combine_chunks()
    if not made.null_count:
        return as_numbers(made.indices).astype(np.int64), made.dictionary
    # Filled by numpy: Arrow's own fill_null() takes a scalar, and making one imports pandas.
    codes = np.full(len(made), len(made.dictionary), dtype=np.int64)
    codes[as_numbers(made.indices.is_valid()) == 1] = as_numbers(made.indices.drop_null())
    return codes, pa.concat_arrays([made.dictionary, pa.nulls(1, made.dictionary.type)])
