"""Intervals that hold at every look at once: for those who look at an audit again each month.

An estimate that grows more precise with time (its information, one over its variance, grows) is, times its
information, nearly a Brownian motion in it: looks at it are jointly normal with independent increments (Jennison and
Turnbull 2000, chapter 11). The normal mixture of Robbins bounds such a motion at all times together, so an interval
made with it may be read whenever, and as often, as one likes.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike, NDArray

from .counts import FloatArray, check_share

METHOD = "confidence sequence of the normal mixture"
How = Literal["ratio", "difference", "odds_ratio"]
ENOUGH = 10
"""Counted and not counted people that each side of a stretch needs: below, its estimate is no motion yet."""


def mixing_variance(information: float, alpha: float = 0.05) -> float:
    """Return the mixing parameter for which the interval is narrowest at an amount of information.

    Parameters
    ----------
    information
        One over the variance of the estimate at the time that matters most; chosen before anything is seen.
    alpha
        Error of all looks together.

    Notes
    -----
    Howard, Ramdas, McAuliffe and Sekhon (2021), Annals of Statistics 49, section 3.5: the boundary is narrowest where
    the ratio of information and parameter is -W(-alpha^2 / e) - 1, W being the lower branch of Lambert's function.

    Examples
    --------
    >>> round(mixing_variance(100.0), 2)
    12.18
    """
    check_share(alpha, "alpha")
    ratio = -float(np.real(scipy.special.lambertw(-(alpha**2) / math.e, k=-1))) - 1
    return information / ratio


def half_width(information: ArrayLike, mixing: float, alpha: ArrayLike = 0.05) -> FloatArray:
    """Return how far an interval reaches to either side of its estimate, if it is to hold at all looks together.

    Parameters
    ----------
    information
        One over the variance of the estimate; 0 gives an infinite reach.
    mixing
        From :func:`mixing_variance`.
    alpha
        Error of all looks together.

    Notes
    -----
    Robbins (1970), Annals of Mathematical Statistics 41: with probability 1 - alpha a Brownian motion stays, at all
    times t together, within sqrt((t + m) log((t + m) / (m alpha^2))).

    Examples
    --------
    >>> half_width([25.0, 100.0, 400.0], mixing_variance(100.0)).round(3)
    array([0.65 , 0.304, 0.157])
    """
    at = np.asarray(information, dtype=np.float64)
    level = np.asarray(alpha, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.sqrt((at + mixing) * np.log((at + mixing) / (mixing * level**2))) / at
    return np.where(at > 0, reach, np.inf)


def anytime_p(value: ArrayLike, information: ArrayLike, mixing: float) -> FloatArray:
    """Return a p-value that may be looked at as often as one likes: below alpha once with a chance of at most alpha.

    Parameters
    ----------
    value
        The estimate, less what it is under the hypothesis.
    information
        One over its variance.
    mixing
        From :func:`mixing_variance`.

    Notes
    -----
    One over the mixture's likelihood ratio (Ville's inequality). It agrees with the interval: it is alpha where
    :func:`half_width` ends.

    Examples
    --------
    >>> mixing = mixing_variance(100.0)
    >>> round(float(anytime_p(half_width(100.0, mixing), 100.0, mixing)), 6)
    0.05
    """
    at, moved = np.asarray(information, dtype=np.float64), np.asarray(value, dtype=np.float64)
    log_ratio = (at * moved) ** 2 / (2 * (at + mixing)) - np.log((at + mixing) / mixing) / 2
    return np.minimum(1.0, np.exp(-log_ratio))


def share_of_start(start: ArrayLike) -> FloatArray:
    """Return the share of the error that a stretch beginning at the so-manieth look may spend: 1 / (s (s + 1)).

    They add up to 1 over all beginnings, so that a change long after the first look is found without starting anew.

    Examples
    --------
    >>> share_of_start([1, 2, 3]).round(4), round(float(share_of_start(range(1, 1000)).sum()), 3)
    (array([0.5   , 0.1667, 0.0833]), 0.999)
    """
    s = np.asarray(start, dtype=np.float64)
    return 1 / (s * (s + 1))


class Estimates(NamedTuple):
    """Contrasts of rates on the scale on which they are nearly normal: logarithms of ratios and odds ratios."""

    value: FloatArray
    information: FloatArray
    enough: NDArray[np.bool_]


def estimates(a: ArrayLike, n: ArrayLike, b: ArrayLike, m: ArrayLike, *, how: How) -> Estimates:
    """Return contrasts of a group's rate a/n with a reference's b/m, and their information.

    Parameters
    ----------
    a, n, b, m
        Counted and all people of group and reference, of any shapes that broadcast; effective ones of weighted rows.
    how
        ``ratio``, ``difference`` or ``odds_ratio``.

    Notes
    -----
    Half a person is added on either side of each rate, so that none is 0 or 1.

    Examples
    --------
    >>> made = estimates(26, 48, 206, 259, how="ratio")
    >>> round(float(np.exp(made.value)), 3), round(float(made.information ** -0.5), 3)
    (0.681, 0.137)
    """
    a, n, b, m = (np.asarray(given, dtype=np.float64) for given in (a, n, b, m))
    p, q = (a + 0.5) / (n + 1), (b + 0.5) / (m + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if how == "ratio":
            value, variance = np.log(p / q), (1 - p) / (n * p) + (1 - q) / (m * q)
        elif how == "odds_ratio":
            value = np.log(p / (1 - p)) - np.log(q / (1 - q))
            variance = 1 / (n * p * (1 - p)) + 1 / (m * q * (1 - q))
        else:
            value, variance = p - q, p * (1 - p) / n + q * (1 - q) / m
    information = np.where(np.isfinite(variance) & (variance > 0), 1 / np.where(variance > 0, variance, 1.0), 0.0)
    enough = (np.minimum(a, n - a) >= ENOUGH) & (np.minimum(b, m - b) >= ENOUGH)
    return Estimates(value, information, enough)


class Sequence(NamedTuple):
    """A running interval, and whether one of the stretches that end at a look leaves out what is held to be true."""

    value: FloatArray
    """Shape [look]: of everything since the first look."""
    low: FloatArray
    high: FloatArray
    p: FloatArray
    """Of all stretches so far; never rises."""
    since: NDArray[np.int64]
    """The first look of the stretch that leaves it out most clearly; -1 where none does."""
    side: NDArray[np.int64]
    """-1 where that stretch lies below, 1 above, 0 where there is none."""


def running(
    value: FloatArray,
    information: FloatArray,
    enough: NDArray[np.bool_],
    *,
    against: float | None,
    mixing: float,
    alpha: float,
) -> Sequence:
    """Return the running interval at each look, and the stretches that leave a value out.

    Parameters
    ----------
    value, information, enough
        Of the stretch from a first look to a last one [first, last]; what lies under the diagonal is not read.
    against
        The value that a stretch may leave out: no change, or a line; None where there is none.
    mixing
        From :func:`mixing_variance`.
    alpha
        Error of all stretches at all looks together; each beginning has its :func:`share_of_start` of it.

    Notes
    -----
    A stretch without enough people is not looked at, which can only make alarms rarer.

    Examples
    --------
    >>> made = running(np.array([[-0.4, -0.4]] * 2), np.array([[50.0, 100.0]] * 2), np.ones((2, 2), dtype=bool),
    ...                against=0.0, mixing=12.0, alpha=0.05)
    >>> made.low.round(2), made.high.round(2), made.since
    (array([-0.87, -0.73]), array([ 0.07, -0.07]), array([-1,  0]))
    """
    looks = value.shape[0]
    share = share_of_start(np.arange(1, looks + 1))[:, None]
    reach = half_width(information, mixing, alpha * share)
    usable = np.triu(enough) & (information > 0)
    away = np.where(usable, value - against, 0.0) if against is not None else np.zeros_like(value)
    beyond = np.where(usable, np.abs(away) - np.where(usable, reach, 0.0), -np.inf)
    best = beyond.argmax(axis=0)
    ends = np.arange(looks)
    found = beyond[best, ends] > 0
    each = np.where(usable, anytime_p(away, np.where(usable, information, 1.0), mixing) / share, 1.0)
    low, high = value[0] - reach[0], value[0] + reach[0]
    return Sequence(
        np.where(usable[0], value[0], np.nan),
        np.where(usable[0], low, np.nan),
        np.where(usable[0], high, np.nan),
        np.minimum.accumulate(np.minimum(each.min(axis=0), 1.0)),
        np.where(found, best, -1),
        np.where(found, np.sign(away[best, ends]), 0).astype(np.int64),
    )
