"""A candidate as plain settings, and the model that they make of the training split: the same each time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError
from ..models.estimators import Learner, classifier_for, columns_for, pipeline_for
from ..models.features import Feature, features_of, prepared
from ..models.scorer import Scorer
from ..models.training import UNSEEN
from ..models.wrapping import wrap
from .people import People
from .plan import Family, Plan

if TYPE_CHECKING:
    import pandas as pd

MEMBERS = 8
"""Models of a reduction that are looked at, at most."""
GRID_LIMIT = 2.0
REDUCED_ROWS = 10_000
"""People whom a reduction is trained on, at most: it trains dozens of models with weights to give a few."""
MONOTONE_FROM = 0.02
"""Rank correlation with the outcome, in size, from which a number may move the score one way only."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate: its family and settings. ``parameters`` are the learner's own."""

    family: Family
    learner: Learner = "boosting"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    """Features that are left out."""
    bands: Mapping[str, int] = field(default_factory=dict)
    """Features that are cut into bands."""
    monotone: bool = False
    strength: float = 0.0
    """Power of the weights of reweighing: 1 makes group and outcome independent, 0 does nothing."""
    member: int = 0
    """Which model of a reduction."""
    tolerance: float = 0.01
    """How much disparity ExponentiatedGradient leaves."""
    volume: float = 1.0
    """Share selected, as a multiple of the incumbent's."""
    seed: int = 0

    def record(self) -> dict[str, Any]:
        """Return the settings that are not what they are anyway."""
        plain = Candidate(self.family)
        made: dict[str, Any] = {}
        for name in ("learner", "parameters", "without", "bands", "monotone", "strength", "member", "tolerance",
                     "volume", "seed"):  # fmt: skip
            value = getattr(self, name)
            if name == "learner" or value != getattr(plain, name):
                made[name] = dict(value) if isinstance(value, Mapping) else [*value] if name == "without" else value
        return made


@dataclass(frozen=True, eq=False)
class Workshop:
    """What candidates are made of: the incumbent, the training split, and what the audit says of its features."""

    incumbent: Scorer
    training: People
    """Of the training split, those whose outcome is observed."""
    features: tuple[Feature, ...]
    in_target: NDArray[np.bool_]
    reference: NDArray[np.bool_]
    suspects: tuple[str, ...]
    """Features that carry the gap or tell the group, the strongest first."""
    signs: Mapping[str, int]
    constraint: str
    """``selection`` or ``opportunity``: what a reduction makes alike."""


def workshop(incumbent: Scorer, training: People, plan: Plan, suspects: tuple[str, ...]) -> Workshop:
    """Return what candidates are made of.

    Parameters
    ----------
    incumbent
        Its columns are the features of every candidate.
    training
        The training split.
    plan
        Whom the search is about.
    suspects
        Features to leave out or to cut, the strongest first.
    """
    from scipy.stats import spearmanr

    seen = training.of(np.flatnonzero(training.known))
    rows = seen.rows[list(incumbent.feature_names)]
    features = features_of(rows)
    signs: dict[str, int] = {}
    for one in features:
        if one.kind != "number":
            continue
        values = prepared(rows[[one.name]], [one])[one.name].to_numpy(dtype=np.float64)
        there = np.isfinite(values)
        if there.sum() > 2 and len(np.unique(values[there])) > 1:
            strength = float(np.asarray(spearmanr(values[there], seen.good[there]).statistic))
            if np.isfinite(strength) and abs(strength) >= MONOTONE_FROM:
                signs[one.name] = 1 if strength > 0 else -1
    labels = seen.groups[plan.target.attribute]
    constraint = "opportunity" if plan.metric == "equal_opportunity_difference" else "selection"
    return Workshop(incumbent, seen, features, labels == plan.target.group, labels == plan.target.reference,
                    suspects, signs, constraint)  # fmt: skip


