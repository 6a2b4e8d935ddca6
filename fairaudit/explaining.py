"""A model's score taken apart for an audit: what carries its gaps, who was declined why, who could change it.

Everything here is made from rows, and the records say so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .cube.cube import Cube
from .data.tables import levels_of
from .errors import FairauditError
from .explanation.two_groups import FEWEST
from .result import (
    DriverRecord,
    ExplanationRecord,
    GapRecord,
    ModelRecord,
    NotRun,
    PartRecord,
    PersonRecord,
    ReasonRecord,
    RecourseRecord,
    Result,
    ToldRecord,
    finite,
)
from .schema.labels import MISSING, band_labels, label
from .scoring import SCORE, ScoredRows
from .translations import marked, retold, say, spoken_now

if TYPE_CHECKING:
    import pandas as pd

    from .explanation.attribution import Explainer, Explanation
    from .explanation.drivers_record import Drivers
    from .explanation.reason_records import Reason
    from .explanation.recourse_by_group import RecourseGap
    from .result import AttributeRecord

BACKGROUND = 10_000
"""Rows that scores are held against, drawn where there are more."""
EXPLAINED = 10_000
"""Rows of a group whose score is taken apart for the gap in means, drawn where there are more."""
PAIRS = 2_000
"""Pairs of people drawn for the gap in selection rates."""
SHOWN = 3
"""Declined people whose reasons are shown."""
TOLD = 1_000
"""Declined people of a group whose reasons are counted, drawn where there are more."""
ASKED = 200
"""Declined people of a group who are asked about ways to the cut-off, drawn where there are more."""
SECONDS = 2.0
"""Time for one of them."""

CLOSE = 1e-6
"""Scores nearer to a cut-off, relative to its size, may fall on either side: some models work in single precision."""
NO_COUNTERPART = "the cut-off has no counterpart in the unit that the score is explained in"

LIMITS = (
    marked(
        "An attribution says what the score is made of. It does not tell a real difference between groups from one "
        "that is measured wrongly, nor what would happen if a feature changed."
    ),
    marked(
        "A feature that tells the group can carry the gap without anybody having meant it, and two features that go "
        "together share their part in a way that depends on the model."
    ),
)


def explained(
    scored: ScoredRows, result: Result, cube: Cube, *, policy: Any, actions: Any = None, words: Any = None
) -> tuple[ExplanationRecord | None, list[NotRun]]:
    """Return the audited score taken apart, and what could not be.

    Parameters
    ----------
    scored
        The rows with their score, and the model.
    result
        What the audit of the same rows found: its attributes, references, cut-offs and seed are used.
    cube
        The counts, for the bands of attributes.
    policy
        Whose list of prohibited bases holds: no change of one is ever proposed.
    actions
        What people can change; None asks nothing about it.
    words
        A catalogue of plain words for features.
    """
    from .explanation.attribution import Explainer
    from .explanation.reason_words import catalogue_of

    scorer, words = scored.scorer, catalogue_of(words)
    inputs = scored.rows[list(scorer.feature_names)]
    some = drawn(np.arange(len(inputs)), BACKGROUND, result.seed)
    try:
        explainer = Explainer(scorer, background=inputs.iloc[some])
        sample = explainer.explain(inputs.iloc[some[:1]])
        cutoff = _cutoff_explained(scored, result, explainer, some)
        if cutoff is not None:
            explainer = Explainer(scorer, background=inputs.iloc[some], cutoff=cutoff)
    except FairauditError as problem:
        return None, [NotRun("What the model's score is made of (drivers, reasons)", _said(problem))]
    work = _Work(scored, result, cube, explainer, cutoff, inputs, policy, words, sample.errors is not None)
    # What people can change is asked first: a mistake in the declared actions is the caller's to mend.
    ways, unasked = work.ways(actions)
    gaps, lost = work.gaps()
    people, untold = work.people()
    told, uncounted = work.told()
    if result.schema.cutoffs and cutoff is None:
        lost.append(NotRun("Drivers of the gap in selection rate", NO_COUNTERPART))
    model = ModelRecord(
        kind=type(getattr(scorer, "model", scorer)).__name__,
        units=scorer.units,
        higher_is=scorer.higher_is,
        features=list(scorer.feature_names),
        background=len(some),
        method=sample.method,
        explained_units=sample.units,
    )
    made = ExplanationRecord(model, gaps, people, ways, [say(text) for text in LIMITS], told=told)
    return made, [*lost, *untold, *uncounted, *unasked]


def drawn(places: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Return at most so many of the places, drawn at random, in their order.

    Examples
    --------
    >>> drawn(np.arange(5), 9, 1).tolist(), len(drawn(np.arange(50), 9, 1))
    ([0, 1, 2, 3, 4], 9)
    """
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def _said(problem: Exception) -> str:
    return str(problem).rstrip(".")


