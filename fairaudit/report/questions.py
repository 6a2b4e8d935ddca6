"""One section a question: how the scores differ, comparable people, all groups at once, what cannot be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..metrics.base import MEASURES
from ..result import Measurement, Result
from ..translations import marked, retold, say
from .lookup import unique
from .nodes import Block, Cell, Column, Details, Item, Paragraph, Section, items, table
from .words import NOTHING, cutoff_text, interval, number, p_value, points


@dataclass(frozen=True, slots=True)
class Question:
    """A topic of the measurements, and how the report speaks of it."""

    topic: str
    heading: str
    limits: str
    says: Callable[[Result, list[Measurement]], list[Item]]


def question_sections(result: Result) -> tuple[Section, ...]:
    """Return a section for each question that the data allow, in a fixed order.

    Parameters
    ----------
    result
        What an audit found.
    """
    sections = []
    for question in QUESTIONS:
        records = [record for record in result.measurements if record.topic == question.topic]
        if records:
            parts = tuple(
                _attribute(result, question, [r for r in records if r.attribute == name], f"{question.topic}-{place}")
                for place, name in enumerate(unique(record.attribute for record in records), start=1)
            )
            sections.append(
                Section(question.topic, say(question.heading), (Paragraph(say(question.limits), "note"),), parts)
            )
    return tuple(sections)


def _attribute(result: Result, question: Question, records: list[Measurement], name: str) -> Section:
    notes = unique(record.note for record in records if record.note)
    blocks: tuple[Block, ...] = (
        *items(question.says(result, records)),
        *(Paragraph(retold(note), "note") for note in notes),
    )
    for cutoff in unique(record.cutoff for record in records):
        mine = [record for record in records if record.cutoff == cutoff]
        decided = cutoff is not None or question.topic in {"summary", "conditional"}
        where = f", {cutoff_text(result, cutoff)}" if decided else ""
        for metric in unique(record.metric for record in mine):
            blocks += _table(f"{say(MEASURES[metric].title)}{where}", [r for r in mine if r.metric == metric])
    return Section(name, records[0].attribute, blocks)


def _table(caption: str, records: list[Measurement]) -> tuple[Block, ...]:
    """Return one metric's table, folded, with the columns that have something in them."""
    grouped = any(record.group for record in records)
    detailed = any(record.detail for record in records)
    chance = any(record.expected is not None for record in records)
    tested = any(record.p is not None for record in records)
    columns = [Column(say("Group") if grouped else say("Over"))]
    columns += [Column(say("Of what"))] if detailed else []
    columns += [Column(say("Value"), numeric=True), Column(say("Interval"), numeric=True)]
    columns += [Column(say("By chance"), numeric=True), Column(say("Excess"), numeric=True)] if chance else []
    columns += [Column(say("p (corrected)"), numeric=True)] if tested else []
    columns += [Column(say("People"), numeric=True), Column(say("Method"))]
    rows = []
    for record in records:
        against = say("against {reference}", reference=record.reference) if record.reference else ""
        row = [Cell(record.group or say("all groups"), against)]
        row += [Cell(retold(record.detail) or NOTHING)] if detailed else []
        row += [Cell(_value(record), retold(record.undefined)), Cell(_interval(record))]
        row += [Cell(_or_nothing(record.expected)), Cell(_or_nothing(record.excess))] if chance else []
        row += [Cell(p_value(record.p), p_value(record.p_adjusted) if record.p is not None else "")] if tested else []
        beside = ""
        if record.n_reference is not None:
            beside = say("reference {number}", number=f"{record.n_reference:,}")
        row += [Cell(f"{record.n:,}", beside), Cell(_method(record))]
        rows.append(tuple(row))
    note = say(MEASURES[records[0].metric].reading)
    return (Details(caption, table(caption, tuple(columns), rows, note)),)


def _value(record: Measurement) -> str:
    if record.value is None and record.low is not None and record.high is not None:
        return say("not identified")
    return _or_nothing(record.value)


def _method(record: Measurement) -> str:
    return "; ".join(unique(retold(part) for part in (record.method, record.test) if part)) or NOTHING


