"""What an operator calls the links of a light: the arm they come from, the turn, the edges and the street."""

from __future__ import annotations

import math
from pathlib import Path

from nutgiao.models.contracts.decision import LinkName
from nutgiao.models.contracts.words import Turn
from nutgiao.simulation.xml_elements import elements

_TURNS = {
    "s": Turn.THROUGH, "l": Turn.LEFT, "L": Turn.LEFT, "r": Turn.RIGHT, "R": Turn.RIGHT, "t": Turn.UTURN,
    "T": Turn.UTURN,
}  # fmt: skip
"""SUMO's letters; capital ones are partial turns."""

_POINTS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")

_Place = tuple[float, float]


def link_names(net: Path) -> dict[str, dict[int, LinkName]]:
    """Light to its links by letter; where several connections share a letter the first one names it.

    Raises:
        ConfigError: if the file is no network.
    """
    streets: dict[str, str] = {}
    shapes: dict[str, list[_Place]] = {}
    walked: set[str] = set()
    found: dict[str, dict[int, LinkName]] = {}
    crossings: list[tuple[str, int, str]] = []
    ends: dict[str, set[_Place]] = {}  # of the lanes before a light
    for element in elements(net, "net"):
        if element.tag == "edge":
            edge = element.attrib["id"]
            streets[edge] = element.get("name", "")
            if element.get("function") == "crossing":
                walked.add(edge)
            for lane in element.iter("lane"):
                shapes[lane.attrib["id"]] = _places(lane.get("shape", ""))
        elif element.tag == "connection" and "tl" in element.attrib:
            light, origin, target = (element.attrib[key] for key in ("tl", "from", "to"))
            letters = (int(element.get(key, -1)) for key in ("linkIndex", "linkIndex2"))
            if target in walked:
                crossings += [(light, letter, target) for letter in letters if letter >= 0]
                continue
            shape = shapes.get(f"{origin}_{element.get('fromLane')}", [])
            ends.setdefault(light, set()).update(shape[-1:])
            turn = _TURNS.get(element.get("dir", ""), Turn.THROUGH)
            name = LinkName(origin, target, _came_from(shape), turn, streets.get(origin, ""))
            for letter in letters:
                if letter >= 0:
                    found.setdefault(light, {}).setdefault(letter, name)
    for light, letter, edge in crossings:
        arm = _seen_from(_middle(list(ends.get(light, ()))), _middle(shapes.get(f"{edge}_0", [])))
        found.setdefault(light, {}).setdefault(letter, LinkName(edge, edge, arm, None))
    return found


def _places(text: str) -> list[_Place]:
    pairs = (point.split(",") for point in text.split())
    return [(float(pair[0]), float(pair[1])) for pair in pairs]


def _came_from(shape: list[_Place]) -> str:
    """Against the direction of the last stretch; short ones turn as they like."""
    if len(shape) < 2:
        return ""
    near = shape[-1]
    far = next((one for one in reversed(shape) if math.dist(one, near) > 10.0), shape[0])
    return _seen_from(near, far)


def _seen_from(here: _Place | None, there: _Place | None) -> str:
    if here is None or there is None or here == there:
        return ""
    angle = math.atan2(there[1] - here[1], there[0] - here[0])
    return _POINTS[round(angle / (math.pi / 4)) % len(_POINTS)]


def _middle(places: list[_Place]) -> _Place | None:
    if not places:
        return None
    xs, ys = zip(*places, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