def _cutoff_explained(
    scored: ScoredRows, result: Result, explainer: Explainer, some: NDArray[np.int64]
) -> float | None:
    """Return the production cut-off in the unit that the score is explained in; None where there is none.

    There is none either where the two part: a calibrated model's probability is no log-odds of the model inside it.
    Then the same line would decide otherwise about somebody.
    """
    if not result.schema.cutoffs:
        return None
    line = result.schema.cutoffs[0].cutoff
    cutoff = _turned(line, scored, explainer)
    scores = scored.rows[SCORE].to_numpy()[some]
    inside = explainer.target.own(explainer.read(scored.rows[list(scored.scorer.feature_names)].iloc[some]))
    better = scored.scorer.higher_is == "better"
    one, other = (scores >= line, inside >= cutoff) if better else (scores <= line, inside <= cutoff)
    near = np.abs(scores - line) <= CLOSE * max(1.0, abs(line))
    return cutoff if bool(((one == other) | near).all()) else None


def _turned(cutoff: float, scored: ScoredRows, explainer: Explainer) -> float:
    if scored.scorer.units == "probability" and explainer.units == "log-odds":
        inside = 0 < cutoff < 1
        return math.log(cutoff / (1 - cutoff)) if inside else math.copysign(math.inf, cutoff - 0.5)
    return cutoff


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """One group and its reference among the rows."""

    attribute: str
    group: str
    reference: str
    levels: NDArray[np.object_]

    @property
    def n(self) -> int:
        return int((self.levels == self.group).sum())

    @property
    def n_reference(self) -> int:
        return int((self.levels == self.reference).sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What every question needs."""

    scored: ScoredRows
    result: Result
    cube: Cube
    explainer: Explainer
    cutoff: float | None
    inputs: pd.DataFrame
    policy: Any
    words: Any
    sampled: bool
    """Whether values are drawn, each at the price of many evaluations of the model."""

    # Which groups

    def attributes(self) -> Iterator[tuple[AttributeRecord, NDArray[np.object_]]]:
        """Return each attribute of one column, with the group of each row as the audit names it."""
        for record in self.result.schema.attributes:
            if record.crossing or record.name not in self.scored.rows.columns:
                continue
            dimension = self.cube.axes.dimension(record.name)
            edges = dimension.edges
            # Ages that a policy has put together at a line keep that line only.
            line = next((edge for edge in edges if {*band_labels([edge])} <= {*record.levels}), None)
            edges = edges if line is None or len(edges) == 1 else (line,)
            yield record, levels_of(self.scored.rows[record.name], edges, dimension.closed)

    def pairs(self) -> Iterator[_Pair]:
        for record, levels in self.attributes():
            if record.reference is None or record.reference not in record.levels:
                continue
            for group in record.levels:
                if group not in (record.reference, MISSING):
                    yield _Pair(record.name, group, record.reference, levels)

    # What carries a gap

    def gaps(self) -> tuple[list[GapRecord], list[NotRun]]:
        made, lost = [], []
        for pair in self.pairs():
            for measure in ("mean score", "selection rate"):
                if measure == "selection rate" and self.cutoff is None:
                    continue
                if min(pair.n, pair.n_reference) < FEWEST:
                    why = f"{pair.n:,} and {pair.n_reference:,} people; it needs {FEWEST} of each"
                    lost.append(self._not(measure, pair, why))
                    continue
                try:
                    made.append(self._gap(pair, measure))
                except FairauditError as problem:
                    lost.append(self._not(measure, pair, _said(problem)))
        return made, lost

    def _not(self, measure: str, pair: _Pair, why: str) -> NotRun:
        return NotRun(f"Drivers of the gap in {measure}", why, pair.attribute, pair.group)

    def _gap(self, pair: _Pair, measure: str) -> GapRecord:
        from .explanation.gap_drivers import drivers

        options: dict[str, Any] = {"group": pair.group, "name": pair.attribute, "measure": measure}
        options |= {"rng": self.result.seed, "confidence": self.result.confidence}
        options |= {"sample_rows": EXPLAINED} if measure == "mean score" else {"pairs": PAIRS, "cutoff": self.cutoff}
        found = drivers(self.explainer, self.inputs, pair.levels, reference=pair.reference, **options)
        return gap_record(found, self.result.schema.cutoffs[0].cutoff if measure != "mean score" else None)

    # Why people were declined

    def people(self) -> tuple[list[PersonRecord], list[NotRun]]:
        if self.cutoff is None:
            return [], [NotRun("Reasons of declined people", self._no_cutoff())]
        declined = self.declined()
        if not len(declined):
            return [], [NotRun("Reasons of declined people", "nobody is declined at the cut-off")]
        by_score = declined[np.argsort(self.scored.rows[SCORE].to_numpy()[declined], kind="stable")]
        # Spread over the scores of the declined, so that a near miss and a far one both stand there.
        places = by_score[np.unique(np.linspace(0, len(by_score) - 1, SHOWN + 2).round().astype(int)[1:-1])]
        made = []
        try:
            explanation = self.explainer.explain(self.inputs.iloc[places])
            made = [self._person(explanation, at, int(place)) for at, place in enumerate(places)]
        except FairauditError as problem:
            return made, [NotRun("Reasons of declined people", _said(problem))]
        return made, []

    # Who is told what

    def told(self) -> tuple[list[ToldRecord], list[NotRun]]:
        what = "Who is told which reason, by group"
        if self.cutoff is None:
            return [], [NotRun(what, self._no_cutoff())]
        if self.sampled:
            why = "values of this model are sampled, many evaluations a person; explanation.reason_parity(...) does it"
            return [], [NotRun(what, why)]
        declined = self.declined()
        made: list[ToldRecord] = []
        lost: list[NotRun] = []
        for record, levels in self.attributes():
            if record.reference is None or record.reference not in record.levels:
                lost.append(NotRun(what, "no reference to hold groups against", record.name))
                continue
            here = {level: declined[levels[declined] == level] for level in record.levels if level != MISSING}
            few = [level for level, places in here.items() if len(places) < FEWEST]
            lost += [
                NotRun(what, f"{len(here[level]):,} declined people; it needs {FEWEST}", record.name, level)
                for level in few
            ]
            if record.reference in few or len(here) - len(few) < 2:
                continue
            try:
                made += self._told(record.name, record.reference, {k: v for k, v in here.items() if k not in few})
            except FairauditError as problem:
                lost.append(NotRun(what, _said(problem), record.name))
        return made, lost

    def _told(self, attribute: str, reference: str, here: dict[str, NDArray[np.int64]]) -> list[ToldRecord]:
        some = {level: drawn(places, TOLD, self.result.seed) for level, places in here.items()}
        places = np.concatenate(list(some.values()))
        groups = np.repeat(np.array(list(some), dtype=object), [len(each) for each in some.values()])
        everybody = self.inputs if len(self.inputs) > BACKGROUND else None
        found = self.explainer.explain(self.inputs.iloc[places]).reason_parity(
            groups, reference=reference, confidence=self.result.confidence, applicants=everybody, words=self.words
        )
        return [
            ToldRecord(
                attribute=attribute,
                group=one.level,
                reference=reference,
                feature=one.feature,
                name=one.name,
                baseline=found.baseline.said,
                declined=len(here[one.level]),
                drawn=one.declined,
                told=one.told,
                share=one.told / one.declined,
                low=float(one.low or 0.0),
                high=1.0 if one.high is None else float(one.high),
                difference=one.difference,
                difference_low=finite(one.difference_low),
                difference_high=finite(one.difference_high),
                p=finite(one.p_adjusted),
                within_scores=finite(one.within_scores),
                within_scores_low=finite(one.within_scores_low),
                within_scores_high=finite(one.within_scores_high),
            )
            for one in found.told
        ]

    def _no_cutoff(self) -> str:
        return NO_COUNTERPART if self.result.schema.cutoffs else "it needs a cut-off"

    def declined(self) -> NDArray[np.int64]:
        """Return the places of the rows on the unfavorable side of the production cut-off."""
        scores, cutoff = self.scored.rows[SCORE].to_numpy(), self.result.schema.cutoffs[0].cutoff
        return np.flatnonzero(scores < cutoff if self.scored.scorer.higher_is == "better" else scores > cutoff)

    def _person(self, explanation: Explanation, at: int, place: int) -> PersonRecord:
        # The explainer's own people are scored once for all; only where they are a sample are the others given.
        everybody = self.inputs if len(self.inputs) > BACKGROUND else None
        found = explanation.reasons(at, applicants=everybody, words=self.words, rng=self.result.seed)
        return PersonRecord(
            row=self.scored.place(place),
            score=found.score,
            cutoff=found.cutoff,
            units=found.units,
            baseline="all applicants" if found.baseline is None else found.baseline.said,
            reasons=[
                ReasonRecord(one.feature, _shown(one.value), -abs(one.amount or 0.0), _words(one))
                for one in found.reasons
            ],
            note=" ".join(retold(caution) for caution in found.cautions) or None,
            base=float(explanation.base),
            parts=[
                PartRecord(name, _shown(value), float(amount))
                for name, value, amount in zip(
                    explanation.names, explanation.data[at], explanation.values[at], strict=True
                )
            ],
        )

    # What they could change

    def ways(self, actions: Any) -> tuple[list[RecourseRecord], list[NotRun]]:
        what = "What declined people could change to reach the cut-off"
        if actions is None:
            return [], [NotRun(what, "no actions were declared: give actions=")]
        if not self.result.schema.cutoffs:
            return [], [NotRun(what, "it needs a cut-off")]
        from .explanation.recourse_by_group import recourse_gap

        made: list[RecourseRecord] = []
        lost: list[NotRun] = []
        groups = [record.name for record, _ in self.attributes()]
        for record, levels in self.attributes():
            if record.reference is None or record.reference not in record.levels:
                lost.append(NotRun(what, "no reference to hold groups against", record.name))
                continue
            found = recourse_gap(
                self.scored.scorer, self.scored.rows, levels, actions=actions, reference=record.reference,
                cutoff=self.result.schema.cutoffs[0].cutoff, sample_rows=ASKED, groups=groups, time_limit=SECONDS,
                policy=self.policy, confidence=self.result.confidence, rng=self.result.seed,
            )  # fmt: skip
            made += recourse_records(found, record.name)
        return made, lost


def _shown(value: Any) -> str:
    """Return a feature's value as text; none for several columns that stand as one feature."""
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else label(value)


def _words(reason: Reason) -> str:
    """Return the words of a reason: the catalogue's as they are, those of a name in the language of the audit."""
    from .explanation.reason_words import fallback

    if reason.words_from == "feature name" and reason.direction is not None:
        return fallback(reason.direction, reason.name, reason.value, spoken_now())
    return reason.words


def recourse_records(found: RecourseGap, attribute: str) -> list[RecourseRecord]:
    """Return the recourse gap as the result holds it, one record a group."""
    from .explanation.recourse_by_group import Figure

    none = Figure(None, None, None, "")
    against = {one.group: (one.share_without, one.median_cost) for one in found.contrasts}
    made = []
    for one in found.groups:
        share, cost = one.share_without, one.median_cost
        share_gap, cost_gap = against.get(one.group, (none, none))
        made.append(
            RecourseRecord(
                attribute=attribute,
                group=one.group,
                reference=found.reference,
                declined=one.declined,
                drawn=one.drawn,
                without=one.without,
                unsettled=one.out_of_time,
                set_aside=one.set_aside,
                share_without=share.value,
                share_low=share.low,
                share_high=share.high,
                median_cost=cost.value,
                cost_low=cost.low,
                cost_high=cost.high,
                share_gap=share_gap.value,
                share_gap_low=share_gap.low,
                share_gap_high=share_gap.high,
                share_gap_p=share_gap.p,
                cost_gap=cost_gap.value,
                cost_gap_low=cost_gap.low,
                cost_gap_high=cost_gap.high,
                exact=found.exact,
                method="; ".join(found.how),
                actions=found.actions,
            )
        )
    return made


def gap_record(found: Drivers, cutoff: float | None) -> GapRecord:
    """Return the drivers of a gap as the result holds them."""
    score = found.score_proxy
    return GapRecord(
        measure=found.measure,
        attribute=found.attribute,
        group=found.group,
        reference=found.reference,
        cutoff=cutoff,
        units=found.units,
        value=finite(found.gap.value),
        low=finite(found.gap.low),
        high=finite(found.gap.high),
        n=found.people[0],
        n_reference=found.people[1],
        method=found.method,
        score_proxy=None if score is None else finite(score.auc),
        score_proxy_low=None if score is None else finite(score.low),
        score_proxy_high=None if score is None else finite(score.high),
        drivers=[
            DriverRecord(
                feature=one.feature,
                value=one.amount,
                low=finite(one.low_together),
                high=finite(one.high_together),
                proxy=None if one.proxy is None else finite(one.proxy.auc),
                proxy_low=None if one.proxy is None else finite(one.proxy.low),
                proxy_high=None if one.proxy is None else finite(one.proxy.high),
                stands_out=one.drives and one.encodes,
            )
            for one in found.drivers
        ],
        sentence=found.words[0],
    )
