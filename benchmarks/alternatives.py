"""Does the verdict on alternatives keep its promises? Coverage of the paired intervals; how often none is shown as one.

Two scores of the same people are drawn from a law whose truth is known. Scenes differ in people, in the share of the
group, in how alike the two scores are, and in what is true: performance exactly at the margin, disparity exactly as
before, both at their bounds at once. Then a false alternative is as likely as it can be.

    python benchmarks/alternatives.py                  # two minutes
    python benchmarks/alternatives.py --draws 4000 --save
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from saving import machine, save, table
from scipy.special import expit

from fairaudit.inference.model_changes import (
    Change,
    auc_change,
    gap_change,
    log_ratio_change,
    profit_change,
    volume_change,
)
from fairaudit.inference.verdicts import corrected, joint

TITLE = "Verdicts on alternatives: coverage, and how often one is shown that is none"
PACKAGES = ["fairaudit-toolkit", "numpy", "scipy"]
SIZES = (500, 2_000, 10_000)
SHARES = (0.1, 0.3)
NOISES = (0.3, 1.0)
LARGE = 2_000_000
GAIN, LOSS = 10.0, -40.0
FINALISTS = 5


@dataclass(frozen=True)
class Law:
    """People with a truth, an incumbent that is biased against the group, and a candidate that is less so."""

    share: float
    noise: float
    """Of each score around the truth: how much the two models disagree."""
    bias: float = 0.4
    relief: float = 0.4
    """What the candidate takes from the bias: 0 is an alternative that is none."""
    worse: float = 0.0
    """More noise of the candidate: worse performance."""
    cut: float = 0.0

    def draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, ...]:
        """Return outcomes, group, and both scores."""
        group = rng.random(n) < self.share
        truth = rng.normal(size=n)
        good = rng.random(n) < expit(1.2 + 1.2 * truth)
        before = truth + self.noise * rng.normal(size=n) - self.bias * group
        after = truth + (self.noise + self.worse) * rng.normal(size=n) - (self.bias - self.relief) * group
        return good, group, before, after

    def changes(self, rng: np.random.Generator, n: int) -> dict[str, Change]:
        """Return all changes of one draw."""
        good, group, before, after = self.draw(rng, n)
        taken, new = before > self.cut, after > self.cut
        return {
            "AUC": auc_change(good, before, after),
            "profit at the cut-off": profit_change(good, taken, new, gain=GAIN, loss=LOSS),
            "volume at equal bad rate": volume_change(good, taken, before, after),
            "adverse impact ratio (log)": log_ratio_change(group, ~group, taken, new),
            "selection rate gap": gap_change(group, ~group, taken, new),
        }


def coverage(draws: int) -> str:
    """Return how often intervals of 95% hold the true change."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for seed, (share, noise) in enumerate((share, noise) for share in SHARES for noise in NOISES):
        law = Law(share, noise, worse=0.1)
        truth = {name: one.value for name, one in law.changes(np.random.default_rng([1, seed]), LARGE).items()}
        for n in SIZES:
            rng = np.random.default_rng([2, seed, n])
            made = [law.changes(rng, n) for _ in range(draws)]
            for name, value in truth.items():
                known = [one[name] for one in made if not one[name].undefined]
                if len(known) < 0.2 * draws:
                    continue
                miss = np.array([(one.value - value) / one.standard_error for one in known])
                rows.setdefault(name, []).append(
                    (float((np.abs(miss) <= 1.96).mean()), float((miss > 1.96).mean()), 1 - len(known) / draws)
                )
    header = ["change", "scenes", "coverage", "median", "truth below the interval, at most", "draws undefined"]
    return table(header, [
        [name, str(len(found)), f"{min(c for c, *_ in found):.1%} to {max(c for c, *_ in found):.1%}",
         f"{np.median([c for c, *_ in found]):.1%}", f"{max(o for _, o, _ in found):.1%}",
         f"{np.mean([u for *_, u in found]):.1%}"]
        for name, found in rows.items()
    ])  # fmt: skip


