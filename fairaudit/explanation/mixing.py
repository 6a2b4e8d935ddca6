"""Anything that scores, as a score of some rows and of rows mixed from two of them: one seam for drivers of a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, listed
from ..models.scorecard import Scorecard
from ..models.scorers import scorer_of
from ..models.training import Trained
from ..schema.roles import HigherIs
from .attribution import Explainer, Explanation
from .trees import Floats, Integers


@dataclass(frozen=True, slots=True)
class Mixing:
    """Rows in the model's columns, the score of such rows, and which columns are one feature."""

    rows: Any
    score: Callable[[Any], Floats]
    names: tuple[str, ...]
    columns_of: tuple[Integers, ...]
    """The places of each feature's columns."""
    units: str
    higher_is: HigherIs | None
    cutoff: float | None

    def values_of(self, feature: int, chosen: NDArray[np.intp]) -> Any:
        """Return what one feature says of some rows, several columns as [row, column]."""
        columns = self.columns_of[feature]
        if hasattr(self.rows, "iloc"):
            if len(columns) == 1:
                return self.rows.iloc[chosen, int(columns[0])]
            return self.rows.iloc[chosen, columns].to_numpy(dtype=object)
        return self.rows[chosen][:, columns[0] if len(columns) == 1 else columns]

    def mixed(self, place_of: NDArray[np.intp]) -> Any:
        """Return rows whose features come from the rows ``place_of`` [mixed row, feature] names; types are kept."""
        feature_of = np.empty(self.rows.shape[1], dtype=np.int64)
        for feature, columns in enumerate(self.columns_of):
            feature_of[columns] = feature
        if not hasattr(self.rows, "iloc"):
            return np.stack([self.rows[place_of[:, feature], at] for at, feature in enumerate(feature_of)], axis=1)
        import pandas as pd

        taken = [self.rows.iloc[:, at].array.take(place_of[:, feature]) for at, feature in enumerate(feature_of)]
        made = pd.DataFrame(dict(enumerate(taken)))
        return made.set_axis(self.rows.columns, axis=1)


def mixing_of(scorer: Any, rows: Any, players: Mapping[str, Sequence[str]] | None = None) -> Mixing:
    """Return the seam of an explainer, a scorecard, a trained model, or anything with ``score`` and its columns.

    Parameters
    ----------
    scorer
        What scores.
    rows
        Whom, in columns that have the model's names.
    players
        Columns that are one feature; an explainer has its own.

    Raises
    ------
    FairauditError
        If the object cannot score, or players name columns that are not there.
    """
    if isinstance(scorer, Explainer):
        if players is not None:
            message = "An explainer has its features already: give players= when it is made."
            raise ExplanationError(message)
        return of_explainer(scorer, scorer.read(rows, "the rows"))
    card = scorer.model if isinstance(scorer, Trained) else scorer
    if isinstance(card, Scorecard):
        return mixing_of(Explainer(card, players=players), rows)
    made = scorer_of(scorer)
    return _of_names(rows, tuple(made.feature_names), made.score, str(made.units), made.higher_is, players or {})


def of_explainer(explainer: Explainer, rows: Any) -> Mixing:
    """Return the seam of rows that an explainer has read already."""
    names, player_of = explainer.grouped()
    columns = tuple(np.flatnonzero(player_of == player) for player in range(len(names)))
    target = explainer.target
    return Mixing(rows, target.own, names, columns, explainer.units, target.higher_is, explainer.cutoff)


def of_explanation(made: Explanation) -> Mixing:
    """Return the seam of the rows of an explanation.

    Raises
    ------
    ExplanationError
        If the explanation does not carry the explainer and the rows it came from.
    """
    if made.source is None or made.rows is None:
        message = "This explanation does not carry its rows and its model. Explain the rows with an Explainer first."
        raise ExplanationError(message)
    return of_explainer(made.source, made.rows)


def _of_names(
    rows: Any,
    names: tuple[str, ...],
    score: Callable[[Any], Floats],
    units: str,
    higher_is: HigherIs,
    players: Mapping[str, Sequence[str]],
) -> Mixing:
    from ..models.columns import matched

    frame = matched(rows, names)
    owner = {column: player for player, members in players.items() for column in members}
    unknown = [column for column in owner if column not in names]
    if unknown:
        message = f"players: {unknown[0]!r} is not a column of the model ({listed(names)})."
        raise ExplanationError(message)
    named = [owner.get(name, name) for name in names]
    features = tuple(dict.fromkeys(named))
    columns = tuple(np.flatnonzero([each == feature for each in named]) for feature in features)
    return Mixing(frame, score, features, columns, units, higher_is, None)
