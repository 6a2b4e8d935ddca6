"""The search for alternatives beside other tools' searches, on the same people, in one run.

Every tool trains on the training split and offers candidates; each candidate's cut-off is set on the selection split so
that it selects as many as the incumbent. By one rule for all, the candidate whose ratio is nearest to 1 is taken among
those whose selected people are bad no more often than the incumbent's, give or take an allowance; it is then measured
on the verdict split, which no tool saw. OxonFair and Aequitas live in environments of their own (they pin other
versions), each given as the path of its Python; no pickle of theirs is opened, only tables of scores.

    python benchmarks/alternatives_tools.py --oxonfair PYTHON --aequitas PYTHON --budget 120 --save
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from alternatives_search import MARGIN, REDUCTIONS, real_data
from saving import in_words, machine, save, table

import fairaudit as fa
from fairaudit import finding_alternatives
from fairaudit.alternatives.candidates import built
from fairaudit.alternatives.comparing import better_up
from fairaudit.alternatives.running import Run

PACKAGES = ["fairaudit-toolkit", "optuna", "fairlearn", "scikit-learn", "numpy"]
TITLE = "Searches of several tools, side by side"
ALLOWANCES = (0.0, 0.005, 0.02)
"""By how much the bad rate among the selected may be worse than the incumbent's on the selection split."""
SPLITS = ("selection", "verdict")

AEQUITAS = """
import sys, time, warnings, logging
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
from pathlib import Path
from aequitas.flow.experiment import Experiment
from aequitas.flow.experiment import _configs
folder, trials = Path(sys.argv[1]), int(sys.argv[2])
paths = {f"{theirs}_path": str(folder / f"{ours}.parquet")
         for theirs, ours in (("train", "training"), ("validation", "selection"), ("test", "verdict"))}
data = {"people": {"classpath": "aequitas.flow.datasets.GenericDataset",
                   "threshold": {"threshold_type": "top_pct", "threshold_value": 0.6},
                   "args": {"label_column": "good", "sensitive_column": "in_group", **paths}}}
start = time.perf_counter()
for method in _configs.preprocessing_methods + _configs.inprocessing_methods:
    name = next(iter(method))
    # One experiment a method, so that one that breaks down does not take the others with it.
    try:
        Experiment(config={"methods": [method], "datasets": [data], "optimization": {
            "n_trials": trials, "n_jobs": 1, "sampler": "RandomSampler", "sampler_args": {"seed": 42}}},
            artifacts=("predictions",), save_folder=folder / "aequitas", name=name).run()
    except Exception as error:
        print(f"{name}: {error!r:.200}", file=sys.stderr)
print(time.perf_counter() - start)
"""
"""Every method of its default experiment, its own search spaces; the scores that it writes are read afterwards."""

OXONFAIR = """
import sys, time, warnings
warnings.simplefilter("ignore")
from pathlib import Path
import numpy as np, pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from oxonfair import FairPredictor, group_metrics as gm
folder, volume = Path(sys.argv[1]), float(sys.argv[2])
parts = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("training", "selection", "verdict")}
def split(frame):
    return frame.drop(columns=["good", "in_group"]), frame["good"].to_numpy(), frame["in_group"].to_numpy().astype(int)
start = time.perf_counter()
rows, good, group = split(parts["training"])
model = HistGradientBoostingClassifier(random_state=0).fit(rows, good)
teller = HistGradientBoostingClassifier(random_state=0).fit(rows, group)
seen, outcome, who = split(parts["selection"])
made = {name: {} for name in ("selection", "verdict")}
for kind in ("own group", "inferred group"):
    extra = {"inferred_groups": teller} if kind == "inferred group" else {}
    given = {"data": seen, "target": outcome, "groups": who}
    fair = FairPredictor(model, given, **extra)
    for gap in (0.2, 0.15, 0.1, 0.075, 0.05, 0.025, 0.01):
        for least in (volume - 0.01, volume - 0.005, volume):
            try:
                fair.fit(gm.precision, gm.demographic_parity, gap,
                         additional_constraints=[(gm.pos_pred_rate, least, ">")])
            except Exception as error:
                print(f"{kind}, {gap}: {error!r:.200}", file=sys.stderr)
                continue
            for name in made:
                people, outcome_, who_ = split(parts[name])
                asked = {"data": people, "target": outcome_, "groups": who_}
                made[name][f"{kind}, gap {gap}, {least:.3f}"] = np.asarray(fair.predict(asked)).astype(int).ravel()
for name, columns in made.items():
    pd.DataFrame(columns).to_parquet(folder / f"oxonfair-{name}.parquet")
print(time.perf_counter() - start)
"""
"""Cut-offs by group over a boosting model: by the group itself, and by what a second model tells of the group."""


