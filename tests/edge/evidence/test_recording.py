"""While a case is being recorded: the clip goes on after the act, and whatever fails has a safe outcome."""

from __future__ import annotations

import errno
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nutgiao.edge.evidence import bundle as bundle_module
from nutgiao.edge.evidence.bundle import RESERVE_BYTES, EvidenceBuilder
from nutgiao.edge.evidence.case import AROUND_S, PATIENCE_S
from nutgiao.edge.evidence.chain import HEAD, ORIGINALS, UNTOLD, original_of
from nutgiao.edge.evidence.ring import FrameRing
from nutgiao.edge.evidence.verify import look_at, look_at_chain, verify_bundle
from nutgiao.edge.node import Node
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.drivers import LampNews
from nutgiao.edge.track.tracks import Tracks
from nutgiao.edge.uplink.courier import Courier
from nutgiao.models.contracts.messages import CameraHealth, CameraTrouble, Health, ViolationReport, decode
from nutgiao.models.contracts.words import Indication, PictureFault
from nutgiao.models.vision.detections import DetectedFrame, Detections
from tests.edge.evidence.test_bundle import KEY, Filmed, builder
from tests.edge.test_node import Steady, uplink_to_nobody
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, drive, site, stand

ACT_S = 11.0
PUBLIC = KEY.public_key().public_bytes_raw().hex()


class Film(Filmed):
    """The same picture in every frame: what is drawn does not matter here, and noise takes long to make."""

    image = np.random.default_rng(3).integers(0, 255, (36, 64, 3)).astype(np.uint8).repeat(5, 0).repeat(5, 1)

    def frame(self, t: float) -> DetectedFrame:
        plain = Scene.frame(self, t)
        return DetectedFrame(plain.camera, plain.time_s, plain.index, plain.detections, self.image)


class Eye:
    """A camera that sees somebody run a red light, with its frames as a test wants them."""

    def __init__(self, scene: Scene, fps: int = 2) -> None:
        self.scene, self.fps = scene, fps
        self.frames_s: list[float] = []
        self.shown: Indication = GREEN
        self.now_s = 0.0
        self.troubles: tuple[CameraTrouble, ...] = ()

    def frames(self) -> list[DetectedFrame]:
        due, self.frames_s = self.frames_s, []
        return [self.scene.frame(t) for t in due]

    def lamps(self) -> list[LampNews]:
        return [LampNews(START_S + self.now_s, "g", self.shown)]

    def health(self, now_s: float) -> CameraHealth:
        return CameraHealth(camera="cam", age_s=0.2, frames=1, dropped=0, troubles=self.troubles)

    def close(self) -> None:
        pass


class Box:
    """A node with that camera; seconds are turned one by one."""

    def __init__(self, folder: Path, scene: Scene, sealer: EvidenceBuilder | None = None, boot: str = "b1") -> None:
        self.eye = Eye(scene)
        self.uplink, self.outbox = uplink_to_nobody(folder)
        self.folder = folder / "evidence"
        self.sealer = sealer or builder(self.folder)
        perception = Perception(site(), "j1", boot)
        self.node = Node(site(), Steady(), [self.eye], None, None, perception, self.sealer, self.uplink, "0")
        self.second_s = -1.0

    def run(self, to_s: float, *, blind: bool = False) -> None:
        while self.second_s < to_s:
            self.second_s += 1.0
            self.eye.now_s = self.second_s
            self.eye.shown = RED if self.second_s >= 8 else GREEN
            if not blind:
                self.eye.frames_s = [self.second_s - 0.5, self.second_s]
            self.node.second(START_S + self.second_s + 0.2)

    def reports(self) -> list[ViolationReport]:
        for sealed in self.node._sealing.done(wait=True):
            self.node._report(sealed, START_S + self.second_s)
        sent = [decode(letter.payload) for letter in self.outbox.after(0, 1000)]
        return [message for message in sent if isinstance(message, ViolationReport)]

    def note(self) -> str:
        sent = [decode(letter.payload) for letter in self.outbox.after(0, 1000)]
        return [message for message in sent if isinstance(message, Health)][-1].note


def runner(*, filmed: bool = False) -> Scene:
    vehicles = [Vehicle(drive(8.0, ACT_S), 4.5), *(Vehicle(stand(1.0 + 3 * k), 1.2) for k in range(3))]
    return Film(vehicles) if filmed else Scene(vehicles)


