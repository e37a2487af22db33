"""Reads a built SUMO network: signalised junctions, links with their signal groups, geometry of the approaches."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.models.contracts.words import Turn

ARMS = ("west", "east", "north", "south")
"""Names of the approaches, by the arm that traffic comes from."""

MAIN_ARMS = frozenset({"west", "east"})

TURNS = {"s": Turn.THROUGH, "r": Turn.RIGHT, "R": Turn.RIGHT, "l": Turn.LEFT, "L": Turn.LEFT, "t": Turn.UTURN}


@dataclass(frozen=True, slots=True)
class Link:
    """One controlled connection, or one crossing.

    Attributes:
        index: position in SUMO's state string.
        group: signal group that it obeys.
        arm: arm it comes from; of a crossing, the arm that it crosses.
        lane: lane counted from the kerb, -1 for a crossing.
        turn: movement, None for a crossing.
        to_edge: edge it leads to; of a crossing, the crossing itself.
        length_m: length inside the junction; of a crossing, kerb to kerb.
        inner_edges: edges inside the junction that its path runs over.
    """

    index: int
    group: str
    arm: str
    lane: int
    turn: Turn | None
    to_edge: str
    length_m: float
    inner_edges: tuple[str, ...] = ()

    @property
    def is_crossing(self) -> bool:
        """Whether pedestrians use it."""
        return self.turn is None


@dataclass(frozen=True, slots=True)
class Leg:
    """An incoming leg of a junction.

    Attributes:
        arm: where traffic comes from.
        edge: SUMO edge.
        end_m: ``(2,)`` where the kerb meets the end of the lanes, network coordinates.
        heading_deg: direction of travel, clockwise from +y.
        lane_widths_m: from the kerb to the centre.
        speed_mps: limit.
        length_m: length of the edge.
        from_node: node it comes from.
    """

    arm: str
    edge: str
    end_m: tuple[float, float]
    heading_deg: float
    lane_widths_m: tuple[float, ...]
    speed_mps: float
    length_m: float
    from_node: str


@dataclass(frozen=True)
class SignalisedJunction:
    """A junction with signals.

    Attributes:
        id: node id.
        centre_m: its centre.
        links: links in the order of SUMO's state string.
        foes: ``(n, n)`` bool, links whose paths cross or merge.
        yields_to: ``(n, n)`` bool, row gives way to column when both have green.
        legs: incoming legs by arm.
    """

    id: str
    centre_m: tuple[float, float]
    links: tuple[Link, ...]
    foes: NDArray[np.bool_]
    yields_to: NDArray[np.bool_]
    legs: dict[str, Leg]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Signal groups, vehicles first."""
        ordered = sorted(self.links, key=lambda link: (link.is_crossing, link.arm not in MAIN_ARMS, link.group))
        return tuple(dict.fromkeys(link.group for link in ordered))

    def links_of(self, group: str) -> list[int]:
        """Indices of the links of a group."""
        return [link.index for link in self.links if link.group == group]


def read_network(net: Path) -> dict[str, SignalisedJunction]:
    """Reads the signalised junctions of a network built by netconvert, by id.

    Raises:
        SimulationFailed: if the file is no network of four-armed right-angled junctions as this street has them.
    """
    root = ET.parse(net).getroot()  # noqa: S314 - our own netconvert wrote it
    edges = {edge.attrib["id"]: edge for edge in root.iter("edge")}
    junctions = [j for j in root.iter("junction") if j.get("type") == "traffic_light"]
    if not junctions:
        raise SimulationFailed(f"{net}: no signalised junction in the network")
    return {j.attrib["id"]: _junction(root, edges, j) for j in junctions}


