"""One roadside box: every second, what cameras saw becomes lane states, violations, evidence and answers to plans."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from nutgiao.edge.camera.notes import faulty, picture_notes
from nutgiao.edge.evidence.bundle import EvidenceBuilder, SealedBundle
from nutgiao.edge.evidence.retention import Retention
from nutgiao.edge.evidence.sealing import Sealed, Sealing
from nutgiao.edge.perception import Perception
from nutgiao.edge.signal.adaptive import Adaptive
from nutgiao.edge.signal.announce import Announcer
from nutgiao.edge.signal.clocks import ClockBook, JumpWatch
from nutgiao.edge.signal.drivers import CameraDriver, Clock, Controller
from nutgiao.edge.signal.grounds import Surroundings
from nutgiao.edge.signal.health import BLIND_S, cabinet_s
from nutgiao.edge.signal.ladder import Answer, Ladder
from nutgiao.edge.signal.ntp import NtpReading
from nutgiao.edge.signal.priority import PriorityOffice
from nutgiao.edge.signal.reasons import Reason, told
from nutgiao.edge.signal.report import Report
from nutgiao.edge.signal.timed import timed_rules, waiting_note
from nutgiao.edge.uplink.uplink import Uplink
from nutgiao.edge.violation.rule import Violation
from nutgiao.edge.violation.trace import PICTURE
from nutgiao.models.contracts.controller import CabinetStatus
from nutgiao.models.contracts.errors import EvidenceBroken
from nutgiao.models.contracts.evidence import Manifest
from nutgiao.models.contracts.messages import (
    Arrival,
    EvidenceRef,
    Health,
    LaneTelemetry,
    PlanReply,
    PriorityStatus,
    SignalStatus,
    ViolationReport,
)
from nutgiao.models.contracts.site import Site, site_hash
from nutgiao.models.contracts.topics import Channel
from nutgiao.models.contracts.words import PictureFault

log = logging.getLogger(__name__)

NEWS_S = 10.0
"""A second's telemetry is history after this."""
CASE_LIFE_S = 75 * 86400.0
"""A violation report is worth delivering for as long as its evidence is kept."""
HEALTH_EVERY_S = 10
ANNOUNCE_EVERY_S = 5
"""A box with nobody to announce says so this often: on a quiet street silence must not look like a broken box."""


