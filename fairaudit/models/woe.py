"""Bins of one feature and their weight of evidence: monotone for numbers, merged by likeness for categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..schema.labels import MISSING, label
from .optimal_bins import category_groups, number_edges

FloatArray = NDArray[np.float64]
Binning = Literal["tree", "optbinning"]
"""How numbers and categories are cut into bins."""
SMOOTHING = 0.5
"""Added to the good and bad people of a bin that lacks one of them, so that its weight of evidence is finite."""
UNSEEN = "(any other)"


@dataclass(frozen=True, slots=True)
class FeatureBins:
    """The bins of one feature. After the bins themselves come missing values and, for categories, unseen ones."""

    name: str
    kind: Literal["number", "category"]
    edges: tuple[float, ...]
    """Numbers: the upper ends of all bins but the last; a value on an edge is in the lower bin."""
    categories: tuple[tuple[str, ...], ...]
    """Labels of the categories, by bin."""
    good: tuple[float, ...]
    bad: tuple[float, ...]
    woe: tuple[float, ...]
    """ln(share of the good people / share of the bad people); 0 where nobody was seen."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the bins, in words."""
        if self.kind == "category":
            return (*(", ".join(names) for names in self.categories), MISSING, UNSEEN)
        if not self.edges:
            return ("any number", MISSING)
        between = [f"{low!r} < x <= {high!r}" for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)]
        return (f"x <= {self.edges[0]!r}", *between, f"x > {self.edges[-1]!r}", MISSING)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of a bin: that a class is missing in it, or that nobody was in it."""
        return tuple(_note(good, bad) for good, bad in zip(self.good, self.bad, strict=True))

    def place(self, values: NDArray[Any]) -> NDArray[np.intp]:
        """Return the bin of each value."""
        if self.kind == "number":
            numbers = as_numbers(values, self.name)
            return np.where(np.isnan(numbers), len(self.edges) + 1, np.searchsorted(self.edges, numbers, side="left"))
        known = {name: i for i, names in enumerate(self.categories) for name in names}
        known_bins = len(self.categories)
        found = [known_bins if name == MISSING else known.get(name, known_bins + 1) for name in _texts(values)]
        return np.asarray(found, dtype=np.intp)


def _note(good: float, bad: float) -> str:
    if good == bad == 0:
        return "nobody seen: weight of evidence set to 0"
    if good == 0 or bad == 0:
        return f"no {'good' if good == 0 else 'bad'} people: {SMOOTHING:g} added to both"
    return ""


def _texts(values: NDArray[Any]) -> list[str]:
    """Return the label of each value, worked out once a distinct value where values can be told apart quickly."""
    import pandas as pd

    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    names = [label(value) for value in distinct.tolist()]
    return [names[code] for code in codes.tolist()]


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where a value is None, NaN, NaT or NA."""
    import pandas as pd

    return np.asarray(pd.isna(values), dtype=bool)


def is_numeric(values: NDArray[Any]) -> bool:
    """Return whether a column holds numbers: truth values and texts are categories."""
    if values.dtype.kind in "iuf":
        return True
    if values.dtype.kind != "O":
        return False
    present = values[~is_missing(values)]
    return all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in present)


def as_numbers(values: NDArray[Any], name: str) -> FloatArray:
    """Return a column as numbers with NaN where missing.

    Raises
    ------
    DataContractError
        For text in a column of numbers, or an infinite number.
    """
    if values.dtype.kind in "iuf":
        numbers = values.astype(float)
    else:
        empty = is_missing(values)
        if not is_numeric(values):
            wrong = next(v for v, gone in zip(values.tolist(), empty, strict=True)
                         if not gone and (isinstance(v, (bool, str)) or not isinstance(v, (int, float))))  # fmt: skip
            message = f"Feature '{name}' was fitted on numbers and now holds {wrong!r}. Give numbers, or fit again."
            raise DataContractError(message)
        numbers = np.full(len(values), np.nan)
        numbers[~empty] = values[~empty].astype(float)
    if np.isinf(numbers).any():
        message = f"Feature '{name}' holds infinity (inf). Give a finite number or a missing value."
        raise DataContractError(message)
    return numbers


