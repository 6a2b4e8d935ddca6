"""fa.Scorecard: scikit-learn's checks, the points of the table, files there and back."""

import io
import json
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

import fairaudit as fa
from fairaudit.models.woe import bins_of


def named(check):
    return getattr(check, "func", check).__name__


# The check of arrays of other libraries asks for a setting of scipy's that the whole process would have.
CHECKS = [pair for pair in estimator_checks_generator(fa.Scorecard()) if "array_api" not in named(pair[1])]


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=[named(check) for _, check in CHECKS])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_there_are_checks():
    assert len(CHECKS) > 50


def people(n=400):
    rng = np.random.default_rng(7)
    age = rng.integers(18, 80, n).astype(float)
    age[:20] = np.nan
    job = rng.choice(["clerk", "driver", "none"], n).astype(object)
    paid = rng.random(n) < 1 / (1 + np.exp(-(np.nan_to_num(age, nan=30) - 45) / 15 - (job == "clerk")))
    return pd.DataFrame({"age": age, "job": job}), np.where(paid, "yes", "no")


def test_points_are_the_scale_of_the_log_odds_and_the_sum_of_the_table():
    rows, y = people()
    card = fa.Scorecard(good="yes").fit(rows, y)
    assert card.points(rows) == pytest.approx(fa.PointsScale().points(card.log_odds(rows)))
    assert card.predict_proba(rows)[:, 1] == pytest.approx(1 / (1 + np.exp(-card.log_odds(rows))))
    assert card.table().groupby("feature")["people"].sum().tolist() == [400, 400]
    assert card.table().set_index(["feature", "bin"]).loc[("age", "(missing)"), "people"] == 20


def test_the_good_outcome_may_be_the_first_class():
    rows, y = people()
    card, other = fa.Scorecard(good="no").fit(rows, y), fa.Scorecard(good="yes").fit(rows, y)
    assert card.log_odds(rows) == pytest.approx(-other.log_odds(rows), abs=0.05)
    assert (card.predict(rows) == other.predict(rows)).mean() > 0.97


def test_numbers_are_monotone_in_weight_of_evidence():
    rows, y = people()
    woe = bins_of("age", rows["age"].to_numpy(), y == "yes", min_share=0.05, max_bins=8).woe[:-1]
    assert len(woe) > 2
    assert (np.diff(woe) > 0).all()


def test_a_category_never_seen_moves_the_score_neither_way():
    rows, y = people()
    card = fa.Scorecard().fit(rows, y)
    unseen = card.log_odds(pd.DataFrame({"age": [np.nan], "job": ["astronaut"]}))
    assert unseen[0] == pytest.approx(card.intercept_ + card.weights_[0] * card.bins_[0].woe[-1])
    assert "(any other)" in str(card)


@pytest.mark.parametrize("rounded", [True, False])
def test_json_there_and_back_gives_identical_points(tmp_path, rounded):
    rows, y = people()
    card = fa.Scorecard(round_points=rounded, scale=fa.PointsScale(500, 20, 40)).fit(rows, y)
    card.to_json(tmp_path / "card.json")
    back = fa.Scorecard.from_json(tmp_path / "card.json")
    assert (back.points(rows) == card.points(rows)).all()
    assert (back.predict(rows) == card.predict(rows)).all()
    assert back.to_json() == card.to_json()


@pytest.mark.parametrize(
    ("key", "value"),
    [("intercept", float("nan")), ("good", "maybe"), ("classes", ["yes"]), ("features", []), ("format", "x"),
     ("base_odds", -1.0), ("code", "__import__('os')"), ("intercept", "0")],
)  # fmt: skip
def test_a_file_with_impossible_values_is_refused(key, value):
    rows, y = people()
    plain = json.loads(fa.Scorecard().fit(rows, y).to_json())
    with pytest.raises(fa.FairauditError):
        fa.Scorecard.from_json(json.dumps({**plain, key: value}))


@pytest.mark.parametrize("text", ["{", "{}", '{"a":' * 5000])
def test_a_file_that_is_no_scorecard_is_refused(text):
    with pytest.raises(fa.FairauditError, match="no scorecard"):
        fa.Scorecard.from_json(text)


def test_text_among_numbers_is_refused():
    rows, y = people()
    card = fa.Scorecard().fit(rows, y)
    with pytest.raises(fa.FairauditError, match="'age' was fitted on numbers and now holds 'old'"):
        card.points(pd.DataFrame({"age": ["old"], "job": ["clerk"]}))


