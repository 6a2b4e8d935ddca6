"""What goes beyond a rate and two rates, in clusters: against rows, other libraries, and what must be so."""

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm

import fairaudit as fa
from fairaudit.inference.clustered_measures import (
    chance,
    clustered_profit_interval,
    moves_of,
    rate_of_counts,
    rates_alike,
    t_interval,
    widest_pair,
)
from fairaudit.inference.profit import draw_costs, expected_profit_interval
from fairaudit.inference.replicates import compare_clustered, deviations
from fairaudit.metrics.profit import Payoff

R = 256


def single(selected, people, seed=1):
    """People who come one by one: each its own cluster."""
    rng = np.random.default_rng(seed)
    drawn = [[], []]
    for a, n in zip(selected, people, strict=True):
        counts = 2 * rng.binomial(a, 0.5, R), 2 * rng.binomial(n - a, 0.5, R)
        drawn[0].append(counts[0])
        drawn[1].append(counts[0] + counts[1])
    a, n = np.array(selected, dtype=float), np.array(people, dtype=float)
    moved = [np.stack(side, axis=1).astype(float) for side in drawn]
    return rate_of_counts(a, n, moved, n)


def test_moves_of_a_smooth_number_are_its_linearisation():
    whole = np.array([30.0, 70.0])
    drawn = whole + np.random.default_rng(1).normal(size=(R, 2))
    moves = moves_of(lambda n: np.log(n[..., 0] / n.sum(axis=-1)), whole, drawn, 1e12)
    slopes = np.array([1 / 30 - 1 / 100, -1 / 100])  # the derivative of log(a / (a + b))
    assert moves == pytest.approx((drawn - whole) @ slopes, rel=1e-3, abs=1e-6)


def test_t_interval_is_that_of_the_law_of_t():
    made = t_interval(1.2, np.full(10**6, 0.5), 21.0, confidence=0.9)
    # scipy.stats.t.ppf(0.95, 20) = 1.7247182429, t.sf(1.2 / 0.5, 20) * 2 = 0.0262
    assert (made.high - 1.2) / 0.5 == pytest.approx(1.72472, abs=1e-4)
    assert 1.2 - made.low == pytest.approx(made.high - 1.2)
    assert made.p == pytest.approx(0.0262, abs=1e-4)
    assert t_interval(1.2, np.full(10**6, 0.5), 21.0, confidence=0.9, null=1.2).p == 1.0


@pytest.mark.parametrize("clusters", [1.0, 0.0])
def test_one_cluster_has_no_interval(clusters):
    assert np.isnan(t_interval(1.0, np.ones(R), clusters, confidence=0.95)).all()
    assert np.isnan(t_interval(1.0, np.zeros(R), 50.0, confidence=0.95)).all()


def test_rates_alike_have_the_pooled_rate_and_the_binomial_error_of_independent_people():
    drawn = rates_alike(single([30, 90], [200, 400]), np.random.default_rng(3), 40_000)
    assert drawn.mean(axis=0) == pytest.approx([0.2, 0.2], abs=0.001)
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(0.16 / np.array([200, 400])), rel=0.13)


def test_a_group_in_which_all_are_selected_still_moves_by_chance():
    drawn = rates_alike(single([50, 90], [50, 150]), np.random.default_rng(3))
    assert drawn[:, 0].std() > 0.03


def test_widest_of_one_pair_is_the_pair():
    rates = single([30, 90], [200, 400])
    made = compare_clustered(rates[0], rates[1], how="difference")
    low, high, pairs = widest_pair(rates, "difference", 0.95)
    assert pairs == 1
    assert (low, high) == pytest.approx((-float(made.high), -float(made.low)))
    low, high, _ = widest_pair(rates, "ratio", 0.95)
    made = compare_clustered(rates[0], rates[1], how="ratio")
    assert (low, high) == pytest.approx((float(made.low), float(made.high)))


