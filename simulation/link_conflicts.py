"""Which links of a traffic light may be green together, from the network's own foe relation."""

from __future__ import annotations

import enum
import itertools
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.simulation.xml_elements import elements

STRAIGHT = "s"
"""SUMO's letter for a link that does not turn."""


class Right(enum.StrEnum):
    """Whether two links of a light may be green at once."""

    FREE = "their paths do not meet"
    PERMITTED = "a turning link gives way"
    NEVER = "their paths meet and no turning link gives way"


@dataclass(frozen=True, slots=True)
class ControlledLink:
    """What obeys one letter of a light's state.

    Attributes:
        index: position of the letter.
        ways: edges that it leads from and to; several where connections share the letter.
        is_crossing: whether walkers use it.
        turns: whether it turns.
        length_m: of its longest path inside the junction; of a crossing its length.
        approach_mps: highest speed limit of the lanes that it comes from; 0 for a crossing.
        clearing_mps: lowest speed limit on its paths inside the junction; 0 for a crossing.
    """

    index: int
    ways: tuple[tuple[str, str], ...]
    is_crossing: bool
    turns: bool
    length_m: float
    approach_mps: float
    clearing_mps: float

    def __str__(self) -> str:
        ways = ", ".join(f"{origin} → {target}" for origin, target in self.ways)
        return f"link {self.index} ({'crossing ' if self.is_crossing else ''}{ways})"


class _Meeting(NamedTuple):
    """Two links whose paths meet: whether the first gives way, and whether one of them turns and gives way."""

    one: int
    other: int
    gives_way: bool
    turn_waits: bool


@dataclass(frozen=True)
class ConflictMatrix:
    """Conflicts between the links of one light.

    Attributes:
        light: its id.
        links: by index; None where no connection has that index.
        foes: ``(n, n)`` bool: paths cross or merge.
        yields: ``(n, n)`` bool: row gives way to column.
        waits: ``(n, n)`` bool: wherever the two meet a turning connection gives way to the other.
    """

    light: str
    links: tuple[ControlledLink | None, ...]
    foes: NDArray[np.bool_]
    yields: NDArray[np.bool_]
    waits: NDArray[np.bool_]

    def right(self, a: int, b: int) -> Right:
        """Whether two links may be green at once.

        Where one gives way and turns (a left turn against oncoming traffic, a right turn over a crossing, a turn into a
        road that others run on) they may; who goes straight on never waits inside the junction.
        """
        if not self.foes[a, b]:
            return Right.FREE
        return Right.PERMITTED if self.waits[a, b] else Right.NEVER

    def pairs(self, right: Right) -> list[tuple[int, int]]:
        """Pairs of links with that right of way, the lower index first."""
        return [(a, b) for a, b in itertools.combinations(range(len(self.links)), 2) if self.right(a, b) is right]


def read_matrices(net: Path) -> dict[str, ConflictMatrix]:
    """Reads the conflicts of every light of a network, by light.

    Raises:
        ConfigError: if the file is no network, or a junction's right of way does not fit its links.
    """
    lanes: dict[str, tuple[float, float]] = {}
    crossings: set[str] = set()
    junctions, connections = [], []
    for element in elements(net, "net"):
        if element.tag == "edge":
            if element.get("function") == "crossing":
                crossings.add(element.attrib["id"])
            for lane in element.iter("lane"):
                lanes[lane.attrib["id"]] = (float(lane.attrib["length"]), float(lane.attrib["speed"]))
        elif element.tag == "junction" and element.find("request") is not None:
            junctions.append(element)
        elif element.tag == "connection":
            connections.append(element)
    leaving: dict[str, list[ET.Element]] = defaultdict(list)
    letters: dict[str, dict[int, list[ET.Element]]] = defaultdict(lambda: defaultdict(list))
    for connection in connections:
        leaving[_lane(connection)].append(connection)
        for light, index in _letters(connection):
            letters[light][index].append(connection)
    met: dict[str, list[_Meeting]] = defaultdict(list)
    for junction in junctions:
        for light, meeting in _meetings(net, junction, leaving, crossings):
            met[light].append(meeting)
    made = {}
    for light, own in letters.items():
        links = tuple(_link(k, own[k], lanes, leaving, crossings) if k in own else None for k in range(max(own) + 1))
        foes, yields = np.zeros((2, len(links), len(links)), np.bool_)
        waits = np.ones_like(foes)
        for one, other, gives_way, turn_waits in met[light]:
            foes[one, other] = True
            yields[one, other] |= gives_way
            waits[one, other] &= turn_waits
        made[light] = ConflictMatrix(light, links, foes, yields, waits)
    return made


