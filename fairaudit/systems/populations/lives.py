"""Years of a block's people in each way of being: conduct, records, scores, and what a band does to the next year."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..checks import ordered_bands
from ..point_system import PointSystem
from .circumstances import grades_taken, income_after
from .records import Block, Draws, Flags, Floats, Integers, Recorded, Scene, done_by, joined, year_of
from .scales import Scale, Standing, reasons_of
from .streams import uniforms


@dataclass(frozen=True, slots=True)
class Life:
    """What became of a block's people in one way of being."""

    recorded: Recorded
    standing: Standing
    worst_years: NDArray[np.int8]
    """At the end of how many years each was in the worst band."""
    worst_before: Flags
    """Who was at the end of the last year but one."""
    strained: Flags
    """Who was at the end of the last."""
    income: Integers
    """In the last year."""
    taken: Integers
    """The grades of severity of what costs each income in the year after the last; nothing without feedback."""


def worst_edge(system: PointSystem) -> float:
    """Return the end of the worst band, on the better side of it; NaN where a system has no bands."""
    edges = [band.at_least.value for band in ordered_bands(system.definition.bands) if band.at_least is not None]
    if not edges:
        return float("nan")
    return min(edges) if system.higher_is == "better" else max(edges)


def live(
    system: PointSystem, scene: Scene, scale: Scale, block: Block, ways: Sequence[Collection[str]], income: Integers
) -> list[Life]:
    """Return the lives of a block's people for each way, a set of mechanisms that are on.

    Bands at the end of each year are worked out where they matter: in the first way, which is told, and where they
    strain people, take their income or colour ratings. Elsewhere those of the years before the last are left empty.
    ``income`` is what each would have without the system.
    """
    drawn = uniforms(block.seed, "coverage", 0, block.place, (block.number,))
    made: list[Life | None] = [None] * len(ways)
    for year in range(scene.world.years):
        draws = Draws(block, year, len(scene.events.events))
        for place, on in enumerate(ways):
            told = place == 0 or scale.yearly or "feedback" in on or year == scene.world.years - 1
            made[place] = _one_year(system, scene, scale, draws, on, made[place], drawn, income, told=told)
    return [one for one in made if one is not None]


def _one_year(
    system: PointSystem, scene: Scene, scale: Scale, draws: Draws, on: Collection[str], before: Life | None,
    drawn: Floats, usual: Integers, *, told: bool,
) -> Life:  # fmt: skip
    number = draws.block.number
    recorded = year_of(scene, draws, on, None if before is None else before.strained)
    if before is None:
        nobody, none_taken = np.zeros(number, dtype=bool), np.zeros(number, dtype=np.int64)
        nothing = Standing(np.full(number, np.nan), np.full(number, -1, dtype=np.int8), {})
        before = Life(recorded, nothing, np.zeros(number, dtype=np.int8), nobody, nobody, usual, none_taken)
        standing_before = None
    else:
        recorded = joined(before.recorded, recorded)
        standing_before = before.standing.scores
    if not told:
        return replace(before, recorded=recorded)
    income = income_after(usual, before.taken, scene.world.feedback) if "feedback" in on else usual
    standing = _covered(system, scene, scale.at(recorded, draws.year, on, standing_before, income), on, drawn)
    edge = worst_edge(system)
    with np.errstate(invalid="ignore"):
        worst = standing.scores < edge if system.higher_is == "better" else standing.scores >= edge
    years = (before.worst_years + worst).astype(np.int8)
    taken = grades_taken(system, standing.scores, recorded, draws.year) if "feedback" in on else before.taken
    return Life(recorded, standing, years, before.strained, worst, income, taken)


def _covered(system: PointSystem, scene: Scene, standing: Standing, on: Collection[str], drawn: Floats) -> Standing:
    """Return the scores of those who are covered."""
    share = np.full(len(drawn), scene.world.coverage)
    if "coverage_gap" in on:
        share[scene.group] -= scene.world.coverage_gap
    left_out = (drawn >= share) & (standing.reason < 0)
    if not left_out.any():
        return standing
    reason = np.where(left_out, len(reasons_of(system)) - 1, standing.reason).astype(np.int8)
    return Standing(np.where(left_out, np.nan, standing.scores), reason, standing.inputs)


def breaks_next(scene: Scene, block: Block, on: Collection[str], strained: Flags) -> Flags:
    """Return who does what makes a score worse in the year after the last: the outcome that a score should foretell."""
    draws = Draws(block, scene.world.years, len(scene.events.events))
    bad = scene.bad
    return np.asarray(done_by(scene, draws, on, bad, strained)[:, bad].any(axis=1))
