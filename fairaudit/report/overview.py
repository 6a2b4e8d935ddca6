"""What stands first: what was audited, what was not tested and who is not in the file, and the findings."""

from __future__ import annotations

from ..metrics.sampling import how_drawn
from ..result import Finding, Result, Status
from ..schema.labels import MISSING
from .lookup import Lookup, attributes, compared, unique
from .nodes import (
    Block,
    Cell,
    Column,
    Item,
    Paragraph,
    Section,
    items,
    table,
)
from .nodes import Details as Folded
from .words import NOTHING, cutoff_text, effect_cell, heading, line_text, many, p_value, rate_cell, writer

SENTENCES_SHOWN = 12
_ORDER: tuple[Status, ...] = ("flag", "insufficient", "within_line", "info")
_FAMILIES = {"primary": "Primary", "secondary": "Secondary", "exploratory": "Exploratory"}
_NOT_FILLED = {
    "explanation": "an explanation of the score (which features carry it)",
    "alternatives": "a search for a less discriminatory alternative",
    "reliance": "how people rely on the score",
    "monitoring": "change over time",
}


def audit_title(result: Result) -> str:
    """Return the title of the report."""
    return f"Audit of {result.input.name}"


def opening(result: Result) -> tuple[Block, ...]:
    """Return what was audited: the people, the policy, whose decision, and every cut-off in words."""
    schema, policy = result.schema, result.policy
    names = [attribute.name for attribute in attributes(result)]
    lead = (
        f"{many(schema.people, 'person', 'people')} from {result.input.name}, audited by {_and(names)} under the "
        f"policy “{policy.title}” ({policy.id}, version {policy.version}; status: {policy.status}; "
        f"jurisdiction: {policy.jurisdiction})."
    )
    roles = schema.roles
    drawn = how_drawn(roles.get("sampled_by", ()), weighted=bool(roles.get("weight")))
    facts = [
        Item(schema.decision_text, "Decision"),
        Item(schema.positive, "Positive class"),
        Item(drawn, "How the sample was drawn"),
    ]
    if roles.get("cluster"):
        text = f"'{roles['cluster']}'; intervals and tests of decisions are made from replicate weights over them"
        facts.append(Item(text, "People come in clusters"))
    for record in schema.cutoffs:
        use = "in production" if record.production else "for comparison"
        at = "how many people stand exactly at it is not known"
        if record.people_at is not None:
            at = f"{many(record.people_at, 'person', 'people')} exactly at it"
        facts.append(Item(f"{record.text}; {at} ({use})", "Cut-off"))
    facts += [
        Item(
            f"{many(len(attribute.levels), 'group', 'groups')}, "
            + (
                f"held against {attribute.reference}" if attribute.reference else "no reference, so nothing is compared"
            ),
            attribute.name,
        )
        for attribute in attributes(result)
    ]
    return (Paragraph(lead, "lead"), *items(facts))


def limits(result: Result) -> Section:
    """Return what was not tested and who never reached the file; it stands before the findings."""
    schema, ledger = result.schema, result.input.ledger
    seen = Paragraph(
        "Only people in this file are seen. Who was discouraged from applying, never heard of the offer or was "
        "turned away earlier is not in it, and no number below speaks of them."
    )
    entries = []
    if ledger.read != ledger.used:
        gone = "; ".join(f"{reason}: {n:,}" for reason, n in ledger.set_aside.items())
        entries.append(
            Item(f"{ledger.read - ledger.used:,} of {many(ledger.read, 'row', 'rows')}. {gone}.", "Set aside")
        )
    entries += _unknown_outcomes(result)
    entries += [
        Item(f"{issue.message} {issue.action.capitalize()}.", "Decisions")
        for issue in result.issues
        if issue.code.startswith("decision_")
    ]
    for attribute in schema.attributes:
        missing = attribute.levels.get(MISSING, 0)
        if missing and not attribute.crossing:
            text = (
                f"{many(missing, 'person has', 'people have')} no {attribute.name}: shown as {MISSING}, never tested."
            )
            entries.append(Item(text, "Missing group"))
    absent = [words for name, words in _NOT_FILLED.items() if getattr(result, name) is None]
    if result.explanation is None:
        absent.insert(1, "what declined people could change")
    if absent:
        entries.append(Item(f"{'; '.join(absent)}.", "Not part of this audit"))
    return Section(
        "limits",
        "What was not tested, and who never reached the file",
        (seen, *items(entries), *_not_run(result)),
    )


