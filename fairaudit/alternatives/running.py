"""One search from end to end: splits, suspects, candidates, finalists, verdict, and the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..inference.proportion import clopper_pearson
from ..inference.verdicts import ellipse
from ..models.scorer import Scorer
from ..models.wrapping import wrap
from ..policy.model import Policy
from .candidates import Workshop, workshop
from .comparing import Decided, cutoff_for, decided
from .exploring import Explored, Progress, Tried, explore, fix_finalists, fixed_finalists
from .people import People, Places, Splits, dealt
from .plan import Plan
from .records import Answer, CandidateRecord, MultiplicityRecord, RecallRecord
from .targeting import suspects_of
from .verdict import Finalist, chosen, detectable_without, judged

PLANTED = "planted_proxy"
"""The feature that a planted incumbent uses: it tells the group, and says nothing else."""
NOISE = 0.5
"""Standard deviation of the planted feature in a group, where the groups are 1 apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a search tried and what its verdict says."""

    shop: Workshop
    selection: People
    verdict: People
    incumbent: Decided
    """On the selection split."""
    on_verdict: Decided
    explored: Explored
    finalists: tuple[Finalist, ...]


def run(
    scorer: Scorer,
    people: People,
    splits: Splits,
    plan: Plan,
    policy: Policy,
    *,
    store: Path | None = None,
    data: str = "",
    workers: int = 1,
    progress: Progress | None = None,
    refits: bool = True,
) -> Run:
    """Search, fix the finalists, and test them on the verdict split.

    Parameters
    ----------
    scorer
        The incumbent.
    people, splits
        Everybody, and who is in which split.
    plan, policy
        What was declared.
    store, data, workers, progress
        As for :func:`fairaudit.alternatives.exploring.explore`; finalists are saved in the store too.
    refits
        Whether each finalist is fitted anew to see how stable it is.
    """
    training, selection = people.of(splits.training), people.of(splits.selection)
    suspects = suspects_of(scorer, training, plan.target, seed=plan.seed)
    shop = workshop(scorer, training, plan, suspects)
    incumbent = decided(scorer, selection, plan.cutoff)
    explored = explore(plan, shop, selection, incumbent, store=store, data=data, workers=workers, progress=progress)
    fixed = None if store is None else fixed_finalists(store)
    finalists = [one for one in explored.tried if one.number in fixed] if fixed else chosen(explored.tried, plan)
    if fixed:
        finalists.sort(key=lambda one: fixed.index(one.number))
    elif store is not None:
        fix_finalists(store, [one.number for one in finalists])
    # Only here is the verdict split taken up, when the finalists are fixed.
    verdict = people.of(splits.verdict)
    on_verdict = decided(scorer, verdict, plan.cutoff)
    tested = judged(
        finalists, shop, verdict, on_verdict, plan, policy, selection=selection, refits=refits,
        folder=None if store is None else store / "finalists",
    )  # fmt: skip
    return Run(shop, selection, verdict, incumbent, on_verdict, explored, tuple(tested))


def answer_of(made: Run, plan: Plan, everybody: int) -> tuple[Answer, list[str], int | None, float | None]:
    """Return the answer, why, how many people in the whole file would settle it, and what could have been detected.

    Parameters
    ----------
    made
        Search and verdict.
    plan
        What was declared.
    everybody
        People in all splits.
    """
    records = [one.record for one in made.finalists]
    tried = len(made.explored.tried)
    if not tried:
        reasons = dict.fromkeys(one.why for one in made.explored.failed)
        return "cannot_tell", ["No candidate could be compared with the incumbent.", *reasons], None, None
    if not records:
        flips = [float((one.selected != made.incumbent.selected).mean()) for one in made.explored.tried]
        share = float(np.median(flips)) if flips else math.nan
        most = detectable_without(made.verdict, plan, made.on_verdict, share)
        why = (
            f"None of {tried:,} candidates was within the margin and better for the group on the selection split, so "
            "the verdict split was not asked."
        )
        return "none_shown", [why], None, most if math.isfinite(most) else None
    reach = records[0].disparity.detectable
    shown = [one for one in records if one.shown]
    if shown:
        why = (
            f"{len(shown)} of {len(records)} finalists: performance within the margin and disparity better, both on "
            f"people whom nobody had looked at, corrected for {len(records)} finalists."
        )
        return "shown", [why], None, reach
    undefined = list(dict.fromkeys(
        side.undefined for one in records for side in (one.performance, one.disparity) if side.undefined
    ))  # fmt: skip
    open_ones = [
        max(one.performance.people_needed, one.disparity.people_needed)
        for one in records
        if one.performance.people_needed is not None and one.disparity.people_needed is not None
    ]
    if open_ones:
        needed = math.ceil(min(open_ones) * everybody / len(made.verdict))
        why = (
            f"A finalist looks like an alternative on the verdict split, and {len(made.verdict):,} people are too few "
            "to tell it from chance."
        )
        return "cannot_tell", [why, *undefined], needed, reach
    if undefined:
        return "cannot_tell", undefined, None, reach
    why = (
        f"None of {len(records)} finalists out of {tried:,} candidates was within the margin and better for the group "
        "on the verdict split."
    )
    return "none_shown", [why], None, reach


def candidate_records(made: Run, bounds: Sequence[CandidateRecord]) -> list[CandidateRecord]:
    """Return every candidate as a record: those with numbers, those without, and the upper bounds."""
    tried = made.explored.tried
    finalists = {one.record.number for one in made.finalists}
    ahead = frontier(tried)
    records = [
        CandidateRecord(
            number=one.number,
            family=one.candidate.family,
            settings=one.candidate.record(),
            performance=one.values[0],
            performance_change=one.performance,
            performance_error=one.errors[0],
            disparity=one.values[1],
            disparity_change=one.disparity,
            disparity_error=one.errors[1],
            covariance=one.covariance,
            on_frontier=one.number in ahead,
            finalist=one.number in finalists,
            seconds=one.seconds,
            ellipse=_outline(one) if one.number in ahead else [],
        )
        for one in tried
    ]
    records += [CandidateRecord(one.number, one.family, {}, why_not=one.why) for one in made.explored.failed]
    return [*sorted(records, key=lambda one: one.number), *bounds]


def _outline(one: Tried) -> list[list[float]]:
    first, second = one.errors
    return ellipse([[first**2, one.covariance], [one.covariance, second**2]])


def frontier(tried: Sequence[Tried]) -> set[int]:
    """Return the numbers of candidates that no other beats both in performance and in nearness to no disparity.

    Examples
    --------
    >>> frontier([])
    set()
    """
    made: set[int] = set()
    best = -math.inf
    for one in sorted(tried, key=lambda each: (-each.performance, -each.closer, each.number)):
        if one.closer > best:
            made.add(one.number)
            best = one.closer
    return made


def multiplicity_of(made: Run, plan: Plan) -> MultiplicityRecord | None:
    """Return how many people's decision depends on which of the equally good models is chosen; None without any."""
    alike = [
        one for one in made.explored.tried if one.performance > -plan.margin and one.candidate.volume == 1.0
    ]  # fmt: skip
    if not alike:
        return None
    table = np.stack([made.incumbent.selected, *(one.selected for one in alike)])
    ambiguous = np.asarray(table.any(axis=0) & ~table.all(axis=0))
    labels = made.selection.groups[plan.target.attribute]
    return MultiplicityRecord(
        len(table), table.shape[1], int(ambiguous.sum()), int((table[1:] != table[0]).sum(axis=1).max()),
        {name: [int(ambiguous[labels == name].sum()), int((labels == name).sum())]
         for name in sorted({*labels.tolist()})},
    )  # fmt: skip


