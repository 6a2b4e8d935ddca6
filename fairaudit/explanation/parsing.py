"""Model objects to ensembles, each compared with the model object's own output before it is used.

A reader that is wrong gives values that add up to its own wrong reading, so only the model's own output can tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ExplanationError
from . import catboost_trees, lightgbm_trees, sklearn_trees, xgboost_trees
from .reading import DOUBLE, Reader
from .sklearn_trees import is_from_sklearn
from .trees import Ensemble, Floats

_READERS = {
    "lightgbm": lightgbm_trees.READER,
    "xgboost": xgboost_trees.READER,
    "catboost": catboost_trees.READER,
}

SUPPORTED = (
    "a scorecard, scikit-learn's and the boosting libraries' models (regressors, classifiers of two classes), "
    "pipelines of them, and any scorer or function of rows"
)


def reader_of(model: Any) -> Reader | None:
    """Return what reads a library's own model object; None for every other class, subclasses among them."""
    reader = _READERS.get(type(model).__module__.partition(".")[0])
    if reader is not None:
        known = type(model).__name__ == "Booster" or "CatBoost" in type(model).__name__
        return reader if known or type(model).__name__[:3] in ("LGB", "XGB") else None
    return sklearn_trees.READER if is_from_sklearn(model) else None


def tree_of(model: Any, rows: Any) -> Ensemble:
    """Return the model's trees, checked against its own output on the rows.

    Raises
    ------
    ExplanationError
        If there is no reader for the model, or its trees do not reproduce its own output.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> rows = np.array([[0.0], [1.0], [2.0]])
    >>> ensemble = tree_of(DecisionTreeRegressor().fit(rows, [1.0, 1.0, 4.0]), rows)
    >>> float(ensemble.threshold[0])
    1.5
    """
    reader = reader_of(model)
    obstacle = "there is no reader for it" if reader is None else reader.obstacle(model)
    if reader is None or obstacle:
        message = f"The trees of {type(model).__name__} cannot be read: {obstacle}."
        raise ExplanationError(message)
    one_output(model)
    return checked(model, reader, reader.encode(model, rows), margin(model, rows))


def checked(model: Any, reader: Reader, encoded: Floats, own: Floats) -> Ensemble:
    """Return the model's trees if they give its ``own`` output of the ``encoded`` rows; refuse them otherwise."""
    from .kernel import predict

    ensemble = reader.trees(model)
    same_or_refused(
        predict(ensemble, encoded), own, f"the trees read from {type(model).__name__}", reader.tolerance
    )  # fmt: skip
    return ensemble


def margin(model: Any, rows: Any) -> Floats:
    """Return the model's own raw output: the margin where it has one, else probability or predicted value."""
    reader = reader_of(model)
    if reader is None:
        message = f"There is no reader for {type(model).__name__}."
        raise ExplanationError(message)
    one_output(model)
    try:
        return reader.output(model, rows)
    except ExplanationError:
        raise
    except Exception as problem:
        # Whatever a foreign library raises, the reader of the message needs to know which model refused the rows.
        message = f"{type(model).__name__} refuses these rows: {problem}"
        raise ExplanationError(message) from problem


def same_or_refused(ours: Floats, own: Floats, what: str, tolerance: float = DOUBLE) -> None:
    """Refuse values that are not the model's own output on every row, with the worst row."""
    if own.shape != ours.shape:
        message = f"The model gives {own.shape} outputs for {ours.shape[0]} rows; one a row is needed."
        raise ExplanationError(message)
    off = np.abs(ours - own) / np.maximum(1.0, np.abs(own))
    if len(off) == 0 or (off <= tolerance).all():
        return
    worst = int(np.nanargmax(np.where(np.isnan(off), np.inf, off)))
    message = (
        f"The sum is not the model's own output: {what} give {ours[worst]:.12g} in row {worst}, the model "
        f"{own[worst]:.12g}; {int((~(off <= tolerance)).sum())} of {len(off)} rows differ. Nothing is explained, "
        "because the explanation would be of another model."
    )
    raise ExplanationError(message)


def one_output(model: Any) -> None:
    """Refuse a model of several outputs or of more than two classes."""
    classes = getattr(model, "classes_", None)
    outputs = getattr(model, "n_outputs_", 1)
    if outputs != 1:
        message = f"One output is needed; {type(model).__name__} has {outputs}. Train one model for each."
        raise ExplanationError(message)
    if classes is not None and 0 < len(classes) != 2:
        message = f"Two classes are needed; {type(model).__name__} has {len(classes)}. Train one model a class."
        raise ExplanationError(message)
