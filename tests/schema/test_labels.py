"""Values become the same text whatever engine they came from."""

import datetime
import decimal
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.schema.labels import MISSING, band_labels, is_missing, label, number


@pytest.mark.parametrize(
    "value", [30, 30.0, "30", "30.0", " 30 ", np.int64(30), np.float64(30), decimal.Decimal("30.0")]
)
def test_one_number_has_one_label(value):
    assert label(value) == "30"


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("nan"),
        "",
        "   ",
        "nan",
        "NaT",
        "<NA>",
        np.nan,
        pd.NA,
        pd.NaT,
        np.datetime64("NaT"),
        decimal.Decimal("NaN"),
    ],
)
def test_nothing_is_missing(value):
    assert label(value) == MISSING
    assert math.isnan(number(value))


@pytest.mark.parametrize("value", [0, False, "0", "no", 0.0])
def test_zero_and_false_are_something(value):
    assert not is_missing(value)
    assert label(value) != MISSING


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "true"),
        (np.bool_(True), "true"),
        ("TRUE", "true"),
        (False, "false"),
        (-0.0, "0"),
        ("-5.00", "-5"),
        (0.5, "0.5"),
        (1e300, str(int(1e300))),
        (float("inf"), "inf"),
        ("007", "007"),
        ("Hawaiian / Pacific", "Hawaiian / Pacific"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29), "2024-02-29"),
        (pd.Timestamp("2024-02-29"), "2024-02-29"),
        (np.datetime64("2024-02-29"), "2024-02-29"),
        (np.datetime64("2024-02-29", "ns"), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 12), "2024-02-29T12:00:00"),
    ],
)
def test_labels(value, expected):
    assert label(value) == expected


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
@settings(max_examples=200, deadline=None, database=None, derandomize=True)
def test_a_label_is_its_own_label(value):
    assert label(label(value)) == label(value)


@pytest.mark.parametrize(
    ("value", "expected"), [("620", 620.0), (True, 1.0), ("1e3", 1000.0), (decimal.Decimal("0.5"), 0.5)]
)
def test_numbers(value, expected):
    assert number(value) == expected


@pytest.mark.parametrize("value", ["high", "12%", datetime.date(2024, 1, 1), "1,000"])
def test_what_is_no_number(value):
    assert number(value) is None


def test_bands_are_named_as_people_say_them():
    assert band_labels([62]) == ("under 62", "62 and over")
    assert band_labels([62], closed="right") == ("62 and under", "over 62")
    assert band_labels([0.5, 1.25]) == ("under 0.5", "0.5 to under 1.25", "1.25 and over")
