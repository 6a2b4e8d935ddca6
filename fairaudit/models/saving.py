"""A model in a folder: its file, and a card that says what it is. Written whole or not at all; never a pickle."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..errors import SchemaError
from . import booster_files, skops_file
from .boosters import booster_of
from .formats import FILES, Format
from .held_out import HELD_OUT
from .held_out import written as held_out_written
from .model_card import CARD, card_of
from .onnx_model import OnnxModel
from .scorecard import Scorecard
from .scorer import WrappedModel
from .training import Trained
from .wrapping import wrap


def save_model(model: Any, folder: str | Path, *, replace: bool = False) -> Path:
    """Save a model with all that scoring needs, without pickle.

    Parameters
    ----------
    model
        What :func:`fairaudit.train` or :func:`fairaudit.wrap` returned, or a fitted :class:`fairaudit.Scorecard`.
        Scorecards are kept as JSON, boosters in their library's own file, other scikit-learn models by skops, ONNX as
        it was. A function or a column cannot be kept.
    folder
        Where to: a new or empty folder, or one that holds a saved model, with ``replace=True``.
    replace
        Whether a saved model that is there may be replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SchemaError
        If the model cannot be kept without pickle, was not wrapped, or the folder holds something else.

    Examples
    --------
    >>> import tempfile
    >>> card = Scorecard(min_share=0.25).fit([[1], [2], [3], [4], [5], [6], [7], [8]], [0, 0, 1, 0, 1, 1, 0, 1])
    >>> with tempfile.TemporaryDirectory() as place:
    ...     sorted(file.name for file in save_model(card, f"{place}/model").iterdir())
    ['model.json', 'scorecard.json']
    """
    target = Path(folder)
    check_folder(target, replace=replace)
    scorer = _scorer(model)
    kind, data = written(scorer)
    card = card_of(scorer, kind, hashlib.sha256(data).hexdigest())
    files = {FILES[kind]: data, CARD: (card.model_dump_json(indent=1) + "\n").encode()}
    if isinstance(model, Trained):
        files[HELD_OUT] = held_out_written(model.test_rows)
    _write_folder(target, files)
    return target


def written(scorer: WrappedModel) -> tuple[Format, bytes]:
    """Return a model's format and the bytes of its file.

    Raises
    ------
    SchemaError
        If it cannot be kept without pickle.
    """
    model = scorer.model
    if isinstance(model, Scorecard):
        return "scorecard", model.to_json().encode()
    if isinstance(model, OnnxModel):
        return "onnx", model.content
    booster = booster_of(model)
    if booster is not None:
        return booster_files.written(booster[0])
    if type(model).__module__.partition(".")[0] in ("lightgbm", "xgboost"):
        message = (
            f"This {type(model).__name__} has an objective, or a value that counts as missing, of its own, which the "
            "native file does not keep. Save the booster itself, wrapped with its direction."
        )
        raise SchemaError(message)
    if not hasattr(model, "get_params"):
        what = "A column of scores" if isinstance(model, str) else f"A {type(model).__name__}"
        message = (
            f"{what} cannot be saved: only its maker's code could bring it back, and that would be a pickle. Save the "
            "scores, or a model of scikit-learn, LightGBM, XGBoost or CatBoost."
        )
        raise SchemaError(message)
    return "skops", skops_file.written(model)


def _scorer(model: Any) -> WrappedModel:
    if isinstance(model, WrappedModel):
        return model
    if isinstance(model, (Trained, Scorecard)):
        return wrap(model)
    message = (
        f"A {type(model).__name__} does not say which class is good or which side is better: save "
        "fairaudit.wrap(model, good=...) or wrap(model, higher_is=...)."
    )
    raise SchemaError(message)


def check_folder(target: Path, *, replace: bool) -> None:
    """Refuse a folder where a model cannot be saved.

    Raises
    ------
    SchemaError
        If something else is there, or a saved model that nobody said to replace.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        message = f"'{target}' is a file or a link; a model is saved in a folder of its own. Give another name."
        raise SchemaError(message)
    there = {entry.name for entry in target.iterdir()} if target.exists() else set()
    if not there:
        return
    strange = sorted(there - {CARD, HELD_OUT, *FILES.values()})
    if strange or CARD not in there:
        message = f"'{target}' holds something else than a saved model ({(strange or sorted(there))[0]}). Give another."
        raise SchemaError(message)
    if not replace:
        message = f"'{target}' holds a saved model already. Give another folder, or replace=True (--replace)."
        raise SchemaError(message)


def _write_folder(target: Path, files: dict[str, bytes]) -> None:
    """Write the files to a folder beside, and put it in the target's place when all are there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    old: Path | None = None
    try:
        made = beside / "new"
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
        if target.exists():
            old = beside / "old"
            target.rename(old)
        try:
            os.replace(made, target)  # noqa: PTH105 - a folder into an empty place, on every system
        except OSError:
            if old is not None:
                old.rename(target)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
