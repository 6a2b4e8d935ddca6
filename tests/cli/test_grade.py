"""A course from the command line: a key, a student's sealed file, a claim and its grade."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fairaudit as fa
from fairaudit.cli import main
from fairaudit.systems.populations import sealing
from fairaudit.systems.populations.grading import Claim, grade, parse_claims
from fairaudit.systems.populations.simulating import simulate

KEY = "0f" * 32


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course.key").write_text(KEY)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def hand_out(run, student="ana", out="ana.parquet", key="course.key"):
    return run("simulate", "suining", "--student", student, "--hide", "--key", key, "--out", out)


def truth_of(student, people=10_000, key=KEY):
    exercise = sealing.set_exercise(fa.PointSystem.load("suining"), student, people, 3)
    return exercise, sealing.secret_of(sealing.opening_of(bytes.fromhex(key), exercise))


def who_has(mechanism):
    """Return the first student whose sealed mechanism is this one."""
    return next(name for name in (f"s{i}" for i in range(200)) if truth_of(name)[1].mechanism == mechanism)


def solve(people, neutral):
    """Do what docs/teaching.md teaches, with the student's rows and open simulations alone."""
    blamed = people[(people["acts"] == 0) & (people["records"] > 0)]
    rate, group, mechanism = people["records"].sum() / people["acts"].sum(), None, "none"

    def spread(name, level):
        there = people[name] == level
        acts, records = people["acts"], people["records"]
        more = acts[there].mean() - acts[~there].mean()
        seen = records[there].sum() / acts[there].sum() - records[~there].sum() / acts[~there].sum()
        return (more / np.sqrt(acts.mean() / there.sum() + acts.mean() / (~there).sum()),
                seen / np.sqrt(0.24 / acts[there].sum() + 0.24 / acts[~there].sum()))  # fmt: skip

    if len(blamed):
        group = next(one for one in sealing.GROUPS if (blamed[one[0]] == one[1]).all())
        mechanism = "false_accusation" if rate > 0.45 else "misattribution"
    else:
        kinds = ("behavior_difference", "detection_gap")
        found = [(z, kind, one) for one in sealing.GROUPS for kind, z in zip(kinds, spread(*one), strict=True)]
        largest, kind, one = max(found)
        if largest > 4:
            mechanism, group = kind, one
    if group is None:
        return ["mechanism=none", "group=none", "effect=0", "interval=-2,2"]
    there, before = (frame.loc[frame[group[0]] == group[1], "score"] for frame in (people, neutral))
    effect = there.mean() - before.mean()
    half = 1.96 * np.sqrt(there.var() / len(there) + before.var() / len(before))
    return [f"mechanism={mechanism}", f"group={group[0]}={group[1]}", f"effect={effect}",
            f"interval={effect - half},{effect + half}"]  # fmt: skip


def test_a_student_who_works_from_the_file_alone_gets_the_points(run):
    neutral = simulate(fa.PointSystem.load("suining"), 60_000, seed=5).people
    points = []
    for mechanism in sealing.STRENGTHS:
        student = who_has(mechanism)
        assert hand_out(run, student, "s.parquet")[0] == 0
        claims = solve(pq.read_table("s.parquet").to_pandas(), neutral)
        options = [word for claim in claims for word in ("--claim", claim)]
        code, out, _ = run("grade", "s.parquet", "--key", "course.key", *options, "--format", "json")
        assert code == 0
        marks = {mark["part"]: mark["met"] for mark in json.loads(out)["marks"]}
        assert (marks["mechanism"], marks["group"], marks["effect"]) == (True, True, True), (mechanism, claims)
        points.append(json.loads(out)["points"])
    assert sum(points) >= 4 * len(points) - 1  # a 95% interval may miss


def test_the_file_shows_no_truth_and_looks_the_same_whatever_is_on(run):
    looks = set()
    for mechanism in ("none", "misattribution"):
        hand_out(run, who_has(mechanism), "s.parquet")
        table = pq.read_table("s.parquet")
        (about,) = table.schema.metadata.values()
        looks.add((tuple(table.schema.names), tuple(map(str, table.schema.types)), tuple(json.loads(about))))
        words = about.decode()
        exercise, secret = truth_of(who_has(mechanism))
        for hidden in ("detection_gap", "misattribution", "seed", str(secret.seed), KEY, "registration"):
            assert hidden not in words
        assert exercise.student in words
    assert len(looks) == 1
    assert not [name for name in next(iter(looks))[0] if name.startswith("score_")]


def test_what_is_handed_out_does_not_print_the_truth_and_the_teachers_view_does(run):
    code, out, err = hand_out(run)
    assert (code, out) == (0, "")
    assert not [name for name in sealing.STRENGTHS if name in err]
    code, out, err = run("simulate", "suining", "--student", "ana", "--key", "course.key", "--out", "open.parquet")
    secret = truth_of("ana")[1]
    assert code == 0
    assert f"{secret.mechanism} {secret.strength:g} on {secret.group_text}" in err
    sealed, opened = (pq.read_table(name).to_pandas() for name in ("ana.parquet", "open.parquet"))
    assert (sealed["score"] == opened["score"]).all()
    assert "score_equal" in opened


