"""Sources and cameras against a real RTSP server that is killed, stalled and started again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.edge.camera.detecting import DetectingCamera
from nutgiao.edge.camera.live import LiveSource
from nutgiao.edge.camera.pipeline import DetectorPool
from nutgiao.edge.camera.source import Frame, FrameSource
from nutgiao.edge.camera.video import open_source
from nutgiao.edge.detect.detector import Detector, Sight
from nutgiao.models.contracts.messages import CameraHealth
from nutgiao.models.vision.cards import YOLOV8N_COCO
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import Box
from tests.support.rtsp import RtspStreet
from tests.support.scenes import site


@pytest.fixture
def street() -> Iterator[Callable[[str], RtspStreet]]:
    """Starts servers; all of them end with the test."""
    servers: list[RtspStreet] = []

    def start(codec: str = "h264") -> RtspStreet:
        servers.append(RtspStreet(codec))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


class Slow(Detector):
    """A detector that takes its time and sees nobody."""

    card = YOLOV8N_COCO

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def look(self, image: NDArray[np.uint8], tiles: Sequence[Box] = ()) -> Sight:
        time.sleep(self._seconds)
        return Sight(Detections.empty(), Detections.empty())


def until(true: Callable[[], bool], within_s: float) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def next_of(source: FrameSource) -> Frame:
    frame = source.read()
    assert frame is not None
    return frame


def test_a_stream_that_stalls_or_whose_server_dies_comes_back_by_itself(street: Callable[[], RtspStreet]) -> None:
    server = street()
    with open_source(server.address, "c1") as source:
        assert isinstance(source, LiveSource)
        assert next_of(source).image.shape == (180, 320, 3)
        assert source.decoder == "software"

        server.stall()
        time.sleep(8.0)  # the connection is open all the time: only the silence tells
        server.go_on()
        until(lambda: source.reconnects >= 1, 15.0)
        gone_on_s = time.time()
        until(lambda: next_of(source).time_s > gone_on_s, 20.0)

        server.kill()
        time.sleep(0.5)
        server.start()
        killed_s, before = time.time(), source.reconnects
        until(lambda: next_of(source).time_s > killed_s and source.reconnects > before, 20.0)


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(street: Callable[[], RtspStreet]) -> None:
    with open_source(street().address, "c1") as source:
        first, before = next_of(source), source.dropped  # a machine at work may have let some go already
        for _ in range(8):
            time.sleep(0.25)
            frame = next_of(source)
            assert time.time() - frame.time_s < 0.5  # what lay there longer than the next one was let go
        came = frame.index - first.index + 1
        assert source.dropped - before == pytest.approx(came - 9, abs=2)
        assert source.dropped - before > 20


def test_one_dead_camera_touches_no_other_and_frames_too_many_are_counted(street: Callable[[str], RtspStreet]) -> None:
    here, there = street("h264"), street("h265")
    where = site()
    camera = where.cameras[0]
    other = msgspec.structs.replace(camera, id="other")

    with DetectorPool([Slow(0.1)]) as pool:
        cameras = [
            DetectingCamera(where, one, pool, lambda s=server, c=one: open_source(s.address, c.id), time.time)
            for one, server in ((camera, here), (other, there))
        ]
        try:
            healths: Callable[[], list[CameraHealth]] = lambda: [one.health(time.time()) for one in cameras]  # noqa: E731
            until(lambda: all(health.frames >= 5 for health in healths()), 20.0)
            assert all(health.dropped > 0 for health in healths())  # 50 frames a second, ten looks
            there.kill()
            until(lambda: healths()[1].age_s > 1.0, 10.0)
            before = healths()[0].frames
            for _ in range(20):
                time.sleep(0.1)
                assert healths()[0].age_s < 1.0
            assert healths()[0].frames - before > 10  # now the detector is its own
            there.start()
            until(lambda: healths()[1].age_s < 1.0 and healths()[1].reconnects >= 1, 20.0)
            assert healths()[0].reconnects == 0
        finally:
            for one in cameras:
                one.close()
