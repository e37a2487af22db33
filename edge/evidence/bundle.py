"""Seals a case into a zip: three stills, the trace, a manifest with every hash, and the node's signature."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.picture import draw_still
from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.evidence import (
    MANIFEST,
    NO_PREVIOUS,
    SIGNATURE,
    Manifest,
    StillInfo,
    geometry_hash,
    sha256,
)
from nutgiao.models.contracts.site import Site, site_hash

_CHAIN = "chain.txt"


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """A finished bundle.

    Attributes:
        path: the zip file.
        name: its name within the node's folder.
        manifest_sha256: hash of its manifest.
    """

    path: Path
    name: str
    manifest_sha256: str


class EvidenceBuilder:
    """Makes the bundles of one node, each chained to the one before.

    Args:
        folder: where bundles and the chain's last hash are kept; created.
        key: the node's key.
        site: the node's site.
        node: node id.
        boot: run of the process.
        software: version.
        signal_source: who tells the lamps, controller or camera.
    """

    def __init__(
        self,
        folder: Path,
        key: Ed25519PrivateKey,
        *,
        site: Site,
        node: str,
        boot: str,
        software: str,
        signal_source: str = "controller",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key, self._site = folder, key, site
        self._node, self._boot, self._software, self._signal_source = node, boot, software, signal_source
        self._site_hash = site_hash(site)
        self.public_key_hex = key.public_key().public_bytes_raw().hex()
        chain = folder / _CHAIN
        self._previous = chain.read_text().strip() if chain.exists() else NO_PREVIOUS

    def seal(self, violation_id: str, case: Case) -> SealedBundle:
        """Writes the bundle of a case.

        Args:
            violation_id: unique id of the case, also the file's name.
            case: what happened.

        Returns:
            Where it is and the hash of its manifest.

        Raises:
            EvidenceBroken: if a still cannot be encoded.
            OSError: if the folder cannot be written.
        """
        files = {f"{still.name}.jpg": draw_still(case, still) for still in case.stills}
        files["trace.csv"] = _trace_csv(case)
        manifest = msgspec.json.format(msgspec.json.encode(self._manifest(violation_id, case, files)), indent=2)
        files[MANIFEST] = manifest
        files[SIGNATURE] = self._key.sign(manifest)
        path = self._folder / f"{violation_id}.zip"
        write_whole(path, _zipped(files, case.violation.occurred_s))
        os.utime(path, (case.violation.occurred_s, case.violation.occurred_s))  # retention counts from the act
        self._previous = sha256(manifest)
        write_whole(self._folder / _CHAIN, self._previous.encode())
        return SealedBundle(path, path.name, self._previous)

    def _manifest(self, violation_id: str, case: Case, files: dict[str, bytes]) -> Manifest:
        v = case.violation
        occurred = datetime.fromtimestamp(v.occurred_s, UTC)
        local = occurred.astimezone(timezone(timedelta(hours=self._site.utc_offset_h)))
        return Manifest(
            violation=violation_id,
            kind=v.kind,
            node=self._node,
            boot=self._boot,
            site=self._site.name.vi,
            approach=v.approach,
            lane=v.lane,
            camera=v.camera,
            track=v.track,
            vehicle_class=v.vehicle_class,
            occurred_s=round(v.occurred_s, 3),
            occurred_utc=occurred.isoformat(timespec="milliseconds"),
            occurred_local=local.isoformat(timespec="milliseconds"),
            numbers=v.numbers,
            confidence=v.confidence,
            signal_group=v.signal_group,
            signal_source=self._signal_source,
            stills=tuple(
                StillInfo(
                    file=f"{still.name}.jpg",
                    time_s=round(still.frame.time_s, 3),
                    frame=still.frame.index,
                    lamp=still.lamp,
                    drawn=still.frame.image is None,
                )
                for still in case.stills
            ),
            site_hash=self._site_hash,
            geometry_hash=geometry_hash(case.approach, case.camera),
            calibration_rms_m=round(case.homography.rms_m, 4),
            software=self._software,
            files={name: sha256(data) for name, data in files.items()},
            previous_sha256=self._previous,
            public_key=self.public_key_hex,
        )


def _trace_csv(case: Case) -> bytes:
    """The vehicle's way and its lamp, one row per frame."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", "x_m", "y_m", "speed_mps", "sd_m", "seen", "lamp"])
    for row in case.trace:
        figures = (row.time_s, row.x_m, row.y_m, row.speed_mps, row.sd_m)
        writer.writerow([f"{value:.3f}" for value in figures] + [int(row.seen), row.lamp.value])
    return text.getvalue().encode()


def _zipped(files: dict[str, bytes], time_s: float) -> bytes:
    """Packs the files; the same files give the same bytes."""
    stamp = datetime.fromtimestamp(max(time_s, 315_532_800.0), UTC).timetuple()[:6]  # zip knows no time before 1980
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as bundle:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type = zipfile.ZIP_STORED if name.endswith((".jpg", ".bin")) else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            bundle.writestr(info, data)
    return body.getvalue()
