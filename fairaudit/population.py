"""Records of a sample that was not drawn at random: what it cannot say about the population becomes undefined."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .inference.of_clusters import Clusters
from .metrics.base import CONTRASTS, MEASURES, METRICS
from .metrics.sampling import Sampling
from .result import CurveRecord, Curves, Measurement, NotRun, RateRecord


def rates_as_drawn(records: Iterable[RateRecord], sampling: Sampling, production: float | None) -> list[RateRecord]:
    """Return the rates, without numbers where the sample cannot give them.

    Parameters
    ----------
    records
        The rates of all groups.
    sampling
        How the sample was drawn.
    production
        The cut-off of the decision in production; None for recorded decisions.
    """
    return [_rate_as_drawn(record, sampling, production) for record in records]


def _rate_as_drawn(record: RateRecord, sampling: Sampling, production: float | None) -> RateRecord:
    why = sampling.lost(record.metric, over=record.levels, sampled_decision=record.cutoff == production)
    if why is None:
        return record
    return dataclasses.replace(record, num=None, den=None, value=None, low=None, high=None, method=None, undefined=why)


def measurements_as_drawn(
    records: Iterable[Measurement],
    sampling: Sampling,
    production: float | None,
    attributes: Mapping[str, Sequence[str]],
) -> list[Measurement]:
    """Return the measurements, without numbers where the sample cannot give them.

    Parameters
    ----------
    records
        The measurements of all questions.
    sampling, production
        As in :func:`rates_as_drawn`.
    attributes
        Name of an attribute or crossing -> the columns that make it.
    """
    if not sampling.by:
        return list(records)
    out = []
    for record in records:
        over = attributes.get(record.attribute, ())
        metric = "good_rate" if record.metric == "calibration_curve" and record.detail is None else record.metric
        why = sampling.lost(metric, over=over, sampled_decision=record.cutoff == production)
        if why is not None:
            record = dataclasses.replace(
                record, value=None, low=None, high=None, method=None, expected=None, excess=None, test=None, p=None,
                p_adjusted=None, undefined=why,
            )  # fmt: skip
        out.append(record)
    return out


TESTS = frozenset({"simpson_reversal", "stratum_homogeneity"})
"""Measures that are nothing but a test."""
PREDICTED = frozenset({"calibration_curve"})
"""Measures whose expected value is a prediction, not what chance gives."""


def measurements_in_clusters(records: Iterable[Measurement], clusters: Clusters | None) -> list[Measurement]:
    """Return the measurements without intervals, tests and chance that take people to be independent.

    Parameters
    ----------
    records
        The measurements of all questions.
    clusters
        What people come in; None changes nothing.
    """
    if clusters is None:
        return list(records)
    why = clusters.no_interval
    out = []
    for record in records:
        # Bounds over all that is possible are no interval of a sample; the sampling beside them goes.
        bound, mark, _ = (record.method or "").partition("; with sampling")
        kept: dict[str, Any] = {"method": bound} if mark else {"method": why, "low": None, "high": None}
        if record.metric not in PREDICTED:
            kept |= {"expected": None, "excess": None}
        if record.metric in TESTS:
            kept |= {"value": None, "undefined": why}
        if record.undefined is not None and not mark:
            kept["method"] = None
        out.append(dataclasses.replace(record, test=None, p=None, p_adjusted=None, **kept))
    return out


def curves_as_drawn(
    curves: Curves | None, sampling: Sampling, attributes: Mapping[str, Sequence[str]]
) -> Curves | None:
    """Return the curves over all cut-offs without the columns that the sample cannot give."""
    if curves is None or not sampling.by:
        return curves
    groups = [
        CurveRecord(
            one.attribute,
            one.group,
            {
                name: [None] * len(column)
                if sampling.lost(
                    name.removesuffix("_low").removesuffix("_high").removesuffix("_band"),
                    over=attributes.get(one.attribute, ()),
                    sampled_decision=False,
                )
                else column
                for name, column in one.columns.items()
            },
        )
        for one in curves.groups
    ]
    return dataclasses.replace(curves, groups=groups)


def not_drawn(rates: Iterable[RateRecord], measurements: Iterable[Measurement], sampling: Sampling) -> list[NotRun]:
    """Return what the sample cannot show, one entry an attribute and reason."""
    if not sampling.by:
        return []
    lost: dict[tuple[str, str], dict[str, None]] = {}
    records: list[RateRecord | Measurement] = [*rates, *measurements]
    for record in records:
        if record.undefined is not None and record.undefined.startswith("the sample was drawn by"):
            known = METRICS.get(record.metric) or CONTRASTS.get(record.metric) or MEASURES[record.metric]
            lost.setdefault((record.undefined, record.attribute), {})[known.title] = None
    return [NotRun("; ".join(titles), why, attribute) for (why, attribute), titles in lost.items()]
