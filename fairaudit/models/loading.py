"""A saved model, or a bare model file of a known format, as a scorer. Nothing is unpickled; types are named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import DataContractError, SchemaError, suggestion
from ..schema.roles import HigherIs
from . import booster_files, onnx_model, skops_file
from .formats import FILES, PICKLE_ENDINGS, Format, format_of, read_whole
from .held_out import read_held_out
from .model_card import CARD, LARGEST_CARD, ModelCard, check_versions, read_card
from .scale import PointsScale
from .scorecard import Scorecard
from .scorer import Units, WrappedModel
from .wrapping import wrap


def load_scorer(
    path: str | Path,
    *,
    good: Any = None,
    higher_is: HigherIs | None = None,
    units: Units | None = None,
    scale: PointsScale | None = None,
    feature_names: Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    trusted: Iterable[str] = (),
    other_versions: bool = False,
) -> WrappedModel:
    """Load a model that was saved, or a bare file of a known format.

    Parameters
    ----------
    path
        A folder of :func:`fairaudit.save_model`; or a scorecard's JSON, skops (``.skops``), LightGBM (``.txt``),
        XGBoost (``.json``, ``.ubj``), CatBoost (``.cbm``) or ONNX (``.onnx``) file, told by what it holds.
    good, higher_is, feature_names, classes
        What a bare file does not say, as in :func:`fairaudit.wrap`; a folder's card says it.
    units, scale
        Other units than the saved ones, as in :func:`fairaudit.wrap`.
    trusted
        Full names of types that a skops file may build, besides skops's own and
        :data:`fairaudit.models.skops_file.TRUSTED`. A type that nobody named is an error that lists them.
    other_versions
        True loads a model of other library versions than these.

    Returns
    -------
    WrappedModel
        A scorer. What is on record of its training is in ``training``.

    Raises
    ------
    DataContractError
        For a pickle, whatever it is called; a damaged or changed file; a type that is not trusted.
    SchemaError
        If something is not said that is never guessed, or an extra is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from fairaudit.models.saving import save_model
    >>> card = Scorecard(min_share=0.25).fit([[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 1, 0, 1])
    >>> with tempfile.TemporaryDirectory() as place:
    ...     back = load_scorer(save_model(card, f"{place}/model"))
    >>> back.units, back.good
    ('points', 1)
    """
    place = _found(Path(path))
    if isinstance(trusted, str):
        trusted = [trusted]
    if place.is_dir():
        if not all(one is None for one in (good, higher_is, feature_names, classes)):
            message = f"The card of '{place}' says good, higher_is, feature_names and classes. Leave them out."
            raise SchemaError(message)
        return _from_folder(place, units, scale, trusted, other_versions=other_versions)
    data = read_whole(place)
    kind = format_of(place.name, data)
    model = read_model(kind, place.name, data, trusted)
    return wrap(model, good=good, higher_is=higher_is, units=units, scale=scale, feature_names=feature_names,
                classes=classes)  # fmt: skip


def read_model(kind: Format, name: str, data: bytes, trusted: Iterable[str] = ()) -> Any:
    """Return the model in a file of a known format.

    Raises
    ------
    DataContractError
        If the file is damaged or holds a type that is not trusted.
    """
    if kind == "scorecard":
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            message = f"{name} is not text in UTF-8. Export the scorecard again with to_json."
            raise DataContractError(message) from None
        return Scorecard.from_json(text)
    if kind == "skops":
        return skops_file.read(name, data, trusted)
    if kind == "onnx":
        return onnx_model.read(name, data)
    return booster_files.read(kind, name, data)


def _found(path: Path) -> Path:
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        message = f"There is no model at '{path}'.{suggestion(path.name, beside)}"
        raise DataContractError(message)
    # The card stands for its folder.
    return path.parent if path.name == CARD and path.is_file() else path


def _from_folder(
    folder: Path, units: Units | None, scale: PointsScale | None, trusted: Iterable[str], *, other_versions: bool
) -> WrappedModel:
    if not (folder / CARD).is_file():
        pickles = sorted(entry.name for entry in folder.iterdir() if entry.name.lower().endswith(PICKLE_ENDINGS))
        what = f" It holds {pickles[0]}, and pickles are not loaded: a pickle runs its maker's code." if pickles else ""
        message = f"'{folder}' is no folder of save_model: it has no {CARD}.{what}"
        raise DataContractError(message)
    if (folder / CARD).stat().st_size > LARGEST_CARD:
        message = f"{CARD} of '{folder}' is larger than {LARGEST_CARD:,} bytes; that is no model's card."
        raise DataContractError(message)
    card = read_card((folder / CARD).read_bytes(), f"{CARD} of '{folder}'")
    file = folder / FILES[card.file_format]
    if not file.is_file() or file.resolve().parent != folder.resolve():
        message = f"'{folder}' has no {file.name} of its own, which its card names. Save the model again."
        raise DataContractError(message)
    data = read_whole(file)
    if hashlib.sha256(data).hexdigest() != card.sha256:
        message = (
            f"{file.name} in '{folder}' is not the file that was saved: its sha256 differs from the card's. Take both "
            "from where the model was saved, or load the file alone and say what the card would."
        )
        raise DataContractError(message)
    if format_of(file.name, data) != card.file_format:
        message = f"{file.name} in '{folder}' is no {card.file_format} file, as its card says. Save it again."
        raise DataContractError(message)
    if not other_versions:
        check_versions(card)
    made = _as_carded(read_model(card.file_format, file.name, data, trusted), card, units, scale)
    return replace(made, held_out=read_held_out(folder, card.training))


def _as_carded(model: Any, card: ModelCard, units: Units | None, scale: PointsScale | None) -> WrappedModel:
    if scale is None and units in (None, "points"):
        scale = card.points_scale()
    if units is None:
        units = "points" if scale is not None else card.units
    classifier = card.classes is not None
    own = card.file_format in ("scorecard", "skops")
    made = wrap(
        model,
        good=card.good,
        higher_is=None if classifier else card.higher_is,
        units=units if classifier else None,
        scale=scale if classifier else None,
        feature_names=card.feature_names if card.file_format != "scorecard" else None,
        classes=card.classes if classifier and not own else None,
    )
    return replace(made, features=card.features_known(), unseen=card.unseen, training=card.training)
