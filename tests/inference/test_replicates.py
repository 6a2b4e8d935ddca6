"""People in clusters: R's survey package and statsmodels, with replicates that are balanced and so exact.

The values of R 4.2.2 and survey 4.1-1 come from::

    size <- rep(1:5, 16); id <- rep(seq_along(size), size); i <- seq_along(id)
    y <- as.integer((id * 37) %% 10 < 4); y <- ifelse((i * 7) %% 5 == 0, 1L - y, y)
    g <- ifelse((id * 11) %% 3 == 0, "A", "B"); g <- ifelse(i %% 9 == 0, "A", g)
    w <- 1 + (i * 13) %% 4 / 2 + 2 * y
    one  <- svydesign(ids = ~1,  weights = ~w, data = data.frame(id, y, g, w))
    many <- svydesign(ids = ~id, weights = ~1, data = data.frame(id, y, g, w))
    both <- svydesign(ids = ~id, weights = ~w, data = data.frame(id, y, g, w))
    vcov(svymean(~y, many)); degf(many)
    attr(svyciprop(~y, many, method = "beta"), "ci"); attr(svyciprop(~y, many, method = "xlogit"), "ci")
    s <- svyby(~y, ~g, many, svymean, covmat = TRUE); vcov(s)
    vcov(svycontrast(s, c(A = 1, B = -1))); vcov(svycontrast(s, quote(log(A / B))))
"""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from scipy.special import stdtrit
from scipy.stats import t as student

from fairaudit.cube.confusion import Confusion, Tally
from fairaudit.cube.replicates import Replicated, counted_in, hash_labels
from fairaudit.inference.contrast import compare_many
from fairaudit.inference.of_clusters import Clusters, compare_clustered_groups, measure_clustered
from fairaudit.inference.of_contrasts import Asked, compare_groups
from fairaudit.inference.proportion import (
    clopper_pearson,
    design_factor,
    effective_n,
    effective_rate_interval,
    rate_interval,
)
from fairaudit.inference.replicates import (
    FEWEST_CLUSTERS,
    LARGEST_GAIN,
    Clustered,
    clustered_interval,
    clustered_mean_gap,
    compare_clustered,
    effective_pair,
)
from fairaudit.metrics import CONTRASTS, METRICS
from fairaudit.metrics.base import Rate

SIZE = np.tile(np.arange(1, 6), 16)
ID = np.repeat(np.arange(1, 81), SIZE)
I = np.arange(1, len(ID) + 1)  # noqa: E741 - as in the R script above
Y = np.where((I * 7) % 5 == 0, 1 - ((ID * 37) % 10 < 4), (ID * 37) % 10 < 4).astype(float)
IN_A = ((ID * 11) % 3 == 0) | (I % 9 == 0)
W = 1 + (I * 13) % 4 / 2 + 2 * Y


def balanced(clusters):
    """Double-or-nothing weights [replicate, cluster] whose sample covariance is exactly the identity."""
    return (1.0 + hadamard(128))[:, 1 : clusters + 1]


def clustered(counted, people, cluster, drawn):
    """A rate of rows and the same rate in each replicate; weights of rows are in both sums."""

    def rate(rows):
        return Rate(rows @ counted, rows @ people, rows @ counted, rows @ people, rows @ (people > 0))

    distinct, place = np.unique(cluster, return_inverse=True)
    within = len({*cluster[people > 0].tolist()})
    return Clustered.of(rate(np.ones(len(people))), rate(drawn[:, : len(distinct)][:, place]), np.array(float(within)))


@pytest.fixture(scope="module")
def drawn():
    return balanced(80)


@pytest.mark.parametrize(
    ("weight", "mean", "variance", "beta"),
    [
        (np.ones(len(Y)), 0.433333333333, 0.00132989529614, (0.35998039652, 0.508907953274)),
        (W, 0.605095541401, 0.00129241894249, (0.529895823283, 0.676795478658)),
    ],
    ids=["unweighted", "weighted"],
)
def test_variance_and_interval_are_those_of_r(weight, mean, variance, beta, drawn):
    made = clustered(weight * Y, weight, ID, drawn)
    assert float(made.value) == pytest.approx(mean, abs=1e-11)
    assert float(made.variance) == pytest.approx(variance, rel=1e-10)
    # svyciprop(method = "beta"): Korn-Graubard with 79 degrees of freedom for 240 people.
    n = mean * (1 - mean) / variance * (stdtrit(239, 0.975) / stdtrit(79, 0.975)) ** 2
    np.testing.assert_allclose(clopper_pearson(mean * n, n)[:2], beta, atol=1e-9)
    low, high, method = clustered_interval(made)
    # Wilson at the same n: within a percentage point of R's, and of its logit interval.
    assert method == "Wilson"
    np.testing.assert_allclose([low, high], beta, atol=0.008)
    assert low > beta[0]
    assert high < beta[1]


