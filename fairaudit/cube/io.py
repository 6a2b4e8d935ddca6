"""The cube file: a zip of a readme, a JSON header and a CSV of counts that any tool can read.

The file is written whole or not at all, and the same cube gives the same bytes. Reading runs no code from
the file, holds at most the declared sizes in memory, and refuses what does not add up.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import DataContractError
from .axes import Axes, ScoreAxis
from .blocks import Block
from .cube import Cube
from .plain import (
    INDICES,
    Header,
    assemble,
    blocks_to_plain,
    entries,
    header_to_plain,
    read_blocks,
    read_header,
    refuse,
)

README, HEADER, COUNTS, BLOCKS = "README.txt", "cube.json", "counts.csv", "blocks.json"
MOST_BYTES = {README: 2**20, HEADER: 2**27, COUNTS: 2**31, BLOCKS: 2**29}
"""The most bytes that each member may decompress to."""
MOST_FILE_BYTES = 2**30
UNSCORED = "unscored"

_WHOLE = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_LARGEST = 2**63 - 1

_ABOUT = """\
This is a fairaudit cube: counts of people, made to audit a score or a decision for fairness.

It holds no rows of persons, but a fine cube is close to personal data: an entry of one or two people in
a small group can point to somebody. Keep it as you would keep the data that it was counted from, and
coarsen or suppress it before you publish it.

How to read it without fairaudit
--------------------------------
The file is a zip of text files (UTF-8).

{header}   What the counts are over: the dimensions with their levels and bands, the score, the labels of
            decisions and outcomes, the roles of the columns, and where the counts came from (files, rows
            read, rows set aside and why, what was noticed).
{counts}  The counts. One line an entry with somebody in it; a combination that is not listed has nobody.
{blocks}
The columns of {counts}, from left to right:

{columns}

The sum of n is the number of people: {people}.
"""

_ABOUT_BLOCKS = f"""\
{BLOCKS} Sums that only some audits need, by name: the shape of each array, the places of the sums that are
            not 0 in the flattened array (the last axis runs fastest), and the sums.
