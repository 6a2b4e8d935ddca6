"""Cubes of many owners: everybody once, every part named, and what does not fit named too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa
from fairaudit.cube.from_counts import from_counts
from fairaudit.cube.io import load, save
from fairaudit.errors import CubeError, DataContractError, SchemaError

ROLES = {"groups": "race", "score": "points", "higher_is": "better", "cutoff": 600, "outcome": "y", "bad": 1}


def rows(*people):
    """Return a table of (race, points, outcome, people)."""
    return dict(zip(("race", "points", "y", "n"), zip(*people, strict=True), strict=True))


def north(**roles):
    return from_counts(rows(("A", 610, 0, 30), ("A", 560, 1, 20), ("B", 640, 0, 12)), counts="n", **{**ROLES, **roles})


def south(**roles):
    return from_counts(rows(("A", 610, 0, 15), ("B", 580, 1, 25), ("C", 700, 0, 8)), counts="n", **{**ROLES, **roles})


lenders = st.lists(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from([560, 610, 640]), st.sampled_from([0, 1]), st.integers(1, 50)),
        min_size=1,
        max_size=5,
        unique_by=lambda row: row[:3],
    ),
    min_size=2,
    max_size=4,
)


@given(lenders)
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_the_cube_of_many_is_the_cube_of_all_rows(lenders):
    cubes = [from_counts(rows(*lender), counts="n", **ROLES) for lender in lenders]
    together = fa.merge(cubes, repeated=True)
    at_once = from_counts(rows(*(row for lender in lenders for row in lender)), counts="n", **ROLES)
    assert together.digest == at_once.digest
    assert [part.sha256 for part in together.provenance.parts] == [cube.digest for cube in cubes]
    assert sum(part.people for part in together.provenance.parts) == together.people


def test_parts_keep_their_owner_people_and_digest_through_files_and_further_merges(tmp_path):
    people = {"race": ["A", "A", "B"], "points": [610, 560, 640], "y": [0, 1, 0]}
    one = fa.count(people, owner="Bank of the North", **ROLES)
    save(one, tmp_path / "one.cube")
    save(south(), tmp_path / "two.cube")
    both = fa.merge([tmp_path / "one.cube", str(tmp_path / "two.cube")])
    save(both, tmp_path / "both.cube")
    again = load(tmp_path / "both.cube")
    assert again.provenance == both.provenance
    assert [(part.owner, part.people, part.sha256) for part in again.provenance.parts] == [
        ("Bank of the North", 3, one.digest),
        ("", 48, south().digest),
    ]
    three = fa.merge([again, north()])
    assert [part.people for part in three.provenance.parts] == [3, 48, 62]
    assert repr(three).endswith("; merged of 3; 0 people are alone in an entry)")


def test_the_same_people_are_not_counted_twice(tmp_path):
    both = fa.merge([north(), south()])
    with pytest.raises(CubeError, match=r"The counts 'counts' of cube 2 .* are already in cube 1 .*counted twice"):
        fa.merge([both, north()])
    assert fa.merge([both, north()], repeated=True).people == both.people + north().people
    lines = "race,points,y\nA,610,0\nB,590,1\n"
    (tmp_path / "loans.csv").write_text(lines)
    cubes = [fa.count(tmp_path / "loans.csv", **{**ROLES, "cutoff": cutoff}) for cutoff in (600, 620)]
    save(cubes[0], tmp_path / "a.cube")
    save(fa.count({"race": ["A"], "points": [700], "y": [0]}, **ROLES), tmp_path / "b.cube")
    with pytest.raises(CubeError, match=r"'loans.csv' of cube 3 \(loans.csv\) are already in .*a\.cube"):
        fa.merge([tmp_path / "a.cube", tmp_path / "b.cube", cubes[1]])


def test_what_does_not_fit_is_named(tmp_path):
    save(north(), tmp_path / "north.cube")
    save(south(score_unit=None, higher_is="worse"), tmp_path / "south.cube")
    with pytest.raises(CubeError, match=r"south\.cube does not fit .*north\.cube\. "):
        fa.merge([tmp_path / "north.cube", tmp_path / "south.cube"])
    save(south(edges=[500, 600, 700]), tmp_path / "edges.cube")
    with pytest.raises(CubeError, match=r"edges\.cube does not fit .*north\.cube and 1 more"):
        fa.merge([tmp_path / "north.cube", south(), tmp_path / "edges.cube"])
    (tmp_path / "no.cube").write_text("race,n\n")
    with pytest.raises(DataContractError):
        fa.merge([tmp_path / "north.cube", tmp_path / "no.cube"])
    with pytest.raises(CubeError, match="At least two cubes"):
        fa.merge([north()])


def test_levels_that_only_some_have_are_said():
    other = from_counts(rows(("a", 610, 0, 7), ("B", 640, 0, 12)), counts="n", **ROLES)
    issues = fa.merge([north(), other]).provenance.issues
    told = {(issue.code, issue.count): issue.message for issue in issues if not issue.part}
    assert {issue.code for issue in issues if issue.part} == {"outcome_one_sided"}
    assert set(told) == {("level_spelt_otherwise", 50), ("level_spelt_otherwise", 7)}
    assert "'a' of 'race' is in 1 of 2 cubes (cube 2 (counts)); others have 'A'" in told["level_spelt_otherwise", 7]
    only = [issue for issue in fa.merge([north(), south()]).provenance.issues if not issue.part]
    assert [(issue.code, issue.count, issue.column) for issue in only] == [("level_only_in_some_parts", 8, "race")]
    audit = fa.audit(fa.merge([north(), south()]), reference={"race": "A"})
    assert "level_only_in_some_parts" in [issue.code for issue in audit.result.issues]


def test_months_are_merged_without_a_word():
    table = {"month": ["2026-01"], "race": ["A"], "y": [0], "n": [5]}
    roles = {"counts": "n", "groups": "race", "period": "month", "outcome": "y", "bad": 1}
    january, february = from_counts(table, **roles), from_counts({**table, "month": ["2026-02"]}, **roles)
    assert [issue for issue in fa.merge([january, february]).provenance.issues if not issue.part] == []


def test_pooled_groups_of_published_parts_are_said_to_be_mixed():
    table = {"race": ["A", "B", "C", "D"], "y": [0, 1, 0, 0], "n": [30, 40, 3, 4]}
    roles = {"counts": "n", "groups": "race", "outcome": "y", "bad": 1}
    parts = [from_counts({**table, "n": n}, **roles) for n in ([30, 40, 3, 4], [3, 50, 4, 60])]
    merged = fa.merge([part.publish(5) for part in parts])
    assert "level_pooled_in_parts" in [issue.code for issue in merged.provenance.issues]


def test_published_counts_keep_the_owner_and_not_the_parts():
    one, two = (
        fa.count({"race": ["A"] * 20, "points": [p] * 20, "y": [0] * 20}, owner="Bank", **ROLES) for p in (1, 2)
    )
    assert one.publish(10).provenance.owner == "Bank"
    assert fa.merge([one, two]).publish(10).provenance.parts == ()


def test_published_cubes_are_merged_on_the_edges_that_all_of_them_have():
    seed = np.random.default_rng(5)
    owners = []
    for name, people in (("Bank of the North", 900), ("Bank of the South", 700)):
        table = {
            "race": seed.choice(["A", "B"], people).tolist(),
            "points": seed.integers(500, 700, people).tolist(),
            "y": seed.integers(0, 2, people).tolist(),
        }
        owners.append(fa.count(table, owner=name, **ROLES))
    published = [cube.publish(10) for cube in owners]
    with pytest.raises(CubeError, match="common_edges=True"):
        fa.merge(published)
    merged = fa.merge(published, common_edges=True)
    everybody = fa.merge(owners)
    np.testing.assert_array_equal(merged.confusion(600).table.n, everybody.confusion(600).table.n)
    assert merged.axes.score.edges.tolist() == sorted(
        {*published[0].axes.score.edges.tolist()} & {*published[1].axes.score.edges.tolist()}
    )
    assert [(part.owner, part.people, part.sha256) for part in merged.provenance.parts] == [
        ("Bank of the North", 900, published[0].digest),
        ("Bank of the South", 700, published[1].digest),
    ]
    unpublished = fa.merge([owners[0], published[1]], common_edges=True)
    np.testing.assert_array_equal(unpublished.confusion(600).table.n, everybody.confusion(600).table.n)
    assert unpublished.score_table().table.n.sum() == 1600


def test_a_lender_whose_people_are_all_above_the_cut_off_can_publish_too():
    rich = fa.count({"race": ["A"] * 30, "points": [700, 710, 720] * 10, "y": [0] * 30}, **ROLES)
    poor = fa.count({"race": ["A"] * 30, "points": [500, 510, 620] * 10, "y": [1] * 30}, **ROLES)
    merged = fa.merge([rich.publish(10), poor.publish(10)], common_edges=True)
    assert merged.confusion(600).selected.n.tolist() == [40.0]


def test_edges_without_a_common_one_and_cut_offs_that_not_all_have_are_said():
    one, two = north(edges=[550], cutoff=600), south(edges=[570], cutoff=620)
    with pytest.raises(CubeError, match="have no edge in common"):
        fa.merge([one, two], common_edges=True)
    three = fa.merge([north(edges=[620], cutoff=600), south(edges=[600], cutoff=620)], common_edges=True)
    assert three.schema.cutoffs == (600.0, 620.0)
    four = fa.merge([north(edges=[620], cutoff=600), south(cutoff=620, edges=[640])], common_edges=True)
    assert four.schema.cutoffs == (620.0,)
    assert "The cut-offs 600 of cube 1 (counts) are no edges of all cubes." in [
        i.message for i in four.provenance.issues
    ]


# Counted alike


def test_counting_like_a_cube_takes_its_roles_and_edges():
    wide = {"race": ["A", "B"] * 600, "points": [i / 7 for i in range(1200)], "y": [0, 1] * 600}
    first = fa.count(wide, **{**ROLES, "edges": [50, 100, 150], "reference": {"race": "A"}})
    second = fa.count({"race": ["B"], "points": [120.5], "y": [1]}, like=first)
    assert second.schema == first.schema
    assert fa.merge([first, second]).people == 1201
    named = fa.count({"group": ["B"], "points": [1], "y": [1]}, like=north(), groups="group")
    assert named.axes.names == ("group",)


def test_counting_as_a_file_of_roles_asks(tmp_path):
    asked = tmp_path / "asked.yaml"
    asked.write_text(
        "score: points\nhigher_is: better\ncutoff: [600, 620]\nedges: [500, 600, 700]\noutcome: y\nbad: 1\n"
        "groups: [race, age]\nbands: {age: [25, 62]}\nreference: {race: A}\n"
    )
    made = fa.count({"race": ["A", "B"], "age": [20, 70], "points": [610, 590], "y": [0, 1]}, like=asked)
    schema = made.schema
    assert (schema.cutoffs, schema.edges, schema.bad) == ((600.0, 620.0), (500.0, 600.0, 700.0), ("1",))
    assert made.groups == ("A × under 25", "B × 62 and over")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("score: points\nhigher_iss: better\n", r"asked.yaml, line 2: there is no role 'higher_iss'. Did you mean"),
        ("score: points\nhigher_is: up\n", r"asked.yaml, line 2: the role 'higher_is' is not what it must be"),
        ("score: points\ncutoff: many\n", r"asked.yaml, line 2: the role 'cutoff' is not what it must be"),
        ("score: [", r"asked.yaml, line 1"),
        ("- score\n", r"asked.yaml, line 1: the file is made of 'key: value' lines"),
        ("bands: !!python/object/apply:os.system [ls]\n", r"asked.yaml, line 1"),
    ],
)
def test_a_wrong_file_of_roles_is_refused_with_its_line(tmp_path, text, said):
    asked = tmp_path / "asked.yaml"
    asked.write_text(text)
    with pytest.raises((SchemaError, DataContractError), match=said):
        fa.count({"race": ["A"], "points": [1]}, like=asked)


def test_no_file_of_roles_and_no_cube_are_refused(tmp_path):
    with pytest.raises(DataContractError, match=r"The file of roles .* cannot be read: No such file"):
        fa.count({"race": ["A"]}, like=tmp_path / "nobody.yaml")
    with pytest.raises(SchemaError, match="like= is a cube, or the path"):
        fa.count({"race": ["A"]}, like=3)
