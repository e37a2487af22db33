"""Seals a case into a zip: stills, clip, plate, trace, a manifest with every hash, and the node's signature."""

from __future__ import annotations

import csv
import io
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nutgiao.edge.evidence.case import Case
from nutgiao.edge.evidence.chain import ORIGINALS, UNTOLD, Chain, manifest_of, original_of
from nutgiao.edge.evidence.clip import make_clip, originals
from nutgiao.edge.evidence.picture import draw_still, shows_lamp
from nutgiao.edge.evidence.subject import PlateLook, plate_jpeg, subject_views
from nutgiao.edge.files import write_whole
from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import (
    MANIFEST,
    SIGNATURE,
    CalibrationClaim,
    ClipInfo,
    LawNote,
    Manifest,
    ModelUsed,
    OriginalNote,
    PlateNote,
    StillInfo,
    geometry_hash,
    sha256,
)
from nutgiao.models.contracts.law import LawCatalogue
from nutgiao.models.contracts.sealed_zip import pack
from nutgiao.models.contracts.site import Site, site_hash

RESERVE_BYTES = 64 * 1024 * 1024
"""Free space that evidence leaves to the outbox, the log and the system: a full disk would stop those too."""


@dataclass(frozen=True, slots=True)
class SealedBundle:
    """A finished bundle.

    Attributes:
        path: the zip file.
        name: its name within the node's folder.
        manifest_sha256: hash of its manifest.
        manifest: what it says.
    """

    path: Path
    name: str
    manifest_sha256: str
    manifest: Manifest