def test_design_degrees_of_freedom_give_korn_and_graubards_interval():
    mean, variance = 0.433333333333, 0.00132989529614
    n = mean * (1 - mean) / variance
    expected = (0.35998039652, 0.508907953274)  # svyciprop(~y, many, method = "beta")
    found = clopper_pearson(mean * n * design_factor(240, 79), n * design_factor(240, 79))
    np.testing.assert_allclose(found[:2], expected, atol=1e-9)
    few = effective_rate_interval(0.05, n, people=240, freedom=79)
    n *= design_factor(240, 79)
    np.testing.assert_allclose(few[:2], clopper_pearson(0.05 * n, n)[:2])
    assert few.method == "Korn-Graubard, effective n"


def test_weights_that_follow_the_outcome_need_the_linearised_variance():
    # svydesign(ids = ~1, weights = ~w): R's variance has n/(n - 1), ours is that of the sample.
    sums = [(W * Y).sum(), W.sum(), (W**2 * Y).sum(), (W**2).sum()]
    n = float(effective_n(*sums)) * 239 / 240
    mean = 0.605095541401
    assert n == pytest.approx(mean * (1 - mean) / 0.00102439539344, rel=1e-9)
    beta = (0.539210476114, 0.668273679557)  # svyciprop(~y, one, method = "beta")
    np.testing.assert_allclose(clopper_pearson(mean * n, n)[:2], beta, atol=1e-9)
    kish = sums[1] ** 2 / sums[3]
    assert kish < 0.9 * n  # Kish's number is another: the weights follow the outcome


def test_kish_takes_rare_people_with_great_weights_for_too_many():
    rng = np.random.default_rng(4)
    people, draws = 1_000, 2_000
    # 5% have the outcome, and stand for ten people each: a rate of 500 in 1,450.
    had = rng.binomial(people, 0.05, draws).astype(float)
    other = people - had
    rate = 10 * had / (10 * had + other)
    truth = 0.5 / 1.45
    n = effective_n(10 * had, 10 * had + other, 100 * had, 100 * had + other)
    kish = (10 * had + other) ** 2 / (100 * had + other)
    assert (n < kish).all()
    assert np.median(n / kish) < 0.7
    covered = [((low <= truth) & (truth <= high)).mean() for low, high, _ in
               (effective_rate_interval(rate, size) for size in (n, kish))]  # fmt: skip
    assert 0.935 <= covered[0] <= 0.975
    assert covered[1] < 0.9