def bins_of(
    name: str,
    values: NDArray[Any],
    good: NDArray[np.bool_],
    *,
    min_share: float,
    max_bins: int,
    binning: Binning = "tree",
) -> FeatureBins:
    """Return the bins of a feature and their weight of evidence.

    Parameters
    ----------
    name, values
        The feature and its column: numbers, or categories.
    good
        Whether each person had the good outcome; both kinds are there.
    min_share
        The smallest share of the people in a bin (missing values aside).
    max_bins
        The most bins, missing values aside.
    binning
        "tree", or "optbinning", see :class:`fairaudit.models.scorecard.Scorecard`.

    Examples
    --------
    >>> import numpy as np
    >>> good = np.array([False, False, True, False, True, True, False, True])
    >>> made = bins_of("age", np.array([20, 21, 22, 23, 50, 51, 52, 53.0]), good, min_share=0.25, max_bins=2)
    >>> made.labels, [round(value, 3) for value in made.woe]
    (('x <= 21.0', 'x > 21.0', '(missing)'), [-1.609, 0.693, 0.0])
    """
    if is_numeric(values):
        numbers = as_numbers(values, name)
        empty = np.isnan(numbers)
        seen = (numbers[~empty], good[~empty])
        if binning == "optbinning":
            edges = number_edges(name, *seen, min_share=min_share, max_bins=max_bins)
            counts = _counted(np.searchsorted(edges, seen[0], side="left"), seen[1], len(edges) + 1).tolist()
        else:
            edges, counts = _number_bins(*seen, min_share, max_bins)
        kind: Literal["number", "category"] = "number"
        names: tuple[tuple[str, ...], ...] = ()
    else:
        texts = np.asarray(_texts(values), dtype=object)
        empty = texts == MISSING
        said = (texts[~empty], good[~empty])
        if binning == "optbinning":
            names = category_groups(name, *said, min_share=min_share, max_bins=max_bins)
            known = {one: place for place, group in enumerate(names) for one in group}
            places = np.asarray([known[one] for one in said[0].tolist()], dtype=np.intp)
            counts = _counted(places, said[1], len(names)).tolist()
        else:
            names, counts = _category_bins(*said, min_share, max_bins)
        kind, edges = "category", ()
    last = [[float((good & empty).sum()), float((~good & empty).sum())]]
    rows = [*counts, *last, *([[0.0, 0.0]] if kind == "category" else [])]
    table = np.asarray(rows, dtype=float).reshape(-1, 2)
    woe = weight_of_evidence(table, float(good.sum()), float((~good).sum()))
    return FeatureBins(name, kind, edges, names, tuple(table[:, 0].tolist()), tuple(table[:, 1].tolist()),
                       tuple(woe.tolist()))  # fmt: skip


def weight_of_evidence(counts: FloatArray, good: float, bad: float) -> FloatArray:
    """Return ln((good of the bin / all good) / (bad of the bin / all bad)) by row of (good, bad) counts.

    A bin without good or without bad people has a half added to both; an empty one has 0.

    Examples
    --------
    >>> import numpy as np
    >>> weight_of_evidence(np.array([[10.0, 5.0], [0.0, 0.0]]), 10, 10).round(3).tolist()
    [0.693, 0.0]
    """
    poor = (counts == 0).any(axis=1, keepdims=True)
    made = np.where(poor, counts + SMOOTHING, counts)
    woe = np.log(made[:, 0] / good) - np.log(made[:, 1] / bad)
    return np.where(counts.sum(axis=1) == 0, 0.0, woe)


