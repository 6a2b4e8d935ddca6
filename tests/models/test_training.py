"""Training: what is refused, what is split off, and how well it ranks whom it never saw."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import fairaudit as fa
from fairaudit.errors import ColumnNotFoundError, DataContractError, ProhibitedBasisError, SchemaError

KINDS = ["scorecard", "logistic", "boosting"]


@pytest.mark.parametrize("kind", KINDS)
def test_it_ranks_the_rows_that_it_never_saw(people, kind):
    table, outcome = people
    made = fa.train(table[["income", "debt"]], outcome, good="paid", kind=kind, groups=["race"])
    assert sorted([*made.train_rows, *made.test_rows]) == list(range(600))
    assert len(made.test_rows) == 180
    unseen = table.iloc[made.test_rows]
    theirs = roc_auc_score(outcome[made.test_rows] == "paid", made.probability_of_good(unseen))
    assert made.area_under_curve == pytest.approx(theirs)
    assert 0.6 < made.low < made.area_under_curve < made.high < 1
    again = fa.train(table[["income", "debt"]], outcome, good="paid", kind=kind, groups=["race"])
    assert again.area_under_curve == made.area_under_curve


@pytest.mark.parametrize("kind", KINDS)
def test_categories_never_seen_and_missing_values_get_a_probability(people, kind):
    table, outcome = people
    made = fa.train(table[["income", "debt"]], outcome, good="paid", kind=kind)
    new = pd.DataFrame({"income": [np.nan, 40.0, 60.0], "debt": ["low", "never seen", None]})
    assert ((made.probability_of_good(new) > 0) & (made.probability_of_good(new) < 1)).all()


@pytest.mark.parametrize(
    ("column", "groups"),
    [("race", ["race"]), ("Applicant_Sex", []), ("personal_status_sex", []), ("tribe", ["tribe"])],
)
def test_declared_groups_and_listed_bases_are_refused_unless_it_is_to_teach(people, column, groups):
    table, outcome = people
    features = table[["income"]].assign(**{column: table["race"]})
    with pytest.raises(ProhibitedBasisError, match=rf"'{column}'.*teaching=True"):
        fa.train(features, outcome, good="paid", groups=groups)
    made = fa.train(features, outcome, good="paid", groups=groups, teaching=True)
    assert [use.column for use in made.prohibited] == [column]
    assert column in made.features


def test_columns_that_say_nothing_are_left_out_and_named(people):
    table, outcome = people
    features = table[["income"]].assign(branch="north", id=[f"p{i}" for i in range(600)])
    made = fa.train(features, outcome, good="paid")
    assert made.features == ("income",)
    assert made.left_out == {
        "branch": "has one value for everybody", "id": "names nearly every row differently, as an id does",
    }  # fmt: skip
    with pytest.raises(DataContractError, match="No feature is left"):
        fa.train(features[["branch"]], outcome, good="paid")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"kind": "scorecrd"}, SchemaError, "Did you mean 'scorecard'"),
        ({"good": "payed"}, SchemaError, "not among the outcomes"),
        ({"test_share": 1.5}, SchemaError, "test_share is the share"),
        ({"y": ["paid"] * 600}, DataContractError, "1 different values"),
        ({"y": ["paid"] * 10}, DataContractError, "600 rows of features"),
        ({"y": ["paid"] * 595 + ["default"] * 5}, DataContractError, "5 bad outcomes: fewer than 20"),
        ({"y": ["paid", "default"] * 299 + ["paid", None]}, DataContractError, "1 outcomes are missing.*row 600"),
        ({"X": [[1, 2]]}, SchemaError, "pandas DataFrame"),
    ],
)
def test_mistakes_are_named(people, change, error, words):
    table, outcome = people
    given = {"X": table[["income"]], "y": outcome, "good": "paid"} | change
    with pytest.raises(error, match=words):
        fa.train(given.pop("X"), given.pop("y"), **given)


def test_a_column_that_is_the_outcome_and_one_that_is_there_twice_are_refused(people):
    table, outcome = people
    with pytest.raises(DataContractError, match="'closed' repeats the outcome"):
        fa.train(table[["income"]].assign(closed=outcome == "default"), outcome, good="paid")
    twice = pd.concat([table[["income"]], table[["income"]]], axis=1)
    with pytest.raises(ColumnNotFoundError, match="'income' is there twice"):
        fa.train(twice, outcome, good="paid")


def test_a_trained_model_is_audited_on_the_rows_it_never_saw():
    loans = fa.load_dataset("loanapp")
    made = fa.train(loans[["obrat", "loanprc", "mortlat1", "pubrec"]], loans["approve"], good=1, groups=["race"])
    unseen = loans.iloc[made.test_rows]
    audit = fa.audit(
        unseen.assign(chance=made.probability_of_good(unseen).round(3)), score="chance", higher_is="better",
        cutoff=float(np.round(np.median(made.probability_of_good(unseen)), 3)), groups="race",
        reference={"race": "White"}, features=made.features,
    )  # fmt: skip
    assert audit.result.direct_use.uses == []
    assert {f.group for f in audit.result.findings} >= {"Black", "Hispanic"}
