"""The local page under load: many at once, large files, a killed worker; beside the command line doing the same audits.

python benchmarks/web_load.py            # some ten minutes on 2 cores
python benchmarks/web_load.py --save     # and writes its section of docs/benchmarks.md
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from saving import in_words, machine, save, table

# What a browser sends is written down once, where the page is tested.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "web"))
from serving import Server, Visitor, scores

PROCESSES = 2
SMALL_ROWS, LARGE_ROWS = 600, 1_000_000
ROLES = [
    "--score", "score", "--higher-is", "better", "--cutoff", "600", "--outcome", "outcome", "--good", "good",
    "--group", "race", "--group", "sex", "--reference", "race=White", "--reference", "sex=M",
]  # fmt: skip
AS_A_BROWSER = {"patience": 1_800, "every": 2.0}
"""The page looks again every two seconds; a queue of audits takes minutes."""
MIB, GIB = 2**20, 2**30


class Watch:
    """The memory of the server, looked at ten times a second."""

    def __init__(self, server: Server) -> None:
        self.server, self.most, self.over = server, 0, threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def _look(self) -> None:
        while not self.over.wait(0.1):
            self.most = max(self.most, self.server.memory)


def through_the_page(visitor: Visitor, text: str) -> str:
    """Return the address of a run from upload to report, with what must be there looked at."""
    audit = visitor.answered("scores.csv", text)
    place = visitor.run(audit)
    told = visitor.settled(place, **AS_A_BROWSER).words
    report = visitor.get(f"{place}/report")
    if "Findings" not in told or report.status != 200 or "</html>" not in report.text:
        message = f"{place}: {told[:300]}"
        raise RuntimeError(message)
    visitor.post(f"{audit}/delete")
    return place


def at_once(visitor: Visitor, texts: list[str]) -> tuple[float, list[str]]:
    """Return the seconds that audits asked for all at once take, and what went wrong."""
    errors = []

    def one(text: str) -> None:
        try:
            through_the_page(visitor, text)
        except Exception as error:  # noqa: BLE001 - counted and printed
            errors.append(f"{type(error).__name__}: {error}")

    began = time.perf_counter()
    with ThreadPoolExecutor(len(texts)) as pool:
        list(pool.map(one, texts))
    return time.perf_counter() - began, errors


def by_command(folder: Path, texts: list[str]) -> float:
    """Return the seconds that the same audits take on the command line, as many processes at once as the page has."""
    for place, text in enumerate(texts):
        (folder / f"{place}.csv").write_text(text)

    def one(place: int) -> None:
        command = [sys.executable, "-m", "fairaudit", "audit", str(folder / f"{place}.csv"), *ROLES]
        subprocess.run(
            [*command, "--out", str(folder / f"out{place}"), "--format", "html,json,md,csv", "--quiet"], check=True
        )

    began = time.perf_counter()
    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(one, range(len(texts))))
    return time.perf_counter() - began


def killed(visitor: Visitor, server: Server, text: str) -> str:
    """Kill a worker in the middle of an audit, and return what the page says; the same audit then runs again."""
    audit = visitor.answered("scores.csv", text)
    place = visitor.run(audit)
    while "Counting people" not in visitor.get(f"{place}?still=1").words:
        time.sleep(0.02)
    for worker in server.workers():
        worker.kill()
    told = visitor.settled(place).words
    if "signal 9" not in told or "Findings" not in visitor.settled(visitor.run(audit)).words:
        message = f"A killed worker was not said, or the audit did not run again: {told[:300]}"
        raise RuntimeError(message)
    visitor.post(f"{audit}/delete")
    return "said (signal 9), and run again"


def uploaded(visitor: Visitor, server: Server) -> str:
    """Upload a file of a GiB, and return how long it took and what the server held meanwhile."""
    head, *lines = scores(100_000).splitlines(keepends=True)
    part = "".join(lines).encode()
    data = head.encode() + part * (GIB // len(part) + 1)
    watch = Watch(server)
    began = time.perf_counter()
    place = visitor.upload("large.csv", data).place
    seconds = time.perf_counter() - began
    watch.over.set()
    read = visitor.settled(place, **AS_A_BROWSER)
    if read.status != 200:
        raise RuntimeError(read.words[:300])
    visitor.post(f"{place.removesuffix('/columns')}/delete")
    return (
        f"A file of {len(data) / GIB:.2f} GiB was taken in {in_words(seconds)} and read in "
        f"{in_words(time.perf_counter() - began - seconds)}; the server held {watch.most / MIB:,.0f} MiB at the most."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=50, help="audits at once")
    parser.add_argument("--large", type=int, default=5, help="audits of a million rows at once")
    parser.add_argument("--save", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    small = [scores(SMALL_ROWS, seed) for seed in range(arguments.small)]
    large = [scores(LARGE_ROWS, seed) for seed in range(arguments.large)]
    rows = []
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        server = Server(folder, "--processes", str(PROCESSES))
        try:
            visitor = Visitor(server)
            through_the_page(visitor, small[0])
            before = server.memory
            for name, texts in (("small", small), ("small, again", small), (f"{LARGE_ROWS:,} rows", large)):
                watch = Watch(server)
                seconds, errors = at_once(visitor, texts)
                watch.over.set()
                commanded = by_command(folder, texts)
                for error in errors:
                    print(error)
                rows.append([
                    f"{len(texts)} × {name}", str(len(errors)), in_words(seconds), in_words(commanded),
                    f"{seconds / commanded:.2f}", f"{server.memory / MIB:,.0f}", f"{watch.most / MIB:,.0f}",
                ])  # fmt: skip
                print(*rows[-1], sep=" | ", flush=True)
            said = killed(visitor, server, large[0])
            large_file = uploaded(visitor, server)
            left = len(server.kept())
        finally:
            server.stop()
    header = ["asked for at once", "errors", "page", "command line", "ratio", "server after, MiB", "at most, MiB"]
    text = f"""From upload through every step to report, {PROCESSES} workers at once, every audit deleted afterwards.
The command line makes the same audits, {PROCESSES} processes at a time, and neither the profile of the columns nor the
documents beside the report. The server holds {before / MIB:,.0f} MiB after the first audit.

{table(header, rows)}

{large_file}

A worker killed in the middle of an audit of {LARGE_ROWS:,} rows: {said}. Files left in the work folder: {left}.

{machine(["fairaudit-toolkit", "starlette", "uvicorn", "duckdb"])}"""
    print(text)
    if arguments.save:
        print(save("The local page under load", text))


if __name__ == "__main__":
    main()
