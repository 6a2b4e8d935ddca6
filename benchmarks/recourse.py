"""How many people a second get an exact answer, by kind of score, on German credit.

The same declared actions for a scorecard, a logistic regression, boosting as ``train`` makes it, and 100 trees of
depth 3. One answer a person, on one core; the reading of the model is part of the time.

    OMP_NUM_THREADS=1 python benchmarks/recourse.py            # some minutes
    OMP_NUM_THREADS=1 python benchmarks/recourse.py --save     # and writes its section of docs/benchmarks.md
"""

import argparse
import time
from collections import Counter

import numpy as np
from saving import in_words, machine, save, table, timed
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import fairaudit as fa
from fairaudit.explanation.score_structure import scorer_of
from fairaudit.explanation.seeking_recourse import offers_for, seek

TITLE = "Recourse: exact answers a second"
PACKAGES = ["fairaudit-toolkit", "scipy", "scikit-learn", "numpy"]
NOT_FOR_CREDIT = ["credit_risk", "age", "personal_status_sex", "foreign_worker"]
ACTIONS = {
    "duration": {"change": "down", "step": 3},
    "amount": {"change": "down", "step": 250},
    "savings": {
        "change": "up",
        "levels": ["unknown or no savings account", "under 100 DM", "100 to under 500 DM", "500 to under 1000 DM",
                   "1000 DM or more"],
    },
    "other_installment_plans": {"change": "either", "cost": 0.5},
    "telephone": {"change": "either", "cost": 0.1},
}  # fmt: skip
DECLINED = 0.4
"""The share that the cut-off declines."""


def models(rows, outcome):
    """Return the scores to compare, by name."""
    numbers = rows.select_dtypes("number").columns.tolist()
    words = [name for name in rows if name not in numbers]
    columns = make_column_transformer(("passthrough", numbers), (OneHotEncoder(handle_unknown="ignore"), words))
    trees = make_pipeline(columns, GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0))
    made = {kind: fa.train(rows, outcome, good="good", kind=kind) for kind in ("scorecard", "logistic", "boosting")}
    return {
        "scorecard": made["scorecard"],
        "logistic regression": made["logistic"],
        "boosting of `train`": made["boosting"],
        "100 trees of depth 3": fa.wrap(trees.fit(rows, outcome), good="good"),
    }


def measured(model, rows, people, repeats):
    """Return a line of the table: how long it took for how many people, and what was found."""
    scorer, actions = scorer_of(model), fa.Actions.of(ACTIONS)
    scores = scorer.score(rows)
    cutoff = float(np.quantile(scores, DECLINED))
    declined = rows.iloc[np.flatnonzero(scores < cutoff)[:people]].reset_index(drop=True)
    offers = offers_for(scorer, actions, declined, rows)

    def work():
        return seek(scorer, declined, cutoff, actions, offers, answers=1, time_limit=30.0, rng=0)

    before = time.process_time()
    seconds, found = timed(work, repeats)
    busy = (time.process_time() - before) / repeats
    status = Counter(one.status for one in found)
    proven = sum(one.status == "none exists" or one.answers[0].claim == "cheapest, proven" for one in found)
    return [
        f"{len(found):,}", in_words(seconds / len(found)), f"{len(found) / seconds:.1f}", in_words(busy / len(found)),
        f"{status['found']:,}", f"{status['none exists']:,}", f"{proven / len(found):.0%}",
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    loans = fa.load_dataset("german_credit")
    rows, outcome = loans.drop(columns=NOT_FOR_CREDIT), loans["credit_risk"]
    lines = [
        [name, *measured(model, rows, asked.people, asked.repeats)] for name, model in models(rows, outcome).items()
    ]
    header = [
        "score",
        "people",
        "time a person",
        "people a second",
        "processor time a person",
        "found",
        "none exists",
        "proven",
    ]
    text = f"{table(header, lines)}\n\n{machine(PACKAGES)}"
    print(text)
    if asked.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
