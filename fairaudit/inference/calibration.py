"""How sure calibration is: predicted and observed good rates, group by group and group against reference.

Groups are compared by signed numbers (in the large, slope, bad rate at the same score), which chance moves
both ways. Calibration errors cannot be negative and grow as groups shrink: they are set against the value
expected under perfect calibration, never against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..cube.confusion import BAD, GOOD
from ..cube.score_sums import ScoreSums
from ..metrics.calibration import BANDS, Predicted, brier, calibration_error, decomposition, frequency_bands, in_bands
from .contrast import Comparisons
from .counts import FloatArray, Interval, divide, normal_quantile, two_sided_p
from .proportion import WILSON, effective_n, wilson
from .smd import WELCH

DRAWS = 2_000
FINE = 10
"""Parts of each band from which outcomes are drawn: within one, predictions hardly differ."""
CLIP = 1e-6
"""Predictions of exactly 0 or 1 have no log-odds; they are moved this far inside."""
MOST_STEPS = 60
MOST_HALVINGS = 30
FLAT = 1e-12
SEPARATED = 40.0
"""Log-odds that no data give: the score parts good from bad without error."""
SHIFTED = "Wilson at the predictions' variance, shifted by the predicted rate"
POOLED = "normal, the pooled curve's own error included"
RESIDUALS = "normal, from each person's outcome less prediction"
WALD = "Wald"
SANDWICH = "Wald, robust to weights"
PARAMETRIC = f"outcomes drawn from the predictions, {DRAWS:,} draws"


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """Numbers that chance alone makes larger than 0, with what chance makes of them; NaN where undefined."""

    value: FloatArray
    expected: FloatArray
    """Mean under perfect calibration."""
    excess: FloatArray
    p: FloatArray
    method: str


def observed_interval(p: Predicted, *, confidence: float = 0.95) -> Interval:
    """Wilson interval of the observed good rate of each bin (or band), at the effective number if weighted.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome].
    confidence
        Coverage aimed at.
    """
    people = p.table.sum(axis=-1)
    return _wilson(p.table.w[..., GOOD], people.w, p.table.w2[..., GOOD], people.w2, p.table.n.sum(axis=-1), confidence)


def in_the_large(p: Predicted, *, confidence: float = 0.95) -> Comparisons:
    """Observed less predicted good rate of each group, and whether chance explains it.

    z = (good - predicted good) / sqrt(sum of predicted (1 - predicted)), the prediction taken at its word.
    Against the pooled curve, of which the group is a part, the variance is that of both together.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome].
    confidence
        Coverage aimed at.

    Returns
    -------
    Comparisons
        Shape [..., group]; NaN where nobody's outcome is observed, p NaN where nothing could vary.

    Notes
    -----
    Source: Spiegelhalter (1986), Statistics in Medicine 5; Van Calster et al. (2019), BMC Medicine 17.

    Examples
    --------
    >>> from ..cube.confusion import Tally
    >>> import numpy as np
    >>> n = np.array([[[60.0, 40.0]]])  # 60 good, 40 bad, all predicted 0.7
    >>> made = in_the_large(Predicted(Tally.of(n), n * 0.7, n * 0.49))
    >>> print(f"{made.value[0]:.2f} [{made.low[0]:.3f}, {made.high[0]:.3f}] p={made.p[0]:.3f}")
    -0.10 [-0.198, -0.009] p=0.029
    """
    value = p.observed - p.expected
    variance = _null_variance(p)
    if p.everybody is None:
        # As many people of one prediction as have this variance: the Wilson interval then leaves the prediction out
        # exactly where the test is significant.
        people = divide(p.expected * (1 - p.expected), variance)
        worth = np.where(people > 0, people, p.heads)
        low, high, _ = wilson(np.nan_to_num(p.observed).clip(0.0, 1.0) * worth, worth, confidence=confidence)
        return _made(value, low - p.expected, high - p.expected, SHIFTED, variance)
    half = normal_quantile(confidence) * np.sqrt(variance)
    return _made(value, value - half, value + half, POOLED, variance)


def in_the_large_difference(p: Predicted, reference: Predicted, *, confidence: float = 0.95) -> Comparisons:
    """Compare how far the score understates each group with how far it understates the reference.

    Above 0 the score is harsher on the group: it turned out better than its score said, more than the
    reference did.

    Parameters
    ----------
    p, reference
        People by bin, of the same shape; the two share nobody.
    confidence
        Coverage aimed at.

    Notes
    -----
    The variance is that of each person's outcome less prediction; against the pooled curve it is
    sum over bins of r(1-r) [n_g/N_g^2 + n_r/N_r^2 - (n_g/N_g - n_r/N_r)^2 / n], r the pooled rate of the bin
    and n its people, so that the curve's own error and both groups' part in it are counted.
    """
    value = (p.observed - p.expected) - (reference.observed - reference.expected)
    if p.everybody is None:
        variance, method = _residual_variance(p) + _residual_variance(reference), RESIDUALS
    else:
        (share, own), (share_reference, own_reference) = _of_curve(p), _of_curve(reference)
        variance, method = _curve_variance(p, own + own_reference, share - share_reference), POOLED
    half = normal_quantile(confidence) * np.sqrt(np.maximum(variance, 0.0))
    return _made(value, value - half, value + half, method, variance)


def _of_curve(p: Predicted) -> tuple[FloatArray, FloatArray]:
    """Return each group's share at each point of the pooled curve, and its own sum of squared shares there."""
    assert p.starts is not None  # noqa: S101 - made with the pooled curve
    share = divide(p.table.w.sum(axis=-1), p.weight[..., None])
    own = divide(p.table.w2.sum(axis=-1), p.weight[..., None] ** 2)
    return np.add.reduceat(share, p.starts, axis=-1), np.add.reduceat(own, p.starts, axis=-1)


