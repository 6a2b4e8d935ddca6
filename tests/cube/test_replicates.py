"""Replicate counts of clusters: the same whatever holds the rows, however they are split, written and read."""

import gzip
import json

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairaudit as fa
from fairaudit.cube.plain import from_plain, to_plain
from fairaudit.cube.publish import suppress
from fairaudit.cube.replicates import KEPT, REPLICATES, count_distinct, counted_in, hash_labels, rule_name
from fairaudit.errors import CubeError, DataContractError, SchemaError

ROLES = {
    "groups": ["race", "sex"], "score": "score", "higher_is": "better", "cutoff": [600.0, 620.0],
    "decision": "decision", "decision_levels": {"yes": "favorable", "no": "unfavorable", "out": "excluded"},
    "outcome": "bad", "bad": 1, "unobserved": {"9": "not matured"}, "cluster": "home",
}  # fmt: skip


def people(homes=150, seed=3, gaps=True):
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(homes), rng.integers(1, 6, homes))
    n = len(home)

    def pick(values):
        return [values[i] for i in rng.integers(0, len(values), n)]

    score = (rng.integers(1100, 1300, n) / 2).tolist()
    return {
        "home": [None if gaps and rng.random() < 0.03 else int(h) for h in home],
        "race": [("White", "Black", None)[h % 3] for h in home.tolist()],
        "sex": pick(["F", "M"]),
        "score": [None if gaps and rng.random() < 0.05 else value for value in score],
        "decision": pick(["yes", "no", "out"]),
        "bad": pick([0, 1, 9]),
        "w": [float(weight) for weight in rng.random(n) * 3],
    }


@pytest.mark.parametrize("weight", [None, "w"])
def test_replicates_are_the_counts_of_the_clusters_that_count(weight):
    table = people()
    roles = ROLES | ({"weight": weight} if weight else {})
    cube = fa.count(table, **roles)
    block = cube.blocks["clusters"]
    assert block.rules == ("everybody", "recorded", "600.0", "620.0")
    frame = pd.DataFrame(table).dropna(subset="home")
    hashes = hash_labels([str(int(home)) for home in frame["home"]])
    drawn = counted_in(hashes)
    scale = cube.schema.weight_scale if weight else 1
    for rule, cutoff in (("recorded", None), ("600.0", 600.0), ("620.0", 620.0)):
        found = block.of(rule, scale).confusion.table.n / 2
        for place in (0, 7, REPLICATES - 1):
            # The same rows, counted by themselves: those of the clusters that count in this replicate.
            alone = fa.count(frame[drawn[:, place]], **(roles | {"cluster": None}))
            sides = [list(cube.groups).index(group) for group in alone.groups]
            np.testing.assert_allclose(found[place][sides], alone.confusion(cutoff).table.w, rtol=1e-12)
    alone = fa.count(frame[drawn[:, 9]], **(roles | {"cluster": None}))
    sides = [list(cube.groups).index(group) for group in alone.groups]
    everybody = block.of("everybody", scale).confusion.table.n[9][sides] / 2
    np.testing.assert_allclose(everybody, alone.everybody().table.w, rtol=1e-12)


def test_clusters_are_counted_once_however_many_cells_they_lie_in():
    table = people(gaps=False)
    frame = pd.DataFrame(table)
    cube = fa.count(table, **ROLES)
    assert cube.marginal(()).blocks["clusters"].clusters.tolist() == [150]
    by_sex = cube.marginal("sex")
    expected = frame.groupby("sex")["home"].nunique()
    assert dict(zip(by_sex.groups, by_sex.blocks["clusters"].clusters, strict=True)) == expected.to_dict()


def test_many_clusters_are_counted_to_a_few_percent():
    hashes = np.sort((hash_labels([str(i) for i in range(20_000)]) >> np.uint64(1)).astype(np.int64))[:KEPT]
    assert float(count_distinct(hashes)) == pytest.approx(20_000, rel=0.2)


def test_rows_without_a_cluster_are_set_aside_and_said():
    table = people()
    gone = sum(home is None for home in table["home"])
    cube = fa.count(table, **ROLES)
    [issue] = [one for one in cube.provenance.issues if one.code == "cluster_missing"]
    assert issue.count == gone > 0
    assert cube.people == len(table["home"]) - gone
    assert "cluster 'home' is missing" in issue.message


def held(table, folder):
    arrow = pa.table(table)
    frame = pl.from_arrow(arrow)
    text = frame.write_csv().encode()
    (folder / "t.csv").write_bytes(text)
    (folder / "t.csv.gz").write_bytes(gzip.compress(text))
    (folder / "t.jsonl").write_text(frame.write_ndjson())
    pq.write_table(arrow, folder / "t.parquet")
    as_text = frame.with_columns(pl.col("home").cast(pl.String).fill_null(" "))
    return {
        "pyarrow": arrow, "pandas": pd.DataFrame(table), "polars lazy": frame.lazy(),
        "duckdb": duckdb.connect().from_arrow(arrow), "csv": folder / "t.csv", "csv.gz": folder / "t.csv.gz",
        "json lines": folder / "t.jsonl", "parquet": folder / "t.parquet", "homes as text": as_text,
        "shuffled": frame.sample(fraction=1, shuffle=True, seed=1),
        "homes as categories": as_text.with_columns(pl.col("home").cast(pl.Categorical)),
    }  # fmt: skip


