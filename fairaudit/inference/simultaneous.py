"""Sure of many things at once: every pair where the data chose the reference, every group at every cut-off.

Two methods, by the counts. Where each side expects at least 10 people the largest studentised statistic of the
family is drawn, so that its correlations count. Where fewer are expected that law is wrong (with 12 groups of 30
to 400 people and 3% declined, bands of 95% so made covered 20% of the time), and the family is corrected by
Bonferroni over tests that hold for small counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import BoolArray, FloatArray, check_share
from .intervals import miettinen_nurminen_ratio
from .permutation import MOST_PEOPLE
from .proportion import clopper_pearson

ENOUGH = 10
PAIR_DRAWS = 10_000
BAND_DRAWS = 2_000
MOST_STATISTICS = 4_000_000
"""Statistics held at once: 32 MB."""
ALL_PAIRS = "all pairs, largest statistic drawn (Tukey)"
BONFERRONI = "all pairs (Bonferroni)"
DRAWN_BAND = "largest statistic over all groups and cut-offs, drawn (max-T)"
EXACT_BAND = "exact (Clopper-Pearson) intervals at the Bonferroni level"


@dataclass(frozen=True, slots=True, eq=False)
class AllPairs:
    """How sure one pair must be for all pairs to be as sure as wanted, whichever group the data put first."""

    pairs: int
    method: str
    largest: FloatArray | None
    """Sorted draws of the largest statistic over all pairs when all groups are alike; None: Bonferroni."""

    def each(self, error: float) -> float:
        """Return the two-sided error that one pair may have, for a family with this error."""
        if self.largest is None:
            return error / self.pairs
        critical = float(np.quantile(self.largest, 1 - error, method="higher"))
        return max(error / self.pairs, float(2 * scipy.special.ndtr(-critical)))

    def adjusted(self, p: float) -> float:
        """Return a pair's p-value corrected for all pairs; below alpha exactly where its interval leaves 1 out."""
        if self.largest is None:
            return min(1.0, p * self.pairs)
        statistic = float(-scipy.special.ndtri(max(p, 1e-300) / 2))
        reached = len(self.largest) - int(np.searchsorted(self.largest, statistic - 1e-9))
        # Where no draw is so large, Bonferroni bounds what the draws cannot tell.
        return min(1.0, p * self.pairs, max(reached / len(self.largest), 1 / len(self.largest)))


