"""What do decisions bring, and what does each parity cost?

Asked only where the call or the policy says what a good and a bad outcome of a selected person bring.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cube.axes import ScoreAxis
from ..cube.confusion import Confusion, ScoreTable, Tally
from ..inference.bootstrap import outer_interval
from ..inference.of_metrics import measure as measured
from ..inference.permutation import beside
from ..inference.profit import (
    DRAWS,
    Drawn,
    draw_alike,
    draw_costs,
    expected_profit_interval,
    linearised_profit_interval,
    rates_in_reach,
)
from ..measuring import Grouping, clustered_scores, clusters_of
from ..metrics.base import MEASURES, METRICS, Floats
from ..metrics.profit import PARITIES, Mixture, Parity, Payoff, best_rules
from ..result import Curves, Measurement, finite
from .common import Asking, adjusted, groups_left_out, shown, written

TOPIC = "profit"
OWN = "each group's own cut-off"
MOST_GROUPS = 12
DRAWN = f"count bootstrap within groups, cut-offs chosen anew, {DRAWS:,} draws"
ALIKE = f"groups drawn alike, {DRAWS:,} draws"
DRAWN_CLUSTERS = f"draws of counts from the replicates, cut-offs chosen anew, {DRAWS:,} draws"
DRAWN_WEIGHTED = f"draws of weights within groups, linearised, cut-offs chosen anew, {DRAWS:,} draws"
ONE_GROUP = "there is only one group with enough people whose outcome is observed"


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return what decisions bring by group, and what each parity costs; crossings are left to their attributes."""
    payoff = asking.payoff
    if payoff is None:
        return []
    records: list[Measurement] = []
    for of in groupings:
        if of.crossing or not of.cube.has_outcome:
            continue
        for cutoff in asking.cutoffs:
            records += _decided(of, of.cube.confusion(cutoff), cutoff, payoff, asking)
        if of.cube.axes.score is not None:
            records += _costs(of, of.cube.score_table(), of.cube.axes.score, payoff, asking)
    return adjusted(records)


# What the decisions bring


def _decided(of: Grouping, k: Confusion, cutoff: float | None, payoff: Payoff, asking: Asking) -> Iterator[Measurement]:
    able = shown(of, k, asking.policy)
    everybody: list[tuple[str | None, Confusion]] = [(None, k.pooled(able))] if able else []
    for group, one in [*everybody, *((of.groups[i], k[i]) for i in able)]:
        yield _per_person(of, group, one, cutoff, payoff, asking)
        yield _per_selected(of, group, one, cutoff, payoff, asking)


def _per_person(
    of: Grouping, group: str | None, k: Confusion, cutoff: float | None, payoff: Payoff, asking: Asking
) -> Measurement:
    good, bad, people = k.true_positives, k.false_positives, k.people
    unknown = k.selected - good - bad
    fields: dict[str, Any] = {"group": group, "cutoff": cutoff, "n": float(people.n)}
    if unknown.n > 0:
        # Whoever is declined brings nothing, so only the selected people's outcomes are missing.
        ends = [payoff.of(*sides) / people.w for sides in ((good.w, bad.w + unknown.w), (good.w + unknown.w, bad.w))]
        reason = f"not identified: the outcome of {int(unknown.n):,} selected people is unobserved"
        return written(
            TOPIC, "expected_profit", of, value=np.nan, undefined=reason, low=ends[0], high=ends[1],
            method="worst-case bounds", **fields,
        )  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(payoff.of(good.w, bad.w) / people.w)
    if k.table.w is k.table.n:
        made = expected_profit_interval(good.n, bad.n, people.n, payoff, confidence=asking.confidence)
    else:
        made = linearised_profit_interval(good, bad, people, payoff, confidence=asking.confidence)
    return written(
        TOPIC, "expected_profit", of, value=value, low=made.low, high=made.high, method=made.method,
        undefined=MEASURES["expected_profit"].undefined_when, **fields,
    )  # fmt: skip


