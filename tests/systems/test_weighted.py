"""Weighted systems: worked by hand; unscored is unscored; explained exactly in points."""

import numpy as np
import pandas as pd
import pytest

from fairaudit.errors import DataContractError, ExplanationError
from fairaudit.systems.point_system import PointSystem

from .conftest import WEIGHTED

PEOPLE = {"income": [15, 30, 45, 15], "debt": [5, 0, 20, None], "files": [1, 1, 2, 1]}


@pytest.fixture
def mix(written):
    return PointSystem.load(written(WEIGHTED))


def test_worked_by_hand(mix):
    # weights 3:1 of a span of 100: half an income 37.5, a whole one 75 and no more; half a debt 12.5; a gap half of 25
    assert mix.score(PEOPLE).tolist() == [150.0, 200.0, 175.0, 150.0]
    assert mix.feature_names == ("income", "debt", "files")
    assert (mix.units, mix.higher_is) == ("points", "better")


def test_the_ledger_adds_up_and_names_values(mix):
    ledger = mix.score_people(PEOPLE).ledger(4)
    assert [str(line) for line in ledger.lines] == ["+100 lowest score", "+37.5 income (15)", "+12.5 debt (missing)"]
    assert sum(line.points for line in ledger.lines) == ledger.score == 150


def test_who_has_no_file_has_no_score_no_band_and_no_consequence(mix):
    scored = mix.score_people({"who": ["Ada", "Ben"], "income": [0, 0], "debt": [9, 9], "files": [0, 1]}, person="who")
    assert np.isnan(scored.scores).tolist() == [True, False]
    assert scored.bands.tolist() == ["no file", "low"]
    ada = scored.ledger("Ada")
    assert (ada.score, ada.lines, ada.consequences) == (None, (), ())
    assert "No score: no file. That is not a poor score." in str(ada)
    assert [one.id for one in scored.ledger("Ben").consequences] == ["no-loan"]
    assert scored.to_frame()["score"].isna().tolist() == [True, False]


def test_explanations_are_exact_and_in_points(mix):
    rows, background = pd.DataFrame(PEOPLE), pd.DataFrame(PEOPLE).iloc[:2]
    made = mix.explain(rows, background)
    np.testing.assert_allclose(made.scores, mix.score(rows), rtol=0, atol=1e-12)
    # Lundberg and Lee (2017), corollary 1: for a sum, the value is the part less its average in the background
    np.testing.assert_allclose(made.values[0], [37.5 - 56.25, 12.5 - 18.75])
    assert (made.units, made.names, made.higher_is) == ("points", ("income", "debt"), "better")
    assert "Simulation" in made.method


def test_nobody_without_a_score_is_explained(mix):
    rows = pd.DataFrame({**PEOPLE, "files": [1, 0, 0, 1]})
    with pytest.raises(ExplanationError, match=r"2 of the rows have no score \(the first is row 2\)"):
        mix.explain(rows, rows.iloc[:1])


def test_a_gap_that_may_not_be_is_named(mix):
    with pytest.raises(DataContractError, match="Row 2 has no 'income'"):
        mix.score({"income": [1, None], "debt": [1, 1], "files": [1, 1]})
    # nobody asks for the income of somebody who has no file
    assert np.isnan(mix.score({"income": [None], "debt": [1], "files": [0]})).tolist() == [True]
    with pytest.raises(DataContractError, match="Column 'debt' holds 'much' in row 1"):
        mix.score({"income": [1], "debt": ["much"], "files": [1]})


# The systems that come along


def sesame_rows(**columns):
    names = ("history", "fulfilment", "behaviour", "identity", "connections")
    return pd.DataFrame({**{name: [50.0] * 3 for name in names}, "enrolled": [1, 1, 1], **columns})


