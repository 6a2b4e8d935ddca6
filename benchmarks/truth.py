"""Does the audit find what is true? Its estimates in many small simulated worlds against the exact values.

    OMP_NUM_THREADS=1 python benchmarks/truth.py --seeds 20        # prints the page, from few worlds
    OMP_NUM_THREADS=1 python benchmarks/truth.py --save            # and writes docs/truth.md

Every seed makes a world of its own, people and chance alike. The exact value is that of the mechanism, counted in one
very large world of another seed by formulas that stand here and not in the package.

Three worlds in which the scores of the group have the same law: it acts worse, it is watched more, and a bit of both.
"""

import argparse
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

import fairaudit as fa
from fairaudit.policy.loading import load_policy
from fairaudit.systems.populations.lives import worst_edge
from fairaudit.systems.populations.simulating import simulate
from fairaudit.systems.populations.world import World

PAGE = Path(__file__).resolve().parent.parent / "docs" / "truth.md"
LARGE_SEED, APART = 20_261_126, 1_000_000
"""The seed of the first large world; small ones have 0, 1, 2, ... Other systems and worlds have seeds so far apart."""
YEARS = 3
GROUP, REFERENCE = "rural", "urban"
SYSTEMS = ("suining", "national", "sesame", "schufa", "fico", "peer")
CUTS = {"suining": 970.0}
"""Hardly anybody falls into the lowest class of this one in so few years: its cut-off is that of the best."""
WORLDS = {
    # A record is an act that is seen: 1.5 x 0.4 = 1 x (0.4 + 0.2) = 1.2 x (0.4 + 0.1), so records have one law.
    "behavior only": World(years=YEARS, behavior_difference=0.5),
    "detection only": World(years=YEARS, detection_gap=0.2),
    "mixed": World(years=YEARS, behavior_difference=0.2, detection_gap=0.1),
}
TIED = {
    "behavior only": World(years=YEARS, behavior_difference=0.5),
    "and half of the records count against a relative": World(years=YEARS, behavior_difference=0.5, network=0.5),
    "and all of the records count against a relative": World(years=YEARS, behavior_difference=0.5, network=1.0),
}
"""The first has no ties between people's scores; in the others what one did also counts against another."""
TIED_SYSTEM = "national"
WITH_OUTCOMES = "schufa"
"""The system whose scores are audited with true conduct in the next year beside them: everybody has a score in it."""
DECISIONS = ("selection_rate_difference", "adverse_impact_ratio", "adverse_outcome_ratio", "selection_odds_ratio")
SCORES = (*DECISIONS, "scoring_rate_ratio", "standardized_mean_difference")
OUTCOMES = (*SCORES, "equal_opportunity_difference", "predictive_equality_difference", "predictive_parity_difference",
            "area_under_curve_difference")  # fmt: skip
