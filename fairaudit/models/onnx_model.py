"""A model in the ONNX format, run by onnxruntime: inputs by name and type, classes never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataContractError, SchemaError, listed
from ..schema.labels import label
from .extras import extra
from .features import Feature
from .voices import Reading, Voice, log_odds_of

_TYPES = {
    "tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_, "tensor(string)": np.str_,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OnnxModel:
    """An ONNX file's bytes and the session that runs them."""

    content: bytes
    session: Any

    @property
    def inputs(self) -> tuple[tuple[str, str, int], ...]:
        """Name, type and columns of each input; 0 columns where the file leaves it open."""
        made = []
        for one in self.session.get_inputs():
            shape = list(one.shape)
            columns = 1 if len(shape) < 2 else shape[-1] if isinstance(shape[-1], int) else 0
            made.append((str(one.name), str(one.type), int(columns)))
        return tuple(made)


def read(name: str, data: bytes) -> OnnxModel:
    """Return the model in an ONNX file; weights kept in other files are not looked for.

    Raises
    ------
    DataContractError
        If onnxruntime cannot read it, or an input is of a type that rows do not have.
    """
    runtime = extra("onnxruntime", f"Loading {name}")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base but Exception
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"{name} cannot be read as ONNX: {first} Is it whole, and all in one file? Save it again."
        raise DataContractError(message) from None
    made = OnnxModel(data, session)
    odd = [f"{one} {kind}" for one, kind, _ in made.inputs if kind not in _TYPES]
    if odd or not made.inputs:
        message = f"{name} has inputs that no column gives: {listed(odd) or 'none at all'}."
        raise DataContractError(message)
    return made


def names_of(model: OnnxModel) -> tuple[str, ...] | None:
    """Return the columns' names where each input is one column; None for a table without names."""
    return tuple(name for name, _, _ in model.inputs) if all(width == 1 for *_, width in model.inputs) else None


def features_of(model: OnnxModel, names: Sequence[str]) -> tuple[Feature, ...]:
    """Return what each column holds."""
    kinds = [kind for _, kind, _ in model.inputs]
    every = kinds if len(kinds) == len(names) else [kinds[0]] * len(names)
    return tuple(Feature(name, "category" if kind == "tensor(string)" else "number")
                 for name, kind in zip(names, every, strict=True))  # fmt: skip


def voice_or_numbers(model: OnnxModel, names: Sequence[str], classes: Sequence[Any] | None) -> Voice | Reading:
    """Return the voice of a classifier, or the function that gives a regressor's numbers.

    Raises
    ------
    SchemaError
        If inputs and names do not go together, no output is a score, or the classes' order is not known.
    """
    if len(model.inputs) > 1 and len(model.inputs) != len(names):
        message = f"The ONNX model has {len(model.inputs)} inputs and got {len(names)} feature_names; one an input."
        raise SchemaError(message)
    if len(model.inputs) == 1 and model.inputs[0][2] not in (0, len(names)):
        message = f"The ONNX model takes {model.inputs[0][2]} columns and got {len(names)} feature_names."
        raise SchemaError(message)
    outputs = [(str(one.name), str(one.type), list(one.shape)) for one in model.session.get_outputs()]
    maps = [name for name, kind, _ in outputs if kind.startswith("seq(map(")]
    tables = [name for name, kind, shape in outputs
              if kind in ("tensor(float)", "tensor(double)") and len(shape) == 2 and shape[1] == 2]  # fmt: skip
    numbers = [name for name, kind, shape in outputs
               if kind in ("tensor(float)", "tensor(double)") and (len(shape) < 2 or shape[1] == 1)]  # fmt: skip
    labels = [name for name, kind, _ in outputs if kind in ("tensor(string)", "tensor(int64)", "tensor(bool)")]
    if maps:
        return _of_maps(model, maps[0])
    if tables and labels:
        return _of_table(model, tables[0], labels[0], classes)
    if len(numbers) == 1 and not labels:
        return lambda rows: np.asarray(_run(model, rows, numbers[0]), dtype=np.float64).reshape(-1)
    said = listed(f"{name} {kind}" for name, kind, _ in outputs)
    message = f"None of the ONNX model's outputs is a probability of two classes or one number a row: {said}."
    raise SchemaError(message)


