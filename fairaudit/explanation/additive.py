"""Models that say what each feature adds to their raw output: read from the model, or declared by a scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ExplanationError
from ..models.structure import Additive
from .trees import Floats


@dataclass(frozen=True, slots=True)
class Parts:
    """``output(rows)`` is ``base + parts(rows).sum(axis=1)``; ``base`` is None where nobody said it."""

    names: tuple[str, ...]
    units: str
    output: Callable[[Any], Floats]
    parts: Callable[[Any], Floats]
    base: float | None
    what: str


def parts_of(model: Any) -> Parts | None:
    """Return what each feature adds, None for a model that is not additive or does not say so.

    Examples
    --------
    >>> import fairaudit as fa
    >>> made = fa.wrap(lambda rows: rows["a"] ** 2 + rows["b"], higher_is="better", feature_names=["a", "b"],
    ...                parts=lambda rows: rows.assign(a=rows["a"] ** 2))
    >>> parts_of(made).names
    ('a', 'b')
    """
    declared = getattr(model, "structure", None)
    if hasattr(model, "higher_is") and isinstance(declared, Additive):
        names = tuple(str(name) for name in model.feature_names)
        return Parts(
            names, str(model.units), model.score, declared.parts, declared.base, "sum that the scorer declares"
        )
    if is_boosted_sum(model) and not pairs_of(model):
        return _boosted_sum(model)
    return None


def is_boosted_sum(model: Any) -> bool:
    """Return whether the model is a fitted explainable boosting machine of InterpretML."""
    return type(model).__module__.startswith("interpret.") and hasattr(model, "eval_terms")


def pairs_of(model: Any) -> list[tuple[str, ...]]:
    """Return the pairs of features that an explainable boosting machine has a term for."""
    names = [str(name) for name in model.feature_names_in_]
    return [tuple(names[at] for at in term) for term in model.term_features_ if len(term) > 1]


def obstacle(model: Any) -> str:
    """Return why an explainable boosting machine is no sum of features; empty for every other model."""
    if not is_boosted_sum(model):
        return ""
    pairs = ", ".join(" x ".join(pair) for pair in pairs_of(model))
    if not pairs:
        return f"{type(model).__name__} has a link other than the identity, or several outputs"
    return f"{type(model).__name__} has terms of several features ({pairs}); interactions=0 trains one without"


def _boosted_sum(model: Any) -> Parts | None:
    classifier = hasattr(model, "classes_")
    start = np.ravel(np.asarray(model.intercept_, dtype=np.float64))
    if len(start) != 1 or (not classifier and model.link_ != "identity"):
        return None
    columns = [term[0] for term in model.term_features_]
    names = tuple(str(name) for name in model.feature_names_in_)

    def parts(rows: Any) -> Floats:
        made = np.zeros((len(rows), len(names)))
        np.add.at(made.T, columns, np.asarray(model.eval_terms(rows), dtype=np.float64).T)
        return made

    output = model.decision_function if classifier else model.predict
    return Parts(
        names,
        "log-odds" if classifier else "predicted value",
        lambda rows: np.asarray(output(rows), dtype=np.float64),
        parts,
        float(start[0]),
        "generalized additive model",
    )


def added(parts: Callable[[Any], Any], rows: Any, columns: int) -> Floats:
    """Return what each feature adds to each row, checked for its shape and for being finite.

    Raises
    ------
    ExplanationError
        If it is not one finite number a row and feature.
    """
    made = np.asarray(parts(rows), dtype=np.float64)
    if made.shape != (len(rows), columns):
        message = (
            f"parts= gives an array of shape {made.shape} for {len(rows):,} rows; one number a row and feature is "
            f"needed, {(len(rows), columns)}."
        )
        raise ExplanationError(message)
    if not np.isfinite(made).all():
        row, column = (int(at[0]) for at in np.nonzero(~np.isfinite(made)))
        message = f"parts= gives {made[row, column]} for row {row}, feature {column}; it must be finite."
        raise ExplanationError(message)
    return made
