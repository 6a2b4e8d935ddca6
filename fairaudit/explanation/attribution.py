"""``explain(...)``: how much each feature moved each row's score away from the average, adding up exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ExplanationError, listed
from ..models.columns import matched, refuse_infinite
from ..models.features import prepared
from ..models.scorer import WrappedModel
from ..schema.issues import DataIssue
from ..schema.roles import HigherIs
from . import parsing
from .backends import Backend, Coefficients, OwnValues, Sampled, Sums, Trees
from .reading import finite_cutoff, numbers
from .short_table import short_table
from .targets import target_of
from .trees import Floats, Integers

if TYPE_CHECKING:
    import pandas as pd

    from .charts import Charts
    from .drivers_record import Drivers, Measure
    from .reason_parity import FileFidelity, ReasonParity
    from .reason_records import Reason, Reasons

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
    issues: tuple[DataIssue, ...] = ()
    """What is odd about the explained rows: categories that the model never saw."""
    errors: Floats | None = None
    rows: Any = field(default=None, repr=False)
    source: Explainer | None = field(default=None, repr=False)

    @property
    def scores(self) -> Floats:
        """The explained score of each row, in ``units``."""
        return np.asarray(self.base + self.values.sum(axis=1))

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        """Return what was explained and how, without the numbers."""
        odd = "".join(f" {issue.message}" for issue in self.issues)
        return f"Explanation of {len(self):,} rows by {len(self.names)} features in {self.units}: {self.method}.{odd}"

    def __getitem__(self, rows: int | slice | Sequence[int] | NDArray[Any]) -> Explanation:
        """Return the explanation of some rows, also for a single one."""
        named = isinstance(rows, list) and any(isinstance(one, str) for one in rows)
        if named or isinstance(rows, str | tuple):
            message = f"An explanation is cut by rows, explanation[3] or explanation[:10], and not by {rows!r}."
            raise ExplanationError(message)
        chosen = [rows] if isinstance(rows, int | np.integer) else rows
        some = self.rows.iloc[chosen] if hasattr(self.rows, "iloc") else self.rows[chosen]
        errors = None if self.errors is None else self.errors[chosen]
        issues = () if self.source is None else self.source.issues_of(some)
        return replace(
            self, values=self.values[chosen], data=self.data[chosen], errors=errors, rows=some, issues=issues
        )

    @property
    def plot(self) -> Charts:
        """Charts in the units of the score: ``plot.waterfall(row)``, ``plot.beeswarm()``, ``plot.bar()``."""
        from .charts import Charts

        return Charts(self)

    def _repr_html_(self) -> str:
        """Return a short table for a notebook: one row's features, or the mean size of each feature over many."""
        return short_table(self)

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

        return shap.Explanation(
            values=self.values,
            base_values=np.full(len(self), self.base),
            data=_numbers_only(self.data),
            display_data=self.data,
            feature_names=list(self.names),
        )

    def reasons(self, row: int, k: int = 4, **options: Any) -> Reasons:
        """Return a declined person's principal reasons; see :func:`fairaudit.explanation.reason_codes.reasons`."""
        from .reason_codes import reasons

        return reasons(self, row, k, **options)

    def key_factors(self, row: int, **options: Any) -> tuple[Reason, ...]:
        """Return what held a score back; see :func:`fairaudit.explanation.reason_codes.key_factors`."""
        from .reason_codes import key_factors

        return key_factors(self, row, **options)

    def reason_table(self, k: int = 4, **options: Any) -> pd.DataFrame:
        """Return the reasons of everybody declined; see :func:`fairaudit.explanation.reason_parity.reason_table`."""
        from .reason_parity import reason_table

        return reason_table(self, k, **options)

    def reason_parity(self, attribute: Any, **options: Any) -> ReasonParity:
        """Return who is told what, by group; see :func:`fairaudit.explanation.reason_parity.reason_parity`."""
        from .reason_parity import reason_parity

        return reason_parity(self, attribute, **options)

    def reason_fidelity(self, k: int = 4, **options: Any) -> FileFidelity:
        """Return whether reasons carry decisions; see :func:`fairaudit.explanation.reason_parity.reason_fidelity`."""
        from .reason_parity import reason_fidelity

        return reason_fidelity(self, k, **options)


