"""Rows scored by a model, on their way to be counted: the score becomes one more column."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cube.cube import Cube
from .errors import SchemaError, listed
from .models.scorer import Scorer

if TYPE_CHECKING:
    import pandas as pd

    from .data.tables import RowTable

SCORE = "score of the model"
_SAID_BY_THE_MODEL = ("score", "higher_is", "score_unit", "counts")


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """Rows with the model's score as a column, and the model."""

    rows: pd.DataFrame
    scorer: Scorer
    source: RowTable
    roles: Mapping[str, Any]
    """The roles of the call, and those that the model fills."""

    def named(self, cube: Cube) -> Cube:
        """Return the cube with the name and the files of what was scored."""
        came = dataclasses.replace(
            cube.provenance,
            name=self.source.name,
            files=self.source.files,
            issues=(*self.source.issues, *cube.provenance.issues),
        )
        return dataclasses.replace(cube, provenance=came)


def score_rows(data: Any, model: Any, roles: Mapping[str, Any]) -> ScoredRows:
    """Score rows, and return them with the roles that the score has.

    Parameters
    ----------
    data
        Rows of any kind; not counts and not a cube, which no model can score.
    model
        What :func:`fairaudit.models.scorers.scorer_of` takes.
    roles
        The roles of the call, without those of a score.

    Raises
    ------
    FairauditError
        If rows cannot be scored, or the call says what only the model can say.
    """
    from .data.tables import read_rows
    from .models.scorers import scorer_of

    for name in _SAID_BY_THE_MODEL:
        if roles.get(name) is not None:
            why = "rows that stand for several people are not scored" if name == "counts" else "the model says it"
            message = f"'{name}' cannot be given together with a model: {why}. Leave one of them out."
            raise SchemaError(message)
    if isinstance(data, Cube) or str(data).endswith(".cube"):
        message = "A model scores rows, and these are counts. Give the rows that they were counted from."
        raise SchemaError(message)
    scorer = scorer_of(model)
    source = read_rows(data)
    if SCORE in source.rows.columns:
        message = f"The data have a column '{SCORE}', which is what the model's score is called. Rename it."
        raise SchemaError(message)
    if not len(source.rows):
        message = f"{source.name} has no rows to score."
        raise SchemaError(message)
    scores = scorer.score(source.rows)
    filled = {**roles, "score": SCORE, "higher_is": scorer.higher_is}
    if scorer.units == "probability":
        filled["score_unit"] = "probability"
    return ScoredRows(source.rows.assign(**{SCORE: scores}), scorer, source, filled)


def refuse_unless_model(model: Any, **given: Any) -> None:
    """Refuse what only makes sense with a model.

    Raises
    ------
    SchemaError
        If something is given and the model is not.
    """
    said = [name for name, value in given.items() if value is not None]
    if model is None and said:
        message = f"{listed(said)} cannot be given without model=: it is about the rows that a model scores."
        raise SchemaError(message)
