"""scikit-learn's tree models.

Traps: its trees round data (never thresholds) to float32; histogram boosting compares float64, puts columns of
categories first and codes them; boosting adds an initial estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ExplanationError
from .reading import DOUBLE, Reader, numbers, same_columns
from .trees import Ensemble, Floats, Integers, joined

LINEAR = ("LinearSVC", "LinearSVR", "LinearDiscriminantAnalysis")
LOG_LINK = ("PoissonRegressor", "GammaRegressor")
LOG_ODDS = ("LogisticRegression", "LogisticRegressionCV", "LinearDiscriminantAnalysis")


def is_from_sklearn(model: Any) -> bool:
    """Return whether the model is scikit-learn's own class: a subclass may predict something else."""
    return type(model).__module__.partition(".")[0] == "sklearn"


def is_linear(model: Any) -> bool:
    """Return whether the raw output is an intercept plus coefficients times columns."""
    name = type(model).__name__
    named = (".linear_model." in type(model).__module__ and name != "TweedieRegressor") or name in LINEAR
    return is_from_sklearn(model) and named and hasattr(model, "coef_")


def has_trees(model: Any) -> bool:
    """Return whether there is a reader for the model's trees."""
    return type(model).__name__ in _PARSERS and is_from_sklearn(model)


def _names(model: Any) -> tuple[str, ...] | None:
    known = getattr(model, "feature_names_in_", None)
    return None if known is None else tuple(str(name) for name in known)


def _output(model: Any, rows: Any) -> Floats:
    """Return the model's own raw output: the margin where it has one, else probability or predicted value."""
    known = getattr(model, "feature_names_in_", None)
    if known is not None and isinstance(rows, np.ndarray):
        from pandas import DataFrame

        rows = DataFrame(rows, columns=list(known))
    if hasattr(model, "decision_function"):
        return np.asarray(model.decision_function(rows), dtype=np.float64)
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows), dtype=np.float64)[:, 1]
    predicted = np.asarray(model.predict(rows), dtype=np.float64)
    return np.log(predicted) if _predicts_through_log(model) else predicted


def _units(model: Any) -> str:
    name = type(model).__name__
    if hasattr(model, "decision_function"):
        logistic = name in LOG_ODDS or (getattr(model, "loss", "") == "log_loss" and hasattr(model, "predict_proba"))
        return "log-odds" if logistic else "decision function"
    if hasattr(model, "predict_proba"):
        return "probability"
    return "log of the predicted value" if _predicts_through_log(model) else "predicted value"


def _predicts_through_log(model: Any) -> bool:
    name = type(model).__name__
    return name in LOG_LINK or (name == "HistGradientBoostingRegressor" and model.loss in ("poisson", "gamma"))


def _inside(model: Any, name: str) -> Any:
    """Return a part that the library keeps to itself; refused by name where a new version has moved it."""
    try:
        return getattr(model, name)
    except AttributeError:
        message = f"This version of scikit-learn keeps no {name} in {type(model).__name__}: its trees cannot be read."
        raise ExplanationError(message) from None


def _categorical(model: Any) -> Any:
    return getattr(model, "is_categorical_", None)


def _encode(model: Any, rows: Any) -> Floats:
    if _categorical(model) is None:
        return numbers(rows)
    return np.asarray(_inside(model, "_preprocessor").transform(rows), dtype=np.float64)


def _origin(model: Any) -> Integers:
    """Return the column behind each encoded one: histogram boosting puts categories first."""
    categorical = _categorical(model)
    if categorical is None:
        return same_columns(int(model.n_features_in_))
    return np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~np.asarray(categorical))]).astype(np.int64)


def _obstacle(model: Any) -> str:
    if not has_trees(model):
        return "it has no trees that are read here"
    start = getattr(model, "init_", "zero")
    constant = isinstance(start, str) or type(start).__name__ in ("DummyRegressor", "DummyClassifier")
    return "" if constant else f"it started from a model of its own (init={type(start).__name__})"


def _plain_tree(tree: Any, scale: float, *, share: bool) -> dict[str, Any]:
    """Return a tree of scikit-learn's own kind; ``share`` for classifiers: the share of the second class."""
    value = tree.value[:, 0, :]
    missing_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return {
        "left": tree.children_left,
        "right": tree.children_right,
        "feature": np.maximum(tree.feature, 0),
        "threshold": tree.threshold,
        "missing_left": missing_left,
        "value": scale * (value[:, 1] / value.sum(axis=1) if share else value[:, 0]),
        "cover": tree.weighted_n_node_samples,
    }


