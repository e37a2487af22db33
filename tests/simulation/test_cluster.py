from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from distributed import LocalCluster

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.cluster import ClusterPool
from nutgiao.simulation.pools import Call, LocalPool, Outcome, side_by_side
from nutgiao.simulation.setup_runs import Runs
from nutgiao.simulation.trial import Trial
from nutgiao.simulation.variant import make_pair
from tests.support.plan_spaces import busy_street


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made:
        yield made


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def worker_of(_number: int) -> int:
    return os.getpid()


def slow(seconds: float, note: str) -> str:
    """Says who works, then works."""
    Path(note).write_text(str(os.getpid()), encoding="utf-8")
    time.sleep(seconds)
    return note


def dies_once(note: str) -> str:
    """The worker is killed in the middle the first time, as if somebody had needed its memory."""
    if not Path(note).exists():
        Path(note).write_text("died", encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def dies_always(_note: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def without_time(trials: dict[str, dict[int, Trial]]) -> dict[str, dict[int, Trial]]:
    return {name: {s: replace(one, cpu_s=0.0) for s, one in found.items()} for name, found in trials.items()}


def test_a_cluster_answers_as_this_machine_does_to_the_last_digit(cluster: LocalCluster, tmp_path: Path) -> None:
    pair = make_pair(busy_street(tmp_path), (), tmp_path / "changed")
    setups = {"unchanged": pair.base, "changed": pair.changed}
    local, far = LocalPool(2), ClusterPool(cluster.scheduler_address)
    try:
        far.check([pair.base.scenario.net], tmp_path)
        here, there = Runs(local).trials(setups, (1, 2)), Runs(far).trials(setups, (1, 2))
    finally:
        local.close()
        far.disconnect()
    assert without_time(here) == without_time(there)
    assert set(here["changed"]) == {1, 2}


def test_what_a_killed_worker_had_begun_is_done_by_another(cluster: LocalCluster, tmp_path: Path) -> None:
    pool = ClusterPool(cluster.scheduler_address)
    try:
        calls = [
            Call("one that dies", dies_once, (str(tmp_path / "note"),)),
            *(Call("", worker_of, (n,)) for n in (1, 2)),
        ]
        outcomes = side_by_side(pool, calls)
    finally:
        pool.disconnect()
    assert outcomes[0] == Outcome("done")
    assert all(outcome.value and outcome.value != os.getpid() for outcome in outcomes[1:])


@pytest.mark.slow
def test_a_call_that_kills_every_worker_is_told_and_the_others_go_on() -> None:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as own:
        pool = ClusterPool(own.scheduler_address, workerless_s=300.0)  # a busy machine starts each worker in 15 s
        try:
            outcomes = side_by_side(pool, [Call("seed 7", dies_always, ("",)), Call("seed 8", worker_of, (8,))])
        finally:
            pool.disconnect()
    assert outcomes[0].problem.startswith("seed 7: its workers were killed again and again")
    assert outcomes[1].value


def test_a_scheduler_without_workers_is_told() -> None:
    said = pytest.raises(ConfigError, match=r"has no worker\. Start some: dask worker tcp://")
    with LocalCluster(n_workers=0, processes=True, dashboard_address=None) as empty, said:
        ClusterPool(empty.scheduler_address, connect_s=0.5)


def test_an_address_where_nobody_listens_is_told_within_seconds() -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    began_s = time.monotonic()
    with pytest.raises(ConfigError, match=re.escape(f"no scheduler answers at {address}")) as told:
        ClusterPool(address, connect_s=1.0)
    assert time.monotonic() - began_s < 5.0
    assert "dask scheduler" in told.value.cure


def test_a_worker_that_does_not_see_the_folder_is_told_with_the_cure(cluster: LocalCluster, tmp_path: Path) -> None:
    file = tmp_path / "street.net.xml"
    file.write_text("<net/>")
    pool = ClusterPool(cluster.scheduler_address)
    only_here = os.dup2(os.open(file, os.O_RDONLY), 987)  # the path of an open file is another one in each process
    try:
        with pytest.raises(ConfigError, match=r"does not see /proc/self/fd/987, or .*path that all workers see"):
            pool.check([file, Path(f"/proc/self/fd/{only_here}")], tmp_path)
        pool.check([file], tmp_path)
    finally:
        os.close(only_here)
        pool.disconnect()


def test_a_cluster_that_has_lost_its_workers_is_not_waited_for(tmp_path: Path) -> None:
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as small:
        pool = ClusterPool(small.scheduler_address, workerless_s=1.0)
        small.scale(0)
        try:
            (outcome,) = side_by_side(pool, [Call("seed 1", slow, (30.0, str(tmp_path / "note")))])
        finally:
            pool.disconnect()
    assert "has had no worker for 1 s" in outcome.problem


def test_a_scheduler_that_dies_ends_the_wait_and_what_was_done_is_kept(tmp_path: Path) -> None:
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    scheduler = subprocess.Popen([*command, "--no-dashboard"], stderr=subprocess.DEVNULL)
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
            address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--no-dashboard",
        ],
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    done: list[int] = []
    try:
        pool = _when_there(address)

        def kill_it(number: int, _outcome: Outcome) -> None:
            if not done:
                os.kill(scheduler.pid, signal.SIGKILL)
            done.append(number)

        began_s = time.monotonic()
        calls = [Call("first", time.sleep, (0.1,)), *(Call(f"seed {n}", time.sleep, (60.0 + n,)) for n in range(3))]
        outcomes = side_by_side(pool, calls, kill_it)
        assert time.monotonic() - began_s < 30.0
        pool.disconnect()
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    assert outcomes[0] == Outcome(None)
    assert outcomes[1].problem.startswith(f"seed 0: the scheduler at {address} has gone; start it again")


def _when_there(address: str) -> ClusterPool:
    for _ in range(40):
        try:
            return ClusterPool(address, connect_s=2.0)
        except ConfigError:
            time.sleep(0.5)
    raise AssertionError("the scheduler did not start")
