"""Numbers as people read them, and the names of metrics, cut-offs and references.

A number is never rounded onto the line it is held against: 0.7996 beside a line of 0.80 keeps its fourth
digit, and a share of 99.97% is "> 99.9%", not "100.0%".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..metrics import CONTRASTS, METRICS
from ..result import Finding, RateRecord, Result
from ..schema.text import visible as visible
from ..translations import marked, retold, say
from .nodes import STATUS_ORDER, Cell

Writer = Callable[[float], str]

NOTHING = "–"
KINDS = {
    "favorable": marked("favorable"),
    "unfavorable": marked("unfavorable"),
    "intermediate": marked("intermediate"),
    "excluded": marked("excluded"),
}
POINTS = frozenset({"difference", "worst_difference", "mean_difference", "mean_absolute_difference"})


def with_noun(value: int, one: str, more: str) -> str:
    """Return a number with its English noun, for pages that are made in English only.

    Examples
    --------
    >>> with_noun(1, "person", "people"), with_noun(1989, "person", "people")
    ('1 person', '1,989 people')
    """
    return f"{value:,} {one if value == 1 else more}"


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal; a share next to 0 or 1 is not rounded onto it.

    Examples
    --------
    >>> percent(0.54167), percent(0.9997), percent(1.0)
    ('54.2%', '> 99.9%', '100.0%')
    """
    if 0 < value < 0.0005:
        return "< 0.1%"
    if 0.9995 <= value < 1:
        return "> 99.9%"
    return _signed(f"{100 * value:.1f}%")


def number(value: float) -> str:
    """Return a number with as many digits as its size deserves: ratios, scores, areas.

    Examples
    --------
    >>> number(0.6810), number(12.346), number(652.31), number(-12345.6), number(0.000123)
    ('0.681', '12.35', '652.3', '−12,346', '0.000123')
    """
    size = abs(value)
    if 0 < size < 0.0005:
        return _signed(f"{value:.3g}")
    digits = 3 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0
    return _signed(f"{value:,.{digits}f}")


def points(value: float) -> str:
    """Return a difference of shares in percentage points.

    Examples
    --------
    >>> points(-0.25371), points(0.1)
    ('−25.4', '+10.0')
    """
    text = f"{100 * value:+.1f}"
    return "0.0" if float(text) == 0 else _signed(text)


def people(value: float) -> str:
    """Return a number of people that need not be whole.

    Examples
    --------
    >>> people(-1234.56)
    '−1,234.6'
    """
    return _signed(f"{value:,.1f}")


def p_value(value: float | None) -> str:
    """Return a p-value; one next to the usual 0.05 keeps enough digits to show its side.

    Examples
    --------
    >>> p_value(0.0000012), p_value(0.0123), p_value(0.04996), p_value(0.43), p_value(0.9999)
    ('< 0.001', '0.012', '0.04996', '0.43', '> 0.99')
    """
    if value is None:
        return NOTHING
    if value < 0.001:
        return "< 0.001"
    if value > 0.99:
        return "> 0.99"
    texts = (f"{value:.{digits}f}" for digits in range(3 if value < 0.1 else 2, 17))
    return next((text for text in texts if float(text) != 0.05 or value == 0.05), "0.05")


def interval(low: float | None, high: float | None, write: Writer) -> str:
    """Return an interval in words, or an empty string where there is none.

    Examples
    --------
    >>> interval(0.403, 0.674, percent), interval(0.4, None, number)
    ('40.3% to 67.4%', '0.400 to no upper bound')
    """
    if low is None and high is None:
        return ""
    first = say("no lower bound") if low is None else write(low)
    last = say("no upper bound") if high is None else write(high)
    return say("{low} to {high}", low=first, high=last)


def beside(line: float | None, write: Writer) -> Writer:
    """Return the writer, but with more digits for what would be rounded onto the line.

    Examples
    --------
    >>> beside(0.8, number)(0.7999), beside(0.8, number)(0.81), beside(-0.05, points)(-0.0502)
    ('0.7999', '0.810', '−5.02')
    """
    if line is None:
        return write

    scale = 100 if write is points else 1

    def written(value: float) -> str:
        if value == line or write(value) != write(line):
            return write(value)
        texts = (f"{scale * value:.{digits}g}" for digits in range(4, 17))
        return _signed(next((text for text in texts if float(text) != round(scale * line, 12)), write(value)))

    return written


def line_text(line: float, write: Writer = number) -> str:
    """Return a policy's line as people say it.

    Examples
    --------
    >>> line_text(0.8), line_text(0.125), line_text(-0.05, points)
    ('0.80', '0.125', '−5.0')
    """
    if write is not number:
        return write(line)
    return _signed(f"{line:.2f}" if round(line, 2) == line else f"{line:g}")


