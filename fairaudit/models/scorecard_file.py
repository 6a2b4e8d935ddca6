"""A scorecard as a JSON file and back: plain values, every one checked, nothing unpickled or evaluated."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ..errors import DataContractError
from .scale import PointsScale
from .scorecard import FORMAT, Scorecard, rebuilt
from .woe import FeatureBins

Label = bool | int | float | str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Feature(_Strict):
    name: str
    kind: Literal["number", "category"]
    edges: list[float]
    categories: list[list[str]]
    good: list[float]
    bad: list[float]
    woe: list[float]
    weight: float

    @model_validator(mode="after")
    def _fits(self) -> _Feature:
        number = self.kind == "number"
        bins = len(self.edges) + 2 if number else len(self.categories) + 2
        names = [name for one in self.categories for name in one]
        if {len(self.good), len(self.bad), len(self.woe)} != {bins}:
            message = f"feature '{self.name}' has {bins} bins, and not as many counts or weights of evidence"
        elif (self.categories if number else self.edges) or len(set(names)) != len(names):
            message = f"feature '{self.name}' has edges and categories, or a category twice"
        elif any(low >= high for low, high in zip(self.edges[:-1], self.edges[1:], strict=True)):
            message = f"the edges of feature '{self.name}' do not rise"
        elif min(*self.good, *self.bad) < 0:
            message = f"feature '{self.name}' has a count below 0"
        else:
            return self
        raise ValueError(message)


class _File(_Strict):
    format: Literal["fairaudit scorecard 1"]
    base_score: float
    base_odds: float
    points_to_double_odds: float
    round_points: bool
    classes: list[Label]
    good: Label
    intercept: float
    named: bool
    features: list[_Feature]

    @model_validator(mode="after")
    def _fits(self) -> _File:
        names = [one.name for one in self.features]
        if not names or len(set(names)) != len(names):
            message = "there are no features, or one is there twice"
        elif len(self.classes) != 2 or len({type(one) for one in self.classes}) != 1 or len({*self.classes}) != 2:
            message = "the classes are two different values of one type"
        elif self.good not in self.classes:
            message = "the good outcome is none of the classes"
        else:
            return self
        raise ValueError(message)


def write(card: Scorecard) -> dict[str, Any]:
    """Return a fitted scorecard as plain values."""
    scale = PointsScale() if card.scale is None else card.scale
    return {
        "format": FORMAT,
        "base_score": scale.base_score,
        "base_odds": scale.base_odds,
        "points_to_double_odds": scale.points_to_double_odds,
        "round_points": bool(card.round_points),
        "classes": card.classes_.tolist(),
        "good": card.good_.item() if isinstance(card.good_, np.generic) else card.good_,
        "intercept": card.intercept_,
        "named": hasattr(card, "feature_names_in_"),
        "features": [
            {"name": one.name, "kind": one.kind, "edges": one.edges, "categories": one.categories, "good": one.good,
             "bad": one.bad, "woe": one.woe, "weight": weight}
            for one, weight in zip(card.bins_, card.weights_, strict=True)
        ],
    }  # fmt: skip


def read(text: str, card: Scorecard) -> Scorecard:
    """Return the scorecard of a JSON text.

    Raises
    ------
    DataContractError
        With the first thing that is wrong, and where.
    """
    try:
        made = _File.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        message = f"This is no scorecard that fairaudit wrote: {place}: {first['msg']}. Export it again with to_json."
        raise DataContractError(message) from None
    card.scale = PointsScale(made.base_score, made.base_odds, made.points_to_double_odds)
    card.round_points, card.good = made.round_points, made.good
    bins = tuple(
        FeatureBins(one.name, one.kind, tuple(one.edges), tuple(tuple(names) for names in one.categories),
                    tuple(one.good), tuple(one.bad), tuple(one.woe))
        for one in made.features
    )  # fmt: skip
    weights = tuple(one.weight for one in made.features)
    return rebuilt(card, bins, weights, made.intercept, list(made.classes), made.good, named=made.named)
