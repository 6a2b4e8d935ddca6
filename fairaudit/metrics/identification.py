"""What the data cannot tell: bounds over everything that is possible, and numbers under a named assumption."""

from __future__ import annotations

from .base import measure

measure(
    id="area_under_curve_bounds",
    title="Bounds of the AUC over unobserved outcomes",
    plain="The least and the greatest AUC that any outcomes of the people without one could give.",
    formula="min and max of the AUC over all ways of calling unobserved people good or bad",
    reading="The AUC among all scored people lies within, whatever the unknown outcomes are. Wide: it is not known.",
    undefined_when="nobody is scored, or nobody could be good or bad",
    source="Manski (2003), Partial Identification of Probability Distributions; extremes by exchanging pairs",
    topic="bounds",
    about="bounds of a number of one group",
    checked_against=("every assignment of small tables, by sklearn.metrics.roc_auc_score",),
)
measure(
    id="error_rate_sensitivity",
    title="Error rates under an assumption about unobserved outcomes",
    plain="What the error rates would be if unobserved people turned out as the assumption says.",
    formula="unobserved people of a score have factor x the observed bad rate at that score (at most 1)",
    reading=(
        "Factor 1 is augmentation: unobserved people are like observed ones with the same score. Larger factors are "
        "parcelling: they are worse. Observation-probability weights let the observed people of a score (and stratum) "
        "stand for the unobserved ones there, and say for whom nobody stands. Nobody can check an assumption here."
    ),
    undefined_when="no outcome is observed at any score",
    source="Hand and Henley (1993), IMA Journal of Mathematics Applied in Business and Industry 5:45",
    topic="bounds",
    about="a number of one group under an assumption",
    aliases=("reject inference", "parcelling", "augmentation"),
    checked_against=("the definition, written out on rows",),
)
measure(
    id="adverse_impact_ratio_bounds",
    title="Bounds of the adverse impact ratio over missing levels",
    plain="The least and the greatest adverse impact ratio, whichever group the people without a level belong to.",
    formula=(
        "least: (a / (n + f)) / ((b + s) / (m + s)); greatest: ((a + s) / (n + s)) / (b / (m + f)); s selected and f "
        "declined people have no level"
    ),
    reading="Whoever the people without a level are, the ratio lies within. Wide: missing levels could decide it.",
    undefined_when="nobody is selected in either, or one of the two has nobody",
    source="Manski (2003), Partial Identification of Probability Distributions, chapter 3",
    topic="bounds",
    about="bounds of a comparison of a group with its reference",
    checked_against=("every assignment of small tables",),
)
measure(
    id="missing_by_decision",
    title="Missing levels among selected and declined people",
    plain="Share of selected people without a level, less the share of declined people without one.",
    formula="(missing and selected / selected) - (missing and declined / declined)",
    reading="0 means that levels are missing as often whatever the decision; else the groups shown are a part.",
    undefined_when="nobody is selected, or nobody declined",
    source="Little and Rubin (2019), Statistical Analysis with Missing Data, chapter 1",
    topic="bounds",
    about="a comparison of selected and declined people",
    checked_against=("statsmodels.stats.proportion.confint_proportions_2indep",),
)
