"""How sure a profit is: intervals of expected profits, and cut-offs chosen anew on people drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..cube.confusion import Tally
from ..metrics.base import Floats
from ..metrics.profit import PARITIES, Ints, Parity, Payoff, best_rules, heights, over_shares, selected
from .bootstrap import draw_counts, draw_weighted
from .counts import Interval, scalar_or_array
from .permutation import coarse_edges, merge_bins
from .proportion import effective_n, effective_rate_interval, wilson
from .replicates import deviations

DRAWS = 500
RATES = 101
"""Common selection rates that are held against each other, beside the corners of what the people bring."""
CHUNK_ENTRIES = 2_000_000
"""People by draw, group and bin held at once: 16 MB each of good and of bad ones."""
LEAST_BINS, MOST_BINS, MOST_ENTRIES = 40, 128, 512
"""Score bins are merged before the draws to so many for each group: a draw costs by the bin."""


def expected_profit_interval(
    good: ArrayLike, bad: ArrayLike, people: ArrayLike, payoff: Payoff, *, confidence: float = 0.95
) -> Interval:
    """Interval of the expected profit per person, from how many of people were selected with each outcome.

    Two shares of the same people, so they are dependent: the more are selected with a good outcome, the fewer can
    be with a bad one. Each has its Wilson interval, and MOVER for dependent quantities puts them together.

    Parameters
    ----------
    good, bad, people
        Selected people with a good and with a bad outcome, and all people decided on; any shapes that broadcast.
    payoff
        What a selected person brings.
    confidence
        Coverage aimed at.

    Returns
    -------
    Interval
        NaN where there is nobody.

    Notes
    -----
    Source: Zou (2007), Psychological Methods 12:399 (dependent quantities); Wilson (1927).

    Examples
    --------
    >>> low, high, _ = expected_profit_interval(60, 10, 100, Payoff(18, -82))
    >>> print(f"{low:.2f} {high:.2f}")
    -4.41 7.19
    """
    good, bad, people = (np.asarray(side, dtype=np.float64) for side in (good, bad, people))
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = good / people, bad / people
        odds = first * second / ((1 - first) * (1 - second))
        # A gain and a loss: the two parts of the profit go together where the two shares go apart.
        together = np.sqrt(np.where(np.isfinite(odds), np.clip(odds, 0.0, 1.0), 1.0))
    gain, loss = (wilson(side, people, confidence=confidence) for side in (good, bad))
    return combine_shares((first, second), (gain, loss), together, payoff, METHOD)


METHOD = "MOVER of two dependent Wilson intervals"


def combine_shares(
    shares: tuple[Floats, Floats], ends: tuple[Interval, Interval], together: Floats, payoff: Payoff, method: str
) -> Interval:
    """Put the intervals of the two shares together; NaN where one of them is."""
    (first, second), (gain, loss) = shares, ends
    value = payoff.good * first + payoff.bad * second
    down = payoff.good * (first - gain.low), payoff.bad * (second - loss.high)
    up = payoff.good * (gain.high - first), payoff.bad * (loss.low - second)
    under, over = (np.sqrt(np.maximum(a**2 + b**2 + 2 * together * a * b, 0.0)) for a, b in (down, up))
    return Interval(scalar_or_array(value - under), scalar_or_array(value + over), method)


def linearised_profit_interval(
    good: Tally, bad: Tally, people: Tally, payoff: Payoff, *, confidence: float = 0.95
) -> Interval:
    """Interval of the expected profit per person where rows carry weights.

    Each share has its interval at its effective people (Wilson's, or Korn and Graubard's where few), and the two have
    the correlation of their linearised covariance. The normal interval of the linearised variance covered 81% to 93%
    where few were selected with a bad outcome.

    Parameters
    ----------
    good, bad, people
        Selected people with a good and with a bad outcome, and all people decided on, as tallies.
    payoff, confidence
        As in :func:`expected_profit_interval`.

    Returns
    -------
    Interval
        NaN where the weights add up to nothing.

    Notes
    -----
    Source: Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, 5.5; Zou (2007).

    Examples
    --------
    >>> sides = [Tally.of(np.array(n)) for n in (60.0, 10.0, 100.0)]
    >>> low, high, _ = linearised_profit_interval(*sides, Payoff(18, -82))
    >>> print(f"{low:.2f} {high:.2f}")
    -4.55 7.67
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = good.w / people.w, bad.w / people.w
        others = people.w2 - good.w2 - bad.w2
        spreads = [
            side.w2 * (1 - share) ** 2 + (people.w2 - side.w2) * share**2
            for side, share in ((good, first), (bad, second))
        ]
        both = others * first * second - good.w2 * (1 - first) * second - bad.w2 * first * (1 - second)
        correlation = both / np.sqrt(spreads[0] * spreads[1])
    together = np.where(np.isfinite(correlation), np.clip(-correlation, -1.0, 1.0), 1.0)
    ends = []
    for side, share in ((good, first), (bad, second)):
        worth = effective_n(side.w, people.w, side.w2, people.w2)
        ends.append(effective_rate_interval(np.nan_to_num(share), np.nan_to_num(worth), confidence=confidence))
    method = "MOVER of two dependent intervals, weighted: effective people"
    return combine_shares((first, second), (ends[0], ends[1]), together, payoff, method)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What cut-offs chosen anew on people drawn anew give [draw, ...]: groups are drawn each for itself."""

    maximum: Floats
    """Maximum profit per person of each group [draw, group]."""
    together: Floats
    """The sum of the groups' maxima per person [draw]."""
    share: dict[Parity, Floats]
    """Profit under each parity as a share of the maximum [draw]."""
    place: Floats
    """Best bins selected for the most profit: each group's own, then everybody's [draw, group + 1]."""
    rate: dict[Parity | None, Floats]
    """Selection rates [draw, group]; None is each group's own cut-off of maximum profit."""
    met: dict[Parity, Floats]
    """Bins selected by the cut-off that more of a group's people meet [draw, group]."""
    common: Floats
    """Common selection rates to hold against each other [rate]: every corner of what the people bring, and between."""
    along: Floats
    """What all groups bring together at each of these rates [draw, rate]."""
    optimism: Floats
    """By how much each group's maximum per person is too good, on average over the draws [group]."""


