"""The scenes of the coverage simulation: what is drawn, what is true, and which methods are asked.

Each method's name begins with what is counted: ``interval:`` covered, ``test:`` rejected though true,
``power:`` rejected and not true. NaN is a draw in which the metric is undefined.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.special

from fairaudit.cube.confusion import Confusion
from fairaudit.cube.replicates import REPLICATES
from fairaudit.inference.association import chi_square, z_test
from fairaudit.inference.conditional import fisher_exact, mid_p
from fairaudit.inference.contrast import compare_many
from fairaudit.inference.intervals import katz_ratio, newcombe_difference, woolf_odds_ratio
from fairaudit.inference.multiplicity import holm
from fairaudit.inference.of_contrasts import compare_groups
from fairaudit.inference.proportion import rate_interval
from fairaudit.inference.ranking import auc_difference, auc_interval, delong, tied_share
from fairaudit.inference.replicates import Clustered, clustered_interval, compare_clustered
from fairaudit.inference.simultaneous import all_pairs, largest_statistics, rate_band, ratio_band
from fairaudit.inference.smd import smd_interval
from fairaudit.inference.stratified import (
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
)
from fairaudit.metrics import CONTRASTS
from fairaudit.metrics.base import Rate

Hits = dict[str, np.ndarray]
ENOUGH = 10
RATES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99)
SIZES = (30, 100, 400, 2_000, 10_000)


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that can be drawn as often as wanted."""

    name: str
    enough: bool
    run: Callable[[np.random.Generator, int], Hits]


def enough(*sides: tuple[float, float]) -> bool:
    """Whether each (people, rate) expects at least 10 on both sides."""
    return all(n * p >= ENOUGH and n * (1 - p) >= ENOUGH for n, p in sides)


