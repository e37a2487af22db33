"""Simulated buses and ambulances ask real lights in SUMO for priority."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nutgiao.cli.control_priority import PriorityMaker
from nutgiao.cli.controllers import HorizonMaker
from nutgiao.models.contracts.priority import PriorityRecord, PriorityState, PriorityVehicle, RequestType
from nutgiao.models.queueing.junction.calls import PriorityCall
from nutgiao.models.queueing.junction.seen import Seen, Showing
from nutgiao.models.queueing.junction.tables import I4
from nutgiao.simulation.control.drive import Drive, Loop, drive
from nutgiao.simulation.control.lights import Lights
from nutgiao.simulation.control.radio import Radio
from nutgiao.simulation.scenario import Scenario
from nutgiao.simulation.variant import Setup
from tests.support.junction_nets import NORTH_IN, SOUTH_OUT, junction, scenario, vehicle
from tests.support.priority_streets import TYPES, bus_street

RADIO = Radio(("bus", "emergency"))
NORTH_SOUTH = 0


class Listens:
    """Keeps what it hears, and always wishes for the same stage."""

    heard: list[tuple[float, PriorityCall]]
    cooled = 0  # so many messages are answered: not yet

    def __init__(self, lights: Lights) -> None:
        Listens.heard = []
        self._stages = lights.light_stage[:-1] + NORTH_SOUTH

    def hear(self, calls: Sequence[PriorityCall], now_s: float) -> frozenset[str]:
        Listens.heard += [(now_s, call) for call in calls]
        return frozenset(call.ask.request for call in calls if len(Listens.heard) <= Listens.cooled)

    def records(self) -> tuple[PriorityRecord, ...]:
        return ()

    def choose(self, seen: Seen, showing: Showing) -> I4:
        return self._stages.astype(np.int32)


def heard(made: Scenario, radio: Radio = RADIO) -> tuple[Drive, list[tuple[float, PriorityCall]]]:
    found = drive(Setup(made), 1, Loop(Listens, radio=radio))
    return found, Listens.heard


def one_bus(folder: Path, stop: str = "") -> Scenario:
    north = f"{NORTH_IN} {SOUTH_OUT}"
    bus = vehicle("bus", 10, north, 'type="line"', stop)
    return scenario(junction(folder), *TYPES, vehicle("car", 5, north), bus, end_s=120.0)


def test_a_bus_asks_before_the_line_tells_when_it_comes_and_cancels_behind_it(tmp_path: Path) -> None:
    found, calls = heard(one_bus(tmp_path), Radio(("line",), within_m=120.0))
    kinds = [call.ask.type for _, call in calls]
    assert kinds[0] is RequestType.NEW
    assert kinds[-1] is RequestType.CANCEL
    assert set(kinds[1:-1]) == {RequestType.UPDATE}
    assert {call.ask.request for _, call in calls} == {"bus@A0/0"}
    (asked_s, first), (left_s, _) = calls[0], calls[-1]
    assert (first.ask.connection, first.ask.approach) == (f"{NORTH_IN}>{SOUTH_OUT}", NORTH_IN)
    assert first.ask.vehicle_type is PriorityVehicle.BUS
    assert first.ask.eta_s is not None
    assert abs(asked_s + first.ask.eta_s - left_s) <= 3.0
    assert 5.0 < first.ask.eta_s < 15.0
    assert found.rides[0].crossed
    assert found.rides[0].stood_s == 0.0


def test_a_bus_that_lets_people_in_before_the_line_asks_when_it_drives_on(tmp_path: Path) -> None:
    _, calls = heard(one_bus(tmp_path, f'<stop lane="{NORTH_IN}_0" endPos="120" duration="25"/>'))
    free, _ = heard(one_bus(tmp_path))
    first_s, ask = calls[0][0], calls[0][1].ask
    assert first_s > free.rides[0].begun_s + 25.0
    assert ask.eta_s is not None
    assert abs(first_s + ask.eta_s - calls[-1][0]) <= 3.0


def test_who_gets_nowhere_says_so_every_few_seconds_and_asks_ever_more_urgently(tmp_path: Path) -> None:
    west = vehicle("bus", 10, more='type="line"')
    _, calls = heard(scenario(junction(tmp_path), *TYPES, west, end_s=160.0))
    said_s = np.array([at_s for at_s, _ in calls])
    levels = [call.ask.level for _, call in calls]
    assert np.diff(said_s).max() <= 5.0
    assert levels == sorted(levels)
    assert levels[-1] >= 4


def test_who_is_told_to_wait_asks_again_under_another_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listens, "cooled", 1)
    _, calls = heard(one_bus(tmp_path))
    kinds = [call.ask.type for _, call in calls]
    assert kinds[:2] == [RequestType.NEW, RequestType.NEW]
    assert calls[1][0] - calls[0][0] == 10.0
    assert calls[0][1].ask.request != calls[1][1].ask.request == calls[-1][1].ask.request
    assert calls[0][1].links == calls[1][1].links


@pytest.mark.parametrize("detection", ["perfect", "camera", "loops"])
def test_buses_and_ambulances_come_first_with_every_detection_and_no_rule_is_broken(
    detection: str, tmp_path: Path
) -> None:
    setup = Setup(bus_street(tmp_path, 500.0, 50, ambulances=2))
    alone, first = (
        drive(setup, 1, Loop(make, detection=detection, radio=RADIO))
        for make in (HorizonMaker(), PriorityMaker(HorizonMaker()))
    )
    assert len(alone.rides) == len(first.rides) == len(first.priority) == 10
    assert alone.priority == ()
    lost_s = [np.mean([ride.lost_s for ride in one.rides]) for one in (alone, first)]
    assert lost_s[1] < 0.6 * lost_s[0]
    helped = [ride for ride in first.rides if ride.vehicle_type is PriorityVehicle.EMERGENCY]
    assert all(ride.crossed and ride.lost_s < 12.0 for ride in helped)
    assert first.refused == {}
    assert (first.trial.collisions, first.trial.emergency_brakings) == (0, alone.trial.emergency_brakings)
    assert {one.state for one in first.priority} <= {PriorityState.COMPLETED, PriorityState.STALE}
    assert max(one.harm_person_s for one in first.priority if one.vehicle_type is PriorityVehicle.BUS) <= 700.0
