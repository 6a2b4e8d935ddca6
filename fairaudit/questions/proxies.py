"""What a proxy shows and cannot show: thresholded rates beside the weighted, bounds, and its calibration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..cube.memberships import NOT_SELECTED, SELECTED, Members
from ..inference.counts import normal_quantile, two_sided_p
from ..inference.linearised import METHOD, Rates, frechet_bounds
from ..inference.proportion import wilson_at
from ..metrics.base import MEASURES
from ..result import Measurement
from .common import written

TOPIC = "proxy"
BOUNDS = "bounds, if the memberships are true, calibrated probabilities; no sampling error"


def without_name(of: Members) -> str:
    """Return what people in no group of the attribute are called."""
    return "(without a proxy)" if of.proxy else "(no race given)"


def ask_people(of: Members, confidence: float) -> Iterator[Measurement]:
    """Yield what does not depend on a decision: who is without a proxy, and how true the proxy is where labels tell."""
    people = of.cube.people
    low, high, _ = wilson_at(float(of.without), float(people), normal_quantile(confidence))
    yield written(
        TOPIC, "share_without_a_proxy", of.attribute, group=without_name(of),
        value=of.without / people if people else np.nan, low=float(low), high=float(high), method="Wilson", n=people,
        undefined=MEASURES["share_without_a_proxy"].undefined_when,
    )  # fmt: skip
    if of.proxy and of.labelled is not None:
        yield from _calibration(of, confidence)


def ask_members(
    of: Members, rates: Rates, cutoff: float | None, reference: str, confidence: float
) -> Iterator[Measurement]:
    """Yield what stands beside the weighted estimate of each level.

    Parameters
    ----------
    of
        The memberships; for groups that people named themselves there are only effective people.
    rates
        Weighted selection rates.
    cutoff
        The decision rule.
    reference
        The level that bounds of ratios are against.
    confidence
        Of the intervals.
    """
    for i, level in enumerate(of.levels):
        yield written(
            TOPIC, "effective_people", of.attribute, group=level, cutoff=cutoff, value=float(rates.effective[i]),
            method=METHOD, n=round(float(of.total("heads")[i])),
            undefined=MEASURES["effective_people"].undefined_when,
        )  # fmt: skip
    if not of.proxy:
        return
    banded = of.table("banded", cutoff).sum(axis=1)  # side, level, band, part
    top = of.table("top", cutoff).sum(axis=1)
    edges = [float(edge) for edge in of.block.about["edges"]]
    yield from _thresholded(of, banded, top, edges, cutoff)
    yield from _bounds(of, banded, cutoff, reference)
    if of.labelled is not None:
        yield from _direction(of, banded, cutoff, confidence)


def _thresholded(of: Members, banded: Any, top: Any, edges: list[float], cutoff: float | None) -> Iterator[Measurement]:
    for i, level in enumerate(of.levels):
        ways = [
            (f"membership of at least {edge:g}", banded[:, i, b:, 0].sum(axis=1))
            for b, edge in enumerate(edges)
            if edge >= 0.5
        ]
        for detail, sides in [*ways, ("largest membership", top[:, i])]:
            total = float(sides.sum())
            yield written(
                TOPIC, "thresholded_selection_rate", of.attribute, group=level, cutoff=cutoff, detail=detail,
                value=float(sides[SELECTED]) / total if total > 0 else np.nan, n=round(total),
                method="beside the weighted rate, no interval",
                undefined=MEASURES["thresholded_selection_rate"].undefined_when,
            )  # fmt: skip


def _bounds(of: Members, banded: Any, cutoff: float | None, reference: str) -> Iterator[Measurement]:
    ends = []
    for i in range(len(of.levels)):
        counted, members = banded[SELECTED, i, :, 0], banded[..., 1].sum(axis=0)[i]
        low, high = frechet_bounds(counted + banded[NOT_SELECTED, i, :, 0], counted, members)
        total = float(members.sum())
        ends.append((low / total, high / total) if total > 0 else (np.nan, np.nan))
    heads = of.total("heads")
    for i, level in enumerate(of.levels):
        yield written(
            TOPIC, "proxy_selection_rate_bounds", of.attribute, group=level, cutoff=cutoff, value=np.nan,
            low=ends[i][0], high=ends[i][1], method=BOUNDS, n=round(float(heads[i])),
            undefined=_why("proxy_selection_rate_bounds", ends[i][0]),
        )  # fmt: skip
    j = of.levels.index(reference)
    for i, level in enumerate(of.levels):
        if i == j:
            continue
        low = ends[i][0] / ends[j][1] if ends[j][1] > 0 else np.nan
        yield written(
            TOPIC, "proxy_adverse_impact_ratio_bounds", of.attribute, group=level, reference=reference, cutoff=cutoff,
            value=np.nan, low=low, high=ends[i][1] / ends[j][0] if ends[j][0] > 0 else np.nan, method=BOUNDS,
            n=round(float(heads[i])), n_reference=round(float(heads[j])),
            undefined=_why("proxy_adverse_impact_ratio_bounds", low),
        )  # fmt: skip


def _why(metric: str, low: float) -> str:
    return "not identified" if np.isfinite(low) else MEASURES[metric].undefined_when


def _calibration(of: Members, confidence: float) -> Iterator[Measurement]:
    edges = [float(edge) for edge in of.block.about["edges"]]
    banded = of.total("banded")
    z = normal_quantile(confidence)
    for i, level in enumerate(of.levels):
        for b, (low, high) in enumerate(zip(edges, [*edges[1:], 1.0], strict=True)):
            people, members, hits = (float(x) for x in banded[i, b, 2:])
            made = people > 0
            share = wilson_at(hits, people, z) if made else (np.nan, np.nan)
            mean = members / people if made else np.nan
            yield written(
                TOPIC, "proxy_calibration", of.attribute, group=level,
                detail=f"memberships {low:g} to {high:g}" + (f", mean {mean:.3f}" if made else ""),
                value=hits / people - mean if made else np.nan, low=float(share[0]) - mean, high=float(share[1]) - mean,
                method="Wilson" if not of.cube.weighted else "Wilson on sums of weights", n=round(people),
                undefined=MEASURES["proxy_calibration"].undefined_when,
            )  # fmt: skip


def _direction(of: Members, banded: Any, cutoff: float | None, confidence: float) -> Iterator[Measurement]:
    off = of.table("off", cutoff).sum(axis=1)
    n = float(of.table("labelled", cutoff).sum())
    z = normal_quantile(confidence)
    for i, level in enumerate(of.levels):
        people, members, hits = (banded[:, i, :, part].sum(axis=1) for part in (2, 3, 4))
        total = float(people.sum())
        if total > 0:
            mean = float(people[SELECTED]) / total
            away = np.array([1 - mean, -mean])
            value = float((away * (hits - members)).sum() / total)
            error = float(np.sqrt((away**2 * off[:, i]).sum()) / total)
        else:
            value = error = np.nan
        p = float(two_sided_p(np.asarray(value / error))) if error > 0 else np.nan
        yield written(
            TOPIC, "proxy_conditional_covariance", of.attribute, group=level, cutoff=cutoff, value=value,
            low=value - z * error, high=value + z * error, method="linearised over the labelled",
            test="z, linearised", p=p if np.isfinite(p) else None, n=n, detail=_side(value, z * error),
            undefined=MEASURES["proxy_conditional_covariance"].undefined_when,
        )  # fmt: skip


def _side(value: float, reach: float) -> str | None:
    if np.isnan(value):
        return None
    if abs(value) <= reach:
        return "the direction of the bias is not settled"
    return "the weighted rate is too high" if value < 0 else "the weighted rate is too low"
