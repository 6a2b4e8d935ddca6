"""YAML text to plain data, with the line of every key: nothing is evaluated and nothing is guessed.

A policy, a point system or a catalogue of words may come from a stranger. Only mappings, lists and text are read (every
scalar stays the text that was written, so the level ``No`` is not a boolean and version ``1.0`` keeps its zero); tags,
merge keys and keys given twice are problems, and size, depth and number of nodes have a limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from ..errors import DataContractError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_BYTES = 1_000_000
MAX_NODES = 10_000
MAX_DEPTH = 20

Location = tuple[str | int, ...]

_CORE = "tag:yaml.org,2002:"
_NULL = f"{_CORE}null"
_COLLECTIONS: dict[type[yaml.Node], set[str]] = {
    yaml.MappingNode: {f"{_CORE}map"},
    yaml.SequenceNode: {f"{_CORE}seq"},
}
_SCALARS = {_NULL, *(f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "timestamp"))}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file, and the line it is on, counted from 1."""

    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a file said: plain data, the line of every key, and what was wrong with the YAML itself."""

    data: dict[str, Any]
    lines: Mapping[Location, int]
    problems: tuple[Problem, ...]

    def line_of(self, location: Location) -> int | None:
        """Return the line of a key, or of the nearest key around it."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.lines:
                return self.lines[location[:length]]
        return None


class _LimitError(ComposerError):
    pass


class _Composer(yaml.SafeLoader):
    """A composer that stops at a number of nodes and a depth, before they cost anything."""

    nodes = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_NODES or self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise _LimitError(None, None, _too_big(self.depth), mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _too_big(depth: int) -> str:
    if depth > MAX_DEPTH:
        return f"keys are nested more than {MAX_DEPTH} deep; no such file needs that"
    return f"there are more than {MAX_NODES:,} keys and values; no such file needs that"


class _TooBig(Exception):  # noqa: N818 - caught in this module, never seen outside
    pass


def decoded(raw: bytes) -> str | Problem:
    """Return a file's text, or why it is none."""
    if len(raw) > MAX_BYTES:
        return Problem(None, f"the file is larger than {MAX_BYTES:,} bytes; a few pages of text are enough.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problem(line, "this is not UTF-8 text. Save the file as UTF-8.")


def read_yaml_file(path: Path, what: str) -> Document:
    """Read a YAML file whose first mistake is an error; ``what`` names its content ("roles") in messages.

    Raises
    ------
    DataContractError
        If there is no such file, or it is too large, no text, or no YAML of mappings; with the line.
    """
    try:
        with path.open("rb") as file:
            text = decoded(file.read(MAX_BYTES + 1))
    except OSError as error:
        message = f"The file of {what} '{path}' cannot be read: {error.strerror or error}."
        raise DataContractError(message) from None
    document = Document({}, {}, (text,)) if isinstance(text, Problem) else read_yaml(text)
    if document.problems:
        first = document.problems[0]
        where = path.name if first.line is None else f"{path.name}, line {first.line}"
        message = f"{where}: {first.message}"
        raise DataContractError(message)
    return document


def read_yaml(text: str) -> Document:
    """Read YAML text into plain data with lines, collecting what is wrong instead of raising.

    Examples
    --------
    >>> document = read_yaml("id: mine\\nalpha: 0.05\\nalpha: 0.01\\n")
    >>> document.data, document.line_of(("alpha",))
    ({'id': 'mine', 'alpha': '0.05'}, 2)
    >>> document.problems[0]
    Problem(line=3, message="key 'alpha' is given twice, first on line 2. Keep one.")
    """
    walk = _Walk()
    data: Any = {}
    try:
        node = _compose(text)
    except yaml.YAMLError as error:
        walk.problems.append(_yaml_problem(error, text))
    except (ValueError, OverflowError) as error:  # an escape or a directive that PyYAML cannot hold
        walk.problems.append(Problem(1, f"the YAML cannot be read: {error}."))
    else:
        if isinstance(node, yaml.MappingNode):
            try:
                data = walk.plain(node, (), 0)
            except _TooBig as error:
                walk.problems.append(Problem(_line(node), f"{error}. Remove the aliases (*) and write the keys."))
        else:
            found = "nothing" if node is None else "a list" if isinstance(node, yaml.SequenceNode) else "text"
            message = f"the file is made of 'key: value' lines, and this one holds {found}."
            walk.problems.append(Problem(1, message))
    return Document(data, walk.lines, tuple(walk.problems))


def _compose(text: str) -> yaml.Node | None:
    loader = _Composer(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _yaml_problem(error: yaml.YAMLError, text: str) -> Problem:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return Problem(line, f"the character U+{code:04X} is not allowed in YAML. Remove it.")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    parts = [part for part in (getattr(error, "context", None), getattr(error, "problem", None)) if part]
    what = ", ".join(str(part) for part in parts) or str(error)
    if isinstance(error, _LimitError):
        return Problem(int(mark.line) + 1 if mark else 1, f"{what}.")
    message = f"the YAML cannot be read: {what}. Check the indentation, quotes and colons here and just above."
    return Problem(int(mark.line) + 1 if mark else 1, message)


@dataclass(slots=True)
class _Walk:
    """From nodes to plain data; aliases are walked each time, so what they expand to is counted."""

    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    visited: int = 0

    def plain(self, node: yaml.Node, location: Location, depth: int) -> Any:
        self.visited += 1
        if self.visited > MAX_NODES or depth > MAX_DEPTH:
            raise _TooBig(_too_big(depth))
        self.lines.setdefault(location, _line(node))
        if node.tag not in (_SCALARS if isinstance(node, yaml.ScalarNode) else _COLLECTIONS[type(node)]):
            self._refuse_tag(node)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, location, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item, (*location, i), depth + 1) for i, item in enumerate(node.value)]
        return None if node.tag == _NULL else node.value

    def _mapping(self, node: yaml.MappingNode, location: Location, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _SCALARS:
                self._refuse_tag(key_node)
                continue
            key = str(key_node.value)
            if key in found:
                first = self.lines[(*location, key)]
                message = f"key '{key}' is given twice, first on line {first}. Keep one."
                self.problems.append(Problem(_line(key_node), message))
                continue
            self.lines[(*location, key)] = _line(key_node)
            found[key] = self.plain(value_node, (*location, key), depth + 1)
        return found

    def _refuse_tag(self, node: yaml.Node) -> None:
        if node.tag == f"{_CORE}merge":
            message = "the merge key '<<' is not read. Write the keys out."
        elif node.tag in {f"{_CORE}map", f"{_CORE}seq"}:
            message = "a key must be plain text."
        else:
            tag = str(node.tag).replace(_CORE, "!!")
            message = f"the tag '{tag}' is refused: the file holds text, numbers and lists only. Remove it."
        self.problems.append(Problem(_line(node), message))