def _curve_variance(p: Predicted, own: FloatArray, share: FloatArray) -> FloatArray:
    """Return sum of r(1 - r) (own - share^2 / n) over the points of the pooled curve, n the people behind each."""
    assert p.curve is not None and p.everybody is not None and p.starts is not None  # noqa: S101, PT018
    rate, people = p.curve[p.starts], p.everybody[p.starts]
    common = np.nan_to_num(divide(share**2, people))
    return np.asarray(np.maximum((rate * (1 - rate) * (own - common)).sum(axis=-1), 0.0))


def _null_variance(p: Predicted) -> FloatArray:
    """Return the variance of observed - predicted if the prediction is right."""
    people, squared = p.table.w.sum(axis=-1), p.table.w2.sum(axis=-1)
    if p.everybody is None:
        # w2 / w is 1 for unweighted people, and then this is exactly the sum of predicted (1 - predicted).
        each = (p.sums - p.squares).sum(axis=-1) * np.nan_to_num(divide(squared, people))
        return divide(np.maximum(each.sum(axis=-1), 0.0), p.weight**2)
    share, own = _of_curve(p)
    return _curve_variance(p, own, share)


def _residual_variance(p: Predicted) -> FloatArray:
    """Return the variance of the mean of outcome less prediction, from the people themselves."""
    mean, spread = np.nan_to_num(_bin_means(p.sums, p.squares, p.table.w))
    residual = np.array([1.0, 0.0]) - mean - np.nan_to_num(p.observed - p.expected)[..., None, None]
    total = (p.table.w2 * (residual**2 + spread)).sum(axis=(-2, -1))
    return divide(total, p.weight**2) * np.where(p.heads > 1, divide(p.heads, p.heads - 1), np.nan)


