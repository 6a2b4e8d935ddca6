"""What a person could change, said in a letter: a recourse in the letter's language, and in its figures."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ExplanationError
from ..schema.labels import is_missing
from ..translations import Say
from .reason_records import Reasons
from .reason_words import SAID_VALUES, value_text
from .recourse_record import Change, Recourse

CLOSE = 1e-6
"""Two scores of one person, relative to their size: libraries add up in single precision."""


def changes_said(ways: Recourse, reasons: Reasons, say: Say) -> list[str]:
    """Return the cheapest answer in sentences, one a change and one for the score that it leads to.

    Parameters
    ----------
    ways
        Of the person whose reasons these are.
    reasons
        Their words for features, and their way of showing a score.
    say
        The letter's language.

    Raises
    ------
    ExplanationError
        If it is somebody else's recourse, by its score or its cut-off.
    """
    _same_person(ways, reasons)
    if ways.status == "already reached":
        return []
    if not ways.answers:
        return [say("We looked for changes that would reach the line, and found none.")]
    answer = ways.answers[0]
    return [*(_said(change, reasons, say) for change in answer.changes), _reached(answer.score, ways, reasons, say)]


def _said(change: Change, reasons: Reasons, say: Say) -> str:
    if change.follows is not None:
        text = say("With it, {name} goes from {old} to {new}.")
    elif not change.has_numbers():
        text = say("Change {name} from {old} to {new}.")
    elif change.new > change.old:
        text = say("Raise {name} from {old} to {new}.")
    else:
        text = say("Lower {name} from {old} to {new}.")
    entry = reasons.catalogue.entries.get(change.feature)
    unit = entry.unit if entry is not None else None
    for blank, value in (("{old}", change.old), ("{new}", change.new)):
        text = text.replace(blank, _value(value, unit, say))
    return text.replace("{name}", reasons.catalogue.name_of(change.feature))


def _value(value: Any, unit: str | None, say: Say) -> str:
    text = "not known" if is_missing(value) else value_text(value)
    if text in SAID_VALUES:
        return say(text)
    return f"{text} {unit}" if unit else text


def _reached(score: float, ways: Recourse, reasons: Reasons, say: Say) -> str:
    """Return the score that the changes lead to, as the letter shows scores; only its side where that is not known."""
    shown: float | None = score
    line = ways.cutoff
    out_of = reasons.shown_out_of_100
    if out_of:
        shown = _as_probability(score, ways, reasons)
        line = float(reasons.cutoff_probability or 0.0)
    if shown is None:
        return say("With this, and all else as it is, you would reach the line.")
    times = 100 if out_of else 1
    digits = next((many for many in range(7) if f"{times * shown:.{many}f}" != f"{times * line:.{many}f}"), 0)
    text = (
        say("With this, and all else as it is, your score would be {score} out of 100.")
        if out_of
        else say("With this, and all else as it is, your score would be {score}.")
    )
    return text.replace("{score}", f"{times * shown:.{digits}f}")


def _as_probability(score: float, ways: Recourse, reasons: Reasons) -> float | None:
    """Return the probability behind a score, where the person's own score says how the two go together."""
    own = reasons.probability
    for read in (float, _probability_of):
        if own is not None and math.isclose(read(ways.score), own, rel_tol=CLOSE, abs_tol=CLOSE):
            return read(score)
    return None


def _probability_of(log_odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(log_odds, -700.0), 700.0)))


def _same_person(ways: Recourse, reasons: Reasons) -> None:
    for what, theirs, own, as_probability in (
        ("score", ways.score, reasons.score, reasons.probability),
        ("cut-off", ways.cutoff, reasons.cutoff, reasons.cutoff_probability),
    ):
        known = [value for value in (own, as_probability) if value is not None]
        read = [theirs, _probability_of(theirs)]
        if not any(math.isclose(one, value, rel_tol=CLOSE, abs_tol=CLOSE) for one in read for value in known):
            message = (
                f"would_change is a recourse with the {what} {theirs:.6g}, and the reasons have {own:.6g}. "
                "Give the recourse of the same person, model and cut-off."
            )
            raise ExplanationError(message)
