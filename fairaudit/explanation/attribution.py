"""``explain(...)``: how much each feature moved each row's score away from the average, adding up exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, listed
from . import parsing
from .trees import Ensemble, Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

    from .kernel import Prepared

ENOUGH_ROWS = 1_000
"""Rows from which the rows to explain may be their own background."""

Game = Literal["interventional", "path-dependent"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Attributions of some rows: ``base + values.sum(axis=1)`` is the model's own output for each.

    ``data`` holds each player's value, NaN for a player of several columns. ``method`` says in words how the
    values were worked out, against whom.
    """

    values: Floats
    base: float
    units: str
    names: tuple[str, ...]
    data: Floats
    method: str

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: int | slice | Sequence[int] | NDArray[Any]) -> Explanation:
        """Return the explanation of some rows, also for a single one."""
        chosen = [rows] if isinstance(rows, int | np.integer) else rows
        return replace(self, values=self.values[chosen], data=self.data[chosen])

    def to_frame(self) -> pd.DataFrame:
        """Return one line per row and feature: row, feature, value, attribution."""
        import pandas as pd

        rows, players = self.values.shape
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(rows), players),
                "feature": np.tile(np.array(self.names, dtype=object), rows),
                "value": self.data.ravel(),
                "attribution": self.values.ravel(),
            }
        )

    def to_shap(self) -> Any:
        """Return shap's own Explanation, so that every plot of shap works."""
        import shap

        base = np.full(len(self), self.base)
        return shap.Explanation(values=self.values, base_values=base, data=self.data, feature_names=list(self.names))


