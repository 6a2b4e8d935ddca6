"""Each step's form: what is taken, what is wrong in which field, and what an audit is then given."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.data.bundled import dataset_names, describe, load
from fairaudit.data.profiling import ColumnProfile, FileProfile, profile_files
from fairaudit.web import forms
from fairaudit.web.guessing import guess_roles


def words(name, *labels, rows=100, distinct=None):
    """Return a column of words; without any, of more than can be listed."""
    counted = {label: rows // max(len(labels), 1) for label in labels}
    return ColumnProfile(name, rows, distinct or len(labels) or 5_000, counted, numeric=False, first=("x", "y"))


def numbers(name, low=300.0, high=850.0, distinct=500, labels=()):
    step = (high - low) / 100
    at = tuple(low + step * i for i in range(101))
    return ColumnProfile(name, 100, distinct, dict.fromkeys(labels, 10), numeric=True, percentiles=at)


FILE = FileProfile(
    100,
    (
        numbers("score"),
        words("race", "White", "Black"),
        words("paid", "yes", "no"),
        words("decision", "approved", "declined", "referred"),
        numbers("age", 18, 90, 70),
        words("id"),
        ColumnProfile("nothing", 0, 0, {}, numeric=False),
    ),
)
SCORE, RACE, PAID, DECISION, AGE, ID, NOTHING = range(7)


def columns(**roles):
    return {f"column-{globals()[name.upper()]}": role for name, role in roles.items()}


def meaning_of(roles, values):
    chosen, problems = forms.check_columns(FILE, columns(**roles))
    assert problems == []
    return chosen, *forms.check_meaning(FILE, chosen, {**forms.meaning_values(FILE, chosen, None), **values})


def told(problems):
    return {problem.field: problem.message for problem in problems}


# Columns


def test_a_score_and_a_group_are_enough():
    made, problems = forms.check_columns(FILE, columns(score="score", race="group"))
    assert (made, problems) == ({"roles": {"0": "score", "1": "group"}}, [])


@pytest.mark.parametrize(
    ("roles", "field", "said"),
    [
        ({"race": "group"}, "column-0", "say which column is the score, the decision or the outcome"),
        ({"score": "score"}, "column-0", "say which column holds the groups"),
        ({"score": "score", "age": "score", "race": "group"}, "column-4", "cannot both be the score"),
        ({"race": "score", "paid": "group"}, "column-1", "no numbers, for example 'White'"),
        (
            {"score": "score", "id": "group"},
            "column-5",
            "'id' has about 5,000 different values, and a group here can have 100",
        ),
        ({"id": "outcome", "race": "group"}, "column-5", "Choose another column"),
        ({"score": "score", "nothing": "group"}, "column-6", "'nothing' is empty in every row"),
        ({"score": "judge", "race": "group"}, "column-0", "Choose what 'score' is from the list"),
    ],
)
def test_what_is_wrong_with_a_choice_of_columns_stands_at_its_field(roles, field, said):
    problems = told(forms.check_columns(FILE, columns(**roles))[1])
    assert [*problems] == [field]
    assert said in problems[field]


def test_a_number_of_many_values_may_be_a_group_and_must_then_be_cut_into_bands():
    _, _, problems = meaning_of({"score": "score", "age": "group"}, {"higher_is": "better"})
    assert "from 18 to 90. Say where to cut it into bands" in told(problems)["bands-4"]
    chosen, made, problems = meaning_of(
        {"score": "score", "age": "group"}, {"higher_is": "better", "bands-4": "25; 62"}
    )
    assert problems == []
    assert forms.roles_of(FILE, chosen, made, None)["bands"] == {"age": [25.0, 62.0]}


# Meaning


def test_nothing_of_the_meaning_is_chosen_that_nobody_said():
    chosen, _ = forms.check_columns(FILE, columns(score="score", race="group", paid="outcome", decision="decision"))
    assert {*map(str, forms.meaning_values(FILE, chosen, None).values())} == {"", "[]"}


@pytest.mark.parametrize(
    ("roles", "values", "field", "said"),
    [
        ({"score": "score", "race": "group"}, {}, "higher_is", "better or worse for the person"),
        ({"score": "score", "race": "group"}, {"higher_is": "best"}, "higher_is", "better or worse"),
        ({"paid": "outcome", "race": "group"}, {"outcome-0": "good"}, "outcome-1", "Say what 'no' in 'paid' means"),
        (
            {"paid": "outcome", "race": "group"},
            {"outcome-0": "declined", "outcome-1": "declined"},
            "outcome-0",
            "is good or bad",
        ),
        (
            {"decision": "decision", "race": "group"},
            {f"decision-{i}": "favorable" for i in range(3)},
            "decision-0",
            "is unfavorable",
        ),
        (
            {"decision": "decision", "race": "group"},
            {f"decision-{i}": "good" for i in range(3)},
            "decision-0",
            "Say what 'approved'",
        ),
        (
            {"score": "score", "race": "group"},
            {"higher_is": "better", "reference-1": "Martian"},
            "reference-1",
            "no group 'Martian'",
        ),
        (
            {"score": "score", "race": "group"},
            {"higher_is": "better", "bands-1": "1, 2"},
            "bands-1",
            "cannot be cut into bands",
        ),
        (
            {"score": "score", "age": "group"},
            {"higher_is": "better", "bands-4": "young"},
            "bands-4",
            "numbers with commas",
        ),
        (
            {"score": "score", "age": "group"},
            {"higher_is": "better", "bands-4": "25, nan"},
            "bands-4",
            "numbers with commas",
        ),
    ],
)
def test_what_is_wrong_with_a_meaning_stands_at_its_field(roles, values, field, said):
    problems = told(meaning_of(roles, values)[2])
    assert said in problems[field]


def test_the_answers_become_the_roles_of_an_audit():
    chosen, made, problems = meaning_of(
        {"score": "score", "race": "group", "paid": "outcome", "decision": "decision"},
        {
            "higher_is": "worse",
            "probability": "yes",
            "outcome-0": "good",
            "outcome-1": "bad",
            "reference-1": "White",
            "decision-0": "favorable",
            "decision-1": "unfavorable",
            "decision-2": "intermediate",
            "sampled_by": ["outcome", "nonsense"],
        },
    )
    assert problems == []
    assert forms.roles_of(FILE, chosen, made, {"cutoffs": [0.2]}) == {
        "score": "score",
        "higher_is": "worse",
        "score_unit": "probability",
        "groups": ["race"],
        "outcome": "paid",
        "good": ["yes"],
        "bad": ["no"],
        "decision": "decision",
        "reference": {"race": "White"},
        "cutoff": [0.2],
        "decision_levels": {"approved": "favorable", "declined": "unfavorable", "referred": "intermediate"},
        "sampled_by": ["outcome"],
    }


def test_why_an_outcome_is_not_known_is_kept():
    file = FileProfile(100, (words("race", "a", "b"), words("paid", "yes", "no", "?")))
    chosen, _ = forms.check_columns(file, {"column-0": "group", "column-1": "outcome"})
    made, problems = forms.check_meaning(
        file, chosen, {"outcome-0": "good", "outcome-1": "bad", "outcome-2": "not matured", "reference-0": ""}
    )
    assert problems == []
    assert forms.roles_of(file, chosen, made, None)["unobserved"] == {"?": "not matured"}


# Questions


def test_questions_may_be_left_out_and_have_an_end():
    assert forms.check_questions({}) == (dict.fromkeys(forms.QUESTIONS, ""), [])
    problems = told(forms.check_questions({"why": "y" * 2001})[1])
    assert problems == {"why": "At most 2,000 characters; this answer has 2,001."}


# Policy and cut-off


def policy_of(roles=None, **values):
    chosen, problems = forms.check_columns(FILE, columns(**(roles or {"score": "score", "race": "group"})))
    assert problems == []
    return forms.check_policy(FILE, chosen, {**forms.policy_values(None), **values})


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"cutoff": "high"}, "cutoff", "numbers with commas"),
        ({"cutoff": "1e999"}, "cutoff", "numbers with commas"),
        ({"cutoff": ", ,"}, "cutoff", "numbers with commas"),
        ({"cutoff": ",".join(map(str, range(21)))}, "cutoff", "At most 20"),
        ({"policy": "none"}, "policy", "Choose one"),
        ({"cross": "maybe"}, "cross", "Choose one"),
        ({"sharing": "everybody"}, "sharing", "Choose one"),
        ({"language": "tlh"}, "language", "Choose one"),
        ({"good": "much", "bad": "-82"}, "good", "is a number"),
        ({"good": "18"}, "bad", "both amounts, or neither"),
        ({"bad": "18"}, "good", "both amounts, or neither"),
        ({"min_n": "5"}, "min_n", "only for 'public'"),
        ({"min_n": "0", "sharing": "public"}, "min_n", "at least 1"),
        ({"min_n": "-3", "sharing": "public"}, "min_n", "whole number"),
        ({"policy": "own", "own": ""}, "own", "polic"),
        ({"policy": "own", "own": "just words"}, "own", "polic"),
        ({"policy": "own", "own": "a: [1"}, "own", "Line 1 of the policy: the YAML cannot be read"),
        ({"policy": "own", "own": "extends: us-fair-lending\nid: mine\nfairness: 1"}, "own", "fairness"),
        ({"policy": "own", "own": "a: !!python/object/apply:os.system [x]"}, "own", "Line 1"),
        ({"policy": "own", "own": "x" * 200_001}, "own", "at most 200,000"),
        ({"policy": "own", "own": "extends: /etc/passwd"}, "own", "extends"),
    ],
)
def test_what_is_wrong_with_a_policy_stands_at_its_field(values, field, said):
    problems = told(policy_of(**values)[1])
    assert said in problems[field]
    assert "root:" not in problems[field]


@pytest.mark.parametrize(
    "own",
    [
        "[" * 50_000,
        "a: &a [x, x]\n"
        + "".join(
            f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
            for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
        ),
    ],
    ids=["deep", "wide"],
)
def test_a_policy_that_is_made_to_exhaust_its_reader_is_refused(own):
    assert [problem.field for problem in policy_of(policy="own", own=own)[1]] == ["own"]


def test_a_cut_off_without_a_score_is_refused():
    problems = told(policy_of({"decision": "decision", "race": "group"}, cutoff="600")[1])
    assert "no column is the score" in problems["cutoff"]


def test_a_policy_of_ones_own_goes_to_the_audit_as_it_was_pasted():
    own = "extends: us-fair-lending\nid: mine\nversion: 1.0\ntitle: No\n"
    made, problems = policy_of(
        policy="own",
        own=own,
        cutoff="600, 620",
        cross="yes",
        good="18",
        bad="-82",
        sharing="public",
        min_n="12",
        language="de",
    )
    assert problems == []
    assert made["cutoffs"] == [600, 620]
    assert forms.arguments_of(made) == {
        "policy": {"extends": "us-fair-lending", "id": "mine", "version": "1.0", "title": "No"},
        "cross": True,
        "sharing": "public",
        "language": "de",
        "profit": {"good": 18.0, "bad": -82.0},
        "min_n": 12,
    }


@given(st.floats(200, 1000), st.sampled_from(["better", "worse"]))
def test_the_share_that_a_cut_off_favors_is_that_of_the_percentiles(cutoff, higher_is):
    chosen = {"roles": {"0": "score"}}
    at = [300 + 5.5 * i for i in range(101)]
    favored = sum(score >= cutoff if higher_is == "better" else score <= cutoff for score in at) / 101
    assert math.isclose(forms.share_favorable(FILE, chosen, higher_is, cutoff), favored)


def test_no_share_is_said_without_a_score():
    assert forms.share_favorable(FILE, {"roles": {"3": "decision"}}, "better", 600) is None


# What is proposed, and examples


def test_a_guess_proposes_what_names_and_values_say_and_nothing_else():
    assert guess_roles(FILE) == {SCORE: "score", RACE: "group", PAID: "outcome", DECISION: "decision", AGE: "group"}


@pytest.mark.parametrize(
    "column",
    [
        words("score", "low", "high"),  # words are no score
        numbers("score", distinct=2),  # and neither is a flag
        words("race", "only"),  # one group is nothing to compare
        words("race"),  # nor is one a person
        words("decision_id"),
        words("account", "a", "b"),
    ],
    ids=lambda column: f"{column.name}-{column.distinct}",
)
def test_a_guess_leaves_alone_what_cannot_be(column):
    assert guess_roles(FileProfile(100, (column,))) == {}


def test_a_guess_gives_each_role_to_one_column_but_groups():
    file = FileProfile(100, (numbers("score"), numbers("RiskScore"), words("sex", "F", "M"), words("race", "a", "b")))
    assert guess_roles(file) == {0: "score", 2: "group", 3: "group"}


@pytest.mark.parametrize("name", [name for name in dataset_names() if describe(name).bundled])
def test_the_answers_of_every_example_pass_the_forms(name, tmp_path):
    load(name).to_parquet(tmp_path / "example.parquet")
    file = profile_files(str(tmp_path / "example.parquet"))
    answers = forms.example_answers(file, describe(name).call)
    chosen, problems = forms.check_columns(file, forms.columns_values(file, answers["columns"]))
    assert problems == []
    made, problems = forms.check_meaning(file, chosen, forms.meaning_values(file, chosen, answers["meaning"]))
    assert problems == []
    _, problems = forms.check_policy(file, chosen, forms.policy_values(answers["policy"]))
    assert problems == []
    declared = forms.roles_of(file, chosen, made, answers["policy"])
    assert {name: declared[name] for name in ("score", "outcome", "decision") if name in declared} == {
        name: value for name, value in describe(name).call.items() if name in {"score", "outcome", "decision"}
    }