def _unknown_outcomes(result: Result) -> list[Item]:
    counts = result.schema.outcome_counts
    if not counts:
        return [Item("No outcome was given: nothing here says whether a decision was right.", "Outcomes")]
    unknown = {reason: n for reason, n in counts.items() if reason not in {"good", "bad"} and n}
    if not unknown:
        return []
    why = "; ".join(f"{reason}: {n:,}" for reason, n in unknown.items())
    text = f"The outcome of {many(sum(unknown.values()), 'person', 'people')} is not known ({why})."
    if not result.schema.outcomes_complete:
        text += " Error rates over everybody are therefore not identified: bounds are printed, not estimates."
    return [Item(text, "Outcomes")]


def _not_run(result: Result) -> tuple[Block, ...]:
    rows = [
        (Cell(check.what), Cell(check.attribute or NOTHING), Cell(check.group or "all"), Cell(check.reason))
        for check in result.not_run
    ]
    columns = (Column("Check"), Column("Attribute"), Column("Group"), Column("Why it was not made"))
    return table("Checks that were not made", columns, rows)


# Findings


def findings(look: Lookup) -> Section:
    """Return the findings at a glance: the primary ones in words and as tables, then all statuses counted."""
    every = look.result.findings
    unsettled = [one for one in every if one.family == "secondary" and one.status in {"flag", "insufficient"}]
    blocks = (*key_blocks(look, in_words=True), *(_status_table(every) if every else ()))
    if unsettled:
        blocks += (Paragraph("Secondary findings that are flagged or not settled:"), *sentences(unsettled))
    return Section("findings", "Findings at a glance", blocks)


def key_blocks(look: Lookup, *, in_words: bool) -> tuple[Block, ...]:
    """Return the primary findings: counted, each in its sentence if asked, and as tables."""
    if not look.result.findings:
        return (Paragraph("No group could be compared with a reference; the reasons stand above, under the limits."),)
    primary = [finding for finding in look.result.findings if finding.family == "primary"]
    if not primary:
        return (Paragraph("The policy names no primary finding. All findings are in the sections below."),)
    told = sentences(primary) if in_words else ()
    return (_in_words(primary), *told, *key_tables(look, primary))


def _in_words(primary: list[Finding]) -> Paragraph:
    counts = {status: sum(finding.status == status for finding in primary) for status in _ORDER}
    words = {
        "flag": "flagged",
        "insufficient": "with insufficient evidence",
        "within_line": "within the policy's line",
        "info": "for information",
    }
    parts = [f"{n:,} {words[status]}" for status, n in counts.items() if n]
    return Paragraph(f"{many(len(primary), 'primary finding', 'primary findings')}: {_and(parts)}.", "lead")


def sentences(chosen: list[Finding], shown: int = SENTENCES_SHOWN) -> tuple[Block, ...]:
    """Return each finding's plain sentence, flagged ones first; a long list is folded after the first ones."""
    ordered = sorted(chosen, key=lambda finding: _ORDER.index(finding.status))
    entries = [Item(finding.sentence, status=finding.status) for finding in ordered]
    rest = entries[shown:]
    more = (Folded(f"{many(len(rest), 'more finding', 'more findings')}", items(rest)),) if rest else ()
    return (*items(entries[:shown]), *more)


def key_tables(look: Lookup, chosen: list[Finding]) -> tuple[Block, ...]:
    """Return findings that a rule asks for as tables: selection with its three effects together, then the others."""
    selection = [finding for finding in chosen if finding.metric == "adverse_impact_ratio"]
    rest = [finding for finding in chosen if finding.metric != "adverse_impact_ratio" and finding.rule is not None]
    blocks: tuple[Block, ...] = ()
    for cutoff in unique(finding.cutoff for finding in selection):
        here = [finding for finding in selection if finding.cutoff == cutoff]
        blocks += _selection_table(look, here, cutoff)
    caption = "Other findings that the policy asks for" if selection else "Findings that the policy asks for"
    return (*blocks, *_contrast_table(caption, look, rest))


