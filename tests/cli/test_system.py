"""fairaudit system: list, show, score and check."""

import csv
import io
import sys
from pathlib import Path

import pytest

from fairaudit.cli import main

EVENTS = """person,date,event,count
Wei,2012-05-01,false-accusation,1
Wei,2013-05-01,bribe,1
-Li,2012-02-01,disturbed-officials,2
"""


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("events.csv").write_text(EVENTS)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fairaudit", "system", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_list_names_all_six_and_the_variants(run):
    code, out, err = run("list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["fico", "national", "peer", "schufa", "sesame", "suining"]
    assert "variants: documented, later" in out
    assert err.startswith("Simulation")


def test_show_prints_a_page_a_file_or_writes_it(run):
    assert "no cap" in run("show", "suining", "--variant", "documented")[1]
    assert run("show", "suining", "--format", "yaml")[1].startswith("# Suining county")
    code, out, err = run("show", "peer", "--format", "html", "-o", "peer.html")
    assert (code, out, err) == (0, "", "Written to peer.html\n")
    assert "Peer rating (fictional)" in Path("peer.html").read_text()


def test_score_prints_a_stamped_table_that_no_spreadsheet_runs(run):
    code, out, err = run("score", "suining", "events.csv", "--on", "2012-12-31")
    rows = {row["person"]: row for row in csv.DictReader(io.StringIO(out))}
    assert code == 0
    assert (rows["Wei"]["score"], rows["Wei"]["band"], rows["'-Li"]["score"]) == ("900.0", "B", "900.0")
    assert all(row["stamp"].startswith("Simulation") for row in rows.values())
    assert err == "Rows later than the day of the scores, set aside: 1.\n"


def test_score_prints_one_ledger_in_words(run):
    code, out, _ = run("score", "suining", "events.csv", "--ledger", "Wei")
    assert code == 0
    assert "-100 falsely accused others on the internet  = 900" in out
    assert "Score 800: C" in out


def test_score_of_inputs_reads_rows(run):
    Path("people.csv").write_text(
        "name,rated_by_all,rated_by_the_high,friends_score,ratings\n007,5,5,5,3\nBob,0,0,0,9\nNew,,,,0\n"
    )
    code, out, _ = run("score", "peer", "people.csv", "--person", "name")
    assert code == 0
    rows = [(row["person"], row["score"], row["band"]) for row in csv.DictReader(io.StringIO(out))]
    assert rows == [("007", "5.0", "high"), ("Bob", "0.0", "low"), ("New", "", "never rated")]


def test_questions_asked_wrongly_end_with_2(run):
    assert run("score", "peer", "events.csv", "--on", "2012-01-01")[0] == 2
    assert run("score", "suining", "events.csv", "--person", "name")[0] == 2
    code, _, err = run("show", "suinin")
    assert code == 2
    assert "Did you mean 'suining'?" in err


def test_check_says_everything_by_line(run):
    _, text, _ = run("show", "suining", "--format", "yaml")
    Path("mine.yaml").write_text(text)
    assert run("check", "mine.yaml")[:2] == (0, "mine.yaml: nothing wrong found.\n")
    Path("mine.yaml").write_text(text.replace("gravity: 2", "gravity: 9").replace("higher_is: better", "higher_is: up"))
    code, _, err = run("check", "mine.yaml")
    lines = err.splitlines()
    assert code == 2
    assert len(lines) == 1 + text.count("gravity: 2")
    assert all(line.startswith("mine.yaml, line ") for line in lines)
