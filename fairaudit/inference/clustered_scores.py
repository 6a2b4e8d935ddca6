"""Metrics of the score where people come in clusters: AUC, Gini, KS, mean scores and their contrasts.

Each replicate doubles or drops every cluster; taken a small step that way, a metric moves as its linearisation does,
whatever the metric is (Fay's method). How far it moves over the replicates is its standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ..cube.confusion import Confusion, ScoreTable, Tally
from ..cube.replicates import Replicated
from ..cube.score_replicates import STEP, ScoreReplicated
from ..metrics.base import Contrast, Metric, Rate
from ..metrics.disparity import value
from ..metrics.ranking import moments
from .bootstrap import outer_interval
from .contrast import Comparisons
from .counts import FloatArray, divide
from .of_metrics import FEW_OF_A_KIND, auc_ties, auc_variance
from .ranking import auc_difference, auc_interval
from .replicates import CLUSTER_T, LARGEST_GAIN, Clustered, degrees, normal_confidence, t_of_normal, unbiased

KS_DRAWS = 2_000
MOST_LOST = 2.0
"""Where bins of the replicates hide so much of a variance (as a factor) there is no interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One group: its score table, the same in the bins of the replicates, each replicate, and its clusters."""

    fine: ScoreTable
    whole: ScoreTable
    drawn: ScoreTable
    clusters: float

    @property
    def effective(self) -> float:
        """Clusters of one size that would tell as much (Kish): a few large ones leave a variance less sure."""
        people = self.whole.table.n.sum()
        spread = float((((self.drawn.table.n.sum(axis=(-2, -1)) - people) / STEP) ** 2).mean())
        return min(self.clusters, float(people**2) / spread) if spread > 0 else self.clusters

    @property
    def freedom(self) -> float:
        """Degrees of freedom of its variances."""
        return float(degrees(np.asarray(self.effective - 1), len(self.drawn.table.n)))

    def moves(self, function: Callable[[ScoreTable], Any]) -> FloatArray:
        """Return how far a number moves in each replicate, scaled so that the mean square is its variance."""
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = (np.asarray(function(self.drawn)) - np.asarray(function(self.whole))) / STEP
        return np.asarray(moved * np.sqrt(unbiased(np.asarray(self.effective))))

    @property
    def heads(self) -> FloatArray:
        """People with a good and with a bad outcome."""
        return np.array([self.fine.good.n.sum(), self.fine.bad.n.sum()])


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredScores:
    """The scored people of all groups, with their replicates by score and the clusters of each group."""

    table: ScoreTable
    drawn: ScoreReplicated
    everybody: Replicated

    def of(self, groups: Sequence[int]) -> Scored:
        """Return several groups as one."""
        clusters = float(self.everybody.pooled(groups).clusters)
        return Scored(self.table.pooled(groups), *self.drawn.pooled(groups), clusters)

    def at(self, bins: NDArray[np.int64]) -> FloatArray:
        """Return where so many of the table's bins, from the worst, end among the bins of the replicates."""
        reached = np.concatenate([[0.0], np.cumsum(self.table.people.w.sum(axis=0))])
        return self.drawn.position(reached[bins])

    def above(self, group: int, bins: NDArray[np.int64], known: Confusion) -> Confusion:
        """Return who scores better than so many of the worst bins, in each replicate [replicate, cutoff, ...].

        Parameters
        ----------
        group
            Number of the group.
        bins
            The table's bins that are not selected, one number a cut-off.
        known
            The same of everybody [cutoff, ...]: where the bins of the replicates cut people a little otherwise, the
            spread is theirs and the middle is this.
        """
        place = self.at(bins)
        whole, drawn = (above(s.table.n, place) for s in self.drawn.pooled([group], step=1.0))
        return Confusion(Tally.of(drawn + (known.table.w - whole)))

    def by_bin(self, groups: Sequence[int], bins: int) -> tuple[FloatArray, FloatArray]:
        """Return good and bad people in the table's bins as those of the replicates tell: [bin, 2], and each replicate.

        The first is not what was counted but what the replicates' bins make of it, so that the two go together.
        """
        place = self.at(np.arange(bins + 1))
        whole, drawn = (above(s.table.n, place)[..., 1, :2] for s in self.drawn.pooled(groups, step=1.0))
        return np.diff(whole, axis=-2), np.diff(drawn, axis=-2)

    def replicated(self, bins: int, known: Confusion) -> Replicated:
        """Return every group's replicates of selecting all but so many of the worst bins."""
        at = np.array([bins])
        groups = range(len(self.everybody.smallest))
        each = [self.above(i, at, Confusion(known.table[None, i])).table.n[:, 0] for i in groups]
        return Replicated(Confusion(Tally.of(np.stack(each, axis=1))), self.everybody.smallest)

    def between(self, item: Metric, rate: Rate, start: int, stop: int) -> Clustered:
        """Return a rate of the people in some of the table's bins, with its replicates.

        Parameters
        ----------
        item
            A metric of score tables with one value a bin.
        rate
            The metric in those bins [group].
        start, stop
            The bins.
        """
        place = self.at(np.array([start, stop]))
        drawn = []
        for group in range(len(rate.den)):
            _, s = self.drawn.pooled([group], step=1.0)
            inside = above(s.table.n, place)[..., 0, :]
            # Who scores better than the start, less who scores better than the stop.
            counts = inside[:, :1] - inside[:, 1:]
            nothing = np.zeros(1)
            drawn.append(item(ScoreTable(Tally.of(counts), nothing, nothing, s.higher_is_better)))
        fields = ("num", "den", "num_w2", "den_w2", "n")
        stacked = Rate(*(np.stack([getattr(one, name)[..., 0] for one in drawn], axis=-1) for name in fields))
        # The middle of the replicates is that of their own bins.
        with np.errstate(invalid="ignore", divide="ignore"):
            moved = Rate(
                stacked.num - stacked.num.mean(axis=0) + rate.num, stacked.den - stacked.den.mean(axis=0) + rate.den,
                stacked.num_w2, stacked.den_w2, stacked.n,
            )  # fmt: skip
        return Clustered.of(rate, moved, self.everybody.clusters)


