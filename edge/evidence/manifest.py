"""The manifest of a bundle: what it claims, the hash of every file, and the hash of the manifest before it."""

from __future__ import annotations

import hashlib

import msgspec

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


def geometry_hash(approach: Approach, camera: Camera) -> str:
    """Hash of the geometry on which the figures rest, 16 hexadecimal digits; the camera's address stays out of it."""
    view = (camera.id, camera.width_px, camera.height_px, camera.ground_pairs, camera.view_m)
    return sha256(msgspec.json.encode((approach, view), order="deterministic"))[:16]
