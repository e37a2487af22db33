from __future__ import annotations

import http.client
import threading
import time

import cv2
import numpy as np
import pytest

from nutgiao.edge.preview import Preview
from nutgiao.models.contracts.errors import ConfigError


def ask(preview: Preview, path: str, host: str | None = None) -> http.client.HTTPResponse:
    port = int(preview.address.rstrip("/").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30.0)
    connection.request("GET", path, headers={"Host": host or f"127.0.0.1:{port}"})
    return connection.getresponse()


def test_browser_gets_the_newest_picture_and_nobody_encodes_without_one() -> None:
    with Preview(0) as preview:
        assert not preview.watched
        answer = ask(preview, "/stream")
        assert answer.getheader("Content-Type", "").startswith("multipart/x-mixed-replace")
        while not preview.watched:
            time.sleep(0.001)
        grey = np.full((48, 64, 3), 128, np.uint8)
        shower = threading.Thread(target=preview.show, args=(grey,))
        shower.start()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += answer.read(1)
        assert b"--frame" in head
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        picture = cv2.imdecode(np.frombuffer(answer.read(length), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (48, 64, 3)
        shower.join()


def test_page_shows_the_stream_and_other_addresses_do_not_exist() -> None:
    with Preview(0) as preview:
        assert b'src="/stream"' in ask(preview, "/").read()
        assert ask(preview, "/elsewhere").status == 404


def test_other_web_page_cannot_ask_under_a_name_of_its_own() -> None:
    with Preview(0) as preview:
        assert ask(preview, "/stream", host="evil.example:80").status == 403


def test_port_that_is_taken_is_told() -> None:
    with Preview(0) as preview:
        port = int(preview.address.rstrip("/").rpartition(":")[2])
        with pytest.raises(ConfigError, match="--preview"):
            Preview(port)
