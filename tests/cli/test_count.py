"""What ``fairaudit count`` shows of its progress: on a terminal's standard error, and nowhere else."""

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pty = pytest.importorskip("pty")
ROWS = 4_321


@pytest.fixture
def command(tmp_path):
    rows = pa.table({"g": [f"g{i % 3}" for i in range(ROWS)], "s": [300 + i % 551 for i in range(ROWS)]})
    pq.write_table(rows, tmp_path / "people.parquet")
    roles = ["--group", "g", "--score", "s", "--higher-is", "better", "-o", str(tmp_path / "o.cube")]
    return [sys.executable, "-m", "fairaudit", "count", str(tmp_path / "people.parquet"), *roles]


def on_a_terminal(command, **environment):
    """Run a command whose standard error is a terminal; return its exit code, standard output, standard error."""
    ours, theirs = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=own | {"TERM": "xterm"} | environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    out, _ = child.communicate(timeout=60)
    os.close(ours)
    return child.returncode, out, shown.decode()


def test_a_terminal_sees_how_far_it_is(command):
    code, out, shown = on_a_terminal(command, COLUMNS="120")
    assert (code, out) == (0, b"")
    assert "Counting people.parquet" in shown
    assert f"{ROWS:,} of {ROWS:,} rows, 0 s left" in shown
    assert f"{ROWS:,} read, {ROWS:,} counted in 3 cells" in shown


@pytest.mark.parametrize(("more", "environment"), [(["--quiet"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})])
def test_a_terminal_that_wants_none_of_it(command, more, environment):
    code, out, shown = on_a_terminal([*command, *more], **environment)
    assert (code, out) == (0, b"")
    assert "left" not in shown
    assert bool(shown) is not bool(more)


def test_a_pipe_sees_what_was_counted_alone(command):
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines()[0].startswith(f"{ROWS:,} read, {ROWS:,} counted in 3 cells")
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr
