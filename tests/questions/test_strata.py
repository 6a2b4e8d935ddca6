"""Given the strata: Berkeley's admissions as a user would audit them."""

import numpy as np
import pytest

import fairaudit as fa

# Bickel, Hammel and O'Connell (1975): department, sex, admitted, rejected.
BERKELEY = [
    ("A", "men", 512, 313), ("A", "women", 89, 19), ("B", "men", 353, 207), ("B", "women", 17, 8),
    ("C", "men", 120, 205), ("C", "women", 202, 391), ("D", "men", 138, 279), ("D", "women", 131, 244),
    ("E", "men", 53, 138), ("E", "women", 94, 299), ("F", "men", 22, 351), ("F", "women", 24, 317),
]  # fmt: skip


def berkeley(only=None):
    rows = [(d, s, word, n) for d, s, *both in BERKELEY for word, n in zip(("yes", "no"), both, strict=True)]
    department, sex, admitted, n = zip(*rows, strict=True)
    return {"department": department, "sex": sex, "admitted": admitted, "n": n}


def audited(data, **more):
    roles = {"counts": "n", "decision": "admitted", "favorable": "yes", "groups": "sex", "strata": "department"}
    return fa.audit(data, reference={"sex": "men"}, **{**roles, **more}).result


@pytest.fixture(scope="module")
def found():
    return [m for m in audited(berkeley()).measurements if m.topic == "conditional"]


def one(found, metric, detail=None):
    return next(m for m in found if m.metric == metric and (detail is None or detail in m.detail))


def test_women_are_not_admitted_less_often_within_departments(found):
    odds = one(found, "mantel_haenszel_odds_ratio")
    # R: mantelhaen.test(UCBAdmissions[, 2:1, ]); men over women is 0.9046968, so women over men its inverse.
    assert odds.value == pytest.approx(1 / 0.9046968, rel=1e-6)
    assert odds.low < 1 < odds.high
    assert odds.test == "Cochran-Mantel-Haenszel"
    ratio = one(found, "segmented_adverse_impact_ratio")
    assert ratio.low < 1 < ratio.high


def test_the_departments_are_not_alike(found):
    alike = one(found, "stratum_homogeneity")
    # R: DescTools::BreslowDayTest(UCBAdmissions, correct = TRUE) prints X-squared 18.83, df 5, p 0.0021.
    assert alike.value == pytest.approx(18.83, abs=0.01)
    assert alike.p == pytest.approx(0.0021, abs=1e-4)


def test_raw_and_adjusted_stand_side_by_side(found):
    raw = one(found, "adjusted_marginal_effect", "raw (logit)")
    given = one(found, "adjusted_marginal_effect", "given department (logit)")
    assert raw.value == pytest.approx(557 / 1835 - 1198 / 2691, abs=1e-9)
    assert raw.high < 0 < given.high


def test_each_department_has_its_ratio(found):
    department = one(found, "adverse_impact_ratio_in_stratum", "department A")
    assert department.value == pytest.approx((89 / 108) / (512 / 825))
    assert (department.n, department.n_reference) == (108, 825)


def test_a_reversal_is_said_only_where_both_intervals_exclude_no_difference(found):
    # Berkeley's departments do not show the opposite beyond chance, so it is no reversal.
    assert not [m for m in found if m.metric == "simpson_reversal"]
    data = {
        "s": ["x", "x", "x", "x", "y", "y", "y", "y"], "g": ["a", "a", "b", "b"] * 2, "d": ["yes", "no"] * 4,
        "n": [90, 10, 700, 300, 300, 700, 10, 90],
    }  # fmt: skip
    result = fa.audit(data, counts="n", decision="d", favorable="yes", groups="g", strata="s", reference={"g": "b"})
    reversal = one([m for m in result.result.measurements if m.topic == "conditional"], "simpson_reversal")
    assert reversal.value < 0
    assert "pooled below 0, within strata above" in reversal.method


def test_a_control_that_stands_for_the_group_is_called_so():
    rng = np.random.default_rng(4)
    g = rng.choice(["a", "b"], 600)
    tract = np.where(rng.random(600) < 0.9, g, np.where(g == "a", "b", "a"))
    data = {"g": g, "tract": tract, "d": rng.choice(["yes", "no"], 600)}
    result = fa.audit(data, decision="d", favorable="yes", groups="g", strata="tract", reference={"g": "a"}).result
    record = one([m for m in result.measurements if m.topic == "conditional"], "segmented_adverse_impact_ratio")
    assert "'tract' goes closely with g (Cramer's V 0." in record.note


def test_without_strata_nothing_is_conditional():
    result = audited({k: v for k, v in berkeley().items() if k != "department"}, strata=())
    assert not [m for m in result.measurements if m.topic == "conditional"]


def test_controls_are_nested_in_the_order_declared():
    rng = np.random.default_rng(5)
    data = {name: rng.choice(["u", "v"], 500) for name in ("g", "s", "t")} | {"d": rng.choice(["yes", "no"], 500)}
    result = fa.audit(data, decision="d", favorable="yes", groups="g", strata=["s", "t"], reference={"g": "u"}).result
    details = [m.detail for m in result.measurements if m.metric == "adjusted_marginal_effect"]
    assert [d for d in details if d.endswith("(logit)")] == ["raw (logit)", "given s (logit)", "given s, t (logit)"]
