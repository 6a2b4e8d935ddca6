"""A student's own simulated people, with a mechanism that only the course key tells.

Who the people are, which mechanism works on which group, and how strongly, all follow from the course key and the
student's id. The key never stands in the file; without it the seed is one of 2^64 and the truth cannot be looked up.
The file carries a seal, an HMAC of the truth and of the rows: with the key anybody can see that neither was changed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..._version import __version__
from ...errors import DataContractError, SchemaError
from ..ledger import STAMP
from ..point_system import PointSystem
from .simulating import simulate
from .world import World

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

T = TypeVar("T")

NOTHING = "none"
"""The claim, and the truth of some students, that no mechanism is on."""

STRENGTHS: Mapping[str, tuple[float, ...]] = {
    NOTHING: (0.0,),
    "behavior_difference": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    "detection_gap": (0.2, 0.25, 0.3, 0.35, 0.4, 0.45),
    "false_accusation": (0.06, 0.08, 0.1, 0.12, 0.14, 0.16),
    "misattribution": (0.1, 0.15, 0.2, 0.25, 0.3, 0.35),
}
"""What can be on, each as likely, and how strongly: public, so that what is secret is the key alone."""

GROUPS = (
    ("sex", "female"), ("sex", "male"), ("ethnicity", "minority"), ("registration", "rural"),
    ("registration", "urban"), ("region", "north"), ("region", "east"), ("region", "south"), ("region", "west"),
)  # fmt: skip
"""On whom it can work, each as likely."""

FEWEST = 5_000
"""Fewer people could not tell the mechanisms apart."""

MOST = 1_000_000
KEY_CHARACTERS = 64
LABEL = "fairaudit sealed exercise 1"
METADATA = b"fairaudit-sealed"
KEPT = ("person", "sex", "age", "ethnicity", "registration", "region", "education", "income", "acts", "records",
        "score", "band")  # fmt: skip
"""The columns that a student sees. No counterfactual score is among them, and they are the same for every mechanism."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """What was set: public but for the opening, from which the truth follows."""

    student: str
    system: str
    people: int
    years: int
    system_digest: str
    version: str = __version__

    def as_record(self) -> dict[str, Any]:
        """Return what may stand in the file."""
        return {"student": self.student, "system": self.system, "people": self.people, "years": self.years,
                "system_sha256": self.system_digest, "version": self.version, "stamp": STAMP}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secret:
    """The truth behind an exercise."""

    mechanism: str
    group: tuple[str, str] | None
    strength: float
    seed: int

    @property
    def group_text(self) -> str:
        """The group as a claim writes it."""
        return NOTHING if self.group is None else "=".join(self.group)

    def world(self, years: int) -> World:
        """Return the world in which this is on."""
        if self.group is None:
            return World(years=years)
        knobs: dict[str, Any] = {self.mechanism: self.strength}
        return World(group=self.group, years=years, **knobs)


def new_key() -> str:
    """Return a course key: 256 random bits as 64 hexadecimal digits."""
    return secrets.token_hex(KEY_CHARACTERS // 2)


def read_key(path: Path) -> bytes:
    """Read a course key.

    Raises
    ------
    SchemaError
        If the file does not hold 64 hexadecimal digits: a word that can be guessed is no key.
    """
    text = path.read_bytes()[:4096].decode("ascii", errors="replace").strip()
    return _bits(text, f"'{path}' holds no course key, which is")


def read_opening(text: str) -> bytes:
    """Read an opening, what a grade with ``--reveal`` prints.

    Raises
    ------
    SchemaError
        If it is not 64 hexadecimal digits.
    """
    return _bits(text.strip(), "That is no opening, which is")


def _bits(text: str, what: str) -> bytes:
    if len(text) != KEY_CHARACTERS or set(text.lower()) - set("0123456789abcdef"):
        message = f"{what} {KEY_CHARACTERS} hexadecimal digits. `fairaudit coursekey FILE` writes a key."
        raise SchemaError(message)
    return bytes.fromhex(text)


def set_exercise(system: PointSystem, student: str, people: int, years: int) -> Exercise:
    """Return what a student is set.

    Raises
    ------
    SchemaError
        For an empty id, or a number of people too small to tell mechanisms apart or too large to hand out.
    """
    if not student.strip() or len(student) > 200:
        message = f"The student's id is {student[:20]!r}; give 1 to 200 characters, not all of them blank."
        raise SchemaError(message)
    if not FEWEST <= people <= MOST:
        message = (
            f"A sealed exercise has {FEWEST:,} to {MOST:,} people, got {people:,}: fewer do not tell "
            "mechanisms apart, and more are too many to hand out."
        )
        raise SchemaError(message)
    digest = hashlib.sha256(system.text.encode()).hexdigest()
    return Exercise(student.strip(), system.id, people, years, digest)


def opening_of(key: bytes, exercise: Exercise) -> bytes:
    """Return the key of this one exercise: it opens this file, and says nothing about any other."""
    about = exercise.as_record()
    about.pop("version")
    return _keyed(key, {"label": LABEL, **about})


def secret_of(opening: bytes) -> Secret:
    """Return the truth that follows from an opening."""
    mechanism = _chosen(opening, "mechanism", tuple(STRENGTHS))
    strength = _chosen(opening, "strength", STRENGTHS[mechanism])
    group = None if mechanism == NOTHING else _chosen(opening, "group", GROUPS)
    return Secret(mechanism, group, strength, _number(opening, "seed"))


def _number(opening: bytes, what: str) -> int:
    return int.from_bytes(_keyed(opening, {"draw": what})[:8], "big")


def _chosen(opening: bytes, what: str, among: Sequence[T]) -> T:
    return among[_number(opening, what) % len(among)]


def _keyed(key: bytes, record: Mapping[str, Any]) -> bytes:
    return hmac.new(key, json.dumps(record, sort_keys=True).encode(), hashlib.sha256).digest()


def sealed_people(system: PointSystem, exercise: Exercise, opening: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a student's people, and the same people with the counterfactual columns."""
    secret = secret_of(opening)
    made = simulate(system, exercise.people, world=secret.world(exercise.years), seed=secret.seed)
    return made.people[list(KEPT)], made.people


