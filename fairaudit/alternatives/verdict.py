"""The finalists, fixed on the selection split, and what the verdict split, which nobody has seen, says of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import scipy.special

from ..inference.contrast import compare
from ..inference.model_changes import Change
from ..inference.verdicts import Joint, Side, corrected, ellipse, joint
from ..models.loading import load_scorer
from ..models.model_card import CARD
from ..models.saving import save_model
from ..models.scorer import Scorer
from ..policy.model import Policy
from ..policy.references import eligible_levels
from .candidates import Workshop, built
from .comparing import Decided, better_up, changes, decided, rate
from .exploring import Tried, measured
from .people import People
from .plan import Plan
from .records import ClaimRecord, FinalistRecord, MovedRecord, OtherGroupRecord, StabilityRecord

REFITS = 5
REFITTED = 2
"""Finalists that are fitted anew, at most: each takes as long as five candidates."""
A_FAMILY = 2
"""Finalists of one family, at most: five of a kind would say the same thing five times."""


@dataclass(frozen=True, slots=True, eq=False)
class Finalist:
    """One finalist: the model that was tested, not a refit of it, and its numbers."""

    model: Scorer
    record: FinalistRecord


def chosen(tried: Sequence[Tried], plan: Plan) -> list[Tried]:
    """Return the finalists: those that look most like alternatives on the selection split, at most five.

    Both changes must be past their bounds as observed, the disparity not past parity on the other side by more than
    the incumbent's. They are ranked by the smaller of the two distances in standard
    errors, which is what the joint test looks at; candidates that decide alike count once.

    Parameters
    ----------
    tried
        Every candidate with numbers.
    plan
        Margin, improvement and how many.
    """
    ranked = []
    for one in tried:
        reach = [
            math.inf if error == 0 and gap > 0 else gap / error if error > 0 else -math.inf
            for gap, error in (
                (one.performance + plan.margin, one.errors[0]),
                (one.disparity - bound_of(plan), one.errors[1]),
            )
        ]
        if min(reach) > 0 and one.closer > 0:
            ranked.append((-min(reach), one.number, one))
    made: list[Tried] = []
    for _, _, one in sorted(ranked, key=lambda each: each[:2]):
        alike = any((one.selected == other.selected).all() for other in made)
        of_family = sum(other.candidate.family == one.candidate.family for other in made)
        if not alike and of_family < A_FAMILY and len(made) < plan.finalists:
            made.append(one)
    return made


def bound_of(plan: Plan) -> float:
    """Return what the change of disparity must pass, on the scale on which it is tested."""
    return math.log1p(plan.improvement) if plan.metric == "adverse_impact_ratio" else plan.improvement


def judged(
    finalists: Sequence[Tried],
    shop: Workshop,
    people: People,
    incumbent: Decided,
    plan: Plan,
    policy: Policy,
    *,
    selection: People,
    folder: Path | None,
    refits: bool = True,
) -> list[Finalist]:
    """Return the finalists with what the verdict split says of them.

    Parameters
    ----------
    finalists
        As :func:`chosen` returned them.
    shop
        What they are made of.
    people
        Of the verdict split.
    incumbent
        Its scores and decisions of these people.
    plan, policy
        What is tested, and the line of other groups.
    selection
        The selection split, where refits are looked at.
    folder
        Where each model is saved before it is tested, and from where it is read back to be tested.
    refits
        Whether some are fitted anew to see how stable they are.
    """
    models = [_fixed(one, shop, folder) for one in finalists]
    tests: list[tuple[Joint, tuple[Change, Change], Decided]] = []
    for one, (model, _, _) in zip(finalists, models, strict=True):
        score = incumbent.score if one.candidate.family == "cutoff" else better_up(model, people)
        mine = Decided(score, score >= one.cutoff)
        both = changes(people, plan, incumbent, mine, observed=False)
        test = joint(
            *both, margin=plan.margin, improvement=bound_of(plan), alpha=plan.alpha, power=plan.power,
            finalists=len(finalists),
        )  # fmt: skip
        tests.append((test, both, mine))
    adjusted = corrected([test for test, _, _ in tests])
    # Those that are shown first: of them it matters whether another seed would have done.
    order = sorted(range(len(finalists)), key=lambda at: (adjusted[at] >= plan.alpha, at))
    anew = {finalists[at].number for at in order[:REFITTED]} if refits else set()
    made = []
    for rank, (one, (model, sha256, saved), (test, both, mine), p) in enumerate(
        zip(finalists, models, tests, adjusted, strict=True), start=1
    ):
        covariance = test.covariance[0][1]
        record = FinalistRecord(
            rank=rank,
            number=one.number,
            family=one.candidate.family,
            settings=one.candidate.record(),
            cutoff=one.cutoff if model.higher_is == "better" else -one.cutoff,
            higher_is=model.higher_is,
            features=[*model.feature_names],
            sha256=sha256,
            saved_as=saved,
            performance=claim(both[0], test.performance),
            disparity=claim(both[1], test.disparity),
            covariance=covariance if math.isfinite(covariance) else None,
            p=test.p,
            p_adjusted=p,
            shown=p < plan.alpha,
            ellipse=ellipse(test.covariance),
            approved_before=float(incumbent.selected.mean()),
            approved_after=float(mine.selected.mean()),
            bad_rate_before=rate(~people.good, incumbent.selected & people.known),
            bad_rate_after=rate(~people.good, mine.selected & people.known),
            moved=moved(people, plan, incumbent, mine),
            other_groups=other_groups(people, plan, policy, incumbent, mine),
            stability=_stability(one, shop, selection, plan) if one.number in anew else None,
        )
        made.append(Finalist(model, record))
    return made


def claim(change: Change, side: Side) -> ClaimRecord:
    """Return one claim as a record; ``shown`` by its own interval, before any correction for finalists."""
    return ClaimRecord(
        incumbent=_finite(change.incumbent),
        candidate=_finite(change.candidate),
        change=_finite(side.value),
        low=_finite(side.low),
        high=_finite(side.high),
        bound=side.bound,
        p=side.p,
        detectable=_finite(side.detectable),
        people_needed=side.people,
        shown=bool(side.shown),
        undefined=side.undefined,
    )


def moved(people: People, plan: Plan, before: Decided, after: Decided) -> list[MovedRecord]:
    """Return who is newly approved and newly declined, by group of the target's attribute, and their bad rate."""
    labels = people.groups[plan.target.attribute]
    new, gone = after.selected & ~before.selected, before.selected & ~after.selected
    made = []
    for group in sorted({*labels.tolist()}):
        of = labels == group
        made.append(MovedRecord(
            group, int(of.sum()), int(before.selected[of].sum()), int(after.selected[of].sum()), int(new[of].sum()),
            int(gone[of].sum()), rate(~people.good, of & new & people.known),
            rate(~people.good, of & gone & people.known),
        ))  # fmt: skip
    return made


