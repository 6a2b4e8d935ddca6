"""Does the difference remain among comparable people? Strata, controls, reversals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..cube.confusion import Confusion
from ..cube.cube import Cube
from ..inference.contrast import compare_many
from ..inference.of_metrics import effective
from ..inference.regression import cramers_v, linear_effect, logit_effect
from ..inference.stratified import (
    breslow_day_tarone,
    cochran_mantel_haenszel,
    mantel_haenszel_odds_ratio,
    mantel_haenszel_risk_difference,
    mantel_haenszel_risk_ratio,
)
from ..measuring import Grouping, grouping
from ..metrics.base import MEASURES, METRICS, Floats
from ..policy.references import REST
from ..result import Measurement
from .common import Asking, adjusted, shown, written
from .controls import ask_controls, has_controls

TOPIC = "conditional"
PROXY_LINE = 0.5
"""Cramer's V from which a control is called a proxy of the attribute; this tool's choice."""
MOST_STRATA_SHOWN = 40


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return every group against its reference given the strata, for each decision rule."""
    records: list[Measurement] = []
    for of in groupings:
        cube, strata = of.whole, of.whole.schema.strata
        reference = asking.references.get(of.name)
        if not strata or of.crossing or reference in (None, REST) or reference not in of.groups:
            continue
        for cutoff in asking.cutoffs:
            records += _given(of, cube, strata, str(reference), cutoff, asking)
    return adjusted([*records, *ask_controls(groupings, asking)])


def _given(
    of: Grouping, cube: Cube, strata: tuple[str, ...], reference: str, cutoff: float | None, asking: Asking
) -> Iterator[Measurement]:
    able = shown(of, of.cube.confusion(cutoff), asking.policy)
    against = of.groups.index(reference)
    if against not in able:
        return
    fine = grouping(cube, [of.name, *strata])
    if fine.cube.suppressed is not None and fine.cube.suppressed.any():
        return
    tables, labels = _by_stratum(fine, of, strata, cutoff)
    warning = _warnings(of, cube, strata)
    for i in able:
        if i != against:
            pair = _Given(of, i, against, cutoff, strata, tables[:, [i, against]], labels, warning, asking)
            yield from pair.pooled()
            yield from pair.by_stratum()
            if not has_controls(of, asking):
                yield from pair.adjusted()


def _by_stratum(
    fine: Grouping, of: Grouping, strata: Sequence[str], cutoff: float | None
) -> tuple[Floats, list[tuple[str, ...]]]:
    """Return counts [stratum, group, favorable and not], effective where people are weighted."""
    k: Confusion = fine.cube.confusion(cutoff)
    labels = list(dict.fromkeys(tuple(levels[name] for name in strata) for levels in fine.levels))
    out = np.zeros((len(labels), len(of.groups), 2))
    counted, people = effective(METRICS["selection_rate"](k))
    sides = np.stack([counted, people - counted], axis=-1)
    for place, levels in enumerate(fine.levels):
        stratum = labels.index(tuple(levels[name] for name in strata))
        out[stratum, of.groups.index(levels[of.name])] += sides[place]
    return out, labels


def _warnings(of: Grouping, cube: Cube, strata: Sequence[str]) -> str | None:
    """Return a warning where a control goes closely with the attribute, or is the score under audit."""
    said = []
    for name in strata:
        both = grouping(cube, [of.name, name])
        rows = list(dict.fromkeys(levels[of.name] for levels in both.levels))
        columns = list(dict.fromkeys(levels[name] for levels in both.levels))
        table = np.zeros((len(rows), len(columns)))
        for people, levels in zip(both.cube.group_people.tolist(), both.levels, strict=True):
            table[rows.index(levels[of.name]), columns.index(levels[name])] = people
        v = cramers_v(table)
        if v >= PROXY_LINE:
            said.append(f"'{name}' goes closely with {of.name} (Cramer's V {v:.2f}): as a control it may hide it")
        if name == cube.schema.score:
            said.append(f"'{name}' is the score under audit: given the score, its own effect is gone by construction")
    return "; ".join(said) or None


