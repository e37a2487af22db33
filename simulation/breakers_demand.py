"""Vietnam's road users on anybody's network: a demand with types drawn anew, some of which break rules."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nutgiao.models.contracts.words import TWO_WHEELERS, VehicleClass
from nutgiao.simulation.demand import WORKDAY, Profile
from nutgiao.simulation.networks.build import LINE_SETBACK_M
from nutgiao.simulation.scenario import VEHICLES
from nutgiao.simulation.vehicles import TYPES, Type
from nutgiao.simulation.xml_elements import elements

LAWFUL = frozenset({one.value for one in VehicleClass})
"""Types that break no rule on purpose; each is named after its class."""

CAR_GAP_M = LINE_SETBACK_M + 0.5
"""Where no line is painted in the network, a lawful four-wheeler stops so far before the lane's end."""


def lawful(profile: Profile) -> Profile:
    """The same traffic with nobody who breaks a rule: each breaker drives as the others of the class do."""
    shares: dict[str, float] = {}
    for name, share in profile.shares.items():
        kind = TYPES[name].vehicle_class.value
        if kind != VehicleClass.MOTORCYCLE:  # the motorcycle takes the rest
            shares[kind] = shares.get(kind, 0.0) + share
    return dataclasses.replace(profile, shares=shares, wrong_way_per_h=0.0)


def broken(profile: Profile) -> Profile:
    """The same traffic with further breakers of rules that nobody on the street of the demonstration breaks."""
    return dataclasses.replace(profile, shares=profile.shares | {"motorcycle_amber": 0.12, "car_amber": 0.03})


def mixed_demand(
    routes: Sequence[Path], seed: int, out_dir: Path, shares: Mapping[str, float] = WORKDAY.shares
) -> Path:
    """Writes a demand again with each vehicle's type drawn anew.

    Args:
        routes: demand files.
        seed: the same seed gives the same file.
        out_dir: folder for the file.
        shares: share of each type; the motorcycle takes the rest.

    Returns:
        Path of ``mixed.rou.xml``.
    """
    random = np.random.default_rng((0x62726B, seed))
    names = ["motorcycle", *shares]
    chances = [1.0 - sum(shares.values()), *shares.values()]
    root = ET.Element("routes")
    for one in TYPES.values():
        root.append(ET.fromstring(_on_any_road(one).xml()))  # noqa: S314 - our own text
    for path in routes:
        for element in elements(path):
            if element.tag == "vType":
                continue
            copy = ET.fromstring(ET.tostring(element))  # noqa: S314 - the iterator clears its elements
            if element.tag in VEHICLES:
                kind = names[int(random.choice(len(names), p=chances))]
                copy.set("type", kind)
                copy.set("departLane", "best")
                copy.set("departSpeed", "desired")
                two_wheeler = TYPES[kind].vehicle_class in TWO_WHEELERS
                copy.set("departPosLat", "random_free" if two_wheeler else "center")
            root.append(copy)
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / "mixed.rou.xml"
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def _on_any_road(one: Type) -> Type:
    """A type that stops before a line that the network does not have."""
    if one.vehicle_class in TWO_WHEELERS or one.vehicle_class is VehicleClass.PEDESTRIAN:
        return one
    style = {"jmStoplineGap": f"{CAR_GAP_M}"} | one.style
    style.pop("vClass", None)  # the class that our own street's painted line does not bind
    return dataclasses.replace(one, style=style)
