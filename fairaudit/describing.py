"""What was audited, in records: the input, the roles, the policy, the trouble with the data, the limits."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from .cube.cube import Cube
from .cube.median import above_median
from .cube.memberships import members
from .cube.people import People, missing_levels, people_of_cube
from .cube.replicates import CLUSTERS, Replicates, rule_name
from .cube.score_replicates import CLUSTERED_SCORES
from .metrics.base import METRICS
from .metrics.ranking import moments
from .policy.direct_use import Use, feature_names, prohibited_features, similar_features
from .policy.model import Policy
from .result import (
    AttributeRecord,
    CutoffRecord,
    DirectUse,
    FileRecord,
    InputRecord,
    IssueRecord,
    LedgerRecord,
    MedianRecord,
    MergedCube,
    NotRun,
    PolicyRecord,
    ProhibitedUse,
    SchemaRecord,
)
from .schema.issues import DataIssue
from .translations import marked, retold, say

if TYPE_CHECKING:
    from .metrics.profit import Payoff
    from .policy.loading import LoadedPolicy


def tool() -> dict[str, str]:
    """Return the versions that made the numbers."""
    from ._version import __version__

    return {
        "name": "fairaudit",
        "version": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": version("scipy"),
    }


def input_record(cube: Cube) -> InputRecord:
    """Return where the counts came from."""
    origin = cube.provenance
    return InputRecord(
        origin.name,
        cube.digest,
        [FileRecord(file.name, file.bytes, file.sha256) for file in origin.files],
        LedgerRecord(origin.ledger.read, origin.ledger.used, dict(origin.ledger.set_aside)),
        origin.owner,
        [MergedCube(part.name, part.owner, part.people, part.read, part.sha256, part.epsilon) for part in origin.parts],
        origin.epsilon,
    )


def policy_record(loaded: LoadedPolicy, payoff: Payoff | None = None) -> PolicyRecord:
    """Return the policy as the report names it."""
    policy = loaded.policy
    return PolicyRecord(
        id=policy.id,
        version=policy.version,
        title=policy.title,
        sha256=loaded.sha256,
        status=policy.status,
        jurisdiction=policy.jurisdiction,
        reference=policy.reference.mode,
        alpha=policy.alpha,
        power=policy.power,
        sources=[source.text for source in policy.sources],
        notes=list(policy.notes),
        impact_tables=policy.impact_tables,
        profit=None if payoff is None else {"good": payoff.good, "bad": payoff.bad},
    )


NOT_KNOWN = marked(
    "Only the names of the declared inputs were looked at. An input that was not declared cannot be seen, and a proxy "
    "of a basis under another name is another question."
)


def direct_use(features: Any, cube: Cube, policy: Policy) -> DirectUse | None:
    """Return which of the model's inputs are declared groups or on the policy's list; None where none are declared."""
    if features is None:
        return None
    names = feature_names(features)
    levels = {d.name: d.levels for d in cube.axes.dimensions if d.role == "attribute"}
    uses = [
        ProhibitedUse(use.column, use.basis, use.found, use.matched, "flag", _use_sentence(use, policy.id))
        for use in prohibited_features(names, levels, policy)
    ]
    taken = {use.column for use in uses}
    similar = [name for name in similar_features(names, policy) if name not in taken]
    source = policy.direct_use.source if policy.direct_use else None
    not_known = say(NOT_KNOWN)
    if not policy.direct_use:
        not_known += " " + say("Policy '{policy}' lists no bases.", policy=policy.id)
    return DirectUse("uses_prohibited_basis", policy.id, list(names), uses, similar, not_known, source)


def _use_sentence(use: Use, policy: str) -> str:
    blanks = {"column": use.column, "matched": use.matched, "basis": say(use.basis)}
    if use.found == "declared group" and use.basis == use.matched:
        return say("The model has '{column}' as an input, which is the declared group '{matched}'.", **blanks)
    if use.found == "declared group":
        return say(
            "The model has '{column}' as an input, which is the declared group '{matched}' (basis: {basis}).", **blanks
        )
    return say(
        "The model has '{column}' as an input, which is named like '{matched}' on the list of prohibited bases of "
        "policy '{policy}' (basis: {basis}). Whether a rule permits that use is not said here.",
        policy=policy,
        **blanks,
    )


def schema_record(
    cube: Cube, rules: Sequence[float | None], attributes: Sequence[AttributeRecord], people: People | None = None
) -> SchemaRecord:
    """Return the roles as declared and what the data turned out to hold."""
    axes = cube.axes
    used = {one.name: one.reference for one in attributes if one.reference is not None and not one.crossing}
    roles = {**cube.schema.roles(), "reference": used}
    if people is not None:
        roles["controls"] = [control.name for control in people.controls if control.name not in cube.schema.strata]
    cutoffs = [
        CutoffRecord(
            cutoff,
            say("favorable: {rule}", rule=retold(axes.score.favorable_text(cutoff))),
            cube.people_at(cutoff),
            cutoff == rules[0],
        )
        for cutoff in rules
        if cutoff is not None and axes.score is not None
    ]
    decisions = cube.n.sum(axis=(0, 1, 3)).tolist() if axes.decisions else []
    outcomes = cube.n.sum(axis=(0, 1, 2)).tolist() if axes.outcomes else []
    return SchemaRecord(
        roles=roles,
        people=cube.people,
        decision_text=_decision_text(cube, rules),
        positive=_positive(cube),
        cutoffs=cutoffs,
        attributes=list(attributes),
        decision_counts={f"{d.label} ({d.kind})": n for d, n in zip(axes.decisions, decisions, strict=False)},
        outcome_counts=dict(zip(axes.outcomes, outcomes, strict=False)),
        outcomes_complete=not any(outcomes[2:]),
        median=_median(cube),
    )


def _median(cube: Cube) -> MedianRecord | None:
    if cube.axes.score is None:
        return None
    made = above_median(cube)
    return MedianRecord(made.value, made.people, made.people_at, made.people_above)


def _decision_text(cube: Cube, rules: Sequence[float | None]) -> str:
    parts = []
    if None in rules:
        favorable = [level.label for level in cube.axes.decisions if level.kind == "favorable"]
        parts.append(
            say(
                "decisions as recorded in '{column}', favorable: {labels}",
                column=str(cube.schema.decision),
                labels=", ".join(favorable),
            )
        )
    score = cube.axes.score
    if score is not None:
        cuts = [cutoff for cutoff in rules if cutoff is not None]
        told = ", ".join(retold(score.favorable_text(cutoff)) for cutoff in cuts)
        direction = say("higher is better") if score.higher_is == "better" else say("higher is worse")
        blanks = {"column": str(cube.schema.score), "direction": direction}
        parts.append(
            say("the score '{column}' ({direction}) at the cut-off: {rule}", rule=told, **blanks)
            if cuts
            else say("the score '{column}' ({direction}), without a cut-off", **blanks)
        )
    if not parts:
        return say("outcomes in '{column}' only, no decision", column=str(cube.schema.outcome))
    if len(parts) == 1:
        return parts[0]
    return say("{first}; and {last}", first=parts[0], last=parts[1])


def _positive(cube: Cube) -> str:
    if not cube.has_outcome:
        return say("the favorable decision")
    schema = cube.schema
    if schema.bad:
        named = say("bad is {labels}", labels=", ".join(schema.bad))
    else:
        named = say("good is {labels}", labels=", ".join(schema.good))
    return say(
        "the favorable decision, and the good outcome (in '{column}' {named})", column=str(schema.outcome), named=named
    )


def issues(cube: Cube, people: People | None = None) -> list[IssueRecord]:
    """Return all data issues: those noticed while counting or reading controls, and those that only counts show."""
    found = [*cube.provenance.issues, *_of_score(cube)]
    if people is None and cube.schema.controls:
        people = people_of_cube(cube)
    if people is not None:
        found += [*people.issues, *missing_levels(people)]
    return [IssueRecord(i.code, i.message, i.count, i.column, list(i.rows), i.action, i.part) for i in found]


def _of_score(cube: Cube) -> list[DataIssue]:
    score, name = cube.axes.score, cube.schema.score
    if score is None:
        return []
    found = []
    everybody = cube.score_table().pooled(range(len(cube.axes.cells)))
    people = int(everybody.people.n.sum())
    if float(moments(everybody)[2]) == 0:
        message = f"All {people:,} scores in '{name}' are the same: they tell nobody apart."
        found.append(DataIssue("score_constant", message, people, "score metrics are undefined or trivial", name))
    if cube.has_outcome:
        found += _direction(cube, float(METRICS["area_under_curve"](everybody).value))
        if not score.exact:
            good, bad = everybody.good.w, everybody.bad.w
            pairs = float(good.sum() * bad.sum())
            if pairs:
                bound = float((good * bad).sum()) / pairs / 2
                message = f"'{name}' was cut into {score.scored_bins:,} bins; an AUC may be off by at most {bound:.5f}."
                found.append(DataIssue("score_binned", message, people, "binned", name))
    return found


def _direction(cube: Cube, auc: float) -> list[DataIssue]:
    if not auc < 0.5:
        return []
    score = cube.axes.score
    assert score is not None  # noqa: S101 - there is an AUC
    message = (
        f"The AUC is {auc:.3f}: people with bad outcomes have better scores than people with good ones. Is the "
        f"direction right? '{cube.schema.score}' was declared with higher_is='{score.higher_is}'."
    )
    return [DataIssue("direction_suspect", message, cube.people, "used as declared", cube.schema.score)]


def _without_replicates(cube: Cube, rules: Sequence[float | None]) -> list[NotRun]:
    """Return what has no interval because people come in clusters."""
    column = cube.schema.cluster
    if column is None:
        return []
    reason = f"people come in clusters of '{column}', and these take people to be independent"
    out = []
    if cube.axes.score is not None and CLUSTERED_SCORES not in cube.blocks:
        without = f"people come in clusters of '{column}', and scores were not counted by cluster; count again"
        out.append(NotRun("Intervals and tests of metrics of the score, and intervals of curves", without))
    out.append(
        NotRun(
            "Tests of homogeneity over strata and of reversals, intervals of adjusted effects that are fitted from "
            "rows and of Brier's resolution, chance in ABROCA and quantile gaps",
            reason,
        )
    )
    block = cube.blocks.get(CLUSTERS)
    counted = block.rules if isinstance(block, Replicates) else ()
    for rule in rules:
        if rule_name(rule) not in counted:
            said = "recorded decisions" if rule is None else f"cut-off {rule:.10g}"
            reason = f"it was not counted by cluster; count again with cutoff={rule:.10g}" if rule else "not counted"
            out.append(NotRun(f"Intervals and tests at {said}", reason))
    return out


def not_run(cube: Cube, rules: Sequence[float | None], payoff: Payoff | None = None) -> list[NotRun]:
    """Return what no audit of these counts can show, and what was left out."""
    out = []
    if not rules:
        reason = "there are no recorded decisions and no cut-off: give decision= or cutoff="
        out.append(NotRun("Selection rates and everything made of decisions", reason))
    if not cube.has_outcome:
        reason = "no outcome was given: whether decisions were right cannot be seen"
        out.append(NotRun("Error rates, AUC and calibration", reason))
    if payoff is not None and not (cube.has_outcome and cube.axes.attributes):
        out.append(NotRun("Profit and the cost of parities", "they need outcomes and groups"))
    out += _without_replicates(cube, rules)
    periods = [d.name for d in cube.axes.dimensions if d.role == "period"]
    if periods:
        reason = "all periods are taken together here; fairaudit watch holds each against a baseline"
        out.append(NotRun(f"Comparisons over {', '.join(periods)}", reason))
    if not cube.axes.attributes and not any(True for _ in members(cube)):
        out.append(NotRun("Comparisons of groups", "no groups were given"))
    return out
