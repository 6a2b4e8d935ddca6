"""A model opened up: the columns it takes, how they become numbers, and the trees or coefficients that use these.

Pipelines, searches over settings, chosen thresholds and calibrations of a single model are opened; what is inside
is explained in the columns that go in, every encoded column belonging to the one it was made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..errors import ExplanationError
from . import catboost_trees, parsing, pipelines
from .additive import Parts, is_boosted_sum, obstacle, parts_of
from .reading import DOUBLE, same_columns
from .sklearn_trees import is_from_sklearn, is_linear
from .trees import Floats, Integers

Kind = Literal["trees", "linear", "additive", "own values", "sampled"]

FEW_ROWS = 1_000
"""Rows that are kept until the next ones come; more would hold memory for nothing."""

HOLDS = {
    "GridSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "TunedThresholdClassifierCV": "estimator_",
    "FixedThresholdClassifier": "estimator_",
    "FrozenEstimator": "estimator",
}
"""Objects of scikit-learn whose score is that of the model they hold, and where."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A model, and the part of it that Shapley values are worked out of."""

    model: Any
    """What takes the rows."""
    final: Any
    """What has the trees or coefficients."""
    kind: Kind
    why: str
    """Why it is sampled; empty elsewhere."""
    names: tuple[str, ...] | None
    width: int | None
    """How many columns it takes; None where it does not say."""
    units: str
    output: Callable[[Any], Floats]
    """The raw output of rows, by the model object itself."""
    encode: Callable[[Any], Floats]
    origin: Integers
    """The column of the rows behind each encoded column."""
    tolerance: float = DOUBLE
    note: str = ""
    """What else is to be known of what is explained."""
    parts: Parts | None = None
    """What each feature adds, for a model that is additive without coefficients."""

    @property
    def encodes(self) -> bool:
        """Return whether encoded columns are not simply the model's own."""
        return self.final is not self.model


def opened(model: Any) -> Opened:
    """Return a model opened up.

    Raises
    ------
    ExplanationError
        If it is not fitted, has more than one output, or is nothing that scores rows.
    """
    name = type(model).__name__
    if is_from_sklearn(model):
        _fitted_or_refused(model)
        if name in HOLDS and hasattr(model, HOLDS[name]):
            return opened(getattr(model, HOLDS[name]))
        if name == "CalibratedClassifierCV":
            return _calibrated(model)
        if name == "Pipeline":
            return _pipeline(model)
    parsing.one_output(model)
    parts = parts_of(model)
    if parts is not None:
        return replace(
            _black_box(model, ""), kind="additive", names=parts.names, width=len(parts.names), units=parts.units,
            output=lambda rows: _scored(model, parts.output, rows), origin=same_columns(len(parts.names)), parts=parts,
        )  # fmt: skip
    if is_boosted_sum(model):
        return _black_box(model, obstacle(model))
    reader = parsing.reader_of(model)
    if reader is None or not hasattr(model, "predict"):
        return _black_box(model, f"{name} is not a model that is read here")
    if not _is_fitted_booster(model):
        message = f"{name} is not fitted. Call its fit first."
        raise ExplanationError(message)
    kind: Kind = "linear" if is_linear(model) else "trees"
    why = "" if kind == "linear" else reader.obstacle(model)
    if why:
        kind = "own values" if reader is catboost_trees.READER and catboost_trees.has_categories(model) else "sampled"
        why = f"{name}: {why}"
    if kind == "sampled" and is_from_sklearn(model):
        return replace(_black_box(model, why), units=reader.units(model))
    return Opened(
        model=model,
        final=model,
        kind=kind,
        why=why,
        names=reader.names(model),
        width=reader.width(model),
        units=reader.units(model),
        output=lambda rows: parsing.margin(model, rows),
        encode=lambda rows: reader.encode(model, rows),
        origin=reader.origin(model),
        tolerance=reader.tolerance,
    )


def _fitted_or_refused(model: Any) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        message = f"{type(model).__name__} is not fitted. Call its fit first."
        raise ExplanationError(message) from None


def _is_fitted_booster(model: Any) -> bool:
    check = getattr(model, "__sklearn_is_fitted__", None) or getattr(model, "is_fitted", None)
    return bool(check()) if callable(check) else True


def _calibrated(model: Any) -> Opened:
    """One calibrator keeps the base model's order, so its margin is explained; several are an average: sampled."""
    parts = model.calibrated_classifiers_
    calibrators = parts[0].calibrators if len(parts) == 1 else []
    if len(parts) == 1 and len(calibrators) == 1 and _rises(calibrators[0]):
        base = opened(parts[0].estimator)
        note = "of the model under its calibration, which keeps the order of its scores"
        return replace(base, note=note)
    why = f"it averages {len(parts)} calibrated models" if len(parts) > 1 else "its calibration does not keep the order"
    return _black_box(model, f"CalibratedClassifierCV: {why}")


