"""Shapley values by the definition: every subset of players, every background row. Shares no code with the kernel."""

from itertools import combinations
from math import factorial

import numpy as np


def shapley(game, players):
    known = {}

    def worth(chosen):
        if frozenset(chosen) not in known:
            known[frozenset(chosen)] = game(chosen)
        return known[frozenset(chosen)]

    values = np.zeros(players)
    for player in range(players):
        others = [each for each in range(players) if each != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                values[player] += weight * (worth({*chosen, player}) - worth(set(chosen)))
    return values


def interventional(score, row, background, player_of):
    """Score is the model's own output; a coalition's columns come from the row, the rest from the background."""
    player_of = np.asarray(player_of)

    def game(chosen):
        mixed = np.array(background, dtype=float)
        mine = np.isin(player_of, list(chosen))
        mixed[:, mine] = row[mine]
        return score(mixed).mean()

    return shapley(game, player_of.max() + 1)


def path_dependent(ensemble, row, player_of):
    """Follow the row where the split's player is in the coalition, else both ways by cover."""

    def at(node, chosen):
        left, right = ensemble.left[node], ensemble.right[node]
        if left < 0:
            return ensemble.value[node]
        x = row[ensemble.feature[node]]
        if player_of[ensemble.feature[node]] in chosen:
            goes_left = ensemble.missing_left[node] if np.isnan(x) else x <= ensemble.threshold[node]
            return at(left if goes_left else right, chosen)
        whole = ensemble.cover[node]
        return sum(ensemble.cover[child] / whole * at(child, chosen) for child in (left, right))

    return shapley(lambda chosen: sum(at(root, chosen) for root in ensemble.roots), max(player_of) + 1)
