"""Whom a search is about, and which features it may leave out: decided before the verdict split is looked at."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataContractError, LevelNotFoundError, listed, suggestion
from ..explanation.gap_drivers import drivers
from ..models.scorer import Scorer
from ..policy.model import Policy
from ..policy.references import choose_reference, eligible_levels
from .comparing import Decided
from .people import People
from .plan import Disparity, Target

MOST_ROWS = 4_000
"""Training people whom the drivers of the gap are estimated on, at most."""
PAIRS = 2_000


def target_of(
    people: People,
    incumbent: Decided,
    policy: Policy,
    metric: Disparity,
    *,
    target: Mapping[str, str] | None,
    reference: Mapping[str, str] | None,
) -> Target:
    """Return the contrast of a search: the one named, or the worst under the incumbent among eligible groups.

    Parameters
    ----------
    people, incumbent
        Of training and selection, never of the verdict.
    policy
        How references are chosen and which groups are eligible.
    metric
        What is worst.
    target
        Attribute to group, one of them; or an attribute to None: its worst group.
    reference
        Attribute to level.

    Raises
    ------
    FairauditError
        If a name is not there, or no group can be compared.
    """
    if target is not None and len(target) != 1:
        message = f"A search is about one group: target={{'race': 'Black'}}; got {dict(target)!r}."
        raise DataContractError(message)
    for name in [*(target or {}), *(reference or {})]:
        if name not in people.groups:
            message = f"'{name}' is no attribute of groups.{suggestion(name, people.groups)} {listed(people.groups)}."
            raise LevelNotFoundError(message)
    found: list[tuple[float, Target]] = []
    for attribute, labels in people.groups.items():
        if target is not None and attribute not in target:
            continue
        levels = {}
        for name in sorted({*labels.tolist()}):
            of = labels == name
            if metric == "equal_opportunity_difference":
                of = of & people.good & people.known
            levels[name] = (int(of.sum()), float(incumbent.selected[of].mean()) if of.any() else None)
        named = {**policy.reference.groups, **(reference or {})}.get(attribute)
        mode = policy.reference.mode if named is None or policy.reference.mode != "named" else "named"
        rules = {"minimum_n": policy.minimum_n, "minimum_share": policy.minimum_share,
                 "excluded_levels": policy.excluded_levels}  # fmt: skip
        level = choose_reference(levels, attribute=attribute, mode=mode, named=named, **rules).level  # type: ignore[arg-type]
        able = eligible_levels(levels, **rules)  # type: ignore[arg-type]
        if level is None or level not in levels:
            continue
        base = levels[level][1] or 0.0
        wanted = None if target is None else target[attribute]
        if wanted is not None and wanted not in able:
            message = (
                f"'{wanted}' cannot be the group of a search in '{attribute}': it is not there, or has fewer people "
                f"than the policy asks for ({policy.minimum_n}).{suggestion(wanted, able)} Groups: {listed(able)}."
            )
            raise LevelNotFoundError(message)
        for name in able if wanted is None else (wanted,):
            mine = levels[name][1]
            if name == level or mine is None:
                continue
            worse = mine / base if metric == "adverse_impact_ratio" and base > 0 else mine - base
            found.append((worse, Target(attribute, name, level)))
    if not found:
        message = (
            "No group has a reference to be compared with: groups have too few people for the policy, or only one "
            "level. Name them with target={'race': 'Black'} and reference={'race': 'White'}."
        )
        raise DataContractError(message)
    return min(found, key=lambda each: (each[0], str(each[1])))[1]


def suspects_of(scorer: Scorer, training: People, target: Target, *, seed: int) -> tuple[str, ...]:
    """Return features that carry the gap against the group or tell the group, the strongest first.

    Those that do both stand first, then by what they add to the gap in mean score; features that neither carry it
    against the group nor tell it are not suspected.

    Parameters
    ----------
    scorer
        The incumbent.
    training
        The training split.
    target
        The contrast.
    seed
        Of the rows and pairs that are drawn.
    """
    labels = training.groups[target.attribute]
    both = np.flatnonzero((labels == target.group) | (labels == target.reference))
    rng = np.random.default_rng([seed, 3])
    some = np.sort(rng.permutation(both)[:MOST_ROWS])
    rows: Any = training.rows.iloc[some][list(scorer.feature_names)].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a feature with one value tells nothing, and is not suspected
        made = drivers(scorer, rows, labels[some], reference=target.reference, group=target.group, pairs=PAIRS,
                       rng=int(rng.integers(2**31)))  # fmt: skip
    side = 1.0 if scorer.higher_is == "better" else -1.0
    ranked = []
    for each in made.drivers:
        against = side * each.amount < 0
        tells = bool(each.encodes)
        if against or tells:
            ranked.append((not (against and tells), -abs(each.amount), each.feature))
    return tuple(name for *_, name in sorted(ranked))