def test_a_case_stays_open_until_the_clip_has_its_after(tmp_path: Path) -> None:
    box = Box(tmp_path, runner(filmed=True))
    box.run(ACT_S + 3)
    assert box.reports() == [], "the violation is certain, its recording is not complete"
    box.run(ACT_S + 6)
    (report,) = box.reports()
    assert report.evidence is not None
    manifest = verify_bundle(box.folder / report.evidence.bundle, PUBLIC).manifest
    before_s, at_s, beyond_s = (still.time_s for still in manifest.stills)
    clip = manifest.clip
    assert clip is not None
    assert clip.from_s == pytest.approx(before_s - AROUND_S, abs=0.5)
    assert clip.to_s == pytest.approx(beyond_s + AROUND_S, abs=0.5)
    assert (clip.missing, manifest.troubles) == ((), ())
    assert at_s - START_S == ACT_S


def test_a_camera_that_is_lost_in_the_middle_ends_its_case_which_says_so(tmp_path: Path) -> None:
    box = Box(tmp_path, runner(filmed=True))
    box.run(ACT_S + 2)
    box.run(ACT_S + 3 + AROUND_S + PATIENCE_S, blind=True)
    (report,) = box.reports()
    assert report.evidence is not None
    manifest = verify_bundle(box.folder / report.evidence.bundle, PUBLIC).manifest
    assert manifest.clip is not None
    assert any(gap.startswith("no picture for") for gap in manifest.clip.missing)
    assert manifest.troubles == ("nothing came from the camera after +2.0 s of the act",)


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0], ids=["back", "forward"])
def test_a_clock_that_jumps_while_a_case_is_recorded_ends_it_and_shows_nobody_else(
    tmp_path: Path, jump_s: float
) -> None:
    box = Box(tmp_path, runner())
    box.run(ACT_S + 2)
    where = [vehicle.where for vehicle in box.eye.scene.vehicles]
    for vehicle, drawn in zip(box.eye.scene.vehicles, where, strict=True):
        vehicle.where = lambda t, drawn=drawn: drawn(t - jump_s)  # the street goes on, only the clock has changed
    box.second_s += jump_s
    box.run(box.second_s + 8)
    (report,) = box.reports()
    assert report.evidence is not None
    manifest = verify_bundle(box.folder / report.evidence.bundle, PUBLIC).manifest
    with zipfile.ZipFile(box.folder / report.evidence.bundle) as bundle:
        rows = bundle.read("trace.csv").decode().splitlines()[1:]
    times = [float(row.split(",")[0]) - START_S for row in rows]
    assert 0.0 < min(times) < ACT_S < max(times) <= ACT_S + 2, "another vehicle may have the same number afterwards"
    assert len(manifest.troubles) >= 1
    assert ("set back" if jump_s < 0 else "no frame of the camera for 360") in manifest.troubles[0]


def test_a_camera_knocked_aside_while_a_case_is_recorded_takes_the_case_with_it(tmp_path: Path) -> None:
    box = Box(tmp_path, runner())
    box.run(ACT_S + 3)
    box.eye.troubles = (CameraTrouble(fault=PictureFault.MOVED, since_s=START_S + ACT_S + 3),)
    box.run(ACT_S + 20)
    assert box.reports() == []
    assert list(box.folder.glob("*.zip")) == []


def test_a_box_that_is_told_to_stop_seals_what_it_has(tmp_path: Path) -> None:
    box = Box(tmp_path, runner())
    box.run(ACT_S + 3)
    box.node.finish(START_S + box.second_s)
    (report,) = box.reports()
    assert report.evidence is not None
    assert verify_bundle(box.folder / report.evidence.bundle, PUBLIC).intact


def test_a_full_disk_is_told_in_the_report_and_the_chain_goes_on_when_it_is_free_again(tmp_path: Path) -> None:
    free = [10**12]
    sealer = EvidenceBuilder(
        tmp_path / "evidence", KEY, site=site(), node="j1", boot="b1", software="0", free=lambda _: free[0]
    )
    vehicles = [Vehicle(drive(8.0, at), 4.5) for at in (11.0, 19.0, 27.0)]
    box = Box(tmp_path, Scene(vehicles), sealer)
    box.run(17)
    free[0] = RESERVE_BYTES + 1000
    box.run(25)
    reports = box.reports()
    assert [report.evidence is None for report in reports] == [False, True]
    assert reports[1].evidence_note.startswith("the disk is full")
    assert "evidence cannot be written: the disk is full" in box.note()
    free[0] = 10**12
    box.run(35)
    assert [report.evidence is None for report in box.reports()] == [False, True, False]
    box.run(50)
    assert "evidence" not in box.note()
    findings = [look_at(path, PUBLIC, originals=True) for path in box.folder.glob("*.zip")]
    assert [finding.problems for finding in findings] == [(), ()]
    assert look_at_chain(findings, box.folder, PUBLIC) == ()


