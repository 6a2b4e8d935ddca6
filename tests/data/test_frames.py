"""Frames in memory: broken ones are refused in words, odd columns become labels, the caller's frame stays as it was."""

import datetime
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fairaudit import FairauditError, count
from fairaudit.errors import ColumnNotFoundError, DataContractError, SchemaError


def counted(data, **roles):
    return count(data, **{"groups": "g", "score": "s", "higher_is": "better", **roles})


def refused(data, kind=DataContractError, **roles):
    with pytest.raises(FairauditError) as caught:
        counted(data, **roles)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("data", [42, None, [1, 2], np.zeros((3, 2)), pd.Series([1, 2]), object()])
def test_what_is_no_table(data):
    assert "Give a path, or a pandas" in refused(data)


@pytest.mark.parametrize(
    "data", [pd.DataFrame({"g": [], "s": []}), {"g": [], "s": []}, pl.DataFrame({"g": [], "s": []})]
)
def test_no_rows(data):
    assert "There are no rows" in refused(data)


@pytest.mark.parametrize("data", [pd.DataFrame(), {}, pl.DataFrame()])
def test_no_columns(data):
    assert "Columns: none" in refused(data, ColumnNotFoundError)


def test_columns_of_a_mapping_that_do_not_fit():
    assert "differ in length: 'g' has 1, 's' has 2" in refused({"g": ["A"], "s": [1, 2]})
    assert "'g' of a mapping of columns must be a sequence of values, got str" in refused({"g": "A", "s": [1]})
    assert "'s' of a mapping of columns must be a sequence of values, got int" in refused({"g": ["A"], "s": 1})
    assert "must be a sequence of values, got ndarray" in refused({"g": ["A", "B"], "s": np.zeros((2, 2))})


def test_a_mapping_takes_any_sequences():
    plain = counted({"g": ["A", "B", "A"], "s": [1, 2, 3]})
    for made in (
        {"g": ("A", "B", "A"), "s": range(1, 4)},
        {"g": np.array(["A", "B", "A"]), "s": np.array([1, 2, 3], dtype="int16")},
        {"g": pd.Categorical(["A", "B", "A"]), "s": pd.Series([1, 2, 3], index=[7, 7, 7])},
        {"g": pl.Series(["A", "B", "A"]), "s": pa.array([1, 2, 3])},
        {"g": iter(["A", "B", "A"]), "s": (x for x in (1, 2, 3))},
    ):
        assert counted(made).digest == plain.digest


@pytest.mark.parametrize(
    "data",
    [{"g": ["A", 1, None, 2.5, True], "s": [1, "x", None, 3, "4"]},
     pd.DataFrame({"g": ["A", 1, None, 2.5, True], "s": [1, "x", None, 3, "4"]})],
    ids=["mapping", "pandas"],
)  # fmt: skip
def test_columns_of_mixed_types(data):
    cube = counted(data)
    assert cube.groups == ("2.5", "A", "true", "(missing)")
    found = {issue.code: (issue.count, issue.rows) for issue in cube.provenance.issues}
    assert found == {"score_not_a_number": (1, (2,)), "score_missing": (1, (3,))}
    assert dict(cube.provenance.ledger.set_aside) == {"score 's' is text, not a number": 1}


@pytest.mark.parametrize("values", [[True, 0, 0, 1.0], [1.0, True, 0, 0], [0, 0, 1.0, True]])
@pytest.mark.parametrize("hold", [dict, lambda t: pd.DataFrame(t, dtype=object)], ids=["mapping", "pandas"])
def test_what_stands_first_does_not_decide_the_type(hold, values):
    """Arrow reads [1.0, True] as numbers and [True, 1.0] not at all."""
    with pytest.raises(DataContractError, match=r"2 labels beside the bad one \(1\): 0, true"):
        count(hold({"g": ["a", "b", "a", "b"], "y": values}), groups="g", outcome="y", bad=1)
    assert (
        count(hold({"g": ["a", "b"], "w": [1, 2.5], "y": [0, 1]}), groups="g", outcome="y", bad=1, weight="w").people
        == 2
    )


NESTED = {
    "pandas": pd.DataFrame({"g": [["a"], ["b"]], "s": [1, 2]}),
    "polars": pl.DataFrame({"g": [["a"], ["b"]], "s": [1, 2]}),
    "lazy": pl.LazyFrame({"g": [["a"], ["b"]], "s": [1, 2]}),
    "pyarrow": pa.table({"g": [{"a": 1}, {"a": 2}], "s": [1, 2]}),
    "duckdb": lambda: duckdb.sql("SELECT {'a': 1} AS g, 1 AS s"),  # made late: it lives no longer than its test
    "mapping": {"g": [["a"], ["b"]], "s": [1, 2]},
}


