"""What a person may change, in which steps and at what cost: declared by people, never guessed from data.

A feature that is not declared does not change. The declaration is plain data (a mapping, or a YAML file), checked
key by key; which values it allows is worked out in ``action_values`` when rows are at hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import ProhibitedBasisError, SchemaError, listed, suggestion
from ..policy.direct_use import prohibited_features
from ..policy.loading import load_policy
from ..policy.reading import read_yaml_file
from ..schema.labels import label
from .rules import Rule, read_rule

Way = Literal["immutable", "up", "down", "either"]
WAYS = get_args(Way)
KEYS = ("change", "levels", "step", "between", "percentiles", "cost", "follows", "ratio", "although_prohibited")
PARTS = ("features", "rules", "one_hot", "most_changes")


@dataclass(frozen=True, slots=True)
class Action:
    """What may happen to one feature."""

    feature: str
    change: Way = "immutable"
    levels: tuple[Any, ...] | None = None
    """The values it may take; ``up`` and ``down`` go along them in this order."""
    step: float | None = None
    """Numbers change to multiples of the step; None takes one from the data."""
    between: tuple[float, float] | None = None
    """The least and the greatest value a number may be changed to; None is the range of the data."""
    percentiles: tuple[float, float] | None = None
    """The same as percentiles of the data, from 0 to 100."""
    cost: float | tuple[tuple[str, float], ...] | None = None
    """Cost of one unit of a number, of one level, or of each level; None is the shift in percentiles (0 to 1) of
    numbers and of levels in order, and 1 for a change between levels without an order."""
    follows: str | None = None
    """The feature that this one changes with; it costs nothing more."""
    ratio: float = 1.0
    """By how much it changes for each unit of the one that it follows."""
    although_prohibited: bool = False
    """Said on purpose: a prohibited basis may be changed."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The declared actions: what may change, and what must hold together.

    Made by :meth:`of` from a mapping, by :meth:`read` from a YAML file, or by :meth:`draft` from rows, to be edited.

    Examples
    --------
    >>> actions = Actions.of({
    ...     "features": {
    ...         "years_employed": {"change": "up", "step": 1, "between": [0, 40]},
    ...         "age": {"follows": "years_employed"},
    ...         "savings": {"change": "up", "levels": ["none", "some", "much"]},
    ...         "housing": "immutable"},
    ...     "rules": ["years_employed <= age - 14"]})
    >>> actions.changeable
    ('years_employed', 'savings')
    >>> print(actions)
    years_employed: only up, in steps of 1, between 0 and 40, cost by shift in percentiles
    savings: only up along none, some, much, cost by shift in percentiles
    age: changes with years_employed by 1 for each unit
    always: years_employed <= age - 14
    Every other feature stays as it is.
    """

    features: tuple[Action, ...] = ()
    rules: tuple[Rule, ...] = ()
    most_changes: int | None = None
    """The most features that may be changed at once."""

    @classmethod
    def of(cls, declared: Mapping[str, Any] | Actions) -> Actions:
        """Return the actions that a mapping declares.

        Parameters
        ----------
        declared
            Feature -> ``"immutable"``, ``"up"``, ``"down"``, ``"either"`` or a mapping with the keys ``change``,
            ``levels``, ``step``, ``between``, ``percentiles``, ``cost``, ``follows``, ``ratio`` and
            ``although_prohibited``. To add ``rules`` (as ``"years_employed <= age - 14"``), ``one_hot`` (lists of
            columns of which exactly one is 1) or ``most_changes``, put the features under ``features``.

        Raises
        ------
        SchemaError
            With the feature and the key that are wrong, and how to mend them.
        """
        if isinstance(declared, Actions):
            return declared
        if not isinstance(declared, Mapping):
            message = f"Actions are a mapping of features to what may change, got {type(declared).__name__}."
            raise SchemaError(message + " For example {'savings': 'up', 'age': 'immutable'}.")
        whole: Mapping[str, Any] = declared if "features" in declared else {"features": declared}
        for key in whole:
            if key not in PARTS:
                _wrong(f"'{key}' is no part of actions ({listed(PARTS)}).{suggestion(str(key), PARTS)}")
        features = whole["features"]
        if not isinstance(features, Mapping) or not features:
            _wrong("'features' maps each feature to what may change, and there is at least one.")
        actions = tuple(_action(str(name), given) for name, given in features.items())
        rules = tuple(read_rule(text) for text in _list(whole.get("rules"), "rules"))
        for columns in _list(whole.get("one_hot"), "one_hot"):
            names = [str(name) for name in _list(columns, "one_hot")]
            if len(names) < 2 or len({*names}) < len(names):
                _wrong(f"one_hot holds lists of at least two different columns, got {names}.")
            rules += (Rule(f"exactly one of {', '.join(names)}", tuple((name, 1.0) for name in names), 1.0, 1.0),)
        made = cls(actions, rules, _most(whole.get("most_changes")))
        made._check_followers()
        return made

    @classmethod
    def read(cls, path: str | Path) -> Actions:
        """Return the actions that a YAML file declares; nothing in it is evaluated.

        Raises
        ------
        DataContractError
            If there is no such file, or it cannot be read, with the line.
        SchemaError
            As :meth:`of`.
        """
        file = Path(path)
        document = read_yaml_file(file, "actions")
        try:
            return cls.of(document.data)
        except SchemaError as error:
            message = f"{file.name}: {error}"
            raise SchemaError(message) from None

    @classmethod
    def draft(cls, rows: Any, *, groups: Sequence[str] = (), policy: Any = "us-fair-lending") -> Actions:
        """Return a first draft for the columns of rows, to be edited: nobody has said yet what is possible.

        Declared groups and what the policy lists as prohibited bases are immutable; everything else may change
        either way, which is more than people can do.
        """
        names = [str(name) for name in rows.columns]
        bound = {use.column for use in prohibited_features(names, groups, load_policy(policy).policy)}
        return cls(tuple(Action(name, "immutable" if name in bound else "either") for name in names))

    @property
    def changeable(self) -> tuple[str, ...]:
        """The features that may be changed; those that only follow another are not among them."""
        return tuple(action.feature for action in self.features if action.change != "immutable")

    def without(self, *names: str) -> Actions:
        """Return the same actions with some features immutable."""
        unknown = [name for name in names if name not in {action.feature for action in self.features}]
        if unknown:
            _wrong(f"'{unknown[0]}' is not among the declared features.{suggestion(unknown[0], self.changeable)}")
        return replace(
            self, features=tuple(Action(one.feature) if one.feature in names else one for one in self.features)
        )

    def refuse_prohibited(self, groups: Sequence[str], policy: Any) -> None:
        """Refuse to propose a change of a declared group or a prohibited basis, unless that was said on purpose.

        Raises
        ------
        ProhibitedBasisError
            With the features, and how to go on.
        """
        asked = [one.feature for one in self.features if one.change != "immutable" and not one.although_prohibited]
        held = load_policy(policy).policy
        found = prohibited_features(asked, groups, held)
        if found:
            said = listed(f"'{use.column}' ({use.basis})" for use in found)
            message = (
                f"The actions would change what policy '{held.id}' treats as a prohibited basis, or a declared group: "
                f"{said}. Declare it immutable, or let it follow another feature; although_prohibited: true says that "
                "a change of it may be proposed."
            )
            raise ProhibitedBasisError(message)

    def to_dict(self) -> dict[str, Any]:
        """Return the declaration as plain data; :meth:`of` gives the same actions back."""
        made: dict[str, Any] = {"features": {one.feature: _plain(one) for one in self.features}}
        one_hot = [rule for rule in self.rules if rule.is_one_hot]
        if len(one_hot) < len(self.rules):
            made["rules"] = [rule.text for rule in self.rules if not rule.is_one_hot]
        if one_hot:
            made["one_hot"] = [[name for name, _ in rule.terms] for rule in one_hot]
        if self.most_changes is not None:
            made["most_changes"] = self.most_changes
        return made

    def __str__(self) -> str:
        """Return the declaration in words, a line a feature."""
        lines = [_said(one) for one in self.features if one.change != "immutable"]
        lines += [
            f"{one.feature}: changes with {one.follows} by {one.ratio:g} for each unit"
            for one in self.features
            if one.follows is not None
        ]
        lines += [f"always: {rule.text}" for rule in self.rules]
        if self.most_changes is not None:
            lines.append(f"at most {self.most_changes} features change")
        return "\n".join([*lines, "Every other feature stays as it is."])

    def _check_followers(self) -> None:
        leaders = {*self.changeable}
        for one in self.features:
            if one.follows is not None and one.follows not in leaders:
                _wrong(
                    f"'{one.feature}' follows '{one.follows}', which is not declared to change."
                    f"{suggestion(one.follows, leaders)}"
                )


def _wrong(what: str) -> None:
    message = f"The declared actions are wrong: {what}"
    raise SchemaError(message)


def _list(given: Any, what: str) -> list[Any]:
    if given is None:
        return []
    if isinstance(given, str) or not isinstance(given, Sequence):
        _wrong(f"{what} is a list, got {given!r}.")
    return list(given)


def _most(given: Any) -> int | None:
    if given is None:
        return None
    number = _number(given, "most_changes")
    if number < 1 or number != int(number):
        _wrong(f"most_changes is a whole number from 1 on, got {given!r}.")
    return int(number)


def _number(given: Any, what: str) -> float:
    try:
        if isinstance(given, bool):
            raise TypeError
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        _wrong(f"{what} is a finite number, got {given!r}.")
    return number


def _above_zero(given: Any, what: str) -> float:
    number = _number(given, what)
    if number <= 0:
        _wrong(f"{what} is above 0, got {given!r}.")
    return number


def _pair(given: Any, what: str) -> tuple[float, float]:
    ends = _list(given, what)
    if len(ends) != 2:
        _wrong(f"{what} holds a least and a greatest value, got {given!r}.")
    low, high = (_number(end, what) for end in ends)
    if low > high:
        _wrong(f"{what}: {low:g} is above {high:g}. Give the lower end first.")
    return low, high


def _yes(given: Any, what: str) -> bool:
    if str(given).casefold() not in ("true", "false"):
        _wrong(f"{what} is true or false, got {given!r}.")
    return str(given).casefold() == "true"


def _way(name: str, given: Any) -> Way:
    if given not in WAYS:
        _wrong(f"'{name}' changes {listed(WAYS)}, not {given!r}.{suggestion(str(given), WAYS)}")
    way: Way = given
    return way


def _action(name: str, given: Any) -> Action:
    if isinstance(given, Action):
        given = _plain(given)
    if not isinstance(given, Mapping):
        return Action(name, _way(name, given))
    for key in given:
        if key not in KEYS:
            _wrong(f"'{name}' has the key '{key}'. Keys: {listed(KEYS)}.{suggestion(str(key), KEYS)}")
    if "follows" in given:
        if {*given} - {"follows", "ratio"}:
            _wrong(f"'{name}' follows '{given['follows']}': besides that it can only have a ratio.")
        return Action(name, follows=str(given["follows"]), ratio=_number(given.get("ratio", 1.0), f"ratio of '{name}'"))
    if "change" not in given:
        _wrong(f"'{name}' does not say which way it changes. Add change: {', '.join(WAYS)}.")
    levels = _levels(name, given)
    numeric = [key for key in ("step", "between", "percentiles") if given.get(key) is not None]
    if levels is not None and numeric:
        _wrong(f"'{name}' has levels and {numeric[0]}; {numeric[0]} is for numbers without levels.")
    if "between" in numeric and "percentiles" in numeric:
        _wrong(f"'{name}' has between and percentiles. Keep one.")
    percentiles = _pair(given["percentiles"], f"percentiles of '{name}'") if "percentiles" in numeric else None
    if percentiles is not None and not 0 <= percentiles[0] < percentiles[1] <= 100:
        _wrong(f"percentiles of '{name}' rise within 0 to 100, got {given['percentiles']!r}.")
    return Action(
        feature=name,
        change=_way(name, given["change"]),
        levels=levels,
        step=_above_zero(given["step"], f"step of '{name}'") if "step" in numeric else None,
        between=_pair(given["between"], f"between of '{name}'") if "between" in numeric else None,
        percentiles=percentiles,
        cost=_cost(name, given.get("cost"), levels),
        although_prohibited=_yes(given.get("although_prohibited", False), f"although_prohibited of '{name}'"),
    )


def _levels(name: str, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
    if given.get("levels") is None:
        return None
    levels = tuple(_list(given["levels"], f"levels of '{name}'"))
    if not levels or len({label(level) for level in levels}) < len(levels):
        _wrong(f"levels of '{name}' are at least one, each named once, got {list(levels)}.")
    return levels


def _cost(
    name: str, given: Any, levels: tuple[Any, ...] | None
) -> float | tuple[tuple[str, float], ...] | None:  # fmt: skip
    if given is None or given == "percentile":
        return None
    if not isinstance(given, Mapping):
        return _above_zero(given, f"cost of '{name}'")
    table = tuple((label(level), _above_zero(cost, f"cost of '{name}' at {level!r}")) for level, cost in given.items())
    missing = [str(level) for level in levels or () if label(level) not in dict(table)]
    if missing:
        _wrong(f"cost of '{name}' is a table without the level {listed(map(repr, missing))}. Add it.")
    return table


def _plain(one: Action) -> dict[str, Any]:
    if one.follows is not None:
        return {"follows": one.follows, "ratio": one.ratio}
    made: dict[str, Any] = {"change": one.change}
    for key in ("levels", "between", "percentiles"):
        if getattr(one, key) is not None:
            made[key] = list(getattr(one, key))
    if one.step is not None:
        made["step"] = one.step
    if one.cost is not None:
        made["cost"] = dict(one.cost) if isinstance(one.cost, tuple) else one.cost
    if one.although_prohibited:
        made["although_prohibited"] = True
    return made


def _said(one: Action) -> str:
    way = "either way" if one.change == "either" else f"only {one.change}"
    parts = [way]
    if one.levels is not None:
        parts = [f"{way} {'among' if one.change == 'either' else 'along'} {listed(map(str, one.levels))}"]
    if one.step is not None:
        parts.append(f"in steps of {one.step:g}")
    if one.between is not None:
        parts.append(f"between {one.between[0]:g} and {one.between[1]:g}")
    if one.percentiles is not None:
        parts.append(f"between the percentiles {one.percentiles[0]:g} and {one.percentiles[1]:g}")
    if isinstance(one.cost, tuple):
        parts.append("cost by level")
    elif one.cost is not None:
        parts.append(f"cost {one.cost:g} a {'unit' if one.levels is None else 'level'}")
    else:
        unordered = one.levels is not None and one.change == "either"
        parts.append("cost 1 a change" if unordered else "cost by shift in percentiles")
    return f"{one.feature}: {', '.join(parts)}"
