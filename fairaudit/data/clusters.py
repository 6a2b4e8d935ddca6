"""Frames whose rows are on other machines: told apart, and worked on where the rows are.

Counting them needs nothing of this: it is one group-by that the engine makes. Here is what takes Python to the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import DataContractError

if TYPE_CHECKING:
    import pandas as pd


def is_spark(frame: Any) -> bool:
    """Return True for a Spark DataFrame, classic or of Spark Connect; nothing is imported to know."""
    return type(frame).__module__.startswith("pyspark.sql.") and type(frame).__name__ == "DataFrame"


def is_dask(frame: Any) -> bool:
    """Return True for a Dask DataFrame."""
    return type(frame).__module__.split(".")[0] in {"dask", "dask_expr"} and hasattr(frame, "map_partitions")


def called(frame: Any) -> str:
    """Return what to call a frame in words."""
    return f"a {type(frame).__module__.split('.')[0]} {type(frame).__name__}"


def with_column(frame: Any, name: str, work: Callable[[pd.DataFrame], Any]) -> Any:
    """Return a Spark or Dask frame with one more column of numbers, which is worked out where the rows are.

    Parameters
    ----------
    frame
        The rows.
    name
        Of the new column.
    work
        Takes some rows as pandas and returns a number for each. It is shipped to the machines as the engine ships any
        function, by cloudpickle, and fairaudit must be installed there.
    """

    if is_dask(frame):

        def extended(rows: pd.DataFrame) -> pd.DataFrame:
            return rows.assign(**{name: work(rows)})

        return frame.map_partitions(extended, meta=frame._meta.assign(**{name: 0.0}))  # noqa: SLF001 - Dask's own way
    from pyspark.sql.types import DoubleType, StructField, StructType

    def with_numbers(part: Any) -> Any:
        import pyarrow as pa

        # The other columns stay Arrow: through pandas a whole number with gaps would come back as a float.
        return part.append_column(name, pa.array(work(part.to_pandas()), type=pa.float64(), from_pandas=False))

    fields = [*frame.schema.fields, StructField(name, DoubleType())]
    return frame.mapInArrow(_by_batch(with_numbers), StructType(fields))


def rows_of_parts(frame: Any, columns: Iterable[str], work: Callable[[pd.DataFrame], bytes]) -> list[bytes]:
    """Return what ``work`` makes of each part of the rows: some bytes a batch, and no row.

    Parameters
    ----------
    frame
        A Spark or Dask frame.
    columns
        Those that ``work`` reads; no other leaves the file.
    work
        Takes some rows as pandas, and returns bytes.
    """
    wanted = list(dict.fromkeys(columns))
    if is_dask(frame):
        dask: Any = import_module("dask")
        some = dask.delayed(lambda rows: work(rows) if len(rows) else b"")
        return [part for part in dask.compute(*map(some, frame[wanted].to_delayed())) if part]

    def summed(part: Any) -> Any:
        import pyarrow as pa

        return pa.RecordBatch.from_pydict({"part": [work(part.to_pandas())]})

    found = frame.select(*wanted).mapInArrow(_by_batch(summed), "part binary")
    return [bytes(row[0]) for row in found.collect()]


def _by_batch(work: Callable[[Any], Any]) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Return ``work`` as a function of Arrow batches, which is what Spark hands over; empty ones are passed by."""

    def batches(parts: Iterator[Any]) -> Iterator[Any]:
        return (work(part) for part in parts if part.num_rows)

    return batches


def refuse_unless_there(frame: Any, wanted: Iterable[str]) -> None:
    """Raise a ColumnNotFoundError for the first column that is not in a Spark or Dask frame."""
    from .columns import check_columns

    check_columns(wanted, list(map(str, frame.columns)), called(frame))


def refuse_rows(frame: Any, what: str) -> None:
    """Refuse what needs the rows themselves, which stay where they are."""
    if is_spark(frame) or is_dask(frame):
        message = (
            f"{what} needs the rows, and those of {called(frame)} stay where they are. Draw a sample and give it as a "
            "pandas table (frame.limit(...).toPandas(), say)."
        )
        raise DataContractError(message)
