"""A scorecard: points by bin of each feature, from logistic regression on weights of evidence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import (
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from ..errors import DataContractError, SchemaError
from .features import Feature
from .scale import PointsScale
from .woe import Binning, FeatureBins, as_numbers, bins_of, is_numeric

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "fairaudit scorecard 1"


class Scorecard(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A points table as a scikit-learn classifier.

    Numbers are cut into bins whose weight of evidence only rises or only falls; categories are merged by likeness;
    missing values are a bin of their own. A category that was not seen, or a missing value where none was, has
    weight of evidence 0: it moves the score neither way.

    Parameters
    ----------
    scale
        The scale of points; 600 at odds of 50, and 20 to double them, if not given.
    good
        The class that is the good outcome; the last one in order if not given.
    min_share
        The smallest share of people in a bin.
    max_bins
        The most bins of a feature, missing values aside.
    C
        Inverse strength of the regression's penalty, as in scikit-learn.
    round_points
        Whether points are whole numbers. Log-odds and probabilities stay unrounded.
    binning
        "tree" cuts with a decision tree and pools neighbors until they are monotone; "optbinning" asks the package of
        that name for the monotone bins of the most information (``pip install 'fairaudit-toolkit[scorecard]'``).

    Raises
    ------
    DataContractError
        From ``fit`` for one class only, or more than two; for infinite numbers; for text among numbers.

    Examples
    --------
    >>> card = Scorecard(min_share=0.25).fit([[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 1, 0, 1])
    >>> list(card.table().columns)
    ['feature', 'bin', 'people', 'good', 'bad', 'weight_of_evidence', 'points', 'note']

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards, chapter 6.
    """

    def __init__(
        self,
        *,
        scale: PointsScale | None = None,
        good: Any = None,
        min_share: float = 0.05,
        max_bins: int = 8,
        C: float = 1.0,  # noqa: N803 - scikit-learn's name
        round_points: bool = False,
        binning: Binning = "tree",
    ) -> None:
        self.scale = scale
        self.good = good
        self.min_share = min_share
        self.max_bins = max_bins
        self.C = C
        self.round_points = round_points
        self.binning = binning

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn is told: two classes, text and missing values allowed."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any) -> Scorecard:  # noqa: N803 - scikit-learn's name
        """Make the points table of people ``X`` with outcomes ``y``."""
        if not 0 < self.min_share <= 0.5 or self.max_bins < 2:
            message = (
                f"min_share is above 0 and at most 0.5, max_bins at least 2; got {self.min_share}, {self.max_bins}."
            )
            raise SchemaError(message)
        if self.binning not in get_args(Binning):
            message = f"binning is one of {', '.join(get_args(Binning))}, got {self.binning!r}."
            raise SchemaError(message)
        if y is None:
            message = "This Scorecard estimator requires y to be passed, but the target y is None."
            raise DataContractError(message)
        columns = self._columns(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(columns[0], y)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) != 2:
            kind = type_of_target(y)
            said = "one class" if len(classes) == 1 else f"{len(classes)} classes"
            message = f"Only binary classification is supported. The type of the target is {kind}; it has {said}."
            raise DataContractError(message)
        good = classes[1] if self.good is None else self.good
        if good not in classes.tolist():
            message = f"The good outcome is one of {classes.tolist()}, got {good!r}."
            raise SchemaError(message)
        self.classes_ = classes
        self.good_ = classes[classes.tolist().index(good)]
        is_good = y == self.good_
        names = self._names()
        self.bins_ = tuple(
            bins_of(name, column, is_good, min_share=self.min_share, max_bins=self.max_bins, binning=self.binning)
            for name, column in zip(names, columns, strict=True)
        )
        evidence = np.column_stack(
            [np.asarray(one.woe)[one.place(column)] for one, column in zip(self.bins_, columns, strict=True)]
        )
        model = LogisticRegression(C=self.C, max_iter=10_000).fit(evidence, is_good)
        self.weights_ = tuple(model.coef_[0].tolist())
        self.intercept_ = float(model.intercept_[0])
        return self

    def log_odds(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the log-odds of the good outcome."""
        made: NDArray[np.float64] = self.intercept_ + self.parts(X, log_odds=True).sum(axis=1)
        return made

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the log-odds of ``classes_[1]``, as scikit-learn wants it; see :meth:`log_odds`."""
        check_is_fitted(self, "bins_")
        made = self.log_odds(X)
        return made if self.good_ == self.classes_[1] else -made

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of each of ``classes_``."""
        from scipy.special import expit

        made = self.decision_function(X)
        return np.column_stack([expit(-made), expit(made)])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the likelier class."""
        places = (self.decision_function(X) > 0).astype(int)
        made: NDArray[Any] = self.classes_[places]
        return made

    def points(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return the points of each person: the sum of the table's points, one bin a feature."""
        made: NDArray[np.float64] = self.parts(X).sum(axis=1)
        return made

    def parts(self, X: Any, *, log_odds: bool = False) -> NDArray[np.float64]:  # noqa: N803
        """Return the points of each person's bin of each feature, people x features.

        With ``log_odds`` the part of the log-odds that each feature adds; the intercept is left out.
        """
        evidence = [weight * np.asarray(one.woe) for one, weight in zip(self._bins(), self.weights_, strict=True)]
        table = evidence if log_odds else self._points_by_bin()
        columns = self._columns(X, reset=False)
        return np.column_stack(
            [made[one.place(column)] for made, one, column in zip(table, self.bins_, columns, strict=True)]
        )

    def table(self) -> pd.DataFrame:
        """Return the points table, a row for each bin of each feature."""
        import pandas as pd

        check_is_fitted(self, "bins_")
        rows = [
            (one.name, label, good + bad, good, bad, woe, float(points), note)
            for one, made in zip(self.bins_, self._points_by_bin(), strict=True)
            for label, good, bad, woe, points, note in zip(
                one.labels, one.good, one.bad, one.woe, made, one.notes, strict=True
            )
        ]
        columns = ["feature", "bin", "people", "good", "bad", "weight_of_evidence", "points", "note"]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        """Return the table in words, or the estimator's own before it is fitted."""
        if not hasattr(self, "bins_"):
            return str(self.__repr__())
        scale = self.points_scale
        rounded = "rounded to whole numbers" if self.round_points else "not rounded"
        return (
            f"Scorecard: {scale.base_score:g} points at {scale.base_odds:g} good to 1 bad, "
            f"{scale.points_to_double_odds:g} points to double the odds; points {rounded}.\n"
            f"Good outcome: {self.good_}. A score is the sum of one bin's points for each feature.\n\n"
            + self.table().round({"weight_of_evidence": 3, "points": 1}).to_string(index=False)
        )

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the scorecard as JSON, and write it if a path is given."""
        from .scorecard_file import write

        check_is_fitted(self, "bins_")
        text = json.dumps(write(self), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    @classmethod
    def from_json(cls, source: str | Path) -> Scorecard:
        """Return the scorecard of a JSON text or file, with every value checked.

        Raises
        ------
        DataContractError
            For a file that is no scorecard, or one with values that cannot be.
        """
        from .scorecard_file import read

        plain = isinstance(source, str) and source.lstrip().startswith("{")
        return read(str(source) if plain else _read_text(Path(source)), cls())

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the scorecard as a CSV table, a row a bin, and write it if a path is given."""
        from .scorecard_csv import to_text

        check_is_fitted(self, "bins_")
        text = to_text(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8", newline="")
        return text

    @classmethod
    def from_csv(cls, source: str | Path) -> Scorecard:
        """Return the scorecard of a CSV text (of several lines) or file that :meth:`to_csv` made.

        Raises
        ------
        DataContractError
            For a table that is no scorecard, or whose points were changed by hand.
        """
        from .scorecard_csv import of_text

        if isinstance(source, str) and "\n" in source:
            return of_text(source)
        return of_text(_read_text(Path(source)))

    @property
    def points_scale(self) -> PointsScale:
        """The scale of points: the one given, or the usual one."""
        return PointsScale() if self.scale is None else self.scale

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features."""
        return tuple(self._names())

    @property
    def features(self) -> tuple[Feature, ...]:
        """What each feature holds."""
        return tuple(
            Feature(one.name, one.kind, tuple(name for names in one.categories for name in names) or None)
            for one in self._bins()
        )

    unseen = "given no weight: it moves the score neither way"
    """What is done with a category that was never seen."""

    def _bins(self) -> tuple[FeatureBins, ...]:
        check_is_fitted(self, "bins_")
        made: tuple[FeatureBins, ...] = self.bins_
        return made

    def _points_by_bin(self) -> list[NDArray[np.float64]]:
        scale = self.points_scale
        share = float(scale.points(self.intercept_)) / len(self.bins_)
        made = [share + scale.factor * weight * np.asarray(one.woe)
                for one, weight in zip(self.bins_, self.weights_, strict=True)]  # fmt: skip
        return [np.round(one) for one in made] if self.round_points else made

    def _names(self) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return [f"x{i}" for i in range(self.n_features_in_)] if names is None else [str(name) for name in names]

    def _columns(self, X: Any, *, reset: bool) -> list[NDArray[Any]]:  # noqa: N803
        """Return the columns of a frame, each of its own type, or of an array."""
        if hasattr(X, "iloc") and getattr(X, "ndim", 0) == 2 and 0 not in X.shape and not hasattr(X, "sparse"):
            validate_data(self, X, skip_check_array=True, reset=reset)
            columns = [np.asarray(X.iloc[:, i]) for i in range(X.shape[1])]
        else:
            X = validate_data(self, X, dtype=None, ensure_all_finite="allow-nan", reset=reset)  # noqa: N806
            columns = [X[:, i] for i in range(X.shape[1])]
        for name, column in zip(self._names(), columns, strict=True):
            if column.dtype.kind not in "biufOUSmM":
                message = f"Complex data not supported: feature '{name}' is of type {column.dtype}."
                raise DataContractError(message)
            if is_numeric(column):
                as_numbers(column, name)
        return columns


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        message = f"{path.name} is not text in UTF-8. Export the scorecard again."
        raise DataContractError(message) from None


def rebuilt(card: Scorecard, bins: tuple[FeatureBins, ...], weights: tuple[float, ...], intercept: float,
            classes: list[Any], good: Any, *, named: bool) -> Scorecard:  # fmt: skip
    """Return a scorecard with the fitted parts that a file held."""
    if not all(math.isfinite(value) for value in (*weights, intercept)):
        message = "A scorecard's weights are finite numbers."
        raise DataContractError(message)
    card.classes_ = np.asarray(classes)
    card.good_ = card.classes_[classes.index(good)]
    card.bins_, card.weights_, card.intercept_ = bins, weights, intercept
    card.n_features_in_ = len(bins)
    if named:
        card.feature_names_in_ = np.asarray([one.name for one in bins], dtype=object)
    return card
