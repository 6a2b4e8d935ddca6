"""Every address of the page. A form is answered by the address to go on with, so that reloading is safe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import runs, steps
from .drafts import Draft
from .jobs import Jobs
from .pages import icon, message, style
from .security import Guard, Session
from .site import Settings, Site


class _Run(IntegerConvertor):
    """The number of a run; what is longer than Python reads as a number is no address of ours."""

    regex = "[0-9]{1,9}"


register_url_convertor("run", _Run())

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
        Route(f"{at}/columns", of(steps.columns), methods=both),
        Route(f"{at}/meaning", of(steps.meaning), methods=both),
        Route(f"{at}/questions", of(steps.questions), methods=both),
        Route(f"{at}/policy", of(steps.policy), methods=both),
        Route(f"{at}/run", of(runs.run), methods=both),
        Route(f"{at}/plan", of(runs.plan), methods=["POST"]),
        Route(f"{at}/{runs.PLAN}", of(runs.plan_file)),
        Route(f"{at}/runs/{{run:run}}", of(runs.result)),
        Route(f"{at}/runs/{{run:run}}/cancel", of(runs.cancel), methods=["POST"]),
        Route(f"{at}/runs/{{run:run}}/report", of(runs.report)),
        Route(f"{at}/runs/{{run:run}}/files/{{name}}", of(runs.file)),
        Route(f"{at}/delete", of(runs.delete), methods=both),
    ]
