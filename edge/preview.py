"""Shows the drawn pictures in a browser on this machine while they come: MJPEG over HTTP, on loopback only."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
from numpy.typing import NDArray

from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import ConfigError

HOST = "127.0.0.1"
QUALITY = 80
WAIT_S = 1.0
BOUNDARY = "frame"
PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>nutgiao watch</title>
<body style="margin:0;background:#111"><img src="/stream" alt="what the camera sees" style="width:100%"></body>
</html>"""
OWN_NAMES = {HOST, "localhost", "[::1]"}
"""A web page elsewhere can make a browser ask this machine under a name of its own; those are refused."""


class Preview(Closing):
    """Serves the newest drawn picture to whoever looks.

    Nothing is kept: a viewer who is slow skips pictures, and without a viewer nothing is encoded.

    Args:
        port: on loopback; 0 takes a free one.

    Raises:
        ConfigError: if the port is taken.
    """

    def __init__(self, port: int) -> None:
        self._changed = threading.Condition()
        self._jpeg = b""
        self._number = 0
        self._viewers = 0
        self._closing = False
        try:
            self._server = ThreadingHTTPServer((HOST, port), self._handler())
        except OSError as error:
            raise ConfigError(
                f"{HOST}:{port}", None, "--preview", f"cannot be served ({error.strerror}).", "Choose another port."
            ) from error
        self._server.daemon_threads = True
        self.address = f"http://{HOST}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, name="preview", daemon=True)
        self._thread.start()

    @property
    def watched(self) -> bool:
        """Somebody looks."""
        return self._viewers > 0

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Shows the next picture.

        Args:
            picture: ``(h, w, 3)`` uint8 BGR, bystanders already unrecognisable.
        """
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if done:
            with self._changed:
                self._jpeg, self._number = jpeg.tobytes(), self._number + 1
                self._changed.notify_all()

    def close(self) -> None:
        """Ends the server and lets the viewers go."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5.0)

    def _after(self, number: int) -> tuple[int, bytes]:
        """The newest picture if it came after one of that number; waits a little for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._number > number, timeout=WAIT_S)
            return self._number, self._jpeg

    def _count(self, more: int) -> None:
        with self._changed:
            self._viewers += more

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        preview = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Host", "").rpartition(":")[0] not in OWN_NAMES:
                    self.send_error(403, "ask this machine by its own name")
                elif self.path == "/":
                    self._send("text/html; charset=utf-8", len(PAGE))
                    self.wfile.write(PAGE)
                elif self.path == "/stream":
                    self._stream()
                else:
                    self.send_error(404)

            def _stream(self) -> None:
                self._send(f"multipart/x-mixed-replace; boundary={BOUNDARY}", None)
                preview._count(+1)
                try:
                    number = 0
                    while not preview._closing:
                        newest, jpeg = preview._after(number)
                        if newest > number:
                            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                            self.wfile.write(head.encode() + jpeg + b"\r\n")
                            number = newest
                except OSError:  # the viewer went away
                    pass
                finally:
                    preview._count(-1)

            def _send(self, kind: str, length: int | None) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Cache-Control", "no-store")
                if length is not None:
                    self.send_header("Content-Length", str(length))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Requests for pictures are no news."""

        return Handler
