"""Intervals of 200 groups x 40 metrics x 550 cut-offs, and 2,000 draws of the largest statistic, on one core.

OMP_NUM_THREADS=1 python benchmarks/inference.py
OMP_NUM_THREADS=1 python benchmarks/inference.py --save     # and writes its section of docs/benchmarks.md
"""

import argparse
import resource
import time
from collections.abc import Callable, Iterator

import numpy as np
from saving import in_words, machine, save, table
from statsmodels.stats.proportion import confint_proportions_2indep

from fairaudit.cube.confusion import Confusion
from fairaudit.inference.contrast import ENOUGH_EXPECTED, SCORE_INTERVALS, compare_many, expected_counts
from fairaudit.inference.of_metrics import measure
from fairaudit.inference.simultaneous import largest_statistics, rate_band, ratio_band
from fairaudit.metrics import METRICS

TITLE = "Intervals of 200 groups, 40 metrics and 550 cut-offs"
GROUPS, CUTOFFS, DRAWS = 200, 550, 2_000
AT_ONCE = 10
"""Groups whose intervals are made at once: memory goes with these, not with all."""
RATES = (
    "selection_rate", "adverse_rate", "true_positive_rate", "false_negative_rate", "false_positive_rate",
    "true_negative_rate", "positive_predictive_value", "false_discovery_rate", "negative_predictive_value",
    "false_omission_rate", "accuracy",
)  # fmt: skip
CONTRASTED = {"ratio": RATES, "difference": RATES, "odds_ratio": RATES[:7]}
"""11 rates, 11 ratios, 11 differences and 7 odds ratios: 40 metrics."""
SAMPLE = 150
SEED = 20_261_125


def people(rng: np.random.Generator) -> Confusion:
    """Return the decisions at every cut-off [cutoff, group] of groups of 300 to 20,000 people with scores."""
    sizes = np.exp(rng.uniform(np.log(300), np.log(20_000), GROUPS)).astype(int)
    sizes[0] = 100_000  # the reference
    score = np.arange(CUTOFFS)
    tables = np.zeros((CUTOFFS, GROUPS, 2, 3))
    for place, size in enumerate(sizes):
        bad_rate = rng.uniform(0.1, 0.3)
        for outcome, (many, middle) in enumerate(((1 - bad_rate, 320), (bad_rate, 240))):
            weight = np.exp(-(((score - middle - rng.normal(0, 15)) / 110) ** 2) / 2)
            counts = rng.multinomial(int(size * many), weight / weight.sum())
            tables[:, place, 0, outcome] = counts[::-1].cumsum()[::-1]  # selected at each cut-off
            tables[:, place, 1, outcome] = counts.sum() - tables[:, place, 0, outcome]
    return Confusion.from_counts(tables)


def exactly(k: Confusion) -> tuple[float, int]:
    """Return the seconds that the tables with few expected take on top, where an audit inverts mid-p, and how many."""
    start, many = time.process_time(), 0
    rate, against = METRICS["selection_rate"](k), METRICS["selection_rate"](k[:1])
    tables = np.broadcast_arrays(rate.num, rate.den, against.num, against.den)
    few = expected_counts(*tables) < ENOUGH_EXPECTED
    some = [np.array(column)[few] for column in tables]
    many = int(few.sum())
    if many:
        compare_many(*some, how="ratio")
    return time.process_time() - start, many


