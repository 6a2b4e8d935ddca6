"""What each mechanism did to each group: sums over the people themselves, so there is nothing to estimate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..checks import ordered_bands
from ..ledger import STAMP
from ..point_system import PointSystem
from .world import LEVELS, World

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, str]
Sums = tuple[int, float, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Truth:
    """Exact sums by attribute, level and way of scoring; ``+`` puts blocks together.

    ``sums`` holds, for (attribute, level, column of a score), the people, the sum of their scores, and how many are in
    each of ``bands``, the worst first. Scores of fading points are sums of binary fractions, so they too are added
    exactly.
    """

    system: str
    world: World
    seed: int
    bands: tuple[str, ...]
    sums: Mapping[Key, Sums] = field(default_factory=dict)
    stamp: str = STAMP

    def __add__(self, other: Truth) -> Truth:
        """Return the truth of both people's together."""
        made = dict(self.sums)
        nothing: Sums = (0, 0.0, (0,) * len(self.bands))
        for key, (people, total, counts) in other.sums.items():
            n, score, before = made.get(key, nothing)
            together = tuple(one + more for one, more in zip(before, counts, strict=True))
            made[key] = (n + people, score + total, together)
        return replace(self, sums=made)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and mechanism: how it moved the mean score and the share in the worst band.

        ``mechanism`` "all" is the difference between the world as it is and one without any mechanism; each other row
        is the difference that the mechanism makes in the world as it is. Mechanisms interact, so they need not add up
        to "all".
        """
        import pandas as pd

        rows = []
        for about, now, other in self._pairs():
            people = now[0]
            row = {**about, "people": people, "mean_score": now[1] / people,
                   "effect_on_mean_score": (now[1] - other[1]) / people}  # fmt: skip
            if self.bands:
                row["share_in_worst_band"] = now[2][0] / people
                row["effect_on_share_in_worst_band"] = (now[2][0] - other[2][0]) / people
            rows.append(row)
        return pd.DataFrame(rows)

    def bands_to_frame(self) -> pd.DataFrame:
        """Return one row a group, mechanism and band: the share of the group in it, and how the mechanism moved it."""
        import pandas as pd

        rows = [
            {**about, "people": now[0], "band": band, "share": now[2][at] / now[0],
             "effect_on_share": (now[2][at] - other[2][at]) / now[0]}
            for about, now, other in self._pairs()
            for at, band in enumerate(self.bands)
        ]  # fmt: skip
        return pd.DataFrame(rows)

    def _pairs(self) -> Iterator[tuple[dict[str, Any], Sums, Sums]]:
        """Yield each group and mechanism with the sums of the world as it is, and without the mechanism."""
        for (attribute, level, column), other in self.sums.items():
            if column != "score":
                mechanism = "all" if column == "score_equal" else column.removeprefix("score_without_")
                about = {"attribute": attribute, "level": level, "mechanism": mechanism}
                yield about, self.sums[attribute, level, "score"], other


def nothing_yet(system: PointSystem, world: World, seed: int) -> Truth:
    """Return the truth about nobody, to add to."""
    ordered = ordered_bands(system.definition.bands)
    names = tuple(band.name for band in (ordered if system.higher_is == "better" else reversed(ordered)))
    return Truth(system.id, world, seed, names)


def gather(system: PointSystem, world: World, seed: int, columns: Mapping[str, NDArray[Any]]) -> Truth:
    """Return the truth of one block."""
    nobody = nothing_yet(system, world, seed)
    sums: dict[Key, Sums] = {}
    for name in (name for name in columns if name.startswith("score")):
        scores, bands = columns[name], system.band_of(columns[name])
        there = [bands == band for band in nobody.bands]
        for attribute, levels in LEVELS.items():
            for code, level in enumerate(levels):
                here = columns[attribute] == code
                counts = tuple(int((here & one).sum()) for one in there)
                if here.any():
                    sums[attribute, level, name] = (int(here.sum()), float(scores[here].sum()), counts)
    return replace(nobody, sums=sums)