def _interval(record: Measurement) -> str:
    if record.low is None and record.high is None:
        return NOTHING
    return interval(record.low, record.high, number)


def _or_nothing(value: float | None) -> str:
    return NOTHING if value is None else number(value)


# What each section says in a sentence


def _named(records: list[Measurement], metric: str) -> list[Measurement]:
    return [record for record in records if record.metric == metric]


def _of_scores(_: Result, records: list[Measurement]) -> list[Item]:
    said = []
    for record in _named(records, "score_distance"):
        if record.value is None:
            continue
        blanks = {"group": str(record.group), "reference": str(record.reference), "distance": number(record.value)}
        text = say("the score distributions of {group} and {reference} are {distance} apart.", **blanks)
        if record.expected is not None:
            text = say(
                "the score distributions of {group} and {reference} are {distance} apart, where chance alone gives "
                "{chance} (corrected p {p}).",
                chance=number(record.expected),
                p=p_value(record.p_adjusted),
                **blanks,
            )
        said.append(Item(text, record.group or ""))
    return said


def _of_strata(result: Result, records: list[Measurement]) -> list[Item]:
    said = []
    production = unique(record.cutoff for record in records)[0]
    for record in _named(records, "segmented_adverse_impact_ratio"):
        if record.cutoff == production and record.value is not None:
            whole = next(
                (f for f in result.findings if f.metric == "adverse_impact_ratio" and f.attribute == record.attribute
                 and f.group == record.group and f.cutoff == record.cutoff), None,
            )  # fmt: skip
            blanks = {
                "strata": retold(record.detail),
                "ratio": number(record.value),
                "interval": _interval(record),
            }
            text = say("{strata}, the adverse impact ratio is {ratio} ({interval}).", **blanks)
            if whole and whole.value is not None:
                text = say(
                    "{strata}, the adverse impact ratio is {ratio} ({interval}); over all strata together it is "
                    "{whole}.",
                    whole=number(whole.value),
                    **blanks,
                )
            said.append(Item(text, record.group or ""))
    said += _adjusted(records, production)
    for record in _named(records, "simpson_reversal"):
        text = say(
            "Reversal: the whole and comparable people ({what}) say opposite things, both beyond chance.",
            what=retold(record.detail),
        )
        said.append(Item(text, record.group or ""))
    for record in _named(records, "stratum_homogeneity"):
        if record.cutoff == production and record.p is not None and record.p <= 0.05:
            text = say(
                "the strata differ (p {p}): read each of them, no single number stands for all.",
                p=p_value(record.p),
            )
            said.append(Item(text, record.group or ""))
    return said


def _adjusted(records: list[Measurement], production: float | None) -> list[Item]:
    """Say the raw effect and the one at all controls, by the logit, side by side."""
    made = [
        r for r in _named(records, "adjusted_marginal_effect")
        if r.cutoff == production and (r.detail or "").endswith("(logit)")
    ]  # fmt: skip
    said = []
    for group in unique(record.group for record in made):
        raw, *given = [record for record in made if record.group == group]
        last = given[-1] if given else raw
        what = retold((last.detail or "").removesuffix(" (logit)"))
        if not given or raw.value is None:
            continue
        ending = say("undefined, because {why}", why=retold(last.undefined))
        if last.value is not None:
            ending = f"{points(last.value)} ({interval(last.low, last.high, points)})"
        blanks = {
            "reference": str(last.reference),
            "raw": points(raw.value),
            "interval": interval(raw.low, raw.high, points),
            "what": what,
            "adjusted": ending,
        }
        text = say(
            "selection differs from {reference} by {raw} ({interval}) percentage points raw; {what}: {adjusted}.",
            **blanks,
        )
        if last.source == "rows":
            text = say(
                "selection differs from {reference} by {raw} ({interval}) percentage points raw; {what}, fitted from "
                "rows: {adjusted}.",
                **blanks,
            )
        said.append(Item(text, group or ""))
    return said


