"""The same numbers as scikit-learn, fairlearn, scipy and numpy on random rows."""

import fairlearn.metrics as fairlearn
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import sklearn.metrics as sk

from fairaudit.cube.median import above_median
from fairaudit.metrics import CONTRASTS, METRICS, disparity

GROUPS = ("a", "b", "c")


def specificity(y_true, y_pred, **kwargs):
    return sk.recall_score(y_true, y_pred, pos_label=0, **kwargs)


def negative_precision(y_true, y_pred, **kwargs):
    return sk.precision_score(y_true, y_pred, pos_label=0, **kwargs)


ORACLES = {
    "selection_rate": fairlearn.selection_rate,
    "adverse_rate": lambda y, d, **w: 1 - fairlearn.selection_rate(y, d, **w),
    "good_rate": lambda y, d, **w: fairlearn.mean_prediction(y, y, **w),
    "bad_rate": lambda y, d, **w: fairlearn.mean_prediction(y, 1 - y, **w),
    "true_positive_rate": sk.recall_score,
    "false_negative_rate": fairlearn.false_negative_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "true_negative_rate": specificity,
    "positive_predictive_value": sk.precision_score,
    "false_discovery_rate": lambda y, d, **w: 1 - sk.precision_score(y, d, **w),
    "negative_predictive_value": negative_precision,
    "false_omission_rate": lambda y, d, **w: 1 - negative_precision(y, d, **w),
    "accuracy": sk.accuracy_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
}


@pytest.mark.parametrize("weighted", [False, True])
def test_scoring_rates(rows, value_of, weighted):
    weights = rows.weight if weighted else np.ones(len(rows.score))
    order = np.argsort(rows.score, kind="stable")
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    median = rows.score[order][half] if weighted else np.median(rows.score)
    found = value_of(METRICS["scoring_rate"], rows.cube(weighted=weighted))
    wanted = [np.average((rows.score > median)[rows.group == g], weights=weights[rows.group == g]) for g in GROUPS]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_every_rate_has_an_oracle():
    assert set(ORACLES) == {name for name, item in METRICS.items() if item.kind in {"rate", "average"}}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(ORACLES))
