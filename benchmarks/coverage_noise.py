"""Scenes of the coverage simulation: counts with noise for privacy, as ``fairaudit.with_noise`` releases them.

The noise is drawn here as the difference of two geometric numbers, which is the discrete Laplace distribution that
OpenDP samples; a test holds the two against each other.
"""

from collections.abc import Callable, Iterator

import numpy as np
from coverage_scenes import ENOUGH, TRUE_CONTRASTS, Hits, Scene, covered, rejected

from fairaudit.cube.confusion import Confusion, Tally
from fairaudit.inference.contrast import compare_many
from fairaudit.inference.of_metrics import effective, measure
from fairaudit.metrics import METRICS
from fairaudit.noise import laplace_variance, without_negatives

BAD = 0.2
OF_NOISE = 5
"""So many standard deviations of the noise an expected count must be, to be called enough."""


def noise() -> Iterator[Scene]:
    """Two groups of people, decisions and outcomes, each count with noise; nobody's outcome is unknown in truth."""
    for epsilon in (0.1, 0.5, 1.0):
        spread = laplace_variance(epsilon) ** 0.5
        for n in (100, 400, 2_000, 10_000):
            for p in (0.1, 0.3, 0.7):
                for ratio in (1.0, 0.8):
                    fewest = n * min(p * ratio, 1 - p) * BAD
                    name = f"epsilon {epsilon:g}, {n:,} at {p * ratio:g} against {2 * n:,} at {p:g}"
                    yield Scene(name, fewest >= max(ENOUGH, OF_NOISE * spread), _noisy(n, p, ratio, epsilon))


def laplace(rng: np.random.Generator, epsilon: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return discrete Laplace noise of scale 1/epsilon."""
    chance = 1 - np.exp(-epsilon)
    return rng.geometric(chance, shape) - rng.geometric(chance, shape)


def _noisy(n: int, p: float, ratio: float, epsilon: float) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        truths = (p * ratio, p)
        sides, blind = [], []
        for size, rate in zip((n, 2 * n), truths, strict=True):
            law = np.outer([rate, 1 - rate], [1 - BAD, BAD, 0.0])
            people = rng.multinomial(size, law.ravel(), draws).reshape(draws, 2, 3)
            counts, squares = without_negatives(people + laplace(rng, epsilon, people.shape), laplace_variance(epsilon))
            told = counts.astype(float)
            sides.append(Confusion(Tally(told, told.copy(), squares)))
            blind.append(Confusion(Tally.of(told)))
        hits: Hits = {}
        for words, metric, truth in (
            ("selection rate", METRICS["selection_rate"], truths[0]),
            ("false positive rate", METRICS["false_positive_rate"], truths[0]),
        ):
            made = measure(metric, sides[0], confidence=0.95, seed=1)
            hits[f"interval:{words} of counts with noise"] = covered(truth, made.low, made.high, made.value)
            foil = measure(metric, blind[0], confidence=0.95, seed=1)
            hits[f"interval:foil: {words}, as if there were no noise"] = covered(truth, foil.low, foil.high, foil.value)
        metric = METRICS["selection_rate"]
        (a, m), (b, r) = effective(metric(sides[0])), effective(metric(sides[1]))
        for how, true in TRUE_CONTRASTS.items():
            found = compare_many(a, m, b, r, how=how, integer=False)
            words = f"{how.replace('_', ' ')} of counts with noise"
            hits[f"interval:{words}"] = covered(true(*truths), found.low, found.high, found.value)
        if ratio == 1:
            hits["test:counts with noise (score, at effective n)"] = rejected(found.p)
            one, two = metric(blind[0]), metric(blind[1])
            found = compare_many(one.value * one.den, one.den, two.value * two.den, two.den, how="ratio", integer=False)
            hits["test:foil: counts with noise, as if there were none"] = rejected(found.p)
        return hits

    return run


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {"noise": noise}
TITLES = {"noise": "counts with noise for privacy"}
NOTES = {
    "noise": "Enough here: every expected count of somebody is at least 10, and five standard deviations of the noise.",
}
