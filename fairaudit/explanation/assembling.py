"""Amounts, intervals and proxies put together into ``Drivers``: shared by every way of working amounts out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..inference.counts import check_share
from ..inference.together import Gaps, Means, all_at_once, one_by_one
from .drivers_record import DRIVES, ENCODES, Amount, Driver
from .mixing import Mixing
from .proxy_features import Encoding, encoding
from .trees import Floats
from .two_groups import TwoGroups


def gap_of_means(group: Means, reference: Means, confidence: float) -> Amount:
    """Return the gap of one column's means with Welch's interval.

    Examples
    --------
    >>> from fairaudit.inference.together import means_of
    >>> made = gap_of_means(means_of([[3.0], [4.0], [5.0]]), means_of([[1.0], [2.0], [3.0]]), 0.95)
    >>> print(f"{made.value:.1f} [{made.low:.2f}, {made.high:.2f}]")
    2.0 [-0.27, 4.27]
    """
    from ..inference.together import gaps_of

    made = gaps_of(group, reference)
    value, error = float(made.value[0]), float(made.error[0])
    away = float(one_by_one(made.degrees, confidence)[0]) * error if error > 0 else np.nan
    return Amount(value, error if error > 0 else np.nan, value - away, value + away)


def drivers_of(
    names: tuple[str, ...],
    gaps: Gaps,
    gap: Amount,
    proxies: tuple[Encoding | None, ...],
    confidence: float,
    reach: float | None = None,
) -> tuple[tuple[Driver, ...], float]:
    """Return a row for each feature, largest amount first, and how far a simultaneous interval reaches.

    Parameters
    ----------
    names
        Of the features.
    gaps
        Their amounts and covariance.
    gap
        The total.
    proxies
        How well each tells the groups apart.
    confidence
        Of the intervals.
    reach
        Standard errors of a simultaneous interval, where they are not drawn.
    """
    check_share(confidence, "confidence")
    far = all_at_once(gaps, confidence) if reach is None else reach
    errors = np.where(gaps.error > 1e-12 * max(1.0, float(np.abs(gaps.value).max(initial=0.0))), gaps.error, np.nan)
    alone = one_by_one(gaps.degrees, confidence)
    total = float(np.abs(gaps.value).sum())
    known = gap.low > 0 or gap.high < 0
    rows = []
    for at in np.argsort(-np.abs(gaps.value), kind="stable"):
        value, error, proxy = float(gaps.value[at]), float(errors[at]), proxies[at]
        low, high = value - far * error, value + far * error
        rows.append(
            Driver(
                feature=names[at],
                amount=value,
                error=error,
                low=value - float(alone[at]) * error,
                high=value + float(alone[at]) * error,
                low_together=low,
                high_together=high,
                share=value / gap.value if known else None,
                proxy=proxy,
                drives=bool(total > 0 and abs(value) >= DRIVES * total and (low > 0 or high < 0)),
                encodes=proxy is not None and proxy.low >= ENCODES,
            )
        )
    return tuple(rows), far


def proxies_of(
    made: Mixing,
    scores: Floats,
    groups: TwoGroups,
    *,
    weight: Floats | None,
    confidence: float,
    rng: int,
) -> tuple[tuple[Encoding, ...], Encoding]:
    """Return how well each feature, and the score, tells the two groups apart; every row of both is used."""
    chosen = groups.both()
    side = np.arange(len(chosen)) < len(groups.of_group)
    heavy = None if weight is None else weight[chosen]

    def told(values: Any) -> Encoding:
        return encoding(values, side, weight=heavy, confidence=confidence, rng=rng)

    return tuple(told(made.values_of(feature, chosen)) for feature in range(len(made.names))), told(scores[chosen])


def in_batches(score: Callable[[Any], Floats], rows: Any, chosen: NDArray[np.intp], most: int) -> Floats:
    """Return the scores of some rows, so many at a time."""
    parts = []
    for start in range(0, len(chosen), most):
        some = chosen[start : start + most]
        parts.append(score(rows.iloc[some] if hasattr(rows, "iloc") else rows[some]))
    return np.concatenate(parts)
