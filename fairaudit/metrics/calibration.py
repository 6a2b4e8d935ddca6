"""Does the same score mean the same risk: predicted good rates against what happened, by group.

A :class:`Predicted` holds people with an observed outcome and the sums of their predicted probability of the
good outcome; everything here is a function of it. The prediction is the score itself where it is declared a
probability, else the good rate of everybody at that score (the pooled curve).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cube.confusion import BAD, GOOD, Tally
from ..cube.score_sums import ScoreSums

Floats = NDArray[np.float64]

BANDS = 10
"""Bands of about equal people behind calibration curves and calibration errors."""
POOLED_PEOPLE = 100
"""Neighbouring scores are taken together until so many people stand behind each point of the pooled curve."""


@dataclass(frozen=True, slots=True)
class CalibrationMetric:
    """One number of this room, with all that a reader needs to know about it."""

    id: str
    title: str
    plain: str
    formula: str
    undefined_when: str
    source: str
    aliases: tuple[str, ...] = ()
    checked_against: tuple[str, ...] = ()
    reading: str = ""
    about: str = "calibration of a score by group"


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """People with an observed outcome and what was predicted for them.

    ``table``, ``sums`` and ``squares`` are [..., group, bin, outcome (good, bad)]; sums and squares are the
    (weighted) sums of the predicted probability of the good outcome and of its square. ``everybody`` is the
    pooled curve's own people by bin, None where the score itself is the prediction; ``logits`` is then the
    curve on the log-odds scale, half a person added to each side.
    """

    table: Tally
    sums: Floats
    squares: Floats
    everybody: Floats | None = None
    logits: Floats | None = None

    def __getitem__(self, group: Any) -> Predicted:
        """Return one group, or several, along the group axis."""
        key = (..., group, slice(None), slice(None))
        return Predicted(self.table[key], self.sums[key], self.squares[key], self.everybody, self.logits)

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
    good, people, effective = _pooled_curve(everybody)
    curve = _divide(good, people)
    # Nobody stands at a score without people, so its place on the curve weighs nothing.
    curve = np.where(np.isnan(curve), 0.5, curve)
    logits = np.log((good + 0.5) / (people - good + 0.5))
    return Predicted(table, table.w * curve[:, None], table.w * curve[:, None] ** 2, effective, logits)


def _pooled_curve(everybody: ScoreSums) -> tuple[Floats, Floats, Floats]:
    """Return good and all people behind each bin's point of the pooled curve, and how many people that is worth."""
    observed = everybody.observed
    block = _blocks(observed.n)
    sides = (everybody.table.w[..., GOOD], observed.w, observed.w2)
    good, people, squares = (np.bincount(block, weights=side)[block] for side in sides)
    return good, people, np.nan_to_num(_divide(people**2, squares))


def _blocks(people: Floats) -> NDArray[np.int64]:
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