def test_sesame_ranks_people_and_explains_the_sum_before_the_rank():
    system = PointSystem.load("sesame")
    rows = sesame_rows(history=[0, 50, 100.0], connections=[50, 100, 50.0])
    latent = np.array([32.5, 52.5, 67.5])  # 35 and 5 per cent of 50 more or less than 50
    # by the norm table: 32.5 of [20, .05]-[35, .2], 52.5 of [50, .5]-[65, .8], 67.5 of [65, .8]-[80, .95]
    share = np.array([0.05 + 0.15 * 12.5 / 15, 0.5 + 0.3 * 2.5 / 15, 0.8 + 0.15 * 2.5 / 15])
    np.testing.assert_allclose(system.score(rows), 350 + 600 * share)
    made = system.explain(rows, rows)
    np.testing.assert_allclose(made.scores, latent)
    assert made.units == "latent points"
    assert "latent sum" in made.method
    assert "the rank itself is not explained" in made.method
    ledger = system.score_people(rows).ledger(1)
    assert sum(line.points for line in ledger.lines) == pytest.approx(ledger.latent) == pytest.approx(32.5)
    assert "ranked by the norm table" in str(ledger)


def test_sesame_bands_are_those_of_the_documents_and_nobody_outside_is_scored():
    system = PointSystem.load("sesame")
    # wodefinance.com: 350-550 poor, 550-600 medium, 600-650 good, 650-700 excellent, 700-950 top
    edges = [350, 549.9, 550, 599.9, 600, 650, 699.9, 700, 950]
    expected = ["poor", "poor", "medium", "medium", "good", "excellent", "excellent", "top", "top"]
    assert system.band_of(edges).tolist() == expected
    assert system.score_people(sesame_rows(enrolled=[0, 1, None])).bands.tolist()[::2] == ["not enrolled"] * 2


def fico_rows(**columns):
    start = {"on_time_share": 1.0, "share_of_limit_used": 0.0, "history_months": 240, "new_accounts": 0,
             "kinds_of_credit": 4, "financial_records": 5}  # fmt: skip
    return pd.DataFrame({**{name: [value] for name, value in start.items()}, **columns})


def test_fico_goes_from_300_to_850_with_the_weights_of_the_account():
    system = PointSystem.load("fico")
    assert system.score(fico_rows()).tolist() == [850.0]
    worst = {"on_time_share": [0.0], "share_of_limit_used": [1.0], "new_accounts": [9], "kinds_of_credit": [0]}
    # only 6 of 240 months are left of 15 of 100 parts of 550 points
    assert system.score(fico_rows(**worst, history_months=[6])).tolist() == pytest.approx([300 + 550 * 0.15 / 40])
    for column, part in {"on_time_share": 35, "share_of_limit_used": 30, "new_accounts": 10}.items():
        assert system.score(fico_rows(**{column: worst[column]})).tolist() == pytest.approx([850 - 5.5 * part])


def test_fico_has_three_tiers_and_no_score_below_the_minimum_file():
    rows = pd.concat([fico_rows(financial_records=[0]), fico_rows(history_months=[5]), fico_rows()])
    scored = PointSystem.load("fico").score_people(rows)
    assert scored.bands.tolist() == ["no data", "data without a credit history", "high"]
    assert np.isnan(scored.scores).tolist() == [True, True, False]


def test_schufa_has_twelve_criteria_that_reach_from_100_to_999():
    system = PointSystem.load("schufa")
    inputs = system.definition.inputs
    assert len(inputs) == 12
    ends = {}
    for pick in (min, max):
        row = {}
        for one in inputs:
            edges = [step.below for step in one.steps if step.below is not None]
            values = [edge - 0.5 for edge in edges] + [edges[-1] + 1]
            points = [step.points for step in one.steps]
            row[one.id] = [values[points.index(pick(points))]]
        ends[pick] = row
    # a gap counts 70 where no loan runs, the best of all, and 0 for a card or a contract that is not there
    ends[max]["longest_loan_months"] = [None]
    ends[min]["oldest_card_months"] = [None]
    assert system.score(ends[min]).tolist() == [100.0]
    assert system.score(ends[max]).tolist() == [999.0]
    rows = pd.DataFrame(ends[max])
    assert system.explain(rows, pd.DataFrame(ends[min]).astype(float)).scores.tolist() == pytest.approx([999.0])


def test_peer_rating_goes_from_0_to_5():
    system = PointSystem.load("peer")
    rows = {
        "rated_by_all": [5, 0, 4],
        "rated_by_the_high": [5, 0, None],
        "friends_score": [5, 0, 3],
        "ratings": [9, 9, 9],
    }
    assert system.score(rows).tolist() == pytest.approx([5, 0, 0.4 * 4 + 0.4 * 2.5 + 0.2 * 3])
    assert "fictional" in system.definition.title.casefold()
