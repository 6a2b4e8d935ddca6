"""Reasons of a whole file: the table, who is told what by group, and whether reasons carry the decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, LevelNotFoundError, listed, suggestion
from ..inference.bootstrap import derive_seed
from ..inference.contrast import compare_many
from ..inference.counts import normal_quantile
from ..inference.multiplicity import holm
from ..inference.proportion import rate_interval
from ..inference.stratified import mantel_haenszel_risk_difference
from ..schema.labels import MISSING, label
from .people import Baseline, Method, approved, baseline_of, cutoff_of, explained_rows, scores_of, sign_of, source_of
from .reason_codes import Listed, factors_of
from .reason_fidelity import fidelity_of
from .reason_figures import adverse_order, shortfalls
from .reason_records import MOST
from .reason_words import Catalogue, catalogue_of

if TYPE_CHECKING:
    import pandas as pd

    from .attribution import Explanation

BANDS = 5
"""Bands of the declined people's scores, equally full, within which groups are compared once more."""


@dataclass(frozen=True, slots=True, eq=False)
class Declined:
    """The declined people of a file, with the factors of each."""

    places: NDArray[np.int64]
    """Their places in the explanation."""
    rows: pd.DataFrame
    scores: NDArray[np.float64]
    listed: tuple[Listed, ...]
    baseline: Baseline
    people: int
    """Everybody in the file, approved or declined."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """The declined people of a file, and which features each is told."""

    places: NDArray[np.int64]
    scores: NDArray[np.float64]
    told: NDArray[np.bool_]
    """People x features of the model."""
    baseline: Baseline
    people: int


@dataclass(frozen=True, slots=True)
class Told:
    """How many of a group's declined people are told one reason, and the reference beside it.

    ``difference`` is the group's share less the reference's. ``within_scores`` is the same among people of about
    the same score (Mantel-Haenszel over five bands of the declined). None where it does not exist.
    """

    feature: str
    name: str
    level: str
    told: int
    declined: int
    share: float | None
    low: float | None
    high: float | None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    method: str | None = None
    test: str | None = None
    p: float | None = None
    p_adjusted: float | None = None
    within_scores: float | None = None
    within_scores_low: float | None = None
    within_scores_high: float | None = None


@dataclass(frozen=True, slots=True)
class ReasonParity:
    """Who is told what, by group. The people are the sample: the model and the baseline are taken as they are."""

    attribute: str
    reference: str
    method: Method
    k: int
    confidence: float
    baseline: Baseline
    people: int
    declined: int
    without_reason: int
    """Declined people with no adverse factor: they are told nothing and count among the declined."""
    told: tuple[Told, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one line per reason and group."""
        import pandas as pd

        return pd.DataFrame([asdict(one) for one in self.told], columns=list(Told.__slots__))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "baseline": self.baseline.to_dict(), "told": [asdict(one) for one in self.told]}

    def __str__(self) -> str:
        return f"{self._said()}\n\n{self._shown().to_string(index=False)}"

    def _repr_html_(self) -> str:
        from markupsafe import escape

        return f"<p>{escape(self._said())}</p>{self._shown().to_html(index=False)}"

    def _said(self) -> str:
        return (
            f"Reasons of {self.declined:,} declined people of {self.people:,}, at most {self.k} each, by "
            f"{self.attribute}, held against {self.reference}. Compared with {self.baseline.said}. Intervals are at "
            f"{self.confidence:.0%}; p is adjusted for all lines (Holm). Differences are shares, not percentages."
        )

    def _shown(self) -> pd.DataFrame:
        frame = self.to_frame()[["name", "level", "told", "declined", "share", "difference", "difference_low",
                                 "difference_high", "p_adjusted", "within_scores"]]  # fmt: skip
        return frame.rename(columns={"name": "reason", "level": self.attribute}).round(3)


@dataclass(frozen=True, slots=True)
class FileFidelity:
    """Whether the named reasons move the scores more than random features do, over declined people of a file."""

    declined: int
    checked: int
    """People checked: all declined ones with a reason, or a random draw of them."""
    carries: int
    """People whose named features gain more than other sets of as many features do on average."""
    share: float | None
    low: float | None
    high: float | None
    gain: float | None
    """Average gain by the named features, in units of the score."""
    gain_of_others: float | None
    extra: float | None
    """Average of gain less gain of others."""
    extra_low: float | None
    extra_high: float | None
    units: str
    confidence: float
    seed: int


