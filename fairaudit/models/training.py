"""Train a model to audit: sensible columns, an honest split, and no declared group among the features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ColumnNotFoundError, DataContractError, SchemaError, listed, suggestion
from ..inference.proportion import wilson
from ..inference.ranking import auc_interval, delong, tied_share
from ..policy.direct_use import Use, refuse_prohibited
from ..policy.loading import load_policy
from .columns import matched
from .estimators import pipeline_for
from .features import Feature, features_of, prepared
from .scale import PointsScale
from .woe import Binning

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["scorecard", "logistic", "boosting"]
FEWEST = 20
"""People of each outcome below which nothing can be trained and tested."""
UNSEEN: Mapping[str, str] = {
    "scorecard": "given no weight: it moves the score neither way",
    "logistic": "put with the rare categories of the feature, or with none of its categories where none is rare",
    "boosting": "counted as a missing value",
}
"""What each kind does with a category that it never saw."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A fitted model, the rows it never saw, and how well it ranks them."""

    model: Any
    """A scikit-learn classifier or pipeline that takes the feature columns."""
    kind: Kind
    features: tuple[str, ...]
    good: Any
    """The class that is the good outcome."""
    train_rows: NDArray[np.int64]
    """Positions of the rows that the model was fitted to."""
    test_rows: NDArray[np.int64]
    """Positions of the rows that it never saw."""
    area_under_curve: float
    """Among the test rows."""
    low: float
    high: float
    """Ends of the 95% interval of the AUC."""
    method: str
    left_out: Mapping[str, str]
    """Columns that were not used, and why."""
    prohibited: tuple[Use, ...]
    """Declared groups or listed bases among the features; only ``teaching=True`` lets them in."""
    columns: tuple[Feature, ...] = ()
    """What each feature held among the rows that the model was fitted to."""
    scale: PointsScale | None = None
    """Makes points of the log-odds of the good outcome, where it was given."""
    good_rate: float = float("nan")
    """Share of the test rows whose outcome was good."""
    good_rate_interval: tuple[float, float] = (float("nan"), float("nan"))
    """Wilson's 95% interval of it."""
    mean_probability: float = float("nan")
    """The predicted probability of the good outcome, on average over the test rows."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What split and fit depended on: ``test_share``, ``rng``, ``policy``, ``teaching``."""
    data: Mapping[str, Any] | None = None
    """Name, rows and sha256 of the file that the rows came from, where it was one file."""
    before: Any = None
    """With ``mitigate=``: the :class:`fairaudit.Audit` of the same model without it, on the test rows."""
    after: Any = None
    """With ``mitigate=``: the audit of this model, on the same people."""

    @property
    def unseen(self) -> str:
        """What the model does with a category that it never saw, in words."""
        return UNSEEN[self.kind]

    def record(self) -> dict[str, Any]:
        """Return how the model was trained and how it ranked the rows it never saw, as plain values."""
        return {
            "kind": self.kind,
            "train_people": len(self.train_rows),
            "test_people": len(self.test_rows),
            "area_under_curve": self.area_under_curve,
            "low": self.low,
            "high": self.high,
            "method": self.method,
            "good_rate": self.good_rate,
            "good_rate_interval": list(self.good_rate_interval),
            "mean_probability": self.mean_probability,
            "left_out": dict(self.left_out),
            "prohibited": [asdict(use) for use in self.prohibited],
            "settings": dict(self.settings),
            **({} if self.data is None else {"data": dict(self.data)}),
        }

    def probability_of_good(self, X: pd.DataFrame) -> NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """Return the predicted probability of the good outcome of each row; other columns are not looked at."""
        classes = [*self.model.classes_]
        predicted = self.model.predict_proba(prepared(matched(X, self.features), self.columns))
        return np.asarray(predicted[:, classes.index(self.good)], dtype=np.float64)


