"""Ages in years: compared at the policy's line, with finer bands as detail."""

import numpy as np
import pytest

import fairaudit as fa
from fairaudit.cube.banding import with_line
from fairaudit.errors import CubeError, FairauditError

ROLES = {"groups": "age", "decision": "d", "favorable": 1}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    age = rng.integers(18, 90, 1500).astype(float)
    age[:25] = np.nan
    return {"age": age, "d": (rng.random(1500) < np.where(age >= 62, 0.4, 0.6)).astype(int), "x": rng.normal(size=1500)}


@pytest.fixture(scope="module")
def result(data):
    return fa.audit(data, **ROLES).result


def ratios(result, family):
    return [f for f in result.findings if f.metric == "adverse_impact_ratio" and f.family == family]


def test_people_of_62_and_over_are_compared_with_those_under_it(data, result):
    found = next(f for f in ratios(result, "primary") if f.group == "62 and over")
    old, young = data["d"][data["age"] >= 62], data["d"][data["age"] < 62]
    assert (found.reference, found.n, found.n_reference) == ("under 62", len(old), len(young))
    assert found.value == pytest.approx(old.mean() / young.mean())


def test_finer_bands_are_exploratory_and_change_no_primary_p(data, result):
    fine = ratios(result, "exploratory")
    assert {f.attribute for f in fine} == {"age in finer bands"}
    edges = [25, 35, 45, 55, 62]
    people = np.bincount(np.digitize(data["age"][data["age"] < 62], edges))
    named = ["under 25", "25 to under 35", "35 to under 45", "45 to under 55", "55 to under 62"]
    assert {f.reference for f in fine} == {named[int(people.argmax())]}
    plain = fa.audit(data, bands={"age": [62]}, reference={"age": "under 62"}, **ROLES).result
    assert [f.p_adjusted for f in ratios(result, "primary")] == [f.p_adjusted for f in ratios(plain, "primary")]


def test_the_report_says_whose_comparison_it_is(data, result):
    (issue,) = [i for i in result.issues if i.code == "age_line"]
    assert "as policy 'us-fair-lending' asks" in issue.message
    assert "no statement of what the law asks" in fa.audit(data, **ROLES).to_markdown()


def test_a_cube_with_an_edge_at_62_is_put_together(data, result):
    cube = fa.count(data, bands={"age": [40, 62]}, **ROLES)
    again = fa.audit(cube).result
    assert [f.value for f in ratios(again, "primary")] == [f.value for f in ratios(result, "primary")]


def test_who_names_another_reference_or_bands_is_left_alone(data):
    made = fa.audit(data, bands={"age": [40, 62]}, reference={"age": "40 to under 62"}, **ROLES).result
    assert {f.reference for f in ratios(made, "primary")} == {"40 to under 62"}
    assert not [i for i in made.issues if i.code == "age_line"]
    with pytest.raises(FairauditError):
        fa.audit(data, bands={"age": [30, 40]}, **ROLES)


def test_other_policies_do_not_band(data):
    made = fa.audit(data, policy="us-ugesp", **ROLES).result
    assert len(made.schema.attributes[0].levels) > 60


def test_labels_of_age_are_no_numbers():
    made = fa.audit(
        {"age": ["young", "old"] * 40, "d": [1, 0, 1, 1] * 20}, reference={"age": "young"}, **ROLES
    ).result  # fmt: skip
    assert [f.group for f in ratios(made, "primary")] == ["old"]


def test_adjusted_effects_are_at_the_line_too(data):
    made = fa.audit(data, controls="x", **ROLES).result
    raw = next(m for m in made.measurements if m.metric == "adjusted_marginal_effect" and m.detail == "raw (logit)")
    assert (raw.group, raw.reference) == ("62 and over", "under 62")
    known = ~np.isnan(data["age"])
    old = data["age"] >= 62
    assert raw.value == pytest.approx(data["d"][known & old].mean() - data["d"][known & ~old].mean())


def test_bands_without_the_line_cannot_be_put_together(data):
    with pytest.raises(CubeError, match="no edge at 62"):
        with_line(fa.count(data, bands={"age": [30, 40]}, **ROLES), "age", 62, "fine")


def test_people_stay_the_same(data):
    cube = fa.count(data, bands={"age": [40, 62]}, **ROLES)
    assert with_line(cube, "age", 62, "fine").marginal("fine").group_people.tolist() == (
        cube.marginal("age").group_people.tolist()
    )


def test_other_attributes_keep_their_cells_when_bands_are_put_together():
    cube = fa.from_counts(
        {"age": [20, 20, 40, 70, 70], "sex": ["f", "m", "m", "f", "m"], "d": [1, 0, 1, 0, 1], "n": [1, 2, 4, 8, 16]},
        groups=["age", "sex"], bands={"age": [30, 62]}, decision="d", favorable=1,
    )  # fmt: skip
    made = with_line(cube, "age", 62, "finer")
    assert made.axes.names == ("age", "sex", "finer")
    assert made.axes.cells.shape[1] == 3
    assert made.marginal("sex").group_people.tolist() == cube.marginal("sex").group_people.tolist() == [9, 22]
    crossed = made.marginal(("age", "sex"))
    assert dict(zip(crossed.groups, crossed.group_people.tolist(), strict=True)) == {
        "under 62 × f": 1, "under 62 × m": 6, "62 and over × f": 8, "62 and over × m": 16,
    }  # fmt: skip
    assert made.marginal("finer").group_people.tolist() == cube.marginal("age").group_people.tolist()