def covered(truth: float, low: np.ndarray, high: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Return 1 where an interval holds the truth, 0 where not, NaN where there is no value."""
    inside = (np.asarray(low) <= truth) & (truth <= np.asarray(high))
    return np.where(np.isnan(value), np.nan, inside.astype(float))


def rejected(p: np.ndarray, level: float = 0.05) -> np.ndarray:
    """Return 1 where a p-value is at most the level; NaN where there is none."""
    return np.where(np.isnan(p), np.nan, (np.asarray(p) <= level).astype(float))


def each_once(*counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct tables [table, count] and each draw's table: equal tables are computed once."""
    return np.unique(np.stack(counts, axis=-1), axis=0, return_inverse=True)


# One rate


def rates() -> Iterator[Scene]:
    """A share of one group."""
    for n in SIZES:
        for p in RATES:
            yield Scene(f"n={n:,}, rate {p:g}", enough((n, p)), _rate(n, p))


def _rate(n: int, p: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        (unique, back) = each_once(rng.binomial(n, p, draws))
        counted, people = unique[:, 0].astype(float), np.full(len(unique), float(n))
        value = counted / people
        low, high, _ = rate_interval(counted, people)
        reach = scipy.special.ndtri(0.975) * np.sqrt(value * (1 - value) / people)
        return {
            "interval:rate (Wilson, or Clopper-Pearson below 15 on a side)": covered(p, low, high, value)[back],
            "interval:foil: Wald": covered(p, value - reach, value + reach, value)[back],
        }

    return run


# Two rates


def pairs() -> Iterator[Scene]:
    """Two groups, equal and different rates."""
    for n in SIZES:
        for m in (100, 400, 10_000):
            for p in RATES:
                for ratio in (1.0, 0.8):
                    q = p * ratio
                    yield Scene(f"{n:,} at {q:g} against {m:,} at {p:g}", enough((n, q), (m, p)), _pair(n, q, m, p))


TRUE_CONTRASTS = {
    "ratio": lambda q, p: q / p,
    "difference": lambda q, p: q - p,
    "odds_ratio": lambda q, p: q * (1 - p) / (p * (1 - q)),
}
FOILS = {"ratio": katz_ratio, "difference": newcombe_difference, "odds_ratio": woolf_odds_ratio}


def _pair(n: int, q: float, m: int, p: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        unique, back = each_once(rng.binomial(n, q, draws), rng.binomial(m, p, draws))
        a, b = unique.astype(float).T
        ns, ms = np.full(len(a), float(n)), np.full(len(a), float(m))
        hits: Hits = {}
        for how, true in TRUE_CONTRASTS.items():
            made = compare_many(a, ns, b, ms, how=how)
            words = how.replace("_", " ")
            hits[f"interval:{words}"] = covered(true(q, p), made.low, made.high, made.value)[back]
            foil = FOILS[how](a, ns, b, ms)
            name = {"ratio": "Katz", "difference": "Newcombe", "odds_ratio": "Woolf"}[how]
            hits[f"interval:foil: {name} ({words})"] = covered(true(q, p), foil[0], foil[1], made.value)[back]
        if p == q:
            hits["test:primary (score, or mid-p where few are expected)"] = rejected(made.p)[back]
            hits["test:mid-p"] = rejected(mid_p(a, ns, b, ms))[back]
            hits["test:Fisher's exact"] = rejected(fisher_exact(a, ns, b, ms))[back]
            hits["test:foil: pooled z"] = rejected(z_test(a, ns, b, ms).p)[back]
            hits["test:foil: chi-square with continuity"] = rejected(chi_square(a, ns, b, ms).p)[back]
        return hits

    return run


# Families


def families() -> Iterator[Scene]:
    """Many groups against a named reference, all alike: is one flagged by chance more often than in 5%?"""
    for p in (0.03, 0.3, 0.7, 0.97):
        for sizes, words in (
            ((400,) * 12, "12 groups of 400"),
            (tuple(np.linspace(30, 400, 12).astype(int)), "12 groups of 30 to 400"),
            ((2_000,) * 5, "5 groups of 2,000"),
        ):
            yield Scene(f"{words}, rate {p:g}", min(sizes) * min(p, 1 - p) >= ENOUGH, _family(sizes, p))


def _family(sizes: tuple[int, ...], p: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 4_000)
        n = np.array([*sizes, max(sizes)])
        counted = rng.binomial(n, p, (draws, len(n)))
        raw = np.empty((draws, len(sizes)))
        for place, size in enumerate(sizes):
            unique, back = each_once(counted[:, place], counted[:, -1])
            a, b = unique.astype(float).T
            full = np.ones(len(a))
            raw[:, place] = compare_many(a, full * size, b, full * n[-1], how="difference").p[back]
        smallest = np.array([np.nanmin(holm(row)) for row in raw])
        return {
            "test:any of the family, Holm": rejected(smallest),
            "test:foil: any of the family, uncorrected": rejected(raw.min(axis=1)),
        }

    return run


def corrections() -> Iterator[Scene]:
    """Holm beside Westfall and Young's min-P, where few are expected: 12 groups of 30 to 400, some of them apart."""
    for p, apart in ((0.03, 0.07), (0.1, 0.13), (0.3, 0.15)):
        for different in ((), (3, 7, 11)):
            name = f"12 groups of 30 to 400, rate {p:g}" + (f", 3 of them {p + apart:g}" if different else "")
            yield Scene(name, False, _corrected(p, apart, different))


def _corrected(p: float, apart: float, different: tuple[int, ...]) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws, most = min(draws, 400), 160
        n = np.array([*np.linspace(30, 400, 12).astype(int), 400])
        groups = len(n) - 1
        rate = np.full(len(n), p)
        rate[list(different)] += apart
        # Each table's mid-p, or score p, is computed once and looked up: [group][counted, counted of the reference].
        x, y = np.meshgrid(np.arange(most + 1.0), np.arange(most + 1.0), indexing="ij")
        known = [
            np.nan_to_num(compare_many(np.minimum(x, size), float(size), y, float(n[-1]), how="difference").p, nan=1.0)
            for size in n[:-1]
        ]

        def p_values(counts: np.ndarray) -> np.ndarray:
            counts = np.minimum(counts, most)
            return np.stack([known[g][counts[..., g], counts[..., -1]] for g in range(groups)], axis=-1)

        found = {"Holm": np.zeros((draws, groups)), "step-down min-P": np.zeros((draws, groups))}
        for draw in range(draws):
            counted = rng.binomial(n, rate)
            raw = p_values(counted)
            found["Holm"][draw] = holm(raw) < 0.05
            dealt = p_values(rng.multivariate_hypergeometric(n, counted.sum(), size=1_000, method="marginals"))
            adjusted = 0.0
            order = np.argsort(raw)
            for place, group in enumerate(order):
                reached = (dealt[:, order[place:]].min(axis=1) <= raw[group] + 1e-12).sum()
                adjusted = max(adjusted, (1 + reached) / 1_001)
                found["step-down min-P"][draw, group] = adjusted < 0.05
        alike = np.setdiff1d(np.arange(groups), different)
        hits: Hits = {f"test:any that is alike, {how}": x[:, alike].max(axis=1) for how, x in found.items()}
        if different:
            hits |= {f"power:{how}": x[:, list(different)].mean(axis=1) for how, x in found.items()}
        return hits

    return run


def highest() -> Iterator[Scene]:
    """Groups that are all alike, each against the one with the highest rate: the data chose the reference."""
    for p in (0.1, 0.4, 0.8):
        for sizes, words in (
            ((200,) * 14, "14 groups of 200"),
            ((60,) * 8, "8 groups of 60"),
            ((1_000, 400, 150), "3 groups of 150 to 1,000"),
        ):
            yield Scene(f"{words}, rate {p:g}", min(sizes) * min(p, 1 - p) >= ENOUGH, _highest(sizes, p))


def _highest(sizes: tuple[int, ...], p: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 1_000)
        n = np.array(sizes)
        ours, naive = np.zeros(draws), np.zeros(draws)
        for draw in range(draws):
            selected = rng.binomial(n, p)
            family = all_pairs(selected, n, rng=rng, draws=1_000)
            top = int((selected / n).argmax())
            rest = np.arange(len(n)) != top
            full = np.ones(rest.sum())
            found = compare_many(
                selected[rest].astype(float), n[rest].astype(float), full * selected[top], full * n[top], how="ratio"
            ).p
            ours[draw] = min(family.adjusted(float(x)) for x in found) <= 0.05
            naive[draw] = np.nanmin(holm(found)) <= 0.05
        return {
            "test:any against the highest, all pairs": ours,
            "test:foil: any against the highest, Holm over the groups": naive,
        }

    return run


# Bands


def bands() -> Iterator[Scene]:
    """All groups at all cut-offs at once: does the whole band hold the whole truth?"""
    even, few = np.ones(40) / 40, np.array([0.97, *np.full(39, 0.03 / 39)])
    for sizes, words in (
        (np.linspace(30, 400, 12), "12 groups of 30 to 400"),
        ((2_000, 1_000, 1_000, 500), "4 groups of 500 to 2,000"),
    ):
        for shares, told in ((few, "3% declined, 40 cut-offs"), (even, "40 even cut-offs")):
            yield Scene(f"{words}, {told}", False, _bands(np.asarray(sizes, dtype=np.int64), shares))
    wide = np.array([0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    sizes = np.array([2_000, 1_000, 1_000, 500])
    yield Scene("4 groups of 500 to 2,000, 7 cut-offs from 20% to 80%", True, _bands(sizes, wide))


def _bands(sizes: np.ndarray, shares: np.ndarray) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 1_000)
        hits: Hits = {name: np.zeros(draws) for name in (*BANDS, *FOIL_BANDS)}
        truth = np.cumsum(shares)[:-1, None]
        for draw in range(draws):
            selected = np.stack([rng.multinomial(n, shares).cumsum()[:-1] for n in sizes], axis=1)
            drawn = largest_statistics(selected, sizes, reference=len(sizes) - 1, rng=rng, draws=500)
            made = (rate_band(selected, sizes, drawn[0]), ratio_band(selected, sizes, len(sizes) - 1, drawn[1]))
            rate = selected / sizes
            critical = float(np.quantile(drawn[0], 0.95))
            reach = critical * np.sqrt(rate * (1 - rate) / sizes)
            single = rate_interval(selected, np.broadcast_to(sizes, selected.shape))
            for name, low, high, true in (
                (BANDS[0], made[0].low, made[0].high, truth),
                (BANDS[1], made[1].low[:, :-1], made[1].high[:, :-1], 1.0),
                (FOIL_BANDS[0], rate - reach, rate + reach, truth),
                (FOIL_BANDS[1], single.low, single.high, truth),
            ):
                hits[name][draw] = ((low <= true + 1e-12) & (true <= high + 1e-12)).all()
        return hits

    return run


BANDS = ("interval:band of the selection rate", "interval:band of the adverse impact ratio")
FOIL_BANDS = ("interval:foil: drawn statistic alone, whatever the counts", "interval:foil: intervals at each cut-off")


# Strata


def strata() -> Iterator[Scene]:
    """A common contrast over strata with different rates, and none."""
    for people in (((40, 80), (60, 60), (100, 30), (25, 25)), ((8, 10), (6, 12)) * 4, ((400, 900), (700, 300))):
        for odds in (1.0, 0.6):
            few = min(min(pair) for pair in people) < 4 * ENOUGH
            yield Scene(f"{len(people)} strata of {people[0]}, odds ratio {odds:g}", not few, _strata(people, odds))


def _strata(people: tuple[tuple[int, int], ...], odds: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 3_000)
        size = np.array(people)
        base = np.linspace(0.25, 0.75, len(size))
        other = odds * base / (1 - base + odds * base)
        selected = rng.binomial(size, np.stack([other, base], axis=1), (draws, *size.shape))
        tables = np.stack([selected, size - selected], axis=-1)
        found = mantel_haenszel_odds_ratio(tables)
        hits: Hits = {"interval:Mantel-Haenszel odds ratio": covered(odds, found.low, found.high, found.value)}
        if odds == 1:
            ratio, gap = mantel_haenszel_risk_ratio(tables), mantel_haenszel_risk_difference(tables)
            hits["interval:segmented adverse impact ratio"] = covered(1.0, ratio.low, ratio.high, ratio.value)
            hits["interval:difference within strata"] = covered(0.0, gap.low, gap.high, gap.value)
            hits["test:Cochran-Mantel-Haenszel (exact where few are expected)"] = rejected(
                np.array([cochran_mantel_haenszel(table).p for table in tables])
            )
        return hits

    return run


# Error rates


def odds() -> Iterator[Scene]:
    """Contrasts made of two gaps: equalized odds and average odds."""
    for n in (60, 200, 1_000):
        for good, bad in ((0.7, 0.3), (0.9, 0.1), (0.8, 0.5)):
            for gap in (0.0, 0.1):
                sides = ((n / 2, good), (n / 2, bad), (n, good - gap), (n, bad))
                name = f"{n:,} against {2 * n:,}, TPR {good:g}, FPR {bad:g}, gap {gap:g}"
                yield Scene(name, enough(*sides), _odds(n, good, bad, gap))


def _odds(n: int, good: float, bad: float, gap: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 1_000)

        def confusion(people: int, tpr: float, fpr: float) -> Confusion:
            counts = np.zeros((draws, 2, 3))
            goods = rng.binomial(people, 0.5, draws)
            counts[:, 0, 0] = rng.binomial(goods, tpr)
            counts[:, 1, 0] = goods - counts[:, 0, 0]
            counts[:, 0, 1] = rng.binomial(people - goods, fpr)
            counts[:, 1, 1] = people - goods - counts[:, 0, 1]
            return Confusion.from_counts(counts)

        mine, theirs = confusion(n, good - gap, bad), confusion(2 * n, good, bad)
        truths = {
            "equalized_odds_difference": gap,
            "average_odds_difference": -gap / 2,
            "average_absolute_odds_difference": gap / 2,
        }
        hits: Hits = {}
        for name, truth in truths.items():
            made = compare_groups(CONTRASTS[name], mine, theirs)
            value, low, high, p = (np.array([getattr(one, key) for one in made], dtype=float)
                                   for key in ("value", "low", "high", "p"))  # fmt: skip
            words = name.replace("_", " ")
            hits[f"interval:{words}"] = covered(truth, low, high, value)
            if gap == 0:
                hits[f"test:{words}"] = rejected(p)
        return hits

    return run


# Scores


def scores() -> Iterator[Scene]:
    """AUC, its difference and the standardized mean difference; few distinct scores are many ties."""
    for n in (30, 100, 400, 2_000):
        for bad in (0.1, 0.3):
            for values in (5, 50):
                for shift in (0.0, 1.0, 2.0):
                    name = f"n={n:,}, bad rate {bad:g}, {values} scores, good ones {shift:g} sd better"
                    yield Scene(name, enough((n, bad)), _scores(n, bad, values, shift))


def _shares(values: int, shift: float) -> np.ndarray:
    edges = np.linspace(-3, 3, values - 1)
    return np.diff(scipy.special.ndtr(np.concatenate([[-np.inf], edges, [np.inf]]) - shift))


def _scores(n: int, bad: float, values: int, shift: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 2_000)
        of_good, of_bad = _shares(values, shift), _shares(values, 0.0)
        worse = np.cumsum(of_bad) - of_bad
        truth = float((of_good * (worse + of_bad / 2)).sum())

        def people(size: int) -> tuple[np.ndarray, np.ndarray]:
            bads = rng.binomial(size, bad, draws)
            return rng.multinomial(size - bads, of_good).astype(float), rng.multinomial(bads, of_bad).astype(float)

        hits: Hits = {}
        sides, ties = [], []
        for size in (n, 2 * n):
            good, poor = people(size)
            some = (good.sum(axis=1) > 0) & (poor.sum(axis=1) > 0)
            auc, variance = np.full(draws, np.nan), np.full(draws, np.nan)
            found = delong(good[some], poor[some])
            auc[some], variance[some] = found[0], found[1]
            sides += [auc, variance, good.sum(axis=1), poor.sum(axis=1)]
            ties.append(tied_share(good + poor))
            if size == n:
                low, high, _ = auc_interval(*sides, tied=ties[0])
                hits["interval:AUC"] = covered(truth, low, high, auc)
                low, high, _ = auc_interval(*sides)
                hits["interval:foil: AUC, DeLong and logit alone"] = covered(truth, low, high, auc)
                one = good + poor
            else:
                two = good + poor
        made = auc_difference(*sides, tied=ties[0], tied_reference=ties[1])
        hits["interval:AUC difference"] = covered(0.0, made.low, made.high, made.value)
        hits["test:AUC difference"] = rejected(made.p)
        smd = _smd(one, two)
        hits["interval:standardized mean difference"] = covered(0.0, smd.low, smd.high, smd.value)
        hits["test:standardized mean difference"] = rejected(smd.p)
        return hits

    return run


def _smd(one: np.ndarray, two: np.ndarray):
    score = np.arange(one.shape[1], dtype=float)

    def moments(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        people = counts.sum(axis=1)
        mean = counts @ score / people
        return people, mean, (counts * (score - mean[:, None]) ** 2).sum(axis=1) / (people - 1)

    mine, theirs, both = moments(one), moments(two), moments(one + two)
    sigma = np.sqrt(both[2] * (both[0] - 1) / both[0])
    return smd_interval(*mine, *theirs, sigma=sigma, population_n=both[0])


# Clusters


def clusters() -> Iterator[Scene]:
    """Homes of 1 to 5 people who have much in common (intra-cluster correlation 0.3), in two groups.

    ``mixed`` homes hold people of both groups.
    """
    for homes in (25, 100):
        for p in (0.1, 0.3, 0.6):
            for ratio in (1.0, 0.8):
                for mixed in (False, True):
                    words = f"{homes} {'mixed' if mixed else 'unmixed'} homes a group, rates {p * ratio:g} and {p:g}"
                    many = homes * min(p * ratio, 1 - p) >= ENOUGH
                    yield Scene(words, many, _clusters(homes, p, ratio, mixed=mixed))


CORRELATION = 0.3
MEMBERS = 5


def _homes(
    rng: np.random.Generator, draws: int, homes: int, p: float, ratio: float, *, mixed: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return selected people and people [draw, group, home]; each person's rate has a beta law over homes."""
    total = homes if mixed else 2 * homes
    size = rng.integers(1, MEMBERS + 1, (draws, total))
    like = (1 - CORRELATION) / CORRELATION
    rate = rng.beta(p * like, (1 - p) * like, (draws, total))
    if mixed:
        first = rng.binomial(size, 0.5)
        people = np.stack([first, size - first], axis=1)
    else:
        side = np.arange(total) < homes
        people = np.stack([size * side, size * ~side], axis=1)
    # The first group's people are selected ratio times as often as those of the reference in the same home.
    rates = np.stack([rate * ratio, rate], axis=1)
    return rng.binomial(people, rates).astype(float), people.astype(float)


def _clusters(homes: int, p: float, ratio: float, *, mixed: bool) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 1_000)
        selected, people = _homes(rng, draws, homes, p, ratio, mixed=mixed)
        sides = []
        for group in (0, 1):
            moved = np.empty((2, REPLICATES, draws))
            for draw in range(draws):
                # The same homes count twice, or not at all, in both groups.
                weight = 2.0 * np.random.default_rng([draw, homes]).integers(0, 2, (REPLICATES, people.shape[2]))
                moved[0, :, draw] = weight @ selected[draw, group]
                moved[1, :, draw] = weight @ people[draw, group]
            sums = selected[:, group].sum(axis=1), people[:, group].sum(axis=1)
            within = (people[:, group] > 0).sum(axis=1).astype(float)
            own = Rate(sums[0], sums[1], sums[0], sums[1], sums[1])
            drawn = Rate(moved[0], moved[1], moved[0], moved[1], moved[1])
            sides.append(Clustered.of(own, drawn, within))
        mine, theirs = sides
        hits: Hits = {}
        low, high, _ = clustered_interval(theirs)
        hits["interval:rate"] = covered(p, low, high, theirs.value)
        low, high, _ = rate_interval(theirs.rate.num, theirs.rate.den)
        hits["interval:foil: rate as if people were independent"] = covered(p, low, high, theirs.value)
        counts = mine.rate.num, mine.rate.den, theirs.rate.num, theirs.rate.den
        for how, true in TRUE_CONTRASTS.items():
            made = compare_clustered(mine, theirs, how=how)
            words = how.replace("_", " ")
            hits[f"interval:{words}"] = covered(true(p * ratio, p), made.low, made.high, made.value)
            foil = compare_many(*counts, how=how)
            name = f"interval:foil: {words} as if people were independent"
            hits[name] = covered(true(p * ratio, p), foil.low, foil.high, foil.value)
        if ratio == 1:
            hits["test:t over clusters"] = rejected(made.p)
            hits["test:foil: as if people were independent"] = rejected(foil.p)
        return hits

    return run


# Power


def powers() -> Iterator[Scene]:
    """How often the primary test finds an adverse impact ratio of 0.8 or 0.9."""
    for p in (0.05, 0.2, 0.5, 0.9):
        for n in (100, 400, 1_600, 6_400):
            yield Scene(f"rate {p:g}, {n:,} people in each group", True, _power(n, p))


def _power(n: int, p: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        hits: Hits = {}
        for ratio in (0.8, 0.9):
            unique, back = each_once(rng.binomial(n, p * ratio, draws), rng.binomial(n, p, draws))
            a, b = unique.astype(float).T
            full = np.full(len(a), float(n))
            hits[f"power:ratio of {ratio:g}"] = rejected(compare_many(a, full, b, full, how="ratio").p)[back]
        return hits

    return run


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {
    "rates": rates,
    "pairs": pairs,
    "families": families,
    "corrections": corrections,
    "highest": highest,
    "bands": bands,
    "strata": strata,
    "odds": odds,
    "scores": scores,
    "clusters": clusters,
    "powers": powers,
}
TITLES = {
    "rates": "one rate",
    "pairs": "two rates",
    "families": "families of comparisons",
    "corrections": "Holm beside min-P, few expected",
    "highest": "a reference that the data chose",
    "bands": "all groups at all cut-offs at once",
    "strata": "strata",
    "odds": "error rates",
    "scores": "scores",
    "clusters": "people in clusters",
    "powers": "adverse impact ratio",
}
