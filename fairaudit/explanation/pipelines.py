"""Which column of the rows is behind each column that a fitted transformer makes.

The answer comes from what the transformer learned (categories, kept columns), never from the names of its output:
a name such as ``home_own`` does not say whether the column was ``home`` or ``home_own``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .sklearn_trees import is_from_sklearn
from .trees import Integers

COLUMN_BY_COLUMN = (
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "QuantileTransformer",
    "PowerTransformer",
    "OrdinalEncoder",
    "Binarizer",
)
"""Transformers that make one column of each."""

Origin = Integers | None
"""The column behind each column made; None where a column is made of several, or nobody here knows."""


def origin_of(transformer: Any, width: int) -> Origin:
    """Return the position of the column behind each column that a fitted transformer makes of ``width`` columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import OneHotEncoder
    >>> made = OneHotEncoder().fit([["own", 1], ["rent", 1], ["own", 2], ["other", 1]])
    >>> origin_of(made, 2).tolist()
    [0, 0, 0, 1, 1]
    """
    if transformer is None or transformer == "passthrough":
        return np.arange(width, dtype=np.int64)
    if not is_from_sklearn(transformer):
        return None
    name = type(transformer).__name__
    if name in COLUMN_BY_COLUMN:
        return np.arange(width, dtype=np.int64)
    reading = _READERS.get(name)
    if reading is not None:
        return reading(transformer, width)
    if hasattr(transformer, "get_support"):
        return np.asarray(transformer.get_support(indices=True), dtype=np.int64)
    return None


def _function(transformer: Any, width: int) -> Origin:
    alone = transformer.func is None or isinstance(transformer.func, np.ufunc)
    return np.arange(width, dtype=np.int64) if alone else None


def _one_hot(encoder: Any, width: int) -> Origin:
    rare = getattr(encoder, "infrequent_categories_", [None] * width)
    dropped = [None] * width if encoder.drop_idx_ is None else list(encoder.drop_idx_)
    many = []
    for categories, few, drop in zip(encoder.categories_, rare, dropped, strict=True):
        together = 0 if few is None else len(few) - 1
        many.append(len(categories) - together - (drop is not None))
    return np.repeat(np.arange(width), many).astype(np.int64)


def _bins(binner: Any, width: int) -> Origin:
    if binner.encode == "ordinal":
        return np.arange(width, dtype=np.int64)
    return np.repeat(np.arange(width), np.asarray(binner.n_bins_)).astype(np.int64)


def _imputer(imputer: Any, width: int) -> Origin:
    kept = np.arange(width)
    if not imputer.keep_empty_features and imputer.strategy != "constant":
        empty = np.array([value is None or value != value for value in imputer.statistics_.tolist()])
        kept = kept[~empty]
    return np.concatenate([kept, _indicated(imputer.indicator_)]).astype(np.int64)


def _indicated(indicator: Any) -> Any:
    return np.zeros(0) if indicator is None else indicator.features_


def _spline(transformer: Any, width: int) -> Origin:
    return np.repeat(np.arange(width), transformer.n_features_out_ // width).astype(np.int64)


def _polynomial(transformer: Any, width: int) -> Origin:  # noqa: ARG001 - as every reader
    """Powers of single columns have an origin; products do not. The constant column moves nothing: it is anybody's."""
    used = np.asarray(transformer.powers_) > 0
    return used.argmax(axis=1).astype(np.int64) if (used.sum(axis=1) <= 1).all() else None


def _target(encoder: Any, width: int) -> Origin:
    return np.arange(width, dtype=np.int64) if encoder.target_type_ in ("binary", "continuous") else None


def _pipeline(pipeline: Any, width: int) -> Origin:
    origin = np.arange(width, dtype=np.int64)
    for _, step in pipeline.steps:
        found = origin_of(step, len(origin))
        if found is None:
            return None
        origin = origin[found]
    return origin


def _columns(transformer: Any, width: int) -> Origin:
    names = list(getattr(transformer, "feature_names_in_", range(width)))
    origin = np.full(sum(made.stop - made.start for made in transformer.output_indices_.values()), -1)
    for name, step, chosen in transformer.transformers_:
        place = transformer.output_indices_[name]
        if isinstance(step, str) and step == "drop":
            continue
        columns = _chosen(chosen, names)
        made = place.stop - place.start
        found = origin_of(step, len(columns)) if made else np.zeros(0, dtype=np.int64)
        if found is None and len(columns) == 1:
            # Whatever a step does with a single column, all that it makes is made of that one.
            found = np.zeros(made, dtype=np.int64)
        if found is None or len(found) != made:
            return None
        origin[place] = columns[found]
    return origin


def _chosen(chosen: Any, names: list[Any]) -> Integers:
    """Return the positions of columns named by name, position, slice or mask."""
    places = {name: at for at, name in enumerate(names)}
    if isinstance(chosen, str):
        return np.array([places[chosen]], dtype=np.int64)
    if isinstance(chosen, slice):
        if isinstance(chosen.start, str) or isinstance(chosen.stop, str):
            last = len(names) if chosen.stop is None else places[chosen.stop] + 1
            return np.arange(places.get(chosen.start, 0), last, dtype=np.int64)
        return np.arange(len(names), dtype=np.int64)[chosen]
    listed = np.atleast_1d(np.asarray(chosen))
    if listed.dtype == bool:
        return np.flatnonzero(listed).astype(np.int64)
    return np.array(
        [places[each] if isinstance(each, str) else int(each) % len(names) for each in listed.tolist()], dtype=np.int64
    )


def _union(union: Any, width: int) -> Origin:
    parts = []
    for _, step in union.transformer_list:
        if isinstance(step, str) and step == "drop":
            continue
        found = origin_of(step, width)
        if found is None:
            return None
        parts.append(found)
    return np.concatenate(parts) if parts else None


_READERS: dict[str, Callable[[Any, int], Origin]] = {
    "FunctionTransformer": _function,
    "OneHotEncoder": _one_hot,
    "KBinsDiscretizer": _bins,
    "SimpleImputer": _imputer,
    "MissingIndicator": lambda indicator, _width: np.asarray(_indicated(indicator), dtype=np.int64),
    "SplineTransformer": _spline,
    "PolynomialFeatures": _polynomial,
    "TargetEncoder": _target,
    "Pipeline": _pipeline,
    "ColumnTransformer": _columns,
    "FeatureUnion": _union,
}
