"""What the data cannot tell: unobserved outcomes, and people without a level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..cube.confusion import ScoreTable
from ..inference.contrast import compare_many
from ..inference.identification import auc_bounds, imputed_bad_rates, observation_weighted, ratio_bounds
from ..inference.ranking import auc_interval, delong, tied_share
from ..measuring import Grouping, grouping
from ..metrics.base import MEASURES, Floats
from ..policy.references import REST
from ..result import Measurement
from ..schema.labels import MISSING
from .common import Asking, adjusted, shown, written

TOPIC = "bounds"
FACTORS = (1.0, 1.5, 2.0, 3.0)
BOUNDS = "bounds over all that is possible"


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return bounds and sensitivities where outcomes or levels are missing; weighted people are left out."""
    records: list[Measurement] = []
    for of in groupings:
        if of.crossing or of.cube.weighted or (of.cube.suppressed is not None and of.cube.suppressed.any()):
            continue
        if of.cube.axes.score is not None and of.cube.has_outcome:
            records += _outcomes(of, asking)
        for cutoff in asking.cutoffs:
            records += _levels(of, cutoff, asking)
    return adjusted(records)


# Unobserved outcomes


def _outcomes(of: Grouping, asking: Asking) -> Iterator[Measurement]:
    s = of.cube.score_table()
    unobserved = s.table.n[..., 2]
    if not unobserved.any():
        return
    able = shown(of, s, asking.policy)
    for i in able:
        if unobserved[i].any():
            yield _auc(of, i, s, asking)
    for cutoff in asking.cutoffs:
        if cutoff is None:
            continue
        at = _favorable_from(of, cutoff, s)
        for i in able:
            if unobserved[i].any():
                yield from _sensitivities(of, i, s, at, cutoff)


def _auc(of: Grouping, i: int, s: ScoreTable, asking: Asking) -> Measurement:
    low, high = auc_bounds(s.good.n[i], s.bad.n[i], s.table.n[i, :, 2])
    ends = []
    for side, end in ((0, low), (1, high)):
        heads = (end.good.sum(), end.bad.sum())
        auc = delong(end.good, end.bad)
        interval = auc_interval(
            auc.value, auc.variance, *heads, confidence=asking.confidence, tied=tied_share(end.good + end.bad)
        )
        ends.append(float(interval[side]))
    unknown = int(s.table.n[i, :, 2].sum())
    return written(
        TOPIC, "area_under_curve_bounds", of, group=of.groups[i], value=np.nan, low=low.value, high=high.value,
        method=f"{BOUNDS}; with sampling {ends[0]:.3f} to {ends[1]:.3f}", n=s.table.n[i].sum(),
        detail=f"among all scored people, {unknown:,} of them without an outcome",
        undefined=MEASURES["area_under_curve_bounds"].undefined_when if np.isnan(low.value) else "not identified",
    )  # fmt: skip


def _favorable_from(of: Grouping, cutoff: float, s: ScoreTable) -> int:
    """Return the first favorable bin, bins running from worst to best."""
    score = of.cube.axes.score
    assert score is not None  # noqa: S101 - a cut-off was answered before
    above = score.first_above(cutoff)
    return above if s.higher_is_better else s.table.n.shape[1] - above