def _per_selected(
    of: Grouping, group: str | None, k: Confusion, cutoff: float | None, payoff: Payoff, asking: Asking
) -> Measurement:
    """Return the profit of selected people: a precision on another scale, and so is its interval."""
    one = Confusion(Tally.stacked([k.table], axis=0))
    made = measured(METRICS["positive_predictive_value"], one, confidence=asking.confidence, seed=asking.seed)
    value, low, high = (
        payoff.bad + (payoff.good - payoff.bad) * float(end[0]) for end in (made.value, made.low, made.high)
    )
    unknown = int(k.selected.n - k.true_positives.n - k.false_positives.n)
    return written(
        TOPIC, "expected_profit_per_selected", of, group=group, cutoff=cutoff, value=value, low=low, high=high,
        method=str(made.method[0]), n=float(made.n[0]),
        undefined=MEASURES["expected_profit_per_selected"].undefined_when,
        note=f"of {unknown:,} selected people the outcome is unobserved" if unknown else None,
    )  # fmt: skip


def with_profit(curves: Curves | None, groupings: Sequence[Grouping], payoff: Payoff | None) -> Curves | None:
    """Return the curves with the expected profit per person, among observed outcomes, at every cut-off."""
    if curves is None or payoff is None:
        return curves
    by_group: dict[tuple[str, str], list[float | None]] = {}
    for of in groupings:
        if of.crossing or not of.cube.has_outcome:
            continue
        _, k = of.cube.confusions()
        seen = k.good.w + k.bad.w
        with np.errstate(invalid="ignore", divide="ignore"):
            profit = payoff.of(k.true_positives.w, k.false_positives.w) / seen
        hidden = of.cube.suppressed
        for i, group in enumerate(of.groups):
            gone = hidden is not None and bool(hidden[i])
            by_group[of.name, group] = [None if gone else finite(float(value)) for value in profit[:, i]]
    records = [
        dataclasses.replace(one, columns={**one.columns, "expected_profit": by_group[one.attribute, one.group]})
        if (one.attribute, one.group) in by_group
        else one
        for one in curves.groups
    ]
    return dataclasses.replace(curves, groups=records)


# What each parity costs


@dataclass(frozen=True, slots=True, eq=False)
class _Study:
    """The groups that can be compared, their people with observed outcomes by bin, and what to say of the others."""

    of: Grouping
    groups: tuple[str, ...]
    score: ScoreAxis
    good: Floats
    bad: Floats
    heads: Floats
    payoff: Payoff
    asking: Asking
    drawn: Drawn
    alike: dict[Parity, Floats]
    """What parities leave of the maximum where groups are alike; empty for people with weights or in clusters."""
    how: str
    note: str | None

    @property
    def people(self) -> Floats:
        return np.asarray((self.good + self.bad).sum(axis=-1))

    def record(self, metric: str, value: float, **fields: Any) -> Measurement:
        given: dict[str, Any] = {
            "n": self.heads.sum(), "undefined": MEASURES[metric].undefined_when, "note": self.note,
            "method": self.how if fields.get("low") is not None else None, **fields,
        }  # fmt: skip
        return written(TOPIC, metric, self.of, value=value, **given)


def _costs(of: Grouping, s: ScoreTable, score: ScoreAxis, payoff: Payoff, asking: Asking) -> Iterator[Measurement]:
    seen = s.good + s.bad
    able = [i for i in shown(of, s, asking.policy) if seen.w[i].sum() > 0]
    if len(able) < 2 or len(able) > MOST_GROUPS:
        why = ONE_GROUP if len(able) < 2 else f"more than {MOST_GROUPS} groups: a parity over so many is no one's rule"
        for parity in PARITIES:
            yield written(TOPIC, "profit_under_parity", of, value=np.nan, n=0, detail=parity, undefined=why)
        return
    weighted = s.table.w is not s.table.n
    good, bad = s.good[able], s.bad[able]
    rng = asking.rng(of.name, "profit")
    moved = _moved(of, able)
    squares = (good.w2, bad.w2) if weighted and moved is None else None
    drawn = draw_costs(good.w, bad.w, payoff, rng=rng, squares=squares, **(moved or {}))
    how = DRAWN_WEIGHTED if weighted else DRAWN
    if moved is not None and (clusters := clusters_of(of)) is not None:
        how = f"{DRAWN_CLUSTERS}, {clusters.words}"
    alike = {} if weighted or moved is not None else draw_alike(good.n, bad.n, payoff, rng=asking.rng(of.name, "alike"))
    study = _Study(
        of, tuple(of.groups[i] for i in able), score, good.w, bad.w, (good.n + bad.n).sum(axis=-1), payoff, asking,
        drawn, alike, how, _limits(of, s, able),
    )  # fmt: skip
    yield from _maxima(study)
    for parity in PARITIES:
        yield from _under(study, parity)


