"""A group against its reference: ratios, differences and what is built from them.

A contrast names the metrics it compares and how; the numbers come from :func:`value`, intervals and
tests from ``inference``, by the same name of the way of comparing.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..cube.confusion import Confusion, ScoreTable
from ..errors import UndefinedMetricError
from .base import METRICS, Contrast, How, Need, Rate, contrast
from .ranking import moments

_UGESP = "29 CFR 1607.4(D)"
_HARDT = "Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning"
_BLDS = "Gill, Hall, Montgomery and Schmidt (2020), Information 11(3):137"
_INFINITE = float("inf")

_RANGES: dict[How, tuple[float, float]] = {
    "ratio": (0.0, _INFINITE),
    "odds_ratio": (0.0, _INFINITE),
    "difference": (-1.0, 1.0),
    "mean_difference": (-1.0, 1.0),
    "worst_difference": (0.0, 1.0),
    "mean_absolute_difference": (0.0, 1.0),
    "shortfall": (-_INFINITE, _INFINITE),
    "standardized_difference": (-_INFINITE, _INFINITE),
}


def _add(
    id: str,  # noqa: A002 - the field of the catalogue
    title: str,
    plain: str,
    formula: str,
    how: How,
    of: tuple[str, ...],
    *,
    adverse: Literal["below", "above", "either"],
    needs: set[Need],
    undefined_when: str,
    source: str,
    aliases: tuple[str, ...] = (),
    value_range: tuple[float, float] | None = None,
    checked_against: tuple[str, ...] = (),
) -> None:
    neutral = 1.0 if how in {"ratio", "odds_ratio"} else 0.0
    contrast(
        Contrast(
            id, title, plain, formula, how, of, neutral, adverse, value_range or _RANGES[how], frozenset(needs),
            undefined_when, source, aliases, checked_against,
        )
    )  # fmt: skip


_add(
    "adverse_impact_ratio",
    "Adverse impact ratio",
    "The group's selection rate divided by the reference's: 0.80 means four selected for every five.",
    "selection rate of the group / selection rate of the reference",
    "ratio",
    ("selection_rate",),
    adverse="below",
    needs={"decision"},
    undefined_when="nobody is selected in either, or one of the two has nobody",
    source=_UGESP,
    checked_against=("fairlearn.metrics.demographic_parity_ratio", "Connecticut v. Teal, 457 US 440 (1982)"),
    aliases=(
        "AIR", "impact ratio", "disparate impact", "disparate_impact", "demographic_parity_ratio",
        "statistical parity ratio", "selection_rate_ratio", "pprev_disparity", "relative rate",
    ),
)  # fmt: skip
_add(
    "selection_rate_difference",
    "Selection-rate difference (percentage points)",
    "The group's selection rate less the reference's; printed in percentage points.",
    "selection rate of the group - selection rate of the reference",
    "difference",
    ("selection_rate",),
    adverse="below",
    needs={"decision"},
    undefined_when="one of the two has nobody",
    source=_BLDS,
    checked_against=("fairlearn.metrics.demographic_parity_difference", "Connecticut v. Teal, 457 US 440 (1982)"),
    aliases=("statistical_parity_difference", "demographic_parity_difference", "marginal effect", "mean_difference"),
)
_add(
    "adverse_outcome_ratio",
    "Adverse-outcome ratio",
    "How many times as often the group is declined as the reference.",
    "adverse rate of the group / adverse rate of the reference",
    "ratio",
    ("adverse_rate",),
    adverse="above",
    needs={"decision"},
    undefined_when="nobody is declined in either, or one of the two has nobody",
    source=_BLDS,
    checked_against=("Connecticut v. Teal, 457 US 440 (1982)",),
    aliases=("relative denial rate", "denial disparity ratio"),
)
_add(
    "selection_odds_ratio",
    "Odds ratio of selection",
    "The group's odds of being selected divided by the reference's.",
    "(selected / not selected) of the group / (selected / not selected) of the reference",
    "odds_ratio",
    ("selection_rate",),
    adverse="below",
    needs={"decision"},
    undefined_when="nobody, or everybody, is selected in both",
    source="Cornfield (1951), Journal of the National Cancer Institute 11:1269",
    checked_against=("scipy.stats.contingency.odds_ratio", "Connecticut v. Teal, 457 US 440 (1982)"),
    aliases=("odds ratio",),
)
_add(
    "shortfall",
    "Shortfall (people)",
    "How many more people of the group would have been selected at the reference's rate.",
    "people of the group x selection rate of the reference - selected of the group",
    "shortfall",
    ("selection_rate",),
    adverse="above",
    needs={"decision"},
    undefined_when="one of the two has nobody",
    source=_BLDS,
    checked_against=("Connecticut v. Teal, 457 US 440 (1982)",),
)
_add(
    "equal_opportunity_difference",
    "Equal-opportunity difference",
    "The share of good people selected in the group less the same share in the reference.",
    "TP / (TP + FN) of the group - TP / (TP + FN) of the reference",
    "difference",
    ("true_positive_rate",),
    adverse="below",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good outcome in one of the two",
    source=_HARDT,
    checked_against=("fairlearn.metrics.equal_opportunity_difference",),
    aliases=("true_positive_rate_difference", "tpr_difference"),
)
_add(
    "equal_opportunity_ratio",
    "Equal-opportunity ratio",
    "The share of good people selected in the group divided by the same share in the reference.",
    "TP / (TP + FN) of the group / TP / (TP + FN) of the reference",
    "ratio",
    ("true_positive_rate",),
    adverse="below",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good outcome in one of the two, or no good person is selected in either",
    source=_HARDT,
    checked_against=("fairlearn.metrics.equal_opportunity_ratio",),
    aliases=("true_positive_rate_ratio", "tpr_disparity"),
)
_add(
    "predictive_equality_difference",
    "Predictive-equality difference",
    "The share of bad people selected in the group less the same share in the reference.",
    "FP / (FP + TN) of the group - FP / (FP + TN) of the reference",
    "difference",
    ("false_positive_rate",),
    adverse="below",
    needs={"decision", "outcome"},
    undefined_when="nobody has a bad outcome in one of the two",
    source="Corbett-Davies, Pierson, Feller, Goel and Huq (2017), Algorithmic decision making and the cost of fairness",
    checked_against=("fairlearn.metrics.false_positive_rate_difference",),
    aliases=("false_positive_rate_difference", "fpr_difference"),
)
_add(
    "equalized_odds_difference",
    "Equalized-odds difference (the larger of the two gaps)",
    "The larger of the gap in good people selected and the gap in bad people selected, without sign.",
    "max(|TPR gap|, |FPR gap|)",
    "worst_difference",
    ("true_positive_rate", "false_positive_rate"),
    adverse="above",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good, or nobody a bad outcome in one of the two",
    source=_HARDT,
    checked_against=("fairlearn.metrics.equalized_odds_difference",),
    aliases=("equalized odds", "equal odds"),
)
_add(
    "average_odds_difference",
    "Average odds difference (signed)",
    "The mean of the gaps in good and in bad people selected; gaps of opposite sign cancel.",
    "(TPR gap + FPR gap) / 2",
    "mean_difference",
    ("true_positive_rate", "false_positive_rate"),
    adverse="below",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good, or nobody a bad outcome in one of the two",
    source="Bellamy et al. (2018), AI Fairness 360, arXiv 1810.01943",
    checked_against=("the definition in AIF360 0.6, written out on rows",),
    aliases=("average_odds",),
)
_add(
    "average_absolute_odds_difference",
    "Average absolute odds difference",
    "The mean size of the gaps in good and in bad people selected; gaps do not cancel.",
    "(|TPR gap| + |FPR gap|) / 2",
    "mean_absolute_difference",
    ("true_positive_rate", "false_positive_rate"),
    adverse="above",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good, or nobody a bad outcome in one of the two",
    source="Bellamy et al. (2018), AI Fairness 360, arXiv 1810.01943",
    checked_against=("fairlearn.metrics.equalized_odds_difference",),
    aliases=("average_abs_odds_difference", "average_odds_error"),
)
_add(
    "predictive_parity_difference",
    "Predictive-parity difference",
    "The share of selected people who turn out good in the group less the same share in the reference.",
    "TP / (TP + FP) of the group - TP / (TP + FP) of the reference",
    "difference",
    ("positive_predictive_value",),
    adverse="either",
    needs={"decision", "outcome"},
    undefined_when="no selected person's outcome is observed in one of the two",
    source="Chouldechova (2017), Fair prediction with disparate impact",
    checked_against=("the definition in AIF360 0.6, written out on rows",),
    aliases=("predictive parity", "ppv_difference"),
)
for _id, _sigma, _words, _alias in (
    ("standardized_mean_difference", "population", "all scored people", ("smd", "SMD")),
    ("standardized_mean_difference_pooled", "pooled", "the two groups, pooled within them", ("Cohen's d", "cohen_d")),
    ("standardized_mean_difference_two_group", "two_group", "the two groups taken together", ()),
):
    _add(
        _id,
        f"Standardized mean difference ({_sigma.replace('_', '-')} sigma)",
        f"The gap in mean score in standard deviations of {_words}; below 0 the group's scores are worse.",
        f"(mean score of the group - mean score of the reference) / sigma of {_words}, favorable-signed",
        "standardized_difference",
        ("mean_score",),
        adverse="below",
        needs={"score"},
        undefined_when="nobody is scored in one of the two, or all scores are equal",
        source=f"{_BLDS}; Cohen (1988)",
        checked_against=("numpy.std", "statsmodels.stats.meta_analysis.effectsize_smd"),
        aliases=_alias,
    )
_add(
    "scoring_rate_ratio",
    "Impact ratio of scoring rates",
    "The group's share above the median score of everybody, divided by the reference's: no cut-off is chosen.",
    "scoring rate of the group / scoring rate of the reference",
    "ratio",
    ("scoring_rate",),
    adverse="below",
    needs={"score"},
    undefined_when="nobody scores above the median in either, or one of the two has nobody scored",
    source="6 RCNY 5-300 (New York City, Local Law 144)",
    checked_against=("the examples of 6 RCNY 5-301",),
    aliases=("impact ratio of scores", "scoring_impact_ratio"),
)
_add(
    "area_under_curve_difference",
    "AUC difference",
    "How much better, or worse, the score ranks people within the group than within the reference.",
    "AUC of the group - AUC of the reference",
    "difference",
    ("area_under_curve",),
    adverse="below",
    needs={"score", "outcome"},
    undefined_when="nobody has a good, or nobody a bad outcome in one of the two",
    source="DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837",
    checked_against=("sklearn.metrics.roc_auc_score",),
    aliases=("auc_difference", "auc parity"),
)

SIGMAS: dict[str, str] = {
    "standardized_mean_difference": "population",
    "standardized_mean_difference_pooled": "pooled",
    "standardized_mean_difference_two_group": "two_group",
}
"""Whose spread each standardized mean difference divides by."""


def combine(how: How, group: tuple[np.ndarray, ...], reference: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the contrast of metric values; NaN where one of them is undefined, or where it is 0 / 0.

    Examples
    --------
    >>> import numpy as np
    >>> combine("ratio", (np.array([0.2, 0.2]),), (np.array([0.5, 0.0]),))
    array([0.4, inf])
    """
    gaps = [np.asarray(g) - np.asarray(r) for g, r in zip(group, reference, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):
        if how == "ratio":
            return np.asarray(np.true_divide(group[0], reference[0]))
        if how == "odds_ratio":
            odds = [np.true_divide(side[0], 1 - np.asarray(side[0])) for side in (group, reference)]
            return np.asarray(odds[0] / odds[1])
        if how == "difference":
            return np.asarray(gaps[0])
        if how == "worst_difference":
            return np.asarray(np.maximum(np.abs(gaps[0]), np.abs(gaps[1])))
        if how == "mean_difference":
            return np.asarray((gaps[0] + gaps[1]) / 2)
        if how == "mean_absolute_difference":
            return np.asarray((np.abs(gaps[0]) + np.abs(gaps[1])) / 2)
    message = f"'{how}' does not combine metric values alone."
    raise ValueError(message)


def standard_deviation(sigma: str, group: ScoreTable, reference: ScoreTable, everybody: ScoreTable) -> np.ndarray:
    """Return the sigma that a standardized mean difference divides by: population, pooled or two_group.

    Degrees of freedom are people's, not weights': the scale of the weights does not matter.
    """
    n_group, mean_group, var_group = moments(group)
    n_reference, mean_reference, var_reference = moments(reference)
    if sigma == "population":
        return np.asarray(np.sqrt(moments(everybody)[2]))
    with np.errstate(invalid="ignore", divide="ignore"):
        both = n_group + n_reference
        heads = group.people.n.sum(axis=-1) + reference.people.n.sum(axis=-1)
        if sigma == "pooled":
            within = (n_group * var_group + n_reference * var_reference) / both
            return np.asarray(np.sqrt(within * np.where(heads > 2, heads / (heads - 2), np.nan)))
        mean = (n_group * mean_group + n_reference * mean_reference) / both
        spread_group = n_group * (var_group + (mean_group - mean) ** 2)
        spread_reference = n_reference * (var_reference + (mean_reference - mean) ** 2)
        spread = (spread_group + spread_reference) / both
        return np.asarray(np.sqrt(spread * np.where(heads > 1, heads / (heads - 1), np.nan)))


def value(item: Contrast, group: Any, reference: Any, everybody: ScoreTable | None = None) -> np.ndarray:
    """Return a contrast's value from the counts of a group and of its reference.

    Parameters
    ----------
    item
        The contrast.
    group, reference
        Confusions, or ScoreTables for contrasts of score metrics; leading axes broadcast.
    everybody
        All scored people: needed by the population's standard deviation only.

    Raises
    ------
    UndefinedMetricError
        If the population's standard deviation is asked for without everybody.

    Examples
    --------
    >>> from fairaudit.metrics import CONTRASTS
    >>> both = Confusion.from_counts([[[0, 0, 26], [0, 0, 22]], [[0, 0, 206], [0, 0, 53]]])
    >>> value(CONTRASTS["adverse_impact_ratio"], both[0], both[1]).round(4)
    np.float64(0.681)
    """
    if item.how == "standardized_difference":
        if everybody is None and SIGMAS[item.id] == "population":
            message = f"'{item.id}' divides by the spread of all scored people: give everybody=."
            raise UndefinedMetricError(message)
        sigma = standard_deviation(SIGMAS[item.id], group, reference, everybody if everybody is not None else group)
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = moments(group)[1] - moments(reference)[1]
            return np.asarray(np.where(sigma > 0, group.sign * gap / sigma, np.nan))
    if item.how == "shortfall":
        rate = METRICS[item.of[0]](reference).value
        missed = group.people.w * rate - group.selected.w
        return np.asarray(np.where(group.people.w > 0, missed, np.nan))
    sides = [tuple(METRICS[name](side).value for name in item.of) for side in (group, reference)]
    return combine(item.how, sides[0], sides[1])


def rates(item: Contrast, counts: Confusion) -> tuple[Rate, ...]:
    """Return the rates that a contrast of rates compares, of one set of counts."""
    return tuple(METRICS[name](counts) for name in item.of)
