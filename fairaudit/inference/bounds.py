"""What error rates could be when some outcomes are unobserved: the worst case on either side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..cube.confusion import BAD, FAVORABLE, GOOD, NOT_FAVORABLE, UNOBSERVED, Confusion, Tally
from ..metrics.base import METRICS, Rate
from ..metrics.error_rates import NEED_EVERYBODY

METHOD = "worst-case bounds over unobserved outcomes"


class Bounds(NamedTuple):
    """The least and the greatest value that a rate can have, whatever the unobserved outcomes were."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def worst_case(metric: str, k: Confusion) -> Bounds:
    """Return the bounds of an error rate over everybody decided on.

    Each rate is least, and greatest, when all selected people with unobserved outcomes turned out one
    way and all declined ones the other way; both ways are tried.

    Parameters
    ----------
    metric
        ``true_positive_rate``, ``false_positive_rate``, their complements, ``accuracy`` or
        ``balanced_accuracy``.
    k
        Decisions against outcomes [..., group].

    Notes
    -----
    Source: Manski (1989), Anatomy of the selection problem, Journal of Human Resources 24:343.

    Examples
    --------
    >>> k = Confusion.from_counts([[[60, 20, 0], [0, 0, 20]]])  # 20 declined, outcome unobserved
    >>> worst_case("true_positive_rate", k)
    Bounds(low=array([0.75]), high=array([1.]))
    """
    if metric not in NEED_EVERYBODY or METRICS[metric].kind not in {"rate", "average"}:
        message = f"Worst-case bounds are made for error rates, not for '{metric}'."
        raise ValueError(message)
    ways = [_parts(metric, _settled(k, selected, declined)) for selected in (GOOD, BAD) for declined in (GOOD, BAD)]
    with np.errstate(invalid="ignore"):
        # A mean of rates is bounded rate by rate: where everybody is good (or bad) one of them does not exist.
        lows, highs = (extreme.reduce(ways).mean(axis=0) for extreme in (np.fmin, np.fmax))
    return Bounds(np.asarray(lows), np.asarray(highs))


def _parts(metric: str, k: Confusion) -> NDArray[np.float64]:
    """Return the rates that a metric is, or is the mean of, along a new first axis."""
    made = METRICS[metric](k)
    return np.stack([made.value] if isinstance(made, Rate) else [rate.value for rate in made])


def _settled(k: Confusion, selected: int, declined: int) -> Confusion:
    """Return the confusion with every unobserved outcome decided one way by side."""

    def move(array: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = array.copy()
        for decision, outcome in ((FAVORABLE, selected), (NOT_FAVORABLE, declined)):
            moved[..., decision, outcome] += moved[..., decision, UNOBSERVED]
        moved[..., UNOBSERVED] = 0
        return moved

    table = k.table
    if table.w is table.n:
        return Confusion(Tally.of(move(table.n)))
    return Confusion(Tally(move(table.n), move(table.w), move(table.w2)))