def _bin_means(sums: FloatArray, squares: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the mean and the variance within each entry, stacked."""
    mean = divide(sums, weight)
    return np.stack([mean, np.maximum(divide(squares, weight) - mean**2, 0.0)])


# Intercept and slope


@dataclass(frozen=True, slots=True, eq=False)
class Recalibration:
    """Calibration intercept (slope 1) and slope of each group, and the people whose prediction was 0 or 1."""

    intercept: Comparisons
    slope: Comparisons
    """Tested against 1."""
    slope_error: FloatArray
    clipped: FloatArray


def recalibrate(p: Predicted, *, confidence: float = 0.95) -> Recalibration:
    """Logistic recalibration: do the log-odds of a good outcome follow those that the score says?

    The intercept is that of logit(good) = a + logit(predicted), tested against 0; the slope that of
    logit(good) = a + b logit(predicted), tested against 1. Fitted to counts by Newton's method, which gives
    what the rows would give.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome].
    confidence
        Coverage aimed at.

    Returns
    -------
    Recalibration
        NaN where all outcomes (or, for the slope, all predictions) are alike, or the score parts good from bad
        without error.

    Notes
    -----
    Source: Cox (1958), Biometrika 45; Van Calster et al. (2019), BMC Medicine 17. The pooled curve is taken
    as known here.

    Examples
    --------
    >>> from ..cube.confusion import Tally
    >>> import numpy as np
    >>> n = np.array([[[20.0, 80.0], [80.0, 20.0]]])
    >>> said = np.array([[[0.4], [0.6]]])
    >>> made = recalibrate(Predicted(Tally.of(n), n * said, n * said**2))
    >>> print(f"{made.intercept.value[0]:.2f} {made.slope.value[0]:.2f}")  # 0.2 and 0.8, but 0.4 and 0.6 said
    0.00 3.42
    """
    good, people = p.table.w[..., GOOD], p.table.w.sum(axis=-1)
    if p.logits is None:
        mean = np.nan_to_num(divide(p.sums.sum(axis=-1), people), nan=0.5)
        clipped = np.where((mean <= 0) | (mean >= 1), p.table.n.sum(axis=-1), 0.0).sum(axis=-1)
        logits = scipy.special.logit(np.clip(mean, CLIP, 1 - CLIP))
    else:
        logits, clipped = np.broadcast_to(p.logits, people.shape), np.zeros(people.shape[:-1])
    one = np.ones((*people.shape, 1))
    both = np.stack([np.ones(people.shape), logits], axis=-1)
    weighted = p.table.w is not p.table.n
    squares = (p.table.w2[..., GOOD], p.table.w2[..., BAD]) if weighted else None
    first, first_error = _fit(one, good, people, logits, squares)
    second, second_error = _fit(both, good, people, np.zeros(people.shape), squares)
    name = SANDWICH if weighted else WALD
    intercept = _wald(first[..., 0], first_error[..., 0], 0.0, name, confidence)
    slope = _wald(second[..., 1], second_error[..., 1], 1.0, name, confidence)
    return Recalibration(intercept, slope, second_error[..., 1], clipped)


def slope_difference(group: Recalibration, reference: Recalibration, *, confidence: float = 0.95) -> Comparisons:
    """Slope of each group less that of its reference: does the score tell people apart as well in both?

    Parameters
    ----------
    group, reference
        Of two sets of people that share nobody, of the same shape.
    confidence
        Coverage aimed at.
    """
    error = np.sqrt(group.slope_error**2 + reference.slope_error**2)
    return _wald(group.slope.value - reference.slope.value, error, 0.0, str(group.slope.method.flat[0]), confidence)


def _wald(value: FloatArray, error: FloatArray, null: float, name: str, confidence: float) -> Comparisons:
    half = normal_quantile(confidence) * error
    method = np.full(np.shape(value), name, dtype=object)
    return Comparisons(value, value - half, value + half, method, method, two_sided_p(divide(value - null, error)))


def _fit(
    x: FloatArray,
    good: FloatArray,
    people: FloatArray,
    offset: FloatArray,
    squares: tuple[FloatArray, FloatArray] | None,
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients [..., k] and standard errors of logistic regressions of counts, many at once.

    ``x`` is [..., bin, k]. Newton's steps are halved until the likelihood does not fall. With ``squares`` (sums
    of squared weights of good and of bad people) the errors are the sandwich's. Where no
    finite solution exists both are NaN.
    """
    beta = np.zeros((*people.shape[:-1], x.shape[-1]))
    eye = np.eye(x.shape[-1])
    nothing = (good.sum(axis=-1) <= 0) | ((people - good).sum(axis=-1) <= 0) | _alone(x, people)

    def at(b: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log-odds and the log-likelihood."""
        log_odds = offset + (x * b[..., None, :]).sum(axis=-1)
        return log_odds, (good * log_odds - people * np.logaddexp(0.0, log_odds)).sum(axis=-1)

    log_odds, likelihood = at(beta)
    for _ in range(MOST_STEPS):
        rate, information = _information(x, people, log_odds)
        # Where the likelihood is flat to the last digit there is no step: what is not solved by then never is.
        flat = nothing | ~(np.linalg.det(information) > FLAT)
        score = (x * (good - people * rate)[..., None]).sum(axis=-2)
        step = np.linalg.solve(np.where(flat[..., None, None], eye, information), score[..., None])[..., 0]
        step = np.where(flat[..., None], 0.0, step)
        for _ in range(MOST_HALVINGS):
            log_odds, better = at(beta + step)
            worse = better < likelihood - 1e-9 * np.abs(likelihood)
            if not worse.any():
                break
            step = np.where(worse[..., None], step / 2, step)
        beta, likelihood = beta + step, better
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    rate, information = _information(x, people, log_odds)
    nothing = nothing | ~(np.linalg.det(information) > FLAT) | (np.abs(step) > 1e-6).any(axis=-1)
    nothing = nothing | (np.abs(beta) > SEPARATED).any(axis=-1)
    inverse = np.linalg.inv(np.where(nothing[..., None, None], eye, information))
    if squares is not None:
        meat = squares[0] * (1 - rate) ** 2 + squares[1] * rate**2
        inverse = inverse @ np.einsum("...b,...bi,...bj->...ij", meat, x, x) @ inverse
    errors = np.sqrt(np.diagonal(inverse, axis1=-2, axis2=-1))
    return np.where(nothing[..., None], np.nan, beta), np.where(nothing[..., None], np.nan, errors)


def _information(x: FloatArray, people: FloatArray, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    rate = scipy.special.expit(log_odds)
    information: FloatArray = np.einsum("...b,...bi,...bj->...ij", people * rate * (1 - rate), x, x)
    return rate, information


def _alone(x: FloatArray, people: FloatArray) -> np.ndarray:
    """Return where a slope is asked for although everybody has one prediction."""
    if x.shape[-1] == 1:
        return np.zeros(people.shape[:-1], dtype=bool)
    there = people > 0
    low = np.where(there, x[..., 1], np.inf).min(axis=-1, initial=np.inf)
    high = np.where(there, x[..., 1], -np.inf).max(axis=-1, initial=-np.inf)
    return np.asarray(~(high - low > 1e-9))


# Distances and the Brier score


def calibration_errors(
    p: Predicted, *, rng: np.random.Generator | int, draws: int = DRAWS
) -> tuple[Distances, Distances]:
    """Expected calibration error and Brier reliability of each group, beside what perfect calibration gives.

    Outcomes are drawn from the predictions, people and predictions as they are. p is the share of draws (the data
    counted as one) in which the number is at least as large.

    Parameters
    ----------
    p
        People by bin, [group, bin, outcome].
    rng
        Generator or seed.
    draws
        How many times outcomes are drawn.

    Notes
    -----
    Source: Bröcker & Smith (2007), Weather and Forecasting 22. Weighted people are drawn as the effective number that
    has the variance of their band's good rate where predictions hold; as many as their weights alone would tell
    (Kish) are too many where people with one outcome carry the larger weights.
    """
    rng = np.random.default_rng(rng)
    fine = frequency_bands(p, BANDS * FINE)
    count = int(fine.max(initial=0)) + 1
    drawn_from = in_bands(p, fine, count)
    cut = p.table.n.shape[-2] > BANDS * FINE
    band = fine // FINE if cut else frequency_bands(p)
    banded = in_bands(p, band, BANDS)
    of_part = np.broadcast_to(np.arange(count) // FINE, (len(band), count)) if cut else band
    following = _following(drawn_from)
    people = banded.table.w.sum(axis=-1)
    expected_good = banded.sums.sum(axis=-1)
    value = calibration_error(banded), _reliability(banded.table.w[..., GOOD] - expected_good, people)
    found = np.full((2, 2, len(p.table.n)), np.nan)
    for i in range(len(p.table.n)):
        weight = drawn_from.table.w[i].sum(axis=-1)
        heads = _effective_heads(weight, drawn_from.table.w2[i].sum(axis=-1) * following[i])
        chance = np.clip(np.nan_to_num(divide(drawn_from.sums[i].sum(axis=-1), weight)), 0.0, 1.0)
        share = rng.binomial(heads, chance, size=(draws, count)) / np.maximum(heads, 1)
        into = np.eye(BANDS)[of_part[i]]
        gap = (share * weight) @ into - expected_good[i]
        null = divide(np.abs(gap).sum(axis=-1), people[i].sum()), _reliability(gap, people[i])
        for k in range(2):
            found[k, 0, i] = null[k].mean()
            at_least = null[k] >= value[k][i] - 1e-12
            found[k, 1, i] = (1 + at_least.sum()) / (1 + draws) if people[i].sum() > 0 else np.nan
    one, two = (Distances(value[k], found[k, 0], value[k] - found[k, 0], found[k, 1], PARAMETRIC) for k in range(2))
    return one, two


def _reliability(gap: FloatArray, people: FloatArray) -> FloatArray:
    return divide(np.nan_to_num(divide(gap**2, people)).sum(axis=-1), people.sum(axis=-1))


def _following(p: Predicted) -> FloatArray:
    """Return by what factor weights that follow the outcome change the variance of each bin's good rate, [group, bin].

    By how much larger good people's weights are than bad people's with the same prediction is one ratio a group, put
    together over the bins as Mantel and Haenszel do: bins are small, and weights that only follow the score are no
    such thing.
    """
    if np.array_equal(p.table.w, p.table.n) and np.array_equal(p.table.w2, p.table.n):
        return np.ones(p.table.n.shape[:-1])
    people = p.table.w.sum(axis=-1)
    said = np.clip(np.nan_to_num(divide(p.sums.sum(axis=-1), people)), 0.0, 1.0)
    of_good, of_bad = (
        np.nan_to_num(divide(p.table.w2[..., one] * p.table.w[..., other], people)).sum(axis=-1, keepdims=True)
        for one, other in ((GOOD, BAD), (BAD, GOOD))
    )
    ratio = np.where((of_good > 0) & (of_bad > 0), divide(of_good, of_bad), 1.0)
    return np.asarray((ratio * (1 - said) + said) / (ratio * said + 1 - said))


def _effective_heads(weight: FloatArray, squares: FloatArray) -> np.ndarray:
    heads = np.nan_to_num(divide(weight**2, squares))
    return np.where(heads > 0, np.maximum(np.rint(heads), 1), 0).astype(np.int64)


def brier_interval(p: Predicted, *, confidence: float = 0.95) -> Comparisons:
    """Brier score of each group with a t interval from the squared errors of its people.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome], the prediction a declared probability.
    confidence
        Coverage aimed at.

    Notes
    -----
    The score is exact; its variance takes squared errors as alike within a bin and outcome. Source: Brier
    (1950), Monthly Weather Review 78.
    """
    value = brier(p)
    error = np.stack([p.table.w - 2 * p.sums + p.squares, p.squares], axis=-1)
    each = np.nan_to_num(divide(np.stack([error[..., GOOD, 0], error[..., BAD, 1]], axis=-1), p.table.w))
    spread = (p.table.w2 * (each - np.nan_to_num(value)[..., None, None]) ** 2).sum(axis=(-2, -1))
    several = p.heads > 1
    freedom = np.where(several, p.heads - 1, 1.0)
    variance = divide(spread, p.weight**2) * np.where(several, divide(p.heads, freedom), np.nan)
    half = scipy.special.stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(variance)
    name = np.full(value.shape, "t, from squared errors", dtype=object)
    low, high = np.maximum(value - half, 0.0), np.minimum(value + half, 1.0)
    return Comparisons(value, low, high, name, name, np.full(value.shape, np.nan))


def uncertainty_interval(p: Predicted, *, confidence: float = 0.95) -> Interval:
    """Interval of good rate x (1 - good rate): that of the good rate, carried over; a quarter where it holds one half.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome].
    confidence
        Coverage aimed at.
    """
    good, people = p.table[..., GOOD].sum(axis=-1), p.table.sum(axis=(-2, -1))
    low, high, method = _wilson(good.w, people.w, good.w2, people.w2, people.n, confidence)
    ends = np.stack([low * (1 - low), high * (1 - high)])
    most = np.where((low <= 0.5) & (high >= 0.5), 0.25, ends.max(axis=0))
    return Interval(ends.min(axis=0), most, method)


def resolution_interval(p: Predicted, *, confidence: float = 0.95) -> tuple[FloatArray, Interval]:
    """Resolution of each group less what noise adds to it, and its interval.

    Observed good rates differ between bands by chance alone, so resolution is too large by about
    (bands - 1) x uncertainty / people. The variance is the delta method's, and that of the noise itself, which is
    all there is where the score tells nothing.

    Parameters
    ----------
    p
        People by bin, [..., group, bin, outcome], the prediction a declared probability.
    confidence
        Coverage aimed at.

    Returns
    -------
    tuple
        The corrected resolution [..., group], and its t interval, not below 0 nor above a quarter.

    Notes
    -----
    Bands of about equal people are taken as fixed. Source: Ferro & Fricker (2012), Quarterly Journal of the Royal
    Meteorological Society 138; Bröcker (2012), Climate Dynamics 39.
    """
    band = frequency_bands(p)
    banded = in_bands(p, band, BANDS)
    parts = decomposition(p, banded)
    people, good = banded.table.w.sum(axis=-1), banded.table.w[..., GOOD]
    share, gap = divide(good, people), divide(good - banded.sums.sum(axis=-1), people)
    squares = np.nan_to_num(divide(banded.table.w2.sum(axis=-1), people**2))
    noise = np.nan_to_num(share * (1 - share)) * np.where(squares < 1, divide(squares, 1 - squares), np.nan)
    effective = divide(p.weight**2, p.table.w2.sum(axis=(-2, -1)))
    bias = divide(np.nansum(people * noise, axis=-1), p.weight) - divide(parts[2], effective - 1)
    value = parts[1] - bias
    # How far one person moves each of the three parts, alike within a bin and outcome.
    of_band = np.take_along_axis(np.nan_to_num(gap), band, axis=-1)[..., None]
    said = np.nan_to_num(divide(p.sums, p.table.w))
    squared = np.nan_to_num(divide(p.squares, p.table.w))
    outcome = np.zeros(p.table.w.shape)
    outcome[..., GOOD] = 1.0
    observed = p.observed[..., None, None]
    moved = 2 * of_band * (outcome - said) - of_band**2 - parts[0][..., None, None]
    moved += (1 - 2 * observed) * (outcome - observed)
    moved -= outcome * (1 - 2 * said) + squared - brier(p)[..., None, None]
    used = (people > 0).sum(axis=-1)
    variance = divide((p.table.w2 * moved**2).sum(axis=(-2, -1)), p.weight**2)
    variance = variance + 2 * np.maximum(used - 1, 0) * divide(parts[2], effective) ** 2
    freedom = np.where(effective > 1, effective - 1, np.nan)
    half = scipy.special.stdtrit(freedom, 0.5 + confidence / 2) * np.sqrt(variance)
    low, high = np.clip(value - half, 0.0, 0.25), np.clip(value + half, 0.0, 0.25)
    return value, Interval(low, high, "delta method, less what noise adds")


def brier_parts(p: Predicted) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return reliability, resolution and uncertainty of each group over ten bands."""
    return decomposition(p, in_bands(p, frequency_bands(p), BANDS))


