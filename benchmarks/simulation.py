"""Does an interval cover what it says, and does a test keep its size? A seeded simulation of every method.

python benchmarks/simulation.py
python benchmarks/simulation.py --save               # and writes docs/coverage.md
python benchmarks/simulation.py --parts rates pairs --draws 2000 --save    # these parts; the page keeps the others

The scenes are in coverage_*.py. This script is not called coverage.py: numba imports a package of that name, and would
find the script where another benchmark beside it is run.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import coverage_bounds as bounds
import coverage_clusters as clusters
import coverage_foils as foils
import coverage_noise as noise
import coverage_profit as profit
import coverage_questions as questions
import coverage_scenes as scenes
import coverage_weights as weights
import numpy as np
from saving import machine, table
from scipy.stats import binom

MODULES = (scenes, clusters, questions, profit, weights, bounds, noise)
PARTS: dict[str, Callable] = {name: part for module in MODULES for name, part in module.PARTS.items()}
TITLES: dict[str, str] = {name: title for module in MODULES for name, title in module.TITLES.items()}
NOTES: dict[str, str] = {
    name: note for module in MODULES for name, note in getattr(module, "NOTES", {}).items()
}  # fmt: skip
FOILS = "foils"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"
SEED = 20_261_124
ENOUGH = 10
INTERVAL_BAND = (0.93, 0.97)
LEAST_BELOW = 0.93


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method did in one scene: the share of defined draws that it covered, or in which it rejected."""

    method: str
    scene: str
    enough: bool
    """Expected counts of at least 10 on both sides."""
    share: float
    undefined: float
    draws: int


def outcomes(parts: list[str], draws: int) -> Iterator[Outcome]:
    """Run the scenes of the named parts, each with its own seed, so that one part alone gives the same numbers."""
    for part in parts:
        start = time.perf_counter()
        for place, scene in enumerate(PARTS[part]()):
            rng = np.random.default_rng([SEED, *part.encode(), place])
            for method, hit in scene.run(rng, draws).items():
                defined = ~np.isnan(hit)
                share = float(hit[defined].mean()) if defined.any() else float("nan")
                yield Outcome(method, scene.name, scene.enough, share, 1 - float(defined.mean()), int(defined.sum()))
        print(f"{part}: {time.perf_counter() - start:.0f} s", file=sys.stderr)


def intervals_table(found: list[Outcome]) -> str:
    """Return a line a method: coverage where counts are large, and where they are small."""
    rows = []
    for method in dict.fromkeys(one.method for one in found):
        row = [method]
        for enough in (True, False):
            # A share of fewer than 200 draws says little; such scenes are counted as mostly undefined.
            mine = [o for o in found if o.method == method and o.enough == enough and o.draws >= 200]
            if not mine:
                row += ["", "", "", ""]
                continue
            shares = np.array([one.share for one in mine])
            # Three standard errors of the simulation are allowed at each end.
            noise = 3 * np.sqrt(0.05 * 0.95 / np.array([one.draws for one in mine]))
            low, high = INTERVAL_BAND
            outside = (shares < low - noise) | ((shares > high + noise) & enough)
            row += [f"{len(mine)}", f"{shares.min():.1%} to {shares.max():.1%}", f"{np.median(shares):.1%}",
                    f"{int(outside.sum())}"]  # fmt: skip
        rows.append([*row, f"{np.mean([one.undefined for one in found if one.method == method]):.1%}"])
    header = [
        "method", "scenes with 10 expected", "coverage", "median", "outside 93% to 97%",
        "scenes below", "coverage below", "median below", "under 93% below", "draws undefined",
    ]  # fmt: skip
    return table(header, rows)


def tests_table(found: list[Outcome]) -> str:
    """Return a line a test: how often it rejects what is true at 5%."""
    rows = []
    for method in dict.fromkeys(one.method for one in found):
        row = [method]
        for enough in (True, False):
            shares = [o.share for o in found if o.method == method and o.enough == enough and o.draws >= 200]
            row += [f"{len(shares)}", f"{max(shares):.1%}", f"{np.mean(shares):.1%}"] if shares else ["", "", ""]
        rows.append(row)
    header = ["test", "scenes with 10 expected", "largest size", "mean", "scenes below", "largest below", "mean below"]
    return table(header, rows)


