"""What a reader checks last: the rows, the methods, the policy, the words and where everything came from."""

from __future__ import annotations

import json
from typing import Any

from ..metrics import CONTRASTS, METRICS
from ..result import STATUS_WORDS, Result
from .lookup import unique
from .nodes import STATUS_SHAPES, Block, Cell, Column, Details, Item, Paragraph, Section, items, table
from .words import NOTHING, many, title

_FAMILIES = (
    Item(
        "named groups, the policy's first rule, the decision in production; p-values corrected within each attribute "
        "(Holm 1979).",
        "Primary findings",
    ),
    Item(
        "the policy's other rules; p-values corrected within each attribute, metric and cut-off (Holm 1979).",
        "Secondary findings",
    ),
    Item(
        "everything else, crossings and further cut-offs included; p-values corrected together for the false discovery "
        "rate (Benjamini and Hochberg 1995). They never change a primary p-value.",
        "Exploratory findings",
    ),
)


_WITHIN = Item(
    "a test of its own, not the absence of a flag: the one-sided interval excludes every effect past the "
    "policy's line. With the test for a flag these are two one-sided tests, as for equivalence.",
    "Within the line",
)


def ledger_section(result: Result) -> Section:
    """Return rows read, used and set aside, the data's issues, and how people are spread over labels."""
    ledger = result.input.ledger
    rows = [(Cell("Read"), Cell(f"{ledger.read:,}")), (Cell("Used"), Cell(f"{ledger.used:,}"))]
    rows += [(Cell("Set aside", reason), Cell(f"{n:,}")) for reason, n in ledger.set_aside.items()]
    note = "Rows read are rows used plus rows set aside."
    blocks = (
        *table("Rows", (Column("What became of them"), Column("Rows", numeric=True)), rows, note),
        *_issues(result),
        *_counted("People by recorded decision", "Decision", result.schema.decision_counts),
        *_counted("People by outcome", "Outcome", result.schema.outcome_counts),
    )
    return Section("data", "Data ledger", blocks)


def _issues(result: Result) -> tuple[Block, ...]:
    if not result.issues:
        return (Paragraph("The checks of the data found nothing to report."),)
    rows = [
        (
            Cell(issue.message, issue.code),
            Cell(f"{issue.count:,}"),
            Cell(issue.column or NOTHING),
            Cell(", ".join(f"{row:,}" for row in issue.rows) or NOTHING),
            Cell(issue.action),
        )
        for issue in result.issues
    ]
    columns = (
        Column("What was found"),
        Column("How often", numeric=True),
        Column("Column"),
        Column("First rows"),
        Column("What was done"),
    )
    return table("Issues in the data", columns, rows)


def _counted(caption: str, what: str, counts: dict[str, int]) -> tuple[Block, ...]:
    rows = [(Cell(name), Cell(f"{n:,}")) for name, n in counts.items()]
    return table(caption, (Column(what), Column("People", numeric=True)), rows)


def methods_section(result: Result) -> Section:
    """Return how intervals and tests were made, what the statuses mean, and how comparisons were corrected."""
    meanings = [
        Item(f"{words.partition(': ')[2]}.", status=status)
        for status, words in ((status, STATUS_WORDS[status]) for status in STATUS_SHAPES)
    ]
    settings = [
        Item(f"{100 * result.confidence:.4g}%, two-sided", "Confidence of intervals"),
        Item(f"{result.policy.alpha:g}, two-sided, unless a rule of the policy sets its own", "Significance level"),
        Item(f"{result.seed}", "Seed of every resampling"),
    ]
    families = [finding.family for finding in result.findings]
    shown = [item for item in _FAMILIES if any(item.term.lower().startswith(family) for family in families)]
    within = [_WITHIN] if any(finding.status == "within_line" for finding in result.findings) else []
    blocks = (*items(meanings), *items([*settings, *within, *shown]), *_methods(result))
    return Section("methods", "Methods", blocks)


