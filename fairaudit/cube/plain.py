"""A cube as plain dictionaries and lists, and back: what the cube file and ``result.json`` hold.

Only entries that hold somebody are listed. Reading trusts nothing: every index, sum and name is checked,
and the digest at the end.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, DataContractError, SchemaError
from ..schema.provenance import InputFile, Provenance
from ..schema.roles import HigherIs, Schema, declare
from .axes import OBSERVED, Axes, DecisionLevel, Dimension, ScoreAxis
from .blocks import Block, read_block
from .cube import Cube, Ints
from .replicates import CLUSTERS, Replicates
from .score_replicates import CLUSTERED_SCORES, ScoreReplicates

FORMAT = "fairaudit-cube"
VERSION = 1
WITH_BLOCKS = 2
"""The version of a cube that carries blocks: readers of version 1 would lose them."""
INDICES = ("cell", "bin", "decision", "outcome")
_MOST_PEOPLE = 2.0**53
_MOST_SUM = 2.0**62


@dataclass(frozen=True, slots=True)
class _Kind:
    """What kind of file this says it is: read first, so that an old or foreign one is named as such."""

    format: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class _Score:
    higher_is: HigherIs
    values: list[float] | None
    edges: list[float] | None
    low: float
    high: float
    unscored: bool


@dataclass(frozen=True, slots=True)
class _Written:
    """The header as it is written; its fields are the contract."""

    digest: str
    dimensions: tuple[Dimension, ...]
    cells: list[list[str]]
    suppressed: list[bool] | None
    score: _Score | None
    decisions: tuple[DecisionLevel, ...]
    outcomes: tuple[str, ...]
    sums: list[str]
    schema: Schema
    provenance: Provenance


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """All of a cube but its counts, checked."""

    axes: Axes
    schema: Schema
    provenance: Provenance
    sums: tuple[str, ...]
    suppressed: NDArray[np.bool_] | None
    digest: str


def refuse(why: str) -> NoReturn:
    """Raise a DataContractError that says why a cube is not sound."""
    message = f"This cube cannot be used: {why}. Ask whoever made it to save it again with fairaudit."
    raise DataContractError(message)


# To plain values


def to_plain(cube: Cube) -> dict[str, Any]:
    """Return a cube as dictionaries and lists that JSON can hold.

    ``entries`` is columnar: for each entry that holds somebody the numbers, from 0, of its cell, score bin,
    decision and outcome, then its sums. The last score bin is that of the unscored, where there are any.

    Parameters
    ----------
    cube
        The cube.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts({"sex": ["F", "M"], "y": ["bad", "good"], "n": [3, 4]}, groups="sex", outcome="y", bad="bad")
    >>> to_plain(cube)["entries"]
    {'cell': [0, 1], 'bin': [0, 0], 'decision': [0, 0], 'outcome': [1, 0], 'n': [3, 4]}
    >>> from_plain(to_plain(cube)).digest == cube.digest
    True
    """
    columns = {name: column.tolist() for name, column in entries(cube).items()}
    blocks = {"blocks": blocks_to_plain(cube)} if cube.blocks else {}
    return {**header_to_plain(cube), "entries": columns, **blocks}


def blocks_to_plain(cube: Cube) -> dict[str, Any]:
    """Return what rides along with the counts as dictionaries and lists."""
    return {name: block.to_plain() for name, block in cube.blocks.items()}


def header_to_plain(cube: Cube) -> dict[str, Any]:
    """Return all of a cube but its counts as dictionaries and lists."""
    axes, score = cube.axes, cube.axes.score
    return {
        "format": FORMAT,
        "version": WITH_BLOCKS if cube.blocks else VERSION,
        "digest": cube.digest,
        "people": cube.people,
        "dimensions": [
            {
                "name": d.name,
                "role": d.role,
                "levels": list(d.levels),
                "edges": [float(edge) for edge in d.edges],
                "closed": d.closed,
            }
            for d in axes.dimensions
        ],
        "cells": [list(levels) for levels in axes.cell_levels()],
        "suppressed": None if cube.suppressed is None else cube.suppressed.tolist(),
        "score": score
        and {
            "higher_is": score.higher_is,
            "values": None if score.values is None else score.values.tolist(),
            "edges": None if score.edges is None else score.edges.tolist(),
            "low": float(score.low),
            "high": float(score.high),
            "unscored": bool(score.unscored),
        },
        "decisions": [{"label": level.label, "kind": level.kind} for level in axes.decisions],
        "outcomes": list(axes.outcomes),
        "sums": list(cube.arrays),
        "schema": _schema_to_plain(cube.schema),
        "provenance": _provenance_to_plain(cube.provenance),
    }


def entries(cube: Cube) -> dict[str, Ints]:
    """Return the entries that hold somebody, in order: their indices and their sums, column by column."""
    places = np.nonzero(cube.n)
    columns = {name: place.astype(np.int64) for name, place in zip(INDICES, places, strict=True)}
    return columns | {name: array[places] for name, array in cube.arrays.items()}


def _schema_to_plain(schema: Schema) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for item in dataclasses.fields(schema):
        value = getattr(schema, item.name)
        if isinstance(value, Mapping):
            plain[item.name] = dict(value)
        elif isinstance(value, tuple):
            plain[item.name] = list(value)
        else:
            plain[item.name] = value
    plain["races"] = {name: {"hispanic": None, **races.to_plain()} for name, races in schema.races.items()}
    plain["attributes"] = [{"name": a.name, "edges": list(a.edges), "closed": a.closed} for a in schema.attributes]
    plain["controls"] = [{"name": c.name, "edges": list(c.edges), "closed": c.closed} for c in schema.controls]
    return plain


def _provenance_to_plain(provenance: Provenance) -> dict[str, Any]:
    ledger = provenance.ledger
    return {
        "name": provenance.name,
        "ledger": {"read": int(ledger.read), "set_aside": {k: int(v) for k, v in ledger.set_aside.items()}},
        "files": _files_to_plain(provenance.files),
        "owner": provenance.owner,
        "parts": [
            {
                "name": part.name,
                "sha256": part.sha256,
                "people": int(part.people),
                "read": int(part.read),
                "owner": part.owner,
                "files": _files_to_plain(part.files),
                "epsilon": part.epsilon,
            }
            for part in provenance.parts
        ],
        "epsilon": provenance.epsilon,
        "issues": [
            {
                "code": issue.code,
                "message": issue.message,
                "count": int(issue.count),
                "action": issue.action,
                "column": issue.column,
                "rows": [int(row) for row in issue.rows],
                "part": issue.part,
            }
            for issue in provenance.issues
        ],
    }


def _files_to_plain(files: Iterable[InputFile]) -> list[dict[str, Any]]:
    return [{"name": file.name, "bytes": int(file.bytes), "sha256": file.sha256} for file in files]


# From plain values


def from_plain(plain: Mapping[str, Any]) -> Cube:
    """Return the cube that :func:`to_plain` wrote, checking everything.

    Parameters
    ----------
    plain
        The dictionary, as JSON gives it back.

    Raises
    ------
    DataContractError
        If it is of another format or version, something is missing, an entry lies outside the axes, is
        given twice or is no whole number, or the counts are not those that the digest was made of.
    CubeError
        If the cube would be too large.
    """
    if not isinstance(plain, Mapping):
        refuse(f"it is a {type(plain).__name__}, not a dictionary")
    try:
        text = json.dumps({key: value for key, value in plain.items() if key not in {"entries", "blocks"}})
    except (TypeError, ValueError, RecursionError) as error:
        refuse(f"it is not plain JSON ({error})")
    header = read_header(text)
    columns = plain.get("entries")
    if not isinstance(columns, Mapping):
        refuse("its entries are missing")
    blocks = read_blocks(plain.get("blocks", {}))
    return assemble(header, {name: _whole(columns.get(name), name) for name in (*INDICES, *header.sums)}, blocks)


def read_blocks(plain: Any) -> dict[str, Block]:
    """Return the blocks that :func:`blocks_to_plain` wrote, checked.

    Raises
    ------
    DataContractError
        If one of them is not sound.
    """
    if not isinstance(plain, Mapping):
        refuse("its blocks are not a dictionary")
    try:
        return {str(name): _read_block(block, str(name)) for name, block in plain.items()}
    except CubeError as error:
        refuse(str(error))


def _read_block(plain: Any, name: str) -> Block:
    if isinstance(plain, Mapping) and plain.get("kind") == CLUSTERS:
        return Replicates.from_plain(plain)
    if isinstance(plain, Mapping) and plain.get("kind") == CLUSTERED_SCORES:
        return ScoreReplicates.from_plain(plain)
    return read_block(plain, name)


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # at the edge only, and slow to import

    return TypeAdapter(kind)


def _parse(text: str | bytes, kind: Any) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the header itself"
        refuse(f"{first['msg']} at {place}")


def read_header(text: str | bytes) -> Header:
    """Return the header that JSON text holds, checked.

    Raises
    ------
    DataContractError, CubeError
        If the format or version is another, a field is missing or wrong, or the cube would be too large.
    """
    kind = _parse(text, _Kind)
    if kind.format != FORMAT:
        refuse(f"its format is {kind.format!r}, not {FORMAT!r}")
    if kind.version not in (VERSION, WITH_BLOCKS):
        message = (
            f"This cube has format version {kind.version}; this fairaudit reads versions {VERSION} and {WITH_BLOCKS}. "
            "Read it with the fairaudit that wrote it, or a newer one."
        )
        raise DataContractError(message)
    written = _parse(text, _Written)
    axes = _axes(written)
    axes.check_size()
    _check_sums(written.sums, axes)
    _check_schema(written.schema, axes)
    suppressed = None
    if written.suppressed is not None:
        suppressed = np.array(written.suppressed, dtype=bool)
        if suppressed.shape != (len(axes.cells),):
            refuse(f"{len(suppressed)} cells are said to be suppressed or not, but there are {len(axes.cells)}")
    schema = written.schema
    frozen = {
        name: MappingProxyType(dict(getattr(schema, name))) for name in ("decision_levels", "unobserved", "references")
    }
    return Header(
        axes,
        dataclasses.replace(schema, **frozen),
        written.provenance,
        tuple(written.sums),
        suppressed,
        written.digest,
    )


def _distinct(names: Sequence[Any], what: str) -> None:
    if len(set(names)) < len(names):
        refuse(f"{what} are given twice")


def _axes(written: _Written) -> Axes:
    dimensions = written.dimensions
    _distinct([d.name for d in dimensions], "dimensions")
    places = []
    for dimension in dimensions:
        _distinct(dimension.levels, f"levels of '{dimension.name}'")
        places.append({level: code for code, level in enumerate(dimension.levels)})
    cells = np.zeros((len(written.cells), len(dimensions)), dtype=np.int32)
    for i, levels in enumerate(written.cells):
        if len(levels) != len(dimensions):
            refuse(f"cell {i} has {len(levels)} levels for {len(dimensions)} dimensions")
        for j, (level, place) in enumerate(zip(levels, places, strict=True)):
            if level not in place:
                refuse(f"cell {i} has the level '{level}', which '{dimensions[j].name}' does not have")
            cells[i, j] = place[level]
    if not len(cells):
        refuse("it has no cells")
    _distinct([tuple(levels) for levels in written.cells], "cells")
    _distinct([level.label for level in written.decisions], "decision labels")
    _distinct(written.outcomes, "outcomes")
    if written.outcomes and written.outcomes[:2] != OBSERVED:
        refuse("its outcomes do not begin with good and bad")
    return Axes(dimensions, cells, _score_axis(written.score), written.decisions, written.outcomes)


def _score_axis(score: _Score | None) -> ScoreAxis | None:
    if score is None:
        return None
    if (score.values is None) == (score.edges is None):
        refuse("its score has neither values nor edges, or both")
    bins = np.array(score.values if score.values is not None else score.edges, dtype=np.float64)
    ends = (score.low, score.high)
    if not len(bins) or not np.isfinite(bins).all() or not all(map(math.isfinite, ends)) or (np.diff(bins) <= 0).any():
        refuse("the bins of its score are not finite, ascending numbers")
    if score.low > score.high or (score.values is not None and not score.low <= bins[0] <= bins[-1] <= score.high):
        refuse("its scores lie outside their own lowest and highest")
    exact = score.values is not None
    return ScoreAxis(
        score.higher_is,
        bins if exact else None,
        None if exact else bins,
        score.low,
        score.high,
        score.unscored,
    )


def _check_sums(sums: Sequence[str], axes: Axes) -> None:
    gridded = axes.score is not None and not axes.score.exact
    expected = [["n", *weights, *(("s1", "s2") if gridded else ())] for weights in ((), ("w", "w2"))]
    if list(sums) not in expected:
        refuse(f"its sums are {', '.join(sums) or 'none'}, not {' or '.join(', '.join(s) for s in expected)}")


def _check_schema(schema: Schema, axes: Axes) -> None:
    """Refuse roles that declare() would refuse, or that are not those of the axes."""
    try:
        declare(**schema.declaration())
    except SchemaError as error:
        refuse(f"its roles do not fit together: {error}")
    if (
        schema.score_unit == "probability"
        and axes.score is not None
        and not 0 <= axes.score.low <= axes.score.high <= 1
    ):
        refuse("its score is said to be a probability, but lies outside 0 and 1")
    for what, declared, counted in (
        ("the score", schema.score is not None, axes.score is not None),
        ("the decision", schema.decision is not None, bool(axes.decisions)),
        ("the outcome", schema.outcome is not None, bool(axes.outcomes)),
    ):
        if declared != counted:
            refuse(f"{what} is declared and not counted, or the other way round")
    if axes.score is not None and axes.score.higher_is != schema.higher_is:
        refuse("the direction of its score is declared one way and counted the other")
    if not {*axes.names} <= {*schema.dimension_names}:
        refuse("it has dimensions that have no role")


def _whole(values: Any, name: str) -> Ints:
    if not isinstance(values, Sequence) or isinstance(values, str):
        refuse(f"the column '{name}' of its entries is missing")
    if not all(type(value) is int for value in values):
        refuse(f"the column '{name}' of its entries holds something other than whole numbers")
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        refuse(f"the column '{name}' of its entries holds a number of more than 64 bits")


def assemble(header: Header, columns: Mapping[str, Ints], blocks: Mapping[str, Block] = MappingProxyType({})) -> Cube:
    """Return the cube of a header and the columns of its entries.

    Parameters
    ----------
    header
        From :func:`read_header`.
    columns
        The indices (``INDICES``) and the sums that the header names, one number an entry.
    blocks
        What rides along with the counts, by name.

    Raises
    ------
    DataContractError
        If columns differ in length, an entry lies outside the axes or is given twice, a count is not
        positive, a sum is negative or too large, or the digest or the ledger does not agree.
    """
    shape = header.axes.shape
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        refuse(f"the columns of its entries differ in length: {sorted(lengths)}")
    for name, size in zip(INDICES, shape, strict=True):
        outside = (columns[name] < 0) | (columns[name] >= size)
        if outside.any():
            refuse(f"entry {int(outside.argmax())} has the {name} {columns[name][outside.argmax()]} of {size}")
    places = tuple(columns[name] for name in INDICES)
    flat = np.ravel_multi_index(places, shape)
    if len(np.unique(flat)) < len(flat):
        refuse("an entry is given twice")
    arrays: dict[str, Ints] = {}
    for name in header.sums:
        column = columns[name]
        if (column < (1 if name == "n" else 0)).any() and name != "s1":
            refuse(
                f"'{name}' has an entry of {column.min()}; only people are listed, and sums of them are not negative"
            )
        if float(np.abs(column.astype(np.float64)).sum()) > (_MOST_PEOPLE if name == "n" else _MOST_SUM):
            refuse(f"the sum of '{name}' is too large")
        arrays[name] = np.zeros(shape, dtype=np.int64)
        arrays[name][places] = column
    try:
        cube = Cube(
            header.axes,
            header.schema,
            provenance=header.provenance,
            suppressed=header.suppressed,
            blocks=blocks,
            **arrays,
        )
    except CubeError as error:
        refuse(str(error))
    if cube.digest != header.digest:
        refuse(f"its counts were changed: their digest is {cube.digest[:12]}..., the file says {header.digest[:12]}...")
    ledger = header.provenance.ledger
    if ledger.used != cube.people:
        refuse(f"its ledger says that {ledger.used:,} were used, but it counts {cube.people:,} people")
    return cube
