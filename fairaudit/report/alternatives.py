"""A search for alternatives in words: plain text, Markdown, HTML and CSV, all from the records.

The answer stands first, then what was tested, then what was tried, then what a model-risk file needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..alternatives.plan import FAMILIES
from ..alternatives.records import AlternativesResult, CandidateRecord, ClaimRecord, FinalistRecord
from .charts.frontier import frontier_chart, performance_words
from .html import page, render, style_sheet
from .markdown import markdown
from .nodes import Block, Cell, Column, Item, Paragraph, Report, Section, figures, folded, items, table
from .tables import csv_text
from .words import NOTHING, interval, number, p_value, percent, points, visible, with_noun

Words = list[str]
NAMES = {
    "adverse_impact_ratio": "adverse impact ratio",
    "selection_rate_difference": "gap in selection rates",
    "equal_opportunity_difference": "gap in approvals of people with a good outcome",
}
BOUNDS = {
    "threshold_optimizer": "cut-offs by group (fairlearn's ThresholdOptimizer)",
    "correlation_remover": "features made uncorrelated with the group (fairlearn's CorrelationRemover)",
}


def to_text(result: AlternativesResult) -> str:
    """Return the answer as plain text for a terminal."""
    parts = [
        ("", [heading(result), *declared(result)]),
        (verdict(result), [*why(result), *[sentence(one, result) for one in result.finalists]]),
        ("What was tried:", [f"- {line}" for line in tried(result)]),
        ("Limits:", [f"- {line}" for line in result.limits]),
    ]
    shown = [
        "\n".join([*([title] if title else []), *(f"{'  ' if title else ''}{visible(line)}" for line in lines)])
        for title, lines in parts
    ]
    return "\n\n".join(part for part in shown if part)


def to_markdown(result: AlternativesResult) -> str:
    """Return the search as Markdown. Names from the data are text, whatever they contain."""
    return markdown(alternatives_tree(result))


def to_html(result: AlternativesResult) -> str:
    """Return the search as one self-contained HTML page."""
    return page(alternatives_tree(result))


def fragment(result: AlternativesResult) -> str:
    """Return the answer and the finalists as a fragment of HTML for a notebook."""
    shown = (Paragraph(f"{heading(result)}. {verdict(result)}"), *finalist_table(result))
    return render("key_table.html.j2", shown=shown, style=style_sheet("key_table.css"))


def to_csv(result: AlternativesResult) -> str:
    """Return the candidates as CSV: every field, one candidate a row; a spreadsheet runs nothing of it."""
    return csv_text(CandidateRecord, result.candidates)


def alternatives_tree(result: AlternativesResult) -> Report:
    """Return the search as a tree of plain parts, before it is put into any format."""
    found: list[Block] = [
        Paragraph(verdict(result), "lead"),
        *_listed([*why(result), *(sentence(one, result) for one in result.finalists)]),
        *finalist_table(result),
    ]
    sections = [
        Section("answer", "The answer", tuple(found)),
        *(_changes(one, result) for one in result.finalists if one.shown),
        Section("tried", "What was tried", (*_listed(tried(result)), *figures(frontier_chart(result)),
                                            *folded(f"All candidates ({len(result.candidates)})",
                                                    candidate_table(result)))),
        Section("choice", "How much depends on an arbitrary choice", _listed(arbitrary(result))),
        Section("limits", "Limits and how to read it", _listed([*result.limits, *reading(result)])),
        Section("file", "For the model-risk file", (*plan_table(result), *space_table(result))),
    ]  # fmt: skip
    made = f"Made with {result.tool.get('name', 'fairaudit')} {result.tool.get('version', '')}, seed {_seed(result)}."
    lead = tuple(Paragraph(line) for line in declared(result))
    return Report(heading(result), lead, tuple(part for part in sections if part.blocks), made)


def _listed(lines: Words) -> tuple[Block, ...]:
    return items([Item(line) for line in lines])


def _seed(result: AlternativesResult) -> str:
    return str(result.plan["seed"])


# Words


def heading(result: AlternativesResult) -> str:
    """Return what was searched, in one line."""
    return f"Search for a less discriminatory model: {result.target['attribute']}, {result.target['group']}"


def declared(result: AlternativesResult) -> Words:
    """Return what was declared before the search, and how the people were divided."""
    plan, people = result.plan, result.people
    least = result.plan["improvement"]
    better = f" by more than {_improvement(result, float(least))}" if least else ""
    first = (
        f"Declared before the search: {performance_words(result)} may be worse by at most "
        f"{_amount(result, float(plan['margin']))}, and the {NAMES[str(plan['metric'])]} of {result.target['group']} "
        f"against {result.target['reference']} must be better{better}, both shown at once (policy {plan['policy']}, "
        f"level {percent(float(plan['alpha']))})."
    )
    split = (
        f"Trained on {people['training']:,} people, chosen on {people['selection']:,} others, judged on "
        f"{people['verdict']:,} whom nobody had looked at (seed {plan['seed']})."
    )
    return [first, split]


def verdict(result: AlternativesResult) -> str:
    """Return the answer in one sentence."""
    if result.answer == "shown":
        many = sum(one.shown for one in result.finalists)
        return f"{with_noun(many, 'alternative is', 'alternatives are')} shown."
    candidates = with_noun(result.tried or result.failed, "candidate", "candidates")
    if result.answer == "none_shown":
        reach = "" if result.detectable is None else f" One that {_reach(result)} would probably have been shown."
        return f"No alternative is shown among {candidates}.{reach}"
    needed = "" if result.people_needed is None else f" About {result.people_needed:,} people in all would settle it."
    return f"These people cannot tell whether one of {candidates} is an alternative.{needed}"


def why(result: AlternativesResult) -> Words:
    """Return the reasons of the answer, and what is known of the search's recall."""
    lines = list(result.reasons)
    recall = result.recall
    if recall is not None:
        lines.append(
            f"Planted alternatives: the incumbent was made worse with a feature that only tells the group, "
            f"{with_noun(recall.planted, 'time', 'times')}, and the same search found its way back in {recall.found} "
            f"(recall {interval(recall.low, recall.high, percent)} at 95%)."
        )
    lines += [
        f"Finalist {one.rank} puts {other.attribute}: {other.group} past the policy's line "
        f"(ratio {_number(other.ratio_after)} against {other.reference}, before {_number(other.ratio_before)})."
        for one in result.finalists
        for other in one.other_groups
        if other.put_past
    ]
    return lines


