"""Serves the desk's page on one port: Python's own HTTP server, loopback or with a token, nothing from the internet."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import msgspec

from nutgiao.edge.calibrate.desk import Desk
from nutgiao.edge.calibrate.draft import Draft
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import ConfigError, NutgiaoError, PortBusy

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_BODY = 500_000
_COOKIE = "nutgiao_calibrate"
_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/calibrate.js": ("calibrate.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
    "/calibrate.css": ("calibrate.css", "text/css; charset=utf-8"),
}
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"


class DeskServer(Closing):
    """The page of one desk.

    Args:
        desk: what it shows and saves.
        still: the picture as JPEG.
        host: address to listen on.
        port: port; 0 takes a free one.
        token: asked for unless None; whoever listens beyond loopback needs one.

    Raises:
        PortBusy: if the port is taken.
        ConfigError: if the address is not of this machine, or it lies open without a token.
    """

    def __init__(
        self, desk: Desk, still: bytes, host: str = "127.0.0.1", port: int = 0, token: str | None = None
    ) -> None:
        if host not in LOOPBACK and not token:
            raise ConfigError("--host", None, host, "beyond this machine the page needs a token.", "Give it one.")
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(desk, still, host, token))
        except OSError as error:
            if error.errno in (98, 13):
                raise PortBusy(
                    f"port {port} on {host} cannot be taken ({error.strerror}); name another with --port"
                ) from error
            raise ConfigError("--host", None, host, f"{error.strerror}.", "Name an address of this machine.") from error
        self._server.daemon_threads = True
        self.host, self.port, self.token = host, int(self._server.server_address[1]), token
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Address of the page, with the token."""
        host = "127.0.0.1" if self.host in LOOPBACK else self.host
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")

    def serve(self) -> None:
        """Serves until `close` or Ctrl-C."""
        self._server.serve_forever(poll_interval=0.2)

    def close(self) -> None:
        """Lets the port go."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        """Serves in a thread of its own."""
        self._thread = threading.Thread(target=self.serve, name="calibrate page", daemon=True)
        self._thread.start()
        return self


def _handler(desk: Desk, still: bytes, host: str, token: str | None) -> type[BaseHTTPRequestHandler]:
    """A handler class bound to one desk."""
    lock, acts = threading.Lock(), {"/api/look": desk.look, "/api/save": desk.save}

    class Handler(BaseHTTPRequestHandler):
        """Requests of the page; everything else is refused."""

        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if not self._welcome():
                return
            given = parse_qs(parts.query).get("token", [""])[0]
            if token is not None and given:  # from the address bar into a cookie, so that it stays in no history
                cookie = f"{_COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/"
                self._send(HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": "/", "Set-Cookie": cookie})
            elif parts.path == "/still.jpg":
                self._send(HTTPStatus.OK, still, "image/jpeg")
            elif parts.path == "/api/state":
                with lock:
                    self._json(HTTPStatus.OK, desk.state())
            elif parts.path in _PAGE:
                name, kind = _PAGE[parts.path]
                self._send(
                    HTTPStatus.OK, (resources.files("nutgiao.edge.calibrate") / "static" / name).read_bytes(), kind
                )
            else:
                self._json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})

        def do_POST(self) -> None:
            act: Callable[[Draft], dict[str, Any]] | None = acts.get(urlsplit(self.path).path)
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isdigit() else MAX_BODY + 1
            self.close_connection = size > MAX_BODY
            body = b"" if size > MAX_BODY else self.rfile.read(size)
            if not self._welcome():
                return
            if act is None:
                self._json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})
            elif size > MAX_BODY:
                self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "too much at once"})
            elif self.headers.get_content_type() != "application/json":  # what a foreign page cannot send unasked
                self._json(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "JSON is expected"})
            else:
                self._act(act, body)

        def _act(self, act: Callable[[Draft], dict[str, Any]], body: bytes) -> None:
            try:
                draft = msgspec.json.decode(body, type=Draft)
                with lock:
                    self._json(HTTPStatus.OK, act(draft))
            except msgspec.MsgspecError as error:
                self._json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            except NutgiaoError as error:
                self._json(HTTPStatus.CONFLICT, {"error": "\n".join([str(error), *getattr(error, "__notes__", ())])})

        def _welcome(self) -> bool:
            """Refuses foreign host names (DNS rebinding) and, where there is a token, those without it."""
            asked = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
            if host in LOOPBACK and asked not in LOOPBACK:
                self._json(HTTPStatus.FORBIDDEN, {"error": "this page is for this machine only"})
                return False
            if token is None:
                return True
            kept = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
            given = parse_qs(urlsplit(self.path).query).get("token", [kept.value if kept else ""])[0]
            if hmac.compare_digest(given.encode(), token.encode()):
                return True
            self._json(HTTPStatus.UNAUTHORIZED, {"error": "open the address that the terminal shows, with its token"})
            return False

        def _json(self, status: HTTPStatus, body: dict[str, Any]) -> None:
            self._send(status, json.dumps(body, ensure_ascii=False, allow_nan=False).encode(), "application/json")

        def _send(self, status: HTTPStatus, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            fixed = {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Cache-Control": "no-store",
                "Content-Security-Policy": _POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            }
            for name, value in {**fixed, **(more or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: the terminal shows the address and what was saved."""

    return Handler
