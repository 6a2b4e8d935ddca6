"""Composition and coefficients: totals against statsmodels, what a fixed score gives, intervals, what is refused."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.oaxaca import OaxacaBlinder

import fairaudit as fa
from fairaudit.errors import DataContractError, FairauditError

LOANS = fa.load_dataset("loanapp")
FEATURES = ["obrat", "loanprc", "appinc", "pubrec", "chist"]
PAIR = LOANS[LOANS["race"].isin(["White", "Black"])].reset_index(drop=True)


def of_loans(**options):
    return fa.compose(PAIR[FEATURES], PAIR["approve"], PAIR["race"], reference="White", **options)


def test_totals_are_those_of_statsmodels():
    white = (PAIR["race"] == "White").astype(float)
    theirs = OaxacaBlinder(PAIR["approve"], PAIR[FEATURES].assign(white=white), "white", hasconst=False, swap=False)
    three = theirs.three_fold()
    made = of_loans()
    assert three.params[3] == pytest.approx(made.gap.value)
    assert made.composition_of_three.value == pytest.approx(three.params[0])
    assert made.coefficients_of_three.value == pytest.approx(three.params[1])
    assert made.interaction_of_three.value == pytest.approx(three.params[2])


@pytest.mark.parametrize(
    ("against", "kind", "weight"), [("pooled", "pooled", None), ("reference", "self_submitted", 0)]
)
def test_twofold_totals_are_those_of_statsmodels(against, kind, weight):
    white = (PAIR["race"] == "White").astype(float)
    theirs = OaxacaBlinder(PAIR["approve"], PAIR[FEATURES].assign(white=white), "white", hasconst=False, swap=False)
    two = theirs.two_fold(two_fold_type=kind, submitted_weight=weight)
    made = of_loans(against=against)
    assert made.coefficients.value == pytest.approx(two.params[0])
    assert made.composition.value == pytest.approx(two.params[1])


@pytest.mark.parametrize("against", ["reference", "group", "pooled"])
def test_features_add_up_to_the_parts_and_the_parts_to_the_gap(against):
    made = of_loans(against=against)
    assert sum(each.composition.value for each in made.features) == pytest.approx(made.composition.value, abs=1e-12)
    assert sum(each.coefficients.value for each in made.features) == pytest.approx(made.coefficients.value, abs=1e-12)
    assert made.composition.value + made.coefficients.value == pytest.approx(made.gap.value, abs=1e-10)
    three = made.composition_of_three, made.coefficients_of_three, made.interaction_of_three
    assert sum(each.value for each in three) == pytest.approx(made.gap.value, abs=1e-10)


@pytest.mark.parametrize("against", ["reference", "pooled"])
def test_errors_are_those_of_a_bootstrap(against, monkeypatch):
    monkeypatch.setattr("fairaudit.explanation.composition.all_at_once", lambda _, __: 2.0)
    rng = np.random.default_rng(1)
    sex = np.repeat(["F", "M"], [200, 500])
    rows = pd.DataFrame(rng.normal(size=(700, 2)), columns=["income", "debt"]) + 0.4 * (sex == "M")[:, None]
    wage = rows["income"] * np.where(sex == "M", 2, 1) + rows["debt"] + rng.normal(size=700) * (1 + rows["debt"].abs())

    def parts(made, what):
        named = [part for each in made.features for part in (each.composition, each.coefficients)]
        return [getattr(part, what) for part in (made.composition, made.coefficients, *named)]

    made = parts(fa.compose(rows, wage, sex, reference="M", against=against), "error")
    sides, drawn = [np.flatnonzero(sex == level) for level in ("F", "M")], []
    for _ in range(150):
        at = np.concatenate([rng.choice(side, len(side)) for side in sides])
        one = fa.compose(rows.iloc[at], wage.iloc[at], sex[at], reference="M", against=against)
        drawn.append(parts(one, "value"))
    spread = np.std(drawn, axis=0, ddof=1)
    moved = spread > 1e-12  # people of the average features have no composition
    # 150 draws know a standard deviation to 6%.
    assert spread[moved] / np.array(made)[moved] == pytest.approx(np.ones(moved.sum()), abs=0.2)
    assert moved.sum() == len(made) - 1


def test_a_fixed_scores_gap_is_all_composition_and_its_parts_are_the_drivers():
    card = fa.Scorecard(good=1).fit(PAIR[FEATURES], PAIR["approve"])
    points = pd.Series(card.points(PAIR[FEATURES]), name="points")
    made = fa.compose((card, PAIR[FEATURES]), points, PAIR["race"], reference="White")
    drivers = fa.explain(card, PAIR[FEATURES]).drivers(PAIR["race"], reference="White")
    assert made.same_coefficients
    assert made.coefficients.value == pytest.approx(0, abs=1e-9)
    amounts = {each.feature: each.amount for each in drivers.drivers}
    for each in made.features[:-1]:
        assert each.composition.value == pytest.approx(amounts[each.feature], abs=1e-9)
    assert "all of the gap is composition" in str(made)


def test_units_zeros_and_left_out_levels_change_no_features_part():
    rng = np.random.default_rng(2)
    sex = np.repeat(["F", "M"], 400)
    rows = pd.DataFrame({"job": rng.choice(["a", "b", "c"], 800), "age": rng.normal(40, 9, 800)})
    wage = rows["age"] + 5 * (rows["job"] == "c") * (sex == "M") + rng.normal(size=800)
    turned = rows.assign(age=rows["age"] * 12 - 7, job=rows["job"].map({"a": "z", "b": "y", "c": "x"}))
    first, second = (fa.compose(each, wage, sex, reference="M") for each in (rows, turned))
    for one, other in zip(first.features, second.features, strict=True):
        assert one.composition.value == pytest.approx(other.composition.value, abs=1e-8)
        assert one.coefficients.value == pytest.approx(other.coefficients.value, abs=1e-8)
        assert one.coefficients.error == pytest.approx(other.coefficients.error, abs=1e-8)


def test_missing_values_and_rare_levels_are_kept_and_counted():
    rng = np.random.default_rng(3)
    sex = np.repeat(["F", "M"], 300)
    rows = pd.DataFrame({"debt": rng.normal(size=600), "job": rng.choice(["a", "b", "c"], 600)})
    rows.loc[::4, "debt"] = np.nan
    rows.loc[[5, 6, 7], "job"] = "rare"
    made = fa.compose(rows, rng.normal(size=600), sex, reference="M")
    assert any("150 missing values of debt took the mean" in note and "(missing)" in note for note in made.notes)
    assert any("rare" in note and "merged" in note for note in made.notes)
    assert made.composition.value + made.coefficients.value == pytest.approx(made.gap.value, abs=1e-10)


def test_what_cannot_be_split_is_refused():
    with pytest.raises(DataContractError, match="cannot tell the effect of only_black"):
        fa.compose(
            PAIR[FEATURES].assign(only_black=(PAIR["race"] == "Black") * PAIR["obrat"]), PAIR["approve"], PAIR["race"],
            reference="White",
        )  # fmt: skip
    with pytest.raises(DataContractError, match="missing or not finite, the first in row 3"):
        fa.compose(PAIR[FEATURES], PAIR["approve"].where(PAIR.index != 3), PAIR["race"], reference="White")
    with pytest.raises(FairauditError, match="against is one of"):
        of_loans(against="both")
    with pytest.raises(DataContractError, match="nothing to split by"):
        fa.compose(PAIR[["pubrec"]] * 0, PAIR["approve"], PAIR["race"], reference="White")


def test_the_record_is_words_a_table_json_and_html():
    made = of_loans(result_name="<approval>")
    assert "no proof of unequal treatment" in str(made)
    assert "&lt;approval&gt;" in made._repr_html_()
    assert made.to_dict()["from"] == "rows"
    assert set(made.to_frame()["part"]) == {"composition", "coefficients"}
