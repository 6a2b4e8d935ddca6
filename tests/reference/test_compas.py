"""COMPAS in Broward County (ProPublica 2016), end to end.

ProPublica's positive is "higher risk" and "recidivated"; ours is the favorable decision (Low) and the good
outcome (not charged again). So their false positive rate is our false negative rate, and the other way round.

The counts of the first tests are public; the others need the file, which is never committed.
"""

import pytest

import fairaudit as fa

# People who were not charged again scored Low and scored Medium or High, people who were charged again likewise.
# African-American: "How We Analyzed the COMPAS Recidivism Algorithm" (ProPublica, 23 May 2016), output of
# "Compas Analysis.ipynb" cells 50 to 55. Caucasian: recomputed from the file; only its rates are cited below.
COUNTS = {"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)}

# Per cent. Points: Dressel and Farid (2018), Science Advances 4(1) eaao5580, Table 2, COMPAS, n = 7,214; they print
# 44.85 as 44.8. The same 44.9 and 23.5, 28.0 and 47.7 stand in ProPublica's article.
THEIR_FALSE_POSITIVES = {"African-American": 44.8, "Caucasian": 23.5}
THEIR_FALSE_NEGATIVES = {"African-American": 28.0, "Caucasian": 47.7}
# The same table: accuracy with its 95% interval, whose method is not named; ours is Wilson's, so the bounds may
# differ by one in the last digit.
ACCURACY = {
    "(everybody)": (65.4, 64.3, 66.5),
    "African-American": (63.8, 62.2, 65.4),
    "Caucasian": (67.0, 65.1, 68.9),
}


@pytest.fixture(scope="module")
def from_table():
    """An audit of nothing but the printed contingency tables."""
    cells = [("no", "Low"), ("no", "High"), ("yes", "Low"), ("yes", "High")]
    return fa.audit(
        {
            "race": [race for race in COUNTS for _ in cells],
            "charged": [charged for _ in COUNTS for charged, _ in cells],
            "risk": [risk for _ in COUNTS for _, risk in cells],
            "n": [n for row in COUNTS.values() for n in row],
        },
        counts="n", groups="race", decision="risk", favorable="Low", outcome="charged", bad="yes",
        reference={"race": "Caucasian"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def audit(compas):
    return fa.audit(compas, **fa.describe_dataset("compas").call)


@pytest.mark.parametrize("race", COUNTS)
def test_error_rates_of_the_printed_tables(from_table, rate, race):
    theirs = 100 * rate(from_table, "false_negative_rate", race).value
    assert theirs == pytest.approx(THEIR_FALSE_POSITIVES[race], abs=0.0501)
    theirs = 100 * rate(from_table, "false_positive_rate", race).value
    assert theirs == pytest.approx(THEIR_FALSE_NEGATIVES[race], abs=0.0501)


def test_printed_table_of_black_defendants(from_table, rate):
    # ProPublica's output: FPR 44.85, FNR 27.99, specificity 0.55, sensitivity 0.72, n 3,696.
    group = "African-American"
    assert round(100 * rate(from_table, "false_negative_rate", group).value, 2) == 44.85
    assert round(100 * rate(from_table, "false_positive_rate", group).value, 2) == 27.99
    assert round(rate(from_table, "true_positive_rate", group).value, 2) == 0.55
    assert round(rate(from_table, "true_negative_rate", group).value, 2) == 0.72
    assert rate(from_table, "selection_rate", group).n == 3696


@pytest.mark.parametrize("race", COUNTS)
def test_accuracy_and_its_interval_from_the_tables(from_table, rate, race):
    found = rate(from_table, "accuracy", race)
    value, low, high = ACCURACY[race]
    assert 100 * found.value == pytest.approx(value, abs=0.0501)
    assert [100 * found.low, 100 * found.high] == pytest.approx([low, high], abs=0.1)


# With the file


def test_people_by_race_and_the_cut_off(audit, rate):
    # "How We Analyzed ...": 7,214 defendants scored, with two years of follow-up.
    assert audit.result.schema.people == 7214
    assert rate(audit, "selection_rate", "African-American").n == 3696
    assert [c.cutoff for c in audit.result.schema.cutoffs] == [4.0]


@pytest.mark.parametrize("race", COUNTS)
def test_error_rates_from_the_scores(audit, rate, race):
    assert 100 * rate(audit, "false_negative_rate", race).value == pytest.approx(
        THEIR_FALSE_POSITIVES[race], abs=0.0501
    )
    assert 100 * rate(audit, "false_positive_rate", race).value == pytest.approx(
        THEIR_FALSE_NEGATIVES[race], abs=0.0501
    )


@pytest.mark.parametrize("group", ACCURACY)
def test_accuracy_and_its_interval(audit, rate, group):
    found = rate(audit, "accuracy", group)
    value, low, high = ACCURACY[group]
    assert 100 * found.value == pytest.approx(value, abs=0.0501)
    assert [100 * found.low, 100 * found.high] == pytest.approx([low, high], abs=0.1)


@pytest.mark.parametrize(
    ("group", "value"),
    [
        ("(everybody)", 0.7022),
        ("African-American", 0.6918),
        ("Caucasian", 0.6931),
        ("Female", 0.6909),
        ("Male", 0.7034),
    ],
)
def test_area_under_curve_of_all_rows(audit, rate, group, value):
    # Recomputed from the file.
    assert round(rate(audit, "area_under_curve", group).value, 4) == value


@pytest.fixture(scope="module")
def filtered(compas):
    """ProPublica's own sample: "Compas Analysis.ipynb", commit 06f2547f, cells 2 to 4."""
    kept = (
        (compas["days_b_screening_arrest"].abs() <= 30)
        & (compas["is_recid"] != -1)
        & (compas["c_charge_degree"] != "O")
        & (compas["score_text"] != "N/A")
    )
    return compas[kept]


def test_propublicas_sample(filtered):
    # The same notebook, cells 4 to 14.
    audit = fa.audit(
        filtered, decision="score_text", outcome="two_year_recid", bad=1, groups=["race", "sex", "age_cat"],
        decision_levels={"Low": "favorable", "Medium": "unfavorable", "High": "unfavorable"},
        reference={"race": "Caucasian", "sex": "Male", "age_cat": "25 - 45"},
    )  # fmt: skip
    schema = audit.result.schema
    assert schema.people == 6172
    assert schema.decision_counts == {
        "High (unfavorable)": 1144,
        "Low (favorable)": 3421,
        "Medium (unfavorable)": 1607,
    }
    assert schema.outcome_counts["bad"] == 2809
    assert {a.name: a.levels for a in schema.attributes} == {
        "race": {
            "African-American": 3175, "Asian": 31, "Caucasian": 2103, "Hispanic": 509, "Native American": 11,
            "Other": 343,
        },
        "sex": {"Female": 1175, "Male": 4997},
        "age_cat": {"25 - 45": 3532, "Greater than 45": 1293, "Less than 25": 1347},
    }  # fmt: skip


def test_area_under_curve_of_propublicas_sample(filtered, rate):
    # Flores, Bechtel and Lowenkamp (2016), Federal Probation 80(2):38-46: .69 white, .70 Black, .71 overall, as
    # cited by others; their sample is near this one.
    audit = fa.audit(filtered, **fa.describe_dataset("compas").call)
    for group, value in {"Caucasian": 0.69, "African-American": 0.70, "(everybody)": 0.71}.items():
        assert rate(audit, "area_under_curve", group).value == pytest.approx(value, abs=0.005)