def above(counts: FloatArray, place: FloatArray) -> FloatArray:
    """Return people above and below places among the bins: [..., place, side, outcome] of [..., bin, outcome]."""
    reached = np.concatenate([np.zeros_like(counts[..., :1, :]), np.cumsum(counts, axis=-2)], axis=-2)
    whole = np.minimum(np.floor(place).astype(np.int64), counts.shape[-2] - 1)
    part = (place - whole)[:, None]
    below = reached[..., whole, :] * (1 - part) + reached[..., whole + 1, :] * part
    return np.asarray(np.stack([reached[..., -1:, :] - below, below], axis=-2))


def _auc(s: ScoreTable) -> FloatArray:
    from ..metrics import METRICS

    return np.asarray(METRICS["area_under_curve"](s).value)


def _mean(s: ScoreTable) -> FloatArray:
    return moments(s)[1]


def _lost(fine: float, coarse: float) -> float:
    """Return by what factor a variance is larger than the replicates' bins show, taking people one by one."""
    if not (coarse > 0 and fine > 0):
        return 1.0
    return max(1.0, fine / coarse)


def _auc_of(one: Scored) -> tuple[FloatArray, FloatArray, float]:
    """Return the moves of an AUC, good and bad people who would tell as much one by one, and what bins hide."""
    alone, coarse = (float(auc_variance(s[None])[0]) for s in (one.fine, one.whole))
    lost = _lost(alone, coarse)
    moves = one.moves(_auc) * np.sqrt(lost)
    variance = float((moves**2).mean())
    # Where the ranking is perfect nothing moves; its people are then taken to be alike within clusters.
    crowded = max(1.0, float(one.heads.sum()) / max(one.clusters, 1.0))
    effect = max(1.0, variance / alone) if variance > 0 and alone > 0 else crowded
    return moves, one.heads / effect, lost