def other_groups(
    people: People, plan: Plan, policy: Policy, before: Decided, after: Decided
) -> list[OtherGroupRecord]:  # fmt: skip
    """Return every other group's adverse impact ratio under both models, and whether it is past the policy's line.

    Each group is compared with the eligible group of its attribute that has the highest rate under that model: an
    alternative may make the old reference the one that is worse off.
    """
    if plan.line is None:
        return []
    made = []
    for attribute, labels in people.groups.items():
        levels = {name: (int((labels == name).sum()), None) for name in sorted({*labels.tolist()})}
        able = eligible_levels(
            levels, minimum_n=policy.minimum_n, minimum_share=policy.minimum_share,
            excluded_levels=policy.excluded_levels,
        )  # fmt: skip
        best = [max(able, key=lambda name: (one.selected[labels == name].mean(), name), default=None)
                for one in (before, after)]  # fmt: skip
        for name in able:
            if (attribute, name) == (plan.target.attribute, plan.target.group) or None in best:
                continue
            found = [
                _past(labels, name, cast("str", top), one, plan) for one, top in zip((before, after), best, strict=True)
            ]
            made.append(OtherGroupRecord(attribute, name, cast("str", best[1]), found[0][0], found[1][0], found[0][1],
                                         found[1][1]))  # fmt: skip
    return made


