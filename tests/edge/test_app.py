"""The real box: a video with real weights against a real broker, as an engineer would try it on a desk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nutgiao.models.contracts.messages import Health, LaneTelemetry
from tests.edge.uplink.test_uplink import Listener, until
from tests.support.brokers import free_port, running
from tests.support.weights import yolov8n_path


def site_with(source: str, folder: Path) -> Path:
    """The shipped Giang Vo site, with another picture source."""
    from importlib import resources

    text = resources.files("nutgiao.configs.sites").joinpath("giangvo.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.strip().startswith("source:"))
    path = folder / "site.yaml"
    path.write_text(text.replace(line, f"{line.split('source:')[0]}source: {source!r}"), encoding="utf-8")
    return path


def start(folder: Path, port: int, site: Path, weights: Path, **env: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nutgiao.cli.main", "edge", "--site", str(site), "--city", "hanoi"]
    command += ["--broker", f"mqtt://127.0.0.1:{port}", "--data", str(folder / "data"), "--model", str(weights)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **env})


@pytest.mark.slow
def test_a_clip_becomes_lane_states_and_the_box_says_goodbye(
    tmp_path: Path, street_data: Callable[[str], Path]
) -> None:
    weights = yolov8n_path()
    clip = street_data("clips/hn_giangvo_langha_6fps.mp4").resolve()
    with running("iotcore", tmp_path) as broker:
        listener = Listener(broker.port)
        box = start(tmp_path, broker.port, site_with(str(clip), tmp_path), weights)
        try:
            until(
                lambda: any(lane.queue_veh for m in listener.heard if isinstance(m, LaneTelemetry) for lane in m.lanes),
                90,
            )
        finally:
            box.send_signal(signal.SIGTERM)
            _, errors = box.communicate(timeout=90)
        assert box.returncode == 0, errors
        until(lambda: [m.state for m in listener.heard if isinstance(m, Health)][-1] == "offline")
        listener.close()
    states = [m for m in listener.heard if isinstance(m, Health)]
    assert states[-1].note == "switched off"
    assert any(m.public_key for m in states)


@pytest.mark.slow
def test_a_missing_camera_and_a_missing_plate_reader_are_told_and_the_box_lives(tmp_path: Path) -> None:
    weights = yolov8n_path()
    gone = f"rtsp://127.0.0.1:{free_port()}/cam"
    with running("iotcore", tmp_path) as broker:
        listener = Listener(broker.port)
        site = site_with(gone, tmp_path)
        site.write_text(f"{site.read_text(encoding='utf-8')}\nplates: true\n", encoding="utf-8")
        box = start(tmp_path, broker.port, site, weights, NUTGIAO_HOME=str(tmp_path / "empty"))
        try:
            until(lambda: any("no picture" in m.note for m in listener.heard if isinstance(m, Health)), 90)
            assert box.poll() is None
        finally:
            box.send_signal(signal.SIGTERM)
            _, errors = box.communicate(timeout=90)
        listener.close()
    assert box.returncode == 0, errors
    states = [m for m in listener.heard if isinstance(m, Health)]
    assert any(m.state == "degraded" for m in states)
    assert any("plates are not read" in m.note and "nutgiao models pull" in m.note for m in states)


def test_real_cameras_without_weights_are_told_what_to_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nutgiao.cli.main", "edge", "--site", "giangvo", "--broker", "mqtt://127.0.0.1:1",
         "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "NUTGIAO_HOME": str(tmp_path / "empty")},
    )  # fmt: skip
    assert done.returncode == 2
    assert "nutgiao models pull" in done.stderr
    assert "Traceback" not in done.stderr
