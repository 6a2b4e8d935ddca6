"""Scenes of the coverage simulation: rows that carry weights, and people who belong to groups in part.

Weights are numbers of people that a row stands for. Where rows with the outcome carry other weights than the rest
(``follow``), the people themselves are drawn as the weights say, so that the truth is that of the people.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.special
from coverage_profit import PAYOFF
from coverage_questions import stacked
from coverage_scenes import ENOUGH, TRUE_CONTRASTS, Hits, Scene, covered, rejected

from fairaudit.cube.confusion import Confusion, ScoreTable, Tally
from fairaudit.inference.calibration import (
    brier_interval,
    calibration_errors,
    in_the_large,
    in_the_large_difference,
    observed_interval,
    recalibrate,
    resolution_interval,
    slope_difference,
    uncertainty_interval,
)
from fairaudit.inference.contrast import compare_many
from fairaudit.inference.linearised import compare_rates, weighted_rates
from fairaudit.inference.of_contrasts import compare_groups
from fairaudit.inference.of_metrics import effective, measure
from fairaudit.inference.profit import linearised_profit_interval
from fairaudit.inference.proportion import rate_interval
from fairaudit.metrics import CONTRASTS, METRICS
from fairaudit.metrics.calibration import Predicted

WEIGHTS = np.array([0.5, 1.0, 2.0, 5.0])
EVEN = np.array([0.4, 0.3, 0.2, 0.1])
FOLLOW = np.array([0.1, 0.2, 0.3, 0.4])


def _laws(p: float, *, follow: bool) -> np.ndarray:
    """Return the shares of rows [counted or not, weight] such that the weighted rate is p."""
    counted, others = (FOLLOW if follow else EVEN), EVEN
    # A row of the counted stands for more people, so fewer rows have the outcome than people do.
    rows = np.array([p / (counted @ WEIGHTS), (1 - p) / (others @ WEIGHTS)])
    return (rows / rows.sum())[:, None] * np.stack([counted, others])


def _tally(rows: np.ndarray) -> Tally:
    """Return rows by weight [..., weight] as heads, weights and squared weights."""
    rows = rows.astype(float)
    return Tally(rows.sum(axis=-1), rows @ WEIGHTS, rows @ WEIGHTS**2)


def _effective(law: np.ndarray, n: int, p: float) -> float:
    """Return how many equally weighted people so many rows are worth, by the law of the rows."""
    squares = law @ WEIGHTS**2
    mean = float((law @ WEIGHTS).sum())
    return n * p * (1 - p) * mean**2 / float(squares @ [(1 - p) ** 2, p**2])


# Rates and their contrasts


def weighted() -> Iterator[Scene]:
    """Two groups of rows with weights from 0.5 to 5, that follow the outcome or do not."""
    for n in (30, 100, 400, 2_000, 10_000):
        for p in (0.03, 0.1, 0.3, 0.7, 0.97):
            for ratio in (1.0, 0.8):
                for follow in (False, True):
                    words = "follow the outcome" if follow else "do not"
                    name = f"{n:,} at {p * ratio:g} against {2 * n:,} at {p:g}, weights {words}"
                    sides = ((n, p * ratio), (2 * n, p))
                    worth = [_effective(_laws(q, follow=follow), m, q) * min(q, 1 - q) for m, q in sides]
                    yield Scene(name, min(worth) >= ENOUGH, _weighted(n, p, ratio, follow=follow))


def _weighted(n: int, p: float, ratio: float, *, follow: bool) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        sides = []
        for size, rate in ((n, p * ratio), (2 * n, p)):
            rows = rng.multinomial(size, _laws(rate, follow=follow).ravel(), draws).reshape(draws, 2, len(WEIGHTS))
            by_decision = _tally(rows)
            table = np.zeros((3, draws, 2, 3))
            table[..., 2] = by_decision.n, by_decision.w, by_decision.w2
            sides.append(Confusion(Tally(*table)))
        metric = METRICS["selection_rate"]
        mine, theirs = metric(sides[0]), metric(sides[1])
        made = measure(metric, sides[0], confidence=0.95, seed=1)
        value, truth = made.value, p * ratio
        hits: Hits = {"interval:weighted rate (Korn-Graubard, or Wilson at effective n)": covered(
            truth, made.low, made.high, value
        )}  # fmt: skip
        with np.errstate(invalid="ignore", divide="ignore"):
            kish = mine.den**2 / mine.den_w2
        for words, people in (("Kish's number of people", kish), ("as many people as rows", mine.n)):
            low, high, _ = rate_interval(np.nan_to_num(value) * people, people)
            hits[f"interval:foil: weighted rate, {words}"] = covered(truth, low, high, value)
        (a, m), (b, r) = effective(mine), effective(theirs)
        for how, true in TRUE_CONTRASTS.items():
            found = compare_many(a, m, b, r, how=how, integer=False)
            words = how.replace("_", " ")
            hits[f"interval:weighted {words}"] = covered(true(p * ratio, p), found.low, found.high, found.value)
        if ratio == 1:
            hits["test:weighted rows (score, at effective n)"] = rejected(found.p)
            foil = compare_many(mine.value * mine.n, mine.n, theirs.value * theirs.n, theirs.n, how=how, integer=False)
            hits["test:foil: as many people as rows"] = rejected(foil.p)
        return hits

    return run


# Scores and profits


SCORES = 12
CUT = SCORES // 2


def weighted_scores() -> Iterator[Scene]:
    """Two groups alike in scores and outcomes, rows with weights: AUC, mean scores, profits."""
    for n in (100, 400, 2_000):
        for bad in (0.1, 0.3):
            for follow in (False, True):
                words = "follow the outcome" if follow else "do not"
                worth = _effective(_laws(bad, follow=follow), n, bad) * bad
                name = f"{n:,} against {2 * n:,}, bad rate {bad:g}, weights {words}"
                yield Scene(name, worth >= ENOUGH, _weighted_scores(n, bad, follow=follow))
                # A profit rests on those who were selected with a bad outcome.
                several = worth * float(_by_score()[0, CUT:].sum()) >= ENOUGH
                yield Scene(f"{name}, profit", several, _weighted_profit(n, bad, follow=follow))


def _by_score() -> np.ndarray:
    """Return the shares of scores of bad and of good people [bad or good, score]."""
    steps = np.linspace(-1, 1, SCORES)
    of = np.stack([np.exp(-1.2 * steps), np.exp(1.2 * steps)])
    return of / of.sum(axis=1, keepdims=True)


def _drawn(rng: np.random.Generator, size: int, bad: float, draws: int, *, follow: bool) -> ScoreTable:
    joint = _laws(bad, follow=follow)[:, None, :] * _by_score()[:, :, None]
    rows = rng.multinomial(size, joint.ravel(), draws).reshape(draws, 2, SCORES, len(WEIGHTS))
    both = _tally(rows)
    table = np.zeros((3, draws, SCORES, 3))
    for i, part in enumerate((both.n, both.w, both.w2)):
        table[i, ..., 0], table[i, ..., 1] = part[:, 1], part[:, 0]
    score = np.broadcast_to(np.arange(SCORES, dtype=float), (draws, SCORES))
    return ScoreTable(Tally(*table), score, score**2, True)


def _weighted_scores(n: int, bad: float, *, follow: bool) -> Callable[[np.random.Generator, int], Hits]:
    of = _by_score()
    worse = np.cumsum(of[0]) - of[0]
    auc = float((of[1] * (worse + of[0] / 2)).sum())

    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 2_000)
        mine, theirs = (_drawn(rng, size, bad, draws, follow=follow) for size in (n, 2 * n))
        made = measure(METRICS["area_under_curve"], mine, confidence=0.95, seed=1)
        hits: Hits = {"interval:weighted AUC": covered(auc, made.low, made.high, made.value)}
        for name in ("area_under_curve_difference", "standardized_mean_difference"):
            found = compare_groups(CONTRASTS[name], mine, theirs)
            value, low, high, p = (
                np.array([getattr(one, key) for one in found], dtype=float) for key in ("value", "low", "high", "p")
            )
            words = name.replace("area_under_curve", "AUC").replace("_", " ")
            hits[f"interval:weighted {words}"] = covered(0.0, low, high, value)
            hits[f"test:weighted {words}"] = rejected(p)
        return hits

    return run


def _weighted_profit(n: int, bad: float, *, follow: bool) -> Callable[[np.random.Generator, int], Hits]:
    share = np.array([bad, 1 - bad]) * _by_score()[:, CUT:].sum(axis=1)
    truth = float(PAYOFF.good * share[1] + PAYOFF.bad * share[0])

    def run(rng: np.random.Generator, draws: int) -> Hits:
        drawn = _drawn(rng, n, bad, min(draws, 2_000), follow=follow)
        good, poor = (side[:, CUT:].sum(axis=1) for side in (drawn.good, drawn.bad))
        everybody = drawn.people.sum(axis=1)
        made = linearised_profit_interval(good, poor, everybody, PAYOFF)
        value = PAYOFF.of(good.w, poor.w) / everybody.w
        return {"interval:weighted expected profit per person": covered(truth, made.low, made.high, value)}

    return run


# Calibration


PREDICTIONS = 12
SPREAD = np.linspace(-2, 2, PREDICTIONS)


def weighted_calibration() -> Iterator[Scene]:
    """Predictions that hold, in two groups of rows with weights: calibration, Brier's parts, bands of the curve."""
    for n in (400, 2_000, 10_000):
        for centre in (0.0, 1.5):
            for follow in (False, True):
                words = "follow the outcome" if follow else "do not"
                name = f"{n:,} against {2 * n:,}, log odds about {centre:g}, weights {words}"
                good = scipy.special.expit(centre + SPREAD)
                law = _rows_of(good, follow=follow)
                bad = 1 - float(good.mean())
                whole = _effective(law.sum(axis=0), n, bad) * min(bad, 1 - bad)
                yield Scene(name, whole >= ENOUGH, _weighted_calibration(n, good, law))
                # The curve is of the people with one prediction alone.
                middle = PREDICTIONS // 2
                here = law[middle] / law[middle].sum()
                worth = _effective(here, n * float(law[middle].sum()), 1 - good[middle])
                several = worth * min(good[middle], 1 - good[middle]) >= ENOUGH
                yield Scene(f"{name}, one band", bool(several), _weighted_band(n, float(good[middle]), law))