def _lane(connection: ET.Element) -> str:
    return f"{connection.attrib['from']}_{connection.attrib['fromLane']}"


def _letters(connection: ET.Element) -> Iterator[tuple[str, int]]:
    """Light and index of each letter that a connection obeys; a crossing may have one for each direction."""
    light = connection.get("tl")
    for key in ("linkIndex", "linkIndex2"):
        if light and int(connection.get(key, -1)) >= 0:
            yield light, int(connection.attrib[key])


def _meetings(
    net: Path, junction: ET.Element, leaving: Mapping[str, list[ET.Element]], crossings: set[str]
) -> Iterator[tuple[str, _Meeting]]:
    """Meetings of links of the same light in a junction, each in both directions.

    Row k of the right of way is the k-th link of the incoming lanes in their order; of the ways of walkers only those
    onto crossings count. In its bits, the last first, a 1 in ``response`` says that the row gives way.
    """
    order = [
        connection
        for lane in (junction.get("incLanes") or "").split()
        for connection in leaving.get(lane, ())
        if connection.attrib["to"] in crossings or ":" not in (lane[0], connection.attrib["to"][0])
    ]
    rows = sorted(junction.iter("request"), key=lambda row: int(row.attrib["index"]))
    if len(rows) != len(order):
        problem = f"{len(rows)} rows of right of way for {len(order)} links."
        cure = "Build the network again with netconvert."
        raise ConfigError(str(net), None, f"junction {junction.get('id')}", problem, cure)
    foes, response = (
        np.array([[bit == "1" for bit in reversed(row.attrib[key])] for row in rows], np.bool_)
        for key in ("foes", "response")
    )
    foes = foes | foes.T | response | response.T
    turns = np.array([one.get("dir", STRAIGHT) != STRAIGHT for one in order])
    waits = (response & turns[:, None]) | (response & turns[:, None]).T
    for i, k in np.argwhere(foes).tolist():
        for (light, a), (same, b) in itertools.product(_letters(order[i]), _letters(order[k])):
            if light == same and a != b:
                yield light, _Meeting(a, b, bool(response[i, k]), bool(waits[i, k]))


def _link(
    index: int,
    own: list[ET.Element],
    lanes: Mapping[str, tuple[float, float]],
    leaving: Mapping[str, list[ET.Element]],
    crossings: set[str],
) -> ControlledLink:
    ways = tuple(dict.fromkeys((one.attrib["from"], one.attrib["to"]) for one in own))
    walked = [one.attrib["to"] for one in own if one.attrib["to"] in crossings]
    if walked:
        return ControlledLink(index, ways, True, False, max(lanes[f"{edge}_0"][0] for edge in walked), 0.0, 0.0)
    paths = [list(_inside(one, leaving)) for one in own]
    before = [lanes[_lane(one)][1] for one in own]
    return ControlledLink(
        index,
        ways,
        False,
        any(one.get("dir", STRAIGHT) != STRAIGHT for one in own),
        max(sum(lanes[lane][0] for lane in path) for path in paths),
        max(before),
        min([*before, *(lanes[lane][1] for path in paths for lane in path)]),
    )


def _inside(connection: ET.Element, leaving: Mapping[str, list[ET.Element]]) -> Iterator[str]:
    """Lanes of a path through the junction; a turn has a second piece behind where it waits."""
    lane = connection.get("via")
    while lane:
        yield lane
        onward = leaving.get(lane, [])
        lane = onward[0].get("via") if onward else None
