"""The shape of a policy: dated data, never code, because the law moves faster than a library.

Every check that a policy file must meet is here; ``loading`` adds the line on which it was broken.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ..errors import PolicyError, listed, suggestion
from ..metrics.base import Contrast, How  # pydantic reads it at run time

if TYPE_CHECKING:
    from collections.abc import Collection

Status = Literal["in force", "repealed", "withdrawn", "draft", "convention", "guideline", "historical", "internal"]
ReferenceMode = Literal["named", "highest", "largest", "rest"]
AlternativePerformance = Literal["area_under_curve", "expected_profit", "volume_at_equal_bad_rate"]
"""What an alternative model must not be worse in."""

NO_DIFFERENCE: dict[How, float] = {"ratio": 1.0, "odds_ratio": 1.0}
"""The value of a contrast between two groups that are treated alike; 0 where not listed."""


def _problem(message: str, *at: str | int) -> PydanticCustomError:
    """Return an error that knows which key below the present one it is about."""
    return PydanticCustomError("policy", "{message}", {"message": message, "at": at})


def _iso_day(value: Any) -> Any:
    """Refuse what pydantic would read as a day by mistake: 2026 is not a second of 1970."""
    if value is None or type(value) is datetime.date:
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    message = f"{value!r} is not a day. Write it as year-month-day, like 2026-07-21."
    raise _problem(message)


Day = Annotated[datetime.date, BeforeValidator(_iso_day)]
Text = Annotated[str, Field(min_length=1)]
Proportion = Annotated[float, Field(ge=0, lt=1)]
Alpha = Annotated[float, Field(gt=0, lt=0.5)]
MetricId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Source(_Record):
    """Where a rule comes from, so that a reader can check it."""

    title: Text
    address: str | None = None
    citation: str | None = None
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    """Year, month or day of publication; of an undated page, the day it was read."""

    @model_validator(mode="after")
    def _can_be_found(self) -> Source:
        if not (self.address or self.citation):
            message = "a source needs an address or a citation. Add one of the two."
            raise _problem(message)
        return self

    @property
    def text(self) -> str:
        """The source on one line, as the report prints it."""
        return ", ".join(part for part in (self.title, self.citation, self.address) if part) + f" ({self.date})"


class Reference(_Record):
    """How the group compared with is chosen."""

    mode: ReferenceMode
    groups: dict[str, Text] = {}
    """Attribute to level, for mode ``named``; a call may add to them."""

    @model_validator(mode="after")
    def _groups_need_named(self) -> Reference:
        if self.groups and self.mode != "named":
            message = f"reference groups are only read in mode 'named', and the mode is '{self.mode}'."
            raise _problem(message, "groups")
        return self


class Profit(_Record):
    """What a selected person brings, so that the report can say what each parity costs."""

    good: float
    bad: float

    @field_validator("good")
    @classmethod
    def _gain(cls, value: float) -> float:
        if not value > 0:
            message = f"good is {value:g}; a good outcome of a selected person brings a gain, above 0."
            raise _problem(message)
        return value

    @field_validator("bad")
    @classmethod
    def _loss(cls, value: float) -> float:
        if not value < 0:
            message = (
                f"bad is {value:g}; a bad outcome of a selected person brings a loss, below 0 (write -82, not 82)."
            )
            raise _problem(message)
        return value


class Alternatives(_Record):
    """What a search for alternatives must show, declared before it begins; a call may give others."""

    performance: AlternativePerformance = "area_under_curve"
    margin: Annotated[float, Field(gt=0)] | None = None
    """By how much an alternative may be worse, in units of the performance. Never guessed."""
    improvement: Annotated[float, Field(ge=0)] = 0.0
    """By how much disparity must be shown to be better: 0.05 is a ratio times 1.05, or five points of a gap."""


class Multiplicity(_Record):
    """How p-values are corrected for the number of comparisons."""

    primary: Literal["holm"] = "holm"
    exploratory: Literal["benjamini_hochberg"] = "benjamini_hochberg"


class Practical(_Record):
    """A line: an effect is past it when ``effect op value`` holds."""

    op: Literal["<", ">"]
    value: float
    watch: float | None = None
    """A milder line that changes the sentence, never the status."""

    @model_validator(mode="after")
    def _watch_is_milder(self) -> Practical:
        if self.watch is not None and (self.watch == self.value or not self.beyond(self.value, self.watch)):
            side = "above" if self.op == "<" else "below"
            message = f"watch is {self.watch:g}; a watch line is milder than the line, so {side} {self.value:g}."
            raise _problem(message, "watch")
        return self

    def beyond(self, value: float, line: float) -> bool:
        """Whether a value is on the far side of any line with this policy's ``op``; one on the line is not."""
        if math.isclose(value, line, rel_tol=1e-9):
            return False  # 0.62 / 0.775 is four fifths, whatever its last bit says
        return value < line if self.op == "<" else value > line

    def is_past(self, value: float) -> bool:
        """Whether an effect is past the line; an effect exactly on it is not.

        Examples
        --------
        >>> line = Practical(op="<", value=0.8, watch=0.9)
        >>> line.is_past(0.79), line.is_past(0.8), line.is_past_watch(0.85)
        (True, False, True)
        """
        return self.beyond(value, self.value)

    def is_past_watch(self, value: float) -> bool:
        """Whether an effect is past the milder watch line; False where the policy has none."""
        return self.watch is not None and self.beyond(value, self.watch)