def _junction(root: ET.Element, edges: dict[str, ET.Element], junction: ET.Element) -> SignalisedJunction:
    name = junction.attrib["id"]
    legs = {leg.arm: leg for edge in edges.values() if edge.get("to") == name for leg in [_leg(edge)]}
    arm_of = {leg.edge: leg.arm for leg in legs.values()}
    controlled = [c for c in root.iter("connection") if c.get("tl") == name]
    exclusive_left = _exclusive_left_edges(controlled)
    links = []
    for connection in sorted(controlled, key=lambda c: int(c.attrib["linkIndex"])):
        index = int(connection.attrib["linkIndex"])
        target = edges[connection.attrib["to"]]
        if target.get("function") == "crossing":
            arm = next(arm_of[e] for e in target.attrib["crossingEdges"].split() if e in arm_of)
            group = "walk_main" if arm in MAIN_ARMS else "walk_side"
            length = float(target[0].attrib["length"])
            links.append(Link(index, group, arm, -1, None, target.attrib["id"], length))
            continue
        source = connection.attrib["from"]
        arm, turn = arm_of[source], TURNS[connection.attrib["dir"]]
        group = "main" if arm in MAIN_ARMS else "side"
        if turn is Turn.LEFT and source in exclusive_left:
            group = "main_left"
        # lane 0 of every edge is the sidewalk
        lane = int(connection.attrib["fromLane"]) - 1
        path = inner_path(root, edges, connection)
        inner = tuple(edge for edge, _ in path)
        links.append(Link(index, group, arm, lane, turn, target.attrib["id"], sum(length for _, length in path), inner))
    requests = sorted(junction.iter("request"), key=lambda r: int(r.attrib["index"]))
    if [link.index for link in links] != list(range(len(requests))):
        raise SimulationFailed(f"junction {name}: {len(links)} signal links but {len(requests)} rows of right of way")
    foes = np.array([[c == "1" for c in reversed(r.attrib["foes"])] for r in requests])
    yields = np.array([[c == "1" for c in reversed(r.attrib["response"])] for r in requests])
    centre = (float(junction.attrib["x"]), float(junction.attrib["y"]))
    return SignalisedJunction(name, centre, tuple(links), foes | foes.T, yields, legs)


def _exclusive_left_edges(connections: list[ET.Element]) -> set[str]:
    """Edges with a lane from which one can only turn left: there the left turn has an arrow of its own."""
    turns: dict[tuple[str, str], set[str]] = {}
    for c in connections:
        turns.setdefault((c.attrib["from"], c.attrib["fromLane"]), set()).add(c.attrib["dir"])
    return {edge for (edge, _), directions in turns.items() if directions == {"l"}}


def inner_path(root: ET.Element, edges: dict[str, ET.Element], connection: ET.Element) -> list[tuple[str, float]]:
    """Edges and lengths in metres of the path through the junction; a turn has a second piece behind where it waits."""
    inner = {
        c.attrib["from"] + "_" + c.attrib["fromLane"]: c.get("via") for c in root.iter("connection") if c.get("via")
    }
    path, lane = [], connection.get("via")
    while lane:
        edge = lane.rsplit("_", 1)[0]
        element = next(e for e in edges[edge] if e.get("id") == lane)
        path.append((edge, float(element.attrib["length"])))
        lane = inner.get(lane)
    return path


def _leg(edge: ET.Element) -> Leg:
    lanes = [lane for lane in edge.iter("lane") if lane.get("allow") != "pedestrian"]
    (x0, y0), (x1, y1) = [tuple(map(float, p.split(",")[:2])) for p in lanes[0].attrib["shape"].split()][-2:]
    run = math.hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / run, (y1 - y0) / run
    half = float(lanes[0].attrib["width"]) / 2
    heading = math.degrees(math.atan2(dx, dy)) % 360.0
    arm = {90: "west", 270: "east", 180: "north", 0: "south"}[round(heading) % 360]
    return Leg(
        arm=arm,
        edge=edge.attrib["id"],
        end_m=(round(x1 + half * dy, 3), round(y1 - half * dx, 3)),
        heading_deg=round(heading, 3) % 360.0,
        lane_widths_m=tuple(float(lane.attrib["width"]) for lane in lanes),
        speed_mps=float(lanes[0].attrib["speed"]),
        length_m=float(lanes[0].attrib["length"]),
        from_node=edge.attrib["from"],
    )
