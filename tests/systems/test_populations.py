"""Simulated people: the same whatever the workers, with a truth that is exact."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fairaudit.errors import SchemaError
from fairaudit.systems.point_system import PointSystem
from fairaudit.systems.populations import simulating, streams
from fairaudit.systems.populations.simulating import simulate, write_people
from fairaudit.systems.populations.world import World

KNOBS = {
    "behavior_difference": 0.5, "detection_gap": 0.3, "false_accusation": 0.05, "misattribution": 0.2,
    "reporting_gap": 0.4, "linkage_error": 0.3, "network": 0.5, "coverage_gap": 0.3, "feedback": 2.0,
}  # fmt: skip
MIXED = World(behavior_difference=0.5, detection_gap=0.3, false_accusation=0.05, misattribution=0.2)


@pytest.fixture(scope="module")
def suining():
    return PointSystem.load("suining")


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of 500 people, so that a few thousand are many blocks."""
    monkeypatch.setattr(simulating, "BLOCK", 500)


@pytest.fixture(scope="module")
def mixed(suining):
    return simulate(suining, 8_000, world=MIXED, seed=3)


# Streams


def test_a_stream_is_its_seed_mechanism_year_and_block():
    def first(*where):
        return tuple(streams.uniforms(*where, (4,)))

    places = [(1, "a", 0, 0), (2, "a", 0, 0), (1, "b", 0, 0), (1, "a", 1, 0), (1, "a", 0, 1)]
    assert len({first(*place) for place in places}) == len(places)
    assert first(*places[0]) == first(*places[0])


def test_streams_are_those_of_numpys_own_generator_started_there():
    # numpy's documentation of Philox: advance(2**192) is one more in the last of the four words of the counter
    name = int.from_bytes(__import__("hashlib").sha256(b"age").digest()[:8], "little")
    bits = np.random.Philox(key=np.array([5, name], dtype=np.uint64), counter=np.zeros(4, dtype=np.uint64))
    bits.advance(3 * 2**192)
    assert np.random.Generator(bits).random(5).tolist() == streams.uniforms(5, "age", 0, 3, (5,)).tolist()


def test_more_people_begin_with_the_fewer(suining, small_blocks):
    fewer, more = (simulate(suining, people, world=MIXED, seed=1).people for people in (1_000, 1_700))
    pd.testing.assert_frame_equal(fewer, more.head(1_000))


# The file


def test_the_file_is_the_same_whatever_the_workers_and_holds_the_simulated_people(suining, small_blocks, tmp_path):
    paths = [tmp_path / f"{workers}.parquet" for workers in (1, 3)]
    written = []
    truths = [
        write_people(suining, 2_300, path, world=MIXED, seed=9, workers=workers,
                     progress=lambda done, of: written.append((done, of)))
        for path, workers in zip(paths, (1, 3), strict=True)
    ]  # fmt: skip
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert truths[0].sums == truths[1].sums
    assert written[:5] == [(done, 2_300) for done in (500, 1_000, 1_500, 2_000, 2_300)]
    file = pq.ParquetFile(paths[0])
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [500] * 4 + [300]
    made = simulate(suining, 2_300, world=MIXED, seed=9)
    read = file.read().to_pandas()
    for column in read.columns:
        assert read[column].tolist() == made.people[column].tolist(), column
    assert truths[0].sums == made.truth.sums
    about = json.loads(file.schema_arrow.metadata[b"fairaudit"])
    assert about["stamp"].startswith("Simulation")
    assert (about["seed"], about["world"]["detection_gap"], about["system"]) == (9, 0.3, "suining")


