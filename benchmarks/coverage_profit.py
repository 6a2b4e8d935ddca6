"""Scenes of the coverage simulation: what decisions bring, cut-offs of most profit, and what each parity costs.

The truth is that of everybody: the law of scores and outcomes that people are drawn from, in place of counts.
"""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import scipy.special
from coverage_questions import asking, stacked
from coverage_scenes import Hits, Scene, covered, enough

import fairaudit as fa
from fairaudit.inference.profit import expected_profit_interval
from fairaudit.measuring import grouping
from fairaudit.metrics.profit import PARITIES, Payoff, best_place, best_rules
from fairaudit.questions import profit

PAYOFF = Payoff(18.0, -82.0)
VALUES = 10


# What the decisions bring


def decided() -> Iterator[Scene]:
    """One group at a cut-off: profit per person decided on, and per person selected."""
    for n in (30, 100, 400, 2_000, 10_000):
        for selected in (0.1, 0.5, 0.9):
            for bad in (0.02, 0.1, 0.3):
                name = f"n={n:,}, {selected:g} selected, {bad:g} of them bad"
                yield Scene(name, enough((n, selected), (n * selected, bad)), _decided(n, selected, bad))


def _decided(n: int, selected: float, bad: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        goods, bads, _ = rng.multinomial(n, [selected * (1 - bad), selected * bad, 1 - selected], draws).T.astype(float)
        made = expected_profit_interval(goods, bads, np.full(draws, float(n)), PAYOFF)
        value = PAYOFF.of(goods, bads) / n
        truth = selected * (PAYOFF.good * (1 - bad) + PAYOFF.bad * bad)
        spread = np.sqrt(PAYOFF.good**2 * goods + PAYOFF.bad**2 * bads - n * value**2) / n
        reach = scipy.special.ndtri(0.975) * spread
        return {
            "interval:expected profit per person": covered(truth, made.low, made.high, value),
            "interval:foil: normal interval of the mean": covered(truth, value - reach, value + reach, value),
        }

    return run


# What each parity costs


def costs() -> Iterator[Scene]:
    """Two groups, their scores equally or not equally telling: maxima, their cut-offs, and shares under parities."""
    for n in (100, 400, 2_000):
        for apart in (0.0, 1.0):
            for telling in (1.0, 2.0):
                name = f"{n:,} and {2 * n:,} people, {apart:g} sd apart, slope {telling:g}"
                good, bad = _law(apart, telling)
                chosen = best_place(good, bad, PAYOFF)
                taken = float((good + bad)[VALUES - int(chosen) :].sum())
                yield Scene(name, enough((n, float(bad.sum())), (n, taken)), _costs(n, apart, telling))


def _law(apart: float, telling: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of good and of bad people by score of a group that lies so far below, worst score first."""
    edges = np.linspace(-2, 2, VALUES - 1)
    shares = np.diff(scipy.special.ndtr(np.concatenate([[-np.inf], edges, [np.inf]]) + apart))
    bad = scipy.special.expit(-1.2 - telling * np.linspace(-2, 2, VALUES))
    return shares * (1 - bad), shares * bad


def _costs(n: int, apart: float, telling: float) -> Callable[[np.random.Generator, int], Hits]:
    sizes = np.array([n, 2 * n])
    laws = [_law(apart, telling), _law(0.0, 1.0)]
    good, bad = (np.stack([law[side] * size for law, size in zip(laws, sizes, strict=True)]) for side in (0, 1))
    truths = _truths(good, bad, sizes)

    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 300)):
            table: dict[str, list] = {"g": [], "s": [], "y": [], "n": []}
            for group, size, law in zip("ab", sizes, laws, strict=True):
                for y, counts in enumerate(rng.multinomial(size, np.concatenate(law)).reshape(2, VALUES)):
                    table["g"] += [group] * VALUES
                    table["s"] += list(range(VALUES))
                    table["y"] += [y] * VALUES
                    table["n"] += counts.tolist()
            cube = fa.from_counts(
                table, counts="n", groups="g", score="s", higher_is="better", cutoff=VALUES // 2, outcome="y", bad=1
            )
            seed = int(rng.integers(2**31))
            asked = dataclasses.replace(asking("b", (float(VALUES // 2),), seed), payoff=PAYOFF)
            found.append(_of_costs(profit.ask([grouping(cube, ["g"])], asked), truths))
        return stacked(found)

    return run


def _truths(good: np.ndarray, bad: np.ndarray, sizes: np.ndarray) -> dict[tuple[str, str | None, str], float]:
    """Return what is true of the law, by metric, group and parity."""
    own = best_rules(None, good, bad, PAYOFF)
    each = PAYOFF.of(own.mixture.of(good), own.mixture.of(bad)) / sizes
    truths = {
        ("maximum_profit", None, ""): float(own.profit) / sizes.sum(),
        ("maximum_profit", "a", ""): float(each[0]),
        ("maximum_profit_cutoff", "a", profit.OWN): float(VALUES - own.mixture.lower[0]),
        ("selection_rate_under_parity", "a", profit.OWN): float(own.mixture.of(good + bad)[0] / sizes[0]),
    }
    for parity in PARITIES:
        rules = best_rules(parity, good, bad, PAYOFF)
        truths["profit_under_parity", None, parity] = float(rules.profit / own.profit)
        chosen = float(rules.mixture.of(good + bad)[0] / sizes[0])
        truths["selection_rate_under_parity", "a", parity] = chosen
        truths["cutoff_under_parity", "a", parity] = float(VALUES - rules.mixture.met[0])
        if parity == PARITIES[0]:
            truths["maximum_profit_cutoff", None, parity] = float(VALUES - rules.mixture.lower[0])
    return truths


WORDS = {
    "maximum_profit": "maximum profit per person",
    "maximum_profit_cutoff": "cut-off of maximum profit",
    "profit_under_parity": "share of the maximum",
    "selection_rate_under_parity": "selection rate",
    "cutoff_under_parity": "cut-off that most people meet",
}


def _of_costs(records: list, truths: dict[tuple[str, str | None, str], float]) -> Hits:
    hits: Hits = {}
    # The detail of a cut-off under a parity goes on with the rule in words.
    by_place = {
        (one.metric, one.group, "" if one.metric == "maximum_profit" else (one.detail or "").partition(":")[0]): one
        for one in records
    }
    for (metric, group, detail), truth in truths.items():
        one = by_place.get((metric, group, detail))
        whose = "one group's" if group else "all groups'" if metric == "maximum_profit" else ""
        words = ", ".join(part for part in (f"{whose} {WORDS[metric]}".strip(), detail) if part)
        known = one is not None and one.low is not None and one.high is not None
        ends = (one.low - 1e-9, one.high + 1e-9, 0.0) if known else (np.nan,) * 3
        hits[f"interval:{words}"] = covered(truth, *ends)
    return hits


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {"profit": decided, "costs": costs}
TITLES = {"profit": "what decisions bring", "costs": "cut-offs of most profit and the cost of parities"}
NOTES = {
    "costs/interval": "Under demographic parity the common rate lies at a corner of one group's curve. Where two "
    "corners bring nearly the same, drawing anew does not show which one it is (85% covered at the least), so the "
    "interval of the rate is joined with all rates of which the people do not show that another brings more; it "
    "claims at least 95%. A cut-off is undefined "
    "where nobody is selected in too many of the draws.",
}
