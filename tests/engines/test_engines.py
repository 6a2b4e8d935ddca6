"""One table gives one cube, whatever holds it: the digest is over axes, counts and sums."""

import datetime
import gzip
import itertools
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairaudit import count, load_cube

ROLES = {
    "groups": ["race", "age", "female"],
    "bands": {"age": [25, 40]},
    "score": "score",
    "higher_is": "better",
    "cutoff": 600.0,
    "decision": "decision",
    "decision_levels": {"yes": "favorable", "no": "unfavorable", "withdrawn": "excluded"},
    "outcome": "outcome",
    "bad": 1,
    "period": "month",
}
WEIGHTED = ROLES | {"weight": "w"}
GRIDDED = {name: ROLES[name] for name in ("score", "higher_is", "cutoff", "outcome", "bad", "period")} | {
    "groups": ["race"]
}  # fewer cells: each has a thousand bins
PARTS = 3


def people(rows, *, grid, seed=20):
    """Rows with gaps in every column; scores in halves, or of more distinct values than have bins of their own."""
    rng = np.random.default_rng(seed)
    halves = rng.integers(1000, 1400, rows) / 2
    scores = rng.normal(600, 60, rows) if grid else halves
    unscored = rng.random(rows) < 0.03

    def pick(values, shares=None):
        return [values[i] for i in rng.choice(len(values), rows, p=shares)]

    return {
        "race": pick([None, "White", "Black", "Côte d'Ivoire", 'a "b"; c, | d']),
        "age": pick([None, 18.0, 25.0, 33.0, 40.0, 41.0]),
        "female": pick([True, False, None]),
        "score": [None if gap else float(score) for score, gap in zip(scores, unscored, strict=True)],
        "points": [int(2 * score) for score in halves],
        "decision": pick(["yes", "no", "withdrawn"]),
        "outcome": pick([0, 1, None], [0.6, 0.3, 0.1]),
        "w": [float(weight) for weight in rng.random(rows) * 3],
        "month": pick([datetime.date(2024, 1, 1), datetime.date(2024, 2, 1)]),
    }


def split(arrow):
    stops = [arrow.num_rows * part // PARTS for part in range(PARTS + 1)]
    return [arrow.slice(start, stop - start) for start, stop in itertools.pairwise(stops)]


def write(path, data):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def held_in_memory(table):
    arrow, plain = pa.table(table), pd.DataFrame(table)
    frame = pl.from_arrow(arrow)
    return {
        "mapping": table,
        "pyarrow": arrow,
        "pandas from arrow": arrow.to_pandas(),
        "pandas str": plain,
        "pandas object": pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in table.items()}),
        "pandas nullable": plain.convert_dtypes(),
        "pandas categorical": plain.astype({"race": "category", "age": "category", "decision": "category"}),
        "polars": frame,
        "polars lazy": frame.lazy(),
        "polars categorical": frame.with_columns(pl.col("race", "decision").cast(pl.Categorical)),
        "duckdb": duckdb.connect().from_arrow(arrow),
    }


def written(table, folder):
    arrow, plain = pa.table(table), pd.DataFrame(table)
    frame = pl.from_arrow(arrow)
    made = {"csv of pandas": write(folder / "pandas.csv", plain.to_csv(index=False).encode())}
    for name, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("bar", "|")):
        text = frame.write_csv(separator=mark).encode()
        made[f"csv {name}"] = write(folder / f"{name}.csv", text)
        made[f"csv.gz {name}"] = write(folder / f"{name}.csv.gz", gzip.compress(text))
    windows = b"\xef\xbb\xbf" + frame.write_csv(line_terminator="\r\n").encode()
    made["csv with a byte order mark and CRLF"] = write(folder / "windows.csv", windows)
    made["json lines"] = write(folder / "rows.jsonl", frame.write_ndjson().encode())
    made["json lines gz"] = write(folder / "rows.ndjson.gz", gzip.compress(frame.write_ndjson().encode()))
    made["json array"] = write(folder / "array.json", frame.write_json().encode())
    pq.write_table(arrow, folder / "rows.parquet")
    made["parquet"] = folder / "rows.parquet"
    for i, part in enumerate(split(arrow)):
        rows = pl.from_arrow(part)
        write(folder / "csv" / f"part {i}.csv", rows.write_csv(separator=",;|"[i]).encode())
        write(folder / "jsonl" / f"part {i}.jsonl", rows.write_ndjson().encode())
        (folder / "parquet").mkdir(exist_ok=True)
        pq.write_table(part, folder / "parquet" / f"part {i}.parquet")
    made["glob of parquet"] = str(folder / "parquet" / "*.parquet")
    made["glob of csv"] = str(folder / "csv" / "part ?.csv")
    made["glob of json lines"] = str(folder / "**" / "part*.jsonl")
    made["folder of csv"] = folder / "csv"
    return made


