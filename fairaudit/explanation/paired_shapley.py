"""Paired group-to-group Shapley values: a gap in mean score, or in a rate at a cut-off, of anything that scores.

Each pair is one person of the group and one of the reference. The reference's features are exchanged for the
group's one by one, in a random order and in its reverse, and each feature is credited with what its exchange did to
the score or to the decision. Over pairs these add up to the gap in expectation. People are dealt evenly, so that
everybody is in as many pairs as anybody else, give or take one; what is left of the difference to the gap, which
scoring everybody tells exactly, is put on the amounts by regression on the two people's own scores. It is reported.

The intervals are for people, not for pairs: pairs that share a person are alike, and counting them as independent
would make a group of a hundred look like ten thousand. The variance is clustered by both people of the pair.

Sources: Shapley values against a reference group, Merrick and Taly (2020), The Explanation Game; antithetic
permutations, Mitchell, Cooper, Frank and Holmes (2022), JMLR 23; two-way clusters, Cameron, Gelbach and Miller (2011),
Journal of Business and Economic Statistics 29.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError
from ..inference.contrast import compare
from ..inference.together import LARGEST, Gaps, means_of, slopes
from ..schema.roles import HigherIs
from .assembling import drivers_of, gap_of_means, in_batches, proxies_of
from .drivers_record import Amount, Drivers, Measure
from .mixing import Mixing
from .trees import Floats
from .two_groups import TwoGroups

MIXED_ROWS = 50_000
"""Rows that are mixed and scored at once."""
FEWEST_PAIRS = 100


def paired_drivers(
    made: Mixing,
    groups: TwoGroups,
    *,
    measure: Measure,
    cutoff: float | None,
    higher_is: HigherIs | None,
    pairs: int,
    rng: int,
    confidence: float,
) -> Drivers:
    """Return the drivers of a gap by paired Shapley values.

    Parameters
    ----------
    made
        What scores, and the rows.
    groups
        Who is compared.
    measure
        What the gap is in.
    cutoff, higher_is
        The decision, for a rate.
    pairs
        How many pairs are drawn; each takes twice as many scores as there are features.
    rng
        Seed of pairs, orders and folds.
    confidence
        Of the intervals.

    Raises
    ------
    ExplanationError
        If a rate has no cut-off or no better side, or pairs are too few.
    """
    if pairs < FEWEST_PAIRS:
        message = f"pairs is at least {FEWEST_PAIRS}, got {pairs!r}. 20,000 are usual."
        raise ExplanationError(message)
    rate = measure != "mean score"
    if rate and cutoff is None:
        message = f"The {measure} is one at a cut-off: give cutoff=, here or to the explainer."
        raise ExplanationError(message)
    if rate and higher_is is None:
        message = "Who is selected at a cut-off hangs on which side is better: give higher_is='better' or 'worse'."
        raise ExplanationError(message)

    def selected(scores: Floats) -> Floats:
        if cutoff is None or not rate:
            return scores
        return np.asarray(scores >= cutoff if higher_is == "better" else scores <= cutoff, dtype=np.float64)

    both = groups.both()
    scores = np.full(len(made.rows), np.nan)
    scores[both] = in_batches(made.score, made.rows, both, MIXED_ROWS)
    result = selected(scores)
    draw = np.random.default_rng(rng)
    mine = _dealt(groups.of_group, pairs, draw)
    theirs = _dealt(groups.of_reference, pairs, draw)
    credit = _credited(made, selected, mine, theirs, result, draw)
    gaps, residual = _put_on_the_gap(credit, mine, theirs, result, groups)
    sides = [means_of(result[of][:, None]) for of in (groups.of_group, groups.of_reference)]
    levels = (float(sides[0].value[0]), float(sides[1].value[0]))
    gap = gap_of_means(sides[0], sides[1], confidence)
    if rate:
        people = (len(groups.of_group), len(groups.of_reference))
        found = compare(
            float(result[groups.of_group].sum()), people[0], float(result[groups.of_reference].sum()), people[1],
            how="difference", confidence=confidence,
        )  # fmt: skip
        gap = Amount(found.value, gap.error, found.low, found.high)
    proxies, of_score = proxies_of(made, scores, groups, weight=None, confidence=confidence, rng=rng)
    rows, reach = drivers_of(made.names, gaps, gap, proxies, confidence)
    return Drivers(
        attribute=groups.attribute,
        group=groups.group,
        reference=groups.reference,
        measure=measure,
        units=measure if rate else made.units,
        higher_is=higher_is,
        cutoff=cutoff if rate else None,
        gap=gap,
        levels=levels,
        drivers=rows,
        score_proxy=of_score,
        people=(len(groups.of_group), len(groups.of_reference)),
        explained=(len(np.unique(mine)), len(np.unique(theirs))),
        left_out=groups.left_out,
        confidence=confidence,
        reach=reach,
        together=LARGEST,
        method=(
            f"paired Shapley values: {pairs:,} pairs of one of the group and one of the reference, each with a random "
            "order of features and its reverse"
        ),
        pairs=pairs,
        residual=residual,
    )


def _dealt(people: NDArray[np.intp], pairs: int, draw: np.random.Generator) -> NDArray[np.intp]:
    """Return people for so many pairs, everybody equally often or once more."""
    rounds = [draw.permutation(people) for _ in range(-(-pairs // len(people)))]
    return np.concatenate(rounds)[:pairs]


def _credited(
    made: Mixing,
    selected: object,
    mine: NDArray[np.intp],
    theirs: NDArray[np.intp],
    result: Floats,
    draw: np.random.Generator,
) -> Floats:
    """Return what each pair credits to each feature [pair, feature]; a row adds up to the two people's difference."""
    features = len(made.names)
    credit = np.empty((len(mine), features))
    step = max(1, MIXED_ROWS // max(1, 2 * (features - 1)))
    sizes = np.arange(1, features)[:, None]
    for start in range(0, len(mine), step):
        x, z = mine[start : start + step], theirs[start : start + step]
        place = np.argsort(draw.random((len(x), features)), axis=1)
        rank = np.argsort(place, axis=1)
        # Features exchanged so far, by how many [pair, size, feature]: in the order, then in its reverse.
        taken = np.concatenate([rank[:, None, :] < sizes, rank[:, None, :] >= features - sizes], axis=1)
        source = np.where(taken, x[:, None, None], z[:, None, None]).reshape(-1, features)
        if features > 1:
            middle = selected(made.score(made.mixed(source))).reshape(len(x), 2, features - 1)  # type: ignore[operator]
        else:
            middle = np.zeros((len(x), 2, 0))
        ends = [np.broadcast_to(result[who][:, None, None], (len(x), 2, 1)) for who in (z, x)]
        moved = np.diff(np.concatenate([ends[0], middle, ends[1]], axis=2), axis=2)
        rows = np.arange(len(x))[:, None]
        credit[start + rows, place] = (moved[:, 0] + moved[:, 1, ::-1]) / 2
    return credit


def _put_on_the_gap(
    credit: Floats, mine: NDArray[np.intp], theirs: NDArray[np.intp], result: Floats, groups: TwoGroups
) -> tuple[Gaps, float]:
    """Return amounts that add up to the gap with their covariance, and what was missing before."""
    pairs = len(credit)
    own = np.stack([result[mine], result[theirs]], axis=1)
    everybody = [result[of] for of in (groups.of_group, groups.of_reference)]
    means = np.array([each.mean() for each in everybody])
    slope = slopes(credit, own)
    off = means - own.mean(axis=0)
    value = credit.mean(axis=0) + off @ slope
    rest: Floats = credit - credit.mean(axis=0) - (own - own.mean(axis=0)) @ slope
    alone: Floats = rest.T @ rest / (pairs * (pairs - 1))
    clustered = _clustered(rest, mine) + _clustered(rest, theirs) - alone
    # The difference of three estimates can fall below what the pairs alone are worth.
    lift = np.maximum(0.0, np.diag(alone) - np.diag(clustered))
    own_spread = np.array([each.var(ddof=1) / len(each) for each in everybody])
    covariance = np.asarray(clustered + np.diag(lift) + (slope.T * own_spread) @ slope, dtype=np.float64)
    fewer = min(len(np.unique(mine)), len(np.unique(theirs)))
    degrees = np.where(np.diag(covariance) > 0, float(fewer - 1), np.nan)
    return Gaps(value, covariance, degrees), float((means[0] - means[1]) - credit.mean(axis=0).sum())


def _clustered(rest: Floats, who: NDArray[np.intp]) -> Floats:
    """Return the covariance of the mean with pairs of the same person taken together."""
    people, at = np.unique(who, return_inverse=True)
    sums = np.stack([np.bincount(at, weights=column, minlength=len(people)) for column in rest.T], axis=1)
    scale = len(people) / (len(people) - 1) / len(rest) ** 2
    return np.asarray(sums.T @ sums * scale, dtype=np.float64)
