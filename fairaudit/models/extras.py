"""Packages that only some tasks need: imported when asked for, named with the command when they are not there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import SchemaError

EXTRAS = {
    "lightgbm": "boost", "xgboost": "boost", "catboost": "boost", "skops.io": "models", "onnxruntime": "models",
    "optbinning": "scorecard", "optuna": "search",
    "opendp.prelude": "privacy",
}  # fmt: skip


def extra(module: str, purpose: str) -> Any:
    """Return a module of an extra.

    Raises
    ------
    SchemaError
        If it is not installed, with the command that mends it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        if error.name is not None and error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        package = module.partition(".")[0]
        message = f"{purpose} needs {package}: pip install 'fairaudit-toolkit[{EXTRAS[module]}]'."
        raise SchemaError(message) from None
