"""What several subcommands read from the command line: seeds, counts, times, a folder to write to, where SUMO runs."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import ControlMode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    return _whole(text, 1)


def natural(text: str) -> int:
    """A whole number from 0."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} on")
    return int(text)


def moment(text: str) -> float:
    """Seconds from ``08:12:30``, ``08:12`` or seconds."""
    if match := re.fullmatch(r"(\d+):([0-5]\d)(?::([0-5]\d))?", text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return 3600.0 * hours + 60.0 * minutes + seconds
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    raise argparse.ArgumentTypeError(f"'{text}' is no time; write 08:12:30, or seconds such as 29550")


def clock(at_s: float) -> str:
    """``08:12:30``; parts of a second are left out, and the hours go on behind 24."""
    whole = int(at_s)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def add_mode(parser: argparse.ArgumentParser, boxes: str) -> None:
    """Adds ``--mode``: what boxes may do within the centre's plans.

    Args:
        parser: of a subcommand that runs a centre.
        boxes: words for those that it is for.
    """
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in ControlMode],
        default=ControlMode.FIXED.value,
        help=f"what {boxes} may do within a plan: keep it second by second, choose the greens in its cycle, the same "
        "with its first stage as planned, or any stage at any time (default: %(default)s)",
    )


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


def write_picture(picture: NDArray[np.uint8], path: Path) -> None:
    """Writes a picture as PNG where ``--picture`` says.

    Raises:
        ConfigError: if it cannot be written.
    """
    import cv2

    there, body = cv2.imencode(".png", picture)
    try:
        path.write_bytes(body.tobytes() if there else b"")
    except OSError as error:
        raise ConfigError(str(path), None, "--picture", f"cannot be written: {error.strerror}.") from error


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
