"""Drivers of a gap from sums of attributions: for each group its people, means and products, and no row.

Sums of parts add up, so parts of a population can be explained where they are (a file, a task of a cluster, a lender)
and only the sums come together.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.clusters import called, refuse_unless_there, rows_of_parts
from ..errors import DataContractError, ExplanationError, SchemaError
from ..inference.together import LARGEST, Means, gaps_of
from ..schema.roles import HigherIs
from .assembling import drivers_of, gap_of_means
from .attribution import Explainer, Explanation
from .drivers_record import Drivers
from .trees import Floats
from .two_groups import FEWEST, labels_of, two_levels


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """People, the means of their columns, and the sums of products of what they are away from these means."""

    people: int
    mean: Floats
    """Shape [column]: each feature's attribution, then the score."""
    products: Floats
    """Shape [column, column]."""

    @classmethod
    def of(cls, columns: Floats) -> Moments:
        """Return the moments of rows [row, column]."""
        mean = columns.mean(axis=0)
        away = columns - mean
        return cls(len(columns), mean, away.T @ away)

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of people: Chan, Golub and LeVeque (1983), American Statistician 37."""
        people = self.people + other.people
        step = other.mean - self.mean
        mean = self.mean + step * (other.people / people)
        between = np.outer(step, step) * (self.people * other.people / people)
        return Moments(people, mean, self.products + other.products + between)


@dataclass(frozen=True, slots=True, eq=False)
class AttributionSums:
    """Moments of attributions by level of an attribute: all that the gap of two levels, and its split, need."""

    attribute: str
    features: tuple[str, ...]
    units: str
    higher_is: HigherIs | None
    method: str
    base: float
    """What attributions are counted from; sums of parts can be added only if it is the same."""
    levels: Mapping[str, Moments]

    def __add__(self, other: AttributionSums) -> AttributionSums:
        """Return the sums of both sets of people.

        Raises
        ------
        ExplanationError
            If they are of other features, units, attributes or another background.
        """
        for what in ("attribute", "features", "units", "base"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                message = (
                    f"These sums are of attributions that differ in their {what}: {mine} and {theirs}. Explain both "
                    "with the same explainer, which has a background of its own."
                )
                raise ExplanationError(message)
        levels = dict(self.levels)
        for level, moments in other.levels.items():
            levels[level] = levels[level] + moments if level in levels else moments
        return dataclasses.replace(self, levels=levels)

    def to_bytes(self) -> bytes:
        """Return the sums as JSON, which a task of a cluster sends home."""
        levels = {level: [m.people, m.mean.tolist(), m.products.tolist()] for level, m in self.levels.items()}
        told = [self.attribute, self.features, self.units, self.higher_is, self.method, self.base, levels]
        return json.dumps(told).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> AttributionSums:
        """Return what :meth:`to_bytes` wrote."""
        attribute, features, units, higher_is, method, base, levels = json.loads(data)
        moments = {
            level: Moments(n, np.array(mean), np.array(products)) for level, (n, mean, products) in levels.items()
        }
        return cls(attribute, tuple(features), units, higher_is, method, base, moments)

    def drivers(self, *, reference: Any, group: Any = None, confidence: float = 0.95, fewest: int = FEWEST) -> Drivers:
        """Return the drivers of the gap in mean score between a group and its reference.

        Parameters
        ----------
        reference, group
            Levels; the group may be left out where only one other level is there.
        confidence
            Of the intervals.
        fewest
            People that each side needs.

        Returns
        -------
        Drivers
            The amounts, intervals and simultaneous intervals of the rows themselves; without the column that says how
            well each feature tells the groups apart, which sums do not hold.

        Raises
        ------
        FairauditError
            If a level is not there, or has too few people.
        """
        counts = {level: float(moments.people) for level, moments in self.levels.items()}
        first, second, left_out = two_levels(
            counts, reference=reference, group=group, name=self.attribute, fewest=fewest
        )
        sides = [_means(self.levels[level], slice(None, -1)) for level in (first, second)]
        totals = [_means(self.levels[level], slice(-1, None)) for level in (first, second)]
        gap = gap_of_means(totals[0], totals[1], confidence)
        nothing = (None,) * len(self.features)
        rows, reach = drivers_of(self.features, gaps_of(*sides), gap, nothing, confidence)
        people = (self.levels[first].people, self.levels[second].people)
        spreads = zip(*(np.sqrt(side.spread) for side in sides), strict=True)
        return Drivers(
            attribute=self.attribute,
            group=first,
            reference=second,
            measure="mean score",
            units=self.units,
            higher_is=self.higher_is,
            cutoff=None,
            gap=gap,
            levels=(float(totals[0].value[0]), float(totals[1].value[0])),
            drivers=rows,
            score_proxy=None,
            people=people,
            explained=people,
            left_out=left_out,
            confidence=confidence,
            reach=reach,
            together=LARGEST,
            method=self.method,
            basis="sums",
            of_one_row={
                name: (float(one), float(other)) for name, (one, other) in zip(self.features, spreads, strict=True)
            },
        )


def attribution_sums(
    explainer: Explainer, rows: Any, attribute: Any, *, name: str | None = None, bands: Sequence[float] | None = None
) -> AttributionSums:
    """Return the sums of a part's attributions by level; parts add up with ``+``.

    Parameters
    ----------
    explainer
        One with a background of its own, or that needs none: parts explained against themselves do not add up.
    rows
        The people of this part, in columns that have the model's names.
    attribute
        The attribute of each row: a column of texts, or of numbers with ``bands``.
    name
        What the attribute is called; the column's own name when None.

    Raises
    ------
    FairauditError
        If rows cannot be explained, the attribute is of another length, or the explainer has no background.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from fairaudit.explanation.attribution import Explainer
    >>> draw = np.random.default_rng(1)
    >>> rows = pd.DataFrame({"income": draw.normal(size=200), "debt": draw.normal(size=200)})
    >>> model = LogisticRegression().fit(rows, rows["income"] > rows["debt"])
    >>> explainer = Explainer(model, background=rows)
    >>> sex = pd.Series(np.where(rows["income"] > 0, "M", "F"), name="sex")
    >>> parts = [attribution_sums(explainer, rows[cut], sex[cut]) for cut in (slice(120), slice(120, None))]
    >>> made = (parts[0] + parts[1]).drivers(reference="M")
    >>> made.drivers[0].feature, made.people
    ('income', (100, 100))
    """
    if explainer.background is None and explainer.backend.needs_background:
        message = "Sums of parts need one background: give the Explainer background= the people to compare with."
        raise ExplanationError(message)
    made = explainer.explain(rows)
    called = name or str(getattr(attribute, "name", None) or "attribute")
    levels = labels_of(attribute, called, bands)
    if len(levels) != len(made):
        message = f"Attribute '{called}' has {len(levels):,} values for {len(made):,} rows. Give one for each row."
        raise ExplanationError(message)
    return _summed(made, called, levels)


def _summed(made: Explanation, name: str, labels: Any) -> AttributionSums:
    if made.errors is not None:
        message = (
            "These attributions are sampled, and their own errors would be taken for differences between people. "
            "Sums need exact attributions, of a scorecard, a linear or additive model, or trees."
        )
        raise ExplanationError(message)
    columns = np.column_stack([made.values, made.scores])
    levels = {str(level): Moments.of(columns[labels == level]) for level in dict.fromkeys(labels.tolist())}
    return AttributionSums(name, made.names, made.units, made.higher_is, made.method, made.base, levels)


def drivers_of_parts(
    explainer: Explainer,
    frame: Any,
    attribute: Any,
    *,
    reference: Any,
    group: Any = None,
    bands: Sequence[float] | None = None,
    confidence: float = 0.95,
    fewest: int = FEWEST,
) -> Drivers:
    """Return the drivers of a gap among the rows of a Spark or Dask frame: explained where they are, sums come back.

    Parameters
    ----------
    explainer
        With a background of its own, or one that needs none.
    frame
        The rows.
    attribute
        The name of the column of the attribute.
    reference, group, bands, confidence, fewest
        As for rows.

    Raises
    ------
    FairauditError
        If a column is not there, nobody is, or rows cannot be explained.
    """
    if not isinstance(attribute, str):
        message = f"Of {called(frame)} the attribute is the name of one of its columns, got {type(attribute).__name__}."
        raise SchemaError(message)
    if explainer.columns is None:
        message = (
            "This model does not know its columns by name, so they cannot be found in the frame. Fit it on a table."
        )
        raise ExplanationError(message)
    columns = [*map(str, explainer.columns), attribute]
    refuse_unless_there(frame, columns)

    def summed(rows: Any) -> bytes:
        sums = attribution_sums(explainer, rows[columns[:-1]], rows[attribute], name=attribute, bands=bands)
        return sums.to_bytes()

    parts = [AttributionSums.from_bytes(part) for part in rows_of_parts(frame, columns, summed)]
    if not parts:
        message = f"There are no rows in {called(frame)}."
        raise DataContractError(message)
    made = functools.reduce(operator.add, parts)
    return made.drivers(reference=reference, group=group, confidence=confidence, fewest=fewest)


def _means(moments: Moments, columns: slice) -> Means:
    """Return the means of some columns with their covariance, as of rows."""
    products = moments.products[columns, columns]
    spread = products / (moments.people - 1)
    return Means(moments.mean[columns], spread / moments.people, np.diag(spread), float(moments.people))
