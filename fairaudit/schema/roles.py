"""Which column plays which role, declared once and checked before any row is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypedDict, Unpack, cast, get_args

from ..errors import SchemaError, listed, suggestion
from .belonging import SeveralRaces, check_belonging
from .labels import MISSING, label

HigherIs = Literal["better", "worse"]
DecisionKind = Literal["favorable", "unfavorable", "intermediate", "excluded"]
DECISION_KINDS: tuple[DecisionKind, ...] = get_args(DecisionKind)
Closed = Literal["left", "right"]
ScoreUnit = Literal["probability"]
SAMPLED_BY = ("random", "group", "score", "outcome", "decision")
"""How people can have been drawn for a sample; a group's or a stratum's own column may be named too."""

WEIGHT_SCALE = 1_000_000
SCORE_SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column whose levels are groups; with ``edges`` its numbers are cut into bands.

    Examples
    --------
    >>> Attribute("age", edges=(25.0, 62.0)).closed
    'left'
    """

    name: str
    edges: tuple[float, ...] = ()
    closed: Closed = "left"


@dataclass(frozen=True, slots=True)
class Schema:
    """The roles of the columns. Make one with :func:`declare`, which checks it."""

    attributes: tuple[Attribute, ...] = ()
    score: str | None = None
    higher_is: HigherIs | None = None
    cutoffs: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    decision: str | None = None
    favorable: str | None = None
    decision_levels: Mapping[str, DecisionKind] = field(default_factory=dict)
    outcome: str | None = None
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    unobserved: Mapping[str, str] = field(default_factory=dict)
    """Outcome label -> why the outcome is not known (declined, not matured, ...)."""
    strata: tuple[str, ...] = ()
    controls: tuple[Attribute, ...] = ()
    """Legitimate grounds that are cells: each label, or band of a number, is a level."""
    period: str | None = None
    weight: str | None = None
    counts: str | None = None
    cluster: str | None = None
    """Whom a row belongs to (household, applicant): people of one cluster are not independent of each other."""
    references: Mapping[str, str] = field(default_factory=dict)
    weight_scale: int = WEIGHT_SCALE
    score_scale: int = SCORE_SCALE
    score_unit: ScoreUnit | None = None
    """What the score is: the predicted probability of the better outcome (higher is better) or of the worse one."""
    memberships: Mapping[str, dict[str, str]] = field(default_factory=dict)
    """Attribute -> level -> the column of the probability of belonging to it."""
    labelled: Mapping[str, str] = field(default_factory=dict)
    """Attribute of memberships -> the column of the level itself, where it is known."""
    races: Mapping[str, SeveralRaces] = field(default_factory=dict)
    """Attribute -> the columns of several races a person, and the scheme that makes groups of them."""
    sampled_by: tuple[str, ...] = ()
    """What people were drawn by, so that their shares in the file are not those in the population; () not stated."""

    @property
    def dimension_names(self) -> tuple[str, ...]:
        """Columns that make cells: attributes, then strata, then controls, then the period."""
        names = tuple(attribute.name for attribute in self.attributes) + self.strata
        names += tuple(control.name for control in self.controls)
        return (*names, self.period) if self.period else names

    @property
    def banded(self) -> tuple[Attribute, ...]:
        """Attributes and controls whose numbers are cut into bands."""
        return tuple(column for column in (*self.attributes, *self.controls) if column.edges)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that have a role, each once, in a fixed order."""
        cells = (name for name in self.dimension_names if name not in self.races)
        boxes = (column for races in self.races.values() for column in races.source_columns)
        roles = (*cells, *boxes, self.score, self.decision, self.outcome, self.weight, self.counts, self.cluster,
                 *self.labelled.values(), *self.membership_columns)  # fmt: skip
        return tuple(dict.fromkeys(name for name in roles if name))

    @property
    def membership_columns(self) -> tuple[str, ...]:
        """The columns of probabilities of belonging to a group."""
        return tuple(column for levels in self.memberships.values() for column in levels.values())

    def roles(self) -> dict[str, Any]:
        """Return the declared roles as plain values, leaving out what was not declared."""
        plain: dict[str, Any] = {
            "score": self.score,
            "higher_is": self.higher_is,
            "cutoffs": list(self.cutoffs),
            "edges": list(self.edges),
            "decision": self.decision,
            "favorable": self.favorable,
            "decision_levels": dict(self.decision_levels),
            "outcome": self.outcome,
            "good": list(self.good),
            "bad": list(self.bad),
            "unobserved": dict(self.unobserved),
            "groups": [attribute.name for attribute in self.attributes if attribute.name not in self.races],
            "memberships": {name: dict(levels) for name, levels in self.memberships.items()},
            "labelled": dict(self.labelled),
            "races": {name: races.to_plain() for name, races in self.races.items()},
            "bands": {a.name: list(a.edges) for a in self.banded},
            "closed": {a.name: a.closed for a in self.banded},
            "strata": list(self.strata),
            "controls": [control.name for control in self.controls],
            "period": self.period,
            "weight": self.weight,
            "counts": self.counts,
            "cluster": self.cluster,
            "reference": dict(self.references),
            "weight_scale": self.weight_scale if self.weight else None,
            "score_scale": self.score_scale if self.score else None,
            "score_unit": self.score_unit,
            "sampled_by": list(self.sampled_by),
        }
        return {key: value for key, value in plain.items() if value not in (None, [], {})}

    def declaration(self) -> Roles:
        """Return the keyword arguments with which :func:`declare` makes this schema again.

        Raises
        ------
        SchemaError
            If bands are closed on different sides, which ``declare`` never makes.

        Examples
        --------
        >>> schema = declare(score="points", higher_is="better", cutoff=620, groups="race")
        >>> declare(**schema.declaration()) == schema
        True
        """
        given = self.roles()
        closed = sorted(set(given.pop("closed", {}).values()))
        if len(closed) > 1:
            message = "Some bands are closed on the left and others on the right; they are all closed on one side."
            raise SchemaError(message)
        if closed:
            given["closed"] = closed[0]
        if "cutoffs" in given:
            given["cutoff"] = given.pop("cutoffs")
        if self.decision_levels:
            given.pop("favorable", None)
        return cast("Roles", {**given, "weight_scale": self.weight_scale, "score_scale": self.score_scale})


def _names(value: str | Iterable[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _labels(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    many = isinstance(value, Iterable) and not isinstance(value, str)
    return tuple(dict.fromkeys(label(item) for item in (value if many else [value])))


def numbers(value: float | Sequence[float] | None, role: str) -> tuple[float, ...]:
    """Return one number or several as distinct floats, in the order given.

    Raises
    ------
    SchemaError
        If one of them is no number, or not finite.

    Examples
    --------
    >>> numbers([620, 640, 620], "cutoff")
    (620.0, 640.0)
    """
    if value is None:
        return ()
    items = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    try:
        made = tuple(dict.fromkeys(float(item) for item in items))
    except (TypeError, ValueError):
        message = f"{role} must be a number or a list of numbers, got {value!r}."
        raise SchemaError(message) from None
    if not all(math.isfinite(item) for item in made):
        message = f"{role} must be finite, got {value!r}."
        raise SchemaError(message)
    return made


def _attributes(
    names: tuple[str, ...], controls: tuple[str, ...], bands: Mapping[str, Sequence[float]], closed: Closed
) -> tuple[tuple[Attribute, ...], tuple[Attribute, ...]]:
    if closed not in get_args(Closed):
        message = f"closed must be 'left' or 'right', got {closed!r}."
        raise SchemaError(message)
    for name in bands:
        if name not in (*names, *controls):
            message = (
                f"Bands are given for '{name}', which is not among the groups or the controls "
                f"({listed((*names, *controls)) or 'none given'}).{suggestion(name, (*names, *controls))}"
            )
            raise SchemaError(message)
    attributes = []
    for name in (*names, *controls):
        edges = tuple(sorted(numbers(bands[name], f"The edges of '{name}'"))) if name in bands else ()
        if name in bands and not edges:
            message = f"The bands of '{name}' need at least one edge, for example bands={{'{name}': [25, 62]}}."
            raise SchemaError(message)
        attributes.append(Attribute(name, edges, closed))
    return tuple(attributes[: len(names)]), tuple(attributes[len(names) :])


def _decision_levels(levels: Mapping[Any, str]) -> dict[str, DecisionKind]:
    checked: dict[str, DecisionKind] = {}
    for name, kind in levels.items():
        if kind not in DECISION_KINDS:
            message = (
                f"decision_levels maps {name!r} to {kind!r}; a level is one of "
                f"{', '.join(DECISION_KINDS)}.{suggestion(str(kind), DECISION_KINDS)}"
            )
            raise SchemaError(message)
        checked[label(name)] = kind
    if checked and "favorable" not in checked.values():
        message = "decision_levels names no favorable level; map at least one label to 'favorable'."
        raise SchemaError(message)
    return checked


def _check_score(score: str | None, higher_is: str | None, cutoffs: object, edges: object) -> None:
    if score is None:
        for role, value in (("higher_is", higher_is), ("cutoff", cutoffs), ("edges", edges)):
            if value:
                message = f"{role} is given but no score. Name the score column with score=."
                raise SchemaError(message)
    elif higher_is not in get_args(HigherIs):
        message = (
            f"higher_is must be 'better' (a credit score) or 'worse' (a risk score), got {higher_is!r}. "
            f"The direction of '{score}' is never guessed."
        )
        raise SchemaError(message)


def _check_score_unit(score: str | None, unit: object, cutoffs: tuple[float, ...]) -> None:
    if unit is None:
        return
    if score is None:
        message = "score_unit is given but no score. Name the score column with score=."
        raise SchemaError(message)
    if unit not in get_args(ScoreUnit):
        message = (
            f"score_unit must be 'probability' (the score is a predicted probability), or left out, got {unit!r}."
            f"{suggestion(str(unit), get_args(ScoreUnit))}"
        )
        raise SchemaError(message)
    for cutoff in cutoffs:
        if not 0 <= cutoff <= 1:
            message = f"The score is declared a probability (score_unit), but the cutoff {cutoff:g} is outside 0 and 1."
            raise SchemaError(message)


def _check_decision(decision: str | None, favorable: str | None, levels: Mapping[str, DecisionKind]) -> None:
    if decision is None and (favorable is not None or levels):
        message = "favorable or decision_levels is given but no decision. Name its column with decision=."
        raise SchemaError(message)
    if decision is not None and (favorable is None) == (not levels):
        message = (
            f"Say which labels of '{decision}' are favorable, in one way: favorable='approved' for two "
            "labels, or decision_levels={'approved': 'favorable', 'denied': 'unfavorable', ...} for more."
        )
        raise SchemaError(message)


def _check_outcome(
    outcome: str | None, good: tuple[str, ...], bad: tuple[str, ...], unobserved: Mapping[str, str]
) -> None:
    if outcome is None:
        if good or bad or unobserved:
            message = "good, bad or unobserved is given but no outcome. Name its column with outcome=."
            raise SchemaError(message)
        return
    if not (good or bad):
        message = f"Say which value of '{outcome}' is bad (bad=1) or which is good (good=0); it is never guessed."
        raise SchemaError(message)
    both = {*good} & {*bad} | {*good, *bad} & {*unobserved}
    if both:
        message = f"The outcome {listed(sorted(both))} is given two meanings among good, bad and unobserved."
        raise SchemaError(message)
    for name, reason in unobserved.items():
        if reason.strip().casefold() in {"", "good", "bad"}:
            message = f"unobserved needs a reason why the outcome '{name}' is not known, got {reason!r}."
            raise SchemaError(message)


class Roles(TypedDict, total=False):
    """The keyword arguments that declare roles, wherever they are taken; :func:`declare` explains each."""

    score: str | None
    higher_is: HigherIs | None
    cutoff: float | Sequence[float] | None
    decision: str | None
    favorable: Any
    decision_levels: Mapping[Any, DecisionKind] | None
    outcome: str | None
    bad: Any
    good: Any
    unobserved: Mapping[Any, str] | None
    groups: str | Sequence[str]
    bands: Mapping[str, Sequence[float]] | None
    closed: Closed
    strata: str | Sequence[str]
    controls: str | Sequence[str]
    weight: str | None
    period: str | None
    counts: str | None
    cluster: str | None
    reference: Mapping[str, Any] | None
    edges: Sequence[float] | None
    weight_scale: int
    score_scale: int
    score_unit: ScoreUnit | None
    memberships: Mapping[str, Mapping[str, str]] | None
    labelled: Mapping[str, str] | None
    races: Mapping[str, Mapping[str, Any]] | None
    sampled_by: str | Sequence[str]


_MAPPINGS = ("decision_levels", "unobserved", "bands", "reference", "memberships", "labelled", "races")
_COLUMNS = ("score", "decision", "outcome", "weight", "period", "counts", "cluster")


def check_types(roles: Mapping[str, Any]) -> None:
    """Raise a SchemaError for the first role that is of another type than it must be."""
    for name, value in roles.items():
        if value is None:
            continue
        if name in _MAPPINGS and not isinstance(value, Mapping):
            message = f"{name} is a mapping, for example {name}={{'name': ...}}, got {value!r}."
            raise SchemaError(message)
        if name in _COLUMNS and not isinstance(value, str):
            message = f"{name} is the name of a column, got {value!r}."
            raise SchemaError(message)
        many = isinstance(value, Iterable)
        if name in {"groups", "strata", "controls"} and not (
            many and all(isinstance(one, str) for one in _names(value))
        ):
            message = f"{name} are names of columns, got {value!r}."
            raise SchemaError(message)
        if name == "sampled_by" and not (many and all(isinstance(one, str) for one in _names(value))):
            message = f"sampled_by is one of {', '.join(SAMPLED_BY)}, or several, got {value!r}."
            raise SchemaError(message)


def declare(**roles: Unpack[Roles]) -> Schema:
    """Declare the roles of the columns, and check that they fit together.

    Parameters
    ----------
    score, higher_is, cutoff
        The column under audit, the side on which it is ``"better"`` or ``"worse"`` (required, never
        guessed), and the cut-off or cut-offs: favorable is ``score >= cutoff`` when higher is better
        and ``score <= cutoff`` when higher is worse. The first cut-off is the one in production.
    decision, favorable, decision_levels
        The column of recorded decisions; the one favorable label, or every label's kind (favorable,
        unfavorable, intermediate, excluded).
    outcome, bad, good, unobserved
        What really happened: the label or labels that are bad, or good, and a reason for each label
        that means "not known".
    groups, bands, closed
        The attributes; the edges that cut a number into bands; whether an edge begins (``"left"``)
        or ends (``"right"``) a band.
    strata, weight, period
        Columns to condition on, of row weights, and of the period.
    controls
        Legitimate grounds, in the order in which they are added to the models of adjusted effects. A column of
        labels, or one with ``bands``, is counted; a number of many values is fitted from rows by ``audit``.
    counts
        The column that says how many people a row stands for, when the rows are counts.
    cluster
        The column of what people come in: the household, the applicant who applied several times. Intervals and
        tests of decisions then allow for it (replicate weights), and what has no such interval says so.
    reference
        The group that each attribute is compared with.
    edges
        Bin edges for a score of many distinct values; cubes with equal edges can be merged.
    weight_scale, score_scale
        Sums of weights and of scores are kept as whole numbers of 1/scale.
    score_unit
        ``"probability"`` where the score is the predicted probability of the good outcome (higher is better) or
        of the bad one (higher is worse); never guessed. Calibration is then measured against it.
    memberships, labelled
        Where the group is not known but a probability of belonging to it is: for each attribute its levels, each
        with the column of its probability, ``{"race": {"Black": "p_black", "White": "p_white"}}``; and the column
        of the level itself where some people's is known, ``{"race": "race_self_reported"}``.
    races
        Where people ticked one race or several, a column each: ``{"race": {"scheme": "eeo1", "columns": {"White":
        "white", "Black": "black"}, "hispanic": "hispanic"}}``. The scheme says which groups that makes.
    sampled_by
        How the people in the file were drawn from those that the audit is about: ``"random"``, or by
        ``"group"``, ``"score"``, ``"outcome"`` or ``"decision"`` (some were taken more often than others), or
        by the column of a group or stratum; several if need be. Without weights, numbers that such a sample
        cannot give are undefined, and it is said why.

    Returns
    -------
    Schema

    Raises
    ------
    SchemaError
        If roles are missing, contradict each other, or one column has two roles that exclude each other.

    Examples
    --------
    >>> schema = declare(score="points", higher_is="better", cutoff=620, groups="race")
    >>> schema.columns
    ('race', 'points')
    """
    for name in roles:
        if name not in Roles.__annotations__:
            message = (
                f"There is no role '{name}'.{suggestion(name, Roles.__annotations__)} "
                f"Roles: {listed(Roles.__annotations__, most=30)}."
            )
            raise SchemaError(message)
    check_types(roles)
    score, decision, outcome = roles.get("score"), roles.get("decision"), roles.get("outcome")
    higher_is, cutoff, edges = roles.get("higher_is"), roles.get("cutoff"), roles.get("edges")
    favorable, decision_levels = roles.get("favorable"), roles.get("decision_levels")
    bands, closed, reference = roles.get("bands"), roles.get("closed", "left"), roles.get("reference")
    period, weight, counts = roles.get("period"), roles.get("weight"), roles.get("counts")
    cluster = roles.get("cluster")
    weight_scale, score_scale = roles.get("weight_scale", WEIGHT_SCALE), roles.get("score_scale", SCORE_SCALE)
    names, strata_names = _names(roles.get("groups")), _names(roles.get("strata"))
    control_names = _names(roles.get("controls"))
    cutoffs, bin_edges = numbers(cutoff, "cutoff"), tuple(sorted(numbers(edges, "edges")))
    levels = _decision_levels(decision_levels or {})
    favorable_label = None if favorable is None else label(favorable)
    good_labels, bad_labels = _labels(roles.get("good")), _labels(roles.get("bad"))
    reasons = {label(name): str(reason) for name, reason in (roles.get("unobserved") or {}).items()}
    _check_score(score, higher_is, cutoffs, bin_edges)
    _check_score_unit(score, roles.get("score_unit"), cutoffs)
    _check_decision(decision, favorable_label, levels)
    _check_outcome(outcome, good_labels, bad_labels, reasons)
    if score is None and decision is None and outcome is None:
        message = "Nothing to audit: name a score, a decision or an outcome column."
        raise SchemaError(message)
    memberships, labelled, races = check_belonging(
        roles.get("memberships") or {}, roles.get("labelled") or {}, roles.get("races") or {}, names
    )
    if cluster is not None and (memberships or any(of.overlapping for of in races.values())):
        message = (
            f"cluster '{cluster}' cannot stand beside memberships or overlapping races: their intervals do not yet "
            "allow for clusters, and would be too narrow. Leave one of them out."
        )
        raise SchemaError(message)
    boxes = [column for of in races.values() for column in of.source_columns]
    probabilities = [column for levels_of in memberships.values() for column in levels_of.values()]
    names = (*names, *(name for name, of in races.items() if not of.overlapping))
    _check_distinct(
        tuple(name for name in names if name not in races), (*strata_names, *control_names), period, score, decision,
        outcome, weight, counts, cluster, *boxes, *probabilities, *labelled.values(),
    )  # fmt: skip
    if cluster is not None and (memberships or any(of.overlapping for of in races.values())):
        message = (
            f"'{cluster}' is a cluster, and memberships or overlapping groups are given: no interval here allows for "
            "both. Leave one of them out."
        )
        raise SchemaError(message)
    belonging = {**memberships, **{name: dict.fromkeys(of.levels, "") for name, of in races.items() if of.overlapping}}
    references = {name: label(level) for name, level in (reference or {}).items()}
    for name, level in references.items():
        if name in belonging:
            if level not in belonging[name]:
                message = (
                    f"'{name}' has no level '{level}' to be the reference.{suggestion(level, belonging[name])} "
                    f"Levels: {listed(belonging[name])}."
                )
                raise SchemaError(message)
            continue
        if name not in names:
            message = (
                f"A reference is given for '{name}', which is not among the groups "
                f"({listed(names) or 'none given'}).{suggestion(name, names)}"
            )
            raise SchemaError(message)
        if level == MISSING:
            message = f"The reference of '{name}' is {MISSING}: people whose group is unknown are never a reference."
            raise SchemaError(message)
    for scale, role in ((weight_scale, "weight_scale"), (score_scale, "score_scale")):
        if scale < 1 or scale != int(scale):
            message = f"{role} must be a whole number of at least 1, got {scale!r}."
            raise SchemaError(message)
    attributes, controls = _attributes(names, control_names, bands or {}, closed)
    return Schema(
        attributes=attributes,
        score=score,
        higher_is=higher_is,
        cutoffs=cutoffs,
        edges=bin_edges,
        decision=decision,
        favorable=favorable_label,
        decision_levels=MappingProxyType(levels),
        outcome=outcome,
        good=good_labels,
        bad=bad_labels,
        unobserved=MappingProxyType(reasons),
        strata=strata_names,
        controls=controls,
        period=period,
        weight=weight,
        counts=counts,
        cluster=cluster,
        references=MappingProxyType(references),
        weight_scale=int(weight_scale),
        score_scale=int(score_scale),
        score_unit=roles.get("score_unit"),
        memberships=MappingProxyType(memberships),
        labelled=MappingProxyType(labelled),
        races=MappingProxyType(races),
        sampled_by=_sampled_by(roles.get("sampled_by"), (*names, *strata_names)),
    )


def _sampled_by(value: str | Iterable[str] | None, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the sample was drawn by, checked; the columns of groups and strata may be named."""
    named = tuple(dict.fromkeys(_names(value)))
    known = (*SAMPLED_BY, *columns)
    for name in named:
        if name not in known:
            message = f"sampled_by is one of {', '.join(known)}, or several, got {name!r}.{suggestion(name, known)}"
            raise SchemaError(message)
    if "random" in named and len(named) > 1:
        others = listed(name for name in named if name != "random")
        message = f"sampled_by says 'random' and {others} at once; a random sample is drawn by nothing else."
        raise SchemaError(message)
    return named


def _check_distinct(groups: tuple[str, ...], strata: tuple[str, ...], *others: str | None) -> None:
    named = [*groups, *strata, *(name for name in others if name)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        message = f"Column '{twice[0]}' is given more than one role; each column has one."
        raise SchemaError(message)