class Node:
    """One junction's process. The same code runs beside a road and in a simulated street.

    Args:
        site: the site file.
        clock: gives the seconds.
        cameras: one driver per camera.
        controller: the signal controller, None where only cameras stand.
        ladder: keeps the signal plan, None without a controller.
        perception: from boxes to lane states and violations.
        evidence: seals bundles.
        uplink: to the centre.
        software: version, for health.
        adaptive: runs the junction second by second when the ladder lets it; None without.
        announcer: tells the neighbours who comes; None without.
        priority: answers requests for priority; None where nobody can ask.
        retention: removes evidence whose days are over; None keeps all.
        lacking: in words what this box was asked to do and cannot; its health tells it all the time.
        ntp: what the machine knows about its clock; a simulated street has none.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        cameras: Sequence[CameraDriver],
        controller: Controller | None,
        ladder: Ladder | None,
        perception: Perception,
        evidence: EvidenceBuilder,
        uplink: Uplink,
        software: str,
        adaptive: Adaptive | None = None,
        announcer: Announcer | None = None,
        priority: PriorityOffice | None = None,
        retention: Retention | None = None,
        lacking: Sequence[str] = (),
        ntp: Callable[[], NtpReading | None] = lambda: None,
    ) -> None:
        self._site, self._clock, self._cameras = site, clock, cameras
        self._controller, self._ladder = controller, ladder
        self._told = Report(site.signals, ladder) if site.signals is not None and ladder is not None else None
        self._perception, self._evidence, self._uplink, self._software = perception, evidence, uplink, software
        self._adaptive, self._announcer, self._priority = adaptive, announcer, priority
        self._retention, self._lacking = retention, lacking
        groups = [group.id for group in site.signals.groups] if site.signals is not None else []
        self._clocks, self._jumps = ClockBook(groups, site.clock_bound_s, ntp), JumpWatch()
        self._timed = timed_rules(site)
        self._sealing = Sealing(evidence)
        self._waiting: list[Violation] = []  # certain, and recorded until some seconds after the act
        self._hash = site_hash(site)
        self._cases = 0
        self._seconds = 0
        self._moved_before: frozenset[str] = frozenset()
        self._trouble = ""
        self._note = ""

    def run(self) -> float:
        """Runs until the clock ends.

        Returns:
            The last second.
        """
        now_s = 0.0
        while (second := self._clock.next_second()) is not None:
            now_s = second
            self.second(now_s)
        self.finish(now_s)
        return now_s

    def finish(self, now_s: float) -> None:
        """Seals and reports what is still being recorded, as far as it has come, and waits until that is done.

        Args:
            now_s: time now, seconds since the epoch.
        """
        for violation in self._waiting:
            self._begin(violation, now_s)
        self._waiting.clear()
        for sealed in self._sealing.done(wait=True):
            self._report(sealed, now_s)
        self._sealing.close()

    def second(self, now_s: float) -> None:
        """Does the work of one second.

        Args:
            now_s: time now, seconds since the epoch.
        """
        settled = self._settled(now_s)
        status = self._status(now_s)
        for camera in self._cameras:
            lamps, frames = camera.lamps(), camera.frames()
            if not settled:  # nobody can say by which clock they were stamped
                continue
            for news in lamps:
                shown = {news.group: news.indication}
                self._perception.on_signal(news.time_s, shown, PICTURE, news.confidence, news.ends_s)
            for frame in frames:
                self._perception.on_frame(frame)
        controller_s = cabinet_s(status) if status is not None else None
        self._perception.clocks = self._clocks.second(now_s, controller_s, self._perception.signals)
        moved = self._moved(now_s)
        result = self._perception.second(now_s, moved, clocks_apart=bool(self._clocks.apart))
        if self._announcer is not None:
            self._announce(self._announcer.tell(result.crossings), now_s)
        if self._adaptive is not None:
            for message in self._uplink.announced():
                self._adaptive.neighbours.hear(message, now_s)
            self._adaptive.see(now_s, status, result)
        self._signal(now_s, status)
        self._uplink.send(Channel.LANES, LaneTelemetry, now_s, NEWS_S, lanes=result.lane_states)
        self._evidence_second(result.violations, moved, now_s)
        self._health(now_s)
        self._uplink.pump()
        self._seconds += 1

    def _settled(self, now_s: float) -> bool:
        """Whether frames are stamped by the clock as it is now; begins anew when it has been set."""
        jumped, settling = self._jumps.second(now_s, self._clock.steady_s())
        if jumped:
            log.warning("the clock has been set: tracks and lamps begin anew")
            self._perception.restart("the clock was set before all of it was recorded")
            self._clocks.forget()
        return not settling

    def _moved(self, now_s: float) -> frozenset[str]:
        """Cameras that look elsewhere than where they were calibrated."""
        moved = frozenset(faulty([camera.health(now_s) for camera in self._cameras], PictureFault.MOVED))
        for camera in moved - self._moved_before:
            log.warning("camera %s has moved: its violations are not reported until it is back in its place", camera)
        for camera in self._moved_before - moved:
            log.info("camera %s is back in its place: its violations are reported again", camera)
        self._moved_before = moved
        return moved

    def _status(self, now_s: float) -> CabinetStatus | None:
        """What the controller reports; perception needs its lamps before it closes the second."""
        if self._controller is None or self._site.signals is None:
            return None
        status = self._controller.status()
        if status is not None:
            groups = zip(self._site.signals.groups, status.groups, strict=True)
            self._perception.on_signal(now_s, {group.id: shown for group, shown in groups})
        return status

    def _announce(self, arrivals: tuple[Arrival, ...], now_s: float) -> None:
        if arrivals or self._seconds % ANNOUNCE_EVERY_S == 0:
            self._uplink.announce(arrivals, now_s, NEWS_S)

    def _signal(self, now_s: float, status: CabinetStatus | None) -> None:
        proposals = self._uplink.proposals()
        if self._controller is None or self._ladder is None or self._site.signals is None:
            for proposal in proposals:
                log.warning("plan %s came to a node without a controller", proposal.plan.id)
            return
        around = Surroundings(
            steady_s=self._clock.steady_s(),
            link=self._uplink.up,
            beats=self._uplink.beats(),
            cameras=[camera.health(now_s) for camera in self._cameras],
            silent=self._adaptive.neighbours.stale(now_s) if self._adaptive is not None else (),
        )
        if self._priority is not None:
            self._priority.second(now_s, self._uplink.priority())
            self._perception.on_emergency(now_s, self._priority.emergencies(now_s))
        answers = self._ladder.second(now_s, proposals, around)
        told = self._told.second(status) if self._told is not None else None
        if told is not None:
            self._uplink.send(Channel.SIGNAL, SignalStatus, now_s, NEWS_S, **told)
        asked = self._priority.report(now_s) if self._priority is not None else None
        if asked is not None:
            self._uplink.send(Channel.PRIORITY_STATUS, PriorityStatus, now_s, NEWS_S, **asked)
        for answer in answers:
            self._reply(answer, now_s)

    def _reply(self, answer: Answer, now_s: float) -> None:
        self._uplink.send(
            Channel.REPLY,
            PlanReply,
            now_s,
            CASE_LIFE_S,
            plan=answer.plan.id,
            revision=answer.plan.revision,
            accepted=not answer.verdict.refusals,
            starts_s=answer.verdict.starts_s,
            refusals=answer.verdict.refusals,
        )

    def _evidence_second(self, violations: Sequence[Violation], moved: frozenset[str], now_s: float) -> None:
        """Seals and reports the violations that are recorded until some seconds after the act.

        What a camera has seen just before it was found to be moved is not reported: it may have moved before that.
        """
        if self._seconds == 0:
            for bundle in self._evidence.untold():
                log.warning("%s was sealed before the box was cut off; the centre is told now", bundle.name)
                self._tell(bundle.manifest, bundle, bundle.manifest.violation, "", now_s)
                self._evidence.told(bundle)
        for camera in moved:
            self._perception.drop(camera)
        waiting = [violation for violation in (*self._waiting, *violations) if violation.camera not in moved]
        dropped = len(self._waiting) + len(violations) - len(waiting)
        if dropped:
            log.warning("%s violations of a camera that has moved are dropped", dropped)
        self._waiting = []
        for violation in waiting:
            if self._perception.whole(violation, now_s):
                self._begin(violation, now_s)
            else:
                self._waiting.append(violation)
        for sealed in self._sealing.done():
            self._report(sealed, now_s)

    def _begin(self, violation: Violation, now_s: float) -> None:
        """Has a case sealed; a violation whose case is gone is reported without evidence."""
        self._cases += 1
        name = f"{violation.track}-{violation.kind}-{self._cases}"
        try:
            self._sealing.begin(name, self._perception.case(violation), now_s, self._perception.clocks)
        except (KeyError, EvidenceBroken):
            why = "a case was not kept until its violation was certain"
            self._report(Sealed(name, violation, None, why), now_s)

    def _report(self, sealed: Sealed, now_s: float) -> None:
        bundle = sealed.bundle
        self._trouble = f"evidence cannot be written: {sealed.problem}" if bundle is None else ""
        if bundle is None:
            log.error("no evidence for %s: %s", sealed.name, sealed.problem)
        self._tell(sealed.violation, bundle, sealed.name, sealed.problem, now_s)
        if bundle is not None:
            self._evidence.told(bundle)

    def _tell(
        self, what: Violation | Manifest, bundle: SealedBundle | None, name: str, problem: str, now_s: float
    ) -> None:
        reference = None
        if bundle is not None:
            reference = EvidenceRef(bundle=bundle.name, manifest_sha256=bundle.manifest_sha256)
        self._uplink.send(
            Channel.VIOLATION,
            ViolationReport,
            now_s,
            CASE_LIFE_S,
            violation=name,
            kind=what.kind,
            approach=what.approach,
            lane=what.lane,
            track=what.track,
            vehicle_class=what.vehicle_class,
            occurred_s=what.occurred_s,
            confidence=what.confidence,
            numbers=what.numbers,
            evidence=reference,
            evidence_note=problem,
            zone=what.zone,
        )

    def _health(self, now_s: float) -> None:
        cameras = tuple(camera.health(now_s) for camera in self._cameras)
        blind = [camera.camera for camera in cameras if abs(camera.age_s) > BLIND_S]
        notes = [told(Reason.BLIND, ", ".join(blind))] if blind else []
        notes += picture_notes(cameras)
        notes += self._lacking
        disputed = self._perception.signals.disputed(now_s)
        notes += [told(Reason.DISPUTED, ", ".join(disputed))] if disputed else []
        notes += [told(Reason.CLOCKS_APART, self._clocks.apart)] if self._clocks.apart else []
        waiting = waiting_note(self._timed, self._clocks.note, self._clocks.off_s)
        notes += [waiting] if waiting else []
        notes += [told(Reason.NO_RULE, f"{kind}, {why}") for kind, why in self._perception.rule_faults.items()]
        notes += self._ladder.troubles if self._ladder is not None else ()
        notes += [trouble for trouble in (self._trouble, self._uplink.trouble) if trouble]
        notes += self._retention.second(now_s) if self._retention is not None else ()
        note = "; ".join(notes)
        if self._seconds % HEALTH_EVERY_S and note == self._note:
            return
        self._note = note
        self._uplink.send(
            Channel.HEALTH,
            Health,
            now_s,
            3 * HEALTH_EVERY_S,
            state="degraded" if note else "online",
            software=self._software,
            site_hash=self._hash,
            public_key=self._evidence.public_key_hex,
            cameras=cameras,
            spooled=self._uplink.spooled,
            lost=self._uplink.lost,
            note=note,
        )