def train(
    X: pd.DataFrame,  # noqa: N803 - scikit-learn's name
    y: Any,
    *,
    good: Any = None,
    kind: Kind = "scorecard",
    groups: Sequence[str] = (),
    policy: Any = "us-fair-lending",
    teaching: bool = False,
    test_share: float = 0.3,
    rng: int = 0,
    scale: PointsScale | None = None,
    binning: Binning = "tree",
) -> Trained:
    """Train a model on part of the rows, and say how well it ranks the others.

    Parameters
    ----------
    X
        The features, one row a person; numbers and text may have missing values.
    y
        What really happened, two different values.
    good
        The value of ``y`` that is the good outcome; never guessed.
    kind
        ``scorecard`` (a points table), ``logistic`` (regression on standardized numbers and categories) or
        ``boosting`` (histogram gradient boosting).
    groups
        Names of declared group columns. One of them among the features, or a basis on the policy's list, is refused.
    policy
        Id or file of the policy whose list of prohibited bases is looked at.
    teaching
        True lets declared groups and listed bases in, to show what such a model does; the record names them.
    test_share
        Share of the rows, of each outcome, that the model never sees.
    rng
        Seed of the split and of the model.
    scale
        The scale of a scorecard's points (the usual one if not given). A model of another kind gets points by it.
    binning
        How a scorecard cuts bins, see :class:`fairaudit.Scorecard`.

    Returns
    -------
    Trained

    Raises
    ------
    ProhibitedBasisError
        If a feature is a declared group or on the policy's list, and ``teaching`` is not set.
    DataContractError, SchemaError, ColumnNotFoundError
        If outcomes are not two, people are too few, a column repeats the outcome, or an argument is wrong.

    Examples
    --------
    >>> import fairaudit as fa
    >>> loans = fa.load_dataset("loanapp")
    >>> features = loans[["obrat", "loanprc", "mortlat1"]]
    >>> made = train(features, loans["approve"], good=1, kind="logistic", groups=["race"])
    >>> len(made.test_rows), bool(made.low < made.area_under_curve < made.high)
    (597, True)
    """
    _check(X, kind, test_share)
    if good is None:
        message = f"Which outcome is good is never guessed: good= one of {listed(_seen(y))}."
        raise SchemaError(message)
    outcomes = _outcomes(X, y, good)
    used = refuse_prohibited([str(name) for name in X.columns], groups, load_policy(policy).policy, teaching=teaching)
    left_out = _left_out(X, outcomes)
    features = tuple(str(name) for name in X.columns if name not in left_out)
    if not features:
        message = f"No feature is left to train on: {'; '.join(f'{name} {why}' for name, why in left_out.items())}."
        raise DataContractError(message)
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(X))
    fitted, tested = train_test_split(rows, test_size=test_share, stratify=outcomes, random_state=rng)
    columns = features_of(X[list(features)].iloc[fitted])
    chosen = prepared(X[list(features)], columns)
    model = _model(columns, kind, good, rng, scale, binning)
    model.fit(chosen.iloc[fitted], np.asarray(y)[fitted])
    settings = {"test_share": test_share, "rng": rng, "policy": str(policy), "teaching": teaching}
    made = Trained(
        model, kind, features, good, np.sort(fitted), np.sort(tested), np.nan, np.nan, np.nan, "", left_out, used,
        columns, scale, settings=settings,
    )  # fmt: skip
    return measured(made, X, outcomes)


def measured(made: Trained, X: pd.DataFrame, good: NDArray[np.bool_]) -> Trained:  # noqa: N803
    """Return a trained model with how well it ranks its own test rows.

    Parameters
    ----------
    made
        A fitted model and its test rows.
    X
        The rows that it was trained and tested on.
    good
        Whether each row's outcome was good.
    """
    tested = made.test_rows
    predicted = made.probability_of_good(X.iloc[tested])
    auc, low, high, method = _ranked(predicted, good[tested])
    least, most, _ = wilson(good[tested].sum(), len(tested))
    return replace(
        made, area_under_curve=auc, low=low, high=high, method=method, good_rate=float(good[tested].mean()),
        good_rate_interval=(float(least), float(most)), mean_probability=float(predicted.mean()),
    )  # fmt: skip


def _seen(y: Any) -> list[str]:
    """Return the different outcomes, as the caller would write them."""
    return [repr(getattr(one, "item", lambda one=one: one)()) for one in dict.fromkeys(list(y))][:5]