class Statistical(_Record):
    """What the evidence must show besides being past the line."""

    test: Literal["primary"] = "primary"
    """The test that is dual to the printed interval; the others are sensitivity and never decide."""
    alpha: Alpha | None = None
    """Overrides the policy's alpha for this rule."""


class Rule(_Record):
    """One thing a policy measures, and the line it sets, if any."""

    id: Id
    metric: MetricId
    contrast: How
    practical: Practical | None = None
    statistical: Statistical | None = Statistical()
    combine: Literal["and"] = "and"
    severity: Literal["review", "watch", "info"] = "review"
    family: Literal["primary", "secondary"] = "secondary"

    @property
    def no_difference(self) -> float:
        """The effect between two groups that are treated alike: 1 for ratios, 0 for differences."""
        return NO_DIFFERENCE.get(self.contrast, 0.0)

    @model_validator(mode="after")
    def _line_makes_sense(self) -> Rule:
        line = self.practical
        if line is None:
            return self
        if self.statistical is None:
            message = (
                "a line needs a test: no group is flagged on a bare number. "
                "Remove 'statistical: null', or write 'statistical: {test: primary}'."
            )
            raise _problem(message, "statistical")
        for key, value in (("value", line.value), ("watch", line.watch)):
            if value is None:
                continue
            if line.beyond(self.no_difference, value):
                message = (
                    f"{key} is {value:g}, and with '{line.op}' that is past the line for two groups treated "
                    f"alike (a {self.contrast} of {self.no_difference:g}). Check op, the sign and "
                    "the unit (five points in a hundred are 0.05, not 5)."
                )
                raise _problem(message, "practical", key)
            if self.contrast in NO_DIFFERENCE and value <= 0:
                message = f"{key} is {value:g}; a {self.contrast} is never negative, so its line is above 0."
                raise _problem(message, "practical", key)
        return self


class Basis(_Record):
    """One prohibited basis, and the names that columns of it have."""

    basis: Text
    names: Annotated[tuple[Text, ...], Field(min_length=1)]
    levels: tuple[Text, ...] = ()
    """Words that may stand beside a name: sex_female."""


class DirectUse(_Record):
    """Which columns may not be inputs of a model without being named in the findings."""

    source: Text
    """Where the list comes from, and what it does not say."""
    neutral_words: tuple[Text, ...] = ()
    """Words that change nothing: applicant_sex is sex."""
    bases: Annotated[tuple[Basis, ...], Field(min_length=1)]


class AgeLine(_Record):
    """People of an age and over against those under it, where an attribute is an age in years without bands."""

    line: Annotated[float, Field(gt=0, lt=120)]
    detail: tuple[float, ...] = ()
    """Edges of finer bands, shown as exploratory detail; the line is one of them."""
    names: Annotated[tuple[Text, ...], Field(min_length=1)] = ("age",)
    """Names of the attributes that this is about."""
    source: Text

    @model_validator(mode="after")
    def _line_is_an_edge(self) -> AgeLine:
        if self.detail and self.line not in self.detail:
            message = f"the line {self.line:g} is no edge of detail. Add it, so that finer bands can be put together."
            raise _problem(message, "detail")
        return self


