"""The ways of working values out, one for each kind of model. Each makes a background ready once, then takes rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..errors import ExplanationError
from . import catboost_trees, parsing
from .additive import added
from .reading import DOUBLE
from .sampling import sampled
from .targets import Target
from .trees import Ensemble, Floats, Integers

CHUNK = 1 << 16
"""Rows that are encoded at once: bounds the memory of one-hot columns."""

ENOUGH_DRAWS = 2
"""Pairs of permutations below which nothing can be said of an error."""


@dataclass(frozen=True, slots=True)
class Worked:
    """Values of some rows in the units of the target."""

    values: Floats
    base: float
    errors: Floats | None = None


class Backend(Protocol):
    """One way of working values out."""

    needs_background: bool
    tolerance: float

    def how(self) -> str:
        """Return what is done, in words."""
        ...

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:
        """Return what depends on the background only (None: path-dependent); ``rows`` are there to check with."""
        ...

    def work(self, ready: Any, rows: Any) -> Worked:
        """Return the values of rows."""
        ...


def _by_chunk(rows: Any, size: int) -> Any:
    for start in range(0, len(rows), size):
        yield slice(start, start + size), (rows.iloc if hasattr(rows, "iloc") else rows)[start : start + size]


class Sums:
    """A score that is a sum by feature: each part less its average over the background."""

    needs_background, tolerance = True, DOUBLE

    def __init__(self, target: Target) -> None:
        self.target, self.inside = target, None if target.inside is None else target.inside.parts

    def how(self) -> str:
        return f"closed form of a {'scorecard' if self.inside is None else self.inside.what}"

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:  # noqa: ARG002
        return self._parts(background).mean(axis=0), self._start(background), player_of, players

    def work(self, ready: Any, rows: Any) -> Worked:
        middle, start, player_of, players = ready
        values = np.zeros((len(rows), players))
        np.add.at(values.T, player_of, (self._parts(rows) - middle).T)
        return Worked(values, float(start + middle.sum()))

    def _parts(self, rows: Any) -> Floats:
        if self.inside is None:
            return np.asarray(self.target.model.parts(rows, log_odds=self.target.units == "log-odds"))
        return self.target.factor * added(self.inside.parts, rows, len(self.inside.names))

    def _start(self, background: Any) -> float:
        if self.inside is None:
            return float(self.target.model.intercept_) if self.target.units == "log-odds" else 0.0
        if self.inside.base is not None:
            return self.target.offset + self.target.factor * self.inside.base
        first = background[:1]
        return float(self.target.own(first)[0] - self._parts(first).sum())


class Coefficients:
    """A linear model: coefficient times distance from the background's mean."""

    needs_background = True

    def __init__(self, target: Target) -> None:
        assert target.inside is not None  # noqa: S101 - for the type checker: only a scorecard is not opened
        self.target, self.inside, self.tolerance = target, target.inside, target.inside.tolerance
        self.coefficients = target.factor * np.ravel(self.inside.final.coef_)
        start = np.ravel(np.asarray(self.inside.final.intercept_, dtype=np.float64))
        if len(self.coefficients) != len(self.inside.origin) or len(start) != 1:
            message = (
                f"{type(self.inside.final).__name__} has {len(self.coefficients)} coefficients for "
                f"{len(self.inside.origin)} columns; one a column is needed. Train one model for each outcome."
            )
            raise ExplanationError(message)
        self.start = target.offset + target.factor * float(start[0])

    def how(self) -> str:
        inside = ", each encoded column counted to the one it was made of" if self.inside.encodes else ""
        return f"closed form of a linear model{inside}"

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:  # noqa: ARG002
        total = sum(self.inside.encode(some).sum(axis=0) for _, some in _by_chunk(background, CHUNK))
        return np.asarray(total) / len(background), player_of[self.inside.origin], players

    def work(self, ready: Any, rows: Any) -> Worked:
        middle, player_of, players = ready
        values = np.zeros((len(rows), players))
        for at, some in _by_chunk(rows, CHUNK):
            moved = (self.inside.encode(some) - middle) * self.coefficients
            np.add.at(values[at].T, player_of, moved.T)
        return Worked(values, float(self.start + middle @ self.coefficients))


