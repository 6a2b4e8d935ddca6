"""The catalogue of metrics: pure functions from counts to rates and estimates.

``base`` what a metric is · ``selection`` who is selected and how outcomes turn out · ``error_rates``
decisions against outcomes · ``ranking`` scores against outcomes · ``disparity`` a group against its reference.
"""

from . import (
    calibration,
    classes,
    conditional,
    disparity,
    distribution,
    error_rates,
    identification,
    profit,
    proxies,
    ranking,
    selection,
    summaries,
)
from .base import CONTRASTS, MEASURES, METRICS, Contrast, Estimate, Measure, Metric, Rate, find_metric

__all__ = [
    "CONTRASTS",
    "MEASURES",
    "METRICS",
    "Contrast",
    "Estimate",
    "Measure",
    "Metric",
    "Rate",
    "calibration",
    "classes",
    "conditional",
    "disparity",
    "distribution",
    "error_rates",
    "find_metric",
    "identification",
    "profit",
    "proxies",
    "ranking",
    "selection",
    "summaries",
]
