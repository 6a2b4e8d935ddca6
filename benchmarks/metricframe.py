"""Against fairlearn's MetricFrame: the same rows, the same metrics, one process.

Both sides start from one pandas frame of text columns and are timed to the last number, so reading the
text is in both. The two must agree to 1e-12, or the script ends with an error.

    python benchmarks/metricframe.py            # 10,000 to 1,000,000 rows; some minutes, nearly all of it fairlearn's
    python benchmarks/metricframe.py --save     # and writes its section of docs/benchmarks.md
"""

import argparse
import sys
import warnings

import numpy as np
import pandas as pd
from saving import in_words, machine, save, table, timed

import fairaudit as fa
from fairaudit.cube.confusion import Confusion
from fairaudit.inference.bootstrap import bootstrap
from fairaudit.metrics import METRICS

TITLE = "fairlearn's MetricFrame"
GROUPS = ["race", "sex", "age"]
LEVELS = {
    "race": (["White", "Black", "Hispanic", "Asian", "Other"], [0.55, 0.17, 0.16, 0.08, 0.04]),
    "sex": (["Female", "Male"], [0.5, 0.5]),
    "age": (["under 25", "25-34", "35-44", "45-54", "55-61", "62 and over"], [0.12, 0.22, 0.2, 0.18, 0.13, 0.15]),
}
REFERENCE = {"race": "White", "sex": "Male", "age": "35-44"}
ROLES = {"decision": "decision", "favorable": "approved", "outcome": "outcome", "bad": "defaulted"}
NAMES = ["selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"]
PACKAGES = ["fairaudit-toolkit", "fairlearn", "scikit-learn", "pandas", "numpy", "scipy", "pyarrow", "narwhals"]
DRAWS = 10_000
AGREE = 1e-12
OURS = 5
"""Repeats of our side, of which the median is taken."""
THEIRS = {10_000: (3, 10), 100_000: (3, 3), 1_000_000: (2, 2)}
"""Rows -> repeats of a MetricFrame, bootstrap replicates measured."""


def make_rows(rows: int, seed: int = 20_240_501) -> pd.DataFrame:
    """Return applicants with five columns of text: three attributes, the decision, what happened."""
    rng = np.random.default_rng(seed)
    chosen = {name: rng.choice(len(names), rows, p=shares) for name, (names, shares) in LEVELS.items()}
    frame = {name: np.array(LEVELS[name][0], dtype=object)[codes] for name, codes in chosen.items()}
    merit = rng.normal(size=rows) - 0.3 * (chosen["race"] == 1) + 0.05 * chosen["age"]
    noise = rng.normal(size=(2, rows))
    frame["decision"] = np.where(merit + noise[0] > 0.2, "approved", "declined")
    frame["outcome"] = np.where(merit + noise[1] > -0.9, "repaid", "defaulted")
    return pd.DataFrame(frame).astype("str")