def test_difference_and_ratio_are_those_of_r_and_statsmodels(drawn):
    a, b = (clustered(Y * side, side.astype(float), ID, drawn) for side in (IN_A, ~IN_A))
    # R takes 80/79 for every group; here each group has the clusters that it lies in (47 and 54).
    to_r = np.sqrt(80 / 79), np.sqrt(47 / 46), np.sqrt(54 / 53)
    moves = [side.moves / own * to_r[0] for side, own in zip((a, b), to_r[1:], strict=True)]
    vcov = np.mean(np.stack(moves)[:, None] * np.stack(moves)[None], axis=2)
    np.testing.assert_allclose(np.diag(vcov), [0.00296128386829, 0.00184162225875], rtol=1e-9)
    assert vcov[0, 1] == pytest.approx(0.000393170057236, rel=1e-9)
    assert np.mean((moves[0] - moves[1]) ** 2) == pytest.approx(0.00401656601256, rel=1e-9)
    log_ratio = moves[0] / a.value - moves[1] / b.value
    assert np.mean(log_ratio**2) == pytest.approx(0.0213518038766, rel=1e-8)
    log_odds = moves[0] / (a.value * (1 - a.value)) - moves[1] / (b.value * (1 - b.value))
    assert np.mean(log_odds**2) == pytest.approx(0.0665847343991, rel=1e-8)
    # The difference as the slope of a linear model, with statsmodels' cluster-robust covariance.
    fit = sm.OLS(Y, sm.add_constant(IN_A.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": ID, "use_correction": False}
    )
    raw = a.moves / to_r[1] - b.moves / to_r[2]
    assert np.mean(raw**2) == pytest.approx(fit.bse[1] ** 2, rel=1e-9)


def test_intervals_of_contrasts_are_near_the_wald_ones_of_r(drawn):
    a, b = (clustered(Y * side, side.astype(float), ID, drawn) for side in (IN_A, ~IN_A))
    one_a, one_b = (Clustered(s.rate[None], s.moves[:, None], s.spread[None], s.clusters[None]) for s in (a, b))
    found = compare_clustered(one_a, one_b, how="difference")
    reach = student.ppf(0.975, 79) * np.sqrt(0.00401656601256)
    assert found.value[0] == pytest.approx(0.001719320868, abs=1e-10)
    wald = found.value[0] - reach, found.value[0] + reach
    np.testing.assert_allclose([found.low[0], found.high[0]], wald, atol=0.006)
    ratio = compare_clustered(one_a, one_b, how="ratio")
    reach = student.ppf(0.975, 79) * np.sqrt(0.0213518038766)
    np.testing.assert_allclose(np.log([ratio.low[0], ratio.high[0]]), [0.003966 - reach, 0.003966 + reach], atol=0.02)
    assert found.p[0] == pytest.approx(ratio.p[0])


# Clusters of one


def confusion_of(rows, drawn):
    """Confusion of rows (group, decision, outcome) with a cluster each, and its replicates."""

    def table(weight):
        out = np.zeros((2, 2, 3))
        np.add.at(out, tuple(rows.T), weight)
        return out

    k = Confusion.from_counts(table(np.ones(len(rows))))
    replicates = np.stack([table(weight) for weight in drawn])
    return k, Confusion(Tally.of(replicates))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_clusters_of_one_give_the_answer_for_independent_people(seed):
    rng = np.random.default_rng(seed)
    people = 400
    rows = np.stack([rng.random(people) < 0.4, rng.random(people) < 0.3, rng.random(people) < 0.5], axis=1).astype(int)
    hashes = hash_labels([f"{seed}/{i}" for i in range(people)])
    k, replicates = confusion_of(rows, 2.0 * counted_in(hashes).T)
    signed = (hashes >> np.uint64(1)).astype(np.int64)
    smallest = np.full((2, 256), np.iinfo(np.int64).max)
    for group in (0, 1):
        some = np.sort(signed[rows[:, 0] == group])[:256]
        smallest[group, : len(some)] = some
    drawn = Replicated(replicates, smallest)
    of = Clusters("person", 400.0, exact=True)
    for name in ("adverse_impact_ratio", "selection_rate_difference", "selection_odds_ratio", "shortfall"):
        (ours,) = compare_clustered_groups(CONTRASTS[name], k[[0]], k[[1]], (drawn[[0]], drawn[[1]]), of)
        (theirs,) = compare_groups(CONTRASTS[name], k[[0]], k[[1]])
        assert ours.value == theirs.value
        # 256 replicates: the width of one is known to sqrt(1 / 512) = 4.4%, and t takes 0.5% more.
        log = "ratio" in CONTRASTS[name].how
        widths = [np.diff(np.log([one.low, one.high]) if log else [one.low, one.high])[0] for one in (ours, theirs)]
        assert widths[0] / widths[1] == pytest.approx(1.0, abs=0.2)
        assert ours.method == "Miettinen-Nurminen, replicate weights over 400 clusters of 'person'"
    made = measure_clustered(METRICS["selection_rate"], k, drawn, of, confidence=0.95)
    plain = rate_interval(k.selected.n, k.people.n)
    np.testing.assert_allclose((made.high - made.low) / (plain.high - plain.low), 1.0, atol=0.2)


def test_with_exact_replicates_clusters_of_one_differ_by_degrees_of_freedom_only():
    people, counted = np.ones(100), np.repeat([1.0, 0.0], [38, 62])
    made = clustered(counted, people, np.arange(100), balanced(100))
    assert float(made.variance) == pytest.approx(0.38 * 0.62 / 99, rel=1e-12)
    assert float(made.effective_n) == pytest.approx(99, rel=1e-12)
    assert float(made.freedom) == pytest.approx(1 / (1 / 99 + 1 / 128))


@pytest.mark.parametrize("how", ["ratio", "difference", "odds_ratio"])
def test_interval_and_test_agree(how, drawn):
    a, b = (clustered(Y * side, side.astype(float), ID, drawn) for side in (IN_A, ~IN_A))
    moved = Rate(a.rate.num * 0.55, a.rate.den, a.rate.num * 0.55, a.rate.den, a.rate.n)
    a = Clustered(moved, a.moves * 0.55, a.spread, a.clusters)
    p = float(compare_clustered(a, b, how=how).p)
    assert 0.001 < p < 0.2
    none = 0.0 if how == "difference" else 1.0
    for sure, outside in ((1 - p - 1e-4, True), (1 - p + 1e-4, False)):
        found = compare_clustered(a, b, how=how, confidence=sure)
        assert (float(found.high) < none) == outside


def test_groups_that_share_their_clusters_gain_by_it_up_to_a_limit():
    # Couples: one of each group, both with the same answer in most homes.
    homes = np.repeat(np.arange(100), 2)
    rng = np.random.default_rng(3)
    home = rng.random(100) < 0.4
    answer = np.repeat(home, 2).astype(float)
    first = np.tile([1.0, 0.0], 100)
    odd = rng.random(100) < 0.06
    answer[1::2] = np.where(odd, 1 - answer[1::2], answer[1::2])
    weights = balanced(100)
    one, two = (clustered(answer * side, side, homes, weights) for side in (first, 1 - first))
    alone = compare_many(one.rate.num, 100.0, two.rate.num, 100.0, how="difference", integer=False)
    both = compare_clustered(one, two, how="difference")
    assert float(both.high - both.low) < 0.8 * float(alone.high - alone.low)
    pair = effective_pair(one, two)
    assert float(pair.n) <= LARGEST_GAIN * 100
    # Whole homes of one group with the same answer are worth a home, not its people.
    alike = clustered(np.repeat(home, 2).astype(float), np.ones(200), homes, weights)
    assert float(alike.effective_n) == pytest.approx(99, rel=1e-9)


def test_a_rate_of_0_or_1_counts_clusters():
    made = clustered(np.zeros(240), np.ones(240), ID, balanced(80))
    kish = 240**2 / (16 * (1 + 4 + 9 + 16 + 25))
    assert float(made.effective_n) == pytest.approx(kish, rel=1e-9)
    low, high, _ = clustered_interval(made)
    assert low == 0
    assert high > rate_interval(0, 240).high
    none = Clustered.of(Rate(*np.zeros((5, 1))), Rate(*np.zeros((5, 128, 1))), np.zeros(1))
    assert np.isnan(clustered_interval(none).low).all()


def test_one_cluster_tells_nothing():
    made = clustered(Y[:5], np.ones(5), np.ones(5), balanced(1))
    assert np.isnan(clustered_interval(made).low)
    assert np.isnan(float(compare_clustered(made, made, how="ratio").p))


def test_average_gap_has_the_variance_of_the_linear_sum(drawn):
    # As if the two rates were of good and bad people: alternate people.
    parts = [
        tuple(clustered(Y * (side & odd), (side & odd).astype(float), ID, drawn) for side in (IN_A, ~IN_A))
        for odd in (I % 2 == 0, I % 2 == 1)
    ]
    found = clustered_mean_gap(parts)
    moves = np.mean([mine.moves - theirs.moves for mine, theirs in parts], axis=0)
    assert float(found.value) == pytest.approx(np.mean([mine.value - theirs.value for mine, theirs in parts]))
    fewest = min(float(effective_pair(*part).freedom) for part in parts)
    reach = student.ppf(0.975, fewest) * np.sqrt(np.mean(moves**2))
    assert float(found.high - found.low) == pytest.approx(2 * reach)
    assert float(found.p) == pytest.approx(2 * student.sf(abs(float(found.value)) / np.sqrt(np.mean(moves**2)), fewest))


def test_few_clusters_are_said_and_scores_have_no_interval():
    rows = np.stack([np.arange(60) % 2, np.arange(60) % 3 == 0, np.arange(60) % 5 == 0], axis=1).astype(int)
    hashes = hash_labels([str(i // 4) for i in range(60)])
    k, replicates = confusion_of(rows, 2.0 * counted_in(hashes).T)
    smallest = np.full((2, 256), np.iinfo(np.int64).max)
    smallest[:, :15] = np.unique((hashes >> np.uint64(1)).astype(np.int64))
    drawn = Replicated(replicates, smallest)
    of = Clusters("home", 15.0, exact=True)
    item = CONTRASTS["adverse_impact_ratio"]
    (found,) = compare_clustered_groups(item, k[[0]], k[[1]], (drawn[[0]], drawn[[1]]), of, asked=Asked(line=0.8))
    assert found.undecided is not None
    assert found.undecided.startswith(f"15 clusters of 'home' in the group; with fewer than {FEWEST_CLUSTERS}")
    (alone,) = compare_clustered_groups(item, k[[0]], k[[1]], None, of)
    assert alone.value == found.value
    assert np.isnan([alone.low, alone.high, alone.low_one_sided, alone.high_one_sided]).all()
    assert (alone.p, alone.test, alone.method) == (None, None, "no interval that allows for clusters of 'home'")


def test_unequal_numbers_of_clusters_have_satterthwaite_s_freedom():
    """Satterthwaite (1946): (v1 + v2)^2 / (v1^2 / f1 + v2^2 / f2), here with the same rate in both groups."""
    weights = balanced(100)
    counted = np.tile([1.0, 0.0, 0.0, 1.0, 0.0], 20)
    first, second = (np.arange(100) < 25).astype(float), (np.arange(100) >= 25).astype(float)
    one, two = (clustered(counted * side, side, np.arange(100), weights) for side in (first, second))
    assert (float(one.clusters), float(two.clusters)) == (25, 75)
    pair = effective_pair(one, two)
    v1, v2 = float(1 / pair.n), float(1 / pair.m)
    design = (v1 + v2) ** 2 / (v1**2 / 24 + v2**2 / 74)
    assert float(pair.freedom) == pytest.approx(1 / (1 / design + 1 / 128))
    # Between the freedom of the smaller group and that of both together.
    assert 24 < design < 98


def homes_of(size, homes=160, seed=8):
    """Confusion of two groups whose homes are whole, and its replicates: everybody in a home is the same."""
    rng = np.random.default_rng(seed)
    group = np.arange(homes) % 2
    made = np.stack([group, rng.random(homes) > 0.5 - 0.1 * group, rng.random(homes) < 0.5], axis=1).astype(int)
    rows = np.repeat(made, size, axis=0)
    hashes = hash_labels([f"home {i}" for i in np.repeat(np.arange(homes), size)])
    k, replicates = confusion_of(rows, 2.0 * counted_in(hashes).T)
    smallest = np.full((2, 256), np.iinfo(np.int64).max)
    signed = (hashes >> np.uint64(1)).astype(np.int64)
    for g in (0, 1):
        some = np.unique(signed[rows[:, 0] == g])[:256]
        smallest[g, : len(some)] = some
    return k, Replicated(replicates, smallest), Clusters("home", float(homes), exact=True)


def test_homes_of_two_need_twice_the_people():
    item, asked = CONTRASTS["adverse_impact_ratio"], Asked(line=0.8)
    needed = []
    for size in (1, 2):
        k, drawn, of = homes_of(size)
        (made,) = compare_clustered_groups(item, k[[0]], k[[1]], (drawn[[0]], drawn[[1]]), of, asked=asked)
        needed.append(made.people_needed)
    assert needed[1] == pytest.approx(2 * needed[0], rel=0.15)


def test_the_larger_of_two_gaps_has_the_confidence_asked_for():
    k, drawn, of = homes_of(1, homes=400)
    item = CONTRASTS["equalized_odds_difference"]
    for sure in (0.8, 0.95):
        asked = Asked(confidence=sure)
        (ours,) = compare_clustered_groups(item, k[[0]], k[[1]], (drawn[[0]], drawn[[1]]), of, asked=asked)
        (theirs,) = compare_groups(item, k[[0]], k[[1]], asked=asked)
        assert ours.high - ours.value == pytest.approx(theirs.high - theirs.value, rel=0.5)


def test_one_cluster_is_said_in_the_singular():
    k, drawn, of = homes_of(3, homes=2)
    (made,) = compare_clustered_groups(CONTRASTS["adverse_impact_ratio"], k[[0]], k[[1]], (drawn[[0]], drawn[[1]]), of)
    assert made.undecided.startswith("1 cluster of 'home' in the group")
