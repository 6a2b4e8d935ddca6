"""Groups that are not one label a person: probabilities of belonging to them, and several races a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import SchemaError, listed, suggestion
from .labels import MISSING, label

_FILE = Path(__file__).with_name("races.yaml")
TRUE = frozenset({"1", "true", "yes", "y", "x"})
FALSE = frozenset({"0", "false", "no", "n", MISSING})


@dataclass(frozen=True, slots=True)
class Scheme:
    """How several ticked races make groups: data of ``races.yaml``."""

    id: str
    title: str
    hispanic: str
    """``overrides`` every race, is a ``level`` like the others, or stays ``apart`` (not read)."""
    several: str | None = None
    """The group of those who ticked several; None where groups overlap."""
    yields: str | None = None
    """A race that gives way where one other is ticked beside it."""
    source: str = ""
    checked: str = ""


@dataclass(frozen=True, slots=True)
class SeveralRaces:
    """The columns of ticked races, and the scheme that makes groups of them."""

    scheme: str
    columns: dict[str, str]
    hispanic: str | None = None

    @property
    def overlapping(self) -> bool:
        """True where one person may be in several groups."""
        return schemes()[self.scheme].several is None

    @property
    def ticked(self) -> dict[str, str]:
        """Level -> column of what the scheme reads as a level that can be ticked."""
        apart = self.hispanic is None or schemes()[self.scheme].hispanic == "apart"
        return dict(self.columns) if apart else {**self.columns, HISPANIC: str(self.hispanic)}

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that can be ticked."""
        return tuple(self.ticked)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(self.ticked.values())

    def to_plain(self) -> dict[str, Any]:
        """Return the role as it was given."""
        beside = {} if self.hispanic is None else {"hispanic": self.hispanic}
        return {"scheme": self.scheme, "columns": dict(self.columns), **beside}

    def group(self, ticked: Iterable[str]) -> str:
        """Return the one group of a person who ticked these levels.

        Examples
        --------
        >>> races = SeveralRaces("eeo1", {"White": "w", "Black": "b"}, "h")
        >>> races.group(["White"]), races.group(["White", "Black"]), races.group(["White", "Hispanic or Latino"])
        ('White', 'Two or More Races', 'Hispanic or Latino')
        >>> races.group([])
        '(missing)'
        """
        rule = schemes()[self.scheme]
        found = list(ticked)
        if not found:
            return MISSING
        if rule.hispanic == "overrides" and HISPANIC in found:
            return HISPANIC
        if len(found) == 2 and rule.yields in found:
            found.remove(str(rule.yields))
        return found[0] if len(found) == 1 else str(rule.several)


HISPANIC = "Hispanic or Latino"


@cache
def schemes() -> dict[str, Scheme]:
    """Return the schemes of ``races.yaml`` by id."""
    import yaml

    written = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {name: Scheme(id=name, **fields) for name, fields in written.items()}


def is_ticked(value: Any, column: str) -> bool:
    """Return whether a value of a race's column says that the race was ticked.

    Raises
    ------
    SchemaError
        If it says neither yes nor no.

    Examples
    --------
    >>> is_ticked(1, "white"), is_ticked("no", "white"), is_ticked(None, "white")
    (True, False, False)
    """
    text = label(value)
    if text.casefold() in TRUE:
        return True
    if text.casefold() in FALSE or text == MISSING:
        return False
    message = f"Column '{column}' of a race holds '{text}'; it says 1 or 0 (true or false, yes or no)."
    raise SchemaError(message)


Checked = tuple[dict[str, dict[str, str]], dict[str, str], dict[str, SeveralRaces]]


def check_belonging(
    memberships: Mapping[str, Any], labelled: Mapping[str, Any], races: Mapping[str, Any], groups: Sequence[str]
) -> Checked:
    """Return the roles of memberships, labels and races, checked.

    Raises
    ------
    SchemaError
        If a level has no column, a scheme is unknown, or a name is given twice.
    """
    checked = {str(name): _columns(levels, f"memberships of '{name}'") for name, levels in memberships.items()}
    several = {str(name): _races(str(name), given) for name, given in races.items()}
    for name in {*checked} & {*several} | ({*checked} | {*several}) & {*groups}:
        message = f"'{name}' is given twice among groups, memberships and races; an attribute is known in one way."
        raise SchemaError(message)
    for name, column in labelled.items():
        if name not in checked:
            message = (
                f"labelled names '{name}', which has no memberships ({listed(checked) or 'none given'})."
                f"{suggestion(str(name), checked)}"
            )
            raise SchemaError(message)
        if not isinstance(column, str):
            message = f"labelled maps '{name}' to the name of a column, got {column!r}."
            raise SchemaError(message)
    return checked, dict(labelled), several


def _columns(levels: Any, what: str) -> dict[str, str]:
    sound = isinstance(levels, Mapping) and all(isinstance(column, str) for column in levels.values())
    if not sound or len(levels) < 2:
        message = f"The {what} are at least two levels, each with the name of its column, got {levels!r}."
        raise SchemaError(message)
    return {label(level): column for level, column in levels.items()}


def _races(name: str, given: Any) -> SeveralRaces:
    known = {"scheme", "columns", "hispanic"}
    if not isinstance(given, Mapping) or not {"scheme", "columns"} <= {*given} <= known:
        message = f"races of '{name}' need 'scheme' and 'columns', and may have 'hispanic'; got {given!r}."
        raise SchemaError(message)
    scheme = given["scheme"]
    if scheme not in schemes():
        message = f"There is no scheme '{scheme}'.{suggestion(str(scheme), schemes())} Schemes: {listed(schemes())}."
        raise SchemaError(message)
    hispanic = given.get("hispanic")
    if hispanic is None and schemes()[scheme].hispanic == "overrides":
        message = f"The scheme '{scheme}' needs hispanic=: the column that says who is {HISPANIC}."
        raise SchemaError(message)
    if hispanic is not None and not isinstance(hispanic, str):
        message = f"hispanic is the name of a column, got {hispanic!r}."
        raise SchemaError(message)
    return SeveralRaces(scheme, _columns(given["columns"], f"columns of '{name}'"), hispanic)
