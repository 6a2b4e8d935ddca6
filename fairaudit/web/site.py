"""The start of the page: what can be chosen, the audits that there are, and what every page of an audit needs."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from ..data.bundled import dataset_names, describe
from ..data.files import readable_ending
from .drafts import MOST_DRAFTS, Draft, Drafts
from .forms import Problem
from .jobs import ANSWER, Job, Jobs, Limits
from .pages import STEPS, next_step, page
from .security import MOST_FORM_BYTES, Session
from .uploads import UploadError, check_space, receive

_MOST_LISTED = 500
"""Files of the given folder that are offered."""
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """What the person who starts the page decides."""

    work: Path
    """A private folder, made and removed by the server."""
    folder: Path | None
    """Files below it can be chosen without an upload."""
    most_upload: int
    """Bytes."""
    limits: Limits


class Site:
    """The audits and the queue of one server."""

    def __init__(self, settings: Settings, session: Session) -> None:
        """Begin with no audit."""
        self.settings, self.session = settings, session
        self.drafts = Drafts(settings.work)
        self.jobs = Jobs(settings.limits)

    def draft(self, request: Request) -> Draft:
        """Return the audit that an address names."""
        found = self.drafts.get(request.path_params["id"])
        if found is None:
            detail = (
                "This audit is not here any more: it was deleted, or fairaudit web was started again since. Go to the "
                "start, and choose the file again."
            )
            raise HTTPException(404, detail)
        return found

    async def form(self, request: Request) -> dict[str, Any]:
        """Return the fields of a form of ours; those that can be ticked several times as lists."""
        if int(request.headers.get("content-length") or MOST_FORM_BYTES + 1) > MOST_FORM_BYTES:
            raise HTTPException(413, "The form is too large. Load the page again.")
        async with request.form(max_fields=50_000) as sent:
            made: dict[str, Any] = {key: text for key, text in sent.multi_items() if isinstance(text, str)}
            made["sampled_by"] = [text for text in sent.getlist("sampled_by") if isinstance(text, str)]
        if not self.session.signed(str(made.get("token", ""))):
            raise HTTPException(403, "This form did not come from this page, and nothing was done. Load it again.")
        return made

    def show(self, name: str, **context: Any) -> Response:
        """Return a page."""
        return page(self.session, name, **context)

    # The start: files

    async def start(self, _: Request) -> Response:
        """Show what can be chosen, and the audits that there are."""
        return self._start()

    def _start(self, status: int = 200, problems: list[Problem] | None = None) -> Response:
        examples = [describe(name) for name in dataset_names() if describe(name).bundled]
        listed = self.listed()
        return self.show(
            "start", status=status, problems=problems or [], examples=examples, listed=listed,
            folder=self.settings.folder, most=self.settings.most_upload,
            drafts=[(draft, self.stands(draft)) for draft in self.drafts],
            full=len(listed) >= _MOST_LISTED,
        )  # fmt: skip

    def stands(self, draft: Draft) -> str:
        """Return how far an audit is, in a few words."""
        if draft.runs:
            job = self.jobs.get(run_folder(draft, draft.runs))
            return {"waiting": "waits", "running": "is running", "done": "has a report", "failed": "failed",
                    "canceled": "was canceled"}[job.state if job else "failed"]  # fmt: skip
        return f"next: {STEPS[next_step(draft)].lower()}"

    def listed(self) -> dict[str, str]:
        """Return id -> name of the files below the given folder, links that lead out of it left out."""
        root = self.settings.folder
        if root is None:
            return {}
        made: dict[str, str] = {}
        folders = [(root, 0)]
        while folders and len(made) < _MOST_LISTED:
            folder, depth = folders.pop(0)
            try:
                inside = sorted(folder.iterdir())
            except OSError:
                continue
            for path in inside:
                if path.name.startswith(".") or not path.resolve().is_relative_to(root):
                    continue
                if path.is_dir() and not path.is_symlink() and depth < _DEEPEST:
                    folders.append((path, depth + 1))
                elif path.is_file() and readable_ending(path) and len(made) < _MOST_LISTED:
                    name = path.relative_to(root).as_posix()
                    made[hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]] = name
        return made

    async def upload(self, request: Request) -> Response:
        """Take a file."""
        wanted = int(request.headers.get("content-length") or 0)
        folder = self.drafts.new_folder()
        try:
            self._room()
            if wanted <= self.settings.most_upload:
                check_space(folder, wanted)
            taken = await receive(
                request.headers.get("content-type", ""), request.stream(), folder,
                most_bytes=self.settings.most_upload, signed=self.session.signed,
            )  # fmt: skip
        except UploadError as error:
            shutil.rmtree(folder, ignore_errors=True)
            answer = self._start(422, [Problem("file", str(error))])
            # What is still on its way after the answer is not read for ever.
            answer.headers["connection"] = "close"
            return answer
        except BaseException as error:
            # The browser went away in the middle, or we end: nothing of it stays.
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, ClientDisconnect):
                return Response(status_code=400)
            raise
        return self._read(self.drafts.add(taken.name, "upload", folder, str(taken.path)))

    async def choose(self, request: Request) -> Response:
        """Take an example, or a file below the given folder."""
        sent = await self.form(request)
        example, chosen = str(sent.get("example", "")), str(sent.get("path", ""))
        try:
            self._room()
        except UploadError as error:
            return self._start(422, [Problem("example", str(error))])
        if example in dataset_names() and describe(example).bundled:
            return self._read(self.drafts.add(example, "example", self.drafts.new_folder(), example))
        name = self.listed().get(chosen)
        if name is not None and self.settings.folder is not None:
            path = (self.settings.folder / name).resolve()
            return self._read(self.drafts.add(name, "folder", self.drafts.new_folder(), str(path)))
        field = "path" if chosen or "path" in sent else "example"
        told = "Choose one of the list; a file may have been moved since the page was loaded."
        return self._start(422, [Problem(field, told)])

    def _room(self) -> None:
        if len(self.drafts) >= MOST_DRAFTS:
            message = f"There are {MOST_DRAFTS} audits here, the most that are kept. Delete some of them first."
            raise UploadError(message)

    def _read(self, draft: Draft) -> Response:
        self.jobs.start(draft.folder / "profile", {
            "kind": "profile", "origin": draft.origin, "source": draft.source, "name": draft.name,
        })  # fmt: skip
        return to(draft, "columns")


def to(draft: Draft, place: str) -> Response:
    """Return the way on, to a page of an audit."""
    return RedirectResponse(f"/audits/{draft.id}/{place}", 303)


def run_folder(draft: Draft, run: int) -> Path:
    """Return the folder of one run of an audit."""
    return draft.folder / f"run-{run}"


def answer_of(job: Job) -> dict[str, Any]:
    """Return what a worker answered."""
    made: dict[str, Any] = json.loads((job.folder / ANSWER).read_text(encoding="utf-8"))
    return made
