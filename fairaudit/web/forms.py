"""The questions of each step and the answers to them, checked: a form in, roles out, or what is wrong in which field.

Fields are named by the place of a column and of a label, never by their text. What a step answers is plain and goes
to the worker as it is; whether it all fits together is for :func:`fairaudit.schema.declare` to say, as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ..data.profiling import ColumnProfile, FileProfile
from ..errors import FairauditError
from ..metrics import CONTRASTS
from ..policy.loading import load_policy, preset_ids
from ..policy.model import check_ready
from ..schema.roles import DECISION_KINDS, SAMPLED_BY, declare
from ..sharing import LEVELS
from ..translations import LANGUAGES
from .guessing import guess_roles

Values = Mapping[str, Any]
"""Field -> what stands in it: text, or a list where several can be ticked."""

ROLES = {
    "": ("not used", "It is not read."),
    "group": ("group", "Its values are the groups that are compared: race, sex, age."),
    "score": ("score", "The number under audit, from which decisions are made."),
    "decision": ("decision", "What was decided: approved, declined, referred."),
    "outcome": ("outcome", "What really happened afterwards: repaid, defaulted."),
    "stratum": ("stratum", "A legitimate ground to compare within: loan type, branch."),
    "control": ("control", "A legitimate ground to adjust for: income, amount."),
    "weight": ("weight", "How many people of the population a row stands for."),
    "counts": ("counts", "Rows are counts: how many people a row is."),
    "cluster": ("cluster", "People who belong together: household, repeated applicant."),
    "period": ("period", "The month or year."),
}
"""Role -> what it is called and what it means."""
_SEVERAL = frozenset({"", "group", "stratum", "control"})
OUTCOMES = {
    "good": "good",
    "bad": "bad",
    "declined": "not known: declined",
    "not taken up": "not known: not taken up",
    "not matured": "not known: not matured",
    "indeterminate": "not known: indeterminate",
    "missing": "not known: missing",
}
MOST_LEVELS = 100
"""Of a group, a decision or an outcome, that a form can ask about."""
QUESTIONS = {
    "decides": ("What is decided?", "For example: whether a person gets a credit card, and with which limit."),
    "hurt_by_no": ("Who is hurt by a wrong no?", "For example: people who would have repaid and are declined."),
    "hurt_by_yes": ("Who is hurt by a wrong yes?", "For example: people who cannot repay and fall into debt."),
    "stage": ("Which stage of the process is this?", "For example: the first decision, before a person looks at it."),
    "why": ("Why this metric?", "For example: everybody who applies should have the same chance."),
}
_LONGEST_ANSWER = 2000
_LONGEST_POLICY = 200_000
_MOST_CUTOFFS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer, and in which field."""

    field: str
    message: str


Checked = tuple[dict[str, Any], list[Problem]]
"""The answers of a step, and what is wrong; the answers count where nothing is."""


# Which column is what


def columns_values(profile: FileProfile, answers: Values | None) -> dict[str, str]:
    """Return what stands in the fields of columns: what was answered, else a guess."""
    roles = guess_roles(profile) if answers is None else {int(k): v for k, v in answers["roles"].items()}
    return {f"column-{place}": roles.get(place, "") for place in range(len(profile.columns))}


def check_columns(profile: FileProfile, values: Values) -> Checked:
    """Return the role of each column that has one."""
    roles: dict[str, str] = {}
    problems: list[Problem] = []
    for place, column in enumerate(profile.columns):
        field, role = f"column-{place}", str(values.get(f"column-{place}", ""))
        if role not in ROLES:
            problems.append(Problem(field, f"Choose what '{column.name}' is from the list."))
            continue
        if role:
            wrong = _unusable(column, role)
            if role not in _SEVERAL and role in roles.values():
                other = profile.columns[int(next(k for k, v in roles.items() if v == role))].name
                wrong = f"'{column.name}' and '{other}' cannot both be the {ROLES[role][0]}. Choose one of them."
            if wrong:
                problems.append(Problem(field, wrong))
            roles[str(place)] = role
    if not problems and not {"score", "decision", "outcome"} & {*roles.values()}:
        problems.append(Problem("column-0", "Nothing to audit yet: say which column is the score, the decision or the "
                                "outcome."))  # fmt: skip
    if not problems and "group" not in roles.values():
        problems.append(Problem("column-0", "Nobody to compare yet: say which column holds the groups."))
    return {"roles": roles}, problems


