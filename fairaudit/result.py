"""What an audit found, as plain records: the contract of ``result.json``.

Everything above this floor (reports, the command line, the web page) reads these records and computes
nothing. A number that does not exist is ``None`` and the field ``undefined`` says why; a number that
is infinite is ``None`` and ``unbounded`` says which side has no bound.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from .explained_records import (
    DriverRecord as DriverRecord,
)
from .explained_records import (
    ExplanationRecord as ExplanationRecord,
)
from .explained_records import (
    GapRecord as GapRecord,
)
from .explained_records import (
    ModelRecord as ModelRecord,
)
from .explained_records import (
    PartRecord as PartRecord,
)
from .explained_records import (
    PersonRecord as PersonRecord,
)
from .explained_records import (
    ReasonRecord as ReasonRecord,
)
from .explained_records import (
    RecourseRecord as RecourseRecord,
)
from .explained_records import (
    ToldRecord as ToldRecord,
)
from .planned_records import EarlierAudit, PlanRecord
from .planned_records import StepZero as StepZero
from .sharing import SharingRecord
from .statuses import STATUS_WORDS as STATUS_WORDS

SCHEMA_VERSION = "1.0"

Status = Literal["flag", "within_line", "insufficient", "info"]
Family = Literal["primary", "secondary", "exploratory"]


@dataclass(frozen=True, slots=True)
class RateRecord:
    """One metric of one group: the value, its interval and the people behind it."""

    metric: str
    attribute: str
    group: str
    levels: dict[str, str]
    """The level of each attribute; one entry, or several for a crossing."""
    cutoff: float | None
    """The cut-off that made the decision; None for recorded decisions and for score metrics."""
    num: float | None
    den: float | None
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    n: int
    """People behind the denominator (rates) or in the group (other metrics)."""
    undefined: str | None = None
    band: str | None = None
    """Score band, for metrics that have one value a band."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A contrast of one group with its reference, and what the policy makes of it."""

    id: str
    family: Family
    rule: str | None
    """The id of the policy's rule that this answers; None where no rule asks."""
    metric: str
    contrast: str
    """How the group is set against the reference: ratio, difference, odds_ratio, shortfall, ..."""
    attribute: str
    group: str
    levels: dict[str, str]
    reference: str
    cutoff: float | None
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    test: str | None
    p: float | None
    p_adjusted: float | None
    n: int
    n_reference: int
    people_needed: int | None
    """Group members needed to settle an insufficient finding, if the observed effect is the true one; None at the
    line itself, where no number would."""
    minimum_detectable: float | None
    """The effect that people in these numbers would reveal with the policy's power."""
    line: float | None
    status: Status
    reason: str
    sentence: str
    undefined: str | None = None
    unbounded: str | None = None
    sensitivity: dict[str, float | None] = field(default_factory=dict)
    """The p-values of other tests of the same contrast; they never set the status."""
    people_needed_if_alike: int | None = None
    """Group members needed to put an insufficient finding within the line, if in truth there is no difference."""
    flip_count: int | None = None
    """The fewest decisions, all in the group or all in the reference, that, changed, change the status."""
    flip_to: Status | None = None
    """The status that it would have then."""
    flip_text: str | None = None
    """The same in words; one and two decisions are named as the one- and the two-person rule."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A quantity beyond one rate and one contrast, for a group, a pair of groups or a whole attribute."""

    topic: str
    """The question it answers: distribution, calibration, conditional, summary, bounds, profit, classes or proxy."""
    metric: str
    attribute: str
    group: str | None
    """None where the number is about all groups of the attribute together."""
    reference: str | None
    cutoff: float | None
    detail: str | None
    """What part of it: a quantile, a score band, a stratum, an assumption."""
    value: float | None
    low: float | None
    high: float | None
    method: str | None
    n: int
    n_reference: int | None = None
    expected: float | None = None
    """What chance alone would give if the groups were alike: of numbers that cannot be negative, and sizes of gaps."""
    excess: float | None = None
    """Value, or its size, less expected."""
    test: str | None = None
    p: float | None = None
    p_adjusted: float | None = None
    """Benjamini-Hochberg over all measurements of the topic."""
    note: str | None = None
    undefined: str | None = None
    source: Literal["counts", "rows"] = "counts"


