"""A crossroads with left-turn lanes, built by netconvert, and a dual-ring eight-phase NEMA program for it."""

from __future__ import annotations

from pathlib import Path

from nutgiao.models.contracts.program import NEMA, LampProgram, LampStep
from nutgiao.simulation.sumo_process import run_tool
from nutgiao.simulation.xml_elements import elements

PHASES = {
    1: ("W", "l"),
    2: ("E", "sr"),
    3: ("N", "l"),
    4: ("S", "sr"),
    5: ("E", "l"),
    6: ("W", "sr"),
    7: ("S", "l"),
    8: ("N", "sr"),
}
"""Direction of travel and turns of each phase: 2 and 6 are the main road, left turns are odd."""

GREEN_S = {1: 10, 2: 35, 3: 10, 4: 25, 5: 12, 6: 33, 7: 8, 8: 27}
AMBER_S, ALL_RED_S, CYCLE_S = 3, 2, 100
OPPOSITE = {"N": "S", "S": "N", "E": "W", "W": "E"}


def crossroads(folder: Path) -> Path:
    """Four arms of 200 m with a lane for straight on and right and one for left; the light is C."""
    places = {"N": (0, 200), "E": (200, 0), "S": (0, -200), "W": (-200, 0)}
    nodes = ['<node id="C" x="0" y="0" type="traffic_light"/>']
    nodes += [f'<node id="{arm}" x="{x}" y="{y}"/>' for arm, (x, y) in places.items()]
    edges, ways = [], []
    for arm in places:
        edges.append(f'<edge id="{arm}C" from="{arm}" to="C" numLanes="2" speed="13.89"/>')
        edges.append(f'<edge id="C{arm}" from="C" to="{arm}" numLanes="1" speed="13.89"/>')
        ring = "NESW"
        at = ring.index(arm)
        for lane, turn in ((0, -1), (0, 2), (1, 1)):
            ways.append(f'<connection from="{arm}C" to="C{ring[(at + turn) % 4]}" fromLane="{lane}" toLane="0"/>')
    options = ["--no-turnarounds", "--tls.left-green.time", "0"]
    for kind, root, parts in (("node", "nodes", nodes), ("edge", "edges", edges), ("connection", "connections", ways)):
        path = folder / f"nema.{kind}.xml"
        path.write_text(f"<{root}>{''.join(parts)}</{root}>", encoding="utf-8")
        options += [f"--{kind}-files", str(path)]
    net = folder / "nema.net.xml"
    run_tool("netconvert", [*options, "--output-file", str(net)], net.name)
    return net


def program(net: Path, offset_s: float = 0.0, **parameters: str) -> LampProgram:
    """Two rings, coordinated on the main road, cycle of 100 s; parameters replace those that it has."""
    links: dict[tuple[str, str], list[int]] = {}
    for one in elements(net, "net"):
        if one.tag == "connection" and one.get("tl"):
            heading = OPPOSITE[one.attrib["from"][0]]
            links.setdefault((heading, one.attrib["dir"]), []).append(int(one.attrib["linkIndex"]))
    count = 1 + max(index for found in links.values() for index in found)
    steps = []
    for phase, (heading, turns) in PHASES.items():
        green = {index for turn in turns for index in links[heading, turn]}
        state = "".join("G" if index in green else "r" for index in range(count))
        steps.append(
            LampStep(
                state=state,
                duration_s=99.0,
                least_s=5.0,
                most_s=float(GREEN_S[phase]),
                extension_s=2.0,
                amber_s=float(AMBER_S),
                all_red_s=float(ALL_RED_S),
                name=str(phase),
            )
        )
    own: dict[str, str | None] = {
        "detector-length": "20",
        "detector-length-leftTurnLane": "10",
        "total-cycle-length": str(CYCLE_S),
        "ring1": "1,2,3,4",
        "ring2": "5,6,7,8",
        "barrierPhases": "4,8",
        "barrier2Phases": "2,6",
        "coordinate-mode": "true",
        "minRecall": "2,6",
        "maxRecall": "1,2,3,4,5,6,7,8",
    }
    told = {**own, **parameters}
    return LampProgram(light="C", id="rings", kind=NEMA, offset_s=offset_s, parameters=told, steps=tuple(steps))
