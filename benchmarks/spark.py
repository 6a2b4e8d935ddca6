"""Counting and scoring on Spark beside Spark's own bare scan of the same columns: ``python benchmarks/spark.py``.

Both sides run on one local Spark (``local[2]``) over the same Parquet files. ``--rows 20000000 --save`` writes the
section of docs/benchmarks.md.
"""

import argparse
import os
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
from saving import machine, save, table, timed
from sklearn.ensemble import HistGradientBoostingClassifier

import fairaudit as fa

COLUMNS = (
    "concat('region ', id % 31) as region",
    "if((id * 13) % 2 = 0, 'F', 'M') as sex",
    "cast(300 + (id * 7919) % 551 as int) as score",
    "if((id * 31) % 7 = 0, null, cast((id * 17) % 5 = 0 as int)) as bad",
    "(id * 37) % 1000 / 1000.0 as income",
    "(id * 41) % 777 / 777.0 as debt",
)
ROLES = {
    "groups": ["region", "sex"],
    "score": "score",
    "higher_is": "better",
    "cutoff": 600,
    "outcome": "bad",
    "bad": 1,
}


def session():
    """Return a local Spark of two threads."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    made = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("OFF")
    return made


def a_model():
    """Return a small boosting model of two columns, and an explainer of it."""
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"income": draw.random(2_000), "debt": draw.random(2_000)})
    good = (rows["income"] - rows["debt"] + draw.normal(scale=0.3, size=len(rows)) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(rows, good)
    return fa.wrap(model, good=1), fa.Explainer(model, background=rows[:50])


def main() -> None:
    """Measure, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--save", action="store_true", help="write the section of docs/benchmarks.md")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", FutureWarning)  # pyspark of pandas 3
    spark = session()
    with tempfile.TemporaryDirectory() as folder:
        spark.range(0, arguments.rows, 1, 8).selectExpr(*COLUMNS).write.parquet(f"{folder}/people")
        frame = spark.read.parquet(f"{folder}/people")
        scorer, explainer = a_model()
        counted = ["region", "sex", "score", "bad"]
        bare = [f"min({name})" for name in counted]
        modelled = ["min(income)", "min(debt)", "min(sex)"]
        steps = {
            "Spark: bare scan of four columns, a min of each": lambda: frame.selectExpr(*bare).collect(),
            "Spark: its own group-by of the four, groups fetched": lambda: frame.groupBy(*counted).count().toArrow(),
            "`fa.count`": lambda: fa.count(frame, **ROLES),
            "Spark: bare scan of two inputs and sex": lambda: frame.selectExpr(*modelled).collect(),
            "`fa.count` of `fa.with_scores` (a boosting model of 20 trees)": lambda: fa.count(
                fa.with_scores(frame, scorer, column="p"), groups="sex", score="p", higher_is="better", cutoff=0.5
            ),
            "`fa.drivers` (explained on 50 background rows, sums back)": lambda: fa.drivers(
                explainer, frame, "sex", reference="M"
            ),
        }
        seconds = {}
        for words, work in steps.items():
            work()
            seconds[words], _ = timed(work, arguments.repeats)
            print(f"{words}: {seconds[words]:.2f} s", flush=True)
    spark.stop()
    scans = [words for words in steps if "bare scan" in words]
    rows = []
    for words, took in seconds.items():
        scan = scans[0] if list(seconds).index(words) < list(seconds).index(scans[1]) else scans[1]
        rows.append([words, f"{took:.2f} s", f"{arguments.rows / took / 1e6:.2f}", f"{took / seconds[scan]:.2f}"])
    header = ["", "time", "million rows a second", "to the bare scan above it"]
    text = f"""{arguments.rows:,} people in eight Parquet files, `local[2]`, medians of {arguments.repeats} runs in one
process, each after a run that is not counted.

{table(header, rows)}

{machine(["fairaudit-toolkit", "pyspark", "pyarrow", "pandas", "scikit-learn"])}"""
    print(text)
    if arguments.save:
        print(save("On Spark", text))


if __name__ == "__main__":
    main()
