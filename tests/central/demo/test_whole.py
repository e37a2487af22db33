"""The whole job on real parts: SUMO, three edge processes, a broker, the centre and its page."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.central.demo.arm import Period, Town, run_nutgiao
from nutgiao.central.sqlite_store import SqliteStore
from nutgiao.central.state import NetworkState
from nutgiao.configs.loader import load_site
from nutgiao.models.contracts.broker_url import BrokerUrl
from tests.support.brokers import free_port, running

pytest.importorskip("libsumo", reason="SUMO is not installed: pip install 'nutgiao[sim]'")

MIDNIGHT_S = 1_795_366_800.0
NAMES = {"j1": "demo-j1", "j2": "demo-j2", "j3": "demo-j3"}


def demo(out: Path, *arguments: str, timeout_s: float = 280.0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nutgiao.cli.main", "demo", "--once", "--out", str(out)]
    command += ["--port", str(free_port()), *arguments]
    environment = {**os.environ, "COLUMNS": "150"}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, env=environment, check=False)


def figures(out: Path) -> dict[str, object]:
    """What must be the same for the same seed: everything but wall time and machine."""
    summary = json.loads((out / "summary.json").read_text())
    for run in summary["runs"]:
        del run["wall_s"]
    for key in ("machine", "wall_s"):
        del summary[key]
    return summary  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_on_its_own_broker_and_on_mosquitto_gives_the_same_figures(tmp_path: Path) -> None:
    short = ("--seeds", "5", "--minutes", "4", "--warm-up", "0.5", "--begin", "07:08")
    own = demo(tmp_path / "own", *short)
    assert own.returncode == 0, own.stderr
    assert "Mean delay of everyone" in own.stdout
    with running("mosquitto", tmp_path) as mosquitto:
        other = demo(tmp_path / "other", *short, "--broker", f"mqtt://127.0.0.1:{mosquitto.port}")
    assert other.returncode == 0, other.stderr
    first, second = figures(tmp_path / "own"), figures(tmp_path / "other")
    assert first == second
    assert [row["key"] for row in first["measures"]] == [  # type: ignore[index,attr-defined]
        "mean_delay_s",
        "stops_per_vehicle",
        "worst_side_street_delay_s",
        "pedestrian_wait_s",
        "throughput_veh_per_h",
    ]
    plans = first["plans"]
    assert {plan["node"] for plan in plans} == set(NAMES)  # type: ignore[attr-defined]
    assert all(plan["accepted"] for plan in plans), plans  # type: ignore[attr-defined]
    assert (tmp_path / "own" / "report.html").read_text().count("<svg") == 2
    assert (tmp_path / "own" / "evidence-bundle.zip").exists()


@pytest.mark.slow
def test_a_broker_that_dies_in_mid_run_and_returns_costs_nothing(tmp_path: Path) -> None:
    sites = [load_site(name) for name in NAMES.values()]
    state = NetworkState(sites)
    store = SqliteStore(tmp_path / "centre.sqlite", tmp_path / "evidence")
    period = Period(MIDNIGHT_S, 25200, 25200, 25200 + 200)
    with running("mosquitto", tmp_path) as mosquitto:
        url = BrokerUrl("127.0.0.1", mosquitto.port)
        town = Town(NAMES, url, state, store, "", Ed25519PrivateKey.generate(), {})
        absent = threading.Event()

        def progress(second: int, standing: float) -> None:
            if second == 60:
                mosquitto.stop()
                absent.set()
            elif second == 110:
                mosquitto.start()

        # slower than it could be, so that links have wall time to break and to come back
        result = run_nutgiao(sites, period, 3, tmp_path / "run", progress, town, pace=8.0)
    assert absent.is_set()
    assert result.flashed == ()
    for node in NAMES:
        counts = state.counts(node)
        assert counts["missing"] == 0, (node, counts)
        assert state.through(node) >= 2 * 200, "two messages a second of every node have come"
    store.close()


def test_a_busy_port_is_told_with_its_cure(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "nutgiao.cli.main",
                "demo",
                "--once",
                "--out",
                str(tmp_path / "o"),
                "--port",
                str(port),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    done = demo(tmp_path / "o", "--broker", f"mqtt://127.0.0.1:{free_port()}", timeout_s=60)
    assert done.returncode == 2
    assert "no broker at mqtt://127.0.0.1" in done.stderr
    assert "leave --broker out" in done.stderr
    assert time.monotonic() - started < 50


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--begin", "7 o'clock"), "HH:MM"),
        (("--seeds", "1", "1"), "each seed once"),
        (("--minutes", "0"), "--minutes"),
        (("--broker", "localhost"), "mqtt://"),
    ],
)
def test_wrong_options_are_told_with_their_cure(tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
    done = demo(tmp_path / "o", *arguments, timeout_s=60)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_without_sumo_the_demo_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['libsumo'] = None; sys.modules['sumo'] = None\n"
        "from nutgiao.cli.main import main\n"
        f"sys.exit(main(['demo', '--once', '--out', {str(tmp_path / 'o')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nutgiao[sim]" in done.stderr
    assert "Traceback" not in done.stderr