@dataclass(frozen=True, slots=True)
class ProhibitedUse:
    """An input of the model that is a declared group, or is named like a basis on the policy's list."""

    column: str
    basis: str
    found: Literal["declared group", "list of the policy"]
    matched: str
    status: Status
    sentence: str


@dataclass(frozen=True, slots=True)
class DirectUse:
    """Whether the model's declared inputs hold a prohibited basis; a flag counts for ``--fail-on flag``."""

    metric: Literal["uses_prohibited_basis"]
    policy: str
    features: list[str]
    uses: list[ProhibitedUse]
    similar: list[str]
    """Inputs with such a word in their name that were not taken for a basis."""
    not_known: str
    source: str | None
    """Where the policy's list comes from."""


@dataclass(frozen=True, slots=True)
class NotRun:
    """A check that was not made, and why."""

    what: str
    reason: str
    attribute: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """Something the data did, how often, where first, and what was done about it."""

    code: str
    message: str
    count: int
    column: str | None
    rows: list[int]
    action: str
    part: str = ""
    """The part of merged counts that it is about; empty where it is about all."""


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """Rows read, rows used, and the rows set aside by reason: read = used + sum of set_aside."""

    read: int
    used: int
    set_aside: dict[str, int]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One input file: its name without folders, its size in bytes and its sha256."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MergedCube:
    """One of the cubes that the audited counts were merged of, with who counted it and the digest of its counts."""

    name: str
    owner: str
    people: int
    read: int
    sha256: str
    epsilon: float | None = None
    """What its noise for privacy cost; None where it has none."""


@dataclass(frozen=True, slots=True)
class InputRecord:
    """What was read. ``sha256`` is the digest of the counts, the same for every engine."""

    name: str
    sha256: str
    files: list[FileRecord]
    ledger: LedgerRecord
    owner: str = ""
    """Who counted it, in their own words."""
    parts: list[MergedCube] = field(default_factory=list)
    """What the counts were merged of; empty where they were counted in one go."""
    epsilon: float | None = None
    """What the noise of the counts cost (differential privacy); None where there is none, or the parts tell."""


@dataclass(frozen=True, slots=True)
class CutoffRecord:
    """One cut-off as people say it, and how many stand exactly at it."""

    cutoff: float
    text: str
    people_at: int | None
    """None where the score was binned and the cut-off was not given while counting."""
    production: bool


@dataclass(frozen=True, slots=True)
class AttributeRecord:
    """One audited attribute: its levels with their people, and the reference it is held against."""

    name: str
    levels: dict[str, int]
    reference: str | None
    reference_mode: str
    crossing: bool = False
    decision_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Level -> recorded decision label (with its kind) -> people; excluded and intermediate ones are here too."""
    outcome_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Level -> good, bad, or the reason why the outcome is unobserved -> people."""
    unscored: dict[str, int] = field(default_factory=dict)
    """Level -> people without a score; empty where nobody lacks one."""


@dataclass(frozen=True, slots=True)
class MedianRecord:
    """The median score of everybody scored, and how many stand exactly at it and above it."""

    value: float | None
    """None where the score was binned: the median lies in a bin of several scores."""
    people: int
    people_at: int
    """People exactly at the median, who are not above it; of a binned score all people in its bin."""
    people_above: int


@dataclass(frozen=True, slots=True)
class SchemaRecord:
    """The roles as declared, and what the data turned out to hold."""

    roles: dict[str, Any]
    """The declared roles, column by column, as given in the call."""
    people: int
    decision_text: str
    """In words: whose decision is audited, and what counts as favourable."""
    positive: str
    """What the positive class is, in words."""
    cutoffs: list[CutoffRecord]
    attributes: list[AttributeRecord]
    decision_counts: dict[str, int]
    """People by recorded decision label; empty without recorded decisions."""
    outcome_counts: dict[str, int]
    """People by outcome: good, bad and each reason for being unobserved; empty without outcomes."""
    outcomes_complete: bool
    """False where error rates over everybody are not identified because outcomes are unobserved."""
    median: MedianRecord | None = None
    """What scoring rates are held against; None without a score."""


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """The policy that set the lines."""

    id: str
    version: str
    title: str
    sha256: str
    status: str
    jurisdiction: str
    reference: str
    alpha: float
    power: float
    """Of the minimum detectable effects and the people needed."""
    sources: list[str]
    notes: list[str] = field(default_factory=list)
    impact_tables: bool = False
    """Whether the policy asks for tables of people, rates and impact ratios."""
    profit: dict[str, float] | None = None
    """What a good and a bad outcome of a selected person bring: given in the call, or else in the policy."""