def _moved(of: Grouping, able: Sequence[int]) -> dict[str, Any] | None:
    """Return how far good and bad people by bin move over the replicates; None where people come one by one."""
    scores = clustered_scores(of)
    if scores is None:
        return None
    bins = scores.table.table.n.shape[-2]
    moved, fewest = [], np.inf
    for i in able:
        clusters = float(scores.everybody.pooled([i]).clusters)
        if clusters < 2:
            return None
        counts = scores.by_bin([i], bins)
        moved.append((counts[1] - counts[0]) * np.sqrt(clusters / (clusters - 1)))
        fewest = min(fewest, clusters)
    return {"moved": np.stack(moved, axis=1), "clusters": fewest}


def _limits(of: Grouping, s: ScoreTable, able: Sequence[int]) -> str | None:
    said = []
    unknown = int(s.table.n[able, :, 2].sum())
    if unknown:
        said.append(
            f"among people whose outcome is observed; the outcome of {unknown:,} people is not, so what other cut-offs "
            "would bring among all is not identified, and least of all for people who were declined"
        )
    if left_out := groups_left_out(len(of.groups) - len(able)):
        said.append(left_out)
    return "; ".join(said) or None


def _ends(value: float, drawn: Floats, confidence: float) -> dict[str, Any]:
    """Return the interval of a share from both ends of the draws: where two cut-offs tie, chance moves it one way."""
    ends = outer_interval(value, drawn, confidence=confidence, least=0.0, most=1.0)
    return {"low": float(ends.low), "high": float(ends.high)}


def _of_share(share: float, drawn: Floats, alike: Floats | None, confidence: float) -> dict[str, Any]:
    """Return the interval of what a parity leaves of the maximum, beside what it leaves where groups are alike.

    Chance can only take from a share of 1, so no draw around it comes near: 1 is in the interval unless the share
    is lower than in all but a tail of the draws of alike groups.
    """
    fields = _ends(share, drawn, confidence)
    known = np.zeros(0) if alike is None else alike[~np.isnan(alike)]
    if not len(known):
        return fields
    by_chance = beside(-share, -known)
    if by_chance.p > (1 - confidence) / 2:
        fields["high"] = 1.0
    return fields | {"expected": -by_chance.expected, "excess": -by_chance.excess, "p": by_chance.p, "test": ALIKE}


def _maxima(study: _Study) -> Iterator[Measurement]:
    """Yield each group's maximum, its cut-off and its selection rate, and those of one cut-off for everybody."""
    good, bad, drawn = study.good, study.bad, study.drawn
    sure = study.asking.confidence
    own = best_rules(None, good, bad, study.payoff)
    each = study.payoff.of(own.mixture.of(good), own.mixture.of(bad))
    shares = study.people / study.people.sum()
    whole, whole_drawn = float(own.profit / study.people.sum()), drawn.together
    optimism = float((drawn.optimism * shares).sum())
    yield study.record("maximum_profit", whole, **_optimism(whole, whole_drawn, optimism, sure))
    for i, group in enumerate(study.groups):
        value = float(each[i] / study.people[i])
        fields = _optimism(value, drawn.maximum[:, i], float(drawn.optimism[i]), sure)
        yield study.record("maximum_profit", value, group=group, n=study.heads[i], **fields)
    single = best_rules("one cut-off for everybody", good, bad, study.payoff).mixture.lower[0]
    places: list[tuple[str | None, int, float]] = [
        (None, int(single), float(study.heads.sum())),
        *zip(study.groups, own.mixture.lower.tolist(), study.heads.tolist(), strict=True),
    ]
    for j, (whose, place, n) in enumerate(places):
        fields = _cutoff_ends(study.score, drawn.place[:, j - 1], sure)
        detail = "one cut-off for everybody" if whose is None else OWN
        yield study.record(
            "maximum_profit_cutoff", cutoff_at(study.score, place), group=whose, n=n, detail=detail, **fields
        )
    yield from _rates(study, None, own.mixture)


def _optimism(value: float, drawn: Floats, optimism: float, confidence: float) -> dict[str, Any]:
    """Return the interval of a maximum, and how much of it comes from choosing the cut-off on the same people."""
    ends = outer_interval(value, drawn, confidence=confidence, least=0.0)
    detail = f"optimism of choosing and measuring on the same people: {optimism:.3g}"
    return {"low": float(ends.low), "high": float(ends.high), "detail": detail}


