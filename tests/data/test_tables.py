import numpy as np
import pandas as pd
import polars as pl
import pytest

import fairaudit as fa
from fairaudit.data.tables import levels_of, read_rows
from fairaudit.errors import ColumnNotFoundError, DataContractError


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,income,zip,home,debt\n1,50.5,00123,own,3\n2,,10999,,n/a\n3,1e3,20001,rent,4\n")
    return path


def test_a_files_numbers_are_numbers_and_its_codes_stay_text(people):
    made = read_rows(people)
    assert made.name == "people.csv"
    assert made.files[0].name == "people.csv"
    assert made.rows["income"].tolist()[0::2] == [50.5, 1000.0]
    assert np.isnan(made.rows["income"][1])
    assert made.rows["zip"].tolist() == ["00123", "10999", "20001"]
    assert made.rows["home"].isna().tolist() == [False, True, False]
    assert made.rows["debt"].tolist() == ["3", "n/a", "4"]


def test_named_columns_stay_text(people):
    assert read_rows(people, ["id"], text=["id"]).rows["id"].tolist() == ["1", "2", "3"]


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_other_files_hold_the_same_rows(people, tmp_path, ending):
    frame = pl.DataFrame({"income": [50.5, None, 1000.0], "home": ["own", None, "rent"]})
    path = tmp_path / f"people.{ending}"
    frame.write_parquet(path) if ending == "parquet" else frame.write_ndjson(path)
    made = read_rows(path).rows[["income", "home"]]
    expected = read_rows(people, ["income", "home"]).rows
    pd.testing.assert_frame_equal(made.astype(object), expected.astype(object), check_dtype=False)


def test_frames_keep_their_types():
    frame = pd.DataFrame({"home": pd.Categorical(["own", "rent"]), "n": [1, 2]})
    assert read_rows(frame).rows["home"].dtype == "category"
    assert read_rows(pl.DataFrame({"n": [1, 2]})).rows["n"].tolist() == [1, 2]


def test_what_is_not_there_is_an_error_in_words(people, tmp_path):
    with pytest.raises(ColumnNotFoundError, match="Did you mean 'income'"):
        read_rows(people, ["incme"])
    with pytest.raises(ColumnNotFoundError, match="'x' not found in a pandas DataFrame"):
        read_rows(pd.DataFrame({"y": [1]}), ["x"])
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(DataContractError, match="neither a header nor rows"):
        read_rows(empty)
    with pytest.raises(DataContractError, match="Cannot read a int as rows"):
        read_rows(3)


@pytest.mark.parametrize("closed", ["left", "right"])
def test_rows_have_the_groups_that_counting_gives_them(closed):
    ages = [20, 25, 61.5, 62, None, float("nan"), 75, 80]
    people = pd.DataFrame({"age": ages, "home": ["own", "", "rent", None, "own", "own", "x", "x"], "ok": 1})
    cube = fa.count(people, decision="ok", favorable=1, groups=["age", "home"], bands={"age": [25, 62]}, closed=closed)
    for name, edges in (("age", (25, 62)), ("home", ())):
        marginal = cube.marginal(name)
        counted = dict(zip(marginal.groups, marginal.group_people.tolist(), strict=True))
        levels = levels_of(people[name], edges, closed)
        assert {level: int((levels == level).sum()) for level in counted} == counted
