"""Does the same score mean the same risk?

Everything is among people whose outcome is observed. Where the score is declared a probability it is held
against itself; else against the pooled curve, the good rate of everybody at that score.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cube.confusion import BAD, GOOD
from ..cube.score_sums import ScoreSums, score_sums
from ..inference import calibration as inference
from ..inference.contrast import Comparisons, compare_many
from ..inference.counts import divide, normal_quantile, two_sided_p
from ..inference.proportion import effective_n
from ..inference.stratified import mantel_haenszel_risk_difference
from ..measuring import Grouping, band_name, score_bands
from ..metrics.base import MEASURES
from ..metrics.calibration import Predicted, in_bands, predicted
from ..policy.model import Policy
from ..policy.references import REST, is_excluded
from ..result import Measurement
from .common import Asking, adjusted, written

MARGIN_BAD = 10
"""Bad outcomes expected in each group before a band at the cut-off is wide enough."""
MARGIN_PEOPLE = 100
"""Or so many people."""
INFRAMARGINALITY = (
    "A difference here need not be a difference of standards: where the two groups' scores, or risks, are spread "
    "differently within the band, bad rates differ under one standard for all (infra-marginality)."
)
MANTEL_HAENSZEL = "Mantel-Haenszel risk difference, Sato's variance"
TOPIC = "calibration"
AROUND = "; the interval is around "
"""Where the part of a note begins that holds only with the interval beside it."""
OWN_SCALE = "against the score as a probability"
POOLED_CURVE = "against the pooled curve of all groups"


@dataclass(frozen=True, slots=True)
class _Room:
    """One grouping on its way to records."""

    of: Grouping
    s: ScoreSums
    p: Predicted
    kept: tuple[int, ...]
    confidence: float
    note: str
    observed_only: str

    def made(self, metric: str, i: int, **more: Any) -> Measurement:
        """Return a record of a group; a value that does not exist gets its reason."""
        given = {"value": np.nan, "n": self.p.heads[i], "note": self.note, "undefined": MEASURES[metric].undefined_when}
        return written(TOPIC, metric, self.of, group=self.of.groups[i], **{**given, **more})


def ask(groupings: Sequence[Grouping], asking: Asking) -> list[Measurement]:
    """Return how each group's outcomes agree with its scores, and how that compares with its reference.

    Parameters
    ----------
    groupings
        Attributes; crossings are left to their attributes.
    asking
        Policy, references, cut-offs, confidence and seed.

    Returns
    -------
    list
        Empty without a score or without outcomes. p-values are corrected together (Benjamini and Hochberg).
    """
    records: list[Measurement] = []
    for of in groupings:
        if not of.crossing and of.cube.axes.score is not None and of.cube.has_outcome:
            records += _calibrate(of, asking)
    return adjusted(records)


def _calibrate(of: Grouping, asking: Asking) -> list[Measurement]:
    policy = asking.policy
    s = score_sums(of.cube)
    probability = of.cube.schema.score_unit == "probability"
    everybody = None if probability else s.pooled(range(len(of.groups)))
    p = predicted(s, everybody=everybody)
    hidden = of.cube.suppressed if of.cube.suppressed is not None else np.zeros(len(of.groups), dtype=bool)
    kept = tuple(int(i) for i in np.flatnonzero((p.heads >= max(policy.minimum_n, 2)) & ~hidden))
    scored, known = int(s.table.n.sum()), int(p.heads.sum())
    among = f"among the {known:,} of {scored:,} scored people whose outcome is observed" if known < scored else ""
    note = "; ".join(part for part in (OWN_SCALE if probability else POOLED_CURVE, among) if part)
    room = _Room(of, s, p, kept, asking.confidence, note, among)
    records: list[Measurement] = []
    for i in range(len(of.groups)):
        if i not in kept and not hidden[i]:
            why = f"{int(p.heads[i]):,} people with an observed outcome; the policy asks for {policy.minimum_n:,}"
            records.append(room.made("calibration_in_the_large", i, undefined=why))
    if kept and (probability or len(of.groups) > 1):
        records += _own(room, asking.rng(of.name, TOPIC), probability=probability)
        records += _compared(room, everybody, asking)
    untested = {
        group
        for group, levels in zip(of.groups, of.levels, strict=True)
        if any(is_excluded(level, policy.excluded_levels) for level in levels.values())
    }
    return [dataclasses.replace(one, p=None, test=None) if one.group in untested else one for one in records]


# A group by itself


def _own(room: _Room, rng: np.random.Generator, *, probability: bool) -> list[Measurement]:
    chosen = room.p[list(room.kept)]
    records = _curves(room)
    large = inference.in_the_large(chosen, confidence=room.confidence)
    again = inference.recalibrate(chosen, confidence=room.confidence)
    distances = inference.calibration_errors(chosen, rng=rng)
    score = inference.brier_interval(chosen, confidence=room.confidence)
    parts = inference.brier_parts(chosen)
    resolved = inference.resolution_interval(chosen, confidence=room.confidence)
    uncertain = inference.uncertainty_interval(chosen, confidence=room.confidence)
    for place, i in enumerate(room.kept):
        records.append(room.made("calibration_in_the_large", i, **_at(large, place)))
        clipped = int(again.clipped[place])
        more = {"note": f"{room.note}; {clipped:,} predictions of 0 or 1 moved inside by 1e-6"} if clipped else {}
        records.append(room.made("calibration_intercept", i, **_at(again.intercept, place), **more))
        records.append(room.made("calibration_slope", i, **_at(again.slope, place), **more))
        records.append(room.made("expected_calibration_error", i, **_distance(distances[0], place)))
        if probability:
            records.append(room.made("brier_score", i, **_at(score, place)))
            records.append(room.made("brier_reliability", i, **_distance(distances[1], place)))
            records.append(room.made("brier_resolution", i, **_resolution(room, parts[1], resolved, place)))
            span = {
                "low": float(uncertain.low[place]),
                "high": float(uncertain.high[place]),
                "method": uncertain.method,
            }
            records.append(room.made("brier_uncertainty", i, value=float(parts[2][place]), **span))
    return records


def _resolution(room: _Room, value: Any, resolved: tuple[Any, Any], place: int) -> dict[str, Any]:
    corrected, span = resolved
    said = f"{room.note}{AROUND}{corrected[place]:.3g}, the value less what noise adds to it"
    return {
        "value": float(value[place]), "low": float(span.low[place]), "high": float(span.high[place]),
        "method": span.method, "note": said,
    }  # fmt: skip


def _curves(room: _Room) -> list[Measurement]:
    """Return predicted and observed good rates: over all scores (band None), then in each band."""
    names, banded = _banded(room, room.p)
    whole = in_bands(room.p, np.zeros(room.p.table.n.shape[:-1], dtype=np.int64), 1)
    records: list[Measurement] = []
    for band, table, j in [(None, whole, 0), *((name, banded, j) for j, name in enumerate(names))]:
        span = inference.observed_interval(table, confidence=room.confidence)
        people = table.table.w.sum(axis=-1)
        observed, expected = (
            divide(table.table.w[..., GOOD], people)[:, j],
            divide(table.sums.sum(axis=-1), people)[:, j],
        )
        records += [
            room.made(
                "calibration_curve", i, detail=band, value=float(observed[i]), low=float(span.low[i, j]),
                high=float(span.high[i, j]), method=str(span.method), expected=float(expected[i]),
                excess=float(observed[i] - expected[i]), n=int(table.table.n[i, j].sum()),
            )
            for i in room.kept
        ]  # fmt: skip
    return records


def _banded(room: _Room, p: Predicted) -> tuple[list[str], Predicted]:
    """Return the bands of the score that all groups share, and people by band."""
    bands = score_bands(room.of.cube)
    place = np.zeros(p.table.n.shape[-2], dtype=np.int64)
    for j, (_, bins) in enumerate(bands):
        place[bins] = j
    return [name for name, _ in bands], in_bands(p, np.broadcast_to(place, p.table.n.shape[:-1]), len(bands))


# A group against its reference


def _compared(room: _Room, everybody: ScoreSums | None, asking: Asking) -> list[Measurement]:
    policy, cutoffs, reference = asking.policy, asking.cutoffs, asking.references.get(room.of.name)
    against = _sides(room, policy, reference)
    if against is None:
        return []
    tested, s_reference = against
    p_reference = predicted(s_reference, everybody=everybody)
    if (p_reference.heads < policy.minimum_n).any():
        return []
    chosen, s = room.p[tested], room.s[tested]
    level = room.confidence
    again, again_reference = inference.recalibrate(chosen), inference.recalibrate(p_reference)
    made = {
        "calibration_in_the_large_difference": inference.in_the_large_difference(chosen, p_reference, confidence=level),
        "calibration_slope_difference": inference.slope_difference(again, again_reference, confidence=level),
        "balance_for_good_outcomes": inference.balance(s, s_reference, GOOD, confidence=level),
        "balance_for_bad_outcomes": inference.balance(s, s_reference, BAD, confidence=level),
    }
    outcomes = {"balance_for_good_outcomes": GOOD, "balance_for_bad_outcomes": BAD}
    records = []
    for metric, found in made.items():
        for k, i in enumerate(tested):
            people, others = p_reference.heads, chosen.heads
            note = room.note
            if metric in outcomes:
                people, others = (side.table.n[..., outcomes[metric]].sum(axis=-1) for side in (p_reference, chosen))
                note = room.observed_only
            records.append(
                room.made(
                    metric, i, reference=reference, **_at(found, k), n=int(others[k]), n_reference=int(people[k]),
                    note=note or None,
                )
            )  # fmt: skip
    records += _same_score(room, tested, p_reference, str(reference))
    return records + _margin(room, tested, s_reference, cutoffs, str(reference))


def _sides(room: _Room, policy: Policy, reference: str | None) -> tuple[list[int], ScoreSums] | None:
    """Return the groups to compare, and the people that each is set against."""
    if reference is None:
        return None
    if reference == REST:
        if room.of.cube.suppressed is not None and room.of.cube.suppressed.any():
            return None
        known = [
            i
            for i, levels in enumerate(room.of.levels)
            if not any(is_excluded(level, policy.excluded_levels) for level in levels.values())
        ]
        tested = [i for i in room.kept if set(known) - {i}]
        rest = [room.s.pooled([j for j in known if j != i]) for i in tested]
        return (tested, ScoreSums.stacked(rest)) if tested else None
    place = room.of.groups.index(reference) if reference in room.of.groups else -1
    tested = [i for i in room.kept if i != place]
    if place not in room.kept or not tested:
        return None
    return tested, room.s[[place] * len(tested)]


def _bad_counts(p: Predicted) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return bad and all people of each bin or band, effective ones if weighted, and whether they are whole."""
    bad, everybody = p.table[..., BAD], p.table.sum(axis=-1)
    if np.array_equal(everybody.w, everybody.n) and np.array_equal(everybody.w2, everybody.n):
        return bad.n, everybody.n, True
    people = np.nan_to_num(effective_n(bad.w, everybody.w, bad.w2, everybody.w2))
    return np.nan_to_num(divide(bad.w, everybody.w)) * people, people, False


