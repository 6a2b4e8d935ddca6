"""The pipelines that are trained here: columns as each kind of model wants them, and the model itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from .features import Feature

Learner = Literal["logistic", "boosting"]
RARE = 0.01
"""Categories of fewer people than this share are put together."""
MOST_CATEGORIES = 200


def columns_for(features: Sequence[Feature], learner: Learner, bands: Mapping[str, int] | None = None) -> Any:
    """Return the transformer that makes a model's matrix of rows: numbers first, in the features' order, then words.

    Parameters
    ----------
    features
        What the columns hold.
    learner
        ``boosting`` takes missing values and codes of categories; ``logistic`` wants none missing, and a column each.
    bands
        Numbers that are cut into about so many bands of equally many people, by name: a coarser feature.

    Examples
    --------
    >>> made = columns_for([Feature("income", "number"), Feature("home", "category")], "boosting")
    >>> [name for name, *_ in made.transformers]
    ['numbers', 'words']
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler

    bands = bands or {}
    numbers = [one.name for one in features if one.kind == "number" and one.name not in bands]
    words = [one.name for one in features if one.kind == "category"]
    coarse = []
    for name, many in bands.items():
        cut = KBinsDiscretizer(many, encode="ordinal", strategy="quantile", subsample=None)
        if "quantile_method" in cut.get_params():
            cut.set_params(quantile_method="averaged_inverted_cdf")
        coarse.append((f"bands of {name}", make_pipeline(SimpleImputer(strategy="median"), cut), [name]))
    if learner == "boosting":
        codes = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES
        )  # fmt: skip
        return ColumnTransformer([("numbers", "passthrough", numbers), *coarse, ("words", codes, words)])
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    # A missing word is a category of its own.
    named = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE)
    return ColumnTransformer([("numbers", scaled, numbers), *coarse, ("words", named, words)])


def classifier_for(
    features: Sequence[Feature],
    learner: Learner,
    *,
    rng: int = 0,
    parameters: Mapping[str, Any] | None = None,
    signs: Mapping[str, int] | None = None,
) -> Any:
    """Return the classifier that goes behind :func:`columns_for`, not fitted.

    Parameters
    ----------
    features, learner
        As for :func:`columns_for`.
    rng
        Seed of the model.
    parameters
        Settings of scikit-learn's model other than its own.
    signs
        1 where a number may only raise the score, -1 where it may only lower it, by name; for boosting.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    given = dict(parameters or {})
    if learner == "logistic":
        return LogisticRegression(**{"max_iter": 2_000, **given})
    numbers = [one.name for one in features if one.kind == "number"]
    words = [one.name for one in features if one.kind == "category"]
    if signs:
        given["monotonic_cst"] = [int(signs.get(name, 0)) for name in numbers] + [0] * len(words)
    categorical = np.arange(len(numbers), len(numbers) + len(words))
    return HistGradientBoostingClassifier(categorical_features=categorical, random_state=rng, **given)


def pipeline_for(
    features: Sequence[Feature],
    learner: Learner,
    *,
    rng: int = 0,
    parameters: Mapping[str, Any] | None = None,
    signs: Mapping[str, int] | None = None,
    bands: Mapping[str, int] | None = None,
) -> Any:
    """Return columns and classifier as one pipeline, not fitted.

    Examples
    --------
    >>> made = pipeline_for([Feature("income", "number")], "logistic")
    >>> [name for name, _ in made.steps]
    ['columntransformer', 'logisticregression']
    """
    from sklearn.pipeline import make_pipeline

    if signs and bands:
        # Bands come after the other numbers, so that signs would be given to the wrong columns.
        ordered = [one for one in features if one.name not in bands]
        ordered += [one for name in bands for one in features if one.name == name]
        features = ordered
    return make_pipeline(
        columns_for(features, learner, bands),
        classifier_for(features, learner, rng=rng, parameters=parameters, signs=signs),
    )  # fmt: skip
