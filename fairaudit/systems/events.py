"""Dated events to scores: each person's points one after the other, within floor and cap, all people at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.tables import read_rows
from ..errors import DataContractError, LevelNotFoundError, listed, suggestion
from ..schema.labels import MISSING, label
from .checks import limits
from .format import EventsSystem

if TYPE_CHECKING:
    import pandas as pd

MOST_HALVINGS = 10
"""After so many halvings an event counts for nothing; until then points are exact in binary."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Events in the order in which they count: by person, day, and the order of the system's file.

    ``person`` and ``event`` are places in ``people`` and in the system's events; ``worth`` are the points that the
    entry counts for on the day of the scores. ``later`` is the number of rows after that day, which are set aside.
    """

    people: tuple[str, ...]
    person: Integers
    day: NDArray[np.datetime64]
    event: Integers
    count: Integers
    worth: Floats
    on: np.datetime64 | None
    later: int


@dataclass(frozen=True, slots=True, eq=False)
class Balances:
    """What became of each entry, and of each person: points taken = worth - lost_to_cap + kept_by_floor."""

    scores: Floats
    after: Floats
    lost_to_cap: Floats
    kept_by_floor: Floats


def read_events(system: EventsSystem, events: Any, *, on: Any = None, people: Iterable[Any] | None = None) -> Entries:
    """Return the entries of a table with a row for each person, date and event, and perhaps a ``count``.

    Parameters
    ----------
    system
        Its events are the ones that there may be.
    events
        A file or frame with the columns person, date (a day, like 2012-05-01), event and, if wanted, count.
    on
        The day of the scores; the last day in the table if left out. Later rows are set aside and counted.
    people
        Everybody who is scored, in order; people without events are among nobody else's. Left out: those in the table.

    Raises
    ------
    DataContractError, ColumnNotFoundError, LevelNotFoundError
        For a missing column, a day that is none, an unknown event or person, or a count that is no whole number.
    """
    table = _table(events)
    person = _labels(table["person"], "person")
    event = _events(_labels(table["event"], "event"), system)
    days = _days(table["date"])
    count = _counts(table["count"]) if "count" in table.columns else np.ones(len(table), dtype=np.int64)
    everybody = tuple(sorted(set(person))) if people is None else tuple(label(one) for one in people)
    place = {name: at for at, name in enumerate(everybody)}
    if len(place) != len(everybody):
        message = "people= names somebody twice. Give each person once."
        raise DataContractError(message)
    strangers = sorted({name for name in person if name not in place})
    if strangers:
        message = f"Events of people who are not in people=: {listed(strangers, 5)}. Add them, or leave their rows out."
        raise LevelNotFoundError(message)
    codes = np.array([place[name] for name in person], dtype=np.int64)
    last = _last(on, days)
    kept = np.ones(len(days), dtype=bool) if last is None else days <= last
    made = entries_of(system, everybody, codes[kept], days[kept], event[kept], count[kept], last)
    return replace(made, later=int((~kept).sum()))


def entries_of(
    system: EventsSystem,
    people: tuple[str, ...],
    person: Integers,
    day: NDArray[np.datetime64],
    event: Integers,
    count: Integers,
    on: np.datetime64 | None,
) -> Entries:
    """Return records as entries, in the order in which they count and with what they are worth on a day."""
    order = np.lexsort((event, day, person))
    person, event, count = (values[order] for values in (person, event, count))
    day = day[order]
    points = np.array([one.points.value for one in system.events], dtype=np.float64)
    worth = points[event] * count * _weight(system, day, on)
    return Entries(people, person, day, event, count, worth, on, 0)


def run(entries: Entries, system: EventsSystem) -> Balances:
    """Return everybody's balance after each entry: one step for all people at a time, floor and cap at each step."""
    low, high = limits(system)
    balance = np.full(len(entries.people), float(system.start.value))
    after, lost, kept = (np.zeros(len(entries.worth)) for _ in range(3))
    first = np.searchsorted(entries.person, np.arange(len(entries.people)))
    number = np.bincount(entries.person, minlength=len(entries.people))
    longest_first = np.argsort(-number, kind="stable")
    sorted_numbers = number[longest_first]
    for step in range(int(number.max(initial=0))):
        still = longest_first[: int(np.searchsorted(-sorted_numbers, -step, side="left"))]
        at = first[still] + step
        wanted = balance[still] + entries.worth[at]
        lost[at] = np.maximum(wanted - high, 0)
        kept[at] = np.maximum(low - wanted, 0)
        balance[still] = after[at] = np.clip(wanted, low, high)
    return Balances(balance, after, lost, kept)


