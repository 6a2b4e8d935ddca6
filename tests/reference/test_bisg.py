"""The CFPB's published BISG posteriors of 50 invented people, used as given memberships.

Source: github.com/cfpb/proxy-methodology (CC0), test_output/test_proxied_final.csv, commit 22056bdc52cf, columns
pr_*; the decisions are ours. Expected numbers are the sums of the formula, from the rows.
"""

from pathlib import Path

import pandas as pd
import pytest

import fairaudit as fa

LEVELS = ["white", "black", "hispanic", "api", "aian", "mult_other"]


@pytest.fixture(scope="module")
def rows():
    made = pd.read_csv(Path(__file__).with_name("cfpb_bisg_posteriors.csv"))
    made["approved"] = (made["rownum"] * 7 % 5 < 3).astype(int)
    return made


@pytest.fixture(scope="module")
def made(rows):
    return fa.audit(
        rows, decision="approved", favorable=1, reference={"race": "white"},
        memberships={"race": {level: f"pr_{level}" for level in LEVELS}},
    )  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
def test_the_weighted_rate_is_the_formula(rows, made, level):
    known = rows[f"pr_{level}"].notna()
    m, y = rows.loc[known, f"pr_{level}"], rows.loc[known, "approved"]
    record = next(r for r in made.result.rates if r.group == level and r.metric == "selection_rate")
    assert record.value == pytest.approx((m * y).sum() / m.sum(), abs=2e-5)
    effective = next(r for r in made.result.measurements if r.group == level and r.metric == "effective_people")
    p = (m * y).sum() / m.sum()
    v = (m**2 * (y - p) ** 2).sum() / m.sum() ** 2
    assert effective.value == pytest.approx(p * (1 - p) / v, rel=1e-3)


def test_thresholds_and_the_largest_membership_are_those_of_the_rows(rows, made):
    found = {
        (r.group, r.detail): (r.value, r.n)
        for r in made.result.measurements
        if r.metric == "thresholded_selection_rate"
    }
    table = rows[[f"pr_{level}" for level in LEVELS]]
    known = table.notna().all(axis=1)
    largest = table[known].to_numpy().argmax(axis=1)
    for place, level in enumerate(LEVELS):
        for edge in (0.5, 0.8):
            chosen = rows.loc[rows[f"pr_{level}"] >= edge, "approved"]
            value, n = found[level, f"membership of at least {edge:g}"]
            assert n == len(chosen)
            assert value is None if not n else value == pytest.approx(chosen.mean())
        assert found[level, "largest membership"][1] == int((largest == place).sum())


def test_everybody_is_shared_out_once(rows, made):
    rates = [r for r in made.result.rates if r.metric == "selection_rate" and r.group in LEVELS]
    total = rows[[f"pr_{level}" for level in LEVELS]].to_numpy().sum()
    assert sum(r.den for r in rates) == pytest.approx(total, abs=1e-4)


def test_the_bounds_hold_the_weighted_rate(made):
    rates = {r.group: r.value for r in made.result.rates if r.metric == "selection_rate" and r.group in LEVELS}
    for record in made.result.measurements:
        if record.metric == "proxy_selection_rate_bounds":
            assert record.low - 1e-9 <= rates[record.group] <= record.high + 1e-9
