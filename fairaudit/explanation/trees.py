"""An ensemble of decision trees as flat arrays: the one form that the kernel explains.

A row goes left where ``value <= threshold``. A library that compares ``value < threshold`` is brought to that
form by the next smaller float, so that no comparison is ever approximate. Thresholds are float64 always:
rounding them moves every row that sits on one to the other side. A split on categories holds the codes that go
left as bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.uint64]

ZERO = float(np.float32(1e-35))
"""What LightGBM takes for zero."""


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
    category_start: Integers
    """Where a node's bits begin in ``words``; -1 for a split on numbers."""
    category_words: Integers
    """How many words of bits a node has."""
    unknown_left: Flags
    """Whether a category beyond the node's bits goes left."""
    words: Words
    base: float
    features: int
    single_precision: bool
    missing_value: float = np.nan
    """A number that means "missing", beside NaN."""
    zero_missing: tuple[int, ...] = ()
    """Columns whose zeros mean "missing"."""
    tiny_is_zero: bool = False
    """Whether the library takes numbers nearer to zero than 1e-35 for zero."""


def joined(
    trees: Sequence[Mapping[str, Any]],
    base: float,
    features: int,
    *,
    single_precision: bool,
    missing_value: float = np.nan,
    zero_missing: tuple[int, ...] = (),
    tiny_is_zero: bool = False,
) -> Ensemble:
    """Lay trees end to end; children that were positions in a tree become positions in the whole.

    Each tree maps ``left``, ``right``, ``feature``, ``threshold``, ``missing_left``, ``value`` and ``cover`` to one
    entry a node. A tree with splits on categories adds ``unknown_left`` and ``codes_left``: position of the node to
    the codes that go left.
    """
    sizes = [len(tree["left"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)

    def all_of(name: str, kind: Any) -> Any:
        return np.concatenate([np.asarray(tree[name], dtype=kind) for tree in trees])

    def children(name: str) -> Any:
        parts = [np.asarray(tree[name], dtype=np.int64) for tree in trees]
        return np.concatenate([np.where(part < 0, -1, part + root) for part, root in zip(parts, roots, strict=True)])

    left = children("left")
    starts, many, unknown = np.full(len(left), -1), np.zeros(len(left)), np.zeros(len(left))
    words: list[int] = []
    for tree, root in zip(trees, roots.tolist(), strict=True):
        for node, codes in tree.get("codes_left", {}).items():
            bits = _bits_of(codes)
            starts[root + node], many[root + node] = len(words), len(bits)
            unknown[root + node] = tree["unknown_left"][node]
            words.extend(bits)
    return Ensemble(
        roots=roots,
        left=left,
        right=children("right"),
        feature=all_of("feature", np.int64),
        threshold=all_of("threshold", np.float64),
        missing_left=all_of("missing_left", np.bool_),
        value=all_of("value", np.float64),
        cover=all_of("cover", np.float64),
        category_start=starts.astype(np.int64),
        category_words=many.astype(np.int64),
        unknown_left=unknown.astype(np.bool_),
        words=np.array(words, dtype=np.uint64),
        base=base,
        features=features,
        single_precision=single_precision,
        missing_value=missing_value,
        zero_missing=zero_missing,
        tiny_is_zero=tiny_is_zero,
    )


def _bits_of(codes: Any) -> list[int]:
    """Return the words of a boolean array: whether each code goes left."""
    flags = np.asarray(codes, dtype=np.bool_)
    padded = np.zeros(-(-max(1, len(flags)) // 64) * 64, dtype=np.bool_)
    padded[: len(flags)] = flags
    packed = np.packbits(padded, bitorder="little").view("<u8")
    return [int(word) for word in packed]


def as_compared(ensemble: Ensemble, rows: Floats) -> Floats:
    """Return the rows as the library compares them with thresholds."""
    compared = np.asarray(rows, dtype=np.float64)
    if ensemble.single_precision:
        with np.errstate(over="ignore"):
            compared = compared.astype(np.float32).astype(np.float64)
    if not np.isnan(ensemble.missing_value):
        compared = np.where(compared == ensemble.missing_value, np.nan, compared)
    if ensemble.tiny_is_zero:
        compared = np.where(np.abs(compared) <= ZERO, 0.0, compared)
    for column in ensemble.zero_missing:
        compared[compared[:, column] == 0.0, column] = np.nan
    return compared


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
