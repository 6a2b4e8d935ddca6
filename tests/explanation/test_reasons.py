"""Principal reasons: who is compared with whom, what is listed, what is flagged and what is refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

import fairaudit as fa
from fairaudit.errors import ExplanationError
from fairaudit.explanation import reason_figures
from fairaudit.explanation.people import baseline_of
from fairaudit.explanation.reason_figures import adverse_order, kept_shares

DRAW = np.random.default_rng(11)
NAMES = ["income", "debt", "years", "inquiries", "late"]
APPLICANTS = pd.DataFrame(np.round(DRAW.normal(size=(1_500, 5)), 3), columns=NAMES)
WEIGHTS = np.array([3.0, -2.0, 1.0, -0.5, -4.0])
CUTOFF = 605.0


def linear(weights=WEIGHTS, intercept=600.0, names=NAMES):
    model = LinearRegression().fit(pd.DataFrame(np.zeros((2, len(names))), columns=names), [0, 0])
    model.coef_, model.intercept_ = np.array(weights, dtype=float), intercept
    return model


def explained(model=None, higher_is="better", cutoff=CUTOFF, rows=APPLICANTS, background=APPLICANTS, **options):
    wrapped = fa.wrap(linear() if model is None else model, higher_is=higher_is)
    return fa.Explainer(wrapped, background=background, cutoff=cutoff, **options).explain(rows)


SCORES = 600 + APPLICANTS.to_numpy() @ WEIGHTS
DECLINED = np.flatnonzero(SCORES < CUTOFF)
ROW = int(DECLINED[4])
EVERYBODY = explained()


# The two methods of the official commentary on 12 CFR 1002.9(b)(2), paragraph 5: below the average of applicants at
# or slightly above the minimum score, or below that of all applicants. For a sum of parts they are a subtraction.


def by_hand(row, people):
    amounts = WEIGHTS * (people.mean(axis=0) - APPLICANTS.to_numpy()[row])
    order = np.argsort(-amounts)
    return [(NAMES[at], amounts[at]) for at in order if amounts[at] > 0]


@pytest.mark.parametrize("method", ["at_cutoff", "all_applicants"])
def test_reasons_are_the_largest_shortfalls_against_the_named_people(method):
    people = APPLICANTS.to_numpy()
    if method == "at_cutoff":
        approved = np.sort(SCORES[SCORES >= CUTOFF])
        wanted = max(100, math.ceil(len(approved) / 10))
        people = people[(SCORES >= CUTOFF) & (approved[wanted - 1] >= SCORES)]

    for row in DECLINED[:6].tolist():
        made = EVERYBODY.reasons(row, method=method, draws=0)
        expected = by_hand(row, people)[:4]
        assert [one.feature for one in made.reasons] == [name for name, _ in expected]
        assert [one.amount for one in made.reasons] == pytest.approx([amount for _, amount in expected])
        assert made.baseline.people == len(people)
        assert made.method == method


def test_a_risk_score_is_held_against_the_people_at_or_below_its_cutoff():
    made = explained(linear(-WEIGHTS, -600.0), higher_is="worse", cutoff=-CUTOFF).reasons(ROW, draws=0)
    same = EVERYBODY.reasons(ROW, draws=0)
    assert [one.feature for one in made.reasons] == [one.feature for one in same.reasons]
    assert [one.amount for one in made.reasons] == pytest.approx([one.amount for one in same.reasons])
    assert made.baseline.sha256 == same.baseline.sha256
    assert "at or just below" in made.baseline.said


def test_scorecard_reasons_are_points_lost_with_the_probability_at_both_ends():
    paid = (DRAW.random(1_500) < 1 / (1 + np.exp(-(SCORES - 600) / 3))).astype(int)
    card = fa.Scorecard(good=1).fit(APPLICANTS, paid)
    made = fa.Explainer(card, background=APPLICANTS, cutoff=560).explain(APPLICANTS)
    row = int(np.flatnonzero(made.scores < 555)[0])
    found = made.reasons(row, method="all_applicants", draws=0)
    lost = card.parts(APPLICANTS).mean(axis=0) - card.parts(APPLICANTS.iloc[[row]])[0]
    assert [one.amount for one in found.reasons] == pytest.approx(sorted(lost[lost > 0], reverse=True)[:4])
    assert found.score == pytest.approx(card.points(APPLICANTS.iloc[[row]])[0])
    assert found.probability == pytest.approx(card.predict_proba(APPLICANTS.iloc[[row]])[0, 1])
    # 600 points at odds of 50 and 20 to double them: 560 is two halvings down, odds of 12.5.
    assert found.cutoff_probability == pytest.approx(12.5 / 13.5)


def test_log_odds_and_wrapped_points_give_the_same_probability_and_raw_values_none():
    paid = (SCORES > 600).astype(int)
    model = LogisticRegression(C=0.01).fit(APPLICANTS, paid)
    row = int(np.argmin(model.decision_function(APPLICANTS)))
    scale = fa.PointsScale()
    log_odds = fa.Explainer(fa.wrap(model, good=1), APPLICANTS, cutoff=0.0).explain(APPLICANTS)
    points = fa.Explainer(fa.wrap(model, good=1, scale=scale), APPLICANTS, cutoff=scale.offset).explain(APPLICANTS)
    one, other = log_odds.reasons(row, draws=0), points.reasons(row, draws=0)
    assert one.probability == pytest.approx(model.predict_proba(APPLICANTS)[row, 1])
    assert other.probability == pytest.approx(one.probability)
    assert (one.cutoff_probability, other.cutoff_probability) == (pytest.approx(0.5), pytest.approx(0.5))
    assert EVERYBODY.reasons(ROW, draws=0).probability is None


# What is listed


def test_the_list_is_never_padded_and_says_so():
    rows = APPLICANTS.copy()
    rows.loc[ROW] = [50.0, -50.0, 50.0, -50.0, 200.0]
    made = explained(rows=rows).reasons(ROW, draws=0)
    assert [one.feature for one in made.reasons] == ["late"]
    assert any("not padded" in line for line in made.left_out)


def test_a_feature_that_is_not_scored_is_never_a_reason():
    made = explained(linear([3.0, 0.0, 1.0, 0.0, -4.0]))
    for row in np.flatnonzero(made.scores < CUTOFF)[:8].tolist():
        found = made.reasons(row, draws=0)
        assert not {"debt", "inquiries"} & {one.feature for one in (*found.reasons, *found.key_factors)}


def test_adverse_factors_left_out_are_named():
    rows = APPLICANTS.copy()
    rows.loc[ROW] = [-5.0, 5.0, -5.0, 5.0, 5.0]
    made = explained(rows=rows).reasons(ROW, draws=0)
    assert len(made.reasons) == 4
    assert any(line.startswith("Also adverse") and "Inquiries" in line for line in made.left_out)
    assert len(explained(rows=rows).reasons(ROW, k=2, draws=0).reasons) == 2


def test_key_factors_are_a_list_of_their_own_with_inquiries_as_a_fifth():
    rows = APPLICANTS.copy()
    rows.loc[ROW] = [-5.0, 5.0, -5.0, 5.0, 5.0]
    made = explained(rows=rows)
    assert [one.feature for one in made.key_factors(ROW)] == ["late", "income", "debt", "years"]
    fifth = made.reasons(ROW, draws=0, inquiries=["inquiries"])
    assert [one.feature for one in fifth.key_factors] == ["late", "income", "debt", "years", "inquiries"]
    assert len(fifth.reasons) == 4
    assert fifth.key_baseline.name == "all_applicants"
    best = int(np.argmax(SCORES))
    assert all(one.amount > 0 for one in made.key_factors(best))


def test_a_knock_out_lists_its_own_factors_only():
    made = EVERYBODY.reasons(ROW, failed_component="knock-out", factors=["Declared bankrupt last year"])
    assert [(one.words, one.component, one.amount) for one in made.reasons] == [
        ("Declared bankrupt last year", "knock-out", None)
    ]
    assert (made.baseline, made.method, made.fidelity) == (None, None, None)
    assert made.key_factors
    approved = int(np.argmax(SCORES))
    assert (
        EVERYBODY.reasons(approved, failed_component="judgment", factors=["late"]).reasons[0].words.startswith("Late")
    )


def test_a_gray_band_lists_both_components_and_four_in_all():
    rows = APPLICANTS.copy()
    rows.loc[ROW] = [-5.0, 5.0, -5.0, 5.0, 5.0]
    made = explained(rows=rows).reasons(
        ROW, failed_component="gray band", factors=["Job too new", "No landline"], draws=0
    )
    assert [one.component for one in made.reasons] == ["judgment", "judgment", "score", "score"]
    assert [one.feature for one in made.reasons[2:]] == ["late", "income"]


# Who is compared with


def test_everybody_tied_with_the_last_one_is_taken_and_few_people_are_a_caution():
    rows = pd.DataFrame({"points": np.repeat([1.0, 2.0, 3.0, 4.0], 60)})
    made = explained(linear([1.0], 0.0, ["points"]), cutoff=2.0, rows=rows, background=rows)
    baseline = baseline_of(made, "at_cutoff", nearest=61)
    assert (baseline.people, baseline.lowest, baseline.highest) == (120, 2.0, 3.0)
    few = made.reasons(0, applicants=rows.iloc[100:125], nearest=5, draws=0)
    assert few.baseline.people == 20
    assert any("Only 20 people" in line for line in few.cautions)


def test_a_score_on_the_cutoff_is_approved_whatever_the_last_digit_of_a_sum():
    rows = pd.DataFrame({"a": [0.1, 0.3], "b": [0.2, 0.0]})
    made = explained(linear([1.0, 1.0], 0.0, ["a", "b"]), cutoff=0.3, rows=rows, background=rows)
    assert 0.1 + 0.2 != 0.3
    for row in (0, 1):
        with pytest.raises(ExplanationError, match="was approved by the score"):
            made.reasons(row)
    risk = explained(linear([1.0, 1.0], 0.0, ["a", "b"]), "worse", 0.3, rows, rows)
    with pytest.raises(ExplanationError, match="at or below the cut-off"):
        risk.reasons(0)


def test_the_digest_is_of_the_rows_and_other_applicants_change_it():
    import hashlib

    made = EVERYBODY.reasons(ROW, method="all_applicants", draws=0)
    text = APPLICANTS.to_csv(index=False, lineterminator="\n")
    assert made.baseline.sha256 == hashlib.sha256(text.encode()).hexdigest()
    other = EVERYBODY.reasons(ROW, method="all_applicants", applicants=APPLICANTS[:500], draws=0)
    assert other.baseline.sha256 != made.baseline.sha256
    assert other.baseline.people == 500


# Directions


def test_directions_are_found_by_moving_the_feature_and_not_by_its_sign():
    rows = pd.DataFrame({"age": DRAW.uniform(18, 90, 1_200)})
    hump = DecisionTreeRegressor(max_depth=6, random_state=0).fit(rows, -((rows["age"] - 50) ** 2))
    asked = pd.DataFrame({"age": [20.0, 88.0]})
    made = explained(hump, cutoff=-300.0, rows=asked, background=rows)
    young, old = made.reasons(0, draws=0).reasons[0], made.reasons(1, draws=0).reasons[0]
    assert (young.direction, old.direction) == ("too_low", "too_high")
    assert (young.words, old.words) == ("Age is too low", "Age is too high")
    assert young.value == 20.0
    assert 30 < young.usual < 70  # where the tree gives -300 or a little more


def test_yes_and_no_categories_missing_values_and_joined_columns_have_words_of_their_own():
    people = pd.DataFrame({
        "housing": np.resize(["own", "rent", "free"], 600),
        "default": np.resize([0, 0, 0, 1], 600),
        "salary": np.where(np.arange(600) % 5 == 0, np.nan, np.arange(600) % 7),
    })  # fmt: skip
    good = (people["housing"] == "own") * 2.0 - people["default"] * 3 - people["salary"].isna() * 2
    paid = (good + DRAW.normal(size=600) > 0).astype(int)
    card = fa.Scorecard(good=1).fit(people, paid)
    asked = pd.DataFrame({"housing": ["rent"], "default": [1], "salary": [np.nan]})
    made = fa.Explainer(card, background=people, cutoff=560).explain(asked).reasons(0, draws=0)
    words = {one.feature: one.words for one in made.reasons}
    assert words == {"housing": "Housing: rent", "default": "Default: yes", "salary": "Salary: not known"}
    joined = explained(players={"money": ["income", "debt"]}).reasons(ROW, draws=0)
    together = next((one for one in joined.reasons if one.feature == "money"), None)
    assert together is None or together.direction == "other"
    assert explained(players={"all": NAMES}).reasons(ROW, draws=0).reasons[0].words == "All"


# Steadiness, ties, fidelity


def test_kept_shares_agree_with_drawing_the_people_again_one_by_one():
    made = EVERYBODY
    baseline = baseline_of(made, "at_cutoff", nearest=40)
    rows = APPLICANTS.iloc[[ROW]]
    amounts = WEIGHTS * (baseline.rows.to_numpy().mean(axis=0) - rows.to_numpy()[0])
    shares = kept_shares(made.source, rows, 1.0, baseline, amounts[None], None, k=2, draws=4_000, seed=1)[0]
    drawn = DRAW.integers(0, baseline.people, (4_000, baseline.people))
    means = baseline.rows.to_numpy()[drawn].mean(axis=1)
    each = WEIGHTS * (means - rows.to_numpy()[0])
    rank = np.argsort(np.argsort(-each, axis=1), axis=1)
    assert shares == pytest.approx(((rank < 2) & (each > 0)).mean(axis=0), abs=0.08)


def test_a_few_people_are_worked_out_from_the_other_side_with_the_same_values(monkeypatch):
    tree = DecisionTreeRegressor(max_depth=5, random_state=0).fit(APPLICANTS, SCORES + APPLICANTS["debt"] ** 2)
    made = explained(tree)
    baseline, rows = baseline_of(made, "at_cutoff", nearest=90), APPLICANTS.iloc[DECLINED[:2]]
    parts = np.array_split(np.arange(90), 7)
    turned = reason_figures._by_part(made.source, rows, baseline, parts)
    monkeypatch.setattr(reason_figures, "FEW", 0)
    straight = reason_figures._by_part(made.source, rows, baseline, parts)
    assert straight.shape == (7, 2, 5)
    assert np.abs(straight).max() > 1
    assert turned == pytest.approx(straight, abs=1e-9)


def test_sampled_values_are_drawn_from_their_standard_errors():
    amounts, errors = np.array([[5.0, 1.0, 0.99]]), np.array([[0.1, 0.1, 0.1]])
    shares = kept_shares(None, None, 1.0, None, amounts, errors, k=2, draws=4_000, seed=2)[0]
    assert shares[0] == 1.0
    # P(N(0.01, 0.02) > 0) = 0.528
    assert shares[1:] == pytest.approx([0.528, 0.472], abs=0.03)


def test_a_reason_next_to_the_first_one_left_out_is_tied_and_unsteady():
    rows = APPLICANTS.copy()
    middle = APPLICANTS.mean().to_numpy()
    rows.loc[ROW] = middle - np.array([10, 10, 10, 9.99, 50]) / WEIGHTS
    made = explained(rows=rows).reasons(ROW, method="all_applicants")
    flags = {one.feature: one.flags for one in made.reasons}
    assert flags["late"] == ()
    assert "tied" in flags[made.reasons[-1].feature]
    assert made.reasons[-1].kept < 0.95
    assert any("within 5%" in line for line in made.cautions)
    again = explained(rows=rows).reasons(ROW, method="all_applicants")
    assert again.to_dict() == made.to_dict()
    assert adverse_order(np.array([1.0, -1.0, 1.0, 0.0, 2.0])) == [4, 0, 2]


def test_fidelity_is_what_the_score_gains_with_the_named_features_of_the_baseline():
    made = EVERYBODY.reasons(ROW, method="all_applicants", applicants=APPLICANTS[:80], k=2, draws=0)
    check = made.fidelity
    # A sum of parts gains exactly the shortfalls of the named features.
    assert check.gain == pytest.approx(sum(one.amount for one in made.reasons))
    assert (check.people, check.sets, check.every_set) == (80, 9, True)  # 5 choose 2, less the named set
    amounts = WEIGHTS * (APPLICANTS[:80].mean().to_numpy() - APPLICANTS.to_numpy()[ROW])
    pairs = [amounts[i] + amounts[j] for i in range(5) for j in range(i)]
    assert check.gain_of_others == pytest.approx((sum(pairs) - check.gain) / 9)
    assert check.carries
    assert check.larger_than == 1.0
    assert check.shortfall == pytest.approx(CUTOFF - SCORES[ROW])


# Records


def test_the_record_is_plain_data_and_prints_itself():
    made = EVERYBODY.reasons(ROW)
    plain = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert plain["baseline"]["sha256"] == made.baseline.sha256
    assert plain["reasons"][0]["feature"] == made.reasons[0].feature
    assert made.baseline.sha256 in str(made)
    assert made.reasons[0].words in made._repr_html_()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda e: e.reasons(1_500), "0 to 1,499; got 1500"),
        (lambda e: e.reasons(-1), "0 to 1,499"),
        (lambda e: e.reasons(ROW, k=5), "more than four reasons"),
        (lambda e: e.reasons(ROW, method="nearest"), "at_cutoff, all_applicants"),
        (lambda e: e.reasons(ROW, failed_component="knockout"), "Did you mean 'knock-out'"),
        (lambda e: e.reasons(ROW, failed_component="knock-out"), "name what decided"),
        (lambda e: e.reasons(ROW, factors=["late"]), "leave factors= out"),
        (lambda e: e.reasons(ROW, failed_component="judgment", factors=list("abcde")), "at most 4 fit"),
        (lambda e: e.reasons(ROW, failed_component="gray band", factors=list("abcd")), "at most 3 fit"),
        (lambda e: e.reasons(ROW, failed_component="judgment", factors="late"), "a list of features"),
        (lambda e: e.reasons(ROW, inquiries=["inquries"]), "Did you mean 'inquiries'"),
        (lambda e: e.reasons(ROW, nearest=0), "1 or more"),
        (lambda e: e.reasons(ROW, draws=-1), "0 or more"),
        (lambda e: e.reasons(ROW, applicants=APPLICANTS[SCORES < CUTOFF]), "None of the .* reaches the cut-off"),
        (lambda e: explained(cutoff=None).reasons(ROW), "need the cut-off"),
        (lambda e: fa.explain(linear(), APPLICANTS, cutoff=CUTOFF).reasons(ROW), "nothing can be called adverse"),
        (lambda e: e.reasons(int(np.argmax(SCORES))), "explanation.key_factors"),
    ],
)
def test_what_has_no_reasons_is_refused_in_words(asked, said):
    with pytest.raises(ExplanationError, match=said):
        asked(EVERYBODY)


# Models of other kinds


def test_a_function_that_is_sampled_has_reasons_with_kept_shares_from_its_standard_errors():
    background = APPLICANTS[:200]
    scorer = fa.wrap(lambda rows: 600 + rows.to_numpy() @ WEIGHTS, higher_is="better", feature_names=NAMES)
    made = fa.Explainer(scorer, background, cutoff=CUTOFF, draws=200, rng=1).explain(APPLICANTS.iloc[[ROW]])
    assert made.errors is not None
    found = made.reasons(0, method="all_applicants", draws=300)
    amounts = WEIGHTS * (background.mean().to_numpy() - APPLICANTS.to_numpy()[ROW])
    assert found.reasons[0].feature == NAMES[int(np.argmax(amounts))]
    assert found.reasons[0].amount == pytest.approx(amounts.max(), abs=0.6)
    assert all(0 <= one.kept <= 1 for one in found.reasons)
    assert found.score == pytest.approx(SCORES[ROW])


def test_reasons_of_a_pipeline_are_of_the_columns_that_went_in():
    people = APPLICANTS.assign(housing=np.resize(["own", "rent", "free"], 1_500))
    paid = np.where(SCORES + 3 * (people["housing"] == "own") > 600, "good", "bad")
    trained = fa.train(people, paid, good="good", kind="logistic")
    made = fa.Explainer(trained, people, cutoff=1.0).explain(people)
    row = int(np.flatnonzero((made.scores < 1.0) & (people["housing"] == "rent"))[0])
    found = made.reasons(row, draws=0)
    assert {one.feature for one in found.reasons} <= set(people.columns)
    assert found.probability == pytest.approx(trained.probability_of_good(people.iloc[[row]])[0])
    assert made[:40].reason_table(k=4)["feature"].isin(people.columns).all()


def test_path_dependent_values_compare_with_nobody():
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(APPLICANTS, SCORES)
    wrapped = fa.wrap(tree, higher_is="better")
    made = fa.Explainer(wrapped, cutoff=CUTOFF, game="path-dependent").explain(APPLICANTS)
    with pytest.raises(ExplanationError, match="game='interventional'"):
        made.reasons(int(np.argmin(made.scores)))


def test_a_factor_that_the_lender_named_is_not_named_again_by_the_score():
    alone = EVERYBODY.reasons(ROW).reasons
    first = alone[0].feature
    both = EVERYBODY.reasons(ROW, failed_component="gray band", factors=[first]).reasons
    assert [one.feature for one in both].count(first) == 1
    assert [one.feature for one in both[1:]] == [one.feature for one in EVERYBODY.reasons(ROW, 4).reasons[1:]][:3]


def test_a_lender_s_words_next_to_a_feature_s_name_are_a_caution():
    made = EVERYBODY.reasons(ROW, failed_component="knock-out", factors=["incme", "a bankruptcy in 2024"])
    (said,) = [caution for caution in made.cautions if "in your words" in caution]
    assert "'incme' is no feature of the model" in said
    assert "Did you mean 'income'?" in said
