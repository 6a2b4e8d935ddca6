"""Bands over all groups and cut-offs where people carry weights or come in clusters.

As in :mod:`fairaudit.inference.simultaneous`, the largest studentised statistic of the family is drawn; here from the
normal law with the covariance over cut-offs that linearised weights, or the replicates of clusters, give.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .counts import BoolArray, FloatArray
from .simultaneous import BAND_DRAWS, ENOUGH

Paths = Callable[[int], FloatArray]
"""The number of a group -> draws of how far its rates move [draw, cutoff]."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Rates of groups over cut-offs with their standard errors and effective people, each [cutoff, group]."""

    rate: FloatArray
    error: FloatArray
    people: FloatArray

    @property
    def selected(self) -> FloatArray:
        """Effective people selected."""
        return np.asarray(np.nan_to_num(self.rate) * self.people)

    @property
    def enough(self) -> BoolArray:
        """Where the normal law serves: effective people on both sides."""
        counted = self.selected
        return np.asarray((np.minimum(counted, self.people - counted) >= ENOUGH) & (self.error > 0))


def weighted_paths(weights: FloatArray, squares: FloatArray, *, rng: np.random.Generator, draws: int) -> FloatArray:
    """Draw how far the rates of one weighted group move at every cut-off [draw, cutoff].

    Parameters
    ----------
    weights, squares
        Sums of weights and of squared weights [step]: the people between one cut-off and the next, from those whom
        no cut-off selects to those whom every one does.
    rng
        Generator.
    draws
        How many.

    Notes
    -----
    The covariance of the rates at two cut-offs is that of the linearised sums, sum w^2 (1 - p)(1 - q) and so on over
    W^2: independent normal steps with variances sum w^2, less the rate times their total.
    Source: Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, 5.5.
    """
    total = weights.sum()
    if not total > 0:
        return np.zeros((draws, len(weights) - 1), dtype=np.float32)
    moved = rng.standard_normal((draws, len(weights)), dtype=np.float32)
    moved *= (np.sqrt(np.maximum(squares, 0.0)) / total).astype(np.float32)
    below = np.cumsum(moved, axis=1)
    share = (np.cumsum(weights)[:-1] / total).astype(np.float32)
    return np.asarray(share * below[:, -1:] - below[:, :-1])


def replicate_paths(moves: FloatArray, *, rng: np.random.Generator, draws: int, freedom: FloatArray) -> Paths:
    """Return draws of how far rates of clusters move: mixtures of the replicates' moves, the same for all groups.

    Parameters
    ----------
    moves
        [replicate, cutoff, group].
    rng
        Generator.
    draws
        How many.
    freedom
        Degrees of freedom of each group's variances: each group's path is stretched as t is beyond the normal.
    """
    mixed = rng.standard_normal((draws, len(moves)), dtype=np.float32) / np.float32(np.sqrt(len(moves)))
    small = moves.astype(np.float32)
    many = np.maximum(np.nan_to_num(freedom, nan=1.0), 1.0)
    chance = np.sqrt(rng.chisquare(many, (draws, len(many))) / many).astype(np.float32)

    def paths(group: int) -> FloatArray:
        return np.asarray((mixed @ small[:, :, group]) / chance[:, group, None])

    return paths


def largest_of_paths(
    paths: Paths, curve: Curve, *, reference: int | None, draws: int = BAND_DRAWS
) -> tuple[FloatArray, FloatArray]:
    """Return sorted draws of the largest statistic over groups and cut-offs: of the rates, and of the log ratios.

    Parameters
    ----------
    paths
        Draws of how far each group's rates move.
    curve
        Rates, standard errors and effective people.
    reference
        The group that ratios are taken to; None for rates alone.
    draws
        How many draws the paths have.
    """
    rates, ratios = np.zeros(draws), np.zeros(draws)
    enough = curve.enough
    theirs = paths(reference) if reference is not None else None
    for group in range(curve.rate.shape[1]):
        mine = theirs if group == reference and theirs is not None else paths(group)
        use = enough[:, group]
        if use.any():
            np.maximum(rates, np.abs(mine[:, use] / curve.error[use, group]).max(axis=1), out=rates)
        if theirs is None or reference is None or group == reference:
            continue
        use = use & enough[:, reference]
        if use.any():
            gap = mine[:, use] / curve.rate[use, group] - theirs[:, use] / curve.rate[use, reference]
            # The spread of the draws themselves, so that what two groups have in common counts.
            spread = np.sqrt((gap**2).mean(axis=0))
            np.maximum(ratios, np.abs(gap / np.where(spread > 0, spread, np.inf)).max(axis=1), out=ratios)
    return np.sort(rates), np.sort(ratios) if reference is not None else np.zeros(0)
