"""An ensemble of decision trees as flat arrays: the one form that the kernel explains.

A row goes left where ``value <= threshold``. A library that compares ``value < threshold`` is brought to that
form by the next smaller float, so that no comparison is ever approximate. Thresholds are float64 always:
rounding them moves every row that sits on one to the other side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

CELLS = 1 << 22
"""Rows x trees that are walked at once: bounds the memory of a prediction."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees laid end to end. Children are positions in the arrays; a leaf has -1 for both.

    ``roots`` holds the position of each tree's root, ``cover`` the training weight that reached each node,
    ``value`` what a leaf adds to the margin. ``single_precision`` says that the library rounds data (never
    thresholds) to float32 before it compares, as scikit-learn's own trees do.
    """

    roots: Integers
    left: Integers
    right: Integers
    feature: Integers
    threshold: Floats
    missing_left: Flags
    value: Floats
    cover: Floats
    base: float
    features: int
    single_precision: bool


def as_compared(ensemble: Ensemble, rows: Floats) -> Floats:
    """Return the rows as the library compares them with thresholds."""
    if not ensemble.single_precision:
        return np.asarray(rows, dtype=np.float64)
    return np.asarray(rows, dtype=np.float32).astype(np.float64)


def predict(ensemble: Ensemble, rows: Floats) -> Floats:
    """Return the margin of each row: the base plus the leaf it reaches in every tree."""
    compared = as_compared(ensemble, rows)
    total = np.full(len(compared), ensemble.base)
    step = max(1, CELLS // max(1, len(ensemble.roots)))
    for start in range(0, len(compared), step):
        total[start : start + step] += ensemble.value[_leaves(ensemble, compared[start : start + step])].sum(axis=1)
    return total


def _leaves(ensemble: Ensemble, compared: Floats) -> Integers:
    """Return the leaf of each row (rows) in each tree (columns)."""
    at = np.tile(ensemble.roots, (len(compared), 1))
    row = np.arange(len(compared))[:, None]
    while True:
        inner = ensemble.left[at] >= 0
        if not inner.any():
            return at
        value = compared[row, np.where(inner, ensemble.feature[at], 0)]
        goes_left = np.where(np.isnan(value), ensemble.missing_left[at], value <= ensemble.threshold[at])
        at = np.where(inner, np.where(goes_left, ensemble.left[at], ensemble.right[at]), at)


def expected_by_cover(ensemble: Ensemble) -> float:
    """Return the margin expected when every split is decided by its share of the training weight."""
    share = np.ones(len(ensemble.left))
    pending = [int(root) for root in ensemble.roots]
    total = ensemble.base
    while pending:
        node = pending.pop()
        if ensemble.left[node] < 0:
            total += float(share[node] * ensemble.value[node])
            continue
        for child in (int(ensemble.left[node]), int(ensemble.right[node])):
            share[child] = share[node] * cover_ratio(ensemble, child, node)
            pending.append(child)
    return total


def cover_ratio(ensemble: Ensemble, child: int, parent: int) -> float:
    """Return the share of a node's training weight that goes to one of its children."""
    whole = ensemble.cover[parent]
    return float(ensemble.cover[child] / whole) if whole > 0 else 0.0
