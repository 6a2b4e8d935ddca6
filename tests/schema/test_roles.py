"""Roles are checked before any row is read, and each error says the rule, the value and the mend."""

import pytest

from fairaudit.errors import SchemaError
from fairaudit.schema import MISSING, Attribute, declare

SCORED = {"score": "s", "higher_is": "better"}


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({}, "Nothing to audit"),
        ({"groups": "race"}, "name a score, a decision or an outcome"),
        ({"score": "s"}, "higher_is must be 'better'"),
        ({"score": "s", "higher_is": "up"}, "got 'up'"),
        ({"cutoff": 3, "outcome": "y", "bad": 1}, "cutoff is given but no score"),
        ({"cutoff": 0, "outcome": "y", "bad": 1}, "cutoff is given but no score"),
        ({"higher_is": "better", "outcome": "y", "bad": 1}, "higher_is is given but no score"),
        ({"edges": [1], "outcome": "y", "bad": 1}, "edges is given but no score"),
        ({**SCORED, "cutoff": "high"}, "cutoff must be a number"),
        ({**SCORED, "cutoff": float("nan")}, "cutoff must be finite"),
        ({**SCORED, "cutoff": [1, float("inf")]}, "cutoff must be finite"),
        ({**SCORED, "edges": ["a"]}, "edges must be a number"),
        ({"decision": "d"}, "Say which labels of 'd' are favorable"),
        ({"decision": "d", "favorable": "y", "decision_levels": {"y": "favorable"}}, "in one way"),
        ({"favorable": "y", **SCORED}, "no decision"),
        ({"decision_levels": {"y": "favorable"}, **SCORED}, "no decision"),
        ({"decision": "d", "decision_levels": {"y": "favourable"}}, "Did you mean 'favorable'?"),
        ({"decision": "d", "decision_levels": {"n": "unfavorable"}}, "names no favorable level"),
        ({"outcome": "y"}, "it is never guessed"),
        ({"bad": 1, **SCORED}, "no outcome"),
        ({"unobserved": {"x": "y"}, **SCORED}, "no outcome"),
        ({"outcome": "y", "bad": 1, "good": [0, 1]}, "'1' is given two meanings|1 is given two meanings"),
        ({"outcome": "y", "bad": 1, "unobserved": {1: "declined"}}, "two meanings"),
        ({"outcome": "y", "bad": 1, "unobserved": {2: "good"}}, "needs a reason why the outcome '2' is not known"),
        ({**SCORED, "groups": ["race", "race"]}, "'race' is given more than one role"),
        ({**SCORED, "groups": "s"}, "'s' is given more than one role"),
        ({**SCORED, "outcome": "s", "bad": 1}, "'s' is given more than one role"),
        ({**SCORED, "weight": "w", "counts": "w"}, "'w' is given more than one role"),
        ({**SCORED, "groups": "race", "strata": "race"}, "'race' is given more than one role"),
        ({**SCORED, "groups": "race", "period": "race"}, "'race' is given more than one role"),
        ({**SCORED, "groups": "race", "reference": {"rase": "White"}}, "Did you mean 'race'?"),
        ({**SCORED, "reference": {"race": "White"}}, "none given"),
        ({**SCORED, "groups": "race", "reference": {"race": None}}, "never a reference"),
        ({**SCORED, "groups": "age", "bands": {"aeg": [62]}}, "Did you mean 'age'?"),
        ({**SCORED, "groups": "age", "bands": {"age": []}}, "at least one edge"),
        ({**SCORED, "groups": "age", "bands": {"age": ["old"]}}, "The edges of 'age' must be a number"),
        ({**SCORED, "groups": "age", "bands": {"age": [62]}, "closed": "both"}, "closed must be 'left' or 'right'"),
        ({**SCORED, "weight_scale": 0}, "weight_scale must be a whole number"),
        ({**SCORED, "score_scale": 1.5}, "score_scale must be a whole number"),
        ({**SCORED, "grups": "race"}, "grups"),
    ],
)
def test_what_does_not_fit_is_refused(roles, said):
    with pytest.raises((SchemaError, TypeError), match=said.replace("?", r"\?")):
        declare(**roles)


def test_a_cutoff_may_be_text_of_a_number():
    # Read digit by digit it would be three cut-offs: 6, 2 and 0.
    assert declare(**SCORED, cutoff="620").cutoffs == (620.0,)


def test_cutoffs_keep_their_order_because_the_first_is_in_production():
    assert declare(**SCORED, cutoff=[660, 620, 660]).cutoffs == (660.0, 620.0)


def test_edges_are_sorted_and_distinct():
    assert declare(**SCORED, edges=[3, 1, 3]).edges == (1.0, 3.0)
    schema = declare(**SCORED, groups="age", bands={"age": [62, 25, 62]}, closed="right")
    assert schema.attributes == (Attribute("age", (25.0, 62.0), "right"),)


def test_labels_are_made_as_the_data_make_them():
    schema = declare(
        decision="d",
        decision_levels={True: "favorable", None: "excluded"},
        outcome="y",
        bad=[1.0, "1"],
        good=0,
        unobserved={9.0: "not matured"},
        groups="race",
        reference={"race": 3.0},
    )
    assert schema.decision_levels == {"true": "favorable", MISSING: "excluded"}
    assert (schema.good, schema.bad) == (("0",), ("1",))
    assert schema.unobserved == {"9": "not matured"}
    assert schema.references == {"race": "3"}


def test_columns_and_dimensions_have_a_fixed_order():
    schema = declare(
        **SCORED, outcome="y", bad=1, groups=["sex", "race"], strata=["branch"], period="month", weight="w", counts="n"
    )
    assert schema.dimension_names == ("sex", "race", "branch", "month")
    assert schema.columns == ("sex", "race", "branch", "month", "s", "y", "w", "n")


def test_roles_leave_out_what_was_not_declared():
    roles = declare(**SCORED, groups="age", bands={"age": [62]}).roles()
    assert roles == {
        "score": "s",
        "higher_is": "better",
        "groups": ["age"],
        "bands": {"age": [62.0]},
        "closed": {"age": "left"},
        "score_scale": 1_000_000,
    }


def test_a_schema_does_not_change():
    schema = declare(**SCORED, groups="race", reference={"race": "White"})
    with pytest.raises(AttributeError):
        schema.score = "t"
    with pytest.raises(TypeError):
        schema.references["race"] = "Black"
