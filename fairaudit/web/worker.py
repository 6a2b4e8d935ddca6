"""What runs in a process of its own: reading a stranger's file, auditing it, writing what can be downloaded.

``python -m fairaudit.web.worker FOLDER MEMORY SERVER``: the request stands in the folder, and so does the answer.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.files import ran_out_of_memory
from ..data.progress import Progress, Watcher, how_far
from ..errors import FairauditError
from ..report.nodes import STATUS_ORDER
from ..writing import write_whole
from .jobs import ANSWER, PROGRESS, REQUEST, too_much_memory

if TYPE_CHECKING:
    from ..result import Result

FILES = {
    "report.html": "The report, one page that needs nothing else",
    "report.md": "The report as Markdown",
    "result.json": "Every number, as JSON",
    "findings.csv": "The findings, a line each",
    "rates.csv": "The rates of every group, a line each",
}
_SECONDS_BETWEEN_WORDS = 1.0
_MOST_WRITTEN = 4 * 1024**3
_CONNECTING = frozenset(
    {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"}
)


def main() -> None:
    """Do what the folder asks for; every error that has words becomes the answer."""
    folder, memory, server = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    _limit(memory)
    _alone(server)
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    try:
        answer = {"error": "", **_WORK[request["kind"]](folder, request)}
    except FairauditError as error:
        told = too_much_memory(memory) if ran_out_of_memory(error) else _as_known(str(error), request)
        answer = {"error": told}
    except MemoryError:
        answer = {"error": too_much_memory(memory)}
    write_whole(folder / ANSWER, json.dumps(answer))


def _limit(memory: int) -> None:
    """Hold this process to its memory: data and not addresses, of which the renderer of charts reserves many."""
    with contextlib.suppress(ImportError):  # Windows has no such limits; there the server's watch is all
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_WRITTEN, _MOST_WRITTEN))


def _alone(server: int) -> None:
    """Connect to nobody, and end with the server, however it ends: even before this was begun."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        # Sockets between a process's own ends are none of these, so that libraries go on working.
        if event in _CONNECTING and not (event == "socket.connect" and isinstance(arguments[1], (str, bytes))):
            message = "This process connects to nobody."
            raise PermissionError(message)

    sys.addaudithook(refuse)

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _profile(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    from ..data.profiling import profile_files

    _at(folder, "Reading the file")
    profile = profile_files(_source(folder.parent, request))
    issues = tuple(_retold(profile.issues, request))
    return {"profile": dataclasses.asdict(dataclasses.replace(profile, issues=issues))}


def _audit(folder: Path, request: Mapping[str, Any]) -> dict[str, Any]:
    from ..auditing import audit
    from ..departing import with_earlier, with_plan
    from ..documents import DOCUMENTS
    from ..documents.writing import write_document
    from ..planning import read_plan

    _at(folder, "Counting people and comparing groups")
    made = audit(
        _source(folder.parent, request), progress=_watching(folder), **request["arguments"], **request["roles"]
    )
    result = with_earlier(_named(made.result, request), request["earlier"])
    if request["plan"] is not None:
        # Everything is compared as without it; the plan says which of it was meant beforehand.
        result = with_plan(result, read_plan(request["plan"]), result.step_zero)
    for name, render in _RENDERERS.items():
        _at(folder, f"Writing {name}")
        for file, text in render(result).items():
            write_whole(folder / file, text)
    for name in DOCUMENTS:
        _at(folder, f"Filling {name}")
        write_document(result, name, folder / f"{name}.html")
    return {"summary": _summary(result)}


def _watching(folder: Path) -> Watcher:
    """Return what writes down how far counting is, once a second."""
    last = 0.0

    def watch(now: Progress) -> None:
        nonlocal last
        counted = now.done >= now.total
        if now.total and (counted or time.monotonic() - last >= _SECONDS_BETWEEN_WORDS):
            last = time.monotonic()
            _at(folder, "Comparing groups" if counted else f"Counting people: {how_far(now)}")

    return watch


def _html(result: Result) -> dict[str, str]:
    from ..report.html import to_html

    return {"report.html": to_html(result)}


def _markdown(result: Result) -> dict[str, str]:
    from ..report.markdown import to_markdown

    return {"report.md": to_markdown(result)}


def _json(result: Result) -> dict[str, str]:
    return {"result.json": result.to_json()}


def _csv(result: Result) -> dict[str, str]:
    from ..report.tables import to_csv_files

    return to_csv_files(result)


_RENDERERS: dict[str, Callable[[Result], dict[str, str]]] = {
    "the numbers": _json, "the tables": _csv, "the report": _html, "the report as Markdown": _markdown,
}  # fmt: skip
_WORK: dict[str, Callable[[Path, Mapping[str, Any]], dict[str, Any]]] = {"profile": _profile, "audit": _audit}


def _source(folder: Path, request: Mapping[str, Any]) -> str:
    """Return the path to read; the table of an example is written down once."""
    if request["origin"] != "example":
        return str(request["source"])
    from ..data.bundled import load

    path = folder / "example.parquet"
    if not path.exists():
        load(request["source"]).to_parquet(path)
    return str(path)


def _named(result: Result, request: Mapping[str, Any]) -> Result:
    """Return the result with the name that the person knows the file by, in place of ours."""
    name = request["name"]
    files = [dataclasses.replace(file, name=name) for file in result.input.files]
    named = dataclasses.replace(result.input, name=name, files=files)
    return dataclasses.replace(result, input=named, issues=_retold(result.issues, request))


def _retold(issues: Iterable[Any], request: Mapping[str, Any]) -> list[Any]:
    return [dataclasses.replace(issue, message=_as_known(issue.message, request)) for issue in issues]


def _as_known(text: str, request: Mapping[str, Any]) -> str:
    """Return what is said of an uploaded file with the name that the person knows it by, in place of ours."""
    return text.replace(Path(request["source"]).name, request["name"]) if request["origin"] == "upload" else text


def _summary(result: Result) -> dict[str, Any]:
    shown = [f for f in result.findings if f.rule is not None and f.family != "exploratory"]
    shown.sort(key=lambda finding: STATUS_ORDER.index(finding.status))
    return {
        "people": result.schema.people,
        "findings": [{"status": finding.status, "sentence": finding.sentence} for finding in shown],
        "exploratory": sum(f.family == "exploratory" for f in result.findings),
        "exploratory_flagged": sum(f.family == "exploratory" and f.status == "flag" for f in result.findings),
        "not_run": len(result.not_run),
        "set_aside": sum(result.input.ledger.set_aside.values()),
        "issues": [issue.message for issue in result.issues],
    }


def _at(folder: Path, stage: str) -> None:
    """Say what is being done now."""
    write_whole(folder / PROGRESS, json.dumps({"stage": stage}))


if __name__ == "__main__":
    main()