# Balance


def balance(s: ScoreSums, reference: ScoreSums, outcome: int, *, confidence: float = 0.95) -> Comparisons:
    """Mean score of each group less that of its reference among people with one outcome, favorable-signed.

    Parameters
    ----------
    s, reference
        Scored people, [..., group, bin, outcome].
    outcome
        0 for people with a good outcome, 1 for a bad one.
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: Kleinberg, Mullainathan & Raghavan (2016); Welch (1947), Biometrika 34.
    """
    (n, mean, error2), (m, mean_reference, error2_reference) = (_mean_score(x, outcome) for x in (s, reference))
    value = s.sign * (mean - mean_reference)
    total = error2 + error2_reference
    freedom = divide(total**2, divide(error2**2, n - 1) + divide(error2_reference**2, m - 1))
    freedom = np.where(np.isfinite(freedom), freedom, n + m - 2)
    known = (n >= 2) & (m >= 2)
    half = scipy.special.stdtrit(np.where(known, freedom, np.nan), 0.5 + confidence / 2) * np.sqrt(total)
    t = np.where(value == 0, 0.0, divide(value, np.sqrt(total)))
    p = np.where(known, 2 * scipy.special.stdtr(np.where(known, freedom, 1.0), -np.abs(np.nan_to_num(t))), np.nan)
    name = np.full(value.shape, WELCH, dtype=object)
    return Comparisons(np.where(known, value, np.nan), value - half, value + half, name, name, p)