def _past(labels: Any, name: str, top: str, one: Decided, plan: Plan) -> tuple[float | None, bool]:
    if name == top:
        return 1.0, False
    of, reference = labels == name, labels == top
    made = compare(
        int(one.selected[of].sum()), int(of.sum()), int(one.selected[reference].sum()), int(reference.sum()),
        how="ratio", confidence=1 - plan.alpha,
    )  # fmt: skip
    value = float(made.value)
    past = plan.line is not None and value < plan.line and float(made.p) < plan.alpha
    return _finite(value), bool(past)


def detectable_without(people: People, plan: Plan, incumbent: Decided, flips: float) -> float:
    """Return the change of disparity that the verdict split would show, were this share of decisions different.

    For a search that has no finalist: nothing of the verdict split's outcomes is looked at, only how many people of
    the group and its reference the incumbent selects.

    Parameters
    ----------
    people, plan, incumbent
        Of the verdict split.
    flips
        Share of people whose decision differs between the incumbent and a candidate, as the search saw.
    """
    labels = people.groups[plan.target.attribute]
    variance = 0.0
    for name in (plan.target.group, plan.target.reference):
        of = labels == name
        if not of.any():
            return math.nan
        share = float(incumbent.selected[of].mean())
        if plan.metric == "adverse_impact_ratio" and share == 0:
            return math.nan
        variance += flips / int(of.sum()) / (share**2 if plan.metric == "adverse_impact_ratio" else 1.0)
    z = float(scipy.special.ndtri(1 - plan.alpha / 2) + scipy.special.ndtri(1 - (1 - plan.power) / 2))
    return z * math.sqrt(variance)


def _fixed(one: Tried, shop: Workshop, folder: Path | None) -> tuple[Scorer, str | None, str | None]:
    """Return the model that is tested: read back from its file where there is one, with the file's SHA-256.

    A file that an earlier run of the same search left is taken as it is: a refit would be another candidate.
    """
    if folder is None or one.candidate.family == "cutoff":
        return built(one.candidate, shop), None, None
    place = folder / f"candidate_{one.number}"
    if not place.exists():
        save_model(built(one.candidate, shop), place)
    return load_scorer(place), str(json.loads((place / CARD).read_text(encoding="utf-8"))["sha256"]), place.name


def _stability(one: Tried, shop: Workshop, selection: People, plan: Plan) -> StabilityRecord | None:
    """Fit the same settings with other seeds to training people drawn anew, and look at them on the selection split."""
    if one.candidate.family == "cutoff":
        return None  # nothing is fitted
    before = decided(shop.incumbent, selection, plan.cutoff)
    made = []
    for at in range(REFITS):
        rng = np.random.default_rng([plan.seed, one.number, at])
        draw = np.sort(rng.integers(0, len(shop.training), len(shop.training)))
        again = replace(shop, training=shop.training.of(draw), in_target=shop.in_target[draw],
                        reference=shop.reference[draw])  # fmt: skip
        candidate = replace(one.candidate, seed=int(rng.integers(2**31)))
        try:
            made.append(measured(one.number, candidate, again, selection, before, plan))
        except ValueError:
            continue
    if not made:
        return None
    performance, disparity = [each.performance for each in made], [each.disparity for each in made]
    return StabilityRecord(
        len(made), min(performance), max(performance), min(disparity), max(disparity),
        sum(value > -plan.margin for value in performance), sum(value > 0 for value in disparity),
    )  # fmt: skip


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
