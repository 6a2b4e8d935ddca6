"""What a piece of work may take, how it ends, and what is left of it: nothing. The server goes on."""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from .serving import ANSWERS, Server, Visitor, scores

SECRET = "correct-horse-battery-staple"


def working(server, seconds=20):
    """Return the process that works, once it has begun."""
    for _ in range(int(seconds / 0.02)):
        # Between its birth and its program a process is a copy of the server.
        if found := [one for one in server.workers() if "fairaudit.web.worker" in one.cmdline()]:
            return found[0]
        time.sleep(0.02)
    pytest.fail("No process began to work.")


def gone(*processes, seconds=10):
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return alive == []


@pytest.fixture(scope="module")
def server(serve):
    return serve(
        "--processes", "1", FAIRAUDIT_PASSWORD=SECRET, AWS_SECRET_ACCESS_KEY=SECRET, HTTPS_PROXY=f"http://{SECRET}@x"
    )


@pytest.fixture(scope="module")
def answered(visitor):
    return visitor.answered("scores.csv", scores())


def test_a_killed_process_is_said_and_the_audit_can_be_run_again(visitor, server, answered):
    place = visitor.run(answered)
    worker = working(server)
    environment, folder = worker.environ(), worker.cwd()
    worker.kill()
    answer = visitor.settled(place)
    assert "The process that did the work was ended before it was done (signal 9" in answer.words
    assert "Nothing of your answers is lost: start the audit again" in answer.words
    assert visitor.get(f"{place}/report").place == place
    assert visitor.get(f"{place}/files/report.html").status == 404
    # What it was given of the surroundings: no keys of the user, and a home and a temporary folder of its own.
    assert SECRET not in str(environment)
    assert {environment["HOME"], environment["TMPDIR"], folder} == {
        str(server.work / place.split("/", 2)[2].replace("runs/", "run-"))
    }
    again = visitor.run(answered)
    answer = visitor.settled(again)
    assert "Findings" in answer.words
    assert visitor.get(f"{again}/report").status == 200
    # The one that was killed still says so, and reading the page again starts nothing.
    assert "signal 9" in visitor.get(place).words
    assert server.workers() == []


def test_one_that_runs_and_one_that_waits_can_be_canceled(visitor, server, answered):
    first, second = visitor.run(answered), visitor.run(answered)
    worker = working(server)
    waits = visitor.get(second)
    assert "Waiting" in waits.words
    assert waits.headers["refresh"].startswith("2")
    assert "refresh" not in visitor.get(f"{second}?still=1").headers
    assert visitor.post(f"{second}/cancel").place == second
    assert visitor.post(f"{first}/cancel").place == first
    assert gone(worker)
    for place in (first, second):
        assert "Canceled" in visitor.settled(place).words
        # Once more does nothing more.
        assert visitor.post(f"{place}/cancel").place == place
    assert server.workers() == []


def test_deleting_an_audit_that_runs_ends_it(visitor, server):
    audit = visitor.answered("scores.csv", scores())
    visitor.run(audit)
    worker = working(server)
    folder = server.work / audit.rsplit("/", 1)[1]
    assert folder.exists()
    assert visitor.post(f"{audit}/delete").place == "/"
    assert gone(worker)
    assert not folder.exists()
    assert visitor.get("/").status == 200


def test_too_little_memory_is_said_and_the_server_goes_on(serve):
    server = serve("--most-memory", "256")
    visitor = Visitor(server)
    rows = "id,score,race,outcome\n" + "".join(f"{i % 977}x{i},{300 + i % 500}.{i},a,good\n" for i in range(1_500_000))
    answer = visitor.settled(visitor.upload("large.csv", rows).place)
    assert "The work took more than 256.0 MiB of memory and was ended" in answer.words
    assert "--most-memory allows more" in answer.words
    assert server.workers() == []
    assert visitor.get("/").status == 200
    assert visitor.settled(visitor.upload("scores.csv", scores()).place).status == 200


