"""Who an audit is for: everything, nothing of single people, or only what published counts say."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from .errors import CubeError, SchemaError, listed

if TYPE_CHECKING:
    from .cube.coarsening import Publication
    from .cube.cube import Cube
    from .result import Result

Sharing: TypeAlias = Literal["internal", "supervisor", "public"]
LEVELS: tuple[Sharing, ...] = get_args(Sharing)
LEAST_PUBLIC = 10
"""People that an entry of a published cube holds at least, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class SharingRecord:
    """For whom a result is, and what was done to the counts before they were audited."""

    level: Sharing
    unique_people: int
    """People who are alone in an entry of the counts beside this: same groups, score bin, decision and outcome."""
    min_n: int | None = None
    """The fewest people of an entry; None where counts were not coarsened."""
    bins_before: int | None = None
    bins_after: int | None = None
    pooled: dict[str, list[str]] = field(default_factory=dict)
    """Attribute -> the levels that became ``(other)``."""
    left_out: list[str] = field(default_factory=list)
    """Columns that people are no longer told apart by."""
    merged_labels: list[str] = field(default_factory=list)
    """Decisions, and reasons for an outcome that is not known, put together with others of their kind."""
    dropped: list[str] = field(default_factory=list)
    """Kinds of people who are not in the published counts."""
    dropped_people: int | None = None
    """How many they are; None where they are fewer than ``min_n``, or a subtraction would tell so."""
    blocks: list[str] = field(default_factory=list)
    """What was counted beside people and is not handed on."""
    unique_before: int | None = None


def check_sharing(sharing: Any, min_n: Any) -> None:
    """Refuse a level that there is not, and a smallest number where nothing is published."""
    if sharing not in LEVELS:
        message = f"sharing must be one of {listed(repr(level) for level in LEVELS)}, got {sharing!r}."
        raise SchemaError(message)
    if min_n is not None and sharing != "public":
        message = f"min_n is for sharing='public', and this audit is '{sharing}': leave it out, or share publicly."
        raise SchemaError(message)


def shared_cube(
    cube: Cube, sharing: Sharing, min_n: int | None, groups: Sequence[str], cutoffs: Sequence[float]
) -> tuple[Cube, SharingRecord]:
    """Return the counts that an audit of this level is made of, and what was done to them."""
    if sharing != "public":
        return cube, SharingRecord(sharing, cube.unique_people)
    from .cube.coarsening import publish

    made = publish(cube.marginal(groups), LEAST_PUBLIC if min_n is None else min_n, cutoffs=cutoffs)
    if not made.cube.axes.attributes and (groups or made.publication.blocks):
        message = (
            f"No group can be told apart in counts published with min_n={made.publication.min_n}: groups of too few "
            "people would show, and probabilities of belonging to a group are not published. Give a smaller min_n or "
            "other groups, or share with a supervisor."
        )
        raise CubeError(message)
    others = tuple(name for name in cube.axes.names if name not in groups)
    return made.cube, _record(made.publication, others)


def _record(publication: Publication, others: Sequence[str]) -> SharingRecord:
    before, after = publication.people_before, publication.people_after
    return SharingRecord(
        "public",
        publication.unique_after,
        publication.min_n,
        publication.bins_before,
        publication.bins_after,
        {name: list(levels) for name, levels in publication.pooled.items()},
        [*publication.left_out, *others],
        list(publication.labels),
        list(publication.dropped),
        None if before is None else before - after,
        list(publication.blocks),
        publication.unique_before,
    )


def roles_of_published(roles: Mapping[str, Any], cube: Cube) -> dict[str, Any]:
    """Return the roles without groups and references that the published counts no longer have."""
    from .schema.labels import label

    there = {name: cube.axes.dimension(name).levels for name in cube.axes.attributes}
    references = {
        name: level
        for name, level in (roles.get("reference") or {}).items()
        if name in there and label(level) in there[name]
    }
    kept = {name: value for name, value in roles.items() if name not in {"controls", "groups", "reference"}}
    if cube.axes.score is None:
        kept.pop("cutoff", None)
    return {**kept, "groups": list(there), "reference": references}


def without_single_people(result: Result) -> Result:
    """Return the result without what it says of single people: their reasons, and the numbers of rows."""
    issues = [dataclasses.replace(issue, rows=[]) for issue in result.issues]
    explanation = result.explanation
    if explanation is not None:
        explanation = dataclasses.replace(explanation, people=[])
    return dataclasses.replace(result, issues=issues, explanation=explanation)


Flagged: TypeAlias = tuple[str, str, str, float | None]
"""A finding by what it is about: metric, attribute, group, cut-off."""


def flagged_in(result: Result) -> dict[Flagged, str]:
    """Return the flagged findings of the policy's rules, each with its sentence."""
    return {
        (one.metric, one.attribute, one.group, one.cutoff): one.sentence
        for one in result.findings
        if one.status == "flag" and one.family != "exploratory"
    }
