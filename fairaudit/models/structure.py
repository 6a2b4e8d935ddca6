"""What an explanation may know of a model besides its scores: that they add up by feature, or come from trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """A score that is ``base + parts(rows).sum(axis=1)``: a points table, a linear model, or what a scorer declares.

    ``parts`` takes prepared rows (a frame of the features in order) and returns an array [row, feature]. ``base`` is
    None where nobody said it: it is then what a row's score has beyond its parts.
    """

    base: float | None
    parts: Callable[[Any], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """An ensemble of trees, whose leaves add up to the raw output of ``model`` for its second class."""

    library: str
    model: Any


TREE_LIBRARIES = {"lightgbm", "xgboost", "catboost"}
_OF_SKLEARN = ("DecisionTree", "ExtraTree", "RandomForest", "GradientBoosting", "HistGradientBoosting")


def structure_of(model: Any, units: str, *, factor: float = 1.0, offset: float = 0.0) -> Additive | Trees | None:
    """Return the structure of a fitted model, None where it is a black box.

    Parameters
    ----------
    model
        A fitted model of scikit-learn, LightGBM, XGBoost or CatBoost; for pipelines and all others None is returned.
    units
        Of the score: an additive score is a margin, points or a prediction as given, never a probability.
    factor, offset
        The score is ``offset + factor * raw output``.
    """
    library = type(model).__module__.partition(".")[0]
    name = type(model).__name__
    if library in TREE_LIBRARIES:
        return Trees(library, model)
    if library != "sklearn":
        return None
    if name.startswith(_OF_SKLEARN):
        return Trees("scikit-learn", model)
    coefficients = getattr(model, "coef_", None)
    linear = type(model).__module__.startswith("sklearn.linear_model") and name in _LINEAR
    if not linear or coefficients is None or units == "probability":
        return None
    weights = np.ravel(np.asarray(coefficients, dtype=np.float64))
    start = float(np.ravel(model.intercept_)[0])
    return Additive(offset + factor * start, lambda rows: factor * weights * np.asarray(rows, dtype=np.float64))


_LINEAR = {
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV",
    "LogisticRegression", "LogisticRegressionCV", "RidgeClassifier",
}  # fmt: skip
