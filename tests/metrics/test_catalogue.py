"""Every metric knows its own name, formula, range and limits, and keeps to them."""

import re
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fairaudit.cube.confusion import Confusion, ScoreTable, Tally
from fairaudit.errors import UndefinedMetricError
from fairaudit.metrics import CONTRASTS, METRICS, Metric, Rate, disparity, find_metric
from fairaudit.metrics.base import How
from fairaudit.metrics.error_rates import NEED_EVERYBODY

CATALOGUE = {**METRICS, **CONTRASTS}
RATES = sorted(name for name, item in METRICS.items() if item.kind in {"rate", "average", "median"})
SCORES = sorted(name for name, item in METRICS.items() if item.kind in {"estimate", "bands"})

# The first set, as the project's second issue lists it ("people" is the n of every rate).
FIRST_METRICS = {
    "selection_rate", "adverse_rate", "good_rate", "bad_rate", "true_positive_rate", "false_positive_rate",
    "true_negative_rate", "false_negative_rate", "positive_predictive_value", "negative_predictive_value",
    "false_discovery_rate", "false_omission_rate", "accuracy", "balanced_accuracy", "mean_score",
    "area_under_curve", "gini", "kolmogorov_smirnov", "bad_rate_by_score_band",
}  # fmt: skip
FIRST_CONTRASTS = {
    "adverse_impact_ratio", "selection_rate_difference", "adverse_outcome_ratio", "selection_odds_ratio", "shortfall",
    "equal_opportunity_difference", "equal_opportunity_ratio", "predictive_equality_difference",
    "equalized_odds_difference", "average_odds_difference", "average_absolute_odds_difference",
    "predictive_parity_difference", "standardized_mean_difference", "standardized_mean_difference_pooled",
    "standardized_mean_difference_two_group", "area_under_curve_difference",
}  # fmt: skip

# What others call the same quantity, read in fairlearn 0.15 (fairlearn.metrics), AIF360 0.6 (ClassificationMetric
# and aif360.sklearn.metrics) and Aequitas 1.1 (Group.get_crosstabs, Bias). Fairlearn's differences and ratios are
# max - min and min / max over all groups, without a reference; AIF360's are unprivileged against privileged.
OTHERS = {
    "fairlearn": {
        "selection_rate": "selection_rate",
        "true_positive_rate": "true_positive_rate",
        "true_negative_rate": "true_negative_rate",
        "false_positive_rate": "false_positive_rate",
        "false_negative_rate": "false_negative_rate",
        "mean_prediction": "mean_score",
        "demographic_parity_difference": "selection_rate_difference",
        "demographic_parity_ratio": "adverse_impact_ratio",
        "selection_rate_difference": "selection_rate_difference",
        "selection_rate_ratio": "adverse_impact_ratio",
        "equal_opportunity_difference": "equal_opportunity_difference",
        "equal_opportunity_ratio": "equal_opportunity_ratio",
        "equalized_odds_difference": "equalized_odds_difference",
        "true_positive_rate_difference": "equal_opportunity_difference",
        "true_positive_rate_ratio": "equal_opportunity_ratio",
        "false_positive_rate_difference": "predictive_equality_difference",
    },
    "scikit-learn": {
        "accuracy_score": "accuracy",
        "balanced_accuracy_score": "balanced_accuracy",
        "precision_score": "positive_predictive_value",
        "recall_score": "true_positive_rate",
        "roc_auc_score": "area_under_curve",
    },
    "AIF360": {
        "selection_rate": "selection_rate",
        "base_rate": "good_rate",
        "mean_difference": "selection_rate_difference",
        "statistical_parity_difference": "selection_rate_difference",
        "disparate_impact": "adverse_impact_ratio",
        "equal_opportunity_difference": "equal_opportunity_difference",
        "true_positive_rate_difference": "equal_opportunity_difference",
        "false_positive_rate_difference": "predictive_equality_difference",
        "average_odds_difference": "average_odds_difference",
        "average_abs_odds_difference": "average_absolute_odds_difference",
        "average_odds_error": "average_absolute_odds_difference",
        "positive_predictive_value": "positive_predictive_value",
        "negative_predictive_value": "negative_predictive_value",
        "false_discovery_rate": "false_discovery_rate",
        "false_omission_rate": "false_omission_rate",
        "accuracy": "accuracy",
    },
    "Aequitas": {
        "pprev": "selection_rate",
        "prev": "good_rate",
        "precision": "positive_predictive_value",
        "npv": "negative_predictive_value",
        "fdr": "false_discovery_rate",
        "for": "false_omission_rate",
        "fpr": "false_positive_rate",
        "fnr": "false_negative_rate",
        "tpr": "true_positive_rate",
        "tnr": "true_negative_rate",
        "accuracy": "accuracy",
        "pprev_disparity": "adverse_impact_ratio",
        "tpr_disparity": "equal_opportunity_ratio",
    },
}


def normal(name):
    return name.casefold().replace(" ", "_")


