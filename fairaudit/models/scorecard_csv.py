"""A scorecard as a CSV table and back, exactly: a row a bin, as a bank files it and a spreadsheet shows it."""

from __future__ import annotations

import csv
import io
import itertools
import json
from typing import Any

from ..errors import DataContractError, listed
from ..schema.labels import MISSING
from .scorecard import FORMAT, Scorecard
from .scorecard_file import read, write
from .woe import UNSEEN

COLUMNS = (
    "feature", "bin", "from", "to", "categories", "people", "good", "bad", "weight_of_evidence", "points", "note",
    "kind", "weight", "intercept", "base_score", "base_odds", "points_to_double_odds", "round_points", "classes",
    "good_outcome", "named",
)  # fmt: skip
"""A bin's own columns, then those of its feature, then those of the whole scorecard, repeated in each row."""

_WHOLE = ("intercept", "base_score", "base_odds", "points_to_double_odds", "round_points", "classes", "good_outcome",
          "named")  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'", "＝", "＋", "－", "＠")
"""How a text begins that a spreadsheet may run as a formula, and the apostrophe that keeps it from doing so."""


def to_text(card: Scorecard) -> str:
    """Return a fitted scorecard as CSV. A bin holds numbers above ``from`` up to and with ``to``."""
    plain = write(card)
    whole = {key: plain[key] for key in ("intercept", "base_score", "base_odds", "points_to_double_odds")}
    whole |= {"round_points": _json(plain["round_points"]), "named": _json(plain["named"]),
              "classes": _json(plain["classes"]), "good_outcome": _json(plain["good"])}  # fmt: skip
    table = card.table()
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    row = 0
    for one in plain["features"]:
        ends = [None, *one["edges"], None] if one["kind"] == "number" else None
        bins = len(one["woe"])
        for place in range(bins):
            shown = table.iloc[row]
            in_range = ends is not None and place < len(ends) - 1
            grouped = one["kind"] == "category" and place < len(one["categories"])
            writer.writerow({
                "feature": _safe(one["name"]), "bin": _safe(str(shown["bin"])),
                "from": _number(ends[place] if in_range and ends else None),
                "to": _number(ends[place + 1] if in_range and ends else None),
                "categories": _json(one["categories"][place]) if grouped else "",
                "people": _number(one["good"][place] + one["bad"][place]), "good": _number(one["good"][place]),
                "bad": _number(one["bad"][place]), "weight_of_evidence": _number(one["woe"][place]),
                "points": _number(float(shown["points"])), "note": shown["note"], "kind": one["kind"],
                "weight": _number(one["weight"]), **whole,
            })  # fmt: skip
            row += 1
    return text.getvalue()


def of_text(text: str) -> Scorecard:
    """Return the scorecard of a CSV text, with every value checked.

    Raises
    ------
    DataContractError
        For a table that is no scorecard; for points that the weights do not give, as after a change by hand.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        message = f"The scorecard's CSV breaks in line {reader.line_num}: {error}. Export it again with to_csv."
        raise DataContractError(message) from None
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing or not rows:
        message = f"This is no scorecard's CSV: it lacks {listed(missing) or 'rows'}. Export it again with to_csv."
        raise DataContractError(message)
    for number, row in enumerate(rows, start=2):
        if any(row[name] is None for name in COLUMNS):
            message = f"Line {number} of the scorecard's CSV has too few values. Export it again with to_csv."
            raise DataContractError(message)
    differing = [name for name in _WHOLE if len({row[name] for row in rows}) > 1]
    if differing:
        message = f"Column '{differing[0]}' of the scorecard's CSV is one value for the whole card, and differs by row."
        raise DataContractError(message)
    card = read(json.dumps(_plain(rows)), Scorecard())
    _check_points(card, rows)
    return card


def _plain(rows: list[dict[str, str]]) -> dict[str, Any]:
    first = rows[0]
    features: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for number, row in enumerate(rows, start=2):
        features.setdefault(row["feature"], []).append((number, row))
    return {
        "format": FORMAT,
        **{
            key: _float(first[key], 2, key) for key in ("intercept", "base_score", "base_odds", "points_to_double_odds")
        },
        "round_points": _value(first["round_points"], 2, "round_points"),
        "named": _value(first["named"], 2, "named"),
        "classes": _value(first["classes"], 2, "classes"),
        "good": _value(first["good_outcome"], 2, "good_outcome"),
        "features": [_feature(name, made) for name, made in features.items()],
    }


def _feature(name: str, rows: list[tuple[int, dict[str, str]]]) -> dict[str, Any]:
    number, first = rows[0]
    for line, row in rows:
        if (row["kind"], row["weight"]) != (first["kind"], first["weight"]):
            message = f"Line {line} of the scorecard's CSV gives feature '{name}' another kind or weight than before."
            raise DataContractError(message)
    if first["kind"] == "number":
        inner = [(line, row) for line, row in rows if row["bin"] != MISSING]
        ends = [(row["from"], row["to"]) for _, row in inner]
        chained = ends and ends[0][0] == "" and ends[-1][1] == "" and rows[-1][1]["bin"] == MISSING
        if not chained or any(low[1] != high[0] for low, high in itertools.pairwise(ends)):
            message = (
                f"The bins of feature '{name}' in the scorecard's CSV do not follow on each other, (missing) last."
            )
            raise DataContractError(message)
        edges = [_float(row["to"], line, "to") for line, row in inner[:-1]]
        categories: list[Any] = []
    else:
        if [row["bin"] for _, row in rows[-2:]] != [MISSING, UNSEEN]:
            message = f"The bins of feature '{name}' in the scorecard's CSV do not end with {MISSING} and {UNSEEN}."
            raise DataContractError(message)
        edges, categories = [], [_value(row["categories"], line, "categories") for line, row in rows[:-2]]
    return {
        "name": name[1:] if name.startswith("'") else name, "kind": first["kind"], "edges": edges,
        "categories": categories, "weight": _float(first["weight"], number, "weight"),
        **{key: [_float(row[column], line, column) for line, row in rows]
           for key, column in (("good", "good"), ("bad", "bad"), ("woe", "weight_of_evidence"))},
    }  # fmt: skip


def _check_points(card: Scorecard, rows: list[dict[str, str]]) -> None:
    made = card.table()
    for place, row in enumerate(rows):
        for column in ("points", "people"):
            said, own = _float(row[column], place + 2, column), float(made[column].iloc[place])
            if abs(said - own) > 1e-6 * max(1.0, abs(own)):
                message = (
                    f"Line {place + 2} of the scorecard's CSV says {column} {said:g}, and its other columns give "
                    f"{own:g}. Points follow from weight and weight_of_evidence: change those, or fit again."
                )
                raise DataContractError(message)


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: float | None) -> str:
    return "" if value is None else repr(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _float(text: str, line: int, column: str) -> float:
    try:
        made = float(text)
    except ValueError:
        made = float("nan")
    if made - made != 0:  # neither NaN nor infinity has a difference of 0 to itself
        message = f"Line {line} of the scorecard's CSV: {column} is a finite number, got {text!r}."
        raise DataContractError(message)
    return made


def _value(text: str, line: int, column: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        message = f"Line {line} of the scorecard's CSV: {column} is a JSON value, got {text!r}."
        raise DataContractError(message) from None
