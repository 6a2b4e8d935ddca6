"""What is explained: the raw output of a model, turned to the better side and the scale of its score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ExplanationError
from ..models.scale import PointsScale
from ..models.scorecard import Scorecard
from ..models.scorer import WrappedModel
from ..models.training import Trained
from ..schema.roles import HigherIs
from . import parsing


@dataclass(frozen=True, slots=True)
class Target:
    """A model object, and how its raw output becomes the score that is explained: ``offset + factor * raw``."""

    model: Any
    units: str
    higher_is: HigherIs | None
    """Which side of the explained score is better; None where nobody said so."""
    factor: float = 1.0
    offset: float = 0.0


def target_of(model: Any, units: str | None) -> Target:
    """Return what is explained of a model, a scorecard, a trained model or a wrapped one.

    Parameters
    ----------
    model
        A model object, :class:`~fairaudit.models.training.Trained`, or what ``wrap`` returns.
    units
        ``"points"`` where a scale of points is known, the model's own raw unit, or None for the score's own unit
        where it is linear in the raw output (points, log-odds), else the raw unit.

    Raises
    ------
    ExplanationError
        If the unit is not one that the model's raw output can be turned to.
    """
    good: Any = None
    scale: PointsScale | None = None
    higher_is: HigherIs | None = None
    if isinstance(model, Trained):
        good, model = model.good, model.model
    elif isinstance(model, WrappedModel):
        good, scale, higher_is = model.good, model.scale, model.higher_is
        units = "points" if units is None and model.units == "points" else units
        model = model.model
    if isinstance(model, Scorecard):
        return _of_scorecard(model, units)
    own = parsing.units_of(model)
    sign = 1.0
    if good is not None:
        sign, higher_is = (1.0 if [*model.classes_].index(good) == 1 else -1.0), "better"
    if units in (None, own):
        return Target(model, own, higher_is, sign)
    if units == "points" and scale is not None and own == "log-odds":
        return Target(model, "points", higher_is, sign * scale.factor, float(scale.points(0.0)))
    known = f"{own!r}" + (" or 'points'" if scale is not None and own == "log-odds" else "")
    message = f"units={units!r} is not what {type(model).__name__} can be explained in; it gives {known}."
    raise ExplanationError(message)


def _of_scorecard(card: Scorecard, units: str | None) -> Target:
    if units not in (None, "points", "log-odds"):
        message = f"units={units!r} is not a scorecard's: explain it in 'points' or 'log-odds'."
        raise ExplanationError(message)
    return Target(card, units or "points", "better")
