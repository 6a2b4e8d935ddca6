"""Ensembles to instructions for the kernel: every leaf as a product over the distinct players of its path.

A leaf is reached when each player on its path satisfies all of the path's splits on that player's columns. So a
row needs one bit a player, and a leaf's game is a product of those bits. The instructions walk each tree in
preorder and keep, for each depth, the bits of a block of rows.

Where both children of a node are leaves and the node's player is new on the path, their bits differ in the last
one only, and one table serves both (``twin``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .trees import Ensemble, Flags, Floats, Integers, Words, cover_ratio

TABLE_PLAYERS = 14
"""Players on a path up to which a leaf is a table of 2^players patterns; deeper leaves are worked out row by row."""

NO_UNIT = -1


@dataclass(frozen=True, slots=True)
class Plan:
    """Instructions (one per edge of a tree) and units (one per leaf, or per pair of twins) of some trees."""

    starts: Integers
    """Where each tree's instructions begin, and the end."""
    depth: Integers
    right: Flags
    feature: Integers
    threshold: Floats
    missing_left: Flags
    category_start: Integers
    category_words: Integers
    unknown_left: Flags
    words: Words
    bit: Integers
    fresh: Flags
    unit: Integers
    players: Integers
    """Players of all units, end to end; ``player_starts`` says where each unit's begin."""
    ratios: Floats
    player_starts: Integers
    value: Floats
    twin_value: Floats
    twin_ratio: Floats
    """Cover ratio of the twin at the last split, or -1 where the unit is a single leaf."""
    table_starts: Integers
    """Where each unit's table begins: players x 2^players numbers, none for a deep unit."""
    pattern_starts: Integers
    """Where each unit's 2^players pattern counts begin, none for a deep unit."""

    @property
    def depths(self) -> int:
        """Return the number of levels whose bits are kept at once."""
        return int(self.depth.max(initial=0)) + 1

    @property
    def deep(self) -> bool:
        """Return whether a path is worked out row by row."""
        return bool((np.diff(self.pattern_starts) == 0).any())

    @property
    def most_players(self) -> int:
        """Return the largest number of distinct players on one path."""
        return int(np.diff(self.player_starts).max(initial=0))


@dataclass(slots=True)
class _Draft:
    edges: list[tuple[int, bool, int, int, bool, int]] = field(default_factory=list)
    """Depth, whether it leads right, the node above, the player's bit, whether it is fresh, the unit."""
    units: list[tuple[list[int], list[float], float, float, float]] = field(default_factory=list)


def plan(ensemble: Ensemble, trees: range, player_of: Integers, most_numbers: int) -> Plan:
    """Return the instructions for some trees, with columns joined into players by ``player_of``.

    The tables of a single tree stay below ``most_numbers``: its longer paths are worked out row by row instead.
    """
    draft = _Draft()
    starts = [0]
    for tree in trees:
        root = int(ensemble.roots[tree])
        if ensemble.left[root] >= 0:
            _walk(ensemble, player_of, draft, root)
        starts.append(len(draft.edges))
    return _packed(ensemble, draft, starts, most_numbers if len(trees) == 1 else None)


def _walk(ensemble: Ensemble, player_of: Integers, draft: _Draft, root: int) -> None:
    """Add one tree's instructions in preorder; a stack of our own, because trees may be deeper than Python's."""
    pending: list[tuple[int, int, bool, int, list[int], list[float]]] = []

    def open_node(node: int, depth: int, players: list[int], ratios: list[float]) -> None:
        pending.append((node, int(ensemble.right[node]), True, depth, players, ratios))
        pending.append((node, int(ensemble.left[node]), False, depth, players, ratios))

    open_node(root, 0, [], [])
    while pending:
        node, child, right, depth, players, ratios = pending.pop()
        player = int(player_of[ensemble.feature[node]])
        fresh = player not in players
        bit = len(players) if fresh else players.index(player)
        sibling = int(ensemble.left[node] if right else ensemble.right[node])
        leaf = ensemble.left[child] < 0
        twins = leaf and fresh and ensemble.left[sibling] < 0
        if twins and right:
            continue
        ratio = cover_ratio(ensemble, child, node)
        if fresh:
            along, shares = [*players, player], [*ratios, ratio]
        else:
            along, shares = players, [*ratios[:bit], ratios[bit] * ratio, *ratios[bit + 1 :]]
        unit = NO_UNIT
        if leaf:
            unit = len(draft.units)
            twin = (float(ensemble.value[sibling]), cover_ratio(ensemble, sibling, node)) if twins else (0.0, -1.0)
            draft.units.append((along, shares, float(ensemble.value[child]), *twin))
        draft.edges.append((depth, right, node, bit, fresh, unit))
        if not leaf:
            open_node(child, depth + 1, along, shares)


def _packed(ensemble: Ensemble, draft: _Draft, starts: list[int], most_numbers: int | None) -> Plan:
    edges = list(zip(*draft.edges, strict=True)) if draft.edges else [()] * 6
    units = list(zip(*draft.units, strict=True)) if draft.units else [()] * 5
    counts = np.array([len(players) for players in units[0]], dtype=np.int64)
    patterns = np.where(counts <= TABLE_PLAYERS, np.int64(1) << np.minimum(counts, TABLE_PLAYERS), 0)
    for longest in range(TABLE_PLAYERS, 0, -1):
        if most_numbers is None or (counts * patterns).sum() <= most_numbers:
            break
        patterns = np.where(counts < longest, patterns, 0)
    nodes = np.array(edges[2], dtype=np.int64)
    return Plan(
        starts=np.array(starts, dtype=np.int64),
        depth=np.array(edges[0], dtype=np.int64),
        right=np.array(edges[1], dtype=np.bool_),
        feature=ensemble.feature[nodes],
        threshold=ensemble.threshold[nodes],
        missing_left=ensemble.missing_left[nodes],
        category_start=ensemble.category_start[nodes],
        category_words=ensemble.category_words[nodes],
        unknown_left=ensemble.unknown_left[nodes],
        words=ensemble.words,
        bit=np.array(edges[3], dtype=np.int64),
        fresh=np.array(edges[4], dtype=np.bool_),
        unit=np.array(edges[5], dtype=np.int64),
        players=np.array([player for along in units[0] for player in along], dtype=np.int64),
        ratios=np.array([ratio for shares in units[1] for ratio in shares], dtype=np.float64),
        player_starts=_ends(counts),
        value=np.array(units[2], dtype=np.float64),
        twin_value=np.array(units[3], dtype=np.float64),
        twin_ratio=np.array(units[4], dtype=np.float64),
        table_starts=_ends(counts * patterns),
        pattern_starts=_ends(patterns),
    )


def _ends(lengths: Integers) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
