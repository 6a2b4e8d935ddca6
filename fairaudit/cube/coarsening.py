"""Counts that may be published: bins merged, levels pooled, the rest left out, until no entry tells of few people.

Everything a published cube says is a sum of its entries, and so is every difference of two such sums. So where no
entry is made of few people, no margin and no difference between margins of *this* cube is. Another cube of the same
people, with other groups, other cut-offs or another ``min_n``, can be set against it; nothing here guards against that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CubeError, listed
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, OTHER
from ..schema.provenance import Ledger, Provenance
from .axes import Axes, DecisionLevel, Dimension, ScoreAxis, distinct_cells, order_levels
from .cube import Cube, Ints

NOT_OBSERVED = "not observed"
NOT_PUBLISHED = "left out of the published counts"
NOT_COUNTED = "set aside while counting"


@dataclass(frozen=True, slots=True)
class Publication:
    """What was done to counts before they were published, and how many people are still alone in an entry."""

    min_n: int
    bins_before: int | None
    """Score bins with a score; None without a score."""
    bins_after: int | None
    pooled: Mapping[str, tuple[str, ...]]
    """Attribute -> the levels that became ``(other)``."""
    left_out: tuple[str, ...]
    """Attributes, strata, controls and periods that people are no longer told apart by."""
    labels: tuple[str, ...]
    """Decisions, and reasons for an outcome that is not known, that were put together with others of their kind."""
    dropped: tuple[str, ...]
    """Kinds of people who are not in the published counts."""
    blocks: tuple[str, ...]
    """What was counted beside people (memberships, replicates, ...) and is not handed on."""
    people_before: int | None
    """None where a subtraction would tell how many fewer than ``min_n`` people were left out."""
    people_after: int
    unique_before: int
    unique_after: int


@dataclass(frozen=True, slots=True, eq=False)
class Published:
    """Counts that may be published, and what was done to make them so."""

    cube: Cube
    publication: Publication


def publish(cube: Cube, min_n: int = 10, *, cutoffs: Sequence[float] | None = None) -> Published:
    """Return counts of which no entry is made of fewer than ``min_n`` people, and what was done to them.

    Parameters
    ----------
    cube
        The counts. Strata, controls and the period are summed over; restrict the attributes first with ``marginal``:
        the fewer they are, the finer the rest can stay.
    min_n
        The fewest people that an entry (cell, bin, decision and outcome) may hold, at least 1; an empty entry is kept.
    cutoffs
        Cut-offs that must stay answerable, as an edge of the merged bins; those of the schema when None.

    Returns
    -------
    Published
        ``cube`` has gridded bins, and none where no two could be told apart. Levels are pooled two at least at a time:
        a level that alone became ``(other)`` would be known by its name. People who are left out (without a score,
        with an excluded decision, of a missing level) are counted in the ledger where they are ``min_n`` or more.

    Raises
    ------
    CubeError
        If ``min_n`` is not a whole number of at least 1, or not even everybody together can be shown.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, chapters 4 (tables) and 4.4 (secondary suppression): here
    by recoding, which leaves nothing to subtract.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts(
    ...     {"race": ["A", "A", "B", "B", "C", "C", "D", "D"], "y": ["bad", "good"] * 4,
    ...      "n": [30, 70, 20, 60, 12, 3, 40, 50]}, counts="n", groups="race", outcome="y", bad="bad")
    >>> made = publish(cube, 10)
    >>> made.cube.groups, made.cube.people, dict(made.publication.pooled)
    (('(other)', 'A', 'D'), 285, {'race': ('B', 'C')})
    """
    if isinstance(min_n, bool) or not isinstance(min_n, (int, np.integer)) or min_n < 1:
        message = (
            f"min_n must be a whole number of at least 1, got {min_n!r}: it is the fewest people an entry may hold."
        )
        raise CubeError(message)
    min_n = int(min_n)
    kept = cube.schema.cutoffs if cutoffs is None else tuple(cutoffs)
    made = _only_attributes(cube)
    made, dropped = _without_rare_people(made, kept, min_n)
    made, labels = _with_merged_labels(made, kept, min_n)
    made, pooled = _pooled(made, kept, min_n)
    made = _with_merged_bins(made, kept, min_n)
    left_out = tuple(name for name in cube.axes.names if name not in made.axes.names)
    made, before = _with_provenance(made, cube, min_n)
    axis, after = cube.axes.score, made.axes.score
    record = Publication(
        min_n,
        axis.scored_bins if axis else None,
        (after.scored_bins if after else 1) if axis else None,
        {name: levels for name, levels in pooled.items() if name in made.axes.names},
        left_out,
        labels,
        dropped,
        tuple(cube.blocks),
        before,
        made.people,
        cube.unique_people,
        made.unique_people,
    )
    return Published(made, record)


def _few(n: Ints, min_n: int) -> NDArray[np.bool_]:
    return (n > 0) & (n < min_n)


def _regrouped(cube: Cube, dimensions: Sequence[Dimension], codes: NDArray[np.integer]) -> Cube:
    """Return the cube with its cells put under other levels, summed where they fall together, without blocks."""
    cells, inverse = distinct_cells(codes, [len(dimension.levels) for dimension in dimensions])
    inverse = inverse.reshape(-1)
    axes = dataclasses.replace(cube.axes, dimensions=tuple(dimensions), cells=cells.astype(np.int32))
    return _collapsed(cube, axes, inverse, 0)


def _collapsed(cube: Cube, axes: Axes, places: NDArray[np.integer], along: int) -> Cube:
    """Return the cube on other axes: entry ``i`` along one axis goes to ``places[i]``; -1 leaves it out."""
    stays = np.flatnonzero(places >= 0)

    def collapse(array: Ints) -> Ints:
        out = np.zeros(axes.shape, dtype=np.int64)
        np.add.at(np.moveaxis(out, along, 0), places[stays], np.moveaxis(array, along, 0)[stays])
        return out

    suppressed = cube.suppressed
    if suppressed is not None and along == 0:
        marks = np.zeros(len(axes.cells), dtype=bool)
        np.logical_or.at(marks, places[stays], suppressed[stays])
        suppressed = marks
    arrays: dict[str, Any] = {name: collapse(array) for name, array in cube.arrays.items()}
    return Cube(axes, cube.schema, provenance=cube.provenance, suppressed=suppressed, **arrays)


def of_level(cube: Cube, name: str, level: str) -> Cube:
    """Return the people of one level of a dimension, as a cube without it.

    Parameters
    ----------
    cube
        The counts; what was counted beside people is not handed on.
    name, level
        The dimension, and one of its levels.
    """
    place = cube.axes.names.index(name)
    dimension = cube.axes.dimensions[place]
    inside = cube.axes.cells[:, place] == dimension.levels.index(level)
    axes = dataclasses.replace(
        cube.axes,
        dimensions=tuple(one for one in cube.axes.dimensions if one.name != name),
        cells=np.delete(cube.axes.cells[inside], place, axis=1),
    )
    made = _collapsed(cube, axes, np.where(inside, np.cumsum(inside) - 1, -1), 0)
    schema = dataclasses.replace(cube.schema, period=None if cube.schema.period == name else cube.schema.period)
    ledger = cube.provenance.ledger
    others = {f"of another {name}": cube.people - made.people}
    origin = dataclasses.replace(cube.provenance, ledger=Ledger(ledger.read, {**ledger.set_aside, **others}))
    return dataclasses.replace(made, schema=schema, provenance=origin)


def _only_attributes(cube: Cube) -> Cube:
    names = cube.axes.attributes
    schema = dataclasses.replace(
        cube.schema,
        attributes=tuple(one for one in cube.schema.attributes if one.name in names),
        strata=(),
        controls=(),
        period=None,
    )
    return dataclasses.replace(cube.marginal(names), schema=schema, blocks={})


def _segments(axis: ScoreAxis | None, cutoffs: Sequence[float]) -> Ints:
    """Return for each bin the side of the cut-offs it is on; people without a score are a segment of their own."""
    if axis is None:
        return np.zeros(1, dtype=np.int64)
    places = sorted({_place(axis, cutoff) for cutoff in cutoffs})
    scored = np.searchsorted(places, np.arange(axis.scored_bins), side="right")
    return np.append(scored, len(places) + 1) if axis.unscored else scored


def bins_below(cube: Cube, cutoff: float) -> int:
    """Return the number of bins below a cut-off; it may lie outside the scores, as it does for one of many lenders."""
    assert cube.axes.score is not None  # noqa: S101 - the caller's to know
    return _place(cube.axes.score, cutoff)


def _place(axis: ScoreAxis, cutoff: float) -> int:
    if not axis.low <= cutoff <= axis.high:
        return 0 if cutoff < axis.low else axis.scored_bins
    return axis.first_above(float(cutoff))


def _coarsest(cube: Cube, cutoffs: Sequence[float]) -> Ints:
    """Return people by cell, segment, decision and outcome: what merging bins can reach at best."""
    segments = _segments(cube.axes.score, cutoffs)
    out = np.zeros((cube.n.shape[0], int(segments.max()) + 1, *cube.n.shape[2:]), dtype=np.int64)
    np.add.at(np.moveaxis(out, 1, 0), segments, np.moveaxis(cube.n, 1, 0))
    return out


def _without_rare_people(cube: Cube, cutoffs: Sequence[float], min_n: int) -> tuple[Cube, tuple[str, ...]]:
    """Leave out people who are in no rate, where they are few in some entry: the rates of the others stay true."""
    dropped = []
    axes = cube.axes
    if axes.score is not None and axes.score.unscored and _few(cube.n[:, axes.score.scored_bins], min_n).any():
        places = np.append(np.arange(axes.score.scored_bins), -1)
        score = dataclasses.replace(axes.score, unscored=False)
        cube = _collapsed(cube, dataclasses.replace(axes, score=score), places, 1)
        dropped.append("people without a score")
    few = np.asarray(_few(_coarsest(cube, cutoffs), min_n).any(axis=(0, 1, 3)))
    out = np.array([level.kind == "excluded" for level in cube.axes.decisions], dtype=bool)
    if out.any() and few[out].any() and not out.all():
        places = np.where(out, -1, np.cumsum(~out) - 1)
        decisions = tuple(level for level, gone in zip(cube.axes.decisions, out, strict=True) if not gone)
        cube = _collapsed(cube, dataclasses.replace(cube.axes, decisions=decisions), places, 2)
        levels = {name: kind for name, kind in cube.schema.decision_levels.items() if kind != "excluded"}
        cube = dataclasses.replace(cube, schema=dataclasses.replace(cube.schema, decision_levels=levels))
        dropped.append("people with an excluded decision")
    for i, dimension in enumerate(cube.axes.dimensions):
        if MISSING not in dimension.levels or len(dimension.levels) == 1:
            continue
        missing = cube.axes.cells[:, i] == dimension.levels.index(MISSING)
        if missing.all() or not _few(_coarsest(cube, cutoffs)[missing], min_n).any():
            continue
        levels_ = tuple(level for level in dimension.levels if level != MISSING)
        dimensions = list(cube.axes.dimensions)
        dimensions[i] = dataclasses.replace(dimension, levels=levels_)
        codes = cube.axes.cells[~missing].copy()
        codes[:, i] = [levels_.index(dimension.levels[code]) for code in codes[:, i]]
        axes = dataclasses.replace(cube.axes, dimensions=tuple(dimensions), cells=codes)
        cube = _collapsed(cube, axes, np.where(missing, -1, np.cumsum(~missing) - 1), 0)
        dropped.append(f"people of unknown {dimension.name}")
    return cube, tuple(dropped)


def _with_merged_labels(cube: Cube, cutoffs: Sequence[float], min_n: int) -> tuple[Cube, tuple[str, ...]]:
    """Put decisions of one kind, and reasons why an outcome is unknown, together where one is few in some entry."""
    merged: list[str] = []
    few = np.asarray(_few(_coarsest(cube, cutoffs), min_n).any(axis=(0, 1, 3)))
    decisions = cube.axes.decisions
    named = [level.label for level in decisions]
    for kind in ("favorable", "intermediate", "unfavorable", "excluded"):
        alike = [i for i, level in enumerate(decisions) if level.kind == kind]
        if len(alike) > 1 and few[alike].any():
            merged += [named[i] for i in alike]
            for i in alike:
                named[i] = f"({kind})"
    if any(name != level.label for name, level in zip(named, decisions, strict=True)):
        new = list(dict.fromkeys(zip(named, (level.kind for level in decisions), strict=True)))
        places = np.array([new.index(pair) for pair in zip(named, (x.kind for x in decisions), strict=True)])
        axes = dataclasses.replace(cube.axes, decisions=tuple(DecisionLevel(*pair) for pair in new))
        schema = dataclasses.replace(cube.schema, decision_levels=dict(new), favorable=None)
        cube = dataclasses.replace(_collapsed(cube, axes, places, 2), schema=schema)
    reasons = cube.axes.outcomes[2:]
    if len(reasons) > 1 and _few(_coarsest(cube, cutoffs)[..., 2:], min_n).any():
        merged += reasons
        axes = dataclasses.replace(cube.axes, outcomes=(*cube.axes.outcomes[:2], NOT_OBSERVED))
        places = np.minimum(np.arange(len(reasons) + 2), 2)
        told = dict.fromkeys(cube.schema.unobserved, NOT_OBSERVED)
        schema = dataclasses.replace(cube.schema, unobserved=told)
        cube = dataclasses.replace(_collapsed(cube, axes, places, 3), schema=schema)
    return cube, tuple(merged)


def _pooled(cube: Cube, cutoffs: Sequence[float], min_n: int) -> tuple[Cube, dict[str, tuple[str, ...]]]:
    """Pool the smallest level of an entry that tells of few people, again and again, until there is none."""
    pooled: dict[str, set[str]] = {}
    while (bad := np.asarray(_few(_coarsest(cube, cutoffs), min_n).any(axis=(1, 2, 3)))).any():
        if not cube.axes.dimensions:
            message = (
                f"Nothing of these counts can be published with min_n={min_n}: even with everybody in one group, fewer "
                "people than that share a decision and an outcome on one side of a cut-off. Count without the "
                "outcome or the decision, or with fewer cut-offs."
            )
            raise CubeError(message)
        place, level = _smallest(cube, bad)
        dimension = cube.axes.dimensions[place]
        partner = _partner(cube, place, level)
        if partner is None:
            cube = cube.marginal([name for name in cube.axes.names if name != dimension.name])
            continue
        pooled.setdefault(dimension.name, set()).update({level, partner})
        cube = _with_other(cube, place, {level, partner})
    for name in pooled:
        if name in cube.axes.names and not {*cube.axes.dimension(name).levels} - {OTHER, MISSING}:
            cube = cube.marginal([other for other in cube.axes.names if other != name])
    names = cube.axes.names
    references = {
        name: level
        for name, level in cube.schema.references.items()
        if name in names and level in cube.axes.dimension(name).levels
    }
    attributes = tuple(
        dataclasses.replace(one, edges=()) if one.name in pooled else one
        for one in cube.schema.attributes
        if one.name in names
    )
    schema = dataclasses.replace(cube.schema, attributes=attributes, references=references)
    told = {name: order_levels(levels - {OTHER}) for name, levels in pooled.items()}
    return dataclasses.replace(cube, schema=schema), told


def _people(cube: Cube, place: int) -> dict[str, int]:
    levels = cube.axes.dimensions[place].levels
    people = np.bincount(cube.axes.cells[:, place], weights=cube.group_people, minlength=len(levels))
    return {level: int(n) for level, n in zip(levels, people, strict=True)}


def _smallest(cube: Cube, bad: NDArray[np.bool_]) -> tuple[int, str]:
    found = []
    for place, dimension in enumerate(cube.axes.dimensions):
        people = _people(cube, place)
        reference = cube.schema.references.get(dimension.name)
        for code in np.unique(cube.axes.cells[bad, place]).tolist():
            level = dimension.levels[code]
            found.append((level == reference, people[level], place, level))
    return min(found)[2:]


def _partner(cube: Cube, place: int, level: str) -> str | None:
    """Return what a level is pooled with: what is pooled already, else the smallest other one, the reference last."""
    dimension = cube.axes.dimensions[place]
    people = {name: n for name, n in _people(cube, place).items() if name not in {level, MISSING} and n > 0}
    if OTHER in people:
        return OTHER
    reference = cube.schema.references.get(dimension.name)
    return min(people, key=lambda name: (name == reference, people[name], name), default=None)


def _with_other(cube: Cube, place: int, levels: set[str]) -> Cube:
    dimension = cube.axes.dimensions[place]
    named = [OTHER if level in levels else level for level in dimension.levels]
    new = order_levels({*named})
    codes = cube.axes.cells.copy()
    codes[:, place] = np.array([new.index(name) for name in named])[codes[:, place]]
    dimensions = list(cube.axes.dimensions)
    dimensions[place] = Dimension(dimension.name, dimension.role, new)
    return _regrouped(cube, dimensions, codes)


# Merging bins


def _with_merged_bins(cube: Cube, cutoffs: Sequence[float], min_n: int) -> Cube:
    """Merge neighboring bins until no entry tells of few people; cut-offs stay edges."""
    axis = cube.axes.score
    if axis is None:
        return cube
    edges = _edges(cube, axis, cutoffs, min_n)
    if not edges:
        schema = dataclasses.replace(cube.schema, score=None, higher_is=None, cutoffs=(), edges=(), score_unit=None)
        whole = dataclasses.replace(cube, s1=None, s2=None)
        places = np.zeros(axis.bins, dtype=np.int64)
        return dataclasses.replace(
            _collapsed(whole, dataclasses.replace(cube.axes, score=None), places, 1), schema=schema
        )
    schema = dataclasses.replace(cube.schema, cutoffs=tuple(float(c) for c in cutoffs), edges=())
    return dataclasses.replace(with_edges(cube, edges), schema=schema)


def with_edges(cube: Cube, edges: Sequence[tuple[int, float]]) -> Cube:
    """Return a cube whose scores lie in fewer bins.

    Parameters
    ----------
    cube
        A cube with a score.
    edges
        For each edge from low to high the number of bins below it, and the score that it is.
    """
    axis = cube.axes.score
    assert axis is not None  # noqa: S101 - the caller's to know
    at = np.array([place for place, _ in edges])
    places = np.searchsorted(at, np.arange(axis.scored_bins), side="right")
    if axis.unscored:
        places = np.append(places, len(edges) + 1)
    values = np.array([edge for _, edge in edges])
    # The lowest and the highest score belong to somebody: the axis ends where its edges do.
    merged = ScoreAxis(axis.higher_is, None, values, float(values[0]), float(values[-1]), axis.unscored)
    return _collapsed(_with_sums(cube, axis), dataclasses.replace(cube.axes, score=merged), places, 1)


def _edges(cube: Cube, axis: ScoreAxis, cutoffs: Sequence[float], min_n: int) -> list[tuple[int, float]]:
    """Return where the merged bins are parted: bins below it, and the score that is the edge."""
    slots = np.moveaxis(cube.n, 1, 0)[: axis.scored_bins].reshape(axis.scored_bins, -1)
    segments = _segments(axis, cutoffs)[: axis.scored_bins]
    edges = [(_place(axis, cutoff), float(cutoff)) for cutoff in dict.fromkeys(cutoffs)]
    for segment in np.unique(segments):
        bins = np.flatnonzero(segments == segment)
        for start in _starts(slots[bins], min_n)[1:]:
            place = int(bins[start])
            if axis.values is not None:
                edge = axis.values[place if axis.higher_is == "better" else place - 1]
            else:
                assert axis.edges is not None  # noqa: S101 - one of the two is always set
                edge = axis.edges[place - 1]
            edges.append((place, float(edge)))
    return sorted(edges)


def _starts(slots: Ints, min_n: int) -> list[int]:
    """Return the first bin of each merged bin of a segment, walking from low to high."""
    starts, held = [0], np.zeros(slots.shape[1], dtype=np.int64)
    done: list[Ints] = []
    for place, people in enumerate(slots):
        held = held + people
        if held.any() and not _few(held, min_n).any():
            done.append(held)
            starts.append(place + 1)
            held = np.zeros_like(held)
    # What is left at the end joins the bins before it, as many as it takes.
    while done and (starts[-1] == len(slots) or not held.any() or _few(held, min_n).any()):
        starts.pop()
        held = held + done.pop()
        if not _few(held, min_n).any():
            break
    return starts


def _with_sums(cube: Cube, axis: ScoreAxis) -> Cube:
    """Return an exact cube with the sums of scores that gridded bins need for means."""
    if axis.values is None:
        return cube
    scale = cube.schema.score_scale
    weight = cube.n.astype(np.float64) if cube.w is None else cube.w / cube.schema.weight_scale
    values = np.append(axis.values, 0.0) if axis.unscored else axis.values
    sums = [np.rint(weight * (values**power)[None, :, None, None] * scale) for power in (1, 2)]
    if any(float(np.abs(array).sum()) > 2.0**62 for array in sums):
        message = "The sums of scores do not fit 64-bit whole numbers. Count again with a smaller score_scale."
        raise CubeError(message)
    return dataclasses.replace(cube, s1=sums[0].astype(np.int64), s2=sums[1].astype(np.int64))


# What is said of where they come from


def _with_provenance(made: Cube, cube: Cube, min_n: int) -> tuple[Cube, int | None]:
    """Return the cube with a ledger and issues that tell of no few people, and how many people there were before.

    Files are not named: their digest and size would confirm a guess of what is in them. Neither are the parts of a
    merged cube: how many people each had could be subtracted.
    """
    earlier = sum(cube.provenance.ledger.set_aside.values())
    gone = cube.people - made.people
    aside = {NOT_COUNTED: earlier, NOT_PUBLISHED: gone}
    told = {reason: n for reason, n in aside.items() if n}
    if any(n < min_n for n in told.values()):
        both = earlier + gone
        told = {f"{NOT_COUNTED} or {NOT_PUBLISHED}": both} if both >= min_n else {}
    issues = [dataclasses.replace(issue, rows=()) for issue in cube.provenance.issues if not 0 < issue.count < min_n]
    hidden = len(cube.provenance.issues) - len(issues)
    if hidden:
        message = f"{hidden:,} kinds of trouble in the data, each of fewer than {min_n:,} rows, are not told here."
        issues.append(DataIssue("issues_not_published", message, 0, "left out"))
    ledger = Ledger(made.people + sum(told.values()), told)
    provenance = Provenance(cube.provenance.name, ledger, (), tuple(issues), cube.provenance.owner)
    before = cube.people if gone == 0 or (gone >= min_n and NOT_PUBLISHED in told) else None
    return dataclasses.replace(made, provenance=provenance), before


def described(publication: Publication) -> str:
    """Return in one line what was merged, pooled and left out, for a terminal."""
    parts = []
    if publication.bins_before is not None:
        parts.append(f"{publication.bins_before:,} score bins became {publication.bins_after:,}")
    parts += [f"{listed(levels)} of {name} became {OTHER}" for name, levels in publication.pooled.items()]
    if publication.left_out:
        parts.append(f"not told apart by {listed(publication.left_out)}")
    if publication.dropped:
        parts.append(f"left out: {listed(publication.dropped)}")
    parts.append(f"people alone in an entry: {publication.unique_before:,} before, {publication.unique_after:,} now")
    return "; ".join(parts)
