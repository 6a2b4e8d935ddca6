"""Bins by the package optbinning: the monotone cuts of the most information, found by constraint programming.

The reference: Navas-Palencia (2020), Optimal binning: mathematical programming formulation, arXiv:2001.08025.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from .extras import extra

FloatArray = NDArray[np.float64]


def number_edges(
    name: str, numbers: FloatArray, good: NDArray[np.bool_], *, min_share: float, max_bins: int
) -> tuple[float, ...]:
    """Return the upper ends of all bins but the last: the largest observed numbers below optbinning's cuts.

    Parameters
    ----------
    name, numbers, good
        The feature, its numbers without missing ones, and whether each person had the good outcome.
    min_share, max_bins
        As in :func:`fairaudit.models.woe.bins_of`.
    """
    if len(numbers) == 0 or good.all() or not good.any():
        return ()
    splits = _fitted(name, numbers, good, min_share, max_bins, dtype="numerical", monotonic_trend="auto_asc_desc")
    values = np.unique(numbers)
    places = np.searchsorted(values, np.asarray(splits, dtype=float), side="left") - 1
    return tuple(float(values[place]) for place in np.unique(places) if 0 <= place < len(values) - 1)


def category_groups(
    name: str, texts: NDArray[Any], good: NDArray[np.bool_], *, min_share: float, max_bins: int
) -> tuple[tuple[str, ...], ...]:
    """Return the labels of each bin, in optbinning's order; parameters as in :func:`number_edges`."""
    if len(texts) == 0:
        return ()
    distinct = tuple(sorted({*texts.tolist()}))
    if good.all() or not good.any() or len(distinct) == 1:
        return (distinct,)
    groups = _fitted(name, texts, good, min_share, max_bins, dtype="categorical")
    made = [tuple(sorted(str(one) for one in group)) for group in groups]
    left = tuple(one for one in distinct if not any(one in group for group in made))
    return (*made, left) if left else tuple(made)


def _fitted(
    name: str, values: NDArray[Any], good: NDArray[np.bool_], min_share: float, max_bins: int, **settings: Any
) -> list[Any]:
    optbinning = extra("optbinning", "Scorecard(binning='optbinning')")
    binning = optbinning.OptimalBinning(
        name=name, solver="cp", max_n_bins=max_bins, min_bin_size=min_share, min_prebin_size=min(0.05, min_share),
        **settings,
    )  # fmt: skip
    binning.fit(values, (~good).astype(int))
    if binning.status not in ("OPTIMAL", "FEASIBLE"):
        message = (
            f"optbinning finds no bins for feature '{name}' ({binning.status}). Give a smaller min_share, more "
            "max_bins, or binning='tree'."
        )
        raise DataContractError(message)
    return list(binning.splits)
