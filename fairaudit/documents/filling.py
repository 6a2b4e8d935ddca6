"""What an audit can answer in a document, block by block; what it cannot is a gap that a person fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..metrics import CONTRASTS, METRICS
from ..planned_records import StepZero
from ..report.impact import impact_section
from ..report.lookup import Lookup, attributes
from ..report.nodes import Block, Cell, Column, Item, Paragraph, Section, items, table
from ..report.overview import findings, limits
from ..report.words import cutoff_text, rate_cell
from ..result import Result
from ..schema.labels import MISSING

RATES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "positive_predictive_value",
    "bad_rate",
    "area_under_curve",
)
_LEVEL_EXCLUDED = "the policy excludes this level"
_LEVEL_SMALL = "below the policy's"


_STEP_ZERO = {
    "decides": "What is decided",
    "hurt_by_no": "Who is hurt by a wrong no",
    "hurt_by_yes": "Who is hurt by a wrong yes",
    "stage": "Stage of the process",
    "why": "Why this metric",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """Blocks that an audit fills, parts of their own heading, and what it leaves open."""

    blocks: tuple[Block, ...] = ()
    gaps: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()


def system(result: Result) -> Filled:
    """Return whose decision was audited, and at which cut-offs."""
    told = [
        Item(result.schema.decision_text, "Decision audited"),
        Item(result.schema.positive, "Positive class"),
        Item(f"{result.schema.people:,}", "People audited"),
        *(Item(cut.text, f"Cut-off {cut.cutoff:.10g}") for cut in result.schema.cutoffs),
    ]
    answers = result.step_zero or StepZero()
    told += [Item(getattr(answers, name), term) for name, term in _STEP_ZERO.items() if getattr(answers, name)]
    model = result.explanation.model if result.explanation else None
    if model is not None:
        told.append(Item(f"{model.kind}, with {len(model.features):,} inputs: {', '.join(model.features)}", "Model"))
    return Filled(items(told))


def rows(result: Result) -> Filled:
    """Return what was read, used and set aside, and what the data did."""
    ledger = result.input.ledger
    told = [
        Item(result.input.name, "Input"),
        *(Item(f"{one.bytes:,} bytes, sha256 {one.sha256}", one.name) for one in result.input.files),
        Item(f"{ledger.read:,} read, {ledger.used:,} used", "Rows"),
        *(Item(f"{n:,}", f"Set aside: {reason}") for reason, n in ledger.set_aside.items()),
        *(Item(f"{issue.message} ({issue.action})", "The data") for issue in result.issues),
    ]
    if result.sharing is not None and result.sharing.min_n is not None:
        text = f"coarsened before the audit: no entry of fewer than {result.sharing.min_n:,} people"
        told.append(Item(text, "Counts"))
    return Filled(items(told))


def people(result: Result) -> Filled:
    """Return people by group, those of unknown group included."""
    columns = (Column("Group"), Column("People", numeric=True), Column("Share", numeric=True))
    blocks: tuple[Block, ...] = ()
    for attribute in attributes(result):
        total = sum(attribute.levels.values())
        lines = [
            (Cell(level), Cell(f"{n:,}"), Cell(f"{n / total:.1%}" if total else "–"))
            for level, n in attribute.levels.items()
        ]
        blocks += table(f"People by {attribute.name}", columns, lines)
    return Filled(blocks) if blocks else Filled(gaps=("people by group: no group was counted in this audit",))


def _findings(result: Result) -> Filled:
    return Filled(findings(Lookup.of(result)).blocks)


def _limits(result: Result) -> Filled:
    return Filled(limits(result).blocks)


def rates(result: Result) -> Filled:
    """Return rates and accuracy by group with their intervals; a gap where outcomes were not counted."""
    look = Lookup.of(result)
    blocks: tuple[Block, ...] = ()
    for attribute in attributes(result):
        for cutoff in {record.cutoff: None for record in result.rates if record.attribute == attribute.name}:
            found = [m for m in RATES if any(look.rate(m, attribute.name, g, cutoff) for g in attribute.levels)]
            if not found:
                continue
            columns = (Column(attribute.name), *(Column(METRICS[metric].title, numeric=True) for metric in found))
            lines = []
            for group in attribute.levels:
                cells = [rate_cell(look.rate(metric, attribute.name, group, cutoff)) for metric in found]
                lines.append((Cell(group), *cells))
            score = all(metric == "area_under_curve" for metric in found)
            where = "of the score" if score else cutoff_text(result, cutoff)
            blocks += table(f"Rates by {attribute.name}, {where}", columns, lines)
    gaps = () if result.schema.outcome_counts else ("accuracy by group: no outcome was counted in this audit",)
    return Filled(blocks, gaps)


def policy(result: Result) -> Filled:
    """Return the policy, its digest and its lines."""
    one = result.policy
    lines = {(finding.metric, finding.line): None for finding in result.findings if finding.line is not None}
    told = [
        Item(f"{one.title} ({one.id}, version {one.version}, {one.status})", "Policy"),
        Item(one.sha256, "sha256 of the policy"),
        Item(f"{one.alpha:g}, and a power of {one.power:g} for what could have been found", "Level of the tests"),
        *(Item(f"{line:.10g}", f"Line of the {CONTRASTS[metric].title.lower()}") for metric, line in lines),
    ]
    gaps = () if lines else ("thresholds: this policy sets no line",)
    return Filled(items(told), gaps)


def sensitivity(result: Result) -> Filled:
    """Return how few changed decisions would change a status."""
    told = [
        Item(one.flip_text, f"{one.attribute}: {one.group} against {one.reference}")
        for one in result.findings
        if one.family == "primary" and one.flip_text
    ]
    gaps = () if told else ("sensitivity: this audit has no primary finding whose decisions could be changed",)
    return Filled(items(told), gaps)


def drivers(result: Result) -> Filled:
    """Return which inputs carry the gaps, where a model was audited."""
    told = [Item(gap.sentence) for gap in result.explanation.gaps] if result.explanation else []
    return Filled(items(told), () if told else ("which inputs carry the gaps: this audit had no model to take apart",))


def direct_use(result: Result) -> Filled:
    """Return whether a prohibited basis is an input."""
    used = result.direct_use
    if used is None:
        return Filled(gaps=("the inputs of the model, and whether a prohibited basis is one: they were not declared",))
    told = [Item(one.sentence, status=one.status) for one in used.uses]
    told.append(Item(f"{len(used.features):,} inputs declared. {used.not_known}"))
    return Filled(items(told))


def reproduction(result: Result) -> Filled:
    """Return what it takes to make the same numbers again."""
    told = [
        *(Item(version, name) for name, version in result.tool.items()),
        Item(result.input.sha256, "sha256 of the counts"),
        Item(result.policy.sha256, "sha256 of the policy"),
        Item(str(result.seed), "Seed"),
    ]
    return Filled(items(told), () if result.created else ("date of the audit: the result carries none",))


# Local Law 144


def audit_date(result: Result) -> Filled:
    """Return when the audit was made, where the result says so."""
    if result.created is None:
        return Filled(gaps=("date of the most recent bias audit: the result carries none",))
    return Filled(items([Item(result.created, "Date of the most recent bias audit")]))


def unknown(result: Result) -> Filled:
    """Return how many people are of unknown category, by attribute."""
    excluded = {(one.attribute, one.group) for one in result.not_run if one.group and _LEVEL_EXCLUDED in one.reason}
    told = []
    for attribute in attributes(result):
        levels = [g for g in attribute.levels if g == MISSING or (attribute.name, g) in excluded]
        n = sum(attribute.levels[level] for level in levels)
        told.append(Item(f"{n:,}, left out of the ratios" if n else "none among the people counted", attribute.name))
    gone = [kind for kind in (result.sharing.dropped if result.sharing else []) if kind.startswith("people of unknown")]
    gaps = tuple(f"number of {kind}: they were left out before the audit" for kind in gone)
    return Filled(items(told), gaps)


def demanded(result: Result) -> Filled:
    """Return the gaps of a summary that lacks a table: sex, race or ethnicity, their crossing, or a policy for it."""
    names = {one.name.lower(): one for one in result.schema.attributes}
    single = [name for name, one in names.items() if not one.crossing]
    race = [name for name in single if "race" in name or "ethnic" in name]
    sex = [name for name in single if name in {"sex", "gender"} or name.startswith(("sex_", "gender_"))]
    gaps = []
    if not result.policy.impact_tables:
        gaps.append("tables of impact ratios: audit again with --policy us-nyc-ll144, which asks for them")
    if not sex:
        gaps.append("rates and impact ratios by sex: no column of that name was counted")
    if not race:
        gaps.append("rates and impact ratios by race and ethnicity: no column of that name was counted")
    if not any(one.crossing for one in names.values()):
        gaps.append("rates and impact ratios of the intersectional categories: no crossing was audited")
    return Filled(gaps=tuple(gaps))


def impact(result: Result) -> Filled:
    """Return the tables of people, rates and impact ratios, as the audit has them."""
    found = impact_section(Lookup.of(result))
    if not found:
        return Filled()
    return Filled(found[0].blocks, (), found[0].sections)


def left_out(result: Result) -> Filled:
    """Return categories of less than the policy's share, which the ratios leave out, and ask for the justification."""
    found = [one for one in result.not_run if one.group and _LEVEL_SMALL in one.reason]
    if not found:
        return Filled((Paragraph("No category was left out of the ratios for being small."),))
    told = {(one.attribute, one.group): Item(one.reason, f"{one.attribute}: {one.group}") for one in found}
    gaps = ("why these small categories are left out; their numbers and rates stand in the tables above",)
    return Filled(items(list(told.values())), gaps)


FILLERS: dict[str, Callable[[Result], Filled]] = {
    "audit_date": audit_date,
    "demanded": demanded,
    "direct_use": direct_use,
    "drivers": drivers,
    "findings": _findings,
    "impact": impact,
    "left_out": left_out,
    "limits": _limits,
    "people": people,
    "policy": policy,
    "rates": rates,
    "reproduction": reproduction,
    "rows": rows,
    "sensitivity": sensitivity,
    "system": system,
    "unknown": unknown,
}
"""What the templates call each answer."""


def filled(result: Result, names: Sequence[str]) -> Filled:
    """Return several answers as one."""
    parts = [FILLERS[name](result) for name in names]
    return Filled(
        tuple(block for part in parts for block in part.blocks),
        tuple(gap for part in parts for gap in part.gaps),
        tuple(section for part in parts for section in part.sections),
    )
