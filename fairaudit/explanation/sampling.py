"""Shapley values of anything that scores rows, sampled: antithetic permutations, a fresh background row for each.

A permutation of the players turns a background row into the explained row one player at a time, and each player is
credited with the change at its turn; the same permutation backwards pairs with it, so that first-order noise of an
interaction cancels. Drawing a new background row for every pair leaves no error of a fixed small background, which
costs other samplers more than the sampling itself, and the spread over pairs gives a standard error.

The mean of the drawn rows' scores is not the mean of the background's, which is known. The difference is taken out
by regression on it, player by player; the coefficients add up to one, so that values add up to the score exactly.

Source: Strumbelj and Kononenko (2014), Explaining prediction models and individual predictions with feature
contributions; Mitchell et al. (2022), Sampling permutations for Shapley value estimation (antithetic pairs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .trees import Floats, Integers

BATCH = 1 << 16
"""Rows that the model scores at once."""


def sampled(
    score: Callable[[Any], Floats],
    rows: Any,
    background: Any,
    usual: Floats,
    player_of: Integers,
    players: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return values and standard errors, rows x players.

    ``usual`` holds the scores of the background rows, ``draws`` (2 or more) is the number of antithetic pairs of
    permutations for each row, ``player_of`` the player of each column.
    """
    own = score(rows)
    both = _Stacked(rows, background)
    each = max(1, BATCH // max(1, draws * 2 * max(1, players - 1)))
    values, errors = np.zeros((len(own), players)), np.zeros((len(own), players))
    for start in range(0, len(own), each):
        some = np.arange(start, min(len(own), start + each))
        changes, ends = _changes(score, both, some, own, usual, player_of, players, draws, rng)
        values[some], errors[some] = _settled(changes, own[some] - usual.mean(), ends)
    return values, errors


class _Stacked:
    """The rows and the background as one table, so that any mixture of the two is a choice of rows by column."""

    def __init__(self, rows: Any, background: Any) -> None:
        self.many = len(rows)
        self.is_frame = hasattr(rows, "columns")
        if self.is_frame:
            import pandas as pd

            fitting = background.astype(rows.dtypes.to_dict()) if _castable(rows, background) else background
            self.table = pd.concat([rows, fitting], ignore_index=True)
        else:
            self.table = np.concatenate([rows, background])

    def mixed(self, mine: Integers, theirs: Integers, present: Any, player_of: Integers) -> Any:
        """Return rows whose present players come from the explained rows, the others from the background."""
        chosen = np.where(present, mine[:, None], self.many + theirs[:, None])
        if not self.is_frame:
            columns = np.arange(self.table.shape[1])
            return self.table[chosen[:, player_of], columns[None, :]]
        import pandas as pd

        made = {
            name: self.table[name].array.take(chosen[:, player])
            for name, player in zip(self.table.columns, player_of.tolist(), strict=True)
        }
        return pd.DataFrame(made)


def _castable(rows: Any, background: Any) -> bool:
    """Return whether only the categories of some columns differ in type, which a stack would turn into text."""
    import pandas as pd

    differ = [name for name in rows.columns if rows[name].dtype != background[name].dtype]
    return bool(differ) and all(isinstance(rows[name].dtype, pd.CategoricalDtype) for name in differ)


def _changes(
    score: Callable[[Any], Floats],
    both: _Stacked,
    some: Integers,
    own: Floats,
    usual: Floats,
    player_of: Integers,
    players: int,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Return the mean change over both directions, rows x pairs x players, and the drawn rows' scores."""
    pairs = len(some) * draws
    mine = np.repeat(some, draws)
    theirs = _drawn(len(usual), pairs, rng)
    order = rng.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
    first, last = usual[theirs], own[mine]
    total = np.zeros((pairs, players))
    for way in (order, order[:, ::-1]):
        place = np.argsort(way, axis=1)
        steps = [first]
        if players > 1:
            cuts = np.arange(1, players)
            present = (place[:, None, :] < cuts[None, :, None]).reshape(-1, players)
            asked = both.mixed(np.repeat(mine, len(cuts)), np.repeat(theirs, len(cuts)), present, player_of)
            steps.extend(score(asked).reshape(pairs, len(cuts)).T)
        steps.append(last)
        moved = np.diff(np.column_stack(steps), axis=1)
        total += np.take_along_axis(moved, place, axis=1)
    return (total / 2).reshape(len(some), draws, players), first.reshape(len(some), draws)


def _drawn(many: int, wanted: int, rng: np.random.Generator) -> Integers:
    """Return places of background rows, each used once before any is used again."""
    rounds = [rng.permutation(many) for _ in range(-(-wanted // many))]
    return np.concatenate(rounds)[:wanted].astype(np.int64)


def _settled(changes: Floats, whole: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Return values that add up to ``whole`` and their standard errors, from the changes of the pairs."""
    _, draws, players = changes.shape
    mean = changes.mean(axis=1)
    spread = changes - mean[:, None, :]
    sums = -(ends - ends.mean(axis=1, keepdims=True))
    variance = (sums**2).sum(axis=1)
    share = np.full(mean.shape, 1.0 / players)
    known = variance > 0
    share[known] = np.einsum("rdp,rd->rp", spread[known], sums[known]) / variance[known, None]
    values = mean + share * (whole - mean.sum(axis=1))[:, None]
    left = spread - share[:, None, :] * sums[:, :, None]
    return values, np.sqrt((left**2).sum(axis=1) / (draws - 1) / draws)
