"""A draft notice for a lender to start from, and a one-page draft letter to the person, in Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ExplanationError
from ..schema.text import visible
from ..translations import LANGUAGES, REVIEWED, Say, translator
from .letter_changes import changes_said
from .pages import FORMATS, Block, Page, blank, heading, items, numbered, paragraph, written
from .reason_records import Reason, Reasons
from .reason_words import SAID_VALUES, fallback, value_text
from .recourse_record import Recourse

ONE_PAGE = 350
"""Words of a letter that fit on one page."""


def letter(
    reasons: Reasons,
    format: str = "md",  # noqa: A002 - the word for it
    *,
    language: str = "en",
    creditor: str | None = None,
    contact: str | None = None,
    date: str | None = None,
    would_change: Recourse | Sequence[str] = (),
) -> str:
    """Return a one-page draft letter to the person: the score, what counted, what would change it, how to correct it.

    Parameters
    ----------
    reasons
        Of a declined person.
    format
        ``"md"`` or ``"html"``.
    language
        ``en``, ``es``, ``zh`` or ``de``; a translation that nobody has reviewed says so on the page.
    creditor, contact, date
        The lender's name and address, how to reach them, and the date. What is left out is a marked blank.
    would_change
        What :func:`fairaudit.recourse` found for this person, said in the letter's language and figures; or plain
        sentences of your own, each a change that would help.

    Raises
    ------
    ExplanationError, SchemaError
        For another format or language, or the recourse of somebody else.
    """
    _check(format, would_change)
    say = translator(language)
    changes = changes_said(would_change, reasons, say) if isinstance(would_change, Recourse) else list(would_change)
    page = Page(
        title=say("About your application"),
        language=language,
        draft=_draft(reasons, say, language),
        blocks=(
            paragraph(date or blank(say("LENDER: date"))),
            paragraph(say("Thank you for asking us. We are sorry: we cannot say yes to your application.")),
            *_score_part(reasons, say),
            heading(say("What counted against you")),
            paragraph(_how_decided(reasons, say)),
            items([_with_values(one, say, language) for one in reasons.reasons])
            if reasons.reasons
            else paragraph(blank(say("LENDER: no reason was found. Do not send this letter before one is known."))),
            heading(say("What would change it")),
            items(changes)
            if changes
            else paragraph(blank(say("LENDER: what would change the decision, or delete this part"))),
            heading(say("If a fact is wrong")),
            paragraph(say("Please read the facts in this letter. Is one of them wrong or out of date? Then tell us:")),
            paragraph(contact or blank(say("LENDER: how to reach you"))),
            paragraph(say("Send a copy of a paper that shows the right fact. Ask us to correct it and to look again.")),
            paragraph(blank(say("LENDER: if a credit report was used, say whose and how to correct it"))),
            paragraph(creditor or blank(say("LENDER: name and address"))),
        ),
    )  # fmt: skip
    return written(page, format)


def notice(
    reasons: Reasons,
    format: str = "md",  # noqa: A002 - the word for it
    *,
    language: str = "en",
    creditor: str | None = None,
    date: str | None = None,
    score_range: tuple[float, float] | None = None,
    score_date: str | None = None,
    score_source: str | None = None,
) -> str:
    """Return a draft notice of action taken, for a lender in the United States to start from.

    It holds what fairaudit knows: the principal reasons, and the score with its key factors as a list of their own.
    What only the lender knows, and the texts that the rules prescribe, are marked blanks.

    Parameters
    ----------
    reasons, format, language, creditor, date
        As for :func:`letter`.
    score_range
        The lowest and the highest possible score.
    score_date, score_source
        When the score was made, and who made it.

    Notes
    -----
    12 CFR 1002.9 and its official commentary; 15 USC 1681g(f) and 1681m. A draft, not advice.
    """
    _check(format, ())
    say = translator(language)
    range_text = None
    if score_range is not None:
        low, high = (value_text(float(end)) for end in score_range)
        range_text = say("{low} to {high}").replace("{low}", low).replace("{high}", high)
    score = f"{value_text(round(reasons.score, 2))} {_units(reasons.units, say)}"
    listed = [_words(one, language) + (f" [{visible(one.code)}]" if one.code else "") for one in reasons.reasons]
    page = Page(
        title=say("Notice of action taken"),
        language=language,
        draft=_draft(reasons, say, language),
        blocks=(
            paragraph(date or blank(say("CREDITOR: date"))),
            paragraph(blank(say("CREDITOR: name and address of the applicant"))),
            paragraph(creditor or blank(say("CREDITOR: your name and address"))),
            paragraph(blank(say("CREDITOR: what was applied for, and the action taken on it"))),
            heading(say("Principal reasons for the action")),
            numbered(listed)
            if listed
            else paragraph(blank(say("CREDITOR: no reason was found. Do not send this notice before one is known."))),
            heading(say("Equal Credit Opportunity Act")),
            paragraph(blank(say("CREDITOR: the notice of 12 CFR 1002.9(b)(1), with the agency that supervises you"))),
            heading(say("Your credit score")),
            paragraph(blank(say("CREDITOR: 15 USC 1681m says when this part is needed; if it is not, delete it"))),
            items([
                f"{say('Score used')}: {score}",
                f"{say('Range of possible scores')}: {range_text or blank(say('CREDITOR: lowest and highest'))}",
                f"{say('Date of the score')}: {score_date or blank(say('CREDITOR: date'))}",
                f"{say('Source of the score')}: {score_source or blank(say('CREDITOR: who made the score'))}",
            ]),
            *_key_factor_part(reasons, say, language),
            paragraph(blank(say("CREDITOR: if a credit report was used, what 15 USC 1681m asks for"))),
            heading(say("For the creditor, not to be sent")),
            items(_for_the_creditor(reasons)),
        ),
    )  # fmt: skip
    return written(page, format)


def record(reasons: Reasons, format: str = "txt") -> str:  # noqa: A002 - the word for it
    """Return the whole record of one person's reasons, for the lender's file, as text, Markdown or HTML."""
    page = Page(
        title=f"Reasons of row {reasons.row}, declined by {reasons.failed_component}",
        language="en",
        draft=(),
        blocks=(
            paragraph(_score_line(reasons)),
            numbered([_record_line(one, reasons.units) for one in reasons.reasons])
            if reasons.reasons
            else paragraph("No factor is listed."),
            heading("Key factors of the score"),
            paragraph(f"Against {reasons.key_baseline.said}, whatever the decision."),
            numbered([_record_line(one, reasons.units) for one in reasons.key_factors])
            if reasons.key_factors
            else paragraph("No factor holds the score back."),
            heading("What they rest on"),
            items(_for_the_creditor(reasons)),
        ),
    )
    return written(page, format)


def _check(format: str, would_change: Recourse | Sequence[str]) -> None:  # noqa: A002
    if format not in FORMATS[:2]:
        message = f"format is 'md' or 'html', got {format!r}."
        raise ExplanationError(message)
    if isinstance(would_change, Recourse):
        return
    if isinstance(would_change, str) or not all(isinstance(one, str) and one.strip() for one in would_change):
        message = "would_change is a recourse, or a list of plain sentences, such as ['A loan of 2,000 or less.']."
        raise ExplanationError(message)


def _draft(reasons: Reasons, say: Say, language: str) -> tuple[str, ...]:
    said = [say("Draft. The lender must check it, fill the marked blanks and take this box away before it is sent.")]
    if language not in REVIEWED:
        said.append(say("This translation has not been reviewed."))
    from_catalogue = any(one.words_from == "catalogue" for one in reasons.reasons)
    if reasons.catalogue.language != language and from_catalogue:
        other = LANGUAGES[reasons.catalogue.language]
        said.append(say("The words of the reasons are in another language: {language}.").replace("{language}", other))
    if any(one.words_from == "caller" for one in reasons.reasons):
        said.append(say("Some reasons are in the lender's own words, which are not translated."))
    return tuple(said)


def _score_part(reasons: Reasons, say: Say) -> tuple[Block, ...]:
    """Return the person's score beside the line, in figures that a person can read."""
    head = heading(say("Your score"))
    if reasons.method is None:
        return (head, paragraph(say("Your score did not decide this.")))
    if reasons.failed_component == "gray band":
        own, _, out_of = _readable(reasons)
        said = say("Your score is {score} out of 100.") if out_of else say("Your score is {score}.")
        return (head, paragraph(f"{said.replace('{score}', own)} {say('It did not decide this alone.')}"))
    own, line, out_of = _readable(reasons)
    better = reasons.higher_is == "better"
    first = say("Your score is {score} out of 100.") if out_of else say("Your score is {score}.")
    then = (
        say("The line is {line}: we say yes from there up.")
        if better
        else say("The line is {line}: we say yes up to there.")
    )
    last = say("A higher score is better.") if better else say("A lower score is better.")
    return (head, paragraph(f"{first.replace('{score}', own)} {then.replace('{line}', line)} {last}"))


