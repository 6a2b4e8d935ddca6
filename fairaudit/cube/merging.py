"""Cubes of several owners, branches or months put together: nobody twice, and every part still named."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..errors import CubeError, listed
from ..schema.issues import DataIssue
from ..schema.labels import MISSING, OTHER
from .coarsening import bins_below, with_edges
from .cube import Cube, parts_of
from .io import load

POOLED = "level_pooled_in_parts"
ONLY_IN_SOME = "level_only_in_some_parts"
SPELT_OTHERWISE = "level_spelt_otherwise"


def merge(
    cubes: Sequence[Cube | str | os.PathLike[str]], *, repeated: bool = False, common_edges: bool = False
) -> Cube:
    """Return the cube of all people of several cubes, in which every part is named.

    Parameters
    ----------
    cubes
        At least two: cubes, or paths of cube files. Their groups, strata, edges, decisions, outcomes and weights must
        be the same; cut-offs are put together. Parts of a cube that was merged before count each for itself.
    repeated
        Whether the same counts, or counts of the same file, may be in it twice. Nobody can see from counts whether two
        owners counted the same person: that is theirs to rule out.
    common_edges
        Whether the bins of scores are first put together, in each cube, until all have the same edges: those that
        every cube has. Published cubes need it, because each was coarsened for its own people.

    Returns
    -------
    Cube
        Its provenance names each part with who counted it, its people and its digest. A level that not every part has
        is an issue of the data, and so is one that another part spells with other capitals or spaces.

    Raises
    ------
    CubeError
        If there are fewer than two, two of them do not fit together (the message names both), or something is
        repeated.
    DataContractError
        If a file is no cube.

    Examples
    --------
    >>> from fairaudit.cube.from_counts import from_counts
    >>> north = from_counts({"sex": ["F", "M"], "y": [1, 0], "n": [30, 40]}, groups="sex", outcome="y", bad=1)
    >>> south = from_counts({"sex": ["F", "M"], "y": [1, 0], "n": [20, 60]}, groups="sex", outcome="y", bad=1)
    >>> both = merge([north, south])
    >>> both.people, [part.people for part in both.provenance.parts]
    (150, [70, 80])
    """
    if len(cubes) < 2:
        message = f"At least two cubes can be merged, got {len(cubes)}."
        raise CubeError(message)
    names = [_name(cube, place) for place, cube in enumerate(cubes, 1)]
    as_given = read = [cube if isinstance(cube, Cube) else load(Path(cube)) for cube in cubes]
    apart: list[DataIssue] = []
    if common_edges:
        read, apart = _with_common_edges(read, names)
    made = read[0]
    for place, cube in enumerate(read[1:], 1):
        try:
            made = made + cube
        except CubeError as error:
            before = names[0] if place == 1 else f"{names[0]} and {place - 1:,} more"
            message = f"{names[place]} does not fit {before}. {error}"
            raise CubeError(message) from None
    if not repeated:
        refuse_repeated(as_given, names)
    issues = (*(issue for cube in as_given for issue in _told_by_part(cube)), *apart, *_levels_apart(read, names))
    return dataclasses.replace(made, provenance=dataclasses.replace(made.provenance, issues=issues))


def _name(cube: Cube | str | os.PathLike[str], place: int) -> str:
    if isinstance(cube, Cube):
        return f"cube {place} ({cube.provenance.owner or cube.provenance.name})"
    return str(cube)


def _told_by_part(cube: Cube) -> Iterator[DataIssue]:
    """Yield the issues of a cube, each with the part that it is about: what one lender lacks, all of them may have."""
    origin = cube.provenance
    for issue in origin.issues:
        told = issue.part or ("" if origin.parts else origin.owner or origin.name)
        yield dataclasses.replace(issue, part=told)


def _with_common_edges(cubes: Sequence[Cube], names: Sequence[str]) -> tuple[list[Cube], list[DataIssue]]:
    """Return the cubes with the edges that all of them have, and the cut-offs that are lost with the others."""
    axes = [cube.axes.score for cube in cubes]
    gridded = [axis.edges for axis in axes if axis is not None and axis.edges is not None]
    if not gridded or any(axis is None for axis in axes):
        return list(cubes), []
    common = functools.reduce(np.intersect1d, gridded)
    if not len(common):
        message = (
            "The score bins of these cubes have no edge in common, so they cannot be put together. Count, or publish, "
            "all of them with one cut-off at least that is the same."
        )
        raise CubeError(message)
    issues, made = [], []
    for cube, name in zip(cubes, names, strict=True):
        if cube.blocks:
            message = (
                f"{name} holds {listed(repr(block) for block in cube.blocks)} beside the counts, which cannot be put "
                "into fewer score bins. Count all of them with the same edges, or leave common_edges out."
            )
            raise CubeError(message)
        lost = [cutoff for cutoff in cube.schema.cutoffs if cutoff not in common]
        if lost:
            text = f"The cut-offs {listed(f'{cutoff:.10g}' for cutoff in lost)} of {name} are no edges of all cubes."
            issues.append(DataIssue("cutoff_not_common", text, 0, "left out", cube.schema.score))
        kept = tuple(cutoff for cutoff in cube.schema.cutoffs if cutoff in common)
        schema = dataclasses.replace(cube.schema, cutoffs=kept, edges=tuple(common.tolist()))
        edges = [(bins_below(cube, edge), edge) for edge in common.tolist()]
        origin = dataclasses.replace(cube.provenance, parts=parts_of(cube))  # with the digest that the owner knows
        made.append(dataclasses.replace(with_edges(cube, edges), schema=schema, provenance=origin))
    return made, issues


def refuse_repeated(cubes: Sequence[Cube], names: Sequence[str]) -> None:
    """Refuse counts, or the files they were counted from, that are in two cubes: everybody would be there twice.

    Raises
    ------
    CubeError
        Naming both, by ``names``.
    """
    seen: dict[str, str] = {}
    for cube, name in zip(cubes, names, strict=True):
        for digest, what in _fingerprints(cube):
            if digest in seen:
                message = (
                    f"{what} of {name} are already in {seen[digest]}: the same people would be counted twice. Leave "
                    "one of them out, or say that it is right (repeated=True; command line: --repeated)."
                )
                raise CubeError(message)
        seen.update((digest, name) for digest, _ in _fingerprints(cube))


def _fingerprints(cube: Cube) -> Iterator[tuple[str, str]]:
    for part in parts_of(cube):
        yield part.sha256, f"The counts '{part.name}'"
        yield from ((file.sha256, f"The rows of '{file.name}'") for file in part.files)


def _levels_apart(cubes: Sequence[Cube], names: Sequence[str]) -> list[DataIssue]:
    """Return what only some of the cubes have: their own levels, other spellings, pooled levels of several kinds."""
    issues = []
    for dimension in cubes[0].axes.dimensions:
        if dimension.role == "period":  # months of their own are what merging is for
            continue
        held = [dict(zip(made.groups, made.group_people.tolist(), strict=True))
                for made in (cube.marginal(dimension.name) for cube in cubes)]  # fmt: skip
        in_how_many = Counter(level for people in held for level in people if level != MISSING)
        spelt: dict[str, list[str]] = {}
        for level in in_how_many:
            spelt.setdefault(_folded(level), []).append(level)
        for level, times in in_how_many.items():
            if times == len(cubes) and level != OTHER:
                continue
            people = sum(found.get(level, 0) for found in held)
            where = listed([name for name, found in zip(names, held, strict=True) if level in found], most=3)
            alike = [repr(other) for other in spelt[_folded(level)] if other != level]
            text = f"'{level}' of '{dimension.name}' is in {times:,} of {len(cubes):,} cubes ({where})"
            if level == OTHER:
                code, text = POOLED, f"{text}: it may be other groups in each of them"
            elif alike:
                code, text = SPELT_OTHERWISE, f"{text}; others have {listed(alike)}, which stays another group"
            else:
                code = ONLY_IN_SOME
            issues.append(DataIssue(code, f"{text}.", people, "kept apart", dimension.name))
    return issues


def _folded(level: str) -> str:
    return "".join(level.split()).casefold()
