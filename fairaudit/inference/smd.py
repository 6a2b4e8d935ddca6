"""Mean scores of two groups, their difference in standard deviations."""

from __future__ import annotations

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .contrast import Comparisons
from .counts import FloatArray, check_share, divide, scalar_or_array

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
    c = 1/(2(n+m)) for pooled: with equal variances that is Hedges and Olkin's large-sample variance. The
    other two sigmas grow with the difference itself, sigma^2 = rest + share gap^2 with share nm/((n+m) N) and
    N the people behind sigma; the interval is found for gap/sqrt(rest), c = 1/(2N), and carried over. For a
    population of unknown N that is left out and c = 1/(2(n+m)), which is as wide or wider. All take scores
    near enough to normal for sigma's own error.
    Source: Hedges & Olkin (1985), Statistical Methods for Meta-Analysis, chapter 5; Welch (1947),
    Biometrika 34.

    Examples
    --------
    >>> gap = smd_interval(120, 640.0, 2500.0, 400, 655.0, 2400.0, sigma=49.3, kind="pooled")
    >>> print(f"{gap.value:.3f} [{gap.low:.3f}, {gap.high:.3f}] p={gap.p:.4f}")
    -0.304 [-0.514, -0.097] p=0.0042
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

    # sigma^2 = rest + share * gap^2: how far apart the two means are is itself a part of sigma.
    if kind == "pooled":
        behind, share = n + m, np.zeros(n.shape)
    elif kind == "two_group":
        behind, share = n + m, divide(n * m, (n + m) ** 2)
    elif population_n is None:
        behind, share = n + m, np.zeros(n.shape)
    else:
        behind = np.asarray(population_n, dtype=np.float64)
        share = divide(n * m, (n + m) * behind)
    rest2 = scale**2 - share * gap**2
    rest2 = np.where(rest2 > 0, rest2, np.nan)
    ends = _solved(divide(gap, np.sqrt(rest2)), quantile2 * divide(welch2, rest2), quantile2 * divide(1.0, 2 * behind))
    low, high = (_with_gap(d, share) for d in ends)
    value = divide(gap, scale)
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


def _with_gap(d: FloatArray, share: FloatArray) -> FloatArray:
    """Carry gap / sqrt(rest) over to gap / sqrt(rest + share gap^2): increasing, and 0 stays 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        carried: FloatArray = d / np.sqrt(1 + share * d**2)
        limit: FloatArray = np.where(share > 0, np.sign(d) / np.sqrt(share), d)
    return np.where(np.isinf(d), limit, carried)