def _same_score(room: _Room, tested: list[int], p_reference: Predicted, reference: str) -> list[Measurement]:
    """Return differences of bad rates in each band of the score, and the common one over all bands."""
    names, banded = _banded(room, room.p)
    _, theirs = _banded(room, p_reference)
    (a, n, whole), (b, m, whole_too) = _bad_counts(banded[tested]), _bad_counts(theirs)
    found = compare_many(a, n, b, m, how="difference", confidence=room.confidence, integer=whole and whole_too)
    common = mantel_haenszel_risk_difference(
        np.stack([np.stack([a, n - a], axis=-1), np.stack([b, m - b], axis=-1)], axis=-2), confidence=room.confidence
    )
    error = (np.asarray(common.high) - common.value) / normal_quantile(room.confidence)
    p = np.where(error > 0, two_sided_p(divide(common.value, error)), np.nan)
    heads, heads_reference = banded.table.n[tested].sum(axis=-1), theirs.table.n.sum(axis=-1)
    note = room.observed_only or None
    records = []
    for k, i in enumerate(tested):
        records.append(
            room.made(
                "bad_rate_difference_at_same_score", i, reference=reference, value=float(common.value[k]),
                low=float(common.low[k]), high=float(common.high[k]), p=float(p[k]), method=MANTEL_HAENSZEL, test="z",
                n=int(heads[k].sum()), n_reference=int(heads_reference[k].sum()), note=note,
            )
        )  # fmt: skip
        for j, name in enumerate(names):
            records.append(
                room.made(
                    "bad_rate_difference_in_band", i, reference=reference, detail=name, **_at(found, (k, j)),
                    n=int(heads[k, j]), n_reference=int(heads_reference[k, j]), note=note,
                )
            )  # fmt: skip
    return records


