"""How far apart the scores of two groups lie: distances, quantile gaps, overlap, and rankings across groups."""

from __future__ import annotations

import numpy as np

from ..cube.confusion import ScoreTable
from .base import Floats, measure

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
BEST = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_NOBODY = "nobody is scored in one of the two"
_KINDS = "one of the two has nobody with a good, or nobody with a bad outcome"
_DISTANCE = (
    "0 means equal distributions. It cannot be negative, and chance alone makes it larger in small groups: read its "
    "excess over the value expected under equal distributions, and the p-value."
)
_BORKAN = "Borkan, Dixon, Sorensen, Thain and Vasserman (2019), Nuanced metrics, arXiv 1903.04561"
_KALLUS = "Kallus and Zhou (2019), The fairness of risk scores beyond classification, arXiv 1902.05826"

measure(
    id="score_distance",
    title="Largest gap between the score distributions (KS)",
    plain="The largest difference, at any score, between the shares of the two groups that lie at or below it.",
    formula="max over scores of |share of the group at or below - share of the reference at or below|",
    reading=f"From 0 to 1. {_DISTANCE}",
    undefined_when=_NOBODY,
    source="Smirnov (1948), Annals of Mathematical Statistics 19:279",
    topic="distribution",
    aliases=("max statistical parity", "max SP"),
    checked_against=("scipy.stats.ks_2samp",),
)
measure(
    id="wasserstein_distance",
    title="Wasserstein distance of the scores",
    plain="How many score points a person of the group would have to move, on average, for equal distributions.",
    formula="area between the two cumulative distributions, in score points",
    reading=f"In score points. {_DISTANCE}",
    undefined_when=_NOBODY,
    source="Vallender (1974), Theory of Probability and its Applications 18:784",
    topic="distribution",
    aliases=("earth mover's distance",),
    checked_against=("scipy.stats.wasserstein_distance",),
)
measure(
    id="density_overlap",
    title="Overlap of the score distributions",
    plain="Share of one group's scores that the other group's distribution covers.",
    formula="sum over score bins of the smaller of the two shares",
    reading=(
        "1 means equal distributions, 0 that no score occurs in both. Chance alone lowers it in small groups: read its "
        "excess under the value expected under equal distributions. It depends on the bins, which are at most 20."
    ),
    undefined_when=_NOBODY,
    source="Inman and Bradley (1989), Communications in Statistics 18:3851",
    topic="distribution",
    aliases=("overlapping coefficient",),
    checked_against=("shares summed by numpy on rows",),
)
measure(
    id="score_quantile_gap",
    title="Gap between score quantiles",
    plain="The group's quantile of the score less the reference's; below 0 the group's scores are worse.",
    formula="quantile of the group - quantile of the reference, favorable-signed",
    reading=(
        "In score points; 0 means no difference at that quantile. Several quantiles show where the gap lies. By chance "
        "alone the gap has the size printed beside it; the excess is the size beyond that."
    ),
    undefined_when=_NOBODY,
    source="Woodruff (1952), Journal of the American Statistical Association 47:635 (intervals)",
    topic="distribution",
    checked_against=("numpy.quantile", "scipy.stats.permutation_test"),
)
measure(
    id="adverse_impact_ratio_in_best",
    title="Adverse impact ratio by quantile of the score",
    plain="The adverse impact ratio if so many of the best scores of all people were selected.",
    formula="share of the group selected / share of the reference selected, at the cut-off that selects the best q",
    reading=(
        "1 means no difference; below 1 the group is worse off. A score with few values cannot select every share: the "
        "share that is really selected is printed. Intervals are pointwise."
    ),
    undefined_when="nobody is selected in either, or one of the two has nobody",
    source="Gill, Hall, Montgomery and Schmidt (2020), Information 11(3):137",
    topic="distribution",
    aliases=("AIR by quantile", "disparate impact by quantile", "adverse_impact_ratio_by_quantile"),
    checked_against=("the adverse impact ratio at the same cut-off", "a table counted by hand"),
)
measure(
    id="background_negative_subgroup_positive_auc",
    title="AUC of the group's good people against the reference's bad people",
    plain="Chance that a good person of the group has a better score than a bad person of the reference.",
    formula="share of pairs (good of the group, bad of the reference) with the first one's score better, ties one half",
    reading="From 0 to 1, higher is better for the group's good people; low: they rank with the reference's bad ones.",
    undefined_when="the group has nobody good, or the reference nobody bad",
    source=f"{_BORKAN}; {_KALLUS}",
    topic="distribution",
    aliases=(
        "BNSP AUC",
        "xAUC",
        "pairwise concordance",
        "cross-group pairwise concordance",
        "inter-group pairwise accuracy",
    ),
    checked_against=("sklearn.metrics.roc_auc_score",),
)
measure(
    id="background_positive_subgroup_negative_auc",
    title="AUC of the reference's good people against the group's bad people",
    plain="Chance that a good person of the reference has a better score than a bad person of the group.",
    formula="share of pairs (good of the reference, bad of the group) with the first one's score better, ties one half",
    reading="From 0 to 1. High, beside a low value the other way round: the score ranks the group below the reference.",
    undefined_when="the reference has nobody good, or the group nobody bad",
    source=f"{_BORKAN}; {_KALLUS}",
    topic="distribution",
    aliases=("BPSN AUC", "xAUC of the reference", "pairwise concordance", "cross-group pairwise concordance"),
    checked_against=("sklearn.metrics.roc_auc_score",),
)
measure(
    id="cross_auc_difference",
    title="Cross-group AUC difference",
    plain="How much less often the group's good people are ranked above the reference's bad ones than the reverse.",
    formula="AUC(good of the group, bad of the reference) - AUC(good of the reference, bad of the group)",
    reading="0 means no difference; below 0 the group is worse off.",
    undefined_when=_KINDS,
    source=_KALLUS,
    topic="distribution",
    aliases=("xAUC disparity",),
    checked_against=("sklearn.metrics.roc_auc_score",),
)
measure(
    id="abroca",
    title="Area between the ROC curves (ABROCA)",
    plain="How differently the score separates good from bad people within the two groups, over all cut-offs.",
    formula="area between the ROC curve of the group and the ROC curve of the reference",
    reading=f"From 0 to 1. {_DISTANCE}",
    undefined_when=_KINDS,
    source="Gardner, Brooks and Baker (2019), Evaluating the fairness of predictive student models, LAK 2019",
    topic="distribution",
    aliases=("area between ROC curves",),
    checked_against=("sklearn.metrics.roc_curve",),
)


