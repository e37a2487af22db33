"""Demand from telemetry: what left plus what now stands there."""

from __future__ import annotations

import pytest

from nutgiao.central.flows import FlowMeter
from nutgiao.models.contracts.messages import LaneState, LaneTelemetry


def second(time_s: float, departures: float, queue: float) -> LaneTelemetry:
    lane = LaneState(
        lane="m0", approach="M", queue_veh=0, queue_mcu=queue, ahead_veh=0, back_of_queue_m=0.0, departures_veh=0,
        departures_mcu=departures, arrivals_mcu=0.0, occupancy=0.0, speed_mps=None, beyond_view=False, quality=1.0,
    )  # fmt: skip
    head = {"id": f"x-b-{time_s}", "node": "x", "boot": "b", "seq": int(time_s), "expires_s": time_s + 10}
    return LaneTelemetry(**head, time_s=time_s, lanes=(lane,))


def test_departures_alone_while_the_queue_stays() -> None:
    meter = FlowMeter()
    for t in range(400):
        meter.tell(second(float(t), 0.5, 12.0))
    assert meter.flows("x", 399.0) == {"m0": pytest.approx(1800.0)}


def test_a_growing_queue_is_demand_that_was_not_served() -> None:
    meter = FlowMeter()
    for t in range(400):
        meter.tell(second(float(t), 0.5, 0.1 * t))
    flows = meter.flows("x", 399.0)
    assert flows is not None
    assert flows["m0"] == pytest.approx(1800.0 + 360.0, rel=0.01)


def test_the_rise_and_fall_within_a_cycle_is_no_demand() -> None:
    meter = FlowMeter()
    for t in range(400):
        meter.tell(second(float(t), 0.5, float(t % 60)))
    flows = meter.flows("x", 399.0)
    assert flows is not None
    assert flows["m0"] == pytest.approx(1800.0, rel=0.02)


def test_later_news_does_not_change_what_was_known_then() -> None:
    meter = FlowMeter()
    for t in range(301):
        meter.tell(second(float(t), 0.5, 0.0))
    before = meter.flows("x", 300.0)
    meter.tell(second(301.0, 500.0, 0.0))
    assert meter.flows("x", 300.0) == before


def test_half_a_window_is_needed() -> None:
    meter = FlowMeter()
    for t in range(100):
        meter.tell(second(float(t), 0.5, 0.0))
    assert meter.flows("x", 99.0) is None
    assert meter.flows("elsewhere", 99.0) is None
