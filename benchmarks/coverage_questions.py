"""Scenes of the coverage simulation beyond rates and contrasts: distances, calibration, summaries, controls.

Names of methods begin with what is counted, as in ``coverage_scenes``. A permutation's p-value is exact by its
making; the scenes hold the code to it.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.special
from coverage_scenes import Hits, Scene, covered, enough, rejected

import fairaudit as fa
from fairaudit.cube.confusion import ScoreTable, Tally
from fairaudit.inference.calibration import (
    brier_interval,
    calibration_errors,
    in_the_large,
    in_the_large_difference,
    observed_interval,
    recalibrate,
    slope_difference,
)
from fairaudit.inference.of_metrics import measure
from fairaudit.inference.regression import linear_effect, logit_effect
from fairaudit.measuring import grouping
from fairaudit.metrics import METRICS
from fairaudit.metrics.calibration import Predicted
from fairaudit.metrics.distribution import quantile_bin
from fairaudit.policy.loading import load_policy
from fairaudit.questions import distributions, summaries
from fairaudit.questions.common import Asking

VALUES = 12
POLICY = load_policy("us-fair-lending").policy


def stacked(drawn: list[Hits]) -> Hits:
    return {name: np.array([one[name] for one in drawn]) for name in drawn[0]}


def asking(reference: str, cutoffs: tuple[float | None, ...], seed: int) -> Asking:
    return Asking(POLICY, {"g": reference}, cutoffs, 0.95, seed)


# Distances and quantiles


def distances() -> Iterator[Scene]:
    """Scores of two groups: alike, where distances are to be called above chance in 5%; and one unit apart."""
    for n in (60, 400, 3_000):
        for values in (5, 150):
            for shift in (0.0, 1.0):
                name = f"{n:,} and {2 * n:,} people, {values} scores, {shift:g} sd apart"
                yield Scene(name, True, _distances(n, values, shift))


def _shares(values: int, shift: float) -> np.ndarray:
    edges = np.linspace(-2.5, 2.5, values - 1)
    return np.diff(scipy.special.ndtr(np.concatenate([[-np.inf], edges, [np.inf]]) - shift))


def _distances(n: int, values: int, shift: float) -> Callable[[np.random.Generator, int], Hits]:
    shares = {"a": _shares(values, shift), "b": _shares(values, 0.0)}
    bad_rate = 0.35 - 0.3 * np.arange(values) / values

    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 300)):
            table: dict[str, list] = {"g": [], "s": [], "y": [], "n": []}
            for group, size in (("a", n), ("b", 2 * n)):
                people = rng.multinomial(size, shares[group])
                bad = rng.binomial(people, bad_rate)
                for y, counts in ((1, bad), (0, people - bad)):
                    table["g"] += [group] * values
                    table["s"] += list(range(values))
                    table["y"] += [y] * values
                    table["n"] += counts.tolist()
            cube = fa.from_counts(
                table, counts="n", groups="g", score="s", higher_is="better", cutoff=values // 2, outcome="y", bad=1
            )
            asked = asking("b", (float(values // 2),), int(rng.integers(2**31)))
            found.append(_of_distances(distributions.ask([grouping(cube, ["g"])], asked), shares, shift))
        return stacked(found)

    return run


def _of_distances(records: list, shares: dict[str, np.ndarray], shift: float) -> Hits:
    hits: Hits = {}
    for one in records:
        if one.metric == "score_quantile_gap":
            share = float(one.detail.split()[-1])
            truth = float(quantile_bin(shares["a"], share)) - float(quantile_bin(shares["b"], share))
            hits[f"interval:gap between quantiles at {share:g}"] = covered(truth, one.low, one.high, one.value)
        tested = one.metric in {"score_distance", "wasserstein_distance", "density_overlap", "score_quantile_gap"}
        # Two groups alike in their scores and in the risk behind each: so are their ROC curves.
        if not shift and (tested or one.metric == "abroca"):
            words = f"{one.metric.replace('_', ' ')}{f' at {share:g}' if one.metric == 'score_quantile_gap' else ''}"
            hits[f"test:{words} (permutation)"] = rejected(np.nan if one.p is None else one.p)
    return hits


# The largest gap between good and bad of one group


def gaps() -> Iterator[Scene]:
    """Kolmogorov-Smirnov of one group: how far its good people stand above its bad ones."""
    for n in (100, 400, 2_000):
        for bad in (0.1, 0.4):
            for shift in (0.5, 1.5):
                name = f"n={n:,}, bad rate {bad:g}, good ones {shift:g} sd better"
                yield Scene(name, enough((n, bad)), _gap(n, bad, shift))


def _gap(n: int, bad: float, shift: float) -> Callable[[np.random.Generator, int], Hits]:
    of_good, of_bad = _shares(20, shift), _shares(20, 0.0)
    truth = float((np.cumsum(of_bad) - np.cumsum(of_good)).max())

    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 600)
        bads = rng.binomial(n, bad, draws)
        counts = np.zeros((draws, 20, 3))
        counts[..., 0] = rng.multinomial(n - bads, of_good)
        counts[..., 1] = rng.multinomial(bads, of_bad)
        table = ScoreTable(Tally.of(counts), np.zeros((draws, 20)), np.zeros((draws, 20)), True)
        made = measure(METRICS["kolmogorov_smirnov"], table, confidence=0.95, seed=int(rng.integers(2**31)))
        return {"interval:Kolmogorov-Smirnov, good against bad": covered(truth, made.low, made.high, made.value)}

    return run


# Calibration


def calibration() -> Iterator[Scene]:
    """A score that is the true probability, in two groups: calibration measures are right, tests reject in 5%."""
    for n in (100, 400, 2_000):
        for centre in (0.0, 1.5):
            expected = n * (1 - scipy.special.expit(centre))
            yield Scene(f"{n:,} against {2 * n:,}, log odds about {centre:g}", expected >= 10, _calibration(n, centre))


def _predicted(rng: np.random.Generator, size: int, share: np.ndarray, p: np.ndarray, draws: int) -> Predicted:
    people = rng.multinomial(size, share, draws)
    good = rng.binomial(people, p)
    n = np.stack([good, people - good], axis=-1).astype(float)
    return Predicted(Tally.of(n), n * p[:, None], n * p[:, None] ** 2)


def _calibration(n: int, centre: float) -> Callable[[np.random.Generator, int], Hits]:
    p = scipy.special.expit(centre + np.linspace(-2, 2, VALUES))
    shares = [np.full(VALUES, 1 / VALUES), np.linspace(2, 1, VALUES) / np.linspace(2, 1, VALUES).sum()]

    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 2_000)
        mine, theirs = (_predicted(rng, size, share, p, draws) for size, share in ((n, shares[0]), (2 * n, shares[1])))
        hits: Hits = {}
        large, gap = in_the_large(mine), in_the_large_difference(mine, theirs)
        again = [recalibrate(mine), recalibrate(theirs)]
        slopes = slope_difference(*again)
        for name, made, truth in (
            ("calibration in the large", large, 0.0),
            ("calibration in the large, difference", gap, 0.0),
            ("calibration slope", again[0].slope, 1.0),
            ("calibration intercept", again[0].intercept, 0.0),
            ("calibration slope, difference", slopes, 0.0),
        ):
            hits[f"interval:{name}"] = covered(truth, made.low, made.high, made.value)
            hits[f"test:{name}"] = rejected(np.asarray(made.p))
        curve = observed_interval(mine)
        middle = VALUES // 2
        hits["interval:good rate at one score"] = covered(
            p[middle], np.asarray(curve.low)[:, middle], np.asarray(curve.high)[:, middle],
            np.asarray(curve.low)[:, middle],
        )  # fmt: skip
        # Brier: its true value is the mean of p (1 - p) over the people that are drawn.
        truth = float((shares[0] * p * (1 - p)).sum())
        made = brier_interval(mine)
        hits["interval:Brier score"] = covered(truth, made.low, made.high, made.value)
        some = min(draws, 400)
        one, two = calibration_errors(mine[np.arange(some)], rng=rng, draws=400)
        for name, part in (("expected calibration error", one), ("Brier reliability", two)):
            hits[f"test:{name} (outcomes drawn anew)"] = rejected(part.p)
        return hits

    return run


# Summaries over all groups


def whole() -> Iterator[Scene]:
    """Four groups alike: independence, separation, sufficiency, the widest gaps, differential fairness."""
    for n in (60, 400, 3_000):
        for rate in (0.1, 0.5):
            name = f"4 groups of {n:,}, selected at {rate:g}"
            yield Scene(name, enough((n / 2, rate)), _whole(n, rate))


def _whole(n: int, rate: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 300)):
            table: dict[str, list] = {"g": [], "d": [], "y": [], "n": []}
            for group in "abcd":
                # The decision follows the outcome alike in every group.
                bad = rng.binomial(n, 0.4)
                for y, people in ((1, bad), (0, n - bad)):
                    chosen = rng.binomial(people, rate * (0.8 if y else 1.2))
                    for d, counted in ((1, chosen), (0, people - chosen)):
                        table["g"].append(group)
                        table["d"].append(d)
                        table["y"].append(y)
                        table["n"].append(counted)
            cube = fa.from_counts(table, counts="n", groups="g", decision="d", favorable=1, outcome="y", bad=1)
            records = summaries.ask([grouping(cube, ["g"])], asking("a", (None,), int(rng.integers(2**31))))
            hits: Hits = {}
            truths = {"largest_selection_gap": 0.0, "smallest_selection_ratio": 1.0, "largest_equalized_odds_gap": 0.0}
            for one in records:
                words = one.metric.replace("_", " ")
                value = np.nan if one.value is None else one.value
                if one.metric in truths:
                    low, high = (np.nan if end is None else end for end in (one.low, one.high))
                    hits[f"interval:{words}"] = covered(truths[one.metric], low, high, value)
                if one.metric in {
                    "independence", "separation", "sufficiency", "largest_selection_gap", "smallest_selection_ratio",
                    "largest_equalized_odds_gap", "differential_fairness", "between_group_entropy",
                }:  # fmt: skip
                    hits[f"test:{words} (permutation)"] = rejected(np.nan if one.p is None else one.p)
            found.append(hits)
        return stacked(found)

    return run


# Adjusted effects


def controls() -> Iterator[Scene]:
    """A group's effect within levels of a control that goes with the group: adjusted, and raw as the foil."""
    for n in (200, 1_000):
        for effect in (0.0, -0.1):
            yield Scene(f"{n:,} people, effect {effect:g}", n >= 1_000, _controlled(n, effect))