def shares(people: Floats) -> Floats:
    """Return people by bin [..., bin] as shares of their group; NaN where there is nobody.

    Examples
    --------
    >>> shares(np.array([1.0, 3.0])).tolist()
    [0.25, 0.75]
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(people / people.sum(axis=-1, keepdims=True))


def score_distance(group: Floats, reference: Floats) -> Floats:
    """Return the largest gap between two cumulative distributions, from people by bin [..., bin].

    Examples
    --------
    >>> float(score_distance(np.array([5.0, 5.0]), np.array([1.0, 9.0])))
    0.4
    """
    return np.asarray(np.abs(np.cumsum(shares(group) - shares(reference), axis=-1)).max(axis=-1))


def wasserstein_distance(group: Floats, reference: Floats, scores: Floats) -> Floats:
    """Return the area between two cumulative distributions in score points, from people by bin [..., bin].

    Examples
    --------
    >>> float(wasserstein_distance(np.array([5.0, 5.0]), np.array([1.0, 9.0]), np.array([600.0, 650.0])))
    20.0
    """
    gap = np.abs(np.cumsum(shares(group) - shares(reference), axis=-1))[..., :-1]
    return np.asarray((gap * np.abs(np.diff(scores))).sum(axis=-1))


def density_overlap(group: Floats, reference: Floats) -> Floats:
    """Return the sum over bins of the smaller share, from people by bin [..., bin].

    Examples
    --------
    >>> float(density_overlap(np.array([5.0, 5.0]), np.array([1.0, 9.0])))
    0.6
    """
    return np.asarray(np.minimum(shares(group), shares(reference)).sum(axis=-1))


def quantile_bin(people: Floats, share: float) -> np.ndarray:
    """Return the bin of a quantile: the first at which so great a share lies at or below, from people [..., bin].

    Examples
    --------
    >>> int(quantile_bin(np.array([1.0, 1.0, 2.0]), 0.5))
    1
    """
    reached = np.cumsum(shares(people), axis=-1) >= share - 1e-12
    return np.asarray(reached.argmax(axis=-1))


def abroca(group: tuple[Floats, Floats], reference: tuple[Floats, Floats]) -> float:
    """Return the area between two ROC curves, exactly, from (good, bad) people by bin, worst score first.

    Examples
    --------
    >>> abroca((np.array([0.0, 1.0]), np.array([1.0, 0.0])), (np.array([1.0, 1.0]), np.array([1.0, 1.0])))
    0.5
    """
    one, two = _curve(*group), _curve(*reference)
    at = np.union1d(one[0], two[0])
    # A curve may rise straight up: its value is taken on both sides of each breakpoint.
    left = _value(one, at[1:], before=True) - _value(two, at[1:], before=True)
    right = _value(one, at[:-1], before=False) - _value(two, at[:-1], before=False)
    width = np.diff(at)
    crosses = left * right < 0
    with np.errstate(invalid="ignore", divide="ignore"):
        triangles = (left**2 + right**2) / (2 * (np.abs(left) + np.abs(right)))
    return float((width * np.where(crosses, triangles, (np.abs(left) + np.abs(right)) / 2)).sum())


def _curve(good: Floats, bad: Floats) -> tuple[Floats, Floats]:
    """Return false and true positive rates from the strictest cut-off to the most lenient, from 0 to 1."""
    curves = [np.concatenate([[0.0], np.cumsum(shares(side)[::-1])]) for side in (bad, good)]
    return np.minimum(curves[0], 1.0), np.minimum(curves[1], 1.0)


def _value(curve: tuple[Floats, Floats], at: Floats, *, before: bool) -> Floats:
    """Return the curve's height just before, or just after, each place."""
    x, y = curve
    side = np.searchsorted(x, at, side="left" if before else "right")
    lower, upper = np.clip(side - 1, 0, len(x) - 1), np.clip(side, 0, len(x) - 1)
    span = x[upper] - x[lower]
    part = np.where(span > 0, (at - x[lower]) / np.where(span > 0, span, 1.0), 0.0)
    return np.asarray(y[lower] + part * (y[upper] - y[lower]))


