"""The profile of a file against pandas' own counting of the same column."""

import dataclasses
import gzip
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairaudit.data import profiling
from fairaudit.data.profiling import MOST_LABELS, SHOWN_ROWS, FileProfile, profile_files
from fairaudit.errors import DataContractError

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=1, max_size=12).filter(
    lambda word: word.lower() not in {"nan", "nat", "<na>"} and not word.replace(".", "", 1).lstrip("+-").isdigit()
)
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 3))
ONE_FILE = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def profiled(path, column):
    """Return the one column of a frame that was written to a Parquet file."""
    pd.DataFrame({"id": range(len(column)), "x": column}).to_parquet(path)
    return profile_files(str(path)).columns[1]


@ONE_FILE
@given(st.lists(st.one_of(st.none(), WORDS), min_size=1, max_size=60))
def test_labels_and_what_is_missing_are_as_pandas_counts_them(tmp_path, values):
    made = profiled(tmp_path / "words.parquet", pd.Series(values, dtype="string"))
    counted = pd.Series(values, dtype="object").value_counts()
    assert made.filled == counted.sum()
    assert made.distinct == len(counted)
    assert dict(made.labels) == counted.to_dict()
    assert list(made.labels.values()) == sorted(counted, reverse=True)


@ONE_FILE
@given(st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=80).filter(any))
def test_the_ends_of_a_column_of_numbers_are_its_lowest_and_highest_value(tmp_path, values):
    made = profiled(tmp_path / "numbers.parquet", pd.Series(values, dtype="float64"))
    numbers = pd.Series(values, dtype="float64").dropna()
    assert made.numeric
    assert made.filled == len(numbers)
    assert (made.percentiles[0], made.percentiles[-1]) == (numbers.min(), numbers.max())
    assert len(made.percentiles) == 101
    assert list(made.percentiles) == sorted(made.percentiles)


def test_percentiles_of_many_rows_are_near_those_of_numpy(tmp_path):
    scores = np.random.default_rng(3).normal(650, 70, 50_000)
    made = profiled(tmp_path / "scores.parquet", scores)
    asked = np.arange(5, 100, 5)
    # In ranks and not in values: a sketch promises the one and not the other.
    ranks = np.searchsorted(np.sort(scores), np.array(made.percentiles)[asked]) / len(scores)
    assert np.abs(ranks - asked / 100).max() < 0.01


@pytest.mark.parametrize("n", [MOST_LABELS, MOST_LABELS + 1, 5_000])
def test_a_column_of_more_labels_than_are_shown_is_told_by_how_many(tmp_path, n):
    made = profiled(tmp_path / "many.parquet", [f"v{i}" for i in range(n)] * 2)
    assert bool(made.labels) == (n <= MOST_LABELS)
    assert made.distinct == pytest.approx(n, rel=0.2 if n > MOST_LABELS * 1.2 else 0)
    assert not made.numeric


def test_one_word_among_numbers_makes_it_no_column_of_numbers(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text("x,y\n1,2\n2,oops\n3,4\n")
    one, other = profile_files(str(path)).columns
    assert (one.numeric, other.numeric, other.percentiles) == (True, False, ())


@pytest.mark.parametrize("blank", ["", "  ", "NaN", "nan", "NaT", "<NA>"])
def test_blanks_are_missing_in_a_csv_file_as_they_are_in_an_audit(tmp_path, blank):
    path = tmp_path / "blank.csv"
    path.write_text(f"id,x\n1,a\n2,{blank}\n3,a\n")
    column = profile_files(str(path)).columns[1]
    assert (column.filled, dict(column.labels)) == (2, {"a": 2})


def test_infinity_is_no_number(tmp_path):
    made = profiled(tmp_path / "infinite.parquet", [1.0, np.inf, 3.0])
    assert (made.numeric, made.filled) == (False, 3)


def test_a_whole_number_is_the_same_label_in_every_format(tmp_path):
    frame = pd.DataFrame({"x": [30.0, 30.0, 40.0]})
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_csv(tmp_path / "x.csv", index=False)
    (tmp_path / "x.jsonl").write_text("".join(json.dumps({"x": x}) + "\n" for x in frame.x))
    with gzip.open(tmp_path / "x.csv.gz", "wt") as file:
        frame.to_csv(file, index=False)
    for ending in ("parquet", "csv", "jsonl", "csv.gz"):
        assert dict(profile_files(str(tmp_path / f"x.{ending}")).columns[0].labels) == {"30": 2, "40": 1}


def test_columns_that_are_read_in_parts_come_together_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(profiling, "_AT_A_TIME", 7)
    frame = pd.DataFrame({f"c{i}": [i, i + 1, None] for i in range(31)})
    frame.to_csv(tmp_path / "wide.csv", index=False)
    made = profile_files(str(tmp_path / "wide.csv"))
    assert [column.name for column in made.columns] == list(frame)
    assert [column.percentiles[-1] for column in made.columns] == [i + 1 for i in range(31)]
    assert [dict(column.labels) for column in made.columns] == [{str(i): 1, str(i + 1): 1} for i in range(31)]


def test_the_first_rows_are_shown_and_long_values_cut(tmp_path):
    path = tmp_path / "first.csv"
    path.write_text("x\n" + "".join(f"{letter * 500}\n" for letter in "abcdefgh"))
    first = profile_files(str(path)).columns[0].first
    assert len(first) == SHOWN_ROWS
    assert first[0] == "a" * 80 + "..."


def test_a_name_that_stands_twice_is_left_out(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a,b,a\n1,2,3\n")
    made = profile_files(str(path))
    assert [column.name for column in made.columns] == ["b"]
    assert "more than once in twice.csv: a" in made.issues[0].message


def test_a_profile_survives_json(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text("id,x\n1,a\n2,\n")
    made = profile_files(str(path))
    assert FileProfile.from_plain(json.loads(json.dumps(dataclasses.asdict(made)))) == made


def test_a_header_without_rows_says_so(tmp_path):
    path = tmp_path / "header.csv"
    path.write_text("a,b\n")
    with pytest.raises(DataContractError, match=r"header\.csv has a header and no rows"):
        profile_files(str(path))
