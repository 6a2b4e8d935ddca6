"""What a reader checks last: the rows, the methods, the policy, the words and where everything came from."""

from __future__ import annotations

import json
from typing import Any

from ..metrics import CONTRASTS, METRICS
from ..result import Result
from ..statuses import STATUS_MEANINGS
from ..translations import many, marked, retold, say
from .lookup import unique
from .nodes import STATUS_SHAPES, Block, Cell, Column, Details, Item, Paragraph, Section, items, table
from .words import NOTHING, title, told_label

_FAMILIES = {
    "primary": (
        marked(
            "named groups, the policy's first rule, the decision in production; p-values corrected within each "
            "attribute (Holm 1979)."
        ),
        marked("Primary findings"),
    ),
    "secondary": (
        marked("the policy's other rules; p-values corrected within each attribute, metric and cut-off (Holm 1979)."),
        marked("Secondary findings"),
    ),
    "exploratory": (
        marked(
            "everything else, crossings and further cut-offs included; p-values corrected together for the false "
            "discovery rate (Benjamini and Hochberg 1995). They never change a primary p-value."
        ),
        marked("Exploratory findings"),
    ),
}

_WITHIN = marked(
    "a test of its own, not the absence of a flag: the one-sided interval excludes every effect past the "
    "policy's line. With the test for a flag these are two one-sided tests, as for equivalence."
)
_SIGNED_AS = (marked("Audited by"), marked("Responsible for the system"))
_TO_SIGN = "\u2026" * 12
"""Room to write on paper."""
_REFERENCE_RULES = {
    "named": marked("named"),
    "highest": marked("highest"),
    "largest": marked("largest"),
    "rest": marked("rest"),
}


def ledger_section(result: Result) -> Section:
    """Return rows read, used and set aside, the data's issues, and how people are spread over labels."""
    ledger = result.input.ledger
    rows = [(Cell(say("Read")), Cell(f"{ledger.read:,}")), (Cell(say("Used")), Cell(f"{ledger.used:,}"))]
    rows += [(Cell(say("Set aside"), retold(reason)), Cell(f"{n:,}")) for reason, n in ledger.set_aside.items()]
    note = say("Rows read are rows used plus rows set aside.")
    columns = (Column(say("What became of them")), Column(say("Rows"), numeric=True))
    blocks = (
        *table(say("Rows"), columns, rows, note),
        *_issues(result),
        *_counted(say("People by recorded decision"), say("Decision"), result.schema.decision_counts),
        *_counted(say("People by outcome"), say("Outcome"), result.schema.outcome_counts),
    )
    return Section("data", say("Data ledger"), blocks)


def _issues(result: Result) -> tuple[Block, ...]:
    if not result.issues:
        return (Paragraph(say("The checks of the data found nothing to report.")),)
    rows = [
        (
            Cell(f"{issue.part}: {retold(issue.message)}" if issue.part else retold(issue.message), issue.code),
            Cell(f"{issue.count:,}"),
            Cell(issue.column or NOTHING),
            Cell(", ".join(f"{row:,}" for row in issue.rows) or NOTHING),
            Cell(retold(issue.action)),
        )
        for issue in result.issues
    ]
    columns = (
        Column(say("What was found")),
        Column(say("How often"), numeric=True),
        Column(say("Column")),
        Column(say("First rows")),
        Column(say("What was done")),
    )
    return table(say("Issues in the data"), columns, rows)


def _counted(caption: str, what: str, counts: dict[str, int]) -> tuple[Block, ...]:
    rows = [(Cell(told_label(name)), Cell(f"{n:,}")) for name, n in counts.items()]
    return table(caption, (Column(what), Column(say("People"), numeric=True)), rows)


def methods_section(result: Result) -> Section:
    """Return how intervals and tests were made, what the statuses mean, and how comparisons were corrected."""
    meanings = [Item(f"{say(STATUS_MEANINGS[status])}.", status=status) for status in STATUS_SHAPES]
    confidence, alpha = f"{100 * result.confidence:.4g}%", f"{result.policy.alpha:g}"
    settings = [
        Item(say("{confidence}, two-sided", confidence=confidence), say("Confidence of intervals")),
        Item(
            say("{alpha}, two-sided, unless a rule of the policy sets its own", alpha=alpha), say("Significance level")
        ),
        Item(f"{result.seed}", say("Seed of every resampling")),
    ]
    families = {finding.family for finding in result.findings}
    shown = [Item(say(text), say(term)) for name, (text, term) in _FAMILIES.items() if name in families]
    settled = any(finding.status == "within_line" for finding in result.findings)
    within = [Item(say(_WITHIN), say("Within the line"))] if settled else []
    blocks = (*items(meanings), *items([*settings, *within, *shown]), *_methods(result))
    return Section("methods", say("Methods"), blocks)


def _methods(result: Result) -> tuple[Block, ...]:
    uses: dict[tuple[str, str], list[str]] = {}
    for record in result.rates:
        if record.method:
            uses.setdefault(("interval", record.method), []).append(record.metric)
    for finding in result.findings:
        if finding.method:
            uses.setdefault(("interval", finding.method), []).append(finding.metric)
        if finding.test:
            uses.setdefault(("test", finding.test), []).append(finding.metric)
    kinds = {"interval": say("Interval"), "test": say("Test")}
    rows = [
        (Cell(retold(method)), Cell(kinds[kind]), Cell("; ".join(title(metric) for metric in unique(metrics))))
        for (kind, method), metrics in uses.items()
    ]
    return table(say("Methods used"), (Column(say("Method")), Column(say("For")), Column(say("Of"))), rows)