def test_the_first_set_is_complete():
    assert set(METRICS) >= FIRST_METRICS
    assert set(CONTRASTS) >= FIRST_CONTRASTS
    assert not set(METRICS) & set(CONTRASTS)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_everything_is_said(name):
    item = CATALOGUE[name]
    assert item.id == name
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    for text in (item.title, item.plain, item.formula, item.undefined_when, item.source):
        assert len(text) > 3
        assert text == " ".join(text.split())
    assert item.title[0].isupper()
    assert item.plain.endswith((".", "?"))
    low, high = item.range
    assert low < high
    assert item.needs or name == "people"  # people are there whatever was counted
    assert item.needs <= {"decision", "outcome", "score"}
    if isinstance(item, Metric):
        assert item.better in {"higher", "lower", "neither"}
        assert (item.kind in {"estimate", "bands", "median"}) == ("score" in item.needs)
    else:
        assert low <= item.neutral <= high
        assert item.adverse in {"below", "above", "either"}
        assert item.how in get_args(How)
        assert set(item.of) <= set(METRICS)
        assert item.needs == set().union(*(METRICS[part].needs for part in item.of))


def test_names_and_aliases_are_unique():
    seen = {}
    for item in CATALOGUE.values():
        for name in {normal(item.id), *map(normal, item.aliases)}:
            assert seen.setdefault(name, item.id) == item.id, name


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_a_metric_is_found_by_all_its_names(name):
    item = CATALOGUE[name]
    for alias in (name, *item.aliases, *(alias.upper() for alias in item.aliases)):
        assert find_metric(alias) is item


@pytest.mark.parametrize(
    ("other", "ours"),
    [pair for names in OTHERS.values() for pair in names.items()],
)
def test_what_others_call_it(other, ours):
    assert find_metric(other).id == ours


def test_the_names_of_others_are_theirs():
    import fairlearn.metrics
    import sklearn.metrics

    assert set(OTHERS["fairlearn"]) <= set(dir(fairlearn.metrics))
    assert set(OTHERS["scikit-learn"]) <= set(dir(sklearn.metrics))


@pytest.mark.parametrize("other", ["ppr", "ppr_disparity", "fpr_disparity", "fdr_disparity"])
def test_what_is_not_the_same_is_not_an_alias(other):
    # Aequitas' ppr is the group's share of all selected people; its other disparities are ratios.
    with pytest.raises(UndefinedMetricError):
        find_metric(other)


def test_an_unknown_metric_gets_a_suggestion():
    with pytest.raises(
        UndefinedMetricError, match=r"There is no metric 'selection_rat'\. Did you mean 'selection_rate'\?"
    ):
        find_metric("selection_rat")


def test_the_catalogue_cannot_be_changed_from_outside():
    with pytest.raises(TypeError):
        METRICS["mine"] = METRICS["accuracy"]


def test_metrics_of_everybody_are_those_with_unselected_people_in_the_denominator():
    assert {n for n in METRICS if "outcome" in METRICS[n].needs} - NEED_EVERYBODY == {
        "good_rate", "bad_rate", "positive_predictive_value", "false_discovery_rate", "negative_predictive_value",
        "false_omission_rate", "bad_rate_by_score_band",
    }  # fmt: skip


# What they return

counts = hnp.arrays(np.int64, (2, 3, 2, 3), elements=st.integers(0, 4))
tables = hnp.arrays(np.int64, (2, 3, 4, 3), elements=st.integers(0, 3))
quick = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def score_table(array):
    scores = np.broadcast_to(np.array([1.0, 2.0, 4.0, 8.0]), array.shape[:-1])
    return ScoreTable(Tally.of(array), scores, scores**2, True)


def evaluate(item, k):
    found = item(k)
    return np.mean([rate.value for rate in found], axis=0) if isinstance(found, tuple) else found.value


def in_range(values, item):
    low, high = item.range
    known = values[~np.isnan(values)]
    return bool(((known >= low - 1e-12) & (known <= high + 1e-12)).all())


@quick
@given(counts)
def test_rates_keep_to_their_range_and_do_not_mind_leading_axes(array):
    k = Confusion.from_counts(array)
    for name in RATES:
        item = METRICS[name]
        values = evaluate(item, k)
        assert values.shape == (2, 3)
        assert in_range(values, item)
        for draw in range(2):
            np.testing.assert_array_equal(values[draw], evaluate(item, Confusion.from_counts(array[draw])))
        for group in range(3):
            np.testing.assert_array_equal(values[:, group], evaluate(item, k[group]))


@quick
@given(tables)
def test_score_metrics_keep_to_their_range_and_do_not_mind_leading_axes(array):
    s = score_table(array)
    for name in SCORES:
        item = METRICS[name]
        values = evaluate(item, s)
        assert in_range(values, item)
        for draw in range(2):
            np.testing.assert_allclose(values[draw], evaluate(item, score_table(array[draw])), rtol=1e-12)
        for group in range(3):
            np.testing.assert_allclose(values[:, group], evaluate(item, s[group]), rtol=1e-12)


