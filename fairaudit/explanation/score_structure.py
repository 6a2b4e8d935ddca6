"""How a score is made, for those models where that can be read: a sum of parts, or trees.

Everything is read in *merit*: the model's raw output, turned so that more is better. A reading is used only after it
has given the model's own output on mixed rows; otherwise the score is a black box and is searched.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..models.columns import matched
from ..models.features import codes_of, prepared
from ..models.scorecard import Scorecard
from ..models.scorer import Scorer, WrappedModel
from ..models.structure import Additive
from . import parsing, sklearn_trees
from .opening import Opened, opened
from .reading import DOUBLE
from .trees import Ensemble, Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 1e-7
"""Largest difference between the reading and the model's own output, relative to its size (at least 1)."""
MIXED = 64
"""Rows with values mixed at random on which the reading is compared with the model."""


class NotReadableError(Exception):
    """The score is a black box here, and why."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A model's raw output as merit, and the merit that the cut-off stands for."""

    merit: Callable[[pd.DataFrame], Floats]
    needed: float
    inside: Opened | None = None
    """The model opened up; None for a scorecard."""
    taken: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    """Rows as the opened model takes them."""
    sign: float = 1.0
    offset: float = 0.0
    """Merit is ``offset + sign * raw output``."""
    tolerance: float = DOUBLE


@dataclass(frozen=True, slots=True)
class Sums:
    """Merit is a sum: for each feature what each of its values adds, up to a constant."""

    parts: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Forest:
    """Merit is ``offset + sign * (base + leaves)``: where each node sends each value of its column."""

    ensemble: Ensemble
    sign: float
    offset: float
    owner: Mapping[int, str]
    """The changeable feature that makes a column."""
    codes: Mapping[str, Integers]
    """Feature -> values x columns: the place of each value's code among those of the column."""
    row_codes: Integers
    """Rows x columns: the same of the people's own rows."""
    left: Mapping[int, NDArray[np.bool_]]
    """Inner node -> whether each code of its column goes left."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A reading of the score of some rows."""

    kind: str
    needed: float
    merit: Floats
    """The merit of each person's own row."""
    sums: Sums | None = None
    forest: Forest | None = None


def structure_of(
    scorer: Scorer, rows: pd.DataFrame, values: Mapping[str, Sequence[Any]], cutoff: float, rng: np.random.Generator
) -> Structure:
    """Read the score of the rows over all values that their features may take.

    Parameters
    ----------
    scorer
        The score.
    rows
        The people, in the scorer's features.
    values
        Feature -> every value that somebody has or may change it to.
    cutoff
        In units of the score.
    rng
        Draws the mixed rows of the comparison.

    Raises
    ------
    NotReadableError
        If the model is none of the kinds that can be read, or the reading is not the model's own output.
    """
    try:
        return _read(scorer, rows, values, cutoff, rng)
    except (ValueError, TypeError) as error:  # of ours, or of a library that cannot take the rows
        raise NotReadableError(str(error)) from error


