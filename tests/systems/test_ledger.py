"""Ledgers: worked by hand, adding up exactly, the same whatever order the rows come in."""

import dataclasses
import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.errors import FairauditError
from fairaudit.systems.format import Decay
from fairaudit.systems.point_system import PointSystem

DECAY = "contexts: [reading"


def events(*rows):
    return pd.DataFrame(rows, columns=["person", "date", "event", "count"])


def lines(ledger):
    return [(line.points, line.after) for line in ledger.lines]


# Worked by hand: start 10, cap 20, floor 0; read +4, late -3, lost -2


def test_what_goes_over_the_cap_is_lost_and_later_losses_count_in_full(club):
    scored = club().score_events(events(("Ada", "2026-01-01", "read", 3), ("Ada", "2026-02-01", "late", 1)))
    ledger = scored.ledger("Ada")
    # 10 + 12 = 22, of which 2 are lost; 20 - 3 = 17, and not 10 + 12 - 3 = 19
    assert lines(ledger) == [(10, 10), (12, None), (-2, 20), (-3, 17)]
    assert [str(line) for line in ledger.lines][2] == "-2 lost to the cap of 20"
    assert (ledger.score, ledger.band, ledger.consequences) == (17.0, "high", ())
    assert "simulation" in str(ledger).casefold()


def test_order_matters_at_the_cap(club):
    late_first = club().score_events(events(("Ada", "2026-01-01", "late", 1), ("Ada", "2026-02-01", "read", 3)))
    assert late_first.scores.tolist() == [19.0]  # 10 - 3 + 12 = 19, nothing is lost


def test_what_goes_below_the_floor_is_not_taken(club):
    scored = club().score_events(events(("Ada", "2026-01-01", "late", 4), ("Ada", "2026-02-01", "read", 1)))
    assert lines(scored.ledger("Ada")) == [(10, 10), (-12, None), (2, 0), (4, 4)]
    assert scored.ledger("Ada").lines[2].says == "not taken below the floor of 0"
    assert scored.ledger("Ada").band == "low"
    assert [one.id for one in scored.ledger("Ada").consequences] == ["out"]


def test_a_consequence_of_an_event_follows_whatever_the_score(club):
    scored = club().score_events(events(("Ada", "2026-01-01", "read", 1), ("Ada", "2026-01-02", "lost", 1)))
    assert scored.bands.tolist() == ["high"]
    assert [one.id for one in scored.ledger("Ada").consequences] == ["fee"]


def expiring(club, how="expire", days=30):
    return club(swap=[(DECAY, f"decay: {{how: {how}, days: {days}, tag: stylised}}\n{DECAY}")])


def test_points_expire_on_the_day_that_completes_their_time(club):
    system, table = expiring(club), events(("Ada", "2026-01-01", "late", 2))
    on = [system.score_events(table, on=day).scores[0] for day in ("2026-01-01", "2026-01-30", "2026-01-31")]
    assert on == [4.0, 4.0, 10.0]  # the 31st is 30 days later
    gone = system.score_events(table, on="2026-01-31").ledger("Ada")
    assert str(gone.lines[1]) == "0 was late (2 times) (-6 when it happened; no longer counted)"


def test_points_are_halved_in_steps(club):
    system, table = expiring(club, "halve", 10), events(("Ada", "2026-01-01", "late", 2))
    days = ("2026-01-10", "2026-01-11", "2026-01-21", "2026-04-20", "2026-04-21")
    # ages 9, 10, 20, 109 and 110 days: no halving, one, two, ten, and then none of it counts
    expected = [4.0, 7.0, 8.5, 10 - 6 / 1024, 10.0]
    assert [system.score_events(table, on=day).scores[0] for day in days] == expected


def test_events_of_one_day_count_in_the_order_of_the_file_however_the_rows_come(club):
    rows = [("Ada", "2026-01-01", "late", 1), ("Ada", "2026-01-01", "read", 3)]
    forward, backward = (club().score_events(events(*order)) for order in (rows, rows[::-1]))
    assert forward.scores.tolist() == backward.scores.tolist() == [17.0]


def test_later_rows_are_set_aside_and_counted(club):
    table = events(("Ada", "2026-01-01", "late", 1), ("Ada", "2026-03-01", "late", 1))
    scored = club().score_events(table, on=datetime.date(2026, 2, 1))
    assert (scored.scores.tolist(), scored.set_aside) == ([7.0], 1)
    assert scored.ledger("Ada").on == "2026-02-01"


def test_people_without_events_have_the_start(club):
    scored = club().score_events(events(("Ada", "2026-01-01", "late", 1)), people=["Ben", "Ada"])
    assert dict(zip(scored.people, scored.scores, strict=True)) == {"Ben": 10.0, "Ada": 7.0}
    nobody = club().score_events(events(), people=["Ben"])
    assert nobody.scores.tolist() == [10.0]
    assert nobody.ledger("Ben").lines[0].says == "start"


# Identities

RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["Ada", "Ben", "Cid"]),
        st.dates(datetime.date(2025, 1, 1), datetime.date(2026, 12, 31)),
        st.sampled_from(["false-accusation", "bribe", "good-citizen", "model-worker", "cult-member"]),
        st.integers(1, 9),
    ),
    max_size=25,
)


