"""What must hold of every interval and contrast, whatever the counts."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairaudit.cube.confusion import Confusion, ScoreTable, Tally
from fairaudit.inference.contrast import compare_many
from fairaudit.inference.of_contrasts import compare_groups
from fairaudit.inference.of_metrics import measure
from fairaudit.metrics import CONTRASTS, METRICS

counts = st.integers(0, 60)
groups = st.lists(st.lists(counts, min_size=4, max_size=4), min_size=2, max_size=2)
bins = st.lists(st.tuples(counts, counts), min_size=2, max_size=6)
RATIOS = ["adverse_impact_ratio", "adverse_outcome_ratio", "selection_odds_ratio", "equal_opportunity_ratio"]
SIGNED = ["selection_rate_difference", "equal_opportunity_difference", "predictive_equality_difference",
          "average_odds_difference", "predictive_parity_difference"]  # fmt: skip


def confusion(cells, times=1):
    table = np.zeros((2, 2, 3))
    table[:, :, :2] = np.asarray(cells, dtype=float).reshape(2, 2, 2) * times
    return Confusion(Tally.of(table))


def compared(name, k, first=0, second=1):
    (made,) = compare_groups(CONTRASTS[name], k[[first]], k[[second]])
    return made


@pytest.mark.parametrize("name", RATIOS)
@given(groups)
@settings(max_examples=30, deadline=None)
def test_swapping_the_groups_inverts_a_ratio_its_interval_and_keeps_its_p(name, cells):
    k = confusion(cells)
    one, two = compared(name, k), compared(name, k, 1, 0)
    assume(one.undefined is None and np.isfinite(one.value) and one.value > 0)
    assert one.value == pytest.approx(1 / two.value)
    assert one.p == pytest.approx(two.p)
    with np.errstate(divide="ignore"):
        assert one.low == pytest.approx(1 / np.float64(two.high), rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("name", SIGNED)
@given(groups)
@settings(max_examples=30, deadline=None)
def test_swapping_the_groups_turns_a_difference_round(name, cells):
    k = confusion(cells)
    one, two = compared(name, k), compared(name, k, 1, 0)
    assume(one.undefined is None)
    assert one.value == pytest.approx(-two.value)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low), abs=1e-6)
    assert one.p == pytest.approx(two.p)


@pytest.mark.parametrize("name", sorted({*RATIOS, *SIGNED, "equalized_odds_difference", "shortfall"}))
@given(groups)
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_its_estimate(name, cells):
    made = compared(name, confusion(cells))
    assume(made.undefined is None)
    assert made.low <= made.value + 1e-9
    assert made.high >= made.value - 1e-9
    assert made.low_one_sided >= made.low - 1e-6
    assert made.high_one_sided <= made.high + 1e-6


@pytest.mark.parametrize("how", ["ratio", "difference", "odds_ratio"])
@given(st.integers(20, 80), st.integers(0, 80), st.integers(20, 80), st.integers(0, 80))
@settings(max_examples=30, deadline=None)
def test_four_times_the_people_in_the_same_shares_give_a_narrower_interval(how, n, a, m, b):
    a, b = min(a, n - 10), min(b, m - 10)
    assume(min(a, b) >= 10)

    def width(times):
        made = compare_many(*(np.array([float(x * times)]) for x in (a, n, b, m)), how=how)
        return float(made.high[0] - made.low[0])

    assert width(4) < width(1)


@given(bins, st.floats(0.1, 50), st.floats(-900, 900))
@settings(max_examples=40, deadline=None)
def test_a_monotone_rescaling_of_the_score_keeps_every_rank_metric(people, scale, shift):
    table = np.zeros((1, len(people), 3))
    table[0, :, :2] = people
    scores = np.arange(len(people), dtype=float)[None]

    def ranked(values):
        s = ScoreTable(Tally.of(table), values, values**2, True)
        return [measure(METRICS[name], s, confidence=0.95, seed=1)
                for name in ("area_under_curve", "gini", "kolmogorov_smirnov")]  # fmt: skip

    for one, two in zip(ranked(scores), ranked(np.exp(scores / 10) * scale + shift), strict=True):
        for mine, theirs in ((one.value, two.value), (one.low, two.low), (one.high, two.high)):
            np.testing.assert_array_equal(mine, theirs)


@given(groups)
@settings(max_examples=30, deadline=None)
def test_a_weight_of_one_changes_no_rate(cells):
    k = confusion(cells)
    weighted = Confusion(Tally(k.table.n, k.table.n.copy(), k.table.n.copy()))
    for item in METRICS.values():
        if item.kind == "rate" and "decision" in item.needs:
            one, two = (measure(item, c, confidence=0.95, seed=1) for c in (k, weighted))
            np.testing.assert_array_equal(one.value, two.value)
            np.testing.assert_array_equal(one.low, two.low)
