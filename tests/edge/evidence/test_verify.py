"""Whatever is changed in a bundle, or in the row of bundles, `verify` tells it; and nothing that is whole is blamed."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from nutgiao.edge.evidence.bundle import EvidenceBuilder
from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.chain import HEAD
from nutgiao.edge.evidence.verify import look_at, look_at_chain, verify_bundle
from nutgiao.models.contracts import sealed_zip
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import (
    FIRST_SCHEMA,
    MANIFEST,
    NO_PREVIOUS,
    SCHEMA,
    SIGNATURE,
    Manifest,
    sha256,
)
from nutgiao.models.contracts.sealed_zip import pack, unpack
from tests.edge.evidence.test_bundle import KEY, builder, red_light_case
from tests.support.scenes import site

PUBLIC = KEY.public_key().public_bytes_raw().hex()
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def case() -> Case:
    return red_light_case()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, case: Case) -> bytes:
    return builder(tmp_path_factory.mktemp("one")).seal("v-1", case).path.read_bytes()


@pytest.fixture
def row(tmp_path: Path, case: Case) -> Path:
    """A folder with four bundles of one node."""
    maker = builder(tmp_path / "row")
    for k in range(1, 5):
        maker.seal(f"v-{k}", case)
    return tmp_path / "row"


def problems(path: Path, key: str | None = PUBLIC) -> tuple[str, ...]:
    return look_at(path, key).problems


def chain(folder: Path) -> tuple[str, ...]:
    return look_at_chain([look_at(path, PUBLIC) for path in sorted(folder.glob("*.zip"))], folder, PUBLIC)


def members(data: bytes) -> dict[str, bytes]:
    contents, oddities = unpack("sealed", data)
    assert oddities == []
    return {name: content for name, content in contents.items() if content is not None}


def signed(manifest: Manifest, key: Ed25519PrivateKey, files: dict[str, bytes]) -> bytes:
    body = msgspec.json.encode(manifest)
    return pack({MANIFEST: body, SIGNATURE: key.sign(body), **files})


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=5))
def test_a_sealed_zip_is_a_zip_for_everybody_and_the_same_files_give_the_same_bytes(files: dict[str, bytes]) -> None:
    data = pack(files)
    assert members(data) == files
    assert pack(members(data)) == data


@given(st.data())
def test_any_byte_that_is_changed_is_told(sealed: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(sealed) - 1), "place")
    change = data.draw(st.integers(1, 255), "change")
    broken = bytearray(sealed)
    broken[place] ^= change
    assert not _intact(bytes(broken)), f"byte {place}"


def test_each_single_byte_outside_of_pictures_is_told_when_it_is_changed(sealed: bytes) -> None:
    """The parts that a usual zip reader does not look at, byte by byte: headers, directory and end."""
    files = members(sealed)
    starts = {sealed.index(data): len(data) for data in files.values()}
    inside = {k for at, length in starts.items() for k in range(at, at + length)}
    outside = [k for k in range(len(sealed)) if k not in inside]
    assert len(outside) > 400
    for place in outside:
        broken = bytearray(sealed)
        broken[place] ^= 0x40
        assert not _intact(bytes(broken)), f"byte {place}"


@given(st.integers(0, 10_000_000))
def test_a_bundle_that_was_cut_off_anywhere_is_told(sealed: bytes, length: int) -> None:
    assert not _intact(sealed[: length % len(sealed)])


@given(st.binary(max_size=300))
def test_what_is_no_bundle_never_counts_as_one(noise: bytes) -> None:
    assert not _intact(noise)


def _intact(data: bytes) -> bool:
    from nutgiao.edge.evidence.verify import _signed
    from nutgiao.models.contracts.evidence_check import check_bundle

    try:
        return check_bundle("bundle", data, PUBLIC, _signed).intact
    except EvidenceBroken:
        return False


def _comment(data: bytes) -> bytes:
    return data[:-2] + len(b"hello").to_bytes(2, "little") + b"hello"


def _twice(data: bytes) -> bytes:
    """A second at.jpg in front of the true one, with a directory that lists both: readers differ in which they show."""
    files = members(data)
    doubled = pack(
        {**{name.replace("at.jpg", "at.jpx"): body for name, body in files.items()}, "at.jpg": files["at.jpg"]}
    )
    return doubled.replace(b"at.jpx", b"at.jpg")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data + b"?", "the zip around its files was changed"),
        (lambda data: b"MZ" + data, "the zip around its files was changed"),
        (_comment, "the zip has a comment"),
        (_twice, "two files are called at.jpg"),
        (lambda data: pack(dict(reversed(members(data).items()))), "the zip around its files was changed"),
        (lambda data: pack(members(data) | {"at.jpg": b"another"}), "changed: at.jpg"),
        (lambda data: pack({k: v for k, v in members(data).items() if k != "trace.csv"}), "missing: trace.csv"),
        (lambda data: pack(members(data) | {"extra.jpg": b"?"}), "not in the manifest: extra.jpg"),
        (
            lambda data: pack({k: v for k, v in members(data).items() if k != SIGNATURE}),
            "missing: signature.bin",
        ),
    ],
    ids=["appended", "prefixed", "comment", "doubled", "reordered", "replaced", "left out", "added", "unsigned"],
)
def test_what_was_changed_is_named(sealed: bytes, tmp_path: Path, change: Callable[[bytes], bytes], told: str) -> None:
    path = tmp_path / "v-1.zip"
    path.write_bytes(sealed)
    assert problems(path) == ()
    path.write_bytes(change(sealed))
    assert any(problem.startswith(told) for problem in problems(path)), problems(path)


def test_an_edited_or_forged_manifest_is_told(sealed: bytes, tmp_path: Path) -> None:
    path, files = tmp_path / "v-1.zip", members(sealed)
    manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    edited = msgspec.structs.replace(manifest, track="somebody-else")
    path.write_bytes(pack({**files, MANIFEST: msgspec.json.encode(edited)}))
    assert "the signature does not fit the manifest" in problems(path)
    stranger = Ed25519PrivateKey.generate()
    theirs = msgspec.structs.replace(edited, public_key=stranger.public_key().public_bytes_raw().hex())
    rest = {name: data for name, data in files.items() if name not in (MANIFEST, SIGNATURE)}
    path.write_bytes(signed(theirs, stranger, rest))
    assert "sealed with another key than the node's" in problems(path)
    assert verify_bundle(path, None).intact, "without the node's key nobody can tell"
    path.write_bytes(signed(edited, stranger, rest))
    assert problems(path) == ("the signature does not fit the manifest",)


def test_a_whole_row_is_whole(row: Path) -> None:
    assert [problems(path) for path in row.glob("*.zip")] == [()] * 4
    assert chain(row) == ()


@pytest.mark.parametrize("taken", [1, 2, 3, 4])
def test_a_bundle_that_was_taken_out_is_missed_the_first_and_the_last_too(row: Path, taken: int) -> None:
    (row / f"v-{taken}.zip").unlink()
    (gap,) = chain(row)
    assert gap.endswith(f"bundle {taken} of the chain is not here")


def test_a_copy_under_another_name_is_told(row: Path) -> None:
    shutil.copy(row / "v-2.zip", row / "v-9.zip")
    assert chain(row) == ("v-9.zip: a copy of v-2.zip",)
    assert problems(row / "v-9.zip") == ("holds the bundle of v-2",)


def test_two_bundles_that_changed_places_are_told(row: Path) -> None:
    second, third = (row / "v-2.zip").read_bytes(), (row / "v-3.zip").read_bytes()
    (row / "v-2.zip").write_bytes(third)
    (row / "v-3.zip").write_bytes(second)
    assert problems(row / "v-2.zip") == ("holds the bundle of v-3",)
    assert problems(row / "v-3.zip") == ("holds the bundle of v-2",)


def test_numbers_that_were_swapped_by_somebody_with_the_key_do_not_follow_each_other(row: Path) -> None:
    """Not even who has the key can put another order in place of the true one without sealing all later ones anew."""
    for name, number in (("v-2", 3), ("v-3", 2)):
        path = row / f"{name}.zip"
        files = members(path.read_bytes())
        manifest = msgspec.json.decode(files.pop(MANIFEST), type=Manifest)
        del files[SIGNATURE]
        path.write_bytes(signed(msgspec.structs.replace(manifest, number=number), KEY, files))
        assert problems(path) == ()
    assert any("does not follow" in problem for problem in chain(row))


def test_two_bundles_at_one_place_are_told(row: Path, case: Case) -> None:
    aside = (row / "v-4.zip").rename(row.parent / "v-4.zip")
    third = verify_bundle(row / "v-3.zip", None).manifest_sha256
    (row / HEAD).write_bytes(msgspec.json.encode({"number": 3, "sha256": third}))
    builder(row).seal("v-5", case)
    aside.rename(row / "v-4.zip")
    assert "v-4.zip and v-5.zip: both claim place 4 in the chain" in chain(row)


def test_a_chain_goes_on_after_a_restart_and_after_the_first_schema(tmp_path: Path, case: Case) -> None:
    old = _first_schema(tmp_path, case)
    (tmp_path / "chain.txt").write_text(verify_bundle(old, None).manifest_sha256)
    for k in (1, 2):
        builder(tmp_path).seal(f"v-{k}", case)
    assert [problems(path) for path in sorted(tmp_path.glob("*.zip"))] == [()] * 3
    assert chain(tmp_path) == ()
    old.unlink()
    assert chain(tmp_path) == ("v-1.zip: the bundle before it is not here",)


def test_a_bundle_of_the_first_schema_still_verifies_and_its_changes_are_still_found(
    tmp_path: Path, case: Case
) -> None:
    path = _first_schema(tmp_path, case)
    verdict = verify_bundle(path, PUBLIC)
    assert verdict.intact
    assert (verdict.manifest.kind, verdict.manifest.number, verdict.manifest.clip) == ("red_light", None, None)
    whole = path.read_bytes()
    for broken, told in (
        (whole + b"?", "there are bytes behind the zip"),
        (whole.replace(b"0.1.0", b"0.1.1"), "missing or damaged"),
        (_comment(whole), "the zip has a comment"),
    ):
        path.write_bytes(broken)
        assert any(told in problem for problem in problems(path)), (told, problems(path))


def test_the_second_schema_cannot_pass_for_the_first_to_escape_the_check_of_every_byte(sealed: bytes) -> None:
    files = members(sealed)
    files[MANIFEST] = files[MANIFEST].replace(SCHEMA.encode(), FIRST_SCHEMA.encode())
    assert not _intact(pack(files))


def test_what_cannot_be_read_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "no.zip"
    with pytest.raises(EvidenceBroken, match=r"no\.zip: cannot be read"):
        verify_bundle(path, None)
    path.write_bytes(b"not a zip")
    with pytest.raises(EvidenceBroken, match="no readable zip"):
        verify_bundle(path, None)
    path.write_bytes(pack({"readme.txt": b"hello"}))
    with pytest.raises(EvidenceBroken, match=r"manifest\.json is missing"):
        verify_bundle(path, None)
    path.write_bytes(pack({MANIFEST: b"[" * 100_000}))
    with pytest.raises(EvidenceBroken, match="does not fit its schema"):
        verify_bundle(path, None)
    monkeypatch.setattr(sealed_zip, "MEMBERS_LIMIT_BYTES", 100_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", bytes(200_000))
    with pytest.raises(EvidenceBroken, match="holds more than"):
        verify_bundle(path, None)


def _first_schema(folder: Path, case: Case) -> Path:
    """A bundle as version 0.1 made it: a usual zip, and a manifest without what came later."""
    sealer = EvidenceBuilder(folder / "new", KEY, site=site(), node="j1", boot="b1", software="0.1.0")
    files = members(sealer.seal("v-0", case).path.read_bytes())
    body = msgspec.json.decode(files.pop(MANIFEST))
    del files[SIGNATURE]
    later = (
        "number",
        "sealed_s",
        "clip",
        "original",
        "plate",
        "plate_file",
        "lamps",
        "calibration",
        "models",
        "clocks",
    )
    for key in (*later, "law", "device", "confidences", "troubles"):
        del body[key]
    for still in body["stills"]:
        del still["lamp_shown"]
    body["previous_sha256"] = NO_PREVIOUS
    raw = msgspec.json.encode({**body, "schema": FIRST_SCHEMA, "files": {k: sha256(v) for k, v in files.items()}})
    path = folder / "v-0.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in {**files, MANIFEST: raw, SIGNATURE: KEY.sign(raw)}.items():
            bundle.writestr(name, data)
    shutil.rmtree(folder / "new")
    return path
