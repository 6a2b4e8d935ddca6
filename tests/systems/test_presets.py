"""The events of the account have the account's points, and nothing untagged passes for a fact."""

import pandas as pd
import pytest

from fairaudit.errors import ExplanationError
from fairaudit.systems.point_system import PointSystem

# The project's account of Suining county: what each event costs or brings, and the most one can have
SUINING = {
    "disturbed-officials": -50,
    "neglected-elders": -50,
    "cult-member": -50,
    "false-accusation": -100,
    "driving-offence": -100,
    "bribe": -100,
    "good-citizen": 100,
    "model-worker": 100,
}


def one(event, count=1):
    return {"person": ["Wei"], "date": ["2012-05-01"], "event": [event], "count": [count]}


def test_suining_points_are_those_of_the_account():
    capped, documented = PointSystem.load("suining"), PointSystem.load("suining", variant="documented")
    assert capped.feature_names == tuple(SUINING)
    for event, points in SUINING.items():
        assert capped.score_events(one(event)).scores.tolist() == [min(1000 + points, 1000)]
        assert documented.score_events(one(event)).scores.tolist() == [1000 + points]


def test_the_words_of_a_ledger():
    ledger = PointSystem.load("suining").score_events(one("false-accusation")).ledger("Wei")
    assert str(ledger.lines[1]) == "-100 falsely accused others on the internet"
    assert "2012-05-01  -100 falsely accused others on the internet  = 900" in str(ledger)


def test_class_d_is_refused_support_and_jobs_and_the_later_form_has_no_classes():
    early = PointSystem.load("suining").score_events(one("bribe", 5)).ledger("Wei")
    assert (early.score, early.band) == (500.0, "D")
    assert [one.says for one in early.consequences] == ["refused government support", "may not apply for jobs"]
    later = PointSystem.load("suining", variant="later").score_events(one("bribe", 5)).ledger("Wei")
    assert (later.score, later.band, later.consequences) == (500.0, "", ())


def test_suining_is_explained_where_no_cap_can_come_into_play():
    rows = pd.DataFrame(0, index=range(3), columns=list(SUINING))
    rows.loc[0, "bribe"] = 2
    capped = PointSystem.load("suining")
    made = capped.explain(rows, rows)
    assert made.scores.tolist() == pytest.approx([800, 1000, 1000])
    assert made.values[:, made.names.index("bribe")].tolist() == pytest.approx([-200 + 200 / 3, 200 / 3, 200 / 3])
    rows.loc[1, "good-citizen"] = 1
    with pytest.raises(ExplanationError, match=r"In row 2 of the rows \(1 such rows\) points can be lost to the cap"):
        capped.explain(rows, rows)
    documented = PointSystem.load("suining", variant="documented")
    wide = rows.reindex(columns=list(documented.feature_names), fill_value=0)
    assert documented.explain(wide, wide).scores.tolist() == pytest.approx(documented.score(wide))
    low = rows.assign(**{"good-citizen": 0, "bribe": 11})
    with pytest.raises(ExplanationError, match="the floor"):
        capped.explain(low, low)


def test_the_national_plan_takes_a_point_for_litter_and_gives_one_for_picking_it_up():
    system = PointSystem.load("national")
    for event, points in {"littered": -1, "picked-up-litter": 1}.items():
        assert system.score_events(one(event)).scores.tolist() == [1000 + points]
    areas = {event.area for event in system.definition.events}
    assert areas == {"administrative affairs", "commercial activities", "social behaviour", "judicial system"}
    assert "no single national score" in system.definition.summary.casefold()


def test_the_list_of_defaulters_reaches_the_trains_and_the_children_whatever_the_score():
    system = PointSystem.load("national")
    table = {"person": ["Wei"] * 2, "date": ["2020-01-01"] * 2, "event": ["court-defaulter", "helped-strangers"],
             "count": [1, 6]}  # fmt: skip
    ledger = system.score_events(table).ledger("Wei")
    assert ledger.band == "middle"
    assert [(one.id, one.falls_on) for one in ledger.consequences] == [
        ("no-soft-sleeper", "the person"),
        ("no-best-schools", "the children"),
        ("defaulters-no-flights", "the person"),
    ]
    # five years later the list is forgotten, and with the variant it is not
    kept = PointSystem.load("national", variant="no-expiry").score_events(table, on="2026-01-01").ledger("Wei")
    assert len(kept.consequences) == 3
    assert system.score_events(table, on="2026-01-01").ledger("Wei").consequences == ()


def figures(record, around=None):
    tag = getattr(record, "tag", None) or around
    for name in type(record).model_fields:
        value = getattr(record, name)
        if name in ("value", "weight", "lowest", "below") and isinstance(value, (int, float)):
            yield record, tag
        for inner in value if isinstance(value, tuple) else (value,):
            if hasattr(type(inner), "model_fields"):
                yield from figures(inner, tag)


@pytest.mark.parametrize("name", PointSystem.names())
def test_every_figure_has_a_tag_and_what_is_documented_is_found_among_the_sources(name):
    system = PointSystem.load(name)
    for variant in (None, *system.variants):
        found = list(figures(PointSystem.load(name, variant=variant).definition))
        assert found
        assert all(tag in ("account", "documented", "stylised") for _, tag in found)


def test_lines_of_classes_that_were_never_confirmed_are_stylised():
    for name in ("suining", "national", "fico", "schufa", "peer"):
        for band in PointSystem.load(name).definition.bands:
            assert band.at_least is None or (band.at_least.tag or band.tag) == "stylised"
