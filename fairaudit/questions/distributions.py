"""How do the scores of two groups differ? Distances, quantiles, rankings across groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..cube.confusion import ScoreTable
from ..inference.combining import mover
from ..inference.contrast import compare_many
from ..inference.permutation import DRAWS, coarse_edges, merge_bins, permuted
from ..inference.proportion import wilson
from ..inference.ranking import auc_difference, auc_interval, delong, tied_share
from ..measuring import Grouping
from ..metrics import distribution as d
from ..metrics.base import MEASURES, Floats
from ..result import Measurement
from .common import Asking, adjusted, pairs, written

TOPIC = "distribution"
PERMUTED = f"permutation of the groups, {DRAWS:,} draws"
NO_PERMUTATION = "no permutation for weighted people"
OVERLAP_BINS = 20


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
            pair = _Pair(of, of.groups[i], reference, mine, theirs, scores, asking)
            records += [*pair.distances(), *pair.quantiles(), *pair.in_best(pooled)]
            if of.cube.has_outcome:
                records += pair.rankings()
    return adjusted(records)


class _Pair:
    """A group, its reference, and the scores of the bins."""

    def __init__(
        self, of: Grouping, group: str, reference: str, mine: ScoreTable, theirs: ScoreTable, scores: Floats, asking: Asking
    ) -> None:
        self.of, self.group, self.reference, self.asking = of, group, reference, asking
        self.mine, self.theirs, self.scores = mine, theirs, scores
        self.people, self.others = mine.people, theirs.people
        self.weighted = mine.table.w is not mine.table.n

    def record(self, metric: str, value: float, **fields: object) -> Measurement:
        given = {"n": self.people.n.sum(), "n_reference": self.others.n.sum(), **fields}
        undefined = MEASURES[metric].undefined_when
        return written(
            TOPIC, metric, self.of, group=self.group, reference=self.reference, value=value,
            **{"undefined": undefined, **given},
        )  # type: ignore[arg-type]  # fmt: skip

    def by_chance(self, statistic, value: float, *names: str, parts=None) -> dict[str, object]:  # type: ignore[no-untyped-def]
        """Return expected, excess and p of a statistic, or the note that weighted people are not permuted."""
        if self.weighted:
            return {"note": NO_PERMUTATION}
        group, reference = parts or ([self.people.n], [self.others.n])
        starts = coarse_edges(sum(np.asarray(part) for part in (*group, *reference)))
        made = permuted(
            lambda g, r: statistic(g, r, starts), value,
            [merge_bins(part, starts) for part in group], [merge_bins(part, starts) for part in reference],
            rng=self.asking.rng(self.of.name, self.group, *names),
        )  # fmt: skip
        if made is None:
            return {"note": "too many people to permute"}
        return {"expected": made.expected, "excess": made.excess, "p": made.p, "test": PERMUTED, "method": PERMUTED}

    def distances(self) -> Iterator[Measurement]:
        mine, theirs, scores = self.people.w, self.others.w, self.scores
        value = float(d.score_distance(mine, theirs))
        chance = self.by_chance(lambda g, r, _: d.score_distance(g[:, 0], r[:, 0]), value, "ks")
        yield self.record("score_distance", value, **chance)
        value = float(d.wasserstein_distance(mine, theirs, scores))

        def wasserstein(g: Floats, r: Floats, starts: np.ndarray) -> Floats:
            return d.wasserstein_distance(g[:, 0], r[:, 0], scores[starts])

        yield self.record("wasserstein_distance", value, **self.by_chance(wasserstein, value, "wasserstein"))
        starts = coarse_edges(mine + theirs, OVERLAP_BINS)
        coarse = [merge_bins(side, starts) for side in (mine, theirs)]
        value = float(d.density_overlap(coarse[0], coarse[1]))
        note: dict[str, object] = {"detail": f"{len(starts)} bins"}
        if self.weighted:
            note["note"] = NO_PERMUTATION
        else:
            made = permuted(
                lambda g, r: 1 - d.density_overlap(g[:, 0], r[:, 0]), 1 - value, [coarse[0]], [coarse[1]],
                rng=self.asking.rng(self.of.name, self.group, "overlap"),
            )  # fmt: skip
            if made is not None:
                note |= {"expected": 1 - made.expected, "excess": -made.excess, "p": made.p, "test": PERMUTED, "method": PERMUTED}  # fmt: skip
        yield self.record("density_overlap", value, **note)

    def quantiles(self) -> Iterator[Measurement]:
        sign = self.mine.sign
        for share in d.QUANTILES:
            ends = []
            for side in (self.people, self.others):
                n = float(side.n.sum()) if not self.weighted else float(side.w.sum() ** 2 / side.w2.sum())
                low, high, _ = wilson(share * n, n, confidence=self.asking.confidence)
                at = [int(d.quantile_bin(side.w, float(q))) for q in (share, float(low), float(high))]
                a, b, c = (float(self.scores[k]) * sign for k in at)
                ends.append((a, b, c))
            low, high, _ = mover(*ends[0], *ends[1], weight2=-1.0)
            yield self.record(
                "score_quantile_gap", ends[0][0] - ends[1][0], detail=f"quantile {share:g}",
                low=low, high=high, method="MOVER of two Woodruff intervals",
            )  # fmt: skip

    def in_best(self, pooled: ScoreTable) -> Iterator[Measurement]:
        everybody = np.cumsum(d.shares(pooled.people.w)[::-1])
        mine, theirs = np.cumsum(self.people.n[::-1]), np.cumsum(self.others.n[::-1])
        for best in d.BEST:
            at = int(np.abs(everybody - best).argmin())
            a, b = mine[at : at + 1], theirs[at : at + 1]
            detail = f"best {best:.0%} (really {everybody[at]:.1%})"
            if self.weighted:
                sides = [np.cumsum(side.w[::-1])[at] / side.w.sum() for side in (self.people, self.others)]
                value = sides[0] / sides[1] if sides[1] > 0 else np.nan
                yield self.record("adverse_impact_ratio_in_best", value, detail=detail, note="no interval for weights")
                continue
            made = compare_many(
                a, mine[-1:], b, theirs[-1:], how="ratio", confidence=self.asking.confidence
            )  # fmt: skip
            yield self.record(
                "adverse_impact_ratio_in_best", made.value[0], detail=detail, low=made.low[0], high=made.high[0],
                method=f"{made.method[0]}, pointwise", test=str(made.test[0]), p=made.p[0],
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
        parts = [[side.good.n, side.bad.n] for side in (self.mine, self.theirs)]
        if any(kind.sum() == 0 for side in parts for kind in side):
            return self.record("abroca", np.nan)
        exact = d.abroca((self.mine.good.w, self.mine.bad.w), (self.theirs.good.w, self.theirs.bad.w))

        def areas(g: Floats, r: Floats, _: np.ndarray) -> Floats:
            return d.abroca_on_grid((g[:, 0], g[:, 1]), (r[:, 0], r[:, 1]))

        return self.record("abroca", exact, **self.by_chance(areas, exact, "abroca", parts=parts))