def _sensitivities(of: Grouping, i: int, s: ScoreTable, at: int, cutoff: float) -> Iterator[Measurement]:
    good, bad, unknown = s.good.n[i], s.bad.n[i], s.table.n[i, :, 2]
    pooled = s.good.n.sum(axis=0) + s.bad.n.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        fallback = np.where(pooled > 0, s.bad.n.sum(axis=0) / pooled, np.nan)
    observed = imputed_bad_rates(good, bad, fallback)
    assumed: list[tuple[str, Floats, Floats]] = []
    for factor in FACTORS:
        rate = np.minimum(1.0, factor * observed)
        name = "augmentation (factor 1)" if factor == 1 else f"parcelling, factor {factor:g}"
        assumed.append((name, good + unknown * (1 - rate), bad + unknown * rate))
    name, goods, bads = _by_chance_of_being_observed(of, i, s)
    assumed.append((name, goods, bads))
    for name, goods, bads in assumed:
        for words, kind in (("true positive rate", goods), ("false positive rate", bads)):
            value = float(kind[at:].sum() / kind.sum()) if kind.sum() > 0 else np.nan
            yield written(
                TOPIC, "error_rate_sensitivity", of, group=of.groups[i], cutoff=cutoff, value=value,
                n=s.table.n[i].sum(), detail=f"{words}, {name}", method="assumption, no interval",
                undefined=MEASURES["error_rate_sensitivity"].undefined_when,
            )  # fmt: skip


def _by_chance_of_being_observed(of: Grouping, i: int, s: ScoreTable) -> tuple[str, Floats, Floats]:
    """Return the assumption in words, and weighted good and bad people by bin: by score within each stratum."""
    strata = of.whole.schema.strata
    table, within = s.table.n[[i]], ""
    if strata:
        fine = grouping(of.whole, [of.name, *strata])
        mine = [place for place, levels in enumerate(fine.levels) if levels[of.name] == of.groups[i]]
        table, within = fine.cube.score_table().table.n[mine], f" and {', '.join(strata)}"
    goods, bads, nobody = observation_weighted(*np.moveaxis(table, -1, 0))
    words = f"observation-probability weights by score{within}"
    if nobody > 0:
        words += f" (nobody observed stands for {nobody:.1%} of the people)"
    return words, goods.sum(axis=0), bads.sum(axis=0)


# People without a level


def _levels(of: Grouping, cutoff: float | None, asking: Asking) -> Iterator[Measurement]:
    reference = asking.references.get(of.name)
    if MISSING not in of.groups:
        return
    k = of.cube.confusion(cutoff)
    selected, declined = k.selected.n, k.not_selected.n
    gone = of.groups.index(MISSING)
    if not selected[gone] + declined[gone]:
        return
    sure = asking.confidence
    counts = [selected[gone], selected.sum(), declined[gone], declined.sum()]
    made = compare_many(*(np.array([float(x)]) for x in counts), how="difference", confidence=sure)
    yield written(
        TOPIC, "missing_by_decision", of, group=MISSING, cutoff=cutoff, value=float(made.value[0]), low=made.low[0],
        high=made.high[0], method=str(made.method[0]), test=str(made.test[0]), p=float(made.p[0]), n=selected.sum(),
        n_reference=declined.sum(), detail="selected less declined",
        undefined=MEASURES["missing_by_decision"].undefined_when,
    )  # fmt: skip
    if reference in (None, REST) or reference not in of.groups:
        return
    against = of.groups.index(str(reference))
    able = shown(of, k, asking.policy)
    for i in able:
        if i == against or against not in able:
            continue
        least, greatest = ratio_bounds(
            selected[i], selected[i] + declined[i], selected[against], selected[against] + declined[against],
            selected[gone], declined[gone],
        )  # fmt: skip
        ends = [
            compare_many(*(np.array([float(x)]) for x in table), how="ratio", confidence=sure)
            for table in (least, greatest)
        ]
        low, high = float(ends[0].value[0]), float(ends[1].value[0])
        yield written(
            TOPIC, "adverse_impact_ratio_bounds", of, group=of.groups[i], reference=str(reference), cutoff=cutoff,
            value=np.nan, low=low, high=high, n=selected[i] + declined[i],
            n_reference=selected[against] + declined[against],
            method=f"{BOUNDS}; with sampling {ends[0].low[0]:.3f} to {ends[1].high[0]:.3f}",
            detail=f"{int(selected[gone] + declined[gone]):,} people have no level",
            undefined="not identified" if np.isfinite(low) else MEASURES["adverse_impact_ratio_bounds"].undefined_when,
        )  # fmt: skip