def changed(rows: pd.DataFrame, columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return the rows with some columns replaced, in the column's own type where it holds the values."""
    import pandas as pd

    made = rows.copy()
    for name, values in columns.items():
        old = rows[name]
        new = pd.Series(list(values), index=rows.index, dtype=object)
        if old.dtype.kind in "iu" and any(float(value) != int(value) for value in values):
            made[name] = new.astype(np.float64)
        else:
            made[name] = new.astype(old.dtype)
    return made


def _read(
    scorer: Scorer, rows: pd.DataFrame, values: Mapping[str, Sequence[Any]], cutoff: float, rng: np.random.Generator
) -> Structure:
    raw = _raw_of(scorer, cutoff)
    merit = raw.merit(rows)
    alone = _one_at_a_time(rows, values)
    if raw.inside is None or raw.inside.kind != "trees":
        base, parts, start = float(raw.merit(rows.iloc[:1])[0]), {}, 0
        all_parts = raw.merit(alone) - base
        for name, some in values.items():
            parts[name] = all_parts[start : start + len(some)]
            start += len(some)
        made = Structure("sum of parts", raw.needed, merit, sums=Sums(parts))
    else:
        made = Structure("trees", raw.needed, merit, forest=_forest(raw, rows, alone, values))
    _compare(made, scorer, raw, rows, values, cutoff, rng)
    # Libraries add up in single precision: the line is lowered by as much as the reading may be off.
    return replace(made, needed=made.needed - raw.tolerance * max(1.0, abs(made.needed)))


def _one_at_a_time(rows: pd.DataFrame, values: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return the first row again and again, with one feature at each of its values."""
    import pandas as pd

    first = rows.iloc[:1]
    blocks = [changed(pd.concat([first] * len(some), ignore_index=True), {name: some}) for name, some in values.items()]
    return pd.concat(blocks, ignore_index=True)


def _raw_of(scorer: Scorer, cutoff: float) -> Raw:
    if _declares_a_sum(scorer):
        sign = 1.0 if scorer.higher_is == "better" else -1.0
        return Raw(lambda frame: sign * scorer.score(matched(frame, scorer.feature_names)), sign * cutoff)
    if not isinstance(scorer, WrappedModel):
        message = f"a {type(scorer).__name__} is not read"
        raise NotReadableError(message)

    def taken(frame: pd.DataFrame) -> pd.DataFrame:
        rows = matched(frame, scorer.feature_names)
        made: pd.DataFrame = prepared(rows, scorer.features) if scorer.features else rows
        return made

    card = scorer.model
    if isinstance(card, Scorecard):
        if scorer.units == "points" and scorer.scale == card.points_scale:
            return Raw(lambda frame: card.points(taken(frame)), cutoff)
        return Raw(lambda frame: card.log_odds(taken(frame)), _log_odds_needed(scorer, cutoff))
    inside = opened(scorer.model)
    if inside.kind not in ("trees", "linear", "additive"):
        raise NotReadableError(inside.why)
    if inside.note:
        message = f"what can be read is {inside.note}"
        raise NotReadableError(message)
    sign, offset, needed = _turned(scorer, inside, cutoff)

    def named(frame: pd.DataFrame) -> pd.DataFrame:
        rows = _with_categories(scorer, inside, taken(frame))
        renamed = inside.names is not None and inside.names != scorer.feature_names
        return rows.set_axis(list(inside.names or ()), axis=1) if renamed else rows

    def merit(frame: pd.DataFrame) -> Floats:
        made: Floats = offset + sign * inside.output(named(frame))
        return made

    return Raw(merit, needed, inside, named, sign, offset, inside.tolerance)


def _declares_a_sum(scorer: Scorer) -> bool:
    """Return whether the scorer itself says what each feature adds, and not the model that it wraps."""
    if not isinstance(getattr(scorer, "structure", None), Additive):
        return False
    return not isinstance(scorer, WrappedModel) or (scorer.good is None and not hasattr(scorer.model, "predict"))


def _with_categories(scorer: WrappedModel, inside: Opened, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose words are pandas' categories, for a booster that was trained on them."""
    import pandas as pd

    if inside.encodes or parsing.reader_of(inside.final) in (None, sklearn_trees.READER):
        return rows
    words = [one for one in scorer.features if one.kind == "category" and one.categories is not None]
    made = {
        one.name: pd.Categorical.from_codes(
            codes_of(rows[one.name], one.categories or ()), pd.Index(list(one.categories or ()))
        )
        for one in words
    }
    return rows.assign(**made)


def _turned(scorer: WrappedModel, inside: Opened, cutoff: float) -> tuple[float, float, float]:
    """Return sign and offset that make merit of the raw output, and the merit that the cut-off stands for."""
    own, name = inside.units, type(inside.final).__name__
    if scorer.good is None:
        sign = 1.0 if scorer.higher_is == "better" else -1.0
        if own == "log of the predicted value" and cutoff > 0:
            return sign, 0.0, sign * math.log(cutoff)
        if own != "predicted value":
            message = f"a cut-off of {cutoff:g} is not read on the {own} of a {name}"
            raise NotReadableError(message)
        return sign, 0.0, sign * cutoff
    second = [*scorer.classes].index(scorer.good) == 1
    sign = 1.0 if second else -1.0
    if own == "decision function" and scorer.units == "margin":
        return sign, 0.0, cutoff
    if own == "log-odds":
        return sign, 0.0, _log_odds_needed(scorer, cutoff)
    if own != "probability":
        message = f"the {scorer.units} of a {name} is not read from its {own}"
        raise NotReadableError(message)
    offset = 0.0 if second else 1.0
    if scorer.units == "probability":
        return sign, offset, cutoff
    needed = _log_odds_needed(scorer, cutoff)
    return sign, offset, 1 / (1 + math.exp(-min(max(needed, -700.0), 700.0)))


def _log_odds_needed(scorer: WrappedModel, cutoff: float) -> float:
    if scorer.units == "probability":
        if not 0 < cutoff < 1:
            message = f"a cut-off of {cutoff:g} is no probability between 0 and 1"
            raise NotReadableError(message)
        return math.log(cutoff) - math.log1p(-cutoff)
    if scorer.units == "points" and scorer.scale is not None:
        return float(scorer.scale.log_odds(cutoff))
    return cutoff


def _forest(raw: Raw, rows: pd.DataFrame, alone: pd.DataFrame, values: Mapping[str, Sequence[Any]]) -> Forest:
    import pandas as pd

    inside = raw.inside
    assert inside is not None  # noqa: S101 - only a scorecard has none, and it has no trees
    assert raw.taken is not None  # noqa: S101 - it comes with the opened model
    both = raw.taken(pd.concat([rows, alone], ignore_index=True))
    coded = np.asarray(inside.encode(both), dtype=np.float64)
    reader = parsing.reader_of(inside.final)
    if reader is None:
        message = f"there is no reader for {type(inside.final).__name__}"
        raise NotReadableError(message)
    ensemble = parsing.checked(inside.final, reader, coded, inside.output(both))
    places = np.zeros(coded.shape, dtype=np.int64)
    uniques = []
    for column in range(coded.shape[1]):
        unique, places[:, column] = np.unique(coded[:, column], return_inverse=True)
        uniques.append(unique)
    names = list(rows.columns)
    owner = {column: names[origin] for column, origin in enumerate(inside.origin.tolist()) if names[origin] in values}
    codes, start = {}, len(rows)
    for name, some in values.items():
        codes[name] = places[start : start + len(some)]
        start += len(some)
    left = _directions(ensemble, uniques)
    return Forest(ensemble, raw.sign, raw.offset, owner, codes, places[: len(rows)], left)


def _directions(ensemble: Ensemble, uniques: Sequence[Floats]) -> dict[int, NDArray[np.bool_]]:
    """Return where each inner node sends each code of its column.

    Each node is asked as a tree of its own with two leaves, by the same walk that predicts: so any kind of split
    that the walk knows is known here.
    """
    from .kernel import predict

    left: dict[int, NDArray[np.bool_]] = {}
    inner = np.flatnonzero(ensemble.left >= 0)
    leaves = np.flatnonzero(ensemble.left < 0)
    if not len(inner):
        return left
    yes, no = leaves[:2]
    stump = replace(
        ensemble,
        left=np.where(ensemble.left >= 0, yes, -1),
        right=np.where(ensemble.left >= 0, no, -1),
        value=np.where(np.arange(len(ensemble.left)) == yes, 1.0, 0.0),
        base=0.0,
    )
    asked = [np.zeros((len(unique), ensemble.features)) for unique in uniques]
    for column, unique in enumerate(uniques):
        asked[column][:, column] = unique
    for node in inner.tolist():
        one = replace(stump, roots=np.array([node], dtype=np.int64))
        left[node] = predict(one, asked[int(ensemble.feature[node])]) > 0.5
    return left


def _compare(
    made: Structure,
    scorer: Scorer,
    raw: Raw,
    rows: pd.DataFrame,
    values: Mapping[str, Sequence[Any]],
    cutoff: float,
    rng: np.random.Generator,
) -> None:
    """Refuse a reading that is not the model's own output, or puts somebody on the other side of the cut-off."""
    base = rows.iloc[rng.integers(len(rows), size=MIXED)].reset_index(drop=True)
    picked = {name: rng.integers(len(some), size=MIXED) for name, some in values.items()}
    mixed = changed(base, {name: [values[name][place] for place in places] for name, places in picked.items()})
    own = raw.merit(mixed)
    if made.sums is not None:
        fixed = changed(base, {name: [rows[name].iloc[0]] * MIXED for name in values})
        ours = raw.merit(fixed) + sum(part[picked[name]] for name, part in made.sums.parts.items())
        off = np.abs(ours - own) / np.maximum(1.0, np.abs(own))
        if not (off <= max(TOLERANCE, raw.tolerance)).all():
            message = "what its features add depends on other features"
            raise NotReadableError(message)
    score = scorer.score(mixed)
    good = score >= cutoff if scorer.higher_is == "better" else score <= cutoff
    near = np.abs(own - made.needed) <= max(TOLERANCE, raw.tolerance) * max(1.0, abs(made.needed))
    if not ((good == (own >= made.needed)) | near).all():
        message = "its raw output and its score stand on different sides of the cut-off"
        raise NotReadableError(message)