@pytest.mark.parametrize("name", NESTED)
def test_several_values_in_one_cell(name):
    held = NESTED[name]
    assert "a role needs one value a row" in refused(held() if callable(held) else held)


LABELS = {
    "interval": (pd.cut(pd.Series([1, 2, None]), [0, 1, 2]), ("(0.0, 1.0]", "(1.0, 2.0]", "(missing)")),
    "period": (pd.Series(pd.PeriodIndex(["2024-01", "2024-02", None], freq="M")), ("2024-01", "2024-02", "(missing)")),
    "timestamp": (
        pd.to_datetime(pd.Series(["2024-01-01", "2024-01-02", None])),
        ("2024-01-01", "2024-01-02", "(missing)"),
    ),
    "date": (pd.Series([datetime.date(2024, 1, 1), None, None], dtype=object), ("2024-01-01", "(missing)")),
    "decimal": (pd.Series([Decimal("1.50"), Decimal("2"), None]), ("1.5", "2", "(missing)")),
    "float of whole numbers": (pd.Series([10.0, 9.0, None]), ("9", "10", "(missing)")),
    "boolean": (pd.Series([True, False, None], dtype="boolean"), ("false", "true", "(missing)")),
    "blank text": (pd.Series(["a ", " ", ""]), ("a", "(missing)")),
    "category that nobody has": (pd.Series(pd.Categorical(["a", None, None], ["a", "b"])), ("a", "(missing)")),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_odd_columns(name):
    values, groups = LABELS[name]
    assert counted(pd.DataFrame({"g": values, "s": [1, 2, 3]})).groups == groups


SCORES = {
    "decimal": [Decimal("1.5"), Decimal(2)],
    "float32": np.array([0.5, 2], dtype="float32"),
    "unsigned": np.array([2**63, 1], dtype="uint64"),
    "nullable": pd.array([1, 2], dtype="Int64"),
    "text of numbers": [" 1.5", "2e0"],
    "minus zero": [-0.0, 0.0],
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_any_type_of_number(name):
    values = counted({"g": ["A", "B"], "s": SCORES[name]}).axes.score.values.tolist()
    assert values == sorted({float(value) for value in SCORES[name]})


def test_dates_are_no_scores():
    frame = pd.DataFrame({"g": ["A", "B"], "s": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    assert "The score column 's' holds text ('2024-01-01" in refused(frame)


# Names


def framed(names, rows=(("A", 1, 2, 3),)):
    return pd.DataFrame(rows, columns=names)


DOUBLED = {
    "pandas": framed,
    "pyarrow": lambda names: pa.Table.from_arrays([pa.array([v]) for v in ("A", 1, 2, 3)], names=names),
}


@pytest.mark.parametrize("name", DOUBLED)
def test_doubled_column_names(name):
    assert "Column 's' stands 2 times" in refused(DOUBLED[name](["g", "s", "s", "x"]))
    cube = counted(DOUBLED[name](["g", "s", "x", "x"]))
    assert [(issue.code, issue.count) for issue in cube.provenance.issues] == [("column_names_twice", 1)]
    assert "Column 'nobody' not found" in refused(
        DOUBLED[name](["g", "s", "x", "x"]), ColumnNotFoundError, score="nobody"
    )


@pytest.mark.parametrize(
    "name", ['"; DROP TABLE people; --', " lead", "two\nlines", "größe", "select", "c0", "__people"]
)
def test_any_column_name(name):
    table = pa.table({name: ["A", "B"], "s": [1, 2]})
    for frame in (
        table,
        table.to_pandas(),
        pl.from_arrow(table),
        pl.from_arrow(table).lazy(),
        duckdb.from_arrow(table),
    ):
        cube = counted(frame, groups=name)
        assert (cube.groups, cube.axes.names) == (("A", "B"), (name,))


def test_names_of_several_levels():
    names = pd.MultiIndex.from_tuples([("g", "x"), ("s", "y")])
    assert "Column 'g' not found" in refused(pd.DataFrame([["A", 1]], columns=names), ColumnNotFoundError)


# Frames that fail when their rows are asked for


def test_a_query_that_fails():
    wrong = duckdb.sql("SELECT 'A' AS g, cast(x AS int) AS s FROM (VALUES ('1'), ('y')) t(x)")
    assert "cannot be read" in refused(wrong)
    lazy = pl.LazyFrame({"g": ["A"], "s": ["x"]})
    assert "cannot be read" in refused(lazy.with_columns(pl.col("s").cast(pl.Int64)))
    assert "cannot be read" in refused(lazy.select("g", pl.col("nobody").alias("s")))


def test_a_closed_connection():
    connection = duckdb.connect()
    relation = connection.sql("SELECT 'A' AS g, 1 AS s")
    connection.close()
    assert "already been closed" in refused(relation)


def test_our_own_errors_are_not_blamed_on_the_data(monkeypatch):
    from fairaudit.data import counting

    def wrong(*_, **__):
        raise KeyError("a bug")

    monkeypatch.setattr(counting, "group_rows", wrong)
    with pytest.raises(KeyError):
        counted({"g": ["A"], "s": [1]})


def test_the_frame_stays_as_it_was():
    frame = pd.DataFrame({"g": ["A", "B", None], "s": [1, 2, 3], "w": [1.0, 2.0, np.nan]})
    before = frame.copy(deep=True)
    counted(frame, weight="w")
    pd.testing.assert_frame_equal(frame, before)


def test_a_duckdb_relation_is_not_ordered_and_a_frame_is():
    table = pa.table({"g": ["A", "B"], "s": [1.0, None]})
    assert counted(table).provenance.issues[0].rows == (2,)
    assert counted(duckdb.from_arrow(table)).provenance.issues[0].rows == ()


# Weights


WEIGHTS = [1.0, -1.0, float("nan"), 0.0, None, float("inf"), 2.5]


@pytest.mark.parametrize(
    "hold",
    [lambda t: t, pd.DataFrame, lambda t: pl.DataFrame(t, strict=False), lambda t: pl.LazyFrame(t, strict=False),
     lambda t: duckdb.from_arrow(pa.table(t))],
    ids=["mapping", "pandas", "polars", "lazy", "duckdb"],
)  # fmt: skip
def test_weights_that_are_no_weights_are_set_aside(hold):
    cube = counted(hold({"g": ["A"] * 7, "s": [1] * 7, "w": WEIGHTS}), weight="w")
    ledger = cube.provenance.ledger
    assert (ledger.read, ledger.used, sum(ledger.set_aside.values())) == (7, 3, 4)  # 1, 0 and 2.5 are weights
    assert int(cube.w.sum()) == 3_500_000
    [issue] = cube.provenance.issues
    assert (issue.code, issue.count) == ("weight_invalid", 4)


def test_weights_as_text(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text('g,s,w\nA,1,1\nB,2,x\nA,3,\nB,4,"1,5"\nB,5, 2.5 \n')
    cube = counted(path, weight="w")
    assert (cube.people, int(cube.w.sum())) == (2, 3_500_000)
    assert cube.provenance.issues[0].rows == (2, 3, 4)
    path.write_text("g,s,w\nA,1,x\nB,2,y\n")
    assert "No row of w.csv can be used" in refused(path, weight="w")
    assert "must be a column of numbers; 'w' holds String" in refused(
        {"g": ["A"], "s": [1], "w": ["1"]}, SchemaError, weight="w"
    )


def test_weights_too_large_to_add_up():
    for weights in ([1e15, 1e300], [1e12, 1e12]):
        text = refused({"g": ["A", "B"], "s": [1, 2], "w": weights}, SchemaError, weight="w")
        assert "divide the column by a constant" in text
    counts = {"g": ["A", "B"], "s": [1, 2], "w": [1e3, 1e3], "n": [2**40, 1]}
    assert "do not fit" in refused(counts, SchemaError, weight="w", counts="n")


# Counts


@pytest.mark.parametrize(
    ("value", "said"),
    [("-7", "has '-7' in row 4"), ("1.5", "has '1.5' in row 4"), ("many", "has 'many' in row 4"), ("", "in row 4"),
     ("NaN", "has 'NaN' in row 4"), ("inf", "has 'inf' in row 4"), ("1e20", "in row 4")],
)  # fmt: skip
def test_counts_that_are_no_counts(tmp_path, value, said):
    path = tmp_path / "c.csv"
    path.write_text(f"g,o,n\nA,1,3\nB,0,5\nB,1,3\nC,0,{value}\nC,1,5\n")
    text = refused(path, outcome="o", bad=1, counts="n", score=None, higher_is=None)
    assert said in text
    assert "column 'n' of c.csv" in text


def test_counts_are_people():
    cube = counted({"g": ["A", "B", "C"], "s": [1, 2, 3], "n": [3, 0, 2.0], "w": [0.5, 1, 2]}, counts="n", weight="w")
    assert (cube.people, cube.provenance.ledger.read, int(cube.w.sum())) == (5, 5, 5_500_000)
    assert "There are no rows" in refused({"g": ["A"], "s": [1], "n": [0]}, counts="n")
    huge = {"g": ["A"] * 3, "s": [1, 2, 3], "n": [2**52, 2**52, 2**52]}
    assert "add up to more than" in refused(huge, counts="n")
