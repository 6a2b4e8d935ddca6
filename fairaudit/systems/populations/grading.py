"""A claim about a sealed exercise, held against the truth, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ...errors import SchemaError, listed, suggestion
from .sealing import GROUPS, NOTHING, STRENGTHS, Secret

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("mechanism", "group", "effect", "interval")
TOLERANCE = 0.25
SMALLEST = 0.05
"""No estimate is asked to be nearer to the truth than this share of a standard deviation of the scores."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a student says: which mechanism, on whom, what it does to the group's mean score, and how sure they are."""

    mechanism: str | None = None
    group: str | None = None
    effect: float | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One line of the rubric: what it asks, whether it was met, and why in words that do not tell the truth."""

    part: str
    met: bool
    words: str


@dataclass(frozen=True, slots=True)
class Grade:
    """All lines of the rubric. ``truth`` is for the teacher."""

    student: str
    marks: tuple[Mark, ...]
    truth: str

    @property
    def points(self) -> int:
        """How many lines were met."""
        return sum(mark.met for mark in self.marks)

    def as_record(self) -> dict[str, Any]:
        """Return the grade as plain data, without the truth."""
        return {"student": self.student, "points": self.points, "of": len(self.marks),
                "marks": [asdict(mark) for mark in self.marks]}  # fmt: skip


def parse_claims(texts: Iterable[str]) -> Claim:
    """Read claims such as ``mechanism=detection_gap``, ``group=sex=male``, ``effect=-21``, ``interval=-25,-17``.

    Raises
    ------
    SchemaError
        If a part is unknown, said twice, or is not of its kind.

    Examples
    --------
    >>> parse_claims(["effect=-21", "interval=-25,-17"])
    Claim(mechanism=None, group=None, effect=-21.0, interval=(-25.0, -17.0))
    """
    said: dict[str, str] = {}
    for text in texts:
        part, equals, value = text.partition("=")
        part, value = part.strip(), value.strip()
        if not equals or part not in PARTS:
            message = f"A claim is PART=VALUE; '{text}' is not.{suggestion(part, PARTS)} Parts: {listed(PARTS)}."
            raise SchemaError(message)
        if part in said:
            message = f"'{part}' is claimed twice, as '{said[part]}' and as '{value}'. Claim it once."
            raise SchemaError(message)
        said[part] = value
    return Claim(
        _among(said.get("mechanism"), "mechanism", tuple(STRENGTHS)),
        _among(said.get("group"), "group", (NOTHING, *("=".join(group) for group in GROUPS))),
        _number(said["effect"]) if "effect" in said else None,
        _interval(said["interval"]) if "interval" in said else None,
    )


def _among(value: str | None, part: str, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        message = f"There is no {part} '{value}'.{suggestion(value, known)} It is one of: {listed(known)}."
        raise SchemaError(message)
    return value


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"'{text}' is no number of points. Write for example effect=-21.5 and interval=-25,-18."
        raise SchemaError(message)
    return value


def _interval(text: str) -> tuple[float, float]:
    ends = [_number(end) for end in text.split(",")]
    if len(ends) != 2 or ends[0] > ends[1]:
        message = f"An interval has a lower and an upper end, like interval=-25,-18; got '{text}'."
        raise SchemaError(message)
    return ends[0], ends[1]


def true_effect(secret: Secret, people: pd.DataFrame) -> float:
    """Return what the mechanism did to the group's mean score, in points, exact for these people."""
    if secret.group is None:
        return 0.0
    there = people[people[secret.group[0]] == secret.group[1]]
    return float((there["score"] - there["score_equal"]).mean())


def grade(student: str, claim: Claim, secret: Secret, people: pd.DataFrame, *, tolerance: float = TOLERANCE) -> Grade:
    """Hold a claim against the truth.

    Parameters
    ----------
    student
        The id.
    claim
        What was claimed; what was not claimed is not met.
    secret, people
        The truth, and the people with ``score_equal``.
    tolerance
        How far the effect may be from the truth, as a share of it, but never nearer than a twentieth of a standard
        deviation of the scores. An interval may be four such distances wide.

    Returns
    -------
    Grade
    """
    if not 0 < tolerance <= 1:
        message = f"The tolerance is {tolerance:g}; give a share of the effect, above 0 and up to 1."
        raise SchemaError(message)
    effect = true_effect(secret, people)
    near = max(tolerance * abs(effect), SMALLEST * float(people["score"].std()))
    marks = (
        _named("mechanism", claim.mechanism, secret.mechanism),
        _named("group", claim.group, secret.group_text),
        _effect(claim.effect, effect, near),
        _covers(claim.interval, effect, 4 * near),
    )
    truth = (
        f"{secret.mechanism} {secret.strength:g} on {secret.group_text}: {effect:+.2f} points of the mean score."
        if secret.group
        else "No mechanism is on: the effect is 0."
    )
    return Grade(student, marks, truth)


def _named(part: str, said: str | None, true: str) -> Mark:
    if said is None:
        return Mark(part, met=False, words=f"No {part} was claimed.")
    if said == true:
        return Mark(part, met=True, words=f"'{said}' is right.")
    return Mark(part, met=False, words=f"'{said}' is not it. Which column of the file would look otherwise if it were?")


def _effect(said: float | None, true: float, near: float) -> Mark:
    if said is None:
        return Mark("effect", met=False, words="No effect was claimed.")
    if abs(said - true) <= near:
        return Mark("effect", met=True, words=f"{said:+g} points are within the tolerance of the truth.")
    words = (
        f"{said:+g} points are too far from the truth. What counts is the group's mean score, against that "
        "of the same people without the mechanism."
    )
    return Mark("effect", met=False, words=words)


def _covers(said: tuple[float, float] | None, true: float, widest: float) -> Mark:
    if said is None:
        return Mark("interval", met=False, words="No interval was claimed.")
    low, high = said
    covers, narrow = low <= true <= high, high - low <= widest
    if covers and narrow:
        words = "It covers the truth, and is narrow enough to say something."
    elif covers:
        words = "It covers the truth, but it is so wide that it says little."
    else:
        words = "It does not cover the truth. One in twenty 95% intervals does not even when all was done well."
    return Mark("interval", met=covers and narrow, words=f"From {low:+g} to {high:+g} points. {words}")
