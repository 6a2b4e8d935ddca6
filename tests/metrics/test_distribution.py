"""Distances between score distributions, against scipy, scikit-learn and rows."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import roc_auc_score, roc_curve

import fairaudit as fa
from fairaudit.cube.confusion import ScoreTable, Tally
from fairaudit.inference.permutation import deal, permuted
from fairaudit.metrics import distribution as d

ROLES = {"score": "points", "higher_is": "better", "outcome": "bad", "bad": 1, "groups": "g", "cutoff": 5}


def people(seed=1, n=400, worse=1):
    rng = np.random.default_rng(seed)
    g = rng.choice(["a", "b"], n)
    points = np.clip(rng.integers(0, 12, n) - worse * (g == "b"), 0, 11)
    bad = (rng.random(n) < 0.6 - 0.04 * points).astype(int)
    return {"g": g, "points": points, "bad": bad}


@pytest.fixture(scope="module")
def audited():
    rows = people()
    made = fa.audit(rows, reference={"g": "a"}, rng=1, **ROLES)
    return rows, {(m.metric, m.detail): m for m in made.result.measurements if m.topic == "distribution"}


def sides(rows, key="points"):
    return tuple(rows[key][rows["g"] == name] for name in ("b", "a"))


def test_distances_are_those_of_scipy(audited):
    rows, found = audited
    b, a = sides(rows)
    assert found["score_distance", None].value == pytest.approx(scipy.stats.ks_2samp(b, a, method="asymp").statistic)
    assert found["wasserstein_distance", None].value == pytest.approx(scipy.stats.wasserstein_distance(b, a))


def test_the_p_value_of_a_distance_is_that_of_a_permutation_of_the_rows(audited):
    rows, found = audited
    b, a = sides(rows)
    theirs = scipy.stats.permutation_test(
        (b, a), lambda x, y: scipy.stats.wasserstein_distance(x, y), n_resamples=999, rng=3, alternative="greater"
    )
    mine = found["wasserstein_distance", None]
    assert mine.p == pytest.approx(theirs.pvalue, abs=0.03)
    assert mine.expected == pytest.approx(theirs.null_distribution.mean(), rel=0.08)
    assert mine.excess == pytest.approx(mine.value - mine.expected)


def test_alike_groups_are_rarely_called_different():
    small = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        g, r = rng.multinomial(60, np.ones(8) / 8), rng.multinomial(200, np.ones(8) / 8)
        value = float(d.score_distance(g.astype(float), r.astype(float)))
        made = permuted(lambda x, y: d.score_distance(x[:, 0], y[:, 0]), value, [g], [r], rng=rng, draws=200)
        small += made.p <= 0.05
    assert small <= 8  # 3 expected of 60; more than 8 has a chance under 0.5%


def test_groups_whose_best_score_others_exceed_have_distances():
    rng = np.random.default_rng(2)
    points = np.minimum(rng.integers(0, 46, 300), 40)  # many stand at 40, the best score of the two
    rows = {"g": np.append(rng.choice(["a", "b"], 300), ["c"] * 60), "points": np.append(points, [45] * 60)}
    made = fa.audit(rows, score="points", higher_is="better", cutoff=20, groups="g", reference={"g": "a"})
    found = {m.metric: m for m in made.result.measurements if m.topic == "distribution" and m.group == "b"}
    b, a = sides(rows)
    assert found["score_distance"].value == pytest.approx(scipy.stats.ks_2samp(b, a, method="asymp").statistic)
    assert 0.5 < found["density_overlap"].expected < 1


def test_weights_in_the_best_scores_have_the_interval_of_effective_people():
    rows = people(seed=4) | {"w": np.random.default_rng(4).choice([0.5, 1.0, 2.5], 400)}
    made = fa.audit(rows, reference={"g": "a"}, rng=1, weight="w", **ROLES)
    [record] = [
        m for m in made.result.measurements
        if m.metric == "adverse_impact_ratio_in_best" and m.detail.startswith("best 50%")
    ]  # fmt: skip
    best = rows["points"] >= 6
    assert f"{np.average(best, weights=rows['w']):.1%}" in record.detail
    [finding] = [
        f for f in fa.audit(rows, reference={"g": "a"}, weight="w", **{**ROLES, "cutoff": 6}).result.findings
        if f.metric == "adverse_impact_ratio"
    ]  # fmt: skip
    assert (record.value, record.low, record.high, record.p) == pytest.approx(
        (finding.value, finding.low, finding.high, finding.p)
    )


def test_overlap_of_shares(audited):
    rows, found = audited
    b, a = (np.bincount(side, minlength=12) / len(side) for side in sides(rows))
    (record,) = (m for (name, _), m in found.items() if name == "density_overlap")
    assert record.value == pytest.approx(np.minimum(a, b).sum())


@pytest.mark.parametrize("share", d.QUANTILES)
def test_quantile_gaps_are_those_of_numpy(audited, share):
    rows, found = audited
    b, a = (np.quantile(side, share, method="inverted_cdf") for side in sides(rows))
    record = found["score_quantile_gap", f"quantile {share:g}"]
    assert record.value == b - a
    assert record.low <= record.value <= record.high


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_the_p_value_of_a_quantile_gap_is_that_of_a_permutation_of_the_rows(audited, share):
    rows, found = audited
    theirs = scipy.stats.permutation_test(
        sides(rows),
        lambda x, y: abs(np.quantile(x, share, method="inverted_cdf") - np.quantile(y, share, method="inverted_cdf")),
        n_resamples=999, rng=5, alternative="greater",
    )  # fmt: skip
    mine = found["score_quantile_gap", f"quantile {share:g}"]
    assert mine.p == pytest.approx(theirs.pvalue, abs=0.04)
    assert mine.expected == pytest.approx(theirs.null_distribution.mean(), rel=0.12)
    assert mine.excess == pytest.approx(abs(mine.value) - mine.expected)


def test_rankings_across_groups_are_those_of_scikit_learn(audited):
    rows, found = audited
    (b, a), (bad_b, bad_a) = sides(rows), sides(rows, "bad")

    def auc(good, bad):
        return roc_auc_score(np.r_[np.ones(len(good)), np.zeros(len(bad))], np.r_[good, bad])

    first, second = auc(b[bad_b == 0], a[bad_a == 1]), auc(a[bad_a == 0], b[bad_b == 1])
    assert found["background_negative_subgroup_positive_auc", None].value == pytest.approx(first)
    assert found["background_positive_subgroup_negative_auc", None].value == pytest.approx(second)
    gap = found["cross_auc_difference", None]
    assert gap.value == pytest.approx(first - second)
    assert gap.low < gap.value < gap.high


def test_abroca_is_the_area_between_scikit_learn_s_curves(audited):
    rows, found = audited
    grid = np.linspace(0, 1, 200_001)
    heights = [
        np.interp(grid, *roc_curve(1 - bad, side)[:2])
        for side, bad in zip(sides(rows), sides(rows, "bad"), strict=True)
    ]
    record = found["abroca", None]
    assert record.value == pytest.approx(np.abs(heights[0] - heights[1]).mean(), abs=2e-5)
    counts = [np.bincount(side[bad == kind], minlength=12).astype(float)
              for side, bad in zip(sides(rows), sides(rows, "bad"), strict=True) for kind in (0, 1)]  # fmt: skip
    grid_value = d.abroca_on_grid((counts[0][None], counts[1][None]), (counts[2][None], counts[3][None]))
    assert grid_value[0] == pytest.approx(record.value, abs=0.005)
    assert 0 < record.p <= 1


def test_the_ratio_in_the_best_is_the_ratio_at_that_cut_off(audited):
    rows, found = audited
    record = next(
        m for (name, detail), m in found.items() if name.endswith("in_best") and detail.startswith("best 50%")
    )
    shares = [(rows["points"] >= c).mean() for c in range(12)]
    cutoff = int(np.argmin(np.abs(np.array(shares) - 0.5)))
    b, a = ((side >= cutoff).mean() for side in sides(rows))
    assert record.value == pytest.approx(b / a)
    assert f"{shares[cutoff]:.1%}" in record.detail


def test_a_score_that_is_worse_when_higher_is_mirrored():
    rows = people()
    turned = {**rows, "points": -rows["points"]}
    one = fa.audit(rows, reference={"g": "a"}, rng=1, **ROLES).result.measurements
    two = fa.audit(
        turned, reference={"g": "a"}, rng=1, **{**ROLES, "higher_is": "worse", "cutoff": -5}
    ).result.measurements
    for mine, theirs in zip(one, two, strict=True):
        if mine.topic == "distribution":
            assert (mine.metric, mine.value) == (theirs.metric, pytest.approx(theirs.value))


def test_unobserved_outcomes_leave_rankings_undefined():
    rows = people()
    outcome = rows["bad"].astype(object)
    outcome[:10] = "unknown"
    made = fa.audit({**rows, "bad": outcome}, reference={"g": "a"}, unobserved={"unknown": "declined"}, **ROLES)
    record = next(m for m in made.result.measurements if m.metric == "abroca")
    assert record.value is None
    assert record.undefined == "not identified: the outcome of 10 people is unobserved"


def test_weights_are_drawn_and_a_weight_of_one_size_changes_only_the_draws():
    rows = people()
    plain = fa.audit(rows, reference={"g": "a"}, **ROLES).result.measurements
    same = fa.audit({**rows, "w": np.full(len(rows["g"]), 3.0)}, weight="w", reference={"g": "a"}, **ROLES)
    names = {"score_distance", "wasserstein_distance", "density_overlap", "abroca", "independence", "separation",
             "differential_fairness", "between_group_entropy"}  # fmt: skip
    pairs = [(a, b) for a, b in zip(plain, same.result.measurements, strict=True) if a.metric in names]
    assert {a.metric for a, _ in pairs} >= {"score_distance", "wasserstein_distance", "density_overlap", "abroca"}
    for one, two in pairs:
        assert one.metric == two.metric
        # The smoothing of differential fairness by half a person is less where weights are larger.
        assert two.value == pytest.approx(one.value, rel=0.02 if one.metric == "differential_fairness" else 1e-9)
        assert two.expected == pytest.approx(one.expected, rel=0.2, abs=0.01)
        assert two.p == pytest.approx(one.p, abs=0.12)
        assert "weighted" in two.test


def test_a_group_that_is_too_small_is_not_compared():
    rows = people(n=400)
    rows["g"][:5] = "c"
    made = fa.audit(rows, reference={"g": "a"}, **ROLES)
    assert {m.group for m in made.result.measurements if m.topic == "distribution"} == {"b"}


def test_the_best_shares_are_those_the_page_names(audited):
    details = [detail for metric, detail in audited[1] if detail and detail.startswith("best ")]
    said = {detail.split(" ")[1] for detail in details}
    assert said == {"5%", "10%", "20%", "30%", "40%", "50%", "60%", "70%", "80%", "90%"}


def test_bins_of_nobody_have_the_score_between_their_neighbors():
    counts = np.zeros((2, 5, 3))
    counts[0, 1, 0], counts[1, 1, 1], counts[1, 3, 0] = 3, 1, 1
    scores = np.array([[np.nan, 610, np.nan, np.nan, np.nan], [np.nan, 630, np.nan, 700, np.nan]])
    s = ScoreTable(Tally.of(counts), np.nan_to_num(scores), np.nan_to_num(scores) ** 2, True)
    # Three at 610 and one at 630 make 615; beyond the last people a bin has their score.
    assert d.bin_scores(s).tolist() == [615, 615, 657.5, 700, 700]
    nobody = ScoreTable(Tally.of(np.zeros((2, 3, 3))), np.zeros((2, 3)), np.zeros((2, 3)), True)
    assert np.isnan(d.bin_scores(nobody)).all()


def test_more_people_than_can_be_dealt_are_not_dealt():
    rng = np.random.default_rng(1)
    assert deal([[5 * 10**8, 0]], [[0, 5 * 10**8]], rng=rng, draws=1) is None
    assert deal([[5 * 10**8 - 1, 0]], [[0, 5 * 10**8]], rng=rng, draws=1) is not None
