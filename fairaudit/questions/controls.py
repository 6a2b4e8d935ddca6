"""Does the difference remain at equal legitimate controls? Models of the decision, raw and adjusted side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..cube.people import UNDECIDED, Column, People, people_of_cube
from ..inference.proxies import Telling, goes_with_score, tells_apart
from ..inference.regression import FARTHEST, Lines, design, linear_effect_of, logit_effect_of
from ..measuring import Grouping
from ..metrics.base import MEASURES
from ..policy.references import REST
from ..result import Measurement
from .common import Asking, shown, written

TOPIC = "conditional"
PROXY_AUC = 0.8
"""AUC from which a control is called a proxy of the group; this tool's choice (|r| of 0.5 in groups of equal size)."""
PROXY_CORRELATION = 0.7
"""|r| from which Veritas (Monetary Authority of Singapore) calls a feature a surrogate of a personal attribute."""
SCORE_LINE = 0.9
"""Correlation from which a control is said to go closely with the score; this tool's choice."""


def ask_controls(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return adjusted effects of every group against its reference, and what each control tells of group and score."""
    if not groupings or not has_controls(groupings[0], asking):
        return []
    records: list[Measurement] = []
    whole = groupings[0].whole
    if whole.suppressed is not None and whole.suppressed.any():
        return []
    people = asking.people or people_of_cube(whole)
    for of in groupings:
        reference = asking.references.get(of.name)
        if of.crossing or of.name not in people.attributes or reference in (None, REST) or reference not in of.groups:
            continue
        records += _of_attribute(of, people, str(reference), asking)
    return records


def has_controls(of: Grouping, asking: Asking) -> bool:
    """Whether controls were declared: then they, after the strata, are what effects are adjusted for."""
    return asking.people is not None or bool(of.whole.schema.controls)


def _of_attribute(of: Grouping, people: People, reference: str, asking: Asking) -> Iterator[Measurement]:
    column = people.attributes[of.name]
    levels = column.levels or ()
    for place, cutoff in enumerate(asking.cutoffs):
        able = shown(of, of.cube.confusion(cutoff), asking.policy)
        if of.groups.index(reference) not in able:
            continue
        for i in able:
            if of.groups[i] == reference:
                continue
            sides = [column.values == levels.index(name) for name in (of.groups[i], reference)]
            pair = _Pair(of, of.groups[i], reference, people, sides[0] | sides[1], sides[0], asking)
            said = pair.warnings()
            if not place:
                yield from pair.telling(cutoff)
            yield from pair.effects(cutoff, said)
        if not place:
            yield from _of_score(of, people, cutoff)


def _of_score(of: Grouping, people: People, cutoff: float | None) -> Iterator[Measurement]:
    """Yield how closely each control goes with the score under audit, over everybody."""
    if people.score is None:
        return
    for control in people.controls:
        made = goes_with_score(control.values, people.score, people.n, ordered=control.ordered, numeric=control.numeric)
        yield written(
            TOPIC, "control_score_association", of, value=made.strength, n=people.n.sum(), cutoff=cutoff,
            detail=control.name, source=people.source, undefined=MEASURES["control_score_association"].undefined_when,
            method="Spearman's rank correlation" if control.ordered else "correlation ratio of the score's ranks",
        )  # fmt: skip


def _said_of_score(control: Column, people: People) -> str | None:
    if people.score is None:
        return None
    made = goes_with_score(control.values, people.score, people.n, ordered=control.ordered, numeric=control.numeric)
    if made.copy:
        what = "a monotone copy of" if control.numeric else "made of bands of"
        return (
            f"'{control.name}' is {what} the score under audit: given the score, its own effect is gone by construction"
        )
    if made.strength >= SCORE_LINE:
        return f"'{control.name}' goes closely with the score under audit (correlation {made.strength:.3f})"
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class _Pair:
    """A group and its reference, as lines."""

    of: Grouping
    group: str
    reference: str
    people: People
    inside: NDArray[np.bool_]
    """Lines of either of the two."""
    member: NDArray[np.bool_]
    """Lines of the group."""
    asking: Asking

    def warnings(self) -> str | None:
        """Return what a reader must know beside the adjusted numbers."""
        said = []
        for control in self.people.controls:
            made = self._tells(control)
            high = made.correlation >= PROXY_CORRELATION
            if made.auc >= PROXY_AUC or high:
                veritas = f", past the {PROXY_CORRELATION:g} that Veritas calls a surrogate" if high else ""
                said.append(
                    f"'{control.name}' tells {self.group} from {self.reference} with an AUC of {made.auc:.2f} "
                    f"({made.low:.2f} to {made.high:.2f}; this tool's line is {PROXY_AUC:g}; correlation "
                    f"{made.correlation:.2f}{veritas}): as a control it may hide a difference"
                )
            of_score = _said_of_score(control, self.people)
            if of_score:
                said.append(of_score)
        return "; ".join(said) or None

    def _tells(self, control: Column) -> Telling:
        return tells_apart(
            control.values[self.inside], self.member[self.inside], self.people.n[self.inside],
            ordered=control.ordered, confidence=self.asking.confidence,
        )  # fmt: skip

    def telling(self, cutoff: float | None) -> Iterator[Measurement]:
        """Yield how well each control tells the group from its reference."""
        for control in self.people.controls:
            made = self._tells(control)
            what = "|r|" if control.ordered else "Cramer's V"
            yield self._record(
                "control_predicts_group", made.auc, cutoff, made.low, made.high,
                detail=f"{control.name} ({what} {made.correlation:.2f})", method=made.method,
                n=self.people.n[self.inside & self.member].sum(),
                n_reference=self.people.n[self.inside & ~self.member].sum(),
            )  # fmt: skip

    def effects(self, cutoff: float | None, warning: str | None) -> Iterator[Measurement]:
        """Yield the raw effect and the adjusted ones, for nested sets of controls in the order declared."""
        decided = self.people.decided(cutoff)
        used = self.inside & (decided != UNDECIDED) & (self.people.w > 0)
        raw = None
        for many in range(len(self.people.controls) + 1):
            controls = self.people.controls[:many]
            lines = self._lines(controls, used, decided)
            farthest = np.inf if any(control.numeric for control in controls) else FARTHEST
            words = f"given {', '.join(control.name for control in controls)}" if many else "raw"
            logit = logit_effect_of(lines, confidence=self.asking.confidence, farthest=farthest)
            linear = linear_effect_of(lines, confidence=self.asking.confidence)
            wide = "sandwich" if self.people.weighted else "delta method"
            for made, how, method in (
                (logit, "logit", f"logit, {wide}"), (linear, "linear probability", "linear probability, HC1"),
            ):  # fmt: skip
                yield self._record(
                    "adjusted_marginal_effect", made.value, cutoff, made.low, made.high,
                    detail=f"{words} ({how})", method=method + self._rows(), test="Wald", p=made.p,
                    undefined=made.undefined, note=warning if many else self._note(),
                    n=self.people.n[used & self.member].sum(), n_reference=self.people.n[used & ~self.member].sum(),
                )  # fmt: skip
            raw = raw or logit
            if many and (raw.high < 0 < logit.low or raw.low > 0 > logit.high):
                sides = "raw below 0, adjusted above" if raw.high < 0 else "raw above 0, adjusted below"
                yield self._record(
                    "simpson_reversal", raw.value, cutoff, raw.low, raw.high, detail=f"{words} (logit)",
                    method=f"logit, {wide}: {sides}{self._rows()}", note=warning,
                    n=self.people.n[used & self.member].sum(), n_reference=self.people.n[used & ~self.member].sum(),
                )  # fmt: skip

    def _rows(self) -> str:
        return "; fitted from rows" if self.people.source == "rows" else ""

    def _note(self) -> str | None:
        said = []
        if self.people.source == "rows":
            numbers = ", ".join(f"'{control.name}'" for control in self.people.controls if control.numeric)
            said.append(
                f"Adjusted effects are fitted from rows, because counts do not hold the number {numbers}; raw and "
                "adjusted ones are of the same people, those whose controls are all known."
            )
        if self.people.weighted:
            said.append("People are weighted in them, with variances that allow for it.")
        cluster = self.of.whole.schema.cluster
        if cluster and self.people.source == "rows":
            said.append(f"Clusters ('{cluster}') are not used in adjusted effects: their intervals may be too narrow.")
        return " ".join(said) or None

    def _lines(self, controls: Sequence[Column], used: NDArray[np.bool_], decided: NDArray[np.int64]) -> Lines:
        """Return one line for all people of one design: equal ones are put together first."""
        codes = [control.values[used] for control in controls if not control.numeric]
        numbers = [control.values[used] for control in controls if control.numeric]
        keys = np.stack([self.member[used].astype(np.float64), *codes, *numbers], axis=1)
        distinct, place = np.unique(keys, axis=0, return_inverse=True)
        place = place.reshape(-1)
        side = 1 - decided[used]  # favorable first
        sums = []
        for values in (self.people.w, self.people.w2):
            both = np.zeros((len(distinct), 2))
            np.add.at(both, (place, side), values[used])
            sums.append(both)
        n = self.people.n[used]
        x = design(distinct[:, 0], distinct[:, 1 : 1 + len(codes)])
        if numbers:
            plain = distinct[:, 1 + len(codes) :]
            each = np.bincount(place, n)[:, None] / n.sum()
            mean = (each * plain).sum(axis=0)
            spread = np.sqrt((each * (plain - mean) ** 2).sum(axis=0))
            x = np.concatenate([x, (plain - mean) / np.where(spread > 0, spread, 1.0)], axis=1)
        return Lines(x, sums[0], sums[1], float(n.sum()), self.people.weighted)

    def _record(
        self, metric: str, value: float, cutoff: float | None, low: float, high: float, **fields: object
    ) -> Measurement:
        given: dict[str, object] = {"undefined": MEASURES[metric].undefined_when, **fields}
        return written(
            TOPIC, metric, self.of, group=self.group, reference=self.reference, cutoff=cutoff, value=value, low=low,
            high=high, source=self.people.source, **given,  # type: ignore[arg-type]
        )  # fmt: skip