def _methods(result: Result) -> tuple[Block, ...]:
    uses: dict[tuple[str, str], list[str]] = {}
    for record in result.rates:
        if record.method:
            uses.setdefault(("Interval", record.method), []).append(record.metric)
    for finding in result.findings:
        if finding.method:
            uses.setdefault(("Interval", finding.method), []).append(finding.metric)
        if finding.test:
            uses.setdefault(("Test", finding.test), []).append(finding.metric)
    rows = [
        (Cell(method), Cell(kind), Cell("; ".join(title(metric) for metric in unique(metrics))))
        for (kind, method), metrics in uses.items()
    ]
    return table("Methods used", (Column("Method"), Column("For"), Column("Of")), rows)


def policy_section(result: Result) -> Section:
    """Return the policy: who wrote its lines, where they come from and what it does not say."""
    policy = result.policy
    facts = [
        Item(policy.title, "Title"),
        Item(f"{policy.id}, version {policy.version}", "Policy"),
        Item(policy.status, "Status"),
        Item(policy.jurisdiction, "Jurisdiction"),
        Item(policy.reference, "Reference rule"),
        Item(policy.sha256, "sha256"),
    ]
    blocks: tuple[Block, ...] = items(facts)
    for words, entries in (("Limits of this policy:", policy.notes), ("Sources:", policy.sources)):
        if entries:
            blocks += (Paragraph(words), *items([Item(entry) for entry in entries]))
    return Section("policy", "Policy", blocks)


def glossary_section(result: Result) -> Section:
    """Return the metrics and contrasts that were used: in plain words, as a formula, when undefined, and the source."""
    used = unique([*(record.metric for record in result.rates), *(finding.metric for finding in result.findings)])
    rows: list[tuple[Cell, ...]] = []
    for name in used:
        known = CONTRASTS.get(name) or METRICS.get(name)
        if known is None:
            rows.append((Cell(title(name), name), Cell(NOTHING), Cell(NOTHING), Cell(NOTHING), Cell(NOTHING)))
        else:
            texts = (known.plain, known.formula, known.undefined_when, known.source)
            rows.append((Cell(known.title, known.id), *(Cell(text) for text in texts)))
    columns = tuple(Column(word) for word in ("Metric", "In plain words", "Formula", "Undefined when", "Source"))
    return Section("glossary", "Glossary", table("Metrics and contrasts in this report", columns, rows))


def provenance_section(result: Result) -> Section:
    """Return the tool, the input's digest, the files, the seed and the call, so that the audit can be made again."""
    tool = [Item(text, "tool" if name == "name" else name) for name, text in result.tool.items()]
    facts = [
        Item(result.input.name, "Input"),
        Item(result.input.sha256, "sha256 of the counts"),
        Item(result.policy.sha256, "sha256 of the policy"),
        Item(f"{result.seed}", "Seed"),
        Item(result.created or "not recorded, so that the same input gives the same bytes", "Made on"),
        Item(result.schema_version, "Version of result.json"),
    ]
    rows = [(Cell(file.name), Cell(f"{file.bytes:,}"), Cell(file.sha256)) for file in result.input.files]
    columns = (Column("File"), Column("Bytes", numeric=True), Column("sha256"))
    roles = [Item(_plain(value), role) for role, value in result.schema.roles.items()]
    blocks: tuple[Block, ...] = (*items([*facts, *tool]), *table("Files", columns, rows))
    if roles:
        blocks += (Details(f"The roles as declared ({many(len(roles), 'role', 'roles')})", items(roles)),)
    return Section("provenance", "Provenance", blocks)


def made_with(result: Result) -> str:
    """Return the last line of the report: the tool and its version."""
    named = f"{result.tool.get('name', 'fairaudit')} {result.tool.get('version', '')}".strip()
    return f"Made with {named}. Every number here is in result.json."


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
