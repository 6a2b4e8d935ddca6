"""A search for subgroups in words: plain text, Markdown, HTML and CSV, all from the records.

What was confirmed stands first; then what was not, what was looked at, and what nobody could see.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..search_result import SearchResult, SubgroupRecord
from .html import page, render, style_sheet
from .markdown import markdown
from .nodes import Block, Cell, Column, Details, Item, Paragraph, Report, Section, items, table
from .tables import csv_text
from .words import NOTHING, Writer, interval, number, p_value, percent, points, visible, with_noun

Words = list[str]


def to_text(result: SearchResult) -> str:
    """Return the search as plain text for a terminal: sentences, a table of candidates, what was looked at."""
    confirmed = [f"{one.rank}. {sentence(one, result)}" for one in result.subgroups if one.confirmed]
    others = [f"- {sentence(one, result)}" for one in result.subgroups if not one.confirmed]
    parts = [
        ("", [heading(result), *opening(result)]),
        (verdict(result), confirmed),
        ("Found in the search and not confirmed:" if others else "", others),
        ("What was looked at:", [f"- {line}" for line in looked_at(result)]),
        ("How to read it:", [f"- {line}" for line in reading(result)]),
    ]
    shown = ["\n".join([*([title] if title else []), *_indented(lines, title)]) for title, lines in parts]
    return "\n\n".join(part for part in shown if part)


def _indented(lines: Words, title: str) -> Words:
    return [f"{'  ' if title else ''}{visible(line)}" for line in lines]


def to_markdown(result: SearchResult) -> str:
    """Return the search as Markdown with its table. Names from the data are text, whatever they contain."""
    return markdown(search_tree(result))


def to_html(result: SearchResult) -> str:
    """Return the search as one self-contained HTML page."""
    return page(search_tree(result))


def fragment(result: SearchResult) -> str:
    """Return the search as a fragment of HTML for a notebook; its style touches nothing else."""
    people = Paragraph(f"{heading(result)}. {verdict(result)}")
    shown = (people, *candidate_table(result.subgroups, result))
    return render("key_table.html.j2", shown=shown, style=style_sheet("key_table.css"))


def to_csv(result: SearchResult) -> str:
    """Return the candidates as CSV: every field, one candidate a row; a spreadsheet runs nothing of it."""
    return csv_text(SubgroupRecord, result.subgroups)


def search_tree(result: SearchResult) -> Report:
    """Return the search as a tree of plain parts, before it is put into any format."""
    confirmed = [one for one in result.subgroups if one.confirmed]
    others = [one for one in result.subgroups if not one.confirmed]
    found: list[Block] = [
        Paragraph(verdict(result), "lead"),
        *items([Item(sentence(one, result)) for one in confirmed]),
        *candidate_table(confirmed, result),
    ]
    if others:
        blocks: tuple[Block, ...] = (
            *items([Item(sentence(one, result)) for one in others]),
            *candidate_table(others, result),
        )
        found.append(Details(f"Found in the search and not confirmed ({len(others)})", blocks))
    sections = (
        Section("found", "What was found", tuple(found)),
        Section("looked-at", "What was looked at", (*_listed(looked_at(result)), *_depths(result))),
        Section("reading", "How to read it", _listed(reading(result))),
    )
    made = f"Made with {result.tool.get('name', 'fairaudit')} {result.tool.get('version', '')}, seed {result.seed}."
    return Report(heading(result), tuple(Paragraph(line) for line in opening(result)), sections, made)


def _listed(lines: Words) -> tuple[Block, ...]:
    return items([Item(line) for line in lines])


# Words


def heading(result: SearchResult) -> str:
    """Return what was searched, in one line."""
    return (
        f"Subgroup search of {with_noun(result.people, 'person', 'people')} in {result.source}: {result.metric_title}"
    )


def opening(result: SearchResult) -> Words:
    """Return what was crossed, and how the people were divided."""
    names = ", ".join(result.attributes)
    crossed = "each alone" if result.depth == 1 else f"alone and crossed, up to {result.depth} at once"
    overall = "" if result.overall_rate is None else f"; the rate of everybody is {percent(result.overall_rate)}"
    halves = f"{result.search_people:,} people drawn at random, confirmed on the other {result.confirmation_people:,}"
    return [
        f"Audited: {result.decision_text}{overall}.",
        f"Searched: {names}, {crossed}, for groups {_looked_for(result)}.",
        f"Searched among {halves} (seed {result.seed}).",
    ]


def _looked_for(result: SearchResult) -> str:
    ways = {
        "worse": "that are worse off",
        "better": "that are better off",
        "lower": "with a lower rate",
        "higher": "with a higher rate",
        "both": "with another rate, lower or higher,",
    }
    return f"{ways[result.direction]} than everybody else, and than their {predictors(result)} predict"


def verdict(result: SearchResult) -> str:
    """Return how many candidates there were, and how many were confirmed."""
    candidates = len(result.subgroups)
    if not candidates:
        return "No group stood out in the search, so there was nothing to confirm."
    confirmed = sum(one.confirmed for one in result.subgroups)
    was = "was" if confirmed == 1 else "were"
    return (
        f"{with_noun(candidates, 'group', 'groups')} stood out in the search; {confirmed or 'none'} of them "
        f"{was} confirmed on people whom the search did not see."
    )


def sentence(one: SubgroupRecord, result: SearchResult) -> str:
    """Return one candidate in words: who, by how much, against what, how sure, how many people."""
    who = ", ".join(f"{name}: {level}" for name, level in one.levels.items())
    if one.rate is None or one.rest_rate is None or one.gap is None:
        return f"{who}: nobody in the half kept back, so there is nothing to confirm it with."
    span = interval(one.low, one.high, points)
    text = (
        f"{who}: {percent(one.rate)} against {percent(one.rest_rate)} of everybody else, "
        f"{points(one.gap)} percentage points ({span})"
    )
    if one.depth > 1:
        text += _of_parents(one, result)
    p = p_value(one.p_adjusted)
    equals = "" if p.startswith(("<", ">")) else "= "
    text += f"; p {equals}{p}, corrected for {with_noun(len(result.subgroups), 'candidate', 'candidates')}"
    if one.confirmed:
        text += f". {_affected(one, result)}"
        if one.gap_without_finer is not None:
            without = interval(one.gap_without_finer_low, one.gap_without_finer_high, points)
            left = f"{points(one.gap_without_finer)} ({without})"
            text += f" Without the people of finer groups that are confirmed too it is {left}."
        return text
    return f"{text}. Not confirmed: {_why_not(one, result)}."


def predictors(result: SearchResult) -> str:
    """Return what predicts a crossing's rate."""
    return "parents" if result.predict_from == "parents" else "single attributes"


