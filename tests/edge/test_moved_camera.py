"""What a box does with cameras whose picture is no good: who is believed, what is dropped, and what it says."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest

from nutgiao.edge.camera.notes import PictureNote, picture_notes
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.signal.health import unseen
from nutgiao.models.contracts.messages import (
    CameraHealth,
    CameraTrouble,
    Health,
    LaneTelemetry,
    ViolationReport,
    decode,
)
from nutgiao.models.contracts.words import Indication, PictureFault
from nutgiao.models.vision.detections import DetectedFrame
from tests.edge.test_node import Steady, evidence, uplink_to_nobody
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, drive, site


class Eye:
    """A camera that sees a scene at two frames a second, and whose picture has the faults that a test gives it."""

    def __init__(self, scene: Scene, red_from_s: int) -> None:
        self._scene, self._red_from_s = scene, red_from_s
        self._frames = itertools.count()
        self._second = 0
        self.troubles: tuple[CameraTrouble, ...] = ()

    def frames(self) -> list[DetectedFrame]:
        begins, self._second = self._second, self._second + 1
        return [self._scene.frame(float(begins)), self._scene.frame(begins + 0.5)]

    def lamps(self) -> list[LampNews]:
        shown: Indication = RED if self._second >= self._red_from_s else GREEN
        return [LampNews(START_S + self._second, "g", shown)]

    def health(self, now_s: float) -> CameraHealth:
        return CameraHealth(camera="cam", age_s=0.2, frames=next(self._frames), dropped=0, troubles=self.troubles)

    def close(self) -> None:
        pass


def told(fault: PictureFault, **more: float) -> CameraTrouble:
    return CameraTrouble(fault=fault, since_s=START_S, **more)


@pytest.mark.parametrize("moved_from_s", [None, 0, 11], ids=["in its place", "moved", "moved while it happens"])
def test_a_moved_camera_counts_on_and_reports_no_violation(moved_from_s: int | None, tmp_path: Path) -> None:
    eye = Eye(Scene([Vehicle(drive(8.0, 11.0), 4.5)]), red_from_s=8)
    uplink, outbox = uplink_to_nobody(tmp_path)
    node = Node(
        site(), Steady(), [eye], None, None, Perception(site(), "j1", "b1"), evidence(site(), tmp_path), uplink, "0"
    )
    for second in range(20):
        if second == moved_from_s:
            eye.troubles = (told(PictureFault.MOVED, moved_px=34.0),)
        node.second(START_S + second + 0.5)
    sent = [decode(letter.payload) for letter in outbox.after(0, 1000)]
    lanes = [message.lanes for message in sent if isinstance(message, LaneTelemetry)]
    assert sum(state.departures_veh for second in lanes for state in second) == 1
    moved = [all(state.moved for state in second) for second in lanes]
    assert moved == [moved_from_s is not None and second >= moved_from_s for second in range(20)]
    reports = [message for message in sent if isinstance(message, ViolationReport)]
    assert len(reports) == (1 if moved_from_s is None else 0)
    health = [message for message in sent if isinstance(message, Health)][-1]
    assert (f"{PictureNote.MOVED}: cam" in health.note) == (moved_from_s is not None)
    assert health.cameras[0].troubles == eye.troubles


def test_violations_are_reported_again_once_the_camera_is_back(tmp_path: Path) -> None:
    eye = Eye(Scene([Vehicle(drive(8.0, 11.0), 4.5)]), red_from_s=8)
    eye.troubles = (told(PictureFault.MOVED),)
    uplink, outbox = uplink_to_nobody(tmp_path)
    node = Node(
        site(), Steady(), [eye], None, None, Perception(site(), "j1", "b1"), evidence(site(), tmp_path), uplink, "0"
    )
    for second in range(20):
        if second == 5:
            eye.troubles = ()
        node.second(START_S + second + 0.5)
    sent = [decode(letter.payload) for letter in outbox.after(0, 1000)]
    assert sum(isinstance(message, ViolationReport) for message in sent) == 1


def test_each_fault_has_a_sentence_with_its_cameras() -> None:
    assert {note.name for note in PictureNote} == {fault.name for fault in PictureFault}
    healths = [
        CameraHealth(camera="north", age_s=9.0, frames=1, dropped=0, troubles=(told(PictureFault.FROZEN),)),
        CameraHealth(camera="south", age_s=0.1, frames=1, dropped=0),
        CameraHealth(
            camera="east", age_s=9.0, frames=1, dropped=0,
            troubles=(told(PictureFault.FROZEN), told(PictureFault.MOVED)),
        ),
    ]  # fmt: skip
    assert picture_notes(healths) == [
        "the picture is frozen: north, east",
        "the camera has moved and its violations are not reported: east",
    ]
    assert msgspec.json.decode(msgspec.json.encode(healths[2]), type=CameraHealth) == healths[2]


def test_an_approach_is_not_watched_by_a_frozen_or_black_picture_but_by_a_moved_one() -> None:
    for fault, age_s, watched in (
        (PictureFault.FROZEN, 12.0, False),  # the age is that of the last picture that showed something
        (PictureFault.MOVED, 0.2, True),
    ):
        health = CameraHealth(camera="cam", age_s=age_s, frames=9, dropped=0, troubles=(told(fault),))
        assert (unseen(site(), [health]) == "") == watched
