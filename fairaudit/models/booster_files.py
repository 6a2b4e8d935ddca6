"""Native files of LightGBM, XGBoost and CatBoost as bytes, held against their format before a library sees them.

LightGBM ends the whole process on a file that breaks off, and XGBoost on a broken UBJSON file, so that such files
must not reach them.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ..errors import DataContractError
from .extras import extra
from .formats import Format, plain_json
from .ubjson import check_ubjson


def written(booster: Any) -> tuple[Format, bytes]:
    """Return a booster's format and the bytes of its native file."""
    library = type(booster).__module__.partition(".")[0]
    if library == "lightgbm":
        return "lightgbm", booster.model_to_string().encode()
    if library == "xgboost":
        return "xgboost", bytes(booster.save_raw("json"))
    with tempfile.TemporaryDirectory(prefix="fairaudit-") as folder:
        path = Path(folder) / "catboost.cbm"
        booster.save_model(os.fspath(path), format="cbm")
        return "catboost", path.read_bytes()


def read(kind: Format, name: str, data: bytes) -> Any:
    """Return the booster in a native file.

    Raises
    ------
    DataContractError
        If the file is damaged.
    """
    if kind == "lightgbm":
        text = checked_lightgbm(name, data)
        library = extra("lightgbm", f"Loading {name}")
        return _loaded(name, lambda: library.Booster(model_str=text))
    if kind == "xgboost":
        if data[:1] == b"{" and data[1:2] == b"L":
            check_ubjson(name, data)
        else:
            plain_json(name, data)
        library = extra("xgboost", f"Loading {name}")
        booster = library.Booster()
        _loaded(name, lambda: booster.load_model(bytearray(data)))
        return booster
    library = extra("catboost", f"Loading {name}")
    model = library.CatBoost()
    _loaded(name, lambda: model.load_model(blob=data))
    return model


def _loaded(name: str, load: Any) -> Any:
    try:
        return load()
    except Exception as error:  # noqa: BLE001 - each library has errors of its own
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"{name} cannot be read: {first} Is it whole? Save it again."
        raise DataContractError(message) from None


def checked_lightgbm(name: str, data: bytes) -> str:
    """Return the text of a LightGBM file whose trees are whole and point to nothing outside.

    Raises
    ------
    DataContractError
        With the first thing that is wrong.
    """
    try:
        text = data.decode("utf-8")
        _check_trees(text.replace("\r\n", "\n"))
    except (ValueError, KeyError, IndexError) as error:
        message = f"{name} is not a whole LightGBM model ({error}). Save it again with save_model."
        raise DataContractError(message) from None
    return text


def _check_trees(text: str) -> None:
    head, found, rest = text.partition("\nTree=0\n")
    header = _fields(head)
    sizes = header["tree_sizes"].split() if header.get("tree_sizes") else []
    if not found:
        rest = ""
    trees, ended, _ = rest.partition("end of trees")
    _, whole, after = rest.partition("\nend of parameters")
    label, _, categories = after.strip().partition(":")
    if not ended or not whole or label not in ("", "pandas_categorical"):
        _wrong("it breaks off before its end")
    if label:
        json.loads(categories)
    blocks = trees.split("\nTree=") if trees.strip() else []
    if len(blocks) != len(sizes) or not blocks:
        _wrong(f"its header has {len(sizes)} trees and it holds {len(blocks)}")
    features = int(header["max_feature_idx"]) + 1
    if len(header["feature_names"].split(" ")) != features or len(header["feature_infos"].split(" ")) != features:
        _wrong("its features are not as many as it says")
    for number, block in enumerate(blocks):
        _check_tree(number, _fields(block), features)


def _check_tree(number: int, fields: dict[str, str], features: int) -> None:
    leaves = int(fields["num_leaves"])
    if fields.get("is_linear", "0") != "0":
        _wrong(f"tree {number} has linear leaves, which are not checked")
    if leaves < 1 or len(fields["leaf_value"].split()) != leaves:
        _wrong(f"tree {number} has not as many leaves as it says")
    if leaves == 1:
        return
    inner = leaves - 1
    columns = {key: fields[key].split() for key in ("split_feature", "threshold", "decision_type", "left_child",
                                                    "right_child")}  # fmt: skip
    if any(len(values) != inner for values in columns.values()):
        _wrong(f"tree {number} has not as many splits as it says")
    if not all(0 <= int(feature) < features for feature in columns["split_feature"]):
        _wrong(f"tree {number} splits on a feature that is not there")
    children = [(int(left), int(right)) for left, right in zip(columns["left_child"], columns["right_child"],
                                                               strict=True)]  # fmt: skip
    # A child comes after its parent, so that no walk goes round; each node hangs on one parent.
    sorted_children = sorted(child for pair in children for child in pair)
    if sorted_children != [*range(-leaves, 0), *range(1, inner)] or any(
        0 <= child <= parent for parent, pair in enumerate(children) for child in pair
    ):
        _wrong(f"the splits of tree {number} are no tree")
    _check_categories(number, fields, columns)


def _check_categories(number: int, fields: dict[str, str], columns: dict[str, list[str]]) -> None:
    splits = [int(float(at)) for at, kind in zip(columns["threshold"], columns["decision_type"], strict=True)
              if int(kind) & 1]  # fmt: skip
    groups = int(fields.get("num_cat", "0"))
    if not splits and not groups:
        return
    bounds = [int(value) for value in fields["cat_boundaries"].split()]
    words = fields["cat_threshold"].split()
    if len(bounds) != groups + 1 or bounds != sorted(bounds) or bounds[0] != 0 or bounds[-1] != len(words):
        _wrong(f"the categories of tree {number} do not fit")
    if not all(0 <= at < groups for at in splits):
        _wrong(f"tree {number} splits on categories that are not there")


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _wrong(what: str) -> None:
    raise ValueError(what)