def power_table(found: list[Outcome]) -> str:
    """Return a line a scene: how often the primary test finds a difference that is there."""
    names = list(dict.fromkeys(one.method for one in found))
    by_scene: dict[str, dict[str, float]] = {}
    for one in found:
        by_scene.setdefault(one.scene, {})[one.method] = one.share
    rows = [[scene, *(f"{shares[name]:.0%}" for name in names)] for scene, shares in by_scene.items()]
    return table(["scene", *names], rows)


def bounds_table(found: list[Outcome]) -> str:
    """Return a line a bound: how often it holds, which is to be always, or at least as often as it says."""
    rows = []
    for method in dict.fromkeys(one.method for one in found):
        mine = [o for o in found if o.method == method and o.draws >= 200]
        if not mine:
            continue
        shares = np.array([one.share for one in mine])
        undefined = np.mean([one.undefined for one in found if one.method == method])
        rows.append([method, f"{len(mine)}", f"{shares.min():.1%}", f"{shares.mean():.1%}", f"{undefined:.1%}"])
    return table(["bound", "scenes", "holds at least", "mean", "draws undefined"], rows)


TABLES: dict[str, tuple[str, Callable[[list[Outcome]], str]]] = {
    "interval": ("Coverage of intervals of 95%", intervals_table),
    "bound": ("Bounds: how often they hold what they must", bounds_table),
    "test": ("Size of tests at 5%: how often they reject what is true", tests_table),
    "power": ("Power: how often a true difference is found at 5%", power_table),
}
OF_FOILS = "Gaps that cannot be negative: the interval that never covers zero"
BY_CHANCE = "How large the largest size is by chance alone"
CHANCE_NOTE = (
    "A size is a share of draws, and the largest of several such shares lies above the true one. Were the true size "
    "5% in every scene, the largest would stay at or below the number here in 95 of 100 simulations, by the binomial "
    "distribution. A “largest size” below speaks against a test only beyond it."
)
DRAWN, SCENES = (300, 1_000, 2_000, 4_000, 10_000), (1, 2, 5, 12, 36, 75)
RUNS = "When each part was run"
RUNS_HEADER = ["part", "draws a scene, at most", "date", "seconds", "command"]
INTRODUCTION = """# Coverage of intervals, size of tests

Written by the script below, with `--save`; seeded. A part may be run and saved alone, and the last section says when
each was. A scene is a size of each group, a rate (or a distribution of scores) of each, and where it matters a number
of ties. "10 expected" are scenes in which each group expects at least 10 people on both sides (selected and not, good
and bad). Coverage is the share of draws in which the interval of 95% holds the true value; draws in which a metric is
undefined (0 / 0) are counted apart, in the last column. A scene counts as outside where it is outside by more than
three standard errors of the simulation. Rows named "foil" are not what fairaudit prints: they stand here to be
compared with. Slow parts take fewer draws than they are given (300 to 3,000). In commands of 25 November the script
has the name that it had then, `benchmarks/coverage.py`."""


def sections_of(found: dict[str, list[Outcome]]) -> dict[str, str]:
    """Return the tables of the parts that were run, by their headings."""
    made = {}
    for kind, (_, build) in TABLES.items():
        for part in PARTS:
            mine = found.get(f"{part}/{kind}")
            if mine:
                note = NOTES.get(f"{part}/{kind}")
                made[_heading(kind, part)] = f"{note}\n\n{build(mine)}" if note else build(mine)
    return made


def _heading(kind: str, part: str) -> str:
    return f"{TABLES[kind][0]}: {TITLES[part]}"


