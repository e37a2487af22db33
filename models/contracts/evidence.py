"""What a sealed bundle of evidence claims: its manifest, with everything that a person needs to judge it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from nutgiao.models.contracts.clocks import ClockNote
from nutgiao.models.contracts.law import LawCatalogue
from nutgiao.models.contracts.site import Approach, Camera, DeviceNote, Zone
from nutgiao.models.contracts.words import Indication, VehicleClass, ViolationName

MANIFEST, SIGNATURE = "manifest.json", "signature.bin"
NO_PREVIOUS = "0" * 64
SCHEMA, FIRST_SCHEMA = "nutgiao/evidence/2", "nutgiao/evidence/1"

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class StillInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One still.

    Attributes:
        file: its name in the bundle.
        time_s: capture time, seconds since the epoch.
        frame: number of the frame.
        lamp: what the signal group showed then.
        drawn: drawn from boxes, for the camera has no pixels.
        lamp_shown: the signal head is enlarged in a corner of the picture.
    """

    file: str
    time_s: float
    frame: int
    lamp: Indication
    drawn: bool
    lamp_shown: bool = False


class ClipInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The clip before, during and after.

    Attributes:
        file: its name in the bundle; None where there is none.
        from_s: capture time of its first picture; 0 without one.
        to_s: of its last.
        pictures: how many pictures of the camera are in it.
        missing: in words what of the time before, during or after is not in it; empty if nothing is.
    """

    file: str | None
    from_s: float
    to_s: float
    pictures: int
    missing: tuple[str, ...] = ()


class OriginalNote(msgspec.Struct, frozen=True, kw_only=True):
    """The pictures as the camera gave them, in a second sealed file that stays on the box.

    Attributes:
        file: its name.
        sha256: of the file.
        size: bytes.
        pictures: how many.
    """

    file: str
    sha256: Hash
    size: int
    pictures: int


class PlateNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was read on the vehicle's plate.

    Attributes:
        text: the number; None if it is unreadable.
        confidence: 0..1 of the answer; 0 without one.
        form: name of the plate's form in the catalogue; None without an answer.
        reason: why it is unreadable; None with an answer.
    """

    text: str | None
    confidence: float
    form: str | None = None
    reason: str | None = None


class LampRun(msgspec.Struct, frozen=True, kw_only=True):
    """A signal group showed the same for a while.

    Attributes:
        group: signal group.
        indication: what it showed.
        start_s: first report.
        last_s: last report.
        source: who told: controller or camera.
        confidence: 0..1, the lowest of a reader's reports; None where the source gives none.
        countdown_end_s: when the countdown beside it would be over, as last read; None where none was read.
    """

    group: str
    indication: Indication
    start_s: float
    last_s: float
    source: str
    confidence: float | None = None
    countdown_end_s: float | None = None


class CalibrationClaim(msgspec.Struct, frozen=True, kw_only=True):
    """How the camera's map was made: method, and day as YYYY-MM-DD where it is known."""

    method: str
    made: str | None


class ModelUsed(msgspec.Struct, frozen=True, kw_only=True):
    """A network that took part.

    Attributes:
        part: what it did, such as detector.
        name: of the weights.
        sha256: of their file.
    """

    part: str
    name: str
    sha256: Hash


class LawNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the law catalogue said of the act on its day; a person still looks it up.

    Attributes:
        title_vi: what the law calls the act.
        title_en: the same in English.
        law: the instrument.
        article: article, clause and point.
        fine: least and greatest.
        currency: of the fine, ISO 4217.
        points: taken off the licence.
        valid_from: first day, YYYY-MM-DD.
        valid_to: last day; None while no end is known.
        source: where the catalogue has it from.
        unsure: what of it nobody has confirmed; empty if nothing.
    """

    title_vi: str
    title_en: str
    law: str
    article: str
    fine: tuple[int, int]
    currency: str
    points: int
    valid_from: str
    valid_to: str | None
    source: str
    unsure: str

    @staticmethod
    def of(
        catalogue: LawCatalogue, kind: str, vehicle_class: VehicleClass, day: str, numbers: Mapping[str, float]
    ) -> LawNote | None:
        """The entry of a catalogue that was valid on a day; None if it has none.

        Args:
            catalogue: of the site.
            kind: what was done.
            vehicle_class: by whom.
            day: local day of the act, YYYY-MM-DD.
            numbers: figures of the act.
        """
        entry = catalogue.entry(kind, vehicle_class, day, numbers)
        if entry is None:
            return None
        act = catalogue.acts.get(kind)
        return LawNote(
            title_vi=act.vi if act is not None else kind,
            title_en=act.en if act is not None else kind,
            law=entry.law,
            article=entry.article,
            fine=entry.fine,
            currency=catalogue.currency,
            points=entry.points,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            source=entry.source,
            unsure=entry.unsure,
        )


class Manifest(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """What a bundle says about a violation.

    One of the first schema has no figure of its own for what came with the second: there the defaults stand.

    Attributes:
        violation: unique id of the case.
        kind: what was done.
        node: box that saw it.
        boot: run of its software.
        site: name of the place.
        approach: where; None for an act on a zone that belongs to no approach.
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
        signal_source: who told the lamp: controller or picture.
        stills: the pictures.
        site_hash: hash of the signal side of the site file.
        geometry_hash: hash of approach, camera and zone as they were: the version of lines, lanes and map.
        calibration_rms_m: error of the camera's map on its own pairs.
        software: version.
        files: SHA-256 of each other file in the bundle.
        previous_sha256: hash of the node's manifest before this one: a removed case leaves a gap.
        public_key: the node's Ed25519 key, hexadecimal.
        zone: id of the zone on which it happened, None where no zone is meant.
        number: place in the chain of the node's bundles, from 1.
        sealed_s: when it was sealed, by the box's clock.
        clip: before, during and after.
        original: the pictures as the camera gave them.
        plate: what was read on the plate; None if nobody looked.
        plate_file: picture of the plate, or of the vehicle where no plate was found; None without pixels.
        lamps: what the lamps showed from before the first still to after the last, with who told.
        calibration: how the camera's map was made.
        models: networks that took part.
        clocks: how far the clocks were apart when it was sealed; None if nobody has measured.
        law: entry of the law on that day; None where the catalogue has none.
        device: serial number and certificate of the camera as the site notes them.
        confidences: 0..1 each: of the rule, of the detections of the vehicle (lowest and mean), and the share of frames
            in which it was seen.
        troubles: in words what was not as it should be while the case was open: a camera lost, a clock set.
    """

    violation: str
    kind: ViolationName
    node: str
    boot: str
    site: str
    approach: str | None
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
    zone: str | None = None
    number: int | None = None
    sealed_s: float | None = None
    clip: ClipInfo | None = None
    original: OriginalNote | None = None
    plate: PlateNote | None = None
    plate_file: str | None = None
    lamps: tuple[LampRun, ...] = ()
    calibration: CalibrationClaim | None = None
    models: tuple[ModelUsed, ...] = ()
    clocks: ClockNote | None = None
    law: LawNote | None = None
    device: DeviceNote | None = None
    confidences: dict[str, float] = {}
    troubles: tuple[str, ...] = ()


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def geometry_hash(approach: Approach | None, camera: Camera, zone: Zone | None = None) -> str:
    """Hash of the geometry on which the figures rest, 16 hexadecimal digits; the camera's address stays out of it."""
    view = (camera.id, camera.width_px, camera.height_px, camera.ground_pairs, camera.view_m)
    rests_on = (approach, view) if zone is None else (approach, view, zone)
    return sha256(msgspec.json.encode(rests_on, order="deterministic"))[:16]
