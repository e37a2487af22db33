"""A case as the page reads it; text from outside is made harmless here, once, for every place that shows it."""

from __future__ import annotations

from typing import Any

from nutgiao.central.audit import AuditRow
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import ViolationCase
from nutgiao.central.cases.desk import Desk
from nutgiao.central.cases.persons import WORDS_LIMIT, plain


def case_row(case: ViolationCase) -> dict[str, Any]:
    """A case as a row of the list: nothing that only a look may show."""
    report = case.report
    return {
        "id": report.violation,
        "node": plain(report.node),
        "kind": report.kind,
        "approach": _plain(report.approach),
        "lane": _plain(report.lane),
        "zone": _plain(report.zone),
        "vehicle_class": report.vehicle_class,
        "occurred_s": report.occurred_s,
        "confidence": report.confidence,
        "state": case.state,
        "reviewer": plain(case.reviewer),
        "moved_s": case.moved_s,
        "hold": bool(case.hold),
        "bundle": bool(report.evidence),
    }


def case_json(
    case: ViolationCase, desk: Desk, bundles: Bundles, trail: list[AuditRow], person: str, now_s: float
) -> dict[str, Any]:
    """A case with what is known of it, and what this person can do next and why not more."""
    evidence = case.report.evidence
    return {
        **case_row(case),
        "track": plain(case.report.track),
        "numbers": {plain(key): value for key, value in case.report.numbers.items()},
        "received_s": case.received_s,
        "reason": case.reason,
        "words": plain(case.words, WORDS_LIMIT),
        "hold_words": plain(case.hold, WORDS_LIMIT),
        "approvers": [plain(each) for each in case.approvers],
        "deadline_s": desk.deadline_s(case),
        "checks": [
            {"name": check.name, "result": check.result, "detail": plain(check.detail)} for check in case.checks
        ],
        "manifest_sha256": plain(evidence.manifest_sha256) if evidence else None,
        "files": bundles.contents(evidence.bundle) if evidence else [],
        "steps": [
            {
                "state": offer.step.after,
                "missing": offer.missing,
                "reasons": offer.step.reasons,
                "words": offer.words,
            }
            for offer in desk.offers(case, person, now_s)
        ],
        "trail": [
            {
                "time_s": row.time_s,
                "actor": plain(row.actor),
                "action": plain(row.action),
                "detail": plain(row.detail, WORDS_LIMIT),
            }
            for row in trail
        ],
    }


def _plain(text: str | None) -> str | None:
    return None if text is None else plain(text)
