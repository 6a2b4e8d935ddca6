"""TransRisk scores by race, 2003 (Federal Reserve 2007), from the bundled counts, end to end.

The published files are percentages by score; the counts are whole people made of them. So a share may
differ from the published percentage by one person of its denominator, and no more.
"""

import numpy as np
import pandas as pd
import pytest

import fairaudit as fa
from fairaudit.data.bundled import datasets_folder

# Published column -> our level; people from totals.csv (as in the fairmlbook code for these data).
PEOPLE = {"White": 133_165, "Black": 18_274, "Hispanic": 14_702, "Asian": 7_906}
COLUMNS = {"Non- Hispanic white": "White", "Black": "Black", "Hispanic": "Hispanic", "Asian": "Asian"}


@pytest.fixture(scope="module")
def audit():
    call = {**fa.describe_dataset("fico_2003").call, "reference": {"race": "Asian"}}
    folder = datasets_folder() / "fico_2003"
    return fa.audit(folder / "counts.csv", **call)


@pytest.fixture(scope="module")
def published():
    """Shares by score as published: scores, people at each score, and bad people at each score, by race."""
    folder = datasets_folder() / "fico_2003"
    below = pd.read_csv(folder / "transrisk_cdf_by_race_ssa.csv", index_col=0).rename(columns=COLUMNS) / 100
    bad = pd.read_csv(folder / "transrisk_performance_by_race_ssa.csv", index_col=0).rename(columns=COLUMNS) / 100
    people = below.diff().fillna(below.iloc[[0]])
    return people, people * bad


def test_people(audit):
    assert audit.result.schema.people == 174_047
    assert audit.result.schema.attributes[0].levels == PEOPLE


@pytest.mark.parametrize("race", PEOPLE)
def test_shares_are_those_of_the_published_percentages(audit, published, rate, race):
    people, bad = (frame[race] / published[0][race].sum() for frame in published)
    good, accepted = people - bad, people.index >= 40
    one = 1 / PEOPLE[race]
    expected = {
        "selection_rate": (people[accepted].sum(), one),
        "bad_rate": (bad.sum(), one),
        "true_positive_rate": (good[accepted].sum() / good.sum(), one / good.sum()),
        "false_positive_rate": (bad[accepted].sum() / bad.sum(), one / bad.sum()),
    }
    for metric, (value, tolerance) in expected.items():
        assert rate(audit, metric, race).value == pytest.approx(value, abs=tolerance), metric
    mean = float((people * people.index).sum())
    # One person moved over the whole scale of 100 points moves the mean by 100 / n.
    assert rate(audit, "mean_score", race).value == pytest.approx(mean, abs=100 * one)
    halves = (good.cumsum() - good / 2).to_numpy()
    ranked = 1 - float((bad.to_numpy() * halves).sum() / (bad.sum() * good.sum()))
    assert rate(audit, "area_under_curve", race).value == pytest.approx(
        ranked, abs=2 * one / min(bad.sum(), good.sum())
    )


# [D] requirements section 4, recomputed from the percentages; to the printed digit and one person.
TABLE = {
    "bad_rate": [0.2413, 0.6634, 0.4319, 0.1932],
    "selection_rate": [0.6544, 0.2205, 0.4217, 0.7012],
    "true_positive_rate": [0.8239, 0.5678, 0.6697, 0.8269],
    "false_positive_rate": [0.1214, 0.0443, 0.0955, 0.1764],
    "mean_score": [53.96, 25.63, 38.20, 54.74],
    "area_under_curve": [0.9249, 0.8982, 0.8936, 0.8990],
}


@pytest.mark.parametrize("metric", TABLE)
def test_table_at_the_cut_off_of_40(audit, rate, metric):
    digit = 0.005 if metric == "mean_score" else 0.00005
    for race, expected in zip(PEOPLE, TABLE[metric], strict=True):
        found = rate(audit, metric, race)
        assert found.value == pytest.approx(expected, abs=digit + 1 / (found.den or PEOPLE[race])), race


def test_adverse_impact_ratios_to_asian_borrowers(audit, finding):
    # [D] requirements section 4: .933, .314, .601.
    found = {race: finding(audit, "adverse_impact_ratio", race) for race in ("White", "Black", "Hispanic")}
    assert {race: round(f.value, 3) for race, f in found.items()} == {"White": 0.933, "Black": 0.314, "Hispanic": 0.601}
    assert {race: f.status for race, f in found.items()} == {
        "White": "within_line",
        "Black": "flag",
        "Hispanic": "flag",
    }


def test_curves_agree_with_the_published_distribution_at_every_score(audit, published):
    people, _ = published
    for race in PEOPLE:
        curve = audit.curves[audit.curves["group"] == race].set_index("cutoff")["selection_rate"]
        shares = people[race] / people[race].sum()
        above = shares[::-1].cumsum()[::-1]
        common = curve.index.intersection(above.index)
        assert len(common) > 190
        np.testing.assert_allclose(curve[common], above[common], atol=1 / PEOPLE[race])
