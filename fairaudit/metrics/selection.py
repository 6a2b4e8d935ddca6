"""Who is there, who is selected, and how outcomes turn out."""

from __future__ import annotations

from ..cube.confusion import Confusion, ScoreTable, Tally
from .base import Rate, metric

_UGESP = "29 CFR 1607.4(D)"


@metric(
    title="People",
    formula="people counted",
    better="neither",
    range=(0.0, float("inf")),
    needs=set(),
    undefined_when="never",
    source="a count",
    checked_against=("rows counted by numpy",),
    aliases=("count", "group size", "n"),
    kind="count",
)
def people(k: Confusion) -> Tally:
    """How many people there are, whatever is known of them."""
    return k.people


@metric(
    title="Selection rate",
    formula="selected / people",
    better="higher",
    needs={"decision"},
    undefined_when="nobody was decided on",
    source=_UGESP,
    checked_against=("fairlearn.metrics.selection_rate",),
    # Not Aequitas' "ppr": that is the group's share of all selected people.
    aliases=("approval rate", "positive rate", "predicted prevalence", "pprev"),
)
def selection_rate(k: Confusion) -> Rate:
    """Share of people who got the favorable decision."""
    return Rate.of(k.selected, k.people)


@metric(
    title="Adverse rate",
    formula="(people - selected) / people",
    better="lower",
    needs={"decision"},
    undefined_when="nobody was decided on",
    source=_UGESP,
    checked_against=("fairlearn.metrics.selection_rate",),
    aliases=("denial rate", "rejection rate"),
)
def adverse_rate(k: Confusion) -> Rate:
    """Share of people who did not get the favorable decision."""
    return Rate.of(k.not_selected, k.people)


@metric(
    title="Scoring rate",
    formula="people with a score above the median score of the full sample / people scored",
    better="higher",
    needs={"score"},
    undefined_when="nobody is scored",
    source="6 RCNY 5-300 (New York City, Local Law 144)",
    checked_against=("the examples of 6 RCNY 5-301", "numpy.median"),
    aliases=("rate above the median",),
    kind="median",
)
def scoring_rate(k: Confusion) -> Rate:
    """Share of people whose score is better than the median score of everybody scored; those at it are not."""
    return Rate.of(k.selected, k.people)


@metric(
    title="Good rate",
    formula="good / (good + bad), among people whose outcome is observed",
    better="neither",
    needs={"outcome"},
    undefined_when="nobody's outcome is observed",
    source="Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3",
    checked_against=("fairlearn.metrics.mean_prediction",),
    # Positive is the good outcome here, as in tpr and fpr: so the others' prevalence is the good rate.
    aliases=("repayment rate", "prevalence", "prev", "base_rate"),
)
def good_rate(k: Confusion) -> Rate:
    """Share of people with a good outcome, among those whose outcome is observed."""
    return Rate.of(k.good, k.good + k.bad)


@metric(
    title="Bad rate",
    formula="bad / (good + bad), among people whose outcome is observed",
    better="neither",
    needs={"outcome"},
    undefined_when="nobody's outcome is observed",
    source="Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3",
    checked_against=("fairlearn.metrics.mean_prediction",),
    aliases=("default rate",),
)
def bad_rate(k: Confusion) -> Rate:
    """Share of people with a bad outcome, among those whose outcome is observed."""
    return Rate.of(k.bad, k.good + k.bad)


@metric(
    title="Bad rate by score band",
    formula="bad in the band / (good + bad) in the band, among people whose outcome is observed",
    better="neither",
    needs={"score", "outcome"},
    undefined_when="nobody with an observed outcome has a score in the band",
    source="Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3 (sufficiency)",
    checked_against=("rows grouped by numpy",),
    aliases=("calibration by group",),
    kind="bands",
)
def bad_rate_by_score_band(s: ScoreTable) -> Rate:
    """Share of people with a bad outcome at the same score: does the score mean the same risk?"""
    return Rate.of(s.bad, s.good + s.bad)
