"""Sites with cameras for the signalised junctions of any SUMO network, so that rules can be tried where others drive.

A network file knows no painted line; it is thought `LINE_SETBACK_M` upstream of the lanes' end, as on our own street,
and who drives lawfully is made to stop there (`nutgiao.simulation.breakers_demand`).
"""

from __future__ import annotations

import itertools
import math
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.site import Approach, Lane, Name, Site, StopLine
from nutgiao.models.contracts.words import Indication, Turn
from nutgiao.simulation.lane_street import DEFAULT_WIDTH_M
from nutgiao.simulation.networks.build import LINE_SETBACK_M
from nutgiao.simulation.networks.network import TURNS as TURN_OF
from nutgiao.simulation.networks.network import Leg, Link, SignalisedJunction, inner_path
from nutgiao.simulation.networks.sites import CONFLICT_M, TWO_WHEELER_TOLERANCE_M
from nutgiao.simulation.virtual_camera import site_camera

STRAIGHT_M = 40.0
"""An approach takes part if it is straight for so long: its frame in a site file is a rectangle."""

BENT_M = 0.5
"""A lane that leaves its last piece's line by more than this is bent there."""

CLEAR_M, BEFORE_M = 1.4, 10.0
"""The middle of another street's lane keeps so far from an approach's ground; the ground ends so far before one that
does not: who drives there drives rightly, and a site file that says otherwise accuses everybody."""

FAR_M = 75.0
LAMP = {
    "G": Indication.GREEN, "g": Indication.GREEN, "y": Indication.AMBER, "Y": Indication.AMBER,
    "r": Indication.RED, "u": Indication.RED_AMBER,
}  # fmt: skip
"""SUMO's letters; what flashes, is off or lets some turn on red is unknown to the rules."""


@dataclass(frozen=True, slots=True)
class PublicNetwork:
    """A network with the sites of its junctions.

    Attributes:
        net: the file.
        sites: by traffic light.
        junctions: what the truth needs to know of them, by traffic light.
        letter: of each traffic light, one place in SUMO's state string for each signal group.
        left_out: approaches without a camera, with the reason.
    """

    net: Path
    sites: dict[str, Site]
    junctions: dict[str, SignalisedJunction]
    letter: dict[str, dict[str, int]]
    left_out: dict[str, str]


def read_public_network(net: Path) -> PublicNetwork:
    """Reads a network and makes sites of its signalised junctions.

    Args:
        net: SUMO network with fixed-time programs.
    """
    root = ET.parse(net).getroot()  # noqa: S314 - a file that was pinned or that its owner names
    edges = {edge.attrib["id"]: edge for edge in root.iter("edge")}
    controlled: dict[str, list[ET.Element]] = defaultdict(list)
    for connection in root.iter("connection"):
        if connection.get("tl") and not connection.attrib["from"].startswith(":"):
            controlled[connection.attrib["tl"]].append(connection)
    found = PublicNetwork(net, {}, {}, {}, {})
    shapes = {name: _middle(edge) for name, edge in edges.items() if edge.get("function") is None}
    for logic in root.iter("tlLogic"):
        name = logic.attrib["id"]
        groups = _groups([stage.attrib["state"] for stage in logic.iter("phase")])
        links, legs, approaches = [], {}, []
        for edge in sorted({one.attrib["from"] for one in controlled[name]}):
            here = [one for one in controlled[name] if one.attrib["from"] == edge]
            others = np.concatenate([shape for name, shape in shapes.items() if name != edge])
            made = _approach(edges[edge], here, groups, others)
            if isinstance(made, str):
                found.left_out[edge] = made
                continue
            approach, leg = made
            approaches.append(approach)
            legs[approach.id] = leg
            links += [_link(root, edges, one, approach.id, groups) for one in here]
        if approaches:
            none = np.zeros((len(links), len(links)), bool)  # nobody here asks who yields to whom
            found.junctions[name] = SignalisedJunction(name, approaches[0].origin_m, tuple(links), none, none, legs)
            found.sites[name] = Site(
                schema="nutgiao/site/1",
                id=name[:64],
                name=Name(vi=name, en=name),
                approaches=tuple(approaches),
                cameras=tuple(
                    site_camera(approach, f"cam_{approach.id}"[:64], (-12.0, min(FAR_M, approach.length_m)))
                    for approach in approaches
                ),
            )
            found.letter[name] = {group: index for index, group in reversed(groups.items())}
    return found


def _groups(states: list[str]) -> dict[int, str]:
    """Name of the signal group of each place in a state string: places that always show the same are one group."""
    columns = list(zip(*([LAMP.get(letter, Indication.UNKNOWN) for letter in state] for state in states), strict=True))
    names = {column: f"g{number}" for number, column in enumerate(dict.fromkeys(columns))}
    return {index: names[column] for index, column in enumerate(columns)}


