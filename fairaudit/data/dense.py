"""Parquet counted by codes: each value becomes a small number, each row one place in an array of counts.

Text comes out of a Parquet file as indices into a dictionary and whole numbers as themselves, so that a row costs
a few additions and one increment; no row is hashed and no text is compared. The array has one entry for each
combination of values, seen or not: with too many of them the engine's own group-by is the better way, and
:class:`UnsuitableError` says so. Only values are grouped here; what they mean is the cube's business.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..cube.axes import distinct_rows
from .arrow import as_numbers, encoded
from .files import inside
from .progress import Work

if TYPE_CHECKING:
    import pyarrow as pa

    Codes = NDArray[np.int32]

BUFFER = 1 << 20
"""Bytes of a column that are read at a time."""
BATCH = 131_072
"""Rows at a time: their codes stay in the processor's cache."""
MOST_CELLS = 2**21
"""Entries of the array of counts, 8 bytes each, one array a thread: beyond about two million DuckDB is faster."""
MOST_SHAPES = 100
"""How often the array may change its shape: with room to grow it takes few, near ``MOST_CELLS`` it could take many."""
MOST_RANGE = 2**16
"""Whole numbers further apart than this get their codes from a dictionary."""
MOST_VALUES = 2**16
"""Distinct values of one column."""
PEOPLE = "__people"

_NULL, _NAN, _FIRST = 0, 1, 2
"""Codes of nothing, of NaN, and of the first number of a range."""


class UnsuitableError(Exception):
    """These files, or columns, are better counted, or can only be counted, by the engine's own group-by."""


# What a file is made of


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its name, what its values become, and whether it is text."""

    name: str
    kind: pa.DataType
    text: bool = False


@dataclass(frozen=True, slots=True)
class Footer:
    """What the end of a Parquet file says: its columns that are asked for, its rows, its row groups."""

    path: Path
    columns: tuple[Column, ...]
    rows: int
    groups: tuple[int, ...]
    """Rows of each."""
    metadata: Any


def footer(path: Path, wanted: Sequence[str]) -> Footer:
    """Return a file's footer.

    Raises
    ------
    UnsuitableError
        If Arrow cannot read it, or a column is not of a kind that Arrow and DuckDB hand over alike.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            metadata, schema = file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
        raise UnsuitableError(str(error)) from None
    columns = []
    for name in wanted:
        places = schema.get_all_field_indices(name)
        if len(places) != 1:
            message = f"{len(places)} columns are called {name!r}"
            raise UnsuitableError(message)
        columns.append(_column(name, schema.field(places[0]).type))
    groups = tuple(metadata.row_group(place).num_rows for place in range(metadata.num_row_groups))
    return Footer(path, tuple(columns), sum(groups), groups, metadata)


def _column(name: str, kind: pa.DataType) -> Column:
    import pyarrow as pa

    types = pa.types
    of = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        return Column(name, pa.string(), text=True)
    if of is kind:
        if types.is_integer(kind) and kind != pa.uint64():
            return Column(name, pa.int64())
        if types.is_float32(kind) or types.is_float64(kind):
            return Column(name, pa.float64())
        plain = types.is_boolean(kind) or types.is_date32(kind) or types.is_decimal128(kind)
        if plain or (types.is_timestamp(kind) and kind.tz is None and kind.unit in {"ms", "us"}):
            return Column(name, kind)
    message = f"{name!r} holds {kind}"
    raise UnsuitableError(message)


def alike(footers: Sequence[Footer]) -> tuple[pa.DataType, ...]:
    """Return the kinds of the columns of all files together; whole numbers and others make numbers.

    Raises
    ------
    UnsuitableError
        If files differ in anything else.
    """
    import pyarrow as pa

    together = []
    for columns in zip(*(one.columns for one in footers), strict=True):
        kinds = {column.kind for column in columns}
        if kinds == {pa.int64(), pa.float64()}:
            kinds = {pa.float64()}
        if len(kinds) > 1:
            message = f"{columns[0].name!r} differs between files"
            raise UnsuitableError(message)
        together.append(kinds.pop())
    return tuple(together)


# Values become codes