def _run(model: OnnxModel, rows: Any, output: str) -> Any:
    return model.session.run([output], _fed(model, rows))[0]


def _fed(model: OnnxModel, rows: Any) -> dict[str, NDArray[Any]]:
    if len(model.inputs) == 1:
        name, kind, _ = model.inputs[0]
        return {name: np.column_stack([_column(rows.iloc[:, i], kind) for i in range(rows.shape[1])])}
    return {name: _column(rows.iloc[:, i], kind).reshape(-1, 1) for i, (name, kind, _) in enumerate(model.inputs)}


def _column(column: Any, kind: str) -> NDArray[Any]:
    wanted = _TYPES[kind]
    missing = column.isna().to_numpy()
    if missing.any() and kind not in ("tensor(float)", "tensor(double)"):
        message = (
            f"Feature '{column.name}' is missing in {int(missing.sum()):,} rows, and the ONNX model's input of type "
            f"{kind} has no missing values."
        )
        raise DataContractError(message)
    values = column.to_numpy()
    if wanted is np.str_:
        return np.asarray([label(value) for value in values.tolist()], dtype=object)
    made: NDArray[Any] = np.asarray(values, dtype=np.float64).astype(wanted)
    if wanted in (np.int64, np.int32) and (made != np.asarray(values, dtype=np.float64)).any():
        message = f"Feature '{column.name}' holds fractions, and the ONNX model takes whole numbers."
        raise DataContractError(message)
    return made


def _of_maps(model: OnnxModel, output: str) -> Voice:
    """Return the voice of a model whose probabilities name their classes; one row of zeros is run to read them."""
    import pandas as pd

    width = sum(max(1, columns) for *_, columns in model.inputs)
    text = [kind == "tensor(string)" for _, kind, columns in model.inputs for _ in range(max(1, columns))]
    row = pd.DataFrame([["" if is_text else 0.0 for is_text in text]], columns=[str(i) for i in range(width)])
    try:
        first = _run(model, row, output)[0]
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base but Exception
        message = f"The ONNX model does not say its classes: a row of zeros fails ({str(error).splitlines()[0]})."
        raise SchemaError(message) from None
    classes = tuple(first)

    def chances(rows: Any) -> NDArray[np.float64]:
        return np.asarray([[one[name] for name in classes] for one in _run(model, rows, output)], dtype=np.float64)

    return _voice(classes, chances)


def _of_table(model: OnnxModel, output: str, labels: str, classes: Sequence[Any] | None) -> Voice:
    if classes is None:
        message = (
            "The ONNX model's two columns of probabilities do not name their classes: give classes= in the columns' "
            "order. It is held against the labels that the model gives."
        )
        raise SchemaError(message)
    known = tuple(classes)

    def chances(rows: Any) -> NDArray[np.float64]:
        table, given = model.session.run([output, labels], _fed(model, rows))
        made = np.asarray(table, dtype=np.float64)
        clear = np.flatnonzero(made[:, 0] != made[:, 1])
        likelier = made.argmax(axis=1)
        wrong = [row for row in clear.tolist() if label(known[likelier[row]]) != label(given[row])]
        if wrong:
            message = (
                f"classes={list(known)!r} is not the order of the ONNX model's columns: in row {wrong[0] + 1} (counted "
                f"from 1) the likelier would be {known[likelier[wrong[0]]]!r}, and the model says {given[wrong[0]]!r}."
            )
            raise DataContractError(message)
        return made

    return _voice(known, chances)


def _voice(classes: tuple[Any, ...], chances: Reading) -> Voice:
    if len(classes) != 2:
        message = f"A score needs a classifier of two classes; this one has {len(classes)} ({listed(classes)})."
        raise SchemaError(message)

    def log_odds(rows: Any) -> NDArray[np.float64]:
        return log_odds_of(chances(rows))

    return Voice("ONNX model", classes, chances, log_odds, log_odds)