def saved_sections(page: str) -> dict[str, str]:
    """Return the sections of a page that was saved, by their headings."""
    _, *sections = page.split("\n## ")
    return {text.split("\n", 1)[0]: text.split("\n", 1)[1].strip() for text in sections}


def page_of(sections: dict[str, str], runs: dict[str, list[str]]) -> str:
    """Return the page: the sections in the order of the kinds and parts, and when each part was run."""
    order = [*(_heading(kind, part) for kind in TABLES for part in PARTS), OF_FOILS]
    parts = [
        INTRODUCTION,
        chance_section(),
        *(f"## {heading}\n\n{sections[heading]}" for heading in order if heading in sections),
    ]
    known = [name for name in (*PARTS, FOILS) if name in runs]
    packages = machine(["fairaudit-toolkit", "fairlearn", "numpy", "scipy", "statsmodels"])
    parts += [f"## {RUNS}\n\n{table(RUNS_HEADER, [runs[name] for name in known])}\n\nThe last run:\n\n{packages}"]
    return "\n\n".join(parts) + "\n"


def chance_section() -> str:
    """Return how large the largest rejection rate is by chance alone, where every test rejects in exactly 5%."""
    rows = [
        [f"{draws:,}", *(f"{binom.ppf(0.95 ** (1 / scenes), draws, 0.05) / draws:.1%}" for scenes in SCENES)]
        for draws in DRAWN
    ]
    header = ["draws a scene", *(f"{scenes} scene{'s' if scenes > 1 else ''}" for scenes in SCENES)]
    return f"## {BY_CHANCE}\n\n{CHANCE_NOTE}\n\n{table(header, rows)}"


def saved_runs(sections: dict[str, str]) -> dict[str, list[str]]:
    """Return the rows of the table that says when each part was run, by part."""
    lines = [line for line in sections.get(RUNS, "").splitlines() if line.startswith("| ")][2:]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return {row[0]: row for row in rows}


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write docs/coverage.md; parts that are not run are kept")
    parser.add_argument("--draws", type=int, default=10_000, help="draws a scene (default %(default)s)")
    parser.add_argument(
        "--parts", "--only", nargs="+", action="extend", choices=[*PARTS, FOILS], help="these parts alone"
    )
    parser.add_argument("--scenes", action="store_true", help="print every scene to stderr")
    arguments = parser.parse_args()
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    made: dict[str, str] = {}
    runs: dict[str, list[str]] = {}
    for part in arguments.parts or (*PARTS, FOILS):
        start = time.perf_counter()
        tables = tables_of(part, arguments.draws, scenes=arguments.scenes)
        seconds = f"{time.perf_counter() - start:.0f}"
        row = [part, f"{arguments.draws:,}", f"{datetime.now(tz=UTC):%Y-%m-%d}", seconds, f"`{command}`"]
        made, runs = made | tables, runs | {part: row}
        if arguments.save:
            # After every part: a run that is broken off keeps what it found.
            save(part, tables, row)
    print(page_of(made, runs))


def tables_of(part: str, draws: int, *, scenes: bool) -> dict[str, str]:
    """Run a part and return its tables by their headings."""
    if part == FOILS:
        return {OF_FOILS: foils.text(np.random.default_rng(SEED))}
    found: dict[str, list[Outcome]] = {}
    for one in outcomes([part], draws):
        if scenes:
            print(one, file=sys.stderr)
        kind, _, method = one.method.partition(":")
        named = Outcome(method, one.scene, one.enough, one.share, one.undefined, one.draws)
        found.setdefault(f"{part}/{kind}", []).append(named)
    return sections_of(found)


def save(part: str, tables: dict[str, str], row: list[str]) -> None:
    """Put a part into the page in place of what the part said before; the others are kept."""
    saved = saved_sections(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    runs = saved_runs(saved) | {part: row}
    kept = {name: text for name, text in saved.items() if part == FOILS or not name.endswith(f": {TITLES[part]}")}
    PAGE.write_text(page_of(kept | tables, runs), encoding="utf-8")


if __name__ == "__main__":
    main()