def test_too_little_time_is_said_and_the_server_goes_on(serve):
    server = serve("--most-seconds", "1")
    visitor = Visitor(server)
    # On a busy machine it is the reading already that takes too long.
    audit = visitor.upload("scores.csv", scores()).place.removesuffix("/columns")
    answer = visitor.settled(f"{audit}/columns")
    if answer.status == 200:
        for step, given in ANSWERS.items():
            assert visitor.step(audit, step, given).status == 303
        answer = visitor.settled(visitor.run(audit))
    assert "The work took longer than 1 second and was ended" in answer.words
    assert "--most-seconds allows more" in answer.words
    assert server.workers() == []
    assert visitor.get("/").status == 200


# The end of the server


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_the_end_removes_the_folder_and_ends_what_works(tmp_path, how):
    server = Server(tmp_path)
    visitor = Visitor(server)
    visitor.run(visitor.answered("scores.csv", scores()))
    worker, work = working(server), server.work
    assert (work.stat().st_mode & 0o777) == 0o700
    server.stop(how)
    assert not work.exists()
    assert gone(worker)
    assert "Traceback" not in server.log.read_text()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_server_that_was_killed_leaves_no_process_and_the_next_one_removes_its_folder(tmp_path):
    server = Server(tmp_path)
    visitor = Visitor(server)
    visitor.run(visitor.answered("scores.csv", scores()))
    worker, left = working(server), server.work
    server.stop(signal.SIGKILL)
    assert gone(worker)
    assert left.exists()
    (tmp_path / f"fairaudit-web-{os.getpid()}-alive").mkdir()
    (tmp_path / "fairaudit-web-notes").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / f"fairaudit-web-{server.process.pid}-link").symlink_to(outside)
    after = Server(tmp_path)
    try:
        assert not left.exists()
        assert (tmp_path / f"fairaudit-web-{os.getpid()}-alive").exists()
        assert (tmp_path / "fairaudit-web-notes").exists()
        assert outside.exists()
    finally:
        after.stop()


def test_a_port_that_is_taken_says_what_to_do(server):
    ended = subprocess.run(
        [sys.executable, "-m", "fairaudit", "web", "--port", str(server.port), "--no-browser"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0
    assert f"Port {server.port} cannot be used" in ended.stderr
    assert "Give another --port, or 0 for any" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_server_listens_on_this_machine_alone(server):
    listening = [c for c in psutil.Process(server.process.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert [(c.laddr.ip, c.laddr.port) for c in listening] == [("127.0.0.1", server.port)]


# The process that works connects to nobody

TRIED = """
import os, socket, sys, urllib.request
from fairaudit.web.worker import _alone
_alone(os.getppid())
port = int(sys.argv[1])
def udp():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"rows", ("127.0.0.1", port))
def listen():
    socket.socket().bind(("127.0.0.1", 0))
def late():
    import ctypes
    exec(compile("import socket; socket.create_connection(('127.0.0.1', port))", "x", "exec"), {"port": port})
for name, attempt in {
    "tcp": lambda: socket.create_connection(("127.0.0.1", port)),
    "other": lambda: socket.socket().connect_ex(("127.0.0.1", port)),
    "six": lambda: socket.socket(socket.AF_INET6).connect(("::1", port)),
    "name": lambda: socket.getaddrinfo("example.com", 443),
    "old name": lambda: socket.gethostbyname("example.com"),
    "web": lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/"),
    "udp": udp, "listen": listen, "late": late,
}.items():
    try:
        attempt()
    except BaseException as error:
        while isinstance(getattr(error, "reason", None), BaseException):
            error = error.reason
        print(name, type(error).__name__, error)
    else:
        print(name, "went through")
one, two = socket.socketpair()
one.send(b"inside")
print(two.recv(6).decode())
import asyncio
print(asyncio.run(asyncio.sleep(0, "a loop")))
"""


def test_the_process_that_works_connects_to_nobody():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        told = subprocess.run(
            [sys.executable, "-c", TRIED, str(listening.getsockname()[1])], capture_output=True, text=True, timeout=60
        )
        assert told.returncode == 0, told.stderr
        lines = told.stdout.splitlines()
        refused = "PermissionError This process connects to nobody."
        assert lines[:-2] == [
            f"{name} {refused}" for name in ("tcp", "other", "six", "name", "old name", "web", "udp", "listen", "late")
        ]
        assert lines[-2:] == ["inside", "a loop"]
        with pytest.raises(TimeoutError):
            listening.accept()