class Policy(_Record):
    """What an audit measures, where the lines are, and where they come from."""

    id: Id
    version: Text
    title: Text
    jurisdiction: Text
    status: Status
    extends: str | None = None
    """The preset whose keys this policy started from."""
    valid_from: Day | None = None
    valid_to: Day | None = None
    checked_on: Day | None = None
    """The day somebody last compared this file with its sources."""
    sources: tuple[Source, ...] = ()
    summary: str = ""
    notes: tuple[Text, ...] = ()
    """Limits that the report prints beside the findings."""
    reference: Reference
    alpha: Alpha = 0.05
    power: Annotated[float, Field(ge=0.5, lt=1)] = 0.8
    multiplicity: Multiplicity = Multiplicity()
    minimum_n: Annotated[int, Field(ge=1)] = 30
    minimum_share: Proportion = 0.0
    excluded_levels: tuple[Text, ...] = ()
    proxies: Literal["allowed", "refused"] = "allowed"
    """Whether groups may be known by probabilities of belonging to them."""
    requires_declaration: bool = False
    direct_use: DirectUse | None = None
    age_line: AgeLine | None = None
    cross: bool = False
    """Audit the crossing of each pair of attributes too, unless a call says otherwise."""
    impact_tables: bool = False
    """Print the tables of people, rates and impact ratios that this policy asks to be published."""
    profit: Profit | None = None
    """What a good and a bad outcome bring; a call may give another. Without it no profit is computed."""
    alternatives: Alternatives = Alternatives()
    """What a search for less discriminatory models must show."""
    rules: tuple[Rule, ...] = ()

    @field_validator("rules")
    @classmethod
    def _one_primary_rule(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        seen: dict[str, int] = {}
        for place, rule in enumerate(rules):
            if rule.id in seen:
                message = f"the rule id '{rule.id}' is used twice. Give each rule its own."
                raise _problem(message, place, "id")
            seen[rule.id] = place
        primary = [place for place, rule in enumerate(rules) if rule.family == "primary"]
        if len(primary) > 1:
            message = (
                f"{len(primary)} rules are in family primary, and only one may be: it is the question the "
                "audit was made for. Make the others 'family: secondary'."
            )
            raise _problem(message, primary[1], "family")
        if any(rule.practical for rule in rules):
            if not primary:
                message = (
                    "rules have lines, but none is primary. Write 'family: primary' on the one rule "
                    "the audit is made for."
                )
                raise _problem(message)
            if rules[primary[0]].practical is None:
                message = (
                    f"the primary rule '{rules[primary[0]].id}' has no line while others have. Give it a "
                    "'practical' line, or make one of those primary."
                )
                raise _problem(message, primary[0])
        return rules

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            message = f"valid_to ({self.valid_to}) is before valid_from ({self.valid_from}). Swap or correct them."
            raise _problem(message, "valid_to")
        if not self.rules and not self.requires_declaration:
            message = "there are no rules, so nothing would be measured. Add at least one under 'rules:'."
            raise _problem(message)
        return self

    @property
    def primary_rule(self) -> Rule | None:
        """The one rule the audit is made for; None where the policy names none."""
        return next((rule for rule in self.rules if rule.family == "primary"), None)

    def alpha_of(self, rule: Rule) -> float:
        """Return the significance level of a rule: its own, or else the policy's."""
        own = rule.statistical.alpha if rule.statistical else None
        return self.alpha if own is None else own


def profit_of(given: Any) -> Profit:
    """Return what a good and a bad outcome bring, as a call gives them.

    Raises
    ------
    PolicyError
        If one of the two is missing, no number, or on the wrong side of 0.

    Examples
    --------
    >>> profit_of({"good": 18, "bad": -82}).bad
    -82.0
    """
    try:
        return Profit.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        what = str(first["msg"]) if first["type"] == "policy" else f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        message = (
            f"profit says what a selected person brings, for example profit={{'good': 18, 'bad': -82}}; got {given!r}: "
            f"{what.strip('.')}."
        )
        raise PolicyError(message) from None


def unknown_metric(metric: str, known: Collection[str]) -> str:
    """Return the sentence about a metric that is not in the catalogue."""
    names = sorted(known)
    return f"unknown metric '{metric}'.{suggestion(metric, names)} Metrics: {listed(names, 60)}."


def mismatch(rule: Rule, contrast: Contrast) -> list[tuple[tuple[str, ...], str]]:
    """Return where a rule reads its metric wrongly: another way of comparing, or a line on the wrong side."""
    found: list[tuple[tuple[str, ...], str]] = []
    if rule.contrast != contrast.how:
        message = f"'{contrast.id}' is a {contrast.how}, not a {rule.contrast}. Write 'contrast: {contrast.how}'."
        found.append((("contrast",), message))
    op = {"below": "<", "above": ">"}.get(contrast.adverse)
    if rule.practical is not None and op is not None and rule.practical.op != op:
        message = (
            f"a group is worse off with a '{contrast.id}' {contrast.adverse} {contrast.neutral:g}, so its line is "
            f"past with '{op}', not with '{rule.practical.op}'."
        )
        found.append((("practical", "op"), message))
    return found


def check_ready(policy: Policy) -> None:
    """Refuse a policy whose user must declare rules first and has not.

    Raises
    ------
    PolicyError
        With what to write. A rule counts as declared when it has a line.
    """
    if policy.requires_declaration and not any(rule.practical for rule in policy.rules):
        message = (
            f"Policy '{policy.id}' does not run as it stands: it asks for metrics and lines that you define "
            f"before you test, and sets none for you. Write a YAML file with 'extends: {policy.id}', an id "
            "of its own and at least one rule with a line, and give its path (see docs/policies.md)."
        )
        raise PolicyError(message)
