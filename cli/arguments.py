"""What several subcommands read from the command line: seeds, counts, a folder to write to, where SUMO runs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.models.contracts.errors import ConfigError

if TYPE_CHECKING:
    from nutgiao.simulation.pools import Pool

SCHEDULER_HELP = (
    "run SUMO on the workers of this Dask scheduler (tcp://host:port) instead of here; scenario and --out must lie on "
    "a path that all workers see under the same name; needs the 'cluster' extra"
)


def seeds(text: str) -> tuple[int, ...]:
    """Seeds 1 to N from a number, or those of a list such as ``1-5`` or ``1,2,7``."""
    if text.isdecimal() and int(text) > 0:
        return tuple(range(1, int(text) + 1))
    return seed_list(text)


def seed_list(text: str) -> tuple[int, ...]:
    """Seeds of a list such as ``1-5`` or ``1,2,7``."""
    found: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except ValueError:
        found = []
    if not found or min(found) < 0:
        raise argparse.ArgumentTypeError(f"'{text}' names no seeds; write 1-5 or 1,2,7")
    return tuple(dict.fromkeys(found))


def count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def natural(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def writable(folder: Path) -> Path:
    """The folder, made if it is missing.

    Raises:
        ConfigError: if it cannot be made or written to.
    """
    probe = folder / ".nutgiao-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            str(folder), None, "--out", f"cannot be written: {reason}.", "Name another folder."
        ) from error
    return folder


@contextmanager
def opened_pool(workers: int, scheduler: str | None, files: Sequence[Path], shared: Path) -> Iterator[Pool]:
    """Processes of this machine, or the workers of a cluster after a look at what they see.

    Args:
        workers: processes, if there is no scheduler.
        scheduler: address, or None.
        files: that runs read.
        shared: folder that all workers must see.

    Raises:
        ConfigError: if no scheduler answers, there is no worker, or one does not see the files.
    """
    from nutgiao.simulation.pools import LocalPool

    if scheduler is None:
        local = LocalPool(workers)
        try:
            yield local
        finally:
            local.close()
        return
    from nutgiao.simulation.cluster import ClusterPool

    cluster = ClusterPool(scheduler)
    try:
        cluster.check(files, shared)
        yield cluster
    finally:
        cluster.disconnect()
