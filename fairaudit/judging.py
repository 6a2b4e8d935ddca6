"""From groups to findings: each group against its reference, held to the policy's lines."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from .cube.confusion import Confusion, ScoreTable
from .cube.median import above_median
from .errors import LevelNotFoundError, PolicyError, listed, suggestion
from .inference.bootstrap import derive_seed
from .inference.of_contrasts import Asked, Compared
from .inference.of_metrics import is_weighted
from .inference.simultaneous import AllPairs, all_pairs
from .judging_basis import Basis, basis_of, comparer, pooled_of
from .judging_changes import decided, with_flips
from .measuring import (
    SUPPRESSED,
    Grouping,
    attribute_record,
    available,
    clusters_of,
)
from .metrics.base import CONTRASTS, METRICS, Contrast, Rate
from .metrics.disparity import rates
from .metrics.error_rates import NEED_EVERYBODY
from .metrics.sampling import Sampling
from .policy.evaluate import Verdict, judge
from .policy.families import Adjusted, Member, adjust_by_family
from .policy.model import Policy, Rule
from .policy.references import Reference, choose_reference, eligible_levels, is_excluded
from .result import AttributeRecord, Family, Finding, NotRun, finite
from .sentences import finding_sentence

_NEEDED = {
    "decision": "recorded decisions or a cut-off",
    "outcome": "outcomes",
    "score": "a score",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A comparison that was made, before its p-value is corrected and its status set."""

    item: Contrast
    of: Grouping
    place: int
    """Number of the group; labels of crossings need not tell groups apart."""
    reference: str
    cutoff: float | None
    family: Family
    rule: Rule | None
    compared: Compared
    in_test_family: bool
    pairs: AllPairs | None = None
    """The correction for all pairs, where the data chose the reference; p is then in no other family."""
    counts: tuple[float, float, float, float] | None = None
    """Counted and all people, of the group and of the reference, where it rests on decisions about whole people."""
    alpha_each: float = 0.05
    """Error of the one-sided bound."""


@dataclass(slots=True)
class Work:
    """What is gathered on the way: comparisons, extra members of families, what was not run."""

    drafts: list[Draft] = field(default_factory=list)
    extra: list[Member] = field(default_factory=list)
    not_run: list[NotRun] = field(default_factory=list)
    attributes: list[AttributeRecord] = field(default_factory=list)
    references: dict[str, str | None] = field(default_factory=dict)


def judge_groupings(
    groupings: Sequence[Grouping],
    cutoffs: Sequence[float | None],
    policy: Policy,
    references: Mapping[str, str],
    *,
    contrasts: Collection[str],
    confidence: float,
) -> tuple[list[Finding], Work]:
    """Return the findings of all groupings, most important first, and what was not run.

    Parameters
    ----------
    groupings
        Attributes and crossings.
    cutoffs
        Decision rules, the one in production first; None is the recorded decision.
    policy
        Reference rule, lines, significance.
    references
        The level that each attribute is compared with, as named in the call or in the policy.
    contrasts
        Ids of the contrasts to make besides those of the policy's rules.
    confidence
        Of the two-sided intervals.
    """
    work = Work()
    asked = asked_of(policy, contrasts)
    if groupings:
        has = available(groupings[0].cube, cutoffs)
        for item, rule in asked:
            if rule is not None and not item.needs <= has:
                lacking = " and ".join(_NEEDED[need] for need in sorted(item.needs - has))
                work.not_run.append(NotRun(f"{item.title} (the policy's rule '{rule.id}')", f"it needs {lacking}"))
    for of in groupings:
        _compare_grouping(of, cutoffs, policy, references, asked, work, confidence=confidence)
    members = [*(_member(draft, policy.minimum_n) for draft in work.drafts), *work.extra]
    adjusted = adjust_by_family(members)
    findings = [
        _finding(draft, corrected, policy)
        for draft, corrected in zip(work.drafts, adjusted[: len(work.drafts)], strict=True)
    ]
    findings = with_flips(findings, work.drafts, members, policy)
    findings = by_family(_told_apart(findings))
    work.not_run[:] = merged(work.not_run)
    return findings, work