MEMORY = list(held_in_memory(people(3, grid=False)))
FILES = (
    ["csv of pandas", "csv with a byte order mark and CRLF", "parquet", "json lines", "json lines gz", "json array"]
    + [f"{kind} {mark}" for kind in ("csv", "csv.gz") for mark in ("comma", "semicolon", "tab", "bar")]
    + ["glob of parquet", "glob of csv", "glob of json lines", "folder of csv"]
)


@pytest.fixture(scope="module")
def exact(tmp_path_factory):
    table = people(1_200, grid=False)
    return held_in_memory(table) | written(table, tmp_path_factory.mktemp("exact"))


@pytest.fixture(scope="module")
def gridded(tmp_path_factory):
    table = people(1_200, grid=True)
    return held_in_memory(table) | written(table, tmp_path_factory.mktemp("gridded"))


@pytest.fixture(scope="module")
def digests(exact, gridded):
    """Digests of the mappings of columns, by which all others are measured."""
    tables = {"exact": (exact, ROLES), "gridded": (gridded, GRIDDED)}
    return {
        (kind, weighted): count(sources["mapping"], **roles, **({"weight": "w"} if weighted else {})).digest
        for kind, (sources, roles) in tables.items()
        for weighted in (False, True)
    }


@pytest.fixture(scope="module")
def by_hand(exact):
    """Count the exact table with a loop over rows: (race, band, female, month, score, decision, outcome) -> people."""
    table, counts = exact["mapping"], {}
    for row in zip(
        *(table[name] for name in ("race", "age", "female", "month", "score", "decision", "outcome")), strict=True
    ):
        race, age, female, month, score, decision, outcome = row
        band = (
            "(missing)" if age is None else "under 25" if age < 25 else "25 to under 40" if age < 40 else "40 and over"
        )
        word = {None: "missing", 0: "good", 1: "bad"}[outcome]
        if outcome is None and decision == "no":
            word = "declined"
        key = (race or "(missing)", band, "(missing)" if female is None else str(female).lower(), str(month), score)
        counts[*key, decision, word] = counts.get((*key, decision, word), 0) + 1
    return counts


def test_the_list_of_sources_is_whole(exact):
    assert {*MEMORY, *FILES} == {*exact}


def test_the_counts_are_those_of_a_loop_over_rows(exact, by_hand):
    cube = count(exact["mapping"], **ROLES)
    scores = [*cube.axes.score.values.tolist(), None]
    found = {}
    for cell, b, d, o in zip(*cube.n.nonzero(), strict=True):
        key = (*cube.axes.cell_levels()[cell], scores[b], cube.axes.decisions[d].label, cube.axes.outcomes[o])
        found[key] = int(cube.n[cell, b, d, o])
    assert found == by_hand
    assert cube.provenance.ledger.read == 1_200


@pytest.mark.parametrize("name", MEMORY + FILES)
def test_exact_scores_without_weights(exact, digests, name):
    assert count(exact[name], **ROLES).digest == digests["exact", False]


@pytest.mark.parametrize("name", MEMORY + FILES)
def test_gridded_scores_with_weights(gridded, digests, name):
    cube = count(gridded[name], weight="w", **GRIDDED)
    assert cube.digest == digests["gridded", True]
    assert not cube.axes.score.exact


@pytest.mark.parametrize("name", ["pandas object", "polars lazy", "duckdb", "csv tab", "json lines", "glob of parquet"])
def test_exact_with_weights_and_gridded_without(exact, gridded, digests, name):
    assert count(exact[name], **WEIGHTED).digest == digests["exact", True]
    assert count(gridded[name], **GRIDDED).digest == digests["gridded", False]


@pytest.mark.parametrize("name", ["pandas nullable", "polars", "duckdb", "csv bar", "parquet", "json lines"])
def test_whole_number_scores(exact, name):
    roles = ROLES | {"score": "points", "cutoff": 1_100}
    assert count(exact[name], **roles).digest == count(exact["mapping"], **roles).digest


def test_weights_are_counted_in_every_row(exact):
    cube, table = count(exact["csv comma"], **WEIGHTED), exact["mapping"]
    # each row's weight is rounded to a millionth before it is summed
    assert int(cube.w.sum()) == sum(int(np.floor(w * 1e6 + 0.5)) for w in table["w"])
    assert int(cube.w2.sum()) == sum(int(np.floor(w * w * 1e6 + 0.5)) for w in table["w"])