def _check(X: Any, kind: str, test_share: float) -> None:  # noqa: N803
    if not hasattr(X, "columns") or not hasattr(X, "iloc"):
        message = f"Features come as a pandas DataFrame with named columns, got {type(X).__name__}."
        raise SchemaError(message)
    if kind not in get_args(Kind):
        message = f"kind is one of {', '.join(get_args(Kind))}, got {kind!r}.{suggestion(str(kind), get_args(Kind))}"
        raise SchemaError(message)
    if not 0.05 <= test_share <= 0.9:
        message = f"test_share is the share of rows kept for the test, from 0.05 to 0.9, got {test_share!r}."
        raise SchemaError(message)
    twice = X.columns[X.columns.duplicated()].tolist()
    if twice:
        message = f"Column '{twice[0]}' is there twice; each feature has a name of its own."
        raise ColumnNotFoundError(message)


def _outcomes(X: pd.DataFrame, y: Any, good: Any) -> NDArray[np.bool_]:  # noqa: N803
    """Return whether each outcome is good."""
    values = np.asarray(y)
    if values.ndim != 1 or len(values) != len(X):
        message = f"There are {len(X):,} rows of features and outcomes of the shape {values.shape}; one outcome a row."
        raise DataContractError(message)
    missing = np.array([value is None or value != value for value in values.tolist()])  # NaN is not itself
    if missing.any():
        message = (
            f"{int(missing.sum()):,} outcomes are missing, the first in row {int(missing.argmax()) + 1}. Leave these "
            "rows out: nobody knows how they turned out."
        )
        raise DataContractError(message)
    labels = list(dict.fromkeys(values.tolist()))
    if good not in labels:
        message = f"good={good!r} is not among the outcomes: {listed(map(str, labels))}."
        raise SchemaError(message)
    if len(labels) != 2:
        message = f"Outcomes are {len(labels)} different values ({listed(map(str, labels))}); two can be trained on."
        raise DataContractError(message)
    made = values == good
    if min(made.sum(), (~made).sum()) < FEWEST:
        message = (
            f"{int(made.sum()):,} good and {int((~made).sum()):,} bad outcomes: fewer than {FEWEST} of one kind are "
            "too few to train on some and test on others."
        )
        raise DataContractError(message)
    return np.asarray(made)


def _left_out(X: pd.DataFrame, good: NDArray[np.bool_]) -> dict[str, str]:  # noqa: N803
    """Return columns that say nothing, with why; a column that is the outcome itself is an error."""
    from pandas.api.types import is_numeric_dtype

    out = {}
    for name in X.columns:
        known = X[name].dropna()
        values = known.unique()
        if len(values) <= 1:
            out[str(name)] = "has one value for everybody"
        elif not is_numeric_dtype(X[name]) and len(values) > max(50, 0.5 * len(known)):
            out[str(name)] = "names nearly every row differently, as an id does"
        elif len(values) == 2 and len(known) == len(X) and _repeats(X[name].to_numpy() == values[0], good):
            message = f"Column '{name}' repeats the outcome in every row. Leave it out of the features."
            raise DataContractError(message)
    return out


def _repeats(side: NDArray[np.bool_], good: NDArray[np.bool_]) -> bool:
    return bool((side == good).all() or (side != good).all())


def _model(
    columns: Sequence[Feature], kind: Kind, good: Any, rng: int, scale: PointsScale | None, binning: Binning
) -> Any:
    if kind == "scorecard":
        from .scorecard import Scorecard

        return Scorecard(good=good, scale=scale, binning=binning)
    return pipeline_for(columns, kind, rng=rng)


def _ranked(score: NDArray[np.float64], good: NDArray[np.bool_]) -> tuple[float, float, float, str]:
    """Return the AUC of the test rows with its interval and method."""
    place = np.unique(score, return_inverse=True)[1]
    goods, bads = (np.bincount(place, weights=side).astype(np.float64) for side in (good, ~good))
    found = delong(goods, bads)
    interval = auc_interval(
        found.value, found.variance, goods.sum(), bads.sum(), tied=tied_share(goods + bads)
    )  # fmt: skip
    return float(found.value), float(interval.low), float(interval.high), str(np.asarray(interval.method))
