"""Every mechanism in every kind of system: what it moves, whom, and what it leaves as it is."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fairaudit.errors import SchemaError
from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations import people as circumstances
from fairaudit.systems.populations import simulating
from fairaudit.systems.populations.simulating import simulate, write_people
from fairaudit.systems.populations.world import MECHANISMS, World

YEARS = 6
STRENGTHS = {"behavior_difference": 1.0, "feedback": 3.0, "misattribution": 0.3}
KINDS = {"events": "national", "files": "schufa", "ratings": "peer"}


def made(kind, people=6_000, seed=1, years=YEARS, **knobs):
    return simulate(PointSystem.load(KINDS[kind]), people, world=World(years=years, **knobs), seed=seed)


def group(people):
    return people["registration"] == "rural"


def with_(mechanism):
    """Return the knobs of a world in which a mechanism is on, with what it needs to have something to work on."""
    needs = {"appeal": {"misattribution": 0.3}, "reporting_gap": {"reporting": 0.1}, "coverage_gap": {"coverage": 0.9}}
    return {mechanism: STRENGTHS.get(mechanism, 0.4), **needs.get(mechanism, {})}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_moves_scores_and_without_it_they_are_those_of_a_world_without_it(kind, mechanism):
    if (kind, mechanism) == ("events", "thin_files"):
        with pytest.raises(SchemaError, match="has no files"):
            made(kind, **with_(mechanism))
        return
    knobs = with_(mechanism)
    people = made(kind, people=2_500, **knobs).people
    other = made(kind, people=2_500, **{name: value for name, value in knobs.items() if name != mechanism}).people
    pd.testing.assert_series_equal(people[f"score_without_{mechanism}"], other["score"], check_names=False)
    assert not people["score"].equals(other["score"])
    everybody = mechanism in ("appeal", "network", "feedback", "misattribution")
    if not everybody and kind != "ratings":  # ratings of the group reach their friends' scores
        changed = ~(people["score"].eq(other["score"]) | (people["score"].isna() & other["score"].isna()))
        # a relative's file goes into nobody else's here: families are of one registration, and schufa has no ties
        assert not changed[~group(people)].any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mechanism", ["detection_gap", "reporting_gap", "false_accusation", "behavior_difference"])
def test_what_goes_against_a_group_lowers_its_scores(kind, mechanism):
    truth = made(kind, **with_(mechanism)).truth.to_frame().set_index(["attribute", "level", "mechanism"])
    assert truth.loc[("registration", "rural", mechanism), "effect_on_mean_score"] < 0


@pytest.mark.parametrize("kind", KINDS)
def test_an_appeal_raises_the_scores_that_wrong_records_lowered(kind):
    truth = made(kind, misattribution=0.3, appeal=0.5).truth.to_frame().set_index(["level", "mechanism"])
    assert truth.loc[("rural", "appeal"), "effect_on_mean_score"] > 0
    if kind != "ratings":  # there the scores of the group are among those of its friends and raters
        assert truth.loc[("urban", "appeal"), "effect_on_mean_score"] == 0


def test_every_wrong_record_is_struck_where_every_appeal_succeeds():
    accused = made("events", false_accusation=0.5, appeal=1.0).people
    assert accused["score"].tolist() == accused["score_equal"].tolist()


def test_neighbours_report_a_share_of_what_nobody_saw():
    people = made("events", people=20_000, detection=0.5, reporting=0.2, reporting_gap=0.3).people
    for here, share in ((group(people), 0.5 + 0.5 * 0.5), (~group(people), 0.5 + 0.5 * 0.2)):
        acts, records = people["acts"][here].sum(), people["records"][here].sum()
        assert abs(records - share * acts) < 5 * np.sqrt(acts * share * (1 - share))


def test_a_linkage_error_loses_no_record_and_leaves_others_as_they_are():
    plain, linked = made("events").people, made("events", linkage_error=0.5).people
    rural = group(plain)
    assert linked["records"][rural].sum() == plain["records"][rural].sum()
    assert linked["records"][~rural].tolist() == plain["records"][~rural].tolist()
    assert (linked["records"] != plain["records"])[rural].mean() > 0.1


def test_records_fall_on_relatives_of_the_same_family_alone():
    plain, tied = made("events").people, made("events", network=1.0).people
    more = (tied["records"] - plain["records"]).groupby(plain["family"]).sum()
    before = plain.groupby("family").agg(records=("records", "sum"), people=("person", "size"))
    # each record counts once more in the family, and in a family of one against nobody
    assert more.tolist() == np.where(before["people"] > 1, before["records"], 0).tolist()


def test_coverage_is_a_share_of_people_and_a_gap_of_the_group():
    for kind in ("events", "files"):
        people = made(kind, people=20_000, coverage=0.8, coverage_gap=0.3).people
        scored = people["score"].notna()
        for here, share in ((group(people), 0.5), (~group(people), 0.8)):
            n = here.sum()
            assert abs(scored[here].mean() - share) < 5 * np.sqrt(share * (1 - share) / n)
        assert set(people["band"][~scored]) == {"not covered"}


def test_truth_tells_who_has_a_score():
    truth = made("events", coverage_gap=0.4)
    row = truth.truth.to_frame().set_index(["level", "mechanism"]).loc[("rural", "coverage_gap")]
    rural = truth.people[group(truth.people)]
    assert row["share_with_score"] == rural["score"].notna().mean()
    assert row["effect_on_share_with_score"] == pytest.approx(row["share_with_score"] - 1)
    assert row["mean_score"] == pytest.approx(rural["score"].mean())
    assert row["effect_on_mean_score"] == pytest.approx(rural["score"].mean() - rural["score_equal"].mean())


def test_a_file_without_history_has_no_score_and_the_shares_are_those_of_the_account():
    people = simulate(PointSystem.load("fico"), 20_000, seed=2).people
    tiers = people["band"].value_counts(normalize=True)
    # the account: of 1,300 million people 500 million have no data, and 320 million a credit history
    assert tiers["no data"] == pytest.approx(500 / 1300, abs=0.02)
    assert tiers["data without a credit history"] == pytest.approx(480 / 1300, abs=0.02)
    assert people["score"].isna().mean() == pytest.approx(1 - 320 / 1300, abs=0.02)
    assert people["score"].dropna().between(300, 850).all()
    urban, rural = (people[people["registration"] == level]["score"].notna().mean() for level in ("urban", "rural"))
    assert urban > rural


def test_the_inputs_in_the_file_give_the_score_that_stands_beside_them():
    for name in ("fico", "schufa", "sesame", "peer"):
        system = PointSystem.load(name)
        people = simulate(system, 1_000, seed=3).people
        here = people["score"].notna()
        assert system.score(people[here]).tolist() == people["score"][here].tolist()
        assert np.isnan(system.score(people[~here])).all()


def ranked(people):
    """Return how often somebody of a good outcome has the higher score: Mann and Whitney's U by ranks."""
    people = people.dropna(subset="score")
    good = people["outcome"] == "good"
    ranks = people["score"].rank()
    n, m = good.sum(), (~good).sum()
    return (ranks[good].sum() - n * (n + 1) / 2) / (n * m)


