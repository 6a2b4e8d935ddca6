"""The age comparison that a policy asks for: people of a line and over against those under it.

Rows are counted in the policy's finer bands and put together at the line, so that one cube serves both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cube.banding import line_codes, with_line
from .cube.cube import Cube
from .cube.people import People, relabelled
from .measuring import Grouping, grouping
from .policy.direct_use import words_of
from .policy.model import AgeLine, Policy
from .result import IssueRecord
from .schema.labels import MISSING, band_labels

if TYPE_CHECKING:
    from .schema.roles import Roles

FEWEST_AGES = 10
"""A column of fewer distinct numbers is a code book, not ages in years."""


@dataclass(frozen=True, slots=True)
class Aged:
    """Counts with the ages put together at the line, the finer bands, and what the reader must know."""

    cube: Cube
    references: dict[str, str]
    detail: tuple[Grouping, ...] = ()
    issues: tuple[IssueRecord, ...] = ()
    joined: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]] | None = None

    def relabelled(self, people: People | None) -> People | None:
        """Return the rows as lines with the same two levels of age."""
        for name, (levels, codes) in (self.joined or {}).items():
            if people is not None:
                people = relabelled(people, name, levels, codes)
        return people


def is_age(name: str, asked: AgeLine) -> bool:
    """Whether an attribute is named like an age in the policy.

    Examples
    --------
    >>> is_age("Applicant_Age", AgeLine(line=62, names=("age", "applicant age"), source="x"))
    True
    """
    return words_of(name) in {words_of(known) for known in asked.names}


def with_age_bands(data: Any, roles: Roles, policy: Policy) -> Roles:
    """Return the roles with the policy's bands for an attribute that is an age in years without bands or reference."""
    asked = policy.age_line
    if asked is None or policy.reference.mode != "named" or isinstance(data, Cube) or str(data).endswith(".cube"):
        return roles
    given = roles.get("groups") or ()
    bands, named = dict(roles.get("bands") or {}), {**policy.reference.groups, **(roles.get("reference") or {})}
    under, _ = band_labels([asked.line])
    names = [
        name
        for name in ([given] if isinstance(given, str) else given)
        if isinstance(name, str) and is_age(name, asked) and name not in bands and named.get(name, under) == under
    ]
    if not names or roles.get("closed", "left") != "left":
        return roles
    from .data.rows import numbers_among

    found = numbers_among(data, tuple(names), most_levels=FEWEST_AGES)
    edges = asked.detail or (asked.line,)
    return {**roles, "bands": {**bands, **dict.fromkeys(found, edges)}} if found else roles


def lined(cube: Cube, names: Sequence[str], policy: Policy, references: Mapping[str, str]) -> Aged:
    """Return the counts with each age put together at the policy's line, where no other reference is named.

    Bands are put together wherever they have an edge at the line: those of this policy, of the call, or of a cube.
    """
    asked, made = policy.age_line, Aged(cube, dict(references))
    if asked is None or policy.reference.mode != "named":
        return made
    under, over = band_labels([asked.line])
    joined: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {}
    for name in names:
        dimension = cube.axes.dimension(name)
        fits = asked.line in dimension.edges and dimension.closed == "left"
        if not is_age(name, asked) or not fits or made.references.get(name, under) != under:
            continue
        made.references[name] = under
        text = (
            f"'{name}' is compared as {over} against {under}, as policy '{policy.id}' asks. {asked.source.rstrip('.')}."
        )
        action = f"banded at {asked.line:g}"
        if len(dimension.edges) == 1:
            issues = (*made.issues, _issue(name, text, cube, action))
            made = Aged(made.cube, made.references, made.detail, issues, joined)
            continue
        finer = f"{name} in finer bands"
        joined[name] = line_codes(dimension, asked.line)
        put = with_line(made.cube, name, asked.line, finer)
        fine = grouping(put, [finer])
        largest = _largest_under(fine, dimension.levels, joined[name][1])
        references_ = {**made.references, **({finer: largest} if largest else {})}
        text += f" Its finer bands are exploratory detail, each against the largest band under the line ({largest})."
        detail = Grouping(fine.name, fine.attributes, fine.cube, fine.groups, fine.levels, put, detail=True)
        issues = (*made.issues, _issue(name, text, cube, action))
        made = Aged(put, references_, (*made.detail, detail), issues, joined)
    return made


def _largest_under(fine: Grouping, levels: Sequence[str], codes: Sequence[int]) -> str | None:
    under = {level for level, code in zip(levels, codes, strict=True) if code == 0 and level != MISSING}
    counts = dict(zip(fine.groups, fine.cube.group_people.tolist(), strict=True))
    known = {group: n for group, n in counts.items() if group in under and n}
    return max(known, key=lambda group: known[group]) if known else None


def _issue(name: str, text: str, cube: Cube, action: str) -> IssueRecord:
    return IssueRecord("age_line", text, cube.people, name, [], action)
