"""The worked example: an honest split, an allow-list, and an explanation that adds up."""

import dataclasses

import numpy as np
import pytest
from sklearn.base import clone

from fairaudit import demonstration as example
from fairaudit.data.bundled import load, loanapp_features, loanapp_left_out
from fairaudit.explanation.seeking_recourse import recourse
from fairaudit.report.html import page


@pytest.fixture(scope="module")
def model():
    return example.train_imitation()


def test_the_model_sees_the_allow_list_and_nothing_else(model):
    assert list(model.pipeline.feature_names_in_) == list(loanapp_features())
    for column in ("typur", "inson", "gdlin", "unver", "min30", "married", "black", "hispan", "male", "reject"):
        assert column in loanapp_left_out()
        assert column not in model.features


def test_training_and_held_out_applicants_are_different_people(model):
    assert not set(model.training.index) & set(model.held_out.index)
    assert len(model.training) + len(model.held_out) == len(load("loanapp"))


def test_changing_a_column_that_is_left_out_changes_no_score(model):
    rows = model.held_out.head(50)
    scrambled = rows.assign(**{name: 0 for name in loanapp_left_out() if name in rows})
    np.testing.assert_array_equal(model.score(rows), model.score(scrambled))


def test_no_other_cut_off_comes_nearer_to_the_lender_s_share_of_the_training_applicants(model):
    scores, lender = model.score(model.training), model.training["approve"].mean()
    off = [abs((scores >= cutoff).mean() - lender) for cutoff in range(int(scores.min()), int(scores.max()) + 2)]
    approved = (scores >= model.cutoff).mean()
    assert model.training_shares == pytest.approx((lender, approved))
    assert abs(approved - lender) == pytest.approx(min(off))


def test_the_model_learned_from_the_training_applicants_alone(model):
    names = list(model.features)
    again = clone(model.pipeline).fit(model.training[names], model.training["approve"])
    np.testing.assert_array_equal(
        again.decision_function(model.held_out[names]), model.pipeline.decision_function(model.held_out[names])
    )
    np.testing.assert_array_equal(again[0].statistics_, model.training[names].median())


def test_the_model_s_audit_is_of_held_out_people_at_the_cut_off(model):
    made = example.audit_imitation(model)
    assert made.result.schema.people == len(model.held_out)
    black = made.rates.query("metric == 'selection_rate' and group == 'Black'").iloc[0]
    chosen = model.held_out["race"] == "Black"
    assert black["num"] == (model.score(model.held_out[chosen]) >= model.cutoff).sum()
    assert made.result.schema.outcome_counts == {}  # the lender's decision is not repayment


def test_the_explanation_adds_up_to_the_score_of_a_declined_applicant(model):
    row = example.choose_declined(model)
    made = example.explain_score(model, row)
    total = made.base + sum(part.points for part in made.contributions)
    assert total == pytest.approx(model.score(model.held_out.iloc[[row]])[0], abs=1e-9)
    assert made.score < model.cutoff
    assert {part.feature for part in made.contributions} == set(model.features)


def test_the_points_are_coefficient_times_distance_from_the_average_of_all_training_applicants(model):
    # The closed form for linear models: Lundberg and Lee (2017), corollary 1.
    row = example.choose_declined(model)
    made = {part.feature: part.points for part in example.explain_score(model, row).contributions}
    prepared = model.pipeline[:-1].transform(model.training[list(model.features)])
    applicant = model.pipeline[:-1].transform(model.held_out.iloc[[row]][list(model.features)])[0]
    points = 50 / np.log(2)  # of one more in log-odds, where 50 points double the odds
    expected = points * model.pipeline[-1].coef_[0] * (applicant - prepared.mean(axis=0))
    np.testing.assert_allclose([made[name] for name in model.features], expected, atol=1e-9)


def test_a_value_that_was_not_given_is_said_to_be_the_median(model):
    row = int(np.flatnonzero(model.held_out["multi"].isna())[0])
    made = {part.feature: part for part in example.explain_score(model, row).contributions}
    assert not made["multi"].given
    assert made["multi"].value == model.training["multi"].median()
    assert made["multi"].told[0] == "not given, counted as no"
    assert all(part.given for name, part in made.items() if name != "multi")


def test_yes_and_no_are_said_without_a_double_no(model):
    made = example.explain_score(model, example.choose_declined(model)).contributions
    told = {part.feature: (part.label, *part.words) for part in made if part.yes_or_no}
    assert told["chist"] == ("Account delinquent by 60 days or more", "none", "at least one")  # columns.yaml
    assert told["self"] == ("Applicant is self-employed", "yes", "no")
    assert not [label for label, *_ in told.values() if label.startswith("No ")]


def test_every_held_out_score_is_taken_apart_exactly(model):
    for row in range(0, len(model.held_out), 50):
        made = example.explain_score(model, row)
        assert made.base == pytest.approx(model.score(model.training).mean(), abs=1e-9)
        assert made.base + sum(part.points for part in made.contributions) == pytest.approx(made.score, abs=1e-9)


def test_an_approved_applicant_is_not_called_declined(model):
    row = int(np.argmax(model.score(model.held_out)))
    sentence = example.explanation_sentence(example.explain_score(model, row))
    assert sentence.startswith("One approved applicant")


@pytest.mark.parametrize("row", [-1, 796])
def test_an_applicant_who_is_not_there_is_refused(model, row):
    with pytest.raises(example.FairauditError, match="numbered 0 to 795"):
        example.explain_score(model, row)


def test_a_model_that_declines_nobody_has_nobody_to_explain(model):
    with pytest.raises(example.FairauditError, match="declines nobody"):
        example.choose_declined(dataclasses.replace(model, cutoff=0.0))


def test_the_letter_to_the_applicant_keeps_its_promise(model):
    row = example.choose_declined(model)
    applicant = model.held_out[list(model.features)].iloc[[row]]
    html, plain = example.letter_to(model, row)
    assert html.startswith("<!DOCTYPE html>")
    assert "Draft" in plain
    assert f"The line is {model.cutoff:.0f}" in plain
    assert "Loan amount as a share of the purchase price from" in plain
    assert "loanprc" not in plain
    ways = recourse(
        model.scorer, applicant, actions=example.ACTIONS, cutoff=model.cutoff, data=model.training[list(model.features)]
    )
    changed = applicant.assign(**{change.feature: change.new for change in ways.answers[0].changes})
    assert model.score(changed)[0] >= model.cutoff > model.score(applicant)[0]


def test_the_model_s_audit_takes_its_gaps_apart_and_asks_who_could_change_it(model):
    found = example.audit_imitation(model).result.explanation
    gap = next(one for one in found.gaps if one.measure == "mean score" and one.group == "Black")
    scores, race = model.score(model.held_out), model.held_out["race"]
    assert gap.value == pytest.approx(scores[race == "Black"].mean() - scores[race == "White"].mean(), abs=1e-9)
    assert sum(one.value for one in gap.drivers) == pytest.approx(gap.value, abs=1e-9)
    ways = {(one.attribute, one.group): one for one in found.recourse}
    assert ways["race", "Black"].declined == (scores[race == "Black"] < model.cutoff).sum()
    assert ways["race", "Black"].exact
    assert len(found.people) == 3


def test_pages_are_the_same_twice_and_say_what_they_are_not(model):
    made = example.explain_score(model, example.choose_declined(model))
    assert page(example.explanation_report(made)) == page(example.explanation_report(made))
    assert "not an adverse-action notice" in page(example.explanation_report(made))
    told = page(example.left_out_report(model))
    assert "prohibited basis" in told
    assert "encodes race" in told