def test_thin_files_cost_accuracy_of_the_group_alone():
    plain, thin = made("files", people=12_000).people, made("files", people=12_000, thin_files=0.8).people
    assert ranked(thin[group(thin)]) < ranked(plain[group(plain)]) - 0.05
    assert ranked(thin[~group(thin)]) == ranked(plain[~group(plain)])


def test_labels_move_no_score_and_make_good_outcomes_of_the_group_bad():
    plain, people = made("events").people, made("events", labels=0.3).people
    assert people["score"].tolist() == plain["score"].tolist()
    assert people["outcome"].tolist() == plain["outcome"].tolist() == plain["outcome_recorded"].tolist()
    changed = people["outcome"] != people["outcome_recorded"]
    assert set(people["outcome"][changed]) == {"good"}
    assert group(people)[changed].all()
    good = group(people) & (people["outcome"] == "good")
    assert abs(changed[good].mean() - 0.3) < 5 * np.sqrt(0.21 / good.sum())


def test_the_outcome_of_events_is_whether_anything_was_done_seen_or_not():
    people = made("events", detection=0.0).people
    assert (people["records"] == 0).all()
    assert ((people["outcome"] == "bad") == (people["acts"] > 0)).all()


def test_feedback_is_more_acts_of_those_who_were_in_the_worst_band():
    plain, strained = made("events").people, made("events", feedback=3.0).people
    never = strained["years_in_worst_band"] == 0
    assert strained["acts"][never].tolist() == plain["acts"][never].tolist()
    assert strained["acts"][~never].sum() > plain["acts"][~never].sum()


