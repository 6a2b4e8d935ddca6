"""The one thing that a model must be: rows in, scores out, with their units and their better side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError, FairauditError
from ..schema.issues import DataIssue
from ..schema.roles import HigherIs
from .features import Feature, prepared, unseen_issues
from .held_out import HeldOut
from .scale import PointsScale

Units = Literal["margin", "probability", "points", "as given"]

NOT_KNOWN = "whatever the model does with it, which it does not say"
"""What is done with a category that was never seen, where nobody can tell."""


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
    """:class:`fairaudit.models.structure.Additive` or :class:`fairaudit.models.structure.Trees`; None: a black box."""
    good: Any = None
    """The class of a classifier that is the good outcome."""
    scale: PointsScale | None = None
    """What makes points of its log-odds."""
    classes: tuple[Any, ...] = ()
    """A classifier's two classes in its own order: its raw output speaks for the second."""
    features: tuple[Feature, ...] = ()
    """What each column holds; empty where the model does not say."""
    unseen: str = NOT_KNOWN
    """What the model does with a category that it never saw."""
    training: Mapping[str, Any] | None = None
    """How it was trained and how it did on people it never saw, where that is on record."""
    held_out: HeldOut | None = None
    """The rows that training never saw, where a saved model has them."""

    def score(self, rows: Any) -> NDArray[np.float64]:
        """Return a finite score for each row.

        Raises
        ------
        FairauditError
            If columns do not match, the model refuses the rows, or a score is missing or not finite.
        """
        from .columns import refuse_infinite

        chosen = self._chosen(rows)
        chosen = prepared(chosen, self.features) if self.features else chosen
        refuse_infinite(chosen)
        try:
            made = np.asarray(self.scores_of(chosen), dtype=np.float64)
        except FairauditError:
            raise
        except Exception as error:  # each library, and each function that a user gives, has errors of its own
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

    def check(self, rows: Any) -> tuple[DataIssue, ...]:
        """Return what is odd about rows to score: categories never seen, counted, and what the model does with them.

        Empty for a model that does not say what it was fitted on.

        Raises
        ------
        FairauditError
            If columns do not match.
        """
        return unseen_issues(self._chosen(rows), self.features, self.unseen)

    def _chosen(self, rows: Any) -> Any:
        from .columns import matched

        return matched(rows, self.feature_names)
