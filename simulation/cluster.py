"""Runs calls on the workers of a Dask cluster; needs the `cluster` extra here and on each worker."""

from __future__ import annotations

import importlib.metadata
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from nutgiao.models.contracts.errors import ConfigError, SimulationFailed

CONNECT_S = 5.0
"""So long the scheduler has for its answer."""

WORKERLESS_S = 60.0
"""So long a cluster may be without workers: they may be starting again."""

SHARED = "The scenario's folder and --out must lie on a path that all workers see under the same name."
_AGAIN = "start it again and give the same command: what is done is kept"
_START = "Start one with `dask scheduler` and workers with `dask worker ADDRESS`, or mend the address."


class ClusterPool:
    """The workers of a Dask cluster, as a `pools.Pool`.

    Args:
        address: of the scheduler, ``tcp://host:port``.
        connect_s: seconds that it has for its answer.
        workerless_s: seconds that it may be without workers, which may be starting again.

    Raises:
        ConfigError: if nobody answers there, or there is no worker.
    """

    def __init__(self, address: str, connect_s: float = CONNECT_S, workerless_s: float = WORKERLESS_S) -> None:
        from distributed.scheduler import KilledWorker

        self.lost: tuple[type[BaseException], ...] = (KilledWorker,)
        self._address, self._workerless_s = address, workerless_s
        try:
            self._client = _connected(address, connect_s)
        except (OSError, ValueError, TimeoutError) as error:
            problem = f"no scheduler answers at {address} within {connect_s:g} s ({error})."
            raise ConfigError("command line", None, "--scheduler", problem, _START) from error
        try:
            self._client.wait_for_workers(1, timeout=connect_s)  # they may be starting just now
        except TimeoutError as error:
            self._client.close()
            problem = f"the scheduler at {address} has no worker."
            cure = f"Start some: dask worker {address}"
            raise ConfigError("command line", None, "--scheduler", problem, cure) from error
        self._executor = self._client.get_executor(pure=False)
        self._gone_since_s: float | None = None

    def check(self, files: Sequence[Path], shared: Path) -> None:
        """Asks every worker whether it sees the files and has the same SUMO.

        Args:
            files: that runs read.
            shared: folder that must be the same for all; a file is written there for a moment.

        Raises:
            ConfigError: names worker, file and cure.
        """
        probe = shared / f".nutgiao-shared-{os.getpid()}"
        probe.write_text("here", encoding="utf-8")
        try:
            paths = [str(path) for path in (*files, probe)]
            here, wanted = _seen(paths)
            answers = self._client.run(_seen, paths, on_error="return")
        finally:
            probe.unlink()
        for worker, answer in answers.items():
            if isinstance(answer, BaseException):
                problem = f"worker {worker} cannot run nutgiao: {type(answer).__name__}: {answer}."
                raise ConfigError("command line", None, "--scheduler", problem, "Install nutgiao[sim,cluster] there.")
            sizes, versions = answer
            for path, size, mine in zip(paths, sizes, here, strict=True):
                if size != mine:
                    problem = f"worker {worker} does not see {path}, or sees another file."
                    raise ConfigError("command line", None, "--scheduler", problem, SHARED)
            if versions != wanted:
                problem = f"worker {worker} has {versions}, here is {wanted}; results would not be the same."
                raise ConfigError("command line", None, "--scheduler", problem, "Install the same versions there.")

    def submit(self, function: Callable[..., Any], *args: object) -> Future[Any]:
        """As `Pool`."""
        try:
            return self._executor.submit(function, *args)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001 - told as the outcome of this call, as if it had failed there
            failed: Future[Any] = Future()
            failed.set_exception(SimulationFailed(f"the scheduler at {self._address} takes no more calls: {error}"))
            return failed

    def trouble(self) -> str:
        """As `Pool`."""
        now_s = time.monotonic()
        if self._client.status == "running" and self._workers():
            self._gone_since_s = None
            return ""
        self._gone_since_s = self._gone_since_s or now_s
        away_s = now_s - self._gone_since_s
        if self._client.status == "closed" or (self._client.status != "running" and away_s > CONNECT_S):
            return f"the scheduler at {self._address} has gone; {_AGAIN}"
        if away_s > self._workerless_s:
            return f"the scheduler at {self._address} has had no worker for {self._workerless_s:g} s; {_AGAIN}"
        return ""  # they may be back in a moment

    def _workers(self) -> int:
        try:
            return len(self._client.scheduler_info(n_workers=-1)["workers"])
        except Exception:  # noqa: BLE001 - whatever stops it, there is none to be seen
            return 0

    def death(self) -> str:
        """As `Pool`."""
        if self._client.status != "running":
            return f"the scheduler at {self._address} has gone; {_AGAIN}"
        return "its workers were killed again and again (too little memory, or stopped from outside)"

    def close(self) -> None:
        """As `Pool`: lets what was not begun go; the cluster goes on, since somebody else started it."""

    def disconnect(self) -> None:
        """Says goodbye to the scheduler."""
        self._client.close(timeout=2)


def _connected(address: str, connect_s: float) -> Any:
    from distributed import Client

    return Client(address, timeout=connect_s, set_as_default=False)  # type: ignore[no-untyped-call]


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("nutgiao", "eclipse-sumo")}


def _seen(paths: Sequence[str]) -> tuple[list[int], dict[str, str]]:
    """Sizes of files as a worker sees them, -1 for none, and its versions."""
    return [Path(path).stat().st_size if Path(path).is_file() else -1 for path in paths], _versions()