def declined_of(
    explanation: Explanation,
    k: int,
    *,
    method: Method = "at_cutoff",
    applicants: Any = None,
    nearest: int | None = None,
    words: Any = None,
    draws: int = 0,
    rng: int | None = None,
) -> Declined:
    """Return the declined people of a file with the factors of each; options as for ``explanation.reasons``."""
    places, chosen, own, baseline, people = _below(explanation, k, method, applicants, nearest)
    seed = derive_seed(baseline.sha256) if rng is None else rng
    made = factors_of(explanation, chosen, own, baseline, catalogue_of(words), k=k, draws=draws, seed=seed)
    return Declined(places, chosen, own, tuple(made), baseline, people)


def named_of(
    explanation: Explanation,
    k: int,
    *,
    method: Method = "at_cutoff",
    applicants: Any = None,
    nearest: int | None = None,
) -> Named:
    """Return which features the declined people of a file are told; options as for ``explanation.reasons``."""
    places, chosen, own, baseline, people = _below(explanation, k, method, applicants, nearest)
    amounts, _ = shortfalls(source_of(explanation), chosen, sign_of(explanation), baseline)
    told = np.zeros(amounts.shape, dtype=bool)
    for person, one in enumerate(amounts):
        told[person, adverse_order(one)[:k]] = True
    return Named(places, own, told, baseline, people)


def _below(
    explanation: Explanation, k: int, method: Method, applicants: Any, nearest: int | None
) -> tuple[NDArray[np.int64], pd.DataFrame, NDArray[np.float64], Baseline, int]:
    """Return the declined people's places, rows and scores, whom they are compared with, and the number of people."""
    if not 1 <= k <= MOST:
        message = f"k is 1 to {MOST}, got {k!r}: the official commentary finds more than four reasons not helpful."
        raise ExplanationError(message)
    rows = explained_rows(explanation)
    scores = scores_of(source_of(explanation), rows)
    places = np.flatnonzero(~approved(scores, cutoff_of(explanation), sign_of(explanation))).astype(np.int64)
    if len(places) == 0:
        message = f"All {len(rows):,} explained people reach the cut-off, so nobody is declined and told a reason."
        raise ExplanationError(message)
    baseline = baseline_of(explanation, method, applicants, nearest)
    return places, rows.iloc[places].reset_index(drop=True), scores[places], baseline, len(rows)


def reason_table(explanation: Explanation, k: int = MOST, **options: Any) -> pd.DataFrame:
    """Return the principal reasons of everybody whom the score declines, one line per person and reason.

    A declined person without an adverse factor has one line of rank 0, so that everybody declined is there.

    Parameters
    ----------
    explanation, k
        As for :func:`~.reason_codes.reasons`.
    **options
        ``method``, ``applicants``, ``nearest``, ``words``, and ``draws`` (0 here if left out) with ``rng``.
    """
    import pandas as pd

    found = declined_of(explanation, k, **options)
    kept = ("feature", "words", "code", "value", "usual", "amount", "direction", "probability", "tied", "kept")
    lines = [
        {"row": int(place), "score": float(score), "rank": rank, **{name: getattr(one, name) for name in kept}}
        if one is not None
        else {"row": int(place), "score": float(score), "rank": 0, **dict.fromkeys(kept)}
        for place, score, each in zip(found.places, found.scores, found.listed, strict=True)
        for rank, one in enumerate(each.reasons or (None,), start=1)
    ]
    frame = pd.DataFrame(lines, columns=["row", "score", "rank", *kept])
    frame.attrs["baseline"] = found.baseline.to_dict()
    return frame


