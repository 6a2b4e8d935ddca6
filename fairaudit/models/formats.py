"""Which kind of model file is this? Told by what it holds; a pickle is refused whatever it is called."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import DataContractError

Format = Literal["scorecard", "skops", "lightgbm", "xgboost", "catboost", "onnx"]

FILES: dict[Format, str] = {
    "scorecard": "scorecard.json",
    "skops": "model.skops",
    "lightgbm": "lightgbm.txt",
    "xgboost": "xgboost.json",
    "catboost": "catboost.cbm",
    "onnx": "model.onnx",
}
"""What the file of each format is called in a model's folder."""

LARGEST = 1 << 30
"""Bytes of the largest model file that is read, packed or unpacked: 1 GiB."""

PICKLE_ENDINGS = (".pkl", ".pickle", ".joblib", ".sav", ".dill", ".p", ".pt", ".pth")
_PACKED = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "lz4",
    b"\x78\x01": "zlib", b"\x78\x5e": "zlib", b"\x78\x9c": "zlib", b"\x78\xda": "zlib",
}  # fmt: skip


def read_whole(path: Path) -> bytes:
    """Return a file's bytes; a pickle and a file that is too large are refused before they are read whole.

    Raises
    ------
    DataContractError
        For a pickle, a packed file, an empty one, or one of more than :data:`LARGEST` bytes.
    """
    with path.open("rb") as stream:
        refuse_pickle(path.name, stream.read(64))
    size = path.stat().st_size
    if size > LARGEST:
        message = f"{path.name} has {size:,} bytes; a model file of more than {LARGEST:,} is not read."
        raise DataContractError(message)
    if size == 0:
        message = f"{path.name} is empty. Save the model again."
        raise DataContractError(message)
    return path.read_bytes()


def refuse_pickle(name: str, head: bytes) -> None:
    """Refuse a pickle, by its first bytes or its ending.

    Raises
    ------
    DataContractError
        With the reason and what to save instead.

    Examples
    --------
    >>> try:
    ...     refuse_pickle("model.txt", b"\\x80\\x04\\x95")
    ... except DataContractError as error:
    ...     print(str(error)[:62])
    model.txt is a pickle, and pickles are not loaded: a pickle ru
    """
    # \x80 and the protocol begin every pickle since Python 2.3; joblib's uncompressed files are pickles too.
    by_bytes = len(head) > 1 and head[0] == 0x80 and head[1] <= 5
    by_name = name.lower().endswith(PICKLE_ENDINGS) or ".pkl." in name.lower() or ".joblib." in name.lower()
    packed = next((how for mark, how in _PACKED.items() if head.startswith(mark)), None)
    if by_bytes or by_name:
        what = "is a pickle" if by_bytes else "is named like a pickle"
        message = (
            f"{name} {what}, and pickles are not loaded: a pickle runs whatever code its maker put in, before anything "
            "can be checked. Where it was made, load it and save it with fairaudit.save_model, or as the library's "
            "native file, skops or ONNX."
        )
        raise DataContractError(message)
    if packed:
        message = f"{name} is packed with {packed}; model files are not unpacked. Unpack it, if you know what it holds."
        raise DataContractError(message)


def format_of(name: str, data: bytes) -> Format:
    """Return the format of a model file.

    Raises
    ------
    DataContractError
        If it is none of the formats, with those that are.
    """
    ending = Path(name).suffix.lower()
    start = data[:64].lstrip()
    if data.startswith(b"PK\x03\x04"):
        _check_zip(name, data)
        return "skops"
    if data.startswith(b"CBM1"):
        return "catboost"
    if data.startswith((b"tree\n", b"tree\r\n")):
        return "lightgbm"
    if data.startswith(b"{L\x00\x00\x00"):
        return "xgboost"
    if start.startswith(b"{"):
        plain = plain_json(name, data)
        if "learner" in plain:
            return "xgboost"
        if str(plain.get("format", "")).startswith("fairaudit scorecard"):
            return "scorecard"
        message = (
            f"{name} is JSON, and neither a scorecard of fairaudit nor a model of XGBoost (which has a 'learner'). "
            "LightGBM and CatBoost keep models in other formats: save_model('model.txt'), save_model('model.cbm')."
        )
        raise DataContractError(message)
    if ending == ".onnx":
        return "onnx"
    message = (
        f"{name} is none of the formats that are loaded ({', '.join(get_args(Format))}), or its beginning is damaged. "
        "Load a model's folder, a scorecard's JSON, .skops, .onnx, LightGBM's .txt, XGBoost's .json or .ubj, or "
        "CatBoost's .cbm."
    )
    raise DataContractError(message)


def plain_json(name: str, data: bytes) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises
    ------
    DataContractError
        If it is no JSON object, or nested too deep.
    """
    try:
        made = json.loads(data)
    except (ValueError, RecursionError) as error:
        what = "is nested too deep" if isinstance(error, RecursionError) else f"is not JSON ({error})"
        message = f"{name} {what}. Is it whole? Save it again."
        raise DataContractError(message) from None
    if not isinstance(made, dict):
        message = f"{name} holds a JSON {type(made).__name__}; a model is an object."
        raise DataContractError(message)
    return made


def _check_zip(name: str, data: bytes) -> None:
    """Refuse an archive that is damaged, holds pickles, or unpacks to more than a model can be."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        message = f"{name} is a damaged archive ({error}). Save it again."
        raise DataContractError(message) from None
    names = [member.filename for member in members]
    pickles = [inside for inside in names if inside.lower().endswith(PICKLE_ENDINGS)]
    if pickles:
        message = f"{name} holds a pickle ({pickles[0]}), and pickles are not loaded: a pickle runs its maker's code."
        raise DataContractError(message)
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST or len(members) > 100_000:
        message = f"{name} unpacks to {unpacked:,} bytes in {len(members):,} files; more than {LARGEST:,} is not read."
        raise DataContractError(message)
    if "schema.json" not in names or len({*names}) != len(names):
        message = f"{name} is an archive, and not of skops, which has one schema.json. It holds {len(names):,} files."
        raise DataContractError(message)
