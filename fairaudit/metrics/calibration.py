"""Does the same score mean the same risk: predicted good rates against what happened, by group.

A :class:`Predicted` holds people with an observed outcome and the sums of their predicted probability of the
good outcome; everything here is a function of it. The prediction is the score itself where it is declared a
probability, else the good rate of everybody at that score (the pooled curve).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cube.confusion import BAD, GOOD, Tally
from ..cube.score_sums import ScoreSums
from .base import measure

Floats = NDArray[np.float64]

BANDS = 10
"""Bands of about equal people behind calibration curves and calibration errors."""
POOLED_PEOPLE = 100
"""Neighbouring scores are taken together until so many people stand behind each point of the pooled curve."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """People with an observed outcome and what was predicted for them.

    ``table``, ``sums`` and ``squares`` are [..., group, bin, outcome (good, bad)]; sums and squares are the
    (weighted) sums of the predicted probability of the good outcome and of its square. ``everybody`` is the
    pooled curve's own people by bin, None where the score itself is the prediction; ``curve`` and ``logits``
    are then its good rates, and their log-odds with half a person added to each side, and ``starts`` the first
    bin of each block of neighbouring bins that share a point of the curve.
    """

    table: Tally
    sums: Floats
    squares: Floats
    everybody: Floats | None = None
    curve: Floats | None = None
    logits: Floats | None = None
    starts: NDArray[np.int64] | None = None

    def __getitem__(self, group: Any) -> Predicted:
        """Return one group, or several, along the group axis."""
        key = (..., group, slice(None), slice(None))
        return replace(self, table=self.table[key], sums=self.sums[key], squares=self.squares[key])

    @property
    def heads(self) -> Floats:
        """People with an observed outcome."""
        return np.asarray(self.table.n.sum(axis=(-2, -1)))

    @property
    def weight(self) -> Floats:
        """Their sum of weights."""
        return np.asarray(self.table.w.sum(axis=(-2, -1)))

    @property
    def observed(self) -> Floats:
        """Good rate that happened."""
        return _divide(self.table.w[..., GOOD].sum(axis=-1), self.weight)

    @property
    def expected(self) -> Floats:
        """Good rate that was predicted."""
        return _divide(self.sums.sum(axis=(-2, -1)), self.weight)


def predicted(s: ScoreSums, *, everybody: ScoreSums | None = None) -> Predicted:
    """Return what the score predicts for each group.

    Parameters
    ----------
    s
        Scored people, [..., group, bin, outcome].
    everybody
        All groups taken together, [bin, outcome], where the score is no probability: the prediction is then
        their good rate at each score, neighbouring scores together until 100 people stand behind each. None
        where the score is the predicted probability of the good outcome (higher is better) or of the bad one.

    Examples
    --------
    >>> s = ScoreSums(Tally.of([[[2., 1., 5.], [3., 0., 0.]]]), np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), True)
    >>> made = predicted(s, everybody=s[0])  # 5 of 6 observed people turned out good
    >>> made.observed.round(3), made.expected.round(3)
    (array([0.833]), array([0.833]))
    """
    table = s.table[..., [GOOD, BAD]]
    if everybody is None:
        sums, squares = s.sums[..., [GOOD, BAD]], s.squares[..., [GOOD, BAD]]
        if not s.higher_is_better:
            sums, squares = table.w - sums, table.w - 2 * sums + squares
        return Predicted(table, sums, squares)
    good, people, effective, starts = _pooled_curve(everybody)
    curve = _divide(good, people)
    # Nobody stands at a score without people, so its place on the curve weighs nothing.
    curve = np.where(np.isnan(curve), 0.5, curve)
    logits = np.log((good + 0.5) / (people - good + 0.5))
    sums, squares = table.w * curve[:, None], table.w * curve[:, None] ** 2
    return Predicted(table, sums, squares, effective, curve, logits, starts)


def _pooled_curve(everybody: ScoreSums) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Return good and all people behind each bin's point of the pooled curve, what they are worth, and its blocks."""
    observed = everybody.observed
    block = pooled_blocks(observed.n)
    sides = (everybody.table.w[..., GOOD], observed.w, observed.w2)
    good, people, squares = (_floats(np.bincount(block, weights=side))[block] for side in sides)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    return good, people, np.nan_to_num(_divide(people**2, squares)), starts


