"""What each preset makes of the same people, end to end; and that asking more never changes the first answer."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import fairaudit as fa
from fairaudit.errors import PolicyError
from fairaudit.inference.association import hypergeometric_z

ROLES = {"score": "points", "higher_is": "better", "cutoff": 60, "outcome": "good", "good": 1, "groups": "race"}
REFERENCE = {"race": "White"}


@pytest.fixture(scope="module")
def rows():
    """900 people with a score that is worse for some, an outcome, and two more attributes."""
    rng = np.random.default_rng(20_240_501)
    race = rng.choice(["White", "Black", "Asian", "Hispanic"], 900, p=[0.5, 0.2, 0.12, 0.18])
    merit = rng.normal(size=900) - 0.45 * (race == "Black") - 0.15 * (race == "Hispanic")
    return pd.DataFrame(
        {
            "race": race,
            "sex": rng.choice(["Female", "Male"], 900),
            "region": rng.choice(["north", "south", "west"], 900),
            "points": (62 + 12 * merit + 6 * rng.normal(size=900)).round(),
            "good": (merit + rng.normal(size=900) > -0.8).astype(int),
        }
    )


def selected(counts):
    """Return {group: (selected, people)} as a table of counts."""
    kinds = [(group, yes) for group in counts for yes in (1, 0)]
    return {
        "race": [group for group, _ in kinds],
        "yes": [yes for _, yes in kinds],
        "n": [k if yes else n - k for k, n in counts.values() for yes in (1, 0)],
    }


def audit_counts(counts, **options):
    return fa.audit(selected(counts), counts="n", groups="race", decision="yes", favorable=1, **options)


# New York City's Local Law 144


LOPSIDED = {"White": (600, 1000), "Black": (100, 1000), "Asian": (300, 600), "Native": (2, 40), "(missing)": (9, 90)}


def test_ll144_gives_information_only_however_large_the_gap(rows):
    audit = fa.audit(rows, **{**ROLES, "groups": ["race", "sex"]}, policy="us-nyc-ll144", cross=True)
    lopsided = audit_counts(LOPSIDED, policy="us-nyc-ll144")
    for made in (audit, lopsided):
        assert {f.status for f in made.result.findings} == {"info"}
        assert {f.line for f in made.result.findings} == {None}
    assert min(f.p for f in lopsided.result.findings if f.metric == "adverse_impact_ratio") < 1e-100


def test_ll144_ratios_are_to_the_most_selected_and_leave_small_and_unknown_categories_out():
    audit = audit_counts(LOPSIDED, policy="us-nyc-ll144")
    ratios = {f.group: f.value for f in audit.result.findings if f.metric == "adverse_impact_ratio"}
    # 6 RCNY 5-301(d): a category under 2% of the data may be left out, with its number and the reason; 40 of 2,640.
    assert ratios == {"Asian": pytest.approx(0.5 / 0.6), "Black": pytest.approx(0.1 / 0.6)}
    reasons = {n.group: n.reason for n in audit.result.not_run if n.group and "impact ratio" in n.what.lower()}
    assert "40 people are 1.5% of the data" in reasons["Native"]
    assert reasons["(missing)"].startswith("90 people")
    # They are counted and shown all the same.
    shown = {r.group: r.n for r in audit.result.rates if r.metric == "selection_rate" and r.attribute == "race"}
    assert (shown["Native"], shown["(missing)"]) == (40, 90)


# The AI Act


def test_the_ai_act_preset_refuses_until_lines_are_declared(rows):
    with pytest.raises(PolicyError, match="eu-ai-act-annex-iii-5b"):
        fa.audit(rows, **ROLES, reference=REFERENCE, policy="eu-ai-act-annex-iii-5b")


def test_the_ai_act_preset_runs_with_a_users_lines(rows):
    mine = {
        "id": "our-lines",
        "version": "1",
        "extends": "eu-ai-act-annex-iii-5b",
        "rules": [
            {
                "id": "error-gap",
                "metric": "equal_opportunity_difference",
                "contrast": "difference",
                "practical": {"op": "<", "value": -0.1},
                "family": "primary",
            }
        ],
    }
    audit = fa.audit(rows, **ROLES, reference=REFERENCE, policy=mine)
    primary = [f for f in audit.result.findings if f.family == "primary"]
    assert {(f.metric, f.line) for f in primary} == {("equal_opportunity_difference", -0.1)}
    assert audit.result.policy.id == "our-lines"


# The four-fifths rule


PAIRS = {"a": (130, 300), "b": (110, 320), "c": (95, 200), "d": (70, 180)}


@pytest.mark.parametrize("best", PAIRS)
def test_ugesp_takes_the_highest_rate_as_the_reference(best):
    counts = {**PAIRS, best: (PAIRS[best][1] - 50, PAIRS[best][1])}
    audit = audit_counts(counts, policy="us-ugesp")
    assert {f.reference for f in audit.result.findings} == {best}
    ratios = [f.value for f in audit.result.findings if f.metric == "adverse_impact_ratio"]
    assert len(ratios) == 3
    assert max(ratios) < 1


def test_ugesp_corrects_for_all_pairs_that_could_have_been_compared(finding):
    audit = audit_counts(PAIRS, policy="us-ugesp")
    p = {}
    for reference in PAIRS:
        named = audit_counts(PAIRS, reference={"race": reference})
        p |= {frozenset((f.group, reference)): f.p for f in named.result.findings if f.metric == "adverse_impact_ratio"}
    assert len(p) == 6
    # The selected dealt anew over everybody, person by person, and the largest statistic of all pairs noted.
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(4), [n for _, n in PAIRS.values()])
    sizes, chosen = np.bincount(people), np.arange(len(people)) < sum(selected for selected, _ in PAIRS.values())
    largest = []
    for _ in range(2_000):
        rates = np.bincount(people[rng.permutation(chosen)], minlength=4)
        pairs = combinations(range(4), 2)
        largest.append(
            max(abs(float(hypergeometric_z(rates[i], sizes[i], rates[j], sizes[j]).statistic)) for i, j in pairs)
        )
    for group in ("a", "b", "d"):
        found = finding(audit, "adverse_impact_ratio", group)
        assert found.p == pytest.approx(p[frozenset((group, "c"))], rel=1e-12)
        assert found.p_adjusted == pytest.approx(
            np.mean(np.array(largest) >= -scipy.stats.norm.ppf(found.p / 2)), abs=0.035
        )
        assert found.p_adjusted <= min(1.0, 6 * found.p)
        assert "widened for all 6 pairs, largest statistic drawn (Tukey)" in found.method
        assert (found.p_adjusted < 0.05) == (found.high < 1)
    # 110 of 320 against 95 of 200: ratio .72, p = .003, and still more than chance after six comparisons.
    assert finding(audit, "adverse_impact_ratio", "b").status == "flag"


def test_ugesp_says_when_only_the_correction_takes_the_significance_away(finding):
    # Against the highest rate p is under .05 before the correction for six pairs and over it after.
    counts = {"a": (130, 300), "b": (60, 165), "c": (95, 200), "d": (70, 160)}
    found = finding(audit_counts(counts, policy="us-ugesp"), "adverse_impact_ratio", "b")
    assert found.value < 0.8
    assert found.p < 0.05 < found.p_adjusted
    assert found.status == "insufficient"
    assert "significant only before correction for 6 comparisons" in found.reason


# The lending convention


def test_lending_without_a_reference_is_an_error_that_names_one(rows):
    with pytest.raises(PolicyError, match=r"Attribute 'race' has no reference.*--reference race=White"):
        fa.audit(rows, **ROLES)


def test_lending_never_lets_the_data_choose(rows):
    for reference in ("Black", "Asian"):
        audit = fa.audit(rows, **ROLES, reference={"race": reference})
        assert {f.reference for f in audit.result.findings} == {reference}


def test_a_reference_below_the_minimum_is_refused():
    with pytest.raises(PolicyError, match="'small' cannot be the reference of 'race': it has 29 people"):
        audit_counts({"small": (20, 29), "large": (200, 400)}, reference={"race": "small"})


# Asking more never changes the first answer


MORE = {
    "metric": (
        {"metrics": ["adverse_impact_ratio"]},
        {"metrics": ["adverse_impact_ratio", "odds ratio", "auc parity"]},
    ),
    "all metrics": ({"metrics": ["adverse_impact_ratio"]}, {}),
    "attribute": ({}, {"groups": ["race", "sex", "region"]}),
    "crossing": ({"groups": ["race", "sex"]}, {"groups": ["race", "sex"], "cross": [("race", "sex")]}),
    "cut-off": ({}, {"cutoff": [60, 50, 65]}),
    "everything": (
        {"metrics": ["adverse_impact_ratio"]},
        {"groups": ["race", "sex"], "cross": True, "cutoff": [60, 50]},
    ),
}
REFERENCES = {"race": "White", "sex": "Male", "region": "north"}


@pytest.mark.parametrize("policy", ["us-fair-lending", "us-ugesp"])
@pytest.mark.parametrize("what", MORE)
def test_asking_more_never_changes_a_primary_answer(rows, policy, what):
    def answers(options):
        roles = {**ROLES, **options}
        groups = [roles["groups"]] if isinstance(roles["groups"], str) else roles["groups"]
        reference = {name: REFERENCES[name] for name in groups}
        audit = fa.audit(rows, **roles, reference=reference, policy=policy)
        return {
            f.id: (f.p, f.p_adjusted, f.value, f.low, f.high, f.status)
            for f in audit.result.findings
            if f.family in {"primary", "secondary"} and f.attribute == "race"
        }, len(audit.result.findings)

    (few, count), (many, count_more) = (answers(options) for options in MORE[what])
    assert len(few) >= 3
    assert all(p is not None and p_adjusted is not None for p, p_adjusted, *_ in few.values())
    assert count_more > count
    assert many == few


def test_the_order_of_groups_and_rows_changes_nothing(rows):
    roles = {**ROLES, "groups": ["race", "sex"]}
    reference = {"race": "White", "sex": "Male"}
    first = fa.audit(rows, **roles, reference=reference)
    second = fa.audit(rows.sample(frac=1, random_state=1), **{**roles, "groups": ["sex", "race"]}, reference=reference)
    ours, theirs = (
        made.findings.sort_values("id").drop(columns=["sentence"]).reset_index(drop=True) for made in (first, second)
    )
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