def test_widest_pair_of_groups_alike_holds_no_gap():
    rates = single([60, 61, 59], [200, 200, 200])
    assert widest_pair(rates, "difference", 0.95)[0] == 0.0
    assert widest_pair(rates, "ratio", 0.95)[1] == 1.0


def test_the_widest_of_three_pairs_has_each_at_the_bonferroni_level():
    rates = single([30, 90, 160], [200, 400, 400])  # 15%, 22.5% and 40%
    pairs = [(0, 1), (0, 2), (1, 2)]
    gaps = [compare_clustered(rates[a], rates[b], how="difference", confidence=1 - 0.1 / 3) for a, b in pairs]
    low, high, many = widest_pair(rates, "difference", 0.9)
    assert many == 3
    assert low == pytest.approx(max(-float(gap.high) for gap in gaps))
    assert high == pytest.approx(max(-float(gap.low) for gap in gaps))
    ratios = [compare_clustered(rates[a], rates[b], how="ratio", confidence=1 - 0.1 / 3) for a, b in pairs]
    low, high, _ = widest_pair(rates, "ratio", 0.9)
    assert low == pytest.approx(min(float(ratio.low) for ratio in ratios))
    assert high == pytest.approx(min(float(ratio.high) for ratio in ratios))
    turned = widest_pair(rates[::-1], "ratio", 0.9)
    assert turned[:2] == pytest.approx((low, high))


def test_profit_in_clusters_of_one_is_that_of_people():
    payoff = Payoff(18.0, -82.0)
    rng = np.random.default_rng(4)
    kinds = 2.0 * np.stack([rng.binomial(n, 0.5, R) for n in (240, 30, 130)])
    people = kinds.sum(axis=0)
    full, n = np.array(400.0), np.array(400.0)
    gain, loss = (rate_of_counts(np.array(a), full, (kinds[i], people), n) for i, a in ((0, 240.0), (1, 30.0)))
    low, high, _ = clustered_profit_interval(gain, loss, payoff, confidence=0.95)
    theirs = expected_profit_interval(240, 30, 400, payoff)
    assert high - low == pytest.approx(theirs.high - theirs.low, rel=0.12)
    assert low < payoff.of(240, 30) / 400 < high


def test_chance_counts_the_data_as_one_of_the_draws():
    made = chance(3.0, np.array([1.0, 2.0, 3.0, 4.0, np.nan]))
    assert made == {"expected": 2.5, "excess": 0.5, "p": pytest.approx(3 / 5)}
    assert chance(np.nan, np.ones(3)) == {}
    assert chance(1.0, np.full(3, np.nan)) == {}