def _signed(text: str) -> str:
    return text.replace("-", "−")


_COUNTED = {
    "flag": marked("{number} flagged"),
    "insufficient": marked("{number} with insufficient evidence"),
    "within_line": marked("{number} within the policy's line"),
    "info": marked("{number} for information"),
}


def counted(findings: Sequence[Finding]) -> list[str]:
    """Return how many findings have which status, those that call for attention first."""
    counts = {status: sum(finding.status == status for finding in findings) for status in STATUS_ORDER}
    return [say(_COUNTED[status], number=f"{n:,}") for status, n in counts.items() if n]


def signed(value: float) -> str:
    """Return an amount with its sign, in as many digits as its size deserves.

    Examples
    --------
    >>> signed(12.346), signed(-0.25)
    ('+12.35', '−0.250')
    """
    text = number(value)
    return text if value <= 0 or text[0] in "+−" else f"+{text}"


# The catalogue


def title(metric: str) -> str:
    """Return the title of a metric or contrast; an id that the catalogue lacks is said in its own words.

    Examples
    --------
    >>> title("adverse_impact_ratio"), title("my_own_rate")
    ('Adverse impact ratio', 'My own rate')
    """
    known = CONTRASTS.get(metric) or METRICS.get(metric)
    return say(known.title) if known else metric.replace("_", " ").capitalize()


def writer(metric: str) -> Writer:
    """Return how a metric's or contrast's values are written."""
    item = CONTRASTS.get(metric)
    if item is None:
        known = METRICS.get(metric)
        return number if known is None or known.kind == "estimate" else percent
    if item.how in POINTS and all(METRICS[name].kind != "estimate" for name in item.of):
        return points
    return people if item.how == "shortfall" else number


def heading(metric: str) -> str:
    """Return the title with its unit.

    Examples
    --------
    >>> heading("equal_opportunity_difference"), heading("shortfall")
    ('Equal-opportunity difference (percentage points)', 'Shortfall (people)')
    """
    words = title(metric)
    known = CONTRASTS.get(metric) or METRICS.get(metric)
    said = known is not None and "points" in known.title
    return with_points(words) if writer(metric) is points and not said else words


def with_points(words: str) -> str:
    """Return a heading with the unit of differences of shares."""
    return say("{metric} (percentage points)", metric=words)


# Cells


def rate_cell(record: RateRecord | None, group_people: int | None = None) -> Cell:
    """Return a rate with its interval, the bounds of one that is not identified, or why it is undefined.

    The number of people behind it is printed where it is not that of the whole group.
    """
    if record is None:
        return Cell(NOTHING)
    write = writer(record.metric)
    span = interval(record.low, record.high, write)
    if record.value is None:
        if span:
            return Cell(span, say("bounds, no estimate"))
        reason = retold(record.undefined) or say("no reason recorded")
        return Cell(say("undefined"), say("not identified") if not_identified(record) else reason)
    behind = [f"n = {record.n:,}"] if record.n != group_people else []
    return Cell(write(record.value), "; ".join([*([span] if span else []), *behind]))


def not_identified(record: RateRecord) -> bool:
    """Whether unobserved outcomes leave the rate without a value."""
    return record.value is None and (record.undefined or "").startswith("not identified")


def effect_cell(finding: Finding | None) -> Cell:
    """Return an effect with its interval, or why it does not exist."""
    if finding is None:
        return Cell(NOTHING)
    write = beside(finding.line, writer(finding.metric))
    span = interval(finding.low, finding.high, write)
    if finding.undefined is not None:
        return Cell(say("undefined"), retold(finding.undefined))
    if finding.value is None:
        return Cell(say("without bound") if finding.unbounded else say("undefined"), span)
    return Cell(write(finding.value), span)


def cutoff_text(result: Result, cutoff: float | None) -> str:
    """Return a cut-off as people say it; None is the decision as recorded."""
    if cutoff is None:
        return say("decisions as recorded")
    known = next((record.text for record in result.schema.cutoffs if record.cutoff == cutoff), None)
    return known or say("cut-off {cutoff}", cutoff=f"{cutoff:.10g}")


def against(reference: str | None) -> str:
    """Return what the groups of an attribute are held against."""
    return (
        say("held against {reference}", reference=reference)
        if reference
        else say("no reference, so nothing is compared")
    )


def told_label(label: str) -> str:
    """Return the name of a decision with its kind, or of what became of an outcome, in the language of the moment.

    Examples
    --------
    >>> told_label("refer (intermediate)"), told_label("declined")
    ('refer (intermediate)', 'declined')
    """
    name, _, kind = label.rpartition(" (")
    if name and kind.removesuffix(")") in KINDS:
        return say("{label} ({kind})", label=name, kind=say(KINDS[kind.removesuffix(")")]))
    return retold(label)
