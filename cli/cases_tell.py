"""What `nutgiao cases` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nutgiao.central.audit import AuditRow
    from nutgiao.central.cases.case import ViolationCase
    from nutgiao.central.cases.desk import Offer
    from nutgiao.central.cases.people import Notice, Owner
    from nutgiao.central.cases.verify import ExportVerdict


def listed(cases: Sequence[ViolationCase], count: int, offset_h: float) -> Iterator[str]:
    """One line a case."""
    from nutgiao.central.cases.persons import plain

    for case in cases:
        report = case.report
        place = "/".join(filter(None, (report.node, report.approach, report.zone)))
        hold = "  legal hold" if case.hold else ""
        yield (
            f"{plain(report.violation)}  {case.state}  {report.kind}  {plain(place)}"
            f"  {_when(report.occurred_s, offset_h)}  {plain(case.reviewer)}{hold}"
        )
    if count > len(cases):
        yield f"{len(cases)} of {count} cases; --limit shows more"


def told(
    case: ViolationCase, offers: Sequence[Offer], trail: Sequence[AuditRow], deadline_s: float, offset_h: float
) -> Iterator[str]:
    """A case in full: where it stands, its figures, what was checked, what can be done next and why not more."""
    from nutgiao.central.cases.flow import NEEDED
    from nutgiao.central.cases.persons import plain
    from nutgiao.central.cases.words import Words

    words, report = Words("en"), case.report
    yield from listed([case], 1, offset_h)
    yield f"  {report.vehicle_class} {plain(report.track)}, confidence {report.confidence:.0%}"
    yield f"  time for a sanction until {_when(deadline_s, offset_h)}"
    for name, value in (words.figure(key, value) for key, value in report.numbers.items()):
        yield f"  {plain(name)}: {value}"
    for check in case.checks:
        yield f"  check {check.name}: {check.result} ({plain(check.detail)})"
    for offer in offers:
        missing = "; ".join(NEEDED[need] for need in offer.missing)
        with_it = [f"--reason {'|'.join(offer.step.reasons)}"] if offer.step.reasons else []
        with_it += ["--words"] if offer.words else []
        yield f"  next: {offer.step.after} {' '.join(with_it)}".rstrip() + (f" [not yet: {missing}]" if missing else "")
    for row in reversed(trail):
        yield f"  {_when(row.time_s, offset_h)}  {plain(row.actor)}  {plain(row.action)}  {plain(row.detail)}".rstrip()


def told_owner(owner: Owner | None, notices: Sequence[Notice], offset_h: float) -> Iterator[str]:
    """The personal data of a case."""
    if owner is None:
        yield "  no owner is written down"
    else:
        yield f"  owner {owner.name}, {owner.address or 'no address'}, {owner.plate or 'no plate'} ({owner.source})"
    for notice in notices:
        yield f"  told by {notice.way} on {_when(notice.sent_s, offset_h)}: {notice.reference}"


def told_verdict(path: object, verdict: ExportVerdict) -> Iterator[str]:
    """What the check of an export found, one line a problem."""
    from nutgiao.central.cases.persons import plain

    if verdict.problems:
        yield from (f"{path}: {plain(problem)}" for problem in verdict.problems)
        return
    note, state = verdict.note, verdict.record.state if verdict.record else ""
    yield f"{path}: intact"
    yield f"  case {plain(note.violation)}, {state}, exported by {plain(note.exported_by)}"
    yield f"  {len(note.files)} files; sealed by the key {note.public_key}"


def _when(time_s: float, offset_h: float) -> str:
    local = datetime.fromtimestamp(time_s, UTC).astimezone(timezone(timedelta(hours=offset_h)))
    return local.strftime("%Y-%m-%d %H:%M:%S")
