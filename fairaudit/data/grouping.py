"""Rows grouped by their raw values: by codes where they are Parquet, else by the engine that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from .dense import UnsuitableError, alike, count_files, footer
from .files import inside
from .progress import Work
from .sources import Source

SCAN = 50.0
"""Per cent that DuckDB says of a group-by when all is read: what is left then takes a moment."""


def grouped(source: Source, frame: Any, keys: Sequence[str], aggregates: Sequence[Any], work: Work) -> Any:
    """Return an Arrow table of groups: the keys, and the aggregates.

    Parameters
    ----------
    source, frame
        Where the rows are, and the frame of them with what was added.
    keys, aggregates
        Columns of the frame, and what is asked of each group.
    work
        Told how far it is.
    """
    places = [inside(place) for place in range(len(source.wanted))]
    if source.kind == "parquet" and source.files is not None and [*keys] == places and len(aggregates) == 1:
        try:
            footers = [footer(path, source.wanted) for path in source.files.paths]
            alike(footers)
            work.begin(sum(one.rows for one in footers), "rows")
            return count_files(footers, work)
        except UnsuitableError:
            work.stop.clear()
    query = frame.group_by(*keys).agg(*aggregates)
    return by_engine(source, query, work)


def by_engine(source: Source, query: Any, work: Work, *, kept: int = 0, total: int = 0) -> Any:
    """Return an Arrow table of what a query gives; how far it is can be asked of files only.

    Parameters
    ----------
    source, query
        Where the rows are, and what is asked of them.
    work
        Told how far it is.
    kept, total
        Bytes done before, of all; where 0 those of the source.
    """
    connection = source.connection
    if connection is None or source.files is None:
        return collect(query)
    size = sum(one.st_size for one in source.files.stats)
    if not total:
        work.begin(size, "bytes")

    def measure() -> int:
        share = connection.query_progress() / SCAN
        return kept + int(size * min(max(share, 0.0), 1.0))

    work.measure = measure
    try:
        return work.run([lambda: collect(query)], interrupt=connection.interrupt)[0]
    finally:
        work.measure = None


def collect(frame: Any) -> Any:
    """Return a frame's rows as an Arrow table, whether it is lazy or not."""
    return (frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame).to_arrow()