def sentence(one: FinalistRecord, result: AlternativesResult) -> str:
    """Return one finalist in words: what it is, both changes with intervals, how sure, and what became of it."""
    what = f"Finalist {one.rank}, {family_words(one.family)}"
    claims = [
        f"{performance_words(result)} {_claim(one.performance, result, disparity=False)}",
        f"{NAMES[str(result.plan['metric'])]} {_claim(one.disparity, result, disparity=True)}",
    ]
    p = p_value(one.p_adjusted)
    equals = "" if p.startswith(("<", ">")) else "= "
    end = "Shown" if one.shown else "Not shown"
    return (
        f"{what}: {claims[0]}; {claims[1]}; p {equals}{p}, corrected for "
        f"{with_noun(len(result.finalists), 'finalist', 'finalists')}. {end}."
    )


def _claim(one: ClaimRecord, result: AlternativesResult, *, disparity: bool) -> str:
    if one.undefined or one.change is None or one.incumbent is None or one.candidate is None:
        return f"cannot be told ({one.undefined})"
    ratio = disparity and result.plan["metric"] == "adverse_impact_ratio"
    if ratio:
        low, high = (math.exp(end) for end in (one.low or 0.0, one.high or 0.0))
        return (
            f"{number(one.incumbent)} to {number(one.candidate)}, times {number(math.exp(one.change))} "
            f"({interval(low, high, number)})"
        )
    write = _gap if disparity else (lambda value: _amount(result, value))
    return (
        f"{write(one.incumbent)} to {write(one.candidate)}, {write(one.change)} ({interval(one.low, one.high, write)})"
    )


def tried(result: AlternativesResult) -> Words:
    """Return what was searched and for how long."""
    families: dict[str, int] = {}
    for one in result.candidates:
        if one.proposable:
            families[one.family] = families.get(one.family, 0) + 1
    lines = [f"{family_words(name)}: {with_noun(many, 'candidate', 'candidates')}" for name, many in families.items()]
    failed = f", and {result.failed:,} that have no numbers" if result.failed else ""
    resumed = f" ({result.resumed:,} of them in earlier runs)" if result.resumed else ""
    many = with_noun(result.tried, "candidate", "candidates")
    suspects = ", ".join(result.suspects) or "none"
    lines.append(f"{many} with numbers{failed}{resumed}, in {result.seconds:,.0f} s.")
    lines += [f"Features that carry the gap or tell the group, the strongest first: {suspects}."]
    lines += [
        f"{BOUNDS.get(one.family, one.family)}, as an upper bound and not proposed: {one.why_not}."
        for one in result.candidates
        if not one.proposable
    ]
    return lines