def measure_scores(
    item: Metric, of: Scored, *, confidence: float, rng: np.random.Generator
) -> tuple[float, float, str | None]:
    """Return the interval of a metric of one group's scores, and its method; None where there is none.

    Parameters
    ----------
    item
        The metric, of the kind that is an estimate.
    of
        The group.
    confidence
        Coverage aimed at.
    rng
        Of the draws behind the interval of KS.

    Notes
    -----
    KS is a maximum: its interval comes from draws of all gaps at once, normal with the covariance of the replicates.
    Source: Judkins (1990), Journal of Official Statistics 6 (Fay's method).
    """
    number = float(item(of.fine).value)
    nothing = (np.nan, np.nan, None)
    if of.clusters < 2 or np.isnan(number):
        return nothing
    sure = float(normal_confidence(np.asarray(of.freedom), confidence))
    if item.id in {"area_under_curve", "gini"}:
        moves, heads, lost = _auc_of(of)
        if lost > MOST_LOST:
            return nothing
        auc = float(_auc(of.fine))
        tied = auc_ties(of.fine)
        low, high, method = auc_interval(auc, float((moves**2).mean()), *heads, confidence=sure, tied=tied)
        ends = (float(low), float(high))
        if item.id == "gini":
            ends = (2 * ends[0] - 1, 2 * ends[1] - 1)
        return *ends, str(method).replace("DeLong", "Fay's replicates")
    if item.id == "kolmogorov_smirnov":
        return _largest_gap(of, number, item, sure, confidence, rng)
    lost = _lost(float(moments(of.fine)[2]), float(moments(of.whole)[2])) if item.id == "mean_score" else 1.0
    moves = of.moves(lambda s: item(s).value) * np.sqrt(lost)
    if lost > MOST_LOST:
        return nothing
    reach = float(scipy.special.ndtri(0.5 + sure / 2)) * float(np.sqrt((moves**2).mean()))
    return number - reach, number + reach, CLUSTER_T


def _largest_gap(
    of: Scored, number: float, item: Metric, sure: float, confidence: float, rng: np.random.Generator
) -> tuple[float, float, str | None]:
    def gaps(s: ScoreTable) -> FloatArray:
        good, bad = s.good.w, s.bad.w
        return np.asarray(
            np.cumsum(bad, axis=-1) / bad.sum(axis=-1, keepdims=True)
            - np.cumsum(good, axis=-1) / good.sum(axis=-1, keepdims=True)
        )

    moves = of.moves(gaps)
    if np.isnan(moves).any():
        return np.nan, np.nan, None
    stretch = float(scipy.special.ndtri(0.5 + sure / 2) / scipy.special.ndtri(0.5 + confidence / 2))
    mixed = rng.standard_normal((KS_DRAWS, len(moves))) / np.sqrt(len(moves))
    found, moved = gaps(of.whole), stretch * (mixed @ moves)
    drawn = np.abs(found + moved).max(axis=1)
    made = outer_interval(number, drawn, confidence=confidence, least=item.range[0], most=item.range[1])
    name = f"draws of all gaps from the replicates, {KS_DRAWS:,} draws"
    _, heads, _ = _auc_of(of)
    if min(float(heads.min()), of.clusters / 2) >= FEW_OF_A_KIND:
        return float(made.low), float(made.high), name
    # Few of a kind: the largest gap is no more where it seems to be, so the interval is that of all gaps at once.
    error = np.sqrt((moves**2).mean(axis=0))
    critical = float(np.quantile(np.abs(moved / np.where(error > 0, error, np.inf)).max(axis=1), confidence))
    low = max(0.0, float((np.abs(found) - critical * error).max()))
    high = min(1.0, float((np.abs(found) + critical * error).max()))
    return min(low, float(made.low)), max(high, float(made.high)), f"{name}, widened to a band of all gaps"


# Two groups


