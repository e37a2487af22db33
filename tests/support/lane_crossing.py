"""A crossing and a merge beside it, drawn for SUMO's netconvert: all that a translator of lanes can get wrong.

West to east runs a road of two lanes, the left one for buses on its last edge; the road from north to south has one.
The signal C lets left turners wait inside. At the merge M, east of it, a ramp gives way; no signal stands there.
"""

from __future__ import annotations

from pathlib import Path

from nutgiao.simulation.sumo_process import run_tool
from tests.support.junction_nets import write

NODES = {"W": (-200, 0), "C": (0, 0), "N": (0, 150), "S": (0, -150), "M": (150, 0), "E": (300, 0), "R": (60, -120)}
EDGES = {  # from, to, lanes, priority
    "WC": ("W", "C", 2, 5), "CW": ("C", "W", 2, 5), "NC": ("N", "C", 1, 3), "CN": ("C", "N", 1, 3),
    "SC": ("S", "C", 1, 3), "CS": ("C", "S", 1, 3), "CM": ("C", "M", 2, 5), "MC": ("M", "C", 2, 5),
    "ME": ("M", "E", 2, 5), "EM": ("E", "M", 2, 5), "RM": ("R", "M", 1, 1),
}  # fmt: skip


def crossing(folder: Path) -> Path:
    """The network file."""
    nodes = [
        f'<node id="{n}" x="{x}" y="{y}" type="{"traffic_light" if n == "C" else "priority"}"/>'
        for n, (x, y) in NODES.items()
    ]
    edges = [
        f'<edge id="{e}" from="{a}" to="{b}" numLanes="{n}" priority="{p}" speed="13.9">'
        + ('<lane index="1" allow="bus"/>' if e == "ME" else "")
        + "</edge>"
        for e, (a, b, n, p) in EDGES.items()
    ]
    out = folder / "crossing.net.xml"
    write(folder / "crossing.nod.xml", *nodes, root="nodes")
    write(folder / "crossing.edg.xml", *edges, root="edges")
    options = ["--node-files", str(folder / "crossing.nod.xml"), "--edge-files", str(folder / "crossing.edg.xml")]
    run_tool("netconvert", [*options, "--no-turnarounds", "--output-file", str(out)], out.name)
    return out
