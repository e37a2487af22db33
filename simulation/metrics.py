"""The figures of a finished run: delay of everyone, those who never got in too, stops, side streets, walkers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import numpy as np

from nutgiao.models.contracts.errors import SimulationFailed
from nutgiao.simulation.vehicles import TYPES


class RunMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was like, over the road users who were scheduled to set out in the measured period.

    Attributes:
        vehicles: how many were scheduled.
        inserted: how many of them got into the network at all.
        mean_delay_s: time lost against their own free speed, plus waiting to get in; unfinished trips count as far as
            they came.
        delay_by_class_s: the same by class.
        stops_per_vehicle: times a vehicle came to a stand.
        delay_by_origin_s: mean delay by the origin's name.
        worst_side_street: origin with the longest mean delay among the side streets.
        worst_side_street_delay_s: its mean delay.
        pedestrian_wait_s: mean time that people stood while crossing.
        pedestrians: how many.
        throughput_veh_per_h: vehicles that left the network within the period.
        collisions: pairs that touched, whole run.
        teleports: vehicles that SUMO lifted out of a jam, whole run.
        emergency_brakings: brakings harder than a vehicle's comfortable limit, whole run.
    """

    vehicles: int
    inserted: int
    mean_delay_s: float
    delay_by_class_s: dict[str, float]
    stops_per_vehicle: float
    delay_by_origin_s: dict[str, float]
    worst_side_street: str
    worst_side_street_delay_s: float
    pedestrian_wait_s: float
    pedestrians: int
    throughput_veh_per_h: float
    collisions: int
    teleports: int
    emergency_brakings: int


def run_metrics(
    tripinfo: Path, statistics: Path, measure_begin_s: float, measure_end_s: float, run_end_s: float, collisions: int
) -> RunMetrics:
    """Reads SUMO's outputs of a closed street.

    Args:
        tripinfo: trips, unfinished and never inserted ones included.
        statistics: SUMO's own counts.
        measure_begin_s: start of the measured period (what was scheduled before it is warm-up), seconds since midnight.
        measure_end_s: its end.
        run_end_s: when the simulation stopped.
        collisions: from `Street.mishaps`; SUMO counts a pair again in every step.

    Raises:
        SimulationFailed: if a file is missing or incomplete: the street was not closed.
    """
    try:
        trips = ET.parse(tripinfo).getroot()  # noqa: S314 - our own SUMO wrote it
        totals = ET.parse(statistics).getroot()  # noqa: S314
    except (OSError, ET.ParseError) as error:
        raise SimulationFailed(
            f"{tripinfo} and {statistics} must be complete: close the street first ({error})"
        ) from error
    delays, stops, classes, origins = [], [], [], []
    inserted = finished = 0
    for trip in trips.iter("tripinfo"):
        name, depart = trip.attrib["id"], float(trip.attrib["depart"])
        if name.startswith("alley"):
            continue
        late = float(trip.attrib["departDelay"])
        departed = depart >= 0.0
        if measure_begin_s <= float(trip.attrib["arrival"]) < measure_end_s:
            finished += 1
        scheduled = (depart if departed else run_end_s) - late
        if not measure_begin_s <= scheduled < measure_end_s:
            continue
        inserted += departed
        delays.append((float(trip.attrib["timeLoss"]) if departed else 0.0) + late)
        stops.append(int(trip.attrib["waitingCount"]) if departed else 1)
        classes.append(TYPES[trip.attrib["vType"]].vehicle_class)
        origins.append(name.rsplit("_", 1)[0])
    waits = [
        float(walk.attrib["timeLoss"]) if walk.get("waitingTime") is None else float(walk.attrib["waitingTime"])
        for person in trips.iter("personinfo")
        if measure_begin_s <= float(person.attrib["depart"]) < measure_end_s
        for walk in person.iter("walk")
    ]
    by_origin = _means(origins, delays)
    sides = {origin: delay for origin, delay in by_origin.items() if origin[0] in "NS"}
    worst = max(sides, key=lambda origin: sides[origin], default="")
    safety = totals.find("safety")
    return RunMetrics(
        vehicles=len(delays),
        inserted=inserted,
        mean_delay_s=_mean(delays),
        delay_by_class_s=_means([c.value for c in classes], delays),
        stops_per_vehicle=_mean([float(n) for n in stops]),
        delay_by_origin_s=by_origin,
        worst_side_street=worst,
        worst_side_street_delay_s=sides.get(worst, 0.0),
        pedestrian_wait_s=_mean(waits),
        pedestrians=len(waits),
        throughput_veh_per_h=round(finished * 3600.0 / (measure_end_s - measure_begin_s), 1),
        collisions=collisions,
        teleports=int(totals.find("teleports").get("total", 0)),  # type: ignore[union-attr]
        emergency_brakings=int(safety.get("emergencyBraking", 0)) if safety is not None else 0,
    )


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 3) if values else 0.0


def _means(keys: list[str], values: list[float]) -> dict[str, float]:
    table: dict[str, list[float]] = {}
    for key, value in zip(keys, values, strict=True):
        table.setdefault(key, []).append(value)
    return {key: _mean(table[key]) for key in sorted(table)}
