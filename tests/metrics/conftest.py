"""Rows to compare on, and one way to ask any metric for its value."""

import numpy as np
import pytest

from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.median import above_median
from fairaudit.metrics import METRICS


def _value_of(item, cube, cutoff=None):
    """Return the values of any metric by group: of decisions at a cut-off or as recorded, or of scores."""
    if item.kind in {"estimate", "bands"}:
        return item(cube.score_table()).value
    k = above_median(cube).confusion if item.kind == "median" else cube.confusion(cutoff)
    if item.kind == "count":
        return item(k).n
    if item.kind == "average":
        return np.mean([rate.value for rate in item(k)], axis=0)
    return item(k).value


@pytest.fixture
def value_of():
    return _value_of


class Rows:
    """Random applicants: group, score, decision, outcome and weight, and their cube."""

    def __init__(self, seed, people=300, higher_is="better"):
        rng = np.random.default_rng(seed)
        self.group = rng.choice(["a", "b", "c"], size=people, p=[0.5, 0.3, 0.2])
        # Few distinct scores, so that ties are everywhere.
        self.score = rng.integers(1, 12, size=people) + (self.group == "a")
        self.good = (rng.random(people) < self.score / 14).astype(int)
        self.favorable = (rng.random(people) < self.score / 13).astype(int)
        self.weight = rng.choice([0.25, 1.0, 2.5, 3.75], size=people)
        self.higher_is = higher_is

    def cube(self, *, weighted=False, sign=1):
        table = {
            "g": self.group.tolist(),
            "s": (sign * self.score).tolist(),
            "d": self.favorable.tolist(),
            "y": self.good.tolist(),
            "w": self.weight.tolist(),
            "n": [1] * len(self.group),
        }
        return from_counts(
            table,
            groups="g",
            score="s",
            higher_is="better" if sign > 0 else "worse",
            decision="d",
            favorable=1,
            outcome="y",
            good=1,
            weight="w" if weighted else None,
            weight_scale=10**10,
        )


@pytest.fixture(params=range(3))
def rows(request):
    return Rows(request.param)


@pytest.fixture(params=sorted(METRICS))
def metric(request):
    return METRICS[request.param]
