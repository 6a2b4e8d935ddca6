"""What looks at people's groups when it decides: an upper bound for teaching, never proposed, and why."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import FairauditError
from ..inference.model_changes import Change
from ..models.estimators import classifier_for, columns_for
from ..models.features import prepared
from .candidates import Workshop
from .comparing import Decided, changes, cutoff_for
from .people import People
from .plan import Plan
from .records import CandidateRecord

WHY = (
    "it decides by a person's group itself (disparate treatment): two people who differ in nothing else are treated "
    "differently. It stands here to show what is possible, and a lender has no use for it"
)
THRESHOLDS, REMOVER = "threshold_optimizer", "correlation_remover"


def upper_bounds(shop: Workshop, selection: People, incumbent: Decided, plan: Plan, *, first: int) -> list[
    CandidateRecord
]:  # fmt: skip
    """Return fairlearn's ThresholdOptimizer and CorrelationRemover on the selection split, as records.

    Parameters
    ----------
    shop
        What they are fitted on.
    selection, incumbent
        The people that they are measured on, and what the incumbent does with them.
    plan
        What is measured.
    first
        Number of the first record.

    Notes
    -----
    The thresholds are those of the incumbent's score, one or two mixed by lot in each group: fitted on training people,
    whom the incumbent may have seen. They have no score that is the same for everybody, so no AUC.
    """
    made = []
    for number, (name, of) in enumerate(((THRESHOLDS, _thresholds), (REMOVER, _remover)), start=first):
        try:
            mine = of(shop, selection, incumbent, plan)
            performance, disparity = changes(selection, plan, incumbent, mine, observed=True)
        except (FairauditError, ValueError) as error:
            made.append(_record(number, name, None, None, f"{WHY}. It has no numbers here: {error}"))
            continue
        without = name == THRESHOLDS and plan.performance != "expected_profit"
        made.append(_record(number, name, None if without else performance, disparity, WHY))
    return made


def _record(number: int, family: str, performance: Change | None, disparity: Change | None, why: str) -> (
    CandidateRecord
):  # fmt: skip
    def of(change: Change | None, name: str) -> float | None:
        if change is None or change.undefined:
            return None
        return float(getattr(change, name))

    return CandidateRecord(
        number=number,
        family=family,
        settings={},
        proposable=False,
        why_not=why,
        performance=of(performance, "candidate"),
        performance_change=of(performance, "value"),
        performance_error=of(performance, "standard_error"),
        disparity=of(disparity, "candidate"),
        disparity_change=of(disparity, "value"),
        disparity_error=of(disparity, "standard_error"),
    )


def _thresholds(shop: Workshop, selection: People, incumbent: Decided, plan: Plan) -> Decided:
    from fairlearn.postprocessing import ThresholdOptimizer

    from .comparing import better_up

    parity = "true_positive_rate_parity" if shop.constraint == "opportunity" else "demographic_parity"
    score = better_up(shop.incumbent, shop.training)
    labels = shop.training.groups[plan.target.attribute]
    ours = (labels == plan.target.group) | (labels == plan.target.reference)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        made = ThresholdOptimizer(
            estimator=_identity(), constraints=parity, prefit=True, predict_method="predict", grid_size=200
        )
        made.fit(score[ours][:, None], shop.training.good[ours].astype(int), sensitive_features=labels[ours])
        asked = selection.groups[plan.target.attribute]
        known = (asked == plan.target.group) | (asked == plan.target.reference)
        selected = incumbent.selected.copy()
        selected[known] = made.predict(
            incumbent.score[known][:, None], sensitive_features=asked[known], random_state=plan.seed
        ).astype(bool)
    return Decided(incumbent.score, selected)


def _identity() -> Any:
    """Return what fairlearn asks for scores: the incumbent's, which are already there."""
    from sklearn.base import BaseEstimator

    class Identity(BaseEstimator):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> Any:  # noqa: N803, ARG002 - scikit-learn's names
            return self

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict(self, X: Any) -> Any:  # noqa: N803
            return np.asarray(X)[:, 0]

    return Identity()


def _remover(shop: Workshop, selection: People, incumbent: Decided, plan: Plan) -> Decided:
    from fairlearn.preprocessing import CorrelationRemover

    names = [one.name for one in shop.features]
    columns = columns_for(shop.features, "logistic")

    def matrix(people: People, of: Any) -> Any:
        made = of(prepared(people.rows[names], shop.features))
        made = np.asarray(made.todense()) if hasattr(made, "todense") else np.asarray(made, dtype=np.float64)
        side = people.groups[plan.target.attribute] == plan.target.group
        return np.column_stack([made, side.astype(np.float64)])

    trained = matrix(shop.training, columns.fit_transform)
    remover = CorrelationRemover(sensitive_feature_ids=[trained.shape[1] - 1])
    model = classifier_for(shop.features, "logistic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(remover.fit_transform(trained), shop.training.good.astype(int))
        score = model.predict_proba(remover.transform(matrix(selection, columns.transform)))[:, 1]
    return Decided(score, score >= cutoff_for(score, float(incumbent.selected.mean())))