@pytest.mark.parametrize("rounded", [True, False])
@pytest.mark.parametrize("good", [None, "no"])
def test_csv_there_and_back_is_the_same_card(tmp_path, rounded, good):
    rows, y = people()
    rows["=cmd()"] = np.where(np.arange(len(rows)) % 3 == 0, 'a, "b"', "ünder\nline")
    card = fa.Scorecard(round_points=rounded, scale=fa.PointsScale(500, 20, 40), good=good).fit(rows, y)
    card.to_csv(tmp_path / "card.csv")
    back = fa.Scorecard.from_csv(tmp_path / "card.csv")
    assert back.to_json() == card.to_json()
    assert fa.Scorecard.from_csv(card.to_csv()).to_csv() == card.to_csv()
    table = pd.read_csv(tmp_path / "card.csv")
    assert table.groupby("feature", sort=False)["people"].sum().tolist() == [400, 400, 400]
    assert "'=cmd()" in set(table["feature"])  # a spreadsheet would run it
    in_bin = rows["age"].between(table.loc[1, "from"], table.loc[1, "to"], inclusive="right")
    assert in_bin.sum() == table.loc[1, "people"]


def test_csv_of_an_array_and_of_whole_numbers_as_outcomes():
    rng = np.random.default_rng(0)
    card = fa.Scorecard().fit(rng.normal(size=(100, 2)), rng.integers(2, size=100))
    assert fa.Scorecard.from_csv(card.to_csv()).to_json() == card.to_json()


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("points", "12", "Line 2 .* says points 12, and its other columns give"),
        ("people", "12", "says people 12"),
        ("weight_of_evidence", "nan", "weight_of_evidence is a finite number"),
        ("good", "many", "good is a finite number"),
        ("to", "1", "do not follow on each other"),
        ("weight", "1", "another kind or weight"),
        ("base_odds", "1", "differs by row"),
        ("classes", "yes", "differs by row"),
    ],
)
def test_a_csv_that_was_changed_by_hand_is_refused(column, value, said):
    rows, y = people()
    table = pd.read_csv(io.StringIO(fa.Scorecard().fit(rows, y).to_csv()), dtype=str, keep_default_na=False)
    table.loc[0, column] = value
    with pytest.raises(fa.FairauditError, match=said):
        fa.Scorecard.from_csv(table.to_csv(index=False))


@pytest.mark.parametrize("text", ["feature,bin\n", "\n", 'a,b\n"x\n'])
def test_a_csv_that_is_no_scorecard_is_refused(text):
    with pytest.raises(fa.FairauditError, match=r"no scorecard's CSV|breaks in line"):
        fa.Scorecard.from_csv(text)


def test_a_bin_of_one_class_or_of_nobody_is_marked_in_the_table():
    x = np.repeat(["all good", "mixed", "also mixed"], 20)
    y = np.r_[np.ones(20), np.tile([0, 1], 10), np.tile([0, 0, 1, 1], 5)].astype(int)
    card = fa.Scorecard(min_share=0.01).fit(pd.DataFrame({"x": x[:40]}), y[:40])
    notes = card.table().set_index("bin")["note"]
    assert notes["all good"] == "no bad people: 0.5 added to both"
    assert notes["mixed"] == ""
    assert notes["(missing)"] == "nobody seen: weight of evidence set to 0"
    assert "no bad people: 0.5 added to both" in str(card)
    # Siddiqi (2006), chapter 6, and half a person added to each class.
    assert card.table()["weight_of_evidence"].max() == pytest.approx(np.log(20.5 / 30) - np.log(0.5 / 10))


def test_bins_of_optbinning_are_its_own_and_monotone():
    from optbinning import OptimalBinning

    rows, y = people()
    card = fa.Scorecard(binning="optbinning", good="yes").fit(rows, y)
    known = rows["age"].notna()
    theirs = OptimalBinning(name="age", monotonic_trend="auto_asc_desc", max_n_bins=8, min_bin_size=0.05)
    theirs.fit(rows["age"][known], (y[known] == "no").astype(int))
    age, job = card.bins_
    assert len(age.edges) == len(theirs.splits) > 0
    assert (np.diff(age.woe[:-1]) > 0).all()
    places = age.place(rows["age"][known].to_numpy())
    assert places.tolist() == theirs.transform(rows["age"][known], metric="indices").tolist()
    woe = theirs.transform(rows["age"][known], metric="woe")
    # Theirs is against the people it was given, ours against all: one constant between them.
    assert np.ptp(np.asarray(age.woe)[places] - woe) == pytest.approx(0, abs=1e-9)
    assert sorted(name for names in job.categories for name in names) == ["clerk", "driver", "none"]
    assert fa.Scorecard.from_json(card.to_json()).points(rows) == pytest.approx(card.points(rows))
    with pytest.raises(fa.FairauditError, match="binning is one of tree, optbinning"):
        fa.Scorecard(binning="best").fit(rows, y)


def test_optbinning_that_is_not_installed_is_named_with_its_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "optbinning", None)
    rows, y = people()
    with pytest.raises(fa.FairauditError, match=r"pip install 'fairaudit-toolkit\[scorecard\]'"):
        fa.Scorecard(binning="optbinning").fit(rows, y)