def reason_parity(
    explanation: Explanation,
    attribute: Any,
    *,
    reference: Any,
    k: int = MOST,
    confidence: float = 0.95,
    **options: Any,
) -> ReasonParity:
    """Return which share of each group's declined people is told each reason, and the differences.

    Parameters
    ----------
    explanation
        Of a whole file.
    attribute
        Each explained person's group, in the same order: a column of the data, or a sequence.
    reference
        The group that the others are held against.
    k
        As for :func:`reason_table`.
    confidence
        Of the intervals.
    **options
        ``method``, ``applicants``, ``nearest``, and ``words`` for the names of features, as for :func:`reason_table`.

    Returns
    -------
    ReasonParity
        Missing groups are shown as ``(missing)``, and not compared.

    Raises
    ------
    ExplanationError, LevelNotFoundError
        If groups and people do not match, or the reference is nobody's group among the declined.

    Notes
    -----
    Intervals of shares: Wilson, or Clopper-Pearson for small counts. Differences: Miettinen-Nurminen's score
    interval, or the mid-p one for small counts, with the test dual to it. Within scores: Mantel-Haenszel with Sato's
    variance over five equally full bands of the declined people's scores.
    """
    levels = np.array([label(one) for one in _sequence(attribute, len(explanation))], dtype=object)
    against = label(reference)
    _known_group(against, levels, "explained")
    catalogue = catalogue_of(options.pop("words", None))
    found = named_of(explanation, k, **options)
    groups = levels[found.places]
    _known_group(against, groups, "declined")
    known = sorted(set(groups.tolist()))
    order = [against, *[one for one in known if one not in (against, MISSING)], *[m for m in known if m == MISSING]]
    features = _features_told(found, explanation.names)
    told = found.told[:, list(features.values())]
    return ReasonParity(
        attribute=str(getattr(attribute, "name", None) or "group"),
        reference=against,
        method=found.baseline.name,
        k=k,
        confidence=confidence,
        baseline=found.baseline,
        people=found.people,
        declined=len(found.places),
        without_reason=int((~found.told.any(axis=1)).sum()),
        told=_told(list(features), catalogue, told, groups, order, found.scores, confidence),
    )


def reason_fidelity(
    explanation: Explanation, k: int = MOST, *, most: int = 100, confidence: float = 0.95, **options: Any
) -> FileFidelity:
    """Return whether the named reasons carry the decisions, over at most ``most`` declined people.

    Parameters
    ----------
    explanation, k, options
        As for :func:`reason_table`.
    most
        People checked at most, drawn at random among those with a reason.
    confidence
        Of the interval of the share (Wilson or Clopper-Pearson) and of the extra gain (normal).
    """
    if most < 1:
        message = f"most is a number of people, 1 or more, got {most!r}."
        raise ExplanationError(message)
    found = declined_of(explanation, k, **options)
    source, sign, cutoff = source_of(explanation), sign_of(explanation), cutoff_of(explanation)
    rng = options.get("rng")
    seed = derive_seed(found.baseline.sha256) if rng is None else int(rng)
    some = np.array([place for place, each in enumerate(found.listed) if each.reasons], dtype=np.int64)
    some = np.sort(np.random.default_rng(seed).permutation(some)[:most])
    checks = [
        fidelity_of(
            source, found.rows.iloc[[at]].reset_index(drop=True), float(found.scores[at]),
            [explanation.names.index(one.feature) for one in found.listed[at].reasons], found.baseline,
            sign=sign, cutoff=cutoff, seed=seed,
        )
        for at in some
    ]  # fmt: skip
    pairs = np.array([(c.gain, c.gain_of_others) for c in checks if c is not None and c.gain_of_others is not None])
    if len(pairs) == 0:
        return FileFidelity(
            len(found.places), 0, 0, None, None, None, None, None, None, None, None, explanation.units, confidence, seed
        )
    extra = pairs[:, 0] - pairs[:, 1]
    carries = int((extra > 0).sum())
    ends = rate_interval(carries, len(pairs), confidence=confidence)
    reach = normal_quantile(confidence) * extra.std(ddof=1) / np.sqrt(len(extra)) if len(extra) > 1 else None
    middle = float(extra.mean())
    return FileFidelity(
        declined=len(found.places), checked=len(pairs), carries=carries,
        share=carries / len(pairs), low=float(ends.low), high=float(ends.high),
        gain=float(pairs[:, 0].mean()), gain_of_others=float(pairs[:, 1].mean()), extra=middle,
        extra_low=None if reach is None else float(middle - reach),
        extra_high=None if reach is None else float(middle + reach),
        units=explanation.units, confidence=confidence, seed=seed,
    )  # fmt: skip


