"""Over all groups of an attribute at once: information, inequality, the widest gap, differential fairness."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..cube.confusion import Confusion, Tally
from ..inference.contrast import compare_many
from ..inference.of_metrics import effective
from ..inference.permutation import MOST_PEOPLE, deal_weighted
from ..measuring import Grouping
from ..metrics import summaries as m
from ..metrics.base import MEASURES, METRICS, Floats, Rate
from ..result import Measurement
from .common import Asking, adjusted, groups_left_out, shown, written

TOPIC = "summary"
DRAWS = 1_000
MOST_GROUPS = 200
PERMUTED = f"permutation of the groups, {DRAWS:,} draws"
DRAWN = f"groups drawn anew from all together, weighted, {DRAWS:,} draws"


@dataclass(frozen=True, slots=True)
class _Whole:
    """The groups of an attribute that are large enough, at one decision rule."""

    of: Grouping
    k: Confusion
    cutoff: float | None
    asking: Asking
    left_out: int

    @property
    def weighted(self) -> bool:
        return self.k.table.w is not self.k.table.n


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return the summaries of every attribute and crossing, for each decision rule."""
    records: list[Measurement] = []
    for of in groupings:
        for cutoff in asking.cutoffs:
            k = of.cube.confusion(cutoff)
            able = [i for i in shown(of, k, asking.policy) if k.people.w[i] > 0]
            if 2 <= len(able) <= MOST_GROUPS:
                whole = _Whole(of, k[able], cutoff, asking, len(of.groups) - len(able))
                records += [*_decisions(whole), *_outcomes(whole)]
    return adjusted(records)


def _record(whole: _Whole, metric: str, value: float, n: float, **fields: object) -> Measurement:
    note = groups_left_out(whole.left_out)
    given = {"note": note, "undefined": MEASURES[metric].undefined_when, "method": fields.get("test"), **fields}
    return written(TOPIC, metric, whole.of, value=value, n=n, cutoff=whole.cutoff, **given)  # type: ignore[arg-type]


def _decisions(whole: _Whole) -> Iterator[Measurement]:
    rate = METRICS["selection_rate"](whole.k)
    n = float(rate.n.sum())
    selected, people = whole.k.selected.w, whole.k.people.w

    def independence(drawn: Floats) -> Floats:
        return m.information(np.stack([drawn, people - drawn], axis=-1)[..., None, :, :])

    def dealt(statistic: Callable[[Floats], Floats], metric: str, value: float) -> dict[str, object]:
        return _by_chance(whole, [(whole.k.selected, whole.k.people)], lambda parts: statistic(parts[0]), metric, value)

    value = float(independence(selected))
    yield _record(whole, "independence", value, n, **dealt(independence, "independence", value))
    pairs = _all_pairs(rate, "difference", whole.asking.confidence)
    gap = float(rate.value.max() - rate.value.min())

    def widest(drawn: Floats) -> Floats:
        rates = drawn / people
        return np.asarray(rates.max(axis=-1) - rates.min(axis=-1))

    yield _record(
        whole, "largest_selection_gap", gap, n, low=pairs[0], high=pairs[1], **dealt(widest, "gap", gap),
        method=pairs[2],
    )  # fmt: skip
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = float(rate.value.min() / rate.value.max())
    ends = _all_pairs(rate, "ratio", whole.asking.confidence)

    def smallest(drawn: Floats) -> Floats:
        rates = drawn / people
        top = rates.max(axis=-1)
        return np.asarray(-np.where(top > 0, rates.min(axis=-1) / np.where(top > 0, top, 1.0), 1.0))

    chance = dealt(smallest, "ratio", -ratio)
    if "expected" in chance:
        chance |= {"expected": -float(chance["expected"]), "excess": -float(chance["excess"])}  # type: ignore[arg-type]
    yield _record(whole, "smallest_selection_ratio", ratio, n, low=ends[0], high=ends[1], **chance, method=ends[2])

    def epsilon(drawn: Floats) -> Floats:
        return m.differential_fairness(drawn, people)

    value = float(epsilon(selected))
    yield _record(whole, "differential_fairness", value, n, **dealt(epsilon, "epsilon", value))


