"""Rows become counts where they are: one group-by in the engine that holds them, and only counts move."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from ..cube.cube import Cube
from ..cube.fixed_point import MOST_PEOPLE, check_weights, whole_numbers
from ..cube.from_clusters import MOST_CUTOFFS, UNSCORED, UNUSABLE, CountedClusters, replicates_of, sides_of
from ..cube.from_counts import build_cube
from ..cube.replicates import hash_labels
from ..cube.score_replicates import codes_of, level_of
from ..cube.sorting import Coded, Counted
from ..errors import DataContractError, FairauditError, SchemaError
from ..schema.labels import label, number
from ..schema.roles import Schema
from .arrow import as_numbers, encoded
from .checks import first_rows, with_first_rows
from .dense import PEOPLE
from .files import unreadable
from .grouping import collect, grouped
from .membership_sums import MembershipSums
from .parts import resumed
from .progress import Watcher, Work
from .sources import Source, open_source

_ENGINES = frozenset({"narwhals", "polars", "duckdb", "_duckdb", "pyarrow", "dask", "pyspark", "py4j"})
_WEIGHT, _WEIGHT2, _BAD = "__weight", "__weight2", "__bad_weight"
_ALONE, _SIDE, _CODE = "__without_cluster", "__side", "__score_bin"


def count_rows(
    data: Any, schema: Schema, *, progress: Watcher | None = None, resume: str | os.PathLike[str] | None = None
) -> Cube:
    """Return the cube of a file or frame.

    Parameters
    ----------
    data
        As in :func:`fairaudit.data.sources.open_source`.
    schema
        The roles of its columns.
    progress
        Told how far counting has come, a few times a second; of files only.
    resume
        A folder where the counts of each finished file are kept, and found again by a later call.

    Raises
    ------
    FairauditError
        As the source, the columns and their values deserve; see the errors' own words.
    """
    numeric = (*((schema.weight,) if schema.weight else ()), *schema.membership_columns)
    source = None
    try:
        source = open_source(data, wanted=schema.columns, numeric=numeric)
        cube = _counted(source, schema, Work(progress), resume)
        issues = with_first_rows(source, cube.provenance.issues)
    except FairauditError:
        raise
    except Exception as error:
        if type(error).__module__.split(".")[0] not in _ENGINES:
            raise
        # The engine that holds the rows could not hand them over: the query behind a lazy frame is wrong, say.
        name = source.name if source else f"a {type(data).__module__.split('.')[0]} {type(data).__name__}"
        raise DataContractError(unreadable(name, error)) from None
    finally:
        if source is not None and source.files is not None:
            source.files.stop()
    return dataclasses.replace(cube, provenance=dataclasses.replace(cube.provenance, issues=issues))


def _counted(source: Source, schema: Schema, work: Work, resume: str | os.PathLike[str] | None) -> Cube:
    """Return the cube of an opened source; files are hashed in a thread of their own meanwhile."""
    files = source.files
    if files is not None:
        work.beside, work.abandon = files.progress, files.stop
    if resume is not None:
        counted = group_rows(source, schema, table=resumed(source, schema, work, Path(resume)))
    else:
        if files is not None:
            files.start()
        counted = group_rows(source, schema, work=work)
    cube = build_cube(schema, counted, name=source.name, issues=source.issues)
    if schema.cluster:
        rows = _clusters(source, schema, cube)
        cube = dataclasses.replace(cube, blocks={**cube.blocks, **replicates_of(schema, rows, cube)})
    if files is None:
        return cube
    known = work.run([files.all])[0]
    return dataclasses.replace(cube, provenance=dataclasses.replace(cube.provenance, files=known))


def group_rows(
    source: Source,
    schema: Schema,
    *,
    by_cluster: bool = False,
    scores: ScoreBins | None = None,
    work: Work | None = None,
    table: Any = None,
) -> Counted:
    """Return the rows of a source grouped by their raw values.

    Parameters
    ----------
    source, schema
        The rows, and the roles of their columns.
    by_cluster, scores
        Group by cluster too, and by bins of the score.
    work
        Told how far it is.
    table
        The groups, where they are known already.
    """
    left_out = {schema.weight, *schema.membership_columns, None if by_cluster else schema.cluster}
    named = {column: source.place(column) for column in schema.columns if column not in left_out}
    aggregates = [nw.len().alias(PEOPLE)]
    frame: Any = source.frame
    made: list[str] = []
    if schema.cluster:
        frame = frame.with_columns(_is_missing(frame, source.place(schema.cluster)).alias(_ALONE))
        made.append(_ALONE)
    if by_cluster and schema.score and _is_number(frame, named[schema.score]):
        # The side of each cut-off is enough, and there are far fewer sides than scores.
        score = nw.col(named.pop(schema.score)).cast(nw.Float64)
        frame = frame.with_columns(_side(schema, score).alias(_SIDE))
        made.append(_SIDE)
        if scores is not None:
            frame = frame.with_columns(_code(score, scores).alias(_CODE))
            made.append(_CODE)
    keys = [*named.values(), *made]
    if schema.weight:
        place = source.place(schema.weight)
        _check_numeric(frame, schema.weight, place)
        weight = nw.col(place).cast(nw.Float64)
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
    for which, name in enumerate(schema.memberships):
        for column in schema.memberships[name].values():
            _check_numeric(frame, column, source.place(column), "a membership")
        each = nw.col(_WEIGHT).cast(nw.Float64) / schema.weight_scale if schema.weight else None
        sums = MembershipSums(which, name, schema)
        frame = sums.prepared(frame, source, each)
        keys.append(sums.state)
        aggregates += [nw.col(column).sum() for column in sums.columns]
    if not keys:
        message = "Nothing to count by: name a group, a score, a decision or an outcome."
        raise SchemaError(message)
    if table is None:
        table = grouped(source, frame, keys, aggregates, work or Work())
    people = as_numbers(table.column(PEOPLE)).astype(np.int64)
    columns = {column: coded(table.column(key)) for column, key in named.items() if column != schema.counts}
    w = w2 = bad = None
    factor = np.ones(len(people), dtype=np.int64)
    if schema.counts:
        stands_for = coded(table.column(named[schema.counts]))
        factor = _whole_counts(source, schema.counts, list(stands_for.values))[stands_for.codes]
        total = float(people.astype(np.float64) @ factor)
        if total > MOST_PEOPLE:
            message = (
                f"The counts in column '{schema.counts}' of {source.name} add up to more than {MOST_PEOPLE:,} people."
            )
            raise DataContractError(message)
        people = people * factor
    if schema.weight:
        w, w2 = (as_numbers(table.column(name)).astype(np.int64) for name in (_WEIGHT, _WEIGHT2))
        total, squares = (float(sums.astype(np.float64) @ factor) / schema.weight_scale for sums in (w, w2))
        check_weights(schema, total, squares)
        w, w2 = w * factor, w2 * factor
        bad = as_numbers(table.column(_BAD)).astype(bool)
    carried = {
        f"memberships:{name}": MembershipSums(number, name, schema).carried(table, people, factor, columns)
        for number, name in enumerate(schema.memberships)
    }
    alone = None
    if schema.cluster:
        alone = as_numbers(table.column(_ALONE)).astype(bool)
    for name in (_SIDE, _CODE):
        if name in made:
            columns[name] = coded(table.column(name))
    return Counted(columns, people, w, w2, bad, alone, carried)


# Clusters


class ScoreBins(NamedTuple):
    """Where the bins of the replicates lie: their level, and the scores of the people counted."""

    level: int
    low: float
    high: float


def _clusters(source: Source, schema: Schema, cube: Cube) -> CountedClusters:
    """Return the rows grouped by cluster too: the side of every cut-off, the score's bin, the cluster's hash."""
    axis = cube.axes.score
    bins = ScoreBins(level_of(axis.low, axis.high), axis.low, axis.high) if axis is not None else None
    counted = group_rows(source, schema, by_cluster=True, scores=bins)
    assert schema.cluster is not None  # noqa: S101 - asked for only then
    column = counted.columns[schema.cluster]
    hashes = hash_labels([label(value) for value in column.values])[column.codes]
    if bins is None:
        return CountedClusters(counted, None, hashes)
    if _SIDE in counted.columns:
        sides, codes = (
            np.asarray(counted.columns[name].values, dtype=np.int64)[counted.columns[name].codes]
            for name in (_SIDE, _CODE)
        )
    else:
        scores = counted.columns[str(schema.score)]
        sides = sides_of(schema, scores.values)[scores.codes]
        codes = codes_of([number(value) for value in scores.values], bins.level)[scores.codes]
    return CountedClusters(counted, sides, hashes, codes, bins.level)


def _code(score: Any, bins: ScoreBins) -> Any:
    """Return the bin of each score, in the engine that holds the rows: a power of two divides without rounding."""
    inside = (score >= bins.low) & (score <= bins.high)
    return nw.when(inside).then((score * 2.0**-bins.level).floor()).otherwise(nw.lit(0.0)).cast(nw.Int64)


def _is_number(frame: Any, place: str) -> bool:
    return bool(frame.collect_schema()[place].is_numeric())


def _side(schema: Schema, score: Any) -> Any:
    """Return the side of each cut-off as the bits of one number, in the engine that holds the rows."""
    sides: Any = nw.lit(0)
    for place, cutoff in enumerate(schema.cutoffs[:MOST_CUTOFFS]):
        favorable = score >= cutoff if schema.higher_is == "better" else score <= cutoff
        sides = sides + nw.when(favorable).then(nw.lit(1 << place)).otherwise(nw.lit(0))
    unscored = nw.when(score.is_null() | score.is_nan()).then(nw.lit(UNSCORED)).otherwise(nw.lit(UNUSABLE))
    return nw.when(score.is_finite()).then(sides).otherwise(unscored).cast(nw.Int64)


def _is_missing(frame: Any, place: str) -> Any:
    """Return 1 where a cluster has no label, as :func:`fairaudit.schema.labels.label` has it, else 0."""
    dtype = frame.collect_schema()[place]
    column = nw.col(place)
    missing = column.is_null()
    if dtype.is_float():
        missing = missing | column.is_nan()
    elif isinstance(dtype, (nw.String, nw.Categorical, nw.Enum)) or dtype in (nw.String, nw.Categorical, nw.Enum):
        text = column.cast(nw.String).str.strip_chars().str.to_lowercase()
        missing = missing | text.is_in(["", "nan", "nat", "<na>"])
    return nw.when(missing).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int64)


def _whole_counts(source: Source, column: str, values: list[Any]) -> NDArray[np.int64]:
    """Return distinct counts as whole numbers; an error names the row of the data, not of the distinct values."""
    for value in values:
        try:
            whole_numbers([value], column, source.name)
        except DataContractError as error:
            row = first_rows(source, column, partial(_same, label(value)))
            place = f"row {row[0]:,}" if source.ordered else "one of its rows"
            raise DataContractError(str(error).replace("row 1", place, 1)) from None
    return whole_numbers(values, column, source.name)


def _same(wanted: str, value: Any) -> bool:
    return label(value) == wanted


def _sums(frame: Any, value: Any) -> tuple[float, float, int]:
    """Return the sum of weights and of their squares as floats, and the rows above 0: integers would overflow."""
    sums = {"sum": value.sum(), "squares": (value * value).sum(), "rows": (value > 0).cast(nw.Int64).sum()}
    table = collect(frame.select(*(made.alias(name) for name, made in sums.items())))
    total, squares, rows = (table.column(name)[0].as_py() or 0 for name in sums)
    return float(total), float(squares), int(rows)


def _fixed(value: Any, scale: int) -> Any:
    """Round half up by floor, which every engine does alike; casts and round() differ between them."""
    return (value * scale + 0.5).floor().cast(nw.Int64)


def _check_numeric(frame: Any, column: str, place: str, role: str = "weight") -> None:
    dtype = frame.collect_schema()[place]
    if not (dtype.is_numeric() or dtype == nw.Boolean):
        message = f"{role} must be a column of numbers; '{column}' holds {dtype}. Turn it into numbers first."
        raise SchemaError(message)


def coded(column: Any) -> Coded:
    """Return an Arrow column coded; numbers keep their distinct values as an array."""
    import pyarrow as pa

    codes, values = encoded(column)
    if pa.types.is_floating(values.type) and values.null_count == 0:
        return Coded(codes, as_numbers(values).astype(np.float64))
    return Coded(codes, values.to_pylist())
