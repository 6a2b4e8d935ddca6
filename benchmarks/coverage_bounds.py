"""Scenes of the coverage simulation: what data cannot tell. Bounds must hold the truth whatever was not observed.

A bound over everything that is possible holds the number of the people themselves in every single draw. Widened by
sampling it must hold that of the law in 95% and more. What is missing depends on what is missing: outcomes are seen
less often where they are bad, levels less often where they are those of the group.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator

import numpy as np
from coverage_profit import PAYOFF
from coverage_questions import asking, stacked
from coverage_scenes import Hits, Scene
from coverage_weights import KINDS, PROXY

import fairaudit as fa
from fairaudit.cube.confusion import Confusion
from fairaudit.inference.bounds import worst_case
from fairaudit.inference.linearised import frechet_bounds
from fairaudit.measuring import grouping
from fairaudit.metrics import METRICS
from fairaudit.metrics.base import Rate
from fairaudit.questions import bounds, profit
from fairaudit.result import Measurement

RATES = ("true_positive_rate", "false_positive_rate", "false_negative_rate", "true_negative_rate",
         "accuracy", "balanced_accuracy")  # fmt: skip
ROUNDING = 1e-9


def held(truth: np.ndarray | float, low: np.ndarray | float | None, high: np.ndarray | float | None) -> np.ndarray:
    """Return 1 where bounds hold the truth, 0 where not, NaN where there are none or there is no truth."""
    ends = [np.asarray(np.nan if end is None else end, dtype=float) for end in (low, high)]
    inside = (ends[0] <= truth + ROUNDING) & (truth <= ends[1] + ROUNDING)
    return np.where(np.isnan(ends[0]) | np.isnan(ends[1]) | np.isnan(truth), np.nan, inside.astype(float))


# Outcomes that are not observed


def outcomes() -> Iterator[Scene]:
    """Outcomes unobserved by decision and by outcome: error rates of all people, profit of the selected."""
    for n in (30, 300, 3_000):
        for selected in (0.2, 0.7):
            for seen in ((0.0, 0.0), (0.5, 0.9), (1.0, 0.3)):
                name = f"n={n:,}, {selected:g} selected, outcomes of declined people seen in {seen[0]:g} to {seen[1]:g}"
                yield Scene(name, True, _outcomes(n, selected, seen))


def _outcomes(n: int, selected: float, seen: tuple[float, float]) -> Callable[[np.random.Generator, int], Hits]:
    # [selected or not, good or bad]
    law = np.array([[selected * 0.85, selected * 0.15], [(1 - selected) * 0.6, (1 - selected) * 0.4]])
    observed = np.array([[0.95, 0.8], seen])

    def run(rng: np.random.Generator, draws: int) -> Hits:
        whole = rng.multinomial(n, law.ravel(), draws).reshape(draws, 1, 2, 2)
        known = rng.binomial(whole, observed)
        table = np.concatenate([known, (whole - known).sum(axis=-1, keepdims=True)], axis=-1)
        everything = np.concatenate([whole, np.zeros((draws, 1, 2, 1))], axis=-1)
        k, complete = Confusion.from_counts(table), Confusion.from_counts(everything)
        hits: Hits = {}
        for metric in RATES:
            made = METRICS[metric](complete)
            value = made.value if isinstance(made, Rate) else np.mean([rate.value for rate in made], axis=0)
            found = worst_case(metric, k)
            words = metric.replace("_", " ")
            hits[f"bound:{words} of the people (always)"] = held(value, found.low, found.high)[:, 0]
        return hits

    return run


VALUES = 10
CUT = 4


def scored() -> Iterator[Scene]:
    """AUC and profit with outcomes unobserved below a cut-off and, more often for bad ones, above it."""
    for n in (60, 400, 3_000):
        for telling in (0.5, 1.5):
            for declined in (0.0, 0.4):
                name = f"n={n:,}, slope {telling:g}, outcomes of declined people seen in {declined:g}"
                yield Scene(name, True, _scored(n, telling, declined))


def _scored(n: int, telling: float, declined: float) -> Callable[[np.random.Generator, int], Hits]:
    bad = 1 / (1 + np.exp(0.8 + telling * np.linspace(-1.5, 1.5, VALUES)))
    seen = np.stack([np.full(VALUES, 0.97), np.full(VALUES, 0.8)])  # [good or bad, score]
    seen[:, :CUT] = declined
    law = np.stack([1 - bad, bad]) / VALUES

    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 400)):
            whole = rng.multinomial(n, law.ravel()).reshape(2, VALUES)
            known = rng.binomial(whole, seen)
            of = [grouping(_scored_cube(np.stack([*known, (whole - known).sum(axis=0)])), ["g"])]
            asked = dataclasses.replace(asking("a", (float(CUT),), 1), payoff=PAYOFF)
            auc = _only(bounds.ask(of, asked), "area_under_curve_bounds")
            brings = _only([one for one in profit.ask(of, asked) if one.group], "expected_profit")
            value = float(PAYOFF.of(whole[0, CUT:].sum(), whole[1, CUT:].sum())) / n
            unknown = brings.value is None
            found.append({
                "bound:AUC of the people (always)": held(_auc(*whole), auc.low, auc.high),
                "bound:AUC of the law, widened by sampling (95%)": held(_auc(*law), *_sampled(auc)),
                "bound:expected profit of the people (always)": held(
                    value if unknown else np.nan, brings.low, brings.high
                ),
            })  # fmt: skip
        return stacked(found)

    return run


def _scored_cube(people: np.ndarray) -> fa.Cube:
    table = {
        "g": ["a"] * 3 * VALUES, "s": list(range(VALUES)) * 3, "n": people.ravel().tolist(),
        "y": [y for y in ("good", "bad", "?") for _ in range(VALUES)],
    }  # fmt: skip
    return fa.from_counts(
        table, counts="n", groups="g", score="s", higher_is="better", cutoff=CUT, outcome="y", good="good", bad="bad",
        unobserved={"?": "declined"},
    )  # fmt: skip


def _auc(good: np.ndarray, bad: np.ndarray) -> float:
    """Return how often a good person stands above a bad one, ties one half."""
    pairs = good.sum() * bad.sum()
    return float(good @ (np.cumsum(bad) - bad / 2) / pairs) if pairs else float("nan")


def _only(records: list, metric: str) -> Measurement:
    (one,) = [record for record in records if record.metric == metric]
    return one


def _sampled(one: Measurement) -> tuple[float, float]:
    """Return the bounds with sampling, as they are printed."""
    found = re.search("with sampling (.+) to (.+)$", one.method or "")
    return (float(found[1]), float(found[2])) if found else (float("nan"),) * 2


# Levels that are not known


def levels() -> Iterator[Scene]:
    """The adverse impact ratio where the level of some people is missing, more often in the group and if declined."""
    for n in (100, 400, 3_000):
        for p in (0.3, 0.7):
            for ratio in (1.0, 0.7):
                for gone in (0.02, 0.15):
                    name = f"{n:,} against {2 * n:,}, rates {p * ratio:g} and {p:g}, {gone:g} without a level"
                    yield Scene(name, True, _levels(n, p, ratio, gone))


def _levels(n: int, p: float, ratio: float, gone: float) -> Callable[[np.random.Generator, int], Hits]:
    sizes, rates = np.array([n, 2 * n]), np.array([p * ratio, p])
    missing = gone * np.array([[1.0, 2.0], [0.5, 0.8]])  # [group, selected or declined]

    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 400)):
            selected = rng.binomial(sizes, rates)
            whole = np.stack([selected, sizes - selected], axis=1)
            unknown = rng.binomial(whole, missing)
            people = [*(whole - unknown), unknown.sum(axis=0)]
            table = {
                "g": ["a", "a", "b", "b", None, None], "d": [1, 0] * 3, "n": np.concatenate(people).tolist(),
            }  # fmt: skip
            cube = fa.from_counts(table, counts="n", groups="g", decision="d", favorable=1)
            asked = asking("b", (None,), 1)
            made = [one for one in bounds.ask([grouping(cube, ["g"])], asked) if one.metric == AIR]
            own = (selected / sizes)[0] / (selected / sizes)[1] if selected[1] else np.nan
            # Where chance leaves nobody without a level there is nothing to bound.
            ends = (made[0].low, made[0].high) if made else (None, None)
            found.append({
                "bound:adverse impact ratio of the people (always)": held(own, *ends),
                "bound:adverse impact ratio of the law, widened by sampling (95%)": held(
                    ratio, *(_sampled(made[0]) if made else (None, None))
                ),
            })  # fmt: skip
        return stacked(found)

    return run


AIR = "adverse_impact_ratio_bounds"


# Groups that are only probable


def proxies() -> Iterator[Scene]:
    """The selection rate of the members, who are selected otherwise than others of the same proxy."""
    for n in (300, 3_000, 30_000):
        for words, shares in KINDS.items():
            for member, other in ((0.3, 0.6), (0.6, 0.3), (0.45, 0.5)):
                name = f"n={n:,}, {words}, members selected at {member:g}, others at {other:g}"
                yield Scene(name, True, _proxies(n, shares, member, other))


def _proxies(n: int, shares: np.ndarray, member: float, other: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        people = rng.multinomial(n, shares, draws)
        members = rng.binomial(people, PROXY)
        chosen = rng.binomial(members, member)
        counted = chosen + rng.binomial(people - members, other)
        ends = np.array([frechet_bounds(*of) for of in zip(people, counted, people * PROXY, strict=True)])
        low, high = (ends / (people @ PROXY)[:, None]).T
        return {"bound:selection rate of the law's members, by a proxy (no sampling error)": held(member, low, high)}

    return run


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {
    "outcomes": outcomes,
    "unscored_outcomes": scored,
    "levels": levels,
    "proxies": proxies,
}
TITLES = {
    "outcomes": "error rates with unobserved outcomes",
    "unscored_outcomes": "scores and profits with unobserved outcomes",
    "levels": "people without a level",
    "proxies": "groups that are only probable",
}
NOTES = {
    "proxies/bound": 'These bounds take the counts for the law and say so ("no sampling error"): where the truth '
    "lies near one of them, chance in the counts moves the bound past it. With more people that becomes rare.",
}
