"""A driven run in a process of its own, so that the same seed gives the same run whatever ran before it.

SUMO 1.28 as a library gives one of two results for some seeds, depending on what the same process has simulated before;
the first run of a process is always the same (cologne1, seed 1, 900 s: 12.72 s, but 13.68 s behind seed 2).
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from nutgiao.models.contracts.errors import NutgiaoError, SimulationFailed
from nutgiao.simulation.control.drive import Drive, Loop, drive
from nutgiao.simulation.variant import Setup

_TOLD = 400  # letters of what a process said before it died


def drive_alone(setup: Setup, seed: int, how: Loop) -> Drive:
    """As `nutgiao.simulation.control.drive.drive`, in a new process.

    Args:
        setup: what to run.
        seed: of SUMO.
        how: its lights are driven.

    Raises:
        SimulationFailed: whatever went wrong in it, in its words.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-alone-") as place:
        job, told = Path(place) / "job", Path(place) / "told"
        job.write_bytes(pickle.dumps((setup, seed, how)))
        command = [sys.executable, "-m", __name__, str(job), str(told)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if not told.exists():
            said = made.stderr.strip()[-_TOLD:] or f"exit code {made.returncode}"
            raise SimulationFailed(f"{setup.scenario.name}, seed {seed}: the process of the run died: {said}")
        answer = pickle.loads(told.read_bytes())  # noqa: S301 - written by ourselves in a folder of our own
    if isinstance(answer, Drive):
        return answer
    raise SimulationFailed(answer)


def main(job: Path, told: Path) -> None:
    """Makes the run that a file describes, and leaves it, or why it failed, in another."""
    answer: Drive | str
    try:
        answer = drive(*pickle.loads(job.read_bytes()))  # noqa: S301 - as above
    except (NutgiaoError, OSError) as error:
        answer = str(error)
    whole = told.with_suffix(".new")
    whole.write_bytes(pickle.dumps(answer))
    whole.rename(told)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
