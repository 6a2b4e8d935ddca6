"""From a name or a path to a checked point system: YAML is read safely, and each mistake has its line."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import SystemFileError, listed, suggestion
from ..policy.mistakes import ADD_IT, in_words, located
from ..policy.reading import MAX_BYTES, Document, Location, Problem, decoded, read_yaml
from .checks import mistakes
from .format import EventsSystem, System, WeightedSystem

KINDS: dict[str, type[EventsSystem] | type[WeightedSystem]] = {"events": EventsSystem, "weighted": WeightedSystem}
_BY_ID = ("events", "inputs", "consequences")
_PATTERNS = {
    "date": "write a year, month or day like 2026, 2026-07 or 2026-07-21",
    "id": "an id has small letters, digits, '-' and '_' only",
}


def names() -> tuple[str, ...]:
    """Return the ids of the systems that come with the package.

    Examples
    --------
    >>> names()
    ('fico', 'national', 'peer', 'schufa', 'sesame', 'suining')
    """
    folder = files(__package__).joinpath("presets")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def path_of(name_or_path: str | Path) -> Path:
    """Return where the file of a system is: one of the package by its id, or a path.

    Raises
    ------
    SystemFileError
        If there is none.
    """
    if isinstance(name_or_path, str) and name_or_path in names():
        return Path(str(files(__package__).joinpath("presets", f"{name_or_path}.yaml")))
    path = Path(name_or_path)
    if path.is_file():
        return path
    if isinstance(name_or_path, str) and path.suffix not in {".yaml", ".yml"} and len(path.parts) == 1:
        message = (
            f"There is no system '{name_or_path}'.{suggestion(name_or_path, names())} Systems: {listed(names())}. "
            "Or give the path of a YAML file of your own."
        )
        raise SystemFileError(message)
    what = "is a folder, not a file" if path.is_dir() else "was not found"
    message = f"System file '{path}' {what}. Give a YAML file, or one of the systems {listed(names())}."
    raise SystemFileError(message)


def load_system(name_or_path: str | Path, variant: str | None = None) -> System:
    """Return a system, or one of its variants, after every check.

    Raises
    ------
    SystemFileError
        With the file, the line, what is wrong there and how to mend it.
    """
    path = path_of(name_or_path)
    found, problems = _read(path)
    if problems:
        raise SystemFileError(_first(path.name, problems))
    variants = [name for name in found if name is not None]
    if variant is not None and variant not in variants:
        message = (
            f"{path.name} has no variant '{variant}'.{suggestion(variant, variants)} "
            f"Variants: {listed(variants) or 'none'}."
        )
        raise SystemFileError(message)
    return found[variant]


def check(path: str | Path) -> list[Problem]:
    """Return everything that is wrong with a system's file, by line; an empty list when nothing is.

    Raises
    ------
    SystemFileError
        If there is no such file.
    """
    return sorted(_read(path_of(path))[1], key=lambda problem: problem.line or 0)


def place_of(file: str, problem: Problem) -> str:
    """Return where a problem is, as messages begin: ``mine.yaml, line 7``."""
    return file if problem.line is None else f"{file}, line {problem.line}"


def _first(file: str, problems: list[Problem]) -> str:
    first = problems[0]
    more = f" ({len(problems) - 1} more: `fairaudit system check` lists them all.)" if len(problems) > 1 else ""
    return f"{place_of(file, first)}: {first.message}{more}"


def _read(path: Path) -> tuple[dict[str | None, System], list[Problem]]:
    """Return the system (key None) and its variants, or what is wrong."""
    try:
        with path.open("rb") as file:
            text = decoded(file.read(MAX_BYTES + 1))
    except OSError as error:
        message = f"System file '{path}' cannot be read: {error.strerror}."
        raise SystemFileError(message) from None
    if isinstance(text, Problem):
        return {}, [text]
    document = read_yaml(text)
    if document.problems:
        return {}, list(document.problems)
    kind = document.data.get("kind")
    if kind not in KINDS:
        given = "is missing" if kind is None else f"is '{kind}'"
        message = f"'kind' {given}; it is one of events, weighted.{suggestion(str(kind), KINDS)}"
        return {}, [located(("kind",), message, document)]
    return _checked(document, KINDS[kind])


def _checked(
    document: Document, shape: type[EventsSystem] | type[WeightedSystem]
) -> tuple[dict[str | None, System], list[Problem]]:
    try:
        base: System = shape.model_validate(document.data)
    except ValidationError as error:
        problems = [_mistake(dict(detail), document, shape) for detail in error.errors(include_url=False)]
        return {}, sorted(problems, key=lambda problem: problem.message.endswith(ADD_IT))
    found: dict[str | None, System] = {None: base}
    problems = [located(at, message, document) for at, message in mistakes(base)]
    for name in base.variants:
        problems += [located(at, message, document) for at, message in _strangers(document.data, name)]
        merged, origin = merge(document.data, name)
        try:
            found[name] = shape.model_validate(merged)
        except ValidationError as error:  # what a variant may leave out a system needs: no start, no events left
            for detail in error.errors(include_url=False):
                at = _origin(tuple(detail["loc"]), origin)
                problems.append(_mistake({**detail, "loc": at}, document, shape))
            continue
        problems += [located(_origin(at, origin), message, document) for at, message in mistakes(found[name])]
    # A mistake of the system is one of each variant too: it is said once.
    return found, list(dict.fromkeys(problems))


def _mistake(detail: dict[str, Any], document: Document, shape: type[EventsSystem] | type[WeightedSystem]) -> Problem:
    location = tuple(detail["loc"])
    if location[-1:] == ("value",) and location not in document.lines:  # a figure written short: points: -100
        detail["loc"] = location[:-1]
    return in_words(detail, document, shape, _PATTERNS)


def merge(data: dict[str, Any], name: str) -> tuple[dict[str, Any], dict[Location, Location]]:
    """Return a variant's whole data, and where each part that the variant brings stands in the file."""
    variant = data["variants"][name]
    made = {**data, "variants": {}}
    origin: dict[Location, Location] = {}
    without = set(variant.get("without") or ())
    for key in (key for key in _BY_ID if key in data):
        entries: list[tuple[Any, Location]] = [
            (item, (key, place)) for place, item in enumerate(data[key]) if item["id"] not in without
        ]
        for place, item in enumerate(variant.get(key) or ()):
            here = [at for at, (old, _) in enumerate(entries) if old["id"] == item["id"]]
            entry: tuple[Any, Location] = (item, ("variants", name, key, place))
            if here:
                entries[here[0]] = entry
            else:
                entries.append(entry)
        made[key] = [item for item, _ in entries]
        origin |= {(key, place): where for place, (_, where) in enumerate(entries)}
    for key, value in variant.items():
        if key not in (*_BY_ID, "without"):
            made[key] = value
            origin[key,] = ("variants", name, key)
    for key in _BY_ID:  # consequences of a system that has none
        if key in variant and key not in data:
            made[key] = variant[key]
            origin[key,] = ("variants", name, key)
    return made, origin


def _strangers(data: dict[str, Any], name: str) -> Iterator[tuple[Location, str]]:
    known = [item["id"] for key in _BY_ID for item in data.get(key) or ()]
    for place, wanted in enumerate(data["variants"][name].get("without") or ()):
        if wanted not in known:
            message = f"'without' names nothing of the system: '{wanted}'.{suggestion(wanted, known)}"
            yield ("variants", name, "without", place), f"{message} Ids: {listed(known)}."


def _origin(at: Location, origin: dict[Location, Location]) -> Location:
    for length in range(len(at), 0, -1):
        if at[:length] in origin:
            return (*origin[at[:length]], *at[length:])
    return at
