"""scikit-learn's tree models to ensembles, each compared with the model object's own output before it is used.

Each library has its own traps: scikit-learn's trees round data (never thresholds) to float32, histogram boosting
compares float64 and puts categorical columns first, boosting adds an initial estimate. A parser that is wrong
gives values that add up to its own wrong reading, so only the model's own output can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ExplanationError
from .trees import Ensemble, Floats, predict

TOLERANCE = 1e-9
"""Largest difference to the model's own output, relative to its size (at least 1)."""

SUPPORTED = (
    "scikit-learn's linear and logistic models, DecisionTree, RandomForest, ExtraTrees, GradientBoosting and "
    "HistGradientBoosting (regressors and classifiers of two classes)"
)


def tree_of(model: Any, rows: Floats) -> Ensemble:
    """Return the model's trees, checked against its own output on the rows.

    Raises
    ------
    ExplanationError
        If the model is none of the supported ones, or its trees do not reproduce its own output.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> rows = np.array([[0.0], [1.0], [2.0]])
    >>> ensemble = tree_of(DecisionTreeRegressor().fit(rows, [1.0, 1.0, 4.0]), rows)
    >>> float(ensemble.threshold[0])
    1.5
    """
    parser = _PARSERS.get(type(model).__name__)
    if parser is None or not is_from_sklearn(model):
        message = f"No tree reader for {type(model).__name__}. Supported: {SUPPORTED}."
        raise ExplanationError(message)
    _two_classes(model)
    ensemble = parser(model)
    same_or_refused(predict(ensemble, rows), margin(model, rows), f"the trees read from {type(model).__name__}")
    return ensemble


def has_trees(model: Any) -> bool:
    """Return whether there is a reader for the model's trees."""
    return type(model).__name__ in _PARSERS and is_from_sklearn(model)


def is_from_sklearn(model: Any) -> bool:
    """Return whether the model is scikit-learn's own class: a subclass may predict something else."""
    return type(model).__module__.partition(".")[0] == "sklearn"


def margin(model: Any, rows: Any) -> Floats:
    """Return the model's own raw output: the margin where it has one, else probability or predicted value."""
    _two_classes(model)
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


def units_of(model: Any) -> str:
    """Return the unit of the raw output, in words."""
    if hasattr(model, "decision_function"):
        logistic = getattr(model, "loss", "log_loss") == "log_loss" and hasattr(model, "predict_proba")
        return "log-odds" if logistic else "decision function"
    if hasattr(model, "predict_proba"):
        return "probability"
    return "log of the predicted value" if _predicts_through_log(model) else "predicted value"


def same_or_refused(ours: Floats, own: Floats, what: str) -> None:
    """Refuse values that are not the model's own output on every row, with the worst row."""
    if own.shape != ours.shape:
        message = f"The model gives {own.shape} outputs for {ours.shape[0]} rows; one a row is needed."
        raise ExplanationError(message)
    off = np.abs(ours - own) / np.maximum(1.0, np.abs(own))
    if len(off) == 0 or (off <= TOLERANCE).all():
        return
    worst = int(np.nanargmax(np.where(np.isnan(off), np.inf, off)))
    message = (
        f"The sum is not the model's own output: {what} give {ours[worst]:.12g} in row {worst}, the model "
        f"{own[worst]:.12g}; {int((~(off <= TOLERANCE)).sum())} of {len(off)} rows differ. Nothing is explained, "
        "because the explanation would be of another model."
    )
    raise ExplanationError(message)


def _two_classes(model: Any) -> None:
    classes = getattr(model, "classes_", None)
    outputs = getattr(model, "n_outputs_", 1)
    if outputs != 1:
        message = f"One output is needed; {type(model).__name__} has {outputs}. Train one model for each."
        raise ExplanationError(message)
    if classes is not None and len(classes) != 2:
        message = f"Two classes are needed; {type(model).__name__} has {len(classes)}. Train one model a class."
        raise ExplanationError(message)


def _predicts_through_log(model: Any) -> bool:
    return type(model).__name__ == "HistGradientBoostingRegressor" and model.loss in ("poisson", "gamma")


def _inside(model: Any, name: str) -> Any:
    """Return a part that the library keeps to itself; refused by name where a new version has moved it."""
    try:
        return getattr(model, name)
    except AttributeError:
        message = f"This version of scikit-learn keeps no {name} in {type(model).__name__}: its trees cannot be read."
        raise ExplanationError(message) from None


def _joined(trees: Sequence[dict[str, Any]], base: float, features: int, *, single_precision: bool) -> Ensemble:
    """Lay trees end to end; children that were positions in a tree become positions in the whole."""
    sizes = [len(tree["left"]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)

    def all_of(name: str, kind: Any) -> Any:
        return np.concatenate([np.asarray(tree[name], dtype=kind) for tree in trees])

    def children(name: str) -> Any:
        parts = [np.asarray(tree[name], dtype=np.int64) for tree in trees]
        return np.concatenate([np.where(part < 0, -1, part + root) for part, root in zip(parts, roots, strict=True)])

    return Ensemble(
        roots=roots,
        left=children("left"),
        right=children("right"),
        feature=all_of("feature", np.int64),
        threshold=all_of("threshold", np.float64),
        missing_left=all_of("missing_left", np.bool_),
        value=all_of("value", np.float64),
        cover=all_of("cover", np.float64),
        base=base,
        features=features,
        single_precision=single_precision,
    )


def _plain_tree(tree: Any, scale: float, *, share: bool) -> dict[str, Any]:
    """Return a tree of scikit-learn's own kind; ``share`` for classifiers: the share of the second class."""
    value = tree.value[:, 0, :]
    missing_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count))
    return {
        "left": tree.children_left,
        "right": tree.children_right,
        "feature": tree.feature,
        "threshold": tree.threshold,
        "missing_left": missing_left,
        "value": scale * (value[:, 1] / value.sum(axis=1) if share else value[:, 0]),
        "cover": tree.weighted_n_node_samples,
    }


def _tree(model: Any) -> Ensemble:
    trees = [_plain_tree(model.tree_, 1.0, share=hasattr(model, "classes_"))]
    return _joined(trees, 0.0, model.n_features_in_, single_precision=True)


def _forest(model: Any) -> Ensemble:
    scale = 1.0 / len(model.estimators_)
    trees = [_plain_tree(each.tree_, scale, share=hasattr(model, "classes_")) for each in model.estimators_]
    return _joined(trees, 0.0, model.n_features_in_, single_precision=True)


def _boosting(model: Any) -> Ensemble:
    trees = [_plain_tree(each.tree_, model.learning_rate, share=False) for each in np.ravel(model.estimators_)]
    return _joined(trees, _initial(model), model.n_features_in_, single_precision=True)


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
    if getattr(model, "is_categorical_", None) is not None:
        message = (
            f"{type(model).__name__} was trained with categorical_features; splits on categories are not supported "
            "yet. Train with categorical_features=None on columns encoded as numbers."
        )
        raise ExplanationError(message)
    trees = [_histogram_tree(each.nodes) for round_ in _inside(model, "_predictors") for each in round_]
    base = float(np.ravel(_inside(model, "_baseline_prediction"))[0])
    return _joined(trees, base, model.n_features_in_, single_precision=False)


def _histogram_tree(nodes: Any) -> dict[str, Any]:
    leaf = nodes["is_leaf"].astype(bool)
    return {
        "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
        "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
        "feature": nodes["feature_idx"],
        "threshold": nodes["num_threshold"],
        "missing_left": nodes["missing_go_to_left"],
        "value": nodes["value"],
        "cover": nodes["count"],
    }


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
