"""How sure a profit is: intervals of expected profits, and cut-offs chosen anew on people drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.special
from numpy.typing import ArrayLike

from ..cube.confusion import Tally
from ..metrics.base import Floats
from ..metrics.profit import PARITIES, Ints, Parity, Payoff, best_rules, selected
from .bootstrap import draw_counts, draw_weighted
from .counts import Interval, scalar_or_array
from .permutation import coarse_edges, merge_bins
from .proportion import wilson

DRAWS = 500
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
    some = np.maximum(people, 1.0)
    gain, loss = (wilson(np.minimum(side, some), some, confidence=confidence) for side in (good, bad))
    value = payoff.good * first + payoff.bad * second
    down = payoff.good * (first - gain.low), payoff.bad * (second - loss.high)
    up = payoff.good * (gain.high - first), payoff.bad * (loss.low - second)
    under, over = (np.sqrt(a**2 + b**2 + 2 * together * a * b) for a, b in (down, up))
    return Interval(
        scalar_or_array(np.where(people > 0, value - under, np.nan)),
        scalar_or_array(np.where(people > 0, value + over, np.nan)),
        "MOVER of two dependent Wilson intervals",
    )


def linearised_profit_interval(
    good: Tally, bad: Tally, people: Tally, payoff: Payoff, *, confidence: float = 0.95
) -> Interval:
    """Interval of the expected profit per person where rows carry weights, by its linearised variance.

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
    Source: Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, 5.5.

    Examples
    --------
    >>> sides = [Tally.of(np.array(n)) for n in (60.0, 10.0, 100.0)]
    >>> low, high, _ = linearised_profit_interval(*sides, Payoff(18, -82))
    >>> print(f"{low:.2f} {high:.2f}")
    -3.15 8.35
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        value = payoff.of(good.w, bad.w) / people.w
        others = people.w2 - good.w2 - bad.w2
        squares = good.w2 * (payoff.good - value) ** 2 + bad.w2 * (payoff.bad - value) ** 2 + others * value**2
        reach = scipy.special.ndtri(0.5 + confidence / 2) * np.sqrt(squares) / people.w
    known = people.w > 0
    low, high = (np.where(known, end, np.nan) for end in (value - reach, value + reach))
    return Interval(scalar_or_array(low), scalar_or_array(high), "linearised variance")


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
    parts = [
        _of_draw(*chunk, coarse[0], coarse[1], people, payoff)
        for chunk in _chunks(
            np.stack(coarse, axis=-1),
            draws,
            generator,
            None if squares is None else np.stack([merge_bins(side, starts) for side in squares], axis=-1),
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
        optimism=np.asarray((own - joined["own on the people"]).mean(axis=0)),
    )


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
    counts: Floats, draws: int, rng: np.random.Generator, squares: Floats | None
) -> Iterator[tuple[Floats, Floats]]:
    size = max(1, CHUNK_ENTRIES // max(1, counts.size))
    for start in range(0, draws, size):
        many = min(size, draws - start)
        if squares is None:
            drawn = np.stack([draw_counts(group, many, rng) for group in counts], axis=1).astype(np.float64)
        else:
            drawn = draw_weighted(counts, squares, many, rng)
            sums = drawn.sum(axis=(-2, -1), keepdims=True)
            kept = counts.sum(axis=(-2, -1), keepdims=True) / np.where(sums > 0, sums, 1.0)
            drawn = np.where(sums > 0, drawn * kept, counts)
        yield drawn[..., 0], drawn[..., 1]


def _of_draw(
    drawn_good: Floats, drawn_bad: Floats, good: Floats, bad: Floats, people: Floats, payoff: Payoff
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
        if parity == PARITIES[0]:
            made["place"] = np.concatenate([place, rules.mixture.lower[..., :1]], axis=-1)
    return made
