"""What recourse a person has, as plain records, with sentences that can stand in a letter to the person."""

from __future__ import annotations

import html
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..schema.labels import is_missing, label
from ..schema.roles import HigherIs

Status = Literal["found", "none exists", "none found", "undecided", "already reached"]
Claim = Literal[
    "cheapest, proven", "best found, not proven", "searched, not proven", "none exists, proven", "nothing proven"
]


@dataclass(frozen=True, slots=True)
class Change:
    """One feature's change; one that follows another costs nothing more."""

    feature: str
    old: Any
    new: Any
    cost: float
    follows: str | None = None

    def __str__(self) -> str:
        """Return the change in words: ``Raise years_employed from 1 to 4``."""
        if self.has_numbers():
            return f"{'Raise' if self.new > self.old else 'Lower'} {self._from_to()}"
        return f"Change {self._from_to()}"

    def aside(self) -> str:
        """Return the change in words for one that follows: ``age rises from 30 to 33``."""
        return f"{self.feature} {'rises' if self.new > self.old else 'falls'}{self._from_to()[len(self.feature) :]}"

    def has_numbers(self) -> bool:
        """Return whether the change is from a number to a number."""
        return all(not isinstance(value, (str, bool)) and hasattr(value, "__float__") for value in (self.old, self.new))

    def _from_to(self) -> str:
        if self.has_numbers():
            return f"{self.feature} from {plain_number(self.old)} to {plain_number(self.new)}"
        old = "(missing)" if is_missing(self.old) else f"'{label(self.old)}'"
        return f"{self.feature} from {old} to '{label(self.new)}'"


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to the cut-off: what changes, what it costs, and the score that the model itself then gives."""

    changes: tuple[Change, ...]
    cost: float
    score: float
    claim: Claim
    bound: float | None
    """No allowed change costs less (of those that leave a feature of each earlier answer as it is); None if
    nothing was proven."""

    @property
    def gap(self) -> float | None:
        """By how much the cost may be above the least possible, in units of cost; None if nothing is known."""
        return None if self.bound is None else max(0.0, self.cost - self.bound)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that the person changes; those that follow are left out."""
        return tuple(one.feature for one in self.changes if one.follows is None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why to believe it, and how far."""

    method: str
    """How the answer was worked out, in words."""
    exact: bool
    """Whether the score was read as a sum of parts or as trees and given to the solver whole."""
    solver: str
    """The solver's own last words; empty where none was used."""
    best_score: float | None
    """Where no recourse exists: the best score that the model gives under any allowed change."""
    refused: int
    """Answers of the solver that the model's own score, or a rule, refused by a rounding; others were sought."""
    exhausted: bool
    """Whether it is proven that no further answer exists that leaves a feature of each earlier one as it is."""


@dataclass(frozen=True, slots=True)
class Recourse:
    """What one person can do to reach the cut-off, under the declared actions."""

    status: Status
    answers: tuple[Answer, ...]
    """The cheapest first; each later one leaves at least one feature of every earlier one as it is."""
    score: float
    cutoff: float
    units: str
    higher_is: HigherIs
    certificate: Certificate
    notes: tuple[str, ...]
    """What was declared to change and was left as it is all the same, and why."""

    @property
    def cost(self) -> float | None:
        """The cost of the first answer; None without one."""
        return self.answers[0].cost if self.answers else None

    @property
    def new_score(self) -> float | None:
        """The score after the first answer; None without one."""
        return self.answers[0].score if self.answers else None

    def sentences(self, answer: int = 0) -> tuple[str, ...]:
        """Return one answer in plain sentences, or why there is none."""
        needed = f"{plain_number(self.cutoff)} or {'more' if self.higher_is == 'better' else 'less'} is needed"
        if self.status == "already reached":
            return (f"The score is {self._shown(self.score)}, and {needed}: the cut-off is reached as it is.",)
        if self.answers:
            one = self.answers[answer]
            made = [f"{self._with_followers(change, one)}." for change in one.changes if change.follows is None]
            them = "this change" if len(made) == 1 else "these changes"
            last = f"With {them}, and everything else as it is, the score would be {self._shown(one.score)}; {needed}."
            return (*made, last)
        if self.status == "none exists" and self.certificate.best_score is not None:
            best = self._shown(self.certificate.best_score)
            return (f"No change that is declared possible reaches the cut-off: the best score is {best}; {needed}.",)
        if self.status == "none exists":
            return (f"No change that is declared possible reaches the cut-off; {needed}.",)
        if self.status == "none found":
            found = "The search found no change that reaches the cut-off, which does not prove that none exists"
            return (f"{found}; {needed}.",)
        return (f"Time ran out before a change that reaches the cut-off was found or ruled out; {needed}.",)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, ready for JSON; a number that does not exist is None."""
        made = asdict(self)
        made["sentences"] = [list(self.sentences(place)) for place in range(max(1, len(self.answers)))]
        for one, answer in zip(made["answers"], self.answers, strict=True):
            one["gap"] = answer.gap
        plain: dict[str, Any] = _json(made)
        return plain

    def __str__(self) -> str:
        """Return all answers in words, with what is proven about them."""
        lines: list[str] = []
        if len(self.answers) < 2:
            lines += self.sentences()
        for place, answer in enumerate(self.answers):
            if len(self.answers) > 1:
                lines.append(f"Answer {place + 1}: " + " ".join(self.sentences(place)))
            lines.append(f"  cost {plain_number(answer.cost)} ({answer.claim}{self._gap(answer)})")
        lines.append(f"How: {self.certificate.method}.")
        lines += [f"Note: {note}." for note in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if not self.answers:
            said = "".join(f"<p>{html.escape(text)}</p>" for text in self.sentences())
        else:
            rows = "".join(
                "<tr>"
                f"<td>{'<br>'.join(html.escape(text) for text in self.sentences(place)[:-1])}</td>"
                f"<td>{html.escape(self._shown(one.score))}</td><td>{plain_number(one.cost)}</td>"
                f"<td>{html.escape(one.claim + self._gap(one))}</td></tr>"
                for place, one in enumerate(self.answers)
            )
            side = "at least" if self.higher_is == "better" else "at most"
            said = (
                f"<p>Score {html.escape(self._shown(self.score))}, needed {side} {plain_number(self.cutoff)}</p>"
                f"<table><tr><th>changes</th><th>score</th><th>cost</th><th>claim</th></tr>{rows}</table>"
            )
        notes = "".join(f"<p>{html.escape(note)}.</p>" for note in (f"How: {self.certificate.method}", *self.notes))
        return f"<div>{said}{notes}</div>"

    def _with_followers(self, change: Change, answer: Answer) -> str:
        beside = [one.aside() for one in answer.changes if one.follows == change.feature]
        return f"{change} ({', '.join(beside)} with it)" if beside else str(change)

    def _gap(self, answer: Answer) -> str:
        if answer.claim != "best found, not proven" or answer.gap is None:
            return ""
        return f", at most {plain_number(answer.gap)} above the least possible"

    def _shown(self, score: float) -> str:
        """Return a score with as many digits as it takes to show it on its own side of the cut-off."""
        made = plain_number(score)
        for digits in (6, 9, 12, 17):
            made = plain_number(score, digits)
            if (float(made.replace(",", "")) >= self.cutoff) == (score >= self.cutoff) and (
                float(made.replace(",", "")) <= self.cutoff
            ) == (score <= self.cutoff):
                break
        words = {"points": "points", "probability": "(a probability)"}.get(self.units, "")
        return f"{made} {words}".rstrip()


def plain_number(value: Any, digits: int = 6) -> str:
    """Return a number as people write it.

    Examples
    --------
    >>> plain_number(4.0), plain_number(12500), plain_number(0.123456789)
    ('4', '12,500', '0.123457')
    """
    number = float(value)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}" if abs(number) >= 10_000 else str(int(number))
    return f"{number:.{digits}g}"


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if is_missing(value) else label(value)