class _Given:
    """A group and its reference within strata."""

    def __init__(
        self, of: Grouping, group: int, reference: int, cutoff: float | None, strata: tuple[str, ...],
        table: Floats, labels: list[tuple[str, ...]], warning: str | None, asking: Asking,
    ) -> None:  # fmt: skip
        self.of, self.cutoff, self.strata, self.table, self.labels = of, cutoff, strata, table, labels
        self.warning, self.asking = warning, asking
        self.group, self.reference = of.groups[group], of.groups[reference]
        self.given = f"given {', '.join(strata)}"

    def record(self, metric: str, value: float, *, detail: str | None = None, **fields: Any) -> Measurement:
        people = self.table.sum(axis=(0, 2))
        given = {"n": people[0], "n_reference": people[1], "note": self.warning, **fields}
        return written(
            TOPIC, metric, self.of, group=self.group, reference=self.reference, cutoff=self.cutoff,
            value=value, detail=detail or self.given,
            **{"undefined": MEASURES[metric].undefined_when, **given},
        )  # fmt: skip

    def pooled(self) -> Iterator[Measurement]:
        sure = self.asking.confidence
        tested = cochran_mantel_haenszel(self.table)
        test: dict[str, Any] = {"test": tested.method, "p": tested.p}
        ratio = mantel_haenszel_risk_ratio(self.table, confidence=sure)
        gap = mantel_haenszel_risk_difference(self.table, confidence=sure)
        odds = mantel_haenszel_odds_ratio(self.table, confidence=sure)
        for metric, made, method in (
            ("segmented_adverse_impact_ratio", ratio, "Greenland-Robins"),
            ("conditional_selection_rate_difference", gap, "Sato"),
            ("mantel_haenszel_odds_ratio", odds, "Robins-Breslow-Greenland"),
        ):
            yield self.record(metric, float(made.value), low=made.low, high=made.high, method=method, **test)
        alike = breslow_day_tarone(self.table)
        yield self.record(
            "stratum_homogeneity", alike.statistic, test=alike.method, p=alike.p,
            undefined=alike.method if alike.method.startswith("not") else None,
        )  # fmt: skip
        (a, b), (c, d) = self.table.sum(axis=0)
        whole = bool((self.table == np.round(self.table)).all())
        raw = compare_many(
            *(np.array([x]) for x in (a, a + b, c, c + d)), how="difference", confidence=sure, integer=whole
        )
        if (raw.high[0] < 0 < gap.low) or (raw.low[0] > 0 > gap.high):
            words = "pooled below 0, within strata above" if raw.high[0] < 0 else "pooled above 0, within strata below"
            yield self.record(
                "simpson_reversal", float(raw.value[0]), low=raw.low[0], high=raw.high[0],
                method=f"{raw.method[0]}; within strata Sato: {words}",
            )  # fmt: skip

    def by_stratum(self) -> Iterator[Measurement]:
        whole = bool((self.table == np.round(self.table)).all())
        a, n = self.table[:, 0, 0], self.table[:, 0].sum(axis=1)
        b, m = self.table[:, 1, 0], self.table[:, 1].sum(axis=1)
        order = np.argsort(-(n + m), kind="stable")[:MOST_STRATA_SHOWN]
        made = compare_many(
            a[order], n[order], b[order], m[order], how="ratio", confidence=self.asking.confidence, integer=whole
        )
        for place, k in enumerate(order.tolist()):
            words = ", ".join(f"{name} {level}" for name, level in zip(self.strata, self.labels[k], strict=True))
            yield self.record(
                "adverse_impact_ratio_in_stratum", float(made.value[place]), detail=words, low=made.low[place],
                high=made.high[place], method=str(made.method[place]), test=str(made.test[place]),
                p=float(made.p[place]), n=n[k], n_reference=m[k], note=None,
            )  # fmt: skip

    def adjusted(self) -> Iterator[Measurement]:
        """Yield the raw effect and the adjusted ones, for nested sets of controls in the order declared."""
        codes = np.stack(
            [np.unique([label[j] for label in self.labels], return_inverse=True)[1] for j in range(len(self.strata))],
            axis=1,
        )
        group = np.tile([1, 0], len(self.labels))
        controls = np.repeat(codes, 2, axis=0)
        selected, people = self.table[..., 0].reshape(-1), self.table.sum(axis=2).reshape(-1)
        for many in range(len(self.strata) + 1):
            detail = "raw" if not many else f"given {', '.join(self.strata[:many])}"
            for how, words in ((logit_effect, "logit, delta method"), (linear_effect, "linear probability, HC1")):
                made = how(group, controls[:, :many], selected, people, confidence=self.asking.confidence)
                yield self.record(
                    "adjusted_marginal_effect", made.value, detail=f"{detail} ({words.partition(',')[0]})",
                    low=made.low, high=made.high, method=words, test="Wald", p=made.p, undefined=made.undefined,
                    note=self.warning if many else None,
                )  # fmt: skip
