"""Scenes of the coverage simulation: scores and everything beyond a rate, where people come in homes.

Both groups have one law, scores are calibrated probabilities, and the people of a home have scores and outcomes in
common. The truth is that of two million people drawn from the same law.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import scipy.special
from coverage_profit import PAYOFF
from coverage_questions import asking, stacked
from coverage_scenes import Hits, Scene, covered, rejected

import fairaudit as fa
from fairaudit.cube.cube import Cube
from fairaudit.inference.clustered_scores import measure_scores
from fairaudit.inference.of_clusters import compare_clustered_scores
from fairaudit.measuring import clustered_scores, clusters_of, grouping
from fairaudit.metrics import CONTRASTS, METRICS
from fairaudit.questions import ask_all
from fairaudit.questions.in_clusters import in_clusters
from fairaudit.result import Measurement

COMMON = 0.3
"""Part of the variance of scores, and of what decides the outcome, that the people of a home share."""
MEMBERS = 5
CUTOFF = 0.7

ZERO = (
    "calibration_in_the_large", "calibration_in_the_large_difference", "calibration_intercept",
    "calibration_slope_difference", "balance_for_good_outcomes", "balance_for_bad_outcomes",
    "bad_rate_difference_at_same_score", "marginal_bad_rate_difference", "conditional_selection_rate_difference",
    "adjusted_marginal_effect",
    "score_quantile_gap", "cross_auc_difference",
)  # fmt: skip
ONE = (
    "calibration_slope", "segmented_adverse_impact_ratio", "mantel_haenszel_odds_ratio",
    "adverse_impact_ratio_in_stratum", "adverse_impact_ratio_in_best",
)  # fmt: skip
SIZES = (
    "expected_calibration_error", "brier_reliability", "score_distance", "wasserstein_distance", "density_overlap",
    "independence", "differential_fairness", "separation", "sufficiency", "largest_selection_gap",
    "largest_equalized_odds_gap", "between_group_entropy",
)  # fmt: skip


def _people(rng: np.random.Generator, homes: int, *, mixed: bool) -> dict[str, np.ndarray]:
    size = rng.integers(1, MEMBERS + 1, homes)
    home = np.repeat(np.arange(homes), size)
    n = len(home)

    def common() -> np.ndarray:
        return np.sqrt(COMMON) * rng.normal(size=homes)[home] + np.sqrt(1 - COMMON) * rng.normal(size=n)

    said = np.round(scipy.special.ndtr(0.5 + 0.8 * common()), 2).clip(0.01, 0.99)
    group = rng.integers(0, 2, n) if mixed else home % 2
    return {
        "home": home, "group": group, "score": said, "bad": (scipy.special.ndtr(common()) > said).astype(int),
        "branch": rng.integers(0, 2, n),
    }  # fmt: skip


def _cube(rng: np.random.Generator, homes: int, *, mixed: bool, strata: bool) -> Cube:
    people = _people(rng, homes, mixed=mixed)
    # Other labels in each draw: which replicates a home counts in is told by its label.
    draw = int(rng.integers(2**40))
    table = {
        "home": [f"{draw}/{i}" for i in people["home"].tolist()],
        "g": ["ab"[i] for i in people["group"].tolist()],
        "score": people["score"].tolist(),
        "bad": people["bad"].tolist(),
        "branch": people["branch"].tolist(),
    }
    more = {"strata": "branch"} if strata else {}
    return fa.count(
        table, groups="g", score="score", higher_is="better", score_unit="probability", cutoff=CUTOFF, outcome="bad",
        bad=1, cluster="home", **more,
    )  # fmt: skip


@cache
def _truths() -> dict[str, float]:
    rng = np.random.default_rng(1)
    people = _people(rng, 700_000, mixed=True)
    score, bad = people["score"], people["bad"] == 1
    values = np.unique(score)
    good_at, bad_at = (np.array([np.sum(score[side] == v) for v in values], dtype=float) for side in (~bad, bad))
    good, poor = good_at / good_at.sum(), bad_at / bad_at.sum()
    selected = score >= CUTOFF
    counts = np.array([(~selected & ~bad).sum(), (selected != bad).sum(), (selected & bad).sum()], dtype=float)
    share, benefit = counts / counts.sum(), np.array([0.0, 1.0, 2.0])
    mean = float(share @ benefit)
    relative = benefit / mean
    return {
        "area_under_curve": float((good * (np.cumsum(poor) - poor / 2)).sum()),
        "kolmogorov_smirnov": float(np.abs(np.cumsum(poor) - np.cumsum(good)).max()),
        "mean_score": float(score.mean()),
        "brier_score": float(np.mean(((~bad) - score) ** 2)),
        "expected_profit": float(np.mean(selected * np.where(bad, PAYOFF.bad, PAYOFF.good))),
        "generalized_entropy_index": float((share @ relative**2 - 1) / 2),
        "theil_index": float(share[1:] @ (relative[1:] * np.log(relative[1:]))),
    }


# Scores


SCENES = ((25, False), (25, True), (100, True))


def clustered() -> Iterator[Scene]:
    """AUC, KS, mean scores and their contrasts."""
    for homes, mixed in SCENES:
        name = f"{homes} {'mixed' if mixed else 'unmixed'} homes a group"
        total = homes if mixed else 2 * homes
        # A third is bad, and a home has three people.
        yield Scene(name, homes >= 25, _scores(total, mixed=mixed))


def _scores(homes: int, *, mixed: bool) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        truths = _truths()
        for _ in range(min(draws, 1_000)):
            of = grouping(_cube(rng, homes, mixed=mixed, strata=False), ["g"])
            scores, clusters = clustered_scores(of), clusters_of(of)
            hits: Hits = {}
            mine = scores.of([0])
            for name in ("area_under_curve", "kolmogorov_smirnov", "mean_score"):
                low, high, _ = measure_scores(METRICS[name], mine, confidence=0.95, rng=rng)
                hits[f"interval:{METRICS[name].title}"] = covered(truths[name], low, high, low)
            for name in ("area_under_curve_difference", "standardized_mean_difference"):
                (one,) = compare_clustered_scores(CONTRASTS[name], scores, [0], [[1]], clusters)
                p = np.nan if one.p is None else one.p
                hits[f"interval:{CONTRASTS[name].title}"] = covered(0.0, one.low, one.high, one.low)
                hits[f"test:{CONTRASTS[name].title}"] = rejected(np.asarray(p))
            found.append(hits)
        return stacked(found)

    return run


# Beyond


def beyond() -> Iterator[Scene]:
    """Calibration, distances, quantiles, rankings, strata, summaries, profits."""
    for homes, mixed in ((40, True), (150, False)):
        name = f"{homes} {'mixed' if mixed else 'unmixed'} homes a group"
        yield Scene(name, homes >= 40, _beyond(homes if mixed else 2 * homes, mixed=mixed))


def _beyond(homes: int, *, mixed: bool) -> Callable[[np.random.Generator, int], Hits]:
    def run(rng: np.random.Generator, draws: int) -> Hits:
        found = []
        for _ in range(min(draws, 1_000)):
            cube = _cube(rng, homes, mixed=mixed, strata=True)
            of = grouping(cube, ["g"])
            asked = dataclasses.replace(asking("b", (CUTOFF,), int(rng.integers(2**31))), payoff=PAYOFF)
            records = in_clusters(ask_all([of], asked), [of], asked, clusters_of(of))
            found.append(_of_records(records))
        return stacked(found)

    return run


def _of_records(records: list[Measurement]) -> Hits:
    truths = {**_truths(), **dict.fromkeys(ZERO, 0.0), **dict.fromkeys(ONE, 1.0)}
    hits: Hits = {}
    for metric in (*truths, *SIZES):
        mine = [one for one in records if one.metric == metric and one.group in {"a", None}]
        of_group = [one for one in mine if one.group == "a"]
        # Of several bands, strata or shares the middle one.
        some = of_group or mine
        if metric in METRICS or not some:
            continue
        one = some[len(some) // 2]
        low, high, p = (np.nan if x is None else x for x in (one.low, one.high, one.p))
        words = metric.replace("_", " ")
        if metric in truths:
            hits[f"interval:{words}"] = covered(truths[metric], low, high, low)
        if metric in SIZES or metric not in _truths():
            hits[f"test:{words}"] = rejected(np.asarray(p))
    return hits


PARTS: dict[str, Callable[[], Iterator[Scene]]] = {"clustered_scores": clustered, "clustered_measures": beyond}
TITLES = {
    "clustered_scores": "scores of people in clusters",
    "clustered_measures": "everything beyond, people in clusters",
}
