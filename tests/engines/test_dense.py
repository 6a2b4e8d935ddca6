"""Parquet counted by codes gives the cube of DuckDB's group-by and of pandas: same digest, ledger and issues."""

import datetime
import itertools
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fairaudit import FairauditError, count
from fairaudit.data import dense, grouping
from fairaudit.data.dense import UnsuitableError
from fairaudit.data.progress import Work

quick = settings(max_examples=25, deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck])
ROLES = {
    "groups": ["g", "age", "flag"],
    "bands": {"age": [25, 40]},
    "score": "s",
    "higher_is": "better",
    "cutoff": 2,
    "outcome": "y",
    "bad": 1,
    "unobserved": {"?": "indeterminate"},
}
WIDE = range(-(2**40), 2**40, 2**38)

words = st.sampled_from(
    [None, "White", " White ", "(missing)", "nan", "", "1.0", "Côte d'Ivoire", 'a "b"; c', "x" * 300]
)
ages = st.sampled_from([None, float("nan"), 18.0, 25.0, 39.5, 40.0, -0.0, 0.0])
flags = st.sampled_from([None, True, False])
outcomes = st.sampled_from([None, "0", "1", "?"])
floats = [None, float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 0.5, 1e300, 2.0, 3.0, -7.0, 4e9]
scores = {
    "int16": (pa.int16(), st.sampled_from([None, *range(-3, 900, 50)])),
    "uint8": (pa.uint8(), st.sampled_from([None, 0, 2, 3, 255])),
    "int64 far apart": (pa.int64(), st.sampled_from([None, *WIDE])),
    "uint32": (pa.uint32(), st.sampled_from([None, 2**32 - 1, 2**32 - 2, 2**32 - 9])),
    "float64": (pa.float64(), st.sampled_from(floats)),
    "whole float64": (pa.float64(), st.sampled_from([None, float("nan"), *map(float, range(300, 850, 50))])),
    "float32": (pa.float32(), st.sampled_from([None, float("nan"), 0.1, 2.0, 3.0, 16777216.0])),
    "decimal": (pa.decimal128(9, 2), st.sampled_from([None, Decimal("1.50"), Decimal("2.00"), Decimal("-3.25")])),
    "text": (pa.string(), st.sampled_from([None, "620", " 7", "007", "high", "", "nan", "1e3", "inf"])),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from([None, "620", "7", "8", "9.5"])),
}


def rows_of(kind):
    return st.lists(st.tuples(words, ages, flags, scores[kind][1], outcomes), min_size=1, max_size=40)


def table_of(rows, kind):
    g, age, flag, s, y = zip(*rows, strict=True)
    return pa.table(
        {
            "g": pa.array(g, pa.string()),
            "age": pa.array(age, pa.float64()),
            "flag": pa.array(flag, pa.bool_()),
            "s": pa.array(s, scores[kind][0] if kind != "dictionary" else pa.string()).cast(scores[kind][0]),
            "y": pa.array(y, pa.string()),
        }
    )


def outcome_of(data, **roles):
    """Return what must be the same on every way, or the kind of error and its words."""
    try:
        cube = count(data, **ROLES | roles)
    except FairauditError as error:
        return type(error)
    # Numbers of rows are told where rows have an order; a glob of files has none.
    return cube.digest, cube.provenance.ledger, cube.provenance.issues


@pytest.fixture
def ways(monkeypatch):
    """Which way was taken: files counted by codes, and queries given to an engine."""
    seen = []
    by_codes, by_engine = grouping.count_files, grouping.by_engine

    def codes(*given, **more):
        made = by_codes(*given, **more)
        seen.append("codes")
        return made

    monkeypatch.setattr(grouping, "count_files", codes)
    monkeypatch.setattr(
        grouping, "by_engine", lambda *given, **more: (seen.append("engine"), by_engine(*given, **more))[1]
    )
    return seen


@pytest.fixture
def without_codes():
    """Count a file with DuckDB's group-by."""

    def counted(data, **roles):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(grouping, "footer", refuse)
            return outcome_of(data, **roles)

    return counted


def refuse(*_):
    raise UnsuitableError


@pytest.mark.parametrize("kind", scores)
def test_any_rows(kind, tmp_path, without_codes, ways):
    path = tmp_path / "rows.parquet"

    @quick
    @given(rows_of(kind), st.integers(1, 50), st.booleans(), st.sampled_from([3, 8, dense.BATCH]))
    @example([("a", 18.0, True, None, "0")], 1, True, 3)
    def same(rows, group, dictionary, batch):
        table = table_of(rows, kind)
        pq.write_table(table, path, row_group_size=group, use_dictionary=dictionary)
        ways.clear()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(dense, "BATCH", batch)
            by_codes = outcome_of(path)
        assert ways == ["codes"]
        assert by_codes == without_codes(path)
        assert "engine" in ways
        assert by_codes == outcome_of(table.to_pandas())

    same()


