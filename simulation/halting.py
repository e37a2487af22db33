"""One SUMO run in a process of its own that counts the halting vehicles of chosen lanes every second."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

LARGEST_COUNT = int(np.iinfo(np.uint8).max)


class HaltingJob(msgspec.Struct, frozen=True):
    """What to run and to count.

    Attributes:
        options: of SUMO.
        lanes: ids of the lanes.
        seconds: how long.
        steps_per_s: SUMO steps a second.
        out: file for the ``(seconds, lanes)`` uint8 array.
    """

    options: list[str]
    lanes: list[str]
    seconds: int
    steps_per_s: int
    out: str


def count_halting(job: HaltingJob) -> NDArray[np.uint8]:
    """Runs SUMO to the end of the job.

    Returns:
        ``(seconds, lanes)`` vehicles slower than 0.1 m/s at the end of each second.
    """
    import libsumo  # one simulation a process: this module is its process

    count = libsumo.lane.getLastStepHaltingNumber
    halting = np.zeros((job.seconds, len(job.lanes)), np.uint8)
    libsumo.start(["sumo", *job.options])
    for second in range(job.seconds):
        for _ in range(job.steps_per_s):
            libsumo.simulationStep()
        halting[second] = [min(count(lane), LARGEST_COUNT) for lane in job.lanes]
    libsumo.close()
    return halting


def main(arguments: list[str]) -> int:
    """Runs the job that a file describes.

    Returns:
        Exit code: 0, or 2 if SUMO gave up; its message is on standard error.
    """
    import libsumo

    job = msgspec.json.decode(Path(arguments[0]).read_bytes(), type=HaltingJob)
    try:
        np.save(job.out, count_halting(job))
    except (libsumo.TraCIException, libsumo.libsumo.FatalTraCIError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
