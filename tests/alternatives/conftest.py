"""People with a known truth: an incumbent that uses a feature which tells the group and nothing else."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa


@dataclass(frozen=True)
class Scene:
    rows: pd.DataFrame
    good: np.ndarray
    groups: dict[str, Any]
    incumbent: Any
    cutoff: float

    def search(self, **options):
        given = {"good": 1, "cutoff": self.cutoff, "reference": {"race": "W", "sex": "M"}, "margin": 0.02, "planted": 0}
        return fa.search_alternatives(self.incumbent, self.rows, self.good, groups=self.groups, **{**given, **options})


def made_scene(people=4000, seed=0, use=0.8, linked=0.0):
    """Return people; ``use`` is how much the incumbent uses the proxy, ``linked`` how the truth goes with the group."""
    rng = np.random.default_rng(seed)
    group = rng.random(people) < 0.3
    income = rng.normal(size=people) - linked * group
    debt = rng.normal(size=people)
    rows = pd.DataFrame(
        {
            "income": income,
            "debt": debt,
            "area": group + 0.5 * rng.normal(size=people),
            "home": np.where(rng.random(people) < 0.5, "rent", "own"),
        }
    )
    good = (rng.random(people) < 1 / (1 + np.exp(-1 - income + 0.7 * debt))).astype(int)
    names = ["income", "debt", "area"]

    def score(some):
        return some["income"] - 0.7 * some["debt"] - use * some["area"]

    incumbent = fa.wrap(score, higher_is="better", feature_names=names)
    cutoff = float(np.quantile(score(rows), 0.4))
    sex = np.where(rng.random(people) < 0.5, "F", "M")
    return Scene(rows, good, {"race": np.where(group, "B", "W"), "sex": sex}, incumbent, cutoff)


@pytest.fixture(scope="session")
def scene():
    """Return the maker of people."""
    return made_scene


@pytest.fixture(scope="session")
def there():
    """Return people among whom an alternative exists."""
    return made_scene()


@pytest.fixture(scope="session")
def found(there):
    return there.search(trials=14)
