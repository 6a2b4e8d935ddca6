"""What each mechanism did to each group: sums over the people themselves, so there is nothing to estimate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import ordered_bands
from ..ledger import STAMP
from ..point_system import PointSystem
from .reach import Done, Reach, reach_frame
from .roles import levels_of
from .world import LEVELS, World

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, str, str]
Sums = tuple[int, int, float, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Truth:
    """Exact sums by attribute, level and way of scoring; ``+`` puts blocks together.

    ``sums`` holds, for (attribute, level, column of a score), the people, how many of them have a score, the sum of
    the scores, and how many are in each of ``bands``, the worst first. Blocks are added in their order, so the sums
    do not depend on how many are made at a time.
    """

    system: str
    world: World
    seed: int
    bands: tuple[str, ...]
    sums: Mapping[Key, Sums] = field(default_factory=dict)
    stamp: str = STAMP
    incomes: Mapping[Key, tuple[int, int]] = field(default_factory=dict)
    """With feedback: for the keys of ``sums``, the people and the sum of their incomes in the last year, in yuan."""
    reach: Mapping[Done, Reach] = field(default_factory=dict)
    """By event and role, for systems of events."""

    def __add__(self, other: Truth) -> Truth:
        """Return the truth of both people's together."""
        made = dict(self.sums)
        nothing: Sums = (0, 0, 0.0, (0,) * len(self.bands))
        for key, (people, scored, total, counts) in other.sums.items():
            n, before_scored, score, before = made.get(key, nothing)
            together = tuple(one + more for one, more in zip(before, counts, strict=True))
            made[key] = (n + people, before_scored + scored, score + total, together)
        both = {name: self.reach.get(name, Reach()) + more for name, more in other.reach.items()}
        incomes = dict(self.incomes)
        for key, (people, income) in other.incomes.items():
            n, before_income = incomes.get(key, (0, 0))
            incomes[key] = (n + people, before_income + income)
        return replace(self, sums=made, incomes=incomes, reach={**self.reach, **both})

    def reach_to_frame(self) -> pd.DataFrame:
        """Return one row an event that makes the score worse: does the system reach those who did it?

        ``people_who_did`` did it at least once in all years, ``acts`` times in all. ``share_of_acts_seen`` of the acts
        were seen or reported, and ``share_of_acts_on_record`` are on record on who did them. ``share_on_record`` of
        the people are on record for it, and ``share_in_worst_band`` of them are in the worst band at the end;
        ``on_record_without`` people are on record for it and never did it. The last row is for people who did nothing
        of the kind. Each share has a 95% interval, as if people were independent (with ``network`` they are not).

        Where the system has roles there is a row an event and role, and ``in_worst_band_less_ordinary`` sets people
        who did it against ordinary people who did anything that makes the score worse, with the interval of Miettinen
        and Nurminen. For systems of events; those that weight inputs have no row.
        """
        return reach_frame(self.reach)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group and mechanism: how it moved the mean score and the share in the worst band.

        ``mechanism`` "all" is the difference between the world as it is and one without any mechanism; each other row
        is the difference that the mechanism makes in the world as it is. Mechanisms interact, so they need not add up
        to "all". Means are over those who have a score; shares are of all people of the group, and where somebody has
        no score there are columns for the share who have one. With feedback ``mean_income`` is that of the last year,
        in yuan, and ``effect_on_mean_income`` what the mechanism did to it through consequences.
        """
        import pandas as pd

        rows = []
        somebody_without = any(one[1] < one[0] for one in self.sums.values())
        for about, now, other in self._pairs():
            people = now[0]
            row = {**about, "people": people, "mean_score": _mean(now),
                   "effect_on_mean_score": _moved(now, other)}  # fmt: skip
            if self.bands:
                row["share_in_worst_band"] = now[3][0] / people
                row["effect_on_share_in_worst_band"] = (now[3][0] - other[3][0]) / people
            if somebody_without:
                row["share_with_score"] = now[1] / people
                row["effect_on_share_with_score"] = (now[1] - other[1]) / people
            if self.incomes:
                row |= self._income(about["attribute"], about["level"], about["mechanism"])
            rows.append(row)
        return pd.DataFrame(rows)

    def _income(self, attribute: str, level: str, mechanism: str) -> dict[str, float]:
        way = "score_equal" if mechanism == "all" else f"score_without_{mechanism}"
        (people, now), (_, other) = self.incomes[attribute, level, "score"], self.incomes[attribute, level, way]
        return {"mean_income": now / people, "effect_on_mean_income": (now - other) / people}

    def bands_to_frame(self) -> pd.DataFrame:
        """Return one row a group, mechanism and band: the share of the group in it, and how the mechanism moved it."""
        import pandas as pd

        rows = [
            {**about, "people": now[0], "band": band, "share": now[3][at] / now[0],
             "effect_on_share": (now[3][at] - other[3][at]) / now[0]}
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


def _mean(sums: Sums) -> float:
    return sums[2] / sums[1] if sums[1] else float("nan")


def _moved(now: Sums, other: Sums) -> float:
    """Return the difference of means; of sums first where the same number has a score, which loses no digit."""
    return (now[2] - other[2]) / now[1] if now[1] == other[1] != 0 else _mean(now) - _mean(other)


def nothing_yet(system: PointSystem, world: World, seed: int) -> Truth:
    """Return the truth about nobody, to add to."""
    ordered = ordered_bands(system.definition.bands)
    names = tuple(band.name for band in (ordered if system.higher_is == "better" else reversed(ordered)))
    return Truth(system.id, world, seed, names)


def incomes_of(world: World) -> dict[str, str]:
    """Return the columns of incomes in the last year, each with its score's; none without feedback.

    Without any mechanism, and without feedback, people have the ``income`` that they would have without the system.
    """
    if not world.feedback:
        return {}
    others = (name for name in world.active if name != "feedback")
    return {"income_last_year": "score",
            **{f"income_last_year_without_{name}": f"score_without_{name}" for name in others}}  # fmt: skip


def gather(
    system: PointSystem, world: World, seed: int, columns: Mapping[str, NDArray[Any]], reach: Mapping[Done, Reach]
) -> Truth:
    """Return the truth of one block."""
    nobody = nothing_yet(system, world, seed)
    sums: dict[Key, Sums] = {}
    incomes: dict[Key, tuple[int, int]] = {}
    roles = levels_of(system)
    attributes = {**LEVELS, **({"role": roles} if roles else {})}
    earned = {score: column for column, score in incomes_of(world).items()}
    for name in ("score", "score_equal", *(f"score_without_{one}" for one in world.active)):
        scores, bands = columns[name], system.band_of(columns[name])
        there = [bands == band for band in nobody.bands]
        for attribute, levels in attributes.items():
            for code, level in enumerate(levels):
                here = columns[attribute] == code
                counts = tuple(int((here & one).sum()) for one in there)
                if here.any():
                    if world.feedback:
                        income = columns[earned.get(name, "income")]
                        incomes[attribute, level, name] = int(here.sum()), int(income[here].sum())
                    scored = here & ~np.isnan(scores)
                    sums[attribute, level, name] = (
                        int(here.sum()), int(scored.sum()), float(scores[scored].sum()), counts
                    )  # fmt: skip
    return replace(nobody, sums=sums, incomes=incomes, reach=reach)
