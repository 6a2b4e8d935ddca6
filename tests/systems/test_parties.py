"""Parties of the national plan: only officials, doctors and businesses do what it was built against."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats

from fairaudit.errors import SchemaError, SystemFileError
from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations import simulating
from fairaudit.systems.populations.simulating import simulate, write_people
from fairaudit.systems.populations.world import World

# docs/systems.md: who can do what the account says that the plan was meant to reach
DOERS = {
    "corruption": {"official"}, "poisoned-food": {"business"}, "medical-scam": {"doctor", "business"},
    "doctor-bribed": {"doctor"}, "exploited-labour": {"business"},
}  # fmt: skip
SHARES = {"ordinary": 0.90, "official": 0.03, "doctor": 0.01, "business": 0.06}
ANYTHING, NOTHING = "(anything that makes the score worse)", "(nothing that makes the score worse)"
WRONG = {"misattribution": 0.4, "false_accusation": 0.3, "linkage_error": 0.4}


@pytest.fixture(scope="module")
def parties():
    return PointSystem.load("national", variant="parties")


@pytest.fixture(scope="module")
def made(parties):
    hidden = dict.fromkeys(DOERS, 0.05)
    return simulate(parties, 40_000, world=World(years=4, seen=hidden), seed=1)


@pytest.fixture(scope="module")
def table(made):
    return made.truth.reach_to_frame().set_index(["event", "role"])


def test_roles_are_held_by_their_shares_and_by_all_groups_alike(made):
    role = made.people["role"]
    for name, share in SHARES.items():
        spread = 5 * np.sqrt(share * (1 - share) / len(role))
        assert abs((role == name).mean() - share) < spread, name
    counts = pd.crosstab(role, made.people["registration"])
    assert stats.chi2_contingency(counts).pvalue > 1e-4


def test_only_their_holders_do_what_the_plan_was_built_against(table):
    for event, roles in DOERS.items():
        assert set(table.loc[event].index) == roles
        assert (table.loc[event]["people_who_did"] > 0).all()
    for event in ("littered", "court-defaulter"):
        assert set(table.loc[event].index) == set(SHARES)


def test_wrong_records_put_on_somebody_only_what_they_could_have_done(parties):
    table = simulate(parties, 8_000, world=World(years=4, **WRONG), seed=3).truth.reach_to_frame()
    for event, roles in DOERS.items():
        here = table[table["event"] == event]
        assert set(here["role"]) == roles
        assert here["on_record_without"].sum() > 0
    # wrong blame and wrong links take an act off who did it
    assert (table["share_of_acts_on_record"] < table["share_of_acts_seen"])[table["acts"] > 500].all()


def test_acts_are_seen_by_the_share_of_their_event_and_all_acts_add_up(made, table):
    for (event, _), row in table.iterrows():
        share = 0.05 if event in DOERS else 0.4
        if event not in (ANYTHING, NOTHING):
            assert abs(row["share_of_acts_seen"] - share) < 5 * np.sqrt(share * (1 - share) / row["acts"])
            assert row["share_of_acts_on_record"] == row["share_of_acts_seen"]  # nothing is lost or put on others here
    assert table.loc[ANYTHING]["acts"].sum() == made.people["acts"].sum()
    assert table.drop(index=[ANYTHING, NOTHING], level="event")["acts"].sum() == made.people["acts"].sum()
    for role, here in made.people.groupby("role"):
        assert table.loc[(ANYTHING, role), "people_who_did"] == (here["acts"] > 0).sum()
        assert table.loc[(NOTHING, role), "people_who_did"] == (here["acts"] == 0).sum()
        low = (here["band"] == "low")[here["acts"] > 0]
        assert table.loc[(ANYTHING, role), "share_in_worst_band"] == low.mean()


def test_each_party_is_held_against_ordinary_people_with_intervals(table):
    ordinary, corrupt = table.loc[(ANYTHING, "ordinary")], table.loc[("corruption", "official")]
    difference = corrupt["share_in_worst_band"] - ordinary["share_in_worst_band"]
    assert corrupt["in_worst_band_less_ordinary"] == pytest.approx(difference)
    assert corrupt["in_worst_band_less_ordinary_low"] < difference < corrupt["in_worst_band_less_ordinary_high"]
    assert np.isnan(ordinary["in_worst_band_less_ordinary"])
    # Wilson's interval, as scipy has it, where there are many on both sides
    debts = table.loc[("court-defaulter", "ordinary")]
    seen = round(debts["share_of_acts_seen"] * debts["acts"])
    wilson = stats.binomtest(seen, int(debts["acts"])).proportion_ci(method="wilson")
    assert (debts["share_of_acts_seen_low"], debts["share_of_acts_seen_high"]) == pytest.approx(
        (wilson.low, wilson.high)
    )


def test_where_nothing_is_hidden_the_corrupt_are_reached(parties):
    table = simulate(parties, 20_000, world=World(years=3, detection=1.0), seed=2).truth.reach_to_frame()
    table = table.set_index(["event", "role"])
    # corruption costs 300 points of 1,000, and the lowest band is below 900
    assert table.loc[("corruption", "official"), "share_in_worst_band"] == 1
    assert table.loc[("corruption", "official"), "in_worst_band_less_ordinary_low"] > 0.4


def test_the_truth_and_the_file_have_the_roles_and_the_file_is_the_same_whatever_the_workers(
    parties, monkeypatch, tmp_path
):
    monkeypatch.setattr(simulating, "BLOCK", 500)
    paths, world = [tmp_path / f"{workers}.parquet" for workers in (1, 2)], World(feedback=0.5, **WRONG)
    truths = [
        write_people(parties, 1_300, path, world=world, seed=4, workers=workers)
        for workers, path in zip((1, 2), paths, strict=True)
    ]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    people = pq.read_table(paths[0]).to_pandas()
    assert people["role"].tolist() == simulate(parties, 1_300, world=world, seed=4).people["role"].tolist()
    pd.testing.assert_frame_equal(truths[0].reach_to_frame(), truths[1].reach_to_frame())
    truth = truths[0].to_frame().set_index(["attribute", "level", "mechanism"])
    for role, here in people.groupby("role", observed=True):
        row = truth.loc[("role", role, "all")]
        assert row["people"] == len(here)
        assert row["effect_on_mean_score"] == pytest.approx((here["score"] - here["score_equal"]).mean())


def test_mistakes_about_roles_are_said(club, parties):
    roles = "roles:\n  - {id: keeper, says: keeps books, share: 0.7, tag: stylised}\n"
    late = "{id: late, says: was late, points: -3,"
    with pytest.raises(SystemFileError, match=r"there is no role 'keper'\. Did you mean 'keeper'"):
        club(swap=[("events:\n", roles + "events:\n"), (late, late + " by: [keper],")])
    two = roles + "  - {id: member, says: reads, share: 0.4, tag: stylised}\n"
    with pytest.raises(SystemFileError, match=r"the share of 'member' is 0\.4; shares are above 0, and at most 1"):
        club(swap=[("events:\n", two + "events:\n")])
    with pytest.raises(SystemFileError, match="'ordinary' is who holds no role"):
        club(swap=[("events:\n", roles.replace("keeper", "ordinary") + "events:\n")])
    with pytest.raises(SchemaError, match=r"seen: 'national' has no event 'corrupt'\. Did you mean 'corruption'"):
        simulate(parties, 10, world=World(seen={"corrupt": 0.1}))
    with pytest.raises(SchemaError, match="the share of 'corruption' that is seen is 2; it goes from 0 to 1"):
        World(seen={"corruption": 2})
