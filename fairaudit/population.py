"""Records of a sample that was not drawn at random: what it cannot say about the population becomes undefined."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .measuring import EVERYBODY, Grouping
from .metrics.base import CONTRASTS, MEASURES, METRICS
from .metrics.sampling import WHY, Sampling
from .result import CurveRecord, Curves, Finding, Measurement, NotRun, RateRecord
from .schema.roles import Schema


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a sample was drawn, the decision in production, and the columns that each attribute is made of."""

    sampling: Sampling
    production: float | None
    made_of: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, schema: Schema, rules: Sequence[float | None], groupings: Iterable[Grouping]) -> Drawn:
        """Return what the records of an audit must be held against."""
        return cls(Sampling.of(schema), rules[0] if rules else None, {of.name: of.attributes for of in groupings})

    def _lost(self, metric: str, attribute: str, cutoff: float | None) -> str | None:
        # Memberships and overlapping groups are of one attribute, and in no grouping; everybody is of none.
        over = self.made_of.get(attribute, () if attribute == EVERYBODY else (attribute,))
        return self.sampling.lost(metric, over=over, sampled_decision=cutoff == self.production)

    def rates(self, records: Iterable[RateRecord]) -> list[RateRecord]:
        """Return the rates, without numbers where the sample cannot give them."""
        out = []
        for record in records:
            why = self._lost(record.metric, record.attribute, record.cutoff)
            if why is not None:
                record = dataclasses.replace(
                    record, num=None, den=None, value=None, low=None, high=None, method=None, undefined=why
                )
            out.append(record)
        return out

    def measurements(self, records: Iterable[Measurement]) -> list[Measurement]:
        """Return the measurements, without numbers where the sample cannot give them."""
        out = []
        for record in records:
            over_all = record.metric == "calibration_curve" and record.detail is None
            why = self._lost("good_rate" if over_all else record.metric, record.attribute, record.cutoff)
            if why is not None:
                record = dataclasses.replace(
                    record, value=None, low=None, high=None, method=None, expected=None, excess=None, test=None, p=None,
                    p_adjusted=None, undefined=why,
                )  # fmt: skip
            out.append(record)
        return out

    def lost_findings(self, findings: Iterable[Finding]) -> dict[str, NotRun]:
        """Return the ids of findings that the sample cannot give, each with what is said instead."""
        lost = {}
        for finding in findings:
            why = self._lost(finding.metric, finding.attribute, finding.cutoff)
            if why is not None:
                lost[finding.id] = NotRun(CONTRASTS[finding.metric].title, why, finding.attribute)
        return lost

    def curves(self, curves: Curves | None) -> Curves | None:
        """Return the curves over all cut-offs without the columns that the sample cannot give."""
        if curves is None or not self.sampling.by:
            return curves

        def shown(one: CurveRecord, name: str, column: list[float | None]) -> list[float | None]:
            over = self.made_of.get(one.attribute, (one.attribute,))
            metric = next((known for known in (*METRICS, *CONTRASTS) if name.startswith(known)), name)
            lost = self.sampling.lost(metric, over=over, sampled_decision=False)
            return [None] * len(column) if lost else column

        groups = [
            CurveRecord(one.attribute, one.group, {name: shown(one, name, c) for name, c in one.columns.items()})
            for one in curves.groups
        ]
        return dataclasses.replace(curves, groups=groups)

    def not_run(self, rates: Iterable[RateRecord], measurements: Iterable[Measurement]) -> list[NotRun]:
        """Return what the sample cannot show, one entry an attribute and reason."""
        lost: dict[tuple[str, str], dict[str, None]] = {}
        records: list[RateRecord | Measurement] = [*rates, *measurements] if self.sampling.by else []
        for record in records:
            if record.undefined is not None and record.undefined.startswith(WHY):
                known = METRICS.get(record.metric) or CONTRASTS.get(record.metric) or MEASURES[record.metric]
                lost.setdefault((record.undefined, record.attribute), {})[known.title] = None
        return [NotRun("; ".join(titles), why, attribute) for (why, attribute), titles in lost.items()]
