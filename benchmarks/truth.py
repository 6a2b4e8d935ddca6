"""Does the audit find what is true? Its estimates against a simulated population whose disparities are counted.

    OMP_NUM_THREADS=1 python benchmarks/truth.py             # prints the page
    OMP_NUM_THREADS=1 python benchmarks/truth.py --save      # and writes docs/truth.md

Three worlds in which the scores of the group have the same law: it acts worse, it is watched more, and a bit of both.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import fairaudit as fa
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

PAGE = Path(__file__).resolve().parent.parent / "docs" / "truth.md"
SEED = 20_261_126
SYSTEM, EDGE, YEARS = "national", 900.0, 5
GROUP, REFERENCE = "rural", "urban"
WORLDS = {
    # A record is an act that is seen: 1.5 x 0.4 = 1 x (0.4 + 0.2) = 1.2 x (0.4 + 0.1), so records have one law.
    "behavior only": World(years=YEARS, behavior_difference=0.5),
    "detection only": World(years=YEARS, detection_gap=0.2),
    "mixed": World(years=YEARS, behavior_difference=0.2, detection_gap=0.1),
    "neither": World(years=YEARS),
}
METRICS = ("selection_rate_difference", "adverse_impact_ratio", "adverse_outcome_ratio", "standardized_mean_difference")
TITLES = {
    "selection_rate_difference": "difference in the share above the lowest band",
    "adverse_impact_ratio": "ratio of the shares above the lowest band",
    "adverse_outcome_ratio": "ratio of the shares in the lowest band",
    "standardized_mean_difference": "difference of mean scores in standard deviations",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One disparity in one world: the exact value, and what the audits of many samples said of it."""

    metric: str
    exact: float
    mean: float
    error: float
    """Standard error of the mean of the estimates."""
    covered: float
    draws: int

    @property
    def bias_in_errors(self):
        """The mean error in its own standard errors: chance alone keeps it within about 3."""
        return (self.mean - self.exact) / self.error

    @property
    def bias_in_spreads(self):
        """The mean error as a share of one audit's standard error."""
        return self.bias_in_errors / np.sqrt(self.draws)


def exact_disparities(people):
    """Return the disparities of a whole population, counted, by formulas that stand here and not in the package."""
    group, other = (people[people["registration"] == level] for level in (GROUP, REFERENCE))
    high, high_other = (float((one["score"] >= EDGE).mean()) for one in (group, other))
    return {
        "selection_rate_difference": high - high_other,
        "adverse_impact_ratio": high / high_other,
        "adverse_outcome_ratio": (1 - high) / (1 - high_other),
        "standardized_mean_difference": float(
            (group["score"].mean() - other["score"].mean()) / people["score"].std(ddof=1)
        ),
    }


def audits(people, draws, size, rng, metrics):
    """Return estimate and interval of each disparity [metric, draw, 3], each draw a simple random sample of people."""
    made = np.full((len(metrics), draws, 3), np.nan)
    rows = people[["registration", "score"]].assign(low=people["score"] < EDGE)
    for draw in range(draws):
        sample = rows.iloc[rng.choice(len(rows), size, replace=False)]
        if "standardized_mean_difference" in metrics:
            asked = {"score": "score", "higher_is": "better", "cutoff": EDGE}
        else:  # decisions alone are audited much faster
            asked = {"decision": "low", "favorable": False}
        audit = fa.audit(
            sample, groups="registration", cross=False, metrics=metrics, reference={"registration": REFERENCE}, **asked
        )
        found = {one.metric: one for one in audit.result.findings}
        for place, metric in enumerate(metrics):
            one = found[metric]
            made[place, draw] = one.value, one.low, one.high
    return made


def held(people, draws, size, rng, metrics=METRICS):
    """Return how the audits of many samples did, a record a disparity."""
    exact = exact_disparities(people)
    made = audits(people, draws, size, rng, metrics)
    records = []
    for metric, (value, low, high) in zip(metrics, np.moveaxis(made, 2, 1), strict=True):
        covered = float(((low <= exact[metric]) & (exact[metric] <= high)).mean())
        error = float(value.std(ddof=1) / np.sqrt(draws))
        records.append(Held(metric, exact[metric], float(value.mean()), error, covered, draws))
    return records


def in_the_scores(people):
    """Return what the scores of a whole population show of a world, and what only other data would."""
    by = people.groupby("registration")
    low = by["score"].apply(lambda scores: (scores < EDGE).mean())
    equal = by["score_equal"].apply(lambda scores: (scores < EDGE).mean())
    totals = by[["acts", "records"]].sum()
    return {
        "low": low[GROUP] - low[REFERENCE],
        "mean": by["score"].mean()[GROUP] - by["score"].mean()[REFERENCE],
        "records": (by["records"].mean()[GROUP] / by["records"].mean()[REFERENCE]),
        "acts": (by["acts"].mean()[GROUP] / by["acts"].mean()[REFERENCE]),
        "seen": totals["records"][GROUP] / totals["acts"][GROUP],
        "seen_other": totals["records"][REFERENCE] / totals["acts"][REFERENCE],
        "effect": (low - equal)[GROUP],
    }


