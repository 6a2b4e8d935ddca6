"""What a search for subgroups found, as plain records and JSON; the counts behind every number are in them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

SEARCH_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class SubgroupRecord:
    """One crossing that the search selected, measured on the people whom the search did not see.

    ``None`` where a number does not exist; every rate, gap, interval and p is of the people kept back, but for the
    fields that begin with ``search_``.
    """

    rank: int
    attribute: str
    """The attributes crossed, such as ``race × sex``."""
    group: str
    levels: dict[str, str]
    depth: int
    side: str
    """``lower`` or ``higher`` than everybody else's rate, as the search saw it."""
    confirmed: bool
    people: int
    """People of the rate's denominator in this crossing in the whole file: both halves."""
    rate: float | None
    rest_rate: float | None
    gap: float | None
    low: float | None
    high: float | None
    method: str
    affected: float | None
    """People in the whole file that the gap is worth, above 0 where they are worse off; of a metric without a
    better side, above 0 where the rate is higher."""
    affected_low: float | None
    affected_high: float | None
    test: str
    p_rest: float | None
    predicted: float | None
    """The rate that the crossing's parents predict; that of everybody else for a single attribute."""
    odds_ratio: float | None
    """Odds of the crossing over the predicted odds; None for a single attribute."""
    odds_ratio_low: float | None
    odds_ratio_high: float | None
    p_parents: float | None
    p: float
    p_adjusted: float
    gap_without_finer: float | None
    """The gap without the people of finer crossings that are confirmed too; None where there are none."""
    gap_without_finer_low: float | None
    gap_without_finer_high: float | None
    num: int
    den: int
    rest_num: int
    rest_den: int
    search_rate: float
    search_gap: float
    """The gap by which it was selected: too large on average, which is why it decides nothing."""
    search_p: float


@dataclass(frozen=True, slots=True)
class DepthRecord:
    """What was looked at with so many attributes crossed."""

    depth: int
    sets: int
    crossings: int
    too_small: int
    same_as_parent: int
    tested: int
    selected: int


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A search and its confirmation: what was asked, what was looked at, and what was found."""

    schema_version: str
    tool: dict[str, str]
    source: str
    sha256: str
    """Of the counts, see :attr:`fairaudit.Cube.digest`."""
    people: int
    """People of the rate's denominator in the whole file."""
    metric: str
    metric_title: str
    better: str
    decision_text: str
    cutoff: float | None
    attributes: list[str]
    depth: int
    direction: str
    predict_from: str
    """``parents``: the crossings with one attribute less; ``single``: single attributes only."""
    policy: str
    alpha: float
    confidence: float
    level: float
    """Level of the false discovery rate in the search."""
    share: float
    seed: int
    search_people: int
    confirmation_people: int
    overall_rate: float | None
    subgroups: list[SubgroupRecord]
    depths: list[DepthRecord]
    left_out: int
    """Selected crossings beyond the most that were to be confirmed."""
    too_wide: list[str]
    """Sets of attributes with too many levels to work with."""
    unknown: dict[str, int]
    """People, by attribute, whose level is missing or left out by the policy: in no crossing of it."""
    people_to_look: int | None
    """About so many people must a crossing have in the file to be looked at."""
    people_to_confirm: int | None
    """About so many people for a gap of ten percentage points to be confirmed against everybody else."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        """Return the result as JSON text."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
