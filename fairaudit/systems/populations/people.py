"""Who the people of a block are: inverse distribution functions of uniforms, one stream an attribute. Stylised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from .streams import uniforms
from .world import LEVELS

Codes = NDArray[np.int8]

AGES = ((0.0, 18), (0.35, 35), (0.7, 55), (0.95, 75), (1.0, 95))
"""Shares of people, and the age below which they are."""


def people_of(seed: int, block: int, number: int) -> dict[str, NDArray[Any]]:
    """Return the circumstances of a block's people: codes of levels, age in years and income in yuan a year."""

    def draw(name: str) -> NDArray[np.float64]:
        return uniforms(seed, f"people/{name}", 0, block, (number,))

    sex = (draw("sex") >= 0.5).astype(np.int8)
    ethnicity = (draw("ethnicity") >= 0.9).astype(np.int8)
    region = np.minimum(draw("region") * 4, 3).astype(np.int8)
    rural = draw("registration") < np.array([0.35, 0.3, 0.4, 0.6])[region] + 0.15 * ethnicity
    shares, ages = np.array(AGES).T
    age = np.interp(draw("age"), shares, ages).astype(np.int16)
    schooled = draw("education") - 0.2 * rural - 0.004 * np.maximum(age - 40, 0)
    education = np.digitize(schooled, [0.15, 0.65]).astype(np.int8)
    normal = ndtri(np.clip(draw("income"), 1e-12, 1 - 1e-12))
    log_income = 10.3 + 0.35 * education - 0.45 * rural - 0.1 * (sex == 0) + 0.6 * normal
    return {
        "sex": sex,
        "age": age,
        "ethnicity": ethnicity,
        "registration": rural.astype(np.int8),
        "region": region,
        "education": education,
        "income": np.rint(np.exp(log_income)).astype(np.int64),
    }


def members(people: dict[str, NDArray[Any]], group: tuple[str, str]) -> NDArray[np.bool_]:
    """Return who is of a group."""
    attribute, level = group
    return np.asarray(people[attribute] == LEVELS[attribute].index(level))


def families_of(seed: int, block: int, people: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Return each person's family, a number within the block: up to four people of one region, registration, ethnicity.

    Families stay within a block, and are made of its people in a random order of their own.
    """
    number = len(people["sex"])
    place = uniforms(seed, "people/family", 0, block, (number, 2))
    kind = (people["region"].astype(np.int64) * 2 + people["registration"]) * 2 + people["ethnicity"]
    order = np.lexsort((place[:, 0], kind))
    begins = place[order, 1] < 0.4
    begins[:1] = True
    begins[1:] |= kind[order][1:] != kind[order][:-1]
    # Nobody is further than three places from the first of a family: longer runs are cut.
    first = np.maximum.accumulate(np.where(begins, np.arange(number), 0))
    begins |= (np.arange(number) - first) % 4 == 0
    made = np.empty(number, dtype=np.int64)
    made[order] = np.cumsum(begins) - 1
    return made


def relatives_of(family: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one relative of each person, the next of the family and for the last the first; oneself if alone."""
    order = np.argsort(family, kind="stable")
    sizes = np.bincount(family)
    begin = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    within = np.arange(len(family)) - begin[family[order]]
    following = begin[family[order]] + (within + 1) % sizes[family[order]]
    made = np.empty(len(family), dtype=np.int64)
    made[order] = order[following]
    return made
