"""What a sample can say about the population it was drawn from, if some people were drawn more often than others.

A metric that is taken among people of one outcome (a true positive rate) is the same however many people of
each outcome were drawn; a selection rate is not. So each metric says what it is *given*, and is defined where
that, and the groups it is computed in, hold everything that the sample was drawn by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..errors import listed
from ..schema.roles import Schema
from ..translations import marked, say

_OUTCOME, _DECISION, _SCORE = frozenset({"outcome"}), frozenset({"decision"}), frozenset({"score"})

GIVEN: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "true_positive_rate", "false_negative_rate", "false_positive_rate", "true_negative_rate",
            "balanced_accuracy", "area_under_curve", "gini", "kolmogorov_smirnov", "equal_opportunity_difference",
            "equal_opportunity_ratio", "predictive_equality_difference", "equalized_odds_difference",
            "average_odds_difference", "average_absolute_odds_difference", "area_under_curve_difference",
            "balance_for_good_outcomes", "balance_for_bad_outcomes", "background_negative_subgroup_positive_auc",
            "background_positive_subgroup_negative_auc", "cross_auc_difference", "abroca",
            "largest_equalized_odds_gap",
        ),
        _OUTCOME,
    ),
    **dict.fromkeys(
        (
            "positive_predictive_value", "false_discovery_rate", "negative_predictive_value", "false_omission_rate",
            "predictive_parity_difference", "missing_by_decision",
        ),
        _DECISION,
    ),
    **dict.fromkeys(
        (
            "bad_rate_by_score_band", "calibration_curve", "calibration_intercept", "calibration_slope",
            "calibration_slope_difference", "bad_rate_difference_in_band", "bad_rate_difference_at_same_score",
            "marginal_bad_rate_difference",
        ),
        _SCORE,
    ),
}  # fmt: skip
"""Metric, contrast or measure -> what it is computed given; nothing for those that are not here.

Those that fit one effect or one curve to all scores or strata (a calibration slope, a common odds ratio) stand as far
as their model does: how many people there are at each score then weighs the data and changes nothing else."""

POOLED = frozenset(
    {
        "standardized_mean_difference", "standardized_mean_difference_pooled",
        "standardized_mean_difference_two_group", "independence", "separation",
        "sufficiency", "generalized_entropy_index", "theil_index", "between_group_entropy",
        "adverse_impact_ratio_in_best", "adjusted_marginal_effect", "missing_by_decision", "scoring_rate",
        "scoring_rate_ratio",
    }
)  # fmt: skip
"""Those that put groups together, so that it matters how many of each were drawn."""

IN_STRATA = frozenset({"adverse_impact_ratio_in_stratum", "stratum_homogeneity", "simpson_reversal"})
"""Those that are computed within each stratum."""

_KINDS = {
    "outcome": marked("outcome"),
    "decision": marked("decision"),
    "score": marked("score"),
    "group": marked("group"),
}
"""What a sample can be drawn by that is no column."""
WHY = "the sample was drawn by"
"""How every reason begins."""

COUNTS_OF_THE_SAMPLE = frozenset({"people"})


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a sample was drawn, and whether weights undo it.

    Examples
    --------
    >>> from fairaudit.schema.roles import declare
    >>> drawn = Sampling.of(declare(decision="d", favorable="yes", outcome="y", bad=1, groups="sex",
    ...                             sampled_by="outcome"))
    >>> drawn.lost("true_positive_rate", over=("sex",)), drawn.lost("selection_rate", over=("sex",))
    (None, 'the sample was drawn by outcome, without weights: it does not show this for the population')
    """

    by: frozenset[str] = frozenset()
    """outcome, decision, score, and names of groups and strata; empty where a sample is random or not stated."""
    strata: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: Schema) -> Sampling:
        """Return what must be allowed for: nothing where rows carry weights."""
        if schema.weight or schema.sampled_by in {(), ("random",)}:
            return cls()
        by = {name for name in schema.sampled_by if name != "group"}
        if "group" in schema.sampled_by:
            by |= {attribute.name for attribute in schema.attributes}
        return cls(frozenset(by), schema.strata)

    def lost(self, metric: str, *, over: Collection[str], sampled_decision: bool = True) -> str | None:
        """Return why a metric is undefined over the population; None where it stands.

        Parameters
        ----------
        metric
            Id of a metric, contrast or measure.
        over
            The attributes that the groups are made of; none for everybody.
        sampled_decision
            Whether the decision that the metric is about is the one that people were drawn by.
        """
        if not self.by or metric in COUNTS_OF_THE_SAMPLE:
            return None
        given = GIVEN.get(metric, frozenset())
        if not sampled_decision:
            given -= _DECISION
        held = given if metric in POOLED else given | {*over}
        if metric in IN_STRATA:
            held |= {*self.strata}
        missing = self.by - held
        if not missing:
            return None
        named = listed(sorted(missing)).replace(", ", " and ")
        columns = missing - {"outcome", "decision", "score"}
        if columns == missing:
            return f"{WHY} {named}, without weights: nothing put together over {named} is known"
        return f"{WHY} {named}, without weights: it does not show this for the population"

    def lost_reference(self, mode: str, *, over: Collection[str], groups: int) -> str | None:
        """Return why the data cannot choose the reference; None where they can, or it is named.

        Parameters
        ----------
        mode
            named, highest, largest or rest.
        over
            The attributes that the groups are made of.
        groups
            How many groups there are: the rest of two is one group.
        """
        if mode == "highest":
            why = self.lost("selection_rate", over=over)
        elif mode == "largest" or (mode == "rest" and groups > 2):
            drawn = self.by & {*over} or self.by
            why = None
            if drawn:
                named = listed(sorted(drawn)).replace(", ", " and ")
                why = f"{WHY} {named}, without weights: how large groups are is not known"
        else:
            why = None
        return None if why is None else f"{why}; name the reference"


def how_drawn(sampled_by: Sequence[str], *, weighted: bool) -> str:
    """Return in words how the sample was drawn.

    Examples
    --------
    >>> how_drawn((), weighted=False)
    'not stated'
    >>> how_drawn(("outcome",), weighted=True)
    'by outcome; the weights are taken to undo it'
    """
    if not sampled_by:
        return say("not stated")
    if "random" in sampled_by:
        return say("at random")
    first, *others = (say(_KINDS.get(name, name)) for name in sampled_by)
    named = first
    for other in others:
        named = say("{first} and {last}", first=named, last=other)
    if weighted:
        return say("by {columns}; the weights are taken to undo it", columns=named)
    return say("by {columns}, without weights: numbers that such a sample cannot give are undefined", columns=named)
