"""`nutgiao priority`: the sender for trials, against a real broker and a light that answers as the box's desk does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from nutgiao.cli.main import FAILED, OK, WRONG_USE, main
from nutgiao.configs.keys import load_or_create_key
from nutgiao.edge.signal.signature import centre_signature
from nutgiao.models.contracts.messages import PriorityRequest, PriorityStatus, decode, encode
from nutgiao.models.contracts.priority import RequestType
from nutgiao.models.contracts.priority_desk import PriorityDesk
from nutgiao.models.contracts.topics import Channel, Topic
from tests.support.brokers import running
from tests.support.centre import SITE
from tests.support.voice import Voice


class Light:
    """Answers every message at once; the broker's thread is the only one that speaks."""

    def __init__(self, port: int, closed: str = "") -> None:
        self.heard: list[PriorityRequest] = []
        self.closed, self._desk = closed, PriorityDesk()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="light")
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(str(Topic("town", "j2", Channel.PRIORITY)), qos=1)
        self._client.loop_start()

    def _take(self, client: paho.Client, userdata: object, packet: paho.MQTTMessage) -> None:
        message = decode(packet.payload)
        assert isinstance(message, PriorityRequest)
        self.heard.append(message)
        self._desk.ask(message.ask, message.time_s, message.time_s, self.closed)
        self._desk.tick(message.time_s)
        items = tuple(
            type(item)(request=f"bus-26/{item.request}", state=item.state, since_s=item.since_s, reason=item.reason)
            for item in self._desk.report()
        )
        head = {"id": f"j2-b-{len(self.heard)}", "node": "j2", "boot": "b", "seq": len(self.heard), "time_s": 0.0}
        status = PriorityStatus(**head, expires_s=9.0, requests=items)  # type: ignore[arg-type]
        client.publish(str(Topic("town", "j2", Channel.PRIORITY_STATUS)), encode(status), qos=1)

    def shows(self, time_s: float) -> None:
        """Says what the lamps show, by a clock of its own."""
        status = Voice(SITE).signal(time_s)
        topic = str(Topic("town", "j2", Channel.SIGNAL))
        self._client.publish(topic, encode(status), qos=1, retain=True).wait_for_publish(5.0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with running("iotcore", tmp_path) as broker:
        yield broker.port


def words(port: int, key: Path, verb: str, *more: str) -> list[str]:
    return [
        "priority", verb, "j2", "--broker", f"mqtt://127.0.0.1:{port}", "--city", "town", "--as", "bus-26",
        "--key", str(key), *more,
    ]  # fmt: skip


def test_a_request_is_signed_kept_up_and_cancelled_and_every_state_is_told(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "bus.pem"
    assert main(["priority", "key", str(key)]) == OK
    public = load_or_create_key(key).public_key().public_bytes_raw().hex()
    assert f"key: {public}" in capsys.readouterr().out
    light = Light(port)
    assert main(words(port, key, "request", "--approach", "north", "--eta", "12", "--id", "r1", "--for", "0.5")) == OK
    assert capsys.readouterr().out.splitlines() == ["bus-26/r1: activated", "bus-26/r1: completed"]
    assert [(one.ask.type, one.ask.eta_s) for one in light.heard] == [(RequestType.NEW, 12), (RequestType.CANCEL, None)]
    assert all(centre_signature(public)(one.signing_bytes(), one.signature) for one in light.heard)
    assert [one.seq for one in light.heard] == [1, 2]
    light.close()


def test_a_request_that_is_rejected_tells_the_reason_and_ends_with_failure(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, light = tmp_path / "bus.pem", Light(port, closed="this box runs plans only")
    load_or_create_key(key)
    assert main(words(port, key, "request", "--connection", "north>left", "--id", "r1")) == FAILED
    assert capsys.readouterr().out == "bus-26/r1: rejected, this box runs plans only\n"
    light.close()


def test_in_a_simulated_street_the_time_is_the_junction_s(port: int, tmp_path: Path) -> None:
    key, light = tmp_path / "bus.pem", Light(port)
    load_or_create_key(key)
    light.shows(1000.0)
    more = ("--lane", "west_1", "--simulated", "--for", "0")
    assert main(words(port, key, "request", *more)) == OK
    assert [(one.time_s, one.expires_s) for one in light.heard] == [(1000.0, 1010.0)] * 2
    light.close()


@pytest.mark.parametrize(
    ("verb", "more", "why"),
    [
        ("request", (), "must name signal group, connection, approach or lane"),
        ("request", ("--approach", "north", "--eta", "999"), "Give 0 to 255 s"),
        ("cancel", ("r1",), "Make one with `nutgiao priority key`"),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_is_sent(
    verb: str, more: tuple[str, ...], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(1, tmp_path / "none.pem", verb, *more)) == WRONG_USE
    assert why in capsys.readouterr().err