# Kinds of columns, against DuckDB's own group-by in plain SQL

KINDS = {
    "int8": pa.array([None, -128, 127, 0, 5, 5], pa.int8()),
    "uint16": pa.array([None, 65535, 0, 7, 7, 7], pa.uint16()),
    "int64 ends": pa.array([None, 2**63 - 1, -(2**63), 0, 1, 1], pa.int64()),
    "int64 near an end": pa.array([2**62 + 5, 2**62 + 6, None, 2**62 + 5, 2**62 + 5, 2**62 + 7], pa.int64()),
    "int32 near an end": pa.array([2**31 - 1, 2**31 - 2, None, 2**31 - 5, 2**31 - 1, 2**31 - 1], pa.int32()),
    "float32": pa.array([None, float("nan"), 0.1, 2.0, 2.0, 1e30], pa.float32()),
    "infinite": pa.array([None, float("nan"), float("inf"), -float("inf"), 2.0, float("inf")], pa.float64()),
    "all NaN": pa.array([float("nan")] * 5 + [None], pa.float64()),
    "nothing": pa.array([None] * 6, pa.int32()),
    "no text": pa.array([None] * 6, pa.string()),
    "bool": pa.array([None, True, False, True, True, None], pa.bool_()),
    "date": pa.array([None, *[datetime.date(2024, 1, day) for day in (1, 2, 2, 3)], datetime.date(1969, 1, 1)]),
    "dates far apart": pa.array([None, datetime.date(1, 1, 1), datetime.date(9999, 12, 31)] * 2),
    "timestamp": pa.array([None, *[datetime.datetime(2024, 1, day, 12) for day in (1, 2, 2, 3, 3)]]),
    "decimal": pa.array([None, Decimal("1.10"), Decimal("1.10"), Decimal("-9.99"), None, Decimal("0.00")]),
    "large text": pa.array(["a", "b", None, "a", "", "a"], pa.large_string()),
    "levels": pa.array(["a", "b", None, "a", "", "a"]).dictionary_encode(),
}  # fmt: skip


def by_duckdb(paths, columns):
    names = ", ".join(columns)
    query = f"SELECT {names}, count(*) FROM read_parquet(?) GROUP BY ALL"
    return counted_rows(duckdb.connect().execute(query, [[str(path) for path in paths]]).fetchall())


def counted_rows(rows):
    """Return rows as text, for NaN is not equal to itself; -0.0 and 0.0 are one value."""
    made = {}
    for *values, people in rows:
        key = tuple(str(float(v) + 0.0) if isinstance(v, float) else str(v) for v in values)
        made[key] = made.get(key, 0) + people
    return made


