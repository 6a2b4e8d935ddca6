"""How few changed decisions would change each finding, from the drafts that findings are made of."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .cube.confusion import Confusion
from .flipping import Case, fewest_changes
from .inference.counts import FloatArray
from .inference.of_metrics import is_weighted
from .metrics.base import Contrast
from .metrics.disparity import rates
from .policy.families import Member, readjusted
from .policy.model import Policy
from .result import Finding
from .sentences import finding_sentence

if TYPE_CHECKING:
    from .judging import Draft

DECISIONS: dict[tuple[str, ...], bool] = {("selection_rate",): True, ("adverse_rate",): False}
"""Rates of everybody decided on, and whether they count the favorable decisions."""


def decided(item: Contrast, groups: Any, references: Any) -> list[tuple[float, float, float, float]] | None:
    """Return the counts behind a contrast of selection rates, group by group; None where people carry weights."""
    if item.of not in DECISIONS or not isinstance(groups, Confusion):
        return None
    (mine,), (theirs,) = rates(item, groups), rates(item, references)
    if is_weighted(mine) or is_weighted(theirs):
        return None
    columns = (mine.num, mine.den, theirs.num, theirs.den)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def with_flips(
    findings: Sequence[Finding], drafts: Sequence[Draft], members: Sequence[Member], policy: Policy
) -> list[Finding]:
    """Return the findings with the fewest changed decisions that would change each, where that can be asked."""

    def asks(place: int) -> bool:
        draft, found = drafts[place], findings[place]
        member = members[place]
        tested = member.settled is not None or (member.p is not None and not math.isnan(member.p))
        return draft.counts is not None and tested and found.value is not None and found.line is not None

    places = [place for place in range(len(findings)) if asks(place)]
    settled = {place for place in places if drafts[place].pairs is not None}
    alone = [place for place in places if place not in settled]
    corrected = dict(zip(alone, readjusted(members, alone), strict=True))
    cases = [_case(drafts[i], findings[i], corrected.get(i), policy) for i in places]
    out = list(findings)
    for place, flip in zip(places, fewest_changes(cases), strict=True):
        if flip is not None:
            found = dataclasses.replace(out[place], flip_count=flip.count, flip_to=flip.status, flip_text=flip.text)
            sentence = finding_sentence(found, drafts[place].item, drafts[place].compared)
            out[place] = dataclasses.replace(found, sentence=sentence)
    return out


def _case(draft: Draft, finding: Finding, corrected: Callable[[FloatArray], FloatArray] | None, policy: Policy) -> Case:
    counts, rule, pairs = draft.counts, draft.rule, draft.pairs
    assert counts is not None  # noqa: S101 - asked only of those that have counts, a rule and its line
    assert rule is not None  # noqa: S101
    assert rule.practical is not None  # noqa: S101
    if corrected is None:
        assert pairs is not None  # noqa: S101 - corrected for all pairs where in no other family
        corrected = np.vectorize(pairs.adjusted, otypes=[float])
    how: Any = draft.item.how
    return Case(
        *counts, how, rule.practical, policy.alpha_of(rule), draft.alpha_each, corrected, finding.status,
        counts_favorable=DECISIONS[draft.item.of],
    )  # fmt: skip
