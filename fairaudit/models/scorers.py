"""Whatever scores, as a scorer: a scorecard, what ``train`` returned, a saved model, or a scorer already."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ..errors import SchemaError
from .loading import load_scorer
from .scorecard import Scorecard
from .scorer import Scorer
from .training import Trained
from .wrapping import wrap


def scorer_of(model: Any) -> Scorer:
    """Return a scorer: a scorecard scores in points, a trained model as ``wrap`` has it, a path is loaded.

    Parameters
    ----------
    model
        A fitted :class:`~fairaudit.models.scorecard.Scorecard`, a
        :class:`~fairaudit.models.training.Trained`, the path of a saved model, or a scorer already.

    Raises
    ------
    SchemaError
        For a bare model, because which class is good is never guessed, and for what is no model.

    Examples
    --------
    >>> card = Scorecard(min_share=0.25).fit([[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 1, 0, 1])
    >>> made = scorer_of(card)
    >>> made.units, made.higher_is, made.feature_names
    ('points', 'better', ('x0',))
    """
    if isinstance(model, (str, Path)):
        return load_scorer(model)
    if isinstance(model, (Trained, Scorecard)):
        return wrap(model)
    if all(hasattr(model, name) for name in ("score", "units", "higher_is", "feature_names")):
        return cast("Scorer", model)
    if not (callable(model) or hasattr(model, "predict")):
        message = f"A {type(model).__name__} cannot score: give a scorecard, a trained or a wrapped model, or its path."
        raise SchemaError(message)
    message = (
        f"A {type(model).__name__} does not say which side of its score is better. Wrap it: "
        "fa.wrap(model, good=...) for a classifier, fa.wrap(model, higher_is=...) for anything else."
    )
    raise SchemaError(message)
