"""How do the scores of two groups differ? Distances, quantiles, rankings across groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cube.confusion import ScoreTable, Tally
from ..inference.combining import mover
from ..inference.contrast import compare_many
from ..inference.of_metrics import effective
from ..inference.permutation import DRAWS, beside, coarse_edges, deal, deal_weighted, merge_bins
from ..inference.proportion import wilson
from ..inference.ranking import auc_difference, auc_interval, delong, tied_share
from ..measuring import Grouping
from ..metrics import distribution as d
from ..metrics.base import MEASURES, Floats, Rate
from ..result import Measurement
from .common import Asking, adjusted, pairs, written

TOPIC = "distribution"
PERMUTED = f"permutation of the groups, {DRAWS:,} draws"
DRAWN = f"drawn anew from both together, weighted, {DRAWS:,} draws"
TOO_MANY = "too many people to permute"
OVERLAP_BINS = 20
QUANTILE_BINS = 512


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return how the scores of each group differ from its reference's; crossings are left to their attributes."""
    records: list[Measurement] = []
    for of in groupings:
        if of.crossing or of.cube.axes.score is None:
            continue
        s = of.cube.score_table()
        scores = d.bin_scores(s)
        pooled = s.pooled(range(len(of.groups)))
        for i, mine, theirs, reference in pairs(of, s, asking):
            if not (mine.people.w.sum() > 0 and theirs.people.w.sum() > 0):
                continue  # weights of 0 leave nobody to compare
            pair = _Pair(of, of.groups[i], reference, mine, theirs, scores, asking)
            records += [*pair.distances(), *pair.quantiles(), *pair.in_best(pooled)]
            if of.cube.has_outcome:
                records += pair.rankings()
    return adjusted(records)


