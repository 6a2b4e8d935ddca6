"""Every address of the page, and what it does. A form is answered by an address to go on with, so that reloading is safe."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from ..data.bundled import dataset_names, describe
from ..data.files import readable_ending
from ..data.profiling import FileProfile
from ..documents import DOCUMENTS
from ..errors import FairauditError
from ..policy.loading import load_policy, preset_ids
from ..policy.model import check_ready
from . import forms
from .drafts import MOST_DRAFTS, Draft, Drafts
from .jobs import ANSWER, PROGRESS, Job, Jobs, Limits
from .pages import STEPS, icon, message, next_step, page, style
from .security import MOST_FORM_BYTES, REPORT_POLICY, Guard, Session
from .uploads import UploadError, check_space, in_words, receive
from .worker import FILES

_MOST_LISTED = 500
"""Files of the given folder that are offered."""
_DEEPEST = 4
_SECONDS_TO_REFRESH = 2


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


Handler = Callable[["Site", Request, Draft], Awaitable[Response]]


def make_app(settings: Settings, session: Session) -> Starlette:
    """Return the application, guarded."""
    site = Site(settings, session)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        site.jobs = Jobs(settings.limits)
        yield
        await site.jobs.close()

    async def lost(_: Request, error: Exception) -> Response:
        return message(session, getattr(error, "status_code", 404), "There is nothing here", str(
            getattr(error, "detail", "")) or "Go to the start, and choose a file or one of your audits.")  # fmt: skip

    async def broken(_: Request, error: Exception) -> Response:
        return message(session, 500, "This is an error of fairaudit itself", (
            f"{type(error).__name__}. Your other audits are not touched. The terminal shows the details; please report "
            "them with what `fairaudit doctor` prints."))  # fmt: skip

    app = Starlette(routes=_routes(site), lifespan=lifespan, exception_handlers={HTTPException: lost, 500: broken})
    app.add_middleware(
        Guard, session=session, refusal=lambda status, heading, text: message(session, status, heading, text)
    )
    return app


def _routes(site: Site) -> list[Route]:
    def of(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def found(request: Request) -> Response:
            return await handler(site, request, site.draft(request))

        return found

    async def sheet(_: Request) -> Response:
        return style()

    async def picture(_: Request) -> Response:
        return icon()

    at = "/audits/{id}"
    both = ["GET", "POST"]
    return [
        Route("/", site.start),
        Route("/style.css", sheet),
        Route("/icon.svg", picture),
        Route("/audits/upload", site.upload, methods=["POST"]),
        Route("/audits/choose", site.choose, methods=["POST"]),
        Route(f"{at}/columns", of(_columns), methods=both),
        Route(f"{at}/meaning", of(_meaning), methods=both),
        Route(f"{at}/questions", of(_questions), methods=both),
        Route(f"{at}/policy", of(_policy), methods=both),
        Route(f"{at}/run", of(_run), methods=both),
        Route(f"{at}/runs/{{run:int}}", of(_result)),
        Route(f"{at}/runs/{{run:int}}/cancel", of(_cancel), methods=["POST"]),
        Route(f"{at}/runs/{{run:int}}/report", of(_report)),
        Route(f"{at}/runs/{{run:int}}/files/{{name}}", of(_file)),
        Route(f"{at}/delete", of(_delete), methods=both),
    ]


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

    async def start(self, request: Request) -> Response:
        """Show what can be chosen, and the audits that there are."""
        return self._start()

    def _start(self, status: int = 200, problems: list[forms.Problem] | None = None) -> Response:
        examples = [describe(name) for name in dataset_names() if describe(name).bundled]
        listed = self.listed()
        return self.show(
            "start", status=status, problems=problems or [], examples=examples, listed=listed, folder=self.settings.folder,
            most=self.settings.most_upload, drafts=[(draft, self.stands(draft)) for draft in self.drafts],
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
            return self._start(422, [forms.Problem("file", str(error))])
        except BaseException:
            # The browser went away in the middle: nothing of it stays.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self._read(self.drafts.add(taken.name, "upload", folder, str(taken.path)))

    async def choose(self, request: Request) -> Response:
        """Take an example, or a file below the given folder."""
        sent = await self.form(request)
        example, chosen = str(sent.get("example", "")), str(sent.get("path", ""))
        try:
            self._room()
        except UploadError as error:
            return self._start(422, [forms.Problem("example", str(error))])
        if example in dataset_names() and describe(example).bundled:
            return self._read(self.drafts.add(example, "example", self.drafts.new_folder(), example))
        name = self.listed().get(chosen)
        if name is not None and self.settings.folder is not None:
            path = (self.settings.folder / name).resolve()
            return self._read(self.drafts.add(name, "folder", self.drafts.new_folder(), str(path)))
        field = "path" if chosen or "path" in sent else "example"
        told = "Choose one of the list; a file may have been moved since the page was loaded."
        return self._start(422, [forms.Problem(field, told)])

    def _room(self) -> None:
        if len(self.drafts) >= MOST_DRAFTS:
            message = f"There are {MOST_DRAFTS} audits here, the most that are kept. Delete some of them first."
            raise UploadError(message)

    def _read(self, draft: Draft) -> Response:
        self.jobs.start(draft.folder / "profile", {"kind": "profile", "origin": draft.origin, "source": draft.source})
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


# The steps


async def _columns(site: Site, request: Request, draft: Draft) -> Response:
    if draft.profile is None:
        job = site.jobs.get(draft.folder / "profile")
        if job is None or job.state != "done":
            return _reading(site, request, draft, job)
        profile = FileProfile.from_plain(answer_of(job)["profile"])
        answers = {}
        if draft.origin == "example":
            answers = forms.example_answers(profile, describe(draft.source).call)
        draft = site.drafts.change(draft.id, profile=profile, answers=answers)
    profile = _profile(draft)
    values, problems = forms.columns_values(profile, draft.answers.get("columns")), []
    if request.method == "POST":
        values = await site.form(request)
        answers, problems = forms.check_columns(profile, values)
        if not problems:
            draft = site.drafts.answered(draft, "columns", answers, then=("meaning",))
            return to(draft, "meaning")
    return site.show(
        "columns", status=422 if problems else 200, draft=draft, step="columns", profile=profile, values=values,
        problems=problems, roles=forms.ROLES, guessed="columns" not in draft.answers,
    )  # fmt: skip


def _reading(site: Site, request: Request, draft: Draft, job: Job | None) -> Response:
    if job is not None and job.state in {"waiting", "running"}:
        still = "still" in request.query_params
        return site.show(
            "reading", draft=draft, step="columns", before=site.jobs.before(job.folder), still=still,
            refresh=None if still else _SECONDS_TO_REFRESH,
        )  # fmt: skip
    told = job.told if job is not None and job.told else "Reading was ended before it was done. Choose the file again."
    return site.show("unreadable", status=422, draft=draft, step="columns", told=told)


def _profile(draft: Draft) -> FileProfile:
    assert draft.profile is not None  # noqa: S101 - the steps after it are closed until it is there
    return draft.profile


def _missing(draft: Draft, *steps: str) -> Response | None:
    """Return the way to the first step that a page needs and that is not answered."""
    if draft.profile is None:
        return to(draft, "columns")
    return next((to(draft, step) for step in steps if step not in draft.answers), None)


async def _meaning(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := _missing(draft, "columns")) is not None:
        return missing
    profile, columns = _profile(draft), draft.answers["columns"]
    values, problems = forms.meaning_values(profile, columns, draft.answers.get("meaning")), []
    if request.method == "POST":
        values = {**values, **await site.form(request)}
        answers, problems = forms.check_meaning(profile, columns, values)
        if not problems:
            return to(site.drafts.answered(draft, "meaning", answers), "questions")
    of = {role: forms.columns_of(profile, columns, role) for role in forms.ROLES if role}
    return site.show(
        "meaning", status=422 if problems else 200, draft=draft, step="meaning", profile=profile, values=values,
        problems=problems, of=of, outcomes=forms.OUTCOMES, most=forms.MOST_LEVELS,
    )  # fmt: skip


async def _questions(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := _missing(draft, "columns", "meaning")) is not None:
        return missing
    values, problems = forms.questions_values(draft.answers.get("questions")), []
    if request.method == "POST":
        values = await site.form(request)
        answers, problems = forms.check_questions(values)
        if not problems:
            return to(site.drafts.answered(draft, "questions", answers), "policy")
    return site.show(
        "questions", status=422 if problems else 200, draft=draft, step="questions", values=values, problems=problems,
        questions=forms.QUESTIONS,
    )  # fmt: skip


async def _policy(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := _missing(draft, "columns", "meaning", "questions")) is not None:
        return missing
    profile, columns = _profile(draft), draft.answers["columns"]
    values, problems = forms.policy_values(draft.answers.get("policy")), []
    if request.method == "POST":
        values = {**values, **await site.form(request)}
        answers, problems = forms.check_policy(profile, columns, values)
        if not problems:
            return to(site.drafts.answered(draft, "policy", answers), "run")
    scores = forms.columns_of(profile, columns, "score")
    return site.show(
        "policy", status=422 if problems else 200, draft=draft, step="policy", values=values, problems=problems,
        policies=[_offered(name) for name in preset_ids()], scores=scores, higher_is=draft.answers["meaning"].get("higher_is"),
        outcome=bool(forms.columns_of(profile, columns, "outcome")), levels=forms.LEVELS, languages=forms.LANGUAGES,
    )  # fmt: skip


def _offered(name: str) -> dict[str, Any]:
    """Return what is said of a policy, and why it cannot run as it stands where that is so."""
    policy = load_policy(name).policy
    try:
        check_ready(policy)
    except FairauditError as error:
        return {"policy": policy, "closed": str(error)}
    return {"policy": policy, "closed": ""}


# Running


async def _run(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := _missing(draft, "columns", "meaning", "questions", "policy")) is not None:
        return missing
    profile = _profile(draft)
    columns, meaning, policy = (draft.answers[step] for step in ("columns", "meaning", "policy"))
    roles = forms.roles_of(profile, columns, meaning, policy)
    if request.method == "POST":
        await site.form(request)
        draft = site.drafts.change(draft.id, runs=draft.runs + 1)
        site.jobs.start(run_folder(draft, draft.runs), {
            "kind": "audit", "origin": draft.origin, "source": draft.source, "name": draft.name, "roles": roles,
            "arguments": forms.arguments_of(policy),
        })  # fmt: skip
        return to(draft, f"runs/{draft.runs}")
    favored = [
        (cutoff, forms.share_favorable(profile, columns, meaning["higher_is"], cutoff)) for cutoff in policy["cutoffs"]
    ]
    chosen = load_policy(forms.policy_of(policy)).policy
    return site.show(
        "run", draft=draft, step="run", profile=profile, roles=roles, policy=policy, chosen=chosen, favored=favored,
        questions=forms.QUESTIONS, answers=draft.answers["questions"],
        jobs=[(run, site.jobs.get(run_folder(draft, run))) for run in range(1, draft.runs + 1)],
    )  # fmt: skip


def _job(site: Site, request: Request, draft: Draft) -> Job:
    job = site.jobs.get(run_folder(draft, request.path_params["run"]))
    if job is None:
        raise HTTPException(404, "This audit has no such run. Go back to it, and start one.")
    return job


async def _result(site: Site, request: Request, draft: Draft) -> Response:
    job, run = _job(site, request, draft), request.path_params["run"]
    if job.state == "done":
        return site.show(
            "result", draft=draft, step="run", run=run, job=job, summary=answer_of(job)["summary"], files=FILES,
            documents=DOCUMENTS, runs=draft.runs,
        )  # fmt: skip
    if job.over:
        return site.show("ended", draft=draft, step="run", run=run, job=job)
    still = "still" in request.query_params
    return site.show(
        "running", draft=draft, step="run", run=run, job=job, before=site.jobs.before(job.folder), stage=_stage(job),
        seconds=None if job.started is None else time.monotonic() - job.started, still=still,
        refresh=None if still else _SECONDS_TO_REFRESH,
    )  # fmt: skip


def _stage(job: Job) -> str:
    try:
        return str(json.loads((job.folder / PROGRESS).read_text(encoding="utf-8"))["stage"])
    except (OSError, ValueError, KeyError):
        return "Starting"


async def _cancel(site: Site, request: Request, draft: Draft) -> Response:
    await site.form(request)
    await site.jobs.cancel(_job(site, request, draft).folder)
    return to(draft, f"runs/{request.path_params['run']}")


async def _report(site: Site, request: Request, draft: Draft) -> Response:
    job = _job(site, request, draft)
    if job.state != "done":
        return to(draft, f"runs/{request.path_params['run']}")
    return FileResponse(
        job.folder / "report.html", media_type="text/html; charset=utf-8",
        headers={"content-security-policy": REPORT_POLICY},
    )  # fmt: skip


async def _file(site: Site, request: Request, draft: Draft) -> Response:
    job, name = _job(site, request, draft), request.path_params["name"]
    if job.state != "done" or name not in {*FILES, *(f"{document}.html" for document in DOCUMENTS)}:
        raise HTTPException(404, "There is no such file. Go back to the audit for those that there are.")
    stem = re.sub(r"[^A-Za-z0-9]+", "-", Path(draft.name).stem).strip("-")[:40] or "audit"
    return FileResponse(
        job.folder / name, filename=f"{stem}-{name}", headers={"content-security-policy": REPORT_POLICY}
    )


async def _delete(site: Site, request: Request, draft: Draft) -> Response:
    if request.method == "GET":
        return site.show("delete", draft=draft, size=in_words(_size(draft.folder)))
    await site.form(request)
    await site.jobs.forget(draft.folder)
    site.drafts.remove(draft)
    return RedirectResponse("/", 303)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


__all__ = ["Settings", "Site", "make_app"]