def draw_costs(
    good: Floats,
    bad: Floats,
    payoff: Payoff,
    *,
    draws: int = DRAWS,
    rng: np.random.Generator | int,
    squares: tuple[Floats, Floats] | None = None,
    moved: Floats | None = None,
    clusters: float = np.inf,
) -> Drawn:
    """Draw people of each group anew, choose every cut-off anew, and return what the choices bring.

    Parameters
    ----------
    good, bad
        Whole people, or their weights, by group and bin [group, bin], worst score first.
    payoff
        What a selected person brings.
    draws
        How many times.
    rng
        Generator or seed.
    squares
        Sums of squared weights of good and of bad people, where people carry weights: they are then drawn with the
        linearised variance of their weights, and the sum of each group's weights is kept.
    moved
        Where people come in clusters, how far the counts move in each replicate [replicate, group, bin, good or bad]:
        they are then drawn with the covariance of the replicates, groups that share clusters together.
    clusters
        The fewest clusters of a group, for t's longer tails.

    Raises
    ------
    UndefinedMetricError
        If people are not whole and no squares are given.

    Notes
    -----
    The optimism is Efron's: cut-offs are chosen in the draw, and what they bring there less what they bring among
    the people themselves is how much a maximum gains by being chosen on the people it is measured on.
    Scores of many values are merged into bins of about equally many people before the draws; the cut-offs of the
    estimates stay edges of the bins.
    Source: Efron (1983), Journal of the American Statistical Association 78:316.

    Examples
    --------
    >>> good, bad = np.array([[5.0, 30.0], [20.0, 40.0]]), np.array([[25.0, 10.0], [20.0, 5.0]])
    >>> drawn = draw_costs(good, bad, Payoff(1.0, -1.0), draws=200, rng=1)
    >>> drawn.together.shape, bool((drawn.share["demographic parity"] <= 1 + 1e-9).all())
    ((200,), True)
    """
    generator = np.random.default_rng(rng)
    people = (good + bad).sum(axis=-1)
    starts = _starts(good, bad, payoff)
    coarse = [merge_bins(side, starts) for side in (good, bad)]
    # How many of the fine bins are selected with so many of the coarse ones.
    places = good.shape[-1] - np.append(starts, good.shape[-1])[::-1]
    corners = over_shares(coarse[0] + coarse[1], coarse[0], coarse[1], payoff)[1]
    common = np.union1d(np.linspace(0.0, 1.0, RATES), corners)
    parts = [
        _of_draw(*chunk, coarse[0], coarse[1], people, payoff, common)
        for chunk in _chunks(
            np.stack(coarse, axis=-1),
            draws,
            generator,
            None if squares is None else np.stack([merge_bins(side, starts) for side in squares], axis=-1),
            None if moved is None else (np.add.reduceat(moved, starts, axis=2), clusters),
        )
    ]
    joined: dict[str, Floats] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    own = joined["own"]
    return Drawn(
        maximum=own,
        together=joined["together"],
        share={parity: joined[f"share {parity}"] for parity in PARITIES},
        place=np.asarray(places[joined["place"].astype(np.int64)], dtype=np.float64),
        rate={parity: joined[f"rate {parity}"] for parity in (None, *PARITIES)},
        met={
            parity: np.asarray(places[joined[f"met {parity}"].astype(np.int64)], dtype=np.float64)
            for parity in PARITIES
        },
        common=common,
        along=joined["along"],
        optimism=np.asarray((own - joined["own on the people"]).mean(axis=0)),
    )