def all_pairs(
    selected: ArrayLike, people: ArrayLike, *, rng: np.random.Generator, whole: bool = True, draws: int = PAIR_DRAWS
) -> AllPairs:
    """Prepare the correction for a reference that the data chose: the group with the highest rate.

    The selected are dealt anew over all groups, and the largest of all pairs' statistics is noted: with the
    reference chosen again in each draw, the pair that is reported is one of them.

    Parameters
    ----------
    selected, people
        Counts by group [group].
    rng
        Generator.
    whole
        False for weighted people, who are not dealt: Bonferroni.
    draws
        How many deals.

    Returns
    -------
    AllPairs

    Notes
    -----
    Source: Tukey (1953), The Problem of Multiple Comparisons; Westfall & Young (1993), Resampling-Based Multiple
    Testing, chapter 2 (single-step maxT).

    Examples
    --------
    >>> family = all_pairs([60, 62, 55, 58], [100, 100, 100, 100], rng=np.random.default_rng(1))
    >>> family.pairs, 0.0083 < family.each(0.05) < 0.015, family.adjusted(0.01) < 0.06
    (6, True, True)
    """
    a, n = (np.asarray(x, dtype=np.float64) for x in (selected, people))
    pairs = len(n) * (len(n) - 1) // 2
    share = a.sum() / n.sum() if n.sum() > 0 else 0.0
    enough = bool((n * min(share, 1 - share) >= ENOUGH).all())
    if pairs < 2 or not (whole and enough) or n.sum() > MOST_PEOPLE:
        return AllPairs(max(pairs, 1), BONFERRONI, None)
    first, second = np.triu_indices(len(n), 1)
    scale = (1 / n[first] + 1 / n[second]) * (n[first] + n[second]) / (n[first] + n[second] - 1)
    largest, sizes = [], np.rint(n).astype(np.int64)
    step = max(1, MOST_STATISTICS // pairs)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        dealt = rng.multivariate_hypergeometric(sizes, int(a.sum()), size=size, method="marginals")
        rate = dealt / n
        pooled = (dealt[:, first] + dealt[:, second]) / (n[first] + n[second])
        spread = pooled * (1 - pooled) * scale
        gap = np.abs(rate[:, first] - rate[:, second])
        z = np.where(spread > 0, gap / np.sqrt(np.where(spread > 0, spread, 1.0)), 0.0)
        largest.append(z.max(axis=1))
    return AllPairs(pairs, ALL_PAIRS, np.sort(np.concatenate(largest)))


class Band(NamedTuple):
    """A curve's simultaneous band: low and high [cutoff, group], and how many points each method served."""

    low: FloatArray
    high: FloatArray
    drawn: int
    exact: int

    @property
    def method(self) -> str:
        """How the band was made, in words.

        Examples
        --------
        >>> Band(np.zeros(1), np.ones(1), 0, 3).method
        'exact (Clopper-Pearson) intervals at the Bonferroni level'
        """
        if not self.exact:
            return DRAWN_BAND
        if not self.drawn:
            return EXACT_BAND
        few = f"{EXACT_BAND} at the {self.exact:,} points with fewer than {ENOUGH} people on a side"
        return f"{DRAWN_BAND} at {self.drawn:,} points; {few}"


def largest_statistics(
    selected: ArrayLike,
    people: ArrayLike,
    *,
    reference: int | None,
    rng: np.random.Generator,
    draws: int = BAND_DRAWS,
) -> tuple[FloatArray, FloatArray]:
    """Draw the largest statistic over all groups and cut-offs: of rates, and of log ratios to the reference.

    Counts of people by score are multinomial; where 10 or more are expected on both sides of a cut-off their
    normal limit is drawn instead, exactly with the covariances that one cumulative sum gives: groups are
    streamed, so that memory goes with draws x cut-offs of two groups.

    Parameters
    ----------
    selected
        People selected at each cut-off [cutoff, group]; fewer at each next one, or more.
    people
        People of each group [group].
    reference
        The group that ratios are taken to; None for rates alone.
    rng
        Generator.
    draws
        How many draws.

    Returns
    -------
    tuple of arrays
        Sorted draws of the largest |statistic| of the rates, and of the ratios (empty without a reference).
    """
    a, n = np.asarray(selected, dtype=np.float64), np.asarray(people, dtype=np.float64)
    order = np.argsort(a.sum(axis=1), kind="stable")
    share = np.where(n > 0, a[order] / np.where(n > 0, n, 1.0), 0.0)
    enough = np.minimum(a[order], n - a[order]) >= ENOUGH
    rates, ratios = np.zeros(draws, dtype=np.float32), np.zeros(draws, dtype=np.float32)

    def bridge(group: int) -> FloatArray:
        steps = np.diff(np.concatenate([[0.0], share[:, group], [1.0]])).clip(0.0)
        moved = rng.standard_normal((draws, len(steps)), dtype=np.float32) * np.sqrt(steps).astype(np.float32)
        path = np.cumsum(moved, axis=1)
        return np.asarray(path[:, :-1] - share[:, group].astype(np.float32) * path[:, -1:])

    theirs = bridge(reference) if reference is not None else None
    for group in range(len(n)):
        mine = theirs if group == reference and theirs is not None else bridge(group)
        use = enough[:, group]
        if use.any():
            spread = np.sqrt(share[use, group] * (1 - share[use, group])).astype(np.float32)
            np.maximum(rates, np.abs(mine[:, use] / spread).max(axis=1), out=rates)
        if theirs is None or reference is None or group == reference:
            continue
        use = use & enough[:, reference]
        if use.any():
            p, q = share[use, group], share[use, reference]
            unit = np.sqrt((1 - p) / (n[group] * p) + (1 - q) / (n[reference] * q))
            up = (1 / (np.sqrt(n[group]) * p * unit)).astype(np.float32)
            down = (1 / (np.sqrt(n[reference]) * q * unit)).astype(np.float32)
            np.maximum(ratios, np.abs(mine[:, use] * up - theirs[:, use] * down).max(axis=1), out=ratios)
    return np.sort(rates), np.sort(ratios) if reference is not None else np.zeros(0, dtype=np.float32)


def rate_band(
    selected: ArrayLike, people: ArrayLike, largest: FloatArray, *, confidence: float = 0.95
) -> Band:  # fmt: skip
    """Return a band that holds all groups' rates at all cut-offs at once.

    Clopper-Pearson intervals, at the level of the drawn critical value where 10 are on both sides, and elsewhere
    at the Bonferroni level over the different counts there. Where both are needed each has half the error.

    Parameters
    ----------
    selected
        People selected [cutoff, group].
    people
        People of each group [group].
    largest
        What :func:`largest_statistics` drew for the rates.
    confidence
        Of the whole band.

    Examples
    --------
    >>> selected, people = np.array([[90.0, 70.0], [50.0, 40.0]]), np.array([100.0, 100.0])
    >>> drawn, _ = largest_statistics(selected, people, reference=None, rng=np.random.default_rng(1))
    >>> band = rate_band(selected, people, drawn)
    >>> bool((band.low < 0.5).any()), band.exact
    (True, 0)
    """
    a, n = np.broadcast_arrays(np.asarray(selected, dtype=np.float64), np.asarray(people, dtype=np.float64))
    enough = np.minimum(a, n - a) >= ENOUGH
    low, high = np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    drawn_error, each = _split(check_share(confidence, "confidence"), enough, np.stack([a, n], axis=-1))
    if enough.any():
        # Exact tails at the drawn level: so far out, Wilson's are too short for some tens of people.
        level = 2 * float(scipy.special.ndtr(-_critical(largest, drawn_error)))
        found = clopper_pearson(a[enough], n[enough], confidence=1 - level)
        low[enough], high[enough] = found.low, found.high
    rest = ~enough & (n > 0)
    if rest.any():
        found = clopper_pearson(a[rest], n[rest], confidence=1 - each)
        low[rest], high[rest] = found.low, found.high
    return Band(low, high, int(enough.sum()), int(rest.sum()))


def ratio_band(
    selected: ArrayLike, people: ArrayLike, reference: int, largest: FloatArray, *, confidence: float = 0.95
) -> Band:
    """Return a band that holds all groups' adverse impact ratios at all cut-offs at once.

    Score intervals at the drawn critical value where 10 are expected on both sides of both groups; elsewhere
    the ratio of two Clopper-Pearson intervals, each at half the Bonferroni level, which never covers less than
    it says.

    Parameters
    ----------
    selected
        People selected [cutoff, group].
    people
        People of each group [group].
    reference
        The group that ratios are taken to.
    largest
        What :func:`largest_statistics` drew for the ratios.
    confidence
        Of the whole band.

    Examples
    --------
    >>> selected, people = np.array([[90.0, 70.0], [50.0, 40.0]]), np.array([100.0, 100.0])
    >>> _, drawn = largest_statistics(selected, people, reference=0, rng=np.random.default_rng(1))
    >>> band = ratio_band(selected, people, 0, drawn)
    >>> bool(band.low[0, 1] < 7 / 9 < band.high[0, 1])
    True
    """
    a, n = np.broadcast_arrays(np.asarray(selected, dtype=np.float64), np.asarray(people, dtype=np.float64))
    b, m = (np.broadcast_to(x[:, reference : reference + 1], a.shape) for x in (a, n))
    enough = (np.minimum(a, n - a) >= ENOUGH) & (np.minimum(b, m - b) >= ENOUGH)
    others = np.ones(a.shape, dtype=bool)
    others[:, reference] = False
    enough &= others
    low, high = np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    tables = np.stack([a, n, b, m], axis=-1)[others]
    drawn_error, each = _split(check_share(confidence, "confidence"), enough[others], tables)
    if enough.any():
        sure = 1 - 2 * float(scipy.special.ndtr(-_critical(largest, drawn_error)))
        found = miettinen_nurminen_ratio(a[enough], n[enough], b[enough], m[enough], confidence=sure)
        low[enough], high[enough] = found[0], found[1]
    rest = ~enough & others & (n > 0) & (m > 0)
    if rest.any():
        mine = clopper_pearson(a[rest], n[rest], confidence=1 - each / 2)
        theirs = clopper_pearson(b[rest], m[rest], confidence=1 - each / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            low[rest] = np.asarray(mine.low) / np.asarray(theirs.high)
            high[rest] = np.asarray(mine.high) / np.asarray(theirs.low)
    return Band(low, high, int(enough.sum()), int(rest.sum()))


def _critical(largest: FloatArray, error: float) -> float:
    return float(np.quantile(largest, 1 - error, method="higher"))


def _split(confidence: float, enough: BoolArray, tables: FloatArray) -> tuple[float, float]:
    """Return the error of the drawn part, and of each different table of the other."""
    error = 1 - confidence
    different = len(np.unique(tables[~enough], axis=0)) if not enough.all() else 0
    if not different:
        return error, error
    share = error / 2 if enough.any() else error
    return error - share if enough.any() else error, share / different
