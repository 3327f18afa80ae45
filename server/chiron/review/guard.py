"""Who may speak to the review: only this person's browser, and only pages of the review itself.

Any program and any web page can reach a loopback port. So: the Host must be ours (or a name that was made to
point here could read), a token that is good once is exchanged for a cookie that no script and no other site
gets, and what changes anything needs the Origin and a second token that only our own pages know.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: How long the address that is printed may lie about before it is opened.
TOKEN_LIFE_S = 15 * 60.0
#: A correction with its note is far shorter.
MOST_BYTES = 200_000

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

ENDED = "This page belongs to a review that has ended, or that was not opened here. Run `chiron review`."
NOT_LOCAL = (
    "The review answers to 127.0.0.1 and localhost only, and not through another site. Where it runs on "
    "another machine, forward its port (ssh -L does) and open the address that the terminal shows."
)
USED = "This address was opened already, or is too old. Run `chiron review` for a new one."


@dataclass(slots=True)
class Keys:
    """What one review gives out: the token in its address, the cookie it becomes, the token of its pages."""

    port: int
    clock: Callable[[], float] = time.monotonic
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    made_at: float = field(init=False)
    used: bool = False

    def __post_init__(self) -> None:
        self.made_at = self.clock()

    @property
    def cookie_name(self) -> str:
        """Cookies know no ports: two reviews must not overwrite each other's."""
        return f"chiron_review_{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    def url(self) -> str:
        """The address that opens the review, once."""
        return f"http://127.0.0.1:{self.port}/open?token={self.token}"

    def exchange(self, token: str) -> bool:
        """Whether `token` is good; after that it no longer is."""
        good = same(token, self.token) and not self.used and self.clock() - self.made_at < TOKEN_LIFE_S
        self.used = self.used or good
        return good


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(one.encode(), other.encode())


class Guard:
    """Stands before the app. `refuse` makes the page that says why somebody is not let in."""

    def __init__(self, app: ASGIApp, keys: Keys, refuse: Callable[[int, str], Response]) -> None:
        self._app = app
        self._keys = keys
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = self._look(scope, Headers(scope=scope))
        await (answer or self._app)(scope, _at_most(receive), _with_headers(send, scope["path"]))

    def _look(self, scope: Scope, headers: Headers) -> Response | None:
        """A response instead of the app's, or None where it may go on."""
        method, path = scope["method"], scope["path"]
        if headers.getlist("host") not in [[host] for host in self._keys.hosts]:
            return self._refuse(421, NOT_LOCAL)
        if path.startswith("/static/"):
            return None
        if path == "/open" and method == "GET":
            return self._open(scope, headers)
        if not self._knows_cookie(headers):
            return self._refuse(403, ENDED)
        # A page of another port of this host is "same-site", and no page of ours.
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and headers.get("sec-fetch-mode") != "navigate":
            return self._refuse(403, "Only pages of the review may ask it.")
        return None if method in ("GET", "HEAD") else self._look_at_act(headers)

    def _look_at_act(self, headers: Headers) -> Response | None:
        """The same for what changes something."""
        if headers.get("origin") != f"http://{headers['host']}":
            return self._refuse(403, "Only pages of the review may change anything.")
        if not same(headers.get("x-csrf-token", ""), self._keys.csrf):
            return self._refuse(403, ENDED)
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return self._refuse(413, "That is too long.")
        return None

    def _open(self, scope: Scope, headers: Headers) -> Response:
        if headers.get("sec-purpose") or headers.get("purpose"):
            # A browser that looks ahead must not use up the address.
            return Response(status_code=503)
        inside = RedirectResponse("/", status_code=303)
        if self._knows_cookie(headers):
            return inside
        if not self._keys.exchange(QueryParams(scope["query_string"]).get("token", "")):
            return self._refuse(403, USED)
        inside.set_cookie(
            self._keys.cookie_name, self._keys.cookie, httponly=True, samesite="strict", path="/"
        )
        return inside

    def _knows_cookie(self, headers: Headers) -> bool:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(headers.get("cookie", ""))
        except CookieError:
            return False
        found = jar.get(self._keys.cookie_name)
        return found is not None and same(found.value, self._keys.cookie)


def _at_most(receive: Receive) -> Receive:
    """Stops a body that is longer than it said."""
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            return {"type": "http.disconnect"}
        return message

    return receiving


def _with_headers(send: Send, path: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            # What the log holds must not stay in a browser's cache.
            headers["Cache-Control"] = "max-age=3600" if path.startswith("/static/") else "no-store"
        await send(message)

    return sending
