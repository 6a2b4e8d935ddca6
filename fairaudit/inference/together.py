"""Means of several columns in two groups: their gaps, the covariance of these, and intervals that hold together.

A row's columns (say, its attributions) belong to one person, so the gaps of the columns are correlated, and the
largest of their statistics is drawn with these correlations. Where only some rows of a group have columns but
all have their sum (the score), the means are put on the known mean of the sum by regression on it: the columns'
means then add up to it exactly, and no variance grows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import FloatArray, check_share, divide

DRAWS = 50_000
"""Draws of the largest statistic: at 95% the critical value is sure to about 0.01."""
SEED = 20_260
"""The draws are a number, not a choice: the same covariance always gives the same critical value."""
STUDENT = "Student's t with Welch's degrees of freedom"
LARGEST = "largest statistic over all features, drawn with their correlations (max-T)"
BONFERRONI = "Bonferroni over the features"


class Means(NamedTuple):
    """Means of one group's columns, their covariance, and the people behind them."""

    value: FloatArray
    """Shape [column]."""
    covariance: FloatArray
    """Of the means, shape [column, column]."""
    spread: FloatArray
    """Variance of one row's columns, shape [column]."""
    people: float
    """Rows, or the effective number of weighted ones."""


class Gaps(NamedTuple):
    """Group less reference, column by column."""

    value: FloatArray
    covariance: FloatArray
    degrees: FloatArray
    """Welch's degrees of freedom of each column; NaN where it has no spread."""

    @property
    def error(self) -> FloatArray:
        """Standard errors."""
        return np.sqrt(np.diag(self.covariance))


def means_of(columns: ArrayLike, weight: ArrayLike | None = None) -> Means:
    """Return the means of a group's columns and their covariance, linearised where people have weights.

    Parameters
    ----------
    columns
        Numbers [row, column], at least two rows.
    weight
        Of each row.

    Examples
    --------
    >>> made = means_of([[1.0, 0.0], [3.0, 0.0], [5.0, 3.0]])
    >>> made.value.tolist(), made.covariance.round(3).tolist()
    ([3.0, 1.0], [[1.333, 1.0], [1.0, 1.0]])
    """
    x = np.asarray(columns, dtype=np.float64)
    rows = len(x)
    w = np.full(rows, 1 / rows) if weight is None else np.asarray(weight, dtype=np.float64)
    w = w / w.sum()
    value = x.mean(axis=0) if weight is None else w @ x
    away = (x - value) * (w * np.sqrt(rows / (rows - 1)))[:, None]
    covariance = away.T @ away
    people = float(rows) if weight is None else 1 / float((w**2).sum())
    return Means(value, covariance, np.diag(covariance) * people, people)


def means_with_known_sum(columns: ArrayLike, sums: ArrayLike, everybody: ArrayLike) -> Means:
    """Return means of columns that some rows have, put on the mean of their sum, which everybody has.

    Parameters
    ----------
    columns
        Numbers of a simple random sample [row, column].
    sums
        The sum of each sampled row's columns, up to one constant.
    everybody
        The same sum of everybody in the group.

    Notes
    -----
    The regression estimator of survey sampling, with the sum as the auxiliary: its coefficients add up to 1 over the
    columns. The covariance is that of two phases (everybody a sample of a larger population, and a sample of them).
    Source: Cochran (1977), Sampling Techniques, 7.1 and 12.6.

    Examples
    --------
    >>> made = means_with_known_sum([[1.0, 0.0], [3.0, 1.0]], [1.0, 4.0], [1.0, 4.0, 2.0, 5.0])
    >>> round(float(made.value.sum()), 9)
    3.0
    """
    x, s, all_s = (np.asarray(given, dtype=np.float64) for given in (columns, sums, everybody))
    slope = slopes(x, s[:, None])[0]
    rest = means_of(x - s[:, None] * slope)
    score = means_of(all_s[:, None])
    value = x.mean(axis=0) + slope * (all_s.mean() - s.mean())
    covariance = rest.covariance + np.outer(slope, slope) * score.covariance[0, 0]
    return Means(value, covariance, x.var(axis=0, ddof=1), float(len(x)))


def slopes(columns: FloatArray, on: FloatArray) -> FloatArray:
    """Return least-squares slopes [regressor, column] of columns on regressors; 0 for a regressor without spread."""
    centered = on - on.mean(axis=0)
    spread = centered.T @ centered
    moved = np.diag(spread) > 1e-12 * np.maximum(1.0, (on**2).sum(axis=0))
    made = np.zeros((on.shape[1], columns.shape[1]))
    if moved.any():
        together = centered[:, moved].T @ (columns - columns.mean(axis=0))
        made[moved] = np.linalg.lstsq(spread[np.ix_(moved, moved)], together, rcond=None)[0]
    return made


def gaps_of(group: Means, reference: Means) -> Gaps:
    """Return group less reference with Welch's degrees of freedom.

    Notes
    -----
    Source: Welch (1947), Biometrika 34.
    """
    one, other = np.diag(group.covariance), np.diag(reference.covariance)
    below = divide(one**2, group.people - 1) + divide(other**2, reference.people - 1)
    degrees = divide((one + other) ** 2, below)
    return Gaps(group.value - reference.value, group.covariance + reference.covariance, degrees)


def one_by_one(degrees: ArrayLike, confidence: float = 0.95) -> FloatArray:
    """Return how many standard errors each interval reaches on its own.

    Examples
    --------
    >>> one_by_one([10.0, np.inf]).round(3).tolist()
    [2.228, 1.96]
    """
    error = (1 + check_share(confidence, "confidence")) / 2
    d = np.asarray(degrees, dtype=np.float64)
    made = scipy.special.stdtrit(np.where(np.isfinite(d), d, 1e9), error)
    return np.where(np.isnan(d), np.nan, made)


def all_at_once(gaps: Gaps, confidence: float = 0.95) -> float:
    """Return how many standard errors each interval reaches so that all of them hold together.

    The largest of the columns' statistics is drawn from the multivariate t law with their correlations and the
    smallest of their degrees of freedom. Columns without spread are left out.

    Parameters
    ----------
    gaps
        Of the columns.
    confidence
        That all intervals hold.

    Notes
    -----
    Source: Hothorn, Bretz & Westfall (2008), Biometrical Journal 50 (single-step max-t).

    Examples
    --------
    >>> alone = Gaps(np.zeros(1), np.eye(1), np.array([np.inf]))
    >>> ten = Gaps(np.zeros(10), np.eye(10), np.full(10, np.inf))
    >>> round(all_at_once(alone), 2), round(all_at_once(ten), 1)
    (1.96, 2.8)
    """
    used = np.flatnonzero(gaps.error > 0)
    if not used.size:
        return float("nan")
    degrees = float(np.nanmin(gaps.degrees[used]))
    alone = float(one_by_one([degrees], confidence)[0])
    if used.size == 1:
        return alone
    correlation = gaps.covariance[np.ix_(used, used)] / np.outer(gaps.error[used], gaps.error[used])
    value, vector = np.linalg.eigh(correlation)
    root = vector * np.sqrt(np.maximum(value, 0.0))
    root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
    rng = np.random.default_rng(SEED)
    largest = np.concatenate(
        [np.abs(rng.standard_normal((5_000, used.size)) @ root.T).max(axis=1) for _ in range(DRAWS // 5_000)]
    )
    if degrees < 1e6:
        largest /= np.sqrt(rng.chisquare(degrees, DRAWS) / degrees)
    return max(alone, float(np.quantile(largest, confidence, method="higher")))