def test_deviations_have_the_covariance_of_the_moves_and_longer_tails_with_few_clusters():
    moves = np.random.default_rng(1).normal(size=(R, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    many = deviations(moves, 1e9, np.random.default_rng(2), 60_000)
    assert np.cov(many.T) == pytest.approx(moves.T @ moves / R, rel=0.05, abs=0.02)
    few = deviations(moves, 8.0, np.random.default_rng(2), 60_000)
    assert few.std() / many.std() == pytest.approx(np.sqrt(7 / 5), rel=0.06)  # the variance of t with 7 degrees


def test_costs_drawn_from_replicates_keep_the_sums_and_move_as_far_as_they_do():
    good, bad = np.array([[20.0, 60.0, 90.0], [40.0, 60.0, 80.0]]), np.array([[40.0, 30.0, 8.0], [50.0, 20.0, 5.0]])
    rng = np.random.default_rng(1)
    counts = np.stack([good, bad], axis=-1)
    wide, narrow = (
        draw_costs(good, bad, Payoff(1.0, -2.0), rng=1, moved=scale * rng.normal(size=(R, *counts.shape)) * counts**0.5,
                   clusters=200.0)
        for scale in (1.0, 0.1)
    )  # fmt: skip
    assert wide.maximum.std(axis=0).min() > 3 * narrow.maximum.std(axis=0).max()
    assert set(np.unique(narrow.met["one cut-off for everybody"])) <= {0.0, 1.0, 2.0, 3.0}
    assert (narrow.met["one cut-off for everybody"][:, 0] == narrow.met["one cut-off for everybody"][:, 1]).all()


# Whole audits against rows


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(8)
    home = np.repeat(np.arange(240), rng.integers(1, 6, 240))
    shared = rng.normal(size=240)[home]
    said = np.round(1 / (1 + np.exp(-0.6 - 0.7 * shared - 0.7 * rng.normal(size=len(home)))), 2).clip(0.01, 0.99)
    # Outcomes of a home go together beyond what its scores say.
    luck = np.sqrt(0.3) * rng.normal(size=240)[home] + np.sqrt(0.7) * rng.normal(size=len(home))
    good = np.argsort(np.argsort(luck)) / len(home) < said
    return home, np.array(["a", "b"])[home % 2], said, good


@pytest.fixture(scope="module")
def measured(rows):
    home, group, said, good = rows
    result = fa.audit(
        {"home": home.tolist(), "g": group.tolist(), "s": said.tolist(), "bad": (~good).astype(int).tolist()},
        groups="g", score="s", higher_is="better", score_unit="probability", cutoff=0.6, outcome="bad", bad=1,
        cluster="home", reference={"g": "b"}, rng=1,
    ).result  # fmt: skip
    return {m.metric: m for m in result.measurements if m.group == "a" and m.detail is None}


def _error(one):
    return (one.high - one.low) / 2 / 1.98  # t with some 80 degrees of freedom


def test_calibration_has_the_errors_of_generalized_estimating_equations(rows, measured):
    """Against statsmodels' logistic regression with errors robust to clusters, on rows."""
    home, group, said, good = rows
    mine = group == "a"
    x = sm.add_constant(np.log(said / (1 - said))[mine])
    fitted = sm.GLM(good[mine].astype(float), x, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": home[mine]}
    )
    slope = measured["calibration_slope"]
    assert slope.value == pytest.approx(fitted.params[1], rel=1e-6)
    assert _error(slope) == pytest.approx(fitted.bse[1], rel=0.15)


@pytest.mark.parametrize("metric", ["calibration_in_the_large", "brier_score", "balance_for_good_outcomes"])
def test_means_have_the_errors_of_homes_drawn_anew(rows, measured, metric):
    home, group, said, good = rows
    rng = np.random.default_rng(2)
    drawn = []
    for _ in range(400):
        w = np.bincount(rng.integers(0, 240, 240), minlength=240)[home].astype(float)
        a, b = w * (group == "a"), w * (group == "b")
        drawn.append({
            "calibration_in_the_large": np.average(good - said, weights=a),
            "brier_score": np.average((good - said) ** 2, weights=a),
            "balance_for_good_outcomes": np.average(said, weights=a * good) - np.average(said, weights=b * good),
        }[metric])  # fmt: skip
    assert _error(measured[metric]) == pytest.approx(np.std(drawn), rel=0.17)


@pytest.fixture(scope="module")
def counted_twice():
    """Everybody once, and everybody twice with both copies as one home: there is no more to learn from that."""
    rng = np.random.default_rng(12)
    n = 1_200
    group, branch = rng.integers(0, 2, n), rng.integers(0, 2, n)
    said = np.round(1 / (1 + np.exp(-0.6 - rng.normal(size=n) * (1 + 0.5 * group) + 0.4 * group * branch)), 2)
    said = said.clip(0.01, 0.99)
    bad = (rng.random(n) > said).astype(int)
    made = []
    for copies in (1, 2):
        at = np.repeat(np.arange(n), copies)
        columns = {"g": np.array(["a", "b"])[group], "branch": np.array(["N", "S"])[branch], "s": said, "bad": bad}
        result = fa.audit(
            {name: column[at].tolist() for name, column in columns.items()} | {"home": at.tolist()},
            groups="g", score="s", higher_is="better", score_unit="probability", cutoff=0.6, outcome="bad", bad=1,
            strata="branch", reference={"g": "b"}, cluster="home" if copies == 2 else None, rng=1,
        ).result  # fmt: skip
        made.append({m.metric: m for m in result.measurements if m.group == "a"})
    return made


SPREAD = (
    "brier_score", "brier_uncertainty", "calibration_in_the_large", "calibration_in_the_large_difference",
    "calibration_intercept", "calibration_slope", "calibration_slope_difference", "balance_for_good_outcomes",
    "balance_for_bad_outcomes", "bad_rate_difference_at_same_score", "background_negative_subgroup_positive_auc",
    "background_positive_subgroup_negative_auc", "cross_auc_difference", "conditional_selection_rate_difference",
)  # fmt: skip


@pytest.mark.parametrize("metric", SPREAD)
def test_intervals_of_people_counted_twice_are_those_of_once(counted_twice, metric):
    once, twice = (one[metric] for one in counted_twice)
    assert twice.value == pytest.approx(once.value, abs=1e-3)
    assert (twice.high - twice.low) == pytest.approx(once.high - once.low, rel=0.2)
    assert (twice.low + twice.high) / 2 == pytest.approx((once.low + once.high) / 2, abs=0.15 * (once.high - once.low))


@pytest.mark.parametrize(
    "metric",
    ["expected_calibration_error", "brier_reliability", "score_distance", "wasserstein_distance", "density_overlap"],
)
def test_chance_in_people_counted_twice_is_that_of_once(counted_twice, metric):
    once, twice = (one[metric] for one in counted_twice)
    scale = 1 - once.expected if metric == "density_overlap" else once.expected
    assert twice.expected == pytest.approx(once.expected, abs=0.2 * scale)


def test_brier_resolution_says_why_it_has_no_interval(counted_twice):
    once, twice = (one["brier_resolution"] for one in counted_twice)
    assert twice.method == (
        "no interval that allows for clusters of 'home': what noise adds to it is known of independent people only"
    )
    # Nor does its note speak of one.
    assert "the interval is around" in once.note
    assert "interval" not in twice.note


def test_mean_gaps_of_groups_that_share_clusters_rest_on_the_fewer_side():
    """By scipy's law of t, and rows: 24 homes of both groups, of which every fourth is much larger."""
    rng = np.random.default_rng(6)
    home = np.repeat(np.arange(24), np.where(np.arange(24) % 4 == 0, 20, 4))
    group = np.array(["a", "b"])[np.tile([0, 1], len(home) // 2)]
    score = 600 + 5 * np.round(3 * rng.normal(size=24)[home] + 3 * rng.normal(size=len(home)) + (group == "a"))
    result = fa.audit(
        {"home": home.tolist(), "g": group.tolist(), "score": score.tolist()},
        groups="g", score="score", higher_is="better", cutoff=600, cluster="home", reference={"g": "b"},
    ).result  # fmt: skip
    gap = next(f for f in result.findings if f.metric == "standardized_mean_difference")

    def p(design):
        # 1/freedom = 1/design + 1/replicates; the interval and p share one standard error.
        law = scipy.stats.t(1 / (1 / design + 1 / 256))
        return 2 * law.sf(abs(gap.value) / ((gap.high - gap.low) / 2) * law.ppf(0.975))

    sizes = np.bincount(home) / 2
    effective = sizes.sum() ** 2 / (sizes**2).sum()  # Kish: 96**2 / 672 = 13.7 of 24
    # The replicates know the sizes to a tenth.
    ends = sorted((p(1.15 * effective - 1), p(0.85 * effective - 1)))
    assert ends[0] < gap.p < ends[1]
    assert not ends[0] < p(23) < ends[1]
