"""Scores against outcomes: does the score rank good people above bad ones?"""

from __future__ import annotations

import numpy as np

from ..cube.confusion import ScoreTable
from .base import Estimate, metric

_HANLEY = "Hanley and McNeil (1982), Radiology 143:29"


def moments(s: ScoreTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the (weighted) people, mean and variance of the score of each group.

    The variance is the population's (divided by n), summed over bins from exact sums of squares.
    """
    people = s.people.w
    total = people.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, (people * s.scores).sum(axis=-1) / total, np.nan)
        # Around the mean, not as a difference of squares: large scores would cancel.
        spread = (people * (s.scores - mean[..., None]) ** 2).sum(axis=-1)
        within = (people * np.maximum(s.squares - s.scores**2, 0.0)).sum(axis=-1)
        variance = np.where(total > 0, (spread + within) / total, np.nan)
    return total, mean, variance


def mean_variance(s: ScoreTable) -> np.ndarray:
    """Return the variance of each group's mean score, linearised: weights may follow the score.

    With x a person's score, m the mean and W the sum of weights it is sum w^2 (x - m)^2 / W^2, times n / (n - 1).
    Squared weights are taken as alike within a bin.
    """
    total, mean, _ = moments(s)
    heads = s.people.n.sum(axis=-1)
    squares = s.people.w2
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (s.scores - mean[..., None]) ** 2 + np.maximum(s.squares - s.scores**2, 0.0)
        freedom = np.where(heads > 1, heads / (heads - 1), np.nan)
        return np.asarray(np.where(total > 0, (squares * spread).sum(axis=-1) / total**2, np.nan) * freedom)


def _auc(s: ScoreTable) -> np.ndarray:
    good, bad = s.good.w, s.bad.w
    worse = np.cumsum(bad, axis=-1) - bad
    pairs = good.sum(axis=-1) * bad.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(pairs > 0, (good * (worse + bad / 2)).sum(axis=-1) / pairs, np.nan))


@metric(
    title="Mean score",
    formula="sum of scores / people scored",
    better="neither",
    range=(float("-inf"), float("inf")),
    needs={"score"},
    undefined_when="nobody is scored",
    source="arithmetic mean",
    checked_against=("numpy.average", "scipy.stats.sem", "statsmodels.api.WLS"),
    aliases=("mean_prediction", "average score"),
    kind="estimate",
)
def mean_score(s: ScoreTable) -> Estimate:
    """The average score of the people who have one."""
    _, mean, _ = moments(s)
    return Estimate(mean, mean_variance(s), s.people.n.sum(axis=-1))


@metric(
    title="AUC (good people ranked above bad ones)",
    formula="share of pairs of a good and a bad person in which the good one has the better score, ties one half",
    better="higher",
    needs={"score", "outcome"},
    undefined_when="nobody has a good outcome, or nobody has a bad one",
    source=_HANLEY,
    checked_against=("sklearn.metrics.roc_auc_score", "scipy.stats.mannwhitneyu"),
    aliases=(
        "auc",
        "roc_auc",
        "roc_auc_score",
        "area under the ROC curve",
        "concordance index",
        "c-statistic",
        "pairwise concordance",
        "within-group pairwise concordance",
        "intra-group pairwise accuracy",
    ),
    kind="estimate",
)
def area_under_curve(s: ScoreTable) -> Estimate:
    """Chance that a person with a good outcome has a better score than one with a bad outcome."""
    return Estimate(_auc(s), None, s.good.n.sum(axis=-1) + s.bad.n.sum(axis=-1))


@metric(
    title="Gini coefficient",
    formula="2 AUC - 1",
    better="higher",
    range=(-1.0, 1.0),
    needs={"score", "outcome"},
    undefined_when="nobody has a good outcome, or nobody has a bad one",
    source=_HANLEY,
    checked_against=("sklearn.metrics.roc_auc_score",),
    aliases=("accuracy ratio", "Somers' D"),
    kind="estimate",
)
def gini(s: ScoreTable) -> Estimate:
    """The AUC stretched so that 0 means no better than chance and 1 a perfect ranking."""
    return Estimate(2 * _auc(s) - 1, None, s.good.n.sum(axis=-1) + s.bad.n.sum(axis=-1))


@metric(
    title="KS statistic (separation of good and bad scores)",
    formula="max over cut-offs of |share of good below - share of bad below|",
    better="higher",
    needs={"score", "outcome"},
    undefined_when="nobody has a good outcome, or nobody has a bad one",
    source="Smirnov (1948), Annals of Mathematical Statistics 19:279",
    checked_against=("scipy.stats.ks_2samp", "sklearn.metrics.roc_curve"),
    aliases=("ks", "Kolmogorov-Smirnov"),
    kind="estimate",
)
def kolmogorov_smirnov(s: ScoreTable) -> Estimate:
    """The largest gap between the score distributions of people with good and with bad outcomes."""
    good, bad = s.good.w, s.bad.w
    with np.errstate(invalid="ignore", divide="ignore"):
        shares_good = np.cumsum(good, axis=-1) / good.sum(axis=-1, keepdims=True)
        shares_bad = np.cumsum(bad, axis=-1) / bad.sum(axis=-1, keepdims=True)
    value = np.abs(shares_good - shares_bad).max(axis=-1)
    return Estimate(value, None, s.good.n.sum(axis=-1) + s.bad.n.sum(axis=-1))
