"""A plan made on the page: before the first run, never changed, held against each run; and how far a run is."""

import json
import re

import pytest

from fairaudit.planning import read_plan

from .serving import Visitor, scores


@pytest.fixture
def audit(visitor):
    return visitor.answered("scores.csv", scores(), {"questions": {"decides": "who gets a card"}})


def result_of(visitor, place):
    visitor.settled(place)
    return json.loads(visitor.get(f"{place}/files/result.json").text)


def test_a_plan_can_be_downloaded_and_is_what_was_answered(visitor, audit, tmp_path):
    assert visitor.get(f"{audit}/plan.yaml").status == 404
    assert visitor.post(f"{audit}/plan").place == f"{audit}/run"
    answer = visitor.get(f"{audit}/plan.yaml")
    assert answer.headers["content-disposition"] == 'attachment; filename="scores-plan.yaml"'
    (tmp_path / "plan.yaml").write_bytes(answer.body)
    plan = read_plan(tmp_path / "plan.yaml")
    assert plan.groups == ("race", "sex")
    assert plan.reference == {"race": "White", "sex": "M"}
    assert plan.cutoffs == (600.0,)
    assert plan.step_zero.decides == "who gets a card"
    assert plan.sha256 in visitor.get(f"{audit}/run").words


def test_a_plan_is_not_made_twice_and_what_was_done_otherwise_is_said(visitor, audit):
    visitor.post(f"{audit}/plan")
    first = visitor.get(f"{audit}/plan.yaml").text
    kept = result_of(visitor, visitor.run(audit))
    assert kept["plan"]["departures"] == []
    assert kept["plan"]["planned_findings"] > 0
    assert visitor.step(audit, "policy", {"cutoff": "620"}).status == 303
    assert visitor.post(f"{audit}/plan").status == 303
    assert visitor.get(f"{audit}/plan.yaml").text == first
    place = visitor.run(audit)
    changed = result_of(visitor, place)
    assert changed["plan"]["departures"] == [{"what": "cut-offs", "planned": "600", "done": "620"}]
    # Everything is compared with and without a plan.
    assert {one["metric"] for one in changed["findings"]} == {one["metric"] for one in kept["findings"]}
    assert "cut-offs" in visitor.get(f"{place}/report").words


def test_after_a_run_there_is_no_plan_to_be_made(visitor, audit):
    assert "Make it a plan" in visitor.get(f"{audit}/run").words
    without = result_of(visitor, visitor.run(audit))
    assert without["plan"] is None
    assert "Make it a plan" not in visitor.get(f"{audit}/run").words
    visitor.post(f"{audit}/plan")
    assert visitor.get(f"{audit}/plan.yaml").status == 404


def test_a_plan_needs_all_answers_and_a_form_of_this_page(visitor, audit):
    half = visitor.read("scores.csv", scores())
    assert visitor.post(f"{half}/plan").place == f"{half}/columns"
    assert visitor.post(f"{audit}/plan", {"token": "forged"}).status == 403
    assert visitor.get(f"{audit}/plan.yaml").status == 404


def test_a_run_says_how_many_people_are_counted(serve):
    server = serve("--processes", "1")
    visitor = Visitor(server)
    audit = visitor.answered("many.csv", scores(1_500_000))
    place, seen = visitor.run(audit), set()
    for _ in range(100_000):
        answer = visitor.get(f"{place}?still=1")
        seen |= set(re.findall(r"Counting people: [\d,]+ of [\d,]+ (?:rows|MB)", answer.words))
        if "Findings" in answer.words:
            break
    assert seen
