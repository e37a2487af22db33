"""Writes a plan as a file that stock SUMO loads beside the scenario's own, and asks SUMO which program it runs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.evaluate import sumo_options
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.signal_programs import SignalProgram, write_programs
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements

PROGRAM = "nutgiao"
"""The programID under which SUMO knows the plan; the one loaded last is in force."""


def write_tls(path: Path, programs: Sequence[SignalProgram]) -> Path:
    """Writes the plan.

    Args:
        path: of the additional file; load it with ``sumo -c SCENARIO.sumocfg -a OTHERS,tls.add.xml``.
        programs: of the plan.
    """
    return write_programs(path, programs)


def in_force(scenario: Scenario, file: Path, lights: Sequence[str], seconds: int = 3) -> dict[str, str]:
    """Which program SUMO runs at each light when it loads the file last.

    Args:
        scenario: whose files are loaded before.
        file: additional file with programs.
        lights: traffic lights to ask for.
        seconds: of simulation.

    Raises:
        SimulationFailed: if SUMO refuses the file, or does not show a light.
    """
    with tempfile.TemporaryDirectory(prefix="nutgiao-tls-") as name:
        folder = Path(name)
        watch = folder / "watch.add.xml"
        events = "".join(
            f'<timedEvent type="SaveTLSStates" source="{light}" dest="{folder / "states.xml"}"/>' for light in lights
        )
        watch.write_text(f"<additional>{events}</additional>", encoding="utf-8")
        brief = replace(scenario, additional=(*scenario.additional, file, watch), end_s=scenario.begin_s + seconds)
        run_tool("sumo", sumo_options(brief, 1), scenario.name)
        found = {one.attrib["id"]: one.attrib["programID"] for one in elements(folder / "states.xml")}
    missing = [light for light in lights if light not in found]
    if missing:
        raise SimulationFailed(f"{file}: SUMO shows no traffic light {', '.join(missing[:5])}")
    return found
