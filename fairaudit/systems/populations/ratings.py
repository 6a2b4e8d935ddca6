"""Everyone rates everyone: a year's ratings of the people met, coloured by how they stood before. Fiction."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from scipy.special import ndtri

from .records import FIRST_YEAR, Block, Floats, Recorded, Scene
from .streams import uniforms

RATINGS = ("rated_by_all", "rated_by_the_high", "friends_score", "ratings")
"""The columns of a system whose people rate one another."""

MET = 12
"""How many people each person is rated by in a year."""

FRIENDS = 6
ALONE = 0.03
"""The share of people whom nobody rates in a year."""

MIDDLE = 3.0
SPREAD = 0.9
"""How much people differ in how they please others; before the first year they stand as they please."""


def ratings_of(
    scene: Scene, block: Block, recorded: Recorded, year: int, on: Collection[str], before: Floats | None, high: float
) -> dict[str, Floats]:
    """Return each person's mean ratings in a year.

    A rating falls with what is recorded of the person in that year. With the network on, so much of the person's last
    standing, counted from the middle, is added to it: who was popular is rated as popular.
    """
    number = block.number
    charm = SPREAD * _normal(block, "ratings/charm", 0, 1)[:, 0]
    standing = np.clip(MIDDLE + charm, 0, 5) if before is None else np.nan_to_num(before, nan=MIDDLE)
    first = np.datetime64(f"{FIRST_YEAR + year}-01-01", "D")
    records = np.bincount(recorded.person[recorded.day >= first], minlength=number)
    popular = scene.world.network * (standing - MIDDLE) if "network" in on else np.zeros(number)
    deserved = MIDDLE + 0.4 + charm - 1.2 * records + popular
    given = np.clip(deserved[:, None] + 0.8 * _normal(block, "ratings/taste", year, MET), 0, 5)
    raters = _raters(block, year)
    counts = np.full(number, MET)
    if "thin_files" in on:
        counts[scene.group] = max(1, round(MET * (1 - scene.world.thin_files)))
    counted = np.arange(MET) < counts[:, None]
    lofty = counted & (standing[raters] >= high)
    alone = uniforms(block.seed, "ratings/alone", year, block.place, (number,)) < ALONE
    return {
        "rated_by_all": _mean(given, counted),
        "rated_by_the_high": _mean(given, lofty),
        "friends_score": standing[_friends(scene, block)].mean(axis=1),
        "ratings": np.where(alone, 0.0, counts),
    }


def _normal(block: Block, name: str, year: int, columns: int) -> Floats:
    drawn = uniforms(block.seed, name, year, block.place, (block.number, columns))
    return np.asarray(ndtri(np.clip(drawn, 1e-12, 1 - 1e-12)))


def _mean(given: Floats, counted: np.ndarray) -> Floats:
    """Return the mean of the ratings that count; NaN where none does."""
    number = counted.sum(axis=1)
    total = np.where(counted, given, 0.0).sum(axis=1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _raters(block: Block, year: int) -> np.ndarray:
    """Return who rates each person [people, MET]: in each round everybody rates the next of a random ring."""
    drawn = uniforms(block.seed, "ratings/meeting", year, block.place, (block.number, MET))
    made = np.empty(drawn.shape, dtype=np.int64)
    for at in range(MET):
        ring = np.argsort(drawn[:, at], kind="stable")
        made[ring, at] = np.roll(ring, 1)
    return made


def _friends(scene: Scene, block: Block) -> np.ndarray:
    """Return each person's friends [people, FRIENDS]: mostly of one's own side of the group."""
    drawn = uniforms(block.seed, "ratings/friends", 0, block.place, (block.number,))
    ring = np.lexsort((drawn, scene.group))
    made = np.empty((block.number, FRIENDS), dtype=np.int64)
    for at, step in enumerate([*range(1, FRIENDS // 2 + 1), *range(-(FRIENDS // 2), 0)]):
        made[ring, at] = np.roll(ring, step)
    return made