def _outcomes(whole: _Whole) -> Iterator[Measurement]:
    k = whole.k
    if not whole.of.cube.has_outcome:
        return
    unknown = int(k.unobserved.n.sum())
    table = k.table.w[..., :2]
    n = float(k.table.n[..., :2].sum())
    note = {"note": "among people whose outcome is observed"} if unknown else {}
    # People [group, decision, outcome]: given the decision, the outcome is dealt; given the outcome, the decision.
    parts = [(k.table[:, side, 0], k.table[:, side, :2].sum(axis=-1)) for side in (0, 1)]
    totals = [part[1].w for part in parts]

    def sufficiency(drawn: Sequence[Floats]) -> Floats:
        sides = [np.stack([good, total - good], axis=-1) for good, total in zip(drawn, totals, strict=True)]
        return m.information(np.stack(sides, axis=-3))

    value = float(m.information(np.moveaxis(table, 1, 0)))
    yield _record(whole, "sufficiency", value, n, **_by_chance(whole, parts, sufficiency, "sufficiency", value), **note)
    if unknown:
        reason = f"not identified: the outcome of {unknown:,} people is unobserved"
        for name in (
            "separation", "largest_equalized_odds_gap", "generalized_entropy_index", "theil_index",
            "between_group_entropy",
        ):  # fmt: skip
            yield _record(whole, name, np.nan, n, undefined=reason)
        return
    yield from _separation(whole, table, n)
    yield from _inequality(whole, n)


def _separation(whole: _Whole, table: Floats, n: float) -> Iterator[Measurement]:
    k = whole.k
    parts = [(k.table[:, 0, side], k.table[:, :, side].sum(axis=-1)) for side in (0, 1)]
    totals = [part[1].w for part in parts]

    def separation(drawn: Sequence[Floats]) -> Floats:
        sides = [np.stack([chosen, total - chosen], axis=-1) for chosen, total in zip(drawn, totals, strict=True)]
        return m.information(np.stack(sides, axis=-3))

    value = float(m.information(np.moveaxis(table, 2, 0)))
    yield _record(whole, "separation", value, n, **_by_chance(whole, parts, separation, "separation", value))
    rates = [METRICS[name](k) for name in ("true_positive_rate", "false_positive_rate")]
    if any(np.isnan(rate.value).any() for rate in rates):
        yield _record(whole, "largest_equalized_odds_gap", np.nan, n)
        return

    def widest(drawn: Sequence[Floats]) -> Floats:
        gaps = [np.ptp(chosen / total, axis=-1) for chosen, total in zip(drawn, totals, strict=True)]
        return np.asarray(np.maximum(*gaps))

    value = max(float(np.ptp(rate.value)) for rate in rates)
    sure = 1 - (1 - whole.asking.confidence) / 2
    ends = [_all_pairs(rate, "difference", sure) for rate in rates]
    yield _record(
        whole, "largest_equalized_odds_gap", value, n, low=max(e[0] for e in ends), high=max(e[1] for e in ends),
        **_by_chance(whole, parts, widest, "odds", value), method=ends[0][2],
    )  # fmt: skip


def _inequality(whole: _Whole, n: float) -> Iterator[Measurement]:
    k = whole.k
    counts, values = m.benefits(k)
    everybody = counts.sum(axis=0)
    kinds = [k.false_negatives, k.true_positives + k.true_negatives, k.false_positives]
    heads = np.stack([kind.n for kind in kinds], axis=-1)
    for name, alpha in (("generalized_entropy_index", 2), ("theil_index", 1)):
        value = float(m.generalized_entropy(everybody, values, alpha=alpha))
        low, high = _linearised(everybody, values, alpha, value, heads.sum(), whole.asking.confidence)
        yield _record(whole, name, value, n, low=low, high=high, method="delta method on counts, 0 at the least")
    value = float(m.between_groups(counts, values))
    chance: dict[str, object] = {}
    rng = whole.asking.rng(whole.of.name, str(whole.cutoff), "entropy")
    if whole.weighted:
        chance = _beside(value, m.between_groups(_drawn_alike(kinds, rng), values), DRAWN)
    elif heads.sum() < MOST_PEOPLE:
        drawn = _deal(rng, heads.sum(axis=0), heads.sum(axis=1))
        chance = _beside(value, m.between_groups(drawn, values))
    yield _record(whole, "between_group_entropy", value, n, **chance)


