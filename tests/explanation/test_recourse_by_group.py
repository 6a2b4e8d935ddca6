"""The recourse gap: who is counted where, and which interval stands beside it."""

import json

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.errors import FairauditError, LevelNotFoundError, ProhibitedBasisError
from fairaudit.explanation.recourse_milp import Program
from fairaudit.inference.contrast import compare
from fairaudit.inference.medians import median_difference, median_interval
from fairaudit.inference.proportion import rate_interval

DRAW = np.random.default_rng(5)
N = 160
ROWS = pd.DataFrame(
    {
        "years": DRAW.integers(0, 10, N),
        "debts": DRAW.integers(0, 12, N),
        "home": DRAW.choice(["north", "south", None], N, p=[0.5, 0.45, 0.05]),
    }
)
PAID = np.where(ROWS["years"] - 0.8 * ROWS["debts"] + DRAW.normal(0, 2, N) > 0, 1, 0)
CARD = fa.Scorecard(good=1).fit(ROWS[["years", "debts"]], PAID)
ACTIONS = {"years": {"change": "up", "step": 1, "between": [0, 9], "cost": 1}}
SCORES = CARD.points(ROWS[["years", "debts"]])
CUTOFF = float(np.quantile(SCORES, 0.85))


@pytest.fixture(scope="module")
def gap():
    return fa.recourse_gap(CARD, ROWS, "home", actions=ACTIONS, cutoff=CUTOFF, reference="north", sample_rows=None)


def by_hand(row):
    """The least years more that reach the cut-off, infinite where none do."""
    tried = pd.DataFrame({"years": range(int(row["years"]), 10), "debts": row["debts"]})
    reached = np.flatnonzero(CARD.points(tried) >= CUTOFF)
    return float(reached[0]) if len(reached) else np.inf


def test_counts_and_intervals_are_those_of_everybody_worked_out_alone(gap):
    costs = {}
    for one in gap.groups:
        mine = ROWS["home"].isna() if one.group == "(missing)" else ROWS["home"] == one.group
        cost = ROWS[mine & (SCORES < CUTOFF)].apply(by_hand, axis=1)
        costs[one.group] = cost[np.isfinite(cost)]
        assert (one.people, one.declined, one.drawn) == (mine.sum(), len(cost), len(cost))
        assert (one.without, one.with_recourse) == (np.isinf(cost).sum(), np.isfinite(cost).sum())
        assert one.median_cost.value == np.median(costs[one.group])
        low, high, _ = rate_interval(one.without, len(cost))
        assert (one.share_without.low, one.share_without.high) == (low, high)
    assert [one.group for one in gap.groups] == ["north", "south", "(missing)"]
    north, south, _ = gap.groups
    assert 0 < north.without < north.drawn
    (contrast,) = gap.contrasts
    shares = compare(
        south.without, south.declined, north.without, north.declined, how="difference"
    )  # fmt: skip
    assert (contrast.share_without.value, contrast.share_without.p) == (shares.value, shares.p)
    made = median_difference(costs["south"], costs["north"])
    assert (contrast.median_cost.low, contrast.median_cost.high) == (made.low, made.high)
    assert median_interval(costs["south"]).low == south.median_cost.low
    assert gap.exact


def test_a_sample_is_drawn_by_seed_and_counted():
    options = {"actions": ACTIONS, "cutoff": CUTOFF, "reference": "north", "sample_rows": 20}
    some = fa.recourse_gap(CARD, ROWS, "home", **options)
    assert [min(one.declined, 20) for one in some.groups] == [one.drawn for one in some.groups]
    assert "20 of them drawn" in str(some)
    assert fa.recourse_gap(CARD, ROWS, "home", **options) == some


def test_who_breaks_a_rule_is_set_aside_and_counted(gap):
    actions = {"features": ACTIONS, "rules": ["years <= debts + 1"]}
    some = fa.recourse_gap(CARD, ROWS, "home", actions=actions, cutoff=CUTOFF, reference="north", sample_rows=None)
    for one, whole in zip(some.groups, gap.groups, strict=True):
        assert one.with_recourse + one.without + one.out_of_time + one.set_aside == one.drawn == whole.drawn
        assert one.without >= whole.without - one.set_aside
    mine = (ROWS["home"] == "north") & (SCORES < CUTOFF) & (ROWS["years"] > ROWS["debts"] + 1)
    assert some.groups[0].set_aside == mine.sum() > 0
    assert "whose own row breaks a rule" in str(some)


def test_who_ran_out_of_time_is_in_no_share(monkeypatch):
    from dataclasses import replace

    solve = Program.cheapest

    def slow(self, cuts, limit):
        return replace(solve(self, cuts, limit), status="limit", chosen=None)

    monkeypatch.setattr(Program, "cheapest", slow)
    monkeypatch.setattr("fairaudit.explanation.seeking_recourse.search", lambda *given: None)
    some = fa.recourse_gap(CARD, ROWS, "home", actions=ACTIONS, cutoff=CUTOFF, reference="north", sample_rows=5)
    assert [(one.out_of_time, one.without, one.share_without.value) for one in some.groups[:2]] == [(5, 0, None)] * 2
    assert "out of time" in str(some)
    assert "undefined, because" in str(some)


def test_a_searched_score_says_that_it_was(gap):
    scorer = fa.wrap(lambda rows: CARD.points(rows), higher_is="better", feature_names=["years", "debts"])
    some = fa.recourse_gap(scorer, ROWS, "home", actions=ACTIONS, cutoff=CUTOFF, reference="north", sample_rows=10)
    assert not some.exact
    assert "without recourse found" in str(some)
    assert some.groups[0].not_proven == some.groups[0].with_recourse


def test_the_record_is_plain_data_a_frame_and_a_page(gap):
    plain = json.loads(json.dumps(gap.to_dict(), allow_nan=False))
    assert plain["from"] == "rows"
    frame = gap.to_frame()
    assert frame["share_without_gap"].isna().tolist() == [True, False, True]
    assert frame.loc[1, "share_without"] == gap.groups[1].share_without.value
    assert "south less north" in gap._repr_html_()


def test_nobody_declined_is_said():
    some = fa.recourse_gap(CARD, ROWS, "home", actions=ACTIONS, cutoff=0.0, reference="north")
    assert [one.declined for one in some.groups] == [0, 0, 0]
    assert "undefined, because nobody is left to count" in str(some)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"reference": "nroth"}, LevelNotFoundError, "Did you mean 'north'"),
        ({"attribute": "hom"}, FairauditError, "Did you mean 'home'"),
        ({"attribute": ["a"]}, FairauditError, "1 groups for 160 rows"),
        ({"attribute": "years", "reference": 3}, ProhibitedBasisError, "'years'"),
        ({"sample_rows": 0}, FairauditError, "from 1 on"),
        ({"confidence": 95}, FairauditError, "confidence"),
    ],
)
def test_what_is_refused(options, error, words):
    given = {"attribute": "home", "actions": ACTIONS, "cutoff": CUTOFF, "reference": "north"} | options
    with pytest.raises(error, match=words):
        fa.recourse_gap(CARD, ROWS, given.pop("attribute"), **given)
