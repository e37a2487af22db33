"""Small signalised SUMO networks and demands for tests, made by SUMO's own netgenerate."""

from __future__ import annotations

from pathlib import Path

from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool

WEST_IN, EAST_OUT = "left0A0", "A0right0"
NORTH_IN, SOUTH_OUT = "top0A0", "A0bottom0"
"""Edges of the single junction, 200 m long, one lane each."""


def junction(folder: Path) -> Path:
    """One signalised junction, A0, with four arms: 42 s green north-south, 3 s amber, the same west-east."""
    return _grid(folder / "junction.net.xml", "--grid.number", "1", "--tls.set", "A0")


def square(folder: Path) -> Path:
    """Four junctions A0, A1, B0, B1 in a square, all signalised: two ways from left0A0 to B1right1, equally long."""
    return _grid(folder / "square.net.xml", "--grid.number", "2", "--tls.set", "A0,A1,B0,B1")


def write(path: Path, *elements: str, root: str = "routes") -> Path:
    """Writes elements as an XML file."""
    path.write_text(f"<{root}>\n" + "\n".join(elements) + f"\n</{root}>\n", encoding="utf-8")
    return path


def vehicle(name: str, depart_s: float, edges: str = f"{WEST_IN} {EAST_OUT}", more: str = "", inside: str = "") -> str:
    """A vehicle with a route."""
    return f'<vehicle id="{name}" depart="{depart_s:g}" {more}><route edges="{edges}"/>{inside}</vehicle>'


def scenario(net: Path, *elements: str, begin_s: float = 0.0, end_s: float = 300.0, step_s: float = 1.0) -> Scenario:
    """A scenario with the given demand."""
    return Scenario("street", net, (write(net.with_name("street.rou.xml"), *elements),), begin_s, end_s, step_s=step_s)


def _grid(path: Path, *options: str) -> Path:
    common = ["--grid", "--grid.length", "200", "--grid.attach-length", "200", "--no-turnarounds"]
    run_tool("netgenerate", [*common, *options, "--output-file", str(path)], path.name)
    return path
