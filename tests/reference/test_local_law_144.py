"""New York City's Local Law 144: the worked examples of 6 RCNY 5-301, as adopted in April 2023, in one call each.

The first example's tables do not quite agree with each other: its race table has 408 Hispanic or Latino applicants
(204 selected), its intersectional table 395 (172 selected). The race table is therefore checked by itself.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa

HISPANIC, WHITE, BLACK, ISLANDER = "Hispanic or Latino", "White", "Black or African American", "Native Hawaiian"
ASIAN, NATIVE, SEVERAL = "Asian", "Native American or Alaska Native", "Two or More Races"
RACES = (HISPANIC, WHITE, BLACK, ISLANDER, ASIAN, NATIVE, SEVERAL)
# The rule lets the auditor leave out categories under 2%; its example keeps them (41 of 2,584 are 1.6%).
KEEP_SMALL = {"extends": "us-nyc-ll144", "id": "ll144-all-categories", "minimum_share": 0}

# 6 RCNY 5-301(b), example: applicants, selected, impact ratio as printed, by race for men and for women.
SELECTED = {
    "Male": [(205, 90, 0.841), (412, 215, 1.000), (226, 95, 0.806), (87, 37, 0.815), (321, 167, 0.997),
             (24, 11, 0.878), (115, 52, 0.866)],
    "Female": [(190, 82, 0.827), (385, 197, 0.981), (164, 75, 0.876), (32, 15, 0.898), (295, 135, 0.877),
               (17, 7, 0.789), (98, 44, 0.860)],
}  # fmt: skip
BY_RACE = [(408, 204, 0.97), (797, 412, 1.00), (390, 170, 0.84), (119, 52, 0.85), (616, 302, 0.95), (41, 18, 0.85),
           (213, 96, 0.87)]  # fmt: skip
# 6 RCNY 5-301(d), example: applicants, scoring rate and impact ratio as printed.
SCORED = {
    "Male": [(16, 0.75, 1.00), (20, 0.35, 0.47), (20, 0.50, 0.67), (4, 0.75, 1.00), (12, 0.583, 0.78),
             (8, 0.625, 0.83), (12, 0.50, 0.67)],
    "Female": [(12, 0.50, 0.67), (20, 0.40, 0.53), (12, 0.50, 0.67), (4, 0.50, 0.67), (12, 0.25, 0.33),
               (8, 0.625, 0.83), (8, 0.50, 0.67)],
}  # fmt: skip
SCORED_BY_RACE = [(28, 0.642, 1.00), (40, 0.375, 0.58), (32, 0.50, 0.78), (8, 0.625, 0.97), (24, 0.417, 0.65),
                  (16, 0.625, 0.97), (20, 0.50, 0.78)]  # fmt: skip
SCORED_BY_SEX = {"Male": (92, 0.543, 1.00), "Female": (76, 0.447, 0.82)}


def ratios(audit, attribute, metric="adverse_impact_ratio"):
    """Return the impact ratio of each category of a table, 1 for the one with the highest rate."""
    found = [f for f in audit.result.findings if f.attribute == attribute and f.metric == metric]
    assert len({f.reference for f in found}) == 1
    return {found[0].reference: 1.0, **{f.group: f.value for f in found}}


def shown(audit, attribute, metric="selection_rate"):
    return {r.group: r for r in audit.result.rates if r.attribute == attribute and r.metric == metric}


@pytest.fixture(scope="module")
def screening():
    """Return the audit of the first example: 14 categories, and 250 people of unknown category."""
    table = {"race": ["Unknown", "Unknown"], "sex": ["Unknown", "Unknown"], "yes": [1, 0], "n": [120, 130]}
    for sex, rows in SELECTED.items():
        for race, (people, selected, _) in zip(RACES, rows, strict=True):
            for yes, n in ((1, selected), (0, people - selected)):
                for name, value in (("race", race), ("sex", sex), ("yes", yes), ("n", n)):
                    table[name].append(value)
    return fa.audit(table, counts="n", groups=["race", "sex"], decision="yes", favorable=1, policy=KEEP_SMALL)


@pytest.fixture(scope="module")
def culture_fit():
    """Return the audit of the second example: scores of 168 people, half above the median, and of 15 unknown ones."""
    race, sex, above = ["Unknown"] * 15, ["Unknown"] * 15, [True] * 7 + [False] * 8
    for name, rows in SCORED.items():
        for category, (people, rate, _) in zip(RACES, rows, strict=True):
            many = round(people * rate)
            race += [category] * people
            sex += [name] * people
            above += [True] * many + [False] * (people - many)
    rng = np.random.default_rng(1)
    above = np.array(above)
    scores = np.where(above, rng.integers(51, 100, len(above)), rng.integers(1, 50, len(above)))
    return fa.audit({"race": race, "sex": sex, "score": scores}, groups=["race", "sex"], score="score",
                    higher_is="better", policy="us-nyc-ll144")  # fmt: skip


def test_the_screening_example_by_sex(screening):
    # Male 1390, 667, 48%, 1.00; Female 1181, 555, 47%, 0.979.
    assert ratios(screening, "sex") == {"Male": 1.0, "Female": pytest.approx(0.979, abs=0.0005)}
    rates = shown(screening, "sex")
    assert {sex: (rates[sex].n, rates[sex].num) for sex in SELECTED} == {"Male": (1390, 667), "Female": (1181, 555)}


def test_the_screening_example_by_race():
    table = {"race": [race for race in RACES for _ in (1, 0)], "yes": [1, 0] * 7,
             "n": [n for people, selected, _ in BY_RACE for n in (selected, people - selected)]}  # fmt: skip
    found = ratios(fa.audit(table, counts="n", groups="race", decision="yes", favorable=1, policy=KEEP_SMALL), "race")
    assert found == {race: pytest.approx(ratio, abs=0.005) for race, (_, _, ratio) in zip(RACES, BY_RACE, strict=True)}


def test_the_screening_example_by_race_and_sex(screening):
    found = ratios(screening, "race × sex")
    assert len(found) == 14
    for sex, rows in SELECTED.items():
        for race, (_, _, printed) in zip(RACES, rows, strict=True):
            assert found[f"{race} × {sex}"] == pytest.approx(printed, abs=0.0005), (race, sex)


def test_unknown_categories_are_counted_and_left_out(screening):
    assert shown(screening, "race")["Unknown"].n == 250
    assert "Unknown" not in ratios(screening, "race")
    text = screening.to_markdown().split("## Tables of rates and impact ratios")[1].split("\n## ")[0]
    assert text.count("**Unknown category:** 250 people, left out of the calculation.") == 3
    assert "| Female | 1,181 | 555 | 47.0%" in text
    assert "Tables of rates and impact ratios" in screening.to_html()


@pytest.mark.parametrize("attribute", ["sex", "race", "race × sex"])
def test_the_scoring_example_without_a_cut_off(culture_fit, attribute):
    expected = {
        "sex": SCORED_BY_SEX,
        "race": dict(zip(RACES, SCORED_BY_RACE, strict=True)),
        "race × sex": {f"{race} × {sex}": row for sex in SCORED for race, row in zip(RACES, SCORED[sex], strict=True)},
    }[attribute]
    found, rates = ratios(culture_fit, attribute, "scoring_rate_ratio"), shown(culture_fit, attribute, "scoring_rate")
    assert found.keys() == expected.keys()
    for group, (people, rate, ratio) in expected.items():
        assert rates[group].n == people
        # 18 of 28 are printed as 64.2%.
        assert rates[group].value == pytest.approx(rate, abs=0.001), group
        assert found[group] == pytest.approx(ratio, abs=0.005), group


def test_the_median_is_of_the_full_sample_and_said(culture_fit):
    median = culture_fit.result.schema.median
    assert (median.people, median.people_above) == (183, 91)
    assert "Scoring rates are held against the median score of all 183 people scored" in culture_fit.to_markdown()


def test_the_policy_itself_leaves_out_small_categories_with_number_rate_and_reason(screening):
    table = {"race": ["A", "A", "B", "B", "C", "C"], "yes": [1, 0] * 3, "n": [300, 300, 200, 250, 6, 10]}
    made = fa.audit(table, counts="n", groups="race", decision="yes", favorable=1, policy="us-nyc-ll144")
    assert ratios(made, "race").keys() == {"A", "B"}
    text = made.to_markdown()
    assert (
        "**C:** left out of the ratios, because a ratio of so few says little: 16 people are 1.5% of the data, below "
        "the policy&#39;s 2%; selected: 37.5%." in text.replace("'", "&#39;")
    )


def test_many_people_at_the_median_are_said_and_not_above_it():
    scores = [1] * 20 + [5] * 70 + [9] * 10
    made = fa.audit({"sex": ["F", "M"] * 50, "score": scores}, groups="sex", score="score", higher_is="better",
                    policy="us-nyc-ll144")  # fmt: skip
    rates = shown(made, "sex", "scoring_rate")
    assert (rates["F"].value, rates["M"].value) == (0.1, 0.1)
    assert "70 people stand exactly at it (70.0%) and not above it" in made.to_markdown()


def test_one_attribute_has_no_crossing_and_that_is_said():
    made = fa.audit({"sex": ["F", "M"] * 50, "yes": [1, 0, 0, 1] * 25}, groups="sex", decision="yes", favorable=1,
                    policy="us-nyc-ll144")  # fmt: skip
    (entry,) = [n for n in made.result.not_run if n.what.startswith("Crossings of groups")]
    assert "needs two groups" in entry.reason


def test_a_call_may_refuse_the_crossing(screening):
    assert "race × sex" in {a.name for a in screening.result.schema.attributes}
    rows = {"sex": ["F", "M"] * 50, "race": ["A", "A", "B", "B"] * 25, "yes": [1, 0, 0, 1] * 25}
    roles = {"groups": ["race", "sex"], "decision": "yes", "favorable": 1}
    made = fa.audit(rows, **roles, policy="us-nyc-ll144", cross=False)
    assert {a.name for a in made.result.schema.attributes} == {"race", "sex"}


categories = st.lists(
    st.tuples(st.sampled_from(["F", "M", "Unknown"]), st.sampled_from(["A", "B", "C", None]), st.integers(0, 6)),
    min_size=12, max_size=40,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(categories)
def test_the_largest_ratio_is_1_and_counts_add_up(people):
    sex, race, score = zip(*people, strict=True)
    if len(set(sex) - {"Unknown"}) < 2 or len(set(race) - {None}) < 2 or len(set(score)) < 2:
        return
    made = fa.audit({"sex": sex, "race": race, "score": score}, groups=["race", "sex"], score="score",
                    higher_is="better", policy="us-nyc-ll144", metrics=["scoring_rate_ratio"])  # fmt: skip
    for attribute in ("race", "sex", "race × sex"):
        rates = shown(made, attribute, "scoring_rate")
        assert sum(r.n for r in rates.values()) == len(people)
        assert sum(r.num for r in rates.values()) == sum(x > np.median(score) for x in score)
        found = [f for f in made.result.findings if f.attribute == attribute and f.metric == "scoring_rate_ratio"]
        assert all(f.value is None or f.value <= 1 for f in found)
        assert not {f.group for f in found} & {g for g in rates if "Unknown" in g or "(missing)" in g}
