"""A street of 8 m before a light: who comes from the north enters its right lane only, also those who turn left."""

from __future__ import annotations

from pathlib import Path

from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import scenario, vehicle

SHORT = "MJ"


def short_street(folder: Path) -> Scenario:
    """From the west, which leads to both lanes, and from the north, one after the other turns left or goes straight."""
    places = {"W": (-200, 0), "M": (0, 0), "N": (0, 200), "J": (16, 0), "E": (216, 0), "L": (16, 200), "S": (16, -200)}
    nodes = [f'<node id="{name}" x="{x}" y="{y}"/>' for name, (x, y) in places.items()]
    nodes[3] = '<node id="J" x="16" y="0" type="traffic_light"/>'
    lanes = {"WM": 1, "NM": 1, SHORT: 2, "JE": 1, "JL": 1, "SJ": 1}
    edges = [f'<edge id="{e}" from="{e[0]}" to="{e[1]}" numLanes="{n}" speed="13.89"/>' for e, n in lanes.items()]
    ways = (("WM", SHORT, 0, 0), ("WM", SHORT, 0, 1), ("NM", SHORT, 0, 0), (SHORT, "JE", 0, 0), (SHORT, "JL", 1, 0))
    joins = [f'<connection from="{a}" to="{b}" fromLane="{k}" toLane="{to}"/>' for a, b, k, to in ways]
    joins.append('<connection from="SJ" to="JL" fromLane="0" toLane="0"/>')
    options = ["--no-turnarounds", "--tls.left-green.time", "0"]
    for kind, parts in (("node", nodes), ("edge", edges), ("connection", joins)):
        path = folder / f"short.{kind}.xml"
        path.write_text(f"<{kind}s>{''.join(parts)}</{kind}s>", encoding="utf-8")
        options += [f"--{kind}-files", str(path)]
    net = folder / "short.net.xml"
    run_tool("netconvert", [*options, "--output-file", str(net)], net.name)
    routes = [f"{a} {SHORT} {b}" for a in ("NM", "WM") for b in ("JL", "JE")]
    return scenario(net, *[vehicle(f"v{n}", 3 * n, routes[n % 4]) for n in range(60)], end_s=300.0)
