"""scikit-learn models as skops files: only types that somebody named are built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..errors import DataContractError, SchemaError, listed
from .extras import extra

TRUSTED = (
    "functools.partial",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
    "sklearn.utils.validation.check_array",
)
"""Trusted besides those that skops trusts itself: parts of scikit-learn's models that hold numbers and run nothing."""


def written(model: Any) -> bytes:
    """Return a model as the bytes of a skops file.

    Raises
    ------
    SchemaError
        If the model has parts that skops cannot write.
    """
    io = extra("skops.io", "Saving a scikit-learn model")
    try:
        return bytes(io.dumps(model))
    except Exception as error:  # skops raises whatever a part of the model raises
        message = f"The {type(model).__name__} cannot be saved without pickle: {type(error).__name__}: {error}"
        raise SchemaError(message) from error


def read(name: str, data: bytes, trusted: Iterable[str] = ()) -> Any:
    """Return the model in a skops file.

    Parameters
    ----------
    name, data
        The file.
    trusted
        Full names of types to trust besides skops's own and :data:`TRUSTED`.

    Raises
    ------
    DataContractError
        If the file is damaged, or holds a type that nobody trusted: the message names them all.
    """
    io = extra("skops.io", f"Loading {name}")
    known = {*TRUSTED, *trusted}
    unknown = sorted({*_asked(name, lambda: io.get_untrusted_types(data=data))} - known)
    if unknown:
        message = (
            f"{name} holds types that are not trusted: {listed(unknown)}. Nothing was built. If you know where the "
            f"file is from and what these do, name each: trusted={unknown!r} in Python, or "
            f"{' '.join(f'--trust {one}' for one in unknown)} on the command line."
        )
        raise DataContractError(message)
    return _asked(name, lambda: io.loads(data, trusted=sorted(known)))


def _asked(name: str, question: Any) -> Any:
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - a hostile file may raise anything inside skops
        message = f"{name} cannot be read as a skops file ({type(error).__name__}: {error}). Save it again."
        raise DataContractError(message) from None
