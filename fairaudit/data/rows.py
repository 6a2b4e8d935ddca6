"""Rows read once more, for what counts cannot hold: controls that are numbers of many values."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import narwhals.stable.v2 as nw

from ..cube.people import People, people_of_rows
from ..errors import DataContractError, listed
from ..schema.labels import label, number
from ..schema.roles import Attribute, Schema
from .counting import coded, group_rows
from .grouping import collect
from .sources import open_source

MOST_LEVELS = 20
"""A column of numbers with more distinct values than this is a number; with fewer each value is a level."""
MOST_LABELS = 200
"""A control of more labels than this has no people to compare within them."""


def numbers_among(data: Any, columns: tuple[str, ...], *, most_levels: int = MOST_LEVELS) -> tuple[str, ...]:
    """Return those columns that hold numbers of many values.

    Parameters
    ----------
    data
        As in :func:`fairaudit.data.sources.open_source`.
    columns
        The columns asked about.
    most_levels
        Up to so many distinct numbers are levels.

    Examples
    --------
    >>> numbers_among({"dti": [i / 7 for i in range(50)], "branch": ["x", "y"] * 25}, ("dti", "branch"))
    ('dti',)
    """
    if not columns:
        return ()
    source = open_source(data, wanted=columns)
    return tuple(name for name in columns if _is_number(_distinct(source, name), most_levels))


def _distinct(source: Any, column: str) -> list[Any]:
    place = source.place(column)
    table = collect(source.frame.group_by(place).agg(nw.len().alias("__people")))
    return list(coded(table.column(place)).values)


def _is_number(values: list[Any], most_levels: int) -> bool:
    parsed = [number(value) for value in values]
    known = [value for value in parsed if value is not None and not math.isnan(value)]
    words = sum(value is None for value in parsed)
    # A few words among thousands of numbers ("n/a") are gaps; a code book has as many words as numbers.
    return len({*known}) > most_levels and words <= len(known) / 10


def numeric_controls(data: Any, schema: Schema) -> tuple[str, ...]:
    """Return the controls without bands that are numbers of many values: a cube cannot hold them.

    Raises
    ------
    DataContractError
        If a control has so many labels that nobody can be compared within them.
    """
    open_ended = tuple(control.name for control in schema.controls if not control.edges)
    if not open_ended:
        return ()
    source = open_source(data, wanted=open_ended)
    found = []
    for name in open_ended:
        values = _distinct(source, name)
        if _is_number(values, MOST_LEVELS):
            found.append(name)
        elif len({label(value) for value in values}) > MOST_LABELS:
            message = (
                f"The control '{name}' has {len(values):,} labels, more than {MOST_LABELS}: too few people stand in "
                "each to be compared. Put labels together, or leave it out."
            )
            raise DataContractError(message)
    return tuple(found)


def read_people(data: Any, schema: Schema, continuous: tuple[str, ...]) -> People:
    """Return everybody whose controls are complete, as lines to fit models to.

    Parameters
    ----------
    data
        As in :func:`fairaudit.data.sources.open_source`.
    schema
        The roles, all controls among them.
    continuous
        The controls that :func:`numeric_controls` found.

    Raises
    ------
    DataContractError
        If nobody has a number in all of them.
    """
    # Models are fitted to groups that a column names: memberships, several races and clusters are not used in them.
    single = tuple(attribute for attribute in schema.attributes if attribute.name not in schema.races)
    wanted = dataclasses.replace(
        schema, attributes=single, memberships={}, labelled={}, races={}, cluster=None, outcome=None, good=(), bad=(),
        unobserved={}, period=None,
    )  # fmt: skip
    numeric = (schema.weight,) if schema.weight else ()
    source = open_source(data, wanted=wanted.columns, numeric=numeric)
    cells = without_numbers(wanted, continuous)
    order = (*schema.strata, *(control.name for control in schema.controls))
    people = people_of_rows(cells, group_rows(source, wanted), continuous, order)
    if not people.n.sum():
        message = f"Nobody has a number in each of the controls {listed(continuous)}. Are they the right columns?"
        raise DataContractError(message)
    return people


def without_numbers(schema: Schema, continuous: tuple[str, ...]) -> Schema:
    """Return the roles that a cube can hold: without the controls that are numbers."""
    kept: tuple[Attribute, ...] = tuple(control for control in schema.controls if control.name not in continuous)
    return dataclasses.replace(schema, controls=kept)
