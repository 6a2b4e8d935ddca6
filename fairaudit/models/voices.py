"""How a classifier of two classes speaks: probabilities, a raw margin, and log-odds where it has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SchemaError, listed
from ..schema.labels import label
from .scale import PointsScale
from .scorer import Units

Reading = Callable[[Any], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What a classifier says of rows; margin and log-odds are those of the second class.

    ``probabilities`` has a column a class. ``log_odds`` are what the model claims, or None where it claims none.
    """

    name: str
    classes: tuple[Any, ...]
    probabilities: Reading | None
    margin: Reading
    log_odds: Reading | None


def voice_of(model: Any) -> Voice:
    """Return the voice of a fitted classifier with scikit-learn's methods.

    The last step of a pipeline may be LightGBM, XGBoost or CatBoost: their log-odds are read before they are rounded
    to probabilities.

    Raises
    ------
    SchemaError
        If it does not have two classes.
    """
    name = type(model).__name__
    classes = two_classes(getattr(model, "classes_", ()))
    raw = _raw_of_boosting(model)
    if hasattr(model, "predict_proba"):

        def probabilities(rows: Any) -> NDArray[np.float64]:
            return np.asarray(model.predict_proba(rows), dtype=np.float64)

        log_odds = raw or (lambda rows: log_odds_of(probabilities(rows)))
        own = getattr(model, "decision_function", None)
        return Voice(name, classes, probabilities, own or log_odds, log_odds)
    return Voice(name, classes, None, model.decision_function, None)


def two_classes(classes: Any) -> tuple[Any, ...]:
    """Return two classes as plain values.

    Raises
    ------
    SchemaError
        If they are not two.
    """
    plain = [getattr(item, "item", lambda item=item: item)() for item in classes]
    if len(plain) != 2:
        message = f"A score needs a classifier of two classes; this one has {len(plain)} ({listed(plain)})."
        raise SchemaError(message)
    return tuple(plain)


def log_odds_of(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the log-odds of the second of two columns of probabilities; infinite where one is 0."""
    with np.errstate(divide="ignore"):
        made: NDArray[np.float64] = np.log(probabilities[:, 1]) - np.log(probabilities[:, 0])
    return made


def good_class(good: Any, classes: tuple[Any, ...]) -> Any:
    """Return the class that is meant by ``good``: the value itself, or its label ("1" for 1).

    Raises
    ------
    SchemaError
        If it is none of the classes; it is never guessed.

    Examples
    --------
    >>> good_class("1", (0, 1))
    1
    """
    same = [one for one in classes if one == good] if good is not None else []
    alike = [one for one in classes if good is not None and label(one) == label(good)]
    if not same and len(alike) != 1:
        message = f"Which class is the good outcome is never guessed: good= one of {list(classes)!r}, got {good!r}."
        raise SchemaError(message)
    return (same or alike)[0]


def scores_of(voice: Voice, good: Any, units: Units, scale: PointsScale | None) -> Reading:
    """Return the function of rows that gives the good class's score in these units.

    Raises
    ------
    SchemaError
        If the units are not a classifier's, do not go with the scale, or the model does not have them.
    """
    if (units == "points") != (scale is not None) or units not in ("probability", "margin", "points"):
        message = f"A classifier's units are 'probability', 'margin', or 'points' with scale=; got {units!r}."
        raise SchemaError(message)
    place = voice.classes.index(good)
    sign = 1.0 if place else -1.0
    if units == "probability":
        given = voice.probabilities
        if given is None:
            message = f"A {voice.name} gives no probability: use units='margin'."
            raise SchemaError(message)
        return lambda rows: given(rows)[:, place]
    if scale is None:
        return lambda rows: sign * np.asarray(voice.margin(rows), dtype=np.float64)
    log_odds = voice.log_odds
    if log_odds is None:
        message = f"Points need log-odds, and a {voice.name} gives no probability: calibrate it first."
        raise SchemaError(message)
    return lambda rows: np.asarray(scale.points(sign * log_odds(rows)), dtype=np.float64)


def _raw_of_boosting(model: Any) -> Reading | None:
    """Return the log-odds that LightGBM, XGBoost or CatBoost add up, where they are its probabilities' own."""
    steps = getattr(model, "steps", None)
    if steps and type(model).__name__ == "Pipeline":
        last = _raw_of_boosting(steps[-1][1])
        return None if last is None else (lambda rows: last(model[:-1].transform(rows) if len(steps) > 1 else rows))
    name = type(model).__name__
    if name == "LGBMClassifier" and model.objective_ == "binary" and model.boosting_type != "rf":
        slope = float(model.get_params().get("sigmoid", 1.0))
        return lambda rows: slope * np.asarray(model.predict_proba(rows, raw_score=True), dtype=np.float64)
    if name == "XGBClassifier" and model.objective == "binary:logistic":
        return lambda rows: np.asarray(model.predict(rows, output_margin=True), dtype=np.float64)
    if name == "CatBoostClassifier":
        return lambda rows: np.asarray(model.predict(rows, prediction_type="RawFormulaVal"), dtype=np.float64)
    return None