def _link(
    root: ET.Element, edges: dict[str, ET.Element], connection: ET.Element, approach: str, groups: dict[int, str]
) -> Link:
    index = int(connection.attrib["linkIndex"])
    path = inner_path(root, edges, connection)
    return Link(
        index=index,
        group=groups[index],
        arm=approach,
        lane=int(connection.attrib["fromLane"]),
        turn=TURN_OF[connection.attrib["dir"]],
        to_edge=connection.attrib["to"],
        length_m=sum(length for _, length in path),
        inner_edges=tuple(edge for edge, _ in path),
    )


def _approach(
    edge: ET.Element, links: list[ET.Element], groups: dict[int, str], others: NDArray[np.float64]
) -> tuple[Approach, Leg] | str:
    """The approach of an edge, or why it is none; ``(n, 2)`` places on other streets must not lie on its ground."""
    lanes = [lane for lane in edge.iter("lane") if lane.get("allow") is None or "motorcycle" in lane.attrib["allow"]]
    turns: dict[int, set[Turn]] = defaultdict(set)
    lamps: dict[Turn, set[str]] = defaultdict(set)
    for one in links:
        turn = TURN_OF[one.attrib["dir"]]
        turns[int(one.attrib["fromLane"])].add(turn)
        lamps[turn].add(groups[int(one.attrib["linkIndex"])])
    if any(int(lane.attrib["index"]) not in turns for lane in lanes):
        return "a lane without a signal"
    ahead = lamps[Turn.THROUGH] | lamps[Turn.RIGHT]
    left = lamps[Turn.LEFT] | lamps[Turn.UTURN]
    if len(ahead) > 1 or len(left) > 1:
        return "more lamps than one for straight on and one for the left"
    shape = np.array([[float(x) for x in p.split(",")[:2]] for p in lanes[0].attrib["shape"].split()])
    (x0, y0), (x1, y1) = shape[-2:]
    heading = math.atan2(x1 - x0, y1 - y0)
    dx, dy = math.sin(heading), math.cos(heading)
    widths = tuple(float(lane.get("width", DEFAULT_WIDTH_M)) for lane in lanes)
    kerb = (float(x1 + widths[0] / 2 * dy), float(y1 - widths[0] / 2 * dx))
    off = others - np.array(kerb)
    upstream, across = -(off[:, 0] * dx + off[:, 1] * dy), off[:, 1] * dx - off[:, 0] * dy
    on_it = (across > 0.0) & (across < sum(widths) + CLEAR_M) & (upstream > 0.0)
    straight_m = min([_straight_m(shape), *(upstream[on_it] - BEFORE_M).tolist()])
    if straight_m < STRAIGHT_M:
        return f"straight for {straight_m:.0f} m only"
    group = next(iter(ahead or left))
    name = edge.attrib["id"].replace("#", ".")
    approach = Approach(
        id=name,
        origin_m=(round(kerb[0] - LINE_SETBACK_M * dx, 2), round(kerb[1] - LINE_SETBACK_M * dy, 2)),
        heading_deg=round(math.degrees(heading), 3) % 360.0,
        lanes=tuple(
            Lane(
                id=f"{name}_{k + 1}",
                width_m=width,
                turns=tuple(turn for turn in Turn if turn in turns[int(lane.attrib["index"])]),
            )
            for k, (lane, width) in enumerate(zip(lanes, widths, strict=True))
        ),
        signal_group=group,
        left_signal_group=None if left <= {group} else next(iter(left)),
        speed_limit_mps=float(lanes[0].attrib["speed"]),
        length_m=round(straight_m - LINE_SETBACK_M, 1),
        stop_line=StopLine(two_wheeler_tolerance_m=TWO_WHEELER_TOLERANCE_M, conflict_m=CONFLICT_M),
    )
    leg = Leg(
        arm=name,
        edge=edge.attrib["id"],
        end_m=kerb,
        heading_deg=approach.heading_deg,
        lane_widths_m=widths,
        speed_mps=approach.speed_limit_mps,
        length_m=float(lanes[0].attrib["length"]),
        from_node=edge.attrib["from"],
    )
    return approach, leg


def _middle(edge: ET.Element) -> NDArray[np.float64]:
    """Places on the lanes of an edge, one each metre."""
    found = []
    for lane in edge.iter("lane"):
        shape = np.array([[float(x) for x in p.split(",")[:2]] for p in lane.attrib["shape"].split()])
        for a, b in itertools.pairwise(shape):
            steps = np.linspace(0.0, 1.0, 2 + int(np.hypot(*(b - a))))[:, None]
            found.append(a + steps * (b - a))
    return np.concatenate(found)


def _straight_m(shape: NDArray[np.float64]) -> float:
    """How far upstream of its end a lane follows the direction of its last piece."""
    end, before = shape[-1], shape[-2]
    way = (end - before) / np.linalg.norm(end - before)
    for near, far in zip(shape[:0:-1], shape[-2::-1], strict=True):
        for share in np.linspace(0.05, 1.0, 20):
            off = end - (near + share * (far - near))
            if abs(off[0] * way[1] - off[1] * way[0]) > BENT_M:
                return float(off @ way)
    return float((end - shape[0]) @ way)
