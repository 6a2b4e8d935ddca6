"""AIF360 on German credit: values made once by aif360_values.py, in an environment of its own."""

import json
from pathlib import Path

import pytest

import fairaudit as fa

VALUES = json.loads((Path(__file__).parent / "aif360_values.json").read_text())
CONTRASTS = [
    "selection_rate_difference",
    "adverse_impact_ratio",
    "equal_opportunity_difference",
    "predictive_equality_difference",
    "average_odds_difference",
    "average_absolute_odds_difference",
    "equalized_odds_difference",
]
SUMMARIES = ["generalized_entropy_index", "theil_index", "between_group_entropy", "differential_fairness"]


@pytest.fixture(scope="module")
def rows():
    known = fa.load_dataset("german_credit")
    known["male"] = (~known["personal_status_sex"].str.startswith("female")).astype(int)
    known["over_25"] = (known["age"] > 25).astype(int)
    known["both"] = known["male"].astype(str) + known["over_25"].astype(str)
    known["selected"] = (known["duration"] <= 24).astype(int)
    return known


@pytest.fixture(scope="module")
def audit(rows):
    return fa.audit(
        rows, decision="selected", favorable=1, outcome="credit_risk", good="good", groups=["male", "over_25", "both"],
        reference={"male": 1, "over_25": 1, "both": "11"}, rng=1,
    )  # fmt: skip


@pytest.mark.parametrize("attribute", VALUES["attributes"])
@pytest.mark.parametrize("metric", CONTRASTS)
def test_contrasts(audit, attribute, metric):
    found = [f for f in audit.result.findings if (f.metric, f.attribute, f.group) == (metric, attribute, "0")]
    assert [f.value for f in found] == [pytest.approx(VALUES["attributes"][attribute][metric], rel=1e-9)]


@pytest.mark.parametrize("attribute", VALUES["attributes"])
@pytest.mark.parametrize("metric", SUMMARIES)
def test_summaries(audit, attribute, metric):
    found = [r for r in audit.result.measurements if (r.metric, r.attribute) == (metric, attribute)]
    assert [r.value for r in found] == [pytest.approx(VALUES["attributes"][attribute][metric], rel=1e-9)]


@pytest.mark.parametrize("metric", VALUES["crossing"])
def test_summaries_over_the_crossing(audit, metric):
    found = [r for r in audit.result.measurements if (r.metric, r.attribute) == (metric, "both")]
    assert [r.value for r in found] == [pytest.approx(VALUES["crossing"][metric], rel=1e-9)]
