"""The contract of result.json: the schema in the package is the one the records make, and results obey it.

``python tests/test_result.py`` writes the schema anew after the records have changed.
"""

import json
from pathlib import Path

import jsonschema
import pytest

import fairaudit.result
from fairaudit.errors import DataContractError
from fairaudit.result import (
    AttributeRecord,
    Finding,
    InputRecord,
    LedgerRecord,
    PolicyRecord,
    RateRecord,
    Result,
    SchemaRecord,
    finite,
    json_schema,
    read_result,
)

COMMITTED = Path(fairaudit.result.__file__).with_name("result.schema.json")


def schema_text():
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


@pytest.fixture
def result():
    """Two groups of recorded decisions, with a number that is undefined and one that has no bound."""
    rate = RateRecord(
        "selection_rate", "sex", "Female", {"sex": "Female"}, None, 0.0, 0.0, None, None, None, None, 0,
        undefined="nobody was decided on",
    )  # fmt: skip
    finding = Finding(
        "adverse-impact-ratio/sex/Female/recorded", "primary", "adverse-impact-ratio", "adverse_impact_ratio", "ratio",
        "sex", "Female", {"sex": "Female"}, "Male", None, None, 0.4, None, "Miettinen-Nurminen", None, None, None, 0, 9,
        None, None, 0.8, "insufficient", "reason", "sentence", unbounded="value", sensitivity={"mid_p": None},
    )  # fmt: skip
    return Result(
        schema_version="1.0",
        tool={"name": "fairaudit"},
        created=None,
        input=InputRecord("a.csv", "0" * 64, [], LedgerRecord(9, 9, {})),
        schema=SchemaRecord(
            {"decision": "hired"}, 9, "decisions as recorded", "hired", [],
            [AttributeRecord("sex", {"Female": 0, "Male": 9}, "Male", "named")], {"yes": 9}, {}, outcomes_complete=True,
        ),
        policy=PolicyRecord("p", "1", "P", "0" * 64, "internal", "nowhere", "named", 0.05, 0.8, []),
        seed=1,
        confidence=0.95,
        rates=[rate],
        findings=[finding],
        curves=None,
        not_run=[],
        issues=[],
        cube={},
    )  # fmt: skip


def test_the_committed_schema_is_that_of_the_records():
    assert json.loads(COMMITTED.read_text("utf-8")) == json_schema(), "run: python tests/test_result.py"


def test_the_schema_is_one_that_validators_accept():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_a_result_obeys_the_schema_and_comes_back_the_same(result):
    text = result.to_json()
    jsonschema.Draft202012Validator(json.loads(COMMITTED.read_text("utf-8"))).validate(json.loads(text))
    assert read_result(text) == result
    assert read_result(text).to_json() == text


@pytest.mark.parametrize(
    ("place", "bad"),
    [(("findings", 0, "status"), "pass"), (("findings", 0, "n"), "many"), (("rates", 0, "group"), None)],
)
def test_the_schema_and_the_reader_refuse_the_same(result, place, bad):
    data = result.to_dict()
    inner = data
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = bad
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json_schema()).validate(data)
    with pytest.raises(DataContractError, match=r"rates\.0\.group|findings\.0\.(status|n)"):
        read_result(json.dumps(data))


def test_text_that_is_no_result_is_refused_with_the_mend():
    with pytest.raises(DataContractError, match=r"Give the result\.json"):
        read_result("not json")


def test_a_number_that_is_not_finite_never_reaches_the_file(result):
    object.__setattr__(result, "confidence", float("nan"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        result.to_json()
    assert [finite(value) for value in (float("inf"), float("nan"), None, 1)] == [None, None, None, 1.0]


if __name__ == "__main__":
    COMMITTED.write_text(schema_text(), "utf-8")
