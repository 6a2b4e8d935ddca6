"""What the time of an audit grows with: not with the rows, once they are counted.

python benchmarks/growth.py
python benchmarks/growth.py --save      # and writes its section of docs/benchmarks.md
"""

import argparse

import numpy as np
import pandas as pd
from saving import in_words, machine, save, table, timed

import fairaudit as fa

TITLE = "What an audit's time grows with"
ROLES = {"score": "points", "higher_is": "better", "cutoff": 620, "outcome": "outcome", "bad": "defaulted"}


def make_rows(rows: int, groups: int, seed: int = 20_240_501) -> pd.DataFrame:
    """Return people of so many groups, with a score of 300 to 850 points and an outcome in words."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, rows)
    merit = rng.normal(size=rows) - 0.02 * group
    names = np.array([f"group {number:02d}" for number in range(groups)], dtype=object)
    return pd.DataFrame(
        {
            "group": names[group],
            "points": np.clip(620 + 80 * merit + 30 * rng.normal(size=rows), 300, 850).round().astype(int),
            "outcome": np.where(merit + rng.normal(size=rows) > -1, "repaid", "defaulted").astype(object),
        }
    ).astype({"group": "str", "outcome": "str"})


def measure(rows: int, groups: int) -> list[str]:
    """Return a line of the table: rows, groups, counting, auditing the counts, findings."""
    frame = make_rows(rows, groups)
    counting, cube = timed(lambda: fa.count(frame, groups="group", **ROLES), 3)
    auditing, audit = timed(lambda: fa.audit(cube, reference={"group": "group 00"}), 3)
    findings = len(audit.result.findings)
    return [f"{rows:,}", f"{groups}", in_words(counting), in_words(auditing), f"{findings:,}"]


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write this section of docs/benchmarks.md")
    arguments = parser.parse_args()
    measure(2_000, 2)
    rows = [measure(rows, 5) for rows in (10_000, 100_000, 1_000_000, 5_000_000)]
    groups = [measure(100_000, groups) for groups in (2, 20, 50)]
    header = ["rows", "groups", "counting the rows", "auditing the counts", "findings"]
    text = f"""A score of 551 values, one cut-off, outcomes: `fa.count(...)` of a pandas frame, then `fa.audit(cube)`
with every metric, interval and comparison. Medians of three runs.

More rows, five groups:

{table(header, rows)}

More groups, 100,000 rows:

{table(header, groups)}

{machine(["fairaudit-toolkit", "pandas", "numpy", "scipy", "pyarrow", "narwhals"])}
"""
    print(text)
    if arguments.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
