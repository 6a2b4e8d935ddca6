"""Values of AIF360 that tests/reference/test_aif360_values.py holds fairaudit against. Tests do not need AIF360.

To make them anew, in an environment of its own (from the root of the checkout):

    pip install aif360==0.6.1
    python tests/reference/aif360_values.py > tests/reference/aif360_values.json
"""

import json
import logging
from importlib.metadata import version

import pandas as pd

logging.disable(logging.WARNING)  # about the optional parts of AIF360 that are not installed

from aif360.datasets import BinaryLabelDataset  # noqa: E402
from aif360.metrics import BinaryLabelDatasetMetric as decided  # noqa: E402, N813
from aif360.metrics import ClassificationMetric  # noqa: E402


def pair(table, attributes, selected):
    """Return the data set with its outcomes, and with the decisions in their place."""
    columns = table[["good", *attributes]]
    true = BinaryLabelDataset(df=columns, label_names=["good"], protected_attribute_names=attributes)
    predicted = true.copy()
    predicted.labels = selected
    return true, predicted


def main() -> None:
    """Print the values as JSON: german_credit, selected where the duration is at most 24 months."""
    rows = pd.read_csv("datasets/german_credit/german_credit.csv")
    table = pd.DataFrame(
        {
            "good": (rows["credit_risk"] == "good").astype(float),
            "male": (~rows["personal_status_sex"].str.startswith("female")).astype(float),
            "over_25": (rows["age"] > 25).astype(float),
        }
    )
    attributes = ["male", "over_25"]
    selected = (rows["duration"] <= 24).astype(float).to_numpy().reshape(-1, 1)
    found = {}
    for name in attributes:
        true, predicted = pair(table, [name], selected)
        sides = {"unprivileged_groups": [{name: 0}], "privileged_groups": [{name: 1}]}
        made = ClassificationMetric(true, predicted, **sides)
        found[name] = {
            "selection_rate_difference": made.statistical_parity_difference(),
            "adverse_impact_ratio": made.disparate_impact(),
            "equal_opportunity_difference": made.equal_opportunity_difference(),
            "predictive_equality_difference": made.false_positive_rate_difference(),
            "average_odds_difference": made.average_odds_difference(),
            "average_absolute_odds_difference": made.average_abs_odds_difference(),
            "equalized_odds_difference": made.equalized_odds_difference(),
            "generalized_entropy_index": made.generalized_entropy_index(),
            "theil_index": made.theil_index(),
            "between_group_entropy": made.between_group_generalized_entropy_index(),
            "differential_fairness": decided(predicted, **sides).smoothed_empirical_differential_fairness(),
        }
    both = {
        "unprivileged_groups": [{"male": 0, "over_25": 0}],
        "privileged_groups": [{"male": 1, "over_25": 1}],
    }
    true, predicted = pair(table, attributes, selected)
    made = ClassificationMetric(true, predicted, **both)
    crossing = {
        "between_group_entropy": made.between_all_groups_generalized_entropy_index(),
        "differential_fairness": decided(predicted, **both).smoothed_empirical_differential_fairness(),
    }
    versions = {name: version(name) for name in ("aif360", "numpy", "pandas")}
    print(json.dumps({"made_with": versions, "attributes": found, "crossing": crossing}, indent=2, default=float))


if __name__ == "__main__":
    main()
