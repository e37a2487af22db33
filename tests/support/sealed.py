"""Sealed bundles as a box makes them, each with the report that names it, for tests of the centre."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw

from nutgiao.models.contracts.evidence import (
    MANIFEST,
    NO_PREVIOUS,
    SIGNATURE,
    CalibrationClaim,
    ClipInfo,
    LampRun,
    LawNote,
    Manifest,
    PlateNote,
    StillInfo,
    sha256,
)
from nutgiao.models.contracts.messages import EvidenceRef, ViolationReport
from nutgiao.models.contracts.sealed_zip import pack
from nutgiao.models.contracts.words import Indication

STILLS = ("before.jpg", "at.jpg", "beyond.jpg")

LAW = LawNote(
    title_vi="Không chấp hành hiệu lệnh đèn", title_en="Did not obey the signal", law="Decree 168/2024",
    article="7.7(c)",
    fine=(4_000_000, 6_000_000), currency="VND", points=4, valid_from="2025-01-01", valid_to=None, source="Gazette",
    unsure="",
)  # fmt: skip


class Sealer:
    """One box that seals bundles, each chained to the one before.

    Args:
        key: of the box; a fresh one by default.
    """

    def __init__(self, key: Ed25519PrivateKey | None = None) -> None:
        self.key = key or Ed25519PrivateKey.generate()
        self.public_key = self.key.public_key().public_bytes_raw().hex()
        self._previous, self._number = NO_PREVIOUS, 0

    def seal(
        self, report: ViolationReport, clip: bytes | None = None, **changes: object
    ) -> tuple[ViolationReport, bytes]:
        """Seals the evidence of a report.

        Args:
            report: what the box tells; its evidence is replaced.
            clip: a WebM clip to go with it.
            changes: fields of the manifest that shall differ.

        Returns:
            The report that names the bundle, and the bundle.
        """
        files = {name: street(k) for k, name in enumerate(STILLS)}
        files["trace.csv"] = trace(report.occurred_s)
        files["plate.jpg"] = street(3)
        if clip is not None:
            files["clip.webm"] = clip
        film = ClipInfo(file="clip.webm" if clip else None, from_s=0.0, to_s=3.0 if clip else 0.0, pictures=3)
        occurred = datetime.fromtimestamp(report.occurred_s, UTC).isoformat(timespec="milliseconds")
        stills = tuple(
            StillInfo(file=name, time_s=report.occurred_s - 1 + k, frame=k, lamp=Indication.RED, drawn=False)
            for k, name in enumerate(STILLS)
        )
        self._number += 1
        manifest = Manifest(
            violation=report.violation, kind=report.kind, node=report.node, boot=report.boot, site="Ngã tư thử",
            approach=report.approach, lane=report.lane, camera="c1", track=report.track,
            vehicle_class=report.vehicle_class, occurred_s=round(report.occurred_s, 3), occurred_utc=occurred,
            occurred_local=occurred, numbers=report.numbers, confidence=report.confidence, signal_group="m",
            signal_source="controller", stills=stills, site_hash="ab" * 8, geometry_hash="cd" * 8,
            calibration_rms_m=0.11, software="0.1.0", files={name: sha256(data) for name, data in files.items()},
            previous_sha256=self._previous, public_key=self.public_key, zone=report.zone, number=self._number,
            lamps=(shown_red(report.occurred_s),), clip=film, plate_file="plate.jpg", law=LAW,
            plate=PlateNote(text="29-B1 123.45", confidence=0.97, form="motorcycle"),
            calibration=CalibrationClaim(method="pairs", made=occurred[:10]),
        )  # fmt: skip
        raw = msgspec.json.encode(msgspec.structs.replace(manifest, **changes))
        self._previous = sha256(raw)
        body = pack({MANIFEST: raw, SIGNATURE: self.key.sign(raw), **files})
        named = EvidenceRef(bundle=f"{report.violation}.zip", manifest_sha256=self._previous)
        return msgspec.structs.replace(report, evidence=named), body


def street(k: int) -> bytes:
    """A picture of a road, a line, and somebody who comes nearer: JPEG."""
    drawn = Image.new("RGB", (640, 360), (58, 66, 74))
    pen = ImageDraw.Draw(drawn)
    pen.polygon([(190, 0), (450, 0), (620, 360), (20, 360)], fill=(88, 94, 100))
    pen.rectangle([100, 196, 545, 204], fill=(240, 240, 240))
    pen.rectangle([560, 30, 596, 110], fill=(10, 10, 10))
    pen.ellipse([566, 34, 590, 58], fill=(230, 50, 40))
    top = 250 - 70 * k
    pen.rectangle([300, top, 336, top + 62], outline=(90, 200, 255), width=3)
    pen.ellipse([306, top + 4, 330, top + 28], fill=(30, 60, 140))
    body = io.BytesIO()
    drawn.save(body, "JPEG", quality=80)
    return body.getvalue()


def trace(occurred_s: float) -> bytes:
    """A way over the line while the lamp turns from amber to red."""
    rows = [
        f"{occurred_s - 3 + k / 4:.3f},{15.0 - 1.25 * k:.3f},2.0,5.0,0.3,1,{'amber' if k < 4 else 'red'}"
        for k in range(20)
    ]
    return "\n".join(["time_s,x_m,y_m,speed_mps,sd_m,seen,lamp", *rows, ""]).encode()


def shown_red(act_s: float) -> LampRun:
    """The red of the act, with a countdown that would go on for 23 s."""
    return LampRun(
        group="m", indication=Indication.RED, start_s=act_s - 4.0, last_s=act_s + 2.0, source="picture",
        confidence=0.97, countdown_end_s=act_s + 23.6,
    )  # fmt: skip