class EvidenceBuilder:
    """Makes the bundles of one node, each chained to the one before. One thread at a time may seal.

    Args:
        folder: where bundles and the chain's last link are kept; created.
        key: the node's key.
        site: the node's site.
        node: node id.
        boot: run of the process.
        software: version.
        signal_source: who tells the lamps, controller or picture.
        models: networks that take part.
        law: the site's catalogue; None leaves the entry out.
        plates: reads plates; None leaves them to a person.
        free: tells the free bytes of a folder's disk.
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
        models: tuple[ModelUsed, ...] = (),
        law: LawCatalogue | None = None,
        plates: PlateLook | None = None,
        free: Callable[[Path], int] | None = None,
    ) -> None:
        (folder / ORIGINALS).mkdir(parents=True, exist_ok=True)
        (folder / ORIGINALS).chmod(0o700)  # nobody but the box itself looks at faces and plates by accident
        self._folder, self._key, self._site = folder, key, site
        self._node, self._boot, self._software, self._signal_source = node, boot, software, signal_source
        self._models, self._law, self._plates, self._free = models, law, plates, free or _free
        self._site_hash = site_hash(site)
        self.public_key_hex = key.public_key().public_bytes_raw().hex()
        self._chain = Chain(folder)

    def seal(
        self, violation_id: str, case: Case, sealed_s: float | None = None, clocks: ClockNote | None = None
    ) -> SealedBundle:
        """Writes the bundle of a case, and its original pictures beside it.

        Args:
            violation_id: unique id of the case, also the file's name.
            case: what happened.
            sealed_s: time now, seconds since the epoch; None leaves it out.
            clocks: how far the clocks are apart; None if nobody has measured.

        Returns:
            Where it is and the hash of its manifest.

        Raises:
            EvidenceBroken: if there is no room for it, or a bundle of that name already.
            OSError: if the folder cannot be written.
        """
        files = {f"{still.name}.jpg": draw_still(case, still) for still in case.stills}
        clip = make_clip(case)
        if clip is not None:
            files[clip.file] = clip.data
        plate, picture = self._plate(case)
        if picture is not None:
            files["plate.jpg"] = picture
        files["trace.csv"] = _trace_csv(case)
        path = self._folder / f"{violation_id}.zip"
        if path.exists():
            raise EvidenceBroken(f"{path.name} is sealed already and is not replaced")
        raw_pictures = originals(case)
        needed = sum(len(data) for data in files.values()) + len(raw_pictures or b"")
        if self._free(self._folder) < needed + RESERVE_BYTES:
            raise EvidenceBroken(f"the disk is full: {needed} bytes are needed, {RESERVE_BYTES} stay free for the rest")
        manifest = Manifest(
            **self._where_and_when(violation_id, case),
            **self._seen(case),
            **self._sealed(sealed_s),
            clocks=clocks,
            clip=None if not case.filmed else _clip_info(case, clip.file if clip is not None else None),
            original=None if raw_pictures is None else _original_note(original_of(path), raw_pictures, case),
            plate=plate,
            plate_file=None if picture is None else "plate.jpg",
            files={name: sha256(data) for name, data in files.items()},
        )
        body = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        sealed = pack({MANIFEST: body, SIGNATURE: self._key.sign(body), **files})
        self._write(path, sealed, raw_pictures, case.violation.occurred_s)
        digest = sha256(body)
        self._chain.advance(digest)
        return SealedBundle(path, path.name, digest, manifest)

    def untold(self) -> list[SealedBundle]:
        """Bundles of which the centre has not been told, because the box was cut off in between."""
        bundles = []
        for path in self._chain.untold():
            manifest, raw = manifest_of(path)
            bundles.append(SealedBundle(path, path.name, sha256(raw), manifest))
        return bundles

    def told(self, bundle: SealedBundle) -> None:
        """The centre has been told of a bundle, or will be: the message is on disk."""
        bundle.path.with_suffix(UNTOLD).unlink(missing_ok=True)

    def _write(self, path: Path, sealed: bytes, raw_pictures: bytes | None, occurred_s: float) -> None:
        """Writes in the order that `Chain` can put right after a power cut; leaves nothing behind if it fails."""
        original, mark = original_of(path), path.with_suffix(UNTOLD)
        try:
            if raw_pictures is not None:
                write_whole(original, raw_pictures)
                os.utime(original, (occurred_s, occurred_s))
            mark.touch()
            write_whole(path, sealed)
        except OSError:
            original.unlink(missing_ok=True)
            mark.unlink(missing_ok=True)
            raise
        os.utime(path, (occurred_s, occurred_s))  # retention counts from the act

    def _plate(self, case: Case) -> tuple[PlateNote | None, bytes | None]:
        """What a reader says of the plate, and a picture of it or else of the vehicle."""
        views = subject_views(case)
        if not views:
            return None, None
        found = None if self._plates is None else self._plates(views)
        best = views[0].image if found is None or found.picture is None else found.picture
        return None if found is None else found.note, plate_jpeg(best)

    def _where_and_when(self, violation_id: str, case: Case) -> dict[str, Any]:
        v = case.violation
        occurred = datetime.fromtimestamp(v.occurred_s, UTC)
        local = occurred.astimezone(timezone(timedelta(hours=self._site.utc_offset_h)))
        law = None
        if self._law is not None:
            law = LawNote.of(self._law, v.kind, v.vehicle_class, local.date().isoformat(), v.numbers)
        return {
            "violation": violation_id,
            "kind": v.kind,
            "node": self._node,
            "boot": self._boot,
            "site": self._site.name.vi,
            "approach": v.approach,
            "lane": v.lane,
            "zone": v.zone,
            "camera": v.camera,
            "track": v.track,
            "vehicle_class": v.vehicle_class,
            "occurred_s": round(v.occurred_s, 3),
            "occurred_utc": occurred.isoformat(timespec="milliseconds"),
            "occurred_local": local.isoformat(timespec="milliseconds"),
            "numbers": v.numbers,
            "confidence": v.confidence,
            "law": law,
        }

    def _seen(self, case: Case) -> dict[str, Any]:
        note = case.camera.calibration
        return {
            "signal_group": case.violation.signal_group,
            "signal_source": self._signal_source,
            "lamps": case.lamps,
            "stills": tuple(
                StillInfo(
                    file=f"{still.name}.jpg",
                    time_s=round(still.frame.time_s, 3),
                    frame=still.frame.index,
                    lamp=still.lamp,
                    drawn=still.frame.jpeg is None,
                    lamp_shown=shows_lamp(case, still),
                )
                for still in case.stills
            ),
            "geometry_hash": geometry_hash(case.approach, case.camera, case.zone),
            "calibration_rms_m": round(case.homography.rms_m, 4),
            "calibration": CalibrationClaim(method=note.method, made=note.made),
            "device": case.camera.device,
            "confidences": _confidences(case),
            "troubles": case.troubles,
        }

    def _sealed(self, sealed_s: float | None) -> dict[str, Any]:
        return {
            "site_hash": self._site_hash,
            "software": self._software,
            "models": self._models,
            "previous_sha256": self._chain.head.sha256,
            "number": self._chain.number,
            "sealed_s": None if sealed_s is None else round(sealed_s, 3),
            "public_key": self.public_key_hex,
        }


def _clip_info(case: Case, file: str | None) -> ClipInfo:
    times = [round(frame.time_s, 3) for frame in case.filmed]
    missing = case.missing if file is not None else ("no codec for a clip works on this box", *case.missing)
    return ClipInfo(file=file, from_s=times[0], to_s=times[-1], pictures=len(times), missing=missing)


def _original_note(path: Path, data: bytes, case: Case) -> OriginalNote:
    return OriginalNote(file=path.name, sha256=sha256(data), size=len(data), pictures=len(case.filmed))


def _confidences(case: Case) -> dict[str, float]:
    """How sure each part is, 0..1."""
    sure = {"rule": round(case.violation.confidence, 3)}
    scores = [row.score for row in case.trace if row.seen]
    if scores:
        sure["detection_lowest"] = round(min(scores), 3)
        sure["detection_mean"] = round(float(np.mean(scores)), 3)
        sure["seen_share"] = round(len(scores) / len(case.trace), 3)
    return sure


def _trace_csv(case: Case) -> bytes:
    """The vehicle's way and its lamp, one row per frame; what is not known is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time_s", "x_m", "y_m", "speed_mps", "sd_m", "seen", "lamp", "score", "ground_x_m", "ground_y_m"])
    for row in case.trace:
        figures = [_figure(value) for value in (row.time_s, row.x_m, row.y_m, row.speed_mps, row.sd_m)]
        more = [_figure(value) for value in (row.score, *row.ground_m)]
        writer.writerow([*figures, int(row.seen), row.lamp.value, *more])
    return text.getvalue().encode()


def _figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3f}"


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
