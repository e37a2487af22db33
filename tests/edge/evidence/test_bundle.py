"""A bundle says what was seen and is small."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.configs.keys import load_or_create_key
from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.picture import draw_still
from nutgiao.edge.evidence.verify import verify_bundle
from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.errors import ConfigError
from nutgiao.models.contracts.words import Indication
from nutgiao.models.vision.detections import DetectedFrame
from tests.support.scenes import GREEN, RED, START_S, Scene, Vehicle, drive, site, stand, watch

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Filmed(Scene):
    """A scene with pixels: noise, in which whoever is not blurred stays sharp."""

    def frame(self, t: float) -> DetectedFrame:
        plain = super().frame(t)
        image = np.random.default_rng(self.index).integers(0, 255, (720, 1280, 3)).astype(np.uint8)
        return DetectedFrame(plain.camera, plain.time_s, plain.index, plain.detections, image)


def red_light_case(filmed: bool = False) -> Case:
    vehicles = [Vehicle(drive(8.0, 11.0), 4.5), *(Vehicle(stand(1.0 + 3 * k), 1.2) for k in range(6))]
    perception = Perception(site(), "j1", "b1")
    scene = Filmed(vehicles) if filmed else Scene(vehicles)
    watched = watch(perception, scene, 14, lambda t: RED if t >= 8 else GREEN)
    (violation,) = watched.violations
    return perception.case(violation)


@pytest.fixture(scope="module")
def case() -> Case:
    return red_light_case()


def builder(folder: Path) -> EvidenceBuilder:
    return EvidenceBuilder(folder, KEY, site=site(), node="j1", boot="b1", software="0.1.0")


def test_a_sealed_bundle_verifies_and_is_small(tmp_path: Path, case: Case) -> None:
    maker = builder(tmp_path)
    bundle = maker.seal("v-1", case)
    verdict = verify_bundle(bundle.path, maker.public_key_hex)
    assert verdict.intact
    assert verdict.key_trusted
    assert verdict.manifest_sha256 == bundle.manifest_sha256
    assert bundle.path.stat().st_size < 120_000


def test_the_manifest_tells_the_case(tmp_path: Path, case: Case) -> None:
    manifest = verify_bundle(builder(tmp_path).seal("v-1", case).path, None).manifest
    assert (manifest.kind, manifest.approach, manifest.lane, manifest.signal_group) == (
        "red_light",
        "west",
        "lane_2",
        "g",
    )
    assert manifest.numbers["red_age_s"] == pytest.approx(3.0, abs=0.1)
    assert [still.file for still in manifest.stills] == ["before.jpg", "at.jpg", "beyond.jpg"]
    assert {still.lamp for still in manifest.stills} == {Indication.RED}
    before_s, at_s, beyond_s = (still.time_s - START_S for still in manifest.stills)
    assert (before_s, at_s) == (10.0, 11.0)
    assert 12.0 <= beyond_s <= 12.5
    assert all(still.drawn for still in manifest.stills)
    assert manifest.occurred_utc.endswith("+00:00")
    assert manifest.occurred_local.endswith("+07:00")


def test_the_trace_follows_the_vehicle_over_the_line_with_its_lamp(tmp_path: Path, case: Case) -> None:
    with zipfile.ZipFile(builder(tmp_path).seal("v-1", case).path) as bundle:
        header, *rows = bundle.read("trace.csv").decode().splitlines()
    assert header == "time_s,x_m,y_m,speed_mps,sd_m,seen,lamp,score,ground_x_m,ground_y_m"
    x = [float(row.split(",")[1]) for row in rows]
    lamps = [row.split(",")[6] for row in rows]
    assert x[0] > 40
    assert x[-1] < -8
    assert lamps[0] == "green"
    assert lamps[-1] == "red"


def test_stills_are_pictures_in_which_the_vehicle_is_marked(case: Case) -> None:
    for still in case.stills:
        picture = cv2.imdecode(np.frombuffer(draw_still(case, still), np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (360, 640, 3)
        assert still.box_px is not None
        left, top, _, _ = (round(v / 2) for v in still.box_px)
        blue, _, red = picture[max(top, 28) + 2, left].astype(int)
        assert red > 150
        assert blue < 100


def test_bystanders_are_pixelated_and_the_subject_is_not() -> None:
    case = red_light_case(filmed=True)
    still = case.stills[1]
    picture = cv2.imdecode(np.frombuffer(draw_still(case, still), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert still.box_px is not None

    assert picture.shape == (720, 1280, 3)

    def sharpness(box: np.ndarray) -> float:
        left, top, right, bottom = (int(v) for v in box)
        part = picture[max(30, top + 6) : bottom - 4, left + 5 : right - 5]
        return float(np.abs(np.diff(part[:, :, 0].astype(float), axis=0)).mean())

    subject = sharpness(np.array(still.box_px))
    others = still.frame.detections.boxes_px
    near = [box for box in others if box[3] - box[1] > 70 and abs(box[0] - still.box_px[0]) > 60]
    assert near
    assert all(sharpness(box) < 0.5 * subject for box in near)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "node.pem"
    first, second = load_or_create_key(path), load_or_create_key(path)
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_or_create_key(path)


def test_a_damaged_key_is_not_replaced_silently(tmp_path: Path) -> None:
    path = tmp_path / "node.pem"
    path.write_text("no key")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no readable key"):
        load_or_create_key(path)
    assert path.read_text() == "no key"
