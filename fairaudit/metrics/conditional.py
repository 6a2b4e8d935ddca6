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
    checked_against=("statsmodels.stats.contingency_tables.StratifiedTable",),
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
    checked_against=("a seeded simulation of its coverage",),
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
    checked_against=("statsmodels.stats.contingency_tables.StratifiedTable",),
)
measure(
    id="simpson_reversal",
    title="Reversal between the whole and its strata",
    plain="The whole says one thing and the strata the opposite, both beyond chance (Simpson's paradox).",
    formula="the interval of the pooled difference and that of the difference within strata lie on opposite sides of 0",
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
    checked_against=("statsmodels.discrete.discrete_model.Logit",),
)
