"""XGBoost's models, scikit-learn's interface and Booster, read from the JSON that they save.

Traps: data are rounded to float32 and compared ``value < threshold``; chosen categories go right; the base score is
a probability or a mean before the link (a vector in newer versions); trees of dart have weights; scikit-learn's
interface predicts with the best iteration only, a Booster with all of them; ``missing`` may be a number; what a
sparse matrix does not hold is missing, not zero.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import ExplanationError
from .reading import SINGLE, Reader, codes_of, numbers, same_columns
from .trees import Ensemble, Floats, joined

LOGISTIC = ("binary:logistic", "reg:logistic", "binary:logitraw")
LOG_LINK = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")


def _booster(model: Any) -> Any:
    return model if type(model).__name__ == "Booster" else model.get_booster()


def _saved(model: Any) -> Any:
    return json.loads(bytes(_booster(model).save_raw("json")))["learner"]


def _names(model: Any) -> tuple[str, ...] | None:
    names = _booster(model).feature_names
    return tuple(str(name) for name in names) if names else None


def _objective(model: Any) -> str:
    settings = json.loads(_booster(model).save_config())["learner"]
    return str(settings["objective"]["name"])


def _units(model: Any) -> str:
    objective = _objective(model)
    if objective in LOGISTIC:
        return "log-odds"
    if objective in LOG_LINK:
        return "log of the predicted value"
    return "predicted value" if objective.startswith("reg:") else "raw score"


def _output(model: Any, rows: Any) -> Floats:
    if type(model).__name__ != "Booster":
        return np.asarray(model.predict(rows, output_margin=True), dtype=np.float64)
    import xgboost

    matrix = xgboost.DMatrix(rows, enable_categorical=hasattr(rows, "columns"))
    return np.asarray(model.predict(matrix, output_margin=True), dtype=np.float64)


def _encode(model: Any, rows: Any) -> Floats:
    if hasattr(rows, "tocoo"):
        held = rows.tocoo()
        made = np.full(held.shape, np.nan)
        made[held.coords] = held.data
        return made
    if not hasattr(rows, "columns"):
        return numbers(rows)
    named = [name for name in rows.columns if str(rows[name].dtype) == "category"]
    if not named:
        return numbers(rows)
    known = _categories(model)
    coded = {}
    for name in named:
        names = known.get(list(rows.columns).index(name))
        column = rows[name].cat
        coded[name] = codes_of(rows[name], column.categories if names is None else names)
    return numbers(rows.assign(**coded))


def _categories(model: Any) -> dict[int, list[Any]]:
    """Return the categories that newer versions keep for each column; older ones take pandas' codes as they are."""
    kept = _saved(model)["gradient_booster"]
    kept = kept.get("gbtree", kept)["model"].get("cats", {}).get("enc", [])
    found: dict[int, list[Any]] = {}
    for at, column in enumerate(kept):
        values = column.get("values", [])
        if column.get("offsets"):
            text, ends = bytes(value & 255 for value in values), column["offsets"]
            found[at] = [text[low:high].decode() for low, high in pairwise(ends)]
        elif values:
            found[at] = values
    return found


def _obstacle(model: Any) -> str:
    settings = json.loads(_booster(model).save_config())["learner"]
    linear = settings["learner_train_param"]["booster"] == "gblinear"
    return "it has no trees (gblinear)" if linear else ""


def _trees(model: Any) -> Ensemble:
    learner = _saved(model)
    settings, booster = learner["learner_model_param"], learner["gradient_booster"]
    if int(settings.get("num_class", 0)) > 1 or int(settings.get("num_target", 1)) > 1:
        message = "One output is needed; this XGBoost model has several. Train one model for each."
        raise ExplanationError(message)
    forest = booster.get("gbtree", booster)["model"]
    many = len(forest["trees"])
    best = learner["attributes"].get("best_iteration")
    if best is not None and type(model).__name__ != "Booster":
        at = forest.get("iteration_indptr")
        rounds = int(best) + 1
        many = at[rounds] if at else rounds * max(1, int(forest["gbtree_model_param"]["num_parallel_tree"]))
    weights = booster.get("weight_drop", [1.0] * many)
    trees = [_tree(tree, weight) for tree, weight in zip(forest["trees"][:many], weights[:many], strict=True)]
    missing = getattr(model, "missing", None)
    missing = np.nan if missing is None else float(missing)
    base = _base(settings["base_score"], learner["objective"]["name"])
    return joined(trees, base, int(settings["num_feature"]), single_precision=True, missing_value=missing)


def _base(saved: str, objective: str) -> float:
    """Return the base score on the scale of the margin."""
    base = float(np.float32(json.loads(saved)[0] if saved.startswith("[") else float(saved)))
    if objective in LOGISTIC:
        return float(np.log(base / (1.0 - base)))
    return float(np.log(base)) if objective in LOG_LINK else base


def _tree(tree: Any, weight: float) -> dict[str, Any]:
    left = np.array(tree["left_children"], dtype=np.int64)
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    default_left = np.array(tree["default_left"], dtype=bool)
    codes = {}
    segments = zip(tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True)
    for node, start, size in segments:
        chosen = np.array(tree["categories"][start : start + size], dtype=np.int64)
        flags = np.ones(int(chosen.max(initial=0)) + 1, dtype=bool)
        flags[chosen] = False
        # The bits are stored in whole words: codes beyond the last chosen one go left like unknown ones.
        codes[int(node)] = np.concatenate([flags, np.ones(-len(flags) % 64, dtype=bool)])
    return {
        "left": left,
        "right": np.array(tree["right_children"], dtype=np.int64),
        "feature": np.where(left < 0, 0, np.array(tree["split_indices"], dtype=np.int64)),
        "threshold": np.nextafter(condition, np.float32(-np.inf)).astype(np.float64),
        "missing_left": default_left,
        "value": np.where(left < 0, condition.astype(np.float64) * weight, 0.0),
        "cover": np.array(tree["sum_hessian"], dtype=np.float64),
        "codes_left": codes,
        "unknown_left": dict.fromkeys(codes, True),
    }


READER = Reader(
    names=_names,
    width=lambda model: int(_booster(model).num_features()),
    units=_units,
    output=_output,
    encode=_encode,
    obstacle=_obstacle,
    trees=_trees,
    origin=lambda model: same_columns(int(_booster(model).num_features())),
    tolerance=SINGLE,
)
