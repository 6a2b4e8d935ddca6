"""Names of inputs against declared groups and the policy's list."""

import json

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fairaudit as fa
from fairaudit.cli.audit import gate
from fairaudit.errors import PolicyError, ProhibitedBasisError, SchemaError
from fairaudit.policy.direct_use import feature_names, prohibited_features, refuse_prohibited, similar_features
from fairaudit.policy.loading import load_policy
from fairaudit.result import read_result

POLICY = load_policy("us-fair-lending").policy
ROLES = {"groups": "race", "decision": "d", "favorable": 1, "reference": {"race": "b"}}
DATA = {"race": ["a", "b"] * 100, "d": [1, 0, 1, 1] * 50}


@pytest.mark.parametrize(
    ("column", "basis"),
    [
        ("sex", "sex"), ("Gender", "sex"), ("applicant_sex", "sex"), ("sex_female", "sex"), ("applicantGender", "sex"),
        ("race", "race or color"), ("RACE_Black", "race or color"), ("ethnicity", "race or color"),
        ("maritalStatus", "marital status"), ("marital_status_single", "marital status"),
        ("national-origin", "national origin"), ("age", "age"), ("AGE_YEARS", "age"), ("age_25_35", "age"),
        ("date_of_birth", "age"), ("religion", "religion"),
        ("public assistance income", "income from public assistance"),
    ],
)  # fmt: skip
def test_columns_named_like_a_basis_are_found(column, basis):
    (use,) = prohibited_features([column], [], POLICY)
    assert (use.column, use.basis, use.found) == (column, basis, "list of the policy")


@pytest.mark.parametrize(
    "column", ["income", "account_age", "average_balance", "age_of_oldest_card", "percentage", "usage", "essex_branch",
               "trace", "image_size", "mortgage", "region", "n_races_won"],
)  # fmt: skip
def test_other_columns_are_not(column):
    assert prohibited_features([column], [], POLICY) == ()


def test_names_with_such_a_word_are_to_be_looked_at():
    assert similar_features(["account_age", "age", "income"], POLICY) == ("account_age",)


def test_a_declared_group_is_found_by_name_and_by_its_levels():
    groups = {"tribe": ("North", "South"), "age": ("under 62",)}
    found = prohibited_features(["Tribe", "tribe_North", "tribe_size", "age_of_account"], groups, POLICY)
    assert [(use.column, use.found, use.matched) for use in found] == [
        ("Tribe", "declared group", "tribe"), ("tribe_North", "declared group", "tribe"),
    ]  # fmt: skip


def test_without_a_list_only_declared_groups_are_found():
    policy = load_policy("us-ugesp").policy
    assert [use.column for use in prohibited_features(["sex", "race"], ["race"], policy)] == ["race"]


def test_training_is_refused_unless_it_is_teaching():
    with pytest.raises(ProhibitedBasisError, match=r"'race'.*give teaching=True"):
        refuse_prohibited(["income", "race"], ["race"], POLICY)
    assert [use.column for use in refuse_prohibited(["income", "race"], ["race"], POLICY, teaching=True)] == ["race"]
    assert refuse_prohibited(["income"], ["race"], POLICY) == ()


def test_names_are_read_from_an_estimator_or_a_pipeline():
    import pandas as pd

    x = pd.DataFrame({"income": [1.0, 2, 3, 4], "sex": [0, 1, 0, 1]})
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, [0, 1, 0, 1])
    assert feature_names(model) == ("income", "sex")
    assert feature_names("income") == ("income",)
    for wrong in (LogisticRegression(), [], [1, 2], 3):
        with pytest.raises(SchemaError, match="names of the model's inputs"):
            feature_names(wrong)


def test_the_result_the_reports_and_the_gate_say_it():
    made = fa.audit(DATA, features=["income", "race", "gender", "account_age"], **ROLES)
    used = made.result.direct_use
    assert [(use.column, use.status) for use in used.uses] == [("race", "flag"), ("gender", "flag")]
    assert used.similar == ["account_age"]
    assert gate(made.result, allow_insufficient=True) == 1
    text = made.to_markdown()
    assert text.index("Direct use of a prohibited basis") < text.index("Findings at a glance")
    assert "'gender' as an input" in made.to_html().replace("&#39;", "'")
    assert read_result(made.to_json()).direct_use == used
    assert json.loads(made.to_json())["direct_use"]["metric"] == "uses_prohibited_basis"


def test_without_a_use_the_gate_stays_where_it_was():
    made = fa.audit(DATA, features=["income"], **ROLES)
    assert made.result.direct_use.uses == []
    assert gate(made.result, allow_insufficient=True) == gate(fa.audit(DATA, **ROLES).result, allow_insufficient=True)
    assert "None of 1 declared input" in made.to_markdown()


def test_a_flagged_use_counts_under_a_policy_without_lines():
    made = fa.audit(DATA, features=["race"], policy="us-nyc-ll144", **{**ROLES, "reference": None})
    assert gate(made.result) == 1
    with pytest.raises(PolicyError, match="sets no line"):
        gate(fa.audit(DATA, features=["income"], policy="us-nyc-ll144", **{**ROLES, "reference": None}).result)


def test_inputs_that_were_not_named_are_said_to_be_unseen():
    data = {**DATA, "score": [1, 2, 3, 4] * 50}
    made = fa.audit(data, score="score", higher_is="better", cutoff=2, **ROLES).result
    assert any("Direct use" in entry.what and "--feature" in entry.reason for entry in made.not_run)


def test_what_was_given_in_place_of_names_is_said():
    with pytest.raises(SchemaError, match="got a object without feature_names_in_"):
        feature_names(object())
    with pytest.raises(SchemaError, match=r"got \[3\]"):
        feature_names([3])
