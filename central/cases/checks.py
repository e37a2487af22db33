"""What the centre verifies of a case by itself; it never approves, and what nothing says stays unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import Check, CheckName, CheckResult, ViolationCase
from nutgiao.central.cases.limits import local_day
from nutgiao.central.cases.rows import Link
from nutgiao.central.evidence import signed
from nutgiao.models.contracts.case_rules import CaseRules
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import NO_PREVIOUS, Manifest
from nutgiao.models.contracts.evidence_check import Verdict, check_bundle

OK, FAILED, UNKNOWN = CheckResult
SAME_INSTANT_S = 0.002
"""A manifest tells the instant of the act in whole milliseconds, a report exactly."""

STILLS = 3
"""Before the line, at it and beyond (QCVN 05:2024/BCA 2.2.2.2: before, during and after)."""

Found = tuple[CheckResult, str]


def read_bundle(bundles: Bundles, name: str) -> Verdict | str:
    """What a bundle is, or in words why it cannot be read."""
    try:
        return check_bundle(name, bundles.whole(name), None, signed)
    except FileNotFoundError:
        return "the bundle has not come"
    except EvidenceBroken as error:
        return str(error)


def link_of(verdict: Verdict) -> Link:
    """The place of a bundle in its node's chain."""
    manifest = verdict.manifest
    return (verdict.manifest_sha256, manifest.node, manifest.number, manifest.previous_sha256, manifest.violation)


def check_case(
    case: ViolationCase, read: Verdict | str, *, keys: Collection[str], chain: Sequence[Link], rules: CaseRules
) -> tuple[Check, ...]:
    """Verifies a case.

    Args:
        case: the case.
        read: its bundle by `read_bundle`.
        keys: evidence keys that the box is known by, hexadecimal.
        chain: bundles that touch this one's place in the chain.
        rules: bounds.

    Returns:
        One result for each `CheckName`.
    """
    if case.report.evidence is None:
        read = "the box could not make a bundle"
    if isinstance(read, str):
        nothing = [Check(name, UNKNOWN, "there is no bundle to tell") for name in CheckName if name != CheckName.BUNDLE]
        return (Check(CheckName.BUNDLE, FAILED, read), *nothing)
    return tuple(Check(name, *found) for name, found in _all(case, read, keys, chain, rules))


def _all(
    case: ViolationCase, read: Verdict, keys: Collection[str], chain: Sequence[Link], rules: CaseRules
) -> Iterator[tuple[CheckName, Found]]:
    manifest = read.manifest
    yield CheckName.BUNDLE, _bundle(read, keys)
    yield CheckName.REPORT, _report(case, read)
    yield CheckName.CHAIN, _chain(link_of(read), chain)
    yield CheckName.LAW, _law(manifest, local_day(manifest.occurred_s, rules))
    yield CheckName.CLOCK, _clock(manifest, rules)
    yield CheckName.CALIBRATION, _calibration(manifest, local_day(manifest.occurred_s, rules), rules)
    yield CheckName.PLATE, _plate(manifest)
    yield CheckName.PICTURES, _pictures(manifest)


def _bundle(read: Verdict, keys: Collection[str]) -> Found:
    if not read.intact:
        return FAILED, str(read)
    if not keys:
        return UNKNOWN, "intact, but no key of this box is known to the centre yet"
    if read.manifest.public_key not in keys:
        return FAILED, "sealed with a key that this box is not known by"
    return OK, f"intact, {len(read.manifest.files)} files"


def _report(case: ViolationCase, read: Verdict) -> Found:
    report, manifest = case.report, read.manifest
    named = report.evidence
    if named is None or named.manifest_sha256 != read.manifest_sha256:
        return FAILED, "the report names another manifest"
    for key in ("violation", "node", "kind", "approach", "lane", "zone", "track", "vehicle_class"):
        said, sealed = getattr(report, key), getattr(manifest, key)
        if said != sealed:
            return FAILED, f"{key}: the report says {said}, the bundle {sealed}"
    if abs(report.occurred_s - manifest.occurred_s) > SAME_INSTANT_S:
        return FAILED, f"the report is of {report.occurred_s:.3f} s, the bundle of {manifest.occurred_s:.3f} s"
    return OK, "the bundle is the one that the report names"


