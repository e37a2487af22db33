"""The desk where people handle cases: every look and every step goes through here and leaves its row in the audit."""

from __future__ import annotations

from dataclasses import dataclass

from nutgiao.central.cases import persons
from nutgiao.central.cases.auto import Auto
from nutgiao.central.cases.bundles import Bundles
from nutgiao.central.cases.case import Check, CheckName, CheckResult, ViolationCase
from nutgiao.central.cases.flow import (
    NEEDED,
    Actor,
    CaseState,
    Need,
    Reason,
    Step,
    StepRefused,
    UnknownCase,
    steps_from,
)
from nutgiao.central.cases.limits import deadline_s
from nutgiao.central.cases.people import Notice, Owner, Way
from nutgiao.central.store import Store
from nutgiao.models.contracts.case_rules import CaseRules


@dataclass(frozen=True, slots=True)
class Offer:
    """A step that leads on from where a case stands, and what is missing for it; a person may take it if nothing is."""

    step: Step
    missing: tuple[Need, ...]
    words: bool


class Desk:
    """Takes people's looks and decisions to the store.

    Args:
        store: where the cases are.
        bundles: their evidence.
        rules: limits, and whether an approval takes two.
    """

    def __init__(self, store: Store, bundles: Bundles, rules: CaseRules) -> None:
        self._store, self._bundles, self._rules = store, bundles, rules
        self._auto = Auto(store, bundles, rules)

    def case(self, violation: str) -> ViolationCase:
        """A case.

        Raises:
            UnknownCase: if there is none of that id.
        """
        case = self._store.violation(violation)
        if case is None:
            raise UnknownCase(f"there is no case {persons.plain(violation)!r}")
        return case

    def offers(self, case: ViolationCase, person: str, now_s: float) -> tuple[Offer, ...]:
        """The steps that people may take from here, each with what this person lacks for it; "" for nobody yet."""
        steps = steps_from(CaseState(case.state), two_person=self._rules.two_person)
        return tuple(
            Offer(step, self._missing(case, step, person, now_s), self._words_needed(case, step))
            for step in steps
            if step.by is Actor.PERSON
        )

    def move(
        self, violation: str, to: CaseState, *, person: str, reason: str = "", words: str = "", now_s: float
    ) -> ViolationCase:
        """A person moves a case one step.

        Args:
            violation: id of the case.
            to: where to.
            person: who.
            reason: one of the step's reasons; empty where it has none.
            words: in the person's own words.
            now_s: time of the step.

        Returns:
            The case as it stands now.

        Raises:
            UnknownCase: if there is no such case.
            StepRefused: if the table does not know the step, or something that it needs is missing.
        """
        actor, said = persons.person(person), persons.words(words)
        case = self.case(violation)
        offers = self.offers(case, actor, now_s)
        offer = next((each for each in offers if each.step.after is to), None)
        if offer is None:
            allowed = ", ".join(sorted(each.step.after for each in offers)) or "nothing that a person can do"
            raise StepRefused(f"case {violation} is {case.state} and cannot become {to}; from here: {allowed}")
        if offer.missing:
            raise StepRefused("; ".join(NEEDED[need] for need in offer.missing), offer.missing)
        if offer.step.reasons and reason not in offer.step.reasons:
            raise StepRefused(f"give a reason: one of {', '.join(offer.step.reasons)}")
        if not offer.step.reasons and reason:
            raise StepRefused(f"this step takes no reason of the list, but got {persons.plain(reason)!r}")
        if not said and (offer.words or reason == Reason.OTHER):
            raise StepRefused("tell it in words as well")
        checks = None
        if (
            Need.EVIDENCE in offer.step.needs
        ):  # what was checked when the bundle came may have changed on the disk since
            checks = self._auto.checks(case)
            if not all(_holds(checks, name) for name in (CheckName.BUNDLE, CheckName.REPORT)):
                raise StepRefused(NEEDED[Need.EVIDENCE], (Need.EVIDENCE,))
        moved = self._store.move_violation(case, to, actor=actor, reason=reason, words=said, now_s=now_s, checks=checks)
        if not moved:
            raise StepRefused(f"somebody else has just moved case {violation}; load it again")
        return self.case(violation)

    def look(self, violation: str, thing: str, *, person: str, now_s: float) -> ViolationCase:
        """Notes that a person looks at evidence; call it before the evidence is shown.

        Args:
            violation: id of the case.
            thing: which file.
            person: who.
            now_s: time of the look.

        Raises:
            UnknownCase: if there is no such case.
            StepRefused: if the name is missing.
        """
        return self.note(violation, "looked", thing, person=person, now_s=now_s)

    def note(self, violation: str, action: str, detail: str, *, person: str, now_s: float) -> ViolationCase:
        """Writes an audit row on something that a person does with a case; raises as `look` does."""
        actor = persons.person(person)
        case = self.case(violation)
        self._store.note(actor, action, violation, persons.plain(detail), now_s)
        return case

    def hold(self, violation: str, why: str, *, person: str, now_s: float) -> ViolationCase:
        """Puts a case under legal hold: it is not deleted before somebody releases it.

        Raises:
            UnknownCase: if there is no such case.
            StepRefused: if name or words are missing, or it is under hold already.
        """
        return self._hold(violation, why, person, now_s, held=True)

    def release(self, violation: str, why: str, *, person: str, now_s: float) -> ViolationCase:
        """Ends a legal hold; raises as `hold` does."""
        return self._hold(violation, why, person, now_s, held=False)

    def owner(self, violation: str, *, person: str, now_s: float) -> tuple[Owner | None, tuple[Notice, ...]]:
        """Opens the personal data of a case; that it was opened is in the audit first."""
        self.note(violation, "opened_owner", "", person=person, now_s=now_s)
        return self._store.people.owner(violation), self._store.people.notices(violation)

    def set_owner(
        self, violation: str, *, name: str, address: str, plate: str, source: str, person: str, now_s: float
    ) -> None:
        """Writes down who owns the vehicle; only for a case that a person has approved.

        Raises:
            UnknownCase: if there is no such case.
            StepRefused: if a name is missing, or the case is not approved.
        """
        self._approved(violation)
        fields = {"name": name, "address": address, "plate": plate, "source": source}
        told = {key: persons.words(value, f"the owner's {key}") for key, value in fields.items()}
        for key in ("name", "source"):
            if not told[key]:
                raise StepRefused(f"the owner's {key} is needed")
        self.note(violation, "entered_owner", "", person=person, now_s=now_s)
        self._store.people.set_owner(violation, Owner(**told, entered_by=persons.person(person), entered_s=now_s))

    def add_notice(self, violation: str, *, way: Way, reference: str, person: str, now_s: float) -> None:
        """Writes down that the owner was told; raises as `set_owner` does."""
        self._approved(violation)
        told = persons.words(reference, "the reference")
        if not told:
            raise StepRefused("the reference of the notice is needed")
        self.note(violation, "entered_notice", way, person=person, now_s=now_s)
        notice = Notice(way=way, reference=told, sent_s=now_s, entered_by=persons.person(person))
        self._store.people.add_notice(violation, notice)

    def deadline_s(self, case: ViolationCase) -> float:
        """When the time limit for a sanction ends, seconds since the epoch."""
        return deadline_s(case.report.occurred_s, self._rules)

    def _missing(self, case: ViolationCase, step: Step, person: str, now_s: float) -> tuple[Need, ...]:
        return tuple(need for need in step.needs if not self._has(case, need, person, now_s))

    def _has(self, case: ViolationCase, need: Need, person: str, now_s: float) -> bool:
        violation = case.report.violation
        match need:
            case Need.LOOK:
                stills = self._bundles.stills(case.report.evidence.bundle) if case.report.evidence else ()
                return bool(stills) and set(stills) <= self._store.looked_at(violation, person)
            case Need.EVIDENCE:
                return all(_holds(case.checks, name) for name in (CheckName.BUNDLE, CheckName.REPORT))
            case Need.OTHER_PERSON:
                return bool(person) and not any(persons.same_person(person, each) for each in case.approvers)
            case Need.OWNER:
                return self._store.people.owner(violation) is not None
            case Need.NOTICE:
                return bool(self._store.people.notices(violation))
            case Need.IN_TIME:
                return now_s <= self.deadline_s(case)

    def _words_needed(self, case: ViolationCase, step: Step) -> bool:
        """Whoever approves against a failed check says why."""
        failed = any(check.result is CheckResult.FAILED for check in case.checks)
        return step.words or (Need.EVIDENCE in step.needs and failed)

    def _hold(self, violation: str, why: str, person: str, now_s: float, *, held: bool) -> ViolationCase:
        actor, said = persons.person(person), persons.words(why)
        case = self.case(violation)
        if not said:
            raise StepRefused("tell in words why")
        if bool(case.hold) is held:
            raise StepRefused("the case is under legal hold already" if held else "the case is not under legal hold")
        self._store.hold_violation(violation, said, held=held, actor=actor, now_s=now_s)
        return self.case(violation)

    def _approved(self, violation: str) -> None:
        state = self.case(violation).state
        if state not in {CaseState.APPROVED, CaseState.OWNER_IDENTIFIED, CaseState.NOTIFIED, CaseState.APPEALED}:
            raise StepRefused(f"personal data is kept of approved cases only; case {violation} is {state}")


def _holds(checks: tuple[Check, ...], name: CheckName) -> bool:
    return any(check.name is name and check.result is CheckResult.OK for check in checks)
