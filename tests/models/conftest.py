"""People to train on: numbers and categories, some missing, two outcomes."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def people():
    rng = np.random.default_rng(4)
    n = 600
    income, debt = rng.normal(50, 15, n), rng.choice(["low", "some", "high"], n)
    odds = 0.06 * (income - 50) - 1.2 * (debt == "high") + 0.8
    table = pd.DataFrame({"income": income, "debt": debt, "race": rng.choice(["A", "B"], n)})
    table.loc[::17, "income"] = np.nan
    table["debt"] = table["debt"].where(np.arange(n) % 23 != 0, None)
    return table, np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "paid", "default")


@pytest.fixture(scope="session")
def coded(people):
    """The same people with categories as pandas has them, which boosters take."""
    table, outcome = people
    rows = table[["income", "debt"]].assign(debt=pd.Categorical(table["debt"]))
    return rows, (outcome == "paid").astype(int)
