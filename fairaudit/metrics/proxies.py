"""What memberships say beside the weighted estimate: the registered measures."""

from __future__ import annotations

from .base import measure

_CHEN = "Chen, Kallus, Mao, Svacha and Udell (2019), Fairness under unawareness, FAT*"
_KALLUS = (
    "Kallus, Mao and Zhou (2022), Assessing algorithmic fairness with unobserved protected class, Management Science 68"
)
_ABOUT = "groups that are known by probabilities of belonging to them"

measure(
    id="thresholded_selection_rate",
    title="Selection rate by thresholded membership",
    plain="The share selected of those who are put into the group outright because their probability is high.",
    formula="weight selected among m >= threshold (or m the largest) / weight of those people",
    reading="Beside the weighted rate: where they differ, the answer hangs on how the proxy is read.",
    undefined_when="nobody's membership is high enough",
    source=_CHEN,
    topic="proxy",
    about=_ABOUT,
    checked_against=("a computation from rows",),
)
measure(
    id="proxy_selection_rate_bounds",
    title="Bounds of the selection rate, whatever decisions and groups have to do with each other",
    plain="How low and how high the group's selection rate can be, given the memberships.",
    formula="sum over bands of max(0, M + S - N) and of min(M, S), divided by the sum of M (members, selected, people)",
    reading=(
        "Assumes that the memberships are true, calibrated probabilities, and nothing else. Wide bounds say that "
        "the proxy tells little; a wider band of memberships than the proxy's own values can only widen them."
    ),
    undefined_when="the group has no members",
    source=_KALLUS,
    topic="proxy",
    about=_ABOUT,
    checked_against=("a linear programme (scipy.optimize.linprog)",),
)
measure(
    id="proxy_adverse_impact_ratio_bounds",
    title="Bounds of the adverse impact ratio, whatever decisions and groups have to do with each other",
    plain="How low and how high the ratio of the two groups' selection rates can be, given the memberships.",
    formula="lowest rate / reference's highest rate, and highest rate / reference's lowest rate",
    reading="Outer bounds: both ends need not be possible together. Assumes calibrated memberships and nothing else.",
    undefined_when="a group has no members",
    source=_KALLUS,
    topic="proxy",
    about=_ABOUT,
    checked_against=("a linear programme (scipy.optimize.linprog)",),
)
measure(
    id="share_without_a_proxy",
    title="Share without a proxy",
    plain="The share of people of whom no membership is known.",
    formula="people without memberships / people",
    reading="They are in no group, and never given an average instead: what holds for the others need not for them.",
    undefined_when="there are no people",
    source="CFPB (2014), Using publicly available information to proxy for unidentified race and ethnicity",
    topic="proxy",
    about=_ABOUT,
    checked_against=("a computation from rows",),
)
measure(
    id="effective_people",
    title="Effective people",
    plain="How many people of known group would give a rate as sure as this one.",
    formula="p(1 - p) / v, v the linearised variance",
    reading="Far fewer than the members: much of what was counted says little about this group.",
    undefined_when="the group has no members",
    source="Korn and Graubard (1998), Survey Methodology 24",
    topic="proxy",
    about=_ABOUT,
    checked_against=("a computation from rows",),
)
measure(
    id="proxy_calibration",
    title="Calibration of the proxy, where the level is known",
    plain="Of the labelled people in a band of memberships, the share who are of the group, less the mean membership.",
    formula="share of the level among the labelled in the band - mean membership in the band",
    reading="0 means that the probabilities are true among the labelled, who need not be like the others.",
    undefined_when="nobody in the band is labelled",
    source=_CHEN,
    topic="proxy",
    about=_ABOUT,
    checked_against=("a computation from rows",),
)
measure(
    id="proxy_conditional_covariance",
    title="Covariance of group and decision that the proxy does not see",
    plain="Whether, among people with the same proxy, those of the group are selected more or less often.",
    formula="mean over labelled people of (1{level} - m)(selected - mean selected)",
    reading=(
        "Its sign is the direction of the bias: the weighted rate is the true rate less this divided by the group's "
        "share. Below 0 the weighted rate is too high; above 0 too low. Holds for the labelled, and for all if they "
        "are like the others and the memberships are calibrated."
    ),
    undefined_when="nobody decided on is labelled",
    source=_CHEN,
    topic="proxy",
    about=_ABOUT,
    checked_against=("a computation from rows",),
)
