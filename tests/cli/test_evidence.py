"""`nutgiao evidence verify`: an intact bundle says what it shows, a changed one what was changed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.cli.main import main
from nutgiao.models.contracts.evidence import MANIFEST, NO_PREVIOUS, SIGNATURE, Manifest, sha256
from nutgiao.models.contracts.words import VehicleClass, ViolationKind

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def bundle(folder: Path, violation: str = "v1", previous: str = NO_PREVIOUS) -> Path:
    """A small sealed bundle with one file."""
    manifest = Manifest(
        violation=violation,
        kind=ViolationKind.RED_LIGHT,
        node="j1",
        boot="b1",
        site="Ngã tư thử",
        approach="west",
        lane="west_1",
        camera="c1",
        track="j1-c1-7",
        vehicle_class=VehicleClass.MOTORCYCLE,
        occurred_s=1_795_496_400.0,
        occurred_utc="2026-11-24T05:00:00Z",
        occurred_local="2026-11-24T12:00:00+07:00",
        numbers={"red_for_s": 3.2},
        confidence=0.9,
        signal_group="main",
        signal_source="controller",
        stills=(),
        site_hash="0" * 16,
        geometry_hash="0" * 16,
        calibration_rms_m=0.1,
        software="0.1.0",
        files={"trace.csv": sha256(b"t,x\n")},
        previous_sha256=previous,
        public_key=KEY.public_key().public_bytes_raw().hex(),
    )
    raw = msgspec.json.encode(manifest)
    path = folder / f"{violation}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MANIFEST, raw)
        archive.writestr(SIGNATURE, KEY.sign(raw))
        archive.writestr("trace.csv", b"t,x\n")
    return path


def test_an_intact_bundle_says_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "verify", str(bundle(tmp_path)), "--key", KEY.public_key().public_bytes_raw().hex()]) == 0
    told = capsys.readouterr().out
    assert "v1.zip: intact" in told
    assert "red_light by a motorcycle at Ngã tư thử, west, lane west_1" in told


def test_without_a_key_it_says_that_anyone_may_have_sealed_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "verify", str(bundle(tmp_path))]) == 0
    assert "anyone may have such a key" in capsys.readouterr().out


def test_a_changed_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle(tmp_path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in {**contents, "trace.csv": b"t,y\n"}.items():
            archive.writestr(name, body)
    assert main(["evidence", "verify", str(path), "--key", KEY.public_key().public_bytes_raw().hex()]) == 1
    assert "v1.zip: changed: trace.csv" in capsys.readouterr().out


def test_another_nodes_key_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key().public_bytes_raw().hex()
    assert main(["evidence", "verify", str(bundle(tmp_path)), "--key", other]) == 1
    assert "another key" in capsys.readouterr().out


def test_a_bundle_taken_out_of_the_chain_is_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = bundle(tmp_path, "v1")
    with zipfile.ZipFile(first) as archive:
        second = bundle(tmp_path, "v2", previous=sha256(archive.read(MANIFEST)))
    assert main(["evidence", "verify", "--chain", str(first), str(second)]) == 0
    assert main(["evidence", "verify", "--chain", str(second)]) == 1
    assert "the bundle before v2 is not among these" in capsys.readouterr().out


def test_what_is_no_bundle_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "letter.zip"
    path.write_text("Dear Sir")
    assert main(["evidence", "verify", str(path)]) == 2
    assert "no readable zip" in capsys.readouterr().err
