"""How long something lasts, from counts: Kaplan and Meier's curve where some are still there at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UndefinedMetricError
from .counts import FloatArray, check_share, normal_quantile


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """The share who stay longer than 1, 2, ... units of time, one entry a unit."""

    at_risk: FloatArray
    """Who were there for that long at least."""
    left: FloatArray
    """Who left after exactly that long."""
    share: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def median(self) -> int | None:
        """The first time that at most half outlast; None where more than half are still there at the end."""
        found = np.flatnonzero(self.share <= 0.5)
        return int(found[0]) + 1 if len(found) else None


def kaplan_meier(left: ArrayLike, still: ArrayLike, *, confidence: float = 0.95) -> Survival:
    """Return Kaplan and Meier's curve for whole units of time.

    Parameters
    ----------
    left
        How many left after exactly 1, 2, ... units.
    still
        How many had been there for exactly 1, 2, ... units when the observation ended.
    confidence
        Coverage aimed at, between 0 and 1, at each time by itself.

    Returns
    -------
    Survival
        With Greenwood's variance on the scale of log(-log), so that ends stay between 0 and 1. The ends are NaN where
        nobody or everybody has left, where that variance says nothing; all is NaN once nobody is at risk.

    Raises
    ------
    UndefinedMetricError
        If a count is negative, or the two are not of one length.

    Notes
    -----
    Source: Kaplan & Meier (1958), JASA 53; Greenwood (1926); Kalbfleisch & Prentice (2002), The Statistical Analysis
    of Failure Time Data, 1.4.

    Examples
    --------
    >>> made = kaplan_meier([2, 1, 0], [0, 1, 4])
    >>> made.at_risk.tolist(), made.share.round(4).tolist(), made.median
    ([8.0, 6.0, 4.0], [0.75, 0.625, 0.625], None)
    """
    gone, there = np.asarray(left, dtype=np.float64), np.asarray(still, dtype=np.float64)
    if gone.shape != there.shape or gone.ndim != 1 or (gone < 0).any() or (there < 0).any():
        message = f"left has the shape {gone.shape} and still {there.shape}; both are counts, 0 or more, one a time."
        raise UndefinedMetricError(message)
    at_risk = np.cumsum((gone + there)[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(np.cumprod(1 - gone / at_risk), dtype=np.float64)
        variance = np.cumsum(gone / (at_risk * (at_risk - gone)))
        half = normal_quantile(check_share(confidence, "confidence")) * np.sqrt(variance) / np.abs(np.log(share))
        known = (share > 0) & (share < 1)
        low = np.where(known, share ** np.exp(half), np.nan)
        high = np.where(known, share ** np.exp(-half), np.nan)
    return Survival(at_risk, gone, share, low, high)
