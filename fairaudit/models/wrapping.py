"""A fitted model, a function or a column as a scorer, its direction and units said and never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..errors import DataContractError, SchemaError, listed
from ..schema.roles import HigherIs
from . import onnx_model
from .boosters import Native, booster_of, native
from .features import Feature, features_of
from .scale import PointsScale
from .scorer import NOT_KNOWN, Units, WrappedModel
from .structure import Additive, structure_of
from .voices import Voice, good_class, scores_of, voice_of

if TYPE_CHECKING:
    import pandas as pd


def wrap(
    model: Any,
    *,
    higher_is: HigherIs | None = None,
    good: Any = None,
    units: Units | None = None,
    scale: PointsScale | None = None,
    feature_names: Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    training_rows: pd.DataFrame | None = None,
    parts: Callable[[Any], Any] | None = None,
) -> WrappedModel:
    """Wrap a fitted classifier of two classes, a regressor, a pipeline of either, a booster, a function or a column.

    Parameters
    ----------
    model
        What :func:`fairaudit.train` returned; a :class:`fairaudit.Scorecard`; anything with scikit-learn's
        ``predict_proba``, ``decision_function`` or ``predict``; a booster of LightGBM, XGBoost or CatBoost; a function
        of a frame; or the name of a column that holds scores, as a vendor delivers them.
    higher_is
        "better" or "worse", for a regressor, a function or a column. A classifier's score is that of its good class.
    good
        The class that is the good outcome, for a classifier; a scorecard and a trained model know it.
    units
        A classifier's "probability" (the default), "margin", or "points" with a scale; a scorecard's points.
        A function or column may be said to give any of them; "as given" otherwise.
    scale
        Makes points of the log-odds of the good class.
    feature_names
        The columns in the model's order; read from the model where it has them.
    classes
        The two classes of the labels 0 and 1, for a booster, which does not remember them.
    training_rows
        Rows that the model was fitted on. Then rows to score are held against them: text in a column of numbers is
        refused, categories never seen are counted by ``check``.
    parts
        For a function whose score is a sum over its features: what each feature adds, [row, feature], up to a constant.
        Then explanations and recourse are exact; that it adds up is checked on every row that is explained.

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
    >>> wrap("bureau_score", higher_is="better").score({"bureau_score": [640, 580]})
    array([640., 580.])
    """
    if isinstance(model, str):
        return _column(model, higher_is, units, good, scale, feature_names)
    from .training import Trained

    if isinstance(model, Trained):
        return _trained(model, good=good, units=units, scale=scale, higher_is=higher_is)
    if isinstance(model, WrappedModel):
        return _again(model, higher_is, good, units, scale, feature_names, classes, training_rows, parts)
    _fitted(model)
    known = isinstance(model, onnx_model.OnnxModel) or booster_of(model) is not None
    if not (known or callable(model) or any(hasattr(model, name) for name in _SPEAKS)):
        message = (
            f"A {type(model).__name__} cannot score: give a fitted model with predict, a function of rows, or the "
            "name of a column of scores."
        )
        raise SchemaError(message)
    if parts is not None:
        if not callable(parts) or hasattr(model, "predict") or hasattr(model, "predict_proba"):
            message = "parts= is a function that says what each feature adds, for a score that is a function of rows."
            raise SchemaError(message)
        made = _given(model, higher_is, good, units, scale, feature_names)
        return _with_rows(replace(made, structure=Additive(None, parts)), training_rows)
    from .scorecard import Scorecard

    booster = booster_of(model)
    if isinstance(model, Scorecard):
        made = _scorecard(model, higher_is, good, units, scale)
    elif isinstance(model, onnx_model.OnnxModel):
        made = _onnx(model, higher_is, good, units, scale, feature_names, classes)
    elif booster is not None:
        read = native(booster[0], tuple(classes) if classes is not None else booster[1])
        made = _booster(model, read, higher_is, good, units, scale, feature_names)
    elif classes is not None:
        message = "classes= are for a booster, which does not remember them; this model has its own."
        raise SchemaError(message)
    elif hasattr(model, "predict_proba") and not hasattr(model, "classes_"):
        message = (
            f"A {type(model).__name__} has predict_proba and does not say its classes. Wrap a function of its scores "
            "instead: fa.wrap(lambda rows: ..., higher_is=..., units='probability' or 'margin', feature_names=[...]); "
            "parts= says what each feature adds, if it is a sum of features."
        )
        raise SchemaError(message)
    elif hasattr(model, "predict_proba") or (hasattr(model, "decision_function") and hasattr(model, "classes_")):
        made = _classifier(model, higher_is, good, units, scale, feature_names)
    else:
        made = _given(model, higher_is, good, units, scale, feature_names)
    return _with_rows(made, training_rows)


_SPEAKS = ("predict", "predict_proba", "decision_function", "transform", "fit_predict")


def _again(model: WrappedModel, *asked: Any) -> WrappedModel:
    """Return a model that is wrapped already, unless it is to be wrapped in another way."""
    if any(one is not None for one in asked):
        message = "The model is wrapped already. Wrap the model itself, model.model, to have it in another way."
        raise SchemaError(message)
    return model


def _with_rows(made: WrappedModel, training_rows: pd.DataFrame | None) -> WrappedModel:
    if training_rows is None:
        return made
    from .columns import matched

    # Somebody else's model gets its columns as it was fitted on them: categories are held against, not rewritten.
    known = features_of(matched(training_rows, made.feature_names))
    return replace(made, features=tuple(replace(one, kind="any") if one.kind == "category" else one for one in known))


def _fitted(model: Any) -> None:
    if not (hasattr(model, "__sklearn_is_fitted__") or hasattr(model, "get_params")):
        return
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        fitted = model.is_fitted() if hasattr(model, "is_fitted") else check_is_fitted(model) is None
    except NotFittedError:
        fitted = False
    except (AttributeError, TypeError):
        # Like an estimator and none of scikit-learn's, so that nobody can say: its scores will tell.
        fitted = True
    if not fitted:
        message = f"The {type(model).__name__} is not fitted. Fit it before it is wrapped."
        raise SchemaError(message)


def _names(own: Any, given: Sequence[str] | None) -> tuple[str, ...]:
    names = given if own is None or len(own) == 0 else own
    if names is None:
        message = "The model does not know its columns' names: give feature_names= in the order it was fitted on."
        raise SchemaError(message)
    if own is not None and len(own) and given is not None:
        # LightGBM writes an underscore for each blank.
        as_written = [[re.sub(r"\s", "_", str(name)) for name in names] for names in (given, own)]
        if as_written[0] != as_written[1]:
            message = f"feature_names differ from those that the model was fitted on ({listed(own)}). Leave them out."
            raise SchemaError(message)
        names = given
    return tuple(str(name) for name in names)


def _no_direction(higher_is: HigherIs | None) -> None:
    if higher_is is not None:
        message = "A classifier's score is that of its good class, so higher is better: name good=, not higher_is."
        raise SchemaError(message)


def _direction(higher_is: HigherIs | None) -> HigherIs:
    if higher_is is None or higher_is not in get_args(HigherIs):
        message = f"higher_is must be 'better' or 'worse' (it is never guessed), got {higher_is!r}."
        raise SchemaError(message)
    return higher_is


def _linear(scale: PointsScale | None, good: Any, classes: tuple[Any, ...]) -> dict[str, float]:
    """Return what makes a score of the raw output of the second class."""
    sign = 1.0 if classes.index(good) else -1.0
    return {"factor": sign * (scale.factor if scale else 1.0), "offset": scale.offset if scale else 0.0}


def _classifier(
    model: Any, higher_is: Any, good: Any, units: Any, scale: Any, feature_names: Sequence[str] | None
) -> WrappedModel:
    names = _names(getattr(model, "feature_names_in_", None), feature_names)
    _no_direction(higher_is)
    voice = voice_of(model)
    good = good_class(good, voice.classes)
    made: Units = units or ("points" if scale else "probability" if voice.probabilities else "margin")
    return WrappedModel(
        model, scores_of(voice, good, made, scale), made, "better", names,
        structure_of(model, made, **_linear(scale, good, voice.classes)), good, scale, voice.classes,
    )  # fmt: skip


def _booster(
    model: Any, read: Native, higher_is: Any, good: Any, units: Any, scale: Any, feature_names: Sequence[str] | None
) -> WrappedModel:
    names = _names(read.names, feature_names)
    features = tuple(replace(one, name=name) for one, name in zip(read.features, names, strict=False))

    def renamed(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        if not read.names or names == read.names:
            return function
        return lambda rows: function(rows.set_axis(list(read.names), axis=1))

    if read.voice is None:
        made = _given(model, higher_is, good, units, scale, names, renamed(read.predict))
        return replace(made, features=features, unseen=read.unseen, structure=structure_of(model, "as given"))
    _no_direction(higher_is)
    good = good_class(good, read.voice.classes)
    units = units or ("points" if scale else "probability")
    return WrappedModel(
        model, renamed(scores_of(read.voice, good, units, scale)), units, "better", names, structure_of(model, units),
        good, scale, read.voice.classes, features, read.unseen,
    )  # fmt: skip


def _onnx(
    model: onnx_model.OnnxModel, higher_is: Any, good: Any, units: Any, scale: Any,
    feature_names: Sequence[str] | None, classes: Sequence[Any] | None,
) -> WrappedModel:  # fmt: skip
    # A lone input's name is the table's and not a column's, unless nobody gives one.
    own = None if feature_names is not None and len(model.inputs) == 1 else onnx_model.names_of(model)
    names = _names(own, feature_names)
    features = onnx_model.features_of(model, names)
    read = onnx_model.voice_or_numbers(model, names, classes)
    if not isinstance(read, Voice):
        return replace(_given(model, higher_is, good, units, scale, names, read), features=features)
    _no_direction(higher_is)
    good = good_class(good, read.classes)
    units = units or ("points" if scale else "probability")
    return WrappedModel(model, scores_of(read, good, units, scale), units, "better", names, None, good, scale,
                        read.classes, features)  # fmt: skip


def _scorecard(card: Any, higher_is: Any, good: Any, units: Units | None, scale: PointsScale | None) -> WrappedModel:
    _no_direction(higher_is)
    voice = voice_of(card)
    known = good_class(card.good_, voice.classes)
    if good is not None and good_class(good, voice.classes) != known:
        message = f"The scorecard's good outcome is {known!r}, got good={good!r}. Leave it out, or fit it with good=."
        raise SchemaError(message)
    units = units or "points"
    own = scale is None or scale == card.points_scale
    if units == "points" and own:
        reading = card.points
        structure: Additive | None = Additive(0.0, card.parts)
        scale = card.points_scale
    else:
        reading = scores_of(voice, known, units, scale)
        factor, offset = (scale.factor, scale.offset) if scale else (1.0, 0.0)
        structure = None if units == "probability" else Additive(
            offset + factor * card.intercept_, lambda rows: factor * card.parts(rows, log_odds=True)
        )  # fmt: skip
    return WrappedModel(card, reading, units, "better", card.names, structure, known, scale, voice.classes,
                        card.features, card.unseen)  # fmt: skip


def _given(
    model: Any, higher_is: Any, good: Any, units: Units | None, scale: Any, feature_names: Sequence[str] | None,
    function: Callable[[Any], Any] | None = None,
) -> WrappedModel:  # fmt: skip
    _scores_something(model)
    names = _names(getattr(model, "feature_names_in_", None), feature_names)
    plain = not hasattr(model, "predict")
    if good is not None or scale is not None or (units not in (None, "as given") and not plain):
        message = "good, scale and other units than 'as given' are for a classifier; this model gives its own numbers."
        raise SchemaError(message)
    higher_is = _direction(higher_is)
    function = function or getattr(model, "predict", model)
    if not callable(function):
        message = f"A {type(model).__name__} cannot score: give a fitted model with predict, or a function."
        raise SchemaError(message)
    reading = _as_probability(function) if units == "probability" else function
    return WrappedModel(model, reading, _units(units), higher_is, names, structure_of(model, "as given"))


def _units(units: Any) -> Units:
    if units is not None and units not in get_args(Units):
        message = f"units are one of {', '.join(get_args(Units))}, got {units!r}."
        raise SchemaError(message)
    made: Units = units or "as given"
    return made


def _as_probability(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(rows: Any) -> Any:
        made = np.asarray(function(rows), dtype=np.float64)
        out = np.flatnonzero((made < 0) | (made > 1))
        if len(out):
            message = f"units='probability', and the score of row {out[0]} is {made[out[0]]:g}: it is none."
            raise DataContractError(message)
        return made

    return checked


def _scores_something(model: Any) -> None:
    """Refuse what has a ``predict`` that is no score: a clusterer, a detector of outliers; and what only transforms."""
    if not hasattr(model, "get_params"):
        return
    from sklearn.base import is_clusterer, is_outlier_detector

    try:
        what = "finds clusters" if is_clusterer(model) else "finds outliers" if is_outlier_detector(model) else None
    except AttributeError:
        # Like an estimator and none of scikit-learn's: it may score.
        what = None
    if what is None and not hasattr(model, "predict"):
        what = "transforms rows"
    if what is not None:
        message = (
            f"A {type(model).__name__} {what} and gives no score of a good outcome. Wrap a classifier or a regressor, "
            "or a function that makes a score of it."
        )
        raise SchemaError(message)


def _column(
    name: str, higher_is: Any, units: Units | None, good: Any, scale: Any, feature_names: Sequence[str] | None
) -> WrappedModel:
    if good is not None or scale is not None or feature_names is not None:
        message = "A column of scores has higher_is= and units=, and no good=, scale= or feature_names=."
        raise SchemaError(message)
    higher_is = _direction(higher_is)

    def read(rows: Any) -> Any:
        return rows.iloc[:, 0]

    reading = _as_probability(read) if units == "probability" else read
    return WrappedModel(name, reading, _units(units), higher_is, (name,), features=(Feature(name, "number"),))


def _trained(
    made: Any, *, good: Any, units: Units | None, scale: PointsScale | None, higher_is: HigherIs | None
) -> WrappedModel:
    if good is not None and good != made.good:
        message = f"The model was trained with good={made.good!r}, got good={good!r}. Leave it out."
        raise SchemaError(message)
    scale = scale or (None if units in ("probability", "margin") else made.scale)
    wrapped = wrap(made.model, good=made.good, units=units, scale=scale, higher_is=higher_is,
                   feature_names=None if made.kind == "scorecard" else made.features)  # fmt: skip
    return replace(wrapped, features=made.columns, unseen=made.unseen or NOT_KNOWN, training=made.record())