def rates_in_reach(
    good: Floats, bad: Floats, payoff: Payoff, drawn: Drawn, *, confidence: float
) -> tuple[float, float]:
    """Return the common selection rates that could be the best one: from the lowest to the highest.

    Draws do not tell two rates apart that bring nearly the same, so the best rate's own spread over the draws can miss
    the other one. Here a rate is out of reach only where it brings less than the best, among the people, by more than
    chance would show at the asked confidence if it were the best one.

    Parameters
    ----------
    good, bad, payoff
        As in :func:`draw_costs`.
    drawn
        From :func:`draw_costs`.
    confidence
        Of the set; the rates between its ends need not all be in it.

    Notes
    -----
    The test that a rate is the best one, inverted: what the best brings more than it, against the draws' largest such
    excess once each rate brings in the mean what it brings among the people. Rates that lie far below the best ones
    (by more than the root of the logarithm of the people times the standard error) are left out of that largest one:
    Andrews and Soares (2010), Econometrica 78:119. The profit is concave in the rate, so the set is taken for an
    interval.

    Examples
    --------
    >>> good, bad = np.array([[5.0, 30.0], [20.0, 40.0]]), np.array([[25.0, 10.0], [20.0, 5.0]])
    >>> drawn = draw_costs(good, bad, Payoff(1.0, -1.0), rng=1)
    >>> low, high = rates_in_reach(good, bad, Payoff(1.0, -1.0), drawn, confidence=0.95)
    >>> print(f"{low:.1f} {high:.1f}")
    0.4 0.8
    """
    hull = over_shares(good + bad, good, bad, payoff)[0]
    total = heights(hull, np.broadcast_to(drawn.common, (*good.shape[:-1], len(drawn.common)))).sum(axis=-2)
    away = drawn.along - total
    best = int(total.argmax())
    spread = (away - away[:, [best]]).std(axis=0)
    near = total[best] - total <= np.sqrt(np.log(max(3.0, float((good + bad).sum())))) * spread
    excess = away[:, near].max(axis=1, keepdims=True) - away
    inside = np.flatnonzero(total[best] - total <= np.quantile(excess, confidence, axis=0))
    return float(drawn.common[inside[0]]), float(drawn.common[inside[-1]])


def draw_alike(
    good: Floats, bad: Floats, payoff: Payoff, *, draws: int = DRAWS, rng: np.random.Generator | int
) -> dict[Parity, Floats]:
    """Draw groups that are alike, and return what each parity leaves of the maximum by chance alone [draw].

    Groups keep their sizes, and all are drawn from everybody together. A parity then costs nothing in truth, but
    chance sets the groups apart, and each own cut-off gains by it: shares lie below 1 all the same.

    Parameters
    ----------
    good, bad, payoff, draws, rng
        As in :func:`draw_costs`.

    Examples
    --------
    >>> good, bad = np.array([[5.0, 30.0], [20.0, 40.0]]), np.array([[25.0, 10.0], [20.0, 5.0]])
    >>> shares = draw_alike(good, bad, Payoff(1.0, -1.0), draws=200, rng=1)["demographic parity"]
    >>> bool((shares <= 1 + 1e-9).all()), bool(np.median(shares) > 0.95)
    (True, True)
    """
    generator = np.random.default_rng(rng)
    starts = _starts(good, bad, payoff)
    coarse = np.stack([merge_bins(side, starts) for side in (good, bad)], axis=-1)
    pooled = coarse.sum(axis=0)
    sizes = coarse.sum(axis=(1, 2)).astype(np.int64)
    law = pooled.ravel() / pooled.sum()
    size = max(1, CHUNK_ENTRIES // max(1, coarse.size))
    parts: list[dict[Parity, Floats]] = []
    for start in range(0, draws, size):
        shape = (min(size, draws - start), len(sizes))
        drawn = generator.multinomial(np.broadcast_to(sizes, shape), law).reshape(*shape, *pooled.shape)
        parts.append(_shares_of_most(drawn[..., 0].astype(np.float64), drawn[..., 1].astype(np.float64), payoff))
    return {parity: np.concatenate([part[parity] for part in parts]) for parity in PARITIES}


def _shares_of_most(good: Floats, bad: Floats, payoff: Payoff) -> dict[Parity, Floats]:
    most = best_rules(None, good, bad, payoff).profit
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            parity: np.where(most > 0, best_rules(parity, good, bad, payoff).profit / most, np.nan)
            for parity in PARITIES
        }