def _margin(
    room: _Room, tested: list[int], s_reference: ScoreSums, cutoffs: Sequence[float | None], reference: str
) -> list[Measurement]:
    """Return the outcome test: bad rates of the last people selected, just past the cut-off in production."""
    cutoff = next((one for one in cutoffs if one is not None), None)
    axis = room.of.cube.axes.score
    if cutoff is None or axis is None:
        return []
    at, bins = axis.first_above(cutoff), axis.scored_bins
    start = at if axis.higher_is == "better" else bins - at
    stop = margin_stop(room.s.table.n[list(room.kept)][..., :2], start)
    if stop is None:
        return []
    inside = slice(start, stop)

    def marginal(s: ScoreSums) -> Predicted:
        table = s.table[..., inside, :2].sum(axis=-2)
        return Predicted(table, table.w * 0, table.w * 0)

    mine, theirs = marginal(room.s[tested]), marginal(s_reference)
    (a, n, whole), (b, m, whole_too) = _bad_counts(mine), _bad_counts(theirs)
    found = compare_many(a, n, b, m, how="difference", confidence=room.confidence, integer=whole and whole_too)
    band = band_name(room.of.cube, start, stop, bins)
    note = "; ".join(part for part in (f"{axis.favorable_text(cutoff)}, band {band}", room.observed_only) if part)
    return [
        room.made(
            "marginal_bad_rate_difference", i, reference=reference, detail=band, cutoff=cutoff, **_at(found, k),
            n=int(mine.table.n[k].sum()), n_reference=int(theirs.table.n[k].sum()), note=f"{note}. {INFRAMARGINALITY}",
        )
        for k, i in enumerate(tested)
    ]  # fmt: skip