def counts_of(entries: Entries, system: EventsSystem) -> Floats:
    """Return how often each person's events count [people, events], faded ones in part."""
    points = np.array([one.points.value for one in system.events], dtype=np.float64)
    made = np.zeros((len(entries.people), len(points)))
    np.add.at(made, (entries.person, entries.event), entries.worth / points[entries.event])
    return made


def _table(events: Any) -> pd.DataFrame:
    needed = ("person", "date", "event")
    rows = read_rows(events, text=needed).rows
    missing = [name for name in needed if name not in rows.columns]
    if missing:
        message = (
            f"Events need the columns person, date and event (count if you like); '{missing[0]}' is not among "
            f"{listed(map(str, rows.columns))}.{suggestion(missing[0], map(str, rows.columns))}"
        )
        raise DataContractError(message)
    return rows


def _labels(column: pd.Series[Any], name: str) -> list[str]:
    known = {value: label(value) for value in column.unique()}
    made = [known.get(value, MISSING) for value in column.tolist()]
    if MISSING in made:
        message = f"Row {made.index(MISSING) + 1} of the events has no {name}. Fill it in, or leave the row out."
        raise DataContractError(message)
    return made


def _events(given: Sequence[str], system: EventsSystem) -> Integers:
    known = {event.id: place for place, event in enumerate(system.events)}
    for row, name in enumerate(given):
        if name not in known:
            message = (
                f"Row {row + 1} has the event '{name}', which '{system.id}' does not know."
                f"{suggestion(name, known)} Events: {listed(known)}."
            )
            raise LevelNotFoundError(message)
    return np.array([known[name] for name in given], dtype=np.int64)


def _days(column: pd.Series[Any]) -> NDArray[np.datetime64]:
    import pandas as pd

    if column.dtype.kind == "M":
        made = column
    else:
        made = pd.to_datetime(column.astype(str), format="%Y-%m-%d", errors="coerce")
    wrong = np.flatnonzero(made.isna().to_numpy())
    if wrong.size:
        message = (
            f"Row {wrong[0] + 1} has the date {column.iloc[wrong[0]]!r}, which is no day ({wrong.size:,} such rows). "
            "Write year-month-day, like 2012-05-01."
        )
        raise DataContractError(message)
    days: NDArray[np.datetime64] = made.to_numpy().astype("datetime64[D]")
    return days


def _counts(column: pd.Series[Any]) -> Integers:
    import pandas as pd

    made = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~((made >= 1) & (made == np.floor(made)) & (made < 1e9)))
    if wrong.size:
        value = column.iloc[wrong[0]]
        message = f"Row {wrong[0] + 1} has the count {value!r}; a count is a whole number, 1 or more. Mend it."
        raise DataContractError(message)
    return made.astype(np.int64)


def _last(on: Any, days: NDArray[np.datetime64]) -> np.datetime64 | None:
    if on is None:
        return None if len(days) == 0 else days.max()
    text = on.isoformat()[:10] if isinstance(on, datetime.date) else str(on)
    try:
        return np.datetime64(datetime.date.fromisoformat(text), "D")
    except ValueError:
        message = f"on={on!r} is no day. Write year-month-day, like 2012-12-31."
        raise DataContractError(message) from None


def _weight(system: EventsSystem, days: NDArray[np.datetime64], last: np.datetime64 | None) -> Floats:
    """Return the part of its points that each entry counts for on the last day."""
    if system.decay is None or last is None:
        return np.ones(len(days))
    age = (last - days).astype(np.int64)
    if system.decay.how == "expire":
        return (age < system.decay.days).astype(np.float64)
    halvings = age // system.decay.days
    return np.where(halvings > MOST_HALVINGS, 0.0, 0.5 ** np.minimum(halvings, MOST_HALVINGS))