class _Values:
    """Codes of values from a dictionary: of text, of dates, and of numbers that lie far apart."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.radix = 0
        self._place: dict[Any, int] = {None: _NULL}
        self._dictionary: Any = None
        self._codes: Codes = np.zeros(1, dtype=np.int32)
        self._in_order = False
        self._indices: Any = None

    def look(self, array: Any, out: Codes) -> bool:  # noqa: ARG002 - the other kind needs it
        """Learn the values of an array, which is coded next."""
        import pyarrow.compute as pc

        if not self.column.text:
            array = pc.dictionary_encode(array.cast(self.column.kind))
        if self._dictionary is None or not array.dictionary.equals(self._dictionary):
            self._learn(array.dictionary)
        self._indices = array.indices
        return True

    def _learn(self, dictionary: Any) -> None:
        if len(dictionary) + len(self._place) > 2 * MOST_VALUES:
            raise _too_many(self.column)
        values = [_NAN_KEY if isinstance(value, float) and math.isnan(value) else value
                  for value in dictionary.to_pylist()]  # fmt: skip
        codes = [self._place.setdefault(value, len(self._place)) for value in values]
        if len(self._place) > MOST_VALUES:
            raise _too_many(self.column)
        self._dictionary, self._codes = dictionary, np.array(codes or [_NULL], dtype=np.int32)
        self._in_order = codes == list(range(1, len(codes) + 1))

    def encode(self, out: Codes) -> None:
        """Write the codes of the array that was looked at."""
        indices = self._indices
        if indices.null_count == len(indices):
            out[:] = _NULL
            return
        raw = _raw(indices)
        if self._in_order:
            np.add(raw, 1, out=out, casting="unsafe")
        else:
            # What stands under nothing may be any number; it is overwritten below.
            np.take(self._codes, raw, out=out, mode="clip")
        if indices.null_count:
            np.multiply(out, _there(indices), out=out)

    @property
    def fits(self) -> bool:
        """False where values were seen that have no codes in the array of counts yet."""
        return len(self._place) <= self.radix

    def settle(self, *, roomy: bool) -> None:
        """Give all values seen a code, and leave room for more if asked to."""
        self.radix = len(self._place) + (len(self._place) // 4 if roomy else 0)

    def decoded(self, codes: Any) -> Any:
        """Return the values of codes, as an Arrow array."""
        import pyarrow as pa

        values = [math.nan if value is _NAN_KEY else value for value in self._place]
        return pa.array(values, type=self.column.kind).take(codes)


_NAN_KEY = object()
"""Stands for NaN among the keys of a dictionary: NaN is not equal to itself."""


class _Range:
    """Codes of whole numbers that lie close together, and of true and false."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self.radix = 0
        self._low, self._high = 0, -1
        self._seen: tuple[int, int] | None = None
        self._raw: NDArray[Any] | None = None
        self._there: NDArray[np.uint8] | None = None
        self._nan: NDArray[np.bool_] | None = None

    def look(self, array: Any, out: Codes) -> bool:
        """Learn the range of an array, which is coded next; False where its numbers are not whole or lie far apart."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self._raw = self._nan = None
        self._there = _there(array) if array.null_count else None
        if array.null_count == len(array):
            return True
        if pa.types.is_floating(array.type):
            return self._look_at_floats(_raw(array), out)
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.int8())
        self._raw = _raw(array)
        if self._there is None:
            return self._widen(int(self._raw.min()), int(self._raw.max()))
        ends = pc.min_max(array)
        return self._widen(ends["min"].as_py(), ends["max"].as_py())

    def _look_at_floats(self, raw: NDArray[Any], out: Codes) -> bool:
        """Write floats that are whole numbers into ``out``, where they are coded next."""
        with np.errstate(invalid="ignore"):
            np.copyto(out, raw, casting="unsafe")
        whole = out == raw
        special = None if self._there is None else self._there == 0
        if not whole.all():
            self._nan = np.isnan(raw)
            special = self._nan if special is None else self._nan | special
            if not (whole | special).all():
                return False
        self._raw = out
        known = out if special is None else out[~special]
        return not len(known) or self._widen(int(known.min()), int(known.max()))

    def _widen(self, low: int, high: int) -> bool:
        if self._seen is not None:
            low, high = min(low, self._seen[0]), max(high, self._seen[1])
        if high - low >= MOST_RANGE or max(-low, high) > 2**62:
            return False
        self._seen = (low, high)
        return True

    def encode(self, out: Codes) -> None:
        """Write the codes of the array that was looked at."""
        raw = self._raw
        if raw is None:
            out[:] = _NULL
            return
        # What stands under nothing may be any number: it may wrap around, and is overwritten.
        if raw.dtype.itemsize <= 4 and abs(self._low) < 2**30:
            np.add(raw, np.int32(_FIRST - self._low), out=out, casting="unsafe", dtype=np.int32)
        else:
            np.subtract(raw, self._low - _FIRST, out=out, casting="unsafe", dtype=np.int64)
        if self._nan is not None:
            np.copyto(out, _NAN, where=self._nan)
        if self._there is not None:
            np.multiply(out, self._there, out=out)

    @property
    def fits(self) -> bool:
        """False where numbers were seen that have no codes in the array of counts yet."""
        within = self._seen is None or self._low <= self._seen[0] <= self._seen[1] <= self._high
        return self.radix > 0 and within

    def settle(self, *, roomy: bool) -> None:
        """Give all numbers seen a code, and leave room for more if asked to."""
        if self._seen is not None:
            self._low, self._high = self._seen
            room = (self._high - self._low) // 8 if roomy else 0
            self._low, self._high = self._low - room, self._high + room
        self.radix = self._high - self._low + 1 + _FIRST

    def decoded(self, codes: Any) -> Any:
        """Return the values of codes, as an Arrow array."""
        import pyarrow as pa

        kind = self.column.kind
        numbers = [None, None, *range(self._low, self._high + 1)]
        if pa.types.is_floating(kind):
            numbers[_NAN] = math.nan
        elif pa.types.is_boolean(kind):
            return pa.array([None if number is None else number == 1 for number in numbers], type=kind).take(codes)
        return pa.array(numbers, type=kind).take(codes)


def _too_many(column: Column) -> UnsuitableError:
    return UnsuitableError(f"{column.name!r} has more than {MOST_VALUES:,} values")


def _raw(array: Any) -> NDArray[Any]:
    """Return the numbers of an Arrow array as they lie there, whatever stands under nothing."""
    import pyarrow as pa

    kind = array.type
    sign = "f" if pa.types.is_floating(kind) else "i" if pa.types.is_signed_integer(kind) else "u"
    whole = np.frombuffer(array.buffers()[1], np.dtype(f"{sign}{kind.bit_width // 8}"))
    return whole[array.offset : array.offset + len(array)]


def _there(array: Any) -> NDArray[np.uint8]:
    """Return 1 where an Arrow array that has gaps holds something, 0 where it holds nothing: the code of nothing."""
    start, skip = divmod(array.offset, 8)
    bits = np.frombuffer(array.buffers()[0], np.uint8)[start : start + (skip + len(array) + 7) // 8]
    return np.unpackbits(bits, bitorder="little")[skip : skip + len(array)]


def _ranged(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


# Codes become counts


class Counts:
    """The array of counts of one thread, and what was taken out of it whenever its shape had to change."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._coders: list[_Range | _Values] = [(_Range if _ranged(one.kind) else _Values)(one) for one in columns]
        self._counts = np.zeros(0, dtype=np.int64)
        self._taken: list[Any] = []
        self._shapes = 0
        self._scratch = np.empty((len(columns), BATCH), dtype=np.int32)
        self._places = np.empty(BATCH, dtype=np.int64)

    def add(self, batch: Any) -> None:
        """Count the rows of a record batch of at most ``BATCH`` rows.

        Raises
        ------
        UnsuitableError
            If there are too many values, or combinations of them.
        """
        scratch = self._scratch[:, : batch.num_rows]
        for place, out in enumerate(scratch):
            array = batch.column(self._coders[place].column.name)
            if not self._coders[place].look(array, out):
                # Not whole, or far apart: a dictionary from here on. What is counted already keeps its codes.
                self._take_out()
                self._coders[place] = _Values(self._coders[place].column)
                self._coders[place].look(array, out)
        if not all(coder.fits for coder in self._coders):
            self._take_out()
            self._settle()
        stride = 1
        for place, (coder, out) in enumerate(zip(self._coders, scratch, strict=True)):
            coder.encode(out)
            if place:
                np.multiply(out, stride, out=out)
                np.add(scratch[0], out, out=scratch[0])
            stride *= coder.radix
        places = self._places[: batch.num_rows]
        np.copyto(places, scratch[0])
        np.add.at(self._counts, places, 1)

    def _settle(self) -> None:
        self._shapes += 1
        for roomy in (True, False):
            for coder in self._coders:
                coder.settle(roomy=roomy)
            cells = math.prod(coder.radix for coder in self._coders)
            if cells <= MOST_CELLS and self._shapes <= MOST_SHAPES:
                self._counts = np.zeros(cells, dtype=np.int64)
                return
        message = f"{cells:,} combinations in {self._shapes} shapes are too many"
        raise UnsuitableError(message)

    def _take_out(self) -> None:
        """Take what is counted out of the array, as a table of values and people, and leave the array empty."""
        import pyarrow as pa

        somebody = np.flatnonzero(self._counts)
        if len(somebody):
            codes = np.unravel_index(somebody, [coder.radix for coder in self._coders], order="F")
            columns = [coder.decoded(_integers(code)) for coder, code in zip(self._coders, codes, strict=True)]
            self._taken.append(pa.table([*columns, _integers(self._counts[somebody])], _names(len(columns))))
        self._counts = np.zeros(0, dtype=np.int64)
        for coder in self._coders:
            coder.radix = 0

    def tables(self) -> list[Any]:
        """Return all that was counted, as tables of the columns c0, c1, ... and people; counting ends with it."""
        self._take_out()
        return self._taken


