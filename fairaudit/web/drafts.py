"""What is known of each audit: its file, the answers of each step, and its runs. All of it goes with the server."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..data.profiling import FileProfile
from ..planning import Plan

Origin = Literal["upload", "example", "folder"]
MOST_DRAFTS = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """One audit, from the choice of a file to its reports."""

    id: str
    name: str
    """What the person calls the file; shown, and never a path."""
    origin: Origin
    folder: Path
    """Of this audit alone, removed with it."""
    source: str
    """The path of the file, or the name of an example."""
    profile: FileProfile | None = None
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Step -> what was answered there, checked."""
    runs: int = 0
    plan: Plan | None = None
    """Made before the first run; every run is held to it."""


class Drafts:
    """The audits of one server, each in a folder of its own."""

    def __init__(self, work: Path) -> None:
        """Keep audits below a private folder."""
        self.work = work
        self._kept: dict[str, Draft] = {}

    def __iter__(self) -> Iterator[Draft]:
        """Go through the audits, the newest first."""
        return iter(reversed(self._kept.values()))

    def __len__(self) -> int:
        """Return how many audits there are."""
        return len(self._kept)

    def new_folder(self) -> Path:
        """Return a new folder with a name that nobody can guess."""
        folder = self.work / secrets.token_urlsafe(16)
        folder.mkdir(mode=0o700)
        return folder

    def add(self, name: str, origin: Origin, folder: Path, source: str) -> Draft:
        """Return a new audit of a file."""
        draft = Draft(folder.name, name, origin, folder, source)
        self._kept[draft.id] = draft
        return draft

    def get(self, id_: str) -> Draft | None:
        """Return an audit, or None where there is none of that name (any more)."""
        return self._kept.get(id_)

    def change(self, id_: str, **changes: Any) -> Draft:
        """Return an audit with changes, which is from now on the one that is kept."""
        draft = dataclasses.replace(self._kept[id_], **changes)
        self._kept[id_] = draft
        return draft

    def answered(self, draft: Draft, step: str, answers: Mapping[str, Any], *, then: tuple[str, ...] = ()) -> Draft:
        """Return an audit with the answers of a step; those of the steps ``then`` are void with it."""
        before = draft.answers.get(step)
        kept = {name: given for name, given in draft.answers.items() if before == answers or name not in then}
        return self.change(draft.id, answers={**kept, step: answers})

    def remove(self, draft: Draft) -> None:
        """Remove an audit, its copy of the file and its reports."""
        self._kept.pop(draft.id, None)
        shutil.rmtree(draft.folder, ignore_errors=True)
