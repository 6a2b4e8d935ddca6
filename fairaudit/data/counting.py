"""Rows become counts where they are: one group-by in the engine that holds them, and only counts move."""

from __future__ import annotations

import dataclasses
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from ..cube.cube import Cube
from ..cube.from_counts import Coded, Counted, build_cube, check_weights, whole_numbers
from ..errors import DataContractError, SchemaError
from ..schema.roles import Schema
from .arrow import as_numbers, encoded
from .checks import with_first_rows
from .sources import Source, open_source, unreadable

_PEOPLE, _WEIGHT, _WEIGHT2, _BAD = "__people", "__weight", "__weight2", "__bad_weight"


def count_rows(data: Any, schema: Schema) -> Cube:
    """Return the cube of a file or frame.

    Parameters
    ----------
    data
        As in :func:`fairaudit.data.sources.open_source`.
    schema
        The roles of its columns.

    Raises
    ------
    FairauditError
        As the source, the columns and their values deserve; see the errors' own words.
    """
    numeric = (schema.weight,) if schema.weight else ()
    source = open_source(data, wanted=schema.columns, numeric=numeric)
    counted = _count(source, schema)
    cube = build_cube(schema, counted, name=source.name, files=source.files, issues=source.issues)
    issues = with_first_rows(source, cube.provenance.issues)
    return dataclasses.replace(cube, provenance=dataclasses.replace(cube.provenance, issues=issues))


def _count(source: Source, schema: Schema) -> Counted:
    keys = [column for column in schema.columns if column != schema.weight]
    aggregates = [nw.len().alias(_PEOPLE)]
    frame: Any = source.frame
    if schema.weight:
        _check_numeric(frame, schema.weight)
        weight = nw.col(schema.weight).cast(nw.Float64)
        usable = weight.is_finite() & (weight >= 0)
        # Null compares to null: "otherwise" takes it with the rest that is not usable.
        frame = frame.with_columns(
            nw.when(usable).then(nw.lit(0)).otherwise(nw.lit(1)).alias(_BAD),
            nw.when(usable).then(weight).otherwise(nw.lit(0.0)).alias(_WEIGHT),
        )
        value = nw.col(_WEIGHT)
        check_weights(schema, *_sums(frame, value))
        frame = frame.with_columns(_fixed(value * value, schema.weight_scale).alias(_WEIGHT2))
        frame = frame.with_columns(_fixed(value, schema.weight_scale).alias(_WEIGHT))
        keys.append(_BAD)
        aggregates += [nw.col(_WEIGHT).sum(), nw.col(_WEIGHT2).sum()]
    if not keys:
        message = "Nothing to count by: name a group, a score, a decision or an outcome."
        raise SchemaError(message)
    table = _collect(frame.group_by(*keys).agg(*aggregates), source.name)
    people = as_numbers(table.column(_PEOPLE)).astype(np.int64)
    columns = {key: _coded(table.column(key)) for key in keys if key not in {_BAD, schema.counts}}
    w = w2 = bad = None
    if schema.counts:
        stands_for = _coded(table.column(schema.counts))
        each = whole_numbers(list(stands_for.values), schema.counts, source.name)[stands_for.codes]
        people = people * each
    if schema.weight:
        factor = 1 if not schema.counts else each
        w, w2 = (as_numbers(table.column(name)).astype(np.int64) * factor for name in (_WEIGHT, _WEIGHT2))
        bad = as_numbers(table.column(_BAD)).astype(bool)
    return Counted(columns, people, w, w2, bad)


def _sums(frame: Any, value: Any) -> tuple[float, float]:
    """Return the sum of weights and of their squares as floats: whole numbers would overflow without a word."""
    sums = frame.select(value.sum().alias("sum"), (value * value).sum().alias("squares"))
    table = (sums.collect("pyarrow") if isinstance(sums, nw.LazyFrame) else sums).to_arrow()
    total, squares = (table.column(name)[0].as_py() or 0.0 for name in ("sum", "squares"))
    return float(total), float(squares)


def _fixed(value: Any, scale: int) -> Any:
    """Round half up by floor, which every engine does alike; casts and round() differ between them."""
    return (value * scale + 0.5).floor().cast(nw.Int64)


def _check_numeric(frame: Any, column: str) -> None:
    dtype = frame.collect_schema()[column]
    if not (dtype.is_numeric() or dtype == nw.Boolean):
        message = f"weight must be a column of numbers; '{column}' holds {dtype}."
        raise SchemaError(message)


def _collect(grouped: Any, name: str) -> Any:
    import duckdb

    try:
        if isinstance(grouped, nw.LazyFrame):
            grouped = grouped.collect("pyarrow")
        return grouped.to_arrow()
    except duckdb.Error as error:
        raise DataContractError(unreadable(name, error)) from None


def _coded(column: Any) -> Coded:
    """Return an Arrow column coded; numbers keep their distinct values as an array."""
    import pyarrow as pa

    codes, values = encoded(column)
    if pa.types.is_floating(values.type) and values.null_count == 0:
        return Coded(codes, as_numbers(values).astype(np.float64))
    return Coded(codes, values.to_pylist())
