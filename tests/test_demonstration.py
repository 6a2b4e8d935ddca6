"""The worked example: an honest split, an allow-list, and an explanation that adds up."""

import numpy as np
import pytest

from fairaudit import demonstration as example
from fairaudit.data.bundled import load, loanapp_features, loanapp_left_out
from fairaudit.report.html import page


@pytest.fixture(scope="module")
def model():
    return example.train_imitation()


def test_the_model_sees_the_allow_list_and_nothing_else(model):
    assert list(model.pipeline.feature_names_in_) == list(loanapp_features())
    for column in ("typur", "inson", "gdlin", "unver", "min30", "married", "black", "hispan", "white", "male", "reject"):
        assert column in loanapp_left_out()
        assert column not in model.features


def test_training_and_held_out_applicants_are_different_people(model):
    assert not set(model.training.index) & set(model.held_out.index)
    assert len(model.training) + len(model.held_out) == len(load("loanapp"))


def test_changing_a_column_that_is_left_out_changes_no_score(model):
    rows = model.held_out.head(50)
    scrambled = rows.assign(**{name: 0 for name in loanapp_left_out() if name in rows})
    np.testing.assert_array_equal(model.score(rows), model.score(scrambled))


def test_the_cut_off_approves_the_lender_s_share_of_the_training_applicants(model):
    approved = (model.whole_points(model.training) >= model.cutoff).mean()
    assert approved == pytest.approx(model.training["approve"].mean(), abs=0.01)


def test_the_model_s_audit_is_of_held_out_people_at_the_cut_off(model):
    made = example.audit_imitation(model)
    assert made.result.schema.people == len(model.held_out)
    black = made.rates.query("metric == 'selection_rate' and group == 'Black'").iloc[0]
    chosen = model.held_out["race"] == "Black"
    assert black["num"] == (model.whole_points(model.held_out[chosen]) >= model.cutoff).sum()
    assert made.result.schema.outcome_counts == {}  # the lender's decision is not repayment


def test_the_explanation_adds_up_to_the_score_of_a_declined_applicant(model):
    row = example.choose_declined(model)
    made = example.explain_score(model, row)
    total = made.base + sum(part.points for part in made.contributions)
    assert total == pytest.approx(model.score(model.held_out.iloc[[row]])[0], abs=1e-9)
    assert round(made.score) < model.cutoff
    assert {part.feature for part in made.contributions} == set(model.features)


def test_the_points_are_coefficient_times_distance_from_the_average_of_all_training_applicants(model):
    # The closed form for linear models: Lundberg and Lee (2017), corollary 1; shap itself is not asked here.
    row = example.choose_declined(model)
    made = {part.feature: part.points for part in example.explain_score(model, row).contributions}
    prepared = model.pipeline[:-1].transform(model.training[list(model.features)])
    applicant = model.pipeline[:-1].transform(model.held_out.iloc[[row]][list(model.features)])[0]
    expected = example.points(model.pipeline[-1].coef_[0] * (applicant - prepared.mean(axis=0)))
    np.testing.assert_allclose([made[name] for name in model.features], expected, atol=1e-9)


def test_an_explanation_that_does_not_add_up_is_refused(model, monkeypatch):
    monkeypatch.setattr(example, "BASE_POINTS", 501.0)
    monkeypatch.setattr(type(model), "score", lambda self, rows: np.zeros(len(rows)))
    with pytest.raises(example.FairauditError, match="does not add up"):
        example.explain_score(model, 0)


def test_pages_are_the_same_twice_and_say_what_they_are_not(model):
    made = example.explain_score(model, example.choose_declined(model))
    assert page(example.explanation_report(made)) == page(example.explanation_report(made))
    assert "not a notice of reasons" in page(example.explanation_report(made))
    told = page(example.left_out_report(model))
    assert "prohibited basis" in told
    assert "encodes race" in told