class _Pair:
    """A group, its reference, and the scores of the bins."""

    def __init__(
        self,
        of: Grouping,
        group: str,
        reference: str,
        mine: ScoreTable,
        theirs: ScoreTable,
        scores: Floats,
        asking: Asking,
    ) -> None:
        self.of, self.group, self.reference, self.asking = of, group, reference, asking
        self.mine, self.theirs, self.scores = mine, theirs, scores
        self.people, self.others = mine.people, theirs.people
        self.weighted = mine.table.w is not mine.table.n

    def record(self, metric: str, value: float, **fields: Any) -> Measurement:
        given = {"n": self.people.n.sum(), "n_reference": self.others.n.sum(), **fields}
        undefined = MEASURES[metric].undefined_when
        return written(
            TOPIC, metric, self.of, group=self.group, reference=self.reference, value=value,
            **{"undefined": undefined, **given},
        )  # fmt: skip

    def distances(self) -> Iterator[Measurement]:
        mine, theirs, scores = self.people.w, self.others.w, self.scores
        starts = coarse_edges(mine + theirs)
        # The few bins of the overlap are made of whole ones of the others, so that one dealing serves both.
        at = coarse_edges(merge_bins(mine + theirs, starts), OVERLAP_BINS)
        few = starts[at]
        coarse = [merge_bins(side, few) for side in (mine, theirs)]
        values = (
            float(d.score_distance(mine, theirs)),
            float(d.wasserstein_distance(mine, theirs, scores)),
            1 - float(d.density_overlap(coarse[0], coarse[1])),
        )
        made = self._dealt([self.people], [self.others], starts, "distances")
        drawn: list[Floats] = []
        if not isinstance(made, str):
            g, r = made[0][:, 0], made[1][:, 0]
            drawn = [
                d.score_distance(g, r),
                d.wasserstein_distance(g, r, scores[starts]),
                1 - d.density_overlap(merge_bins(g, at), merge_bins(r, at)),
            ]
        said = [self._beside(made, value, drawn[i] if drawn else None) for i, value in enumerate(values)]
        yield self.record("score_distance", values[0], **said[0])
        yield self.record("wasserstein_distance", values[1], **said[1])
        for name, less in (("expected", 1.0), ("excess", 0.0)):
            if name in said[2]:
                said[2][name] = less - float(said[2][name])
        yield self.record("density_overlap", 1 - values[2], detail=f"{len(few)} bins", **said[2])

    def _dealt(
        self, group: Sequence[Tally], reference: Sequence[Tally], starts: NDArray[np.int64], name: str
    ) -> tuple[Floats, Floats] | str:
        """Return what both would be if they were alike, by bins merged at ``starts``; or why that is not known."""
        mine, theirs = ([_merged(part, starts) for part in side] for side in (group, reference))
        rng = self.asking.rng(self.of.name, self.group, name)
        if self.weighted:
            return deal_weighted(mine, theirs, rng=rng)
        return deal([part.n for part in mine], [part.n for part in theirs], rng=rng) or TOO_MANY

    @property
    def _by_chance(self) -> str:
        return DRAWN if self.weighted else PERMUTED

    def _beside(self, made: tuple[Floats, Floats] | str, value: float, drawn: Floats | None) -> dict[str, Any]:
        """Return expected, excess and p of a distance, or the note that says why there are none."""
        if isinstance(made, str) or drawn is None:
            return {"note": made}
        found, how = beside(value, drawn), self._by_chance
        return {"expected": found.expected, "excess": found.excess, "p": found.p, "test": how, "method": how}

    def quantiles(self) -> Iterator[Measurement]:
        sign = self.mine.sign
        starts = coarse_edges(self.people.w + self.others.w, QUANTILE_BINS)
        made = self._dealt([self.people], [self.others], starts, "quantiles")
        for share in d.QUANTILES:
            ends = []
            for side in (self.people, self.others):
                n = float(side.n.sum()) if not self.weighted else float(side.w.sum() ** 2 / side.w2.sum())
                ends.append(woodruff(side.w, self.scores * sign, share, n, confidence=self.asking.confidence))
            low, high, _ = mover(*ends[0], *ends[1], weight2=-1.0)
            yield self.record(
                "score_quantile_gap", ends[0][0] - ends[1][0], detail=f"quantile {share:g}",
                **{"low": low, "high": high, **self._size_of_gap(made, share, starts)},
                method="MOVER of two Woodruff intervals",
            )  # fmt: skip

    def _size_of_gap(
        self, made: tuple[Floats, Floats] | str, share: float, starts: NDArray[np.int64]
    ) -> dict[str, Any]:  # fmt: skip
        """Return the size of the gap that chance gives, what is beyond it, and its p."""
        if isinstance(made, str):
            return {"note": made}

        def size(group: Floats, reference: Floats) -> Floats:
            at = (d.quantile_bin(side, share) for side in (group, reference))
            one, other = (self.scores[starts[k]] for k in at)
            return np.asarray(np.abs(one - other))

        value = size(merge_bins(self.people.w, starts), merge_bins(self.others.w, starts))
        found = beside(float(value), size(made[0][:, 0], made[1][:, 0]))
        return {"expected": found.expected, "excess": found.excess, "p": found.p, "test": self._by_chance}

    def in_best(self, pooled: ScoreTable) -> Iterator[Measurement]:
        everybody = np.cumsum(d.shares(pooled.people.w)[::-1])
        at = np.array([int(np.abs(everybody - best).argmin()) for best in d.BEST])
        details = [f"best {best:.0%} (really {everybody[k]:.1%})" for best, k in zip(d.BEST, at.tolist(), strict=True)]
        mine, theirs = (effective(_best(side, at)) for side in (self.people, self.others))
        made = compare_many(
            *mine, *theirs, how="ratio", confidence=self.asking.confidence, integer=not self.weighted
        )  # fmt: skip
        for i, detail in enumerate(details):
            yield self.record(
                "adverse_impact_ratio_in_best", made.value[i], detail=detail, low=made.low[i], high=made.high[i],
                method=f"{made.method[i]}, pointwise", test=str(made.test[i]), p=made.p[i],
            )  # fmt: skip

    def rankings(self) -> Iterator[Measurement]:
        unknown = int(self.mine.table.n[..., 2].sum() + self.theirs.table.n[..., 2].sum())
        names = (
            "background_negative_subgroup_positive_auc", "background_positive_subgroup_negative_auc",
            "cross_auc_difference", "abroca",
        )  # fmt: skip
        if unknown:
            reason = f"not identified: the outcome of {unknown:,} people is unobserved"
            for name in names:
                yield self.record(name, np.nan, undefined=reason)
            return
        sides = [(self.mine.good, self.theirs.bad), (self.theirs.good, self.mine.bad)]
        arguments, ties = [], []
        for name, (good, bad) in zip(names[:2], sides, strict=True):
            squares = {"good_w2": good.w2, "bad_w2": bad.w2} if self.weighted else {}
            auc = delong(good.w, bad.w, **squares)
            heads = (good.n.sum(), bad.n.sum())
            tied = None if self.weighted else tied_share(good.n + bad.n)
            arguments += [auc.value, auc.variance, *heads]
            ties.append(tied)
            low, high, method = auc_interval(
                auc.value, auc.variance, *heads, confidence=self.asking.confidence, tied=tied
            )
            yield self.record(
                name, float(auc.value), low=low, high=high, method=str(method), n=self.mine.people.n.sum()
            )
        made = auc_difference(
            *arguments, confidence=self.asking.confidence, tied=ties[0], tied_reference=ties[1]
        )  # fmt: skip
        yield self.record(
            names[2], float(made.value), low=made.low, high=made.high, method=str(made.method[()]),
            test=str(made.test[()]), p=float(made.p),
        )  # fmt: skip
        yield self._abroca()

    def _abroca(self) -> Measurement:
        parts = [[side.good, side.bad] for side in (self.mine, self.theirs)]
        if any(kind.w.sum() == 0 for side in parts for kind in side):
            return self.record("abroca", np.nan)
        exact = d.abroca((self.mine.good.w, self.mine.bad.w), (self.theirs.good.w, self.theirs.bad.w))
        starts = coarse_edges(np.sum([kind.w for side in parts for kind in side], axis=0))
        made = self._dealt(parts[0], parts[1], starts, "abroca")
        drawn = None
        if not isinstance(made, str):
            g, r = made
            drawn = d.abroca_on_grid((g[:, 0], g[:, 1]), (r[:, 0], r[:, 1]))
        return self.record("abroca", exact, **self._beside(made, exact, drawn))


