"""What drivers say, in sentences, as text and as a fragment of HTML for a notebook."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from ..errors import listed
from ..translations import marked, retold, say
from .drivers_record import DRIVES, ENCODES

if TYPE_CHECKING:
    from .drivers_record import Driver, Drivers

MISMEASURED = (
    "Attribution does not tell a real difference from a mismeasured one: a feature that is recorded less well for one "
    "group, or means something else there, carries a gap just as a real difference does."
)


WITHOUT = (
    "An amount is what the score does with a feature as it stands in the file. It is not how the gap would change "
    "without the feature: a model made without it would lean on others."
)


def number(value: float, made: Drivers) -> str:
    """Return a number of the gap as people read it: points of a rate in percentage points, else four digits."""
    if not math.isfinite(value):
        return "-"
    return signed(100 * value, 1) if made.measure != "mean score" else signed(value, _decimals(made))


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, and no sign where nothing is left of it after rounding.

    Examples
    --------
    >>> signed(1.26, 1), signed(-0.04, 1)
    ('+1.3', '0.0')
    """
    said = f"{value:+.{decimals}f}"
    return said if float(said) else said[1:]


def _decimals(made: Drivers) -> int:
    largest = max([abs(made.gap.value), *(abs(each.amount) for each in made.drivers)], default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return 2
    return min(8, max(1, 2 - math.floor(math.log10(largest))))


def unit(made: Drivers) -> str:
    """Return what the amounts are in, in words."""
    return made.units if made.measure == "mean score" else "percentage points"


def found(made: Drivers) -> tuple[str, ...]:
    """Return what was found, in sentences that are true whatever the numbers are."""
    return tuple(
        sentence
        for sentence in (_the_gap(made), _carried(made), _uncertain(made), _standing_out(made), _score_tells(made))
        if sentence
    )


_SUBJECTS = {
    "mean score": marked("The mean score by {attribute} is {what}; {sure}."),
    "selection rate": marked("The selection rate by {attribute} is {what}; {sure}."),
    "true positive rate": marked(
        "The true positive rate, people with a good outcome who are selected, by {attribute} is {what}; {sure}."
    ),
    "false positive rate": marked(
        "The false positive rate, people with a bad outcome who are selected, by {attribute} is {what}; {sure}."
    ),
}
_SUBJECTS_AT = {
    "mean score": marked("The mean score at the cut-off {cutoff} by {attribute} is {what}; {sure}."),
    "selection rate": marked("The selection rate at the cut-off {cutoff} by {attribute} is {what}; {sure}."),
    "true positive rate": marked(
        "The true positive rate at the cut-off {cutoff}, people with a good outcome who are selected, by {attribute} "
        "is {what}; {sure}."
    ),
    "false positive rate": marked(
        "The false positive rate at the cut-off {cutoff}, people with a bad outcome who are selected, by {attribute} "
        "is {what}; {sure}."
    ),
}


def _the_gap(made: Drivers) -> str:
    cutoff = {} if made.cutoff is None else {"cutoff": f"{made.cutoff:g}"}
    subjects = _SUBJECTS_AT if cutoff else _SUBJECTS
    return say(subjects[made.measure], attribute=made.attribute, what=_what(made), sure=_sure(made), **cutoff)


def _what(made: Drivers) -> str:
    gap = made.gap
    rate = made.measure != "mean score"
    levels = [f"{100 * each:.1f}%" if rate else f"{each:.{_decimals(made)}f}" for each in made.levels]
    blanks = {"group": made.group, "reference": made.reference, "level": levels[0]}
    if gap.value == 0:
        return say("the same in {group} and in {reference}: {level}", **blanks)
    words = say("percentage points") if rate else retold(made.units)
    blanks |= {"size": f"{number(abs(gap.value), made).lstrip('+')} {words}", "other": levels[1]}
    if gap.value > 0:
        told = say("{size} higher in {group} ({level}) than in {reference} ({other})", **blanks)
    else:
        told = say("{size} lower in {group} ({level}) than in {reference} ({other})", **blanks)
    if rate or made.higher_is is None:
        return told
    if (gap.value > 0) == (made.higher_is == "better"):
        return say("{what}, the better side of this score", what=told)
    return say("{what}, the worse side of this score", what=told)


def _sure(made: Drivers) -> str:
    gap = made.gap
    if not math.isfinite(gap.low):
        return say("everybody has the same, so there is no interval")
    blanks = {"confidence": f"{made.confidence:.0%}", "low": number(gap.low, made), "high": number(gap.high, made)}
    told = say("{confidence} interval {low} to {high}", **blanks)
    if gap.low > 0 or gap.high < 0:
        return told
    return say("{interval}, which contains no gap at all, so shares of it are left out", interval=told)


def _carried(made: Drivers) -> str:
    sure = [each for each in made.drivers if each.low_together > 0 or each.high_together < 0]
    many = len(made.drivers)
    if not sure:
        return f"No feature's amount has a simultaneous interval that leaves 0 out ({many} features)."
    first = ", ".join(f"{each.feature} {number(each.amount, made)}" for each in sure[:3])
    against = [each.feature for each in sure if made.gap.value and (each.amount > 0) != (made.gap.value > 0)]
    said = f"Amounts whose simultaneous interval leaves 0 out: {len(sure)} of {many} features; largest: {first}."
    if against:
        said += f" Against the gap, narrowing it: {listed(against)}."
    return said


def _uncertain(made: Drivers) -> str:
    same = [each.feature for each in made.drivers if math.isnan(each.error)]
    said = ""
    if same:
        said = f"Without an interval, because the amount is the same for everybody who was explained: {listed(same)}."
        if made.pairs is not None:
            said = f"Without an interval, because the amount is the same in every pair: {listed(same)}."
    if made.basis == "rows" and made.explained != made.people and made.pairs is None:
        said += (
            f" {made.explained[0]:,} and {made.explained[1]:,} rows were explained; the gap itself comes from scoring "
            f"all {made.people[0]:,} and {made.people[1]:,}."
        )
    if made.residual is not None:
        said += (
            f" The pairs add up to the gap in expectation; the {_residual(made)} {unit(made)} that were "
            "missing were put on the amounts by regression on the pairs' own results."
        )
    return said.strip()


def _residual(made: Drivers) -> str:
    left = made.residual or 0.0
    return signed(100 * left, 2) if made.measure != "mean score" else signed(left, _decimals(made) + 1)


def _standing_out(made: Drivers) -> str:
    if all(each.proxy is None for each in made.drivers):
        return ""
    lines = f"at least {DRIVES:.0%} of all amounts, and an area under the curve surely of {ENCODES:g} or more"
    if not made.stand_out:
        return f"No feature both drives the gap and encodes the group, by the lines of this table: {lines}."
    return (
        f"Both drives the gap and encodes the group, by the lines of this table ({lines}): {listed(made.stand_out)}. "
        "Look there first."
    )


def _score_tells(made: Drivers) -> str:
    told = made.score_proxy
    if told is None:
        return ""
    return (
        f"The score itself tells {made.group} from {made.reference} with an area under the curve of {told.auc:.3f} "
        f"({told.low:.3f} to {told.high:.3f}; 0.5 is not at all, 1 without error)."
    )


def not_shown(made: Drivers) -> tuple[str, ...]:
    """Return what cannot be read off drivers."""
    said = [
        MISMEASURED,
        WITHOUT,
        "Encoding is prediction and no cause, and its lines are this table's own, taken from no law.",
    ]
    if made.measure != "mean score":
        said.append("The amounts belong to this cut-off: at another one other features may decide who is selected.")
    if made.basis == "counts":
        said.append("From counts of each feature alone nobody can tell how features go together in one person.")
    else:
        said.append(
            "Intervals are about the people: those in the file count as a sample of those whom the score will meet. "
            "Model, cut-off and background are taken as given."
        )
    return tuple(said)


COLUMNS = ("feature", "amount", "interval", "simultaneous", "share of gap", "proxy AUC", "")


def table(made: Drivers) -> list[tuple[str, ...]]:
    """Return the table's rows as text."""
    return [_row(each, made) for each in made.drivers]


def _row(each: Driver, made: Drivers) -> tuple[str, ...]:
    def between(low: float, high: float) -> str:
        return f"{number(low, made)} to {number(high, made)}" if math.isfinite(low) else "-"

    proxy = "-" if each.proxy is None else f"{each.proxy.auc:.2f} ({each.proxy.low:.2f} to {each.proxy.high:.2f})"
    mark = [word for word, holds in (("drives", each.drives), ("encodes", each.encodes)) if holds]
    return (
        each.feature,
        number(each.amount, made),
        between(each.low, each.high),
        between(each.low_together, each.high_together),
        "-" if each.share is None else f"{signed(100 * each.share, 0).lstrip('+')}%",
        proxy,
        " and ".join(mark),
    )


def _people(made: Drivers) -> str:
    said = f"{made.group}: {made.people[0]:,} people; {made.reference} (reference): {made.people[1]:,}"
    if made.left_out:
        said += "; in neither: " + ", ".join(f"{level} {many:,}" for level, many in made.left_out.items())
    return (
        f"{said}{'; weighted' if made.weighted else ''}. From {made.basis}. {made.method[:1].upper()}{made.method[1:]}."
    )


def as_text(made: Drivers) -> str:
    """Return words, table and limits as text."""
    total = ("gap", number(made.gap.value, made), f"{number(made.gap.low, made)} to {number(made.gap.high, made)}",
             "", "", "", "")  # fmt: skip
    lines = [COLUMNS, *table(made), total]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    shown = [
        "  ".join(cell.ljust(width) if not at else cell.rjust(width)
                  for at, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    head = f"Drivers of the gap in {made.measure}: {made.group} less {made.reference}, in {unit(made)}"
    limits = [f"- {sentence}" for sentence in made.does_not_show]
    return "\n".join(
        [head, "", *made.words, "", *shown, "", _people(made), f"Simultaneous intervals: {made.together}.", "",
         "What this does not show:", *limits]
    )  # fmt: skip


def as_html(made: Drivers) -> str:
    """Return words, table and limits as a fragment of HTML, every label escaped."""

    def cells(line: tuple[str, ...], tag: str = "td") -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in line) + "</tr>"

    head = f"Drivers of the gap in {made.measure}: {made.group} less {made.reference}, in {unit(made)}"
    words = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in made.words)
    body = "".join(cells(line) for line in table(made))
    limits = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in made.does_not_show)
    return (
        f"<div><h4>{html.escape(head)}</h4>{words}<table><thead>{cells(COLUMNS, 'th')}</thead><tbody>{body}</tbody>"
        f"</table><p>{html.escape(_people(made))} Simultaneous intervals: {html.escape(made.together)}.</p>"
        f"<p>What this does not show:</p><ul>{limits}</ul></div>"
    )
