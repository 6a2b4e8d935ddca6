"""Rows with a cluster become replicate counts over the cells of their cube."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError
from ..schema.labels import number
from ..schema.roles import Schema
from .axes import distinct_cells
from .blocks import Block
from .cube import Cube, Ints
from .replicates import CLUSTERS, EVERYBODY, RECORDED, Hashes, replicate, rule_name
from .score_replicates import CLUSTERED_SCORES, replicate_scores
from .sorting import Counted, Sorting, decisions_of, dimensions_of, outcomes_of

UNSCORED, UNUSABLE = -1, -2
"""Sides of people without a score, and with one that is no number."""
MOST_CUTOFFS = 60


@dataclass(frozen=True, slots=True, eq=False)
class CountedClusters:
    """Rows grouped by everything but the score, and by cluster."""

    counted: Counted
    sides: Ints | None
    """Bit k is set where the score is on the favorable side of cut-off k; None without a score."""
    hashes: Hashes
    codes: Ints | None = None
    """The bin of each score, at ``level``."""
    level: int = 0


def sides_of(schema: Schema, values: Sequence[Any] | NDArray[np.float64]) -> Ints:
    """Return on which side of each cut-off distinct scores stand, as bits; text that is no number is unusable.

    Examples
    --------
    >>> from fairaudit.schema.roles import declare
    >>> schema = declare(score="s", higher_is="better", cutoff=[600, 650])
    >>> sides_of(schema, ["590", "600", "660", "", "high"]).tolist()
    [0, 1, 3, -1, -2]
    """
    out = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        score = number(value)
        if score is None or math.isinf(score):
            out[i] = UNUSABLE
        elif math.isnan(score):
            out[i] = UNSCORED
        else:
            cuts = schema.cutoffs[:MOST_CUTOFFS]
            favorable = [score >= cut if schema.higher_is == "better" else score <= cut for cut in cuts]
            out[i] = sum(1 << place for place, side in enumerate(favorable) if side)
    return out


def replicates_of(schema: Schema, rows: CountedClusters, cube: Cube) -> dict[str, Block]:
    """Return the replicate counts of the people in a cube: of decisions, and of scores where there are any.

    Parameters
    ----------
    schema
        The roles, as they were declared.
    rows
        The people of the cube, grouped by cluster too.
    cube
        The cube of the same rows.

    Raises
    ------
    CubeError
        If the rows are not those of the cube.
    """
    counted = rows.counted
    sorting = Sorting(counted, np.ones(len(counted.n), dtype=bool))
    for unusable in (counted.without_cluster, counted.bad_weight):
        if unusable is not None:
            sorting.keep &= ~unusable
    if rows.sides is not None:
        sorting.keep &= rows.sides != UNUSABLE
    columns = counted.columns
    kinds, levels = decisions_of(schema, columns[schema.decision], sorting) if schema.decision else (None, ())
    outcome = np.full(len(counted.n), 2, dtype=np.int64)
    if schema.outcome:
        outcome = np.minimum(outcomes_of(schema, columns[schema.outcome], kinds, levels, sorting)[0], 2)
    dimensions, codes = dimensions_of(schema, columns, sorting)
    keep = sorting.keep
    cells, cell = distinct_cells(codes[keep], [len(dimension.levels) for dimension in dimensions])
    same = cells.shape == cube.axes.cells.shape and (cells == cube.axes.cells).all()
    if not same or int(counted.n[keep].sum()) != cube.people:
        message = "The rows changed between two readings: the clusters' people are not those that were counted."
        raise CubeError(message)
    everybody = np.ones(int(keep.sum()), dtype=bool)
    rules, entries = [EVERYBODY], [(everybody, np.zeros(len(everybody), dtype=np.int64))]
    if kinds is not None:
        kind = np.array([level.kind for level in levels])[kinds[keep]]
        rules.append(RECORDED)
        entries.append((kind != "excluded", (kind != "favorable").astype(np.int64)))
    if rows.sides is not None:
        sides = rows.sides[keep]
        for place, cutoff in enumerate(schema.cutoffs[:MOST_CUTOFFS]):
            rules.append(rule_name(cutoff))
            entries.append((sides != UNSCORED, 1 - ((sides >> place) & 1)))
    people = (counted.n if counted.w is None else counted.w)[keep]
    cell, outcome, hashes = cell.reshape(-1).astype(np.int64), outcome[keep], rows.hashes[keep]
    blocks: dict[str, Block] = {CLUSTERS: replicate(tuple(rules), len(cells), entries, cell, outcome, people, hashes)}
    if rows.sides is not None and rows.codes is not None:
        scored = rows.sides[keep] != UNSCORED
        blocks[CLUSTERED_SCORES] = replicate_scores(
            rows.level, len(cells), cell[scored], rows.codes[keep][scored], outcome[scored], people[scored],
            hashes[scored],
        )  # fmt: skip
    return blocks