def woodruff(
    people: Floats, scores: Floats, share: float, n: float, *, confidence: float
) -> tuple[float, float, float]:
    """Return a quantile and its interval: the quantiles at the ends of the interval of the share below it.

    Each end reaches half-way to the next score. Scores are steps, and a quantile that seems not to move may be one
    step off; without it gaps of scores of 150 values, 3,000 people, were covered in 92% only.

    Parameters
    ----------
    people
        By bin, worst score first.
    scores
        Of the bins, ascending (a higher one is better).
    share, n
        The quantile, and how many people the share below it is known as well as of.
    confidence
        Coverage aimed at; it is at least that, and up to 100% where there are few scores.

    Notes
    -----
    Source: Woodruff (1952), Journal of the American Statistical Association 47.

    Examples
    --------
    >>> woodruff(np.array([20.0, 30.0, 50.0]), np.array([1.0, 2.0, 4.0]), 0.4, 100.0, confidence=0.95)
    (2.0, 1.5, 3.0)
    """
    low, high, _ = wilson(share * n, n, confidence=confidence)
    at, first, last = (int(d.quantile_bin(people, float(q))) for q in (share, low, high))
    below, above = max(first - 1, 0), min(last + 1, len(scores) - 1)
    return float(scores[at]), float(scores[below] + scores[first]) / 2, float(scores[last] + scores[above]) / 2


def _merged(people: Tally, starts: NDArray[np.int64]) -> Tally:
    if people.w is people.n:
        return Tally.of(merge_bins(people.n, starts))
    return Tally(*(merge_bins(array, starts) for array in (people.n, people.w, people.w2)))


def _best(people: Tally, at: NDArray[np.int64]) -> Rate:
    """Return the shares of people by bin that stand in so many of the best bins."""

    def best(array: Floats) -> Floats:
        return np.asarray(np.cumsum(array[::-1])[at])

    chosen = Tally(*(best(array) for array in (people.n, people.w, people.w2)))
    everybody = Tally(*(np.full(len(at), array.sum()) for array in (people.n, people.w, people.w2)))
    return Rate.of(chosen, everybody)
