"""Where the vehicles of a demand enter."""

from __future__ import annotations

from nutgiao.simulation.scenario import VEHICLES, Scenario
from nutgiao.simulation.xml_elements import elements

UNKNOWN = "unknown edge"
"""For vehicles between zones or junctions: SUMO chooses their edge when they enter."""


def entrances(scenario: Scenario) -> dict[str, str]:
    """Vehicle, trip or flow to the edge on which it enters; those between zones or junctions are left out."""
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for path in (*scenario.additional, *scenario.routes):
        for element in elements(path):
            if element.tag == "route":
                first[element.attrib["id"]] = element.attrib["edges"].split()[0]
            elif element.tag == "routeDistribution":
                edges = [route.get("edges", "").split() for route in element.findall("route")]
                starts = {some[0] for some in edges if some}
                if len(starts) == 1:
                    first[element.attrib["id"]] = starts.pop()
            elif element.tag in VEHICLES:
                own = element.find("route")
                edges_text = own.get("edges", "") if own is not None else ""
                start = (
                    edges_text.split()[0] if edges_text else first.get(element.get("route", ""), element.get("from"))
                )
                if start:
                    found[element.attrib["id"]] = start
    return found
