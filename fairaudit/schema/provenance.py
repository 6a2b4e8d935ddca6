"""Where counts came from: files, rows read, rows used, rows set aside and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .issues import DataIssue


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that was read: its name without folders, size in bytes and sha256."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows read and what became of each; it always adds up.

    Examples
    --------
    >>> ledger = Ledger(read=10, set_aside={"score is infinite": 1})
    >>> ledger.used
    9
    >>> (ledger + ledger).set_aside
    mappingproxy({'score is infinite': 2})
    """

    read: int
    set_aside: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {reason: n for reason, n in sorted(self.set_aside.items()) if n}
        object.__setattr__(self, "set_aside", MappingProxyType(kept))

    @property
    def used(self) -> int:
        """Rows that are in the counts: read less all that was set aside."""
        return self.read - sum(self.set_aside.values())

    def __add__(self, other: Ledger) -> Ledger:
        reasons = {*self.set_aside, *other.set_aside}
        together = {r: self.set_aside.get(r, 0) + other.set_aside.get(r, 0) for r in reasons}
        return Ledger(self.read + other.read, together)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the cubes that a merged cube was made of, as it was before."""

    name: str
    sha256: str
    """Digest of its counts."""
    people: int
    read: int
    """Rows that were read for it; what became of them is in the ledger of all parts together."""
    owner: str = ""
    """Who counted it, in their own words."""
    files: tuple[InputFile, ...] = ()
    epsilon: float | None = None
    """What its noise for privacy cost; None where it has none."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a cube. Merged cubes keep the files, ledgers and issues of all their parts."""

    name: str
    ledger: Ledger
    files: tuple[InputFile, ...] = ()
    issues: tuple[DataIssue, ...] = ()
    owner: str = ""
    """Who counted it, in their own words; of a merged cube its parts tell."""
    parts: tuple[Part, ...] = ()
    """What a merged cube was made of; empty where it was counted in one go."""
    epsilon: float | None = None
    """What the noise of its counts cost; None where there is none. Of a merged cube its parts tell."""

    def __add__(self, other: Provenance) -> Provenance:
        name = self.name if self.name == other.name else f"{self.name} + {other.name}"
        return Provenance(
            name,
            self.ledger + other.ledger,
            self.files + other.files,
            self.issues + other.issues,
            self.owner if self.owner == other.owner else "",
            self.parts + other.parts,
            self.epsilon if self.epsilon == other.epsilon else None,
        )
