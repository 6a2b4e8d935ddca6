"""Simulated people as a table or a file, with each person's score as it would be without each mechanism."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._version import __version__
from ...errors import SchemaError
from .. import weighted
from ..format import EventsSystem, WeightedSystem
from ..ledger import STAMP
from ..point_system import PointSystem
from .circumstances import falls
from .lives import Life, breaks_next, live
from .people import families_of, members, people_of, relatives_of
from .reach import Done, Reach, reach_of
from .records import Block
from .roles import levels_of, roles_of
from .scales import conduct_of, rates_for, reasons_of, scale_of, scene_of
from .streams import BLOCK, uniforms
from .truth import Truth, gather, incomes_of, nothing_yet
from .world import LEVELS, World, check_events

if TYPE_CHECKING:
    import pandas as pd

MOST_PEOPLE = 2**40
OUTCOMES = ("good", "bad")
OWN = ("person", "family", "acts", "records", "outcome", "outcome_recorded", "score", "score_equal", "band", "stamp",
       "years_in_worst_band", "worst_band_year_before")  # fmt: skip
"""Columns that no input may be called by."""

Columns = dict[str, NDArray[Any]]
Made = tuple[Columns, Mapping[Done, Reach]]


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
        Any system. People of one of events are recorded for its events; of one that weights inputs, for promises that
        they break, from which, with their circumstances, their files or ratings are made.
    people
        How many.
    world
        What happens to them; all mechanisms off if left out.
    seed
        The same seed gives the same people, and more people begin with the fewer, up to their last whole block.

    Returns
    -------
    Simulated
        One row a person: circumstances, ``family``, acts, records, inputs if the system weights any, score and band
        (or why there is no score); ``score_equal`` without any mechanism, and ``score_without_...`` without one of
        them, all else the same person. ``outcome`` is the true conduct: "bad" for who did anything that makes the
        score worse, seen or not; where inputs are weighted, for who breaks a promise in the year after the last.
        ``outcome_recorded`` is the same with wrong labels. With feedback ``income_last_year`` stands beside ``income``,
        which is what each would earn without the system, and there is one ``income_last_year_without_...`` for each
        other mechanism. ``consequence_...`` says on whom each consequence falls,
        ``years_in_worst_band`` and ``worst_band_year_before`` how long it lasts.

    Raises
    ------
    SchemaError
        For a knob that the system has no use for, or a number that is none.

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
    whole = {name: np.concatenate([columns[name] for columns, _ in blocks]) for name in blocks[0][0]}
    truth = nothing_yet(system, world, seed)
    for columns, reach in blocks:
        truth = truth + gather(system, world, seed, columns, reach)
    frame = pd.DataFrame({name: _labelled(system, name, values) for name, values in whole.items()})
    return Simulated(frame.assign(band=np.array(_bands(system), dtype=object)[whole["band"]], stamp=STAMP), truth)


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
    truth, written = nothing_yet(system, world, seed), 0
    try:
        with pq.ParquetWriter(neighbour, schema, compression="zstd") as writer:
            for columns, reach in _in_order(partial(_columns, system, world), _blocks(people, seed), workers):
                writer.write_table(_arrow(system, columns, schema), row_group_size=BLOCK)
                truth = truth + gather(system, world, seed, columns, reach)
                written += len(columns["score"])
                if progress is not None:
                    progress(written, people)
        neighbour.replace(target)
    finally:
        neighbour.unlink(missing_ok=True)
    return truth


def _check(system: PointSystem, people: int, world: World, seed: int) -> None:
    events = isinstance(system.definition, EventsSystem)
    if events and world.thin_files:
        message = f"'{system.id}' counts events and has no files; thin_files is for systems that weight inputs."
        raise SchemaError(message)
    if isinstance(system.definition, WeightedSystem):
        taken = {*LEVELS, *OWN} & {one.id for one in system.definition.inputs}
        if taken:
            message = (
                f"'{system.id}' has an input called '{min(taken)}', which is a column of the simulated people. Give "
                "the input another id (age and income are taken from the people)."
            )
            raise SchemaError(message)
    rates_for(system, world)
    check_events(world.seen, conduct_of(system), "seen")
    for name, value, low, high in (("people", people, 1, MOST_PEOPLE), ("seed", seed, 0, 2**64 - 1)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
            message = f"{name} is {value!r}; give a whole number from {low} to {high:,}."
            raise SchemaError(message)


def _blocks(people: int, seed: int) -> Iterator[Block]:
    for place in range(-(-people // BLOCK)):
        yield Block(seed, min(BLOCK, people - place * BLOCK), place)


def _in_order(make: Callable[[Block], Made], blocks: Iterator[Block], workers: int) -> Iterator[Made]:
    """Yield what is made of each block, in order, with no more than ``workers`` blocks under way or waiting."""
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Made]] = deque()
        for block in blocks:
            waiting.append(pool.submit(make, block))
            if len(waiting) >= workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _columns(system: PointSystem, world: World, block: Block) -> Made:
    """Return all columns of a block, codes where they are levels, and whom its records reach."""
    people = people_of(block.seed, block.place, block.number)
    group = members(people, world.group)
    family = families_of(block.seed, block.place, people)
    ways = {"score": world.active, "score_equal": ()}
    ways |= {f"score_without_{name}": tuple(one for one in world.active if one != name) for name in world.active}
    role = roles_of(conduct_of(system), block)
    if levels_of(system):
        people["role"] = role
    scene = scene_of(system, world, block, group, relatives_of(family), role)
    lives = live(system, scene, scale_of(system, scene, block, people), block, list(ways.values()), people["income"])
    told = lives[0]
    bad = scene.bad
    start = block.place * BLOCK
    conduct = told.recorded.acts > 0
    if scene.events is not system.definition:
        conduct = breaks_next(scene, block, world.active, told.strained)
    wrong = uniforms(block.seed, "labels", 0, block.place, (block.number,)) < world.labels
    bands = _bands(system)
    codes = {name: place for place, name in enumerate(bands)}
    band = np.array([codes[name] for name in system.band_of(told.standing.scores)], dtype=np.int8)
    reach: Mapping[Done, Reach] = {}
    if scene.events is system.definition:
        ids, records = tuple(event.id for event in scene.events.events), told.recorded
        reach = reach_of(ids, bad, records, told.strained, levels_of(system) or ("",), role)
    gone = told.standing.reason >= 0
    band[gone] = np.array([codes[name] for name in reasons_of(system)])[told.standing.reason[gone]]
    columns = {
        "person": np.arange(start, start + block.number, dtype=np.int64),
        **people,
        "family": start + family,
        "acts": told.recorded.acts.astype(np.int32),
        "records": np.bincount(told.recorded.person[bad[told.recorded.event]], minlength=block.number).astype(np.int32),
        "outcome": conduct.astype(np.int8),
        "outcome_recorded": (conduct | (wrong & group)).astype(np.int8),
        **told.standing.inputs,
        **{column: life.standing.scores for column, life in zip(ways, lives, strict=True)},
        **_incomes(world, dict(zip(ways, lives, strict=True))),
        **_consequences(system, told, world.years),
        "years_in_worst_band": told.worst_years,
        "worst_band_year_before": told.worst_before,
        "band": band,
    }
    return columns, reach


def _bands(system: PointSystem) -> list[str]:
    """Return all that the column ``band`` may hold: bands, nothing, and why there is no score."""
    return list(dict.fromkeys([*(band.name for band in system.definition.bands), "", *reasons_of(system)]))


def _incomes(world: World, lives: Mapping[str, Life]) -> Columns:
    """Return the incomes of the last year; nothing without feedback, as they are then what stands in ``income``."""
    return {column: lives[score].income for column, score in incomes_of(world).items()}


def _consequences(system: PointSystem, told: Life, years: int) -> Columns:
    """Return on whom each consequence falls at the end of the last year."""
    made = falls(system, system.definition.consequences, told.standing.scores, told.recorded, years - 1)
    return {f"consequence_{name}": struck for name, struck in made.items()}


def _levels(system: PointSystem) -> dict[str, tuple[str, ...]]:
    """Return the levels of each column that holds codes, but for bands."""
    roles = levels_of(system)
    return {**LEVELS, "outcome": OUTCOMES, "outcome_recorded": OUTCOMES, **({"role": roles} if roles else {})}


def _labelled(system: PointSystem, name: str, values: NDArray[Any]) -> Any:
    levels = _levels(system).get(name)
    return values if levels is None else np.array(levels, dtype=object)[values]


def _schema(system: PointSystem, world: World, seed: int, people: int) -> Any:
    import pyarrow as pa

    levels = pa.dictionary(pa.int8(), pa.string())
    definition = system.definition
    inputs: list[str] = []
    if isinstance(definition, WeightedSystem):
        inputs = [name for name in weighted.columns_of(definition) if name not in ("age", "income")]
    fields = [("person", pa.int64()), ("sex", levels), ("age", pa.int16()), ("ethnicity", levels),
              ("registration", levels), ("region", levels), ("education", levels), ("income", pa.int64()),
              *((("role", levels),) if levels_of(system) else ()), ("family", pa.int64()),
              ("acts", pa.int32()), ("records", pa.int32()), ("outcome", levels),
              ("outcome_recorded", levels), *((name, pa.float64()) for name in inputs),
              ("score", pa.float64()), ("score_equal", pa.float64()),
              *((f"score_without_{name}", pa.float64()) for name in world.active),
              *((name, pa.int64()) for name in incomes_of(world)),
              *((f"consequence_{one.id}", pa.bool_()) for one in definition.consequences),
              ("years_in_worst_band", pa.int8()), ("worst_band_year_before", pa.bool_()),
              ("band", levels)]  # fmt: skip
    about = {"stamp": STAMP, "system": system.id, "file": system.text, "world": world.as_record(), "seed": seed,
             "people": people, "version": __version__}  # fmt: skip
    return pa.schema(fields, metadata={"fairaudit": json.dumps(about, sort_keys=True)})


def _arrow(system: PointSystem, columns: Columns, schema: Any) -> Any:
    import pyarrow as pa

    named: dict[str, Sequence[str]] = {**_levels(system), "band": _bands(system)}
    arrays = []
    for field in schema:
        values = columns[field.name]
        if field.name in named:
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(values), pa.array(named[field.name])))
        else:
            arrays.append(pa.array(values, type=field.type, from_pandas=True))
    return pa.Table.from_arrays(arrays, schema=schema)