@dataclass(frozen=True)
class Offer:
    """One candidate: whom it selects on either split."""

    selected: dict[str, np.ndarray]


def top(score: np.ndarray, share: float) -> float:
    """Return the cut-off that selects this share of people, or as near as ties allow."""
    values, counts = np.unique(score, return_counts=True)
    reached = counts[::-1].cumsum()[::-1] / len(score)
    return float(values[np.abs(reached - share).argmin()])


def scored(scores: dict[str, np.ndarray], share: float) -> Offer:
    """Return the candidate of some scores, its cut-off set on the selection split."""
    cutoff = top(scores["selection"], share)
    return Offer({name: values >= cutoff for name, values in scores.items()})


def ours(made: Run, people: dict[str, pd.DataFrame]) -> list[Offer]:
    """Return the candidates of one of our searches that select as many as the incumbent, each trained again."""
    offers = []
    for one in made.explored.tried:
        if one.candidate.volume != 1.0:
            continue
        # Only those that can be taken are trained again: whom they select on the selection split is known.
        if not able(one.selected, people["selection"], made.incumbent.selected, max(ALLOWANCES)):
            continue
        score = better_up(built(one.candidate, made.shop), made.verdict)
        offers.append(Offer({"selection": one.selected, "verdict": score >= one.cutoff}))
    return offers


def bad_rate(selected: np.ndarray, people: pd.DataFrame) -> float:
    """Return the share of the selected that are bad."""
    return float(1 - people["good"].to_numpy()[selected].mean())


def ratio(selected: np.ndarray, people: pd.DataFrame) -> float:
    """Return the group's selection rate over that of the others."""
    group = people["in_group"].to_numpy() == 1
    return float(selected[group].mean() / selected[~group].mean())


def able(selected: np.ndarray, people: pd.DataFrame, before: np.ndarray, allowance: float) -> bool:
    """Return whether a candidate selects as many (within a point) and as good people as the incumbent."""
    return bool(
        abs(selected.mean() - before.mean()) <= 0.01
        and bad_rate(selected, people) <= bad_rate(before, people) + allowance
    )


def taken(offers: list[Offer], people: dict[str, pd.DataFrame], before: dict[str, np.ndarray]) -> list[str]:
    """Return, for each allowance, ratio and change of the bad rate on the verdict split of the candidate taken."""
    cells = []
    for allowance in ALLOWANCES:
        those = [one for one in offers if able(one.selected["selection"], people["selection"], before["selection"],
                                               allowance)]  # fmt: skip
        if not those:
            cells.append("none")
            continue
        best = min(those, key=lambda one: abs(math.log(ratio(one.selected["selection"], people["selection"]))))
        there = best.selected["verdict"]
        change = bad_rate(there, people["verdict"]) - bad_rate(before["verdict"], people["verdict"])
        cells.append(f"{ratio(there, people['verdict']):.3f} ({change:+.1%})")
    return cells


def frames(made: Run, of: str, attribute: str) -> dict[str, pd.DataFrame]:
    """Return the three splits as numbers only, with the outcome and whether a person is of the group."""
    parts = {"training": made.shop.training, "selection": made.selection, "verdict": made.verdict}
    names = [one.name for one in made.shop.features]
    whole = pd.get_dummies(pd.concat([part.rows[names] for part in parts.values()], keys=parts), dtype=float)
    whole = whole.fillna(whole.median())  # the gradient boosting of others takes no gaps
    whole.columns = [f"x{at}" for at in range(len(whole.columns))]
    return {
        name: whole.loc[name].reset_index(drop=True).assign(
            good=part.good.astype(int), in_group=(part.groups[attribute] == of).astype(int)
        )
        for name, part in parts.items()
    }  # fmt: skip


def searched(one, incumbent, cutoff: float, budget: float, families: list[str] | None) -> tuple[Run, float, str]:
    """Return one of our searches with all its candidates, its seconds, and its answer."""
    kept = []
    original = finding_alternatives.run

    def keeping(*given, **named):
        kept.append(original(*given, **named))
        return kept[-1]

    finding_alternatives.run = keeping  # the public answer holds records; the models of all candidates are wanted here
    start = time.perf_counter()
    try:
        found = fa.search_alternatives(
            incumbent, one.rows.drop(columns=[one.outcome, *one.not_used]), one.rows[one.outcome],
            groups={"group": one.group.to_numpy()}, cutoff=cutoff, margin=MARGIN, target={"group": one.of},
            reference={"group": one.reference}, budget=budget, planted=0, families=families,
        )  # fmt: skip
    finally:
        finding_alternatives.run = original
    return kept[0], time.perf_counter() - start, found.result.answer.replace("_", " ")


