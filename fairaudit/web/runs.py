"""Running an audit, what came of it, and its end."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from ..documents import DOCUMENTS
from ..planning import make_plan
from ..policy.loading import load_policy
from . import forms
from .drafts import Draft
from .jobs import PROGRESS, Job
from .security import REPORT_POLICY
from .site import Site, answer_of, run_folder, to
from .steps import missing_step, profile_of
from .uploads import in_words
from .worker import FILES

PLAN = "plan.yaml"


async def run(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := missing_step(draft, "columns", "meaning", "questions", "policy")) is not None:
        return missing
    profile = profile_of(draft)
    columns, meaning, policy = (draft.answers[step] for step in ("columns", "meaning", "policy"))
    roles = forms.roles_of(profile, columns, meaning, policy)
    if request.method == "POST":
        await site.form(request)
        draft = site.drafts.change(draft.id, runs=draft.runs + 1)
        site.jobs.start(run_folder(draft, draft.runs), {
            "kind": "audit", "origin": draft.origin, "source": draft.source, "name": draft.name, "roles": roles,
            "arguments": {**forms.arguments_of(policy), "step_zero": dict(draft.answers["questions"])},
            "plan": None if draft.plan is None else str(draft.folder / PLAN),
            "earlier": [str(folder / "result.json") for folder in _done(site, draft)],
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


async def plan(site: Site, request: Request, draft: Draft) -> Response:
    """Write down what will be compared, before the first run."""
    if (missing := missing_step(draft, "columns", "meaning", "questions", "policy")) is not None:
        return missing
    await site.form(request)
    if draft.plan is None and not draft.runs:
        columns, meaning, policy = (draft.answers[step] for step in ("columns", "meaning", "policy"))
        roles = forms.roles_of(profile_of(draft), columns, meaning, policy)
        made = make_plan(
            groups=roles["groups"], reference=roles.get("reference"), cutoff=roles.get("cutoff"),
            policy=forms.policy_of(policy), step_zero=draft.answers["questions"],
        )  # fmt: skip
        made.write(draft.folder / PLAN)
        site.drafts.change(draft.id, plan=made)
    return to(draft, "run")


async def plan_file(_: Site, __: Request, draft: Draft) -> Response:
    if draft.plan is None:
        raise HTTPException(404, "No plan was made of this audit. Go back to it; a plan is made before the first run.")
    return FileResponse(draft.folder / PLAN, filename=f"{_stem(draft)}-{PLAN}", media_type="application/yaml")


def _done(site: Site, draft: Draft) -> list[Path]:
    """Return the folders of the runs that made a result."""
    folders = [run_folder(draft, run) for run in range(1, draft.runs)]
    return [folder for folder in folders if (job := site.jobs.get(folder)) is not None and job.state == "done"]


def _job(site: Site, request: Request, draft: Draft) -> Job:
    job = site.jobs.get(run_folder(draft, request.path_params["run"]))
    if job is None:
        raise HTTPException(404, "This audit has no such run. Go back to it, and start one.")
    return job


async def result(site: Site, request: Request, draft: Draft) -> Response:
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
        refresh=None if still else request.url.path,
    )  # fmt: skip


def _stage(job: Job) -> str:
    try:
        return str(json.loads((job.folder / PROGRESS).read_text(encoding="utf-8"))["stage"])
    except (OSError, ValueError, KeyError):
        return "Starting"


async def cancel(site: Site, request: Request, draft: Draft) -> Response:
    await site.form(request)
    await site.jobs.cancel(_job(site, request, draft).folder)
    return to(draft, f"runs/{request.path_params['run']}")


async def report(site: Site, request: Request, draft: Draft) -> Response:
    job = _job(site, request, draft)
    if job.state != "done":
        return to(draft, f"runs/{request.path_params['run']}")
    return FileResponse(
        job.folder / "report.html", media_type="text/html; charset=utf-8",
        headers={"content-security-policy": REPORT_POLICY},
    )  # fmt: skip


async def file(site: Site, request: Request, draft: Draft) -> Response:
    job, name = _job(site, request, draft), request.path_params["name"]
    if job.state != "done" or name not in {*FILES, *(f"{document}.html" for document in DOCUMENTS)}:
        raise HTTPException(404, "There is no such file. Go back to the audit for those that there are.")
    return FileResponse(
        job.folder / name, filename=f"{_stem(draft)}-{name}", headers={"content-security-policy": REPORT_POLICY}
    )


def _stem(draft: Draft) -> str:
    """Return the beginning of the names of files that are downloaded, from the name of the file that was audited."""
    return re.sub(r"[^A-Za-z0-9]+", "-", Path(draft.name).stem).strip("-")[:40] or "audit"


async def delete(site: Site, request: Request, draft: Draft) -> Response:
    if request.method == "GET":
        return site.show("delete", draft=draft, size=in_words(_size(draft.folder)))
    await site.form(request)
    await site.jobs.forget(draft.folder)
    site.drafts.remove(draft)
    return RedirectResponse("/", 303)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
