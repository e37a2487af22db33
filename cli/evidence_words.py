"""What `nutgiao evidence show` prints: a bundle's claims in plain words, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.models.contracts.evidence import Manifest
    from nutgiao.models.contracts.evidence_check import Verdict


def bundle_in_words(verdict: Verdict) -> list[str]:
    """Says what a bundle claims and whether it is whole.

    Args:
        verdict: of the check.

    Returns:
        Lines; characters that could move a cursor are replaced, for a manifest may be forged.
    """
    manifest = verdict.manifest
    head = "The bundle is intact." if verdict.intact else f"DO NOT RELY ON IT: {verdict}."
    parts = (_act, _sight, _lamps, _clocks, _files, _paper)
    return [plain(line) for line in [head, *(line for part in parts for line in part(manifest))]]


def plain(text: str) -> str:
    """A text from outside without what could move a cursor, change colours or turn the order of letters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _act(m: Manifest) -> Iterator[str]:
    place = ", ".join(word for word in (m.site, m.approach, m.lane, m.zone) if word)
    yield f"Claim: {m.kind} by a {m.vehicle_class} at {place}, track {m.track}"
    yield f"Time: {m.occurred_local} local, {m.occurred_utc}"
    yield "Figures: " + (", ".join(f"{name} {value:g}" for name, value in m.numbers.items()) or "none")
    sure = m.confidences or {"rule": m.confidence}
    yield "Confidence: " + ", ".join(f"{name} {value:g}" for name, value in sure.items())
    if m.plate is None:
        yield "Plate: nobody has read it"
    else:
        yield f"Plate: {m.plate.text or f'unreadable ({m.plate.reason})'}, confidence {m.plate.confidence:g}"
    if m.law is None:
        yield "Law: no entry of the catalogue was valid on that day"
    else:
        until = m.law.valid_to or "no end known"
        yield f"Law: {m.law.law}, {m.law.article}, from {m.law.valid_from} to {until}: {m.law.title_vi}"
        if m.law.unsure:
            yield f"  not confirmed: {m.law.unsure}"


def _sight(m: Manifest) -> Iterator[str]:
    device = "papers not noted in the site file"
    if m.device is not None:
        device = f"serial {m.device.serial}, certificate {m.device.certificate or 'none'}"
        device += f" until {m.device.certificate_until}" if m.device.certificate_until else ""
    yield f"Camera: {m.camera} of node {m.node}, software {m.software}; {device}"
    made = "calibrated" if m.calibration is None else f"calibrated by {m.calibration.method}"
    made += f" on {m.calibration.made}" if m.calibration is not None and m.calibration.made else ", day not noted"
    yield f"Geometry: version {m.geometry_hash}, {made}, {m.calibration_rms_m:.2f} m off on its own points"
    for model in m.models:
        yield f"Model: {model.part} {model.name}, SHA-256 {model.sha256}"
    for trouble in m.troubles:
        yield f"While it was recorded: {trouble}"


def _lamps(m: Manifest) -> Iterator[str]:
    if m.signal_group is not None:
        yield f"Lamp: group {m.signal_group}, told by the {m.signal_source}"
    for run in m.lamps:
        sure = "" if run.confidence is None else f", confidence {run.confidence:g}"
        begin, end = run.start_s - m.occurred_s, run.last_s - m.occurred_s
        yield f"  {run.indication} from {begin:+.1f} s to {end:+.1f} s of the act, told by the {run.source}{sure}"


def _clocks(m: Manifest) -> Iterator[str]:
    if m.clocks is None:
        yield "Clocks: nobody has measured how far they were apart"
        return
    known = {
        "pictures after the controller": m.clocks.camera_s,
        "standard error of that": m.clocks.camera_sd_s,
        "box ahead of the controller": m.clocks.controller_s,
        "box ahead of its time servers": m.clocks.ntp_s,
        "largest error of the box": m.clocks.ntp_error_s,
    }
    told = [f"{what} {'unknown' if value is None else f'{value:.3f} s'}" for what, value in known.items()]
    yield f"Clocks: {', '.join(told)}; vouched for by {m.clocks.source}"


def _files(m: Manifest) -> Iterator[str]:
    for still in m.stills:
        what = "drawn from boxes" if still.drawn else "picture with the lamp" if still.lamp_shown else "picture"
        yield f"Still: {still.file}, {still.time_s - m.occurred_s:+.2f} s of the act, lamp {still.lamp}, {what}"
    if m.clip is None:
        yield "Clip: none, the camera gives no pictures"
    else:
        span = f"{m.clip.from_s - m.occurred_s:+.1f} s to {m.clip.to_s - m.occurred_s:+.1f} s of the act"
        yield f"Clip: {m.clip.file or 'none'}, {m.clip.pictures} pictures, {span}"
        for gap in m.clip.missing:
            yield f"  missing: {gap}"
    if m.original is not None:
        yield f"Original pictures: {m.original.pictures} in {m.original.file}, which stays on the box"
        yield f"  SHA-256 {m.original.sha256}"


def _paper(m: Manifest) -> Iterator[str]:
    number = "of the first schema, without a number" if m.number is None else f"number {m.number} of its node"
    sealed = "" if m.sealed_s is None else f", sealed {datetime.fromtimestamp(m.sealed_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    yield f"Chain: {number}{sealed}, after {m.previous_sha256}"
    yield f"Key: {m.public_key}"
