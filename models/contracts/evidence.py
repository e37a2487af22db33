"""A sealed bundle of evidence: what its manifest claims, and the check that it is as it was sealed."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.site import Approach, Camera
from nutgiao.models.contracts.words import Indication, VehicleClass, ViolationKind

MANIFEST, SIGNATURE = "manifest.json", "signature.bin"
NO_PREVIOUS = "0" * 64


class StillInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One still: its file, capture time, frame number, and the lamp then."""

    file: str
    time_s: float
    frame: int
    lamp: Indication
    drawn: bool


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag="nutgiao/evidence/1"):
    """What a bundle says about a violation.

    Attributes:
        violation: unique id of the case.
        kind: what was done.
        node: box that saw it.
        boot: run of its software.
        site: name of the place.
        approach: where.
        lane: in which lane.
        camera: which camera.
        track: id of the track.
        vehicle_class: by vote over the track.
        occurred_s: seconds since the epoch.
        occurred_utc: the same, ISO 8601.
        occurred_local: the same in local time.
        numbers: figures that justify it.
        confidence: 0..1 of the rule.
        signal_group: whose lamp mattered.
        signal_source: who told the lamp: controller or camera.
        stills: the pictures.
        site_hash: hash of the signal side of the site file.
        geometry_hash: hash of approach and camera as they were.
        calibration_rms_m: error of the camera's map on its own pairs.
        software: version.
        files: SHA-256 of each other file in the bundle.
        previous_sha256: hash of the node's manifest before this one: a removed case leaves a gap.
        public_key: the node's Ed25519 key, hexadecimal.
    """

    violation: str
    kind: ViolationKind
    node: str
    boot: str
    site: str
    approach: str
    lane: str | None
    camera: str
    track: str
    vehicle_class: VehicleClass
    occurred_s: float
    occurred_utc: str
    occurred_local: str
    numbers: dict[str, float]
    confidence: float
    signal_group: str | None
    signal_source: str
    stills: tuple[StillInfo, ...]
    site_hash: str
    geometry_hash: str
    calibration_rms_m: float
    software: str
    files: dict[str, str]
    previous_sha256: str
    public_key: str


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found.

    Attributes:
        manifest: what the bundle claims.
        manifest_sha256: its hash, the name of this link in the chain.
        changed: files whose content differs from their hash.
        missing: files that the manifest names and the bundle lacks.
        unexpected: files that the manifest does not name.
        signature_valid: the signature fits manifest and key.
        key_trusted: the key is the one asked for; None if none was given, so anyone may have sealed it.
    """

    manifest: Manifest
    manifest_sha256: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    signature_valid: bool
    key_trusted: bool | None

    @property
    def intact(self) -> bool:
        """Nothing is wrong."""
        whole = not (self.changed or self.missing or self.unexpected)
        return whole and self.signature_valid and self.key_trusted is not False

    def __str__(self) -> str:
        problems = [f"changed: {name}" for name in self.changed]
        problems += [f"missing: {name}" for name in self.missing]
        problems += [f"not in the manifest: {name}" for name in self.unexpected]
        if not self.signature_valid:
            problems.append("the signature does not fit the manifest")
        if self.key_trusted is False:
            problems.append("sealed with another key than the node's")
        return "; ".join(problems) or "intact"


def check_bundle(
    name: str, data: bytes, public_key: str | None, signed: Callable[[str, bytes, bytes], bool]
) -> Verdict:
    """Checks a bundle.

    Args:
        name: of the file, for messages.
        data: the zip file.
        public_key: hexadecimal Ed25519 key of the node, from its health message; None takes the key in the manifest.
        signed: tells whether a signature fits a key and bytes: ``signed(key, body, signature)``.

    Returns:
        What is intact and what is not.

    Raises:
        EvidenceBroken: if it cannot be read at all: no zip, no manifest, or one of another schema.
    """
    contents: dict[str, bytes | None] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            for member in bundle.namelist():
                try:
                    contents[member] = bundle.read(member)
                except (zipfile.BadZipFile, zlib.error, EOFError):  # zip's own checksum failed
                    contents[member] = None
    except (OSError, zipfile.BadZipFile) as error:
        raise EvidenceBroken(f"{name}: no readable zip: {error}") from error
    raw = contents.get(MANIFEST)
    if raw is None:
        raise EvidenceBroken(f"{name}: {MANIFEST} is missing or damaged")
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise EvidenceBroken(f"{name}: {MANIFEST} does not fit its schema: {error}") from error
    changed = []
    for member, digest in manifest.files.items():
        found = contents.get(member, b"")
        if member in contents and (found is None or sha256(found) != digest):
            changed.append(member)
    signature = contents.get(SIGNATURE)
    return Verdict(
        manifest=manifest,
        manifest_sha256=sha256(raw),
        changed=tuple(changed),
        missing=tuple(member for member in (*manifest.files, SIGNATURE) if member not in contents),
        unexpected=tuple(member for member in contents if member not in {*manifest.files, MANIFEST, SIGNATURE}),
        signature_valid=signature is not None and signed(public_key or manifest.public_key, raw, signature),
        key_trusted=None if public_key is None else public_key == manifest.public_key,
    )


def geometry_hash(approach: Approach, camera: Camera) -> str:
    """Hash of the geometry on which the figures rest, 16 hexadecimal digits; the camera's address stays out of it."""
    view = (camera.id, camera.width_px, camera.height_px, camera.ground_pairs, camera.view_m)
    return sha256(msgspec.json.encode((approach, view), order="deterministic"))[:16]
