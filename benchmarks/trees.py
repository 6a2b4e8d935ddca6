"""Shapley values of tree ensembles against shap, woodelf-explainer and the libraries' own values, in one process.

Times are processor time on one core (rows a second), so that other work on the machine counts for little. shap's
interventional values get the whole background, not the 100 rows that it keeps unless told otherwise.

    OMP_NUM_THREADS=1 python benchmarks/trees.py                 # needs lightgbm, xgboost
    OMP_NUM_THREADS=1 python benchmarks/trees.py --population 1000000 --woodelf --save
"""

import argparse
import resource
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from saving import in_words, machine, save, table

import fairaudit as fa

TITLE = "Shapley values of trees"
COLUMNS = 30
PACKAGES = [
    "fairaudit-toolkit",
    "shap",
    "woodelf-explainer",
    "lightgbm",
    "xgboost-cpu",
    "scikit-learn",
    "numba",
    "numpy",
]
AGREE = 1e-4
"""Largest difference to the libraries' own path-dependent values, which are float32 in one of them."""


def people(rows: int, seed: int = 1) -> pd.DataFrame:
    """Return rows with continuous columns, drawn to four decimals."""
    draw = np.random.default_rng(seed)
    made = np.empty((rows, COLUMNS))
    for column in range(COLUMNS):
        made[:, column] = np.round(draw.normal(size=rows), 4)
    return pd.DataFrame(made, columns=[f"f{at}" for at in range(COLUMNS)])


def models(rows: pd.DataFrame) -> dict[str, object]:
    """Return fitted boosters."""
    import lightgbm
    import xgboost

    draw = np.random.default_rng(2)
    signal = rows["f0"] + rows["f1"] * rows["f2"] + np.sin(2 * rows["f3"]) + rows["f4"] * (rows["f5"] > 0)
    paid = (signal + draw.normal(size=len(rows)) > 0).astype(int)
    made = {
        "LightGBM, 300 trees of 31 leaves": lightgbm.LGBMClassifier(n_estimators=300, verbose=-1, n_jobs=1),
        "XGBoost, 200 trees of depth 6": xgboost.XGBClassifier(n_estimators=200, max_depth=6, n_jobs=1),
    }
    return {name: model.fit(rows, paid) for name, model in made.items()}


def rate(work, rows: pd.DataFrame, repeats: int):
    """Return rows a second of processor time, the median of the repeats, and the result."""
    seconds, made = [], None
    for _ in range(repeats):
        start = time.process_time()
        made = work(rows)
        seconds.append(time.process_time() - start)
    return len(rows) / float(np.median(seconds)), made


def own_values(model, rows: pd.DataFrame) -> np.ndarray:
    """Return the library's own path-dependent values."""
    if hasattr(model, "get_booster"):
        import xgboost

        return model.get_booster().predict(xgboost.DMatrix(rows), pred_contribs=True)[:, :-1]
    return model.predict(rows, pred_contrib=True)[:, :-1]


def of_shap_in_c(model):
    """Return shap's own C code on the model; ``TreeExplainer`` would hand both libraries' models back to them."""
    import shap

    explainer = shap.TreeExplainer(model)
    trees = explainer.model
    trees.model_type = "internal"
    return lambda rows: explainer.shap_values(rows.to_numpy(), check_additivity=False)


def of_woodelf(model, background, *, wanted: bool):
    """Return woodelf-explainer's values as a function of rows, None where it is not wanted or not installed."""
    if not wanted:
        return None
    try:
        from woodelf import WoodelfExplainer
    except ImportError:
        return None
    explainer = WoodelfExplainer(model, background)
    return explainer.shap_values


def alone(explainer, rows: pd.DataFrame):
    """Return our values as a function of rows, without the check against the model's own output."""
    names, player_of = explainer.grouped()
    ready = explainer.backend.ready(explainer.background, explainer.read(rows, "the rows"), player_of, len(names))
    return lambda some: explainer.backend.work(ready, explainer.read(some, "the rows")).values


def lines_of(name: str, game: str, ours, rows: pd.DataFrame, repeats: int, preparing: float):
    """Return our two lines of a table, our rates with and without the check, and our values."""
    checked, made = rate(ours.explain, rows, repeats)
    bare, _ = rate(alone(ours, rows[:10]), rows, repeats)
    lines = [
        [name, game, "fairaudit", f"{checked:,.0f}", "", "", in_words(preparing)],
        [name, game, "fairaudit without its check", f"{bare:,.0f}", "", "", ""],
    ]
    return lines, checked, bare, made