"""


def save(cube: Cube, path: str | os.PathLike[str]) -> None:
    """Write a cube to one self-describing file, whole or not at all.

    Parameters
    ----------
    cube
        The cube. A fine cube is close to personal data; see :func:`fairaudit.cube.publish.suppress`.
    path
        Where to; an existing file is replaced.

    Raises
    ------
    DataContractError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from fairaudit.cube.from_counts import from_counts
    >>> cube = from_counts({"sex": ["F", "M"], "y": [1, 0], "n": [3, 4]}, groups="sex", outcome="y", bad=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(cube, f"{folder}/loans.cube")
    ...     load(f"{folder}/loans.cube").digest == cube.digest
    True
    """
    target = Path(path)
    data = to_bytes(cube)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        message = (
            f"The cube cannot be written to {target}: {error.strerror}. "
            "Give a folder that exists and can be written to."
        )
        raise DataContractError(message) from None


def to_bytes(cube: Cube) -> bytes:
    """Return the bytes of the cube file; the same cube gives the same bytes."""
    header = json.dumps(header_to_plain(cube), ensure_ascii=False, indent=1, allow_nan=False)
    readme = _ABOUT.format(
        header=HEADER,
        counts=COUNTS,
        columns=_describe_columns(cube),
        people=cube.people,
        blocks=_ABOUT_BLOCKS if cube.blocks else "",
    )
    members = [(README, readme), (HEADER, header + "\n"), (COUNTS, _counts_text(cube))]
    if cube.blocks:
        members.append((BLOCKS, json.dumps(blocks_to_plain(cube), ensure_ascii=False, allow_nan=False) + "\n"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members:
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            try:
                archive.writestr(member, text.encode("utf-8"))
            except UnicodeEncodeError as error:
                message = f"A label or name in this cube is not valid text: {error.object[error.start : error.end]!r}."
                raise DataContractError(message) from None
    return out.getvalue()


def load(path: str | os.PathLike[str]) -> Cube:
    """Read a cube file, checking everything in it.

    Parameters
    ----------
    path
        The file that :func:`save` wrote.

    Raises
    ------
    DataContractError
        If the file cannot be read, is not a cube, is damaged, was changed, or would decompress to more
        than it may.
    CubeError
        If the cube in it would be too large.
    """
    source = Path(path)
    try:
        if source.stat().st_size > MOST_FILE_BYTES:
            refuse(f"{source.name} has more than {MOST_FILE_BYTES:,} bytes")
        with zipfile.ZipFile(source) as archive:
            members = _members(archive)
            header = read_header(archive.read(members[HEADER]))
            blocks = _read_blocks(archive, members)
            with archive.open(members[COUNTS]) as file:
                return _read_counts(header, io.TextIOWrapper(file, encoding="utf-8", newline=""), blocks)
    except OSError as error:
        message = f"The cube {source} cannot be read: {error.strerror or error}."
        raise DataContractError(message) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeDecodeError,
        csv.Error,
    ) as error:
        refuse(f"{source.name} is not a cube file, or is damaged ({error})")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    expected = [COUNTS, HEADER, README]
    found = sorted(member.filename for member in members)
    if found not in (sorted(expected), sorted([*expected, BLOCKS])):
        names = ", ".join(found[:5]) or "nothing"
        refuse(f"it holds {names}, not {', '.join(sorted(expected))}")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            refuse(f"{member.filename} is encrypted or compressed in a way that cubes are not")
        # zipfile never reads past the declared size, and checks the CRC at its end.
        if member.file_size > MOST_BYTES[member.filename]:
            most = MOST_BYTES[member.filename]
            refuse(f"{member.filename} would decompress to {member.file_size:,} bytes, more than {most:,}")
    return {member.filename: member for member in members}


def _read_blocks(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Block]:
    if BLOCKS not in members:
        return {}
    try:
        return read_blocks(json.loads(archive.read(members[BLOCKS])))
    except (json.JSONDecodeError, RecursionError) as error:
        refuse(f"{BLOCKS} is not JSON ({error})")


# counts.csv


def _score_names(score: ScoreAxis | None) -> tuple[str, ...]:
    if score is None:
        return ()
    return ("score",) if score.exact else ("score_bin", "score_from", "score_to")


def _score_fields(score: ScoreAxis | None) -> list[tuple[str, ...]]:
    """Return the fields that name each score bin."""
    if score is None:
        return [()]
    if score.values is not None:
        named: list[tuple[str, ...]] = [(repr(value),) for value in score.values.tolist()]
        return [*named, (UNSCORED,)] if score.unscored else named
    assert score.edges is not None  # noqa: S101 - one of the two is always set
    edges = ["", *map(repr, score.edges.tolist()), ""]
    named = [(str(i), edges[i], edges[i + 1]) for i in range(score.scored_bins)]
    return [*named, (UNSCORED, "", "")] if score.unscored else named


def _decision_fields(axes: Axes) -> list[tuple[str, ...]]:
    return [(level.label,) for level in axes.decisions] if axes.decisions else [()]


def _outcome_fields(axes: Axes) -> list[tuple[str, ...]]:
    return [(outcome,) for outcome in axes.outcomes] if axes.outcomes else [()]


def _column_names(axes: Axes, sums: Sequence[str]) -> list[str]:
    decision = ["decision"] if axes.decisions else []
    outcome = ["outcome"] if axes.outcomes else []
    return [*axes.names, *_score_names(axes.score), *decision, *outcome, *sums]


def _counts_text(cube: Cube) -> str:
    axes, columns = cube.axes, entries(cube)
    cells, bins = axes.cell_levels(), _score_fields(axes.score)
    decisions, outcomes = _decision_fields(axes), _outcome_fields(axes)
    sums = [name for name in columns if name not in INDICES]
    out = io.StringIO()
    writer = csv.writer(out)  # lines end as RFC 4180 has it; with a bare \n a label with \r would go unquoted
    writer.writerow(_column_names(axes, sums))
    lines = zip(*(column.tolist() for column in columns.values()), strict=True)
    for cell, bin_, decision, outcome, *numbers in lines:
        writer.writerow((*cells[cell], *bins[bin_], *decisions[decision], *outcomes[outcome], *numbers))
    return out.getvalue()


def _read_counts(header: Header, text: io.TextIOWrapper, blocks: Mapping[str, Block]) -> Cube:
    axes = header.axes
    rows: Iterator[list[str]] = csv.reader(text, strict=True)
    names = _column_names(axes, header.sums)
    if next(rows, None) != names:
        refuse(f"the columns of {COUNTS} are not {', '.join(names)}")
    readers = _index_readers(axes)
    columns = {name: array("q") for name in (*INDICES, *header.sums)}
    most = int(np.prod(axes.shape, dtype=np.int64))
    for line, row in enumerate(rows, start=2):
        if len(row) != len(names) or line > most + 1:
            refuse(f"line {line} of {COUNTS} has too many or too few fields, or there are more lines than entries")
        for name, read in readers.items():
            columns[name].append(read(row, line))
        for name, field in zip(header.sums, row[-len(header.sums) :], strict=True):
            if not _WHOLE.fullmatch(field) or abs(int(field)) > _LARGEST:
                refuse(f"{name} is {field[:40]!r} in line {line} of {COUNTS}, not a whole number")
            columns[name].append(int(field))
    return assemble(header, {name: np.array(column, dtype=np.int64) for name, column in columns.items()}, blocks)


def _index_readers(axes: Axes) -> dict[str, Callable[[list[str], int], int]]:
    """Return a function an index that finds it from the fields of a row."""
    labels: dict[str, list[tuple[str, ...]]] = {
        "cell": list(axes.cell_levels()),
        "bin": _score_fields(axes.score),
        "decision": _decision_fields(axes),
        "outcome": _outcome_fields(axes),
    }
    readers: dict[str, Callable[[list[str], int], int]] = {}
    start = 0
    for name, fields in labels.items():
        place = {field: index for index, field in enumerate(fields)}
        part = slice(start, start + len(fields[0]))
        start = part.stop

        def read(
            row: list[str],
            line: int,
            *,
            name: str = name,
            place: dict[tuple[str, ...], int] = place,
            part: slice = part,
        ) -> int:
            found = place.get(tuple(row[part]))
            if found is None:
                given = ", ".join(row[part])[:80]
                refuse(f"line {line} of {COUNTS} has the {name} {given!r}, which {HEADER} does not have")
            return found

        readers[name] = read
    return readers


def _describe_columns(cube: Cube) -> str:
    axes, schema = cube.axes, cube.schema
    described = [(d.name, f"the {d.role}; its levels are in {HEADER}") for d in axes.dimensions]
    score = axes.score
    if score is not None:
        side = f"higher is {score.higher_is}; '{UNSCORED}' for people without one"
        if score.exact:
            described.append(("score", f"the value of '{schema.score}'; {side}"))
        else:
            closed = "from is inside, to is not" if score.higher_is == "better" else "to is inside, from is not"
            described.append(("score_bin", f"the number of the bin of '{schema.score}', from 0; {side}"))
            described.append(("score_from, score_to", f"its bounds ({closed}); blank where there is none"))
    if axes.decisions:
        described.append(("decision", f"the label in '{schema.decision}'; its kind is in {HEADER}"))
    if axes.outcomes:
        described.append(("outcome", f"what '{schema.outcome}' turned out: good, bad, or why it is not known"))
    described.append(("n", "people"))
    weight, scaled = schema.weight_scale, schema.score_scale
    if cube.w is not None:
        described.append(("w", f"sum of the weights ('{schema.weight}') of these people, times {weight}"))
        described.append(("w2", f"sum of their squared weights, times {weight}"))
    if cube.s1 is not None:
        of = "weighted scores" if cube.w is not None else "scores"
        described.append(("s1", f"sum of their {of}, times {scaled}"))
        described.append(("s2", f"sum of their {of.replace('scores', 'squared scores')}, times {scaled}"))
    return "\n".join(f"  {name}: {text}" for name, text in described)
