"""``PointSystem``: a scoring system from a file, as something that scores people and can say why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, LevelNotFoundError, SchemaError, suggestion
from ..explanation.attribution import Explanation
from ..models.columns import matched
from ..models.structure import Additive
from ..schema.labels import label
from ..schema.roles import HigherIs
from . import events as dated
from . import weighted
from .checks import limits, ordered_bands
from .format import Consequence, EventsSystem, System, WeightedSystem
from .ledger import STAMP, Ledger, event_lines, input_lines
from .loading import load_system, names, path_of

if TYPE_CHECKING:
    import pandas as pd

    from .consequences import Sheet

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PointSystem:
    """A system of points: a scorer like any model, with ledgers, bands and consequences.

    Examples
    --------
    >>> system = PointSystem.load("suining")
    >>> scored = system.score_events(
    ...     {"person": ["Wei"], "date": ["2012-05-01"], "event": ["false-accusation"], "count": [1]})
    >>> print(scored.ledger("Wei").lines[1])
    -100 falsely accused others on the internet
    >>> scored.to_frame()[["person", "score", "band"]].values.tolist()
    [['Wei', 900.0, 'B']]
    """

    definition: System
    """What the file says, a variant merged."""
    variant: str | None
    text: str
    """The file as it is."""

    @classmethod
    def load(cls, name_or_path: str | Path, *, variant: str | None = None) -> PointSystem:
        """Load a system that comes along by its id, or one of your own by the path of its file.

        Raises
        ------
        SystemFileError
            With the file, the line, what is wrong there and how to mend it.
        """
        definition = load_system(name_or_path, variant)
        return cls(definition, variant, path_of(name_or_path).read_text(encoding="utf-8-sig"))

    def __repr__(self) -> str:
        """Return the system's id and title, and that it is a simulation."""
        return f"{self.id}: {self.definition.title}. {STAMP}"

    @staticmethod
    def names() -> tuple[str, ...]:
        """Return the ids of the systems that come along."""
        return names()

    @property
    def id(self) -> str:
        """The id, with the variant where one was loaded: ``suining/later``."""
        return self.definition.id if self.variant is None else f"{self.definition.id}/{self.variant}"

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of the variants in the file."""
        return tuple(load_variants(self.text)) if self.variant else tuple(self.definition.variants)

    @property
    def units(self) -> Literal["points"]:
        """What scores are in."""
        return "points"

    @property
    def higher_is(self) -> HigherIs:
        """Which side is better."""
        return self.definition.higher_is

    @property
    def structure(self) -> Additive | None:
        """The sum of points, which explanation and recourse read; None where a norm table ranks people.

        Rows in which points depend on the order of the events are refused when they are read.
        """
        system = self.definition
        if isinstance(system, EventsSystem):
            return Additive(float(system.start.value), lambda rows: self._explained(rows, "the rows")[1])
        same = self.feature_names == tuple(one.id for one in system.inputs)
        if system.norm is not None or not same:
            return None
        return Additive(weighted.start_of(system), lambda rows: self._explained(rows, "the rows")[1])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The columns that ``score`` reads: a count for each event, or the inputs."""
        if isinstance(self.definition, EventsSystem):
            return tuple(event.id for event in self.definition.events)
        return weighted.columns_of(self.definition)

    def score(self, rows: Any) -> Floats:
        """Return a score for each row; NaN for whoever has no score, which is not a poor score.

        Rows of an events system hold how often each event counts. They have no dates, so floor and cap are applied
        once, to the sum: where they come into play on the way, ``score_events`` gives the score.

        Raises
        ------
        FairauditError
            If a column is missing or holds no number, or a count is negative.
        """
        if isinstance(self.definition, EventsSystem):
            counts = self._counts(rows).to_numpy()
            low, high = limits(self.definition)
            return np.asarray(np.clip(self.definition.start.value + counts @ self._points(), low, high))
        table = weighted.read_columns(self.definition, rows)
        each = weighted.parts(self.definition, table, weighted.tiers(self.definition, table) < 0)
        return weighted.scores_of(self.definition, each)

    def score_events(self, events: Any, *, on: Any = None, people: Iterable[Any] | None = None) -> Scored:
        """Score people from dated events: a table with the columns person, date, event and perhaps count.

        Events count in the order of their days, those of one day in the order of the system's file; floor and cap
        hold after each. ``on`` is the day of the scores (the last one in the table if left out), and later rows are
        set aside and counted. ``people`` are all who are scored, with or without events.

        Raises
        ------
        FairauditError
            If the system has no events, or the table is wrong: the message names the row.
        """
        if not isinstance(self.definition, EventsSystem):
            message = f"'{self.id}' weights inputs and knows no events. Use score_people(rows)."
            raise SchemaError(message)
        entries = dated.read_events(self.definition, events, on=on, people=people)
        balances = dated.run(entries, self.definition)
        return Scored(self, entries.people, balances.scores, self.band_of(balances.scores), (entries, balances))

    def score_people(self, rows: Any, *, person: str | None = None) -> Scored:
        """Score people from rows of inputs; ``person`` is the column of their names, else they are numbered from 1.

        Raises
        ------
        FairauditError
            If the system is one of events, or a column is missing or holds no number.
        """
        if not isinstance(self.definition, WeightedSystem):
            message = f"'{self.id}' counts dated events. Use score_events(events), or score(rows) for counts."
            raise SchemaError(message)
        table = weighted.read_columns(self.definition, rows)
        tier = weighted.tiers(self.definition, table)
        each = weighted.parts(self.definition, table, tier < 0)
        scores = weighted.scores_of(self.definition, each)
        bands = self.band_of(scores)
        bands[tier >= 0] = [self.definition.unscored[place].name for place in tier[tier >= 0]]
        called = range(1, len(table) + 1) if person is None else matched(rows, (person,))[person].tolist()
        return Scored(self, tuple(label(name) for name in called), scores, bands, (table, each))

    def band_of(self, scores: Any) -> NDArray[np.object_]:
        """Return the name of each score's band; empty where the system has none, or there is no score."""
        numbers = np.asarray(scores, dtype=np.float64)
        ordered = ordered_bands(self.definition.bands)
        if not ordered:
            return np.full(len(numbers), "", dtype=object)
        edges = np.array([band.at_least.value for band in ordered if band.at_least is not None])
        called = np.array([band.name for band in ordered], dtype=object)
        made = called[np.searchsorted(edges, np.nan_to_num(numbers), side="right")]
        made[np.isnan(numbers)] = ""
        return np.asarray(made)

    def consequences_of(self, band: str, events: Iterable[str] = ()) -> tuple[Consequence, ...]:
        """Return what follows from a band, and at once from events."""
        happened = set(events)
        return tuple(
            one for one in self.definition.consequences if band in one.bands or happened.intersection(one.events)
        )

    def consequence_sheet(self) -> Sheet:
        """Return which conduct is punished in which part of life, penalties against gravity, and what to ask of it."""
        from .consequences import sheet_of

        return sheet_of(self.definition, self.id)

    def explain(self, rows: Any, background: Any) -> Explanation:
        """Return how many points each event or input moved each row away from the background's average, exactly.

        Parameters
        ----------
        rows, background
            Rows as ``score`` reads them; the background are the people to compare with, every one of them used.

        Raises
        ------
        ExplanationError
            If somebody has no score, or floor or cap could come into play in some order of the events: then points
            depend on the order, and the ledger is the explanation.

        Notes
        -----
        The score is a sum, so Shapley values are each part less its average. Where a norm table ranks people, the sum
        before the ranking is explained, and ``method`` says so.
        """
        given, against = self._explained(rows, "the rows"), self._explained(background, "the background")
        middle = against[1].mean(axis=0)
        system = self.definition
        start = float(system.start.value) if isinstance(system, EventsSystem) else weighted.start_of(system)
        how, units = "closed form of a sum of points", "points"
        if isinstance(system, WeightedSystem) and system.norm is not None:
            how = "closed form of the latent sum (0 to 100), which a norm table ranks; the rank itself is not explained"
            units = "latent points"
        table = given[0]
        return Explanation(
            values=given[1] - middle,
            base=start + float(middle.sum()),
            units=units,
            names=tuple(table.columns),
            data=table.to_numpy(),
            method=f"{how}, interventional: against {len(against[1]):,} background rows. {STAMP}",
            higher_is=self.higher_is,
            rows=table,
        )

    def _explained(self, rows: Any, what: str) -> tuple[pd.DataFrame, Floats]:
        """Return the inputs or counts of rows, and the part of each in the sum."""
        if isinstance(self.definition, EventsSystem):
            counts = self._counts(rows)
            made = counts.to_numpy() * self._points()
            self._refuse_order(made, what)
            return counts, made
        table = weighted.read_columns(self.definition, rows)
        gone = np.flatnonzero(weighted.tiers(self.definition, table) >= 0)
        if gone.size:
            message = (
                f"{len(gone):,} of {what} have no score (the first is row {gone[0] + 1}): there is nothing to explain. "
                "Leave them out; score_people says why they have none."
            )
            raise ExplanationError(message)
        each = weighted.parts(self.definition, table, np.ones(len(table), dtype=bool))
        return table[[one.id for one in self.definition.inputs]], each

    def _refuse_order(self, made: Floats, what: str) -> None:
        if not isinstance(self.definition, EventsSystem):
            return
        low, high = limits(self.definition)
        start = self.definition.start.value
        most, least = start + np.maximum(made, 0).sum(axis=1), start + np.minimum(made, 0).sum(axis=1)
        bound = np.flatnonzero((most > high) | (least < low))
        if bound.size:
            message = (
                f"In row {bound[0] + 1} of {what} ({bound.size:,} such rows) points can be lost to the cap or the "
                "floor, so what an event is worth depends on the order. Read the ledgers of score_events instead."
            )
            raise ExplanationError(message)

    def _points(self) -> Floats:
        if not isinstance(self.definition, EventsSystem):
            return np.empty(0)
        return np.array([event.points.value for event in self.definition.events], dtype=np.float64)

    def _counts(self, rows: Any) -> pd.DataFrame:
        chosen = matched(rows, self.feature_names)
        try:
            counts: pd.DataFrame = chosen.astype(np.float64)
        except (TypeError, ValueError) as problem:
            message = f"Counts of events must be numbers: {problem!s}."
            raise SchemaError(message) from None
        numbers = counts.to_numpy()
        wrong = ~(np.isfinite(numbers) & (numbers >= 0))
        if wrong.any():
            row, column = (int(at[0]) for at in np.nonzero(wrong))
            message = (
                f"Row {row + 1} counts '{self.feature_names[column]}' {numbers[row, column]:g} times; a count is 0 "
                "or more. Mend it, or write 0 where nothing happened."
            )
            raise SchemaError(message)
        return counts


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Scored:
    """People with their scores, and each one's ledger.

    ``bands`` holds the band of each score, or why there is none; ``scores`` is NaN then.
    """

    system: PointSystem
    people: tuple[str, ...]
    scores: Floats
    bands: NDArray[np.object_]
    origin: tuple[Any, Any]
    """What the scores were made of: entries and balances of events, or the inputs and their parts."""

    def __repr__(self) -> str:
        """Return how many people have a score of which system."""
        scored = int(np.isfinite(self.scores).sum())
        return f"{len(self.people):,} people, {scored:,} with a score of {self.system.id}. {STAMP}"

    @property
    def set_aside(self) -> int:
        """How many rows were later than the day of the scores."""
        return int(self.origin[0].later) if self._dated else 0

    @property
    def _dated(self) -> bool:
        return isinstance(self.origin[0], dated.Entries)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a person: person, score, band, what cap and floor changed, system and stamp."""
        import pandas as pd

        columns: dict[str, Any] = {"person": self.people, "score": self.scores, "band": self.bands}
        if self._dated:
            entries, balances = self.origin
            for name in ("lost_to_cap", "kept_by_floor"):
                columns[name] = np.bincount(entries.person, getattr(balances, name), minlength=len(self.people))
        return pd.DataFrame({**columns, "system": self.system.id, "stamp": STAMP})

    def counts(self) -> pd.DataFrame:
        """Return how often each event counts for each person: rows for ``score`` and ``explain``; faded ones in part.

        Raises
        ------
        SchemaError
            For a system without events.
        """
        import pandas as pd

        system = self.system.definition
        if not isinstance(system, EventsSystem):
            message = f"'{self.system.id}' counts no events."
            raise SchemaError(message)
        made = dated.counts_of(self.origin[0], system)
        return pd.DataFrame(made, columns=list(self.system.feature_names), index=list(self.people))

    def ledger(self, person: Any) -> Ledger:
        """Return one person's ledger in words.

        Raises
        ------
        LevelNotFoundError
            If nobody has this name.
        """
        name = label(person)
        if name not in self.people:
            message = (
                f"There is nobody called '{name}' among {len(self.people):,} people.{suggestion(name, self.people)}"
            )
            raise LevelNotFoundError(message)
        place = self.people.index(name)
        return self._of_events(place) if self._dated else self._of_inputs(place)

    def _of_events(self, place: int) -> Ledger:
        entries, balances = self.origin
        system = self.system.definition
        if not isinstance(system, EventsSystem):
            raise AssertionError(self.system.id)
        counted = entries.event[(entries.person == place) & (entries.worth != 0)]
        happened = [system.events[event].id for event in counted]
        band = str(self.bands[place])
        return Ledger(
            system=self.system.id,
            person=self.people[place],
            lines=event_lines(place, entries, balances, system),
            score=float(self.scores[place]),
            band=band,
            consequences=self.system.consequences_of(band, happened),
            on="" if entries.on is None else str(entries.on),
        )

    def _of_inputs(self, place: int) -> Ledger:
        table, each = self.origin
        system = self.system.definition
        if not isinstance(system, WeightedSystem):
            raise AssertionError(self.system.id)
        scored = not np.isnan(self.scores[place])
        values = table.iloc[place][[one.id for one in system.inputs]].to_numpy(dtype=np.float64)
        band = str(self.bands[place])
        return Ledger(
            system=self.system.id,
            person=self.people[place],
            lines=input_lines(values, each[place], system) if scored else (),
            score=float(self.scores[place]) if scored else None,
            band=band,
            consequences=self.system.consequences_of(band) if scored else (),
            latent=float(each[place].sum()) if scored and system.norm is not None else None,
        )


def load_variants(text: str) -> tuple[str, ...]:
    """Return the names of the variants in the text of a system's file."""
    from ..policy.reading import read_yaml

    return tuple(read_yaml(text).data.get("variants") or ())
