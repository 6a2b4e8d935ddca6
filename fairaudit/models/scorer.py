"""The one thing that a model must be: rows in, scores out, with their units and their better side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..schema.roles import HigherIs
from .scale import PointsScale

Units = Literal["margin", "probability", "points", "as given"]


class Scorer(Protocol):
    """Anything that scores rows."""

    @property
    def units(self) -> Units: ...
    @property
    def higher_is(self) -> HigherIs: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    @property
    def structure(self) -> Any: ...
    def score(self, rows: Any) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True, eq=False)
class WrappedModel:
    """A model with its score; made by :func:`fairaudit.models.wrapping.wrap`."""

    model: Any
    scores_of: Callable[[Any], Any]
    units: Units
    higher_is: HigherIs
    feature_names: tuple[str, ...]
    structure: Any = None
    good: Any = None
    """The class of a classifier that is the good outcome."""
    scale: PointsScale | None = None
    """What makes points of its log-odds."""

    def score(self, rows: Any) -> NDArray[np.float64]:
        """Return a finite score for each row.

        Raises
        ------
        FairauditError
            If columns do not match, the model refuses the rows, or a score is missing or not finite.
        """
        from .columns import matched

        chosen = matched(rows, self.feature_names)
        try:
            made = np.asarray(self.scores_of(chosen), dtype=np.float64)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            message = f"The model {type(self.model).__name__} refuses these rows: {error}"
            raise DataContractError(message) from error
        if made.shape != (len(chosen),):
            message = f"The model returned scores of shape {made.shape} for {len(chosen):,} rows; one a row is needed."
            raise DataContractError(message)
        broken = np.flatnonzero(~np.isfinite(made))
        if broken.size:
            message = (
                f"The model's score is {made[broken[0]]} in row {broken[0]} and not finite in {broken.size:,} rows. "
                "Mend the rows or the model: a person without a score is never left out silently."
            )
            raise DataContractError(message)
        return made
