"""Rows scored by a model, on their way to be counted: the score becomes one more column."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .cube.cube import Cube
from .data.clusters import is_dask, is_spark, refuse_unless_there, with_column
from .errors import DataContractError, SchemaError, listed
from .models.held_out import HELD_OUT, HeldOut
from .models.scorer import Scorer, WrappedModel
from .schema.issues import DataIssue
from .schema.provenance import Ledger

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .data.tables import RowTable

SCORE = "score of the model"
NOT_HELD_OUT = "not among the rows that were held out of the model's training"
_SAID_BY_THE_MODEL = ("score", "higher_is", "score_unit", "counts")


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """Rows with the model's score as a column, and the model."""

    rows: Any
    """A pandas table; a Spark or Dask frame where the rows stay there."""
    scorer: Scorer
    source: RowTable | None
    """None where the rows stay where they are."""
    roles: Mapping[str, Any]
    """The roles of the call, and those that the model fills."""
    issues: tuple[DataIssue, ...] = ()
    """What is odd about the rows for this model, such as categories that it never saw."""
    places: NDArray[np.int64] | None = None
    """Where the rows stood in the source, from 0, if only some were kept."""

    def place(self, row: int) -> int:
        """Return where a row stood in the source, from 0."""
        return row if self.places is None else int(self.places[row])

    def named(self, cube: Cube) -> Cube:
        """Return the cube with the name and the files of what was scored."""
        if self.source is None:
            return cube
        ledger, mine = cube.provenance.ledger, (*self.issues, *cube.provenance.issues)
        if self.places is not None:
            ledger += Ledger(aside := len(self.source.rows) - len(self.rows), {NOT_HELD_OUT: aside})
            mine = tuple(
                dataclasses.replace(one, rows=tuple(self.place(row - 1) + 1 for row in one.rows)) for one in mine
            )
        came = dataclasses.replace(
            cube.provenance,
            name=self.source.name,
            ledger=ledger,
            files=self.source.files,
            issues=(*self.source.issues, *mine),
        )
        return dataclasses.replace(cube, provenance=came)


def score_rows(data: Any, model: Any, roles: Mapping[str, Any], *, held_out: bool = False) -> ScoredRows:
    """Score rows, and return them with the roles that the score has.

    Parameters
    ----------
    data
        Rows of any kind; not counts and not a cube, which no model can score.
    model
        What :func:`fairaudit.models.scorers.scorer_of` takes.
    roles
        The roles of the call, without those of a score.
    held_out
        Keep to the rows that the model's training never saw.

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
    if is_spark(data) or is_dask(data):
        return _on_a_cluster(data, scorer, roles, held_out=held_out)
    source = read_rows(data)
    if SCORE in source.rows.columns:
        message = f"The data have a column '{SCORE}', which is what the model's score is called. Rename it."
        raise SchemaError(message)
    if not len(source.rows):
        message = f"{source.name} has no rows to score."
        raise SchemaError(message)
    known = scorer.held_out if isinstance(scorer, WrappedModel) else None
    places = _held_out(known, source) if held_out else None
    rows = source.rows if places is None else source.rows.iloc[places].reset_index(drop=True)
    scores = scorer.score(rows)
    filled = _filled(roles, scorer)
    issues = scorer.check(rows) if isinstance(scorer, WrappedModel) else ()
    if known is not None and not held_out and known.is_of(source.files):
        issues = (_seen_in_training(known), *issues)
    return ScoredRows(rows.assign(**{SCORE: scores}), scorer, source, filled, issues, places)


def _filled(roles: Mapping[str, Any], scorer: Scorer) -> dict[str, Any]:
    filled = {**roles, "score": SCORE, "higher_is": scorer.higher_is}
    if scorer.units == "probability":
        filled["score_unit"] = "probability"
    return filled


def _on_a_cluster(frame: Any, scorer: Scorer, roles: Mapping[str, Any], *, held_out: bool) -> ScoredRows:
    """Return the rows scored where they are, in the moment when they are counted."""
    if held_out:
        message = "held_out is for the very file that a model was trained on, and not for rows of a cluster."
        raise SchemaError(message)
    return ScoredRows(with_scores(frame, scorer, column=SCORE), scorer, None, _filled(roles, scorer))


def with_scores(frame: Any, model: Any, *, column: str = SCORE, decimals: int | None = None) -> Any:
    """Return a table of rows with a model's score as one more column; rows of a cluster are scored where they are.

    Parameters
    ----------
    frame
        A Spark or Dask frame, which stays one and is worked out when it is used; or rows of any kind, which become a
        pandas table.
    model
        What :func:`fairaudit.audit` takes as ``model``. Spark and Dask ship it to their machines as they ship any
        function; fairaudit must be installed there.
    column
        What the score is called.
    decimals
        Round scores to so many: a frame of billions is counted by its different scores, which should not be billions.

    Raises
    ------
    FairauditError
        If a column that the model reads is not there, or one is called like the score.

    Examples
    --------
    >>> from fairaudit.models.wrapping import wrap
    >>> scorer = wrap(lambda rows: rows["income"] * 2, higher_is="better", feature_names=["income"])
    >>> with_scores({"income": [1.0, 2.126]}, scorer, column="score", decimals=1)["score"].tolist()
    [2.0, 4.3]
    """
    from .data.tables import read_rows
    from .models.scorers import scorer_of

    scorer = scorer_of(model)
    cluster = is_spark(frame) or is_dask(frame)
    rows = frame if cluster else read_rows(frame).rows
    if column in rows.columns:
        message = f"The data have a column '{column}', which is what the model's score is called. Rename it."
        raise SchemaError(message)
    if not cluster:
        return rows.assign(**{column: _rounded(scorer.score(rows), decimals)})
    names = list(scorer.feature_names)
    refuse_unless_there(frame, names)
    return with_column(frame, column, lambda rows: _rounded(scorer.score(rows[names]), decimals))


def _rounded(scores: NDArray[np.float64], decimals: int | None) -> NDArray[np.float64]:
    return scores if decimals is None else scores.round(decimals)


def _seen_in_training(known: HeldOut) -> DataIssue:
    message = (
        f"The model was trained on {known.trained_on:,} of these {known.rows:,} rows, and a model does better on rows "
        "that it has seen: rates of error, ranking and calibration come out too good."
    )
    return DataIssue("seen_in_training", message, known.trained_on, "kept; --held-out (held_out=True) leaves them out")


def _held_out(known: HeldOut | None, source: RowTable) -> NDArray[np.int64]:
    """Return the places of the rows that training never saw."""
    if known is None:
        message = (
            "This model does not say which rows its training never saw. A folder that fairaudit train wrote does, for "
            "a single file; of fa.train, audit the rows of its test_rows."
        )
        raise SchemaError(message)
    if not known.is_of(source.files) or len(source.rows) != known.rows:
        message = (
            f"{HELD_OUT} numbers the rows of {known.name} as the model was trained on it ({known.rows:,} rows, sha256 "
            f"{known.sha256[:12]}...), and {source.name} ({len(source.rows):,} rows) is not that file, byte by byte. "
            "Audit that file, or leave held_out (--held-out) out if the model never saw these people."
        )
        raise DataContractError(message)
    if len(known.places) == 0:
        message = f"No row of {known.name} was held out of training, so none is left to audit."
        raise DataContractError(message)
    return known.places


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