def margin_of(law: Law) -> float:
    """Return the true loss of AUC, so that a margin of as much lies exactly on it."""
    made = law.changes(np.random.default_rng(7), LARGE)["AUC"]
    return -made.value


def false_alternatives(draws: int) -> str:
    """Return how often an alternative is shown that is none: one finalist, and five of which none is one."""
    kinds: dict[str, Callable[[float, float], tuple[Law, float]]] = {
        "disparity as before, no loss of AUC": lambda share, noise: (Law(share, noise, relief=0.0), 0.05),
        "disparity better, loss exactly the margin": lambda share, noise: _at_margin(Law(share, noise, worse=0.15)),
        "both exactly at their bounds": lambda share, noise: _at_margin(Law(share, noise, relief=0.0, worse=0.15)),
    }
    rows = []
    for kind, of in kinds.items():
        for n in SIZES:
            ones, fives = [], []
            for at, (share, noise) in enumerate((share, noise) for share in SHARES for noise in NOISES):
                law, margin = of(share, noise)
                rng = np.random.default_rng([3, at, n])
                one = five = 0
                for _ in range(draws):
                    tested = [_tested(law, rng, n, margin)]
                    one += tested[0].p < 0.05
                    tested += [_tested(law, rng, n, margin) for _ in range(FINALISTS - 1)] if n <= SIZES[1] else []
                    five += any(p < 0.05 for p in corrected(tested))
                ones.append(one / draws)
                fives.append(five / draws)
            several = f"{max(fives):.1%}" if n <= SIZES[1] else "not run"
            rows.append([kind, f"{n:,}", f"{np.mean(ones):.1%}", f"{max(ones):.1%}", several])
    header = ["what is true", "people", "shown, on average", "shown, at most", f"any of {FINALISTS} shown, at most"]
    return table(header, rows)


def _at_margin(law: Law) -> tuple[Law, float]:
    return law, margin_of(law)


def _tested(law: Law, rng: np.random.Generator, n: int, margin: float):
    good, group, before, after = law.draw(rng, n)
    ratio = log_ratio_change(group, ~group, before > law.cut, after > law.cut)
    return joint(auc_change(good, before, after), ratio, margin=margin)


def power(draws: int) -> str:
    """Return how often a true alternative is shown whose effect is what the test says that it could have detected."""
    rows = []
    for n in SIZES:
        law = Law(0.3, 0.3, relief=0.2)
        rng = np.random.default_rng([4, n])
        truth = law.changes(np.random.default_rng(11), LARGE)["adverse impact ratio (log)"].value
        made = [_tested(law, rng, n, 0.02) for _ in range(draws)]
        # Set the bound so far below the true change that it is the detectable one on average.
        reach = float(np.mean([one.disparity.detectable for one in made if not one.disparity.undefined]))
        shown = np.mean([
            one.disparity.value - truth + reach > one.disparity.value - one.disparity.low
            for one in made if not one.disparity.undefined
        ])  # fmt: skip
        rows.append([f"{n:,}", f"{np.exp(reach):.2f}", f"{shown:.1%}"])
    return table(["people", "ratio of ratios that is detectable", "shown (90% meant: both claims together 80%)"], rows)


def main() -> None:
    """Run the simulation; with --save, write its section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500, help="draws a scene")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    about = (
        f"{options.draws:,} draws a scene; the group is {SHARES[0]:.0%} or {SHARES[1]:.0%} of the people, and the two "
        "scores are alike or not."
    )
    text = "\n\n".join(
        [
            machine(PACKAGES),
            about,
            "### Intervals of 95% of a change, two models on the same people",
            coverage(options.draws),
            "### How often an alternative is shown that is none (2.5% a claim meant, 5% in a family)",
            false_alternatives(options.draws),
            "### What could have been detected",
            power(options.draws),
        ]
    )
    print(text)
    if options.save:
        print(save(TITLE, text))


if __name__ == "__main__":
    main()