def intervals(k: Confusion) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Make every interval, some groups at a time: kind, low and high [cutoff, group]."""
    for start in range(0, GROUPS, AT_ONCE):
        some = k[start : start + AT_ONCE]
        for name in RATES:
            made = measure(METRICS[name], some, confidence=0.95, seed=0)
            yield "rate", made.low, made.high
        for how, names in CONTRASTED.items():
            for name in names:
                mine, theirs = METRICS[name](some), METRICS[name](k[:1])
                found = SCORE_INTERVALS[how](mine.num, mine.den, theirs.num, theirs.den)
                yield how, np.asarray(found.low), np.asarray(found.high)


def bands(k: Confusion) -> tuple[float, float]:
    """Draw the largest statistic over all groups and cut-offs, and make both bands of it."""
    rate = METRICS["selection_rate"](k)
    rng = np.random.default_rng(SEED)
    drawn = largest_statistics(rate.num, rate.den[0], reference=0, rng=rng, draws=DRAWS)
    rate_band(rate.num, rate.den[0], drawn[0])
    ratio_band(rate.num, rate.den[0], 0, drawn[1])
    return float(np.quantile(drawn[0], 0.95)), float(np.quantile(drawn[1], 0.95))


def one_by_one(k: Confusion, make: Callable[[float, float, float, float, str], object]) -> tuple[float, int, int]:
    """Return the seconds that a plain loop takes over a sample of tables, how many those are, and how many failed."""
    rng = np.random.default_rng(SEED)
    rate = METRICS["selection_rate"](k)
    failed, start = 0, time.process_time()
    for at in range(SAMPLE):
        cutoff, group = rng.integers(150, 450), rng.integers(1, GROUPS)
        table = (rate.num[cutoff, group], rate.den[cutoff, group], rate.num[cutoff, 0], rate.den[cutoff, 0])
        try:
            make(*table, ("ratio", "difference", "odds_ratio")[at % 3])
        except ValueError:  # statsmodels does not always find where its interval ends
            failed += 1
    return time.process_time() - start, SAMPLE, failed


def of_statsmodels(a: float, n: float, b: float, m: float, how: str) -> object:
    """Return statsmodels' score interval of one table."""
    compared = {"difference": "diff", "odds_ratio": "odds-ratio"}.get(how, how)
    return confint_proportions_2indep(a, n, b, m, method="score", compare=compared)


def of_ours(a: float, n: float, b: float, m: float, how: str) -> object:
    """Return our own score interval of one table."""
    return SCORE_INTERVALS[how](a, n, b, m)


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write its section of docs/benchmarks.md")
    arguments = parser.parse_args()
    k = people(np.random.default_rng(SEED))
    seconds: dict[str, float] = {}
    made: dict[str, int] = {}
    clock, last = time.perf_counter(), time.process_time()
    for kind, low, _ in intervals(k):
        now = time.process_time()
        seconds[kind] = seconds.get(kind, 0.0) + now - last
        made[kind] = made.get(kind, 0) + low.size
        last = now
    critical = bands(k)
    drawing = time.process_time() - last
    clock = time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    whole = sum(seconds.values()) + drawing
    words = {"rate": "rates", "ratio": "ratios", "difference": "differences", "odds_ratio": "odds ratios"}
    rows = [[f"{words[kind]}, interval of 95%", f"{made[kind]:,}", in_words(seconds[kind])] for kind in made]
    rows.append([f"largest of {GROUPS * CUTOFFS:,} rates and as many ratios, {DRAWS:,} draws; bands", "2",
                 in_words(drawing)])  # fmt: skip
    rows.append(["all of it (target: under 60 s)", f"{sum(made.values()):,}", in_words(whole)])
    contrasts = sum(made.values()) - made["rate"]
    exact_seconds, few = exactly(k)
    per = sum(seconds[kind] for kind in seconds if kind != "rate") / contrasts
    loops = []
    for name, make in (
        ("statsmodels, score interval of one table", of_statsmodels),
        ("ours, one table a call", of_ours),
    ):
        took, many, failed = one_by_one(k, make)
        sample = f"{many}" + (f" ({failed} without a result)" if failed else "")
        each = took / many
        loops.append([name, sample, in_words(each), in_words(each * contrasts), f"{each / per:,.0f}"])
    text = f"""{GROUPS} groups: a reference of 100,000 people, the others of 300 to 20,000; {CUTOFFS} cut-offs.
{len(RATES)} rates (Wilson and Clopper-Pearson) and {40 - len(RATES)} contrasts with the reference (Miettinen and
Nurminen's score intervals), some groups at a time. Then {DRAWS:,} draws of the largest statistic over all groups and
cut-offs, group by group (critical values {critical[0]:.2f} and {critical[1]:.2f}), and the bands made of them.
Processor time on one core; on the clock it was {in_words(clock)}. Peak memory of the process: {peak:.2f} GiB (target:
under 1 GiB).

{table(["what", "how many", "processor time"], rows)}

Where fewer than 10 are expected an audit inverts mid-p instead, which has no closed form and is not in the times above:
for the adverse impact ratio that is {few:,} of {GROUPS * CUTOFFS:,} tables, and took {in_words(exact_seconds)} more.

Against a plain loop: measured on a sample of {SAMPLE} tables, extrapolated to all {contrasts:,} contrasts, not run.

{table(["loop", "tables measured", "a table", "all of them (extrapolated)", "times slower"], loops)}

{machine(["fairaudit-toolkit", "numpy", "scipy", "statsmodels"])}"""
    print(text)
    if arguments.save:
        print(save(TITLE, text))


if __name__ == "__main__":
    main()