LOOP = {"detection_gap": 0.4, "feedback": 1.5}


@pytest.mark.parametrize("kind", KINDS)
def test_without_feedback_nobody_earns_otherwise_and_no_column_says_so(kind):
    off, on = made(kind, people=1_500, detection_gap=0.4), made(kind, people=1_500, **LOOP)
    assert on.people["income"].tolist() == off.people["income"].tolist()
    assert not [name for name in off.people if name.startswith("income_")]
    assert "mean_income" not in off.truth.to_frame()
    assert on.people["score_without_feedback"].equals(off.people["score"])


def test_what_is_refused_at_the_end_of_a_year_lowers_the_next_years_income_by_its_severity():
    # national: travel abroad is refused to the band low (severity 4), trains to it and to defaulters (3), flights to
    # defaulters (4); the best schools fall on the children, hotels are no livelihood. 5% a grade: docs/systems.md
    years = 4
    before = made("events", years=years - 1, **LOOP).people
    after = made("events", years=years, **LOOP).people
    grades = (
        4 * before["consequence_no-travel-abroad"]
        + 3 * before["consequence_no-soft-sleeper"]
        + 4 * before["consequence_defaulters-no-flights"]
    )
    assert set(grades) == {0, 7, 11}
    expected = np.rint(after["income"] * np.exp(-0.05 * 1.5 * grades))
    assert after["income_last_year"].tolist() == expected.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_the_truth_has_the_incomes_of_the_people_themselves_by_group(kind):
    loop = made(kind, people=4_000, **LOOP)
    people, truth = loop.people, loop.truth.to_frame().set_index(["level", "mechanism"])
    for level, here in people.groupby("registration"):
        without = {
            "all": here["income"],
            "feedback": here["income"],
            "detection_gap": here["income_last_year_without_detection_gap"],
        }
        for mechanism, other in without.items():
            row = truth.loc[(level, mechanism)]
            assert row["mean_income"] == here["income_last_year"].mean()
            assert row["effect_on_mean_income"] == pytest.approx((here["income_last_year"] - other).mean())
    assert truth.loc[("rural", "detection_gap"), "effect_on_mean_income"] < 0
    assert truth.loc[("urban", "feedback"), "effect_on_mean_income"] < 0
    if kind != "ratings":  # there the watched are among the friends and raters of everybody
        assert truth.loc[("urban", "detection_gap"), "effect_on_mean_income"] == 0


def test_a_file_shows_the_income_that_the_last_refusal_left(written):
    from .conftest import WEIGHTED

    text = WEIGHTED.replace("best: 30,", "best: 100000,").replace("context: money, severity", "context: work, severity")
    system = PointSystem.load(written(text.replace("contexts: [money]", "contexts: [money, work]")))
    people = simulate(system, 2_000, world=World(years=3, feedback=3.0), seed=1).people
    poorer = people["income_last_year"] < people["income"]
    assert poorer.any()
    assert people["worst_band_year_before"].equals(poorer)
    scored = people[people["score"].notna()]
    shown = scored.assign(income=scored["income_last_year"])
    assert system.score(shown).tolist() == scored["score"].tolist()
    assert (people["score"] <= people["score_without_feedback"])[people["score"].notna()].all()


def test_years_in_the_worst_band_are_those_of_shorter_lives():
    longer = made("events", years=3).people
    shorter = [made("events", years=years).people["band"] == "low" for years in (1, 2, 3)]
    assert longer["years_in_worst_band"].tolist() == np.sum(shorter, axis=0).tolist()
    assert longer["worst_band_year_before"].tolist() == shorter[1].tolist()


def test_consequences_fall_on_bands_and_at_once_on_events():
    system = PointSystem.load("national")
    people = simulate(system, 4_000, world=World(rates={"court-defaulter": 0.3}), seed=2).people
    low = people["band"] == "low"
    assert (people["consequence_no-travel-abroad"] == low).all()
    assert people["consequence_defaulters-no-flights"].sum() > 0
    # by band or by event: all of the low, and everybody on the list
    assert (people["consequence_no-soft-sleeper"] == (low | people["consequence_defaulters-no-flights"])).all()
    alone = World(years=2, rates={event.id: 0.0 for event in system.definition.events} | {"court-defaulter": 1.0})
    seen = simulate(system, 200, world=alone).people
    assert (seen["consequence_defaulters-no-flights"] == (seen["records"] > 0)).all()