def test_the_same_key_and_student_give_the_same_bytes_and_another_key_other_people(run, tmp_path):
    (tmp_path / "other.key").write_text("a1" * 32)
    hand_out(run)
    hand_out(run, out="again.parquet")
    hand_out(run, out="other.parquet", key="other.key")
    first, again, other = ((tmp_path / name).read_bytes() for name in ("ana.parquet", "again.parquet", "other.parquet"))
    assert first == again != other
    code, _, err = run("grade", "ana.parquet", "--key", "other.key", "--claim", "effect=-3")
    assert code == 4
    assert "made with another key" in err


def test_changed_rows_or_a_changed_name_are_noticed(run):
    hand_out(run)
    table = pq.read_table("ana.parquet")
    changed = table.to_pandas()
    changed.loc[3, "score"] += 50
    rows = pa.Table.from_pandas(changed, preserve_index=False).replace_schema_metadata(table.schema.metadata)
    pq.write_table(rows, "rows.parquet")
    about = json.loads(table.schema.metadata[sealing.METADATA])
    named = table.replace_schema_metadata({sealing.METADATA: json.dumps({**about, "student": "ben"})})
    pq.write_table(named, "named.parquet")
    pq.write_table(table.replace_schema_metadata(None), "bare.parquet")
    for name, words in (
        ("rows", "The rows are not those"),
        ("named", "seal does not fit"),
        ("bare", "carries no seal"),
    ):
        code, _, err = run("grade", f"{name}.parquet", "--key", "course.key")
        assert code == 4
        assert words in err


def test_a_wrong_claim_is_not_corrected_unless_revealed_and_the_opening_opens_this_file_alone(run):
    student = who_has("detection_gap")
    hand_out(run, student)
    claims = ("--claim", "mechanism=misattribution", "--claim", "effect=400", "--claim", "interval=300,500")
    _, out, _ = run("grade", "ana.parquet", "--key", "course.key", *claims)
    assert f"Student {student}: 0 of 4 points" in out
    assert "No group was claimed." in out
    assert "detection_gap" not in out
    _, out, _ = run("grade", "ana.parquet", "--key", "course.key", "--reveal")
    assert "Truth: detection_gap" in out
    opening = re.search("Opening: ([0-9a-f]{64})", out)[1]
    code, out, _ = run("grade", "ana.parquet", "--opening", opening, "--claim", "mechanism=detection_gap")
    assert (code, "1 of 4 points" in out) == (0, True)
    hand_out(run, "ben", "ben.parquet")
    assert run("grade", "ben.parquet", "--opening", opening)[0] == 4


def test_a_key_is_made_once_and_is_its_owners(run, tmp_path):
    assert run("coursekey", "new.key")[0] == 0
    made = (tmp_path / "new.key").read_text()
    assert re.fullmatch("[0-9a-f]{64}\n", made)
    assert (tmp_path / "new.key").stat().st_mode & 0o077 == 0
    code, _, err = run("coursekey", "new.key")
    assert (code, "is there already" in err) == (2, True)
    assert (tmp_path / "new.key").read_text() == made


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--student", "ana", "--hide"), "need --student ID and --key FILE"),
        (("--hide",), "need --student ID and --key FILE"),
        (
            ("--student", "ana", "--key", "course.key", "--detection-gap", "0.3", "--seed", "1"),
            "--detection-gap, --seed",
        ),
        (("--student", "ana", "--key", "course.key", "--people", "100"), "5,000 to 1,000,000 people, got 100"),
        (("--student", " ", "--key", "course.key"), "not all of them blank"),
        (("--student", "ana", "--key", "weak.key"), "holds no course key"),
    ],
)
def test_hand_outs_asked_for_wrongly(run, tmp_path, options, words):
    (tmp_path / "weak.key").write_text("secret")
    code, _, err = run("simulate", "suining", *options, "--out", "p.parquet")
    assert code == 2
    assert words in err
    assert not (tmp_path / "p.parquet").exists()


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("mechanism=detection", "Did you mean 'detection_gap'?"),
        ("group=rural", "It is one of: none, sex=female"),
        ("effect=big", "is no number of points"),
        ("interval=-3", "a lower and an upper end"),
        ("interval=3,-3", "a lower and an upper end"),
        ("efect=3", "Did you mean 'effect'?"),
    ],
)
def test_claims_made_wrongly(claim, words):
    with pytest.raises(fa.FairauditError, match=re.escape(words)):
        parse_claims([claim])
    with pytest.raises(fa.FairauditError, match="claimed twice"):
        parse_claims(["effect=1", "effect=2"])


def test_an_interval_that_says_nothing_earns_nothing():
    exercise, _ = truth_of("ana", people=5_000)
    _, people = sealing.sealed_people(fa.PointSystem.load("suining"), exercise, b"1" * 32)
    secret = sealing.secret_of(b"1" * 32)
    made = grade("ana", Claim(interval=(-1000, 1000)), secret, people)
    assert made.points == 0
    assert "so wide that it says little" in made.marks[3].words
    with pytest.raises(fa.FairauditError, match="The tolerance is 0"):
        grade("ana", Claim(), secret, people, tolerance=0)


def test_the_teaching_page_names_what_can_be_on_and_on_whom():
    page = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| mechanism |"))
    assert re.findall("`([a-z_]+)`", row) == list(sealing.STRENGTHS)
    row = next(line for line in page.splitlines() if line.startswith("| group |"))
    assert all(f"`{level}`" in row or f"`{name}={level}`" in row for name, level in sealing.GROUPS)
    assert f"({sealing.FEWEST:,} to {sealing.MOST:,};" in page