def by_codes(paths, columns, threads=2):
    footers = [dense.footer(path, columns) for path in paths]
    table = dense.count_files(footers, Work(), threads=threads)
    keys = list(zip(*(column.to_pylist() for column in table.columns[:-1]), strict=True))
    assert len({tuple(map(str, key)) for key in keys}) == table.num_rows  # each combination once
    return counted_rows([(*key, people) for key, people in zip(keys, table.column(-1).to_pylist(), strict=True)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("group", [1, 2, 6])
def test_each_kind_of_column(kind, group, tmp_path):
    path = tmp_path / "one.parquet"
    pq.write_table(pa.table({"c": KINDS[kind], "d": ["x", "y"] * 3}), path, row_group_size=group)
    assert by_codes([path], ["c", "d"]) == by_duckdb([path], ["c", "d"])


@pytest.mark.parametrize(
    "array",
    [
        pa.array([2**63, 1], pa.uint64()),
        pa.array([b"a", b"b"]),
        pa.array([datetime.datetime(2024, 1, 1)], pa.timestamp("us", "UTC")),
        pa.array([[1], [2]]),
        pa.array([{"a": 1}]),
    ],
)
def test_kinds_that_arrow_and_duckdb_hand_over_differently_are_left_to_duckdb(array, tmp_path):
    pq.write_table(pa.table({"c": array}), tmp_path / "one.parquet")
    with pytest.raises(UnsuitableError, match="'c' holds"):
        dense.footer(tmp_path / "one.parquet", ["c"])


def test_values_that_come_late(tmp_path):
    """Each row group brings new words, lower and higher numbers, and then halves: the array changes its shape."""
    rng = np.random.default_rng(7)
    parts = []
    for step in range(1, 30):
        low, high = 500 - 17 * step, 500 + 11 * step
        numbers = rng.integers(low, high, 400)
        parts.append(
            pa.table(
                {
                    "word": [f"word {i}" for i in rng.integers(0, 3 * step, 400)],
                    "whole": pa.array(numbers, pa.int32()),
                    "number": numbers / (2 if step > 20 else 1),
                    "far": pa.array(numbers.astype(np.int64) * (10**6 if step > 10 else 1)),
                }
            )
        )
    path = tmp_path / "late.parquet"
    with pq.ParquetWriter(path, parts[0].schema) as writer:
        for part in parts:
            writer.write_table(part)
    for columns in (["word", "whole"], ["number", "word"], ["far"], ["whole", "number"]):
        assert by_codes([path], columns) == by_duckdb([path], columns)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(threads, tmp_path):
    rng = np.random.default_rng(1)
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"{number}.parquet")
        table = {"g": [f"g{i}" for i in rng.integers(0, 9, 5_000)], "s": rng.integers(300, 850, 5_000)}
        pq.write_table(pa.table(table), paths[-1], row_group_size=700)
    assert by_codes(paths, ["g", "s"], threads) == by_duckdb(paths, ["g", "s"])


def test_too_many_combinations_are_left_to_duckdb(tmp_path, ways, monkeypatch):
    rng = np.random.default_rng(3)
    table = pa.table({name: rng.integers(0, 40, 3_000) for name in "abcd"} | {"s": rng.integers(0, 500, 3_000)})
    pq.write_table(table, tmp_path / "many.parquet", row_group_size=1_000)
    roles = {"groups": ["a", "b"], "score": "s", "higher_is": "better"}
    whole = count(tmp_path / "many.parquet", **roles)
    assert ways == ["codes"]
    monkeypatch.setattr(dense, "MOST_CELLS", 10_000)
    assert count(tmp_path / "many.parquet", **roles).digest == whole.digest == count(table, **roles).digest
    assert ways[1:] == ["engine", "engine"]


def test_too_many_values_are_left_to_duckdb(tmp_path, ways, monkeypatch):
    monkeypatch.setattr(dense, "MOST_VALUES", 50)
    table = pa.table({"g": [f"g{i % 90}" for i in range(900)], "s": [i % 7 for i in range(900)]})
    pq.write_table(table, tmp_path / "many.parquet", row_group_size=100)
    roles = {"groups": "g", "score": "s", "higher_is": "better"}
    assert count(tmp_path / "many.parquet", **roles).digest == count(table, **roles).digest
    assert ways == ["engine", "engine"]


@pytest.mark.parametrize("more", [{"weight": "w"}, {"cluster": "w"}])
def test_weights_and_clusters_are_left_to_duckdb(more, tmp_path, ways):
    table = pa.table({"g": ["a", "b"] * 50, "s": [*range(100)], "w": [1.0, 2.0] * 50})
    pq.write_table(table, tmp_path / "w.parquet")
    roles = {"groups": "g", "score": "s", "higher_is": "better", **more}
    assert count(tmp_path / "w.parquet", **roles).digest == count(table, **roles).digest
    assert "codes" not in ways


def test_rows_that_are_counts_already(tmp_path, ways):
    table = pa.table({"g": ["a", "b", "a"], "d": ["yes", "no", "no"], "n": pa.array([5, 70_000_000, 2], pa.int64())})
    pq.write_table(table, tmp_path / "counts.parquet")
    roles = {"groups": "g", "decision": "d", "favorable": "yes", "counts": "n"}
    assert count(tmp_path / "counts.parquet", **roles).digest == count(table, **roles).digest
    assert ways[0] == "codes"


# Several files that are not alike

DRIFTS = {
    "narrow and wide": (pa.array([1, 2], pa.int8()), pa.array([300, 2], pa.int64()), "codes"),
    "whole and not": (pa.array([1, 2], pa.int32()), pa.array([1.5, 2.0, float("nan")]), "codes"),
    "single and double": (pa.array([1.5, 2.0], pa.float32()), pa.array([1.5, 0.1]), "codes"),
    "text and levels": (pa.array(["1", "2"]), pa.array(["2", "x", None]).dictionary_encode(), "codes"),
    "numbers and text": (pa.array([1, 2]), pa.array(["2", "x", "3"]), "engine"),
    "numbers and booleans": (pa.array([1, 0]), pa.array([True, False, None]), "engine"),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_columns_that_drift_between_files(drift, tmp_path, ways, without_codes):
    one, two, way = DRIFTS[drift]
    paths = []
    for number, (array, groups) in enumerate(itertools.product((one, two), (["p", "q", "p"], ["r", None, "p"]))):
        table = pa.table({"g": groups[: len(array)], "c": array, "y": [0, 1, 0][: len(array)]})
        table = table if number % 2 else table.select(["y", "c", "g"])  # columns in another order
        pq.write_table(table, tmp_path / f"{number}.parquet")
        paths.append(table)
    roles = {"groups": ["g", "c"], "bands": {}, "score": None, "higher_is": None, "cutoff": None, "unobserved": {}}
    found = outcome_of(tmp_path, **roles)
    assert ways == [way]
    assert found == without_codes(tmp_path, **roles)
    assert not isinstance(found, type)


# Files that are not what they say


def test_a_file_that_breaks_off_is_refused_in_the_same_words(tmp_path):
    path = tmp_path / "rows.parquet"
    table = pa.table({"g": [f"g{i % 5}" for i in range(20_000)], "s": np.random.default_rng(2).integers(0, 99, 20_000)})
    pq.write_table(table, path, row_group_size=5_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 3_000 + whole[3_004:])
    with pytest.raises(FairauditError, match=r"rows.parquet cannot be read"):
        count(path, groups="g", score="s", higher_is="better")


def test_a_small_file_of_very_many_rows_stays_small_in_memory(tmp_path):
    """One row group of 20 million alike rows is a few kilobytes of file; it is never held as a whole."""
    path = tmp_path / "alike.parquet"
    rows = 20_000_000
    levels = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, dtype=np.int8)), ["a"])
    table = pa.table({"g": levels, "d": pa.DictionaryArray.from_arrays(levels.indices, ["yes"])})
    pq.write_table(table, path, row_group_size=rows)
    assert path.stat().st_size < 100_000
    del table, levels
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    highest = []
    footers = [dense.footer(path, ["g", "d"])]
    work = Work()
    advance = Work.advance

    class Watched(Work):
        def advance(self, by):
            highest.append(pool.bytes_allocated() - before)
            advance(self, by)

    work = Watched()
    counted = dense.count_files(footers, work)
    assert counted.column("__people").to_pylist() == [rows]
    assert max(highest) < 2**25


