"""What a contrast is made from, and how groups are set against others: as people were drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from .cube.confusion import Confusion, ScoreTable
from .cube.median import above_median
from .cube.replicates import rule_name
from .inference.of_clusters import compare_clustered_groups, compare_clustered_scores
from .inference.of_contrasts import Asked, Compared, compare_groups
from .measuring import Grouping, clustered_scores, clusters_of, replicated, replicated_median
from .metrics.base import METRICS, Contrast

Basis = Literal["decision", "median", "score"]
Compare = Callable[[Sequence[int], Sequence[Sequence[int]]], list[Compared]]
"""Numbers of groups, and for each those of the groups that it is set against -> one comparison a group."""


def basis_of(item: Contrast) -> Basis:
    """Return what a contrast is made from: a decision, the side of the median score, or the scores themselves."""
    if "decision" in item.needs:
        return "decision"
    return "median" if METRICS[item.of[0]].kind == "median" else "score"


def pooled_of(table: Any, groups: Sequence[Sequence[int]]) -> Any:
    """Return several groups as one, many times, along the group axis."""
    if all(len(some) == 1 for some in groups):
        return table[[some[0] for some in groups]]
    return type(table).stacked([table.pooled(some) for some in groups])


def comparer(
    of: Grouping,
    item: Contrast,
    cutoff: float | None,
    table: Confusion | ScoreTable,
    everybody: ScoreTable | None,
    asked: Asked,
) -> Compare:
    """Return what compares groups with others, in the way that people were drawn."""
    clusters = clusters_of(of)
    if clusters is None:
        return lambda groups, others: compare_groups(
            item, table[list(groups)], pooled_of(table, others), everybody=everybody, asked=asked
        )
    scores = clustered_scores(of) if basis_of(item) == "score" else None
    if scores is not None:
        return lambda groups, others: compare_clustered_scores(item, scores, groups, others, clusters, asked=asked)
    drawn = None
    if basis_of(item) == "decision":
        drawn = replicated(of, rule_name(cutoff))
    elif basis_of(item) == "median":
        drawn = replicated_median(of, above_median(of.cube))

    def compare(groups: Sequence[int], others: Sequence[Sequence[int]]) -> list[Compared]:
        both = None if drawn is None else (drawn[groups], pooled_of(drawn, others))
        return compare_clustered_groups(
            item, table[list(groups)], pooled_of(table, others), both, clusters, everybody=everybody, asked=asked
        )

    return compare