def _tree(model: Any) -> Ensemble:
    trees = [_plain_tree(model.tree_, 1.0, share=hasattr(model, "classes_"))]
    return joined(trees, 0.0, model.n_features_in_, single_precision=True)


def _forest(model: Any) -> Ensemble:
    scale = 1.0 / len(model.estimators_)
    trees = [_plain_tree(each.tree_, scale, share=hasattr(model, "classes_")) for each in model.estimators_]
    return joined(trees, 0.0, model.n_features_in_, single_precision=True)


def _boosting(model: Any) -> Ensemble:
    trees = [_plain_tree(each.tree_, model.learning_rate, share=False) for each in np.ravel(model.estimators_)]
    return joined(trees, _initial(model), model.n_features_in_, single_precision=True)


def _initial(model: Any) -> float:
    """Return the constant that boosting started from."""
    start = model.init_
    if isinstance(start, str) and start == "zero":
        return 0.0
    if type(start).__name__ == "DummyRegressor":
        return float(np.ravel(start.constant_)[0])
    if type(start).__name__ == "DummyClassifier":
        rare = float(np.finfo(np.float32).eps)
        share = float(np.clip(start.class_prior_[1], rare, 1 - rare))
        log_odds = float(np.log(share / (1 - share)))
        return log_odds / 2 if model.loss == "exponential" else log_odds
    message = (
        f"{type(model).__name__} started from a model of its own (init={type(start).__name__}); only a constant start "
        "(init=None or 'zero') can be explained by its trees."
    )
    raise ExplanationError(message)


def _histogram_boosting(model: Any) -> Ensemble:
    known = None
    if _categorical(model) is not None:
        known = _inside(model, "_bin_mapper").make_known_categories_bitsets()
    predictors = [each for round_ in _inside(model, "_predictors") for each in round_]
    trees = [_histogram_tree(each, known) for each in predictors]
    base = float(np.ravel(_inside(model, "_baseline_prediction"))[0])
    return joined(trees, base, model.n_features_in_, single_precision=False)


def _histogram_tree(predictor: Any, known: Any) -> dict[str, Any]:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    codes, unknown = {}, {}
    for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf).tolist():
        chosen = _flags(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]])
        seen = _flags(known[0][known[1][nodes["feature_idx"][node]]])
        # A category that was not there in training goes where a missing value goes.
        codes[node] = np.where(seen, chosen, missing_left[node])
        unknown[node] = bool(missing_left[node])
    return {
        "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
        "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
        "feature": np.where(leaf, 0, nodes["feature_idx"]),
        "threshold": nodes["num_threshold"],
        "missing_left": missing_left,
        "value": nodes["value"],
        "cover": nodes["count"],
        "codes_left": codes,
        "unknown_left": unknown,
    }


def _flags(bitset: Any) -> Any:
    return np.unpackbits(np.ascontiguousarray(bitset, dtype="<u4").view(np.uint8), bitorder="little").astype(bool)


def _read(model: Any) -> Ensemble:
    return _PARSERS[type(model).__name__](model)


_PARSERS: dict[str, Callable[[Any], Ensemble]] = {
    "DecisionTreeClassifier": _tree,
    "DecisionTreeRegressor": _tree,
    "ExtraTreeClassifier": _tree,
    "ExtraTreeRegressor": _tree,
    "RandomForestClassifier": _forest,
    "RandomForestRegressor": _forest,
    "ExtraTreesClassifier": _forest,
    "ExtraTreesRegressor": _forest,
    "GradientBoostingClassifier": _boosting,
    "GradientBoostingRegressor": _boosting,
    "HistGradientBoostingClassifier": _histogram_boosting,
    "HistGradientBoostingRegressor": _histogram_boosting,
}

READER = Reader(
    names=_names,
    width=lambda model: int(model.n_features_in_),
    units=_units,
    output=_output,
    encode=_encode,
    obstacle=_obstacle,
    trees=_read,
    origin=_origin,
    tolerance=DOUBLE,
)