def _readable(reasons: Reasons) -> tuple[str, str, bool]:
    """Return score and line as text, and whether they are out of 100; a score is never rounded onto the line.

    Log-odds say nothing to a person: the probability of the good outcome does, as a score out of 100.
    """
    own, line = reasons.score, reasons.cutoff
    out_of = reasons.shown_out_of_100
    if out_of:
        own, line = 100 * float(reasons.probability or 0.0), 100 * float(reasons.cutoff_probability or 0.0)
    digits = next((many for many in range(7) if f"{own:.{many}f}" != f"{line:.{many}f}"), 7)
    return f"{own:.{digits}f}", f"{line:.{digits}f}" if out_of else f"{line:.10g}", out_of


def _how_decided(reasons: Reasons, say: Say) -> str:
    if reasons.failed_component == "knock-out":
        return say("This alone decided, whatever else is good:")
    if reasons.failed_component == "judgment":
        return say("One of our staff looked at your application. This counted:")
    if reasons.baseline is None:
        return ""
    people = f"{reasons.baseline.people:,}"
    if reasons.method == "at_cutoff":
        text = say(
            "We set your facts beside those of {people} people whose score was just good enough. "
            "These held yours back most:"
        )
    else:
        text = say("We set your facts beside those of all {people} people who asked us. These held yours back most:")
    if reasons.failed_component == "gray band":
        text = say("Your score left it open, and one of our staff then looked at your application. This counted:")
    return text.replace("{people}", people)


