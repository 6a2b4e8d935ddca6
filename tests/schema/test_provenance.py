"""The ledger always adds up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.schema import DataIssue, InputFile, Ledger, Provenance

reasons = st.dictionaries(st.sampled_from("abc"), st.integers(0, 5))
ledgers = st.builds(lambda aside, used: Ledger(sum(aside.values()) + used, aside), reasons, st.integers(0, 9))


@given(ledgers, ledgers, ledgers)
@settings(max_examples=50, deadline=None, database=None, derandomize=True)
def test_ledgers_add_up_in_any_order(a, b, c):
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert (a + b).used == a.used + b.used


def test_reasons_of_nobody_are_left_out_and_the_rest_sorted():
    ledger = Ledger(9, {"z": 1, "a": 2, "m": 0})
    assert list(ledger.set_aside) == ["a", "z"]
    assert ledger.used == 6
    with pytest.raises(TypeError):
        ledger.set_aside["a"] = 0


def test_merged_provenance_keeps_all_files_and_issues():
    def part(name):
        return Provenance(name, Ledger(1), (InputFile(name, 3, "0" * 64),), (DataIssue(name, "", 1, ""),))

    both = part("a.csv") + part("b.csv")
    assert both.name == "a.csv + b.csv"
    assert [file.name for file in both.files] == ["a.csv", "b.csv"]
    assert [issue.code for issue in both.issues] == ["a.csv", "b.csv"]
    assert both.ledger.read == 2
    assert (part("a.csv") + part("a.csv")).name == "a.csv"
