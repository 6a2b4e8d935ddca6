# ruff: noqa: ANN001, ANN202, E501
"""Shapley values of tree ensembles, exact, in time proportional to rows plus background rows.

A leaf's game is ``v(S) = value x product over its players k of (b_k if k in S else z_k)``, with ``b_k`` whether the
row satisfies the path's splits on k, and ``z_k`` the cover ratio (path-dependent) or the background row's own bit
(interventional). Its Shapley value is an integral over t in [0, 1],

    phi_j = value x integral of (b_j - z_j) x product over k != j of ((1 - t) z_k + t b_k) dt,

whose integrand is a polynomial of degree players - 1, so that Gauss-Legendre quadrature with half as many nodes
is exact. The average over a background needs only how many of its rows show each pattern of bits, and the sum over
patterns factors into one 2 x 2 step a player. Each leaf becomes a table by pattern, and a row costs one look-up per
leaf and player. Leaves deeper than the tables are worked out per row (path-dependent: the same quadrature) or per
row and background row (interventional: the closed form of a product of indicators).

Sources: Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees;
the pattern tables of WoodELF (arXiv 2511.09376) and the quadrature of Quadrature-TreeSHAP (Wettenstein et al. 2026).

Threads work on rows of their own, so results do not depend on how many there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..errors import ExplanationError
from .paths import TABLE_PLAYERS, Plan, plan
from .trees import Ensemble, Floats, Integers, as_compared, expected_by_cover

BLOCK = 1024
"""Rows whose bits are worked out together: they stay in the nearest cache."""

TASK = 8 * BLOCK
"""Rows that a thread takes at once."""

CHUNK_TABLES = 1 << 23
"""Numbers of the tables that are built at once, 64 MiB."""

KEPT_TABLES = 1 << 25
"""Numbers of the tables that are kept between calls, 256 MiB; larger forests build them again for each call."""

TREES = 32
"""Trees that share one set of instructions, fewer where their tables are large."""

MOST_PLAYERS = 64
"""Players on one path that the bits of a row can hold."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An ensemble made ready: instructions by chunk of trees, pattern counts of the background, tables if kept."""

    ensemble: Ensemble
    players: int
    base: float
    plans: tuple[Plan, ...]
    background: Floats | None
    """Columns x rows, as compared with thresholds, empty where the tables hold all that is needed of it; none for
    path-dependent values."""
    tables: tuple[Floats, ...]
    """One array per plan, or none at all where they are too large to keep."""

    @property
    def size(self) -> int:
        """Return how many numbers are kept."""
        return sum(len(each) for each in self.tables) + (0 if self.background is None else self.background.size)

    def table(self, at: int) -> Floats:
        """Return the tables of one plan, as kept or made again."""
        return self.tables[at] if self.tables else _table(self.plans[at], self.background)


def prepare(
    ensemble: Ensemble,
    background: Floats | None,
    player_of: Integers,
    players: int | None = None,
    plans: tuple[Plan, ...] | None = None,
) -> Prepared:
    """Return the ensemble ready to be explained: path-dependent without a background, interventional with one.

    ``plans`` are those of an earlier call with the same ensemble and ``player_of``: they do not depend on a background.
    """
    plans = _plans(ensemble, player_of) if plans is None else plans
    most = max((each.most_players for each in plans), default=0)
    if most > MOST_PLAYERS:
        message = (
            f"A path of a tree may use at most {MOST_PLAYERS} different features; this ensemble has one with {most}. "
            "Train with a smaller max_depth."
        )
        raise ExplanationError(message)
    if background is None:
        base, columns = expected_by_cover(ensemble), None
    else:
        base = float(predict(ensemble, background).mean())
        columns = np.ascontiguousarray(as_compared(ensemble, background).T)
    keep = sum(int(each.table_starts[-1]) for each in plans) <= KEPT_TABLES
    tables = tuple(_table(each, columns) for each in plans) if keep else ()
    if columns is not None and keep and not any(each.deep for each in plans):
        columns = np.empty((len(columns), 0))
    many = int(player_of.max(initial=-1)) + 1 if players is None else players
    return Prepared(ensemble, many, base, plans, columns, tables)