def _of_parents(one: SubgroupRecord, result: SearchResult) -> str:
    if one.predicted is None:
        return f"; its {predictors(result)} predict nothing that could be computed"
    said = f"; its {predictors(result)} predict {percent(one.predicted)}"
    if one.odds_ratio is None:
        return said
    return f"{said} (odds ratio {number(one.odds_ratio)}, {interval(one.odds_ratio_low, one.odds_ratio_high, number)})"


def _affected(one: SubgroupRecord, result: SearchResult) -> str:
    affected = one.affected or 0.0
    low, high = sorted(abs(end or 0.0) for end in (one.affected_low, one.affected_high))
    way = "apart" if result.better == "neither" else "worse off" if affected > 0 else "better off"
    people = with_noun(one.people, "person", "people")
    return f"In the whole file it leaves {abs(affected):,.0f} of {people} {way} ({low:,.0f} to {high:,.0f})."


def _why_not(one: SubgroupRecord, result: SearchResult) -> str:
    assert one.gap is not None  # noqa: S101 - asked only where there is one
    if (one.gap < 0) != (one.side == "lower") or one.gap == 0:
        return f"the search saw {points(one.search_gap)}, and here there is no such gap"
    if one.p_rest is not None and one.p_rest >= result.alpha:
        return f"the search saw {points(one.search_gap)}; this gap could be chance"
    if one.depth > 1 and one.predicted is None:
        return f"what its {predictors(result)} predict cannot be told here"
    if one.depth > 1 and one.odds_ratio is not None and (one.odds_ratio < 1) != (one.side == "lower"):
        return f"here it is not past what its {predictors(result)} predict"
    if one.depth > 1 and one.p_parents is not None and one.p_parents >= result.alpha:
        return f"its distance from what its {predictors(result)} predict could be chance"
    return "with so many candidates this could be chance"