TITLES = {
    "selection_rate_difference": "difference in the share selected",
    "adverse_impact_ratio": "ratio of the shares selected",
    "adverse_outcome_ratio": "ratio of the shares not selected",
    "selection_odds_ratio": "odds ratio of being selected",
    "scoring_rate_ratio": "ratio of the shares above the median score",
    "standardized_mean_difference": "difference of mean scores in standard deviations",
    "equal_opportunity_difference": "difference in true positive rates",
    "predictive_equality_difference": "difference in false positive rates",
    "predictive_parity_difference": "difference in the share of good among the selected",
    "area_under_curve_difference": "difference in AUC",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One disparity in one world: the exact value, and what the audits of many small worlds said of it."""

    metric: str
    exact: float
    exact_error: float
    """Standard error of the exact value, which the large world leaves."""
    mean: float
    spread: float
    """Standard deviation of the estimates: the true standard error of one audit."""
    covered: float
    seeds: int

    @property
    def bias(self):
        """The mean estimate less the exact value."""
        return self.mean - self.exact

    @property
    def bias_error(self):
        """Standard error of the bias, by the seeds and by the large world."""
        return float(np.hypot(self.spread / np.sqrt(self.seeds), self.exact_error))


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one system in one world: how each disparity was found, and what the large world shows."""

    system: str
    world: str
    held: tuple[Held, ...]
    held_by_family: tuple[Held, ...]
    """The same worlds, audited with families as clusters; empty where that was not asked for."""
    shown: dict
    effects: dict


def cut_of(system):
    """Return the score at which people are selected: the end of the lowest band, or as `CUTS` has it."""
    return CUTS.get(system.id, worst_edge(system))


def rows_of(people, system):
    """Return what an auditor gets of those who have a score: group, score, whether below the cut-off, outcome."""
    scored = people[people["score"].notna()]
    score = scored["score"].round(2 if system.id == "peer" else 0)
    return scored[["registration", "outcome", "family"]].assign(score=score, low=score < cut_of(system))


def exact_disparities(rows):
    """Return the disparities of a whole population, counted."""
    group, other = (rows[rows["registration"] == level] for level in (GROUP, REFERENCE))
    high, high_other = (1 - float(one["low"].mean()) for one in (group, other))
    median = rows["score"].median()

    def between(of):
        return of(group) - of(other)

    return {
        "selection_rate_difference": high - high_other,
        "adverse_impact_ratio": high / high_other,
        "adverse_outcome_ratio": (1 - high) / (1 - high_other),
        "selection_odds_ratio": high / (1 - high) / (high_other / (1 - high_other)),
        "scoring_rate_ratio": float((group["score"] > median).mean() / (other["score"] > median).mean()),
        "standardized_mean_difference": float(between(lambda one: one["score"].mean()) / rows["score"].std(ddof=1)),
        "equal_opportunity_difference": float(between(lambda one: 1 - one.loc[one["outcome"] == "good", "low"].mean())),
        "predictive_equality_difference": float(
            between(lambda one: 1 - one.loc[one["outcome"] == "bad", "low"].mean())
        ),
        "predictive_parity_difference": float(between(lambda one: (one.loc[~one["low"], "outcome"] == "good").mean())),
        "area_under_curve_difference": between(_area),
    }


def _area(rows):
    good = (rows["outcome"] == "good").to_numpy()
    ups, downs = good.sum(), (~good).sum()
    return float((rows["score"].rank().to_numpy()[good].sum() - ups * (ups + 1) / 2) / (ups * downs))


def audited(rows, system, metrics, policy, *, by_family=False):
    """Return estimate and interval of each disparity [metric, 3], as the audit has them."""
    if metrics == DECISIONS:  # decisions alone are audited much faster
        kept, asked = ["registration", "low"], {"decision": "low", "favorable": False}
    else:
        kept, asked = ["registration", "score"], {"score": "score", "higher_is": "better"}
        asked["cutoff"] = cut_of(system)
        if metrics == OUTCOMES:
            kept, asked = [*kept, "outcome"], {**asked, "outcome": "outcome", "bad": "bad"}
    if by_family:
        kept, asked = [*kept, "family"], {**asked, "cluster": "family"}
    audit = fa.audit(
        rows[kept], groups="registration", cross=False, metrics=metrics, reference={"registration": REFERENCE},
        policy=policy, **asked,
    )  # fmt: skip
    found = {one.metric: one for one in audit.result.findings}
    return np.array([[found[name].value, found[name].low, found[name].high] for name in metrics], dtype=float)


def held(made, exact, metrics, share):
    """Return how the audits of many worlds did [seed, metric, 3]; ``share`` is a small world's share of the large."""
    records = []
    for metric, (value, low, high) in zip(metrics, np.moveaxis(made, 0, 2), strict=True):
        true, spread = exact[metric], float(value.std(ddof=1))
        covered = float(((low <= true) & (true <= high)).mean())
        # Both are averages over people made alike, so errors go with the root of how many there are.
        records.append(Held(metric, true, spread * np.sqrt(share), float(value.mean()), spread, covered, len(made)))
    return tuple(records)


def run_cell(asked, *, seeds, size, large):
    """Return what comes of (place, system, name of the world, world, metrics, whether to audit by family too)."""
    place, name, title, world, metrics, by_family = asked
    system = fa.PointSystem.load(name)
    policy = load_policy("us-fair-lending").policy
    people = simulate(system, large, world=world, seed=LARGE_SEED + APART * place).people
    exact = exact_disparities(rows_of(people, system))
    shown, effects = in_the_scores(people, system), effects_of(people, system, world)
    del people
    made = [[], []]
    for seed in range(seeds):
        rows = rows_of(simulate(system, size, world=world, seed=seed + APART * place).people, system)
        for families in (False, True)[: 1 + by_family]:
            made[families].append(audited(rows, system, metrics, policy, by_family=families))
    found = [held(np.array(one), exact, metrics, size / large) if one else () for one in made]
    return Cell(name, title, *found, shown, effects)


def in_the_scores(people, system):
    """Return what the scores of a whole population show of a world, and what only other data would."""
    by = people[people["score"].notna()].groupby("registration")
    edge = cut_of(system)
    low = by["score"].apply(lambda scores: (scores < edge).mean())
    means = by["score"].mean()
    everybody = people.groupby("registration")
    totals, each = everybody[["acts", "records"]].sum(), everybody[["acts", "records"]].mean()
    bad = by["outcome"].apply(lambda outcomes: (outcomes == "bad").mean())
    return {
        "low": low[GROUP] - low[REFERENCE],
        "low_error": float(np.sqrt((low * (1 - low) / by.size()).sum())),
        "mean": means[GROUP] - means[REFERENCE],
        "records": each.loc[GROUP, "records"] / each.loc[REFERENCE, "records"],
        "acts": each.loc[GROUP, "acts"] / each.loc[REFERENCE, "acts"],
        "seen": totals.loc[GROUP, "records"] / totals.loc[GROUP, "acts"],
        "seen_other": totals.loc[REFERENCE, "records"] / totals.loc[REFERENCE, "acts"],
        "bad": bad[GROUP] - bad[REFERENCE],
    }


def effects_of(people, system, world):
    """Return what each mechanism that is on did to the group's share that is not selected, exactly, and all of them."""
    group = people[(people["registration"] == GROUP) & people["score"].notna()]
    edge = cut_of(system)
    now = (group["score"] < edge).mean()
    made = {name: now - (group[f"score_without_{name}"] < edge).mean() for name in world.active}
    return {**made, "all": now - (group["score_equal"] < edge).mean()}


def cells():
    """Return what is asked of `run_cell`: every system in every world, and the worlds with ties between people."""
    plain = [
        (system, name, world_of(system, world), OUTCOMES if system == WITH_OUTCOMES else DECISIONS, False)
        for system in SYSTEMS for name, world in WORLDS.items()
    ]  # fmt: skip
    tied = [(TIED_SYSTEM, name, world, DECISIONS[:2], True) for name, world in TIED.items()]
    return [(place, *one) for place, one in enumerate([*plain, *tied])]


def world_of(system, world):
    """Return the world as a system has it: files and ratings are made of one kind of act, which is to be rare."""
    # People differ in how often they act. Were it not rare, half as often again would be above always for some, and
    # records would not have the same law in all three worlds.
    return world if system in ("suining", "national") else replace(world, rates={"broken-promise": 0.05})


def band_of(seeds):
    """Return between which shares 95 of 100 shares of intervals lie where the true coverage is 95%."""
    from scipy.stats import binom

    return tuple(float(binom.ppf(at, seeds, 0.95)) / seeds for at in (0.025, 0.975))


def _found(cell):
    return [[cell.system, cell.world, TITLES[one.metric], f"{one.exact:.4f} ± {one.exact_error:.4f}", f"{one.mean:.4f}",
             f"{one.bias:+.4f} ± {one.bias_error:.4f}", f"{one.bias / one.spread:+.2f}", f"{one.covered:.1%}"]
            for one in cell.held]  # fmt: skip


def _shown(cell):
    one = cell.shown
    return [cell.system, cell.world, f"{100 * one['low']:+.1f} ± {100 * one['low_error']:.1f}", f"{one['mean']:+.2f}",
            f"{one['records']:.2f}", f"{one['acts']:.2f}", f"{one['seen']:.2f}", f"{one['seen_other']:.2f}",
            f"{100 * one['bad']:+.1f}"]  # fmt: skip


def _did(cell):
    each = [f"{100 * cell.effects[one]:+.1f}" if one in cell.effects else "0"
            for one in ("behavior_difference", "detection_gap")]  # fmt: skip
    return [cell.system, cell.world, *each, f"{100 * cell.effects['all']:+.1f}"]


def _tied(cell):
    return [[cell.world, TITLES[one.metric], f"{one.covered:.1%}", f"{other.covered:.1%}"]
            for one, other in zip(cell.held, cell.held_by_family, strict=True)]  # fmt: skip


RESTS_ON = {"sesame": "what a relative has and did", "peer": "friends' and raters' standing"}
"""What of others a person's score rests on in the plain worlds, where the network is off."""


def _by_system(plain, seeds):
    made = []
    for system in SYSTEMS:
        shares = [cell.held[0].covered for cell in plain if cell.system == system]
        low, high = band_of(seeds * len(shares))
        made.append([system, RESTS_ON.get(system, "nothing"), f"{np.mean(shares):.1%}", f"{low:.1%} to {high:.1%}"])
    return made


def summary(plain, seeds):
    """Return a sentence that says how far the audits are from what chance alone would do."""
    every = [(cell, one) for cell in plain for one in cell.held]
    low, high = band_of(seeds)
    below = [cell.system for cell, one in every if one.covered < low]
    above = sum(one.covered > high for _, one in every)
    far = sum(abs(one.bias) > 3 * one.bias_error for _, one in every)
    far_cell, largest = max(every, key=lambda each: abs(each[1].bias) / each[1].bias_error)
    said = (
        f"Bias: of {len(every)} disparities, {far} lie more than three of its standard errors from 0. The largest is "
        f"{abs(largest.bias) / largest.bias_error:.1f}, that of the {TITLES[largest.metric]} in `{far_cell.system}`, "
        f"{far_cell.world}: {abs(largest.bias) / largest.spread:.2f} standard errors of one audit. Coverage: over all, "
        f"{np.mean([one.covered for _, one in every]):.1%} of the intervals hold the exact value. Were each to hold it "
        f"with 95%, 19 of 20 disparities would have a share from {low:.1%} to {high:.1%}; {len(below)} are below, "
        f"{sum(system in RESTS_ON for system in below)} of them where people's scores are tied (see there), {above} "
        "above. Disparities of one world go together."
    )
    return "\n".join(textwrap.wrap(said, 120, break_on_hyphens=False))


def page(made, seeds, size, large, table, about):
    """Return docs/truth.md."""
    plain = made[: len(SYSTEMS) * len(WORLDS)]
    return TEXT.format(
        seeds=f"{seeds:,}", size=f"{size:,}", large=f"{large:,}", years=YEARS, with_outcomes=WITH_OUTCOMES,
        tied_system=TIED_SYSTEM, summary=summary(plain, seeds),
        held=table(("system", "world", "disparity", "exact", "mean estimate", "bias",
                    "bias, in standard errors of one audit", "intervals that hold it"),
                   [row for cell in plain for row in _found(cell)]),
        by_system=table(("system", "a score rests on this of others", "held", "by chance, were it 95%"),
                        _by_system(plain, seeds)),
        tied=table(("world", "disparity", "held, people as independent", "held, families as clusters"),
                   [row for cell in made[len(plain):] for row in _tied(cell)]),
        seen=table(("system", "world", "not selected, points", "mean score", "records, ratio", "acts, ratio",
                    "acts seen, rural", "acts seen, urban", "bad outcomes, points"), [_shown(cell) for cell in plain]),
        moved=table(("system", "world", "behavior difference", "detection gap", "both"),
                    [_did(cell) for cell in plain]),
        about=about,
    )  # fmt: skip


TEXT = """# The audit against a known truth

Simulation throughout: all shares and rates are stylised. Written by `benchmarks/truth.py`.

Each of {seeds} seeds makes a world of its own: {size} people live {years} years under a system, and `fa.audit`, which
knows nothing of the simulation, audits the scores of those who have one, rural against urban. The exact value is that
of the mechanism: counted among {large} other people who live under the same rules, by formulas that are not the
package's. Every ± is one standard error, that of the exact value with it.

## Does the audit find what is there?

{summary}

{held}

Selected is who is in any band but the lowest; in `suining`, who is in the best. The audits see that and the group;
those of `{with_outcomes}` also the scores and, as the outcome, true conduct in the next year. A ratio of estimates
is a little off in the mean even where the shares are not, and the more so the fewer people it rests on: see the odds
ratios in `fico`, where three of four people have no score.

## When people's scores are tied

An interval takes people as independent unless it is told otherwise. In two of the systems a person's score rests on
others even where no network is on. The intervals of the difference in the share selected, of all three worlds:

{by_system}

A share below what chance leaves says that ties make one audit less certain than its interval says, though estimates
are not off. Families give a way to see it grow, and a remedy. In `{tied_system}`, let one's records also count against
a relative, so that the members of a family fall together:

{tied}

The remedy is to name the column that ties people together, `cluster="family"`, where there is such a column. Where
everybody's score rests on the scores of friends and strangers there is none, and an interval should be read as somewhat
too narrow.

## What the scores alone cannot tell

{seen}

Differences and ratios are rural against urban, in the large worlds. "Acts" are what people did, and "seen" the share
of it on record: both are known here because it is a simulation, and no file of scores has them. "Bad outcomes" are true
conduct, of those who have a score: in systems of events in the years that the score is made of, elsewhere in the next.

In all three worlds a rural person is 1.5 times as often on record: because rural people act 1.5 times as often
(1.5 x 0.4), because more of the same conduct is seen (1 x 0.6), or by a part of both (1.2 x 0.5). The records have one
law, so the scores have one law, and so has everything that can be worked out from scores, bands, consequences and
records: **no audit of them, however large, can tell these worlds apart.** (Where people differ in how often they act,
the law is the same but for the few whose rate would be above 1.) The audit is right about the disparity in each, and
says nothing about where it comes from.

What each mechanism did to the share of rural people who are not selected, in points, exact by the same people without
it:

{moved}

The two mechanisms of the mixed world work on one another, so their effects need not add up to both.

What would tell them apart are data that do not come through the same eyes:

- conduct measured equally in both groups: inspections by lot, a survey, an outcome that everybody's file has;
- how much each group is watched: cameras, patrols and checks for each 1,000 people, and who reported each record;
- the same people before and after watching changed, or across a border where it differs, with conduct alike;
- records that were checked afterwards: wrong ones by group, for false accusations and wrong blame.

With any of the first two, acts or the share of them that is seen can be set beside the records, as in the table above,
and the worlds differ at once; so they do in the true outcomes of `{with_outcomes}`. Outcomes that come through the same
records as the score would hide it again. Without such data, a report should say "a disparity of so much" and not
"worse conduct" or "a biased camera".

{about}
"""


def main():
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200, help="small worlds of each kind")
    parser.add_argument("--size", type=int, default=5_000, help="people in each small world")
    parser.add_argument("--large", type=int, default=8 * 65_536, help="people in the world that gives the exact value")
    parser.add_argument("--processes", type=int, default=1, help="how many to run at a time")
    parser.add_argument("--save", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    from saving import machine, table

    work = partial(run_cell, seeds=given.seeds, size=given.size, large=given.large)
    made = []
    with ProcessPoolExecutor(given.processes) as pool:
        for cell in pool.map(work, cells()):
            made.append(cell)
            print(cell.system, cell.world, "done", file=sys.stderr)
    about = machine(["fairaudit-toolkit", "numpy", "scipy"])
    text = page(made, given.seeds, given.size, given.large, table, about)
    if given.save:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