def _rows_of(good: np.ndarray, *, follow: bool) -> np.ndarray:
    """Return the shares of rows [prediction, bad or good, weight] such that people's predictions hold."""
    counted = FOLLOW if follow else EVEN
    people = np.stack([1 - good, good], axis=-1) / len(good)
    law = (people / [counted @ WEIGHTS, EVEN @ WEIGHTS])[:, :, None] * np.stack([counted, EVEN])
    return np.asarray(law / law.sum())


def _weighted_predictions(
    rng: np.random.Generator, size: int, good: np.ndarray, law: np.ndarray, draws: int
) -> Predicted:
    rows = rng.multinomial(size, law.ravel(), draws).reshape(draws, *law.shape)
    # Good people stand before bad ones.
    table = _tally(rows[:, :, ::-1])
    return Predicted(table, table.w * good[:, None], table.w * good[:, None] ** 2)


def _weighted_calibration(n: int, good: np.ndarray, law: np.ndarray) -> Callable[[np.random.Generator, int], Hits]:
    rate = float(good.mean())
    truths = {
        "Brier score": float((good * (1 - good)).mean()),
        "Brier resolution, less what noise adds": float(((good - rate) ** 2).mean()),
        "Brier uncertainty": rate * (1 - rate),
    }

    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 2_000)
        mine, theirs = (_weighted_predictions(rng, size, good, law, draws) for size in (n, 2 * n))
        again = [recalibrate(mine), recalibrate(theirs)]
        hits: Hits = {}
        for name, made, truth in (
            ("calibration in the large", in_the_large(mine), 0.0),
            ("calibration in the large, difference", in_the_large_difference(mine, theirs), 0.0),
            ("calibration slope", again[0].slope, 1.0),
            ("calibration intercept", again[0].intercept, 0.0),
            ("calibration slope, difference", slope_difference(*again), 0.0),
        ):
            hits[f"interval:weighted {name}"] = covered(truth, made.low, made.high, made.value)
            hits[f"test:weighted {name}"] = rejected(np.asarray(made.p))
        brier = brier_interval(mine)
        value, resolution = resolution_interval(mine)
        uncertainty = uncertainty_interval(mine)
        for (name, truth), made in zip(truths.items(), (brier, resolution, uncertainty), strict=True):
            hits[f"interval:weighted {name}"] = covered(truth, made.low, made.high, value)
        some = min(draws, 1_000)
        one, two = calibration_errors(mine[np.arange(some)], rng=rng, draws=400)
        for name, part in (("expected calibration error", one), ("Brier reliability", two)):
            hits[f"test:weighted {name} (outcomes drawn anew)"] = rejected(part.p)
        return hits

    return run