def looked_at(result: SearchResult) -> Words:
    """Return what was searched, what was too small, and how many people it would take."""
    lines = []
    for one in result.depths:
        what = "One attribute" if one.depth == 1 else f"{one.depth} attributes crossed"
        groups, sets = with_noun(one.crossings, "group", "groups"), with_noun(one.sets, "set", "sets")
        text = f"{what}: {groups} in {sets} of attributes, "
        text += f"{one.tested:,} tested, {one.too_small:,} too small"
        if one.same_as_parent:
            text += f", {one.same_as_parent:,} not to be told from a parent"
        lines.append(f"{text}; {one.selected:,} stood out.")
    if result.people_to_look is not None:
        lines.append(f"A group needs about {result.people_to_look:,} people in the file to be looked at.")
    if result.people_to_confirm is not None:
        lines.append(
            f"It needs about {result.people_to_confirm:,} for a gap of 10 percentage points to be confirmed against "
            "everybody else; a crossing needs more, since the prediction it is held against is uncertain too. A "
            "smaller group that is not listed has not been cleared."
        )
    if result.left_out:
        lines.append(
            f"{with_noun(result.left_out, 'group', 'groups')} more stood out in the search and were not taken further: "
            "the list was full."
        )
    lines += [f"{name}: too many levels to work with, not searched. Cut them into bands." for name in result.too_wide]
    lines += [
        f"{with_noun(people, 'person has', 'people have')} no known level of {name} and are in no group of it."
        for name, people in result.unknown.items()
    ]
    return lines


def reading(result: SearchResult) -> Words:
    """Return how the numbers are to be read, and what they do not say."""
    halves = (
        "Every rate, gap, interval and p is of people whom the search did not see; the gaps that the search saw are "
        "larger on average, because it picked them for their size."
    )
    kinds = {
        "parents": "crossings with one attribute less, put together on the odds without an interaction of all of them",
        "single": "their effects added up on the odds; a triple is listed beside the pair that explains it",
    }
    parents = (
        "A crossing is listed only if it differs from everybody else and from what its "
        f"{predictors(result)} predict: {kinds[result.predict_from]}."
    )
    chance = (
        f"In the search at most {percent(result.level)} of what stands out is expected to be chance (false discovery "
        "rate on a tree: number of attributes, set of attributes, group). Of all candidates together, chance is "
        f"confirmed in at most {percent(result.alpha)} of searches (Holm)."
    )
    once = "That holds for the first split. Repeated with other seeds until something is confirmed it proves nothing."
    policy = (
        f"Policy {result.policy} gives the level, the fewest people and the levels left out; it sets no line here. "
        "People count as independent of each other: repeated applications of one person are not."
    )
    return [halves, parents, chance, once, policy]


# Tables

_COLUMNS = (
    Column("Group"),
    Column("Confirmed"),
    Column("People", numeric=True),
    Column("Rate", numeric=True),
    Column("Everybody else", numeric=True),
    Column("Gap, points", numeric=True),
    Column("Predicted", numeric=True),
    Column("Odds ratio to it", numeric=True),
    Column("p, corrected", numeric=True),
    Column("People affected", numeric=True),
)


def candidate_table(records: Sequence[SubgroupRecord], result: SearchResult) -> tuple[Block, ...]:
    """Return the candidates as a table: effects and intervals of the people kept back."""
    rows = [
        (
            Cell(one.group, one.attribute),
            Cell("yes" if one.confirmed else "no"),
            Cell(f"{one.people:,}", f"{one.den:,} kept back"),
            _number(one.rate, percent),
            _number(one.rest_rate, percent),
            Cell(points(one.gap), interval(one.low, one.high, points)) if one.gap is not None else Cell(NOTHING),
            _number(one.predicted, percent),
            Cell(number(one.odds_ratio), interval(one.odds_ratio_low, one.odds_ratio_high, number))
            if one.odds_ratio is not None
            else Cell(NOTHING),
            Cell(p_value(one.p_adjusted)),
            Cell(f"{one.affected:,.0f}".replace("-", "−"), interval(one.affected_low, one.affected_high, _whole))
            if one.affected is not None
            else Cell(NOTHING),
        )
        for one in records
    ]
    note = (
        "Intervals each cover 95 times in 100."
        if result.confidence == 0.95
        else f"Intervals each cover with confidence {result.confidence:g}."
    )
    return table("Groups that stood out", _COLUMNS, rows, note)


def _number(value: float | None, write: Writer) -> Cell:
    return Cell(NOTHING if value is None else write(value))


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−")


def _depths(result: SearchResult) -> tuple[Block, ...]:
    columns = (
        Column("Attributes crossed", numeric=True),
        Column("Sets of attributes", numeric=True),
        Column("Groups", numeric=True),
        Column("Tested", numeric=True),
        Column("Too small", numeric=True),
        Column("Not to be told from a parent", numeric=True),
        Column("Stood out", numeric=True),
    )
    rows = [
        tuple(
            Cell(f"{value:,}")
            for value in (d.depth, d.sets, d.crossings, d.tested, d.too_small, d.same_as_parent, d.selected)
        )
        for d in result.depths
    ]
    return table("What was looked at", columns, rows)