class Explainer:
    """A model made ready to be explained; it keeps its tables between calls.

    How values are worked out follows from the model, and ``Explanation.method`` says it: a closed form for scorecards,
    linear and generalized additive models, and for scorers that declare what each feature adds; exactly, by the trees,
    for scikit-learn's trees, forests and boosting, LightGBM, XGBoost and CatBoost, also at the end of a pipeline that
    encodes column by column; CatBoost's own path-dependent values where it has categories and no background is given;
    sampled, with standard errors, for everything else.

    Parameters
    ----------
    model
        A scorecard; a fitted model of scikit-learn, LightGBM, XGBoost or CatBoost, or a pipeline of them (regressors,
        and classifiers of two classes); what ``train`` or ``wrap`` returned; a scorer; a function of rows. The good
        class is explained where it was said, else the second.
    background
        The rows to compare with, every one of them used. Left out, the explained rows are, from 1,000 rows on.
        Here and in ``explain``, columns that the model does not know are left out where it knows its own by name.
    units
        "points" where there is a scale of points, "probability" (sampled where it is not the model's raw output), or
        the unit of the model's own raw output. Left out: points for a scorecard and a model wrapped in points, else
        the raw output.
    cutoff
        The cut-off of the explained score, in its units: reasons and actions need it.
    game
        ``"interventional"`` (against the background) or ``"path-dependent"`` (trees only: against the training
        weights of the trees, no background; it moves part of an effect to correlated features).
    players
        Columns that are one feature, as ``{"region": ["region_north", "region_south"]}``. Columns that a pipeline
        makes of one column are that column without being named.
    threads
        How many threads work on the rows of a tree model; the values do not depend on it.
    draws
        Pairs of permutations for each row where values are sampled; a pair costs two evaluations of the model a
        feature. 100 are right for reasons of single rows, 2 for means over thousands of rows.
    rng
        Seed of what is sampled.

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
        draws: int = 100,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        _refuse_counts(threads=threads, draws=draws)
        self.target = target_of(model, units)
        self.model, self.units, self.game, self.threads = self.target.model, self.target.units, game, threads
        self.cutoff = None if cutoff is None else finite_cutoff(cutoff)
        self.draws, self.rng = draws, 0 if rng is None else rng
        self._scorer = _scorer_of(model)
        kind = "table" if self.target.inside is None else self.target.inside.kind
        kind = "sampled" if self.target.score is not None else kind
        possible = ("interventional", "path-dependent") if kind in ("trees", "own values") else ("interventional",)
        if game not in possible:
            message = (
                f"game={game!r} is not possible for {type(self.model).__name__} in {self.units}. "
                "Use game='interventional'."
            )
            raise ExplanationError(message)
        self._refuse_background(background)
        self._kind, self._players = kind, dict(players or {})
        self.columns = self.target.names
        self._left_out: tuple[str, ...] = ()
        self.backend = self._backend_of(kind)
        self._sampler = self._backend_of("sampled") if kind == "own values" else None
        self.background = None if background is None else self.read(background, "the background")
        if self.background is not None and len(self.background) == 1:
            message = (
                "The background is one row: values would compare with a single person, and not with people. "
                "Give at least two rows, such as all applicants."
            )
            raise ExplanationError(message)
        self._ready: Any = None

    def explain(self, rows: Any, *, background: Any = None) -> Explanation:
        """Return the attributions of each row, checked against the model's own output on every one.

        ``background`` compares with other people than the explainer's own, this once.
        """
        self._refuse_background(background)
        data = self.read(rows, "the rows to explain")
        left_out = self._left_out
        against = self.background if background is None else self.read(background, "the background")
        backend = self.backend
        if self._sampler is not None and against is not None and self.game == "interventional":
            backend = self._sampler
        if against is None and backend.needs_background:
            if len(data) < ENOUGH_ROWS:
                message = (
                    f"A background is needed to explain fewer than {ENOUGH_ROWS:,} rows; these are {len(data):,}. "
                    "Give background= the people to compare with, such as all applicants."
                )
                raise ExplanationError(message)
            against = data
        names, player_of = self.grouped()
        if against is self.background:
            if self._ready is None:
                self._ready = backend.ready(against, data, player_of, len(names))
            ready = self._ready
        else:
            ready = backend.ready(against, data, player_of, len(names))
        worked = backend.work(ready, data)
        if worked.errors is None:  # sampled values add up by construction, and an evaluation may have its price
            own = self.target.own(data)
            # In the model's own units: a scale of points must not decide how exact is exact enough.
            scale = abs(self.target.factor)
            ours = (worked.base + worked.values.sum(axis=1)) / scale
            parsing.same_or_refused(ours, own / scale, "base and attributions", backend.tolerance)
        return Explanation(
            values=worked.values,
            base=worked.base,
            units=self.units,
            names=names,
            data=_shown(data, player_of, len(names)),
            method=self._said(backend, None if not backend.needs_background else against, left_out),
            higher_is=self.target.higher_is,
            cutoff=self.cutoff,
            issues=self.issues_of(rows),
            errors=worked.errors,
            rows=data,
            source=self,
        )

    def issues_of(self, rows: Any) -> tuple[DataIssue, ...]:
        """Return what is odd about rows to explain, where the model knows what it was fitted on."""
        scorer = self._scorer
        return scorer.check(rows) if scorer is not None and scorer.features and self.target.names is not None else ()

    def _refuse_background(self, background: Any) -> None:
        if self.game == "path-dependent" and background is not None:
            message = "Path-dependent values use no background. Leave out background, or use game='interventional'."
            raise ExplanationError(message)

    def _backend_of(self, kind: str) -> Backend:
        if kind in ("table", "additive"):
            return Sums(self.target)
        if kind == "linear":
            return Coefficients(self.target)
        if kind == "trees":
            return Trees(self.target, path_dependent=self.game == "path-dependent", threads=self.threads)
        if kind == "own values":
            return OwnValues(self.target)
        return Sampled(self.target, self.target.why or type(self.model).__name__, self.draws, self.rng)

    def read(self, rows: Any, what: str = "the rows") -> Any:
        """Return the rows in the model's order of columns, matched by name where names are known."""
        names = self.target.names
        made = self._in_order(rows, what) if names is None else matched(rows, names)
        wanted = None if self.target.inside is None else self.target.inside.width
        if len(made) == 0:
            message = f"There are no rows in {what}. Give at least one."
            raise ExplanationError(message)
        if len(made.shape) != 2 or (wanted is not None and made.shape[1] != wanted):
            message = f"{what.capitalize()}: shape {made.shape}; the model takes {wanted or 'some'} columns."
            raise ExplanationError(message)
        if self._scorer is not None and self._scorer.features and hasattr(made, "columns"):
            made = prepared(made, self._scorer.features)
        refuse_infinite(made, what)
        if self.columns is None:
            given = made.columns if hasattr(made, "columns") else [f"column_{at}" for at in range(made.shape[1])]
            self.columns = tuple(str(name) for name in given)
        known = set(self.columns)
        given = getattr(rows, "columns", rows if isinstance(rows, Mapping) else ())
        self._left_out = tuple(str(name) for name in given if str(name) not in known)
        return made

    def _in_order(self, rows: Any, what: str) -> Any:
        """Return rows of a model without names: columns of a frame must be the same ones in every call.

        A model that was trained on arrays gets arrays; a function gets the frame.
        """
        if hasattr(rows, "to_pandas"):
            rows = rows.to_pandas()
        if not hasattr(rows, "columns"):
            return numbers(rows)
        as_it_is = self.target.inside is None or self.target.inside.width is None
        given = tuple(str(name) for name in rows.columns)
        if self.columns is None:
            self.columns = given
        if sorted(given) != sorted(self.columns):
            missing, extra = sorted(set(self.columns) - set(given)), sorted(set(given) - set(self.columns))
            message = (
                f"The columns of {what} are not those of the first rows given. Missing: {listed(missing) or 'none'}; "
                f"not there before: {listed(extra) or 'none'}. Give each of them once."
            )
            raise ExplanationError(message)
        ordered = rows.set_axis(list(given), axis=1)[list(self.columns)]
        return ordered if as_it_is else numbers(ordered)

    def grouped(self) -> tuple[tuple[str, ...], Integers]:
        """Return the names of the players and the player of each column."""
        columns = self.columns or ()
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

    def _said(self, backend: Backend, background: Any, left_out: tuple[str, ...]) -> str:
        how = backend.how()
        if background is None:
            said = f"{how}, path-dependent: against the training weights of the trees"
        else:
            said = f"{how}, interventional: against {len(background):,} background rows"
        note = "" if self.target.inside is None or self.target.score is not None else self.target.inside.note
        said += f"; {note}" if note else ""
        return said + (
            f"; columns that the model does not use, left out: {listed(left_out, most=5)}" if left_out else ""
        )


