"""A real camera in its threads: what becomes of frames that show nothing, and of lamps in a picture that has moved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.detecting import DetectingCamera
from nutgiao.edge.camera.pipeline import DetectorPool
from nutgiao.edge.camera.source import Frame
from nutgiao.edge.detect.detector import Detector, Sight
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost
from nutgiao.models.contracts.words import PictureFault
from nutgiao.models.vision.cards import YOLOV8N_COCO
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.tiles import Box

Image = NDArray[np.uint8]


class Tape(Closing):
    """A live source whose pictures come as fast as they are taken, and are half a second apart by their stamps.

    It is lost when the tape is at its end, as a camera is that somebody unplugs.
    """

    camera = "cam_south"
    frames_expected = None
    fps = None
    decoder = "software"
    reconnects = 0

    def __init__(self, images: Iterator[Image]) -> None:
        self._images = images
        self.dropped = 0
        self.time_s = 1000.0
        self.index = 0
        self.closed = False

    def read(self) -> Frame | None:
        if (image := next(self._images, None)) is None:
            raise CameraLost("the tape is at its end")
        self.time_s += 0.5
        self.index += 1
        time.sleep(0.001)
        return Frame(self.camera, self.time_s, self.index, image)

    def close(self) -> None:
        self.closed = True


class Blind(Detector):
    """A detector that sees nobody."""

    card = YOLOV8N_COCO

    def look(self, image: Image, tiles: Sequence[Box] = ()) -> Sight:
        return Sight(Detections.empty(), Detections.empty())


@pytest.mark.parametrize("fault", [PictureFault.FROZEN, PictureFault.BLACK, PictureFault.MOVED])
def test_frames_that_show_nothing_go_no_further_and_lamps_of_a_moved_picture_are_not_read(
    fault: PictureFault, street_data: Callable[[str], object]
) -> None:
    capture = cv2.VideoCapture(str(street_data("clips/hn_giangvo_langha_6fps.mp4")))
    street = [np.asarray(capture.read()[1], np.uint8) for _ in range(180)][::3]
    shift = np.array([[1, 0, 16], [0, 1, 0]], np.float64)
    after = {
        PictureFault.FROZEN: lambda image: street[0],
        PictureFault.BLACK: np.zeros_like,
        PictureFault.MOVED: lambda image: np.asarray(cv2.warpAffine(image, shift, (640, 480)), np.uint8),
    }[fault]
    tape = Tape(iter(street + [after(image) for image in street]))
    openings = iter([tape])

    def opener() -> Tape:
        try:
            return next(openings)
        except StopIteration:
            raise CameraLost("unplugged") from None

    site = load_site("giangvo")
    with DetectorPool([Blind()]) as pool:
        camera = DetectingCamera(site, site.cameras[0], pool, opener, lambda: tape.time_s)
        give_up = time.monotonic() + 30.0
        frames, lamps = [], []
        while not tape.closed or time.monotonic() < give_up - 29.0:
            frames += [frame.time_s for frame in camera.frames()]
            lamps += [news.time_s for news in camera.lamps()]
            time.sleep(0.01)
            assert time.monotonic() < give_up
        health = camera.health(tape.time_s)
        camera.close()
    [trouble] = [trouble for trouble in health.troubles if trouble.fault is fault]
    assert 1030.0 <= trouble.since_s <= 1040.0
    told_s = trouble.since_s + (3.0 if fault is PictureFault.BLACK else 10.0)
    assert max(lamps) <= told_s + 3.0  # a lamp in another place is another lamp; one in an old picture is history
    if fault is PictureFault.MOVED:
        assert max(frames) > 1055.0
        assert health.age_s < 5.0
    else:
        assert max(frames) <= told_s + 0.5
        assert health.age_s == pytest.approx(1060.0 - trouble.since_s)  # the last picture worth the name
