"""``model.json``: what a saved model is, beside its file. Plain values, every one checked when they come back."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from .._version import __version__
from ..errors import DataContractError
from ..schema.roles import HigherIs
from .features import Feature
from .formats import FILES, Format
from .scale import PointsScale
from .scorer import Units, WrappedModel

CARD = "model.json"
LARGEST_CARD = 16 << 20
Label = bool | int | float | str

_LIBRARIES: dict[Format, tuple[str, ...]] = {
    "scorecard": (), "skops": ("scikit-learn", "skops"), "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost", "xgboost-cpu"), "catboost": ("catboost",), "onnx": ("onnxruntime",),
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Feature(_Strict):
    name: str
    kind: Literal["number", "category", "any"]
    categories: list[str] | None


class _Scale(_Strict):
    base_score: float
    base_odds: float = Field(gt=0)
    points_to_double_odds: float = Field(gt=0)


class ModelCard(_Strict):
    """A saved model's card."""

    format: Literal["fairaudit model 1"] = "fairaudit model 1"
    kind: str
    file: str
    file_format: Format
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    units: Units
    higher_is: HigherIs
    good: Label | None
    classes: list[Label] | None
    scale: _Scale | None
    feature_names: list[str]
    features: list[_Feature]
    unseen: str
    training: dict[str, JsonValue] | None
    versions: dict[str, str]

    @model_validator(mode="after")
    def _fits(self) -> ModelCard:
        if self.file != FILES[self.file_format]:
            message = f"file is '{FILES[self.file_format]}' for this format and nothing else, got '{self.file}'"
        elif self.features and [one.name for one in self.features] != self.feature_names:
            message = "features are not those of feature_names"
        elif self.classes is not None and (len(self.classes) != 2 or self.good not in self.classes):
            message = "classes are two, and good is one of them"
        elif (self.good is None) != (self.classes is None):
            message = "good and classes go together"
        else:
            return self
        raise ValueError(message)

    def points_scale(self) -> PointsScale | None:
        """Return the scale of points."""
        return None if self.scale is None else PointsScale(**self.scale.model_dump())

    def features_known(self) -> tuple[Feature, ...]:
        """Return what each feature holds."""
        return tuple(
            Feature(one.name, one.kind, None if one.categories is None else tuple(one.categories))
            for one in self.features
        )


def card_of(scorer: WrappedModel, kind: Format, sha256: str) -> ModelCard:
    """Return the card of a model that is saved in a file of this format and hash."""
    scale = scorer.scale
    return ModelCard(
        kind=type(scorer.model).__name__,
        file=FILES[kind],
        file_format=kind,
        sha256=sha256,
        units=scorer.units,
        higher_is=scorer.higher_is,
        good=_plain(scorer.good),
        classes=[_plain(one) for one in scorer.classes] or None,
        scale=None if scale is None else _Scale(
            base_score=scale.base_score, base_odds=scale.base_odds, points_to_double_odds=scale.points_to_double_odds
        ),
        feature_names=list(scorer.feature_names),
        features=[_Feature(name=one.name, kind=one.kind,
                           categories=None if one.categories is None else list(one.categories))
                  for one in scorer.features],
        unseen=scorer.unseen,
        training=None if scorer.training is None else _plain(dict(scorer.training)),
        versions=versions(kind),
    )  # fmt: skip


def read_card(data: bytes, name: str) -> ModelCard:
    """Return a card with every value checked.

    Raises
    ------
    DataContractError
        With the first value that cannot be, and where.
    """
    if len(data) > LARGEST_CARD:
        message = f"{name} has {len(data):,} bytes; a model's card has at most {LARGEST_CARD:,}."
        raise DataContractError(message)
    try:
        return ModelCard.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        message = f"{name} is no model's card that fairaudit wrote: {place}: {first['msg']}. Save the model again."
        raise DataContractError(message) from None


def versions(kind: Format) -> dict[str, str]:
    """Return the versions of what a model of this format depends on, as they are installed."""
    made = {"fairaudit": __version__, "python": platform.python_version()}
    for package in _LIBRARIES[kind]:
        try:
            made[package.removesuffix("-cpu")] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return made


def check_versions(card: ModelCard) -> None:
    """Refuse a model of versions that may read it differently.

    A scikit-learn model needs the same minor version, as scikit-learn itself says; a native file needs a library that
    is not older than the one that wrote it.

    Raises
    ------
    DataContractError
        With both versions.
    """
    here = versions(card.file_format)
    for package, then in card.versions.items():
        now = here.get(package)
        if package in ("fairaudit", "python", "skops") or now is None:
            continue
        exact = package == "scikit-learn"
        if (_minor(now) != _minor(then)) if exact else (_minor(now) < _minor(then)):
            message = (
                f"The model was saved with {package} {then}, and here is {now}: "
                + ("scikit-learn's models are read by the same minor version only. " if exact else "the older one. ")
                + f"Install {package} {then}, save the model anew, or give other_versions=True and hold its scores "
                "against scores that you know."
            )
            raise DataContractError(message)


def _minor(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int("".join(sign for sign in part if sign.isdigit()) or 0) for part in parts)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.item() if hasattr(value, "item") else value
