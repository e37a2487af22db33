"""The web server of the centre in a thread of its own, on loopback unless told otherwise."""

from __future__ import annotations

import socket
import threading
from typing import Self

import uvicorn
from fastapi import FastAPI

from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import PortBusy


class WebServer(Closing):
    """Serves an application of `make_app` until closed.

    Args:
        app: the application.
        host: address to listen on.
        port: its port, 0 for any free one.

    Raises:
        PortBusy: if the address is taken or not ours.
    """

    def __init__(self, app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> None:
        self._app = app
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise PortBusy(f"cannot serve on {host}:{port}: {error.strerror}; choose another port") from error
        self.port: int = self._socket.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self.port}"
        # Streams never end by themselves: they are told to, and what is left after a second is cut.
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="web", daemon=True)

    def __enter__(self) -> Self:
        self._socket.listen(128)  # from here on callers wait instead of being refused
        self._thread.start()
        return self

    def close(self) -> None:
        """Ends the streams and the server, and lets the port go."""
        self._app.state.closing.set()
        self._server.should_exit = True
        self._thread.join(5.0)
        self._socket.close()