def test_no_half_file_is_left_and_the_old_one_stays(suining, small_blocks, tmp_path):
    target = tmp_path / "people.parquet"
    target.write_text("old")

    def stop(done, _):
        if done == 1_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_people(suining, 2_000, target, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["people.parquet"]
    assert target.read_text() == "old"
    with pytest.raises(SchemaError, match="is not a plain file"):
        write_people(suining, 10, tmp_path)


# The truth


def test_without_mechanisms_everybody_is_scored_equally(suining):
    made = simulate(suining, 2_000, seed=4).people
    assert made["score"].tolist() == made["score_equal"].tolist()
    assert not [name for name in made if name.startswith("score_without")]


@pytest.mark.parametrize("mechanism", MIXED.active)
def test_one_mechanism_alone_is_the_whole_difference(suining, mechanism):
    world = World(**{mechanism: KNOBS[mechanism]})
    people = simulate(suining, 4_000, world=world, seed=5).people
    assert people[f"score_without_{mechanism}"].tolist() == people["score_equal"].tolist()
    rural = people["registration"] == "rural"
    moved = people["score"] != people["score_equal"]
    assert moved[rural].any()
    # only wrong blame touches others: what they did is put on somebody else
    assert moved[~rural].any() == (mechanism == "misattribution")
    change = people["score"] - people["score_equal"]
    assert change[rural].mean() < 0
    if mechanism == "misattribution":
        assert (change[~rural] >= 0).all()


def test_acts_change_with_behavior_alone(suining):
    plain = simulate(suining, 4_000, seed=6).people
    seen = simulate(suining, 4_000, world=World(detection_gap=0.3, misattribution=0.2), seed=6).people
    assert seen["acts"].tolist() == plain["acts"].tolist()
    acting = simulate(suining, 4_000, world=World(behavior_difference=1.0), seed=6).people
    rural = plain["registration"] == "rural"
    assert acting["acts"][~rural].tolist() == plain["acts"][~rural].tolist()
    # twice the rate: within five standard errors of twice the acts, of which there are about 0.24 a year
    before, after = plain["acts"][rural].sum(), acting["acts"][rural].sum()
    assert abs(after - 2 * before) < 5 * np.sqrt(after + 4 * before)


def test_the_truth_is_the_mean_over_the_people_themselves(mixed):
    people, truth = mixed.people, mixed.truth.to_frame().set_index(["attribute", "level", "mechanism"])
    for mechanism in (*MIXED.active, "all"):
        other = "score_equal" if mechanism == "all" else f"score_without_{mechanism}"
        change = people["score"] - people[other]
        for level, here in change.groupby(people["registration"]):
            row = truth.loc["registration", level, mechanism]
            assert row["effect_on_mean_score"] == pytest.approx(here.mean(), abs=1e-12)
            assert row["people"] == len(here)


def test_the_worst_band_is_counted_by_group(suining):
    harsh = World(false_accusation=0.9, years=6)
    made = simulate(suining, 2_000, world=harsh, seed=2)
    truth = made.truth.to_frame().set_index(["attribute", "level", "mechanism"])
    lowest = made.people["band"] == "D"
    before = made.people["score_equal"] < 600
    rural = made.people["registration"] == "rural"
    row = truth.loc["registration", "rural", "false_accusation"]
    assert row["share_in_worst_band"] == lowest[rural].mean() > 0
    assert row["effect_on_share_in_worst_band"] == pytest.approx(lowest[rural].mean() - before[rural].mean())
    bands = made.truth.bands_to_frame().query("level == 'rural' and mechanism == 'all'").set_index("band")
    assert bands.index.tolist() == ["D", "C", "B", "A"]
    expected = made.people["band"][rural].value_counts(normalize=True)
    assert bands["share"].to_dict() == pytest.approx({band: expected.get(band, 0.0) for band in "DCBA"})
    assert bands["effect_on_share"].sum() == pytest.approx(0, abs=1e-12)


def test_a_form_without_classes_has_a_truth_of_scores_alone(suining):
    later = PointSystem.load("suining", variant="later")
    truth = simulate(later, 1_000, world=World(detection_gap=0.3), seed=1).truth
    assert "share_in_worst_band" not in truth.to_frame()
    assert len(truth.bands_to_frame()) == 0
    same = simulate(suining, 1_000, world=World(detection_gap=0.3), seed=1).truth
    assert truth.to_frame()["effect_on_mean_score"].tolist() == same.to_frame()["effect_on_mean_score"].tolist()


def test_records_are_what_is_seen_of_acts(suining):
    people = simulate(suining, 20_000, world=World(detection=0.5, detection_gap=0.3), seed=8).people
    rural = people["registration"] == "rural"
    for here, share in ((rural, 0.8), (~rural, 0.5)):
        acts, records = people["acts"][here].sum(), people["records"][here].sum()
        assert abs(records - share * acts) < 5 * np.sqrt(acts * share * (1 - share))
    everything = simulate(suining, 2_000, world=World(detection=1.0), seed=8).people
    assert everything["records"].tolist() == everything["acts"].tolist()


def test_a_system_of_ones_own_is_simulated_with_its_own_rates(club):
    system = club(swap=[("start: {value: 10", "start: {value: 20")])
    world = World(detection=1.0, recognition=0.0, rates={"late": 1.0, "lost": 0.0, "read": 1.0}, years=2)
    people = simulate(system, 50, world=world).people
    assert people["score"].tolist() == [14.0] * 50  # 20 - 3 - 3; what is read is not seen
    with pytest.raises(SchemaError, match=r"no event 'lates'\. Did you mean 'late'"):
        simulate(system, 5, world=World(rates={"lates": 0.1}))


# Mistakes


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"group": ("race", "x")}, "no attribute 'race'. Attributes: sex, ethnicity"),
        ({"group": ("sex", "femal")}, "no level 'femal'. Did you mean 'female'?"),
        ({"detection_gap": 0.7}, "detection_gap is 0.7; it goes from -0.4 to 0.6."),
        ({"misattribution": 1.5}, "misattribution is 1.5; it goes from 0 to 1."),
        ({"behavior_difference": -2.0}, "behavior_difference is -2.0; it goes from -1 on."),
        ({"coverage": 0.5, "coverage_gap": 0.7}, "coverage_gap is 0.7; it goes from -0.5 to 0.5."),
        ({"reporting_gap": -0.1}, "reporting_gap is -0.1; it goes from 0 to 1."),
        ({"feedback": -2}, "feedback is -2; it goes from -1 on."),
        ({"appeal": 2}, "appeal is 2; it goes from 0 to 1."),
        ({"years": 0}, "years is 0"),
        ({"rates": {"x": 2}}, "the rate of 'x' is 2"),
        ({"false_accusation": float("nan")}, "false_accusation is nan"),
    ],
)
def test_a_knob_out_of_its_range_is_named(knobs, words):
    with pytest.raises(SchemaError) as raised:
        World(**knobs)
    assert words in str(raised.value)


def test_what_cannot_be_simulated_is_said(suining):
    with pytest.raises(SchemaError, match="'suining' counts events and has no files"):
        simulate(suining, 10, world=World(thin_files=0.5))
    with pytest.raises(SchemaError, match="people is 0"):
        simulate(suining, 0)
    with pytest.raises(SchemaError, match="seed is -1"):
        simulate(suining, 10, seed=-1)
    with pytest.raises(SchemaError, match=r"The rate of 'bribe', 0\.9, would be 1\.8 in the group"):
        simulate(suining, 10, world=World(behavior_difference=1.0, rates={"bribe": 0.9}))
    with pytest.raises(SchemaError, match="workers is 0"):
        write_people(suining, 10, "people.parquet", workers=0)