@pytest.mark.parametrize("name", ["mapping", "pandas str", "polars", "duckdb", "csv comma", "parquet"])
@pytest.mark.parametrize("bad", [float("inf"), -float("inf"), float("nan")])
def test_scores_that_are_no_number(tmp_path, name, bad):
    table = {"g": ["a", "b", "a", "b"], "score": [1.5, bad, 2.5, 3.5]}
    arrow = pa.table(table)
    held = {
        "mapping": lambda: table,
        "pandas str": lambda: pd.DataFrame(table),
        "polars": lambda: pl.from_arrow(arrow),
        "duckdb": lambda: duckdb.connect().from_arrow(arrow),
        "csv comma": lambda: write(tmp_path / "t.csv", pl.from_arrow(arrow).write_csv().encode()),
        "parquet": lambda: (pq.write_table(arrow, tmp_path / "t.parquet"), tmp_path / "t.parquet")[1],
    }
    cube = count(held[name](), groups="g", score="score", higher_is="worse")
    [issue] = cube.provenance.issues
    expected = ("score_missing", 4) if np.isnan(bad) else ("score_infinite", 3)
    assert (issue.code, cube.people, issue.count) == (*expected, 1)
    assert cube.provenance.ledger.used == cube.people
    assert issue.rows == (() if name == "duckdb" else (2,))  # a relation has no order


# Parts and merging


def test_parts_merge_to_the_whole(exact, gridded):
    edges = {"edges": [450, 500, 550, 600, 650, 700]}
    for sources, roles in ((exact, ROLES), (exact, WEIGHTED), (gridded, ROLES | edges)):
        parts = [count(part, **roles) for part in split(sources["pyarrow"])]
        merged = parts[0] + parts[1] + parts[2]
        assert merged.digest == count(sources["mapping"], **roles).digest
        assert merged.digest == (parts[2] + parts[0] + parts[1]).digest
        assert merged.provenance.ledger.read == 1_200


def test_weighted_score_sums_of_parts_differ_by_rounding_only(gridded):
    roles = GRIDDED | {"weight": "w", "edges": [170, 200, 230], "cutoff": 200}
    # Thirds of tens: tied often, so that one key lies in several parts, and no whole number of millionths.
    table = gridded["pandas str"].assign(score=lambda rows: rows["score"].round(-1) / 3)
    whole = count(table, **roles)
    parts = [count(part, **roles) for part in split(pa.Table.from_pandas(table))]
    merged = parts[0] + parts[1] + parts[2]
    for name in ("n", "w", "w2"):
        assert np.array_equal(merged.arrays[name], whole.arrays[name])
    # One key is rounded once a part: at most half a unit each, and half a unit for the whole.
    keys = table.groupby(["race", "score", "outcome", "month"], dropna=False).ngroups
    for name in ("s1", "s2"):
        apart = np.abs(merged.arrays[name] - whole.arrays[name])
        assert apart.sum() <= keys * (PARTS + 1) / 2
        assert apart.sum() > 0  # the bound is put to the test


def test_standard_input(exact, digests, tmp_path):
    out = tmp_path / "people.cube"
    command = [
        sys.executable,
        "-m",
        "fairaudit",
        "count",
        "-",
        "-o",
        str(out),
        "--score",
        "score",
        "--higher-is",
        "better",
    ]
    command += ["--group", "race", "--group", "age", "--group", "female", "--bands", "age=25,40", "--cutoff", "600"]
    command += ["--decision", "decision", "--decision-level", "yes=favorable", "--decision-level", "no=unfavorable"]
    command += ["--decision-level", "withdrawn=excluded", "--outcome", "outcome", "--bad", "1", "--period", "month"]
    done = subprocess.run(command, input=exact["csv semicolon"].read_bytes(), capture_output=True, check=True)
    assert done.stdout == b""
    assert load_cube(out).digest == digests["exact", False]


def test_stray_columns_and_order_of_rows_and_columns_change_nothing(exact):
    frame = exact["polars"]
    shuffled = frame.select(reversed(frame.columns)).sample(fraction=1, shuffle=True, seed=3)
    assert count(shuffled.with_columns(pl.lit("x").alias("note")), **WEIGHTED).digest == count(frame, **WEIGHTED).digest


def test_one_changed_value_changes_the_digest(exact):
    table = {name: list(values) for name, values in exact["mapping"].items()}
    first = next(i for i, score in enumerate(table["score"]) if score is not None)
    table["score"][first] += 0.5
    assert count(table, **ROLES).digest != count(exact["mapping"], **ROLES).digest
