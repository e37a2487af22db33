"""A bundle says what was seen, is small, and shows every later change."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.configs.keys import load_or_create_key
from nutgiao.edge.evidence.bundle import EvidenceBuilder, SealedBundle
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.picture import draw_still
from nutgiao.edge.evidence.verify import verify_bundle, verify_chain
from nutgiao.edge.perception import Perception
from nutgiao.models.contracts.errors import ConfigError, EvidenceBroken
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


def rewritten(bundle: SealedBundle, path: Path, **changes: bytes | None) -> Path:
    """The bundle with some files replaced, added or left out."""
    with zipfile.ZipFile(bundle.path) as old:
        files: dict[str, bytes | None] = {name: old.read(name) for name in old.namelist()}
    files |= {name.replace("_", "."): data for name, data in changes.items()}
    with zipfile.ZipFile(path, "w") as new:
        for name, data in files.items():
            if data is not None:
                new.writestr(name, data)
    return path


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
    assert header == "time_s,x_m,y_m,speed_mps,sd_m,seen,lamp"
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

    def sharpness(box: np.ndarray) -> float:
        left, top, right, bottom = (int(v / 2) for v in box)
        part = picture[max(30, top + 6) : bottom - 4, left + 5 : right - 5]
        return float(np.abs(np.diff(part[:, :, 0].astype(float), axis=0)).mean())

    subject = sharpness(np.array(still.box_px))
    near = [box for box in still.frame.boxes_px if box[3] - box[1] > 70 and abs(box[0] - still.box_px[0]) > 60]
    assert near
    assert all(sharpness(box) < 0.5 * subject for box in near)


def test_one_changed_byte_in_any_file_is_found(tmp_path: Path, case: Case) -> None:
    bundle = builder(tmp_path).seal("v-1", case)
    with zipfile.ZipFile(bundle.path) as sealed:
        jpeg = bytearray(sealed.read("at.jpg"))
    jpeg[len(jpeg) // 2] ^= 1
    verdict = verify_bundle(rewritten(bundle, tmp_path / "changed.zip", at_jpg=bytes(jpeg)), None)
    assert not verdict.intact
    assert verdict.changed == ("at.jpg",)
    assert str(verdict) == "changed: at.jpg"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_one_changed_byte_anywhere_in_the_zip_is_found(tmp_path: Path, case: Case, share: float) -> None:
    bundle = builder(tmp_path).seal("v-1", case)
    raw = bytearray(bundle.path.read_bytes())
    raw[int(share * len(raw))] ^= 0x10
    bundle.path.write_bytes(bytes(raw))
    assert len(verify_bundle(bundle.path, None).changed) == 1


def test_missing_and_added_files_are_named(tmp_path: Path, case: Case) -> None:
    bundle = builder(tmp_path).seal("v-1", case)
    verdict = verify_bundle(rewritten(bundle, tmp_path / "x.zip", trace_csv=None, extra_jpg=b"?"), None)
    assert (verdict.missing, verdict.unexpected, verdict.intact) == (("trace.csv",), ("extra.jpg",), False)


def test_a_manifest_that_was_edited_or_sealed_by_another_fails(tmp_path: Path, case: Case) -> None:
    maker = builder(tmp_path / "ours")
    bundle = maker.seal("v-1", case)
    manifest = verify_bundle(bundle.path, None).manifest
    edited = msgspec.json.encode(msgspec.structs.replace(manifest, track="somebody-else"))
    assert not verify_bundle(rewritten(bundle, tmp_path / "e.zip", manifest_json=edited), None).signature_valid
    stranger = EvidenceBuilder(
        tmp_path / "theirs", Ed25519PrivateKey.generate(), site=site(), node="j1", boot="b1", software="0.1.0"
    )
    forged = verify_bundle(stranger.seal("v-1", case).path, maker.public_key_hex)
    assert (forged.intact, forged.signature_valid, forged.key_trusted) == (False, False, False)


def test_the_chain_shows_that_a_bundle_was_taken_out(tmp_path: Path, case: Case) -> None:
    first = builder(tmp_path).seal("v-1", case)
    restarted = builder(tmp_path)  # the chain goes on after a restart
    bundles = [first, *(restarted.seal(f"v-{k}", case) for k in (2, 3))]
    verdicts = [verify_bundle(bundle.path, None) for bundle in bundles]
    assert verify_chain(verdicts) == ()
    assert verify_chain([verdicts[0], verdicts[2]]) == ("v-3",)


def test_what_is_no_bundle_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "no.zip"
    with pytest.raises(EvidenceBroken, match=r"no\.zip"):
        verify_bundle(path, None)
    path.write_bytes(b"not a zip")
    with pytest.raises(EvidenceBroken, match="zip"):
        verify_bundle(path, None)
    with zipfile.ZipFile(path, "w") as empty:
        empty.writestr("readme.txt", "hello")
    with pytest.raises(EvidenceBroken, match=r"manifest\.json"):
        verify_bundle(path, None)


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
