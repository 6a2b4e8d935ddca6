"""Kitagawa, Oaxaca, Blinder: a gap split into who the people are (composition) and what counts for them (coefficients).

Drivers split the gap of a score. A fixed score counts the same for everybody, so its gap is all composition. What
people decided, what happened, or a price need not: a regression in each group tells how much of the gap goes with
different features, and how much with the same features going along with different results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..errors import DataContractError, SchemaError, listed
from ..inference.counts import check_share, normal_quantile
from ..inference.together import Gaps, all_at_once, means_of
from ..models.scorecard import Scorecard
from .assembling import gap_of_means
from .composition_record import ASIDE, Composition, FeaturePart, Part
from .design import Design, design_of
from .trees import Floats
from .two_groups import FEWEST, two_groups

Against = Literal["reference", "group", "pooled"]


class _Fit(NamedTuple):
    """Least squares of one group, or of both: coefficients and each person's share in their error."""

    coefficients: Floats
    influence: Floats
    """[person, coefficient]: their sum is the first-order error of the coefficients."""


def compose(
    rows: Any,
    result: Any,
    attribute: Any,
    *,
    reference: Any,
    group: Any = None,
    against: Against = "reference",
    name: str | None = None,
    bands: Sequence[float] | None = None,
    result_name: str | None = None,
    confidence: float = 0.95,
    fewest: int = FEWEST,
) -> Composition:
    """Split a gap in an outcome, a decision, a price or a score into composition and coefficients, by feature.

    Parameters
    ----------
    rows
        The declared features: a table of numbers and texts, missing ones allowed; or ``(scorecard, rows)``, which
        makes each feature the points of its bin, so that the coefficients say what a point is worth in each group.
    result
        What the gap is in, a number a person: 1 and 0 for a decision or an outcome, else a price or a score.
    attribute
        The attribute of each row.
    reference, group
        Levels; the group may be left out where only one other level is there.
    against
        Whose coefficients price the composition: the reference's (the usual choice: how would the group fare if its
        features counted as the reference's do), the group's, or those of both pooled with the group as a regressor.
    name, bands
        Of the attribute, as in :func:`fairaudit.drivers`.
    result_name
        Name of the result in words.
    confidence
        Of the intervals.
    fewest
        People that each side needs.

    Returns
    -------
    Composition

    Raises
    ------
    FairauditError
        If the result is not a number for everybody, or a coefficient cannot be told in one of the groups.

    Notes
    -----
    Gap = composition + coefficients (twofold), or composition at the reference's coefficients + coefficients at the
    reference's features + their interaction (threefold). Features are counted from their mean over both groups, and
    levels of a text so that their effects average 0 over both, so neither a unit's zero nor a left-out level changes
    a feature's part. The intervals are linearised, people drawn within each group, robust to unequal spread (HC3).
    Sources: Kitagawa (1955), JASA 50; Oaxaca (1973), International Economic Review 14; Blinder (1973), Journal of
    Human Resources 8; Yun (2005), Economic Inquiry 43 (levels); Jann (2008), Stata Journal 8 (pooled with the group);
    Long and Ervin (2000), The American Statistician 54 (HC3).

    Examples
    --------
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> sex = np.repeat(["F", "M"], 500)
    >>> rows = pd.DataFrame({"income": draw.normal(size=1_000) + (sex == "M")})
    >>> made = compose(rows, rows["income"] + 0.5 * (sex == "M"), sex, reference="M")
    >>> round(made.composition.value, 1), round(made.coefficients.value, 1)
    (-1.0, -0.5)
    """
    check_share(confidence, "confidence")
    if against not in get_args(Against):
        message = f"against is one of {', '.join(get_args(Against))}, got {against!r}."
        raise SchemaError(message)
    card = None
    if isinstance(rows, tuple) and len(rows) == 2 and isinstance(rows[0], Scorecard):
        card, rows = rows
    groups = two_groups(attribute, reference=reference, group=group, name=name, bands=bands, fewest=fewest)
    both = groups.both()
    side = np.arange(len(both)) < len(groups.of_group)
    y = _numbers(result, len(rows))[both]
    made = design_of(rows, both, side, card)
    # Counted from the mean over both groups, so that the ones stand for people of the average features.
    middle = np.concatenate([[0.0], made.columns[:, 1:].mean(axis=0)])
    x = made.columns - middle
    one, other = (_fitted(x, y, here, made, level)
                  for here, level in ((side, groups.group), (~side, groups.reference)))  # fmt: skip
    parts = _parts(x, side, one, other, _chosen(against, x, y, side, one, other))
    owners = [*made.names, ASIDE]
    scale = float(np.abs(y).max())
    found = {what: _with_interval(*each, made, side, scale) for what, each in parts.items()}
    gap = gap_of_means(means_of(y[side][:, None]), means_of(y[~side][:, None]), confidence)
    reach = {what: all_at_once(gaps, confidence) for what, (gaps, _) in found.items()}
    z = normal_quantile(confidence)

    def part(what: str, at: int | None) -> Part:
        gaps, total = found[what]
        value, error = (total[0], total[1]) if at is None else (float(gaps.value[at]), float(gaps.error[at]))
        far = z if at is None else reach[what]
        return Part(value, error, value - z * error, value + z * error, value - far * error, value + far * error)

    return Composition(
        attribute=groups.attribute,
        group=groups.group,
        reference=groups.reference,
        result=result_name or str(getattr(result, "name", None) or "result"),
        against=against,
        gap=gap,
        levels=(float(y[side].mean()), float(y[~side].mean())),
        composition=part("composition", None),
        coefficients=part("coefficients", None),
        interaction_of_three=part("interaction", None),
        coefficients_of_three=part("coefficients of three", None),
        composition_of_three=part("composition of three", None),
        features=tuple(
            FeaturePart(owner, part("composition", at), part("coefficients", at)) for at, owner in enumerate(owners)
        ),
        people=(len(groups.of_group), len(groups.of_reference)),
        left_out=groups.left_out,
        confidence=confidence,
        notes=made.notes,
        of_points=card is not None,
        only_ones=bool(np.isin(y, (0.0, 1.0)).all()),
        same_coefficients=bool(np.allclose(one.coefficients, other.coefficients, atol=1e-9 * max(1.0, scale))),
    )


