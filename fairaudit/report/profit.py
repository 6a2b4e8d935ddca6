"""The section on profit: what the decisions bring, and what each parity costs, in words first."""

from __future__ import annotations

from ..metrics.profit import FOR_STUDY
from ..result import Measurement, Result
from ..translations import marked, retold, say
from .lookup import unique
from .nodes import Block, Cell, Column, Item, Paragraph, Section, folded, items, table
from .words import NOTHING, Writer, cutoff_text, interval, number, percent

_LIMITS = marked(
    "Profit is only what the two amounts make it: what a decision means to the people concerned is not in "
    "it. All cut-offs were chosen and measured on the same people, so maxima are somewhat too good (the optimism that "
    "the bootstrap finds is printed), and what other people would bring is not known. That a parity costs little or "
    "much says nothing of whether it should hold."
)
_MIXED = marked(
    "Where no single cut-off meets a parity exactly, two are mixed by lot. Equalized odds takes the points that all "
    "groups can reach: under the convex hull of each ROC curve, so a group whose scores separate good from bad people "
    "better than another's is given a lottery besides."
)
_SAID = {
    "one cut-off for everybody": marked("the same rule in every group keeps {share} of the maximum profit"),
    "demographic parity": marked("the same selection rate in every group keeps {share} of the maximum profit"),
    "equal opportunity": marked(
        "the same share of people with good outcomes selected in every group keeps {share} of the maximum profit"
    ),
    "equalized odds": marked(
        "the same shares of people with good and with bad outcomes selected in every group keep {share} of the maximum "
        "profit"
    ),
}
_OWN = "each group's own cut-off"


def profit_section(result: Result) -> tuple[Section, ...]:
    """Return the section, or nothing where no amounts were given.

    Parameters
    ----------
    result
        What an audit found.
    """
    records = [record for record in result.measurements if record.topic == "profit"]
    amounts = result.policy.profit
    if not records or amounts is None:
        return ()
    basis = say(
        "A selected person with a good outcome brings {good}, one with a bad outcome {bad}, and who is not selected "
        "brings 0; all amounts are in this unit.",
        good=_plain(amounts["good"]),
        bad=_plain(amounts["bad"]),
    )
    parts = tuple(
        _attribute(result, [record for record in records if record.attribute == name], f"profit-{place}")
        for place, name in enumerate(unique(record.attribute for record in records), start=1)
    )
    said = (Paragraph(basis), Paragraph(f"{say(FOR_STUDY)} {say(_LIMITS)}", "note"))
    return (Section("profit", say("What does each parity cost?"), said, parts),)


def _attribute(result: Result, own: list[Measurement], name: str) -> Section:
    attribute = own[0].attribute
    blocks: tuple[Block, ...] = items(_sentences(result, own))
    blocks += tuple(Paragraph(f"{_capital(retold(note))}.", "note") for note in unique(one.note for one in own) if note)
    for cutoff in unique(one.cutoff for one in own if one.metric == "expected_profit"):
        decision = cutoff_text(result, cutoff)
        caption = say("What the decisions bring by {attribute}, {decision}", attribute=attribute, decision=decision)
        blocks += folded(caption, _decided([one for one in own if one.cutoff == cutoff], caption, attribute))
    blocks += folded(say("Cut-offs of maximum profit"), _maxima(own, attribute))
    blocks += folded(say("What each parity costs"), _costs(own, attribute))
    blocks += folded(say("Cut-offs and selection rates that each parity needs"), _needs(own, attribute))
    return Section(name, attribute, blocks)


def _plain(value: float) -> str:
    """Return a number as it was given: an amount, a cut-off."""
    return f"{value:.10g}".replace("-", "−")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _named(own: list[Measurement], metric: str) -> list[Measurement]:
    return [one for one in own if one.metric == metric]


def _sentences(result: Result, own: list[Measurement]) -> list[Item]:
    told = []
    decided = [one for one in _named(own, "expected_profit") if one.group is None]
    for record in decided[:1]:
        if record.value is not None:
            text = say(
                "the decisions bring {amount} per person ({interval}).",
                amount=number(record.value),
                interval=_span(record, number),
            )
            told.append(Item(text, cutoff_text(result, record.cutoff)))
        elif record.undefined:
            told.append(Item(say("what the decisions bring per person is {why}.", why=retold(record.undefined)), ""))
    for record in _named(own, "maximum_profit"):
        if record.group is None and record.value is not None:
            text = say(
                "cut-offs of each group's own could bring at most {amount} per person ({interval}); for study only.",
                amount=number(record.value),
                interval=_span(record, number),
            )
            told.append(Item(text, say("Maximum")))
    for record in _named(own, "profit_under_parity"):
        parity = record.detail or ""
        if record.value is None:
            told.append(Item(say("not computed: {why}.", why=retold(record.undefined)), retold(parity)))
        else:
            span = f" ({_span(record, percent)})" if record.low is not None else ""
            told.append(Item(f"{say(_SAID[parity], share=percent(record.value))}{span}.", retold(parity)))
    return told


