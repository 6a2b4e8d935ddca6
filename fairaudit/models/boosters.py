"""LightGBM, XGBoost and CatBoost in their own form: what the objective makes of the raw output is read, not guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SchemaError, listed
from .features import Feature, codes_of
from .voices import Reading, Voice, log_odds_of

MISSING_LIKE = "counted as a missing value"
PRIOR_LIKE = "given CatBoost's prior for a category without history"


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """A booster: either the voice of a classifier, or numbers as given."""

    names: tuple[str, ...]
    features: tuple[Feature, ...]
    unseen: str
    voice: Voice | None
    predict: Reading


def booster_of(model: Any) -> tuple[Any, tuple[Any, ...] | None] | None:
    """Return the booster inside a model and its classes, None where there is none or it is not all of the model.

    Early stopping is kept: XGBoost's booster is cut at the best iteration, as its scikit-learn classes predict.
    """
    library, name = type(model).__module__.partition(".")[0], type(model).__name__
    if library not in ("lightgbm", "xgboost", "catboost"):
        return None
    if library == "catboost" or name == "Booster":
        return (model, None) if hasattr(model, "predict") else None
    classes = tuple(getattr(one, "item", lambda one=one: one)() for one in getattr(model, "classes_", ())) or None
    if library == "lightgbm":
        custom = not isinstance(getattr(model, "objective_", None), str)
        return None if custom else (model.booster_, classes)
    if not isinstance(getattr(model, "objective", None), str) or not np.isnan(model.missing):
        return None
    booster = model.get_booster()
    best = getattr(model, "best_iteration", None) if model.booster != "gblinear" else None
    return (booster if best is None else booster[: best + 1]), classes


def native(model: Any, classes: tuple[Any, ...] | None = None) -> Native:
    """Return how a booster is read.

    Parameters
    ----------
    model
        ``lightgbm.Booster``, ``xgboost.Booster``, or a model of CatBoost.
    classes
        The two classes in the order of the labels 0 and 1, which boosters do not remember (CatBoost does).

    Raises
    ------
    SchemaError
        For an objective of several outputs, or one that gives classes and no score.
    """
    readers = {"lightgbm": _lightgbm, "xgboost": _xgboost, "catboost": _catboost}
    return readers[_library(model)](model, classes or (0, 1))


def _library(model: Any) -> str:
    return str(type(model).__module__.partition(".")[0])


def _several(model: Any, objective: str) -> SchemaError:
    message = (
        f"The {_library(model)} model's objective '{objective}' gives no single score a person. "
        "A score comes from two classes ('binary' and the like), a regression, or a ranking."
    )
    return SchemaError(message)


def _with_categories(rows: Any, categories: dict[str, list[Any]]) -> Any:
    """Return rows whose categories have the codes that the booster was trained with; others become missing."""
    import pandas as pd

    made = {name: pd.Categorical.from_codes(codes_of(rows[name], known), pd.Index(known))
            for name, known in categories.items()}  # fmt: skip
    return rows.assign(**made)


def _labelled(known: list[Any]) -> tuple[str, ...]:
    from ..schema.labels import label

    return tuple(label(value) for value in known)


def _lightgbm(model: Any, classes: tuple[Any, ...]) -> Native:
    header = model.model_to_string(num_iteration=1).partition("\nTree=0")[0]
    fields = dict(line.split("=", 1) for line in header.splitlines() if "=" in line)
    objective, _, settings = fields.get("objective", "custom").partition(" ")
    if int(fields.get("num_tree_per_iteration", "1")) != 1:
        raise _several(model, objective)
    names = tuple(model.feature_name())
    kinds = fields.get("feature_infos", "").split(" ")
    categorical = [name for name, kind in zip(names, kinds, strict=False) if re.fullmatch(r"-?\d+(:-?\d+)*", kind)]
    known = model.pandas_categorical or []
    # Columns that are constant in training have no kind in the file: then LightGBM matches categories by itself.
    sure = len(known) == len(categorical)
    categories = dict(zip(categorical, known, strict=True)) if sure else {}
    features = tuple(
        Feature(name, "category", _labelled(categories[name])) if name in categories
        else Feature(name, "number" if sure and name not in categorical else "any")
        for name in names
    )  # fmt: skip
    # Without pandas' categories, the numbers of a categorical column are its codes.
    features = tuple(Feature(one.name, "number") if one.name in categorical and not known else one for one in features)

    def raw(rows: Any) -> NDArray[np.float64]:
        made: NDArray[np.float64] = model.predict(_with_categories(rows, categories), raw_score=True)
        return made

    def predicted(rows: Any) -> NDArray[np.float64]:
        made: NDArray[np.float64] = model.predict(_with_categories(rows, categories))
        return made

    voice = None
    if objective == "binary":
        slope = re.search(r"sigmoid:([0-9.eE+-]+)", settings)
        forest = "average_output" in header.splitlines()
        factor = float(slope.group(1)) if slope else 1.0
        voice = _binary("LightGBM booster", classes, predicted, raw,
                        None if forest else (lambda rows: factor * raw(rows)))  # fmt: skip
    return Native(names, features, MISSING_LIKE, voice, predicted)


def _xgboost(model: Any, classes: tuple[Any, ...]) -> Native:
    import xgboost

    learner = json.loads(model.save_config())["learner"]
    objective = learner["objective"]["name"]
    if int(learner["learner_model_param"].get("num_class", "0")) > 1 or objective in ("binary:hinge", "multi:softmax"):
        raise _several(model, objective)
    if int(learner["learner_model_param"].get("num_target", "1")) > 1:
        raise _several(model, f"{objective} of several targets")
    names = tuple(model.feature_names or ())
    categories = _xgboost_categories(model)
    types = model.feature_types or ["any"] * len(names)
    features = tuple(
        Feature(name, "category", _labelled(categories[name])) if name in categories
        else Feature(name, "any" if kind in ("c", "any") else "number")
        for name, kind in zip(names, types, strict=True)
    )  # fmt: skip

    def asked(rows: Any, *, margin: bool) -> NDArray[np.float64]:
        # A booster that was trained without names takes columns by their place.
        chosen = _with_categories(rows, categories) if names else np.asarray(rows, dtype=np.float64)
        data = xgboost.DMatrix(chosen, enable_categorical=bool(names))
        return np.asarray(model.predict(data, output_margin=margin), dtype=np.float64)

    voice = None
    if objective in ("binary:logistic", "binary:logitraw"):

        def raw(rows: Any) -> NDArray[np.float64]:
            return asked(rows, margin=True)

        def chance(rows: Any) -> NDArray[np.float64]:
            from scipy.special import expit

            return np.asarray(expit(raw(rows))) if objective == "binary:logitraw" else asked(rows, margin=False)

        voice = _binary("XGBoost booster", classes, chance, raw, raw)
    return Native(names, features, MISSING_LIKE, voice, lambda rows: asked(rows, margin=False))


def _xgboost_categories(model: Any) -> dict[str, list[Any]]:
    if "c" not in (model.feature_types or []) or not hasattr(model, "get_categories"):
        return {}
    from xgboost.core import XGBoostError

    try:
        known = model.get_categories(export_to_arrow=True).to_arrow()
    except (XGBoostError, ValueError):
        return {}
    return {name: values.to_pylist() for name, values in known if values is not None}


def _catboost(model: Any, classes: tuple[Any, ...]) -> Native:
    metadata = model.get_metadata()
    loss = json.loads(metadata["params"])["loss_function"]["type"] if "params" in metadata else "an objective not kept"
    if loss.startswith("Multi") or loss == "RMSEWithUncertainty":
        raise _several(model, loss)
    names = tuple(str(name) for name in model.feature_names_)
    words = {*model.get_cat_feature_indices()}
    odd = {*model.get_text_feature_indices(), *model.get_embedding_feature_indices()}
    features = tuple(Feature(name, "category" if place in words else "any" if place in odd else "number")
                     for place, name in enumerate(names))  # fmt: skip

    def asked(kind: str) -> Callable[[Any], NDArray[np.float64]]:
        return lambda rows: np.asarray(model.predict(rows, prediction_type=kind), dtype=np.float64)

    voice = None
    if loss in ("Logloss", "CrossEntropy"):
        raw = asked("RawFormulaVal")
        own = json.loads(metadata["class_params"])["class_names"] if "class_params" in metadata else []
        voice = _binary("CatBoost model", tuple(own) if len(own) == 2 else classes,
                        lambda rows: asked("Probability")(rows)[:, 1], raw, raw)  # fmt: skip
    linked = loss in ("Poisson", "Tweedie")
    return Native(names, features, PRIOR_LIKE, voice, asked("Exponent" if linked else "RawFormulaVal"))


def _binary(name: str, classes: tuple[Any, ...], chance: Reading, raw: Reading, log_odds: Reading | None) -> Voice:
    if len(classes) != 2 or classes[0] == classes[1]:
        message = f"classes= are the two classes of the labels 0 and 1, got {listed(map(repr, classes))}."
        raise SchemaError(message)

    def both(rows: Any) -> NDArray[np.float64]:
        made = np.asarray(chance(rows), dtype=np.float64)
        return np.column_stack([1.0 - made, made])

    return Voice(name, tuple(classes), both, raw, log_odds or (lambda rows: log_odds_of(both(rows))))