def compare_scores(
    item: Contrast, mine: Scored, theirs: Scored, everybody: Scored, *, together: float, confidence: float
) -> Comparisons:
    """Set one group's scores against its reference's: standardized mean differences and the difference of AUCs.

    Parameters
    ----------
    item
        The contrast.
    mine, theirs
        The group and its reference.
    everybody
        All scored people, for the population's standard deviation.
    together
        Clusters of both, each counted once: where groups share them there is no more to learn from.
    confidence
        Coverage aimed at.

    Returns
    -------
    Comparisons
        Of one value; NaN where a side has fewer than 2 clusters, or the bins of the replicates hide too much.
    """
    if item.how == "standardized_difference":
        return _standardized(item, mine, theirs, everybody, together, confidence)
    moves, heads, lost = zip(*(_auc_of(side) for side in (mine, theirs)), strict=True)
    own = [float((move**2).mean()) for move in moves]
    of_gap = float(((moves[0] - moves[1]) ** 2).mean())
    gain = min(sum(own) / of_gap, LARGEST_GAIN) if of_gap > 0 else 1.0
    freedom = satterthwaite([own[0], own[1]], [mine.effective, theirs.effective], together, len(moves[0]))
    if max(lost) > MOST_LOST or np.isnan(freedom):
        return _nothing(float(_auc(mine.fine) - _auc(theirs.fine)))
    arguments: list[Any] = []
    for side, variance, people in zip((mine, theirs), own, heads, strict=True):
        arguments += [float(_auc(side.fine)), variance / gain, *(people * gain)]
    ties = [auc_ties(side.fine) for side in (mine, theirs)]
    sure = float(normal_confidence(np.asarray(freedom), confidence))
    made = auc_difference(*arguments, confidence=sure, tied=ties[0], tied_reference=ties[1])
    return Comparisons(
        made.value, made.low, made.high, _named(f"{made.method[()]}, from replicates"), _named(CLUSTER_T),
        t_of_normal(made.p, np.asarray(freedom)),
    )  # fmt: skip


def _standardized(
    item: Contrast, mine: Scored, theirs: Scored, everybody: Scored, clusters: float, confidence: float
) -> Comparisons:
    number = float(value(item, mine.fine, theirs.fine, everybody.fine))
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = value(item, mine.whole, theirs.whole, everybody.whole)
        moved = value(item, mine.drawn, theirs.drawn, everybody.drawn)
    fewest = np.asarray(min(mine.effective, theirs.effective))
    lost = _lost(float(moments(everybody.fine)[2]), float(moments(everybody.whole)[2]))
    own = [float((side.moves(_mean) ** 2).mean()) for side in (mine, theirs)]
    moves = (np.asarray(moved) - whole) / STEP * np.sqrt(unbiased(fewest) * lost)
    error = float(np.sqrt((moves**2).mean()))
    distinct = distinct_clusters(mine, theirs, clusters)
    freedom = satterthwaite(own, [mine.effective, theirs.effective], distinct, len(moves))
    if lost > MOST_LOST or np.isnan(freedom) or not error > 0:
        return _nothing(number)
    reach = float(scipy.special.stdtrit(freedom, 0.5 + confidence / 2)) * error
    p = 2 * scipy.special.stdtr(freedom, -abs(number) / error)
    value_of, low, high = (np.asarray(x) for x in (number, number - reach, number + reach))
    return Comparisons(value_of, low, high, _named(CLUSTER_T), _named(CLUSTER_T), np.asarray(p))


def distinct_clusters(mine: Scored, theirs: Scored, together: float) -> float:
    """Return the clusters that the degrees of freedom of a gap rest on: all, or the fewer side's where some are shared.

    The parts of a gap within shared clusters are fewer than heads tell, and of unequal size. Of 25 homes of both
    groups, counted by heads, a test of mean scores found a gap where there was none in 6.7% of 3,000 draws; so in 5.9%.
    """
    shared = together < mine.clusters + theirs.clusters
    return min(mine.effective, theirs.effective) if shared else together


def satterthwaite(variances: Sequence[float], clusters: Sequence[float], together: float, replicates: int) -> float:
    """Return the degrees of freedom of a sum of variances of clusters; NaN with fewer than 2 on a side.

    ``together`` are the clusters of all sides, each counted once: groups that share theirs have no more.

    Examples
    --------
    >>> [round(satterthwaite([1.0, 1.0], [20, 20], together, 10**9), 1) for together in (40, 20)]
    [38.0, 19.0]
    """
    if min(clusters) < 2 or not sum(variances) > 0:
        return float("nan")
    parts = sum(v**2 / (c - 1) for v, c in zip(variances, clusters, strict=True))
    return float(degrees(np.minimum(divide(sum(variances) ** 2, parts), max(together - 1, 1)), replicates))


def _named(name: str) -> Any:
    return np.array(name, dtype=object)


def _nothing(number: float) -> Comparisons:
    nan = np.asarray(np.nan)
    return Comparisons(np.asarray(number), nan, nan, _named(""), _named(""), nan)
