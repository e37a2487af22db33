from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nutgiao.edge.camera.pipeline import DetectorPool, Feed
from nutgiao.edge.camera.reading import Reading
from nutgiao.edge.camera.source import Frame
from nutgiao.edge.detect.detector import Detector, Look, Sight
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost
from nutgiao.models.vision.cards import YOLOV8N_COCO
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import Box, Tiling


class Slow(Detector):
    """A detector that takes as long as the test says for each picture; the picture's first value is its number."""

    card = YOLOV8N_COCO

    def __init__(self, takes_s: list[float], gate: threading.Event | None = None) -> None:
        self.takes_s, self.gate = takes_s, gate
        self.looked: list[int] = []

    def look(self, image: np.ndarray, tiles: Sequence[Box] = ()) -> Sight:
        number = int(image[0, 0, 0])
        if self.gate is not None:
            self.gate.wait(5.0)
        time.sleep(self.takes_s[number % len(self.takes_s)])
        self.looked.append(number)
        if number == 255:
            raise RuntimeError("the network chokes")
        return Sight(Detections.empty(), Detections.empty())


class Numbered(Closing):
    """A file of numbered pictures that may end with an error."""

    camera, fps, dropped, reconnects, decoder = "numbered", 10.0, 0, 0, "none"

    def __init__(self, count: int, ends_with: Exception | None = None) -> None:
        self.frames_expected: int | None = count
        self.count, self.ends_with = 0, ends_with

    def read(self) -> Frame | None:
        if self.count == self.frames_expected:
            if self.ends_with is not None:
                raise self.ends_with
            return None
        frame = picture(self.count)
        self.count += 1
        return frame

    def close(self) -> None: ...


def picture(number: int, camera: str = "numbered") -> Frame:
    return Frame(camera, float(number), number, np.full((2, 2, 3), number, np.uint8))


def wait_until_begun(feed: Feed) -> None:
    while feed.begun == 0:
        time.sleep(0.001)


def taken(feed: Feed) -> list[int]:
    numbers = []
    while (looked := feed.take()) is not None:
        numbers.append(looked.frame.index)
    return numbers


@settings(max_examples=15)
@given(
    takes_ms=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    detectors=st.integers(1, 4),
    count=st.integers(0, 25),
)
def test_every_frame_of_a_file_comes_once_and_in_order_however_long_each_takes(
    takes_ms: list[int], detectors: int, count: int
) -> None:
    takes_s = [ms / 1000.0 for ms in takes_ms]
    with DetectorPool([Slow(takes_s) for _ in range(detectors)]) as pool:
        reading = Reading(Numbered(count), pool)
        numbers = []
        while (looked := reading.next()) is not None:
            numbers.append(looked.frame.index)
        reading.close()
    assert numbers == list(range(count))


def test_end_of_a_lost_camera_comes_behind_its_last_frame() -> None:
    with DetectorPool([Slow([0.01])] * 2) as pool:
        reading = Reading(Numbered(4, CameraLost("the plug was pulled")), pool)
        assert [looked.frame.index for _ in range(4) if (looked := reading.next())] == [0, 1, 2, 3]
        with pytest.raises(CameraLost, match="plug"):
            reading.next()
        reading.close()


def test_newest_live_frame_wins_and_the_others_are_counted() -> None:
    gate = threading.Event()
    with DetectorPool([Slow([0.0], gate)]) as pool:
        feed = pool.feed()
        feed.offer(picture(0))
        while feed.begun == 0:  # the detector has it in hand
            time.sleep(0.001)
        for number in range(1, 10):
            feed.offer(picture(number))
        gate.set()
        feed.end()
        assert taken(feed) == [0, 9]
        assert feed.dropped == 8


def test_camera_that_gives_too_much_or_nothing_takes_nothing_from_the_others() -> None:
    detector = Slow([0.002])
    with DetectorPool([detector]) as pool:
        greedy, dead, modest = pool.feed(), pool.feed(), pool.feed()
        stop = threading.Event()

        def flood() -> None:
            while not stop.is_set():
                greedy.offer(picture(100))
                time.sleep(0.0002)

        def drain() -> None:
            while greedy.take() is not None:
                pass

        def walk() -> None:
            for number in range(30):
                modest.put(picture(number))
            modest.end()

        threads = [threading.Thread(target=run, daemon=True) for run in (flood, drain, walk)]
        for thread in threads:
            thread.start()
        assert taken(modest) == list(range(30))
        stop.set()
        greedy.end()
        dead.close()
        for thread in threads:
            thread.join(timeout=5.0)
    looked = detector.looked
    last = len(looked) - 1 - looked[::-1].index(29)
    assert looked[:last].count(100) <= 45  # turn and turn about, however much it offers


