"""``explain(...)``: how much each feature moved each row's score away from the average, adding up exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, listed
from ..models.columns import matched
from ..models.scorecard import Scorecard
from ..schema.roles import HigherIs
from . import parsing
from .targets import target_of
from .trees import Ensemble, Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

    from .drivers_record import Drivers, Measure
    from .kernel import Prepared

ENOUGH_ROWS = 1_000
"""Rows from which the rows to explain may be their own background."""

Game = Literal["interventional", "path-dependent"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Attributions of some rows: ``base + values.sum(axis=1)`` is the model's own output for each.

    ``data`` holds each player's value, NaN for a player of several columns. ``method`` says in words how the
    values were worked out, against whom. ``higher_is`` and ``cutoff`` are those of the explained score, None where
    nobody gave them. ``errors`` are standard errors of sampled values, None where values are exact. ``rows`` are the
    explained rows in the model's own columns, and ``source`` the explainer, to explain them against somebody else.
    """

    values: Floats
    base: float
    units: str
    names: tuple[str, ...]
    data: NDArray[Any]
    method: str
    higher_is: HigherIs | None = None
    cutoff: float | None = None
    errors: Floats | None = None
    rows: Any = field(default=None, repr=False)
    source: Explainer | None = field(default=None, repr=False)

    @property
    def scores(self) -> Floats:
        """The explained score of each row, in ``units``."""
        return np.asarray(self.base + self.values.sum(axis=1))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: int | slice | Sequence[int] | NDArray[Any]) -> Explanation:
        """Return the explanation of some rows, also for a single one."""
        chosen = [rows] if isinstance(rows, int | np.integer) else rows
        some = self.rows.iloc[chosen] if hasattr(self.rows, "iloc") else self.rows[chosen]
        errors = None if self.errors is None else self.errors[chosen]
        return replace(self, values=self.values[chosen], data=self.data[chosen], errors=errors, rows=some)

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

    def drivers(self, attribute: Any, *, reference: Any, measure: Measure = "mean score", **options: Any) -> Drivers:
        """Return the gap between a group and its reference among these rows, split by feature, with intervals.

        The mean score is split by the attributions. A rate at the cut-off is split by paired Shapley values.

        Parameters
        ----------
        attribute
            The attribute of each row: a column of texts, or of numbers with ``bands``.
        reference
            The level that the group is compared with.
        measure
            ``"mean score"``, ``"selection rate"``, ``"true positive rate"`` or ``"false positive rate"``.
        options
            ``group``: whose gap, needed where there is more than one other level. ``name`` of the attribute.
            ``bands``: edges of bands of a number. ``weight`` of each row (mean score only). ``outcome`` and ``good``:
            what happened, and which value is good (true and false positive rates). ``cutoff`` and ``higher_is``, where
            they are not the explainer's. ``pairs``: how many are drawn (rates; 20,000). ``rng``: seed. ``confidence``:
            0.95. ``fewest``: people that each side needs, 30.

        Returns
        -------
        Drivers

        Raises
        ------
        FairauditError
            If a level, an outcome or an option is wrong, or a side has too few people.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.linear_model import LinearRegression
        >>> rows = np.random.default_rng(1).normal(size=(1_000, 2))
        >>> made = explain(LinearRegression().fit(rows, rows @ [2.0, 1.0]), rows)
        >>> found = made.drivers(np.where(rows[:, 0] > 0, "A", "B"), reference="B")
        >>> found.drivers[0].feature, f"{found.drivers[0].share:.0%}"
        ('column_0', '101%')
        """
        from .gap_drivers import drivers_of_explanation

        return drivers_of_explanation(self, attribute, reference=reference, measure=measure, **options)

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
        A scorecard, or a fitted scikit-learn linear or logistic model, DecisionTree, RandomForest, ExtraTrees,
        GradientBoosting or HistGradientBoosting; as it is, as ``train`` or as ``wrap`` returned it. Regressors, and
        classifiers of two classes: the good one is explained where it was said, else the second.
    background
        The rows to compare with, every one of them used. Left out, the explained rows are, from 1,000 rows on.
    units
        "points" where there is a scale of points, or the unit of the model's own raw output. Left out: points for a
        scorecard and a model wrapped in points, else the raw output.
    cutoff
        The cut-off of the explained score, in its units: reasons and actions need it.
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
        cutoff: float | None = None,
        game: Game = "interventional",
        players: Mapping[str, Sequence[str]] | None = None,
        threads: int = 1,
    ) -> None:
        self.target = target_of(model, units)
        model = self.target.model
        additive = isinstance(model, Scorecard)
        linear = parsing.is_from_sklearn(model) and ".linear_model." in type(model).__module__
        if not (linear or additive or parsing.has_trees(model)):
            message = f"{type(model).__name__} cannot be explained. Supported: a scorecard, {parsing.SUPPORTED}."
            raise ExplanationError(message)
        if not hasattr(model, "n_features_in_"):
            message = f"{type(model).__name__} is not fitted. Call its fit first."
            raise ExplanationError(message)
        if game not in ("interventional", "path-dependent") or ((linear or additive) and game == "path-dependent"):
            message = f"game={game!r} is not possible for {type(model).__name__}. Use game='interventional'."
            raise ExplanationError(message)
        if game == "path-dependent" and background is not None:
            message = "Path-dependent values use no background. Leave out background, or use game='interventional'."
            raise ExplanationError(message)
        self.model, self.units, self.game, self.threads = model, self.target.units, game, threads
        self.cutoff = cutoff
        self._linear, self._additive, self._players = linear, additive, dict(players or {})
        self._columns: tuple[str, ...] | None = None
        self._background = None if background is None else self._read(background, "the background")
        self._ensemble: Ensemble | None = None
        self._ready: Prepared | None = None

    def explain(self, rows: Any, *, background: Any = None) -> Explanation:
        """Return the attributions of each row, checked against the model's own output on every one.

        ``background`` compares with other people than the explainer's own, this once.
        """
        data = self._read(rows, "the rows to explain")
        against = self._background if background is None else self._read(background, "the background")
        if against is None and self.game == "interventional":
            if len(data) < ENOUGH_ROWS:
                message = (
                    f"A background is needed to explain fewer than {ENOUGH_ROWS:,} rows; these are {len(data):,}. "
                    "Give background= the people to compare with, such as all applicants."
                )
                raise ExplanationError(message)
            against = data
        names, player_of = self._grouped()
        if self._additive:
            values, base, own = self._by_table(data, against, player_of, len(names))
        else:
            working = self._by_coefficients if self._linear else self._by_kernel
            values, base = working(data, against, player_of, len(names))
            values, base = self.target.factor * values, self.target.offset + self.target.factor * base
            own = self.target.offset + self.target.factor * parsing.margin(self.model, data)
        parsing.same_or_refused(base + values.sum(axis=1), own, "base and attributions")
        return Explanation(
            values=values,
            base=base,
            units=self.units,
            names=names,
            data=_shown(data, player_of, len(names)),
            method=self._said(against),
            higher_is=self.target.higher_is,
            cutoff=self.cutoff,
            rows=data,
            source=self,
        )

    def _by_table(self, data: Any, background: Any, player_of: Integers, players: int) -> tuple[Floats, float, Floats]:
        """Return a scorecard's values, base and its own scores: each feature's points less their average."""
        log_odds = self.units == "log-odds"
        parts, usual = (self.model.parts(rows, log_odds=log_odds) for rows in (data, background))
        middle = usual.mean(axis=0)
        values = np.zeros((len(data), players))
        np.add.at(values.T, player_of, (parts - middle).T)
        start = self.model.intercept_ if log_odds else 0.0
        own = self.model.log_odds(data) if log_odds else self.model.points(data)
        return values, float(start + middle.sum()), own

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

    def _by_kernel(
        self,
        data: Floats,
        background: Floats | None,
        player_of: Integers,
        players: int,  # noqa: ARG002
    ) -> tuple[Floats, float]:
        from .kernel import prepare

        if self._ensemble is None:
            self._ensemble = parsing.tree_of(self.model, data if background is None else background)
        if background is not self._background:
            return _worked_out(prepare(self._ensemble, background, player_of), data, self.threads)
        if self._ready is None:
            self._ready = prepare(self._ensemble, background, player_of)
        return _worked_out(self._ready, data, self.threads)

    def _read(self, rows: Any, what: str) -> Any:
        """Return the rows in the model's order of columns, matched by name: numbers, or a frame for a scorecard."""
        if self._additive and hasattr(self.model, "feature_names_in_"):
            self._columns = tuple(str(name) for name in self.model.feature_names_in_)
            return matched(rows, self._columns)
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
        how = "exact Shapley values of the trees"
        if self._linear or self._additive:
            how = f"closed form of a {'scorecard' if self._additive else 'linear model'}"
        if background is None:
            return f"{how}, path-dependent: against the training weights of the trees"
        return f"{how}, interventional: against {len(background):,} background rows"


def _worked_out(ready: Prepared, data: Floats, threads: int) -> tuple[Floats, float]:
    from .kernel import attribute

    return attribute(ready, data, threads), ready.base


def _shown(rows: Any, player_of: Integers, players: int) -> NDArray[Any]:
    """Return each player's own value, NaN for a player of several columns."""
    data = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
    shown = np.full((len(data), players), np.nan, dtype=data.dtype)
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