def predict(ensemble: Ensemble, rows: Floats) -> Floats:
    """Return the margin of each row: the base plus the leaf it reaches in every tree."""
    total = np.full(len(rows), ensemble.base)
    _add_leaves(
        ensemble.roots, ensemble.left, ensemble.right, ensemble.feature, ensemble.threshold, ensemble.missing_left,
        ensemble.category_start, ensemble.category_words, ensemble.unknown_left, ensemble.words, ensemble.value,
        np.ascontiguousarray(as_compared(ensemble, rows)), total,
    )  # fmt: skip
    return total


def _plans(ensemble: Ensemble, player_of: Integers) -> tuple[Plan, ...]:
    """Return plans of as many trees at a time as have tables of a bounded size."""
    done: list[Plan] = []
    start, trees = 0, len(ensemble.roots)
    while start < trees:
        stop = min(trees, start + TREES)
        made = plan(ensemble, range(start, stop), player_of, CHUNK_TABLES)
        while stop > start + 1 and made.table_starts[-1] > CHUNK_TABLES:
            stop = start + (stop - start) // 2
            made = plan(ensemble, range(start, stop), player_of, CHUNK_TABLES)
        done.append(made)
        start = stop
    return tuple(done)


def attribute(prepared: Prepared, rows: Floats, threads: int = 1) -> Floats:
    """Return the Shapley values, rows x players; with the base they add up to the ensemble's margin."""
    columns = np.ascontiguousarray(as_compared(prepared.ensemble, rows).T)
    values = np.zeros((prepared.players, columns.shape[1]))
    starts = range(0, columns.shape[1], TASK)
    if threads <= 1 or len(starts) <= 1:
        for at, each in enumerate(prepared.plans):
            table = prepared.table(at)
            for start in starts:
                _explain(prepared, each, table, columns, values, start)
        return np.ascontiguousarray(values.T)
    with ThreadPoolExecutor(threads) as pool:
        for at, each in enumerate(prepared.plans):
            table = prepared.table(at)
            tasks = [pool.submit(_explain, prepared, each, table, columns, values, start) for start in starts]
            for task in tasks:
                task.result()
    return np.ascontiguousarray(values.T)


def _explain(prepared: Prepared, made: Plan, table: Floats, columns: Floats, values: Floats, start: int) -> None:
    stop = min(columns.shape[1], start + TASK)
    others = prepared.background if prepared.background is not None and made.deep else np.zeros((len(columns), 0))
    bits = _bits(made, min(BLOCK, stop - start))
    _add_rows(
        *_instructions(made), made.players, made.ratios, made.player_starts, made.table_starts, made.pattern_starts,
        made.value, made.twin_value, made.twin_ratio, table, columns, values, start, stop, bits,
        _bits(made, others.shape[1]), others, prepared.background is None, *_nodes(made.most_players), _weights(),
    )  # fmt: skip


def _instructions(made: Plan) -> tuple[Any, ...]:
    masks = np.left_shift(np.uint64(1), made.bit.astype(np.uint64)).astype(_word(made))
    return (
        made.starts, made.depth, made.right, made.feature, made.threshold, made.missing_left, made.category_start,
        made.category_words, made.unknown_left, made.words, masks, made.fresh, made.unit,
    )  # fmt: skip


def _word(made: Plan) -> type[np.unsignedinteger[Any]]:
    """Return the smallest word that holds a bit for each player of the longest path."""
    return np.uint32 if made.most_players <= 32 else np.uint64


def _bits(made: Plan, rows: int) -> NDArray[Any]:
    return np.zeros((made.depths + 1, rows), dtype=_word(made))


def _counted(made: Plan, columns: Floats) -> Floats:
    """Return the share of background rows that show each pattern, for every unit that has a table."""
    counts = np.zeros(int(made.pattern_starts[-1]))
    bits = _bits(made, min(BLOCK, columns.shape[1]))
    _count_patterns(*_instructions(made), made.pattern_starts, columns, bits, counts)
    return np.asarray(counts / columns.shape[1], dtype=np.float64)