def _numbers(result: Any, rows: int) -> Floats:
    try:
        made = np.asarray(result, dtype=np.float64)
    except (TypeError, ValueError):
        message = "The result is a number for each person, such as 1 for approved and 0 for declined."
        raise DataContractError(message) from None
    if made.shape != (rows,):
        message = f"The result is one number for each of {rows:,} rows; got shape {made.shape}."
        raise DataContractError(message)
    broken = np.flatnonzero(~np.isfinite(made))
    if broken.size:
        message = (
            f"The result of {broken.size:,} people is missing or not finite, the first in row {broken[0]}. Keep to "
            "people whose result is known, and say so."
        )
        raise DataContractError(message)
    return made


def _fitted(x: Floats, y: Floats, here: Any, made: Design, level: str) -> _Fit:
    """Return the regression of one group."""
    some = x[here]
    if (
        np.linalg.matrix_rank(some / np.maximum(1e-300, np.abs(some).max(axis=0))) < x.shape[1]
        or len(some) <= x.shape[1]
    ):
        stuck = [
            made.labels[at]
            for at in range(1, x.shape[1])
            if np.linalg.matrix_rank(some[:, : at + 1]) == np.linalg.matrix_rank(some[:, :at])
        ]
        message = (
            f"The regression of '{level}' cannot tell the effect of {listed(stuck) or 'its features'}: within that "
            "group it is the same for everybody or follows from other features. Leave it out, or merge levels."
        )
        raise DataContractError(message)
    return _least_squares(x, y, here)


