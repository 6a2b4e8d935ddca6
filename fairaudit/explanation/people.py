"""The people of an explanation: their rows as a frame, their scores, and those at or just above the cut-off.

The one place that looks into an explainer, for reasons and what is made of them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError
from ..models.scale import PointsScale
from ..models.scorecard import Scorecard
from .trees import Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

    from .attribution import Explainer, Explanation

Method = Literal["at_cutoff", "all_applicants"]
METHODS: tuple[Method, ...] = ("at_cutoff", "all_applicants")
FEWEST = 30
"""Fewer people to compare with than this are a caution in the record."""
LEAST_NEAR, MOST_NEAR, NEAR_SHARE = 100, 1_000, 0.1
"""At or just above the cut-off: the nearest tenth of the approved, at least 100 and at most 1,000 of them."""
CHUNK = 100_000
"""Rows scored at once."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The people whom a declined person is compared with."""

    name: Method
    said: str
    """Who they are, in words."""
    people: int
    sha256: str
    """Of their rows as CSV, in the model's columns and in the order given."""
    lowest: float
    highest: float
    """The ends of their scores."""
    score: float
    """Their average score."""
    rows: pd.DataFrame
    caution: str | None = None
    own: bool = False
    """Whether these are the explainer's own people, for whom it keeps its tables."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record without anybody's row."""
        kept = ("name", "said", "people", "sha256", "lowest", "highest", "score", "caution")
        return {name: getattr(self, name) for name in kept}


def source_of(explanation: Explanation) -> Explainer:
    """Return the explainer behind an explanation."""
    if explanation.source is None:
        message = "This explanation does not know its explainer. Make it with fa.Explainer(model, ...).explain(rows)."
        raise ExplanationError(message)
    return explanation.source


def frame_of(source: Explainer, rows: Any) -> pd.DataFrame:
    """Return rows that the explainer may read as a frame of the model's columns."""
    return _framed(source, source.read(rows, "the rows"))


def explained_rows(explanation: Explanation) -> pd.DataFrame:
    """Return the rows of an explanation as a frame of the model's columns."""
    return _framed(source_of(explanation), explanation.rows)


def applicants_of(explanation: Explanation, applicants: Any) -> pd.DataFrame:
    """Return all applicants: those given, else the explainer's own background, else the explained rows."""
    source = source_of(explanation)
    if applicants is not None:
        return frame_of(source, applicants)
    own = source.background
    return explained_rows(explanation) if own is None else _framed(source, own)


def _framed(source: Explainer, read: Any) -> pd.DataFrame:
    """Return rows as the explainer keeps them, an array or a frame, as a frame with a plain index."""
    import pandas as pd

    columns = list(source.columns or ())
    if isinstance(read, pd.DataFrame):
        return read.set_axis(columns, axis=1).reset_index(drop=True)
    return pd.DataFrame(read, columns=columns)