def test_rates(rows, value_of, name, weighted):
    cube = rows.cube(weighted=weighted)
    assert cube.groups == GROUPS
    for cutoff in (None, 7):
        decided = rows.favorable if cutoff is None else (rows.score >= cutoff).astype(int)
        wanted = []
        for group in GROUPS:
            mine = rows.group == group
            weights = {"sample_weight": rows.weight[mine]} if weighted else {}
            wanted.append(ORACLES[name](rows.good[mine], decided[mine], **weights))
        np.testing.assert_allclose(value_of(METRICS[name], cube, cutoff), wanted, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_confusion_matrices(rows, weighted):
    k = rows.cube(weighted=weighted).confusion().table.w
    for i, group in enumerate(GROUPS):
        mine = rows.group == group
        wanted = sk.confusion_matrix(
            rows.good[mine], rows.favorable[mine], sample_weight=rows.weight[mine] if weighted else None
        )
        # Theirs is [outcome, decision] from 0 to 1; ours is [decision, outcome] from favorable and good.
        np.testing.assert_allclose(k[i, :, :2], wanted.T[::-1, ::-1], rtol=1e-12)


def test_metric_frames(rows, value_of):
    names = {
        "selection_rate": fairlearn.selection_rate,
        "true_positive_rate": fairlearn.true_positive_rate,
        "false_positive_rate": fairlearn.false_positive_rate,
        "accuracy": sk.accuracy_score,
    }
    frame = fairlearn.MetricFrame(
        metrics=names, y_true=rows.good, y_pred=rows.favorable, sensitive_features=pd.Series(rows.group, name="g")
    )
    for name in names:
        np.testing.assert_allclose(
            value_of(METRICS[name], rows.cube()), frame.by_group[name].loc[list(GROUPS)], rtol=1e-12
        )


@pytest.mark.parametrize("weighted", [False, True])
def test_ranking(rows, weighted):
    s = rows.cube(weighted=weighted).score_table()
    for i, group in enumerate(GROUPS):
        mine = rows.group == group
        weights = rows.weight[mine] if weighted else None
        auc = sk.roc_auc_score(rows.good[mine], rows.score[mine], sample_weight=weights)
        np.testing.assert_allclose(METRICS["area_under_curve"](s).value[i], auc, rtol=1e-12)
        np.testing.assert_allclose(METRICS["gini"](s).value[i], 2 * auc - 1, rtol=1e-10)
        false_positive, true_positive, _ = sk.roc_curve(rows.good[mine], rows.score[mine], sample_weight=weights)
        separation = np.abs(true_positive - false_positive).max()
        np.testing.assert_allclose(METRICS["kolmogorov_smirnov"](s).value[i], separation, rtol=1e-12)


def test_ranking_against_scipy(rows):
    s = rows.cube().score_table()
    for i, group in enumerate(GROUPS):
        mine = rows.group == group
        good, bad = rows.score[mine & (rows.good == 1)], rows.score[mine & (rows.good == 0)]
        u = scipy.stats.mannwhitneyu(good, bad).statistic
        np.testing.assert_allclose(METRICS["area_under_curve"](s).value[i], u / len(good) / len(bad), rtol=1e-12)
        ks = scipy.stats.ks_2samp(good, bad, method="asymp").statistic
        np.testing.assert_allclose(METRICS["kolmogorov_smirnov"](s).value[i], ks, rtol=1e-12)


def test_bad_rate_by_score_band(rows):
    s = rows.cube().score_table()
    found = METRICS["bad_rate_by_score_band"](s)
    for i, group in enumerate(GROUPS):
        for j, score in enumerate(s.scores[i]):
            mine = (rows.group == group) & (rows.score == score)
            assert found.den[i, j] == mine.sum()
            if mine.any():
                np.testing.assert_allclose(found.value[i, j], 1 - rows.good[mine].mean(), rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_mean_scores(rows, weighted):
    found = METRICS["mean_score"](rows.cube(weighted=weighted).score_table())
    for i, group in enumerate(GROUPS):
        mine = rows.group == group
        weights = rows.weight[mine] if weighted else None
        np.testing.assert_allclose(found.value[i], np.average(rows.score[mine], weights=weights), rtol=1e-12)
        if not weighted:
            np.testing.assert_allclose(found.variance[i], scipy.stats.sem(rows.score[mine]) ** 2, rtol=1e-10)
        assert found.n[i] == mine.sum()


def contrast(name, cube, group, reference, cutoff=None):
    item = CONTRASTS[name]
    kind = METRICS[item.of[0]].kind
    sides = cube.score_table() if kind == "estimate" else cube.confusion(cutoff)
    if kind == "median":
        sides = above_median(cube).confusion
    everybody = cube.marginal(()).score_table()[0]
    i, j = (cube.groups.index(level) for level in (group, reference))
    return float(disparity.value(item, sides[i], sides[j], everybody))


def test_two_groups_against_fairlearn(rows):
    """Fairlearn takes max - min and min / max over groups: for two groups, our contrasts without their sign."""
    cube = rows.cube()
    keep = rows.group != "c"
    given = {"y_true": rows.good[keep], "y_pred": rows.favorable[keep], "sensitive_features": rows.group[keep]}
    for name, theirs in (
        ("selection_rate_difference", fairlearn.demographic_parity_difference),
        ("equal_opportunity_difference", fairlearn.equal_opportunity_difference),
        ("equalized_odds_difference", fairlearn.equalized_odds_difference),
        ("predictive_equality_difference", fairlearn.false_positive_rate_difference),
    ):
        np.testing.assert_allclose(abs(contrast(name, cube, "b", "a")), theirs(**given), rtol=1e-10)
    for name, theirs in (
        ("adverse_impact_ratio", fairlearn.demographic_parity_ratio),
        ("equal_opportunity_ratio", fairlearn.equal_opportunity_ratio),
    ):
        ours = contrast(name, cube, "b", "a")
        np.testing.assert_allclose(min(ours, 1 / ours), theirs(**given), rtol=1e-12)
    mean = fairlearn.equalized_odds_difference(**given, agg="mean")
    np.testing.assert_allclose(contrast("average_absolute_odds_difference", cube, "b", "a"), mean, rtol=1e-10)


def test_contrasts_by_their_definitions(rows):
    """AIF360's definitions (ClassificationMetric 0.6), unprivileged less privileged, written out on rows."""
    cube = rows.cube()

    def rate(group, given, of):
        return of[(rows.group == group) & given].mean()

    everyone, good, bad = np.full(300, True), rows.good == 1, rows.good == 0
    selected = rows.favorable == 1
    for group in ("b", "c"):
        gap = {k: rate(group, g, selected) - rate("a", g, selected) for k, g in (("tpr", good), ("fpr", bad))}
        np.testing.assert_allclose(
            contrast("average_odds_difference", cube, group, "a"), (gap["tpr"] + gap["fpr"]) / 2, rtol=1e-10
        )
        np.testing.assert_allclose(
            contrast("predictive_parity_difference", cube, group, "a"),
            rate(group, selected, good) - rate("a", selected, good),
            rtol=1e-10,
        )
        mine, theirs = rate(group, everyone, selected), rate("a", everyone, selected)
        np.testing.assert_allclose(
            contrast("adverse_outcome_ratio", cube, group, "a"), (1 - mine) / (1 - theirs), rtol=1e-12
        )
        table = [[(selected & (rows.group == g)).sum(), (~selected & (rows.group == g)).sum()] for g in (group, "a")]
        odds = scipy.stats.contingency.odds_ratio(table, kind="sample").statistic
        np.testing.assert_allclose(contrast("selection_odds_ratio", cube, group, "a"), odds, rtol=1e-10)
        people = (rows.group == group).sum()
        np.testing.assert_allclose(contrast("shortfall", cube, group, "a"), people * (theirs - mine), rtol=1e-9)
        aucs = [sk.roc_auc_score(rows.good[rows.group == g], rows.score[rows.group == g]) for g in (group, "a")]
        np.testing.assert_allclose(
            contrast("area_under_curve_difference", cube, group, "a"), aucs[0] - aucs[1], rtol=1e-10
        )


def test_three_sigmas(rows):
    cube = rows.cube()
    one, two = rows.score[rows.group == "b"], rows.score[rows.group == "a"]
    gap = one.mean() - two.mean()
    within = ((len(one) - 1) * one.var(ddof=1) + (len(two) - 1) * two.var(ddof=1)) / (len(one) + len(two) - 2)
    for name, sigma in (
        ("standardized_mean_difference", rows.score.std()),  # all scored people: group c too
        ("standardized_mean_difference_pooled", np.sqrt(within)),
        ("standardized_mean_difference_two_group", np.concatenate([one, two]).std(ddof=1)),
    ):
        np.testing.assert_allclose(contrast(name, cube, "b", "a"), gap / sigma, rtol=1e-10)


def test_sigmas_do_not_depend_on_the_scale_of_weights(rows):
    one = rows.cube(weighted=True)
    rows.weight = rows.weight / 250  # they sum to less than 2 people
    other = rows.cube(weighted=True)
    for name in disparity.SIGMAS:
        np.testing.assert_allclose(contrast(name, other, "b", "a"), contrast(name, one, "b", "a"), rtol=1e-9)


def test_higher_is_worse_is_the_negated_score(rows, metric, value_of):
    better, worse = rows.cube(), rows.cube(sign=-1)
    wanted, found = value_of(metric, better, 7), value_of(metric, worse, -7)
    np.testing.assert_allclose(found, -wanted if metric.id == "mean_score" else wanted, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(CONTRASTS))
def test_contrasts_with_higher_is_worse(rows, name):
    better, worse = rows.cube(), rows.cube(sign=-1)
    np.testing.assert_allclose(contrast(name, worse, "b", "a", -7), contrast(name, better, "b", "a", 7), rtol=1e-10)