def test_popular_people_are_rated_as_popular():
    plain, popular = made("ratings").people, made("ratings", network=0.5).people
    assert popular["score"].std() > plain["score"].std()


def test_families_are_small_and_of_one_place():
    made_ = circumstances.people_of(1, 0, 3_000)
    family = circumstances.families_of(1, 0, made_)
    table = pd.DataFrame({name: made_[name] for name in ("region", "registration", "ethnicity")} | {"family": family})
    assert (table.groupby("family").nunique() == 1).all(axis=None)
    sizes = table["family"].value_counts()
    assert set(sizes) == {1, 2, 3, 4}
    relative = circumstances.relatives_of(family)
    assert (family[relative] == family).all()
    assert ((relative == np.arange(3_000)) == (sizes[family].to_numpy() == 1)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_of_every_kind_is_the_same_whatever_the_workers(kind, monkeypatch, tmp_path):
    monkeypatch.setattr(simulating, "BLOCK", 400)
    system, world = PointSystem.load(KINDS[kind]), World(detection_gap=0.3, network=0.2, coverage_gap=0.1, feedback=1.0)
    paths = [tmp_path / f"{workers}.parquet" for workers in (1, 3)]
    for path, workers in zip(paths, (1, 3), strict=True):
        write_people(system, 1_000, path, world=world, seed=2, workers=workers)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    whole = simulate(system, 1_000, world=world, seed=2).people
    read = pq.read_table(paths[0]).to_pandas()
    for column in read.columns:
        pd.testing.assert_series_equal(
            read[column].astype(object), whole[column].astype(object), check_names=False, check_dtype=False
        )


def test_an_own_file_of_weights_is_simulated_and_an_input_may_be_the_age(written):
    from .conftest import WEIGHTED

    system = PointSystem.load(written(WEIGHTED))
    people = simulate(system, 2_000, seed=1).people
    scored = people["score"].notna()
    assert scored.mean() == pytest.approx(0.9, abs=0.03)
    assert people["score"][scored].between(100, 200).all()
    assert set(people["band"][~scored]) == {"no file"}
    with pytest.raises(SchemaError, match="has an input called 'acts'"):
        simulate(PointSystem.load(written(WEIGHTED.replace("id: debt", "id: acts"))), 10)


# Whom records reach


def reach_of(world, people=5_000, seed=2, variant=None):
    made = simulate(PointSystem.load("national", variant=variant), people, world=world, seed=seed)
    return made, made.truth.reach_to_frame().set_index("event")


def test_who_sees_everything_reaches_everybody_who_did_it_and_nobody_else():
    made, table = reach_of(World(years=3, detection=1.0))
    doers = table.drop(index="(nothing that makes the score worse)")
    assert (doers["share_on_record"] == 1).all()
    assert (table["on_record_without"] == 0).all()
    nothing = table.loc["(nothing that makes the score worse)"]
    assert nothing["people_who_did"] == (made.people["acts"] == 0).sum()
    assert nothing["share_in_worst_band"] == 0
    # Corruption costs 300 points of 1,000, and below 900 is the lowest band: all are in it whose records still count.
    assert doers.loc["corruption", "share_in_worst_band"] == 1


def test_false_accusations_reach_people_who_did_nothing():
    made, table = reach_of(World(years=3, detection=0.0, false_accusation=0.2))
    doers = table.drop(index="(nothing that makes the score worse)")
    nothing = table.loc["(nothing that makes the score worse)"]
    accused = (made.people["acts"] == 0) & (made.people["records"] > 0)
    assert nothing["on_record_without"] == accused.sum() > 100
    innocent = made.people["acts"] == 0
    assert nothing["share_in_worst_band"] == (made.people["band"] == "low")[innocent].mean()
    assert (doers["share_on_record"] < 0.2).all()


def test_the_reach_of_a_file_of_blocks_is_that_of_the_table(tmp_path):
    system, world = PointSystem.load("suining"), World(years=1, misattribution=0.2)
    written = write_people(system, 70_000, tmp_path / "people.parquet", world=world, seed=8, workers=2)
    made = simulate(system, 70_000, world=world, seed=8)
    pd.testing.assert_frame_equal(written.reach_to_frame(), made.truth.reach_to_frame())
    assert simulate(PointSystem.load("peer"), 100).truth.reach_to_frame().empty
