"""Vehicle types of SUMO's demand files with all their defaults, as the queue kernel needs them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.queueing.network.physics import VehicleKind
from nutgiao.simulation.xml_elements import elements

DEFAULT_TYPE = "DEFAULT_VEHTYPE"

CLASS_DEFAULTS: dict[str, VehicleKind] = {
    "passenger": VehicleKind(),
    "emergency": VehicleKind(length_m=6.5, speed_sd=0.0),
    "authority": VehicleKind(speed_sd=0.0),
    "army": VehicleKind(speed_sd=0.0),
    "taxi": VehicleKind(speed_sd=0.05),
    "bus": VehicleKind(12.0, 2.5, 1.2, 4.0, 100 / 3.6, speed_sd=0.0),
    "coach": VehicleKind(14.0, 2.5, 2.0, 4.0, 100 / 3.6, speed_sd=0.05),
    "delivery": VehicleKind(length_m=6.5, speed_sd=0.05),
    "truck": VehicleKind(7.1, 2.5, 1.3, 4.0, 130 / 3.6, speed_sd=0.05),
    "trailer": VehicleKind(16.5, 2.5, 1.1, 4.0, 130 / 3.6, speed_sd=0.05),
    "motorcycle": VehicleKind(2.2, 2.5, 6.0, 10.0),
    "moped": VehicleKind(2.1, 2.5, 1.1, 7.0, 60 / 3.6),
    "bicycle": VehicleKind(1.6, 0.5, 1.2, 3.0, 50 / 3.6),
}
"""SUMO 1.28's defaults by class; classes that are not named are passenger cars."""

OCCUPANCY = {"bus": 30.0, "coach": 30.0, "tram": 80.0, "passenger": 1.5, "motorcycle": 1.2, "moped": 1.1, "taxi": 2.5}
"""Persons aboard by SUMO's class, rounded from common appraisal figures; one in any other vehicle. A road authority
should give its own."""

_ATTRIBUTES = {
    "length": "length_m",
    "minGap": "min_gap_m",
    "accel": "accel_mps2",
    "decel": "decel_mps2",
    "maxSpeed": "max_speed_mps",
    "sigma": "sigma",
    "tau": "tau_s",
    "speedDev": "speed_sd",
}
_NORMAL = re.compile(r"norm[c]?\(\s*([^,]+),\s*([^,)]+)")


def read_kinds(files: Iterable[Path]) -> dict[str, tuple[VehicleKind, str]]:
    """Every vehicle type of these files by id, with its SUMO class.

    Raises:
        ConfigError: if a figure is no number.
    """
    found: dict[str, tuple[VehicleKind, str]] = {DEFAULT_TYPE: (VehicleKind(), "passenger")}
    for path in files:
        for element in elements(path):
            types = element.iter("vType") if element.tag == "vTypeDistribution" else (element,)
            for vtype in types:
                if vtype.tag == "vType" and "refId" not in vtype.attrib:  # that one only names another
                    found[vtype.attrib["id"]] = _kind(path, dict(vtype.attrib))
    return found


def _kind(path: Path, attributes: dict[str, str]) -> tuple[VehicleKind, str]:
    vclass = attributes.get("vClass", "passenger")
    usual = CLASS_DEFAULTS.get(vclass, CLASS_DEFAULTS["passenger"])
    figures = {field: getattr(usual, field) for field in usual.__slots__}
    key = f"vType {attributes['id']}"
    try:
        for name, field in _ATTRIBUTES.items():
            if name in attributes:
                figures[field] = float(attributes[name])
        factor = attributes.get("speedFactor")
        if factor is not None:
            normal = _NORMAL.match(factor)
            figures["speed_factor"] = float(normal[1] if normal else factor)
            if normal:
                figures["speed_sd"] = float(normal[2])
    except ValueError as error:
        raise ConfigError(str(path), None, key, f"{error}.", "Give numbers, or normc(mean, deviation, …).") from error
    return VehicleKind(**figures), vclass
