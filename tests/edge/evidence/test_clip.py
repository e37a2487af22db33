"""What leaves the box: a clip that plays anywhere, in which the vehicle can be recognised and nobody else."""

from __future__ import annotations

import base64
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from nutgiao.edge.evidence.blur import cover
from nutgiao.edge.evidence.bundle import EvidenceBuilder, SealedBundle
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.chain import original_of
from nutgiao.edge.evidence.clip import WRITERS, make_clip
from nutgiao.edge.evidence.picture import draw_still
from nutgiao.edge.evidence.subject import PlateFound, subject_views
from nutgiao.edge.perception import Perception
from nutgiao.edge.violation.trace import PICTURE
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.evidence import PlateNote
from nutgiao.models.contracts.site import DeviceNote, Site
from nutgiao.models.contracts.site_lamps import LampBox
from nutgiao.models.contracts.words import VehicleClass
from nutgiao.models.vision.detections import DetectedFrame, Detections
from tests.edge.evidence.test_bundle import KEY
from tests.support.browser import browser
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, drive, site, stand, watch

SCALE = 2  # pictures are half as wide as the calibrated one, to keep the tests quick
SENT_BYTES = 1_500_000
chrome = pytest.fixture(scope="module")(browser)


class Street(Scene):
    """Grey ground, and everybody a checkerboard: whoever is not covered has sharp edges, detected or not."""

    missed: int | None = None  # a vehicle that the detector misses in each third frame

    def frame(self, t: float) -> DetectedFrame:
        plain = super().frame(t)
        image = np.full((720 // SCALE, 1280 // SCALE, 3), 90, np.uint8)
        image[10:34, 600:610] = (20, 20, 250)  # the lamp
        for vehicle in self.vehicles:
            x = vehicle.where(t)
            if x is not None and self.seen_m[0] < x < self.seen_m[1]:
                box = self.pinhole.box(x, vehicle.y_m, vehicle.kind) / SCALE
                left, top, right, bottom = np.clip(box, 0, [640, 360] * 2).round().astype(int)
                ys, xs = np.mgrid[top:bottom, left:right]
                image[top:bottom, left:right] = np.where((xs // 2 + ys // 2) % 2, 255, 0)[..., None]
        found = plain.detections
        if self.missed is not None and self.index % 3 == 0:
            box = self.pinhole.box(
                self.vehicles[self.missed].where(t) or 0.0, self.vehicles[self.missed].y_m, VehicleClass.MOTORCYCLE
            )
            found = found.select(np.abs(found.boxes_px - box).max(axis=1) > 12.0)
            assert len(found) == len(plain.detections) - 1
        return DetectedFrame(plain.camera, plain.time_s, plain.index, found, image)


def town() -> Site:
    """The site with a lamp in the picture and papers of its camera."""
    plain = site()
    (camera,) = plain.cameras
    lamp = LampBox(signal_group="g", red_px=(1200, 20, 1220, 40), green_px=(1200, 48, 1220, 68))
    device = DeviceNote(serial="HN-0042", certificate="K-17", certificate_until="2027-01-31")
    return msgspec.structs.replace(plain, cameras=(msgspec.structs.replace(camera, lamps=(lamp,), device=device),))


@pytest.fixture(scope="module")
def case() -> Case:
    """Somebody runs a red light past a row who stand; the detector misses one of them again and again."""
    vehicles = [Vehicle(drive(8.0, 11.0), 6.5), *(Vehicle(stand(1.0 + 4 * k), 1.2) for k in range(3))]
    scene = Street(vehicles)
    scene.missed = 2
    perception = Perception(town(), "j1", "b1")
    (violation,) = watch(perception, scene, 17, lambda t: RED if t >= 8 else GREEN, fps=4.0).violations
    return perception.case(violation)


@pytest.fixture(scope="module")
def sealed(case: Case, tmp_path_factory: pytest.TempPathFactory) -> SealedBundle:
    def look(views: object) -> PlateFound:
        return PlateFound(PlateNote(text=None, confidence=0.0, reason="too small"))

    folder = tmp_path_factory.mktemp("sealed")
    sealer = EvidenceBuilder(folder, KEY, site=town(), node="j1", boot="b1", software="0", plates=look)
    return sealer.seal("v-1", case, 1_790_000_020.0, ClockNote(camera_s=0.12, source="kernel"))


def edges(picture: np.ndarray, box_px: np.ndarray, scale: float) -> float:
    """How sharp the middle of a box is: the checkerboard has steps of 255 at every second pixel."""
    left, top, right, bottom = (box_px * scale).round().astype(int)
    wide, high = (right - left) // 4, (bottom - top) // 4
    part = picture[max(30, top + high) : bottom - high, left + wide : right - wide, 0].astype(float)
    return float(np.abs(np.diff(part, axis=1)).mean())


def clip_frames(data: bytes, ending: str, folder: Path) -> list[np.ndarray]:
    path = folder / f"clip{ending}"
    path.write_bytes(data)
    capture, frames = cv2.VideoCapture(str(path)), []
    while True:
        more, frame = capture.read()
        if not more:
            return frames
        frames.append(frame)


def test_the_bundle_has_all_its_parts_and_goes_over_a_thin_line(sealed: SealedBundle) -> None:
    with zipfile.ZipFile(sealed.path) as bundle:
        names = bundle.namelist()
    stills = ["before.jpg", "at.jpg", "beyond.jpg"]
    assert names == ["manifest.json", "signature.bin", *stills, "clip.webm", "plate.jpg", "trace.csv"]
    assert sealed.path.stat().st_size < SENT_BYTES
    manifest = sealed.manifest
    assert manifest.plate == PlateNote(text=None, confidence=0.0, reason="too small")
    assert manifest.clocks == ClockNote(camera_s=0.12, source="kernel")
    assert manifest.device is not None
    assert manifest.device.serial == "HN-0042"
    assert all(still.lamp_shown and not still.drawn for still in manifest.stills)
    assert [(run.group, run.indication, run.source) for run in manifest.lamps] == [
        ("g", GREEN, "controller"),
        ("g", RED, "controller"),
    ]
    assert manifest.confidences["seen_share"] > 0.9


def test_what_the_countdown_showed_is_in_the_trace_of_the_lamp(sealed: SealedBundle) -> None:
    perception = Perception(town(), "j1", "b1")
    (violation,) = watch(
        perception, Street([Vehicle(drive(8.0, 11.0), 6.5)]), 17, lambda t: RED if t >= 8 else GREEN, fps=4.0
    ).violations
    perception.on_signal(START_S + 9.0, {"g": RED}, PICTURE, 0.9, START_S + 40.26)
    perception.on_signal(START_S + 10.0, {"g": RED}, PICTURE, 0.9)  # hidden for a moment: what was read still holds
    seen = [run for run in perception.case(violation).lamps if run.source == PICTURE]
    assert [run.countdown_end_s for run in seen] == [pytest.approx(START_S + 40.3)]
    assert {run.countdown_end_s for run in sealed.manifest.lamps} == {None}


@pytest.mark.parametrize("writer", range(len(WRITERS)), ids=[codec for _, _, codec in WRITERS])
def test_in_each_frame_of_the_clip_nobody_but_the_vehicle_can_be_recognised(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writer: int
) -> None:
    monkeypatch.setattr("nutgiao.edge.evidence.clip.WRITERS", WRITERS[writer:])
    clip = make_clip(case)
    assert clip is not None
    frames = clip_frames(clip.data, Path(clip.file).suffix, tmp_path)
    filmed = case.filmed
    assert len(frames) == pytest.approx(5.0 * (filmed[-1].time_s - filmed[0].time_s), abs=3)
    scale = frames[0].shape[1] / case.camera.width_px
    others = [
        Scene([]).pinhole.box(1.0 + 4 * k, 1.2, vehicle.kind) for k, vehicle in enumerate([Vehicle(stand(0))] * 3)
    ]
    at = int(np.argmin([abs(frame.time_s - case.violation.occurred_s) for frame in filmed]))
    subject = filmed[at].box_of(case.violation.number)
    assert subject is not None
    shown = frames[round(at * len(frames) / len(filmed))]
    clear = max(edges(frame, subject, scale) for frame in frames)
    assert clear > 25
    assert shown.shape == frames[0].shape
    for frame in frames:
        assert all(edges(frame, box, scale) < 0.35 * clear for box in others)


def test_stills_show_the_lamp_enlarged_and_cover_the_one_whom_the_detector_missed(case: Case) -> None:
    still = case.stills[1]
    picture = cv2.imdecode(np.frombuffer(draw_still(case, still), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    corner = picture[40:110, 560:].reshape(-1, 3).astype(int)
    red = (corner[:, 2] > 200) & (corner[:, 0] < 90)
    assert red.sum() > 4 * 10 * 24 / 4, "the head is larger than in the picture"
    assert still.box_px is not None
    for k in range(3):
        other = Scene([]).pinhole.box(1.0 + 4 * k, 1.2, VehicleClass.MOTORCYCLE)
        assert edges(picture, other, 0.5) < 0.35 * edges(picture, still.box_px, 0.5)


def test_the_plate_picture_is_the_vehicle_alone_where_it_is_largest_and_sharpest(
    case: Case, sealed: SealedBundle
) -> None:
    views = subject_views(case)
    widths = [view.image.shape[1] for view in views]
    boxes = [frame.box_of(case.violation.number) for frame in case.filmed]
    widest = max((box[2] - box[0]) / SCALE for box in boxes if box is not None)
    assert 1 < len(views) <= 8
    assert widths[0] > 0.6 * widest
    assert sealed.manifest.plate_file == "plate.jpg"


def test_the_originals_are_the_very_files_of_the_ring(case: Case, sealed: SealedBundle) -> None:
    with zipfile.ZipFile(original_of(sealed.path)) as kept:
        pictures = [kept.read(name) for name in kept.namelist() if name.endswith(".jpg")]
        index = kept.read("index.csv").decode().splitlines()
    assert pictures == [frame.jpeg for frame in case.filmed]
    assert len(index) == len(pictures) + 1


def test_the_clip_plays_in_a_browser(sealed: SealedBundle, chrome) -> None:  # type: ignore[no-untyped-def]
    with zipfile.ZipFile(sealed.path) as bundle:
        clip = base64.b64encode(bundle.read("clip.webm")).decode()
    chrome.get("data:text/html,<video></video>")
    played = chrome.execute_async_script(
        "const [clip, done] = arguments; const v = document.querySelector('video');"
        "v.onerror = () => done(['error', v.error.message]);"
        "v.onseeked = () => done(['seeked', v.duration, v.videoWidth]);"
        "v.onloadeddata = () => { v.currentTime = 2; }; v.src = 'data:video/webm;base64,' + clip;",
        clip,
    )
    assert played[0] == "seeked", played
    assert played[1] == pytest.approx(8.0, abs=1.5)
    assert played[2] > 300


def test_a_clip_without_a_codec_is_said_to_be_missing(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nutgiao.edge.evidence.clip.WRITERS", ())
    sealer = EvidenceBuilder(tmp_path, KEY, site=town(), node="j1", boot="b1", software="0")
    clip = sealer.seal("v-1", case).manifest.clip
    assert clip is not None
    assert clip.file is None
    assert clip.missing[0] == "no codec for a clip works on this box"


def test_nobody_is_shown_where_the_vehicle_is_not_known(case: Case) -> None:
    """A frame before the track began, or after it was lost: there the vehicle is one of the others."""
    frame = next(frame for frame in case.filmed if frame.box_of(case.violation.number) is not None)
    picture = frame.picture()
    assert picture is not None
    unknown = replace(frame, sighted=Detections.empty())
    cover(picture, unknown, [], -1, 0.5)
    for box in frame.tracks.boxes_px:
        assert edges(picture, box.astype(np.float64), 0.5) < 20
