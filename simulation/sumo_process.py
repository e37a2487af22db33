"""Runs one of SUMO's programs as a child process and reckons its CPU time."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.networks.build import sumo_home

_MESSAGE_CHARACTERS = 2000


def run_tool(tool: str, options: Sequence[str], what: str) -> float:
    """Runs a program of the SUMO installation to its end; arguments and errors as `run_command`."""
    return run_command([str(sumo_home() / "bin" / tool), *options], what)


def run_command(command: Sequence[str], what: str) -> float:
    """Runs a command that uses SUMO to its end.

    Args:
        command: program and options.
        what: what it is run for, for messages.

    Returns:
        CPU time of that one process, user and system, in seconds.

    Raises:
        SimulationFailed: if SUMO is missing or gives up; carries SUMO's own message.
    """
    environment = os.environ | {"SUMO_HOME": str(sumo_home())}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)
        try:
            _, status, usage = os.wait4(process.pid, 0)  # subprocess would not tell one child's CPU time
        except BaseException:
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            message = said.read().decode(errors="replace").replace("Quitting (on error).", "").strip()
            program = Path(command[0]).name
            raise SimulationFailed(
                f"{what}: {program} gave up (exit code {process.returncode}): {message[-_MESSAGE_CHARACTERS:]}"
            )
    return usage.ru_utime + usage.ru_stime