def _sequence(attribute: Any, people: int) -> list[Any]:
    if isinstance(attribute, str) or not hasattr(attribute, "__len__"):
        message = "The attribute is each person's group in the order of the rows: a column of the data, not its name."
        raise ExplanationError(message)
    values = list(attribute)
    if len(values) != people:
        message = f"There are {len(values):,} groups for {people:,} explained people. Give each person's, in order."
        raise ExplanationError(message)
    return values


def _known_group(reference: str, groups: NDArray[Any], which: str) -> None:
    known = sorted(set(groups.tolist()) - {MISSING})
    if reference not in known:
        message = (
            f"The reference {reference!r} is not a group of the {which} people.{suggestion(reference, known)} "
            f"Groups: {listed(known)}."
        )
        raise LevelNotFoundError(message)


def _features_told(found: Named, names: Sequence[str]) -> dict[str, int]:
    """Return the features that anybody is told, the most frequent first, and their places in the model."""
    counts = found.told.sum(axis=0)
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda at: (-counts[at], names[at]))
    return {names[at]: at for at in order}


def _told(
    features: Sequence[str],
    catalogue: Catalogue,
    told: NDArray[np.bool_],
    groups: NDArray[Any],
    order: Sequence[str],
    scores: NDArray[np.float64],
    confidence: float,
) -> tuple[Told, ...]:
    inside = [groups == level for level in order]
    declined = np.array([int(who.sum()) for who in inside])
    counts = np.array([told[who].sum(axis=0) for who in inside])
    shares = rate_interval(counts, declined[:, None], confidence=confidence)
    others = [place for place, level in enumerate(order) if place and level != MISSING]
    beside = compare_many(counts[others], declined[others][:, None], counts[0], declined[0], how="difference",
                          confidence=confidence)  # fmt: skip
    adjusted = holm(beside.p.ravel()).reshape(beside.p.shape)
    bands = _bands(scores)
    made = []
    for feature, key in enumerate(features):
        for place, level in enumerate(order):
            one = Told(
                key, catalogue.name_of(key), level, int(counts[place, feature]), int(declined[place]),
                float(counts[place, feature] / declined[place]),
                float(shares.low[place, feature]), float(shares.high[place, feature]),
            )  # fmt: skip
            if place in others:
                at = others.index(place), feature
                within = _within(told[:, feature], inside[place], inside[0], bands, confidence)
                one = Told(
                    **{name: getattr(one, name) for name in Told.__slots__[:8]},
                    difference=float(beside.value[at]), difference_low=float(beside.low[at]),
                    difference_high=float(beside.high[at]), method=str(beside.method[at]), test=str(beside.test[at]),
                    p=float(beside.p[at]), p_adjusted=float(adjusted[at]),
                    within_scores=within[0], within_scores_low=within[1], within_scores_high=within[2],
                )  # fmt: skip
            made.append(one)
    return tuple(made)


def _bands(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the band of each score: equally full as far as equal scores allow."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, BANDS + 1)[1:-1]))
    return np.searchsorted(edges, scores, side="left").astype(np.int64)


def _within(
    told: NDArray[np.bool_],
    group: NDArray[np.bool_],
    reference: NDArray[np.bool_],
    bands: NDArray[np.int64],
    confidence: float,
) -> tuple[float | None, float | None, float | None]:
    """Return the difference among people of about the same score; None where no band holds both groups."""
    tables = [
        [[int((told & who & (bands == band)).sum()), int((~told & who & (bands == band)).sum())]
         for who in (group, reference)]
        for band in range(int(bands.max()) + 1)
    ]  # fmt: skip
    made = mantel_haenszel_risk_difference(tables, confidence=confidence)
    # Where everybody or nobody in the bands is told, the variance is 0 and the interval would be a point.
    if not np.isfinite(made.value) or made.low == made.high:
        return None, None, None
    return float(made.value), float(made.low), float(made.high)