class Explainer:
    """A model made ready to be explained; it keeps its tables between calls.

    Parameters
    ----------
    model
        A fitted scikit-learn linear or logistic model, DecisionTree, RandomForest, ExtraTrees, GradientBoosting or
        HistGradientBoosting. Regressors, and classifiers of two classes: the second is explained.
    background
        The rows to compare with, every one of them used. Left out, the explained rows are, from 1,000 rows on.
    units
        Only the unit of the model's own raw output so far, which is the default.
    game
        ``"interventional"`` (against the background) or ``"path-dependent"`` (trees only: against the training
        weights of the trees, no background; it moves part of an effect to correlated features).
    players
        Columns that are one feature, as ``{"region": ["region_north", "region_south"]}``.
    threads
        How many threads work on the rows of a tree model; the values do not depend on it.

    Raises
    ------
    ExplanationError
        If the model is not supported, the columns are not its own, or its trees do not give its own output.

    Notes
    -----
    Lundberg and Lee (2017), A unified approach to interpreting model predictions; Lundberg et al. (2020) for trees.
    """

    def __init__(
        self,
        model: Any,
        background: Any = None,
        *,
        units: str | None = None,
        game: Game = "interventional",
        players: Mapping[str, Sequence[str]] | None = None,
        threads: int = 1,
    ) -> None:
        linear = parsing.is_from_sklearn(model) and ".linear_model." in type(model).__module__
        if not (linear or parsing.has_trees(model)):
            message = f"{type(model).__name__} cannot be explained. Supported: {parsing.SUPPORTED}."
            raise ExplanationError(message)
        if not hasattr(model, "n_features_in_"):
            message = f"{type(model).__name__} is not fitted. Call its fit first."
            raise ExplanationError(message)
        if game not in ("interventional", "path-dependent") or (linear and game == "path-dependent"):
            message = f"game={game!r} is not possible for {type(model).__name__}. Use game='interventional'."
            raise ExplanationError(message)
        if game == "path-dependent" and background is not None:
            message = "Path-dependent values use no background. Leave out background, or use game='interventional'."
            raise ExplanationError(message)
        own = parsing.units_of(model)
        if units not in (None, own):
            message = f"units={units!r} is not what {type(model).__name__} gives; its raw output is {own!r}."
            raise ExplanationError(message)
        self.model, self.units, self.game, self.threads = model, own, game, threads
        self._linear, self._players = linear, dict(players or {})
        self._columns: tuple[str, ...] | None = None
        self._background = None if background is None else self._read(background, "the background")
        self._ensemble: Ensemble | None = None
        self._ready: Prepared | None = None

    def explain(self, rows: Any) -> Explanation:
        """Return the attributions of each row, checked against the model's own output on every one."""
        data = self._read(rows, "the rows to explain")
        background = self._background
        if background is None and self.game == "interventional":
            if len(data) < ENOUGH_ROWS:
                message = (
                    f"A background is needed to explain fewer than {ENOUGH_ROWS:,} rows; these are {len(data):,}. "
                    "Give background= the people to compare with, such as all applicants."
                )
                raise ExplanationError(message)
            background = data
        names, player_of = self._grouped()
        if self._linear:
            values, base = self._by_coefficients(data, background, player_of, len(names))
        else:
            values, base = self._by_kernel(data, background, player_of)
        parsing.same_or_refused(base + values.sum(axis=1), parsing.margin(self.model, data), "base and attributions")
        return Explanation(values, base, self.units, names, _shown(data, player_of, len(names)), self._said(background))

    def _by_coefficients(
        self, data: Floats, background: Floats | None, player_of: Integers, players: int
    ) -> tuple[Floats, float]:
        coefficients = np.ravel(self.model.coef_)
        if background is None or len(coefficients) != data.shape[1]:
            message = f"{type(self.model).__name__} has {len(coefficients)} coefficients for {data.shape[1]} columns."
            raise ExplanationError(message)
        middle = background.mean(axis=0)
        values = np.zeros((len(data), players))
        np.add.at(values.T, player_of, ((data - middle) * coefficients).T)
        return values, float(np.ravel(self.model.intercept_)[0] + middle @ coefficients)

    def _by_kernel(self, data: Floats, background: Floats | None, player_of: Integers) -> tuple[Floats, float]:
        from .kernel import attribute, prepare

        if self._ensemble is None:
            self._ensemble = parsing.tree_of(self.model, data if background is None else background)
        ready = self._ready
        if ready is None:
            ready = prepare(self._ensemble, background, player_of)
            if self._background is not None or self.game == "path-dependent":
                self._ready = ready
        return attribute(ready, data, self.threads), ready.base

    def _read(self, rows: Any, what: str) -> Floats:
        """Return the rows as numbers in the model's order of columns, matched by name."""
        if hasattr(rows, "to_pandas"):
            rows = rows.to_pandas()
        given = tuple(str(name) for name in rows.columns) if hasattr(rows, "columns") else None
        known = getattr(self.model, "feature_names_in_", None)
        wanted = tuple(str(name) for name in known) if known is not None else self._columns
        if given is None and known is not None:
            message = f"{what.capitalize()} have no column names; the model was trained with {listed(wanted or ())}."
            raise ExplanationError(message)
        if given is not None and wanted is not None:
            if sorted(given) != sorted(wanted):
                missing, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
                message = (
                    f"The columns of {what} are not the model's. Missing: {listed(missing) or 'none'}; "
                    f"unknown to it: {listed(extra) or 'none'}. Give each of its columns once."
                )
                raise ExplanationError(message)
            rows = rows.set_axis(list(given), axis=1)[list(wanted)]
        try:
            data = np.asarray(rows.to_numpy(np.float64, na_value=np.nan) if given else rows, dtype=np.float64)
        except (TypeError, ValueError) as problem:
            message = f"{what.capitalize()} must be numbers in every column: {problem}."
            raise ExplanationError(message) from None
        if data.ndim != 2 or data.shape[1] != self.model.n_features_in_ or len(data) == 0:
            message = (
                f"{what.capitalize()} are of shape {data.shape}; the model takes {self.model.n_features_in_} columns."
            )
            raise ExplanationError(message)
        if self._columns is None:
            self._columns = wanted or given or tuple(f"column_{at}" for at in range(data.shape[1]))
        return data

    def _grouped(self) -> tuple[tuple[str, ...], Integers]:
        """Return the names of the players and the player of each column."""
        columns = self._columns or ()
        owner: dict[str, str] = {}
        for player, members in self._players.items():
            for column in members:
                if column not in columns or column in owner:
                    message = f"players: {column!r} of {player!r} must be a column of the model, in one player only."
                    raise ExplanationError(message)
                owner[column] = player
        named = [owner.get(column, column) for column in columns]
        if any(column in self._players for column in columns if column not in owner):
            message = "players: a player has the name of a column that is not in it. Choose another name."
            raise ExplanationError(message)
        names = tuple(dict.fromkeys(named))
        return names, np.array([names.index(name) for name in named], dtype=np.int64)

    def _said(self, background: Floats | None) -> str:
        how = "closed form of a linear model" if self._linear else "exact Shapley values of the trees"
        if background is None:
            return f"{how}, path-dependent: against the training weights of the trees"
        return f"{how}, interventional: against {len(background):,} background rows"


def _shown(data: Floats, player_of: Integers, players: int) -> Floats:
    shown = np.full((len(data), players), np.nan)
    for player in range(players):
        columns = np.flatnonzero(player_of == player)
        if len(columns) == 1:
            shown[:, player] = data[:, columns[0]]
    return shown


def explain(model: Any, rows: Any, background: Any = None, **options: Any) -> Explanation:
    """Return how much each feature moved each row's score away from the background's average.

    The short form of ``Explainer(model, background, ...).explain(rows)``; see there for options and errors.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> rows = np.array([[0.0, 1.0], [2.0, 0.0], [4.0, 5.0]])
    >>> model = LinearRegression().fit(rows, rows @ [2.0, 1.0])
    >>> made = explain(model, rows[:1], background=rows)
    >>> made.values.round(6).tolist()
    [[-4.0, -1.0]]
    >>> round(made.base, 6)
    6.0
    """
    return Explainer(model, background, **options).explain(rows)