def abroca_on_grid(
    group: tuple[Floats, Floats], reference: tuple[Floats, Floats], points: int = 201
) -> Floats:  # fmt: skip
    """Return the area between ROC curves of many draws [draw, bin], on a grid of false positive rates.

    Near :func:`abroca`, and fast enough for thousands of permutations.
    """
    grid = np.linspace(0, 1, points)

    def heights(good: Floats, bad: Floats) -> Floats:
        draws = len(good)
        x, y = (
            np.concatenate([np.zeros((draws, 1)), np.minimum(np.cumsum(shares(side)[:, ::-1], axis=1), 1.0)], axis=1)
            for side in (bad, good)
        )
        # One interpolation for all draws: each is moved to a stretch of its own.
        along = 2.0 * np.arange(draws)[:, None]
        flat = np.interp((grid + along).ravel(), (x + along).ravel(), y.ravel())
        return np.asarray(flat.reshape(draws, points))

    return np.asarray(np.abs(heights(*group) - heights(*reference)).mean(axis=-1))


def bin_scores(s: ScoreTable) -> Floats:
    """Return one score a bin over all groups: the score itself where bins are exact, else the bin's mean."""
    people = s.people.w.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (s.people.w * s.scores).sum(axis=-2) / people
    known = np.flatnonzero(people > 0)
    return np.asarray(np.interp(np.arange(len(people)), known, mean[known])) if len(known) else mean