def seal_of(exercise: Exercise, opening: bytes, people: pd.DataFrame) -> str:
    """Return the seal: an HMAC, under the opening, of the exercise, its truth and its rows."""
    secret = secret_of(opening)
    record = {"exercise": exercise.as_record(), "mechanism": secret.mechanism, "group": secret.group_text,
              "strength": secret.strength, "seed": secret.seed, "rows": digest_of(people)}  # fmt: skip
    return _keyed(opening, record).hex()


def digest_of(people: pd.DataFrame) -> str:
    """Return a SHA-256 of the columns' names and values, however the file packs them."""
    digest = hashlib.sha256()
    for name in people.columns:
        values = people[name]
        digest.update(f"{name}\n".encode())
        digest.update("\n".join(repr(value) for value in values.astype(object).tolist()).encode())
    return digest.hexdigest()


def write_sealed(system: PointSystem, exercise: Exercise, key: bytes, path: Path) -> str:
    """Write a student's file, whole or not at all, and return its seal.

    Raises
    ------
    SchemaError
        If the system has no events, or the path is a folder or a device.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.exists() and not path.is_file():
        message = f"'{path}' is not a plain file. Give the name of a Parquet file to write."
        raise SchemaError(message)
    opening = opening_of(key, exercise)
    people, _ = sealed_people(system, exercise, opening)
    seal = seal_of(exercise, opening, people)
    about = json.dumps({**exercise.as_record(), "seal": seal}, sort_keys=True)
    table = pa.Table.from_pandas(people, preserve_index=False).replace_schema_metadata({METADATA: about.encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    neighbour = path.with_name(f".{path.name}.part")
    try:
        pq.write_table(table, neighbour, compression="zstd")
        neighbour.replace(path)
    finally:
        neighbour.unlink(missing_ok=True)
    return seal


def read_sealed(path: Path) -> tuple[Exercise, str, pd.DataFrame]:
    """Read a student's file: what was set, the seal, and the rows.

    Raises
    ------
    DataContractError
        If it is no sealed file.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as problem:
        message = f"'{path}' is no Parquet file: {problem}. Grade the file that was handed out."
        raise DataContractError(message) from None
    exercise, seal = _about(table, path)
    return exercise, seal, table.to_pandas()


def _about(table: pa.Table, path: Path) -> tuple[Exercise, str]:
    try:
        about = json.loads((table.schema.metadata or {})[METADATA])
        exercise = Exercise(
            str(about["student"]),
            str(about["system"]),
            int(about["people"]),
            int(about["years"]),
            str(about["system_sha256"]),
            str(about["version"]),
        )
        return exercise, str(about["seal"])
    except (KeyError, TypeError, ValueError):
        message = f"'{path}' carries no seal. Grade the file that `fairaudit simulate --student ID --hide` wrote."
        raise DataContractError(message) from None


def check_seal(
    system: PointSystem, exercise: Exercise, opening: bytes, seal: str, people: pd.DataFrame
) -> pd.DataFrame:
    """Check that a file is the one that was handed out; return its people with the counterfactual columns.

    Raises
    ------
    DataContractError
        If the key is another, the system's file has changed, or the rows or what the file says of itself have.
    """
    if hashlib.sha256(system.text.encode()).hexdigest() != exercise.system_digest:
        message = (
            f"The file of '{exercise.system}' is not the one that this exercise was made with. Use that one to grade."
        )
        raise DataContractError(message)
    if not FEWEST <= exercise.people <= MOST or not 1 <= exercise.years <= 100:
        message = f"The file says {exercise.people:,} people and {exercise.years:,} years, which no exercise has."
        raise DataContractError(message)
    handed, full = sealed_people(system, exercise, opening)
    if not hmac.compare_digest(seal_of(exercise, opening, handed), seal):
        message = (
            "The seal does not fit: it was made with another key, what the file says of itself was changed, or it was "
            f"made by another version of fairaudit (the file says {exercise.version}, this is {__version__})."
        )
        raise DataContractError(message)
    if digest_of(people) != digest_of(handed):
        message = "The rows are not those that were handed out. Grade the file as it was given to the student."
        raise DataContractError(message)
    return full
