from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.clocks import ClockBook, JumpWatch
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.ntp import NtpReading, read_ntp
from nutgiao.edge.violation.trace import CONTROLLER, PICTURE, SignalTrace
from nutgiao.models.contracts.messages import CameraHealth, ViolationReport, decode
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.detections import DetectedFrame
from tests.edge.test_node import evidence, uplink_to_nobody
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, drive, site


def lamps(trace: SignalTrace, seconds: int, late_s: float) -> None:
    """A controller that reports each second and a camera at ten frames a second whose stamps are late."""
    for t in range(seconds):
        for k in range(10 * t, 10 * t + 10):
            trace.report(k / 10 + late_s, {"g": RED if k / 10 % 60.0 >= 30.0 else GREEN}, PICTURE, 0.9)
        trace.report(float(t), {"g": RED if t % 60 >= 30 else GREEN}, CONTROLLER)


@pytest.mark.parametrize("late_s", [0.0, 0.3, 1.2])
def test_the_offset_of_a_camera_is_measured_and_stops_rules_beyond_the_bound(late_s: float) -> None:
    trace, book = SignalTrace(), ClockBook(["g"], 0.5, lambda: NtpReading(0.01, 0.05))
    lamps(trace, 400, late_s)
    note = book.second(400.0, 399, trace)
    assert note.camera_s is not None
    assert note.camera_sd_s is not None
    assert abs(note.camera_s - late_s) <= 0.5  # a status once a second cannot tell it better
    assert abs(note.camera_s - late_s) <= 2.0 * note.camera_sd_s
    assert bool(book.apart) == (late_s > 1.0)
    assert (note.controller_s, note.ntp_s, note.ntp_error_s, note.source) == (1.0, 0.01, 0.05, "kernel")
    red_s = trace.red_since("g", 40.0 + late_s)
    assert red_s is not None
    assert red_s >= 30.0 + late_s - 1e-6  # never earlier than the pictures can know


def test_a_clock_that_nobody_keeps_is_told_and_stops_nothing_and_one_that_is_off_stops() -> None:
    book = ClockBook(["g"], 0.5, lambda: None)
    assert book.second(0.0, None, SignalTrace()).source == "none"
    assert book.apart == ""
    off = ClockBook(["g"], 0.5, lambda: NtpReading(-1.4, 2.0))
    off.second(0.0, None, SignalTrace())
    assert "-1.40 s from its time servers" in off.apart


def test_the_kernel_is_asked_without_rights_and_its_units_are_read() -> None:
    reading = read_ntp()
    assert reading is None or reading.error_s >= 0.0

    def nano(into: object) -> int:
        into.offset, into.maxerror, into.status = 2_000_000, 30_000, 0x2001  # type: ignore[attr-defined]
        return 0

    assert read_ntp(nano) == NtpReading(-0.002, 0.03)
    assert read_ntp(lambda into: -1) is None


def test_controller_and_picture_that_differ_for_long_are_believed_by_nobody_and_told() -> None:
    trace = SignalTrace()
    for t in range(20):
        trace.report(float(t), {"g": RED}, CONTROLLER)
        trace.report(t + 0.1, {"g": GREEN if 8 <= t < 14 else RED}, PICTURE)
        assert trace.disputed(float(t)) == (["g"] if 11 <= t < 14 else [])
        if t >= 9:
            assert trace.red_since("g", 8.5) is None  # from the first difference on
    assert trace.red_since("g", 5.0) == 0.0
    assert trace.red_since("g", 10.0) is None
    assert trace.indication_at("g", 10.0) is Indication.UNKNOWN
    assert trace.red_since("g", 18.0) == 0.0
    assert trace.source_at("g", 18.0) == (CONTROLLER, None)


def test_the_picture_is_believed_where_the_controller_is_silent_or_does_not_know() -> None:
    trace = SignalTrace()
    for t in range(20):
        trace.report(float(t), {"g": RED}, PICTURE, 0.8 if t == 12 else 0.9)
        if t < 5 or t > 12:
            trace.report(float(t), {"g": GREEN if t < 5 else Indication.UNKNOWN})
    assert trace.source_at("g", 18.0) == (PICTURE, 0.8)
    assert trace.red_since("g", 18.0) == 0.0


def test_slewing_and_a_late_second_are_no_jump_and_a_set_clock_is() -> None:
    watch = JumpWatch()
    for wall_s, steady_s in ((0.0, 0.0), (1.0, 1.9), (2.0, 2.1), (3.0, 3.0), (4.0, 4.1)):
        assert watch.second(wall_s, steady_s) == (False, False)
    assert watch.second(3605.0, 5.1) == (True, True)
    assert watch.second(3606.0, 6.1) == (False, True)
    assert watch.second(3609.0, 9.1) == (False, False)


class Clock:
    steady = 0.0

    def next_second(self) -> float | None:
        return None

    def steady_s(self) -> float:
        return self.steady


class JumpingEye:
    """A camera whose stamps follow a wall clock that is set at a moment."""

    def __init__(self, jump_s: float, at_s: int) -> None:
        self._scene = Scene([Vehicle(drive(8.0, 11.0), 4.5)])
        self._jump_s, self._at_s, self._second = jump_s, at_s, 0

    def wall_s(self, t: float) -> float:
        return t + (self._jump_s if t >= self._at_s - 0.5 else 0.0)

    def frames(self) -> list[DetectedFrame]:
        t, self._second = self._second, self._second + 1
        frames = [self._scene.frame(float(t)), self._scene.frame(t + 0.5)]
        return [dataclasses.replace(one, time_s=START_S + self.wall_s(t + k / 2)) for k, one in enumerate(frames)]

    def lamps(self) -> list[LampNews]:
        return [LampNews(START_S + self.wall_s(self._second), "g", RED if self._second >= 8 else GREEN)]

    def health(self, now_s: float) -> CameraHealth:
        return CameraHealth(camera="cam", age_s=0.2, frames=1, dropped=0)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("jump_s", [0.0, 1.5, -1.5, 3600.0, -3600.0])
@pytest.mark.parametrize("at_s", [9, 11, 12])
def test_a_clock_that_jumps_in_mid_rule_brings_no_violation(jump_s: float, at_s: int, tmp_path: Path) -> None:
    eye, clock = JumpingEye(jump_s, at_s), Clock()
    uplink, outbox = uplink_to_nobody(tmp_path)
    perception = Perception(site(), "j1", "b1")
    node = Node(site(), clock, [eye], None, None, perception, evidence(site(), tmp_path), uplink, "0")
    for t in range(20):
        clock.steady = t + 1.0
        node.second(START_S + eye.wall_s(t) + 0.5)
    node.finish(START_S + eye.wall_s(20.0))
    sent = [decode(letter.payload) for letter in outbox.after(0, 1000)]
    reports = [message for message in sent if isinstance(message, ViolationReport)]
    assert len(reports) == (1 if math.isclose(jump_s, 0.0) else 0)
