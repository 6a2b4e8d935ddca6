"""Decisions against outcomes. Positive is the favorable decision and the good outcome.

TP: good people selected. FN: good people not selected. FP: bad people selected. TN: bad people not
selected. All are among people whose outcome is observed; where declined people's outcomes are not, the
rates over good or over bad people are not identified, and the audit says so instead of printing them.
"""

from __future__ import annotations

from ..cube.confusion import Confusion
from .base import Rate, metric

_HARDT = "Hardt, Price and Srebro (2016), Equality of Opportunity in Supervised Learning"
_CHOULDECHOVA = "Chouldechova (2017), Fair prediction with disparate impact"
_ALTMAN = "Altman and Bland (1994), BMJ 308:1552 and 309:102"

NEED_EVERYBODY = frozenset(
    {
        "true_positive_rate",
        "false_negative_rate",
        "false_positive_rate",
        "true_negative_rate",
        "accuracy",
        "balanced_accuracy",
        "area_under_curve",
        "gini",
        "kolmogorov_smirnov",
    }
)
"""Metrics of everybody decided on or scored: not identified where somebody's outcome is unobserved."""


@metric(
    title="True positive rate (good people selected)",
    formula="TP / (TP + FN)",
    better="higher",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good outcome",
    source=_HARDT,
    checked_against=("fairlearn.metrics.true_positive_rate", "sklearn.metrics.confusion_matrix"),
    aliases=("tpr", "recall", "recall_score", "sensitivity"),
)
def true_positive_rate(k: Confusion) -> Rate:
    """Share of people with a good outcome who got the favorable decision."""
    return Rate.of(k.true_positives, k.true_positives + k.false_negatives)


@metric(
    title="False negative rate (good people declined)",
    formula="FN / (TP + FN)",
    better="lower",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good outcome",
    source=_HARDT,
    checked_against=("fairlearn.metrics.false_negative_rate", "sklearn.metrics.confusion_matrix"),
    aliases=("fnr", "miss rate"),
)
def false_negative_rate(k: Confusion) -> Rate:
    """Share of people with a good outcome who were wrongly declined."""
    return Rate.of(k.false_negatives, k.true_positives + k.false_negatives)


@metric(
    title="False positive rate (bad people selected)",
    formula="FP / (FP + TN)",
    better="neither",
    needs={"decision", "outcome"},
    undefined_when="nobody has a bad outcome",
    source=_HARDT,
    checked_against=("fairlearn.metrics.false_positive_rate", "sklearn.metrics.confusion_matrix"),
    aliases=("fpr", "fall-out"),
)
def false_positive_rate(k: Confusion) -> Rate:
    """Share of people with a bad outcome who got the favorable decision."""
    return Rate.of(k.false_positives, k.false_positives + k.true_negatives)


@metric(
    title="True negative rate (bad people declined)",
    formula="TN / (FP + TN)",
    better="neither",
    needs={"decision", "outcome"},
    undefined_when="nobody has a bad outcome",
    source=_HARDT,
    checked_against=("sklearn.metrics.confusion_matrix",),
    aliases=("tnr", "specificity"),
)
def true_negative_rate(k: Confusion) -> Rate:
    """Share of people with a bad outcome who did not get the favorable decision."""
    return Rate.of(k.true_negatives, k.false_positives + k.true_negatives)


@metric(
    title="Positive predictive value (selected people who turn out good)",
    formula="TP / (TP + FP)",
    better="higher",
    needs={"decision", "outcome"},
    undefined_when="no selected person's outcome is observed",
    source=_CHOULDECHOVA,
    checked_against=("sklearn.metrics.confusion_matrix",),
    aliases=("ppv", "precision", "precision_score"),
)
def positive_predictive_value(k: Confusion) -> Rate:
    """Share of selected people with a good outcome, among selected people whose outcome is observed."""
    return Rate.of(k.true_positives, k.true_positives + k.false_positives)


@metric(
    title="False discovery rate (selected people who turn out bad)",
    formula="FP / (TP + FP)",
    better="lower",
    needs={"decision", "outcome"},
    undefined_when="no selected person's outcome is observed",
    source=_CHOULDECHOVA,
    checked_against=("sklearn.metrics.confusion_matrix",),
    aliases=("fdr",),
)
def false_discovery_rate(k: Confusion) -> Rate:
    """Share of selected people with a bad outcome, among selected people whose outcome is observed."""
    return Rate.of(k.false_positives, k.true_positives + k.false_positives)


@metric(
    title="Negative predictive value (declined people who turn out bad)",
    formula="TN / (TN + FN)",
    better="higher",
    needs={"decision", "outcome"},
    undefined_when="no declined person's outcome is observed",
    source=_CHOULDECHOVA,
    checked_against=("sklearn.metrics.confusion_matrix",),
    aliases=("npv",),
)
def negative_predictive_value(k: Confusion) -> Rate:
    """Share of declined people with a bad outcome, among declined people whose outcome is observed."""
    return Rate.of(k.true_negatives, k.true_negatives + k.false_negatives)


@metric(
    title="False omission rate (declined people who turn out good)",
    formula="FN / (TN + FN)",
    better="lower",
    needs={"decision", "outcome"},
    undefined_when="no declined person's outcome is observed",
    source=_CHOULDECHOVA,
    checked_against=("sklearn.metrics.confusion_matrix",),
    aliases=("for",),
)
def false_omission_rate(k: Confusion) -> Rate:
    """Share of declined people with a good outcome, among declined people whose outcome is observed."""
    return Rate.of(k.false_negatives, k.true_negatives + k.false_negatives)


@metric(
    title="Accuracy",
    formula="(TP + TN) / (TP + FP + TN + FN)",
    better="higher",
    needs={"decision", "outcome"},
    undefined_when="nobody's outcome is observed",
    source=_ALTMAN,
    checked_against=("sklearn.metrics.accuracy_score",),
    aliases=("acc", "accuracy_score"),
)
def accuracy(k: Confusion) -> Rate:
    """Share of people whose decision matched their outcome."""
    right = k.true_positives + k.true_negatives
    return Rate.of(right, right + k.false_positives + k.false_negatives)


@metric(
    title="Balanced accuracy",
    formula="(TP / (TP + FN) + TN / (FP + TN)) / 2",
    better="higher",
    needs={"decision", "outcome"},
    undefined_when="nobody has a good outcome, or nobody has a bad one",
    source="Brodersen, Ong, Stephan and Buhmann (2010), The balanced accuracy and its posterior distribution",
    checked_against=("sklearn.metrics.balanced_accuracy_score",),
    aliases=("balanced_accuracy_score",),
    kind="average",
)
def balanced_accuracy(k: Confusion) -> tuple[Rate, Rate]:
    """Mean of the share of good people selected and the share of bad people declined."""
    return true_positive_rate(k), true_negative_rate(k)
