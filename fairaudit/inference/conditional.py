"""The exact distribution of a 2x2 table with its margins fixed: Fisher's test, mid-p and their interval.

With n people in the group, m in the reference and k chosen in all, the number chosen from the group is
hypergeometric when both are chosen alike, and noncentral hypergeometric at an odds ratio psi. Counts must
be whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from ..errors import UndefinedMetricError
from .counts import FloatArray, Interval, check_share, check_two_groups, divide, scalar_or_array
from .intervals import FARTHEST_LOG
from .roots import crossing

How = Literal["ratio", "difference", "odds_ratio"]
Tail = Literal["central", "minimum_likelihood"]

MID_P = "mid-p"
EXACT = "exact, smaller tail doubled"
TIES = 1e-7
"""Two tables are as likely as each other within this relative tolerance, as in R's fisher.test."""


MOST_ENTRIES = 1_000_000
"""Entries of a block of tables worked on at once: a bound on memory."""


class Tables(NamedTuple):
    """For each table (a row), all the tables that share its margins (the columns)."""

    x: FloatArray
    """People chosen from the group: every number the margins allow, and beyond it the rest of the block."""
    log_weight: FloatArray
    """Log of the number of ways each can come about, up to a constant; -inf beyond what the margins allow."""
    chosen: FloatArray
    """People chosen from both groups, a column."""


