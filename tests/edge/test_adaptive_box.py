"""A whole box with ``--adaptive`` beside the simulated street: process, wire, broker, ladder and cabinet together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from multiprocessing.connection import Client
from pathlib import Path

import msgspec
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.messages import SignalStatus
from nutgiao.models.contracts.street import End, FromStreet, Hello, Step, StepDone
from nutgiao.models.contracts.topics import CENTRE
from nutgiao.models.contracts.words import ControlSource
from nutgiao.simulation.run import Job, RunResult
from tests.edge.uplink.test_uplink import Listener
from tests.support.brokers import running

pytest.importorskip("libsumo", reason="SUMO is not installed: pip install 'nutgiao[sim]'")

SECONDS = 110
UNSET_S = 1_577_811_600.0
"""2020, before the software was made: the box cannot trust its clock and stands on the adaptive rung."""


def follow(host: str, port: int, key: bytes) -> None:
    """Takes part as a centre that does nothing."""
    decoder: msgspec.msgpack.Decoder[Step | End] = msgspec.msgpack.Decoder(FromStreet)
    with Client((host, port), authkey=key) as link:
        link.send_bytes(msgspec.msgpack.encode(Hello(CENTRE)))
        while isinstance(message := decoder.decode(link.recv_bytes()), Step):
            link.send_bytes(msgspec.msgpack.encode(StepDone(message.time_s)))


@pytest.mark.slow
def test_a_box_without_a_clock_runs_its_junction_second_by_second(tmp_path: Path) -> None:
    begin_s = 7 * 3600
    job = Job(
        sites=(load_site("demo-j2"),), folder=str(tmp_path), seed=3, midnight_s=UNSET_S, begin_s=begin_s,
        measure_s=begin_s + 10, end_s=begin_s + SECONDS, boxes=True,
    )  # fmt: skip
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "plan.json").write_text("half a pl")  # what a box of the run before has left
    command = [sys.executable, "-m", "nutgiao.simulation.run", str(tmp_path / "job.json")]
    with running("iotcore", tmp_path) as broker, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as street:
        assert street.stdout is not None
        where = json.loads(street.stdout.readline())
        listener = Listener(broker.port)
        edge = [sys.executable, "-m", "nutgiao.cli.main", "edge", "--site", "demo-j2", "--city", "town", "--adaptive"]
        edge += ["--broker", f"mqtt://127.0.0.1:{broker.port}", "--data", str(tmp_path / "box")]
        edge += ["--street", where["street"]]
        box = subprocess.Popen(edge, env=os.environ | {"NUTGIAO_STREET_KEY": where["key"]})
        host, _, port = where["street"].partition(":")
        follow(host, int(port), where["key"].encode())
        street.stdout.read()
        assert street.wait(60) == 0
        assert box.wait(60) == 0
        told = [one for one in listener.heard if isinstance(one, SignalStatus)]
        listener.close()
    result = msgspec.json.decode((tmp_path / "run.json").read_bytes(), type=RunResult)
    assert result.flashed == ()
    adaptive = [one for one in told if one.source is ControlSource.ADAPTIVE]
    assert len(adaptive) > SECONDS / 3
    assert len({one.stage for one in adaptive}) > 1
    assert "not taken up: plan.json cannot be read" in adaptive[-1].reason