def _linearised(
    counts: Floats, values: Floats, alpha: int, value: float, people: float, confidence: float
) -> tuple[float, float]:
    """Return the delta-method interval of an index of multinomial shares; slopes by a small step in each share."""
    from scipy.special import ndtri

    share = counts / counts.sum()
    if not value > 0:
        return (np.nan, np.nan)
    step = 1e-6
    moved = share + step * np.eye(len(share))
    slope = (m.generalized_entropy(moved, values, alpha=alpha) - value) / step
    variance = float((share * slope**2).sum() - (share * slope).sum() ** 2) / people
    reach = float(ndtri(0.5 + confidence / 2)) * max(variance, 0.0) ** 0.5
    return max(0.0, value - reach), value + reach


def _all_pairs(rate: Rate, how: str, confidence: float) -> tuple[float, float, str]:
    """Return the interval of the widest gap: the largest of all pairs' gaps, each at the Bonferroni level."""
    counted, people = effective(rate)
    whole = bool(np.array_equal(rate.den, rate.den_w2))
    first, second = np.triu_indices(len(people), 1)
    sure = 1 - (1 - confidence) / len(first)
    made = compare_many(
        counted[first], people[first], counted[second], people[second], how=how, confidence=sure, integer=whole,  # type: ignore[arg-type]
    )  # fmt: skip
    method = f"widest of {len(first)} pairs (Bonferroni)"
    if how == "difference":
        low = np.maximum(0.0, np.maximum(made.low, -made.high))
        return float(np.nanmax(low)), float(np.nanmax(np.maximum(made.high, -made.low))), method
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = np.minimum(made.low, 1 / made.high), np.maximum(made.low, 1 / made.high)
        over = np.where((made.low <= 1) & (made.high >= 1), 1.0, np.minimum(high, np.minimum(made.high, 1 / made.low)))
    return float(np.nanmin(low)), float(np.nanmin(over)), method


# Chance


def _by_chance(
    whole: _Whole,
    parts: Sequence[tuple[Tally, Tally]],
    statistic: Callable[[Sequence[Floats]], Floats],
    name: str,
    value: float,
) -> dict[str, object]:
    """Deal who is counted anew over the groups, within each part (counted, people), and compare."""
    if np.isnan(value) or max(float(people.n.sum()) for _, people in parts) > MOST_PEOPLE:
        return {}
    rng = whole.asking.rng(whole.of.name, str(whole.cutoff), name)
    if whole.weighted:
        drawn = [_drawn_alike([counted, people - counted], rng)[..., 0] for counted, people in parts]
        return _beside(value, statistic(drawn), DRAWN)
    drawn = []
    for counted, people in parts:
        sizes = np.rint(people.n).astype(np.int64)
        drawn.append(
            rng.multivariate_hypergeometric(sizes, int(counted.n.sum()), size=DRAWS, method="marginals").astype(
                np.float64
            )
        )
    return _beside(value, statistic(drawn))


def _drawn_alike(kinds: Sequence[Tally], rng: np.random.Generator) -> Floats:
    """Return weights [draw, group, kind] of groups drawn with their own weights as if all were alike."""
    whole = Tally.stacked(kinds, axis=-1)
    rest = whole.w.sum(axis=0)
    out = [
        deal_weighted(
            [whole[i]], [Tally(rest, rest - whole.w[i], whole.w2.sum(axis=0) - whole.w2[i])], rng=rng, draws=DRAWS
        )[0][:, 0]
        for i in range(len(whole.w))
    ]
    return np.stack(out, axis=1)


def _beside(value: float, by_chance: Floats, test: str = PERMUTED) -> dict[str, object]:
    known = by_chance[~np.isnan(by_chance)]
    if not len(known) or np.isnan(value):
        return {}
    expected = float(known.mean())
    p = (1 + int((known >= value - 1e-12).sum())) / (1 + len(known))
    return {"expected": expected, "excess": value - expected, "p": p, "test": test}


def _deal(rng: np.random.Generator, kinds: Floats, sizes: Floats) -> Floats:
    """Return people [draw, group, kind] with both margins kept, dealt at random."""
    left = np.broadcast_to(np.rint(kinds).astype(np.int64), (DRAWS, len(kinds))).copy()
    out = np.zeros((DRAWS, len(sizes), len(kinds)))
    for place, size in enumerate(np.rint(sizes).astype(np.int64).tolist()):
        todo = np.full(DRAWS, size, dtype=np.int64)
        for kind in range(len(kinds)):
            others = left[:, kind + 1 :].sum(axis=1)
            taken = rng.hypergeometric(left[:, kind], others, todo) if kind < len(kinds) - 1 else todo
            out[:, place, kind] = taken
            todo = todo - taken
        left -= out[:, place].astype(np.int64)
    return out
