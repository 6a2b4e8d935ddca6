"""What is explained: the raw output of a model, turned to the better side and the scale of its score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import ExplanationError
from ..models.scale import PointsScale
from ..models.scorecard import Scorecard
from ..models.scorer import WrappedModel
from ..models.training import Trained
from ..schema.roles import HigherIs
from .opening import Opened, opened
from .trees import Floats


@dataclass(frozen=True, slots=True)
class Target:
    """A model object, and how its raw output becomes the score that is explained: ``offset + factor * raw``."""

    model: Any
    units: str
    higher_is: HigherIs | None
    """Which side of the explained score is better; None where nobody said so."""
    factor: float = 1.0
    offset: float = 0.0
    inside: Opened | None = None
    """The model opened up; None for a scorecard."""
    names: tuple[str, ...] | None = None
    """The columns it takes; None where nobody named them."""
    score: Callable[[Any], Floats] | None = None
    """The explained score itself, where it is not linear in the raw output and has to be sampled."""
    why: str = ""
    """Why it has to be sampled."""

    def own(self, rows: Any) -> Floats:
        """Return the explained score of rows, by the model object itself."""
        if self.score is not None:
            return self.score(rows)
        if self.inside is None:
            return np.asarray(self.model.log_odds(rows) if self.units == "log-odds" else self.model.points(rows))
        return np.asarray(self.offset + self.factor * self.inside.output(rows))


def target_of(model: Any, units: str | None) -> Target:
    """Return what is explained of a model, a scorecard, a trained model, a wrapped one, or a function of rows.

    Parameters
    ----------
    model
        A model object, :class:`~fairaudit.models.training.Trained`, what ``wrap`` returns, a scorer or a function.
    units
        ``"points"`` where a scale of points is known, ``"probability"`` of the good class (else of the second),
        the model's own raw unit, or None for the score's own unit where it is linear in the raw output (points,
        log-odds), else the raw unit.

    Raises
    ------
    ExplanationError
        If the unit is not one that the model can be explained in.
    """
    good: Any = None
    wrapped: WrappedModel | None = None
    names: tuple[str, ...] | None = None
    if isinstance(model, Trained):
        good, names, model = model.good, model.features, model.model
    elif isinstance(model, WrappedModel):
        wrapped, good, names = model, model.good, model.feature_names
        units = "points" if units is None and model.units == "points" else units
        model = model.model
    if isinstance(model, Scorecard):
        return replace(_of_scorecard(model, units), names=names or _names_of(model))
    inside = _opened(model, wrapped)
    target = _in_units(model, inside, good, wrapped, units)
    return replace(target, names=names or inside.names)


def _names_of(card: Scorecard) -> tuple[str, ...] | None:
    known = getattr(card, "feature_names_in_", None)
    return None if known is None else tuple(str(name) for name in known)


def _opened(model: Any, wrapped: WrappedModel | None) -> Opened:
    """Return a model opened up; one that is only to be sampled, through the scorer that wraps it."""
    if wrapped is not None and wrapped.good is None and not hasattr(model, "predict"):
        return opened(wrapped)
    return opened(model)


def _in_units(model: Any, inside: Opened, good: Any, wrapped: WrappedModel | None, units: str | None) -> Target:
    scale: PointsScale | None = None if wrapped is None else wrapped.scale
    own = inside.units
    sign, higher_is = 1.0, (wrapped.higher_is if wrapped is not None else getattr(model, "higher_is", None))
    if good is not None:
        sign, higher_is = (1.0 if _place(model, good) == 1 else -1.0), "better"
    made = Target(model, own, higher_is, sign, inside=inside, why=inside.why)
    if sign < 0 and own == "probability":
        made = replace(made, offset=1.0)
    if wrapped is not None and inside.kind == "sampled" and units in (None, wrapped.units):
        # What is sampled anyway is sampled in the score's own unit.
        return replace(made, units=wrapped.units, factor=1.0, offset=0.0, score=wrapped.score)
    if units in (None, own):
        return made
    if units == "points" and scale is not None and own == "log-odds" and not inside.note:
        return replace(made, units="points", factor=sign * scale.factor, offset=float(scale.points(0.0)))
    if wrapped is not None and units == wrapped.units:
        why = f"{units} are not a straight line of the model's {own}"
        return replace(made, units=units, factor=1.0, offset=0.0, score=wrapped.score, why=why)
    if units == "probability" and hasattr(model, "predict_proba"):
        place = 1 if good is None else _place(model, good)
        why = f"a probability is no straight line of the model's {own}"
        return replace(made, units=units, factor=1.0, offset=0.0, score=_probability(model, place), why=why)
    known = [
        own,
        *(["points"] if scale is not None else []),
        *(["probability"] if hasattr(model, "predict_proba") else []),
    ]
    message = (
        f"units={units!r} is not what {type(model).__name__} can be explained in; it gives "
        f"{' or '.join(repr(each) for each in dict.fromkeys(known))}."
    )
    raise ExplanationError(message)


def _place(model: Any, good: Any) -> int:
    classes = [getattr(each, "item", lambda each=each: each)() for each in model.classes_]
    if good not in classes:
        message = f"The good class {good!r} is not among the model's: {classes!r}."
        raise ExplanationError(message)
    return classes.index(good)


def _probability(model: Any, place: int) -> Callable[[Any], Floats]:
    return lambda rows: np.asarray(model.predict_proba(rows), dtype=np.float64)[:, place]


def _of_scorecard(card: Scorecard, units: str | None) -> Target:
    if units not in (None, "points", "log-odds"):
        message = f"units={units!r} is not a scorecard's: explain it in 'points' or 'log-odds'."
        raise ExplanationError(message)
    return Target(card, units or "points", "better")
