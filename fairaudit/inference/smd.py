"""Mean scores of two groups, their difference in standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.special

from ..errors import UndefinedMetricError
from .contrast import Comparisons
from .counts import FloatArray, check_share, divide, scalar_or_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

KINDS = ("population", "pooled", "two_group")
WELCH = "Welch t"


def smd_interval(
    n: ArrayLike,
    mean: ArrayLike,
    variance: ArrayLike,
    n_reference: ArrayLike,
    mean_reference: ArrayLike,
    variance_reference: ArrayLike,
    *,
    sigma: ArrayLike,
    kind: str = "population",
    population_n: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Comparisons:
    """How far apart two groups' mean scores are, in standard deviations of the score.

    Value = (mean - mean_reference) / sigma. The test is Welch's t of the two means. The interval holds every
    d for which (value - d)^2 <= t^2 [v + c d^2], with v Welch's variance over sigma^2 and c the
    sampling variance of sigma over sigma^2; at d = 0 that is Welch's test, so interval and p agree.

    Parameters
    ----------
    n, mean, variance
        People, mean score and score variance (divided by n - 1) of the group; any shapes that broadcast.
    n_reference, mean_reference, variance_reference
        The same for the reference.
    sigma
        The standard deviation that the difference is divided by.
    kind
        Whose standard deviation it is. ``population``: of all scored people. ``pooled``: within the two
        groups. ``two_group``: of the two groups' people put together.
    population_n
        For ``population``: how many people sigma was computed from, if known.
    confidence
        Coverage aimed at.

    Returns
    -------
    Comparisons
        NaN where sigma is 0 or a group has fewer than 2 people. In very small groups a side may be unbounded.

    Raises
    ------
    UndefinedMetricError
        If sigma is of another kind.

    Notes
    -----
    c = 1/(2(n+m)) for pooled: with equal variances that is Hedges and Olkin's large-sample variance. For
    the population c = 1/(2 population_n), or 1/(2(n+m)), which is no smaller, when that is not given; that this
    sigma also moves with the two means is left out, which errs on the wide side. For two-group sigma
    the pooled interval is carried over exactly: sigma^2 is then the variance within the groups plus a known
    multiple of the squared difference. All take scores near enough to normal for sigma's own error.
    Source: Hedges & Olkin (1985), Statistical Methods for Meta-Analysis, chapter 5; Welch (1947),
    Biometrika 34.

    Examples
    --------
    >>> gap = smd_interval(120, 640.0, 2500.0, 400, 655.0, 2400.0, sigma=49.3, kind="pooled")
    >>> print(f"{gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}] p={gap.p:.4f}")
    -0.304 [-0.510, -0.098] p=0.0039
    """
    alpha = 1 - check_share(confidence, "confidence")
    if kind not in KINDS:
        message = f"The standard deviation is that of {', '.join(KINDS)}, not kind={kind!r}."
        raise UndefinedMetricError(message)
    given = (n, mean, variance, n_reference, mean_reference, variance_reference, sigma)
    n, mean, variance, m, mean_reference, variance_reference, scale = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in given)
    )
    enough = (n >= 2) & (m >= 2) & (scale > 0)
    scale = np.where(enough, scale, np.nan)
    gap = mean - mean_reference
    error2, error2_reference = divide(variance, n), divide(variance_reference, m)
    welch2 = error2 + error2_reference
    freedom = divide(welch2**2, divide(error2**2, n - 1) + divide(error2_reference**2, m - 1))
    # Two constant scores: a difference without any spread, or none at all.
    t = np.where(gap == 0, 0.0, divide(gap, np.sqrt(welch2)))
    freedom = np.where(np.isnan(freedom), n + m - 2, freedom)
    p = 2 * scipy.special.stdtr(freedom, -np.abs(t))
    quantile2 = scipy.special.stdtrit(freedom, 1 - alpha / 2) ** 2

    behind = n + m if kind != "population" or population_n is None else np.asarray(population_n)
    grows = quantile2 * divide(1.0, 2 * behind)
    value = divide(gap, scale)
    if kind == "two_group":
        # sigma^2 = within^2 + share gap^2, so value = d / sqrt(1 + share d^2) with d = gap / within.
        share = divide(n * m, (n + m) ** 2)
        within2 = scale**2 - share * gap**2
        within = np.sqrt(np.where(within2 > 0, within2, np.nan))
        ends = _solved(divide(gap, within), quantile2 * divide(welch2, within**2), grows)
        low, high = (_put_together(d, share) for d in ends)
    else:
        low, high = _solved(value, quantile2 * divide(welch2, scale**2), grows)
    return Comparisons(
        value=scalar_or_array(value),
        low=scalar_or_array(low),
        high=scalar_or_array(high),
        method=np.full(value.shape, WELCH, dtype=object),
        test=np.full(value.shape, WELCH, dtype=object),
        p=scalar_or_array(np.where(np.isnan(value), np.nan, p)),
    )


def _solved(value: FloatArray, fixed: FloatArray, grows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solve (value - d)^2 = fixed + grows d^2 for d on both sides of the value."""
    left = 1 - grows
    root = np.sqrt(np.maximum(value**2 - left * (value**2 - fixed), 0.0))
    # With so few people that sigma itself is unknown, the side away from 0 has no bound.
    bounded = left > 0
    one, two = divide(value - root, left), divide(value + root, left)
    low = np.where(bounded, one, -np.inf)
    high = np.where(bounded, two, np.inf)
    return np.where(np.isnan(value), np.nan, low), np.where(np.isnan(value), np.nan, high)


def _put_together(pooled: FloatArray, share: FloatArray) -> FloatArray:
    """Carry a difference in standard deviations within the groups over to those of both put together."""
    with np.errstate(invalid="ignore"):
        carried: FloatArray = pooled / np.sqrt(1 + share * pooled**2)
    return np.where(np.isinf(pooled), np.sign(pooled) / np.sqrt(share), carried)
