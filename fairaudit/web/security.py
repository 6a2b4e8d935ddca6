"""Who may ask: a browser that opened the one-time address, at this host, from this page's own forms.

Any page that is open in the same browser can send requests to 127.0.0.1, and can make a name of its own lead there.
So the Host header must be ours (names that lead here are refused), a form must come from our own origin and carry a
token, and a cookie that other sites cannot send says who is asking. docs/web.md says what that protects against.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = "/open"
MOST_FORM_BYTES = 2 * 1024 * 1024
"""Of a form without a file: thousands of columns fit."""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""Of a report, whose own policy allows its one style sheet by digest: both hold, so that the stricter one counts."""
_HEADERS = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    # Not "no-referrer": browsers then send "Origin: null" with every form, which cannot be told from a stranger's.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_SECONDS_BETWEEN_ADDRESSES = 5.0


@dataclass(slots=True)
class Session:
    """The one person at this machine: a secret in the browser's cookie, and a token that opens the page once."""

    port: int
    announce: Callable[[str], None]
    """Shows a new address in the terminal."""
    _secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    _token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _used: bool = False
    _announced: float = 0.0

    @property
    def hosts(self) -> tuple[str, ...]:
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def address(self) -> str:
        """The address that opens the page once."""
        return f"http://127.0.0.1:{self.port}{OPEN}?token={self._token}"

    @property
    def cookie(self) -> str:
        """The cookie's name; with the port in it, as cookies of one machine are not told apart by port."""
        return f"fairaudit-{self.port}"

    @property
    def form_token(self) -> str:
        """The token that every form of this page carries."""
        return hmac.new(self._secret.encode(), b"form", "sha256").hexdigest()

    def claim(self, token: str) -> str | None:
        """Return the secret for the cookie, once; a second time there is a new address in the terminal."""
        if not self._used and hmac.compare_digest(token.encode(), self._token.encode()):
            self._used = True
            return self._secret
        return None

    def renew(self) -> None:
        """Show another one-time address in the terminal, not more often than every few seconds."""
        if time.monotonic() - self._announced < _SECONDS_BETWEEN_ADDRESSES:
            return
        self._announced = time.monotonic()
        self._token, self._used = secrets.token_urlsafe(24), False
        self.announce(self.address)

    def knows(self, headers: Headers) -> bool:
        """Return True where the request carries the cookie."""
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        given = cookies.get(self.cookie)
        return given is not None and hmac.compare_digest(given.value.encode(), self._secret.encode())

    def signed(self, token: str) -> bool:
        """Return True for the token of our own forms."""
        return hmac.compare_digest(token.encode(), self.form_token.encode())


Refusal = Callable[[int, str, str], Response]
"""Status, heading and what to do -> a page."""


class Guard:
    """Every request goes through here first; every answer gets its headers here."""

    def __init__(self, app: ASGIApp, session: Session, refusal: Refusal) -> None:
        """Stand before an application."""
        self.app, self.session, self.refusal = app, session, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it in words."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = self._answer(scope)
        await (answer or self.app)(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        headers, session = Headers(scope=scope), self.session
        host = headers.get("host", "")
        if host not in session.hosts:
            # Plain, and without the page: a name that was made to lead here learns nothing.
            return HTMLResponse("<!DOCTYPE html><title>Refused</title><p>This name does not lead to fairaudit.", 421)
        if scope["path"] == OPEN:
            return self._opened(scope)
        if not session.knows(headers):
            session.renew()
            return self.refusal(
                403,
                "Open the address that the terminal shows",
                "This page answers only the browser that opened its one-time address. A new address was just written "
                "in the terminal where fairaudit web runs: open that one.",
            )
        if scope["method"] == "POST" and not _own_origin(headers, host):
            return self.refusal(
                403,
                "This form did not come from this page",
                "Nothing was done. If you filled it in yourself, go back, load the page again and send it from there.",
            )
        return None

    def _opened(self, scope: Scope) -> Response:
        secret = self.session.claim(QueryParams(scope["query_string"]).get("token", ""))
        if secret is None:
            if self.session.knows(Headers(scope=scope)):
                return RedirectResponse("/", 303)
            self.session.renew()
            return self.refusal(
                403,
                "This address was used already",
                "Each address opens the page once. A new one was just written in the terminal where fairaudit web "
                "runs: open that one.",
            )
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.session.cookie, secret, httponly=True, samesite="strict", path="/")
        return answer


def _own_origin(headers: Headers, host: str) -> bool:
    return headers.get("origin") == f"http://{host}" and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return told
