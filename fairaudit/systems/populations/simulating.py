"""Simulated people as a table or a file, with each person's score as it would be without each mechanism."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._version import __version__
from ...errors import SchemaError
from ..format import EventsSystem
from ..ledger import STAMP
from ..point_system import PointSystem
from .people import members, people_of
from .records import Block, records_of, scored
from .streams import BLOCK
from .truth import Truth, gather
from .world import LEVELS, World, rates_of, worse

if TYPE_CHECKING:
    import pandas as pd

MOST_PEOPLE = 2**40
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """People and the truth about their scores."""

    people: pd.DataFrame
    truth: Truth


def simulate(system: PointSystem, people: int, *, world: World | None = None, seed: int = 0) -> Simulated:
    """Return simulated people as a table, with the truth of each mechanism.

    Parameters
    ----------
    system
        A system of events.
    people
        How many.
    world
        What happens to them; all mechanisms off if left out.
    seed
        The same seed gives the same people, and more people begin with the fewer, up to their last whole block.

    Returns
    -------
    Simulated
        One row a person: circumstances, acts, records, score and band; ``score_equal`` without any mechanism, and
        ``score_without_...`` without one of them, all else the same person.

    Raises
    ------
    SchemaError
        For a system that is not one of events, or a number that is none.

    Examples
    --------
    >>> made = simulate(PointSystem.load("suining"), 1000, world=World(detection_gap=0.3), seed=1)
    >>> len(made.people), bool(made.people["score"].mean() < made.people["score_equal"].mean())
    (1000, True)
    """
    import pandas as pd

    world = world or World()
    _check(system, people, world, seed)
    blocks = [_columns(system, world, block) for block in _blocks(people, seed)]
    whole = {name: np.concatenate([columns[name] for columns in blocks]) for name in blocks[0]}
    truth = Truth(system.id, world, seed)
    for columns in blocks:
        truth = truth + gather(system, world, seed, columns)
    frame = pd.DataFrame({name: _labelled(name, values) for name, values in whole.items()})
    return Simulated(frame.assign(band=_bands(system, whole["score"]), stamp=STAMP), truth)


def write_people(
    system: PointSystem,
    people: int,
    path: str | Path,
    *,
    world: World | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Truth:
    """Write simulated people to a Parquet file, one row group a block, and return the truth.

    A few blocks are in memory at a time, however many people there are; the file does not depend on ``workers``. It
    is written whole or not at all. Its metadata hold the system, the world, the seed and the stamp.

    Parameters
    ----------
    system, people, world, seed
        As in :func:`simulate`, whose rows the file has.
    path
        A file that is not there yet, or a plain file to replace.
    workers
        How many blocks are made at the same time.
    progress
        Called with the people written so far, and all.

    Raises
    ------
    SchemaError
        As in :func:`simulate`, or if the path is a folder or a device.
    """
    import pyarrow.parquet as pq

    world = world or World()
    _check(system, people, world, seed)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        message = f"workers is {workers!r}; give a whole number, 1 or more."
        raise SchemaError(message)
    target = Path(path)
    if target.exists() and not target.is_file():
        message = f"'{target}' is not a plain file. Give the name of a Parquet file to write."
        raise SchemaError(message)
    target.parent.mkdir(parents=True, exist_ok=True)
    neighbour = target.with_name(f".{target.name}.{os.getpid()}.part")
    schema = _schema(system, world, seed, people)
    truth, written = Truth(system.id, world, seed), 0
    try:
        with pq.ParquetWriter(neighbour, schema, compression="zstd") as writer:
            for columns in _in_order(partial(_columns, system, world), _blocks(people, seed), workers):
                writer.write_table(_arrow(system, columns, schema), row_group_size=BLOCK)
                truth = truth + gather(system, world, seed, columns)
                written += len(columns["score"])
                if progress is not None:
                    progress(written, people)
        neighbour.replace(target)
    finally:
        neighbour.unlink(missing_ok=True)
    return truth


def _check(system: PointSystem, people: int, world: World, seed: int) -> None:
    if not isinstance(system.definition, EventsSystem):
        message = (
            f"'{system.id}' weights inputs; people are simulated for systems of events, such as suining, national."
        )
        raise SchemaError(message)
    rates_of(world, system.definition)
    for name, value, low, high in (("people", people, 1, MOST_PEOPLE), ("seed", seed, 0, 2**64 - 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
            message = f"{name} is {value!r}; give a whole number from {low} to {high:,}."
            raise SchemaError(message)


def _blocks(people: int, seed: int) -> Iterator[Block]:
    for place in range(-(-people // BLOCK)):
        yield Block(seed, min(BLOCK, people - place * BLOCK), place)


def _in_order(make: Callable[[Block], Columns], blocks: Iterator[Block], workers: int) -> Iterator[Columns]:
    """Yield what is made of each block, in order, with no more than ``workers`` blocks under way or waiting."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Columns]] = deque()
        for block in blocks:
            waiting.append(pool.submit(make, block))
            if len(waiting) >= workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _columns(system: PointSystem, world: World, block: Block) -> Columns:
    """Return all columns of a block: codes where they are levels."""
    definition = system.definition
    if not isinstance(definition, EventsSystem):
        raise AssertionError(system.id)
    people = people_of(block.seed, block.place, block.number)
    group = members(people, world.group)
    ways = {"score": world.active, "score_equal": ()}
    ways |= {f"score_without_{name}": tuple(one for one in world.active if one != name) for name in world.active}
    made = records_of(world, definition, block, group, list(ways.values()))
    scores = {
        column: scored(definition, recorded, block.number, world.years)
        for column, recorded in zip(ways, made, strict=True)
    }
    recorded = made[0]
    bad = np.array([worse(event, definition) for event in definition.events])
    start = block.place * BLOCK
    return {
        "person": np.arange(start, start + block.number, dtype=np.int64),
        **people,
        "acts": recorded.acts.astype(np.int32),
        "records": np.bincount(recorded.person[bad[recorded.event]], minlength=block.number).astype(np.int32),
        **scores,
    }


