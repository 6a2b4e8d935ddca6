"""A fitted model or a function as a scorer, its direction and units said and never guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np

from ..errors import SchemaError, listed
from ..schema.roles import HigherIs
from .scale import PointsScale
from .scorer import Units, WrappedModel


def wrap(
    model: Any,
    *,
    higher_is: HigherIs | None = None,
    good: Any = None,
    units: Units | None = None,
    scale: PointsScale | None = None,
    feature_names: Sequence[str] | None = None,
) -> WrappedModel:
    """Wrap a fitted classifier of two classes, a regressor, a pipeline of either, or a function.

    Parameters
    ----------
    model
        Anything with scikit-learn's ``predict_proba``, ``decision_function`` or ``predict``; or a function of a frame.
    higher_is
        "better" or "worse", for a regressor or a function. A classifier's score is that of its good class.
    good
        The class that is the good outcome, for a classifier.
    units
        "probability" (a classifier's default) or "margin"; "points" with a scale; "as given" otherwise.
    scale
        Makes points of the log-odds of the good class.
    feature_names
        The columns in the model's order; read from ``feature_names_in_`` where the model has it.

    Returns
    -------
    WrappedModel

    Raises
    ------
    SchemaError
        If something that is never guessed was not said, or the model is not fitted or has more than two classes.

    Examples
    --------
    >>> scorer = wrap(lambda rows: rows["income"] / 10, higher_is="better", feature_names=["income"])
    >>> scorer.score({"income": [50, 70]})
    array([5., 7.])
    """
    names = _names(model, feature_names)
    if hasattr(model, "predict_proba") or hasattr(model, "decision_function"):
        if higher_is is not None:
            message = "A classifier's score is that of its good class, so higher is better: name good=, not higher_is."
            raise SchemaError(message)
        made = units or ("points" if scale else "probability" if hasattr(model, "predict_proba") else "margin")
        scores_of = _classified(model, good, made, scale)
        return WrappedModel(model, scores_of, made, "better", names, good=good, scale=scale)
    if good is not None or scale is not None or units not in (None, "as given"):
        message = "good, scale and other units than 'as given' are for a classifier; this model gives its own numbers."
        raise SchemaError(message)
    if higher_is is None or higher_is not in get_args(HigherIs):
        message = f"higher_is must be 'better' or 'worse' (it is never guessed), got {higher_is!r}."
        raise SchemaError(message)
    function = getattr(model, "predict", model)
    if not callable(function):
        message = f"A {type(model).__name__} cannot score: give a fitted model with predict, or a function."
        raise SchemaError(message)
    return WrappedModel(model, function, "as given", higher_is, names)


def _names(model: Any, given: Sequence[str] | None) -> tuple[str, ...]:
    if hasattr(model, "__sklearn_is_fitted__") or hasattr(model, "get_params"):
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(model)
        except NotFittedError:
            message = f"The {type(model).__name__} is not fitted. Fit it before it is wrapped."
            raise SchemaError(message) from None
    own = getattr(model, "feature_names_in_", None)
    names = given if own is None else own
    if names is None:
        message = "The model does not know its columns' names: give feature_names= in the order it was fitted on."
        raise SchemaError(message)
    if own is not None and given is not None and tuple(given) != tuple(own):
        message = f"feature_names differ from those that the model was fitted on ({listed(own)}). Leave them out."
        raise SchemaError(message)
    return tuple(str(name) for name in names)


def _classified(model: Any, good: Any, units: Units, scale: PointsScale | None) -> Callable[[Any], Any]:
    classes = [getattr(item, "item", lambda item=item: item)() for item in getattr(model, "classes_", ())]
    if len(classes) != 2:
        message = f"A score needs a classifier of two classes; this one has {len(classes)} ({listed(classes)})."
        raise SchemaError(message)
    if good is None or good not in classes:
        message = f"Which class is the good outcome is never guessed: good= one of {classes!r}, got {good!r}."
        raise SchemaError(message)
    if (units == "points") != (scale is not None) or units not in ("probability", "margin", "points"):
        message = f"A classifier's units are 'probability', 'margin', or 'points' with scale=; got {units!r}."
        raise SchemaError(message)
    place = classes.index(good)
    if units == "probability":
        if not hasattr(model, "predict_proba"):
            message = f"A {type(model).__name__} gives no probability: use units='margin'."
            raise SchemaError(message)
        return lambda rows: model.predict_proba(rows)[:, place]

    def margin(rows: Any) -> Any:
        # Points are made of log-odds, which a decision_function need not be; predict_proba is what the model claims.
        if hasattr(model, "predict_proba") and (scale or not hasattr(model, "decision_function")):
            given = np.asarray(model.predict_proba(rows), dtype=np.float64)
            with np.errstate(divide="ignore"):
                return np.log(given[:, place]) - np.log(given[:, 1 - place])
        return model.decision_function(rows) * (1 if place else -1)

    if scale is None:
        return margin
    if not hasattr(model, "predict_proba"):
        message = f"Points need log-odds, and a {type(model).__name__} gives no probability: calibrate it first."
        raise SchemaError(message)
    return lambda rows: scale.points(margin(rows))
