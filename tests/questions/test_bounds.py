"""Bounds hold every assignment of the unknown, and are reached by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier
from statsmodels.stats.proportion import confint_proportions_2indep

import fairaudit as fa
from fairaudit.inference.identification import auc_bounds, imputed_bad_rates, observation_weighted, ratio_bounds

small = st.lists(st.integers(0, 2), min_size=3, max_size=3)


@given(small, small, small)
@settings(max_examples=60, deadline=None)
def test_bounds_of_the_auc_are_the_extremes_of_all_assignments(good, bad, unknown):
    def rows(counts):
        return np.repeat(np.arange(3), counts)

    scores = np.concatenate([rows(good), rows(bad), rows(unknown)])
    aucs = []
    for outcomes in itertools.product([0, 1], repeat=int(sum(unknown))):
        y = np.concatenate([np.ones(sum(good)), np.zeros(sum(bad)), outcomes])
        if 0 < y.sum() < len(y):
            aucs.append(roc_auc_score(y, scores))
    low, high = auc_bounds(good, bad, unknown)
    if aucs:
        assert (low.value, high.value) == pytest.approx((min(aucs), max(aucs)))
    else:
        assert np.isnan(low.value)


@given(st.tuples(*[st.integers(1, 12)] * 4), st.integers(0, 4), st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_bounds_of_the_ratio_are_the_extremes_of_all_assignments(table, s, f):
    a, more, b, others = table
    n, m = a + more, b + others
    ratios = []
    for x in range(s + 1):
        for y in range(f + 1):
            for x2 in range(s - x + 1):
                for y2 in range(f - y + 1):
                    ratios.append(((a + x) / (n + x + y)) / ((b + x2) / (m + x2 + y2)))
    least, greatest = ratio_bounds(a, n, b, m, s, f)
    assert least[0] / least[1] / (least[2] / least[3]) == pytest.approx(min(ratios))
    assert greatest[0] / greatest[1] / (greatest[2] / greatest[3]) == pytest.approx(max(ratios))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(9)
    n = 600
    g = rng.choice(["a", "b", ""], n, p=[0.5, 0.4, 0.1])
    points = rng.integers(0, 10, n)
    bad = np.where(rng.random(n) < 0.6 - 0.05 * points, "1", "0").astype(object)
    bad[points < 4] = "?"
    return {"g": g, "points": points, "bad": bad}


@pytest.fixture(scope="module")
def found(rows):
    made = fa.audit(
        rows, score="points", higher_is="better", cutoff=4, outcome="bad", bad="1", unobserved={"?": "declined"},
        groups="g", reference={"g": "a"},
    )  # fmt: skip
    return [m for m in made.result.measurements if m.topic == "bounds"]


def test_augmentation_is_the_definition_on_rows(rows, found):
    mine = [m for m in found if m.metric == "error_rate_sensitivity" and m.group == "b"]
    assert len(mine) == 10
    b = rows["g"] == "b"
    known = b & (rows["bad"] != "?")
    nearest = (rows["bad"][b & (rows["points"] == 4)] == "1").mean()
    unknown = (b & (rows["bad"] == "?")).sum()
    goods = (known & (rows["bad"] == "0")).sum() + unknown * (1 - nearest)
    tpr = (known & (rows["bad"] == "0")).sum() / goods
    record = next(m for m in mine if m.detail == "true positive rate, augmentation (factor 1)")
    assert record.value == pytest.approx(tpr)
    worse = next(m for m in mine if m.detail == "true positive rate, parcelling, factor 2")
    assert worse.value > record.value  # fewer good ones among the declined


@pytest.mark.parametrize("strata", [[], ["branch"]])
def test_weights_by_the_chance_of_being_observed_are_those_of_a_fit_on_rows(strata):
    rng = np.random.default_rng(3)
    n = 900
    points, branch = rng.integers(0, 4, n), rng.choice(["n", "s"], n)
    observed = rng.random(n) < 0.4 + 0.1 * points + 0.15 * (branch == "n")
    bad = (rng.random(n) < 0.5 - 0.1 * points + 0.2 * (branch == "s")).astype(int)
    rows = {"g": rng.choice(["a", "b"], n), "points": points, "branch": branch}
    made = fa.audit(
        rows | {"bad": np.where(observed, bad.astype(str), "?")}, score="points", higher_is="better", cutoff=2,
        outcome="bad", bad="1", unobserved={"?": "declined"}, groups="g", reference={"g": "a"}, strata=strata,
    )  # fmt: skip
    mine = rows["g"] == "b"
    cells = points * 2 + (branch == "n") * bool(strata)
    # A saturated model of being observed, fitted by scikit-learn on the rows of the group.
    chance = DecisionTreeClassifier().fit(cells[mine, None], observed[mine]).predict_proba(cells[:, None])[:, 1]
    known = mine & observed & (bad == 0)
    expected = (1 / chance[known & (points >= 2)]).sum() / (1 / chance[known]).sum()
    words = "true positive rate, observation-probability weights by score" + (" and branch" if strata else "")
    [record] = [m for m in made.result.measurements if m.group == "b" and m.detail == words]
    assert record.value == pytest.approx(expected)


def test_people_for_whom_nobody_observed_stands_are_counted(rows, found):
    [share] = {m.detail.partition("(")[2] for m in found if "weights" in (m.detail or "") and m.group == "b"}
    mine = rows["points"][rows["g"] == "b"]
    assert share == f"nobody observed stands for {(mine < 4).mean():.1%} of the people)"


def test_the_auc_is_bounded_and_not_estimated(found):
    record = next(m for m in found if m.metric == "area_under_curve_bounds" and m.group == "b")
    assert record.value is None
    assert 0 <= record.low < record.high <= 1
    assert record.undefined == "not identified"


def test_missing_levels_by_decision(rows, found):
    record = next(m for m in found if m.metric == "missing_by_decision")
    chosen, gone = rows["points"] >= 4, rows["g"] == ""
    assert record.value == pytest.approx(gone[chosen].mean() - gone[~chosen].mean())
    theirs = confint_proportions_2indep(
        (gone & chosen).sum(), chosen.sum(), (gone & ~chosen).sum(), (~chosen).sum(), compare="diff", method="newcomb"
    )
    assert (record.low, record.high) == pytest.approx(theirs, abs=0.005)


def test_the_ratio_lies_within_its_bounds(rows, found):
    record = next(m for m in found if m.metric == "adverse_impact_ratio_bounds")
    chosen = rows["points"] >= 4
    ratio = chosen[rows["g"] == "b"].mean() / chosen[rows["g"] == "a"].mean()
    assert record.low < ratio < record.high


def test_nearest_observed_bin_stands_in():
    assert imputed_bad_rates([0, 0], [0, 0], [np.nan, 0.3]).tolist() == [0.3, 0.3]
    assert np.isnan(imputed_bad_rates([0], [0], [np.nan])).all()


def test_nobody_stands_for_nobody():
    good, bad, share = observation_weighted([0, 0], [0, 0], [0, 0])
    assert good.tolist() == bad.tolist() == [0, 0]
    assert np.isnan(share)
