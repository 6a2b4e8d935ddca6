"""Who is put into which class? Each level of a recorded decision by itself, where there are more than two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..inference.bootstrap import derive_seed
from ..inference.contrast import compare_many
from ..inference.of_metrics import effective, is_weighted
from ..inference.of_metrics import measure as measured
from ..inference.simultaneous import all_pairs
from ..measuring import Grouping
from ..metrics.base import MEASURES, METRICS, Rate
from ..policy.references import REST, choose_reference, eligible_levels
from ..result import Measurement
from .common import Asking, adjusted, shown, written

TOPIC = "classes"
MOST_CLASSES = 30


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return every class's share of every group, and its ratio to the reference."""
    records: list[Measurement] = []
    for of in groupings:
        labels = [level.label for level in of.cube.axes.decisions if level.kind != "excluded"]
        if 2 < len(labels) <= MOST_CLASSES:
            for label in labels:
                records += _class(of, label, asking)
    return adjusted(records)


def _class(of: Grouping, label: str, asking: Asking) -> Iterator[Measurement]:
    k = of.cube.in_class(label)
    rate = METRICS["selection_rate"](k)
    made = measured(METRICS["selection_rate"], k, confidence=asking.confidence, seed=asking.seed)
    hidden = of.cube.suppressed
    for i, group in enumerate(of.groups):
        if hidden is None or not hidden[i]:
            yield written(
                TOPIC, "class_rate", of, group=group, detail=label, value=float(made.value[i]), n=float(made.n[i]),
                low=float(made.low[i]), high=float(made.high[i]), method=str(made.method[i]),
                undefined=MEASURES["class_rate"].undefined_when,
            )  # fmt: skip
    able = _eligible(of, rate, shown(of, k, asking.policy), asking)
    reference = _reference(of, rate, able, asking)
    if reference is not None:
        yield from _ratios(of, label, rate, able, reference, asking)


def _eligible(of: Grouping, rate: Rate, able: Sequence[int], asking: Asking) -> list[int]:
    levels: dict[str, tuple[int, float | None]] = {of.groups[i]: (int(rate.n[i]), None) for i in able}
    kept = eligible_levels(levels, minimum_share=asking.policy.minimum_share)
    return [i for i in able if of.groups[i] in kept]


def _reference(of: Grouping, rate: Rate, able: Sequence[int], asking: Asking) -> int | None:
    """Return the group compared with: that of the findings, or for each class anew the one with the highest rate."""
    if asking.policy.reference.mode == "highest":
        levels: dict[str, tuple[int, float | None]] = {
            of.groups[i]: (int(rate.n[i]), float(rate.value[i])) for i in able
        }
        name = choose_reference(levels, attribute=of.name, mode="highest").level
    else:
        name = asking.references.get(of.name)
    if name is None or name == REST:
        return None
    place = of.groups.index(name)
    return place if place in able else None


def _ratios(
    of: Grouping, label: str, rate: Rate, able: Sequence[int], reference: int, asking: Asking
) -> Iterator[Measurement]:
    others = [i for i in able if i != reference]
    if not others:
        return
    counted, people = effective(rate)
    whole = not is_weighted(rate)
    family, error = None, 1 - asking.confidence
    if asking.policy.reference.mode == "highest":
        seed = derive_seed("/".join([of.cube.digest, of.name, "class", label]))
        family = all_pairs(rate.num[able], rate.den[able], rng=np.random.default_rng(seed), whole=whole)
        error = family.each(error)
    against = [reference] * len(others)
    made = compare_many(
        counted[others], people[others], counted[against], people[against], how="ratio", confidence=1 - error,
        integer=whole,
    )  # fmt: skip
    for place, i in enumerate(others):
        p = float(made.p[place])
        widened = f", widened for {family.pairs} pairs: {family.method}" if family is not None else ""
        yield written(
            TOPIC, "class_impact_ratio", of, group=of.groups[i], reference=of.groups[reference], detail=label,
            value=float(made.value[place]), low=made.low[place], high=made.high[place],
            method=f"{made.method[place]}{widened}", test=str(made.test[place]),
            p=p if family is None or np.isnan(p) else family.adjusted(p), n=float(rate.n[i]),
            n_reference=float(rate.n[reference]), undefined=MEASURES["class_impact_ratio"].undefined_when,
        )  # fmt: skip