def elsewhere(python: str, code: str, *given: str) -> float:
    """Run another tool in its own environment and return its seconds; what it complains of is printed."""
    done = subprocess.run([python, "-c", code, *given], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    if done.stderr:
        print(done.stderr[-600:], file=sys.stderr)
    return float(done.stdout.strip().splitlines()[-1])


def aequitas(folder: Path, share: float) -> list[Offer]:
    """Return the candidates whose scores Aequitas wrote."""
    offers = []
    for file in sorted(folder.glob("aequitas/**/validation_scores.parquet")):
        both = {"selection": file, "verdict": file.with_name("test_scores.parquet")}
        offers.append(scored({name: pd.read_parquet(path).iloc[:, 0].to_numpy() for name, path in both.items()}, share))
    return offers


def compared(one, options) -> list[list[str]]:
    """Return a line for each tool in one data set."""
    features, outcome = one.rows.drop(columns=[one.outcome, *one.not_used]), one.rows[one.outcome]
    incumbent = fa.train(features, outcome, good=one.good, kind="boosting", test_share=0.5, rng=0)
    cutoff = float(np.quantile(incumbent.probability_of_good(features.iloc[incumbent.test_rows]), 0.4))
    whole, seconds, answer = searched(one, incumbent, cutoff, options.budget, None)
    alone, alone_seconds, alone_answer = searched(one, incumbent, cutoff, options.budget, REDUCTIONS)
    people = frames(whole, one.of, "group")
    before = {"selection": whole.incumbent.selected, "verdict": whole.on_verdict.selected}
    share = float(before["selection"].mean())
    named = f"{one.name}: {one.of}, {ratio(before['verdict'], people['verdict']):.3f}"
    lines = [
        [named, "fairaudit", str(len(whole.explored.tried)), in_words(seconds), *taken(ours(whole, people), people,
                                                                                       before), answer],
        [named, "fairlearn's reductions alone", str(len(alone.explored.tried)), in_words(alone_seconds),
         *taken(ours(alone, people), people, before), alone_answer],
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, frame in people.items():
            frame.astype({"in_group": pd.CategoricalDtype([0, 1])}).to_parquet(folder / f"{name}.parquet")
        if options.aequitas:
            spent = elsewhere(options.aequitas, AEQUITAS, scratch, str(options.trials))
            offers = aequitas(folder, share)
            lines.append([named, "Aequitas Flow", str(len(offers)), in_words(spent), *taken(offers, people, before),
                          "no test"])  # fmt: skip
        if options.oxonfair:
            spent = elsewhere(options.oxonfair, OXONFAIR, scratch, str(share))
            tables = {name: pd.read_parquet(folder / f"oxonfair-{name}.parquet") for name in SPLITS}
            for kind in ("inferred group", "own group"):
                columns = [name for name in tables["selection"] if name.startswith(kind)]
                offers = [
                    Offer({name: made[column].to_numpy() == 1 for name, made in tables.items()}) for column in columns
                ]
                lines.append([named, f"OxonFair, cut-offs by {kind}", str(len(offers)), in_words(spent),
                              *taken(offers, people, before), "no test"])  # fmt: skip
    for line in lines:
        print(line, flush=True)
    return lines


def main() -> None:
    """Run every tool that is there; with --save, write the section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oxonfair", metavar="PYTHON", help="Python of an environment with oxonfair")
    parser.add_argument("--aequitas", metavar="PYTHON", help="Python of an environment with aequitas[flow]")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds of each of our searches")
    parser.add_argument("--trials", type=int, default=3, help="candidates of each of Aequitas' nine methods")
    parser.add_argument("--only", help="one data set")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    rows = [line for one in real_data() if options.only in (None, one.name) for line in compared(one, options)]
    allowed = [f"bad rate {allowance:+.1%} allowed" for allowance in ALLOWANCES]
    made = table(["data, group, its ratio before", "tool", "candidates", "time", *allowed, "its answer"], rows)
    about = (
        "Boosting incumbent, as many selected as by it. Cells: the ratio on the verdict split of the candidate taken "
        "on the selection split, and by how much the bad rate among its selected people changed there. Cut-offs by "
        "the own group treat two people who differ in nothing else differently: they are an upper bound, not a "
        "proposal."
    )
    text = f"{machine(PACKAGES)}\n\n{about}\n\n{made}"
    print(text)
    if options.save:
        print(save(TITLE, text))


if __name__ == "__main__":
    main()