def by_family(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings, most important first."""
    order = {"primary": 0, "secondary": 1, "exploratory": 2}
    return sorted(findings, key=lambda finding: order[finding.family])


def _told_apart(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with ids of their own: names from the data may run into each other."""
    seen: dict[str, int] = {}
    out = []
    for finding in findings:
        seen[finding.id] = seen.get(finding.id, 0) + 1
        again = seen[finding.id]
        out.append(finding if again == 1 else dataclasses.replace(finding, id=f"{finding.id}#{again}"))
    return out


def merged(entries: Sequence[NotRun]) -> list[NotRun]:
    """Return one entry for all the checks that were not made for one reason.

    Examples
    --------
    >>> merged([NotRun("A", "no data", "sex"), NotRun("B", "no data", "sex")])
    [NotRun(what='A; B', reason='no data', attribute='sex', group=None)]
    """
    checks: dict[tuple[str, str | None, str | None], dict[str, None]] = {}
    for entry in entries:
        checks.setdefault((entry.reason, entry.attribute, entry.group), {})[entry.what] = None
    return [NotRun("; ".join(what), reason, attribute, group) for (reason, attribute, group), what in checks.items()]


def asked_of(policy: Policy, contrasts: Collection[str]) -> list[tuple[Contrast, Rule | None]]:
    """Return the contrasts to make, those of the policy's rules first."""
    ruled = []
    for rule in policy.rules:
        item = CONTRASTS.get(rule.metric)
        if item is None:
            message = (
                f"Policy '{policy.id}', rule '{rule.id}': '{rule.metric}' is a metric of one group, not a comparison "
                f"of two.{suggestion(rule.metric, CONTRASTS)} Comparisons: {listed(CONTRASTS, 60)}."
            )
            raise PolicyError(message)
        ruled.append((item, rule))
    covered = {rule.metric for rule in policy.rules}
    return [*ruled, *((CONTRASTS[name], None) for name in CONTRASTS if name in contrasts and name not in covered)]


# Groups and references


def _compare_grouping(
    of: Grouping,
    cutoffs: Sequence[float | None],
    policy: Policy,
    references: Mapping[str, str],
    asked: Sequence[tuple[Contrast, Rule | None]],
    work: Work,
    *,
    confidence: float,
) -> None:
    known = [i for i, levels in enumerate(of.levels) if not _excluded(levels, policy)]
    mode = policy.reference.mode

    def done(reference: str | None) -> None:
        work.attributes.append(attribute_record(of, reference, mode))
        work.references[of.name] = reference

    if len(known) < 2:
        only = f"'{of.groups[known[0]]}'" if known else "none"
        reason = f"there is only one group to compare ({only})"
        work.not_run.append(NotRun("all comparisons", reason, of.name))
        done(None)
        return
    named = _named(of, references) if mode == "named" or references else None
    if of.crossing and mode != "named" and named not in of.groups:
        named = None  # it would not be used
    has = available(of.cube, cutoffs)
    sampling = Sampling.of(of.cube.schema)
    production: Reference | None = None
    for place, (cutoff, table, basis) in enumerate(_tables(of, cutoffs, asked, has)):
        wanted = [(c, r) for c, r in asked if basis_of(c) == basis and c.needs <= has]
        if basis != "score" or production is None:
            try:
                chosen = _choose(of, table, known, policy, named)
            except (LevelNotFoundError, PolicyError) as error:
                if not of.crossing:
                    raise
                work.not_run.append(NotRun("all comparisons", str(error), of.name))
                done(None)
                return
        else:
            chosen = production
        if production is None:
            production = chosen
            if named is not None and mode != "named":
                what = f"Comparisons with {named}, which was named as the reference"
                work.not_run.append(NotRun(what, chosen.reason, of.name))
        if chosen.level is None:
            work.not_run.append(NotRun("all comparisons", chosen.reason, of.name))
            continue
        if _hidden_reference(of, chosen):
            reason = f"the reference ({chosen.level}) is {SUPPRESSED}"
            work.not_run.append(NotRun("all comparisons", reason, of.name))
            continue
        lost = sampling.lost_reference(chosen.mode, over=of.attributes, groups=len(known))
        if lost:
            work.not_run.append(NotRun("all comparisons", lost, of.name))
            continue
        first = place == 0 or basis != "decision"
        for item, rule in wanted:
            lost = sampling.lost(item.id, over=of.attributes, sampled_decision=first)
            if lost:
                work.not_run.append(NotRun(item.title, lost, of.name))
                continue
            _compare_contrast(
                of, item, rule, cutoff, table, known, chosen, policy, work,
                production=first, confidence=confidence,
            )  # fmt: skip
    done(production.level if production else None)


def _tables(
    of: Grouping,
    cutoffs: Sequence[float | None],
    asked: Sequence[tuple[Contrast, Rule | None]],
    has: Collection[str],
) -> list[tuple[float | None, Confusion | ScoreTable, Basis]]:
    """Return the counts that contrasts are made from; the first of them chooses the reference that is reported."""
    tables: list[tuple[float | None, Confusion | ScoreTable, Basis]] = []
    tables += [(cutoff, of.cube.confusion(cutoff), "decision") for cutoff in cutoffs]
    if "score" in has:
        tables.append((None, of.cube.score_table(), "score"))
        if any(basis_of(item) == "median" for item, _ in asked):
            median: tuple[float | None, Confusion | ScoreTable, Basis]
            median = (None, above_median(of.cube).confusion, "median")
            ruled = any(rule is not None and basis_of(item) == "median" for item, rule in asked)
            tables.insert(len(tables) - 1 if ruled else len(tables), median)
    return tables


def _hidden_reference(of: Grouping, reference: Reference) -> bool:
    """Return True where counts of the reference, or of anybody if it is everybody else, were taken out."""
    suppressed = of.cube.suppressed
    if suppressed is None:
        return False
    if reference.mode == "rest":
        return bool(suppressed.any())
    return bool(suppressed[of.groups.index(str(reference.level))])


def _excluded(levels: Mapping[str, str], policy: Policy) -> bool:
    return any(is_excluded(level, policy.excluded_levels) for level in levels.values())


def _named(of: Grouping, references: Mapping[str, str]) -> str | None:
    """Return the group that the named levels make, for an attribute or a crossing."""
    if any(name not in references for name in of.attributes):
        return None
    for name in of.attributes:
        levels = list(dict.fromkeys(row[name] for row in of.levels))
        if references[name] not in levels:
            message = (
                f"Attribute '{name}' has no level '{references[name]}'.{suggestion(references[name], levels)} "
                f"Levels: {listed(levels)}."
            )
            raise LevelNotFoundError(message)
    return " × ".join(references[name] for name in of.attributes)


def _choose(
    of: Grouping, table: Confusion | ScoreTable, known: Sequence[int], policy: Policy, named: str | None
) -> Reference:
    if isinstance(table, Confusion):
        people, rates = table.people.n, METRICS["selection_rate"](table).value
    else:
        people, rates = table.people.n.sum(axis=-1), METRICS["mean_score"](table).value * table.sign
    levels = {of.groups[i]: (int(people[i]), None if math.isnan(rates[i]) else float(rates[i])) for i in known}
    if named in of.groups and named not in levels:
        message = (
            f"'{named}' cannot be the reference of '{of.name}': missing and excluded levels are counted and shown, "
            f"never compared with. Name another: {listed(levels)}."
        )
        raise PolicyError(message)
    return choose_reference(
        levels,
        attribute=of.name,
        mode=policy.reference.mode,
        named=named,
        minimum_n=policy.minimum_n,
        minimum_share=policy.minimum_share,
    )


# Comparisons


def _compare_contrast(
    of: Grouping,
    item: Contrast,
    rule: Rule | None,
    cutoff: float | None,
    table: Confusion | ScoreTable,
    known: Sequence[int],
    reference: Reference,
    policy: Policy,
    work: Work,
    *,
    production: bool,
    confidence: float,
) -> None:
    unidentified = _unidentified(item, table)
    if unidentified:
        work.not_run.append(NotRun(item.title, unidentified, of.name))
        return
    small = _below_share(of, table, known, policy)
    suppressed = of.cube.suppressed
    family = _family(of, rule, production=production)
    tested = []
    for i, group in enumerate(of.groups):
        if group == reference.level and reference.mode != "rest":
            continue
        reason = small.get(group) or _left_out(of, i, table, policy)
        if suppressed is not None and bool(suppressed[i]):
            reason = SUPPRESSED
        if reason:
            work.not_run.append(NotRun(item.title, reason, of.name, group))
        else:
            tested.append(i)
    if not tested:
        return
    compared_at_all = [i for i in known if of.groups[i] not in small and _enough(table, i, policy)]
    chosen = reference.mode == "highest"
    clusters = clusters_of(of)
    pairs = None
    if chosen and family != "exploratory" and clusters is None:  # people of a cluster are not drawn one by one
        pairs = _all_pairs(of, item, table, compared_at_all)
    asked = Asked(
        confidence=confidence,
        alpha=policy.alpha_of(rule) if rule else policy.alpha,
        power=policy.power,
        line=rule.practical.value if rule and rule.practical else None,
        family=max(1, sum(_enough(table, i, policy) for i in tested if i in known)),
        minimum_n=policy.minimum_n,
        comparisons=_pairs(len(compared_at_all)) if chosen else 1,
        pairs=pairs,
    )
    everybody = table.pooled(range(len(of.groups))) if isinstance(table, ScoreTable) else None
    others = [_others(of, i, known, reference) for i in tested]
    others_of = pooled_of(table, others)
    compare = comparer(of, item, cutoff, table, everybody, asked)
    made = compare(tested, others)
    # Changed decisions are counted where people are independent of each other.
    counts = decided(item, table[tested], others_of) if rule and clusters is None else None
    for place, (i, compared) in enumerate(zip(tested, made, strict=True)):
        work.drafts.append(
            Draft(
                item, of, i, str(reference.level), cutoff, family, rule, compared, i in known, pairs,
                counts[place] if counts else None, asked.alpha_each,
            )
        )  # fmt: skip
    if chosen and pairs is None:
        # The data chose the reference, so each other pair could have been the one that is tested.
        free = [i for i in compared_at_all if of.groups[i] != reference.level]
        unseen = list(combinations(free, 2))
        if unseen:
            first, second = ([pair[side] for pair in unseen] for side in (0, 1))
            for compared in compare(first, [[i] for i in second]):
                work.extra.append(Member(compared.p, family, of.name, rule.id if rule else item.id, cutoff))


def _left_out(of: Grouping, place: int, table: Confusion | ScoreTable, policy: Policy) -> str | None:
    """Return why a level that the policy itself excludes is counted and shown, but not compared."""
    excluded = {level.casefold() for level in policy.excluded_levels}
    if not any(level.casefold() in excluded for level in of.levels[place].values()):
        return None
    counts = table.people.n if isinstance(table, Confusion) else table.people.n.sum(axis=-1)
    return f"{int(counts[place]):,} people; the policy excludes this level from its calculation"


def _others(of: Grouping, group: int, known: Sequence[int], reference: Reference) -> list[int]:
    """Return what a group is set against: one group, or everybody else."""
    if reference.mode != "rest":
        return [of.groups.index(str(reference.level))]
    return [j for j in known if j != group]


def _enough(table: Confusion | ScoreTable, place: int, policy: Policy) -> bool:
    """Return True where a group has the people that the policy asks of a finding."""
    counts = table.people.n if isinstance(table, Confusion) else table.people.n.sum(axis=-1)
    return bool(counts[place] >= policy.minimum_n)


def _all_pairs(of: Grouping, item: Contrast, table: Confusion | ScoreTable, places: Sequence[int]) -> AllPairs | None:
    """Return the correction for every pair of groups where the contrast is one of a rate of everybody decided on."""
    if not isinstance(table, Confusion) or len(item.of) > 1 or len(places) < 2:
        return None
    (rate,) = rates(item, table[list(places)])
    if not isinstance(rate, Rate):
        return None
    seed = derive_seed("/".join([of.cube.digest, of.name, item.id]))
    return all_pairs(rate.num, rate.den, rng=np.random.default_rng(seed), whole=not is_weighted(rate))


def _pairs(groups: int) -> int:
    return max(1, groups * (groups - 1) // 2)


def _below_share(of: Grouping, table: Confusion | ScoreTable, known: Sequence[int], policy: Policy) -> dict[str, str]:
    """Return the groups below the policy's minimum share, which are counted and shown but not compared."""
    if not policy.minimum_share or Sampling.of(of.cube.schema).by & {*of.attributes}:
        return {}  # how many of each group were drawn says nothing about their share
    counts = table.people.n if isinstance(table, Confusion) else table.people.n.sum(axis=-1)
    people: dict[str, tuple[int, float | None]] = {of.groups[i]: (int(counts[i]), None) for i in known}
    kept = eligible_levels(people, minimum_share=policy.minimum_share)
    total = sum(n for n, _ in people.values())
    return {
        group: f"{n:,} people are {n / total:.1%} of the data, below the policy's {policy.minimum_share:.0%}"
        for group, (n, _) in people.items()
        if group not in kept
    }


def _unidentified(item: Contrast, table: Confusion | ScoreTable) -> str | None:
    if not {*item.of} & NEED_EVERYBODY:
        return None
    unobserved = table.unobserved.n if isinstance(table, Confusion) else table.table.n[..., 2]
    people = int(unobserved.sum())
    if not people:
        return None
    return (
        f"not identified: the outcome of {people:,} people is unobserved, so their part in the rate over all "
        "applicants is not known"
    )


def _family(of: Grouping, rule: Rule | None, *, production: bool) -> Family:
    """Named groups x the policy's rule x the decision in production; everything else is exploratory."""
    if rule is None or of.crossing or of.detail or not production:
        return "exploratory"
    return rule.family


# Findings


def _member(draft: Draft, minimum_n: int) -> Member:
    # A group too small to be flagged takes no share of the error that the others are allowed.
    enough = draft.rule is None or min(draft.compared.n, draft.compared.n_reference) >= minimum_n
    p = draft.compared.p if draft.in_test_family and enough else None
    if draft.pairs is not None and p is not None:
        settled = Adjusted(draft.pairs.adjusted(p), draft.pairs.pairs)
        return Member(None, draft.family, draft.of.name, draft.item.id, draft.cutoff, settled)
    return Member(p, draft.family, draft.of.name, draft.rule.id if draft.rule else draft.item.id, draft.cutoff)


def undecided_reason(made: Compared) -> str:
    """Return why a finding is neither flagged nor cleared, as a sentence."""
    return f"Neither flagged nor cleared: {made.undecided}."


def _finding(draft: Draft, corrected: Adjusted, policy: Policy) -> Finding:
    item, made, rule = draft.item, draft.compared, draft.rule
    line = rule.practical if rule else None
    verdict = judge(
        value=made.value,
        low_one_sided=made.low_one_sided,
        high_one_sided=made.high_one_sided,
        p=made.p if draft.in_test_family else None,
        p_adjusted=corrected.p,
        line=line,
        alpha=policy.alpha_of(rule) if rule else policy.alpha,
        n=made.n,
        n_reference=made.n_reference,
        minimum_n=policy.minimum_n,
        undefined=made.undefined,
        in_test_family=draft.in_test_family,
        people_needed=made.people_needed,
        people_needed_if_alike=made.people_needed_if_alike,
        minimum_detectable=made.minimum_detectable,
        comparisons=corrected.comparisons,
        no_difference=item.neutral,
    )
    if made.undecided is not None and verdict.status in {"flag", "within_line", "insufficient"}:
        verdict = Verdict("insufficient", undecided_reason(made))
    place = "recorded" if draft.cutoff is None and "decision" in item.needs else draft.cutoff
    parts = [
        rule.id if rule else item.id,
        draft.of.name,
        draft.of.groups[draft.place],
        f"{place:.10g}" if isinstance(place, float) else place,
    ]
    finding = Finding(
        id="/".join(str(part) for part in parts if part is not None),
        family=draft.family,
        rule=rule.id if rule else None,
        metric=item.id,
        contrast=item.how,
        attribute=draft.of.name,
        group=draft.of.groups[draft.place],
        levels=draft.of.levels[draft.place],
        reference=draft.reference,
        cutoff=draft.cutoff,
        value=finite(made.value),
        low=finite(made.low),
        high=finite(made.high),
        method=made.method,
        test=made.test if draft.in_test_family else None,
        p=finite(made.p) if draft.in_test_family else None,
        p_adjusted=finite(corrected.p),
        n=made.n,
        n_reference=made.n_reference,
        people_needed=made.people_needed if verdict.status == "insufficient" else None,
        people_needed_if_alike=made.people_needed_if_alike if verdict.status == "insufficient" else None,
        minimum_detectable=finite(made.minimum_detectable),
        line=line.value if line else None,
        status=verdict.status,
        reason=verdict.reason,
        sentence="",
        undefined=made.undefined,
        unbounded=made.unbounded,
        sensitivity={name: finite(p) for name, p in made.sensitivity.items()} if draft.in_test_family else {},
    )
    return dataclasses.replace(finding, sentence=finding_sentence(finding, item, made))