def fisher_exact(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> FloatArray:
    """Two-sided Fisher p: the probability of the tables no likelier than the one observed.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group, whole numbers.
    b, m
        The same in the reference.

    Returns
    -------
    array
        p-values; 1 where everybody or nobody is chosen, NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If counts are not whole numbers, negative, or greater than their total.

    Notes
    -----
    Source: Fisher (1935); two sides by minimum likelihood as in R and scipy.

    Examples
    --------
    >>> print(f"{fisher_exact(26, 48, 206, 259):.2e}")  # Connecticut v. Teal
    4.04e-04
    """
    (p,) = _by_blocks(a, n, b, m, lambda *cells: _minimum_likelihood(*cells)[:1], outputs=1)
    return p


def mid_p(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, tail: Tail = "central") -> FloatArray:
    """Two-sided mid-p: an exact test that counts only half of the observed table's own probability.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group, whole numbers.
    b, m
        The same in the reference.
    tail
        ``central``: twice the smaller tail. It inverts to :func:`mid_p_interval`, and is the primary test of
        small tables. ``minimum_likelihood``: Fisher's p less half the probability of the tables exactly as
        likely as the observed one; often quoted, but the values it does not reject need not be an interval.

    Returns
    -------
    array
        p-values; 1 where everybody or nobody is chosen, NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If counts are not whole numbers, negative, or greater than their total.

    Notes
    -----
    Source: Lancaster (1961), JASA 56; Hirji (2006), Exact Analysis of Discrete Data.

    Examples
    --------
    >>> print(f"{mid_p(26, 48, 206, 259):.2e}")  # Connecticut v. Teal
    4.20e-04
    >>> print(f"{mid_p(26, 48, 206, 259, tail='minimum_likelihood'):.2e}")
    2.86e-04
    """
    if tail == "central":
        (p,) = _by_blocks(a, n, b, m, _central, outputs=1)
    else:
        (p,) = _by_blocks(a, n, b, m, lambda *cells: _minimum_likelihood(*cells)[1:], outputs=1)
    return p


def central_exact(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike) -> FloatArray:
    """Two-sided exact p: twice the smaller tail, the observed table counted whole.

    Never rejects what is true more often than it says, and so is larger than it need be: for a group beside so many
    people that their rate is as good as known, where mid-p rejects up to 9% at 5%.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group, whole numbers.
    b, m
        The same in the reference.

    Returns
    -------
    array
        p-values; 1 where everybody or nobody is chosen, NaN where a group is empty.

    Raises
    ------
    UndefinedMetricError
        If counts are not whole numbers, negative, or greater than their total.

    Notes
    -----
    Source: Cox & Hinkley (1974), Theoretical Statistics, 3.4 (two sides by doubling).

    Examples
    --------
    >>> print(f"{central_exact(26, 48, 206, 259):.2e}")  # Connecticut v. Teal
    6.57e-04
    """
    (p,) = _by_blocks(a, n, b, m, partial(_central, observed=1.0), outputs=1)
    return p


def mid_p_interval(
    a: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    m: ArrayLike,
    *,
    how: How,
    confidence: float = 0.95,
    exact: bool = False,
) -> Interval:
    """Interval from inverting the central mid-p test: it excludes no difference exactly where p is small.

    The odds ratios not rejected are an interval. For a ratio or a difference each odds ratio psi stands for
    the mean number E chosen from the group at psi with all margins kept: ratio (E/n)/((k-E)/m), difference
    E/n - (k-E)/m. Both rise with psi and are 1 (0) at psi = 1. Keeping the margins leaves out that k
    is itself random, so far from no difference the bounds are too near; ``contrast.compare`` widens them.

    Parameters
    ----------
    a, n
        Favorable decisions and people in the group, whole numbers.
    b, m
        The same in the reference.
    how
        Which contrast of the two rates.
    confidence
        Coverage aimed at, between 0 and 1.
    exact
        Whether :func:`central_exact` is inverted instead.

    Returns
    -------
    Interval
        Without a bound on a side where the table is at the end of what its margins allow (for an odds ratio 0
        or infinity); NaN where a group is empty. It always contains the estimate.

    Raises
    ------
    UndefinedMetricError
        If counts are not whole numbers, negative, or greater than their total.

    Notes
    -----
    It contains the estimate because at the psi whose mean is ``a`` the noncentral hypergeometric count is a
    sum of independent indicators with a whole mean, so ``a`` is its median and each mid-p tail is
    at least 1/4.
    Source: Cornfield (1956); Mehta & Walsh (1992), Statistics in Medicine 11; Agresti (2013), 16.6.4.

    Examples
    --------
    >>> low, high, _ = mid_p_interval(6, 20, 24, 60, how="odds_ratio")
    >>> print(f"{low:.3f} {high:.3f}")
    0.203 1.902
    """
    alpha = 1 - check_share(confidence, "confidence")
    invert = partial(_invert, how=how, alpha=alpha, observed=1.0 if exact else 0.5)
    low, high = _by_blocks(a, n, b, m, invert, outputs=2)
    return Interval(low, high, EXACT if exact else MID_P)


def tables_with_margins(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray) -> Tables:
    """List for each table those that share its margins, with the log of their weights.

    Examples
    --------
    >>> tables_with_margins(*np.array([[1.0], [3.0], [1.0], [2.0]])).x
    array([[0., 1., 2.]])
    """
    n, m, chosen = n[:, None], m[:, None], (a + b)[:, None]
    least, most = np.maximum(0.0, chosen - m), np.minimum(n, chosen)
    x = least + np.arange((most - least).max() + 1)
    possible = x <= most
    inside = np.where(possible, x, least)
    log_weight = np.where(
        possible,
        -_log_factorial(inside)
        - _log_factorial(n - inside)
        - _log_factorial(chosen - inside)
        - _log_factorial(m - chosen + inside),
        -np.inf,
    )
    return Tables(x, log_weight - log_weight.max(axis=1, keepdims=True), chosen)


def table_count(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray) -> FloatArray:
    """Return how many tables share the margins of each table: what an exact test of it costs."""
    return np.minimum(np.minimum(n, m), np.minimum(a + b, n + m - a - b)) + 1


def _log_factorial(count: FloatArray) -> FloatArray:
    result: FloatArray = scipy.special.gammaln(count + 1)
    return result


def _central(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, *, observed: float = 0.5) -> tuple[FloatArray]:
    tables = tables_with_margins(a, n, b, m)
    weight = np.exp(tables.log_weight)
    lower, upper = _tails(tables, weight, a, observed)
    return (np.minimum(1.0, 2 * np.minimum(lower, upper) / weight.sum(axis=1)),)


def _minimum_likelihood(a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Fisher's p, and the same less half of the tables exactly as likely as the observed one."""
    tables = tables_with_margins(a, n, b, m)
    weight = np.exp(tables.log_weight)
    observed = _sum_where(weight, tables.x == a[:, None])[:, None]
    no_likelier = weight <= observed * (1 + TIES)
    total = weight.sum(axis=1)
    fisher = _sum_where(weight, no_likelier) / total
    tied = _sum_where(weight, no_likelier & (weight >= observed * (1 - TIES))) / total
    return np.minimum(1.0, fisher), np.minimum(1.0, fisher - 0.5 * tied)


def _invert(
    a: FloatArray, n: FloatArray, b: FloatArray, m: FloatArray, *, how: How, alpha: float, observed: float
) -> tuple[FloatArray, FloatArray]:
    tables = tables_with_margins(a, n, b, m)

    def upper_too_small(log_psi: FloatArray) -> FloatArray:
        return alpha / 2 - _tails(tables, _noncentral(tables, log_psi), a, observed)[1]

    def lower_too_small(log_psi: FloatArray) -> FloatArray:
        return alpha / 2 - _tails(tables, _noncentral(tables, log_psi), a, observed)[0]

    start = np.log((a + 0.5) * (m - b + 0.5) / ((n - a + 0.5) * (b + 0.5)))
    far = np.full(a.shape, FARTHEST_LOG)
    log_low, log_high = crossing(upper_too_small, start, -far), crossing(lower_too_small, start, far)
    log_low = np.where((a > 0) & (b < m), log_low, -np.inf)
    log_high = np.where((a < n) & (b > 0), log_high, np.inf)
    if how == "odds_ratio":
        return np.exp(log_low), np.exp(log_high)
    return _mapped(tables, log_low, n, m, how), _mapped(tables, log_high, n, m, how)


def _noncentral(tables: Tables, log_psi: FloatArray) -> FloatArray:
    """Return the noncentral hypergeometric probabilities of each row at its odds ratio."""
    tilted = tables.log_weight + log_psi[:, None] * tables.x
    weight = np.exp(tilted - tilted.max(axis=1, keepdims=True))
    result: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    return result


def _mapped(tables: Tables, log_psi: FloatArray, n: FloatArray, m: FloatArray, how: How) -> FloatArray:
    """Return the ratio or the difference of the mean table at an odds ratio, with the margins kept."""
    weight = _noncentral(tables, np.where(np.isfinite(log_psi), log_psi, 0.0))
    possible = np.isfinite(tables.log_weight)
    least = np.where(possible, tables.x, np.inf).min(axis=1)
    most = np.where(possible, tables.x, -np.inf).max(axis=1)
    chosen = tables.chosen[:, 0]
    mean = _sum_where(weight * tables.x, possible)
    rest = _sum_where(weight * (tables.chosen - tables.x), possible)
    mean = np.where(log_psi == -np.inf, least, np.where(log_psi == np.inf, most, mean))
    rest = np.where(np.isinf(log_psi), chosen - mean, rest)
    if how == "difference":
        return mean / n - rest / m
    # Nobody chosen: any ratio would do.
    return np.where(chosen > 0, divide(mean / n, rest / m), np.where(log_psi < 0, 0.0, np.inf))


def _tails(tables: Tables, weight: FloatArray, a: FloatArray, observed: float) -> tuple[FloatArray, FloatArray]:
    """Return the sums of weights under and over each observed count, each with a part of its own."""
    half = observed * _sum_where(weight, tables.x == a[:, None])
    return (
        _sum_where(weight, tables.x < a[:, None]) + half,
        _sum_where(weight, tables.x > a[:, None]) + half,
    )


def _sum_where(values: FloatArray, mask: NDArray[np.bool_]) -> FloatArray:
    result: FloatArray = np.where(mask, values, 0.0).sum(axis=1)
    return result


def _by_blocks(
    a: ArrayLike,
    n: ArrayLike,
    b: ArrayLike,
    m: ArrayLike,
    function: Callable[..., tuple[FloatArray, ...]],
    *,
    outputs: int,
) -> list[FloatArray]:
    """Apply a function of one-dimensional tables to blocks of similar width; NaN where a group is empty."""
    a, n, b, m = check_two_groups(a, n, b, m)
    _check_whole(a, n, b, m)
    results = [np.full(a.shape, np.nan) for _ in range(outputs)]
    cells = np.flatnonzero((n > 0) & (m > 0) & ~np.isnan(a + b))
    flat = [values.ravel()[cells] for values in (a, n, b, m)]
    widths = table_count(*flat)
    order = np.argsort(widths, kind="stable")
    start = 0
    while start < len(order):
        # Rows of one block are padded to the widest: at most twice the width of the narrowest.
        end = start + int(np.searchsorted(widths[order[start:]], 2 * widths[order[start]], side="right"))
        end = max(start + 1, min(end, start + int(MOST_ENTRIES / widths[order[end - 1]])))
        block = order[start:end]
        for result, values in zip(results, function(*(column[block] for column in flat)), strict=True):
            result.flat[cells[block]] = values
        start = end
    return [scalar_or_array(result) for result in results]


def _check_whole(*counts: FloatArray) -> None:
    for values in counts:
        broken = values[(values != np.round(values)) & ~np.isnan(values)]
        if broken.size:
            message = (
                f"An exact test needs whole numbers of people, got {float(broken.flat[0])!r}. For weighted "
                "(effective) counts use the score test: compare(..., integer=False)."
            )
            raise UndefinedMetricError(message)