def _with_values(one: Reason, say: Say, language: str) -> str:
    """Return a reason's words with the person's own value, and what is usual where it helps."""
    words = _words(one, language)
    # The words of a category name it already; "no" beside a catalogue's own sentence would say nothing.
    own = usual = ""
    if one.value is not None and one.direction != "category":
        own = say("yours: {value}").replace("{value}", _value(one.value, one.unit, say))
    if one.usual is not None and not (isinstance(one.usual, bool) and one.words_from == "catalogue"):
        category = one.direction == "category"
        text = say("most common among them: {value}") if category else say("typical for them: {value}")
        usual = text.replace("{value}", _value(one.usual, one.unit, say))
    inside = "; ".join(part for part in (own, usual) if part)
    return f"{words} ({inside})" if inside else words


def _value(value: Any, unit: str | None, say: Say) -> str:
    text = value_text(value)
    if text in SAID_VALUES:
        return say(text)
    return f"{text} {unit}" if unit else text


def _words(one: Reason, language: str) -> str:
    if one.words_from == "feature name" and one.direction is not None:
        return fallback(one.direction, one.name, one.value, language)
    return one.words


def _units(units: str, say: Say) -> str:
    return say("points") if units == "points" else units


def _key_factor_part(reasons: Reasons, say: Say, language: str) -> tuple[Block, ...]:
    if not reasons.key_factors:
        return (paragraph(say("No factor held the score back.")),)
    words = [_words(one, language) for one in reasons.key_factors]
    return (paragraph(say("Key factors that held the score back, the strongest first:")), numbered(words))


def _score_line(reasons: Reasons) -> str:
    ends = ""
    if reasons.probability is not None and reasons.cutoff_probability is not None:
        ends = (
            f" The probability of the good outcome is {reasons.probability:.4f} at the score and "
            f"{reasons.cutoff_probability:.4f} at the cut-off."
        )
    side = "higher is better" if reasons.higher_is == "better" else "lower is better"
    return f"Score {reasons.score:.6g}, cut-off {reasons.cutoff:.6g} ({reasons.units}, {side}).{ends}"


def _record_line(one: Reason, units: str) -> str:
    if one.amount is None:
        return f"{one.words} ({one.component})"
    kept = "" if one.kept is None else f"; on the list in {one.kept:.0%} of the draws"
    reached = "" if one.probability is None else f"; probability {one.probability:.4f} without it"
    flags = f"; {', '.join(one.flags)}" if one.flags else ""
    value = "several columns" if one.value is None and one.direction == "other" else value_text(one.value)
    return f"{one.words} ({one.feature} = {value}; {one.amount:.4g} {units}{reached}{kept}{flags})"


def _for_the_creditor(reasons: Reasons) -> list[str]:
    """Return what the list rests on, and what to look at before it is sent."""
    said = []
    baseline = reasons.baseline
    if baseline is not None:
        said.append(
            f"Compared with {baseline.said}: scores {baseline.lowest:.6g} to {baseline.highest:.6g}, "
            f"{baseline.score:.6g} on average; sha256 of their rows {baseline.sha256}."
        )
    if reasons.draws:
        said.append(f"The people compared with were drawn again {reasons.draws:,} times, seed {reasons.seed}.")
    check = reasons.fidelity
    if check is not None and check.gain_of_others is not None:
        others = f"all {check.sets:,}" if check.every_set else f"{check.sets:,} random"
        said.append(
            f"With the named factors of the score as in {check.people:,} of these people the score gains "
            f"{check.gain:.4g} {reasons.units} on average, with {others} other sets of as many factors "
            f"{check.gain_of_others:.4g}; the cut-off is {check.shortfall:.4g} away."
        )
        if not check.carries:
            said.append("The named factors do not move the score more than others do: do not send them as they are.")
    return [*said, *reasons.left_out, *reasons.cautions]
