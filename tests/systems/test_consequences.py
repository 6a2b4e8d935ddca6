"""Conduct against punishment, penalty against gravity, and questions, worked by hand on a small system."""

import re

import pytest

from fairaudit.report import systems as pages
from fairaudit.systems.point_system import PointSystem

from .conftest import EVENTS, WEIGHTED


def test_pairs_and_how_many_records_of_one_event_lead_there(club):
    sheet = club().consequence_sheet()
    found = {(one.conduct, one.punishment): (one.crosses, one.times) for one in sheet.reaches}
    # start 10 is 'low' (below 12) already; 'fee' follows from 'lost' alone, at once; 'read' makes nothing worse
    assert found == {("late", "out"): (True, 0), ("lost", "out"): (True, 0), ("lost", "fee"): (False, 1)}
    higher = club(swap=[("start: {value: 10", "start: {value: 20")]).consequence_sheet()
    # 20 - 3 * 3 = 11 and 20 - 2 * 5 = 10 are the first below 12
    assert {one.conduct: one.times for one in higher.reaches if one.punishment == "out"} == {"late": 3, "lost": 5}


def test_an_event_may_not_lead_to_a_punishment_alone(club):
    sheet = club(swap=[("bands: [low]", "bands: [high]")]).consequence_sheet()
    # points are only lost, and 'high' is above the start
    assert [one.times for one in sheet.reaches if one.punishment == "out"] == [None, None]


def test_the_matrix_counts_pairs_by_context(club):
    sheet = club().consequence_sheet()
    cells = {(one.conduct_context, one.punishment_context): (one.pairs, one.crosses) for one in sheet.matrix}
    assert cells == {("library", "library"): (1, False), ("library", "evenings"): (2, True)}
    assert (sheet.crossing_pairs, sheet.pairs) == (2, 3)


def test_graver_conduct_that_costs_less_is_listed(club):
    sheet = club().consequence_sheet()
    (found,) = sheet.inversions
    assert (found.graver, found.points_of_graver, found.slighter, found.points_of_slighter) == ("lost", -2, "late", -3)
    assert [(one.event, one.gravity, one.severity_at_once) for one in sheet.penalties] == [
        ("lost", 3, 1),
        ("late", 1, 0),
    ]
    assert club(swap=[("gravity: 3", "gravity: 1")]).consequence_sheet().inversions == ()


def test_where_higher_is_worse_the_events_that_add_points_are_the_conduct(club):
    swap = [("better", "worse"), ("context: reading,", "context: reading, gravity: 1,"), ("[low]", "[high]")]
    system = club(swap=swap)
    out = {one.conduct: one.times for one in system.consequence_sheet().reaches}
    assert out == {"read": 1}  # 10 + 4 is 14, in 'high'


def test_inputs_are_conduct_too(written):
    sheet = PointSystem.load(written(WEIGHTED)).consequence_sheet()
    assert [(one.conduct, one.crosses, one.times) for one in sheet.reaches] == [
        ("income", False, None),
        ("debt", False, None),
    ]
    assert sheet.penalties == ()


@pytest.mark.parametrize("name", PointSystem.names())
@pytest.mark.parametrize("make", [pages.to_markdown, pages.to_html])
def test_pages_are_stamped_ask_and_give_no_verdict(name, make):
    page = make(PointSystem.load(name))
    assert page.count("Simulation: a model of a scoring system for study") >= 2
    assert "Article 5(1)(c)" in page
    assert "no verdict and no legal advice" in page
    assert not re.search(
        r"\b(unfair|fair|illegal|prohibited|pass(ed|es)?)\b", page.split("</style>")[-1], re.IGNORECASE
    )
    assert make(PointSystem.load(name)) == page


def test_the_page_counts_what_the_sheet_counts(club):
    page = pages.to_markdown(club())
    assert "2 of 3 pairs of conduct and punishment are of different parts of life" in page
    assert "| library | 1 (same part) | 2 (other part) |" in page
    assert "Pairs of events in which the graver conduct costs fewer points: 1." in page
    assert "record: sent out" not in page  # whoever starts is in that band already
    higher = pages.to_markdown(club(swap=[("start: {value: 10", "start: {value: 20")]))
    assert "- **was late:** 3 records: sent out" in higher


def test_text_of_a_stranger_stays_text(written):
    system = PointSystem.load(written(EVENTS.replace("title: A club", 'title: "<script>alert(1)</script>"')))
    assert "<script>alert" not in pages.to_html(system)
    assert "<script>" not in pages.to_markdown(system)
