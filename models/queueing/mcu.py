"""Motorcycle-equivalent units and footprints: how much of a street each kind of road user takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nutgiao.models.contracts.words import CLASSES, VehicleClass

MCU: dict[VehicleClass, float] = {
    VehicleClass.MOTORCYCLE: 1.0,
    VehicleClass.BICYCLE: 1.4,
    VehicleClass.CAR: 3.4,
    VehicleClass.TRUCK: 8.3,
    VehicleClass.BUS: 10.5,
    VehicleClass.PEDESTRIAN: 0.0,
}
"""Motorcycles that take as long to discharge, measured in Hanoi (ASCE J. Transp. Eng. 138(6), 2012); fit to a site."""

FOOTPRINT_M: dict[VehicleClass, tuple[float, float]] = {
    VehicleClass.MOTORCYCLE: (1.9, 0.7),
    VehicleClass.BICYCLE: (1.7, 0.6),
    VehicleClass.CAR: (4.4, 1.8),
    VehicleClass.TRUCK: (7.5, 2.3),
    VehicleClass.BUS: (11.0, 2.5),
    VehicleClass.PEDESTRIAN: (0.4, 0.5),
}
"""Typical length and width in metres."""

MCU_BY_CODE: NDArray[np.float64] = np.array([MCU[c] for c in CLASSES])
LENGTH_BY_CODE_M: NDArray[np.float64] = np.array([FOOTPRINT_M[c][0] for c in CLASSES])
WIDTH_BY_CODE_M: NDArray[np.float64] = np.array([FOOTPRINT_M[c][1] for c in CLASSES])