def ours(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the four metrics of the 60 groups as fairaudit computes them."""
    return measured(fa.count(frame, groups=GROUPS, **ROLES).confusion())


def measured(k: Confusion) -> dict[str, np.ndarray]:
    """Return the four metrics of a confusion; leading axes (draws) stay."""
    return {name: METRICS[name](k).value for name in NAMES}


def theirs(frame: pd.DataFrame, **options):
    """Return the MetricFrame of the same rows and metrics."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import accuracy_score

    functions = [selection_rate, true_positive_rate, false_positive_rate, accuracy_score]
    return MetricFrame(
        metrics=dict(zip(NAMES, functions, strict=True)),
        y_true=(frame["outcome"] == "repaid").astype(int),
        y_pred=(frame["decision"] == "approved").astype(int),
        sensitive_features=frame[GROUPS],
        **options,
    )


def largest_gap(frame: pd.DataFrame, by_group: pd.DataFrame) -> float:
    """Return the largest difference between the two, over all groups and metrics."""
    cube = fa.count(frame, groups=GROUPS, **ROLES)
    found = pd.DataFrame(measured(cube.confusion()), index=pd.MultiIndex.from_tuples(cube.axes.cell_levels()))
    expected = by_group[NAMES].loc[found.index].astype(float)
    return float(np.abs(found.to_numpy() - expected.to_numpy()).max())


def draws_of_counts(frame: pd.DataFrame) -> np.ndarray:
    """Return the four metrics of the 60 groups in 10,000 resamples, from rows to the last number."""
    k = fa.count(frame, groups=GROUPS, **ROLES).confusion()

    def statistic(counts: np.ndarray) -> np.ndarray:
        drawn = measured(Confusion.from_counts(counts))
        return np.stack([drawn[name] for name in NAMES], axis=-1)

    return bootstrap(statistic, k.table.n, draws=DRAWS, rng=1)


def audited(frame: pd.DataFrame) -> fa.Audit:
    """Return the whole audit: three attributes and their crossing, every metric, interval and test."""
    return fa.audit(frame, groups=GROUPS, reference=REFERENCE, cross=[GROUPS], **ROLES)


def compare(rows: int) -> dict[str, float]:
    """Return the seconds of both sides at one number of rows."""
    repeats, replicates = THEIRS.get(rows, (1, 1))
    frame = make_rows(rows)
    point, _ = timed(lambda: ours(frame), OURS)
    drawn, _ = timed(lambda: draws_of_counts(frame), OURS)
    whole, made = timed(lambda: audited(frame), 3)
    their_point, metric_frame = timed(lambda: theirs(frame), repeats)
    gap = largest_gap(frame, metric_frame.by_group)
    if not gap <= AGREE:
        message = f"fairaudit and fairlearn differ by {gap:.2g} at {rows:,} rows"
        raise SystemExit(message)
    with warnings.catch_warnings():
        # A replicate in which a group vanished warns of an empty mean.
        warnings.simplefilter("ignore")
        their_boot, _ = timed(lambda: theirs(frame, n_boot=replicates, ci_quantiles=[0.025, 0.975], random_state=1), 1)
    return {
        "rows": rows,
        "point": point,
        "their_point": their_point,
        "gap": gap,
        "drawn": drawn,
        "replicates": replicates,
        "their_replicate": (their_boot - their_point) / replicates,
        "audit": whole,
        "findings": len(made.result.findings),
        "intervals": sum(rate.low is not None for rate in made.result.rates),
    }


def report(found: list[dict[str, float]]) -> str:
    """Return the tables as Markdown."""
    points = table(
        ["rows", "fairaudit", "fairlearn", "times faster", "largest difference"],
        [
            [
                f"{f['rows']:,}",
                in_words(f["point"]),
                in_words(f["their_point"]),
                f"{f['their_point'] / f['point']:,.0f}",
                f"{f['gap']:.1g}",
            ]
            for f in found
        ],
    )
    draws = table(
        [
            "rows",
            f"fairaudit, {DRAWS:,} draws",
            "fairlearn, one replicate (replicates measured)",
            f"fairlearn, {DRAWS:,} (extrapolated)",
            "times faster",
        ],
        [
            [
                f"{f['rows']:,}",
                in_words(f["drawn"]),
                f"{in_words(f['their_replicate'])} ({f['replicates']})",
                in_words(f["their_replicate"] * DRAWS),
                f"{f['their_replicate'] * DRAWS / f['drawn']:,.0f}",
            ]
            for f in found
        ],
    )
    audits = table(
        ["rows", "whole audit", "rates with an interval", "findings"],
        [[f"{f['rows']:,}", in_words(f["audit"]), f"{f['intervals']:,}", f"{f['findings']:,}"] for f in found],
    )
    repeats = ", ".join(f"{THEIRS.get(f['rows'], (1, 1))[0]} at {f['rows']:,} rows" for f in found)
    return f"""Point estimates: {", ".join(NAMES)}
of 60 groups (race 5 x sex 2 x age 6), from a pandas frame of text columns to the numbers, reading the text included
on both sides. fairaudit: `fa.count(...)`, then the metrics of the counts. fairlearn: `MetricFrame`, which also
computes its aggregates when it is made. Medians of {OURS} runs for fairaudit; runs of fairlearn: {repeats}.
One process, after one warm-up of each, so imports are not in the times. The numbers agree to {AGREE:g}.

{points}

Bootstrap at one cut-off, from rows to {DRAWS:,} draws of the four metrics of all groups, counting included. Drawing
counts from one multinomial is the row bootstrap exactly, so its cost does not depend on the rows. A replicate of
fairlearn is (time with n_boot replicates - time without) / n_boot; its {DRAWS:,} are extrapolated from that, not run.

{draws}

The whole `fa.audit(...)` of the same frame, which has no counterpart: three attributes and their crossing, every
metric with its interval, every comparison with the reference with interval, one-sided bounds, test and power.
Medians of three runs.

{audits}

{machine(PACKAGES)}
"""


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--save", action="store_true", help="write this section of docs/benchmarks.md")
    arguments = parser.parse_args()
    small = make_rows(5_000)
    ours(small), draws_of_counts(small), theirs(small), audited(small)
    found = []
    for rows in arguments.rows:
        found.append(compare(rows))
        print(f"{rows:,} rows done", file=sys.stderr)
    text = report(found)
    print(text)
    if arguments.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
