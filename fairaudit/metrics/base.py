"""What a metric is: a function of counts that knows its own name, formula, range and limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..cube.confusion import Tally
from ..errors import UndefinedMetricError, listed, suggestion

Floats = NDArray[np.float64]
Need = Literal["decision", "outcome", "score"]
Better = Literal["higher", "lower", "neither"]
Kind = Literal["count", "rate", "average", "median", "estimate", "bands"]
How = Literal[
    "ratio",
    "difference",
    "odds_ratio",
    "shortfall",
    "worst_difference",
    "mean_difference",
    "mean_absolute_difference",
    "standardized_difference",
]


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """A ratio of people to people: value, interval, test and "undefined" all follow from the two.

    ``num`` and ``den`` are sums of weights, ``num_w2`` and ``den_w2`` of squared weights; unweighted, all
    are heads. ``n`` is the number of people in the denominator.

    Examples
    --------
    >>> rate = Rate.of(Tally.of([26.0, 0.0]), Tally.of([48.0, 0.0]))
    >>> rate.value.round(4)
    array([0.5417,    nan])
    """

    num: Floats
    den: Floats
    num_w2: Floats
    den_w2: Floats
    n: Floats

    @classmethod
    def of(cls, num: Tally, den: Tally) -> Rate:
        """Return the rate of two tallies, the first a part of the second."""
        return cls(num.w, den.w, num.w2, den.w2, den.n)

    @property
    def value(self) -> Floats:
        """The rate; NaN where nobody is in the denominator."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(self.den > 0, self.num / self.den, np.nan))

    def __getitem__(self, key: Any) -> Rate:
        return Rate(self.num[key], self.den[key], self.num_w2[key], self.den_w2[key], self.n[key])


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A number that is not a ratio of people: its value, its variance where known, and the people behind it."""

    value: Floats
    variance: Floats | None
    n: Floats


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one group, with all that a reader needs to know about it.

    ``kind`` says what ``function`` takes and returns: ``"count"`` Confusion -> Tally, ``"rate"`` Confusion ->
    Rate, ``"average"`` Confusion -> a tuple of Rates whose mean it is, ``"median"`` Confusion of the better and the
    other side of the median score -> Rate, ``"estimate"`` ScoreTable -> Estimate, ``"bands"`` ScoreTable -> Rate with
    one value a score bin.
    """

    id: str
    title: str
    plain: str
    formula: str
    better: Better
    range: tuple[float, float]
    needs: frozenset[Need]
    undefined_when: str
    source: str
    aliases: tuple[str, ...]
    kind: Kind
    function: Callable[[Any], Any]
    checked_against: tuple[str, ...] = ()
    """Functions and tables that we did not write and that tests hold this metric against."""

    def __call__(self, counts: Any) -> Any:
        """Return the metric of a Confusion or a ScoreTable."""
        return self.function(counts)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A comparison of one group with its reference: which metrics it sets against each other, and how.

    ``neutral`` is the value that means no difference. ``adverse`` says on which side of it the group is
    worse off than the reference.
    """

    id: str
    title: str
    plain: str
    formula: str
    how: How
    of: tuple[str, ...]
    neutral: float
    adverse: Literal["below", "above", "either"]
    range: tuple[float, float]
    needs: frozenset[Need]
    undefined_when: str
    source: str
    aliases: tuple[str, ...]
    checked_against: tuple[str, ...] = ()
    """Functions and tables that we did not write and that tests hold this contrast against."""


Topic = Literal["distribution", "calibration", "conditional", "summary", "bounds", "profit", "classes", "proxy"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity beyond one rate and one contrast: a distance, a calibration, a pooled ratio, a bound.

    ``topic`` is the question of the audit that it answers; ``about`` says what sort of number it is and
    ``reading`` how to read it.
    """

    id: str
    title: str
    plain: str
    formula: str
    reading: str
    undefined_when: str
    source: str
    topic: Topic
    about: str = "a comparison of a group with its reference"
    aliases: tuple[str, ...] = ()
    checked_against: tuple[str, ...] = ()


_METRICS: dict[str, Metric] = {}
_CONTRASTS: dict[str, Contrast] = {}
_MEASURES: dict[str, Measure] = {}

METRICS: Mapping[str, Metric] = MappingProxyType(_METRICS)
"""Every metric of a single group, by id."""
CONTRASTS: Mapping[str, Contrast] = MappingProxyType(_CONTRASTS)
"""Every comparison of a group with a reference, by id."""
MEASURES: Mapping[str, Measure] = MappingProxyType(_MEASURES)
"""Every other quantity of the audit, by id."""


def metric(
    *,
    title: str,
    formula: str,
    better: Better,
    needs: set[Need],
    undefined_when: str,
    source: str,
    range: tuple[float, float] = (0.0, 1.0),  # noqa: A002 - the word of the catalogue
    aliases: tuple[str, ...] = (),
    kind: Kind = "rate",
    checked_against: tuple[str, ...] = (),
) -> Callable[[Callable[[Any], Any]], Metric]:
    """Register the decorated function as a metric; its name is the id, its docstring the plain words."""

    def register(function: Callable[[Any], Any]) -> Metric:
        name = function.__name__
        plain = " ".join((function.__doc__ or "").split())
        made = Metric(
            name,
            title,
            plain,
            formula,
            better,
            range,
            frozenset(needs),
            undefined_when,
            source,
            aliases,
            kind,
            function,
            checked_against,
        )
        return _METRICS.setdefault(name, made)

    return register


def contrast(made: Contrast) -> Contrast:
    """Register a contrast."""
    return _CONTRASTS.setdefault(made.id, made)


def measure(**fields: Any) -> Measure:
    """Register a measure; the fields are those of :class:`Measure`."""
    made = Measure(**fields)
    return _MEASURES.setdefault(made.id, made)


def find_metric(name: str) -> Metric | Contrast:
    """Return a metric or contrast by its id or by a name that other packages use.

    Raises
    ------
    UndefinedMetricError
        If no metric has that name; the message suggests the nearest.
    """
    known: dict[str, Metric | Contrast] = {**METRICS, **CONTRASTS}
    if name in known:
        return known[name]
    for item in known.values():
        if name.casefold().replace(" ", "_") in {alias.casefold().replace(" ", "_") for alias in item.aliases}:
            return item
    message = f"There is no metric '{name}'.{suggestion(name, known)} Metrics: {listed(known, most=60)}."
    raise UndefinedMetricError(message)
