"""Searches for alternatives from end to end: planted ones that exist or do not, over seeds, and real data.

Planted: people of whom the truth is known. In one kind of scene the incumbent uses a feature that tells the group and
nothing else, so that an alternative exists; in the other it is the truth, and all that raises the group costs
performance. Real data: a boosting incumbent, trained here; the frontier of the whole search beside that of fairlearn's
reductions alone, in one run.

    python benchmarks/alternatives_search.py --planted 100 --save      # half an hour on two cores
    python benchmarks/alternatives_search.py --data --budget 120 --save
"""

import argparse
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from saving import in_words, machine, save, table

import fairaudit as fa
from fairaudit.inference.proportion import clopper_pearson

PACKAGES = ["fairaudit-toolkit", "optuna", "fairlearn", "scikit-learn", "numpy"]
TITLES = {"planted": "Planted alternatives, found and not found", "data": "Searches for alternatives in real data"}
PEOPLE, TRIALS, MARGIN, IMPROVEMENT = 4_000, 14, 0.01, 0.1
REDUCTIONS = ["exponentiated_gradient", "grid_search"]


def scene(
    seed: int, *, exists: bool, people: int = PEOPLE
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, object, float]:
    """Return features, outcomes, groups, the incumbent and its cut-off."""
    rng = np.random.default_rng([seed, exists])
    group = rng.random(people) < 0.3
    income = rng.normal(size=people) - 0.8 * group
    other = rng.normal(size=people)
    rows = pd.DataFrame({"income": income, "other": other})
    if exists:
        rows["area"] = group + 0.5 * rng.normal(size=people)
    good = (rng.random(people) < 1 / (1 + np.exp(-1 - 1.2 * income))).astype(int)

    def score(some):
        return some["income"] - (0.5 * some["area"] if exists else 0.0)

    incumbent = fa.wrap(score, higher_is="better", feature_names=list(rows.columns))
    return rows, good, np.where(group, "B", "W"), incumbent, float(np.quantile(score(rows), 0.4))


def price(improvement: float) -> float:
    """Return the AUC that it costs, where none exists, to raise the ratio so much by giving noise a weight."""
    from sklearn.metrics import roc_auc_score

    rows, good, race, *_ = scene(0, exists=False, people=400_000)
    income, noise = rows["income"].to_numpy(), rows["other"].to_numpy()

    def of(weight: float) -> tuple[float, float]:
        score = income + weight * noise
        selected = score >= np.quantile(score, 0.4)
        return selected[race == "B"].mean() / selected[race == "W"].mean(), roc_auc_score(good, score)

    first, low, high = of(0.0), 0.0, 8.0
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if of(middle)[0] < first[0] * (1 + improvement) else (low, middle)
    return first[1] - of(high)[1]


def planted(seeds: int) -> str:
    """Return how often an alternative is shown where one exists, and where none of the size that is asked for does."""
    rows = []
    for exists in (True, False):
        answers, seconds, needed = [], [], []
        for seed in range(seeds):
            people, good, race, incumbent, cutoff = scene(seed, exists=exists)
            start = time.perf_counter()
            # Where the incumbent is the truth, less disparity is bought with performance: see price().
            found = fa.search_alternatives(
                incumbent, people, good, groups={"race": race}, good=1, cutoff=cutoff, reference={"race": "W"},
                margin=MARGIN, trials=TRIALS, planted=0, rng=seed, improvement=0.0 if exists else IMPROVEMENT,
            )  # fmt: skip
            seconds.append(time.perf_counter() - start)
            answers.append(found.result.answer)
            needed.append(found.result.detectable)
        counts = [answers.count(one) for one in ("shown", "none_shown", "cannot_tell")]
        low, high, _ = clopper_pearson(counts[0], seeds)
        reach = np.median([math.expm1(one) for one in needed if one])
        name = "one exists: the proxy left out" if exists else "none exists: the incumbent is the truth"
        rows.append([name, *map(str, counts), f"{low:.1%} to {high:.1%}", f"{reach:.0%}", in_words(np.median(seconds))])
        print(rows[-1], flush=True)
    header = [
        "scene", "shown", "none shown", "cannot tell", "share shown (95%)", "detectable rise of the ratio, median",
        "a search",
    ]  # fmt: skip
    about = (
        f"{seeds} seeds, {PEOPLE:,} people, {TRIALS} candidates, margin {MARGIN} of AUC. Where none exists the ratio "
        f"must be raised by {IMPROVEMENT:.0%}, which costs {price(IMPROVEMENT):.3f} of AUC if bought with noise."
    )
    return f"{about}\n\n" + table(header, rows)


