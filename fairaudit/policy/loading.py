"""From a name, a path or a mapping to a checked policy, its text and its digest.

The digest is that of ``LoadedPolicy.text``, the whole policy with every key written out: two files that
mean the same have the same digest, and a file that extends a preset changes when the preset does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ..errors import PolicyError, listed, suggestion
from ..metrics import CONTRASTS
from .mistakes import ADD_IT, in_words, located
from .model import Policy, mismatch, unknown_metric
from .reading import MAX_BYTES, Document, Problem, decoded, read_yaml


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A policy as it will be applied: ``sha256`` is the digest of ``text`` in UTF-8."""

    policy: Policy
    sha256: str
    text: str
    """The whole policy as YAML, nothing left to defaults or presets; loading it gives the same policy."""


def preset_ids() -> tuple[str, ...]:
    """Return the ids of the policies that come with the package, in alphabetical order.

    Examples
    --------
    >>> preset_ids()
    ('eu-ai-act-annex-iii-5b', 'us-fair-lending', 'us-nyc-ll144', 'us-ugesp')
    """
    folder = files(__package__).joinpath("presets")
    return tuple(sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml")))


def preset_path(preset: str) -> Path:
    """Return where a preset's file is, comments and all.

    Raises
    ------
    PolicyError
        If there is no such preset.
    """
    if preset not in preset_ids():
        raise PolicyError(_no_such_preset(preset))
    return Path(str(files(__package__).joinpath("presets", f"{preset}.yaml")))


def load_policy(
    name_or_path: str | Path | Mapping[str, Any] | Policy, *, known_metrics: Collection[str] | None = None
) -> LoadedPolicy:
    """Load the policy an audit is held to.

    Parameters
    ----------
    name_or_path
        A preset's id, the path of a YAML file, a mapping with a policy's keys, or a policy.
    known_metrics
        Metric ids that exist; a rule with another one is an error. Not checked when left out.

    Raises
    ------
    PolicyError
        With the file, the line, what is wrong there and how to mend it.

    Examples
    --------
    >>> loaded = load_policy("us-fair-lending")
    >>> loaded.policy.primary_rule.practical.value
    0.8
    """
    if not isinstance(name_or_path, (str, Path, Mapping, Policy)):
        message = f"A policy is the id of a preset, the path of a YAML file or a mapping, got {name_or_path!r}."
        raise PolicyError(message)
    if isinstance(name_or_path, Policy):
        policy: Policy | None = name_or_path
        place, problems = f"policy '{name_or_path.id}'", _metric_problems(name_or_path, None, known_metrics)
    elif isinstance(name_or_path, Mapping):
        place = "policy given as a mapping"
        policy, problems = _checked(dict(name_or_path), None, known_metrics)
    else:
        path = _path_of(name_or_path)
        place = path.name
        policy, problems = _read(path, known_metrics)
    if policy is None or problems:
        raise PolicyError(_first(place, problems))
    return _loaded(policy)


def lint(path: str | Path, *, known_metrics: Collection[str] | None = None) -> list[Problem]:
    """Return everything that is wrong with a policy file, by line; an empty list when nothing is.

    Raises
    ------
    PolicyError
        If there is no such file.
    """
    problems = _read(_path_of(path), known_metrics)[1]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _loaded(policy: Policy) -> LoadedPolicy:
    data = policy.model_dump(mode="json")
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return LoadedPolicy(policy, hashlib.sha256(text.encode()).hexdigest(), text)


def _no_such_preset(name: str) -> str:
    ids = preset_ids()
    return (
        f"There is no policy '{name}'.{suggestion(name, ids)} Policies: {listed(ids)}. "
        "Or give the path of a YAML file of your own."
    )


def _path_of(name_or_path: str | Path) -> Path:
    if isinstance(name_or_path, str) and name_or_path in preset_ids():
        return preset_path(name_or_path)
    path = Path(name_or_path)
    if path.is_file():
        return path
    looks_like_a_path = path.suffix in {".yaml", ".yml"} or len(path.parts) > 1
    if isinstance(name_or_path, str) and not looks_like_a_path:
        raise PolicyError(_no_such_preset(name_or_path))
    what = "is a folder, not a file" if path.is_dir() else "was not found"
    message = f"Policy file '{path}' {what}. Give a YAML file, or one of the policies {listed(preset_ids())}."
    raise PolicyError(message)


def _read(path: Path, known: Collection[str] | None) -> tuple[Policy | None, list[Problem]]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"Policy file '{path}' cannot be read: {error.strerror}."
        raise PolicyError(message) from None
    text = decoded(raw)
    if isinstance(text, Problem):
        return None, [text]
    document = read_yaml(text)
    if not document.data and document.problems:
        return None, list(document.problems)
    policy, problems = _checked(document.data, document, known)
    problems = [*document.problems, *problems]
    return (None if problems else policy), problems


def _checked(
    data: dict[str, Any], document: Document | None, known: Collection[str] | None
) -> tuple[Policy | None, list[Problem]]:
    """Return the policy, or what is wrong with it: causes first, keys that are missing last."""
    merged, problems = _extended(data, document)
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        found = [in_words(dict(detail), document, Policy, _PATTERNS) for detail in error.errors(include_url=False)]
        found.sort(key=lambda problem: problem.message.endswith(ADD_IT))
        if problems:  # without its preset a file lacks keys, which says nothing new
            lines = {problem.line for problem in problems}
            found = [it for it in found if it.line not in lines and not it.message.endswith(ADD_IT)]
        return None, problems + found
    problems += _metric_problems(policy, document, known)
    return (None if problems else policy), problems


def _extended(data: dict[str, Any], document: Document | None) -> tuple[dict[str, Any], list[Problem]]:
    """Start from the preset that ``extends`` names; a key that is given replaces the preset's whole value."""
    base = data.get("extends")
    if base is None:
        return data, []
    if base not in preset_ids():
        ids = preset_ids()
        near = suggestion(str(base), ids)
        message = f"'extends' names no policy of the package: '{base}'.{near} Policies: {listed(ids)}."
        return data, [located(("extends",), message, document)]
    started = read_yaml(preset_path(base).read_text(encoding="utf-8")).data
    if data.get("id", base) == base:
        message = f"a policy that extends '{base}' is another policy and needs an id of its own. Add 'id: ...'."
        return {**started, **data}, [located(("id",) if "id" in data else ("extends",), message, document)]
    return {**started, **data}, []


def _metric_problems(policy: Policy, document: Document | None, known: Collection[str] | None) -> list[Problem]:
    if known is None:
        return []
    problems = []
    for place, rule in enumerate(policy.rules):
        if rule.metric not in known:
            problems.append(located(("rules", place, "metric"), unknown_metric(rule.metric, known), document))
        elif rule.metric in CONTRASTS:
            wrong = mismatch(rule, CONTRASTS[rule.metric])
            problems += [located(("rules", place, *at), message, document) for at, message in wrong]
    return problems


def _first(place: str, problems: list[Problem]) -> str:
    first = problems[0]
    more = f" ({len(problems) - 1} more: `fairaudit policy lint` lists them all.)" if len(problems) > 1 else ""
    where = place if first.line is None else f"{place}, line {first.line}"
    return f"{where}: {first.message}{more}"


_PATTERNS = {
    "date": "write a year, month or day like 2026, 2026-07 or 2026-07-21",
    "id": "an id has small letters, digits, '-', '_' and '.' only",
    "metric": "a metric is named in small letters joined by '_', like selection_rate",
}
