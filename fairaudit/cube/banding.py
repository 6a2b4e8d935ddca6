"""Bands put together: a cube of finer bands becomes one of two, and may keep the finer ones beside them."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import CubeError
from ..schema.labels import MISSING, band_labels
from .axes import Dimension
from .cube import Cube


def line_codes(dimension: Dimension, line: float) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the levels under and over a line, and which of them each finer band belongs to.

    Raises
    ------
    CubeError
        If the line is no edge of the bands, or they do not begin at their edges.

    Examples
    --------
    >>> line_codes(Dimension("age", "attribute", band_labels([25, 62, 75]), (25, 62, 75)), 62)
    (('under 62', '62 and over'), (0, 0, 1, 1))
    """
    if line not in dimension.edges or dimension.closed != "left":
        message = (
            f"The bands of '{dimension.name}' have no edge at {line:g} that begins a band (edges "
            f"{list(dimension.edges)}); count with one."
        )
        raise CubeError(message)
    under, over = band_labels([line])
    at = dimension.edges.index(line)
    codes = [2 if level == MISSING else int(place > at) for place, level in enumerate(dimension.levels)]
    return ((under, over, MISSING) if MISSING in dimension.levels else (under, over)), tuple(codes)


def with_line(cube: Cube, name: str, line: float, finer: str) -> Cube:
    """Return the cube with an attribute's bands put together at a line, the finer ones under another name.

    Cells and counts stay as they are; only what cells are called changes.

    Parameters
    ----------
    cube
        Counts by bands of the attribute.
    name
        The attribute, which is then under and over the line.
    line
        One of the edges.
    finer
        What the attribute of the finer bands is called.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts(
    ...     {"age": [20, 40, 70], "ok": [1, 0, 1], "n": [3, 4, 5]}, groups="age", bands={"age": [30, 62]},
    ...     decision="ok", favorable=1)
    >>> made = with_line(cube, "age", 62, "age in bands")
    >>> made.marginal("age").groups, made.marginal("age").group_people.tolist()
    (('under 62', '62 and over'), [7, 5])
    """
    axes = cube.axes
    place = axes.names.index(name)
    old = axes.dimensions[place]
    levels, codes = line_codes(old, line)
    put = Dimension(name, old.role, levels, (line,), old.closed)
    kept = dataclasses.replace(old, name=finer)
    cells = np.concatenate([axes.cells, axes.cells[:, place : place + 1]], axis=1)
    cells[:, place] = np.array(codes, dtype=np.int32)[axes.cells[:, place]]
    dimensions = (*axes.dimensions[:place], put, *axes.dimensions[place + 1 :], kept)
    return dataclasses.replace(cube, axes=dataclasses.replace(axes, dimensions=dimensions, cells=cells))
