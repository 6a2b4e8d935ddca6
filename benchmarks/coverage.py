"""Does an interval cover what it says, and does a test keep its size? A seeded simulation of every method.

python benchmarks/coverage.py
python benchmarks/coverage.py --save               # and writes docs/coverage.md
python benchmarks/coverage.py --only rates --draws 2000
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import coverage_foils as foils
import coverage_questions as questions
import coverage_scenes as scenes
import numpy as np
from saving import machine, table

PARTS = scenes.PARTS | questions.PARTS
TITLES = scenes.TITLES | questions.TITLES
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


TABLES: dict[str, tuple[str, Callable[[list[Outcome]], str]]] = {
    "interval": ("Coverage of intervals of 95%", intervals_table),
    "test": ("Size of tests at 5%: how often they reject what is true", tests_table),
    "power": ("Power: how often a true difference is found at 5%", power_table),
}


def text_of(found: dict[str, list[Outcome]], draws: int, seconds: float) -> str:
    """Return the page."""
    parts = [
        "# Coverage of intervals, size of tests",
        f"""Written by the script below, with `--save`; seeded, at most {draws:,} draws a scene
(slow parts take 300 to 3,000). A scene is a size of each group, a rate (or a distribution of scores) of each, and
where it matters a number of ties. "10 expected" are scenes
in which each group expects at least 10 people on both sides (selected and not, good and bad). Coverage is the share
of draws in which the interval of 95% holds the true value; draws in which a metric is undefined (0 / 0) are counted
apart, in the last column. A scene counts as outside where it is outside by more than three standard errors of the
simulation. Rows named "foil" are not what fairaudit prints: they stand here to be compared with.""",
    ]
    for kind, (title, build) in TABLES.items():
        for part in PARTS:
            mine = found.get(f"{part}/{kind}")
            if mine:
                parts += [f"## {title}: {TITLES[part]}", build(mine)]
    parts += [
        "## Gaps that cannot be negative: the interval that never covers zero",
        foils.text(np.random.default_rng(SEED)),
        machine(["fairaudit-toolkit", "fairlearn", "numpy", "scipy", "statsmodels"]),
        f"- time: {seconds:.0f} s",
    ]
    return "\n\n".join(parts[:-1]) + "\n" + parts[-1] + "\n"


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--save", action="store_true", help="write docs/coverage.md")
    parser.add_argument("--draws", type=int, default=10_000, help="draws a scene (default %(default)s)")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="this part; may be repeated")
    arguments = parser.parse_args()
    start = time.perf_counter()
    found: dict[str, list[Outcome]] = {}
    for part in arguments.only or PARTS:
        for one in outcomes([part], arguments.draws):
            kind, _, method = one.method.partition(":")
            named = Outcome(method, one.scene, one.enough, one.share, one.undefined, one.draws)
            found.setdefault(f"{part}/{kind}", []).append(named)
    text = text_of(found, arguments.draws, time.perf_counter() - start)
    print(text)
    if arguments.save:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
