"""The courier: whatever the centre answers, its thread lives and the bundle arrives in the end."""

from __future__ import annotations

import socketserver
import threading
import time
from pathlib import Path
from typing import cast

from nutgiao.edge.uplink.courier import SENT, Courier


class Muddled(socketserver.TCPServer):
    """Answers the first request with something that is no HTTP, and the others as a centre does."""

    asked = 0


class _Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        length = 0
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.rfile.read(length)
        server = cast(Muddled, self.server)
        server.asked += 1
        self.wfile.write(b"what?\r\n\r\n" if server.asked == 1 else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_an_answer_that_is_no_http_does_not_end_the_thread(tmp_path: Path) -> None:
    bundle = tmp_path / "v1.zip"
    bundle.write_bytes(b"sealed")
    with Muddled(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        courier = Courier(tmp_path, f"http://127.0.0.1:{server.server_address[1]}", "j1", pause_s=0.02)
        courier.start()
        give_up = time.monotonic() + 60.0
        while courier.waiting() and time.monotonic() < give_up:
            time.sleep(0.02)
        courier.close()
        server.shutdown()
    assert bundle.with_suffix(SENT).read_text() == "arrived\n"
    assert server.asked == 2


def test_a_bundle_that_vanished_holds_up_no_other(tmp_path: Path) -> None:
    courier = Courier(tmp_path, "http://127.0.0.1:1", "j1")
    assert courier._carry(tmp_path / "gone.zip"), "the next one may go"