def _selection_table(look: Lookup, chosen: list[Finding], cutoff: float | None) -> tuple[Block, ...]:
    lines = unique(line_text(finding.line) for finding in chosen if finding.line is not None)
    limit = f"The policy's line for the adverse impact ratio is {_and(list(lines))}." if lines else "No line is set."
    note = (
        f"With each effect stands its {_confidence(look.result)} interval. {limit} p is that of the adverse impact "
        "ratio's test, before and after correction for the number of comparisons; the status is the ratio's."
    )
    rows = [
        (
            Cell(f"{finding.attribute}: {finding.group}", f"against {finding.reference}"),
            Cell(f"{finding.n:,}", f"vs {finding.n_reference:,}"),
            _both(look, finding, "selection_rate"),
            *(effect_cell(one) for one in look.triple(finding)),
            Cell(p_value(finding.p)),
            Cell(p_value(finding.p_adjusted)),
            Cell(status=finding.status),
        )
        for finding in chosen
    ]
    columns = (
        Column("Group"),
        Column("People", numeric=True),
        Column("Selection rate", numeric=True),
        Column("Adverse impact ratio", numeric=True),
        Column("Gap (percentage points)", numeric=True),
        Column("Adverse-outcome ratio", numeric=True),
        Column("p", numeric=True),
        Column("Adjusted p", numeric=True),
        Column("Status"),
    )
    caption = f"Who is selected, each group against its reference ({cutoff_text(look.result, cutoff)})"
    return table(caption, columns, rows, note)


def _both(look: Lookup, finding: Finding, metric: str) -> Cell:
    texts = []
    for group in (finding.group, finding.reference):
        record = look.rate(metric, finding.attribute, group, finding.cutoff)
        texts.append(rate_cell(record).text)
    return Cell(texts[0], f"vs {texts[1]}" if texts[1] != NOTHING else "")


def _contrast_table(caption: str, look: Lookup, chosen: list[Finding]) -> tuple[Block, ...]:
    """Return any contrasts as one table: the rates compared, the effect, its line, test and status."""
    rows = []
    for finding in chosen:
        metrics = compared(finding)
        rates = _both(look, finding, metrics[0]) if len(metrics) == 1 else Cell(NOTHING)
        where = f"against {finding.reference}" + (f", {_at(look, finding)}" if finding.cutoff is not None else "")
        rows.append(
            (
                Cell(f"{finding.attribute}: {finding.group}", where),
                Cell(heading(finding.metric)),
                rates,
                effect_cell(finding),
                Cell(NOTHING if finding.line is None else line_text(finding.line, writer(finding.metric))),
                Cell(p_value(finding.p)),
                Cell(p_value(finding.p_adjusted)),
                Cell(f"{finding.n:,}", f"vs {finding.n_reference:,}"),
                Cell(status=finding.status),
            )
        )
    columns = (
        Column("Group"),
        Column("Contrast"),
        Column("Values compared", numeric=True),
        Column("Effect", numeric=True),
        Column("Line", numeric=True),
        Column("p", numeric=True),
        Column("Adjusted p", numeric=True),
        Column("People", numeric=True),
        Column("Status"),
    )
    return table(caption, columns, rows, f"With each effect stands its {_confidence(look.result)} interval.")


def _status_table(all_findings: list[Finding]) -> tuple[Block, ...]:
    rows = []
    for status in _ORDER:
        counts = [sum(f.status == status and f.family == family for f in all_findings) for family in _FAMILIES]
        rows.append((Cell(status=status), *(Cell(f"{n:,}") for n in counts)))
    columns = (Column("Status"), *(Column(word, numeric=True) for word in _FAMILIES.values()))
    note = (
        "Primary: the question the policy is made for. Secondary: its other rules. Exploratory: everything else, "
        "corrected for the false discovery rate."
    )
    return table("All findings by status and family", columns, rows, note)


def _at(look: Lookup, finding: Finding) -> str:
    return cutoff_text(look.result, finding.cutoff)


def _confidence(result: Result) -> str:
    return f"{100 * result.confidence:.4g}%"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "no attribute"
