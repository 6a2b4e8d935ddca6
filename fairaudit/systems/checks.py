"""What must hold between the keys of a point system's file, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from ..errors import listed, suggestion
from ..policy.reading import Location
from .format import Band, EventsSystem, Input, System, WeightedSystem

Found = tuple[Location, str]


def mistakes(system: System) -> Iterator[Found]:
    """Yield where and what is wrong with a system, variants merged beforehand."""
    yield from _tags(system, (), system.sources)
    yield from _twice(system)
    yield from _contexts(system)
    yield from _bands(system)
    yield from _links(system)
    yield from _claims(system)
    yield from _events(system) if isinstance(system, EventsSystem) else _weighted(system)


def _tags(record: BaseModel, at: Location, sources: dict[str, Any], around: str | None = None) -> Iterator[Found]:
    """Every figure has a tag, and what is documented names its source."""
    tag = getattr(record, "tag", None) or around
    if "tag" in type(record).model_fields:
        if tag is None:
            message = f"'{at[-1]}' has no tag. Write {{value: ..., tag: ...}} with account, documented or stylised."
            yield at, message
        source = getattr(record, "source", None)
        # A figure without a tag of its own is covered by the record around it, and by that record's source.
        if getattr(record, "tag", None) == "documented" and source is None:
            yield at, "what is 'documented' names where: add 'source' with the id of one of the sources."
        if source is not None and source not in sources:
            yield (*at, "source"), _unknown("source", source, list(sources), "Sources")
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, BaseModel):
            yield from _tags(value, (*at, name), sources, tag)
        elif isinstance(value, tuple):
            for place, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _tags(item, (*at, name, place), sources, tag)


def _unknown(what: str, given: str, known: Sequence[str], title: str) -> str:
    return f"there is no {what} '{given}'.{suggestion(given, known)} {title} here: {listed(known) or 'none'}."


def _twice(system: System) -> Iterator[Found]:
    groups: list[tuple[str, str]] = [("consequences", "id"), ("bands", "name")]
    groups.append(("events" if isinstance(system, EventsSystem) else "inputs", "id"))
    for group, key in groups:
        seen: set[str] = set()
        for place, record in enumerate(getattr(system, group)):
            name = getattr(record, key)
            if name in seen:
                yield (group, place, key), f"'{name}' is given twice in {group}. Rename or remove one."
            seen.add(name)


def _contexts(system: System) -> Iterator[Found]:
    groups = ("consequences", "events" if isinstance(system, EventsSystem) else "inputs")
    for group in groups:
        for place, record in enumerate(getattr(system, group)):
            if record.context not in system.contexts:
                message = _unknown("context", record.context, system.contexts, "Contexts")
                yield (group, place, "context"), message


def _bands(system: System) -> Iterator[Found]:
    if not system.bands:
        return
    ordered = ordered_bands(system.bands)
    open_ended = [place for place, band in enumerate(system.bands) if band.at_least is None]
    if len(open_ended) != 1:
        message = (
            f"{len(open_ended)} of the bands have no 'at_least'; exactly one has none, the lowest, so that every "
            "score has a band."
        )
        yield ("bands", open_ended[1] if open_ended else len(system.bands) - 1), message
    for lower, upper in pairwise(ordered):
        if lower.at_least is not None and upper.at_least is not None and lower.at_least.value == upper.at_least.value:
            place = system.bands.index(upper)
            message = f"bands '{lower.name}' and '{upper.name}' both begin at {upper.at_least.value:g}. Change one."
            yield ("bands", place, "at_least"), message
    lowest, highest = limits(system)
    for place, band in enumerate(system.bands):
        if band.at_least is not None and not lowest < band.at_least.value <= highest:
            message = f"band '{band.name}' begins at {band.at_least.value:g}, and scores go {_ends(lowest, highest)}."
            yield ("bands", place, "at_least"), f"{message} Begin it above the lowest and not above the highest."


def _ends(lowest: float, highest: float) -> str:
    down = "from no floor" if lowest == float("-inf") else f"from {lowest:g}"
    return f"{down} to {'no cap' if highest == float('inf') else f'{highest:g}'}"


def ordered_bands(bands: Sequence[Band]) -> tuple[Band, ...]:
    """Return bands from the lowest scores to the highest."""
    return tuple(sorted(bands, key=lambda band: float("-inf") if band.at_least is None else band.at_least.value))


def limits(system: System) -> tuple[float, float]:
    """Return the lowest and the highest score, infinite where there is no floor or cap."""
    if isinstance(system, WeightedSystem):
        return system.range.lowest, system.range.highest
    lowest = float("-inf") if system.floor is None else float(system.floor.value)
    return lowest, float("inf") if system.cap is None else float(system.cap.value)


def _links(system: System) -> Iterator[Found]:
    names = [band.name for band in system.bands]
    events = [event.id for event in system.events] if isinstance(system, EventsSystem) else []
    for place, consequence in enumerate(system.consequences):
        at: Location = ("consequences", place)
        if not consequence.bands and not consequence.events:
            message = f"'{consequence.id}' follows from nothing. Give it 'bands' or 'events'."
            yield at, message
        for position, name in enumerate(consequence.bands):
            if name not in names:
                yield (*at, "bands", position), _unknown("band", name, names, "Bands")
        for position, name in enumerate(consequence.events):
            if name not in events:
                yield (*at, "events", position), _unknown("event", name, events, "Events")


def _claims(system: System) -> Iterator[Found]:
    for place, claim in enumerate(system.claims):
        if claim.documented is not None and claim.documented not in system.sources:
            message = _unknown("source", claim.documented, list(system.sources), "Sources")
            yield ("claims", place, "documented"), message


def _events(system: EventsSystem) -> Iterator[Found]:
    lowest, highest = limits(system)
    if lowest >= highest:
        yield ("floor",), f"the floor {lowest:g} is not below the cap {highest:g}. Change one."
    elif not lowest <= system.start.value <= highest:
        message = f"the start {system.start.value} is not between floor and cap ({_ends(lowest, highest)})."
        yield ("start",), message
    yield from _roles(system)
    for place, event in enumerate(system.events):
        if event.points.value == 0:
            yield ("events", place, "points"), f"'{event.id}' changes nothing: its points are 0. Give it points."
        worse = event.points.value < 0 if system.higher_is == "better" else event.points.value > 0
        if worse and event.gravity is None:
            message = f"'{event.id}' makes a score worse and has no 'gravity'. Say how grave it is, 1 to 5."
            yield ("events", place), message


def _roles(system: EventsSystem) -> Iterator[Found]:
    names, held = [role.id for role in system.roles], 0.0
    for place, role in enumerate(system.roles):
        held += role.share.value
        if role.id in names[:place]:
            yield ("roles", place, "id"), f"'{role.id}' is given twice in roles. Rename or remove one."
        if role.id == "ordinary":
            yield ("roles", place, "id"), "'ordinary' is who holds no role. Give the role another id."
        if not 0 < role.share.value <= 1 or held > 1 + 1e-9:
            message = f"the share of '{role.id}' is {role.share.value:g}; shares are above 0, and at most 1 together."
            yield ("roles", place, "share"), message
    for place, event in enumerate(system.events):
        for position, name in enumerate(event.by):
            if name not in names:
                yield ("events", place, "by", position), _unknown("role", name, names, "Roles")


def _weighted(system: WeightedSystem) -> Iterator[Found]:
    if system.range.lowest >= system.range.highest:
        message = f"the range goes from {system.range.lowest:g} to {system.range.highest:g}. Give the lower end first."
        yield ("range",), message
        return
    inputs = system.inputs
    weighted = [one.weight is not None for one in inputs]
    if any(weighted) != all(weighted):
        place = weighted.index(False)
        message = f"'{inputs[place].id}' has no 'weight' and others have one. Weight all inputs, or give all 'steps'."
        yield ("inputs", place), message
        return
    for place, one in enumerate(inputs):
        for at, message in _weight(one) if one.weight is not None else _steps(one):
            yield ("inputs", place, *at), message
    if all(weighted):
        if system.base is not None:
            yield ("base",), "weighted inputs span the range by themselves. Remove 'base'."
        yield from _norm(system)
    elif system.norm is not None:
        yield ("norm",), "a norm table ranks weighted sums, and these inputs have steps. Remove it."
    else:
        yield from _reach(system)


def _weight(one: Input) -> Iterator[Found]:
    if one.steps:
        yield ("steps",), f"'{one.id}' has both 'weight' and 'steps'. Keep one."
    if one.weight is not None and one.weight.value <= 0:
        yield ("weight",), f"the weight of '{one.id}' is {one.weight.value:g}. Give one above 0, or remove the input."
    if one.worst is None or one.best is None:
        message = f"'{one.id}' is weighted and needs 'worst' and 'best', the values that bring nothing and everything."
        yield (), message
    elif one.worst.value == one.best.value:
        yield ("best",), f"'worst' and 'best' of '{one.id}' are both {one.best.value:g}. Change one."
    if one.missing is not None and not 0 <= one.missing.value <= 1:
        message = f"a missing '{one.id}' counts as a share of the weight, 0 to 1, and not {one.missing.value:g}."
        yield ("missing",), message


def _steps(one: Input) -> Iterator[Found]:
    if one.worst is not None or one.best is not None:
        yield ("worst" if one.worst else "best",), f"'{one.id}' has steps, and 'worst' and 'best' go with a weight."
    if not one.steps:
        yield (), f"'{one.id}' has neither 'weight' nor 'steps'. Give one of them."
        return
    for place, step in enumerate(one.steps):
        last = place == len(one.steps) - 1
        if (step.below is None) != last:
            rule = "the last step has no 'below'" if last else "only the last step has no 'below'"
            yield ("steps", place), f"{rule}, so that every value of '{one.id}' has its points."
    edges = [step.below for step in one.steps if step.below is not None]
    for place, (lower, upper) in enumerate(pairwise(edges)):
        if lower >= upper:
            yield ("steps", place + 1, "below"), f"steps rise: {upper:g} comes after {lower:g}. Change the order."


def _norm(system: WeightedSystem) -> Iterator[Found]:
    if system.norm is None:
        return
    table = system.norm.table
    rises = all(low[0] < high[0] and low[1] < high[1] for low, high in pairwise(table))
    ends = len(table) > 1 and table[0] == (0, 0) and table[-1] == (100, 1)
    if not rises or not ends:
        message = "a norm table begins with [0, 0], ends with [100, 1], and both columns rise. Mend it."
        yield ("norm", "table"), message


def _reach(system: WeightedSystem) -> Iterator[Found]:
    base = 0.0 if system.base is None else system.base.value
    for pick, end, name in ((min, system.range.lowest, "lowest"), (max, system.range.highest, "highest")):
        reached = base + sum(pick(points_of(one)) for one in system.inputs if one.steps)
        if abs(reached - end) > 1e-9:
            message = f"the {name} score is {end:g}, and base and steps reach {reached:g}. Mend one of them."
            yield ("range", name), message


def points_of(one: Input) -> list[float]:
    """Return all the points that an input with steps can bring."""
    made = [step.points for step in one.steps]
    return made if one.missing is None else [*made, one.missing.value]