def compared(name: str, model, rows: pd.DataFrame, background: pd.DataFrame, repeats: int, woodelf: bool):
    """Return lines of the table for one model."""
    import shap

    ours = fa.Explainer(model, game="path-dependent")
    ours.explain(rows[:10])  # compiled, and tables made
    start = time.process_time()
    fa.Explainer(model, game="path-dependent").explain(rows[:10])
    preparing = time.process_time() - start
    lines, here, bare, made = lines_of(name, "path-dependent", ours, rows, repeats, preparing)
    few = rows[:300]
    sides = {"shap, C code": of_shap_in_c(model), "the library's own": lambda some: own_values(model, some)}
    beside = of_woodelf(model, None, wanted=woodelf)
    if beside is not None:
        sides["woodelf-explainer"] = beside
    for side, work in sides.items():
        some = rows if side.startswith("woodelf") else few
        there, theirs = rate(work, some, repeats)
        off = float(np.abs(np.asarray(theirs)[:300] - made.values[:300]).max())
        if off > AGREE:
            sys.exit(f"{name}, {side}: path-dependent values differ by {off:.2g}")
        lines.append(
            [name, "path-dependent", side, f"{there:,.0f}", f"{here / there:,.0f}", f"{bare / there:,.0f}", ""]
        )
    ours = fa.Explainer(model, background)
    start = time.process_time()
    ours.explain(rows[:10])
    preparing = time.process_time() - start
    game = f"against {len(background):,} rows"
    more, here, bare, made = lines_of(name, game, ours, rows, repeats, preparing)
    lines += more
    whole = shap.TreeExplainer(model, shap.maskers.Independent(background, max_samples=len(background)))
    sides = {"shap": lambda some: whole.shap_values(some, check_additivity=False)}
    beside = of_woodelf(model, background, wanted=woodelf)
    if beside is not None:
        sides["woodelf-explainer"] = beside
    for side, work in sides.items():
        some = rows if side.startswith("woodelf") else rows[:20]
        there, theirs = rate(work, some, repeats)
        off = float(np.abs(np.asarray(theirs)[:20] - made.values[:20]).max())
        lines.append([
            name, game, f"{side} (differs by up to {off:.1g})", f"{there:,.0f}", f"{here / there:,.0f}",
            f"{bare / there:,.0f}", "",
        ])  # fmt: skip
    return lines


def single(model, rows: pd.DataFrame, background: pd.DataFrame) -> str:
    """Return the median time of one row of a kept Explainer, on the clock and of the processor."""
    kept = fa.Explainer(model, background)
    kept.explain(rows[:1])
    clock, processor = [], []
    for at in range(40):
        start, busy = time.perf_counter(), time.process_time()
        kept.explain(rows[at : at + 1])
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    return (
        f"{in_words(float(np.median(clock)))} on the clock, {in_words(float(np.median(processor)))} of processor time"
    )


def resident() -> float:
    """Return the memory that the process holds now, in MiB."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize() / 2**20


def population(model, many: int, background: pd.DataFrame, threads: int) -> str:
    """Return what explaining a whole population takes: time, and memory above what the rows themselves take."""
    rows = people(many, seed=9)
    kept = fa.Explainer(model, background, threads=threads)
    kept.explain(rows[:10])
    before, highest, done = resident(), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            highest[0] = max(highest[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, busy = time.perf_counter(), time.process_time()
    made = kept.explain(rows)
    clock, processor = time.perf_counter() - start, time.process_time() - busy
    done.set()
    watcher.join()
    return (
        f"{len(made):,} rows against {len(background):,}, {threads} threads: {in_words(clock)} on the clock, "
        f"{in_words(processor)} of processor time, {highest[0] - before:,.0f} MiB above {before:,.0f} MiB before "
        "(the rows, the model and the imported libraries)"
    )


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--background", type=int, default=1_000)
    parser.add_argument("--population", type=int, default=0, help="also explain so many rows against 10,000")
    parser.add_argument("--threads", type=int, default=2, help="of the population's run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--woodelf", action="store_true", help="beside woodelf-explainer too; some minutes more")
    parser.add_argument("--save", action="store_true", help="write this section of docs/benchmarks.md")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    train, rows = people(10_000, seed=3), people(arguments.rows, seed=4)
    fitted = models(train)
    lines, notes = [], []
    for name, model in fitted.items():
        lines += compared(name, model, rows, train[: arguments.background], arguments.repeats, arguments.woodelf)
        notes.append(f"- one row of a kept Explainer, {name}: {single(model, rows, train[: arguments.background])}")
        print(*lines[-8:], notes[-1], sep="\n", file=sys.stderr)
    if arguments.population:
        model = fitted["XGBoost, 200 trees of depth 6"]
        notes.append(f"- XGBoost, {population(model, arguments.population, people(10_000, seed=5), arguments.threads)}")
    header = ["model", "values", "by", "rows a second", "times as many here", "without our check", "tables, once"]
    text = f"""{arguments.rows:,} rows of {COLUMNS} columns on one core, processor time, medians of {arguments.repeats}
runs; shap and the libraries' own values on 300 rows (20 against a background), because their time a row does not
depend on how many there are. Path-dependent values agree to {AGREE:g} or the script stops. Ours include the
check of every row against the model's own output, which the others are told to leave out; "without our check" leaves
it out here too.

{table(header, lines)}

{chr(10).join(notes)}

{machine(PACKAGES)}
"""
    print(text)
    if arguments.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