class Trees:
    """An ensemble of trees, by the kernel."""

    def __init__(self, target: Target, *, path_dependent: bool, threads: int) -> None:
        assert target.inside is not None  # noqa: S101 - for the type checker: only a scorecard is not opened
        self.target, self.inside, self.tolerance = target, target.inside, target.inside.tolerance
        self.needs_background, self.threads = not path_dependent, threads
        self.ensemble: Ensemble | None = None
        self._plans: dict[bytes, Any] = {}
        self._kept: dict[bytes, Any] = {}
        """What was made ready, by the content of the background, the one used last at the end."""

    def how(self) -> str:
        inside = ", each encoded column counted to the one it was made of" if self.inside.encodes else ""
        return f"exact Shapley values of the trees{inside}"

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:
        from .kernel import prepare

        reader = parsing.reader_of(self.inside.final)
        known = self.inside.encode(rows if background is None else background)
        if self.ensemble is None and reader is not None:
            own = self.inside.output(rows if background is None else background)
            self.ensemble = parsing.checked(self.inside.final, reader, known, own)
        if self.ensemble is None or known.shape[1] != len(self.inside.origin):
            message = (
                f"The steps before {type(self.inside.final).__name__} make {known.shape[1]} columns of the rows where "
                f"{len(self.inside.origin)} were learned. Fit the pipeline again with this version of its library."
            )
            raise ExplanationError(message)
        others = None if background is None else np.ascontiguousarray(known)
        owners = player_of.tobytes()
        key = owners if others is None else owners + hashlib.sha256(others.data).digest()
        made = self._kept.pop(key, None)
        if made is None:
            made = prepare(self.ensemble, others, player_of[self.inside.origin], players, self._plans.get(owners))
            self._plans = {owners: made.plans}
        self._keep(key, made)
        return made

    def _keep(self, key: bytes, made: Any) -> None:
        from .kernel import KEPT_TABLES

        self._kept[key] = made
        while len(self._kept) > 1 and sum(each.size for each in self._kept.values()) > KEPT_TABLES:
            del self._kept[next(iter(self._kept))]

    def work(self, ready: Any, rows: Any) -> Worked:
        from .kernel import attribute

        values = np.empty((len(rows), ready.players))
        # Tables that are not kept are built anew for each chunk: then all rows go at once.
        size = CHUNK if ready.tables else len(rows)
        for at, some in _by_chunk(rows, size):
            values[at] = attribute(ready, self.inside.encode(some), self.threads)
        if self.target.factor != 1.0:
            values *= self.target.factor
        return Worked(values, self.target.offset + self.target.factor * ready.base)


class OwnValues:
    """CatBoost with categories: the library's own path-dependent values."""

    needs_background = False

    def __init__(self, target: Target) -> None:
        assert target.inside is not None  # noqa: S101 - for the type checker: only a scorecard is not opened
        self.target, self.inside, self.tolerance = target, target.inside, target.inside.tolerance

    def how(self) -> str:
        return "CatBoost's own values (a background= is compared with by sampling instead)"

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:  # noqa: ARG002
        if len(player_of) != players:
            message = "CatBoost's own values cannot join columns into players. Give a background=: then they can."
            raise ExplanationError(message)
        return player_of

    def work(self, ready: Any, rows: Any) -> Worked:  # noqa: ARG002
        values, base = catboost_trees.own_values(self.inside.final, rows)
        return Worked(self.target.factor * values, self.target.offset + self.target.factor * base)


class Sampled:
    """Anything that scores rows, by antithetic permutations."""

    needs_background, tolerance = True, DOUBLE

    def __init__(self, target: Target, why: str, draws: int, rng: Any) -> None:
        if draws < ENOUGH_DRAWS:
            message = f"draws={draws!r}: at least {ENOUGH_DRAWS} pairs of permutations are needed to know their error."
            raise ExplanationError(message)
        self.target, self.why, self.draws, self.rng = target, why, draws, rng
        self.evaluations = 0

    def _score(self, rows: Any) -> Floats:
        self.evaluations += len(rows)
        return self.target.own(rows)

    def how(self) -> str:
        return (
            f"sampled ({self.why}): {self.draws:,} antithetic pairs of permutations a row, a fresh background row for "
            f"each pair, {self.evaluations:,} evaluations of the model; standard errors given"
        )

    def ready(self, background: Any, rows: Any, player_of: Integers, players: int) -> Any:  # noqa: ARG002
        self.evaluations = 0
        return background, self._score(background), player_of, players

    def work(self, ready: Any, rows: Any) -> Worked:
        background, usual, player_of, players = ready
        self.evaluations = 0
        rng = np.random.default_rng(self.rng)
        values, errors = sampled(self._score, rows, background, usual, player_of, players, self.draws, rng)
        return Worked(values, float(usual.mean()), errors)
