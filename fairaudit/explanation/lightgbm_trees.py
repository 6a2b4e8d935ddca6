"""LightGBM's models, scikit-learn's interface and Booster, read from the text that they save.

Traps: float64 ``value <= threshold``; what a missing value is depends on the node (NaN, zero, or nothing: then NaN
is compared as zero); numbers nearer to zero than 1e-35 are zero; categories are bits, and a code without a bit goes
right; a random forest averages; a linear tree has a regression in each leaf and is no tree of constants.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import ExplanationError
from .reading import DOUBLE, Reader, codes_of, numbers, same_columns
from .trees import Ensemble, Floats, joined

CATEGORICAL, DEFAULT_LEFT = 1, 2
ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2
AVERAGE = "\naverage_output\n"
LOG_LINK = ("poisson", "gamma", "tweedie")


def _booster(model: Any) -> Any:
    return model if type(model).__name__ == "Booster" else model.booster_


def _names(model: Any) -> tuple[str, ...] | None:
    names = tuple(str(name) for name in _booster(model).feature_name())
    made_up = all(name == f"Column_{at}" for at, name in enumerate(names))
    return None if made_up else names


def _objective(model: Any) -> str:
    found = re.search(r"^objective=(.*)$", _booster(model).model_to_string(num_iteration=1), flags=re.MULTILINE)
    return found.group(1).strip() if found else "custom"


def _units(model: Any) -> str:
    objective, *options = _objective(model).split() or ["custom"]
    if objective == "binary":
        return "log-odds" if "sigmoid:1" in options else "raw score"
    if objective == "cross_entropy":
        return "log-odds"
    if objective in LOG_LINK:
        return "log of the predicted value"
    squared = objective in ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
    return "predicted value" if squared and "sqrt" not in options else "raw score"


def _output(model: Any, rows: Any) -> Floats:
    raw = np.asarray(model.predict(rows, raw_score=True), dtype=np.float64)
    if raw.ndim == 2:
        message = "One output is needed; this LightGBM model has several. Train one model a class."
        raise ExplanationError(message)
    head = str(_booster(model).model_to_string(num_iteration=1))  # the whole text takes longer than a prediction
    return raw * _scale(_text(model)) if AVERAGE in head else raw


def _text(model: Any) -> str:
    return str(_booster(model).model_to_string())


def _scale(text: str) -> float:
    """Return what a sum of trees is multiplied by: a random forest's raw score is a sum, its prediction an average."""
    return 1.0 / text.count("\nTree=") if AVERAGE in text else 1.0


def _encode(model: Any, rows: Any) -> Floats:
    categories = _booster(model).pandas_categorical
    if not categories or not hasattr(rows, "columns"):
        return numbers(rows)
    named = [name for name in rows.columns if str(rows[name].dtype) == "category"]
    if len(named) != len(categories):
        message = (
            f"The model was trained with {len(categories)} columns of pandas' category type; these rows have "
            f"{len(named)}. Turn the same columns into categories."
        )
        raise ExplanationError(message)
    return numbers(
        rows.assign(**{name: codes_of(rows[name], known) for name, known in zip(named, categories, strict=True)})
    )


def _obstacle(model: Any) -> str:
    text = _text(model)
    return "its leaves are regressions (linear_tree)" if re.search(r"^is_linear=1$", text, flags=re.MULTILINE) else ""


def _trees(model: Any) -> Ensemble:
    text = _text(model)
    head, *blocks = text.partition("\nend of trees")[0].split("\nTree=")
    settings = dict(line.partition("=")[::2] for line in head.splitlines())
    parts = [dict(line.partition("=")[::2] for line in block.splitlines()[1:]) for block in blocks]
    trees = [_tree(part, _scale(text)) for part in parts]
    zeros = {column for tree in trees for column in tree["zero_missing"]}
    if zeros & {column for tree in trees for column in tree["others"]}:
        message = (
            "A column's zeros mean 'missing' in some of the trees only. Such a LightGBM model cannot be explained."
        )
        raise ExplanationError(message)
    width = int(settings["max_feature_idx"]) + 1
    return joined(
        trees, 0.0, width, single_precision=False, zero_missing=tuple(sorted(zeros)), tiny_is_zero=True
    )  # fmt: skip


def _tree(part: dict[str, str], scale: float) -> dict[str, Any]:
    """Return one tree: its inner nodes first, then its leaves."""

    def array(name: str, kind: Any) -> Any:
        return np.array(part.get(name, "").split(), dtype=kind)

    leaves = int(part["num_leaves"])
    inner = leaves - 1
    blank = np.zeros(leaves)
    leaf_value = array("leaf_value", np.float64) * scale
    if not inner:
        root = {"left": [-1], "right": [-1], "feature": [0], "threshold": [0.0], "missing_left": [False]}
        return {**root, "value": leaf_value, "cover": [1.0], "zero_missing": (), "others": ()}
    kind = array("decision_type", np.int64)
    feature, threshold = array("split_feature", np.int64), array("threshold", np.float64)
    missing = (kind >> 2) & 3
    categorical = (kind & CATEGORICAL) > 0
    to_left = np.where(missing == 0, threshold >= 0.0, (kind & DEFAULT_LEFT) > 0) & ~categorical
    bounds, words = array("cat_boundaries", np.int64), array("cat_threshold", np.uint32)
    codes = {}
    for node in np.flatnonzero(categorical).tolist():
        which = int(threshold[node])
        mine = words[bounds[which] : bounds[which + 1]]
        codes[node] = np.unpackbits(mine.astype("<u4").view(np.uint8), bitorder="little")

    def children(name: str) -> Any:
        child = array(name, np.int64)
        return np.concatenate([np.where(child < 0, inner + ~child, child), np.full(leaves, -1)])

    zero = (missing == ZERO_IS_MISSING) & ~categorical
    return {
        "left": children("left_child"),
        "right": children("right_child"),
        "feature": np.concatenate([feature, blank]),
        "threshold": np.concatenate([np.where(categorical, 0.0, threshold), blank]),
        "missing_left": np.concatenate([to_left, blank]),
        "value": np.concatenate([np.zeros(inner), leaf_value]),
        "cover": np.concatenate([array("internal_count", np.float64), array("leaf_count", np.float64)]),
        "codes_left": codes,
        "unknown_left": dict.fromkeys(codes, False),
        "zero_missing": feature[zero].tolist(),
        "others": feature[~zero].tolist(),
    }


READER = Reader(
    names=_names,
    width=lambda model: int(_booster(model).num_feature()),
    units=_units,
    output=_output,
    encode=_encode,
    obstacle=_obstacle,
    trees=_trees,
    origin=lambda model: same_columns(int(_booster(model).num_feature())),
    tolerance=DOUBLE,
)