def recall_of(
    scorer: Scorer, people: People, splits: Splits, plan: Plan, policy: Policy, *, planted: int, reach: float,
    trials: int, progress: Progress | None = None,
) -> RecallRecord:  # fmt: skip
    """Plant alternatives and search for them with the same plan: how many are found.

    To the people a feature is added that tells the group and nothing else, and the incumbent is made to use it, so
    strongly that its disparity is worse by ``reach``. The incumbent as it was is then an alternative that exists.

    Parameters
    ----------
    scorer, people, splits, plan, policy
        As for :func:`run`.
    planted
        How many, each with a feature, a split and a search of its own.
    reach
        The change of disparity that is planted, on the scale on which it is tested.
    trials
        Candidates tried in each.
    progress
        As for :func:`run`.
    """
    before, without, found = [], [], 0
    trained = splits.training if splits.incumbent_unseen else None
    for at in range(planted):
        seed = plan.seed + 7919 * (at + 1)
        other, model, cutoff, ratios = planted_incumbent(scorer, people, splits, plan, reach=reach, seed=seed)
        anew = replace(plan, seed=seed, cutoff=cutoff, trials=trials, budget=plan.budget)
        deal = dealt(other, shares=plan.shares, seed=seed, trained_on=trained, attribute=plan.target.attribute)
        made = run(model, other, deal, anew, policy, progress=progress, refits=False)
        found += any(one.record.shown for one in made.finalists)
        before.append(ratios[0])
        without.append(ratios[1])
    low, high, _ = clopper_pearson(found, planted)
    return RecallRecord(planted, found, float(low), float(high), before, without, trials)


