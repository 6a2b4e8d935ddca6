"""Is a prohibited basis an input of the model? Names of inputs, held against declared groups and a policy's list.

Only names are looked at. An input that is not declared cannot be seen, and a proxy under another name is another
question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ProhibitedBasisError, SchemaError, listed
from .model import Policy

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Use:
    """An input of the model that is a prohibited basis."""

    column: str
    basis: str
    found: Literal["declared group", "list of the policy"]
    matched: str
    """The declared group, or the name on the policy's list."""


def feature_names(given: Any) -> tuple[str, ...]:
    """Return the names of a model's inputs: a list of them, one name, or what has ``feature_names_in_``.

    Raises
    ------
    SchemaError
        If there are no names.

    Examples
    --------
    >>> feature_names(["income", "sex"])
    ('income', 'sex')
    """
    names = given
    if not isinstance(given, (str, bytes)) and not isinstance(given, Iterable):
        names = getattr(given, "feature_names_in_", None)
    elif hasattr(given, "feature_names_in_"):
        names = given.feature_names_in_
    if isinstance(names, str):
        names = [names]
    made = tuple(names) if isinstance(names, Iterable) and not isinstance(names, bytes) else ()
    if not made or not all(isinstance(name, str) and name.strip() for name in made):
        what = f"a {type(given).__name__} without feature_names_in_" if names is None else repr(given)
        message = (
            f"features are the names of the model's inputs, got {what}. Give a list of names, or a fitted scikit-learn "
            "estimator or pipeline that was trained on named columns."
        )
        raise SchemaError(message)
    return tuple(dict.fromkeys(str(name) for name in made))


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in small letters, told apart by signs, capitals and digits.

    Examples
    --------
    >>> words_of("applicantSex"), words_of("AGE_at-application"), words_of("race_White2")
    (('applicant', 'sex'), ('age', 'at', 'application'), ('race', 'white', '2'))
    """
    return tuple(word.casefold() for word in _WORDS.findall(name))


def prohibited_features(
    features: Iterable[str], groups: Mapping[str, Iterable[str]] | Iterable[str], policy: Policy
) -> tuple[Use, ...]:
    """Return the inputs that are a declared group, or are named like a basis on the policy's list.

    Parameters
    ----------
    features
        Names of the model's inputs.
    groups
        Names of the declared groups, or a mapping of them to their levels, by which columns such as ``race_Black``
        are told.
    policy
        With ``direct_use``: its list of bases.

    Examples
    --------
    >>> from fairaudit.policy.loading import load_policy
    >>> policy = load_policy("us-fair-lending").policy
    >>> [(use.column, use.basis) for use in prohibited_features(["income", "GENDER", "account_age"], [], policy)]
    [('GENDER', 'sex')]
    """
    levels = {name: tuple(groups[name]) if isinstance(groups, Mapping) else () for name in groups}
    found = []
    for column in dict.fromkeys(features):
        listed_use = _on_the_list(column, policy)
        group = next((name for name, known in levels.items() if _is_made_of(column, name, known)), None)
        if group is not None:
            basis = listed_use.basis if listed_use else group
            found.append(Use(column, basis, "declared group", group))
        elif listed_use is not None:
            found.append(listed_use)
    return tuple(found)


def similar_features(features: Iterable[str], policy: Policy) -> tuple[str, ...]:
    """Return the inputs that have a word of the policy's list in their name and were not taken for a basis.

    Examples
    --------
    >>> from fairaudit.policy.loading import load_policy
    >>> similar_features(["income", "account_age", "age"], load_policy("us-fair-lending").policy)
    ('account_age',)
    """
    if policy.direct_use is None:
        return ()
    names = [words_of(name) for basis in policy.direct_use.bases for name in basis.names]
    return tuple(
        column
        for column in dict.fromkeys(features)
        if _on_the_list(column, policy) is None and any(_within(name, words_of(column)) for name in names)
    )


def refuse_prohibited(
    features: Iterable[str],
    groups: Mapping[str, Iterable[str]] | Iterable[str],
    policy: Policy,
    *,
    teaching: bool = False,
) -> tuple[Use, ...]:
    """Refuse to train on declared groups or listed bases, unless it is to teach what such a model does.

    Parameters
    ----------
    features, groups, policy
        As in :func:`prohibited_features`.
    teaching
        True returns what was found and refuses nothing.

    Raises
    ------
    ProhibitedBasisError
        With the columns, and how to go on.

    Examples
    --------
    >>> from fairaudit.policy.loading import load_policy
    >>> policy = load_policy("us-fair-lending").policy
    >>> len(refuse_prohibited(["income", "race"], ["race"], policy, teaching=True))
    1
    """
    found = prohibited_features(features, groups, policy)
    if found and not teaching:
        said = listed(f"'{use.column}' ({use.basis}; {use.found} '{use.matched}')" for use in found)
        message = (
            f"The features hold what policy '{policy.id}' treats as a prohibited basis, or a declared group: {said}. "
            "Leave them out of the features; they can still be groups of the audit. To show what a model does with "
            "them, give teaching=True."
        )
        raise ProhibitedBasisError(message)
    return found


def _on_the_list(column: str, policy: Policy) -> Use | None:
    if policy.direct_use is None:
        return None
    neutral = {*policy.direct_use.neutral_words}
    words = tuple(word for word in words_of(column) if word not in neutral)
    for basis in policy.direct_use.bases:
        beside = {*basis.levels}
        for name in basis.names:
            wanted = words_of(name)
            rest = _rest(wanted, words)
            if rest is not None and all(word in beside or word.isdigit() for word in rest):
                return Use(column, basis.basis, "list of the policy", name)
    return None


def _is_made_of(column: str, group: str, levels: Iterable[str]) -> bool:
    """Whether a column is the group's, or one of its levels' (race_Black)."""
    if column.strip().casefold() == group.strip().casefold():
        return True
    words, wanted = words_of(column), words_of(group)
    if not wanted or words[: len(wanted)] != wanted:
        return False
    rest = words[len(wanted) :]
    return not rest or any(rest == words_of(level) for level in levels)


def _rest(wanted: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what is left of a name that begins or ends with the wanted words; None where it does not."""
    if words[: len(wanted)] == wanted:
        return words[len(wanted) :]
    if words[-len(wanted) :] == wanted:
        return words[: -len(wanted)]
    return None


def _within(wanted: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(words[i : i + len(wanted)] == wanted for i in range(len(words)))