def policy_section(result: Result) -> Section:
    """Return the policy: who wrote its lines, where they come from and what it does not say."""
    policy = result.policy
    version = say("{policy}, version {version}", policy=policy.id, version=policy.version)
    facts = [
        Item(say(policy.title), say("Title")),
        Item(version, say("Policy")),
        Item(say(policy.status), say("Status")),
        Item(say(policy.jurisdiction), say("Jurisdiction")),
        Item(say(_REFERENCE_RULES.get(policy.reference, policy.reference)), say("Reference rule")),
        Item(policy.sha256, "sha256"),
    ]
    blocks: tuple[Block, ...] = items(facts)
    if policy.notes:
        blocks += (Paragraph(say("Limits of this policy:")), *items([Item(say(note)) for note in policy.notes]))
    if policy.sources:
        # Titles of laws, papers and files, in the language that they are in.
        blocks += (Paragraph(say("Sources:")), *items([Item(source) for source in policy.sources]))
    return Section("policy", say("Policy"), blocks)


def glossary_section(result: Result) -> Section:
    """Return the metrics and contrasts that were used: in plain words, as a formula, when undefined, and the source."""
    used = unique([*(record.metric for record in result.rates), *(finding.metric for finding in result.findings)])
    rows: list[tuple[Cell, ...]] = []
    for name in used:
        known = CONTRASTS.get(name) or METRICS.get(name)
        if known is None:
            rows.append((Cell(title(name), name), Cell(NOTHING), Cell(NOTHING), Cell(NOTHING), Cell(NOTHING)))
        else:
            # A source is a title in the language that it is in.
            texts = (say(known.plain), say(known.formula), say(known.undefined_when), known.source)
            rows.append((Cell(title(name), known.id), *(Cell(text) for text in texts)))
    columns = (
        Column(say("Metric")),
        Column(say("In plain words")),
        Column(say("Formula")),
        Column(say("Undefined when")),
        Column(say("Source")),
    )
    return Section("glossary", say("Glossary"), table(say("Metrics and contrasts in this report"), columns, rows))


def provenance_section(result: Result) -> Section:
    """Return the tool, the input's digest, the files, the seed and the call, so that the audit can be made again."""
    tool = [Item(text, say("tool") if name == "name" else name) for name, text in result.tool.items()]
    epsilon = result.input.epsilon
    made_on = result.created or say("not recorded, so that the same input gives the same bytes")
    facts = [
        Item(result.input.name, say("Input")),
        *([Item(result.input.owner, say("Counted by"))] if result.input.owner else []),
        *([Item(f"{epsilon:g}", say("Epsilon of the noise for privacy"))] if epsilon is not None else []),
        Item(result.input.sha256, say("sha256 of the counts")),
        Item(result.policy.sha256, say("sha256 of the policy")),
        Item(f"{result.seed}", say("Seed")),
        Item(made_on, say("Made on")),
        Item(result.schema_version, say("Version of result.json")),
    ]
    rows = [(Cell(file.name), Cell(f"{file.bytes:,}"), Cell(file.sha256)) for file in result.input.files]
    columns = (Column(say("File")), Column(say("Bytes"), numeric=True), Column("sha256"))
    roles = [Item(_plain(value), role) for role, value in result.schema.roles.items()]
    blocks: tuple[Block, ...] = (*items([*facts, *tool]), *_parts(result), *table(say("Files"), columns, rows))
    if roles:
        summary = many(len(roles), "The roles as declared ({number} role)", "The roles as declared ({number} roles)")
        blocks += (Details(summary, items(roles)),)
    return Section("provenance", say("Provenance and signature"), (*blocks, *_signature(result)))


def _parts(result: Result) -> tuple[Block, ...]:
    """Return what the counts were merged of: who counted each part, and the digest that they can confirm."""
    noisy = any(part.epsilon is not None for part in result.input.parts)
    columns = (
        Column(say("Part")),
        Column(say("Counted by")),
        Column(say("People"), numeric=True),
        Column(say("Rows read"), numeric=True),
        Column(say("sha256 of the counts")),
        *([Column(say("Epsilon of the noise for privacy"), numeric=True)] if noisy else []),
    )
    rows = [
        (Cell(part.name), Cell(part.owner or say("not stated")), Cell(f"{part.people:,}"), Cell(f"{part.read:,}"),
         Cell(part.sha256), *([Cell(NOTHING if part.epsilon is None else f"{part.epsilon:g}")] if noisy else []))
        for part in result.input.parts
    ]  # fmt: skip
    return table(say("Cubes that the counts were merged of"), columns, rows)


def _signature(result: Result) -> tuple[Block, ...]:
    """Return where the responsible persons sign, and for what: the digests that tell these counts and this policy."""
    columns = (
        Column(say("Signed as")),
        Column(say("Name")),
        Column(say("Date")),
        Column(say("Signature")),
    )
    blank = Cell(_TO_SIGN)
    rows = [(Cell(say(who)), blank, blank, blank) for who in _SIGNED_AS]
    note = say(
        "Who signs has read this report, and signs for the counts {counts} and the policy {policy} (sha256).",
        counts=result.input.sha256,
        policy=result.policy.sha256,
    )
    return table(say("Signature"), columns, rows, note)


def made_with(result: Result) -> str:
    """Return the last line of the report: the tool and its version."""
    named = f"{result.tool.get('name', 'fairaudit')} {result.tool.get('version', '')}".strip()
    return say("Made with {tool}. Every number here is in result.json.", tool=named)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
