"""What stands first: what was audited, what was not tested and who is not in the file, and the findings."""

from __future__ import annotations

from ..metrics.sampling import how_drawn
from ..result import ExplanationRecord, Finding, Result
from ..schema.labels import MISSING
from ..translations import REVIEWED, also, many, marked, retold, say, shares, spoken_now
from .lookup import Lookup, attributes, compared, unique
from .nodes import (
    STATUS_ORDER,
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
from .words import (
    NOTHING,
    against,
    counted,
    cutoff_text,
    effect_cell,
    heading,
    line_text,
    p_value,
    percent,
    rate_cell,
    writer,
)

SENTENCES_SHOWN = 12
_FAMILIES = {"primary": marked("Primary"), "secondary": marked("Secondary"), "exploratory": marked("Exploratory")}
_ACCESS = {
    "tables": marked(
        "tables of counts: no row of a person was seen, and neither what goes into the score nor the model"
    ),
    "decisions": marked(
        "recorded decisions, without score or model: what they were made from, and what would change them, cannot be "
        "told"
    ),
    "scores": marked("scores, without the model: what a score is made of, and what would change it, cannot be told"),
    "model": marked("the model itself, run on the rows; not its code, and not how people use what it says"),
}
"""What the auditor had -> what that was, and what it cannot show."""
_HOLDS = marked(
    "until the model, a cut-off or the people who are scored change; it speaks of this file, and of policy version "
    "{version}"
)
_NOT_FILLED = {
    "explanation": marked("an explanation of the score (which features carry it)"),
    "alternatives": marked("a search for a less discriminatory alternative"),
    "reliance": marked("how people rely on the score"),
    "monitoring": marked("change over time"),
}


def audit_title(result: Result) -> str:
    """Return the title of the report."""
    return say("Audit of {source}", source=retold(result.input.name))


def unreviewed() -> tuple[Block, ...]:
    """Say that no native speaker has read this translation, and how many of its texts are in English for now."""
    if spoken_now() in REVIEWED:
        return ()
    told = [say("This translation was not reviewed by a native speaker. The English report is the source.")]
    lacking, every = shares()
    if lacking:
        counts = {"lacking": f"{lacking:,}", "all": f"{every:,}"}
        text = say(
            "{lacking} of {all} texts are not translated yet: where one is needed, it stands in English.", **counts
        )
        told.append(text)
    return (Paragraph(" ".join(told), "note"),)


def opening(result: Result) -> tuple[Block, ...]:
    """Return what was audited: the people, the policy, whose decision, and every cut-off in words."""
    schema, policy = result.schema, result.policy
    names = [attribute.name for attribute in attributes(result)]
    lead = say(
        "{people} from {source}, audited by {attributes} under the policy “{title}” ({policy}, version {version}; "
        "status: {status}; jurisdiction: {jurisdiction}).",
        people=_people(schema.people),
        source=retold(result.input.name),
        attributes=also(names) or say("no attribute"),
        title=say(policy.title),
        policy=policy.id,
        version=policy.version,
        status=say(policy.status),
        jurisdiction=say(policy.jurisdiction),
    )
    roles = schema.roles
    drawn = how_drawn(roles.get("sampled_by", ()), weighted=bool(roles.get("weight")))
    facts = [
        Item(schema.decision_text, say("Decision")),
        Item(schema.positive, say("Positive class")),
        Item(drawn, say("How the sample was drawn")),
        Item(say(_ACCESS[access_of(result)]), say("Access")),
        Item(say(_HOLDS, version=policy.version), say("Until when it holds")),
    ]
    if roles.get("cluster"):
        text = say(
            "'{column}'; intervals and tests are made from replicate weights over them", column=str(roles["cluster"])
        )
        facts.append(Item(text, say("People come in clusters")))
    for record in schema.cutoffs:
        use = say("in production") if record.production else say("for comparison")
        at = say("how many people stand exactly at it is not known")
        if record.people_at is not None:
            at = many(record.people_at, "{number} person exactly at it", "{number} people exactly at it")
        facts.append(Item(say("{rule}; {at} ({use})", rule=record.text, at=at, use=use), say("Cut-off")))
    facts += [
        Item(
            say(
                "{groups}, {against}",
                groups=many(len(attribute.levels), "{number} group", "{number} groups"),
                against=against(attribute.reference),
            ),
            attribute.name,
        )
        for attribute in attributes(result)
    ]
    return (*unreviewed(), Paragraph(lead, "lead"), *items(facts))


def access_of(result: Result) -> str:
    """Return what the auditor had: tables, decisions, scores or the model."""
    if result.explanation is not None:
        return "model"
    if result.schema.roles.get("counts"):
        return "tables"
    return "scores" if result.schema.roles.get("score") else "decisions"


def _people(number: int) -> str:
    return many(number, "{number} person", "{number} people")


def limits(result: Result) -> Section:
    """Return what was not tested and who never reached the file; it stands before the findings."""
    schema, ledger = result.schema, result.input.ledger
    seen = Paragraph(
        say(
            "Only people in this file are seen. Who was discouraged from applying, never heard of the offer or was "
            "turned away earlier is not in it, and no number below speaks of them."
        )
    )
    entries = []
    if ledger.read != ledger.used:
        gone = "; ".join(
            say("{what}: {number}", what=retold(reason), number=f"{n:,}") for reason, n in ledger.set_aside.items()
        )
        text = say(
            "{number} of {rows}. {why}.",
            number=f"{ledger.read - ledger.used:,}",
            rows=many(ledger.read, "{number} row", "{number} rows"),
            why=gone,
        )
        entries.append(Item(text, say("Set aside")))
    entries += _unknown_outcomes(result)
    entries += [
        Item(
            say("{found} {action}.", found=retold(issue.message), action=_capital(retold(issue.action))),
            say("Decisions"),
        )
        for issue in result.issues
        if issue.code.startswith("decision_")
    ]
    for attribute in schema.attributes:
        missing = attribute.levels.get(MISSING, 0)
        if missing and not attribute.crossing:
            text = many(
                missing,
                "{number} person has no {attribute}: shown as {level}, never tested.",
                "{number} people have no {attribute}: shown as {level}, never tested.",
                attribute=attribute.name,
                level=MISSING,
            )
            entries.append(Item(text, say("Missing group")))
    absent = [say(words) for name, words in _NOT_FILLED.items() if getattr(result, name) is None]
    if result.explanation is None:
        absent.insert(1, say("what declined people could change"))
    if absent:
        entries.append(Item(f"{'; '.join(absent)}.", say("Not part of this audit")))
    return Section(
        "limits",
        say("What was not tested, and who never reached the file"),
        (seen, *items(entries), *_not_run(result)),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unknown_outcomes(result: Result) -> list[Item]:
    counts = result.schema.outcome_counts
    if not counts:
        text = say("No outcome was given: nothing here says whether a decision was right.")
        return [Item(text, say("Outcomes"))]
    unknown = {reason: n for reason, n in counts.items() if reason not in {"good", "bad"} and n}
    if not unknown:
        return []
    why = "; ".join(say("{what}: {number}", what=retold(reason), number=f"{n:,}") for reason, n in unknown.items())
    text = many(
        sum(unknown.values()),
        "The outcome of {number} person is not known ({why}).",
        "The outcome of {number} people is not known ({why}).",
        why=why,
    )
    if not result.schema.outcomes_complete:
        more = say("Error rates over everybody are therefore not identified: bounds are printed, not estimates.")
        text = f"{text} {more}"
    return [Item(text, say("Outcomes"))]


def _not_run(result: Result) -> tuple[Block, ...]:
    rows = [
        (
            Cell(told_checks(check.what)),
            Cell(check.attribute or NOTHING),
            Cell(check.group or say("all")),
            Cell(retold(check.reason)),
        )
        for check in result.not_run
    ]
    columns = (
        Column(say("Check")),
        Column(say("Attribute")),
        Column(say("Group")),
        Column(say("Why it was not made")),
    )
    return table(say("Checks that were not made"), columns, rows)


def told_checks(what: str) -> str:
    """Return the checks that were not made for one reason, each in the language of the moment."""
    return "; ".join(retold(part) for part in what.split("; "))


# Findings


def findings(look: Lookup) -> Section:
    """Return the findings at a glance: the primary ones in words and as tables, then all statuses counted."""
    every = look.result.findings
    unsettled = [one for one in every if one.family == "secondary" and one.status in {"flag", "insufficient"}]
    blocks = (*key_blocks(look, in_words=True), *(_status_table(every) if every else ()))
    if unsettled:
        blocks += (Paragraph(say("Secondary findings that are flagged or not settled:")), *sentences(unsettled))
    blocks += _explained(look.result.explanation)
    return Section("findings", say("Findings at a glance"), blocks)


def _explained(made: ExplanationRecord | None) -> tuple[Block, ...]:
    """Return what the gaps of a model's score are made of and who has no way to the cut-off, a sentence each."""
    told = explained_sentences(made)
    if not told:
        return ()
    lead = Paragraph(say("What the model's score is made of, and what could change it:"))
    return (lead, *items([Item(text) for text in told]))


def explained_sentences(made: ExplanationRecord | None) -> list[str]:
    """Return what stands at a glance of a score taken apart; nothing where there was no model."""
    if made is None:
        return []
    told = [gap.sentence for gap in made.gaps if gap.value is not None]
    told += [
        say(
            "{attribute}: {share} of the declined people of {group} have no way to the cut-off that was found "
            "({low} to {high}; of {number} worked on).",
            attribute=one.attribute, group=one.group, share=percent(one.share_without), low=percent(one.share_low),
            high=percent(one.share_high), number=f"{one.drawn:,}",
        )
        for one in made.recourse
        if one.share_without is not None and one.share_low is not None and one.share_high is not None
    ]  # fmt: skip
    return told


def key_blocks(look: Lookup, *, in_words: bool) -> tuple[Block, ...]:
    """Return the primary findings: counted, each in its sentence if asked, and as tables."""
    if not look.result.findings:
        text = say("No group could be compared with a reference; the reasons stand above, under the limits.")
        return (Paragraph(text),)
    primary = [finding for finding in look.result.findings if finding.family == "primary"]
    if not primary:
        return (Paragraph(say("The policy names no primary finding. All findings are in the sections below.")),)
    told = sentences(primary) if in_words else ()
    return (_in_words(primary), *told, *key_tables(look, primary))


def _in_words(primary: list[Finding]) -> Paragraph:
    parts = counted(primary)
    text = many(
        len(primary), "{number} primary finding: {counts}.", "{number} primary findings: {counts}.", counts=also(parts)
    )
    return Paragraph(text, "lead")


def sentences(chosen: list[Finding], shown: int = SENTENCES_SHOWN) -> tuple[Block, ...]:
    """Return each finding's plain sentence, flagged ones first; a long list is folded after the first ones."""
    ordered = sorted(chosen, key=lambda finding: STATUS_ORDER.index(finding.status))
    entries = [Item(finding.sentence, status=finding.status) for finding in ordered]
    rest = entries[shown:]
    more = (Folded(many(len(rest), "{number} more finding", "{number} more findings"), items(rest)),) if rest else ()
    return (*items(entries[:shown]), *more)


def key_tables(look: Lookup, chosen: list[Finding]) -> tuple[Block, ...]:
    """Return findings that a rule asks for as tables: selection with its three effects together, then the others."""
    selection = [finding for finding in chosen if finding.metric == "adverse_impact_ratio"]
    rest = [finding for finding in chosen if finding.metric != "adverse_impact_ratio" and finding.rule is not None]
    blocks: tuple[Block, ...] = ()
    for cutoff in unique(finding.cutoff for finding in selection):
        here = [finding for finding in selection if finding.cutoff == cutoff]
        blocks += _selection_table(look, here, cutoff)
    caption = say("Findings that the policy asks for")
    if selection:
        caption = say("Other findings that the policy asks for")
    return (*blocks, *_contrast_table(caption, look, rest))


def _selection_table(look: Lookup, chosen: list[Finding], cutoff: float | None) -> tuple[Block, ...]:
    lines = unique(line_text(finding.line) for finding in chosen if finding.line is not None)
    limit = say("No line is set.")
    if lines:
        limit = say("The policy's line for the adverse impact ratio is {line}.", line=also(list(lines)))
    note = say(
        "With each effect stands its {confidence} interval. {limit} p is that of the adverse impact ratio's test, "
        "before and after correction for the number of comparisons; the status is the ratio's.",
        confidence=_confidence(look.result),
        limit=limit,
    )
    rows = [
        (
            _who(finding, versus(finding)),
            people_cell(finding),
            _both(look, finding, "selection_rate"),
            *(effect_cell(one) for one in look.triple(finding)),
            Cell(p_value(finding.p)),
            Cell(p_value(finding.p_adjusted)),
            Cell(status=finding.status),
        )
        for finding in chosen
    ]
    columns = (
        Column(say("Group")),
        Column(say("People"), numeric=True),
        Column(say("Selection rate"), numeric=True),
        Column(say("Adverse impact ratio"), numeric=True),
        Column(say("Gap (percentage points)"), numeric=True),
        Column(say("Adverse-outcome ratio"), numeric=True),
        Column("p", numeric=True),
        Column(say("Adjusted p"), numeric=True),
        Column(say("Status")),
    )
    caption = say(
        "Who is selected, each group against its reference ({decision})", decision=cutoff_text(look.result, cutoff)
    )
    return table(caption, columns, rows, note)


def _who(finding: Finding, beside: str) -> Cell:
    return Cell(f"{finding.attribute}: {finding.group}", beside)


def versus(finding: Finding) -> str:
    """Return whom a group is held against, as it stands beside the group."""
    return say("against {reference}", reference=finding.reference)


def people_cell(finding: Finding) -> Cell:
    """Return the people of the group, and those of the reference."""
    return Cell(f"{finding.n:,}", say("vs {number}", number=f"{finding.n_reference:,}"))


def _both(look: Lookup, finding: Finding, metric: str) -> Cell:
    texts = []
    for group in (finding.group, finding.reference):
        record = look.rate(metric, finding.attribute, group, finding.cutoff)
        texts.append(rate_cell(record).text)
    return Cell(texts[0], say("vs {number}", number=texts[1]) if texts[1] != NOTHING else "")


def _contrast_table(caption: str, look: Lookup, chosen: list[Finding]) -> tuple[Block, ...]:
    """Return any contrasts as one table: the rates compared, the effect, its line, test and status."""
    rows = []
    for finding in chosen:
        metrics = compared(finding)
        rates = _both(look, finding, metrics[0]) if len(metrics) == 1 else Cell(NOTHING)
        where = versus(finding) + (f", {_at(look, finding)}" if finding.cutoff is not None else "")
        rows.append(
            (
                _who(finding, where),
                Cell(heading(finding.metric)),
                rates,
                effect_cell(finding),
                Cell(NOTHING if finding.line is None else line_text(finding.line, writer(finding.metric))),
                Cell(p_value(finding.p)),
                Cell(p_value(finding.p_adjusted)),
                people_cell(finding),
                Cell(status=finding.status),
            )
        )
    columns = (
        Column(say("Group")),
        Column(say("Contrast")),
        Column(say("Values compared"), numeric=True),
        Column(say("Effect"), numeric=True),
        Column(say("Line"), numeric=True),
        Column("p", numeric=True),
        Column(say("Adjusted p"), numeric=True),
        Column(say("People"), numeric=True),
        Column(say("Status")),
    )
    note = say("With each effect stands its {confidence} interval.", confidence=_confidence(look.result))
    return table(caption, columns, rows, note)


def _status_table(all_findings: list[Finding]) -> tuple[Block, ...]:
    rows = []
    for status in STATUS_ORDER:
        counts = [sum(f.status == status and f.family == family for f in all_findings) for family in _FAMILIES]
        rows.append((Cell(status=status), *(Cell(f"{n:,}") for n in counts)))
    columns = (Column(say("Status")), *(Column(say(word), numeric=True) for word in _FAMILIES.values()))
    note = say(
        "Primary: the question the policy is made for. Secondary: its other rules. Exploratory: everything else, "
        "corrected for the false discovery rate."
    )
    return table(say("All findings by status and family"), columns, rows, note)


def _at(look: Lookup, finding: Finding) -> str:
    return cutoff_text(look.result, finding.cutoff)


def _confidence(result: Result) -> str:
    return f"{100 * result.confidence:.4g}%"
