"""The road users of the street: SUMO vehicle types with sizes, driving style and the ways in which some break rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from nutgiao.models.contracts.words import VehicleClass

STYLE: dict[VehicleClass, dict[str, str]] = {
    VehicleClass.MOTORCYCLE: {
        "vClass": "motorcycle", "minGap": "0.4", "accel": "2.6", "decel": "4.5", "tau": "1.0", "sigma": "0.4",
        "speedFactor": "normc(0.75,0.12,0.4,1.05)", "maxSpeed": "22", "latAlignment": "arbitrary", "minGapLat": "0.1",
        "maxSpeedLat": "1.5", "lcStrategic": "0.5", "lcSublane": "2", "lcPushy": "0.6", "lcAssertive": "1",
        "lcImpatience": "0.5", "lcAccelLat": "2", "lcMaxSpeedLatStanding": "0.4",
    },
    VehicleClass.BICYCLE: {
        "vClass": "bicycle", "minGap": "0.5", "accel": "1.2", "decel": "3", "tau": "1", "sigma": "0.5",
        "speedFactor": "normc(1,0.1,0.6,1.2)", "maxSpeed": "4.2", "latAlignment": "right", "minGapLat": "0.2",
        "maxSpeedLat": "0.8", "lcMaxSpeedLatStanding": "0.2",
    },
    VehicleClass.CAR: {
        "vClass": "passenger", "minGap": "1.0", "accel": "2.2", "decel": "4.5", "tau": "1", "sigma": "0.5",
        "speedFactor": "normc(0.78,0.10,0.45,1.05)", "maxSpeed": "25", "latAlignment": "center", "minGapLat": "0.35",
        "maxSpeedLat": "0.8",
    },
    VehicleClass.BUS: {
        "vClass": "bus", "minGap": "1.5", "accel": "1.2", "decel": "4", "tau": "1.1", "sigma": "0.3",
        "speedFactor": "normc(0.7,0.06,0.45,0.9)", "maxSpeed": "18", "latAlignment": "center", "minGapLat": "0.4",
        "maxSpeedLat": "0.6",
    },
    VehicleClass.TRUCK: {
        "vClass": "truck", "minGap": "1.5", "accel": "1.3", "decel": "4", "tau": "1.1", "sigma": "0.4",
        "speedFactor": "normc(0.7,0.08,0.4,0.95)", "maxSpeed": "20", "latAlignment": "center", "minGapLat": "0.4",
        "maxSpeedLat": "0.6",
    },
    VehicleClass.PEDESTRIAN: {"vClass": "pedestrian", "maxSpeed": "2.0", "speedFactor": "normc(0.62,0.08,0.4,0.9)"},
}  # fmt: skip
"""Driving style per class: the set of the sublane measurements that filters to the front; ``lcAssertive`` 1 because
higher values multiplied emergency brakings by 25, ``tau`` never below `ACTION_STEP_S` because that multiplied
collisions."""

SIZE_M: dict[VehicleClass, tuple[float, float, float]] = {
    VehicleClass.MOTORCYCLE: (1.9, 0.7, 1.65),
    VehicleClass.BICYCLE: (1.7, 0.6, 1.65),
    VehicleClass.CAR: (4.3, 1.6, 1.5),
    VehicleClass.BUS: (11.0, 2.5, 3.1),
    VehicleClass.TRUCK: (7.0, 2.2, 2.8),
    VehicleClass.PEDESTRIAN: (0.4, 0.5, 1.65),
}
"""Length, width, height of a class, metres; a rider sits on the machine."""

ACTION_STEP_S = "1.0"
"""Drivers decide once a second and move every half: a quarter less time per vehicle and step (30 against 41 µs). Bodies
overlapped in 76 vehicle steps of 820,000, with 0.5 s in 49 of 750,000; ``tau`` must not be shorter than this."""

LAWFUL_GAP_M = {VehicleClass.MOTORCYCLE: 2.6, VehicleClass.BICYCLE: 2.6}
"""How far from the crosswalk a lawful two-wheeler stands: in the waiting area ahead of the four-wheelers' line."""


@dataclass(frozen=True, slots=True)
class Type:
    """A SUMO vehicle type.

    Attributes:
        id: its name; the class, or class and habit.
        vehicle_class: class of the road user.
        style: attributes that differ from the class's `STYLE`.
    """

    id: str
    vehicle_class: VehicleClass
    style: dict[str, str] = field(default_factory=dict)

    @property
    def size_m(self) -> tuple[float, float, float]:
        """Length, width and height, metres."""
        return SIZE_M[self.vehicle_class]

    def xml(self) -> str:
        """The ``vType`` element."""
        length, width, height = self.size_m
        gap = LAWFUL_GAP_M.get(self.vehicle_class)
        attributes = {"length": f"{length}", "width": f"{width}", "height": f"{height}"} | STYLE[self.vehicle_class]
        if self.vehicle_class is not VehicleClass.PEDESTRIAN:
            attributes["actionStepLength"] = ACTION_STEP_S
        if gap is not None:
            attributes["jmStoplineGap"] = f"{gap}"
        text = " ".join(f'{key}="{value}"' for key, value in (attributes | self.style).items())
        return f'<vType id="{self.id}" {text}/>'


def _types() -> dict[str, Type]:
    motorcycle, car = VehicleClass.MOTORCYCLE, VehicleClass.CAR
    fast = {"speedFactor": "normc(1.28,0.08,1.15,1.5)"}
    # Starting to run only shortly after the lamp went red, as most do; "runner" goes whenever the way looks free.
    late = {"jmDriveAfterRedTime": "3.0", "jmDriveAfterYellowTime": "3", "jmDriveRedSpeed": "11"}
    runner = {
        "jmDriveAfterRedTime": "120",
        "jmDriveAfterYellowTime": "3",
        "jmDriveRedSpeed": "6",
        "jmIgnoreFoeProb": "0",
    }
    every = [
        *(Type(vehicle_class.value, vehicle_class) for vehicle_class in VehicleClass),
        Type("motorcycle_late", motorcycle, late),
        Type("motorcycle_runner", motorcycle, runner | {"jmStoplineGap": "0.3"}),
        Type("motorcycle_overrun", motorcycle, {"jmStoplineGap": "0.2"}),
        Type("motorcycle_fast", motorcycle, fast),
        Type("motorcycle_wrong_way", motorcycle, {"speedFactor": "normc(0.55,0.1,0.35,0.8)"}),
        Type("car_late", car, late),
        # Goes through on amber as long as it lasts; see nutgiao.simulation.breakers_amber
        Type("motorcycle_amber", motorcycle, {"jmDriveAfterYellowTime": "5"}),
        Type("car_amber", car, {"jmDriveAfterYellowTime": "5"}),
        # Goes into the junction though its exit is not clear
        Type("motorcycle_box", motorcycle, {"jmIgnoreKeepClearTime": "0"}),
        Type("car_box", car, {"jmIgnoreKeepClearTime": "0"}),
        # To SUMO somebody on foot, who alone may be on a pavement
        Type("motorcycle_pavement", motorcycle, {"vClass": "pedestrian", "speedFactor": "normc(0.45,0.08,0.3,0.6)"}),
        # vClass evehicle is exempt from the painted line (stopOffset) in the network
        Type("car_overrun", car, {"vClass": "evehicle", "jmStoplineGap": "3.0"}),
        Type("car_fast", car, fast),
    ]
    return {one.id: one for one in every}


TYPES: dict[str, Type] = _types()
"""Every vehicle type by its id."""
