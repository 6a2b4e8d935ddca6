"""The people of a search: what they are scored on, their groups, their outcomes, and who belongs to which split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnNotFoundError, DataContractError, SchemaError, listed, suggestion
from ..schema.labels import MISSING, label

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
FEWEST = 100
"""People of a split below which nothing can be searched or tested."""
FEWEST_OF_KIND = 20
"""People of each outcome, and of the group and its reference, that a split has at least."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Everybody, in the order given."""

    rows: pd.DataFrame
    """All columns, the features among them."""
    groups: Mapping[str, NDArray[np.object_]]
    """The label of each person, by attribute."""
    good: Bools
    """Whether the outcome was good; False where it is not known."""
    known: Bools
    """Whether the outcome was observed."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.good)

    def of(self, places: Places) -> People:
        """Return some of the people."""
        groups = {name: labels[places] for name, labels in self.groups.items()}
        return People(self.rows.iloc[places], groups, self.good[places], self.known[places])

    def digest(self) -> str:
        """Return the SHA-256 of rows, groups and outcomes."""
        import pandas as pd

        made = hashlib.sha256()
        for name in self.rows.columns:
            made.update(str(name).encode())
            made.update(pd.util.hash_pandas_object(self.rows[name], index=False).to_numpy().tobytes())
        for name, labels in self.groups.items():
            made.update("\0".join([name, *labels.tolist()]).encode())
        made.update(np.packbits(self.good).tobytes() + np.packbits(self.known).tobytes())
        return made.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Places of the people that candidates are trained on, chosen on, and judged on; no one is in two."""

    training: Places
    selection: Places
    verdict: Places
    incumbent_unseen: bool
    """Whether the incumbent is known not to have seen selection and verdict."""


def people_of(X: Any, y: Any, groups: Any, good: Any) -> People:  # noqa: N803 - scikit-learn's name
    """Return the people of a search.

    Parameters
    ----------
    X
        A pandas DataFrame, one row a person; the features, and what is named in ``groups``.
    y
        The outcome of each person; missing where it was not observed.
    groups
        Names of columns of ``X``, or columns of labels by attribute, as a mapping or a frame.
    good
        The value of ``y`` that is the good outcome.

    Raises
    ------
    FairauditError
        If something is missing, of another length, or not two outcomes.

    Examples
    --------
    >>> import pandas as pd
    >>> made = people_of(pd.DataFrame({"income": [1, 2, 3]}), [1, 0, None], {"sex": ["F", "M", None]}, good=1)
    >>> made.good.tolist(), made.known.tolist(), made.groups["sex"].tolist()
    ([True, False, False], [True, True, False], ['F', 'M', '(missing)'])
    """
    import pandas as pd

    if not isinstance(X, pd.DataFrame):
        message = f"The people come as a pandas DataFrame with named columns, got {type(X).__name__}."
        raise SchemaError(message)
    labels = {name: _labels(column, len(X), f"groups['{name}']") for name, column in _columns(X, groups).items()}
    outcomes = _labels(y, len(X), "y")
    known = outcomes != MISSING
    there = list(dict.fromkeys(outcomes[known].tolist()))
    wanted = label(good)
    if good is None or wanted not in there:
        message = f"Which outcome is good is never guessed: good= one of {listed(there)}; got {good!r}."
        raise SchemaError(message)
    if len(there) != 2:
        message = f"Outcomes are {len(there)} different values ({listed(there)}); a search needs two."
        raise DataContractError(message)
    return People(X.reset_index(drop=True), labels, outcomes == wanted, known)