def _rises(calibrator: Any) -> bool:
    if type(calibrator).__name__ == "IsotonicRegression":
        return bool(calibrator.increasing_)
    return type(calibrator).__name__ == "_SigmoidCalibration" and calibrator.a_ < 0


def _pipeline(model: Any) -> Opened:
    inner = opened(model.steps[-1][1])
    if len(model.steps) == 1:
        return inner
    transform = model[:-1]
    names = getattr(model, "feature_names_in_", None)
    width = int(model.n_features_in_)
    origin = pipelines.origin_of(transform, width)
    if inner.kind not in ("trees", "linear") or origin is None:
        why = inner.why or "a step before the model makes one column of several, or is not known here"
        sampled = _black_box(model, why)
        return replace(sampled, units=inner.units, output=lambda rows: inner.output(_made(transform, rows)))
    made = _once(transform)
    return Opened(
        model=model,
        final=inner.final,
        kind=inner.kind,
        why="",
        names=None if names is None else tuple(str(name) for name in names),
        width=width,
        units=inner.units,
        output=lambda rows: inner.output(made(rows)),
        encode=lambda rows: inner.encode(made(rows)),
        origin=origin[inner.origin],
        tolerance=inner.tolerance,
        note=inner.note,
    )


def _once(transform: Any) -> Callable[[Any], Any]:
    """Return what makes rows as the last step gets them; few rows that come twice in a row are made once.

    Values and the model's own output need the same rows, and for a single one the steps take longer than all else.
    """
    last: list[Any] = [None, None]

    def made(rows: Any) -> Any:
        if len(rows) > FEW_ROWS or not hasattr(rows, "equals"):
            return _made(transform, rows)
        # By what they hold and not by which object they are: a caller may write into a table between two calls.
        if last[0] is None or not rows.equals(last[0]):
            last[:] = [rows.copy(), _made(transform, rows)]
        return last[1]

    return made


def _made(transform: Any, rows: Any) -> Any:
    """Return the rows as the last step gets them."""
    try:
        return transform.transform(rows)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        message = f"The pipeline refuses these rows: {problem}"
        raise ExplanationError(message) from problem


def _black_box(model: Any, why: str) -> Opened:
    """Return anything else that gives a number for each row."""
    parsing.one_output(model)
    names = getattr(model, "feature_names_in_", None)
    names = getattr(model, "feature_names", None) if names is None and hasattr(model, "higher_is") else names
    width = getattr(model, "n_features_in_", None)
    units, function = _function_of(model)
    known = None if names is None else tuple(str(name) for name in names)
    return Opened(
        model=model,
        final=model,
        kind="sampled",
        why=why,
        names=known,
        width=len(known) if known is not None else None if width is None else int(width),
        units=units,
        output=lambda rows: _scored(model, function, rows),
        encode=lambda rows: rows,
        origin=same_columns(0),
    )


def _function_of(model: Any) -> tuple[str, Callable[[Any], Any]]:
    if hasattr(model, "higher_is"):
        return str(model.units), model.score
    if hasattr(model, "decision_function"):
        return "decision function", model.decision_function
    if hasattr(model, "predict_proba"):
        return "probability", lambda rows: _of_second_class(model.predict_proba(rows))
    if hasattr(model, "predict") and not hasattr(model, "fit_predict"):
        return "predicted value", model.predict
    if callable(model):
        return "as given", model
    message = f"{type(model).__name__} cannot be explained. Supported: {parsing.SUPPORTED}."
    raise ExplanationError(message)


def _of_second_class(probabilities: Any) -> Any:
    """Return the probabilities of the second class: some models give no column for the first."""
    made = np.asarray(probabilities)
    return made[:, 1] if made.ndim > 1 else made


def _scored(model: Any, function: Callable[[Any], Any], rows: Any) -> Floats:
    try:
        made = np.asarray(function(rows), dtype=np.float64)
    except Exception as problem:
        # Whatever a foreign model raises, the reader of the message needs to know that it refused the rows.
        message = f"{type(model).__name__} refuses these rows: {problem}"
        raise ExplanationError(message) from problem
    if made.shape != (len(rows),):
        message = f"The model gives outputs of shape {made.shape} for {len(rows):,} rows; one a row is needed."
        raise ExplanationError(message)
    if not np.isfinite(made).all():
        at = int(np.flatnonzero(~np.isfinite(made))[0])
        message = f"The model's output is {made[at]} for a row made of the rows and the background; it must be finite."
        raise ExplanationError(message)
    return made