def margin_stop(counts: np.ndarray, start: int) -> int | None:
    """Return where the narrow band that begins at a bin ends: the first end at which every group has enough.

    Enough is 10 bad outcomes expected at the band's bad rate over all groups, or 100 people. Groups that do not
    have that even with all better scores taken in do not widen the band; if no group has, it is all of them.

    Parameters
    ----------
    counts
        People [group, bin, outcome (good, bad)], bins from the worst score to the best.
    start
        The first bin on the favorable side.

    Examples
    --------
    >>> counts = np.array([[[9, 1], [45, 5], [90, 10]], [[9, 1], [90, 10], [90, 10]]])
    >>> margin_stop(counts, 1)  # 50 and 100 people in one bin; 150 and 200 in two
    3
    """
    beyond = counts[:, start:].cumsum(axis=1)
    if beyond.shape[1] == 0 or beyond[:, -1].sum() == 0:
        return None
    people, total = beyond.sum(axis=-1), beyond.sum(axis=(0, 2))
    expected = people * np.nan_to_num(divide(beyond[..., 1].sum(axis=0), total))
    enough = (expected >= MARGIN_BAD) | (people >= MARGIN_PEOPLE)
    can = enough.any(axis=1)
    if not can.any():
        return int(counts.shape[1])
    return start + int(np.argmax(enough[can].all(axis=0))) + 1 if enough[can].all(axis=0).any() else counts.shape[1]


def _at(found: Comparisons, place: Any) -> dict[str, Any]:
    values = {name: float(getattr(found, name)[place]) for name in ("value", "low", "high", "p")}
    return {**values, "method": str(found.method[place]), "test": str(found.test[place])}


def _distance(found: inference.Distances, place: int) -> dict[str, Any]:
    values = {name: float(getattr(found, name)[place]) for name in ("value", "expected", "excess", "p")}
    return {**values, "method": found.method, "test": found.method}