def _names(columns: int) -> list[str]:
    return [*(inside(place) for place in range(columns)), PEOPLE]


def _integers(values: NDArray[np.int64]) -> Any:
    import pyarrow as pa

    whole = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)])


def together(tables: Sequence[Any], kinds: Sequence[pa.DataType]) -> Any:
    """Return tables of counts as one, with each combination of values once.

    Parameters
    ----------
    tables
        Columns c0, c1, ... and people.
    kinds
        What the columns become.
    """
    import pyarrow as pa

    names = _names(len(kinds))
    target = pa.schema(zip(names, [*kinds, pa.int64()], strict=True))
    whole = pa.concat_tables([table.cast(target, safe=False) for table in tables] or [target.empty_table()])
    if len(tables) < 2:
        return whole
    coded = [encoded(whole.column(name))[0] for name in names[:-1]]
    _, first, inverse = distinct_rows(np.stack(coded, axis=1))
    people = np.zeros(len(first), dtype=np.int64)
    np.add.at(people, inverse, as_numbers(whole.column(PEOPLE)))
    once = whole.select(names[:-1]).take(_integers(first))
    return once.append_column(PEOPLE, _integers(people))


# Files become counts


class _Reader:
    """Row groups of files for one thread, one file open at a time."""

    def __init__(self, footers: Sequence[Footer]) -> None:
        self._footers = footers
        self._place = -1
        self._file: Any = None

    def batches(self, place: int, group: int) -> Iterator[Any]:
        import pyarrow.parquet as pq

        one = self._footers[place]
        if place != self._place:
            self.close()
            text = [column.name for column in one.columns if column.text]
            # Pages are read as they are needed: a row group may be as long as the file.
            self._file = pq.ParquetFile(
                one.path, metadata=one.metadata, read_dictionary=text, pre_buffer=False, buffer_size=BUFFER
            )
            self._place = place
        names = [column.name for column in one.columns]
        yield from self._file.iter_batches(BATCH, row_groups=[group], columns=names, use_threads=False)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def count_files(
    footers: Sequence[Footer], work: Work, *, finished: Callable[[int, Any], None] | None = None, threads: int = 0
) -> Any:
    """Return the counts of the values of all files together: columns c0, c1, ... and people.

    Parameters
    ----------
    footers
        Of the files, with the columns in the order asked for; they agree, see :func:`alike`.
    work
        Told of every row, and asked whether to stop.
    finished
        Called with a file's place and its own table of counts when all of it is counted, in any order, from the
        thread that counted the last of it.
    threads
        How many; all processors that this process may use when 0.

    Raises
    ------
    UnsuitableError
        If the engine's own group-by is the better way after all.
    """
    import pyarrow as pa

    kinds = alike(footers)
    columns = [replace(column, kind=kind) for column, kind in zip(footers[0].columns, kinds, strict=True)]
    tasks = deque((place, group) for place, one in enumerate(footers) for group in range(len(one.groups)))
    left = [len(one.groups) for one in footers]
    held: dict[int, list[Counts]] = {}
    lock = threading.Lock()

    def counts_of(place: int, own: dict[int, Counts]) -> Counts:
        key = place if finished is not None else 0
        if key not in own:
            own[key] = Counts(columns)
            with lock:
                held.setdefault(key, []).append(own[key])
        return own[key]

    def end_group(place: int, own: dict[int, Counts]) -> None:
        with lock:
            left[place] -= 1
            whole = left[place] == 0
        if finished is not None and whole:
            finished(place, together(taken_out(held.pop(place)), kinds))
        if finished is not None and left[place] == 0:
            own.pop(place, None)

    def one_thread() -> None:
        reader, own = _Reader(footers), dict[int, Counts]()
        try:
            while tasks and not work.stop.is_set():
                try:
                    place, group = tasks.popleft()
                except IndexError:
                    return
                counts = counts_of(place, own)
                for batch in reader.batches(place, group):
                    counts.add(batch)
                    work.advance(batch.num_rows)
                    if work.stop.is_set():
                        return
                end_group(place, own)
        except (pa.ArrowException, OSError, UnicodeError) as error:
            raise UnsuitableError(str(error)) from None
        finally:
            reader.close()

    def taken_out(counts: Sequence[Counts]) -> list[Any]:
        return [table for one in counts for table in one.tables()]

    if finished is not None:
        for place, groups in enumerate(left):
            if not groups:
                finished(place, together([], kinds))
    work.run([one_thread] * min(threads or processors(), max(len(tasks), 1)))
    return together(taken_out(held.get(0, ())), kinds) if finished is None else together([], kinds)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