_ENTRIES = (
    CalibrationMetric(
        "calibration_curve",
        "Calibration curve",
        "Good rate that was predicted and good rate that happened, in bands of the score.",
        "good / (good + bad) in the band, beside the mean predicted good rate in it",
        _NOBODY,
        _VAN_CALSTER,
        ("reliability diagram",),
        ("sklearn.calibration.calibration_curve",),
        "On the diagonal the score means what it says; above it people turn out better than predicted.",
    ),
    CalibrationMetric(
        "calibration_in_the_large",
        "Calibration in the large",
        "How much better the group turned out than its score said, on average.",
        "good rate - mean predicted good rate",
        _NOBODY,
        _VAN_CALSTER,
        ("mean calibration",),
        ("numpy on rows",),
        "0 means that the score says what happened; above 0 people turned out better than their score said.",
    ),
    CalibrationMetric(
        "calibration_in_the_large_difference",
        "Difference in calibration in the large",
        "By how much more the score understates the group than the reference.",
        "(good rate - mean predicted) of the group - the same of the reference",
        _NOBODY,
        _VAN_CALSTER,
        (),
        ("scipy.stats.ttest_ind", "rows drawn anew"),
        "0 means that the same score means the same risk, on average; above 0 the score is harsher on the group.",
    ),
    CalibrationMetric(
        "calibration_intercept",
        "Calibration intercept",
        "By how much the log-odds of a good outcome are above what the score says, its slope taken as right.",
        "a in logit(good rate) = a + logit(predicted)",
        f"{_NOBODY}, or all outcomes are alike",
        _COX,
        (),
        ("statsmodels.GLM (Binomial, offset)",),
        "0 means right on average; above 0 people turned out better than their score said.",
    ),
    CalibrationMetric(
        "calibration_slope",
        "Calibration slope",
        "How strongly the log-odds of a good outcome follow those that the score says.",
        "b in logit(good rate) = a + b logit(predicted)",
        "all outcomes or all scores are alike, or the score parts good from bad without error",
        _COX,
        (),
        ("statsmodels.GLM (Binomial)",),
        "1 means as strong as it says; below 1 the score's differences between people are too large.",
    ),
    CalibrationMetric(
        "calibration_slope_difference",
        "Difference in calibration slopes",
        "Whether the score tells people apart as well in the group as in the reference.",
        "slope of the group - slope of the reference",
        "either slope is undefined",
        _COX,
        (),
        ("statsmodels.GLM with an interaction",),
        "0 means no difference; below 0 the score says less about the group.",
    ),
    CalibrationMetric(
        "expected_calibration_error",
        "Expected calibration error",
        "Mean distance of predicted and observed good rates over ten bands.",
        "sum over bands of people / all x |good rate - mean predicted|",
        _NOBODY,
        "Naeini, Cooper and Hauskrecht (2015), AAAI 29:2901",
        ("ece",),
        ("numpy on rows",),
        "Never below 0, and larger in small groups by chance alone: read the excess over the value expected under "
        "perfect calibration, and never compare two groups' errors.",
    ),
    CalibrationMetric(
        "brier_score",
        "Brier score",
        "Mean squared distance of the predicted probability and what happened.",
        "sum of (predicted - outcome)^2 / people, the outcome 1 if good",
        f"{_NOBODY}, or the score is not declared a probability",
        _BRIER,
        ("brier_score_loss",),
        ("sklearn.metrics.brier_score_loss",),
        "0 is perfect. It grows with the group's own uncertainty, so groups with other good rates differ without fault.",
    ),
    CalibrationMetric(
        "brier_reliability",
        "Reliability (of the Brier score)",
        "The part of the Brier score that comes from predicting the wrong rates.",
        "sum over bands of people / all x (good rate - mean predicted)^2",
        f"{_NOBODY}, or the score is not declared a probability",
        _BRIER,
        (),
        ("numpy on rows",),
        "Never below 0: read the excess over the value expected under perfect calibration.",
    ),
    CalibrationMetric(
        "brier_resolution",
        "Resolution (of the Brier score)",
        "How far the score tells people apart.",
        "reliability + uncertainty - Brier score",
        f"{_NOBODY}, or the score is not declared a probability",
        "Stephenson, Coelho and Jolliffe (2008), Weather and Forecasting 23:752",
        (),
        ("numpy on rows",),
        "Higher is better.",
    ),
    CalibrationMetric(
        "brier_uncertainty",
        "Uncertainty (of the Brier score)",
        "What would be uncertain about the group if everybody were predicted its good rate.",
        "good rate x (1 - good rate)",
        f"{_NOBODY}, or the score is not declared a probability",
        _BRIER,
        (),
        ("numpy on rows",),
        "A property of the group, not of the score.",
    ),
    CalibrationMetric(
        "balance_for_good_outcomes",
        "Balance for people with a good outcome",
        "Whether people who turned out good are scored alike in both groups.",
        _BALANCE.format("good"),
        "a group has fewer than two people with a good outcome",
        _KLEINBERG,
        ("balance for the positive class",),
        ("scipy.stats.ttest_ind (Welch)",),
        _SIGNED,
    ),
    CalibrationMetric(
        "balance_for_bad_outcomes",
        "Balance for people with a bad outcome",
        "Whether people who turned out bad are scored alike in both groups.",
        _BALANCE.format("bad"),
        "a group has fewer than two people with a bad outcome",
        _KLEINBERG,
        ("balance for the negative class",),
        ("scipy.stats.ttest_ind (Welch)",),
        _SIGNED,
    ),
    CalibrationMetric(
        "bad_rate_difference_in_band",
        "Difference in bad rates at the same score",
        "Bad rate of the group less that of the reference, in one band of the score.",
        "bad / (good + bad) of the group - of the reference, in the band",
        "a group has nobody with an observed outcome in the band",
        _SUFFICIENCY,
        (),
        ("statsmodels.stats.proportion.confint_proportions_2indep",),
        "0 means that the same score stands for the same risk there; below 0 the score is harsher on the group.",
    ),
    CalibrationMetric(
        "bad_rate_difference_at_same_score",
        "Common difference in bad rates at the same score",
        "Bad rate of the group less that of the reference, over all bands of the score together.",
        "Mantel-Haenszel risk difference over the bands",
        "no band holds both groups",
        f"Mantel and Haenszel (1959), JNCI 22:719; {_SUFFICIENCY}",
        ("conditional use accuracy",),
        ("numpy on rows", "statsmodels StratifiedTable (test)"),
        "0 means that the same score stands for the same risk; below 0 the score is harsher on the group.",
    ),
    CalibrationMetric(
        "marginal_bad_rate_difference",
        "Difference in bad rates just past the cut-off",
        "Bad rate of the last people selected, group less reference.",
        "bad / (good + bad) in the narrow band on the favorable side of the cut-off: group - reference",
        "a group has nobody with an observed outcome in the band",
        _BECKER,
        ("outcome test", "hit rate test"),
        ("statsmodels.stats.proportion.confint_proportions_2indep",),
        "0 means one standard for both; below 0 the group was held to a stricter one, if the two groups' scores lie "
        "alike within the band.",
    ),
)

CALIBRATION: Mapping[str, CalibrationMetric] = {item.id: item for item in _ENTRIES}
"""Every number of this room, by id."""