def _unusable(column: ColumnProfile, role: str) -> str:
    if not column.filled:
        return f"'{column.name}' is empty in every row. Choose another column."
    if role in {"score", "weight", "counts"} and not column.numeric:
        return (
            f"'{column.name}' is to be the {ROLES[role][0]} and holds values that are no numbers, for example "
            f"'{next((value for value in (*column.labels, *column.first) if not _is_number(value)), '')}'. Choose a "
            "column of numbers, or mend these values in the file."
        )
    several = role in {"decision", "outcome"} or (role in {"group", "stratum"} and not column.numeric)
    if several and not 0 < len(column.labels) <= MOST_LEVELS:
        many = f"{column.distinct:,}" if column.labels else f"about {column.distinct:,}"
        return (
            f"'{column.name}' has {many} different values, and a {ROLES[role][0]} here can have {MOST_LEVELS}. Choose "
            "another column, or put its values into fewer kinds in the file."
        )
    return ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def columns_of(profile: FileProfile, answers: Values, role: str) -> list[tuple[int, ColumnProfile]]:
    """Return the columns that have a role, with their places."""
    return [(int(place), profile.columns[int(place)]) for place, given in answers["roles"].items() if given == role]


# What their values mean


def meaning_values(profile: FileProfile, columns: Values, answers: Values | None) -> dict[str, Any]:
    """Return what stands in the fields of meanings; nothing is chosen that nobody said."""
    given = answers or {}
    values: dict[str, Any] = {
        "higher_is": given.get("higher_is", ""),
        "probability": given.get("probability", ""),
        "sampled_by": given.get("sampled_by", []),
    }
    for role in ("decision", "outcome"):
        for _, column in columns_of(profile, columns, role):
            for j, name in enumerate(column.labels):
                values[f"{role}-{j}"] = given.get(role, {}).get(name, "")
    for place, column in columns_of(profile, columns, "group"):
        values[f"reference-{place}"] = given.get("reference", {}).get(column.name, "")
        values[f"bands-{place}"] = _text(given.get("bands", {}).get(column.name, ()))
    for place, column in columns_of(profile, columns, "control"):
        values[f"bands-{place}"] = _text(given.get("bands", {}).get(column.name, ()))
    return values


def check_meaning(profile: FileProfile, columns: Values, values: Values) -> Checked:
    """Return which side is better, which label is which, who is compared with whom, and how people were drawn."""
    made: dict[str, Any] = {"reference": {}, "bands": {}, "sampled_by": _chosen(values.get("sampled_by"))}
    problems: list[Problem] = []
    if columns_of(profile, columns, "score"):
        made["higher_is"], made["probability"] = values.get("higher_is", ""), values.get("probability", "")
        if made["higher_is"] not in {"better", "worse"}:
            problems.append(Problem("higher_is", "Say whether a higher score is better or worse for the person."))
    for role, kinds, needed in (("decision", DECISION_KINDS, ("favorable", "unfavorable")),
                                ("outcome", tuple(OUTCOMES), ("good", "bad"))):  # fmt: skip
        for _, column in columns_of(profile, columns, role):
            made[role], found = _kinds(column, role, kinds, needed, values)
            problems += found
    for place, column in (*columns_of(profile, columns, "group"), *columns_of(profile, columns, "control")):
        edges, problem = _edges(place, column, values)
        problems += problem
        if edges:
            made["bands"][column.name] = edges
        elif not problem and columns["roles"][str(place)] == "group":
            problems += _unbanded(place, column)
    for place, column in columns_of(profile, columns, "group"):
        reference = str(values.get(f"reference-{place}", "")).strip()
        if reference:
            made["reference"][column.name] = reference
            if column.name not in made["bands"] and reference not in column.labels:
                problems.append(Problem(f"reference-{place}", f"'{column.name}' has no group '{reference}'."))
    if not problems:
        try:
            declare(**roles_of(profile, columns, made, None))
        except FairauditError as error:
            problems.append(Problem("meaning", str(error)))
    return made, problems


def _kinds(column: ColumnProfile, role: str, kinds: Sequence[str], needed: Sequence[str], values: Values) -> Checked:
    made: dict[str, Any] = {}
    problems: list[Problem] = []
    for j, name in enumerate(column.labels):
        kind = str(values.get(f"{role}-{j}", ""))
        if kind in kinds:
            made[name] = kind
        else:
            problems.append(Problem(f"{role}-{j}", f"Say what '{name}' in '{column.name}' means."))
    if not problems and role == "decision":
        problems += [
            Problem(f"{role}-0", f"No value of '{column.name}' is {kind}, and one must be.")
            for kind in needed
            if kind not in made.values()
        ]
    if not problems and role == "outcome" and not {"good", "bad"} & {*made.values()}:
        problems.append(Problem(f"{role}-0", f"No value of '{column.name}' is good or bad, and one must be."))
    return made, problems