def _labelled(name: str, values: NDArray[Any]) -> Any:
    return np.array(LEVELS[name], dtype=object)[values] if name in LEVELS else values


def _bands(system: PointSystem, scores: NDArray[np.float64]) -> NDArray[np.object_]:
    return system.band_of(scores)


def _schema(system: PointSystem, world: World, seed: int, people: int) -> Any:
    import pyarrow as pa

    levels = pa.dictionary(pa.int8(), pa.string())
    fields = [("person", pa.int64()), ("sex", levels), ("age", pa.int16()), ("ethnicity", levels),
              ("registration", levels), ("region", levels), ("education", levels), ("income", pa.int64()),
              ("acts", pa.int32()), ("records", pa.int32()), ("score", pa.float64()), ("score_equal", pa.float64()),
              *((f"score_without_{name}", pa.float64()) for name in world.active), ("band", levels)]  # fmt: skip
    about = {"stamp": STAMP, "system": system.id, "file": system.text, "world": world.as_record(), "seed": seed,
             "people": people, "version": __version__}  # fmt: skip
    return pa.schema(fields, metadata={"fairaudit": json.dumps(about, sort_keys=True)})


def _arrow(system: PointSystem, columns: Columns, schema: Any) -> Any:
    import pyarrow as pa

    names = list(dict.fromkeys([*(band.name for band in system.definition.bands), ""]))
    codes = {name: place for place, name in enumerate(names)}
    bands = np.array([codes[name] for name in system.band_of(columns["score"])], dtype=np.int8)
    arrays = []
    for field in schema:
        if field.name == "band":
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(bands), pa.array(names)))
        elif field.name in LEVELS:
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(columns[field.name]), pa.array(LEVELS[field.name])))
        else:
            arrays.append(pa.array(columns[field.name], type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
