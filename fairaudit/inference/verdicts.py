"""Is an alternative shown? Performance not worse than a margin, and disparity better, both on the same people.

An alternative is shown only if both are: the larger of the two p-values decides (intersection-union), and it is
corrected over the finalists (Holm). Each p-value is dual to a two-sided interval: it is below alpha exactly when the
whole interval is on the right side of its bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.special

from .counts import check_share, normal_quantile
from .model_changes import Change
from .multiplicity import holm


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two claims: a change, its interval, the bound that it must be above, and what the data could show."""

    value: float
    low: float
    high: float
    bound: float
    """The change must be shown to be above it: minus the margin, or the least improvement."""
    p: float
    detectable: float
    """The true change that people in these numbers would show with the power asked for; NaN where unknown."""
    people: int | None
    """People of the verdict who would show it, were the observed change the true one; None where no number would."""
    undefined: str | None = None

    @property
    def shown(self) -> bool:
        """Whether the whole interval is above the bound, before any correction for finalists."""
        return self.low > self.bound


@dataclass(frozen=True, slots=True)
class Joint:
    """Both claims of one finalist: their p-values, the larger of them, and the covariance of the two changes."""

    performance: Side
    disparity: Side
    p: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    """Of the two changes, performance first; NaN where one is undefined."""

    @property
    def people(self) -> int | None:
        """People of the verdict who would show both; None where no number would."""
        both = (self.performance.people, self.disparity.people)
        return None if both[0] is None or both[1] is None else max(both[0], both[1])


def joint(
    performance: Change,
    disparity: Change,
    *,
    margin: float,
    improvement: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    finalists: int = 1,
) -> Joint:
    """Test that performance is not worse by the margin and that disparity is better, jointly.

    Parameters
    ----------
    performance
        Change of the performance, above 0 where the candidate is better.
    disparity
        Change of the disparity on its own scale, above 0 where the group gains.
    margin
        By how much the candidate may be worse, above 0, in units of the performance.
    improvement
        The change of disparity that must be passed, on its scale.
    alpha
        Level; the intervals have a confidence of 1 - alpha, so that each claim errs in at most alpha / 2.
    power
        For what could be detected and how many people would: both claims are then shown at once with at least it.
    finalists
        How many finalists are tested together; what could be detected and the people needed allow for all of them.

    Returns
    -------
    Joint
        An undefined change has p = 1: it shows nothing.

    Notes
    -----
    Source: Berger (1982), Technometrics 24 (intersection-union tests); ICH E9 (1998), 3.3.2 (non-inferiority by the
    lower end of the two-sided interval).

    Examples
    --------
    >>> import numpy as np
    >>> from fairaudit.inference.model_changes import Change
    >>> people = np.array([0.003, 0.0, 0.004]), np.array([0.0, 0.05, 0.0])
    >>> made = joint(Change(0.78, 0.78, 0.0, people[0]), Change(0.6, 0.75, 0.22, people[1], "log ratio"), margin=0.02)
    >>> made.performance.shown, made.disparity.shown, bool(made.p < 0.001)
    (True, True, True)
    """
    check_share(alpha, "alpha")
    check_share(power, "power")
    each = 1 - (1 - power) / 2
    sides = [
        _side(change, bound, alpha, each, max(1, finalists))
        for change, bound in ((performance, -margin), (disparity, improvement))
    ]
    cross = performance.covariance(disparity)
    covariance = ((performance.variance, cross), (cross, disparity.variance))
    return Joint(sides[0], sides[1], max(sides[0].p, sides[1].p), covariance)


def corrected(finalists: Sequence[Joint]) -> list[float]:
    """Return the p-value of each finalist corrected over all (Holm): one false alternative in the whole family.

    Examples
    --------
    >>> corrected([])
    []
    """
    return [float(p) for p in holm([one.p for one in finalists])] if finalists else []


def ellipse(covariance: Sequence[Sequence[float]], *, confidence: float = 0.95, points: int = 48) -> list[list[float]]:
    """Return the outline of the joint normal region of two changes around 0, shape [point, 2].

    Examples
    --------
    >>> outline = ellipse([[1.0, 0.0], [0.0, 4.0]], points=4)
    >>> [round(value, 2) for value in outline[0]]
    [2.45, 0.0]
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if not np.isfinite(matrix).all():
        return []
    values, vectors = np.linalg.eigh(matrix)
    radius = math.sqrt(-2 * math.log(1 - check_share(confidence, "confidence")))  # chi-square of two degrees
    angles = np.linspace(0, 2 * math.pi, points, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    made = radius * (vectors * np.sqrt(np.maximum(values, 0.0))) @ circle
    return [[float(x), float(y)] for x, y in made.T]


def _side(change: Change, bound: float, alpha: float, power: float, finalists: int) -> Side:
    if change.undefined:
        return Side(change.value, math.nan, math.nan, bound, 1.0, math.nan, None, change.undefined)
    error, z = change.standard_error, normal_quantile(1 - alpha)
    low, high = change.value - z * error, change.value + z * error
    if error == 0:
        # The same for every person, as a cut-off leaves the ranking: nothing is estimated.
        return Side(change.value, low, high, bound, 0.0 if change.value > bound else 1.0, bound, None if
                    change.value <= bound else len(change.influence))  # fmt: skip
    p = min(1.0, 2 * float(scipy.special.ndtr(-(change.value - bound) / error)))
    reach = (normal_quantile(1 - alpha / finalists) + float(scipy.special.ndtri(power))) * error
    people = None
    if change.value > bound:
        people = math.ceil(len(change.influence) * (reach / (change.value - bound)) ** 2)
    return Side(change.value, low, high, bound, p, bound + reach, people)
