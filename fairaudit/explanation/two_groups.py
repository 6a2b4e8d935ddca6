"""Who is compared with whom: one level of an attribute, its reference, and everybody who is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.tables import levels_of
from ..errors import DataContractError, LevelNotFoundError, SchemaError, listed, suggestion
from ..schema.labels import MISSING, label, number

FEWEST = 30
"""People below whom a mean has no interval that could be trusted."""
MOST_LEVELS = 50
"""Different values from which an attribute is a number that wants bands."""

Labels = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class TwoGroups:
    """The rows of a group and of its reference, and how many people belong to neither."""

    attribute: str
    group: str
    reference: str
    of_group: NDArray[np.intp]
    of_reference: NDArray[np.intp]
    left_out: Mapping[str, int]
    """People of each other level, the missing ones too."""

    def both(self) -> NDArray[np.intp]:
        """Return the rows of the group, then those of the reference."""
        return np.concatenate([self.of_group, self.of_reference])


def two_groups(
    attribute: Any,
    *,
    reference: Any,
    group: Any = None,
    rows: int | None = None,
    name: str | None = None,
    bands: Sequence[float] | None = None,
    within: NDArray[np.bool_] | None = None,
    fewest: int = FEWEST,
) -> TwoGroups:
    """Return who is in the group and in the reference.

    Parameters
    ----------
    attribute
        One value a row: texts, numbers with ``bands``.
    reference, group
        Levels; the group may be left out where only one other level is there.
    rows
        How many values there must be.
    name
        Of the attribute; the column's own, or "attribute", if left out.
    bands
        Edges of bands of a number, each edge in the band that it begins.
    within
        Rows that are looked at, where not all are.
    fewest
        People that each side needs.

    Raises
    ------
    FairauditError
        If values and rows differ in number, a level is not there or missing, or a side has too few people.

    Examples
    --------
    >>> made = two_groups(["F"] * 30 + ["M"] * 40 + [None], reference="M")
    >>> made.group, len(made.of_group), dict(made.left_out)
    ('F', 30, {'(missing)': 1})
    """
    called = name or str(getattr(attribute, "name", None) or "attribute")
    levels = labels_of(attribute, called, bands)
    if rows is not None and len(levels) != rows:
        message = f"Attribute '{called}' has {len(levels):,} values for {rows:,} rows. Give one value for each row."
        raise DataContractError(message)
    looked_at = np.ones(len(levels), dtype=bool) if within is None else within
    counts = dict.fromkeys(levels.tolist(), 0) | Counter(levels[looked_at].tolist())
    there = set(counts) - {MISSING}
    if len(there) > MOST_LEVELS and bands is None:
        message = f"Attribute '{called}' has {len(there):,} different values. Give bands=[...] to compare bands of it."
        raise SchemaError(message)
    first, second, left_out = two_levels(counts, reference=reference, group=group, name=called, fewest=fewest)
    places = [np.flatnonzero((levels == level) & looked_at) for level in (first, second)]
    return TwoGroups(called, first, second, places[0], places[1], left_out)


def two_levels(
    counts: Mapping[str, float], *, reference: Any, group: Any, name: str, fewest: int
) -> tuple[str, str, dict[str, int]]:
    """Return the group's and the reference's level, and the people of all others, from people by level."""
    there = sorted(set(counts) - {MISSING})
    second = _level(reference, there, name, "reference")
    others = [each for each in there if each != second]
    if group is None and not others:
        unknown = (
            f" {int(counts[MISSING]):,} people have none: group='{MISSING}' is their gap."
            if counts.get(MISSING)
            else ""
        )
        message = f"Attribute '{name}' has no level beside the reference '{second}', so there is no gap.{unknown}"
        raise SchemaError(message)
    if group is None and len(others) != 1:
        message = (
            f"Attribute '{name}' has {len(others)} levels beside the reference '{second}' ({listed(others)}). "
            "Say whose gap is explained: group=..."
        )
        raise SchemaError(message)
    first = others[0] if group is None else _level(group, [*there, MISSING], name, "group")
    if first == second:
        message = f"Group and reference of '{name}' are both '{first}'. Name two different levels."
        raise SchemaError(message)
    for level in (first, second):
        if counts.get(level, 0) < fewest:
            message = (
                f"'{level}' of '{name}' has {int(counts.get(level, 0)):,} people here; at least {fewest} are needed "
                "for a mean with an interval. Merge levels, or bring more people."
            )
            raise DataContractError(message)
    return first, second, {level: int(n) for level, n in sorted(counts.items()) if level not in (first, second) and n}


def labels_of(attribute: Any, name: str, bands: Sequence[float] | None = None) -> Labels:
    """Return the label of each value, numbers cut into bands if asked to."""
    import pandas as pd

    values = np.asarray(attribute, dtype=object)
    if values.ndim != 1:
        what = f"the text {attribute!r}" if isinstance(attribute, str) else f"values of shape {values.shape}"
        message = f"An attribute is one value a row, such as people['age'], got {what}."
        raise SchemaError(message)
    column = pd.Series(values)
    if bands is None:
        return levels_of(column)
    strange = [value for value in column.unique() if number(value) is None]
    if strange:
        message = f"Bands are of numbers, and '{name}' holds {strange[0]!r}. Leave out bands=, or mend the value."
        raise DataContractError(message)
    edges = list(bands)
    if not edges or sorted(set(edges)) != edges:
        message = f"Bands are one or more rising edges, got {edges!r}. Give for example bands=[25, 62]."
        raise SchemaError(message)
    return levels_of(column, edges)


def _level(given: Any, there: Sequence[str], name: str, role: str) -> str:
    wanted = label(given)
    if wanted in there:
        return wanted
    if wanted == MISSING:
        message = f"The {role} of '{name}' cannot be {MISSING}: nobody knows who they are. Levels: {listed(there)}."
        raise LevelNotFoundError(message)
    message = f"The {role} '{wanted}' is not a level of '{name}' ({listed(there)}).{suggestion(wanted, there)}"
    raise LevelNotFoundError(message)