def pooled_blocks(people: Floats) -> NDArray[np.int64]:
    """Return the number of the block of neighbouring bins that each bin belongs to; the last takes the remainder."""
    block, gathered, out = 0, 0.0, []
    for here in people.tolist():
        if gathered >= POOLED_PEOPLE:
            block, gathered = block + 1, 0.0
        gathered += here
        out.append(block)
    last = gathered < POOLED_PEOPLE and block > 0
    return np.array([min(b, block - 1) if last else b for b in out], dtype=np.int64)


def frequency_bands(p: Predicted, bands: int = BANDS) -> NDArray[np.int64]:
    """Return each group's band of each bin, [..., group, bin]: bands of about equal people, bins never cut.

    With no more bins than bands each bin is a band.
    """
    people = p.table.w.sum(axis=-1)
    if people.shape[-1] <= bands:
        return np.broadcast_to(np.arange(people.shape[-1]), people.shape)
    middle = np.cumsum(people, axis=-1) - people / 2
    share = np.nan_to_num(_divide(middle, people.sum(axis=-1, keepdims=True)))
    return np.minimum((share * bands).astype(np.int64), bands - 1)


def in_bands(p: Predicted, band: NDArray[np.int64], bands: int) -> Predicted:
    """Return the people of each group by band in place of bins."""

    def gather(array: Floats) -> Floats:
        flat = array.reshape(-1, *array.shape[-2:])
        out = np.zeros((len(flat), bands, array.shape[-1]))
        np.add.at(out, (np.arange(len(flat))[:, None], band.reshape(len(flat), -1)), flat)
        return out.reshape(*array.shape[:-2], bands, array.shape[-1])

    n = gather(p.table.n)
    table = Tally.of(n) if p.table.w is p.table.n else Tally(n, gather(p.table.w), gather(p.table.w2))
    return Predicted(table, gather(p.sums), gather(p.squares))


def calibration_error(p: Predicted) -> Floats:
    """Mean distance of observed and predicted good rates over the bands that are given as bins, by people."""
    gap = np.abs(p.table.w[..., GOOD] - p.sums.sum(axis=-1)).sum(axis=-1)
    return _divide(gap, p.weight)


def brier(p: Predicted) -> Floats:
    """Mean squared distance of the predicted probability and the outcome (1 good, 0 bad)."""
    squared = p.table.w[..., GOOD] - 2 * p.sums[..., GOOD] + p.squares[..., GOOD] + p.squares[..., BAD]
    return _divide(squared.sum(axis=-1), p.weight)


def decomposition(p: Predicted, banded: Predicted) -> tuple[Floats, Floats, Floats]:
    """Return reliability, resolution and uncertainty: Brier score = reliability - resolution + uncertainty.

    Parameters
    ----------
    p
        People by bin.
    banded
        The same people by band. Where scores differ within a band, what the band hides is counted with the
        resolution, so that the three still add up to the Brier score.

    Notes
    -----
    Source: Murphy (1973), Journal of Applied Meteorology 12; Stephenson, Coelho & Jolliffe (2008), Weather and
    Forecasting 23.
    """
    people = banded.table.w.sum(axis=-1)
    gap = _divide(banded.table.w[..., GOOD] - banded.sums.sum(axis=-1), people)
    reliability = _divide((people * np.nan_to_num(gap) ** 2).sum(axis=-1), p.weight)
    uncertainty = p.observed * (1 - p.observed)
    return reliability, reliability + uncertainty - brier(p), uncertainty