def test_nothing_more_is_begun_while_nobody_takes() -> None:
    detector = Slow([0.0])
    with DetectorPool([detector, detector]) as pool:
        feed = pool.feed()
        for number in range(50):
            feed.offer(picture(number))
            time.sleep(0.001)
        assert len(detector.looked) <= pool.size + 2
        feed.close()


def test_picture_that_the_network_chokes_on_ends_neither_pool_nor_camera() -> None:
    with DetectorPool([Slow([0.0])]) as pool:
        feed = pool.feed()
        assert feed.put(picture(255))
        with pytest.raises(RuntimeError, match="chokes"):
            feed.take()
        assert feed.put(picture(3))
        looked = feed.take()
        assert looked is not None
        assert looked.frame.index == 3


def test_closing_wakes_who_waits_for_a_frame_and_who_waits_for_room() -> None:
    gate = threading.Event()
    with DetectorPool([Slow([0.0], gate)]) as pool:
        feed = pool.feed()
        answers: list[object] = []

        def fill() -> None:
            while feed.put(picture(1)):
                pass
            answers.append("no room any more")

        threads = [threading.Thread(target=fill), threading.Thread(target=lambda: answers.append(feed.take()))]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        feed.close()
        for thread in threads:
            thread.join(timeout=5.0)
        gate.set()
    assert sorted(map(str, answers)) == ["None", "no room any more"]


class Together(Detector):
    """A detector that gains by several pictures at once; a picture that begins with 255 is broken."""

    card = YOLOV8N_COCO
    at_once = 4

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate
        self.calls: list[list[int]] = []

    def look(self, image: np.ndarray, tiles: Sequence[Box] = ()) -> Sight:
        return self.look_all([Look(image, tuple(tiles))])[0]

    def look_all(self, looks: Sequence[Look]) -> list[Sight]:
        self.gate.wait(5.0)
        numbers = [int(one.image[0, 0, 0]) for one in looks]
        self.calls.append(numbers)
        if 255 in numbers:
            raise RuntimeError("the network chokes")
        return [Sight(Detections.empty(), Detections.empty()) for _ in looks]


def test_pictures_of_several_cameras_go_through_the_network_in_one_call() -> None:
    gate = threading.Event()
    detector = Together(gate)
    with DetectorPool([detector]) as pool:
        feeds = [pool.feed() for _ in range(6)]
        feeds[0].offer(picture(9))  # holds the detector up while the others come
        wait_until_begun(feeds[0])
        for number, feed in enumerate(feeds):
            feed.offer(picture(number))
        gate.set()
        for number, feed in enumerate(feeds):
            taken = feed.take()
            taken = feed.take() if number == 0 else taken
            assert taken is not None
            assert taken.frame.index == number
    assert detector.calls == [[9], [1, 2, 3, 4], [5, 0]]  # who had a turn waits for the others


def test_a_picture_that_the_network_refuses_does_no_harm_to_those_beside_it() -> None:
    gate = threading.Event()
    with DetectorPool([Together(gate)]) as pool:
        feeds = [pool.feed() for _ in range(4)]
        feeds[0].offer(picture(9))
        wait_until_begun(feeds[0])
        for feed, number in zip(feeds[1:], (1, 255, 3), strict=True):
            feed.offer(picture(number))
        gate.set()
        for feed, number in ((feeds[1], 1), (feeds[3], 3)):
            taken = feed.take()
            assert taken is not None
            assert taken.frame.index == number
        with pytest.raises(RuntimeError, match="chokes"):
            feeds[2].take()


def test_tiles_of_a_picture_count_as_pictures_of_a_call() -> None:
    gate = threading.Event()
    detector = Together(gate)
    with DetectorPool([detector]) as pool:
        feeds = [pool.feed(Tiling(2, 1)) for _ in range(3)]
        feeds[0].offer(picture(9))
        wait_until_begun(feeds[0])
        for number, feed in enumerate(feeds):
            feed.offer(picture(number))
        gate.set()
        for feed in feeds:
            assert feed.take() is not None
    assert detector.calls == [[9], [1, 2], [0]]  # three calls of the network for each, and four at once
