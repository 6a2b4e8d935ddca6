"""A real process of the page, and what a browser does with it over HTTP, without a browser."""

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np
import psutil

ROWS = 600


def scores(n=ROWS, seed=7):
    """Return a file of scores, two groups and what happened; the first of each group comes first."""
    rng = np.random.default_rng(seed)
    race = np.where(np.arange(n) % 3 == 0, "Black", "White")
    sex = np.where(np.arange(n) % 2 == 0, "F", "M")
    score = rng.normal(600 - 30 * (race == "Black"), 60).round().astype(int)
    outcome = np.where(rng.random(n) < 0.2, "bad", "good")
    rows = zip(score, race, sex, outcome, strict=True)
    return "score,race,sex,outcome\n" + "".join(f"{s},{r},{x},{o}\n" for s, r, x, o in rows)


ANSWERS = {
    "columns": {},
    "meaning": {
        "higher_is": "better",
        "outcome-0": "good",
        "outcome-1": "bad",
        "reference-1": "White",
        "reference-2": "M",
    },
    "questions": {},
    "policy": {"cutoff": "600"},
}
"""Of the file above, what is not guessed: 'good' is the more frequent outcome, and stands first."""


class Server:
    """``fairaudit web`` in a process and a temporary folder of its own."""

    def __init__(self, folder: Path, *options: str, **environment: str):
        self.temporary = folder
        self.log = folder / "stderr.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "fairaudit", "web", "--port", "0", "--no-browser", "--quiet", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "TMPDIR": str(folder), **environment},
            )
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.log.read_text()
        self.port = urlsplit(self.address).port
        self.announced: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            self.announced.append(line.strip())

    @property
    def work(self) -> Path | None:
        """The private folder, or None where there is none (any more)."""
        return next(iter(self.temporary.glob("fairaudit-web-*")), None)

    @property
    def memory(self) -> int:
        return psutil.Process(self.process.pid).memory_info().rss

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def kept(self) -> list[str]:
        """Return what stands in the work folder, by name."""
        return sorted(path.relative_to(self.work).as_posix() for path in self.work.rglob("*"))

    def stop(self, how=None):
        if self.process.poll() is None:
            self.process.terminate() if how is None else self.process.send_signal(how)
        self.process.wait(20)
        self.process.stdout.close()


class Answer:
    """What came back."""

    def __init__(self, response, body: bytes):
        self.status, self.headers, self.body = response.status, response.headers, body

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def words(self) -> str:
        """The text without markup."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())

    @property
    def place(self) -> str:
        return self.headers["location"]


class Visitor:
    """Somebody with a browser: cookie, origin and form token as a browser sends them."""

    def __init__(self, server: Server, *, open_page: bool = True):
        self.port = server.port
        self.cookie = ""
        if open_page:
            self.cookie = self.ask("GET", "/" + server.address.split("/", 3)[3]).headers["set-cookie"].split(";")[0]
            self.token = fields_of(self.get("/").text)["token"]

    def ask(self, method, path, body=None, **headers) -> Answer:
        """Send exactly this; headers of None are left out, underscores in their names are hyphens."""
        sent = {"host": f"127.0.0.1:{self.port}", "cookie": self.cookie or None}
        if method == "POST":
            sent |= {"origin": f"http://127.0.0.1:{self.port}", "content-type": "application/x-www-form-urlencoded"}
        if body is not None and not hasattr(body, "__next__"):
            sent["content-length"] = str(len(body))
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, path, **headers) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path, fields=None, **headers) -> Answer:
        sent = {"token": self.token, **(fields or {})}
        return self.ask("POST", path, urlencode(sent, doseq=True).encode(), **headers)

    def upload(self, name: str, data: bytes | str, *, token=None) -> Answer:
        body, kind = form_of(name, data if isinstance(data, bytes) else data.encode(), token or self.token)
        return self.ask("POST", "/audits/upload", body, content_type=kind)

    def settled(self, path, *, patience=90, every=0.1) -> Answer:
        """Return a page once it does not look again by itself, asking so often, for so many seconds."""
        ends = time.monotonic() + patience
        while True:
            answer = self.get(path)
            if "refresh" not in answer.headers:
                return answer
            if time.monotonic() > ends:
                raise TimeoutError(answer.words)
            time.sleep(every)

    def read(self, name, data) -> str:
        """Return the address of an audit whose file has been read."""
        place = self.upload(name, data).place
        assert self.settled(place).status == 200
        return place.removesuffix("/columns")

    def step(self, audit, name, answers=None) -> Answer:
        """Send a step as a browser does that changed some of its fields."""
        shown = fields_of(self.get(f"{audit}/{name}").text)
        return self.post(f"{audit}/{name}", {**shown, **(answers or {})})

    def answered(self, name, data, answers=None) -> str:
        """Return the address of an audit with every step answered."""
        audit = self.read(name, data)
        for step, given in {**ANSWERS, **(answers or {})}.items():
            answer = self.step(audit, step, given)
            assert answer.status == 303, answer.words
        return audit

    def run(self, audit) -> str:
        answer = self.post(f"{audit}/run")
        assert answer.status == 303, answer.words
        return answer.place


def form_of(name, data: bytes, token) -> tuple[bytes, str]:
    """Return a form with a file, and its content type."""
    edge = "----edge7MA4YWxkTrZu0gW"
    shown = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{token}\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{shown}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


class _Fields(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: dict[str, str | list[str]] = {}
        self._select = self._area = None

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "input" and at.get("type") != "file":
            if at["type"] == "checkbox":
                if "checked" in at:
                    self.found.setdefault(at["name"], []).append(at["value"])
            elif at["type"] != "radio" or "checked" in at:
                self.found[at["name"]] = at["value"] or ""
        elif tag == "select":
            self._select = at["name"]
        elif tag == "option" and self._select and (self._select not in self.found or "selected" in at):
            self.found[self._select] = at["value"] or ""
        elif tag == "textarea":
            self._area, self.found[at["name"]] = at["name"], ""

    def handle_data(self, data):
        if self._area:
            self.found[self._area] += data

    def handle_endtag(self, tag):
        if tag == "select":
            self._select = None
        if tag == "textarea":
            # A browser drops the first line break.
            self.found[self._area] = self.found[self._area].removeprefix("\n")
            self._area = None


def fields_of(page: str) -> dict:
    """Return what a browser would send with the last form of a page as it stands."""
    parser = _Fields()
    parser.feed(page)
    return parser.found
