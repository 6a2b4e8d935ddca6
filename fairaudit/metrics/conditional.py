"""What conditional disparity is called: contrasts among comparable people, and what they are read as."""

from __future__ import annotations

from .base import measure

_ABOUT = "a comparison of a group with its reference within strata"
_NOBODY = "no stratum holds people of both, or nobody is selected in either"

measure(
    id="mantel_haenszel_odds_ratio",
    title="Mantel-Haenszel odds ratio",
    plain="The group's odds of being selected over the reference's, within strata, in one number.",
    formula="sum(a d / N) / sum(b c / N) over strata; a, b selected and not of the group, c, d of the reference",
    reading="1 means no difference among people of one stratum; below 1 the group is worse off. It stands for all "
    "strata only where they are alike (Breslow-Day-Tarone).",
    undefined_when=_NOBODY,
    source="Mantel and Haenszel (1959), JNCI 22:719; interval: Robins, Breslow and Greenland (1986), Biometrics 42:311",
    topic="conditional",
    about=_ABOUT,
    aliases=("common odds ratio",),
    checked_against=(
        "statsmodels.stats.contingency_tables.StratifiedTable",
        "R mantelhaen.test on Berkeley's admissions (Bickel, Hammel and O'Connell 1975)",
    ),
)
measure(
    id="segmented_adverse_impact_ratio",
    title="Segmented adverse impact ratio (Mantel-Haenszel risk ratio)",
    plain="The group's selection rate over the reference's, within strata, in one number.",
    formula="sum(a m0 / N) / sum(c m1 / N) over strata; m1, m0 people of the group and of the reference",
    reading="1 means no difference among people of one stratum; below 1 the group is worse off.",
    undefined_when=_NOBODY,
    source="Greenland and Robins (1985), Biometrics 41:55",
    topic="conditional",
    about=_ABOUT,
    aliases=("segmented AIR", "common risk ratio", "conditional demographic parity ratio"),
    checked_against=("statsmodels.stats.contingency_tables.StratifiedTable", "R metafor rma.mh"),
)
measure(
    id="conditional_selection_rate_difference",
    title="Selection-rate difference within strata",
    plain="The group's selection rate less the reference's, within strata, in one number.",
    formula="sum((a m0 - c m1) / N) / sum(m1 m0 / N) over strata",
    reading="0 means no difference among people of one stratum; below 0 the group is worse off.",
    undefined_when="no stratum holds people of both",
    source="Greenland and Robins (1985), Biometrics 41:55; variance: Sato (1989), Biometrics 45:1323",
    topic="conditional",
    about=_ABOUT,
    aliases=("conditional statistical parity difference",),
    checked_against=("R metafor rma.mh", "a seeded simulation of its coverage"),
)
measure(
    id="adverse_impact_ratio_in_stratum",
    title="Adverse impact ratio within one stratum",
    plain="The group's selection rate divided by the reference's, among the people of one stratum.",
    formula="selection rate of the group / selection rate of the reference, within the stratum",
    reading="1 means no difference; below 1 the group is worse off.",
    undefined_when="nobody is selected in either, or one of the two has nobody in the stratum",
    source="29 CFR 1607.4(D), applied stratum by stratum",
    topic="conditional",
    about=_ABOUT,
    checked_against=("the adverse impact ratio of the stratum's people alone",),
)
measure(
    id="stratum_homogeneity",
    title="Are the strata alike? (Breslow-Day-Tarone)",
    plain="Whether the odds ratio is the same in all strata; if it is not, no single number stands for them.",
    formula="sum((a - expected at the common odds ratio)^2 / variance), corrected by Tarone",
    reading="A small p-value says that the strata differ; a large one that no difference was found.",
    undefined_when="strata are sparse (a cell expects fewer than 5), or fewer than two hold both decisions",
    source="Breslow and Day (1980), Statistical Methods in Cancer Research 1; Tarone (1985), Biometrika 72:91",
    topic="conditional",
    about="a test over strata",
    checked_against=("statsmodels.stats.contingency_tables.StratifiedTable", "R metafor rma.mh"),
)
measure(
    id="simpson_reversal",
    title="Reversal between the whole and comparable people",
    plain="The whole says one thing and comparable people (within strata, or at equal controls) the opposite, both "
    "beyond chance (Simpson's paradox).",
    formula="the interval of the pooled (raw) difference and that of the difference within strata (the adjusted "
    "effect) lie on opposite sides of 0",
    reading="Reported only where it is found. The pooled number is then made by where the groups stand, not by how "
    "alike people are treated.",
    undefined_when="never: it is reported or it is not",
    source="Bickel, Hammel and O'Connell (1975), Science 187:398",
    topic="conditional",
    about="a finding over strata",
    checked_against=("Berkeley's admissions (Bickel, Hammel and O'Connell 1975)",),
)
measure(
    id="adjusted_marginal_effect",
    title="Adjusted average marginal effect",
    plain="How much less often the group is selected than the reference when both have the same controls, by a logit.",
    formula="mean over people of P(selected | controls, group) - P(selected | controls, reference)",
    reading="0 means no difference at equal controls; below 0 the group is worse off. Raw and adjusted stand side by "
    "side; a control that carries the disparity hides it.",
    undefined_when="the model cannot be fitted: a level is never, or always, selected, or controls repeat each other",
    source="Gill, Hall, Montgomery and Schmidt (2020), Information 11(3):137; delta method",
    topic="conditional",
    about=_ABOUT,
    aliases=("AME", "marginal effect"),
    checked_against=("statsmodels.discrete.discrete_model.Logit", "statsmodels OLS with HC1, GLM with weights"),
)
measure(
    id="control_predicts_group",
    title="How well a control tells the group from its reference",
    plain="The chance that, of one person of the group and one of the reference, the control tells which is which.",
    formula="AUC of the control's order as a prediction of the group, turned so that it is at least 0.5",
    reading="0.5 tells nothing, 1 everything. From 0.8 (this tool's choice), or a correlation of 0.7 (the line of "
    "Veritas for surrogates), a control may stand for the group and hide a difference. Labels are put in order by the "
    "group's share on the same people, which looks closer than it is where labels are many.",
    undefined_when="nobody of the group, or of the reference, has the control",
    source="Hanley and McNeil (1982), Radiology 143:29; veritastool 2 (|r| > 0.7)",
    topic="conditional",
    about="a control, for a group and its reference",
    aliases=("proxy strength", "surrogate-feature check"),
    checked_against=("sklearn.metrics.roc_auc_score", "numpy.corrcoef"),
)
measure(
    id="control_score_association",
    title="How closely a control goes with the score under audit",
    plain="Whether a control is the score in other words: adjusting for the score hides what the score does.",
    formula="|Spearman's rank correlation|; for labels without an order the correlation ratio of the score's ranks",
    reading="0 is none, 1 a control that ranks people as the score does. A monotone copy, and levels that are bands of "
    "the score, are named as such.",
    undefined_when="everybody has the same score, or the same value of the control",
    source="Spearman (1904), American Journal of Psychology 15:72; Fisher (1925), Statistical Methods",
    topic="conditional",
    about="a control, over everybody with a score",
    aliases=("tainted variable check",),
    checked_against=("scipy.stats.spearmanr",),
)