def arbitrary(result: AlternativesResult) -> Words:
    """Return how many decisions depend on which of the equally good models is chosen, and how stable finalists are."""
    lines = []
    made = result.multiplicity
    if made is not None:
        lines.append(
            f"{with_noun(made.models, 'model', 'models')} (the incumbent among them) perform alike within the margin "
            f"on the selection split. {made.ambiguous:,} of {with_noun(made.people, 'person', 'people')} "
            f"({percent(made.ambiguous / made.people)}) are approved by one of them and declined by another; any one "
            f"changes at most {made.most_from_incumbent:,} decisions of the incumbent."
        )
        lines += [
            f"{group}: the decision depends on the choice for {some:,} of {everybody:,}."
            for group, (some, everybody) in made.by_group.items()
        ]
    for one in result.finalists:
        stable = one.stability
        if stable is not None:
            lines.append(
                f"Finalist {one.rank} fitted {stable.refits} times anew, to people drawn anew and with other seeds: "
                f"{stable.within_margin} within the margin, {stable.better} with less disparity than the incumbent "
                "(selection split)."
            )
    return lines


def reading(result: AlternativesResult) -> Words:
    """Return how the numbers are to be read."""
    level = percent(1 - float(result.plan["alpha"]))
    paired = (
        "Both models score the same people, so what they share cancels: intervals are of the change (paired), each "
        f"with a confidence of {level}. An alternative is shown where both intervals are past their bounds "
        "(intersection-union), the larger p corrected over the finalists (Holm)."
    )
    chosen = (
        "Numbers of the selection split chose the finalists and are too good on average; only the verdict split judges."
    )
    none = "None shown is no proof that there is none: it says what was tried and what could have been detected."
    return [paired, chosen, none]


def family_words(name: str) -> str:
    """Return a family in words."""
    return BOUNDS.get(name) or f"{name} ({dict(FAMILIES).get(name, 'not known to this version')})"  # type: ignore[call-overload]


def _amount(result: AlternativesResult, value: float) -> str:
    if result.plan["performance"] == "volume_at_equal_bad_rate":
        return f"{points(value)} points"
    return f"{value:.4f}".replace("-", "−") if result.plan["performance"] == "area_under_curve" else number(value)


def _gap(value: float) -> str:
    return f"{points(value)} points"


def _improvement(result: AlternativesResult, value: float) -> str:
    return percent(value) if result.plan["metric"] == "adverse_impact_ratio" else f"{points(value)} points"


def _reach(result: AlternativesResult) -> str:
    value = result.detectable or 0.0
    if result.plan["metric"] == "adverse_impact_ratio":
        return f"raises the ratio by {percent(math.expm1(value))} or more"
    return f"narrows the gap by {points(value)} points or more"


def _number(value: float | None) -> str:
    return NOTHING if value is None else number(value)


# Tables


def finalist_table(result: AlternativesResult) -> tuple[Block, ...]:
    """Return the finalists on the verdict split."""
    columns = (
        Column("Finalist"), Column("Shown"), Column("Performance", numeric=True), Column("Change", numeric=True),
        Column("Disparity", numeric=True), Column("Change", numeric=True), Column("p, corrected", numeric=True),
        Column("Approved", numeric=True), Column("Bad rate", numeric=True),
    )  # fmt: skip
    rows = [
        (
            Cell(f"{one.rank}: {one.family}", f"candidate {one.number}"),
            Cell("yes" if one.shown else "no"),
            *_claim_cells(one.performance, result, disparity=False),
            *_claim_cells(one.disparity, result, disparity=True),
            Cell(p_value(one.p_adjusted)),
            Cell(percent(one.approved_after), f"before {percent(one.approved_before)}"),
            Cell(NOTHING if one.bad_rate_after is None else percent(one.bad_rate_after),
                 "" if one.bad_rate_before is None else f"before {percent(one.bad_rate_before)}"),
        )
        for one in result.finalists
    ]  # fmt: skip
    note = "Verdict split; intervals of the change. The bad rate is of the approved whose outcome is observed."
    return table("Finalists on people whom nobody had looked at", columns, rows, note)


def _claim_cells(one: ClaimRecord, result: AlternativesResult, *, disparity: bool) -> tuple[Cell, Cell]:
    if one.change is None or one.candidate is None or one.incumbent is None or one.undefined:
        return Cell(NOTHING, one.undefined or ""), Cell(NOTHING)
    if disparity and result.plan["metric"] == "adverse_impact_ratio":
        low, high = (math.exp(end) for end in (one.low or 0.0, one.high or 0.0))
        change = Cell(f"× {number(math.exp(one.change))}", interval(low, high, number))
        return Cell(number(one.candidate), f"before {number(one.incumbent)}"), change
    write = points if disparity else (lambda value: _amount(result, value))
    return (
        Cell(write(one.candidate), f"before {write(one.incumbent)}"),
        Cell(write(one.change), interval(one.low, one.high, write)),
    )