def _floats(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _divide(num: Floats, den: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(den > 0, num / den, np.nan))


_NOBODY = "nobody with an observed outcome has a score"
_VAN_CALSTER = "Van Calster et al. (2019), BMC Medicine 17:230"
_COX = f"Cox (1958), Biometrika 45:562; {_VAN_CALSTER}"
_BRIER = "Brier (1950), Monthly Weather Review 78:1; Murphy (1973), Journal of Applied Meteorology 12:595"
_KLEINBERG = "Kleinberg, Mullainathan and Raghavan (2016), Inherent Trade-Offs in the Fair Determination of Risk Scores"
_SUFFICIENCY = "Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3 (sufficiency)"
_BECKER = "Becker (1957), The Economics of Discrimination; Simoiu, Corbett-Davies and Goel (2017), AOAS 11:1193"
_BALANCE = "sign x (mean score of the group - mean score of the reference), among people with a {} outcome"
_SIGNED = "0 means no difference; below 0 the group is worse off than its reference"
_ABOUT = "a number about the scores of one group"

measure(
    id="calibration_curve",
    title="Calibration curve",
    plain="Good rate that was predicted and good rate that happened, in bands of the score.",
    formula="good / (good + bad) in the band, beside the mean predicted good rate in it",
    reading="On the diagonal the score means what it says; above it people turn out better than predicted.",
    undefined_when=_NOBODY,
    source=_VAN_CALSTER,
    topic="calibration",
    about=_ABOUT,
    aliases=("reliability diagram",),
    checked_against=("sklearn.calibration.calibration_curve",),
)
measure(
    id="calibration_in_the_large",
    title="Calibration in the large",
    plain="How much better the group turned out than its score said, on average.",
    formula="good rate - mean predicted good rate",
    reading="0 means that the score says what happened; above 0 people turned out better than their score said.",
    undefined_when=_NOBODY,
    source=_VAN_CALSTER,
    topic="calibration",
    about=_ABOUT,
    aliases=("mean calibration",),
    checked_against=("numpy on rows",),
)
measure(
    id="calibration_in_the_large_difference",
    title="Difference in calibration in the large",
    plain="By how much more the score understates the group than the reference.",
    formula="(good rate - mean predicted) of the group - the same of the reference",
    reading="0 means that the same score means the same risk, on average; above 0 the score is harsher on the group.",
    undefined_when=_NOBODY,
    source=_VAN_CALSTER,
    topic="calibration",
    checked_against=("scipy.stats.ttest_ind", "rows drawn anew"),
)
measure(
    id="calibration_intercept",
    title="Calibration intercept",
    plain="By how much the log-odds of a good outcome are above what the score says, its slope taken as right.",
    formula="a in logit(good rate) = a + logit(predicted)",
    reading="0 means right on average; above 0 people turned out better than their score said.",
    undefined_when=f"{_NOBODY}, or all outcomes are alike",
    source=_COX,
    topic="calibration",
    about=_ABOUT,
    checked_against=("statsmodels.api.GLM",),
)
measure(
    id="calibration_slope",
    title="Calibration slope",
    plain="How strongly the log-odds of a good outcome follow those that the score says.",
    formula="b in logit(good rate) = a + b logit(predicted)",
    reading="1 means as strong as it says; below 1 the score's differences between people are too large.",
    undefined_when="all outcomes or all scores are alike, or the score parts good from bad without error",
    source=_COX,
    topic="calibration",
    about=_ABOUT,
    checked_against=("statsmodels.api.GLM",),
)
measure(
    id="calibration_slope_difference",
    title="Difference in calibration slopes",
    plain="Whether the score tells people apart as well in the group as in the reference.",
    formula="slope of the group - slope of the reference",
    reading="0 means no difference; below 0 the score says less about the group.",
    undefined_when="either slope is undefined",
    source=_COX,
    topic="calibration",
    checked_against=("statsmodels.api.GLM",),
)
measure(
    id="expected_calibration_error",
    title="Expected calibration error",
    plain="Mean distance of predicted and observed good rates over ten bands.",
    formula="sum over bands of people / all x |good rate - mean predicted|",
    reading=(
        "Never below 0, and larger in small groups by chance alone: read the excess over the value expected under "
        "perfect calibration, and never compare two groups' errors."
    ),
    undefined_when=_NOBODY,
    source="Naeini, Cooper and Hauskrecht (2015), AAAI 29:2901",
    topic="calibration",
    about=_ABOUT,
    aliases=("ece",),
    checked_against=("numpy on rows",),
)
measure(
    id="brier_score",
    title="Brier score",
    plain="Mean squared distance of the predicted probability and what happened.",
    formula="sum of (predicted - outcome)^2 / people, the outcome 1 if good",
    reading="0 is perfect. It grows with the group's own uncertainty: other good rates give other numbers.",
    undefined_when=f"{_NOBODY}, or the score is not declared a probability",
    source=_BRIER,
    topic="calibration",
    about=_ABOUT,
    aliases=("brier_score_loss",),
    checked_against=("sklearn.metrics.brier_score_loss",),
)
measure(
    id="brier_reliability",
    title="Reliability (of the Brier score)",
    plain="The part of the Brier score that comes from predicting the wrong rates.",
    formula="sum over bands of people / all x (good rate - mean predicted)^2",
    reading="Never below 0: read the excess over the value expected under perfect calibration.",
    undefined_when=f"{_NOBODY}, or the score is not declared a probability",
    source=_BRIER,
    topic="calibration",
    about=_ABOUT,
    checked_against=("numpy on rows",),
)
measure(
    id="brier_resolution",
    title="Resolution (of the Brier score)",
    plain="How far the score tells people apart.",
    formula="reliability + uncertainty - Brier score",
    reading=(
        "Higher is better. Noise alone raises it, so the interval is around the value less what noise adds, which is "
        "printed beside it."
    ),
    undefined_when=f"{_NOBODY}, or the score is not declared a probability",
    source=(
        "Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting 23:752; Ferro and Fricker (2012), Quarterly "
        "Journal of the Royal Meteorological Society 138:1954 (what noise adds)"
    ),
    topic="calibration",
    about=_ABOUT,
    checked_against=("numpy on rows",),
)
measure(
    id="brier_uncertainty",
    title="Uncertainty (of the Brier score)",
    plain="What would be uncertain about the group if everybody were predicted its good rate.",
    formula="good rate x (1 - good rate)",
    reading="A property of the group, not of the score.",
    undefined_when=f"{_NOBODY}, or the score is not declared a probability",
    source=_BRIER,
    topic="calibration",
    about=_ABOUT,
    checked_against=("numpy on rows",),
)
measure(
    id="balance_for_good_outcomes",
    title="Balance for people with a good outcome",
    plain="Whether people who turned out good are scored alike in both groups.",
    formula=_BALANCE.format("good"),
    reading=_SIGNED,
    undefined_when="a group has fewer than two people with a good outcome",
    source=_KLEINBERG,
    topic="calibration",
    aliases=("balance for the positive class",),
    checked_against=("scipy.stats.ttest_ind",),
)
measure(
    id="balance_for_bad_outcomes",
    title="Balance for people with a bad outcome",
    plain="Whether people who turned out bad are scored alike in both groups.",
    formula=_BALANCE.format("bad"),
    reading=_SIGNED,
    undefined_when="a group has fewer than two people with a bad outcome",
    source=_KLEINBERG,
    topic="calibration",
    aliases=("balance for the negative class",),
    checked_against=("scipy.stats.ttest_ind",),
)
measure(
    id="bad_rate_difference_in_band",
    title="Difference in bad rates at the same score",
    plain="Bad rate of the group less that of the reference, in one band of the score.",
    formula="bad / (good + bad) of the group - of the reference, in the band",
    reading="0 means that the same score stands for the same risk there; below 0 the score is harsher on the group.",
    undefined_when="a group has nobody with an observed outcome in the band",
    source=_SUFFICIENCY,
    topic="calibration",
    checked_against=("statsmodels.stats.proportion.confint_proportions_2indep",),
)
measure(
    id="bad_rate_difference_at_same_score",
    title="Common difference in bad rates at the same score",
    plain="Bad rate of the group less that of the reference, over all bands of the score together.",
    formula="Mantel-Haenszel risk difference over the bands",
    reading="0 means that the same score stands for the same risk; below 0 the score is harsher on the group.",
    undefined_when="no band holds both groups",
    source=f"Mantel and Haenszel (1959), JNCI 22:719; {_SUFFICIENCY}",
    topic="calibration",
    aliases=("conditional use accuracy",),
    checked_against=("numpy on rows",),
)
measure(
    id="marginal_bad_rate_difference",
    title="Difference in bad rates just past the cut-off",
    plain="Bad rate of the last people selected, group less reference.",
    formula="bad / (good + bad) in the narrow band on the favorable side of the cut-off: group - reference",
    reading=(
        "0 means one standard for both; below 0 the group was held to a stricter one, if the two groups' scores lie "
        "alike within the band."
    ),
    undefined_when="a group has nobody with an observed outcome in the band",
    source=_BECKER,
    topic="calibration",
    aliases=("outcome test", "hit rate test"),
    checked_against=("statsmodels.stats.proportion.confint_proportions_2indep",),
)
