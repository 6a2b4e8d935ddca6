"""What every benchmark shares: timing, the machine in words, and its section of docs/benchmarks.md."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
INTRODUCTION = """# Benchmarks

Each section is written by the script that it names, with `--save`. Timings depend on the machine;
run the scripts on yours. No test asserts a timing.
"""


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the median of the seconds that a piece of work takes, and its last result."""
    seconds, result = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), result


def machine(packages: Sequence[str]) -> str:
    """Return the day, the machine and the versions, as lines of Markdown."""
    versions = []
    for name in packages:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    return "\n".join(
        [
            f"- date: {datetime.now(tz=UTC):%Y-%m-%d}",
            f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()}, {_load()}",
            f"- versions: Python {platform.python_version()}, {', '.join(versions)}",
            f"- command: `{command}`",
        ]
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named and named[0] != "unknown" else platform.machine()


def _load() -> str:
    """Return how many processes wanted to run in the last minute: well above 1, something else shared the machine."""
    try:
        return f"load {os.getloadavg()[0]:.1f}"
    except (AttributeError, OSError):
        return "load unknown"


def _memory() -> str:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return "memory unknown"
    return f"{pages * size / 2**30:.0f} GiB memory"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with the numbers on the right."""
    lines = [" | ".join(header), " | ".join(["---", *["---:"] * (len(header) - 1)]), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines)


def in_words(seconds: float) -> str:
    """Return a time with three digits, in the unit that people would use.

    Examples
    --------
    >>> in_words(0.00123), in_words(27.06), in_words(5400), in_words(30000)
    ('1.23 ms', '27.1 s', '1.50 h', '8.33 h')
    """
    for size, unit in ((3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")):
        if seconds >= size * (2 if unit == "min" else 1):
            return f"{seconds / size:#.3g} {unit}".replace(". ", " ")
    return f"{seconds * 1e6:.0f} µs"


def save(title: str, text: str) -> Path:
    """Put a section into docs/benchmarks.md in place of the one with the same title."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else INTRODUCTION
    head, *sections = page.split("\n## ")
    kept = [section.rstrip() for section in sections if section.splitlines()[0] != title]
    made = [*kept, f"{title}\n\n{text.strip()}"]
    made.sort(key=lambda section: section.splitlines()[0])
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n\n## ".join([head.rstrip(), *made]) + "\n", encoding="utf-8")
    return PAGE
