"""Before the findings: what is decided and who is hurt, what was planned beforehand, and what was tried earlier."""

from __future__ import annotations

from ..planned_records import PlanRecord, StepZero
from ..result import Result
from ..translations import also, many, marked, say
from .nodes import STATUS_ORDER, Block, Cell, Column, Item, Paragraph, Section, items, status_label, table
from .words import NOTHING

_QUESTIONS = {
    "decides": marked("What is decided"),
    "hurt_by_no": marked("Who is hurt by a wrong no"),
    "hurt_by_yes": marked("Who is hurt by a wrong yes"),
    "stage": marked("Stage of the process"),
    "why": marked("Why this metric"),
}
_UNPLANNED = marked(
    "No plan was made before the data were looked at: nothing here shows that groups, metric, cut-off and line were "
    "chosen beforehand."
)
_WHAT = {
    "groups": marked("groups"),
    "reference": marked("reference"),
    "cut-offs": marked("cut-offs"),
    "policy": marked("policy"),
    "text of the policy (sha256)": marked("text of the policy (sha256)"),
    "metrics": marked("metrics"),
}


def step_zero_section(result: Result) -> Section:
    """Return step 0 as answered, the plan and what departs from it, and the audits made earlier on the same input."""
    answers = result.step_zero or StepZero()
    told = [Item(getattr(answers, name) or say("not stated"), say(term)) for name, term in _QUESTIONS.items()]
    blocks: tuple[Block, ...] = items(told)
    blocks += (Paragraph(say(_UNPLANNED)),) if result.plan is None else _planned(result.plan)
    return Section("step-zero", say("What is decided, and who is hurt"), (*blocks, *_earlier(result)))


def _planned(plan: PlanRecord) -> tuple[Block, ...]:
    text = say("A plan was made on {date} (sha256 {digest}).", date=plan.made_on, digest=plan.sha256)
    kept = say("This audit keeps to it.")
    if plan.departures:
        kept = many(
            len(plan.departures), "This audit departs from it in {number} thing.",
            "This audit departs from it in {number} things.",
        )  # fmt: skip
    beyond = many(
        plan.planned_findings,
        "{number} finding of the policy's rules is of planned groups, metrics and cut-offs; {further} further ones "
        "were not named beforehand.",
        "{number} findings of the policy's rules are of planned groups, metrics and cut-offs; {further} further ones "
        "were not named beforehand.",
        further=f"{plan.further_findings:,}",
    )
    rows = [
        (Cell(say(_WHAT.get(one.what, one.what))), Cell(_none(one.planned)), Cell(_none(one.done)))
        for one in plan.departures
    ]
    columns = (Column(say("What")), Column(say("Planned")), Column(say("Done")))
    return (Paragraph(f"{text} {kept} {beyond}"), *table(say("Departures from the plan"), columns, rows))


def _none(text: str) -> str:
    return say("none") if text == "none" else text


def _earlier(result: Result) -> tuple[Block, ...]:
    if not result.earlier:
        return ()
    lead = many(
        len(result.earlier),
        "{number} audit of the same input was made before this one, as far as its results were given. Trying several "
        "lines or cut-offs and reporting one makes that one look surer than it is.",
        "{number} audits of the same input were made before this one, as far as their results were given. Trying "
        "several lines or cut-offs and reporting one makes that one look surer than it is.",
    )
    rows = [
        (
            Cell(f"{one.policy} {one.version}", one.policy_sha256[:12]),
            Cell(", ".join(f"{cutoff:.10g}" for cutoff in one.cutoffs) or NOTHING),
            Cell(_counted(one.statuses) or NOTHING),
            Cell(one.created or NOTHING),
            Cell(one.sha256[:12]),
        )
        for one in result.earlier
    ]
    columns = (
        Column(say("Policy")),
        Column(say("Cut-offs")),
        Column(say("Primary findings")),
        Column(say("Made on")),
        Column(say("sha256 of the result")),
    )
    return (Paragraph(lead), *table(say("Audits of the same input made earlier"), columns, rows))


def _counted(statuses: dict[str, int]) -> str:
    return also([f"{statuses[of]:,} {status_label(of)}" for of in STATUS_ORDER if of in statuses])
