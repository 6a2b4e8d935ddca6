"""fairaudit simulate: a file of people, and the truth printed."""

import csv
import io
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fairaudit.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", "simulate", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_people_are_written_and_the_truth_is_printed(run):
    code, out, err = run("suining", "--people", "3_000", "--detection-gap", "0.3", "--seed", "1", "--out", "p.parquet")
    assert code == 0
    people = pq.read_table("p.parquet").to_pandas()
    assert len(people) == 3_000
    rows = {(row["level"], row["mechanism"]): row for row in csv.DictReader(io.StringIO(out))}
    rural = people[people["registration"] == "rural"]
    change = (rural["score"] - rural["score_without_detection_gap"]).mean()
    assert float(rows["rural", "detection_gap"]["effect_on_mean_score"]) == pytest.approx(change)
    assert change < 0
    assert float(rows["urban", "detection_gap"]["effect_on_mean_score"]) == 0
    assert err.startswith("Written to p.parquet. Simulation")
    assert "Scores alone do not tell whether one group acts otherwise or is watched more" in err


def test_another_group_and_nothing_but_errors_on_standard_error(run):
    code, out, err = run("national", "--people", "500", "--group", "ethnicity=minority", "--misattribution", "0.2",
                         "--out", "p.parquet", "-q")  # fmt: skip
    assert (code, err) == (0, "")
    assert {row["attribute"] for row in csv.DictReader(io.StringIO(out))} == {"ethnicity"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("suining", "--group", "rural"), "like registration=rural"),
        (("suining", "--detection-gap", "0.9"), "detection_gap is 0.9; it goes from"),
        (("national", "--seen", "corruption"), "like corruption=0.05; got 'corruption'"),
        (("national", "--seen", "corupt=0.1"), "no event 'corupt'"),
        (("suining", "--thin-files", "0.5"), "'suining' counts events and has no files"),
    ],
)
def test_questions_asked_wrongly_end_with_2_and_write_nothing(run, tmp_path, options, words):
    code, _, err = run(*options, "--out", "p.parquet")
    assert code == 2
    assert words in err
    assert list(tmp_path.iterdir()) == []


def test_whom_the_records_reach_is_written_for_systems_of_events(run):
    made = ["--people", "2_000", "--seed", "1", "--out", "p.parquet"]
    code, _, _ = run("national", *made, "--detection", "1", "--reach", "reach.csv")
    assert code == 0
    text = Path("reach.csv").read_text(encoding="utf-8")
    rows = {row["event"]: row for row in csv.DictReader(io.StringIO(text))}
    assert float(rows["corruption"]["share_on_record"]) == 1
    assert rows["corruption"]["stamp"].startswith("Simulation")
    code, _, err = run("peer", *made, "--reach", "other.csv")
    assert code == 2
    assert "'peer' weights inputs and has no events, so --reach has nothing to count" in err