def _cutoff_ends(score: ScoreAxis, places: Floats, confidence: float) -> dict[str, Any]:
    tail = (1 - confidence) / 2
    found = [cutoff_at(score, int(place)) for place in np.quantile(places, [tail, 1 - tail], method="nearest")]
    if any(np.isnan(end) for end in found):
        return {}
    return {"low": min(found), "high": max(found)}


def _under(study: _Study, parity: Parity) -> Iterator[Measurement]:
    good, bad, drawn, sure = study.good, study.bad, study.drawn, study.asking.confidence
    missing = [g for g, a, b in zip(study.groups, good.sum(axis=-1), bad.sum(axis=-1), strict=True) if not (a and b)]
    most = float(best_rules(None, good, bad, study.payoff).profit)
    if missing and parity in {"equal opportunity", "equalized odds"}:
        why = f"{missing[0]} has nobody with a good, or nobody with a bad outcome"
        yield study.record("profit_under_parity", np.nan, detail=parity, undefined=why)
        return
    if not most > 0:
        why = "no cut-off brings more than selecting nobody, so the maximum profit is 0"
        yield study.record("profit_under_parity", np.nan, detail=parity, undefined=why)
        return
    rules = best_rules(parity, good, bad, study.payoff)
    share = float(rules.profit) / most
    fields = _of_share(share, drawn.share[parity], study.alike.get(parity), sure)
    yield study.record("profit_under_parity", share, detail=parity, **fields)
    for i, group in enumerate(study.groups):
        value, words = _spoken(study.score, rules.mixture, i)
        yield study.record(
            "cutoff_under_parity", value, group=group, n=study.heads[i], detail=f"{parity}: {words}",
            undefined="nobody of the group is selected by the score",
            **(_cutoff_ends(study.score, drawn.met[parity][:, i], sure) if np.isfinite(value) else {}),
        )  # fmt: skip
    yield from _rates(study, parity, rules.mixture)


def _rates(study: _Study, parity: Parity | None, mixture: Mixture) -> Iterator[Measurement]:
    chosen = mixture.of(study.good + study.bad) / study.people
    sure = study.asking.confidence
    reach = None
    if parity == "demographic parity":
        reach = rates_in_reach(study.good, study.bad, study.payoff, study.drawn, confidence=sure)
    for i, group in enumerate(study.groups):
        rate = float(chosen[i])
        fields = _ends(rate, study.drawn.rate[parity][:, i], sure)
        if reach is not None:
            fields = {"low": min(fields["low"], reach[0]), "high": max(fields["high"], reach[1])}
        yield study.record(
            "selection_rate_under_parity", rate, group=group, n=study.heads[i], detail=parity or OWN, **fields
        )


# Cut-offs in words


def cutoff_at(score: ScoreAxis, place: int) -> float:
    """Return the cut-off that selects so many of the best bins; NaN for none.

    Examples
    --------
    >>> axis = ScoreAxis("better", np.array([600.0, 620.0, 640.0]), None, 600.0, 640.0)
    >>> cutoff_at(axis, 2)
    620.0
    """
    if place == 0:
        return float("nan")
    bins = score.scored_bins
    if score.values is not None:
        return float(score.values[bins - place] if score.higher_is == "better" else score.values[place - 1])
    assert score.edges is not None  # noqa: S101 - one of the two is always set
    if place >= bins:
        return float(score.low if score.higher_is == "better" else score.high)
    return float(score.edges[bins - place - 1] if score.higher_is == "better" else score.edges[place - 1])


def _spoken(score: ScoreAxis, mixture: Mixture, group: int) -> tuple[float, str]:
    """Return the cut-off that more people meet, and the group's rule in words."""
    lower, upper, share = int(mixture.lower[group]), int(mixture.upper[group]), float(mixture.share[group])
    lottery, chance = float(mixture.lottery[group]), float(mixture.chance[group])
    parts = [(lower, 1 - share), (upper, share)] if 0 < share < 1 else [(upper, 1.0)]
    names = [f"{cutoff_at(score, place):.10g}" if place else "nobody" for place, _ in parts]
    words = names[0]
    if len(parts) > 1:
        words = f"{names[0]} for {parts[0][1]:.1%} and {names[1]} for {parts[1][1]:.1%}, by lot"
    if lottery > 0:
        words += (
            f"; for {lottery:.1%} of the people the score is not looked at, and {chance:.1%} of them selected by lot"
        )
    return cutoff_at(score, int(mixture.met[group])), words
