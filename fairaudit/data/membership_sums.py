"""Probabilities of belonging to a group, summed in the engine that holds the rows, as whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add, and_
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from ..cube.sorting import Carried, Coded
from ..schema.labels import MISSING, label
from ..schema.roles import Schema
from .arrow import as_numbers
from .sources import Source

Ints = NDArray[np.int64]

EDGES = (0.0, 0.2, 0.5, 0.8)
"""Where the bands of a membership begin; 0.5 and 0.8 are the usual thresholds."""
TOLERANCE = 1e-6
"""By so much may memberships add up to more than 1: files are rounded."""
_MISSING = -9.0
_USED, _BAD, _WITHOUT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class MembershipSums:
    """The sums of one attribute's memberships: what to add to a frame, and what comes back of it."""

    place: int
    name: str
    schema: Schema

    @property
    def state(self) -> str:
        """Name of the column that says whether a row's memberships can be used."""
        return f"__state{self.place}"

    @property
    def levels(self) -> list[str]:
        """The levels, in the order given."""
        return list(self.schema.memberships[self.name])

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Each level with itself and with each later one."""
        left, right = np.triu_indices(len(self.levels))
        return list(zip(left.tolist(), right.tolist(), strict=True))

    def _called(self, what: str, *numbers: int) -> str:
        return "_".join([f"__{what}{self.place}", *map(str, numbers)])

    def _named(self) -> dict[str, list[str]]:
        each = range(len(self.levels))
        bands = range(len(EDGES))
        named = {
            "first": [self._called("first", g) for g in each],
            "second": [self._called("second", g, h) for g, h in self.pairs],
            "top": [self._called("top", g) for g in each],
            "banded": [self._called(f"banded{part}", g, b) for g in each for b in bands for part in ("w", "m")],
        }
        if self.schema.weight:
            named["heads"] = [self._called("heads", g) for g in each]
            named["squares"] = [self._called("squares")]
        if self.name in self.schema.labelled:
            named["mixed"] = [self._called("mixed", g) for g in each]
        return named

    @property
    def columns(self) -> list[str]:
        """Names of the columns to sum."""
        return [column for columns in self._named().values() for column in columns]

    def prepared(self, frame: Any, source: Source, weight: Any) -> Any:
        """Return the frame with the columns to sum; ``weight`` is None where rows are not weighted."""
        scale = self.schema.weight_scale
        raw = [nw.col(source.place(column)).cast(nw.Float64) for column in self.schema.memberships[self.name].values()]
        names = [self._called("m", g) for g in range(len(raw))]
        frame = frame.with_columns(
            *(
                nw.when(value.is_finite()).then(value).otherwise(nw.lit(_MISSING)).alias(name)
                for value, name in zip(raw, names, strict=True)
            )
        )
        given = [nw.col(name) for name in names]
        none = reduce(and_, [value == _MISSING for value in given])
        inside = reduce(and_, [(value >= 0) & (value <= 1) for value in given])
        sound = inside & (reduce(add, given) <= 1 + TOLERANCE)
        without = nw.when(none).then(nw.lit(_WITHOUT)).otherwise(nw.lit(_BAD))
        frame = frame.with_columns(nw.when(sound).then(nw.lit(_USED)).otherwise(without).alias(self.state))
        used = nw.col(self.state) == _USED
        frame = frame.with_columns(*(nw.when(used).then(nw.col(n)).otherwise(nw.lit(0.0)).alias(n) for n in names))
        m = [nw.col(name) for name in names]
        one = m[0] * 0.0 + 1.0
        w = one if weight is None else weight

        def fixed(value: Any, name: str) -> Any:
            return (value * scale + 0.5).floor().cast(nw.Int64).alias(name)

        def where(condition: Any, value: Any) -> Any:
            return nw.when(condition).then(value).otherwise(nw.lit(0.0))

        made = [fixed(w * m[g], self._called("first", g)) for g in range(len(m))]
        made += [fixed(w * w * m[g] * m[h], self._called("second", g, h)) for g, h in self.pairs]
        for g, value in enumerate(m):
            largest = reduce(and_, [value > other if h < g else value >= other for h, other in enumerate(m) if h != g])
            made.append(fixed(where(used & largest, w), self._called("top", g)))
            for b, (low, high) in enumerate(pairwise((*EDGES, 2.0))):
                here = used & (value >= low) & (value < high)
                made.append(fixed(where(here, w), self._called("bandedw", g, b)))
                made.append(fixed(where(here, w * value), self._called("bandedm", g, b)))
            if self.schema.weight:
                made.append(fixed(value, self._called("heads", g)))
            if self.name in self.schema.labelled:
                made.append(fixed(w * w * value, self._called("mixed", g)))
        if self.schema.weight:
            made.append(fixed(where(used, w * w), self._called("squares")))
        return frame.with_columns(*made)

    def carried(self, table: Any, people: Ints, factor: Ints, columns: Mapping[str, Coded]) -> Carried:
        """Return what the grouped table holds for these memberships."""
        state = as_numbers(table.column(self.state)).astype(np.int64)
        sums = {
            name: np.stack([as_numbers(table.column(c)).astype(np.int64) for c in names], axis=1) * factor[:, None]
            for name, names in self._named().items()
        }
        used = state == _USED
        count, bands = len(self.levels), len(EDGES)
        banded = np.zeros((len(state), count, bands, 5), dtype=np.int64)
        banded[..., :2] = sums["banded"].reshape(-1, count, bands, 2)
        arrays = {
            "people": (people * used)[:, None],
            "first": sums["first"],
            "second": sums["second"],
            "heads": sums["heads"] if "heads" in sums else sums["first"],
            "top": sums["top"],
            "banded": banded,
        }
        known = self.schema.labelled.get(self.name)
        if known is not None:
            squares = sums["squares"][:, 0] if "squares" in sums else people * used * self.schema.weight_scale
            self._label(arrays, sums["mixed"], squares, columns[known].each(label, object), used)
        about = {
            "attribute": self.name, "levels": self.levels, "scale": self.schema.weight_scale, "collected": "proxy",
            "scheme": None, "labelled": known, "edges": list(EDGES),
        }  # fmt: skip
        return Carried(
            "memberships", about, arrays, self.name,
            refused=state == _BAD,
            why_refused=f"memberships of '{self.name}' are outside 0 and 1, add up to more than 1, or some are missing",
            noted=state == _WITHOUT, note=f"{{n}} people are without a proxy of '{self.name}'.",
            action="counted and shown, in no group of it",
        )  # fmt: skip

    def _label(self, arrays: dict[str, Ints], mixed: Ints, squares: Ints, labels: Any, used: Any) -> None:
        """Add the sums over people whose level is known: who they are, and how far the memberships are off."""
        known = used & (labels != MISSING)
        left = [place for place, (g, h) in enumerate(self.pairs) if g == h]
        own = arrays["second"][:, left]
        hits = np.stack([known & (labels == level) for level in self.levels], axis=1)
        banded = arrays["banded"]
        banded[..., 2] = banded[..., 0] * known[:, None, None]
        banded[..., 3] = banded[..., 1] * known[:, None, None]
        banded[..., 4] = banded[..., 0] * hits[:, :, None]
        # (1 - m)^2 where the label is this level, m^2 where it is another.
        away = np.where(hits, squares[:, None] - 2 * mixed + own, own)
        arrays["labelled"] = arrays["people"] * known[:, None]
        arrays["off"] = away * known[:, None]