def _table(made: Plan, background: Floats | None) -> Floats:
    counts = np.zeros(0) if background is None else _counted(made, background)
    table = np.zeros(int(made.table_starts[-1]))
    _fill_tables(
        made.ratios, made.player_starts, made.table_starts, made.pattern_starts, made.value, made.twin_value,
        made.twin_ratio, background is None, counts, *_nodes(TABLE_PLAYERS), table,
    )  # fmt: skip
    return table


@cache
def _nodes(most: int) -> tuple[Floats, Floats]:
    """Return nodes and weights on [0, 1] that integrate the polynomial of each number of players exactly."""
    nodes = np.zeros((most + 1, most // 2 + 1))
    weights = np.zeros_like(nodes)
    for players in range(1, most + 1):
        many = (players + 1) // 2
        at, weight = np.polynomial.legendre.leggauss(many)
        nodes[players, :many] = (at + 1) / 2
        weights[players, :many] = weight / 2
    return nodes, weights


@cache
def _weights() -> Floats:
    """Return ``a! b! / (a + b + 1)!`` for all a, b: Shapley's weight of a coalition."""
    from scipy.special import betaln

    many = np.arange(MOST_PLAYERS + 1)
    return np.asarray(np.exp(betaln(many[:, None] + 1.0, many[None, :] + 1.0)))


@njit(cache=True, nogil=True)
def _category_left(x, start, many, unknown_left, words):
    """Return whether a category's code goes left: its bit, or the node's answer to codes that it does not know."""
    if not (x > -1.0 and x < 64.0 * many):
        return unknown_left
    code = np.int64(x)
    return (words[start + (code >> 6)] >> np.uint64(code & 63)) & np.uint64(1) != 0


@njit(cache=True, nogil=True)
def _add_leaves(
    roots, left, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, value, rows, total
):  # fmt: skip
    for row in range(len(rows)):
        for root in roots:
            at = root
            while left[at] >= 0:
                x = rows[row, feature[at]]
                if x != x:
                    goes_left = missing_left[at]
                elif category_start[at] >= 0:
                    goes_left = _category_left(x, category_start[at], category_words[at], unknown_left[at], words)
                else:
                    goes_left = x <= threshold[at]
                at = left[at] if goes_left else right[at]
            total[row] += value[at]


@njit(cache=True, nogil=True)
def _follow(
    edge, depth, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, masks, fresh, columns, start, many, bits
):  # fmt: skip
    """Work out the bits of a block of rows below one edge from those above it."""
    above = bits[depth[edge]]
    below = bits[depth[edge] + 1]
    mask = masks[edge]
    line = threshold[edge]
    at = columns[feature[edge]]
    to_left = missing_left[edge]
    to_right = right[edge]
    none = mask ^ mask
    if category_start[edge] >= 0:
        first, size, other = category_start[edge], category_words[edge], unknown_left[edge]
        for i in range(many):
            x = at[start + i]
            goes_left = to_left if x != x else _category_left(x, first, size, other, words)
            if fresh[edge]:
                below[i] = above[i] | (mask if goes_left != to_right else none)
            else:
                below[i] = above[i] & ~(none if goes_left != to_right else mask)
    elif fresh[edge]:
        for i in range(many):
            x = at[start + i]
            goes_left = (x <= line) | ((x != x) & to_left)
            below[i] = above[i] | (mask if goes_left != to_right else none)
    else:
        for i in range(many):
            x = at[start + i]
            goes_left = (x <= line) | ((x != x) & to_left)
            below[i] = above[i] & ~(none if goes_left != to_right else mask)


@njit(cache=True, nogil=True)
def _count_patterns(
    starts, depth, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, masks, fresh, unit, pattern_starts, columns, bits, counts
):  # fmt: skip
    rows = columns.shape[1]
    for start in range(0, rows, BLOCK):
        many = min(BLOCK, rows - start)
        for edge in range(starts[-1]):
            _follow(edge, depth, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, masks, fresh, columns, start, many, bits)  # fmt: skip
            u = unit[edge]
            if u >= 0 and pattern_starts[u + 1] > pattern_starts[u]:
                seen = bits[depth[edge] + 1]
                first = pattern_starts[u]
                for i in range(many):
                    counts[first + seen[i]] += 1.0


@njit(cache=True, nogil=True)
def _fill_leaf(work, table, first, players, ratios, value, path_dependent, counts, nodes, weights, flip):
    """Add one leaf to a table; ``flip`` addresses patterns with the last bit turned: the right one of two twins."""
    patterns = 1 << players
    for q in range((players + 1) // 2):
        t = nodes[players, q]
        w = weights[players, q]
        against = 1.0 / (1.0 - t)
        if path_dependent:
            work[0] = value
            done = 1
            for k in range(players):
                absent = ratios[k] * (1.0 - t)
                for p in range(done):
                    work[p + done] = work[p] * (absent + t)
                    work[p] *= absent
                done *= 2
        else:
            for p in range(patterns):
                work[p] = counts[p] * value
            done = 1
            for _ in range(players):
                for low in range(0, patterns, 2 * done):
                    for p in range(low, low + done):
                        off = work[p]
                        on = work[p + done]
                        work[p] = (1.0 - t) * on
                        work[p + done] = t * off + on
                done *= 2
        for j in range(players):
            at = first + j * patterns
            bit = 1 << j
            if path_dependent:
                present = w * (1.0 - ratios[j]) / (ratios[j] * (1.0 - t) + t)
                for p in range(patterns):
                    table[at + (p ^ flip)] += work[p] * (present if p & bit else -w * against)
            else:
                for p in range(patterns):
                    if p & bit:
                        table[at + (p ^ flip)] += w * (work[p] - work[p ^ bit] * against) / t
                    else:
                        table[at + (p ^ flip)] -= w * against * work[p]


@njit(cache=True, nogil=True)
def _fill_tables(
    all_ratios,
    player_starts,
    table_starts,
    pattern_starts,
    value,
    twin_value,
    twin_ratio,
    path_dependent,
    counts,
    nodes,
    weights,
    table,
):
    for u in range(len(value)):
        if pattern_starts[u + 1] == pattern_starts[u]:
            continue
        players = player_starts[u + 1] - player_starts[u]
        patterns = 1 << players
        work = np.empty(patterns)
        ratios = all_ratios[player_starts[u] : player_starts[u + 1]].copy()
        seen = counts[pattern_starts[u] : pattern_starts[u + 1]]
        first = table_starts[u]
        _fill_leaf(work, table, first, players, ratios, value[u], path_dependent, seen, nodes, weights, 0)
        if twin_ratio[u] >= 0.0:
            last = 1 << (players - 1)
            ratios[players - 1] = twin_ratio[u]
            if path_dependent:
                turned = seen
            else:
                turned = np.empty(patterns)
                for p in range(patterns):
                    turned[p] = seen[p ^ last]
            _fill_leaf(work, table, first, players, ratios, twin_value[u], path_dependent, turned, nodes, weights, last)


@njit(cache=True, nogil=True)
def _deep_by_cover(pattern, players, ratios, last_ratio, value, nodes, weights, columns_of, values, row):
    """Add one row's path-dependent values of one deep leaf, by quadrature."""
    for q in range((players + 1) // 2):
        t = nodes[players, q]
        product = value * weights[players, q]
        for k in range(players):
            ratio = last_ratio if k == players - 1 else ratios[k]
            product *= ratio * (1.0 - t) + (t if (pattern >> k) & 1 else 0.0)
        if product == 0.0:
            continue
        for k in range(players):
            ratio = last_ratio if k == players - 1 else ratios[k]
            present = 1.0 if (pattern >> k) & 1 else 0.0
            values[columns_of[k], row] += product * (present - ratio) / (ratio * (1.0 - t) + t * present)


@njit(cache=True, nogil=True)
def _deep_by_background(pattern, others, flip, players, value, coalition, columns_of, values, row):
    """Add one row's interventional values of one deep leaf: the closed form against each background row."""
    full = (np.uint64(1) << np.uint64(players)) - np.uint64(1) if players < 64 else ~np.uint64(0)
    share = value / len(others)
    for i in range(len(others)):
        other = np.uint64(others[i]) ^ flip
        if (pattern | other) != full:
            continue
        mine = 0
        theirs = 0
        for k in range(players):
            here = (pattern >> np.uint64(k)) & np.uint64(1)
            there = (other >> np.uint64(k)) & np.uint64(1)
            if here != there:
                if here:
                    mine += 1
                else:
                    theirs += 1
        for k in range(players):
            here = (pattern >> np.uint64(k)) & np.uint64(1)
            there = (other >> np.uint64(k)) & np.uint64(1)
            if here != there:
                if here:
                    values[columns_of[k], row] += share * coalition[mine - 1, theirs]
                else:
                    values[columns_of[k], row] -= share * coalition[mine, theirs - 1]


@njit(cache=True, nogil=True)
def _add_rows(
    starts,
    depth,
    right,
    feature,
    threshold,
    missing_left,
    category_start,
    category_words,
    unknown_left,
    words,
    masks,
    fresh,
    unit,
    players_of,
    all_ratios,
    player_starts,
    table_starts,
    pattern_starts,
    value,
    twin_value,
    twin_ratio,
    table,
    columns,
    values,
    begin,
    end,
    bits,
    other_bits,
    others,
    path_dependent,
    nodes,
    weights,
    coalition,
):
    """Add the values of some trees to rows begin to end: tree by tree, so that a tree's tables stay in the cache."""
    rivals = others.shape[1]
    for tree in range(len(starts) - 1):
        for start in range(begin, end, BLOCK):
            many = min(BLOCK, end - start)
            for edge in range(starts[tree], starts[tree + 1]):
                _follow(edge, depth, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, masks, fresh, columns, start, many, bits)  # fmt: skip
                if rivals:
                    _follow(edge, depth, right, feature, threshold, missing_left, category_start, category_words, unknown_left, words, masks, fresh, others, 0, rivals, other_bits)  # fmt: skip
                u = unit[edge]
                if u < 0:
                    continue
                seen = bits[depth[edge] + 1]
                first = player_starts[u]
                players = player_starts[u + 1] - first
                if pattern_starts[u + 1] > pattern_starts[u]:
                    patterns = 1 << players
                    at = table_starts[u]
                    # Two players at a time: a row's pattern is read half as often.
                    for j in range(0, players - 1, 2):
                        part, other = table[at : at + patterns], table[at + patterns : at + 2 * patterns]
                        sums = values[players_of[first + j], start : start + many]
                        more = values[players_of[first + j + 1], start : start + many]
                        for i in range(many):
                            sums[i] += part[seen[i]]
                            more[i] += other[seen[i]]
                        at += 2 * patterns
                    if players & 1:
                        part = table[at : at + patterns]
                        sums = values[players_of[first + players - 1], start : start + many]
                        for i in range(many):
                            sums[i] += part[seen[i]]
                    continue
                names = players_of[first : first + players]
                ratios = all_ratios[first : first + players]
                last = np.uint64(1) << np.uint64(players - 1)
                for i in range(many):
                    pattern = np.uint64(seen[i])
                    if path_dependent:
                        _deep_by_cover(pattern, players, ratios, ratios[players - 1], value[u], nodes, weights, names, values, start + i)  # fmt: skip
                        if twin_ratio[u] >= 0.0:
                            _deep_by_cover(pattern ^ last, players, ratios, twin_ratio[u], twin_value[u], nodes, weights, names, values, start + i)  # fmt: skip
                    else:
                        _deep_by_background(pattern, other_bits[depth[edge] + 1], np.uint64(0), players, value[u], coalition, names, values, start + i)  # fmt: skip
                        if twin_ratio[u] >= 0.0:
                            _deep_by_background(pattern ^ last, other_bits[depth[edge] + 1], last, players, twin_value[u], coalition, names, values, start + i)  # fmt: skip
