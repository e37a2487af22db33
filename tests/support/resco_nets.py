"""The eight RESCO scenarios for tests, and what SUMO shows at their lights second by second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks import resco
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements
from tests.conftest import missing


def shipped(name: str) -> Scenario:
    """A scenario; the test is skipped where it cannot be had."""
    try:
        return resco.fetch(name)
    except ConfigError as error:
        missing(str(error))
        raise


def shown(
    net: Path, lights: Sequence[str], folder: Path, additional: Sequence[Path] = (), *, seconds: int
) -> list[str]:
    """What SUMO shows: time, light and state of every second and light, as SaveTLSStates writes it."""
    states, watch = folder / "states.xml", folder / "watch.add.xml"
    events = "".join(f'<timedEvent type="SaveTLSStates" source="{light}" dest="{states}"/>' for light in lights)
    watch.write_text(f"<additional>{events}</additional>", encoding="utf-8")
    files = ",".join(str(path) for path in (*additional, watch))
    run_tool("sumo", ["-n", str(net), "-a", files, "-e", str(seconds), "--no-step-log"], net.name)
    return sorted(f"{float(s.attrib['time']):6.1f} {s.attrib['id']} {s.attrib['state']}" for s in elements(states))
