"""What the centre does with cases by itself: it checks them, lets them expire, and deletes them in the end."""

from __future__ import annotations

from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import Check, ViolationCase
from nutgiao.central.cases.checks import check_case, link_of, read_bundle
from nutgiao.central.cases.flow import OPEN, CaseState
from nutgiao.central.cases.limits import DAY_S, deadline_s, local_day, over
from nutgiao.central.store import Store
from nutgiao.models.contracts.case_rules import CaseRules

CENTRE = "centre"
AT_ONCE = 50
"""Cases checked in one go: a bundle of 1.5 MB takes some ten milliseconds."""

HOUR_S = 3600.0


class Auto:
    """The centre's own part in the flow of cases.

    Args:
        store: where the cases are.
        bundles: their evidence.
        rules: limits and bounds.
    """

    def __init__(self, store: Store, bundles: Bundles, rules: CaseRules) -> None:
        self._store, self._bundles, self._rules = store, bundles, rules

    def checks(self, case: ViolationCase) -> tuple[Check, ...]:
        """Verifies a case as it lies there now; changes nothing but what is known of the node's chain."""
        evidence = case.report.evidence
        keys = self._store.node_keys(case.report.node)
        read = read_bundle(self._bundles, evidence.bundle) if evidence else ""
        chain = []
        if not isinstance(read, str):
            link = link_of(read)
            if read.intact and read.manifest.public_key in keys:  # anybody can seal a bundle with a key of their own
                self._store.add_link(link)
            chain = self._store.links(link)
        return check_case(case, read, keys=keys, chain=chain, rules=self._rules)

    def check_new(self, now_s: float) -> int:
        """Checks cases whose bundle is there, and those for whose bundle nobody waits any longer.

        Args:
            now_s: time now, seconds since the epoch.

        Returns:
            Number of cases that were moved on.
        """
        waited_s = now_s - self._rules.bundle_wait_h * HOUR_S
        moved = 0
        for age in self._store.case_ages(CaseState.DETECTED):
            if age.bundle is not None and age.received_s > waited_s and not self._bundles.has(age.bundle):
                continue
            case = self._store.violation(age.violation)
            if case is None:
                continue
            checks = self.checks(case)
            words = ", ".join(f"{check.name} {check.result}" for check in checks)
            moved += self._store.move_violation(
                case, CaseState.CHECKED, actor=CENTRE, reason="", words=words, now_s=now_s, checks=checks
            )
            if moved >= AT_ONCE:
                break
        return moved

    def expire(self, now_s: float) -> int:
        """Marks the cases for which it is too late; returns how many."""
        expired = 0
        for age in self._store.case_ages():
            case = None
            if age.state in OPEN and now_s > deadline_s(age.occurred_s, self._rules):
                case = self._store.violation(age.violation)
            if case is not None:
                expired += self._store.move_violation(
                    case, CaseState.EXPIRED, actor=CENTRE, reason="", words="", now_s=now_s
                )
        return expired

    def purge(self, now_s: float) -> int:
        """Deletes what may not be kept any longer: the case with its audit row, its personal data and its evidence.

        The case goes first: only its row tells whether somebody has put it under legal hold at this very moment.

        Returns:
            Number of cases deleted.
        """
        gone, kept, bundles = 0, set(), set()
        for age in self._store.case_ages():
            why = "" if age.held else over(age, self._rules, now_s)
            if why and self._store.delete_violation(age, why, now_s):
                gone += 1
                self._store.people.forget([age.violation])
                if age.bundle is not None:
                    self._bundles.delete(age.bundle)
            else:
                kept.add(age.violation)
                bundles.add(age.bundle)
        self._store.people.forget(self._store.people.cases() - kept)  # what a power cut has left behind
        days = self._rules.on(local_day(now_s, self._rules)).undecided_days
        for name in self._bundles.older_than(now_s - days * DAY_S) - bundles:  # their report has never come
            self._bundles.delete(name)
            self._store.note(CENTRE, "purged", name, f"a bundle without a case, over {days} days", now_s)
        return gone
