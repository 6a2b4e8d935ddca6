"""Before any number: what is decided and who is hurt (step 0), and a plan that says beforehand what will be compared.

A plan is a dated YAML file with the digest of its own content: whoever reads a report can see that groups, reference,
metric, cut-off and line were chosen before the data were looked at, or that they were not.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import FairauditError, listed, suggestion
from .metrics import CONTRASTS
from .metrics.base import find_metric
from .planned_records import StepZero
from .policy.loading import LoadedPolicy, load_policy, preset_ids
from .policy.mistakes import in_words
from .policy.model import check_ready
from .policy.reading import MAX_BYTES, Problem, decoded, read_yaml
from .writing import write_whole

MOST_CHARACTERS = 2000
"""Of one answer of step 0."""
_HEADER = """\
# A plan of an audit: what will be compared, written down before the data were looked at.
# `fairaudit audit DATA --plan {name} ...` holds the audit to it. sha256 is the digest of what stands here: a plan that
# was changed afterwards is refused. To plan something else, make another plan and keep this one.
"""


class PlanError(FairauditError):
    """A plan that cannot be made or read, or that was changed after it was made."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be compared, with whom, by which metric, at which cut-off, and where the line is."""

    made_on: str
    """Date and time in UTC (ISO 8601)."""
    policy: str
    version: str
    policy_sha256: str
    lines: Mapping[str, float]
    """Metric -> the policy's line at that time."""
    groups: tuple[str, ...]
    reference: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    cutoffs: tuple[float, ...] = ()
    step_zero: StepZero = field(default_factory=StepZero)

    @property
    def sha256(self) -> str:
        """The digest of everything above: of its JSON with sorted keys, in UTF-8."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_yaml(self, name: str = "plan.yaml") -> str:
        """Return the plan as a file, with its digest."""
        plain = {"plan": 1, **json.loads(json.dumps(dataclasses.asdict(self))), "sha256": self.sha256}
        return _HEADER.format(name=name) + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)

    def write(self, path: str | Path) -> Path:
        """Write the plan, whole or not at all; a plan that is there is never written over.

        Raises
        ------
        PlanError
            If there is a file of that name.
        """
        target = Path(path)
        if target.exists():
            message = f"{target.name} is there already, and a plan is not written over. Give another name."
            raise PlanError(message)
        return write_whole(target, self.to_yaml(target.name))


def step_zero_of(given: StepZero | Mapping[str, str] | None) -> StepZero | None:
    """Return the answers of step 0 from a record or a mapping of its names.

    Raises
    ------
    PlanError
        If there is a question of another name, or an answer that is no text or too long.
    """
    if given is None:
        return None
    names = [one.name for one in dataclasses.fields(StepZero)]
    answers = dataclasses.asdict(given) if isinstance(given, StepZero) else given
    if not isinstance(answers, Mapping):
        message = f"step_zero is a StepZero, or a mapping of {listed(names)}, got {given!r}."
        raise PlanError(message)
    for name, text in answers.items():
        if name not in names:
            message = f"Step 0 has no question '{name}'.{suggestion(str(name), names)} Questions: {listed(names)}."
            raise PlanError(message)
        if not isinstance(text, str):
            message = f"The answer to '{name}' of step 0 is text, got {text!r}."
            raise PlanError(message)
        if len(text) > MOST_CHARACTERS:
            message = f"The answer to '{name}' of step 0 has {len(text):,} characters; at most {MOST_CHARACTERS:,}."
            raise PlanError(message)
    return StepZero(**{name: text.strip() for name, text in answers.items()})


def make_plan(
    *,
    groups: str | Sequence[str],
    reference: Mapping[str, Any] | None = None,
    metrics: str | Sequence[str] | None = None,
    cutoff: float | Sequence[float] | None = None,
    policy: Any = "us-fair-lending",
    step_zero: StepZero | Mapping[str, str] | None = None,
) -> Plan:
    """Return a plan of an audit, dated now (or at SOURCE_DATE_EPOCH).

    Parameters
    ----------
    groups, reference, cutoff
        As in :func:`fairaudit.audit`.
    metrics
        Ids of the comparisons that will be made; that of the policy's first rule when None.
    policy
        As in :func:`fairaudit.audit`; its id, version, digest and lines are written down.
    step_zero
        What is decided, who is hurt, at which stage, and why this metric.

    Raises
    ------
    PlanError, PolicyError, SchemaError, UndefinedMetricError
        If something is missing or does not fit together.

    Examples
    --------
    >>> plan = make_plan(groups="race", reference={"race": "White"}, cutoff=620,
    ...                  step_zero={"decides": "who gets a credit card"})
    >>> plan.metrics, dict(plan.lines)["adverse_impact_ratio"], len(plan.sha256)
    (('adverse_impact_ratio',), 0.8, 64)
    """
    from .schema.labels import label
    from .schema.roles import check_types, numbers

    check_types({"groups": groups, "reference": reference})
    names = (groups,) if isinstance(groups, str) else tuple(groups)
    if not names:
        message = "A plan names the groups that will be compared; none is given."
        raise PlanError(message)
    for name in reference or {}:
        if name not in names:
            message = f"A reference is planned for '{name}', which is not among the groups ({listed(names)})."
            raise PlanError(message)
    loaded = load_policy(policy, known_metrics=CONTRASTS)
    check_ready(loaded.policy)
    return Plan(
        made_on=_now(),
        policy=loaded.policy.id,
        version=loaded.policy.version,
        policy_sha256=loaded.sha256,
        lines={rule.metric: rule.practical.value for rule in loaded.policy.rules if rule.practical},
        groups=names,
        reference={name: label(level) for name, level in (reference or {}).items()},
        metrics=_metrics(metrics, loaded),
        cutoffs=numbers(cutoff, "cutoff"),
        step_zero=step_zero_of(step_zero) or StepZero(),
    )


def _metrics(given: str | Sequence[str] | None, loaded: LoadedPolicy) -> tuple[str, ...]:
    if given is None:
        rule = loaded.policy.primary_rule
        return (rule.metric,) if rule else ()
    wanted = (given,) if isinstance(given, str) else tuple(given)
    found = tuple(find_metric(name).id for name in wanted)
    for name in found:
        if name not in CONTRASTS:
            message = f"'{name}' is a metric of one group; a plan names comparisons of two: {listed(CONTRASTS, 60)}."
            raise PlanError(message)
    return found


def _now() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = datetime.fromtimestamp(int(epoch), tz=UTC) if epoch else datetime.now(tz=UTC)
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH must be whole seconds since 1970, got {epoch!r}."
        raise PlanError(message) from None
    return moment.replace(microsecond=0).isoformat()


# A plan from a file


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answers(_File):
    decides: str = Field("", max_length=MOST_CHARACTERS)
    hurt_by_no: str = Field("", max_length=MOST_CHARACTERS)
    hurt_by_yes: str = Field("", max_length=MOST_CHARACTERS)
    stage: str = Field("", max_length=MOST_CHARACTERS)
    why: str = Field("", max_length=MOST_CHARACTERS)


_Number = Annotated[float, Field(allow_inf_nan=False)]


class _PlanFile(_File):
    plan: Annotated[int, Field(ge=1, le=1)]
    made_on: str
    policy: str
    version: str
    policy_sha256: str
    lines: dict[str, _Number]
    groups: tuple[str, ...]
    reference: dict[str, str]
    metrics: tuple[str, ...]
    cutoffs: tuple[_Number, ...]
    step_zero: _Answers
    sha256: str


def read_plan(given: Plan | str | Path) -> Plan:
    """Return a plan from its file, if it is as it was made.

    Raises
    ------
    PlanError
        If there is no such file, it is no plan, or it was changed after it was made; with the line.
    """
    if isinstance(given, Plan):
        return given
    if not isinstance(given, (str, Path)):
        message = f"A plan is what make_plan returned, or the path of its file, got {given!r}."
        raise PlanError(message)
    path = Path(given)
    try:
        with path.open("rb") as stream:
            text = decoded(stream.read(MAX_BYTES + 1))
    except OSError as error:
        message = f"The plan '{path}' cannot be read: {error.strerror or error}. `fairaudit plan` makes one."
        raise PlanError(message) from None
    if isinstance(text, Problem):
        raise PlanError(_told(path, text))
    document = read_yaml(text)
    if document.problems:
        raise PlanError(_told(path, document.problems[0]))
    try:
        read = _PlanFile.model_validate(document.data)
    except ValidationError as error:
        problem = in_words(dict(error.errors(include_url=False)[0]), document, _PlanFile, {})
        raise PlanError(_told(path, problem)) from None
    plan = Plan(
        read.made_on, read.policy, read.version, read.policy_sha256, read.lines, read.groups, read.reference,
        read.metrics, read.cutoffs, StepZero(**read.step_zero.model_dump()),
    )  # fmt: skip
    if plan.sha256 != read.sha256:
        message = (
            f"{path.name} is not as it was made: what stands there has the digest {plan.sha256[:12]}..., and its own "
            f"says {read.sha256[:12]}.... Something was changed since {read.made_on}. Take the file that was made, or "
            "make another plan and say that it is another."
        )
        raise PlanError(message)
    return plan


def _told(path: Path, problem: Problem) -> str:
    where = path.name if problem.line is None else f"{path.name}, line {problem.line}"
    return f"{where}: {problem.message}"


def policy_of_plan(plan: Plan) -> str:
    """Return the policy that a plan names, where it is one that comes along.

    Raises
    ------
    PlanError
        If it is a policy of one's own: its file must be given again.
    """
    if plan.policy not in preset_ids():
        message = (
            f"The plan names '{plan.policy}', a policy of your own. Give its file too (policy=, --policy FILE): the "
            "plan holds its digest, and says whether it is the same."
        )
        raise PlanError(message)
    return plan.policy


def with_planned_roles(plan: Plan, roles: Mapping[str, Any]) -> dict[str, Any]:
    """Return the roles of a call with what it does not say taken from the plan."""
    planned: dict[str, Any] = {"groups": list(plan.groups), "reference": dict(plan.reference)}
    planned["cutoff"] = list(plan.cutoffs)
    made = dict(roles)
    for name, value in planned.items():
        if made.get(name) is None and value:
            made[name] = value
    if "groups" in made and "reference" in made and "reference" not in roles:
        named = [made["groups"]] if isinstance(made["groups"], str) else list(made["groups"])
        made["reference"] = {name: level for name, level in made["reference"].items() if name in named}
        if not made["reference"]:
            del made["reference"]
    return made
