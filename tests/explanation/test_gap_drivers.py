"""Drivers of a gap: what adds up, intervals, proxies, counts, pairs, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, ttest_ind
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

import fairaudit as fa
from fairaudit.errors import DataContractError, ExplanationError, FairauditError, LevelNotFoundError, SchemaError
from fairaudit.explanation.proxy_features import encoding
from fairaudit.inference.together import Gaps, all_at_once, means_of, means_with_known_sum

DRAW = np.random.default_rng(7)
SEX = DRAW.choice(["F", "M"], 1_500, p=[0.4, 0.6])
PEOPLE = pd.DataFrame(DRAW.normal(size=(1_500, 3)), columns=["income", "debt", "years"])
PEOPLE["income"] += SEX == "M"
PEOPLE["job"] = DRAW.choice(["a", "b", "c"], 1_500)
PAID = PEOPLE["income"] - PEOPLE["debt"] + DRAW.normal(size=1_500) > 0
NUMBERS = ["income", "debt", "years"]
CARD = fa.Scorecard(good=True).fit(PEOPLE, PAID)
BOOSTED = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(PEOPLE[NUMBERS], PAID)
LINEAR = LinearRegression().fit(PEOPLE[NUMBERS], PEOPLE["income"] * 2 - PEOPLE["debt"])


def amounts(made):
    return {each.feature: each.amount for each in made.drivers}


@pytest.mark.parametrize(
    ("model", "rows"), [(CARD, PEOPLE), (BOOSTED, PEOPLE[NUMBERS]), (LINEAR, PEOPLE[NUMBERS])],
    ids=["scorecard", "boosting", "linear"],
)  # fmt: skip
def test_amounts_add_up_to_the_gap_in_mean_score(model, rows):
    explained = fa.explain(model, rows)
    made = explained.drivers(SEX, reference="M")
    gap = explained.scores[SEX == "F"].mean() - explained.scores[SEX == "M"].mean()
    assert sum(amounts(made).values()) == pytest.approx(gap, abs=1e-10)
    assert made.gap.value == pytest.approx(gap, abs=1e-10)
    assert made.drivers[0].feature == "income"


def test_intervals_are_welchs():
    explained = fa.explain(CARD, PEOPLE)
    made = explained.drivers(SEX, reference="M")
    theirs = ttest_ind(explained.values[SEX == "F"], explained.values[SEX == "M"], equal_var=False)
    between = theirs.confidence_interval()
    for each in made.drivers:
        at = explained.names.index(each.feature)
        assert (each.low, each.high) == pytest.approx((between.low[at], between.high[at]))
    total = ttest_ind(explained.scores[SEX == "F"], explained.scores[SEX == "M"], equal_var=False).confidence_interval()
    assert (made.gap.low, made.gap.high) == pytest.approx((total.low, total.high))


def test_simultaneous_intervals_reach_what_scipys_multivariate_normal_says():
    correlation = np.full((3, 3), 0.6) + 0.4 * np.eye(3)
    reach = all_at_once(Gaps(np.zeros(3), correlation * 4, np.full(3, np.inf)))
    inside = multivariate_normal(np.zeros(3), correlation).cdf(np.full(3, reach), lower_limit=np.full(3, -reach))
    assert inside == pytest.approx(0.95, abs=0.003)


def test_simultaneous_intervals_cover_all_features_at_once():
    rng = np.random.default_rng(1)
    mix = rng.normal(size=(6, 6))
    truth = np.array([0.5, 0, 0, -0.3, 0, 0])
    alone = together = reach = 0
    for _ in range(150):
        one, other = (means_of(rng.exponential(size=(n, 6)) @ mix + shift) for n, shift in ((120, truth), (300, 0)))
        gaps = Gaps(one.value - other.value, one.covariance + other.covariance, np.full(6, 119.0))
        off = np.abs(gaps.value - truth) / gaps.error
        alone += bool((off < 1.96).all())
        reach = reach or all_at_once(gaps)  # one critical value will do for all runs
        together += bool((off < reach).all())
    assert 0.90 <= together / 150 <= 0.99  # 95% less or more 2.8 standard errors of 150 runs
    assert alone < together


def test_a_sample_adds_up_to_the_gap_of_everybody_and_covers():
    explainer = fa.Explainer(BOOSTED, PEOPLE[NUMBERS])
    explained = explainer.explain(PEOPLE[NUMBERS])
    whole = explained.drivers(SEX, reference="M")
    some = fa.drivers(explainer, PEOPLE[NUMBERS], SEX, reference="M", sample_rows=200)
    assert some.explained == (200, 200)
    assert (some.gap.low, some.gap.high) == pytest.approx((whole.gap.low, whole.gap.high))
    assert sum(amounts(some).values()) == pytest.approx(whole.gap.value, abs=1e-10)
    # Against the file's own amounts only the sample is off, so its wider interval covers more often than 95%.
    sides = [explained.values[level == SEX] for level in ("F", "M")]
    scores = [explained.scores[level == SEX] for level in ("F", "M")]
    rng, inside = np.random.default_rng(3), []
    for _ in range(200):
        taken = [rng.permutation(len(side))[:200] for side in sides]
        one, other = (
            means_with_known_sum(side[at], all_[at], all_) for side, at, all_ in zip(sides, taken, scores, strict=True)
        )
        error = np.sqrt(np.diag(one.covariance + other.covariance))
        off = one.value - other.value - (sides[0].mean(axis=0) - sides[1].mean(axis=0))
        inside.append(np.abs(off) < 1.96 * error)
    assert (np.mean(inside, axis=0) > 0.93).all()
    assert "the gap itself comes from scoring all" in str(some)


def test_a_known_sum_has_the_variance_of_repeated_samples_of_samples():
    rng, made, errors = np.random.default_rng(5), [], []
    for _ in range(600):
        shared = rng.normal(size=400)
        columns = np.stack([shared + rng.normal(size=400), shared, rng.normal(size=400)], axis=1)
        found = means_with_known_sum(columns[:80], columns[:80].sum(axis=1), columns.sum(axis=1))
        made.append(found.value)
        errors.append(np.diag(found.covariance))
    assert np.var(made, axis=0) / np.mean(errors, axis=0) == pytest.approx(np.ones(3), abs=0.2)


def test_rows_needed_go_with_variances_and_not_with_people():
    made = fa.explain(LINEAR, PEOPLE[NUMBERS]).drivers(SEX, reference="M")
    worst = max(one**2 + other**2 for one, other in made.of_one_row.values())
    assert made.rows_needed(0.01, simultaneous=False) == int(np.ceil((1.959964 / 0.01) ** 2 * worst))
    assert made.rows_needed(0.01) > made.rows_needed(0.01, simultaneous=False)
    twice = pd.concat([PEOPLE[NUMBERS]] * 2)
    doubled = fa.explain(LINEAR, twice).drivers(np.tile(SEX, 2), reference="M")
    assert doubled.rows_needed(0.05) == pytest.approx(made.rows_needed(0.05), rel=0.01)
    with pytest.raises(ExplanationError, match="half_width is above 0"):
        made.rows_needed(0)


def test_weights_are_as_good_as_repeated_rows_for_the_amounts():
    weight = DRAW.integers(1, 4, len(PEOPLE))
    weighted = fa.explain(CARD, PEOPLE, PEOPLE).drivers(SEX, reference="M", weight=weight)
    longer = fa.explain(CARD, PEOPLE.loc[np.repeat(PEOPLE.index, weight)], PEOPLE)
    assert amounts(weighted) == pytest.approx(amounts(longer.drivers(np.repeat(SEX, weight), reference="M")))
    assert weighted.drivers[0].error > longer.drivers(np.repeat(SEX, weight), reference="M").drivers[0].error
    assert "; weighted" in str(weighted)


# Counts


def test_counts_alone_give_the_amounts_and_intervals_of_the_rows():
    by_rows = fa.explain(CARD, PEOPLE).drivers(SEX, reference="M")
    halves = [fa.bin_counts(CARD, PEOPLE[at], SEX[at]) for at in (slice(0, 700), slice(700, None))]
    counts = pd.concat(halves).groupby(["feature", "bin", "group"], as_index=False)["people"].sum()
    made = fa.drivers_from_counts(CARD, counts, reference="M")
    assert amounts(made) == pytest.approx(amounts(by_rows), abs=1e-10)
    assert made.gap.value == pytest.approx(by_rows.gap.value, abs=1e-10)
    assert made.people == by_rows.people
    for each, other in zip(made.drivers, by_rows.drivers, strict=True):
        assert (each.error, each.low, each.high) == pytest.approx((other.error, other.low, other.high), abs=1e-9)
        assert each.high_together - each.low_together >= other.high_together - other.low_together - 1e-3
    assert made.gap.low <= by_rows.gap.low < by_rows.gap.high <= made.gap.high
    assert made.to_dict()["from"] == "counts"


def test_counts_of_more_than_a_billion_people_are_no_harder():
    counts = fa.bin_counts(CARD, PEOPLE, SEX)
    made = fa.drivers_from_counts(CARD, counts.assign(people=counts["people"] * 1_000_000), reference="M")
    small = fa.drivers_from_counts(CARD, counts, reference="M")
    assert sum(made.people) == 1_500_000_000
    assert amounts(made) == pytest.approx(amounts(small))
    assert made.drivers[0].error == pytest.approx(small.drivers[0].error / 1_000, rel=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.assign(bin="odd"), "The scorecard has no bin 'odd' of 'income'"),
        (lambda c: c.assign(feature="odd"), "The scorecard has no feature 'odd'"),
        (lambda c: c.assign(people=c["people"] - 0.5), "whole numbers of at least 0; line 1"),
        (lambda c: c.drop(columns="people"), "there is no 'people'"),
        (lambda c: c[c["feature"] != "debt"], "Feature 'debt' counts 0 people of 'F'"),
    ],
)
def test_counts_that_cannot_be_are_refused(change, message):
    with pytest.raises(FairauditError, match=message):
        fa.drivers_from_counts(CARD, change(fa.bin_counts(CARD, PEOPLE, SEX)), reference="M")


# Pairs


def test_pairs_of_an_additive_score_give_the_amounts_of_its_attributions():
    by_rows = fa.explain(LINEAR, PEOPLE[NUMBERS]).drivers(SEX, reference="M")
    scorer = fa.wrap(LINEAR, higher_is="better")
    made = fa.drivers(scorer, PEOPLE, SEX, reference="M", pairs=3_000)
    assert sum(amounts(made).values()) == pytest.approx(by_rows.gap.value, abs=1e-10)
    for each in made.drivers:
        other = next(one for one in by_rows.drivers if one.feature == each.feature)
        assert each.amount == pytest.approx(other.amount, abs=0.02)
        assert each.error == pytest.approx(other.error, rel=0.1, nan_ok=True)


def test_pairs_of_an_interaction_share_it_as_shapley_does():
    # Everybody of the group is (1, 1), of the reference (0, 0): v(both) = 3, v(first) = 1, v(second) = 0.
    rows = pd.DataFrame({"a": np.repeat([1.0, 0.0], 50), "b": np.repeat([1.0, 0.0], 50)})
    scorer = fa.wrap(lambda r: r["a"] + 2 * r["a"] * r["b"], higher_is="better", feature_names=["a", "b"])
    made = fa.drivers(scorer, rows, np.repeat(["g", "r"], 50), reference="r", pairs=200)
    assert amounts(made) == pytest.approx({"a": 2.0, "b": 1.0})


def test_a_selection_rate_is_split_and_adds_up():
    explained = fa.Explainer(CARD, PEOPLE, cutoff=560).explain(PEOPLE)
    made = explained.drivers(SEX, reference="M", measure="selection rate", pairs=2_000, rng=1)
    chosen = explained.scores >= 560
    gap = chosen[SEX == "F"].mean() - chosen[SEX == "M"].mean()
    assert made.gap.value == pytest.approx(gap)
    assert sum(amounts(made).values()) == pytest.approx(gap, abs=1e-10)
    assert abs(made.residual) < 0.03
    assert made.drivers[0].feature == "income"
    again = explained.drivers(SEX, reference="M", measure="selection rate", pairs=2_000, rng=1)
    assert str(again) == str(made)
    assert "at the cut-off 560" in str(made)


def test_worse_scores_are_selected_at_or_under_the_cut_off():
    better = fa.wrap(lambda r: r["income"], higher_is="better", feature_names=["income"])
    worse = fa.wrap(lambda r: -r["income"], higher_is="worse", feature_names=["income"])
    how = {"measure": "selection rate", "reference": "M", "pairs": 200}
    one, other = (fa.drivers(s, PEOPLE, SEX, cutoff=c, **how) for s, c in ((better, 0.3), (worse, -0.3)))
    assert one.gap == other.gap


@pytest.mark.parametrize(("measure", "kept"), [("true positive rate", PAID), ("false positive rate", ~PAID)])
def test_error_rates_are_about_people_of_that_outcome(measure, kept):
    explained = fa.Explainer(CARD, PEOPLE, cutoff=560).explain(PEOPLE)
    made = explained.drivers(SEX, reference="M", measure=measure, outcome=PAID, good=True, pairs=600)
    chosen = pd.Series(explained.scores >= 560)[kept.to_numpy()]
    by_sex = chosen.groupby(SEX[kept.to_numpy()]).mean()
    assert made.levels == pytest.approx((by_sex["F"], by_sex["M"]))
    assert made.people == (int((kept & (SEX == "F")).sum()), int((kept & (SEX == "M")).sum()))


def test_errors_of_pairs_are_those_of_new_people_and_not_of_pairs(monkeypatch):
    monkeypatch.setattr("fairaudit.explanation.assembling.all_at_once", lambda _, __: 2.0)
    # 60 people on a side and 3,000 pairs: counted as independent pairs the error would be far too small.
    rng, found, errors = np.random.default_rng(9), [], []
    scorer = fa.wrap(lambda r: r["a"] * r["b"] + r["a"], higher_is="better", feature_names=["a", "b"])
    for run in range(60):
        rows = pd.DataFrame(rng.normal(size=(120, 2)), columns=["a", "b"]) + np.repeat([[0.5], [0.0]], 60, axis=0)
        made = fa.drivers(scorer, rows, np.repeat(["g", "r"], 60), reference="r", pairs=3_000, rng=run)
        found.append([amounts(made)["a"], amounts(made)["b"]])
        errors.append([next(e.error for e in made.drivers if e.feature == name) for name in "ab"])
    # 60 runs know a standard deviation to 9%.
    assert np.std(found, axis=0, ddof=1) / np.mean(errors, axis=0) == pytest.approx(np.ones(2), abs=0.28)


def test_columns_that_are_one_feature_are_exchanged_together():
    both = {"money": ["income", "debt"]}
    explained = fa.Explainer(LINEAR, PEOPLE[NUMBERS], players=both).explain(PEOPLE[NUMBERS]).drivers(SEX, reference="M")
    paired = fa.drivers(
        fa.wrap(LINEAR, higher_is="better"), PEOPLE, SEX, reference="M", players=both, pairs=3_000
    )  # fmt: skip
    assert amounts(explained).keys() == amounts(paired).keys() == {"money", "years"}
    assert amounts(paired)["money"] == pytest.approx(amounts(explained)["money"], abs=0.05)


# Proxies


def test_a_column_without_the_group_has_a_half_on_average_however_many_levels():
    rng = np.random.default_rng(4)
    side = np.repeat([True, False], [150, 250])
    noise = [encoding(rng.integers(0, 60, 400).astype(str), side, rng=run) for run in range(120)]
    assert np.mean([each.auc for each in noise]) == pytest.approx(0.5, abs=0.01)
    assert np.mean([each.low <= 0.5 <= each.high for each in noise]) >= 0.91  # 95% less 2 standard errors of 120 runs


def test_numbers_texts_and_missing_values_can_all_be_proxies():
    rng = np.random.default_rng(5)
    side = np.repeat([True, False], 300)
    bent = np.where(side, rng.choice([-2.0, 2.0], 600), 0.0) + rng.normal(size=600) * 0.3
    assert encoding(bent, side).auc > 0.95  # neither larger nor smaller, but farther out
    assert encoding(np.where(side & (rng.random(600) < 0.5), np.nan, 1.0), side).auc == pytest.approx(0.75, abs=0.05)
    assert encoding(np.where(side, "x", None), side).auc == 1.0


def test_the_area_of_a_number_is_that_of_a_logistic_regression_cross_validated():
    from sklearn.model_selection import cross_val_score

    rng = np.random.default_rng(6)
    side = np.repeat([True, False], 1_000)
    values = rng.normal(size=2_000) + 0.7 * side
    theirs = cross_val_score(LogisticRegression(), values[:, None], side, scoring="roc_auc", cv=5).mean()
    made = encoding(values, side)
    assert made.auc == pytest.approx(theirs, abs=0.02)
    assert made.low < theirs < made.high


def test_what_drives_and_encodes_stands_out():
    made = fa.explain(CARD, PEOPLE).drivers(SEX, reference="M")
    assert made.stand_out == ("income",)
    years = next(each for each in made.drivers if each.feature == "years")
    assert not years.encodes
    assert made.score_proxy.auc > 0.6
    assert "income" in made.words[2]


# Words, records, refusals


def test_shares_are_left_out_where_there_may_be_no_gap():
    nothing = np.random.default_rng(8).choice(["F", "M"], len(PEOPLE))
    made = fa.explain(CARD, PEOPLE).drivers(nothing, reference="M")
    assert made.gap.low < 0 < made.gap.high
    assert all(each.share is None for each in made.drivers)
    assert "shares of it are left out" in made.words[0]


def test_the_record_is_words_a_table_json_and_html():
    sex = pd.Series(np.where(SEX == "F", "<F>", SEX), name="sex")
    sex[:5] = None
    made = fa.explain(CARD, PEOPLE).drivers(sex, reference="M")
    assert made.attribute == "sex"
    assert made.left_out == {"(missing)": 5}
    assert "Attribution does not tell a real difference from a mismeasured one" in str(made)
    assert "in neither: (missing) 5" in str(made)
    assert "&lt;F&gt;" in made._repr_html_()
    assert "<F>" not in made._repr_html_()
    assert json.loads(json.dumps(made.to_dict(), allow_nan=False))["stand_out"] == ["income"]
    assert made.to_frame()["amount"].sum() == pytest.approx(made.gap.value)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_amounts_add_up_whatever_the_groups(seed, levels):
    group = np.random.default_rng(seed).integers(0, levels, len(PEOPLE))
    explained = fa.explain(LINEAR, PEOPLE[NUMBERS])
    made = explained.drivers(group, reference=0, group=1)
    assert sum(amounts(made).values()) == pytest.approx(made.gap.value, abs=1e-10)
    assert sum(made.people) + sum(made.left_out.values()) == len(PEOPLE)


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ({"reference": "X"}, LevelNotFoundError, "'X' is not a level of 'attribute'"),
        ({"reference": None}, LevelNotFoundError, r"cannot be \(missing\)"),
        ({"reference": "M", "group": "M"}, SchemaError, "both 'M'"),
        ({"reference": "M", "fewest": 1_000}, DataContractError, "at least 1000 are needed"),
        ({"reference": "M", "measure": "accuracy"}, SchemaError, "measure is one of"),
        ({"reference": "M", "paris": 3}, SchemaError, "paris= does not apply"),
        ({"reference": "M", "measure": "selection rate"}, ExplanationError, "give cutoff="),
        ({"reference": "M", "measure": "selection rate", "cutoff": 1, "pairs": 3}, ExplanationError, "at least 100"),
        ({"reference": "M", "measure": "selection rate", "weight": PAID}, ExplanationError, "without weights"),
        ({"reference": "M", "measure": "true positive rate", "cutoff": 1}, SchemaError, "needs what really happened"),
        ({"reference": "M", "weight": -PEOPLE["income"].abs()}, DataContractError, "Weights are one finite number"),
    ],
)
def test_what_is_wrong_is_refused_in_words(how, kind, message):
    with pytest.raises(kind, match=message):
        fa.explain(CARD, PEOPLE).drivers(SEX, **how)


def test_unobserved_outcomes_are_refused_and_not_left_out():
    explained = fa.Explainer(CARD, PEOPLE, cutoff=560).explain(PEOPLE)
    outcome = PAID.astype(object).where(PEOPLE.index > 9)
    with pytest.raises(DataContractError, match="outcome of 10 people is unobserved"):
        explained.drivers(SEX, reference="M", measure="true positive rate", outcome=outcome, good=True)


def test_several_levels_and_numbers_want_to_be_named():
    explained = fa.explain(CARD, PEOPLE)
    with pytest.raises(SchemaError, match=r"2 levels beside the reference 'a' \(b, c\). Say whose gap"):
        explained.drivers(PEOPLE["job"], reference="a")
    with pytest.raises(SchemaError, match="Give bands="):
        explained.drivers(PEOPLE["years"], reference="1")
    made = explained.drivers(PEOPLE["years"], reference="0 and over", bands=[0])
    assert made.group == "under 0"


def test_something_that_cannot_score_is_refused():
    with pytest.raises(SchemaError, match="A int cannot score"):
        fa.drivers(3, PEOPLE, SEX, reference="M")
    with pytest.raises(ExplanationError, match="sample_rows is for the mean score of an Explainer"):
        fa.drivers(fa.wrap(LINEAR, higher_is="better"), PEOPLE, SEX, reference="M", sample_rows=100)