def _chain(link: Link, chain: Sequence[Link]) -> Found:
    _, _, number, previous, _ = link
    for other in chain:
        if wrong := _against(link, other):
            return FAILED, wrong
    if previous == NO_PREVIOUS:
        return (OK, "the first of its chain") if number in {None, 1} else (FAILED, f"{number}, but none before it")
    before = next((each for each in chain if each[0] == previous), None)
    if before is None:
        return UNKNOWN, "the bundle before it has not come"
    if number is not None and before[2] is not None and number != before[2] + 1:
        return FAILED, f"number {number} follows number {before[2]}"
    return OK, f"follows {before[4]}"


def _against(link: Link, other: Link) -> str:
    """What is wrong if both have been sealed by one node; empty if nothing is."""
    same_bundle, same_case = link[0] == other[0], link[4] == other[4]
    if same_bundle != same_case:
        return f"a copy of the bundle of {other[4]}" if same_bundle else "another bundle of this case was sealed too"
    if not same_bundle and link[3] == other[3] != NO_PREVIOUS:
        return f"{other[4]} claims the same place in the chain"
    return ""


def _law(manifest: Manifest, day: str) -> Found:
    law = manifest.law
    if law is None:
        return UNKNOWN, "the bundle names no entry of the law"
    until = law.valid_to or "today"
    if law.valid_from <= day and (law.valid_to is None or day <= law.valid_to):
        unsure = f"; unsure: {law.unsure}" if law.unsure else ""
        return OK, f"{law.law}, {law.article} ({law.valid_from} to {until}){unsure}"
    return FAILED, f"{law.law}, {law.article} holds from {law.valid_from} to {until}, not on {day}"


def _clock(manifest: Manifest, rules: CaseRules) -> Found:
    clocks = manifest.clocks
    known = () if clocks is None else (
        ("pictures against lamps", clocks.camera_s, rules.clock_error_s),
        ("box against time servers", clocks.ntp_s, rules.utc_error_s),
    )  # fmt: skip
    measured = [(name, value, bound) for name, value, bound in known if value is not None]
    if not measured:
        return UNKNOWN, "nobody has measured how far the clocks are apart"
    told = "; ".join(f"{name} {value:+.3f} s (bound {bound:g} s)" for name, value, bound in measured)
    if any(abs(value) > bound for _, value, bound in measured):
        return FAILED, told
    return (OK, told) if len(measured) == len(known) else (UNKNOWN, f"{told}; the other was not measured")


def _calibration(manifest: Manifest, day: str, rules: CaseRules) -> Found:
    device, made = manifest.device, manifest.calibration.made if manifest.calibration else None
    if device is not None and device.certificate_until is not None and device.certificate_until < day:
        return FAILED, f"the device's certificate ended on {device.certificate_until}"
    if made is None:
        return UNKNOWN, "nobody has written down when the camera was calibrated"
    try:
        age = (date.fromisoformat(day) - date.fromisoformat(made)).days
    except ValueError:
        return UNKNOWN, f"'{made}' is no day"
    if age < 0:
        return FAILED, f"the camera was calibrated on {made}, after the act"
    told = f"calibrated on {made}, {age} days before, {manifest.calibration_rms_m:.2f} m"
    return (
        (OK, told) if age <= rules.calibration_days else (FAILED, f"{told}; the limit is {rules.calibration_days} days")
    )


def _plate(manifest: Manifest) -> Found:
    plate = manifest.plate
    if plate is None:
        return UNKNOWN, "nobody has read it"
    if plate.text is None:
        return FAILED, f"unreadable: {plate.reason or 'no reason told'}"
    return OK, f"read, {plate.confidence:.0%} sure"  # the number itself is shown with the evidence only


def _pictures(manifest: Manifest) -> Found:
    if len(manifest.stills) < STILLS:
        return FAILED, f"{len(manifest.stills)} stills, {STILLS} are needed"
    clip = manifest.clip
    if clip is None or clip.file is None:
        return UNKNOWN, f"{len(manifest.stills)} stills, no clip"
    if clip.missing:
        return FAILED, "the clip lacks " + "; ".join(clip.missing)
    return OK, f"{len(manifest.stills)} stills, a clip of {clip.to_s - clip.from_s:.1f} s"
