"""Regression on cells: people with the same group, controls and decision are one line with a count.

A logit or a linear probability model of categorical predictors has the same maximum, the same variances and
the same predictions whether its lines are people or cells of people, so cells are enough.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from .counts import FloatArray, check_share, normal_quantile, two_sided_p

STEPS = 60
TOLERANCE = 1e-12
FARTHEST = 25.0
"""A linear predictor beyond this means that a level is never, or always, selected."""


SEPARATED = "a level of a control, or a group within the model, is never or always selected"
ENDLESS = "the controls tell (nearly) without error who is selected, so the fit has no end"
APART = "controls repeat each other, or one of them tells group and reference apart"


class Lines(NamedTuple):
    """People of one design each: what a model is fitted to. The first column is the intercept, the second the group."""

    x: FloatArray
    """Columns [line, coefficient]."""
    weight: FloatArray
    """Sums of weights of those selected and of those not [line, 2]; people where nobody is weighted."""
    squares: FloatArray
    """Sums of squared weights, alike."""
    people: float
    weighted: bool = False

    @classmethod
    def counted(cls, x: FloatArray, selected: ArrayLike, people: ArrayLike) -> Lines:
        """Return the lines of people who all weigh 1."""
        y, n = (np.asarray(counts, dtype=np.float64) for counts in (selected, people))
        both = np.stack([y, n - y], axis=1)
        return cls(x, both, both, float(n.sum()))

    def used(self) -> Lines:
        """Return the lines that hold somebody, without columns that nobody among them has."""
        some = self.weight.sum(axis=1) > 0
        x = self.x[some]
        kept = np.concatenate([[True, True], (x[:, 2:] != 0).any(axis=0)])
        return self._replace(x=x[:, kept], weight=self.weight[some], squares=self.squares[some])


class Effect(NamedTuple):
    """A difference between group and reference with its interval and test; NaN with a reason where it has none."""

    value: float
    low: float
    high: float
    p: float
    undefined: str | None


class Fitted(NamedTuple):
    """Coefficients and their covariance."""

    coefficients: FloatArray
    covariance: FloatArray


def design(group: ArrayLike, controls: ArrayLike) -> FloatArray:
    """Return the columns of a model with an intercept, the group, and a column for each further level of a control.

    Parameters
    ----------
    group
        1 for the group, 0 for its reference, shape [cell].
    controls
        Codes of the controls' levels, shape [cell, control].

    Examples
    --------
    >>> design([1, 0, 1], [[0], [1], [2]]).astype(int).tolist()
    [[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 1]]
    """
    group = np.asarray(group, dtype=np.float64)
    columns = [np.ones(len(group)), group]
    for codes in np.asarray(controls, dtype=np.int64).reshape(len(group), -1).T:
        columns += [(codes == level).astype(np.float64) for level in np.unique(codes)[1:]]
    return np.stack(columns, axis=1)


def fit_logit(x: FloatArray, selected: FloatArray, people: FloatArray, *, farthest: float = FARTHEST) -> Fitted | str:
    """Return the maximum likelihood logit of selected of people, or why there is none.

    Parameters
    ----------
    x
        Columns [cell, coefficient].
    selected, people
        Counts of each cell, or sums of weights.
    farthest
        A linear predictor beyond this means separation; infinite where a column is a number, of which one person
        may have very much.

    Notes
    -----
    Source: McCullagh & Nelder (1989), Generalized Linear Models, 2.5 and 4.4.

    Examples
    --------
    >>> made = fit_logit(design([1, 0], np.zeros((2, 0))), np.array([26.0, 206.0]), np.array([48.0, 259.0]))
    >>> made.coefficients.round(3).tolist()
    [1.358, -1.191]
    """
    if np.linalg.matrix_rank(x * np.sqrt(people)[:, None]) < x.shape[1]:
        return APART
    beta = np.zeros(x.shape[1])

    def fit_of(linear: FloatArray) -> float:
        return float(selected @ linear - people @ np.logaddexp(0.0, linear))

    reached = fit_of(x @ beta)
    for _ in range(STEPS):
        linear = x @ beta
        p = scipy.special.expit(linear)
        weight = people * p * (1 - p)
        information = x.T @ (weight[:, None] * x)
        if np.abs(linear).max() > farthest or not np.linalg.cond(information) <= 1e14:
            return SEPARATED if farthest == FARTHEST else ENDLESS
        step = np.linalg.solve(information, x.T @ (selected - people * p))
        if np.abs(step).max() < TOLERANCE:
            return Fitted(beta + step, np.asarray(np.linalg.inv(information), dtype=np.float64))
        made = fit_of(x @ (beta + step))
        while made < reached - 1e-9 * abs(reached) and np.abs(step).max() > TOLERANCE:
            step = step / 2
            made = fit_of(x @ (beta + step))
        beta, reached = beta + step, made
    if np.abs(x @ beta).max() > FARTHEST:
        return ENDLESS
    return "the fit did not settle"


def logit_effect(
    group: ArrayLike, controls: ArrayLike, selected: ArrayLike, people: ArrayLike, *, confidence: float = 0.95
) -> Effect:
    """Average marginal effect of the group in a logit with controls, by the delta method.

    Parameters
    ----------
    group, controls
        As in :func:`design`.
    selected, people
        Counts of each cell.
    confidence
        Coverage aimed at.

    Examples
    --------
    >>> made = logit_effect([1, 0], np.zeros((2, 0)), [26, 206], [48, 259])
    >>> print(f"{made.value:.3f} [{made.low:.3f}, {made.high:.3f}]")
    -0.254 [-0.403, -0.104]
    """
    return logit_effect_of(Lines.counted(design(group, controls), selected, people), confidence=confidence)


def logit_effect_of(lines: Lines, *, confidence: float = 0.95, farthest: float = FARTHEST) -> Effect:
    """Average marginal effect of the group in a logit, from lines of a design; robust where people are weighted.

    Parameters
    ----------
    lines
        The design, and who was selected.
    confidence
        Coverage aimed at.
    farthest
        As in :func:`fit_logit`.

    Notes
    -----
    The interval is that of the delta method: with the model's own variance, or, where people are weighted, with the
    sandwich of White (1982), Econometrica 50:1, because weights are not numbers of people.

    Examples
    --------
    >>> made = logit_effect_of(Lines.counted(design([1, 0], np.zeros((2, 0))), [26, 206], [48, 259]))
    >>> print(f"{made.value:.3f}")
    -0.254
    """
    x, weight, squares, _, weighted = lines.used()
    n = weight.sum(axis=1)
    fitted = fit_logit(x, weight[:, 0], n, farthest=farthest)
    if isinstance(fitted, str):
        return Effect(np.nan, np.nan, np.nan, np.nan, fitted)
    covariance = fitted.covariance
    if weighted:
        p = scipy.special.expit(x @ fitted.coefficients)
        meat = x.T @ ((squares[:, 0] * (1 - p) ** 2 + squares[:, 1] * p**2)[:, None] * x)
        covariance = covariance @ meat @ covariance
    with_group, without = x.copy(), x.copy()
    with_group[:, 1], without[:, 1] = 1.0, 0.0
    share = n / n.sum()
    p1, p0 = (scipy.special.expit(side @ fitted.coefficients) for side in (with_group, without))
    value = float((share * (p1 - p0)).sum())
    slope = share @ (with_group * (p1 * (1 - p1))[:, None] - without * (p0 * (1 - p0))[:, None])
    return _effect(value, float(slope @ covariance @ slope), confidence)


def linear_effect(
    group: ArrayLike, controls: ArrayLike, selected: ArrayLike, people: ArrayLike, *, confidence: float = 0.95
) -> Effect:
    """Difference between group and reference in a linear probability model, with variances that allow for its spread.

    Parameters
    ----------
    group, controls
        As in :func:`design`.
    selected, people
        Counts of each cell.
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: White (1980), Econometrica 48 (HC1 of the people behind the cells).

    Examples
    --------
    >>> made = linear_effect([1, 0], np.zeros((2, 0)), [26, 206], [48, 259])
    >>> print(f"{made.value:.3f}")
    -0.254
    """
    return linear_effect_of(Lines.counted(design(group, controls), selected, people), confidence=confidence)


def linear_effect_of(lines: Lines, *, confidence: float = 0.95) -> Effect:
    """Difference between group and reference in a linear probability model, from lines of a design.

    Parameters
    ----------
    lines
        The design, and who was selected; weights make it weighted least squares.
    confidence
        Coverage aimed at.

    Notes
    -----
    Source: White (1980), Econometrica 48 (HC1 of the people behind the lines).

    Examples
    --------
    >>> made = linear_effect_of(Lines.counted(design([1, 0], np.zeros((2, 0))), [26, 206], [48, 259]))
    >>> print(f"{made.value:.3f}")
    -0.254
    """
    x, weight, squares, people, _ = lines.used()
    n = weight.sum(axis=1)
    if np.linalg.matrix_rank(x * np.sqrt(n)[:, None]) < x.shape[1] or people <= x.shape[1]:
        return Effect(np.nan, np.nan, np.nan, np.nan, APART)
    inverse = np.linalg.inv(x.T @ (n[:, None] * x))
    beta = inverse @ (x.T @ weight[:, 0])
    fitted = x @ beta
    # Squared residuals of the people on a line: those selected and those not.
    spread = squares[:, 0] * (1 - fitted) ** 2 + squares[:, 1] * fitted**2
    covariance = inverse @ (x.T @ (spread[:, None] * x)) @ inverse * people / (people - x.shape[1])
    return _effect(float(beta[1]), float(covariance[1, 1]), confidence)


def _effect(value: float, variance: float, confidence: float) -> Effect:
    reach = float(normal_quantile(check_share(confidence, "confidence"))) * variance**0.5
    p = float(np.asarray(two_sided_p(np.asarray(value / variance**0.5)))) if variance > 0 else np.nan
    return Effect(value, max(-1.0, value - reach), min(1.0, value + reach), p, None)


def cramers_v(counts: ArrayLike) -> float:
    """How closely two columns go together, from a table of counts: 0 not at all, 1 one tells the other.

    Notes
    -----
    Source: Cramer (1946), Mathematical Methods of Statistics, 21.9.

    Examples
    --------
    >>> cramers_v([[10, 0], [0, 10]])
    1.0
    """
    table = np.asarray(counts, dtype=np.float64)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    total, least = table.sum(), min(table.shape) - 1
    if least < 1:
        return float("nan")
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / total
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / total / least))
