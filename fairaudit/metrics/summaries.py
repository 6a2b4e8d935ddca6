"""One number over all groups of an attribute: information, inequality, extremes, differential fairness."""

from __future__ import annotations

import numpy as np

from ..cube.confusion import Confusion
from .base import Floats, measure

_ABOUT = "a number over all groups of an attribute"
_CHANCE = (
    "It cannot be negative, and chance alone makes it larger where groups are small: read its excess over the value "
    "expected if groups were alike, and the p-value."
)
_STEINBERG = "Steinberg, Reid, O'Callaghan et al. (2020), Fast fair regression, arXiv 2002.06200"
_SPEICHER = "Speicher et al. (2018), A unified approach to quantifying algorithmic unfairness, arXiv 1807.00787"
_BENEFIT = "benefit of a person = decision - good + 1: 2 selected though bad, 1 decided rightly, 0 declined though good"

measure(
    id="independence",
    title="Independence (decision and group)",
    plain="How much knowing the group tells about the decision.",
    formula="mutual information of decision and group / entropy of the decision",
    reading=f"0 means that decisions do not depend on the group, 1 that the group decides alone. {_CHANCE}",
    undefined_when="everybody, or nobody, is selected",
    source=_STEINBERG,
    topic="summary",
    about=_ABOUT,
    aliases=("normalised mutual information", "demographic parity (information)"),
    checked_against=("sklearn.metrics.mutual_info_score",),
)
measure(
    id="separation",
    title="Separation (decision and group, given the outcome)",
    plain="How much knowing the group tells about the decision among people with the same outcome.",
    formula="mutual information of decision and group given the outcome / entropy of the decision given the outcome",
    reading=f"0 means that error rates do not depend on the group. {_CHANCE}",
    undefined_when="no outcome is observed, or the outcome settles the decision",
    source=_STEINBERG,
    topic="summary",
    about=_ABOUT,
    checked_against=("sklearn.metrics.mutual_info_score",),
)
measure(
    id="sufficiency",
    title="Sufficiency (outcome and group, given the decision)",
    plain="How much knowing the group tells about the outcome among people with the same decision.",
    formula="mutual information of outcome and group given the decision / entropy of the outcome given the decision",
    reading=f"0 means that a decision means the same risk in every group. {_CHANCE}",
    undefined_when="no outcome is observed, or the decision settles the outcome",
    source=_STEINBERG,
    topic="summary",
    about=_ABOUT,
    checked_against=("sklearn.metrics.mutual_info_score",),
)
measure(
    id="largest_selection_gap",
    title="Largest selection-rate gap between any two groups",
    plain="The highest selection rate less the lowest.",
    formula="max - min of the groups' selection rates",
    reading=f"0 means equal rates. {_CHANCE} The interval is that of the largest of all pairs' gaps, and can reach 0.",
    undefined_when="fewer than two groups have people",
    source="Weerts et al. (2023), Fairlearn, JMLR 24 (the definition); intervals: all pairs, Bonferroni",
    topic="summary",
    about=_ABOUT,
    aliases=("demographic_parity_difference over all groups",),
    checked_against=("fairlearn.metrics.demographic_parity_difference",),
)
measure(
    id="smallest_selection_ratio",
    title="Smallest ratio of selection rates between any two groups",
    plain="The lowest selection rate divided by the highest.",
    formula="min / max of the groups' selection rates",
    reading="1 means equal rates; chance alone lowers it: read it beside the value expected if groups were alike.",
    undefined_when="nobody is selected in any group",
    source="Weerts et al. (2023), Fairlearn, JMLR 24 (the definition); intervals: all pairs, Bonferroni",
    topic="summary",
    about=_ABOUT,
    aliases=("demographic_parity_ratio over all groups",),
    checked_against=("fairlearn.metrics.demographic_parity_ratio",),
)
measure(
    id="largest_equalized_odds_gap",
    title="Largest equalized-odds gap between any two groups",
    plain="The larger of the widest gap in good people selected and the widest gap in bad people selected.",
    formula="max over TPR and FPR of (max - min over groups)",
    reading=f"0 means equal error rates. {_CHANCE} The interval is that of the largest of all pairs' gaps.",
    undefined_when="fewer than two groups have good and bad people",
    source="Hardt, Price and Srebro (2016); Weerts et al. (2023), Fairlearn, JMLR 24",
    topic="summary",
    about=_ABOUT,
    aliases=("equalized_odds_difference over all groups",),
    checked_against=("fairlearn.metrics.equalized_odds_difference",),
)
measure(
    id="generalized_entropy_index",
    title="Generalized entropy index of benefits (alpha 2)",
    plain="How unequally right and wrong decisions fall on people, over everybody.",
    formula=f"mean of ((benefit / mean benefit)^2 - 1) / 2; {_BENEFIT}",
    reading="0 means that everybody has the same benefit. It grows with errors of either kind, in any group.",
    undefined_when="no outcome is observed, or nobody has a benefit",
    source=_SPEICHER,
    topic="summary",
    about=_ABOUT,
    aliases=("GEI", "half the squared coefficient of variation"),
    checked_against=("aif360.metrics.ClassificationMetric", "benefits of rows, by numpy"),
)
measure(
    id="theil_index",
    title="Theil index of benefits",
    plain="How unequally right and wrong decisions fall on people, over everybody; the entropy form.",
    formula=f"mean of (benefit / mean benefit) log(benefit / mean benefit); {_BENEFIT}",
    reading="0 means that everybody has the same benefit. It grows with errors of either kind, in any group.",
    undefined_when="no outcome is observed, or nobody has a benefit",
    source=_SPEICHER,
    topic="summary",
    about=_ABOUT,
    checked_against=("aif360.metrics.ClassificationMetric", "benefits of rows, by numpy"),
)
measure(
    id="between_group_entropy",
    title="Generalized entropy between groups (alpha 2)",
    plain="The part of the inequality of benefits that lies between the groups and not within them.",
    formula="generalized entropy index with every benefit replaced by its group's mean",
    reading=f"0 means equal mean benefits. {_CHANCE}",
    undefined_when="no outcome is observed, or nobody has a benefit",
    source=_SPEICHER,
    topic="summary",
    about=_ABOUT,
    checked_against=("aif360.metrics.ClassificationMetric", "benefits of rows, by numpy"),
)
measure(
    id="differential_fairness",
    title="Empirical differential fairness (epsilon)",
    plain="The largest log ratio, between any two groups, of the chance of either decision.",
    formula="max over decisions and pairs of groups of |log ratio of (count + 1/2) / (people + 1)|",
    reading=(
        "0 means equal chances; log 1.25 = 0.223 is where the smaller is four fifths of the larger. It is meant for "
        f"crossings. {_CHANCE}"
    ),
    undefined_when="fewer than two groups have people",
    source="Foulds, Islam, Keya and Pan (2020), An intersectional definition of fairness, arXiv 1807.08362",
    topic="summary",
    about=_ABOUT,
    aliases=("smoothed empirical differential fairness", "epsilon-differential fairness"),
    checked_against=("aif360.metrics.BinaryLabelDatasetMetric", "the definition, written out on pairs"),
)


