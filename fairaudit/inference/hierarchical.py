"""False discovery rate control over a tree of hypotheses: whole branches first, then what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError
from .counts import check_share
from .multiplicity import benjamini_hochberg

Tree: TypeAlias = "NDArray[np.float64] | Sequence[Tree]"
"""p-values of one family of leaves, or the branches of a node."""
Chosen: TypeAlias = "NDArray[np.bool_] | list[Chosen]"
"""The same shape as the tree, True where a leaf is selected."""


def simes(p: ArrayLike) -> float:
    """Return one p-value for "all of these hypotheses are true": the least of m p(i) / i over the ordered p.

    Parameters
    ----------
    p
        p-values of one family, shape [m]; NaN (not tested) is not counted.

    Returns
    -------
    float
        NaN where nothing was tested.

    Raises
    ------
    UndefinedMetricError
        If ``p`` is not one row of numbers between 0 and 1.

    Notes
    -----
    Source: Simes (1986), Biometrika 73.

    Examples
    --------
    >>> round(simes([0.01, 0.04, 0.9]), 3)  # least of 3 x 0.01, 3 x 0.04 / 2, 0.9
    0.03
    """
    adjusted = benjamini_hochberg(p)
    tested = adjusted[~np.isnan(adjusted)]
    return float(tested.min()) if len(tested) else float("nan")


def tree_select(tree: Tree, *, level: float = 0.05) -> Chosen:
    """Select leaves of a tree of hypotheses so that few of what is selected, at each height of the tree, is false.

    A node's p-value is the Simes p of its branches. From the root downwards, the branches of a selected node are
    one family for Benjamini-Hochberg, at the level times the share that was selected in each family above it: the
    fewer of its neighbours were selected, the more a branch must show.

    Parameters
    ----------
    tree
        Nested sequences, with arrays of p-values at the bottom; NaN is not tested and not selected.
    level
        Level of the false discovery rate.

    Returns
    -------
    nested lists of arrays
        Of the shape of the tree: True where a leaf is selected.

    Raises
    ------
    UndefinedMetricError
        If a p-value or the level is outside its range, or the tree is a bare number.

    Notes
    -----
    The expected average of the false discovery proportion over the selected families is at most the level, at each
    height. Source: Bogomolov, Peterson, Benjamini & Sabatti (2021), Biometrika 108:575-590, Hypotheses on a tree;
    Benjamini & Bogomolov (2014), JRSS B 76:297-318 (two levels).

    Examples
    --------
    >>> tree_select([np.array([0.001, 0.6]), np.array([0.03, 0.8])], level=0.05)
    [array([ True, False]), array([False, False])]
    """
    check_share(level, "level")
    return _select(tree, level, open_=True)


def _select(tree: Tree, level: float, *, open_: bool) -> Chosen:
    if isinstance(tree, np.ndarray):
        adjusted = benjamini_hochberg(tree)  # also where the branch is closed: wrong p-values are an error anywhere
        with np.errstate(invalid="ignore"):
            return np.asarray(adjusted <= level) if open_ else np.zeros(tree.shape, dtype=bool)
    adjusted = benjamini_hochberg(np.array([node_p(branch) for branch in tree], dtype=np.float64))
    with np.errstate(invalid="ignore"):
        selected = (adjusted <= level) & open_
    tested = int((~np.isnan(adjusted)).sum())
    below = level * selected.sum() / max(1, tested)
    return [_select(branch, below, open_=bool(yes)) for branch, yes in zip(tree, selected, strict=True)]


def node_p(tree: Tree) -> float:
    """Return the Simes p of a node, made of the Simes p of its branches.

    Examples
    --------
    >>> round(node_p([np.array([0.001, 0.6]), np.array([0.03, 0.8])]), 4)
    0.004
    """
    if isinstance(tree, (int, float)):
        message = f"A tree of hypotheses ends in arrays of p-values, got the number {tree!r}."
        raise UndefinedMetricError(message)
    if isinstance(tree, np.ndarray):
        return simes(tree)
    return simes(np.array([node_p(branch) for branch in tree], dtype=np.float64))