def _starts(good: Floats, bad: Floats, payoff: Payoff) -> Ints:
    """Return where bins begin once a draw is made cheap; cut-offs of maximum profit and of parities stay edges."""
    groups, bins = good.shape
    most = int(np.clip(MOST_ENTRIES // groups, LEAST_BINS, MOST_BINS))
    if bins <= most:
        return np.arange(bins)
    kept = [coarse_edges((good + bad).sum(axis=0), most), np.zeros(1, dtype=np.int64)]
    for parity in (None, *PARITIES):
        mixture = best_rules(parity, good, bad, payoff).mixture
        kept += [bins - place[place > 0] for place in (mixture.lower, mixture.upper)]
    return np.unique(np.concatenate(kept)).astype(np.int64)


def _chunks(
    counts: Floats,
    draws: int,
    rng: np.random.Generator,
    squares: Floats | None,
    moved: tuple[Floats, float] | None,
) -> Iterator[tuple[Floats, Floats]]:
    size = max(1, CHUNK_ENTRIES // max(1, counts.size))
    for start in range(0, draws, size):
        many = min(size, draws - start)
        if moved is not None:
            away = deviations(moved[0], moved[1], rng, many)
            drawn = _as_many(np.clip(counts + away, 0.0, None), counts)
        elif squares is None:
            drawn = np.stack([draw_counts(group, many, rng) for group in counts], axis=1).astype(np.float64)
        else:
            drawn = _as_many(draw_weighted(counts, squares, many, rng), counts)
        yield drawn[..., 0], drawn[..., 1]


def _as_many(drawn: Floats, counts: Floats) -> Floats:
    """Return draws with as much weight in each group as there is."""
    sums = drawn.sum(axis=(-2, -1), keepdims=True)
    kept = counts.sum(axis=(-2, -1), keepdims=True) / np.where(sums > 0, sums, 1.0)
    return np.asarray(np.where(sums > 0, drawn * kept, counts))


def _of_draw(
    drawn_good: Floats, drawn_bad: Floats, good: Floats, bad: Floats, people: Floats, payoff: Payoff, common: Floats
) -> dict[str, Floats]:
    best = best_rules(None, drawn_good, drawn_bad, payoff)
    place = best.mixture.lower
    own = payoff.of(best.mixture.of(drawn_good), best.mixture.of(drawn_bad)) / people
    over = payoff.of(selected(good), selected(bad)) / people[:, None]
    kept = np.take_along_axis(np.broadcast_to(over, (len(place), *over.shape)), place[..., None], axis=-1)[..., 0]
    made = {
        "own": own,
        "own on the people": kept,
        "together": best.profit / people.sum(),
        f"rate {None}": best.mixture.of(drawn_good + drawn_bad) / people,
    }
    for parity in PARITIES:
        rules = best_rules(parity, drawn_good, drawn_bad, payoff)
        with np.errstate(invalid="ignore", divide="ignore"):
            made[f"share {parity}"] = np.where(best.profit > 0, rules.profit / best.profit, np.nan)
        made[f"rate {parity}"] = rules.mixture.of(drawn_good + drawn_bad) / people
        made[f"met {parity}"] = np.broadcast_to(rules.mixture.met, own.shape)
        if parity == "demographic parity":
            hull = over_shares(drawn_good + drawn_bad, drawn_good, drawn_bad, payoff)[0]
            made["along"] = heights(hull, np.broadcast_to(common, (*own.shape, len(common)))).sum(axis=-2)
        if parity == PARITIES[0]:
            made["place"] = np.concatenate([place, rules.mixture.lower[..., :1]], axis=-1)
    return made
