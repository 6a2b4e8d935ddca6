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
    ways = [value_of(metric, _settled(k, selected, declined)) for selected in (GOOD, BAD) for declined in (GOOD, BAD)]
    with np.errstate(invalid="ignore"):
        return Bounds(np.fmin.reduce(ways), np.fmax.reduce(ways))


def value_of(metric: str, k: Confusion) -> NDArray[np.float64]:
    """Return the value of a metric of decisions, whether a rate or a mean of rates."""
    made = METRICS[metric](k)
    if isinstance(made, Rate):
        return made.value
    return np.asarray(sum(rate.value for rate in made) / len(made))


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