def _mean_score(s: ScoreSums, outcome: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return effective people, mean score, and the variance of that mean."""
    table = s.table[..., outcome]
    weight = table.w.sum(axis=-1)
    mean = divide(s.sums[..., outcome].sum(axis=-1), weight)
    of_bin, spread = np.nan_to_num(_bin_means(s.sums[..., outcome], s.squares[..., outcome], table.w))
    total = (table.w2 * ((of_bin - np.nan_to_num(mean)[..., None]) ** 2 + spread)).sum(axis=-1)
    people = np.nan_to_num(divide(weight**2, table.w2.sum(axis=-1)))
    return people, mean, divide(total, weight**2) * np.where(people > 1, divide(people, people - 1), np.nan)


def _wilson(
    good: ArrayLike, people: ArrayLike, good2: ArrayLike, people2: ArrayLike, heads: FloatArray, confidence: float
) -> Interval:
    good, people = np.asarray(good, dtype=np.float64), np.asarray(people, dtype=np.float64)
    if np.array_equal(people, heads) and np.array_equal(people2, people):
        return wilson(good, people, confidence=confidence)
    effective = np.nan_to_num(effective_n(good, people, good2, people2))
    low, high, _ = wilson(np.nan_to_num(divide(good, people)) * effective, effective, confidence=confidence)
    return Interval(low, high, f"{WILSON}, effective n")


def _made(value: FloatArray, low: FloatArray, high: FloatArray, method: str, variance: FloatArray) -> Comparisons:
    names = np.full(np.shape(value), method, dtype=object)
    z = np.where((value == 0) & (variance > 0), 0.0, divide(value, np.sqrt(np.maximum(variance, 0.0))))
    p = np.where(variance > 0, two_sided_p(z), np.nan)
    return Comparisons(value, low, high, names, np.full(np.shape(value), "z", dtype=object), p)