def _weighted_band(n: int, truth: float, law: np.ndarray) -> Callable[[np.random.Generator, int], Hits]:
    good = np.full(PREDICTIONS, truth)

    def run(rng: np.random.Generator, draws: int) -> Hits:
        drawn = _weighted_predictions(rng, n, good, law, min(draws, 2_000))
        made = observed_interval(drawn)
        low, high = (np.asarray(end)[:, PREDICTIONS // 2] for end in (made.low, made.high))
        return {"interval:weighted good rate in a band of the calibration curve": covered(truth, low, high, low)}

    return run


# Memberships


PROXY = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
"""Probabilities of belonging to the first of two groups; the rest belongs to the second."""
KINDS = {
    "a sharp proxy": np.array([0.35, 0.1, 0.04, 0.02, 0.04, 0.1, 0.35]),
    "a vague proxy": np.array([0.05, 0.2, 0.25, 0.2, 0.15, 0.1, 0.05]),
}
TICKED = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
"""Alone in the first, alone in the second, both ticked."""


def memberships() -> Iterator[Scene]:
    """Groups that share people: by a proxy, or because several races were ticked; weighted rates and contrasts."""
    for n in (60, 300, 2_000):
        for p in (0.1, 0.6):
            for gap in (0.0, 0.15):
                for words, (members, shares) in {
                    **{name: (np.stack([PROXY, 1 - PROXY], axis=1), law) for name, law in KINDS.items()},
                    "races ticked": (TICKED, np.array([0.35, 0.5, 0.15])),
                }.items():
                    rates = p * (1 - gap * members[:, 0])
                    law = (members, shares, rates)
                    name = f"{n:,} people, {words}, rate {p:g}, {gap:g} lower for members"
                    yield Scene(name, n * _worth(*law) >= ENOUGH, _shared(n, *law, alike=not gap))


def _worth(members: np.ndarray, shares: np.ndarray, rates: np.ndarray) -> float:
    """Return how many people, each worth one, a row is worth on the rarer side of the smaller group."""
    den = shares @ members
    p = (shares * rates) @ members / den
    variance = np.array([
        float(shares @ (members[:, g] ** 2 * (rates * (1 - p[g]) ** 2 + (1 - rates) * p[g] ** 2))) / den[g] ** 2
        for g in (0, 1)
    ])  # fmt: skip
    return float((p * (1 - p) / variance * np.minimum(p, 1 - p)).min())


def _shared(
    n: int, members: np.ndarray, shares: np.ndarray, rates: np.ndarray, *, alike: bool
) -> Callable[[np.random.Generator, int], Hits]:
    # Rows carry weights of 1 and 3, so that sums of weights and of their squares are not one.
    weight = np.array([1.0, 3.0])
    law = (shares[:, None, None] * np.array([0.7, 0.3])[None, :, None]) * np.stack([rates, 1 - rates], axis=-1)[:, None]
    den = shares @ members
    truth = (shares * rates) @ members / den
    outer = members[:, :, None] * members[:, None, :]

    def run(rng: np.random.Generator, draws: int) -> Hits:
        draws = min(draws, 400)
        rows = rng.multinomial(n, law.ravel(), draws).reshape(draws, len(shares), 2, 2)
        first = np.einsum("dkwy,w,kg->dyg", rows, weight, members)
        second = np.einsum("dkwy,w,kgh->dygh", rows, weight**2, outer)
        found = []
        for i in range(draws):
            made = weighted_rates(first[i, 0], first[i].sum(axis=0), second[i, 0], second[i, 1])
            low, high = made.interval(0.95)
            hits: Hits = {"interval:weighted rate of members": covered(truth[0], low[0], high[0], made.value[0])}
            alone = _alone(made)
            for how, true in TRUE_CONTRASTS.items():
                one = compare_rates(made, 0, 1, how=how)
                right, words = float(true(*truth)), how.replace("_", " ")
                hits[f"interval:{words} of members"] = covered(right, one.low, one.high, one.value)
                if alike:
                    hits[f"test:{words} of members (inverted MOVER)"] = rejected(one.p)
                if how == "difference":
                    foil = compare_rates(alone, 0, 1, how=how)
                    name = "interval:foil: difference as if nobody were shared"
                    hits[name] = covered(right, foil.low, foil.high, foil.value)
            found.append(hits)
        return stacked(found)

    return run


def _alone(made):
    """Return rates without the covariance that shared people make."""
    return type(made)(made.value, np.diag(np.diag(made.covariance)), made.effective, made.den)


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {
    "weights": weighted,
    "weighted_scores": weighted_scores,
    "weighted_calibration": weighted_calibration,
    "memberships": memberships,
}
TITLES = {
    "weights": "rows with weights",
    "weighted_scores": "scores and profits of rows with weights",
    "weighted_calibration": "calibration of rows with weights",
    "memberships": "people who belong to groups in part",
}
FEW = (
    "Below 10 people's worth of rows on a side these intervals cover less than they say and these tests reject too "
    "often. They claim nothing there: an audit prints the interval, makes no test, neither flags nor clears, and says "
    "why."
)
NOTES = {
    "weights/interval": FEW,
    "weights/test": FEW,
    "memberships/interval": FEW,
    "memberships/test": FEW,
}