def _of_all(result: Result, records: list[Measurement]) -> list[Item]:
    production = unique(record.cutoff for record in records)[0]
    said = []
    for record in _named(records, "largest_selection_gap"):
        if record.cutoff == production and record.value is not None:
            gap = f"{number(record.value)} ({_interval(record)})"
            text = say("the widest gap between two groups' selection rates is {gap}.", gap=gap)
            if record.expected is not None:
                text = say(
                    "the widest gap between two groups' selection rates is {gap}; chance alone gives {chance}.",
                    gap=gap,
                    chance=number(record.expected),
                )
            said.append(Item(text, cutoff_text(result, record.cutoff)))
    return said


def _of_bounds(_: Result, records: list[Measurement]) -> list[Item]:
    said = []
    for record in _named(records, "adverse_impact_ratio_bounds"):
        if record.low is not None:
            text = say(
                "whoever the people without a level are, the adverse impact ratio lies within {interval}.",
                interval=_interval(record),
            )
            said.append(Item(text, record.group or ""))
    return said


def _of_proxies(_: Result, records: list[Measurement]) -> list[Item]:
    said = []
    for record in _named(records, "share_without_a_proxy"):
        if record.value:
            text = say(
                "{share} of people ({interval} of 1) are in no group here.",
                share=f"{100 * record.value:.1f}%",
                interval=_interval(record),
            )
            said.append(Item(text, record.group or ""))
    for record in _named(records, "proxy_conditional_covariance"):
        if record.value is not None:
            text = say(
                "{what}, among {number} people whose group is known (calibrated memberships assumed); covariance "
                "{covariance} ({interval}).",
                what=retold(record.detail),
                number=f"{record.n:,}",
                covariance=number(record.value),
                interval=_interval(record),
            )
            said.append(Item(text, record.group or ""))
    if not _named(records, "proxy_conditional_covariance") and _named(records, "proxy_selection_rate_bounds"):
        said.append(Item(say("no labels were given, so no direction of the bias can be told."), ""))
    for record in _named(records, "proxy_adverse_impact_ratio_bounds"):
        if record.low is not None:
            text = say(
                "if the memberships are true probabilities, and with no other assumption, the adverse impact ratio "
                "lies within {interval}.",
                interval=_interval(record),
            )
            said.append(Item(text, record.group or ""))
    return said


QUESTIONS = (
    Question(
        "distribution",
        marked("How do the scores differ?"),
        marked(
            "Distances say that scores differ, not why, and not that they are wrong. They cannot be negative: each is "
            "set beside what chance alone would give. Intervals of single quantiles and cut-offs are pointwise."
        ),
        _of_scores,
    ),
    Question(
        "conditional",
        marked("Does it remain among comparable people?"),
        marked(
            "Strata are the grounds that were declared legitimate; whether they are is not for counts to say. A ground "
            "that itself carries the disparity hides it. What is not in the data is not controlled for."
        ),
        _of_strata,
    ),
    Question(
        "summary",
        marked("Over all groups at once"),
        marked("One number for many groups hides who is concerned. It sets no status: findings of groups do."),
        _of_all,
    ),
    Question(
        "bounds",
        marked("What the data cannot tell"),
        marked(
            "Bounds need no assumption and are wide; a sensitivity is a number under an assumption that nobody can "
            "check here. Neither sets a status."
        ),
        _of_bounds,
    ),
    Question(
        "classes",
        marked("Who is put into which class?"),
        marked(
            "Each class is looked at by itself: the share of every group that is put into it, and the ratio to the "
            "group compared with. Whether it is good to be in a class is not for counts to say, so no ratio has a "
            "worse side. Classes exclude each other: one more person in one is one fewer in another."
        ),
        lambda _result, _records: [],
    ),
    Question(
        "proxy",
        marked("What a proxy cannot show"),
        marked(
            "Groups known by probabilities (a proxy), or groups that overlap. The weighted rate is the true one only "
            "if group and decision have nothing to do with each other among people with the same proxy; which way it "
            "is off cannot be seen without labels. So a proxy alone never shows that an effect is within a line. "
            "Thresholded rates and bounds stand beside it, and set no status. Nobody without a proxy is given an "
            "average instead."
        ),
        _of_proxies,
    ),
)
