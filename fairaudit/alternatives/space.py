"""The search space: what each family of candidates may try, as questions to the optimiser."""

from __future__ import annotations

from typing import Any, Protocol

from ..models.estimators import Learner
from .candidates import MEMBERS, Candidate, Workshop
from .plan import Family, Plan

MOST_SUSPECTS = 6
"""Features that may be left out or cut, at most: each doubles what there is to try."""
BANDS = (3, 5, 8)
VOLUME = (0.8, 1.2)
TOLERANCES = (0.005, 0.02)
ONLY: dict[Family, Learner] = {"monotone": "boosting", "exponentiated_gradient": "logistic"}
"""Families of one learner: constraints are boosting's, and a step of ExponentiatedGradient trains several models."""
TWICE: tuple[Family, ...] = ("fewer_features", "reweighing", "grid_search")
"""Families that are begun with both learners."""


class Asks(Protocol):
    """What gives values for settings: a trial of optuna."""

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...
    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...


def candidate_of(trial: Asks, plan: Plan, shop: Workshop, *, seed: int) -> Candidate:
    """Return the candidate that a trial's settings are.

    Parameters
    ----------
    trial
        Gives the settings.
    plan
        Which families are searched.
    shop
        Which features may be left out or cut.
    seed
        Of the model.
    """
    families = possible(plan, shop)
    family: Family = trial.suggest_categorical("family", families) if len(families) > 1 else families[0]
    if family == "cutoff":
        return Candidate("cutoff", volume=trial.suggest_float("volume", *VOLUME))
    learner: Learner = ONLY.get(family) or trial.suggest_categorical("learner", ("boosting", "logistic"))
    reduced = family in ("exponentiated_gradient", "grid_search")
    # A reduction trains many models for one trial: its learner keeps small settings of its own, and is kept.
    parameters = (_small if reduced else _parameters)(learner, trial)
    without: tuple[str, ...] = ()
    bands: dict[str, int] = {}
    suspects = shop.suspects[:MOST_SUSPECTS]
    if family == "fewer_features":
        without = tuple(name for name in suspects if trial.suggest_categorical(f"without {name}", (True, False)))
    if family == "coarser_features":
        numbers = [one.name for one in shop.features if one.name in suspects and one.kind == "number"]
        chosen = {name: int(trial.suggest_categorical(f"bands of {name}", (0, *BANDS))) for name in numbers}
        bands = {name: many for name, many in chosen.items() if many}
    strength = trial.suggest_float("strength", 0.25, 2.0) if family == "reweighing" else 0.0
    member = trial.suggest_int("member", 0, MEMBERS - 1) if reduced else 0
    tolerance = 0.01
    if family == "exponentiated_gradient":
        tolerance = float(trial.suggest_categorical("tolerance", TOLERANCES))
    volume = trial.suggest_float("volume", *VOLUME) if "cutoff" in plan.families else 1.0
    return Candidate(family, learner, parameters, without, bands, family == "monotone", strength, member, tolerance,
                     volume, 0 if reduced else seed)  # fmt: skip


def possible(plan: Plan, shop: Workshop) -> tuple[Family, ...]:
    """Return the families of which these people have a candidate."""
    suspects = shop.suspects[:MOST_SUSPECTS]
    numbers = {one.name for one in shop.features if one.kind == "number"}
    without = {
        "fewer_features": not suspects or len(shop.features) < 2,
        "coarser_features": not any(name in numbers for name in suspects),
        "monotone": not shop.signs,
    }
    return tuple(one for one in plan.families if not without.get(one, False))


def first_of(plan: Plan, shop: Workshop) -> list[dict[str, Any]]:
    """Return the settings that a search begins with: each family once or twice, so that none is left out by chance."""
    made: list[dict[str, Any]] = []
    families = possible(plan, shop)
    suspects = shop.suspects[:MOST_SUSPECTS]
    for family in families:
        named: dict[str, Any] = {"family": family} if len(families) > 1 else {}
        starts: list[dict[str, Any]] = [{}]
        if family == "fewer_features":
            # The strongest suspect alone, then all of them.
            starts = [{f"without {name}": at == 0 for at, name in enumerate(suspects)},
                      {f"without {name}": True for name in suspects}]  # fmt: skip
            if len(suspects) == len(shop.features):
                starts = starts[:1]
        elif family in ("grid_search", "exponentiated_gradient"):
            starts = [{"member": at} for at in (1, MEMBERS // 2)]
        elif family == "reweighing":
            starts = [{"strength": 1.0}]
        for at, start in enumerate(starts):
            learner = {} if family in ONLY or family == "cutoff" else {"learner": ("boosting", "logistic")[at % 2]}
            made.append({**named, **learner, **start})
        if family in TWICE and len(starts) == 1:
            made.append({**named, "learner": "logistic", **starts[0]})
    return made


def _parameters(learner: Learner, trial: Asks) -> dict[str, Any]:
    if learner == "logistic":
        return {"C": trial.suggest_float("C", 1e-3, 10.0, log=True)}
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "max_iter": trial.suggest_int("max_iter", 40, 250),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 48, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 200, log=True),
        "l2_regularization": trial.suggest_float("l2_regularization", 1e-3, 10.0, log=True),
        "max_features": trial.suggest_float("max_features", 0.3, 1.0),
    }


def _small(learner: Learner, trial: Asks) -> dict[str, Any]:  # noqa: ARG001
    return {} if learner == "logistic" else {"max_iter": 60, "max_leaf_nodes": 8, "learning_rate": 0.1}


def described(plan: Plan, shop: Workshop) -> dict[str, Any]:
    """Return the search space as plain values, for the record."""
    return {
        "families": {family: _words(family, shop) for family in possible(plan, shop)},
        "learners": {
            "boosting": {
                "learning_rate": [0.02, 0.3], "max_iter": [40, 250], "max_leaf_nodes": [4, 48],
                "min_samples_leaf": [5, 200], "l2_regularization": [0.001, 10.0], "max_features": [0.3, 1.0],
            },
            "logistic": {"C": [0.001, 10.0]},
        },
        "volume": [*VOLUME] if "cutoff" in plan.families else None,
    }  # fmt: skip


def _words(family: Family, shop: Workshop) -> dict[str, Any]:
    suspects = [*shop.suspects[:MOST_SUSPECTS]]
    numbers = [one.name for one in shop.features if one.name in suspects and one.kind == "number"]
    if family == "fewer_features":
        return {"without": suspects}
    if family == "coarser_features":
        return {"bands": {name: [*BANDS] for name in numbers}}
    if family == "monotone":
        return {"signs": dict(shop.signs)}
    if family == "reweighing":
        return {"strength": [0.25, 2.0]}
    if family == "exponentiated_gradient":
        return {"tolerance": [*TOLERANCES], "members": MEMBERS}
    if family == "grid_search":
        return {"members": MEMBERS}
    return {}
