"""Files of people whose system weights inputs: what a bureau would hold of them, from conduct and circumstances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..format import Input, WeightedSystem
from .records import Block, Floats, Recorded, Scene
from .streams import uniforms

YEARS_OF_A_FILE = 3
"""Records are counted as so many in three years."""


@dataclass(frozen=True, slots=True)
class Nature:
    """What an input of a file goes with, as weights of standardized parts; the rest of its variance is chance."""

    conduct: float = 0.0
    """What is recorded of the person; nothing else of these can be moved by a mechanism."""
    habits: float = 0.0
    """How seldom the person breaks a promise in truth."""
    means: float = 0.0
    age: float = 0.0
    thickness: float = 0.0
    relatives: float = 0.0
    """Means of a relative, and what is recorded of them."""


USUAL = Nature(conduct=0.5, habits=0.4, means=0.2)
NATURES: Mapping[str, Nature] = MappingProxyType(
    {
        "on_time_share": Nature(conduct=0.8, habits=0.3),
        "share_of_limit_used": Nature(habits=0.5, means=0.4),
        "history_months": Nature(age=0.6, thickness=0.5),
        "new_accounts": Nature(habits=0.4, age=0.2),
        "kinds_of_credit": Nature(means=0.5, thickness=0.4),
        "history": Nature(conduct=0.6, habits=0.3, thickness=0.3),
        "fulfilment": Nature(means=0.7, habits=0.3),
        "behaviour": Nature(conduct=0.3, habits=0.3, means=0.3),
        "identity": Nature(thickness=0.6, means=0.2),
        "connections": Nature(relatives=0.9),
        "oldest_card_months": Nature(age=0.6, thickness=0.4),
        "address_months": Nature(age=0.5),
        "account_enquiries": Nature(habits=0.4),
        "longest_loan_months": Nature(means=0.3),
        "shop_enquiries": Nature(habits=0.3),
        "oldest_account_months": Nature(age=0.6, thickness=0.4),
        "mortgage": Nature(means=0.6, age=0.3),
        "instalment_loans": Nature(means=0.4, habits=0.3),
        "loans_in_order": Nature(conduct=0.9),
        "identity_checked": Nature(thickness=0.5),
        "newest_line_months": Nature(age=0.3, habits=0.2),
        "payment_defaults": Nature(conduct=0.9),
    }
)
"""The inputs of the systems that come along; any other is of the usual nature. All stylised."""

NO_DATA, NO_HISTORY = 500 / 1300, 1 - 320 / 1300
"""Shares of people below which there are no data and no credit history, by the account: 500 million of 1.3 billion have
no data, 320 million a credit history."""

ENROLLED = 400 / 1300
"""The share of people who enrolled, by the account: 400 million users; of 1.3 billion."""


def columns_of_files(
    system: WeightedSystem, scene: Scene, block: Block, people: Mapping[str, NDArray[Any]], recorded: Recorded,
    year: int, on: Collection[str],
) -> dict[str, Floats]:  # fmt: skip
    """Return the columns that a system reads, at the end of a year."""
    parts = _parts(scene, block, people, recorded, year)
    thin = 0.5 * (1 - ndtr(parts["thickness"]))
    if "thin_files" in on:
        thin = np.where(scene.group, 1 - (1 - thin) * (1 - scene.world.thin_files), thin)
    made: dict[str, Floats] = {}
    for one in system.inputs:
        if one.id in ("age", "income"):
            made[one.id] = people[one.id].astype(np.float64)
        else:
            quality = _quality(NATURES.get(one.id, USUAL), parts, thin, _normal(block, f"file/{one.id}"))
            # Ranks compare people with the middle of a table of norms; other scores are better than the middle of
            # their range for most people.
            made[one.id] = _value(one, ndtr(quality + (0.0 if system.norm is not None else 0.5)))
    for rule in system.unscored:
        made[rule.column] = _gate(rule.column, rule.below, parts, block, made)
    return made


def _normal(block: Block, name: str) -> Floats:
    drawn = uniforms(block.seed, name, 0, block.place, (block.number,))
    return np.asarray(ndtri(np.clip(drawn, 1e-12, 1 - 1e-12)))


def _parts(
    scene: Scene, block: Block, people: Mapping[str, NDArray[Any]], recorded: Recorded, year: int
) -> dict[str, Floats]:
    """Return the standardized parts of inputs, fixed in their scale so that nobody's depend on who else is there."""
    count = np.bincount(recorded.person, minlength=block.number)
    conduct = 0.6 - 1.5 * np.minimum(count * YEARS_OF_A_FILE / (year + 1), 4.0)
    means = (np.log(people["income"]) - 10.4) / 0.75
    age = (people["age"].astype(np.float64) - 45) / 18
    thickness = 0.5 * means + 0.25 * age + 0.83 * _normal(block, "file/thickness")
    tendency = np.ones(block.number) if scene.tendency is None else scene.tendency
    relatives = 0.7 * means[scene.relative] + 0.7 * conduct[scene.relative]
    return {"conduct": conduct, "habits": -np.log(tendency) - 0.5, "means": means, "age": age,
            "thickness": thickness, "relatives": relatives}  # fmt: skip


def _quality(nature: Nature, parts: Mapping[str, Floats], thin: Floats, noise: Floats) -> Floats:
    weights = {name: getattr(nature, name) for name in parts}
    signal = np.sum([weight * parts[name] for name, weight in weights.items()], axis=0)
    kept = 1 - thin
    explained = min(sum(weight**2 for weight in weights.values()), 0.95)
    return np.asarray(kept * signal + np.sqrt(1 - kept**2 * explained) * noise)


def _value(one: Input, quality: Floats) -> Floats:
    """Return the value of an input whose holders are so good, from 0 to 1."""
    if one.worst is not None and one.best is not None:
        span = one.best.value - one.worst.value
        return np.asarray(np.round(one.worst.value + span * quality, 0 if abs(span) >= 4 else 2))
    edges = [step.below for step in one.steps if step.below is not None]
    middles = [edge - 1 if place == 0 else (edges[place - 1] + edge) / 2 for place, edge in enumerate(edges)]
    values = np.array([*middles, edges[-1]] if edges else [0.0])
    by_points = np.argsort([step.points for step in one.steps], kind="stable")
    chosen = by_points[np.minimum((quality * len(values)).astype(np.int64), len(values) - 1)]
    return np.asarray(np.floor(values[chosen]))


def _gate(column: str, below: float, parts: Mapping[str, Floats], block: Block, made: Mapping[str, Floats]) -> Floats:
    """Return the column that says whether somebody has a score at all."""
    share = ndtr(parts["thickness"])
    if column == "financial_records":
        return np.where(share < NO_DATA, 0.0, np.floor(1 + 20 * share))
    if column == "history_months":
        short = np.floor(below * np.clip((share - NO_DATA) / (NO_HISTORY - NO_DATA), 0, 0.99))
        return np.where(share < NO_HISTORY, short, np.maximum(made[column], below))
    if column == "enrolled":
        keen = 0.4 * parts["means"] - 0.4 * parts["age"] + 0.82 * _normal(block, "file/enrolled")
        return (ndtr(keen) >= 1 - ENROLLED).astype(np.float64)
    usual = made.get(column, np.full(block.number, below + 1))
    return np.where(share < 0.1, below - 1, np.maximum(usual, below))
