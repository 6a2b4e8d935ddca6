"""A result held against its plan, and against audits of the same input that were made before it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .errors import FairauditError
from .planned_records import Departure, EarlierAudit, PlanRecord, StepZero
from .planning import Plan
from .result import Finding, InputRecord, Result, read_result

MOST_EARLIER = 200
_MOST_BYTES = 200_000_000


class EarlierError(FairauditError):
    """An earlier result that cannot be read, or is about another input."""


def with_plan(result: Result, plan: Plan | None, step_zero: StepZero | None) -> Result:
    """Return a result with step 0 as answered, and with what was done otherwise than planned."""
    answered = step_zero or (plan.step_zero if plan else None)
    if plan is None:
        return dataclasses.replace(result, step_zero=answered)
    judged = [finding for finding in result.findings if finding.family != "exploratory"]
    planned = sum(_is_planned(finding, plan) for finding in judged)
    record = PlanRecord(plan.made_on, plan.sha256, departures(result, plan), planned, len(judged) - planned)
    return dataclasses.replace(result, step_zero=answered, plan=record)


def _is_planned(finding: Finding, plan: Plan) -> bool:
    at = finding.cutoff is None or finding.cutoff in plan.cutoffs
    return at and finding.attribute in plan.groups and finding.metric in {*plan.metrics, *plan.lines}


def departures(result: Result, plan: Plan) -> list[Departure]:
    """Return what a result does otherwise than a plan said: nothing where it kept to it."""
    attributes = [one for one in result.schema.attributes if not one.crossing]
    references = {one.name: one.reference for one in attributes if one.name in plan.groups}
    named = {name: references[name] or "" for name in plan.reference if name in references}
    tested = {finding.metric for finding in result.findings}
    pairs = [
        ("groups", _listed(plan.groups), _listed(one.name for one in attributes)),
        ("reference", _paired(plan.reference), _paired(named)),
        ("cut-offs", _numbers(plan.cutoffs), _numbers(cut.cutoff for cut in result.schema.cutoffs)),
        ("policy", f"{plan.policy} {plan.version}", f"{result.policy.id} {result.policy.version}"),
        ("text of the policy (sha256)", plan.policy_sha256, result.policy.sha256),
    ]
    made = [Departure(what, planned or "none", done or "none") for what, planned, done in pairs if planned != done]
    lost = [metric for metric in plan.metrics if metric not in tested]
    if lost:
        made.append(Departure("metrics", _listed(plan.metrics), f"{_listed(lost)}: not compared"))
    return made


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _paired(levels: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={level}" for name, level in sorted(levels.items()))


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.10g}" for value in sorted(values))


# Policies tried earlier


def with_earlier(result: Result, files: Iterable[str | Path], *, demand: bool = True) -> Result:
    """Return a result that lists audits of the same input that were made before it, and those that they list.

    Parameters
    ----------
    result
        The audit that was just made.
    files
        Paths of earlier ``result.json``.
    demand
        Whether a file that cannot be read, or is about another input, is an error; else it is passed over.

    Raises
    ------
    EarlierError
        With ``demand``: the file, and why it is not listed.
    """
    found: dict[str, EarlierAudit] = {one.sha256: one for one in result.earlier}
    for file in files:
        path = Path(file)
        try:
            earlier, digest = _read(path)
            if not _same_input(earlier.input, result.input):
                message = f"{path.name} is an audit of other data ({earlier.input.name}); give results of this input."
                raise EarlierError(message)
        except FairauditError:
            if demand:
                raise
            continue
        if digest != hashlib.sha256(result.to_json().encode()).hexdigest():
            found |= {one.sha256: one for one in (*earlier.earlier, _listed_as(earlier, digest))}
    return dataclasses.replace(result, earlier=list(found.values())[-MOST_EARLIER:])


def _read(path: Path) -> tuple[Result, str]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            message = f"{path.name} is larger than {_MOST_BYTES:,} bytes, and no result is. Give a result.json."
            raise EarlierError(message)
        raw = path.read_bytes()
        return read_result(raw.decode("utf-8")), hashlib.sha256(raw).hexdigest()
    except UnicodeDecodeError:
        message = f"{path.name} is not text in UTF-8. Give a result.json that `fairaudit audit` wrote."
        raise EarlierError(message) from None
    except OSError as error:
        message = f"The earlier result '{path}' cannot be read: {error.strerror or error}."
        raise EarlierError(message) from None


def _same_input(one: InputRecord, other: InputRecord) -> bool:
    """Return True for the same counts, or the same files counted in another way."""
    files = [{file.sha256 for file in record.files} for record in (one, other)]
    return one.sha256 == other.sha256 or (bool(files[0]) and files[0] == files[1])


def _listed_as(result: Result, digest: str) -> EarlierAudit:
    primary = Counter(finding.status for finding in result.findings if finding.family == "primary")
    return EarlierAudit(
        result.policy.id, result.policy.version, result.policy.sha256,
        [cut.cutoff for cut in result.schema.cutoffs], dict(sorted(primary.items())), result.created, digest,
    )  # fmt: skip
