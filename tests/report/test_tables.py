import csv
import dataclasses
import io
import json

import pytest

from fairaudit.report import to_csv_files
from fairaudit.report.tables import spreadsheet_value
from fairaudit.result import Finding, RateRecord


def _rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_every_record_and_every_field_is_in_the_files(sample):
    files = to_csv_files(sample)
    assert set(files) == {"findings.csv", "rates.csv"}
    findings, rates = _rows(files["findings.csv"]), _rows(files["rates.csv"])
    assert (len(findings), len(rates)) == (len(sample.findings), len(sample.rates))
    assert list(findings[0]) == [field.name for field in dataclasses.fields(Finding)]
    assert list(rates[0]) == [field.name for field in dataclasses.fields(RateRecord)]


def test_numbers_come_back_digit_by_digit(sample):
    rows = _rows(to_csv_files(sample)["findings.csv"])
    for row, finding in zip(rows, sample.findings, strict=True):
        for name in ("value", "low", "high", "p"):
            assert (float(row[name]) if row[name] else None) == getattr(finding, name)
        assert json.loads(row["levels"]) == finding.levels


def test_a_negative_number_is_not_taken_for_a_formula(sample):
    gap = next(f for f in sample.findings if f.metric == "selection_rate_difference" and f.value < 0)
    assert str(gap.value).startswith("-")
    row = next(row for row in _rows(to_csv_files(sample)["findings.csv"]) if row["id"] == gap.id)
    assert row["value"] == str(gap.value)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(first):
    assert spreadsheet_value(f"{first}1+1") == f"'{first}1+1"


def test_a_hostile_group_is_text_in_every_cell(hostile):
    for text in to_csv_files(hostile).values():
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert any(cell.startswith("'=HYPERLINK") for cell in cells)
        starts = {cell[0] for cell in cells if cell and not _is_number(cell)}
        assert not starts & set("=+-@\t\r\n")


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