def _columns(X: pd.DataFrame, groups: Any) -> dict[str, Any]:  # noqa: N803
    if isinstance(groups, str):
        groups = [groups]
    if isinstance(groups, Mapping) or hasattr(groups, "columns"):
        made = {str(name): groups[name] for name in groups}
    elif isinstance(groups, Sequence):
        missing = [name for name in groups if name not in X.columns]
        if missing:
            message = (
                f"Column '{missing[0]}' of groups is not in X.{suggestion(str(missing[0]), map(str, X.columns))} "
                f"Columns: {listed(map(str, X.columns))}."
            )
            raise ColumnNotFoundError(message)
        made = {str(name): X[name] for name in groups}
    else:
        message = f"groups are names of columns, or columns by name, got {type(groups).__name__}."
        raise SchemaError(message)
    if not made:
        message = "A search is about a group. Name an attribute with groups= (--group)."
        raise SchemaError(message)
    return made


def _labels(values: Any, people: int, name: str) -> NDArray[np.object_]:
    import pandas as pd

    column = pd.Series(np.asarray(values, dtype=object) if not isinstance(values, pd.Series) else values.to_numpy())
    if len(column) != people:
        message = f"{name} has {len(column):,} values for {people:,} people; one each is needed."
        raise DataContractError(message)
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    made = np.empty(len(distinct), dtype=object)
    made[:] = [label(value) for value in list(distinct)]
    chosen: NDArray[np.object_] = made[codes]
    return chosen


def dealt(
    people: People,
    *,
    shares: tuple[float, float, float],
    seed: int,
    trained_on: Places | None,
    attribute: str | None = None,
) -> Splits:
    """Deal the people into training, selection and verdict, alike in outcome and group.

    Parameters
    ----------
    people
        Everybody.
    shares
        Of training, selection and verdict.
    seed
        Of the deal.
    trained_on
        Places that the incumbent was fitted on, where that is known: they are the training split, and the others are
        dealt into selection and verdict.
    attribute
        Its groups are spread evenly, as far as they have 30 people.

    Raises
    ------
    SchemaError, DataContractError
        If shares are none, or a split would be too small.
    """
    if len(shares) != 3 or min(shares) < 0.05 or abs(sum(shares) - 1) > 1e-6:
        message = f"shares are those of training, selection and verdict, each 0.05 or more, 1 in all; got {shares}."
        raise SchemaError(message)
    rng = np.random.default_rng([seed, 8])
    kind = np.where(people.known, np.where(people.good, "good", "bad"), "unknown").astype(object)
    if attribute is not None:
        kind = kind + "/" + people.groups[attribute]
    if trained_on is not None:
        unseen = np.setdiff1d(np.arange(len(people)), trained_on)
        first = shares[1] / (shares[1] + shares[2])
        selection, verdict = _cut(unseen, kind, (first, 1 - first), rng)
        training = np.sort(np.asarray(trained_on, dtype=np.int64))
    else:
        training, selection, verdict = _cut(np.arange(len(people)), kind, shares, rng)
    made = Splits(training, selection, verdict, incumbent_unseen=trained_on is not None)
    for name, places in (("training", training), ("selection", selection), ("verdict", verdict)):
        some = people.of(places)
        goods, bads = int((some.good & some.known).sum()), int((~some.good & some.known).sum())
        if len(places) < FEWEST or min(goods, bads) < FEWEST_OF_KIND:
            message = (
                f"The {name} split has {len(places):,} people, {goods:,} good and {bads:,} bad; it needs {FEWEST} and "
                f"{FEWEST_OF_KIND} of each. A search needs about a thousand people: with fewer it cannot tell anything."
            )
            raise DataContractError(message)
    return made


def _cut(
    places: Places, kind: NDArray[np.object_], shares: Sequence[float], rng: np.random.Generator
) -> list[Places]:  # fmt: skip
    """Deal places into parts of these shares, each kind of people alike."""
    parts: list[list[Places]] = [[] for _ in shares]
    ends = np.cumsum(shares)[:-1]
    for one in sorted({*kind[places].tolist()}):
        own = rng.permutation(places[kind[places] == one])
        # A start of its own for each kind, so that small kinds do not all go to the first part.
        for part, some in zip(parts, np.split(own, np.floor(ends * len(own) + rng.random()).astype(int)), strict=True):
            part.append(some)
    return [np.sort(np.concatenate(part)) for part in parts]
