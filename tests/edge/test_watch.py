from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from nutgiao.configs.loader import load_site
from nutgiao.edge.camera.source import Frame
from nutgiao.edge.camera.video import open_source
from nutgiao.edge.detect.detector import Detector, Sight
from nutgiao.edge.detect.in_queue import in_queue
from nutgiao.edge.detect.onnx import OnnxDetector
from nutgiao.edge.lanes.geometry import ApproachFrame
from nutgiao.edge.watch import Watch
from nutgiao.edge.watch_files import Summary, WatchOptions
from nutgiao.edge.watch_view import OpenView, SiteView
from nutgiao.models.closing import Closing
from nutgiao.models.contracts.errors import CameraLost, ConfigError
from nutgiao.models.contracts.words import CLASS_CODE, VehicleClass
from nutgiao.models.vision.cards import YOLOV8N_COCO
from nutgiao.models.vision.detections import Detections
from nutgiao.models.vision.homography import fit_homography
from nutgiao.models.vision.tiles import Box
from tests.support.weights import yolov8n_path

SITE = load_site("giangvo")
CAMERA = SITE.cameras[0]
CLIP = "clips/hn_giangvo_langha_6fps.mp4"


def blank_summary() -> Summary:
    return Summary(
        source="clip.mp4",
        site=SITE.id,
        camera=CAMERA.id,
        model=YOLOV8N_COCO.name,
        model_sha256=YOLOV8N_COCO.sha256,
        model_licence=YOLOV8N_COCO.licence,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def watched(street_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, Path]:
    """The first 64 frames of the clip through the real network: green, nothing visible, red, three who run it."""
    out = tmp_path_factory.mktemp("watch")
    detectors = [OnnxDetector(yolov8n_path(), YOLOV8N_COCO, threads=1) for _ in range(2)]
    with open_source(str(street_data(CLIP)), CAMERA.id) as source:
        view = SiteView(SITE, CAMERA)
        watch = Watch(source, detectors, view, out, blank_summary(), WatchOptions(max_frames=64, sheet=6))
        return watch.run(), out


def test_the_three_who_run_the_red_light_are_caught_and_nobody_else(
    watched: tuple[Summary, Path], street_data: Callable[[str], Path]
) -> None:
    _, out = watched
    truth = json.loads(street_data("redlight_truth/giangvo_dev.json").read_text())[Path(CLIP).name]
    sure = [frame for frame, _, lamp, _ in truth["crossings"] if lamp == "red" and frame < 60]
    told = [e for e in lines(out / "events.jsonl") if e["event"] == "violation" and e["kind"] == "red_light"]
    assert len(told) == len(sure) == 3
    for event, frame in zip(sorted(told, key=lambda e: e["frame"]), sure, strict=True):
        # The truth notes the rear wheel on the line, the rule the front: a motorcycle's length earlier.
        assert frame - truth["tolerance_frames"] <= event["frame"] <= frame + truth["tolerance_frames"]
        assert event["class"] == "motorcycle"
        assert event["numbers"]["red_age_s"] > 0


def test_crossings_on_green_and_on_an_unknown_lamp_break_nothing(watched: tuple[Summary, Path]) -> None:
    summary, out = watched
    crossings = [e for e in lines(out / "events.jsonl") if e["event"] == "crossing"]
    assert {e["lamp"] for e in crossings} == {"green", "unknown", "red"}
    broke = {e["track"] for e in lines(out / "events.jsonl") if e["event"] == "violation"}
    assert not broke & {e["track"] for e in crossings if e["lamp"] != "red"}
    assert summary.crossings_by_lamp["red"] == sum(e["lamp"] == "red" for e in crossings)


def test_lane_states_come_every_second_for_every_lane(watched: tuple[Summary, Path]) -> None:
    summary, out = watched
    states = lines(out / "lanes.jsonl")
    assert [state["time_s"] for state in states] == list(range(1, len(states) + 1))
    assert len(states) == int(summary.duration_s) + 1
    assert {lane["lane"] for state in states for lane in state["lanes"]} == {
        lane.id for lane in SITE.approaches[0].lanes
    }
    assert max(lane["queue_veh"] for lane in states[-1]["lanes"]) >= 2  # the red queue has begun


def test_summary_tells_what_ran_and_how_long_each_part_took(watched: tuple[Summary, Path]) -> None:
    summary, out = watched
    told = msgspec.json.decode((out / "summary.json").read_bytes(), type=Summary)
    assert told == summary
    assert told.frames == 64
    assert told.ended == "max_frames"
    assert told.model_licence == "AGPL-3.0-only"
    assert told.source_fps == pytest.approx(6.0, abs=0.2)
    assert set(told.timing_ms) == {"decode", "detect", "track", "draw"}
    assert told.timing_ms["detect"] > 0
    assert told.lamp_frames["g1"]["red"] >= 37
    assert told.detections["motorcycle"] > told.detections["car"]


def test_annotated_video_opens_again_with_every_frame(watched: tuple[Summary, Path]) -> None:
    summary, out = watched
    capture = cv2.VideoCapture(str(out / str(summary.video)))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 64
    there, picture = capture.read()
    assert there
    assert picture.shape == (960, 1280, 3)
    capture.release()


class Script(Closing, Detector):
    """A source and a detector in one: pictures of one colour, and boxes as the test says."""

    card = YOLOV8N_COCO
    camera = CAMERA.id
    fps = 6.0
    dropped = 0
    reconnects = 0
    decoder = "software"
    frames_expected: int | None = 100

    def __init__(self, *, shape: tuple[int, int] = (480, 640), after: int = 20, ends_with: BaseException | None = None):
        self.shape, self.after, self.ends_with = shape, after, ends_with
        self.index = 0

    def read(self) -> Frame | None:
        if self.index == self.after:
            if self.ends_with is not None:
                raise self.ends_with
            return None
        frame = Frame(self.camera, self.index / 6.0, self.index, np.full((*self.shape, 3), self.index, np.uint8))
        self.index += 1
        return frame

    def look(self, image: np.ndarray, tiles: Sequence[Box] = ()) -> Sight:
        scale = image.shape[1] / CAMERA.width_px
        top = 300.0 - 2 * float(image[0, 0, 0])  # the picture tells which one it is: several are looked at at once
        box = np.array([[300, top, 340, top + 90]], np.float32) * scale
        code = CLASS_CODE[VehicleClass.MOTORCYCLE]
        users = Detections(box, np.full(1, 0.9, np.float32), np.full(1, code, np.int8))
        return Sight(users, Detections.empty())

    def close(self) -> None: ...


def run(script: Script, out: Path, **options: Any) -> Summary:
    return Watch(script, [script, script], SiteView(SITE, CAMERA), out, blank_summary(), WatchOptions(**options)).run()


@pytest.mark.parametrize(
    ("ends_with", "ended"),
    [(KeyboardInterrupt(), "interrupted"), (CameraLost("the plug was pulled"), "camera_lost"), (None, "end_of_source")],
)
def test_however_it_ends_the_files_are_complete(tmp_path: Path, ends_with: BaseException | None, ended: str) -> None:
    summary = run(Script(ends_with=ends_with), tmp_path)
    assert summary.ended == ended
    assert msgspec.json.decode((tmp_path / "summary.json").read_bytes(), type=Summary).frames == 20
    assert len(lines(tmp_path / "lanes.jsonl")) == 4
    capture = cv2.VideoCapture(str(tmp_path / "annotated.mp4"))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 20
    capture.release()
    assert summary.trouble or ends_with is None or ended == "end_of_source"


def test_file_that_gives_fewer_frames_than_it_promised_is_told(tmp_path: Path) -> None:
    assert "promised 100 frames and gave 20" in run(Script(), tmp_path, video=False).trouble
    assert not (tmp_path / "annotated.mp4").exists()


def test_larger_picture_of_the_same_shape_gives_the_same_tracks(tmp_path: Path) -> None:
    small = run(Script(), tmp_path / "small", video=False)
    large = run(Script(shape=(960, 1280)), tmp_path / "large", video=False)
    assert small.tracks == large.tracks == {"motorcycle": 1}
    assert (tmp_path / "small" / "lanes.jsonl").read_text() == (tmp_path / "large" / "lanes.jsonl").read_text()


def test_picture_of_another_shape_is_another_camera(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cameras\.cam_south.*640x480.*640x360"):
        run(Script(shape=(360, 640)), tmp_path)
    assert not (tmp_path / "summary.json").exists()


def test_people_in_the_queue_are_riders_and_people_on_the_crossing_are_not() -> None:
    homography = fit_homography(np.array(CAMERA.ground_pairs))
    approach = ApproachFrame(SITE.approaches[0])
    person = CLASS_CODE[VehicleClass.PEDESTRIAN]
    boxes = np.array(
        [
            [300, 330, 330, 400],  # upstream of the line, on the road
            [300, 250, 325, 325],  # walks over the crossing in full view
            [200, 255, 230, 320],  # the same place, but the next row hides the feet
            [198, 290, 236, 390],  # that next row
            [600, 330, 625, 400],  # on the pavement, right of the island
        ],
        np.float32,
    )
    found = Detections(boxes, np.ones(5, np.float32), np.full(5, person, np.int8))
    assert in_queue(found, homography, [approach]).tolist() == [True, False, True, True, False]


def test_video_is_pixelated_unless_asked_otherwise(tmp_path: Path) -> None:
    class Noise(Script):
        def read(self) -> Frame | None:
            frame = super().read()
            if frame is not None:
                frame.image[1:] = np.random.default_rng(7).integers(0, 255, frame.image[1:].shape)
            return frame

    def detail(out: Path, **options: bool) -> float:
        run(Noise(after=3), out, **options)
        capture = cv2.VideoCapture(str(out / "annotated.mp4"))
        _, picture = capture.read()
        capture.release()
        # inside the rider's head, away from lines and labels of the drawing
        return float(cv2.Laplacian(picture[620:650, 616:664], cv2.CV_64F).var())

    assert detail(tmp_path / "blurred") < 0.2 * detail(tmp_path / "sharp", blur=False)


def test_without_a_site_everybody_gets_a_track_and_nobody_a_line(tmp_path: Path) -> None:
    script = Script()
    options = WatchOptions(sheet=4)
    summary = Watch(script, [script], OpenView("somewhere"), tmp_path, blank_summary(), options).run()
    assert summary.tracks == {"motorcycle": 1}
    assert summary.crossings == summary.violations == summary.queue_max_veh == {}
    sheet = cv2.imread(str(tmp_path / "contact_sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] > 1600  # frames side by side