def test_names_that_differ_in_capitals_or_have_dots(tmp_path, ways):
    table = pa.table({"g": ["a", "b"], "G": ["x", "y"], "g.h": ["p", "p"], "d": ["yes", "no"]})
    pq.write_table(table, tmp_path / "names.parquet")
    for name in ("g", "G", "g.h"):
        roles = {"groups": name, "decision": "d", "favorable": "yes"}
        assert count(tmp_path / "names.parquet", **roles).digest == count(table, **roles).digest
    assert ways[0] == "codes"


def test_pandas_and_its_index(tmp_path):
    frame = pd.DataFrame({"g": ["a", "b"], "d": ["yes", "no"]}, index=pd.Index([7, 9], name="id"))
    frame.to_parquet(tmp_path / "index.parquet")
    roles = {"groups": "id", "decision": "d", "favorable": "yes"}
    assert count(tmp_path / "index.parquet", **roles).digest == count(frame.reset_index(), **roles).digest


@pytest.mark.parametrize("scheme", ["alone", "alone-or-in-combination"])
def test_every_role_that_values_alone_answer(scheme, tmp_path, ways, without_codes):
    rng = np.random.default_rng(11)
    rows = 4_000
    days = [datetime.date(2024, month, 1) for month in (1, 2, 3)]
    table = pa.table(
        {
            "sex": rng.choice(["F", "M"], rows),
            "white": rng.random(rows) < 0.7,
            "black": pa.array(rng.random(rows) < 0.3, mask=rng.random(rows) < 0.1),
            "s": pa.array(rng.integers(600, 620, rows), pa.int16(), mask=rng.random(rows) < 0.1),
            "d": rng.choice(["yes", "no", "later", "gone"], rows),
            "y": pa.array(rng.choice([0, 1], rows), pa.int8(), mask=rng.random(rows) < 0.3),
            "branch": pa.array(rng.choice(["n", "s"], rows)).dictionary_encode(),
            "income": rng.integers(0, 4, rows) * 25_000,
            "month": pa.array([days[i] for i in rng.integers(0, 3, rows)]),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet", row_group_size=900)
    columns = {"White": "white", "Black": "black"}
    roles = {
        "groups": "sex",
        "races": {"race": {"scheme": scheme, "columns": columns}},
        "score": "s",
        "higher_is": "better",
        "cutoff": [605, 610],
        "decision": "d",
        "decision_levels": {"yes": "favorable", "no": "unfavorable", "later": "intermediate", "gone": "excluded"},
        "outcome": "y",
        "bad": 1,
        "strata": "branch",
        "controls": "income",
        "bands": {"income": [30_000, 60_000]},
        "period": "month",
        "unobserved": {},
    }
    found = outcome_of(tmp_path / "rows.parquet", **roles)
    assert ways == ["codes"]
    assert not isinstance(found, type)
    assert found == without_codes(tmp_path / "rows.parquet", **roles) == outcome_of(table, **roles)
