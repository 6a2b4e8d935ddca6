"""What each mechanism did to each group: sums over the people themselves, so there is nothing to estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import ordered_bands
from ..ledger import STAMP
from ..point_system import PointSystem
from .world import LEVELS, World

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Truth:
    """Exact sums by attribute, level and way of scoring; ``+`` puts blocks together.

    ``sums`` holds, for (attribute, level, column of a score), the people, the sum of their scores, and how many are in
    the worst band. Scores of fading points are sums of binary fractions, so they too are added exactly.
    """

    system: str
    world: World
    seed: int
    sums: Mapping[Key, tuple[int, float, int]] = field(default_factory=dict)
    stamp: str = STAMP

    def __add__(self, other: Truth) -> Truth:
        """Return the truth of both people's together."""
        made = dict(self.sums)
        for key, (people, total, worst) in other.sums.items():
            n, score, low = made.get(key, (0, 0.0, 0))
            made[key] = (n + people, score + total, low + worst)
        return replace(self, sums=made)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and mechanism: how it moved the mean score and the share in the worst band.

        ``mechanism`` "all" is the difference between the world as it is and one without any mechanism; each other row
        is the difference that the mechanism makes in the world as it is. Mechanisms interact, so they need not add up
        to "all".
        """
        import pandas as pd

        rows = []
        for attribute, level, column in self.sums:
            if column == "score":
                continue
            people, total, worst = self.sums[attribute, level, "score"]
            _, other, other_worst = self.sums[attribute, level, column]
            rows.append(
                {
                    "attribute": attribute,
                    "level": level,
                    "people": people,
                    "mechanism": "all" if column == "score_equal" else column.removeprefix("score_without_"),
                    "mean_score": total / people,
                    "effect_on_mean_score": (total - other) / people,
                    "share_in_worst_band": worst / people,
                    "effect_on_share_in_worst_band": (worst - other_worst) / people,
                }
            )
        return pd.DataFrame(rows)


def gather(system: PointSystem, world: World, seed: int, columns: Mapping[str, NDArray[Any]]) -> Truth:
    """Return the truth of one block."""
    ways = [name for name in columns if name.startswith("score")]
    worst = {name: _in_worst(system, columns[name]) for name in ways}
    sums: dict[Key, tuple[int, float, int]] = {}
    for attribute, levels in LEVELS.items():
        for code, level in enumerate(levels):
            here = columns[attribute] == code
            if not here.any():
                continue
            for name in ways:
                sums[attribute, level, name] = (
                    int(here.sum()),
                    float(columns[name][here].sum()),
                    int(worst[name][here].sum()),
                )
    return Truth(system.id, world, seed, sums)


def _in_worst(system: PointSystem, scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    ordered = ordered_bands(system.definition.bands)
    if not ordered:
        return np.zeros(len(scores), dtype=bool)
    worst = ordered[0 if system.higher_is == "better" else -1].name
    return np.asarray(system.band_of(scores) == worst, dtype=bool)
