"""`nutgiao evidence`: what an intact bundle shows, what was changed in another, and who has looked at the originals."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from nutgiao.cli.main import main
from nutgiao.edge.evidence.chain import original_of
from nutgiao.edge.evidence.looks import LOOKS, looks_at
from nutgiao.models.contracts.evidence import MANIFEST, NO_PREVIOUS, SIGNATURE, Manifest, OriginalNote, sha256
from nutgiao.models.contracts.sealed_zip import pack, unpack
from nutgiao.models.contracts.words import VehicleClass, ViolationKind
from tests.edge.evidence.test_bundle import KEY

PUBLIC = KEY.public_key().public_bytes_raw().hex()
PICTURES = pack({"0000.jpg": b"a face"})


def bundle(folder: Path, number: int = 1, previous: str = NO_PREVIOUS, site: str = "Ngã tư thử") -> Path:
    """A small sealed bundle with one file, and its original pictures."""
    violation = f"v{number}"
    manifest = Manifest(
        violation=violation,
        kind=ViolationKind.RED_LIGHT,
        node="j1",
        boot="b1",
        site=site,
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
        public_key=PUBLIC,
        number=number,
        original=OriginalNote(
            file=f"{violation}.original.zip", sha256=sha256(PICTURES), size=len(PICTURES), pictures=1
        ),
    )
    raw = msgspec.json.encode(manifest)
    path = folder / f"{violation}.zip"
    path.write_bytes(pack({MANIFEST: raw, SIGNATURE: KEY.sign(raw), "trace.csv": b"t,x\n"}))
    original_of(path).parent.mkdir(exist_ok=True)
    original_of(path).write_bytes(PICTURES)
    return path


def chain_of(folder: Path, count: int) -> list[Path]:
    paths, previous = [], NO_PREVIOUS
    for number in range(1, count + 1):
        paths.append(bundle(folder, number, previous))
        previous = sha256(unpack("", paths[-1].read_bytes())[0][MANIFEST] or b"")
    return paths


def test_an_intact_bundle_says_what_it_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle(tmp_path)
    assert main(["evidence", "verify", str(path), "--key", PUBLIC, "--originals"]) == 0
    told = capsys.readouterr().out
    assert "v1.zip: intact" in told
    assert "red_light by a motorcycle at Ngã tư thử, west, lane west_1" in told
    assert main(["evidence", "show", str(path), "--key", PUBLIC]) == 0
    told = capsys.readouterr().out
    assert "The bundle is intact." in told
    assert "Figures: red_for_s 3.2" in told
    assert "Plate: nobody has read it" in told


def test_without_a_key_it_says_that_anyone_may_have_sealed_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evidence", "verify", str(bundle(tmp_path))]) == 0
    assert "anyone may have such a key" in capsys.readouterr().out


def test_a_changed_file_is_named_and_the_claims_are_not_to_be_relied_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bundle(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"t,x\n", b"t,y\n"))
    assert main(["evidence", "verify", str(path), "--key", PUBLIC]) == 1
    assert "v1.zip: changed: trace.csv" in capsys.readouterr().out
    assert main(["evidence", "show", str(path)]) == 1
    assert "DO NOT RELY ON IT: changed: trace.csv" in capsys.readouterr().out


def test_a_forged_manifest_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = bundle(tmp_path, site="\x1b[2Jintact\u202e\r")
    assert main(["evidence", "verify", str(path)]) == 0
    assert main(["evidence", "show", str(path)]) == 0
    told = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\r"} & set(told)


def test_another_nodes_key_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evidence", "verify", str(bundle(tmp_path)), "--key", "00" * 32]) == 1
    assert "another key" in capsys.readouterr().out


def test_a_folder_is_checked_with_its_chain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = chain_of(tmp_path, 3)
    assert main(["evidence", "verify", str(tmp_path), "--key", PUBLIC]) == 0
    assert main(["evidence", "verify", "--chain", str(third), str(first), str(second)]) == 0
    capsys.readouterr()
    second.unlink()
    assert main(["evidence", "verify", str(tmp_path)]) == 1
    assert "between v1.zip and v3.zip bundle 2 of the chain is not here" in capsys.readouterr().out
    assert main(["evidence", "verify", str(third)]) == 0, "alone it is whole"


def test_what_is_no_bundle_is_wrong_input_and_the_others_are_still_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle(tmp_path)
    (tmp_path / "letter.zip").write_text("Dear Sir")
    assert main(["evidence", "verify", str(tmp_path)]) == 2
    told = capsys.readouterr().out
    assert "letter.zip: no readable zip" in told
    assert "v1.zip: intact" in told


def test_who_opens_original_pictures_is_noted_first_and_a_changed_note_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = bundle(tmp_path), tmp_path / "copy.bin"
    asked = ["evidence", "original", str(path), "--out", str(out), "--why", "appeal 12"]
    assert main([*asked, "--who", "  "]) == 2
    assert not out.exists()
    assert main([*asked, "--who", "Lan"]) == 0
    assert out.read_bytes() == PICTURES
    assert main([*asked, "--who", "Minh"]) == 2, "nothing is overwritten"
    noted = looks_at(original_of(path))
    assert [(look.who, look.what, look.why) for look in noted] == [
        ("Lan", "looked", "appeal 12"),
        ("Minh", "looked", "appeal 12"),
    ]
    log = original_of(path).with_suffix(LOOKS)
    log.write_bytes(log.read_bytes().replace(b"Lan", b"Lam"))
    capsys.readouterr()
    assert main(["evidence", "verify", str(path), "--originals"]) == 1
    assert "line 2 does not follow the one before it" in capsys.readouterr().out


def test_a_hold_names_a_person_and_is_lifted_by_one(tmp_path: Path) -> None:
    path = bundle(tmp_path)
    person = ["--who", "Lan", "--why", "court"]
    assert main(["evidence", "release", str(path), *person]) == 2
    assert main(["evidence", "hold", str(path), *person]) == 0
    assert path.with_suffix(".hold").exists()
    assert main(["evidence", "release", str(path), *person]) == 0
    assert not path.with_suffix(".hold").exists()
    assert [look.what for look in looks_at(path)] == ["held", "released"]
    assert main(["evidence", "hold", str(tmp_path / "none.zip"), *person]) == 2
