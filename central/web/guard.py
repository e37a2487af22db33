"""Stands before every request: who may ask, and what the answer lets a browser do."""

from __future__ import annotations

import hmac
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OWN_HEADERS = ("x-nutgiao", "x-nutgiao-node")
"""A foreign page cannot set a header of our own without asking first, and we allow nobody who asks."""

SAFE_METHODS = frozenset({"GET", "HEAD"})

RESPONSE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:;"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Guard:
    """Middleware that refuses foreign hosts, foreign pages and, where there is a token, those without it.

    Args:
        app: what it stands before.
        hosts: names under which we may be called: a foreign name that resolves to us (DNS rebinding) is refused.
            None allows every name.
        token: needed to change anything and to see a case; None asks for none.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, token: str | None) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers by itself or hands on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope, Headers(scope=scope))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(RESPONSE_HEADERS)
            await send(message)

        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            await refusal(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> JSONResponse | None:
        if self._hosts is not None and _host(headers.get("host", "")) not in self._hosts:
            return _error(421, "this centre does not answer to that host name")
        safe = scope["method"] in SAFE_METHODS
        if not safe and not any(header in headers for header in OWN_HEADERS):
            return _error(403, "requests that change something need the header X-Nutgiao")
        # a box has no token: its seal, checked before anything is kept, is its right to send
        sealed = scope["method"] == "PUT" and scope["path"].startswith("/api/evidence/")
        private = (not safe and not sealed) or (safe and scope["path"].startswith("/api/violations/"))
        if private and self._token is not None:
            given = headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return _error(401, "the centre asks for its access token")
        return None


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status_code=status)


def _host(header: str) -> str:
    """The host without its port: ``[::1]:80`` is ``::1``."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()