@pytest.mark.parametrize("weight", [None, "w"])
def test_every_engine_and_file_gives_the_same_replicates(weight, tmp_path):
    table = people()
    roles = ROLES | ({"weight": weight} if weight else {})
    digest = fa.count(table, **roles).digest
    assert {name: fa.count(data, **roles).digest for name, data in held(table, tmp_path).items()} == dict.fromkeys(
        held(table, tmp_path), digest
    )
    assert fa.count(table, **(roles | {"cluster": None})).digest != digest


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=200, max_size=200), st.permutations([0, 1, 2]))
def test_files_that_share_their_clusters_merge_in_any_order(part, order):
    table = people(homes=60)
    size = len(table["home"])
    part = (part * 2)[:size]
    pieces = []
    for which in range(3):
        rows = [i for i in range(size) if part[i] == which]
        if not rows:
            return
        pieces.append(fa.count({name: [column[i] for i in rows] for name, column in table.items()}, **ROLES))
    one, two, three = (pieces[i] for i in order)
    whole = fa.count(table, **ROLES)
    assert ((one + two) + three).digest == (one + (two + three)).digest == whole.digest
    merged = (one + two + three).marginal("race")
    assert merged.digest == whole.marginal("race").digest


def test_rules_that_one_side_lacks_are_lost_and_clusters_must_be_on_both():
    table = people()
    one, two = fa.count(table, **ROLES), fa.count(table, **(ROLES | {"cutoff": [620.0, 630.0]}))
    assert (one + two).blocks["clusters"].rules == ("everybody", "recorded", "620.0")
    with pytest.raises(CubeError, match="only one of them has 'cluster"):
        one + fa.count(table, **(ROLES | {"cluster": None}))
    other = fa.count(table | {"tenant": table["home"]}, **(ROLES | {"cluster": "tenant"}))
    with pytest.raises(CubeError, match="differ in the column of the cluster: 'home' and 'tenant'"):
        one + other
    with pytest.raises(CubeError, match=r"'640.0' was not counted by cluster; these were: everybody"):
        one.blocks["clusters"].of(rule_name(640))


def test_written_and_read(tmp_path):
    cube = fa.count(people(), **ROLES, weight="w")
    cube_file = tmp_path / "homes.cube"
    fa.save_cube(cube, cube_file)
    back = fa.load_cube(cube_file)
    assert back.digest == cube.digest
    assert (back.blocks["clusters"].sums == cube.blocks["clusters"].sums).all()
    assert from_plain(json.loads(json.dumps(to_plain(cube)))).digest == cube.digest


@pytest.mark.parametrize(
    "damage",
    [
        lambda block: block.pop("sums"),
        lambda block: block.update(replicates=100),
        lambda block: block["sums"].__setitem__(0, "1 2 x"),
        lambda block: block["cell"].__setitem__(0, 99),
        lambda block: block["cell"].__setitem__(0, -1),
        lambda block: block.update(clusters=[1] * len(block["clusters"])),
    ],
    ids=["gone", "other replicates", "no number", "outside", "negative", "no hashes"],
)
def test_damaged_replicates_are_refused(damage):
    plain = json.loads(json.dumps(to_plain(fa.count(people(), **ROLES))))
    damage(plain["blocks"]["clusters"])
    with pytest.raises(DataContractError, match="replicate counts of its clusters are damaged"):
        from_plain(plain)


def test_replicates_that_were_changed_are_found_out():
    plain = json.loads(json.dumps(to_plain(fa.count(people(), **ROLES))))
    line = plain["blocks"]["clusters"]["sums"][0].split()
    plain["blocks"]["clusters"]["sums"][0] = " ".join([str(int(line[0]) + 1), *line[1:]])
    with pytest.raises(DataContractError, match="its counts were changed"):
        from_plain(plain)


def test_suppressed_counts_carry_no_replicates():
    cube = fa.count(people(), **ROLES)
    safer = suppress(cube, int(cube.group_people.min()) + 1)
    assert not safer.blocks
    assert any(issue.code == "block_dropped" for issue in safer.provenance.issues)


def test_more_cut_offs_than_a_code_holds():
    cutoffs = [float(score) for score in range(560, 610)]
    cube = fa.count(people(), **(ROLES | {"cutoff": cutoffs}))
    block = cube.blocks["clusters"]
    assert len(block.rules) == 52
    few = fa.count(people(), **(ROLES | {"cutoff": cutoffs[-1]})).blocks["clusters"]
    assert (block.sums[:, block.rules.index("609.0")] == few.sums[:, few.rules.index("609.0")]).all()


def test_a_table_of_counts_has_no_clusters():
    with pytest.raises(SchemaError, match="'home' is a cluster, and a table of counts has none"):
        fa.from_counts({"home": [1], "y": [1], "n": [3]}, counts="n", outcome="y", bad=1, cluster="home")
    with pytest.raises(SchemaError, match="more than one role"):
        fa.count({"home": [1], "y": [1]}, outcome="y", bad=1, groups="home", cluster="home")