@dataclass(frozen=True, slots=True)
class CurveRecord:
    """Columns over every cut-off for one group; None where undefined."""

    attribute: str
    group: str
    columns: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class BandRecord:
    """How sure the ``..._band_low`` and ``..._band_high`` columns of one attribute's curves are."""

    attribute: str
    metric: str
    """What the band is around: selection_rate or adverse_impact_ratio."""
    confidence: float
    """Chance aimed at that the band holds all groups at all cut-offs at once."""
    groups: int
    """Groups that the band is simultaneous over."""
    cutoffs: int
    """Cut-offs that it is simultaneous over."""
    method: str | None
    undefined: str | None = None
    """Why there is no band, where there is none."""


@dataclass(frozen=True, slots=True)
class Curves:
    """Rates over all cut-offs at once: the list of cut-offs, then one set of columns a group.

    Columns ``..._low`` and ``..._high`` hold at one cut-off at a time; ``..._band_low`` and ``..._band_high``
    hold for all groups of the attribute and all cut-offs at once, as ``bands`` says.
    """

    cutoffs: list[float]
    groups: list[CurveRecord]
    bands: list[BandRecord] = field(default_factory=list)


# A model, its score taken apart


@dataclass(frozen=True, slots=True)
class Result:
    """Everything one audit found."""

    schema_version: str
    tool: dict[str, str]
    created: str | None
    input: InputRecord
    schema: SchemaRecord
    policy: PolicyRecord
    seed: int
    confidence: float
    rates: list[RateRecord]
    findings: list[Finding]
    curves: Curves | None
    not_run: list[NotRun]
    issues: list[IssueRecord]
    cube: dict[str, Any]
    measurements: list[Measurement] = field(default_factory=list)
    """Distances, calibration, conditional disparity, summaries and bounds; none of them sets a status."""
    direct_use: DirectUse | None = None
    """None where the model's inputs were not declared."""
    explanation: ExplanationRecord | None = None
    """None where no model was given."""
    alternatives: dict[str, Any] | None = None
    reliance: dict[str, Any] | None = None
    monitoring: dict[str, Any] | None = None
    language: str = "en"
    """Of the sentences in here, and of the reports made of them."""
    sharing: SharingRecord | None = None
    step_zero: StepZero | None = None
    """What is decided and who is hurt, in words; None where nobody was asked."""
    plan: PlanRecord | None = None
    """None where nothing was planned beforehand."""
    earlier: list[EarlierAudit] = field(default_factory=list)
    """Audits of the same input that were made before this one, as far as they were given."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain dictionaries and lists, in the order of the fields."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """Return the result as JSON text: the same input gives the same bytes.

        Raises
        ------
        ValueError
            If a number that is not finite slipped through; a result never holds one.
        """
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def finite(value: float | None) -> float | None:
    """Return a float that JSON can hold: None for None, NaN and the infinities.

    Examples
    --------
    >>> finite(0.5), finite(float("nan")), finite(None)
    (0.5, None, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def read_result(text: str) -> Result:
    """Read ``result.json`` back into records, checking every field.

    Raises
    ------
    DataContractError
        If the text is not JSON, or its fields are not those of a result.
    """
    from pydantic import TypeAdapter, ValidationError

    from .errors import DataContractError

    try:
        return TypeAdapter(Result).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file itself"
        message = (
            f"This is not a fairaudit result of schema version {SCHEMA_VERSION}: {first['msg']} at {place} "
            f"({error.error_count()} problems in all). Give the result.json that `fairaudit audit` wrote."
        )
        raise DataContractError(message) from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``result.json``, made from the records above."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Result).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"fairaudit result {SCHEMA_VERSION}",
        **schema,
    }