def _number_bins(
    numbers: FloatArray, good: NDArray[np.bool_], min_share: float, max_bins: int
) -> tuple[tuple[float, ...], list[list[float]]]:
    values, codes = np.unique(numbers, return_inverse=True)
    if len(values) == 0:
        return (), [[0.0, 0.0]]
    # A tree compares in float32: it is fitted on ranks, which float32 holds exactly, and cut at observed values.
    from sklearn.tree import DecisionTreeClassifier

    fewest = max(1, int(np.ceil(min_share * len(numbers))))
    tree = DecisionTreeClassifier(max_leaf_nodes=max(2, max_bins), min_samples_leaf=fewest, random_state=0)
    tree.fit(codes.reshape(-1, 1), good)
    cuts = np.sort(tree.tree_.threshold[tree.tree_.children_left != -1]).astype(int)
    places = np.searchsorted(cuts, codes, side="left")
    counts = _counted(places, good, len(cuts) + 1)
    best: list[list[int]] = []
    most = -1.0
    for sign in (1, -1):
        blocks = _monotone(_with_both(counts), counts, sign)
        value = _information(_summed(counts, blocks))
        if value > most + 1e-12:
            best, most = blocks, value
    edges = tuple(float(values[cuts[block[-1]]]) for block in best[:-1])
    return edges, _summed(counts, best).tolist()


def _category_bins(
    texts: NDArray[Any], good: NDArray[np.bool_], min_share: float, max_bins: int
) -> tuple[tuple[tuple[str, ...], ...], list[list[float]]]:
    if len(texts) == 0:
        return (), []
    names, codes = np.unique(texts, return_inverse=True)
    raw = _counted(codes, good, len(names))
    order = np.lexsort((np.arange(len(names)), raw[:, 0] / raw.sum(axis=1)))
    counts = raw[order]
    blocks = _with_both(counts, fewest=min_share * len(texts))
    while len(blocks) > max_bins:
        table = _summed(counts, blocks)
        share = table[:, 0] / table.sum(axis=1)
        near = int(np.argmin(np.diff(share)))
        blocks[near : near + 2] = [blocks[near] + blocks[near + 1]]
    made = tuple(tuple(sorted(str(names[order[i]]) for i in block)) for block in blocks)
    return made, _summed(counts, blocks).tolist()


def _counted(places: NDArray[Any], good: NDArray[np.bool_], bins: int) -> FloatArray:
    goods = np.bincount(places[good], minlength=bins)
    return np.column_stack([goods, np.bincount(places, minlength=bins) - goods]).astype(float)


def _summed(counts: FloatArray, blocks: Sequence[Sequence[int]]) -> FloatArray:
    return np.asarray([counts[list(block)].sum(axis=0) for block in blocks], dtype=float).reshape(-1, 2)


def _with_both(counts: FloatArray, fewest: float = 0.0) -> list[list[int]]:
    """Merge bins that are too small or lack a class into the likelier neighbour, while more than two are left."""
    blocks = [[i] for i in range(len(counts))]
    while len(blocks) > 2:
        table = _summed(counts, blocks)
        people = table.sum(axis=1)
        poor = np.flatnonzero((people < fewest) | (table == 0).any(axis=1))
        if len(poor) == 0:
            break
        at = int(poor[np.argmin(people[poor])])
        share = table[:, 0] / people
        beside = [i for i in (at - 1, at + 1) if 0 <= i < len(blocks)]
        low = min(at, min(beside, key=lambda i: abs(share[i] - share[at])))
        blocks[low : low + 2] = [blocks[low] + blocks[low + 1]]
    if len(blocks) == 2 and (_summed(counts, blocks).sum(axis=1) < fewest).any():
        blocks = [blocks[0] + blocks[1]]
    return blocks


def _monotone(blocks: list[list[int]], counts: FloatArray, sign: int) -> list[list[int]]:
    """Pool neighbours until the share of good people only rises (sign 1) or only falls (sign -1)."""
    made: list[list[int]] = []
    for block in blocks:
        made.append(block)
        while len(made) > 1:
            (good0, bad0), (good1, bad1) = _summed(counts, made[-2:])
            if sign * (good1 * (good0 + bad0) - good0 * (good1 + bad1)) > 0:
                break
            made[-2:] = [made[-2] + made[-1]]
    return made


def _information(table: FloatArray) -> float:
    """Return the information value of bins."""
    good, bad = table.sum(axis=0)
    if good == 0 or bad == 0:
        return 0.0
    woe = weight_of_evidence(table, good, bad)
    return float(((table[:, 0] / good - table[:, 1] / bad) * woe).sum())