def _edges(place: int, column: ColumnProfile, values: Values) -> tuple[list[float], list[Problem]]:
    field = f"bands-{place}"
    text = str(values.get(field, "")).strip()
    if not text:
        return [], []
    if not column.numeric:
        return [], [Problem(field, f"'{column.name}' holds labels, which cannot be cut into bands. Leave it empty.")]
    return _numbers(text, field, "Edges of bands", "25, 62")


def _unbanded(place: int, column: ColumnProfile) -> list[Problem]:
    if 0 < len(column.labels) <= MOST_LEVELS:
        return []
    low, high = column.percentiles[0], column.percentiles[-1]
    message = (
        f"'{column.name}' is a number with about {column.distinct:,} different values, from {low:g} to {high:g}. Say "
        "where to cut it into bands, for example 25, 62."
    )
    return [Problem(f"bands-{place}", message)]


def _numbers(text: str, field: str, what: str, example: str) -> tuple[list[float], list[Problem]]:
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if not parts or not all(_is_number(part) for part in parts):
        return [], [Problem(field, f"{what} are numbers with commas between them, for example {example}.")]
    return [float(part) for part in parts], []


def _text(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _chosen(given: Any) -> list[str]:
    wanted = [given] if isinstance(given, str) else list(given or ())
    return [name for name in wanted if name in SAMPLED_BY]


# Step 0


def questions_values(answers: Values | None) -> dict[str, str]:
    """Return what stands in the fields of step 0."""
    return {name: (answers or {}).get(name, "") for name in QUESTIONS}


def check_questions(values: Values) -> Checked:
    """Return the answers of step 0; each may be left out, and the report then says that it was."""
    made = {name: str(values.get(name, "")).strip() for name in QUESTIONS}
    problems = [
        Problem(name, f"At most {_LONGEST_ANSWER:,} characters; this answer has {len(text):,}.")
        for name, text in made.items()
        if len(text) > _LONGEST_ANSWER
    ]
    return made, problems


# Policy and cut-off

OWN = "own"


def policy_values(answers: Values | None) -> dict[str, str]:
    """Return what stands in the fields of policy and cut-off."""
    given = answers or {}
    defaults = {"policy": "us-fair-lending", "own": "", "cross": "policy", "good": "", "bad": "", "sharing": "internal",
                "min_n": "", "language": "en"}  # fmt: skip
    return {name: given.get(name, value) for name, value in defaults.items()} | {
        "cutoff": _text(given.get("cutoffs", ()))
    }


def check_policy(profile: FileProfile, columns: Values, values: Values) -> Checked:
    """Return policy, cut-offs, crossings, what decisions bring, for whom the report is, and its language."""
    made: dict[str, Any] = {
        name: str(values.get(name, default)).strip() for name, default in policy_values(None).items()
    }
    problems: list[Problem] = []
    made["cutoffs"] = []
    text = made.pop("cutoff")
    if text:
        made["cutoffs"], problems = _numbers(text, "cutoff", "Cut-offs", "620, 640")
        if len(made["cutoffs"]) > _MOST_CUTOFFS:
            problems.append(Problem("cutoff", f"At most {_MOST_CUTOFFS} cut-offs."))
        if not columns_of(profile, columns, "score"):
            problems.append(Problem("cutoff", "A cut-off needs a score, and no column is the score. Leave it empty."))
    problems += _check_choices(made)
    if not any(problem.field in {"policy", "own"} for problem in problems):
        problems += _check_policy(made)
    for name in ("good", "bad"):
        if made[name] and not _is_number(made[name]):
            problems.append(Problem(name, "An amount is a number, for example 18 or -82."))
    if bool(made["good"]) != bool(made["bad"]):
        problems.append(Problem("good" if not made["good"] else "bad", "Give both amounts, or neither."))
    if made["min_n"] and (made["sharing"] != "public" or not made["min_n"].isdigit() or not int(made["min_n"])):
        problems.append(Problem("min_n", "The fewest people is a whole number of at least 1, and only for 'public'."))
    return made, problems


def _check_choices(made: Values) -> list[Problem]:
    offered = {"policy": (*preset_ids(), OWN), "cross": ("policy", "yes", "no"), "sharing": LEVELS,
               "language": tuple(LANGUAGES)}  # fmt: skip
    return [Problem(name, "Choose one from the list.") for name, known in offered.items() if made[name] not in known]


def _check_policy(made: Values) -> list[Problem]:
    field = OWN if made["policy"] == OWN else "policy"
    if len(made["own"]) > _LONGEST_POLICY:
        return [Problem(OWN, f"A policy has at most {_LONGEST_POLICY:,} characters.")]
    try:
        check_ready(load_policy(policy_of(made), known_metrics=CONTRASTS).policy)
    except FairauditError as error:
        return [Problem(field, str(error))]
    except yaml.YAMLError as error:
        return [Problem(OWN, f"The policy is not YAML: {str(error).splitlines()[0]}.")]
    return []


def policy_of(answers: Values) -> Any:
    """Return the policy that was chosen: the id of one that comes along, or what was pasted."""
    if answers["policy"] != OWN:
        return answers["policy"]
    made = yaml.safe_load(answers["own"])
    return made if isinstance(made, dict) else {}


# All of it together


def roles_of(profile: FileProfile, columns: Values, meaning: Values, policy: Values | None) -> dict[str, Any]:
    """Return the roles as :func:`fairaudit.schema.declare` takes them."""
    made: dict[str, Any] = {}
    for role in ("score", "decision", "outcome", "weight", "counts", "cluster", "period"):
        for _, column in columns_of(profile, columns, role):
            made[role] = column.name
    for role, name in (("group", "groups"), ("stratum", "strata"), ("control", "controls")):
        named = [column.name for _, column in columns_of(profile, columns, role)]
        if named:
            made[name] = named
    if "score" in made:
        made["higher_is"] = meaning["higher_is"]
        if meaning.get("probability"):
            made["score_unit"] = "probability"
    if "decision" in made:
        made["decision_levels"] = dict(meaning["decision"])
    if "outcome" in made:
        kinds: dict[str, str] = meaning["outcome"]
        for kind in ("good", "bad"):
            named = [name for name, given in kinds.items() if given == kind]
            if named:
                made[kind] = named
        made["unobserved"] = {name: given for name, given in kinds.items() if given not in {"good", "bad"}}
    for name in ("reference", "bands", "sampled_by"):
        if meaning[name]:
            made[name] = meaning[name]
    if policy is not None and policy["cutoffs"]:
        made["cutoff"] = policy["cutoffs"]
    return {name: value for name, value in made.items() if value not in ({}, [])}


def arguments_of(policy: Values) -> dict[str, Any]:
    """Return what an audit takes besides roles."""
    made: dict[str, Any] = {
        "policy": policy_of(policy),
        "cross": {"policy": None, "yes": True, "no": False}[policy["cross"]],
        "sharing": policy["sharing"],
        "language": policy["language"],
    }
    if policy["good"]:
        made["profit"] = {"good": float(policy["good"]), "bad": float(policy["bad"])}
    if policy["min_n"]:
        made["min_n"] = int(policy["min_n"])
    return made


def share_favorable(profile: FileProfile, columns: Values, higher_is: str, cutoff: float) -> float | None:
    """Return about which share of the rows a cut-off favors, from the percentiles; None without a score."""
    for _, column in columns_of(profile, columns, "score"):
        at = column.percentiles
        # Ties at the cut-off are favorable on either side.
        below = sum(value < cutoff for value in at) / len(at)
        above = sum(value > cutoff for value in at) / len(at)
        return 1 - below if higher_is == "better" else 1 - above
    return None


# Examples come with answers


def example_answers(profile: FileProfile, call: Values) -> dict[str, dict[str, Any]]:
    """Return the answers of the first steps for a data set that says how it is to be read."""
    places = {column.name: str(place) for place, column in enumerate(profile.columns)}
    roles = {places[call[role]]: role for role in ("score", "decision", "outcome", "weight", "counts") if role in call}
    for name, role in (("groups", "group"), ("strata", "stratum")):
        named = call.get(name, ())
        roles |= {places[column]: role for column in ([named] if isinstance(named, str) else named)}
    columns = {"roles": roles}
    meaning: dict[str, Any] = {
        "higher_is": call.get("higher_is", ""),
        "probability": "yes" if call.get("score_unit") == "probability" else "",
        "reference": {name: str(level) for name, level in call.get("reference", {}).items()},
        "bands": {name: list(edges) for name, edges in call.get("bands", {}).items()},
        "sampled_by": _chosen(call.get("sampled_by")),
    }
    for _, column in columns_of(profile, columns, "decision"):
        favorable = str(call.get("favorable"))
        levels = {str(name): kind for name, kind in call.get("decision_levels", {}).items()}
        meaning["decision"] = {
            name: levels.get(name, "favorable" if name == favorable else "unfavorable") for name in column.labels
        }
    for _, column in columns_of(profile, columns, "outcome"):
        bad, good = ({str(name) for name in _listed(call.get(kind))} for kind in ("bad", "good"))
        why = {str(name): reason for name, reason in call.get("unobserved", {}).items()}
        meaning["outcome"] = {
            name: why.get(name) or ("bad" if name in bad or (good and name not in good) else "good")
            for name in column.labels
        }
    cutoff = call.get("cutoff")
    policy = {**policy_values(None), "cutoffs": [float(part) for part in _listed(cutoff)]}
    policy.pop("cutoff")
    return {"columns": columns, "meaning": meaning, "policy": policy}


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]
