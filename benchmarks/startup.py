"""How long a whole process takes: to import, to say what it can do, to audit.

Every figure is the median of several fresh processes, the interpreter's own start included.

    python benchmarks/startup.py
    FAIRAUDIT_DATA=... python benchmarks/startup.py --save     # COMPAS is read from that folder

Without COMPAS the audit is of the bundled loanapp and FICO counts.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from saving import in_words, machine, save, table, timed

import fairaudit as fa

TITLE = "Start-up and a whole audit"
AUDIT = """
import fairaudit as fa
{load}
made = fa.audit(data, **call)
made.to_json()
assert made.result.findings and made.result.rates
"""
OF_FILE = """
from fairaudit.data.bundled import path
call = dict(fa.describe_dataset("{name}").call)
data = path("{name}")
"""
OF_TABLE = """
call = dict(fa.describe_dataset("{name}").call)
data = fa.load_dataset("{name}")
"""


def whole_process(arguments: Sequence[str], repeats: int) -> tuple[float, float]:
    """Return the median seconds of a fresh interpreter, on the clock, and its mean seconds of processor time."""
    command = [sys.executable, *arguments]
    before = processor_time()
    seconds, _ = timed(lambda: subprocess.run(command, check=True, capture_output=True), repeats)
    return seconds, (processor_time() - before) / repeats


def processor_time() -> float:
    """Return the seconds of processor time that finished child processes have used."""
    spent = os.times()
    return spent.children_user + spent.children_system


def audits() -> list[tuple[str, str, float | None]]:
    """Return the audits to time: what, the code, the target in seconds."""
    made = []
    try:
        fa.load_dataset("compas")
        code = AUDIT.format(load=OF_FILE.format(name="compas"))
        made.append(("audit of COMPAS (7,214 rows, scores, race and sex), file to JSON", code, 3.0))
    except fa.FairauditError as error:
        print(f"COMPAS is left out: {error}", file=sys.stderr)
    code = AUDIT.format(load=OF_FILE.format(name="fico_2003"))
    made.append(("audit of FICO 2003 (counts of 174,047 people), file to JSON", code, None))
    code = AUDIT.format(load=OF_TABLE.format(name="loanapp"))
    made.append(("audit of loanapp (1,989 decisions, race and sex), with pandas", code, None))
    return made


def main() -> None:
    """Run, print, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--save", action="store_true", help="write this section of docs/benchmarks.md")
    arguments = parser.parse_args()
    works = [
        ("the interpreter alone", ["-c", "pass"], None),
        ("`import fairaudit`", ["-c", "import fairaudit"], 0.3),
        ("`fairaudit --help`", ["-m", "fairaudit", "--help"], 0.3),
        *((what, ["-c", code], target) for what, code, target in audits()),
    ]
    rows = []
    for what, command, target in works:
        whole_process(command, 1)
        seconds, busy = whole_process(command, arguments.repeats)
        rows.append([what, in_words(seconds), in_words(busy), "" if target is None else in_words(target)])
    text = f"""Whole processes, the start of the interpreter included: medians of {arguments.repeats} runs
after a first one. The audits have every metric with its interval and every comparison with its test.
Processor time is less than the time on the clock where other work shares the machine.

{table(["process", "time", "processor time", "target, under"], rows)}

{machine(["fairaudit-toolkit", "numpy", "scipy", "duckdb", "pyarrow", "pydantic", "pandas"])}
"""
    print(text)
    if arguments.save:
        save(TITLE, text)


if __name__ == "__main__":
    main()
