"""CatBoost's models without categories, read from the JSON that they save; with categories, its own values.

Traps: data are rounded to float32 and go right where ``value > border``; a tree has one split a level, so that its
leaves are numbered by the bits of its splits; what a missing value is depends on the column. A category becomes
statistics of the training rows inside the model, which trees alone do not hold.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ExplanationError
from .reading import DOUBLE, Reader, numbers, same_columns
from .trees import Ensemble, Floats, joined

LOG_LINK = ("Poisson", "Tweedie")


def _names(model: Any) -> tuple[str, ...] | None:
    names = tuple(str(name) for name in model.feature_names_)
    return None if names == tuple(str(at) for at in range(len(names))) else names


def _units(model: Any) -> str:
    loss = str(model.get_all_params().get("loss_function", "")).partition(":")[0]
    if loss in ("Logloss", "CrossEntropy"):
        return "log-odds"
    if loss in LOG_LINK:
        return "log of the predicted value"
    return "predicted value" if loss in ("RMSE", "MAE", "Quantile", "Huber", "MAPE") else "raw score"


def _output(model: Any, rows: Any) -> Floats:
    return np.asarray(model.predict(rows, prediction_type="RawFormulaVal"), dtype=np.float64)


def has_categories(model: Any) -> bool:
    """Return whether the model was trained with columns of categories."""
    return bool(model.get_cat_feature_indices())


def _obstacle(model: Any) -> str:
    if has_categories(model):
        return "it turns categories into statistics of its training rows"
    if model.get_text_feature_indices() or model.get_embedding_feature_indices():
        return "it has columns of text or embeddings"
    if model.get_all_params().get("grow_policy", "SymmetricTree") != "SymmetricTree":
        return "its trees are not symmetric (grow_policy)"
    return ""


def own_values(model: Any, rows: Any) -> tuple[Floats, float]:
    """Return CatBoost's own path-dependent values of rows with categories, and their base."""
    import catboost

    pool = catboost.Pool(rows, cat_features=model.get_cat_feature_indices())
    made = np.asarray(model.get_feature_importance(data=pool, type="ShapValues"), dtype=np.float64)
    return made[:, :-1], float(made[0, -1])


def _trees(model: Any) -> Ensemble:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        saved = json.loads(path.read_text(encoding="utf-8"))
    scale, biases = saved["scale_and_bias"]
    if len(biases) != 1:
        message = "One output is needed; this CatBoost model has several. Train one model a class."
        raise ExplanationError(message)
    columns = {each["feature_index"]: each["flat_feature_index"] for each in saved["features_info"]["float_features"]}
    missing_right = {
        each["feature_index"]: each["nan_value_treatment"] == "AsTrue"
        for each in saved["features_info"]["float_features"]
    }
    trees = [_tree(tree, scale, columns, missing_right) for tree in saved["oblivious_trees"]]
    if not trees:
        message = "The CatBoost model has no trees."
        raise ExplanationError(message)
    return joined(trees, float(biases[0]), len(model.feature_names_), single_precision=True)


def _tree(tree: Any, scale: float, columns: dict[int, int], missing_right: dict[int, bool]) -> dict[str, Any]:
    """Return a tree whose root is its last split: the order in which the library itself weighs paths by cover."""
    splits = tree["splits"][::-1]
    depth = len(splits)
    inner = (1 << depth) - 1
    level = np.array([(at + 1).bit_length() - 1 for at in range(inner)], dtype=np.int64)
    nodes = np.arange(2 * inner + 1)
    leaf = nodes >= inner
    asked = [split["float_feature_index"] for split in splits]
    borders = [float(np.float32(split["border"])) for split in splits]
    weights = np.zeros(2 * inner + 1)
    weights[inner:] = tree["leaf_weights"]
    for node in range(inner - 1, -1, -1):
        weights[node] = weights[2 * node + 1] + weights[2 * node + 2]

    def by_level(values: list[Any]) -> Any:
        return np.concatenate([np.array(values)[level] if depth else [], np.zeros(inner + 1)])

    return {
        "left": np.where(leaf, -1, 2 * nodes + 1),
        "right": np.where(leaf, -1, 2 * nodes + 2),
        "feature": by_level([columns[each] for each in asked]),
        "threshold": by_level(borders),
        "missing_left": by_level([not missing_right[each] for each in asked]),
        "value": np.concatenate([np.zeros(inner), scale * np.array(tree["leaf_values"], dtype=np.float64)]),
        "cover": weights,
    }


READER = Reader(
    names=_names,
    width=lambda model: len(model.feature_names_),
    units=_units,
    output=_output,
    encode=lambda _model, rows: numbers(rows),
    obstacle=_obstacle,
    trees=_trees,
    origin=lambda model: same_columns(len(model.feature_names_)),
    tolerance=DOUBLE,
)