@pytest.mark.parametrize("ending", [".original.zip", ".zip"])
def test_a_write_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    box = Box(tmp_path, runner(filmed=ending != ".zip"))
    real = bundle_module.write_whole

    def full(path: Path, data: bytes) -> None:
        if path.name.endswith(ending):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(bundle_module, "write_whole", full)
    box.run(ACT_S + 8)
    (report,) = box.reports()
    assert report.evidence is None
    assert "No space left" in report.evidence_note
    assert sorted(path.name for path in box.folder.rglob("*")) == [ORIGINALS]


@pytest.fixture(scope="module")
def filmed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a box that has filmed and sealed one violation."""
    box = Box(tmp_path_factory.mktemp("filmed"), runner(filmed=True))
    box.run(ACT_S + 7)
    (report,) = box.reports()
    assert report.evidence is not None
    return box.folder


@pytest.fixture
def folder(filmed_once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filmed_once, tmp_path / "evidence")


def only(folder: Path) -> Path:
    (bundle,) = folder.glob("*.zip")
    return bundle


def test_a_power_cut_between_bundle_and_chain_is_mended_and_the_centre_is_told(folder: Path, tmp_path: Path) -> None:
    bundle = only(folder)
    (folder / HEAD).unlink()
    bundle.with_suffix(UNTOLD).touch()
    (folder / "other.zip.part").write_bytes(b"half")
    again = Box(tmp_path, runner(), boot="b2")
    again.run(0)
    (report,) = again.reports()
    assert report.evidence is not None
    assert (report.violation, report.evidence.bundle) == (bundle.stem, bundle.name)
    assert not bundle.with_suffix(UNTOLD).exists()
    assert not (folder / "other.zip.part").exists()
    again.run(ACT_S + 7)
    findings = [look_at(path, PUBLIC, originals=True) for path in folder.glob("*.zip")]
    assert len(findings) == 2
    assert look_at_chain(findings, folder, PUBLIC) == ()


def test_originals_and_marks_without_a_bundle_are_cleared_at_the_start(folder: Path) -> None:
    bundle = only(folder)
    lonely = folder / ORIGINALS / "lonely.original.zip"
    lonely.write_bytes(b"pictures")
    (folder / f"lonely{UNTOLD}").touch()
    builder(folder)
    assert not lonely.exists()
    assert not (folder / f"lonely{UNTOLD}").exists()
    assert original_of(bundle).exists()
    assert look_at(bundle, PUBLIC, originals=True).problems == ()


def test_the_original_pictures_are_those_of_the_camera_and_one_changed_byte_in_them_is_told(folder: Path) -> None:
    bundle = only(folder)
    place = original_of(bundle)
    note = verify_bundle(bundle, PUBLIC).manifest.original
    assert note is not None
    assert note.pictures >= 14
    assert place.parent.stat().st_mode & 0o077 == 0
    raw = bytearray(place.read_bytes())
    raw[len(raw) // 2] ^= 1
    place.write_bytes(bytes(raw))
    assert look_at(bundle, PUBLIC).problems == ()
    assert look_at(bundle, PUBLIC, originals=True).problems == (f"original pictures: {place.name} was changed",)


def test_the_courier_never_sees_an_original(folder: Path) -> None:
    assert Courier(folder, "http://127.0.0.1:1", "j1").waiting() == [only(folder)]


@pytest.mark.parametrize(("fps", "expected"), [(25, 20), (6, 20), (5, 20), (2, 8)])
def test_the_ring_keeps_its_rate_and_its_bounds(fps: int, expected: int) -> None:
    none = Detections.empty()
    nobody = Tracks(
        0.0, (), np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 4, 4)), np.zeros(0, np.int8),
        none.boxes_px, none.scores, np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)), np.zeros(0),
    )  # fmt: skip
    roomy, tight = FrameRing(seconds=10.0, pictures_hz=5.0), FrameRing(pictures_hz=5.0, limit_bytes=200_000)
    for k in range(4 * fps):
        for ring in (roomy, tight):
            ring.add(DetectedFrame("cam", k / fps, k, none, Film.image), nobody, ())
    assert sum(frame.jpeg is not None for frame in roomy.frames()) == pytest.approx(expected, abs=1)
    assert sum(len(frame.jpeg or b"") for frame in tight.frames()) == tight.bytes <= 200_000
    assert tight.frames()[-1].index == 4 * fps - 1
    assert any(frame.jpeg is not None for frame in tight.frames())