@dataclass(frozen=True)
class Data:
    """One data set: what is predicted, for whom the search is, and what no model may use."""

    name: str
    rows: pd.DataFrame
    outcome: str
    good: object
    group: pd.Series
    of: str
    reference: str
    not_used: tuple[str, ...]


def real_data() -> list[Data]:
    """Return the data sets that are on this machine."""
    german, taiwan, adult = (fa.load_dataset(name) for name in ("german_credit", "taiwan_credit", "adult"))
    young = pd.Series(np.where(german["age"] < 25, "under 25", "25 and over"))
    made = [
        Data("German credit", german, "credit_risk", "good", young, "under 25", "25 and over",
             ("age", "personal_status_sex", "foreign_worker")),
        Data("Taiwan", taiwan, "default payment next month", 0, taiwan["SEX"].map({1: "male", 2: "female"}), "male",
             "female", ("ID", "SEX", "AGE", "MARRIAGE")),
        Data("Adult", adult, "income", ">50K", adult["sex"], "Female", "Male",
             ("split", "fnlwgt", "sex", "race", "age", "marital_status", "relationship", "native_country")),
    ]  # fmt: skip
    file = Path(os.environ.get("FAIRAUDIT_DATA", "")) / "give_me_some_credit" / "gmsc_train.csv.gz"
    if file.is_file():
        credit = pd.read_csv(file, index_col=0 if "Unnamed: 0" in pd.read_csv(file, nrows=1) else None)
        young = pd.Series(np.where(credit["age"] < 30, "under 30", "30 and over"))
        made.append(Data("GiveMeSomeCredit", credit.reset_index(drop=True), "SeriousDlqin2yrs", 0, young, "under 30",
                         "30 and over", ("age",)))  # fmt: skip
    return made


def data(budget: float, planted_too: int) -> str:
    """Return the answer of a search in each data set, and the frontier beside that of reductions alone."""
    rows = []
    for one in real_data():
        features, outcome = one.rows.drop(columns=[one.outcome, *one.not_used]), one.rows[one.outcome]
        incumbent = fa.train(features, outcome, good=one.good, kind="boosting", test_share=0.5, rng=0)
        probability = incumbent.probability_of_good(features.iloc[incumbent.test_rows])
        cutoff = float(np.quantile(probability, 0.4))
        common = {
            "groups": {"group": one.group.to_numpy()}, "cutoff": cutoff, "margin": 0.01,
            "target": {"group": one.of}, "reference": {"group": one.reference}, "budget": budget,
        }  # fmt: skip
        start = time.perf_counter()
        whole = fa.search_alternatives(incumbent, features, outcome, planted=planted_too, **common)
        seconds = time.perf_counter() - start
        alone = fa.search_alternatives(incumbent, features, outcome, planted=0, families=REDUCTIONS, **common)
        made = whole.result
        first = made.finalists[0] if made.finalists else None
        rows.append([
            f"{one.name}: {one.of}", f"{sum(made.people.values()):,}", made.answer.replace("_", " "), str(made.tried),
            "none" if first is None else f"{first.performance.change:+.4f}",
            "none" if first is None else f"{first.disparity.incumbent:.3f} to {first.disparity.candidate:.3f}",
            best(whole), best(alone), alone.result.answer.replace("_", " "), in_words(seconds),
        ])  # fmt: skip
        print(rows[-1], flush=True)
    header = [
        "data", "people", "answer", "candidates", "AUC of finalist 1", "its ratio", "best ratio within the margin",
        "the same, reductions alone", "their answer", "with verdict",
    ]  # fmt: skip
    text = f"Boosting incumbent, 60% approved, margin 0.01 of AUC, budget {budget:.0f} s a search, one worker.\n\n"
    return text + table(header, rows)


def best(found: fa.AlternativeSearch) -> str:
    """Return the ratio nearest to 1 of candidates within the margin, on the selection split."""
    able = [one.disparity for one in found.result.candidates
            if one.proposable and one.performance_change is not None and one.performance_change > -0.01]  # fmt: skip
    return f"{min(able, key=lambda ratio: abs(math.log(ratio))):.3f}" if able else "none"


def main() -> None:
    """Run one of the two; with --save, write its section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--planted", type=int, metavar="SEEDS")
    parser.add_argument("--data", action="store_true")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of each search in real data")
    parser.add_argument("--recall", type=int, default=0, help="alternatives planted in real data where none is shown")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    if not (options.planted or options.data):
        parser.error("say --planted SEEDS or --data")
    kind = "planted" if options.planted else "data"
    made = planted(options.planted) if options.planted else data(options.budget, options.recall)
    text = f"{machine(PACKAGES)}\n\n{made}"
    print(text)
    if options.save:
        print(save(TITLES[kind], text))


if __name__ == "__main__":
    main()
