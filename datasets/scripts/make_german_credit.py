"""Make german_credit/german_credit.csv: the Statlog file with column names and readable, corrected labels.

Run: python datasets/scripts/make_german_credit.py

Every row and every number stays as it is in german.data, in the same order; only codes become words.
The words are those of Groemping (2019), who went back to the German original: the code table that
comes with german.data is wrong for several columns (its A11 "less than 0 DM" is "no checking account",
its A93 "male: single" is "male: married or widowed"). The link between her codes and those of german.data
was checked by matching 990 people who have one amount, duration and age in both files.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "german_credit"

# Column, then the label of each code; None keeps the number.
COLUMNS: dict[str, dict[str, str] | None] = {
    "status": {
        "A11": "no checking account",
        "A12": "below 0 DM",
        "A13": "0 to under 200 DM",
        "A14": "200 DM or more, or salary for at least 1 year",
    },
    "duration": None,
    "credit_history": {
        "A30": "delay in paying off in the past",
        "A31": "critical account or other credits elsewhere",
        "A32": "no credits taken or all paid back duly",
        "A33": "existing credits paid back duly till now",
        "A34": "all credits at this bank paid back duly",
    },
    "purpose": {
        "A40": "others",
        "A41": "car (new)",
        "A42": "car (used)",
        "A43": "furniture or equipment",
        "A44": "radio or television",
        "A45": "domestic appliances",
        "A46": "repairs",
        "A47": "education",
        "A48": "vacation",
        "A49": "retraining",
        "A410": "business",
    },
    "amount": None,
    "savings": {
        "A61": "unknown or no savings account",
        "A62": "under 100 DM",
        "A63": "100 to under 500 DM",
        "A64": "500 to under 1000 DM",
        "A65": "1000 DM or more",
    },
    "employment_duration": {
        "A71": "unemployed",
        "A72": "under 1 year",
        "A73": "1 to under 4 years",
        "A74": "4 to under 7 years",
        "A75": "7 years or more",
    },
    "installment_rate": {
        "1": "35% or more",
        "2": "25% to under 35%",
        "3": "20% to under 25%",
        "4": "under 20%",
    },
    "personal_status_sex": {
        "A91": "male: divorced or separated",
        "A92": "female: not single, or male: single",
        "A93": "male: married or widowed",
        "A94": "female: single",
    },
    "other_debtors": {"A101": "none", "A102": "co-applicant", "A103": "guarantor"},
    "present_residence": {
        "1": "under 1 year",
        "2": "1 to under 4 years",
        "3": "4 to under 7 years",
        "4": "7 years or more",
    },
    "property": {
        "A121": "unknown or no property",
        "A122": "car or other",
        "A123": "building society savings or life insurance",
        "A124": "real estate",
    },
    "age": None,
    "other_installment_plans": {"A141": "bank", "A142": "stores", "A143": "none"},
    "housing": {"A151": "for free", "A152": "rent", "A153": "own"},
    "number_credits": {"1": "1", "2": "2-3", "3": "4-5", "4": "6 or more"},
    "job": {
        "A171": "unemployed or unskilled, non-resident",
        "A172": "unskilled, resident",
        "A173": "skilled employee or official",
        "A174": "manager, self-employed or highly qualified employee",
    },
    "people_liable": {"1": "0 to 2", "2": "3 or more"},
    "telephone": {"A191": "no", "A192": "yes"},
    "foreign_worker": {"A201": "no", "A202": "yes"},
    "credit_risk": {"1": "good", "2": "bad"},
}


def decode(line: str) -> list[str]:
    """Return one row of german.data in words; a code that is not in the table is a KeyError."""
    values = line.split()
    return [value if labels is None else labels[value] for value, labels in zip(values, COLUMNS.values(), strict=True)]


def field(value: str) -> str:
    """Return a value as a field of a comma-separated file."""
    return f'"{value}"' if "," in value else value


def text() -> str:
    """Return german_credit.csv as text."""
    lines = (FOLDER / "german.data").read_text(encoding="ascii").splitlines()
    rows = [list(COLUMNS), *(decode(line) for line in lines)]
    return "\n".join(",".join(field(value) for value in row) for row in rows) + "\n"


if __name__ == "__main__":
    (FOLDER / "german_credit.csv").write_bytes(text().encode())
