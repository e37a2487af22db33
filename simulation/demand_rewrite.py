"""Copies of a scenario's demand files with other vehicle types or without some vehicles."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nutgiao.simulation.scenario import VEHICLES, Scenario
from nutgiao.simulation.vehicle_kinds import DEFAULT_TYPE
from nutgiao.simulation.vehicles import TYPES
from nutgiao.simulation.xml_elements import elements

PRIVATE = frozenset({"passenger", "private", "hov", "evehicle"})
"""SUMO's classes of private vehicles."""

TIMETABLED = frozenset({"bus", "coach", "tram", "rail_urban", "subway", "rail", "rail_electric", "rail_fast"})
"""SUMO's classes of public transport: its number follows the timetable, not the demand."""

Rewrite = Callable[[ET.Element], ET.Element | None]
"""Gives the element as it is to be, or None to leave it out; one that stays comes back as the same object."""


def rewritten(scenario: Scenario, folder: Path, rewrite: Rewrite, first: Sequence[ET.Element] = ()) -> Scenario:
    """The scenario with its demand rewritten; files without a change stay where they are.

    Args:
        scenario: whose additional and route files are gone through.
        folder: for the copies.
        rewrite: of each element below a file's root.
        first: elements that SUMO reads before all others.
    """
    additional, routes = (
        tuple(_copied(path, folder / f"{kind}{number}.xml", root, rewrite) for number, path in enumerate(paths))
        for kind, root, paths in (
            ("additional", "additional", scenario.additional),
            ("demand", "routes", scenario.routes),
        )
    )
    if first:
        head = folder / "types.add.xml"
        _write(head, "additional", first)
        additional = (head, *additional)
    return replace(scenario, additional=additional, routes=routes)


def _copied(path: Path, copy: Path, root: str, rewrite: Rewrite) -> Path:
    changed = False
    with copy.open("w", encoding="utf-8") as out:
        out.write(f"<{root}>\n")
        for element in elements(path):
            made = rewrite(element)
            changed |= made is not element
            if made is not None:
                made.tail = "\n"
                out.write(ET.tostring(made, encoding="unicode"))
        out.write(f"</{root}>\n")
    if changed:
        return copy
    copy.unlink()
    return path


def _write(path: Path, root: str, found: Sequence[ET.Element]) -> None:
    whole = ET.Element(root)
    whole.extend(found)
    ET.ElementTree(whole).write(path, encoding="utf-8")


def without(vehicles: frozenset[str]) -> Rewrite:
    """Leaves out vehicles, trips and flows with these ids."""
    return lambda one: None if one.tag in VEHICLES and one.get("id") in vehicles else one


def on_timetable(factor: float) -> Rewrite:
    """Takes the factor on the demand away again from the types of public transport."""

    def rewrite(one: ET.Element) -> ET.Element:
        public = [vtype for vtype in one.iter("vType") if vtype.get("vClass") in TIMETABLED]
        if not public:
            return one
        made = ET.fromstring(ET.tostring(one))  # noqa: S314 - a copy
        for vtype in made.iter("vType"):
            if vtype.get("vClass") in TIMETABLED:
                vtype.set("scale", f"{float(vtype.get('scale', 1.0)) / factor:.12g}")
        return made

    return rewrite


class Motorcycles:
    """Puts a share of the private vehicles on motorcycles of this project's type; SUMO draws who.

    Each private type becomes a distribution of the same name, with itself and a motorcycle in it.

    Args:
        scenario: whose types are looked at.
        share: of motorcycles.
    """

    def __init__(self, scenario: Scenario, share: float) -> None:
        self._share = share
        self._weight: dict[str, float] = {}
        named = False
        for path in (*scenario.additional, *scenario.routes):
            for element in elements(path):
                for vtype in element.iter("vType"):
                    name = vtype.get("id")
                    named |= name == DEFAULT_TYPE
                    if name is not None and vtype.get("vClass", "passenger") in PRIVATE:
                        self._weight[name] = float(vtype.get("probability", 1.0))
                named |= element.get("id") == DEFAULT_TYPE
        default = ET.Element("vType", id=DEFAULT_TYPE, vClass="passenger")
        self.first = () if named or share == 0.0 else (self._distribution(default),)
        """For vehicles that name no type."""

    def rewrite(self, one: ET.Element) -> ET.Element:
        """A type or distribution with motorcycles; anything else stays."""
        if self._share == 0.0 or one.tag not in ("vType", "vTypeDistribution"):
            return one
        if one.tag == "vType":
            return self._distribution(one) if one.attrib["id"] in self._weight else one
        made = ET.Element("vTypeDistribution", {k: v for k, v in one.attrib.items() if k in ("id", "deterministic")})
        names = one.get("vTypes", "").split()
        weights = [float(weight) for weight in one.get("probabilities", "").split()]
        for number, name in enumerate(names):
            weight = weights[number] if number < len(weights) else self._weight.get(name, 1.0)
            made.extend(self._references(name, weight))
        for child in one:
            weight = float(child.get("probability", 1.0))
            if child.tag != "vType":
                made.append(child)
            elif child.get("id") in self._weight:
                made.extend(self._members(child, weight))
            elif child.get("refId") in self._weight:
                made.extend(self._references(child.attrib["refId"], weight))
            else:
                made.append(child)
        return made

    def _distribution(self, vtype: ET.Element) -> ET.Element:
        made = ET.Element("vTypeDistribution", id=vtype.attrib["id"])
        made.extend(self._members(vtype, 1.0))
        return made

    def _members(self, vtype: ET.Element, weight: float) -> list[ET.Element]:
        ride = ET.fromstring(TYPES["motorcycle"].xml())  # noqa: S314 - written by ourselves
        stay = ET.fromstring(ET.tostring(vtype))  # noqa: S314 - a copy
        if "scale" in vtype.attrib:
            ride.set("scale", vtype.attrib["scale"])
        names = self._names(vtype.attrib["id"])
        both = [(stay, names[0], 1.0 - self._share), (ride, names[1], self._share)]
        for one, name, share in both:
            one.set("id", name)
            one.set("probability", f"{weight * share:.10g}")
            one.tail = None
        return [one for one, _, share in both if share > 0.0]

    def _references(self, name: str, weight: float) -> list[ET.Element]:
        if name not in self._weight:
            return [ET.Element("vType", refId=name, probability=f"{weight:.10g}")]
        both = zip(self._names(name), (1.0 - self._share, self._share), strict=True)
        return [
            ET.Element("vType", refId=one, probability=f"{weight * share:.10g}") for one, share in both if share > 0.0
        ]

    @staticmethod
    def _names(name: str) -> tuple[str, str]:
        return f"{name}.as-before", f"{name}.motorcycle"
