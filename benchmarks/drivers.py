"""Drivers of a gap: time for 100,000 rows a group, for 20,000 pairs, from counts alone; and how often intervals hold.

python benchmarks/drivers.py             # some minutes
python benchmarks/drivers.py --save      # and writes its section of docs/benchmarks.md
python benchmarks/drivers.py --rows 5000 --pairs 500 --runs 50   # a quick look
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from saving import in_words, machine, save, table, timed
from sklearn.ensemble import HistGradientBoostingClassifier

import fairaudit as fa
from fairaudit.inference.together import all_at_once, gaps_of, means_of, one_by_one

TITLE = "Drivers of a gap"
PACKAGES = ["fairaudit-toolkit", "numpy", "numba", "pandas", "scikit-learn"]
FEATURES = 30
BACKGROUND = 10_000


# numba looks for the package coverage, and would find the script of that name beside this one.
sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).resolve().parent]


def people(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features of two groups that differ in two of them, and the group of each row."""
    group = np.repeat(["A", "B"], rows)
    x = rng.normal(size=(2 * rows, FEATURES))
    x[:rows, 0] += 0.3
    x[:rows, 1] = np.exp(x[:rows, 1] * 1.2)
    return pd.DataFrame(x, columns=[f"f{at:02d}" for at in range(FEATURES)]), group


def good(x: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return outcomes that hang on a few features and on one interaction."""
    log_odds = x["f00"] + 0.5 * x["f01"] - x["f02"] * x["f03"] + 0.3 * x["f04"]
    return np.asarray(rng.random(len(x)) < 1 / (1 + np.exp(-log_odds)))


def speed(rows: int, pairs: int) -> str:
    """Return what each way takes, as a table."""
    rng = np.random.default_rng(1)
    x, group = people(rows, rng)
    some = rng.permutation(len(x))[: min(20_000, len(x))]
    paid = good(x.iloc[some], rng)
    model = HistGradientBoostingClassifier(max_iter=200, max_leaf_nodes=31, random_state=0).fit(x.iloc[some], paid)
    card = fa.Scorecard(good=True).fit(x.iloc[some], paid)
    explainer = fa.Explainer(fa.wrap(model, good=True, units="margin"), x.iloc[some[:BACKGROUND]], cutoff=0.0)
    explainer.explain(x.iloc[:100])  # compiled before the clock starts
    counts = fa.bin_counts(card, x, group)
    seconds, explained = timed(lambda: explainer.explain(x), 1)
    lines = [[f"explaining {2 * rows:,} rows (boosting, 200 trees)", in_words(seconds)]]
    for name, work in (
        (f"drivers of {2 * rows:,} explained rows, proxies too", lambda: explained.drivers(group, reference="B")),
        (
            f"a sample of {rows // 10:,} rows a group explained, everybody scored, proxies too",
            lambda: fa.drivers(explainer, x, group, reference="B", sample_rows=rows // 10),
        ),
        (
            f"selection rate, {pairs:,} pairs of {2 * FEATURES - 2} mixed rows, proxies too",
            lambda: fa.drivers(explainer, x, group, reference="B", measure="selection rate", pairs=pairs),
        ),
        ("a scorecard, from counts alone", lambda: fa.drivers_from_counts(card, counts, reference="B")),
    ):
        seconds, _ = timed(work, 1)
        lines.append([name, in_words(seconds)])
    return table(["work", "time"], lines)


def coverage(runs: int) -> str:
    """Return how often intervals hold, a feature alone and all together, by rows a group."""
    rng = np.random.default_rng(2)
    rows = 40_000
    x, group = people(rows, rng)
    fitted = rng.permutation(len(x))[:10_000]
    model = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(x.iloc[fitted], good(x.iloc[fitted], rng))
    explained = fa.Explainer(fa.wrap(model, good=True, units="margin"), x.iloc[fitted[:2_000]]).explain(x)
    sides = [explained.values[group == level] for level in ("A", "B")]
    used = np.flatnonzero(explained.values.std(axis=0) > 0)
    truth = sides[0].mean(axis=0) - sides[1].mean(axis=0)
    lines = []
    for size in (100, 400, 1_000, 2_500):
        one = together = 0.0
        worst, reach = [], None
        for _ in range(runs):
            drawn = [side[rng.integers(0, rows, size)][:, used] for side in sides]
            gaps = gaps_of(means_of(drawn[0]), means_of(drawn[1]))
            off = np.abs(gaps.value - truth[used]) / np.where(gaps.error > 0, gaps.error, np.inf)
            reach = reach or all_at_once(gaps)
            one += float((off < one_by_one(gaps.degrees)).mean())
            together += float((off < reach).all())
            worst.append(gaps.error.max())
        lines.append([f"{size:,}", f"{np.mean(worst):.4f}", f"{one / runs:.3f}", f"{together / runs:.3f}"])
    return table(
        ["rows a group", "error of the worst feature", "a feature's interval holds", "all intervals hold"], lines
    )


def main() -> None:
    """Print the tables, and save them if asked to."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=100_000, help="rows a group")
    asked.add_argument("--pairs", type=int, default=20_000)
    asked.add_argument("--runs", type=int, default=400, help="samples for the coverage of each size")
    asked.add_argument("--save", action="store_true")
    chosen = asked.parse_args()
    text = "\n\n".join(
        [
            machine(PACKAGES),
            f"{FEATURES} features, {BACKGROUND:,} background rows, one thread.",
            speed(chosen.rows, chosen.pairs),
            f"Coverage at 95%: {chosen.runs} samples of each size from 40,000 explained rows a group, boosting.",
            coverage(chosen.runs),
        ]
    )
    print(text)
    if chosen.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
