"""Drivers of a gap from counts alone: of a scorecard, whose score is a sum of one bin's points for each feature.

How many of each group are in each bin is all that the gap in mean score needs, and its split; a nation fits on a
page. How features go together in one person is not in such counts, so what needs it is bounded and not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ColumnNotFoundError, DataContractError, listed
from ..inference.counts import check_share, divide
from ..inference.together import BONFERRONI, Gaps, one_by_one
from ..models.scorecard import Scorecard
from ..schema.labels import MISSING
from .assembling import drivers_of
from .attribution import Explainer
from .drivers_record import Amount, Drivers
from .proxy_features import encoding_of_counts
from .trees import Floats
from .two_groups import FEWEST, labels_of, two_levels

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("feature", "bin", "group", "people")


def bin_counts(card: Scorecard, rows: Any, attribute: Any, *, bands: Sequence[float] | None = None) -> pd.DataFrame:
    """Return how many people of each group are in each bin of a scorecard: feature, bin, group, people.

    Parts of a population are counted apart and added up: the counts of two files are the sum of both tables.

    Parameters
    ----------
    card
        The scorecard.
    rows
        The people.
    attribute
        The attribute of each row.
    bands
        Edges of bands of a number.

    Examples
    --------
    >>> card = Scorecard(min_share=0.25).fit([[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 1, 0, 1])
    >>> bin_counts(card, [[1], [2], [8]], ["A", "B", "B"]).query("people > 0")["people"].tolist()
    [1, 1, 1]
    """
    import pandas as pd

    columns = card._columns(rows, reset=False)  # noqa: SLF001 - a scorecard's own bins
    name = str(getattr(attribute, "name", None) or "attribute")
    levels = labels_of(attribute, name, bands)
    if len(levels) != len(columns[0]):
        message = f"Attribute '{name}' has {len(levels):,} values for {len(columns[0]):,} rows. Give one for each row."
        raise DataContractError(message)
    there, code = np.unique(levels.astype(str), return_inverse=True)
    parts = []
    for one, column in zip(card.bins_, columns, strict=True):
        many = len(one.labels)
        table = np.bincount(one.place(column) * len(there) + code, minlength=many * len(there))
        parts.append(
            pd.DataFrame(
                {
                    "feature": one.name,
                    "bin": np.repeat(np.array(one.labels, dtype=object), len(there)),
                    "group": np.tile(there.astype(object), many),
                    "people": table,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def drivers_from_counts(
    card: Scorecard,
    counts: Any,
    *,
    reference: Any,
    group: Any = None,
    name: str = "group",
    confidence: float = 0.95,
    fewest: int = FEWEST,
) -> Drivers:
    """Return the drivers of the gap in mean points from counts of people by bin and group, without any row.

    Parameters
    ----------
    card
        The scorecard.
    counts
        A table with the columns feature, bin, group, people, bins named as in ``card.table()``: what
        :func:`bin_counts` returns, or a sum of several. A bin that is not there has nobody.
    reference, group
        Levels; the group may be left out where only one other level is there.
    name
        Of the attribute.
    confidence
        Of the intervals.
    fewest
        People that each side needs.

    Returns
    -------
    Drivers
        The amounts and their own intervals are those of the rows. The gap's interval is the widest that any
        dependence between features allows, and simultaneous intervals are Bonferroni's: how features go together is
        not in the counts. The proxy column deals the people of each bin into folds, which needs no rows.

    Raises
    ------
    FairauditError
        If a feature or bin is unknown or missing, counts are no counts, or the features count different people.

    Examples
    --------
    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> rows = draw.normal(size=(400, 2))
    >>> card = Scorecard().fit(rows, rows.sum(axis=1) + draw.normal(size=400) > 0)
    >>> made = drivers_from_counts(card, bin_counts(card, rows, np.where(rows[:, 0] > 0, "A", "B")), reference="B")
    >>> made.drivers[0].feature, made.people, bool(made.gap.low > 0)
    ('x0', (183, 217), True)
    """
    check_share(confidence, "confidence")
    tables, levels = _tables(card, counts)
    first, second, left_out = two_levels(levels, reference=reference, group=group, name=name, fewest=fewest)
    people = (int(levels[first]), int(levels[second]))
    names = tuple(tables)
    points = {feature: np.asarray(part["points"], dtype=float) for feature, part in card.table().groupby("feature")}
    value, variance, spread = np.zeros((2, len(names))), np.zeros((2, len(names))), {}
    proxies = []
    for at, feature in enumerate(names):
        inside, outside = tables[feature][first], tables[feature][second]
        for side, here in enumerate((inside, outside)):
            value[side, at] = here @ points[feature] / here.sum()
            variance[side, at] = here @ (points[feature] - value[side, at]) ** 2 / (here.sum() - 1)
        spread[feature] = (float(variance[0, at] ** 0.5), float(variance[1, at] ** 0.5))
        proxies.append(encoding_of_counts(inside, outside, confidence=confidence))
    each = variance / np.array(people)[:, None]
    degrees = divide(each.sum(axis=0) ** 2, (each**2 / (np.array(people)[:, None] - 1)).sum(axis=0))
    gaps = Gaps(value[0] - value[1], np.diag(each.sum(axis=0)), degrees)
    gap = _widest(value, each, float(np.nanmin(degrees, initial=np.inf)), confidence)
    moved = max(1, int((gaps.error > 0).sum()))
    reach = float(np.nanmax(one_by_one(degrees, 1 - (1 - confidence) / moved), initial=0.0))
    rows, far = drivers_of(names, gaps, gap, tuple(proxies), confidence, reach=reach)
    return Drivers(
        attribute=name,
        group=first,
        reference=second,
        measure="mean score",
        units="points",
        higher_is="better",
        cutoff=None,
        gap=gap,
        levels=(float(value[0].sum()), float(value[1].sum())),
        drivers=rows,
        score_proxy=None,
        people=people,
        explained=people,
        left_out=left_out,
        confidence=confidence,
        reach=far,
        together=BONFERRONI,
        method="a scorecard's points by bin, counted: the gap's interval is the widest that any dependence allows",
        basis="counts",
        of_one_row=spread,
    )


def _widest(value: Floats, each: Floats, degrees: float, confidence: float) -> Amount:
    """Return the gap, with an interval that holds however features go together: standard errors of a sum add up."""
    gap = float(value[0].sum() - value[1].sum())
    error = float((np.sqrt(each).sum(axis=1) ** 2).sum() ** 0.5)
    away = float(one_by_one([degrees], confidence)[0]) * error
    return Amount(gap, error, gap - away, gap + away)


def _tables(card: Scorecard, counts: Any) -> tuple[dict[str, dict[str, Floats]], dict[str, float]]:
    """Return people by feature, group and bin, in the card's order, and the people of each group."""
    import pandas as pd

    frame = counts if isinstance(counts, pd.DataFrame) else pd.DataFrame(counts)
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        there = listed(map(str, frame.columns))
        message = f"Counts need the columns {listed(COLUMNS)}; there is no '{missing[0]}' among {there}."
        raise ColumnNotFoundError(message)
    people = pd.to_numeric(frame["people"], errors="coerce").to_numpy(dtype=float)
    wrong = np.flatnonzero(~np.isfinite(people) | (people < 0) | (people != np.floor(people)))
    if wrong.size:
        message = f"people are whole numbers of at least 0; line {wrong[0] + 1} has {frame['people'].iloc[wrong[0]]!r}."
        raise DataContractError(message)
    groups = labels_of(frame["group"], "group")
    features = frame["feature"].astype(str).to_numpy()
    bins = frame["bin"].astype(str).to_numpy()
    known = {one.name: {label: at for at, label in enumerate(one.labels)} for one in Explainer(card).model.bins_}
    for feature, at in zip(features, bins, strict=True):
        if feature not in known or at not in known[feature]:
            what = f"bin '{at}' of '{feature}'" if feature in known else f"feature '{feature}'"
            message = f"The scorecard has no {what}. Name features and bins as in card.table()."
            raise DataContractError(message)
    levels = sorted(set(groups.tolist()))
    made = {name: {level: np.zeros(len(places)) for level in levels} for name, places in known.items()}
    for feature, at, level, many in zip(features, bins, groups, people, strict=True):
        made[feature][level][known[feature][at]] += many
    totals = {level: float(next(iter(made.values()))[level].sum()) for level in levels}
    for feature, table in made.items():
        for level, here in table.items():
            if here.sum() != totals[level]:
                message = (
                    f"Feature '{feature}' counts {here.sum():,.0f} people of '{level}', and '{next(iter(made))}' "
                    f"{totals[level]:,.0f}. Every feature counts the same people once, missing ones in '{MISSING}'."
                )
                raise DataContractError(message)
    return made, totals
