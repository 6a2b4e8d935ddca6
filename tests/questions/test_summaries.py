"""Over all groups at once, against scikit-learn, fairlearn and rows."""

import fairlearn.metrics
import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

import fairaudit as fa
from fairaudit.metrics import summaries as m

ROLES = {"decision": "d", "favorable": 1, "outcome": "bad", "bad": 1, "groups": "g"}


def people(n=900, gap=0.12, seed=2):
    rng = np.random.default_rng(seed)
    g = rng.choice(["a", "b", "c"], n)
    bad = (rng.random(n) < 0.3).astype(int)
    d = (rng.random(n) < 0.7 - 0.3 * bad - gap * (g == "b")).astype(int)
    return {"g": g, "d": d, "bad": bad}


def summarized(rows, **more):
    made = fa.audit(rows, reference={"g": "a"}, rng=1, **{**ROLES, **more})
    return {r.metric: r for r in made.result.measurements if r.topic == "summary"}


@pytest.fixture(scope="module")
def rows():
    return people()


@pytest.fixture(scope="module")
def found(rows):
    return summarized(rows)


def entropy(x):
    p = np.bincount(x) / len(x)
    return -(p * np.log(p)).sum()


def test_information_is_that_of_scikit_learn(rows, found):
    g, d, bad = rows["g"], rows["d"], rows["bad"]
    assert found["independence"].value == pytest.approx(mutual_info_score(g, d) / entropy(d))

    def given(what, on):
        shares = [(on == k).mean() for k in (0, 1)]
        shared = sum(s * mutual_info_score(g[on == k], what[on == k]) for k, s in enumerate(shares))
        return shared / sum(s * entropy(what[on == k]) for k, s in enumerate(shares))

    assert found["separation"].value == pytest.approx(given(d, bad))
    assert found["sufficiency"].value == pytest.approx(given(bad, d))


def test_widest_gaps_are_those_of_fairlearn(rows, found):
    good = 1 - rows["bad"]
    theirs = {"y_true": good, "y_pred": rows["d"], "sensitive_features": rows["g"]}
    for name, function in (
        ("largest_selection_gap", fairlearn.metrics.demographic_parity_difference),
        ("smallest_selection_ratio", fairlearn.metrics.demographic_parity_ratio),
        ("largest_equalized_odds_gap", fairlearn.metrics.equalized_odds_difference),
    ):
        record = found[name]
        assert record.value == pytest.approx(function(**theirs))
        assert record.low <= record.value <= record.high


def test_inequality_is_that_of_the_benefits_of_rows(rows, found):
    b = rows["d"] - (1 - rows["bad"]) + 1.0
    share = b / b.mean()
    assert found["generalized_entropy_index"].value == pytest.approx(((share**2 - 1) / 2).mean())
    assert found["theil_index"].value == pytest.approx((share[share > 0] * np.log(share[share > 0])).sum() / len(b))
    means = np.array([b[rows["g"] == g].mean() for g in rows["g"]])
    assert found["between_group_entropy"].value == pytest.approx((((means / means.mean()) ** 2 - 1) / 2).mean())


@pytest.mark.parametrize("alpha", [1, 2])
def test_the_interval_of_an_index_is_that_of_a_bootstrap(alpha):
    from fairaudit.questions.summaries import _linearised

    counts, values = np.array([60.0, 300.0, 40.0]), np.array([0.0, 1.0, 2.0])
    value = float(m.generalized_entropy(counts, values, alpha=alpha))
    drawn = np.random.default_rng(1).multinomial(400, counts / 400, 20_000).astype(float)
    spread = m.generalized_entropy(drawn, values, alpha=alpha).std()
    low, high = _linearised(counts, values, alpha, value, 400, 0.95)
    assert (high - low) / 2 / 1.96 == pytest.approx(spread, rel=0.03)


def test_differential_fairness_is_its_definition(rows, found):
    rates = [(rows["d"][rows["g"] == g].sum() + 0.5) / ((rows["g"] == g).sum() + 1) for g in "abc"]
    worst = max(abs(np.log(x / y)) for side in (rates, [1 - r for r in rates]) for x in side for y in side)
    assert found["differential_fairness"].value == pytest.approx(worst)


def test_alike_groups_have_nothing_above_chance_and_a_gap_that_can_be_zero():
    small = {"independence": 0, "separation": 0, "sufficiency": 0, "differential_fairness": 0}
    zero, draws = 0, 40
    for seed in range(draws):
        found = summarized(people(n=600, gap=0.0, seed=seed), metrics=["adverse_impact_ratio"])
        for name in small:
            small[name] += found[name].p <= 0.05
        zero += found["largest_selection_gap"].low == 0
    # At 5% each, more than 7 of 40 has a chance of 0.1%.
    assert max(small.values()) <= 7
    assert zero >= 34


def test_what_chance_expects_is_about_what_alike_groups_show():
    found = summarized(people(n=900, gap=0.0, seed=77))
    record = found["largest_selection_gap"]
    shown = [
        summarized(people(n=900, gap=0.0, seed=s), metrics=["adverse_impact_ratio"])["largest_selection_gap"].value
        for s in range(30)
    ]
    assert record.expected == pytest.approx(np.mean(shown), rel=0.35)


def test_a_difference_shows():
    found = summarized(people(gap=0.3))
    assert found["independence"].p < 0.02
    assert found["largest_selection_gap"].low > 0
    assert found["independence"].excess == pytest.approx(found["independence"].value - found["independence"].expected)


def test_unobserved_outcomes_leave_separation_undefined(rows):
    outcome = rows["bad"].astype(object)
    outcome[rows["d"] == 0] = "?"
    found = summarized({**rows, "bad": outcome}, unobserved={"?": "declined"})
    assert found["separation"].undefined.startswith("not identified: the outcome of")
    assert found["sufficiency"].note == "among people whose outcome is observed"


def test_crossings_have_their_own(rows):
    sex = np.random.default_rng(3).choice(["f", "m"], 900)
    made = fa.audit(
        {**rows, "sex": sex}, **{**ROLES, "groups": ["g", "sex"]}, cross=True, reference={"g": "a", "sex": "m"}
    )
    assert {r.attribute for r in made.result.measurements if r.metric == "differential_fairness"} == {
        "g",
        "sex",
        "g × sex",
    }


def test_information_of_independent_and_of_equal_columns():
    assert m.information(np.array([[[2.0, 6.0], [1.0, 3.0]]])) == pytest.approx(0, abs=1e-15)
    assert np.isnan(m.information(np.array([[[2.0, 0.0], [1.0, 0.0]]])))
