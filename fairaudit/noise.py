"""Counts with noise: what leaves the house says almost the same whether any one person was in the rows or not.

Everything a release tells is either public beforehand (names of columns, levels and labels, the cut-off) or a count
with noise. So scores become decisions at one cut-off, every combination of levels is there whether somebody is in it
or not, and files, rows set aside and issues of the data are not told. Noise enters the inference as weights do: an
entry of m people with noise of variance v is m people whose squared weights sum to m + v, which widens every interval.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cube.axes import Axes, DecisionLevel, Dimension
from .cube.coarsening import NOT_OBSERVED
from .cube.cube import Cube, Ints
from .errors import CubeError, listed
from .models.extras import extra
from .schema.issues import DataIssue
from .schema.labels import MISSING, OTHER, label
from .schema.provenance import Ledger, Provenance
from .schema.roles import WEIGHT_SCALE, Schema

MOST_EPSILON = 10.0
"""Above it the promise is nearly empty: e to the power of 10 is 22,026."""
NO_SCORE = "no score"
MOST_NOISY = 1_000_000
"""Entries: noise is drawn for each, whether somebody is in it or not."""


def with_noise(
    cube: Cube, epsilon: float, *, cutoff: float | None = None, levels: Mapping[str, Sequence[Any]] | None = None
) -> Cube:
    """Return counts of decisions and outcomes by group, each with noise: epsilon-differentially private.

    Parameters
    ----------
    cube
        Counts without weights; strata, controls, the period and what was counted beside people are left out.
    epsilon
        How much one person may change the odds of any release: by the factor e to the power of epsilon at most. Above
        0 and at most 10; 1 or less is what the literature calls strong.
    cutoff
        Makes the decisions of the score; the cut-off in production when None. Recorded decisions, where there are any
        and no cut-off is given, are released instead.
    levels
        Attribute -> its levels, as they are public beforehand; whoever has another is in ``(other)``. The levels that
        the cube has when None: that a level is there is then told as it is, without noise.

    Returns
    -------
    Cube
        Whole numbers, none below 0, with ``provenance.epsilon``. Nobody knows how many people there were.

    Raises
    ------
    CubeError
        If epsilon is out of range, people have weights or were suppressed, or there are too many combinations.
    SchemaError
        If OpenDP is not installed (``pip install 'fairaudit-toolkit[privacy]'``).

    Notes
    -----
    Two sets of rows are neighbors if one has one person more. That person is in one entry, so the L1 sensitivity of all
    entries together is 1, and noise of the discrete Laplace distribution of scale 1/epsilon (Ghosh, Roughgarden and
    Sundararajan 2012) costs epsilon for all of them together: it is accounted by OpenDP's own privacy map. A second
    release about the same people costs its own epsilon on top; nothing here can see it.

    References
    ----------
    Dwork and Roth (2014), The Algorithmic Foundations of Differential Privacy, chapter 3.
    """
    if isinstance(epsilon, bool) or not (isinstance(epsilon, (int, float)) and 0 < epsilon <= MOST_EPSILON):
        message = (
            f"epsilon must be a number above 0 and at most {MOST_EPSILON:g}, got {epsilon!r}; 1 is a common choice."
        )
        raise CubeError(message)
    if cube.weighted:
        message = (
            "These people have weights (or counts with noise already), and one person could change a sum of weights by "
            "any amount. Count without weights."
        )
        raise CubeError(message)
    if cube.suppressed is not None and cube.suppressed.any():
        message = "Cells of these counts were suppressed: noise on what is left would hide that. Count again."
        raise CubeError(message)
    decided = _decisions(_attributes_only(cube), cutoff)
    axes, counts = _all_combinations(decided, levels or {})
    noisy, spent = _drawn(counts.reshape(-1), float(epsilon))
    variance = laplace_variance(float(epsilon))
    n, squares = without_negatives(noisy.reshape(counts.shape), variance)
    people = int(n.sum())
    if not people:
        message = (
            f"With epsilon={epsilon:g} the noise is larger than these counts: nobody is left. Give a larger epsilon."
        )
        raise CubeError(message)
    below = int((noisy < 0).sum())
    text = (
        f"Every count has noise (discrete Laplace, epsilon {epsilon:g}, standard deviation {math.sqrt(variance):.3g}); "
        f"{below:,} of {n.size:,} counts were drawn below 0 and made up for by the other outcomes of their decision."
    )
    issue = DataIssue("noise_for_privacy", text, 0, "intervals are widened by it")
    origin = Provenance(cube.provenance.name, Ledger(people), (), (issue,), cube.provenance.owner, epsilon=spent)
    return Cube(axes, decided.schema, n, origin, n * WEIGHT_SCALE, np.rint(squares * WEIGHT_SCALE).astype(np.int64))


def laplace_variance(epsilon: float) -> float:
    """Return the variance of discrete Laplace noise of scale 1/epsilon.

    Examples
    --------
    >>> round(laplace_variance(1.0), 4), round(laplace_variance(0.1), 1)
    (1.8413, 199.8)
    """
    ratio = math.exp(-epsilon)
    return 2 * ratio / (1 - ratio) ** 2


def without_negatives(noisy: Ints, variance: float) -> tuple[Ints, NDArray[np.float64]]:
    """Return counts of 0 and more with the same sum along the last axis, and their squared weights.

    Counts below 0 become 0, and what that adds is taken from the others in equal parts, so that the people of a
    decision are as many as were drawn, and not more. The noise of those that became 0 is still in the sum: the others
    carry it.

    Parameters
    ----------
    noisy
        Counts with noise [..., outcome].
    variance
        Of the noise of each.

    References
    ----------
    Wang et al. (2020), Locally differentially private frequency estimation with consistency, NDSS: Norm-Sub.

    Examples
    --------
    >>> counts, squares = without_negatives(np.array([[40, 9, -3]]), 2.0)
    >>> counts, squares
    (array([[39,  7,  0]]), array([[42., 10.,  0.]]))
    """
    total = np.maximum(noisy.sum(axis=-1, keepdims=True), 0)
    ordered = np.sort(noisy, axis=-1)[..., ::-1]
    over = (ordered.cumsum(axis=-1) - total) / np.arange(1, noisy.shape[-1] + 1)
    kept = np.maximum((ordered > over).sum(axis=-1, keepdims=True), 1)
    left = np.maximum(noisy - np.take_along_axis(over, kept - 1, axis=-1), 0)
    whole = np.floor(left + 1e-9).astype(np.int64)
    # What rounding down leaves of the sum goes to those that it took most from.
    ranked = np.argsort(np.argsort(-(left - whole), axis=-1, kind="stable"), axis=-1, kind="stable")
    counts = whole + (ranked < total - whole.sum(axis=-1, keepdims=True))
    held = counts > 0
    share = noisy.shape[-1] * variance / np.maximum(held.sum(axis=-1, keepdims=True), 1)
    return counts, np.where(held, counts + share, 0.0)


def _drawn(counts: Ints, epsilon: float) -> tuple[Ints, float]:
    """Return the counts with noise, and what OpenDP says that it costs."""
    dp = extra("opendp.prelude", "Noise for privacy")
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)
    measurement = dp.m.make_laplace(*space, scale=1.0 / epsilon)
    return np.array(measurement(counts.tolist()), dtype=np.int64), float(measurement.map(1))


def _attributes_only(cube: Cube) -> Cube:
    names = cube.axes.attributes
    if len(names) < len(cube.axes.names) or cube.blocks:
        cube = dataclasses.replace(cube.marginal(names), blocks={})
    return cube


def _decisions(cube: Cube, cutoff: float | None) -> Cube:
    """Return the cube with decisions and no score, and reasons why an outcome is unknown put together."""
    axes, schema, n = cube.axes, cube.schema, cube.n
    if axes.score is not None and (cutoff is not None or not axes.decisions):
        at = cutoff if cutoff is not None else next(iter(schema.cutoffs), None)
        if at is None:
            message = "Which decision is released? Give a cut-off: of the score itself nothing is told."
            raise CubeError(message)
        n, decisions = _at_cutoff(cube, float(at))
        column: str | None = f"{schema.score} at {at:.10g}"
        favorable: str | None = decisions[0].label
    elif cutoff is not None:
        message = "A cut-off needs a score, and none was counted in this cube."
        raise CubeError(message)
    else:
        n, decisions, column, favorable = (
            n.sum(axis=1, keepdims=True),
            axes.decisions,
            schema.decision,
            schema.favorable,
        )
    outcomes = axes.outcomes
    if len(outcomes) > 2:
        n = np.concatenate([n[..., :2], n[..., 2:].sum(axis=-1, keepdims=True)], axis=-1)
        outcomes = (*outcomes[:2], NOT_OBSERVED)
    given = schema.attributes
    names = cube.axes.attributes
    told = Schema(
        attributes=tuple(one for one in given if one.name in names),
        decision=column,
        favorable=favorable,
        decision_levels={level.label: level.kind for level in decisions},
        outcome=schema.outcome,
        good=schema.good,
        bad=schema.bad,
        unobserved=dict.fromkeys(schema.unobserved, NOT_OBSERVED),
        references=schema.references,
        sampled_by=schema.sampled_by,
    )
    return Cube(dataclasses.replace(axes, score=None, decisions=decisions, outcomes=outcomes), told, n, cube.provenance)


def _at_cutoff(cube: Cube, cutoff: float) -> tuple[Ints, tuple[DecisionLevel, ...]]:
    """Return people by cell, decision at the cut-off and outcome; whoever has no score is excluded."""
    axis = cube.axes.score
    assert axis is not None  # noqa: S101 - asked before
    at = axis.first_above(cutoff)
    by_bin = cube.n.sum(axis=2)
    lower, upper = by_bin[:, :at].sum(axis=1), by_bin[:, at : axis.scored_bins].sum(axis=1)
    sides = [upper, lower] if axis.higher_is == "better" else [lower, upper]
    text = axis.favorable_text(cutoff)
    levels = [DecisionLevel(text, "favorable"), DecisionLevel(f"not {text}", "unfavorable")]
    if axis.unscored:
        sides.append(by_bin[:, axis.scored_bins :].sum(axis=1))
        levels.append(DecisionLevel(NO_SCORE, "excluded"))
    return np.stack(sides, axis=1)[:, None], tuple(levels)


def _all_combinations(cube: Cube, public: Mapping[str, Sequence[Any]]) -> tuple[Axes, Ints]:
    """Return axes with every combination of levels, and the people in each."""
    for name in public:
        if name not in cube.axes.names:
            message = f"Levels are given for '{name}', which is not counted here; there is {listed(cube.axes.names)}."
            raise CubeError(message)
    dimensions, codes = [], []
    for i, dimension in enumerate(cube.axes.dimensions):
        made, places = _public(dimension, public.get(dimension.name))
        dimensions.append(made)
        codes.append(places[cube.axes.cells[:, i]])
    lengths = [len(dimension.levels) for dimension in dimensions]
    size = math.prod(lengths) * math.prod(cube.n.shape[1:])
    if size > MOST_NOISY:
        message = (
            f"{' × '.join(cube.axes.names)} make {size:,} counts with noise, most of them of nobody. Release fewer "
            f"groups at once: at most {MOST_NOISY:,}."
        )
        raise CubeError(message)
    cells = np.array(list(itertools.product(*map(range, lengths))), dtype=np.int32).reshape(math.prod(lengths), -1)
    counts = np.zeros((len(cells), *cube.n.shape[1:]), dtype=np.int64)
    rows = np.ravel_multi_index(codes, lengths) if lengths else np.zeros(len(cube.n), dtype=np.int64)
    np.add.at(counts, rows, cube.n)
    return dataclasses.replace(cube.axes, dimensions=tuple(dimensions), cells=cells), counts


def _public(dimension: Dimension, levels: Sequence[Any] | None) -> tuple[Dimension, NDArray[np.int64]]:
    """Return the dimension with its public levels, and for each level of the data its place among them."""
    if levels is None:
        return dimension, np.arange(len(dimension.levels))
    named = tuple(dict.fromkeys((*(label(level) for level in levels), OTHER, MISSING)))
    places = [named.index(level if level in named else OTHER) for level in dimension.levels]
    return dataclasses.replace(dimension, levels=named), np.array(places, dtype=np.int64)