def _least_squares(x: Floats, y: Floats, here: Any) -> _Fit:
    some = x[here]
    inverse = np.linalg.inv(some.T @ some)
    coefficients = inverse @ (some.T @ y[here])
    influence = np.zeros_like(x)
    pull = np.einsum("ij,jk,ik->i", some, inverse, some)
    # A person who pulls the line to herself has a small residual: as in HC3 it counts as if she were left out.
    left = (y[here] - some @ coefficients) / np.maximum(1 - pull, 1e-8)
    influence[here] = (some * left[:, None]) @ inverse
    return _Fit(coefficients, influence)


def _chosen(against: Against, x: Floats, y: Floats, side: Any, one: _Fit, other: _Fit) -> _Fit:
    if against == "reference":
        return other
    if against == "group":
        return one
    pooled = _least_squares(np.column_stack([x, side.astype(float)]), y, np.ones(len(x), dtype=bool))
    return _Fit(pooled.coefficients[:-1], pooled.influence[:, :-1])


def _parts(x: Floats, side: Any, one: _Fit, other: _Fit, chosen: _Fit) -> dict[str, tuple[Floats, Floats]]:
    """Return each part by column with each person's share in its error [person, column]."""
    people = (side.sum(), (~side).sum())
    mine, theirs = x[side].mean(axis=0), x[~side].mean(axis=0)
    of_mine = np.where(side[:, None], (x - mine) / people[0], 0.0)
    of_theirs = np.where(side[:, None], 0.0, (x - theirs) / people[1])
    # The mean that columns are counted from is estimated too: it moves the features' parts, and the ones' against them.
    of_middle = (of_mine * people[0] + of_theirs * people[1]) / len(x)
    one, other, chosen = (
        fit._replace(influence=fit.influence + np.outer(of_middle @ fit.coefficients, np.eye(x.shape[1])[0]))
        for fit in (one, other, chosen)
    )
    from_mine, from_theirs = of_mine - of_middle, of_theirs - of_middle
    apart, of_apart = mine - theirs, of_mine - of_theirs

    def product(a: Floats, of_a: Floats, b: Floats, of_b: Floats) -> tuple[Floats, Floats]:
        return a * b, of_a * b + a * of_b

    b, c, r = one.coefficients, other.coefficients, chosen.coefficients
    composition = product(apart, of_apart, r, chosen.influence)
    mine_off = product(mine, from_mine, b - r, one.influence - chosen.influence)
    theirs_off = product(theirs, from_theirs, r - c, chosen.influence - other.influence)
    return {
        "composition": composition,
        "coefficients": (mine_off[0] + theirs_off[0], mine_off[1] + theirs_off[1]),
        "composition of three": product(apart, of_apart, c, other.influence),
        "coefficients of three": product(theirs, from_theirs, b - c, one.influence - other.influence),
        "interaction": product(apart, of_apart, b - c, one.influence - other.influence),
    }


def _with_interval(
    values: Floats, shares: Floats, made: Design, side: Any, scale: float
) -> tuple[Gaps, tuple[float, float]]:
    """Return a part by feature with its covariance, and its total with its standard error."""
    owners, columns = len(made.names) + 1, made.columns.shape[1]
    value = np.bincount(made.owner, weights=values, minlength=owners).astype(np.float64)
    summed = np.zeros((len(shares), owners))
    np.add.at(summed.T, made.owner, shares.T)
    covariance = np.zeros((owners, owners))
    for here in (side, ~side):
        away = summed[here] - summed[here].mean(axis=0)
        covariance += away.T @ away * (len(away) / (len(away) - 1))
    # What rounding leaves of a part that is 0 has no spread.
    small = np.diag(covariance) <= (1e-10 * scale) ** 2
    covariance[small] = covariance[:, small] = 0.0
    gaps = Gaps(value, covariance, np.where(small, np.nan, float(min(side.sum(), (~side).sum()) - columns)))
    return gaps, (float(values.sum()), float(np.sqrt(covariance.sum().clip(0.0))))