def by_hand(rows, system):
    """Return each person's score with a loop over one event at a time, counts one by one."""
    order = {event.id: (place, event.points.value) for place, event in enumerate(system.definition.events)}
    low, high = 0, 1000
    scores = dict.fromkeys(["Ada", "Ben", "Cid"], 1000)
    for person, _, event, count in sorted(rows, key=lambda row: (row[1], order[row[2]][0])):
        for _ in range(count):
            scores[person] = min(high, max(low, scores[person] + order[event][1]))
    return scores


@pytest.fixture(scope="module")
def suining():
    return PointSystem.load("suining")


@pytest.fixture(scope="module")
def fading(suining):
    """Return the system with points that expire or are halved, by how and days."""

    def faded(how, days):
        decay = Decay(how=how, days=days, tag="stylised")
        return dataclasses.replace(suining, definition=suining.definition.model_copy(update={"decay": decay}))

    return faded


@settings(max_examples=40, deadline=None)
@given(rows=RECORDS)
def test_lines_add_up_to_the_score_exactly_and_scores_are_those_of_a_loop(suining, rows):
    system = suining
    scored = system.score_events(events(*rows), people=["Ada", "Ben", "Cid"])
    expected = by_hand(rows, system)
    for person, score in zip(scored.people, scored.scores, strict=True):
        ledger = scored.ledger(person)
        assert sum(line.points for line in ledger.lines) == ledger.score == score == expected[person]
        shown = [line.after for line in ledger.lines if line.after is not None]
        assert shown[-1] == score
        assert all(0 <= after <= 1000 for after in shown)


@settings(max_examples=25, deadline=None)
@given(rows=RECORDS, days=st.sampled_from([1, 30, 400]), how=st.sampled_from(["expire", "halve"]))
def test_lines_add_up_exactly_when_points_fade(fading, rows, days, how):
    scored = fading(how, days).score_events(events(*rows), on="2027-01-01")
    for person, score in zip(scored.people, scored.scores, strict=True):
        assert sum(line.points for line in scored.ledger(person).lines) == score


@settings(max_examples=25, deadline=None)
@given(rows=RECORDS, random=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(suining, rows, random):
    system, shuffled = suining, list(rows)
    random.shuffle(shuffled)
    first, second = (system.score_events(events(*some), on="2027-01-01") for some in (rows, shuffled))
    assert first.people == second.people
    assert first.scores.tolist() == second.scores.tolist()


def test_counts_of_events_score_the_same_where_cap_and_floor_are_far(club):
    system = PointSystem.load("suining", variant="documented")
    table = events(("Ada", "2026-01-01", "bribe", 2), ("Ada", "2026-01-02", "good-citizen", 1))
    scored = system.score_events(table)
    assert scored.scores.tolist() == [900.0]
    assert system.score(scored.counts()).tolist() == [900.0]
    assert club().score({"read": [9, 0], "late": [0, 9], "lost": [0, 0]}).tolist() == [20.0, 0.0]


def test_many_people_at_once_are_those_people_one_by_one(club):
    rng = np.random.default_rng(1)
    rows = [
        (f"p{rng.integers(40)}", f"2026-01-{rng.integers(1, 29):02}", rng.choice(["read", "late", "lost"]), 1)
        for _ in range(400)
    ]
    together = club().score_events(events(*rows))
    for person, score in zip(together.people[:10], together.scores, strict=False):
        alone = club().score_events(events(*[row for row in rows if row[0] == person]))
        assert alone.scores.tolist() == [score]


# What is wrong with a table


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (("Ada", "2026-02-30", "late", 1), "Row 2 has the date '2026-02-30', which is no day"),
        (("Ada", "1.2.2026", "late", 1), "Write year-month-day"),
        (("Ada", "2026-02-03", "lates", 1), "event 'lates', which 'club' does not know. Did you mean 'late'?"),
        (("Ada", "2026-02-03", "late", 0), "Row 2 has the count"),
        (("Ada", "2026-02-03", "late", 1.5), "a count is a whole number"),
        ((None, "2026-02-03", "late", 1), "Row 2 of the events has no person"),
        (("Bob", "2026-02-03", "late", 1), "not in people=: Bob"),
    ],
)
def test_a_wrong_row_is_named(club, row, words):
    table = events(("Ada", "2026-01-01", "late", 1), row)
    with pytest.raises(FairauditError) as raised:
        club().score_events(table, people=["Ada"])
    assert words in str(raised.value)


def test_other_wrong_questions_are_answered(club):
    table = events(("Ada", "2026-01-01", "late", 1))
    with pytest.raises(FairauditError, match=r"'event' is not among.*Did you mean 'events'"):
        club().score_events(table.rename(columns={"event": "events"}))
    with pytest.raises(FairauditError, match="on='soon' is no day"):
        club().score_events(table, on="soon")
    with pytest.raises(FairauditError, match=r"nobody called 'Adda' among 1 people\. Did you mean 'Ada'"):
        club().score_events(table).ledger("Adda")
    with pytest.raises(FairauditError, match="Use score_people"):
        PointSystem.load("fico").score_events(table)
    with pytest.raises(FairauditError, match="Row 1 counts 'late' -1 times"):
        club().score({"read": [1], "late": [-1], "lost": [0]})
    with pytest.raises(FairauditError, match="Counts of events must be numbers"):
        club().score({"read": [1], "late": ["x"], "lost": [0]})
