"""What a call asks for, held against what was counted: groups, cut-offs, references, crossings, metrics, the seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from numbers import Integral
from typing import TYPE_CHECKING, Any

from .errors import SchemaError, listed, suggestion
from .metrics.base import CONTRASTS, METRICS, find_metric
from .result import NotRun
from .schema.roles import numbers

if TYPE_CHECKING:
    import numpy as np

    from .cube.cube import Cube
    from .measuring import Grouping
    from .policy.model import Policy


def groups_given(roles: Mapping[str, Any]) -> Any:
    """Return the groups that were asked for; None for all, as where races make one more of them."""
    return None if roles.get("races") else roles.get("groups")


def group_names(cube: Cube, wanted: Any) -> tuple[str, ...]:
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted or cube.axes.attributes)
    for name in names:
        if name not in cube.axes.attributes:
            message = (
                f"'{name}' is not a group in these counts; they have {listed(cube.axes.attributes) or 'none'}."
                f"{suggestion(name, cube.axes.attributes)}"
            )
            raise SchemaError(message)
    return names


def cutoffs_of(cube: Cube, wanted: Any) -> tuple[float, ...]:
    cutoffs = cube.schema.cutoffs if wanted is None else numbers(wanted, "cutoff")
    if cutoffs and cube.axes.score is None:
        message = "A cutoff is given, but no score was counted."
        raise SchemaError(message)
    for cutoff in cutoffs:
        assert cube.axes.score is not None  # noqa: S101 - checked above
        cube.axes.score.first_above(cutoff)
    return cutoffs


def references_of(
    cube: Cube, names: Sequence[str], of_policy: Mapping[str, str], given: Mapping[str, Any] | None
) -> dict[str, str]:
    from .schema.labels import label

    for name in given or {}:
        if name not in names:
            message = (
                f"A reference is given for '{name}', which is not among the groups ({listed(names) or 'none'})."
                f"{suggestion(name, names)}"
            )
            raise SchemaError(message)
    references = {**of_policy, **cube.schema.references, **{k: label(v) for k, v in (given or {}).items()}}
    return {name: level for name, level in references.items() if name in names}


def groupings_of(cube: Cube, names: Sequence[str], cross: bool | Sequence[Sequence[str]]) -> list[Grouping]:  # noqa: FBT001
    from .measuring import grouping

    crossings: list[tuple[str, ...]] = []
    if cross is True:
        if len(names) < 2:
            message = f"A crossing needs two groups or more; {listed(names) or 'none'} given."
            raise SchemaError(message)
        crossings = list(combinations(names, 2))
    elif cross:
        crossings = [tuple(crossing) for crossing in cross]
        for crossing in crossings:
            group_names(cube, crossing)
            if len(set(crossing)) < 2:
                message = f"A crossing needs two different groups, got {listed(crossing)}."
                raise SchemaError(message)
    return [grouping(cube, part) for part in [*((name,) for name in names), *crossings]]


def contrasts_of(metrics: Collection[str] | None) -> set[str]:
    if metrics is None:
        return {*CONTRASTS}
    wanted = [metrics] if isinstance(metrics, str) else metrics
    for name in wanted:
        if not isinstance(name, str):
            message = f"metrics takes ids of comparisons, got {name!r}."
            raise SchemaError(message)
    found = [find_metric(name).id for name in wanted]
    for name in found:
        if name in METRICS:
            message = (
                f"'{name}' is a metric of one group, and is in every audit; name a comparison of two: "
                f"{listed(CONTRASTS, 60)}."
            )
            raise SchemaError(message)
    return set(found)


def seed_of(cube: Cube, rng: np.random.Generator | int | None) -> int:
    from .inference.bootstrap import derive_seed

    if rng is None:
        return derive_seed(cube.digest)
    given: Any = rng
    if isinstance(given, Integral) and int(given) >= 0:
        return int(given)
    if not hasattr(given, "integers"):
        message = f"rng must be a whole number of at least 0 or a numpy Generator, got {rng!r}."
        raise SchemaError(message)
    return int(given.integers(2**53))


def not_crossed(policy: Policy, names: Sequence[str], cross: object) -> list[NotRun]:
    if not policy.cross or cross:
        return []
    why = "the call says so" if len(names) > 1 else f"it needs two groups or more, and has {listed(names) or 'none'}"
    return [NotRun("Crossings of groups, which the policy asks for", why)]