def information(counts: Floats) -> Floats:
    """Return the mutual information of the last two axes given all the axes between them and the draws, over entropy.

    Parameters
    ----------
    counts
        People [..., condition, group, value].

    Returns
    -------
    array
        [...]: conditional mutual information of group and value over the conditional entropy of the value.

    Examples
    --------
    >>> alike, apart = np.array([[[5.0, 5.0], [5.0, 5.0]]]), np.array([[[5.0, 0.0], [0.0, 5.0]]])
    >>> float(information(alike)), float(information(apart))
    (0.0, 1.0)
    """
    total = counts.sum(axis=(-3, -2, -1), keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = counts / total
        condition = p.sum(axis=(-2, -1), keepdims=True)
        group, value = p.sum(axis=-1, keepdims=True), p.sum(axis=-2, keepdims=True)
        shared = np.where(p > 0, p * np.log(p * condition / (group * value)), 0.0).sum(axis=(-3, -2, -1))
        spread = -np.where(value > 0, value * np.log(value / condition), 0.0).sum(axis=(-3, -2, -1))
        return np.asarray(np.where(spread > 1e-15, np.maximum(shared, 0.0) / spread, np.nan))


def benefits(k: Confusion) -> tuple[Floats, Floats]:
    """Return how many people have each benefit, and the benefits: counts [..., group, 3] of 0, 1 and 2.

    Examples
    --------
    >>> counts, values = benefits(Confusion.from_counts([[[40, 5, 0], [10, 15, 0]]]))
    >>> counts.tolist(), values.tolist()
    ([[10.0, 55.0, 5.0]], [0.0, 1.0, 2.0])
    """
    right = k.true_positives.w + k.true_negatives.w
    return np.stack([k.false_negatives.w, right, k.false_positives.w], axis=-1), np.array([0.0, 1.0, 2.0])


def generalized_entropy(counts: Floats, values: Floats, *, alpha: int = 2) -> Floats:
    """Return the generalized entropy index of values held by so many people [..., value]; alpha 1 is Theil's.

    Examples
    --------
    >>> round(float(generalized_entropy(np.array([10.0, 55.0, 5.0]), np.array([0.0, 1.0, 2.0]))), 4)
    0.1213
    """
    people = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (counts * values).sum(axis=-1) / people
        share = values / mean[..., None]
        if alpha == 1:
            each = np.where(share > 0, share * np.log(np.where(share > 0, share, 1.0)), 0.0)
        else:
            each = (share**alpha - 1) / (alpha * (alpha - 1))
        index = (counts * each).sum(axis=-1) / people
        return np.asarray(np.where(mean > 0, np.maximum(index, 0.0), np.nan))


def between_groups(counts: Floats, values: Floats) -> Floats:
    """Return the generalized entropy index (alpha 2) of the groups' mean benefits, from [..., group, value]."""
    people = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(people > 0, (counts * values).sum(axis=-1) / people, 0.0)
        overall = (people * means).sum(axis=-1) / people.sum(axis=-1)
        squares = (people * means**2).sum(axis=-1) / people.sum(axis=-1)
        return np.asarray(np.where(overall > 0, np.maximum(squares / overall**2 - 1, 0.0) / 2, np.nan))


def differential_fairness(selected: Floats, people: Floats) -> Floats:
    """Return the smoothed epsilon from selected and people by group [..., group].

    Examples
    --------
    >>> round(float(differential_fairness(np.array([26.0, 206.0]), np.array([48.0, 259.0]))), 3)
    0.803
    """
    rates = (selected + 0.5) / (people + 1)
    gaps = [np.log(side).max(axis=-1) - np.log(side).min(axis=-1) for side in (rates, 1 - rates)]
    return np.asarray(np.maximum(*gaps))