def planted_incumbent(
    scorer: Scorer, people: People, splits: Splits, plan: Plan, *, reach: float, seed: int
) -> tuple[People, Scorer, float, tuple[float, float]]:
    """Return people with a planted proxy, an incumbent that uses it, its cut-off, and its disparity with and without.

    The strength is set on training and selection so that the disparity is worse by ``reach``, or as much as it can be.
    """
    rng = np.random.default_rng([seed, 5])
    labels = people.groups[plan.target.attribute]
    proxy = (labels == plan.target.group) + NOISE * rng.normal(size=len(people))
    other = People(people.rows.assign(**{PLANTED: proxy}), people.groups, people.good, people.known)
    seen = people.of(_seen(splits))
    own = decided(scorer, seen, plan.cutoff)
    spread = float(own.score.std()) or 1.0
    share = float(own.selected.mean())
    on_seen = proxy[_seen(splits)]

    def of(strength: float) -> tuple[float, float]:
        score = own.score - strength * spread * on_seen
        cutoff = cutoff_for(score, share)
        return _level(seen, plan, score >= cutoff), cutoff

    low, high = 0.0, 4.0
    start = of(0.0)[0]
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if start - of(middle)[0] > reach else (middle, high)
    level, cutoff = of(high)
    names = [*scorer.feature_names, PLANTED]
    strength = high * spread
    sign = 1.0 if scorer.higher_is == "better" else -1.0

    def planted(rows: Any) -> Any:
        given = rows[list(scorer.feature_names)]
        return sign * np.asarray(scorer.score(given)) - strength * rows[PLANTED].to_numpy(dtype=np.float64)

    model = wrap(planted, higher_is="better", feature_names=names)
    shown = (math.exp(level), math.exp(start)) if plan.metric == "adverse_impact_ratio" else (level, start)
    return other, model, cutoff, shown


def _seen(splits: Splits) -> Places:
    return np.sort(np.concatenate([splits.training, splits.selection]))


def _level(people: People, plan: Plan, selected: Any) -> float:
    """Return the disparity of some decisions on the scale on which changes are added."""
    labels = people.groups[plan.target.attribute]
    keep = people.good & people.known if plan.metric == "equal_opportunity_difference" else np.ones(len(people), bool)
    one, other = (float(selected[(labels == name) & keep].mean()) for name in (plan.target.group,
                  plan.target.reference))  # fmt: skip
    if plan.metric == "adverse_impact_ratio":
        return math.log(max(one, 1e-6) / max(other, 1e-6))
    return one - other