@quick
@given(counts, tables)
def test_contrasts_keep_to_their_range_and_do_not_mind_leading_axes(array, scored):
    k, s = Confusion.from_counts(array), score_table(scored)
    for item in CONTRASTS.values():
        sides = s if METRICS[item.of[0]].kind == "estimate" else k
        everybody = s.pooled(range(3))
        values = disparity.value(item, sides[0], sides[1], everybody)
        assert values.shape == (2,)
        assert in_range(values, item)
        same = disparity.value(item, sides[0], sides[0], everybody)
        assert (np.isnan(same) | np.isclose(same, item.neutral)).all()


@quick
@given(counts)
def test_rates_are_shares_of_people_and_undefined_only_where_there_are_none(array):
    k = Confusion.from_counts(array)
    for name in RATES:
        found = METRICS[name](k)
        for rate in found if isinstance(found, tuple) else (found,):
            assert (rate.num <= rate.den).all()
            np.testing.assert_array_equal(rate.n, rate.den)
            np.testing.assert_array_equal(np.isnan(rate.value), rate.den == 0)


@quick
@given(counts)
def test_rates_that_are_each_others_complement(array):
    k = Confusion.from_counts(array)
    for one, other in (
        ("selection_rate", "adverse_rate"),
        ("good_rate", "bad_rate"),
        ("true_positive_rate", "false_negative_rate"),
        ("false_positive_rate", "true_negative_rate"),
        ("positive_predictive_value", "false_discovery_rate"),
        ("negative_predictive_value", "false_omission_rate"),
    ):
        np.testing.assert_allclose(
            METRICS[one](k).value + METRICS[other](k).value, np.where(METRICS[one](k).den > 0, 1, np.nan)
        )


@pytest.mark.parametrize("name", RATES)
def test_a_rate_of_nobody_is_undefined_and_not_zero(name):
    assert np.isnan(evaluate(METRICS[name], Confusion.from_counts(np.zeros((1, 2, 3))))).all()


@pytest.mark.parametrize("name", SCORES)
def test_a_score_metric_of_nobody_is_undefined_and_not_zero(name):
    assert np.isnan(evaluate(METRICS[name], score_table(np.zeros((1, 4, 3))))).all()


@pytest.mark.parametrize("name", sorted(CONTRASTS))
@pytest.mark.parametrize("empty", [0, 1])
def test_a_contrast_with_nobody_is_undefined_and_not_zero(name, empty):
    item = CONTRASTS[name]
    if METRICS[item.of[0]].kind == "estimate":
        table = np.full((2, 4, 3), 5)
        table[empty] = 0
        sides = score_table(table)
        everybody = sides.pooled([0, 1])
    else:
        table = np.full((2, 2, 3), 5)
        table[empty] = 0
        sides, everybody = Confusion.from_counts(table), None
    assert np.isnan(disparity.value(item, sides[0], sides[1], everybody))


@pytest.mark.parametrize("name", ["area_under_curve", "gini", "kolmogorov_smirnov"])
@pytest.mark.parametrize("outcome", [0, 1])
def test_ranking_needs_good_and_bad_people(name, outcome):
    table = np.zeros((1, 4, 3))
    table[..., outcome] = 3
    assert np.isnan(METRICS[name](score_table(table)).value).all()


def test_a_ratio_over_nothing_is_unbounded_and_nothing_over_nothing_undefined():
    k = Confusion.from_counts([[[2, 0, 0], [2, 0, 0]], [[0, 0, 0], [4, 0, 0]]])
    for name in ("adverse_impact_ratio", "equal_opportunity_ratio", "selection_odds_ratio"):
        assert disparity.value(CONTRASTS[name], k[0], k[1]) == np.inf
        assert np.isnan(disparity.value(CONTRASTS[name], k[1], k[1]))
        assert disparity.value(CONTRASTS[name], k[1], k[0]) == 0


def test_equal_scores_have_no_standardized_difference():
    table = np.zeros((2, 4, 3))
    table[:, 1] = 3
    s = score_table(table)
    for name in disparity.SIGMAS:
        assert np.isnan(disparity.value(CONTRASTS[name], s[0], s[1], s.pooled([0, 1])))


def test_the_population_is_never_guessed():
    s = score_table(np.ones((2, 4, 3)))
    with pytest.raises(UndefinedMetricError, match="divides by the spread of all scored people: give everybody="):
        disparity.value(CONTRASTS["standardized_mean_difference"], s[0], s[1])


def test_parts_of_a_contrast():
    k = Confusion.from_counts([[[2, 1, 0], [2, 3, 0]]])
    true_positive, false_positive = disparity.rates(CONTRASTS["equalized_odds_difference"], k)
    assert isinstance(true_positive, Rate)
    assert (true_positive.value.tolist(), false_positive.value.tolist()) == ([0.5], [0.25])
    assert true_positive[0].den == 4


def test_a_rate_lies_between_0_and_1_unless_it_says_otherwise():
    assert all(item.range == (0.0, 1.0) for item in METRICS.values() if item.kind in {"rate", "average"})