def built(candidate: Candidate, shop: Workshop) -> Scorer:
    """Return the model that the settings make: a scorer in probabilities of the good outcome.

    Raises
    ------
    DataContractError
        If nothing is left to train on, or a reduction has no model of that number.
    """
    if candidate.family == "cutoff":
        return shop.incumbent
    features = tuple(one for one in shop.features if one.name not in candidate.without)
    if not features:
        message = "Every feature is left out, so there is nothing to score by."
        raise DataContractError(message)
    rows = prepared(shop.training.rows[[one.name for one in features]], features)
    outcome = shop.training.good.astype(np.int64)
    if candidate.family in ("exponentiated_gradient", "grid_search"):
        model = _reduced(candidate, shop, features, rows, outcome)
    else:
        known = {one.name for one in features if one.kind == "number"}
        bands = {name: many for name, many in candidate.bands.items() if name in known}
        model = pipeline_for(
            features, candidate.learner, rng=candidate.seed, parameters=candidate.parameters, bands=bands,
            signs=shop.signs if candidate.monotone else None,
        )  # fmt: skip
        weights = _weights(shop) ** candidate.strength if candidate.strength else None
        last = model.steps[-1][0]
        with warnings.catch_warnings():
            # A logistic regression that has not converged is a candidate like any other; its numbers decide.
            warnings.filterwarnings("ignore", message=".*failed to converge.*")
            # A feature with few values gives fewer bands than were asked for.
            warnings.filterwarnings("ignore", message=".*Bins whose width are too small.*")
            model.fit(rows, outcome, **({} if weights is None else {f"{last}__sample_weight": weights}))
    made = wrap(model, good=1, feature_names=[one.name for one in features])
    return replace(made, features=features, unseen=UNSEEN[candidate.learner],
                   training={"family": candidate.family, "settings": candidate.record(),
                             "train_people": len(rows)})  # fmt: skip


def _weights(shop: Workshop) -> NDArray[np.float64]:
    """Return weights that make group and outcome independent among the training people."""
    place = np.where(shop.in_target, 0, np.where(shop.reference, 1, 2))
    outcome = shop.training.good.astype(np.intp)
    counts = np.zeros((3, 2))
    np.add.at(counts, (place, outcome), 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.where(counts > 0, expected / counts, 1.0)
    made: NDArray[np.float64] = table[place, outcome]
    return made


def _reduced(
    candidate: Candidate, shop: Workshop, features: tuple[Feature, ...], rows: pd.DataFrame, outcome: Any
) -> Any:
    from sklearn.pipeline import make_pipeline

    columns, members = _members(
        candidate.family, candidate.learner, candidate.tolerance, tuple(sorted(candidate.parameters.items())),
        candidate.seed, _Held(shop, features, rows, outcome),
    )  # fmt: skip
    if candidate.member >= len(members):
        message = f"The reduction has {len(members)} different models; there is no number {candidate.member}."
        raise DataContractError(message)
    return make_pipeline(columns, members[candidate.member])


class _Held:
    """Arguments that a cache cannot hash: equal when they belong to one workshop and the same features."""

    def __init__(self, shop: Workshop, features: tuple[Feature, ...], rows: Any, outcome: Any) -> None:
        self.shop, self.features, self.rows, self.outcome = shop, features, rows, outcome

    def __hash__(self) -> int:
        return hash((id(self.shop), self.features))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.shop is other.shop and self.features == other.features


@lru_cache(maxsize=16)
def _members(
    family: Family, learner: Learner, tolerance: float, parameters: tuple[tuple[str, Any], ...], seed: int, held: _Held
) -> tuple[Any, tuple[Any, ...]]:
    """Return the transformer of columns and the different deterministic models of a reduction."""
    from fairlearn.reductions import DemographicParity, ExponentiatedGradient, GridSearch, TruePositiveRateParity

    columns = columns_for(held.features, learner)
    draw = np.random.default_rng([seed, 4]).permutation(len(held.rows))[:REDUCED_ROWS]
    some = np.sort(draw)
    matrix = columns.fit_transform(held.rows.iloc[some])
    matrix = np.asarray(matrix.todense()) if hasattr(matrix, "todense") else np.asarray(matrix, dtype=np.float64)
    base = classifier_for(held.features, learner, rng=seed, parameters=dict(parameters))
    parity = TruePositiveRateParity if held.shop.constraint == "opportunity" else DemographicParity
    side = np.where(held.shop.in_target[some], "group", "others")
    with warnings.catch_warnings():
        # pandas deprecates what fairlearn's reductions call; and a step that has not converged is a model all the same.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        if family == "grid_search":
            made = GridSearch(base, parity(), grid_size=MEMBERS + 1, grid_limit=GRID_LIMIT)
        else:
            made = ExponentiatedGradient(base, parity(), eps=tolerance, max_iter=MEMBERS, run_linprog_step=False)
        made.fit(matrix, held.outcome[some], sensitive_features=side)
    members, seen = [], set()
    for one in made.predictors_:
        if len(getattr(one, "classes_", ())) != 2 or not hasattr(one, "predict_proba"):
            continue  # where all labels became one, it answers the same to everybody
        scores = np.asarray(one.predict_proba(matrix)[:, 1])
        mark = np.round(scores, 12).tobytes()
        if mark not in seen and len(np.unique(scores)) > 1:
            seen.add(mark)
            members.append(one)
    return columns, tuple(members[:MEMBERS])
