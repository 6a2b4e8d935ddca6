"""Reasons of a whole file: everybody declined is there, groups are counted rightly, the p-values are adjusted."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests

import fairaudit as fa
from fairaudit.errors import ExplanationError, LevelNotFoundError
from fairaudit.inference.contrast import compare

LOANS = fa.load_dataset("loanapp")
PEOPLE = LOANS[["obrat", "loanprc", "hrat", "mortlat1"]]
CARD = fa.Scorecard(good=1).fit(PEOPLE, LOANS["approve"])
CUTOFF = 550
EXPLAINED = fa.Explainer(CARD, background=PEOPLE, cutoff=CUTOFF).explain(PEOPLE)
DECLINED = np.flatnonzero(CARD.points(PEOPLE) < CUTOFF)
TABLE = EXPLAINED.reason_table(k=2)
PARITY = EXPLAINED.reason_parity(LOANS["race"], reference="White", k=2)


def test_the_table_holds_everybody_declined_and_the_reasons_of_each():
    assert sorted(set(TABLE["row"])) == DECLINED.tolist()
    assert TABLE.groupby("row")["rank"].max().between(0, 2).all()
    for row in DECLINED[:3].tolist():
        one = EXPLAINED.reasons(row, k=2, draws=0)
        mine = TABLE[(TABLE["row"] == row) & (TABLE["rank"] > 0)]
        assert mine["feature"].tolist() == [each.feature for each in one.reasons]
        assert mine["words"].tolist() == [each.words for each in one.reasons]
        assert mine["amount"].tolist() == pytest.approx([each.amount for each in one.reasons])
    assert TABLE.attrs["baseline"]["sha256"] == one.baseline.sha256


def test_somebody_without_an_adverse_factor_is_in_the_table_with_rank_0():
    best = PEOPLE.iloc[[int(np.argmax(CARD.points(PEOPLE)))]]
    rows = pd.concat([best, PEOPLE.iloc[:1]], ignore_index=True)
    made = fa.Explainer(CARD, background=pd.concat([best, best]), cutoff=10_000).explain(rows)
    table = made.reason_table(method="all_applicants")
    nobody = table[table["row"] == 0]
    assert nobody["rank"].tolist() == [0]
    assert nobody["feature"].isna().all()
    parity = made.reason_parity(["a", "a"], reference="a", method="all_applicants")
    assert (parity.declined, parity.without_reason) == (2, 1)


def test_shares_are_those_of_the_table_by_group():
    race = LOANS["race"].iloc[DECLINED]
    shown = PARITY.to_frame().set_index(["feature", "level"])
    for (feature, level), line in shown.iterrows():
        told = set(TABLE.loc[TABLE["feature"] == feature, "row"])
        members = race.index[race == level]
        assert (line["told"], line["declined"]) == (len(told & set(members)), len(members))
        assert line["share"] == pytest.approx(line["told"] / line["declined"])
        assert line["low"] <= line["share"] <= line["high"]
    assert PARITY.declined == len(DECLINED)
    assert PARITY.people == len(PEOPLE)


def test_differences_have_the_interval_and_the_test_of_two_groups_and_holms_p():
    lines = {(one.feature, one.level): one for one in PARITY.told}
    compared = [one for one in PARITY.told if one.level != "White"]
    for one in compared:
        reference = lines[one.feature, "White"]
        known = compare(one.told, one.declined, reference.told, reference.declined, how="difference")
        assert (one.difference, one.difference_low, one.p) == pytest.approx((known.value, known.low, known.p))
        assert (one.p < 0.05) == (not one.difference_low <= 0 <= one.difference_high)
    adjusted = multipletests([one.p for one in compared], method="holm")[1]
    assert [one.p_adjusted for one in compared] == pytest.approx(adjusted)
    assert lines["obrat", "White"].difference is None


def test_among_equal_scores_the_difference_is_mantel_haenszels():
    scores = CARD.points(PEOPLE)[DECLINED]
    race = LOANS["race"].to_numpy()[DECLINED]
    edges = np.unique(np.quantile(scores, [0.2, 0.4, 0.6, 0.8]))
    bands = np.searchsorted(edges, scores, side="left")
    told = np.isin(DECLINED, TABLE.loc[TABLE["feature"] == "hrat", "row"])
    tables = []
    for band in range(bands.max() + 1):
        rows = [[(told & (race == one) & (bands == band)).sum(), (~told & (race == one) & (bands == band)).sum()]
                for one in ("Black", "White")]  # fmt: skip
        tables.append(np.array(rows, dtype=float))
    # Greenland and Robins (1985): sum((a m0 - c m1) / N) / sum(m1 m0 / N), the weights of statsmodels' tables.
    held = StratifiedTable([each for each in tables if (each.sum(axis=1) > 0).all()]).table
    m1, m0 = held.sum(axis=1)
    expected = ((held[0, 0] * m0 - held[1, 0] * m1) / (m1 + m0)).sum() / (m1 * m0 / (m1 + m0)).sum()
    one = next(one for one in PARITY.told if (one.feature, one.level) == ("hrat", "Black"))
    assert one.within_scores == pytest.approx(expected)
    assert one.within_scores_low < expected < one.within_scores_high


def test_people_without_a_group_are_shown_and_not_compared():
    race = LOANS["race"].astype(object).where(np.arange(len(LOANS)) % 3 > 0, None)
    made = EXPLAINED.reason_parity(race, reference="White", k=2)
    missing = [one for one in made.told if one.level == "(missing)"]
    assert missing
    assert all(one.difference is None and one.share is not None for one in missing)
    assert sum(one.declined for one in made.told if one.feature == "obrat") == len(DECLINED)
    assert made.attribute == "race"
    assert "held against White" in str(made)
    assert "<table" in made._repr_html_()
    assert made.to_dict()["baseline"]["people"] == made.baseline.people


def test_named_reasons_of_a_sum_of_parts_gain_more_than_other_features():
    made = EXPLAINED.reason_fidelity(k=2, most=5)
    assert made.checked == 5
    # With exact parts the two largest shortfalls gain more than the average pair, whoever is lent from.
    assert made.carries == 5
    assert made.extra == pytest.approx(made.gain - made.gain_of_others)
    assert made.extra_low < made.extra < made.extra_high
    assert made.low < 1.0 == made.high
    assert EXPLAINED.reason_fidelity(k=2, most=5) == made


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (lambda: EXPLAINED.reason_parity("race", reference="White"), ExplanationError, "not its name"),
        (lambda: EXPLAINED.reason_parity([1, 2], reference=1), ExplanationError, "2 groups for 1,989"),
        (lambda: EXPLAINED.reason_parity(LOANS["race"], reference="white"), LevelNotFoundError, "mean 'White'"),
        (lambda: EXPLAINED.reason_table(k=9), ExplanationError, "k is 1 to 4"),
        (lambda: EXPLAINED.reason_fidelity(most=0), ExplanationError, "1 or more"),
        (
            lambda: fa.Explainer(CARD, PEOPLE, cutoff=0).explain(PEOPLE).reason_table(),
            ExplanationError,
            "nobody is declined",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        asked()