def _span(record: Measurement, write: Writer) -> str:
    return interval(record.low, record.high, write) or say("no interval")


def _cell(record: Measurement | None, write: Writer, beside: str = "") -> Cell:
    if record is None:
        return Cell(NOTHING)
    span = interval(record.low, record.high, write)
    if record.value is None:
        return Cell(span, say("bounds, no estimate")) if span else Cell(say("undefined"), retold(record.undefined))
    return Cell(write(record.value), "; ".join(part for part in (span, beside) if part))


def _decided(own: list[Measurement], caption: str, attribute: str) -> tuple[Block, ...]:
    each = {one.group: one for one in _named(own, "expected_profit")}
    chosen = {one.group: one for one in _named(own, "expected_profit_per_selected")}
    rows = [
        (
            Cell(group or say("all groups")),
            _cell(record, number),
            _cell(chosen.get(group), number, retold(chosen[group].note) if group in chosen else ""),
            Cell(f"{record.n:,}"),
        )
        for group, record in each.items()
    ]
    columns = (
        Column(attribute), Column(say("Profit per person decided on"), numeric=True),
        Column(say("Profit per selected person"), numeric=True), Column(say("People"), numeric=True),
    )  # fmt: skip
    return table(caption, columns, rows, say("Below 0 the group's selected people bring a loss."))


def _maxima(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    most = {one.group: one for one in _named(own, "maximum_profit")}
    cuts = {one.group: one for one in _named(own, "maximum_profit_cutoff")}
    rates = {one.group: one for one in _named(own, "selection_rate_under_parity") if one.detail == _OWN}
    rows = []
    for group, record in most.items():
        if group is None:
            rows.append(
                (
                    Cell(say("all groups, each its own")),
                    Cell(NOTHING),
                    _cell(record, number, retold(record.detail)),
                    Cell(NOTHING),
                )
            )
            continue
        shown = (
            _cell(cuts.get(group), _plain),
            _cell(record, number, retold(record.detail)),
            _cell(rates.get(group), percent),
        )
        rows.append((Cell(group), *shown))
    if None in cuts:
        rows.append(
            (Cell(retold("one cut-off for everybody")), _cell(cuts[None], _plain), Cell(NOTHING), Cell(NOTHING))
        )
    columns = (
        Column(attribute), Column(say("Cut-off of maximum profit"), numeric=True),
        Column(say("Maximum profit per person"), numeric=True), Column(say("Selected by it"), numeric=True),
    )  # fmt: skip
    return table(say("Cut-offs of maximum profit by {attribute}", attribute=attribute), columns, rows, say(FOR_STUDY))


def _costs(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    rows = [
        (Cell(retold(record.detail)), _cell(record, percent), Cell(retold(record.method) or NOTHING))
        for record in _named(own, "profit_under_parity")
    ]
    columns = (Column(say("Parity")), Column(say("Share of the maximum profit"), numeric=True), Column(say("Method")))
    caption = say("Profit under each parity over {attribute}", attribute=attribute)
    return table(caption, columns, rows, say(_MIXED))


def _needs(own: list[Measurement], attribute: str) -> tuple[Block, ...]:
    rates = {(one.group, one.detail): one for one in _named(own, "selection_rate_under_parity")}
    words = {}
    for one in _named(own, "cutoff_under_parity"):
        parity, _, rule = (one.detail or "").partition(": ")
        words[one.group, parity] = rule
    groups, parities = unique(group for group, _ in words), unique(parity for _, parity in words)
    blocks: tuple[Block, ...] = ()
    for parity in parities:
        rows = [
            (
                Cell(group or ""),
                Cell(retold(words.get((group, parity), NOTHING))),
                _cell(rates.get((group, parity)), percent),
            )
            for group in groups
        ]
        columns = (Column(attribute), Column(say("Cut-off")), Column(say("Selected"), numeric=True))
        blocks += table(_capital(retold(parity)), columns, rows, "" if "everybody" in parity else say(FOR_STUDY))
    return blocks