def scores_of(source: Explainer, rows: pd.DataFrame) -> Floats:
    """Return the explained score of each row, in the explainer's units, as the model itself gives it."""
    parts = [rows.iloc[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]
    return np.concatenate([source.target.own(source.read(part, "the rows")) for part in parts])


def columns_of(source: Explainer) -> tuple[tuple[str, ...], Integers]:
    """Return the columns of the model, and the place of the feature that each belongs to."""
    _, owner = source.grouped()
    return tuple(source.columns or ()), owner


def sign_of(explanation: Explanation) -> float:
    """Return 1 where a higher score is better, -1 where it is worse."""
    if explanation.higher_is is None:
        message = (
            "Whether a higher score is better is not known, so nothing can be called adverse. Explain a model "
            "wrapped with its direction: fa.wrap(model, good=...) or fa.wrap(model, higher_is=...)."
        )
        raise ExplanationError(message)
    return 1.0 if explanation.higher_is == "better" else -1.0


def cutoff_of(explanation: Explanation) -> float:
    """Return the cut-off of the explained score."""
    if explanation.cutoff is None:
        message = (
            f"Reasons for a decline need the cut-off of the score, in its units ({explanation.units}): "
            "fa.Explainer(model, background, cutoff=...)."
        )
        raise ExplanationError(message)
    return float(explanation.cutoff)


def approved(scores: Floats, cutoff: float, sign: float) -> NDArray[np.bool_]:
    """Return whose score reaches the cut-off; a sum's last digit does not decide."""
    slack = 1e-9 * max(1.0, abs(cutoff))
    return np.asarray(sign * (np.asarray(scores) - cutoff) >= -slack)


def baseline_of(
    explanation: Explanation, method: Method, applicants: Any = None, nearest: int | None = None
) -> Baseline:
    """Return the people to compare with, by one of the two methods.

    Parameters
    ----------
    explanation
        With a cut-off and a direction.
    method
        ``"at_cutoff"``: the applicants at or just above the cut-off, on its favorable side. ``"all_applicants"``.
    applicants
        All applicants; the explainer's background if left out.
    nearest
        How many of the approved, those nearest to the cut-off, are just above it; a tenth of them, at least 100 and
        at most 1,000, if left out. People who share the last one's score are all taken.

    Raises
    ------
    ExplanationError
        If nobody among the applicants reaches the cut-off.
    """
    if method not in METHODS:
        message = f"method is one of {', '.join(METHODS)}, got {method!r}."
        raise ExplanationError(message)
    if nearest is not None and nearest < 1:
        message = f"nearest is a number of people, 1 or more, got {nearest!r}."
        raise ExplanationError(message)
    source = source_of(explanation)
    if source.game == "path-dependent":
        message = "Reasons compare with people, and path-dependent values with none. Use game='interventional'."
        raise ExplanationError(message)
    if applicants is not None or source.background is None:
        return _chosen(explanation, method, applicants, nearest)
    # The explainer's own people do not change: scoring and hashing them once serves every person explained.
    kept = _KEPT.setdefault(source, {})
    asked = (method, nearest, explanation.cutoff, explanation.higher_is)
    if asked not in kept:
        made = _chosen(explanation, method, None, nearest)
        kept[asked] = replace(made, own=method == "all_applicants")
    return kept[asked]


_KEPT: WeakKeyDictionary[Explainer, dict[tuple[Any, ...], Baseline]] = WeakKeyDictionary()


def _chosen(explanation: Explanation, method: Method, applicants: Any, nearest: int | None) -> Baseline:
    source, rows = source_of(explanation), applicants_of(explanation, applicants)
    scores = scores_of(source, rows)
    if method == "all_applicants":
        return _baseline(method, f"all {len(rows):,} applicants given", rows, scores)
    cutoff, sign = cutoff_of(explanation), sign_of(explanation)
    reached = np.flatnonzero(approved(scores, cutoff, sign))
    if len(reached) == 0:
        best = float(scores.max() if sign > 0 else scores.min())
        message = (
            f"None of the {len(rows):,} applicants reaches the cut-off {cutoff:g} (the best score is {best:g}), so "
            "nobody is at or just above it. Check the cut-off and its units, give applicants= that were approved, or "
            "use method='all_applicants'."
        )
        raise ExplanationError(message)
    wanted = nearest or min(MOST_NEAR, max(LEAST_NEAR, math.ceil(NEAR_SHARE * len(reached))))
    distance = sign * (scores[reached] - cutoff)
    last = np.partition(distance, min(wanted, len(reached)) - 1)[min(wanted, len(reached)) - 1]
    near = reached[distance <= last]
    side = "above" if sign > 0 else "below"
    said = f"the {len(near):,} applicants nearest to the cut-off of {cutoff:g}, at or just {side} it"
    if len(near) == len(reached):
        said = f"all {len(near):,} applicants at or {side} the cut-off of {cutoff:g}"
    made = _baseline(method, said, rows.iloc[near].reset_index(drop=True), scores[near])
    if len(near) < len(reached) or made.caution:
        return made
    return replace(made, caution=f"Everybody approved is compared with, however far {side} the cut-off.")


def _baseline(name: Method, said: str, rows: pd.DataFrame, scores: Floats) -> Baseline:
    digest = hashlib.sha256(rows.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
    caution = None
    if len(rows) < FEWEST:
        caution = f"Only {len(rows):,} people to compare with: fewer than {FEWEST} make reasons unsteady."
    ends = float(scores.min()), float(scores.max())
    return Baseline(name, said, len(rows), digest, *ends, float(scores.mean()), rows, caution)


def probability_of_good(source: Explainer, score: float) -> float | None:
    """Return the probability of the good outcome at a score; None where the units do not say."""
    target = source.target
    if target.higher_is != "better":
        return None
    if target.units == "probability":
        return float(score)
    if target.units == "log-odds":
        return _logistic(score)
    if target.units != "points":
        return None
    if isinstance(target.model, Scorecard):
        scale = target.model.scale or PointsScale()
        return _logistic(float(scale.log_odds(score)))
    # Points of a score that is sampled as it is: what makes them of log-odds is not known here.
    return None if target.score is not None else _logistic((score - target.offset) / abs(target.factor))


def _logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
