"""A bus asks a whole box for its green: signed messages, broker, process, ladder, cabinet and simulated street."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Client
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.cli.priority_link import PriorityLink, PriorityMessages
from nutgiao.configs.loader import load_site, site_path
from nutgiao.models.contracts.broker_url import BrokerUrl
from nutgiao.models.contracts.messages import PriorityStatus, SignalStatus
from nutgiao.models.contracts.priority import PriorityAsk, PriorityState, PriorityVehicle, RequestType
from nutgiao.models.contracts.street import End, FromStreet, Hello, Step, StepDone
from nutgiao.models.contracts.topics import CENTRE
from nutgiao.models.contracts.words import Indication
from nutgiao.simulation.run import Job, RunResult
from tests.edge.test_adaptive_box import UNSET_S
from tests.edge.uplink.test_uplink import Listener
from tests.support.brokers import running

pytest.importorskip("libsumo", reason="SUMO is not installed: pip install 'nutgiao[sim]'")

BEGIN_S, ASKS_S, AWAY_S, SECONDS = 7 * 3600, 46, 20, 80
TURN, GROUP = "west>left", "main_left"
BUS, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (7, 8))


class Heard:
    """What a run was heard to say.

    Attributes:
        greens: of the turn, a letter a second from the request on.
        told: about requests.
    """

    def __init__(self, messages: list[object]) -> None:
        signals = [one for one in messages if isinstance(one, SignalStatus)]
        since_s = UNSET_S + BEGIN_S + ASKS_S
        shown = [one.groups[GROUP] for one in signals if one.time_s >= since_s]
        self.greens = "".join("G" if one is Indication.GREEN else "r" for one in shown)
        self.told = [one for one in messages if isinstance(one, PriorityStatus)]


def follow(where: dict[str, str], each: Callable[[int], None]) -> None:
    """Takes part as a centre that only counts the seconds."""
    decoder: msgspec.msgpack.Decoder[Step | End] = msgspec.msgpack.Decoder(FromStreet)
    host, _, port = where["street"].partition(":")
    with Client((host, int(port)), authkey=where["key"].encode()) as link:
        link.send_bytes(msgspec.msgpack.encode(Hello(CENTRE)))
        while isinstance(message := decoder.decode(link.recv_bytes()), Step):
            each(round(message.time_s - UNSET_S - BEGIN_S))
            link.send_bytes(msgspec.msgpack.encode(StepDone(message.time_s)))


def run_street(folder: Path, key: Ed25519PrivateKey) -> Heard:
    """A box on the adaptive rung, and a bus of line 26 that signs with a key and will turn left."""
    folder.mkdir()
    file = folder / "j2.yaml"
    public = BUS.public_key().public_bytes_raw().hex()
    entry = f"priority:\n  - {{id: bus-26, key: {public}, vehicles: [bus], approaches: [west]}}\n"
    file.write_text(site_path("demo-j2").read_text() + entry)
    job = Job(
        sites=(load_site(file),), folder=str(folder), seed=3, midnight_s=UNSET_S, begin_s=BEGIN_S,
        measure_s=BEGIN_S + 10, end_s=BEGIN_S + SECONDS, boxes=True,
    )  # fmt: skip
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    command = [sys.executable, "-m", "nutgiao.simulation.run", str(folder / "job.json")]
    with running("iotcore", folder) as broker, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as street:
        assert street.stdout is not None
        where = json.loads(street.stdout.readline())
        listener, link = Listener(broker.port), PriorityLink(BrokerUrl("127.0.0.1", broker.port), "town", "j2")
        edge = [sys.executable, "-m", "nutgiao.cli.main", "edge", "--site", str(file), "--city", "town", "--adaptive"]
        edge += ["--broker", f"mqtt://127.0.0.1:{broker.port}", "--data", str(folder / "box")]
        edge += ["--street", where["street"]]
        box = subprocess.Popen(edge, env=os.environ | {"NUTGIAO_STREET_KEY": where["key"]})
        messages = PriorityMessages("bus-26", "j2", key, "b1")
        link.open()

        def drive(second: int) -> None:
            eta_s = ASKS_S + AWAY_S - second
            if second == ASKS_S:
                ask = PriorityAsk(
                    request="r1", type=RequestType.NEW, vehicle_type=PriorityVehicle.BUS, connection=TURN, eta_s=eta_s
                )
            elif second > ASKS_S and eta_s >= 0 and second % 5 == 0:
                ask = PriorityAsk(request="r1", type=RequestType.UPDATE, eta_s=eta_s)
            elif eta_s == -4:
                ask = PriorityAsk(request="r1", type=RequestType.CANCEL)
            else:
                return
            link.say(messages.make(ask, UNSET_S + BEGIN_S + second))

        follow(where, drive)
        street.stdout.read()
        assert street.wait(60) == 0
        assert box.wait(60) == 0
        heard = Heard(list(listener.heard))
        link.close()
        listener.close()
    assert msgspec.json.decode((folder / "run.json").read_bytes(), type=RunResult).flashed == ()
    return heard


@pytest.mark.slow
def test_a_bus_gets_its_green_earlier_and_one_that_is_forged_does_not(tmp_path: Path) -> None:
    forged = run_street(tmp_path / "forged", FORGER)
    asked = run_street(tmp_path / "asked", BUS)
    assert not [item for told in forged.told for item in told.requests]
    assert forged.told[-1].counts == {"unsigned": 6}
    states = [item.state for told in asked.told for item in told.requests]
    assert list(dict.fromkeys(states)) == [PriorityState.ACTIVATED, PriorityState.COMPLETED]
    assert asked.greens[AWAY_S + 2] == "G"
    assert "G" not in forged.greens[: AWAY_S + 10]
