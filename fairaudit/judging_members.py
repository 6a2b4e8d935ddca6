"""Findings about groups that overlap or are only probable: memberships in, the records of an audit out.

The ordinary judge holds them to the ordinary lines. What a proxy says alone is never ``within_line``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cube.cube import Cube
from .cube.memberships import Members, members
from .errors import LevelNotFoundError, PolicyError
from .inference.linearised import CONTRAST_METHOD, METHOD, TEST, Rates, compare_rates, weighted_rates
from .inference.of_contrasts import TOO_FEW_WEIGHTED, Compared, few_weighted
from .judging import asked_of, undecided_reason
from .metrics.base import METRICS, Contrast
from .metrics.error_rates import NEED_EVERYBODY
from .policy.evaluate import judge
from .policy.families import Adjusted, Member, adjust_by_family
from .policy.model import Policy, Rule
from .policy.references import REST, Reference, choose_reference, is_excluded
from .questions.common import adjusted
from .questions.proxies import ask_members, ask_people, without_name
from .result import AttributeRecord, Family, Finding, Measurement, NotRun, RateRecord, finite
from .sentences import finding_sentence

PARTS: dict[str, tuple[tuple[Any, Any], tuple[Any, Any]]] = {
    "selection_rate": ((0, slice(None)), (slice(None), slice(None))),
    "true_positive_rate": ((0, 0), (slice(None), 0)),
    "false_positive_rate": ((0, 1), (slice(None), 1)),
    "positive_predictive_value": ((0, 0), (0, slice(0, 2))),
}
"""Which part of [selected or not, good or bad or unobserved] a rate counts, and of which."""
HOWS = ("ratio", "difference", "odds_ratio")
PROXY_ALONE = (
    "the evidence would exclude an effect past the line if the memberships stood for the groups, but a proxy alone "
    "does not show that: the true effect can be larger or smaller. Labels for some people would say which."
)


@dataclass(slots=True)
class Shared:
    """What the audit of memberships adds to the result."""

    findings: list[Finding] = field(default_factory=list)
    rates: list[RateRecord] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)
    attributes: list[AttributeRecord] = field(default_factory=list)


def members_of(cube: Cube) -> list[Members]:
    """Return the attributes that were counted by memberships."""
    return list(members(cube))


def refuse_proxies(overlapping: Sequence[Members], policy: Policy) -> None:
    """Raise a PolicyError where a proxy is given and the policy takes none."""
    for of in overlapping:
        if of.proxy and policy.proxies == "refused":
            message = (
                f"Policy '{policy.id}' takes self-reported categories only, and '{of.attribute}' is given by "
                "probabilities (memberships). Give the categories as a group, or use another policy."
            )
            raise PolicyError(message)


def audit_members(
    overlapping: Sequence[Members],
    cutoffs: Sequence[float | None],
    policy: Policy,
    references: Mapping[str, str],
    *,
    contrasts: Collection[str],
    confidence: float,
) -> Shared:
    """Return findings, rates and measurements of every attribute of memberships.

    Parameters
    ----------
    overlapping
        From :func:`members_of`.
    cutoffs
        Decision rules, the one in production first; None is the recorded decision.
    policy, references, contrasts, confidence
        As in :func:`fairaudit.judging.judge_groupings`.
    """
    out = Shared()
    drafts: list[_Draft] = []
    for of in overlapping:
        chosen: str | None = None
        out.measurements += ask_people(of, confidence)
        for place, cutoff in enumerate(cutoffs):
            made = _rates_of(of, cutoff)
            out.rates += _records(of, cutoff, made, confidence)
            reference = _reference(of, made["selection_rate"], policy, references, out)
            if place == 0:
                chosen = reference.level if reference else None
            if reference is None or reference.level is None:
                continue
            drafts += _drafts(of, made, cutoff, reference, policy, contrasts, out, first=place == 0)
            out.measurements += ask_members(of, made["selection_rate"], cutoff, str(reference.level), confidence)
        if not cutoffs:
            out.not_run.append(NotRun("all comparisons", "there is no decision to compare", of.attribute))
        out.attributes.append(_attribute(of, chosen, policy))
    corrected = adjust_by_family([draft.member(policy) for draft in drafts])
    out.findings = [_finding(draft, p, policy) for draft, p in zip(drafts, corrected, strict=True)]
    out.measurements = adjusted(out.measurements)
    return out


def _rates_of(of: Members, cutoff: float | None) -> dict[str, Rates]:
    first, squares = of.table("first", cutoff), of.squares(cutoff)
    made = {}
    for metric, (num, den) in PARTS.items():
        if metric != "selection_rate" and not of.cube.has_outcome:
            continue
        counted, total = (_over(squares, part) for part in (num, den))
        made[metric] = weighted_rates(_over(first, num, 1), _over(first, den, 1), counted, total - counted)
    return made


def _over(table: Any, part: tuple[Any, Any], own: int = 2) -> Any:
    chosen = table[part]
    return chosen.sum(axis=tuple(range(chosen.ndim - own)))


def _heads(of: Members, cutoff: float | None, metric: str) -> Any:
    return _over(of.table("heads", cutoff), PARTS[metric][1], 1)


def _unidentified(of: Members, cutoff: float | None, metric: str) -> str | None:
    if metric not in NEED_EVERYBODY:
        return None
    gone = int(of.table("people", cutoff)[:, 2].sum())
    return f"not identified: the outcome of {gone:,} people is unobserved" if gone else None


def _records(of: Members, cutoff: float | None, made: Mapping[str, Rates], confidence: float) -> list[RateRecord]:
    records = []
    for metric, rates in made.items():
        why = _unidentified(of, cutoff, metric)
        low, high = rates.interval(confidence)
        heads = _heads(of, cutoff, metric)
        for i, level in enumerate(of.levels):
            value = None if why else finite(float(rates.value[i]))
            some = value is not None
            records.append(
                RateRecord(
                    metric, of.attribute, level, {of.attribute: level}, cutoff,
                    float(rates.value[i] * rates.den[i]) if some else None, float(rates.den[i]) if some else None,
                    value, finite(float(low[i])) if some else None, finite(float(high[i])) if some else None,
                    METHOD if some else None, round(float(heads[i])),
                    None if some else why or METRICS[metric].undefined_when,
                )
            )  # fmt: skip
    return records


def _attribute(of: Members, reference: str | None, policy: Policy) -> AttributeRecord:
    people = {level: round(float(n)) for level, n in zip(of.levels, of.total("heads"), strict=True)}
    if of.without:
        people[without_name(of)] = of.without
    return AttributeRecord(of.attribute, people, reference, policy.reference.mode)


def _reference(
    of: Members, rates: Rates, policy: Policy, references: Mapping[str, str], out: Shared
) -> Reference | None:
    if policy.reference.mode == "rest":
        reason = "everybody else is no group of memberships; name a reference"
        out.not_run.append(NotRun("all comparisons", reason, of.attribute))
        return None
    named = references.get(of.attribute)
    levels = {
        level: (int(rates.effective[i]), finite(float(rates.value[i])))
        for i, level in enumerate(of.levels)
        if not is_excluded(level, policy.excluded_levels)
    }
    if named is not None and named not in levels:
        message = f"Attribute '{of.attribute}' has no level '{named}' that may be the reference."
        raise LevelNotFoundError(message)
    found = choose_reference(
        levels, attribute=of.attribute, mode=policy.reference.mode, named=named, minimum_n=policy.minimum_n,
        minimum_share=policy.minimum_share,
    )  # fmt: skip
    if found.level is None or found.level == REST:
        out.not_run.append(NotRun("all comparisons", found.reason, of.attribute))
    return found


@dataclass(frozen=True, slots=True)
class _Draft:
    of: Members
    level: int
    reference: str
    item: Contrast
    rule: Rule | None
    cutoff: float | None
    family: Family
    compared: Compared
    effective: tuple[int, int]
    pairs: int

    def member(self, policy: Policy) -> Member:
        enough = self.rule is None or min(self.effective) >= policy.minimum_n
        p = self.compared.p if enough and self.compared.undecided is None else None
        if p is not None and self.pairs > 1:
            settled = Adjusted(min(1.0, p * self.pairs), self.pairs)
            return Member(None, self.family, self.of.attribute, self.item.id, self.cutoff, settled)
        return Member(p, self.family, self.of.attribute, self.rule.id if self.rule else self.item.id, self.cutoff)


def _drafts(
    of: Members,
    made: Mapping[str, Rates],
    cutoff: float | None,
    reference: Reference,
    policy: Policy,
    contrasts: Collection[str],
    out: Shared,
    *,
    first: bool,
) -> list[_Draft]:
    drafts = []
    against = of.levels.index(str(reference.level))
    count = len(of.levels)
    pairs = count * (count - 1) // 2 if reference.mode == "highest" else 1
    for item, rule in asked_of(policy, contrasts):
        if len(item.of) > 1 or item.of[0] not in PARTS or item.how not in HOWS:
            out.not_run.append(NotRun(item.title, "not made for memberships in this version", of.attribute))
            continue
        metric = item.of[0]
        if metric not in made:
            continue
        why = _unidentified(of, cutoff, metric)
        if why:
            out.not_run.append(NotRun(item.title, why, of.attribute))
            continue
        family: Family = rule.family if rule is not None and first else "exploratory"
        rates = made[metric]
        heads = _heads(of, cutoff, metric)
        for i, level in enumerate(of.levels):
            if i == against or is_excluded(level, policy.excluded_levels):
                continue
            alpha = policy.alpha_of(rule) if rule else policy.alpha
            compared = _compared(
                item, rates, i, against, heads, alpha=alpha / pairs, confidence=1 - policy.alpha / pairs
            )
            people = (int(rates.effective[i]), int(rates.effective[against]))
            drafts.append(_Draft(of, i, of.levels[against], item, rule, cutoff, family, compared, people, pairs))
    return drafts


def _compared(
    item: Contrast, rates: Rates, level: int, reference: int, heads: Any, *, alpha: float, confidence: float
) -> Compared:
    how: Any = item.how
    found = compare_rates(rates, level, reference, how=how, confidence=confidence, alpha=alpha)
    missing = math.isnan(found.value)
    both = rates.value[[level, reference]], rates.effective[[level, reference]]
    few = not missing and bool(few_weighted(both[0] * both[1], both[1]).any())
    unbounded = "value" if math.isinf(found.value) else "high" if math.isinf(found.high) else None
    return Compared(
        found.value, found.low, found.high, found.low_one_sided, found.high_one_sided,
        None if missing else CONTRAST_METHOD, None if missing or few else TEST, None if missing or few else found.p,
        round(float(heads[level])), round(float(heads[reference])), confidence,
        finite(float(rates.value[level])), finite(float(rates.value[reference])),
        item.undefined_when if missing else None, unbounded, undecided=TOO_FEW_WEIGHTED if few else None,
    )  # fmt: skip


def _finding(draft: _Draft, corrected: Adjusted, policy: Policy) -> Finding:
    item, made, rule, of = draft.item, draft.compared, draft.rule, draft.of
    line = rule.practical if rule else None
    verdict = judge(
        value=made.value, low_one_sided=made.low_one_sided, high_one_sided=made.high_one_sided, p=made.p,
        p_adjusted=corrected.p, line=line, alpha=policy.alpha_of(rule) if rule else policy.alpha,
        n=draft.effective[0], n_reference=draft.effective[1], minimum_n=policy.minimum_n, undefined=made.undefined,
        comparisons=corrected.comparisons, no_difference=item.neutral,
    )  # fmt: skip
    status, reason = verdict.status, verdict.reason
    if made.undecided is not None and status in {"flag", "within_line", "insufficient"}:
        status, reason = "insufficient", undecided_reason(made)
    elif of.proxy and status == "within_line":
        status, reason = "insufficient", f"{made.value:.3f}: {PROXY_ALONE}"
    elif of.proxy and status == "flag":
        reason += " The groups are known by a proxy only, so the true effect can be larger or smaller."
    place = "recorded" if draft.cutoff is None else f"{draft.cutoff:.10g}"
    level = of.levels[draft.level]
    finding = Finding(
        id="/".join([rule.id if rule else item.id, of.attribute, level, place]),
        family=draft.family, rule=rule.id if rule else None, metric=item.id, contrast=item.how,
        attribute=of.attribute, group=level, levels={of.attribute: level}, reference=draft.reference,
        cutoff=draft.cutoff, value=finite(made.value), low=finite(made.low), high=finite(made.high),
        method=made.method, test=made.test, p=finite(made.p), p_adjusted=finite(corrected.p), n=made.n,
        n_reference=made.n_reference, people_needed=None, minimum_detectable=None,
        line=line.value if line else None, status=status, reason=reason, sentence="", undefined=made.undefined,
        unbounded=made.unbounded,
    )  # fmt: skip
    return dataclasses.replace(finding, sentence=finding_sentence(finding, item, made))