def _controlled(n: int, effect: float) -> Callable[[np.random.Generator, int], Hits]:
    base = np.array([0.3, 0.5, 0.8])
    share = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])  # [group, level]: the group stands lower
    group, control = np.repeat([1, 0], 3), np.tile(np.arange(3), 2)[:, None]

    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 1_000)):
            people = np.concatenate([rng.multinomial(n // 2, share[side]) for side in (0, 1)])
            chosen = rng.binomial(people, np.concatenate([base + effect, base]))
            hits: Hits = {}
            for how, words in ((logit_effect, "logit"), (linear_effect, "linear probability")):
                made = how(group, control, chosen, people)
                # The logit is the wrong model for a constant difference, so it is asked where there is none.
                if words != "logit" or not effect:
                    hits[f"interval:adjusted effect, {words}"] = covered(effect, made.low, made.high, made.value)
                if not effect:
                    hits[f"test:adjusted effect, {words}"] = rejected(made.p)
            raw = linear_effect(group, control[:, :0], chosen, people)
            hits["interval:foil: raw difference"] = covered(effect, raw.low, raw.high, raw.value)
            found.append(hits)
        return stacked(found)

    return run


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {
    "distances": distances,
    "gaps": gaps,
    "calibration": calibration,
    "summaries": whole,
    "controls": controls,
}
TITLES = {
    "distances": "distances and quantiles of scores",
    "gaps": "good against bad",
    "calibration": "calibration",
    "summaries": "all groups at once",
    "controls": "adjusted effects",
}
NOTES = {
    "distances/interval": "A quantile of scores is a step, so its interval claims at least 95%: with few scores it "
    "holds always. Each end reaches half-way to the next score."
}