def _changes(one: FinalistRecord, result: AlternativesResult) -> Section:
    columns = (
        Column("Group"), Column("People", numeric=True), Column("Approved before", numeric=True),
        Column("Approved after", numeric=True), Column("Newly approved", numeric=True),
        Column("Their bad rate", numeric=True), Column("Newly declined", numeric=True),
        Column("Their bad rate", numeric=True),
    )  # fmt: skip
    rows = [
        (
            Cell(group.group), Cell(f"{group.people:,}"), Cell(f"{group.approved_before:,}"),
            Cell(f"{group.approved_after:,}"), Cell(f"{group.newly_approved:,}"), _rate(group.bad_rate_newly_approved),
            Cell(f"{group.newly_declined:,}"), _rate(group.bad_rate_newly_declined),
        )
        for group in one.moved
    ]  # fmt: skip
    others = [
        (Cell(each.group, each.attribute), Cell(each.reference), Cell(_number(each.ratio_before)),
         Cell(_number(each.ratio_after)), Cell("yes" if each.put_past else "no"))
        for each in one.other_groups
    ]  # fmt: skip
    other_columns = (
        Column("Group"), Column("Against"), Column("Ratio before", numeric=True), Column("Ratio after", numeric=True),
        Column("Put past the line"),
    )  # fmt: skip
    settings = "; ".join(f"{name}: {_setting(value)}" for name, value in one.settings.items())
    blocks: list[Block] = [
        Paragraph(f"{family_words(one.family)}. {settings}."),
        *table(f"What changes for whom: {result.target['attribute']}", columns, rows, "People of the verdict split."),
        *table("Other groups", other_columns, others),
    ]
    saved = f" It is saved as {one.saved_as}." if one.saved_as else ""
    if one.sha256:
        blocks.append(Paragraph(f"The model that was tested has the SHA-256 {one.sha256}.{saved}", "note"))
    return Section(f"finalist-{one.rank}", f"Finalist {one.rank}: what changes", tuple(blocks))


def _rate(value: float | None) -> Cell:
    return Cell(NOTHING if value is None else percent(value))


def _setting(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_setting(each)}" for key, each in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def candidate_table(result: AlternativesResult) -> tuple[Block, ...]:
    """Return every candidate with its numbers on the selection split."""
    columns = (
        Column("Candidate"), Column("Settings"), Column("Performance", numeric=True), Column("Change", numeric=True),
        Column("Disparity", numeric=True), Column("Note"),
    )  # fmt: skip
    return table("Candidates on the selection split", columns, [_candidate(one, result) for one in _order(result)])


def _order(result: AlternativesResult) -> Sequence[CandidateRecord]:
    return sorted(result.candidates, key=lambda one: (not one.finalist, not one.on_frontier, one.number))


def _candidate(one: CandidateRecord, result: AlternativesResult) -> tuple[Cell, ...]:
    ratio = result.plan["metric"] == "adverse_impact_ratio"
    disparity = NOTHING if one.disparity is None else (number if ratio else points)(one.disparity)
    note = "finalist" if one.finalist else "on the frontier" if one.on_frontier else one.why_not or ""
    return (
        Cell(f"{one.number}", one.family),
        Cell("; ".join(f"{name}: {_setting(value)}" for name, value in one.settings.items())),
        Cell(NOTHING if one.performance is None else _amount(result, one.performance)),
        Cell(NOTHING if one.performance_change is None else _amount(result, one.performance_change)),
        Cell(disparity),
        Cell(note),
    )


def plan_table(result: AlternativesResult) -> tuple[Block, ...]:
    """Return what was declared, and what made the search: settings, seeds, versions, digests."""
    facts = {
        **{name.replace("_", " "): _setting(value) for name, value in result.plan.items() if value is not None},
        "incumbent": _setting(result.incumbent),
        "people by split": _setting(result.people),
        "outcome not observed, by split": _setting(result.unobserved),
        "versions": _setting(result.versions),
        "SHA-256 of plan and people": result.plan_sha256,
    }
    rows = [(Cell(name), Cell(value)) for name, value in facts.items()]
    return table("Plan", (Column("What"), Column("Value")), rows)


def space_table(result: AlternativesResult) -> tuple[Block, ...]:
    """Return the search space."""
    rows = [
        (Cell(name), Cell(_setting(values) if values else "the learner's settings only"))
        for name, values in result.space["families"].items()
    ]
    rows += [(Cell(f"learner: {name}"), Cell(_setting(values))) for name, values in result.space["learners"].items()]
    return table("Search space", (Column("Family"), Column("What was varied")), rows)