def _shown(rows: Any, player_of: Integers, players: int) -> NDArray[Any]:
    """Return each player's own value, NaN for a player of several columns."""
    data = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
    if players == data.shape[1]:
        return np.asarray(data)
    shown = np.full((len(data), players), np.nan, dtype=data.dtype if data.dtype == object else np.float64)
    for player in range(players):
        columns = np.flatnonzero(player_of == player)
        if len(columns) == 1:
            shown[:, player] = data[:, columns[0]]
    return shown


def _refuse_counts(**counts: Any) -> None:
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            message = f"{name} must be a whole number of at least 1, got {value!r}."
            raise ExplanationError(message)


def _scorer_of(model: Any) -> WrappedModel | None:
    """Return what knows how a model's columns were read when it was fitted; None where nobody does."""
    from ..models.training import Trained
    from ..models.wrapping import wrap

    if isinstance(model, WrappedModel):
        return model
    return wrap(model) if isinstance(model, Trained) else None


def _numbers_only(data: NDArray[Any]) -> NDArray[Any]:
    """Return values as numbers for plots that color by size; what is no number, as text, has none."""
    if data.dtype != object:
        return data
    made = np.full(data.shape, np.nan)
    for place, value in np.ndenumerate(data):
        if isinstance(value, int | float | np.number):
            made[place] = value
    return made


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