def effects(people, world):
    """Return what each mechanism that is on did to the group's share in the lowest band, exactly."""
    group = people[people["registration"] == GROUP]
    now = (group["score"] < EDGE).mean()
    return {name: now - (group[f"score_without_{name}"] < EDGE).mean() for name in world.active}


def _row(one):
    return (TITLES[one.metric], f"{one.exact:.4f}", f"{one.mean:.4f}", f"{one.bias_in_errors:+.1f}",
            f"{one.bias_in_spreads:+.2f}", f"{one.covered:.1%}")  # fmt: skip


def page(people_of_a_world, draws, size, table, about):
    """Return docs/truth.md."""
    rows, seen, moved = [], [], []
    for place, (name, world) in enumerate(WORLDS.items()):
        made = simulate(fa.PointSystem.load(SYSTEM), people_of_a_world, world=world, seed=SEED)
        people = made.people
        rng = np.random.default_rng([SEED, place])
        rows += [[name, *_row(one)] for one in held(people, draws, size, rng)]
        shown = in_the_scores(people)
        seen.append([name, f"{100 * shown['low']:+.1f}", f"{shown['mean']:+.1f}", f"{shown['records']:.2f}",
                     f"{shown['acts']:.2f}", f"{shown['seen']:.2f}", f"{shown['seen_other']:.2f}"])  # fmt: skip
        did = effects(people, world)
        each = [f"{100 * did[one]:+.1f}" if one in did else "0" for one in ("behavior_difference", "detection_gap")]
        moved.append([name, *each, f"{100 * shown['effect']:+.1f}"])
        print(name, "done", file=sys.stderr)
    band = 1.96 * np.sqrt(0.95 * 0.05 / draws)
    return TEXT.format(
        people=f"{people_of_a_world:,}", draws=f"{draws:,}", size=f"{size:,}", years=YEARS, system=SYSTEM,
        held=table(("world", "disparity", "exact", "mean of the estimates", "bias, in its standard errors",
                    "bias, in standard errors of one audit", "intervals that hold it"), rows),
        seen=table(("world", "lowest band, points", "mean score", "records, ratio", "acts, ratio",
                    "acts seen, rural", "acts seen, urban"), seen),
        moved=table(("world", "behavior difference", "detection gap", "both"), moved),
        low=f"{0.95 - band:.1%}", high=f"{min(1, 0.95 + band):.1%}", about=about,
    )  # fmt: skip


TEXT = """# The audit against a known truth

Simulation throughout: all shares and rates are stylised. Written by `benchmarks/truth.py`.

A world of {people} people lives {years} years under `{system}`. Its disparities between rural and urban people are
counted, so they are exact. Then {draws} auditors each draw {size} of the people by lot and audit their scores with
`fa.audit`, which knows nothing of the simulation.

## Does the audit find what is there?

{held}

A bias within about 3 of its standard errors is what chance alone gives; ratios of estimates have a small bias of their
own, far below the uncertainty of one audit. With {draws} draws, 95 of 100 such shares of intervals would lie between
{low} and {high} where the true coverage is 95%.

## What the scores alone cannot tell

{seen}

Differences and ratios are rural against urban. "Acts" are what people did, and "seen" the share of it on record: both
are known here because it is a simulation, and no file of scores has them.

In the first three worlds a rural person is 1.5 times as often on record: because rural people act 1.5 times as often
(1.5 x 0.4), because more of the same conduct is seen (1 x 0.6), or by a part of both (1.2 x 0.5). The records have one
law, so the scores have one law, and so has everything that can be worked out from scores, bands, consequences and
records: **no audit of them, however large, can tell these worlds apart.** The audit is right about the disparity in
each, and says nothing about where it comes from.

What each mechanism did to the share of rural people in the lowest band, in points, exact by the same people without it:

{moved}

The two mechanisms of the mixed world work on one another, so their effects need not add up to both.

What would tell them apart are data that do not come through the same eyes:

- conduct measured equally in both groups: inspections by lot, a survey, an outcome that everybody's file has;
- how much each group is watched: cameras, patrols and checks for each 1,000 people, and who reported each record;
- the same people before and after watching changed, or across a border where it differs, with conduct alike;
- records that were checked afterwards: wrong ones by group, for false accusations and wrong blame.

With any of the first two, acts or the share of them that is seen can be set beside the records, as in the table above,
and the worlds differ at once. Without, a report should say "a disparity of so much" and not "worse conduct" or "a
biased camera".

{about}
"""


def main():
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500_000, help="people in each world")
    parser.add_argument("--draws", type=int, default=200, help="audits in each world")
    parser.add_argument("--size", type=int, default=4_000, help="people in each audit")
    parser.add_argument("--save", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    from saving import machine, table

    about = machine(["fairaudit-toolkit", "numpy", "scipy"])
    text = page(given.people, given.draws, given.size, table, about)
    if given.save:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
