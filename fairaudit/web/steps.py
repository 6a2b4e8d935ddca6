"""The steps of an audit before it runs: columns, meaning, questions, policy and cut-off."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..data.bundled import describe
from ..data.profiling import FileProfile
from ..errors import FairauditError
from ..policy.loading import load_policy, preset_ids
from ..policy.model import check_ready
from ..sharing import LEVELS
from ..translations import LANGUAGES
from . import forms
from .drafts import Draft
from .jobs import Job
from .site import Site, answer_of, to


async def columns(site: Site, request: Request, draft: Draft) -> Response:
    if draft.profile is None:
        job = site.jobs.get(draft.folder / "profile")
        if job is None or job.state != "done":
            return _reading(site, request, draft, job)
        profile = FileProfile.from_plain(answer_of(job)["profile"])
        answers = {}
        if draft.origin == "example":
            answers = forms.example_answers(profile, describe(draft.source).call)
        draft = site.drafts.change(draft.id, profile=profile, answers=answers)
    profile = profile_of(draft)
    values: forms.Values = forms.columns_values(profile, draft.answers.get("columns"))
    problems: list[forms.Problem] = []
    if request.method == "POST":
        values = {**values, **await site.form(request)}
        answers, problems = forms.check_columns(profile, values)
        if not problems:
            draft = site.drafts.answered(draft, "columns", answers, then=("meaning", "policy"))
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
            refresh=None if still else request.url.path,
        )  # fmt: skip
    told = job.told if job is not None and job.told else "Reading was ended before it was done. Choose the file again."
    return site.show("unreadable", status=422, draft=draft, step="columns", told=told)


def profile_of(draft: Draft) -> FileProfile:
    assert draft.profile is not None  # noqa: S101 - the steps after it are closed until it is there
    return draft.profile


def missing_step(draft: Draft, *steps: str) -> Response | None:
    """Return the way to the first step that a page needs and that is not answered."""
    if draft.profile is None:
        return to(draft, "columns")
    return next((to(draft, step) for step in steps if step not in draft.answers), None)


async def meaning(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := missing_step(draft, "columns")) is not None:
        return missing
    profile, columns = profile_of(draft), draft.answers["columns"]
    values: forms.Values = forms.meaning_values(profile, columns, draft.answers.get("meaning"))
    problems: list[forms.Problem] = []
    if request.method == "POST":
        # A box that is not ticked is not sent: without the blank, what was ticked before would stay so for ever.
        values = {**values, "probability": "", **await site.form(request)}
        answers, problems = forms.check_meaning(profile, columns, values)
        if not problems:
            return to(site.drafts.answered(draft, "meaning", answers), "questions")
    of = {role: forms.columns_of(profile, columns, role) for role in forms.ROLES if role}
    return site.show(
        "meaning", status=422 if problems else 200, draft=draft, step="meaning", profile=profile, values=values,
        problems=problems, of=of, outcomes=forms.OUTCOMES, most=forms.MOST_LEVELS,
    )  # fmt: skip


async def questions(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := missing_step(draft, "columns", "meaning")) is not None:
        return missing
    values: forms.Values = forms.questions_values(draft.answers.get("questions"))
    problems: list[forms.Problem] = []
    if request.method == "POST":
        values = {**values, **await site.form(request)}
        answers, problems = forms.check_questions(values)
        if not problems:
            return to(site.drafts.answered(draft, "questions", answers), "policy")
    return site.show(
        "questions", status=422 if problems else 200, draft=draft, step="questions", values=values, problems=problems,
        questions=forms.QUESTIONS,
    )  # fmt: skip


async def policy(site: Site, request: Request, draft: Draft) -> Response:
    if (missing := missing_step(draft, "columns", "meaning", "questions")) is not None:
        return missing
    profile, columns = profile_of(draft), draft.answers["columns"]
    values: forms.Values = forms.policy_values(draft.answers.get("policy"))
    problems: list[forms.Problem] = []
    if request.method == "POST":
        values = {**values, **await site.form(request)}
        answers, problems = forms.check_policy(profile, columns, values)
        if not problems:
            return to(site.drafts.answered(draft, "policy", answers), "run")
    scores = forms.columns_of(profile, columns, "score")
    return site.show(
        "policy", status=422 if problems else 200, draft=draft, step="policy", values=values, problems=problems,
        policies=[_offered(name) for name in preset_ids()], scores=scores,
        higher_is=draft.answers["meaning"].get("higher_is"),
        outcome=bool(forms.columns_of(profile, columns, "outcome")), levels=LEVELS, languages=LANGUAGES,
    )  # fmt: skip


def _offered(name: str) -> dict[str, Any]:
    """Return what is said of a policy, and why it cannot run as it stands where that is so."""
    policy = load_policy(name).policy
    try:
        check_ready(policy)
    except FairauditError as error:
        return {"policy": policy, "closed": str(error)}
    return {"policy": policy, "closed": ""}
